// What a conference room's options do, each on and off, heard and seen; and inviting many at once, also numbers outside.
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { rms } from '../tools/audio.mjs';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { Instance } from '../tools/instance.mjs';
import { HZ, toneWav } from '../tools/scenes.mjs';
import { header } from '../tools/sip.mjs';

const FAR = 1270, NAME = 1700; // the tones of who is outside, and of a name that is said
const tones = { 1001: 500, 1002: 800, 1003: 1250 };
const phones = {}, rooms = {};
let zj, tenant, events, carrier;
let calls = [];

const live = (r) => [...events.conferences.values()].find((c) => c.id === r.id && c.members);
const member = (r, number) => live(r)?.members.find((m) => m.number === String(number));
const state = (r, number, ...states) => events.until(() => states.includes(member(r, number)?.state) && member(r, number), { timeout: 20_000, what: `${number} ${states} in ${r.number}` });
const hears = (call, hz, more) => call.rtp.hears(hz, { timeout: 15_000, share: 0.3, ...more });
const silent = (call) => call.rtp.until((rtp) => rms(rtp.audio({ ms: 1000 })) < 50, { timeout: 15_000, what: 'silence' });
async function dial(from, r) {
	const call = await phones[from].call(r.number);
	calls.push(call);
	await call.answered;
	return call;
}

before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('conf-options');
	events = await tenant.events();
	for (const number of Object.keys(tones))
		phones[number] = await tenant.phone(await tenant.extension(number), { answering: 'manual' });
	const music = await tenant.prompt('music', toneWav(HZ.music, 4000));
	const [admin] = (await tenant.api.get('/accounts?filter[username]=admin')).items;
	rooms.bare = await tenant.api.post('/rooms', { number: '6201', name: 'Bare' });
	rooms.full = await tenant.api.post('/rooms', { number: '6202', name: 'Full', wait_leader: true, administrators: [admin.id], optimise: true, detect: true, quiet: true, announce: true, wait_music: true, music_id: music.id,
		menu: true, announce_count: true, record: true, invite_caller: '02155550001' });
	const [own] = (await tenant.api.get('/extensions?filter[number]=1001')).items;
	await tenant.api.patch(`/extensions/${own.id}`, { account_id: admin.id, outbound_permission: 'national' });
	carrier = zj.later(await AnsweringCarrier.open({ host: '127.0.0.41', tone: FAR }));
	const trunk = await tenant.api.post('/trunks', { name: 'conf-out', host: '127.0.0.41', probe_s: 0, caller_number: '02160000000' });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id });
	await tenant.settled();
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(async () => {
	await Promise.all(calls.splice(0).map((call) => call.hangup().catch(() => {})));
	for (const r of Object.values(rooms))
		await events.until(() => !live(r), { what: `${r.number} empty` });
});

// covers: MED-V304
test('with every option off nobody waits, nothing is said, played, shown or recorded; a tone says who comes, until the room is quiet', async () => {
	const a = await dial(1001, rooms.bare);
	await state(rooms.bare, 1001, 'in');
	await silent(a); // alone, without music
	const tone = a.rtp.until((rtp) => rtp.level(800, 100) > 0.6, { timeout: 15_000, what: 'the tone of one who comes' });
	const b = await dial(1002, rooms.bare);
	await tone;
	await state(rooms.bare, 1002, 'in');
	b.rtp.tone(NAME, { dbfs: -46 });
	await hears(a, NAME); // what is soft is heard
	b.rtp.tone(tones[1002]);
	await hears(a, tones[1002], { ms: 1000 });
	assert.deepEqual([member(rooms.bare, 1002).talking, live(rooms.bare).recording, member(rooms.bare, 1001).admin], [false, false, false]);
	await b.rtp.dtmf('*1'); // there is no menu in which 1 would mute
	await hears(a, tones[1002], { ms: 1000, share: 0.6 });
	assert.equal(member(rooms.bare, 1002).muted, false);
	const ding = await tenant.prompt('ding', toneWav(HZ.ding, 1500));
	await tenant.api.patch(`/rooms/${rooms.bare.id}`, { quiet: true, entry_prompt_id: ding.id });
	await tenant.settled();
	b.rtp.tone(null);
	await silent(a);
	const from = performance.now();
	const c = await dial(1003, rooms.bare);
	await hears(c, HZ.ding, { share: 0.6 }); // the entry voice
	await state(rooms.bare, 1003, 'in');
	await silent(a);
	const heard = a.rtp.audio({ from });
	assert.ok(rms(heard) < 50, 'nobody is told who comes into a quiet room');
});

// covers: MED-V304
test('with every option on: names are said, members wait with music for the chair, are told how many are there; the menu, who speaks, the recording, who is called', async () => {
	const r = rooms.full;
	const b = await dial(1002, r);
	await state(r, 1002, 'name');
	await b.rtp.hearsSound();
	b.rtp.tone(NAME); // says its name until it was heard
	await state(r, 1002, 'entry', 'waiting');
	b.rtp.tone(null);
	await state(r, 1002, 'waiting');
	await hears(b, HZ.music);
	const chair = await dial(1001, r);
	const named = hears(chair, NAME, { timeout: 30_000 });
	await state(r, 1001, 'name');
	await state(r, 1001, 'entry');
	await chair.rtp.hearsSound(); // how many are there
	await state(r, 1001, 'in');
	await state(r, 1002, 'in');
	await named; // "… has joined"
	assert.equal(member(r, 1001).admin, true);
	await events.until(() => live(r).recording, { what: 'recorded' });
	await silent(b); // the music is over
	chair.rtp.tone(tones[1001]);
	await hears(b, tones[1001]);
	await events.until(() => member(r, 1001).talking, { what: 'who speaks is shown' });
	chair.rtp.tone(null);
	await silent(chair);
	b.rtp.tone(NAME, { dbfs: -46 });
	await events.until(() => !member(r, 1002).talking, { what: 'who only breathes does not speak' });
	await silent(chair); // … and is not mixed in
	b.rtp.tone(null);
	await chair.rtp.dtmf('*');
	await state(r, 1001, 'menu');
	await chair.rtp.dtmf('2');
	await events.until(() => live(r).locked, { what: 'locked by a key' });
	await state(r, 1001, 'in');
	const { state: asked } = await tenant.api.post(`/conferences/${r.id}/invite`, { numbers: ['1003'] });
	assert.deepEqual(asked.invited.map((i) => i.number), ['1003']);
	const c = await phones[1003].nextCall();
	assert.equal(c.caller, '02155550001');
	calls.push(c);
	await c.answer();
	await state(r, 1003, 'in');
	await silent(chair);
	const left = hears(chair, NAME);
	await b.hangup();
	await left; // "… has left"
});

// covers: MED-V309
test('invited in one go: accounts by their telephones, typed numbers, also outside as the inviter may dial; who may not is told why', async () => {
	const r = rooms.full;
	const devices = (await tenant.api.get('/extensions?sort=number')).items;
	assert.deepEqual(devices.map((d) => [d.number, !!d.account_id]), [['1001', true], ['1002', false], ['1003', false]], 'what the page lists');
	const number = zj.freshNumber('0139');
	const { state: asked } = await tenant.api.post(`/conferences/${r.id}/invite`, { numbers: ['1001', '1002', number, '004412345678', '7x', '6201'] });
	assert.deepEqual(asked.invited.map((i) => i.number), ['1001', '1002', number]);
	assert.deepEqual(asked.refused, [{ number: '004412345678', because: 'the extension may not dial this far' }, { number: '7x', because: 'no such extension' }, { number: '6201', because: 'no such extension' }]);
	const [a, b] = await Promise.all([1001, 1002].map((n) => phones[n].nextCall()));
	calls.push(a, b);
	const invite = await carrier.invite(number);
	assert.match(header(invite, 'from'), /02155550001/, 'the caller number of invitations');
	await Promise.all([a.answer(), b.answer()]);
	await Promise.all([1001, 1002, number].map((n) => state(r, n, 'in')));
	a.rtp.tone(tones[1001]);
	await Promise.all([hears(b, FAR), hears(b, tones[1001]), carrier.rtp.hears(tones[1001], { timeout: 15_000, share: 0.6 })]);
	const { session } = live(r);
	const outside = member(r, number).id;
	await tenant.api.post(`/conferences/${r.id}/kick`, { member: outside });
	await events.until(() => !member(r, number), { what: 'the one outside is gone' });
	const { call, legs } = await zj.facts(tenant, `id = '${outside}'`);
	assert.deepEqual([call.direction, call.result, call.callee], ['out', 'answered', number]);
	assert.ok(legs[0].trunk_id);
	assert.equal(live(r).session, session);
	await tenant.api.patch(`/extensions/${devices[0].id}`, { allow_outbound: false });
	await tenant.settled();
	const barred = await tenant.api.post(`/conferences/${r.id}/invite`, { numbers: [zj.freshNumber('0139')] });
	assert.equal(barred.state.refused[0].because, 'the extension may not dial out');
});
