// Telephones of an office: ring groups by all strategies, forwarding, do-not-disturb, call waiting, pick-up. Real phones, real audio.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { Instance } from '../tools/instance.mjs';
import { HZ, toneWav } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';

let zj, tenant, api, events;
const ext = {}, phone = {};
const pause = (ms) => new Promise((r) => setTimeout(r, ms));

/** A group of 1001, 1002, 1003 (in this order unless told otherwise). */
async function group(number, strategy, options = {}, members = ['1001', '1002', '1003']) {
	const row = await api.post('/ring-groups', { name: `G${number}`, number, strategy, ring_time_s: 20, turn_s: 3, ...options });
	for (const m of members)
		await api.post('/ring-group-members', { group_id: row.id, extension_id: ext[m].id, priority: 5 });
	return row;
}

/** Everybody rings and does not answer; calls that came before are forgotten. */
function quiet() {
	for (const p of Object.values(phone)) {
		p.answering = 'never';
		p.queue.length = 0;
	}
}

/** Dials until acd knows the number (a committed row is in effect within 200 ms). */
async function dial(from, number, options) {
	for (let tries = 0; ; tries++) {
		const call = await phone[from].call(number, options);
		const first = await Promise.race([call.ended.then(() => 'ended'), call.ringing.then(() => 'ringing', () => 'ended'), call.answered.then(() => 'answered', () => 'ended')]);
		if (first !== 'ended' || call.result.code !== 404 || tries >= 20)
			return call;
		await pause(50);
	}
}

const next = (number, timeout = 8000) => phone[number].nextCall({ timeout });
const settle = (...calls) => Promise.all(calls.map((c) => c.hangup().catch(() => {})));

before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('phones');
	api = tenant.api;
	events = await tenant.events();
	for (const number of ['1000', '1001', '1002', '1003', '1004']) {
		ext[number] = await tenant.extension(number);
		phone[number] = await tenant.phone(ext[number], { answering: 'never' });
	}
}, { timeout: 150_000 });
after(() => zj?.release());

// covers: PBX-V036 PBX-V037
test('all: every member rings at once; one answers, the others are told that the call was completed elsewhere', async () => {
	quiet();
	await group('2001', 'all');
	const call = await dial('1000', '2001', { tone: HZ.caller });
	const rung = await Promise.all(['1001', '1002', '1003'].map((n) => next(n)));
	const began = rung.map((c) => c.at.began);
	assert.ok(Math.max(...began) - Math.min(...began) < 1000, 'all at once');
	await call.ringing;
	const board = await events.until(() => [...events.calls.values()].find((c) => c.callee === '2001' && c.legs.filter((l) => l.state === 'ringing').length === 3), { what: 'three ringing members on the board' });
	assert.deepEqual(board.legs.filter((l) => l.state === 'ringing').map((l) => l.extension).sort(), ['1001', '1002', '1003']);
	rung[1].rtp.tone(HZ.agent);
	await rung[1].answer();
	await call.answered;
	for (const i of [0, 2]) {
		const end = await rung[i].ended;
		assert.equal(end.how, 'cancelled');
		assert.match(end.reason, /SIP;cause=200;text="Call completed elsewhere"/);
	}
	await Promise.all([call.rtp.hears(HZ.agent), rung[1].rtp.hears(HZ.caller)]);
	await settle(call);
	await rung[1].ended;
});

// covers: PBX-V038
test('sequential: one after the other, in the order of priority, then position', async () => {
	quiet();
	const g = await group('2002', 'sequential', {}, []);
	for (const [n, priority, position] of [['1001', 3, 0], ['1002', 5, 2], ['1003', 5, 1]])
		await api.post('/ring-group-members', { group_id: g.id, extension_id: ext[n].id, priority, position });
	const call = await dial('1000', '2002');
	const third = await next('1003');
	const second = await next('1002');
	assert.equal(third.state, 'ended', 'its turn is over when the next one begins');
	assert.equal((await third.ended).how, 'cancelled');
	const first = await next('1001');
	assert.ok(second.at.began - third.at.began > 2500 && first.at.began - second.at.began > 2500, 'three seconds each');
	await first.answer();
	await call.answered;
	await settle(call);
	const rows = (await poll(async () => { const { items } = await api.get(`/ring-group-members?filter[group_id]=${g.id}&sort=-priority,position&expand=extension_id,group_id`); return items[2]?.answers === 1 && items; }, { timeout: 8000, what: 'the counters' }));
	assert.deepEqual(rows.map((r) => [r.expand.extension_id.label, r.rings, r.answers]), [['1003', 1, 0], ['1002', 1, 0], ['1001', 1, 1]]);
});

// covers: PBX-V039
test('round robin: each call begins with the next member', async () => {
	quiet();
	await group('2003', 'round_robin');
	for (const n of ['1001', '1002', '1003', '1001']) {
		const call = await dial('1000', '2003');
		const rung = await next(n);
		await pause(100);
		assert.equal(['1001', '1002', '1003'].filter((m) => [...phone[m].calls.values()].length).length, 1, 'only one rings');
		await call.hangup();
		await rung.ended;
		quiet();
	}
});

// covers: PBX-V040
test('idle: only members who are in no call ring', async () => {
	quiet();
	await group('2004', 'idle');
	const busy = await dial('1004', '1002');
	const taken = await next('1002');
	await taken.answer();
	await busy.answered;
	const call = await dial('1000', '2004');
	await Promise.all([next('1001'), next('1003')]);
	await pause(300);
	assert.equal(phone['1002'].calls.size, 1, 'who talks does not ring');
	await settle(call, busy);
});

// covers: PBX-V041
test('incremental: first one, then two, then three', async () => {
	quiet();
	await group('2005', 'incremental');
	const call = await dial('1000', '2005');
	const first = await next('1001'), second = await next('1002');
	assert.equal(first.state, 'ringing', 'the first rings on');
	const third = await next('1003');
	assert.deepEqual([first.state, second.state], ['ringing', 'ringing']);
	assert.ok(second.at.began - first.at.began > 2500 && third.at.began - second.at.began > 2500);
	await first.answer();
	await call.answered;
	for (const c of [second, third])
		assert.match((await c.ended).reason, /completed elsewhere/);
	await settle(call);
});

// covers: PBX-V042 PBX-V043 PBX-V045 PBX-V044
test('failure diversion, prefixes, the recent call first, waiting music, the incoming prompt', async () => {
	quiet();
	const music = await tenant.prompt('waiting', toneWav(HZ.music, 4000));
	const hello = await tenant.prompt('hello', toneWav(HZ.ding, 900));
	const g = await group('2006', 'all', { ring_time_s: 5, number_prefix: '88', name_prefix: 'Sales ', music_id: music.id, prompt_id: hello.id, recent_first: true, destination_kind: 'extension', destination_id: ext['1004'].id }, ['1001', '1003']);
	const call = await dial('1000', '2006');
	const rung = await next('1001');
	assert.equal(rung.caller, '881000', 'the number with its prefix');
	assert.match(rung.headers.from[0] ?? rung.headers.from, /Sales /, 'the name with its prefix');
	await call.rtp.hears(HZ.ding);
	await call.rtp.hears(HZ.music);
	const last = await next('1004', 15_000);
	assert.equal(rung.state, 'ended', 'the group gave up');
	await last.answer();
	await call.answered;
	await settle(call);
	// whoever talked with this caller rings first, and alone
	quiet();
	const before = await dial('1000', '1003');
	const talked = await next('1003');
	await talked.answer();
	await before.answered;
	await settle(before);
	quiet();
	await api.patch(`/ring-groups/${g.id}`, { ring_time_s: 20 });
	await tenant.settled();
	const again = await dial('1000', '2006');
	const first = await next('1003');
	const other = await next('1001');
	assert.ok(other.at.began - first.at.began > 2500, 'the recent one first');
	await settle(again);
});

test('a group nobody of whom can be rung is refused at once; one answer in a hundred milliseconds of two is one winner', async () => {
	quiet();
	await group('2007', 'all', {}, []);
	const empty = await dial('1000', '2007');
	assert.equal((await empty.ended).code, 480);
	await group('2008', 'all');
	for (const n of ['1001', '1002', '1003'])
		phone[n].answering = { after: 60 };
	const call = await dial('1000', '2008');
	await call.answered;
	await pause(800);
	const talking = ['1001', '1002', '1003'].filter((n) => [...phone[n].calls.values()].some((c) => c.state === 'talking'));
	assert.equal(talking.length, 1, `one winner: ${talking}`);
	await settle(call);
});

// covers: PBX-V032
test('forwarding: all, busy, no answer, not reachable; a circle ends with a refusal', async () => {
	quiet();
	await api.patch(`/extensions/${ext['1001'].id}`, { forward_all: '1002' });
	await tenant.settled();
	let call = await dial('1000', '1001');
	let rung = await next('1002');
	assert.match(String(rung.headers.diversion), /sip:1001@/, 'who forwarded it');
	assert.equal(phone['1001'].calls.size, 0);
	await settle(call);
	await api.patch(`/extensions/${ext['1002'].id}`, { forward_all: '1001' });
	await tenant.settled();
	call = await dial('1000', '1001');
	assert.equal((await call.ended).code, 482, 'A to B to A');
	await api.patch(`/extensions/${ext['1002'].id}`, { forward_all: null });
	await api.patch(`/extensions/${ext['1001'].id}`, { forward_all: null, forward_busy: '1003', forward_no_answer: '1002', timeout_s: 5 });
	await tenant.settled();
	quiet();
	phone['1001'].answering = { reject: 486 };
	call = await dial('1000', '1001');
	await next('1003');
	await settle(call);
	quiet();
	call = await dial('1000', '1001');
	const unanswered = await next('1001'), t = performance.now();
	await next('1002', 12_000);
	assert.ok(performance.now() - t > 4000, 'after its time');
	assert.equal((await unanswered.ended).how, 'cancelled');
	await settle(call);
	quiet();
	await api.patch(`/extensions/${ext['1004'].id}`, { forward_unreachable: '1003' });
	await phone['1004'].register({ expires: 0 });
	await Promise.all([tenant.settled(), pause(1000)]);
	call = await dial('1000', '1004');
	await next('1003');
	await settle(call);
	await phone['1004'].register();
	await api.patch(`/extensions/${ext['1001'].id}`, { forward_busy: null, forward_no_answer: null });
	const facts = await zj.facts(tenant, `relation = 'forward' and callee = '1001'`).catch(() => null);
	assert.ok(facts === null || facts.call, 'the call says that it was forwarded');
});

test('do-not-disturb and call waiting', async () => {
	quiet();
	await api.patch(`/extensions/${ext['1001'].id}`, { dnd: true });
	await tenant.settled();
	let call = await dial('1000', '1001');
	assert.equal((await call.ended).code, 480);
	assert.equal(phone['1001'].calls.size, 0, 'it did not ring');
	await api.patch(`/extensions/${ext['1001'].id}`, { dnd: false, call_waiting: false });
	await tenant.settled();
	const talk = await dial('1004', '1001');
	await (await next('1001')).answer();
	await talk.answered;
	call = await dial('1000', '1001');
	assert.equal((await call.ended).code, 486, 'busy without call waiting');
	await api.patch(`/extensions/${ext['1001'].id}`, { call_waiting: true });
	await tenant.settled();
	call = await dial('1000', '1001');
	await next('1001');
	await settle(call, talk);
});

// covers: PBX-V026 PBX-V028
test('caller number and name for internal calls; the ring-back tone of the called', async () => {
	quiet();
	const tune = await tenant.prompt('tune', toneWav(HZ.agent2, 3000));
	await api.patch(`/extensions/${ext['1000'].id}`, { caller_number: '5555', caller_name: 'Reception' });
	await api.patch(`/extensions/${ext['1002'].id}`, { ringback_id: tune.id, alert_info: '<http://ring.test/2>' });
	await tenant.settled();
	const call = await dial('1000', '1002');
	const rung = await next('1002');
	assert.equal(rung.caller, '5555');
	assert.match(String(rung.headers.from), /Reception/);
	assert.match(String(rung.headers['alert-info']), /ring\.test/);
	await call.rtp.hears(HZ.agent2);
	await settle(call);
	await api.patch(`/extensions/${ext['1000'].id}`, { caller_number: null, caller_name: null });
	await api.patch(`/extensions/${ext['1002'].id}`, { ringback_id: null, alert_info: null });
});
