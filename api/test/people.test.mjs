// People and what is theirs: in which order they come, who is bound to what, and when an agent may go.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, startEnv, uuid } from './env.mjs';
import { upload } from './upload.mjs';

let env, admin, boss;
before(async () => {
  env = await startEnv();
  await env.startAcd();
  boss = await env.carrier();
  admin = await env.tenant('alpha');
});
after(() => env?.close());
const settings = (values) => admin.patch(`/settings/${admin.tenant.id}`, values).then((r) => assert.equal(r.status, 200, JSON.stringify(r.body)));
const fault = (r, field, rule) => {
  assert.ok([409, 422].includes(r.status), JSON.stringify(r.body));
  assert.ok(r.body.errors.some((e) => e.field === field && (!rule || e.rule === rule) && e.zh && e.en), JSON.stringify(r.body));
  return r.body.detail ?? '';
};

// covers: TEN-V003
test('team, then accounts, then extensions and agents: none before its account', async () => {
  const team = await boss.make('tenants', { name: 'empty', title: '空', sip_domain: 'empty.test' });
  const inside = new Client(env, boss.token, { 'x-zj-tenant': team.id });
  const phone = { number: '8001', password: 'phone-password' }, seat = { number: '5001', name: '甲' };
  assert.match(fault(await inside.post('/extensions', phone), 'account_id'), /accounts come first/);
  assert.match(fault(await inside.post('/agents', seat), 'account_id'), /accounts come first/);
  const account = await inside.make('accounts', { username: 'first', name: '第一', password: 'first-password' });
  const extension = await inside.make('extensions', { ...phone, account_id: account.id });
  const agent = await inside.make('agents', { ...seat, account_id: account.id, extension_id: extension.id });
  assert.deepEqual([extension.account_id, agent.account_id], [account.id, account.id]);
  // Phones that are nobody's (a door, a lobby) are allowed until the team says that each has an account.
  await inside.make('extensions', { number: '8002', password: 'phone-password' });
  assert.equal((await inside.patch(`/settings/${team.id}`, { accounts_required: true })).status, 200);
  fault(await inside.post('/extensions', { number: '8003', password: 'phone-password' }), 'account_id', 'check');
  fault(await inside.post('/agents', { number: '5002', name: '乙' }), 'account_id', 'check');
  fault(await inside.patch(`/extensions/${extension.id}`, { account_id: null }), 'account_id');
  fault(await inside.patch(`/agents/${agent.id}`, { account_id: null }), 'account_id');
  const gone = await inside.delete(`/accounts/${account.id}`);
  assert.ok(gone.status >= 400, 'the account of an extension stays');
  assert.equal((await inside.get(`/accounts/${account.id}`)).status, 200);
  for (const [r, row] of [['agents', agent], ['extensions', extension]]) assert.equal((await inside.delete(`/${r}/${row.id}`)).status, 204);
  assert.equal((await inside.delete(`/accounts/${account.id}`)).status, 204);
});

// covers: TEN-Y07
test('one person, one agent, one phone, a number of its own; the person signs in with them and calls with a click', async () => {
  await boss.make('numbers', { tenant_id: admin.tenant.id, number: '02150001000' });
  const dept = await admin.make('departments', { name: '销售部' });
  const role = await admin.make('roles', { name: 'sells', permissions: ['customers.read'] });
  const account = await admin.make('accounts', { username: 'li', name: '李雷', password: 'li-lei-password', role_id: role.id, department_id: dept.id, access_number: '02150001000' });
  assert.equal(account.access_number, '02150001000');
  fault(await admin.patch(`/accounts/${account.id}`, { access_number: '02199999999' }), 'access_number', 'reference');
  const beta = await env.tenant('beta');
  await boss.make('numbers', { tenant_id: beta.tenant.id, number: '02150002000' });
  fault(await admin.patch(`/accounts/${account.id}`, { access_number: '02150002000' }), 'access_number', 'reference');
  const extension = await admin.make('extensions', { number: '1001', name: '李雷', password: 'phone-password', account_id: account.id });
  const agent = await admin.make('agents', { number: '1001', name: '李雷', account_id: account.id, extension_id: extension.id });
  const [second, phone] = [await admin.make('accounts', { username: 'han', name: '韩梅梅', password: 'han-mei-password', role_id: role.id }), await admin.make('extensions', { number: '1002', password: 'phone-password' })];
  fault(await admin.post('/agents', { number: '1002', name: '韩梅梅', account_id: account.id, extension_id: phone.id }), 'account_id', 'unique');
  fault(await admin.post('/agents', { number: '1002', name: '韩梅梅', account_id: second.id, extension_id: extension.id }), 'extension_id', 'unique');
  await admin.make('agents', { number: '1002', name: '韩梅梅', account_id: second.id, extension_id: phone.id });
  const me = await env.login({ tenant: 'alpha', username: 'li', password: 'li-lei-password' });
  assert.deepEqual([me.session.agent.id, me.session.agent.number, me.session.agent.extension_id], [agent.id, '1001', extension.id]);
  const asked = (method) => env.acd.asked.filter((a) => a.method === method).at(-1)?.params;
  assert.equal((await me.post('/agents/me/sign-in', { extension: '1001' })).status, 200);
  assert.deepEqual([asked('agent.sign_in').agent, asked('agent.sign_in').account, asked('agent.sign_in').extension], [agent.id, account.id, '1001']);
  assert.equal((await me.post('/calls', { to: '1002' })).status, 200);
  assert.deepEqual([asked('call.originate').agent, asked('call.originate').to], [agent.id, '1002']);
  // The number is taken back from the team: the person keeps everything else.
  const number = (await boss.get('/numbers?filter[number]=02150001000')).body.items[0];
  assert.equal((await boss.delete(`/numbers/${number.id}`)).status, 204);
  const left = (await admin.get(`/accounts/${account.id}`)).body;
  assert.deepEqual([left.access_number, left.username], [null, 'li']);
});

// covers: TEN-Y13
test('a person\'s card: code, name, agent, phone, department (required where the team says so), remark, number; its agent goes only after parting', async () => {
  await settings({ departments_required: true });
  const card = { username: 'wang', name: '王五', password: 'wang-wu-password', employee_code: 'E-007', remark: '周末值班' };
  fault(await admin.post('/accounts', card), 'department_id', 'required');
  const dept = await admin.make('departments', { name: '客服部' });
  await boss.make('numbers', { tenant_id: admin.tenant.id, number: '02150003000' });
  const made = await admin.make('accounts', { ...card, department_id: dept.id, access_number: '02150003000' });
  assert.deepEqual([made.employee_code, made.name, made.department_id, made.remark, made.access_number], ['E-007', '王五', dept.id, '周末值班', '02150003000']);
  fault(await admin.patch(`/accounts/${made.id}`, { department_id: null }), 'department_id', 'required');
  fault(await admin.post('/accounts', { ...card, username: 'wang2', department_id: dept.id }), 'employee_code', 'unique');
  assert.equal((await admin.get('/accounts?filter[employee_code]=E-007')).body.items[0].id, made.id);
  await settings({ departments_required: false });
  // Quick add and import make agents that are bound; so does nobody else.
  const quick = await admin.post('/quick-setup', { accounts: 'new', objects: 'agents_extensions', count: 1, username_prefix: 'q', first_extension: '8500', first_agent: '5500', password_length: 9, password_prefix: 'temp12345', random: false });
  assert.equal(quick.status, 201, JSON.stringify(quick.body));
  const agent = (await admin.get('/agents?filter[number]=5500')).body.items[0];
  assert.equal((await admin.get(`/agents/${agent.id}`)).body.origin, 'quick');
  assert.match(fault(await admin.delete(`/agents/${agent.id}`), 'account_id', 'check'), /part the agent/);
  const bulk = await admin.post('/agents/bulk', { action: 'delete', ids: [agent.id] });
  assert.deepEqual([bulk.status, bulk.body.failed.length, bulk.body.changed], [200, 1, 0], JSON.stringify(bulk.body));
  assert.equal(bulk.body.failed[0].problem.errors[0].zh, '请先解除坐席与员工的绑定', 'in both languages');
  assert.equal((await admin.get(`/agents/${agent.id}`)).status, 200);
  assert.equal((await admin.patch(`/agents/${agent.id}`, { account_id: null, origin: 'single' })).status, 422, 'how it came to be is not written');
  const single = await admin.make('agents', { number: '5600', name: '单独', account_id: made.id });
  assert.deepEqual([single.origin, (await admin.delete(`/agents/${single.id}`)).status], ['single', 204]);
  assert.equal((await admin.patch(`/agents/${agent.id}`, { account_id: null })).status, 200);
  assert.equal((await admin.delete(`/agents/${agent.id}`)).status, 204);
  const bin = (await admin.get('/agents?deleted=true&filter[number]=5500')).body.items[0];
  assert.equal((await admin.post(`/agents/${bin.id}/restore`)).status, 200);
  assert.equal((await admin.get(`/agents/${agent.id}`)).body.origin, 'quick', 'it is still what it was');
  // A person that goes parts with its agent by itself.
  const other = await admin.post('/quick-setup', { accounts: 'new', objects: 'agents', count: 1, username_prefix: 'r', first_agent: '5700', password_length: 9, password_prefix: 'temp12345', random: false });
  assert.equal(other.status, 201, JSON.stringify(other.body));
  const person = (await admin.get('/accounts?filter[username][starts]=r')).body.items[0];
  assert.equal((await admin.delete(`/accounts/${person.id}`)).status, 204);
  const parted = (await admin.get('/agents?filter[number]=5700')).body.items[0];
  assert.deepEqual([parted.account_id, (await admin.delete(`/agents/${parted.id}`)).status], [null, 204]);
  assert.equal((await admin.get(`/agents/${uuid}`)).status, 404);
});

// covers: TEN-V031
test('an account: each field of its form, and its own black and white lists', async () => {
  const meta = (await admin.get('/meta/resources?name=accounts')).body.resources[0], field = (n) => meta.fields.find((f) => f.name === n);
  const labels = { username: '用户名', number: '账号', password: '密码', email: '电子信箱', surname: '姓', given_name: '名', type: '账号类型', enabled: '状态', force_record: '强制录音', role_id: '角色', payment_mode: '付费方式', export_limited: '导出时间限制', language: '默认语言', pin: 'PIN',
    credit_limit: '额度限制', inbound_charges: '拨入费用', photo_id: '头像', call_charges: '话费', cost: '成本', bill_mail: '接收账单邮件' };
  for (const [n, zh] of Object.entries(labels)) assert.equal(field(n)?.zh, zh, n);
  for (const n of ['number', 'inbound_charges', 'call_charges', 'cost']) assert.equal(field(n).readonly, true, n);
  const bare = await admin.make('accounts', { username: '张_三@1', name: '张三', password: 'zhang-password' });
  assert.match(bare.number, /^\d+$/, 'generated');
  assert.deepEqual(['type', 'enabled', 'force_record', 'payment_mode', 'export_limited', 'bill_mail'].map((n) => bare[n]), ['user', true, false, 'unlimited', false, false]);
  assert.deepEqual(['inbound_charges', 'call_charges', 'cost', 'credit_limit'].map((n) => Number(bare[n])), [0, 0, 0, 0]);
  const role = await admin.make('roles', { name: 'card', permissions: ['queues.read'] });
  const full = { username: 'full', name: '王五', password: 'wang-wu-password', email: 'wang@x.cn', surname: '王', given_name: '五', type: 'user', enabled: false, force_record: true, role_id: role.id, payment_mode: 'postpaid', credit_limit: 500.25, export_limited: true, language: 'en', pin: '4711', bill_mail: true };
  const { id } = await admin.make('accounts', full);
  const kept = (await admin.get(`/accounts/${id}`)).body;
  for (const [n, v] of Object.entries(full)) if (!['password', 'pin'].includes(n)) assert.deepEqual(n === 'credit_limit' ? Number(kept[n]) : kept[n], v, n);
  assert.ok(!('password' in kept) && !('pin' in kept), 'secrets are never shown');
  assert.equal((await new Client(env).post('/login', { tenant: 'alpha', username: 'full', password: 'wang-wu-password' })).status, 401, 'not usable');
  const photo = await upload(admin, 'GIF89a', { name: 'me.gif', media_type: 'image/gif', purpose: 'accounts.photo_id' });
  assert.equal((await admin.patch(`/accounts/${id}`, { photo_id: photo.id })).status, 200);
  assert.equal((await admin.get(`/accounts/${id}/photo_id`)).status, 200);
  for (const [n, v] of [['username', 'a b'], ['username', 'full'], ['username', 'carrier'], ['username', ''], ['password', 'short'], ['email', 'nobody'], ['type', 'king'], ['payment_mode', 'gratis'], ['language', 'fr'], ['pin', 'abc'], ['credit_limit', -1], ['number', '1']])
    fault(await admin.post('/accounts', { username: 'other', name: 'x', password: 'other-password', [n]: v }), n);
  // Its team is the carrier's to say; of its groups it may be the administrator of one.
  const made = await boss.make('accounts', { tenant_id: admin.tenant.id, username: 'by-boss', name: 'x', password: 'boss-password-1', type: 'admin' });
  assert.equal((await admin.get(`/accounts/${made.id}`)).body.type, 'admin');
  const group = await admin.make('account-groups', { name: 'team' });
  assert.equal((await admin.make('account-group-members', { group_id: group.id, account_id: id, admin: true })).admin, true);
  // Its lists: of this account alone; gone with it.
  for (const colour of ['black', 'white']) {
    const row = await admin.make('blacklist', { account_id: id, colour, number: '+86 138-0000-0001', direction: 'both' });
    assert.deepEqual([row.scope, row.number, row.account_id], ['account', '8613800000001', id]);
    fault(await admin.post('/blacklist', { account_id: id, colour, number: '8613800000001', direction: 'both' }), 'number', 'unique');
    assert.deepEqual((await admin.get(`/blacklist?filter[account_id]=${id}&filter[colour]=${colour}`)).body.items.map((r) => r.id), [row.id]);
  }
  assert.equal((await admin.get(`/blacklist?filter[account_id]=${bare.id}`)).body.items.length, 0);
  const beta = (await boss.get('/tenants?filter[name]=beta')).body.items[0];
  fault(await new Client(env, boss.token, { 'x-zj-tenant': beta.id }).post('/blacklist', { account_id: id, number: '1380' }), 'account_id', 'reference');
  assert.equal((await admin.delete(`/accounts/${id}`)).status, 204);
  assert.equal((await admin.get(`/blacklist?filter[account_id]=${id}`)).body.items.length, 0);
});
