// Business clients that a tenant answers calls for, and BPO accounts that see what is given to them.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, startEnv, until, uuid } from './env.mjs';
import { fieldTable, listOffers, meta } from './fields.mjs';
import { upload } from './upload.mjs';

let env, admin, other, management, pages, n = 0;
const next = (name) => `${name} ${++n}`;
const ids = (r) => r.body.items.map((i) => i.id).sort();
before(async () => {
  env = await startEnv();
  [admin, other] = [await env.tenant('alpha'), await env.tenant('beta')];
  const links = (await admin.get('/links?limit=100')).body.items;
  management = links.find((l) => l.kind === 'management');
  pages = Object.fromEntries(links.map((l) => [l.address, l.id]));
  for (const who of [admin, other]) for (const o of (await who.get('/business-objects')).body.items) await who.patch(`/business-objects/${o.id}`, { enabled: true });
});
after(() => env?.close());
const questionnaire = () => admin.make('questionnaires', { name: next('问卷') });
const client = async (body) => admin.make('business-clients', { name: next('客户公司'), management_link_id: management.id, questionnaires: [(await questionnaire()).id], ...body });
const fact = (table, row) => env.pg.sql(`insert into zj.${table} (${Object.keys(row).join(', ')}) values (${Object.values(row).map((v) => `'${v}'`).join(', ')}) returning id`)[0][0];
const call = (did, campaign) => fact('call', { tenant_id: admin.tenant.id, id: env.pg.sql('select zj.zj_uuid7()')[0][0], direction: campaign ? 'out' : 'in', caller: '13800138000', callee: did ?? '10', started_at: '2026-11-21T01:00:00Z',
  ended_at: '2026-11-21T01:01:00Z', result: 'answered', ...(did ? { did } : {}), ...(campaign ? { campaign_ref: campaign } : {}) });

// covers: TEN-V304 TEN-V305 TEN-V306 TEN-V307 TEN-V311
test('a business client: every field of its two tabs', async () => {
  const [q1, q2] = [await questionnaire(), await questionnaire()], [g1, g2] = [await admin.make('agent-groups', { name: '咨询' }), await admin.make('agent-groups', { name: '防伪' })];
  const picture = await upload(admin, 'PNG', { name: 'logo.png', media_type: 'image/png', purpose: 'picture' });
  const yesNo = { accepts: [true, false], refuses: ['yes'] };
  const about = await meta(admin, 'business-clients');
  assert.deepEqual(Object.entries(about.groups).map(([k, v]) => [k, v.zh]), [['basic', '基本资料'], ['advanced', '高级资料']]);
  await fieldTable(admin, 'business-clients', () => ({ name: next('公司'), management_link_id: management.id, questionnaires: [q1.id] }), {
    name: { zh: '呼入用户名称', required: true, accepts: ['某某公司'], refuses: ['', null, 'x'.repeat(101)] },
    agent_link_id: { zh: '默认坐席链接', default: pages.custompages, accepts: [pages.dialininterface], refuses: [uuid] },
    management_link_id: { zh: '管理链接', required: true, refuses: [uuid] },
    questionnaires: { zh: '问卷名称', required: true, accepts: [[q1.id, q2.id]], refuses: [[], [uuid]] },
    send_login: { zh: '发送登陆信息', default: true, ...yesNo },
    agent_groups: { zh: '坐席组', default: [], accepts: [[g1.id, g2.id], []], refuses: [[uuid]] },
    email: { zh: '联系邮箱', default: null, accepts: ['a@b.cn'], refuses: ['a@', 'ab'] },
    address: { zh: '联系地址', default: '', accepts: ['上海'] },
    phone: { zh: '联系电话', default: null, accepts: ['021-50001000'], refuses: ['phone'] },
    website: { zh: '公司网址', default: null, accepts: ['https://a.test/x'], refuses: ['javascript:1'] },
    picture_id: { zh: '图片', default: null, accepts: [picture.id, null], refuses: [uuid] },
    force_new_customer: { zh: '强制新增客户', default: false, ...yesNo },
    popup: { zh: '来电提示窗浮起', default: true, ...yesNo },
    description: { zh: '业务描述', default: '', accepts: ['卖鞋\n也修鞋'] },
    welcome: { zh: '欢迎语', default: '', accepts: ['您好，某某公司'] },
    caller_name: { zh: '主叫名称', default: '', accepts: ['ACME'] },
    caller_number: { zh: '主叫号码', default: null, accepts: ['02150001000'], refuses: ['abc'] },
    force_caller_number: { zh: '强制使用主叫号码', default: false, ...yesNo },
    transfer_method: { zh: '转接方式', default: 'agent', accepts: ['blind', 'both', 'agent'], refuses: ['none'] },
    transfer_limit: { zh: '转接号码限制', default: 'any', accepts: ['contacts', 'any'], refuses: ['none'] },
    consulted_may_edit: { zh: '被咨询坐席编辑客户', default: false, ...yesNo },
    servers: { zh: '服务器IP', default: [], accepts: [['10.0.0.1', '2001:db8::1'], []], refuses: [['10.0.0.0/8'], ['host'], ['999.1.1.1']] },
  });
  for (const f of ['caller_name', 'caller_number', 'force_caller_number', 'transfer_method', 'transfer_limit', 'consulted_may_edit', 'servers']) assert.equal(about.field(f).group, 'advanced', f);
  const made = await client({ agent_groups: [g1.id] });
  assert.equal((await admin.patch(`/business-clients/${made.id}`, { id: uuid })).status, 422, 'grey values are fixed');
  for (const [method, controls] of [['agent', ['agent']], ['blind', ['blind']], ['both', ['agent', 'blind']]]) {
    await admin.patch(`/business-clients/${made.id}`, { transfer_method: method });
    assert.deepEqual((await admin.get(`/business-client-pops?filter[client_id]=${made.id}`)).body.items.map((p) => p.transfer_controls), [controls], method);
  }
  assert.equal((await admin.delete(`/questionnaires/${made.questionnaires[0]}`)).status, 204);
  assert.deepEqual((await admin.get(`/business-clients/${made.id}`)).body.questionnaires, [], 'a questionnaire that is deleted is nobody\'s');
});

// covers: TEN-V301
test('a business client has its own page, agent groups, questionnaires, customers, fields, calls, rate and knowledge; kept like any resource', async () => {
  const desk = await admin.make('agent-groups', { name: next('客服') }), q = await questionnaire();
  const [a, b] = [await client({ agent_groups: [desk.id], questionnaires: [q.id], agent_link_id: pages.dialininterface, welcome: '您好' }), await client()];
  const pop = (await admin.get(`/business-client-pops?filter[group_id]=${desk.id}`)).body.items;
  assert.deepEqual(pop.map((p) => [p.client_id, p.address, p.welcome]), [[a.id, 'dialininterface', '您好']], 'its page, for its group');
  assert.deepEqual((await admin.get(`/business-clients/${a.id}`)).body.questionnaires, [q.id]);
  // Fields: only its customers have it, required for them alone.
  const own = await admin.make('custom-fields', { resource: 'customers', name: 'shoe_size', zh: '鞋码', en: 'Shoe size', type: 'integer', required: true, business_client_id: a.id });
  const field = (await meta(admin, 'customers')).field('custom.shoe_size');
  assert.deepEqual([field.when, field.required], [{ field: 'business_client_id', in: [a.id] }, false]);
  const customer = (c, custom) => admin.post('/customers', { name: next('顾客'), phone: '13800138000', business_client_id: c?.id ?? null, ...(custom ? { custom } : {}) });
  assert.deepEqual((await customer(a)).body.errors.map((e) => e.field), ['custom.shoe_size']);
  assert.deepEqual((await customer(b, { shoe_size: 42 })).body.errors.map((e) => e.field), ['custom.shoe_size']);
  const [ca, cb] = [await customer(a, { shoe_size: 42 }), await customer(b)];
  assert.deepEqual([ca.status, cb.status, (await customer(null)).status], [201, 201, 201], JSON.stringify([ca.body, cb.body]));
  assert.equal((await admin.patch(`/customers/${ca.body.id}`, { custom: { shoe_size: null } })).status, 422);
  assert.equal((await admin.post('/custom-fields', { resource: 'leads', name: 'x', zh: 'x', type: 'text', business_client_id: a.id })).status, 422);
  assert.deepEqual(ids(await admin.get(`/customers?filter[business_client_id]=${a.id}`)), [ca.body.id]);
  // Calls: by its number, and by who calls; each costs what its rate says.
  await admin.make('client-rates', { client_id: a.id, name: '甲方', connection_price: 1, initial_s: 30, price: 0.6, increment_s: 6 });
  assert.equal((await admin.post('/client-rates', { client_id: a.id, name: '再来' })).status, 409);
  const number = await env.boss.make('numbers', { tenant_id: admin.tenant.id, number: '02170000301' });
  await admin.patch(`/numbers/${number.id}`, { business_client_id: a.id });
  await admin.make('business-client-numbers', { client_id: b.id, number: '13700000301' });
  const at = { started_at: '2026-11-21T01:00:00Z', answered_at: '2026-11-21T01:00:00Z', ended_at: '2026-11-21T01:00:45Z', result: 'answered' };
  const call = (row) => fact('call', { tenant_id: admin.tenant.id, id: env.pg.sql('select zj.zj_uuid7()')[0][0], direction: 'in', callee: '1', ...at, ...row });
  const [by, from, bound, none] = [call({ did: '02170000301', caller: '1' }), call({ did: '02170000999', caller: '13700000301' }), call({ did: '02170000301', caller: '2', binding_kind: 'business_client', binding_id: b.id }), call({ did: '02170000999', caller: '3' })];
  const calls = async (c) => ids(await admin.get(`/calls?filter[business_client_id]=${c.id}`));
  assert.deepEqual([await calls(a), await calls(b)], [[by], [from, bound].sort()]);
  const charge = async (id) => { const v = (await admin.get(`/calls/${id}`)).body.client_charge; return v === null ? null : Number(v); };
  assert.deepEqual([await charge(by), await charge(from), await charge(none)], [1.18, null, null], '1 for 30 s, three steps of 6 s at 0.06');
  // Knowledge of its own.
  const mine = await admin.make('kb-categories', { name: next('甲方知识'), business_client_id: a.id });
  const article = await admin.make('kb-articles', { category_id: mine.id, name: '退货', content: '七天', status: 'published' });
  assert.deepEqual(ids(await admin.get(`/kb-articles?filter[business_client_id]=${a.id}`)), [article.id]);
  assert.deepEqual(ids(await admin.get(`/kb-articles?filter[business_client_id]=${b.id}`)), []);
  await listOffers(admin, 'business-clients', b, { columns: ['name', 'email', 'phone'], q: b.name });
  for (const path of [`kb-articles/${article.id}`, `kb-categories/${mine.id}`]) assert.equal((await admin.delete(`/${path}`)).status, 204);
  assert.equal((await admin.delete(`/business-clients/${a.id}`)).status, 204);
  assert.equal((await admin.get(`/custom-fields/${own.id}`)).status, 404, 'its fields and its rate go with it');
  assert.equal((await admin.post(`/business-clients/${a.id}/restore`, {})).status, 200);
  assert.equal((await admin.get(`/custom-fields/${own.id}`)).status, 200);
  assert.equal((await other.get(`/client-rates`)).body.items.length, 0);
});

// covers: TEN-V302 TEN-V303
test('the list of business clients: columns, search fields, export, recycle bin; nobody else\'s', async () => {
  const c = await client({ name: '搜索公司', description: '卖帽子', email: 'hat@b.cn', address: '杭州西湖', phone: '057188880000', send_login: false, agent_link_id: pages.dialininterface });
  await listOffers(admin, 'business-clients', c, {
    columns: ['id', 'name', 'description', 'agent_link_id', 'send_login', 'created_at'],
    search: { 'name:contains': '搜索', 'description:contains': '帽子', agent_link_id: pages.dialininterface, send_login: 'false', management_link_id: management.id, email: 'hat@b.cn', 'address:contains': '西湖', phone: '057188880000',
      'created_at:between': '2020-01-01T00:00:00Z,2099-01-01T00:00:00Z' }, q: '搜索公司',
  });
  assert.deepEqual((await other.get('/business-clients')).body.items, []);
  assert.equal((await other.get(`/business-clients/${c.id}`)).status, 404);
});

// covers: TEN-V308 TEN-V309 TEN-V310
test('its frequent contacts and bound caller numbers', async () => {
  const [a, b] = [await client(), await client()];
  const row = await fieldTable(admin, 'business-client-contacts', () => ({ client_id: a.id, name: '张三', phone: `1380000${1000 + ++n}` }), {
    name: { zh: '姓名', required: true, accepts: ['李四'], refuses: [''] }, phone: { zh: '联系号码', required: true, accepts: ['02150001001'], refuses: ['x'] }, position: { zh: '顺序', default: 0, accepts: [5], refuses: [-1] },
  });
  assert.equal((await admin.get(`/business-client-contacts?filter[client_id]=${a.id}`)).body.items.length >= 1, true);
  assert.deepEqual((await admin.get(`/business-client-contacts?filter[client_id]=${b.id}`)).body.items, []);
  await listOffers(admin, 'business-client-contacts', row, { columns: ['name', 'phone'], search: { phone: '02150001001' } });
  const bound = await admin.make('business-client-numbers', { client_id: a.id, number: '02160000000' });
  assert.deepEqual((await admin.get('/business-client-numbers?filter[number]=02160000000')).body.items.map((x) => x.client_id), [a.id]);
  assert.equal((await admin.post('/business-client-numbers', { client_id: b.id, number: '02160000000' })).status, 409, 'a number tells one client');
  assert.equal((await admin.post('/business-client-numbers', { client_id: a.id, number: 'abc' })).status, 422);
  assert.equal((await admin.delete(`/business-clients/${a.id}`)).status, 204);
  assert.equal((await admin.get(`/business-client-numbers/${bound.id}`)).status, 404, 'gone with its client');
});

// covers: TEN-V314 TEN-V315 TEN-V316 SYS-V311 SYS-V522 SYS-V523
test('links, and which page pops up: that of the agent\'s group, else the client\'s default', async () => {
  const work = await fieldTable(admin, 'links', () => ({ kind: 'agent_group', name: next('防伪页'), address: 'https://a.test/check' }), {
    kind: { zh: '链接类型', required: true, accepts: ['agent', 'management', 'event', 'dial_plan', 'voice_event', 'agent_group'], refuses: ['page'] },
    name: { zh: '链接名称', required: true, accepts: ['防伪查询'], refuses: [''] },
    address: { zh: '链接地址', required: true, accepts: ['dialoutinterface', 'https://a.test/check?x=1'], refuses: ['javascript:1', 'ftp://a', ''] },
  });
  await listOffers(admin, 'links', work, { columns: ['name', 'kind', 'address', 'updated_at', 'created_at'], search: { name: '防伪查询', kind: 'agent_group' } });
  const [advice, genuine] = [await admin.make('agent-groups', { name: '技术咨询' }), await admin.make('agent-groups', { name: '真伪查询' })];
  const c = await client({ agent_groups: [advice.id], welcome: '您好' });
  const pop = async () => Object.fromEntries((await admin.get(`/business-client-pops?filter[client_id]=${c.id}`)).body.items.map((p) => [p.group_id, [p.address, p.of_group, p.shown]]));
  assert.deepEqual(await pop(), { [advice.id]: ['custompages', false, false] });
  const page = await fieldTable(admin, 'business-client-pages', () => ({ client_id: c.id, group_id: genuine.id, link_id: work.id }), { group_id: { zh: '坐席组', required: true }, link_id: { zh: '链接', required: true, refuses: [uuid] } });
  assert.equal(page.shown, true, 'in the list of the workbench unless said otherwise');
  assert.deepEqual(await pop(), { [advice.id]: ['custompages', false, false], [genuine.id]: ['https://a.test/check?x=1', true, true] });
  assert.deepEqual((await admin.get(`/business-client-pages?filter[client_id]=${c.id}&expand=client_id,group_id,link_id`)).body.items.map((p) => [p.expand.client_id.label, p.expand.group_id.label, p.expand.link_id.label, p.shown]),
    [[c.name, '真伪查询', '防伪查询', true]]);
  assert.equal((await admin.patch(`/business-client-pages/${page.id}`, { shown: false })).body.shown, false);
  assert.equal((await admin.post('/business-client-pages', { client_id: c.id, group_id: genuine.id, link_id: work.id })).status, 409, 'one page a group');
  assert.equal((await admin.delete(`/links/${work.id}`)).status, 409, 'a link in use stays');
  assert.equal((await admin.delete(`/business-client-pages/${page.id}`)).status, 204);
  assert.deepEqual(await pop(), { [advice.id]: ['custompages', false, false] });
});

// covers: TEN-V706 TEN-V707 TEN-V709
test('BPO roles: add, edit, delete, export and view page by page, within what BPO accounts can have at all', async () => {
  const role = await fieldTable(admin, 'roles', () => ({ name: next('BPO'), type: 'bpo', permissions: ['campaigns.read'] }), {
    name: { zh: (await meta(admin, 'roles')).field('name').zh, required: true, accepts: ['外呼客户'], refuses: [''] },
    remark: { zh: '备注', default: '', accepts: ['只看不改'] },
    permissions: { accepts: [['business-clients.read', 'business-clients.export'], ['customers.create', 'customers.update', 'customers.read', 'customers.delete', 'customers.export'], ['calls.read', 'calls.export'],
      ['questionnaires.update', 'questionnaires.read', 'questionnaires.export'], []], refuses: [['accounts.read'], ['*'], ['queues.read'], ['settings.update'], ['questionnaires.create'], ['business-clients.update']] },
  });
  await listOffers(admin, 'roles', role, { columns: ['name', 'remark', 'created_at'], search: { 'name:contains': '外呼', 'remark:contains': '只看', type: 'bpo', 'created_at:between': '2020-01-01T00:00:00Z,2099-01-01T00:00:00Z' } });
  assert.equal((await admin.patch(`/roles/${role.id}`, { type: 'user' })).status, 422, 'a role keeps its type');
});

// covers: TEN-V701 TEN-V702 TEN-V703 TEN-V704 TEN-V705 TEN-V710
test('a BPO account: one BPO role, several campaigns and business clients, and sight of nothing else', async () => {
  const role = await admin.make('roles', { name: '委托方', type: 'bpo', permissions: ['campaigns.read', 'business-clients.read', 'customers.read', 'customers.update', 'customers.create', 'calls.read', 'questionnaires.read'] });
  const plain = await admin.make('roles', { name: '普通', permissions: ['customers.read'] });
  const [c1, c2, c3] = [await client(), await client(), await client()], [k1, k2, k3] = [await admin.make('campaigns', { name: '回访', questionnaires: [(await questionnaire()).id] }), await admin.make('campaigns', { name: '续费' }), await admin.make('campaigns', { name: '别家' })];
  const body = () => ({ username: `bpo${++n}`, name: '委托方', password: 'bpo-password', type: 'bpo', role_id: role.id });
  await fieldTable(admin, 'accounts', body, {
    username: { zh: '用户名', required: true, refuses: ['', 'a b'] }, password: { zh: '密码', required: true, accepts: ['another-password'], shown: false },
    given_name: { zh: '名', default: '', accepts: ['三'] }, surname: { zh: '姓', default: '', accepts: ['张'] },
    enabled: { default: true, accepts: [false, true] },
    campaigns: { zh: '外呼营销中心', default: [], accepts: [[k1.id, k2.id], []], refuses: [[uuid]] }, business_clients: { zh: '虚拟呼叫中心', default: [], accepts: [[c1.id, c2.id], []], refuses: [[uuid]] },
    role_id: { zh: '角色', accepts: [role.id], refuses: [plain.id, null] },
    phone: { default: null, accepts: ['13900000000'] }, email: { default: null, accepts: ['b@b.cn'], refuses: ['b'] },
    country: { zh: '国家', default: '', accepts: ['中国'] }, city: { zh: '城市', default: '', accepts: ['上海'] }, postcode: { zh: '邮编', default: '', accepts: ['200000'] }, address: { zh: '地址', default: '', accepts: ['南京路'] },
  });
  for (const bad of [{ ...body(), role_id: plain.id }, { ...body(), role_id: null }, { ...body(), type: 'user' }]) assert.equal((await admin.post('/accounts', bad)).status, 422, JSON.stringify(bad));
  assert.equal((await admin.post('/accounts', { ...body(), type: 'user', role_id: plain.id, campaigns: [k1.id] })).status, 422, 'only BPO accounts are given campaigns');
  const account = await admin.make('accounts', { ...body(), username: 'bpo-li', campaigns: [k1.id, k2.id], business_clients: [c1.id, c2.id] });
  await listOffers(admin, 'accounts', account, { columns: ['username', 'enabled', 'role_id', 'number'], search: { username: 'bpo-li', enabled: 'true', role_id: role.id, type: 'bpo' } });
  const bpo = await env.login({ tenant: 'alpha', username: 'bpo-li', password: 'bpo-password' });

  const customer = (b) => admin.make('customers', { name: next('顾客'), phone: '13800138000', ...b });
  const [m1, m2, m3, m4] = [await customer({ business_client_id: c1.id }), await customer({ campaign_id: k2.id }), await customer({ business_client_id: c3.id }), await customer({})];
  for (const [number, c] of [['02170000001', c1], ['02170000003', c3]]) {
    const n = await env.boss.make('numbers', { tenant_id: admin.tenant.id, number });
    assert.equal((await admin.patch(`/numbers/${n.id}`, { business_client_id: c.id })).status, 200);
  }
  const calls = [call('02170000001'), call('02170000003'), call(null, k1.id), call(null, k3.id), call()];
  assert.deepEqual(ids(await bpo.get('/campaigns')), [k1.id, k2.id].sort());
  assert.deepEqual(ids(await bpo.get('/business-clients')), [c1.id, c2.id].sort());
  assert.deepEqual(ids(await bpo.get('/customers')), [m1.id, m2.id].sort(), 'of both, by one role');
  assert.deepEqual(ids(await bpo.get('/calls')), [calls[0], calls[2]].sort());
  assert.deepEqual(ids(await bpo.get('/questionnaires')), [c1.questionnaires[0], c2.questionnaires[0], k1.questionnaires[0]].sort());
  for (const path of [`/campaigns/${k3.id}`, `/business-clients/${c3.id}`, `/customers/${m3.id}`, `/customers/${m4.id}`, `/calls/${calls[1]}`, `/calls/${calls[4]}`, `/questionnaires/${c3.questionnaires[0]}`]) assert.equal((await bpo.get(path)).status, 404, path);
  for (const r of (await admin.get('/meta/resources')).body.resources.map((x) => x.name)) {
    const seen = await bpo.get(`/${r}`);
    if (!['campaigns', 'business-clients', 'customers', 'calls', 'questionnaires'].includes(r)) assert.ok(seen.status === 403 || seen.body.items.every((i) => i.id === account.id || i.account_id === account.id), `${r}: ${JSON.stringify(seen.body).slice(0, 200)}`);
  }
  assert.equal((await bpo.patch(`/customers/${m1.id}`, { remark: '已回访' })).status, 200);
  assert.equal((await bpo.make('customers', { name: '新客', phone: '13800138001', campaign_id: k1.id })).campaign_id, k1.id);
  assert.notEqual((await bpo.post('/customers', { name: '外人', phone: '13800138001', campaign_id: k3.id })).status, 201);
  assert.notEqual((await bpo.post('/customers', { name: '无主', phone: '13800138001' })).status, 201);
  assert.notEqual((await bpo.patch(`/customers/${m1.id}`, { business_client_id: c3.id, campaign_id: null })).status, 200, 'nor given away');
  assert.equal((await bpo.delete(`/customers/${m1.id}`)).status, 403, 'not in its role');
  assert.equal((await bpo.patch(`/accounts/${account.id}`, { campaigns: [k3.id] })).status, 403);
  await admin.patch(`/accounts/${account.id}`, { campaigns: [], business_clients: [] });
  for (const r of ['campaigns', 'business-clients', 'customers', 'calls', 'questionnaires']) assert.deepEqual((await bpo.get(`/${r}`)).body.items, [], r);
  await admin.patch(`/accounts/${account.id}`, { enabled: false });
  assert.equal((await bpo.get('/campaigns')).status, 401);
});

// covers: TEN-V313 SYS-V312
test('programs of a business client are heard from its trusted servers only', async () => {
  const c = await client({ servers: ['10.9.9.9', '2001:db8::1'] });
  const made = await admin.post('/tokens', { name: '客户系统', permissions: ['calls.read', 'customers.read'], business_client_id: c.id });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const from = (source) => new Client(env, made.body.token, { 'x-forwarded-for': source }).get('/customers').then((r) => r.status);
  await until('the token is known', async () => (await from('10.9.9.9')) === 200, 2000);
  assert.deepEqual([await from('2001:db8::1'), await from('10.9.9.8'), await from('10.9.9.9, 10.1.1.1'), (await new Client(env, made.body.token).get('/customers')).status], [200, 403, 403, 403]);
  assert.equal((await new Client(env, made.body.token).post('/calls', { to: '1001' })).status, 403);
  await admin.patch(`/business-clients/${c.id}`, { servers: ['10.9.9.8'] });
  await until('the other server', async () => (await from('10.9.9.8')) === 200 && (await from('10.9.9.9')) === 403, 2000);
  await admin.patch(`/business-clients/${c.id}`, { servers: [] });
  await until('no server, nobody', async () => (await from('10.9.9.8')) === 403, 2000);
  const open = (await admin.post('/tokens', { name: '自己的', permissions: ['customers.read'] })).body;
  assert.equal((await new Client(env, open.token).get('/customers')).status, 200, 'others come from anywhere');
  assert.equal((await admin.patch(`/tokens/${open.id}`, { sources: ['10.0.0.0/8'] })).status, 422);
  assert.deepEqual((await admin.patch(`/tokens/${open.id}`, { sources: ['127.0.0.1'] })).body.sources, ['127.0.0.1']);
  assert.equal((await new Client(env, open.token).get('/customers')).status, 200);
});
