// The hand-made pages of the administration in the browser, one after the other: what each is for, and that axe finds nothing serious on it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Api } from '../tools/api.mjs';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance, MANIFEST, readJson } from '../tools/instance.mjs';
import { Tenant } from '../tools/tenant.mjs';
import { poll } from '../tools/wait.mjs';

const soon = { timeout: 8000, every: 100 };
let zj;
let browser;
let place;
let api;
let admin;
let carrier;

before(async () => {
	zj = await Instance.take();
	place = await Tenant.create(zj, 'pages');
	api = place.api;
	browser = await openChromium();
	[admin, carrier] = await Promise.all([Person.sit(browser, zj), Person.sit(browser, zj)]);
	await Promise.all([admin.login({ tenant: place.name, username: 'admin', password: place.password }), carrier.login(readJson(MANIFEST).carrier)]);
	await Promise.all([admin.see('board'), carrier.see('resource-tenants')]);
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

const first = async (path) => (await api.get(path)).items[0];

// covers: TEN-Y14
test('departments: added at the top and below, renamed, moved by keys, deleted; members put in', async () => {
	const add = async (button, name, kind = 'department') => {
		await admin.click(button);
		await admin.type('department-name', name);
		await admin.choose('department-kind', kind);
		await admin.click('department-save');
		await admin.gone('department-box');
		return first(`/departments?filter[name]=${encodeURIComponent(name)}`);
	};
	await admin.open('/admin/organisation');
	const head = await add('department-top', 'Head office');
	const sales = await add('department-below', 'Sales');
	assert.equal(sales.parent_id, head.id);
	await admin.click('department-edit');
	await admin.type('department-name', 'Sales East');
	await admin.click('department-save');
	await poll(async () => (await api.get(`/departments/${sales.id}`)).name === 'Sales East', soon);
	const service = await add('department-top', 'Service');
	const item = (id) => admin.page.locator(`[data-testid="tree-item"][data-id="${id}"]`);
	await item(service.id).press('Alt+ArrowRight');
	await poll(async () => (await api.get(`/departments/${service.id}`)).parent_id === head.id, soon);
	await item(service.id).dragTo(item(sales.id));
	await poll(async () => (await api.get(`/departments/${service.id}`)).parent_id === sales.id, soon);
	await item(service.id).click();
	await admin.click('member-add');
	await admin.pick('member-pick', 'admin');
	await admin.page.locator('dialog[open] h2').click();
	await admin.page.locator('dialog[open] footer button').last().click();
	await admin.page.locator('[data-testid="member-row"][data-username="admin"]').waitFor();
	assert.equal((await first('/accounts?filter[username]=admin')).department_id, service.id);
	const gone = await add('department-top', 'Closed');
	await admin.click('department-delete');
	await admin.click('confirm-yes');
	await poll(async () => (await api.get(`/departments?filter[name]=Closed`)).items.length === 0, soon);
	assert.equal(await item(gone.id).count(), 0);
});

// covers: TEN-V027 TEN-V028 TEN-V029 TEN-V030
test('a new account leads to its extension; its extensions, another one and its agent are made from there', async () => {
	await admin.open('/data/accounts/new');
	await admin.type('field-username', 'lin');
	await admin.type('field-name', 'Lin Xia');
	await admin.type('field-password', 'Quite-safe-41');
	await admin.click('form-save');
	await admin.see('make-extensions');
	await admin.type('make-number', '7001');
	await admin.type('make-password', 'Extension-41');
	await admin.click('make-save-extensions');
	await admin.see('resource-list');
	const lin = await first('/accounts?filter[username]=lin');
	assert.equal((await first('/extensions?filter[number]=7001')).account_id, lin.id);
	await admin.open(`/data/accounts/${lin.id}`);
	await admin.click('account-add-extension');
	await admin.type('make-number', '7002');
	await admin.type('make-password', 'Extension-42');
	await admin.click('make-save-extensions');
	await admin.gone('make-extensions');
	await admin.click('account-extensions');
	await admin.id('extension-row').nth(1).waitFor();
	assert.deepEqual((await admin.page.locator('[data-testid="extension-list"] th').allInnerTexts()), ['Login name', 'Name', 'Password', 'Number', 'Status', 'Details', 'Delete']);
	await admin.id('extension-row').filter({ hasText: '7001' }).getByRole('link').click();
	await admin.page.locator('[data-testid="detail"]').waitFor();
	assert.match(admin.page.url(), /extensions/);
	await admin.open(`/data/accounts/${lin.id}`);
	await admin.click('account-agent');
	await admin.type('make-number', '7101');
	await admin.click('make-save-agents');
	await admin.gone('make-agents');
	assert.equal((await first('/agents?filter[number]=7101')).account_id, lin.id);
	await admin.open(`/data/accounts/${(await first('/accounts?filter[username]=admin')).id}`);
	await admin.see('account-panel');
	for (const absent of ['account-extensions', 'account-add-extension', 'account-agent'])
		assert.equal(await admin.id(absent).count(), 0, absent);
});

test('sessions of somebody are seen and ended; a new password is set for him', async () => {
	const lin = await first('/accounts?filter[username]=lin');
	const his = await Api.login(zj.url, { tenant: place.name, username: 'lin', password: 'Quite-safe-41' });
	await admin.open(`/data/accounts/${lin.id}`);
	await admin.click('account-sessions');
	await admin.click('session-end');
	await admin.click('confirm-yes');
	await poll(async () => (await his.fetch('GET', '/session')).status === 401, { ...soon, what: 'the session over' });
	await poll(async () => (await admin.page.keyboard.press('Escape'), await admin.id('sessions-box').count() === 0), { ...soon, what: 'the list of sessions closed' });
	await admin.click('account-password');
	await admin.click('reset-generate');
	const fresh = await admin.id('reset-password').inputValue();
	await admin.click('reset-save');
	await admin.gone('reset-box');
	const again = await Api.login(zj.url, { tenant: place.name, username: 'lin', password: fresh });
	assert.equal(again.session.must_change_password, true);
});

// covers: TEN-V035
test('members of an account group: two lists, extensions beside the names, the tick of an administrator', async () => {
	const group = await api.post('/account-groups', { name: 'Night shift' });
	const lin = await first('/accounts?filter[username]=lin');
	await admin.open(`/data/account-groups/${group.id}`);
	const left = admin.id('dual-left').getByTestId('dual-entry').filter({ hasText: 'lin' });
	assert.match(await left.innerText(), /7001.*7002/);
	await left.getByRole('checkbox').check();
	await admin.click('dual-add');
	const right = admin.id('dual-right').getByTestId('dual-entry').filter({ hasText: 'lin' });
	await right.getByRole('checkbox').nth(1).check();
	await admin.click('members-save');
	await poll(async () => (await first(`/account-group-members?filter[group_id]=${group.id}`))?.admin === true, soon);
	assert.equal((await first(`/account-group-members?filter[group_id]=${group.id}`)).account_id, lin.id);
	await right.getByRole('checkbox').first().check();
	await admin.click('dual-remove');
	await admin.click('members-save');
	await poll(async () => (await api.get(`/account-group-members?filter[group_id]=${group.id}`)).items.length === 0, soon);
});

// covers: TEN-K07 TEN-K08 TEN-K09 TEN-K10
test('a custom field is designed; each role has its row in its matrix, also one that is made later; what it says is obeyed', async () => {
	for (const o of (await api.get('/business-objects')).items.filter((x) => x.kind === 'customer'))
		await api.patch(`/business-objects/${o.id}`, { enabled: true });
	await admin.open('/admin/custom-fields');
	await admin.choose('fields-resource', 'customers');
	await admin.click('field-add');
	await admin.choose('field-type', 'single');
	await admin.type('field-zh', '等级评定');
	await admin.type('field-name', 'grade');
	await admin.click('field-save');
	assert.match(await admin.page.locator('[data-testid="field-box"] .ad-fault').innerText(), /option/);
	await admin.click('choice-add');
	await admin.page.locator('[data-testid="choice"] input').first().fill('A');
	await admin.click('field-save');
	await admin.page.locator('[data-testid="field-row"][data-name="grade"]').waitFor();
	const role = await api.post('/roles', { name: 'Readers', permissions: ['customers.read', 'customers.update', 'customers.export', 'customers.import'], scope: 'tenant' });
	await admin.page.locator('[data-testid="field-row"][data-name="grade"]').getByTestId('field-edit').click();
	const access = admin.page.locator(`[data-testid="access-custom.grade"][data-role="${role.id}"]`);
	assert.equal(await access.inputValue(), 'write');
	await access.selectOption('none');
	await poll(async () => (await first(`/role-fields?filter[role_id]=${role.id}`))?.access === 'none', soon);
	await api.post('/accounts', { username: 'reader', name: 'Reader', password: 'Quite-safe-42', role_id: role.id });
	const reader = await Api.login(zj.url, { tenant: place.name, username: 'reader', password: 'Quite-safe-42' });
	const fields = async () => (await reader.get('/meta/resources')).resources.find((r) => r.name === 'customers').fields.map((f) => f.name);
	const customer = await api.post('/customers', { name: 'One', phone: '13800000001', custom: { grade: 'A' } });
	const template = async () => (await reader.fetch('GET', '/customers/import-template?format=csv')).text();
	const whole = async () => (await reader.fetch('POST', '/customers/export', { body: { format: 'csv', query: '', fields: ['name', 'custom.grade'] } })).status;
	await poll(async () => !(await fields()).includes('custom.grade'), { ...soon, what: 'the field hidden' });
	assert.ok(!('grade' in ((await reader.get('/customers')).items[0].custom ?? {})));
	assert.ok(!('grade' in ((await reader.get(`/customers/${customer.id}`)).custom ?? {})));
	assert.doesNotMatch(await template(), /grade|等级评定/);
	assert.ok(await whole() >= 400);
	await access.selectOption('read');
	await poll(async () => (await fields()).includes('custom.grade'), { ...soon, what: 'the field to read' });
	assert.equal((await reader.get(`/customers/${customer.id}`)).custom.grade, 'A');
	assert.equal(await whole(), 202);
	assert.ok((await reader.fetch('PATCH', `/customers/${customer.id}`, { body: { custom: { grade: null } } })).status >= 400);
	assert.deepEqual((await api.get(`/customers/${customer.id}`)).custom.grade, 'A');
});

test('a dictionary with its tree: entries added, put below, turned round by keys', async () => {
	const entry = async (button, code, zh) => {
		await admin.click(button);
		await admin.type('dict-code', code);
		await admin.type('dict-zh', zh);
		await admin.click('dict-save');
		await admin.gone('dictionary-box');
	};
	await admin.open('/admin/dictionaries');
	await admin.click('dict-add');
	await admin.type('dict-code', 'industry');
	await admin.type('dict-name', 'Industry');
	await admin.id('dict-tree').check();
	await admin.click('dict-save');
	await admin.gone('dictionary-box');
	await entry('item-add', 'finance', '金融');
	await entry('item-below', 'bank', '银行');
	await entry('item-add', 'education', '教育');
	const [finance, bank, education] = await Promise.all(['finance', 'bank', 'education'].map((code) => first(`/dictionary-items?filter[code]=${code}`)));
	assert.equal(bank.parent_id, finance.id);
	await admin.page.locator(`[data-testid="tree-item"][data-id="${education.id}"]`).press('Alt+ArrowUp');
	await poll(async () => {
		const [a, b] = await Promise.all([education, finance].map((x) => api.get(`/dictionary-items/${x.id}`)));
		return a.position < b.position;
	}, soon);
});

// covers: KB-V705 KB-V706 KB-Y07
test('knowledge as agents read it: tree, list, search, details, what was looked at; drafts stay hidden', async () => {
	const top = await api.post('/kb-categories', { name: 'Telephones' });
	const below = await api.post('/kb-categories', { name: 'Voicemail', parent_id: top.id });
	await api.post('/kb-articles', { name: 'Resetting a mailbox', category_id: below.id, status: 'published', content: '<p>Dial <b>*98</b> and press 0.</p>', text_content: 'Dial *98 and press 0.' });
	await api.post('/kb-articles', { name: 'Ring tones', category_id: top.id, status: 'published', content: '<p>Choose one of five.</p>', text_content: 'Choose one of five.' });
	await api.post('/kb-articles', { name: 'Unfinished thoughts', category_id: top.id, status: 'draft', content: '<p>Not yet.</p>' });
	await admin.open('/knowledge');
	await admin.id('kb-row').nth(1).waitFor();
	assert.equal(await admin.id('kb-row').count(), 2);
	assert.deepEqual((await admin.page.locator('[data-testid="kb-list"] th').allInnerTexts()).slice(0, 4), ['Category', 'Subcategory', 'Name', 'Content']);
	assert.match(await admin.text('kb-history'), /No records/);
	const resetting = admin.id('kb-row').filter({ hasText: 'Resetting' });
	assert.deepEqual((await resetting.locator('td').allInnerTexts()).slice(0, 3), ['Telephones', 'Voicemail', 'Resetting a mailbox']);
	await admin.page.locator(`[data-testid="tree-item"][data-id="${below.id}"]`).click();
	await poll(async () => await admin.id('kb-row').count() === 1, { ...soon, what: 'one category' });
	await admin.click('kb-all');
	await poll(async () => await admin.id('kb-row').count() === 2, { ...soon, what: 'all of it' });
	await admin.type('kb-search', 'mailbox');
	await poll(async () => await admin.id('kb-row').count() === 1, { ...soon, what: 'what was searched' });
	await resetting.getByTestId('kb-open').click();
	const article = await admin.text('kb-article');
	for (const part of ['Telephones', 'Voicemail', 'Resetting a mailbox', 'Dial *98 and press 0.'])
		assert.ok(article.includes(part), part);
	await admin.page.locator('[data-testid="kb-seen"]', { hasText: 'Resetting' }).waitFor();
	await admin.click('kb-back');
	await admin.see('kb-list');
});

// covers: TEN-V038 TEN-V039
test('the carrier\'s registry of permissions decides what the matrix of a role offers', async () => {
	await carrier.open('/admin/grantable');
	await carrier.see('grantable-row');
	assert.equal(await carrier.id('grantable-row').count(), 20);
	await carrier.click('grantable-next');
	assert.match(await carrier.text('grantable-count'), /2 of/);
	await carrier.choose('grantable-category', 'queues');
	const pages = await carrier.id('grantable-row').evaluateAll((all) => all.map((x) => x.dataset.page));
	assert.ok(pages.includes('queues') && !pages.includes('accounts'), pages.join(' '));
	await carrier.type('grantable-search', 'Queue member');
	await poll(async () => await carrier.id('grantable-row').count() === 1, { ...soon, what: 'one page' });
	await carrier.click('sort-page');
	await carrier.id('grantable-row').first().dblclick();
	await carrier.id('allow-queue-agents.export').uncheck();
	await carrier.page.getByTestId('grantable-box').getByRole('button', { name: 'Cancel' }).click();
	assert.equal(await carrier.page.locator('[data-kind="export"]').first().innerText().then((x) => x[0]), '✓');
	await carrier.id('grantable-row').first().dblclick();
	await carrier.id('allow-queue-agents.export').uncheck();
	await carrier.click('grantable-save');
	await carrier.gone('grantable-box');
	try {
		await admin.open('/admin/roles');
		await admin.page.reload();
		await admin.click('role-add');
		const tick = admin.id('tick-queue-agents.export');
		await tick.waitFor();
		assert.equal(await tick.getAttribute('aria-disabled'), 'true');
		assert.match(await tick.getAttribute('title'), /carrier/);
		assert.equal(await admin.id('tick-queue-agents.read').getAttribute('aria-disabled'), null);
	} finally {
		for (const row of (await zj.carrier.get('/grantable-permissions?filter[permission]=queue-agents.export')).items)
			await zj.carrier.request('DELETE', `/grantable-permissions/${row.id}`);
	}
});

// covers: TEN-V708 TEN-Y19 TEN-R14
test('the matrix: whole rows, columns and modules; what is granted is ticked when it is opened again', async () => {
	await admin.open('/admin/roles');
	await admin.page.reload();
	await admin.click('role-add');
	await admin.type('role-name', 'Columns');
	const on = (id) => admin.id(id).isChecked();
	await admin.click('row-queues');
	assert.ok(await on('tick-queues.read') && await on('tick-queues.import'));
	await admin.click('column-export');
	assert.ok(await on('tick-accounts.export') && !await on('tick-accounts.read'));
	await admin.click('fold-queues');
	assert.equal(await admin.id('tick-queues.read').count(), 0);
	await admin.click('fold-queues');
	await admin.click('module-queues');
	assert.ok(await on('tick-queue-agents.delete'));
	await admin.click('role-save');
	const item = admin.page.locator('[data-testid="role-item"][data-name="Columns"]');
	await item.waitFor();
	await admin.page.reload();
	await item.click();
	await poll(() => on('tick-queue-agents.delete'), { ...soon, what: 'the ticks again' });
	assert.ok(await on('tick-accounts.export') && !await on('tick-accounts.update'));
	await admin.click('role-delete');
	await admin.click('confirm-yes');
	await admin.look(poll(async () => (await api.get('/roles?filter[name]=Columns')).items.length === 0, { ...soon, what: 'the role is gone' }));
});

test('a tenant\'s face: name and logo in the bar and on the login page', async () => {
	await admin.open('/admin/settings');
	await admin.see('branding');
	await admin.type('branding-name', '一二三四五六七八九十一二三四五六七');
	assert.equal([...await admin.id('branding-name').inputValue()].length, 15);
	await admin.type('branding-name', '客服之家');
	const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
	await admin.id('branding-file').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: png });
	await admin.click('branding-save');
	await poll(async () => await admin.text('bar-name') === '客服之家', { ...soon, what: 'the name in the bar' });
	const stranger = await Person.sit(browser, zj);
	await stranger.open('/login');
	await stranger.type('login-tenant', place.name);
	await stranger.page.getByText('客服之家').waitFor();
	await poll(() => stranger.id('login-logo').evaluate((img) => img.src.includes('branding/logo') && img.naturalWidth === 1), { ...soon, what: 'the logo' });
	await stranger.close();
});

// covers: TEN-V501
test('used and allowed, for the system and for every tenant', async () => {
	await zj.carrier.patch(`/tenants/${place.id}`, { max_queues: 7, max_rooms: null, address: 'Chengdu', admin_phone: '02885550000', admin_email: 'it@pages.test' });
	await carrier.open('/');
	await carrier.open('/admin/usage');
	await carrier.see('usage-total');
	const row = carrier.page.locator(`[data-testid="usage-row"][data-tenant="${place.name}"]`);
	const quota = async (name) => (await row.locator(`[data-quota="${name}"]`).innerText()).trim();
	assert.match(await quota('accounts'), /^3 \/ 10000$/);
	assert.match(await quota('extensions'), /^2 \/ 10000$/);
	assert.match(await quota('agents'), /^1 \/ /);
	assert.match(await quota('queues'), /^0 \/ 7$/);
	assert.match(await quota('rooms'), /^0 \/ unlimited$/);
	for (const part of ['Chengdu', '02885550000', 'it@pages.test'])
		assert.ok((await row.innerText()).includes(part), part);
});

test('axe finds nothing serious on the hand-made pages, in either theme', async () => {
	const look = async (person, where, ready, act) => {
		await person.open(where);
		await person.see(ready);
		await act?.();
		for (const theme of ['', ' in the other theme']) {
			assert.deepEqual(await person.violations(), [], `${where}${theme}`);
			await person.page.evaluate(() => document.documentElement.classList.toggle('dark'));
		}
	};
	const pages = ['roles:roles', 'organisation:organisation', 'quick-setup:setup', 'quick-edit:edit', 'settings:settings', 'usage:usage', 'dictionaries:dictionaries', 'custom-fields:custom-fields', 'audit:audit'];
	await Promise.all([
		(async () => {
			for (const [path, page] of pages.map((x) => x.split(':')))
				await look(admin, `/admin/${path}`, `${page}-page`);
			await look(admin, '/me', 'me-page');
			await look(admin, '/knowledge', 'kb-list');
		})(),
		(async () => {
			await look(carrier, '/admin/grantable', 'grantable-row', () => carrier.click('grantable-edit'));
			await carrier.page.keyboard.press('Escape');
			await carrier.logout();
			await look(carrier, '/login', 'login-form');
		})()
	]);
	assert.deepEqual([...admin.faults, ...carrier.faults], []);
});
