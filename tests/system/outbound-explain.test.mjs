// What would happen to a call from an extension to a number: what is told beforehand, by the api and in the browser, is what the call does.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { Tenant } from '../tools/tenant.mjs';
import { header } from '../tools/sip.mjs';
import { poll } from '../tools/wait.mjs';

let zj, tenant, api, carrier, phone, extension, browser, me, main, spare, off, group, route, rule;
const ask = (number, more = {}) => api.post('/outbound-routes/explain', { extension: '1001', number, ...more });
/** A change is known within 200 ms. */
const settled = (number, match, more) => poll(async () => { const e = await ask(number, more); return match(e) && e; }, { timeout: 5000, every: 50, what: `the engine and the edge know: ${match}` });
const refusedOf = (body) => api.post('/outbound-routes/explain', body).then(() => assert.fail(JSON.stringify(body)), (e) => [e.status, e.problem.errors[0].field]);
const trunks = (e) => e.edge.trunks.map((t) => [e.names[t.trunk], t.verdict, t.hosts[0]?.state ?? '']);

before(async () => {
	zj = await Instance.take();
	tenant = await Tenant.create(zj, 'explained');
	api = tenant.api;
	carrier = zj.later(await AnsweringCarrier.open({ host: '127.0.0.34' }));
	main = await api.post('/trunks', { name: 'Main', host: '127.0.0.34', probe_s: 0, caller_number: '02160000000' });
	spare = await api.post('/trunks', { name: 'Spare', host: '127.0.0.34', probe_s: 0 });
	off = await api.post('/trunks', { name: 'Off', host: '127.0.0.34', probe_s: 0, enabled: false });
	group = await api.post('/trunk-groups', { name: 'Outside' });
	for (const [trunk, priority] of [[main, 30], [spare, 20], [off, 10]])
		await api.post('/trunk-members', { group_id: group.id, trunk_id: trunk.id, priority });
	route = await api.post('/outbound-routes', { name: 'All' });
	rule = await api.post('/outbound-rules', { route_id: route.id, prefix: '9', strip: '9' });
	await api.post('/outbound-rules', { route_id: route.id, prefix: '95', destination_kind: 'hangup' });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk_group', outbound_id: group.id, outbound_route_id: route.id });
	extension = await tenant.extension('1001');
	await api.patch(`/extensions/${extension.id}`, { out_caller_number: '02161111111' });
	phone = await tenant.phone(extension, { answering: 'never' });
	browser = await openChromium();
	me = await Person.sit(browser, zj);
	await me.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
	await me.see('board');
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

test('a call that leaves: route, rule, number, caller, trunks in their order; and the call does so', async () => {
	const e = await settled('913812345678', (x) => x.outcome === 'dial' && x.caller && x.edge.trunks.length === 3);
	assert.deepEqual([e.verdict, e.leaves_as, e.route, e.rule, e.names[e.rule]], ['dial', '13812345678', route.id, rule.id, '9']);
	assert.deepEqual([e.object, e.object_by, e.edge.by], [`trunk_group:${group.id}`, 'tenant', 'trunk_group']);
	assert.deepEqual([e.caller, e.caller_by, e.caller_row, e.shows], ['02161111111', 'extension', extension.id, '02161111111']);
	assert.deepEqual([e.trunk, e.uri], [main.id, 'sip:13812345678@127.0.0.34:5060']);
	assert.deepEqual(trunks(e), [['Main', 'planned', 'ok'], ['Spare', 'planned', 'ok'], ['Off', 'off', '']]);
	assert.deepEqual(e.lists.map((l) => [l.about, l.number, l.barred]).sort(), [['caller', '02161111111', false], ['caller', '02161111111', false], ['dialled', '913812345678', false], ['leaves', '13812345678', false]]);
	assert.deepEqual([e.do_not_call, e.edge.country, e.edge.abroad, e.edge.country_barred], [null, 'CN', 0, 0]);
	const call = await phone.call('913812345678');
	await call.answered;
	const invite = await carrier.invite('13812345678');
	assert.match(header(invite, 'from'), /02161111111/);
	await call.hangup();
});

test('what each step has against it: permission, route, internal number, list, rule of a trunk, guard, hours', async () => {
	assert.deepEqual(await ask('9510086').then((e) => [e.outcome, e.because, e.because_of, e.names[e.rule]]), ['refuse', 'the outbound route ends it', 'outbound_rule', '95']);
	assert.deepEqual(await ask('813800000000').then((e) => [e.outcome, e.because, e.because_of, e.route]), ['refuse', 'no rule of the outbound route fits', 'outbound_route', route.id]);
	const other = await tenant.extension('1002');
	await settled('1002', (e) => e.outcome === 'internal' && e.kind === 'extension' && e.target === other.id);
	await api.patch(`/extensions/${extension.id}`, { outbound_permission: 'local' });
	await settled('0013812345678', (e) => e.because === 'the extension may not dial this far' && e.because_of === 'extension');
	await api.patch(`/extensions/${extension.id}`, { outbound_permission: 'unlimited' });

	const row = await api.post('/blacklist', { number: '13812345678', direction: 'out', reason: 'asked us not to' });
	const barred = await settled('913812345678', (e) => e.outcome === 'barred');
	assert.deepEqual(barred.lists.filter((l) => l.barred).map((l) => [l.about, l.rows.map((r) => [r.id, r.reason, r.counts])]), [['leaves', [[row.id, 'asked us not to', true]]]]);
	assert.equal((await (await phone.call('913812345678')).ended).code, 403);
	await api.delete(`/blacklist/${row.id}`);
	await api.post('/do-not-call', { number: '13812345678' });
	await settled('913812345678', (e) => e.outcome === 'dial' && e.do_not_call === 'tenant');

	const forbid = await api.post('/trunk-rules', { trunk_id: main.id, attribute: 'forbid', prefix: '138' });
	const list = await api.post('/blacklist', { number: '02161111111', direction: 'out', trunk_id: spare.id });
	const none = await settled('913812345678', (e) => e.outcome === 'barred' && e.edge?.trunks[0].verdict === 'barred');
	assert.equal(none.names[none.edge.trunks[0].rule], '138');
	assert.deepEqual(none.lists.filter((l) => l.barred).map((l) => [l.about, l.trunk]), [['caller', spare.id]]);
	await api.delete(`/blacklist/${list.id}`);
	await settled('913812345678', (e) => e.trunk === spare.id);
	await api.delete(`/trunk-rules/${forbid.id}`);

	const guard = await zj.carrier.post('/toll-guards', { tenant_id: tenant.id, name: 'no America', barred: ['US'] });
	const abroad = await settled('90012125551234', (e) => e.outcome === 'country_barred');
	assert.deepEqual([abroad.edge.country, abroad.edge.abroad, abroad.edge.country_guard, abroad.names[guard.id]], ['US', 1, guard.id, 'no America']);
	await zj.carrier.patch(`/toll-guards/${guard.id}`, { calls_hour: 1 });
	await settled('913812345678', (e) => e.outcome === 'dial' && e.edge.limits.length === 1);
	const last = await phone.call('913812345678');
	await last.answered;
	await last.hangup();
	const spent = await settled('913812345678', (e) => e.outcome === 'calls_hour');
	assert.deepEqual(spent.edge.limits.map((l) => [l.guard, l.limit, l.subject, l.refuses, l.of]), [[guard.id, 'calls_hour', 'tenant', 1, '1']]);
	assert.equal((await (await phone.call('913812345678')).ended).code, 403);
	await zj.carrier.delete(`/toll-guards/${guard.id}`);
});

test('at another time: the hours of the trunks, the validity of lists', async () => {
	const hours = await api.post('/work-times', { name: 'Monday to Friday', time_from: '09:00:00', time_to: '18:00:00', weekday_from: 'mon', weekday_to: 'fri' });
	const office = await api.post('/work-packages', { name: 'Office', work_times: [hours.id] });
	await api.patch(`/trunks/${main.id}`, { package_id: office.id });
	const row = await api.post('/blacklist', { number: '13812345678', direction: 'out', valid_from: '2031-01-01T00:00:00Z' });
	await settled('913812345678', (e) => e.outcome === 'dial' && e.trunk === spare.id, { at: '2026-11-29T12:00:00+08:00' }); // a Sunday
	const sunday = await ask('913812345678', { at: '2026-11-29T12:00:00+08:00' });
	assert.deepEqual(trunks(sunday)[0], ['Main', 'planned', 'closed']);
	await settled('913812345678', (e) => e.trunk === main.id, { at: '2026-11-30T12:00:00+08:00' });
	assert.equal((await ask('913812345678', { at: '2031-01-02T12:00:00+08:00' })).outcome, 'barred');
	await api.delete(`/blacklist/${row.id}`);
	await api.patch(`/trunks/${main.id}`, { package_id: null });
	await settled('913812345678', (e) => e.trunk === main.id, { at: '2026-11-29T12:00:00+08:00' });
});

test('the page tells it in words, with links to the rows', async () => {
	await me.click('nav-outbound-tester');
	await me.see('outbound-tester');
	await me.click('out-go');
	await poll(async () => /Choose the extension/.test(await me.page.locator('[data-testid=outbound-tester]').innerText()), { timeout: 5000, what: 'what is missing' });
	await me.pick('out-extension', '1001');
	await me.type('out-number', '913812345678');
	await me.click('out-go');
	await poll(async () => (await me.page.locator('[data-testid=out-result]').getAttribute('data-outcome')) === 'dial', { timeout: 5000, what: 'an answer' });
	assert.match(await me.text('out-route'), /All, rule 9/);
	assert.equal(await me.text('out-leaves'), '13812345678');
	assert.match(await me.text('out-over'), /Outside by the team/);
	assert.match(await me.text('out-caller'), /02161111111 of the extension/);
	assert.match(await me.page.locator('[data-testid=out-trunk][data-trunk=Main]').innerText(), /ready, is tried first/);
	assert.match(await me.page.locator('[data-testid=out-trunk][data-trunk=Off]').innerText(), /disabled, or not the team’s/);
	assert.ok((await me.page.locator('[data-testid=out-check]').count()) >= 5);
	await me.click('lang');
	await poll(async () => /就绪, 首先尝试/.test(await me.page.locator('[data-testid=out-trunk][data-trunk=Main]').innerText()), { timeout: 5000, what: 'the same in Chinese' });
	assert.deepEqual(await me.violations(), []);
	await me.page.screenshot({ path: 'build/test/outbound-tester.png' });
	assert.deepEqual(me.faults, []);
});

test('bad questions are named; a tenant asks about itself; without the permission nobody', async () => {
	assert.deepEqual(await refusedOf({ extension: '1001' }), [422, 'number']);
	assert.deepEqual(await refusedOf({ number: '1' }), [422, 'extension']);
	assert.deepEqual(await refusedOf({ extension: '8888', number: '1' }), [422, 'extension']);
	assert.deepEqual(await refusedOf({ extension: '1001', number: 'abc' }), [422, 'number']);
	assert.deepEqual(await refusedOf({ extension: '1001', number: '1', at: 'soon' }), [422, 'at']);
	const other = await Tenant.create(zj, 'strangers');
	await other.extension('2001');
	const theirs = await other.api.fetch('POST', '/outbound-routes/explain', { body: { extension: '1001', number: '913812345678' } });
	assert.equal(theirs.status, 422, 'another team has no such extension');
	const role = await api.post('/roles', { name: 'none', permissions: ['queues.read'] });
	await api.post('/accounts', { username: 'none', name: 'None', password: 'Clerk-pass-1', role_id: role.id });
	const { Api } = await import('../tools/api.mjs');
	const clerk = await Api.login(zj.url, { tenant: tenant.name, username: 'none', password: 'Clerk-pass-1' });
	assert.equal((await clerk.fetch('POST', '/outbound-routes/explain', { body: { extension: '1001', number: '1' } })).status, 403);
});
