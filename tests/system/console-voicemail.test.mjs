// Voicemail in the browser: who leads queues sees what was left in them, hears it, takes it away, says what it is about, calls back.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { HZ } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';

const password = 'Leader-Q7-listens';
const CALLER = '13733330001';
const FAR = 1270;
let zj, browser, tenant, api, leader, carrier, queues, boxes, person;

/** A message, left in a queue's box by a caller from outside. */
async function leave(did, caller) {
	const call = await poll(async () => {
		const c = await zj.call(caller, did);
		return (await c.final()).status === 200 && c;
	}, { timeout: 10_000, what: 'a call to the box' });
	await call.rtp.until((r) => r.level(1000, 100) > 0.6, { timeout: 20_000, what: 'the beep' });
	await call.rtp.until((r) => r.level(1000, 60) < 0.2, { timeout: 3000, what: 'the end of the beep' });
	call.rtp.tone(690);
	await new Promise((resolve) => setTimeout(resolve, 2500));
	await call.close();
}

before(async () => {
	zj = await Instance.take();
	browser = await openChromium();
	carrier = zj.later(await AnsweringCarrier.open({ host: '127.0.0.57', tone: FAR }));
	tenant = await zj.tenant('con-vm');
	({ api } = tenant);
	const trunk = await api.post('/trunks', { name: 'out', host: '127.0.0.57', probe_s: 0 });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id });
	for (const o of (await api.get('/business-objects')).items.filter((x) => x.kind === 'customer'))
		await api.patch(`/business-objects/${o.id}`, { enabled: true });
	await api.post('/customers', { name: 'Miss Green', phone: CALLER });
	queues = [await tenant.queue('4001'), await tenant.queue('4002')];
	boxes = [];
	for (const [i, queue] of queues.entries())
		boxes.push(await api.post('/voicemail-boxes', { number: `700${i}`, name: `Box ${i}`, queue_id: queue.id, silence_s: 0 }));
	leader = await tenant.agent('1001', [], { answering: 'never' });
	const role = (await api.get('/roles?filter[kind]=agent')).items[0];
	const account = await api.post('/accounts', { username: 'lea', name: 'Lea', password, role_id: role.id });
	await api.patch(`/agents/${leader.id}`, { account_id: account.id });
	await api.post('/agent-managed-queues', { agent_id: leader.id, queue_id: queues[0].id });
	const dids = [await tenant.did('voicemail', boxes[0]), await tenant.did('voicemail', boxes[1])];
	await leave(dids[0], CALLER);
	await leave(dids[1], '13733330002');
	await poll(async () => (await api.get('/voicemails')).items.length === 2, { timeout: 30_000, what: 'two messages' });
	person = await Person.sit(browser, zj);
	await person.login({ tenant: tenant.name, username: 'lea', password });
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

const rows = () => person.page.locator('[data-testid=data-row]');
const cell = async (field) => (await rows().first().locator(`[data-field=${field}]`).innerText()).trim();

// covers: MED-L04 MED-Y07 RPT-Y10
test('the messages of the queues one leads: columns, played with a volume, taken away, remarked on, called back', async () => {
	await person.open('/data/voicemails');
	await poll(async () => (await rows().count()) === 1, { what: 'the message of the queue that Lea leads, and no other' });
	assert.deepEqual([await cell('caller'), await cell('caller_name'), await cell('queue_id')].map((x) => x.replace(/\s+/g, ' ')), ['137****0001', 'Miss Green', 'Queue 4001'], 'masked: agents see no whole numbers');
	assert.match(await cell('left_at'), /\d{4}-\d\d-\d\d/);
	assert.match(await cell('ms'), /\d/);
	assert.equal(await cell('state'), 'Caller hung up');
	await person.click('row-play');
	await person.see('list-player');
	await poll(async () => Number(await person.id('player').first().getAttribute('data-at')) > 0.2, { what: 'it sounds' });
	await person.id('player-volume').first().fill('0.25');
	assert.equal(await person.page.evaluate(() => document.querySelector('audio').volume), 0.25);
	const coming = person.page.waitForEvent('download');
	await person.click('recording-download');
	assert.match((await coming).suggestedFilename(), /^msg0001\.wav$/);
	const [message] = (await api.get(`/voicemails?filter[box_id]=${boxes[0].id}`)).items;
	const [entry] = await poll(async () => {
		const { items } = await api.get(`/audit?filter[event]=download&filter[resource]=voicemails`);
		return items.length && items;
	}, { what: 'the log says who took it' });
	assert.equal(entry.row_id, message.id);

	await rows().first().locator('[data-field=remark]').dblclick();
	await person.id('inline-editor').locator('textarea').fill('wants her money back');
	await person.page.keyboard.press('Tab');
	await poll(async () => (await api.get(`/voicemails/${message.id}`)).remark === 'wants her money back', { what: 'the remark' });

	await person.click('row-callback');
	const phone = await leader.phone.nextCall();
	await phone.answer();
	phone.rtp.tone(HZ.agent);
	await carrier.invite(CALLER);
	await Promise.all([phone.rtp.hears(FAR), carrier.rtp.hears(HZ.agent)]);
	await phone.hangup();
	assert.deepEqual(person.faults, []);
});

test('filters: queue, number, time, language, state', async () => {
	const { language } = await api.get(`/voicemails/${(await api.get('/voicemails')).items[0].id}`);
	const asked = async (filter) => (await api.get(`/voicemails?${filter}`)).items.map((m) => m.caller).toSorted();
	const later = new Date(Date.now() + 60_000).toISOString();
	assert.deepEqual(await asked(`filter[queue_id]=${queues[1].id}`), ['13733330002']);
	assert.deepEqual(await asked('filter[caller][contains]=30001'), [CALLER]);
	assert.deepEqual(await asked(`filter[left_at][ge]=${later}`), []);
	assert.deepEqual(await asked(`filter[left_at][le]=${later}`), [CALLER, '13733330002']);
	assert.deepEqual(await asked(`filter[language]=${language}`), [CALLER, '13733330002']);
	assert.deepEqual(await asked(`filter[language]=${language === 'en' ? 'zh' : 'en'}`), []);
	assert.deepEqual(await asked('filter[state]=hungup'), [CALLER, '13733330002']);
	assert.deepEqual(await asked('filter[state]=completed'), []);
});

test('who sees the number masked calls back all the same, and nobody calls who is no agent or sees no message', async () => {
	const role = await api.post('/roles', { name: 'masked', permissions: ['voicemails.read', 'voicemails.listen'] });
	const account = await api.post('/accounts', { username: 'mask', name: 'Mask', password, role_id: role.id });
	const { Api } = await import('../tools/api.mjs');
	const masked = await Api.login(zj.url, { tenant: tenant.name, username: 'mask', password });
	const [message] = (await masked.get(`/voicemails?filter[box_id]=${boxes[0].id}`)).items;
	assert.match(message.caller, /\*/);
	assert.equal((await masked.fetch('POST', `/voicemails/${message.id}/callback`, { body: {} })).status, 404, 'no agent');
	const agent = await tenant.agent('1002', [], { answering: 'never' });
	await api.patch(`/agents/${agent.id}`, { account_id: account.id });
	await poll(async () => (await masked.fetch('POST', `/voicemails/${message.id}/callback`, { body: {} })).status === 200, { timeout: 5000, what: 'acd and api know the agent' });
	const phone = await agent.phone.nextCall();
	await phone.answer();
	await carrier.invite(CALLER, { timeout: 8000 });
	await phone.hangup();
	const stranger = await zj.tenant('con-vm-b');
	assert.equal((await stranger.api.fetch('POST', `/voicemails/${message.id}/callback`, { body: {} })).status, 404);
});
