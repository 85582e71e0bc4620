// Which talks are recorded, and what agents and supervisors may do about the recording of a call: heard in the files.
// covers: MED-V001
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Api } from '../tools/api.mjs';
import { Instance } from '../tools/instance.mjs';
import { HZ, centre, talking } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

const AUTO = { after: 50 };
let zj;
let place;
let agent;
let api;
let own; // as the agent itself
const phones = {};

before(async () => {
	zj = await Instance.take();
	place = await centre(zj, 'recording', { queue: { record: true } });
	({ api } = place.tenant);
	agent = await place.tenant.agent('1001', [place.queue], { answering: AUTO });
	const account = await api.post('/accounts', { type: 'user', username: 'ann', name: 'Ann', password: 'Agent-0815-pass' });
	await api.patch(`/agents/${agent.id}`, { account_id: account.id });
	own = await Api.login(zj.url, { tenant: place.tenant.name, username: 'ann', password: 'Agent-0815-pass' });
	for (const number of ['1002', '1003']) {
		const extension = await place.tenant.extension(number);
		phones[number] = Object.assign(await place.tenant.phone(extension, { answering: AUTO }), { extension });
	}
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(() => zj.hangupAll());

const record = (who, id, what) => who.fetch('POST', `/calls/${id}/record`, { body: { do: what } });

async function refused(who, id, what, because) {
	const answer = await record(who, id, what);
	assert.equal(answer.status, 409, what);
	assert.match(JSON.stringify(await answer.json()), because);
}

async function done(who, id, what) {
	const answer = await record(who, id, what);
	assert.equal(answer.status, 200, `${what}: ${await answer.text()}`);
}

/** The call's recordings, each with its sound, when the call is over. */
async function recordings(id, n) {
	const list = await poll(async () => {
		const { items } = await api.get(`/recordings?filter[call_id]=${id}&sort=id`);
		return items.length === n && items;
	}, { timeout: 15_000, what: `${n} recordings` });
	return Promise.all(list.map(async (r) => ({ ...(await api.get(`/recordings/${r.id}`)), wav: readWav(Buffer.from(await (await api.fetch('GET', `/recordings/${r.id}/audio`)).arrayBuffer())) })));
}

const part = (wav, from, to) => ({ ...wav, pcm: wav.pcm.map((c) => c.subarray(Math.round(from * 8), Math.round(to * 8))) });
const peak = (wav) => Math.max(0, ...wav.pcm.flatMap((c) => [...c].map(Math.abs)));

test('an agent pauses the recording of its call: the file is silent there, and the record says when', async () => {
	const { call, agentCall } = await talking(zj, place, agent);
	await pause(1200);
	await refused(own, call.id, 'start', /recording already/);
	await refused(own, call.id, 'resume', /not paused/);
	await done(own, call.id, 'pause');
	await place.events.until(() => place.events.calls.get(call.id)?.recording === 'paused', { what: 'paused on the board' });
	await refused(own, call.id, 'pause', /paused already/);
	await agentCall.rtp.hears(HZ.caller);
	await pause(1500);
	await done(own, call.id, 'resume');
	await place.events.until(() => place.events.calls.get(call.id)?.recording === 'on', { what: 'on again' });
	await pause(1200);
	await refused(own, call.id, 'stop', /recorded by rule/);
	await refused(own, call.id, 'dance', /start, stop, pause or resume/);
	await call.hangup();
	const [r] = await recordings(call.id, 1);
	assert.equal(r.pauses.length, 1);
	const [[from, to]] = r.pauses;
	assert.ok(to - from >= 1400, JSON.stringify(r.pauses));
	assert.equal(peak(part(r.wav, from + 80, to - 80)), 0);
	for (const [channel, hz] of [[0, HZ.caller], [1, HZ.agent]]) {
		assert.ok(toneIn(part(r.wav, 0, from), channel, hz).ms >= 600);
		assert.ok(toneIn(part(r.wav, to, r.wav.ms), channel, hz).ms >= 600);
	}
});

test('a pause that nobody ends is ended after the team\'s longest time', async () => {
	await api.patch(`/tenants/${place.tenant.id}`, { record_pause_max_s: 1 });
	await place.tenant.settled();
	const { call } = await talking(zj, place, agent);
	await pause(800);
	await done(own, call.id, 'pause');
	await place.events.until(() => place.events.calls.get(call.id)?.recording === 'on', { timeout: 6000, what: 'on by itself' });
	await pause(800);
	await call.hangup();
	await api.patch(`/tenants/${place.tenant.id}`, { record_pause_max_s: 300 });
	const [r] = await recordings(call.id, 1);
	assert.ok(Math.abs(r.pauses[0][1] - r.pauses[0][0] - 1000) < 500, JSON.stringify(r.pauses));
	assert.ok(toneIn(part(r.wav, r.pauses[0][1], r.wav.ms), 0, HZ.caller).ms >= 300);
});

test('what agents may is the team\'s to say; a supervisor may all of it; another team nothing', async () => {
	const settings = (agent_recording) => api.patch(`/tenants/${place.tenant.id}`, { agent_recording }).then(() => place.tenant.settled());
	await settings('none');
	const { call } = await talking(zj, place, agent);
	await pause(800);
	await refused(own, call.id, 'pause', /may not control/);
	const stranger = await zj.tenant('stranger');
	await refused(stranger.api, call.id, 'stop', /no such call/);
	await done(api, call.id, 'stop');
	await refused(api, call.id, 'pause', /not recording/);
	await settings('free');
	await poll(async () => (await record(own, call.id, 'start')).status === 200, { what: 'on demand' });
	await pause(900);
	await done(own, call.id, 'stop');
	await call.hangup();
	const [first, second] = await recordings(call.id, 2);
	assert.ok(second.from_at > first.to_at, 'one after the other');
	assert.ok(toneIn(second.wav, 0, HZ.caller).ms >= 400 && second.wav.ms < 3000);
	await settings('pause');
});

/** A call between two extensions of a second's talk: how many recordings it has. */
async function talks(from, to) {
	const call = await phones[from].call(to, { tone: HZ.caller });
	const peer = await phones[to].nextCall();
	await peer.answered;
	await call.answered;
	peer.rtp.tone(HZ.agent);
	await pause(1200);
	const { id } = await place.events.until(() => place.events.callFrom(from), { what: 'the call' });
	await call.hangup();
	await poll(async () => (await api.fetch('GET', `/calls/${id}`)).status === 200 && !(await api.get(`/calls/${id}`)).live, { what: 'its record' });
	await pause(1500);
	return (await api.get(`/recordings?filter[call_id]=${id}`)).items.length;
}

test('extensions are not recorded, but by their own wish, their account\'s or the team\'s rule', async () => {
	const account = await api.post('/accounts', { type: 'user', username: 'bob', name: 'Bob', password: 'Agent-0816-pass' });
	await api.patch(`/extensions/${phones[1003].extension.id}`, { account_id: account.id });
	assert.equal(await talks('1002', '1003'), 0);
	await api.patch(`/accounts/${account.id}`, { force_record: true });
	await place.tenant.settled();
	assert.equal(await talks('1002', '1003'), 1, 'a call to it, by its account');
	assert.equal(await talks('1003', '1002'), 1, 'a call of it, by its account');
	await api.patch(`/accounts/${account.id}`, { force_record: false });
	await api.patch(`/extensions/${phones[1002].extension.id}`, { recording: true });
	await place.tenant.settled();
	assert.equal(await talks('1002', '1003'), 1, 'by the extension');
	await api.patch(`/extensions/${phones[1002].extension.id}`, { recording: false });
	await zj.carrier.patch(`/tenants/${place.tenant.id}`, { force_record: true });
	await place.tenant.settled();
	assert.equal(await talks('1002', '1003'), 1, 'by the team');
	await zj.carrier.patch(`/tenants/${place.tenant.id}`, { force_record: false });
});
