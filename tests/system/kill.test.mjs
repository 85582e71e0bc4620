// Any process may die at any moment: who notices, and that nothing is lost.
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Instance } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';
import { HZ, centre, intoQueue, talking } from '../tools/scenes.mjs';

let zj;
let place;
let agent;
const AUTO = { after: 50 };

before(async () => {
	zj = await Instance.take({ exclusive: true });
	place = await centre(zj, 'kill');
	agent = await place.tenant.agent('1001', [place.queue], { answering: AUTO });
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(async () => {
	await zj.hangupAll();
	agent.phone.queue.length = 0;
});

/** The board after a process was away: a new connection (the old one may have been closed). */
async function freshBoard() {
	place.events.close();
	place.events = await poll(() => place.tenant.events(), { timeout: 15_000, what: 'events again' });
	await place.events.until((e) => e.log.some((m) => m.type === 'snapshot' && !m.stale), { what: 'a snapshot that is not stale', timeout: 15_000 });
	return place.events;
}

async function bothHear({ call, agentCall }) {
	const from = { call: call.rtp.heard.packets, agent: agentCall.rtp.heard.packets };
	await Promise.all([
		call.rtp.until((r) => r.heard.packets > from.call + 20, { what: '400 ms of audio' }),
		agentCall.rtp.until((r) => r.heard.packets > from.agent + 20, { what: '400 ms of audio' }),
	]);
	assert.ok(call.rtp.level(HZ.agent) > 0.6, `the caller hears the agent (${call.rtp.level(HZ.agent)})`);
	assert.ok(agentCall.rtp.level(HZ.caller) > 0.6, `the agent hears the caller (${agentCall.rtp.level(HZ.caller)})`);
}

const factsOf = (call, options) => zj.facts(place.tenant, `id = '${call.id}'`, options);

async function once(calls) {
	const ids = calls.map((c) => `'${c.id}'`).join(',');
	const rows = await zj.sql(`select id, count(*) as n from call where id in (${ids}) group by id`);
	assert.equal(rows.length, calls.length, 'every call has its CDR');
	assert.ok(rows.every((r) => Number(r.n) === 1), 'none twice');
}

test('acd: one talks, three wait; the talk goes on, the order is kept, all four have their facts', async () => {
	const talk = await talking(zj, place, agent);
	const waiting = [];
	for (let i = 0; i < 3; i++)
		waiting.push(await intoQueue(zj, place));
	await bothHear(talk);
	const gapsBefore = talk.call.rtp.heard.lost;
	const dead = await zj.kill('acd');
	await bothHear(talk);
	await waiting[0].rtp.hears(HZ.music);
	await zj.back('acd', dead);
	const board = await freshBoard();
	await bothHear(talk);
	assert.equal(talk.call.rtp.heard.lost, gapsBefore, 'not one packet of the talk was lost');
	await board.until(() => waiting.every((call, i) => [...board.visits.values()].find((v) => v.call === call.id)?.position === i + 1), { what: 'three wait in the old order' });
	assert.equal(board.agents.get(agent.id).state, 'talking');
	assert.equal(board.calls.get(talk.call.id).where, 'talk');
	for (const call of waiting)
		await call.rtp.hears(HZ.music);

	await talk.call.hangup();
	await talk.agentCall.ended;
	for (const call of waiting) {
		await board.call(call.caller, 'talk', { timeout: 6000 });
		const next = await agent.phone.nextCall();
		next.rtp.tone(HZ.agent);
		await call.rtp.hears(HZ.agent);
		await call.hangup();
		await next.ended;
	}
	const all = [talk.call, ...waiting];
	for (const call of all) {
		const facts = await factsOf(call);
		assert.equal(facts.call.result, 'answered');
		assert.equal(facts.visits.length, 1);
		assert.equal(facts.visits[0].left_how, 'answered');
		assert.equal(facts.recordings.length, 1);
		assert.equal(facts.legs.length, 2);
	}
	await once(all);
});

test('acd dies while an agent\'s phone rings: the caller is served all the same', async () => {
	await place.events.agentState(agent, 'idle');
	agent.phone.answering = 'never';
	const call = await intoQueue(zj, place);
	const ringing = await agent.phone.nextCall();
	await ringing.ringing;
	const dead = await zj.kill('acd');
	await zj.back('acd', dead);
	agent.phone.answering = AUTO;
	if (ringing.state === 'ringing')
		await ringing.answer();
	const board = await freshBoard();
	await board.call(call.caller, 'talk', { timeout: 20_000 });
	await call.hangup();
	await factsOf(call);
	await once([call]);
	await board.agentState(agent, 'idle');
});

test('ivr-vxml: callers in the menu are not left in silence; talks and new calls go on', async () => {
	const talk = await talking(zj, place, agent);
	const inMenu = await zj.call(zj.freshNumber(), place.did);
	await inMenu.answered();
	await inMenu.rtp.hears(HZ.ding);
	const dead = await zj.kill('ivr-vxml');
	await bothHear(talk);
	// the flow has no fault destination: the caller is let go, with facts that say why
	await inMenu.ended;
	const facts = await zj.facts(place.tenant, `caller = '${inMenu.caller}'`);
	assert.equal(facts.ivr_visits.length, 1);
	assert.ok(!['exit', 'hangup'].includes(facts.ivr_visits[0].left_how), facts.ivr_visits[0].left_how);
	await zj.back('ivr-vxml', dead);
	const next = await zj.call(zj.freshNumber(), place.did);
	await next.answered();
	await next.rtp.hears(HZ.ding);
	await next.rtp.dtmf('1');
	await place.events.call(next.caller, 'queue');
	await Promise.all([next.hangup(), talk.call.hangup()]);
});

test('one script child: at most its own session feels it', async () => {
	const pid = (await zj.processes())['ivr-vxml'].pid;
	const childrenOf = (parent) => fs.readdirSync('/proc').filter((d) => /^\d+$/.test(d)).map(Number).filter((p) => {
		try {
			return Number(/\) \S (\d+)/.exec(fs.readFileSync(`/proc/${p}/stat`, 'utf8'))[1]) === parent;
		} catch {
			return false;
		}
	});
	const calls = [];
	for (let i = 0; i < 3; i++) {
		const call = await zj.call(zj.freshNumber(), place.did);
		await call.answered();
		await call.rtp.hears(HZ.ding);
		calls.push(call);
	}
	const descendants = (p) => childrenOf(p).flatMap((c) => [c, ...descendants(c)]);
	const leaves = descendants(pid).filter((p) => !childrenOf(p).length);
	assert.ok(leaves.length > 0, 'scripts run in processes of their own');
	process.kill(leaves.at(-1), 'SIGKILL');
	const reach = async (call) => {
		await call.rtp.dtmf('1');
		const served = () => ['queue', 'talk'].includes(place.events.callFrom(call.caller)?.where);
		return place.events.until(served, { timeout: 4000 }).then(() => 1, () => 0);
	};
	const reached = (await Promise.all(calls.map(reach))).reduce((x, y) => x + y);
	await zj.hangupAll();
	assert.ok(reached >= 2, `${reached} of 3 reached the queue`);
	assert.equal((await zj.processes())['ivr-vxml'].pid, pid, 'ivr-vxml itself lives on');
});

test('api: calls go on, the session survives, the event stream is taken up where it was', async () => {
	await place.events.agentState(agent, 'idle');
	const talk = await talking(zj, place, agent);
	const cursor = place.events.cursor;
	const dead = await zj.kill('api');
	await bothHear(talk);
	const missed = await intoQueueBlind(talk);
	await zj.back('api', dead);
	const session = await place.tenant.api.get('/session');
	assert.equal(session.tenant.id, place.tenant.id);
	const again = zj.later(await place.tenant.api.events({ after: cursor }));
	await again.until(() => again.log.some((m) => JSON.stringify(m).includes(missed.caller)), { what: 'what happened meanwhile' });
	await freshBoard();
	await Promise.all([missed.hangup(), talk.call.hangup()]);
});

/** A call into the queue while nobody can watch. */
async function intoQueueBlind() {
	const call = await zj.call(zj.freshNumber(), place.queueDid, { tone: HZ.caller });
	await call.answered();
	await call.rtp.hears(HZ.music);
	return call;
}

test('PostgreSQL is away: calls, routing, queue and agents go on; the facts arrive afterwards, none twice', async () => {
	await place.events.agentState(agent, 'idle');
	const seconds = process.env.ZJ_LONG ? 60 : 15;
	const barred = zj.freshNumber();
	await place.tenant.api.post('/blacklist', { number: barred });
	const before = await talking(zj, place, agent);
	await zj.up('stop', { name: 'postgres' });
	const stopped = Date.now();
	const calls = [before.call];
	try {
		await bothHear(before);
		await before.call.hangup();
		await before.agentCall.ended;
		const during = await zj.call(zj.freshNumber(), place.did, { tone: HZ.caller });
		await during.answered();
		await during.rtp.hears(HZ.ding);
		await during.rtp.dtmf('1');
		const agentCall = await agent.phone.nextCall({ timeout: 8000 });
		await agentCall.answered;
		agentCall.rtp.tone(HZ.agent);
		await during.rtp.hears(HZ.agent);
		during.id = (await place.events.call(during.caller, 'talk')).id;
		await during.hangup();
		calls.push(during);
		const refused = await zj.call(barred, place.queueDid);
		assert.equal((await refused.final()).status, 403, 'screening goes on');
		const write = await place.tenant.api.fetch('POST', '/queues', { body: { number: '4777', name: 'x' } });
		assert.equal(write.status, 503, 'administration waits');
		await write.arrayBuffer();
		await sleep(Math.max(0, seconds * 1000 - (Date.now() - stopped))); // it is to be away for that long
	} finally {
		await zj.up('start', { name: 'postgres' });
	}
	await zj.ready();
	for (const call of calls) {
		const facts = await factsOf(call, { timeout: 15_000 });
		assert.equal(facts.call.result, 'answered');
		assert.equal(facts.recordings.length, 1);
	}
	await once(calls);
	await zj.facts(place.tenant, `caller = '${barred}' and result = 'barred'`);
	await poll(async () => (await place.tenant.api.fetch('GET', '/queues')).status === 200, { timeout: 10_000, what: 'the API with its database' });
});

test('Redis is away: calls and queueing go on; afterwards acd still knows everything after its own death', async () => {
	await freshBoard();
	await place.events.agentState(agent, 'idle');
	const talk = await talking(zj, place, agent);
	await zj.up('stop', { name: 'redis' });
	let waiting;
	try {
		await bothHear(talk);
		waiting = await intoQueueBlind();
	} finally {
		await zj.up('start', { name: 'redis' });
	}
	await zj.ready();
	await bothHear(talk);
	await sleep(1500); // what was missed is written back at most a second after its return
	const dead = await zj.kill('acd');
	await zj.back('acd', dead);
	const board = await freshBoard();
	const visit = await board.until(() => [...board.visits.values()].find((v) => v.caller === waiting.caller), { what: 'the caller who came meanwhile' });
	waiting.id = visit.call;
	assert.equal(board.agents.get(agent.id).state, 'talking');
	await talk.call.hangup();
	await board.call(waiting.caller, 'talk', { timeout: 8000 });
	await waiting.hangup();
	await Promise.all([talk.call, waiting].map((call) => factsOf(call)));
	await once([talk.call, waiting]);
});

test('Kamailio: talks go on and can be hung up; registrations are back with it', async () => {
	await place.events.agentState(agent, 'idle');
	const talk = await talking(zj, place, agent);
	await sleep(6000); // contacts are written back within 5 s
	const dead = await zj.kill('kamailio');
	await bothHear(talk);
	await zj.back('kamailio', dead);
	await bothHear(talk);
	await talk.call.hangup();
	await talk.agentCall.ended;
	await place.events.agentState(agent, 'idle');
	const next = await talking(zj, place, agent);
	await bothHear(next);
	await next.call.hangup();
	await factsOf(talk.call);
});

test('mediad: its calls end, with facts that say so; the next call works', async () => {
	await place.events.agentState(agent, 'idle');
	const talk = await talking(zj, place, agent);
	const waiting = await intoQueue(zj, place);
	const dead = await zj.kill('mediad');
	await zj.back('mediad', dead);
	const facts = await Promise.all([talk.call, waiting].map((call) => factsOf(call, { timeout: 10_000 })));
	assert.equal(facts[0].call.result, 'answered');
	assert.ok(facts.every((f) => f.call.hangup_by === 'system'), JSON.stringify(facts.map((f) => f.call.hangup_by)));
	await once([talk.call, waiting]);
	await Promise.all([talk.call.vanish(), waiting.vanish()]);
	talk.agentCall.end({ how: 'gone' });
	const board = await freshBoard();
	await board.agentState(agent, 'idle', { timeout: 10_000 });
	const next = await talking(zj, place, agent);
	await bothHear(next);
	await next.call.hangup();
	await factsOf(next.call);
});
