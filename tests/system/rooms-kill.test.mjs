// acd dies in the middle of a conference and of a message: who talks goes on talking, the message is kept.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

let zj;
let tenant;
let events;
let room;
let box;
const tones = { 1001: 500, 1002: 800, 1003: 1250 };
const phones = {};

before(async () => {
	zj = await Instance.take({ exclusive: true });
	tenant = await zj.tenant('rooms-kill');
	events = await tenant.events();
	for (const number of Object.keys(tones))
		phones[number] = await tenant.phone(await tenant.extension(number), { answering: 'manual' });
	room = await tenant.api.post('/rooms', { number: '6001', name: 'Kill', quiet: true, record: true, pin: '1234' });
	box = await tenant.api.post('/voicemail-boxes', { number: '7001', name: 'Kill', silence_s: 0 });
	await new Promise((resolve) => setTimeout(resolve, 500));
}, { timeout: 150_000 });
after(() => zj?.release());

const live = () => [...events.conferences.values()].find((c) => c.id === room.id && c.members);
const inside = (n) => events.until(() => live()?.members.filter((m) => m.state === 'in').length === n && live(), { timeout: 15_000, what: `${n} in the conference` });
const hears = (call, ...hz) => call.rtp.until((rtp) => hz.every((f) => rtp.level(f, 400) > 0.8 / (hz.length + 1)), { timeout: 8000, what: `tones ${hz}` });
async function into(number) {
	const call = await phones[number].call('6001', { tone: tones[number] });
	await call.answered;
	await call.rtp.dtmf('1234#');
	return call;
}

test('acd is killed while three talk: nobody\'s packets stop, and the conference goes on with all its rules', async () => {
	const calls = [];
	for (const number of [1001, 1002, 1003])
		calls.push(await into(number));
	const before = await inside(3);
	await Promise.all([hears(calls[0], 800, 1250), hears(calls[1], 500, 1250), hears(calls[2], 500, 800)]);
	calls.forEach((call) => { call.rtp.heard.maxGapMs = 0; });
	const dead = await zj.kill('acd');
	await new Promise((resolve) => setTimeout(resolve, 800));
	await Promise.all([hears(calls[0], 800, 1250), hears(calls[1], 500, 1250), hears(calls[2], 500, 800)]);
	await zj.back('acd', dead);
	const conference = await poll(async () => (await tenant.api.get('/conferences').catch(() => ({ items: [] }))).items.find((c) => c.members.filter((m) => m.state === 'in').length === 3), { timeout: 10_000, what: 'the conference on the new board' });
	assert.equal(conference.session, before.session, 'it is the same');
	assert.equal(conference.recording, true);
	for (const call of calls)
		assert.ok(call.rtp.heard.maxGapMs < 1500, `a gap of ${call.rtp.heard.maxGapMs} ms`);
	await Promise.all([hears(calls[0], 800, 1250), hears(calls[1], 500, 1250), hears(calls[2], 500, 800)]);
	const third = conference.members.find((m) => m.number === '1003');
	await tenant.api.post(`/conferences/${room.id}/mute`, { member: third.id, on: true });
	await calls[0].rtp.until((rtp) => rtp.level(1250, 400) < 0.04, { timeout: 8000, what: 'muted after the restart' });
	await Promise.all(calls.map((call) => call.hangup()));
	const [row] = await poll(async () => {
		const rows = await zj.sql(`select * from conference where tenant_id = '${tenant.id}' and id = '${before.session}'`);
		return rows.length && rows;
	}, { timeout: 10_000, what: 'its fact' });
	assert.deepEqual([row.members, row.peak, row.ended_how], [3, 3, 'last_left']);
	const recordings = await poll(async () => {
		const rows = await zj.sql(`select * from recording where tenant_id = '${tenant.id}' and path like '%${before.session}%'`);
		return rows.length && rows;
	}, { timeout: 10_000, what: 'one recording of it all' });
	assert.equal(recordings.length, 1);
});

test('acd is killed while a message is spoken, and again while it is asked about: it is kept, once', async () => {
	const call = await phones[1001].call('7001');
	await call.answered;
	await call.rtp.until((r) => r.level(1000, 100) > 0.6, { timeout: 20_000, what: 'the beep' });
	await call.rtp.until((r) => r.level(1000, 60) < 0.2, { timeout: 3000, what: 'the end of the beep' });
	call.rtp.tone(690);
	await new Promise((resolve) => setTimeout(resolve, 1000));
	let dead = await zj.kill('acd');
	await new Promise((resolve) => setTimeout(resolve, 500));
	await zj.back('acd', dead);
	await new Promise((resolve) => setTimeout(resolve, 700));
	await call.rtp.dtmf('#');
	call.rtp.tone(null);
	await call.rtp.hearsSound({ timeout: 10_000 });
	dead = await zj.kill('acd');
	await call.hangup();
	await zj.back('acd', dead);
	const rows = await poll(async () => {
		const { items } = await tenant.api.get(`/voicemails?filter[box_id]=${box.id}`);
		return items.length && items;
	}, { timeout: 15_000, what: 'the message' });
	assert.equal(rows.length, 1);
	const wav = readWav(Buffer.from(await (await tenant.api.fetch('GET', `/voicemails/${rows[0].id}/audio`)).arrayBuffer()));
	assert.ok(toneIn(wav, 0, 690).ms >= 1600, JSON.stringify(toneIn(wav, 0, 690)));
});
