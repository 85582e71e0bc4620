// What is asked once for all rows of a statement: foreign keys of the large tables, custom fields, fields of business clients.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startPostgres } from './pg.mjs';

let pg, s;
const A = '018f0000-0000-7000-8000-0000000000aa', B = '018f0000-0000-7000-8000-0000000000bb', C = '018f0000-0000-7000-8000-0000000000cc';
const id = (n) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const settings = (tenant) => `set local role zj_tenant; \\o /dev/null
  select set_config('zj.tenant', '${tenant}', true), set_config('zj.account', '${id(tenant === A ? 1 : 2)}', true), set_config('zj.via', 'api', true); \\o
  `;

before(async () => {
  pg = await startPostgres();
  pg.sql(`insert into zj.tenant (tenant_id, id, kind, name, title, sip_domain) values ('${C}', '${C}', 'carrier', 'carrier', 'C', 'carrier.invalid'),
      ('${A}', '${A}', 'tenant', 'a', 'A', 'a.test'), ('${B}', '${B}', 'tenant', 'b', 'B', 'b.test');
    update zj.business_object set enabled = true;
    insert into zj.account (tenant_id, id, username, name, password, role_id) select t.id, x.id, x.name, x.name, 'x', r.id
      from (values ('${A}'::uuid, '${id(1)}'::uuid, 'anna'), ('${B}', '${id(2)}', 'ben'), ('${A}', '${id(3)}', 'goes'), ('${A}', '${id(4)}', 'stays')) x (tenant, id, name)
      join zj.tenant t on t.id = x.tenant join zj.role r on r.tenant_id = t.id and r.kind = 'admin';
    insert into zj.custom_field (tenant_id, resource, name, zh, type) values ('${A}', 'customers', 'score', '分', 'integer'), ('${A}', 'customers', 'note', '记', 'text'), ('${B}', 'customers', 'other', '别', 'text')`);
  s = pg.session();
});
after(async () => { await s?.end(); await pg?.stop(); });

// Statements as a tenant's request: their rows, or the error's state, message and further lines but the place in PostgreSQL's source.
const ask = async (sql, { tenant = A, on = s } = {}) => {
  const out = await on.run(`begin; ${settings(tenant)} ${sql}; commit`);
  const error = out.findIndex((l) => l.startsWith('ERROR:'));
  return error < 0 ? out : out.slice(error).filter((l) => !l.startsWith('LOCATION') && !l.startsWith('CONTEXT') && !/^(PL\/pgSQL|SQL statement)/.test(l));
};
const customers = (values) => `insert into zj.customer (tenant_id, name, phone, owner_id) values ${values}`;

test('whatever check of PostgreSQL rests, another one stands in for it', () => {
  const resting = pg.sql(`select t.relname, c.conname, strpos(coalesce(p.prosrc, ''), quote_literal(c.conname)) > 0 from pg_trigger g join pg_constraint c on c.oid = g.tgconstraint
    join pg_class t on t.oid = g.tgrelid left join pg_trigger k on k.tgrelid = t.oid and k.tgname = 'keys_i' and k.tgenabled = 'O' left join pg_proc p on p.oid = k.tgfoid where g.tgenabled <> 'O'`);
  for (const t of ['customer', 'lead', 'blacklist', 'do_not_call']) assert.ok(resting.some(([name]) => name === t), t);
  assert.deepEqual(resting.filter(([, , stands]) => stands !== 't'), []);
  assert.deepEqual(pg.sql(`select distinct p.proname from pg_trigger g join pg_proc p on p.oid = g.tgfoid where g.tgenabled <> 'O'`), [['RI_FKey_check_ins']], 'only checks of inserts rest');
});

test('a key that is not there is refused, alone or among many, in the same words; nobody points into another tenant', async () => {
  const wrong = customers(`('${A}', 'x', '1380000', '${id(1)}'), ('${A}', 'y', '1380001', '${id(99)}'), ('${A}', 'z', '1380002', null)`);
  const now = await ask(wrong);
  pg.sql(`alter table zj.customer disable trigger keys_i; alter table zj.customer enable trigger all; alter table zj.customer disable trigger keys_i`);
  const theirs = await ask(wrong);
  pg.sql(`alter table zj.customer enable trigger keys_i`);
  assert.match(theirs[0], /23503/);
  assert.deepEqual(now, theirs);
  assert.deepEqual(await ask(wrong), theirs, 'and when both ask');
  pg.sql(`do $$ declare g record; begin for g in select tgname from pg_trigger where tgrelid = 'zj.customer'::regclass and tgfoid = '"RI_FKey_check_ins"'::regproc loop
    execute format('alter table zj.customer disable trigger %I', g.tgname); end loop; end $$`);
  assert.match((await ask(customers(`('${A}', 'x', '1380000', '${id(2)}')`)))[0], /23503/, 'an account of B');
  assert.match((await ask(customers(`('${B}', 'x', '1380000', '${id(2)}')`)))[0], /42501/, 'nor is a row of B written');
  assert.deepEqual(await ask(customers(`('${A}', 'x', '1380000', '${id(1)}'), ('${A}', 'z', '1380002', null)`)), []);
  assert.match((await ask(`update zj.customer set owner_id = '${id(99)}' where phone = '1380000'`))[0], /23503/, 'updates are checked by PostgreSQL');
});

test('a row that is being deleted is waited for, and one that is pointed to cannot go before its time', async () => {
  const other = pg.session();
  const waits = async (answer) => { let over = false; answer.then(() => { over = true; }); await sleep(400); assert.equal(over, false, 'it waits'); };
  const remove = (n) => `begin; ${settings(A)} delete from zj.account where id = '${id(n)}'`;
  const insert = (n, phone) => customers(`('${A}', 'late', '${phone}', '${id(n)}')`);
  try {
    await s.run(remove(4));
    let answer = ask(insert(4, '1390000'), { on: other });
    await waits(answer);
    await s.run('rollback');
    assert.deepEqual(await answer, [], 'it stayed');
    await s.run(remove(3));
    answer = ask(insert(3, '1390001'), { on: other });
    await waits(answer);
    await s.run('commit');
    assert.match((await answer)[0], /23503/, 'it went');
    await other.run(`begin; ${settings(A)} ${insert(4, '1390002')}`);
    answer = s.run(`${remove(4)}; commit`);
    await waits(answer);
    await other.run('commit');
    await answer;
    assert.deepEqual(pg.sql(`select phone, owner_id from zj.customer where phone in ('1390000', '1390001', '1390002') order by 1`), [['1390000', ''], ['1390002', '']], 'nothing points nowhere');
  } finally { await other.end(); }
});

test('custom fields of many rows: one that is wrong refuses all; a field that ended does not keep its rows from being changed', async () => {
  const rows = (...customs) => `insert into zj.customer (tenant_id, name, phone, custom) select '${A}', 'many', '1370000', c from unnest(array[${customs.map((c) => `'${JSON.stringify(c)}'`).join(',')}]::jsonb[]) c`;
  const good = Array.from({ length: 40 }, (_, i) => (i % 3 ? { score: i } : i % 2 ? { note: 'n', score: null } : {}));
  for (const [bad, key] of [[{ score: 'seven' }, 'score'], [{ score: 1.5 }, 'score'], [{ note: 7 }, 'note'], [{ note: 'n'.repeat(1001) }, 'note'], [{ other: 'of B' }, 'other'], [{ score: 1, none: 1 }, 'none']]) {
    const said = await ask(rows(...good, bad, ...good));
    assert.match(said.join('\n'), new RegExp(`23514.*${key}[^]*CONSTRAINT NAME:  custom_type`), JSON.stringify(bad));
  }
  assert.deepEqual(await ask(rows(...good)), []);
  assert.equal(pg.sql(`select count(*) from zj.customer where phone = '1370000'`)[0][0], '40');
  pg.sql(`delete from zj.custom_field where tenant_id = '${A}' and name = 'note'`);
  assert.deepEqual(await ask(`update zj.customer set name = 'changed', custom = custom || '{"score": 3}' where phone = '1370000'`), []);
  assert.match((await ask(`update zj.customer set custom = custom || '{"note": "new"}' where phone = '1370000'`)).join('\n'), /23514.*note/);
});

test('fields of one business client: also among many rows nobody else has them, and that client has those that are required', async () => {
  pg.sql(`set session_replication_role = replica; insert into zj.business_client (tenant_id, id, name, agent_link_id, management_link_id, questionnaires) values ('${A}', '${id(51)}', 'c1', '${id(9)}', '${id(9)}', '{}'), ('${A}', '${id(52)}', 'c2', '${id(9)}', '${id(9)}', '{}'); reset session_replication_role;
    insert into zj.custom_field (tenant_id, resource, name, zh, type, required, business_client_id) values ('${A}', 'customers', 'size', '号', 'integer', true, '${id(51)}')`);
  const rows = (...list) => `insert into zj.customer (tenant_id, name, phone, business_client_id, custom) values ${list.map(([c, custom]) => `('${A}', 'c', '1360000', ${c ? `'${id(c)}'` : 'null'}, '${JSON.stringify(custom)}')`).join(',')}`;
  assert.match((await ask(rows([51, { size: 4 }], [52, { size: 4 }]))).join('\n'), /23514[^]*custom_client/);
  assert.match((await ask(rows([51, { size: 4 }], [null, { size: 4 }]))).join('\n'), /23514[^]*custom_client/);
  assert.match((await ask(rows([51, { size: 4 }], [51, {}]))).join('\n'), /23502[^]*custom_client_required/);
  assert.deepEqual(await ask(rows([51, { size: 4 }], [52, {}], [null, { score: 1 }])), []);
  assert.match((await ask(`update zj.customer set business_client_id = '${id(51)}' where phone = '1360000' and business_client_id is null`)).join('\n'), /23502[^]*custom_client_required/);
  assert.match((await ask(`update zj.customer set custom = '{"size": 5}' where phone = '1360000' and business_client_id = '${id(52)}'`)).join('\n'), /23514[^]*custom_client/);
  assert.deepEqual(await ask(`update zj.customer set business_client_id = '${id(52)}' where phone = '1360000' and business_client_id = '${id(51)}'`), [], 'what it had of its client before may stay');
});
