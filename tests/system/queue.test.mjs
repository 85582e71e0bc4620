// What a queue does with callers and agents, each rule with real phones.
// covers: ACD-K05 ACD-V024 ACD-V026 ACD-V042 AGT-Y09 AGT-Y18 AGT-Y19
import { after, afterEach, before, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { Instance } from '../tools/instance.mjs';
import { rms } from '../tools/audio.mjs';
import { HZ, centre, intoQueue, micros, talking } from '../tools/scenes.mjs';

let zj;
let place;
let agents;
const AUTO = { after: 50 };

before(async () => {
	zj = await Instance.take();
	place = await centre(zj, 'queue', { queue: { ring_timeout_s: 2, wrapup_s: 1, retry_delay_s: 1 } });
	agents = [];
	for (const number of ['1001', '1002', '1003'])
		agents.push(await place.tenant.agent(number, [place.queue], { signIn: false, answering: AUTO }));
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(() => zj.hangupAll());

beforeEach(async () => {
	for (const agent of agents) {
		if (place.events.agents.get(agent.id) && place.events.agents.get(agent.id).state !== 'signed_out')
			await signOut(agent);
		agent.phone.answering = AUTO;
		agent.phone.queue.length = 0;
	}
});

async function signIn(...list) {
	for (const agent of list) {
		await place.tenant.signIn(agent);
		await place.events.until(() => !['signed_out', undefined].includes(place.events.agents.get(agent.id)?.state), { what: `${agent.number} signed in` });
	}
}

async function signOut(agent) {
	await place.events.until(() => ['idle', 'busy', 'signed_out', 'after_call'].includes(place.events.agents.get(agent.id)?.state), { what: `${agent.number} free` });
	await place.tenant.signOut(agent);
	await place.events.agentState(agent, 'signed_out');
}

/** Music of the house: sound that is not the agent. */
const hearsMusic = (call) => call.rtp.until((rtp) => rtp.level(HZ.agent) < 0.1 && rms(rtp.audio({ ms: 300 })) > 200, { what: 'music on hold' });

const factsOf = (call) => zj.facts(place.tenant, `id = '${call.id}'`);

test('an agent who does not answer: the next one is offered, the music goes on meanwhile', async () => {
	const [first, second] = agents;
	first.phone.answering = 'never';
	await signIn(first, second);
	const call = await intoQueue(zj, place);
	const missed = await first.phone.nextCall();
	await call.rtp.hears(HZ.music);
	assert.equal((await missed.ended).how, 'cancelled');
	const taken = await second.phone.nextCall({ timeout: 3000 });
	await taken.answered;
	taken.rtp.tone(HZ.agent2);
	await call.rtp.hears(HZ.agent2);
	await call.hangup();
	const { offers } = await factsOf(call);
	assert.deepEqual(offers.map((o) => [o.agent_id, o.outcome]), [[first.id, 'no_answer'], [second.id, 'answered']]);
	const rang = (micros(offers[0].ended_at) - micros(offers[0].offered_at)) / 1e6;
	assert.ok(rang > 1.8 && rang < 3.5, `rang ${rang} s, the queue says 2`);
});

test('an agent who rejects: the next one is offered at once, he himself only after the retry delay', async () => {
	const [first, second] = agents;
	first.phone.answering = { reject: 486 };
	await signIn(first, second);
	const call = await intoQueue(zj, place);
	await first.phone.nextCall();
	const rejected = performance.now();
	await (await second.phone.nextCall({ timeout: 3000 })).answered;
	assert.ok(performance.now() - rejected < 1000);
	await call.hangup();
	const { offers } = await factsOf(call);
	assert.equal(offers.length, 2);
	assert.ok(['busy', 'rejected'].includes(offers[0].outcome), offers[0].outcome);

	await signOut(second);
	first.phone.answering = { reject: 486 };
	const again = await intoQueue(zj, place);
	const one = await first.phone.nextCall({ timeout: 3000 });
	const two = await first.phone.nextCall({ timeout: 5000 });
	const pause = two.at.began - one.at.began;
	assert.ok(pause > 900 && pause < 3000, `offered again after ${Math.round(pause)} ms; retry_delay_s is 1`);
	await again.hangup();
});

test('a phone that is gone is no answer for long: the call goes to the next agent', async () => {
	const [, second] = agents;
	const gone = await place.tenant.agent('1009', [place.queue], { signIn: false });
	await signIn(gone);
	gone.phone.vanish();
	await signIn(second);
	const call = await intoQueue(zj, place);
	await (await second.phone.nextCall({ timeout: 8000 })).answered;
	await call.hangup();
	const { offers } = await factsOf(call);
	assert.ok(['no_answer', 'unreachable'].includes(offers[0].outcome), offers[0].outcome);
	await signOut(gone);
});

test('a caller who hangs up while waiting is abandoned', async () => {
	const call = await intoQueue(zj, place);
	await call.rtp.hears(HZ.music);
	await call.hangup();
	const { call: fact, visits: [visit], offers } = await factsOf(call);
	assert.equal(fact.result, 'abandoned_queue');
	assert.equal(fact.hangup_by, 'customer');
	assert.equal(visit.left_how, 'abandoned');
	assert.equal(offers.length, 0);
});

test('a caller who hangs up while the agent\'s phone rings: it stops ringing, the agent is idle again', async () => {
	const [first] = agents;
	first.phone.answering = 'never';
	await signIn(first);
	const call = await intoQueue(zj, place);
	const ringing = await first.phone.nextCall();
	await ringing.ringing;
	await place.events.agentState(first, 'ringing');
	await call.hangup();
	assert.equal((await ringing.ended).how, 'cancelled');
	await place.events.agentState(first, 'idle');
	const { offers: [offer], visits: [visit] } = await factsOf(call);
	assert.equal(offer.outcome, 'cancelled');
	assert.equal(visit.left_how, 'abandoned');
});

test('the agent who is idle longest is offered first', async () => {
	const [a, b, c] = agents;
	await signIn(b, c, a);
	const order = [];
	const calls = [];
	for (let i = 0; i < 3; i++) {
		calls.push(await intoQueue(zj, place));
		order.push((await place.events.call(calls[i].caller, 'talk')).agent);
	}
	assert.deepEqual(order, [b.id, c.id, a.id]);
	// c is free first, then b: c has been idle longer when the next one comes
	await calls[1].hangup();
	await place.events.agentState(c, 'idle');
	await calls[0].hangup();
	await place.events.agentState(b, 'idle');
	const next = await intoQueue(zj, place);
	assert.equal((await place.events.call(next.caller, 'talk')).agent, c.id);
	await Promise.all([next.hangup(), calls[2].hangup()]);
});

test('callers are served in the order in which they came', async () => {
	const [agent] = agents;
	const calls = [];
	for (let i = 0; i < 3; i++)
		calls.push(await intoQueue(zj, place));
	const position = (call) => [...place.events.visits.values()].find((v) => v.call === call.id)?.position;
	await place.events.until(() => calls.every((call, i) => position(call) === i + 1), { what: 'positions 1, 2, 3' });
	await signIn(agent);
	for (const call of calls) {
		await place.events.call(call.caller, 'talk');
		await call.hangup();
	}
	const facts = await Promise.all(calls.map(factsOf));
	assert.deepEqual(facts.map((f) => f.visits[0].left_how), ['answered', 'answered', 'answered']);
	assert.deepEqual(facts.map((f) => f.visits[0].position_in), [1, 2, 3]);
});

test('after-call work ends by itself, and nobody is offered during it', async () => {
	const [agent] = agents;
	await signIn(agent);
	const { call, agentCall } = await talking(zj, place, agent);
	const next = await intoQueue(zj, place);
	await call.hangup();
	const freed = performance.now();
	await place.events.agentState(agent, 'after_call');
	await agentCall.ended;
	await (await agent.phone.nextCall()).answered;
	const waited = performance.now() - freed;
	assert.ok(waited > 900 && waited < 2500, `offered ${Math.round(waited)} ms after the hang-up; wrapup_s is 1`);
	await next.hangup();
});

test('an agent who is busy with a reason is not offered; idle again, he is', async () => {
	const [agent] = agents;
	await place.tenant.api.post('/busy-reasons', { name: 'lunch' });
	await signIn(agent);
	await place.tenant.setState(agent, 'busy', 'lunch');
	const busy = await place.events.agentState(agent, 'busy');
	assert.equal(busy.reason, 'lunch');
	const call = await intoQueue(zj, place);
	await call.rtp.hears(HZ.music);
	assert.equal(agent.phone.queue.length, 0);
	await place.tenant.setState(agent, 'idle');
	await (await agent.phone.nextCall({ timeout: 3000 })).answered;
	await call.hangup();
});

test('the agent hangs up: the caller\'s call ends, and it says who did it', async () => {
	const [agent] = agents;
	await signIn(agent);
	const { call, agentCall } = await talking(zj, place, agent);
	await agentCall.hangup();
	assert.equal((await call.ended).by, 'far');
	const { call: fact } = await factsOf(call);
	assert.equal(fact.hangup_by, 'agent');
	assert.equal(fact.result, 'answered');
});

test('hold: the caller hears music, then the agent again', async () => {
	const [agent] = agents;
	await signIn(agent);
	const { call, agentCall } = await talking(zj, place, agent);
	await call.rtp.hears(HZ.agent);
	await agentCall.hold(true);
	await hearsMusic(call);
	await agentCall.hold(false);
	await call.rtp.hears(HZ.agent);
	await agentCall.rtp.hears(HZ.caller);
	await call.hangup();
	const { segments, legs } = await factsOf(call);
	const customer = legs.find((l) => l.role === 'customer').id;
	const kinds = segments.filter((s) => ['talk', 'hold'].includes(s.kind) && s.legs.includes(customer)).sort((x, y) => micros(x.from_at) - micros(y.from_at)).map((s) => s.kind);
	assert.deepEqual(kinds, ['talk', 'hold', 'talk']);
});

test('a command of the API hangs up, holds and transfers', async () => {
	const [agent] = agents;
	await signIn(agent);
	const { call, agentCall } = await talking(zj, place, agent);
	await place.tenant.api.post(`/calls/${call.id}/hold`, { on: true });
	await hearsMusic(call);
	await place.tenant.api.post(`/calls/${call.id}/hold`, { on: false });
	await call.rtp.hears(HZ.agent);
	const other = await place.tenant.queue(`43${Math.floor(Math.random() * 1e6)}`, { music_id: place.queue.music_id, announce_position: false });
	await place.events.until((e) => e.queues.has(other.id), { what: 'the new queue on the board' });
	await place.tenant.api.post(`/calls/${call.id}/transfer`, { to: `queue:${other.number}` });
	await place.events.call(call.caller, 'queue');
	assert.equal((await agentCall.ended).how, 'far');
	await call.rtp.hears(HZ.music);
	await place.tenant.api.post(`/calls/${call.id}/hangup`, {});
	assert.equal((await call.ended).by, 'far');
	const { visits } = await factsOf(call);
	assert.deepEqual(visits.map((v) => v.queue_id), [place.queue.id, other.id]);
});

test('longest wait and fullest queue: each overflows to where the queue says', async () => {
	const [agent] = agents;
	const number = () => `42${Math.floor(Math.random() * 1e6)}`;
	const help = await place.tenant.queue(number());
	await place.tenant.api.post('/queue-agents', { queue_id: help.id, agent_id: agent.id });
	const short = await place.tenant.queue(number(), { music_id: place.queue.music_id, announce_position: false, max_wait_s: 2, max_length: 1, overflow_kind: 'queue', overflow_id: help.id });
	await place.tenant.api.post('/queue-agents', { queue_id: short.id, agent_id: agents[1].id });
	await signIn(agents[1]);
	await place.tenant.setState(agents[1], 'busy'); // there is an agent, but not for now
	const shortPlace = { ...place, queueDid: await place.tenant.did('queue', short) };
	const waiting = await intoQueue(zj, shortPlace);
	const full = await intoQueue(zj, shortPlace);
	await place.events.until(() => [...place.events.visits.values()].some((v) => v.call === full.id && v.queue === help.id), { what: 'overflow of the second' });
	await place.events.until(() => [...place.events.visits.values()].some((v) => v.call === waiting.id && v.queue === help.id), { what: 'overflow after 2 s' });
	await signIn(agent);
	await place.events.call(waiting.caller, 'talk');
	await Promise.all([waiting.hangup(), full.hangup()]);
	const [one, two] = [await factsOf(waiting), await factsOf(full)];
	assert.deepEqual(one.visits.map((v) => [v.queue_id, v.left_how]), [[short.id, 'timeout'], [help.id, 'answered']]);
	assert.deepEqual(two.visits.map((v) => [v.queue_id, v.left_how]), [[short.id, 'overflow_full'], [help.id, 'abandoned']]);
	const waited = (micros(one.visits[0].left_at) - micros(one.visits[0].entered_at)) / 1e6;
	assert.ok(waited > 1.9 && waited < 4, `waited ${waited} s, the queue says 2`);
});

test('overflow by hang-up ends the call', async () => {
	const queue = await place.tenant.queue(`41${Math.floor(Math.random() * 1e6)}`, { max_wait_s: 1 });
	const call = await intoQueue(zj, { ...place, queueDid: await place.tenant.did('queue', queue) });
	assert.equal((await call.ended).by, 'far');
	const { call: fact, visits: [visit] } = await factsOf(call);
	assert.equal(visit.left_how, 'no_agent', 'nobody was signed in');
	assert.equal(fact.hangup_by, 'system');
});
