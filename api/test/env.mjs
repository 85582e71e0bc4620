// The real api with a real PostgreSQL and Redis, all private, and a fake acd; plus what tests say often.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import assert from 'node:assert/strict';
import { FakeAcd } from './acd.mjs';
import { WebSocketClient } from '../../tests/tools/ws.mjs';
import { root, startPostgres } from '../../schema/test/pg.mjs';

export const build = resolve(root, process.env.ZJ_BUILD ?? 'build');
export const slow = Number(process.env.ZJ_SLOW ?? 1);
export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
export async function until(what, f, ms = 15000) {
  const end = Date.now() + ms * slow;
  for (;;) {
    const v = await f();
    if (v) return v;
    if (Date.now() > end) assert.fail(`not within ${ms} ms: ${what}`);
    await sleep(15);
  }
}
const freePort = () => new Promise((resolve) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); }); });
export const hash = (password) => execFileSync(join(build, 'bin/api'), ['--hash-password'], { input: `${password}\n`, encoding: 'utf8' }).trim();

// A logged-in client: `get`, `post` … answer {status, body, headers}.
export class Client {
  constructor(env, token, headers = {}) { Object.assign(this, { env, token, headers }); }

  async request(method, path, body, headers = {}) {
    const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
    const r = await fetch(`${this.env.url}${path.startsWith('/api') ? '' : '/api/v1'}${path}`, {
      method,
      headers: { ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...(body !== undefined && !raw ? { 'content-type': 'application/json' } : {}), ...this.headers, ...headers },
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
    const bytes = Buffer.from(await r.arrayBuffer());
    const json = (r.headers.get('content-type') ?? '').includes('json');
    return { status: r.status, headers: r.headers, bytes, body: json ? JSON.parse(bytes.toString()) : bytes.toString() };
  }

  get(path, headers) { return this.request('GET', path, undefined, headers); }
  post(path, body, headers) { return this.request('POST', path, body, headers); }
  patch(path, body, headers) { return this.request('PATCH', path, body, headers); }
  put(path, body, headers) { return this.request('PUT', path, body, headers); }
  delete(path, headers) { return this.request('DELETE', path, undefined, headers); }

  // Creates a row; fails the test when it is refused.
  async make(resource, row) {
    const r = await this.post(`/${resource}`, row);
    assert.equal(r.status, 201, `${resource}: ${JSON.stringify(r.body)}`);
    return r.body;
  }

  // A WebSocket on /events that collects its messages.
  async events(query = '', headers) {
    const ws = await WebSocketClient.connect(`${this.env.url.replace('http', 'ws')}/api/v1/events${query}`, { headers: headers ?? { authorization: `Bearer ${this.token}` } });
    ws.messages = [];
    ws.on('message', (text) => ws.messages.push(JSON.parse(text)));
    ws.on('close', (code) => { ws.closed = code; });
    ws.wait = (type, match = () => true, ms = 3000) => until(`event ${type}`, () => ws.messages.find((m) => m.type === type && match(m)), ms);
    return ws;
  }
}

export async function startEnv({ conf = {} } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'zj-api-'));
  const [pg, port, health] = await Promise.all([startPostgres(), freePort(), freePort()]);
  for (const d of ['store', 'web/assets']) mkdirSync(join(dir, d), { recursive: true });
  writeFileSync(join(dir, 'web/index.html'), '<!doctype html><title>Zongji</title>');
  writeFileSync(join(dir, 'web/assets/app-1a2b.js'), 'console.log(1)');
  const redis = spawn('redis-server', ['--port', '0', '--unixsocket', join(dir, 'redis.sock'), '--save', '', '--dir', dir], { stdio: 'ignore' });
  // Doubles for programs of other parts, when those are not built: as their own tests promise, only simpler.
  const stand = (name, text) => { const p = join(dir, name); writeFileSync(p, text); chmodSync(p, 0o755); return p; };
  const mediad = existsSync(join(build, 'bin/mediad')) ? join(build, 'bin/mediad') : stand('mediad', '#!/bin/sh\nhead -c 4 "$2" | grep -q RIFF || { echo "not a sound"; exit 1; }\ncp "$2" "$3"\n');
  const ivr = existsSync(join(build, 'bin/ivr-vxml')) ? join(build, 'bin/ivr-vxml')
    : stand('ivr-vxml', '#!/bin/sh\ncat > "$0.in.$$"\nif grep -q "<vxml" "$0.in.$$" && grep -q "</vxml>" "$0.in.$$"; then echo "[]"; else echo \'[{"line":1,"column":1,"message":"not a document"}]\'; rm -f "$0.in.$$"; exit 1; fi\nrm -f "$0.in.$$"\n');
  const settings = {
    port, health_port: health, database: `host=${pg.dir} port=${pg.port} user=zj_api dbname=zongji options='-c statement_timeout=10s'`, redis: join(dir, 'redis.sock'),
    acd: join(dir, 'acd.sock'), store: join(dir, 'store'), web: join(dir, 'web'), mediad, ivr, worker: join(build, 'bin/worker'), spool: join(dir, 'ledger'), secret_key: 'a key for tests only', log_level: 'info', ...conf,
  };
  writeFileSync(join(dir, 'api.conf'), Object.entries(settings).map(([k, v]) => `${k} = ${v}\n`).join(''));
  pg.sql(`insert into zj.tenant (tenant_id, kind, name, title, sip_domain) values (zj.zj_uuid7(), 'carrier', 'carrier', 'Carrier', 'carrier.invalid');
    insert into zj.account (tenant_id, username, name, password, role_id)
      select t.id, 'carrier', 'Administrator', '${hash('carrier-password')}', r.id from zj.tenant t join zj.role r on r.tenant_id = t.id and r.kind = 'admin';`);
  const env = {
    dir, pg, redis, settings, url: `http://127.0.0.1:${port}`, health: `http://127.0.0.1:${health}`, log: () => readFileSync(join(dir, 'api.log'), 'utf8'),
    async startApi() {
      const { openSync } = await import('node:fs');
      const fd = openSync(join(dir, 'api.log'), 'a');
      env.api = spawn(join(build, 'bin/api'), ['--config', join(dir, 'api.conf')], { stdio: ['ignore', fd, fd] });
      env.api.on('exit', (code, signal) => { env.exited = { code, signal }; });
      env.exited = null;
      await until('api healthy', async () => {
        if (env.exited) assert.fail(`api ended: ${env.log()}`);
        return (await fetch(`${env.health}/healthz`).catch(() => ({}))).ok;
      }, 10000);
    },
    async stopApi(signal = 'SIGTERM') {
      if (!env.exited) { const gone = new Promise((r) => env.api.once('exit', r)); env.api.kill(signal); await gone; }
      return env.exited;
    },
    async startAcd() { env.acd = new FakeAcd(settings.acd); await env.acd.listen(); await until('api at acd', () => env.acd.asked.some((a) => a.method === 'hello')); },
    async login(body) {
      const r = await new Client(env).post('/login', body);
      assert.equal(r.status, 200, JSON.stringify(r.body));
      return Object.assign(new Client(env, r.body.token), { session: r.body });
    },
    carrier: () => env.login({ username: 'carrier', password: 'carrier-password' }),
    // A tenant with an administrator who may do everything in it.
    async tenant(name) {
      const carrier = env.boss ??= await env.carrier();
      const t = await carrier.make('tenants', { name, title: name.toUpperCase(), sip_domain: `${name}.test` });
      await carrier.make('accounts', { tenant_id: t.id, type: 'admin', username: 'admin', name: 'Admin', password: 'tenant-password' });
      return Object.assign(await env.login({ tenant: name, username: 'admin', password: 'tenant-password' }), { tenant: t });
    },
    // An account of the tenant with these permissions, logged in.
    async clerk(admin, username, permissions) {
      const role = await admin.make('roles', { name: `role of ${username}`, permissions });
      const account = await admin.make('accounts', { username, name: username, password: 'clerk-password', role_id: role.id });
      const client = await env.login({ tenant: admin.tenant.name, username, password: 'clerk-password' });
      return Object.assign(client, { account, role });
    },
    async close() {
      const end = await env.stopApi();
      const report = env.log().match(/(AddressSanitizer|LeakSanitizer|runtime error)[^]*/)?.[0];
      if (env.acd?.server?.listening) await env.acd.close();
      redis.kill();
      await pg.stop();
      rmSync(dir, { recursive: true, force: true });
      assert.equal(report, undefined, 'the sanitisers have nothing to say');
      assert.deepEqual(end, { code: 0, signal: null }, 'the api ends cleanly');
    },
  };
  process.on('exit', () => { env.api?.kill('SIGKILL'); redis.kill('SIGKILL'); });
  await env.startApi();
  return env;
}

export const uuid = '018f0000-0000-7000-8000-000000000000';
export function wav(ms = 200, { rate = 8000, lie = 0 } = {}) {
  const n = (rate * ms) / 1000 * 2;
  const b = Buffer.alloc(44 + n);
  b.write('RIFF', 0); b.writeUInt32LE(36 + n + lie, 4); b.write('WAVEfmt ', 8); b.writeUInt32LE(16, 16); b.writeUInt16LE(1, 20); b.writeUInt16LE(1, 22);
  b.writeUInt32LE(rate, 24); b.writeUInt32LE(rate * 2, 28); b.writeUInt16LE(2, 32); b.writeUInt16LE(16, 34); b.write('data', 36); b.writeUInt32LE(n + lie, 40);
  for (let i = 0; i < n / 2; i++) b.writeInt16LE(Math.round(8000 * Math.sin((i * 2 * Math.PI * 440) / rate)), 44 + 2 * i);
  return b;
}
