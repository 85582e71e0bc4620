// Quick setup and quick edit, supervisors and what they reach, masks in live data.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, sleep, startEnv, until, uuid, wav } from './env.mjs';

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

// covers: TEN-V045 TEN-V046 TEN-V048 TEN-V049 TEN-V051 TEN-V052 TEN-Y12
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

// covers: PBX-K22 PBX-K28
test('extensions in a batch: first number, how many, how passwords are made, with a preview; nobody\'s, or an account\'s', async () => {
  const batch = { accounts: 'none', objects: 'extensions', count: 3, first_extension: '06098', password_length: 14, random: true, extension: { phone_type: 'web', timeout_s: 45 } };
  const preview = await admin.post('/quick-setup', { ...batch, preview: true });
  assert.equal(preview.status, 200, JSON.stringify(preview.body));
  assert.deepEqual(preview.body.items.map((i) => [i.extension, i.extension_password.length, i.username]), ['06098', '06099', '06100'].map((n) => [n, 14, undefined]));
  assert.equal(new Set(preview.body.items.map((i) => i.extension_password)).size, 3, 'each has its own');
  assert.equal((await admin.get('/extensions?filter[number][starts]=060')).body.items.length, 0, 'a preview makes nothing');
  const items = preview.body.items.map((i, n) => (n === 1 ? { ...i, extension_password: 'changed-in-preview' } : i));
  const made = await admin.post('/quick-setup', { ...batch, items });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.match(made.body.csv, /06099,changed-in-preview/);
  const rows = (await admin.get('/extensions?filter[number][in]=06098,06099,06100&sort=number')).body.items;
  assert.deepEqual(rows.map((r) => [r.number, r.account_id, r.phone_type, r.timeout_s, r.registration]), ['06098', '06099', '06100'].map((n) => [n, null, 'web', 45, `${n}@alpha.test`]));
  assert.equal(env.pg.sql(`select ha1 = md5('06099:alpha.test:changed-in-preview') from zj.extension where id = '${rows[1].id}'`)[0][0], 't');
  const prefixed = await admin.post('/quick-setup', { ...batch, first_extension: '06200', random: false, password_prefix: 'Office-phone-1', preview: true });
  assert.deepEqual([...new Set(prefixed.body.items.map((i) => i.extension_password))], ['Office-phone-1']);
  assert.deepEqual((await admin.post('/quick-setup', { ...batch, preview: true })).body.taken.extensions, ['06098', '06099', '06100']);
  for (const [bad, field] of [[{ count: 0 }, 'count'], [{ count: 501 }, 'count'], [{ first_extension: 'x1' }, 'first_extension'], [{ password_length: 3 }, 'password_length'], [{ objects: 'agents' }, 'accounts']]) {
    const r = await admin.post('/quick-setup', { ...batch, first_agent: '100', ...bad });
    assert.equal(r.status, 422, JSON.stringify(bad));
    assert.ok(r.body.errors.some((e) => e.field === field), JSON.stringify(r.body.errors));
  }
  const half = await admin.post('/quick-setup', { ...batch, first_extension: '06097' });
  assert.equal(half.status, 409, 'a number that is taken: nothing of it is made');
  assert.equal((await admin.get('/extensions?filter[number]=06097')).body.items.length, 0);
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

// covers: TEN-V047 TEN-V050
test('quick setup, details: what all its extensions are like, said once, seen in the preview, kept in each', async () => {
  const template = await admin.make('extension-templates', { name: 'desk', phone_type: 'sip', recording: true, max_contacts: 2 });
  const ring = (await admin.post('/prompts?name=ringback', wav(), { 'content-type': 'audio/wav' })).body;
  const details = { phone_type: 'web', template_id: template.id, recording: false, voicemail: true, agent_mode: true, timeout_s: 45, ringback_id: ring.id };
  const wanted = { ...form, username_prefix: 'detail', first_extension: '8700', first_agent: '5970', extension: details };
  const preview = await admin.post('/quick-setup', { ...wanted, preview: true });
  assert.equal(preview.status, 200, JSON.stringify(preview.body));
  assert.deepEqual(preview.body.extension, details, 'the head of the preview');
  assert.deepEqual(preview.body.items.map((i) => [i.username, i.extension, i.agent, i.account_password, i.extension_password, i.agent_password]),
    [0, 1, 2].map((i) => [`detail${i}`, `870${i}`, `597${i}`, 'temp12345', 'temp12345', 'temp12345']));
  assert.equal((await admin.post('/quick-setup', wanted)).status, 201);
  const made = (await admin.get('/extensions?filter[number][starts]=870&sort=number')).body.items;
  assert.equal(made.length, 3);
  for (const e of made) {
    const one = (await admin.get(`/extensions/${e.id}`)).body;
    assert.deepEqual(Object.fromEntries(Object.keys(details).map((k) => [k, one[k]])), details);
    assert.equal(one.max_contacts, 2, 'what is not said comes from the template');
  }
  // Without details: a SIP phone as the default template says.
  assert.equal((await admin.post('/quick-setup', { ...form, count: 1, username_prefix: 'plain', first_extension: '8710', first_agent: '5980' })).status, 201);
  const plain = (await admin.get('/extensions?filter[number]=8710')).body.items[0], one = (await admin.get(`/extensions/${plain.id}`)).body;
  assert.deepEqual([one.phone_type, one.template_id, one.recording, one.voicemail, one.agent_mode], ['sip', null, false, false, false]);
  for (const [bad, field] of [[{ phone_type: 'iax' }, 'phone_type'], [{ timeout_s: 0 }, 'timeout_s'], [{ template_id: uuid }, 'template_id'], [{ ringback_id: uuid }, 'ringback_id']]) {
    const r = await admin.post('/quick-setup', { ...form, count: 1, username_prefix: 'bad', first_extension: '8720', first_agent: '5990', extension: bad });
    assert.equal(r.status, 422, JSON.stringify(r.body));
    assert.ok(r.body.errors.some((e) => e.field === field), JSON.stringify(r.body.errors));
  }
});

// covers: TEN-V055
test('quick edit of extensions: texts around seven fields, values of ten', async () => {
  const rows = [];
  for (const n of ['7801', '7802']) rows.push(await admin.make('extensions', { number: n, name: 'desk', password: 'phone-password', caller_number: '0215000', caller_name: 'Acme', out_caller_number: '0216000', out_caller_name: 'Acme out' }));
  const other = await admin.make('extensions', { number: '7803', name: 'desk', password: 'phone-password' });
  const template = await admin.make('extension-templates', { name: 'edited', max_contacts: 3 });
  const ring = (await admin.post('/prompts?name=edited', wav(), { 'content-type': 'audio/wav' })).body;
  const owner = (await admin.get('/accounts?filter[username]=detail0')).body.items[0];
  const set = { dnd: true, account_id: owner.id, enabled: false, recording: true, voicemail: true, allow_outbound: false, timeout_s: 60, pickup_range: 'team', agent_mode: true, ringback_id: ring.id, template_id: template.id };
  const around = (prefix, suffix) => ({ prefix, suffix });
  const change = { resource: 'extensions', ids: rows.map((r) => r.id), set, reset_password: true,
    affix: { name: around('A-', '-1'), number: around('9', ''), password: around('new-', 'secret'), caller_number: around('+86', '1'), caller_name: around('My ', ' Ltd'), out_caller_number: around('+86', '2'), out_caller_name: around('The ', '!') } };
  const preview = await admin.post('/quick-edit', { ...change, preview: true });
  assert.equal(preview.status, 200, JSON.stringify(preview.body));
  const texts = { name: 'A-desk-1', caller_number: '+8602150001', caller_name: 'My Acme Ltd', out_caller_number: '+8602160002', out_caller_name: 'The Acme out!' };
  const told = (row, keys) => Object.fromEntries(keys.map((k) => [k, row[k]]));
  assert.deepEqual(told(preview.body.after, Object.keys(texts)), texts);
  assert.deepEqual([preview.body.before.number, preview.body.after.number, preview.body.after.password], ['7801', '97801', '***']);
  const done = await admin.post('/quick-edit', change);
  assert.deepEqual([done.status, done.body.changed], [200, 2], JSON.stringify(done.body));
  for (const [i, r] of rows.entries()) {
    const now = (await admin.get(`/extensions/${r.id}`)).body;
    assert.deepEqual(told(now, Object.keys(texts)), texts);
    assert.deepEqual(told(now, Object.keys(set)), set);
    assert.equal(now.number, `9780${i + 1}`);
    assert.equal(env.pg.sql(`select ha1 = md5('9780${i + 1}:alpha.test:new-secret') from zj.extension where id = '${r.id}'`)[0][0], 't');
  }
  assert.deepEqual(told((await admin.get(`/extensions/${other.id}`)).body, ['name', 'dnd', 'enabled']), { name: 'desk', dnd: false, enabled: true }, 'the others stay');
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

// covers: TEN-V057
test('quick edit of agents: number, password of prefix, number and suffix, status, which extension, the number shown outside', async () => {
  const role = (await admin.get('/roles?filter[kind]=agent')).body.items[0], rows = [];
  for (const n of ['4701', '4702', '4703']) {
    const account = await admin.make('accounts', { username: `v057-${n}`, name: n, password: 'before-password', role_id: role.id });
    rows.push({ account, ...(await admin.make('agents', { number: n, name: `席${n}`, account_id: account.id, out_caller_number: '0215000' })) });
  }
  const bare = await admin.make('agents', { number: '4709', name: '无账号' });
  const [a, b, other] = rows, ids = [a.id, b.id, bare.id];
  const around = (prefix, suffix) => ({ prefix, suffix });
  const change = { resource: 'agents', ids, set: { enabled: true, extension_mode: 'fixed' }, reset_password: true, affix: { number: around('8', ''), password: around('Pw-', '-x'), out_caller_number: around('', '9') } };
  const preview = await admin.post('/quick-edit', { ...change, preview: true });
  assert.deepEqual([preview.status, preview.body.matched], [200, 3], JSON.stringify(preview.body));
  const { number, password, enabled, extension_mode, out_caller_number } = preview.body.after;
  assert.deepEqual([preview.body.before.number, number, password, enabled, extension_mode, out_caller_number], ['4701', '84701', '***', true, 'fixed', '02150009'], 'number, password masked, status');
  await env.login({ tenant: 'alpha', username: 'v057-4701', password: 'before-password' });
  const done = await admin.post('/quick-edit', change);
  assert.deepEqual([done.status, done.body.changed], [200, 3], JSON.stringify(done.body));
  for (const x of [a, b]) {
    const now = (await admin.get(`/agents/${x.id}`)).body;
    assert.deepEqual([now.number, now.enabled, now.extension_mode, now.out_caller_number], [`8${x.number}`, true, 'fixed', '02150009']);
    assert.equal((await new Client(env).post('/login', { tenant: 'alpha', username: `v057-${x.number}`, password: 'before-password' })).status, 401);
    const me = await env.login({ tenant: 'alpha', username: `v057-${x.number}`, password: `Pw-8${x.number}-x` });
    assert.equal(me.session.must_change_password, true, 'given passwords are to be changed');
  }
  await env.login({ tenant: 'alpha', username: 'v057-4703', password: 'before-password' });
  assert.equal((await admin.get(`/agents/${other.id}`)).body.number, '4703', 'the others stay');
  assert.equal((await admin.post('/quick-edit', { resource: 'agents', ids: [other.id], set: { enabled: false } })).status, 200);
  assert.equal((await admin.get(`/agents/${other.id}`)).body.enabled, false, 'what is not set stays: only the status');
  // A prefix it must have; the rules hold; not without accounts.update, and not for who has more rights.
  for (const [affix, field] of [[{ password: around('', 'x') }, 'affix.password.prefix'], [{ password: around('p', '') }, 'affix.password']]) {
    const r = await admin.post('/quick-edit', { resource: 'agents', ids: [other.id], reset_password: true, affix });
    assert.deepEqual([r.status, r.body.errors.map((e) => e.field)], [422, [field]], JSON.stringify(r.body));
  }
  const helper = await env.clerk(admin, 'v057-helper', ['quick-edit.run', 'agents.update', 'agents.read']), reset = { resource: 'agents', ids: [other.id], reset_password: true, affix: { password: around('Given-', '') } };
  assert.equal((await helper.post('/quick-edit', reset)).body.permission, 'accounts.update');
  const strong = await admin.make('accounts', { type: 'admin', username: 'v057-chief', name: 'C', password: 'chief-password' });
  const chief = await admin.make('agents', { number: '4710', name: 'C', account_id: strong.id });
  const more = await env.clerk(admin, 'v057-more', ['quick-edit.run', 'agents.update', 'agents.read', 'accounts.update', 'accounts.read']);
  assert.equal((await more.post('/quick-edit', { ...reset, ids: [chief.id] })).body.type, 'urn:zongji:problem:beyond_own');
  await env.login({ tenant: 'alpha', username: 'v057-chief', password: 'chief-password' });
});

const S = {};
test('supervisors: agents, roles, groups and queues of the tests that follow', async () => {
  const t = admin.tenant.id;
  S.group = await admin.make('agent-groups', { name: 'first' });
  S.queue = await admin.make('queues', { number: '4001', name: 'managed' });
  S.other = await admin.make('queues', { number: '4002', name: 'not managed' });
  S.leaders = await admin.make('agent-roles', { name: 'leader', permissions: ['live.read', 'agents.control', 'calls.control'] });
  S.scoped = await admin.make('roles', { name: 'sees own', permissions: ['calls.read', 'recordings.read', 'show.phone'], scope: 'own' });
  const agent = async (n, more = {}, leader = false) => {
    const account = await admin.make('accounts', { username: n, name: n, password: 'clerk-password', role_id: S.scoped.id });
    const row = await admin.make('agents', { number: `6${n[0] === 's' ? 1 : 0}${n[1]}`, name: n, account_id: account.id, ...more, ...(leader ? { role_id: S.leaders.id } : {}) });
    S[n] = Object.assign(await env.login({ tenant: 'alpha', username: n, password: 'clerk-password' }), { account, agent: row });
  };
  await agent('s1', {}, true);
  await agent('s2', {}, true); // a leader who looks after nobody
  for (const n of ['a1', 'a2']) await agent(n, { group_id: S.group.id });
  for (const n of ['a3', 'a4']) await agent(n);
  await admin.make('queue-agents', { queue_id: S.queue.id, agent_id: S.a3.agent.id });
  S.link = await admin.make('agent-managed-groups', { agent_id: S.s1.agent.id, group_id: S.group.id });
  await admin.make('agent-managed-queues', { agent_id: S.s1.agent.id, queue_id: S.queue.id });
  S.calls = Object.fromEntries(['s1', 'a1', 'a3', 'a4', 'q', 'o'].map((n, i) => [n, `018f0000-0000-7000-8000-0000000000c${i}`]));
  const call = (n, more) => ({ id: S.calls[n], direction: 'in', caller: '13800138078', callee: '02150001000', where: 'talk', legs: [], ...more });
  const of = (n) => ({ legs: [{ id: uuid, role: 'agent', state: 'up', agent: S[n].agent.id }] });
  Object.assign(env.acd.board(t), {
    queues: [S.queue, S.other].map((q) => ({ id: q.id, number: q.number, waiting: 1 })),
    agents: ['s1', 's2', 'a1', 'a2', 'a3', 'a4'].map((n) => ({ id: S[n].agent.id, number: S[n].agent.number, state: 'idle' })),
    calls: [...['s1', 'a1', 'a3', 'a4'].map((n) => call(n, of(n))), call('q', { queue: S.queue.id, where: 'queue' }), call('o', { queue: S.other.id, where: 'queue' })],
    visits: [{ id: 'v1', queue: S.queue.id, caller: '13800138078', call: S.calls.q }, { id: 'v2', queue: S.other.id, caller: '13800138078', call: S.calls.o }],
  });
});

// covers: TEN-Y16
test('roles of agents: made, changed, searched, deleted; what an agent may command follows from its role', async () => {
  const role = await admin.make('agent-roles', { name: 'nothing yet', permissions: [] });
  assert.equal((await admin.post('/agent-roles', { name: 'bad', permissions: ['no.such'] })).status, 422);
  assert.deepEqual((await admin.get('/agent-roles?q=nothing')).body.items.map((r) => r.id), [role.id]);
  await admin.patch(`/agents/${S.s1.agent.id}`, { role_id: role.id });
  const state = () => S.s1.post(`/agents/${S.a1.agent.id}/state`, { state: 'busy', reason: 'x' }).then((r) => r.status);
  assert.equal(await state(), 403);
  await admin.patch(`/agent-roles/${role.id}`, { permissions: ['agents.control'] });
  assert.equal(await state(), 200);
  await admin.patch(`/agents/${S.s1.agent.id}`, { role_id: S.leaders.id });
  assert.equal((await admin.delete(`/agent-roles/${role.id}`)).status, 204);
  assert.equal((await admin.get(`/agent-roles/${role.id}`)).status, 404);
});

// covers: TEN-Y22
test('a supervisor commands those it looks after, by group or by queue, and nobody else', async () => {
  const state = (who, n) => who.post(`/agents/${S[n].agent.id}/state`, { state: 'busy', reason: 'x' }).then((r) => r.status);
  const hangup = (who, n) => who.post(`/calls/${S.calls[n]}/hangup`, {}).then((r) => r.status);
  const transfer = (who, n) => who.post(`/calls/${S.calls[n]}/transfer`, { to: 'queue:4001' }).then((r) => r.status);
  assert.deepEqual([await state(S.s1, 's1'), await state(S.s1, 'a1'), await state(S.s1, 'a2'), await state(S.s1, 'a3'), await state(S.s1, 'a4'), await state(S.s1, 's2')], [200, 200, 200, 200, 403, 403]);
  assert.deepEqual([await hangup(S.s1, 's1'), await hangup(S.s1, 'a1'), await hangup(S.s1, 'a3'), await hangup(S.s1, 'q'), await hangup(S.s1, 'a4'), await hangup(S.s1, 'o')], [200, 200, 200, 200, 403, 403]);
  assert.deepEqual([await transfer(S.s1, 'a1'), await transfer(S.s1, 'a4')], [200, 403]);
  assert.deepEqual([await state(S.s2, 'a1'), await hangup(S.s2, 'a1'), await state(S.s2, 's2')], [403, 403, 200], 'a leader of nobody');
  assert.deepEqual([await state(S.a1, 'a2'), await hangup(S.a1, 'a3'), await hangup(S.a1, 'a1')], [403, 403, 200], 'an agent: itself');
  assert.deepEqual([await state(admin, 'a4'), await hangup(admin, 'a4')], [200, 200], 'an administrator: all');
});

test('a supervisor\'s board and events: itself, its groups, its queues; in effect when that changes', async () => {
  const board = async (who) => { const b = (await who.get('/live/board')).body; return { queues: b.queues.length, agents: b.agents.map((a) => a.number).sort(), calls: b.calls.length, visits: b.visits.map((v) => v.id) }; };
  const numbers = (...n) => n.map((x) => S[x].agent.number).sort();
  assert.deepEqual(await board(S.s1), { queues: 1, agents: numbers('s1', 'a1', 'a2', 'a3'), calls: 4, visits: ['v1'] });
  assert.deepEqual(await board(S.s2), { queues: 0, agents: numbers('s2'), calls: 0, visits: [] });
  assert.deepEqual(await board(S.a1), { queues: 0, agents: numbers('a1'), calls: 1, visits: [] });
  assert.equal((await admin.get('/live/board')).body.agents.length, 6);
  const ws = await S.s1.events();
  const snap = await ws.wait('snapshot');
  assert.equal(snap.agents.length, 4);
  const tell = (type, data) => env.acd.emit(admin.tenant.id, type, data);
  tell('agent.changed', { id: S.a4.agent.id, state: 'busy' });
  tell('queue.changed', { id: S.other.id, waiting: 9 });
  tell('visit.changed', { id: 'v2', queue: S.other.id, caller: '1' });
  tell('agent.changed', { id: S.a3.agent.id, state: 'busy' });
  tell('queue.changed', { id: S.queue.id, waiting: 9 });
  tell('visit.changed', { id: 'v1', queue: S.queue.id, caller: '1' });
  await ws.wait('visit.changed');
  assert.deepEqual(ws.messages.filter((m) => m.type !== 'tick').map((m) => m.data?.id ?? m.type), ['snapshot', S.a3.agent.id, S.queue.id, 'v1']);
  // A role for a part of the tenant, with live.read: what the database calls its data scope, plus what its agent looks after.
  const department = await admin.make('departments', { name: 'east' });
  for (const n of ['a4', 'a2']) assert.equal((await admin.patch(`/accounts/${S[n].account.id}`, { department_id: department.id })).status, 200);
  const chief = await env.clerk(admin, 'chief', []);
  await admin.patch(`/accounts/${chief.account.id}`, { department_id: department.id });
  await admin.patch(`/roles/${chief.role.id}`, { permissions: ['live.read'], scope: 'department' });
  assert.deepEqual((await board(chief)).agents, numbers('a2', 'a4'));
  const east = await chief.events();
  assert.deepEqual((await east.wait('snapshot')).agents.map((a) => a.number).sort(), numbers('a2', 'a4'));
  tell('agent.changed', { id: S.a1.agent.id, state: 'busy' });
  tell('agent.changed', { id: S.a4.agent.id, state: 'idle' });
  await east.wait('agent.changed', (m) => m.data.id === S.a4.agent.id);
  assert.ok(!east.messages.some((m) => m.data?.id === S.a1.agent.id));
  await admin.patch(`/accounts/${S.a4.account.id}`, { department_id: null });
  await east.wait('snapshot', (m) => m.agents.length === 1, 4000);
  await admin.patch(`/roles/${chief.role.id}`, { scope: 'tenant' });
  await east.wait('snapshot', (m) => m.agents.length === 6, 2000);
  for (const w of [ws, east]) w.close();
});

// covers: NUM-R02 NUM-R03 NUM-R04
test('masks: numbers in events, board and living calls look as in the call records, for every edge', async () => {
  const t = admin.tenant.id;
  const edges = ['13800138078', '+8613800138078', '02150001000', '1001', '12', '1', '123456', '1234567', '+12345', '+123456', '+1234567', 'anonymous', 'sip:a@b.example', '010-8888 9999', '电话13800138078', 'ab1234567cd', '', '***', '138001380789999999999999999999'];
  const clerk = await env.clerk(admin, 'masked', ['live.read', 'calls.read']);
  const open = await env.clerk(admin, 'unmasked', ['live.read', 'calls.read', 'show.phone']);
  env.acd.board(t).calls = edges.map((e, i) => ({ id: `018f0000-0000-7000-8000-0000000001${String(i).padStart(2, '0')}`, caller: e, callee: e, where: 'talk', legs: [] }));
  const ids = env.acd.board(t).calls.map((c) => c.id);
  const lit = (s) => `'${s.replaceAll("'", "''")}'`;
  env.pg.sql(edges.map((e) => `insert into zj.call (tenant_id, id, direction, caller, callee, started_at, ended_at, result, hangup_reason) values ('${t}', zj.zj_uuid7(), 'in', ${lit(e)}, ${lit(e)}, now(), now(), 'failed', ${lit(`edge ${e}`)});`).join('\n'));
  const stored = (await clerk.get('/calls?limit=200')).body.items;
  const bySql = new Map(stored.filter((c) => c.hangup_reason?.startsWith('edge ')).map((c) => [c.hangup_reason.slice(5), c]));
  assert.equal(bySql.size, edges.length);
  const board = (await clerk.get('/live/board')).body.calls;
  for (const [i, e] of edges.entries()) {
    assert.deepEqual([board[i].caller, board[i].callee], [bySql.get(e).caller, bySql.get(e).callee], `edge ${e}`);
    assert.equal(board[i].caller, env.pg.sql(`select '<' || zj.zj_mask('phone', ${lit(e)}) || '>'`)[0][0].slice(1, -1), 'zj_mask itself');
    if (e.length > 2) assert.notEqual(board[i].caller, e === '***' ? 'x' : e);
  }
  assert.equal(board[0].caller, '138****8078');
  assert.deepEqual((await open.get('/live/board')).body.calls.map((c) => c.caller), edges);
  assert.equal((await clerk.get(`/calls/${ids[0]}`)).body.caller, '138****8078');
  const ws = await clerk.events(), clear = await open.events();
  assert.equal((await ws.wait('snapshot')).calls[0].caller, '138****8078');
  assert.equal((await clear.wait('snapshot')).calls[0].caller, edges[0]);
  env.acd.emit(t, 'call.changed', { id: ids[0], caller: '13900139000', callee: '02150001000', legs: [] });
  env.acd.emit(t, 'visit.changed', { id: 'v9', queue: S.queue.id, caller: '13900139000' });
  assert.equal((await ws.wait('call.changed')).data.caller, '139****9000');
  assert.equal((await ws.wait('visit.changed')).data.caller, '139****9000');
  assert.equal((await clear.wait('call.changed')).data.caller, '13900139000');
  for (const where of ['ring', 'talk']) { // from ringing on, throughout
    env.acd.emit(t, 'call.changed', { id: ids[1], caller: '018112340251', callee: '02150001000', where, legs: [] });
    assert.equal((await ws.wait('call.changed', (m) => m.data.where === where)).data.caller, '0181****0251');
    assert.equal((await clear.wait('call.changed', (m) => m.data.where === where)).data.caller, '018112340251');
  }
  assert.ok(!JSON.stringify(ws.messages).includes('13900139000'));
  // The field closed to the role altogether; and opened again: the page gets a new snapshot.
  ws.messages.length = 0;
  const closed = await admin.make('role-fields', { role_id: clerk.role.id, resource: 'calls', field: 'caller', access: 'none' });
  await ws.wait('snapshot', (m) => m.calls[0].caller === null);
  await admin.delete(`/role-fields/${closed.id}`);
  await admin.patch(`/roles/${clerk.role.id}`, { permissions: ['live.read', 'calls.read', 'show.phone'] });
  await ws.wait('snapshot', (m) => m.calls[0].caller === edges[0]);
  for (const w of [ws, clear]) w.close();
});

// covers: TEN-Y23
test('call records: an administrator sees all, a supervisor its own and those it looks after, an agent its own', async () => {
  const t = admin.tenant.id;
  env.pg.sql(['s1', 's2', 'a1', 'a2', 'a3', 'a4'].map((n) => `insert into zj.call (tenant_id, id, direction, caller, callee, started_at, ended_at, result, last_agent, hangup_reason) values ('${t}', zj.zj_uuid7(), 'in', '1', '2', now(), now(), 'answered', '${S[n].agent.id}', 'of ${n}');`).join('\n'));
  const seen = async (who) => (await who.get('/calls?limit=200')).body.items.map((c) => c.hangup_reason ?? '').filter((r) => r.startsWith('of ')).map((r) => r.slice(3)).sort();
  assert.deepEqual(await seen(admin), ['a1', 'a2', 'a3', 'a4', 's1', 's2']);
  assert.deepEqual(await seen(S.s1), ['a1', 'a2', 'a3', 's1']);
  assert.deepEqual(await seen(S.a4), ['a4']);
  assert.equal((await S.s1.get('/calls?count=true')).body.total, 4, 'counted alike');
  const theirs = (await admin.get(`/calls?filter[last_agent]=${S.a4.agent.id}`)).body.items[0].id;
  assert.equal((await S.s1.get(`/calls/${theirs}`)).status, 404);
  await admin.delete(`/agent-managed-groups/${S.link.id}`);
  assert.deepEqual(await seen(S.s1), ['a3', 's1']);
});
