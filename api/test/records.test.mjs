// What becomes of facts: what agents earn by them, in which department they count, and how an erroneous call leaves the records.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, startEnv, uuid } from './env.mjs';
import { fieldTable, listOffers, meta } from './fields.mjs';

let env, admin, n = 0;
before(async () => { env = await startEnv(); admin = await env.tenant('alpha'); });
after(() => env?.close());
const ids = (r) => r.body.items.map((i) => i.id);
const value = (v) => (v === null ? 'null' : `'${v}'`);
const fact = (table, row) => env.pg.sql(`insert into zj.${table} (${Object.keys(row).join(', ')}) values (${Object.values(row).map(value).join(', ')})`);
const fresh = () => env.pg.sql('select zj.zj_uuid7()')[0][0];
// A call that this agent answered, as acd writes it: the call, then its legs.
function call(agent, { direction = 'in', seconds = 60, result = 'answered', ...more } = {}) {
  const id = fresh(), at = (s) => new Date(Date.UTC(2026, 10, 21, 1, 0, s)).toISOString(), tenant_id = agent.tenant ?? admin.tenant.id;
  fact('call', { tenant_id, id, direction, caller: '13800138000', callee: '4001', started_at: at(0), answered_at: result === 'answered' ? at(5) : null, ended_at: at(5 + seconds), result, last_agent: agent.id, ...more });
  fact('call_leg', { tenant_id, call_id: id, id: fresh(), role: 'customer', offered_at: at(0), answered_at: at(1), ended_at: at(5 + seconds) });
  if (result === 'answered') fact('call_leg', { tenant_id, call_id: id, id: fresh(), role: 'agent', agent_id: agent.id, offered_at: at(2), answered_at: at(5), ended_at: at(5 + seconds) });
  return id;
}
async function person(username, { permissions = ['calls.read', 'recordings.read'], scope = 'own', ...more } = {}) {
  const role = await admin.make('roles', { name: `role of ${username}`, permissions, scope });
  const account = await admin.make('accounts', { username, name: username, password: 'clerk-password', role_id: role.id, department_id: more.department_id });
  const agent = await admin.make('agents', { number: String(6000 + ++n), name: username, account_id: account.id, group_id: more.group_id });
  return Object.assign(await env.login({ tenant: 'alpha', username, password: 'clerk-password' }), { account, agent, role });
}

// covers: TEN-V031 TEN-V032
test('agent inbound rates: an account group is rated as one; each answered call earns its agent the amount, once', async () => {
  const [a, b, c] = [await person('r-a'), await person('r-b'), await person('r-c')];
  const group = await admin.make('account-groups', { name: '兼职' }), desk = await admin.make('agent-groups', { name: '夜班' });
  for (const p of [a, b]) await admin.make('account-group-members', { group_id: group.id, account_id: p.account.id });
  const rate = await fieldTable(admin, 'agent-rates', () => ({ agent_id: unrated() }), {
    target: { zh: '目标', default: '', accepts: ['兼职坐席'] }, connection_price: { zh: '连接费率', default: 0, accepts: [0.5], refuses: [-1] }, initial_s: { zh: '初始时长', default: 0, accepts: [10], refuses: [-1, 86401] },
    price: { zh: '费率', default: 0, accepts: [0.6], refuses: [-1] }, increment_s: { zh: '计费周期', default: 60, accepts: [6], refuses: [0, 3601] }, enabled: { zh: '状态', default: true, accepts: [false, true] },
  });
  await admin.delete(`/agent-rates/${rate.id}`);
  const uniform = await admin.make('agent-rates', { account_group_id: group.id, target: '兼职', connection_price: 0.5, initial_s: 10, price: 0.6, increment_s: 6 });
  for (const bad of [{}, { account_group_id: group.id, agent_group_id: desk.id }, { account_group_id: uuid }]) assert.equal((await admin.post('/agent-rates', bad)).status, 422, JSON.stringify(bad));
  assert.equal((await admin.post('/agent-rates', { account_group_id: group.id })).status, 409, 'one rate a group');
  const earned = async (p) => Number((await admin.get(`/account-balances?filter[account_id]=${p.account.id}`)).body.items[0]?.earned ?? 0);
  const taken = call(a.agent, { seconds: 61 });
  call(b.agent, { seconds: 10 });
  call(c.agent, { seconds: 61 });
  // 0.5 for the first 10 s; 51 s are 9 begun steps of 6 s at 0.06.
  assert.deepEqual([await earned(a), await earned(b), await earned(c)], [1.04, 0.5, 0], 'who is in the group, and by the same rule');
  const entry = (await admin.get(`/account-ledger?filter[account_id]=${a.account.id}`)).body.items[0];
  assert.deepEqual([entry.kind, Number(entry.amount), entry.call_id], ['earning', 1.04, taken]);
  call(a.agent, { direction: 'out' });
  call(a.agent, { result: 'no_answer' });
  assert.equal(await earned(a), 1.04, 'inbound calls that were answered, and no others');
  env.pg.sql(`insert into zj.call_leg select * from zj.call_leg where call_id = '${taken}' on conflict do nothing`);
  assert.equal(await earned(a), 1.04, 'a fact that comes again earns nothing');
  await admin.patch(`/agent-rates/${uniform.id}`, { connection_price: 1 });
  for (const p of [a, b]) call(p.agent, { seconds: 1 });
  assert.deepEqual([await earned(a), await earned(b)], [2.04, 1.5], 'another rate for all of the group at once');
  // The more special counts: its agent group, then the agent itself.
  await admin.make('agent-rates', { agent_group_id: desk.id, connection_price: 3 });
  await admin.patch(`/agents/${a.agent.id}`, { group_id: desk.id });
  call(a.agent);
  assert.equal(await earned(a), 5.04);
  await admin.make('agent-rates', { agent_id: a.agent.id, connection_price: 7 });
  call(a.agent);
  assert.equal(await earned(a), 12.04);
  // It stands at the account too, by housekeeping; that is no change of the account that anybody made.
  const whole = async (p) => (await admin.get(`/accounts/${p.account.id}`)).body.inbound_charges, news = async () => (await admin.get(`/accounts/${a.account.id}/history`)).body.items.length;
  const keep = () => env.pg.sql('set role zj_worker; select zj.zj_account_charges()').flat().at(-1), before = await news();
  assert.equal(keep(), '2');
  assert.deepEqual([await whole(a), await whole(b), await whole(c)].map(Number), [12.04, 1.5, 0]);
  assert.deepEqual([keep(), await news()], ['0', before]);
  assert.equal((await admin.patch(`/accounts/${a.account.id}`, { inbound_charges: 5 })).status, 422);
  assert.throws(() => env.pg.sql('set role zj_tenant; select zj.zj_account_charges()'), /permission denied/);
  assert.equal((await admin.post('/account-ledger', { account_id: a.account.id, kind: 'earning', amount: 5, call_id: taken })).status >= 400, true, 'nobody earns by hand');
  await admin.delete(`/account-group-members/${ids(await admin.get(`/account-group-members?filter[account_id]=${b.account.id}`))[0]}`);
  call(b.agent);
  assert.equal(await earned(b), 1.5, 'no more in the group');
  assert.deepEqual((await b.get('/account-ledger')).status, 403);
  const beta = await env.tenant('beta');
  assert.deepEqual((await beta.get('/agent-rates')).body.items, []);
  assert.equal((await beta.post('/agent-rates', { account_group_id: group.id })).status, 422);
  await listOffers(admin, 'agent-rates', uniform, { columns: ['target', 'connection_price', 'initial_s', 'price', 'increment_s', 'account_group_id', 'agent_group_id', 'agent_id'], search: { account_group_id: group.id, 'target:contains': '兼职' } });
});
function unrated() { return env.pg.sql(`insert into zj.agent (tenant_id, number, name) values ('${admin.tenant.id}', '${9000 + ++n}', 'rated') returning id`)[0][0]; }

// covers: TEN-K02
test('departments: of agents, in call records, state log, follow-ups, and as figures of each day', async () => {
  const [east, west] = [await admin.make('departments', { name: '东区' }), await admin.make('departments', { name: '西区' })];
  const li = await person('k-li', { department_id: east.id }), wang = await person('k-wang', { department_id: west.id });
  for (const [r, zh] of [['calls', '所属部门'], ['agents', '所属部门'], ['agent-states', '所属部门'], ['follow-ups', '所属部门'], ['department-days', '部门']]) assert.equal((await meta(admin, r)).field('department_id').zh, zh, r);
  const agents = async (d) => (await admin.get(`/agents?filter[department_id]=${d.id}&expand=department_id`)).body.items.map((a) => [a.name, a.expand.department_id.label]);
  assert.deepEqual([await agents(east), await agents(west)], [[['k-li', '东区']], [['k-wang', '西区']]]);
  const calls = { li: call(li.agent), out: call(li.agent, { direction: 'out', seconds: 30 }), missed: call(li.agent, { result: 'no_answer' }), wang: call(wang.agent), late: null };
  const seen = async (r, d) => ids(await admin.get(`/${r}?filter[department_id]=${d.id}&sort=id`));
  assert.deepEqual([await seen('calls', east), await seen('calls', west)], [[calls.li, calls.out, calls.missed], [calls.wang]]);
  const state = (agent, s, from, to) => { const id = fresh(); fact('agent_state', { tenant_id: admin.tenant.id, id, agent_id: agent.id, state: s, from_at: `2026-11-21T01:${from}Z`, to_at: `2026-11-21T01:${to}Z`, cause: 'own' }); return id; };
  const states = [state(li.agent, 'idle', '00:00', '01:40'), state(li.agent, 'busy', '01:40', '02:00')];
  assert.deepEqual([await seen('agent-states', east), await seen('agent-states', west)], [states, []]);
  const object = (await admin.get('/business-objects')).body.items.find((o) => /customer/.test(JSON.stringify(o)));
  await admin.patch(`/business-objects/${object.id}`, { enabled: true });
  const customer = await admin.make('customers', { name: '顾客', phone: '13800138001', manager_id: undefined });
  const writes = await env.clerk(admin, 'k-writes', ['customers.read', 'follow-ups.create', 'follow-ups.read', 'follow-ups.update']);
  await admin.patch(`/accounts/${writes.account.id}`, { department_id: west.id });
  const note = await writes.make('follow-ups', { customer_id: customer.id, content: '下周再联系', next_at: '2026-12-01T01:00:00Z' });
  assert.deepEqual([note.department_id, note.created_by], [west.id, writes.account.id]);
  assert.deepEqual([await seen('follow-ups', east), await seen('follow-ups', west)], [[], [note.id]]);
  for (const bad of [{ content: 'x' }, { customer_id: customer.id }, { customer_id: customer.id, content: 'x', department_id: east.id }]) assert.equal((await writes.post('/follow-ups', bad)).status, 422, JSON.stringify(bad));
  // Who moves leaves the past where it was.
  await admin.patch(`/accounts/${li.account.id}`, { department_id: west.id });
  assert.deepEqual([await agents(east), (await agents(west)).length], [[], 2]);
  calls.late = call(li.agent);
  assert.deepEqual([await seen('calls', east), await seen('calls', west)], [[calls.li, calls.out, calls.missed], [calls.wang, calls.late]]);
  // A day's figures are those of the records, in the tenant's time zone.
  const day = async (d, who = admin) => (await who.get(`/department-days?filter[department_id]=${d.id}&filter[day]=2026-11-21`)).body.items.map((x) => [x.calls_in, x.calls_out, x.answered, x.talk_s, x.idle_s, x.busy_s])[0];
  assert.deepEqual([await day(east), await day(west)], [[2, 1, 2, 90, 100, 20], [2, 0, 2, 120, 0, 0]]);
  const chief = await env.clerk(admin, 'k-chief', ['department-days.read', 'departments.read']);
  await admin.patch(`/accounts/${chief.account.id}`, { department_id: west.id });
  await admin.patch(`/roles/${chief.role.id}`, { scope: 'department' });
  assert.deepEqual([await day(east, chief), await day(west, chief)], [undefined, [2, 0, 2, 120, 0, 0]], 'a head of department sees its own');
  assert.equal((await admin.post('/department-days', { department_id: east.id, day: '2026-11-22' })).status, 405);
});

// covers: TEN-V714
test('erroneous calls: taken out by administrators, leaders, agents whose group grants it, or with a leader\'s password; listed, and put back', async () => {
  const [mine, free] = [await admin.make('agent-groups', { name: '甲组' }), await admin.make('agent-groups', { name: '乙组', may_discard: true })];
  const agent = await person('d-agent', { group_id: mine.id, permissions: ['calls.read', 'recordings.read', 'tokens.create'] }), granted = await person('d-free', { group_id: free.id }), boss = await person('d-boss', { scope: 'group', group_id: mine.id }), stranger = await person('d-other', { group_id: free.id });
  await admin.make('agent-managed-groups', { agent_id: boss.agent.id, group_id: mine.id });
  const discard = (who, id, body = {}) => who.post(`/calls/${id}/discard`, { reason: '测试电话', ...body });
  const gone = async (id, who = admin) => [(await who.get(`/calls/${id}`)).status, ids(await who.get('/calls?limit=200')).includes(id)];
  const calls = Array.from({ length: 6 }, () => call(agent.agent)), recording = fresh();
  fact('recording', { tenant_id: admin.tenant.id, call_id: calls[0], id: recording, from_at: '2026-11-21T01:00:05Z', to_at: '2026-11-21T01:01:05Z', node: 'n', path: 'p', bytes: 1000 });
  assert.ok(ids(await admin.get('/recordings')).includes(recording));
  // The administrator; not without a reason.
  assert.deepEqual((await discard(admin, calls[0], { reason: '' })).body.errors.map((e) => e.field), ['reason']);
  assert.equal((await discard(admin, calls[0])).status, 200);
  assert.deepEqual(await gone(calls[0]), [404, false]);
  assert.ok(!ids(await admin.get('/recordings')).includes(recording), 'nor its recording');
  // An agent without the right is asked for a leader's account and password.
  const asked = await discard(agent, calls[1]);
  assert.deepEqual([asked.status, asked.body.errors?.map((e) => e.field)], [403, ['approver']]);
  assert.deepEqual(await gone(calls[1], agent), [200, true]);
  const consent = (username, password = 'clerk-password') => discard(agent, calls[1], { approver: { username, password } });
  for (const [who, password, status] of [['d-boss', 'wrong-password', 422], ['nobody', 'clerk-password', 422], ['d-other', 'clerk-password', 403], ['d-agent', 'clerk-password', 403]]) assert.equal((await consent(who, password)).status, status, who);
  assert.deepEqual(await gone(calls[1], agent), [200, true]);
  assert.equal((await consent('d-boss')).status, 200);
  assert.deepEqual(await gone(calls[1], agent), [404, false]);
  // A leader by itself, of its group; an agent whose group grants it, its own; both only what they see.
  assert.equal((await discard(boss, calls[2])).status, 200);
  const own = call(granted.agent);
  assert.equal((await discard(granted, own)).status, 200);
  assert.equal((await discard(granted, calls[3])).status, 404, 'a call that it does not see');
  assert.equal((await discard(stranger, own)).status, 404);
  assert.equal((await discard(admin, calls[2])).status, 404, 'once');
  await admin.patch(`/agent-groups/${free.id}`, { may_discard: false });
  assert.equal((await discard(granted, call(granted.agent))).status, 403);
  const role = await admin.make('agent-roles', { name: 'discards', permissions: ['calls.discard'] });
  await admin.patch(`/agents/${agent.agent.id}`, { role_id: role.id });
  assert.equal((await discard(agent, calls[4])).status, 200, 'by the agent\'s role');
  // What was taken out: by whom, with whose consent, why; masked for whoever sees no numbers; put back by who may.
  const list = (await admin.get('/discarded-calls?limit=100&expand=created_by,approved_by')).body.items, row = list.find((d) => d.call_id === calls[1]);
  assert.deepEqual([row.reason, row.caller, row.expand.created_by.label, row.expand.approved_by.label], ['测试电话', '13800138000', 'd-agent(d-agent)', 'd-boss(d-boss)']);
  assert.equal(list.length, 5);
  const looks = await env.clerk(admin, 'd-looks', ['discarded-calls.read']);
  assert.equal((await looks.get(`/discarded-calls/${row.id}`)).body.caller, '138****8000');
  assert.equal((await looks.delete(`/discarded-calls/${row.id}`)).status, 403);
  assert.equal((await admin.post('/discarded-calls', { call_id: calls[3], reason: 'x' })).status, 405);
  assert.equal((await admin.delete(`/discarded-calls/${row.id}`)).status, 204);
  assert.deepEqual(await gone(calls[1]), [200, true]);
  assert.equal(Number(env.pg.sql(`select count(*) from zj.call where id = any ('{${calls.join(',')}}')`)[0][0]), 6, 'no fact is lost');
  const beta = (await env.boss.get('/tenants?filter[name]=beta')).body.items[0];
  assert.equal((await discard(new Client(env, env.boss.token, { 'x-zj-tenant': beta.id }), calls[5])).status, 404);
  const audit = (await admin.get(`/audit?filter[resource]=discarded-calls&limit=50`)).body.items;
  assert.ok(audit.some((e) => e.event === 'create') && audit.some((e) => e.event === 'delete'));
  // Guessing a leader's password is held back like a log-in.
  const waits = [];
  for (let i = 0; i < 8; i++) waits.push((await discard(stranger, call(stranger.agent), { approver: { username: 'd-boss', password: `guess-${i}` } })).status);
  assert.ok(waits.includes(429), waits.join());
  const token = await agent.make('tokens', { name: 'narrow', permissions: ['calls.read'] }), program = new Client(env, token.token);
  assert.deepEqual([(await program.get(`/calls/${calls[5]}`)).status, (await discard(program, calls[5])).body.permission], [200, 'calls.discard'], 'a token has what it names');
});
