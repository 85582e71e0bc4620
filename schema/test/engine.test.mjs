// What the engine's triggers and functions do, asked of the database as the processes ask it.
// covers: TEN-V022
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startPostgres } from './pg.mjs';

let pg, s;
const A = '018f0000-0000-7000-8000-0000000000aa', B = '018f0000-0000-7000-8000-0000000000bb', C = '018f0000-0000-7000-8000-0000000000cc';
const id = (n) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
before(async () => {
  pg = await startPostgres();
  pg.sql(`insert into zj.tenant (tenant_id, id, kind, name, title, sip_domain) values ('${C}', '${C}', 'carrier', 'carrier', 'C', 'carrier.invalid'),
    ('${A}', '${A}', 'tenant', 'a', 'A', 'a.test'), ('${B}', '${B}', 'tenant', 'b', 'B', 'b.test')`);
  s = pg.session();
});
after(async () => { await s?.end(); await pg?.stop(); });

// The answer of statements run as a tenant's (or the carrier's) request: its rows, or { error: SQLSTATE, text }.
const ask = async (sql, { role = 'zj_tenant', tenant = A, account = '', via = 'api', commit = true, on = s } = {}) => {
  const lines = await on.run(`begin; set local role ${role};
    \\o /dev/null
    select set_config('zj.tenant', '${tenant}', true), set_config('zj.account', '${account}', true), set_config('zj.via', '${via}', true),
      set_config('zj.source', '192.0.2.7', true), set_config('zj.request', 'req-1', true);
    \\o
    ${sql};
    ${commit ? 'commit' : 'rollback'}`);
  const error = lines.find((l) => l.startsWith('ERROR:'));
  return error ? { error: error.slice(8, 13), text: lines.join('\n') } : lines;
};
const one = (sql) => pg.sql(sql)[0]?.[0];
const failsWith = (answer, state, ...words) => {
  assert.equal(answer.error, state, JSON.stringify(answer));
  for (const w of words) assert.match(answer.text, new RegExp(w));
};

test('masks: what stays of a value, and nothing else', () => {
  const cases = {
    phone: [['13812345678', '138****5678'], ['018112340251', '0181****0251'], ['+8613812345678', '+86138****5678'], ['021-5000-1234', '021-****-1234'], ['65551234', '****1234'], ['6555123', '****123'], ['123456', '****56'], ['12', '**'], ['1', '*'], ['', '']],
    email: [['anna@b.c', 'a***@b.c'], ['a@b.c', '***@b.c'], ['张三@例子.cn', '张***@例子.cn'], ['nothing', '***'], ['@b.c', '***'], ['', '']],
    id: [['310101199001011234', '3101************34'], ['G12345678', '*******78'], ['12', '***'], ['1', '***']],
    name: [['张三丰', '张**'], ['张', '*'], ['Anna', 'A***']],
    all: [['secret', '***'], ['', '']],
    unheard: [['x', '***']],
  };
  for (const [kind, list] of Object.entries(cases)) for (const [value, masked] of list) assert.equal(one(`select zj.zj_mask('${kind}', '${value}')`) ?? '', masked, `${kind} ${value}`);
  assert.equal(one(`select zj.zj_mask('phone', null) is null`), 't');
  assert.equal(one(`select zj.zj_mask(null, 'x')`), '***');
  assert.equal(one(`select concat(provolatile, proparallel) from pg_proc where proname = 'zj_mask'`), 'is');
});

test('every tenant is born with settings and two roles; the administrator\'s cannot be changed or taken away', async () => {
  assert.deepEqual(pg.sql(`select name, kind, permissions, scope from zj.role where tenant_id = '${A}' order by kind`), [['administrator', 'admin', '{*}', 'tenant'], ['agent', 'agent', '{}', 'own']]);
  assert.equal(one(`select recycle_days from zj.setting where tenant_id = '${A}'`), '30');
  for (const sql of [`update zj.role set permissions = '{}' where kind = 'admin'`, `delete from zj.role where kind = 'admin'`]) {
    failsWith(await ask(sql), '23514', 'role_admin_fixed');
    failsWith(await ask(`${sql} and tenant_id = '${A}'`, { role: 'zj_carrier', tenant: C }), '23514', 'role_admin_fixed');
  }
  assert.deepEqual(await ask(`update zj.role set permissions = '{queues.read}' where kind = 'agent' returning kind`), ['agent']);
  assert.deepEqual(await ask(`insert into zj.role (tenant_id, name, kind) values ('${A}', 'clever', 'admin') returning kind`), ['custom'], 'nobody makes a second one');
  assert.deepEqual(await ask(`update zj.role set kind = 'admin' where name = 'clever' returning kind`), ['custom']);
});

test('accounts: a number for ever, the administrator\'s role by default, names that are the carrier\'s', async () => {
  pg.sql(`insert into zj.account (tenant_id, username, name, password) values ('${C}', 'root', 'Root', 'x')`);
  const [row] = await ask(`insert into zj.account (tenant_id, username, name, password, type, number) values ('${A}', '张三_1@b', '张三', 'x', 'admin', '7') returning number, role_id = (select id from zj.role where kind = 'admin')`);
  const [number, role] = row.split('\x1f');
  assert.match(number, /^[1-9][0-9]{5,}$/);
  assert.equal(role, 't');
  assert.deepEqual(await ask(`update zj.account set number = '8', name = 'Z' where number = '${number}' returning number`), [number]);
  failsWith(await ask(`insert into zj.account (tenant_id, username, name, password) values ('${A}', 'root', 'x', 'x')`), '23505', 'account_username_reserved', 'COLUMN NAME:  username');
  failsWith(await ask(`insert into zj.account (tenant_id, username, name, password) values ('${C}', '张三_1@b', 'x', 'x')`, { role: 'zj_carrier', tenant: C }), '23505', 'account_username_reserved');
  failsWith(await ask(`insert into zj.account (tenant_id, username, name, password) values ('${A}', 'a b', 'x', 'x')`), '23514', 'account_username_check');
  assert.deepEqual((await ask(`insert into zj.account (tenant_id, username, name, password) values ('${B}', '张三_1@b', 'x', 'x') returning 1`, { tenant: B })), ['1'], 'another tenant may have it too');
});

test('the carrier says what roles may grant at all', async () => {
  pg.sql(`insert into zj.grantable (tenant_id, permission, allowed) values ('${C}', 'recordings.export', false), ('${C}', 'queues.delete', false)`);
  for (const p of ['recordings.export', 'recordings.*', '*', 'queues.write', 'queues.delete']) {
    failsWith(await ask(`insert into zj.role (tenant_id, name, permissions) values ('${A}', 'g', '{${p}}')`), '23514', 'role_grantable', 'COLUMN NAME:  permissions');
  }
  assert.deepEqual(await ask(`insert into zj.role (tenant_id, name, permissions) values ('${A}', 'g', '{recordings.read,queues.update}') returning 1`), ['1']);
  assert.equal((await ask(`insert into zj.grantable (tenant_id, permission) values ('${A}', 'queues.read')`)).error, '42501');
  failsWith(await ask(`insert into zj.grantable (tenant_id, permission) values ('${A}', 'queues.read')`, { role: 'zj_carrier', tenant: C }), '23514', 'grantable_carrier');
  pg.sql('delete from zj.grantable');
});

test('quotas: one too many is refused with the figure, also when two come at once, and what comes back counts', async () => {
  pg.sql(`update zj.tenant set max_queues = 2 where id = '${B}'; insert into zj.queue (tenant_id, number, name) values ('${B}', '1', 'q1')`);
  const x = pg.session(), y = pg.session();
  const insert = (n) => `begin; insert into zj.queue (tenant_id, number, name) values ('${B}', '${n}', 'q${n}')`;
  await x.run(insert(2));
  const second = y.run(insert(3)); // waits for the first
  const early = await Promise.race([second.then(() => 'answered'), new Promise((r) => setTimeout(r, 300, 'waits'))]);
  assert.equal(early, 'waits', 'the second counts after the first');
  await x.run('commit');
  const lines = (await second).join('\n');
  assert.match(lines, /23514/);
  assert.match(lines, /quota_max_queues/);
  assert.match(lines, /DETAIL:  2/);
  await y.run('rollback');
  assert.equal(one(`select count(*) from zj.queue where tenant_id = '${B}'`), '2');
  // Enough room again: by deleting; but what is restored needs room too.
  await ask(`delete from zj.queue where number = '2'`, { tenant: B });
  await ask(`insert into zj.queue (tenant_id, number, name) values ('${B}', '4', 'q4')`, { tenant: B });
  failsWith(await ask(`select zj.zj_restore((select id from zj.recycled where table_name = 'queue' order by id desc limit 1))`, { tenant: B }), '23514', 'quota_max_queues');
  assert.equal((await ask(`update zj.tenant set max_queues = 100`, { tenant: B })).error, '42501', 'a tenant does not raise its own');
  pg.sql(`update zj.tenant set max_queues = null where id = '${B}'`);
  assert.deepEqual(await ask(`insert into zj.queue (tenant_id, number, name) select '${B}', n, 'q' || n from generate_series(10, 30) n returning 1`, { tenant: B }).then((r) => r.length), 21);
  pg.sql(`update zj.tenant set max_storage_mb = 1 where id = '${B}'`);
  failsWith(await ask(`insert into zj.upload (tenant_id, name, bytes, account_id) values ('${B}', 'f', 1048577, '${id(1)}')`, { tenant: B, account: id(1) }), '23514', 'quota_max_storage_mb');
  pg.sql(`update zj.setting set jobs_at_once = 2 where tenant_id = '${B}'`);
  const job = `insert into zj.job (tenant_id, kind, account_id) values ('${B}', 'export', '${id(1)}')`;
  await ask(job, { tenant: B, account: id(1) });
  await ask(job, { tenant: B, account: id(1) });
  failsWith(await ask(job, { tenant: B, account: id(1) }), '23514', 'quota_jobs_at_once');
  await Promise.all([x.end(), y.end()]);
});

test('jobs go only the ways that there are', () => {
  const state = (from, to) => { try { pg.sql(`begin; update zj.job set state = '${to}' where state = '${from}'; rollback`); return true; } catch (e) { assert.match(e.message, /job_state/); return false; } };
  assert.equal(state('waiting', 'running'), true);
  assert.equal(state('waiting', 'finished'), false);
  pg.sql(`update zj.job set state = 'running'; update zj.job set state = 'finished'`);
  assert.equal(one('select count(*) from zj.job where finished_at is null'), '0');
  for (const to of ['waiting', 'running', 'failed', 'cancelled']) assert.equal(state('finished', to), false, to);
});

test('departments: the path follows every move; no circle, no stranger', async () => {
  const make = (n, parent) => `insert into zj.department (tenant_id, id, parent_id, name) values ('${A}', '${id(n)}', ${parent ? `'${id(parent)}'` : 'null'}, 'd${n}')`;
  for (const [n, p] of [[100], [101, 100], [102, 101], [103, 102], [110]]) assert.deepEqual(await ask(make(n, p)), []);
  const path = (n) => one(`select path from zj.department where tenant_id = '${A}' and id = '${id(n)}'`);
  assert.equal(path(103), `{${[100, 101, 102, 103].map(id)}}`);
  failsWith(await ask(`update zj.department set parent_id = '${id(103)}' where id = '${id(101)}'`), '23514', 'department_cycle');
  failsWith(await ask(`update zj.department set parent_id = '${id(101)}' where id = '${id(101)}'`), '23514', 'department_cycle');
  assert.deepEqual(await ask(`update zj.department set parent_id = '${id(110)}' where id = '${id(101)}'`), []);
  assert.equal(path(103), `{${[110, 101, 102, 103].map(id)}}`);
  assert.deepEqual(await ask(`update zj.department set path = '{}' where id = '${id(102)}'`), []);
  assert.equal(path(102), `{${[110, 101, 102].map(id)}}`, 'nobody writes it');
  failsWith(await ask(`insert into zj.department (tenant_id, parent_id, name) values ('${B}', '${id(100)}', 'x')`, { tenant: B }), '23503');
  failsWith(await ask(make(120, 110).replace('d120', 'd101')), '23505');
});

test('the audit log: who, what changed, secrets never, noise never; an import is one row a batch', async () => {
  const who = one(`select id from zj.account where tenant_id = '${A}' limit 1`);
  await ask(`insert into zj.extension (tenant_id, id, number, password) values ('${A}', '${id(200)}', '1001', 'at-least-8')`, { account: who });
  await ask(`update zj.extension set name = 'Front', password = 'another-secret' where id = '${id(200)}'`, { account: who });
  await ask(`update zj.extension set name = 'Front' where id = '${id(200)}'`, { account: who });
  await ask(`delete from zj.extension where id = '${id(200)}'`, { account: who });
  const rows = pg.sql(`select event, account_id, label, changes, source, request, via, resource from zj.audit where row_id = '${id(200)}' order by id`);
  assert.deepEqual(rows.map((r) => r[0]), ['create', 'update', 'delete'], 'a change that changes nothing is none');
  assert.deepEqual([rows[0][1], rows[0][2], ...rows[0].slice(4)], [who, '1001', '192.0.2.7', 'req-1', 'api', 'extensions']);
  const { number, name, enabled, ha1: digest, timeout_s } = JSON.parse(rows[0][3]);
  assert.deepEqual({ number, name, enabled, digest, timeout_s }, { number: [null, '1001'], name: [null, ''], enabled: [null, true], digest: [null, null], timeout_s: [null, 30] });
  assert.deepEqual(JSON.parse(rows[1][3]), { name: ['', 'Front'], ha1: [null, null] });
  const ha1 = one(`select secret ->> 'ha1' from zj.recycled where row_id = '${id(200)}'`);
  assert.match(ha1, /^[0-9a-f]{32}$/);
  assert.equal(one(`select count(*) from zj.audit where changes::text like '%${ha1}%' or changes::text like '%argon%'`), '0');
  await ask(`insert into zj.blacklist (tenant_id, number) select '${A}', (13000000000 + i)::text from generate_series(1, 1000) i`, { account: who, via: 'import' });
  assert.deepEqual(pg.sql(`select event, row_id, changes, at = (select created_at from zj.blacklist where tenant_id = '${A}' and number = '13000000001') from zj.audit where resource = 'blacklist' and tenant_id = '${A}'`),
    [['create', '', '{"rows": [null, 1000]}', 't']]);
  await ask(`update zj.blacklist set colour = 'white' where number in ('13000000001', '13000000002')`, { account: who, via: 'import' });
  assert.equal(one(`select count(*) from zj.audit where resource = 'blacklist' and event = 'update' and changes = '{"colour": ["black", "white"]}'`), '2', 'what an import changes is told row by row');
  await ask(`update zj.flow set document = repeat('x', 20000)`, { account: who });
});

test('the audit log: no role of a process alters it; only what is no row is told by function', async () => {
  const n = Number(one('select count(*) from zj.audit'));
  for (const role of ['zj_tenant', 'zj_carrier', 'zj_api', 'zj_worker', 'zj_acd', 'zj_edge', 'zj_ivr']) {
    for (const sql of [`update zj.audit set label = 'x'`, `delete from zj.audit`, `truncate zj.audit`, `insert into zj.audit (tenant_id, event) values ('${A}', 'login')`, `drop table zj.audit`,
      `alter table zj.audit disable row level security`, `delete from zj.${one(`select relname from pg_class where relname ~ '^audit_2'`)}`, 'set local session_replication_role = replica',
      `alter table zj.queue disable trigger audit_d`, `update zj.recycled set row = null`, `select secret from zj.recycled`]) {
      const { error } = await ask(sql, { role, commit: false });
      assert.match(String(error), /^(42501|42P01)$/, `${role}: ${sql}`);
    }
  }
  assert.equal(Number(one('select count(*) from zj.audit')), n);
  const x = pg.session({ user: 'zj_api' });
  const event = async (e) => (await x.run(`begin; select set_config('zj.tenant', '${A}', true), set_config('zj.account', '${id(1)}', true), set_config('zj.actor', '${id(2)}', true); select zj.zj_audit_event('${e}', null, null, 'who', '{"code": [null, "x"]}'); commit`)).join('\n');
  assert.match(await event('login'), /^[0-9a-f-]{36}/m);
  assert.match(await event('create'), /audit_event_kind/);
  assert.match(await event('nonsense'), /23514/);
  for (const role of ['zj_owner', 'zj_acd']) assert.match((await x.run(`set role ${role}`)).join(), /42501/);
  await x.end();
  assert.deepEqual(pg.sql(`select event, account_id, actor_id, label from zj.audit where event = 'login'`), [['login', id(1), id(2), 'who']]);
  failsWith(await ask(`select zj.zj_audit_event('login')`), '42501');
});

test('secrets cannot be read by a request, whatever its SQL', async () => {
  for (const sql of ['password from zj.account', 'totp_secret from zj.account', 'password_history from zj.account', 'pin from zj.account', 'ha1 from zj.extension', 'hash from zj.api_token', 'verification from zj.tenant', '* from zj.account']) {
    for (const role of ['zj_tenant', 'zj_carrier']) assert.equal((await ask(`select ${sql}`, { role })).error, '42501', `${role}: ${sql}`);
  }
  assert.equal((await ask(`update zj.account set name = name returning password`)).error, '42501');
  assert.equal((await ask(`select 1 from zj.account where password like 'x%'`)).error, '42501', 'nor guessed by a filter');
});

test('the audit log: the carrier sees what it may see, a tenant its own', async () => {
  const [all, foreign] = (await ask(`select count(*), count(*) filter (where tenant_id <> '${A}') from zj.audit`))[0].split('\x1f').map(Number);
  assert.ok(all > 5);
  assert.equal(foreign, 0);
  const seen = await ask(`select distinct resource from zj.audit where tenant_id = '${A}'`, { role: 'zj_carrier', tenant: C });
  assert.ok(seen.includes('extensions') && !seen.includes('queues') && !seen.includes('departments'), String(seen));
});

test('the audit log goes by whole months, when every tenant has kept it long enough', () => {
  pg.sql(`set role zj_owner; create table zj.audit_202001 partition of zj.audit for values from (zj.zj_uuid7_floor('2020-01-01')) to (zj.zj_uuid7_floor('2020-02-01'))`);
  assert.equal(pg.sql('select zj.zj_audit_trim()', { user: 'zj_worker' })[0][0], '1');
  assert.equal(one(`select to_regclass('zj.audit_202001') is null`), 't');
  assert.equal(pg.sql('select zj.zj_audit_trim()', { user: 'zj_worker' })[0][0], '0', 'this month stays');
});

test('the recycle bin: a queue comes back with its members and keeps its times; secrets come back unseen', async () => {
  await ask(`insert into zj.queue (tenant_id, id, number, name, priority) values ('${A}', '${id(300)}', '4001', 'Sales', 7);
    insert into zj.agent (tenant_id, id, number, name) values ('${A}', '${id(301)}', '1', 'Li'), ('${A}', '${id(302)}', '2', 'Wang'), ('${A}', '${id(303)}', '3', 'Zhang');
    insert into zj.queue_agent (tenant_id, queue_id, agent_id, skill) select '${A}', '${id(300)}', id, 9 from zj.agent;
    delete from zj.queue_agent where agent_id = '${id(303)}'`);
  const before = pg.sql(`select * from zj.queue where id = '${id(300)}'`);
  await ask(`delete from zj.queue where id = '${id(300)}'`, { account: id(1) });
  const [bin] = await ask(`select id, label, deleted_by, row ->> 'name', with_parent from zj.recycled where table_name = 'queue' and row_id = '${id(300)}'`);
  const [entry, ...shown] = bin.split('\x1f');
  assert.deepEqual(shown, ['Sales', id(1), 'Sales', 'f']);
  await ask(`delete from zj.agent where id = '${id(302)}'`); // a member that is gone meanwhile
  failsWith(await ask(`select zj.zj_restore('${entry}')`, { tenant: B }), 'P0002');
  assert.deepEqual(await ask(`select zj.zj_restore('${entry}')`), ['2'], 'the queue and the one member whose agent is still there');
  assert.deepEqual(pg.sql(`select * from zj.queue where id = '${id(300)}'`), before);
  assert.deepEqual(pg.sql(`select agent_id, skill from zj.queue_agent where queue_id = '${id(300)}'`), [[id(301), '9']]);
  assert.deepEqual(await ask(`select zj.zj_restore((select id from zj.recycled where row_id = '${id(302)}'))`), ['2'], 'the agent, and its place in the queue');
  assert.deepEqual(await ask(`select count(*) from zj.queue_agent`), ['2'], 'who was taken out before, stays out');
  assert.deepEqual(pg.sql(`select event from zj.audit where row_id = '${id(300)}' order by id`).flat(), ['create', 'delete', 'restore']);
  failsWith(await ask(`select zj.zj_restore('${entry}')`), 'P0002'); // not twice
  // An account and an extension: their secrets are back, and were never to be seen.
  await ask(`insert into zj.account (tenant_id, id, username, name, password, totp_secret) values ('${A}', '${id(310)}', 'gone', 'G', 'argon2-hash-of-gone', 'totp-of-gone');
    insert into zj.extension (tenant_id, id, number, password) values ('${A}', '${id(311)}', '1311', 'at-least-8')`);
  const secrets = () => pg.sql(`select a.number, a.password, a.totp_secret, e.ha1 from zj.account a, zj.extension e where a.id = '${id(310)}' and e.id = '${id(311)}'`);
  const was = secrets();
  await ask(`delete from zj.account where id = '${id(310)}'; delete from zj.extension where id = '${id(311)}'`);
  const [text] = await ask(`select string_agg(r::text, ' ') from (select row from zj.recycled where row_id in ('${id(310)}', '${id(311)}')) r`);
  for (const secret of [was[0][1], was[0][2], was[0][3]]) assert.ok(!text.includes(secret));
  assert.equal(one(`select count(*) from zj.audit where changes::text like '%of-gone%'`), '0');
  for (const n of [310, 311]) assert.deepEqual(await ask(`select zj.zj_restore((select id from zj.recycled where row_id = '${id(n)}'))`), ['1']);
  assert.deepEqual(secrets(), was);
});

test('the recycle bin: a key that is taken meanwhile is named; a parent that is gone as well', async () => {
  await ask(`insert into zj.queue (tenant_id, id, number, name) values ('${A}', '${id(320)}', '5001', 'Old')`);
  await ask(`delete from zj.queue where id = '${id(320)}'`);
  await ask(`insert into zj.queue (tenant_id, number, name) values ('${A}', '5001', 'New')`);
  const restore = (n) => ask(`select zj.zj_restore((select id from zj.recycled where row_id = '${id(n)}'))`);
  failsWith(await restore(320), '23505', 'queue_tenant_id_number_key');
  await ask(`delete from zj.queue where number = '5001'`);
  assert.deepEqual(await restore(320), ['1']);
  await ask(`insert into zj.dictionary (tenant_id, id, code, name, tree) values ('${A}', '${id(330)}', 'area', 'Area', true);
    insert into zj.dictionary_item (tenant_id, id, dictionary_id, parent_id, code, zh) values ('${A}', '${id(331)}', '${id(330)}', null, '31', '上海'), ('${A}', '${id(332)}', '${id(330)}', '${id(331)}', '3101', '市区')`);
  await ask(`delete from zj.dictionary_item where id = '${id(332)}'`);
  await ask(`delete from zj.dictionary where id = '${id(330)}'`);
  failsWith(await restore(332), '23503');
  assert.deepEqual(await restore(330), ['2'], 'the dictionary with the item that went along');
  assert.deepEqual(await restore(332), ['1']);
});

test('the recycle bin: purged and expired rows are gone, their names stay', async () => {
  await ask(`insert into zj.busy_reason (tenant_id, id, name) values ('${A}', '${id(340)}', 'Lunch'), ('${A}', '${id(341)}', 'Tea')`);
  await ask(`delete from zj.busy_reason`);
  assert.deepEqual(await ask(`select zj.zj_purge(array(select id from zj.recycled where row_id = '${id(340)}'))`, { tenant: B }), ['0'], 'not somebody else\'s');
  assert.deepEqual(await ask(`select zj.zj_purge(array(select id from zj.recycled where row_id = '${id(340)}'))`), ['1']);
  failsWith(await ask(`select zj.zj_restore((select id from zj.recycled where row_id = '${id(340)}'))`), 'P0002');
  pg.sql(`update zj.recycled set deleted_at = now() - interval '31 days' where row_id = '${id(341)}'`);
  assert.equal(pg.sql('select zj.zj_recycle_trim()', { user: 'zj_worker' })[0][0], '1');
  assert.deepEqual(pg.sql(`select label, row, secret from zj.recycled where table_name = 'busy_reason' order by row_id`), [['Lunch', '', ''], ['Tea', '', '']]);
});

test('a tenant is only marked as deleted: its names are free, it comes back whole; a purged one takes all along', async () => {
  const boss = { role: 'zj_carrier', tenant: C };
  const [d] = await ask(`insert into zj.tenant (tenant_id, name, title, sip_domain) values (zj.zj_uuid7(), 'shop', 'Shop', 'shop.test') returning id`, boss);
  pg.sql(`insert into zj.queue (tenant_id, number, name) values ('${d}', '1', 'q')`);
  assert.deepEqual(await ask(`update zj.tenant set deleted_at = now() where id = '${d}' returning enabled, name <> 'shop', sip_domain <> 'shop.test', title`, boss), ['f\x1ft\x1ft\x1fShop']);
  const [e] = await ask(`insert into zj.tenant (tenant_id, name, title, sip_domain) values (zj.zj_uuid7(), 'shop', 'Shop', 'shop.test') returning id`, boss);
  failsWith(await ask(`update zj.tenant set deleted_at = null where id = '${d}'`, boss), '23505', 'tenant_name_key');
  pg.sql(`delete from zj.tenant where id = '${e}'`);
  assert.deepEqual(await ask(`update zj.tenant set deleted_at = null where id = '${d}' returning enabled, name, sip_domain`, boss), ['t\x1fshop\x1fshop.test']);
  failsWith(await ask(`update zj.tenant set deleted_at = now() where id = '${C}'`, boss), '23514', 'tenant_carrier');
  pg.sql(`delete from zj.tenant where id = '${d}'`);
  assert.equal(one(`select count(*) from zj.recycled where tenant_id = '${d}'`), '0');
});
