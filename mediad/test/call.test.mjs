// Calls in and out with real audio: answer, play, rooms, keys, recordings.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Rig, tenant, uuid } from './rig.mjs';

let rig;
let owner;
const phones = [];

before(async () => {
	rig = await Rig.start();
	owner = await rig.controller();
});
afterEach(async () => {
	await Promise.all(phones.splice(0).map((p) => p.close()));
});
after(async () => {
	owner?.vanish();
	assert.equal(await rig.stop(), 0);
});

async function phone(user, options) {
	const p = await rig.phone(user, options);
	phones.push(p);
	return p;
}

/** A phone that calls in and is answered: {call (the phone's), leg, callId}. */
async function callIn(options = {}) {
	const p = await phone(options.user ?? '1001', options.phone);
	const callId = options.callId ?? uuid();
	const call = await p.call('4001', { headers: rig.headers(callId), tone: options.tone ?? null });
	const incoming = await owner.next('leg.incoming', (e) => e.call === callId);
	const { leg } = incoming;
	await owner.do('leg.answer', { leg });
	await owner.next('leg.answered', (e) => e.leg === leg);
	await call.answered;
	return { p, call, leg, callId, incoming };
}

test('an incoming call is told with its headers, answered, and its end is told with figures', async () => {
	const { call, leg, incoming } = await callIn();
	assert.equal(incoming.tenant, tenant);
	assert.equal(incoming.headers['X-Zj-Target'], '4001');
	assert.equal(incoming.state, 'trying');
	await call.rtp.until((r) => r.heard.packets > 0 && r.sent > 10, { what: 'packets both ways' });
	await call.hangup();
	const end = await owner.next('leg.hungup', (e) => e.leg === leg);
	assert.equal(end.by, 'far');
	assert.equal(end.cause, 16);
	assert.ok(end.answered_at >= end.started_at);
	assert.ok(end.stats.rx_packets > 0);
});

test('a tone list is played, and told when it is over', async () => {
	const { call, leg } = await callIn();
	const play = uuid();
	await owner.do('leg.play', { leg, play, items: [{ tone: { hz: [440], ms: 600 } }, { silence: 100 }, { tone: { hz: [880], ms: 400 } }] });
	await call.rtp.hears(440);
	await call.rtp.hears(880);
	const played = await owner.next('leg.played', (e) => e.play === play);
	assert.equal(played.reason, 'done');
	assert.equal(played.played_ms, 1100);
	assert.equal(played.item, 2);
	assert.deepEqual(played.errors, []);
});

test('speech is synthesised once and then comes from the cache', async () => {
	const { call, leg } = await callIn();
	for (const items of [[{ tts: 'Welcome to the test.', lang: 'en' }], [{ tts: 'Welcome to the test.', lang: 'en' }, { digits: '12', lang: 'zh' }, { number: 42, lang: 'en' }]]) {
		const play = uuid();
		await owner.do('leg.play', { leg, play, items });
		await call.rtp.hearsSound({ timeout: 3000 });
		const played = await owner.next('leg.played', (e) => e.play === play, 8000);
		assert.equal(played.reason, 'done');
		assert.deepEqual(played.errors, []);
		assert.ok(played.played_ms > 500);
	}
});

test('two legs in a room hear each other, and not themselves', async () => {
	const callId = uuid();
	const a = await callIn({ user: '1001', tone: 500, callId });
	const b = await phone('1002', { answering: { after: 50, tone: 900 } });
	const leg = uuid();
	await owner.do('leg.originate', { leg, call: callId, to: `sip:1002@127.0.0.1:${b.sip.port}`, from: '4001', from_name: 'Queue', headers: { 'X-Zj-Kind': 'agent' } });
	await owner.next('leg.ringing', (e) => e.leg === leg);
	await owner.next('leg.answered', (e) => e.leg === leg);
	const bCall = await b.nextCall();
	assert.equal(bCall.headers['x-zj-tenant'][0], tenant);
	assert.equal(bCall.headers['x-zj-kind'][0], 'agent');
	const room = uuid();
	await owner.do('room.create', { room, call: callId });
	await owner.do('room.join', { room, leg: a.leg });
	await owner.do('room.join', { room, leg });
	await owner.next('room.joined', (e) => e.leg === leg);
	await Promise.all([a.call.rtp.hears(900), bCall.rtp.hears(500)]);
	assert.ok(a.call.rtp.level(500) < 0.1);
	assert.ok(bCall.rtp.level(900) < 0.1);
	await owner.do('leg.hangup', { leg, cause: 16, reason: 'test' });
	const end = await owner.next('leg.hungup', (e) => e.leg === leg);
	assert.equal(end.by, 'us');
	const { how, reason } = await bCall.ended;
	assert.equal(how, 'far');
	assert.match(reason, /Q\.850;cause=16/);
	await owner.do('room.destroy', { room });
});

test('keys are heard once each, and sent with their length', async () => {
	const { call, leg } = await callIn();
	await call.rtp.dtmf('1#', { ms: 120 });
	const one = await owner.next('leg.dtmf', (e) => e.leg === leg);
	assert.equal(one.digit, '1');
	assert.ok(one.ms >= 100 && one.ms <= 140, `${one.ms}`);
	assert.equal((await owner.next('leg.dtmf', (e) => e.leg === leg)).digit, '#');
	await owner.do('leg.dtmf', { leg, digits: '42*' });
	await call.rtp.hearsDtmf('42*');
	assert.equal(owner.events.filter((e) => e.event === 'leg.dtmf' && e.leg === leg).length, 2);
});
