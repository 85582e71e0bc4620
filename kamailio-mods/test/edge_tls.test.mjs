// SIP over TCP and TLS: both end in HAProxy, and Kamailio knows for whom it speaks.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';
import { Edge, header, sdp, sleep, until } from './edge.mjs';
import { ack, answerAtMediad, callPhone, within } from './calls.mjs';
import { Phone } from '../../tests/tools/phone.mjs';
import { SipEndpoint, token } from '../../tests/tools/sip.mjs';

let e;
const phones = [];
const ca = () => fs.readFileSync(`${e.run}/etc/tls.crt`);
const at = (transport, host = '127.0.0.1') => ({ host, port: e.base + (transport === 'tls' ? 11 : 10) });
const open = async ({ transport = 'tls', host = '127.0.0.1', user = '1001', password = 'password-a', ...options } = {}) => {
  const p = await Phone.open({ host, user, domain: 'a.test', password, transport, proxy: at(transport), tls: { ca: ca() }, answering: { after: 0 }, ...options });
  phones.push(p);
  return p;
};
const closed = async (p) => { await p.close(); };

before(async () => {
  e = await Edge.start({ offset: 300 });
  await e.startRelay();
  await e.startKamailio();
  const p = await open({ transport: 'tcp' });
  await until('the extensions', () => p.register().then(() => true, () => false));
  await p.register({ expires: 0 });
});
after(async () => {
  for (const p of phones) await p.close().catch(() => {});
  await e?.stop();
});

/** mediad calls the phone, both talk, mediad puts it on hold and hangs up. */
async function called(p, transport) {
  const calls = p.nextCall();
  const answer = await callPhone(e, '1001', 'a.test');
  assert.equal(answer.status, 200);
  ack(e, answer);
  const call = await calls;
  await call.answered;
  const via = call.invite.headers.via[0];
  const records = call.invite.headers['record-route'];
  const again = await e.mediad.request(within(e, answer, 'INVITE', 2, sdp('127.0.0.1', 50012)), e.sip);
  assert.equal(again.status, 200);
  ack(e, again, 2);
  const bye = await e.mediad.request(within(e, answer, 'BYE', 3), e.sip);
  assert.equal(bye.status, 200);
  assert.equal((await call.ended).how, 'far');
  const { port } = at(transport);
  assert.match(via, new RegExp(`^SIP/2.0/${transport.toUpperCase()} 127\\.0\\.0\\.1:${port};`));
  assert.match(records[0], new RegExp(`^<sip:127\\.0\\.0\\.1:${port};transport=${transport};`), 'the route back begins at the door that it came by');
  return call;
}

/** The phone calls, holds, hangs up. */
async function calls(p, transport) {
  const arriving = e.nextAtMediad();
  const call = await p.call('4001');
  const { message, respond } = await arriving;
  respond(200, 'OK', answerAtMediad(e)).stopRepeating();
  await call.answered;
  const { port } = at(transport);
  assert.match(call.routes[0], new RegExp(`^<sip:127\\.0\\.0\\.1:${port};transport=${transport};`));
  e.mediad.once('request', (m, r) => r(200, 'OK', answerAtMediad(e)).stopRepeating());
  await call.hold(true);
  const ended = new Promise((resolve) => e.mediad.once('request', (m, r) => { r(200, 'OK'); resolve(m.method); }));
  await call.hangup();
  assert.equal(await ended, 'BYE');
  return message;
}

for (const transport of ['tcp', 'tls']) {
  test(`a phone over ${transport.toUpperCase()} registers, calls, is called; Via, Record-Route and Contact speak of ${transport.toUpperCase()}`, async () => {
    const p = await open({ transport });
    await p.register();
    await until('the source is the phone, with its port', () => e.log().includes(`registration user=1001 domain=a.test source=127.0.0.1:${p.sip.port} `));
    const message = await calls(p, transport);
    if (transport === 'tls') assert.match(message.headers.contact[0], new RegExp(`alias=127\\.0\\.0\\.1~${p.sip.port}~2`));
    await called(p, transport);
    await closed(p);
  });
}

test('a phone that loses its connection is called over the next one, and not over the lost one', async () => {
  const p = await open();
  await p.register();
  p.sip.wire.drop();
  await until('its registration is forgotten', async () => (await callPhone(e, '1001', 'a.test')).status === 480, 15000);
  await p.sip.reconnect();
  await p.register();
  await called(p, 'tls');
  await closed(p);
});

test('TLS 1.0 and 1.1, SIP without TLS on the TLS port, HTTP on the SIP port: refused', async () => {
  const shake = (options) => new Promise((resolve) => {
    const s = tls.connect({ ...at('tls'), ca: ca(), ...options }, () => { resolve(s.getProtocol()); s.destroy(); });
    s.on('error', (error) => resolve(error.code));
  });
  assert.equal(await shake({}), 'TLSv1.3');
  assert.equal(await shake({ maxVersion: 'TLSv1.2' }), 'TLSv1.2');
  for (const version of ['TLSv1', 'TLSv1.1']) assert.doesNotMatch(await shake({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' }), /^TLS/, version);
  const plain = async (port, text) => {
    const s = net.connect(port, '127.0.0.1');
    s.on('error', () => {});
    let heard = '';
    s.on('data', (d) => { heard += d.toString('latin1'); });
    s.write(text);
    await Promise.race([once(s, 'close'), sleep(1500)]);
    s.destroy();
    return heard;
  };
  assert.doesNotMatch(await plain(e.base + 11, 'OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n'), /SIP\/2\.0 \d/);
  assert.match(await plain(e.base + 10, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'), /404/);
});

test('who claims to be a trunk in a PROXY line of his own is not believed', async () => {
  const s = net.connect(e.base + 10, '127.0.0.1');
  s.on('error', () => {});
  let heard = '';
  s.on('data', (d) => { heard += d; });
  const body = sdp('127.0.0.2', 40000);
  s.write(`PROXY TCP4 127.0.0.2 127.0.0.1 5060 5060\r\nINVITE sip:8610001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.2;branch=z9hG4bK${token()}\r\nMax-Forwards: 70\r\nFrom: <sip:1@127.0.0.2>;tag=1\r\nTo: <sip:8610001@127.0.0.1>\r\nCall-ID: ${token()}\r\nCSeq: 1 INVITE\r\nContact: <sip:1@127.0.0.2>\r\nContent-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await assert.rejects(e.nextAtMediad(1500), /no INVITE/);
  s.destroy();
  // The same call, from the trunk's address, by TCP: it is one.
  const trunk = await SipEndpoint.open({ host: '127.0.0.2', transport: 'tcp', to: at('tcp') });
  const arriving = e.nextAtMediad();
  const done = e.invite('8610001', { via: trunk });
  (await arriving).respond(486, 'Busy Here', { tag: 'x' });
  assert.equal((await done).status, 486);
  trunk.close();
});

test('a message in pieces, several in one piece, keep-alives between them: each is answered once', async () => {
  const p = await open({ transport: 'tls', user: '1001' });
  await p.register();
  const heard = [];
  p.sip.on('stray', (m) => heard.push(`${m.status} ${header(m, 'call-id')}`));
  let pongs = 0;
  p.sip.wire.on('pong', () => { pongs++; });
  const options = (id) => `OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: ${p.sip.via()}\r\nMax-Forwards: 70\r\nFrom: <sip:1001@a.test>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: ${id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;
  p.sip.wire.send('\r\n\r\n');
  await until('the keep-alive is answered', () => pongs > 0);
  for (const c of options('slow').match(/[^]{1,7}/g)) { p.sip.wire.send(c); await sleep(3); }
  p.sip.wire.send(`${options('one')}\r\n\r\n${options('two')}`);
  const rest = options('three');
  const cut = rest.indexOf('Max-Forwards');
  p.sip.wire.send(rest.slice(0, cut));
  await sleep(50);
  p.sip.wire.send(rest.slice(cut));
  await until('the answers', () => heard.some((h) => h === '200 three'));
  for (const id of ['slow', 'one', 'two', 'three']) assert.deepEqual(heard.filter((h) => h.endsWith(` ${id}`)), [`200 ${id}`]);
  await closed(p);
});

test('the certificate is replaced under load: nobody is dropped, who comes next sees the new one', async () => {
  const p = await open();
  await p.register();
  let down = false;
  p.sip.on('down', () => { down = true; });
  const served = () => new Promise((resolve, reject) => {
    const s = tls.connect({ ...at('tls'), rejectUnauthorized: false }, () => { resolve(s.getPeerCertificate().serialNumber); s.destroy(); });
    s.on('error', reject);
  });
  const old = await served();
  const r = e.certificate();
  assert.equal(r.status, 0, r.stderr);
  const first = await served();
  assert.notEqual(first, old);
  await p.register();
  await calls(p, 'tls');
  assert.equal(down, false);
  const bad = e.certificate('not a certificate');
  assert.notEqual(bad.status, 0);
  assert.match(bad.stderr, /certificate/);
  assert.equal(await served(), first, 'a bad one changes nothing');
  await closed(p);
});
