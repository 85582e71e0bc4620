// Two tenants with the same extension and the same queue number don't meet: not by phone, not by API, not in events or recordings.
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { HZ, centre, talking } from '../tools/scenes.mjs';
import { Phone } from '../tools/phone.mjs';

let zj;
let a;
let b;

before(async () => {
	zj = await Instance.take();
	[a, b] = [await centre(zj, 'ten-a'), await centre(zj, 'ten-b')];
	for (const place of [a, b])
		place.agent = await place.tenant.agent('1001', [place.queue], { answering: { after: 50 } });
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(() => zj.hangupAll());

test('each caller reaches the agent of his own tenant', async () => {
	const talkB = await talking(zj, b, b.agent, { agentTone: HZ.agent2 });
	const talkA = await talking(zj, a, a.agent);
	await Promise.all([talkA.call.rtp.hears(HZ.agent), talkB.call.rtp.hears(HZ.agent2)]);
	assert.equal(a.agent.phone.seen, 1);
	assert.equal(b.agent.phone.seen, 1);
	await Promise.all([talkA.call.hangup(), talkB.call.hangup()]);
	a.callId = talkA.call.id;
	b.callId = talkB.call.id;
});

test('a call that waits for one tenant\'s queue is not offered to the other\'s idle agent', async () => {
	await a.tenant.setState(a.agent, 'busy');
	await b.events.agentState(b.agent, 'idle');
	const { intoQueue } = await import('../tools/scenes.mjs');
	const call = await intoQueue(zj, a);
	await call.rtp.hears(HZ.music);
	assert.equal(b.agent.phone.seen, 1);
	assert.equal(b.events.callFrom(call.caller), undefined);
	await call.hangup();
	await a.tenant.setState(a.agent, 'idle');
});

test('extension 1001 calls 1002 of its own tenant', async () => {
	const [a2, b2] = [await a.tenant.extension('1002'), await b.tenant.extension('1002')];
	const [phoneA2, phoneB2] = [await a.tenant.phone(a2, { answering: { after: 50 } }), await b.tenant.phone(b2, { answering: { after: 50 } })];
	await a.events.agentState(a.agent, 'idle');
	const call = zj.later(Object.assign(await a.agent.phone.call('1002'), { close: () => call.hangup() }));
	await call.answered;
	const far = await phoneA2.nextCall();
	far.rtp.tone(HZ.agent2);
	await call.rtp.hears(HZ.agent2);
	assert.equal(phoneB2.seen, 0);
	await call.hangup();
	await far.ended;
});

test('a phone with the right password of the other tenant\'s 1001 is not let in', async () => {
	const impostor = zj.later(await Phone.open({ user: '1001', domain: a.tenant.domain, password: b.agent.extension.password, proxy: zj.sip }));
	await assert.rejects(impostor.register(), (error) => [401, 403].includes(error.status));
});

test('A\'s token sees nothing of B: not in lists, not by id, not by filter, not by reference', async () => {
	const api = a.tenant.api;
	const ofAll = new Set((await zj.carrier.get('/prompts?limit=200')).items.map((row) => row.id)); // the system's prompts
	for (const resource of ['queues', 'agents', 'extensions', 'flows', 'prompts', 'inbound-routes', 'queue-agents', 'calls', 'recordings', 'accounts', 'roles', 'blacklist']) {
		const mine = await api.get(`/${resource}?limit=200`);
		const theirs = await b.tenant.api.get(`/${resource}?limit=200`);
		const ids = new Set(theirs.items.map((row) => row.id).filter((id) => !ofAll.has(id)));
		assert.ok(mine.items.every((row) => !ids.has(row.id)), `${resource}: a row of both`);
		for (const id of [...ids].slice(0, 3)) {
			const response = await api.fetch('GET', `/${resource}/${id}`);
			assert.equal(response.status, 404, `${resource}/${id}`);
			await response.arrayBuffer();
		}
	}
	for (const request of [
		['DELETE', `/queues/${b.queue.id}`], ['PATCH', `/queues/${b.queue.id}`, { name: 'mine now' }],
		['POST', `/agents/${b.agent.id}/sign-out`, {}], ['POST', `/calls/${b.callId}/hangup`, {}],
		['POST', '/queue-agents', { queue_id: b.queue.id, agent_id: a.agent.id }],
		['POST', '/queues', { number: '4999', name: 'steal', music_id: b.queue.music_id }],
		['POST', '/numbers', { number: '02199999999' }], ['POST', '/inbound-routes', { name: 'steal', did_match: 'any', destination_kind: 'queue', destination_id: b.queue.id }],
	]) {
		const response = await api.fetch(request[0], request[1], { body: request[2] });
		assert.ok([403, 404, 405, 409, 422].includes(response.status), `${request[0]} ${request[1]}: ${response.status}`);
		await response.arrayBuffer();
	}
	assert.equal((await b.tenant.api.get(`/queues/${b.queue.id}`)).name, b.queue.name);
	await b.events.agentState(b.agent, 'idle');
	const entered = await api.fetch('GET', '/queues', { headers: { 'X-Zj-Tenant': b.tenant.id } });
	assert.equal(entered.status, 403);
	await entered.arrayBuffer();
});

test('A\'s token cannot listen to B\'s recording', async () => {
	const { recordings: [recording] } = await zj.facts(b.tenant, `id = '${b.callId}'`);
	const response = await a.tenant.api.fetch('GET', `/recordings/${recording.id}/audio`);
	assert.equal(response.status, 404);
	await response.arrayBuffer();
	const own = await b.tenant.api.fetch('GET', `/recordings/${recording.id}/audio`);
	assert.equal(own.status, 200);
	await own.arrayBuffer();
});

test('A\'s events never named anything of B', async () => {
	const talk = await talking(zj, b, b.agent);
	await talk.call.hangup();
	const text = JSON.stringify(a.events.log);
	for (const secret of [b.tenant.id, b.queue.id, b.agent.id, talk.call.caller, talk.call.id, b.callId])
		assert.ok(!text.includes(secret), `A was told ${secret}`);
	assert.ok(JSON.stringify(b.events.log).includes(talk.call.id));
});
