// One call through every real component: trunk, menu, queue, agent, talk, recording, facts.
// covers: ACD-Y14 IVR-Y12
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Instance } from '../tools/instance.mjs';
import { HZ, centre, micros } from '../tools/scenes.mjs';
import { rms, toneShare } from '../tools/audio.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

let zj;
let place;
let agent;
let call;
let agentCall;
let board;
let facts;

before(async () => {
	zj = await Instance.take();
	place = await centre(zj, 'call', { queue: { announce_position: true, announce_s: 1, record: true, wrapup_s: 1 } });
	agent = await place.tenant.agent('1001', [place.queue], { signIn: false, answering: 'never' });
	board = place.events;
}, { timeout: 150_000 });
after(() => zj?.release());

test('the carrier\'s call is answered by the menu', async () => {
	call = await zj.call(zj.freshNumber(), place.did, { tone: HZ.caller });
	await call.answered();
	const onBoard = await board.call(call.caller, 'ivr');
	assert.equal(onBoard.direction, 'in');
	assert.equal(onBoard.did, place.did);
	call.id = onBoard.id;
});

test('the recorded prompt and the synthesised one are heard', async () => {
	await call.rtp.hears(HZ.ding);
	await call.rtp.until((rtp) => {
		const pcm = rtp.audio({ ms: 300 });
		return pcm.length >= 2000 && rms(pcm) > 300 && toneShare(pcm, HZ.ding) < 0.2;
	}, { what: 'speech after the tone' });
});

test('key 1 (RFC 4733) leads to the queue, with its music', async () => {
	await call.rtp.dtmf('1');
	const onBoard = await board.call(call.caller, 'queue');
	assert.equal(onBoard.id, call.id, 'it is still the same call');
	const visit = await board.until(() => [...board.visits.values()].find((v) => v.call === call.id), { what: 'the visit' });
	assert.equal(visit.queue, place.queue.id);
	assert.equal(visit.position, 1);
	await call.rtp.hears(HZ.music);
});

test('the position is announced, and again, and music goes on after it', async () => {
	const spoken = () => call.rtp.until((rtp) => {
		const pcm = rtp.audio({ ms: 200 });
		return pcm.length >= 1400 && rms(pcm) > 300 && toneShare(pcm, HZ.music) < 0.2;
	}, { timeout: 8000, what: 'announcement' });
	await spoken();
	await call.rtp.hears(HZ.music, { timeout: 8000 });
	await spoken();
});

test('the agent signs in and is offered the call', async () => {
	await place.tenant.signIn(agent);
	agentCall = await agent.phone.nextCall({ timeout: 5000 });
	assert.equal(agentCall.caller, call.caller, 'the phone shows the caller');
	await board.agentState(agent, 'ringing');
	await agentCall.answer();
	const talk = await board.call(call.caller, 'talk');
	assert.equal(talk.agent, agent.id);
	await board.agentState(agent, 'talking');
	assert.equal([...board.visits.values()].filter((v) => v.call === call.id).length, 0);
});

test('both hear each other, and nothing else', async () => {
	agentCall.rtp.tone(HZ.agent);
	await Promise.all([call.rtp.hears(HZ.agent), agentCall.rtp.hears(HZ.caller)]);
	const before = { caller: call.rtp.heard.lost, agent: agentCall.rtp.heard.lost };
	const started = agentCall.rtp.heard.packets;
	await agentCall.rtp.until((rtp) => rtp.heard.packets >= started + 75, { what: 'another 1.5 s of talk' });
	assert.deepEqual({ caller: call.rtp.heard.lost, agent: agentCall.rtp.heard.lost }, before, 'no packet was lost');
	assert.ok(call.rtp.level(HZ.music) < 0.05, 'no music behind the agent');
	assert.ok(call.rtp.level(HZ.caller) < 0.05, 'the caller does not hear himself');
	assert.ok(agentCall.rtp.level(HZ.agent) < 0.05, 'the agent does not hear himself');
});

test('the caller hangs up; the agent does after-call work and is idle again by itself', async () => {
	await call.hangup();
	const ended = await agentCall.ended;
	assert.equal(ended.how, 'far');
	await board.agentState(agent, 'after_call');
	await board.agentState(agent, 'idle');
	const live = board.callFrom(call.caller);
	assert.equal(live.where, 'ended');
	assert.equal(live.result, 'answered');
});

test('the call\'s facts are complete', async () => {
	facts = await zj.facts(place.tenant, `id = '${call.id}'`);
	const f = facts.call;
	assert.equal(f.direction, 'in');
	assert.equal(f.kind, 'queue');
	assert.equal(f.caller, call.caller);
	assert.equal(f.did, place.did);
	assert.equal(f.result, 'answered');
	assert.equal(f.hangup_by, 'customer');
	assert.equal(f.first_queue, place.queue.id);
	assert.equal(f.last_agent, agent.id);
	assert.deepEqual(facts.legs.map((l) => l.role).sort(), ['agent', 'customer']);
	const agentLeg = facts.legs.find((l) => l.role === 'agent');
	assert.equal(agentLeg.agent_id, agent.id);
	assert.equal(agentLeg.extension, '1001');
	assert.ok(facts.legs.every((l) => l.codec && l.answered_at && l.sip_call_id));
	const [visit] = facts.visits;
	assert.equal(facts.visits.length, 1);
	assert.equal(visit.left_how, 'answered');
	assert.equal(visit.agent_id, agent.id);
	assert.equal(visit.position_in, 1);
	assert.equal(visit.agents_in, 0);
	assert.deepEqual(facts.offers.map((o) => [o.visit_id, o.agent_id, o.leg_id, o.outcome]), [[visit.id, agent.id, agentLeg.id, 'answered']]);
	const [ivr] = facts.ivr_visits;
	assert.equal(ivr.flow_id, place.flow.id);
	assert.equal(ivr.flow_version, 1);
	assert.ok(ivr.path.length >= 1, 'the way through the flow');
	assert.ok(ivr.path.some((step) => step.input === '1'), `the key that was pressed: ${JSON.stringify(ivr.path)}`);
	assert.equal(facts.recordings.length, 1);
	assert.equal(facts.recordings[0].channels, 2);
});

test('its times are consistent, and its segments cover the caller\'s leg without gap', () => {
	const customer = facts.legs.find((l) => l.role === 'customer');
	const agentLeg = facts.legs.find((l) => l.role === 'agent');
	const [visit] = facts.visits;
	const [offer] = facts.offers;
	const [ivr] = facts.ivr_visits;
	const story = [
		['call.started_at', facts.call.started_at], ['call.answered_at', facts.call.answered_at], ['ivr.left_at', ivr.left_at],
		['visit.entered_at', visit.entered_at], ['offer.offered_at', offer.offered_at], ['offer.ringing_at', offer.ringing_at],
		['agent.answered_at', agentLeg.answered_at], ['visit.left_at', visit.left_at], ['call.ended_at', facts.call.ended_at],
	];
	for (let i = 1; i < story.length; i++)
		assert.ok(micros(story[i][1]) >= micros(story[i - 1][1]) - 1000, `${story[i][0]} (${story[i][1]}) before ${story[i - 1][0]} (${story[i - 1][1]})`);
	const mine = facts.segments.filter((s) => s.legs.includes(customer.id)).sort((a, b) => micros(a.from_at) - micros(b.from_at));
	assert.deepEqual([...new Set(mine.map((s) => s.kind))].filter((k) => k !== 'ring'), ['ivr', 'queue', 'talk']);
	for (let i = 1; i < mine.length; i++)
		assert.equal(micros(mine[i].from_at), micros(mine[i - 1].to_at), `a gap between ${mine[i - 1].kind} and ${mine[i].kind}`);
	const talk = mine.find((s) => s.kind === 'talk');
	assert.ok(talk.legs.includes(agentLeg.id));
	assert.ok(micros(talk.to_at) - micros(talk.from_at) > 1.5e6);
	assert.ok(Math.abs(micros(mine.at(-1).to_at) - micros(customer.ended_at)) < 1000);
});

test('the agent\'s states cover the time since sign-in without gap', async () => {
	await place.tenant.signOut(agent);
	await board.agentState(agent, 'signed_out');
	const states = await (async () => {
		for (let i = 0; ; i++) {
			const rows = await zj.sql(`select * from agent_state where tenant_id = '${place.tenant.id}' and agent_id = '${agent.id}' order by from_at`);
			if (rows.at(-1)?.state === 'idle' && rows.length >= 4 || i > 60)
				return rows;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	})();
	const signedIn = states.filter((s) => s.state !== 'signed_out' && micros(s.from_at) !== micros(s.to_at));
	assert.deepEqual(signedIn.map((s) => s.state).filter((s) => s !== 'reserved'), ['idle', 'ringing', 'talking', 'after_call', 'idle'].filter((s, i) => i > 0 || signedIn[0].state === 'idle'));
	for (let i = 1; i < signedIn.length; i++)
		assert.equal(micros(signedIn[i].from_at), micros(signedIn[i - 1].to_at), `${signedIn[i - 1].state} → ${signedIn[i].state}`);
	for (const s of signedIn.filter((x) => ['ringing', 'talking', 'after_call'].includes(x.state)))
		assert.equal(s.call_id, call.id, `${s.state} points to the call`);
});

test('the API tells the whole story', async () => {
	const row = await place.tenant.api.get(`/calls/${call.id}`);
	assert.equal(row.result, 'answered');
	assert.equal(row.legs.length, 2);
	assert.equal(row.segments.length, facts.segments.length);
	assert.equal(row.visits.length, 1);
	assert.equal(row.offers.length, 1);
	assert.equal(row.ivr_visits.length, 1);
	assert.equal(row.recordings.length, 1);
	const list = await place.tenant.api.get(`/calls?filter[caller]=${call.caller}`);
	assert.deepEqual(list.items.map((c) => c.id), [call.id]);
});

test('the recording is stereo: caller left, agent right; it can be had whole and in ranges', async () => {
	const [recording] = facts.recordings;
	const path = `/recordings/${recording.id}/audio`;
	const whole = await place.tenant.api.fetch('GET', path);
	assert.equal(whole.status, 200);
	assert.match(whole.headers.get('content-type'), /^audio\/(x-)?wav/);
	const bytes = Buffer.from(await whole.arrayBuffer());
	assert.equal(bytes.length, Number(recording.bytes));
	assert.equal(createHash('sha256').update(bytes).digest('hex'), recording.sha256);
	const wav = readWav(bytes);
	assert.equal(wav.channels, 2);
	assert.ok(wav.ms > 1500, `${wav.ms} ms`);
	assert.ok(Math.abs(wav.ms - (micros(recording.to_at) - micros(recording.from_at)) / 1000) < 300, 'its length is what its times say');
	assert.ok(toneIn(wav, 0, HZ.caller).ms >= 1000, `caller on the left: ${JSON.stringify(toneIn(wav, 0, HZ.caller))}`);
	assert.ok(toneIn(wav, 1, HZ.agent).ms >= 1000, `agent on the right: ${JSON.stringify(toneIn(wav, 1, HZ.agent))}`);
	assert.ok(toneIn(wav, 0, HZ.agent).best < 0.05 && toneIn(wav, 1, HZ.caller).best < 0.05, 'neither on the other side');

	const part = await place.tenant.api.fetch('GET', path, { headers: { Range: 'bytes=100-299' } });
	assert.equal(part.status, 206);
	assert.equal(part.headers.get('content-range'), `bytes 100-299/${bytes.length}`);
	assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(100, 300));
	const tail = await place.tenant.api.fetch('GET', path, { headers: { Range: 'bytes=-50' } });
	assert.deepEqual(Buffer.from(await tail.arrayBuffer()), bytes.subarray(-50));
	const beyond = await place.tenant.api.fetch('GET', path, { headers: { Range: `bytes=${bytes.length}-` } });
	assert.equal(beyond.status, 416);
	await beyond.arrayBuffer();
});
