// Imports and exports end to end: uploaded and asked for through HTTP, done by the real worker, whose processes are killed meanwhile.
//
// A file is looked into (its first ten rows, its columns recognised), rows are created, updated, skipped or rejected with a
// reason each, at the time that was asked for; labels of choices and dictionaries become codes and come back as labels.
// covers: SYS-K11 SYS-K12 SYS-L04 SYS-V303 SYS-V504 SYS-V506 SYS-V508 SYS-V511 SYS-V512 SYS-V514 SYS-V517 SYS-V518 SYS-V521
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startEnv, until } from '../../api/test/env.mjs';
import { upload } from '../../api/test/upload.mjs';
import { Worker, ask, count, counts, csv, importing, lines, look, mapping, over } from '../tools/jobs.mjs';

let env, alpha, beta;
const worker = new Worker(() => env);

before(async () => {
  env = await startEnv();
  alpha = await env.tenant('alpha');
  beta = await env.tenant('beta');
  for (const t of [alpha, beta]) {
    for (const o of (await t.get('/business-objects')).body.items) assert.equal((await t.patch(`/business-objects/${o.id}`, { enabled: true })).status, 200);
  }
  await worker.start();
});
after(async () => {
  await worker.stop();
  await env?.close();
});

test('10,000 rows with 37 bad ones: exactly those come back, each with its reason', async () => {
  const bad = new Map();
  const rows = [['客户名称', '电话1', '邮箱', '客户等级']];
  for (let i = 1; i <= 10000; i++) {
    const row = [`Customer ${i}`, `1390000${String(i).padStart(4, '0')}`, `c${i}@example.com`, i % 2 ? '普通' : 'VIP'];
    if (i % 270 === 1 && bad.size < 37) {
      const kind = bad.size % 4;
      if (kind === 0) row[1] = 'call me';
      if (kind === 1) row[0] = ' ';
      if (kind === 2) row[2] = 'not an address';
      if (kind === 3) row[3] = 'gold';
      bad.set(i + 1, ['Phone 1', 'Name', 'E-mail', 'Level'][kind]);
    }
    rows.push(row);
  }
  assert.equal(bad.size, 37);
  const u = await upload(alpha, csv(rows), { name: '客户.csv' });
  const seen = (await alpha.post('/customers/import/preview', { upload_id: u.id, skip_rows: 1 })).body;
  assert.deepEqual(seen.columns, rows[0]);
  assert.deepEqual(seen.rows, rows.slice(1, 11).map((r) => r.map((c) => c)));
  assert.deepEqual([seen.format, seen.encoding, seen.delimiter], ['csv', 'utf-8', ',']);
  assert.ok(Math.abs(seen.total_estimate - 10000) < 1000, String(seen.total_estimate));
  assert.deepEqual(seen.mapping, mapping('name', 'phone', 'email', 'level'));
  const events = await alpha.events();
  const id = await ask(alpha, '/customers/import', { upload_id: u.id, skip_rows: 1, mapping: seen.mapping, mode: 'create', lang: 'en' });
  const job = await over(alpha, id);
  assert.deepEqual(counts(job), ['finished', 9963, 0, 0, 37], JSON.stringify(job));
  assert.deepEqual([job.done, job.total], [10000, 10000]);
  assert.equal(await count(alpha, 'customers'), 9963);
  await events.wait('job.changed', (m) => m.data.id === id && m.data.state === 'finished' && m.data.failed === 37);
  const rejects = await alpha.get(`/jobs/${id}/rejects`);
  assert.equal(rejects.status, 200);
  const [head, ...rest] = lines(rejects.bytes);
  assert.equal(head, '客户名称,电话1,邮箱,客户等级,Row,Reason');
  assert.equal(rest.length, 37);
  for (const [i, line] of [...bad.keys()].entries()) {
    const [cells, reason] = [rest[i].split(','), rest[i].slice(rest[i].indexOf(`,${line},`))];
    assert.equal(cells[0], rows[line - 1][0], 'the row as it was');
    assert.ok(reason.includes(bad.get(line)), `${rest[i]} names ${bad.get(line)}`);
  }
});

// covers: TEN-Y06
test('employees from a file: accounts that can log in, each in its department, and their agents and extensions bound by name', async () => {
  for (const name of ['销售部', '售后部']) await alpha.make('departments', { name });
  const people = [['li', '李雷', '销售部', '8101'], ['han', '韩梅梅', '售后部', '8102']];
  const accounts = await importing(alpha, 'accounts', csv([['用户名', '姓名', '密码', '所属部门'], ...people.map(([u, n, d]) => [u, n, `${u}-import-password`, d]), ['wu', '吴名', 'wu-import-password', '无此部门'], ['li', '李雷', 'li-import-password', '销售部']]),
    { skip_rows: 1, mapping: mapping('username', 'name', 'password', 'department_id') });
  assert.deepEqual(counts(accounts), ['finished', 2, 0, 0, 2], JSON.stringify(accounts));
  const extensions = await importing(alpha, 'extensions', csv(people.map(([u, , , number]) => [number, `${u}-phone-password`, u])), { skip_rows: 0, mapping: mapping('number', 'password', 'account_id') });
  assert.deepEqual(counts(extensions), ['finished', 2, 0, 0, 0], JSON.stringify(extensions));
  const agents = await importing(alpha, 'agents', csv(people.map(([u, n, , number]) => [number, n, u, number])), { skip_rows: 0, mapping: mapping('number', 'name', 'account_id', 'extension_id') });
  assert.deepEqual(counts(agents), ['finished', 2, 0, 0, 0], JSON.stringify(agents));
  for (const [username, name, department, number] of people) {
    const me = await env.login({ tenant: 'alpha', username, password: `${username}-import-password` });
    assert.deepEqual([me.session.account.name, me.session.agent.number], [name, number]);
    const account = (await alpha.get(`/accounts?filter[username]=${username}&expand=department_id`)).body.items[0];
    assert.equal(account.expand.department_id.label, department);
    const agent = (await alpha.get(`/agents?filter[number]=${number}&expand=extension_id`)).body.items[0];
    assert.deepEqual([agent.account_id, agent.expand.extension_id.label], [account.id, number]);
  }
});

test('an imported password keeps the rules of the tenant: the row that breaks one is told which', async () => {
  const settings = (values) => alpha.patch(`/settings/${alpha.tenant.id}`, values);
  await settings({ password_min_length: 10, password_classes: 3, password_no_runs: true });
  const rows = [['用户名', '姓名', '密码'], ['rule1', '甲', 'Short-7x'], ['rule2', '乙', 'onlysmallletters'], ['rule3', '丙', 'Runs-1234-here'], ['Rule4-Is-Long', '丁', 'rule4-is-long'], ['rule5', '戊', 'Good-Enough-58']];
  const job = await importing(alpha, 'accounts', csv(rows), { skip_rows: 1, mapping: mapping('username', 'name', 'password') });
  await settings({ password_min_length: 8, password_classes: 1, password_no_runs: false });
  assert.deepEqual(counts(job), ['finished', 1, 0, 0, 4], JSON.stringify(job));
  const text = (await alpha.get(`/jobs/${job.id}/rejects`)).body;
  for (const [username, why] of [['rule1', /10/], ['rule2', /3 种|at least 3/], ['rule3', /1234/], ['Rule4-Is-Long', /用户名|user name/]]) assert.match(text.split('\n').find((l) => l.includes(`${username},`)) ?? '', why, text);
  assert.equal((await env.login({ tenant: 'alpha', username: 'rule5', password: 'Good-Enough-58' })).session.account.name, '戊');
});

test('a choice by its label in either language, a reference by its name, a boolean in words, a dictionary, dates of the tenant', async () => {
  const d = await alpha.make('dictionaries', { code: 'sex', name: '性别' });
  await alpha.make('dictionary-items', { dictionary_id: d.id, code: 'male', zh: '男', en: 'Male' });
  await alpha.make('dictionary-items', { dictionary_id: d.id, code: 'female', zh: '女', en: 'Female' });
  await alpha.make('custom-fields', { resource: 'customers', name: 'sex', zh: '性别', en: 'Sex', type: 'single', dictionary_id: d.id });
  await alpha.make('custom-fields', { resource: 'customers', name: 'since', zh: '首次来电', en: 'Since', type: 'datetime' });
  await alpha.make('custom-fields', { resource: 'customers', name: 'score', zh: '评分', en: 'Score', type: 'integer' });
  const rows = [['客户名称', '电话1', '客户等级', '客户经理', '性别', '首次来电', '评分'],
    ['张三', '13700000001', '重要', 'admin', '男', '2026/11/21 8:05', '7'],
    ['李四', '13700000002', 'Important', 'admin(Admin)', 'female', '2026-11-21', ''],
    ['王五', '13700000003', 'vip', 'nobody', '男', '', ''],
    ['赵六', '13700000004', 'vip', 'admin', '不详', '', ''],
    ['孙七', '13700000005', 'vip', 'admin', '', '昨天', ''],
    ['周八', '13700000006', 'vip', 'admin', '', '', '七']];
  const job = await importing(alpha, 'customers', csv(rows), { skip_rows: 1, mapping: mapping('name', 'phone', 'level', 'owner_id', 'custom.sex', 'custom.since', 'custom.score').map((m) => ({ ...m, dictionary: true })) });
  assert.deepEqual(counts(job), ['finished', 2, 0, 0, 4], JSON.stringify(job));
  const items = (await alpha.get('/customers?filter[phone][starts]=1370000000&sort=phone')).body.items;
  assert.deepEqual(items.map((c) => [c.name, c.level, c.owner_id, c.custom.sex, c.custom.since, c.custom.score ?? null]), [
    ['张三', 'important', alpha.session.account.id, 'male', '2026-11-21T00:05:00.000000Z', 7],
    ['李四', 'important', alpha.session.account.id, 'female', '2026-11-20T16:00:00.000000Z', null]]);
  const reasons = lines((await alpha.get(`/jobs/${job.id}/rejects`)).bytes).slice(1);
  for (const [i, field] of ['Account manager', 'Sex', 'Since', 'Score'].entries()) assert.ok(reasons[i].includes(field), reasons[i]);
  const out = await over(alpha, await ask(alpha, '/customers/export', { format: 'csv', lang: 'zh', query: 'filter[phone][starts]=1370000000&sort=phone', fields: ['name', 'level', 'owner_id', 'custom.sex', 'custom.since'] }));
  assert.deepEqual(lines((await alpha.get(`/jobs/${out.id}/file`)).bytes), ['客户名称,客户等级,客户经理,性别,首次来电', '张三,重要,admin(Admin),男,2026-11-21 08:05:00', '李四,重要,admin(Admin),女,2026-11-21 00:00:00']);
});

test('rows that are there already are rejected, skipped or updated; also rows that repeat each other', async () => {
  const file = (...rows) => csv([['n', 'name'], ...rows]);
  const map = mapping('number', 'name');
  assert.deepEqual(counts(await importing(alpha, 'queues', file(['5001', 'a'], ['5002', 'b'], ['5001', 'again']), { mapping: map, match: ['number'] })), ['finished', 2, 0, 0, 1]);
  let job = await importing(alpha, 'queues', file(['5001', 'x'], ['5003', 'c']), { mapping: map });
  assert.deepEqual(counts(job), ['finished', 1, 0, 0, 1], 'without a match the database itself says that it is there');
  assert.match(lines((await alpha.get(`/jobs/${job.id}/rejects`)).bytes)[1], /^5001,x,2,.*exists already/);
  job = await importing(alpha, 'queues', file(['5001', 'x'], ['5004', 'd']), { mapping: map, match: ['number'], on_duplicate: 'skip' });
  assert.deepEqual(counts(job), ['finished', 1, 0, 1, 0]);
  assert.match(lines((await alpha.get(`/jobs/${job.id}/rejects`)).bytes)[1], /^5001,x,2,/, 'duplicates can be downloaded');
  job = await importing(alpha, 'queues', file(['5001', 'new'], ['5005', 'e'], ['5005', 'f'], ['', 'none']), { mapping: map, match: ['number'], mode: 'upsert' });
  assert.deepEqual(counts(job), ['finished', 1, 2, 0, 1]);
  job = await importing(alpha, 'queues', file(['5002', 'B'], ['5999', 'nobody'], ['5003', '']), { mapping: map, match: ['number'], mode: 'update' });
  assert.deepEqual(counts(job), ['finished', 0, 2, 0, 1]);
  const names = Object.fromEntries((await alpha.get('/queues?filter[number][starts]=500&sort=number')).body.items.map((q) => [q.number, q.name]));
  assert.deepEqual(names, { 5001: 'new', 5002: 'B', 5003: 'c', 5004: 'd', 5005: 'f' });
});

test('GB18030, another delimiter, titles in the third row', async () => {
  const text = '客户清单;;\r\n二〇二六年;;\r\n客户名称;电话1;备注\r\n欧阳娜娜;13600000001;"说:""你好"";再见"\r\n';
  const bytes = gb18030(text);
  const u = await upload(alpha, bytes);
  const seen = (await alpha.post('/customers/import/preview', { upload_id: u.id, skip_rows: 3 })).body;
  assert.deepEqual([seen.encoding, seen.delimiter, seen.columns, seen.rows], ['gb18030', ';', ['客户名称', '电话1', '备注'], [['欧阳娜娜', '13600000001', '说:"你好";再见']]]);
  const job = await over(alpha, await ask(alpha, '/customers/import', { upload_id: u.id, skip_rows: 3, mapping: seen.mapping, run_at: '2020-01-01T00:00:00Z' })); // a time that is past: at once
  assert.deepEqual(counts(job), ['finished', 1, 0, 0, 0], JSON.stringify(job));
  const [row] = (await alpha.get('/customers?filter[phone]=13600000001')).body.items;
  assert.deepEqual([row.name, (await alpha.get(`/customers/${row.id}`)).body.remark], ['欧阳娜娜', '说:"你好";再见']);
  const out = await over(alpha, await ask(alpha, '/customers/export', { format: 'csv', encoding: 'gb18030', lang: 'zh', query: 'filter[phone]=13600000001', fields: ['name', 'phone'] }));
  assert.deepEqual((await alpha.get(`/jobs/${out.id}/file`)).bytes, gb18030('客户名称,电话1\r\n欧阳娜娜,13600000001\r\n'));
});

test('XLSX both ways: what one tenant exports, another takes in; a template is such a file', async () => {
  const rows = [['n', 'name', 's']];
  for (let i = 0; i < 300; i++) rows.push([String(6000 + i), `=Queue ${i}`, i % 2 ? '循环' : 'Longest idle']);
  assert.deepEqual(counts(await importing(alpha, 'queues', csv(rows.map((r) => r.slice(0, 2))), { mapping: mapping('number', 'name') })), ['finished', 300, 0, 0, 0]);
  const out = await over(alpha, await ask(alpha, '/queues/export', { format: 'xlsx', lang: 'zh', query: 'filter[number][starts]=6&sort=number', fields: ['number', 'name', 'strategy', 'wrapup_s', 'enabled'] }));
  assert.equal(out.state, 'finished', JSON.stringify(out));
  assert.match(out.file_name, /^queues_\d{8}-\d{6}\.xlsx$/);
  const [listed] = (await alpha.get('/jobs?filter[kind]=export&sort=-id&limit=1')).body.items;
  assert.deepEqual([listed.id, listed.file_name, listed.resource, listed.state, listed.done, listed.account_id], [out.id, out.file_name, 'queues', 'finished', 300, alpha.session.account.id]);
  assert.equal(out.params.query, 'filter[number][starts]=6&sort=number', 'under which conditions');
  assert.ok(listed.started_at && listed.finished_at, 'when it ran');
  const file = await alpha.get(`/jobs/${out.id}/file`);
  assert.match(file.headers.get('content-disposition'), /queues_/);
  assert.equal(file.bytes.length, out.file_bytes);
  const u = await upload(beta, file.bytes, { name: 'q.xlsx' });
  const seen = (await beta.post('/queues/import/preview', { upload_id: u.id, skip_rows: 1 })).body;
  assert.equal(seen.format, 'xlsx', JSON.stringify(seen));
  assert.deepEqual(seen.mapping, mapping('number', 'name', 'strategy', 'wrapup_s', 'enabled'));
  assert.equal(seen.rows.length, 10);
  const job = await over(beta, await ask(beta, '/queues/import', { upload_id: u.id, skip_rows: 1, mapping: seen.mapping, lang: 'zh' }));
  assert.deepEqual(counts(job), ['finished', 300, 0, 0, 0], JSON.stringify(job));
  const [first] = (await beta.get('/queues?sort=number&limit=1')).body.items;
  assert.deepEqual([first.number, first.name, first.enabled], ['6000', '=Queue 0', true], 'a text with = is no formula');
  const template = await alpha.get('/queues/import-template?format=xlsx&lang=zh');
  assert.equal(template.status, 200);
  const t = await upload(alpha, template.bytes, { name: 't.xlsx' });
  const empty = (await alpha.post('/queues/import/preview', { upload_id: t.id, skip_rows: 1 })).body;
  assert.ok(empty.mapping.length > 5 && empty.mapping.length === empty.columns.length, JSON.stringify(empty));
  assert.deepEqual(empty.rows, []);
  const bad = await importing(alpha, 'queues', file.bytes, { skip_rows: 1, mapping: mapping('number', 'name') }, 'q.xlsx');
  assert.deepEqual(counts(bad), ['finished', 0, 0, 0, 300]);
  const r = await upload(alpha, (await alpha.get(`/jobs/${bad.id}/rejects`)).bytes, { name: 'r.xlsx' });
  const again = (await alpha.post('/queues/import/preview', { upload_id: r.id, skip_rows: 1 })).body;
  assert.deepEqual([again.format, again.rows[0][0], again.rows[0].at(-2)], ['xlsx', '6000', '2'], 'rejects come in the format of the file');
});

test('formulas in a CSV are texts; other spreadsheets and broken files are refused with a reason', async () => {
  await alpha.make('queues', { number: '7001', name: '=HYPERLINK("http://x","y")' });
  await alpha.make('queues', { number: '7002', name: '@SUM(A1)' });
  const out = await over(alpha, await ask(alpha, '/queues/export', { format: 'csv', query: 'filter[number][starts]=700&sort=number', fields: ['number', 'name'], lang: 'en' }));
  assert.deepEqual(lines((await alpha.get(`/jobs/${out.id}/file`)).bytes).slice(1), ['7001,"\'=HYPERLINK(""http://x"",""y"")"', '7002,"\'@SUM(A1)"']);
  for (const [bytes, rule] of [[Buffer.from('d0cf11e0a1b11ae100000000', 'hex'), 'format'], [Buffer.from('PK\x03\x04 nothing'), 'damaged']]) {
    const u = await upload(alpha, bytes);
    const r = await alpha.post('/queues/import/preview', { upload_id: u.id });
    assert.deepEqual([r.status, r.body.errors[0].rule], [422, rule]);
    const job = await over(alpha, await ask(alpha, '/queues/import', { upload_id: u.id, mapping: mapping('number', 'name') }));
    assert.equal(job.state, 'failed');
    assert.ok(JSON.stringify(job.error).includes(rule), JSON.stringify(job.error));
  }
});

const many = (from, n) => csv([['name', 'phone'], ...Array.from({ length: n }, (_, i) => [`Many ${i}`, String(from + i)])]);
const distinct = (prefix) => env.pg.sql(`select count(*), count(distinct phone) from zj.customer where tenant_id = '${alpha.tenant.id}' and phone like '${prefix}%'`)[0].map(Number);

test('killed in the middle, process and daemon: no row twice, none lost', { timeout: 120000 }, async () => {
  const n = 30000;
  const u = await upload(alpha, many(15000000000, n));
  const id = await ask(alpha, '/customers/import', { upload_id: u.id, mapping: mapping('name', 'phone') });
  const progress = (least) => until(`${least} rows`, async () => { const j = await look(alpha, id); return j.done >= least && j.state === 'running' && j; }, 30000);
  await progress(500);
  process.kill(Number(worker.childOf(id)), 'SIGKILL');
  const before = (await look(alpha, id)).done;
  await progress(before + 2000);
  const child = Number(worker.childOf(id));
  await worker.stop('SIGKILL');
  await until('the child ends with its daemon', () => { try { process.kill(child, 0); return false; } catch { return true; } });
  const [rows, phones] = distinct('15');
  assert.equal(rows, phones);
  assert.ok(rows < n, 'it was the middle');
  await worker.start();
  const job = await over(alpha, id, 60000);
  assert.deepEqual(counts(job), ['finished', n, 0, 0, 0], JSON.stringify(job));
  assert.deepEqual(distinct('15'), [n, n]);
});

test('cancelled within seconds: what was written stays and is counted', async () => {
  const u = await upload(alpha, many(16000000000, 60000));
  const id = await ask(alpha, '/customers/import', { upload_id: u.id, mapping: mapping('name', 'phone') });
  await until('some rows', async () => (await look(alpha, id)).done > 0, 20000);
  const asked = Date.now();
  assert.ok((await alpha.post(`/jobs/${id}/cancel`)).status < 300);
  const job = await over(alpha, id, 15000);
  assert.ok(Date.now() - asked < 15000);
  assert.equal(job.state, 'cancelled');
  assert.deepEqual(distinct('16'), [job.created_rows, job.created_rows]);
  const out = await ask(alpha, '/customers/export', { format: 'csv', query: 'sort=phone', fields: ['phone'] });
  await until('some of the export', async () => { const j = await look(alpha, out); return j.done > 0 || j.state === 'finished'; }, 20000);
  await alpha.post(`/jobs/${out}/cancel`);
  const end = await over(alpha, out);
  const kept = lines((await alpha.get(`/jobs/${out}/file`)).bytes).length - 1;
  assert.equal(kept, end.done, `${end.state}: what was exported so far can be downloaded`);
  assert.equal((await alpha.delete(`/jobs/${out}`)).status, 204);
  assert.equal((await alpha.get(`/jobs/${out}/file`)).status, 404);
});

test('an export shows no more than the list: masks, fields of the role; not to another tenant', async () => {
  const clerk = await env.clerk(alpha, 'clerk', ['customers.read', 'customers.export', 'customers.import', 'customers.create']);
  await alpha.make('role-fields', { role_id: clerk.role.id, resource: 'customers', field: 'email', access: 'none' });
  const id = await ask(clerk, '/customers/export', { format: 'csv', lang: 'en', query: 'filter[name]=Customer 10' });
  const job = await over(clerk, id);
  assert.equal(job.state, 'finished', JSON.stringify(job));
  const [head, row] = lines((await clerk.get(`/jobs/${id}/file`)).bytes);
  assert.ok(!head.includes('E-mail') && !row.includes('@'), head);
  assert.ok(row.includes('139****0010') && !row.includes('13900000010'), row);
  for (const path of ['', '/file', '/rejects']) assert.equal((await beta.get(`/jobs/${id}${path}`)).status, 404);
  const u = await upload(alpha, csv([['name', 'phone'], ['x', '1']]));
  assert.equal((await beta.post('/customers/import', { upload_id: u.id, mapping: mapping('name', 'phone') })).status, 422);
  assert.equal((await beta.post('/customers/import/preview', { upload_id: u.id })).status, 404);
  const tricked = env.pg.sql(`insert into zj.job (tenant_id, kind, resource, params, account_id) values ('${beta.tenant.id}', 'import', 'customers', '${JSON.stringify({ upload_id: u.id, mapping: mapping('name', 'phone') })}', '${beta.session.account.id}') returning id`)[0][0];
  assert.equal((await over(beta, tricked)).state, 'failed', 'nor does the worker take a file of somebody else');
  assert.equal(await count(beta, 'customers'), 0);
});

test('it acts as its account: one disabled meanwhile is refused, rights are those of the moment; not before its time', async () => {
  const gone = await env.clerk(alpha, 'gone', ['queues.read', 'queues.write']);
  const less = await env.clerk(alpha, 'less', ['queues.read', 'queues.write']);
  const at = new Date(Date.now() + 2500).toISOString();
  const start = async (who, number) => ask(who, '/queues/import', { upload_id: (await upload(who, csv([['number', 'name'], [number, 'late']]))).id, mapping: mapping('number', 'name'), run_at: at });
  const [a, b, c] = [await start(gone, '7101'), await start(less, '7102'), await start(alpha, '7103')];
  assert.equal((await look(alpha, c)).state, 'waiting');
  assert.equal((await alpha.patch(`/accounts/${gone.account.id}`, { enabled: false })).status, 200);
  assert.equal((await alpha.patch(`/roles/${less.role.id}`, { permissions: ['queues.read'] })).status, 200);
  const done = await over(alpha, c);
  assert.ok(Date.parse(done.started_at) >= Date.parse(at), `${done.started_at} is not before ${at}`);
  const [one, two] = [env.pg.sql(`select state, error from zj.job where id = '${a}'`), await over(less, b)];
  await until('both ended', () => env.pg.sql(`select count(*) from zj.job where id in ('${a}', '${b}') and state = 'failed'`)[0][0] === '2', 10000);
  assert.ok(/disabled/.test(JSON.stringify([one, env.pg.sql(`select error from zj.job where id = '${a}'`)])));
  assert.ok(/may not import/.test(JSON.stringify(two.error)), JSON.stringify(two));
  assert.deepEqual((await alpha.get('/queues?filter[number][starts]=710')).body.items.map((q) => q.number), ['7103']);
});

test('a tenant with many jobs holds up no other', async () => {
  const u = await upload(alpha, csv([['number', 'name'], ['7201', 'x']]));
  const ids = [];
  for (let i = 0; i < 20; i++) ids.push(await ask(alpha, '/customers/export', { format: 'xlsx' }));
  const mine = await over(beta, await ask(beta, '/queues/export', { format: 'csv' }), 20000);
  assert.equal(mine.state, 'finished');
  const waiting = env.pg.sql(`select count(*) from zj.job where tenant_id = '${alpha.tenant.id}' and state = 'waiting'`)[0][0];
  assert.ok(Number(waiting) > 0, 'the other tenant is not through yet');
  for (const id of ids) await alpha.post(`/jobs/${id}/cancel`);
  for (const id of ids) await over(alpha, id, 30000);
  assert.ok(u.id);
});

test('SIGTERM drains: the job is let go of at its checkpoint and ends after the restart', async () => {
  const u = await upload(alpha, many(17000000000, 20000));
  const id = await ask(alpha, '/customers/import', { upload_id: u.id, mapping: mapping('name', 'phone') });
  await until('some rows', async () => (await look(alpha, id)).done > 0, 20000);
  assert.equal(await worker.stop(), 0);
  const j = await look(alpha, id);
  assert.equal(j.state, 'waiting', JSON.stringify(j));
  await worker.start();
  assert.deepEqual(counts(await over(alpha, id, 60000)), ['finished', 20000, 0, 0, 0]);
  assert.deepEqual(distinct('17'), [20000, 20000]);
});

// GB18030 of the few characters that the tests need, by way of the system's own table.
function gb18030(text) {
  const table = gb18030.table ??= new Map();
  if (!table.size) {
    const decoder = new TextDecoder('gb18030');
    for (let a = 0x81; a <= 0xfe; a++) for (let b = 0x40; b <= 0xfe; b++) if (b !== 0x7f) { const c = decoder.decode(Uint8Array.of(a, b)); if ([...c].length === 1 && c !== '\ufffd') table.set(c, [a, b]); }
  }
  return Buffer.from([...text].flatMap((c) => (c.charCodeAt(0) < 0x80 ? [c.charCodeAt(0)] : table.get(c))));
}
