// One tenant's token against another tenant; bodies, names, paths and headers that mean harm.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, sleep, slow, startEnv, until, uuid, wav } from './env.mjs';
import { fillTenant } from './fill.mjs';

let env, a, b;
const rows = {}; // B's row of each resource
before(async () => {
  env = await startEnv();
  await env.startAcd();
  a = await env.tenant('alpha');
  b = await env.tenant('beta');
  const boss = await env.carrier(), t = b.tenant.id;
  rows.numbers = await boss.make('numbers', { tenant_id: t, number: '02188880000' });
  rows.extensions = await b.make('extensions', { number: '1001', password: 'at-least-8' });
  rows.queues = await b.make('queues', { number: '4001', name: 'B sales' });
  rows['agent-groups'] = await b.make('agent-groups', { name: 'B group' });
  rows.agents = await b.make('agents', { number: '1001', name: 'B agent', extension_id: rows.extensions.id });
  rows['queue-agents'] = await b.make('queue-agents', { queue_id: rows.queues.id, agent_id: rows.agents.id });
  rows['busy-reasons'] = await b.make('busy-reasons', { name: 'B lunch' });
  rows.flows = await b.make('flows', { name: 'B flow', document: '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block/></form></vxml>' });
  rows['inbound-routes'] = await b.make('inbound-routes', { name: 'B route', did_match: 'number', number_id: rows.numbers.id, destination_kind: 'queue', destination_id: rows.queues.id });
  rows.blacklist = await b.make('blacklist', { number: '13800000000' });
  rows.trunks = await b.make('trunks', { name: 'B trunk', host: '127.0.0.9' });
  rows.tokens = await b.make('tokens', { name: 'B token', permissions: ['queues.read'] });
  rows.roles = (await b.get('/roles')).body.items[0];
  rows.accounts = (await b.get('/accounts')).body.items[0];
  rows.tenants = b.tenant;
  rows.prompts = (await b.post('/prompts?name=bprompt', wav(), { 'content-type': 'audio/wav' })).body;
  const [[call]] = env.pg.sql('select zj.zj_uuid7()');
  mkdirSync(join(env.settings.store, t), { recursive: true });
  writeFileSync(join(env.settings.store, t, 'b.wav'), wav());
  env.pg.sql(`insert into zj.call (tenant_id, id, direction, kind, caller, callee, started_at, ended_at, result) values ('${t}', '${call}', 'in', 'queue', '138', '400', now(), now(), 'answered');
    insert into zj.recording (tenant_id, call_id, id, from_at, to_at, node, path, bytes) values ('${t}', '${call}', zj.zj_uuid7(), now(), now(), 'n', '${t}/b.wav', 1);`);
  rows.calls = (await b.get(`/calls/${call}`)).body;
  rows.recordings = (await b.get('/recordings')).body.items[0];
  for (const [name, row] of Object.entries(rows)) assert.ok(row?.id, `${name} ${JSON.stringify(row)}`);
});
after(() => env.close());

test('guessed ids: A can neither see, change nor delete any of B\'s rows', async () => {
  const before = env.pg.sql(`select count(*), max(updated_at) from zj.queue where tenant_id = '${b.tenant.id}'`);
  for (const [name, row] of Object.entries(rows)) {
    assert.equal((await a.get(`/${name}/${row.id}`)).status, 404, `GET ${name}`);
    const list = JSON.stringify((await a.get(`/${name}?limit=200`)).body);
    assert.ok(!list.includes(row.id), `list ${name}`);
    const field = ['title', 'name', 'reason', 'priority', 'enabled'].find((f) => f in row);
    const patch = await a.patch(`/${name}/${row.id}`, field ? { [field]: row[field] } : { id: uuid });
    assert.ok([403, 404, 405, 422].includes(patch.status), `PATCH ${name}: ${patch.status}`);
    const gone = await a.delete(`/${name}/${row.id}`);
    assert.ok([403, 404, 405].includes(gone.status), `DELETE ${name}: ${gone.status}`);
    assert.equal((await b.get(`/${name}/${row.id}`)).status, 200, `${name} is still there`);
    const filtered = (await a.get(`/${name}?filter[id]=${row.id}`)).body;
    assert.deepEqual(filtered.items, [], `filter ${name}`);
  }
  assert.deepEqual(env.pg.sql(`select count(*), max(updated_at) from zj.queue where tenant_id = '${b.tenant.id}'`), before);
});

test('B\'s sounds and documents: not for A', async () => {
  for (const p of [`/recordings/${rows.recordings.id}/audio`, `/prompts/${rows.prompts.id}/audio`, `/flows/${rows.flows.id}/document`, `/calls/${rows.calls.id}`]) {
    assert.equal((await b.get(p)).status, 200, p);
    assert.equal((await a.get(p)).status, 404, p);
  }
  assert.equal((await a.put(`/flows/${rows.flows.id}/document`, '<vxml version="2.1"></vxml>', { 'content-type': 'text/xml' })).status >= 404, true);
  assert.equal((await a.put(`/prompts/${rows.prompts.id}/audio`, wav(), { 'content-type': 'audio/wav' })).status, 404);
});

test('A cannot point at B\'s rows, nor put rows into B', async () => {
  for (const [resource, row] of [
    ['queues', { number: '9', name: 'x', music_id: rows.prompts.id }], ['queues', { number: '9', name: 'x', overflow_kind: 'queue', overflow_id: rows.queues.id }],
    ['agents', { number: '9', name: 'x', extension_id: rows.extensions.id }], ['agents', { number: '9', name: 'x', account_id: rows.accounts.id }],
    ['queue-agents', { queue_id: rows.queues.id, agent_id: rows.agents.id }], ['accounts', { username: 'x', name: 'x', password: 'long-enough', role_id: rows.roles.id }],
    ['inbound-routes', { name: 'x', destination_kind: 'queue', destination_id: rows.queues.id }], ['inbound-routes', { name: 'x', did_match: 'number', number_id: rows.numbers.id, destination_kind: 'hangup' }],
    ['internal-numbers', { number: '9', kind: 'queue', object_id: rows.queues.id }],
  ]) {
    const r = await a.post(`/${resource}`, row);
    assert.ok(r.status === 422 || (resource === 'accounts' && r.status === 403), `${resource}: ${r.status} ${JSON.stringify(r.body)}`);
  }
  const r = await a.post('/queues', { tenant_id: b.tenant.id, number: '9', name: 'x' });
  assert.equal(r.body.errors[0].rule, 'readonly');
});

test('X-Zj-Tenant from anybody but an entitled carrier is refused, however it is written', async () => {
  const as = (headers) => a.get('/queues', headers);
  for (const v of [b.tenant.id, b.tenant.id.toUpperCase(), 'x', '', `${a.tenant.id},${b.tenant.id}`, `${b.tenant.id}'--`]) {
    const r = await as({ 'x-zj-tenant': v });
    assert.equal(r.status, 403, v);
    assert.equal(r.body.type, 'urn:zongji:problem:enter');
  }
  assert.equal((await as({ 'x-zj-tenant': a.tenant.id })).status, 200);
  const raw = (headers) => new Promise((resolve) => {
    const s = connect(env.settings.port, '127.0.0.1', () => s.write(`GET /api/v1/queues HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${a.token}\r\n${headers}\r\n`));
    let t = '';
    s.on('data', (d) => { t += d; }).on('close', () => resolve(t));
  });
  for (const h of [`X-Zj-Tenant: ${a.tenant.id}\r\nX-Zj-Tenant: ${b.tenant.id}\r\n`, `X-Zj-Tenant : ${b.tenant.id}\r\n`, `X-Zj-Tenant:\t${b.tenant.id}\r\n`, `x_zj_tenant: ${b.tenant.id}\r\n`]) {
    assert.ok(!(await raw(h)).includes(rows.queues.id), h);
  }
  const boss = await env.carrier();
  const role = await boss.make('roles', { name: 'operator', permissions: ['tenants.read', 'numbers.read', 'queues.read'] });
  await boss.make('accounts', { username: 'operator', name: 'x', password: 'long-enough', role_id: role.id });
  const operator = await env.login({ username: 'operator', password: 'long-enough' });
  assert.equal((await operator.get('/queues', { 'x-zj-tenant': b.tenant.id })).status, 403);
  assert.equal((await operator.get('/numbers')).status, 200);
  assert.equal((await boss.get('/queues', { 'x-zj-tenant': uuid })).status, 403);
});

test('a role with * in a tenant is not the carrier\'s', async () => {
  assert.equal((await a.post('/tenants', { name: 'mine', title: 'x', sip_domain: 'x.y' })).status, 403);
  assert.equal((await a.post('/numbers', { number: '1' })).status, 403);
  assert.equal((await a.delete(`/tenants/${a.tenant.id}`)).status, 403);
  assert.equal((await a.patch(`/tenants/${a.tenant.id}`, { kind: 'carrier' })).status, 422);
});

test('tampered cursors show nothing of others and break nothing', async () => {
  for (let i = 0; i < 3; i++) await a.make('busy-reasons', { name: `r${i}` });
  const { next } = (await a.get('/busy-reasons?limit=1&sort=name')).body;
  const text = Buffer.from(next, 'base64url').toString();
  assert.match(text, /^name,id\n\[/);
  const forged = [text.replace('r0', "r0' or true --"), text.replace('name,id', 'name,tenant_id'), text.replace('name,id', 'password,id'), 'name,id\n[]', 'name,id\n["a"]', 'name,id\n["a","b","c"]',
    'name,id\n[null,null]', 'name,id\n[{"x":1},2]', `name,id\n["a","${rows.queues.id}"]`, 'name,id\n["a","x"]', `name,id\n${'['.repeat(3000)}`];
  for (const f of forged) {
    const r = await a.get(`/busy-reasons?limit=10&sort=name&cursor=${Buffer.from(f).toString('base64url')}`);
    assert.ok([200, 400].includes(r.status), `${f.slice(0, 60)} ${r.status}`);
    assert.ok(!JSON.stringify(r.body).includes('B lunch'));
  }
});

test('SQL in names and values stays text', async () => {
  const evil = ["number'--", 'number"; drop table zj.queue; --', 'number) or (true', 'tenant_id', '1=1', 'zj_tenant()', 'ha1', 'number::text', "number' or '1'='1"];
  for (const e of evil) {
    for (const q of [`sort=${encodeURIComponent(e)}`, `filter[${encodeURIComponent(e)}]=1`, `filter[number][${encodeURIComponent(e)}]=1`]) {
      assert.equal((await a.get(`/queues?${q}`)).status, 400, q);
    }
    for (const op of ['eq', 'contains', 'starts', 'in', 'gt']) {
      const r = await a.get(`/queues?filter[name][${op}]=${encodeURIComponent(e)}`);
      assert.equal(r.status, 200);
      assert.ok(!JSON.stringify(r.body).includes(rows.queues.id));
    }
    const made = await a.post('/busy-reasons', { name: e.slice(0, 50) });
    assert.equal(made.body.name, e.slice(0, 50));
    assert.ok([400, 422].includes((await a.post('/busy-reasons', { name: 'x', [e]: 1 })).status));
    assert.equal((await a.patch(`/busy-reasons/${encodeURIComponent(e)}`, { name: 'x' })).status, 404);
  }
  assert.equal((await b.get(`/queues/${rows.queues.id}`)).status, 200);
  assert.equal((await a.post('/login', { tenant: "alpha' or '1'='1", username: "admin'--", password: 'x' })).status, 401);
});

test('paths that climb out reach no file', async () => {
  const raw = (path) => new Promise((resolve) => {
    const s = connect(env.settings.port, '127.0.0.1', () => s.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
    let t = '';
    s.on('data', (d) => { t += d; }).on('close', () => resolve(t));
  });
  for (const p of ['/../api.conf', '/..%2fapi.conf', '/%2e%2e/api.conf', '/assets/../../api.conf', '/assets/..%2f..%2fapi.conf', '/..\\api.conf', '//etc/passwd', '/%2fetc/passwd', '/.hidden.js', '/assets/%00.js', '/assets/a\\..\\x.js',
    '/assets/%252e%252e/%252e%252e/api.conf', 'http://x/../api.conf', '/a/b/c/d/e/f/g/h/i/j/k.js']) {
    const t = await raw(p);
    assert.ok(!t.includes('zj_api') && !t.includes('root:') && !t.includes('statement_timeout'), p);
  }
});

test('live events and commands of B are not A\'s', async () => {
  env.acd.board(b.tenant.id).agents = [{ id: rows.agents.id, name: 'B agent' }];
  env.acd.board(b.tenant.id).calls = [{ id: uuid, legs: [] }];
  const wa = await a.events(), wb = await b.events();
  await wa.wait('snapshot');
  await wb.wait('snapshot');
  env.acd.emit(b.tenant.id, 'agent.changed', { id: rows.agents.id, name: 'B agent' });
  env.acd.emit(a.tenant.id, 'agent.changed', { id: uuid, name: 'A agent' });
  await wb.wait('agent.changed');
  await wa.wait('agent.changed');
  await sleep(200);
  assert.ok(!JSON.stringify(wa.messages).includes('B agent'));
  assert.ok(!JSON.stringify(wb.messages).includes('A agent'));
  assert.ok(!JSON.stringify((await a.get('/live/board')).body).includes('B agent'));
  for (const w of [wa, wb]) w.close();
  await assert.rejects(a.events(`?tenant=${b.tenant.id}`), { status: 403 });
  const n = env.acd.asked.length;
  assert.equal((await a.post(`/agents/${rows.agents.id}/sign-in`, {})).status, 404);
  assert.equal((await a.post('/calls', { to: '1', agent_id: rows.agents.id })).status, 404);
  assert.equal(env.acd.asked.length, n, 'acd was not even asked');
  await a.post(`/calls/${uuid}/hangup`, {});
  assert.equal(env.acd.asked.at(-1).params.tenant, a.tenant.id, 'acd hears A\'s tenant, whatever the call');
  assert.equal((await a.get(`/calls/${uuid}`)).status, 404);
});

test('tokens: cut, changed, of another kind, of a deleted account: 401', async () => {
  const t = a.token, other = Buffer.from(t.slice(4), 'base64url');
  Buffer.from(b.tenant.id.replaceAll('-', ''), 'hex').copy(other);
  for (const bad of ['', 'x', t.slice(0, -1), `${t}A`, t.replace('zjs_', 'zjt_'), `zjs_${other.toString('base64url')}`, t.slice(0, -1) + (t.endsWith('A') ? 'B' : 'A'), 'zjs_*', `zjs_${'A'.repeat(64)}`]) {
    assert.equal((await new Client(env, null, { authorization: `Bearer ${bad}` }).get('/session')).status, 401, bad);
  }
  const guest = await env.clerk(a, 'shortlived', ['queues.read']);
  assert.equal((await a.delete(`/accounts/${guest.account.id}`)).status, 204);
  assert.equal((await guest.get('/queues')).status, 401);
});

test('an Idempotency-Key of one account tells another nothing', async () => {
  const key = { 'idempotency-key': 'shared' };
  const r1 = await a.post('/agent-groups', { name: 'of A' }, key), r2 = await b.post('/agent-groups', { name: 'of B' }, key);
  assert.deepEqual([r1.body.name, r2.body.name], ['of A', 'of B']);
});

test('nonsense on the wire ends in an answer or a closed connection, never in a dead process', async () => {
  const pid = env.api.pid;
  const raw = (bytes, wait = 300) => new Promise((resolve) => {
    const s = connect(env.settings.port, '127.0.0.1', () => s.write(bytes));
    let t = '';
    s.on('data', (d) => { t += d; }).on('close', () => resolve(t)).on('error', () => resolve(t));
    setTimeout(() => s.destroy(), wait);
  });
  const bearer = `Authorization: Bearer ${a.token}`;
  await Promise.all(['\0\0\0\0', 'GET\r\n\r\n', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(500)}\r\n`, `GET /${'x'.repeat(1 << 20)} HTTP/1.1\r\n\r\n`, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 'POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n',
    'POST /api/v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n', `GET /api/v1/%00 HTTP/1.1\r\nHost: x\r\n\r\n`, 'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n', `VERYLONGMETHOD /api/v1/queues HTTP/1.1\r\nHost: x\r\n${bearer}\r\n\r\n`,
    `GET /api/v1/events HTTP/1.1\r\nHost: x\r\n${bearer}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff`,
    `GET /api/v1/events HTTP/1.1\r\nHost: x\r\n${bearer}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n`,
    `POST /api/v1/queues HTTP/1.1\r\nHost: x\r\n${bearer}\r\nContent-Length: 5\r\n\r\n{"a":`, `POST /api/v1/queues HTTP/1.1\r\nHost: x\r\n${bearer}\r\nContent-Length: 500\r\n\r\n{"a":`].map((x) => raw(Buffer.from(x, 'latin1'))));
  for (const body of ['[[[['.repeat(20000), '{"number":"\\u0000"}', '{"number":"\\ud800"}', '{"a":1,"a":2}', '1e999', `{"number":${'9'.repeat(400)}}`, '"', '\xff']) {
    const r = await a.post('/queues', body, { 'content-type': 'application/json' });
    assert.ok(r.status === 400 || r.status === 422, `${body.slice(0, 30)} ${r.status}`);
  }
  assert.equal((await a.post('/queues', { number: '1', name: 'x', priority: 99999999999 })).status, 422);
  assert.equal((await a.post('/queues', { number: '1', name: '\u0007 bell 🔔' })).status, 201);
  assert.ok(env.exited === null && env.api.pid === pid);
  await until('alive', async () => (await a.get('/session')).status === 200);
});

// ── every resource, by the catalogue ────────────────────────────────────────────────────────────────────────────────

// POST /calls places a call: no row is written there.
const resourcesOf = async (client) => (await client.get('/meta/resources')).body.resources.filter((r) => r.name !== 'calls');
const verbs = (name, id) => [
  ['GET', `/${name}/${id}`], ['GET', `/${name}/${id}/history`], ['PATCH', `/${name}/${id}`, {}], ['DELETE', `/${name}/${id}`], ['DELETE', `/${name}/${id}?purge=true`],
  ['POST', `/${name}/${id}/duplicate`, {}], ['POST', `/${name}/${id}/restore`, {}],
];
const shown = (r, id) => JSON.stringify(r.body ?? '').includes(id);
const someValue = (f) => f.enum?.[0] ?? { boolean: true, integer: f.min ?? 1, number: f.min ?? 1, uuid, datetime: '2026-01-01T00:00:00Z', date: '2026-01-01', time: '09:00', strings: [], uuids: [], json: {}, ip: '127.0.0.1' }[f.type] ?? 'x';
const writable = (resource) => resource.fields.find((f) => !f.readonly && !f.create_only && !f.writeonly && f.name !== 'custom' && f.access !== 'read');

test('every resource: ids of another tenant are as good as none, in every verb', async () => {
  const ids = await fillTenant(env.pg, b.tenant.id);
  const views = new Set(env.pg.sql(`select relname from pg_class where relnamespace = 'zj'::regnamespace and relkind = 'v'`).map(([name]) => name)); // show rows of tables that are attacked themselves
  const list = (await resourcesOf(a)).filter((r) => !views.has(r.table));
  assert.deepEqual(list.map((r) => r.name).filter((n) => !ids[n]), [], 'a resource without a row to attack');
  for (const resource of list) {
    const { name } = resource, id = ids[name], field = writable(resource);
    if (id === a.tenant.id) continue;
    for (const [method, path, body] of verbs(name, id)) {
      const r = await a.request(method, path, method === 'PATCH' && field ? { [field.name]: someValue(field) } : body);
      assert.ok([403, 404, 405, 409, 415, 422].includes(r.status), `${method} ${path}: ${r.status} ${JSON.stringify(r.body)}`);
      assert.ok(r.status !== 409 || r.body.type.endsWith('refused'), `${method} ${path}: ${JSON.stringify(r.body)}`);
    }
    for (const query of ['limit=200', `filter[id]=${id}`, `filter[id][in]=${id}`, 'limit=200&deleted=true', `match=any&filter[id]=${id}&filter[id][ne]=${id}`]) {
      const r = await a.get(`/${name}?${query}`);
      assert.ok(!(r.body.items ?? []).some((row) => row.id === id), `GET /${name}?${query}`);
    }
    for (const body of [{ action: 'delete', ids: [id] }, { action: 'restore', ids: [id] }, { action: 'purge', ids: [id] }, ...(field ? [{ action: 'update', ids: [id], set: { [field.name]: someValue(field) } }] : [])]) {
      const r = await a.post(`/${name}/bulk`, body);
      assert.ok(r.status >= 400 || r.body.changed === 0, `POST /${name}/bulk ${JSON.stringify(body)}: ${r.status} ${JSON.stringify(r.body)}`);
    }
    const [[n]] = env.pg.sql(`select count(*) from zj.${resource.table} where tenant_id = '${b.tenant.id}' and id = '${id}'`);
    assert.equal(n, '1', `${name} is still there`);
  }
});

test('every resource: who may nothing gets 403 and no row; who may read cannot write, export or import', async () => {
  const nobody = await env.clerk(a, 'nobody', []);
  const reader = await env.clerk(a, 'reader', ['*.read']).catch(() => null) ?? await env.clerk(a, 'reader2', (await resourcesOf(a)).map((r) => `${r.name}.read`));
  const own = new Set(['jobs', 'uploads', 'preferences', 'views', 'kb-views']); // one's own rows need no permission
  for (const { name } of await resourcesOf(a)) {
    const list = await nobody.get(`/${name}`);
    assert.ok(list.status === 403 || (own.has(name) && list.body.items.length === 0), `GET /${name}: ${list.status}`);
    for (const [method, path, body] of [['POST', `/${name}`, {}], ...verbs(name, uuid).slice(2), ['POST', `/${name}/bulk`, { action: 'delete', ids: [uuid] }], ['POST', `/${name}/export`, { format: 'csv' }],
      ['POST', `/${name}/import`, { upload_id: uuid, mapping: [] }]]) {
      const r = await reader.request(method, path, body);
      assert.ok([403, 404, 405, 415].includes(r.status) || (own.has(name) && r.status < 500), `${method} ${path}: ${r.status} ${JSON.stringify(r.body)}`);
    }
  }
});

test('every resource: what the system sets cannot be written along', async () => {
  for (const resource of await resourcesOf(a)) {
    const { name } = resource;
    for (const field of ['tenant_id', 'id', 'created_at', 'updated_at', ...resource.fields.filter((f) => f.readonly).map((f) => f.name)]) {
      for (const [method, path] of [['POST', `/${name}`], ['PATCH', `/${name}/${uuid}`]]) {
        const r = await a.request(method, path, { [field]: b.tenant.id });
        assert.ok([400, 403, 404, 405, 415, 422].includes(r.status), `${method} ${path} {${field}}: ${r.status}`);
        if (r.status === 422 && name !== 'uploads') assert.ok(r.body.errors.some((e) => e.field === field && e.rule === 'readonly'), `${method} ${path} {${field}}: ${JSON.stringify(r.body.errors)}`);
      }
    }
    const columns = env.pg.sql(`select a.attname from pg_attribute a where a.attrelid = 'zj.${resource.table}'::regclass and a.attnum > 0 and not a.attisdropped and col_description(a.attrelid, a.attnum)::json->>'hidden' = 'true'`);
    for (const [hidden] of columns) {
      if (name !== 'uploads') assert.ok([400, 403, 405, 415].includes((await a.post(`/${name}`, { [hidden]: 'x' })).status), `POST /${name} {${hidden}}`);
      assert.equal((await a.get(`/${name}?filter[${hidden}]=x`)).status, 400, `filter ${name}.${hidden}`);
      assert.equal((await a.get(`/${name}?sort=${hidden}`)).status, 400, `sort ${name}.${hidden}`);
      assert.ok((await a.get(`/${name}?fields=${hidden}`)).status === 400 || !shown(await a.get(`/${name}?fields=${hidden}`), `"${hidden}"`), `fields ${name}.${hidden}`);
    }
  }
});

test('every field, every operator: SQL in a value stays a value', async () => {
  const values = ["'", "' or '1'='1", "1); select pg_sleep(5)--", '%', '\\', '$1', '"', '{', '1e400', '\u0001', "a','b", 'null', '}{'];
  let n = 0;
  for (const resource of await resourcesOf(a)) {
    for (const field of resource.fields) {
      for (const op of field.filter ?? []) {
        const value = values[n++ % values.length];
        const began = Date.now();
        const r = await a.get(`/${resource.name}?limit=1&filter[${field.name}][${op}]=${encodeURIComponent(value)}`);
        assert.ok([200, 400, 429].includes(r.status), `${resource.name}.${field.name} ${op} ${value}: ${r.status} ${JSON.stringify(r.body)}`);
        assert.ok(Date.now() - began < 4000, 'nothing slept');
      }
    }
    for (const value of values) {
      const q = encodeURIComponent(value);
      assert.ok([200, 400].includes((await a.get(`/${resource.name}?q=${q}`)).status), `q ${resource.name} ${value}`);
      for (const parameter of ['sort', 'fields', 'expand', 'match', 'deleted']) assert.ok([200, 400].includes((await a.get(`/${resource.name}?${parameter}=${q}`)).status), `${parameter} ${value}`);
    }
  }
  assert.ok(n > 500, `${n} pairs of field and operator`);
});

test('a cookie alone writes nothing: every writing path asks for the CSRF token', async () => {
  const cookie = { cookie: `zj_session=${a.token}` };
  const client = new Client(env, null, cookie);
  assert.equal((await client.get('/session')).status, 200);
  for (const [method, path, body] of [['POST', '/queues', { number: '77', name: 'x' }], ['POST', '/queues/bulk', { action: 'delete', query: '' }], ['POST', '/queues/import', {}], ['POST', '/queues/export', {}], ['POST', '/uploads', {}],
    ['PUT', `/uploads/${uuid}/parts/1`, 'x'], ['POST', '/login-as', { account_id: uuid }], ['POST', '/me/password', {}], ['POST', '/me/totp', {}], ['DELETE', '/me/totp', {}], ['PATCH', '/me', { name: 'x' }], ['PUT', '/me/preferences/x', {}],
    ['POST', '/quick-setup', {}], ['POST', '/quick-edit', {}], ['DELETE', `/sessions/${uuid}`], ['POST', `/jobs/${uuid}/cancel`, {}], ['POST', '/tenant-export', {}], ['POST', '/logout', {}], ['PATCH', `/queues/${uuid}`, {}], ['DELETE', `/queues/${uuid}`]]) {
    const r = await client.request(method, path, body);
    assert.equal(r.status, 403, `${method} ${path}: ${r.status}`);
    assert.equal(r.body.type, 'urn:zongji:problem:csrf', path);
  }
});

// ── rights within a tenant ──────────────────────────────────────────────────────────────────────────────────────────

test('nobody becomes more than he is: by his role, another\'s, a field\'s right, a token, a type, or somebody else\'s name', async () => {
  const clerk = await env.clerk(a, 'climber', ['roles.*', 'accounts.*', 'tokens.*', 'role-fields.*', 'queues.read', 'accounts.impersonate']);
  const admin = (await a.get('/accounts?filter[username]=admin')).body.items[0];
  const [top] = (await a.get('/roles?filter[name]=administrator')).body.items;
  const tries = [
    ['PATCH', `/roles/${clerk.role.id}`, { permissions: ['*'] }], ['PATCH', `/roles/${clerk.role.id}`, { permissions: ['queues.*'] }], ['PATCH', `/roles/${top.id}`, { permissions: ['queues.read'] }], ['PATCH', `/roles/${top.id}`, { name: 'mine' }],
    ['DELETE', `/roles/${top.id}`], ['POST', '/roles', { name: 'big', permissions: ['*'] }], ['POST', '/roles', { name: 'big', permissions: ['queues.write'] }], ['POST', '/roles', { name: 'big', kind: 'admin' }],
    ['PATCH', `/accounts/${clerk.account.id}`, { role_id: top.id }], ['PATCH', `/accounts/${clerk.account.id}`, { type: 'admin', role_id: null }], ['POST', '/accounts', { username: 'puppet', name: 'x', password: 'long-enough-1', role_id: top.id }],
    ['POST', '/accounts', { username: 'puppet2', name: 'x', password: 'long-enough-1', type: 'admin' }], ['PATCH', `/accounts/${admin.id}`, { password: 'hijacked-1' }], ['DELETE', `/accounts/${admin.id}`],
    ['POST', '/tokens', { name: 'more', permissions: ['*'] }], ['POST', '/login-as', { account_id: admin.id }], ['POST', '/accounts/bulk', { action: 'update', ids: [clerk.account.id], set: { role_id: top.id } }],
    ['POST', '/roles/bulk', { action: 'update', ids: [clerk.role.id], set: { permissions: ['*'] } }], ['POST', `/roles/${top.id}/duplicate`, { name: 'copy' }], ['POST', `/accounts/${admin.id}/duplicate`, { username: 'twin', password: 'long-enough-1' }],
  ];
  for (const [method, path, body] of tries) {
    const r = await clerk.request(method, path, body);
    const refused = r.status >= 400 && r.status < 500 && r.status !== 429;
    assert.ok(refused || (path.endsWith('/bulk') && r.body.changed === 0), `${method} ${path} ${JSON.stringify(body)}: ${r.status} ${JSON.stringify(r.body)}`);
  }
  assert.deepEqual((await clerk.get('/session')).body.permissions.toSorted(), ['accounts.*', 'accounts.impersonate', 'queues.read', 'role-fields.*', 'roles.*', 'tokens.*']);
  assert.equal((await clerk.post('/queues', { number: '78', name: 'x' })).status, 403);
  assert.equal((await env.login({ tenant: 'alpha', username: 'admin', password: 'tenant-password' })).session.account.id, admin.id);
});

test('what lies outside of one\'s data scope is as good as not there, in every verb', async () => {
  const list = (await resourcesOf(a)).filter((r) => r.scoped || r.name === 'customers');
  env.pg.sql(`update zj.business_object set enabled = true where tenant_id = '${a.tenant.id}'`);
  const own = await env.clerk(a, 'owner', ['customers.*', 'roles.read']);
  await a.patch(`/roles/${own.role.id}`, { scope: 'own' });
  const mine = await until('the scope holds', async () => (await own.post('/customers', { name: 'mine', phone: '13800000001' })));
  assert.equal(mine.status, 201, JSON.stringify(mine.body));
  const other = await a.make('customers', { name: 'other', phone: '13900000002' });
  assert.ok(list.length > 0);
  for (const [method, path, body] of verbs('customers', other.id)) {
    const r = await own.request(method, path, method === 'PATCH' ? { name: 'taken' } : body);
    assert.equal(r.status, 404, `${method} ${path}: ${r.status} ${JSON.stringify(r.body)}`);
  }
  for (const query of ['', '?q=other', `?filter[id]=${other.id}`, '?filter[phone]=13900000002', '?count=true', '?deleted=true']) {
    const r = await own.get(`/customers${query}`);
    assert.ok(!shown(r, other.id) && !shown(r, 'other'), query);
    if (query.includes('count')) assert.equal(r.body.total, 1);
  }
  assert.equal((await own.post('/customers/bulk', { action: 'update', ids: [other.id], set: { name: 'taken' } })).body.changed, 0);
  assert.equal((await own.post('/customers/bulk', { action: 'delete', query: '' })).body.changed ?? 1, 1);
  assert.equal((await a.get(`/customers/${other.id}`)).body.name, 'other');
  await a.delete(`/customers/${other.id}`);
  for (const r of [await own.get('/customers?deleted=true'), await own.post(`/customers/${other.id}/restore`, {}), await own.delete(`/customers/${other.id}?purge=true`)]) assert.ok(r.status === 404 || !shown(r, other.id), JSON.stringify(r.body));
  assert.equal((await a.post(`/customers/${other.id}/restore`, {})).status, 200);
});

test('a masked field: no filter but =, no sort, no search, no ETag, no history and no export tells it; and = is not for guessing', async () => {
  const blind = await env.clerk(a, 'blind', ['customers.*', 'audit.read', 'jobs.read', 'views.*']);
  const phone = '13812345678';
  for (const o of (await a.get('/business-objects')).body.items) await a.patch(`/business-objects/${o.id}`, { enabled: true });
  const row = await a.make('customers', { name: 'secret', phone });
  const seen = (r) => JSON.stringify(r.body ?? '') + [...r.headers].join();
  const told = (r) => seen(r).includes(phone) || seen(r).includes('12345');
  const one = await blind.get(`/customers/${row.id}`);
  assert.match(one.body.phone, /^138\*{4}5678$/);
  for (const op of ['ne', 'lt', 'le', 'gt', 'ge', 'contains', 'starts', 'in', 'between']) assert.equal((await blind.get(`/customers?filter[phone][${op}]=138`)).status, 400, op);
  for (const q of ['sort=phone', 'sort=-phone,name', `cursor=${Buffer.from('phone,id\n["1380000","x"]').toString('base64url')}`]) assert.equal((await blind.get(`/customers?${q}`)).status, 400, q);
  assert.equal((await blind.get('/customers?q=12345678')).body.items.length, 0, 'the search box');
  assert.equal((await blind.get('/customers?match=any&q=12345678&count=true')).body.total ?? 0, 0);
  for (const path of ['/customers?limit=200', `/customers/${row.id}/history`, '/audit?limit=200', '/customers?limit=200&deleted=true', '/customers?fields=phone,name', `/customers?filter[phone]=${phone}&count=true`]) assert.ok(!told(await blind.get(path)), path);
  const etag = one.headers.get('etag');
  env.pg.sql(`set session_replication_role = replica; update zj.customer set phone = '13899995678' where id = '${row.id}'`); // no trigger: all that is shown stays as it was
  const after = await blind.get(`/customers/${row.id}`);
  assert.deepEqual([after.body, after.headers.get('etag')], [one.body, etag], 'the ETag says no more than the row');
  env.pg.sql(`update zj.customer set phone = '${phone}' where id = '${row.id}'`);
  for (const body of [{ action: 'update', query: 'filter[phone][starts]=138', set: { remark: 'x' } }, { action: 'delete', query: 'filter[phone][gt]=1' }, { action: 'update', ids: [row.id], set: { phone: '1' } }]) {
    const r = await blind.post('/customers/bulk', body);
    assert.ok(r.status === 400 || r.status === 422 || r.status === 403, `${JSON.stringify(body)}: ${r.status}`);
  }
  for (const body of [{ format: 'csv', query: 'filter[phone][starts]=138' }, { format: 'csv', query: 'sort=phone' }]) assert.equal((await blind.post('/customers/export', body)).status, 400, JSON.stringify(body));
  const copy = await blind.post(`/customers/${row.id}/duplicate`, { name: 'copy' });
  assert.ok(!told(copy), 'a copy');
  if (copy.status === 201) assert.notEqual((await a.get(`/customers/${copy.body.id}`)).body.phone, phone, 'what one may not see is not copied');
  let refused = 0;
  for (let i = 0; i < 80; i++) refused += (await blind.get(`/customers?filter[phone]=1381234${String(i).padStart(4, '0')}`)).status === 429;
  assert.ok(refused > 0, 'trying numbers one after another is held back');
  assert.equal((await a.get(`/customers?filter[phone]=${phone}`)).body.items.length > 0, true, 'others are not');
});

test('large and deep bodies end in a refusal that costs little', async () => {
  const pid = env.api.pid;
  const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, wide = `{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":1`)}}`;
  for (const path of ['/queues', '/customers', '/customers/bulk', '/login', '/uploads', '/quick-setup', '/customers/import']) {
    for (const body of [deep, `[${deep}]`, wide, `{"custom":${wide}}`, `{"custom":{"a":${'['.repeat(2000)}${']'.repeat(2000)}}}`]) {
      const began = Date.now();
      const r = await a.post(path, body, { 'content-type': 'application/json' });
      assert.ok(r.status >= 400 && r.status < 500, `${path}: ${r.status}`);
      assert.ok(r.bytes.length < 1_000_000, 'the refusal is no echo');
      assert.ok(Date.now() - began < 5000 * slow);
    }
  }
  const big = await a.post('/queues', `{"name":"${'x'.repeat(20 << 20)}"}`, { 'content-type': 'application/json' }).catch(() => ({ status: 413 }));
  assert.equal(big.status, 413);
  assert.equal((await a.post('/customers/bulk', { action: 'delete', ids: Array.from({ length: 1001 }, () => uuid) })).status >= 400, true);
  assert.equal((await a.get(`/customers?${Array.from({ length: 200 }, (_, i) => `filter[name][ne]=${i}`).join('&')}`)).status, 400);
  assert.equal(env.api.pid, pid);
});

test('files: names and media types that mean harm reach no other path and run nowhere', async () => {
  for (const name of ['../../../etc/passwd', '..\\..\\x', '/etc/passwd', 'a\u0000b', 'x".html', 'a\r\nSet-Cookie: x=1', '.', '..', 'x'.repeat(5000)]) {
    const r = await a.post('/uploads', { name, bytes: 3, media_type: 'text/html', purpose: 'import' });
    assert.ok(r.status === 201 || (r.status >= 400 && r.status < 500), `${JSON.stringify(name.slice(0, 30))}: ${r.status}`);
    if (r.status !== 201) continue;
    assert.equal((await a.put(`/uploads/${r.body.id}/parts/1`, 'abc', { 'content-type': 'application/octet-stream' })).status < 300, true);
    for (const n of ['0', '-1', '2', '99999999999', '../1', '%2e%2e', '1%00']) assert.ok((await a.put(`/uploads/${r.body.id}/parts/${n}`, 'abc', { 'content-type': 'application/octet-stream' })).status >= 400, `part ${n}`);
    assert.ok([404, 403].includes((await b.get(`/uploads/${r.body.id}`)).status), 'another tenant\'s upload');
    assert.ok((await b.put(`/uploads/${r.body.id}/parts/1`, 'evil', { 'content-type': 'application/octet-stream' })).status >= 400);
    await a.delete(`/uploads/${r.body.id}`);
  }
  for (const path of [`/jobs/${uuid}/file`, `/jobs/..%2f..%2f/file`, '/uploads/%2e%2e/file']) assert.ok((await a.get(path)).status >= 400, path);
});
