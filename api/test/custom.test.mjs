// Fields of a tenant's own: 13 types, seen at once, filtered and sorted like columns.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../schema/test/pg.mjs';
import { startEnv, until, uuid } from './env.mjs';

let env, admin;
const faults = (r) => (r.body.errors ?? []).map((e) => `${e.field}:${e.rule}`).sort();
const describe = async (client = admin) => (await client.get('/meta/resources?name=toys')).body.resources[0];
const define = (name, type, more = {}) => admin.make('custom-fields', { resource: 'toys', name, zh: `字段${name}`, en: `Field ${name}`, type, ...more });
let number = 100;
const toy = (custom, more = {}) => admin.make('toys', { number: String(number++), name: 'x', custom, ...more });
const found = async (query, client = admin) => {
  const r = await client.get(`/toys?sort=number&${query}`);
  assert.equal(r.status, 200, `${query}: ${JSON.stringify(r.body)}`);
  return r.body.items.map((x) => x.name).join(' ');
};

before(async () => {
  env = await startEnv();
  admin = await env.tenant('alpha');
  env.pg.sql(`begin; ${readFileSync(join(root, 'api/test/toy.sql'), 'utf8')}; commit`);
  await until('toys', async () => (await admin.get('/toys')).status === 200, 5000);
});
after(() => env.close());

test('a field is there as soon as it was defined, for this tenant only', async () => {
  const other = await env.tenant('other');
  await define('height', 'integer', { position: 2 });
  await define('maker', 'text', { position: 1, required: true, default_value: 'ACME', help_zh: '谁做的', group_name: '来源' });
  const m = await describe();
  const [maker, height] = m.fields.filter((f) => f.custom);
  assert.deepEqual([maker.name, maker.zh, maker.en, maker.type, maker.required, maker.default, maker.help_zh, maker.group], ['custom.maker', '字段maker', 'Field maker', 'string', true, 'ACME', '谁做的', '来源']);
  assert.deepEqual([height.name, height.type, height.custom_type, height.sort], ['custom.height', 'integer', 'integer', true]);
  assert.deepEqual((await describe(other)).fields.filter((f) => f.custom), []);
  const t = await toy({ height: 7 });
  assert.deepEqual(t.custom, { maker: 'ACME', height: 7 });
  const changed = await admin.patch(`/toys/${t.id}`, { custom: { height: 8 } });
  assert.deepEqual(changed.body.custom, { maker: 'ACME', height: 8 }, 'what was not said stays');
  assert.deepEqual((await admin.patch(`/toys/${t.id}`, { custom: { height: null } })).body.custom, { maker: 'ACME', height: null });
  assert.deepEqual(faults(await admin.patch(`/toys/${t.id}`, { custom: { maker: '' } })), ['custom.maker:required']);
  assert.deepEqual(faults(await other.post('/toys', { number: '1', name: 'x', custom: { height: 1 } })), ['custom.height:unknown_field']);
});

test('every type takes what it should and names what it refuses', async () => {
  const dictionary = await admin.make('dictionaries', { code: 'makes', name: 'Makes', tree: true });
  const item = (code, parent_id, more) => admin.make('dictionary-items', { dictionary_id: dictionary.id, code, zh: code, parent_id, ...more });
  const car = await item('car'), wood = await item('wood');
  await item('red-car', car.id); await item('off', null, { enabled: false });
  const choices = [{ value: 'a', zh: '甲', en: 'A' }, { value: 'b', zh: '乙', en: 'B' }];
  for (const [name, type, more] of [['f_text', 'text'], ['f_area', 'textarea'], ['f_email', 'email'], ['f_phone', 'phone'], ['f_single', 'single', { choices }], ['f_multi', 'multi', { choices }], ['f_cascade', 'cascade', { dictionary_id: dictionary.id }],
    ['f_item', 'single', { dictionary_id: dictionary.id }], ['f_tree', 'cascade', { choices: [{ value: 'x', zh: 'x', children: [{ value: 'y', zh: 'y' }] }] }], ['f_date', 'date'], ['f_datetime', 'datetime'], ['f_int', 'integer'], ['f_dec', 'decimal'],
    ['f_region', 'region'], ['f_file', 'attachment'], ['f_off', 'text', { enabled: false }]]) await define(name, type, more);
  const good = { f_text: '文', f_area: 'a\nb', f_email: 'a@b.cn', f_phone: '+8613800138000', f_single: 'b', f_multi: ['b', 'a'], f_cascade: ['car', 'red-car'], f_item: 'wood', f_tree: ['x', 'y'], f_date: '2026-02-28',
    f_datetime: '2026-01-01T08:00:00+08:00', f_int: -5, f_dec: 1.25, f_region: '310000' };
  const t = await toy(good, { name: 'types' });
  assert.deepEqual(t.custom, { maker: 'ACME', height: null, ...good, f_datetime: '2026-01-01T00:00:00.000000Z', f_file: null });
  const bad = { f_text: [1, 'x'.repeat(1001)], f_area: [{}], f_email: ['x', 'a@', '@b', 'a b@c.d', 'a@b@c'], f_phone: ['x', '', '+'.repeat(40), '1'.repeat(40)].filter(Boolean), f_single: ['c', 1, ['a']], f_multi: ['a', ['c'], ['a', 'a'], [1]],
    f_cascade: [['red-car'], ['wood', 'red-car'], ['off'], ['car', 'nothing']], f_item: ['nothing', 'off'], f_tree: [['y'], ['x', 'x']], f_date: ['2026-02-30', '2026-1-1', 20260101], f_datetime: ['2026-01-01', 'now'], f_int: [1.5, '1', 9007199254740992],
    f_dec: ['1.5', true], f_region: ['31000', '990000', 'shanghai'], f_file: [uuid, 'x', 1], f_off: ['x'], bogus: ['x'] };
  for (const [name, values] of Object.entries(bad)) for (const value of values) {
    const r = await admin.patch(`/toys/${t.id}`, { custom: { [name]: value } });
    assert.ok(r.status === 422 || r.status === 400, `${name} ${JSON.stringify(value)} ${r.status}`);
    assert.equal(r.body.errors?.[0].field, `custom.${name}`, `${name} ${JSON.stringify(value)} ${JSON.stringify(r.body)}`);
    assert.ok(r.body.errors[0].zh && r.body.errors[0].en);
  }
  const single = (await describe()).fields.find((f) => f.name === 'custom.f_single');
  assert.deepEqual([single.enum, single.labels.a], [['a', 'b'], { zh: '甲', en: 'A' }]);
  const items = (await admin.get('/meta/choices?dictionary=makes')).body.items;
  assert.deepEqual(items.map((i) => i.code).sort(), ['car', 'red-car', 'wood']);
  assert.deepEqual((await admin.get(`/meta/choices?dictionary=${dictionary.id}&parent=${car.id}`)).body.items.map((i) => i.code), ['red-car']);
});

test('an attachment is one’s own finished upload, nobody else’s', async () => {
  const upload = (state, account) => env.pg.sql(`insert into zj.upload (tenant_id, name, bytes, state, account_id) values ('${admin.tenant.id}', 'a.txt', 1, '${state}', '${account}') returning id`)[0][0];
  const mine = upload('complete', admin.session.account.id), open = upload('open', admin.session.account.id), theirs = upload('complete', uuid);
  const t = await toy({ f_file: mine });
  assert.equal(t.custom.f_file, mine);
  for (const id of [open, theirs]) assert.deepEqual(faults(await admin.patch(`/toys/${t.id}`, { custom: { f_file: id } })), ['custom.f_file:upload']);
});

test('filters and sorts by custom fields: the same operators, pages over nulls, other types’ data is harmless', async () => {
  for (const [name, custom] of Object.entries({ one: { f_int: 1, f_dec: 0.5, f_date: '2026-01-01', f_datetime: '2026-01-01T00:00:00Z', f_multi: ['a'], f_single: 'a', f_text: 'Alpha 1' },
    two: { f_int: 20, f_dec: 10, f_date: '2026-02-01', f_datetime: '2026-01-01T09:00:00+08:00', f_multi: ['a', 'b'], f_single: 'b', f_text: 'beta' }, three: { f_int: 3 } })) await toy({ maker: 'F', ...custom }, { name });
  const base = 'filter[custom.maker]=F&';
  const cases = { 'filter[custom.f_int]=3': 'three', 'filter[custom.f_int][gt]=2': 'two three', 'filter[custom.f_int][between]=1,3': 'one three', 'filter[custom.f_int][in]=1,20': 'one two', 'filter[custom.f_dec][lt]=1.5': 'one',
    'filter[custom.f_date][ge]=2026-01-15': 'two', 'filter[custom.f_datetime][gt]=2026-01-01T08:00:00%2B08:00': 'two', 'filter[custom.f_datetime]=2026-01-01T01:00:00Z': 'two', 'filter[custom.f_multi][contains]=b': 'two', 'filter[custom.f_single][in]=a,b': 'one two',
    'filter[custom.f_text][contains]=PHA': 'one', 'filter[custom.f_text][starts]=be': 'two', 'filter[custom.f_text][null]=true': 'three', 'filter[custom.f_multi][null]=false': 'one two', 'match=any&filter[custom.f_int]=1&filter[custom.f_int]=3': undefined };
  for (const [query, want] of Object.entries(cases)) if (want !== undefined) assert.equal(await found(base + query), want, query);
  for (const sort of ['custom.f_int', '-custom.f_int', 'custom.f_date,-custom.f_dec', '-custom.f_text', 'custom.f_datetime']) {
    const list = async (more) => (await admin.get(`/toys?${base}sort=${sort}${more}`)).body;
    const all = (await list('')).items.map((x) => x.name), paged = [];
    for (let cursor = ''; cursor !== null;) { const page = await list(`&limit=1${cursor && `&cursor=${cursor}`}`); paged.push(...page.items.map((x) => x.name)); cursor = page.next; }
    assert.deepEqual(paged, all, sort);
  }
  assert.deepEqual((await admin.get(`/toys?${base}sort=custom.f_int`)).body.items.map((x) => x.name), ['one', 'three', 'two'], 'as numbers, not as texts');
  for (const bad of ['filter[custom.f_int]=x', 'filter[custom.f_date]=x', 'sort=custom.f_multi', 'filter[custom.f_off]=x', 'filter[custom.bogus]=1', 'filter[custom.f_int][contains]=1', "filter[custom.f_int')]=1"]) assert.equal((await admin.get(`/toys?${bad}`)).status, 400, bad);
  env.pg.sql(`alter table zj.toy disable trigger custom_u; update zj.toy set custom = custom || '{"f_int":"not a number","f_date":5,"f_multi":{"a":1}}' where name = 'three'; alter table zj.toy enable trigger custom_u;`);
  assert.equal(await found(`${base}filter[custom.f_int][gt]=0`), 'one two');
  assert.equal((await admin.get(`/toys?${base}sort=custom.f_int,custom.f_date`)).status, 200);
  assert.equal(await found(`${base}filter[custom.f_multi][contains]=a`), 'one two');
});

test('rights and masks hold for custom fields; a unique one is unique; a field that ends is gone', async () => {
  await define('vip_phone', 'phone', { mask: 'phone' });
  const code = await define('code', 'text', { unique_value: true });
  const t = await toy({ maker: 'R', vip_phone: '13812345678', code: 'u-1', f_int: 9 });
  const clash = await admin.post('/toys', { number: '999', name: 'x', custom: { code: 'u-1' } });
  assert.equal(clash.status, 409);
  assert.deepEqual(faults(clash), ['custom.code:unique']);
  const clerk = await env.clerk(admin, 'clerk', ['toys.read', 'toys.write']);
  assert.equal((await clerk.get(`/toys/${t.id}`)).body.custom.vip_phone, '138****5678');
  assert.deepEqual((await clerk.get('/toys?filter[custom.vip_phone]=13812345678')).body.items.map((x) => x.id), [t.id]);
  assert.equal((await clerk.get('/toys?filter[custom.vip_phone][starts]=138')).status, 400);
  assert.deepEqual(faults(await clerk.patch(`/toys/${t.id}`, { custom: { vip_phone: '1' } })), ['custom.vip_phone:readonly']);
  await admin.make('role-fields', { role_id: clerk.role.id, resource: 'toys', field: 'custom.f_int', access: 'none' });
  await admin.make('role-fields', { role_id: clerk.role.id, resource: 'toys', field: 'custom.code', access: 'none' });
  const row = (await clerk.get(`/toys/${t.id}`)).body;
  assert.ok(!('f_int' in row.custom) && !('code' in row.custom));
  assert.equal((await clerk.get('/toys?filter[custom.f_int]=9')).status, 400);
  assert.deepEqual(faults(await clerk.post('/toys', { number: '998', name: 'x', custom: { code: 'u-1' } })), ['custom.code:unknown_field']);
  assert.deepEqual((await clerk.patch(`/toys/${t.id}`, { custom: { maker: 'S' } })).body.custom.maker, 'S');
  assert.deepEqual((await admin.get(`/toys/${t.id}`)).body.custom.f_int, 9, 'what he does not see stays');
  assert.equal((await admin.delete(`/custom-fields/${code.id}`)).status, 204);
  assert.ok(!('code' in (await admin.get(`/toys/${t.id}`)).body.custom));
  assert.equal((await admin.patch(`/toys/${t.id}`, { custom: { maker: 'T' } })).status, 200, 'a row that still holds a former field can be written');
});
