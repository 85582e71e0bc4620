// What every table must have, looked up in the catalogue; and whether the guards hold, tried out.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { applySchema, startPostgres } from './pg.mjs';

let pg;
before(async () => { pg = await startPostgres(); });
after(() => pg.stop());

// Belong to no tenant, each for the reason given.
const SYSTEM = {
  zj_change: 'the change log; the processes read it for all tenants',
  acd_epoch: 'who owned which slot: acd only',
  zj_schema: 'one row: how often the schema changed',
  zj_kind: 'the kinds of what a call can be sent to: written by migrations only',
};
// Unique across tenants, each for the reason given.
const GLOBAL_KEYS = {
  tenant_pkey: 'the tenant itself', tenant_name_key: 'typed at login', tenant_sip_domain_key: 'tells tenants apart on the wire', tenant_one_carrier: 'there is one carrier',
  number_global: 'a number rings at one tenant; only the carrier writes it',
  number_alias_global: 'as number_global',
};
const list = (sql) => pg.sql(sql).map((r) => (r.length === 1 ? r[0] : r));

// Rows of (table …) over all our tables at once: `ours` is the catalogue's rows of them.
const over = (columns, rest = '') => pg.sql(`with ours as (select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'zj' and c.relkind in ('r', 'p')
  and not c.relispartition and c.relname <> all ('{${Object.keys(SYSTEM)}}')) select ours.relname, ${columns} from ours ${rest} order by 1`);

test('every table belongs to zj_owner, has tenant_id not null, and a primary key that begins with it', () => {
  const wrong = list(`select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'zj' and c.relkind in ('r', 'p') and pg_get_userbyid(c.relowner) <> 'zj_owner'`);
  assert.deepEqual(wrong, []);
  const keys = over(`(select attnotnull from pg_attribute a where attrelid = ours.oid and attname = 'tenant_id'), (select a.attname from pg_constraint p join pg_attribute a
    on a.attrelid = p.conrelid and a.attnum = p.conkey[1] where p.conrelid = ours.oid and p.contype = 'p')`);
  assert.ok(keys.length > 30);
  for (const [table, notNull, first] of keys) {
    assert.equal(notNull, 't', `${table}.tenant_id`);
    if (table !== 'tenant') assert.equal(first, 'tenant_id', `the primary key of ${table}`);
  }
});

test('every unique key and every foreign key includes tenant_id', () => {
  const unique = list(`select i.relname, t.relname from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = t.relnamespace
    where n.nspname = 'zj' and x.indisunique and not t.relispartition and not exists
      (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = any (x.indkey::smallint[]))`)
    .filter(([index, table]) => !(table in SYSTEM) && !(index in GLOBAL_KEYS));
  assert.deepEqual(unique, []);
  const foreign = list(`select c.conname from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
    where n.nspname = 'zj' and c.contype = 'f' and c.conparentid = 0 and not exists
      (select from unnest(c.conkey, c.confkey) as k (mine, theirs) join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.mine
        where a.attname = 'tenant_id')`);
  assert.deepEqual(foreign, []);
  const crossed = list(`select c.conname from pg_constraint c, unnest(c.conkey, c.confkey) as k (mine, theirs), pg_attribute a, pg_attribute b, pg_class t
    where c.contype = 'f' and c.connamespace = 'zj'::regnamespace and a.attrelid = c.conrelid and a.attnum = k.mine and a.attname = 'tenant_id'
      and b.attrelid = c.confrelid and b.attnum = k.theirs and t.oid = c.confrelid and b.attname <> 'tenant_id' and not (t.relname = 'tenant' and b.attname = 'id')`);
  assert.deepEqual(crossed, [], 'tenant_id refers to tenant_id');
});

test('row-level security is on and forced, and the tenant\'s policy is what it should be', () => {
  const guards = over(`relrowsecurity, relforcerowsecurity, (select string_agg(qual || ' / ' || with_check, '; ') from pg_policies where schemaname = 'zj' and tablename = ours.relname
    and permissive = 'PERMISSIVE' and 'zj_tenant' = any (roles)), has_any_column_privilege('zj_tenant', ours.oid, 'select, insert, update, references') or has_table_privilege('zj_tenant', ours.oid, 'delete')`);
  for (const [table, on, forced, policy, granted] of guards) {
    assert.deepEqual([on, forced], ['t', 't'], table);
    if (granted === 't' || policy) assert.equal(policy, '(tenant_id = zj_tenant()) / (tenant_id = zj_tenant())', table);
  }
  assert.deepEqual(list(`select tablename || '.' || policyname from pg_policies where schemaname = 'zj' and 'public' = any (roles)`), []);
  assert.deepEqual(list(`select rolname from pg_roles where rolname like 'zj\\_%' and rolname not like '%super%' and (rolsuper or rolbypassrls)`), []);
});

test('whoever is frozen inside a transaction loses its locks', () => {
  assert.deepEqual(list(`select rolname from pg_roles where rolname like 'zj\\_%' and rolcanlogin and not coalesce(rolconfig, '{}') && array['idle_in_transaction_session_timeout=1min']`), []);
});

test('partitions are guarded as well: nobody reaches around the parent', () => {
  const open = list(`select c.relname, r.rolname from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_roles r where n.nspname = 'zj' and c.relispartition and r.rolname in ('zj_tenant', 'zj_carrier', 'zj_api')
    and (has_table_privilege(r.rolname, c.oid, 'select') or has_table_privilege(r.rolname, c.oid, 'insert') or has_table_privilege(r.rolname, c.oid, 'update') or has_table_privilege(r.rolname, c.oid, 'delete'))`);
  assert.deepEqual(open, []);
});

test('views run as their reader', () => {
  assert.deepEqual(list(`select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'zj' and c.relkind = 'v'
    and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1']`), []);
  assert.deepEqual(list(`select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'zj' and c.relkind = 'm'`), [], 'a materialised view has no policies');
});

// Functions with their owner's rights that a tenant's request may call look at zj_tenant() themselves, or are here with a reason.
const ASKED = {
  zj_scope_accounts: 'by zj_scope()', zj_scope_queues: 'by zj_scope()', zj_scope_within: 'compares with zj_scope()', zj_restore: 'by zj_recycled_visible()', zj_purge: 'by zj_recycled_visible()',
  zj_may: 'the permissions of zj_account()', zj_file: 'a path below the store, which no route shows',
};
test('functions with their owner\'s rights fix their search_path, and are not everybody\'s to call', () => {
  assert.deepEqual(list(`select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'zj' and p.prosecdef and not exists (select from unnest(p.proconfig) c where c like 'search_path=%')`), []);
  assert.deepEqual(list(`select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'zj' and p.prosecdef and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
    and p.prosrc not like '%zj_tenant()%'
    and has_function_privilege('zj_tenant', p.oid, 'execute')`).filter((f) => !(f in ASKED)), []);
});

// A function in SQL that is no plain expression is parsed and planned with every statement that a policy of it is for.
test('policies ask only functions whose plan is kept in the session (call zj_keep_plan)', () => {
  assert.deepEqual(list(`select p.oid::regprocedure::text from pg_proc p join pg_language l on l.oid = p.prolang
    where l.lanname = 'sql' and p.pronamespace = 'zj'::regnamespace and (p.prosecdef or p.proconfig is not null or p.prosrc ~* '\\mfrom\\M')
      and exists (select from pg_depend d where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid)`), []);
});

test('a resource has labels zh and en, and so has each of its columns; secrets are marked', () => {
  const resources = list(`select c.relname, obj_description(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'zj' and not c.relispartition and obj_description(c.oid) like '{%'`);
  assert.ok(resources.length >= 18);
  const names = new Set();
  const columns = over(`a.attname, coalesce(col_description(a.attrelid, a.attnum), '')`, `join pg_attribute a on a.attrelid = ours.oid and a.attnum > 0 and not a.attisdropped`);
  for (const [t, text] of resources) {
    const comment = JSON.parse(text);
    assert.ok(comment.resource && comment.zh && comment.en, t);
    assert.ok(['tenant', 'carrier'].includes(comment.scope), `${t}: scope`);
    assert.ok(!names.has(comment.resource), `${comment.resource} twice`);
    names.add(comment.resource);
    for (const [, column, label] of columns.filter(([table]) => table === t)) {
      assert.match(label, /^\{/, `${t}.${column} has no comment`);
      const c = JSON.parse(label);
      assert.ok(c.zh && c.en, `${t}.${column}`);
      if (/password$|hash|ha1|secret|path|^pin$|verification/.test(column) && !['department.path', 'account.must_change_password'].includes(`${t}.${column}`)) assert.ok(c.writeonly || c.hidden, `${t}.${column} would be shown`);
    }
  }
});

test('every table with updated_at keeps it by itself', () => {
  pg.sql(`insert into zj.tenant (tenant_id, name, title, sip_domain) values (zj.zj_uuid7(), 'touch', 'T', 'touch.test')`);
  const at = () => pg.sql(`select updated_at, created_at from zj.tenant where name = 'touch'`)[0];
  const [first, created] = at();
  pg.sql(`update zj.tenant set title = 'T' where name = 'touch'`);
  assert.equal(at()[0], first, 'a change that changes nothing');
  pg.sql(`update zj.tenant set title = 'U', created_at = now() - interval '1 year', updated_at = '2000-01-01' where name = 'touch'`);
  assert.ok(at()[0] > first && at()[1] === created);
  const untouched = over('a.attname', `join pg_attribute a on a.attrelid = ours.oid and a.attname = 'updated_at' where not exists (select from pg_trigger where tgrelid = ours.oid and tgname = 'zz_touch')`);
  assert.deepEqual(untouched, []);
  pg.sql(`delete from zj.tenant where name = 'touch'`);
});

// Two tenants with a row in every table.
const T = { A: '018f0000-0000-7000-8000-0000000000aa', B: '018f0000-0000-7000-8000-0000000000bb' };
// What a row needs beyond its types to be there, and to be seen by account A ($ is the id).
const ALSO = {
  recording_mount: { address: "'/mnt/$'" },
  membership_state: { queue_id: "'$'" }, preference: { account_id: "'$'" }, view: { account_id: "'$'" },
  job: { account_id: "'$'" }, upload: { account_id: "'$'" }, project_account: { account_id: 'gen_random_uuid()' },
  ban: { what: "'192.0.2.1'", until_at: "now() + interval '1 day'" }, hot_key: { number: "'*51'" }, number_format: { pattern: "'1xx'", output: "'###'" }, extension_change: { field: "'dnd'" },
  internal_message: { recipients: "'{$}'", recipient_id: "'$'", created_by: "'$'" }, discarded_call: { call_id: 'gen_random_uuid()' }, agent_rate: { agent_id: "'$'" }, follow_up: { customer_id: "'$'" },
  pool_entry: { customer_id: "'$'" }, business_client: { agent_link_id: "'$'" }, todo_plan: { participants: "'{$}'" }, sales_order: { created_by: "'$'" },
  binding: { kind: "'default'" }, holiday: { date_from: "'01-01'", date_to: "'01-01'" }, work_package: { work_times: "'{$}'" },
  kb_category: { rules_id: "'$'" }, kb_grant: { account_id: "'$'", permission: "'manage'" }, kb_article: { status: "'published'" }, kb_view: { account_id: "'$'" },
};
async function fill(s) {
  for (const [n, id] of Object.entries(T)) {
    const made = await s.run(`set search_path = zj, public;
      insert into tenant (tenant_id, id, name, title, sip_domain) values ('${id}', '${id}', 'iso-${n.toLowerCase()}', '${n}', 'iso-${n.toLowerCase()}.test');
      insert into role (tenant_id, id, name) values ('${id}', '${id}', '${n}');
      insert into account (tenant_id, id, username, name, password, role_id) values ('${id}', '${id}', 'u', 'u', 'x', '${id}');
      insert into trunk (tenant_id, id, name, host) values ('${id}', '${id}', 't', '127.0.0.1');
      insert into number (tenant_id, id, number) values ('${id}', '${id}', '${n === 'A' ? 1 : 2}00');
      insert into queue (tenant_id, id, number, name) values ('${id}', '${id}', '1', 'q');
      insert into inbound_route (tenant_id, id, name, did_match, number_id, destination_kind, destination_id) values ('${id}', '${id}', 'r', 'number', '${id}', 'queue', '${id}');
      insert into blacklist (tenant_id, id, number) values ('${id}', '${id}', '1');
      insert into extension (tenant_id, id, number, password) values ('${id}', '${id}', '1001', 'at-least-8');
      insert into agent_group (tenant_id, id, name) values ('${id}', '${id}', 'g');
      insert into agent (tenant_id, id, number, name) values ('${id}', '${id}', '1', 'a');
      insert into queue_agent (tenant_id, id, queue_id, agent_id) values ('${id}', '${id}', '${id}', '${id}');
      insert into busy_reason (tenant_id, id, name) values ('${id}', '${id}', 'b');
      insert into prompt (tenant_id, id, name) values ('${id}', '${id}', 'p');
      insert into flow (tenant_id, id, name, document) values ('${id}', '${id}', 'f', '<vxml/>');
      insert into api_token (tenant_id, id, name, account_id, hash) values ('${id}', '${id}', 't', '${id}', repeat('a', 64));
      insert into idempotency (tenant_id, id, account_id, key, request_hash) values ('${id}', '${id}', '${id}', 'k', 'h')`);
    assert.deepEqual(made, []);
  }
  // The rest by the catalogue: a row made of the columns' types, without the triggers, which would want more than a type.
  await s.run('set session_replication_role = replica');
  const columns = over('a.attname, format_type(a.atttypid, a.atttypmod)', `join pg_attribute a on a.attrelid = ours.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull
    and a.attgenerated = '' and a.attidentity = '' and (a.attname in ('tenant_id', 'id') or not a.atthasdef)`);
  const checks = over('pg_get_constraintdef(p.oid)', `join pg_constraint p on p.conrelid = ours.oid and p.contype = 'c'`);
  const value = (id, table, name, type, text) => {
    if (name === 'tenant_id') return `'${id}'`;
    const choice = checks.filter(([t]) => t === table).map(([, def]) => def.match(new RegExp(`\\(${name} = ANY \\(ARRAY\\['([^']*)'`))).find(Boolean);
    if (choice) return `'${choice[1]}'`;
    if (name === 'currency') return "'CNY'";
    if (name === 'path' && type === 'uuid[]') return `'{${id}}'`;
    if (`${table}.${name}` === 'grantable.permission') return "'queues.read'";
    return { uuid: `'${id}'`, 'uuid[]': "'{}'", integer: '1', bigint: '1', jsonb: "'{}'", boolean: 'true', date: 'current_date', 'timestamp with time zone': 'now()' }[type] ?? (type.startsWith('numeric') ? '1' : text);
  };
  for (const [table] of over('1')) {
    for (const id of Object.values(T)) {
      if ((await s.run(`select count(*) from zj.${table} where tenant_id = '${id}'`))[0] !== '0') continue;
      const all = columns.filter(([t]) => t === table).map(([, name, type]) => [name, type]);
      const also = ALSO[table] ?? {};
      const names = [...new Set([...all.map(([n]) => n), ...Object.keys(also)])];
      await s.run(`set zj.account = '${id}'`); // whose row it is, where that is the default
      const insert = (text) => s.run(`insert into zj.${table} (${names.join(', ')}) values (${names.map((n) => also[n]?.replace('$', id) ?? value(id, table, n, all.find(([m]) => m === n)[1], text)).join(', ')})`);
      const made = await insert("'x'");
      if (made.length) assert.deepEqual(await insert("'13800000000'"), [], table); // a pattern that wants digits
    }
  }
  await s.run('reset session_replication_role; reset zj.account');
}

test('isolation: tenant A\'s role sees, changes, deletes and makes nothing of B, in any table', async () => {
  const s = pg.session();
  after(() => s.end());
  await fill(s);
  const begin = `begin; set local role zj_tenant; select set_config('zj.tenant', '${T.A}', true), set_config('zj.account', '${T.A}', true);`;
  // The answer of one statement as tenant A: its rows, or the SQLSTATE of its error.
  const asA = async (sql) => {
    const lines = (await s.run(`${begin} ${sql}; rollback`)).filter((l) => !l.startsWith(T.A));
    const error = lines.find((l) => l.startsWith('ERROR:'));
    return error ? error.slice(8, 13) : lines;
  };
  for (const [t] of over('1')) {
    const [rights] = await s.run(`select has_any_column_privilege('zj_tenant', 'zj.${t}', 'select'), has_any_column_privilege('zj_tenant', 'zj.${t}', 'insert'), has_any_column_privilege('zj_tenant', 'zj.${t}', 'update'), has_table_privilege('zj_tenant', 'zj.${t}', 'delete')`);
    const [select, insert, update, remove] = rights.split('\x1f').map((x) => x === 't');
    assert.notDeepEqual(await s.run(`select count(*) from zj.${t} where tenant_id = '${T.B}'`), ['0'], `${t} has a row of B`);
    if (select) {
      assert.deepEqual(await asA(`select count(*) from zj.${t} where tenant_id <> '${T.A}'`), ['0'], `${t}: select`);
      assert.notDeepEqual(await asA(`select count(*) from zj.${t}`), ['0'], `${t}: its own`);
    }
    if (update) {
      const [column] = await s.run(`select attname from pg_attribute where attrelid = 'zj.${t}'::regclass and attnum > 0 and has_column_privilege('zj_tenant', attrelid, attnum, 'update') order by attname = 'tenant_id' desc, attnum limit 1`);
      assert.deepEqual(await asA(`with u as (update zj.${t} set ${column} = ${column} where tenant_id = '${T.B}' returning 1) select count(*) from u`), ['0'], `${t}: update`);
      assert.match(String(await asA(`with u as (update zj.${t} set tenant_id = '${T.B}' returning 1) select count(*) from u`)), /^(0|42501|23503|23505|23514)$/, `${t}: giving its row away`);
    }
    if (remove) assert.deepEqual(await asA(`with d as (delete from zj.${t} where tenant_id = '${T.B}' returning 1) select count(*) from d`), ['0'], `${t}: delete`);
    if (insert) {
      const columns = await s.run(`select attname from pg_attribute where attrelid = 'zj.${t}'::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attname <> 'id'`);
      const [row] = await s.run(`select to_jsonb(x) from zj.${t} x where tenant_id = '${T.B}' limit 1`);
      const sql = `insert into zj.${t} (${columns.join(', ')}) select ${columns.map((c) => `r.${c}`).join(', ')} from jsonb_populate_record(null::zj.${t}, $j$${row}$j$) r`;
      assert.match(String(await asA(sql)), /^(42501|23502|23514)$/, `${t}: insert into B`); // 23514: a trigger said no even before
    }
  }
  assert.equal(await asA('select count(*) from zj.zj_change'), '42501');
  assert.deepEqual(await s.run('begin; set local role zj_tenant; select count(*) from zj.queue; rollback'), ['0'], 'without a tenant: nothing');
});

test('isolation: the carrier\'s role does not read tenants\' customer data', () => {
  const read = over('1', `where has_any_column_privilege('zj_carrier', ours.oid, 'select')`).map(([t]) => t);
  for (const t of ['call', 'recording', 'queue_visit', 'flow', 'queue', 'agent', 'event', 'call_tag']) assert.ok(!read.includes(t), t);
  for (const t of ['tenant', 'account', 'role', 'trunk', 'number']) assert.ok(read.includes(t), t);
});

test('a key or a reference does not tell of another tenant\'s rows', () => {
  pg.sql(`insert into zj.queue (tenant_id, number, name) values ('${T.A}', '77', 'x')`);
  pg.sql(`insert into zj.queue (tenant_id, number, name) values ('${T.B}', '77', 'x')`);
  assert.throws(() => pg.sql(`insert into zj.queue_agent (tenant_id, queue_id, agent_id) values ('${T.A}', '${T.B}', '${T.A}')`), /23503/);
  assert.throws(() => pg.sql(`update zj.agent set extension_id = '${T.B}' where tenant_id = '${T.A}'`), /23503/);
  assert.throws(() => pg.sql(`update zj.inbound_route set destination_id = '${T.B}' where tenant_id = '${T.A}'`), /23503/);
  assert.throws(() => pg.sql(`update zj.queue set overflow_kind = 'queue', overflow_id = '${T.B}' where tenant_id = '${T.A}'`), /23503/);
});

test('the change log: a rollback leaves nothing; one statement logs each of its rows', () => {
  const count = () => Number(pg.sql(`select count(*) from zj.zj_change where table_name = 'queue'`)[0][0]);
  const before = count();
  pg.sql(`begin; update zj.queue set name = 'gone'; delete from zj.busy_reason; rollback`);
  assert.equal(count(), before);
  pg.sql(`update zj.queue set name = 'stays'`);
  const n = Number(pg.sql('select count(*) from zj.queue')[0][0]);
  assert.equal(count(), before + n);
  assert.deepEqual(pg.sql(`select table_name, op from zj.zj_change where table_name = 'queue' order by seq desc limit ${n}`).every(([t, op]) => t === 'queue' && op === 'u'), true);
});

test('the change log: a long transaction that commits late is still seen, once', async () => {
  const reader = pg.session({ user: 'zj_acd' }), slow = pg.session(), quick = pg.session();
  await slow.run('begin');
  await slow.run(`update zj.queue set name = 'slow' where tenant_id = '${T.A}' and number = '77'`);
  await quick.run(`update zj.queue set name = 'quick' where tenant_id = '${T.B}' and number = '77'`);
  const look = async (seen) => {
    await reader.run('begin isolation level repeatable read');
    const rows = await reader.run(`select tenant_id, op from zj.zj_changes_since('${seen}', array['queue'])`);
    const [next] = await reader.run('select pg_current_snapshot()');
    await reader.run('commit');
    return { rows, next };
  };
  const first = (await reader.run('select pg_current_snapshot()'))[0];
  await quick.run(`update zj.queue set name = 'quick 2' where tenant_id = '${T.B}' and number = '77'`);
  const one = await look(first);
  assert.deepEqual(one.rows, [`${T.B}\x1fu`], 'the open transaction delays nobody');
  const two = await look(one.next);
  assert.deepEqual(two.rows, []);
  await slow.run('commit');
  const three = await look(two.next);
  assert.deepEqual(three.rows, [`${T.A}\x1fu`], 'committed late, seen');
  assert.deepEqual((await look(three.next)).rows, [], 'and not again');
  await Promise.all([reader, slow, quick].map((s) => s.end()));
});

test('the change log: whoever listens is woken by the commit', async () => {
  const listener = pg.session({ user: 'zj_acd' });
  await listener.run('listen zj_config');
  const started = Date.now();
  pg.sql(`update zj.queue set name = 'wake'`);
  let heard = [];
  while (!heard.some((l) => l.includes('zj_config')) && Date.now() - started < 1000) heard = await listener.run('select 1');
  assert.ok(heard.some((l) => l.includes('zj_config')), 'within a second (promised: 0.2 s)');
  await listener.end();
});

test('the schema tells when it changes; migrating twice changes nothing', () => {
  const version = () => Number(pg.sql('select version from zj.zj_schema')[0][0]);
  const v = version();
  pg.sql('create table zj.passing (x int); comment on table zj.passing is $$x$$; drop table zj.passing; create table public.other (x int)');
  assert.equal(version(), v + 3);
  pg.sql('drop table public.other');
  if (pg.sql(`select to_regclass('public.zj_migration') is not null`)[0][0] === 't') {
    applySchema(pg);
    assert.equal(version(), v + 3);
  }
});

test('filters of a tenant use their index in spite of row-level security', () => {
  pg.sql(`insert into zj.blacklist (tenant_id, number) select case when i % 2 = 0 then '${T.A}'::uuid else '${T.B}'::uuid end, (10000000 + i)::text from generate_series(1, 20000) i; analyze zj.blacklist`);
  const plan = pg.sql(`begin; set local role zj_tenant; select set_config('zj.tenant', '${T.A}', true); explain select * from zj.blacklist where number = '10000500'; rollback`).flat().join('\n');
  assert.match(plan, /Index Cond: \(\(tenant_id = .*\) AND \(number = '10000500'::text\)\)/, plan);
  assert.deepEqual(list(`select proname from pg_proc where proname in ('textlike', 'texticlike') and not proleakproof`), []);
});
