// Extensions, ring groups and their members as an administrator finds, makes and changes them: columns, filters, every field.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startEnv, uuid, wav } from './env.mjs';
import { fieldTable, listOffers, meta } from './fields.mjs';

const spare = [];
let env, admin, account, agent, trunk, line, template, prompt;
let n = 2000;
const next = () => String(n++);
const make = (more = {}) => ({ number: next(), name: 'Desk', password: 'phone-password', ...more });

before(async () => {
  env = await startEnv();
  admin = await env.tenant('alpha');
  account = await admin.make('accounts', { username: '8400', name: '8400', password: 'clerk-password' });
  trunk = await admin.make('trunks', { name: 'own', host: '127.0.0.9' });
  line = await admin.make('trunk-numbers', { name: 'line', area_code: '021', number: '55550001', trunk_id: trunk.id });
  template = await admin.make('extension-templates', { name: 'desk' });
  for (let i = 0; i < 8; i++) spare.push(await admin.make('extensions', make()));
  prompt = (await admin.post('/prompts?name=tone', wav(), { 'content-type': 'audio/wav' })).body;
});
after(() => env?.close());

// covers: PBX-V020 PBX-V035 PBX-K24 PBX-K25
test('extensions: every field under its name, with its default, what it accepts and refuses; columns and filters', async () => {
  const on = [true, false];
  const row = await fieldTable(admin, 'extensions', make, {
    name: { zh: '分机名称', accepts: ['8000'] },
    number: { zh: '内线号码', required: true, refuses: ['x', '1'] },
    phone_type: { zh: '分机类型', default: 'sip', accepts: ['web', 'sip'], refuses: ['iax', 'external'] },
    registration: { zh: '注册账号', readonly: true },
    account_id: { zh: '用户名', default: null, accepts: [account.id], refuses: [uuid] },
    enabled: { zh: '状态', default: true, accepts: on },
    template_id: { zh: '模板', default: null, accepts: [template.id, null], refuses: [uuid] },
    allow_outbound: { zh: '允许呼出', default: true, accepts: on },
    outbound_permission: { zh: '外呼权限', default: 'unlimited', accepts: ['local', 'national', 'unlimited'], refuses: ['x'] },
    caller_number: { zh: '主叫号码', default: null, accepts: ['5555'], refuses: ['a'] },
    caller_name: { zh: '主叫名称', default: null, accepts: ['Desk'] },
    timeout_s: { zh: '超时时间', default: 30, accepts: [45], refuses: [0, 301] },
    out_caller_number: { zh: '外呼主叫号码', default: null, accepts: ['02160000000'], refuses: ['a'] },
    out_caller_name: { zh: '外呼主叫名称', default: null, accepts: ['Acme'] },
    dnd: { zh: '免打扰', default: false, accepts: on },
    recording: { zh: '录音', default: false, accepts: on },
    voicemail: { zh: '语音邮件状态', default: false, accepts: [true] },
    voicemail_pin: { zh: '语音邮箱密码', accepts: ['4711'], refuses: ['x'], shown: false },
    voicemail_email: { zh: '邮箱', default: null, accepts: ['a@b.test'], refuses: ['x'] },
    unavailable_id: { zh: '默认提示音', default: null, accepts: [prompt.id], refuses: [uuid] },
    host: { zh: '主机名', default: null, accepts: ['10.1.2.3'], refuses: ['x'] },
    trunk_id: { zh: '中继', default: null, accepts: [trunk.id, null], refuses: [uuid] },
    pickup_range: { zh: '抢接范围', default: 'group', accepts: ['team', 'none'], refuses: ['x'] },
    ringback_id: { zh: '彩铃', default: null, accepts: [prompt.id], refuses: [uuid] },
    agent_mode: { zh: '坐席模式', default: false, accepts: on },
    mac: { zh: 'MAC地址', default: null, accepts: ['00:11:22:33:44:55'], refuses: ['x'] },
    blf_range: { zh: 'BLF目标组', default: 'team', accepts: ['group', 'none'], refuses: ['x'] },
    details: { zh: '分机详情', default: '', accepts: ['codecs=PCMA'], refuses: ['nonsense'] },
    trunk_number_id: { zh: '中继号', default: null, accepts: [line.id], refuses: [uuid] },
    agent_id: { zh: '绑定用户', default: null, readonly: true },
    sign_in_state: { zh: '签入后状态', default: 'idle', accepts: ['busy'], refuses: ['x'] },
    hangup_state: { zh: '挂机后状态', default: 'idle', accepts: ['busy'], refuses: ['x'] },
    after_call_s: { zh: '后处理时长', default: null, accepts: [15], refuses: [-1, 3601] },
    remark: { zh: '备注', default: '', accepts: ['door'] },
  });
  const labels = (await meta(admin, 'extensions')).field('phone_type').labels ?? (await meta(admin, 'extensions')).field('phone_type').enum;
  assert.deepEqual(Object.fromEntries(Object.entries(labels).map(([k, l]) => [k, l.zh])), { sip: 'SIP电话', web: '网页电话', external: '外线分机' });
  const other = await admin.make('extensions', make());
  const twice = await admin.patch(`/extensions/${other.id}`, { number: row.number, password: 'phone-password' });
  assert.equal(twice.status, 409, JSON.stringify(twice.body));
  const beta = await env.tenant('beta');
  await beta.make('accounts', { username: 'x', name: 'x', password: 'clerk-password' });
  await beta.make('extensions', make({ number: other.number })); // unique in the team only
  agent = await admin.make('agents', { number: '5001', name: 'Ann', extension_id: row.id });
  const one = (await admin.get(`/extensions/${row.id}?expand=agent_id,account_id,trunk_number_id`)).body;
  assert.equal(one.agent_id, agent.id);
  assert.ok(one.expand.agent_id.label && one.expand.trunk_number_id.label);
  assert.equal(one.registration, `${one.number}@alpha.test`);
  assert.equal(one.password, undefined, 'no list shows a password');
  await listOffers(admin, 'extensions', one, {
    columns: ['id', 'name', 'account_id', 'number', 'allow_outbound', 'caller_number', 'registration', 'trunk_number_id', 'agent_id', 'remark', 'phone_type', 'sign_in_state', 'hangup_state', 'after_call_s', 'created_at', 'updated_at'],
    search: { name: '8000', 'caller_number': '5555', phone_type: 'sip', voicemail: 'true', account_id: account.id, number: one.number, allow_outbound: 'false', out_caller_number: '02160000000', dnd: 'false', outbound_permission: 'unlimited', agent_id: agent.id, trunk_number_id: line.id,
      'created_at:ge': one.created_at, 'updated_at:le': '2100-01-01T00:00:00Z' },
  });
});

// covers: PBX-K23
test('extensions: one keyword finds by number, name and remark', async () => {
  const row = await admin.make('extensions', make({ name: 'Reception', remark: 'ground floor' }));
  for (const q of [row.number, 'Reception', 'recept', 'ground'])
    assert.deepEqual((await admin.get(`/extensions?q=${encodeURIComponent(q)}`)).body.items.map((i) => i.id), [row.id], q);
  assert.equal((await admin.get('/extensions?q=nobody-has-this')).body.items.length, 0);
});

test('how many extensions an account has follows them; so does the agent of an extension', async () => {
  const mine = await admin.make('accounts', { username: '8401', name: 'Li', password: 'clerk-password' });
  const count = async () => (await admin.get(`/accounts?q=8401`)).body.items[0].extensions;
  assert.equal((await meta(admin, 'accounts')).count, 'extensions', 'the selector shows it');
  const [a, b] = [await admin.make('extensions', make({ account_id: mine.id })), await admin.make('extensions', make({ account_id: mine.id }))];
  assert.equal(await count(), 2);
  await admin.patch(`/extensions/${a.id}`, { account_id: account.id });
  assert.equal(await count(), 1);
  await admin.delete(`/extensions/${b.id}`);
  assert.equal(await count(), 0);
  assert.equal((await admin.post(`/extensions/${b.id}/restore`, {})).status, 200);
  assert.equal(await count(), 1);
  const seat = await admin.make('agents', { number: '5002', name: 'Bo', extension_id: b.id });
  const at = async (e) => (await admin.get(`/extensions/${e.id}`)).body.agent_id;
  assert.equal(await at(b), seat.id);
  await admin.patch(`/agents/${seat.id}`, { extension_id: a.id });
  assert.deepEqual([await at(a), await at(b)], [seat.id, null]);
  await admin.delete(`/agents/${seat.id}`);
  assert.equal(await at(a), null);
});

// covers: PBX-V046
test('ring groups: every field, and the filters of the list', async () => {
  const to = await admin.make('extensions', make());
  const row = await fieldTable(admin, 'ring-groups', () => ({ name: `Group ${next()}` }), {
    name: { zh: '振铃组名称', required: true, accepts: ['Sales'] },
    number: { zh: '内线号码', accepts: [next()], refuses: ['x'] },
    strategy: { zh: '振铃策略', default: 'all', accepts: ['sequential', 'round_robin', 'idle', 'incremental', 'all'], refuses: ['x'] },
    ring_time_s: { zh: '振铃时间', default: 60, accepts: [45], refuses: [0] },
    destination_kind: { zh: '失败转向', refuses: ['x'] },
    destination_id: { zh: '失败转向目标' },
    recent_first: { zh: '最近通话优先', default: false, accepts: [true] },
    music_id: { zh: '等待音乐', default: null, accepts: [prompt.id], refuses: [uuid] },
    prompt_id: { zh: '呼入语音', default: null, accepts: [prompt.id], refuses: [uuid] },
    number_prefix: { zh: '增加主叫号码前缀', default: '', accepts: ['88'], refuses: ['a'] },
    name_prefix: { zh: '增加主叫名称前缀', default: '', accepts: ['Sales '] },
  });
  assert.equal((await admin.patch(`/ring-groups/${row.id}`, { number: to.number })).status, 409, 'unique over all kinds');
  assert.equal((await admin.patch(`/ring-groups/${row.id}`, { destination_kind: 'extension', destination_id: to.id })).status, 200);
  await admin.make('ring-group-members', { group_id: row.id, extension_id: to.id });
  const one = (await admin.get(`/ring-groups/${row.id}`)).body;
  await listOffers(admin, 'ring-groups', one, { columns: ['name', 'number', 'ring_time_s', 'music_id', 'updated_at'], search: { name: 'Sales', ring_time_s: '45', music_id: prompt.id, 'updated_at:ge': one.updated_at }, q: 'Sales' });
});

// covers: PBX-V048
test('extensions of ring groups: every field, the columns and filters of the list', async () => {
  const group = await admin.make('ring-groups', { name: 'Desk group' });
  const row = await fieldTable(admin, 'ring-group-members', () => ({ group_id: group.id, extension_id: spare.shift().id }), {
    extension_id: { zh: '设备名称', required: true, refuses: [uuid] },
    group_id: { zh: '振铃组名称', required: true, refuses: [uuid] },
    priority: { zh: '优先级', default: 5, accepts: [0, 9], refuses: [-1, 10] },
    rings: { zh: '振铃次数', default: 0, readonly: true },
    answers: { zh: '应答次数', default: 0, readonly: true },
  });
  const one = (await admin.get(`/ring-group-members/${row.id}?expand=extension_id,group_id`)).body;
  assert.deepEqual([one.expand.group_id.label, /^\d+/.test(one.expand.extension_id.label)], ['Desk group', true]);
  await listOffers(admin, 'ring-group-members', one, {
    columns: ['extension_id', 'rings', 'answers', 'group_id', 'priority'],
    search: { extension_id: one.extension_id, group_id: group.id, rings: '0', answers: '0', 'created_at:ge': one.created_at, 'updated_at:ge': one.updated_at },
  });
});
