// The real worker beside an environment of the api's tests, and what tests of background jobs say often.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { build, until } from '../../api/test/env.mjs';
import { upload } from '../../api/test/upload.mjs';

const freePort = () => new Promise((r) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => r(port)); }); });

// `new Worker(() => env)`: the environment may come later. Several need names.
export class Worker {
  constructor(env, settings = {}, name = 'worker') { Object.assign(this, { env, settings, name }); }

  async start() {
    const { dir, pg, settings: { store } } = this.env();
    const fd = openSync(join(dir, `${this.name}.log`), 'a');
    this.health ??= await freePort();
    const settings = { health_port: this.health, database: `host=${pg.dir} port=${pg.port} user=zj_worker dbname=zongji`, store, poll_ms: 100, dead_s: 3, house_s: 3600, ...this.settings };
    writeFileSync(join(dir, `${this.name}.conf`), Object.entries(settings).map(([k, v]) => `${k} = ${v}\n`).join(''));
    this.process = spawn(join(build, 'bin/worker'), ['--config', join(dir, `${this.name}.conf`)], { stdio: ['ignore', fd, fd] });
    this.gone = new Promise((r) => this.process.on('exit', r));
    await until('worker healthy', async () => (await fetch(`http://127.0.0.1:${this.health}/healthz`).catch(() => ({}))).ok, 10000);
  }

  // Answers its exit code.
  async stop(signal = 'SIGTERM') { this.process?.kill(signal); return this.gone; }

  // What was logged of a job.
  log(id) { return readFileSync(join(this.env().dir, `${this.name}.log`), 'utf8').split('\n').filter((l) => l.includes(id)).join('\n'); }

  // The process of a job: the daemon's child.
  childOf(id) {
    return readdirSync('/proc').filter((p) => /^\d+$/.test(p)).find((p) => {
      try { return readFileSync(`/proc/${p}/cmdline`, 'latin1').includes(`job\0${id}`) && Number(readFileSync(`/proc/${p}/stat`, 'latin1').split(') ')[1].split(' ')[1]) === this.process.pid; } catch { return false; }
    });
  }
}

export const csv = (rows) => rows.map((r) => r.map((c) => (/[",\n]/.test(String(c)) ? `"${String(c).replaceAll('"', '""')}"` : c)).join(',')).join('\r\n') + '\r\n';
export const mapping = (...fields) => fields.map((field, column) => ({ column, field }));
export async function ask(who, path, body) {
  const r = await who.post(path, body);
  assert.equal(r.status, 202, JSON.stringify(r.body));
  return r.body.id;
}
export const look = async (who, id) => (await who.get(`/jobs/${id}`)).body;
export const over = (who, id, ms = 30000) => until(`job ${id} over`, async () => { const j = await look(who, id); return ['finished', 'failed', 'cancelled'].includes(j.state) && j; }, ms);
export async function importing(who, resource, content, body, name = 'file.csv') {
  const u = await upload(who, content, { name });
  return over(who, await ask(who, `/${resource}/import`, { upload_id: u.id, lang: 'en', ...body }));
}
export const count = async (who, resource, query = '') => (await who.get(`/${resource}?limit=1&count=true${query}`)).body.total;
export const lines = (bytes) => bytes.toString().replace(/^\ufeff/, '').trimEnd().split('\r\n');
export const counts = (j) => [j.state, j.created_rows, j.updated_rows, j.skipped, j.failed];
