// The administration as people do it in the browser: a carrier makes a tenant, its administrator sets it up, others feel what roles mean.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Api } from '../tools/api.mjs';
import { Person, openChromium, totp } from '../tools/console.mjs';
import { Instance, MANIFEST, readJson } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';

const name = `desk${Date.now().toString(36)}`;
const password = `Admin-${name}-Q7`;
let zj;
let browser;
let carrier;
let admin;
let clerk;
let api;
let made = [];

before(async () => {
	zj = await Instance.take();
	browser = await openChromium();
	[carrier, admin, clerk] = await Promise.all([Person.sit(browser, zj), Person.sit(browser, zj), Person.sit(browser, zj, { theme: 'dark' })]);
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

test('a carrier makes a tenant, goes inside, makes its administrator, and sees what it uses', async () => {
	await carrier.login(readJson(MANIFEST).carrier);
	await carrier.see('resource-tenants');
	await carrier.open('/data/tenants/new');
	for (const [field, value] of Object.entries({ name, title: 'Desk Ltd', sip_domain: `${name}.test` }))
		await carrier.type(`field-${field}`, value);
	await carrier.click('form-save');
	await carrier.click('tenant-enter');
	assert.match(await carrier.text('acting-banner'), /Desk Ltd/);
	await carrier.open('/data/accounts/new');
	for (const [field, value] of Object.entries({ username: 'admin', name: 'Ada', password }))
		await carrier.type(`field-${field}`, value);
	await carrier.pick('field-type', /admin/i);
	await carrier.click('form-save');
	await carrier.see('account-panel');
	await carrier.click('acting-back');
	await carrier.gone('acting-banner');
	await carrier.open('/admin/usage');
	const row = carrier.page.locator(`[data-testid="usage-row"][data-tenant="${name}"]`);
	assert.match(await row.locator('[data-quota="accounts"]').innerText(), /1 \/ /);
	assert.deepEqual(carrier.faults, []);
});

test('its administrator logs in', async () => {
	await admin.login({ tenant: name, username: 'admin', password: 'not-the-password' });
	await admin.see('login-fault');
	await admin.type('login-password', password);
	await admin.click('login-submit');
	await admin.see('board');
	assert.equal(await admin.text('account'), 'Ada');
	api = await Api.login(zj.url, { tenant: name, username: 'admin', password });
});
