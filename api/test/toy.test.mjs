// An ordinary resource is one SQL file (toy.sql): no C, no TypeScript, no restart. And what the engine gives it: filters, masks,
// rights to single fields, custom fields, the recycle bin, history, import templates, permissions, OpenAPI.
// covers: SYS-V304 SYS-V703
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../schema/test/pg.mjs';
import { Client, startEnv, until, uuid } from './env.mjs';

let env, admin, meta;
const faults = (r) => (r.body.errors ?? []).map((e) => `${e.field}:${e.rule}`).sort();
const describe = async (client = admin) => (await client.get('/meta/resources?name=toys')).body.resources[0];
const field = (resource, name) => resource.fields.find((f) => f.name === name);
const numbers = async (query, client = admin) => {
  const r = await client.get(`/toys?${query}`);
  assert.equal(r.status, 200, `${query}: ${JSON.stringify(r.body)}`);
  return r.body.items.map((x) => x.number);
};

before(async () => {
  env = await startEnv();
  admin = await env.tenant('alpha');
  env.pg.sql(`begin; ${readFileSync(join(root, 'api/test/toy.sql'), 'utf8')}; commit`); // whole, or the api reads half of it
  await until('toys', async () => (await admin.get('/toys')).status === 200, 5000);
  meta = await describe();
});
after(() => env.close());

test('metadata for list and form: types, labels, groups, choices, rights', async () => {
  assert.deepEqual([meta.zh, meta.en, meta.menu, meta.order, meta.icon, meta.search, meta.custom], ['玩具', 'Toy', 'other', 7, 'gift', ['number', 'name', 'phone'], true]);
  assert.deepEqual(meta.can, { list: true, create: true, update: true, delete: true, export: true, import: true, restore: true, history: true });
  assert.deepEqual(meta.groups.shop, { zh: '销售', en: 'Shop' });
  const types = Object.fromEntries(meta.fields.map((f) => [f.name, f.type]));
  assert.deepEqual([types.made_on, types.open_from, types.sold_at, types.price, types.tags, types.in_use, types.extra, types.box_id], ['date', 'time', 'datetime', 'number', 'strings', 'boolean', 'json', 'uuid']);
  assert.deepEqual(field(meta, 'colour').labels.blue, { zh: '蓝', en: 'Blue' });
  assert.deepEqual(field(meta, 'tags').enum, ['soft', 'loud', 'new']);
  assert.deepEqual(field(meta, 'box_id').ref, 'toy-boxes');
  assert.ok(field(meta, 'box_id').expand);
  assert.deepEqual(field(meta, 'pieces').filter, ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'between', 'in']);
  assert.deepEqual(field(meta, 'name').filter, ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'between', 'contains', 'starts', 'in']);
  assert.deepEqual(field(meta, 'made_on').filter.slice(-2), ['in', 'null']);
  assert.ok(field(meta, 'secret').writeonly);
  assert.ok(meta.fields.every((f) => f.zh && f.en));
});

test('values: each type, each fault by field and rule; no value of a field that is not the caller’s', async () => {
  const r = await admin.post('/toys', { number: '1x', name: '', colour: 'pink', tags: ['soft', 'hard'], price: -1, pieces: 0, made_on: '2026-02-30', open_from: '25:00', sold_at: 'soon', in_use: 1, phone: 'x', secret: 'short', bogus: 1 });
  assert.deepEqual(faults(r), ['bogus:unknown_field', 'colour:enum', 'in_use:type', 'made_on:format', 'name:required', 'number:pattern', 'open_from:format', 'phone:pattern', 'pieces:min', 'price:min', 'secret:min_length', 'sold_at:format', 'tags:enum']);
  for (const e of r.body.errors) assert.ok(e.zh && e.en);
  const other = await env.tenant('other');
  for (const [key, value] of Object.entries({ id: uuid, tenant_id: other.tenant.id, created_at: '2020-01-01T00:00:00Z' }))
    assert.deepEqual(faults(await admin.post('/toys', { number: '9', name: 'x', [key]: value })), [`${key}:readonly`], key);
  const t = await admin.make('toys', { number: '90', name: '小熊', colour: 'blue', tags: ['soft', 'new'], price: 12.5, pieces: 3, made_on: '1960-02-29', open_from: '08:30', sold_at: '2026-01-02T03:04:05+08:00', phone: '13800138000', extra: { a: [1] }, secret: 'long-enough' });
  assert.deepEqual([t.colour, t.tags, t.price, t.made_on, t.open_from, t.phone, t.extra, t.secret], ['blue', ['soft', 'new'], 12.5, '1960-02-29', '08:30:00', '13800138000', { a: [1] }, undefined]);
  assert.equal((await other.get(`/toys/${t.id}`)).status, 404);
  assert.equal((await admin.delete(`/toys/${t.id}`)).status, 204);
});

test('filters of every type, one search box, any of several conditions, fields, labels of references', async () => {
  const box = await admin.make('toy-boxes', { name: 'big box' }), gone = await admin.make('toy-boxes', { name: 'old box' });
  for (let i = 1; i <= 6; i++)
    await admin.make('toys', { number: String(i), name: `Toy ${'abc'[i % 3]} 100%`, colour: ['red', 'green', 'blue'][i % 3], price: i === 6 ? null : i * 1.5, pieces: i, made_on: i % 2 ? `2026-0${i}-15` : null, open_from: `0${i}:00`,
      sold_at: i === 1 ? null : `2026-01-0${i}T12:00:00Z`, in_use: i < 4, phone: `1380013800${i}`, tags: i === 2 ? ['loud'] : [], box_id: i === 1 ? box.id : i === 2 ? gone.id : null });
  const cases = {
    'filter[number]=3': '3', 'filter[number][ne]=3': '1 2 4 5 6', 'filter[pieces][between]=2,4': '2 3 4', 'filter[price][ge]=4.5': '3 4 5', 'filter[price][null]=true': '6', 'filter[made_on][between]=2026-01-01,2026-03-31': '1 3',
    'filter[made_on][null]=false': '1 3 5', 'filter[open_from][lt]=03:30': '1 2 3', 'filter[sold_at][gt]=2026-01-04T12:00:00Z': '5 6', 'filter[sold_at][null]=true': '1', 'filter[in_use]=false': '4 5 6', 'filter[colour][in]=red,blue': '2 3 5 6',
    'filter[name][contains]=A 100%25': '3 6', 'filter[name][starts]=toy b': '1 4', 'filter[tags][contains]=loud': '2', [`filter[box_id]=${box.id}`]: '1', 'filter[box_id][null]=true': '3 4 5 6', 'filter[phone]=13800138004': '4',
    'match=any&filter[number]=1&filter[pieces][ge]=5': '1 5 6', 'match=all&filter[number]=1&filter[pieces][ge]=5': '', 'q=13800138005': '5', 'q=toy c': '2 5', 'q=nothing': '', 'q=%25': '1 2 3 4 5 6', 'skip=4': '5 6', 'skip=1&limit=2': '2 3',
    'sort=-colour,name,-number': '6 3 4 1 5 2', 'sort=-price': '6 5 4 3 2 1',
  };
  for (const [query, want] of Object.entries(cases)) assert.deepEqual((await numbers(query)).join(' '), want, query);
  for (const sort of ['-price', 'made_on,-pieces', '-made_on', 'box_id,-colour,number', 'sold_at']) {
    const all = await numbers(`sort=${sort}`), paged = [];
    for (let cursor = ''; cursor !== null;) {
      const r = await admin.get(`/toys?sort=${sort}&limit=2&count=true${cursor && `&cursor=${cursor}`}`);
      assert.equal(r.body.total, 6);
      paged.push(...r.body.items.map((x) => x.number));
      cursor = r.body.next;
    }
    assert.deepEqual(paged, all, sort);
  }
  await admin.patch(`/toys/${(await admin.get('/toys?filter[number]=2')).body.items[0].id}`, { box_id: null });
  assert.equal((await admin.delete(`/toy-boxes/${gone.id}`)).status, 204);
  const [one] = (await admin.get('/toys?filter[number]=1&fields=name,box_id&expand=box_id')).body.items;
  assert.deepEqual(Object.keys(one).sort(), ['box_id', 'expand', 'id', 'name']);
  assert.deepEqual(one.expand, { box_id: { id: box.id, label: 'big box', deleted: false } });
  const plain = await admin.get(`/toys/${one.id}`), wide = await admin.get(`/toys/${one.id}?expand=box_id`);
  assert.deepEqual(wide.body, { ...plain.body, expand: one.expand });
  assert.equal(wide.headers.get('etag'), plain.headers.get('etag'), 'labels are no part of the row');
  for (const bad of ['filter[pieces][between]=1', 'filter[pieces][between]=1,x', 'filter[secret]=x', 'filter[extra]=1', 'filter[made_on]=2026-13-01', 'filter[open_from]=9', 'expand=name', 'fields=secret', 'match=some', 'skip=-1', `q=${'x'.repeat(700)}`, 'deleted=maybe'])
    assert.equal((await admin.get(`/toys?${bad}`)).status, 400, bad);
});

test('the recycle bin: what was deleted is listed with the same fields and filters, and comes back', async () => {
  const t = await admin.make('toys', { number: '70', name: 'to be lost', phone: '13900139000', secret: 'long-enough' });
  assert.equal((await admin.delete(`/toys/${t.id}`)).status, 204);
  assert.deepEqual(await numbers('filter[number]=70'), []);
  const bin = (await admin.get('/toys?deleted=true&filter[number]=70&sort=-deleted_at')).body.items;
  assert.equal(bin.length, 1);
  assert.deepEqual([bin[0].id, bin[0].name, bin[0].phone, bin[0].deleted_by], [t.id, 'to be lost', '13900139000', admin.session.account.id]);
  assert.ok(bin[0].deleted_at > t.created_at);
  assert.ok(!('secret' in bin[0]));
  assert.deepEqual((await admin.get('/toys?deleted=true&q=13900139&count=true')).body.total, 1);
  assert.deepEqual((await admin.get(`/toys?deleted=true&filter[deleted_by]=${uuid}`)).body.items, []);
  const stranger = await env.tenant('stranger');
  assert.deepEqual((await stranger.get('/toys?deleted=true')).body.items, []);
  assert.equal((await admin.post(`/toys/${t.id}/restore`, {})).status, 200);
  assert.deepEqual((await admin.get(`/toys/${t.id}`)).body.name, 'to be lost');
  assert.deepEqual(await numbers('deleted=true&filter[number]=70'), []);
  const history = (await admin.get(`/toys/${t.id}/history`)).body.items;
  assert.deepEqual(history.map((h) => h.event).slice(-2), ['delete', 'create']);
  await admin.delete(`/toys/${t.id}`);
});

test('permissions: six kinds, `write` for four of them; the tree of modules knows them', async () => {
  const tree = (await admin.get('/meta/permissions')).body;
  const toys = tree.modules.find((m) => m.name === 'other').resources.find((r) => r.name === 'toys');
  assert.deepEqual([toys.zh, toys.kinds, toys.barred], ['玩具', ['read', 'create', 'update', 'delete', 'export', 'import'], []]);
  assert.deepEqual(tree.show.map((s) => s.name), ['show.phone', 'show.email', 'show.id', 'show.name', 'show.all']);
  const t = await admin.make('toys', { number: '80', name: 'x' });
  const verbs = { read: () => ['get', `/toys/${t.id}`], create: (n) => ['post', '/toys', { number: n, name: 'x' }], update: () => ['patch', `/toys/${t.id}`, { name: 'y' }], delete: () => ['delete', `/toys/${t.id}`] };
  for (const kind of Object.keys(verbs)) {
    const clerk = await env.clerk(admin, `toys-${kind}`, [`toys.${kind}`]);
    for (const verb of Object.keys(verbs).filter((v) => v !== 'delete' || kind === 'delete')) {
      const [method, path, body] = verbs[verb](`8${Object.keys(verbs).indexOf(kind)}1`), r = await clerk[method](path, body);
      if (verb === kind) assert.ok(r.status < 300, `${kind} ${verb} ${JSON.stringify(r.body)}`);
      else assert.deepEqual([r.status, r.body.permission], [403, `toys.${verb}`]);
    }
  }
  const writer = await env.clerk(admin, 'toys-write', ['toys.read', 'toys.write']);
  const made = await writer.make('toys', { number: '88', name: 'x' });
  assert.equal((await writer.patch(`/toys/${made.id}`, { name: 'z' })).status, 200);
  assert.equal((await writer.delete(`/toys/${made.id}`)).status, 204);
  const can = (await describe(writer)).can;
  assert.deepEqual([can.create, can.update, can.delete, can.import, can.export], [true, true, true, true, false]);
});

test('masks: whoever may not see numbers sees masks everywhere, and may ask only for one he knows', async () => {
  await admin.make('toys', { number: '31', name: 'masked', phone: '13800138031', price: 3 });
  const clerk = await env.clerk(admin, 'masked', ['toys.read', 'toys.write']);
  const [row] = (await clerk.get('/toys?filter[number]=31')).body.items;
  assert.equal(row.phone, '138****8031');
  const one = await clerk.get(`/toys/${row.id}`);
  assert.equal(one.body.phone, '138****8031');
  const f = field(await describe(clerk), 'phone');
  assert.deepEqual([f.access, f.masked, f.create_only, f.filter, f.sort], ['masked', true, true, ['eq'], false]);
  assert.deepEqual(await numbers('filter[phone]=13800138031', clerk), ['31']);
  for (const bad of ['filter[phone][contains]=031', 'filter[phone][starts]=138', 'filter[phone][in]=13800138031,1', 'filter[phone][ge]=138', 'filter[phone][null]=true', 'sort=phone'])
    assert.equal((await clerk.get(`/toys?${bad}`)).status, 400, bad);
  assert.deepEqual(await numbers('q=13800138031', clerk), []);
  assert.deepEqual(faults(await clerk.patch(`/toys/${row.id}`, { phone: '138****8031' })), ['phone:readonly']);
  assert.equal((await clerk.patch(`/toys/${row.id}`, { name: 'renamed' }, { 'if-match': one.headers.get('etag') })).body.phone, '138****8031');
  const before = (await clerk.get(`/toys/${row.id}`)).headers.get('etag');
  env.pg.sql(`set session_replication_role = replica; update zj.toy set phone = '13877778031' where number = '31'`);
  const seen = await clerk.get(`/toys/${row.id}`);
  assert.equal(seen.body.phone, '138****8031');
  assert.equal(seen.headers.get('etag'), before, 'what is not shown is not in the ETag');
  const made = await clerk.make('toys', { number: '32', name: 'own', phone: '13912345678' });
  assert.equal(made.phone, '139****5678', 'one may fill what one sees masked');
  let last;
  for (let i = 0; i < 70; i++) last = await clerk.get(`/toys?filter[phone]=1380013${i}`);
  assert.equal(last.status, 429);
  assert.ok(last.headers.get('retry-after'));
  assert.equal((await clerk.get('/toys')).status, 200);
  assert.equal((await admin.get('/toys?filter[phone]=1')).status, 200);
});

test('rights to single fields are in effect at once: none is nowhere, read cannot be written', async () => {
  const clerk = await env.clerk(admin, 'fields', ['toys.read', 'toys.write', 'show.phone', 'role-fields.*', 'roles.*', 'accounts.*']);
  const t = await admin.make('toys', { number: '41', name: 'fields', phone: '13800138000', price: 5, notes: 'n' });
  const grant = (name, access, role = clerk.role.id) => admin.make('role-fields', { role_id: role, resource: 'toys', field: name, access });
  assert.equal((await clerk.get(`/toys/${t.id}`)).body.price, 5);
  await grant('price', 'none');
  const began = performance.now(), notes = await grant('notes', 'read');
  const masked = await grant('name', 'masked');
  const row = (await clerk.get(`/toys/${t.id}`)).body;
  assert.ok(performance.now() - began < 1000 * (Number(process.env.ZJ_SLOW) || 1), 'in effect when the writer has his answer');
  assert.ok(!('price' in row));
  assert.deepEqual([row.name, row.notes], ['***', 'n']);
  const m = await describe(clerk);
  assert.equal(field(m, 'price'), undefined);
  assert.deepEqual([field(m, 'name').access, field(m, 'notes').access, field(m, 'notes').readonly], ['masked', 'read', true]);
  for (const bad of ['filter[price]=5', 'sort=price', 'fields=price', 'filter[name][contains]=f', 'sort=name']) assert.equal((await clerk.get(`/toys?${bad}`)).status, 400, bad);
  assert.deepEqual(faults(await clerk.patch(`/toys/${t.id}`, { price: 6 })), ['price:unknown_field']);
  assert.deepEqual(faults(await clerk.patch(`/toys/${t.id}`, { notes: 'x' })), ['notes:readonly']);
  assert.deepEqual(faults(await clerk.post('/toys', { number: '42', name: 'x', price: 1 })), ['price:unknown_field']);
  await grant('number', 'none');
  const clash = await clerk.post('/toys', { name: 'x', number: '41' });
  assert.ok(!JSON.stringify(clash.body.errors).includes('"41"'));
  assert.equal((await clerk.get('/toys?q=41')).body.items.length, 0, 'nor does the search box look there');
  // nobody gives more than he has
  const beyond = (r) => assert.equal(r.body.type, 'urn:zongji:problem:beyond_own', JSON.stringify(r.body));
  beyond(await clerk.delete(`/role-fields/${notes.id}`));
  beyond(await clerk.patch(`/role-fields/${masked.id}`, { access: 'read' }));
  const wide = await admin.make('roles', { name: 'sees prices', permissions: ['toys.read'] });
  beyond(await clerk.post('/accounts', { username: 'puppet', name: 'x', password: 'long-enough', role_id: wide.id }));
  for (const [name, access] of [['price', 'none'], ['notes', 'read'], ['name', 'masked'], ['number', 'none']]) await grant(name, access, wide.id);
  assert.equal((await clerk.post('/accounts', { username: 'puppet', name: 'x', password: 'long-enough', role_id: wide.id })).status, 201);
  await admin.delete(`/role-fields/${masked.id}`);
  assert.equal((await clerk.get(`/toys/${t.id}`)).body.name, 'fields');
});

test('what the carrier takes back no role of a tenant may be given', async () => {
  const carrier = await env.carrier();
  const bar = await carrier.make('grantable-permissions', { permission: 'toys.export', allowed: false });
  assert.deepEqual(faults(await admin.post('/roles', { name: 'barred', permissions: ['toys.read', 'toys.export'] })), ['permissions:grantable']);
  assert.deepEqual(faults(await admin.post('/roles', { name: 'barred', permissions: ['toys.*'] })), ['permissions:grantable']);
  const toys = (await admin.get('/meta/permissions')).body.modules.flatMap((m) => m.resources).find((r) => r.name === 'toys');
  assert.deepEqual(toys.barred, ['toys.export']);
  await carrier.delete(`/grantable-permissions/${bar.id}`);
  assert.equal((await admin.post('/roles', { name: 'barred', permissions: ['toys.read', 'toys.export'] })).status, 201);
});
