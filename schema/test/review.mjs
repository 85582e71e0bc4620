// What a migration may forget: reads the catalogue and says what is missing, one sentence each.

// Resources whose deleted rows are not kept, each for the reason given.
const NOT_RECYCLED = {
  tenant: 'only marked as deleted', setting: 'cannot be deleted', job: 'a job is what it did; its row goes with its files', upload: 'a file is deleted to be gone', preference: 'nobody misses one',
  kb_view: 'a log of readers',
};
// Whose changes are not logged.
const NOT_LOGGED = {
  job: 'it says itself what became of it', upload: 'a file on its way', preference: 'everybody\'s own', kb_view: 'a log of readers', pool_move: 'a log of moves',
};
// Shown to the carrier alone.
const CARRIERS = ['number.cost', 'number.supplier'];
// Rows of the carrier's that all tenants read, and change nothing of (docs/decisions/112).
const READ_BY_ALL = { prompt: 'system / r' };
const OWN = '(tenant_id = zj_tenant()) / (tenant_id = zj_tenant())';
const RIGHTS = `(has_any_column_privilege('zj_tenant', c.oid, 'insert') or has_any_column_privilege('zj_tenant', c.oid, 'update') or has_table_privilege('zj_tenant', c.oid, 'delete')
  or has_any_column_privilege('zj_carrier', c.oid, 'insert') or has_any_column_privilege('zj_carrier', c.oid, 'update') or has_table_privilege('zj_carrier', c.oid, 'delete'))`;

export function resources(pg) {
  const json = (sql) => JSON.parse(pg.sql(`select coalesce(jsonb_agg(to_jsonb(x)), '[]') from (${sql}) x`)[0][0]);
  const tables = json(`select c.relname as name, obj_description(c.oid)::json as comment, ${RIGHTS} as written,
      has_table_privilege('zj_tenant', c.oid, 'delete') or has_table_privilege('zj_carrier', c.oid, 'delete') as deleted,
      c.relrowsecurity and c.relforcerowsecurity as guarded,
      (select json_agg(pg_get_expr(p.polqual, c.oid) || ' / ' || coalesce(pg_get_expr(p.polwithcheck, c.oid), p.polcmd::text)) from pg_policy p where p.polrelid = c.oid and p.polpermissive and 'zj_tenant'::regrole = any (p.polroles)) as policies,
      (select json_agg(t.tgname) from pg_trigger t where t.tgrelid = c.oid) as triggers
    from pg_class c where c.relnamespace = 'zj'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and obj_description(c.oid) like '{%'`);
  const columns = json(`select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, nullif(col_description(c.oid, a.attnum), '') as comment, a.attgenerated <> '' as generated,
      has_column_privilege('zj_tenant', c.oid, a.attnum, 'select') as tenant_reads, has_column_privilege('zj_carrier', c.oid, a.attnum, 'select') as carrier_reads
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where c.relnamespace = 'zj'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`);
  const constraints = json(`select c.relname as table, p.conname as name, p.contype as type, pg_get_constraintdef(p.oid) as def, f.relname as ref,
      (select json_agg(a.attname order by k.n) from unnest(p.conkey) with ordinality k (col, n) join pg_attribute a on a.attrelid = c.oid and a.attnum = k.col) as columns
    from pg_constraint p join pg_class c on c.oid = p.conrelid left join pg_class f on f.oid = p.confrelid where c.relnamespace = 'zj'::regnamespace and not c.relispartition and p.conparentid = 0`);
  const indexes = json(`select c.relname as table, m.amname as method, i.indisunique as unique, pg_get_expr(i.indpred, c.oid) as partial,
      (select json_agg(a.attname order by k.n) from unnest(i.indkey::smallint[]) with ordinality k (col, n) left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.col) as columns,
      (select json_agg(o.opcname order by k.n) from unnest(i.indclass::oid[]) with ordinality k (op, n) join pg_opclass o on o.oid = k.op) as classes
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam where c.relnamespace = 'zj'::regnamespace and not c.relispartition`);
  const of = (list, t) => list.filter((x) => x.table === t);
  return tables.map((t) => ({
    ...t, policies: t.policies ?? [], triggers: t.triggers ?? [], constraints: of(constraints, t.name), indexes: of(indexes, t.name),
    columns: of(columns, t.name).map((c) => ({ ...c, comment: c.comment?.startsWith('{') ? JSON.parse(c.comment) : null })),
  }));
}

const labelled = (x) => Boolean(x && x.zh && x.en);

// The values of `check (x in ('a', 'b'))`.
function choices(table, column) {
  for (const k of table.constraints) {
    if (k.type !== 'c' || k.columns?.length !== 1 || k.columns[0] !== column.name) continue;
    const list = k.def.match(/= ANY \(ARRAY\[([^\]]*)\]/)?.[1];
    if (list) return [...list.matchAll(/'([^']*)'/g)].map((m) => m[1]);
  }
  return null;
}

function labels(t, say) {
  if (!labelled(t.comment)) say('the table has no label in both languages');
  for (const c of t.columns) {
    if (!labelled(c.comment)) { say(`${c.name}: no label in both languages`); continue; }
    const values = c.comment.hidden ? null : choices(t, c);
    for (const v of values ?? []) if (!labelled(c.comment.enum?.[v])) say(`${c.name}: the choice '${v}' has no label in both languages`);
    if (c.comment.group && !labelled(t.comment.groups?.[c.comment.group])) say(`${c.name}: the group '${c.comment.group}' has no label in both languages`);
  }
}

// An index that finds `column` within a tenant: (tenant_id, column, …), (column, …) of all tenants, or an inverted one.
const finds = (t, column) => t.indexes.some((i) => i.method === 'btree' ? i.columns[0] === column || (i.columns[0] === 'tenant_id' && i.columns[1] === column) : i.columns.includes(column));
const searches = (t, column) => t.indexes.some((i) => i.method === 'gin' && i.classes[i.columns.indexOf(column)] === 'gin_trgm_ops');

function indexed(t, say) {
  const has = (name) => t.columns.some((c) => c.name === name);
  for (const s of t.comment.search ?? []) {
    if (!has(s)) say(`search names ${s}, which is no column`);
    else if (!searches(t, s)) say(`${s} is searched without a trigram index`);
  }
  for (const c of t.columns) if (c.comment?.filter && !finds(t, c.name)) say(`${c.name} is a declared filter without an index`);
  for (const k of t.constraints) {
    const own = k.columns?.filter((c) => c !== 'tenant_id') ?? [];
    if (k.type === 'f' && own.length && !finds(t, own[0]) && (t.comment.big || k.def.includes('ON DELETE CASCADE'))) say(`${k.name}: a foreign key without an index`);
  }
}

function keyed(t, say) {
  for (const k of t.constraints) {
    if (['p', 'u', 'f'].includes(k.type) && !k.columns.includes('tenant_id') && !['tenant_pkey', 'tenant_name_key', 'tenant_sip_domain_key', 'number_global', 'number_alias_global'].includes(k.name)) say(`${k.name}: a key without tenant_id`);
    if (k.type === 'p' && k.columns[0] !== 'tenant_id' && t.name !== 'tenant') say(`${k.name}: does not begin with tenant_id`);
  }
  if (!t.guarded) say('row-level security is not on and forced');
  if (!t.policies.length && t.comment.scope === 'tenant') say('no policy for zj_tenant');
  if (t.policies.some((p) => p.replaceAll('zj.', '') !== OWN && p !== READ_BY_ALL[t.name])) say("the policy of zj_tenant is not the tenant's own");
}

function followed(t, say) {
  if (t.written && !(t.name in NOT_LOGGED) && !['audit_i', 'audit_u', 'audit_d'].every((n) => t.triggers.includes(n))) say('its changes are not logged (zj_audited)');
  if (t.deleted && !(t.name in NOT_RECYCLED) && !t.triggers.includes('zz_recycle')) say('its deleted rows are not kept (zj_recyclable)');
  if (t.comment.custom && !t.triggers.includes('custom_i')) say('custom fields without their check (zj_customizable)');
  if (t.comment.quota && !t.triggers.includes('quota')) say('a quota that nobody counts (zj_quota)');
  if (t.comment.scoped && t.policies.length && !t.scoped) say('a scope without its policy (zj_scoped)');
}

// What nobody may see is not granted either; what is shown is.
function granted(t, say) {
  for (const c of t.columns) {
    const secret = c.comment?.writeonly || (c.comment?.hidden && /password|secret|ha1|hash/.test(c.name));
    if (secret && (c.tenant_reads || c.carrier_reads)) say(`${c.name}: a secret that a request's role may read (see 0090)`);
    for (const who of ['tenant_reads', 'carrier_reads']) {
      if (!secret && !c.comment?.hidden && !CARRIERS.includes(`${t.name}.${c.name}`) && !c[who] && t.columns.some((x) => x[who])) say(`${c.name}: ${who.replace('_', ' may not ').replace('reads', 'read')} it, though it is shown`);
    }
  }
}

// All that is missing, as "table: sentence".
export function review(pg) {
  const scoped = new Set(pg.sql(`select distinct c.relname from pg_policy p join pg_class c on c.oid = p.polrelid where not p.polpermissive and 'zj_tenant'::regrole = any (p.polroles)`).flat());
  const wrong = [];
  for (const t of resources(pg)) {
    t.scoped = scoped.has(t.name);
    for (const look of [labels, keyed, indexed, followed, granted]) look(t, (text) => wrong.push(`${t.name}: ${text}`));
  }
  return wrong;
}
