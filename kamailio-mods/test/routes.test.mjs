// Inbound routes, a line of routes.csv each: a call to a real Kamailio where no time is given, a question to it (did.explain) where one is.
// covers: PBX-V049 PBX-V050 PBX-V053 PBX-V064 PBX-V067 PBX-V079 PBX-V080 PBX-V081 PBX-V082 PBX-V083 PBX-V085 PBX-K01 PBX-K05 PBX-K06 PBX-K18 PBX-Y15 PBX-Y16 PBX-Y17 PBX-Y19 PBX-Y20 PBX-V501 PBX-V506
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Edge, until } from './edge.mjs';
import { SipEndpoint, token } from '../../tests/tools/sip.mjs';

let e, names, trunks;
const here = import.meta.dirname;
const via = {};
before(async () => {
  e = await Edge.start({ offset: 200 });
  e.sql(fs.readFileSync(path.join(here, 'routes.sql'), 'utf8'));
  names = Object.fromEntries(e.sql('select id, name from inbound_route union all select id, name from queue union all select id, name from campaign'));
  trunks = Object.fromEntries(e.sql('select name, id from trunk'));
  await e.startRelay();
  await e.startKamailio();
  via.second = await SipEndpoint.open({ host: '127.0.0.5' });
  via.own = await SipEndpoint.open({ host: '127.0.0.6' });
  e.mediad.on('request', (m, respond) => { if (m.method === 'INVITE') respond(486, 'Busy Here', { tag: token() }); });
});
after(async () => {
  for (const s of Object.values(via)) s.close();
  await e?.stop();
});

/** RFC 4180 is not needed: no case has a comma in it. */
const cases = () => {
  const [head, ...lines] = fs.readFileSync(path.join(here, 'routes.csv'), 'utf8').trim().split('\n').map((l) => l.split(','));
  return lines.map((l) => Object.fromEntries(head.map((h, i) => [h, l[i] ?? ''])));
};

/** What came of a call. */
async function placed(c) {
  const arriving = e.nextAtMediad(3000).catch(() => null);
  const answer = await e.invite(c.called, { from: c.caller, via: via[c.trunk] ?? e.carrier });
  if (answer.status === 404) return { route: '404' };
  const { headers } = (await arriving).message;
  const h = (name) => headers[`x-zj-${name}`]?.[0] ?? '';
  return { route: names[h('route')] ?? (h('route') || '-'), kind: h('kind'), target: h('target'), segment: h('segment'), vip: h('vip'), binding: h('binding').replace(/^(\w+):(.*)$/, (_, k, id) => `${k} ${names[id]}`) };
}

/** The same of a question. */
function asked(c) {
  const text = e.rpc('did.explain', c.called, c.caller, trunks[c.trunk] ?? '-', String(Date.parse(c.at) / 1000));
  const h = (name) => new RegExp(`^\\t${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';
  assert.equal(h('outcome'), 'found', text);
  return { route: names[h('id')] ?? '-', kind: h('kind'), target: h('target'), segment: h('segment'), vip: h('vip') === '1' ? '1' : '', binding: h('binding') ? `${h('binding')} ${names[h('binding_target')]}` : '' };
}

for (const c of cases()) {
  test(`${c.what}: ${c.caller} → ${c.called}${c.at ? ` at ${c.at}` : ''} takes ${c.route}`, async () => {
    const got = c.at ? asked(c) : await placed(c);
    assert.equal(got.route, c.route);
    if (c.route === '404') return;
    assert.deepEqual([got.kind, got.segment, got.vip, got.binding], [c.kind, c.segment, c.vip, c.binding]);
    if (c.target) assert.equal(names[got.target] ?? got.target, c.target);
    else if (c.kind === 'queue') assert.equal(names[got.target], c.route, 'the queue of that name');
    else if (!['external', 'hangup'].includes(c.kind)) assert.match(got.target, /^[0-9a-f-]{36}$/);
  });
}

test('each way to match is in the cases, and each destination that a call can have here', () => {
  const kinds = new Set(cases().map((c) => c.kind));
  for (const k of ['queue', 'ivr', 'extension', 'account', 'external', 'hangup', 'prompt']) assert.ok(kinds.has(k), k);
  const used = new Set(cases().map((c) => c.route));
  for (const [name] of e.sql('select name from inbound_route')) if (!['any', 'list', 'block', 'pattern', 'one-137-exact', '+8610001', '+8610002'].includes(name)) assert.ok(used.has(name), name);
});

test('a tenant that asks about another tenant\'s number hears that there is none', () => {
  const ask = (tenant) => e.rpc('did.explain', '02160000001', '1', '-', '-', tenant);
  assert.match(ask(e.tenant.a), /outcome: found/);
  const theirs = ask(e.tenant.b);
  assert.match(theirs, /outcome: no such number/);
  assert.doesNotMatch(theirs, /[0-9a-f-]{36}/);
  assert.match(e.rpc('did.explain', '02160000001', '1', 'x'), /TRUNK is no id/);
});

test('an explanation names what speaks against each route', () => {
  const text = e.rpc('did.explain', '02160000005', '1', '-', String(Date.parse('2026-11-29T12:00:00+08:00') / 1000), e.tenant.a);
  const rows = [...text.matchAll(/id: (\S+)\n\s+priority: (\d+)\n\s+verdict: (\S+)\n\s+against: (\S*)\n\s+decided_by: (\S*)/g)].map((m) => [names[m[1]], m[3], m[4], m[5]]);
  const of = (name) => rows.find((r) => r[0] === name);
  assert.deepEqual(rows[0], ['always', 'wins', '', '']);
  assert.deepEqual(of('office'), ['office', 'no', 'package', '']);
  assert.deepEqual(of('prefix'), ['prefix', 'beaten', '', 'did_match']);
  assert.deepEqual(of('one-vip'), ['one-vip', 'no', 'did,caller', '']);
  assert.match(text, /local_time: 2026-11-29 12:00:00\n\s+weekday: 7\n\s+holiday: 0\n\s+considered: 3\d/);
});

test('a change is in force within 200 ms, a whole package of them at once', async () => {
  const lookup = () => names[/\tid: (\S+)/.exec(e.rpc('did.lookup', '02160000001', '13500000000'))?.[1]];
  const waits = [];
  for (let i = 0; i < 5; i++) {
    e.sql(`update inbound_route set enabled = false where name = 'one'`);
    const began = performance.now();
    await until('the route is off', () => lookup() !== 'one', 1000);
    waits.push(performance.now() - began);
    e.sql(`update inbound_route set enabled = true where name = 'one'`);
    await until('and on', () => lookup() === 'one', 1000);
  }
  console.log(`# in force after ${waits.map((w) => w.toFixed(0)).join(', ')} ms`);
  assert.ok(Math.min(...waits) < 1000, 'promised: 200 ms');
});

test('without the database and after a restart the routes are those of the copy', async () => {
  await e.stopPostgres();
  await e.end(e.kamailio);
  await e.startKamailio();
  for (const c of cases().filter((x) => ['one DID', 'a range', 'split: holiday', 'the narrower range', 'its 400 number', 'without it on its own trunk', 'Friday night'].includes(x.what))) assert.equal((c.at ? asked(c) : await placed(c)).route, c.route, c.what);
  await e.resumePostgres();
});
