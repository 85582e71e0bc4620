// SIP at its edges: forks, CANCEL races, re-INVITE both ways, late offers, refusals.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rtp, sdpAudio } from '../../tests/tools/rtp.mjs';
import { SipEndpoint, header, serialize, tagOf, token, uriOf } from '../../tests/tools/sip.mjs';
import { poll, within } from '../../tests/tools/wait.mjs';
import { Rig, uuid } from './rig.mjs';

let rig;
let owner;
let ends = [];

before(async () => {
	rig = await Rig.start({ rtp_timeout_s: 3 });
	owner = await rig.controller();
});
afterEach(async () => {
	await Promise.all(ends.splice(0).map((e) => e.close()));
});
after(async () => {
	owner?.vanish();
	assert.equal(await rig.stop(), 0);
});

async function phone(user, options) {
	const p = await rig.phone(user, options);
	ends.push(p);
	return p;
}
async function endpoint() {
	const e = await SipEndpoint.open();
	ends.push(e);
	return e;
}
async function audio(options) {
	const r = await Rtp.open(options);
	ends.push(r);
	return r;
}

/** An INVITE by hand; mediad's answers by status. */
function invite(sip, { body, headers = {}, from = token(), callId = `${token()}@test`, method = 'INVITE', cseq = 1, toTag = '' } = {}) {
	return {
		method, uri: `sip:4001@127.0.0.1:${rig.sip}`, body,
		headers: {
			From: `<sip:test@127.0.0.1>;tag=${from}`, To: `<sip:4001@127.0.0.1>${toTag}`, 'Call-ID': callId, CSeq: `${cseq} ${method}`,
			Contact: `<sip:test@127.0.0.1:${sip.port}>`, ...(body && { 'Content-Type': 'application/sdp' }), ...rig.headers(), ...headers,
		},
	};
}
const mediad = () => ({ host: '127.0.0.1', port: rig.sip });

function originate(sip, options = {}) {
	const leg = uuid();
	return owner.do('leg.originate', { leg, call: uuid(), to: `sip:b@127.0.0.1:${sip.port}`, from: '4001', ...options }).then(() => leg);
}

test('two forks answer at once: the first is the call, the second gets ACK and BYE', async () => {
	const b = await endpoint();
	const rtp = await audio();
	const acks = [];
	const byes = [];
	b.on('ack', (m) => acks.push(tagOf(header(m, 'to'))));
	b.on('request', (m, respond) => {
		if (m.method === 'INVITE') {
			for (const tag of ['one', 'two'])
				respond(180, 'Ringing', { tag, headers: { Contact: `<sip:${tag}@127.0.0.1:${b.port}>` } });
			for (const tag of ['one', 'two']) {
				const headers = { Contact: `<sip:${tag}@127.0.0.1:${b.port}>`, 'Content-Type': 'application/sdp' };
				respond(200, 'OK', { tag, headers, body: rtp.sdp() }).stopRepeating();
			}
		} else {
			byes.push([m.method, tagOf(header(m, 'to'))]);
			respond(200, 'OK');
		}
	});
	const leg = await originate(b);
	const answered = await owner.next('leg.answered', (e) => e.leg === leg);
	assert.match(answered.contact, /sip:one@/);
	await poll(() => acks.includes('one') && acks.includes('two') && byes.length, { what: 'ACKs and a BYE' });
	assert.deepEqual(byes, [['BYE', 'two']]);
	assert.equal(owner.events.filter((e) => e.event === 'leg.answered' && e.leg === leg).length, 1);
	await owner.do('leg.hangup', { leg });
	await poll(() => byes.length === 2, { what: 'the BYE of the call' });
	assert.deepEqual(byes[1], ['BYE', 'one']);
});

test('a cancelled call is told as cancelled by the far end', async () => {
	const p = await phone('1001');
	const call = await p.call('4001', { headers: rig.headers() });
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.progress', { leg, code: 180 });
	await call.ringing;
	await call.cancel();
	assert.equal((await call.ended).how, 'cancelled');
	const end = await owner.next('leg.hungup', (e) => e.leg === leg);
	assert.equal(end.by, 'far');
	assert.equal(end.sip_code, 487);
	await assert.rejects(owner.do('leg.answer', { leg }), (e) => e.code === 1 || e.code === 3);
});

test('CANCEL crosses our answer: whoever wins, the leg ends once and nothing is left', async () => {
	for (let i = 0; i < 10; i++) {
		const p = await phone('1001');
		const call = await p.call('4001', { headers: rig.headers() });
		const { leg } = await owner.next('leg.incoming');
		const answer = owner.do('leg.answer', { leg }).catch(() => {});
		if (i % 2)
			await answer;
		const hangup = call.cancel();
		await Promise.race([call.answered.catch(() => {}), hangup]);
		await call.hangup();
		await owner.next('leg.hungup', (e) => e.leg === leg);
		assert.equal(owner.events.filter((e) => e.event === 'leg.hungup' && e.leg === leg).length, 1);
	}
	await poll(async () => (await rig.metric('legs')) === 0, { what: 'no leg' });
});

test('our CANCEL crosses the far end\'s 200: it is acknowledged and ended', async () => {
	const b = await endpoint();
	const rtp = await audio();
	const seen = [];
	b.on('ack', () => seen.push('ACK'));
	let answer;
	b.on('request', (m, respond) => {
		seen.push(m.method);
		if (m.method === 'INVITE') {
			respond(180, 'Ringing', { tag: 'x' });
			answer = () => respond(200, 'OK', { tag: 'x', headers: { Contact: `<sip:b@127.0.0.1:${b.port}>`, 'Content-Type': 'application/sdp' }, body: rtp.sdp() });
		} else if (m.method === 'CANCEL') {
			assert.match(header(m, 'reason') ?? '', /Q\.850/);
			answer().stopRepeating();
			respond(200, 'OK', { tag: 'x' });
		} else {
			respond(200, 'OK');
		}
	});
	const leg = await originate(b);
	await owner.next('leg.ringing', (e) => e.leg === leg);
	await owner.do('leg.hangup', { leg });
	const end = await owner.next('leg.hungup', (e) => e.leg === leg);
	assert.equal(end.by, 'us');
	await poll(() => seen.includes('BYE'), { what: `a BYE (${seen})` });
	assert.deepEqual(seen.slice(0, 4), ['INVITE', 'CANCEL', 'ACK', 'BYE']);
	assert.equal(owner.events.some((e) => e.event === 'leg.answered' && e.leg === leg), false);
});

test('busy, and no answer in time, are told with code and cause', async () => {
	const busy = await phone('1002', { answering: { reject: 486 } });
	const one = await originate(busy.sip);
	const end = await owner.next('leg.hungup', (e) => e.leg === one);
	assert.deepEqual([end.by, end.sip_code, end.cause], ['far', 486, 17]);
	const never = await phone('1003', { answering: 'never' });
	const two = await originate(never.sip, { timeout_ms: 1000 });
	const late = await owner.next('leg.hungup', (e) => e.leg === two);
	assert.deepEqual([late.by, late.sip_code, late.cause], ['system', 408, 19]);
	assert.equal((await (await never.nextCall()).ended).how, 'cancelled');
});

test('the far end holds and resumes', async () => {
	const p = await phone('1001');
	const call = await p.call('4001', { headers: rig.headers(), tone: 600 });
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.answer', { leg });
	await call.answered;
	assert.equal((await call.hold(true)).direction, 'recvonly');
	await owner.next('leg.held', (e) => e.leg === leg);
	assert.equal((await call.hold(false)).direction, 'sendrecv');
	await owner.next('leg.unheld', (e) => e.leg === leg);
	await call.hangup();
	await owner.next('leg.hungup', (e) => e.leg === leg);
});

test('we hold the far end, which still hears music, and resume; the far end moves its audio', async () => {
	const b = await phone('1002', { answering: { after: 0, tone: 700 } });
	const leg = await originate(b.sip);
	const call = await b.nextCall();
	await owner.next('leg.answered', (e) => e.leg === leg);
	await owner.do('leg.hold', { leg, on: true });
	await poll(() => call.heldByFar, { what: 'held' });
	await owner.do('leg.play', { leg, play: uuid(), items: [{ tone: { hz: [400], ms: 500 } }], loop: -1 });
	await call.rtp.hears(400);
	await owner.do('leg.hold', { leg, on: false });
	await poll(() => !call.heldByFar, { what: 'resumed' });
	// its audio moves to another port by re-INVITE
	const moved = await audio();
	const response = await call.request('INVITE', { body: moved.sdp({ version: 9 }), headers: { 'Content-Type': 'application/sdp' } });
	assert.equal(response.status, 200);
	call.ack(response);
	const to = sdpAudio(response.body);
	moved.tone(700).start({ host: to.host, port: to.port });
	call.rtp.stop();
	await moved.hears(400);
	await call.hangup();
});

test('glare: both offer at once; both come through in the end', async () => {
	const b = await phone('1002', { answering: { after: 0 } });
	const leg = await originate(b.sip);
	const call = await b.nextCall();
	await owner.next('leg.answered', (e) => e.leg === leg);
	await call.answered;
	let refused = false;
	const plain = call.reinvited;
	call.reinvited = (request, respond) => {
		if (!refused) {
			refused = true;
			respond(491, 'Request Pending', { tag: call.localTag });
		} else {
			plain.call(call, request, respond);
		}
	};
	await owner.do('leg.hold', { leg, on: true });
	await poll(() => call.heldByFar, { timeout: 6000, what: 'our second offer' });
	assert.ok(refused);
	await call.hangup();
});

test('a late offer: our offer in the 200, its answer in the ACK', async () => {
	const a = await endpoint();
	const rtp = await audio();
	const request = invite(a);
	const done = a.request(request, mediad());
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.answer', { leg });
	const response = await done;
	assert.equal(response.status, 200);
	const offer = sdpAudio(response.body);
	assert.deepEqual(offer.payloadTypes, [8, 0, 9, 111, 101, 110]);
	a.sendRaw(serialize({
		method: 'ACK', uri: uriOf(header(response, 'contact')), body: rtp.sdp(),
		headers: { Via: a.via(), 'Max-Forwards': '70', From: request.headers.From, To: header(response, 'to'), 'Call-ID': request.headers['Call-ID'], CSeq: '1 ACK', 'Content-Type': 'application/sdp' },
	}), mediad());
	await owner.next('leg.answered', (e) => e.leg === leg);
	rtp.tone(500).start({ host: offer.host, port: offer.port });
	await owner.do('leg.play', { leg, play: uuid(), items: [{ tone: { hz: [1200], ms: 1000 } }] });
	await rtp.hears(1200);
	await owner.do('leg.hangup', { leg });
	await owner.next('leg.hungup', (e) => e.leg === leg);
});

test('session timers are agreed; a re-INVITE without SDP gets our offer and its answer by the ACK', async () => {
	const a = await endpoint();
	const rtp = await audio();
	const request = invite(a, { body: rtp.sdp(), headers: { Supported: 'timer', 'Session-Expires': '1800;refresher=uac' } });
	const done = a.request(request, mediad());
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.answer', { leg });
	const response = await done;
	assert.match(header(response, 'session-expires'), /^1800;refresher=uac/);
	const ack = (r, n, body) => a.sendRaw(serialize({
		method: 'ACK', uri: uriOf(header(r, 'contact')), body,
		headers: { Via: a.via(), 'Max-Forwards': '70', From: request.headers.From, To: header(r, 'to'), 'Call-ID': request.headers['Call-ID'], CSeq: `${n} ACK`, ...(body && { 'Content-Type': 'application/sdp' }) },
	}), mediad());
	ack(response, 1);
	await owner.next('leg.answered', (e) => e.leg === leg);
	rtp.start({ host: '127.0.0.1', port: sdpAudio(response.body).port });
	const again = await a.request({
		method: 'INVITE', uri: uriOf(header(response, 'contact')),
		headers: { From: request.headers.From, To: header(response, 'to'), 'Call-ID': request.headers['Call-ID'], CSeq: '2 INVITE', Contact: request.headers.Contact },
	}, mediad());
	assert.equal(again.status, 200);
	assert.deepEqual(sdpAudio(again.body).payloadTypes, [8, 0, 9, 111, 101, 110]);
	const moved = await audio();
	ack(again, 2, moved.sdp({ version: 2 }));
	await owner.do('leg.play', { leg, play: uuid(), items: [{ tone: { hz: [1200], ms: 600 } }] });
	await moved.hears(1200);
	await owner.do('leg.hangup', { leg });
	await owner.next('leg.hungup', (e) => e.leg === leg);
});

test('100rel required by the caller: 183 is sent reliably, PRACK is taken', async () => {
	const a = await endpoint();
	const rtp = await audio();
	const request = invite(a, { body: rtp.sdp(), headers: { Require: '100rel', Supported: '100rel' } });
	const provisionals = [];
	const done = a.request(request, mediad(), { onProvisional: (r) => provisionals.push(r) });
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.progress', { leg, code: 183 });
	await poll(() => provisionals.some((r) => r.status === 183), { what: '183' });
	const early = provisionals.find((r) => r.status === 183);
	assert.ok(header(early, 'rseq'));
	const prack = await a.request({
		method: 'PRACK', uri: uriOf(header(early, 'contact')),
		headers: { From: request.headers.From, To: header(early, 'to'), 'Call-ID': request.headers['Call-ID'], CSeq: '2 PRACK', RAck: `${header(early, 'rseq')} 1 INVITE` },
	}, mediad());
	assert.equal(prack.status, 200);
	await owner.do('leg.hangup', { leg, code: 480 });
	assert.equal((await done).status, 480);
});

test('refusals: no codec 488, no tenant 403, garbage SDP 400, our code with a reason, 302', async () => {
	const a = await endpoint();
	const rtp = await audio();
	const g729 = rtp.sdp().replace(/PCMA/g, 'G729').replace(/RTP\/AVP 8 101/, 'RTP/AVP 18').replace(/rtpmap:8 /, 'rtpmap:18 ');
	assert.equal((await a.request(invite(a, { body: g729 }), mediad())).status, 488);
	assert.equal((await a.request(invite(a, { body: rtp.sdp(), headers: { 'X-Zj-Tenant': 'nobody' } }), mediad())).status, 403);
	assert.equal((await a.request(invite(a, { body: 'no sdp at all' }), mediad())).status, 400);
	let done = a.request(invite(a, { body: rtp.sdp() }), mediad());
	let { leg } = await owner.next('leg.incoming');
	await owner.do('leg.hangup', { leg, code: 603, cause: 21, reason: 'barred' });
	const refused = await done;
	assert.equal(refused.status, 603);
	assert.match(header(refused, 'reason'), /Q\.850;cause=21;text="barred"/);
	done = a.request(invite(a, { body: rtp.sdp() }), mediad());
	({ leg } = await owner.next('leg.incoming'));
	await owner.do('leg.move', { leg, to: 'sip:127.0.0.1:5999' });
	const moved = await done;
	assert.equal(moved.status, 302);
	assert.match(header(moved, 'contact'), /sip:127\.0\.0\.1:5999/);
});

test('REFER is accepted and told; OPTIONS is answered', async () => {
	const p = await phone('1001');
	const call = await p.call('4001', { headers: rig.headers() });
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.answer', { leg });
	await call.answered;
	const response = await call.request('REFER', { headers: { 'Refer-To': '<sip:1002@127.0.0.1>' } });
	assert.equal(response.status, 202);
	assert.equal((await owner.next('leg.refer', (e) => e.leg === leg)).to, 'sip:1002@127.0.0.1');
	const e = await endpoint();
	assert.equal((await e.request(invite(e, { method: 'OPTIONS' }), mediad())).status, 200);
	await call.hangup();
});

test('UPDATE changes the media; one without SDP is a refresh', async () => {
	const p = await phone('1001');
	const call = await p.call('4001', { headers: rig.headers() });
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.answer', { leg });
	await call.answered;
	assert.equal((await call.request('UPDATE')).status, 200);
	const response = await call.request('UPDATE', { body: call.rtp.sdp({ direction: 'sendonly', version: 2 }), headers: { 'Content-Type': 'application/sdp' } });
	assert.equal(response.status, 200);
	assert.equal(sdpAudio(response.body).direction, 'recvonly');
	await owner.next('leg.held', (e) => e.leg === leg);
	await call.hangup();
});

test('a far end that falls silent for ever is hung up', async () => {
	const p = await phone('1001');
	const call = await p.call('4001', { headers: rig.headers() });
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.answer', { leg });
	await call.answered;
	call.rtp.stop();
	const end = await owner.next('leg.hungup', (e) => e.leg === leg, 8000);
	assert.deepEqual([end.by, end.reason], ['system', 'no RTP']);
	assert.equal((await call.ended).how, 'far');
});

test('malformed SIP is dropped or refused, and the next call works', async () => {
	const a = await endpoint();
	const rtp = await audio();
	for (const text of ['INVITE', 'INVITE sip:x SIP/2.0\r\n\r\n', '\0\x01\xff', `INVITE sip:4001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${a.port};branch=z9hG4bKx\r\nFrom: <<<\r\nTo: x\r\nCall-ID: \r\nCSeq: abc INVITE\r\nContent-Length: 99999\r\n\r\n`])
		a.sendRaw(text, mediad());
	await sleep(100);
	const done = a.request(invite(a, { body: rtp.sdp() }), mediad());
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.hangup', { leg });
	assert.equal((await done).status, 486);
});

test('draining: SIGUSR2 answers 503 to OPTIONS and INVITE, serves what is there, and leaves when it is empty', async () => {
	const other = await Rig.start();
	const boss = await other.controller();
	const p = await other.phone('1001');
	ends.push(p);
	const call = await p.call('4001', { headers: other.headers() });
	const { leg } = await boss.next('leg.incoming');
	await boss.do('leg.answer', { leg });
	await call.answered;
	other.process.kill('SIGUSR2');
	const e = await endpoint();
	const target = { host: '127.0.0.1', port: other.sip };
	await poll(async () => (await e.request(invite(e, { method: 'OPTIONS' }), target)).status === 503, { what: 'OPTIONS 503' });
	assert.equal((await e.request(invite(e, { body: call.rtp.sdp() }), target)).status, 503);
	assert.equal((await boss.next('overload')).because, 'draining');
	await boss.do('leg.play', { leg, play: uuid(), items: [{ tone: { hz: [440], ms: 300 } }] });
	await call.rtp.hears(440);
	await call.hangup();
	await boss.next('leg.hungup');
	assert.equal(await within(other.exited, 5000, 'its end'), 0);
	await other.stop();
});

test('every SIP message goes to the trace collector as HEP3', async () => {
	const collector = dgram.createSocket('udp4');
	collector.bind(0, '127.0.0.1');
	await once(collector, 'listening');
	const other = await Rig.start({ hep: `127.0.0.1:${collector.address().port}` });
	const seen = [];
	collector.on('message', (m) => {
		assert.equal(m.toString('latin1', 0, 4), 'HEP3');
		assert.equal(m.readUInt16BE(4), m.length);
		const chunks = {};
		for (let at = 6; at < m.length; at += m.readUInt16BE(at + 4))
			chunks[m.readUInt16BE(at + 2)] = m.subarray(at + 6, at + m.readUInt16BE(at + 4));
		seen.push({ from: chunks[7].readUInt16BE(), to: chunks[8].readUInt16BE(), text: chunks[15].toString() });
	});
	const e = await endpoint();
	await e.request(invite(e, { method: 'OPTIONS', callId: 'traced@test' }), { host: '127.0.0.1', port: other.sip });
	await poll(() => seen.length >= 2, { what: 'two messages' });
	assert.deepEqual(seen.map((s) => [s.from, s.to, s.text.split('\r\n')[0]]),
		[[e.port, other.sip, `OPTIONS sip:4001@127.0.0.1:${rig.sip} SIP/2.0`], [other.sip, e.port, 'SIP/2.0 200 OK']]);
	assert.match(seen[0].text, /Call-ID: traced@test/);
	collector.close();
	assert.equal(await other.stop(), 0);
});
