// Who may call whom, a line of screening.csv each: a call to a real Kamailio. And what holds while it changes, grows, and starts again.
// covers: NUM-V001 NUM-V002 NUM-V003 NUM-V004 NUM-V007 NUM-V301 NUM-V302 NUM-V304 NUM-V306 NUM-V308 NUM-K04 NUM-K05 NUM-K06 NUM-K07 SYS-K07 SYS-K08
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Edge, sdp, sleep, until } from './edge.mjs';
import { SipEndpoint, token } from '../../tests/tools/sip.mjs';
import { Phone } from '../../tests/tools/phone.mjs';

let e, phone, second;
const here = import.meta.dirname;

before(async () => {
  e = await Edge.start({ offset: 400 });
  e.sql(fs.readFileSync(path.join(here, 'screening.sql'), 'utf8'));
  await e.startRelay();
  await e.startKamailio();
  second = await SipEndpoint.open({ host: '127.0.0.5' });
  phone = await Phone.open({ user: '1001', domain: 'a.test', password: 'password-a', proxy: e.sip, answering: { after: 0 } });
  await phone.register();
  e.mediad.on('request', (m, respond) => { if (m.method === 'INVITE') respond(486, 'Busy Here', { tag: token() }); });
});
after(async () => {
  second?.close();
  await phone?.close().catch(() => {});
  await e?.stop();
});

const cases = () => {
  const [head, ...lines] = fs.readFileSync(path.join(here, 'screening.csv'), 'utf8').trim().split('\n').map((l) => l.split(','));
  return lines.map((l) => Object.fromEntries(head.map((h, i) => [h, l[i] ?? ''])));
};

/** A mediad calls the phone: its answer, or `rings`. */
async function ring(caller, number) {
  const r = await e.mediad.request({
    method: 'INVITE', uri: `sip:${number}@a.test`, body: sdp('127.0.0.1', 50010),
    headers: { From: `<sip:${caller}@127.0.0.1>;tag=${token()}`, To: `<sip:${number}@a.test>`, 'Call-ID': token(), CSeq: '1 INVITE', Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, 'Content-Type': 'application/sdp' },
  }, e.sip, { timeout: 8000 });
  return r.status === 200 ? 'rings' : String(r.status);
}

/** The phone dials; the code that ends it. */
async function dial(number) {
  const call = await phone.call(number);
  return (await call.ended).code;
}

async function answerOf(c) {
  if (c.from === 'mediad') return ring(c.caller, c.called);
  if (c.from === 'phone') return String(await dial(c.called));
  const via = c.from === 'second' ? second : e.carrier;
  if (c.answer === 'silence') return e.invite(c.called, { from: c.caller, via, timeout: 1500 }).then((r) => String(r.status), () => 'silence');
  if (c.answer !== 'prompt') return String((await e.invite(c.called, { from: c.caller, via })).status);
  const arriving = e.nextAtMediad();
  const done = e.invite(c.called, { from: c.caller, via });
  const { headers } = (await arriving).message;
  await done;
  assert.match(headers['x-zj-target'][0], /^[0-9a-f-]{36}$/);
  assert.match(headers['x-zj-barred'][0], /^[0-9a-f-]{36}$/);
  assert.deepEqual(headers['x-zj-code'], ['480']);
  return headers['x-zj-kind'][0];
}

for (const c of cases()) {
  test(`${c.what}: ${c.from} ${c.caller} → ${c.called}: ${c.answer}`, async () => {
    assert.equal(await answerOf(c), c.answer);
    if (!c.scope || c.from === 'mediad') return;
    // The fact names the row: acd hears the rule, and the database knows it.
    if (c.answer === 'prompt') return;
    const told = await e.acd.find('edge.rejected', (p) => p.because === 'barred' && p.caller === c.caller && p.code === (c.answer === 'silence' ? 0 : Number(c.answer)));
    if (told.rule) assert.deepEqual(e.sql(`select scope from blacklist where rule = '${told.rule}'`), [[c.scope]]);
    else assert.ok(c.answer === '403' && c.called === '8610005', 'only who is on no white list has no rule');
  });
}

test('the two switches of a tenant turn its own black lists off, not the carrier\'s', async () => {
  const status = async (from, to = '8610001') => (await e.invite(to, { from })).status;
  e.sql(`update setting set inbound_blacklist = false where tenant_id = '${e.tenant.a}'`);
  await until('off', async () => (await status('13700000001')) === 486, 1000);
  assert.equal(await status('19500000001'), 403, "the carrier's row");
  assert.equal(await dial('13200000001'), 403, 'outbound is another switch');
  e.sql(`update setting set inbound_blacklist = true, outbound_blacklist = false where tenant_id = '${e.tenant.a}'`);
  await until('on again', async () => (await status('13700000001')) === 603, 1000);
  assert.equal(await dial('13200000001'), 486);
  e.sql(`update setting set outbound_blacklist = true where tenant_id = '${e.tenant.a}'`);
});

test('a silent caller is one fact, however often he asks', async () => {
  const count = () => e.acd.events.filter((x) => x.method === 'edge.rejected' && x.params.caller === '13300000009').length;
  e.sql(`insert into blacklist (tenant_id, number, result) values ('${e.tenant.a}', '13300000009', 'silent')`);
  await until('known', () => /barred: 1/.test(e.rpc('blacklist.lookup', e.tenant.a, '13300000009')), 1000);
  await e.invite('8610001', { from: '13300000009', timeout: 3500 }).catch(() => {}); // retransmitted three times
  assert.equal(count(), 1);
});

test('a number has 500 rules in a tenant at most, so that nobody\'s rules are a burden for all', async () => {
  const t = e.tenant.b;
  e.sql(`insert into extension (tenant_id, number, password) select '${t}', (7000 + i)::text, 'password-b' from generate_series(1, 501) i;
    insert into blacklist (tenant_id, number, extension_id) select '${t}', '13300000500', id from extension where tenant_id = '${t}' and number between '7001' and '7500'`);
  assert.throws(() => e.sql(`insert into blacklist (tenant_id, number, extension_id) select '${t}', '13300000500', id from extension where tenant_id = '${t}' and number = '7501'`), /blacklist_rules/);
  e.sql(`insert into blacklist (tenant_id, number) values ('${t}', '13300000500')`); // the tenant's own rule is not one of those
  await until('known', () => /barred: 1/.test(e.rpc('blacklist.lookup', t, '13300000500', 'in')), 1000);
  e.sql(`delete from blacklist where number = '13300000500'; delete from extension where tenant_id = '${t}' and number between '7001' and '7501'`);
});

test('an explanation names every row of the number, those that count and those that do not', () => {
  const ext = e.sql(`select id from extension where tenant_id = '${e.tenant.a}'`)[0][0];
  const text = e.rpc('blacklist.explain', e.tenant.a, '13500000001', 'in', `extension=${ext}`);
  assert.match(text, /barred: 1[\s\S]*scope: extension/);
  assert.match(text, /number: 13500000001[\s\S]*counts: 1/);
  assert.match(e.rpc('blacklist.explain', e.tenant.a, '13500000001', 'in'), /barred: 0[\s\S]*counts: 0/);
  assert.match(e.rpc('blacklist.lookup', e.tenant.a, '1', 'side'), /in or out/);
  assert.match(e.rpc('blacklist.lookup', 'x', '1'), /must be a UUID/);
  assert.match(e.rpc('blacklist.lookup', e.tenant.a, '1', 'in', 'shoe=1'), /a scope is/);
});

test('without the database and after a restart the lists are those of the copy, and changes made meanwhile come with it', async () => {
  e.sql(`insert into blacklist (tenant_id, number) values ('${e.tenant.a}', '13000000001')`);
  await until('in the copy', () => /barred: 1/.test(e.rpc('blacklist.lookup', e.tenant.a, '13000000001')), 1000);
  const copy = path.join(e.run, 'cache/edge-blacklist.copy');
  assert.equal(fs.statSync(copy).mode & 0o777, 0o600);
  await e.stopPostgres();
  await e.end(e.kamailio);
  fs.appendFileSync(copy, 'N torn'); // power went away in the middle of a record
  await e.startKamailio();
  for (const c of cases().filter((x) => x.from === 'carrier' && !['silence', 'prompt'].includes(x.answer))) assert.equal(await answerOf(c), c.answer, c.what);
  assert.match(e.rpc('blacklist.lookup', e.tenant.a, '13000000001'), /barred: 1/);
  await e.resumePostgres();
  e.sql(`delete from blacklist where number = '13000000001'; insert into blacklist (tenant_id, number) values ('${e.tenant.a}', '13000000002')`);
  await until('the change', () => /barred: 1/.test(e.rpc('blacklist.lookup', e.tenant.a, '13000000002')), 20000);
  assert.match(e.rpc('blacklist.lookup', e.tenant.a, '13000000001'), /barred: 0/);
});

test('calls go on while lists change, none is decided wrongly, and each change counts within the second', async () => {
  let on = true, wrong = 0, calls = 0;
  const pending = [];
  const load = (async () => {
    for (let i = 0; on; i++) {
      pending.push(e.invite('8610001', { from: `1290000${i % 1000}` }).then((r) => { calls++; wrong += r.status !== 486; }, () => wrong++));
      await sleep(5);
    }
  })();
  const began = performance.now(), waits = [];
  for (let i = 0; i < 10; i++) {
    await sleep(200);
    e.sql(`insert into blacklist (tenant_id, number, result_code) values ('${e.tenant.a}', '1280000000${i}', 480)`);
    const at = performance.now();
    await until('barred', async () => (await e.invite('8610001', { from: `1280000000${i}` })).status === 480, 1000);
    waits.push(performance.now() - at);
  }
  on = false;
  await load;
  await Promise.all(pending);
  const rate = calls / ((performance.now() - began) / 1000);
  console.log(`# ${rate.toFixed(0)} calls/s, changes in force after ${waits.map((w) => w.toFixed(0)).join(', ')} ms`);
  assert.equal(wrong, 0);
  assert.ok(calls > 100, `${calls} calls`); // how many a second, and how soon a change counts, tests/bench/edge.mjs measures
});

// covers: NUM-L04
test('a number that may not be called is not called by anybody: a click, a dialler, a plan', async () => {
  const dial = async (number) => {
    const r = await e.mediad.request({
      method: 'INVITE', uri: `sip:${number}@127.0.0.1:${e.sip.port}`, body: sdp('127.0.0.1', 50010),
      headers: {
        From: `<sip:4001@127.0.0.1>;tag=${token()}`, To: `<sip:${number}@127.0.0.1>`, 'Call-ID': token(), CSeq: '1 INVITE', Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, 'Content-Type': 'application/sdp',
        'X-Zj-Tenant': e.tenant.a, 'X-Zj-Kind': 'external', 'X-Zj-Target': number, 'X-Zj-Call': '01a1fb6c-1afc-734e-a174-38e042c98340',
      },
    }, e.sip, { timeout: 8000 });
    return [r.status, r.headers['x-zj-because']?.[0], r.headers['x-zj-barred']?.[0]];
  };
  const [rule] = e.sql(`select rule from blacklist where number = '13200000001' and tenant_id = '${e.tenant.a}'`).flat();
  assert.deepEqual(await dial('13200000001'), [403, 'barred', rule]);
  for (const free of ['13200000002', '112', '13200000099']) assert.notEqual((await dial(free))[1], 'barred', free);
});
