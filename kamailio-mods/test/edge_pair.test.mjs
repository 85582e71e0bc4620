// Two edges side by side that are one: phones of the one are reached through the other, one dies, it comes back.
// The links between them, and who may speak on them, are in edge_links.test.mjs.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { Edge, header, sdp, sleep, until } from './edge.mjs';
import * as calls from './calls.mjs';
import { Phone } from '../../tests/tools/phone.mjs';
import { SipEndpoint, tagOf, token } from '../../tests/tools/sip.mjs';

let e;
const phones = [];
const open = async (n, user, options = {}) => {
  const p = await Phone.open({ user, domain: 'a.test', password: 'password-a', proxy: e.sipOf(n), answering: { after: 0 }, ...options });
  phones.push(p);
  return p;
};
/** The same, by edge n. */
const by = (n) => Object.create(e, { sip: { value: e.sipOf(n) } });
const ring = (n, user, options = {}) => calls.callPhone(by(n), user, 'a.test', { timeout: 12000, ...options });
/** How many contacts edge n knows of an extension, and by which paths. */
const known = (n, user) => [...e.rpcOf(n, 'ul.lookup', 'location', `${user}@a.test`).matchAll(/Path: (.+)/g)].map((m) => m[1].trim());
const linked = () => until('the edges are linked', () => /state: up/.test(e.rpcOf(1, 'edge.peers')) && /state: up/.test(e.rpcOf(2, 'edge.peers')), 8000);
const here = '[not set]';

before(async () => {
  e = await Edge.start({ offset: 1300, edges: 2 });
  e.sql(`insert into extension (tenant_id, number, password, media_relay) select t.id, n::text, 'password-a', 'auto' from tenant t, generate_series(1002, 1029) n where t.name = 'a';
    update extension set media_relay = 'always' where number = '1014'`);
  await e.startRelay();
  await e.startKamailio(1);
  await e.startKamailio(2);
  await e.startHaproxy();
  await linked();
});
after(async () => {
  for (const p of phones) await p.close().catch(() => {});
  await e?.stop();
});

/** mediad's request within the dialog of `answer`, which came by edge n. */
const within = async (n, answer, method, cseq, body) => (await e.mediad.request(calls.within(by(n), answer, method, cseq, body), e.sipOf(n))).status;

test('a phone on UDP registers at one edge and is called by either; what follows in the call takes the same way', async () => {
  const p = await open(2, '1002');
  await p.register();
  await until('the other edge knows it', () => known(1, '1002').length === 1, 2000);
  assert.deepEqual(known(2, '1002'), [here]);
  assert.match(known(1, '1002')[0], new RegExp(`^<sip:[^@]+@127.0.0.1:${e.base + 210};lr;zjat=127.0.0.1>$`));
  const other = await ring(1, '1002');
  assert.equal(other.status, 200);
  assert.deepEqual(other.headers['record-route'].map((r) => Number(/:(\d+);/.exec(r)[1]) - e.base), [210, 10], 'through both');
  assert.equal(other.headers['x-zj-relay'][0], 'none');
  calls.ack(by(1), other);
  const call = await p.nextCall();
  assert.ok(!Object.keys(call.headers).some((h) => h.startsWith('x-zj')), 'nothing of ours reaches the phone');
  await call.answered;
  assert.equal(await within(1, other, 'INVITE', 2, sdp('127.0.0.1', 50012)), 200);
  const heard = new Promise((resolve) => e.mediad.on('request', function take(m, respond) { if (m.method === 'BYE') { e.mediad.off('request', take); respond(200, 'OK', {}); resolve(m); } }));
  await call.hangup();
  assert.equal(header(await heard, 'call-id'), header(other, 'call-id'));
  const own = await ring(2, '1002');
  assert.deepEqual(own.headers['record-route'].map((r) => Number(/:(\d+);/.exec(r)[1]) - e.base), [210], 'straight');
  calls.ack(by(2), own);
  assert.equal(await within(2, own, 'BYE', 2), 200);
});

test('media of a phone at the other edge is relayed when it must be, once', async () => {
  const p = await open(2, '1001'); // media_relay = always
  await p.register();
  await until('the other edge knows it', () => known(1, '1001').length === 1, 2000);
  const answer = await ring(1, '1001');
  assert.equal(answer.headers['x-zj-relay'][0], '1');
  assert.equal(e.relayOf(answer.body), 1);
  assert.equal(e.relayOf((await p.nextCall()).invite.body), 1);
  calls.ack(by(1), answer);
  assert.equal(await within(1, answer, 'BYE', 2), 200);
});

test('a caller who gives up is given up at the phone', async () => {
  const p = await open(2, '1003', { answering: 'never' });
  await p.register();
  await until('the other edge knows it', () => known(1, '1003').length === 1, 2000);
  const pending = ring(1, '1003');
  const call = await p.nextCall();
  await sleep(100);
  const { sent, branch } = pending.transaction;
  e.mediad.sendRaw(`CANCEL ${sent.uri} SIP/2.0\r\nVia: ${e.mediad.via(branch)}\r\nMax-Forwards: 70\r\nFrom: ${sent.headers.From}\r\nTo: ${sent.headers.To}\r\nCall-ID: ${sent.headers['Call-ID']}\r\nCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n`, e.sipOf(1));
  assert.equal((await call.ended).how, 'cancelled');
  assert.equal((await pending).status, 487);
});

test('phones on TCP, on TLS and on a secure WebSocket are called through the edge that has their connection', async () => {
  const tcp = await open(2, '1004', { transport: 'tcp' });
  await tcp.register();
  const web = await open(1, '1005', { transport: 'wss', proxy: { host: '127.0.0.1', port: e.base + 1 }, tls: { rejectUnauthorized: false }, answering: { reject: 486 } });
  await web.register();
  const tls = await open(2, '1009', { transport: 'tls', proxy: { host: '127.0.0.1', port: e.base + 211 }, tls: { rejectUnauthorized: false } });
  await tls.register();
  await until('both know all', () => [1, 2].every((n) => ['1004', '1005', '1009'].every((u) => known(n, u).length === 1)), 3000);
  for (const n of [1, 2]) {
    const answer = await ring(n, '1004');
    assert.equal(answer.status, 200, `by edge ${n}`);
    calls.ack(by(n), answer);
    assert.equal(await within(n, answer, 'BYE', 2), 200);
    const secret = await ring(n, '1009');
    assert.equal(secret.status, 200, `TLS by edge ${n}`);
    calls.ack(by(n), secret);
    assert.equal(await within(n, secret, 'BYE', 2), 200);
    assert.equal((await ring(n, '1005')).status, 486, `by edge ${n}`);
    assert.match((await web.nextCall()).invite.body, /UDP\/TLS\/RTP\/SAVPF/);
  }
  // A connection that ends is a contact less, everywhere; meanwhile 480, not silence.
  tcp.sip.wire.drop();
  await until('its edge says so', () => known(1, '1004').length === 0 && known(2, '1004').length === 0, 8000);
  assert.equal((await ring(1, '1004')).status, 480);
});

test('a phone that moves is where it registered last; at any edge it may take its registration back', async () => {
  const p = await open(1, '1006');
  await p.register();
  await until('edge 2 has it from edge 1', () => known(2, '1006')[0]?.includes(`:${e.base + 10};`), 2000);
  await sleep(1100); // a registration's age is known to the second
  p.proxy = e.sipOf(2);
  await p.register();
  await until('edge 1 has it from edge 2', () => known(1, '1006')[0]?.includes(`:${e.base + 210};`), 2000);
  assert.deepEqual(known(2, '1006'), [here]);
  assert.equal((await ring(1, '1006')).status, 200);
  assert.equal(p.seen, 1);
  p.proxy = e.sipOf(1);
  await p.register({ expires: 0 });
  await until('nobody knows it', () => known(1, '1006').length + known(2, '1006').length === 0, 2000);
});

test('acd hears from both edges, and which of them holds the phone', async () => {
  const p = await open(2, '1007');
  await p.register();
  const [held, told] = await Promise.all(['edge2', 'edge1'].map((edge) => until(`${edge} tells acd`, () => e.acd.events.find((x) => x.edge === edge && x.method === 'edge.registered' && x.params.extension === '1007'))));
  assert.equal(held.params.held, undefined);
  assert.equal(told.params.held, false);
  const of = async (edge) => (await e.acd.call('edge.registrations', {}, edge)).result.registrations.find((r) => r.extension === '1007').held;
  assert.deepEqual([await of('edge1'), await of('edge2')], [false, true]);
});

test('RFC 5626: two flows of one phone, one to each edge; it rings once, also when the flow that was tried is dead', async () => {
  const instance = 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
  const first = await open(1, '1008', { flow: { id: 1, instance }, transport: 'tcp', answering: { reject: 486 } });
  const second = await open(2, '1008', { flow: { id: 2, instance }, transport: 'tcp', answering: { reject: 486 } });
  const ok = await first.register();
  assert.match(header(ok, 'require'), /outbound/);
  assert.equal(header(ok, 'flow-timer'), '120');
  await second.register();
  await until('both edges have both', () => [1, 2].every((n) => known(n, '1008').length === 2), 2000);
  for (const n of [1, 2]) assert.equal((await ring(n, '1008')).status, 486);
  assert.equal(first.seen + second.seen, 2, 'once a call');
  // The connection of one ends without a word, then that of the other: whichever flow would be tried first, the phone rings, once.
  for (const [dead, seen] of [[first, 4], [second, 6]]) {
    dead.sip.wire.drop();
    await sleep(200); // what is written in the very moment is lost with the connection
    for (const n of [1, 2]) assert.equal((await ring(n, '1008')).status, 486, `by edge ${n}, flow ${dead.flow.id} is dead`);
    assert.equal(first.seen + second.seen, seen);
    await dead.sip.reconnect();
    await dead.register();
    await until('both flows are known again', () => [1, 2].every((n) => known(n, '1008').length === 2), 7000);
  }
  // Pulled cables: the connection stands, and nothing comes from the phone, not even a 100. The other flow is tried when that is sure.
  for (const mute of [first, second]) {
    mute.sip.wire.socket.pause();
    const other = mute === first ? second : first, before = other.seen;
    for (const n of [1, 2]) assert.equal((await ring(n, '1008', { timeout: 25000 })).status, 486, `by edge ${n}, nothing comes by flow ${mute.flow.id}`);
    assert.equal(other.seen, before + 2);
    mute.sip.wire.socket.resume();
    await mute.sip.reconnect();
    await mute.register();
  }
  const rung = first.seen + second.seen;
  // A third edge's word for it, or a token that was made up, is nothing: 403 without a phone that rings.
  const stranger = await SipEndpoint.open({ host: '127.0.0.9' });
  const path = known(1, '1008').find((x) => x !== here) ?? known(2, '1008').find((x) => x !== here);
  const forged = await stranger.request({ method: 'INVITE', uri: 'sip:1008@127.0.0.1', body: sdp('127.0.0.9', 40000), headers: {
    Route: path ?? `<sip:00000000.uloc.${'0'.repeat(32)}@127.0.0.1:${e.base + 10};lr>`, From: `<sip:1@127.0.0.9>;tag=${token()}`, To: '<sip:1008@127.0.0.1>', 'Call-ID': token(), CSeq: '1 INVITE', Contact: '<sip:1@127.0.0.9>', 'Content-Type': 'application/sdp' } }, e.sipOf(2));
  assert.equal(forged.status, 403);
  assert.equal(first.seen + second.seen, rung);
  stranger.close();
});

test('keep-alives of both kinds are answered', async () => {
  const tcp = await SipEndpoint.open({ transport: 'tcp', to: e.sipOf(1) });
  const pong = new Promise((resolve) => tcp.wire.once('pong', resolve));
  tcp.sendRaw('\r\n\r\n', e.sipOf(1));
  await Promise.race([pong, sleep(2000).then(() => { throw new Error('no CRLF'); })]);
  tcp.close();
  const udp = await SipEndpoint.open();
  const bound = new Promise((resolve) => udp.wire.socket.once('message', resolve));
  const id = Buffer.from('0123456789ab');
  udp.wire.socket.send(Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), id]), e.sipOf(1).port, '127.0.0.1');
  const answer = await Promise.race([bound, sleep(2000).then(() => { throw new Error('no STUN'); })]);
  assert.equal(answer.readUInt16BE(0), 0x0101, 'a binding success');
  assert.deepEqual(answer.subarray(8, 20), id);
  udp.close();
});

/** A subscription as of a telephone's lamp. */
async function subscribe(p, to, state = { callId: token(8), tag: token(), seq: 0 }) {
  return Object.assign(state, { response: await p.withDigest('SUBSCRIBE', `sip:${to}@a.test`, (auth) => ({
    From: `<sip:${p.user}@a.test>;tag=${state.tag}`, To: `<sip:${to}@a.test>${state.remote ? `;tag=${state.remote}` : ''}`, 'Call-ID': state.callId, CSeq: `${++state.seq} SUBSCRIBE`,
    Contact: p.contact, Event: 'dialog', Expires: '600', Accept: 'application/dialog-info+xml', ...auth }), { timeout: 5000 }) });
}

test('an edge is killed: its phones are reached through the other, calls keep their sound, new ones go on; it comes back knowing all', async (t) => {
  const udp = await open(2, '1010');
  const tcp = await open(2, '1011', { transport: 'tcp' });
  const web = await open(2, '1012', { transport: 'wss', proxy: { host: '127.0.0.1', port: e.base + 1 }, tls: { rejectUnauthorized: false }, answering: { reject: 486 } });
  const talking = await open(2, '1014', { answering: { after: 0, tone: 600 } });
  const instance = 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf7';
  const flows = [await open(1, '1013', { flow: { id: 1, instance }, transport: 'tcp' }), await open(2, '1013', { flow: { id: 2, instance }, transport: 'tcp' })];
  for (const p of [udp, tcp, web, talking, ...flows]) await p.register();
  const lamp = await subscribe(udp, '1011');
  assert.ok([200, 202].includes(lamp.response.status), String(lamp.response.status));
  lamp.remote = tagOf(header(lamp.response, 'to'));
  await until('edge 1 knows them', () => ['1010', '1011', '1012', '1014'].every((u) => known(1, u).length >= 1) && known(1, '1013').length === 2, 3000);
  // A browser may have come to either edge: it is moved to the one that will die.
  while (known(2, '1012')[0] !== here) {
    await web.sip.reconnect();
    await web.register();
    await sleep(300);
  }
  const ear = dgram.createSocket('udp4').bind(0, '127.0.0.1'); // mediad's
  await once(ear, 'listening');
  t.after(() => ear.close());
  let heard = 0;
  ear.on('message', () => { heard++; });
  const answer = await ring(1, '1014', { body: sdp('127.0.0.1', ear.address().port) });
  assert.equal(answer.status, 200);
  calls.ack(by(1), answer);
  const call = await talking.nextCall();
  await call.answered;
  await until('sound, by the relay', () => heard > 20, 5000);

  const down = new Promise((resolve) => web.sip.once('down', resolve));
  await e.killKamailio(2);
  const died = Date.now();
  const before = heard;
  await until('edge 1 sees it', () => /state: down/.test(e.rpcOf(1, 'edge.peers')), 1000);
  t.diagnostic(`the other edge knew after ${Date.now() - died} ms`);
  assert.equal((await ring(1, '1010')).status, 200, 'UDP at once');
  t.diagnostic(`a phone on UDP answered after ${Date.now() - died} ms`);
  assert.equal((await ring(1, '1013')).status, 200, 'by its other flow');
  assert.equal((await ring(1, '1011')).status, 480, 'TCP: gone with its connection, and said so');
  // Phones come back by themselves: the one on TCP to the other edge, the browser to wherever HAProxy leads.
  tcp.proxy = tcp.sip.wire.options.to = e.sipOf(1);
  await tcp.sip.reconnect();
  await tcp.register();
  assert.equal((await ring(1, '1011')).status, 200);
  await down;
  await until('the browser is back', () => web.sip.reconnect().then(() => web.register()).then(() => true, () => false), 5000);
  t.diagnostic(`the browser was registered again after ${Date.now() - died} ms`);
  assert.ok(Date.now() - died < 25_000);
  assert.equal((await ring(1, '1012')).status, 486);
  // The lamp's subscription died with its edge: the phone hears so when it refreshes it, and subscribes anew.
  udp.proxy = e.sipOf(1);
  assert.equal((await subscribe(udp, '1011', lamp)).response.status, 481);
  assert.ok([200, 202].includes((await subscribe(udp, '1011')).response.status));
  // The carrier's call, by the edge that is left.
  const { response } = await calls.talk(e, '8610001');
  assert.equal(response.status, 200);
  assert.equal(call.state, 'talking');
  await sleep(Math.max(0, died + 1000 - Date.now())); // long enough to speak of packets a second
  assert.ok(heard - before > 40 * ((Date.now() - died) / 1000), `${heard - before} packets in ${Date.now() - died} ms`);
  // What follows in it comes to the edge that is left, though it is the dead one that stands first in its Route.
  talking.proxy = e.sipOf(1);
  const bye = new Promise((resolve) => e.mediad.on('request', function take(m, respond) { if (m.method === 'BYE') { e.mediad.off('request', take); respond(200, 'OK', {}); resolve(m); } }));
  await call.hangup();
  assert.equal(header(await bye, 'call-id'), header(answer, 'call-id'));
  assert.equal(call.byeError, undefined);

  await e.startKamailio(2);
  await linked();
  await until('it has all registrations again', () => ['1010', '1011', '1012', '1014'].every((u) => known(2, u).length === 1), 5000);
  for (const u of ['1010', '1011']) assert.equal((await ring(2, u)).status, 200, u);
  assert.equal((await ring(2, '1012')).status, 486);
});
