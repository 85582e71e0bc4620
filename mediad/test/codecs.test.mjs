// Every codec on the wire: two mediads call each other in it, phones at both ends measure what arrives. Codec changes in
// mid-call, other payload types, recordings, rooms of mixed widths.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clicks, dbfs } from '../../tests/tools/audio.mjs';
import { Rtp } from '../../tests/tools/rtp.mjs';
import { poll } from '../../tests/tools/wait.mjs';
import { readWav, toneIn } from '../../tests/tools/wav.mjs';
import { Rig, tenant, uuid } from './rig.mjs';

const CODECS = ['PCMA', 'PCMU', 'G722', 'opus', 'L16/16000', 'L16/8000'];
let near;
let far;
let boss;
let chief;
const open = [];

before(async () => {
	[near, far] = [await Rig.start(), await Rig.start()];
	[boss, chief] = [await near.controller(), await far.controller()];
});
afterEach(async () => {
	await Promise.all(open.splice(0).map((p) => p.close()));
	await poll(async () => (await near.metric('legs')) === 0, { what: 'all legs gone' });
});
after(async () => {
	boss?.vanish();
	chief?.vanish();
	assert.deepEqual(await Promise.all([near.stop(), far.stop()]), [0, 0]);
});

async function phoneIn(rig, owner, options = {}) {
	const p = await rig.phone('1001', options);
	open.push(p);
	const callId = options.callId ?? uuid();
	const call = await p.call('4001', { headers: rig.headers(callId) });
	const { leg } = await owner.next('leg.incoming', (e) => e.call === callId);
	await owner.do('leg.answer', { leg });
	await owner.next('leg.answered', (e) => e.leg === leg);
	await call.answered;
	return { call, leg, callId, rtp: call.rtp };
}

/** phone → near ═(codecs)═ far → phone. */
async function chain(codecs) {
	const a = await phoneIn(near, boss);
	const b = await phoneIn(far, chief);
	const out = uuid();
	await boss.do('leg.originate', { leg: out, call: a.callId, to: `sip:4002@127.0.0.1:${far.sip}`, from: '4001', codecs, headers: { 'X-Zj-Kind': 'queue', 'X-Zj-Target': '1' } });
	const { leg: into } = await chief.next('leg.incoming', (e) => e.call === a.callId);
	await chief.do('leg.answer', { leg: into });
	const { codec } = await boss.next('leg.answered', (e) => e.leg === out);
	const rooms = [uuid(), uuid()];
	await boss.do('room.create', { room: rooms[0], call: a.callId });
	await chief.do('room.create', { room: rooms[1], call: b.callId });
	for (const leg of [a.leg, out])
		await boss.do('room.join', { room: rooms[0], leg });
	for (const leg of [into, b.leg])
		await chief.do('room.join', { room: rooms[1], leg });
	return { a, b, out, into, codec, rooms };
}

async function end({ a, b, rooms, out }) {
	await boss.do('room.destroy', { room: rooms[0] });
	await chief.do('room.destroy', { room: rooms[1] });
	await boss.do('leg.hangup', { leg: out });
	await Promise.all([a.call.hangup(), b.call.hangup()]);
}

for (const codec of CODECS)
	test(`${codec}: a tone goes through two mediads both ways, at its level, without a click; it is recorded`, async () => {
		const c = await chain(codec);
		assert.equal(c.codec, codec);
		const record = uuid();
		await boss.do('room.record', { room: c.rooms[0], record, path: `c/${record}.wav`, left: c.a.leg });
		c.a.rtp.tone(500);
		c.b.rtp.tone(800);
		await Promise.all([c.b.rtp.hears(500, { share: 0.9 }), c.a.rtp.hears(800, { share: 0.9 })]);
		await sleep(2000);
		for (const [rtp, hz] of [[c.b.rtp, 500], [c.a.rtp, 800]]) {
			const pcm = rtp.audio({ ms: 1500 });
			assert.ok(Math.abs(dbfs(pcm) + 12) < 1.5, `${hz} Hz: ${dbfs(pcm)} dB`);
			// a busy machine may lose a tick; a codec's seam would be there fifty times a second
			assert.ok(clicks(pcm, hz, { share: 0.4 }).length <= 2, `${hz} Hz: clicks at ${clicks(pcm, hz, { share: 0.4 })}`);
		}
		await boss.do('room.record_stop', { room: c.rooms[0], record });
		const told = await boss.next('room.recorded', (e) => e.record === record);
		const wav = readWav(fs.readFileSync(path.join(near.store, told.path)));
		assert.ok(toneIn(wav, 0, 500).ms >= 1800, JSON.stringify(toneIn(wav, 0, 500)));
		assert.ok(toneIn(wav, 1, 800).ms >= 1800, JSON.stringify(toneIn(wav, 1, 800)));
		assert.ok(toneIn(wav, 0, 800).best < 0.05 && toneIn(wav, 1, 500).best < 0.05);
		// keys go through, too
		await c.a.rtp.dtmf('5');
		assert.equal((await boss.next('leg.dtmf', (e) => e.leg === c.a.leg)).digit, '5');
		const at = await chief.next('leg.dtmf', (e) => e.leg === c.into);
		assert.ok(at.digit === '5' && Math.abs(at.ms - 100) <= 40, JSON.stringify(at));
		await c.b.rtp.hearsDtmf('5');
		await end(c);
	});

test('the codec changes in mid-call by a re-INVITE of ours, and back', async () => {
	const c = await chain('PCMA,opus,G722');
	c.a.rtp.tone(500);
	await c.b.rtp.hears(500);
	for (const codec of ['opus', 'G722', 'PCMA']) {
		const before = chief.events.length;
		await boss.do('leg.reoffer', { leg: c.out, codecs: codec });
		await poll(async () => {
			const { legs } = await boss.rpc.call('snapshot', {});
			return legs.find((l) => l.leg === c.out)?.codec === codec;
		}, { what: `${codec} on the leg` });
		await sleep(400);
		await c.b.rtp.hears(500, { share: 0.9 });
		assert.equal(chief.events.slice(before).some((e) => e.event === 'leg.hungup'), false);
	}
	await end(c);
});

test('a room of all codecs: everybody hears the two others, narrow and wide', async () => {
	const c = await chain('opus');
	const third = await phoneIn(near, boss, { codec: 'L16', callId: c.a.callId });
	await boss.do('room.join', { room: c.rooms[0], leg: third.leg });
	c.a.rtp.tone(500);
	c.b.rtp.tone(800);
	third.rtp.tone(1300);
	const both = (x, y) => (r) => r.level(x) > 0.3 && r.level(y) > 0.3;
	await Promise.all([
		c.a.rtp.until(both(800, 1300), { what: '800 and 1300' }),
		c.b.rtp.until(both(500, 1300), { what: '500 and 1300' }),
		third.rtp.until(both(500, 800), { what: '500 and 800' }),
	]);
	assert.ok(c.a.rtp.level(500) < 0.05 && c.b.rtp.level(800) < 0.05 && third.rtp.level(1300) < 0.05);
	await third.call.hangup();
	await end(c);
});

test('a prompt is heard in every codec', async () => {
	for (const codecs of CODECS) {
		const c = await chain(codecs);
		await boss.do('leg.play', { leg: c.out, play: uuid(), items: [{ tone: { hz: [700], ms: 2000 } }] });
		await c.b.rtp.hears(700, { share: 0.9 });
		await end(c);
	}
});

/** A phone whose SDP is written by hand. */
async function handmade(sdp, { send = null, tone = 500 } = {}) {
	const p = await near.phone('1001', { codec: 'PCMA' });
	open.push(p);
	const plain = Rtp.prototype.sdp;
	const callId = uuid();
	Rtp.prototype.sdp = function offer() { return sdp(this); };
	const call = await p.call('4001', { headers: near.headers(callId) }).finally(() => setTimeout(() => { Rtp.prototype.sdp = plain; }, 0));
	const { leg } = await boss.next('leg.incoming', (e) => e.call === callId);
	if (send)
		call.rtp.codec = { ...call.rtp.codec, ...send };
	call.rtp.tone(tone);
	await boss.do('leg.answer', { leg });
	await call.answered;
	return { call, leg, rtp: call.rtp };
}
const head = (r) => `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${r.port} RTP/AVP`;

test('dynamic payload types, odd event types, and a payload type that switches without being asked', async () => {
	const h = await handmade((r) => `${head(r)} 120 121 97\r\na=rtpmap:120 PCMA/8000\r\na=rtpmap:121 PCMU/8000\r\na=rtpmap:97 telephone-event/8000\r\n`, { send: { payloadType: 120 } });
	await boss.do('leg.play', { leg: h.leg, play: uuid(), items: [{ tone: { hz: [900], ms: 3000 } }] });
	await h.rtp.hears(900);
	const record = uuid();
	await boss.do('leg.record', { leg: h.leg, record, path: `p/${record}.wav` });
	await sleep(800);
	h.rtp.codec = { ...(await import('../../tests/tools/rtp.mjs')).codecs.PCMU, payloadType: 121 };
	h.rtp.tone(1100);
	await sleep(1000);
	await boss.do('leg.record_stop', { leg: h.leg, record });
	const told = await boss.next('leg.recorded', (e) => e.record === record);
	const wav = readWav(fs.readFileSync(path.join(near.store, told.path)));
	assert.ok(toneIn(wav, 0, 500).ms >= 400 && toneIn(wav, 0, 1100).ms >= 400);
	await h.call.hangup();
});

test('our order decides what an offer of many is answered with; unknown words in codecs are refused', async () => {
	const h = await handmade((r) => `${head(r)} 111 9 0 8 101\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n`);
	const { legs } = await boss.rpc.call('snapshot', {});
	assert.equal(legs.find((l) => l.leg === h.leg).codec, 'PCMA');
	await assert.rejects(boss.do('leg.reoffer', { leg: h.leg, codecs: 'PCMA,G729' }), /codecs: 'G729'/);
	await assert.rejects(boss.rpc.call('leg.originate', { tenant, epoch: 1, cmd_id: 'x', leg: uuid(), call: uuid(), to: 'sip:1@127.0.0.1', from: '1', codecs: '' }), /codecs/);
	await h.call.hangup();
});
