// Uploads in parts: any order, repeated, across a restart; whose they are; limits; the file behind a column.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Client, slow, startEnv, until, uuid } from './env.mjs';
import { openUpload as open, PART, sendPart as part, sha, upload } from './upload.mjs';

let env, admin, other;
before(async () => { env = await startEnv(); admin = await env.tenant('alpha'); other = await env.tenant('beta'); });
after(() => env.close());
const stored = (tenant, id) => join(env.settings.store, tenant, 'uploads', id);

test('parts come in any order, twice, before and after a kill -9; the file is what was sent', async () => {
  const bytes = randomBytes(2 * PART + 4711), pieces = [0, 1, 2].map((i) => bytes.subarray(i * PART, (i + 1) * PART));
  const u = await open(admin, { bytes: bytes.length });
  assert.deepEqual([u.part_bytes, u.parts, u.received, u.state], [PART, 3, [], 'open']);
  assert.deepEqual((await part(admin, u.id, 3, pieces[2])).body.received, [3]);
  assert.equal((await admin.post(`/uploads/${u.id}/complete`, {})).status, 409, 'not all parts are there');
  assert.deepEqual((await part(admin, u.id, 1, pieces[0])).body.received, [1, 3]);
  await env.stopApi('SIGKILL');
  await env.startApi();
  assert.deepEqual((await admin.get(`/uploads/${u.id}`)).body.received, [1, 3], 'nothing is lost');
  assert.deepEqual((await part(admin, u.id, 3, pieces[2])).body.received, [1, 3], 'a part may come twice');
  assert.deepEqual((await part(admin, u.id, 2, pieces[1])).body.received, [1, 2, 3]);
  assert.equal((await admin.post(`/uploads/${u.id}/complete`, { sha256: sha(pieces[0]) })).body.errors[0].rule, 'sha256');
  const done = await admin.post(`/uploads/${u.id}/complete`, { sha256: sha(bytes).toUpperCase() });
  assert.deepEqual([done.status, done.body.state, done.body.sha256], [200, 'complete', sha(bytes)]);
  assert.equal((await admin.post(`/uploads/${u.id}/complete`, {})).status, 200, 'again: the same');
  assert.equal((await part(admin, u.id, 1, pieces[0])).status, 409, 'a complete upload stays as it is');
  assert.equal(sha(readFileSync(stored(admin.tenant.id, u.id))), sha(bytes));
  assert.equal((await admin.delete(`/uploads/${u.id}`)).status, 204);
  assert.equal((await admin.get(`/uploads/${u.id}`)).status, 404);
  await until('the file goes too', () => !existsSync(stored(admin.tenant.id, u.id)));
});

test('several parts at once, and the same one twice at once: never a torn file', async () => {
  const bytes = randomBytes(3 * PART), u = await open(admin, { bytes: bytes.length });
  const piece = (n) => bytes.subarray((n - 1) * PART, n * PART);
  const answers = await Promise.all([1, 2, 3, 3, 2, 1].map((n) => part(admin, u.id, n, piece(n))));
  for (const a of answers) assert.ok([200, 409].includes(a.status), JSON.stringify(a.body));
  assert.deepEqual((await admin.get(`/uploads/${u.id}`)).body.received, [1, 2, 3]);
  assert.equal((await admin.post(`/uploads/${u.id}/complete`, { sha256: sha(bytes) })).status, 200);
  await admin.delete(`/uploads/${u.id}`);
});

test('a part of the wrong size, number or upload; too large a body', async () => {
  const u = await open(admin, { bytes: PART + 100 });
  for (const n of [PART - 1, 0, 1]) assert.equal((await part(admin, u.id, 1, Buffer.alloc(n))).status, 422);
  assert.equal((await part(admin, u.id, 2, Buffer.alloc(101))).body.errors[0].bytes, 100);
  for (const n of ['0', '3', '513', '-1', 'x', '1e1', '99999999999999999999']) assert.equal((await part(admin, u.id, n, Buffer.alloc(1))).status, 404, n);
  assert.equal((await part(admin, uuid, 1, Buffer.alloc(1))).status, 404);
  assert.equal((await part(admin, 'x', 1, Buffer.alloc(1))).status, 404);
  assert.equal((await part(admin, u.id, 1, Buffer.alloc(17 << 20))).status, 413);
  assert.deepEqual((await admin.get(`/uploads/${u.id}`)).body.received, []);
  await admin.delete(`/uploads/${u.id}`);
});

test('names are labels: whatever they say, the file has its id; faults name the field', async () => {
  for (const name of ['../../etc/passwd', 'a/b', 'a\\b', '..', '.', '', 'a\u0000b', 'a\nb', 'x'.repeat(256)])
    assert.deepEqual((await admin.post('/uploads', { name, bytes: 1 })).body.errors?.map((e) => e.field) ?? ['name'], ['name'], JSON.stringify(name));
  const fields = async (body) => (await admin.post('/uploads', body)).body.errors.map((e) => e.field).sort();
  assert.deepEqual(await fields({}), ['bytes', 'name']);
  assert.deepEqual(await fields({ name: 'a', bytes: 0 }), ['bytes']);
  assert.deepEqual(await fields({ name: 'a', bytes: 4294967297 }), ['bytes']);
  assert.deepEqual(await fields({ name: 'a', bytes: 1, media_type: 'text', purpose: 'X' }), ['media_type', 'purpose']);
  assert.deepEqual(await fields({ name: 'a', bytes: 1, path: 'x', state: 'complete' }), ['path', 'state']);
  const u = await upload(admin, Buffer.from('1'), { name: '客户 名单.csv' });
  assert.equal(u.name, '客户 名单.csv');
  assert.equal(statSync(stored(admin.tenant.id, u.id)).size, 1);
  await admin.delete(`/uploads/${u.id}`);
});

test('an upload is its account’s: colleagues and other tenants find nothing, and write nothing', async () => {
  const colleague = await env.clerk(admin, 'colleague', ['*']), u = await open(admin, { bytes: 3 });
  for (const who of [colleague, other, await env.carrier()]) {
    for (const r of [await who.get(`/uploads/${u.id}`), await part(who, u.id, 1, Buffer.from('abc')), await who.post(`/uploads/${u.id}/complete`, {}), await who.delete(`/uploads/${u.id}`)]) assert.equal(r.status, 404);
    const list = await who.get('/uploads');
    if (list.status === 200) assert.ok(!list.body.items.some((x) => x.id === u.id));
  }
  assert.equal((await new Client(env).post('/uploads', { name: 'a', bytes: 1 })).status, 401);
  assert.deepEqual((await admin.get(`/uploads/${u.id}`)).body.received, []);
  await admin.delete(`/uploads/${u.id}`);
  assert.ok(!existsSync(join(env.settings.store, other.tenant.id, 'uploads')) || readdirSync(join(env.settings.store, other.tenant.id, 'uploads')).length === 0);
});

test('a repeated POST opens one upload', async () => {
  const key = { 'idempotency-key': 'once' }, body = { name: 'a.csv', bytes: 10 };
  const [a, b] = [await admin.post('/uploads', body, key), await admin.post('/uploads', body, key)];
  assert.deepEqual([a.status, b.status, b.body.id, b.headers.get('idempotent-replay')], [201, 201, a.body.id, 'true']);
  assert.equal((await admin.post('/uploads', { ...body, bytes: 11 }, key)).status, 422);
  await admin.delete(`/uploads/${a.body.id}`);
});

test('quotas: what is declared counts; a tenant cannot hold more than it may', async () => {
  const boss = await env.carrier();
  assert.equal((await boss.patch(`/tenants/${other.tenant.id}`, { max_storage_mb: 20 })).status, 200);
  const u = await open(other, { bytes: 12 << 20 });
  const r = await other.post('/uploads', { name: 'b', bytes: 12 << 20 });
  assert.deepEqual([r.status, r.body.type.split(':').pop(), r.body.errors[0].quota, r.body.errors[0].max], [409, 'quota', 'max_storage_mb', 20], JSON.stringify(r.body));
  const usage = await other.get('/usage');
  assert.deepEqual([usage.body.total.used.storage_mb, usage.body.total.max.storage_mb], [12, 20]);
  await other.delete(`/uploads/${u.id}`);
  const again = await open(other, { bytes: 12 << 20 });
  await other.delete(`/uploads/${again.id}`);
  assert.equal((await other.patch('/settings/' + other.tenant.id, { uploads_at_once: 2 })).status, 200);
  const two = [await open(other, { bytes: 1 }), await open(other, { bytes: 1 })];
  assert.equal((await other.post('/uploads', { name: 'c', bytes: 1 })).body.errors[0].quota, 'uploads_at_once');
  for (const x of two) await other.delete(`/uploads/${x.id}`);
});

test('the loop stays responsive while large parts are written', async () => {
  const bytes = randomBytes(PART), u = await open(admin, { bytes: 8 * PART });
  const writing = Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => part(admin, u.id, n, bytes)));
  let slowest = 0, asked = 0, over = false;
  writing.then(() => { over = true; });
  while (!over) { const t = performance.now(); assert.equal((await admin.get('/session')).status, 200); slowest = Math.max(slowest, performance.now() - t); asked++; }
  for (const r of await writing) assert.equal(r.status, 200, JSON.stringify(r.body));
  assert.ok(asked > 3 && slowest < 1500 * slow, `asked ${asked}, slowest ${slowest} ms`);
  await admin.delete(`/uploads/${u.id}`);
});
