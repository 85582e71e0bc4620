// Who sees whose customers, leads, plans, tickets and orders; pools; roles and fields; head office, workplaces and projects.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, startEnv, uuid } from './env.mjs';
import { fieldTable, meta } from './fields.mjs';

let env, admin, other, n = 0;
const ids = (r) => r.body.items.map((i) => i.id).sort();
const next = (name) => `${name}${++n}`;
before(async () => { env = await startEnv(); admin = await env.tenant('alpha'); other = await env.tenant('beta'); });
after(() => env?.close());

// An account with a role of its own, in a department, as an agent if a number is given.
async function person(username, { permissions = ['*'], scope = 'tenant', department_id, agent, group_id, chosen = [] } = {}) {
  const role = await admin.make('roles', { name: `role of ${username}`, permissions, scope, scope_departments: chosen });
  const account = await admin.make('accounts', { username, name: username.toUpperCase(), password: 'clerk-password', role_id: role.id, department_id });
  const made = agent && await admin.make('agents', { number: agent, name: username, account_id: account.id, group_id });
  return Object.assign(await env.login({ tenant: 'alpha', username, password: 'clerk-password' }), { account, role, agent: made });
}
const crm = ['agents.read', 'customers.*', 'leads.*', 'pools.read', 'pool-entries.read', 'pool-moves.*', 'todo-plans.*', 'tickets.*', 'sales-orders.*', 'show.phone'];
const carrierInside = () => new Client(env, env.boss.token, { 'x-zj-tenant': admin.tenant.id });

// covers: TEN-K15
test('business objects: off for a new tenant, switched on by hand, once and for ever', async () => {
  const objects = (await admin.get('/business-objects?sort=kind')).body.items;
  assert.deepEqual(objects.map((o) => [o.kind, o.enabled]), [['customer', false], ['lead', false], ['opportunity', false], ['product', false]]);
  for (const r of ['customers', 'leads']) {
    const refused = await admin.post(`/${r}`, { name: '张三', phone: '13800138000' });
    assert.equal(refused.status, 422, JSON.stringify(refused.body));
    assert.match(JSON.stringify(refused.body), /switched on/);
  }
  for (const o of objects) {
    const on = await admin.patch(`/business-objects/${o.id}`, { enabled: true });
    assert.equal(on.body.enabled, true);
    assert.ok(on.body.enabled_at);
    assert.deepEqual((await admin.patch(`/business-objects/${o.id}`, { enabled: false })).body.errors.map((e) => e.field), ['enabled']);
    assert.equal((await admin.delete(`/business-objects/${o.id}`)).status, 405);
  }
  assert.equal((await admin.post('/business-objects', { kind: 'lead' })).status, 405);
  await admin.make('customers', { name: '张三', phone: '13800138000' });
  await admin.make('leads', { name: '张三', phone: '13800138000' });
  assert.deepEqual((await other.get('/business-objects')).body.items.map((o) => o.enabled), [false, false, false, false], 'each tenant its own');
});

// covers: TEN-V715
test('a tenant is born with its customers, individual and organisation, every field to be edited, telephone 1 required', async () => {
  const about = await meta(other, 'customers');
  assert.deepEqual(about.field('kind').enum, ['individual', 'organisation']);
  for (const f of about.fields.filter((x) => !['id', 'created_at', 'updated_at', 'pool_id'].includes(x.name))) assert.ok(!f.readonly && (f.access ?? 'write') === 'write', f.name);
  await fieldTable(admin, 'customers', () => ({ name: next('客户'), phone: '13800138000' }), {
    kind: { zh: '客户类型', default: 'individual', accepts: ['organisation', 'individual'], refuses: ['x'] },
    name: { zh: '客户名称', required: true, refuses: [''] }, phone: { zh: '电话1', required: true, accepts: ['8613800138000', '0215000'], refuses: ['', 'abc', '12'] },
    phone2: { zh: '电话2', default: null, accepts: ['02150001000'] }, email: { zh: '邮箱', default: null, accepts: ['a@b.cn'], refuses: ['a'] }, company: { zh: '企业名称', default: '', accepts: ['某公司'] },
    level: { zh: '客户等级', default: 'normal', accepts: ['important', 'vip'], refuses: ['gold'] }, source: { zh: '来源', default: '', accepts: ['官网'] }, remark: { zh: '备注', default: '', accepts: ['老客户'] },
  });
});

// covers: TEN-Y24 TEN-Y25 TEN-Y28
test('customers: mine, those of my people, those shared with us; and to whom each may give them', async () => {
  const group = await admin.make('agent-groups', { name: '客户一组' });
  const [boss, li, wang] = [await person('y-boss', { permissions: crm, scope: 'group', agent: '7001' }), await person('y-li', { permissions: crm, scope: 'own', agent: '7002', group_id: group.id }), await person('y-wang', { permissions: crm, scope: 'own', agent: '7003' })];
  await admin.make('agent-managed-groups', { agent_id: boss.agent.id, group_id: group.id });
  const sales = await admin.make('departments', { name: '客户部' });
  await admin.patch(`/accounts/${li.account.id}`, { department_id: sales.id });
  const make = (who, body) => who.make('customers', { name: next('客户'), phone: '13800138000', ...body });
  const [a, b, c] = [await make(li), await make(wang), await make(boss)];
  assert.equal(a.owner_id, li.account.id, 'whoever makes it is its manager');
  const [d, e] = [await make(admin, { owner_id: wang.account.id, shared_accounts: [li.account.id] }), await make(admin, { owner_id: wang.account.id, shared_departments: [sales.id] })];
  const all = [a, b, c, d, e].map((x) => x.id), sees = async (who, q = '') => ids(await who.get(`/customers?limit=200${q}`)).filter((id) => all.includes(id));
  assert.deepEqual(await sees(li, `&filter[owner_id]=${li.account.id}`), [a.id], 'my customers');
  assert.deepEqual(await sees(li), [a.id, d.id, e.id].sort(), 'all customers: mine and those shared with me or my department');
  assert.deepEqual(await sees(boss), [a.id, c.id, d.id, e.id].sort(), 'and my people\'s, and those shared with them');
  assert.deepEqual(await sees(wang), [b.id, d.id, e.id].sort());
  assert.deepEqual(await sees(admin), [...all].sort());
  for (const [who, id] of [[li, b.id], [li, c.id], [wang, a.id], [boss, b.id]]) {
    assert.equal((await who.get(`/customers/${id}`)).status, 404);
    assert.equal((await who.patch(`/customers/${id}`, { remark: 'x' })).status, 404);
    assert.equal((await who.delete(`/customers/${id}`)).status, 404);
  }
  // Transfer: administrators to everybody, a supervisor to its own people, an agent only to itself.
  const give = (who, id, to) => who.patch(`/customers/${id}`, { owner_id: to });
  assert.deepEqual((await give(li, a.id, wang.account.id)).body.errors?.map((x) => x.field), ['owner_id']);
  assert.deepEqual((await give(boss, a.id, wang.account.id)).body.errors?.map((x) => x.field), ['owner_id']);
  assert.equal((await give(boss, a.id, boss.account.id)).status, 200);
  assert.equal((await give(boss, a.id, li.account.id)).status, 200);
  assert.equal((await give(li, d.id, li.account.id)).status, 200, 'what is shared with it, to itself');
  assert.equal((await give(admin, d.id, wang.account.id)).status, 200);
  assert.equal((await give(admin, d.id, admin.session.account.id)).status, 200, 'the administrator, also to itself');
  assert.deepEqual((await boss.get('/agents')).body.items.map((x) => x.number).sort(), ['7001', '7002'], 'only these are offered to a supervisor');
  assert.deepEqual((await li.get('/agents')).body.items.map((x) => x.number), ['7002'], 'and only oneself to an agent');
});

// covers: TEN-K12
test('a to-do plan is its participants\' alone', async () => {
  const [li, wang] = [await person('k-li', { permissions: crm }), await person('k-wang', { permissions: crm })];
  const soon = '2099-01-01T00:00:00Z', customer = await admin.make('customers', { name: '计划客户', phone: '13800138000' });
  const plan = await li.make('todo-plans', { content: '客户忙，下午两点再打', start_at: soon, participants: [li.account.id], customer_id: customer.id });
  assert.equal((await li.get('/todo-plans?expand=customer_id')).body.items[0].expand.customer_id.label, '计划客户');
  for (const who of [wang, admin]) {
    assert.deepEqual(ids(await who.get('/todo-plans')), [], 'neither colleagues nor the administrator');
    assert.equal((await who.get(`/todo-plans/${plan.id}`)).status, 404);
    assert.equal((await who.get(`/todo-plans/${plan.id}/history`)).status, 404);
    assert.equal((await who.patch(`/todo-plans/${plan.id}`, { completed: true })).status, 404);
  }
  assert.equal((await li.patch(`/todo-plans/${plan.id}`, { participants: [li.account.id, wang.account.id] })).status, 200);
  assert.deepEqual(ids(await wang.get('/todo-plans')), [plan.id]);
  assert.equal((await wang.patch(`/todo-plans/${plan.id}`, { completed: true })).body.completed, true);
  const bad = async (body) => (await li.post('/todo-plans', { content: 'x', start_at: soon, participants: [li.account.id], ...body })).body.errors?.map((e) => e.field);
  assert.deepEqual(await bad({ start_at: '2001-01-01T00:00:00Z' }), ['start_at']);
  assert.deepEqual(await bad({ remind_at: '2001-01-01T00:00:00Z' }), ['remind_at']);
  assert.deepEqual(await bad({ content: 'x'.repeat(301) }), ['content']);
  assert.deepEqual(await bad({ participants: [] }), ['participants']);
  assert.deepEqual(await bad({ participants: [uuid] }), ['participants']);
  assert.equal((await li.delete(`/todo-plans/${plan.id}`)).status, 204);
  for (const [who, found] of [[li, [plan.id]], [wang, [plan.id]], [admin, []]]) assert.deepEqual(ids(await who.get('/todo-plans?deleted=true')), found, 'also in the recycle bin');
});

// covers: TEN-K13 TEN-K14
test('pools: abandoned into only by members; numbers hidden from members, never from administrators', async () => {
  const [head, li, wang] = [await person('p-head', { permissions: crm, scope: 'own' }), await person('p-li', { permissions: crm, scope: 'own' }), await person('p-wang', { permissions: crm, scope: 'own' })];
  for (const [resource, kind, field] of [['customers', 'customer', 'customer_id'], ['leads', 'lead', 'lead_id']]) {
    const pool = await fieldTable(admin, 'pools', () => ({ name: next('公海'), kind, admins: [head.account.id], members: [li.account.id] }), {
      name: { zh: '公海名称', required: true, refuses: [''] }, admins: { zh: '公海管理员', required: true, refuses: [[], [uuid]] }, members: { zh: '公海成员', required: true, refuses: [[], [uuid]] },
      hide_numbers: { zh: '号码隐藏', default: false, accepts: [true, false] }, auto_distribute: { zh: '自动分配', default: false, accepts: [true, false] }, claim: { zh: '领取规则', default: 'unlimited', refuses: ['x'] },
    });
    const move = (who, body) => who.post('/pool-moves', body);
    const mine = await li.make(resource, { name: '王五', phone: '13812345678' }), his = await wang.make(resource, { name: '赵六', phone: '13912345678' });
    const refused = async (who, body, f) => { const r = await move(who, body); assert.equal(r.status, 422, JSON.stringify(r.body)); assert.deepEqual(r.body.errors.map((e) => e.field), [f], JSON.stringify(r.body)); };
    await refused(wang, { action: 'abandon', [field]: his.id, pool_id: pool.id, reason: '打不通' }, 'pool_id');
    await refused(head, { action: 'abandon', [field]: his.id, pool_id: pool.id, reason: '打不通' }, 'action');
    await refused(li, { action: 'abandon', [field]: mine.id, pool_id: pool.id }, 'reason');
    assert.equal((await li.patch(`/${resource}/${mine.id}`, { pool_id: pool.id })).status, 422, 'nor past the rule');
    const moved = await move(li, { action: 'abandon', [field]: mine.id, pool_id: pool.id, reason: '打不通' });
    assert.equal(moved.status, 201, JSON.stringify(moved.body));
    // Not hidden: members see it with its number, others nothing.
    const entry = async (who) => (await who.get(`/pool-entries?filter[pool_id]=${pool.id}`)).body.items.map((x) => [x.id, x.phone]);
    assert.deepEqual([await entry(li), await entry(head), await entry(wang)], [[[mine.id, '13812345678']], [[mine.id, '13812345678']], []]);
    assert.deepEqual((await li.get(`/${resource}/${mine.id}`)).body.owner_id, null);
    // Hidden from now on.
    await admin.patch(`/pools/${pool.id}`, { hide_numbers: true });
    assert.deepEqual(await entry(li), [[mine.id, '138****5678']]);
    assert.equal((await head.get(`/${resource}/${mine.id}`)).body.phone, '13812345678', 'the administrator of the pool');
    for (const path of [`/${resource}/${mine.id}`, `/${resource}/${mine.id}/history`]) assert.equal((await li.get(path)).status, 404, `${path} would tell the number`);
    for (const q of ['filter[phone]=13812345678', 'filter[phone][starts]=138', 'q=13812345678']) assert.ok(!ids(await li.get(`/${resource}?${q}`)).includes(mine.id), q);
    assert.ok(!JSON.stringify((await li.get('/pool-entries?limit=200&filter[phone][contains]=1234')).body.items).includes(mine.id), 'nor by guessing');
    await admin.patch(`/${resource}/${mine.id}`, { phone: '13712345678' });
    assert.deepEqual(await entry(li), [[mine.id, '137****5678']]);
    // Assigned by administrators, claimed by members: then it is theirs, number and all.
    await refused(li, { action: 'assign', [field]: mine.id, account_id: wang.account.id }, 'action');
    await refused(wang, { action: 'claim', [field]: mine.id }, 'action');
    assert.equal((await move(li, { action: 'claim', [field]: mine.id })).status, 201);
    assert.deepEqual([(await li.get(`/${resource}/${mine.id}`)).body.phone, (await li.get(`/${resource}/${mine.id}`)).body.owner_id, await entry(li)], ['13712345678', li.account.id, []]);
    await admin.patch(`/pools/${pool.id}`, { claim: 'limited', claim_per_day: 1 });
    const again = await move(li, { action: 'abandon', [field]: mine.id, pool_id: pool.id, reason: '再放弃' });
    assert.equal(again.status, 201, JSON.stringify(again.body));
    await refused(li, { action: 'claim', [field]: mine.id }, 'action');
    assert.equal((await move(head, { action: 'assign', [field]: mine.id, account_id: wang.account.id })).status, 201);
    assert.equal((await wang.get(`/${resource}/${mine.id}`)).body.owner_id, wang.account.id);
    const log = (await admin.get(`/pool-moves?filter[${field}]=${mine.id}&sort=id`)).body.items.map((m) => [m.action, m.by_account, m.reason]);
    assert.deepEqual(log, [['abandon', li.account.id, '打不通'], ['claim', li.account.id, ''], ['abandon', li.account.id, '再放弃'], ['assign', head.account.id, '']]);
  }
});

// covers: TEN-Y26 TEN-Y27
test('tickets: creator, administrator, assignee; deleted by administrators. Orders: reviewed by a superior', async () => {
  const unit = await admin.make('departments', { name: '订单部' });
  const [li, wang] = [await person('t-li', { permissions: crm, scope: 'own', department_id: unit.id }), await person('t-wang', { permissions: crm, scope: 'own' })];
  const chief = await person('t-chief', { permissions: crm, scope: 'department', department_id: unit.id });
  const t = await li.make('tickets', { title: '打不出去', content: '无声' });
  assert.deepEqual([await li.get('/tickets'), await admin.get('/tickets'), await wang.get('/tickets')].map(ids), [[t.id], [t.id], []]);
  await li.patch(`/tickets/${t.id}`, { assignee_id: wang.account.id });
  assert.deepEqual(ids(await wang.get(`/tickets?filter[assignee_id]=${wang.account.id}`)), [t.id], 'my tasks');
  assert.deepEqual(ids(await wang.get(`/tickets?filter[assignee_id]=${wang.account.id}&filter[state]=closed`)), []);
  assert.equal((await wang.patch(`/tickets/${t.id}`, { state: 'solved' })).body.state, 'solved');
  for (const who of [li, wang]) assert.equal((await who.delete(`/tickets/${t.id}`)).status, 403, 'deleting is for administrators');
  assert.equal((await admin.delete(`/tickets/${t.id}`)).status, 204);
  const order = await li.make('sales-orders', { number: 'S-1', amount: 12.5, state: 'draft' });
  const state = (who, s) => who.patch(`/sales-orders/${order.id}`, { state: s });
  assert.equal((await state(li, 'approved')).status, 422, 'not before it was submitted');
  assert.equal((await state(li, 'submitted')).status, 200);
  assert.equal((await state(li, 'approved')).status, 403, 'not by oneself');
  assert.equal((await state(wang, 'approved')).status, 404, 'not by somebody else');
  assert.equal((await li.patch(`/sales-orders/${order.id}`, { amount: 1 })).status, 422, 'it stays as it was submitted');
  const done = await state(chief, 'approved');
  assert.deepEqual([done.status, done.body.reviewed_by], [200, chief.account.id]);
  assert.ok(done.body.reviewed_at);
});

// covers: TEN-K06 TEN-K07 TEN-K08 TEN-K09 TEN-K10 TEN-K11 TEN-L07
test('roles and the fields of customers and leads: read-write unless said otherwise, per role; masks by role', async () => {
  const roles = (await admin.get('/roles?limit=200')).body.items;
  assert.equal(roles.filter((r) => r.kind === 'admin').length, 1, 'a super administrator');
  for (const resource of ['customers', 'leads']) {
    const field = await admin.make('custom-fields', { resource, name: 'secret_a', zh: '字段甲', en: 'Field A', type: 'text' });
    await admin.make('custom-fields', { resource, name: 'plain_b', zh: '字段乙', en: 'Field B', type: 'text' });
    const plain = await person(`f-plain-${resource}`, { permissions: [`${resource}.*`, 'roles.read', 'role-fields.read'] }), reader = await person(`f-reader-${resource}`, { permissions: [`${resource}.*`] });
    const names = (await plain.get('/roles?limit=200')).body.items.map((r) => r.name);
    assert.ok(names.includes(plain.role.name) && names.includes(reader.role.name) && names.some((x) => roles.find((r) => r.name === x)?.kind === 'admin'), 'a new role is a row of the matrix at once');
    const row = await plain.make(resource, { name: '甲方', phone: '13812345678', email: 'someone@b.cn', custom: { secret_a: '密', plain_b: '普' } });
    assert.deepEqual(row.custom.secret_a, '密', 'read and write is the default of every role');
    const access = (await meta(plain, resource)).field('custom.secret_a');
    assert.deepEqual([access.access ?? 'write', Boolean(access.readonly)], ['write', false]);
    // Field A for the super administrator only; read-only for another role.
    await admin.make('role-fields', { role_id: plain.role.id, resource, field: 'custom.secret_a', access: 'none' });
    await admin.make('role-fields', { role_id: reader.role.id, resource, field: 'custom.secret_a', access: 'read' });
    const one = (await plain.get(`/${resource}/${row.id}`)).body;
    assert.ok(!('secret_a' in one.custom) && one.custom.plain_b === '普', 'detail');
    assert.ok((await plain.get(`/${resource}?limit=200`)).body.items.every((i) => !('secret_a' in (i.custom ?? {}))), 'list');
    assert.equal((await meta(plain, resource)).field('custom.secret_a'), undefined, 'form');
    assert.ok([400, 422].includes((await plain.patch(`/${resource}/${row.id}`, { custom: { secret_a: 'x' } })).status), 'not written');
    assert.equal((await plain.get(`/${resource}?filter[custom.secret_a]=密`)).status, 400, 'not searched');
    assert.ok(!(await plain.get(`/${resource}/import-template?format=csv`)).bytes.toString().includes('字段甲'), 'import template');
    assert.ok((await admin.get(`/${resource}/import-template?format=csv`)).bytes.toString().includes('字段甲'));
    assert.ok((await plain.post(`/${resource}/export`, { format: 'csv', fields: ['name', 'custom.secret_a'] })).status >= 400, 'export');
    assert.equal((await reader.get(`/${resource}/${row.id}`)).body.custom.secret_a, '密');
    assert.ok([400, 422].includes((await reader.patch(`/${resource}/${row.id}`, { custom: { secret_a: 'x' } })).status), 'read-only');
    assert.equal((await admin.patch(`/${resource}/${row.id}`, { custom: { secret_a: '新' } })).status, 200);
    // Masks: whoever may not see numbers whole.
    assert.deepEqual([one.phone, one.email], ['138****5678', 's***@b.cn']);
    assert.deepEqual([(await admin.get(`/${resource}/${row.id}`)).body.phone], ['13812345678']);
    // Data yes, definitions no.
    assert.equal((await plain.post('/custom-fields', { resource, name: 'mine', zh: '我的', type: 'text' })).status, 403);
    assert.equal((await plain.patch(`/custom-fields/${field.id}`, { zh: '改' })).status, 403);
  }
});

// covers: TEN-R05 TEN-R08 TEN-R09 TEN-R10 TEN-R11 TEN-R12
test('projects: workplaces that the carrier added take part; then administrators with those of them within their data permission', async () => {
  for (const who of [admin, await person('r-sub', { permissions: ['departments.*'] })]) assert.equal((await who.post('/departments', { name: '自建职场', kind: 'workplace' })).status, 403, 'not by hand');
  const [w1, w2, w3] = [await carrierInside().make('departments', { name: '成都职场', kind: 'workplace' }), await carrierInside().make('departments', { name: '西安职场', kind: 'workplace' }), await carrierInside().make('departments', { name: '武汉职场', kind: 'workplace' })];
  const office = await admin.make('departments', { name: '总控' });
  assert.equal((await admin.patch(`/departments/${office.id}`, { kind: 'workplace' })).status, 403);
  const all = ['projects.*', 'project-accounts.*', 'project-candidates.read', 'departments.read', 'accounts.read'];
  const [li, wang] = [await person('r-li', { permissions: all, scope: 'chosen', chosen: [w1.id] }), await person('r-wang', { permissions: all, scope: 'chosen', chosen: [w1.id, w2.id, w3.id] })];
  const project = await admin.make('projects', { name: '续保外呼' });
  const appoint = (account, workplaces) => admin.post('/project-accounts', { project_id: project.id, account_id: account.id, workplaces });
  assert.deepEqual((await appoint(wang.account, [w1.id])).body.errors.map((e) => e.field), ['workplaces'], 'first the project\'s workplaces');
  assert.equal((await admin.patch(`/projects/${project.id}`, { workplaces: [office.id] })).status, 422, 'only workplaces take part');
  assert.deepEqual((await admin.patch(`/projects/${project.id}`, { workplaces: [w1.id, w2.id] })).body.workplaces, [w1.id, w2.id]);
  const offered = async (account) => (await admin.get(`/project-candidates?filter[project_id]=${project.id}&filter[account_id]=${account.id}&sort=name`)).body.items.map((c) => c.workplace_id).sort();
  assert.deepEqual([await offered(li.account), await offered(wang.account)], [[w1.id], [w1.id, w2.id].sort()], 'taking part, and within the data permission');
  assert.equal((await appoint(li.account, [w1.id, w2.id])).status, 422);
  assert.equal((await appoint(wang.account, [w3.id])).status, 422);
  const [a, b] = [await appoint(li.account, [w1.id]), await appoint(wang.account, [w1.id, w2.id])];
  assert.deepEqual([a.status, b.status], [201, 201], 'several administrators, each its own workplaces');
  assert.deepEqual((await admin.get(`/project-accounts?filter[project_id]=${project.id}&expand=account_id&sort=id`)).body.items.map((x) => [x.account_id, x.kind, x.workplaces]), [[li.account.id, 'administrator', [w1.id]], [wang.account.id, 'administrator', [w1.id, w2.id]]]);
  // Wider: the workplace is added to the account's data permission, then it is offered.
  assert.equal((await admin.patch(`/accounts/${li.account.id}`, { scope_departments: [w2.id] })).status, 200);
  assert.deepEqual(await offered(li.account), [w1.id, w2.id].sort());
  assert.equal((await admin.patch(`/project-accounts/${a.body.id}`, { workplaces: [w1.id, w2.id] })).status, 200);
  assert.ok(ids(await li.get('/departments')).includes(w2.id), 'and seen');
  await admin.patch(`/projects/${project.id}`, { workplaces: [w2.id] });
  assert.deepEqual((await admin.get(`/project-accounts/${b.body.id}`)).body.workplaces, [w2.id], 'a workplace that leaves is nobody\'s');
  assert.deepEqual(ids(await other.get('/projects')), []);
});

// covers: TEN-R06
test('head office accounts: super administrator, sub-administrator, project administrator; shown as account(name) wherever one is named', async () => {
  const boss = (await admin.get('/accounts?filter[username]=admin')).body.items[0];
  assert.deepEqual([boss.type, (await admin.get(`/roles/${boss.role_id}`)).body.kind], ['admin', 'admin'], 'the super administrator: everything, for ever');
  const template = (await admin.get('/role-templates')).body.items.find((t) => t.tier === 'sub_administrator');
  const role = await admin.make('roles', { name: next('子管理员'), permissions: template.permissions });
  const sub = await admin.make('accounts', { username: '1001', name: '张三', password: 'clerk-password', role_id: role.id });
  const me = await env.login({ tenant: 'alpha', username: '1001', password: 'clerk-password' });
  assert.ok(me.session.permissions.includes('accounts.read') || me.session.permissions.some((p) => /^accounts\./.test(p)));
  assert.ok(!me.session.permissions.includes('*'));
  const w = await carrierInside().make('departments', { name: next('职场'), kind: 'workplace' }), project = await admin.make('projects', { name: next('项目'), workplaces: [w.id] });
  const seat = await admin.make('project-accounts', { project_id: project.id, account_id: sub.id, workplaces: [w.id] });
  assert.equal(seat.kind, 'administrator', 'a sub-administrator attached to a project');
  const label = async (path, field) => (await admin.get(`${path}${path.includes('?') ? '&' : '?'}expand=${field}`)).body.expand?.[field]?.label;
  assert.equal(await label(`/project-accounts/${seat.id}`, 'account_id'), '1001(张三)');
  const group = await me.make('account-groups', { name: next('组') });
  assert.equal(await label(`/account-groups/${group.id}`, 'created_by'), '1001(张三)');
  const listed = (await admin.get(`/project-accounts?filter[project_id]=${project.id}&expand=account_id`)).body.items[0];
  assert.equal(listed.expand.account_id.label, '1001(张三)');
  await admin.patch(`/accounts/${sub.id}`, { name: '李四' });
  assert.equal(await label(`/account-groups/${group.id}`, 'created_by'), '1001(李四)', 'by the name of now');
  // Whoever may not see names sees accounts alone; whoever may not see accounts, neither.
  const clerk = await person('r-clerk', { permissions: ['account-groups.read', 'accounts.read'] });
  await admin.make('role-fields', { role_id: clerk.account.role_id, resource: 'accounts', field: 'name', access: 'none' });
  const seen = async () => (await clerk.get(`/account-groups/${group.id}?expand=created_by`)).body.expand.created_by.label;
  assert.equal(await seen(), '1001');
  // Deleted, it is still named.
  await admin.delete(`/project-accounts/${seat.id}`);
  assert.equal((await admin.delete(`/accounts/${sub.id}`)).status, 204);
  assert.equal(await label(`/account-groups/${group.id}`, 'created_by'), '1001(李四)');
});

// covers: TEN-R13 TEN-R21 TEN-R22
test('within a project: an account\'s ordinary permission, or its own set; for sub-administrators and agents, tags too', async () => {
  const w = await carrierInside().make('departments', { name: '合肥职场', kind: 'workplace' });
  const project = await admin.make('projects', { name: '满意度回访', workplaces: [w.id] });
  const all = ['projects.*', 'project-accounts.*'], [li, agent] = [await person('c-li', { permissions: all, scope: 'own' }), await person('c-agent', { permissions: ['projects.read', 'projects.update'], scope: 'own', department_id: w.id })];
  assert.equal((await li.get(`/projects/${project.id}`)).status, 404, 'not in it yet');
  assert.equal((await agent.get(`/projects/${project.id}`)).status, 200, 'the people of a workplace see its projects');
  assert.equal((await agent.patch(`/projects/${project.id}`, { description: 'x' })).status, 403);
  const row = await admin.make('project-accounts', { project_id: project.id, account_id: li.account.id });
  assert.equal(row.mode, 'ordinary');
  assert.equal((await li.patch(`/projects/${project.id}`, { description: '第一批' })).status, 200, 'its ordinary permission applies');
  const set = (id, permissions) => admin.patch(`/project-accounts/${id}`, { mode: 'custom', permissions });
  await set(row.id, ['view']);
  assert.equal((await li.get(`/projects/${project.id}`)).status, 200);
  assert.equal((await li.patch(`/projects/${project.id}`, { description: 'x' })).status, 403);
  assert.notEqual((await li.patch(`/project-accounts/${row.id}`, { permissions: ['edit'] })).status, 200, 'nobody sets himself');
  await set(row.id, ['view', 'tag']);
  assert.deepEqual((await li.patch(`/projects/${project.id}`, { tags: ['重点'] })).body.tags, ['重点']);
  assert.equal((await li.patch(`/projects/${project.id}`, { description: 'x' })).status, 403, 'tags and nothing else');
  await set(row.id, []);
  assert.equal((await li.get(`/projects/${project.id}`)).status, 404);
  await set(row.id, ['view', 'edit']);
  assert.equal((await li.patch(`/projects/${project.id}`, { description: '第二批' })).status, 200);
  assert.equal((await li.patch(`/projects/${project.id}`, { tags: [] })).status, 403);
  const seat = await admin.make('project-accounts', { project_id: project.id, account_id: agent.account.id, kind: 'agent' });
  assert.equal((await agent.patch(`/projects/${project.id}`, { tags: ['已回访'] })).status, 403);
  await set(seat.id, ['view', 'tag']);
  assert.equal((await agent.patch(`/projects/${project.id}`, { tags: ['已回访'] })).status, 200);
  assert.equal((await admin.patch(`/project-accounts/${seat.id}`, { permissions: ['dial'] })).status, 422);
});

// covers: TEN-R01 TEN-R07 TEN-R14 TEN-R15 TEN-R16 TEN-R18 TEN-R19
test('head office, workplaces, agents: freely made roles, hidden what is not granted, each tier its own data', async () => {
  const [east, west] = [await carrierInside().make('departments', { name: '东区职场', kind: 'workplace' }), await carrierInside().make('departments', { name: '西区职场', kind: 'workplace' })];
  const manage = ['accounts.*', 'roles.*', 'departments.*', 'customers.*', 'account-groups.*'];
  const head = await person('o-admin', { permissions: manage }), east1 = await person('o-east', { permissions: manage, scope: 'department', department_id: east.id });
  // Free composition: quality inspection and data management at the head office, line supervisor and shift leader at a workplace.
  for (const [name, permissions] of [['质检', ['calls.read', 'recordings.read', 'recordings.listen']], ['数据管理', ['customers.*']]]) assert.deepEqual((await admin.make('roles', { name, permissions })).permissions, permissions);
  const lead = await east1.make('roles', { name: '线管', permissions: ['customers.read', 'accounts.read'], scope: 'department' });
  await east1.make('roles', { name: '值班长', permissions: ['customers.read'], scope: 'own' });
  assert.equal((await east1.post('/roles', { name: '越权', permissions: ['customers.read'], scope: 'tenant' })).status, 403, 'no role that sees more than its maker');
  assert.equal((await east1.post('/roles', { name: '越权', permissions: ['queues.read'], scope: 'own' })).status, 403);
  // An account is given a role: the role's permissions are applied to it.
  const line = await east1.make('accounts', { username: 'o-line', name: '线管甲', password: 'clerk-password', department_id: east.id });
  assert.equal((await east1.patch(`/accounts/${line.id}`, { role_id: lead.id })).status, 200);
  const me = await env.login({ tenant: 'alpha', username: 'o-line', password: 'clerk-password' });
  assert.deepEqual(me.session.permissions.sort(), ['accounts.read', 'customers.read']);
  assert.equal((await east1.post('/accounts', { username: 'o-x', name: 'x', password: 'clerk-password', department_id: west.id })).status === 201, false, 'not in another workplace');
  // Groups and departments.
  assert.equal((await east1.make('departments', { name: '一组', parent_id: east.id })).parent_id, east.id);
  assert.notEqual((await east1.post('/departments', { name: '一组', parent_id: west.id })).status, 201);
  // Each tier its own data.
  const agents = [];
  for (const [username, department_id] of [['o-e1', east.id], ['o-e2', east.id], ['o-w1', west.id]]) agents.push(await person(username, { permissions: ['customers.*'], scope: 'own', department_id }));
  const made = [];
  for (const a of agents) made.push((await a.make('customers', { name: next('分级'), phone: '13800138000' })).id);
  const sees = async (who) => ids(await who.get('/customers?limit=200')).filter((id) => made.includes(id));
  assert.deepEqual(await sees(agents[0]), [made[0]]);
  assert.deepEqual(await sees(me), [made[0], made[1]].sort());
  assert.deepEqual(await sees(east1), [made[0], made[1]].sort());
  assert.deepEqual(await sees(head), [...made].sort());
  assert.deepEqual((await east1.get('/accounts?limit=200')).body.items.map((a) => a.username).sort(), ['o-e1', 'o-e2', 'o-east', 'o-line'].sort());
  // What is not granted is not in the menu; function and data permission are separate axes.
  const menu = async (who) => JSON.stringify((await who.get('/meta/menu')).body);
  assert.ok((await menu(head)).includes('"customers"') && (await menu(head)).includes('"roles"'));
  assert.ok((await menu(me)).includes('"customers"') && !(await menu(me)).includes('"roles"'));
  assert.equal((await me.get('/roles')).status, 403);
});

// covers: TEN-K01 TEN-K03 TEN-K05 TEN-L08
test('agents: name, account, password, department, number, extension, mobile, role; logged in, chosen from lists, logged out', async () => {
  const dept = await admin.make('departments', { name: '客服部' }), ext = await admin.make('extensions', { number: '1018', name: '一号', password: 'at-least-8' });
  const role = (await admin.get('/roles?filter[kind]=agent')).body.items[0];
  const account = await admin.make('accounts', { username: 'crystal', name: '王晶', password: 'crystal-password', department_id: dept.id, role_id: role.id, phone: '13900000001' });
  const agent = await admin.make('agents', { number: '1018', name: '王晶', account_id: account.id, extension_id: ext.id });
  const found = (await admin.get('/agents?filter[number]=1018&expand=account_id,extension_id')).body.items[0];
  assert.deepEqual([found.id, found.expand.account_id.id, found.expand.extension_id.label], [agent.id, account.id, '1018']);
  const of = (await admin.get(`/accounts/${account.id}?expand=department_id,role_id`)).body;
  assert.deepEqual([of.expand.department_id.label, of.expand.role_id.label, of.phone], ['客服部', role.name, '13900000001']);
  assert.equal((await admin.get(`/accounts?filter[department_id]=${dept.id}`)).body.items.length, 1);
  for (const [r, f, ref] of [['customers', 'owner_id', 'accounts'], ['todo-plans', 'participants', 'accounts'], ['pools', 'admins', 'accounts'], ['pools', 'members', 'accounts'], ['pool-moves', 'account_id', 'accounts'], ['queue-agents', 'agent_id', 'agents']])
    assert.equal((await meta(admin, r)).field(f).ref, ref, `${r}.${f} is chosen from a list`);
  for (const r of ['departments', 'agents', 'accounts', 'roles']) assert.equal((await meta(admin, r)).can.create, true, r);
  assert.equal((await meta(env.boss, 'tenants')).can.create, true);
  const me = await env.login({ tenant: 'alpha', username: 'crystal', password: 'crystal-password' });
  assert.deepEqual([me.session.agent.number, me.session.agent.extension_id], ['1018', ext.id]);
  assert.equal((await new Client(env).post('/login', { tenant: 'alpha', username: 'crystal', password: 'wrong' })).status, 401);
  assert.equal((await me.post('/logout', {})).status, 204);
  assert.equal((await me.get('/session')).status, 401);
});
