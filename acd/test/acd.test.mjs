// acd from outside: the control protocol, PostgreSQL, Redis.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { poll } from '../../tests/tools/wait.mjs';
import { Rpc } from '../../tests/tools/rpc.mjs';
import { uuid7 } from './mediad.mjs';
import { Rig, checkSegments } from './rig.mjs';

let rig;
before(async () => {
	rig = await Rig.start({ port: Number(process.env.ZJ_PORT_BASE ?? 10000) + 6010 });
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
	const room = await poll(() => customer.room && [...rig.mediad.rooms.values()].find((r) => r.legs.length === 2 && r.records.length), { what: 'room' });
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

test('nobody answers: the next agent is rung, the first one is left in peace for a while', async () => {
	const t = rig.seed({ name: 'noanswer', queue: { ring_timeout_s: 1, retry_delay_s: 3 } });
	await poll(async () => (await rig.board(t)).agents.length === 2, { what: 'configuration' });
	await rig.signIn(0, t);
	await rig.signIn(1, t);
	const customer = rig.call(t);
	const first = await rig.phone('1001');
	rig.mediad.ring(first);
	const second = await rig.phone('1002');
	assert.ok(!(await rig.agent(0, t)).call, 'the first phone is not held longer than its leg');
	rig.mediad.hangup(second, { code: 486 });
	const again = await rig.phone('1001');
	assert.ok(again.started_at - first.started_at >= 3_500_000, 'retry_delay_s after the missed offer');
	rig.mediad.answer(again);
	await rig.agentState(0, 'talking', t);
	rig.mediad.hangup(again);
	const offers = await rig.facts('offer', `call_id = '${customer.call}'`, 3);
	assert.deepEqual(offers.map((o) => o.outcome), ['no_answer', 'busy', 'answered']);
	const [call] = await rig.facts('call', `id = '${customer.call}'`);
	assert.equal(call.hangup_by, 'agent');
});

test('a caller who hangs up while waiting, and one who hangs up just when the agent answers', async () => {
	const t = rig.seed({ name: 'abandon', queue: { wrapup_s: 0 } });
	await poll(async () => (await rig.board(t)).agents.length === 2, { what: 'configuration' });
	const gone = rig.call(t);
	await poll(() => gone.play, { what: 'music' });
	rig.mediad.hangup(gone);
	assert.equal((await rig.facts('call', `id = '${gone.call}'`))[0].result, 'abandoned_queue');
	assert.equal((await rig.facts('queue_visit', `call_id = '${gone.call}'`))[0].left_how, 'abandoned');

	await rig.signIn(0, t);
	const racer = rig.call(t);
	const phone = await rig.phone('1001');
	rig.mediad.hangup(racer);
	rig.mediad.answer(phone);
	await poll(() => phone.state === 'ended', { what: "the agent's leg ends" });
	await rig.agentState(0, 'idle', t);
	assert.equal((await rig.facts('queue_visit', `call_id = '${racer.call}'`))[0].left_how, 'abandoned');
	assert.equal((await rig.facts('offer', `call_id = '${racer.call}'`))[0].outcome, 'cancelled');
	const queue = (await rig.board(t)).queues.find((q) => q.number === '4001');
	assert.deepEqual([queue.offered_today, queue.abandoned_today, queue.waiting], [2, 2, 0]);
});

test('order, position announcements, longest wait first over two queues, overflow after the longest wait', async () => {
	const t = rig.seed({ name: 'order', language: 'en', queue: { announce_s: 1, max_wait_s: 4, priority: 0 } });
	await poll(async () => (await rig.board(t)).agents.length === 2, { what: 'configuration' });
	const a = rig.call(t), b = rig.call(t, { target: t.queue2 });
	await poll(() => a.play && b.play, { what: 'both wait' });
	const c = rig.call(t);
	await poll(() => c.items?.[1]?.number === 2, { what: 'position 2 for the second of the first queue' });
	assert.deepEqual(c.items.map((i) => i.lang), ['en', 'en', 'en']);
	rig.mediad.played(c);
	await poll(() => c.loop === -1, { what: 'the music goes on' });
	await rig.signIn(0, t);
	const phone = await rig.phone('1001');
	assert.equal(phone.call, a.call, 'who waits longest over all queues comes first');
	rig.mediad.answer(phone);
	await poll(() => c.items?.[0]?.tts?.includes('busy'), { what: 'a last sentence after max_wait_s' });
	rig.mediad.played(c);
	const [visit] = await rig.facts('queue_visit', `call_id = '${c.call}'`);
	assert.equal(visit.left_how, 'timeout');
	assert.equal((await rig.facts('call', `id = '${c.call}'`))[0].result, 'no_answer');
	rig.mediad.hangup(b);
	rig.mediad.hangup(a);
	await rig.facts('call', `tenant_id = '${t.id}'`, 3);
});

test('full queue, closed queue, no such queue', async () => {
	const t = rig.seed({ name: 'full', queue: { max_length: 1 } });
	await poll(async () => (await rig.board(t)).queues.length === 2, { what: 'configuration' });
	const one = rig.call(t);
	await poll(() => one.play, { what: 'first waits' });
	const two = rig.call(t);
	await poll(() => two.play, { what: 'the second hears why' });
	rig.mediad.played(two);
	assert.equal((await rig.facts('queue_visit', `call_id = '${two.call}'`))[0].left_how, 'overflow_full');
	const none = rig.call(t, { target: t.id });
	assert.equal((await rig.facts('call', `id = '${none.call}'`))[0].result, 'failed');
	assert.equal((await rig.facts('call_leg', `call_id = '${none.call}'`))[0].sip_code, 404);
	rig.pg.sql(`update zj.queue set overflow_kind = 'queue', overflow_id = '${t.queue2}', enabled = false where id = '${t.queue}'`);
	await poll(async () => {
		const three = rig.call(t);
		await poll(() => three.play, { what: 'third' });
		const visits = (await rig.board(t)).visits.filter((v) => v.call === three.call);
		rig.mediad.hangup(three);
		return visits[0]?.queue === t.queue2;
	}, { what: 'closed queue overflows to the other' });
	rig.mediad.hangup(one);
});

test('a recording that the disk ends while it is paused leaves no pause to the next one', async () => {
	const t = rig.seed({ name: 'disk' });
	await poll(async () => (await rig.board(t)).agents.length === 2, { what: 'configuration' });
	const caller = rig.call(t, { kind: 'dial', target: '1002', from: '1001', to: '1002' });
	const phone = await rig.phone('1002');
	rig.mediad.answer(phone);
	await poll(() => caller.room && caller.room === phone.room, { what: 'both in a room' });
	const record = (what) => rig.command('call.record', { tenant: t.id, call: caller.call, do: what, admin: true });
	const room = rig.mediad.rooms.get(caller.room);
	assert.equal((await record('start')).state.recording, 'on');
	await poll(() => room.records.length === 1, { what: 'a recording' });
	assert.equal((await record('pause')).state.recording, 'paused');
	rig.mediad.stopRecord(room, room.records[0].record, 'disk');
	await poll(async () => (await record('stop')).because === 'not recording', { what: 'it is over' });
	assert.equal((await record('start')).state.recording, 'on');
	assert.equal((await record('resume')).because, 'not paused');
	assert.equal((await record('pause')).state.recording, 'paused');
	await rig.command('call.hangup', { tenant: t.id, call: caller.call });
});

test('extension to extension: ringing, talk, hold, transfer to a queue; busy and unknown numbers', async () => {
	const t = rig.seed({ name: 'ext' });
	await poll(async () => (await rig.board(t)).agents.length === 2, { what: 'configuration' });
	const caller = rig.call(t, { kind: 'dial', target: '1002', from: '1001', to: '1002' });
	const phone = await rig.phone('1002');
	rig.mediad.ring(phone);
	await poll(() => caller.state === 'ringing', { what: '180 for the caller' });
	rig.mediad.answer(phone);
	await poll(() => caller.room && caller.room === phone.room, { what: 'both in a room' });
	assert.equal((await rig.command('call.hold', { tenant: t.id, call: caller.call, on: true })).state.where, 'hold');
	assert.ok(!caller.room && caller.loop === -1, 'music on hold');
	assert.equal((await rig.command('call.hold', { tenant: t.id, call: caller.call, on: true })).because, 'hold');
	assert.equal((await rig.command('call.hold', { tenant: t.id, call: caller.call, on: false })).state.where, 'talk');
	assert.equal((await rig.command('call.transfer', { tenant: t.id, call: caller.call, to: 'queue:77' })).because, 'no such destination');
	assert.equal((await rig.command('call.transfer', { tenant: t.id, call: caller.call, to: 'queue:4001' })).state.where, 'queue');
	await poll(() => phone.state === 'ended', { what: 'the former partner is hung up' });
	assert.equal((await rig.command('call.hangup', { tenant: t.id, call: caller.call })).state.id, caller.call);
	const legs = await rig.facts('call_leg', `call_id = '${caller.call}'`, 2);
	const segments = await rig.facts('call_segment', `call_id = '${caller.call}'`, 5);
	checkSegments(legs, segments);
	assert.deepEqual([...new Set(segments.map((s) => s.kind))].sort(), ['hold', 'queue', 'ring', 'talk']);
	const [call] = await rig.facts('call', `id = '${caller.call}'`);
	assert.deepEqual([call.direction, call.relation, call.result], ['internal', 'transfer', 'answered']);

	const busy = rig.call(t, { kind: 'dial', target: '1002', from: '1001' });
	rig.mediad.hangup(await rig.phone('1002'), { code: 486 });
	assert.equal((await rig.facts('call', `id = '${busy.call}'`))[0].result, 'busy');
	assert.equal((await rig.facts('call_leg', `call_id = '${busy.call}' and extension = '1001'`))[0].sip_code, 486);
	const unknown = rig.call(t, { kind: 'dial', target: '5555', from: '1001' });
	assert.equal((await rig.facts('call_leg', `call_id = '${unknown.call}'`))[0].sip_code, 404);
});

test('an agent calls out: its phone first; its state follows', async () => {
	const t = rig.seed({ name: 'out' });
	await poll(async () => (await rig.board(t)).agents.length === 2, { what: 'configuration' });
	await rig.signIn(0, t);
	const r = await rig.command('call.originate', { tenant: t.id, agent: t.agents[0], to: '1002' });
	assert.equal(r.state.where, 'ring');
	rig.mediad.answer(await rig.phone('1001'));
	const other = await rig.phone('1002');
	rig.mediad.answer(other);
	await poll(() => other.room, { what: 'talk' });
	assert.equal((await rig.agent(0, t)).state, 'talking');
	rig.mediad.hangup(other);
	await rig.agentState(0, 'idle', t);
	assert.equal((await rig.facts('call', `id = '${r.state.id}'`))[0].last_agent, t.agents[0]);
});

test('commands: repeats, versions, reasons, refusals', async () => {
	const t = rig.seed({ name: 'commands' });
	await poll(async () => (await rig.board(t)).agents.length === 2, { what: 'configuration' });
	const request = 'r-1';
	const first = await rig.command('agent.sign_in', { tenant: t.id, agent: t.agents[0], request });
	assert.equal((await rig.command('agent.sign_out', { tenant: t.id, agent: t.agents[0] })).state.state, 'signed_out');
	assert.deepEqual(await rig.command('agent.sign_in', { tenant: t.id, agent: t.agents[0], request }), first, 'a repeated request gets the first answer');
	assert.equal((await rig.agent(0, t)).state, 'signed_out');
	assert.equal((await rig.command('agent.set_state', { tenant: t.id, agent: t.agents[0], state: 'idle' })).because, 'signed_out');
	const { version } = await rig.signIn(0, t);
	const say = (more) => rig.command('agent.set_state', { tenant: t.id, agent: t.agents[0], ...more });
	assert.equal((await say({ state: 'busy', version: version + 7 })).because, `version is ${version}`);
	assert.equal((await say({ state: 'busy', reason: 'nap' })).because, 'no such busy reason');
	assert.equal((await say({ state: 'busy', reason: 'lunch', version })).state.reason, 'lunch');
	assert.equal((await say({ state: 'asleep' })).because, 'state must be idle or busy');
	assert.equal((await rig.command('agent.sign_in', { tenant: t.id, agent: t.agents[1], extension: '1001' })).because, 'the extension is in use by another agent');
	assert.equal((await rig.command('call.hangup', { tenant: t.id, call: t.id })).because, 'no such call');
	await assert.rejects(rig.rpc.call('agent.sign_in', { tenant: t.id }), (e) => e.code === -32602 && /request is missing/.test(e.message));
});

test('a flow: handed over, returned to a queue; without ivr-vxml or when it dies a polite end', async () => {
	const t = rig.seed({ name: 'flow' });
	await poll(async () => (await rig.board(t)).queues.length === 2, { what: 'configuration' });
	const alone = rig.call(t, { kind: 'ivr', target: t.flow });
	const [failed] = await rig.facts('call', `id = '${alone.call}'`);
	assert.equal(failed.result, 'failed');

	const ivr = await Rpc.connect(rig.mediad.path);
	const handed = [];
	ivr.on('notification', (method, p) => method === 'leg.handed' && handed.push(p));
	await ivr.call('hello', { name: 'ivr' });
	const caller = rig.call(t, { kind: 'ivr', target: t.flow });
	const p = await poll(() => handed[0], { what: 'hand-over' });
	assert.equal(p.data.flow, t.flow);
	rig.mediad.answer(caller);
	const c = { leg: caller.leg, tenant: t.id, epoch: rig.mediad.epoch, cmd_id: 'i1' };
	await ivr.call('leg.handover', { ...c, to: 'owner', data: { how: 'transfer', dest: 'queue:4001', flow_version: 1, variables: { pin: '1' }, path: [{ at: 1, node: 'menu', input: '1' }] } });
	await poll(async () => (await rig.board(t)).visits.some((v) => v.call === caller.call), { what: 'in the queue' });
	const [visit] = await rig.facts('ivr_visit', `call_id = '${caller.call}'`);
	assert.deepEqual([visit.left_how, visit.flow_version, visit.variables], ['transfer', 1, { pin: '1' }]);
	rig.mediad.hangup(caller);

	const second = rig.call(t, { kind: 'ivr', target: t.flow });
	await poll(() => handed[1], { what: 'second hand-over' });
	rig.mediad.answer(second);
	const third = rig.call(t, { kind: 'ivr', target: t.flow });
	await poll(() => handed[2], { what: 'third hand-over' });
	rig.mediad.hangup(third);
	await ivr.call('leg.handover', { ...c, leg: third.leg, cmd_id: 'i2', to: 'owner', data: { how: 'hangup', flow_version: 1, variables: {}, path: [{ at: 1, node: 'x' }] } });
	const [late] = await rig.facts('ivr_visit', `call_id = '${third.call}'`);
	assert.equal(late.path.length, 1, "the flow's last word after the caller hung up");
	assert.equal((await rig.facts('call', `id = '${third.call}'`))[0].result, 'abandoned_ivr');
	ivr.close();
	await poll(() => second.items?.[0]?.tts, { what: 'a polite sentence' });
	rig.mediad.played(second);
	assert.equal((await rig.facts('call', `id = '${second.call}'`))[0].result, 'failed');
});

test('the edge: refusals become calls of one leg; an unregistered phone is not offered', async () => {
	const t = rig.seed({ name: 'edge' });
	await poll(async () => (await rig.board(t)).agents.length === 2, { what: 'configuration' });
	const edge = await Rpc.connect(join(rig.dir, 'edge.sock'));
	edge.dispatch = ((old) => (m) => m.method === 'edge.registrations'
		? edge.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: m.id, result: { registrations: [{ tenant: t.id, extension: '1002', contact: 'sip:a' }] } })}\n`)
		: old.call(edge, m))(edge.dispatch);
	const acks = [];
	edge.on('notification', (method, p) => method === 'ack' && acks.push(p.seq));
	assert.equal((await edge.call('hello', { name: 'edge1' })).seen, 0);
	const event = (method, params) => edge.socket.write(`${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`);
	const call = uuid7(), rejected = { seq: 1, at: Date.now() * 1000, call, tenant: t.id, caller: '13911111111', callee: '4001', source: '192.0.2.9:5060', sip_call_id: 'x', code: 403, because: 'barred', count: 1 };
	event('edge.rejected', rejected);
	event('edge.rejected', rejected);
	assert.equal((await rig.facts('call', `id = '${call}'`))[0].result, 'barred');
	assert.equal((await rig.facts('call_leg', `call_id = '${call}'`))[0].sip_code, 403);
	await poll(() => acks.includes(1), { what: 'acknowledged' });

	await assert.rejects(rig.signIn(0, t), /the phone is not registered/);
	assert.equal((await rig.command('extension.sign_in', { tenant: t.id, extension: t.extensions[0], anyway: true })).state.state, 'idle');
	await rig.signIn(1, t);
	assert.equal((await rig.agent(0, t)).registered, false);
	const customer = rig.call(t);
	const phone = await rig.phone('1002');
	assert.equal(phone.call, customer.call, 'only the registered phone is rung');
	rig.mediad.hangup(phone, { code: 486 });
	event('edge.registered', { seq: 2, at: 1, tenant: t.id, extension: '1001', contact: 'sip:b', expires_s: 60, user_agent: 'x' });
	const other = await rig.phone('1001');
	rig.mediad.hangup(customer);
	await poll(() => other.state === 'ended', { what: 'offer withdrawn' });
	edge.close();
	await poll(async () => (await rig.agent(0, t)).registered === false, { what: 'registrations unknown' });
	await rig.command('agent.sign_out', { tenant: t.id, agent: t.agents[1] });
	const blind = rig.call(t);
	rig.mediad.hangup(await rig.phone('1001'), { code: 486 });
	rig.mediad.hangup(blind);
});

/** An edge that answers edge.registrations with the pages `rows` has at that moment. */
async function anEdge(name, sip, pages) {
	const edge = await Rpc.connect(join(rig.dir, 'edge.sock'));
	edge.pages = pages;
	edge.asked = 0;
	edge.seq = 0;
	edge.dispatch = ((old) => (m) => {
		if (m.method !== 'edge.registrations')
			return old.call(edge, m);
		const at = m.params.after ?? 0;
		edge.asked++;
		return edge.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: m.id, result: { registrations: edge.pages[at] ?? [], ...(at + 1 < edge.pages.length && { next: at + 1 }) } })}\n`);
	})(edge.dispatch);
	await edge.call('hello', { name, sip });
	edge.event = (method, p) => edge.socket.write(`${JSON.stringify({ jsonrpc: '2.0', method, params: { seq: ++edge.seq, at: 1, ...p } })}\n`);
	return edge;
}

test('two edges: a phone is called by the one that holds it, else by one that can reach it; what was lost is asked for', async () => {
	const t = rig.seed({ name: 'pair' });
	await poll(async () => (await rig.board(t)).agents.length === 2, { what: 'configuration' });
	const at = (extension, held, contact = `sip:${extension}`) => ({ tenant: t.id, extension, contact, held });
	const one = await anEdge('edge1', 'sip:127.0.0.1:1', [[at('1001', false)], [], [at('1002', true)]]);
	const two = await anEdge('edge2', 'sip:127.0.0.1:2', [[at('1001', true), at('1002', false)]]);
	await rig.signIn(0, t);
	await rig.signIn(1, t);
	await poll(async () => (await rig.agent(0, t)).registered && (await rig.agent(1, t)).registered, { what: 'all pages' });
	assert.equal(one.asked, 3);
	const ringBy = async (ext) => {
		const customer = rig.call(t);
		const phone = await rig.phone(ext);
		rig.mediad.hangup(customer);
		await poll(() => phone.state === 'ended', { what: 'offer withdrawn' });
		return phone.via;
	};
	await rig.command('agent.sign_out', { tenant: t.id, agent: t.agents[1] });
	assert.equal(await ringBy('1001'), 'sip:127.0.0.1:2', 'the edge that holds it');
	one.event('edge.registered', at('1001', true));
	two.event('edge.registered', at('1001', false));
	await poll(async () => (await ringBy('1001')) === 'sip:127.0.0.1:1', { what: 'it moved', every: 100 });
	one.close();
	await poll(async () => (await ringBy('1001')) === 'sip:127.0.0.1:2', { what: 'its edge died', every: 100 });
	assert.equal((await rig.agent(0, t)).registered, true, 'not for a moment gone');
	// More happened than the edge keeps: it says so, and is asked for everything.
	two.pages = [[at('1002', true)]];
	two.event('edge.expired', { tenant: t.id, extension: 'x', contact: 'sip:x', lost: 20_000 });
	await poll(async () => (await rig.agent(0, t)).registered === false, { what: 'what is left' });
	assert.equal(two.asked, 2);
	two.close();
});

test('events come again after a cursor, or a gap says that some are missing', async () => {
	const t = rig.tenant;
	const other = await Rpc.connect(join(rig.dir, 'acd.sock'));
	const got = [];
	other.on('notification', (method, p) => method === 'event' && got.push(p));
	const { cursor } = await other.call('subscribe', { tenant: t.id });
	const c = rig.call(t);
	rig.mediad.hangup(c);
	await poll(() => got.some((e) => e.type === 'call.ended'), { what: 'events' });
	const cursors = got.map((e) => e.cursor);
	other.close();
	const late = await Rpc.connect(join(rig.dir, 'acd.sock'));
	const again = [];
	late.on('notification', (method, p) => method === 'event' && again.push(p));
	await late.call('subscribe', { tenant: t.id, after: cursor });
	await poll(() => again.length >= cursors.length, { what: 'replay' });
	assert.deepEqual(again.slice(0, cursors.length).map((e) => e.cursor), cursors);
	await late.call('subscribe', { tenant: t.id, after: '1-999999' });
	await poll(() => again.some((e) => e.type === 'gap'), { what: 'gap' });
	late.close();
	await rig.facts('event', `tenant_id = '${t.id}'`, got.filter((e) => e.type !== 'queue.changed').length);
});
