// A team leader at work: in its own queue like everybody, with another leader to ask.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Api } from '../tools/api.mjs';
import { Instance } from '../tools/instance.mjs';
import { HZ, intoQueue } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';

let zj;
let tenant;
let board;
let queue;
const people = {};

before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('leader');
	queue = await tenant.queue('4001');
	const role = (await tenant.api.get('/roles?filter[kind]=agent')).items[0];
	for (const [number, leads] of [['1001', true], ['1002', false], ['1003', true]]) {
		const agent = await tenant.agent(number, [], { answering: 'never', signIn: false });
		const account = await tenant.api.post('/accounts', { username: `u${number}`, name: number, password: 'A-person-1-password', role_id: role.id });
		await tenant.api.patch(`/agents/${agent.id}`, { account_id: account.id });
		if (leads)
			await tenant.api.post('/agent-managed-queues', { agent_id: agent.id, queue_id: queue.id });
		people[number] = Object.assign(agent, { account, api: await Api.login(zj.url, { tenant: tenant.name, username: `u${number}`, password: 'A-person-1-password' }) });
	}
	await tenant.api.post('/queue-agents', { queue_id: queue.id, agent_id: people['1001'].id });
	board = await tenant.events();
}, { timeout: 150_000 });
after(() => zj?.release());

// covers: TEN-L06
test('a leader is a member of its queue: signs in, switches its state, takes a caller, and consults another leader', async () => {
	const [leader, other] = [people['1001'], people['1003']];
	const own = (verb, body = {}) => poll(() => leader.api.post(`/agents/me/${verb}`, body).then(() => true, (error) => { if (![404, 409].includes(error.status)) throw error; return false; }), { timeout: 5000, what: verb });
	await own('sign-in');
	assert.ok(leader.api && (await leader.api.get('/session')).agent.leader);
	await own('state', { state: 'busy' });
	const call = await intoQueue(zj, { queueDid: await tenant.did('queue', queue), events: board });
	await assert.rejects(leader.phone.nextCall({ timeout: 1500 }), 'nobody is offered to who is busy');
	await own('state', { state: 'idle' });
	const mine = await leader.phone.nextCall();
	await mine.answer();
	mine.rtp.tone(HZ.agent);
	await Promise.all([call.rtp.hears(HZ.agent), mine.rtp.hears(HZ.caller)]);
	// Whom it may ask: the other leaders, and their telephones.
	const partners = (await leader.api.get('/consult-partners')).items;
	assert.deepEqual(partners.map((p) => [p.number, p.extension]), [['1003', '1003']]);
	const keys = async (text) => { for (const k of text) { await mine.rtp.dtmf(k); await new Promise((r) => setTimeout(r, 120)); } };
	await keys('*55');
	await new Promise((resolve) => setTimeout(resolve, 2500));
	await keys(`${partners[0].extension}#`);
	const asked = await other.phone.nextCall({ timeout: 10_000 });
	await asked.answer();
	asked.rtp.tone(HZ.agent2);
	await Promise.all([mine.rtp.hears(HZ.agent2), asked.rtp.hears(HZ.agent)]);
	assert.ok(call.rtp.level(HZ.agent2) < 0.05, 'the customer hears none of it');
	await asked.hangup();
	await Promise.all([call.rtp.hears(HZ.agent), mine.rtp.hears(HZ.caller)]);
	await call.hangup();
	await mine.ended;
	const f = await zj.facts(tenant, `id = '${call.id}'`);
	assert.deepEqual([f.call.last_agent, f.call.result, f.legs.some((l) => l.role === 'consulted')], [leader.id, 'answered', true]);
	assert.deepEqual((await leader.api.get('/calls')).items.map((c) => c.id), [call.id], 'its own record, at its desk');
}, { timeout: 90_000 });
