// What an account decides about calls: its group's route and trunk, its own number, and to whom a client's customers may go.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Api } from '../tools/api.mjs';
import { Instance } from '../tools/instance.mjs';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { HZ, intoQueue } from '../tools/scenes.mjs';
import { header } from '../tools/sip.mjs';
import { poll } from '../tools/wait.mjs';

let zj;
let tenant;
let api;
let board;
let queue;
const carriers = {};
const trunks = {};
const people = {};

before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('groups');
	api = tenant.api;
	for (const [name, host] of [['first', '127.0.0.41'], ['second', '127.0.0.42']]) {
		carriers[name] = zj.later(await AnsweringCarrier.open({ host }));
		trunks[name] = await api.post('/trunks', { name, host, probe_s: 0 });
	}
	queue = await tenant.queue('4001');
	const role = (await api.get('/roles?filter[kind]=agent')).items[0];
	for (const number of ['1001', '1002', '1003']) {
		const agent = await tenant.agent(number, number === '1001' ? [queue] : [], { answering: 'never' });
		const account = await api.post('/accounts', { username: `u${number}`, name: number, password: 'A-person-1-password', role_id: role.id });
		await api.patch(`/agents/${agent.id}`, { account_id: account.id });
		await api.patch(`/extensions/${agent.extension.id}`, { account_id: account.id });
		people[number] = Object.assign(agent, { account });
	}
	board = await tenant.events();
}, { timeout: 150_000 });
after(() => zj?.release());

/** Where a phone's call comes out: the carrier's name, or the code of the refusal. */
async function leaves(person, number, { sees = number } = {}) {
	const from = Object.fromEntries(Object.entries(carriers).map(([name, c]) => [name, c.sipp.messages.length]));
	const call = await person.phone.call(number);
	const end = await Promise.race([call.answered.then(() => null), call.ended]);
	if (end)
		return end.code;
	await call.hangup();
	return Object.keys(carriers).find((name) => carriers[name].sipp.messages.slice(from[name]).some(({ message: m, direction: d }) => d === 'in' && m.method === 'INVITE' && m.uri.includes(`:${sees}@`)));
}
const comesOut = (person, number, wanted, options) => poll(async () => (await leaves(person, number, options)) === wanted, { timeout: 12_000, every: 150, what: `${person.number} dials ${number}: ${wanted}` });

// covers: TEN-V005 TEN-V033
test('each account group has a route and a trunk of its own: its members dial by its rules, over its trunk, and others do not', async () => {
	const rules = async (name, list) => {
		const route = await api.post('/outbound-routes', { name });
		for (const rule of list)
			await api.post('/outbound-rules', { route_id: route.id, ...rule });
		return route;
	};
	const groups = {};
	for (const [name, list] of [['sales', [{ prefix: '1' }]], ['service', [{ prefix: '0', strip: '0', add: '9' }]]]) {
		const route = await rules(name, list);
		const object = name === 'sales' ? trunks.first : trunks.second;
		groups[name] = await api.post('/account-groups', { name, outbound_route_id: route.id, outbound_kind: 'trunk', outbound_id: object.id });
		assert.deepEqual([groups[name].outbound_route_id, groups[name].outbound_id], [route.id, object.id]);
	}
	await api.post('/account-group-members', { group_id: groups.sales.id, account_id: people['1001'].account.id });
	await api.post('/account-group-members', { group_id: groups.service.id, account_id: people['1002'].account.id });
	await comesOut(people['1001'], '13900000001', 'first');
	await comesOut(people['1001'], '02112345678', 403);
	await comesOut(people['1002'], '02112345678', 'second', { sees: '92112345678' });
	await comesOut(people['1002'], '13900000001', 403);
	await comesOut(people['1003'], '13900000001', 404); // in no group, and the tenant has no trunk of its own
	// A trunk group as the object; and another group, at once.
	const both = await api.post('/trunk-groups', { name: 'both' });
	await api.post('/trunk-members', { group_id: both.id, trunk_id: trunks.second.id });
	await api.patch(`/account-groups/${groups.sales.id}`, { outbound_kind: 'trunk_group', outbound_id: both.id });
	await comesOut(people['1001'], '13900000002', 'second');
	// Agent groups are about tasks, and restrict no telephone: they say who is there for a client or a campaign.
	const desk = await api.post('/agent-groups', { name: 'desk' });
	for (const number of ['1001', '1003'])
		await api.patch(`/agents/${people[number].id}`, { group_id: desk.id });
	await comesOut(people['1001'], '13900000003', 'second');
	await comesOut(people['1003'], '13900000003', 404);
	const management = (await api.get('/links?filter[kind]=management')).items[0];
	const questionnaire = await api.post('/questionnaires', { name: 'desk' });
	const client = await api.post('/business-clients', { name: 'desk', management_link_id: management.id, questionnaires: [questionnaire.id], agent_groups: [desk.id] });
	assert.deepEqual((await api.get(`/business-client-pops?filter[group_id]=${desk.id}`)).items.map((p) => p.client_id), [client.id]);
	const members = (await api.get('/account-group-members')).items;
	for (const m of members)
		await api.delete(`/account-group-members/${m.id}`);
	await comesOut(people['1001'], '13900000004', 404);
});

// covers: TEN-Y08
test('a click goes out with the employee\'s access number, over that number\'s trunk; what is dialled by hand does not', async () => {
	const number = zj.freshNumber('021');
	const row = await zj.carrier.post('/numbers', { tenant_id: tenant.id, number });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunks.first.id, caller_number: '02100000000' });
	await api.post('/trunk-numbers', { name: 'line', trunk_id: trunks.second.id, area_code: number.slice(0, 3), number: number.slice(3) });
	const click = async (person, to) => {
		const who = await Api.login(zj.url, { tenant: tenant.name, username: `u${person.number}`, password: 'A-person-1-password' });
		const from = Object.fromEntries(Object.entries(carriers).map(([name, c]) => [name, c.sipp.messages.length]));
		await poll(async () => { try { return await who.post('/calls', { to }); } catch (error) { if (error.status !== 409) throw error; return null; } }, { timeout: 8000, what: 'an idle agent' });
		const call = await person.phone.nextCall();
		await call.answer();
		const seen = await poll(() => Object.entries(carriers).flatMap(([name, c]) => c.sipp.messages.slice(from[name]).filter(({ message: m, direction: d }) => d === 'in' && m.method === 'INVITE' && m.uri.includes(`:${to}@`)).map(({ message: m }) => [name, header(m, 'from').match(/sip:(\d+)@/)?.[1]]))[0], { timeout: 5000, every: 20, what: to });
		await call.hangup();
		return seen;
	};
	const comes = (person, to, wanted) => poll(async () => JSON.stringify(await click(person, to)) === JSON.stringify(wanted), { timeout: 15_000, what: `${to}: ${wanted}` });
	await comes(people['1001'], '13800000001', ['first', '02100000000']);
	await api.patch(`/accounts/${people['1001'].account.id}`, { access_number: number });
	await comes(people['1001'], '13800000002', ['second', number]);
	await comes(people['1003'], '13800000003', ['first', '02100000000']);
	await comesOut(people['1001'], '13800000004', 'first');
	// Without a line of that number, the trunk that the number itself belongs to.
	await api.delete(`/trunk-numbers/${(await api.get('/trunk-numbers?filter[name]=line')).items[0].id}`);
	await comes(people['1001'], '13800000005', ['first', number]);
	const common = await zj.carrier.post('/trunks', { name: `common-${Date.now()}`, host: '127.0.0.42', probe_s: 0 });
	await zj.carrier.patch(`/numbers/${row.id}`, { trunk_id: common.id });
	await comes(people['1001'], '13800000006', ['second', number]);
	await api.patch(`/accounts/${people['1001'].account.id}`, { access_number: null });
	await zj.carrier.delete(`/trunks/${common.id}`);
});

// covers: TEN-V312
test('a client\'s customers are transferred to its frequent contacts alone where it says so: by command, by keys and by the phone', async () => {
	const management = (await api.get('/links?filter[kind]=management')).items[0];
	const questionnaire = await api.post('/questionnaires', { name: 'client' });
	const client = await api.post('/business-clients', { name: 'client', management_link_id: management.id, questionnaires: [questionnaire.id] });
	await api.post('/business-client-contacts', { client_id: client.id, name: 'Boss', phone: '+86-139-0000-0009' });
	await api.post('/business-client-contacts', { client_id: client.id, name: 'Desk', phone: '1002' });
	const did = await tenant.did('queue', queue);
	const number = (await api.get(`/numbers?filter[number]=${did}`)).items[0];
	await api.patch(`/numbers/${number.id}`, { business_client_id: client.id });
	const talk = async (to = did) => {
		const agent = people['1001'];
		agent.phone.queue.length = 0;
		await board.agentState(agent, 'idle');
		const call = await intoQueue(zj, { queueDid: to, events: board });
		const other = await agent.phone.nextCall();
		await other.answer();
		other.rtp.tone(HZ.agent);
		await board.call(call.caller, 'talk');
		return { call, other, to: (number_) => api.post(`/calls/${call.id}/transfer`, { to: number_ }) };
	};
	const refused = (promise) => assert.rejects(promise, (error) => error.status === 409 && /frequent contact/.test(error.message));

	// Any number, to begin with.
	let t = await talk();
	await t.to('13900000007');
	await carriers.first.invite('13900000007');
	await t.call.hangup();

	await api.patch(`/business-clients/${client.id}`, { transfer_limit: 'contacts' });
	t = await talk();
	await refused(t.to('external:13900000008'));
	await refused(t.to('1003'));
	await refused(t.to('extension:1003'));
	// By keys, and by the telephone's own transfer key.
	await t.other.request('REFER', { headers: { 'Refer-To': `<sip:13900000008@${tenant.domain}>` } });
	for (const key of '*51')
		await t.other.rtp.dtmf(key);
	await new Promise((resolve) => setTimeout(resolve, 2500));
	for (const key of '1003#')
		await t.other.rtp.dtmf(key);
	await assert.rejects(people['1003'].phone.nextCall({ timeout: 2500 }));
	await t.call.rtp.hears(HZ.agent); // they talk on
	assert.ok(!carriers.first.sipp.messages.some(({ message: m, direction: d }) => d === 'in' && m.method === 'INVITE' && m.uri.includes(':13900000008@')));
	// To a contact, however its number is written; a queue is no number.
	await t.to('1002');
	const desk = await people['1002'].phone.nextCall();
	await desk.answer();
	await t.other.ended;
	await t.call.hangup();
	t = await talk();
	await t.to('8613900000009');
	await carriers.first.invite('8613900000009');
	await t.call.hangup();
	t = await talk();
	await t.to('queue:4001');
	await t.call.hangup();

	// Whoever is bound to no client goes anywhere; a caller's own number tells the client as well.
	const plain = await tenant.did('queue', queue);
	t = await talk(plain);
	await t.to('13900000010');
	await carriers.first.invite('13900000010');
	await t.call.hangup();
	const caller = zj.freshNumber();
	await api.post('/business-client-numbers', { client_id: client.id, number: caller });
	const agent = people['1001'];
	agent.phone.queue.length = 0;
	await board.agentState(agent, 'idle');
	const call = await intoQueue(zj, { queueDid: plain, events: board }, { caller });
	await (await agent.phone.nextCall()).answer();
	await board.call(caller, 'talk');
	await poll(() => api.post(`/calls/${call.id}/transfer`, { to: '13900000011' }).then(() => { throw new Error('went'); }, (error) => error.status === 409), { timeout: 500, what: 'refused' });
	await call.hangup();
}, { timeout: 120_000 });
