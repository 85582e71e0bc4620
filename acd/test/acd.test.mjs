// acd from outside: the control protocol, PostgreSQL, Redis.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { poll } from '../../tests/tools/wait.mjs';
import { Rig, checkSegments } from './rig.mjs';

let rig;
before(async () => {
	rig = await Rig.start({ port: 16010 });
	rig.seed();
	await rig.startAcd();
	await rig.rpc.call('subscribe', { tenant: rig.tenant.id });
});
after(() => rig?.stop());

test('a caller waits, an agent is offered, they talk, all facts are written', async () => {
	const customer = rig.call();
	await poll(() => customer.state === 'answered' && customer.play, { what: 'music' });
	assert.equal(customer.loop, -1);
	assert.match(customer.items[0].file, /music\.wav$/);
	let board = await rig.board();
	assert.equal(board.visits.length, 1);
	assert.equal(board.visits[0].position, 1);
	assert.equal(board.queues.find((q) => q.number === '4001').waiting, 1);
	assert.equal(board.stale, false);

	assert.equal((await rig.signIn(0)).state, 'idle');
	const phone = await rig.phone('1001');
	assert.equal(phone.to, 'sip:1001@demo.test');
	assert.equal(phone.from, '13800000001');
	rig.mediad.ring(phone);
	await rig.agentState(0, 'ringing');
	rig.mediad.answer(phone);
	await rig.agentState(0, 'talking');
	const room = await poll(() => customer.room && [...rig.mediad.rooms.values()].find((r) => r.legs.length === 2), { what: 'room' });
	assert.equal(room.records.length, 1);
	assert.match(room.records[0].path, new RegExp(`^${rig.tenant.id}/\\d{4}/\\d\\d/\\d\\d/${customer.call}-1\\.wav$`));
	assert.equal(customer.play, undefined, 'the music has stopped');
	rig.mediad.hangup(customer);
	await rig.agentState(0, 'after_call');
	await rig.agentState(0, 'idle');

	const where = `call_id = '${customer.call}'`;
	const [call] = await rig.facts('call', `id = '${customer.call}'`);
	assert.deepEqual([call.result, call.direction, call.kind, call.hangup_by, call.first_queue, call.last_agent],
		['answered', 'in', 'queue', 'customer', rig.tenant.queue, rig.tenant.agents[0]]);
	const legs = await rig.facts('call_leg', where, 2);
	assert.deepEqual(legs.map((l) => l.role).sort(), ['agent', 'customer']);
	checkSegments(legs, await rig.facts('call_segment', where, 3));
	const [visit] = await rig.facts('queue_visit', where);
	assert.equal(visit.left_how, 'answered');
	assert.equal(visit.why.strategy, 'longest_idle');
	const [offer] = await rig.facts('offer', where);
	assert.deepEqual([offer.outcome, offer.visit_id, offer.agent_id], ['answered', visit.id, rig.tenant.agents[0]]);
	const [recording] = await rig.facts('recording', where);
	assert.equal(recording.leg_id, customer.leg);
	const states = await rig.facts('agent_state', `agent_id = '${rig.tenant.agents[0]}'`, 4);
	assert.deepEqual(states.slice(0, 4).map((s) => s.state), ['reserved', 'ringing', 'talking', 'after_call']);
	for (let i = 1; i < states.length; i++)
		assert.equal(states[i].from_at, states[i - 1].to_at);
	await poll(() => rig.mediad.kept.length === 0, { what: 'all events acknowledged' });
	await poll(() => rig.redisCli('HLEN', `zj:{${rig.tenant.id}}:facts`) === '0' && rig.redisCli('HLEN', `zj:{${rig.tenant.id}}:calls`) === '0', { what: 'Redis is clean' });
	const types = new Set(rig.events.map((e) => e.type));
	for (const type of ['agent.changed', 'queue.changed', 'visit.changed', 'visit.ended', 'call.changed', 'call.ended'])
		assert.ok(types.has(type), type);
	board = await rig.board();
	const queue = board.queues.find((q) => q.number === '4001');
	assert.deepEqual([queue.offered_today, queue.answered_today, queue.abandoned_today, queue.waiting], [1, 1, 0, 0]);
	assert.deepEqual(rig.spool(), []);
});
