// Attacks on the edge: guessed passwords, scanners, too many requests, too large ones, headers that claim an identity; and what
// fail2ban reads of it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { Edge, header, sdp, sleep, until } from './edge.mjs';
import { answerAtMediad } from './calls.mjs';
import { root } from '../../schema/test/pg.mjs';
import { Phone } from '../../tests/tools/phone.mjs';
import { SipEndpoint, token } from '../../tests/tools/sip.mjs';

let e;
const phones = [];
const open = async (host, { user = '1001', password = 'password-a', tenant = 'a' } = {}) => {
  const p = await Phone.open({ host, user, domain: `${tenant}.test`, password, proxy: e.sip, answering: { after: 0 } });
  phones.push(p);
  return p;
};
const registers = (p) => p.register().then(() => true, () => false);
const options = (host, headers = {}) => SipEndpoint.open({ host }).then(async (s) => {
  try {
    return (await s.request({ method: 'OPTIONS', uri: 'sip:127.0.0.1', headers: { From: '<sip:t@a.test>;tag=1', To: '<sip:127.0.0.1>', 'Call-ID': token(), CSeq: '1 OPTIONS', ...headers } }, e.sip, { timeout: 700 })).status;
  } catch { return 0; } finally { s.close(); }
});

before(async () => {
  e = await Edge.start({ offset: 900 });
  await e.startRelay();
  await e.startKamailio();
  e.sql(`insert into extension (tenant_id, number, password) select id, '20' || n, 'password-a' from tenant, generate_series(10, 59) n where name = 'a'`);
  const p = await open('127.0.0.20', { user: '2010' });
  await until('the extensions', () => registers(p));
});
after(async () => {
  for (const p of phones) await p.close().catch(() => {});
  await e?.stop();
});

test('wrong passwords are answered more and more slowly; the right one from elsewhere is not concerned', async () => {
  const wrong = await open('127.0.0.21', { password: 'no' });
  const right = await open('127.0.0.21');
  const other = await open('127.0.0.22');
  for (let i = 0; i < 5; i++) assert.equal(await registers(wrong), false);
  assert.equal(await registers(right), false, 'held back');
  assert.equal(await registers(other), true);
  await until('it is let in again', () => registers(right), 8000);
  assert.match(e.log(), /authentication failed user=1001 domain=a\.test method=REGISTER source=127\.0\.0\.21:\d+/);
  assert.match(e.log(), /authentication held back user=1001/);
  // He goes on whenever he is looked at: whose account it is hears so, once.
  const tries = () => e.log().split('\n').filter((l) => /authentication failed user=2030 .* source=127\.0\.0\.29/.test(l)).length;
  const stubborn = await open('127.0.0.29', { user: '2030', password: 'no' });
  const lock = () => e.acd.events.filter((m) => m.method === 'edge.banned' && m.params.kind === 'lock');
  await until('seven wrong passwords', async () => { await registers(stubborn); await sleep(100); return tries() >= 7; }, 20000);
  await until('a word about it', () => lock().length > 0);
  const [{ params }] = lock();
  assert.deepEqual([params.what, params.tenant, params.because, params.seconds, params.source], ['2030@a.test', e.tenant.a, 'passwords', 8, '127.0.0.29']);
  assert.equal(lock().length, 1);
});

test('an address that guesses at many users is banned: acd hears of it, a deleted row lifts it', async () => {
  const before = e.acd.events.length;
  for (let i = 10; i < 45; i++) await registers(await open('127.0.0.23', { user: `20${i}`, password: 'guess' })).catch(() => {});
  const ban = await e.acd.find('edge.banned', (p) => p.what === '127.0.0.23');
  assert.equal(ban.kind, 'address');
  assert.equal(ban.because, 'passwords');
  assert.equal(ban.seconds, 600);
  assert.ok(e.acd.events.length > before);
  assert.equal(await options('127.0.0.23'), 0, 'silence');
  assert.equal(await options('127.0.0.24'), 200);
  // What acd does, and what the carrier does then.
  e.sql(`insert into ban (tenant_id, id, what, because, until_at) values ('${e.tenant.carrier}', '${ban.ban}', '127.0.0.23', 'passwords', now() + interval '10 minutes')`);
  await sleep(500);
  assert.equal(await options('127.0.0.23'), 0);
  e.sql(`delete from ban where id = '${ban.ban}'`);
  await until('lifted', async () => (await options('127.0.0.23')) === 200);
});

test('a ban that the carrier enters holds at once, ends by itself, and concerns an address or a user', async () => {
  e.sql(`insert into ban (tenant_id, what, until_at) values ('${e.tenant.carrier}', '127.0.0.25', now() + interval '3 seconds'), ('${e.tenant.carrier}', '127.0.0.26', now() + interval '1 hour')`);
  await until('silence', async () => (await options('127.0.0.25')) === 0);
  await until('it has run out', async () => (await options('127.0.0.25')) === 200);
  assert.equal(await options('127.0.0.26'), 0);
  e.sql(`insert into ban (tenant_id, kind, what, until_at) values ('${e.tenant.carrier}', 'user', '2050@a.test', now() + interval '1 hour')`);
  const p = await open('127.0.0.20', { user: '2050' });
  await until('the user is not listened to', async () => !(await registers(p)));
  assert.equal(await registers(await open('127.0.0.20', { user: '2051' })), true);
  e.sql('delete from ban');
  await until('and is again', () => registers(p));
});

test('a trunk and a mediad are never banned, whatever arrives in their name', async () => {
  const s = await SipEndpoint.open({ host: '127.0.0.2' });
  for (let i = 0; i < 40; i++) s.sendRaw(`OPTIONS sip:x SIP/2.0\r\nVia: ${s.via()}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: ${i}\r\nCSeq: 1 OPTIONS\r\nUser-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n`, e.sip);
  await sleep(300);
  assert.equal(await options('127.0.0.2'), 200);
  s.close();
});

test('scanning tools: no answer; over TCP the address is banned', async () => {
  assert.equal(await options('127.0.0.27', { 'User-Agent': 'friendly-scanner' }), 0);
  assert.equal(await options('127.0.0.27'), 200, 'one UDP packet proves nothing about its source');
  const socket = net.connect({ port: e.base + 10, host: '127.0.0.1', localAddress: '127.0.0.28' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write('OPTIONS sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.28;branch=z9hG4bKx\r\nFrom: <sip:100@1.1.1.1>;tag=1\r\nTo: <sip:100@1.1.1.1>\r\nCall-ID: s\r\nCSeq: 1 OPTIONS\r\nUser-Agent: sipvicious\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n');
  await e.acd.find('edge.banned', (p) => p.what === '127.0.0.28' && p.because === 'scanner');
  assert.equal(await options('127.0.0.28'), 0);
  socket.destroy();
});

test('one account may not ask without end', async () => {
  const p = await open('127.0.0.29', { user: '2055' });
  let refused = 0;
  for (let i = 0; i < 320 && !refused; i++) if (!(await registers(p))) refused = i;
  assert.ok(refused > 250, `refused at the ${refused}th`);
  assert.equal(await registers(await open('127.0.0.29', { user: '2056' })), true, 'others are not concerned');
  assert.match(e.log(), /too many requests user=2055/);
});

test('a message that is too large, or a URI that is too long, gets 513', async () => {
  const s = await SipEndpoint.open({ host: '127.0.0.30' });
  const ask = (uri, headers) => s.request({ method: 'OPTIONS', uri, headers: { From: '<sip:t@a.test>;tag=1', To: '<sip:127.0.0.1>', 'Call-ID': token(), CSeq: '1 OPTIONS', ...headers } }, e.sip, { timeout: 2000 });
  assert.equal((await ask('sip:127.0.0.1', { 'X-Long': 'x'.repeat(26000) })).status, 513);
  assert.equal((await ask(`sip:${'9'.repeat(600)}@127.0.0.1`, {})).status, 513);
  s.close();
});

test('ten seconds of flood from three addresses: they are dropped, a phone registers and calls all the while', async () => {
  const p = await open('127.0.0.33', { user: '2058' });
  await until('it is known', () => registers(p));
  const flooders = await Promise.all(['127.0.1.91', '127.0.1.92', '127.0.1.93'].map((host) => SipEndpoint.open({ host })));
  const kinds = [
    (s, i) => `OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: ${s.via()}\r\nFrom: <sip:x@a.test>;tag=1\r\nTo: <sip:x>\r\nCall-ID: f${i}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`,
    (s, i) => `INVITE sip:9${i}@127.0.0.1 SIP/2.0\r\nVia: ${s.via()}\r\nFrom: <sip:9@nobody.test>;tag=1\r\nTo: <sip:9${i}>\r\nCall-ID: g${i}\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nX-Zj-Kind: external\r\nX-Zj-Tenant: ${e.tenant.a}\r\nX-Zj-Target: 10086\r\nContent-Length: 0\r\n\r\n`,
    (s, i) => `REGISTER sip:a.test SIP/2.0\r\nVia: ${s.via()}\r\nFrom: <sip:20${i % 90}@a.test>;tag=1\r\nTo: <sip:20${i % 90}@a.test>\r\nCall-ID: h${i}\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`,
  ];
  const end = Date.now() + 10_000;
  let sent = 0;
  const flood = (async () => {
    while (Date.now() < end) {
      for (const [i, s] of flooders.entries()) for (let n = 0; n < 60; n++) s.sendRaw(kinds[i](s, ++sent), e.sip);
      await sleep(20);
    }
  })();
  const took = [];
  while (Date.now() < end) {
    const from = Date.now();
    assert.equal(await registers(p), true, 'it is served');
    const arriving = e.nextAtMediad();
    const call = p.call('4001');
    const { respond } = await arriving;
    respond(486, 'Busy Here', { tag: 'x' });
    assert.equal((await (await call).ended).code, 486);
    took.push(Date.now() - from);
    await sleep(200);
  }
  await flood;
  for (const s of flooders) s.close();
  took.sort((a, b) => a - b);
  assert.ok(sent > 10_000, `${sent} messages of flood`);
  assert.ok(took.length >= 10 && took.at(-1) < 2500, `${took.length} times, at worst ${took.at(-1)} ms`);
  // What strangers claimed in X-Zj-* made no call, and their refusals reach acd in counts, not one by one.
  assert.equal(e.acd.events.filter((m) => m.method === 'edge.rejected' && m.params.callee?.startsWith('9') && m.params.because === 'unknown_source').length < 200, true);
  assert.ok(e.acd.events.some((m) => m.method === 'edge.rejected' && m.params.because === 'flood' && m.params.source.startsWith('127.0.1.92')), 'and are dropped');
});

test('fragments over TCP, a message that never ends, and one larger than UDP takes harm nobody', async () => {
  const request = (n, extra = '') => `OPTIONS sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.34;branch=z9hG4bK${n}\r\nFrom: <sip:t@a.test>;tag=1\r\nTo: <sip:100@127.0.0.1>\r\nCall-ID: t${n}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n${extra}Content-Length: 0\r\n\r\n`;
  const connect = async () => {
    const socket = net.connect({ port: e.base + 10, host: '127.0.0.1', localAddress: '127.0.0.34' });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.heard = '';
    socket.on('data', (d) => { socket.heard += d; });
    return socket;
  };
  // A byte at a time is still a message, and two in one segment are two.
  const slowly = await connect();
  for (const byte of request(1)) { slowly.write(byte); if (byte === '\n') await sleep(2); }
  await until('answered', () => /SIP\/2\.0 200/.test(slowly.heard));
  slowly.write(request(2) + request(3));
  await until('both', () => /Call-ID: t2/.test(slowly.heard) && /Call-ID: t3/.test(slowly.heard));
  slowly.destroy();
  // Headers without an end fill a buffer, not the memory: the connection is closed.
  const endless = await connect();
  let closed = false;
  endless.on('close', () => { closed = true; });
  endless.write('OPTIONS sip:100@127.0.0.1 SIP/2.0\r\n');
  for (let i = 0; i < 200 && !closed; i++) { endless.write(`X-${i}: ${'a'.repeat(1000)}\r\n`); await sleep(1); }
  await until('it is closed', () => closed, 10000);
  // A datagram of 60 kB arrives in fragments.
  const s = await SipEndpoint.open({ host: '127.0.0.35' });
  s.sendRaw(request(4, `X-Long: ${'x'.repeat(60000)}\r\n`).replace('SIP/2.0/TCP 127.0.0.34', `SIP/2.0/UDP 127.0.0.35:${s.port}`), e.sip);
  await sleep(300);
  s.close();
  assert.equal(await options('127.0.0.36'), 200);
});

test('what a phone claims to be in its headers does not reach mediad; what a trunk says does', async () => {
  const claims = { 'P-Asserted-Identity': '<sip:boss@a.test>', 'P-Preferred-Identity': '<sip:boss@a.test>', 'Remote-Party-ID': '<sip:boss@a.test>', Identity: 'abc', Diversion: '<sip:1@a.test>', 'History-Info': '<sip:1@a.test>' };
  const names = Object.keys(claims).map((n) => n.toLowerCase());
  const p = await open('127.0.0.31');
  let arriving = e.nextAtMediad();
  await p.call('4001', { headers: { ...claims, 'X-Zj-Trunk': 'x', 'x-zj-relay': '7' } });
  let { message, respond } = await arriving;
  respond(486, 'Busy Here', { tag: 'x' });
  assert.deepEqual(names.filter((n) => message.headers[n]), []);
  assert.equal(message.headers['x-zj-trunk'], undefined);
  assert.deepEqual(message.headers['x-zj-relay'].length, 1);
  assert.notEqual(header(message, 'x-zj-relay'), '7');
  arriving = e.nextAtMediad();
  const call = e.invite('8610001', { headers: claims });
  ({ message, respond } = await arriving);
  respond(200, 'OK', answerAtMediad(e)).stopRepeating();
  assert.equal((await call).status, 200);
  assert.equal(header(message, 'p-asserted-identity'), claims['P-Asserted-Identity']);
});

test('an extension with a host registers and calls from there only', async () => {
  e.sql(`update extension set host = '127.0.0.64/26' where number = '2057'`);
  const [here, there] = [await open('127.0.0.70', { user: '2057' }), await open('127.0.0.32', { user: '2057' })];
  await until('elsewhere it is refused', async () => !(await registers(there)));
  assert.equal(await registers(here), true);
  const call = await there.call('4001');
  assert.equal((await call.ended).code, 403);
});

test('fail2ban finds the address in every such line, and in no other', () => {
  const filter = fs.readFileSync(path.join(root, 'ops/fail2ban/zongji.conf'), 'utf8');
  const expressions = filter.split('\n').map((l) => l.replace(/^failregex\s*=/, '')).filter((l) => l.includes('<HOST>')).map((l) => new RegExp(l.trim().replace('<HOST>', '(?<host>[0-9a-fA-F:.]+)')));
  assert.ok(expressions.length >= 4);
  const hits = {};
  for (const line of e.log().split('\n')) {
    const hit = expressions.map((x) => x.exec(line)?.groups.host).find(Boolean);
    if (hit) (hits[hit] ??= []).push(line);
    if (/call from|registration user=|configuration loaded/.test(line)) assert.equal(hit, undefined, line);
  }
  for (const host of ['127.0.0.21', '127.0.0.23', '127.0.0.27', '127.0.0.28', '127.0.0.30']) assert.ok(hits[host]?.length, `${host} is found`);
  assert.equal(hits['127.0.0.22'], undefined);
  assert.ok(sdp);
});
