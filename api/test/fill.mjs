// A row in every resource of a tenant, made from the catalogue: what nobody remembers to add to a test is in it by itself.

const columnsSql = `select t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull and not a.atthasdef and a.attidentity = '' and a.attgenerated = '',
    obj_description(t.oid)::json->>'resource',
    (select f.relname from pg_constraint c join pg_class f on f.oid = c.confrelid where c.conrelid = t.oid and c.contype = 'f' and cardinality(c.conkey) = 2
      and a.attnum = c.conkey[2] and f.relname <> 'tenant' limit 1),
    coalesce((select replace(string_agg(pg_get_constraintdef(c.oid), ' '), e'\n', ' ') from pg_constraint c where c.conrelid = t.oid and c.contype = 'c' and a.attnum = any (c.conkey)), '')
  from pg_class t join pg_namespace n on n.oid = t.relnamespace join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
 where n.nspname = 'zj' and t.relkind in ('r', 'p') and not t.relispartition and obj_description(t.oid) like '{%' and obj_description(t.oid)::json->>'resource' is not null order by 1, a.attnum`;

// Texts that satisfy most patterns; the first that the column's own check takes is used.
const TEXTS = ['x1', '7001', 'x', '138', '+8613800000001', 'a@b.test', 'queues', 'queues.read', 'name', 'text', '#000000', '09:00', '{"a":1}', 'https://a.test/', 'f'.repeat(64), '127.0.0.9', '/srv/a'];
const VALUES = {
  uuid: ['018f0000-0000-7000-8000-00000000beef'], integer: ['1', '500'], bigint: ['1'], smallint: ['1'], numeric: ['1'], boolean: ['true'], 'timestamp with time zone': ['now()', "now() + interval '1 day'"],
  date: ['current_date'], inet: ["'127.0.0.9'"], cidr: ["'127.0.0.9'"], jsonb: ["'{}'", "'[]'"], json: ["'{}'"], xid8: ['pg_current_xact_id()'], 'text[]': ["'{}'"], 'uuid[]': ["'{}'", "'{018f0000-0000-7000-8000-00000000beef}'"], 'time without time zone': ["'09:00'"],
};

// Texts that the column's own pattern and length take, as far as that can be read from the check; else all of them.
function fitting(column, check) {
  if (check.includes('zj_is_day')) return ['01-01'];
  const pattern = check.match(new RegExp(`\\(?${column} ~ '((?:[^']|'')*)'`))?.[1].replaceAll("''", "'");
  const fits = pattern ? TEXTS.filter((t) => { try { return new RegExp(pattern).test(t); } catch { return true; } }) : TEXTS;
  return fits.length ? fits : TEXTS;
}

function candidates(column, type, check) {
  const choice = check.match(/= ANY \(ARRAY\['([^']*)'/)?.[1];
  if (choice !== undefined) return [`'${choice}'`];
  const found = Object.entries(VALUES).find(([name]) => type.startsWith(name) && (type.endsWith('[]') === name.endsWith('[]')));
  if (column === 'id') return ['zj.zj_uuid7()'];
  if (type === 'uuid') return [`'${VALUES.uuid[0]}'`];
  return found ? found[1] : fitting(column, check).map((t) => `'${t}'`);
}

// Every choice of one candidate for each column, the first choices first; `limit` bounds it.
function* choices(lists, limit = 100) {
  const index = lists.map(() => 0);
  for (let n = 0; n < limit; n++) {
    yield index.map((k, i) => lists[i][k]);
    let i = 0;
    while (i < index.length && ++index[i] === lists[i].length) index[i++] = 0;
    if (i === index.length) return;
  }
}

// {resource: id} of rows of `tenant`. Triggers and foreign keys are off while they are made: what they are worth is another test's question.
export async function fillTenant(pg, tenant) {
  const psql = pg.session();
  await psql.run(`set session_replication_role = replica; set zj.tenant = '${tenant}'; set zj.account = '${VALUES.uuid[0]}'`);
  const tables = new Map();
  for (const [table, column, type, required, resource, ref, check] of pg.sql(columnsSql)) {
    if (!tables.has(table)) tables.set(table, { resource, columns: [] });
    tables.get(table).columns.push({ column, type, required: required === 't', ref, check });
  }
  const ids = {};
  for (const [table, { resource, columns }] of tables) {
    [ids[resource]] = await psql.run(`select id from zj."${table}" where tenant_id = '${tenant}' order by id limit 1`);
    const required = columns.filter((c) => c.required && c.column !== 'tenant_id');
    // A rule over several columns ("one of both") may want one that is not required by itself.
    const attempts = [required, ...columns.filter((c) => !c.required && c.type === 'uuid' && c.ref).map((c) => [...required, c])];
    let last;
    for (const [wanted, values] of attempts.flatMap((w) => [...choices(w.map((c) => candidates(c.column, c.type, c.check)), w === required ? 60 : 5)].map((v) => [w, v]))) {
      if (ids[resource]) break;
      const [answer] = await psql.run(`insert into zj."${table}" (${['tenant_id', ...wanted.map((c) => `"${c.column}"`)]}) values (${[`'${tenant}'`, ...values]}) returning id`);
      if (/^[0-9a-f-]{36}$/.test(answer ?? '')) ids[resource] = answer;
      else last = answer;
    }
    if (!ids[resource]) {
      await psql.end();
      throw new Error(`no row could be made in ${table}: ${last}`);
    }
  }
  await psql.end();
  return ids;
}
