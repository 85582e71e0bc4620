// An inbound route from the console to the call's record: what is tested beforehand is what the call does.
// covers: PBX-R04 PBX-V054 PBX-V079 PBX-V086 PBX-Y15 PBX-Y17 PBX-V501
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { Tenant } from '../tools/tenant.mjs';
import { poll } from '../tools/wait.mjs';

let zj, tenant, api, browser, me, agent, did, number, queue, account, campaign, office;
const asked = (body) => api.post('/inbound-routes/explain', body);
const settled = (body, match) => poll(async () => { const e = await asked(body); return match(e) && e; }, { timeout: 5000, every: 50, what: 'the edge knows' });

before(async () => {
	zj = await Instance.take();
	tenant = await Tenant.create(zj, 'routes');
	api = tenant.api;
	queue = await tenant.queue('4001');
	agent = await tenant.agent('1001', [], { signIn: false, answering: { after: 0 } });
	account = await api.post('/accounts', { username: 'li', name: 'Li', password: 'Clerk-pass-1' });
	await api.patch(`/extensions/${agent.extension.id}`, { account_id: account.id });
	number = zj.freshNumber('021');
	did = await zj.carrier.post('/numbers', { tenant_id: tenant.id, number });
	campaign = await api.post('/campaigns', { name: 'Spring' });
	const hours = await api.post('/work-times', { name: 'Monday to Friday', time_from: '09:00:00', time_to: '18:00:00', weekday_from: 'mon', weekday_to: 'fri' });
	office = await api.post('/work-packages', { name: 'Office', work_times: [hours.id] });
	browser = await openChromium();
	me = await Person.sit(browser, zj);
	await me.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
	await me.see('board');
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

test('a DID that is an account\'s rings at its extension, without any route; the call says so', async () => {
	await api.patch(`/numbers/${did.id}`, { account_id: account.id, vip: true });
	await settled({ number }, (e) => e.kind === 'account' && e.by === 'number' && e.vip);
	const ringing = agent.phone.nextCall();
	const call = await zj.call(zj.freshNumber(), number);
	await call.answered();
	await ringing;
	await call.hangup();
	const facts = await poll(async () => (await api.get(`/calls?filter[did]=${number}`)).items[0], { timeout: 10_000, what: 'the call\'s record' });
	assert.deepEqual([facts.vip, facts.route_id], [true, null]);
});

test('a route made in the console: the DID\'s use is told, the tester says where calls go, and the call goes there', async () => {
	const first = await api.post('/inbound-routes', { name: 'Reception', did_match: 'number', number_id: did.id, destination_kind: 'account', destination_id: account.id });
	await api.post('/bindings', { kind: 'did', number_id: did.id, target_kind: 'campaign', target_id: campaign.id });
	await me.open(`/data/inbound-routes/new?did_match=number&number_id=${did.id}`);
	await me.click('tab-match');
	await me.see('note-number_id');
	assert.match(await me.text('note-number_id'), /already used by inbound route: Reception\. You may save all the same/);
	await settled({ number }, (e) => e.id === first.id && e.binding === 'campaign');
	await me.open('/routes/test');
	await me.click('leave-go'); // what was typed into the form
	await me.see('route-tester');
	await me.type('test-number', number);
	await me.type('test-caller', '13800000000');
	await me.click('test-go');
	await me.see('test-result');
	assert.match(await me.text('test-destination'), /Automatic: an account li by the route/i);
	assert.equal(await me.id('test-route').first().getAttribute('data-verdict'), 'wins');
	assert.equal(await me.id('test-route').first().getAttribute('data-route'), 'Reception');
	const ringing = agent.phone.nextCall();
	const call = await zj.call(zj.freshNumber(), number);
	await call.answered();
	await ringing;
	await call.hangup();
	const facts = await poll(async () => (await api.get(`/calls?filter[route_id]=${first.id}&expand=route_id,binding_id`)).items[0], { timeout: 10_000, what: 'the call\'s record' });
	assert.equal(facts.expand.route_id.label, 'Reception');
	assert.deepEqual([facts.binding_kind, facts.binding_id, facts.expand.binding_id.label], ['campaign', campaign.id, 'Spring']);
	await api.request('DELETE', `/inbound-routes/${first.id}`);
});

test('time segments, asked for any time, in the team\'s zone; in both languages', async () => {
	const split = await api.post('/inbound-routes', { name: 'Hotline', did_match: 'number', number_id: did.id, destination_kind: 'queue', destination_id: queue.id, split: true, package_id: office.id, off_kind: 'external', off_number: '13812345678', holiday_kind: 'hangup' });
	await api.post('/inbound-routes', { name: 'For nobody', caller_match: 'number', caller: '999', enabled: false, destination_kind: 'hangup' });
	await api.post('/holidays', { name: 'National day', date_from: '10-01', date_to: '10-07' });
	await settled({ number }, (e) => e.id === split.id && e.considered === 2);
	const at = async (time) => { const e = await asked({ number, at: time }); return [e.kind, e.segment, e.local_time]; };
	await settled({ number, at: '2027-10-05T04:00:00Z' }, (e) => e.holiday);
	assert.deepEqual(await at('2026-11-30T04:00:00Z'), ['queue', 'working', '2026-11-30 12:00:00']);
	assert.deepEqual(await at('2026-11-30T12:00:00+08:00'), ['queue', 'working', '2026-11-30 12:00:00']);
	assert.deepEqual(await at('2026-11-29T12:00:00+08:00'), ['external', 'off_duty', '2026-11-29 12:00:00']);
	assert.deepEqual(await at('2027-10-05T04:00:00Z'), ['hangup', 'holiday', '2027-10-05 12:00:00']);
	await me.type('test-at', '2026-11-29T12:00:01');
	await me.click('test-go');
	await poll(async () => /External number 13812345678.*off duty/.test(await me.text('test-destination')), { timeout: 5000, what: 'off duty' });
	assert.match(await me.text('test-time'), /2026-11-29 12:00:01 Sunday/);
	const nobody = me.page.locator('[data-route="For nobody"]');
	assert.match(await nobody.innerText(), /Does not match\s+not enabled, another caller/);
	await me.click('lang');
	await poll(async () => /外线号码 13812345678.*下班时间/.test(await me.text('test-destination')), { timeout: 5000, what: 'the same in Chinese' });
	assert.match(await nobody.innerText(), /不匹配\s+未启用，主叫不符/);
	await me.page.screenshot({ path: 'build/test/route-tester.png' });
	assert.deepEqual(me.faults, []);
});

test('whoever may not read routes, or asks about another tenant\'s number, hears nothing of them', async () => {
	const other = await Tenant.create(zj, 'others');
	const theirs = await other.api.post('/inbound-routes/explain', { number });
	assert.deepEqual([theirs.outcome, theirs.routes], ['no such number', []]);
	const carrier = await zj.carrier.post('/inbound-routes/explain', { number });
	assert.equal(carrier.tenant, tenant.id);
	for (const [body, field] of [[{}, 'number'], [{ number: 'abc' }, 'number'], [{ number: '1', caller: 'x y' }, 'caller'], [{ number: '1', at: 'soon' }, 'at'], [{ number: '1', trunk_id: 'x' }, 'trunk_id']]) {
		const error = await asked(body).then(() => assert.fail(JSON.stringify(body)), (e) => e);
		assert.deepEqual([error.status, error.problem.errors[0].field], [422, field]);
	}
	const role = await api.post('/roles', { name: 'none', permissions: ['queues.read'] });
	await api.post('/accounts', { username: 'none', name: 'None', password: 'Clerk-pass-1', role_id: role.id });
	const { Api } = await import('../tools/api.mjs');
	const clerk = await Api.login(zj.url, { tenant: tenant.name, username: 'none', password: 'Clerk-pass-1' });
	assert.equal((await clerk.fetch('POST', '/inbound-routes/explain', { body: { number } })).status, 403);
});
