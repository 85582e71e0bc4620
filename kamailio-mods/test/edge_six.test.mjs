// IPv6: telephones and carriers by all transports, sound both ways although mediad speaks IPv4, bans of networks.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Edge, header, until } from './edge.mjs';
import { ack, answerAtMediad, callPhone, within } from './calls.mjs';
import { Phone } from '../../tests/tools/phone.mjs';
import { Rtp } from '../../tests/tools/rtp.mjs';
import { SipEndpoint, token } from '../../tests/tools/sip.mjs';

let e;
const closing = [];
const later = (x) => { closing.push(x); return x; };
const at = (transport) => ({ host: '::1', port: e.base + (transport === 'tls' ? 11 : 10) });
const open = async (transport, options = {}) => later(await Phone.open({ host: '::1', user: '1001', domain: 'a.test', password: 'password-a', transport, proxy: at(transport), tls: { ca: fs.readFileSync(`${e.run}/etc/tls.crt`) }, answering: { after: 0 }, ...options }));

before(async () => {
  e = await Edge.start({ offset: 400 });
  await e.startRelay();
  await e.startKamailio();
  e.sql(`update extension set media_relay = 'auto'; insert into trunk (tenant_id, name, host, port, probe_s) select id, 'six', '::1', 15999, 0 from tenant where kind = 'carrier'`);
  const p = await open('udp');
  await until('the extensions', () => p.register().then(() => true, () => false));
  await p.register({ expires: 0 });
});
after(async () => {
  for (const x of closing) await x.close();
  await e?.stop();
});

/** Sound both ways between a side's RTP and mediad's, whose addresses came with the descriptions. */
async function sound(one, other) {
  one.tone(600);
  other.tone(1400);
  await Promise.all([one.hears(1400), other.hears(600)]);
}
const media = (body) => ({ host: /c=IN IP[46] (\S+)/.exec(body)[1], port: Number(/m=audio (\d+)/.exec(body)[1]) });

for (const transport of ['udp', 'tcp', 'tls']) {
  test(`a phone over IPv6 and ${transport.toUpperCase()} calls and is called, with sound both ways`, async () => {
    const p = await open(transport);
    await p.register();
    await until('the log says whence', () => e.log().includes(`registration user=1001 domain=a.test source=::1:${p.sip.port} `));
    const rtp = later(await Rtp.open());
    // It calls.
    const arriving = e.nextAtMediad();
    const call = await p.call('4001');
    const { message, respond } = await arriving;
    assert.match(message.body, /c=IN IP4 127\.0\.0\.1/);
    rtp.start(media(message.body));
    respond(200, 'OK', { ...answerAtMediad(e), body: rtp.sdp() }).stopRepeating();
    await call.answered;
    assert.equal(call.remoteMedia.host, '::1');
    await sound(call.rtp, rtp);
    const [route] = call.routes;
    assert.match(route, new RegExp(`^<sip:\\[::1\\]:${at(transport).port}${transport === 'udp' ? '' : `;transport=${transport}`}[;>]`), 'the way back is of its own family');
    const ended = new Promise((resolve) => e.mediad.once('request', (m, r) => { r(200, 'OK'); resolve(m.method); }));
    await call.hangup();
    assert.equal(await ended, 'BYE');
    // It is called.
    const back = later(await Rtp.open());
    const ringing = p.nextCall();
    const answer = await callPhone(e, '1001', 'a.test', { body: back.sdp() });
    assert.equal(answer.status, 200);
    ack(e, answer);
    const incoming = await ringing;
    await incoming.answered;
    assert.match(incoming.invite.body, /c=IN IP6 ::1/);
    assert.match(incoming.invite.headers.via[0], new RegExp(`^SIP/2.0/${transport.toUpperCase()} \\[::1\\]:${at(transport).port};`, 'i'));
    back.start(media(answer.body));
    await sound(incoming.rtp, back);
    assert.equal((await e.mediad.request(within(e, answer, 'BYE', 2), e.sip)).status, 200);
    await incoming.ended;
    await p.register({ expires: 0 });
  });
}

test('a carrier over IPv6 is known by its address; its media is relayed to IPv4', async () => {
  const carrier = later(await SipEndpoint.open({ host: '::1' }));
  const rtp = later(await Rtp.open({ host: '::1' })), mediad = later(await Rtp.open());
  const sip = e.sip;
  Object.defineProperty(e, 'sip', { value: { host: '::1', port: e.base + 10 }, configurable: true });
  const arriving = e.nextAtMediad();
  const done = e.invite('8610001', { via: carrier, from: '13800000000', body: rtp.sdp(), headers: { From: `<sip:13800000000@[::1]>;tag=${token()}`, Contact: `<sip:c@[::1]:${carrier.port}>` } });
  delete e.sip;
  assert.equal(e.sip.port, sip.port);
  const { message, respond } = await arriving;
  assert.match(message.body, /c=IN IP4 127\.0\.0\.1/);
  mediad.start(media(message.body));
  respond(200, 'OK', { ...answerAtMediad(e), body: mediad.sdp() }).stopRepeating();
  const response = await done;
  assert.equal(response.status, 200);
  assert.match(response.body, /c=IN IP6 ::1/);
  rtp.start(media(response.body));
  await sound(rtp, mediad);
});

test('a ban of an IPv6 address is one of its network, whoever enters it and however it is written', async () => {
  const [{ carrier }] = [e.tenant];
  const status = async () => {
    const s = await SipEndpoint.open({ host: '::1' });
    try {
      return (await s.request({ method: 'OPTIONS', uri: 'sip:[::1]', headers: { From: '<sip:t@a.test>;tag=1', To: '<sip:x>', 'Call-ID': token(), CSeq: '1 OPTIONS' } }, at('udp'), { timeout: 700 })).status;
    } catch { return 0; } finally { s.close(); }
  };
  e.sql(`delete from trunk where name = 'six'`);
  assert.equal(await status(), 200);
  e.sql(`insert into ban (tenant_id, what, until_at) values ('${carrier}', '0:0:0:0:00aB::7', now() + interval '1 hour')`);
  assert.deepEqual(e.sql('select what from ban'), [['::/64']]);
  await until('silence', async () => (await status()) === 0);
  e.sql('delete from ban');
  await until('heard again', async () => (await status()) === 200);
  assert.throws(() => e.sql(`insert into ban (tenant_id, what, until_at) values ('${carrier}', 'g::1', now() + interval '1 hour')`), /IPv4 or IPv6/);
  // Guessed passwords from there: what acd hears names the network.
  const wrong = await open('tcp', { password: 'no' });
  for (let i = 0; i < 36; i++) {
    const guess = await Phone.open({ host: '::1', user: `9${100 + i}`, domain: 'a.test', password: 'x', transport: 'tcp', proxy: at('tcp') });
    await guess.register({ timeout: 1500 }).catch(() => {});
    guess.sip.close();
  }
  const ban = await e.acd.find('edge.banned', (p) => p.what === '::/64');
  assert.equal(ban.because, 'passwords');
  assert.ok(header && wrong);
});
