// The pages that the console makes of metadata alone, against the whole stack: list, form, row, tree, import, export centre, recycle bin.
// covers: SYS-L03 SYS-K15 SYS-V004 SYS-V005 SYS-V301 SYS-V302 SYS-V303 SYS-V304 SYS-V305 SYS-V306 SYS-V307 SYS-V308
// covers: SYS-V501 SYS-V502 SYS-V503 SYS-V504 SYS-V505 SYS-V506 SYS-V508 SYS-V701 SYS-V702 SYS-V703 SYS-V704 SYS-V705 SYS-V706
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Api } from '../tools/api.mjs';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance, MANIFEST, readJson } from '../tools/instance.mjs';
import { Tenant } from '../tools/tenant.mjs';
import { poll } from '../tools/wait.mjs';

const rows = 130;
let zj, tenant, browser, me, dir;
const url = () => decodeURIComponent(me.page.url().split('#')[1]);
const list = () => me.page.locator('[data-testid=resource-list][data-ready=true]').first();
const cells = (field) => me.page.locator(`[data-field="${field}"]`).allInnerTexts();
const cell = (field, text) => me.page.locator(`[data-field="${field}"]`, { hasText: text }).first();
const row = (text) => me.page.getByTestId('data-row').filter({ hasText: text }).first();
const until = (what, f, ms = 12_000) => poll(f, { timeout: ms, every: 40, what });
const headers = () => me.page.locator('[role=columnheader][data-testid^=head-]').evaluateAll((all) => all.map((x) => x.dataset.testid.slice(5)));

async function open(where) {
	await me.open(where);
	await list().waitFor();
}

before(async () => {
	zj = await Instance.take();
	tenant = await Tenant.create(zj, 'generated');
	dir = fs.mkdtempSync(path.join(os.tmpdir(), 'zj-generated-'));
	const strategies = ['longest_idle', 'round_robin', 'fewest_calls'];
	for (let i = 0; i < rows; i += 10)
		await Promise.all(Array.from({ length: 10 }, (_, k) => tenant.api.post('/queues', { number: String(4001 + i + k), name: `Team ${String(i + k).padStart(3, '0')}`, strategy: strategies[(i + k) % 3], priority: (i + k) % 5 })));
	browser = await openChromium();
	me = await Person.sit(browser, zj);
	await me.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
	await me.see('board');
	await tenant.api.patch(`/settings/${tenant.id}`, { show_search: false });
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
	if (dir)
		fs.rmSync(dir, { recursive: true, force: true });
});

describe('the menu', () => {
	test('has groups that fold, a search over all pages, and only what one may see', async () => {
		await me.see('resource-queues');
		await me.click('menu-group-queues');
		assert.equal(await me.id('resource-queues').count(), 0);
		await me.click('menu-group-queues');
		await me.type('menu-search', 'notic');
		await until('one page found', async () => (await me.page.locator('nav.menu a').count()) === 1);
		await me.page.keyboard.press('Enter');
		await until('that page', () => url() === '/data/notices');
		assert.match(await me.text('account'), /^admin\(Admin\)\s*administrator$/);
		const role = await tenant.api.post('/roles', { name: 'looker', permissions: ['extensions.read'] });
		await tenant.api.post('/accounts', { username: 'looker', name: 'Looker', password: 'Looker-pass-1', role_id: role.id });
		const other = await Person.sit(browser, zj);
		await other.login({ tenant: tenant.name, username: 'looker', password: 'Looker-pass-1' });
		await other.see('resource-extensions');
		assert.equal(await other.id('resource-queues').count(), 0);
		await other.open('/data/extensions');
		await other.see('resource-list');
		assert.equal(await other.id('list-add').count(), 0);
		await other.close();
	});

	test('stands in the order that the tenant chose; lists have as many rows as it chose', async () => {
		const groups = () => me.page.locator('[data-testid^=menu-group-]').evaluateAll((all) => all.map((x) => x.dataset.testid.slice(11)));
		const before = await groups();
		assert.ok(before.indexOf('queues') < before.indexOf('pbx'));
		await tenant.api.patch(`/settings/${tenant.id}`, { menu_order: [{ name: 'pbx', items: ['trunks', 'extensions'] }, 'queues'], rows_per_page: 25 });
		await me.page.reload();
		await me.see('resource-trunks');
		const after = await groups();
		assert.ok(after.indexOf('pbx') < after.indexOf('queues'), after.join());
		const pages = await me.page.locator('section', { has: me.id('menu-group-pbx') }).locator('a').evaluateAll((all) => all.map((x) => x.dataset.testid).filter((id) => id.startsWith('resource-')));
		assert.deepEqual(pages.slice(0, 2), ['resource-trunks', 'resource-extensions']);
		await open('/data/queues');
		await until('25 rows', async () => (await me.text('page-text')) === `1–25 of ${rows}, 6 pages`);
		await tenant.api.patch(`/settings/${tenant.id}`, { menu_order: [], rows_per_page: 50 });
		await me.page.reload();
	});

	test('a carrier chooses the team whose lists it sees', async () => {
		const carrier = await Person.sit(browser, zj);
		await carrier.login(readJson(MANIFEST).carrier);
		await carrier.see('tenant');
		await until('the team', async () => (await carrier.id('tenant').locator(`option[value="${tenant.id}"]`).count()) === 1);
		await carrier.choose('tenant', tenant.id);
		await carrier.open('/data/queues?q=Team 129');
		await until('its queue', async () => (await carrier.page.locator('[data-field=name]').allInnerTexts()).join() === 'Team 129');
		await carrier.close();
	});
});

describe('the list', () => {
	test('filters with an operator and a value a field; the URL holds it all; reset clears', async () => {
		await open('/data/queues');
		await until('all counted', async () => (await me.text('page-text')) === `1–50 of ${rows}, 3 pages`);
		await me.click('panel-toggle');
		await me.see('search-panel');
		const line = me.id('condition-number');
		await line.locator('select.op').selectOption('starts');
		await line.locator('input').fill('410');
		await me.click('panel-search');
		await until('ten queues', async () => (await me.text('page-text')).includes('of 10,'));
		assert.match(url(), /f\.number\.starts=410/);
		await me.page.reload();
		await list().waitFor();
		await until('still ten queues', async () => (await me.text('page-text')).includes('of 10,'));
		await me.id('condition-priority').locator('select.op').selectOption('ge');
		await me.id('condition-priority').locator('input').fill('3');
		await me.click('panel-search');
		await until('both conditions', async () => (await me.text('page-text')).includes('of 4,'));
		await me.choose('match', 'any');
		await me.click('panel-search');
		await until('any of them', async () => (await me.text('page-text')).includes('of 58,'));
		await me.click('panel-reset');
		await until('all again', async () => (await me.text('page-text')).includes(`of ${rows},`));
		assert.doesNotMatch(url(), /f\./);
	});

	test('the menu of a head filters by its column; a condition from – to is picked; what is shown is kept for the user', async () => {
		await open('/data/queues');
		await me.id('head-enabled').hover();
		await me.click('column-enabled');
		await me.click('column-enabled-filter');
		await me.id('condition-enabled').locator('select').nth(1).selectOption('false');
		await me.click('panel-search');
		await me.see('list-empty');
		await me.click('panel-reset');
		await me.click('conditions');
		await me.click('conditions-created_at');
		const ends = me.id('condition-created_at').locator('input');
		await ends.first().fill('2020-01-01 00:00:00');
		await ends.first().press('Enter');
		await ends.last().fill('2020-01-02 00:00:00');
		await ends.last().press('Enter');
		await me.click('panel-search');
		await me.see('list-empty');
		assert.match(url(), /f\.created_at\.range=2019-12-31T16:00:00.000Z~2020-01-01T16/);
		const kept = await until('the server knows', async () => {
			const p = (await (await fetchAs('/me/preferences')).json())['list.queues'];
			return p?.conditions?.includes('created_at') && p;
		});
		assert.ok(kept.conditions.includes('enabled') && kept.panel);
		await me.click('panel-toggle');
		await me.gone('search-panel');
	});

	test('choices are chosen by their labels, times by quick ranges, and a condition may ask for what is empty', async () => {
		await open('/data/queues?f.strategy.in=round_robin&f.created_at.range=today&f.music_id.null=true');
		await until('a third of them', async () => (await me.text('page-text')).includes('of 43,'));
		assert.equal((await cells('strategy')).every((x) => x === 'Round robin'), true);
		await open('/data/queues?f.created_at.range=yesterday');
		await me.see('list-empty');
		await me.id('list-empty').getByRole('button').click();
		await until('cleared', async () => (await me.text('page-text')).includes(`of ${rows},`));
	});

	test('one search box finds parts of any of its columns', async () => {
		await open('/data/queues');
		await me.id('data-search').fill('Team 04');
		await until('by name', async () => (await me.text('page-text')).includes('of 10,'));
		await me.id('data-search').fill('4130');
		await until('by number', async () => (await cells('name')).join() === 'Team 129');
		assert.match(url(), /q=4130/);
	});

	test('sorts by its heads, by several with shift; pages by 10 to 200, to a page, to the last and on by scrolling', async () => {
		await open('/data/queues?size=10');
		const head = (field) => me.id(`head-${field}`).getByRole('button').first();
		await head('priority').click();
		await until('up', async () => url().includes('sort=priority') && (await cells('priority')).every((x) => x === '0'));
		await head('priority').click();
		await until('down', async () => (await cells('priority')).every((x) => x === '4'));
		await head('number').click({ modifiers: ['Shift'] });
		await until('both', async () => url().includes('sort=-priority,number') && (await cells('number'))[0] === '4005');
		await me.id('page-goto').fill('5');
		await me.id('page-goto').press('Enter');
		await until('page five', async () => (await me.text('page-text')) === `41–50 of ${rows}, 13 pages`);
		await me.click('page-last');
		await until('the last', async () => (await me.text('page-text')) === `121–130 of ${rows}, 13 pages`);
		assert.deepEqual((await cells('number')).at(-1), '4126');
		await me.click('page-previous');
		await until('before it', async () => (await me.text('page-text')).startsWith('111–120'));
		await me.page.reload();
		await list().waitFor();
		await until('the same page', async () => (await me.text('page-text')).startsWith('111–120'));
		const sizes = await me.id('page-size').locator('option').evaluateAll((all) => all.map((x) => x.value));
		assert.deepEqual(['10', '25', '50', '100'].filter((n) => !sizes.includes(n)), [], 'as many rows a page as one likes');
		await me.choose('page-size', '200');
		await until('all on one', async () => (await me.text('page-text')) === `1–130 of ${rows}, 1 pages`);
		assert.ok((await me.id('data-row').count()) < 60, 'only what is in sight is in the page');
		await me.choose('page-size', '0');
		await until('the first part', async () => (await me.text('page-text')).startsWith('100'));
		await me.id('data-table').evaluate((box) => { box.scrollTop = box.scrollHeight; });
		await until('the rest', async () => (await me.text('page-text')).startsWith('130'));
		await me.choose('page-size', '50');
	});

	test('columns are hidden, moved, widened and reset; row height and conditions too are kept on the server for the user', async () => {
		await open('/data/queues');
		const before = await headers();
		await me.id('head-strategy').hover();
		await me.click('column-strategy');
		await me.click('column-strategy-hide');
		const nameless = await me.page.locator('main button:has(svg):visible').evaluateAll((all) => all.filter((b) => !b.innerText.trim() && !b.title && !b.closest('.el-select')).map((b) => b.outerHTML.slice(0, 120)));
		assert.deepEqual(nameless, [], 'every button that is only a picture says what it does when one points at it');
		await me.id('head-priority').hover();
		await me.click('column-priority');
		await me.click('column-priority-left');
		await until('hidden and moved', async () => (await headers()).join() === ['number', 'priority', 'name', ...before.filter((x) => !['number', 'name', 'strategy', 'priority'].includes(x))].join());
		const grip = me.id('head-number').getByRole('separator');
		const at = await grip.boundingBox();
		await me.page.mouse.move(at.x + 3, at.y + 5);
		await me.page.mouse.down();
		await me.page.mouse.move(at.x + 83, at.y + 5, { steps: 4 });
		await me.page.mouse.up();
		await me.click('columns');
		await me.id('show-ring_timeout_s').check();
		await me.id('density-compact').check();
		await me.page.keyboard.press('Escape');
		const kept = await until('the server knows', async () => {
			const p = (await (await fetchAs('/me/preferences')).json())['list.queues'];
			return p?.density === 'compact' && p.columns.includes('ring_timeout_s') && p.widths.number > 200 && p;
		});
		assert.equal(kept.columns.includes('strategy'), false);
		const elsewhere = await Person.sit(browser, zj);
		await elsewhere.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
		await elsewhere.see('board');
		await elsewhere.open('/data/queues');
		await elsewhere.see('head-ring_timeout_s');
		assert.equal(await elsewhere.id('head-strategy').count(), 0);
		assert.ok((await elsewhere.id('head-number').boundingBox()).width > 200);
		await elsewhere.close();
		await me.click('columns');
		await me.click('columns-reset');
		await me.id('density-normal').check();
		await me.page.keyboard.press('Escape');
		await until('as at first', async () => (await headers()).join() === before.join());
	});

	test('a view is saved under a name and chosen again', async () => {
		await open('/data/queues?f.strategy.eq=fewest_calls&sort=-number');
		await me.click('views');
		await me.click('views-save');
		await me.id('view-name').fill('Fewest first');
		await me.click('view-save');
		await me.gone('view-name');
		await open('/data/queues');
		await me.click('views');
		await me.page.getByRole('menuitemcheckbox', { name: 'Fewest first' }).click();
		await until('the view', async () => url().includes('f.strategy.eq=fewest_calls') && url().includes('sort=-number') && (await cells('strategy')).every((x) => x === 'Fewest calls'));
	});

	test('by keyboard: / searches, arrows move, Space selects, Enter opens, ? tells', async () => {
		await open('/data/queues?sort=number');
		await until('rows', async () => (await cells('number'))[0] === '4001');
		await me.page.keyboard.press('/');
		assert.equal(await me.page.evaluate(() => document.activeElement.dataset.testid), 'data-search');
		await me.id('data-search').blur();
		await me.page.keyboard.press('?');
		await me.see('keys');
		await me.page.keyboard.press('Escape');
		await me.gone('keys');
		await me.page.evaluate(() => document.activeElement?.blur());
		await me.page.keyboard.press('ArrowDown');
		const where = () => me.page.evaluate(() => document.activeElement.dataset.at);
		await until('in the grid', async () => (await where()) === '0.0');
		for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight'])
			await me.page.keyboard.press(key), await me.page.waitForTimeout(60);
		await until('moved', async () => (await where()) === '2.1');
		await me.page.keyboard.press('Space');
		assert.match(await me.text('chosen'), /1 selected/);
		await me.page.keyboard.press('Enter');
		await me.see('detail');
		await until('its row', async () => await me.page.locator('h1').innerText() === 'Team 002');
		await me.page.goBack();
		await list().waitFor();
		assert.match(url(), /sort=number/);
	});
});

describe('editing', () => {
	test('a double click edits a cell in place; leaving it saves; the api says what is wrong; Escape takes it back', async () => {
		await open('/data/queues?sort=number&size=10');
		await cell('name', 'Team 003').dblclick();
		const input = me.id('inline-editor').locator('input');
		await input.fill('Renamed');
		await me.page.locator('h1').first().click();
		await until('saved', async () => (await tenant.api.get('/queues?filter[number]=4004')).items[0].name === 'Renamed');
		await cell('name', 'Renamed').waitFor();
		await cell('number', '4004').dblclick();
		await input.fill('not a number');
		await input.press('Enter');
		await me.id('inline-editor').getByRole('alert').waitFor();
		await input.press('Escape');
		await me.gone('inline-editor');
		await cell('number', '4004').waitFor();
		assert.equal(await me.page.locator('[data-field=created_at][aria-readonly=true]').count(), 10, 'fixed fields are marked as such');
	});

	test('the form shows what the api refuses, under the field and in the user’s language', async () => {
		await open('/data/queues');
		await me.page.locator('h1').first().click();
		await me.page.keyboard.press('n');
		await me.see('form');
		assert.equal(await me.id('field-number').locator('.star').count(), 1);
		assert.deepEqual(await me.page.getByRole('tab').allInnerTexts(), ['Basic', 'Waiting', 'Overflow']);
		await me.id('field-priority').getByTestId('help').hover();
		await me.page.getByRole('tooltip', { name: 'larger first' }).waitFor();
		await me.type('field-number', 'abc');
		await me.click('form-save');
		await me.see('fault-number');
		await me.see('fault-name');
		const english = await me.text('fault-name');
		await me.click('lang');
		await me.click('form-save');
		await until('in Chinese', async () => /[一-鿿]/.test(await me.text('fault-name')));
		assert.doesNotMatch(english, /[一-鿿]/);
		await me.click('lang');
		await me.type('field-number', '4001');
		await me.type('field-name', 'Double');
		await me.click('form-save');
		await until('the number is taken', async () => (await me.id('form-fault').count()) === 1);
		await me.type('field-number', '4500');
		await me.click('form-save');
		await me.see('detail');
		assert.equal((await tenant.api.get('/queues?filter[number]=4500')).items[0].name, 'Double');
	});

	test('unsaved changes are not lost by leaving: by a link, by browser back; discarding leaves', async () => {
		await open('/data/queues?sort=number&size=10');
		const [first] = (await tenant.api.get('/queues?filter[number]=4001')).items;
		await me.open(`/data/queues/${first.id}/edit`);
		await me.see('form-save');
		await until('loaded', async () => (await me.id('field-name').locator('input').inputValue()) === 'Team 000');
		await me.type('field-name', 'Unsaved');
		await me.click('resource-extensions');
		await me.see('leave-dialog');
		await me.click('leave-stay');
		await me.gone('leave-dialog');
		assert.match(url(), /\/edit$/);
		await me.page.goBack();
		await me.see('leave-dialog');
		await me.click('leave-stay');
		await me.gone('leave-dialog');
		assert.equal(await me.id('field-name').locator('input').inputValue(), 'Unsaved');
		await me.click('resource-extensions');
		await me.click('leave-go');
		await until('gone', () => url() === '/data/extensions');
		assert.equal((await tenant.api.get(`/queues/${first.id}`)).name, 'Team 000');
	});

	test('when somebody else was faster, both sides are shown with who it was; mine or theirs is chosen', async () => {
		const [first] = (await tenant.api.get('/queues?filter[number]=4002')).items;
		await me.open(`/data/queues/${first.id}/edit`);
		await until('loaded', async () => (await me.id('field-name').locator('input').inputValue()) === 'Team 001');
		await me.type('field-name', 'Mine');
		await tenant.api.patch(`/queues/${first.id}`, { name: 'Theirs', priority: 4 });
		await me.click('form-save');
		await me.see('conflict');
		assert.match(await me.text('conflict'), /Admin/);
		assert.match(await me.text('conflict-name'), /Mine\s+Theirs/);
		assert.match(await me.text('conflict-priority'), /Nothing changed\s+4/);
		await me.click('conflict-mine');
		await me.see('detail');
		const now = await tenant.api.get(`/queues/${first.id}`);
		assert.deepEqual([now.name, now.priority], ['Mine', 4], 'what only they changed stays');
		await me.click('tab-history');
		await me.page.locator('[data-testid=history-entry][data-event=update]').first().waitFor();
		const entries = await me.id('history-entry').allInnerTexts();
		assert.match(entries[0], /Changed\s+Admin[\s\S]*Name\s+Theirs\s+→\s*Mine/);
		assert.match(entries[1], /Priority\s+1\s+→\s*4/);
		assert.match(entries.at(-1), /Created/);
	});

	test('a row is duplicated, edited in place on its page, and knows the rows that point to it', async () => {
		const agent = await tenant.api.post('/agents', { number: '7001', name: 'Ada' });
		const [queue] = (await tenant.api.get('/queues?filter[number]=4003')).items;
		await tenant.api.post('/queue-agents', { queue_id: queue.id, agent_id: agent.id });
		await me.open(`/data/queues/${queue.id}`);
		await me.click('tab-queue-agents.queue_id');
		await until('its agent, by name', async () => (await cells('agent_id')).join().includes('Ada'));
		await me.click('tab-data');
		assert.match(await me.text('value-music_id'), /Double-click to edit/);
		const weight = (field) => me.id(`value-${field}`).locator('.value').evaluate((x) => Number(getComputedStyle(x).fontWeight));
		assert.ok((await weight('name')) >= 600, 'what may be changed is bold');
		await me.id('value-name').getByRole('button').first().dblclick();
		await me.id('inline-editor').locator('input').fill('In place');
		await me.id('inline-editor').locator('input').press('Enter');
		await until('saved', async () => (await tenant.api.get(`/queues/${queue.id}`)).name === 'In place');
		await me.click('detail-more');
		await me.click('detail-more-duplicate');
		await until('copied into the form', async () => (await me.id('field-name').locator('input').inputValue()) === 'In place');
		await me.type('field-number', '4600');
		await me.click('form-save');
		await me.see('detail');
		assert.equal((await tenant.api.get('/queues?filter[number]=4600')).items[0].strategy, queue.strategy);
	});

	test('rows are ticked and changed, deleted, found in the recycle bin and restored', async () => {
		await open('/data/queues?f.number.starts=402&sort=number');
		await until('ten', async () => (await me.text('page-text')).includes('of 10,'));
		for (const number of ['4021', '4022'])
			await row(number).getByTestId('select-row').click();
		await me.click('bulk-update');
		await me.id('set-priority').check();
		await me.id('bulk-dialog').locator('#bulk-priority').fill('3');
		await me.click('bulk-ok');
		await until('changed', async () => (await tenant.api.get('/queues?filter[number][in]=4021,4022')).items.every((q) => q.priority === 3));
		await me.gone('chosen');
		await me.click('select-page');
		await me.click('bulk-delete');
		await me.see('bulk-dialog');
		await me.click('bulk-ok');
		await me.see('list-empty');
		assert.equal((await tenant.api.get('/queues?filter[number][starts]=402')).items.length, 0);
		await me.click('tab-bin');
		await until('in the bin', async () => (await me.id('data-row').count()) === 10);
		await row('4025').getByTestId('select-row').click();
		await me.click('bulk-restore');
		await me.click('bulk-ok');
		await until('restored', async () => (await tenant.api.get('/queues?filter[number][starts]=402')).items.length === 1);
		await row('4026').getByTestId('row-menu').click();
		await me.click('row-menu-purge');
		assert.match(await me.text('bulk-dialog'), /cannot be restored/);
		await me.click('bulk-ok');
		await until('purged', async () => (await me.id('data-row').count()) === 8);
		await me.click('tab-data');
		await row('4025').getByTestId('row-menu').click();
		await me.click('row-menu-delete');
		await me.click('bulk-ok');
		await until('deleted by its own menu', async () => (await tenant.api.get('/queues?filter[number]=4025')).items.length === 0);
	});

	test('formatted text is written with an editor and shown harmlessly', async () => {
		const category = await tenant.api.post('/kb-categories', { name: 'Editor' });
		await me.open(`/data/kb-articles/new?category_id=${category.id}`);
		await me.type('field-name', 'How to');
		const editor = me.id('rich-text').getByRole('textbox');
		await editor.click();
		await me.page.keyboard.type('plain ');
		await me.id('rich-text').getByRole('button', { name: 'Bold' }).click();
		await me.page.keyboard.type('strong <script>');
		await me.click('form-save');
		await me.see('safe-html');
		const [article] = (await tenant.api.get('/kb-articles?filter[name]=How to')).items;
		assert.equal((await tenant.api.get(`/kb-articles/${article.id}`)).content, '<p>plain <strong>strong &lt;script&gt;</strong></p>');
		assert.equal(await me.id('safe-html').locator('strong').innerText(), 'strong <script>');
	});

	test('fields of the tenant’s own are columns, conditions and form like any other; masked ones show their mask and do not sort', async () => {
		for (const object of (await tenant.api.get('/business-objects')).items.filter((o) => o.kind === 'customer'))
			await tenant.api.patch(`/business-objects/${object.id}`, { enabled: true });
		await tenant.api.post('/custom-fields', { resource: 'customers', name: 'size', zh: '规模', en: 'Size', type: 'integer' });
		await tenant.api.post('/custom-fields', { resource: 'customers', name: 'grade', zh: '评级', en: 'Grade', type: 'single', choices: [{ value: 'a', zh: '甲', en: 'Gold' }, { value: 'b', zh: '乙', en: 'Silver' }] });
		const make = (i) => tenant.api.post('/customers', { name: `Customer ${i}`, phone: `1380013800${i}`, custom: { size: i * 10, grade: i % 2 ? 'a' : 'b' } });
		await until('the fields are known', async () => make(1).then(() => true, () => false));
		for (let i = 2; i < 8; i++)
			await make(i);
		const role = await tenant.api.post('/roles', { name: 'masked', permissions: ['customers.read', 'customers.update'] });
		await tenant.api.post('/accounts', { username: 'masked', name: 'Masked', password: 'Masked-pass-1', role_id: role.id });
		const other = await Person.sit(browser, zj);
		await other.login({ tenant: tenant.name, username: 'masked', password: 'Masked-pass-1' });
		await other.see('board');
		await other.open('/data/customers?f.custom.size.ge=30&sort=-custom.size');
		const read = (field) => other.page.locator(`[data-field="${field}"]`).allInnerTexts();
		await until('filtered and sorted by it', async () => (await read('name')).join() === [7, 6, 5, 4, 3].map((i) => `Customer ${i}`).join());
		assert.equal((await read('phone'))[0], '138****8007');
		assert.equal(await other.id('head-phone').getAttribute('aria-sort'), null);
		await other.click('columns');
		await other.id('show-custom.grade').check();
		await other.page.keyboard.press('Escape');
		await until('its labels', async () => (await read('custom.grade')).join() === 'Gold,Silver,Gold,Silver,Gold');
		await other.page.locator('[data-field=name]', { hasText: 'Customer 7' }).getByTestId('row-link').click();
		await other.see('detail');
		await other.click('detail-edit');
		assert.equal(await other.id('field-phone').locator('input').count(), 0, 'a masked field is not written over');
		await until('its mask', async () => /138\*{4}8007/.test(await other.text('field-phone')));
		await other.click('tab-custom');
		await other.type('field-custom.size', '71');
		await other.click('form-save');
		await other.see('detail');
		assert.equal((await tenant.api.get('/customers?filter[custom.size]=71')).items[0].phone, '13800138007');
		assert.deepEqual(other.faults, []);
		await other.close();
	});
});

describe('import and export', () => {
	test('a file is previewed, its columns are matched, bad rows come back with their reasons', async () => {
		const file = path.join(dir, 'queues.csv');
		const lines = Array.from({ length: 40 }, (_, i) => (i % 10 === 9 ? `bad${i},Imported ${i},x` : `${6000 + i},Imported ${i},${i % 3 ? 'Round robin' : 'Longest idle'}`));
		fs.writeFileSync(file, `Number,Name,Strategy\n${lines.join('\n')}\n`);
		await open('/data/queues');
		await me.click('list-more');
		await me.click('list-more-import');
		await me.see('import-file-step');
		await me.id('import-file').setInputFiles(file);
		await me.see('import-columns');
		assert.equal(await me.id('preview-row').count(), 10);
		assert.deepEqual(await Promise.all([0, 1, 2].map((i) => me.id(`map-${i}`).inputValue())), ['number', 'name', 'strategy'], 'matched by their names');
		await me.click('import-previous');
		await me.see('import-file-step');
		await me.id('import-file').setInputFiles(file);
		await me.see('import-columns');
		assert.deepEqual(await me.violations(), []);
		await me.click('import-next');
		await me.see('import-rules');
		await me.id('match-number').check();
		await me.click('import-next');
		await me.page.locator('[data-testid=import-result][data-state=finished]').waitFor();
		assert.deepEqual(await Promise.all(['created', 'failed'].map((k) => me.text(`import-${k}`))), ['36', '4']);
		assert.equal((await tenant.api.get('/queues?filter[number][starts]=60&count=true')).total, 36);
		const [download] = await Promise.all([me.page.waitForEvent('download'), me.click('import-rejects')]);
		const rejects = fs.readFileSync(await download.path(), 'utf8');
		assert.match(rejects, /bad9/);
		assert.equal(rejects.trim().split('\n').length, 5, rejects);
	});

	test('an export is asked for, runs in the background and is fetched and deleted in the export centre', async () => {
		await open('/data/queues?f.number.starts=60');
		await me.click('list-more');
		await me.click('list-more-export');
		await me.choose('export-format', 'csv');
		await me.click('export-start');
		await me.gone('export-dialog');
		await me.click('nav-jobs');
		const job = me.page.locator('[data-testid=job-row][data-kind=export][data-state=finished]').first();
		await job.waitFor();
		assert.equal(await me.page.locator('[data-testid=job-row][data-kind=import]').count(), 1);
		assert.deepEqual(await me.violations(), []);
		const [download] = await Promise.all([me.page.waitForEvent('download'), job.getByTestId('job-download').click()]);
		const text = fs.readFileSync(await download.path(), 'utf8');
		assert.equal(text.trim().split('\n').length, 37);
		assert.match(text, /6000/);
		await job.getByTestId('job-remove').click();
		await me.click('job-remove-ok');
		await until('gone', async () => (await me.page.locator('[data-testid=job-row][data-kind=export]').count()) === 0);
	});
});

describe('trees', () => {
	test('rows stand under their parents; one is added below, moved elsewhere', async () => {
		const top = await tenant.api.post('/kb-categories', { name: 'Products' });
		await tenant.api.post('/kb-categories', { name: 'Returns' });
		await me.open('/data/kb-categories');
		const node = (text) => me.id('tree-row').filter({ hasText: text }).first();
		await node('Products').waitFor();
		await node('Products').getByTestId('row-menu').click();
		await me.click('row-menu-child');
		await me.type('field-name', 'Phones');
		await me.click('form-save');
		await me.see('detail');
		assert.equal((await tenant.api.get('/kb-categories?filter[name]=Phones')).items[0].parent_id, top.id);
		await me.open('/data/kb-categories');
		await node('Phones').waitFor();
		assert.equal(await node('Phones').getAttribute('data-depth'), '1');
		await node('Phones').getByTestId('row-menu').click();
		await me.click('row-menu-move');
		await me.id('move-to').selectOption({ label: 'Returns' });
		await me.click('move-ok');
		await until('moved', async () => (await tenant.api.get('/kb-categories?filter[name]=Phones')).items[0].parent_id !== top.id);
	});
});

describe('for everybody', () => {
	const pages = ['/data/queues?size=10', '/data/queues/new'];
	for (const [lang, theme, more] of [['en', 'light', ['/data/queues/import', '/data/kb-categories']], ['zh', 'dark', []]]) {
		test(`axe finds nothing serious: ${lang}, ${theme}`, async () => {
			const [first] = (await tenant.api.get('/queues?filter[number]=4001')).items;
			const other = await Person.sit(browser, zj, { lang, theme });
			await other.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
			await other.see('board');
			for (const where of [...pages, ...more, `/data/queues/${first.id}`]) {
				await other.open(where);
				await other.page.locator('[data-testid=resource-list][data-ready=true], [data-testid=form], [data-testid=import], [data-testid=jobs][data-ready=true], [data-testid=tree], [data-testid=detail] dl').first().waitFor();
				await other.page.waitForTimeout(150);
				assert.deepEqual(await other.violations(), [], where);
				assert.ok(await other.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${where} scrolls sideways`);
			}
			assert.equal(await other.page.evaluate(() => document.documentElement.classList.contains('dark')), theme === 'dark');
			assert.equal(await other.page.evaluate(() => document.documentElement.lang), lang === 'zh' ? 'zh-CN' : 'en');
			assert.deepEqual(other.faults, []);
			await other.close();
		});
	}

	test('no page logged an error', () => assert.deepEqual(me.faults, []));
});

/** The api as the browser's own session. */
const fetchAs = (where) => tenant.api.fetch('GET', where);
