// Imports that are not let alone: two into one table at once, files of nothing but doubles or refused rows, a process or PostgreSQL
// that dies again and again. What was promised of one in peace holds: every row once, every reason, true counts.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startEnv, until } from '../../api/test/env.mjs';
import { upload } from '../../api/test/upload.mjs';
import { Worker, ask, counts, csv, importing, lines, look, mapping, over } from '../tools/jobs.mjs';

let env, alpha;
const worker = new Worker(() => env, { chunk_rows: 500, dead_s: 10 });

before(async () => {
  env = await startEnv();
  alpha = await env.tenant('alpha');
  for (const o of (await alpha.get('/business-objects')).body.items) assert.equal((await alpha.patch(`/business-objects/${o.id}`, { enabled: true })).status, 200);
  await worker.start();
});
after(async () => {
  await worker.stop();
  await env?.close();
});

const map = mapping('name', 'phone');
const many = (from, n, phone = (i) => String(from + i)) => [['name', 'phone'], ...Array.from({ length: n }, (_, i) => [`Many ${i}`, phone(i)])];
const phones = (prefix) => env.pg.sql(`select count(*), count(distinct phone) from zj.customer where tenant_id = '${alpha.tenant.id}' and phone like '${prefix}%'`)[0].map(Number);
const begin = async (rows, body = {}) => ask(alpha, '/customers/import', { upload_id: (await upload(alpha, csv(rows))).id, mapping: map, lang: 'en', ...body });
const progress = (id, least) => until(`${least} rows`, async () => { const j = await look(alpha, id); return j.state === 'finished' || (j.done >= least && j.state === 'running' && j); }, 60000);
const onlyOnce = (jobs) => jobs.forEach((id) => assert.equal(env.pg.sql(`select attempts from zj.job where id = '${id}'`)[0][0], '1', `none had to begin again: ${worker.log(id)}`));

test('two imports of the same rows at the same moment, in opposite order: each row once, whoever came first', { timeout: 240000 }, async () => {
  const n = 5000, [head, ...rows] = many(15000000000, n);
  const jobs = [await begin([head, ...rows], { match: ['phone'], on_duplicate: 'skip' }), await begin([head, ...rows.toReversed()], { match: ['phone'], on_duplicate: 'skip' })];
  const [a, b] = [await over(alpha, jobs[0], 120000), await over(alpha, jobs[1], 120000)];
  assert.deepEqual([a.state, b.state, a.failed, b.failed, a.done, b.done], ['finished', 'finished', 0, 0, n, n], JSON.stringify([a, b]));
  assert.deepEqual(phones('15'), [n, n]);
  assert.equal(a.created_rows + b.created_rows, n);
  assert.equal(a.skipped + b.skipped, n);
  onlyOnce(jobs);
  assert.ok(a.started_at < b.finished_at && b.started_at < a.finished_at, 'they ran at once');
});

test('two imports into a table whose keys are unique by themselves, in opposite order: no deadlock', { timeout: 240000 }, async () => {
  await env.boss.patch(`/tenants/${alpha.tenant.id}`, { max_queues: 100000 });
  const rows = Array.from({ length: 600 }, (_, i) => [String(60000 + i), `Queue ${i}`]), body = { mapping: mapping('number', 'name'), skip_rows: 0, lang: 'en' };
  const jobs = await Promise.all([rows, rows.toReversed()].map(async (r) => ask(alpha, '/queues/import', { upload_id: (await upload(alpha, csv(r))).id, ...body })));
  const done = [await over(alpha, jobs[0], 120000), await over(alpha, jobs[1], 120000)];
  assert.deepEqual(done.map((j) => [j.state, j.created_rows + j.failed]), [['finished', 600], ['finished', 600]], JSON.stringify(done));
  assert.equal(done[0].created_rows + done[1].created_rows, 600);
  onlyOnce(jobs);
});

test('every row has the same key: the first stays, the others are told so, are skipped, or change it one after the other', { timeout: 240000 }, async () => {
  const n = 600, same = many(0, n, () => '16000000000');
  const rejected = await importing(alpha, 'customers', csv(same), { mapping: map, match: ['phone'] });
  assert.deepEqual(counts(rejected), ['finished', 1, 0, 0, n - 1]);
  const reasons = lines((await alpha.get(`/jobs/${rejected.id}/rejects`)).bytes).slice(1);
  assert.match(reasons[0], /^Many 1,16000000000,3,.*repeats row 2/);
  assert.match(reasons.at(-1), new RegExp(`^Many ${n - 1},16000000000,${n + 1},.*exists already`), 'also those of a later chunk');
  assert.equal(new Set(reasons).size, n - 1);
  const skipped = await importing(alpha, 'customers', csv(same), { mapping: map, match: ['phone'], on_duplicate: 'skip' });
  assert.deepEqual(counts(skipped), ['finished', 0, 0, n, 0]);
  const updated = await over(alpha, await begin(same, { match: ['phone'], mode: 'upsert' }), 120000);
  assert.deepEqual(counts(updated), ['finished', 0, n, 0, 0]);
  const [row] = (await alpha.get('/customers?filter[phone]=16000000000')).body.items;
  assert.equal(row.name, `Many ${n - 1}`, 'the last one counts');
  const [[changes]] = env.pg.sql(`select count(*) from zj.audit where tenant_id = '${alpha.tenant.id}' and row_id = '${row.id}' and event = 'update'`);
  assert.equal(Number(changes), n - 1, 'and its history knows all, but the first, which said the same');
});

test('nothing but refused rows, by the rules or by the database alone: each has its reason, and it ends', { timeout: 240000 }, async () => {
  const n = 10000;
  const wrong = await over(alpha, await begin(many(0, n, (i) => `call ${i}`)), 60000);
  assert.deepEqual(counts(wrong), ['finished', 0, 0, 0, n]);
  assert.equal(new Set(lines((await alpha.get(`/jobs/${wrong.id}/rejects`)).bytes).slice(1)).size, n);
  await alpha.make('custom-fields', { resource: 'customers', name: 'card', zh: '卡号', en: 'Card', type: 'text', unique_value: true });
  await alpha.make('customers', { name: 'Card', phone: '17000000000', custom: { card: 'one' } });
  const rows = Array.from({ length: 600 }, (_, i) => [`Card ${i}`, String(17000000000 + i), i % 200 === 7 ? `card ${i}` : 'one']);
  const doubles = await over(alpha, await ask(alpha, '/customers/import', { upload_id: (await upload(alpha, csv(rows))).id, skip_rows: 0, mapping: mapping('name', 'phone', 'custom.card'), lang: 'en' }), 120000);
  assert.deepEqual(counts(doubles), ['finished', 3, 0, 0, 597]);
});

// Where it dies is where it happens to be: reading, in a chunk, between two, writing the refused rows.
test('its process and PostgreSQL are killed again and again: no row twice, none lost, each refused row told once', { timeout: 300000 }, async () => {
  const n = 20000;
  const id = await begin(many(18000000000, n, (i) => (i % 100 === 50 ? `bad ${i}` : String(18000000000 + i))));
  for (let k = 1; k <= 6; k++) {
    const at = await progress(id, (k * n) / 8);
    if (at === true) break;
    // A backend that is killed takes the whole server through its recovery: what was not on the disk yet is gone, with its checkpoint.
    const backend = env.pg.sql("select pid from pg_stat_activity where application_name = 'worker job'")[0]?.[0];
    const victim = k % 2 ? worker.childOf(id) : backend;
    if (victim) process.kill(Number(victim), 'SIGKILL');
    if (victim === backend) await until('PostgreSQL again', () => { try { return env.pg.sql('select 1').length; } catch { return false; } }, 30000);
  }
  const job = await over(alpha, id, 120000);
  assert.deepEqual(counts(job), ['finished', n - n / 100, 0, 0, n / 100], JSON.stringify(job));
  assert.ok(Number(env.pg.sql(`select attempts from zj.job where id = '${id}'`)[0][0]) > 2, 'it was killed');
  assert.deepEqual(phones('18'), [n - n / 100, n - n / 100]);
  const told = lines((await alpha.get(`/jobs/${id}/rejects`)).bytes).slice(1);
  assert.deepEqual([told.length, new Set(told).size], [n / 100, n / 100]);
});

test('a process that slept, was given up and wakes up again spoils nothing: not the rows, not the file of refused ones', { timeout: 300000 }, async () => {
  const n = 20000, second = new Worker(() => env, { ...worker.settings, dead_s: 3 }, 'second');
  const id = await begin(many(19000000000, n, (i) => (i % 50 === 7 ? `bad ${i}` : String(19000000000 + i))));
  await progress(id, 500);
  const asleep = [worker.process.pid, Number(worker.childOf(id))];
  for (const pid of asleep) process.kill(pid, 'SIGSTOP');
  try {
    await second.start();
    await until('the second one has it', () => env.pg.sql(`select attempts from zj.job where id = '${id}'`)[0][0] === '2', 60000);
    await until('and goes on', async () => second.childOf(id) || (await look(alpha, id)).state === 'finished', 60000);
  } finally { for (const pid of asleep) process.kill(pid, 'SIGCONT'); }
  const job = await over(alpha, id, 120000);
  assert.deepEqual(counts(job), ['finished', n - n / 50, 0, 0, n / 50], `${JSON.stringify(job)} ${worker.log(id)} ${second.log(id)}`);
  assert.deepEqual(phones('19'), [n - n / 50, n - n / 50]);
  const told = lines((await alpha.get(`/jobs/${id}/rejects`)).bytes).slice(1);
  assert.deepEqual([told.length, new Set(told).size], [n / 50, n / 50]);
  assert.ok(told.every((l) => /^Many \d+,bad \d+,\d+,/.test(l)), 'each row as it came');
  await second.stop();
});
