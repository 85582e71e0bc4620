// Balances change by ledger entries alone: of tenants with the carrier, of accounts with their tenant.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, startEnv, uuid } from './env.mjs';

let env, admin, beta, boss;
before(async () => {
  env = await startEnv();
  boss = await env.carrier();
  admin = await env.tenant('alpha');
  beta = await env.tenant('beta');
});
after(() => env?.close());
const enter = (tenant, kind, amount, more = {}) => boss.post('/tenant-ledger', { tenant_id: tenant.id, kind, amount, ...more });
const refused = (r, field) => {
  assert.ok(r.status === 422 || r.status === 409, JSON.stringify(r.body));
  assert.ok(r.body.errors.some((e) => e.field === field), JSON.stringify(r.body));
};
const balance = async (who, tenant) => (await who.get(`/tenant-balances/${tenant.id}`)).body;

test('a tenant is recharged and charged; each entry tells the balance behind it; the tenant sees its own', async () => {
  const t = admin.tenant;
  const first = await enter(t, 'recharge', 1000.5, { voucher: 'V-1', remark: '首次充值' });
  assert.equal(first.status, 201, JSON.stringify(first.body));
  assert.deepEqual([first.body.kind, Number(first.body.amount), Number(first.body.balance), first.body.created_by], ['recharge', 1000.5, 1000.5, boss.session.account.id]);
  assert.equal(Number((await enter(t, 'charge', -0.000001)).body.balance), 1000.499999);
  assert.equal(Number((await enter(t, 'correction', -0.499999, { remark: '多收' })).body.balance), 1000);
  assert.equal(Number((await enter(t, 'refund', -100)).body.balance), 900);
  const b = await balance(admin, t);
  assert.deepEqual([Number(b.balance), Number(b.recharged)], [900, 1000.5]);
  const lines = (await admin.get('/tenant-ledger?sort=id')).body.items;
  assert.deepEqual(lines.map((l) => Number(l.amount)), [1000.5, -0.000001, -0.499999, -100]);
  assert.equal((await admin.get('/tenant-ledger?q=V-1')).body.items.length, 1);
  assert.equal((await beta.get('/tenant-ledger')).body.items.length, 0);
  assert.equal((await beta.get(`/tenant-balances/${t.id}`)).status, 404);
  assert.deepEqual((await boss.get(`/tenant-ledger?filter[tenant_id]=${t.id}`)).body.items.length, 4);
});

test('nothing else changes a balance: not by form, not by deleting, not by SQL as what a request becomes', async () => {
  const t = admin.tenant;
  const line = (await boss.get(`/tenant-ledger?filter[tenant_id]=${t.id}&limit=1`)).body.items[0];
  for (const who of [boss, admin]) {
    for (const [method, path, body] of [['PATCH', `/tenant-ledger/${line.id}`, { amount: 1 }], ['DELETE', `/tenant-ledger/${line.id}`], ['PATCH', `/tenant-balances/${t.id}`, { balance: 1 }], ['POST', '/tenant-balances', { id: uuid, balance: 1 }]])
      assert.ok([403, 404, 405].includes((await who.request(method, path, body)).status), `${method} ${path}`);
  }
  assert.equal((await admin.post('/tenant-ledger', { kind: 'recharge', amount: 1000 })).status, 403, 'nobody recharges itself');
  refused(await enter(t, 'recharge', 5, { balance: 100 }), 'balance');
  for (const [kind, amount, field, more] of [['recharge', -1, 'amount'], ['recharge', 0, 'amount'], ['charge', 1, 'amount'], ['refund', 1, 'amount'], ['correction', 1, 'remark'], ['gift', 1, 'kind'], ['recharge', 1000000000, 'amount'], ['recharge', 1, 'voucher', { voucher: 'V-1' }], ['recharge', 1, 'voucher', { voucher: '' }]])
    refused(await enter(t, kind, amount, more), field);
  assert.equal((await enter(t, 'recharge', 'much')).body.errors[0].field, 'amount');
  refused(await boss.post('/tenant-ledger', { tenant_id: boss.session.tenant.id, kind: 'recharge', amount: 1 }), 'tenant_id');
  assert.equal((await boss.post('/tenant-ledger', { tenant_id: uuid, kind: 'recharge', amount: 1 })).status >= 400, true);
  assert.equal(Number((await balance(boss, t)).balance), 900);
  for (const role of ['zj_tenant', 'zj_carrier']) for (const sql of ['update zj.tenant_balance set balance = 1', 'update zj.tenant_ledger set amount = 1', 'delete from zj.tenant_ledger', 'update zj.account_balance set balance = 1', 'delete from zj.account_ledger'])
    assert.throws(() => env.pg.sql(`set role ${role}; ${sql}`), /permission denied/, `${role}: ${sql}`);
});

test('forty recharges at once, and repeats of one: the sum is the sum', async () => {
  const t = beta.tenant;
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => enter(t, 'recharge', i + 1)));
  assert.ok(answers.every((a) => a.status === 201));
  assert.equal(new Set(answers.map((a) => a.body.balance)).size, 40, 'each behind another');
  assert.equal(Number((await balance(beta, t)).balance), 820);
  const again = await Promise.all(Array.from({ length: 5 }, () => enter(t, 'recharge', 7, { voucher: 'BANK-77' })));
  assert.deepEqual(again.map((a) => a.status).sort(), [201, 409, 409, 409, 409]);
  const [[ledger, kept]] = env.pg.sql(`select (select sum(amount) from zj.tenant_ledger where tenant_id = '${t.id}'), (select balance from zj.tenant_balance where tenant_id = '${t.id}')`);
  assert.deepEqual([Number(ledger), Number(kept)], [827, 827]);
});

test('accounts: recharged by their tenant; each sees its own, and what it was stays readable when the account is gone', async () => {
  const role = await admin.make('roles', { name: 'own', permissions: ['account-ledger.read', 'account-balances.read'], scope: 'own' });
  const [one, two] = await Promise.all(['one', 'two'].map((u) => admin.make('accounts', { username: u, name: u, password: 'clerk-password', role_id: role.id })));
  for (const [a, amount] of [[one, 10], [two, 20], [one, 5]]) await admin.make('account-ledger', { account_id: a.id, amount });
  await admin.make('account-ledger', { account_id: one.id, kind: 'charge', amount: -3.25, remark: 'calls' });
  const me = await env.login({ tenant: 'alpha', username: 'one', password: 'clerk-password' });
  assert.deepEqual((await me.get('/account-ledger?sort=id')).body.items.map((l) => Number(l.balance)), [10, 15, 11.75]);
  assert.deepEqual((await me.get('/account-balances')).body.items.map((b) => [b.account_id, Number(b.balance), Number(b.recharged)]), [[one.id, 11.75, 15]]);
  assert.equal((await me.post('/account-ledger', { account_id: one.id, amount: 1 })).status, 403);
  refused(await admin.post('/account-ledger', { account_id: uuid, amount: 1 }), 'account_id');
  const theirs = (await beta.get('/accounts')).body.items[0];
  refused(await admin.post('/account-ledger', { account_id: theirs.id, amount: 1 }), 'account_id');
  assert.equal((await admin.delete(`/accounts/${two.id}`)).status, 204);
  const line = (await admin.get(`/account-ledger?filter[account_id]=${two.id}&expand=account_id`)).body.items[0];
  assert.deepEqual([Number(line.amount), line.expand.account_id.label, line.expand.account_id.deleted], [20, line.expand.account_id.label.startsWith('two(') && line.expand.account_id.label, true]);
});

// covers: TEN-V006
test('what a tenant pays goes by the number of its agents', async () => {
  const t = admin.tenant;
  refused(await admin.patch(`/tenants/${t.id}`, { agent_price: 1 }), 'agent_price'); // the carrier says it
  const licence = async (who) => { const l = (await who.get(`/licences/${t.id}`)).body; return [l.agents, l.used, Number(l.unit_price), Number(l.price)]; };
  assert.equal((await boss.patch(`/tenants/${t.id}`, { agent_price: 120.5, max_agents: 10 })).status, 200);
  for (const n of ['5001', '5002']) await admin.make('agents', { number: n, name: n });
  for (const who of [boss, admin]) assert.deepEqual(await licence(who), [10, 2, 120.5, 1205]);
  await boss.patch(`/tenants/${t.id}`, { max_agents: 20 });
  assert.deepEqual(await licence(boss), [20, 2, 120.5, 2410]);
  await boss.patch(`/tenants/${t.id}`, { max_agents: null });
  for (const who of [boss, admin]) assert.deepEqual(await licence(who), [2, 2, 120.5, 241], 'no maximum: as many as there are');
  assert.equal((await beta.get(`/licences/${t.id}`)).status, 404);
  assert.equal((await new Client(env, boss.token, { 'x-zj-tenant': t.id }).get('/licences')).body.items.length, 1);
});
