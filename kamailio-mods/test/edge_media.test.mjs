// Which way media goes: straight where nothing asks for a relay, else through one of several; and what happens when one dies.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Edge, header, sdp, until } from './edge.mjs';
import { ack, answerAtMediad, callPhone, talk, within } from './calls.mjs';
import { Phone } from '../../tests/tools/phone.mjs';
import { uriOf } from '../../tests/tools/sip.mjs';

let e;
const phones = [];
const open = async (user = '1001') => {
  const p = await Phone.open({ user, domain: 'a.test', password: 'password-a', proxy: e.sip, answering: { after: 0 } });
  phones.push(p);
  return p;
};
const policy = (table, value) => e.sql(`update ${table} set media_relay = '${value}'`);
const audio = (body) => ({ host: /c=IN IP[46] (\S+)/.exec(body)[1], port: Number(/m=audio (\d+)/.exec(body)[1]) });

/** Calls until the call goes the way that it should (a committed row is in effect within 200 ms). */
async function comes(relay, options = {}) {
  let call;
  await until(`relay ${relay}`, async () => {
    call = await talk(e, '8610001', options);
    return call.invite.headers['x-zj-relay'][0] === relay;
  });
  return call;
}
const said = (call) => until('a line about the relay', () => new RegExp(`media relay=(\\S+) because=(\\S+) tenant=\\S+ call=${call.invite.headers['x-zj-call'][0]}`).exec(e.log())).then((m) => [m[1], m[2]]);

before(async () => {
  e = await Edge.start({ offset: 600, relays: 2 });
  await e.startRelay(1);
  await e.startRelay(2);
  await e.startKamailio();
  policy('trunk', 'auto');
  policy('extension', 'auto');
  e.sql('update trunk set probe_s = 0'); // what the carrier hears is part of a call
});
after(async () => {
  for (const p of phones) await p.close().catch(() => {});
  await e?.stop();
});

test('a trunk with plain G.711 goes straight to mediad, and the log says why', async () => {
  const call = await comes('none');
  assert.deepEqual(audio(call.invite.body), { host: '127.0.0.2', port: 40000 });
  assert.deepEqual(audio(call.response.body), { host: '127.0.0.1', port: 50000 });
  assert.deepEqual(await said(call), ['none', 'plain']);
  const arriving = e.nextAtMediad();
  const again = e.carrier.request(call.request('INVITE', { body: sdp('127.0.0.2', 40002, 'a=sendonly\r\n') }), e.sip);
  const { message, respond } = await arriving;
  assert.deepEqual(audio(message.body), { host: '127.0.0.2', port: 40002 });
  respond(200, 'OK', answerAtMediad(e)).stopRepeating();
  assert.equal((await again).status, 200);
});

test('SRTP, a codec that mediad lacks, an address out of reach: relayed, each for its reason', async () => {
  const secure = `v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 40000 RTP/SAVP 8\r\na=rtpmap:8 PCMA/8000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.alloc(30, 7).toString('base64')}\r\n`;
  const foreign = 'v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 40000 RTP/AVP 3\r\na=rtpmap:3 GSM/8000\r\n';
  const rows = [['srtp', secure], ['codec', foreign], ['unroutable', sdp('198.51.100.7', 40000)]];
  for (const [because, body] of rows) {
    const call = await talk(e, '8610001', { body });
    assert.ok(e.relayOf(call.invite.body) > 0, because);
    assert.equal(call.invite.headers['x-zj-relay'][0], String(e.relayOf(call.invite.body)));
    assert.match(call.invite.body, /m=audio \d+ RTP\/AVP .*8/, `${because}: mediad can talk`);
    assert.deepEqual(await said(call), [String(e.relayOf(call.invite.body)), because]);
    assert.ok(e.relayOf(call.response.body) > 0);
    if (because !== 'srtp') continue;
    assert.match(call.response.body, /m=audio \d+ RTP\/SAVP 8\r\n[^]*a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:/, 'the answer is encrypted as the offer was');
    // What mediad offers later (hold), and what the asking end offers anew, is encrypted, too.
    const toCarrier = new Promise((resolve) => e.carrier.on('request', function take(m, respond) {
      if (m.method !== 'INVITE') return; // it is also asked how it is
      e.carrier.off('request', take);
      respond(200, 'OK', { body: secure, headers: { Contact: `<sip:c@127.0.0.2:${e.carrier.port}>`, 'Content-Type': 'application/sdp' } }).stopRepeating();
      resolve(m);
    }));
    const held = await e.mediad.request({ method: 'INVITE', uri: uriOf(header(call.invite, 'contact')), body: sdp('127.0.0.1', 50000, 'a=sendonly\r\n'), headers: {
      From: header(call.response, 'to'), To: call.invite.headers.from[0], 'Call-ID': header(call.invite, 'call-id'), CSeq: '7 INVITE', Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`,
      Route: call.invite.headers['record-route'], 'Content-Type': 'application/sdp' } }, e.sip);
    assert.equal(held.status, 200);
    const { body: reoffered } = await toCarrier;
    assert.match(reoffered, /m=audio \d+ RTP\/SAVP 8[^]*a=crypto:\d+ AES_CM_128_HMAC_SHA1_80/);
    assert.doesNotMatch(reoffered, /NULL|F8_/, 'nothing that does not encrypt');
    assert.match(held.body, /m=audio \d+ RTP\/AVP 8/);
    assert.doesNotMatch(held.body, /a=crypto/);
    const arriving = e.nextAtMediad();
    const again = e.carrier.request(call.request('INVITE', { body: secure, cseq: 8 }), e.sip);
    const { message, respond } = await arriving;
    assert.match(message.body, /m=audio \d+ RTP\/AVP 8/);
    respond(200, 'OK', answerAtMediad(e)).stopRepeating();
    assert.match((await again).body, /m=audio \d+ RTP\/SAVP 8[^]*a=crypto:/);
    assert.equal((await e.carrier.request(call.request('INVITE', { body: sdp('127.0.0.2', 40000), cseq: 9 }), e.sip)).status, 488, 'a call that began encrypted stays so');
  }
});

test('encryption asked by a trunk and by an extension: what they offer otherwise is refused, what we offer is SAVP; in force at once', async () => {
  const secure = (host) => `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 40000 RTP/SAVP 8\r\na=rtpmap:8 PCMA/8000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.alloc(30, 7).toString('base64')}\r\n`;
  const becomes = (value) => e.sql(`update trunk set details = '${value ? `encryption = ${value}` : ''}'`);
  becomes('required');
  await until('plain RTP is refused', async () => {
    const arriving = e.nextAtMediad(1500).then(({ respond }) => respond(486, 'Busy Here', { tag: 'x' }), () => {});
    const { status } = await e.invite('8610001');
    await arriving;
    return status === 488;
  });
  await e.acd.find('edge.rejected', (p) => p.because === 'encryption' && p.code === 488);
  assert.equal((await talk(e, '8610001', { body: secure('127.0.0.2') })).response.status, 200);
  becomes('never');
  await until('SRTP is refused', async () => {
    const arriving = e.nextAtMediad(1500).then(({ respond }) => respond(486, 'Busy Here', { tag: 'x' }), () => {});
    const { status } = await e.invite('8610001', { body: secure('127.0.0.2') });
    await arriving;
    return status === 488;
  });
  becomes('');
  await comes('none');
  assert.throws(() => becomes('perhaps'), /trunk_details_check/);
  // A telephone whose template says so is offered SRTP; its own line wins over the template's.
  const template = e.sql(`insert into extension_template (tenant_id, name, details) values ('${e.tenant.a}', 'secure', 'encryption=required') returning id`)[0][0];
  e.sql(`update extension set template_id = '${template}' where tenant_id = '${e.tenant.a}' and number = '1001'`);
  const p = await open();
  await p.register();
  const offered = async () => {
    const ringing = p.nextCall();
    p.answering = { reject: 486 };
    await callPhone(e, '1001', 'a.test');
    return (await ringing).invite.body;
  };
  const offer = await until('SRTP is offered', async () => { const body = await offered(); return /RTP\/SAVP /.test(body) && body; });
  assert.match(offer, /a=crypto:\d+ AES_CM_128_HMAC_SHA1_80 inline:/);
  e.sql(`update extension set details = 'encryption=optional' where tenant_id = '${e.tenant.a}' and number = '1001'`);
  await until('its own line wins', async () => /RTP\/AVP /.test(await offered()));
  assert.throws(() => e.sql(`update extension set details = 'encryption=sometimes' where number = '1001'`), /line 1: encryption is required, optional or never/);
  e.sql(`update extension set details = '', template_id = null where number = '1001'`);
  await p.register({ expires: 0 });
});

test("a trunk's policy: always, never; it takes effect at once", async () => {
  policy('trunk', 'always');
  const call = await talk(e, '8610001', {}).then(async (c) => (c.invite.headers['x-zj-relay'][0] === 'none' ? comes('1').catch(() => comes('2')) : c));
  assert.equal((await said(call))[1], 'policy');
  policy('trunk', 'never');
  const straight = await comes('none', { body: sdp('198.51.100.7', 40000) });
  assert.deepEqual(await said(straight), ['none', 'policy']);
  assert.equal(audio(straight.invite.body).host, '127.0.0.2', 'mediad is never pointed out of its networks');
  policy('trunk', 'auto');
  await comes('none');
});

test('a phone is called straight; an answer that points elsewhere is put right; in the dialog, too', async () => {
  const p = await open();
  await p.register();
  const ringing = p.nextCall();
  p.answering = 'manual';
  const done = callPhone(e, '1001', 'a.test');
  const call = await ringing;
  assert.deepEqual(audio(call.invite.body), { host: '127.0.0.1', port: 50010 });
  call.rtp.sdp = () => sdp('198.51.100.9', 41000);
  const answered = call.answer();
  const answer = await done;
  ack(e, answer);
  await answered;
  assert.deepEqual(audio(answer.body), { host: '127.0.0.1', port: 41000 });
  assert.equal(header(answer, 'x-zj-relay'), 'none');
  const atMediad = e.nextAtMediad();
  const hold = call.hold(true);
  const { message, respond } = await atMediad;
  assert.equal(audio(message.body).host, '127.0.0.1');
  assert.equal(header(message, 'x-zj-relay'), 'none');
  respond(200, 'OK', answerAtMediad(e)).stopRepeating();
  await hold;
  assert.equal((await e.mediad.request(within(e, answer, 'BYE', 2), e.sip)).status, 200);
});

test('a phone whose offer points elsewhere is relayed: nobody aims mediad at a stranger', async () => {
  const p = await open();
  const arriving = e.nextAtMediad();
  await p.call('4001', { sdp: sdp('198.51.100.9', 41000) });
  const { message, respond } = await arriving;
  respond(486, 'Busy Here', { tag: 'x' });
  assert.match(header(message, 'x-zj-relay'), /^[12]$/);
  assert.equal(audio(message.body).host, '127.0.0.1');
  assert.ok(e.relayOf(message.body) > 0);
});

test('a T.38 re-INVITE passes, straight and through a relay; so does video', async () => {
  const fax = (host) => `v=0\r\no=- 1 2 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=image 40010 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n`;
  for (const way of ['auto', 'always']) {
    policy('trunk', way);
    const call = way === 'auto' ? await comes('none') : await talk(e, '8610001').then((c) => (c.invite.headers['x-zj-relay'][0] === 'none' ? new Promise((r) => setTimeout(r, 300)).then(() => talk(e, '8610001')) : c));
    const arriving = e.nextAtMediad();
    const again = e.carrier.request(call.request('INVITE', { body: fax('127.0.0.2') }), e.sip);
    const { message, respond } = await arriving;
    assert.match(message.body, /m=image \d+ udptl t38/);
    assert.match(message.body, /a=T38FaxUdpEC:t38UDPRedundancy/);
    assert.match(message.body, /a=T38MaxBitRate:14400/);
    if (way === 'always') assert.notEqual(Number(/m=image (\d+)/.exec(message.body)[1]), 40010, 'through the relay');
    respond(200, 'OK', { ...answerAtMediad(e), body: fax('127.0.0.1') }).stopRepeating();
    const answer = await again;
    assert.equal(answer.status, 200);
    assert.match(answer.body, /m=image \d+ udptl t38/);
    const video = sdp('127.0.0.2', 40000, 'm=video 40020 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=42e01f\r\n');
    const seen = await talk(e, '8610001', { body: video });
    assert.match(seen.invite.body, /m=video \d+ RTP\/AVP 96\r\n[\s\S]*a=rtpmap:96 H264\/90000/);
  }
  policy('trunk', 'auto');
});

test('two relays share the calls; one dies: acd hears of it, a re-INVITE moves the call, BYE ends it', async () => {
  policy('trunk', 'always');
  await until('always', async () => (await talk(e, '8610001')).invite.headers['x-zj-relay'][0] !== 'none');
  const calls = [];
  for (let i = 0; i < 20; i++) calls.push(await talk(e, '8610001'));
  const share = [1, 2].map((n) => calls.filter((c) => e.relayOf(c.invite.body) === n).length);
  assert.ok(share[0] > 2 && share[1] > 2, `shares ${share}`);
  const [first] = calls.filter((c) => e.relayOf(c.invite.body) === 1);
  const began = performance.now();
  await e.end(e.relays.get(1), 'SIGKILL');
  const down = await e.acd.find('edge.relay_down', (p) => p.relay === '1');
  const ms = performance.now() - began;
  assert.equal(down.living, 1);
  assert.match(down.address, /^udp:127\.0\.0\.1:\d+$/);
  console.log(`# relay_down after ${ms.toFixed(0)} ms`);
  assert.ok(ms < 5000);
  for (let i = 0; i < 5; i++) assert.equal(e.relayOf((await talk(e, '8610001')).invite.body), 2);
  // What acd makes mediad do: a fresh offer in the dialog.
  const toCarrier = new Promise((resolve) => e.carrier.on('request', function take(m, respond) {
    if (m.method !== 'INVITE') return;
    e.carrier.off('request', take);
    respond(200, 'OK', { body: sdp('127.0.0.2', 40000), headers: { Contact: `<sip:c@127.0.0.2:${e.carrier.port}>`, 'Content-Type': 'application/sdp' } }).stopRepeating();
    resolve(m);
  }));
  const reoffered = await e.mediad.request({ method: 'INVITE', uri: uriOf(header(first.invite, 'contact')), body: sdp('127.0.0.1', 50000), headers: {
    From: header(first.response, 'to'), To: first.invite.headers.from[0], 'Call-ID': header(first.invite, 'call-id'), CSeq: '7 INVITE', Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`,
    Route: first.invite.headers['record-route'], 'Content-Type': 'application/sdp' } }, e.sip);
  assert.equal(reoffered.status, 200);
  assert.equal(e.relayOf((await toCarrier).body), 2);
  assert.equal(e.relayOf(reoffered.body), 2);
  assert.equal(header(reoffered, 'x-zj-relay'), '2');
  const bye = new Promise((resolve) => e.mediad.once('request', (m, r) => { r(200, 'OK', {}); resolve(m.method); }));
  assert.equal((await e.carrier.request(first.request('BYE', { cseq: 9 }), e.sip)).status, 200);
  assert.equal(await bye, 'BYE');
  await e.startRelay(1);
  await e.acd.find('edge.relay_up', (p) => p.relay === '1' && p.living === 2);
  assert.match(e.rpc('edge.relays'), /state: up[\s\S]*state: up/);
  await until('new calls on it again', async () => e.relayOf((await talk(e, '8610001')).invite.body) === 1);
});
