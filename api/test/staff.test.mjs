// Quick setup and quick edit, supervisors and what they reach, masks in live data.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, sleep, startEnv, until, uuid } from './env.mjs';

let env, admin, boss;
before(async () => {
  env = await startEnv();
  await env.startAcd();
  boss = await env.carrier();
  admin = await env.tenant('alpha');
});
after(() => env?.close());

const form = { accounts: 'new', objects: 'agents_extensions', count: 3, username_prefix: 'acme', first_extension: '8000', first_agent: '5000', password_length: 9, password_prefix: 'temp12345', random: false };
const names = (r) => r.body.items.map((i) => i.username);

// covers: TEN-V045 TEN-V046 TEN-V048 TEN-V051 TEN-V052 TEN-Y12
test('quick setup: accounts, extensions and agents of one form, bound to each other; preview first; a CSV at the end', async () => {
  const preview = await admin.post('/quick-setup', { ...form, preview: true });
  assert.equal(preview.status, 200, JSON.stringify(preview.body));
  assert.deepEqual(names(preview), ['acme0', 'acme1', 'acme2']);
  assert.deepEqual(preview.body.items.map((i) => [i.extension, i.agent]), [['8000', '5000'], ['8001', '5001'], ['8002', '5002']]);
  assert.deepEqual(new Set(preview.body.items.flatMap((i) => [i.account_password, i.extension_password, i.agent_password])), new Set(['temp12345']));
  assert.deepEqual(preview.body.taken, { usernames: [], extensions: [], agents: [] });
  assert.equal((await admin.get('/accounts?filter[username][starts]=acme')).body.items.length, 0, 'nothing was made');
  const items = preview.body.items;
  items[1].account_password = 'changed-in-preview'; // the button "change passwords"
  const saved = await admin.post('/quick-setup', { ...form, items });
  assert.equal(saved.status, 201, JSON.stringify(saved.body));
  const lines = saved.body.csv.split('\r\n');
  assert.equal(lines[0], '分机号码,分机密码,坐席工号,坐席密码,用户名,用户密码,邮箱');
  assert.equal(lines[1], '8000,temp12345,5000,temp12345,acme0,temp12345,');
  assert.equal(lines[2].split(',')[5], 'changed-in-preview');
  assert.equal(lines.length, 5);
  for (const [i, password] of ['temp12345', 'changed-in-preview', 'temp12345'].entries()) {
    const me = await env.login({ tenant: 'alpha', username: `acme${i}`, password });
    assert.equal(me.session.agent.number, `500${i}`);
    assert.equal(me.session.must_change_password, true, 'given passwords are to be changed');
    const account = (await admin.get(`/accounts?filter[username]=acme${i}`)).body.items[0];
    const extension = (await admin.get(`/extensions?filter[number]=800${i}`)).body.items[0];
    const agent = (await admin.get(`/agents?filter[number]=500${i}`)).body.items[0];
    assert.deepEqual([extension.account_id, agent.account_id, agent.extension_id], [account.id, account.id, extension.id]);
    assert.equal((await admin.get(`/roles/${account.role_id}`)).body.kind, 'agent', 'the tenant\'s role for agents by default');
  }
  const again = await admin.post('/quick-setup', { ...form, preview: true });
  assert.deepEqual(again.body.taken, { usernames: ['acme0', 'acme1', 'acme2'], extensions: ['8000', '8001', '8002'], agents: ['5000', '5001', '5002'] });
});

// covers: TEN-Y09
test('quick add: one person; a number or name that exists refuses all of it, and says which', async () => {
  const one = (o) => admin.post('/quick-setup', { accounts: 'new', objects: 'agents_extensions', items: [{ username: 'zhang', name: '张三', extension: '8100', agent: '5100', account_password: 'zhang-password', extension_password: 'phone-password', email: 'z@x.cn', ...o }] });
  for (const [o, field] of [[{ extension: '8000' }, 'number'], [{ agent: '5000' }, 'number'], [{ username: 'acme0' }, 'username']]) {
    const r = await one(o);
    assert.deepEqual([r.status, r.body.type, r.body.errors?.map((e) => e.field).includes(field)], [409, 'urn:zongji:problem:conflict', true], JSON.stringify(r.body));
    assert.equal((await admin.get('/accounts?filter[username]=zhang')).body.items.length, 0, 'nothing of it was made');
  }
  assert.equal((await one({})).status, 201);
  const me = await env.login({ tenant: 'alpha', username: 'zhang', password: 'zhang-password' });
  assert.equal(me.session.account.name, '张三');
});

// covers: TEN-Y11
test('quick import: the template, filled in, with what is common to all', async () => {
  const template = await admin.get('/quick-setup/template');
  assert.match(template.headers.get('content-type'), /text\/csv/);
  const header = template.body.replace('\ufeff', '').trim();
  assert.equal(header, '分机号码,分机密码,坐席工号,坐席密码,用户名,用户密码,邮箱,姓名');
  const csv = `${header}\r\n8200,phone-pass-1,5200,,wang,wang-pass-1,,"王, ""五"""\r\n8201,,5201,,zhao,,zhao@x.cn,赵六\r\n`;
  const department = await admin.make('departments', { name: '电销部' });
  const r = await admin.post('/quick-setup', { accounts: 'new', objects: 'agents_extensions', csv, department_id: department.id });
  assert.equal(r.status, 201, JSON.stringify(r.body));
  assert.deepEqual(r.body.items.map((i) => i.name), ['王, "五"', '赵六']);
  const zhao = (await admin.get('/accounts?filter[username]=zhao')).body.items[0];
  assert.deepEqual([zhao.department_id, zhao.email, zhao.name], [department.id, 'zhao@x.cn', '赵六']);
  await env.login({ tenant: 'alpha', username: 'zhao', password: r.body.items[1].account_password }); // made, for it was left out
  for (const [bad, field] of [['nonsense\r\n1\r\n', 'csv'], [`${header}\r\n`, 'csv'], [`${header}\r\n8300,,5300,,,x\r\n`, 'items.0.username']]) {
    const f = await admin.post('/quick-setup', { accounts: 'new', objects: 'agents_extensions', csv: bad });
    assert.equal(f.status, 422, bad);
    assert.ok(f.body.errors.some((e) => e.field === field), JSON.stringify(f.body.errors));
  }
});

test('quick setup keeps the rules: passwords, quotas, rights, one transaction', async () => {
  await admin.patch(`/settings/${admin.tenant.id}`, { password_no_runs: true, password_classes: 2 });
  const runs = await admin.post('/quick-setup', { ...form, username_prefix: 'r', preview: true });
  assert.equal(runs.status, 422);
  assert.ok(runs.body.errors.some((e) => e.rule === 'password_runs' && e.field === 'items.0.account_password'));
  const random = await admin.post('/quick-setup', { ...form, username_prefix: 'r', random: true, password_prefix: undefined, preview: true });
  assert.equal(new Set(random.body.items.map((i) => i.account_password)).size, 3);
  assert.ok(random.body.items.every((i) => i.account_password.length === 9 && i.extension_password.length === 9));
  await admin.patch(`/settings/${admin.tenant.id}`, { password_no_runs: false, password_classes: 1 });
  for (const [o, field] of [[{ count: 0 }, 'count'], [{ count: 501 }, 'count'], [{ username_prefix: '' }, 'username_prefix'], [{ first_extension: 'x' }, 'first_extension'], [{ first_agent: '' }, 'first_agent'], [{ password_prefix: '' }, 'password_prefix'],
    [{ password_length: 3 }, 'password_length'], [{ objects: 'phones' }, 'objects'], [{ extension: { number: '1' } }, 'number']]) {
    const r = await admin.post('/quick-setup', { ...form, username_prefix: 'q', first_extension: '8800', first_agent: '5800', ...o });
    assert.equal(r.status, 422, JSON.stringify([o, r.body]));
    assert.ok(r.body.errors.some((e) => e.field === field), JSON.stringify(r.body.errors));
  }
  assert.equal((await admin.post('/quick-setup', { ...form, colour: 'red' })).status, 400);
  // Quotas: named, and nothing of it is made.
  await boss.patch(`/tenants/${admin.tenant.id}`, { max_agents: 7 });
  const full = await admin.post('/quick-setup', { ...form, username_prefix: 'full', first_extension: '8900', first_agent: '5900' });
  assert.ok([409, 422].includes(full.status), JSON.stringify(full.body));
  assert.match(JSON.stringify(full.body), /max_agents|坐席/);
  assert.equal((await admin.get('/accounts?filter[username][starts]=full')).body.items.length, 0);
  await boss.patch(`/tenants/${admin.tenant.id}`, { max_agents: 1000 });
  // Rights: the permission, no role beyond one's own, only one's own tenant; the carrier names one.
  const clerk = await env.clerk(admin, 'clerk', ['accounts.read', 'queues.read']);
  assert.equal((await clerk.post('/quick-setup', form)).body.permission, 'quick-setup.run');
  const helper = await env.clerk(admin, 'helper', ['quick-setup.run']);
  assert.equal((await helper.post('/quick-setup', { ...form, role_id: admin.session.account.role_id ?? (await admin.get('/roles?filter[kind]=admin')).body.items[0].id })).body.type, 'urn:zongji:problem:beyond_own');
  const beta = await env.tenant('beta');
  assert.equal((await admin.post('/quick-setup', { ...form, tenant_id: beta.tenant.id })).status, 403);
  assert.equal((await boss.post('/quick-setup', form)).status, 403);
  const there = await boss.post('/quick-setup', { ...form, tenant_id: beta.tenant.id, objects: 'agents' });
  assert.equal(there.status, 201, JSON.stringify(there.body));
  assert.equal((await beta.get('/agents?sort=number')).body.items.length, 3);
  assert.equal((await beta.get('/extensions')).body.items.length, 0, 'agents with phones of their own');
  const given = (await beta.get('/accounts?filter[username]=acme0')).body.items[0];
  const more = await beta.post('/quick-setup', { accounts: given.id, objects: 'extensions', count: 2, first_extension: '0700', password_prefix: 'given-password' });
  assert.equal(more.status, 201, JSON.stringify(more.body));
  assert.deepEqual((await beta.get(`/extensions?filter[account_id]=${given.id}&sort=number`)).body.items.map((e) => e.number), ['0700', '0701']);
});
