// The guard against toll fraud, with a real Kamailio, PostgreSQL and carriers: which countries are called, how often, for how much money,
// what is alarmed, and that counts outlive a restart. A line of toll_guard.csv is a number and what the guard says of it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { once } from 'node:events';
import { Edge, header, sleep, until } from './edge.mjs';
import { Carrier, dial } from './carrier.mjs';
import { root } from '../../schema/test/pg.mjs';

let e, carrier, trunk, extension, account, rules = 0;
const one = (sql) => e.sql(sql)[0][0];
const quoted = (v) => (v === null ? 'null' : Array.isArray(v) ? `'{${v}}'` : `'${v}'`);
const insert = (table, tenant, fields) =>
	one(`insert into ${table} (tenant_id, ${Object.keys(fields)}) values ('${e.tenant[tenant]}', ${Object.values(fields).map(quoted)}) returning id`);
const guarded = () => Number(/toll_guard: (\d+)/.exec(e.rpc('trunk.count'))?.[1]);

/** One guard, or several, in place of all that were; known to the edge. */
async function guards(...rows) {
	e.sql('delete from toll_guard');
	await until('no guards', () => guarded() === 0);
	const ids = rows.map(([tenant, fields]) => insert('toll_guard', tenant, { name: `guard ${++rules}`, ...fields }));
	await until('the guards', () => guarded() === rows.length);
	return ids;
}
/** Counts are forgotten with Kamailio and the table. */
async function restart({ forget = true } = {}) {
	const gone = once(e.kamailio, 'exit');
	process.kill(-e.kamailio.pid, 'SIGKILL');
	await gone;
	if (forget) e.sql('delete from toll_use');
	await e.startKamailio();
}
const call = (number, more = {}) => dial(e, e.tenant.a, number, { Out: `trunk:${trunk}`, ...more });
const said = (r) => [r.code, header(r.response, 'x-zj-because')];
const explained = (number, ...more) => e.rpc('trunk.guard', e.tenant.a, number, ...more).split('\n').map((l) => Object.fromEntries(l.trim().split(' ').filter((p) => p.includes('=')).map((p) => p.split('='))));

before(async () => {
	e = await Edge.start({ offset: 1200 });
	carrier = await Carrier.open('127.0.1.81', 5060, () => 200);
	trunk = insert('trunk', 'carrier', { name: 'world', host: '127.0.1.81', probe_s: 0 });
	extension = one(`select id from extension where tenant_id = '${e.tenant.a}'`);
	account = '00000000-0000-7000-8000-0000000000ac';
	insert('emergency_number', 'carrier', { number: '110' });
	await e.startRelay();
	await e.startKamailio();
	await until('the trunk', () => /emergency_number: 1/.test(e.rpc('trunk.count')));
});
after(async () => {
	carrier?.close();
	await e?.stop();
});

test('what may be called, a case a line: by nobody\'s word, the carrier\'s, the tenant\'s', async () => {
	const text = fs.readFileSync(new URL('toll_guard.csv', import.meta.url), 'utf8');
	let n = 0;
	for (const block of text.split(/^!/m).slice(1)) {
		const [head, ...rest] = block.split('\n');
		const lines = rest.filter((l) => l && !l.startsWith('#'));
		const sets = head.split(' ').filter(Boolean).map((x) => {
			const [tenant, allowed, barred] = x.split(':');
			return [tenant, { allowed: allowed ? allowed.split(',') : [], barred: barred ? barred.split(',') : [], by_carrier: tenant === 'carrier' }];
		});
		await guards(...sets);
		for (const line of lines) {
			const [number, country, abroad, barred] = line.split(';');
			const [x] = explained(number);
			assert.deepEqual([x.country, x.abroad, x.barred], [country, abroad, barred], `${head}: ${line}`);
			n++;
		}
	}
	assert.ok(n > 30);
});

test('a barred country: 403, the CDR\'s reason and the guard; nothing leaves; an emergency call does', async () => {
	const [id] = await guards(['carrier', { by_carrier: true, allowed: ['US'], barred: ['+110'] }]);
	const before = carrier.invites.length;
	const barred = await call('00442071234567', { Extension: extension });
	assert.deepEqual(said(barred), [403, 'country_barred']);
	assert.equal(header(barred.response, 'x-zj-barred'), id);
	assert.equal(carrier.invites.length, before);
	assert.match(e.log(), /toll guard refused because=country_barred number=\+442071234567 country=GB extension=[0-9a-f-]{36} guard=[0-9a-f-]{36} tenant=[0-9a-f-]{36}/);
	const ok = await call('0012125551234');
	assert.equal(ok.code, 200);
	await ok.bye();
	const help = await call('110', { Emergency: 1 });
	assert.equal(help.code, 200);
	await help.bye();
});

test('calls an hour of each extension: the first alarm, the last, then new calls are refused and none is cut', async () => {
	await restart();
	const [id] = await guards(['a', { subject: 'extension', calls_hour: 5, max_call_s: 1234 }]);
	const calls = [];
	for (let i = 0; i < 5; i++) calls.push(await call('13800138000', { Extension: extension }));
	assert.deepEqual(calls.map((c) => c.code), [200, 200, 200, 200, 200]);
	assert.equal(header(calls[0].response, 'x-zj-longest'), '1234');
	assert.deepEqual(said(await call('13800138000', { Extension: extension })), [403, 'calls_hour']);
	const other = await call('13800138000', { Extension: account });
	assert.equal(other.code, 200, 'another extension has its own count');
	const alarms = e.acd.events.filter((m) => m.method === 'edge.guard').map((m) => m.params);
	assert.deepEqual(alarms.map((a) => [a.percent, a.used, a.limit, a.kind, a.measure, a.subject, a.guard, a.tenant]),
		[[80, 4, 5, 'extension', 'calls_hour', extension, id, e.tenant.a], [100, 5, 5, 'extension', 'calls_hour', extension, id, e.tenant.a]]);
	assert.match(e.log(), /toll guard limit measure=calls_hour percent=100 used=5 limit=5 extension=/);
	assert.equal(carrier.byes, 2, 'only those of the test before');
	const [, line] = explained('13800138000', extension);
	assert.deepEqual([line.limit, line.used, line.of, line.refuses], ['calls_hour', '5', '5', '1']);
	for (const c of [...calls, other]) await c.bye();
	assert.deepEqual(said(await call('13800138000', { Extension: extension })), [403, 'calls_hour'], 'ended calls were made');
});

test('what was counted is still counted after Kamailio was killed, and is in the table', async () => {
	await guards(['a', { calls_hour: 3 }]);
	const call3 = async () => { const c = await call('13800138000'); if (c.code === 200) await c.bye(); return c; };
	for (let i = 0; i < 3; i++) assert.equal((await call3()).code, 200);
	await until('written down', () => e.sql(`select calls_hour from toll_use where subject = 'tenant' and tenant_id = '${e.tenant.a}'`)[0]?.[0] === '3');
	await restart({ forget: false });
	await until('put back', async () => (await call3()).code === 403);
	assert.deepEqual(said(await call3()), [403, 'calls_hour']);
	// Another edge's calls count here, too.
	await guards(['b', { calls_hour: 10 }]);
	e.sql(`insert into toll_use (tenant_id, edge, subject, subject_id, calls_hour, calls_day) values ('${e.tenant.b}', 'edge2', 'tenant', '${e.tenant.b}', 10, 10)`);
	await until('heard of', async () => {
		const c = await dial(e, e.tenant.b, '13800138000', { Out: `trunk:${trunk}` });
		if (c.code === 200) await c.bye();
		return c.code === 403;
	});
});

test('calls abroad at once: a channel is given back; those that live are counted again when acd names them', async () => {
	await restart();
	await guards(['a', { abroad: 2 }]);
	const calls = [await call('+85221234567'), await call('+12125551234')];
	assert.deepEqual(calls.map((c) => c.code), [200, 200]);
	assert.deepEqual(said(await call('+442071234567')), [403, 'abroad']);
	const home = await call('02161234567');
	assert.equal(home.code, 200);
	await home.bye();
	await calls[0].bye();
	const again = await call('+442071234567');
	assert.equal(again.code, 200);
	await restart();
	const living = [[again.callId, trunk, { tenant: e.tenant.a, number: '+442071234567', answered_at: Date.now() * 1000 }], [calls[1].callId, trunk, { tenant: e.tenant.a, number: '+12125551234' }]];
	await until('acd is connected', () => e.acd.call('edge.calls', { begin: true, end: true, calls: living }));
	await guards(['a', { abroad: 2 }]);
	assert.equal((await e.acd.call('edge.calls', { begin: true, end: true, calls: living })).result.calls, 2);
	assert.deepEqual(said(await call('+442071234567')), [403, 'abroad']);
	for (const c of [again, calls[1]]) await c.bye();
	const free = await call('+442071234567');
	assert.equal(free.code, 200);
	await free.bye();
});

test('money: by the rate, thought at first, counted while a call goes on; calls that cost nothing go on', async () => {
	await restart();
	const rate = insert('extension_rate', 'carrier', { prefix: '0044', connection_price: 0, price: 60, increment_s: 1 });
	const [id] = await guards(['a', { spend_hour: 62, account_id: null }]);
	await until('the rate', () => /extension_rate: 1/.test(e.rpc('trunk.count')));
	const first = await call('00442071234567'); // 60 are thought
	assert.equal(first.code, 200);
	assert.deepEqual(said(await call('00442071234567')), [403, 'spend_hour']);
	const home = await call('02161234567');
	assert.equal(home.code, 200, 'free');
	await home.bye();
	await first.bye();
	const used = () => explained('00442071234567').find((l) => l.limit === 'spend_hour');
	await until('given back what was not talked', () => Number(used().used) < 6_000_000);
	const second = await call('00442071234567');
	assert.equal(second.code, 200);
	await second.bye();
	e.sql(`update extension_rate set price = 6000 where id = '${rate}'`);
	e.sql(`update toll_guard set spend_hour = 7000 where id = '${id}'`);
	await until('the new rate', () => used().of === '7000000000');
	const long = await call('00442071234567'); // a hundred a second
	assert.equal(long.code, 200);
	await until('more than was thought', () => Number(used().used) >= 6_000_000_000);
	await long.bye();
	e.sql(`delete from extension_rate where id = '${rate}'`);
});

test('the schema knows the countries that the edge knows, and refuses others; whose guard it is is not the writer\'s to say', async () => {
	const source = fs.readFileSync(`${root}/kamailio-mods/trunk/trunk_country.c`, 'utf8');
	const codes = [...new Set([...source.matchAll(/\{"\d+", "([A-Z]{2})"\}/g)].map((m) => m[1]))];
	assert.ok(codes.length > 220);
	assert.equal(one(`select zj_are_destinations('{${codes}}')`), 't');
	for (const wrong of ['UK', 'cn', '86', '+', '+86x', 'QQ']) assert.equal(one(`select zj_are_destinations('{${wrong}}')`), 'f', wrong);
	await guards();
	const own = `set local role zj_tenant; select set_config('zj.tenant', '${e.tenant.a}', true);`;
	e.sql(`begin; ${own} insert into toll_guard (tenant_id, name, by_carrier, calls_day) values ('${e.tenant.a}', 'mine', true, 5); commit`);
	assert.equal(one(`select by_carrier from toll_guard`), 'f');
	const theirs = insert('toll_guard', 'a', { name: 'theirs', by_carrier: true, calls_day: 1 });
	e.sql(`begin; ${own} update toll_guard set calls_day = 1000000; delete from toll_guard where name = 'theirs'; commit`);
	assert.deepEqual(e.sql('select name, calls_day from toll_guard order by 1'), [['mine', '1000000'], ['theirs', '1']]);
	assert.ok(theirs);
	await sleep(0);
});
