// People and what is theirs: in which order they come, who is bound to what, and when an agent may go.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, startEnv, uuid } from './env.mjs';

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
