// Jobs as the api writes them down: imports, exports, their limits, whose they are, their files and events; previews and templates;
// preferences, menu, usage, files behind columns. (What the worker makes of a job: worker/test.)
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client, startEnv, until, uuid } from './env.mjs';
import { openUpload, upload } from './upload.mjs';

let env, admin, other, clerk;
const people = 'customers';
before(async () => {
  env = await startEnv();
  admin = await env.tenant('alpha');
  other = await env.tenant('beta');
  clerk = await env.clerk(admin, 'clerk', [`${people}.read`, `${people}.export`, `${people}.import`, `${people}.create`]);
  env.pg.sql('update zj.business_object set enabled = true');
});
after(() => env.close());
const type = (r) => r.body.type?.split(':').pop();
const exports_ = (who, body = {}, headers) => who.post(`/${people}/export`, { format: 'csv', ...body }, headers);
const start = async (who, body) => { const r = await exports_(who, body); assert.equal(r.status, 202, JSON.stringify(r.body)); return r.body; };
// What the worker would do.
const set = (id, text) => env.pg.sql(`update zj.job set ${text} where id = '${id}'`);
const finish = (id, tenant, files = { 'a.csv': 'a\n' }) => {
  const [name] = Object.keys(files), path = `${tenant}/jobs/${id}/${name}`, full = join(env.settings.store, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, files[name]);
  set(id, "state = 'running'");
  set(id, `state = 'finished', file_path = '${path}', file_name = '${name}', file_bytes = ${files[name].length}`);
  return full;
};
const drop = async (who, ...ids) => { for (const id of ids) assert.equal((await who.delete(`/jobs/${id}`)).status, 204); };

test('an export is a job: 202, where to look, what was asked; the audit log knows', async () => {
  const r = await exports_(clerk, { format: 'xlsx', query: 'filter[level]=vip&sort=-name', fields: ['name', 'phone'], name: '客户', lang: 'zh' });
  assert.deepEqual([r.status, r.headers.get('location')], [202, `/api/v1/jobs/${r.body.id}`], JSON.stringify(r.body));
  assert.deepEqual([r.body.kind, r.body.resource, r.body.state, r.body.account_id], ['export', people, 'waiting', clerk.account.id]);
  assert.deepEqual(r.body.params, { format: 'xlsx', query: 'filter[level]=vip&sort=-name', fields: ['name', 'phone'], name: '客户', lang: 'zh' });
  assert.equal((await clerk.get(`/jobs/${r.body.id}`)).body.state, 'waiting');
  const [event] = (await admin.get(`/audit?filter[event]=export&filter[account_id]=${clerk.account.id}`)).body.items;
  const told = (await admin.get(`/audit/${event.id}`)).body;
  assert.deepEqual([told.resource, told.changes.job, told.changes.format], [people, [null, r.body.id], [null, 'xlsx']]);
  await drop(clerk, r.body.id);
});

test('an export that asks for what the caller does not see, or wrongly, is refused at once', async () => {
  await admin.make('role-fields', { role_id: clerk.role.id, resource: people, field: 'remark', access: 'none' });
  for (const [body, status, field] of [
    [{ fields: ['name', 'remark'] }, 422, 'remark'], [{ fields: ['password'] }, 422, 'password'], [{ fields: [1] }, 422, 'fields'], [{ format: 'pdf' }, 422, 'format'],
    [{ encoding: 'latin1' }, 422, 'encoding'], [{ query: 'filter[remark]=x' }, 400, 'remark'], [{ query: 'filter[phone][contains]=1' }, 400, 'phone'],
    [{ query: 'sort=phone' }, 400, 'sort'], [{ name: '../x' }, 422, 'name'], [{ run_at: 'tomorrow' }, 422, 'run_at'], [{ what: 1 }, 422, 'what'], [{ query: 1 }, 422, 'query'],
  ]) {
    const r = await exports_(clerk, body);
    assert.deepEqual([r.status, r.body.errors?.[0].field], [status, field], JSON.stringify([body, r.body]));
  }
  assert.equal((await (await env.clerk(admin, 'reader', [`${people}.read`])).post(`/${people}/export`, {})).status, 403);
  assert.equal((await admin.post('/uploads/export', {})).status, 405);
  assert.equal((await admin.post('/nothing/export', {})).status, 404);
  assert.equal((await clerk.get('/jobs')).body.items.length, 0);
});

// covers: SYS-V008 TEN-V026
test('export window: accounts under the limit, in the tenant’s own time, also across midnight', async () => {
  const limited = await env.clerk(admin, 'limited', [`${people}.read`, `${people}.export`]);
  await admin.patch(`/accounts/${limited.account.id}`, { export_limited: true });
  // the hour in Shanghai, where the tenant is: UTC+8 all year
  const hour = (h) => `${String((new Date(Date.now() + (8 + h) * 3600e3)).getUTCHours()).padStart(2, '0')}:00:00`;
  const window = async (from, until_) => assert.equal((await admin.patch(`/settings/${admin.tenant.id}`, { export_from: from, export_until: until_ })).status, 200);
  await window(hour(2), hour(4));
  assert.deepEqual([(await exports_(limited)).status, type(await exports_(limited))], [403, 'export_window']);
  assert.equal((await limited.post('/tenant-export', {})).status, 403);
  await drop(clerk, (await start(clerk)).id);
  const later = await start(limited, { run_at: new Date(Date.now() + 3 * 3600e3).toISOString() });
  await window(hour(-1), hour(2));
  await drop(limited, (await start(limited)).id, later.id);
  await window(hour(3), hour(-2)); // closed from two hours ago until three hours from now
  assert.equal((await exports_(limited)).status, 403);
  await window(hour(-2), hour(-3)); // open but for the hour before the last two
  await drop(limited, (await start(limited)).id);
  await window(null, null);
  await drop(limited, (await start(limited)).id);
});

test('an import: its file must be whole, one’s own, and no larger than the tenant allows; its columns must be writable fields', async () => {
  const importer = await env.clerk(admin, 'importer', [`${people}.read`, `${people}.import`, `${people}.create`, 'show.phone']);
  await admin.make('role-fields', { role_id: importer.role.id, resource: people, field: 'remark', access: 'none' });
  await admin.make('role-fields', { role_id: importer.role.id, resource: people, field: 'email', access: 'masked' });
  const file = await upload(importer, 'name,phone\nLi,13800000000\n');
  const go = (who, body) => who.post(`/${people}/import`, { upload_id: file.id, skip_rows: 1, mode: 'create', mapping: [{ column: 0, field: 'name' }, { column: 1, field: 'phone' }], ...body });
  const r = await go(importer, {});
  assert.deepEqual([r.status, r.body.kind, r.body.params.upload_name], [202, 'import', 'a.csv'], JSON.stringify(r.body));
  await drop(importer, r.body.id);
  const later = await go(importer, { run_at: '2099-01-01T00:00:00Z', on_duplicate: 'skip', match: ['name'], encoding: 'gb18030', delimiter: ';' });
  assert.deepEqual([later.status, new Date(later.body.run_at).getUTCFullYear()], [202, 2099]);
  await drop(importer, later.body.id);
  for (const [body, status, field] of [
    [{ upload_id: undefined }, 422, 'upload_id'], [{ upload_id: 'x' }, 422, 'upload_id'], [{ upload_id: uuid }, 422, 'upload_id'], [{ mapping: [] }, 422, 'mapping'],
    [{ mapping: [{ column: 0, field: 'nothing' }] }, 422, 'nothing'], [{ mapping: [{ column: 0, field: 'id' }] }, 422, 'id'], [{ mapping: [{ column: -1, field: 'name' }] }, 422, 'name'],
    [{ mapping: [{ column: 0, field: 'remark' }] }, 422, 'remark'], [{ mapping: [{ column: 0, field: 'name' }, { column: 1, field: 'name' }] }, 422, 'name'],
    [{ match: ['nothing'] }, 422, 'match'], [{ match: ['email'] }, 422, 'match'], [{ mapping: [{ column: 0, field: 'email' }] }, 422, 'email'], [{ mode: 'delete' }, 422, 'mode'], [{ skip_rows: -1 }, 422, 'skip_rows'], [{ on_duplicate: 'x' }, 422, 'on_duplicate'],
  ]) {
    const bad = await go(importer, body);
    assert.deepEqual([bad.status, bad.body.errors?.[0].field], [status, field], JSON.stringify([body, bad.body]));
  }
  assert.equal((await go(importer, { mode: 'upsert', match: ['name'] })).status, 403, 'changing needs its own permission');
  assert.equal((await go(importer, { on_duplicate: 'update', match: ['name'] })).status, 403);
  assert.equal((await go(admin, {})).body.errors[0].field, 'upload_id', 'another’s file does not exist');
  const mine = await upload(admin, 'name\nx\n');
  assert.equal((await go(admin, { upload_id: mine.id, mode: 'update', mapping: [{ column: 0, field: 'name' }] })).body.errors[0].field, 'match');
  const open = await openUpload(importer, { bytes: 10 });
  assert.equal((await go(importer, { upload_id: open.id })).status, 409);
  assert.equal((await go(clerk, { mapping: [{ column: 0, field: 'phone' }] })).status, 422, 'what one sees masked one does not write');
  await admin.patch(`/settings/${admin.tenant.id}`, { import_max_mb: 1 });
  const big = await upload(importer, Buffer.alloc(1048577, 'x'));
  assert.deepEqual([(await go(importer, { upload_id: big.id })).body.errors[0].rule], ['max']);
  assert.equal((await admin.post('/jobs/import', {})).status, 405);
});

test('jobs are their account’s; jobs.all sees the tenant’s; nobody sees another tenant’s', async () => {
  const job = await start(clerk), boss = await env.clerk(admin, 'overseer', ['jobs.all']), peer = await env.clerk(admin, 'peer', ['jobs.read', `${people}.*`]);
  for (const who of [peer, other, await env.carrier()]) {
    assert.deepEqual((await who.get('/jobs')).body.items?.filter((j) => j.id === job.id), []);
    for (const r of [await who.get(`/jobs/${job.id}`), await who.post(`/jobs/${job.id}/cancel`, {}), await who.get(`/jobs/${job.id}/file`), await who.get(`/jobs/${job.id}/rejects`), await who.delete(`/jobs/${job.id}`)])
      assert.equal(r.status, 404);
  }
  assert.deepEqual((await clerk.get('/jobs')).body.items.map((j) => j.id), [job.id]);
  assert.deepEqual((await boss.get('/jobs')).body.items.map((j) => j.id), [job.id]);
  assert.ok(!('file_path' in (await boss.get(`/jobs/${job.id}`)).body));
  assert.equal((await boss.post(`/jobs/${job.id}/cancel`, {})).body.state, 'cancelled');
  await drop(boss, job.id);
  for (const r of [await clerk.post('/jobs', { kind: 'export' }), await clerk.patch(`/jobs/${job.id}`, { state: 'finished' })]) assert.equal(r.status, 405);
});

test('cancel: while it waits at once, while it runs as soon as the worker hears; never when it is over', async () => {
  const job = await start(clerk);
  set(job.id, "state = 'running', total = 10, done = 3");
  const r = await clerk.post(`/jobs/${job.id}/cancel`, {});
  assert.deepEqual([r.status, r.body.state, r.body.done], [200, 'cancelling', 3]);
  for (const answer of [await clerk.post(`/jobs/${job.id}/cancel`, {}), await clerk.delete(`/jobs/${job.id}`)]) assert.equal(type(answer), 'refused');
  assert.equal((await clerk.get(`/jobs/${job.id}/file`)).status, 404);
  set(job.id, "state = 'cancelled'");
  assert.equal((await clerk.post(`/jobs/${job.id}/cancel`, {})).status, 409);
  await drop(clerk, job.id);
  assert.equal((await clerk.post(`/jobs/${job.id}/cancel`, {})).status, 404);
});

test('files: as an attachment with their name, told in the audit log, gone with the job, never from outside of the store', async () => {
  const job = await start(clerk), file = finish(job.id, admin.tenant.id, { '客户_20260101-120000.csv': '姓名\n李\n' });
  const r = await clerk.get(`/jobs/${job.id}/file`);
  assert.deepEqual([r.status, r.body, r.headers.get('content-type')], [200, '姓名\n李\n', 'text/csv; charset=utf-8']);
  assert.match(r.headers.get('content-disposition'), /^attachment; filename="[ -~]+"; filename\*=UTF-8''%E5%AE%A2%E6%88%B7_20260101-120000.csv$/);
  assert.equal(r.headers.get('x-content-type-options'), 'nosniff');
  const [event] = (await admin.get('/audit?filter[event]=download')).body.items;
  assert.deepEqual([event.account_id, event.resource, event.row_id], [clerk.account.id, people, job.id]);
  assert.equal((await clerk.get(`/jobs/${job.id}/rejects`)).status, 404);
  set(job.id, `rejects_path = '${admin.tenant.id}/jobs/${job.id}/客户_20260101-120000.csv', params = '{"upload_name":"名单.xlsx"}'`);
  assert.match((await clerk.get(`/jobs/${job.id}/rejects`)).headers.get('content-disposition'), /rejects-%E5%90%8D%E5%8D%95.csv$/);
  for (const path of ['/etc/passwd', `${admin.tenant.id}/../${other.tenant.id}/x`, `${other.tenant.id}/jobs/x`, '../x', `${admin.tenant.id}/.x`]) {
    set(job.id, `file_path = '${path}'`);
    assert.equal((await clerk.get(`/jobs/${job.id}/file`)).status, 404, path);
  }
  set(job.id, `file_path = '${admin.tenant.id}/jobs/${job.id}/客户_20260101-120000.csv'`);
  await drop(clerk, job.id);
  await until('the file goes with the job', () => !existsSync(file));
});

test('a repeated POST is one job; a tenant has only so many at once', async () => {
  const key = { 'idempotency-key': 'export-once' };
  const [a, b] = [await exports_(clerk, {}, key), await exports_(clerk, {}, key)];
  assert.deepEqual([b.status, b.body.id, b.headers.get('idempotent-replay')], [202, a.body.id, 'true']);
  assert.equal((await exports_(clerk, { format: 'xlsx' }, key)).status, 422);
  await admin.patch(`/settings/${admin.tenant.id}`, { jobs_at_once: 2 });
  const second = await start(admin);
  const r = await exports_(clerk);
  assert.deepEqual([r.status, type(r), r.body.errors[0].quota], [409, 'quota', 'jobs_at_once'], JSON.stringify(r.body));
  assert.equal((await exports_(clerk, {}, key)).status, 202, 'a repeat is no new one');
  await drop(clerk, a.body.id);
  await drop(admin, second.id);
  await admin.patch(`/settings/${admin.tenant.id}`, { jobs_at_once: 100 });
});

test('job.changed goes to its account and to those who see all jobs, to nobody else', async () => {
  await env.startAcd();
  const boss = await env.clerk(admin, 'watcher', ['jobs.all']), peer = await env.clerk(admin, 'peer2', ['jobs.read']);
  const [mine, all, none, foreign] = await Promise.all([clerk.events(), boss.events(), peer.events(), other.events()]);
  for (const ws of [mine, all, none, foreign]) await ws.wait('snapshot');
  const job = await start(clerk);
  for (const ws of [mine, all]) await ws.wait('job.changed', (m) => m.data.id === job.id && m.data.state === 'waiting');
  set(job.id, "state = 'running', total = 100, done = 40");
  const [m] = await Promise.all([mine.wait('job.changed', (x) => x.data.done === 40), all.wait('job.changed', (x) => x.data.done === 40)]);
  assert.deepEqual([m.data.kind, m.data.resource, m.data.state, m.data.total], ['export', people, 'running', 100]);
  assert.ok(!('params' in m.data) && !('file_path' in m.data));
  for (const ws of [none, foreign]) assert.ok(!ws.messages.some((x) => x.type === 'job.changed'));
  for (const ws of [mine, all, none, foreign]) ws.close();
  set(job.id, "state = 'failed'");
  await drop(clerk, job.id);
});

test('a program’s job keeps to the program’s permissions', async () => {
  const token = await admin.make('tokens', { name: 'exporter', permissions: [`${people}.read`, `${people}.export`] });
  const job = await start(new Client(env, token.token));
  assert.deepEqual(job.params.permissions, [`${people}.read`, `${people}.export`]);
  await drop(admin, job.id);
});

// covers: SYS-K13
test('leads and customers are created from outside, by a program with a token of its own that may do nothing else', async () => {
  const token = await admin.make('tokens', { name: 'website', permissions: ['leads.create', 'customers.create'] }), site = new Client(env, token.token);
  const key = { 'idempotency-key': 'form-1' };
  const lead = await site.post('/leads', { name: '王', phone: '13700000001', source: 'web' }, key);
  assert.equal(lead.status, 201, JSON.stringify(lead.body));
  assert.equal((await site.post('/leads', { name: '王', phone: '13700000001', source: 'web' }, key)).body.id, lead.body.id, 'sent twice: once');
  assert.equal((await site.post('/customers', { name: '王', phone: '13700000001' })).status, 201);
  assert.deepEqual([(await admin.get(`/leads/${lead.body.id}`)).body.source, (await site.get('/leads')).status, (await site.post('/queues', {})).status], ['web', 403, 403]);
});

test('a preview: columns, the first ten rows, what goes where; what cannot be read is told', async () => {
  const teller = await env.clerk(admin, 'teller', [`${people}.import`, 'show.phone']);
  const rows = Array.from({ length: 20 }, (_, i) => `客户${i},1380000${1000 + i}`).join('\n');
  const file = await upload(teller, `客户名称,电话1\n${rows}\n`);
  const r = await teller.post(`/${people}/import/preview`, { upload_id: file.id, skip_rows: 1 });
  assert.equal(r.status, 200, JSON.stringify(r.body));
  assert.deepEqual([r.body.columns, r.body.rows.length, r.body.rows[0], r.body.format, r.body.encoding, r.body.delimiter], [['客户名称', '电话1'], 10, ['客户0', '13800001000'], 'csv', 'utf-8', ',']);
  assert.ok(r.body.mapping.some((m) => m.column === 1 && m.field === 'phone'), JSON.stringify(r.body.mapping));
  const zip = await upload(teller, Buffer.from('504b0304deadbeef', 'hex'), { name: 'x.xlsx' });
  const bad = await teller.post(`/${people}/import/preview`, { upload_id: zip.id, format: 'xlsx' });
  assert.equal(bad.status, 422, JSON.stringify(bad.body));
  assert.ok(bad.body.errors[0].zh && bad.body.errors[0].en);
  assert.equal((await admin.post(`/${people}/import/preview`, { upload_id: file.id })).status, 404, 'another’s file');
  assert.equal((await clerk.post('/queues/import/preview', { upload_id: file.id })).status, 403);
});

test('templates: the fields one may write, in one’s language', async () => {
  const csv = await clerk.get(`/${people}/import-template?format=csv&lang=zh`);
  assert.equal(csv.status, 200, String(csv.body).slice(0, 300));
  assert.match(csv.headers.get('content-disposition'), /attachment; filename="customers.csv"/);
  assert.ok(csv.body.includes('客户名称') && !csv.body.includes('电话') && !csv.body.includes('备注'), 'neither the remark nor what is masked is this clerk’s to write');
  const xlsx = await clerk.get(`/${people}/import-template`, { 'accept-language': 'en' });
  assert.deepEqual([xlsx.bytes.subarray(0, 2).toString(), xlsx.headers.get('content-type')], ['PK', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet']);
  assert.equal((await clerk.get(`/${people}/import-template?format=pdf`)).status, 400);
  assert.equal((await clerk.get('/queues/import-template')).status, 403);
});

test('a file behind a column: whoever may read the row and the field', async () => {
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
  const photo = await upload(admin, png, { name: '照片.png', media_type: 'image/png', purpose: 'image' });
  const { account } = await env.clerk(admin, 'pictured', []);
  const set_ = await admin.patch(`/accounts/${account.id}`, { photo_id: photo.id });
  assert.equal(set_.status, 200, JSON.stringify(set_.body));
  const reader = await env.clerk(admin, 'account-reader', ['accounts.read']), blind = await env.clerk(admin, 'account-blind', ['accounts.read']);
  await admin.make('role-fields', { role_id: blind.role.id, resource: 'accounts', field: 'photo_id', access: 'none' });
  const r = await reader.get(`/accounts/${account.id}/photo_id`);
  assert.deepEqual([r.status, r.headers.get('content-type'), r.bytes.equals(png)], [200, 'image/png', true], String(r.body).slice(0, 200));
  assert.match(r.headers.get('content-disposition'), /^inline/);
  assert.match(r.headers.get('content-security-policy'), /sandbox/);
  assert.match((await reader.get(`/accounts/${account.id}/photo_id?download=1`)).headers.get('content-disposition'), /^attachment/);
  assert.equal((await blind.get(`/accounts/${account.id}/photo_id`)).status, 404);
  assert.equal((await other.get(`/accounts/${account.id}/photo_id`)).status, 404);
  assert.equal((await clerk.get(`/accounts/${account.id}/photo_id`)).status, 403);
  assert.equal((await reader.get(`/accounts/${reader.account.id}/photo_id`)).status, 404, 'no picture');
  const page = await upload(admin, '<script>alert(1)</script>', { name: 'x.html', media_type: 'text/html', purpose: 'image' });
  if ((await admin.patch(`/accounts/${account.id}`, { photo_id: page.id })).status === 200) {
    const html = await reader.get(`/accounts/${account.id}/photo_id`);
    assert.deepEqual([html.headers.get('content-type'), html.headers.get('content-disposition').split(';')[0]], ['application/octet-stream', 'attachment']);
  }
  assert.equal((await clerk.patch(`/accounts/${account.id}`, { photo_id: uuid })).status, 403);
});

test('preferences: one’s own, any JSON, kept at home by the carrier’s people', async () => {
  assert.equal((await clerk.put('/me/preferences/queues.columns', '["name","number"]', { 'content-type': 'application/json' })).status, 200);
  assert.equal((await clerk.put('/me/preferences/theme', '"dark"', { 'content-type': 'application/json' })).status, 200);
  assert.deepEqual((await clerk.get('/me/preferences')).body, { 'queues.columns': ['name', 'number'], theme: 'dark' });
  assert.deepEqual((await admin.get('/me/preferences')).body, {});
  assert.equal((await clerk.delete('/me/preferences/theme')).status, 204);
  assert.equal((await clerk.get('/me/preferences/theme')).status, 404);
  assert.equal((await clerk.put('/me/preferences/big', JSON.stringify('x'.repeat(70000)), { 'content-type': 'application/json' })).status, 413);
  assert.equal((await clerk.put('/me/preferences/a%20b', '1', { 'content-type': 'application/json' })).status, 404);
  assert.equal((await clerk.put('/me/preferences/x', '{', { 'content-type': 'application/json' })).status, 400);
  const boss = await env.carrier(), inside = new Client(env, boss.token, { 'x-zj-tenant': admin.tenant.id });
  assert.equal((await inside.put('/me/preferences/theme', '"light"', { 'content-type': 'application/json' })).status, 200);
  assert.equal((await boss.get('/me/preferences/theme')).body, 'light');
});

// covers: SYS-V715 SYS-V718
test('the menu: by permission, in the tenant’s order', async () => {
  const names = (r) => Object.fromEntries(r.body.menu.map((c) => [c.name, c.items.map((i) => i.resource)]));
  const whole = await admin.get('/meta/menu');
  assert.ok(names(whole).accounts.includes('roles') && whole.body.menu.every((c) => c.zh && c.en && c.items.every((i) => i.zh && i.en)));
  const { menu_groups } = (await admin.get('/meta/resources')).body; // of one source: the menu's own groups are some of these, in this order
  const told = menu_groups.map((g) => g.name);
  assert.ok(menu_groups.every((g) => g.zh && g.en) && told.at(-1) === 'other' && new Set(told).size === told.length);
  assert.deepEqual(whole.body.menu.map((c) => c.name), told.filter((name) => names(whole)[name]));
  const small = await env.clerk(admin, 'menu', ['queues.read', 'customers.read']);
  assert.deepEqual(Object.values(names(await small.get('/meta/menu'))).flat().sort(), ['customers', 'queues']);
  const order = [{ name: 'accounts', items: ['roles', 'accounts'] }, 'system'];
  assert.equal((await admin.patch(`/settings/${admin.tenant.id}`, { menu_order: order })).status, 200);
  const ordered = await admin.get('/meta/menu');
  assert.deepEqual([ordered.body.menu[0].name, ordered.body.menu[1].name], ['accounts', 'system']);
  assert.deepEqual(names(ordered).accounts.slice(0, 2), ['roles', 'accounts']);
  assert.ok(!(await admin.get('/meta/menu')).body.menu.some((c) => c.items.some((i) => i.resource === 'grantable-permissions')), 'the carrier’s pages are the carrier’s');
});

// covers: SYS-V531
test('usage: of one’s own tenant; the carrier sees all', async () => {
  const mine = (await admin.get('/usage')).body;
  assert.deepEqual([mine.items.length, mine.items[0].tenant.name, mine.total.max.queues], [1, 'alpha', 1000]);
  const before_ = mine.total.used.queues;
  await admin.make('queues', { number: '4900', name: 'u' });
  assert.equal((await admin.get('/usage')).body.total.used.queues, before_ + 1);
  const boss = await env.carrier();
  await boss.patch(`/tenants/${admin.tenant.id}`, { max_queues: before_ + 1 });
  const r = await admin.post('/queues', { number: '4901', name: 'v' });
  assert.deepEqual([r.status, r.body.errors[0].quota], [409, 'max_queues'], JSON.stringify(r.body));
  const all = (await boss.get('/usage')).body, own = (await admin.get('/usage')).body.total.used;
  assert.deepEqual([all.items.map((i) => i.tenant.name), all.total.used.tenants, all.items[0].used.queues], [['alpha', 'beta'], 2, own.queues]);
  await other.make('agents', { number: '1', name: 'a' });
  await other.make('extensions', { number: '1001', name: 'x', password: 'ext-password' });
  const later = (await boss.get('/usage')).body.total.used;
  assert.deepEqual(['agents', 'extensions', 'queues'].map((k) => later[k] - all.total.used[k]), [1, 1, 0]);
});

test('a whole tenant: exported by itself or by the carrier, imported by the carrier only', async () => {
  const own = await admin.post('/tenant-export', {});
  assert.deepEqual([own.status, own.body.kind, own.body.params.tenant_id], [202, 'tenant_export', admin.tenant.id], JSON.stringify(own.body));
  await drop(admin, own.body.id);
  assert.equal((await admin.post('/tenant-export', { tenant_id: other.tenant.id })).body.errors[0].field, 'tenant_id');
  assert.equal((await clerk.post('/tenant-export', {})).status, 403);
  const boss = await env.carrier(), job = await boss.post('/tenant-export', { tenant_id: other.tenant.id });
  assert.equal(job.status, 202, JSON.stringify(job.body));
  await drop(boss, job.body.id);
  assert.equal((await boss.post('/tenant-export', { tenant_id: uuid })).body.errors[0].rule, 'reference');
  const mine = await upload(admin, 'x', { purpose: 'tenant' }), theirs = await upload(boss, 'x', { purpose: 'tenant' });
  assert.equal((await admin.post('/tenant-import', { upload_id: mine.id })).status, 403);
  const into = await boss.post('/tenant-import', { upload_id: theirs.id, name: 'gamma' });
  assert.deepEqual([into.status, into.body.kind], [202, 'tenant_import'], JSON.stringify(into.body));
  await drop(boss, into.body.id);
});
