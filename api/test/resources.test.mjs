// Logging in, resources and errors, over HTTP with a real database.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, sleep, startEnv, until, uuid } from './env.mjs';

let env, carrier, admin;
before(async () => { env = await startEnv(); carrier = await env.carrier(); admin = await env.tenant('alpha'); });
after(() => env.close());
const faults = (r) => (r.body.errors ?? []).map((e) => `${e.field}:${e.rule}`).sort();

test('login answers token, account, permissions and tenant; the cookie is HttpOnly and strict', async () => {
  const r = await new Client(env).post('/login', { tenant: 'alpha', username: 'admin', password: 'tenant-password' });
  assert.equal(r.status, 200);
  assert.match(r.body.token, /^zjs_[\w-]{64}$/);
  assert.deepEqual(r.body.permissions, ['*']);
  assert.equal(r.body.tenant.name, 'alpha');
  assert.equal(r.body.account.username, 'admin');
  const cookie = r.headers.get('set-cookie');
  assert.match(cookie, /^zj_session=zjs_/);
  assert.match(cookie, /HttpOnly/);
  assert.match(cookie, /SameSite=Strict/);
  assert.ok(!JSON.stringify(r.body).includes('argon2id'));
});

test('a wrong password, user or tenant: the same answer; too many tries are held back', async () => {
  const nobody = new Client(env);
  const tries = [{ tenant: 'alpha', username: 'admin', password: 'x' }, { tenant: 'alpha', username: 'nobody', password: 'x' }, { tenant: 'nowhere', username: 'admin', password: 'x' }];
  const took = [];
  for (const body of tries) {
    const t = performance.now();
    const r = await nobody.post('/login', body);
    took.push(performance.now() - t);
    assert.equal(r.status, 401);
    assert.equal(r.body.type, 'urn:zongji:problem:login');
    assert.equal(r.body.detail, 'tenant, user name or password is wrong');
  }
  assert.ok(Math.min(...took) > 5, `nobody is refused without computing: ${took}`);
  let last;
  for (let i = 0; i < 12; i++) last = await nobody.post('/login', { tenant: 'alpha', username: 'guess', password: `x${i}` });
  assert.equal(last.status, 429);
  assert.ok(Number(last.headers.get('retry-after')) > 0);
  assert.equal((await nobody.post('/login', { tenant: 'alpha', username: 'admin', password: 'tenant-password' })).status, 200, 'others are not held back');
});

test('a login with an unknown or mistyped field is told so', async () => {
  assert.deepEqual(faults(await new Client(env).post('/login', { user: 'a', username: 1 })), ['password:required', 'user:unknown_field', 'username:type']);
});

test('the session: asked for, kept over a restart of the api, ended by logout', async () => {
  const s = await env.login({ tenant: 'alpha', username: 'admin', password: 'tenant-password' });
  assert.equal((await s.get('/session')).body.csrf, s.session.csrf);
  await sleep(50);
  await env.stopApi('SIGKILL');
  await env.startApi();
  assert.equal((await s.get('/session')).status, 200);
  assert.equal((await s.post('/logout', {})).status, 204);
  assert.equal((await s.get('/session')).status, 401);
});

test('with the cookie a write needs the CSRF token, a read does not', async () => {
  const s = await env.login({ tenant: 'alpha', username: 'admin', password: 'tenant-password' });
  const cookie = { cookie: `zj_session=${s.token}` };
  const browser = new Client(env, null, cookie);
  assert.equal((await browser.get('/queues')).status, 200);
  const r = await browser.post('/busy-reasons', { name: 'csrf' });
  assert.equal(r.status, 403);
  assert.equal(r.body.type, 'urn:zongji:problem:csrf');
  assert.equal((await browser.post('/busy-reasons', { name: 'csrf' }, { 'x-zj-csrf': '0'.repeat(32) })).status, 403);
  assert.equal((await browser.post('/busy-reasons', { name: 'csrf' }, { 'x-zj-csrf': s.session.csrf })).status, 201);
});

test('create, read, change, delete; ETag, If-Match, Location, 304', async () => {
  const made = await admin.post('/queues', { number: '4001', name: 'Sales', wrapup_s: 2 });
  assert.equal(made.status, 201);
  assert.equal(made.headers.get('location'), `/api/v1/queues/${made.body.id}`);
  assert.equal(made.body.strategy, 'longest_idle');
  assert.ok(!('tenant_id' in made.body));
  const path = `/queues/${made.body.id}`;
  const one = await admin.get(path);
  assert.deepEqual(one.body, made.body);
  assert.equal(one.headers.get('etag'), made.headers.get('etag'));
  assert.equal((await admin.get(path, { 'if-none-match': one.headers.get('etag') })).status, 304);
  const changed = await admin.patch(path, { name: 'Sales 2' }, { 'if-match': one.headers.get('etag') });
  assert.equal(changed.status, 200);
  assert.ok(changed.body.updated_at > one.body.updated_at);
  assert.equal((await admin.patch(path, { name: 'Sales 3' }, { 'if-match': one.headers.get('etag') })).status, 412);
  assert.equal((await admin.delete(path, { 'if-match': one.headers.get('etag') })).status, 412);
  assert.equal((await admin.delete(path)).status, 204);
  assert.equal((await admin.get(path)).status, 404);
  assert.equal((await admin.patch(path, { name: 'x' })).status, 404);
  assert.equal((await admin.delete(path)).status, 404);
});

test('every fault is named: field, rule, zh and en', async () => {
  let r = await admin.post('/queues', { number: '40x1', name: '', wrapup_s: -1, strategy: 'best', ring_timeout_s: 301 });
  assert.equal(r.status, 422);
  assert.equal(r.headers.get('content-type'), 'application/problem+json');
  assert.deepEqual(faults(r), ['name:required', 'number:pattern', 'ring_timeout_s:max', 'strategy:enum', 'wrapup_s:min']);
  for (const e of r.body.errors) assert.ok(e.zh && e.en, JSON.stringify(e));
  assert.equal(r.body.request, r.headers.get('x-request-id'));
  r = await admin.post('/queues', { number: '40x1', name: 'a' });
  assert.deepEqual(r.body.errors[0].pattern, '^[0-9]{1,16}$');
  assert.deepEqual(faults(await admin.post('/queues', {})), ['name:required', 'number:required']);
  r = await admin.post('/queues', { number: 4002, name: 'a', nome: 1 });
  assert.equal(r.status, 400);
  assert.deepEqual(faults(r), ['nome:unknown_field', 'number:type']);
  r = await admin.post('/queues', { number: '4002', name: 'a', music_id: uuid });
  assert.equal(r.status, 422);
  assert.deepEqual(faults(r), ['music_id:reference']);
  r = await admin.post('/queues', { number: '4002', name: 'a', music_id: 'nonsense' });
  assert.deepEqual(faults(r), ['music_id:format']);
  r = await admin.post('/queues', { number: '4002', name: 'a', overflow_kind: 'queue' });
  assert.equal(r.status, 422);
  r = await admin.post('/queues', '{"number":"4002",\n "name":}', { 'content-type': 'application/json' });
  assert.equal(r.status, 400);
  assert.equal(r.body.type, 'urn:zongji:problem:json');
  assert.deepEqual([r.body.line, r.body.column], [2, 9]);
  assert.equal((await admin.post('/queues', '[]', { 'content-type': 'application/json' })).body.type, 'urn:zongji:problem:type');
  assert.equal((await admin.post('/queues', '<a/>', { 'content-type': 'text/xml' })).status, 415);
  r = await admin.post('/queues', { id: uuid, created_at: '2020-01-01T00:00:00Z', number: '4002', name: 'a' });
  assert.deepEqual(faults(r), ['created_at:readonly', 'id:readonly']);
  r = await admin.post('/trunks', { name: 't', host: 'non sense' });
  assert.deepEqual(faults(r), ['host:check']);
  r = await admin.post('/blacklist', { number: '123', valid_from: 'yesterday' });
  assert.deepEqual(faults(r), ['valid_from:format']);
  r = await admin.post('/blacklist', { number: '123', valid_from: '2026-01-02T00:00:00Z', valid_until: '2026-01-01T00:00:00Z' });
  assert.deepEqual(faults(r), ['valid_from:check', 'valid_until:check']);
  await admin.make('queues', { number: '4010', name: 'once' });
  r = await admin.post('/queues', { number: '4010', name: 'twice' });
  assert.equal(r.status, 409);
  assert.deepEqual(faults(r), ['number:unique']);
  r = await admin.post('/extensions', { number: '1001', password: 'short' });
  assert.deepEqual(faults(r), ['password:min_length']);
  assert.deepEqual(faults(await admin.post('/extensions', { number: '1001' })), ['password:required']);
  assert.equal((await admin.patch('/queues/nonsense', { name: 'x' })).status, 404);
  assert.equal((await admin.get('/nonsense')).status, 404);
  const put = await admin.put('/queues', {});
  assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET, POST']);
  assert.equal((await admin.get('/queues/a/b/c/d/e/f/g/h')).status, 404);
  assert.equal((await admin.get('/login')).status, 405);
  assert.equal((await admin.post('/bogus/x', {})).status, 404);
});

test('secrets are never shown: passwords, digests', async () => {
  const e = await admin.make('extensions', { number: '1009', password: 'at-least-8' });
  assert.ok(!('password' in e) && !('ha1' in e));
  const [[ha1, password]] = env.pg.sql(`select ha1, password from zj.extension where number = '1009'`);
  assert.equal(password, '');
  assert.match(ha1, /^[0-9a-f]{32}$/);
  const accounts = await admin.get('/accounts');
  assert.ok(!JSON.stringify(accounts.body).includes('argon2'));
  assert.match(env.pg.sql(`select password from zj.account limit 1`)[0][0], /^\$argon2id\$/);
  assert.equal((await admin.get('/extensions?filter[ha1]=x')).status, 400);
  assert.equal((await admin.get('/accounts?filter[password][starts]=$')).status, 400);
  assert.equal((await admin.get('/accounts?sort=password')).status, 400);
  for (const secret of ['tenant-password', 'carrier-password', 'at-least-8']) assert.ok(!env.log().includes(secret), `${secret} is in the log`);
});

test('a referenced row cannot be deleted: 409 that says by whom', async () => {
  const role = await admin.make('roles', { name: 'used', permissions: ['queues.read'] });
  await admin.make('accounts', { username: 'user-of-role', name: 'x', password: 'long-enough', role_id: role.id });
  const r = await admin.delete(`/roles/${role.id}`);
  assert.equal(r.status, 409);
  assert.equal(r.body.type, 'urn:zongji:problem:referenced');
  assert.match(r.body.detail, /account/);
});

test('lists: filters, sort, pages over equal values and nulls, total', async () => {
  const groups = [await admin.make('agent-groups', { name: 'g1' }), null, await admin.make('agent-groups', { name: 'g2' })];
  for (let i = 0; i < 9; i++) await admin.make('agents', { number: String(100 + i), name: `Agent ${i % 3} 100%_${i}`, group_id: groups[i % 3]?.id ?? null });
  const numbers = (r) => r.body.items.map((x) => x.number);
  for (const sort of ['name', '-name', 'group_id,-number', '-group_id', '-group_id,name', 'enabled,number', '-created_at']) {
    const all = await admin.get(`/agents?sort=${sort}&limit=200&count=true`);
    assert.equal(all.body.total, 9, sort);
    const paged = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages++) {
      const r = await admin.get(`/agents?sort=${sort}&limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      assert.equal(r.status, 200, JSON.stringify(r.body));
      paged.push(...numbers(r));
      cursor = r.body.next;
      if (!cursor) break;
    }
    assert.deepEqual(paged, numbers(all), sort);
  }
  const list = async (q) => numbers(await admin.get(`/agents?sort=number&${q}`));
  assert.deepEqual(await list('filter[number]=104'), ['104']);
  assert.deepEqual(await list('filter[number][ne]=104&filter[number][ge]=103&filter[number][lt]=106'), ['103', '105']);
  assert.deepEqual(await list('filter[number][in]=101,103,999'), ['101', '103']);
  assert.deepEqual(await list('filter[name][contains]=0%25_4'), ['104']);
  assert.deepEqual(await list('filter[name][starts]=agent%202&filter[number][le]=105'), ['102', '105']);
  assert.deepEqual((await list('filter[group_id][null]=true')).length, 3);
  assert.deepEqual((await list(`filter[group_id]=${groups[0].id}&filter[enabled]=true`)).length, 3);
  assert.deepEqual((await list(`filter[group_id][in]=${groups[0].id},${groups[2].id}`)).length, 6);
  assert.deepEqual(await list(`filter[created_at][lt]=2020-01-01T00:00:00Z`), []);
  const roles = await admin.get('/roles?filter[permissions][contains]=queues.read');
  assert.ok(roles.body.items.length >= 1);
});

test('a bad list query names what is wrong', async () => {
  for (const q of ['filter[bogus]=1', 'filter[number][almost]=1', 'filter[group_id]=x', 'filter[enabled]=maybe', 'filter[number', 'sort=bogus', 'sort=id,name,number,enabled', 'limit=0',
    'limit=201', 'limit=ten', 'cursor=abc', 'bogus=1', 'filter[number]=%zz', 'filter[created_at][gt]=soon']) {
    const r = await admin.get(`/agents?${q}`);
    assert.equal(r.status, 400, q);
    assert.equal(r.body.type, 'urn:zongji:problem:query', q);
    assert.ok(r.body.errors[0].en, q);
  }
});

test('a repeated POST with the same Idempotency-Key gets the first answer', async () => {
  const key = { 'idempotency-key': 'k-1' }, row = { name: 'idem' };
  const [a, b] = await Promise.all([admin.post('/busy-reasons', row, key), admin.post('/busy-reasons', row, key)]);
  assert.deepEqual([a.status, b.status], [201, 201]);
  assert.equal(a.body.id, b.body.id);
  const c = await admin.post('/busy-reasons', row, key);
  assert.equal(c.headers.get('idempotent-replay'), 'true');
  assert.deepEqual(c.body, a.body);
  assert.equal(c.headers.get('location'), a.headers.get('location'));
  assert.equal((await admin.post('/busy-reasons', { name: 'other' }, key)).status, 422);
  assert.equal((await admin.post('/busy-reasons', row)).status, 409, 'without the key it is another request');
  assert.equal((await admin.post('/busy-reasons', { name: 'bad', limit_s: -1 }, { 'idempotency-key': 'k-2' })).status, 422);
  assert.equal((await admin.post('/busy-reasons', { name: 'bad', limit_s: 1 }, { 'idempotency-key': 'k-2' })).status, 201, 'a refused request keeps no key');
});

test('permissions: what a role does not allow is 403 and says which; unknown ones are 422', async () => {
  const clerk = await env.clerk(admin, 'reader', ['queues.read', 'agents.*']);
  assert.equal((await clerk.get('/queues')).status, 200);
  const r = await clerk.post('/queues', { number: '4444', name: 'x' });
  assert.equal(r.status, 403);
  assert.equal(r.body.permission, 'queues.create');
  assert.equal((await clerk.get('/flows')).body.permission, 'flows.read');
  assert.equal((await clerk.post('/agents', { number: '777', name: 'x' })).status, 201);
  assert.equal((await clerk.get('/live/board')).status, 403);
  const bad = await admin.post('/roles', { name: 'bad', permissions: ['queues.read', 'queues.fly', '*.*'] });
  assert.equal(bad.status, 422);
  assert.deepEqual(bad.body.errors.map((e) => e.permission), ['queues.fly', '*.*']);
});

test('nobody gives, or takes from one who has, more than he has himself', async () => {
  const clerk = await env.clerk(admin, 'deputy', ['roles.write', 'roles.read', 'accounts.write', 'accounts.read', 'tokens.write', 'queues.read']);
  const beyond = (r) => assert.equal(r.body.type, 'urn:zongji:problem:beyond_own', JSON.stringify(r.body));
  beyond(await clerk.post('/roles', { name: 'more', permissions: ['queues.write'] }));
  beyond(await clerk.post('/roles', { name: 'all', permissions: ['*'] }));
  assert.equal((await clerk.post('/roles', { name: 'less', permissions: ['queues.read'] })).status, 201);
  const boss = (await admin.get('/accounts?filter[username]=admin')).body.items[0];
  beyond(await clerk.patch(`/accounts/${boss.id}`, { password: 'stolen-password' }));
  beyond(await clerk.delete(`/accounts/${boss.id}`));
  beyond(await clerk.patch(`/accounts/${clerk.account.id}`, { role_id: boss.role_id }));
  beyond(await clerk.post('/accounts', { username: 'puppet', name: 'x', password: 'long-enough', role_id: boss.role_id }));
  beyond(await clerk.patch(`/roles/${boss.role_id}`, { name: 'weak' }));
  beyond(await clerk.post('/tokens', { name: 't', permissions: ['queues.write'] }));
});

test('access tokens: shown once, no more than they say, ended at once', async () => {
  const t = await admin.make('tokens', { name: 'crm', permissions: ['queues.read'] });
  assert.match(t.token, /^zjt_/);
  assert.ok(!('hash' in t));
  const program = new Client(env, t.token);
  assert.equal((await program.get('/queues')).status, 200);
  assert.equal((await program.get('/agents')).status, 403);
  assert.equal((await program.post('/queues', { number: '1', name: 'x' })).status, 403);
  assert.equal((await admin.get(`/tokens/${t.id}`)).body.token, undefined);
  await admin.patch(`/tokens/${t.id}`, { enabled: false });
  assert.equal((await program.get('/queues')).status, 401);
  const old = new Client(env, (await admin.make('tokens', { name: 'old', permissions: ['*'], expires_at: '2020-01-01T00:00:00Z' })).token);
  assert.equal((await old.get('/queues')).status, 401);
});

test('a disabled account, a new password, a changed role, a disabled tenant: in effect at once', async () => {
  const clerk = await env.clerk(admin, 'leaver', ['queues.read']);
  assert.equal((await clerk.get('/queues')).status, 200);
  await admin.patch(`/roles/${clerk.role.id}`, { permissions: [] });
  assert.equal((await clerk.get('/queues')).status, 403, 'role');
  await admin.patch(`/accounts/${clerk.account.id}`, { password: 'another-password' });
  assert.equal((await clerk.get('/session')).status, 401, 'password');
  const again = await env.login({ tenant: 'alpha', username: 'leaver', password: 'another-password' });
  await admin.patch(`/accounts/${clerk.account.id}`, { enabled: false });
  assert.equal((await again.get('/session')).status, 401, 'disabled');
  assert.equal((await new Client(env).post('/login', { tenant: 'alpha', username: 'leaver', password: 'another-password' })).status, 401);
  const beta = await env.tenant('shut');
  await carrier.patch(`/tenants/${beta.tenant.id}`, { enabled: false });
  assert.equal((await beta.get('/session')).status, 401, 'tenant');
});

test('the carrier: its resources over all tenants, a tenant entered by header', async () => {
  const beta = await env.tenant('beta');
  assert.equal((await carrier.get('/queues')).status, 403);
  const inside = new Client(env, carrier.token, { 'x-zj-tenant': beta.tenant.id });
  const q = await inside.make('queues', { number: '4001', name: 'made by the carrier' });
  assert.equal((await beta.get(`/queues/${q.id}`)).body.name, 'made by the carrier');
  assert.equal((await inside.get('/session')).body.tenant.name, 'beta');
  const n = await carrier.make('numbers', { tenant_id: beta.tenant.id, number: '0215550001' });
  assert.equal((await beta.get('/numbers')).body.items[0].number, '0215550001');
  assert.equal((await beta.post('/numbers', { number: '999' })).status, 403);
  assert.equal((await carrier.post('/numbers', { tenant_id: admin.tenant.id, number: '0215550001' })).status, 409);
  const d = await carrier.make('inbound-routes', { tenant_id: beta.tenant.id, name: 'r', did_match: 'number', number_id: n.id, destination_kind: 'queue', destination_id: q.id });
  assert.equal(d.tenant_id, beta.tenant.id);
  const wrong = await admin.post('/inbound-routes', { name: 'r', did_match: 'number', number_id: n.id, destination_kind: 'hangup' });
  assert.equal(wrong.status, 422);
  assert.equal((await carrier.get(`/inbound-routes?filter[tenant_id]=${beta.tenant.id}`)).body.items.length, 1);
  assert.equal((await beta.patch(`/tenants/${beta.tenant.id}`, { title: '贝塔', max_calls: 9 })).body.errors[0].field, 'max_calls');
  assert.equal((await beta.patch(`/tenants/${beta.tenant.id}`, { title: '贝塔' })).body.title, '贝塔');
  assert.equal((await beta.get('/tenants')).body.items.length, 1);
  assert.equal((await carrier.delete(`/numbers/${n.id}`)).status, 204);
  assert.equal((await beta.get('/inbound-routes')).body.items.length, 0);
});

test('meta: fields with types, labels, rules; what the caller may do', async () => {
  const { resources } = (await admin.get('/meta/resources')).body;
  const queues = resources.find((r) => r.name === 'queues'), field = (n) => queues.fields.find((f) => f.name === n);
  assert.deepEqual(queues.can, { list: true, create: true, update: true, delete: true, export: true, import: true, restore: true, history: true });
  assert.deepEqual(field('strategy').enum, ['longest_idle', 'round_robin', 'fewest_calls']);
  assert.deepEqual([field('wrapup_s').min, field('wrapup_s').max, field('wrapup_s').default], [0, 3600, 10]);
  assert.equal(field('music_id').ref, 'prompts');
  assert.equal(field('number').required, true);
  assert.equal(field('id').readonly, true);
  for (const r of resources) for (const f of r.fields) assert.ok(f.zh && f.en, `${r.name}.${f.name} has labels`);
  const reader = await env.clerk(admin, 'meta-reader', ['queues.read']);
  const seen = (await reader.get('/meta/resources')).body.resources.find((r) => r.name === 'queues');
  assert.deepEqual(seen.can, { list: true, create: false, update: false, delete: false, export: false, import: false, restore: false, history: true });
  const names = (await admin.get('/meta/permissions')).body.permissions.map((p) => p.name);
  for (const p of ['*', 'live.read', 'queues.read', 'queues.write', 'recordings.listen', 'agents.control', 'calls.control', 'tenants.enter']) assert.ok(names.includes(p), p);
  assert.ok(!names.includes('calls.write'));
});

test('OpenAPI 3.1 describes resources and special routes', async () => {
  const doc = (await new Client(env).get('/openapi.json')).body;
  assert.equal(doc.openapi, '3.1.0');
  assert.equal(doc.components.schemas.queue_create.properties.wrapup_s.maximum, 3600);
  assert.deepEqual(doc.components.schemas.queue_create.required, ['number', 'name']);
  for (const p of ['/api/v1/queues', '/api/v1/queues/{id}', '/api/v1/login', '/api/v1/events', '/api/v1/agents/{id}/sign-in', '/api/v1/recordings/{id}/audio']) assert.ok(doc.paths[p], p);
  for (const m of JSON.stringify(doc).matchAll(/"#\/components\/schemas\/(\w+)"/g)) assert.ok(doc.components.schemas[m[1]], m[1]);
});

test('a new table is a resource at once: no restart, no line of code', async () => {
  env.pg.sql(`set role zj_owner; set search_path = zj, public;
    create table gadget (tenant_id uuid not null references tenant (id) on delete cascade, id uuid not null default zj_uuid7(),
      name text not null check (char_length(name) between 1 and 10), size integer not null default 3 check (size > 0 and size < 10), tags text[] not null default '{}', extra jsonb,
      created_at timestamptz not null default now(), updated_at timestamptz not null default now(), primary key (tenant_id, id));
    call zj_tenant_table('gadget');
    comment on table gadget is '{"resource":"gadgets","zh":"小工具","en":"Gadget","scope":"tenant","label":"name"}';
    comment on column gadget.name is '{"zh":"名称","en":"Name"}'; comment on column gadget.size is '{"zh":"大小","en":"Size"}';
    comment on column gadget.tags is '{"zh":"标签","en":"Tags"}'; comment on column gadget.extra is '{"zh":"其他","en":"More"}';`);
  await until('gadgets', async () => (await admin.get('/gadgets')).status === 200, 3000);
  const g = await admin.make('gadgets', { name: '小', tags: ['a', 'b"c\\', '{,}'], extra: { deep: [1, null, 'x'] } });
  assert.deepEqual([g.size, g.tags, g.extra], [3, ['a', 'b"c\\', '{,}'], { deep: [1, null, 'x'] }]);
  const r = await admin.post('/gadgets', { name: 'x', size: 10 });
  assert.deepEqual(r.body.errors.map((e) => [e.field, e.rule, e.max]), [['size', 'max', 9]]);
  assert.equal((await admin.get('/meta/permissions')).body.permissions.filter((p) => p.name.startsWith('gadgets.')).length, 7, 'read, create, update, delete, export, import, write');
  env.pg.sql('set role zj_owner; drop table zj.gadget');
  await until('no gadgets', async () => (await admin.get('/gadgets')).status === 404, 3000);
});

test('tables that come and go while the catalogue is read end no process', async () => {
  const psql = env.pg.session(), end = Date.now() + 4000;
  await psql.run('set role zj_owner; set search_path = zj, public');
  for (let n = 0; Date.now() < end && !env.exited; n++) {
    await psql.run(`create table passing (tenant_id uuid not null, id uuid not null, name text check (char_length(name) between 1 and 10), primary key (tenant_id, id));
      comment on table passing is '{"resource":"passing","zh":"过客","en":"Passing","scope":"tenant"}'; comment on column passing.name is '{"zh":"名称","en":"Name"}'`);
    await sleep(50 + (n * 37) % 400);
    await psql.run('drop table passing');
  }
  await psql.end();
  assert.equal(env.exited, null);
  await until('the catalogue is whole again', async () => (await admin.get('/passing')).status === 404 && (await admin.get('/queues')).status === 200, 5000);
});

test('a catalogue that could not be read is read again: the new table is there without another change', async () => {
  // It sleeps while the table is made, and wakes to a catalogue that does not answer. A reader put to sleep would keep its locks: then once more.
  const lock = env.pg.session();
  await until('it sleeps, and does so outside of a reading', async () => {
    env.api.kill('SIGSTOP');
    env.pg.sql(`set role zj_owner; set search_path = zj, public; begin; create table late (tenant_id uuid not null references tenant (id), id uuid not null default zj_uuid7(), name text not null check (char_length(name) between 1 and 10),
      created_at timestamptz not null default now(), updated_at timestamptz not null default now(), primary key (tenant_id, id)); call zj_tenant_table('late');
      comment on table late is '{"resource":"late","zh":"迟到","en":"Late","scope":"tenant"}'; comment on column late.name is '{"zh":"名称","en":"Name"}'; commit`);
    if (!String(await lock.run("begin; set local lock_timeout = '1s'; lock table pg_description in access exclusive mode")).includes('lock timeout')) return true;
    await lock.run('rollback');
    env.api.kill('SIGCONT');
    env.pg.sql('drop table zj.late');
    await sleep(1000);
    return false;
  }, 60_000);
  env.api.kill('SIGCONT');
  await until('it gave up', () => /cannot read the catalogue/.test(env.log()), 20_000); // the statement's time is over
  assert.equal((await admin.get('/late')).status, 404);
  await lock.run('rollback');
  await lock.end();
  await until('the table is served', async () => (await admin.get('/late')).status === 200, 12_000);
  env.pg.sql('drop table zj.late');
});

test('without PostgreSQL: sessions go on, resources answer 503 soon, all is well when it is back', async () => {
  env.pg.freeze();
  const t = Date.now();
  try {
    assert.equal((await admin.get('/session')).status, 200);
    const [a, b] = await Promise.all([admin.get('/session'), env.login({ tenant: 'alpha', username: 'admin', password: 'tenant-password' })]);
    assert.equal(a.status, 200);
    assert.ok(b.token, 'even a login');
    assert.ok(Date.now() - t < 3000 * 5);
  } finally { env.pg.thaw(); }
  await until('back', async () => (await admin.get('/queues')).status === 200);
});

test('each write is in the log with account and request id; X-Request-Id is kept', async () => {
  const r = await admin.post('/busy-reasons', { name: 'audited' }, { 'x-request-id': 'my-request-1' });
  assert.equal(r.headers.get('x-request-id'), 'my-request-1');
  const line = env.log().split('\n').find((l) => l.includes('audit') && l.includes('my-request-1'));
  assert.match(line, new RegExp(`create resource=busy-reasons id=${r.body.id} account=${admin.session.account.id}`));
  assert.match((await admin.get('/queues', { 'x-request-id': 'bad id' })).headers.get('x-request-id'), /^[0-9a-f-]{36}$/);
});
