// The worker by itself, its jobs written as the api writes them: archives of tenants, many rows at once, the bin, housekeeping, the box.
// covers: SYS-V007
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { build, csv, mapping, startEnv, until } from './env.mjs';

let env, t, carrier;
const sanitised = /san$/.test(build); // its runtime needs more than the box lets a reader do
before(async () => {
  env = await startEnv({ conf: { keep_days: 1 } });
  const id = env.pg.sql("insert into zj.tenant (tenant_id, kind, name, title, sip_domain) values (zj.zj_uuid7(), 'carrier', 'carrier', 'Carrier', 'carrier.invalid') returning id")[0][0];
  carrier = { id };
  carrier.admin = env.account(carrier, 'boss', ['*']);
  t = env.tenant('alpha');
  sql(`update zj.tenant set max_queues = null where id = ${q(t.id)}`);
  await env.start();
});
after(async () => { await env?.close(); });
const sql = (text) => env.pg.sql(text);
const q = (...a) => env.quote(...a);
const one = (text) => sql(text)[0]?.[0];
const counts = (j) => [j.state, j.created_rows, j.updated_rows, j.failed];

test('a tenant as one archive: into a new tenant with ids of its own, again without doubling, back into itself', async () => {
  const department = one(`insert into zj.department (tenant_id, name) values (${q(t.id)}, 'Head') returning id`);
  sql(`insert into zj.department (tenant_id, name, parent_id) values (${q(t.id)}, 'Below', ${q(department)})`);
  const extension = one(`insert into zj.extension (tenant_id, number, name, password) values (${q(t.id)}, '1001', 'Li', 'a-secret-password') returning id`);
  const agent = one(`insert into zj.agent (tenant_id, number, name, extension_id, account_id) values (${q(t.id)}, '1001', 'Li', ${q(extension)}, ${q(t.admin.id)}) returning id`);
  const path = `${t.id}/prompts/${randomUUID()}.wav`;
  mkdirSync(dirname(join(env.store, path)), { recursive: true });
  writeFileSync(join(env.store, path), 'RIFF sound');
  const prompt = one(`insert into zj.prompt (tenant_id, name, language, path, bytes, sha256) values (${q(t.id)}, 'music', 'zh', ${q(path)}, 10, '${'0'.repeat(64)}') returning id`);
  const queue = one(`insert into zj.queue (tenant_id, number, name, music_id) values (${q(t.id)}, '4001', 'Sales', ${q(prompt)}) returning id`);
  sql(`insert into zj.queue_agent (tenant_id, queue_id, agent_id) values (${q(t.id)}, ${q(queue)}, ${q(agent)})`);
  sql(`insert into zj.flow (tenant_id, name, document) values (${q(t.id)}, 'menu', ${q(`<vxml><!-- queue ${queue} --></vxml>`)})`);
  sql(`update zj.setting set recycle_days = 12 where tenant_id = ${q(t.id)}`);

  const out = await env.ended(env.job(carrier, 'tenant_export', 'tenants', { tenant_id: t.id }));
  assert.equal(out.state, 'finished', JSON.stringify(out));
  assert.match(out.file_name, /^exportteam_alpha_\d{8}-\d{6}\.zip$/);
  const file = join(env.store, out.file_path);
  const text = execFileSync('python3', ['-c', 'import zipfile,sys\nz=zipfile.ZipFile(sys.argv[1])\nfor n in z.namelist():\n  print("==", n); print(z.read(n).decode())', file], { encoding: 'utf8' });
  for (const secret of ['a-secret-password', 'ha1', '"password"', one(`select ha1 from zj.extension where id = ${q(extension)}`)]) assert.ok(!text.includes(secret), `no ${secret} in the archive`);
  assert.ok(text.includes('"format": 1') && text.includes('== queues.jsonl'));

  const bytes = env.file(out.file_path);
  const u = env.upload(carrier, carrier.admin, bytes, 'a.zip');
  const job = await env.ended(env.job(carrier, 'tenant_import', 'tenants', { upload_id: u, name: 'copy', title: 'Copy', sip_domain: 'copy.test' }));
  assert.deepEqual([job.state, job.failed], ['finished', 0], `${JSON.stringify(job)} ${job.rejects_path ? env.file(job.rejects_path) : ''}`);
  const copy = one("select id from zj.tenant where name = 'copy'");
  const shape = (id) => env.json(`select q.number, q.name, p.name as music, a.number as agent, e.number as extension, ac.username, r.name as role, a.id as agent_id, q.id as queue_id, p.path
    from zj.queue q join zj.prompt p on p.tenant_id = q.tenant_id and p.id = q.music_id join zj.queue_agent m on m.tenant_id = q.tenant_id and m.queue_id = q.id join zj.agent a on a.tenant_id = m.tenant_id and a.id = m.agent_id
    join zj.extension e on e.tenant_id = a.tenant_id and e.id = a.extension_id join zj.account ac on ac.tenant_id = a.tenant_id and ac.id = a.account_id join zj.role r on r.tenant_id = ac.tenant_id and r.id = ac.role_id where q.tenant_id = ${q(id)}`);
  const [mine, theirs] = [shape(t.id), shape(copy)];
  assert.equal(theirs.length, 1, 'everything points to everything as it did');
  for (const key of ['number', 'name', 'music', 'agent', 'extension', 'username', 'role']) assert.equal(theirs[0][key], mine[0][key]);
  assert.notEqual(theirs[0].queue_id, mine[0].queue_id);
  assert.equal(env.file(theirs[0].path).toString(), 'RIFF sound');
  assert.ok(one(`select document from zj.flow where tenant_id = ${q(copy)}`).includes(theirs[0].queue_id), 'also where an id stands in a document');
  assert.equal(one(`select recycle_days from zj.setting where tenant_id = ${q(copy)}`), '12');
  assert.equal(one(`select count(*) from zj.department c join zj.department p on p.tenant_id = c.tenant_id and p.id = c.parent_id where c.tenant_id = ${q(copy)}`), '1');
  assert.equal(one(`select password from zj.account where tenant_id = ${q(copy)}`), '!', 'nobody can log in before a password is set');
  assert.notEqual(one(`select ha1 from zj.extension where tenant_id = ${q(copy)}`), one(`select ha1 from zj.extension where id = ${q(extension)}`));

  sql(`update zj.queue set name = 'Changed' where tenant_id in (${q(t.id)}, ${q(copy)})`);
  for (const into of [copy, t.id]) {
    const again = await env.ended(env.job(carrier, 'tenant_import', 'tenants', { upload_id: u, tenant_id: into }));
    assert.deepEqual([again.state, again.failed], ['finished', 0], JSON.stringify(again));
    assert.deepEqual(shape(into).map((x) => x.name), ['Sales']);
    assert.equal(shape(into)[0].queue_id, into === copy ? theirs[0].queue_id : mine[0].queue_id);
  }
  assert.notEqual(one(`select ha1 from zj.extension where id = ${q(extension)}`), '', 'a password that is there stays');

  const wrong = env.upload(carrier, carrier.admin, 'PK nothing', 'a.zip');
  assert.equal((await env.ended(env.job(carrier, 'tenant_import', 'tenants', { upload_id: wrong, name: 'x' }))).state, 'failed');
  const own = env.upload(t, t.admin, bytes, 'a.zip');
  assert.match((await env.ended(env.job(t, 'tenant_import', 'tenants', { upload_id: own, tenant_id: t.id }))).error, /permission/, "tenants are the carrier's to import");
  assert.match((await env.ended(env.job(t, 'tenant_export', 'tenants', { tenant_id: copy }))).error, /tenant_id/, 'nor does a tenant export another');
  assert.equal((await env.ended(env.job(t, 'tenant_export', 'tenants', { tenant_id: t.id }))).state, 'finished');
});

test('many rows at once: changed, deleted, restored, forgotten; those that are refused are told with their reasons', async () => {
  const b = env.tenant('bulk');
  sql(`update zj.tenant set max_queues = null where id = ${q(b.id)}`);
  sql(`insert into zj.queue (tenant_id, number, name) select ${q(b.id)}, (10000 + i)::text, 'q' || i from generate_series(1, 1200) i`);
  const used = one(`select id from zj.queue where tenant_id = ${q(b.id)} and number = '10001'`);
  const agent = one(`insert into zj.agent (tenant_id, number, name) values (${q(b.id)}, '1', 'A') returning id`);
  let j = await env.ended(env.job(b, 'bulk', 'queues', { action: 'update', query: 'filter[number][ge]=10201&sort=-name', set: { wrapup_s: 33 } }));
  assert.deepEqual(counts(j), ['finished', 0, 1000, 0], JSON.stringify(j));
  assert.equal(one(`select count(*) from zj.queue where tenant_id = ${q(b.id)} and wrapup_s = 33`), '1000');
  j = await env.ended(env.job(b, 'bulk', 'queues', { action: 'update', ids: [used, randomUUID()], set: { number: '10002' } }));
  assert.deepEqual(counts(j), ['finished', 0, 0, 2], JSON.stringify(j));
  assert.match(env.file(j.rejects_path).toString(), /exists already[^]*is not there/);
  j = await env.ended(env.job(b, 'bulk', 'queues', { action: 'delete', query: 'filter[wrapup_s]=33' }));
  assert.deepEqual(counts(j), ['finished', 0, 1000, 0], JSON.stringify(j));
  assert.equal(one(`select count(*) from zj.queue where tenant_id = ${q(b.id)}`), '200');
  j = await env.ended(env.job(b, 'restore', 'queues', { query: 'filter[number][lt]=10701' }));
  assert.deepEqual(counts(j), ['finished', 0, 500, 0], JSON.stringify(j));
  assert.equal(one(`select count(*) from zj.queue where tenant_id = ${q(b.id)}`), '700');
  j = await env.ended(env.job(b, 'purge', 'queues', { query: '' }));
  assert.deepEqual(counts(j), ['finished', 0, 500, 0], JSON.stringify(j));
  assert.equal(one(`select count(*) from zj.recycled where tenant_id = ${q(b.id)} and row is not null and table_name = 'queue'`), '0');
  const reader = env.account(b, 'reader', ['queues.read', 'agents.update']);
  assert.match((await env.ended(env.job(b, 'bulk', 'queues', { action: 'delete', query: '' }, { account: reader }))).error, /permission/);
  assert.match((await env.ended(env.job(b, 'bulk', 'accounts', { action: 'update', query: '', set: { enabled: false } }, { account: env.account(b, 'hr', ['accounts.*']) }))).error, /beyond_own/);
  assert.equal((await env.ended(env.job(b, 'bulk', 'agents', { action: 'update', ids: [agent], set: { name: 'B' } }, { account: reader }))).state, 'finished');
});

// The next rows are read while the database works on the ones before: what ends an import ends it at the same row all the same.
test('an import ends where it must: at the quota, at so many rows, at so many bad ones; references of later rows are found', async () => {
  const a = env.tenant('ahead');
  const rows = (n, f) => csv([['number', 'name'], ...Array.from({ length: n }, (_, i) => f(i + 1))]);
  const run = async (resource, text, fields, more = {}) => {
    const j = await env.ended(env.job(a, 'import', resource, { upload_id: env.upload(a, a.admin, text), mapping: mapping(...fields), ...more }));
    assert.equal(j.done, j.created_rows + j.failed, JSON.stringify(j));
    assert.equal(j.failed ? env.file(j.rejects_path).toString().trimEnd().split('\n').length - 1 : 0, j.failed, 'each that was refused is in the file');
    return j;
  };
  sql(`update zj.tenant set max_queues = 1500 where id = ${q(a.id)}`);
  let j = await run('queues', rows(4000, (i) => [10000 + i, `q${i}`]), ['number', 'name']);
  assert.deepEqual([j.state, j.created_rows, JSON.parse(j.error).rule], ['failed', 1500, 'quota'], JSON.stringify(j));
  assert.ok(j.failed > 0 && j.done < 4000, `later rows are not read: ${JSON.stringify(j)}`);
  assert.equal(one(`select count(*) from zj.queue where tenant_id = ${q(a.id)}`), '1500');

  sql(`update zj.setting set import_max_rows = 1200 where tenant_id = ${q(a.id)}`);
  const list = (n, f) => csv([['number', 'reason'], ...Array.from({ length: n }, (_, i) => [f(i + 1), 'spam'])]);
  j = await run('blacklist', list(2000, (i) => 20000 + i), ['number', 'reason']);
  assert.deepEqual([j.state, j.created_rows, JSON.parse(j.error).rule], ['failed', 1200, 'max_rows'], JSON.stringify(j));
  j = await run('blacklist', list(1200, (i) => i % 10 ? 30000 + i : ''), ['number', 'reason'], { max_rejects: 55 });
  assert.deepEqual([j.state, j.created_rows, j.failed, JSON.parse(j.error).rule], ['failed', 504, 56, 'max_rejects'], JSON.stringify(j));

  sql(`update zj.tenant set max_agents = null where id = ${q(a.id)}; insert into zj.agent (tenant_id, number, name) select ${q(a.id)}, (40000 + i)::text, 'a' || i from generate_series(1, 1200) i`);
  j = await run('queue-agents', csv([['queue', 'agent'], ...Array.from({ length: 1200 }, (_, i) => [`q${i + 1}`, i === 1100 ? 'nobody' : `a${i + 1}`])]), ['queue_id', 'agent_id']);
  assert.deepEqual(counts(j), ['finished', 1199, 0, 1], JSON.stringify(j));
  assert.equal(one(`select count(*) from zj.queue_agent m join zj.queue q on q.tenant_id = m.tenant_id and q.id = m.queue_id join zj.agent a on a.tenant_id = m.tenant_id and a.id = m.agent_id
    where m.tenant_id = ${q(a.id)} and q.number::int - 10000 = a.number::int - 40000`), '1199', 'each at its own');
});

test('a token that may less than its account: its jobs may no more', async () => {
  const j = await env.ended(env.job(t, 'export', 'queues', { format: 'csv', permissions: ['extensions.read'] }));
  assert.match(j.error, /permission/);
});

test('nobody makes an account of more rights than his own by a file', async () => {
  const hr = env.account(t, 'hr', ['accounts.*']);
  const weak = one(`insert into zj.role (tenant_id, name, permissions) values (${q(t.id)}, 'weak', '{accounts.read}') returning id`);
  const rows = csv([['username', 'name', 'password', 'role'], ['mallory', 'M', 'long-enough-1', 'role of admin'], ['bob', 'B', 'long-enough-1', 'weak'], ['eve', 'E', 'long-enough-1', t.admin.role]]);
  const u = env.upload(t, hr, rows);
  const j = await env.ended(env.job(t, 'import', 'accounts', { upload_id: u, mapping: mapping('username', 'name', 'password', 'role_id') }, { account: hr }));
  assert.deepEqual(counts(j), ['finished', 1, 0, 2], JSON.stringify(j));
  assert.match(env.file(j.rejects_path).toString(), /mallory[^\n]*more than you have[^]*eve[^\n]*more than you have/);
  assert.equal(one(`select role_id from zj.account where tenant_id = ${q(t.id)} and username = 'bob'`), weak);
  assert.match(one(`select password from zj.account where tenant_id = ${q(t.id)} and username = 'bob'`), /^\$argon2id\$/);
  const typed = env.upload(t, hr, csv([['username', 'name', 'password', 'type'], ['root', 'R', 'long-enough-1', 'admin']]));
  assert.equal((await env.ended(env.job(t, 'import', 'accounts', { upload_id: typed, mapping: mapping('username', 'name', 'password', 'type') }, { account: hr }))).state, 'failed');
});

test('housekeeping: what was kept long enough goes, rows and files; what is in use stays', async () => {
  const old = env.job(t, 'export', 'queues', { format: 'csv' }), fresh = env.job(t, 'export', 'queues', { format: 'csv' });
  const paths = [];
  for (const id of [old, fresh]) paths.push((await env.ended(id)).file_path);
  const prompt = (name) => { const path = `${t.id}/prompts/${randomUUID()}${name}.wav`; mkdirSync(join(env.store, t.id, 'prompts'), { recursive: true }); writeFileSync(join(env.store, path), 'x'); return path; };
  const [living, binned, forgotten] = ['', '-a1', '-b2'].map(prompt);
  for (const path of [living, binned]) sql(`insert into zj.prompt (tenant_id, name, language, path, bytes, duration_ms, sha256) values (${q(t.id)}, ${q(`p${path.length}`)}, 'zh', ${q(path)}, 1, 1, ${q('0'.repeat(64))})`);
  sql(`delete from zj.prompt where path = ${q(binned)}`);
  const open = env.upload(t, t.admin, 'x'), orphan = join(env.store, t.id, 'uploads', randomUUID()), gone = join(env.store, randomUUID());
  writeFileSync(orphan, 'x');
  mkdirSync(gone);
  const hours = (path, n) => utimesSync(path, new Date(Date.now() - n * 3600000), new Date(Date.now() - n * 3600000));
  for (const path of [living, binned, forgotten]) hours(join(env.store, path), 2);
  hours(orphan, 2); hours(gone, 2); hours(join(env.store, t.id, 'jobs', old), 2); hours(join(env.store, t.id, 'uploads', open), 30);
  sql(`alter table zj.job disable trigger user; update zj.job set finished_at = now() - interval '2 days' where id = ${q(old)}; alter table zj.job enable trigger user`);
  sql(`alter table zj.upload disable trigger user; update zj.upload set state = 'open', created_at = now() - interval '30 hours', updated_at = now() - interval '30 hours' where id = ${q(open)}; alter table zj.upload enable trigger user`);
  const dead = env.tenant('dead');
  sql(`insert into zj.queue (tenant_id, number, name) values (${q(dead.id)}, '4001', 'x')`);
  sql(`delete from zj.queue where tenant_id = ${q(dead.id)}`);
  sql(`alter table zj.recycled disable trigger user; update zj.recycled set deleted_at = now() - interval '40 days' where tenant_id = ${q(dead.id)}; alter table zj.recycled enable trigger user`);
  sql(`insert into zj.account_ledger (tenant_id, account_id, kind, amount, voucher, call_id) values (${q(t.id)}, ${q(t.admin.id)}, 'earning', 2.5, 'leg', zj.zj_uuid7())`);
  await env.stop();
  await env.start({ house_s: 1 });
  await until('what calls came to stands at the account', () => Number(one(`select inbound_charges from zj.account where id = ${q(t.admin.id)}`)) === 2.5);
  await until('the rows are gone', () => one(`select count(*) from zj.job where id = ${q(old)}`) === '0' && one(`select count(*) from zj.upload where id = ${q(open)}`) === '0');
  await until('the bin is emptied', () => one(`select count(*) from zj.recycled where tenant_id = ${q(dead.id)} and row is not null`) === '0');
  await until('the files are gone', () => ![join(env.store, paths[0]), orphan, gone, join(env.store, t.id, 'uploads', open), join(env.store, forgotten)].some(existsSync));
  assert.deepEqual([living, binned].map((path) => existsSync(join(env.store, path))), [true, true], 'sounds of prompts that live, or lie in the bin');
  assert.ok(existsSync(join(env.store, paths[1])) && env.row(fresh), 'what is young stays');
  sql(`update zj.tenant set deleted_at = now() - interval '400 days', enabled = false where id = ${q(dead.id)}`);
  await until('a tenant that was deleted long ago is gone', () => one(`select count(*) from zj.tenant where id = ${q(dead.id)}`) === '0');
  assert.equal(one(`select count(*) from zj.tenant where id = ${q(t.id)}`), '1');
  await env.stop();
  await env.start({ house_s: 3600 });
});

test('the reader is in a box: it opens nothing, and a file that breaks it fails the job with a reason', async () => {
  const u = env.upload(t, t.admin, csv([['number', 'name'], ...Array.from({ length: 200000 }, (_, i) => [100000 + i, 'x'.repeat(50)])]));
  const id = env.job(t, 'import', 'queues', { upload_id: u, mapping: mapping('number', 'name') });
  const child = await until('the reader', () => {
    const all = readdirSync('/proc').filter((p) => /^\d+$/.test(p)).map((p) => { try { return { p, cmd: readFileSync(`/proc/${p}/cmdline`, 'latin1'), status: readFileSync(`/proc/${p}/status`, 'latin1') }; } catch { return null; } }).filter((x) => x?.cmd.includes(id));
    return all.find((x) => all.some((y) => x.status.includes(`PPid:\t${y.p}\n`)) && (sanitised || /Seccomp:\t2/.test(x.status)));
  });
  const files = readdirSync(`/proc/${child.p}/fd`);
  assert.ok(files.length <= 6, 'standard ones, the file, its spill, the pipe');
  process.kill(Number(child.p), 'SIGKILL');
  const j = await env.ended(id);
  assert.deepEqual([j.state, JSON.parse(j.error).rule], ['failed', 'unreadable']);
  assert.equal(Number(one(`select count(*) from zj.queue where tenant_id = ${q(t.id)} and number >= '100000' and length(number) = 6`)), j.created_rows);
});

test('preview and template as the api calls them', () => {
  const run = (verb, input) => spawnSync(join(build, 'bin/worker'), [verb], { input: JSON.stringify(input) });
  const file = join(env.dir, 'p.csv');
  writeFileSync(file, '工号,Name ,备注\n1001,Li,"a\nb"\n');
  const fields = [{ name: 'number', zh: '工号', en: 'Number' }, { name: 'name', zh: '姓名', en: 'Name' }];
  const seen = JSON.parse(run('preview', { file, name: 'p.csv', fields }).stdout);
  assert.deepEqual(seen, { columns: ['工号', 'Name ', '备注'], rows: [['1001', 'Li', 'a\nb']], format: 'csv', mapping: mapping('number', 'name'), total_estimate: 1, encoding: 'utf-8', delimiter: ',', sheets: [] });
  for (const [input, rule] of [[{ file: '/nonexistent', fields }, 'reference'], [{ file, encoding: 'x', fields }, 'enum'], [{ file, format: 'xlsx', fields }, 'format']]) {
    const r = run('preview', input);
    assert.deepEqual([r.status, JSON.parse(r.stdout).error.rule], [1, rule]);
  }
  writeFileSync(file, Array.from({ length: 20 }, () => Array.from({ length: 400 }, () => '长'.repeat(500)).join(',')).join('\n'));
  assert.ok(run('preview', { file, fields }).stdout.length < 256 * 1024, 'an answer has its bounds');
  const template = run('template', { title: 'Q', columns: [{ name: 'a', title: '队列', required: true, help: 'h', enum: ['x', 'y'] }, { name: 'b', title: 'B, "C"' }] });
  assert.equal(template.stdout.subarray(0, 2).toString(), 'PK');
  assert.equal(run('template', { format: 'csv', columns: [{ name: 'a', title: '队列' }, { name: 'b', title: 'B, "C"' }] }).stdout.toString(), '\ufeff"队列","B, ""C"""\r\n');
  assert.equal(run('template', 'nonsense').status, 1);
});

test('a job whose process dies again and again is given up, with a reason', async () => {
  await env.stop();
  await env.start({ max_attempts: 2 });
  const u = env.upload(t, t.admin, csv([['number', 'name'], ['8001', 'x']]));
  rmSync(join(env.store, t.id, 'uploads', u));
  assert.equal((await env.ended(env.job(t, 'import', 'queues', { upload_id: u, mapping: mapping('number', 'name') }))).state, 'failed', 'a file that is not there is no reason to try again');
  const many = env.upload(t, t.admin, csv([['number', 'name'], ...Array.from({ length: 100000 }, (_, i) => [200000 + i, 'x'])]));
  const id = env.job(t, 'import', 'queues', { upload_id: many, mapping: mapping('number', 'name') });
  for (let attempt = 1; attempt <= 2; attempt++) {
    await until(`attempt ${attempt}`, () => env.row(id).attempts === attempt && env.row(id).state === 'running', 20000);
    const p = await until('its process', () => readdirSync('/proc').filter((x) => /^\d+$/.test(x)).find((x) => { try { return readFileSync(`/proc/${x}/cmdline`, 'latin1').includes(id) && readFileSync(`/proc/${x}/stat`, 'latin1').split(') ')[1].split(' ')[1] === String(env.worker.pid); } catch { return false; } }));
    process.kill(Number(p), 'SIGKILL');
  }
  const j = await env.ended(id);
  assert.deepEqual([j.state, JSON.parse(j.error).rule], ['failed', 'died']);
});
