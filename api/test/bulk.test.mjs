// Many rows at once, the recycle bin, history, duplicates: what each row came to, and who may.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { startEnv, until, uuid } from './env.mjs';

let env, admin, other, n = 100;
const group = 'customers';
before(async () => {
  env = await startEnv();
  admin = await env.tenant('alpha');
  other = await env.tenant('beta');
  env.pg.sql("update zj.business_object set enabled = true");
});
after(() => env.close());
const customer = (who, row = {}) => who.make(group, { name: `客户${++n}`, phone: `138${String(10000000 + n)}`, ...row });
const bulk = (who, resource, body, headers) => who.post(`/${resource}/bulk`, body, headers);
const type = (r) => r.body.type?.split(':').pop();

test('update by ids: each row changes or says why not; the others stand', async () => {
  const rows = [await customer(admin), await customer(admin), await customer(admin)], ids = rows.map((r) => r.id);
  const foreign = await customer(other);
  const r = await bulk(admin, group, { action: 'update', ids: [...ids, ids[0], uuid, foreign.id], set: { level: 'vip', remark: '批量' } });
  assert.equal(r.status, 200, JSON.stringify(r.body));
  assert.deepEqual([r.body.matched, r.body.changed], [5, 3]);
  assert.deepEqual(r.body.failed.map((f) => [f.id, f.problem.status]), [[uuid, 404], [foreign.id, 404]]);
  for (const id of ids) { const { level, remark } = (await admin.get(`/${group}/${id}`)).body; assert.deepEqual([level, remark], ['vip', '批量']); }
  assert.notEqual((await other.get(`/${group}/${foreign.id}`)).body.level, 'vip');
});

test('a row that breaks a rule is told with field and rule, and does not undo the others', async () => {
  const a = await admin.make('queues', { number: '4001', name: 'a' }), b = await admin.make('queues', { number: '4002', name: 'b' });
  const r = await bulk(admin, 'queues', { action: 'update', ids: [a.id, b.id], set: { number: '4009' } });
  assert.deepEqual([r.status, r.body.changed, r.body.failed.length], [200, 1, 1], JSON.stringify(r.body));
  const [f] = r.body.failed;
  assert.deepEqual([f.id, f.problem.status, f.problem.errors[0].field, f.problem.errors[0].rule], [b.id, 409, 'number', 'unique']);
  assert.ok(f.problem.errors[0].zh && f.problem.errors[0].en);
  assert.equal((await admin.get(`/queues/${b.id}`)).body.number, '4002');
});

test('by filter; a dry run only counts; nothing matched is no error', async () => {
  for (let i = 0; i < 3; i++) await customer(admin, { company: '甲公司' });
  const query = 'filter[company]=' + encodeURIComponent('甲公司');
  const dry = await bulk(admin, group, { action: 'update', query, set: { level: 'important' }, dry_run: true });
  assert.deepEqual([dry.body.matched, dry.body.changed], [3, 0], JSON.stringify(dry.body));
  assert.equal((await admin.get(`/${group}?${query}&filter[level]=important`)).body.items.length, 0);
  assert.equal((await bulk(admin, group, { action: 'update', query, set: { level: 'important' } })).body.changed, 3);
  assert.equal((await bulk(admin, group, { action: 'update', query: 'filter[company]=nobody', set: { level: 'vip' } })).body.matched, 0);
  assert.deepEqual([(await bulk(admin, group, { action: 'delete', ids: [uuid], dry_run: true })).body.matched], [0]);
});

test('what is asked wrongly: every fault names its field, nothing changes', async () => {
  const row = await customer(admin);
  for (const [body, status, field] of [
    [{ ids: [row.id] }, 422, 'action'], [{ action: 'explode', ids: [row.id] }, 422, 'action'], [{ action: 'delete' }, 422, 'ids'],
    [{ action: 'delete', ids: [row.id], query: '' }, 422, 'ids'], [{ action: 'delete', ids: ['x'] }, 422, 'ids'],
    [{ action: 'delete', ids: Array(1001).fill(uuid) }, 422, 'ids'], [{ action: 'update', ids: [row.id] }, 422, 'set'],
    [{ action: 'update', ids: [row.id], set: { level: 'gold' } }, 422, 'level'], [{ action: 'update', ids: [row.id], set: { nothing: 1 } }, 400, 'nothing'],
    [{ action: 'update', ids: [row.id], set: { tenant_id: uuid } }, 422, 'tenant_id'], [{ action: 'delete', query: 'filter[nothing]=1' }, 400, 'nothing'],
    [{ action: 'delete', ids: [row.id], surprise: 1 }, 422, 'surprise'],
  ]) {
    const r = await bulk(admin, group, body);
    assert.deepEqual([r.status, r.body.errors?.[0].field], [status, field], JSON.stringify([body, r.body]).slice(0, 400));
  }
  const made = await env.clerk(admin, 'pw', ['*']);
  assert.equal((await bulk(admin, 'accounts', { action: 'update', ids: [made.account.id], set: { password: 'new-password-1' } })).body.errors[0].rule, 'bulk');
  assert.equal((await admin.get(`/${group}/${row.id}`)).status, 200);
});

test('the same key twice: once', async () => {
  const row = await customer(admin), key = { 'idempotency-key': 'bulk-1' }, body = { action: 'delete', ids: [row.id, uuid] };
  const [a, b] = [await bulk(admin, group, body, key), await bulk(admin, group, body, key)];
  assert.deepEqual([a.body.changed, a.body.failed.length], [1, 1]);
  assert.deepEqual([b.body.changed, b.body.failed.length, b.headers.get('idempotent-replay')], [1, 1, 'true']);
});

test('rights: verbs, masked fields in the filter, nobody more powerful', async () => {
  const reader = await env.clerk(admin, 'reader', [`${group}.read`]), row = await customer(admin, { phone: '13912345678' });
  for (const action of ['update', 'delete', 'restore', 'purge'])
    assert.deepEqual([(await bulk(reader, group, { action, ids: [row.id], set: { level: 'vip' } })).status], [403], action);
  const clerk = await env.clerk(admin, 'masked', [`${group}.read`, `${group}.update`]);
  assert.equal((await bulk(clerk, group, { action: 'update', query: 'filter[phone][starts]=139', set: { remark: 'x' } })).status, 400, 'a masked field is only compared whole');
  const hit = await bulk(clerk, group, { action: 'update', query: 'filter[phone]=13912345678', set: { remark: 'x' }, dry_run: true });
  assert.deepEqual([hit.status, hit.body.matched], [200, 1]);
  let status = 200;
  for (let i = 0; i < 70 && status === 200; i++) status = (await bulk(clerk, group, { action: 'update', query: `filter[phone]=139123456${10 + i}`, set: { remark: 'x' }, dry_run: true })).status;
  assert.equal(status, 429, 'guessing is held back');
  const manager = await env.clerk(admin, 'manager', ['accounts.read', 'accounts.write', 'roles.read']);
  const boss = (await admin.get('/accounts?filter[username]=admin')).body.items[0];
  assert.equal(type(await bulk(manager, 'accounts', { action: 'update', ids: [boss.id], set: { enabled: false } })), 'beyond_own');
  assert.equal(type(await bulk(manager, 'accounts', { action: 'delete', ids: [manager.account.id, boss.id] })), 'beyond_own');
  assert.equal((await admin.get(`/accounts/${boss.id}`)).body.enabled, true);
});

test('more than a thousand by filter: a job', async () => {
  env.pg.sql(`insert into zj.customer (tenant_id, name, phone, source, owner_id) select '${admin.tenant.id}', 'm' || i, '137' || (10000000 + i), 'mass', null from generate_series(1, 1001) i`);
  const r = await bulk(admin, group, { action: 'update', query: 'filter[source]=mass', set: { level: 'vip' } });
  assert.deepEqual([r.status, r.body.kind, r.body.resource, r.body.state], [202, 'bulk', group, 'waiting'], JSON.stringify(r.body));
  assert.deepEqual(r.body.params, { action: 'update', query: 'filter[source]=mass', set: { level: 'vip' } });
  assert.equal((await bulk(admin, group, { action: 'update', query: 'filter[source]=mass', set: { level: 'vip' }, dry_run: true })).body.matched, 1001);
  assert.equal((await admin.post(`/jobs/${r.body.id}/cancel`, {})).body.state, 'cancelled');
});

test('a deleted queue comes back with its members and secrets; a role without delete cannot bring it back', async () => {
  const ext = await admin.make('extensions', { number: '1001', name: 'a', password: 'ext-password' });
  const agent = await admin.make('agents', { number: '1001', name: 'Li', extension_id: ext.id });
  const q = await admin.make('queues', { number: '4100', name: '销售' }), m = await admin.make('queue-agents', { queue_id: q.id, agent_id: agent.id });
  assert.equal((await admin.delete(`/queues/${q.id}`)).status, 204);
  assert.equal((await admin.get(`/queue-agents/${m.id}`)).status, 404);
  const bin = (await admin.get('/queues?deleted=true&filter[number]=4100')).body.items;
  assert.deepEqual(bin.map((x) => [x.id, x.name]), [[q.id, '销售']]);
  const clerk = await env.clerk(admin, 'no-delete', ['queues.read', 'queues.create', 'queues.update']);
  assert.equal((await clerk.post(`/queues/${q.id}/restore`, {})).status, 403);
  assert.equal((await other.post(`/queues/${q.id}/restore`, {})).status, 404);
  const back = await admin.post(`/queues/${q.id}/restore`, {});
  assert.deepEqual([back.status, back.body.id, back.body.number], [200, q.id, '4100'], JSON.stringify(back.body));
  assert.equal((await admin.get(`/queue-agents/${m.id}`)).status, 200, 'its members too');
  assert.equal((await admin.post(`/queues/${q.id}/restore`, {})).status, 404, 'it is not in the bin any more');
});

test('a row whose number was taken meanwhile stays in the bin; purged for good', async () => {
  const q = await admin.make('queues', { number: '4200', name: 'old' });
  await admin.delete(`/queues/${q.id}`);
  const thief = await admin.make('queues', { number: '4200', name: 'new' });
  const r = await admin.post(`/queues/${q.id}/restore`, {});
  assert.deepEqual([r.status, r.body.errors[0].field], [409, 'number'], JSON.stringify(r.body));
  assert.equal((await admin.delete(`/queues/${q.id}?purge=true`)).status, 204);
  assert.equal((await admin.delete(`/queues/${q.id}?purge=true`)).status, 404);
  await admin.delete(`/queues/${thief.id}`);
  assert.equal((await admin.post(`/queues/${q.id}/restore`, {})).status, 404);
  assert.equal((await bulk(admin, 'queues', { action: 'restore', ids: [thief.id, q.id] })).body.failed[0].id, q.id);
  assert.equal((await admin.get(`/queues/${thief.id}`)).status, 200);
});

test('restore and purge of many by filter', async () => {
  for (let i = 0; i < 4; i++) await admin.make('queues', { number: `43${i}0`, name: '批量' });
  const gone = await bulk(admin, 'queues', { action: 'delete', query: 'filter[name]=' + encodeURIComponent('批量') });
  assert.equal(gone.body.changed, 4, JSON.stringify(gone.body));
  const back = await bulk(admin, 'queues', { action: 'restore', query: 'filter[number][in]=4300,4310' });
  assert.deepEqual([back.body.matched, back.body.changed, back.body.failed], [2, 2, []], JSON.stringify(back.body));
  const purged = await bulk(admin, 'queues', { action: 'purge', query: 'filter[name]=' + encodeURIComponent('批量') });
  assert.deepEqual([purged.body.matched, purged.body.changed], [2, 2], JSON.stringify(purged.body));
  assert.equal((await admin.get('/queues?deleted=true&filter[number][in]=4320,4330')).body.items.length, 0);
});

test('who may do more than oneself is not brought back', async () => {
  const role = await admin.make('roles', { name: 'strong', permissions: ['*'] });
  const strong = await admin.make('accounts', { username: 'strong', name: 'S', password: 'strong-password', role_id: role.id });
  await admin.delete(`/accounts/${strong.id}`);
  const manager = await env.clerk(admin, 'manager2', ['accounts.*', 'roles.*']);
  assert.equal(type(await manager.post(`/accounts/${strong.id}/restore`, {})), 'beyond_own');
  assert.equal(type(await manager.delete(`/accounts/${strong.id}?purge=true`)), 'beyond_own');
  assert.equal((await bulk(manager, 'accounts', { action: 'restore', ids: [strong.id] })).status, 405);
  assert.equal((await admin.post(`/accounts/${strong.id}/restore`, {})).status, 200);
  const c = await env.login({ tenant: 'alpha', username: 'strong', password: 'strong-password' });
  assert.equal((await c.get('/session')).status, 200, 'with its password');
});

// covers: SYS-K16
test('history: who changed what when, masked like the row, without fields one has no access to', async () => {
  const row = await customer(admin, { phone: '13800001234', remark: 'first' });
  await admin.patch(`/${group}/${row.id}`, { phone: '13800005678', remark: 'second' });
  const h = (await admin.get(`/${group}/${row.id}/history`)).body;
  assert.deepEqual(h.items.map((e) => e.event), ['update', 'create']);
  const [change] = h.items;
  assert.deepEqual(change.changes, { phone: ['13800001234', '13800005678'], remark: ['first', 'second'] });
  assert.deepEqual([change.account.label, change.via, change.source], ['Admin', 'api', '127.0.0.1'], JSON.stringify(change));
  const clerk = await env.clerk(admin, 'historian', [`${group}.read`]);
  await admin.make('role-fields', { role_id: clerk.role.id, resource: group, field: 'remark', access: 'none' });
  const seen = (await clerk.get(`/${group}/${row.id}/history`)).body.items;
  assert.deepEqual(seen[0].changes, { phone: ['138****1234', '138****5678'] });
  assert.ok(!JSON.stringify(seen).includes('13800001234') && !JSON.stringify(seen).includes('first'));
  assert.equal((await other.get(`/${group}/${row.id}/history`)).status, 404);
  assert.equal((await (await env.clerk(admin, 'nobody', ['queues.read'])).get(`/${group}/${row.id}/history`)).status, 403);
  await admin.delete(`/${group}/${row.id}`);
  const page = (await admin.get(`/${group}/${row.id}/history?limit=1`)).body;
  assert.deepEqual([page.items[0].event, !!page.next], ['delete', true], 'a deleted row has its history still');
  assert.deepEqual((await admin.get(`/${group}/${row.id}/history?limit=5&cursor=${page.next}`)).body.items.map((e) => e.event), ['update', 'create']);
  await admin.post(`/${group}/${row.id}/restore`, {});
  assert.equal((await admin.get(`/${group}/${row.id}/history`)).body.items[0].event, 'restore');
  assert.equal((await admin.get(`/${group}/${row.id}/history?limit=0`)).status, 400);
  const lead = await admin.make('leads', { name: '线索', phone: '13800009999' });
  await admin.patch(`/leads/${lead.id}`, { remark: 'called' });
  assert.deepEqual((await admin.get(`/leads/${lead.id}/history`)).body.items.map((e) => [e.event, e.changes.remark?.[1]]), [['update', 'called'], ['create', '']]);
});

test('the audit log itself shows fields as their resource does; its names are not searched by who sees them masked', async () => {
  const row = await customer(admin, { name: '王小明', phone: '13811112222', remark: 'secret remark' });
  const auditor = await env.clerk(admin, 'auditor', ['audit.read', `${group}.read`]), blind = await env.clerk(admin, 'blind', ['audit.read']);
  await admin.make('role-fields', { role_id: auditor.role.id, resource: group, field: 'remark', access: 'none' });
  await admin.make('role-fields', { role_id: auditor.role.id, resource: group, field: 'name', access: 'masked' });
  const of = async (who) => (await who.get(`/audit?filter[row_id]=${row.id}`)).body.items;
  const [whole] = await of(admin), [seen] = await of(auditor), [nothing] = await of(blind);
  assert.equal(whole.changes.phone[1], '13811112222');
  assert.ok(!/13811112222|secret remark|王小明/.test(JSON.stringify(seen)), JSON.stringify(seen));
  assert.equal(seen.changes.phone[1], '138****2222');
  assert.deepEqual([nothing.changes, nothing.label], [null, null]);
  const one = await auditor.get(`/audit/${seen.id}`);
  assert.ok(!/13811112222|secret remark|王小明/.test(one.bytes.toString()) && !one.headers.get('etag'));
  for (const q of ['filter[label]=x', 'q=13811112222', 'sort=label']) assert.equal((await auditor.get(`/audit?${q}`)).status, 400, q);
  assert.equal((await admin.get('/audit?filter[label]=' + encodeURIComponent('王小明'))).body.items.length, 1);
});

test('a duplicate: like the other but for what is said; secrets and masked values are not copied', async () => {
  const q = await admin.make('queues', { number: '4400', name: '原', strategy: 'round_robin' });
  assert.deepEqual([(await admin.post(`/queues/${q.id}/duplicate`, {})).body.errors[0].field], ['number'], 'a number is not had twice');
  const d = await admin.post(`/queues/${q.id}/duplicate`, { number: '4401' }, { 'idempotency-key': 'dup' });
  assert.deepEqual([d.status, d.body.name, d.body.strategy, d.body.number], [201, '原', 'round_robin', '4401'], JSON.stringify(d.body));
  assert.equal((await admin.post(`/queues/${q.id}/duplicate`, { number: '4401' }, { 'idempotency-key': 'dup' })).body.id, d.body.id);
  const row = await customer(admin, { phone: '13822223333' }), clerk = await env.clerk(admin, 'copier', [`${group}.read`, `${group}.create`]);
  const masked = await clerk.post(`/${group}/${row.id}/duplicate`, {});
  assert.deepEqual([masked.status, masked.body.errors?.[0].field], [422, 'phone'], 'what one sees masked is not copied');
  assert.equal((await other.post(`/queues/${q.id}/duplicate`, { number: '1' })).status, 404);
  assert.equal((await (await env.clerk(admin, 'no-create', ['queues.read'])).post(`/queues/${q.id}/duplicate`, { number: '4402' })).status, 403);
  const ext = await admin.make('extensions', { number: '1100', name: 'x', password: 'ext-password' });
  assert.equal((await admin.post(`/extensions/${ext.id}/duplicate`, { number: '1101' })).body.errors?.[0].field, 'password');
});

// covers: SYS-V524
test('the log: log-ins of users and agents, log-outs, idle sessions, what was added, changed and deleted; searched, exported', async () => {
  const alpha = `zj:{${admin.tenant.id}}:sessions`, redis = (...args) => execFileSync('redis-cli', ['-s', env.settings.redis, ...args], { encoding: 'utf8' });
  const user = await env.clerk(admin, 'logged', ['queues.*']), agentAccount = await env.clerk(admin, 'logged-agent', []);
  await admin.make('agents', { number: '8001', name: 'Logged', account_id: agentAccount.account.id });
  await env.login({ tenant: 'alpha', username: 'logged-agent', password: 'clerk-password' });
  const q = await user.make('queues', { number: '4700', name: '日志' });
  await user.patch(`/queues/${q.id}`, { name: '日志二' });
  await user.delete(`/queues/${q.id}`);
  await user.post('/logout', {});
  // one that nobody used for too long: its time in Redis is over
  await env.login({ tenant: 'alpha', username: 'logged', password: 'clerk-password' });
  await env.stopApi();
  const member = redis('ZRANGE', alpha, '0', '-1').split('\n').find((m) => m.startsWith(user.account.id));
  redis('ZADD', alpha, '1', member);
  redis('DEL', `zj:{${admin.tenant.id}}:session:${member.slice(37)}`);
  await env.startApi();
  const find = async (query, n) => (await until(query, async () => { const { items } = (await admin.get(`/audit?${query}&sort=id`)).body; return items.length >= n && items; }));
  const mine = `filter[account_id]=${user.account.id}`;
  const seen = await find(mine, 7);
  assert.deepEqual(seen.map((e) => e.event), ['login', 'create', 'update', 'delete', 'logout', 'login', 'timeout'], JSON.stringify(seen));
  for (const e of seen.slice(0, 6)) assert.deepEqual([e.source, Math.abs(Date.now() - Date.parse(e.at)) < 60000], ['127.0.0.1', true], JSON.stringify(e));
  assert.deepEqual(seen.slice(1, 4).map((e) => [e.resource, e.row_id, e.label]), [['queues', q.id, '日志'], ['queues', q.id, '日志二'], ['queues', q.id, '日志二']]);
  assert.deepEqual((await admin.get(`/audit/${seen[2].id}`)).body.changes, { name: ['日志', '日志二'] });
  assert.deepEqual((await admin.get(`/audit/${seen[0].id}`)).body.changes, { method: [null, 'password'] });
  const agents = await find(`filter[account_id]=${agentAccount.account.id}&filter[event]=login`, 2);
  assert.deepEqual((await admin.get(`/audit/${agents[1].id}`)).body.changes, { method: [null, 'password'], agent: [null, '8001'] });
  assert.deepEqual((await find(`${mine}&filter[event][in]=create,delete&filter[resource]=queues`, 2)).length, 2);
  assert.equal((await find(`${mine}&filter[at][between]=${encodeURIComponent(`${seen[1].at},${seen[3].at}`)}`, 3)).length, 3);
  const job = await admin.post('/audit/export', { format: 'xlsx', query: mine });
  assert.equal(job.status, 202, JSON.stringify(job.body));
  for (const r of [await admin.patch(`/audit/${seen[0].id}`, { event: 'logout' }), await admin.delete(`/audit/${seen[0].id}`), await admin.post('/audit', {})]) assert.equal(r.status, 405);
});
