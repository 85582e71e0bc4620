// The log of agents' states, as a real agent's day leaves it; and whether a tenant's extensions may dial each other.
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Api } from '../tools/api.mjs';
import { Instance } from '../tools/instance.mjs';
import { centre, micros, talking } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';

let zj, place, api, li, wang, me;
const at = (row) => micros(row.from_at);
const log = async (query) => (await api.get(`/agent-states?limit=200&${query}`)).items;

/** An agent in a department, with an account of its own. */
async function employee(number, username, department) {
	const agent = await place.tenant.agent(number, [place.queue], { signIn: false, answering: { after: 200 } });
	const account = await api.post('/accounts', { username, name: username, password: 'agent-password', department_id: department.id });
	await api.patch(`/agents/${agent.id}`, { account_id: account.id });
	return Object.assign(agent, { department, account });
}

before(async () => {
	zj = await Instance.take();
	place = await centre(zj, 'rows');
	api = place.tenant.api;
	const [sales, service] = await Promise.all(['销售部', '售后部'].map((name) => api.post('/departments', { name })));
	li = await employee('1001', 'li', sales);
	wang = await employee('1002', 'wang', service);
	me = await Api.login(zj.url, { tenant: place.tenant.name, username: 'li', password: 'agent-password' });
	await api.post('/busy-reasons', { name: '小休' });
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(() => zj.hangupAll());

// covers: SYS-K01 SYS-K02 SYS-K03 SYS-K05
test('the state log: intervals with what ended them; by time, agent, department and state; the latest first, no gaps', async () => {
	const self = (state, reason) => me.post(`/agents/${li.id}/state`, { state, ...(reason && { reason }) });
	const settled = (state) => place.events.agentState(li, state);
	await poll(async () => (await me.fetch('POST', `/agents/${li.id}/sign-in`, { body: {} })).status === 200, { timeout: 5000, every: 50, what: 'signed in' });
	await place.tenant.signIn(wang);
	await place.tenant.setState(wang, 'busy');
	await settled('idle');
	for (const step of [() => self('busy', '小休'), () => self('idle'), () => place.tenant.setState(li, 'busy'), () => place.tenant.setState(li, 'idle')]) {
		await new Promise((r) => setTimeout(r, 60));
		await step();
	}
	const { call } = await talking(zj, place, li);
	await new Promise((r) => setTimeout(r, 300));
	await call.hangup();
	await settled('after_call');
	await settled('idle');
	await new Promise((r) => setTimeout(r, 60));
	await place.tenant.signOut(li); // by the administrator
	await settled('signed_out');
	await new Promise((r) => setTimeout(r, 200));
	await me.post(`/agents/${li.id}/sign-in`, {});
	await settled('idle');
	await new Promise((r) => setTimeout(r, 60));
	await me.post(`/agents/${li.id}/sign-out`, {});
	await place.tenant.signOut(wang);

	const mine = await poll(async () => {
		const rows = await log(`filter[agent_id]=${li.id}&expand=agent_id,department_id`);
		return rows.filter((r) => r.ended_by === 'signed_out').length === 1 && rows;
	}, { timeout: 10_000, every: 100, what: 'the log' });
	assert.deepEqual(mine, [...mine].sort((a, b) => at(b) - at(a)), 'the latest first');
	const story = [...mine].reverse().filter((r) => r.state !== 'reserved'); // which may be too short to be kept
	assert.deepEqual(story.map((r) => [r.state, r.reason, r.ended_by]), [
		['idle', null, 'busy'], ['busy', '小休', 'idle'], ['idle', null, 'forced_busy'], ['busy', null, 'forced_idle'], ['idle', null, 'system_busy'],
		['ringing', null, 'talking'], ['talking', null, 'after_call'], ['after_call', null, 'idle'], ['idle', null, 'forced_exit'], ['idle', null, 'signed_out'],
	]);
	const whole = [...mine].reverse();
	for (let i = 1; i < whole.length; i++)
		if (whole[i - 1].ended_by === 'forced_exit')
			assert.ok(at(whole[i]) - micros(whole[i - 1].to_at) >= 200_000, 'signed out: a gap');
		else
			assert.equal(at(whole[i]), micros(whole[i - 1].to_at), `${whole[i - 1].state} → ${whole[i].state}`);
	assert.deepEqual(whole.filter((r) => r.signed_in).map((r) => r.id), [whole[0].id, whole.at(-1).id], 'began with a sign-in');
	for (const r of mine)
		assert.deepEqual([r.expand.agent_id.label, r.expand.department_id.label], ['Agent 1001', '销售部']);

	const fields = (await api.get('/meta/resources')).resources.find((r) => r.name === 'agent-states').fields;
	assert.deepEqual(['agent_id', 'state', 'from_at', 'to_at', 'ended_by', 'department_id'].map((n) => fields.find((f) => f.name === n)?.zh), ['坐席', '状态', '开始时间', '结束时间', '结束原因', '所属部门']);

	const ids = (rows) => rows.map((r) => r.id);
	const all = await log('');
	assert.deepEqual(all, [...all].sort((a, b) => at(b) - at(a)), 'everybody\'s: the latest first');
	assert.ok(all.some((r) => r.agent_id === wang.id) && all.length === mine.length + all.filter((r) => r.agent_id === wang.id).length);
	assert.deepEqual(ids(await log(`filter[department_id]=${li.department.id}`)), ids(mine));
	assert.ok((await log(`filter[department_id]=${wang.department.id}`)).every((r) => r.agent_id === wang.id));
	const [from, to] = [story[2].from_at, story[5].from_at]; // a time of the query: what begins within
	assert.deepEqual(ids(await log(`filter[agent_id]=${li.id}&filter[from_at][ge]=${encodeURIComponent(from)}&filter[from_at][lt]=${encodeURIComponent(to)}`)), ids(mine.filter((r) => at(r) >= micros(from) && at(r) < micros(to))));
	for (const state of ['idle', 'busy', 'after_call', 'talking'])
		assert.deepEqual(ids(await log(`filter[agent_id]=${li.id}&filter[state]=${state}`)), ids(mine.filter((r) => r.state === state)), state);
	assert.deepEqual(ids(await log(`filter[state]=busy&filter[reason]=${encodeURIComponent('小休')}`)), [story[1].id], 'a break');

	// Whoever changes departments leaves his past where it was.
	await api.patch(`/accounts/${li.account.id}`, { department_id: wang.department.id });
	assert.deepEqual(ids(await log(`filter[department_id]=${li.department.id}`)), ids(mine));
});

// covers: TEN-V013
test('internal calls: 1001 reaches 1002; not when the tenant forbids it, while calls to queues go on; and again', async () => {
	const dial = async () => {
		const call = await li.phone.call('1002').catch((e) => e);
		const end = call instanceof Error ? { code: call.status } : await Promise.race([call.answered.then(() => 'answered', () => call.ended), call.ended]);
		if (end === 'answered')
			await call.hangup();
		return end === 'answered' ? 200 : end.code;
	};
	assert.equal((await zj.carrier.get(`/tenants/${place.tenant.id}`)).internal_calls, true, 'yes by default');
	assert.equal(await dial(), 200);
	const seen = wang.phone.seen;
	await zj.carrier.patch(`/tenants/${place.tenant.id}`, { internal_calls: false });
	await poll(async () => (await dial()) === 403, { timeout: 5000, every: 100, what: 'refused' });
	const rung = wang.phone.seen;
	assert.equal(await dial(), 403);
	assert.equal(wang.phone.seen, rung, 'it did not ring');
	assert.ok(rung >= seen);
	await place.tenant.signIn(wang);
	const { call } = await talking(zj, place, wang);
	await call.hangup();
	await zj.carrier.patch(`/tenants/${place.tenant.id}`, { internal_calls: true });
	await poll(async () => (await dial()) === 200, { timeout: 5000, every: 100, what: 'allowed again' });
});
