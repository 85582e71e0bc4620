// What the edge does while others are away, and what it knows afterwards; and the browsers' way in.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import { Edge, header, sdp, sleep, until } from './edge.mjs';
import { digest, parseMessage, serialize, tagOf, token, userOf } from '../../tests/tools/sip.mjs';
import { Phone } from '../../tests/tools/phone.mjs';
import { WebSocketClient } from '../../tests/tools/ws.mjs';

let e;
const phones = [];
const open = async (tenant, user = '1001', password = `password-${tenant}`) => {
  const p = await Phone.open({ user, domain: `${tenant}.test`, password, proxy: e.sip, answering: { after: 0 } });
  phones.push(p);
  return p;
};
const busyMediad = (m, respond) => { if (m.method === 'INVITE') respond(486, 'Busy Here', { tag: 'x' }); };

before(async () => {
  e = await Edge.start({ offset: 300 });
  e.mediad.on('request', busyMediad);
  await e.startRelay();
  await e.startKamailio();
});
after(async () => {
  for (const p of phones) await p.close().catch(() => {});
  await e?.stop();
});

const call = async (to, from = '13900000001') => (await e.invite(to, { from })).status;

const callPhone = (user, domain, options = {}) => e.mediad.request({
  method: 'INVITE', uri: `sip:${user}@${domain}`, body: sdp('127.0.0.1', 50010),
  headers: {
    From: `<sip:13800000000@127.0.0.1>;tag=${token()}`, To: `<sip:${user}@${domain}>`, 'Call-ID': token(), CSeq: '1 INVITE',
    Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, 'Content-Type': 'application/sdp',
  },
}, e.sip, { timeout: 8000, ...options });

test('a row that commits in a long transaction counts when it commits; what commits meanwhile counts at once', async () => {
  const session = e.pg.session();
  await session.run('begin');
  await session.run(`insert into zj.blacklist (tenant_id, number) values ('${e.tenant.a}', '13900000001')`);
  e.sql(`insert into blacklist (tenant_id, number) values ('${e.tenant.a}', '13900000002')`);
  await until('the short one', async () => (await call('8610001', '13900000002')) === 403, 1000);
  assert.equal(await call('8610001', '13900000001'), 486);
  await session.run('commit');
  await until('the long one', async () => (await call('8610001', '13900000001')) === 403, 1000);
  await session.end();
});

test('a lost database connection misses nothing', async () => {
  e.sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'zj_edge';
    insert into blacklist (tenant_id, number) values ('${e.tenant.a}', '13900000003')`);
  await until('the row of that moment', async () => (await call('8610001', '13900000003')) === 403, 3000);
});

test('a wake-up that is lost costs five seconds, whatever else the process has to do', async () => {
  const domain = (to, silently) => e.sql(`set session_replication_role = ${silently ? 'replica' : 'origin'};
    update tenant set sip_domain = '${to}' where name = 'b';
    ${silently ? `insert into zj_change (table_name, tenant_id, id, op) select 'tenant', id, id, 'u' from tenant where name = 'b'` : ''}`);
  domain('lost.test', true);
  await until('the look without a wake-up', async () => /extension: /.test(e.rpc('edge.lookup', 'lost.test', '1001')), 12_000);
  domain('b.test', false);
  await until('the row again', async () => /extension: /.test(e.rpc('edge.lookup', 'b.test', '1001')), 1000);
});

test('PostgreSQL frozen: nobody waits for it', async () => {
  e.pg.freeze();
  try {
    const began = Date.now();
    for (let i = 0; i < 20; i++) assert.equal(await call('8610001', '13900000009'), 486);
    const p = await open('a');
    await p.register();
    await p.register({ expires: 0 });
    assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`); // who waits for it waits 10 s
  } finally { e.pg.thaw(); }
});

test('PostgreSQL away: calls, registration and authentication go on; it learns of them afterwards', async () => {
  await e.stopPostgres();
  assert.equal(await call('8610001', '13900000009'), 486);
  assert.equal(await call('8610001', '13900000001'), 403);
  assert.equal(await call('777'), 404);
  const p = await open('a');
  await p.register();
  assert.equal((await callPhone('1001', 'a.test')).status, 200);
  await e.resumePostgres();
  const rows = () => e.sql('select username, domain, contact from kamailio.location');
  await until('the registration is written', () => rows().length === 1, 6000);
  assert.deepEqual(rows()[0].slice(0, 2), ['1001', 'a.test']);
});

test('Kamailio starts without PostgreSQL from what it knew, and catches up', async () => {
  await e.end(e.kamailio);
  e.sql(`insert into blacklist (tenant_id, number) values ('${e.tenant.a}', '13900000004')`); // nobody listens
  await e.stopPostgres();
  await e.startKamailio();
  assert.match(e.log(), /started from the local copy who=did/);
  assert.equal(fs.statSync(`${e.run}/cache/edge-extensions.copy`).mode & 0o777, 0o600);
  await until('mediad is seen', async () => (await call('8610001', '13900000009')) === 486);
  assert.equal(await call('8610001', '13900000001'), 403);
  assert.equal(await call('8610001', '13900000004'), 486);
  const p = await open('b');
  await p.register();
  await e.resumePostgres();
  await until('the row that nobody had seen', async () => (await call('8610001', '13900000004')) === 403, 3000);
  await until('registrations of before are put back', async () => (await callPhone('1001', 'a.test')).status === 200);
  assert.equal((await callPhone('1001', 'b.test')).status, 200);
});

test('kill -9 of the main process: its helpers end with it; registrations are there after the restart', async () => {
  await until('both are written', () => e.sql('select count(*) from kamailio.location')[0][0] === '2', 6000);
  const helpers = e.rpc('core.psx').match(/PID: (\d+)[^}]*?DSC: zj /g).map((m) => Number(/\d+/.exec(m)[0]));
  assert.equal(helpers.length, 8); // did, blacklist; two of edge, four of trunk
  const gone = (pid) => { try { process.kill(pid, 0); return false; } catch { return true; } };
  process.kill(e.kamailio.pid, 'SIGKILL');
  await until('our processes are gone', () => helpers.every(gone));
  try { process.kill(-e.kamailio.pid, 'SIGKILL'); } catch {} // as the supervisor does with the group
  await until('main is gone', () => e.kamailio.signalCode !== null);
  await sleep(100);
  await e.startKamailio();
  await until('a phone rings that registered before', async () => (await callPhone('1001', 'b.test')).status === 200);
  const back = (await e.acd.call('edge.registrations')).result.registrations;
  assert.equal(back.length, 2);
});

/** A browser's SIP: one message per WebSocket message, through HAProxy with TLS. */
function connectWeb(protocol = 'sip') {
  return new Promise((resolve, reject) => {
    const request = https.get(`https://127.0.0.1:${e.base + 1}/sip`, {
      rejectUnauthorized: false, headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol': protocol },
    });
    request.on('upgrade', (response, socket, head) => resolve(new WebSocketClient(socket, head)));
    request.on('response', (response) => { response.resume(); reject(new Error(`${response.statusCode}`)); });
    request.on('error', reject);
  });
}

const webOffer = (setup) => `v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8 101\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n` +
  'a=candidate:1 1 udp 2122260223 127.0.0.1 50100 typ host\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n' +
  `a=fingerprint:sha-256 ${'AA:'.repeat(31)}AA\r\na=setup:${setup}\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n`;

test('a browser registers over a secure WebSocket, is called with DTLS-SRTP, and mediad hears plain RTP', async () => {
  await assert.rejects(connectWeb('chat'), /404/);
  const ws = await connectWeb();
  const inbox = [];
  ws.on('message', (text) => inbox.push(parseMessage(String(text))));
  const next = (match) => until('a SIP message', () => { const i = inbox.findIndex((m) => m && match(m)); return i >= 0 && inbox.splice(i, 1)[0]; });
  const from = '<sip:1001@a.test>';
  const callId = token();
  const register = (cseq, auth) => ws.send(serialize({ method: 'REGISTER', uri: 'sip:a.test', headers: {
    Via: `SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK${token()}`, 'Max-Forwards': '70', From: `${from};tag=w`, To: from, 'Call-ID': callId, CSeq: `${cseq} REGISTER`,
    Contact: '<sip:0f1x2y@df7jal23ls0d.invalid;transport=ws>;expires=300', ...auth } }));
  register(1, {});
  const challenge = await next((m) => m.status === 401);
  register(2, { Authorization: digest(header(challenge, 'www-authenticate'), { user: '1001', password: 'password-a', method: 'REGISTER', uri: 'sip:a.test' }) });
  await next((m) => m.status === 200);
  for (const p of phones) p.answering = 'silent'; // one rings beside the browser, in the same fork
  const done = callPhone('1001', 'a.test');
  const invite = await next((m) => m.method === 'INVITE');
  assert.match(invite.body, /m=audio \d+ UDP\/TLS\/RTP\/SAVPF 8 101/);
  assert.match(invite.body, /a=fingerprint:sha-256/);
  assert.match(invite.body, /a=ice-ufrag/);
  assert.match(invite.body, /a=rtcp-mux/);
  ws.send(serialize({ status: 200, reason: 'OK', body: webOffer('active'), headers: {
    Via: invite.headers.via, 'Record-Route': invite.headers['record-route'], From: header(invite, 'from'), To: `${header(invite, 'to')};tag=web`, 'Call-ID': header(invite, 'call-id'),
    CSeq: header(invite, 'cseq'), Contact: '<sip:0f1x2y@df7jal23ls0d.invalid;transport=ws>', 'Content-Type': 'application/sdp' } }));
  const answer = await done;
  assert.equal(answer.status, 200);
  assert.match(answer.body, /m=audio \d+ RTP\/AVP 8 101/);
  assert.doesNotMatch(answer.body, /fingerprint|candidate|ice-ufrag/);
  assert.equal(tagOf(header(answer, 'to')), 'web');
  // Within the dialog, mediad reaches the browser on its WebSocket.
  const bye = e.mediad.request({ method: 'BYE', uri: /<([^>]+)>/.exec(header(answer, 'contact'))[1], headers: {
    From: header(answer, 'from'), To: header(answer, 'to'), 'Call-ID': header(answer, 'call-id'), CSeq: '2 BYE', Route: [...answer.headers['record-route']].reverse() } }, e.sip);
  const heard = await next((m) => m.method === 'BYE');
  ws.send(serialize({ status: 200, reason: 'OK', headers: { Via: heard.headers.via, From: header(heard, 'from'), To: header(heard, 'to'), 'Call-ID': header(heard, 'call-id'), CSeq: header(heard, 'cseq') } }));
  assert.equal((await bye).status, 200);
  // A closed WebSocket is no contact any more.
  const before = e.acd.events.length;
  ws.socket.destroy();
  await until('acd hears that it is gone', () => e.acd.events.slice(before).some((x) => x.method === 'edge.expired' && x.params.contact.includes('invalid')), 12000);
  assert.equal(userOf(header(invite, 'from')), '13800000000');
});
