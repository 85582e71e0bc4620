// Calls that leave: a phone dials, an agent clicks, a customer is transferred outside, a queue overflows there; audio both ways, facts.
// covers: TEN-V012 PBX-V008 PBX-V026 PBX-L04
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { HZ, intoQueue } from '../tools/scenes.mjs';
import { header } from '../tools/sip.mjs';
import { poll } from '../tools/wait.mjs';

const FAR = 1270; // the customer's tone
let zj;
let tenant;
let carrier;
let trunk;
let agent;
let board;

before(async () => {
	zj = await Instance.take();
	carrier = zj.later(await AnsweringCarrier.open({ host: '127.0.0.31', tone: FAR }));
	tenant = await zj.tenant('outbound');
	trunk = await tenant.api.post('/trunks', { name: 'out', host: '127.0.0.31', probe_s: 0, caller_number: '02160000000', caller_name: 'Company' });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id });
	const queue = await tenant.queue('4001');
	agent = await tenant.agent('1001', [queue], { answering: 'never' });
	agent.queue = queue;
	board = await tenant.events();
}, { timeout: 150_000 });
after(() => zj?.release());

/** The phone dials; a number that acd does not know how to reach yet is tried again for two seconds. */
async function dialled(number, options) {
	for (let tries = 0; ; tries++) {
		const call = await agent.phone.call(number, options);
		const result = await Promise.race([call.answered.then(() => 'up'), call.ended]);
		if (result === 'up' || tries >= 10)
			return call;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}

test('a phone dials a number: the trunk\'s carrier rings, answers, both hear each other', async () => {
	const number = zj.freshNumber('139');
	const call = await dialled(number, { tone: HZ.agent });
	const invite = await carrier.invite(number);
	assert.match(header(invite, 'from'), /^"Company" <sip:02160000000@127\.0\.0\.31>/, 'the trunk\'s own caller');
	assert.match(header(invite, 'p-asserted-identity'), /02160000000/);
	await Promise.all([call.rtp.hears(FAR), carrier.rtp.hears(HZ.agent)]);
	const live = await board.until(() => [...board.calls.values()].find((c) => c.callee === number && c.where === 'talk'), { what: 'talk on the board' });
	assert.equal(live.direction, 'out');
	await call.hangup();
	const f = await zj.facts(tenant, `id = '${live.id}'`);
	assert.deepEqual([f.call.direction, f.call.result, f.call.callee, f.call.trunk_id, f.call.hangup_by], ['out', 'answered', number, trunk.id, 'agent']);
	assert.deepEqual(f.legs.map((l) => l.role).sort(), ['agent', 'customer']);
	const leg = f.legs.find((l) => l.role === 'customer');
	assert.equal(leg.trunk_id, trunk.id);
	assert.deepEqual(leg.attempts.map((a) => [a.trunk_id, a.host, a.code]), [[trunk.id, '127.0.0.31:5060', 200]]);
	assert.ok(leg.answered_at && f.call.answered_at && leg.ringing_at);
});

test('an agent clicks a number: the agent\'s phone first, then the customer, with the agent\'s own caller', async () => {
	await tenant.api.patch(`/agents/${agent.id}`, { out_caller_number: '02161111111', out_caller_name: 'Agent 1' });
	const number = zj.freshNumber('139');
	await poll(async () => { try { return await tenant.api.post('/calls', { to: number, agent_id: agent.id }); } catch (error) { if (error.status !== 409) throw error; return null; } }, { timeout: 5000, what: 'an idle agent' });
	const call = await agent.phone.nextCall();
	await call.answer();
	call.rtp.tone(HZ.agent);
	const invite = await carrier.invite(number);
	assert.match(header(invite, 'from'), /^"Agent 1" <sip:02161111111@127\.0\.0\.31>/);
	await Promise.all([call.rtp.hears(FAR), carrier.rtp.hears(HZ.agent)]);
	await call.hangup();
	const f = await zj.facts(tenant, `callee = '${number}'`);
	assert.deepEqual([f.call.direction, f.call.result], ['out', 'answered']);
});

test('a customer in talk is transferred to a number outside', async () => {
	const place = { queueDid: await tenant.did('queue', agent.queue), events: board };
	await board.agentState(agent, 'idle');
	agent.phone.queue.length = 0;
	const call = await intoQueue(zj, place);
	const agentCall = await agent.phone.nextCall();
	await agentCall.answer();
	const { id } = await board.call(call.caller, 'talk');
	const number = zj.freshNumber('139');
	await tenant.api.post(`/calls/${id}/transfer`, { to: number });
	await carrier.invite(number);
	await Promise.all([call.rtp.hears(FAR), carrier.rtp.hears(HZ.caller)]);
	await call.hangup();
	const f = await zj.facts(tenant, `id = '${id}'`);
	assert.deepEqual([f.call.direction, f.call.relation], ['in', 'transfer']);
	assert.equal(f.legs.find((l) => l.role === 'external').trunk_id, trunk.id);
});

test('a number that no trunk takes is refused, and the facts say why', async () => {
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_id: null });
	const number = zj.freshNumber('139');
	const ended = await poll(async () => {
		const call = await agent.phone.call(number);
		const end = await Promise.race([call.answered.then(() => null), call.ended]);
		if (!end) await call.hangup();
		return end;
	}, { timeout: 8000, every: 200, what: 'a refusal' });
	assert.equal(ended.code, 404);
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_id: trunk.id });
	const f = await zj.facts(tenant, `callee = '${number}' and result <> 'answered'`);
	assert.equal(f.call.result, 'unreachable');
});
