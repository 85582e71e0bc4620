// One tenant's token against another tenant; bodies, names, paths and headers that mean harm.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, sleep, startEnv, until, uuid, wav } from './env.mjs';

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
  rows.dids = await b.make('dids', { number: '02188880000', destination_kind: 'queue', destination_id: rows.queues.id });
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

test('guessed ids: A can neither see, change nor delete any of B\'s rows, in any resource', async () => {
  const names = (await a.get('/meta/resources')).body.resources.map((r) => r.name);
  assert.deepEqual(names.filter((n) => !rows[n]), [], 'a resource that this test does not know');
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
    ['dids', { number: '02188880000', destination_kind: 'queue', destination_id: rows.queues.id }],
  ]) {
    const r = await a.post(`/${resource}`, row);
    assert.ok([422, 503].includes(r.status) && r.status === 422, `${resource}: ${r.status} ${JSON.stringify(r.body)}`);
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
