// A migration that forgets something fails here: labels, keys, policies, indexes, the log, the recycle bin. And the indexes are used,
// as a tenant of many rows asks, behind row-level security.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startPostgres } from './pg.mjs';
import { resources, review } from './review.mjs';

let pg;
before(async () => { pg = await startPostgres(); });
after(() => pg.stop());

test('no migration forgot anything', () => {
  assert.deepEqual(review(pg), []);
});

// A table that is as it should be; each way to spoil it, and what is said of it.
const toy = (o = {}) => `set search_path = zj, public; set role zj_owner;
  create table toy (tenant_id uuid not null references tenant (id) on delete cascade, id uuid not null default zj_uuid7(), name text not null, colour text not null default 'red' check (colour in ('red', 'blue')),
    queue_id uuid, created_at timestamptz not null default now(), updated_at timestamptz not null default now(), primary key (${o.primary ?? 'tenant_id, id'}), unique (${o.unique ?? 'tenant_id, name'}),
    foreign key (tenant_id, queue_id) references queue (tenant_id, id) on delete cascade${o.more ?? ''});
  ${o.guard ?? "call zj_tenant_table('toy');"}
  comment on table toy is '{"resource":"toys","zh":"${o.tableZh ?? '玩具'}","en":"${o.en ?? 'Toy'}","scope":"tenant","label":"name","search":["name"],"big":true}';
  comment on column toy.name is '{${o.zh ?? '"zh":"名称",'}"en":"${o.nameEn ?? 'Name'}"}';
  comment on column toy.colour is '{"zh":"颜色","en":"Colour","filter":true,"enum":{"red":{"zh":"红","en":"Red"},"blue":{"zh":"蓝"${o.blue ?? ',"en":"Blue"'}}}}';
  comment on column toy.queue_id is '{"zh":"队列","en":"Queue"}';
  ${o.search ?? "call zj_searchable('toy');"} ${o.filter ?? 'create index on toy (tenant_id, colour);'} ${o.foreign ?? 'create index on toy (tenant_id, queue_id);'}
  ${o.audited ?? "call zj_audited('toy');"} ${o.recyclable ?? "call zj_recyclable('toy');"}`;

test('each thing that a migration may forget is told', () => {
  const said = (o) => {
    pg.sql(toy(o));
    try { return review(pg).filter((l) => l.startsWith('toy: ')).map((l) => l.slice(5)); } finally { pg.sql('drop table zj.toy'); }
  };
  assert.deepEqual(said({}), [], 'the good one');
  assert.deepEqual(said({ en: '' }), ['the table has no label in both languages']);
  assert.deepEqual(said({ tableZh: '' }), ['the table has no label in both languages']);
  assert.deepEqual(said({ zh: '' }), ['name: no label in both languages']);
  assert.deepEqual(said({ nameEn: '' }), ['name: no label in both languages']);
  assert.deepEqual(said({ blue: '' }), ["colour: the choice 'blue' has no label in both languages"]);
  assert.deepEqual(said({ search: '' }), ['name is searched without a trigram index']);
  assert.deepEqual(said({ filter: '' }), ['colour is a declared filter without an index']);
  assert.deepEqual(said({ foreign: '' }), ['toy_tenant_id_queue_id_fkey: a foreign key without an index']);
  assert.deepEqual(said({ audited: '' }), ['its changes are not logged (zj_audited)']);
  assert.deepEqual(said({ recyclable: '' }), ['its deleted rows are not kept (zj_recyclable)']);
  assert.deepEqual(said({ unique: 'name' }), ['toy_name_key: a key without tenant_id']);
  assert.ok(said({ more: ', box uuid references tenant (id)' }).includes('toy_box_fkey: a key without tenant_id'));
  assert.deepEqual(said({ primary: 'id, tenant_id' }), ['toy_pkey: does not begin with tenant_id']);
  assert.deepEqual(said({ zh: '"writeonly":true,"zh":"名称",' }), ["name: a secret that a request's role may read (see 0090)"]);
  const open = said({ guard: "call zj_standard_columns('toy'); grant select, insert, update, delete on toy to zj_tenant;" });
  assert.deepEqual(open, ['row-level security is not on and forced', 'no policy for zj_tenant']);
  const instead = (policy) => `call zj_tenant_table('toy'); drop policy tenant on toy; ${policy};`;
  const own = 'tenant_id = zj_tenant()';
  assert.deepEqual(said({ guard: instead(`create policy tenant on toy to zj_tenant using (${own}) with check (${own})`) }), [], 'the same again');
  const loose = "the policy of zj_tenant is not the tenant's own";
  assert.deepEqual(said({ guard: instead(`create policy tenant on toy to zj_tenant using (true) with check (${own})`) }), [loose]);
  assert.deepEqual(said({ guard: instead(`create policy tenant on toy to zj_tenant using (${own}) with check (true)`) }), [loose]);
});

const A = '018f0000-0000-7000-8000-0000000000aa', B = '018f0000-0000-7000-8000-0000000000bb';

// Twenty thousand rows of A and some of B, made from the columns' types, without triggers.
function many(t) {
  const unique = (c) => t.constraints.some((k) => k.type === 'u' && k.columns.includes(c.name));
  const value = (c) => {
    const choice = t.constraints.filter((k) => k.type === 'c' && k.columns?.[0] === c.name).map((k) => k.def.match(/ARRAY\['([^']*)'/)?.[1]).find(Boolean);
    if (c.name === 'tenant_id') return `case when i % 20 = 0 then '${B}'::uuid else '${A}'::uuid end`;
    if (c.name === 'id' || c.name === 'call_id') return 'zj.zj_uuid7()';
    if (choice) return `'${choice}'`;
    if (c.type === 'uuid') return c.comment?.filter || /_id$/.test(c.name) ? `('018f0000-0000-7000-9000-' || lpad((${unique(c) ? 'i' : 'i % 2000'})::text, 12, '0'))::uuid` : 'null::uuid';
    if (c.type === 'text') return /hash|sha256/.test(c.name) ? "lpad(i::text, 64, '0')" : '(13000000000 + i)::text';
    if (c.type.startsWith('timestamp')) return "now() - i * interval '1 minute'";
    return { 'integer': '1', 'bigint': '1', 'numeric(18,6)': '1', 'smallint': '1', 'boolean': 'true', 'date': "date '2020-01-01' + i % 2000", 'jsonb': "'{}'::jsonb", 'inet': "'192.0.2.1'::inet" }[c.type] ?? (c.type.endsWith('[]') ? `'{}'::${c.type}` : `null::${c.type}`);
  };
  const needed = new Set(pg.sql(`select attname from pg_attribute where attrelid = 'zj.${t.name}'::regclass and attnum > 0 and not attisdropped and attnotnull and (not atthasdef or attname = 'id')`).flat());
  const keep = t.columns.filter((c) => !c.generated && (needed.has(c.name) || c.comment?.filter || t.comment.search?.includes(c.name)));
  for (const k of t.constraints.filter((x) => x.type === 'c' && x.columns?.length > 1)) pg.sql(`alter table zj.${t.name} drop constraint ${k.name}`); // rules between columns are not the question
  pg.sql(`set session_replication_role = replica; insert into zj.${t.name} (${keep.map((c) => c.name).join(', ')}) select ${keep.map(value).join(', ')} from generate_series(1, 20000) i; analyze zj.${t.name}`);
}

test('big resources: search, declared filters and the first page use their indexes behind row-level security', () => {
  pg.sql(`insert into zj.tenant (tenant_id, id, name, title, sip_domain) values ('${A}', '${A}', 'a', 'A', 'a.test'), ('${B}', '${B}', 'b', 'B', 'b.test')`);
  const big = resources(pg).filter((t) => t.comment.big);
  assert.ok(big.length >= 8, `${big.map((t) => t.name)}`);
  const wrong = [];
  for (const t of big) {
    many(t);
    const explain = (where, rest = '') => pg.sql(`begin; set local role zj_tenant; select set_config('zj.tenant', '${A}', true); explain select t.tenant_id, t.id from zj.${t.name} t where ${where} ${rest}; rollback`).flat().join('\n');
    const look = (what, where, rest, index) => {
      const plan = explain(where, rest);
      if (/Seq Scan on (?!.*_(default|\d{6})\b)/.test(plan) || !index.test(plan)) wrong.push(`${t.name}: ${what}\n${plan}`);
    };
    if (t.comment.search) look('search', `(${t.comment.search.map((s) => `${s} ilike '%1300001%234%'`).join(' or ')})`, '', new RegExp(`Bitmap Index Scan on \\w+_(search|${t.comment.search.join('_')}_idx)`)); // a partition's is named by its columns
    for (const c of t.columns.filter((x) => x.comment?.filter)) {
      const to = { 'uuid': "= '018f0000-0000-7000-9000-000000000007'", 'text': "= '13000000321'", 'date': "= date '2020-02-01'", 'integer': '= 7', 'bigint': '= 7', 'smallint': '= 7', 'inet': "= '198.51.100.1'" }[c.type] ?? (c.type.startsWith('timestamp') ? "> now() - interval '30 minutes'" : null);
      if (to) look(c.name, `${c.name} ${to}`, '', new RegExp(`Index Cond: .*\\b${c.name}\\b`));
    }
    look('the first page', 'true', `order by ${t.indexes.some((i) => i.columns[0] === 'tenant_id' && i.columns[1] === 'id') ? 'tenant_id desc, id' : 'id'} desc limit 50`, /Index (Only )?Scan/);
  }
  assert.deepEqual(wrong, []);
});
