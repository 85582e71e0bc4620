// The page of the lists in the browser: the warning of what a white list does stands there always, in both languages.
// covers: NUM-V305
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { Tenant } from '../tools/tenant.mjs';

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
