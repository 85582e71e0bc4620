// Log-ins: lock-outs, one-time codes, passwords, sessions, acting for others, what the audit log says of them.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, sleep, slow, startEnv, until } from './env.mjs';

let env, admin, boss;
before(async () => {
  env = await startEnv();
  await env.startAcd();
  boss = await env.carrier();
  admin = await env.tenant('alpha');
});
after(() => env?.close());

const redis = (...args) => execFileSync('redis-cli', ['-s', env.settings.redis, ...args], { encoding: 'utf8' }).trim();
const login = (body, headers) => new Client(env, null, headers).post('/login', body);
const settings = (values) => admin.patch(`/settings/${admin.tenant.id}`, values).then((r) => assert.equal(r.status, 200, JSON.stringify(r.body)));
// Rows of the audit log, newest first; it is written a moment after the answer.
const audit = (event, match = () => true, client = admin) => until(`audit ${event}`, async () => (await client.get(`/audit?filter[event]=${event}`)).body.items?.find(match));

function totp(secret, at = Date.now()) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const h = createHmac('sha1', key).update(counter).digest();
  return String((h.readUInt32BE(h[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}
// A moment that is not about to become the next step of 30 s.
const stepWithRoom = () => until('room in the step', () => Date.now() % 30000 < 25000, 6000);

// covers: TEN-V001 TEN-Y01
test('an account logs in with name and password, at one address for everybody; it is in the audit log', async () => {
  const li = await env.clerk(admin, '李四_1@x.cn', ['queues.read']);
  assert.equal(li.session.account.username, '李四_1@x.cn');
  assert.equal(li.session.must_change_password, false);
  const row = await audit('login', (e) => e.account_id === li.account.id);
  assert.deepEqual([row.source, row.actor_id, row.via], ['127.0.0.1', null, 'api']);
  await until('last login', async () => (await admin.get(`/accounts/${li.account.id}`)).body.last_login_at);
  assert.equal((await login({ tenant: 'alpha', username: '李四_1@x.cn', password: 'wrong-password' })).status, 401);
  const failed = await audit('login.failed', (e) => e.account_id === li.account.id);
  assert.match(failed.label, /alpha\/李四_1@x\.cn/);
  assert.deepEqual(failed.changes, { because: [null, 'password'] });
  assert.equal((await login({ tenant: 'nobody-has-this', username: 'x', password: 'y' })).status, 401);
  await audit('login.failed', (e) => e.label === 'nobody-has-this/x', boss);
  assert.equal((await li.post('/logout', {})).status, 204);
  await audit('logout', (e) => e.account_id === li.account.id);
  assert.equal((await li.get('/session')).status, 401);
});

test('who guesses waits, each time twice as long, also after a restart of the api; others do not; a new password is a new beginning', async () => {
  await settings({ lockout_tries: 3 });
  const li = await env.clerk(admin, 'guessed', ['queues.read']);
  const from = (source, password, username = 'guessed') => login({ tenant: 'alpha', username, password }, { 'x-forwarded-for': source });
  for (let i = 0; i < 3; i++) assert.equal((await from('10.0.0.1', 'wrong-password')).status, 401);
  const held = await from('10.0.0.1', 'clerk-password');
  assert.equal(held.status, 429);
  assert.ok(Number(held.headers.get('retry-after')) <= 2);
  assert.equal((await from('10.0.0.2', 'clerk-password')).status, 200, 'another source');
  assert.equal((await from('10.0.0.1', 'tenant-password', 'admin')).status, 200, 'another account');
  for (const wait of [4, 8]) {
    await sleep(wait / 2 * 1000 + 100);
    assert.equal((await from('10.0.0.1', 'wrong-password')).status, 401);
    const longer = Number((await from('10.0.0.1', 'clerk-password')).headers.get('retry-after'));
    assert.ok(longer > wait / 2 && longer <= wait, `${longer} of ${wait} s`);
  }
  await env.stopApi('SIGKILL');
  await env.startApi();
  assert.equal((await from('10.0.0.1', 'clerk-password')).status, 429);
  assert.equal((await admin.patch(`/accounts/${li.account.id}`, { password: 'another-password' })).status, 200);
  assert.equal((await from('10.0.0.1', 'another-password')).status, 200);
  await settings({ lockout_tries: 5 });
});

test('guessing together does not help: tries under way count', async () => {
  await env.clerk(admin, 'parallel', []);
  const all = await Promise.all(Array.from({ length: 40 }, () => login({ tenant: 'alpha', username: 'parallel', password: 'wrong-password' }, { 'x-forwarded-for': '10.1.0.1' })));
  assert.ok(all.filter((r) => r.status === 401).length <= 16);
  assert.ok(all.some((r) => r.status === 429));
});

test('one-time codes: set up by a first code, asked at log-in, good once, sealed in the database, taken away by password or administrator', async () => {
  const li = await env.clerk(admin, 'careful', ['queues.read']);
  assert.equal((await li.post('/me/totp', { password: 'not-it' })).body.errors[0].rule, 'password');
  const made = (await li.post('/me/totp', { password: 'clerk-password' })).body;
  assert.match(made.secret, /^[A-Z2-7]{32}$/);
  assert.match(made.uri, new RegExp(`^otpauth://totp/alpha:careful\\?secret=${made.secret}&issuer=Zongji`));
  assert.equal((await login({ tenant: 'alpha', username: 'careful', password: 'clerk-password' })).status, 200, 'not before it is confirmed');
  assert.equal((await li.post('/me/totp/confirm', { code: '000000' })).body.errors[0].rule, 'totp');
  await stepWithRoom();
  const code = totp(made.secret);
  assert.equal((await li.post('/me/totp/confirm', { code })).status, 204);
  assert.equal((await li.get('/me')).body.totp_enabled, true);
  const [[sealed]] = env.pg.sql(`select totp_secret from zj.account where id = '${li.account.id}'`);
  assert.ok(sealed.startsWith('1:') && !sealed.includes(made.secret));
  assert.ok(!JSON.stringify((await admin.get(`/accounts/${li.account.id}`)).body).includes(sealed.slice(2)));
  const without = await login({ tenant: 'alpha', username: 'careful', password: 'clerk-password' });
  assert.deepEqual([without.status, without.body.type], [401, 'urn:zongji:problem:totp']);
  const again = await login({ tenant: 'alpha', username: 'careful', password: 'clerk-password', code });
  assert.deepEqual([again.status, again.body.type], [401, 'urn:zongji:problem:totp'], 'a code is good once');
  await env.stopApi();
  await env.startApi();
  assert.equal((await login({ tenant: 'alpha', username: 'careful', password: 'clerk-password', code })).status, 401, 'also after a restart');
  const next = totp(made.secret, Date.now() + 30000); // one step early is allowed
  assert.equal((await login({ tenant: 'alpha', username: 'careful', password: 'clerk-password', code: next })).status, 200);
  assert.equal((await login({ tenant: 'alpha', username: 'careful', password: 'wrong-password', code: next })).body.type, 'urn:zongji:problem:login');
  await audit('totp', (e) => e.account_id === li.account.id && e.changes.because[1] === 'enabled');
  assert.equal((await li.delete(`/accounts/${admin.session.account.id}/totp`)).status, 403);
  assert.equal((await admin.delete(`/accounts/${li.account.id}/totp`)).status, 204);
  await audit('totp', (e) => e.changes.because[1] === 'reset');
  assert.equal((await login({ tenant: 'alpha', username: 'careful', password: 'clerk-password' })).status, 200);
});

// covers: TEN-Y21 TEN-Y10
test('one changes one\'s own password: the old one first, the tenant\'s rules, no former one; other sessions end', async () => {
  const li = await env.clerk(admin, 'keeper', []);
  const other = await env.login({ tenant: 'alpha', username: 'keeper', password: 'clerk-password' });
  const change = async (fresh, old = 'clerk-password') => { const r = await li.post('/me/password', { old, new: fresh }); return [r.status, ...(r.body.errors ?? []).map((e) => e.rule)]; };
  await settings({ password_min_length: 10, password_classes: 2, password_no_runs: true, password_history: 2 });
  assert.deepEqual(await change('long-enough1', 'wrong'), [422, 'password']);
  assert.deepEqual(await change('short1'), [422, 'min_length']);
  assert.deepEqual(await change('onlyletters'), [422, 'password_classes']);
  for (const bad of ['abcdef1234', 'abcdef4321', 'abcdef5555']) assert.deepEqual(await change(bad), [422, 'password_runs'], bad);
  assert.deepEqual(await change('abc123abc124'), [204]);
  assert.equal((await li.get('/session')).status, 200, 'this session stays');
  assert.equal((await other.get('/session')).status, 401, 'others end');
  assert.deepEqual(await change('clerk-password', 'abc123abc124'), [422, 'password_history']);
  assert.deepEqual(await change('abc123abc125', 'abc123abc124'), [204]);
  assert.deepEqual(await change('xyz987xyz986', 'abc123abc125'), [204]);
  assert.deepEqual(await change('clerk-password', 'xyz987xyz986'), [204], 'only the last two are refused');
  await audit('password', (e) => e.account_id === li.account.id);
  for (const path of ['/accounts', `/accounts/${li.account.id}`]) {
    const r = await admin[path === '/accounts' ? 'post' : 'patch'](path, { username: 'weak', name: 'x', password: 'abcd-1234-x' });
    assert.equal(r.status, 422, path);
    assert.equal(r.body.errors.find((e) => e.field === 'password').rule, 'password_runs');
  }
  await settings({ password_min_length: 8, password_classes: 1, password_no_runs: false, password_history: 0 });
});

test('a password that must be changed: nothing but that; likewise one that is too old, and one-time codes that are required', async () => {
  const li = await env.clerk(admin, 'fresh', ['queues.read']);
  await admin.patch(`/accounts/${li.account.id}`, { must_change_password: true });
  const r = await li.get('/queues');
  assert.deepEqual([r.status, r.body.type], [403, 'urn:zongji:problem:password']);
  assert.equal((await li.get('/session')).body.must_change_password, true);
  assert.equal((await li.get('/me')).body.must_change_password, true);
  assert.equal((await li.post('/me/password', { old: 'clerk-password', new: 'my-own-password' })).status, 204);
  assert.equal((await li.get('/queues')).status, 200);
  assert.equal((await admin.get(`/accounts/${li.account.id}`)).body.must_change_password, false);
  env.pg.sql(`alter table zj.account disable trigger user; update zj.account set password_changed_at = now() - interval '40 days' where id = '${li.account.id}'; alter table zj.account enable trigger user`);
  await settings({ password_days: 30 });
  await admin.patch(`/accounts/${li.account.id}`, { name: 'old' }); // tells the api
  assert.equal((await li.get('/queues')).body.type, 'urn:zongji:problem:password');
  await settings({ password_days: 0, totp_required: true });
  assert.equal((await li.get('/queues')).body.type, 'urn:zongji:problem:totp_required');
  assert.equal((await li.get('/session')).body.totp_required, true);
  const { secret } = (await li.post('/me/totp', { password: 'my-own-password' })).body;
  assert.equal((await li.post('/me/totp/confirm', { code: totp(secret) })).status, 204);
  assert.equal((await li.get('/queues')).status, 200);
  await admin.post('/me/totp', { password: 'tenant-password' }).then(async (m) => admin.post('/me/totp/confirm', { code: totp(m.body.secret) }));
  await settings({ totp_required: false });
  assert.equal((await admin.delete('/me/totp', )).status, 422);
  assert.equal((await admin.request('DELETE', '/me/totp', { password: 'tenant-password' })).status, 204);
});

test('sessions: listed, ended by oneself or by who may; the event socket hears why; idle ones end and are told', async () => {
  const li = await env.clerk(admin, 'seen', ['live.read']);
  const other = await env.login({ tenant: 'alpha', username: 'seen', password: 'clerk-password' });
  const mine = (await li.get('/me/sessions')).body.items;
  assert.equal(mine.length, 2);
  assert.deepEqual(mine.map((s) => s.current).sort(), [false, true]);
  assert.equal(mine[0].source, '127.0.0.1');
  assert.ok(mine[0].user_agent.length > 0 && mine[0].created_at && mine[0].seen_at && !JSON.stringify(mine).includes(li.token.slice(4)));
  const ws = await other.events();
  const id = mine.find((s) => !s.current).id;
  assert.equal((await li.delete(`/me/sessions/${id}`)).status, 204);
  assert.equal((await ws.wait('end')).because, 'revoked');
  assert.equal((await other.get('/session')).status, 401);
  assert.equal((await li.delete(`/me/sessions/${id}`)).status, 404);
  const admins = (await admin.get('/me/sessions')).body.items.find((s) => s.current).id;
  assert.equal((await li.delete(`/me/sessions/${admins}`)).status, 404, 'only one\'s own');
  assert.equal((await li.delete(`/sessions/${admins}`)).body.permission, 'sessions.revoke');
  assert.equal((await li.get('/sessions')).body.permission, 'sessions.revoke');
  const theirs = (await admin.get(`/sessions?account_id=${li.account.id}`)).body.items;
  assert.deepEqual(theirs.map((s) => s.account.label), ['seen']);
  assert.ok((await admin.get('/sessions')).body.items.some((s) => s.current));
  assert.equal((await admin.delete(`/sessions/${theirs[0].id}`)).status, 204);
  assert.equal((await li.get('/session')).status, 401);
  await audit('session.revoke', (e) => e.label === 'seen' && e.account_id === admin.session.account.id);
  const beta = await env.tenant('beta');
  assert.deepEqual((await beta.get(`/sessions?account_id=${li.account.id}`)).body.items, []);
  assert.equal((await beta.delete(`/sessions/${admins}`)).status, 404);
  // Nobody uses it any more, and no process has it in memory: its time in Redis is over.
  const idle = await env.login({ tenant: 'alpha', username: 'seen', password: 'clerk-password' });
  await env.stopApi();
  const key = `zj:{${admin.tenant.id}}:sessions`;
  const member = redis('ZRANGE', key, '0', '-1').split('\n').find((m) => m.startsWith(li.account.id));
  redis('ZADD', key, '1', member);
  redis('DEL', `zj:{${admin.tenant.id}}:session:${member.slice(37)}`);
  await env.startApi();
  await audit('timeout', (e) => e.account_id === li.account.id);
  assert.equal((await idle.get('/session')).status, 401);
});

// covers: TEN-V716
test('one log-in at a time, where the tenant wants it: the older session ends, and its page is told why', async () => {
  const li = await env.clerk(admin, 'single', ['live.read']);
  await settings({ one_login: true });
  const ws = await li.events();
  await ws.wait('snapshot');
  const newer = await env.login({ tenant: 'alpha', username: 'single', password: 'clerk-password' });
  assert.equal((await ws.wait('end')).because, 'elsewhere');
  assert.equal((await li.get('/session')).status, 401);
  assert.equal((await newer.get('/session')).status, 200);
  await audit('session.revoke', (e) => e.account_id === li.account.id && e.changes?.because[1] === 'elsewhere');
  await settings({ one_login: false });
  await env.login({ tenant: 'alpha', username: 'single', password: 'clerk-password' });
  assert.equal((await newer.get('/session')).status, 200);
});

test('logging in as somebody: marked everywhere, never more than either may, and back again', async () => {
  const li = await env.clerk(admin, 'target', ['queues.read', 'queues.create', 'accounts.read']);
  const help = await env.clerk(admin, 'helpdesk', ['accounts.impersonate', 'queues.read', 'queues.create', 'queues.update', 'accounts.read', 'tokens.write']);
  const acting = async (client, id) => { const r = await client.post('/login-as', { account_id: id }); return r.status === 200 ? Object.assign(new Client(env, r.body.token), { session: r.body }) : r; };
  assert.equal((await acting(li, help.account.id)).body.permission, 'accounts.impersonate');
  assert.equal((await acting(help, admin.session.account.id)).body.type, 'urn:zongji:problem:beyond_own', 'nobody with more rights');
  const as = await acting(help, li.account.id);
  assert.equal(as.session.account.username, 'target');
  assert.deepEqual([as.session.acting_for.username, as.session.actor.username], ['target', 'helpdesk']);
  assert.deepEqual((await as.get('/session')).body.actor.username, 'helpdesk');
  assert.equal((await as.patch(`/accounts/${li.account.id}`, { name: 'x' })).status, 403, 'not what only the actor may');
  const q = await as.make('queues', { number: '4711', name: 'made for target' });
  const row = await audit('create', (e) => e.row_id === q.id);
  assert.deepEqual([row.account_id, row.actor_id], [li.account.id, help.account.id]);
  const mark = await audit('impersonate', (e) => e.account_id === li.account.id);
  assert.equal(mark.actor_id, help.account.id);
  for (const [method, path, body] of [['POST', '/me/password', { old: 'clerk-password', new: 'taken-over-1' }], ['POST', '/me/totp', { password: 'clerk-password' }], ['POST', '/tokens', { name: 'back door', permissions: [] }], ['POST', '/login-as', { account_id: help.account.id }]]) {
    const r = await as.request(method, path, body);
    assert.equal(r.status, 403, path);
  }
  assert.deepEqual((await li.get('/me/sessions')).body.items.map((s) => s.acting?.label ?? null).sort(), [null, 'helpdesk'].sort());
  await admin.patch(`/roles/${help.role.id}`, { permissions: ['accounts.impersonate', 'queues.read'] });
  assert.equal((await as.post('/queues', { number: '4712', name: 'x' })).status, 403, 'the actor lost it');
  const back = await as.post('/logout', {});
  assert.equal(back.status, 200);
  assert.deepEqual([back.body.account.username, back.body.acting_for], ['helpdesk', null]);
  assert.equal((await as.get('/session')).status, 401);
  assert.equal((await help.get('/session')).status, 200);
  const again = await acting(admin, li.account.id);
  await admin.patch(`/accounts/${help.account.id}`, { enabled: false });
  assert.equal((await again.get('/session')).status, 200);
  const browser = new Client(env, null, { cookie: `zj_session=${admin.token}`, 'x-zj-csrf': admin.session.csrf });
  const byCookie = await browser.post('/login-as', { account_id: li.account.id });
  const cookie = byCookie.headers.get('set-cookie').split(';')[0];
  const out = await new Client(env, null, { cookie, 'x-zj-csrf': byCookie.body.csrf }).post('/logout', {});
  assert.equal(out.body.account.username, 'admin');
  const home = out.headers.get('set-cookie').split(';')[0];
  assert.equal((await new Client(env, null, { cookie: home }).get('/session')).body.account.username, 'admin');
  admin = Object.assign(await env.login({ tenant: 'alpha', username: 'admin', password: 'tenant-password' }), { tenant: admin.tenant });
});

test('a carrier that enters a tenant is in that tenant\'s audit log, once a visit; it may log in as somebody there', async () => {
  const inside = new Client(env, boss.token, { 'x-zj-tenant': admin.tenant.id });
  for (let i = 0; i < 3; i++) assert.equal((await inside.get('/queues')).status, 200);
  await audit('enter', (e) => e.account_id === boss.session.account.id && e.label === 'carrier');
  assert.equal((await admin.get('/audit?filter[event]=enter')).body.items.filter((e) => e.account_id === boss.session.account.id).length, 1);
  const li = await env.clerk(admin, 'helped', ['queues.read']);
  const r = await inside.post('/login-as', { account_id: li.account.id });
  assert.equal(r.status, 200, JSON.stringify(r.body));
  const as = new Client(env, r.body.token);
  assert.equal((await as.get('/session')).body.tenant.name, 'alpha');
  assert.equal((await as.get('/accounts')).status, 403);
  assert.equal((await boss.post('/login-as', { account_id: li.account.id })).status, 404, 'only where it acts');
  assert.equal((await as.post('/logout', {})).body.tenant.kind, 'carrier');
});

test('no event is lost while PostgreSQL is away, nor with kill -9', async () => {
  const li = await env.clerk(admin, 'unlucky', []);
  env.pg.freeze();
  try { assert.equal((await login({ tenant: 'alpha', username: 'unlucky', password: 'clerk-password' })).status, 200); } finally { await env.stopApi('SIGKILL'); env.pg.thaw(); }
  await env.startApi();
  await until('both log-ins', async () => (await admin.get(`/audit?filter[event]=login&filter[account_id]=${li.account.id}`)).body.items?.length === 2);
});

test('the profile: one\'s own name, mail, phone, language, and nothing that gives rights', async () => {
  const li = await env.clerk(admin, 'modest', []);
  const r = await li.patch('/me', { name: '李', email: 'li@example.cn', phone: '13800001111', language: 'en' });
  assert.equal(r.status, 200, JSON.stringify(r.body));
  assert.deepEqual([r.body.name, r.body.email, r.body.phone, r.body.language, r.body.username], ['李', 'li@example.cn', '13800001111', 'en', 'modest']);
  assert.deepEqual(Object.keys(r.body.rules).sort(), ['classes', 'days', 'history', 'min_length', 'no_runs']);
  assert.match(r.body.number, /^[0-9]+$/);
  for (const field of ['role_id', 'enabled', 'username', 'tenant_id', 'password', 'type', 'totp_enabled', 'department_id']) assert.equal((await li.patch('/me', { [field]: null })).status, 422, field);
  assert.equal((await li.patch('/me', { no_such: 1 })).status, 400);
  const bad = await li.patch('/me', { email: 'no mail' });
  assert.deepEqual([bad.status, bad.body.errors?.[0].field], [422, 'email']);
  assert.equal((await li.get('/accounts')).status, 403);
});

// covers: TEN-V015 TEN-V717
test('branding before the log-in: by tenant or by host; an unknown tenant looks like one without', async () => {
  const nobody = new Client(env);
  const none = (await nobody.get('/branding?tenant=no-such-tenant')).body;
  assert.deepEqual(none, { name: null, title: null, display_name: null, logo: null, language: null, login: 'user' });
  assert.deepEqual((await nobody.get('/branding?tenant=alpha')).body, none, 'nobody learns that it exists');
  assert.equal((await boss.patch(`/tenants/${admin.tenant.id}`, { display_name: '十五个字十五个字十五个字十五个字' })).status, 422);
  assert.equal((await boss.patch(`/tenants/${admin.tenant.id}`, { display_name: '阿尔法客服中心', language: 'en' })).status, 200);
  const b = (await nobody.get('/branding?tenant=alpha')).body;
  assert.deepEqual([b.display_name, b.language, b.title, b.logo], ['阿尔法客服中心', 'en', 'ALPHA', null]);
  assert.equal((await env.login({ tenant: 'alpha', username: 'admin', password: 'tenant-password' })).session.tenant.display_name, '阿尔法客服中心');
  await settings({ user_login_host: 'office.alpha.test', agent_login_host: 'agents.alpha.test' });
  const byHost = (host) => JSON.parse(execFileSync('curl', ['-s', '-H', `Host: ${host}`, `${env.url}/api/v1/branding`], { encoding: 'utf8' }));
  assert.deepEqual([byHost('office.alpha.test').login, byHost('office.alpha.test').name], ['user', 'alpha']);
  assert.deepEqual([byHost('agents.alpha.test:8443').login, byHost('agents.alpha.test').name], ['agent', 'alpha']);
  // One browser, two hosts, two sessions: the cookie names no domain, so each host has its own.
  const cookie = (await login({ tenant: 'alpha', username: 'admin', password: 'tenant-password' })).headers.get('set-cookie');
  assert.ok(!/domain=/i.test(cookie) && /HttpOnly/.test(cookie));
});

test('access tokens: scoped, expiring, never wider than their account', async () => {
  const li = await env.clerk(admin, 'program', ['queues.read', 'queues.create', 'tokens.write', 'tokens.read']);
  const soon = new Date(Date.now() + 1500).toISOString();
  const t = await li.make('tokens', { name: 'short', permissions: ['queues.read'], expires_at: soon });
  const program = new Client(env, t.token);
  assert.equal((await program.get('/queues')).status, 200);
  assert.equal((await program.post('/queues', { number: '4999', name: 'x' })).status, 403);
  assert.equal((await program.post('/login-as', { account_id: li.account.id })).status, 403);
  assert.equal((await li.post('/tokens', { name: 'wide', permissions: ['accounts.read'] })).status, 403);
  await until('expired', async () => (await program.get('/queues')).status === 401, 4000);
  const lasting = new Client(env, (await li.make('tokens', { name: 'lasting', permissions: ['queues.read'] })).token);
  await admin.patch(`/roles/${li.role.id}`, { permissions: ['tokens.read'] });
  assert.equal((await lasting.get('/queues')).status, 403, 'its account lost the right');
  await admin.patch(`/accounts/${li.account.id}`, { enabled: false });
  assert.equal((await lasting.get('/queues')).status, 401);
});

// Their tokens are as the api makes them; what Redis has of each is a copy of one that was really made.
test('ten thousand idle sessions cost little: memory, and next to no processor time', async () => {
  const n = 10000, t = admin.tenant.id;
  const value = redis('GET', `zj:{${t}}:session:${createHash('sha256').update(admin.token).digest('hex')}`);
  const tokens = Array.from({ length: n }, () => `zjs_${Buffer.concat([Buffer.from(t.replaceAll('-', ''), 'hex'), randomBytes(32)]).toString('base64url')}`);
  execFileSync('redis-cli', ['-s', env.settings.redis], { input: tokens.map((x) => `SET zj:{${t}}:session:${createHash('sha256').update(x).digest('hex')} '${value}' PX 3600000`).join('\n'), stdio: ['pipe', 'ignore', 'inherit'] });
  const rss = () => Number(readFileSync(`/proc/${env.api.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) * 1024;
  const cpu = () => readFileSync(`/proc/${env.api.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((a, b) => a + Number(b), 0) / 100;
  const before = rss(), waiting = [...tokens];
  await Promise.all(Array.from({ length: 50 }, async () => { for (let x; (x = waiting.pop());) assert.equal((await new Client(env, x).get('/session')).status, 200); }));
  const sessions = Number((await (await fetch(`${env.health}/metrics`)).text()).match(/zj_api_sessions (\d+)/)[1]);
  assert.ok(sessions >= n, `${sessions} in memory`);
  const grown = rss() - before;
  assert.ok(slow > 1 || grown < 25e6, `${n} sessions took ${grown} bytes`);
  const used = cpu();
  await sleep(6000); // at least one look at all of them
  assert.ok(cpu() - used < 0.5 * slow, `idle, they took ${cpu() - used} s`);
  assert.equal((await admin.get('/session')).status, 200);
});
