// What every agent has without being granted it, and what a leader has besides: menus, and behind them the data of one's own.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, startEnv, until, uuid } from './env.mjs';
import { fieldTable, meta } from './fields.mjs';

let env, admin, n = 0;
before(async () => { env = await startEnv(); admin = await env.tenant('alpha'); });
after(() => env?.close());
const ids = (r) => r.body.items.map((i) => i.id).sort();
const menuOf = async (who) => Object.fromEntries((await who.get('/meta/menu')).body.menu.map((m) => [m.zh, m.items.map((i) => i.zh).sort()]));
const login = (username) => env.login({ tenant: 'alpha', username, password: 'clerk-password' });
async function agent(username, { role = 'agent', ...more } = {}) {
  const [own] = role === 'agent' ? (await admin.get('/roles?filter[kind]=agent')).body.items : [role];
  const account = await admin.make('accounts', { username, name: username, password: 'clerk-password', role_id: own?.id ?? null });
  const row = await admin.make('agents', { number: String(5000 + ++n), name: username, account_id: account.id, ...more });
  return Object.assign(await login(username), { account, agent: row });
}
const fresh = () => env.pg.sql('select zj.zj_uuid7()')[0][0];
const call = (a) => env.pg.sql(`insert into zj.call (tenant_id, id, direction, caller, callee, started_at, ended_at, result, last_agent) values ('${admin.tenant.id}', '${fresh()}', 'in', '13800138000', '1', now(), now(), 'answered', '${a.agent.id}') returning id`)[0][0];
function message(a) {
  const box = env.pg.sql(`insert into zj.voicemail_box (tenant_id, number, name, account_id) values ('${admin.tenant.id}', '${7000 + ++n}', 'box', '${a.account.id}') returning id`)[0][0];
  return env.pg.sql(`insert into zj.voicemail (tenant_id, id, call_id, box_id, account_id, caller, left_at, ms, bytes, path) values ('${admin.tenant.id}', '${fresh()}', '${fresh()}', '${box}', '${a.account.id}', '13800138000', now(), 1000, 16000, 'x') returning id`)[0][0];
}

// covers: TEN-V711
test('every agent has its desk: itself, its calls, its voicemail, its messages, notices; of a leader\'s group all members', async () => {
  const group = await admin.make('agent-groups', { name: '甲组' });
  const [li, wang, boss] = [await agent('li', { group_id: group.id }), await agent('wang', { role: null, group_id: group.id }), await agent('boss')];
  for (const who of [li, wang]) assert.deepEqual(await menuOf(who), { 基本管理: ['公告', '内部信息', '语音留言', '通话'] }, 'with the agents\' role, that grants nothing, and without any');
  assert.equal((await meta(li, 'calls')).menu, 'desk', 'as the console has it');
  assert.equal((await li.get('/me')).body.username, 'li', 'personal information');
  assert.equal((await li.patch('/me', { phone: '13900000000' })).status, 200);
  const calls = [call(li), call(wang), call(boss)], mails = [message(li), message(wang)];
  const seen = async (who) => [ids(await who.get('/calls')), ids(await who.get('/voicemails'))];
  assert.deepEqual([await seen(li), await seen(wang)], [[[calls[0]], [mails[0]]], [[calls[1]], [mails[1]]]], 'its own, and nobody else\'s');
  assert.deepEqual(await seen(boss), [[calls[2]], []]);
  await admin.make('agent-managed-groups', { agent_id: boss.agent.id, group_id: group.id });
  assert.deepEqual((await seen(boss))[0], calls.toSorted(), 'a leader: all members of its groups');
  const notice = await admin.make('notices', { title: '放假', content: '周五' });
  assert.deepEqual(ids(await li.get('/notices')), [notice.id]);
  for (const [verb, path, body] of [['post', '/notices', { title: 'x', content: 'x' }], ['delete', `/notices/${notice.id}`], ['post', '/calls/export', {}], ['delete', `/voicemails/${mails[0]}`], ['get', '/queues'], ['get', '/agents'], ['get', '/customers']]) assert.equal((await li[verb](path, body)).status, 403, path);
  // An account that is no agent has no desk; an agent whose role sees more than its own is told by its role alone.
  await admin.make('accounts', { username: 'office', name: 'o', password: 'clerk-password' });
  assert.deepEqual(await menuOf(await login('office')), {});
  const wide = await admin.make('roles', { name: 'wide', permissions: ['queues.read'], scope: 'tenant' });
  const inspector = await agent('inspector', { role: wide });
  assert.deepEqual([Object.keys(await menuOf(inspector)), (await inspector.get('/calls')).status], [['队列'], 403]);
  const mixed = await admin.make('roles', { name: 'mixed', permissions: ['customers.read'], scope: 'own' });
  assert.deepEqual(Object.keys(await menuOf(await agent('mixed', { role: mixed }))), ['基本管理', '客户'], 'what is granted stands beside it');
  // The carrier may take any of it back; a token has what it names; the agent gone, the desk gone.
  const barred = await env.boss.make('grantable-permissions', { permission: 'voicemails.read', allowed: false });
  await until('taken back', async () => (await li.get('/voicemails')).status === 403);
  await env.boss.delete(`/grantable-permissions/${barred.id}`);
  await until('given again', async () => (await li.get('/voicemails')).status === 200);
  await admin.patch(`/agents/${li.agent.id}`, { enabled: false });
  assert.deepEqual(await menuOf(li), {});
});

test('internal messages: to one or several, unread until read, between the two alone', async () => {
  const [a, b, c] = [await agent('m-a'), await agent('m-b'), await agent('m-c')];
  const names = (await a.get('/colleagues?limit=200')).body.items.map((x) => x.name);
  await fieldTable(a, 'internal-messages', () => ({ recipients: [a.account.id], title: `信息 ${++n}` }), {
    title: { zh: '标题', required: true }, content: { zh: '内容', default: '' }, level: { zh: '级别', default: 'standard' }, state: { zh: '状态', default: 'unread', accepts: ['read', 'unread'], refuses: ['gone'] },
    recipients: { zh: '接收人', required: true }, recipient_id: { zh: '收件人', readonly: true, refuses: [uuid] }, created_by: { zh: '发送人', readonly: true },
  });
  assert.deepEqual((await a.post('/internal-messages', { recipients: [uuid], title: 'x' })).body.errors.map((e) => e.field), ['recipients']);
  assert.ok(['m-b', 'm-c'].every((name) => names.includes(name)), 'whom one may write to');
  assert.ok(!('password' in (await a.get('/colleagues')).body.items[0]) && (await a.get('/accounts')).status === 403);
  await a.make('internal-messages', { recipients: [b.account.id, c.account.id, b.account.id], title: '开会', content: '三点', level: 'urgent' });
  const got = async (who) => (await who.get(`/internal-messages?filter[title]=开会&filter[recipient_id]=${who.account.id}`)).body.items;
  const [mb] = await got(b), [mc] = await got(c);
  assert.deepEqual([mb.title, mb.level, mb.state, mb.created_by], ['开会', 'urgent', 'unread', a.account.id]);
  assert.equal((await got(b)).length, 1, 'once, however often it is named');
  assert.equal((await b.get(`/internal-messages/${mb.id}`)).body.content, '三点');
  assert.equal((await b.patch(`/internal-messages/${mb.id}`, { state: 'read' })).body.state, 'read');
  assert.deepEqual((await a.get('/internal-messages?filter[title]=开会&sort=state')).body.items.map((m) => m.state), ['read', 'unread'], 'the sender sees who has read it');
  assert.ok((await a.patch(`/internal-messages/${mc.id}`, { state: 'read' })).status >= 400);
  assert.ok((await b.patch(`/internal-messages/${mb.id}`, { title: 'x' })).status >= 400, 'what was sent stays');
  assert.ok((await a.delete(`/internal-messages/${mc.id}`)).status >= 400, 'and is the other\'s');
  for (const who of [b, admin]) assert.equal((await who.get(`/internal-messages/${mc.id}`)).status, 404, 'nobody else\'s, whatever he may do');
  assert.equal((await c.delete(`/internal-messages/${mc.id}`)).status, 204);
  assert.deepEqual(ids(await admin.get('/internal-messages?deleted=true')), []);
  assert.ok(!JSON.stringify((await admin.get('/audit?filter[resource]=internal-messages&limit=100')).body).includes('三点'), 'nor the log');
});

// covers: TEN-V712
test('a leader has two more menus: its group, and predictive dialling; and sees whom it leads, not others', async () => {
  const [mine, other] = [await admin.make('agent-groups', { name: '乙组' }), await admin.make('agent-groups', { name: '丙组' })];
  const [boss, a, b] = [await agent('lead', {}), await agent('l-a', { group_id: mine.id }), await agent('l-b', { group_id: other.id })];
  const campaign = await admin.make('campaigns', { name: '续费' });
  assert.deepEqual(Object.keys(await menuOf(boss)), ['基本管理']);
  assert.equal((await boss.get('/campaigns')).status, 403);
  assert.equal(boss.session.agent.leader, false);
  const link = await admin.make('agent-managed-groups', { agent_id: boss.agent.id, group_id: mine.id });
  await until('a leader', async () => (await boss.get('/agents')).status === 200);
  assert.deepEqual(await menuOf(boss), { 基本管理: ['公告', '内部信息', '语音留言', '通话'], 坐席组长: ['坐席', '坐席状态日志', '录音', '队列坐席'].sort(), 预拨号: ['外呼任务'] });
  assert.deepEqual((await boss.get('/agents?sort=number')).body.items.map((x) => x.name), ['lead', 'l-a']);
  const state = (x) => env.pg.sql(`insert into zj.agent_state (tenant_id, id, agent_id, state, from_at, to_at, cause) values ('${admin.tenant.id}', '${fresh()}', '${x.agent.id}', 'idle', now() - interval '1 minute', now(), 'own') returning id`)[0][0];
  const states = [state(a), state(b)];
  assert.deepEqual(ids(await boss.get('/agent-states')), [states[0]]);
  assert.deepEqual(ids(await boss.get('/campaigns')), [campaign.id]);
  assert.equal((await boss.patch(`/agents/${a.agent.id}`, { name: 'x' })).status, 403, 'looked at, not changed');
  assert.deepEqual(Object.keys(await menuOf(a)), ['基本管理'], 'its members have not');
  // Whom one consults: the leaders.
  assert.deepEqual((await admin.get('/agents?filter[leader]=true')).body.items.map((x) => x.name).filter((x) => /^l/.test(x)), ['lead']);
  await admin.delete(`/agent-managed-groups/${link.id}`);
  await until('no more', async () => (await boss.get('/agents')).status === 403);
  assert.deepEqual(Object.keys(await menuOf(boss)), ['基本管理']);
  const queue = await admin.make('queues', { number: '4001', name: '队列' });
  await admin.make('agent-managed-queues', { agent_id: boss.agent.id, queue_id: queue.id });
  await until('by a queue', async () => (await boss.get('/agents')).status === 200);
  const beta = await env.tenant('beta');
  assert.deepEqual(ids(await beta.get('/agents')), []);
  assert.equal((await new Client(env).get('/meta/menu')).status, 401);
});
