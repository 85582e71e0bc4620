// The page of the lists in the browser: the warning of what a white list does stands there always, in both languages.
// covers: NUM-V305
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { Tenant } from '../tools/tenant.mjs';
import { poll } from '../tools/wait.mjs';

let zj, tenant, browser;
before(async () => {
	zj = await Instance.take();
	tenant = await Tenant.create(zj, 'lists');
	await tenant.api.post('/blacklist', { number: '13800000000' });
	browser = await openChromium();
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

for (const [lang, text] of [['zh', '如果设定了白名单，那么白名单以外的号码就无法拨入'], ['en', 'If a white list is set, numbers outside the white list cannot call in']])
	test(`the warning: ${lang}`, async () => {
		const me = await Person.sit(browser, zj, { lang });
		await me.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
		await me.see('board');
		for (const where of ['/data/blacklist', '/data/blacklist?f.colour.eq=white']) {
			await me.open(where);
			await me.page.locator('[data-testid=resource-list][data-ready=true]').first().waitFor();
			assert.equal((await me.page.getByTestId('list-notice').innerText()).trim(), text, where);
		}
		await me.open('/data/blacklist');
		await me.page.getByTestId('data-row').first().waitFor();
		assert.deepEqual(await me.violations(), []);
		await me.open('/data/queues');
		await me.page.locator('[data-testid=resource-list][data-ready=true]').first().waitFor();
		assert.equal(await me.page.getByTestId('list-notice').count(), 0, 'only where there is something to warn of');
		await me.close();
	});

test('the white list and the lists of lines have entries of their own in the menu; what is added there belongs there', async () => {
	const trunk = await tenant.api.post('/trunks', { name: 'Listed', host: '127.0.0.44', probe_s: 0 });
	await tenant.api.post('/blacklist', { number: '13711112222', trunk_id: trunk.id, direction: 'out' });
	const me = await Person.sit(browser, zj, { lang: 'zh' });
	await me.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
	await me.see('board');
	const ready = () => me.page.locator('[data-testid=resource-list][data-ready=true]').first().waitFor();
	const numbers = async () => { await ready(); return (await me.page.getByTestId('data-row').allInnerTexts()).map((x) => /1[0-9]{10}/.exec(x)?.[0]); };
	await me.click('nav-whitelist');
	await ready();
	assert.equal(await me.page.locator('h1.title').innerText(), '白名单');
	assert.deepEqual(await numbers(), []);
	await me.click('list-add');
	await me.type('field-number', '13600009999');
	await me.click('form-save');
	await poll(async () => (await tenant.api.get('/blacklist?filter[number]=13600009999')).items[0]?.colour === 'white', { timeout: 8000, what: 'a white row' });
	await me.click('nav-whitelist');
	await poll(async () => (await numbers()).join() === '13600009999', { timeout: 8000, what: 'the row in its list' });
	await me.click('nav-line-lists');
	await poll(async () => (await numbers()).join() === '13711112222', { timeout: 8000, what: 'the list of lines' });
	assert.equal(await me.page.locator('h1.title').innerText(), '线路黑白名单');
	assert.equal(await me.id('nav-line-lists').getAttribute('aria-current'), 'page');
	assert.equal(await me.id('resource-blacklist').getAttribute('aria-current'), null);
	await me.click('resource-blacklist');
	await poll(async () => (await numbers()).length === 3, { timeout: 8000, what: 'all of them' });
	await me.close();
});

// covers: NUM-V516
test('numbers are written in lists as the newest rule of the team says, and stay digits in the data', async () => {
	for (const o of (await tenant.api.get('/business-objects')).items)
		await tenant.api.patch(`/business-objects/${o.id}`, { enabled: true });
	await tenant.api.post('/number-formats', { pattern: '138xxxxxxxx', output: 'old ###########' });
	await tenant.api.post('/number-formats', { pattern: '1381xxxxxxx', output: '(+86) ###-####-####' });
	await tenant.api.post('/customers', { name: 'Wang', phone: '13812345678' });
	await tenant.api.post('/customers', { name: 'Li', phone: '13912345678' });
	const me = await Person.sit(browser, zj, { lang: 'zh' });
	await me.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
	await me.see('board');
	await me.open('/data/customers');
	await me.page.locator('[data-testid=resource-list][data-ready=true]').first().waitFor();
	const row = (name) => me.page.getByTestId('data-row').filter({ hasText: name }).innerText();
	await poll(async () => /\(\+86\) 138-1234-5678/.test(await row('Wang')), { timeout: 8000, what: 'a number by the rule' });
	assert.match(await row('Li'), /13912345678/);
	assert.equal((await tenant.api.get('/customers?filter[name]=Wang')).items[0].phone, '13812345678');
	await me.close();
});
