// The administration as people do it in the browser: a carrier makes a tenant, its administrator sets it up, others feel what roles mean.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Api } from '../tools/api.mjs';
import { Person, openChromium, totp } from '../tools/console.mjs';
import { Instance, MANIFEST, readJson } from '../tools/instance.mjs';
import { Phone } from '../tools/phone.mjs';
import { poll } from '../tools/wait.mjs';

const name = `desk${Date.now().toString(36)}`;
const password = `Admin-${name}-Q7`;
const phones = ['13812340078', '13912345679', '02185551234'];
let zj;
let browser;
let carrier;
let admin;
let clerk;
let api;
let made = [];
let role;
let account;

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

// covers: TEN-V017
test('the window of a tenant: recharge it, then its agents, people, phones, both lists, its data as a file, and back', async () => {
	const boss = await Api.login(zj.url, readJson(MANIFEST).carrier);
	const tenant = (await boss.get(`/tenants?filter[name]=${name}`)).items[0];
	const window = `/data/tenants/${tenant.id}`;
	await carrier.open(window);
	assert.match(await carrier.text('tenant-balance'), /Balance 0/);
	await carrier.click('tenant-recharge');
	await carrier.see('make-tenant-ledger');
	for (const [field, value] of Object.entries({ amount: '250.5', voucher: `pay-${name}`, remark: 'first payment' }))
		await carrier.type(`make-${field}`, value);
	await carrier.click('make-save-tenant-ledger');
	await carrier.gone('make-tenant-ledger');
	await carrier.page.getByText(/Balance 250\.5/).waitFor();
	const entry = (await boss.get(`/tenant-ledger?filter[tenant_id]=${tenant.id}`)).items;
	assert.deepEqual(entry.map((e) => [Number(e.amount), Number(e.balance), e.kind, e.voucher]), [[250.5, 250.5, 'recharge', `pay-${name}`]]);
	for (const [button, page] of [['agents', 'agents'], ['accounts', 'accounts'], ['extensions', 'extensions'], ['blacklist', 'blacklist?f.colour.eq=black'], ['whitelist', 'blacklist?f.colour.eq=white']]) {
		await carrier.open(window);
		await carrier.click(`tenant-${button}`);
		await carrier.page.waitForURL((url) => url.hash === `#/data/${page}`);
		assert.match(await carrier.text('acting-banner'), /Desk Ltd/, button);
		await carrier.see('data-table');
		await carrier.click('acting-back');
		await carrier.gone('acting-banner');
	}
	await carrier.open(window);
	const [file] = await Promise.all([carrier.page.waitForEvent('download', { timeout: 30_000 }), carrier.click('tenant-export')]);
	assert.ok(fs.statSync(await file.path()).size > 100);
});

// covers: TEN-K01
test('its administrator logs in', async () => {
	await admin.login({ tenant: name, username: 'admin', password: 'not-the-password' });
	await admin.see('login-fault');
	await admin.type('login-password', password);
	await admin.click('login-submit');
	await admin.see('board');
	assert.match(await admin.text('account'), /\(Ada\)/, 'account(name)');
	api = await Api.login(zj.url, { tenant: name, username: 'admin', password });
});

test('a file of a tenant that the carrier has entered comes by its link', async () => {
	const text = 'what it says\n';
	const upload = await api.post('/uploads', { name: 'rules.txt', media_type: 'text/plain', purpose: 'kb-articles.file_id', bytes: text.length });
	await api.request('PUT', `/uploads/${upload.id}/parts/1`, { body: Buffer.from(text), headers: { 'Content-Type': 'application/octet-stream' } });
	await api.post(`/uploads/${upload.id}/complete`, {});
	const category = await api.post('/kb-categories', { name: 'Papers' });
	const article = await api.post('/kb-articles', { name: 'Rules', category_id: category.id, status: 'published', content: '<p>x</p>', file_id: upload.id });
	await carrier.open('/data/tenants');
	await carrier.page.locator('[data-testid="tenant"]').selectOption({ label: 'Desk Ltd' });
	await carrier.see('acting-banner');
	await carrier.open(`/data/kb-articles/${article.id}`);
	const [file] = await Promise.all([carrier.page.waitForEvent('download'), carrier.click('field-file')]);
	assert.equal(fs.readFileSync(await file.path(), 'utf8'), text);
	await carrier.click('acting-back');
	await carrier.gone('acting-banner');
	assert.deepEqual(carrier.faults, []);
});

// covers: SYS-V001
test('a menu of categories that fold, and that folds as a whole; above it who is logged in, as what, and the way out', async () => {
	assert.equal(await admin.text('account-role'), (await api.get('/roles?filter[kind]=admin')).items[0].name);
	const group = admin.id('menu-group-accounts');
	const inside = admin.id('resource-accounts');
	await inside.waitFor();
	await group.click();
	await inside.waitFor({ state: 'detached' });
	assert.equal(await group.getAttribute('aria-expanded'), 'false');
	await admin.page.reload();
	await group.waitFor();
	assert.equal(await inside.count(), 0, 'it stays folded');
	await group.click();
	await inside.waitFor();
	await admin.click('menu-fold');
	await admin.gone('menu-search');
	await admin.click('menu-fold');
	await admin.see('menu-search');
	await inside.click();
	await admin.see('data-table');
	await admin.click('logout');
	await admin.see('login-form');
	await admin.login({ tenant: name, username: 'admin', password });
	await admin.see('account');
});

// covers: TEN-Y02
test('a role made in the matrix: its ticks are what the other user gets, what one may not grant is locked', async () => {
	for (const o of (await api.get('/business-objects')).items.filter((x) => x.kind === 'customer'))
		await api.patch(`/business-objects/${o.id}`, { enabled: true });
	for (const [i, phone] of phones.entries())
		await api.post('/customers', { name: `Customer ${i}`, phone });
	await admin.open('/admin/roles');
	await admin.click('role-add');
	await admin.type('role-name', 'Desk');
	await admin.click('tick-customers.read');
	await admin.click('tick-customers.export');
	await admin.click('tick-customers.update');
	await admin.click('tab-scope');
	await admin.click('scope-tenant');
	await admin.click('role-save');
	await admin.page.locator('[data-testid="role-item"][data-name="Desk"]').waitFor();
	role = (await api.get('/roles?filter[name]=Desk')).items[0];
	assert.deepEqual([...role.permissions].sort(), ['customers.export', 'customers.read', 'customers.update']);
	account = await api.post('/accounts', { username: 'clerk', name: 'Cleo', password, role_id: role.id });
	await clerk.login({ tenant: name, username: 'clerk', password });
	await clerk.see('resource-customers');
	for (const absent of ['resource-queues', 'nav-roles', 'nav-audit', 'resource-accounts'])
		assert.equal(await clerk.id(absent).count(), 0, absent);
});

test('masks everywhere: list, detail, history and export file show no phone number whole', async () => {
	const whole = new RegExp(phones.join('|'));
	await clerk.click('resource-customers');
	await clerk.page.getByText('138****0078').waitFor();
	assert.doesNotMatch(await clerk.page.content(), whole);
	const row = (await api.get('/customers?filter[name]=Customer%200')).items[0];
	await api.patch(`/customers/${row.id}`, { phone: phones[0], company: 'Acme' });
	await clerk.open(`/data/customers/${row.id}`);
	await clerk.see('detail');
	assert.match(await clerk.text('value-phone'), /138\*{4}0078/);
	await clerk.click('tab-history');
	await clerk.see('history-entry');
	assert.doesNotMatch(await clerk.page.content(), whole);
	const mine = await Api.login(zj.url, { tenant: name, username: 'clerk', password });
	const job = await mine.post('/customers/export', { format: 'csv', encoding: 'utf-8', query: '', fields: ['name', 'phone'] });
	await poll(async () => (await mine.get(`/jobs/${job.id}`)).state === 'finished', { timeout: 20_000, every: 200, what: 'the export' });
	await clerk.open('/jobs');
	const [file] = await Promise.all([clerk.page.waitForEvent('download'), clerk.click('job-download')]);
	const text = fs.readFileSync(await file.path(), 'utf8');
	assert.match(text, /138\*{4}0078/);
	assert.doesNotMatch(text, whole);
	await admin.open(`/data/customers/${row.id}`);
	assert.match(await admin.text('value-phone'), /13812340078/);
});

test('the lists of an account: a number is typed, added, stands below, and is taken off again', async () => {
	await admin.open(`/data/accounts/${account.id}`);
	for (const [colour, number] of [['black', '+86 138-1234-0001'], ['white', '02155550002']]) {
		await admin.click(`account-${colour}`);
		await admin.see(`list-${colour}`);
		await admin.type('list-number', 'nonsense!');
		await admin.click('list-add');
		await admin.see('list-fault');
		await admin.type('list-number', number);
		await admin.choose('list-direction', 'in');
		await admin.click('list-add');
		await admin.see('list-row');
		const rows = (await api.get(`/blacklist?filter[account_id]=${account.id}&filter[colour]=${colour}`)).items;
		assert.deepEqual(rows.map((r) => [r.number, r.scope, r.direction]), [[number.replace(/\D/g, ''), 'account', 'in']]);
		assert.match(await admin.text('list-row'), new RegExp(rows[0].number));
		if (colour === 'black') {
			await admin.click('list-remove');
			await admin.click('confirm-yes');
			await admin.gone('list-row');
			assert.equal((await api.get(`/blacklist?filter[account_id]=${account.id}&filter[colour]=black`)).items.length, 0);
		}
		await admin.page.keyboard.press('Escape');
		await admin.gone('lists-box');
	}
	assert.deepEqual(admin.faults, []);
});

test('a job that ends while one is elsewhere is told there, once; on the page that shows jobs it is not', async () => {
	await admin.open('/data/queues');
	await admin.see('data-table');
	const ask = () => admin.page.evaluate(async () => {
		const session = await (await fetch('/api/v1/session')).json();
		const answer = await fetch('/api/v1/customers/export', { method: 'POST', headers: { 'content-type': 'application/json', 'x-zj-csrf': session.csrf }, body: JSON.stringify({ format: 'csv', fields: ['name'] }) });
		return (await answer.json()).id;
	});
	const id = await ask();
	const news = admin.page.locator(`[data-testid="job-news"][data-id="${id}"]`);
	await news.waitFor();
	assert.equal(await news.getAttribute('data-state'), 'finished');
	assert.match(await news.innerText(), /Export · Customer · Done|Export · Customer.* · Finished/);
	await admin.click('job-news-open');
	await admin.page.locator(`[data-testid="job-row"][data-id="${id}"]`).waitFor();
	assert.equal(await news.count(), 0);
	const second = await ask();
	await admin.page.locator(`[data-testid="job-row"][data-id="${second}"][data-state="finished"]`).waitFor();
	await admin.page.waitForTimeout(300);
	assert.equal(await admin.id('job-news').count(), 0);
	assert.deepEqual(admin.faults, []);
});

test('a change of the role is on the other user\'s menu with the next page', async () => {
	await admin.open('/admin/roles');
	await admin.page.locator('[data-testid="role-item"][data-name="Desk"]').click();
	await admin.click('tab-permissions');
	await admin.click('row-queues');
	await admin.click('tick-audit.read');
	await admin.click('tab-masks');
	await admin.click('tick-show.phone');
	await admin.click('role-save');
	await admin.page.getByText('Saved').first().waitFor();
	await clerk.page.reload();
	await clerk.see('resource-queues');
	await clerk.see('nav-audit');
	await clerk.click('resource-customers');
	await clerk.page.getByText('13812340078').first().waitFor();
});

test('ten thousand rows through the import wizard: thirty-seven are refused, each with its reason', async () => {
	const bad = new Set(Array.from({ length: 37 }, (_, i) => 100 + i * 267));
	const lines = Array.from({ length: 10_000 }, (_, i) => `Imported ${i},${bad.has(i) ? 'no number' : `1390${String(i).padStart(7, '0')}`}`);
	await admin.open('/data/customers/import');
	await admin.see('import');
	await admin.page.locator('input[type="file"]').first().setInputFiles({ name: 'customers.csv', mimeType: 'text/csv', buffer: Buffer.from(`name,phone\r\n${lines.join('\r\n')}\r\n`) });
	await admin.see('import-columns');
	await admin.click('import-next');
	await admin.see('import-rules');
	await admin.click('import-next');
	await admin.page.locator('[data-testid="import-result"][data-state="finished"]').waitFor({ timeout: 60_000 });
	assert.equal((await api.get('/customers?filter[name][starts]=Imported&count=true&limit=1')).total, 10_000 - 37);
	assert.equal(await admin.text('import-created'), '9963');
	assert.equal(await admin.text('import-failed'), '37');
	const [file] = await Promise.all([admin.page.waitForEvent('download'), admin.click('import-rejects')]);
	const rejected = fs.readFileSync(await file.path(), 'utf8').trim().split(/\r?\n/).slice(1);
	assert.equal(rejected.length, 37);
	for (const line of rejected)
		assert.match(line, /Imported \d+/);
});

test('a deleted queue comes back with its members', async () => {
	const queue = await api.post('/queues', { number: '4100', name: 'Returns' });
	const agent = await api.post('/agents', { number: '9100', name: 'Rita' });
	await api.post('/queue-agents', { queue_id: queue.id, agent_id: agent.id });
	await admin.open(`/data/queues/${queue.id}`);
	await admin.click('detail-more');
	await admin.click('detail-more-delete');
	await admin.click('bulk-ok');
	await poll(async () => (await api.get('/queues?filter[number]=4100')).items.length === 0, { timeout: 5000, every: 100, what: 'the queue gone' });
	await admin.open('/data/queues');
	await admin.click('tab-bin');
	await admin.page.getByText('Returns').waitFor();
	await admin.page.locator('[data-testid="data-row"]', { hasText: 'Returns' }).getByTestId('select-row').click();
	await admin.click('bulk-restore');
	await admin.click('bulk-ok');
	await poll(async () => (await api.get(`/queue-agents?filter[queue_id]=${queue.id}`)).items.length === 1, { timeout: 5000, every: 100, what: 'queue and member back' });
	assert.equal((await api.get(`/queues/${queue.id}`)).name, 'Returns');
});

test('logging in as somebody, with the mark in the log, and back', async () => {
	await admin.open(`/data/accounts/${account.id}`);
	await admin.click('account-login-as');
	await admin.click('confirm-yes');
	await admin.see('acting-banner');
	assert.match(await admin.text('acting-banner'), /Ada .*Cleo/);
	assert.equal(await admin.id('nav-roles').count(), 0);
	const row = (await api.get('/customers?filter[name]=Customer%201')).items[0];
	await admin.page.evaluate(([id]) => fetch('/api/v1/session').then((r) => r.json()).then((s) => fetch(`/api/v1/customers/${id}`, { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-Zj-Csrf': s.csrf }, body: '{"company":"By proxy"}' })), [row.id]);
	await admin.click('acting-back');
	await admin.gone('acting-banner');
	await admin.see('nav-roles');
	await admin.open('/admin/audit');
	await admin.choose('audit-resource', 'customers');
	await admin.choose('audit-event', 'update');
	await admin.click('audit-search');
	const line = admin.page.locator('[data-testid="audit-row"][data-event="update"]').first();
	await line.getByTestId('audit-actor').waitFor();
	assert.match(await line.innerText(), /clerk[\s\S]*admin/);
	await line.getByTestId('audit-open').click();
	assert.match(await admin.text('audit-changes'), /By proxy/);
});

// covers: TEN-Y21
test('a second factor: the QR code is drawn here, the code is asked at the next login; a password of one\'s own choice', async () => {
	await clerk.open('/me');
	const own = `Own-${name}-Z9`;
	await clerk.type('password-old', 'wrong');
	await clerk.type('password-new', own);
	await clerk.type('password-again', own);
	await clerk.click('password-save');
	await clerk.see('password-fault');
	await clerk.type('password-old', password);
	await clerk.click('password-save');
	await clerk.page.getByText('Password changed').first().waitFor();
	await clerk.type('totp-password', own);
	await clerk.click('totp-begin');
	await clerk.see('qr');
	const secret = await clerk.id('totp-secret').getAttribute('data-secret');
	await clerk.type('totp-code', totp(secret, Date.now() - 30_000));
	await clerk.click('totp-confirm');
	await clerk.page.locator('[data-testid="totp-state"][data-on="true"]').waitFor();
	await clerk.logout();
	await clerk.login({ tenant: name, username: 'clerk', password: own, code: () => '000000' });
	await clerk.see('login-fault');
	await clerk.type('login-code', totp(secret));
	await clerk.click('login-submit');
	await clerk.see('board');
});

// covers: TEN-V048 TEN-V051 TEN-V052 TEN-V053
test('quick setup: fifty agents with extensions and accounts, previewed, changed, saved, kept as CSV', async () => {
	await admin.open('/admin/quick-setup');
	assert.ok(await admin.id('setup-new').isChecked());
	await admin.click('setup-agents_extensions');
	await admin.click('setup-next');
	await admin.type('setup-count', '50');
	await admin.type('setup-prefix', 'acme');
	await admin.type('setup-extension', '8000');
	await admin.type('setup-agent', '5000');
	await admin.page.locator('details summary').click();
	await admin.choose('setup-ext-phone_type', 'sip');
	await admin.choose('setup-ext-recording', 'true');
	await admin.choose('setup-ext-voicemail', 'false');
	await admin.choose('setup-ext-agent_mode', 'true');
	await admin.type('setup-ext-timeout_s', '45');
	await admin.click('setup-next');
	await admin.see('setup-preview');
	assert.match(await admin.text('setup-summary'), /45/);
	const cells = async (i) => (await admin.id('setup-row').nth(i).locator('td').allInnerTexts()).map((x) => x.trim());
	assert.equal(await admin.id('setup-row').count(), 50);
	const first = await cells(0);
	const last = await cells(49);
	assert.deepEqual([first[1], first[3], first[5]], ['8000', '5000', 'acme0']);
	assert.deepEqual([last[1], last[3], last[5]], ['8049', '5049', 'acme49']);
	await admin.click('setup-passwords');
	await admin.id('setup-row').first().locator('input').nth(2).fill('Changed-by-hand-8');
	await admin.click('setup-save');
	await admin.page.getByTestId('setup-done').waitFor({ timeout: 40_000 });
	const [file] = await Promise.all([admin.page.waitForEvent('download'), admin.click('setup-csv')]);
	const lines = fs.readFileSync(await file.path(), 'utf8').replace('\ufeff', '').trim().split('\r\n').map((line) => line.split(','));
	assert.deepEqual(lines[0], ['Extension', 'Extension password', 'Agent', 'Agent password', 'User name', 'User password', 'E-mail']);
	assert.equal(lines.length, 51);
	assert.deepEqual([lines[1][0], lines[1][2], lines[1][4], lines[1][5]], ['8000', '5000', 'acme0', 'Changed-by-hand-8']);
	assert.equal((await api.get('/agents?filter[number][starts]=50&count=true&limit=1')).total, 50);
	assert.equal((await api.get('/extensions?filter[number][starts]=80&count=true&limit=1')).total, 50);
	const extension = await api.get(`/extensions/${(await api.get('/extensions?filter[number]=8000')).items[0].id}`);
	assert.deepEqual(['phone_type', 'recording', 'voicemail', 'agent_mode', 'timeout_s'].map((f) => extension[f]), ['sip', true, false, true, 45]);
	// Nothing is to be reloaded: a phone with what the list says registers.
	const phone = await Phone.open({ user: '8000', domain: `${name}.test`, password: lines[1][1], proxy: zj.sip });
	try {
		await poll(async () => (await phone.register().catch(() => ({}))).status === 200 || phone.registered, { timeout: 5000, every: 200, what: 'the new phone registers' });
	} finally {
		await phone.close();
	}
});

test('quick edit: the same change to several accounts, looked at before it is saved; others stay as they are', async () => {
	await admin.open('/admin/quick-edit');
	await admin.click('edit-accounts');
	await admin.click('edit-next');
	const left = admin.id('dual-left').getByTestId('dual-entry');
	for (const username of ['acme1 ', 'acme2 '])
		await left.filter({ hasText: username }).first().getByRole('checkbox').check();
	await admin.click('dual-add');
	assert.equal(await admin.id('dual-right').getByTestId('dual-entry').count(), 2);
	await admin.click('edit-next');
	await admin.choose('edit-set-enabled', 'false');
	await admin.click('edit-next');
	const changed = admin.page.locator('[data-testid="edit-preview"] tr.on');
	await changed.first().waitFor();
	assert.deepEqual((await changed.allInnerTexts()).map((x) => x.split('\t').slice(1).join(' ')), ['Yes No']);
	await admin.click('edit-save');
	await poll(async () => (await api.get('/accounts?filter[enabled]=false')).items.length === 2, { timeout: 5000, every: 100, what: 'two accounts disabled' });
	assert.deepEqual((await api.get('/accounts?filter[enabled]=false')).items.map((x) => x.username).sort(), ['acme1', 'acme2']);
});

// covers: TEN-V045 TEN-V046
test('quick setup by the carrier: it chooses the tenant; for a given account; extensions only, agents only', async () => {
	await carrier.open('/admin/quick-setup');
	await carrier.click('setup-next');
	assert.equal(await carrier.id('setup-count').count(), 0, 'no tenant, no next step');
	await carrier.pick('setup-tenant', 'Desk Ltd');
	await carrier.click('setup-given');
	await carrier.pick('setup-account', 'clerk');
	await carrier.click('setup-extensions');
	await carrier.click('setup-next');
	for (const absent of ['setup-prefix', 'setup-agent'])
		assert.equal(await carrier.id(absent).count(), 0, absent);
	await carrier.type('setup-count', '1');
	await carrier.type('setup-extension', '8100');
	await carrier.click('setup-next');
	await carrier.see('setup-row');
	await carrier.click('setup-save');
	await carrier.see('setup-done');
	assert.equal((await api.get('/extensions?filter[number]=8100')).items[0].account_id, account.id);
	await admin.open('/');
	await admin.open('/admin/quick-setup');
	await admin.click('setup-agents');
	await admin.click('setup-next');
	assert.equal(await admin.id('setup-extension').count(), 0);
	await admin.type('setup-count', '1');
	await admin.type('setup-prefix', 'far');
	await admin.type('setup-agent', '5100');
	await admin.click('setup-next');
	await admin.see('setup-row');
	assert.deepEqual(await admin.page.locator('[data-testid="setup-preview"] th').allInnerTexts(), ['#', 'Agent', 'Agent password', 'User name', 'User password', 'E-mail']);
	await admin.click('setup-save');
	await admin.see('setup-done');
	assert.equal((await api.get('/agents?filter[number]=5100')).items[0].extension_id, null);
});

test('who must choose a new password does so, by the rules, before anything else', async () => {
	const person = await Person.sit(browser, zj, { lang: 'zh' });
	await person.login({ tenant: name, username: 'acme0', password: 'Changed-by-hand-8' });
	await person.see('must-change');
	await person.open('/me');
	await person.see('must-change');
	await person.type('password-new', 'short');
	assert.equal(await person.id('rule-length').getAttribute('data-good'), 'false');
	assert.ok(await person.id('password-save').isDisabled());
	await person.type('password-new', 'Long-enough-now-5');
	await person.type('password-again', 'Long-enough-now-5');
	await person.click('password-save');
	await person.see('board');
	assert.deepEqual(person.faults, []);
	await person.close();
});
