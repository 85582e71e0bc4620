// Keys in every way, both directions: RFC 4733 at several clocks, tones in the audio, SIP INFO; passed on between legs that
// speak different ways, with their order and length.
// covers: PBX-Y07
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyTones, keysIn } from '../../tests/tools/audio.mjs';
import { Rtp } from '../../tests/tools/rtp.mjs';
import { header } from '../../tests/tools/sip.mjs';
import { poll } from '../../tests/tools/wait.mjs';
import { Rig, uuid } from './rig.mjs';

let rig;
let owner;
const open = [];

before(async () => {
	rig = await Rig.start();
	owner = await rig.controller();
});
afterEach(async () => {
	await Promise.all(open.splice(0).map((p) => p.close()));
	await poll(async () => (await rig.metric('legs')) === 0, { what: 'all legs gone' });
});
after(async () => {
	owner?.vanish();
	assert.equal(await rig.stop(), 0);
});

/** `events`: the payload type of telephone events; null: none, so that keys are tones. */
async function callIn({ callId = uuid(), codec = 'PCMA', events = 101 } = {}) {
	const p = await rig.phone('1001', { codec });
	open.push(p);
	const plain = Rtp.prototype.sdp;
	Rtp.prototype.sdp = function edited(...args) {
		const text = plain.apply(this, args);
		return events === null ? text.replace(/ 101\r\n/, '\r\n').replace(/a=(rtpmap|fmtp):101.*\r\n/g, '') : text.replace(/\b101\b/g, String(events));
	};
	const call = await p.call('4001', { headers: rig.headers(callId) });
	const { leg } = await owner.next('leg.incoming', (e) => e.call === callId);
	Rtp.prototype.sdp = plain;
	await owner.do('leg.answer', { leg });
	await owner.next('leg.answered', (e) => e.leg === leg);
	await call.answered;
	return { p, call, leg, callId, rtp: call.rtp };
}

async function room(...legs) {
	const id = uuid();
	await owner.do('room.create', { room: id, call: legs[0].callId });
	for (const { leg } of legs)
		await owner.do('room.join', { room: id, leg });
	return id;
}

async function told(leg, n) {
	const keys = [];
	for (let i = 0; i < n; i++)
		keys.push(await owner.next('leg.dtmf', (e) => e.leg === leg));
	return keys;
}
const near = (ms, want, by = 45) => assert.ok(Math.abs(ms - want) <= by, `${ms} ms, expected ${want}`);

test('tones of a phone without events are keys: in order, with their length; they end a prompt', async () => {
	const a = await callIn({ events: null });
	const play = uuid();
	await owner.do('leg.play', { leg: a.leg, play, items: [{ silence: 20_000 }], barge: true });
	await sleep(100);
	a.rtp.play(keyTones('1590*#AD', { ms: 100, gapMs: 80 }));
	const keys = await told(a.leg, 8);
	assert.equal(keys.map((k) => k.digit).join(''), '1590*#AD');
	for (const k of keys)
		near(k.ms, 100);
	assert.equal((await owner.next('leg.played', (e) => e.play === play)).reason, 'barged');
	a.rtp.play(keyTones('7', { ms: 600 }));
	near((await told(a.leg, 1))[0].ms, 600);
	await a.call.hangup();
});

test('payload type 97, a long key, and keys sent to it come as it numbered them', async () => {
	const a = await callIn({ events: 97 });
	const sent = a.rtp.send.bind(a.rtp);
	a.rtp.send = (pt, ...rest) => sent(pt === 101 ? 97 : pt, ...rest);
	await a.rtp.dtmf('4', { ms: 1500 });
	near((await told(a.leg, 1))[0].ms, 1500, 25);
	const types = new Set();
	a.rtp.on('packet', (pt) => types.add(pt));
	await owner.do('leg.dtmf', { leg: a.leg, digits: '12' });
	await poll(() => types.has(97), { what: 'payload type 97' });
	assert.ok(!types.has(101));
	await a.call.hangup();
});

test('keys to a phone without events are tones, with length, gap and order', async () => {
	const a = await callIn({ events: null });
	const from = performance.now();
	await owner.do('leg.dtmf', { leg: a.leg, digits: '19*#0', ms: 120, gap_ms: 100 });
	await sleep(2000);
	const keys = keysIn(a.rtp.audio({ from }));
	assert.equal(keys.map((k) => k.key).join(''), '19*#0');
	for (const k of keys)
		near(k.ms, 120);
	await assert.rejects(owner.do('leg.dtmf', { leg: a.leg, digits: '1', way: 'event' }), (e) => e.data.because === 'no_telephone_event');
	await assert.rejects(owner.do('leg.dtmf', { leg: a.leg, digits: '1', way: 'smoke' }), /way: auto, event, tone or info/);
	await a.call.hangup();
});

test('keys by INFO: one at a time, in order', async () => {
	const a = await callIn();
	const bodies = [];
	let open_ = 0;
	a.p.sip.removeAllListeners('request');
	a.p.sip.on('request', (m, respond) => {
		if (m.method !== 'INFO') {
			a.p.handle(m, respond);
			return;
		}
		assert.equal(header(m, 'content-type'), 'application/dtmf-relay');
		assert.equal(open_++, 0, 'the next waits for the answer to the one before');
		bodies.push(m.body);
		setTimeout(() => { open_--; respond(200, 'OK'); }, 30);
	});
	await owner.do('leg.dtmf', { leg: a.leg, digits: '48#', ms: 250, way: 'info' });
	await poll(() => bodies.length === 3, { what: 'three INFOs' });
	assert.deepEqual(bodies.map((b) => /Signal=(.)\s+Duration=(\d+)/.exec(b).slice(1)), [['4', '250'], ['8', '250'], ['#', '250']]);
	await a.call.hangup();
});

test('events of one are tones for the other, and tones of one are heard by the other; each once', async () => {
	const a = await callIn();
	const b = await callIn({ callId: a.callId, events: null });
	const id = await room(a, b);
	const from = performance.now();
	await a.rtp.dtmf('852', { ms: 140, gapMs: 120 });
	await sleep(900);
	const keys = keysIn(b.rtp.audio({ from }));
	assert.equal(keys.map((k) => k.key).join(''), '852');
	for (const k of keys)
		near(k.ms, 140);
	const back = performance.now();
	b.rtp.play(keyTones('73', { ms: 100 }));
	assert.equal((await told(b.leg, 2)).map((k) => k.digit).join(''), '73');
	await sleep(300);
	assert.equal(keysIn(a.rtp.audio({ from: back })).map((k) => k.key).join(''), '73');
	assert.equal(a.rtp.digits, '');
	await owner.do('room.destroy', { room: id });
	await Promise.all([a.call.hangup(), b.call.hangup()]);
});

test('events and INFO go on as events where audio is decoded, with their length; who plays to a leg is not disturbed', async () => {
	const a = await callIn();
	const b = await callIn({ callId: a.callId, codec: 'PCMU' });
	const id = await room(a, b);
	await a.rtp.dtmf('96', { ms: 120 });
	await b.rtp.hearsDtmf('96');
	assert.equal((await a.call.request('INFO', { headers: { 'Content-Type': 'application/dtmf-relay' }, body: 'Signal=3\r\nDuration=200\r\n' })).status, 200);
	await b.rtp.hearsDtmf('963');
	await b.rtp.dtmf('1');
	await a.rtp.hearsDtmf('1');
	assert.deepEqual((await told(a.leg, 3)).map((k) => k.digit), ['9', '6', '3']);
	await owner.do('room.destroy', { room: id });
	await Promise.all([a.call.hangup(), b.call.hangup()]);
});

test('typed ahead in three ways: all count, in their order', async () => {
	const a = await callIn();
	await a.rtp.dtmf('12');
	await a.call.request('INFO', { headers: { 'Content-Type': 'application/dtmf' }, body: '3' });
	await told(a.leg, 3);
	await a.rtp.dtmf('4');
	await told(a.leg, 1);
	const collect = uuid();
	await owner.do('leg.collect', { leg: a.leg, collect, max: 5, term: '#', first_ms: 3000, inter_ms: 3000 });
	await a.rtp.dtmf('#');
	const c = await owner.next('leg.collected', (e) => e.collect === collect);
	assert.deepEqual([c.digits, c.reason, c.term], ['1234', 'term', '#']);
	await a.call.hangup();
});
