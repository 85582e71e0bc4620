// Plans of outbound calls against a table of cases, and what chance and turns do over many calls.
// covers: PBX-V002 PBX-V018 PBX-V070 PBX-V071 PBX-V072 PBX-V074 PBX-V009 PBX-V010 PBX-V015 PBX-K17 PBX-K20 PBX-K21 PBX-R01 BIL-V310 BIL-V311 BIL-V312 NUM-V523 NUM-V309 NUM-V310
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Edge, until } from './edge.mjs';
import { Carrier, dial, status } from './carrier.mjs';
import { header } from './edge.mjs';
import { userOf } from '../../tests/tools/sip.mjs';

let e;
const ids = {};
const one = (sql) => e.sql(sql)[0][0];
const quoted = (v) => (typeof v === 'number' || typeof v === 'boolean' || v === null ? String(v) : Array.isArray(v) ? `'{${v}}'` : `'${v}'`);
const insert = (table, tenant, fields) => one(`insert into ${table} (tenant_id, ${Object.keys(fields)}) values ('${e.tenant[tenant]}', ${Object.values(fields).map(quoted)}) returning id`);
const trunk = (tenant, name, host, more = {}) => { ids[`t:${name}`] = insert('trunk', tenant, { name, host: `127.0.1.${host}`, probe_s: 0, ...more }); return ids[`t:${name}`]; };
const rule = (tenant, name, fields) => insert('trunk_rule', tenant, { trunk_id: ids[`t:${name}`], ...fields });

function seed() {
	trunk('a', 'rules', 1);
	rule('a', 'rules', { prefix: '021', strip: '021', add: '90' });
	rule('a', 'rules', { prefix: '021', length: 8, strip: '021', add: '80' });
	rule('a', 'rules', { add: '7' });
	rule('a', 'rules', { prefix: '00852', attribute: 'forbid' });
	rule('a', 'rules', { prefix: '010', attribute: 'disabled', add: '1' });
	trunk('a', 'area', 2, { area_code: '0871', long_distance: '0' });
	rule('a', 'area', { match: 'area', area: 'Chengdu', attribute: 'forbid' });
	trunk('a', 'fixed', 3, { fixed_prefix: '666' });
	trunk('a', 'string', 4, { dial_string: 'sip:{number};phone-context=+86@{host}:{port}' });
	trunk('a', 'second', 5);
	trunk('a', 'first', 6);
	ids['g:order'] = insert('trunk_group', 'a', { name: 'order' });
	insert('trunk_member', 'a', { group_id: ids['g:order'], trunk_id: ids['t:second'], priority: 1 });
	insert('trunk_member', 'a', { group_id: ids['g:order'], trunk_id: ids['t:first'], priority: 9 });
	rule('a', 'second', { prefix: '021', add: '44' });
	rule('a', 'second', { group_id: ids['g:order'], prefix: '021', add: '55' });
	trunk('carrier', 'shared', 8);
	rule('a', 'shared', { add: '44' });
	trunk('a', 'off', 9, { enabled: false });
	trunk('a', 'own', 9, { caller_number: '02160000000' });
	trunk('a', 'force', 10, { caller_number: '02160000001', force_caller: true });
	trunk('a', 'only', 11, { caller_number: '02160000002', own_callers: true });
	insert('trunk_number', 'a', { trunk_id: ids['t:only'], area_code: '021', number: '55551111' });
	trunk('a', 'caller', 12);
	insert('caller_rule', 'a', { trunk_id: ids['t:caller'], caller_prefix: '138', add: '86' });
	insert('caller_rule', 'a', { trunk_id: ids['t:caller'], caller_prefix: '138', called_prefix: '400', action: 'replace', number: '02100000000' });
	insert('caller_rule', 'a', { trunk_id: ids['t:caller'], caller_prefix: '021', action: 'anonymous' });
	insert('caller_rule', 'a', { trunk_id: ids['t:caller'], caller_prefix: '666', action: 'forbid' });
	ids.vip = insert('account_group', 'a', { name: 'vip' });
	for (const [n, tenant, fields] of [[21, 'a', { prefix: '001', account_group_id: ids.vip }], [22, 'a', { prefix: '001' }], [23, 'carrier', { prefix: '001' }],
		[24, 'a', { prefix: '0017', length: 7 }], [25, 'a', { length: 7 }], [26, 'a', { prefix: '955' }]])
		insert('extension_rate', tenant, { trunk_id: trunk(tenant, `rate${n}`, n), ...fields });
	trunk('a', 'demands', 27, { force_rate: true });
	insert('number_attribution', 'carrier', { prefix: '1398888', province: 'Sichuan', city: 'Chengdu', area_code: '028' });
	insert('number_attribution', 'carrier', { prefix: '1389999', province: 'Yunnan', city: 'Zhaotong', area_code: '0870' });
	insert('number_attribution', 'carrier', { prefix: '1387777', province: 'Yunnan', city: 'Elsewhere', area_code: '0999' });
	insert('number_attribution', 'a', { prefix: '1387777', province: 'Yunnan', city: 'Kunming', area_code: '0871' });
}

/** {why, uris, caller} of `trunk.route`. */
function plan(tenant, object, number, caller, group) {
	const [kind, name] = object.split(':');
	const lines = e.rpc('trunk.route', e.tenant[tenant], `${kind === 't' ? 'trunk' : 'trunk_group'}:${ids[`${kind}:${name}`]}`, number, caller, group ? ids[group] : '')
		.split('\n').map((l) => l.trim()).filter(Boolean);
	const first = lines.find((l) => l.startsWith('uri=')) ?? '';
	const anonymous = / anonymous=1/.test(first);
	return {
		why: lines.includes('refused=caller') ? 'caller' : /why=(\S+)/.exec(lines[0])?.[1], uris: lines.filter((l) => l.startsWith('uri=')).map((l) => /uri=(\S+)/.exec(l)[1]),
		caller: anonymous ? '!' : /caller=(\S*)/.exec(first)?.[1] || '-',
	};
}

before(async () => {
	e = await Edge.start({ offset: 1500 });
	seed();
	await e.startRelay();
	await e.startKamailio();
	await until('all rates', () => /extension_rate: 6/.test(e.rpc('trunk.count')));
});
after(() => e?.stop());

const cases = fs.readFileSync(new URL('outbound.csv', import.meta.url), 'utf8').split('\n').filter((l) => l && !l.startsWith('#'));
for (const line of cases) {
	const f = line.replace('sip:10086;phone', 'sip:10086\u0000phone').split(';').map((x) => x.replace('\u0000', ';'));
	const [what, tenant, object, number, caller, group, wanted, shown] = f;
	test(what, () => {
		const p = plan(tenant, object, number, caller, group);
		if (!wanted.startsWith('sip:')) {
			assert.equal(p.why, wanted);
			return;
		}
		assert.deepEqual(p.uris, wanted.split(' '));
		if (shown !== '-' || caller) assert.equal(p.caller, shown);
	});
}

async function spread(strategy, calls) {
	const carriers = await Promise.all([41, 42, 43].map((n) => Carrier.open(`127.0.1.${n}`, 5060, () => 486)));
	const group = insert('trunk_group', 'a', { name: `spread ${strategy}`, strategy });
	carriers.forEach((_, i) => insert('trunk_member', 'a', { group_id: group, trunk_id: trunk('a', `${strategy} ${i}`, 41 + i), priority: 9 - i }));
	await until('the trunks', () => status(e).filter((s) => s.kind === 'host' && /127\.0\.1\.4[123]/.test(s.address)).length >= 3);
	for (let i = 0; i < calls; i += 10)
		await Promise.all(Array.from({ length: 10 }, () => dial(e, e.tenant.a, '10086', { Out: `trunk_group:${group}` })));
	const counts = carriers.map((c) => c.invites.length);
	for (const c of carriers) c.close();
	return counts;
}

test('300 calls: in order, all take the first trunk', async () => assert.deepEqual(await spread('sequential', 300), [300, 0, 0]));
test('300 calls: round robin gives each trunk a hundred', async () => assert.deepEqual(await spread('round_robin', 300), [100, 100, 100]));
test('300 calls: at random, each trunk gets its share', async () => {
	const counts = await spread('random', 300);
	assert.equal(counts.reduce((a, b) => a + b), 300);
	for (const n of counts) assert.ok(n > 65 && n < 135, String(counts)); // a hundred ± four deviations
});

test('a pool\'s numbers take turns; one whose lines are in use is passed over; none free: refused', async () => {
	const c = await Carrier.open('127.0.1.51', 5060, () => 200);
	const t = trunk('a', 'pool', 51);
	const numbers = ['02177770001', '02177770002', '02177770003'].map((number, i) => insert('trunk_number', 'a', { number, trunk_id: t, max_calls: i === 1 ? 1 : 2 }));
	const pool = insert('number_pool', 'a', { name: 'pool', numbers });
	await until('the pool', () => /trunk_number: 4/.test(e.rpc('trunk.count')) && /number_pool: 1/.test(e.rpc('trunk.count')));
	const calls = [];
	for (let i = 0; i < 5; i++) calls.push(await dial(e, e.tenant.a, '10086', { Out: `trunk:${t}`, Pool: pool }));
	const shown = c.invites.map((m) => userOf(header(m, 'from')));
	assert.deepEqual(shown.slice(0, 3), ['02177770001', '02177770002', '02177770003']);
	assert.deepEqual(shown.reduce((n, x) => ({ ...n, [x]: (n[x] ?? 0) + 1 }), {}), { '02177770001': 2, '02177770002': 1, '02177770003': 2 });
	const full = await dial(e, e.tenant.a, '10086', { Out: `trunk:${t}`, Pool: pool });
	assert.deepEqual([full.code, header(full.response, 'x-zj-because')], [503, 'over_limit']);
	for (const x of calls) await x.bye();
	const again = await dial(e, e.tenant.a, '10086', { Out: `trunk:${t}`, Pool: pool });
	assert.equal(again.code, 200);
	await again.bye();
	const emergency = insert('emergency_number', 'carrier', { number: '110' });
	const held = await Promise.all([1, 2, 3, 4, 5].map(() => dial(e, e.tenant.a, '10086', { Out: `trunk:${t}`, Pool: pool })));
	e.sql(`update trunk set max_calls = 0 where id = '${t}'; insert into blacklist (tenant_id, number, match, direction, trunk_id) values ('${e.tenant.a}', '0217777', 'prefix', 'both', '${t}')`);
	await until('the emergency number', () => /emergency_number: 1/.test(e.rpc('trunk.count')));
	await until('the limit', async () => (await dial(e, e.tenant.a, '10010', { Out: `trunk:${t}`, Caller: '02177770001' })).code !== 200);
	const help = await dial(e, e.tenant.a, '110', { Out: `trunk:${t}`, Caller: '02177770001', Emergency: 1 });
	assert.equal(help.code, 200, 'an emergency call passes limits, lists and lines');
	assert.ok(emergency);
	for (const x of [...held, help]) if (x.code === 200) await x.bye();
	c.close();
});

test('lists of lines: who is barred from one goes out by the next; from all: barred, with the rule; a white list lets its own only', async (t) => {
	const [one, two] = await Promise.all(['127.0.1.61', '127.0.1.62'].map((host) => Carrier.open(host, 5060, () => 486)));
	t.after(() => { one.close(); two.close(); });
	const [first, second] = [trunk('a', 'list 1', 61), trunk('a', 'list 2', 62)];
	const group = insert('trunk_group', 'a', { name: 'lists' });
	insert('trunk_member', 'a', { group_id: group, trunk_id: first, priority: 9 });
	insert('trunk_member', 'a', { group_id: group, trunk_id: second, priority: 1 });
	const list = (fields) => insert('blacklist', 'a', { direction: 'both', ...fields });
	list({ number: '0217001', match: 'prefix', trunk_id: first });
	list({ number: '0218', match: 'prefix', colour: 'white', direction: 'out', trunk_id: second });
	list({ number: '02180009999', trunk_group_id: group, direction: 'out' });
	const by = async (caller) => {
		const before = [one, two].map((c) => c.invites.length);
		const call = await dial(e, e.tenant.a, '10086', { Out: `trunk_group:${group}`, Caller: caller });
		return { code: call.code, because: header(call.response, 'x-zj-because'), barred: header(call.response, 'x-zj-barred'), tried: [one, two].map((c, i) => c.invites.length - before[i]), codes: call.attempts.map((a) => a.code) };
	};
	await until('the lists', () => /barred: 1/.test(e.rpc('blacklist.lookup', e.tenant.a, '02180009999', 'out', `trunk=${first}`)) && status(e).some((s) => s.id === second));
	assert.deepEqual((await by('02190000000')).tried, [1, 0], 'on no list: the first line');
	assert.deepEqual(await by('02170010001').then((r) => [r.code, r.because, r.tried]), [403, 'barred', [0, 0]], 'barred from the first, not on the white list of the second');
	list({ number: '02170010001', colour: 'white', direction: 'out', trunk_id: second });
	const next = await until('on the white list now', async () => { const r = await by('02170010001'); return r.tried[1] && r; });
	assert.deepEqual([next.tried, next.codes], [[0, 1], [403, 486]], 'the second line takes it');
	const barred = await by('02180009999');
	assert.deepEqual([barred.code, barred.tried], [403, [0, 0]], 'the group\'s list holds for all its lines');
	assert.deepEqual(e.sql(`select scope from blacklist where rule = '${barred.barred}'`), [['trunk_group']]);
});
