// What a carrier says before anybody answers (183 with SDP: ring-back, an announcement) is heard by who calls out; he is not heard.
// covers: MED-V002
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { Carrier } from '../../kamailio-mods/test/carrier.mjs';
import { Rtp, sdpAudio } from '../tools/rtp.mjs';
import { HZ } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

const EARLY = 620, FAR = 1270;
let zj, tenant, carrier, rtp, agent, board;
let answer = { code: 200, after: 2000 };

before(async () => {
	zj = await Instance.take();
	rtp = zj.later(await Rtp.open());
	carrier = zj.later(await Carrier.open('127.0.0.34', 5060, (message) => {
		const media = sdpAudio(message.body);
		rtp.tone(EARLY);
		rtp.start({ host: media.host, port: media.port });
		return { ring: 183, media: rtp.sdp(), ...answer };
	}));
	tenant = await zj.tenant('early');
	const trunk = await tenant.api.post('/trunks', { name: 'early', host: '127.0.0.34', probe_s: 0 });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id });
	const queue = await tenant.queue('4001');
	agent = await tenant.agent('1001', [queue], { answering: 'never' });
	board = await tenant.events();
	await poll(async () => { // the edge and acd know the trunk within 200 ms
		const call = await agent.phone.call('13900000000');
		const end = await Promise.race([call.ringing.then(() => null), call.ended]);
		await call.hangup();
		return !end;
	}, { timeout: 8000, every: 100, what: 'the trunk' });
}, { timeout: 150_000 });
after(() => zj?.release());

test('a phone hears the carrier before the answer, is heard after it; the facts know both moments', async () => {
	const number = zj.freshNumber('139');
	const call = await agent.phone.call(number, { tone: HZ.agent });
	await call.rtp.hears(EARLY);
	assert.equal(call.state, 'calling', 'not answered');
	assert.equal(await rtp.hears(HZ.agent, { timeout: 500 }).then(() => true, () => false), false, 'nobody talks without an answer');
	rtp.tone(FAR);
	await call.answered;
	await Promise.all([call.rtp.hears(FAR), rtp.hears(HZ.agent)]);
	await call.hangup();
	const f = await zj.facts(tenant, `callee = '${number}'`);
	const leg = f.legs.find((l) => l.role === 'customer');
	assert.ok(leg.early_media_at && leg.early_media_at < leg.answered_at, JSON.stringify(leg));
	assert.deepEqual(f.segments.filter((s) => s.kind === 'talk').length, 1);
});

test('an announcement before a refusal is heard to its end, then the carrier\'s code', async () => {
	answer = { code: 404, after: 1500 };
	const number = zj.freshNumber('139');
	const call = await agent.phone.call(number);
	await call.rtp.hears(EARLY);
	assert.equal((await call.ended).code, 404);
	const f = await zj.facts(tenant, `callee = '${number}'`);
	assert.deepEqual([f.call.result, f.call.answered_at], ['unreachable', null]);
});

test('an agent who clicked hears the carrier, not our ring-back', async () => {
	answer = { code: 200, after: 2000 };
	await board.agentState(agent, 'idle');
	const number = zj.freshNumber('139');
	agent.phone.queue.length = 0;
	await tenant.api.post('/calls', { to: number, agent_id: agent.id });
	const call = await agent.phone.nextCall();
	await call.answer();
	await call.rtp.hears(EARLY);
	rtp.tone(FAR);
	call.rtp.tone(HZ.agent);
	await Promise.all([call.rtp.hears(FAR), rtp.hears(HZ.agent)]);
	await call.hangup();
});

test('where the team records all of a call, what is heard before the answer is in the file; else it is not', async () => {
	answer = { code: 200, after: 2500 };
	const sound = async (record_scope) => {
		await zj.carrier.patch(`/tenants/${tenant.id}`, { force_record: true, record_scope });
		await new Promise((resolve) => setTimeout(resolve, 300));
		rtp.tone(EARLY);
		const number = zj.freshNumber('139');
		const call = await agent.phone.call(number, { tone: HZ.agent });
		await call.rtp.hears(EARLY);
		await call.answered;
		rtp.tone(FAR);
		await call.rtp.hears(FAR);
		await new Promise((resolve) => setTimeout(resolve, 1000));
		await call.hangup();
		const f = await zj.facts(tenant, `callee = '${number}'`);
		const [r] = await poll(async () => {
			const { items } = await tenant.api.get(`/recordings?filter[call_id]=${f.call.id}`);
			return items.length && items;
		}, { timeout: 15_000, what: 'its recording' });
		return readWav(Buffer.from(await (await tenant.api.fetch('GET', `/recordings/${r.id}/audio`)).arrayBuffer()));
	};
	const all = await sound('all'), answered = await sound('answered');
	const heard = (wav, hz) => Math.max(...wav.pcm.map((_, c) => toneIn(wav, c, hz).ms));
	assert.ok(heard(all, EARLY) >= 800, `${heard(all, EARLY)} ms of what came before the answer`);
	assert.equal(heard(answered, EARLY), 0);
	for (const wav of [all, answered])
		assert.ok(heard(wav, FAR) >= 400);
});
