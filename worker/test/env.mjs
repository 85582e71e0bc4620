// A private PostgreSQL with the whole schema, a store, and the real worker; jobs are written as the api writes them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root, startPostgres } from '../../schema/test/pg.mjs';

export const build = resolve(root, process.env.ZJ_BUILD ?? 'build');
export const slow = Number(process.env.ZJ_SLOW ?? 1);
export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
export async function until(what, f, ms = 20000) {
  const end = Date.now() + ms * slow;
  for (;;) {
    const v = await f();
    if (v) return v;
    if (Date.now() > end) assert.fail(`not within ${ms} ms: ${what}`);
    await sleep(30);
  }
}
const freePort = () => new Promise((r) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => r(port)); }); });
const quote = (v) => v === null || v === undefined ? 'null' : typeof v === 'object' ? `'${JSON.stringify(v).replaceAll("'", "''")}'::jsonb` : `'${String(v).replaceAll("'", "''")}'`;

export async function startEnv({ conf = {} } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'zj-worker-'));
  const [pg, port] = await Promise.all([startPostgres(), freePort()]);
  mkdirSync(join(dir, 'store'));
  const settings = { database: `host=${pg.dir} port=${pg.port} user=zj_worker dbname=zongji`, store: join(dir, 'store'), health_port: port, poll_ms: 50, dead_s: 3, house_s: 3600, ...conf };
  const write = () => writeFileSync(join(dir, 'worker.conf'), Object.entries(settings).map(([k, v]) => `${k} = ${v}\n`).join(''));
  const json = (sql) => JSON.parse(pg.sql(`select coalesce(jsonb_agg(x), '[]') from (${sql}) x`)[0][0]);
  const made = (sql) => pg.sql(`${sql} returning id`)[0][0];
  const env = {
    dir, pg, settings, json, quote, store: settings.store, children: [],
    log: () => readFileSync(join(dir, 'worker.log'), 'utf8'),
    async start(more = {}) {
      Object.assign(settings, more);
      write();
      const fd = openSync(join(dir, 'worker.log'), 'a');
      const w = spawn(join(build, 'bin/worker'), ['--config', join(dir, 'worker.conf')], { stdio: ['ignore', fd, fd] });
      w.gone = new Promise((r) => w.on('exit', (code, signal) => { w.ended = { code, signal }; r(w.ended); }));
      env.worker = w;
      await until('worker healthy', async () => {
        if (w.ended) assert.fail(`worker ended: ${env.log()}`);
        return (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => ({}))).ok;
      });
      return w;
    },
    async stop(signal = 'SIGTERM') {
      if (!env.worker.ended) env.worker.kill(signal);
      return env.worker.gone;
    },
    // A tenant whose account `admin` may do everything; more accounts by account().
    tenant(name, language = 'en') {
      const id = made(`insert into zj.tenant (tenant_id, kind, name, title, sip_domain, language) values (zj.zj_uuid7(), 'tenant', ${quote(name)}, ${quote(name)}, ${quote(`${name}.test`)}, ${quote(language)})`);
      const t = { id, name };
      t.admin = env.account(t, 'admin', ['*']);
      return t;
    },
    account(t, username, permissions) {
      const role = made(`insert into zj.role (tenant_id, name, permissions) values (${quote(t.id)}, ${quote(`role of ${username}`)}, array(select jsonb_array_elements_text(${quote(permissions)})))`);
      const id = made(`insert into zj.account (tenant_id, username, name, password, role_id) values (${quote(t.id)}, ${quote(username)}, ${quote(username)}, 'x', ${quote(role)})`);
      return { id, role };
    },
    upload(t, account, bytes, name = 'file.csv') {
      const id = randomUUID();
      mkdirSync(join(env.store, t.id, 'uploads'), { recursive: true });
      writeFileSync(join(env.store, t.id, 'uploads', id), bytes);
      pg.sql(`insert into zj.upload (tenant_id, id, name, bytes, parts, state, purpose, path, account_id) values (${quote(t.id)}, ${quote(id)}, ${quote(name)}, ${Buffer.byteLength(bytes)}, 1, 'complete', 'import', ${quote(`${t.id}/uploads/${id}`)}, ${quote(account.id)})`);
      return id;
    },
    job(t, kind, resource, params, { account = t.admin, run_at = null } = {}) {
      return made(`insert into zj.job (tenant_id, kind, resource, params, account_id, run_at) values (${quote(t.id)}, ${quote(kind)}, ${quote(resource)}, ${quote(params)}, ${quote(account.id)}, ${quote(run_at)})`);
    },
    row: (id) => json(`select * from zj.job where id = ${quote(id)}`)[0],
    ended: (id, ms = 30000) => until(`job ${id} over`, () => { const j = env.row(id); return ['finished', 'failed', 'cancelled'].includes(j.state) && j; }, ms),
    file: (path) => readFileSync(join(env.store, path)),
    async close() {
      const end = env.worker ? await env.stop() : null;
      const report = env.worker ? env.log().match(/(AddressSanitizer|runtime error)[^]*/)?.[0] : undefined;
      await pg.stop();
      rmSync(dir, { recursive: true, force: true });
      assert.equal(report, undefined, 'the sanitisers have nothing to say');
      return end;
    },
  };
  process.on('exit', () => env.worker?.kill('SIGKILL'));
  return env;
}

export const csv = (rows) => rows.map((r) => r.map((c) => (/[",\n]/.test(String(c)) ? `"${String(c).replaceAll('"', '""')}"` : c)).join(',')).join('\r\n') + '\r\n';
export const mapping = (...fields) => fields.map((field, column) => ({ column, field }));
