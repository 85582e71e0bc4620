// Conference rooms in the browser: tiles, a room's window, inviting agents by a tick and numbers by hand, muting, removing, ending.
// covers: MED-V307 MED-V308 MED-L02
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';

const password = 'Chair-Q7-invites';
let zj, browser, tenant, person, agent, other;

before(async () => {
	zj = await Instance.take();
	browser = await openChromium();
	tenant = await zj.tenant('con-conf');
	const queue = await tenant.queue('4001');
	agent = await tenant.agent('1001', [queue], { answering: { after: 50 } });
	other = await tenant.phone(await tenant.extension('1002'), { answering: { after: 50 } });
	const chair = await tenant.api.post('/accounts', { type: 'admin', username: 'chair', name: 'Chair', password });
	const [own] = (await tenant.api.get('/extensions?filter[number]=1002')).items;
	await tenant.api.patch(`/extensions/${own.id}`, { account_id: chair.id });
	person = await Person.sit(browser, zj);
	await person.login({ tenant: tenant.name, username: 'chair', password });
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

const members = () => person.id('room-member').evaluateAll((all) => all.filter((m) => m.dataset.state === 'in').map((m) => m.dataset.number).sort());

test('without a room the page leads to where rooms are made', async () => {
	await person.see('nav-conferences').catch(() => {});
	await person.open('/conferences');
	await poll(() => person.page.url().endsWith('/data/rooms'), { what: 'the list of rooms' });
});

// covers: MED-L01
test('a conference is made with name and description; a message says so', async () => {
	await person.open('/data/rooms/new');
	for (const [name, value] of [['number', '6100'], ['name', 'Monthly'], ['description', 'every month']])
		await person.type(`field-${name}`, value);
	await person.click('form-save');
	await person.page.getByText('Added: Monthly').first().waitFor();
	const [made] = (await tenant.api.get('/rooms?filter[number]=6100')).items;
	assert.deepEqual([made.name, made.description], ['Monthly', 'every month']);
	await assert.rejects(tenant.api.post('/rooms', { number: '6101', name: 'Monthly' }), { status: 409 });
	await tenant.api.delete(`/rooms/${made.id}`);
});

// covers: MED-V309
test('a tile shows how many are in; its window who, and invites agents, accounts by their telephones and numbers; members are muted, removed, the conference ended', async () => {
	await tenant.api.post('/rooms', { number: '6001', name: 'Weekly', quiet: true });
	await person.open('/board');
	await person.open('/conferences');
	await person.see('room-tile');
	assert.match(await person.text('room-tile'), /6001[\s\S]*Weekly/);
	await person.id('room-tile').first().dblclick();
	await person.see('room-window');
	assert.match(await person.page.locator('.el-dialog__title').first().innerText(), /Weekly（6001）/);
	await poll(() => person.id('invite-agent').count(), { what: 'the agents' });
	await person.id('invite-agent').first().click();
	const phone = person.page.locator('[data-testid="invite-phone"][data-number="1002"]');
	await phone.waitFor();
	assert.match(await phone.innerText(), /1002[^]*Chair/, 'a telephone, and whose it is');
	await phone.click();
	assert.equal(await person.id('invite-numbers').inputValue(), '1002');
	await person.type('invite-numbers', '1002, 7777');
	await poll(async () => { // acd knows the room within 200 ms
		await person.click('room-invite');
		return (await person.id('invite-numbers').inputValue()) === '';
	}, { timeout: 10_000, every: 500, what: 'the invitation' });
	const calls = await Promise.all([agent.phone.nextCall(), other.nextCall()]);
	await Promise.all(calls.map((c) => c.answered));
	await poll(async () => (await members()).join() === '1001,1002', { timeout: 15_000, what: 'both in the room' });
	assert.equal(await person.id('room-tile').first().getAttribute('data-count'), '2');
	const second = person.page.locator('[data-testid="room-member"][data-number="1002"]');
	await second.getByTestId('member-mute').click();
	await poll(async () => (await second.getAttribute('data-muted')) === 'true', { what: 'muted' });
	await second.getByTestId('member-kick').click();
	await calls[1].ended;
	await poll(async () => (await members()).join() === '1001', { what: 'one left' });
	await person.click('room-end');
	await calls[0].ended;
	await poll(async () => (await person.id('room-tile').first().getAttribute('data-count')) === '0', { what: 'an empty room' });
	assert.deepEqual(person.faults, []);
});
