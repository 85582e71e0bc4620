// Lists as a tenant and the carrier keep them: black and white, of lines, do-not-call and its plans, formats of numbers, VIPs.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startEnv } from './env.mjs';
import { fieldTable, listOffers, meta } from './fields.mjs';

let env, boss, admin, other, n = 0;
const digits = () => `139${String(10000000 + ++n)}`;
const between = '2020-01-01T00:00:00Z,2099-01-01T00:00:00Z';
const ids = (r) => r.body.items.map((i) => i.id).sort();
before(async () => {
  env = await startEnv();
  [admin, other] = [await env.tenant('lists'), await env.tenant('lists-b')];
  boss = env.boss;
});
after(() => env?.close());
const refused = async (resource, body, field, client = admin) => {
  const r = await client.post(`/${resource}`, body);
  assert.equal(r.status, 422, JSON.stringify(r.body));
  assert.ok(r.body.errors.some((e) => e.field === field), `${field}: ${JSON.stringify(r.body)}`);
};

// covers: NUM-V005 NUM-V006 NUM-V303 NUM-V307 NUM-K01 NUM-K02 NUM-K03 NUM-L01 NUM-L02 NUM-R01
test('black and white lists: every field, columns, search, recycle bin, template', async () => {
  const account = await admin.make('accounts', { username: 'listed', name: '名单', password: 'long-enough-1' });
  const extension = await admin.make('extensions', { number: '8801', password: 'long-enough-1' });
  const row = await fieldTable(admin, 'blacklist', () => ({ number: digits() }), {
    number: { zh: '号码', required: true, accepts: [digits(), '13800000000'], refuses: ['', 'abc', '1'.repeat(33)] },
    match: { zh: '匹配', default: 'exact', accepts: ['prefix', 'pattern', 'exact'], refuses: ['suffix'] },
    colour: { zh: '颜色', default: 'black', accepts: ['white', 'black'], refuses: ['grey', 'always'] },
    direction: { zh: '类型', default: 'in', accepts: ['out', 'both', 'in'], refuses: ['up'] },
    account_id: { zh: '账号', default: null, accepts: [account.id, null] },
    extension_id: { zh: '分机', default: null, accepts: [extension.id] },
    enabled: { zh: '状态', default: true, accepts: [false, true], refuses: ['yes'] },
    result: { zh: '处理', default: 'reject', accepts: ['silent', 'reject'], refuses: ['shout', 'prompt'] },
    result_code: { zh: '应答码', default: 403, accepts: [603], refuses: [200, 700] },
    reason: { zh: '原因', default: '', accepts: ['骚扰'], refuses: ['x'.repeat(501)] },
    created_by: { zh: '创建人', readonly: true }, created_at: { zh: '创建时间', readonly: true }, updated_at: { zh: '修改时间', readonly: true }, scope: { zh: '范围', readonly: true },
  });
  const one = (await admin.get(`/blacklist/${row.id}`)).body;
  assert.deepEqual([one.scope, one.created_by], ['extension', admin.account?.id ?? one.created_by]);
  assert.ok(one.created_by, 'the creator is told');
  await listOffers(admin, 'blacklist', one, {
    columns: ['number', 'account_id', 'extension_id', 'created_by', 'direction', 'created_at', 'updated_at'],
    search: { number: one.number, 'number:starts': '1380', extension_id: extension.id, 'created_at:between': between, 'updated_at:between': between }, q: one.number,
  });
  const template = await admin.get('/blacklist/template?format=csv');
  if (template.status !== 404) assert.ok([200, 400].includes(template.status));
  // A scope is one of them; what was typed with signs is digits; two rows do not say the same.
  await refused('blacklist', { number: digits(), account_id: account.id, extension_id: extension.id }, 'account_id');
  const typed = await admin.make('blacklist', { number: '13912345678' });
  assert.equal((await admin.post('/blacklist', { number: '13912345678' })).status, 409);
  assert.equal((await admin.patch(`/blacklist/${typed.id}`, { account_id: account.id })).body.scope, 'account');
  await admin.make('blacklist', { number: '13912345678' });
  const white = await admin.make('blacklist', { number: digits(), colour: 'white', overrides: true });
  assert.deepEqual(ids(await admin.get('/blacklist?filter[colour]=white')), [white.id]);
  await refused('blacklist', { number: digits(), overrides: true }, 'overrides');
  await refused('blacklist', { number: '1XZ..', match: 'pattern' }, 'number');
  await refused('blacklist', { number: '1[3-', match: 'pattern' }, 'number');
  assert.equal((await admin.make('blacklist', { number: '02 zX[2-4]x!', match: 'pattern' })).number, '02ZX[2-4]X!');
  assert.deepEqual((await other.get('/blacklist')).body.items, [], 'another team sees nothing of it');
  assert.equal((await other.post('/blacklist', { number: digits(), extension_id: extension.id })).status, 422, "nor names another team's extension");
  const system = await boss.make('blacklist', { number: digits(), colour: 'always' });
  assert.equal(system.scope, 'system');
  // The carrier sees whose each is, and filters by team.
  assert.equal((await meta(boss, 'blacklist')).field('tenant_id').zh, '团队');
  assert.ok((await boss.get(`/blacklist?filter[tenant_id]=${admin.tenant.id}&limit=5`)).body.items.every((i) => i.tenant_id === admin.tenant.id));
});

// covers: NUM-V311 NUM-V312
test('lists of lines: trunks and trunk groups, black and white', async () => {
  const trunk = await admin.make('trunks', { name: '线路', host: '127.0.0.88' }), group = await admin.make('trunk-groups', { name: '线路组' });
  const row = await admin.make('blacklist', { number: digits(), trunk_id: trunk.id, direction: 'out' });
  const white = await admin.make('blacklist', { number: digits(), trunk_group_id: group.id, direction: 'out', colour: 'white' });
  assert.deepEqual([row.scope, white.scope], ['trunk', 'trunk_group']);
  await listOffers(admin, 'blacklist', row, { columns: ['number', 'colour', 'enabled', 'scope', 'trunk_id', 'trunk_group_id'], search: { number: row.number, trunk_id: trunk.id, enabled: 'true', colour: 'black', scope: 'trunk', 'created_at:between': between } });
  assert.deepEqual(ids(await admin.get(`/blacklist?filter[trunk_group_id]=${group.id}`)), [white.id]);
  await refused('blacklist', { number: digits(), trunk_id: trunk.id, trunk_group_id: group.id }, 'trunk_id');
});

// covers: NUM-V501 NUM-V502 NUM-V504 NUM-V505 NUM-V506 NUM-V507 NUM-V508
test('do-not-call lists: three levels, cascading beginnings, search by segments', async () => {
  const campaign = await admin.make('campaigns', { name: '秋季' });
  await fieldTable(admin, 'do-not-call', () => ({ number: digits() }), {
    number: { zh: '电话号码', required: true, accepts: ['13700001111'], refuses: ['', 'ab'] },
    campaign_id: { zh: '外拨任务', default: null, accepts: [campaign.id] },
    level: { zh: '黑名单级别', readonly: true, default: 'tenant' },
    remark: { zh: '备注', default: '', accepts: ['不愿来电'] },
  });
  const own = [];
  for (const number of ['15011112222', '15011113333', '15022220000', '15100000000']) own.push(await admin.make('do-not-call', { number }));
  const of = await admin.make('do-not-call', { number: '15011112222', campaign_id: campaign.id });
  assert.deepEqual([own[0].level, of.level], ['tenant', 'campaign']);
  assert.equal((await boss.make('do-not-call', { number: '15999999999' })).level, 'system');
  assert.deepEqual(ids(await admin.get('/do-not-call?filter[level]=campaign&filter[number]=15011112222')), [of.id]);
  const beginnings = async (query) => (await admin.get(`/do-not-call/prefixes?${query}`)).body.items.map((i) => [i.prefix, i.numbers]);
  assert.deepEqual((await beginnings('level=tenant')).filter(([p]) => p.startsWith('15')), [['150', 3], ['151', 1]]);
  assert.deepEqual(await beginnings('level=tenant&prefix=150'), [['150111', 2], ['150222', 1]]);
  assert.deepEqual(await beginnings(`level=campaign&campaign_id=${campaign.id}&prefix=150`), [['150111', 1]]);
  assert.equal((await admin.get('/do-not-call/prefixes?prefix=x')).status, 422);
  for (const [prefix, count] of [['150', 3], ['150111', 2], ['15011112222', 1]]) assert.equal((await admin.get(`/do-not-call?filter[level]=tenant&filter[number][starts]=${prefix}`)).body.items.length, count, prefix);
  assert.equal((await admin.delete(`/do-not-call/${own[3].id}`)).status, 204);
  assert.deepEqual((await other.get('/do-not-call')).body.items, []);
});

// covers: NUM-V509 NUM-V510 NUM-V511 NUM-V512 NUM-V513 NUM-V514
test('filter plans take the listed customers out of a campaign at their time', async () => {
  const [campaign, theirs] = [await admin.make('campaigns', { name: '回访' }), await admin.make('campaigns', { name: '另一个' })];
  await env.pg.sql(`update zj.business_object set enabled = true`);
  const customer = (name, phone, c = campaign, more = {}) => admin.make('customers', { name, phone, campaign_id: c.id, ...more });
  const [a, b, c, d, e] = [await customer('甲', '15200000001'), await customer('乙', '15200000002'), await customer('丙', '15200000003'), await customer('丁', '15200000009', theirs), await customer('戊', '15200000008', campaign, { phone2: '15200000007' })];
  await boss.make('do-not-call', { number: '15200000001' });
  await admin.make('do-not-call', { number: '15200000002', campaign_id: campaign.id });
  await admin.make('do-not-call', { number: '15200000003', campaign_id: theirs.id });
  await admin.make('do-not-call', { number: '15200000007' });
  await other.make('do-not-call', { number: '15200000003' });
  const future = new Date(Date.now() + 3_600_000).toISOString(), past = new Date(Date.now() - 1000).toISOString();
  await fieldTable(admin, 'dnc-plans', () => ({ campaign_id: campaign.id, run_at: future }), {
    campaign_id: { zh: '外拨任务', required: true, accepts: [campaign.id] }, run_at: { zh: '执行时间', required: true },
    enabled: { zh: '是否启用', default: false, accepts: [true, false] }, state: { zh: '状态', default: 'new', refuses: ['finished', 'running'] },
    total: { zh: '总数', readonly: true }, created_by: { zh: '创建者', readonly: true }, last_run_at: { zh: '最近一次执行时间', readonly: true },
  });
  const plan = await admin.make('dnc-plans', { campaign_id: campaign.id, run_at: past, enabled: true });
  const off = await admin.make('dnc-plans', { campaign_id: campaign.id, run_at: past });
  const run = () => env.pg.sql('set role zj_worker; select zj.zj_dnc_run()');
  run();
  const done = (await admin.get(`/dnc-plans/${plan.id}`)).body;
  assert.deepEqual([done.state, done.total], ['finished', 3]);
  assert.ok(done.last_run_at);
  assert.equal((await admin.get(`/dnc-plans/${off.id}`)).body.state, 'new', 'a plan that is not enabled waits');
  const left = async (id) => (await admin.get(`/customers/${id}`)).body.campaign_id;
  assert.deepEqual([await left(a.id), await left(b.id), await left(c.id), await left(d.id), await left(e.id)], [null, null, campaign.id, theirs.id, null]);
  const removed = (await admin.get(`/dnc-removed?filter[plan_id]=${plan.id}&sort=name`)).body.items;
  assert.deepEqual(removed.map((r) => [r.name, r.level]).sort(), [['乙', 'campaign'], ['戊', 'tenant'], ['甲', 'system']].sort());
  assert.equal((await admin.post(`/dnc-removed/export`, { format: 'csv', query: `filter[plan_id]=${plan.id}` })).status, 202, 'and can be downloaded');
  // A new time arms it again; cancelling ends it, and until then nothing can be changed.
  assert.equal((await admin.patch(`/dnc-plans/${plan.id}`, { run_at: future })).body.state, 'new');
  assert.equal((await admin.patch(`/dnc-plans/${plan.id}`, { state: 'cancelling' })).status, 200);
  assert.equal((await admin.patch(`/dnc-plans/${plan.id}`, { run_at: past })).status, 422);
  run();
  assert.equal((await admin.get(`/dnc-plans/${plan.id}`)).body.state, 'cancelled');
  assert.equal((await admin.delete(`/dnc-plans/${plan.id}`)).status, 204);
});

// covers: NUM-V515
test('customers\' numbers are digits, however they were written', async () => {
  const row = await admin.make('customers', { name: '号码', phone: '(021) 3319-0727', phone2: '+86 138 0000 0000' });
  assert.deepEqual([row.phone, row.phone2], ['02133190727', '8613800000000']);
});

// covers: NUM-V516 NUM-V517 NUM-V518 NUM-V519 NUM-V520 NUM-V521 NUM-V522
test('formats of numbers: patterns, output, the regular expression, the newest rule first', async () => {
  const row = await fieldTable(admin, 'number-formats', () => ({ pattern: `9${String(++n).padStart(4, '0')}`, output: '#####' }), {
    pattern: { zh: '需要格式化的号码', required: true, accepts: ['xXzZ0'], refuses: ['', '12a'] },
    output: { zh: '输出格式', required: true, accepts: ['(##) ###'], refuses: ['', '####'] },
    remark: { zh: '备注', default: '', accepts: ['本地'] }, regex: { zh: '号码匹配正则', readonly: true }, created_by: { zh: '创建人', readonly: true },
  });
  await listOffers(admin, 'number-formats', (await admin.get(`/number-formats/${row.id}`)).body, { columns: ['id', 'pattern', 'output', 'created_by', 'regex', 'remark', 'created_at'], search: { pattern: 'xXzZ0', output: '(##) ###', remark: '本地', 'created_at:between': between } });
  const make = (pattern, output) => admin.make('number-formats', { pattern, output });
  const shown = (number) => env.pg.sql(`set search_path = zj, public; select set_config('zj.tenant', '${admin.tenant.id}', false); set role zj_tenant; select zj_number_shown('${number}')`).flat().at(-1);
  assert.equal((await make('200', '0###')).regex, '[2][0][0]');
  assert.equal((await make('0zx', '(###)')).regex, '[0][1-9][0-9]');
  await make('02zzxxxxxxx', '(+86) (###)-########');
  await make('21zxxxxxxx', '(0##) ####-####'.replace('#', '#'));
  assert.equal(shown('200'), '0200');
  assert.equal(shown('02133190727'), '(+86) (021)-33190727');
  assert.equal(shown('2133190727'), '(021) 3319-0727');
  assert.equal(shown('02003190727'), '02003190727', 'z is 1 to 9');
  await make('02zxxxxxxxx', '### ########');
  assert.equal(shown('02133190727'), '021 33190727', 'the newest that fits');
  for (const f of ['pattern', 'output']) assert.ok((await meta(admin, 'number-formats')).field(f).help_zh.length > 10, 'the form explains it');
});

// covers: NUM-K08 NUM-K09 NUM-Y01 NUM-Y02
test('VIPs: a level, all queues or some', async () => {
  const q = await admin.make('queues', { number: '4801', name: '贵宾' });
  const row = await fieldTable(admin, 'vips', () => ({ number: digits() }), {
    number: { zh: '手机号码', required: true, accepts: ['13600000000'], refuses: ['', 'x'] },
    level: { zh: '等级', default: 1, accepts: [100, 5], refuses: [0, 101] },
    queues: { zh: '限定队列', default: [], accepts: [[q.id], []], refuses: [['018f0000-0000-7000-8000-000000000001']] },
    remark: { zh: '备注', default: '', accepts: ['老客户'] },
  });
  await listOffers(admin, 'vips', (await admin.get(`/vips/${row.id}`)).body, { columns: ['id', 'level', 'number', 'created_at', 'updated_at'], search: { number: '13600000000', level: 5 }, q: '13600000000' });
});

// covers: SYS-K07 SYS-K08
test('the two switches of the lists are settings', async () => {
  const about = await meta(admin, 'settings');
  assert.deepEqual([about.field('inbound_blacklist').zh, about.field('outbound_blacklist').zh], ['呼入黑名单', '呼出黑名单']);
  const id = admin.tenant.id;
  assert.equal((await admin.patch(`/settings/${id}`, { inbound_blacklist: false })).body.inbound_blacklist, false);
  assert.equal((await admin.patch(`/settings/${id}`, { inbound_blacklist: true })).status, 200);
});

test('an explanation refuses nonsense, and says when the edge is away', async () => {
  for (const [body, field] of [[{}, 'number'], [{ number: '1', direction: 'up' }, 'direction'], [{ number: '1', did_id: 'x' }, 'did_id'], [{ number: '1', shoe: 1 }, 'shoe']]) {
    const r = await admin.post('/blacklist/explain', body);
    assert.ok([400, 422].includes(r.status), JSON.stringify(r.body));
    assert.ok(r.body.errors.some((e) => e.field === field), JSON.stringify(r.body));
  }
  assert.equal((await admin.post('/blacklist/explain', { number: '13800000000' })).status, 503);
});
