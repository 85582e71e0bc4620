// The control protocol: controllers that die and come back, epochs, repetitions, handover, snapshots, bad requests.
import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rpc } from '../../tests/tools/rpc.mjs';
import { poll } from '../../tests/tools/wait.mjs';
import { Rig, tenant, uuid } from './rig.mjs';

let rig;
let owner;
let phones = [];

before(async () => {
	rig = await Rig.start({ owner_gone_s: 3, no_owner_ms: 1500, max_legs: 6, max_rooms: 3 });
	owner = await rig.controller();
});
afterEach(async () => {
	await Promise.all(phones.splice(0).map((p) => p.close()));
	await poll(async () => (await rig.metric('legs')) === 0, { what: 'all legs gone' });
});
after(async () => {
	owner?.vanish();
	assert.equal(await rig.stop(), 0);
});

async function ringIn(boss = owner) {
	const p = await rig.phone('1001');
	phones.push(p);
	const callId = uuid();
	const call = await p.call('4001', { headers: rig.headers(callId) });
	const { leg } = await boss.next('leg.incoming', (e) => e.call === callId);
	return { call, leg, callId };
}
async function callIn(boss = owner) {
	const c = await ringIn(boss);
	await boss.do('leg.answer', { leg: c.leg });
	await boss.next('leg.answered', (e) => e.leg === c.leg);
	await c.call.answered;
	return c;
}
const code = (n) => (e) => e.code === n || assert.fail(`${e.code} ${e.message}`);

test('an owner that is killed and comes back gets what it missed, in order, and nothing twice', async () => {
	const { call, leg } = await callIn();
	await owner.do('leg.play', { leg, play: uuid(), items: [{ tone: { hz: [425], ms: 1000 } }], loop: -1 });
	await call.rtp.hears(425);
	owner.acks = false; // dies before it can acknowledge
	await call.rtp.dtmf('1');
	await owner.next('leg.dtmf', (e) => e.leg === leg);
	const before = owner.seen;
	owner.vanish();
	await call.rtp.dtmf('23');
	await call.rtp.hears(425); // the music goes on
	await sleep(200);
	owner.acks = true;
	await owner.connect();
	assert.equal((await owner.next('leg.dtmf', (e) => e.leg === leg)).digit, '2');
	assert.equal((await owner.next('leg.dtmf', (e) => e.leg === leg)).digit, '3');
	assert.equal(owner.again, 0, 'it said what it had seen');
	assert.equal(owner.seen, before + 2);

	// one that lost its memory gets all it never acknowledged
	owner.vanish();
	const reborn = new owner.constructor(rig, 'owner');
	await reborn.connect();
	const { legs, seq } = await reborn.rpc.call('snapshot');
	assert.equal(seq, before + 2);
	assert.deepEqual(legs.map((l) => [l.leg, l.state, l.controller, typeof l.play]), [[leg, 'answered', 'owner', 'string']]);
	await call.hangup();
	await reborn.next('leg.hungup', (e) => e.leg === leg);
	reborn.vanish();
	await owner.connect();
});

test('an ended leg stays in the snapshot until its end is acknowledged', async () => {
	const { call, leg } = await callIn();
	owner.acks = false;
	await call.hangup();
	await owner.next('leg.hungup', (e) => e.leg === leg);
	const ended = (await owner.rpc.call('snapshot')).legs.find((l) => l.leg === leg);
	assert.equal(ended.state, 'ended');
	assert.equal(ended.final.by, 'far');
	owner.acks = true;
	owner.ack();
	await poll(async () => !(await owner.rpc.call('snapshot')).legs.length, { what: 'forgotten' });
});

test('an owner that stays away: its calls live for a while, then end with cause 41', async () => {
	const { call, leg } = await callIn();
	owner.vanish();
	await sleep(1500);
	assert.equal(call.state, 'talking');
	assert.match((await call.ended).reason, /cause=41/);
	await owner.connect();
	const end = await owner.next('leg.hungup', (e) => e.leg === leg);
	assert.deepEqual([end.by, end.cause], ['system', 41]);
});

test('a call nobody takes care of is refused with 503', async () => {
	const { call } = await ringIn();
	assert.deepEqual(await call.ended, { how: 'rejected', code: 503 });
	await owner.next('leg.hungup');
});

test('a stale epoch is refused, and says which is known', async () => {
	await owner.rpc.call('claim', { epoch: 5, slots: [[0, 1023]] });
	await assert.rejects(owner.rpc.call('claim', { epoch: 4, slots: [[10, 20]] }), (e) => e.code === 2 && e.data.epoch === 5);
	await assert.rejects(owner.do('room.create', { room: uuid(), call: uuid() }), (e) => e.code === 2 && e.data.epoch === 5);
	owner.epoch = 5;
	const room = uuid();
	await owner.do('room.create', { room, call: uuid() });
	await owner.do('room.destroy', { room });
	await owner.rpc.call('claim', { epoch: 7, slots: [[100, 200]] });
	assert.deepEqual((await owner.rpc.call('epochs')).epochs, [[0, 99, 5], [100, 200, 7], [201, 1023, 5]]);
	owner.epoch = 7;
});

test('a repeated command gets the first answer and is not done twice', async () => {
	const { call, leg } = await callIn();
	const play = uuid();
	const params = { tenant, epoch: owner.epoch, cmd_id: 'same', leg, play, items: [{ tone: { hz: [440], ms: 200 } }] };
	assert.deepEqual(await owner.rpc.call('leg.play', params), {});
	assert.deepEqual(await owner.rpc.call('leg.play', params), {});
	await owner.next('leg.played', (e) => e.play === play);
	await sleep(300);
	assert.equal(owner.events.filter((e) => e.event === 'leg.played' && e.play === play).length, 1);
	// originate again with the same leg: its state, and no second INVITE
	const b = await rig.phone('1002', { answering: 'never' });
	phones.push(b);
	const out = { leg: uuid(), call: uuid(), to: `sip:1002@127.0.0.1:${b.sip.port}`, from: '4001' };
	assert.deepEqual(await owner.do('leg.originate', out), { state: 'trying' });
	await owner.next('leg.ringing', (e) => e.leg === out.leg);
	assert.deepEqual(await owner.do('leg.originate', out), { state: 'ringing' });
	assert.equal(b.seen, 1);
	await owner.do('leg.hangup', { leg: out.leg });
	await call.hangup();
});

test('handover to another controller and back; its commands are refused when the leg is not its own', async () => {
	const ivr = await rig.controller('ivr');
	ivr.epoch = 1; // older than the owner's: the handover is its right
	const { call, leg } = await ringIn();
	await assert.rejects(ivr.do('leg.answer', { leg }), (e) => e.code === 1 && e.data.because === 'not_controller');
	await assert.rejects(owner.do('leg.handover', { leg, to: 'nobody', data: {} }), (e) => e.code === 1 && e.data.because === 'no_such_controller');
	await owner.do('leg.handover', { leg, to: 'ivr', data: { flow: 'x' } });
	const handed = await ivr.next('leg.handed');
	assert.deepEqual([handed.from, handed.data.flow, handed.state.state], ['owner', 'x', 'trying']);
	await ivr.do('leg.answer', { leg });
	await ivr.next('leg.answered', (e) => e.leg === leg);
	await ivr.do('leg.handover', { leg, to: 'owner', data: { how: 'exit' } });
	assert.equal((await owner.next('leg.handed', (e) => e.leg === leg)).data.how, 'exit');
	await owner.do('leg.handover', { leg, to: 'ivr', data: {} });
	// the caller hangs up while the IVR has it: both hear it; the IVR still gives back what it knows
	await call.hangup();
	await owner.next('leg.hungup', (e) => e.leg === leg);
	await ivr.next('leg.hungup', (e) => e.leg === leg);
	assert.equal((await owner.rpc.call('snapshot')).legs.length, 1);
	await ivr.do('leg.handover', { leg, to: 'owner', data: { how: 'hangup' } });
	assert.equal((await owner.next('leg.handed', (e) => e.leg === leg)).data.how, 'hangup');
	assert.equal((await owner.rpc.call('snapshot')).legs.length, 0);
	ivr.vanish();
});

test('a controller that is killed returns its legs to the owner within a second', async () => {
	const ivr = await rig.controller('ivr');
	const { call, leg } = await callIn();
	await owner.do('leg.handover', { leg, to: 'ivr', data: {} });
	await ivr.next('leg.handed', (e) => e.leg === leg);
	ivr.vanish();
	const failed = await owner.next('leg.handover_failed', (e) => e.leg === leg);
	assert.equal(failed.controller, 'ivr');
	assert.equal(call.state, 'talking');
	await owner.do('leg.play', { leg, play: uuid(), items: [{ tone: { hz: [440], ms: 300 } }] });
	await call.rtp.hears(440);
	await call.hangup();
	// and one that ended while nobody could say leg.done
	const again = await rig.controller('ivr');
	const second = await callIn();
	await owner.do('leg.handover', { leg: second.leg, to: 'ivr', data: {} });
	await again.next('leg.handed', (e) => e.leg === second.leg);
	await second.call.hangup();
	await owner.next('leg.hungup', (e) => e.leg === second.leg);
	again.vanish();
	await owner.next('leg.handover_failed', (e) => e.leg === second.leg);
	await poll(async () => !(await owner.rpc.call('snapshot')).legs.length, { what: 'forgotten' });
});

test('leg.done forgets', async () => {
	const ivr = await rig.controller('ivr');
	const { call, leg } = await callIn();
	await owner.do('leg.handover', { leg, to: 'ivr', data: {} });
	await ivr.next('leg.handed', (e) => e.leg === leg);
	await call.hangup();
	await ivr.next('leg.hungup', (e) => e.leg === leg);
	await owner.next('leg.hungup', (e) => e.leg === leg);
	await ivr.do('leg.done', { leg });
	await poll(async () => !(await owner.rpc.call('snapshot')).legs.length, { what: 'forgotten' });
	ivr.vanish();
});

test('overload: more than max_legs are refused with 503 and told; more than max_rooms are refused', async () => {
	const calls = [];
	for (let i = 0; i < 6; i++)
		calls.push(await callIn());
	const p = await rig.phone('1009');
	phones.push(p);
	assert.deepEqual(await (await p.call('4001', { headers: rig.headers() })).ended, { how: 'rejected', code: 503 });
	const told = await owner.next('overload');
	assert.deepEqual([told.legs, told.because], [6, 'max_legs']);
	await assert.rejects(owner.do('leg.originate', { leg: uuid(), call: uuid(), to: 'sip:x@127.0.0.1:9', from: '1' }), code(4));
	for (let i = 0; i < 3; i++)
		await owner.do('room.create', { room: `018f0000-0000-7000-8000-0000000000f${i}`, call: uuid() });
	await assert.rejects(owner.do('room.create', { room: uuid(), call: uuid() }), code(4));
	for (let i = 0; i < 3; i++)
		await owner.do('room.destroy', { room: `018f0000-0000-7000-8000-0000000000f${i}` });
	assert.equal((await owner.rpc.call('snapshot')).legs.length, 6);
	await Promise.all(calls.map(({ call }) => call.hangup()));
	for (const { leg } of calls)
		await owner.next('leg.hungup', (e) => e.leg === leg);
});

test('bad requests are answered by name and rule; no process restarts', async () => {
	const stranger = await Rpc.connect(rig.socket);
	await assert.rejects(stranger.call('snapshot'), (e) => e.code === 1 && e.data.because === 'no_hello');
	stranger.close();
	const { call, leg } = await callIn();
	const play = { leg, play: uuid() };
	const cases = [
		[() => owner.rpc.call('leg.fly', {}), -32601, /leg\.fly/],
		[() => owner.do('leg.play', { leg, items: [] }), -32602, /play/],
		[() => owner.do('leg.play', { ...play, items: [] }), -32602, /items/],
		[() => owner.do('leg.play', { ...play, items: [{ tone: { hz: [440], ms: -1 } }] }), -32602, /items\[0\]: tone\.ms/],
		[() => owner.do('leg.play', { ...play, items: [{ song: 1 }] }), -32602, /items\[0\]/],
		[() => owner.do('leg.play', { ...play, items: [{ tts: 'x', lang: 'xx' }] }), -32602, /lang/],
		[() => owner.do('leg.play', { ...play, items: [{ digits: '12x' }] }), -32602, /digits/],
		[() => owner.do('leg.collect', { leg, collect: uuid(), max: 0, first_ms: 1, inter_ms: 1 }), -32602, /max: 1 to 64/],
		[() => owner.do('leg.record', { leg, record: uuid(), path: '../x.wav' }), -32602, /path/],
		[() => owner.do('leg.record', { leg, record: uuid(), path: '/etc/x.wav' }), -32602, /path/],
		[() => owner.do('leg.record', { leg, record: uuid(), path: 'a/../../x.wav' }), -32602, /path/],
		[() => owner.do('leg.dtmf', { leg, digits: '12Z' }), -32602, /digits/],
		[() => owner.do('leg.originate', { leg: uuid(), call: uuid(), to: 'tel:1', from: '1' }), -32602, /to: a SIP URI/],
		[() => owner.do('leg.originate', { leg: uuid(), call: uuid(), to: 'sip:1@x', from: '1', headers: { Via: 'x' } }), -32602, /headers/],
		[() => owner.do('leg.originate', { leg: uuid(), call: uuid(), to: 'sip:1@x', from: '1', headers: { 'X-A': 'x\r\nVia: y' } }), -32602, /headers/],
		[() => owner.do('leg.answer', { leg: uuid() }), 3, /leg/],
		[() => owner.do('leg.answer', { leg, tenant: uuid() }), 3, /leg/],
		[() => owner.do('room.join', { room: uuid(), leg }), 3, /room/],
		[() => owner.do('leg.answer', { leg, extra: 1 }), -32602, /extra/],
	];
	for (const [f, n, text] of cases)
		await assert.rejects(f, (e) => e.code === n && text.test(e.message) || assert.fail(`${f}: ${e.code} ${e.message}`));
	const raw = net.connect(rig.socket);
	await once(raw, 'connect');
	raw.write('this is no JSON\n');
	assert.equal(JSON.parse((await once(raw, 'data'))[0]).error.code, -32700);
	raw.destroy();
	await call.hangup();
	await owner.next('leg.hungup', (e) => e.leg === leg);
	assert.equal(rig.process.exitCode, null);
});
