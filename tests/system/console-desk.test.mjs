// An agent's and a leader's console: the desk that everybody has, the group of who leads one, and an erroneous call taken out with a leader's password.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { intoQueue } from '../tools/scenes.mjs';

const password = 'A-person-1-password';
let zj;
let browser;
let tenant;
let call;
const people = {};

before(async () => {
	zj = await Instance.take();
	browser = await openChromium();
	tenant = await zj.tenant('desk');
	const queue = await tenant.queue('4001');
	const group = await tenant.api.post('/agent-groups', { name: '甲组' });
	const role = (await tenant.api.get('/roles?filter[kind]=agent')).items[0];
	for (const [number, more] of [['1001', { group_id: group.id }], ['1002', {}]]) {
		const agent = await tenant.agent(number, number === '1001' ? [queue] : [], { answering: 'never' });
		const account = await tenant.api.post('/accounts', { username: `u${number}`, name: `人${number}`, password, role_id: role.id });
		people[number] = await tenant.api.patch(`/agents/${agent.id}`, { account_id: account.id, ...more }).then((row) => ({ ...row, phone: agent.phone, page: null }));
		people[number].page = await Person.sit(browser, zj, { lang: 'zh' });
	}
	await tenant.api.post('/agent-managed-groups', { agent_id: people['1002'].id, group_id: group.id });
	await tenant.api.post('/notices', { title: '周五放假', content: '通知' });
	const events = await tenant.events();
	call = await intoQueue(zj, { queueDid: await tenant.did('queue', queue), events });
	await (await people['1001'].phone.nextCall()).answer();
	await events.call(call.caller, 'talk');
	await call.hangup();
	await zj.facts(tenant, `id = '${call.id}'`);
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});
const menu = (p) => p.page.locator('nav.menu section').evaluateAll((all) => Object.fromEntries(all.map((s) => [s.querySelector('button').innerText.trim(), [...s.querySelectorAll('a')].map((a) => a.innerText.trim())])));

// covers: TEN-V711
test('an agent\'s menu: the board and its desk; each page of it opens', async () => {
	const { page } = people['1001'];
	await page.login({ tenant: tenant.name, username: 'u1001', password });
	await page.see('menu-group-desk');
	await page.see('resource-internal-messages');
	const shown = await menu(page);
	assert.deepEqual(Object.keys(shown).filter((g) => !['实时', '系统'].includes(g)), ['基本管理'], JSON.stringify(shown));
	assert.deepEqual(shown.基本管理.toSorted(), ['个人信息', '内部信息', '公告', '语音留言', '通话记录'].toSorted());
	assert.match(await page.text('account'), /^u1001\(人1001\)/);
	await page.click('nav-calls');
	await page.see('cdr-row');
	assert.equal(await page.id('cdr-row').count(), 1);
	await page.click('resource-notices');
	await page.page.getByText('周五放假').first().waitFor();
	for (const [entry, sign] of [['resource-voicemails', 'resource-list'], ['resource-internal-messages', 'resource-list'], ['nav-me', 'password-old']]) {
		await page.click(entry);
		await page.see(sign);
	}
	assert.deepEqual(page.faults, []);
});

// covers: TEN-V714
test('an agent without the right is asked for a leader\'s account and password; the call leaves the records', async () => {
	const { page } = people['1001'];
	await page.open(`/calls/${call.id}`);
	await page.click('discard-call');
	await page.type('discard-reason', '测试');
	assert.equal(await page.id('discard-username').count(), 0, 'not before it is refused');
	await page.click('discard-go');
	await page.see('discard-consent');
	for (const [username, secret] of [['u1002', 'wrong-password-9'], ['u1001', password]]) {
		await page.type('discard-username', username);
		await page.type('discard-password', secret);
		await page.click('discard-go');
		await page.see('discard-fault');
	}
	await page.type('discard-username', 'u1002');
	await page.type('discard-password', password);
	await page.click('discard-go');
	await page.gone('discard-box');
	await page.open('/calls');
	await page.page.locator('[data-testid="calls-refresh"]').waitFor();
	await page.gone('cdr-row');
	const row = (await tenant.api.get('/discarded-calls?expand=created_by,approved_by')).items[0];
	assert.deepEqual([row.call_id, row.reason, row.expand.created_by.label, row.expand.approved_by.label], [call.id, '测试', 'u1001(人1001)', 'u1002(人1002)']);
});

// covers: TEN-V712
test('a leader\'s menu has its group and predictive dialling besides', async () => {
	const { page } = people['1002'];
	await page.login({ tenant: tenant.name, username: 'u1002', password });
	await page.see('menu-group-leader');
	await page.see('menu-group-dialing');
	const shown = await menu(page);
	assert.deepEqual([Object.keys(shown).filter((g) => !['实时', '系统'].includes(g)), shown.预拨号], [['基本管理', '坐席组长', '预拨号'], ['外呼任务']], JSON.stringify(shown));
	await page.click('resource-agents');
	await page.see('data-row');
	assert.equal(await page.id('data-row').count(), 2, 'itself and its member');
	assert.deepEqual(page.faults, []);
});
