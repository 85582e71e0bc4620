// Tenants, their accounts, groups and roles, as the forms and lists of the administration have them.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, startEnv, until, uuid } from './env.mjs';
import { fieldTable, listOffers, meta } from './fields.mjs';
import { upload } from './upload.mjs';

let env, boss, alpha, beta, n = 0;
const next = (name) => `${name}${++n}`;
const names = (r, key = 'name') => r.body.items.map((i) => i[key]).sort();
const inside = (t) => new Client(env, boss.token, { 'x-zj-tenant': t.tenant.id });
const newTenant = (body = {}) => { const name = next('team'); return { name, title: name.toUpperCase(), sip_domain: `${name}.test`, ...body }; };
before(async () => {
  env = await startEnv();
  boss = env.boss = await env.carrier();
  [alpha, beta] = [await env.tenant('alpha'), await env.tenant('beta')];
});
after(() => env?.close());

// covers: TEN-V007 TEN-V008 TEN-V011
test('tenants are companies that have nothing to do with one another; only the carrier makes them, each under a name of its own', async () => {
  for (const who of [alpha, await env.clerk(alpha, 'v008', ['queues.read'])]) assert.ok([403, 404, 405].includes((await who.post('/tenants', newTenant())).status), 'not by a tenant');
  const reader = await boss.make('roles', { name: 'only looks', permissions: ['tenants.read'] });
  await boss.make('accounts', { username: 'looks', name: 'L', password: 'carrier-password', role_id: reader.id });
  assert.equal((await (await env.login({ username: 'looks', password: 'carrier-password' })).post('/tenants', newTenant())).status, 403);
  const made = await boss.make('tenants', newTenant());
  assert.equal((await boss.post('/tenants', { ...newTenant(), name: made.name })).status, 409, 'the identifier is unique');
  for (const name of ['a b', 'a_b', '甲', '', 'x'.repeat(64)]) assert.equal((await boss.post('/tenants', { ...newTenant(), name })).status, 422, name);
  // The same numbers in both, and neither sees the other's.
  for (const [r, body] of [['extensions', { number: '1001', name: 'E', password: 'at-least-8' }], ['agents', { number: '5000', name: 'A' }], ['queues', { number: '4001', name: 'Q' }]]) {
    const [a, b] = [await alpha.make(r, body), await beta.make(r, body)];
    assert.deepEqual([(await alpha.get(`/${r}`)).body.items.map((x) => x.id), (await beta.get(`/${r}`)).body.items.map((x) => x.id)], [[a.id], [b.id]], r);
    for (const verb of ['get', 'delete']) assert.equal((await alpha[verb](`/${r}/${b.id}`)).status, 404, r);
  }
  assert.equal((await new Client(env, boss.token).post('/accounts', { username: 'x', name: 'x', password: 'long-enough-1', tenant_id: uuid })).status, 422, 'everything belongs to a tenant that is there');
});

const urls = { accepts: ['https://crm.test/events?x=1'], refuses: ['crm', 'ftp://a'] }, yesNo = { accepts: [true, false], refuses: ['yes'] };
// covers: TEN-V009 TEN-V016 TEN-V018
test('a tenant: every field of its basic, advanced and payment data; the list and its search', async () => {
  const trunk = await boss.make('trunks', { tenant_id: alpha.tenant.id, name: 't1', host: '127.0.0.1' });
  const about = await meta(boss, 'tenants');
  assert.deepEqual(['basic', 'advanced', 'payment'].map((g) => about.groups[g].zh), ['基本资料', '高级资料', '付款方式']);
  const quota = (zh) => ({ zh, accepts: [0, 5, null], refuses: [-1, 'five', 10000000] });
  const row = await fieldTable(boss, 'tenants', newTenant, {
    title: { zh: '团队名称', required: true, accepts: ['某某公司'], refuses: ['', null] }, name: { zh: '唯一标识', required: true, accepts: ['team-x9'], refuses: ['A', ''] },
    max_accounts: quota('最大账号数目'), max_agents: quota('最大坐席数目'), max_extensions: quota('最大分机数目'), max_queues: quota('最大队列数目'), max_rooms: quota('最大会议室数目'),
    outbound_kind: { zh: '对象', default: 'trunk', accepts: ['trunk_group', 'trunk'], refuses: ['x'] }, outbound_id: { zh: '中继/中继组', default: null, refuses: [uuid, trunk.id] },
    internal_calls: { zh: '内线互相呼叫', default: true, ...yesNo }, agent_call_records: { zh: '坐席通话记录', default: 'none', accepts: ['records', 'records_and_recordings', 'none'], refuses: ['x'] },
    force_record: { zh: '强制录音', default: false, ...yesNo }, record_scope: { zh: '录音范围', default: 'answered', accepts: ['all', 'answered'], refuses: ['x'] }, pin_prefix: { zh: 'PIN前缀', default: '', accepts: ['12'], refuses: ['a'] },
    payment_mode: { zh: '付费方式', default: 'unlimited', accepts: ['postpaid', 'prepaid', 'unlimited'], refuses: ['x'] }, credit_limit: { zh: '额度限制', default: 0, accepts: [12.5], refuses: [-1] }, charges: { zh: '当前话费', default: 0, readonly: true, refuses: [1] },
    display_name: { zh: '显示名称', default: '', accepts: ['一二三四五六七八九十一二三四五'], refuses: ['一二三四五六七八九十一二三四五六'] }, language: { zh: '默认语言', default: 'zh', accepts: ['en', 'zh'], refuses: ['fr'] },
    type: { zh: '团队类型', default: 'enterprise', accepts: ['bpo', 'personal', 'enterprise'], refuses: ['x'] }, company_name: { zh: '公司名称', default: '', accepts: ['某某'] }, address: { zh: '公司地址', default: '', accepts: ['上海'] },
    email: { zh: '公司邮箱', default: null, accepts: ['a@b.cn'], refuses: ['a'] }, admin_phone: { zh: '管理员联络电话', default: null, accepts: ['13800138000'], refuses: ['x'] }, admin_email: { zh: '管理员联络EMAIL', default: null, accepts: ['a@b.cn'], refuses: ['a'] },
    event_url: { zh: '事件接收地址', default: null, ...urls }, sip_domain: { required: true, accepts: ['realm-x9.test'], refuses: ['A B'] }, verification: { zh: '验证字符串', accepts: ['a-long-secret'], refuses: ['short'], shown: false },
    dial_prefix: { zh: '团队互拨前缀', default: '', accepts: ['77'], refuses: ['a'] }, voicemail_mail: { zh: '语音邮件发送方式', default: 'system', accepts: ['attachment', 'link', 'off', 'system'], refuses: ['x'] }, template: { zh: '模版名称', default: '', accepts: ['标准'] },
    billing_mode: { zh: '计费模式', default: 'amount', accepts: ['minutes', 'amount'], refuses: ['x'] }, business_url: { zh: '业务接口地址', default: null, ...urls }, external_agent_billing: { zh: '外线坐席计费', default: 'normal', accepts: ['free', 'normal'], refuses: ['x'] },
    external_agent_kind: { zh: '外线坐席中继类型', default: 'trunk', accepts: ['trunk_group', 'trunk'], refuses: ['x'] }, external_agent_id: { zh: '外线坐席中继', default: null }, default_kind: { zh: '默认话务类型', default: null, accepts: ['queue', 'ivr', 'extension', null], refuses: ['x'] },
    default_id: { zh: '默认话务目标', default: null }, follow_prompt: { zh: '来电跟随提示', default: false, ...yesNo }, panel_call_records: { zh: '拨号面板呼叫记录', default: true, ...yesNo }, show_all_agents: { zh: '显示全部坐席', default: true, ...yesNo },
    callback_restriction: { zh: '双呼主叫限制', default: false, ...yesNo }, description: { zh: '说明', default: '', accepts: ['大客户'] },
  });
  assert.ok(!JSON.stringify((await boss.get(`/tenants/${row.id}`)).body).includes('a-long-secret'));
  const owned = await boss.make('trunks', { tenant_id: row.id, name: 't2', host: '127.0.0.2' });
  assert.equal((await boss.patch(`/tenants/${row.id}`, { outbound_id: owned.id })).body.outbound_id, owned.id, 'a trunk of its own');
  // The logo: uploaded by the tenant, shown where it is.
  const logo = await upload(alpha, '\x89PNG logo', { name: 'logo.png', media_type: 'image/png', purpose: 'logo' });
  assert.equal((await alpha.patch(`/tenants/${alpha.tenant.id}`, { logo_id: logo.id, display_name: '阿尔法' })).status, 200);
  const shown = await alpha.get(`/tenants/${alpha.tenant.id}/logo_id`);
  assert.deepEqual([shown.status, shown.headers.get('content-type')], [200, 'image/png']);
  const beginning = new Date(Date.now() - 3600e3).toISOString(), end = new Date(Date.now() + 3600e3).toISOString();
  await listOffers(boss, 'tenants', row, { columns: ['name', 'title', 'updated_at'], bin: false, q: 'team-x9',
    search: { 'description:contains': '大客户', created_by: boss.session.account.id, title: '某某公司', 'title:contains': '某某', 'updated_at:between': `${beginning},${end}` } });
  assert.deepEqual((await boss.get(`/tenants?filter[updated_at][ge]=${end}`)).body.items, []);
  assert.equal((await boss.delete(`/tenants/${row.id}`)).status, 204);
  assert.equal((await boss.get(`/tenants/${row.id}`)).status, 404);
  assert.ok((await boss.get('/tenants?deleted=true')).body.items.some((t) => t.id === row.id));
  assert.equal((await boss.post('/tenant-import', {})).status, 422, 'data of a tenant come in as well: of which file?');
});

// covers: TEN-V501 TEN-V010
test('used and maximum: in all and of every tenant; the maximum holds when something is made', async () => {
  const made = await boss.make('tenants', newTenant({ address: '杭州', admin_phone: '13800138000', admin_email: 'boss@b.cn', max_accounts: 3, max_agents: 1, max_extensions: 1, max_queues: 1, max_rooms: 1, max_campaigns: 1 }));
  const of = async (who = boss) => (await who.get('/usage')).body.items.find((i) => i.tenant.id === made.id);
  assert.deepEqual((({ id, title, address, phone, email }) => ({ id, title, address, phone, email }))((await of()).tenant), { id: made.id, title: made.title, address: '杭州', phone: '13800138000', email: 'boss@b.cn' });
  await boss.make('accounts', { tenant_id: made.id, type: 'admin', username: 'admin', name: 'A', password: 'tenant-password' });
  const admin = Object.assign(await env.login({ tenant: made.name, username: 'admin', password: 'tenant-password' }), { tenant: made });
  const before = (await boss.get('/usage')).body.total;
  const rows = { accounts: (i) => ({ username: `u${i}`, name: 'U', password: 'clerk-password' }), agents: (i) => ({ number: `500${i}`, name: 'A' }), extensions: (i) => ({ number: `100${i}`, password: 'at-least-8' }), queues: (i) => ({ number: `400${i}`, name: `Q${i}` }),
    rooms: (i) => ({ number: `800${i}`, name: `R${i}` }), campaigns: (i) => ({ name: `C${i}` }) };
  for (const [r, row] of Object.entries(rows)) {
    const max = made[`max_${r}`];
    for (let i = (await of()).used[r]; i < max; i++) await admin.make(r, row(i));
    const refused = await admin.post(`/${r}`, row(max));
    assert.equal(refused.status >= 400 && refused.status < 500, true, r);
    assert.match(JSON.stringify(refused.body), new RegExp(`max_${r}|at most ${max}|${max}`), r);
    assert.deepEqual([(await of()).used[r], (await of()).max[r]], [max, max], r);
    assert.equal((await boss.get('/usage')).body.total.used[r] - before.used[r], max - (r === 'accounts' ? 1 : 0), r);
  }
  await boss.patch(`/tenants/${made.id}`, { max_rooms: null });
  assert.equal((await of()).max.rooms, null, 'unlimited');
  await admin.make('rooms', rows.rooms(7));
  assert.deepEqual((await admin.get('/usage')).body.items.map((i) => i.tenant.id), [made.id], 'a tenant sees its own');
});

// covers: TEN-V002 TEN-V019 TEN-V023 TEN-V024
test('what an account is decides what it sees: the carrier\'s everything, a tenant\'s administrator its tenant, a user itself', async () => {
  assert.deepEqual((await meta(alpha, 'accounts')).field('type').enum.slice(0, 2), ['admin', 'user']);
  const chief = await alpha.make('accounts', { type: 'admin', username: 'chief', name: 'C', password: 'clerk-password' });
  const [system] = (await alpha.get('/roles?filter[kind]=admin')).body.items, [plain] = (await alpha.get('/roles?filter[kind]=agent')).body.items;
  assert.equal(chief.role_id, system.id, 'the administrator\'s role by default');
  const user = await alpha.make('accounts', { username: 'v-user', name: 'U', password: 'clerk-password' });
  assert.deepEqual([user.type, user.role_id], ['user', null], 'a user\'s role is chosen');
  const role = await alpha.make('roles', { name: 'looks after queues', permissions: ['queues.read', 'queues.update', 'accounts.read'], scope: 'own' });
  await alpha.patch(`/accounts/${user.id}`, { role_id: role.id });
  const [c, u] = [await env.login({ tenant: 'alpha', username: 'chief', password: 'clerk-password' }), await env.login({ tenant: 'alpha', username: 'v-user', password: 'clerk-password' })];
  assert.deepEqual(u.session.permissions.sort(), ['accounts.read', 'queues.read', 'queues.update'], 'all of the role\'s permissions');
  const seen = async (who) => (await who.get('/accounts?limit=200')).body.items;
  assert.deepEqual((await seen(u)).map((a) => a.id), [user.id]);
  const all = (await seen(c)).map((a) => a.id);
  assert.ok(all.includes(user.id) && all.includes(chief.id) && all.length > 2);
  assert.deepEqual(new Set((await seen(boss)).map((a) => a.tenant_id)).size >= 3, true, 'the carrier\'s, of all tenants');
  assert.equal(plain.scope, 'own');
  await alpha.patch(`/roles/${role.id}`, { permissions: ['queues.read'] });
  assert.deepEqual((await u.get('/session')).body.permissions, ['queues.read']);
});

// covers: TEN-V020 TEN-V021
test('accounts: user names, and the list with its search', async () => {
  for (const username of ['李四', 'li_4', 'li@4', 'Li4', '123']) assert.equal((await alpha.make('accounts', { username: `${username}x`, name: 'N', password: 'clerk-password' })).username, `${username}x`);
  for (const username of ['a b', 'a/b', '', 'x'.repeat(65), 'a\n']) assert.equal((await alpha.post('/accounts', { username, name: 'N', password: 'clerk-password' })).status, 422, username);
  assert.equal((await alpha.post('/accounts', { username: '李四x', name: 'N', password: 'clerk-password' })).status, 409, 'unique in the tenant');
  await beta.make('accounts', { username: '李四x', name: 'N', password: 'clerk-password' });
  const reserved = await alpha.post('/accounts', { username: 'carrier', name: 'N', password: 'clerk-password' });
  assert.ok([409, 422].includes(reserved.status), 'not a name of the carrier\'s people');
  const role = await alpha.make('roles', { name: 'of the searched', permissions: [] });
  const a = await alpha.make('accounts', { username: 'searched', name: '张三', surname: '张', given_name: '三', password: 'clerk-password', role_id: role.id, force_record: true, bill_mail: true });
  const group = await alpha.make('account-groups', { name: '搜索组' });
  await alpha.make('account-group-members', { group_id: group.id, account_id: a.id, admin: true });
  await listOffers(alpha, 'accounts', a, { columns: ['id', 'username', 'given_name', 'surname', 'type'],
    search: { username: 'searched', given_name: '三', surname: '张', type: 'user', enabled: 'true', force_record: 'true', role_id: role.id, bill_mail: 'true' }, bin: false });
  assert.deepEqual((await alpha.get(`/account-group-members?filter[admin]=true&filter[account_id]=${a.id}`)).body.items.map((m) => m.group_id), [group.id], 'administrator of which group');
  assert.ok((await boss.get(`/accounts?filter[tenant_id]=${beta.tenant.id}&limit=200`)).body.items.every((x) => x.tenant_id === beta.tenant.id), 'by tenant');
});

// covers: TEN-V025 TEN-V034 TEN-V035 TEN-V036 TEN-V037
test('account groups: members of the same tenant, some of them administrators; list, search, recycle bin', async () => {
  const [a, b] = [await alpha.make('accounts', { username: 'g-a', name: 'A', password: 'clerk-password' }), await alpha.make('accounts', { username: 'g-b', name: 'B', password: 'clerk-password' })];
  const stranger = await beta.make('accounts', { username: 'g-c', name: 'C', password: 'clerk-password' });
  const group = await fieldTable(alpha, 'account-groups', () => ({ name: next('账号组') }), {
    name: { zh: '账号组名称', required: true, accepts: ['甲组'], refuses: ['', null] }, outbound_kind: { zh: '外呼对象', default: 'trunk', accepts: ['trunk_group', 'trunk'], refuses: ['x'] },
    outbound_id: { zh: '中继/中继组', default: null, refuses: [uuid] }, description: { zh: '说明', default: '', accepts: ['同一费率'] }, members: { zh: '组内号码数', default: 0, readonly: true, refuses: [5] }, created_by: { zh: '创建者', readonly: true, refuses: [uuid] },
  });
  const add = (account_id, body) => alpha.post('/account-group-members', { group_id: group.id, account_id, ...body });
  assert.equal((await add(stranger.id)).status, 422, 'not of another tenant');
  const [ma, mb] = [(await add(a.id, { admin: true })).body, (await add(b.id)).body];
  assert.deepEqual([ma.admin, mb.admin], [true, false]);
  assert.equal((await add(a.id)).status, 409, 'once');
  const members = await alpha.get(`/account-group-members?filter[group_id]=${group.id}&expand=account_id&sort=id`);
  assert.equal(members.body.items.length, 2);
  const free = (await alpha.get(`/accounts?limit=200&filter[id][ne]=${a.id}`)).body.items.map((x) => x.id);
  assert.ok(free.includes(b.id) && !free.includes(stranger.id), 'whom the left list offers');
  assert.equal((await alpha.get(`/account-groups/${group.id}`)).body.members, 2);
  assert.equal((await alpha.delete(`/account-group-members/${mb.id}`)).status, 204);
  assert.equal((await alpha.get(`/account-groups/${group.id}`)).body.members, 1);
  await alpha.make('account-groups', { name: '乙组' });
  const second = (await alpha.get('/account-groups?filter[name]=乙组')).body.items[0];
  assert.equal((await add(a.id)).status, 409);
  await alpha.make('account-group-members', { group_id: second.id, account_id: a.id });
  const hour = (h) => new Date(Date.now() + h * 3600e3).toISOString();
  await listOffers(alpha, 'account-groups', group, { columns: ['name', 'members', 'description', 'created_by'],
    search: { name: '甲组', 'description:contains': '费率', 'created_at:between': `${hour(-1)},${hour(1)}`, 'updated_at:between': `${hour(-1)},${hour(1)}`, created_by: alpha.session.account.id } });
  assert.equal((await alpha.get(`/account-groups/${group.id}`)).body.members, 1, 'its members come back with it');
});

// covers: TEN-V038 TEN-V039 TEN-V040
test('the permission registry: every page with its category and kinds; the carrier says which kinds can be granted', async () => {
  const tree = (await alpha.get('/meta/permissions')).body;
  const pages = tree.modules.flatMap((m) => m.resources.map((r) => ({ category: m.zh, page: r.name, ...r })));
  assert.ok(pages.length > 30);
  for (const p of pages) assert.ok(p.category && p.zh && p.en && Array.isArray(p.kinds), JSON.stringify(p));
  for (const [page, category] of [['accounts', '账号'], ['settings', '系统'], ['customers', '客户'], ['kb-articles', '知识'], ['calls', '报表'], ['queues', '队列']]) assert.match(pages.find((p) => p.page === page)?.category ?? '', new RegExp(category), page);
  const barred = await boss.make('grantable-permissions', { permission: 'queues.delete', allowed: false });
  const make = (permissions) => alpha.post('/roles', { name: next('v039'), permissions });
  await until('it is known', async () => (await make(['queues.read', 'queues.delete'])).status === 422);
  assert.deepEqual((await make(['queues.delete'])).body.errors.map((e) => [e.field, e.rule]), [['permissions', 'grantable']]);
  assert.equal((await make(['queues.read', 'queues.update'])).status, 201);
  assert.match(JSON.stringify((await alpha.get('/meta/permissions')).body.modules.flatMap((m) => m.resources).find((r) => r.name === 'queues')), /barred|queues\.delete/);
  for (const who of [alpha]) assert.ok([403, 404].includes((await who.patch(`/grantable-permissions/${barred.id}`, { allowed: true })).status), 'not by a tenant');
  await boss.patch(`/grantable-permissions/${barred.id}`, { allowed: true });
  await until('and again', async () => (await make(['queues.delete'])).status === 201);
});

// covers: TEN-V004 TEN-V041 TEN-V042 TEN-V043 TEN-V044
test('roles: two by default; add, edit, view, delete and export page by page, for accounts and agents', async () => {
  const roles = (await beta.get('/roles?sort=kind')).body.items;
  assert.deepEqual(roles.map((r) => [r.kind, r.permissions]), [['admin', ['*']], ['agent', []]]);
  assert.match(roles[0].remark + roles[1].remark, /适合管理员使用.*适合坐席使用/);
  assert.notEqual((await beta.patch(`/roles/${roles[0].id}`, { permissions: [] })).status, 200, 'the administrator\'s is not modified');
  assert.notEqual((await beta.delete(`/roles/${roles[0].id}`)).status, 204, 'nor deleted');
  assert.equal((await beta.patch(`/roles/${roles[1].id}`, { permissions: ['calls.read'] })).status, 200, 'the agents\' is');
  const row = await fieldTable(alpha, 'roles', () => ({ name: next('角色') }), {
    name: { zh: '角色名称', required: true, accepts: ['数据'], refuses: [''] }, type: { zh: '角色类型', default: 'user', accepts: ['user'], refuses: ['x'] },
    permissions: { zh: '权限', default: [], accepts: [['queues.read'], []], refuses: [['queues.fly'], ['nothing.read']] }, remark: { zh: '备注', default: '', accepts: ['备注'] },
  });
  await listOffers(alpha, 'roles', row, { columns: ['id', 'name', 'type', 'remark'], search: { name: '数据', type: 'user' } });
  // Each kind alone is that kind and no other.
  const q = await alpha.make('queues', { number: '4100', name: 'V004' });
  const tries = { read: (w) => w.get('/queues'), create: (w) => w.post('/queues', { number: String(4200 + ++n), name: 'N' }), update: (w) => w.patch(`/queues/${q.id}`, { name: 'M' }), export: (w) => w.post('/queues/export', { format: 'csv' }), delete: (w) => w.delete(`/queues/${q.id}`) };
  for (const kind of Object.keys(tries)) {
    const who = await env.clerk(alpha, `v004-${kind}`, [`queues.${kind}`, ...(kind === 'export' ? ['queues.read'] : [])]); // what cannot be seen is not exported
    for (const other of Object.keys(tries)) if (other !== kind && !(kind === 'export' && other === 'read')) assert.equal((await tries[other](who)).status, 403, `${kind} is not ${other}`);
    const done = await tries[kind](who);
    assert.ok(done.status < 300, `${kind}: ${JSON.stringify(done.body)}`);
  }
  // Modules fold pages, pages have only the kinds that they offer.
  const pages = Object.fromEntries((await alpha.get('/meta/permissions')).body.modules.flatMap((m) => m.resources).map((r) => [r.name, r.kinds]));
  assert.ok(pages.queues.includes('create') && pages.queues.includes('export'));
  assert.ok(!pages.calls.includes('create') && !pages.calls.includes('update'));
  const agentRole = await alpha.make('agent-roles', { name: '坐席甲', permissions: ['calls.read'] });
  assert.equal((await alpha.make('agents', { number: '5041', name: 'A', role_id: agentRole.id })).role_id, agentRole.id);
});
