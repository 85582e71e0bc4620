// Outbound calls: over which trunk, with which numbers, and what happens when that fails.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Edge, header, until } from './edge.mjs';
import { Carrier, dial, status } from './carrier.mjs';
import { userOf } from '../../tests/tools/sip.mjs';

let e;
const carriers = [];
const carrier = async (host, answer, port) => {
  const c = await Carrier.open(host, port, answer);
  carriers.push(c);
  return c;
};
const trunkOf = (id) => status(e).find((s) => s.kind === 'trunk' && s.id === id);
const row = (sql) => e.sql(sql)[0][0];
const trunk = (tenant, name, host, more = {}) => {
  const columns = Object.keys(more);
  return row(`insert into trunk (tenant_id, name, host, probe_s${columns.map((c) => `, ${c}`).join('')}) values ('${e.tenant[tenant]}', '${name}', '${host}', ${more.probe_s ?? 0}${columns.map((c) => `, ${more[c]}`).join('')}) returning id`);
};
const known = (id) => until(`trunk ${id}`, () => trunkOf(id));

before(async () => {
  e = await Edge.start({ offset: 1000 });
  await e.startRelay();
  await e.startKamailio();
});
after(async () => {
  for (const c of carriers) c.close();
  await e?.stop();
});

test('a call leaves by its trunk, rewritten, and its channel is free again after BYE', async () => {
  const c = await carrier('127.0.0.21');
  const id = trunk('a', 'one', '127.0.0.21', { caller_number: `'02155550000'`, caller_name: `'Company'` });
  await known(id);
  const call = await dial(e, e.tenant.a, '13800138000', { Out: `trunk:${id}` });
  assert.equal(call.code, 200);
  const [invite] = c.invites;
  assert.equal(invite.uri, 'sip:13800138000@127.0.0.21:5060');
  assert.match(header(invite, 'from'), /^"Company" <sip:02155550000@127\.0\.0\.21>;tag=/);
  assert.equal(header(invite, 'p-asserted-identity'), '<sip:02155550000@127.0.0.21>');
  assert.ok(!Object.keys(invite.headers).some((h) => h.startsWith('x-zj')), 'nothing of ours leaves');
  assert.deepEqual(call.attempts.map((a) => [a.trunk, a.where, a.code]), [[id, '127.0.0.21:5060', 200]]);
  assert.equal(header(call.response, 'x-zj-trunk'), id);
  assert.equal(trunkOf(id).calls, '1');
  assert.equal((await call.bye()).status, 200);
  assert.equal(trunkOf(id).calls, '0');
  assert.equal(c.byes, 1);
});

const times = (n) => Array.from({ length: n });

test('an answer that means failure leads to the next host by priority; one of the called party ends the call', async () => {
  const codes = {};
  const one = await carrier('127.0.0.22', () => codes.one);
  const two = await carrier('127.0.0.23', () => codes.two);
  const id = trunk('a', 'two hosts', '127.0.0.22');
  row(`insert into trunk_host (tenant_id, trunk_id, host) values ('${e.tenant.a}', '${id}', '127.0.0.23') returning id`);
  await until('both hosts', () => status(e).filter((s) => s.kind === 'host' && s.trunk === id).length === 2);
  const on = ['500', '502', '503', '504'], stop = ['404', '480', '484', '486', '488', '600', '603'];
  for (const [code, goesOn] of [...on.map((c) => [c, true]), ...stop.map((c) => [c, false])]) {
    Object.assign(codes, { one: Number(code), two: 200 });
    const before = two.invites.length;
    const call = await dial(e, e.tenant.a, '13800138000', { Out: `trunk:${id}` });
    assert.equal(two.invites.length - before, goesOn ? 1 : 0, `after ${code}`);
    assert.equal(call.code, goesOn ? 200 : Number(code));
    assert.deepEqual(call.attempts.map((a) => a.code), goesOn ? [Number(code), 200] : [Number(code)]);
    if (call.code === 200) await call.bye();
  }
  assert.equal(trunkOf(id).calls, '0');
  e.sql(`update trunk set failure_codes = '{480,503}' where id = '${id}'`);
  Object.assign(codes, { one: 480, two: 503 });
  const both = await until('the new list is in force', async () => {
    const call = await dial(e, e.tenant.a, '13800138000', { Out: `trunk:${id}` });
    return call.attempts.length === 2 && call;
  });
  assert.deepEqual([both.code, ...both.attempts.map((a) => a.code)], [503, 480, 503], 'the last answer is the call\'s');
  assert.throws(() => e.sql(`update trunk set failure_codes = '{486}' where id = '${id}'`), /trunk_failure_codes_check/);
  assert.equal(trunkOf(id).calls, '0');
});

test('a host that says nothing is passed over; a caller who hangs up while it rings ends it everywhere', async () => {
  const silent = await carrier('127.0.0.24', () => null);
  const id = trunk('a', 'silent', '127.0.0.24');
  row(`insert into trunk_host (tenant_id, trunk_id, host) values ('${e.tenant.a}', '${id}', '127.0.0.23') returning id`);
  await until('both hosts', () => status(e).filter((s) => s.kind === 'host' && s.trunk === id).length === 2);
  const two = carriers.find((c) => c.endpoint.host === '127.0.0.23');
  two.answer = () => 200;
  const call = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` });
  assert.deepEqual(call.attempts.map((a) => a.code), [408, 200]);
  await call.bye();
  silent.answer = () => ({ ring: 180 });
  const ringing = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` }, { cancelAfter: 500 });
  assert.equal(ringing.code, 487);
  assert.deepEqual(ringing.attempts.map((a) => a.code), [487]);
  assert.equal(silent.cancels, 1);
  assert.equal(trunkOf(id).calls, '0');
});

test('never more calls than channels, also when they come at once; full trunks are passed over', async () => {
  const c = await carrier('127.0.0.25', () => ({ code: 200, after: 50 }));
  const id = trunk('b', 'narrow', '127.0.0.25', { max_calls: 5 });
  await known(id);
  const calls = await Promise.all(times(20).map(() => dial(e, e.tenant.b, '10086', { Out: `trunk:${id}` })));
  const up = calls.filter((x) => x.code === 200);
  assert.equal(up.length, 5);
  assert.deepEqual([...new Set(calls.filter((x) => x.code !== 200).map((x) => `${x.code} ${header(x.response, 'x-zj-because')}`))], ['503 over_limit']);
  assert.equal(trunkOf(id).calls, '5');
  await Promise.all(up.map((x) => x.bye()));
  assert.equal(trunkOf(id).calls, '0');
  assert.equal(c.invites.length, 5);
});

test('never more calls per second than allowed', async () => {
  const c = await carrier('127.0.0.26', () => 486);
  const id = trunk('b', 'slow', '127.0.0.26', { max_cps: 5 });
  await known(id);
  const at = [];
  c.answer = () => { at.push(Date.now()); return 486; };
  const until_ = Date.now() + 2500;
  while (Date.now() < until_)
    await Promise.all(times(4).map(() => dial(e, e.tenant.b, '10086', { Out: `trunk:${id}` })));
  for (let i = 5; i < at.length; i++) assert.ok(at[i] - at[i - 5] >= 990, `six calls within ${at[i] - at[i - 5]} ms`);
  assert.ok(at.length >= 8, `${at.length} calls got through`);
});
