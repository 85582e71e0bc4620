// Agents, calls, the board and live events, with a faithful fake of acd over the real protocol.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';
import { Client, sleep, slow, startEnv, until, uuid } from './env.mjs';


let env, admin, clerk, agent, other;
before(async () => {
  env = await startEnv({ conf: { viewer_buffer_kb: 2048 } });
  await env.startAcd();
  admin = await env.tenant('alpha');
  clerk = await env.clerk(admin, 'li', ['queues.read']);
  agent = await admin.make('agents', { number: '1001', name: 'Li', account_id: clerk.account.id });
  other = await admin.make('agents', { number: '1002', name: 'Wang' });
});
after(() => env.close());
const tenant = () => admin.tenant.id;
const last = (method) => env.acd.asked.filter((a) => a.method === method).at(-1)?.params;

test('an agent signs itself in and out and sets its state; others need agents.control', async () => {
  const r = await clerk.post('/agents/me/sign-in', { extension: '1001' });
  assert.equal(r.status, 200, JSON.stringify(r.body));
  assert.equal(r.body.state.state, 'idle');
  const p = last('agent.sign_in');
  assert.deepEqual([p.tenant, p.agent, p.account, p.extension], [tenant(), agent.id, clerk.account.id, '1001']);
  assert.ok(p.request);
  assert.equal((await clerk.post(`/agents/${agent.id}/state`, { state: 'busy', reason: 'Lunch', version: 1 })).body.state.state, 'busy');
  assert.deepEqual([last('agent.set_state').reason, last('agent.set_state').version], ['Lunch', 1]);
  assert.equal((await clerk.post(`/agents/${agent.id}/sign-out`, {})).body.state.state, 'signed_out');
  assert.equal((await clerk.post(`/agents/${other.id}/sign-in`, {})).body.permission, 'agents.control');
  assert.equal((await admin.post(`/agents/${other.id}/sign-in`)).status, 200);
  assert.equal((await admin.post('/agents/me/sign-in', {})).status, 404);
  assert.equal((await admin.post(`/agents/${uuid}/sign-in`, {})).status, 404);
  assert.equal((await clerk.get('/session')).body.agent.number, '1001');
});

test('bad commands name the field; acd\'s refusal is a 409 with its reason', async () => {
  const bad = async (path, body) => (await admin.post(path, body)).body;
  assert.equal((await bad(`/agents/${other.id}/state`, {})).errors[0].rule, 'required');
  assert.equal((await bad(`/agents/${other.id}/state`, { state: 1 })).type, 'urn:zongji:problem:type');
  assert.equal((await bad(`/agents/${other.id}/state`, { state: 'idle', mood: 'good' })).type, 'urn:zongji:problem:unknown_field');
  env.acd.refuse = 'the agent is talking';
  const r = await admin.post(`/agents/${other.id}/sign-out`, {});
  env.acd.refuse = null;
  assert.equal(r.status, 409);
  assert.equal(r.body.because, 'the agent is talking');
});

test('calls: one\'s own, or any with calls.control; a repeated key is the same request', async () => {
  const mine = '018f0000-0000-7000-8000-00000000000a', theirs = '018f0000-0000-7000-8000-00000000000b';
  env.acd.board(tenant()).calls = [{ id: mine, where: 'talk', legs: [{ id: uuid, role: 'agent', agent: agent.id }] }, { id: theirs, where: 'talk', legs: [] }];
  assert.equal((await clerk.post(`/calls/${mine}/hold`, { on: true })).body.state.did, 'call.hold');
  assert.equal((await clerk.post(`/calls/${theirs}/hangup`, {})).body.permission, 'calls.control');
  assert.equal((await admin.post(`/calls/${theirs}/transfer`, { to: 'queue:4001' })).body.state.to, 'queue:4001');
  assert.equal((await admin.post(`/calls/${theirs}/hangup`)).status, 200);
  assert.equal((await clerk.post('/calls', { to: '1002' })).status, 200);
  assert.equal(last('call.originate').agent, agent.id);
  assert.equal((await clerk.post('/calls', { to: '1002', agent_id: other.id })).status, 403);
  const n = env.acd.requests.size, key = { 'idempotency-key': 'again' };
  for (let i = 0; i < 2; i++) await admin.post(`/calls/${theirs}/hangup`, {}, key);
  assert.equal(env.acd.requests.size, n + 1);
  assert.equal((await admin.get(`/calls/${mine}`)).body.live, true);
  assert.equal((await admin.get(`/calls/${uuid}`)).status, 404);
});

test('the board: all of it with live.read, an agent without it sees itself', async () => {
  Object.assign(env.acd.board(tenant()), { queues: [{ id: uuid, number: '4001' }], agents: [{ id: agent.id }, { id: other.id }], visits: [{ id: uuid, offered_to: agent.id }, { id: 'x' }] });
  const all = (await admin.get('/live/board')).body;
  assert.equal(all.agents.length, 2);
  assert.match(all.cursor, /^7-\d+$/);
  const own = (await clerk.get('/live/board')).body;
  assert.deepEqual([own.queues.length, own.agents.length, own.calls.length, own.visits.length], [0, 1, 1, 1]);
});

test('events: a snapshot, then what happens, in order, with cursors', async () => {
  const ws = await admin.events();
  const snap = await ws.wait('snapshot');
  assert.equal(snap.agents.length, 2);
  const t = performance.now();
  env.acd.emit(tenant(), 'agent.changed', { id: agent.id, state: 'idle' });
  const e = await ws.wait('agent.changed');
  assert.ok(performance.now() - t < 500);
  assert.equal(e.data.state, 'idle');
  assert.match(e.cursor, /^7-\d+$/);
  assert.ok(!('tenant' in e));
  ws.close();
});

test('changes of one entity within 100 ms come as one; different entities all come', async () => {
  const ws = await admin.events();
  await ws.wait('snapshot');
  for (let i = 0; i < 50; i++) { env.acd.emit(tenant(), 'queue.changed', { id: uuid, waiting: i }); env.acd.emit(tenant(), 'queue.changed', { id: `q${i}`, waiting: i }); }
  await ws.wait('queue.changed', (m) => m.data.id === uuid && m.data.waiting === 49);
  await ws.wait('queue.changed', (m) => m.data.id === 'q49');
  const changes = ws.messages.filter((m) => m.type === 'queue.changed');
  assert.equal(new Set(changes.map((m) => m.data.id)).size, 51);
  assert.ok(changes.filter((m) => m.data.id === uuid).length <= 10);
  const seqs = changes.map((m) => Number(m.cursor.split('-')[1]));
  assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b));
  ws.close();
});

test('an agent without live.read is told of itself only', async () => {
  const ws = await clerk.events();
  const snap = await ws.wait('snapshot');
  assert.deepEqual([snap.agents.length, snap.queues.length], [1, 0]);
  env.acd.emit(tenant(), 'agent.changed', { id: other.id, state: 'idle' });
  env.acd.emit(tenant(), 'queue.changed', { id: uuid, waiting: 3 });
  env.acd.emit(tenant(), 'call.changed', { id: uuid, legs: [{ agent: agent.id }] });
  await ws.wait('call.changed');
  assert.deepEqual(ws.messages.map((m) => m.type), ['snapshot', 'call.changed']);
  ws.close();
});

test('?after= goes on where it was; an unknown cursor gets a snapshot; so after a restart of the api', async () => {
  const ws = await admin.events();
  await ws.wait('snapshot');
  const from = env.acd.emit(tenant(), 'agent.changed', { id: agent.id, n: 1 });
  await ws.wait('agent.changed', (m) => m.data.n === 1);
  ws.close();
  await sleep(120);
  env.acd.emit(tenant(), 'agent.changed', { id: agent.id, n: 2 });
  await sleep(150);
  const resumed = await admin.events(`?after=${from}`);
  await resumed.wait('agent.changed', (m) => m.data.n === 2);
  assert.ok(!resumed.messages.some((m) => m.type === 'snapshot'));
  resumed.close();
  for (const bad of ['6-1', '7-99999999', 'x', '7-', '-1']) {
    const r = await admin.events(`?after=${bad}`);
    await r.wait('snapshot');
    r.close();
  }
  await env.stopApi('SIGKILL');
  await env.startApi();
  await until('acd', () => env.acd.conns.size === 1);
  await sleep(100);
  const later = await admin.events(`?after=${from}`);
  await later.wait('agent.changed', (m) => m.data.n === 2);
  assert.ok(!later.messages.some((m) => m.type === 'snapshot'));
  later.close();
  await sleep(50);
  env.acd.log(tenant()).events = [];
  await env.stopApi('SIGKILL');
  await env.startApi();
  await until('acd', () => env.acd.conns.size === 1);
  await sleep(100);
  const gap = await admin.events(`?after=${from}`);
  await gap.wait('snapshot');
  gap.close();
});

test('acd away: stale at once, commands 503; back: a snapshot and events again', async () => {
  const ws = await admin.events();
  await ws.wait('snapshot');
  await env.acd.close();
  await ws.wait('stale');
  assert.equal((await admin.post(`/agents/${other.id}/sign-in`, {})).status, 503);
  const board = await admin.get('/live/board');
  assert.equal(board.status, 503);
  assert.equal(board.headers.get('retry-after'), '1');
  const late = await admin.events();
  await late.wait('stale');
  ws.messages.length = 0;
  env.acd.epoch = 8;
  await env.acd.listen();
  await ws.wait('snapshot', (m) => m.cursor.startsWith('8-'));
  await late.wait('snapshot');
  env.acd.emit(tenant(), 'agent.changed', { id: agent.id, n: 3 });
  await ws.wait('agent.changed');
  for (const w of [ws, late]) w.close();
});

test('who loses his rights is shown out: 4401', async () => {
  const guest = await env.clerk(admin, 'guest', ['live.read']);
  const ws = await guest.events();
  await ws.wait('snapshot');
  await admin.patch(`/accounts/${guest.account.id}`, { enabled: false });
  assert.equal((await ws.wait('end', () => true, 1000)).because, 'session');
  await until('closed', () => ws.closed === 4401);
  await assert.rejects(guest.events(), { status: 401 });
});

test('an access token watches with its own rights only, also after others changed; logout and a void token end the watching', async () => {
  const t = await admin.make('tokens', { name: 'narrow', permissions: ['queues.read', 'live.read'] });
  const program = new Client(env, t.token), ws = await program.events();
  await ws.wait('snapshot');
  await admin.patch(`/tokens/${t.id}`, { permissions: ['queues.read'] });
  await ws.wait('end', () => true, 1000);
  assert.equal((await program.get('/live/board')).status, 403);
  await admin.patch(`/tokens/${t.id}`, { permissions: ['live.read'] });
  const again = await program.events();
  await again.wait('snapshot');
  await admin.make('roles', { name: 'something else', permissions: [] });
  await sleep(100);
  assert.ok(!again.closed);
  await admin.delete(`/tokens/${t.id}`);
  await again.wait('end', () => true, 1000);
  const session = await env.login({ tenant: 'alpha', username: 'admin', password: 'tenant-password' }), board = await session.events();
  await board.wait('snapshot');
  await session.post('/logout', {});
  await board.wait('end', () => true, 1000);
});

test('WebSocket log-in: cookie of the same origin only, Sec-WebSocket-Protocol, never the query', async () => {
  const cookie = `zj_session=${admin.token}`, host = env.url.slice(7);
  (await admin.events('', { cookie, origin: `http://${host}` })).close();
  await assert.rejects(admin.events('', { cookie, origin: 'http://evil.example' }), { status: 403 });
  await assert.rejects(admin.events('', {}), { status: 401 });
  await assert.rejects(admin.events(`?token=${admin.token}`, {}), { status: 401 });
  const ws = await admin.events('', { 'sec-websocket-protocol': `zongji.events, bearer.${admin.token}` });
  await ws.wait('snapshot');
  ws.close();
  const plain = await admin.get('/events');
  assert.equal(plain.status, 400);
  const reader = await env.clerk(admin, 'no-live', ['queues.read']);
  const quiet = await reader.events(), snap = await quiet.wait('snapshot');
  assert.deepEqual([snap.agents, snap.queues, snap.calls, snap.visits], [[], [], [], []], 'people may watch for their jobs, and see nothing else');
  quiet.close();
});

test('a viewer that does not read is dropped to resync, with bounded memory; others notice nothing', async () => {
  const good = await admin.events();
  await good.wait('snapshot');
  const key = randomBytes(16).toString('base64');
  const socket = connect(env.settings.port, '127.0.0.1');
  socket.write(`GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin.token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
  await new Promise((r) => socket.once('data', r));
  socket.pause();
  const pad = 'x'.repeat(20000);
  const rss = async () => Number((await (await fetch(`${env.health}/metrics`)).text()).match(/resident\w* (\d+)/)?.[1] ?? 0);
  const before = await rss();
  for (let i = 0; i < 600; i++) { env.acd.emit(tenant(), 'call.changed', { id: `c${i}`, pad }); if (i % 20 === 19) await good.wait('call.changed', (m) => m.data.id === `c${i}`, 10000); }
  await good.wait('call.changed', (m) => m.data.id === 'c599', 10000);
  assert.ok((await rss()) - before < (slow > 1 ? 800e6 : 80e6)); // the sanitisers keep what was freed
  let text = '';
  socket.on('data', (d) => { text += d.toString('latin1'); });
  socket.resume();
  await until('resync', () => text.includes('"resync"'), 8000);
  await until('snapshot', () => text.slice(text.indexOf('"resync"')).includes('"snapshot"'), 5000);
  socket.destroy();
  good.close();
  assert.match(await (await fetch(`${env.health}/metrics`)).text(), /zj_api_viewer_resyncs(_total)? 1/);
});

test('while PostgreSQL stands still agents go on working and events flow', async () => {
  env.pg.freeze();
  try {
    const ws = await clerk.events();
    await ws.wait('snapshot');
    assert.equal((await clerk.post('/agents/me/state', { state: 'busy', reason: 'x' })).status, 200);
    await ws.wait('agent.changed', (m) => m.data.state === 'busy');
    ws.close();
  } finally { env.pg.thaw(); }
});

