// A trunk's recording gains: the sound of the leg on it and of the leg inside, louder and softer in the file by what the trunk says, and nowhere else.
// covers: PBX-V011 MED-V003
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { Instance } from '../tools/instance.mjs';
import { HZ, intoQueue } from '../tools/scenes.mjs';
import { rms } from '../tools/audio.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

const FAR = 1270;
const HERE = '127.0.0.56';
let zj, api, tenant, carrier, trunk, agent, board, queueDid;

before(async () => {
	zj = await Instance.take();
	carrier = zj.later(await AnsweringCarrier.open({ host: HERE, tone: FAR }));
	tenant = await zj.tenant('gain');
	({ api } = tenant);
	trunk = await api.post('/trunks', { name: 'out', host: HERE, match_port: false, probe_s: 0 });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id, force_record: true });
	const queue = await tenant.queue('4001');
	agent = await tenant.agent('1001', [queue], { answering: 'never' });
	queueDid = await tenant.did('queue', queue);
	board = await tenant.events();
}, { timeout: 150_000 });
after(() => zj?.release());

/** The loudest 200 ms of the channel with nothing but this tone. */
function level(wav, hz) {
	const channel = [0, 1].find((c) => toneIn(wav, c, hz).ms >= 600);
	assert.notEqual(channel, undefined, `${hz} Hz in a channel`);
	const pcm = wav.pcm[channel];
	return Math.max(...Array.from({ length: Math.floor(pcm.length / 1600) }, (_, i) => rms(pcm.subarray(i * 1600, (i + 1) * 1600))));
}

async function recordingOf(where) {
	const f = await zj.facts(tenant, where);
	const r = await poll(async () => (await api.get(`/recordings?filter[call_id]=${f.call.id}`)).items.find((x) => x.state === 'ready'), { timeout: 20_000, what: 'a finished recording' });
	assert.equal(f.call.trunk_id, trunk.id, 'over the trunk');
	return readWav(Buffer.from(await (await api.fetch('GET', `/recordings/${r.id}/audio`)).arrayBuffer()));
}

/** The agent calls outside. What the agent hears meanwhile comes along. */
async function dialled() {
	const number = zj.freshNumber('139');
	const call = await poll(async () => {
		const c = await agent.phone.call(number, { tone: HZ.agent });
		return (await Promise.race([c.answered.then(() => true), c.ended.then(() => false)])) && c;
	}, { timeout: 10_000, every: 200, what: 'a call outside' });
	await Promise.all([call.rtp.hears(FAR), carrier.rtp.hears(HZ.agent)]);
	await pause(1500);
	const heard = rms(call.rtp.audio({ ms: 300 }));
	await call.hangup();
	const wav = await recordingOf(`callee = '${number}'`);
	return { inside: level(wav, HZ.agent), outside: level(wav, FAR), heard };
}

const decibels = (a, b) => 20 * Math.log10(a / b);
const near = (db, wanted, what) => assert.ok(Math.abs(db - wanted) < 0.7, `${what}: ${db.toFixed(2)} dB, wanted ${wanted}`);

test('a call outside: the agent\'s channel by the internal gain, the far end\'s by the external one; ears notice nothing', async () => {
	const plain = await dialled();
	await api.patch(`/trunks/${trunk.id}`, { gain_in: 5, gain_out: -12 });
	await pause(400);
	const changed = await dialled();
	near(decibels(changed.inside, plain.inside), 5, 'inside');
	near(decibels(changed.outside, plain.outside), -12, 'outside');
	near(decibels(changed.heard, plain.heard), 0, 'what the agent hears');
});

test('a call from outside: the caller lies on the trunk, the agent does not', async () => {
	const came = async () => {
		await board.agentState(agent, 'idle', { timeout: 30_000 });
		const call = await intoQueue(zj, { queueDid, events: board }, { tone: HZ.caller, host: HERE });
		const agentCall = await agent.phone.nextCall();
		await agentCall.answer();
		agentCall.rtp.tone(HZ.agent);
		await Promise.all([agentCall.rtp.hears(HZ.caller), call.rtp.hears(HZ.agent)]);
		await pause(1500);
		await call.hangup();
		const wav = await recordingOf(`id = '${call.id}'`);
		return { outside: level(wav, HZ.caller), inside: level(wav, HZ.agent) };
	};
	await api.patch(`/trunks/${trunk.id}`, { gain_in: 0, gain_out: 0 });
	await pause(400);
	const plain = await came();
	await api.patch(`/trunks/${trunk.id}`, { gain_in: -9, gain_out: 4 });
	await pause(400);
	const changed = await came();
	near(decibels(changed.outside, plain.outside), 4, 'outside');
	near(decibels(changed.inside, plain.inside), -9, 'inside');
});
