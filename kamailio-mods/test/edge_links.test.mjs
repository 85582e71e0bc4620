// What two edges have in common besides phones (edge_pair.test.mjs): bans and counts, trunks that register; and who is no edge.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { Edge, header, sleep, until } from './edge.mjs';
import * as calls from './calls.mjs';
import { Phone } from '../../tests/tools/phone.mjs';
import { SipEndpoint, token } from '../../tests/tools/sip.mjs';

let e;
const phones = [];
const open = async (n, host, { user = '1001', password = 'password-a' } = {}) => {
  const p = await Phone.open({ host, user, domain: 'a.test', password, proxy: e.sipOf(n), answering: { after: 0 } });
  phones.push(p);
  return p;
};
const registers = (p) => p.register({ timeout: 1000 }).then(() => true, () => false);
/** The status of a request from that address at edge n; 0: silence. */
const ask = async (n, host, { method = 'OPTIONS', headers = {}, body } = {}) => {
  const s = await SipEndpoint.open({ host });
  try {
    return (await s.request({ method, uri: 'sip:127.0.0.1', body, headers: { From: '<sip:t@a.test>;tag=1', To: '<sip:127.0.0.1>', 'Call-ID': token(), CSeq: `1 ${method}`, ...headers } }, e.sipOf(n), { timeout: 400 })).status;
  } catch { return 0; } finally { s.close(); }
};
const known = (n, user) => [...e.rpcOf(n, 'ul.lookup', 'location', `${user}@a.test`).matchAll(/Path: (.+)/g)].map((m) => m[1].trim());
const linked = (state = 'up') => until(`the edges are ${state}`, () => e.rpcOf(1, 'edge.peers').includes(`state: ${state}`), 8000);

before(async () => {
  e = await Edge.start({ offset: 1100, edges: 2 });
  e.sql(`insert into extension (tenant_id, number, password) select t.id, n::text, 'password-a' from tenant t, generate_series(2010, 2080) n where t.name = 'a'`);
  await e.startRelay();
  await e.startKamailio(1);
  await e.startKamailio(2);
  await linked();
});
after(async () => {
  for (const p of phones) await p.close().catch(() => {});
  await e?.stop();
});

test('who is banned at one edge is not listened to at the other within a second, without anybody else in between', async (t) => {
  assert.equal(await ask(2, '127.0.0.31'), 200);
  for (let i = 10; i < 45 && !e.acd.events.some((x) => x.method === 'edge.banned'); i++) await registers(await open(1, '127.0.0.31', { user: `20${i}`, password: 'guess' }));
  const banned = Date.now();
  await until('silence at the other edge', async () => (await ask(2, '127.0.0.31')) === 0, 1000);
  t.diagnostic(`banned at the other edge ${Date.now() - banned} ms after it was at the first (silence is heard after 400)`);
  assert.equal(await ask(1, '127.0.0.31'), 0);
  assert.equal(await ask(2, '127.0.0.32'), 200, 'only he');
});

test('failures are added up over both edges', async () => {
  const before = e.acd.events.length;
  for (let i = 0; i < 17; i++) for (const n of [1, 2]) await registers(await open(n, '127.0.0.33', { user: `20${50 + i}`, password: 'guess' }));
  const bans = () => e.acd.events.slice(before).filter((x) => x.method === 'edge.banned' && x.params.what === '127.0.0.33');
  await until('thirty of them, fifteen at each, are enough', () => bans().length > 0, 2000);
  await until('both are silent', async () => (await ask(1, '127.0.0.33')) + (await ask(2, '127.0.0.33')) === 0, 2000);
});

test("an account's requests are limited over both edges", async (t) => {
  const p = [await open(1, '127.0.0.34', { user: '2049' }), await open(2, '127.0.0.34', { user: '2049' })];
  const began = Date.now();
  let taken = 0;
  for (let i = 0; i < 230 && Date.now() - began < 9000; i++) for (const x of p) if (await registers(x)) taken++;
  if (Date.now() - began > 9000) return t.skip('this machine is too slow to exceed it');
  assert.ok(taken >= 280 && taken <= 340, `${taken} of 460 taken, 300 are allowed`);
});

test('nobody else is an edge: no KDMQ, no registration by the link, no call by a made-up flow', async () => {
  const body = JSON.stringify({ action: 1, aor: '1001@a.test', c: 'sip:evil@127.0.0.66', ruid: 'evil', expires: 9999999999 });
  for (const host of ['127.0.0.1', '127.0.0.66']) {
    assert.ok([403, 405].includes(await ask(1, host, { method: 'KDMQ', body, headers: { To: '<sip:usrloc@127.0.0.1>', 'Content-Type': 'application/json' } })));
    const s = net.connect({ port: e.base + 18, host: '127.0.0.1', localAddress: host });
    s.on('error', () => {}).resume();
    s.write(`${JSON.stringify({ hello: 'edge2', nonce: '0'.repeat(32), sip: `sip:${host}:5060` })}\n${JSON.stringify({ proof: '0'.repeat(32) })}\n`);
    s.write(`${JSON.stringify({ aor: '1001@a.test', contacts: [['evil', 'sip:evil@127.0.0.66', '', '<sip:x@127.0.0.66;lr>', 'c', '', '', 9999999999, 9999999999, 1, 0, 0, 0, 0, 0]] })}\n`);
    await new Promise((resolve) => { s.once('close', resolve); });
  }
  assert.equal(known(1, '1001').length, 0);
  assert.match(e.rpcOf(1, 'edge.peers'), /state: up/, 'the real one is not disturbed');
  assert.ok(e.rpcOf(1, 'edge.peers').includes(`sip:127.0.0.1:${e.base + 210}`));
});

/** A carrier that takes registrations: its contacts as {port, expires}. */
async function registrar(host) {
  const c = { heard: [], endpoint: await SipEndpoint.open({ host, port: 5060 }) };
  c.endpoint.on('request', (message, respond) => {
    if (message.method === 'REGISTER') {
      const contact = header(message, 'contact');
      const expires = Number(/expires=(\d+)/.exec(contact)?.[1] ?? header(message, 'expires'));
      c.heard.push({ port: Number(/:(\d+)[;>]/.exec(contact)[1]) - e.base, expires });
      respond(200, 'OK', { tag: token(), headers: { Contact: `${contact.replace(/;expires=\d+/, '')};expires=${expires}` } });
    } else respond(200, 'OK', { tag: token() });
  });
  c.last = (port) => c.heard.filter((h) => h.port === port).at(-1);
  return c;
}

test('a trunk is registered by one edge; when that one dies, by the other; when it is back, by it again', async (t) => {
  const carrier = await registrar('127.0.0.41');
  try {
    const trunk = e.sql(`insert into trunk (tenant_id, name, host, registration, probe_s, caller_number) values ('${e.tenant.a}', 'line', 'x', 'line1:secret-1@127.0.0.41:5060', 0, '02150001000') returning id`)[0][0];
    const state = (n) => e.rpcOf(n, 'trunk.status').split('\n').find((line) => line.includes(`trunk id=${trunk}`)) ?? '';
    await until('registered', () => carrier.heard.length > 0, 20_000);
    await until('both know', () => [1, 2].every((n) => /registration=registered/.test(state(n))), 8000);
    await sleep(4000);
    const owner = carrier.heard[0].port === 10 ? 1 : 2;
    const other = 3 - owner;
    const port = (n) => 10 + 200 * (n - 1);
    assert.ok(!carrier.last(port(other)), 'by one only');
    await e.killKamailio(owner);
    const died = Date.now();
    await until('the other registers', () => carrier.last(port(other)), 15_000);
    t.diagnostic(`the other edge had registered it ${Date.now() - died} ms after the first was killed`);
    assert.match(state(other), /registration=registered/, 'and did not take it for lost meanwhile');
    const before = carrier.heard.length;
    await e.startKamailio(owner);
    await until('the first registers again', () => carrier.heard.slice(before).some((h) => h.port === port(owner) && h.expires > 0), 25_000);
    await until('the other takes its leave', () => carrier.last(port(other)).expires === 0, 15_000);
    await sleep(5000);
    assert.ok(carrier.last(port(owner)).expires > 0);
    assert.equal(carrier.last(port(other)).expires, 0, 'for good');
    await until('both know', () => [1, 2].every((n) => /registration=registered/.test(state(n))), 8000);
  } finally { carrier.endpoint.close(); }
});

test('only the link is cut: each reaches what it can; afterwards everybody has his phones again', async () => {
  const p = await open(2, '127.0.0.1', { user: '2048' });
  await p.register();
  await until('edge 1 has it from edge 2', () => known(1, '2048')[0]?.startsWith('<sip:'), 3000);
  const channel = Number(/PID: (\d+)[^}]*?DSC: zj edge channel/.exec(e.rpcOf(2, 'core.psx').replaceAll('\n', ' ').split('{').find((x) => x.includes('zj edge channel')))[1]);
  process.kill(channel, 'SIGSTOP');
  try {
    await linked('down');
    assert.equal(known(1, '2048')[0], '[not set]', 'edge 1 calls it itself');
    assert.equal((await calls.callPhone(e, '2048', 'a.test')).status, 200);
  } finally { process.kill(channel, 'SIGCONT'); }
  await linked();
  await until('edge 2 has it back', () => known(1, '2048')[0]?.includes(`:${e.base + 210};`), 3000);
  assert.equal(known(2, '2048')[0], '[not set]');
  assert.equal((await calls.callPhone(e, '2048', 'a.test')).status, 200);
});
