// Data scopes: who sees which part of a tenant, and that nobody widens it. Custom fields: the last line.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startPostgres } from './pg.mjs';

let pg, s;
const A = '018f0000-0000-7000-8000-0000000000aa', C = '018f0000-0000-7000-8000-0000000000cc';
const id = (n) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
// Departments 1 > 2 > 3 and 4; accounts 11 in 1, 12 and 22 in 2, 13 in 3, 14 in 4; each has an agent (+100), 12 and 22 are in group 50,
// 14 is in group 51; queue 60 is served by 112 and 114, queue 61 by 113.
before(async () => {
  pg = await startPostgres();
  const t = (values) => values.map((v) => `('${A}', ${v.map((x) => (x === null ? 'null' : typeof x === 'number' ? `'${id(x)}'` : `'${x}'`)).join(', ')})`).join(', ');
  pg.sql(`set search_path = zj, public;
    insert into tenant (tenant_id, id, kind, name, title, sip_domain) values ('${C}', '${C}', 'carrier', 'carrier', 'C', 'carrier.invalid'), ('${A}', '${A}', 'tenant', 'a', 'A', 'a.test');
    insert into department (tenant_id, id, parent_id, name) values ${t([[1, null, 'd1']])}; insert into department (tenant_id, id, parent_id, name) values ${t([[2, 1, 'd2']])};
    insert into department (tenant_id, id, parent_id, name) values ${t([[3, 2, 'd3'], [4, 1, 'd4']])};
    insert into role (tenant_id, id, name, scope, scope_departments) values ('${A}', '${id(31)}', 'own', 'own', '{}'), ('${A}', '${id(32)}', 'group', 'group', '{}'), ('${A}', '${id(33)}', 'department', 'department', '{}'),
      ('${A}', '${id(34)}', 'chosen', 'chosen', '{${id(4)}}'), ('${A}', '${id(35)}', 'tenant', 'tenant', '{}');
    insert into account (tenant_id, id, department_id, role_id, username, name, password) values ${[[11, 1], [12, 2], [22, 2], [13, 3], [14, 4]].map(([n, d]) => `('${A}', '${id(n)}', '${id(d)}', '${id(31)}', 'u${n}', 'n', 'x')`).join(', ')};
    insert into account_group (tenant_id, id, name) values ${t([[70, 'ag']])};
    insert into account_group_member (tenant_id, group_id, account_id) values ${t([[70, 12], [70, 14]])};
    insert into agent_group (tenant_id, id, name) values ${t([[50, 'g50'], [51, 'g51']])};
    insert into agent (tenant_id, id, account_id, group_id, number, name) values ${t([[111, 11, null, '111', 'n'], [112, 12, 50, '112', 'n'], [122, 22, 50, '122', 'n'], [113, 13, null, '113', 'n'], [114, 14, 51, '114', 'n']])};
    insert into queue (tenant_id, id, number, name) values ${t([[60, '60', 'q60'], [61, '61', 'q61']])};
    insert into queue_agent (tenant_id, queue_id, agent_id) values ${t([[60, 112], [60, 114], [61, 113]])};
    insert into call (tenant_id, id, direction, started_at, ended_at, result, last_agent) select '${A}', zj_uuid7(), 'in', now(), now(), 'answered', id from agent;
    insert into recording (tenant_id, call_id, id, from_at, to_at, node, path, bytes) select tenant_id, id, zj_uuid7(), now(), now(), 'n', 'p', 1 from call`);
  s = pg.session();
});
after(async () => { await s?.end(); await pg?.stop(); });

const ask = async (sql, account = '', { tenant = A, role = 'zj_tenant' } = {}) => {
  const lines = await s.run(`begin; set local role ${role};
    \\o /dev/null
    select set_config('zj.tenant', '${tenant}', true), set_config('zj.account', '${typeof account === 'number' ? id(account) : account}', true);
    \\o
    ${sql};
    rollback`);
  const error = lines.find((l) => l.startsWith('ERROR:'));
  return error ? { error: error.slice(8, 13), text: lines.join('\n') } : lines;
};
const role = (account, r) => pg.sql(`update zj.account set role_id = '${id(r)}' where id = '${id(account)}'`);
const short = (rows) => rows.map((r) => Number(r.slice(-4))).sort((a, b) => a - b);
const sees = async (account) => ({
  accounts: short(await ask(`select id from zj.account`, account)), agents: short(await ask(`select id from zj.agent`, account)).map((n) => n - 100),
  queues: short(await ask(`select id from zj.queue`, account)), departments: short(await ask(`select id from zj.department`, account)),
  calls: short(await ask(`select last_agent from zj.call`, account)).map((n) => n - 100), recordings: Number((await ask(`select count(*) from zj.recording`, account))[0]),
});

test('each scope sees its part: itself, its groups, its department and below, chosen ones, everything', async () => {
  role(12, 31);
  assert.deepEqual(await sees(12), { accounts: [12], agents: [12], queues: [60], departments: [2], calls: [12], recordings: 1 });
  role(12, 32);
  assert.deepEqual(await sees(12), { accounts: [12, 14, 22], agents: [12, 14, 22], queues: [60], departments: [2], calls: [12, 14, 22], recordings: 3 }, 'account group and agent group');
  role(12, 33);
  assert.deepEqual(await sees(12), { accounts: [12, 13, 22], agents: [12, 13, 22], queues: [60], departments: [2, 3], calls: [12, 13, 22], recordings: 3 });
  role(12, 34);
  assert.deepEqual(await sees(12), { accounts: [12, 14], agents: [12, 14], queues: [60], departments: [4], calls: [12, 14], recordings: 2 });
  role(12, 35);
  const all = { accounts: [11, 12, 13, 14, 22], agents: [11, 12, 13, 14, 22], queues: [60, 61], departments: [1, 2, 3, 4], calls: [11, 12, 13, 14, 22], recordings: 5 };
  assert.deepEqual(await sees(12), all);
  assert.deepEqual(await sees(''), all, 'without an account: a process');
  assert.deepEqual(await sees(999), all, 'the carrier\'s people inside a tenant have an account of another');
});

test('a supervisor sees the groups and queues that it looks after, whatever its scope', async () => {
  role(11, 31);
  pg.sql(`insert into zj.agent_managed_group (tenant_id, agent_id, group_id) values ('${A}', '${id(111)}', '${id(50)}')`);
  assert.deepEqual(await sees(11), { accounts: [11, 12, 22], agents: [11, 12, 22], queues: [], departments: [1], calls: [11, 12, 22], recordings: 3 });
  pg.sql(`insert into zj.agent_managed_queue (tenant_id, agent_id, queue_id) values ('${A}', '${id(111)}', '${id(61)}')`);
  assert.deepEqual(await sees(11), { accounts: [11, 12, 13, 22], agents: [11, 12, 13, 22], queues: [61], departments: [1], calls: [11, 12, 13, 22], recordings: 4 });
  pg.sql('delete from zj.agent_managed_group; delete from zj.agent_managed_queue');
});

test('what is out of scope cannot be changed, deleted or made', async () => {
  role(12, 33);
  for (const sql of [`update zj.account set name = 'x' where id = '${id(14)}' returning 1`, `delete from zj.agent where id = '${id(114)}' returning 1`, `update zj.queue set name = 'x' where id = '${id(61)}' returning 1`]) {
    assert.deepEqual(await ask(sql, 12), [], sql);
  }
  const account = (d) => `insert into zj.account (tenant_id, username, name, password, department_id, role_id) values ('${A}', 'new', 'n', 'x', ${d ? `'${id(d)}'` : 'null'}, '${id(31)}')`;
  assert.deepEqual(await ask(account(3), 12), []);
  for (const d of [1, 4, null]) assert.equal((await ask(account(d), 12)).error, '42501', String(d));
});

test('nobody widens its own scope: not by its department, role, groups, nor by what it may look after', async () => {
  role(12, 33);
  const no = async (sql, ...states) => { const r = await ask(sql, 12); assert.ok(r.error ? states.includes(r.error) : r.length === 0, `${sql}: ${JSON.stringify(r)}`); };
  await no(`update zj.account set department_id = '${id(1)}' where id = '${id(12)}' returning 1`, '42501');
  await no(`update zj.account set role_id = '${id(35)}' where id = '${id(12)}' returning 1`, '42501');
  await no(`update zj.account set role_id = (select id from zj.role where kind = 'admin') where id = '${id(12)}' returning 1`, '42501');
  await no(`update zj.role set scope = 'tenant' where id = '${id(33)}' returning 1`, '42501');
  await no(`update zj.role set scope = 'chosen', scope_departments = '{${id(1)}}' where id = '${id(33)}' returning 1`, '42501');
  await no(`insert into zj.role (tenant_id, name, scope) values ('${A}', 'mine', 'tenant') returning 1`, '42501');
  await no(`update zj.department set parent_id = '${id(2)}' where id = '${id(4)}' returning 1`, '42501');
  await no(`update zj.department set parent_id = null where id = '${id(2)}' returning 1`, '42501');
  await no(`insert into zj.account_group_member (tenant_id, group_id, account_id) values ('${A}', '${id(70)}', '${id(11)}') returning 1`, '42501');
  await no(`insert into zj.agent_managed_group (tenant_id, agent_id, group_id) values ('${A}', '${id(112)}', '${id(51)}') returning 1`, '42501');
  await no(`insert into zj.agent_managed_queue (tenant_id, agent_id, queue_id) values ('${A}', '${id(112)}', '${id(61)}') returning 1`, '42501');
  await no(`insert into zj.queue_agent (tenant_id, queue_id, agent_id) values ('${A}', '${id(61)}', '${id(112)}') returning 1`, '42501');
  await no(`update zj.account set type = 'admin', role_id = null where id = '${id(12)}' returning 1`, '42501');
  await no(`insert into zj.account (tenant_id, username, name, password, type, department_id) values ('${A}', 'boss', 'n', 'x', 'admin', '${id(3)}') returning 1`, '42501');
  assert.deepEqual(await ask(`update zj.account set role_id = '${id(31)}' where id = '${id(13)}' returning 1`, 12), ['1'], 'less may be given');
  assert.deepEqual(await ask(`update zj.role set scope = 'own' where id = '${id(32)}' returning 1`, 12), ['1']);
  role(12, 32);
  await no(`update zj.agent set group_id = '${id(51)}' where id = '${id(112)}' returning 1`, '42501');
  await no(`update zj.agent set account_id = '${id(12)}', group_id = null where id = '${id(113)}' returning 1`, '42501');
});

test('the recycle bin is scoped like what was deleted', async () => {
  pg.sql(`insert into zj.queue (tenant_id, id, number, name) values ('${A}', '${id(62)}', '62', 'q62'); delete from zj.queue where id = '${id(62)}'`);
  role(12, 33);
  assert.deepEqual(await ask(`select count(*) from zj.recycled where table_name = 'queue'`, 12), ['0']);
  assert.equal((await ask(`select zj.zj_restore((select id from zj.recycled where table_name = 'queue'))`, 12)).error, 'P0002');
  const entry = pg.sql(`select id from zj.recycled where row_id = '${id(62)}'`)[0][0];
  assert.equal((await ask(`select zj.zj_restore('${entry}')`, 12)).error, 'P0002', 'knowing its id does not help');
  assert.deepEqual(await ask(`select zj.zj_purge('{${entry}}')`, 12), ['0']);
  role(12, 35);
  assert.deepEqual(await ask(`select zj.zj_restore('${entry}')`, 12), ['1']);
});

test('preferences are one\'s own, views too unless shared', async () => {
  pg.sql(`insert into zj.preference (tenant_id, account_id, key, value) values ('${A}', '${id(12)}', 'k', '1'), ('${A}', '${id(13)}', 'k', '2');
    insert into zj.view (tenant_id, account_id, resource, name, shared) values ('${A}', '${id(12)}', 'queues', 'mine', false), ('${A}', '${id(13)}', 'queues', 'secret', false), ('${A}', '${id(13)}', 'queues', 'ours', true)`);
  assert.deepEqual(await ask('select value from zj.preference', 12), ['1']);
  assert.deepEqual(await ask('select name from zj.view order by 1', 12), ['mine', 'ours']);
  assert.deepEqual(await ask(`update zj.view set name = 'x' where name = 'ours' returning 1`, 12), []);
  assert.deepEqual(await ask(`delete from zj.view where name = 'ours' returning 1`, 12), []);
  assert.equal((await ask(`insert into zj.preference (tenant_id, account_id, key, value) values ('${A}', '${id(13)}', 'z', '1')`, 12)).error, '42501');
  assert.equal((await ask(`insert into zj.view (tenant_id, account_id, resource, name) values ('${A}', '${id(13)}', 'queues', 'z')`, 12)).error, '42501');
});

test('custom fields: unknown ones, wrong types and double values are refused by the table itself', async () => {
  pg.sql(`create table zj.toy (tenant_id uuid not null references zj.tenant (id) on delete cascade, id uuid not null default zj.zj_uuid7(), name text not null, primary key (tenant_id, id));
    alter table zj.toy owner to zj_owner; set role zj_owner; set search_path = zj, public; call zj_tenant_table('toy'); comment on table toy is '{"resource":"toys","zh":"玩具","en":"Toy","scope":"tenant","custom":true,"label":"name"}';
    call zj_customizable('toy'); call zj_audited('toy'); call zj_recyclable('toy')`);
  const types = { t: 'text', a: 'textarea', e: 'email', p: 'phone', s: 'single', m: 'multi', c: 'cascade', d: 'date', dt: 'datetime', i: 'integer', n: 'decimal', r: 'region', f: 'attachment' };
  for (const [name, type] of Object.entries(types)) pg.sql(`insert into zj.custom_field (tenant_id, resource, name, zh, type) values ('${A}', 'toys', '${name}', '${name}', '${type}')`);
  const put = (custom, name = 'x') => ask(`insert into zj.toy (tenant_id, name, custom) values ('${A}', '${name}', '${JSON.stringify(custom)}') returning 1`);
  const good = { t: 'x', a: 'long\\ntext', e: 'a@b.c', p: '138', s: 'one', m: ['one', 'two'], c: ['a', 'b'], d: '2026-11-21', dt: '2026-11-21T08:00:00Z', i: 7, n: 1.5, r: '310101', f: id(1) };
  assert.deepEqual(await put(good), ['1']);
  assert.deepEqual(await put(Object.fromEntries(Object.keys(types).map((k) => [k, null]))), ['1'], 'nothing is always possible');
  const bad = { t: 1, a: [], e: {}, p: true, s: ['one'], m: 'one', c: 'a', d: '21.11.2026', dt: '2026-11-21', i: 1.5, n: '1.5', r: 1, f: 2 };
  for (const [k, v] of Object.entries(bad)) {
    const r = await put({ [k]: v });
    assert.equal(r.error, '23514', k);
    assert.match(r.text, new RegExp(`COLUMN NAME:  custom\\.${k}$`, 'm'));
  }
  assert.match((await put({ other: 1 })).text, /COLUMN NAME: {2}custom\.other/);
  assert.equal((await ask(`insert into zj.toy (tenant_id, name, custom) values ('${A}', 'x', '[]')`)).error, '23514');
  // Unique, from before and from now on.
  pg.sql(`insert into zj.toy (tenant_id, name, custom) values ('${A}', 'one', '{"t":"same"}'), ('${A}', 'two', '{"t":"same"}')`);
  assert.throws(() => pg.sql(`update zj.custom_field set unique_value = true where name = 't'`), /custom_field_unique/);
  pg.sql(`delete from zj.toy where name = 'two'; update zj.custom_field set unique_value = true where name = 't'`);
  const r = await put({ t: 'same' });
  assert.equal(r.error, '23505');
  assert.match(r.text, /COLUMN NAME: {2}custom\.t/);
  assert.equal((await ask(`insert into zj.toy (tenant_id, name, custom) values ('${A}', 'p', '{"t":"twice"}'), ('${A}', 'q', '{"t":"twice"}')`)).error, '23505', 'twice in one statement');
  assert.deepEqual(await ask(`update zj.toy set custom = '{"t":"other"}' where name = 'one'; insert into zj.toy (tenant_id, name, custom) values ('${A}', 'x', '{"t":"same"}') returning 1`), ['1'], 'a value that was given up is free');
  assert.deepEqual(await ask(`delete from zj.toy where name = 'one'; insert into zj.toy (tenant_id, name, custom) values ('${A}', 'x', '{"t":"same"}') returning 1`), ['1']);
  assert.deepEqual(await ask(`update zj.toy set name = 'same row' where name = 'one' returning custom ->> 't'`), ['same']);
  assert.throws(() => pg.sql(`update zj.custom_field set type = 'integer' where name = 't'`), /custom_field_fixed/);
  assert.throws(() => pg.sql(`insert into zj.custom_field (tenant_id, resource, name, zh, type) values ('${A}', 'queues', 'x', 'x', 'text')`), /custom_field_resource/);
  pg.sql(`update zj.toy set custom = '{"t":"changed"}' where name = 'one'`);
  assert.deepEqual(JSON.parse(pg.sql(`select changes from zj.audit where table_name = 'toy' and event = 'update'`)[0][0]), { 'custom.t': ['same', 'changed'] });
  pg.sql('drop table zj.toy');
});
