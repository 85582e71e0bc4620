// Trunks, trunk groups, outbound routes and extensions as an administrator works with them in the browser.
// covers: PBX-V016 PBX-V033 PBX-V073 PBX-V304
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { Tenant } from '../tools/tenant.mjs';
import { poll } from '../tools/wait.mjs';

let zj, tenant, api, browser, me, trunk, other, queue;
const texts = (testid) => me.page.getByTestId(testid).allInnerTexts().then((all) => all.map((x) => x.replace(/\s+/g, ' ').trim()));
const until = (what, look) => poll(look, { timeout: 8000, every: 100, what });

before(async () => {
	zj = await Instance.take();
	tenant = await Tenant.create(zj, 'pbxpages');
	api = tenant.api;
	trunk = await api.post('/trunks', { name: 'Main line', host: '127.0.0.45', probe_s: 0 });
	other = await api.post('/trunks', { name: 'Spare line', host: '127.0.0.46', probe_s: 0 });
	queue = await tenant.queue('4001');
	browser = await openChromium();
	me = await Person.sit(browser, zj);
	await me.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
	await me.see('board');
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

test('the trunks of a group are picked from the left to the right, all at once or one by one, and saved', async () => {
	const group = await api.post('/trunk-groups', { name: 'Outside' });
	const members = async () => (await api.get(`/trunk-members?filter[group_id]=${group.id}&sort=-priority`)).items.map((m) => m.trunk_id);
	await me.open(`/data/trunk-groups/${group.id}`);
	await me.see('trunk-group-panel');
	await me.page.getByTestId('dual-left').locator('header input').check(); // all
	await me.click('dual-add');
	assert.deepEqual(await members(), [], 'nothing is written before it is saved');
	await me.click('trunks-save');
	await until('both are in', async () => (await members()).length === 2);
	await me.page.getByTestId('dual-right').locator('header input').check();
	await me.click('dual-remove');
	await me.page.getByTestId('dual-left').getByTestId('dual-entry').filter({ hasText: 'Spare line' }).dblclick();
	await me.page.getByTestId('dual-left').getByTestId('dual-entry').filter({ hasText: 'Main line' }).dblclick();
	await me.click('trunks-save');
	await until('the other order', async () => (await members()).join() === [other.id, trunk.id].join());
	await me.page.getByTestId('dual-right').getByTestId('dual-entry').filter({ hasText: 'Spare line' }).dblclick();
	await me.click('trunks-save');
	await until('one is left', async () => (await members()).join() === trunk.id);
});

test('a trunk tells where it is used, and leads to a new rate and to its rules', async () => {
	await api.post('/inbound-routes', { name: 'By main', trunk_id: trunk.id, priority: 7, destination_kind: 'queue', destination_id: queue.id });
	await me.open('/data/trunks');
	await me.page.locator('[data-testid=resource-list][data-ready=true]').first().waitFor();
	await me.open(`/data/trunks/${trunk.id}`);
	await until('its uses', async () => (await texts('trunk-use')).length === 2);
	assert.deepEqual((await texts('trunk-use')).sort(), ['Inbound route By main 7', 'Trunk group Outside 1']);
	await me.click('trunk-rate');
	await me.see('form');
	assert.match(me.page.url(), new RegExp(`/data/extension-rates/new\\?trunk_id=${trunk.id}`));
	await until('the trunk is filled in', async () => (await me.page.getByTestId('form').getAttribute('data-dirty')) === 'true' || /Main line/.test(await me.page.getByTestId('form').innerText()));
	await me.open(`/data/trunks/${trunk.id}`);
	await me.click('leave-go'); // what was filled in
	await me.see('trunk-panel');
	await me.click('trunk-rules');
	await until('its rules', async () => /\/data\/trunk-rules/.test(me.page.url()) && me.page.url().includes(trunk.id));
	await me.open(`/data/trunks/${trunk.id}`);
	await me.click('trunk-back');
	await until('the list', async () => /\/data\/trunks$/.test(me.page.url()));
});

test('the rules of an outbound route: typed above, listed below, edited where they stand, deleted', async () => {
	const route = await api.post('/outbound-routes', { name: 'Sales' });
	const rules = async () => (await api.get(`/outbound-rules?filter[route_id]=${route.id}&sort=prefix`)).items;
	await me.open(`/data/outbound-routes/${route.id}`);
	await me.see('route-rules');
	await me.click('rule-ok');
	await until('the rule "default" at once in the table', async () => (await texts('rule-row')).join() === 'Sales default Dial out 0 Delete' || (await texts('rule-row')).length === 1);
	await me.type('rule-prefix', '95');
	await me.choose('rule-kind', 'queue');
	await me.pick('rule-target', '4001');
	await me.type('rule-length', '5');
	await me.type('rule-strip', '9');
	await me.click('rule-ok');
	await until('two rules', async () => (await rules()).length === 2);
	const [row] = await rules();
	assert.deepEqual([row.prefix, row.destination_kind, row.destination_id, row.length, row.strip, row.add], ['95', 'queue', queue.id, 5, '9', '']);
	const line = me.page.locator('[data-testid=rule-row][data-prefix="95"]');
	await until('its cells', async () => /^Sales 95 Queue \S.* 5 9/.test((await line.innerText()).replace(/\s+/g, ' ')));
	await line.getByTestId('cell-add').dblclick();
	await me.page.getByTestId('cell-input').fill('0');
	await me.page.getByTestId('cell-input').press('Enter');
	await until('the cell', async () => (await rules())[0].add === '0');
	await line.getByTestId('cell-length').dblclick();
	await me.page.getByTestId('cell-input').fill('99');
	await me.page.getByTestId('cell-input').press('Enter');
	await me.see('rule-fault');
	assert.equal((await rules())[0].length, 5, 'what is refused is not kept');
	await line.getByTestId('rule-remove').first().click();
	await me.click('confirm-yes');
	await until('one rule', async () => (await rules()).map((r) => r.prefix).join() === 'default');
	assert.deepEqual(await me.violations(), []);
});

test('an extension has its own black and white list', async () => {
	const account = await api.post('/accounts', { username: '8400', name: 'Wang', password: 'Clerk-pass-1' });
	const extension = await tenant.extension('8001');
	for (const number of ['8002', '8003']) {
		const e = await tenant.extension(number);
		await api.patch(`/extensions/${e.id}`, { account_id: account.id });
	}
	await me.open(`/data/extensions/${extension.id}`);
	for (const colour of ['black', 'white']) {
		await me.click(`extension-${colour}`);
		await me.see('extension-lists');
		await me.type('list-number', colour === 'black' ? '13900000001' : '13900000002');
		await me.click('list-add');
		await until('the row', async () => (await texts('list-row')).length === 1);
		await me.page.keyboard.press('Escape');
	}
	const rows = (await api.get(`/blacklist?filter[extension_id]=${extension.id}&sort=number`)).items;
	assert.deepEqual(rows.map((r) => [r.number, r.colour, r.scope]), [['13900000001', 'black', 'extension'], ['13900000002', 'white', 'extension']]);
	assert.deepEqual(me.faults, []);
});
