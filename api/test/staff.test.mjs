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

// covers: TEN-V054 TEN-V056 TEN-V058
test('quick edit: values set, texts put around what is there, one preview, all or nothing', async () => {
  const ids = async (resource, query) => (await admin.get(`/${resource}?${query}`)).body.items.map((r) => r.id);
  const accounts = await ids('accounts', 'filter[username][starts]=acme&sort=username');
  const role = await admin.make('roles', { name: 'sales', permissions: ['queues.read'] });
  const change = { resource: 'accounts', ids: accounts, affix: { username: { prefix: 'a-', suffix: '-z' } }, set: { enabled: false, force_record: true, payment_mode: 'prepaid', role_id: role.id, bill_mail: true } };
  const p = await admin.post('/quick-edit', { ...change, preview: true });
  assert.equal(p.status, 200, JSON.stringify(p.body));
  assert.deepEqual([p.body.matched, p.body.before.username, p.body.after.username, p.body.after.enabled, p.body.after.payment_mode], [3, 'acme0', 'a-acme0-z', false, 'prepaid']);
  assert.equal((await admin.get(`/accounts/${accounts[0]}`)).body.username, 'acme0', 'a preview changes nothing');
  assert.equal((await admin.post('/quick-edit', change)).body.changed, 3);
  for (const [i, id] of accounts.entries()) {
    const a = (await admin.get(`/accounts/${id}`)).body;
    assert.deepEqual([a.username, a.enabled, a.force_record, a.payment_mode, a.role_id, a.bill_mail], [`a-acme${i}-z`, false, true, 'prepaid', role.id, true]);
    assert.equal(a.name, `acme${i}`, 'what was not set stays');
  }
  for (const set of [{ enabled: true, force_record: false, payment_mode: 'unlimited', bill_mail: false }, { payment_mode: 'postpaid' }]) assert.equal((await admin.post('/quick-edit', { resource: 'accounts', ids: accounts, set })).body.changed, 3);
  const extensions = await ids('extensions', 'filter[number][starts]=800&sort=number');
  const ha1 = () => env.pg.sql(`select ha1 from zj.extension where id in ('${extensions.join("','")}')`).flat();
  const before = ha1();
  assert.ok((await admin.post('/quick-edit', { resource: 'extensions', ids: extensions, reset_password: true })).body.errors.some((e) => e.field === 'affix.password.prefix'));
  assert.equal((await admin.post('/quick-edit', { resource: 'extensions', ids: extensions, affix: { password: { prefix: 'x', suffix: 'y' } } })).status, 422, 'not without the tick');
  const reset = { resource: 'extensions', ids: extensions, reset_password: true, affix: { password: { prefix: 'new-', suffix: 'secret' }, number: { prefix: '9', suffix: '' } } };
  assert.equal((await admin.post('/quick-edit', { ...reset, preview: true })).body.after.password, '***');
  assert.equal((await admin.post('/quick-edit', reset)).body.changed, 3);
  assert.deepEqual((await admin.get('/extensions?filter[number][starts]=9800&sort=number')).body.items.map((e) => e.number), ['98000', '98001', '98002']);
  const [[digest]] = env.pg.sql("select md5('98000:' || sip_domain || ':new-secret') from zj.tenant where name = 'alpha'");
  assert.ok(ha1().includes(digest) && !before.includes(digest));
  const agents = await ids('agents', 'filter[number][starts]=500&sort=number');
  assert.equal((await admin.post('/quick-edit', { resource: 'agents', ids: agents, affix: { number: { prefix: '7', suffix: '' } }, set: { enabled: false } })).body.changed, 3);
  assert.deepEqual((await admin.get('/agents?filter[number][starts]=7500&sort=number')).body.items.map((a) => [a.number, a.enabled]), [['75000', false], ['75001', false], ['75002', false]]);
  // All or nothing; bad fields are named; rights hold.
  const clash = await admin.post('/quick-edit', { resource: 'accounts', ids: accounts, affix: { username: { prefix: '', suffix: ' ' } } });
  assert.equal(clash.status, 422);
  assert.deepEqual((await admin.get(`/accounts/${accounts[0]}`)).body.username, 'a-acme0-z');
  for (const [bad, status] of [[{ set: { password: 'abcdefghij' } }, 422], [{ set: { type: 'admin' } }, 422], [{ set: { nothing: 1 } }, 400], [{ affix: { totp_secret: { prefix: 'x' } } }, 422], [{ affix: { enabled: { prefix: 'x' } } }, 422], [{ set: {} }, 422], [{ ids: [] }, 422], [{ ids: ['x'] }, 422], [{ resource: 'roles' }, 422], [{ more: 1 }, 400]]) {
    const r = await admin.post('/quick-edit', { resource: 'accounts', ids: accounts, set: { enabled: true }, ...bad });
    assert.equal(r.status, status, JSON.stringify([bad, r.body]));
  }
  const helper = await env.clerk(admin, 'editor', ['quick-edit.run', 'accounts.update', 'accounts.read', 'queues.read']);
  const administrator = (await admin.get('/roles?filter[kind]=admin')).body.items[0].id;
  assert.equal((await helper.post('/quick-edit', { resource: 'accounts', ids: accounts, set: { role_id: administrator } })).body.type, 'urn:zongji:problem:beyond_own');
  assert.equal((await helper.post('/quick-edit', { resource: 'accounts', ids: [admin.session.account.id], set: { enabled: false } })).body.type, 'urn:zongji:problem:beyond_own');
  assert.equal((await helper.post('/quick-edit', { resource: 'agents', ids: agents, set: { enabled: true } })).body.permission, 'agents.update');
  const beta = (await boss.get('/tenants?filter[name]=beta')).body.items[0];
  const theirs = (await new Client(env, boss.token, { 'x-zj-tenant': beta.id }).get('/accounts')).body.items[0].id;
  assert.equal((await admin.post('/quick-edit', { resource: 'accounts', ids: [theirs], set: { enabled: false } })).body.changed ?? 0, 0);
});
