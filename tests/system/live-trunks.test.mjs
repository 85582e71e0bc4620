// Trunks and gateways as they are now, in the browser: alarms, channels used of how many, who answers in how many milliseconds, registration.
// covers: PBX-V017 PBX-V314 PBX-V315 PBX-V316 PBX-V317
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Carrier } from '../../kamailio-mods/test/carrier.mjs';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance, MANIFEST, readJson } from '../tools/instance.mjs';
import { Tenant } from '../tools/tenant.mjs';
import { poll } from '../tools/wait.mjs';

let zj, tenant, other, browser, me, carrier, agent;
const rowOf = (name) => me.page.locator(`[data-testid=live-trunk][data-trunk="${name}"]`);
const state = (name) => rowOf(name).getAttribute('data-state');
const cell = async (name, n) => (await rowOf(name).locator('td').nth(n).innerText()).replace(/\s+/g, ' ').trim();

before(async () => {
	zj = await Instance.take();
	tenant = await Tenant.create(zj, 'gateways');
	other = await Tenant.create(zj, 'elsewhere');
	carrier = zj.later(await Carrier.open('127.0.0.36', 5060, () => ({ code: 200, after: 50 })));
	const out = await tenant.api.post('/trunks', { name: 'E1 gateway', identifier: 'span-1', host: '127.0.0.36', max_calls: 30, probe_s: 1 });
	await tenant.api.post('/trunks', { name: 'No channel', host: '127.0.0.37', max_calls: 0, probe_s: 0 });
	await tenant.api.post('/trunks', { name: 'Off', host: '127.0.0.38', enabled: false, probe_s: 0 });
	await tenant.api.post('/trunks', { name: 'Line', host: 'x', registration: 'u:p@127.0.0.39:5060', probe_s: 0 });
	await other.api.post('/trunks', { name: `Not yours ${other.name}`, host: '127.0.0.40', probe_s: 0 });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: out.id });
	agent = await tenant.agent('1001', [], { signIn: false, answering: 'never' });
	browser = await openChromium();
	me = await Person.sit(browser, zj, { lang: 'zh' });
	await me.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
	await me.see('board');
	await me.click('nav-live-trunks');
	await me.see('live-trunks');
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

test('each trunk with its alarm, channels, signalling, registration and addresses; a tenant sees its own', async () => {
	await poll(async () => (await state('E1 gateway')) === 'ok' && /OK \(\d+ ms\)/.test(await cell('E1 gateway', 5)), { timeout: 20_000, every: 200, what: 'the gateway answers' });
	assert.deepEqual([await cell('E1 gateway', 0), await cell('E1 gateway', 1), await cell('E1 gateway', 2), await cell('E1 gateway', 3)], ['E1 gateway span-1', '正常', '0 / 30', 'SIP（IP）']);
	assert.deepEqual([await state('No channel'), await state('Off'), await cell('Off', 1)], ['full', 'disabled', '已停用']);
	await poll(async () => (await state('Line')) === 'unregistered', { timeout: 10_000, what: 'a line that cannot register' });
	assert.equal(await cell('Line', 3), 'SIP（注册）');
	assert.equal(await rowOf(`Not yours ${other.name}`).count(), 0);
	assert.equal(await me.id('live-trunk').count(), 4);
	assert.match(await me.text('trunks-total'), /4 条中继，[23] 条异常，0 个通话/);
	const first = await me.id('live-trunk').first().getAttribute('data-trunk');
	assert.ok(['Line', 'No channel'].includes(first), `what is in trouble stands first: ${first}`);
	assert.deepEqual(await me.violations(), []);
});

test('a call takes a channel, and gives it back; a gateway that goes silent is an alarm, and what is in force is shown', async () => {
	const call = await poll(async () => {
		const c = await agent.phone.call('13900001111');
		return (await Promise.race([c.answered.then(() => 'up'), c.ended])) === 'up' ? c : null;
	}, { timeout: 8000, every: 200, what: 'a call' });
	await poll(async () => (await cell('E1 gateway', 2)) === '1 / 30', { timeout: 8000, what: 'one channel used' });
	await call.hangup();
	await poll(async () => (await cell('E1 gateway', 2)) === '0 / 30' && (await cell('E1 gateway', 6)) === '1 / 1', { timeout: 8000, what: 'free again, one call answered' });
	carrier.options = () => null;
	await poll(async () => (await state('E1 gateway')) === 'unreachable', { timeout: 30_000, every: 200, what: 'the alarm' });
	assert.match(await cell('E1 gateway', 5), /127\.0\.0\.36:5060 无应答/);
	await me.id('trunks-troubled').check();
	assert.equal(await rowOf('Off').count(), 0, 'what somebody switched off is no trouble');
	assert.equal(await rowOf('E1 gateway').count(), 1);
	await me.id('trunks-troubled').uncheck();
	await me.type('trunks-search', 'SPAN-1');
	assert.equal(await me.id('live-trunk').count(), 1);
	await me.type('trunks-search', '');
	carrier.options = () => 200;
	await poll(async () => (await state('E1 gateway')) === 'ok', { timeout: 30_000, every: 200, what: 'back' });
	const mine = (await tenant.api.get('/trunks?filter[name]=E1 gateway')).items[0];
	await tenant.api.patch(`/trunks/${mine.id}`, { max_calls: 60 });
	await poll(async () => (await cell('E1 gateway', 2)) === '0 / 60', { timeout: 8000, what: 'a change is in force by itself, without a reload' });
});

test('the carrier sees the trunks of all teams, with whose they are', async () => {
	const boss = await Person.sit(browser, zj);
	await boss.login(readJson(MANIFEST).carrier);
	await boss.see('resource-tenants');
	await boss.open('/live/trunks');
	const row = boss.page.locator(`[data-testid=live-trunk][data-trunk="Not yours ${other.name}"]`);
	await row.waitFor();
	assert.match(await row.innerText(), /elsewhere/);
	await boss.close();
});
