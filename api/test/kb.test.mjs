// The knowledge base, which is one SQL file (schema/0064_kb.sql) and not a line of C: categories, permissions, articles, files, what was read.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startEnv } from './env.mjs';
import { fieldTable, listOffers, meta } from './fields.mjs';
import { upload } from './upload.mjs';

let env, admin, other, n = 0;
const next = (name) => `${name} ${++n}`;
before(async () => { env = await startEnv(); admin = await env.tenant('alpha'); other = await env.tenant('beta'); });
after(() => env?.close());
const ids = (r) => r.body.items.map((i) => i.id).sort();
const category = (body, who = admin) => who.make('kb-categories', { name: next('类别'), ...body });
const article = (category_id, body, who = admin) => who.make('kb-articles', { category_id, name: next('知识'), content: '<p>内容</p>', status: 'published', ...body });
const link = async (kind) => (await admin.get(`/links?filter[kind]=${kind}`)).body.items[0].id;
const client = async (name) => admin.make('business-clients', {
  name, management_link_id: await link('management'), questionnaires: [(await admin.make('questionnaires', { name: next('问卷') })).id],
});

// covers: KB-V301 KB-V302 KB-V303 KB-V304 KB-V305
test('two levels of categories: first of a tenant or one of its business clients, then the second below it', async () => {
  const shop = await client('运动商城');
  const first = await fieldTable(admin, 'kb-categories', () => ({ name: next('体育'), business_client_id: shop.id }), {
    name: { zh: '知识类别名称', required: true, accepts: ['体育'], refuses: ['', 'x'.repeat(101), null] },
    remark: { zh: '知识类别备注', default: '', accepts: ['球类与田径'] },
    business_client_id: { zh: '虚拟客户', default: null, accepts: [null, shop.id], refuses: ['018f0000-0000-7000-8000-000000000000'] },
    parent_id: { zh: '上级类别', default: null },
  });
  const second = await category({ name: '篮球', remark: '规则', parent_id: first.id });
  assert.equal(second.business_client_id, shop.id, 'the object is that of the first level');
  await category({ name: '排球', parent_id: first.id });
  const lower = await admin.get(`/kb-categories?filter[parent_id]=${first.id}&sort=name&expand=parent_id,business_client_id`);
  assert.deepEqual(lower.body.items.map((i) => [i.name, i.expand.parent_id.label, i.expand.business_client_id.label]), [['排球', '体育', '运动商城'], ['篮球', '体育', '运动商城']]);
  assert.ok(!ids(await admin.get('/kb-categories?filter[parent_id][null]=true')).includes(second.id), 'back to the upper level');
  const edited = await admin.patch(`/kb-categories/${first.id}`, { remark: '离开字段即保存' });
  assert.equal(edited.body.remark, '离开字段即保存');
  await listOffers(admin, 'kb-categories', second, { columns: ['name', 'remark', 'business_client_id', 'parent_id'], search: { 'name:contains': '篮', name: '篮球' } });
  assert.equal((await admin.delete(`/kb-categories/${first.id}`)).status, 409, 'not while there are lower ones');
  assert.equal((await other.get('/kb-categories')).body.items.length, 0, 'nobody else\'s');
  assert.equal((await other.get(`/kb-categories/${first.id}`)).status, 404);
});

// covers: KB-V306 KB-V307 KB-V309
test('knowledge: of one category or of all, found by name, content, both levels and business client; moved between categories', async () => {
  const shop = await client('鞋店');
  const [a, b] = [await category({ name: '售前', business_client_id: shop.id }), await category({ name: '售后' })];
  const [a1, a2, b1] = [await category({ parent_id: a.id }), await category({ parent_id: a.id }), await category({ parent_id: b.id })];
  const x = await article(a1.id, { name: '尺码怎么选', content: '<p>按<b>脚长</b>选择尺码</p>' }), y = await article(a2.id), z = await article(b1.id);
  assert.deepEqual(ids(await admin.get(`/kb-articles?filter[category_id]=${a1.id}`)), [x.id], 'only those of this category');
  assert.deepEqual(ids(await admin.get(`/kb-articles?filter[category1_id]=${a.id}`)), [x.id, y.id].sort());
  assert.deepEqual(ids(await admin.get(`/kb-articles?filter[category2_id]=${b1.id}`)), [z.id]);
  assert.deepEqual(ids(await admin.get(`/kb-articles?filter[business_client_id]=${shop.id}`)), [x.id, y.id].sort());
  const about = await meta(admin, 'kb-articles');
  assert.deepEqual(['name', 'category1_id', 'category2_id', 'created_at'].map((c) => about.field(c).zh), ['知识名称', '一级知识类别', '二级知识类别', '创建时间']);
  const one = await admin.get(`/kb-articles/${x.id}?expand=category1_id,category2_id,business_client_id`);
  assert.deepEqual([one.body.expand.category1_id.label, one.body.expand.category2_id.id, one.body.expand.business_client_id.label], ['售前', a1.id, '鞋店']);
  // Another first level: its children are what is offered for the second, and both are chosen at once; then only the second.
  assert.deepEqual(ids(await admin.get(`/kb-categories?filter[parent_id]=${b.id}`)), [b1.id]);
  const moved = await admin.patch(`/kb-articles/${x.id}`, { category_id: b1.id });
  assert.deepEqual([moved.body.category1_id, moved.body.category2_id, moved.body.business_client_id], [b.id, b1.id, null]);
  assert.equal((await admin.patch(`/kb-articles/${y.id}`, { category_id: a1.id })).body.category2_id, a1.id);
  assert.equal((await admin.patch(`/kb-articles/${y.id}`, { category1_id: b.id })).status, 422, 'the levels follow the category');
  // A category that is moved takes its knowledge along.
  assert.equal((await admin.patch(`/kb-categories/${a1.id}`, { parent_id: b.id })).status, 200);
  assert.equal((await admin.get(`/kb-articles/${y.id}`)).body.category1_id, b.id);
  assert.deepEqual((await admin.patch(`/kb-categories/${b.id}`, { parent_id: a1.id })).body.errors.map((e) => e.field), ['parent_id'], 'not into itself');
  await listOffers(admin, 'kb-articles', x, { columns: ['name', 'category1_id', 'category2_id', 'created_at'], search: { name: '尺码怎么选', 'content:contains': '脚长', category1_id: b.id, category2_id: b1.id }, q: '尺码' });
});

// covers: KB-V308 KB-V702 KB-Y05
test('knowledge: rich text, plain text, tags, draft until published, a file and further attachments', async () => {
  const c = await category({});
  const file = await upload(admin, '%PDF-1.4 手册', { name: '手册.pdf', media_type: 'application/pdf', purpose: 'kb' });
  const a = await fieldTable(admin, 'kb-articles', () => ({ category_id: c.id, name: next('问答'), content: '<p>答</p>' }), {
    name: { zh: '知识名称', required: true, accepts: ['每队几人'], refuses: ['', 'x'.repeat(201)] },
    tags: { zh: '知识标签', default: [], accepts: [['篮球', '规则'], []], refuses: ['篮球'] },
    status: { zh: '状态', default: 'draft', accepts: ['published', 'draft'], refuses: ['hidden'] },
    file_id: { zh: '文件', default: null, accepts: [file.id, null], refuses: ['018f0000-0000-7000-8000-000000000000'] },
    content: { zh: '显示内容', required: true, accepts: ['<p><b>粗</b> <i>斜</i> <u>线</u> <span style="color:#f00;background-color:#ff0">色</span></p><ul><li>5 人</li></ul><blockquote><a href="https://a.test/">链接</a></blockquote>'],
      refuses: ['', null, '<script>alert(1)</script>', '<p onclick="x()">', '<a href="javascript:x()">x</a>', '<iframe src="//a.test"></iframe>'] },
    text_content: { zh: '文本内容', default: '', accepts: ['每队五人'] },
    category_id: { zh: '知识类别', required: true, refuses: ['018f0000-0000-7000-8000-000000000000'] },
  });
  assert.equal((await meta(admin, 'kb-articles')).field('content').widget, 'html');
  for (const name of ['图.png', '表.xlsx', '录音.mp3']) {
    const f = await upload(admin, `content of ${name}`, { name, media_type: 'application/octet-stream', purpose: 'kb' });
    await admin.make('kb-attachments', { article_id: a.id, name, file_id: f.id });
  }
  assert.deepEqual((await admin.get(`/kb-attachments?filter[article_id]=${a.id}&sort=id`)).body.items.map((i) => i.name), ['图.png', '表.xlsx', '录音.mp3']);
});

// covers: KB-Y01 KB-Y06 KB-V701 KB-V704
test('a tree of any depth; knowledge viewed, edited, found, deleted, its attachments downloaded', async () => {
  assert.deepEqual((await meta(admin, 'kb-categories')).field('public').zh, '是否全局公开');
  const tree = {};
  for (const [name, above] of [['呼叫中心', null], ['呼叫中心常见问题', '呼叫中心'], ['PBX', '呼叫中心'], ['防火墙', 'PBX']]) tree[name] = await category({ name, parent_id: above && tree[above].id });
  assert.deepEqual((await admin.get(`/kb-categories/${tree['防火墙'].id}`)).body.ancestors, ['呼叫中心', 'PBX', '防火墙'].map((x) => tree[x].id));
  assert.equal((await meta(admin, 'kb-categories')).tree ?? 'parent_id', 'parent_id');
  const renamed = await admin.patch(`/kb-categories/${tree.PBX.id}`, { name: '交换机', remark: '改名' });
  assert.equal(renamed.body.name, '交换机');
  const a = await article(tree['防火墙'].id, { name: '开放哪些端口' });
  const f = await upload(admin, 'iptables -A INPUT', { name: '规则.txt', media_type: 'text/plain', purpose: 'kb' });
  const attached = await admin.make('kb-attachments', { article_id: a.id, name: '规则.txt', file_id: f.id });
  const file = await admin.get(`/kb-attachments/${attached.id}/file_id?download=1`);
  assert.deepEqual([file.status, file.bytes.toString()], [200, 'iptables -A INPUT']);
  assert.match(file.headers.get('content-disposition') ?? '', /attachment/);
  assert.equal((await other.get(`/kb-attachments/${attached.id}/file_id`)).status, 404);
  assert.equal((await admin.patch(`/kb-articles/${a.id}`, { content: '<p>5060, 5061</p>' })).body.content, '<p>5060, 5061</p>');
  assert.equal((await admin.delete(`/kb-categories/${tree['防火墙'].id}`)).status, 409, 'not while it holds knowledge');
  assert.equal((await admin.delete(`/kb-articles/${a.id}`)).status, 204);
  assert.equal((await admin.get(`/kb-attachments/${attached.id}`)).status, 404);
  assert.equal((await admin.post(`/kb-articles/${a.id}/restore`, {})).status, 200, 'with what belongs to it');
  assert.equal((await admin.get(`/kb-attachments/${attached.id}`)).status, 200);
  await admin.delete(`/kb-articles/${a.id}`);
  assert.equal((await admin.delete(`/kb-categories/${tree['防火墙'].id}`)).status, 204);
});

// covers: KB-Y02 KB-Y03 KB-Y04
test('permissions of a category: public or not, inherited or its own, for departments and accounts', async () => {
  const may = ['kb-categories.*', 'kb-articles.*', 'kb-grants.*', 'kb-attachments.*'];
  const sales = await admin.make('departments', { name: '销售部' }), team = await admin.make('departments', { name: '销售一组', parent_id: sales.id });
  const li = await env.clerk(admin, 'kb-li', may), wang = await env.clerk(admin, 'kb-wang', may), zhao = await env.clerk(admin, 'kb-zhao', may);
  await admin.patch(`/accounts/${li.account.id}`, { department_id: team.id });
  const top = await category({ name: '内部', public: false }), below = await category({ name: '价格', parent_id: top.id }), own = await category({ name: '底价', parent_id: below.id, mode: 'custom', public: false });
  const articles = [await article(top.id), await article(below.id), await article(own.id)].map((x) => x.id);
  const sees = async (who) => { const r = ids(await who.get('/kb-articles?limit=200')); return articles.map((id) => r.includes(id)); };
  assert.deepEqual([await sees(admin), await sees(li), await sees(wang)], [[true, true, true], [false, false, false], [false, false, false]], 'not public: only the administrator');
  assert.equal((await li.get(`/kb-categories/${top.id}`)).status, 404);
  // Department tab: a department from the list, a permission from the list; it holds for departments below as well.
  assert.deepEqual((await meta(admin, 'kb-grants')).field('permission').enum, ['view', 'edit', 'manage']);
  await admin.make('kb-grants', { category_id: top.id, department_id: sales.id, permission: 'view' });
  assert.deepEqual([await sees(li), await sees(wang)], [[true, true, false], [false, false, false]], 'inherited below, but not where there are own rules');
  assert.equal((await li.patch(`/kb-articles/${articles[0]}`, { name: 'x' })).status, 403, 'viewing is not editing');
  assert.equal((await li.delete(`/kb-articles/${articles[0]}`)).status, 403);
  assert.notEqual((await li.post('/kb-articles', { category_id: top.id, name: 'x', content: 'x' })).status, 201);
  // Employee tab: a row with an account and a permission.
  const g = await admin.make('kb-grants', { category_id: own.id, account_id: wang.account.id, permission: 'edit' });
  assert.deepEqual(await sees(wang), [false, false, true]);
  assert.equal((await wang.patch(`/kb-articles/${articles[2]}`, { name: '底价表' })).status, 200);
  const draft = await article(own.id, { status: 'draft' }, wang);
  assert.equal((await zhao.get(`/kb-articles/${draft.id}`)).status, 404);
  assert.equal((await wang.post('/kb-grants', { category_id: own.id, account_id: zhao.account.id, permission: 'view' })).status === 201, false, 'editing is not managing');
  await admin.patch(`/kb-grants/${g.id}`, { permission: 'manage' });
  const given = await wang.make('kb-grants', { category_id: own.id, account_id: zhao.account.id, permission: 'view' });
  assert.deepEqual(await sees(zhao), [false, false, true]);
  assert.equal((await zhao.get(`/kb-articles/${draft.id}`)).status, 404, 'drafts are for those who edit');
  assert.notEqual((await wang.post('/kb-grants', { category_id: top.id, account_id: wang.account.id, permission: 'manage' })).status, 201, 'nobody gives himself more');
  assert.deepEqual((await admin.post('/kb-grants', { category_id: own.id, permission: 'view' })).status, 422, 'for whom?');
  assert.equal((await wang.delete(`/kb-grants/${given.id}`)).status, 204);
  // From own rules back to the parent's; and public again.
  assert.equal((await admin.patch(`/kb-categories/${own.id}`, { mode: 'inherit' })).status, 200);
  assert.deepEqual([await sees(li), await sees(wang)], [[true, true, true], [false, false, false]]);
  await admin.patch(`/kb-categories/${top.id}`, { public: true });
  assert.deepEqual([await sees(wang), await sees(zhao)], [[true, true, true], [true, true, true]]);
  assert.equal((await wang.patch(`/kb-articles/${articles[0]}`, { name: 'x' })).status, 403);
});

// covers: KB-V703 KB-Y07 KB-V705 KB-V706
test('an agent searches, opens the whole text with its categories, and finds again what it has read', async () => {
  const c1 = await category({ name: '常见问题' }), c2 = await category({ name: '注册', parent_id: c1.id });
  const a = await article(c2.id, { name: '分机无法注册', content: '<p>检查<b>防火墙</b>端口</p>', text_content: '检查防火墙端口' }), b = await article(c1.id, { name: '忘记密码' });
  const li = await env.clerk(admin, 'kb-agent', ['kb-categories.read', 'kb-articles.read', 'kb-views.read', 'kb-views.write']), wang = await env.clerk(admin, 'kb-agent2', ['kb-articles.read', 'kb-views.read', 'kb-views.write']);
  assert.deepEqual((await li.get('/kb-views')).body.items, [], 'no records yet');
  assert.deepEqual(ids(await li.get('/kb-articles?q=防火墙')), [a.id]);
  assert.deepEqual(ids(await li.get('/kb-articles?q=无法注册')), [a.id]);
  assert.deepEqual((await li.get('/kb-articles?q=这里没有的词')).body.items, []);
  assert.ok(ids(await li.get('/kb-articles?limit=200')).includes(b.id), 'all knowledge');
  const whole = (await li.get(`/kb-articles/${a.id}?expand=category1_id,category2_id`)).body;
  assert.deepEqual([whole.name, whole.content, whole.expand.category1_id.label, whole.expand.category2_id.label], ['分机无法注册', '<p>检查<b>防火墙</b>端口</p>', '常见问题', '注册']);
  for (const id of [a.id, b.id]) await li.make('kb-views', { article_id: id });
  assert.deepEqual((await li.get('/kb-views?expand=article_id')).body.items.map((v) => v.expand.article_id.label), ['忘记密码', '分机无法注册'], 'newest first');
  assert.deepEqual((await wang.get('/kb-views')).body.items, [], 'everybody his own');
  assert.equal((await li.post('/kb-views', { article_id: a.id, account_id: wang.account.id })).status, 422, 'nobody reads for another');
  const hidden = await article((await category({ public: false })).id);
  assert.notEqual((await li.post('/kb-views', { article_id: hidden.id })).status, 201);
});
