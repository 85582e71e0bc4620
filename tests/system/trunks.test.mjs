// What a carrier and a tenant say about trunks, through the api: fields, defaults, refusals, secrets, templates, what goes along.
// covers: PBX-V003 PBX-V007 PBX-V075 PBX-V076 PBX-V077 PBX-V078 PBX-V302 PBX-K07 PBX-K08 PBX-K09 PBX-K11 PBX-K14 PBX-K15 PBX-K16 PBX-K18
// covers: NUM-K12 NUM-K14 NUM-V524 PBX-V308 PBX-V310
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';

let zj;
let tenant;
let api;
const refused = (promise, status, field) => assert.rejects(promise, (e) => e.status === status && (!field || JSON.stringify(e.body ?? e.problem ?? e.message).includes(field)));

before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('trunks');
	({ api } = tenant);
}, { timeout: 150_000 });
after(() => zj?.release());

test('a trunk has its defaults, an identifier of its own, and a password that nobody reads', async () => {
	const t = await api.post('/trunks', { name: 'plain', host: '127.0.0.61' });
	assert.match(t.identifier, /^\d{6,}$/);
	assert.deepEqual([t.type, t.port, t.timeout_s, t.enabled, t.max_calls, t.max_cps, t.disable_after, t.force_rate, t.force_caller, t.gain_in, t.gain_out, t.cascade_id, t.remark, t.sip_headers, t.dial_string],
		['address', 5060, 45, true, null, null, 0, false, false, 0, 0, null, '', '', '']);
	assert.deepEqual(t.failure_codes, ['408', '500', '502', '503', '504']);
	const other = await api.post('/trunks', { name: 'named', host: 'sip.carrier.example', identifier: 'line-7', cascade_id: t.id, cascade_host: '127.0.0.62', gain_in: 3, gain_out: -3, area_code: '0871', province: '云南', city: '昆明', fixed_prefix: '9', remark: 'r' });
	assert.deepEqual([other.identifier, other.host, other.cascade_id, other.gain_in, other.city], ['line-7', 'sip.carrier.example', t.id, 3, '昆明']);
	await refused(api.post('/trunks', { name: 'twice', host: '127.0.0.63', identifier: 'line-7' }), 409, 'identifier');
	for (const [field, value] of Object.entries({ host: 'not a host', port: 70000, timeout_s: 1, max_calls: -1, gain_in: 99, failure_codes: ['486'], sip_headers: 'Via: x', dial_string: 'tel:1', details: 'secret=1', caller_number: 'abc', fixed_prefix: 'x' }))
		await refused(api.post('/trunks', { name: `bad ${field}`, host: '127.0.0.64', [field]: value }), 422, field);
	const line = await api.post('/trunks', { name: 'line', host: '127.0.0.65', registration: 'user1:pa:ss@w0rd@127.0.0.66:5070' });
	assert.deepEqual([line.type, line.username, line.host, line.port, line.password, line.registration], ['registration', 'user1', '127.0.0.66', 5070, undefined, undefined]);
	await refused(api.post('/trunks', { name: 'no password', host: '127.0.0.65', type: 'registration', username: 'u' }), 422, 'password');
	await refused(api.patch(`/trunks/${line.id}`, { registration: 'nonsense' }), 422, 'registration');
	const list = await api.get('/trunks?q=line-7');
	assert.deepEqual(list.items.map((x) => x.name), ['named']);
	const rows = await zj.sql(`select password from trunk where id = '${line.id}'`);
	assert.equal(rows[0].password, 'pa:ss@w0rd');
	const history = JSON.stringify(await api.get(`/trunks/${line.id}/history`));
	assert.ok(!history.includes('w0rd'), 'nor in the history');
});

test('a template reaches all its trunks at once; the default ones stay as they are', async () => {
	const templates = (await api.get('/pbx-templates')).items;
	assert.deepEqual(templates.map((t) => [t.name, t.type, t.builtin]).sort(), [['default sip device', 'device', true], ['default sip trunk', 'trunk', true]]);
	await refused(api.patch(`/pbx-templates/${templates[0].id}`, { remark: 'mine' }), 422);
	await refused(api.delete(`/pbx-templates/${templates[0].id}`), 422);
	const mine = await api.post('/pbx-templates', { name: 'mine', type: 'trunk', details: 'fromdomain=a.example', remark: 'r' });
	await refused(api.post('/pbx-templates', { name: 'bad', type: 'trunk', details: 'nat=yes' }), 422, 'details');
	const t = await api.post('/trunks', { name: 'of a template', host: '127.0.0.67', template_id: mine.id, details: 'fromuser=u1' });
	await api.patch(`/pbx-templates/${mine.id}`, { details: 'fromdomain=b.example' });
	const [row] = await zj.sql(`select template_details from trunk where id = '${t.id}'`);
	assert.equal(row.template_details, 'fromdomain=b.example');
	await refused(api.delete(`/pbx-templates/${mine.id}`), 409);
});

test('groups, numbers and pools; what names a trunk goes with it', async () => {
	const t = await api.post('/trunks', { name: 'member', host: '127.0.0.68' });
	const group = await api.post('/trunk-groups', { name: 'group' });
	assert.equal(group.strategy, 'sequential');
	await api.post('/trunk-members', { group_id: group.id, trunk_id: t.id, priority: 5 });
	await api.post('/trunk-rules', { trunk_id: t.id, group_id: group.id, prefix: '021', length: 11, strip: '0', add: '9', attribute: 'forbid' });
	const neighbour = await zj.tenant('stranger');
	const theirs = await neighbour.api.post('/trunks', { name: 'theirs', host: '127.0.0.69' });
	await refused(api.post('/trunk-members', { group_id: group.id, trunk_id: theirs.id }), 422, 'trunk_id');
	const n = await api.post('/trunk-numbers', { name: 'n', trunk_id: t.id, area_code: '0871', number: '65550001', toll_free: '4001234567', call_type: 'out', max_calls: 20 });
	assert.equal(n.full_number, '087165550001');
	assert.equal((await api.get('/trunk-numbers?q=65550001')).items[0].id, n.id);
	const pool = await api.post('/number-pools', { name: 'pool', numbers: [n.id] });
	await refused(api.post('/number-pools', { name: 'bad', numbers: [t.id] }), 422, 'numbers');
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk_group', outbound_id: group.id });
	await refused(zj.carrier.patch(`/tenants/${neighbour.id}`, { outbound_kind: 'trunk_group', outbound_id: group.id }), 422, 'outbound_id');
	await api.delete(`/trunks/${t.id}`);
	assert.equal((await api.get(`/trunk-members?filter[group_id]=${group.id}`)).items.length, 0);
	assert.equal((await api.get(`/trunk-numbers/${n.id}`)).trunk_id, null);
	await api.delete(`/trunk-numbers/${n.id}`);
	assert.deepEqual((await api.get(`/number-pools/${pool.id}`)).numbers, []);
	await api.delete(`/trunk-groups/${group.id}`);
	assert.equal((await zj.carrier.get(`/tenants/${tenant.id}`)).outbound_id, null);
});

test('the attribution table: made, found, changed, deleted, cleared', async () => {
	const rows = await Promise.all(['990', '991', '992'].map((prefix) => api.post('/number-attributions', { prefix, country: '中国', province: '新疆', city: '伊犁', number_type: '固话', remark: 'r' })));
	assert.equal((await api.get('/number-attributions?q=' + encodeURIComponent('伊犁'))).items.length, 3);
	assert.equal((await api.patch(`/number-attributions/${rows[0].id}`, { city: '乌鲁木齐' })).city, '乌鲁木齐');
	await refused(api.post('/number-attributions', { prefix: '990' }), 409, 'prefix');
	await refused(api.post('/number-attributions', { prefix: 'x' }), 422, 'prefix');
	for (const row of rows) await api.delete(`/number-attributions/${row.id}`);
	await poll(async () => (await api.get('/number-attributions')).items.length === 0, { what: 'an empty table' });
});

test('an outbound rule goes to a target of its kind: each kind has a list of its own; the sample of the manual, to a fax device', async () => {
	const { resources } = await api.get('/meta/resources');
	const target = resources.find((r) => r.name === 'outbound-rules').fields.find((f) => f.name === 'destination_id');
	const owner = await api.post('/accounts', { username: 'fax', name: 'Fax', password: 'Clerk-pass-1' });
	const fax = await api.post('/fax-devices', { account_id: owner.id, name: 'FAX-4065', number: '4065', station_id: 'FAX-4065', city_code: '021' });
	const made = { queue: await tenant.queue('4002'), ring_group: await api.post('/ring-groups', { name: 'All', number: '4066' }), fax };
	const route = await api.post('/outbound-routes', { name: 'FAX_Outbound' });
	const rule = await api.post('/outbound-rules', { route_id: route.id, destination_kind: 'fax', destination_id: fax.id });
	assert.deepEqual([rule.prefix, rule.length, rule.destination_kind, rule.destination_id], ['default', 0, 'fax', fax.id]);
	for (const kind of ['queue', 'ivr', 'extension', 'ring_group', 'conference', 'voicemail', 'fax', 'application']) assert.ok(resources.some((r) => r.name === target.refs[kind]), `a list for ${kind}`);
	for (const [kind, row] of Object.entries(made)) {
		assert.ok((await api.get(`/${target.refs[kind]}`)).items.some((x) => x.id === row.id), `${kind} is in its list`);
		for (const other of Object.keys(made).filter((k) => k !== kind)) {
			assert.ok(!(await api.get(`/${target.refs[other]}`)).items.some((x) => x.id === row.id), `${kind} is not among ${other}`);
			await refused(api.post('/outbound-rules', { route_id: route.id, prefix: '9', destination_kind: other, destination_id: row.id }), 422, 'destination_id');
		}
	}
	const ends = await api.post('/outbound-rules', { route_id: route.id, prefix: '900', destination_kind: 'hangup' });
	assert.equal(ends.destination_id, null);
	assert.deepEqual((await api.get(`/outbound-rules?filter[route_id]=${route.id}`)).items.map((x) => x.prefix).sort(), ['900', 'default']);
	assert.equal((await api.get(`/outbound-routes/${route.id}`)).rules, 2);
});
