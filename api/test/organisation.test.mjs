// The organisation at work: employees by department, web users and roles, what a supervisor sees, notices, grants that are recommended.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startEnv, until } from './env.mjs';
import { fieldTable, listOffers } from './fields.mjs';

let env, admin, n = 0;
const ids = (r) => r.body.items.map((i) => i.id).sort();
before(async () => { env = await startEnv(); admin = await env.tenant('alpha'); });
after(() => env?.close());
const menuOf = async (who) => (await who.get('/meta/menu')).body.menu.flatMap((m) => m.items.map((i) => i.resource ?? i.name));
const login = (username) => env.login({ tenant: 'alpha', username, password: 'clerk-password' });
const account = (username, body) => admin.make('accounts', { username, name: username, password: 'clerk-password', ...body });
async function agent(username, number, { permissions, scope, group_id, role_id, department_id } = {}) {
  const role = await admin.make('roles', { name: `role of ${username}`, permissions, scope });
  const a = await account(username, { role_id: role.id, department_id });
  const made = await admin.make('agents', { number, name: username, account_id: a.id, group_id, role_id });
  return Object.assign(await login(username), { account: a, agent: made, role });
}
const newId = () => env.pg.sql('select zj.zj_uuid7()')[0][0];
const fact = (table, row) => { env.pg.sql(`insert into zj.${table} (${Object.keys(row).join(', ')}) values (${Object.values(row).map((v) => `'${v}'`).join(', ')})`); return row.id; };
const call = (who, queue) => fact('call', { tenant_id: admin.tenant.id, id: newId(), direction: 'in', caller: '13800138000', callee: '4001', started_at: '2026-11-21T01:00:00Z', ended_at: '2026-11-21T01:01:00Z', result: 'answered',
  last_agent: who.agent.id, ...(queue ? { first_queue: queue } : {}) });
const recording = (call_id) => fact('recording', { tenant_id: admin.tenant.id, call_id, id: newId(), from_at: '2026-11-21T01:00:00Z', to_at: '2026-11-21T01:01:00Z', node: 'n', path: 'x.wav', bytes: 1 });
const state = (who) => fact('agent_state', { tenant_id: admin.tenant.id, id: newId(), agent_id: who.agent.id, state: 'idle', from_at: '2026-11-21T01:00:00Z', to_at: '2026-11-21T01:01:00Z', cause: 'own' });

// covers: TEN-Y02 TEN-Y18 TEN-Y19 TEN-Y20 TEN-V713
test('web roles and web users: what a user may do follows from its role, its administrator flag, and nothing else', async () => {
  const role = await fieldTable(admin, 'roles', () => ({ name: `web ${++n}` }), { name: { required: true, accepts: ['话务员'], refuses: [''] }, permissions: { default: [], accepts: [['queues.read', 'customers.read']], refuses: [['no.such']] } });
  const user = await fieldTable(admin, 'accounts', () => ({ username: `web${++n}`, name: 'W', password: 'clerk-password' }), {
    username: { required: true }, password: { required: true, shown: false, accepts: ['another-password'] }, type: { default: 'user', refuses: ['x'] },
    enabled: { default: true, accepts: [false, true] }, role_id: { default: null, accepts: [role.id] },
  });
  const employee = await admin.make('agents', { number: '6001', name: '员工', account_id: user.id });
  assert.deepEqual((await admin.get(`/agents?filter[account_id]=${user.id}`)).body.items.map((a) => a.id), [employee.id], 'the employee that this user acts as');
  const a = await account('web-a', { role_id: role.id }), w = await login('web-a');
  assert.deepEqual(w.session.permissions.sort(), ['customers.read', 'queues.read']);
  assert.deepEqual((await menuOf(w)).filter((x) => ['queues', 'customers', 'accounts', 'roles', 'settings', 'kb-articles', 'calls'].includes(x)).sort(), ['customers', 'queues']);
  assert.equal((await w.get('/calls')).status, 403);
  await admin.patch(`/roles/${role.id}`, { permissions: ['queues.read', 'calls.read'] });
  assert.ok((await menuOf(w)).includes('calls') && !(await menuOf(w)).includes('customers'), 'another role, another menu');
  await admin.patch(`/accounts/${a.id}`, { role_id: null });
  assert.deepEqual((await menuOf(w)).filter((x) => ['queues', 'customers', 'calls', 'accounts'].includes(x)), [], 'no role, nothing');
  await admin.patch(`/accounts/${a.id}`, { enabled: false });
  assert.equal((await w.get('/session')).status, 401, 'locked');
  const chief = await account('web-chief', { type: 'admin' });
  assert.deepEqual((await login('web-chief')).session.permissions, ['*'], 'an administrator');
  assert.equal((await admin.delete(`/accounts/${chief.id}`)).status, 204);
  assert.equal((await admin.delete(`/roles/${role.id}`)).status, 409, 'a role in use stays');
});

// covers: TEN-Y03 TEN-Y04 TEN-Y05 TEN-Y14 TEN-Y15
test('employees by department: a tree; one formal department each and any number of temporary ones; looked at and exported by those who may no more', async () => {
  const top = await fieldTable(admin, 'departments', () => ({ name: `部门${++n}` }), { name: { required: true, accepts: ['总部'], refuses: [''] }, temporary: { zh: '是否临时组', default: false, accepts: [true, false], refuses: ['yes'] }, parent_id: { default: null } });
  const [north, south] = [await admin.make('departments', { name: '北区', parent_id: top.id }), await admin.make('departments', { name: '南区', parent_id: top.id })];
  const [rush, fair] = [await admin.make('departments', { name: '双十一突击组', temporary: true }), await admin.make('departments', { name: '展会组', temporary: true })];
  assert.equal((await admin.patch(`/departments/${south.id}`, { name: '华南区' })).body.name, '华南区');
  assert.deepEqual((await admin.patch(`/departments/${top.id}`, { parent_id: north.id })).status, 422);
  const li = await account('e-li', { department_id: north.id, temporary_departments: [rush.id, fair.id] });
  assert.deepEqual(li.temporary_departments, [rush.id, fair.id]);
  const refused = async (body, field) => assert.deepEqual((await admin.patch(`/accounts/${li.id}`, body)).body.errors?.map((e) => e.field), [field]);
  await refused({ department_id: rush.id }, 'department_id');
  await refused({ temporary_departments: [south.id] }, 'temporary_departments');
  assert.equal((await admin.patch(`/departments/${rush.id}`, { temporary: false })).status, 422, 'not while people are in it');
  assert.equal((await admin.delete(`/departments/${north.id}`)).status, 409, 'nor deleted');
  assert.deepEqual((await admin.get(`/accounts?filter[department_id]=${north.id}`)).body.items.map((a) => a.username), ['e-li'], 'there by itself once the department is given');
  assert.equal((await admin.delete(`/departments/${rush.id}`)).status, 204);
  assert.deepEqual((await admin.get(`/accounts/${li.id}`)).body.temporary_departments, [fair.id]);
  const looks = await env.clerk(admin, 'e-looks', ['accounts.read', 'accounts.export', 'departments.read']);
  assert.equal((await looks.get(`/accounts?filter[department_id]=${north.id}`)).body.items.length, 1);
  assert.equal((await looks.post('/accounts/export', { format: 'xlsx' })).status, 202);
  for (const r of [looks.post('/accounts', { username: 'x', name: 'x', password: 'clerk-password' }), looks.patch(`/accounts/${li.id}`, { name: 'x' }), looks.delete(`/accounts/${li.id}`)]) assert.equal((await r).status, 403);
  await listOffers(admin, 'accounts', li, { columns: ['username', 'name', 'department_id'], search: { department_id: north.id } });
  assert.deepEqual((await admin.post('/accounts', {})).body.errors.map((e) => e.field).sort(), ['name', 'password', 'username'], 'what is required is said');
});

// covers: TEN-Y22 TEN-Y23 TEN-L03
test('calls, recordings, states and agents: the administrator all, a supervisor itself and its managed groups and queues, an agent its own', async () => {
  const see = ['calls.read', 'recordings.read', 'agents.read', 'agent-states.read', 'queues.read', 'queue-agents.read'];
  const [mine, theirs] = [await admin.make('agent-groups', { name: '一组' }), await admin.make('agent-groups', { name: '二组' })];
  const queue = await admin.make('queues', { number: '4001', name: '销售' }), foreign = await admin.make('queues', { number: '4002', name: '售后' });
  const boss = await agent('s-boss', '7001', { permissions: see, scope: 'group' }), li = await agent('s-li', '7002', { permissions: see, scope: 'own', group_id: mine.id });
  const wang = await agent('s-wang', '7003', { permissions: see, scope: 'own', group_id: theirs.id }), zhao = await agent('s-zhao', '7004', { permissions: see, scope: 'own', group_id: theirs.id });
  await admin.make('queue-agents', { queue_id: queue.id, agent_id: wang.agent.id });
  await admin.make('queue-agents', { queue_id: foreign.id, agent_id: zhao.agent.id });
  const people = [boss, li, wang, zhao], calls = people.map((p) => call(p, p === zhao ? foreign.id : queue.id)), recordings = calls.map(recording), states = people.map(state);
  const seen = async (who, r, all) => { const got = ids(await who.get(`/${r}?limit=200`)); return all.map((id) => got.includes(id)); };
  const everything = async (who) => [await seen(who, 'calls', calls), await seen(who, 'recordings', recordings), await seen(who, 'agent-states', states)];
  const all4 = (...flags) => [flags, flags, flags];
  assert.deepEqual(await everything(admin), all4(true, true, true, true));
  assert.deepEqual(await everything(boss), all4(true, false, false, false), 'nothing managed yet: himself');
  const group = await admin.make('agent-managed-groups', { agent_id: boss.agent.id, group_id: mine.id });
  assert.deepEqual(await everything(boss), all4(true, true, false, false));
  const managed = await admin.make('agent-managed-queues', { agent_id: boss.agent.id, queue_id: queue.id });
  assert.deepEqual(await everything(boss), all4(true, true, true, false), 'the members of the managed queue too');
  assert.deepEqual((await boss.get('/queues')).body.items.map((q) => q.number), ['4001']);
  assert.deepEqual((await boss.get('/agents?sort=number')).body.items.map((a) => a.number), ['7001', '7002', '7003']);
  for (const [i, p] of people.entries()) if (p !== boss) assert.deepEqual(await everything(p), all4(...people.map((_, k) => k === i)), 'an agent: his own');
  assert.equal((await boss.get(`/calls/${calls[3]}`)).status, 404);
  assert.equal((await boss.get(`/recordings/${recordings[3]}/audio`)).status >= 400, true);
  assert.notEqual((await boss.post('/agent-managed-queues', { agent_id: boss.agent.id, queue_id: foreign.id })).status, 201, 'nobody widens his own scope');
  await admin.delete(`/agent-managed-queues/${managed.id}`);
  await admin.delete(`/agent-managed-groups/${group.id}`);
  assert.deepEqual(await everything(boss), all4(true, false, false, false), 'and no more when it is taken back');
});

// covers: TEN-L04 TEN-L05
test('what a leader still sees of the past: queues it has left, agents that have left its queues, each with a mark', async () => {
  const see = ['calls.read', 'recordings.read', 'agents.read', 'queues.read', 'known-queues.read', 'known-agents.read'];
  const [now, former] = [await admin.make('queues', { number: '4101', name: '现队列' }), await admin.make('queues', { number: '4102', name: '旧队列' })];
  const boss = await agent('l-boss', '7101', { permissions: see, scope: 'group' }), gone = await agent('l-gone', '7102', { permissions: [], scope: 'own' }), there = await agent('l-there', '7103', { permissions: [], scope: 'own' }), far = await agent('l-far', '7105', { permissions: [], scope: 'own' });
  const member = async (queue, a) => admin.make('queue-agents', { queue_id: queue.id, agent_id: a.agent.id });
  await admin.make('agent-managed-queues', { agent_id: boss.agent.id, queue_id: now.id });
  await member(now, there);
  const left = [await member(former, boss), await member(now, gone)];
  const mine = call(boss, former.id), others = call(far, former.id), queued = call(gone, now.id), direct = call(gone), there1 = call(there, now.id);
  const recordings = Object.fromEntries([mine, others, queued, direct, there1].map((c) => [c, recording(c)]));
  for (const m of left) assert.equal((await admin.delete(`/queue-agents/${m.id}`)).status, 204);
  const names = async (r) => (await boss.get(`/${r}?limit=200`)).body.items.map((i) => [i.name, i.gone]).sort();
  assert.deepEqual(await names('known-queues'), [['旧队列【已删除】', true], ['现队列', false]].sort());
  assert.deepEqual(await names('known-agents'), [['l-boss', false], ['l-gone【已删除】', true], ['l-there', false]].sort());
  const seen = async (r, q = '') => ids(await boss.get(`/${r}?limit=200${q}`));
  assert.deepEqual(await seen('recordings', `&filter[call_id][in]=${[mine, others].join(',')}`), [recordings[mine]], 'of a queue it has left: its own only');
  assert.deepEqual(await seen('recordings', `&filter[call_id][in]=${[queued, direct].join(',')}`), [recordings[queued]], 'of an agent who has left: those through the queue, none dialled directly');
  assert.deepEqual(await seen('calls', `&filter[last_agent]=${gone.agent.id}`), [queued]);
  assert.deepEqual(await seen('calls', `&filter[last_agent]=${there.agent.id}`), [there1]);
  // Deleted for good, the names stay.
  await admin.delete(`/queues/${former.id}`);
  await admin.delete(`/agents/${gone.agent.id}`);
  assert.deepEqual(await names('known-queues'), [['旧队列【已删除】', true], ['现队列', false]].sort());
  assert.deepEqual(await names('known-agents'), [['l-boss', false], ['l-gone【已删除】', true], ['l-there', false]].sort());
  assert.deepEqual(await seen('calls', `&filter[last_agent]=${gone.agent.id}`), [queued]);
  const stranger = await agent('l-other', '7104', { permissions: see, scope: 'own' });
  assert.deepEqual((await stranger.get('/known-agents')).body.items.map((i) => i.name), ['l-other'], 'nobody else\'s past');
  assert.deepEqual((await stranger.get('/known-queues')).body.items, []);
});

// covers: TEN-R17 TEN-R20
test('grants that are recommended come along: as items of the three-level tree, as templates, as roles made of them', async () => {
  const { modules, permissions } = (await admin.get('/meta/permissions')).body;
  const has = (p) => permissions.some((x) => x.name === p && x.zh) && modules.some((m) => m.zh && m.resources.some((x) => x.name === p.split('.')[0]));
  // module → first level → second level, by the names that the manual has for them
  const items = { 黑白名单设置: 'blacklist.update', 语音导航管理: 'flows.update', 语音库: 'prompts.update', 账号管理: 'accounts.create', 角色管理: 'roles.create', 分组部门: 'departments.create', 客户资料: 'customers.read', 业务资料: 'leads.read', 系统设置: 'settings.update',
    下发任务管理: 'projects.update', 文件管理: 'uploads.read', 录音管理: 'recordings.listen', 职场通话记录: 'calls.read', 数据报表管理: 'calls.export', 计费账户信息: 'tenants.read', 公告管理: 'notices.create', 分机设置: 'extensions.read', 我的项目: 'projects.read', 回访安排: 'todo-plans.read' };
  for (const [zh, p] of Object.entries(items)) assert.ok(has(p), `${zh}: ${p}`);
  assert.ok(permissions.some((p) => p.name === 'live.read'), '首页、监控管理');
  const templates = Object.fromEntries((await admin.get('/role-templates')).body.items.map((t) => [t.tier, t]));
  for (const p of ['accounts', 'roles', 'departments', 'customers', 'leads', 'settings', 'projects', 'uploads', 'recordings', 'calls', 'tenants', 'blacklist']) assert.ok(templates.sub_administrator.permissions.some((x) => x.startsWith(`${p}.`)), p);
  for (const p of ['flows', 'prompts', 'notices']) assert.ok(templates.sub_administrator.optional.some((x) => x.startsWith(`${p}.`)), `${p}: as the case requires`);
  assert.ok(templates.workplace_agent.optional.includes('calls.export') || templates.workplace_agent.optional.length > 0);
  for (const [tier, pages] of [['sub_administrator', ['accounts', 'roles', 'departments', 'customers', 'projects', 'recordings', 'calls', 'blacklist']], ['workplace_agent', ['calls', 'customers', 'leads', 'extensions', 'projects', 'todo-plans']]]) {
    const role = await admin.make('roles', { name: templates[tier].name, permissions: templates[tier].permissions });
    await account(`t-${tier.slice(0, 3)}`, { role_id: role.id });
    const menu = await menuOf(await login(`t-${tier.slice(0, 3)}`));
    for (const p of pages) assert.ok(menu.includes(p), `${tier}: ${p}`);
    assert.equal(menu.includes('roles'), tier === 'sub_administrator');
  }
  assert.equal((await admin.post('/role-templates', { name: 'x', tier: 'workplace_agent' })).status, 405);
});

test('notices: for everybody or for departments, while they hold', async () => {
  const east = await admin.make('departments', { name: '东区' });
  const who = (u, body) => account(u, body).then(() => login(u));
  const role = await admin.make('roles', { name: 'reads notices', permissions: ['notices.read'], scope: 'own' });
  const [a, b] = [await who('n-a', { role_id: role.id, department_id: east.id }), await who('n-b', { role_id: role.id })];
  const make = (body) => admin.make('notices', { title: `公告${++n}`, content: '内容', ...body });
  const [all, one, past, future] = [await make(), await make({ departments: [east.id] }), await make({ valid_from: '2020-01-01T00:00:00Z', valid_until: '2020-01-02T00:00:00Z' }), await make({ valid_from: '2099-01-01T00:00:00Z' })];
  assert.deepEqual(ids(await a.get('/notices')), [all.id, one.id].sort());
  assert.deepEqual(ids(await b.get('/notices')), [all.id]);
  assert.deepEqual(ids(await admin.get('/notices')), [all.id, one.id, past.id, future.id].sort());
  assert.equal((await admin.post('/notices', { title: 'x', content: 'x', valid_from: '2026-01-02T00:00:00Z', valid_until: '2026-01-01T00:00:00Z' })).status, 422);
  await until('it ends', async () => (await admin.patch(`/notices/${all.id}`, { valid_until: new Date(Date.now() + 1000).toISOString() })).status === 200);
  await until('and is gone', async () => !ids(await b.get('/notices')).includes(all.id), 3000);
});
