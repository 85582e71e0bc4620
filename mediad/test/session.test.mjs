// The SIP session layer: late offers of ours, session timers, PRACK both ways, UPDATE and glare, Replaces, REFER both ways,
// INFO keys, bodies in BYE, Reason on CANCEL.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rtp, sdpAudio } from '../../tests/tools/rtp.mjs';
import { SipEndpoint, header, serialize, tagOf, token, uriOf } from '../../tests/tools/sip.mjs';
import { poll } from '../../tests/tools/wait.mjs';
import { Rig, uuid } from './rig.mjs';

let rig;
let owner;
const ends = [];

before(async () => {
	rig = await Rig.start({ session_expires_s: 8, session_min_s: 4 });
	owner = await rig.controller();
});
afterEach(async () => {
	await Promise.all(ends.splice(0).map((e) => e.close()));
	await poll(async () => (await rig.metric('legs')) === 0, { what: 'all legs gone' });
});
after(async () => {
	owner?.vanish();
	assert.equal(await rig.stop(), 0);
});

const mediad = () => ({ host: '127.0.0.1', port: rig.sip });
const keep = (x) => { ends.push(x); return x; };
const phone = async (user, options) => keep(await rig.phone(user, options));
const endpoint = async () => keep(await SipEndpoint.open());
const audio = async (options) => keep(await Rtp.open(options));

function originate(sip, options = {}) {
	const leg = uuid();
	return owner.do('leg.originate', { leg, call: uuid(), to: `sip:b@127.0.0.1:${sip.port}`, from: '4001', ...options }).then(() => leg);
}

async function callIn(options = {}) {
	const p = await phone('1001');
	const call = await p.call('4001', { headers: rig.headers(uuid(), options.headers), tone: options.tone ?? null });
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.answer', { leg });
	await owner.next('leg.answered', (e) => e.leg === leg);
	await call.answered;
	return { p, call, leg };
}

/** A UAS by hand that answers INVITEs and tells what it saw: `seen` are requests. */
async function uas({ supported = 'timer, 100rel', script = null } = {}) {
	const b = await endpoint();
	const rtp = await audio();
	const far = { sip: b, rtp, seen: [], acks: [], port: b.port };
	far.headers = { Contact: `<sip:b@127.0.0.1:${b.port}>`, 'Content-Type': 'application/sdp', Supported: supported, Allow: 'INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, REFER, NOTIFY' };
	b.on('ack', (m) => far.acks.push(m));
	b.on('request', (m, respond) => {
		far.seen.push(m);
		if (script?.(m, respond, far) !== undefined)
			return;
		if (m.method === 'INVITE')
			far.repeating = respond(200, 'OK', { tag: 'far', headers: far.headers, body: far.rtp.sdp() });
		else
			respond(200, 'OK', { tag: 'far' });
	});
	far.count = (method) => far.seen.filter((m) => m.method === method).length;
	/** A request of ours within the dialog that mediad began. */
	far.request = (method, { headers = {}, body, cseq = 1 } = {}) => {
		const invite = far.seen.find((m) => m.method === 'INVITE');
		return b.request({
			method, uri: uriOf(header(invite, 'contact')), body,
			headers: {
				From: `${header(invite, 'to')};tag=far`, To: header(invite, 'from'), 'Call-ID': header(invite, 'call-id'), CSeq: `${cseq} ${method}`,
				Contact: far.headers.Contact, ...(body && { 'Content-Type': 'application/sdp' }), ...headers,
			},
		}, mediad());
	};
	return far;
}
const acked = (far) => far.repeating?.stopRepeating();

test('a late offer of ours: INVITE without SDP, the far end offers, our ACK answers', async () => {
	const far = await uas();
	const leg = await originate(far, { late_offer: true });
	await owner.next('leg.answered', (e) => e.leg === leg);
	acked(far);
	assert.equal(far.seen[0].body ?? '', '');
	const ack = await poll(() => far.acks[0], { what: 'the ACK with our answer' });
	const answer = sdpAudio(ack.body);
	assert.deepEqual(answer.payloadTypes, [8, 101]);
	far.rtp.tone(500).start({ host: answer.host, port: answer.port });
	await owner.do('leg.play', { leg, play: uuid(), items: [{ tone: { hz: [1200], ms: 1500 } }] });
	await far.rtp.hears(1200);
	await owner.do('leg.hold', { leg, on: true });
	await poll(() => far.count('INVITE') === 2, { what: 'a re-INVITE' });
	await poll(() => far.acks.length >= 2, { what: 'its ACK' });
	await owner.do('leg.hangup', { leg });
	await poll(() => far.count('BYE') === 1, { what: 'BYE' });
});

test('a late offer that is offered nothing we have: ACK, BYE, and told so', async () => {
	const far = await uas({
		script: (m, respond, f) => (m.method === 'INVITE'
			? (f.repeating = respond(200, 'OK', { tag: 'far', headers: f.headers, body: f.rtp.sdp().replace(/RTP\/AVP 8 101/, 'RTP/AVP 18').replace(/rtpmap:8 PCMA/, 'rtpmap:18 G729') }))
			: undefined),
	});
	const leg = await originate(far, { late_offer: true });
	const end = await owner.next('leg.hungup', (e) => e.leg === leg);
	assert.deepEqual([end.sip_code, end.cause], [488, 88]);
	await poll(() => far.acks.length && far.count('BYE') === 1, { what: 'ACK and BYE' });
	acked(far);
});

test('the far end\'s reliable 183 gets PRACK, its early media is heard; P-Early-Media does no harm', async () => {
	const far = await uas({
		script: (m, respond, f) => {
			if (m.method !== 'INVITE')
				return undefined;
			f.answer = () => { f.repeating = respond(200, 'OK', { tag: 'far', headers: f.headers, body: f.rtp.sdp() }); };
			return respond(183, 'Session Progress', { tag: 'far', headers: { ...f.headers, Require: '100rel', RSeq: '17', 'P-Early-Media': 'sendrecv' }, body: f.rtp.sdp() });
		},
	});
	const leg = await originate(far);
	assert.match(header(far.seen[0] ?? await poll(() => far.seen[0], { what: 'INVITE' }), 'supported'), /100rel/);
	await owner.next('leg.early_media', (e) => e.leg === leg);
	await poll(() => far.count('PRACK') === 1, { what: 'PRACK' });
	assert.match(header(far.seen.find((m) => m.method === 'PRACK'), 'rack'), /^17 \d+ INVITE/);
	const record = uuid();
	const media = sdpAudio(far.seen[0].body);
	far.rtp.tone(700).start({ host: media.host, port: media.port });
	await owner.do('leg.record', { leg, record, path: `e/${record}.wav`, max_ms: 600 });
	assert.equal((await owner.next('leg.recorded', (e) => e.record === record)).reason, 'max');
	far.answer();
	await owner.next('leg.answered', (e) => e.leg === leg);
	acked(far);
	await owner.do('leg.hangup', { leg });
});

test('who supports 100rel gets our 183 reliably, and hears early media; then 200', async () => {
	const a = await endpoint();
	const rtp = await audio();
	const from = token();
	const headers = {
		From: `<sip:test@127.0.0.1>;tag=${from}`, To: '<sip:4001@127.0.0.1>', 'Call-ID': `${token()}@t`, CSeq: '1 INVITE', Contact: `<sip:test@127.0.0.1:${a.port}>`,
		'Content-Type': 'application/sdp', Supported: '100rel', 'P-Early-Media': 'supported', ...rig.headers(),
	};
	const provisionals = [];
	const done = a.request({ method: 'INVITE', uri: `sip:4001@127.0.0.1:${rig.sip}`, headers, body: rtp.sdp() }, mediad(), { onProvisional: (r) => provisionals.push(r) });
	const { leg } = await owner.next('leg.incoming');
	await owner.do('leg.progress', { leg, code: 183 });
	const early = await poll(() => provisionals.find((r) => r.status === 183), { what: '183' });
	const media = sdpAudio(early.body);
	rtp.start({ host: media.host, port: media.port });
	await owner.do('leg.play', { leg, play: uuid(), items: [{ tone: { hz: [1200], ms: 3000 } }] });
	await rtp.hears(1200);
	assert.ok(header(early, 'rseq'));
	const prack = await a.request({
		method: 'PRACK', uri: uriOf(header(early, 'contact')),
		headers: { From: headers.From, To: header(early, 'to'), 'Call-ID': headers['Call-ID'], CSeq: '2 PRACK', RAck: `${header(early, 'rseq')} 1 INVITE` },
	}, mediad());
	assert.equal(prack.status, 200);
	// an UPDATE before the answer moves the audio
	const moved = await audio();
	const update = await a.request({
		method: 'UPDATE', uri: uriOf(header(early, 'contact')), body: moved.sdp({ version: 2 }),
		headers: { From: headers.From, To: header(early, 'to'), 'Call-ID': headers['Call-ID'], CSeq: '3 UPDATE', Contact: headers.Contact, 'Content-Type': 'application/sdp' },
	}, mediad());
	assert.equal(update.status, 200);
	moved.start({ host: media.host, port: media.port });
	await moved.hears(1200);
	await owner.do('leg.answer', { leg });
	const response = await done;
	assert.equal(response.status, 200);
	a.sendRaw(serialize({
		method: 'ACK', uri: uriOf(header(response, 'contact')),
		headers: { Via: a.via(), 'Max-Forwards': '70', From: headers.From, To: header(response, 'to'), 'Call-ID': headers['Call-ID'], CSeq: '1 ACK' },
	}), mediad());
	await owner.next('leg.answered', (e) => e.leg === leg);
	await owner.do('leg.hangup', { leg });
	await owner.next('leg.hungup', (e) => e.leg === leg);
});

test('session timers: too short is 422; we refresh by UPDATE; who should and does not is hung up', async () => {
	const a = await endpoint();
	const rtp = await audio();
	const invite = (expires, refresher) => ({
		method: 'INVITE', uri: `sip:4001@127.0.0.1:${rig.sip}`, body: rtp.sdp(),
		headers: {
			From: `<sip:test@127.0.0.1>;tag=${token()}`, To: '<sip:4001@127.0.0.1>', 'Call-ID': `${token()}@t`, CSeq: '1 INVITE', Contact: `<sip:test@127.0.0.1:${a.port}>`,
			'Content-Type': 'application/sdp', Supported: 'timer', Allow: 'INVITE, ACK, BYE, UPDATE', 'Session-Expires': `${expires};refresher=${refresher}`, 'Min-SE': '4', ...rig.headers(),
		},
	});
	const short = await a.request(invite(2, 'uac'), mediad());
	assert.equal(short.status, 422);
	assert.ok(Number(header(short, 'min-se')) >= 4);
	const updates = [];
	a.on('request', (m, respond) => {
		updates.push(m.method);
		respond(200, 'OK', { headers: { Contact: `<sip:test@127.0.0.1:${a.port}>`, 'Session-Expires': '6;refresher=uac', Require: 'timer' } });
	});
	for (const [refresher, want] of [['uas', 'UPDATE'], ['uac', 'BYE']]) {
		updates.length = 0;
		const request = invite(6, refresher);
		const done = a.request(request, mediad());
		const { leg } = await owner.next('leg.incoming');
		await owner.do('leg.answer', { leg });
		const response = await done;
		assert.match(header(response, 'session-expires'), new RegExp(`^6;refresher=${refresher}`));
		a.sendRaw(serialize({
			method: 'ACK', uri: uriOf(header(response, 'contact')),
			headers: { Via: a.via(), 'Max-Forwards': '70', From: request.headers.From, To: header(response, 'to'), 'Call-ID': request.headers['Call-ID'], CSeq: '1 ACK' },
		}), mediad());
		await owner.next('leg.answered', (e) => e.leg === leg);
		await poll(() => updates.includes(want), { timeout: 10_000, what: `${want} (${updates})` });
		if (want === 'UPDATE') {
			await owner.do('leg.hangup', { leg });
			await poll(() => updates.includes('BYE'), { what: 'BYE' });
		}
		await owner.next('leg.hungup', (e) => e.leg === leg);
	}
});

test('session timers of calls we place: 422 is obeyed, we refresh', async () => {
	let first = true;
	const far = await uas({
		script: (m, respond, f) => {
			if (m.method === 'INVITE' && first) {
				first = false;
				return respond(422, 'Session Interval Too Small', { tag: 'far', headers: { 'Min-SE': '10' } });
			}
			if (m.method === 'INVITE')
				return (f.repeating = respond(200, 'OK', { tag: 'far', headers: { ...f.headers, 'Session-Expires': '6;refresher=uac', Require: 'timer' }, body: f.rtp.sdp() }));
			if (m.method === 'UPDATE')
				return respond(200, 'OK', { tag: 'far', headers: { ...f.headers, 'Session-Expires': '6;refresher=uac', Require: 'timer' } });
			return undefined;
		},
	});
	const leg = await originate(far);
	await owner.next('leg.answered', (e) => e.leg === leg);
	acked(far);
	const second = far.seen.filter((m) => m.method === 'INVITE')[1];
	assert.ok(parseInt(header(second, 'session-expires'), 10) >= 10);
	await poll(() => far.count('UPDATE') >= 1, { timeout: 10_000, what: 'a refresh' });
	await owner.do('leg.hangup', { leg });
	await owner.next('leg.hungup', (e) => e.leg === leg);
});

test('glare: their re-INVITE meets ours: 491, then both come through', async () => {
	let hold = null;
	const far = await uas({
		script: (m, respond, f) => {
			if (m.method !== 'INVITE' || f.count('INVITE') !== 2)
				return undefined;
			hold = () => respond(491, 'Request Pending', { tag: 'far' });
			return true;
		},
	});
	const leg = await originate(far);
	await owner.next('leg.answered', (e) => e.leg === leg);
	acked(far);
	await owner.do('leg.hold', { leg, on: true });
	await poll(() => hold, { what: 'our re-INVITE' });
	const theirs = await far.request('INVITE', { body: far.rtp.sdp({ version: 2 }) });
	assert.equal(theirs.status, 491);
	const update = await far.request('UPDATE', { body: far.rtp.sdp({ version: 2 }), cseq: 2 });
	assert.equal(update.status, 491);
	hold();
	const at = Date.now();
	await poll(() => far.count('INVITE') === 3, { timeout: 8000, what: 'our offer again' });
	assert.ok(Date.now() - at >= 2000, 'who made the Call-ID waits 2.1 to 4 s');
	acked(far);
	assert.match(far.seen.filter((m) => m.method === 'INVITE')[2].body, /a=sendonly/);
	await owner.do('leg.hangup', { leg });
	await owner.next('leg.hungup', (e) => e.leg === leg);
});

test('the far end holds in all ways: sendonly, inactive, 0.0.0.0', async () => {
	const { call, leg } = await callIn();
	const forms = [
		[(r) => r.sdp({ direction: 'sendonly', version: 2 }), 'recvonly'],
		[(r) => r.sdp({ direction: 'inactive', version: 3 }), 'inactive'],
		[(r) => r.sdp({ version: 4 }).replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0'), 'sendrecv'],
	];
	for (const [body, direction] of forms) {
		const response = await call.request('INVITE', { body: body(call.rtp), headers: { 'Content-Type': 'application/sdp' } });
		assert.equal(response.status, 200);
		call.ack(response);
		assert.equal(sdpAudio(response.body).direction, direction);
		await owner.next('leg.held', (e) => e.leg === leg);
		await call.hold(false);
		await owner.next('leg.unheld', (e) => e.leg === leg);
	}
	await call.hangup();
});

test('REFER of the far end: told with who asks and whom to replace; its end is notified', async () => {
	const consult = await callIn();
	const { p, call, leg } = await callIn();
	const notified = [];
	const plain = p.handle.bind(p);
	p.handle = (m, respond) => {
		if (m.method === 'NOTIFY')
			notified.push([m.body.trim(), header(m, 'subscription-state'), header(m, 'event')]);
		plain(m, respond);
	};
	p.sip.removeAllListeners('request');
	p.sip.on('request', (m, respond) => p.handle(m, respond));
	const c = consult.call;
	const replaces = encodeURIComponent(`${c.callId};to-tag=${c.remoteTag};from-tag=${c.localTag}`);
	const response = await call.request('REFER', { headers: { 'Refer-To': `<sip:1002@127.0.0.1?Replaces=${replaces}>`, 'Referred-By': '<sip:1001@127.0.0.1>' } });
	assert.equal(response.status, 202);
	const refer = await owner.next('leg.refer', (e) => e.leg === leg);
	assert.deepEqual([refer.to, refer.by, refer.replaces], ['sip:1002@127.0.0.1', 'sip:1001@127.0.0.1', consult.leg]);
	await owner.do('leg.notify', { leg, code: 180 });
	await owner.do('leg.notify', { leg, code: 200 });
	await poll(() => notified.some((n) => /^SIP\/2.0 200/.test(n[0])), { what: `the end (${JSON.stringify(notified)})` });
	assert.ok(notified.some((n) => /^SIP\/2.0 180/.test(n[0]) && /^active/.test(n[1])));
	assert.match(notified.at(-1)[1], /^terminated/);
	assert.ok(notified.every((n) => n[2].startsWith('refer')));
	await assert.rejects(owner.do('leg.notify', { leg, code: 200 }), (e) => e.data.because === 'no_refer');
	// a dialog that is none of ours
	await call.request('REFER', { headers: { 'Refer-To': '<sip:1002@127.0.0.1?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>' } });
	assert.equal((await owner.next('leg.refer', (e) => e.leg === leg)).replaces, null);
	await Promise.all([call.hangup(), consult.call.hangup()]);
});

test('REFER of ours: accepted, its progress and result are told; refused is told; Replaces names the other dialog', async () => {
	const consult = await uas();
	const other = await originate(consult);
	await owner.next('leg.answered', (e) => e.leg === other);
	acked(consult);
	const far = await uas({ script: (m, respond) => (m.method === 'REFER' ? respond(202, 'Accepted', { tag: 'far' }) : undefined) });
	const leg = await originate(far);
	await owner.next('leg.answered', (e) => e.leg === leg);
	acked(far);
	await owner.do('leg.refer', { leg, to: `sip:b@127.0.0.1:${consult.port}`, replaces: other });
	await poll(() => far.count('REFER') === 1, { what: 'REFER' });
	const to = header(far.seen.find((m) => m.method === 'REFER'), 'refer-to');
	const invite = consult.seen[0];
	const value = decodeURIComponent(/\?Replaces=([^>]+)>/.exec(to)[1]);
	assert.equal(value.split(';')[0], header(invite, 'call-id'));
	assert.ok(value.includes('to-tag=far') && value.includes(`from-tag=${tagOf(header(invite, 'from'))}`), value);
	const notify = (code, state, n) => far.request('NOTIFY', {
		cseq: n, headers: { Event: 'refer', 'Subscription-State': state, 'Content-Type': 'message/sipfrag;version=2.0' }, body: `SIP/2.0 ${code} ${code === 200 ? 'OK' : 'Trying'}\r\n`,
	});
	assert.equal((await notify(100, 'active;expires=60', 1)).status, 200);
	assert.equal((await notify(200, 'terminated;reason=noresource', 2)).status, 200);
	const told = [await owner.next('leg.notify', (e) => e.leg === leg), await owner.next('leg.notify', (e) => e.leg === leg)];
	assert.deepEqual(told.map((t) => [t.code, t.final]), [[100, false], [200, true]]);
	await owner.do('leg.hangup', { leg });
	await owner.do('leg.hangup', { leg: other });

	const no = await uas({ script: (m, respond) => (m.method === 'REFER' ? respond(603, 'Decline', { tag: 'far' }) : undefined) });
	const third = await originate(no);
	await owner.next('leg.answered', (e) => e.leg === third);
	acked(no);
	await owner.do('leg.refer', { leg: third, to: 'sip:1002@127.0.0.1' });
	const refused = await owner.next('leg.notify', (e) => e.leg === third);
	assert.deepEqual([refused.code, refused.final], [603, true]);
	await assert.rejects(owner.do('leg.refer', { leg: third, to: 'nobody' }), /to: a SIP URI/);
	await assert.rejects(owner.do('leg.refer', { leg: third, to: 'sip:1@x', replaces: uuid() }), (e) => e.data.because === 'no_such_replaces');
	await owner.do('leg.hangup', { leg: third });
	await owner.next('leg.hungup', (e) => e.leg === third);
});

test('INVITE with Replaces names the leg it wants; one that names nothing of ours is 481', async () => {
	const { call, leg } = await callIn();
	const p = await phone('1003');
	const replaces = `${call.callId};to-tag=${call.remoteTag};from-tag=${call.localTag}`;
	const taker = await p.call('4001', { headers: { ...rig.headers(), Replaces: replaces } });
	const incoming = await owner.next('leg.incoming');
	assert.equal(incoming.replaces, leg);
	await owner.do('leg.answer', { leg: incoming.leg });
	await taker.answered;
	await owner.do('leg.hangup', { leg });
	assert.equal((await call.ended).how, 'far');
	await taker.hangup();
	const stray = await p.call('4001', { headers: { ...rig.headers(), Replaces: 'none;to-tag=1;from-tag=2' } });
	assert.equal((await stray.ended).code, 481);
	const early = await callIn();
	const only = await p.call('4001', { headers: { ...rig.headers(), Replaces: `${early.call.callId};to-tag=${early.call.remoteTag};from-tag=${early.call.localTag};early-only` } });
	assert.equal((await only.ended).code, 486);
	await early.call.hangup();
});

test('keys by INFO, relay and plain, count as keys: told in order, collected, ending a prompt', async () => {
	const { call, leg } = await callIn();
	const play = uuid();
	const collect = uuid();
	await owner.do('leg.play', { leg, play, items: [{ tone: { hz: [400], ms: 10_000 } }], barge: true });
	await owner.do('leg.collect', { leg, collect, max: 4, term: '#', first_ms: 3000, inter_ms: 3000 });
	const info = (type, body) => call.request('INFO', { headers: { 'Content-Type': type }, body });
	assert.equal((await info('application/dtmf-relay', 'Signal=1\r\nDuration=250\r\n')).status, 200);
	await info('application/dtmf-relay', 'Signal= *\r\nDuration= 100\r\n');
	await info('application/dtmf', '7');
	await info('application/dtmf', '11');
	assert.equal((await info('application/dtmf-relay', 'Nonsense')).status, 200);
	assert.equal((await owner.next('leg.played', (e) => e.play === play)).reason, 'barged');
	const collected = await owner.next('leg.collected', (e) => e.collect === collect);
	assert.deepEqual([collected.digits, collected.reason, collected.term], ['1*7', 'term', '#']);
	const keys = [];
	for (let i = 0; i < 4; i++)
		keys.push(await owner.next('leg.dtmf', (e) => e.leg === leg));
	assert.deepEqual(keys.map((k) => [k.digit, k.ms]), [['1', 250], ['*', 100], ['7', 160], ['#', 160]]);
	await call.hangup();
});

test('a body in BYE is passed on, both ways', async () => {
	const { call, leg } = await callIn();
	await call.request('BYE', { headers: { 'Content-Type': 'application/vnd.test+xml' }, body: '<why>因为</why>' });
	call.end({ how: 'us' });
	const end = await owner.next('leg.hungup', (e) => e.leg === leg);
	assert.deepEqual(end.body, { type: 'application/vnd.test+xml', text: '<why>因为</why>' });
	const far = await uas();
	const out = await originate(far);
	await owner.next('leg.answered', (e) => e.leg === out);
	acked(far);
	await owner.do('leg.hangup', { leg: out, body: { type: 'text/plain', text: 'bye now' } });
	const bye = await poll(() => far.seen.find((m) => m.method === 'BYE'), { what: 'BYE' });
	assert.equal(bye.body, 'bye now');
	assert.equal(header(bye, 'content-type'), 'text/plain');
});

test('who is cancelled because another answered is told so (RFC 3326)', async () => {
	const ringing = await phone('1005', { answering: 'never' });
	const leg = await originate(ringing.sip);
	const call = await ringing.nextCall();
	await owner.next('leg.ringing', (e) => e.leg === leg);
	await owner.do('leg.hangup', { leg, cause: 26 });
	const { how, reason } = await call.ended;
	assert.equal(how, 'cancelled');
	assert.match(reason, /SIP\s*;\s*cause=200\s*;\s*text="Call completed elsewhere"/);
	await sleep(1);
});
