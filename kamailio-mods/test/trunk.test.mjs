// Outbound calls: over which trunk, with which numbers, and what happens when that fails.
// covers: PBX-V001 PBX-V004 PBX-V005 PBX-V012 PBX-V013 PBX-V006 PBX-V008 PBX-V014 PBX-V017 PBX-K10 PBX-K12 PBX-K13 PBX-Y02
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Edge, header, sleep, until } from './edge.mjs';
import { Carrier, dial, status } from './carrier.mjs';
import { userOf } from '../../tests/tools/sip.mjs';

let e;
const carriers = [];
const carrier = async (host, answer, port) => {
  const c = await Carrier.open(host, port, answer);
  carriers.push(c);
  return c;
};
const trunkOf = (id) => status(e).find((s) => s.kind === 'trunk' && s.id === id);
const row = (sql) => e.sql(sql)[0][0];
const trunk = (tenant, name, host, more = {}) => {
  const columns = Object.entries({ probe_s: 0, ...more });
  return row(`insert into trunk (tenant_id, name, host, ${columns.map(([c]) => c)}) values ('${e.tenant[tenant]}', '${name}', '${host}', ${columns.map(([, v]) => v)}) returning id`);
};
const known = (id) => until(`trunk ${id}`, () => trunkOf(id));

before(async () => {
  e = await Edge.start({ offset: 1000 });
  await e.startRelay();
  await e.startKamailio();
});
after(async () => {
  for (const c of carriers) c.close();
  await e?.stop();
});

test('a call leaves by its trunk, rewritten, and its channel is free again after BYE', async () => {
  const c = await carrier('127.0.0.21');
  const id = trunk('a', 'one', '127.0.0.21', { caller_number: `'02155550000'`, caller_name: `'Company'` });
  await known(id);
  const call = await dial(e, e.tenant.a, '13800138000', { Out: `trunk:${id}` });
  assert.equal(call.code, 200);
  const [invite] = c.invites;
  assert.equal(invite.uri, 'sip:13800138000@127.0.0.21:5060');
  assert.match(header(invite, 'from'), /^"Company" <sip:02155550000@127\.0\.0\.21>;tag=/);
  assert.equal(header(invite, 'p-asserted-identity'), '<sip:02155550000@127.0.0.21>');
  assert.ok(!Object.keys(invite.headers).some((h) => h.startsWith('x-zj')), 'nothing of ours leaves');
  assert.deepEqual(call.attempts.map((a) => [a.trunk, a.where, a.code]), [[id, '127.0.0.21:5060', 200]]);
  assert.equal(header(call.response, 'x-zj-trunk'), id);
  assert.equal(trunkOf(id).calls, '1');
  assert.equal((await call.bye()).status, 200);
  assert.equal(trunkOf(id).calls, '0');
  assert.equal(c.byes, 1);
});

const times = (n) => Array.from({ length: n });

test('an answer that means failure leads to the next host by priority; one of the called party ends the call', async () => {
  const codes = {};
  const one = await carrier('127.0.0.22', () => codes.one);
  const two = await carrier('127.0.0.23', () => codes.two);
  const id = trunk('a', 'two hosts', '127.0.0.22');
  row(`insert into trunk_host (tenant_id, trunk_id, host) values ('${e.tenant.a}', '${id}', '127.0.0.23') returning id`);
  await until('both hosts', () => status(e).filter((s) => s.kind === 'host' && s.trunk === id).length === 2);
  const on = ['500', '502', '503', '504'], stop = ['404', '480', '484', '486', '488', '600', '603'];
  for (const [code, goesOn] of [...on.map((c) => [c, true]), ...stop.map((c) => [c, false])]) {
    Object.assign(codes, { one: Number(code), two: 200 });
    const before = two.invites.length;
    const call = await dial(e, e.tenant.a, '13800138000', { Out: `trunk:${id}` });
    assert.equal(two.invites.length - before, goesOn ? 1 : 0, `after ${code}`);
    assert.equal(call.code, goesOn ? 200 : Number(code));
    assert.deepEqual(call.attempts.map((a) => a.code), goesOn ? [Number(code), 200] : [Number(code)]);
    if (call.code === 200) await call.bye();
  }
  assert.equal(trunkOf(id).calls, '0');
  e.sql(`update trunk set failure_codes = '{480,503}' where id = '${id}'`);
  Object.assign(codes, { one: 480, two: 503 });
  const both = await until('the new list is in force', async () => {
    const call = await dial(e, e.tenant.a, '13800138000', { Out: `trunk:${id}` });
    return call.attempts.length === 2 && call;
  });
  assert.deepEqual([both.code, ...both.attempts.map((a) => a.code)], [503, 480, 503], 'the last answer is the call\'s');
  assert.throws(() => e.sql(`update trunk set failure_codes = '{486}' where id = '${id}'`), /trunk_failure_codes_check/);
  assert.equal(trunkOf(id).calls, '0');
});

test('a host that says nothing is passed over; a caller who hangs up while it rings ends it everywhere', async () => {
  const silent = await carrier('127.0.0.24', () => null);
  const id = trunk('a', 'silent', '127.0.0.24');
  row(`insert into trunk_host (tenant_id, trunk_id, host) values ('${e.tenant.a}', '${id}', '127.0.0.23') returning id`);
  await until('both hosts', () => status(e).filter((s) => s.kind === 'host' && s.trunk === id).length === 2);
  const two = carriers.find((c) => c.endpoint.host === '127.0.0.23');
  two.answer = () => 200;
  const call = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` });
  assert.deepEqual(call.attempts.map((a) => a.code), [408, 200]);
  await call.bye();
  silent.answer = () => ({ ring: 180 });
  const ringing = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` }, { cancelAfter: 500 });
  assert.equal(ringing.code, 487);
  assert.deepEqual(ringing.attempts.map((a) => a.code), [487]);
  assert.equal(silent.cancels, 1);
  assert.equal(trunkOf(id).calls, '0');
});

test('never more calls than channels, also when they come at once; full trunks are passed over', async () => {
  const c = await carrier('127.0.0.25', () => ({ code: 200, after: 50 }));
  const id = trunk('b', 'narrow', '127.0.0.25', { max_calls: 5 });
  await known(id);
  const calls = await Promise.all(times(20).map(() => dial(e, e.tenant.b, '10086', { Out: `trunk:${id}` })));
  const up = calls.filter((x) => x.code === 200);
  assert.equal(up.length, 5);
  assert.deepEqual([...new Set(calls.filter((x) => x.code !== 200).map((x) => `${x.code} ${header(x.response, 'x-zj-because')}`))], ['503 over_limit']);
  assert.equal(trunkOf(id).calls, '5');
  await Promise.all(up.map((x) => x.bye()));
  assert.equal(trunkOf(id).calls, '0');
  assert.equal(c.invites.length, 5);
});

test('never more calls per second than allowed', async () => {
  const c = await carrier('127.0.0.26', () => 486);
  const id = trunk('b', 'slow', '127.0.0.26', { max_cps: 5 });
  await known(id);
  const at = [];
  c.answer = () => { at.push(Date.now()); return 486; };
  const until_ = Date.now() + 2500;
  while (Date.now() < until_)
    await Promise.all(times(4).map(() => dial(e, e.tenant.b, '10086', { Out: `trunk:${id}` })));
  for (let i = 5; i < at.length; i++) assert.ok(at[i] - at[i - 5] >= 990, `six calls within ${at[i] - at[i - 5]} ms`);
  assert.ok(at.length >= 8, `${at.length} calls got through`);
});

const asked = async (method, params) => {
	const m = await Promise.race([e.acd.call(method, params), sleep(2000)]);
	if (!m?.result) throw new Error(m ? m.error.message : 'no answer');
	return m.result;
};

test('hosts are asked by OPTIONS: who goes silent is down and passed over, who is back is up; acd hears of it', async () => {
	const c = await carrier('127.0.0.27', () => 200);
	const id = trunk('a', 'watched', '127.0.0.27', { probe_s: 1 });
	const state = () => status(e).find((s) => s.kind === 'host' && s.id === id)?.state;
	await until('up', () => state() === 'up');
	await e.acd.find('edge.trunk_state', (p) => p.trunk === id && p.state === 'up' && p.ms >= 0);
	const live = (await asked('edge.trunks', { tenant: e.tenant.a })).trunks.find((t) => t.trunk === id);
	assert.deepEqual([live.state, live.calls, live.hosts[0].state, typeof live.hosts[0].ms], ['ok', 0, 'up', 'number']);
	assert.ok(!(await asked('edge.trunks', { tenant: e.tenant.b })).trunks.some((t) => t.trunk === id), 'another tenant is told nothing');
	c.options = () => null;
	await until('down', () => state() === 'down', 30000);
	await e.acd.find('edge.trunk_state', (p) => p.trunk === id && p.state === 'down');
	const call = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` });
	assert.deepEqual([call.code, header(call.response, 'x-zj-because'), c.invites.length], [503, 'unreachable', 0]);
	assert.equal((await asked('edge.trunks', {})).trunks.find((t) => t.trunk === id).state, 'unreachable');
	c.options = () => 200;
	await until('up again', () => state() === 'up', 30000);
	const again = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` });
	assert.equal(again.code, 200);
	await again.bye();
});

test('a trunk that fails so often in a row rests', async () => {
	const c = await carrier('127.0.0.28', () => 503);
	const id = trunk('a', 'weak', '127.0.0.28', { disable_after: 3 });
	await known(id);
	for (let i = 0; i < 3; i++) assert.equal((await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` })).attempts.length, 1);
	const call = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` });
	assert.deepEqual([call.code, header(call.response, 'x-zj-because'), c.invites.length], [503, 'unreachable', 3]);
	await e.acd.find('edge.trunk_state', (p) => p.trunk === id && p.state === 'paused');
});

test('channels of calls whose end nobody heard come back with acd\'s word; a restarted edge counts the living again', async () => {
	await carrier('127.0.0.29', () => 200);
	const id = trunk('b', 'counted', '127.0.0.29', { max_calls: 2 });
	await known(id);
	const one = await dial(e, e.tenant.b, '10086', { Out: `trunk:${id}` });
	const two = await dial(e, e.tenant.b, '10086', { Out: `trunk:${id}` });
	assert.equal((await dial(e, e.tenant.b, '10086', { Out: `trunk:${id}` })).code, 503);
	process.kill(-e.kamailio.pid, 'SIGKILL');
	await until('Kamailio is gone', () => e.kamailio.signalCode);
	await e.startKamailio();
	await known(id);
	await until('the channel to acd', () => asked('edge.calls', { begin: true, calls: [[one.callId, id], [two.callId, id]], end: true }).catch(() => null), 8000);
	assert.equal(trunkOf(id).calls, '2');
	assert.equal((await dial(e, e.tenant.b, '10086', { Out: `trunk:${id}` })).code, 503, 'full as before');
	await two.bye();
	assert.equal(trunkOf(id).calls, '1', 'a BYE after the restart is counted as well');
	await until('a call that lives no more', async () => { await asked('edge.calls', { begin: true, calls: [], end: true }); await sleep(500); return trunkOf(id).calls === '0'; }, 15000);
});

test('a trunk by registration: it registers, answers the challenge, calls with digest; a wrong password is told', async () => {
	const registrar = await Carrier.open('127.0.0.30', 5060, () => 200);
	carriers.push(registrar);
	const { createHash } = await import('node:crypto');
	const md5 = (t) => createHash('md5').update(t).digest('hex');
	const good = (message, name, password) => {
		const a = header(message, name);
		if (!a) return false;
		const get = (k) => new RegExp(`${k}="?([^",]+)"?`).exec(a)?.[1];
		const ha2 = md5(`${message.method}:${get('uri')}`);
		const ha1 = md5(`line1:sip.carrier:${password}`);
		const want = get('qop') ? md5(`${ha1}:${get('nonce')}:${get('nc')}:${get('cnonce')}:auth:${ha2}`) : md5(`${ha1}:${get('nonce')}:${ha2}`);
		return get('response') === want;
	};
	const contacts = [];
	const heard = registrar.heard.bind(registrar);
	registrar.endpoint.removeAllListeners('request');
	registrar.endpoint.on('request', (message, respond) => {
		if (message.method === 'REGISTER') {
			if (good(message, 'authorization', 'secret-1')) {
				contacts.push(header(message, 'contact'));
				respond(200, 'OK', { tag: 'r', headers: { Contact: header(message, 'contact'), Expires: '300' } });
			} else respond(401, 'Unauthorized', { tag: 'r', headers: { 'WWW-Authenticate': 'Digest realm="sip.carrier", nonce="abc123", qop="auth"' } });
		} else if (message.method === 'INVITE' && !/tag=/.test(header(message, 'to')) && !good(message, 'proxy-authorization', 'secret-1')) {
			respond(407, 'Proxy Authentication Required', { tag: 'p', headers: { 'Proxy-Authenticate': 'Digest realm="sip.carrier", nonce="abc124", qop="auth"' } });
		} else heard(message, respond);
	});
	const id = row(`insert into trunk (tenant_id, name, host, registration, probe_s, caller_number) values ('${e.tenant.a}', 'line', 'x', 'line1:secret-1@127.0.0.30:5060', 0, '02150001000') returning id`);
	assert.deepEqual(e.sql(`select type, username, host, port, registration is null, password from trunk where id = '${id}'`)[0], ['registration', 'line1', '127.0.0.30', '5060', 't', 'secret-1']);
	await until('registered', () => trunkOf(id)?.registration === 'registered', 20000);
	const identifier = trunkOf(id).identifier;
	assert.match(contacts[0], new RegExp(`sip:${identifier}@`));
	const call = await dial(e, e.tenant.a, '13900000001', { Out: `trunk:${id}` });
	assert.equal(call.code, 200);
	assert.deepEqual(call.attempts.map((a) => a.code), [200]);
	await call.bye();
	assert.equal(trunkOf(id).calls, '0');
	const wrong = row(`insert into trunk (tenant_id, name, host, registration, probe_s) values ('${e.tenant.a}', 'wrong', 'x', 'line1:secret-2@127.0.0.30:5060', 0) returning id`);
	await e.acd.find('edge.trunk_state', (p) => p.trunk === wrong && p.state === 'failed').catch(() => until('failed', () => trunkOf(wrong)?.registration === 'failed', 25000));
	const refused = await dial(e, e.tenant.a, '13900000001', { Out: `trunk:${wrong}` });
	assert.equal(refused.code, 503);
	e.sql(`update trunk set enabled = false where id = '${id}'`);
	await until('no longer registered', () => trunkOf(id)?.registration === 'none', 15000);
	for (const log of [e.log()]) assert.ok(!log.includes('secret-1') && !log.includes('secret-2'), 'no password in the log');
});

test('a call comes in from any host of a trunk, and takes a channel of it', async () => {
	const two = await carrier('127.0.0.33');
	const id = trunk('carrier', 'inbound', '127.0.0.32', { max_calls: 1 });
	row(`insert into trunk_host (tenant_id, trunk_id, host) values ('${e.tenant.carrier}', '${id}', '127.0.0.33') returning id`);
	await until('both hosts', () => status(e).filter((s) => s.kind === 'host' && s.trunk === id).length === 2);
	const first = await until('the edge knows it', async () => {
		const arriving = e.nextAtMediad(1500).catch(() => null);
		const done = e.invite('+8610001', { via: two.endpoint });
		const at = await arriving;
		return at ? { ...at, done } : (await done, null);
	}, 10000);
	assert.equal(header(first.message, 'x-zj-trunk'), id);
	assert.equal(trunkOf(id).calls, '1');
	const second = await e.invite('+8610001', { via: two.endpoint });
	assert.equal(second.status, 503, 'one channel');
	first.respond(486, 'Busy', { tag: 'm' });
	assert.equal((await first.done).status, 486);
	assert.equal(trunkOf(id).calls, '0');
});

test('a trunk whose host is a name is known by the addresses that the name leads to', async () => {
	const { SipEndpoint } = await import('../../tests/tools/sip.mjs');
	const from = await SipEndpoint.open({ host: '127.0.0.1' });
	carriers.push(from);
	const call = async () => {
		const arriving = e.nextAtMediad(1500).catch(() => null);
		const done = e.invite('+8610001', { via: from, timeout: 3000 });
		const at = await arriving;
		at?.respond(486, 'Busy', { tag: 'm' });
		return { status: (await done).status, trunk: at && header(at.message, 'x-zj-trunk') };
	};
	assert.equal((await call()).status, 403, 'nobody yet');
	const id = trunk('carrier', 'by name', 'localhost');
	await until('it is known', async () => (await call()).trunk === id, 8000);
	row(`update trunk set host = 'nowhere.invalid' where id = '${id}' returning id`);
	await until('it is not there any more', async () => (await call()).status === 403, 8000);
	const more = row(`insert into trunk_host (tenant_id, trunk_id, host) values ('${e.tenant.carrier}', '${id}', 'localhost') returning id`);
	await until('by a further host', async () => (await call()).trunk === id, 8000);
	e.sql(`update trunk_host set enabled = false where id = '${more}'`);
	await until('disabled', async () => (await call()).status === 403, 8000);
	e.sql(`delete from trunk where id = '${id}'`);
});

test('a trunk with a package of work times is used in its hours only, in the zone of its tenant', async () => {
	const c = await carrier('127.0.0.35', () => 486);
	const now = row(`select to_char(now() at time zone time_zone, 'HH24:MI') from tenant where id = '${e.tenant.a}'`);
	const shift = (min) => row(`select to_char('${now}'::time + interval '${min} minutes', 'HH24:MI:SS')`);
	const time = row(`insert into work_time (tenant_id, name, time_from, time_to) values ('${e.tenant.a}', 'now', '${shift(-120)}', '${shift(-60)}') returning id`);
	const pack = row(`insert into work_package (tenant_id, name, work_times) values ('${e.tenant.a}', 'hours', '{${time}}') returning id`);
	const id = trunk('a', 'hours', '127.0.0.35', { package_id: `'${pack}'` });
	await known(id);
	const code = async () => { const r = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` }); return `${r.code} ${header(r.response, 'x-zj-because') ?? ''}`.trim(); };
	await until('closed', async () => (await code()) === '503 unreachable', 8000);
	assert.equal((await asked('edge.trunks', { tenant: e.tenant.a })).trunks.find((t) => t.trunk === id).state, 'closed');
	e.sql(`update work_time set time_to = '${shift(60)}' where id = '${time}'`);
	await until('open', async () => (await code()) === '486', 8000);
	e.sql(`update work_package set enabled = false where id = '${pack}'`);
	await until('closed with its package', async () => (await code()) === '503 unreachable', 8000);
	e.sql(`update trunk set package_id = null where id = '${id}'`);
	await until('always', async () => (await code()) === '486', 8000);
	assert.ok(c.invites.length >= 2);
});

test('an attempt that is not answered within the trunk\'s time has failed, although it rang', async () => {
	const rings = await carrier('127.0.0.41', () => ({ ring: 180 }));
	const next = await carrier('127.0.0.42', () => 200);
	const id = trunk('a', 'patient', '127.0.0.41', { timeout_s: 5 });
	row(`insert into trunk_host (tenant_id, trunk_id, host) values ('${e.tenant.a}', '${id}', '127.0.0.42') returning id`);
	await until('both hosts', () => status(e).filter((s) => s.kind === 'host' && s.trunk === id).length === 2);
	const began = Date.now();
	const call = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` });
	const took = Date.now() - began;
	assert.deepEqual([call.code, ...call.attempts.map((a) => a.code)], [200, 408, 200]);
	assert.ok(took > 4500 && took < 12000, `${took} ms`);
	assert.deepEqual([rings.cancels, next.invites.length], [1, 1], 'the one that rang was told to stop');
	await call.bye();
});

test('a cascade: calls go by way of another trunk\'s host, or of an address, with the first one\'s name in them', async () => {
	const [top, below] = [await carrier('127.0.0.43', () => 486), await carrier('127.0.0.45', () => 486)];
	const upper = trunk('a', 'upper', '127.0.0.43');
	const id = trunk('a', 'lower', '127.0.0.46', { cascade_id: `'${upper}'` });
	const host = trunk('a', 'by address', '127.0.0.47', { cascade_host: `'127.0.0.45'` });
	await known(host);
	for (const [t, c, own] of [[id, top, '127.0.0.46'], [host, below, '127.0.0.47']]) {
		const call = await dial(e, e.tenant.a, '10086', { Out: `trunk:${t}` });
		assert.equal(call.code, 486);
		assert.equal(c.invites[0].uri, `sip:10086@${own}:5060`, 'addressed to its own host');
		assert.deepEqual(call.attempts.map((a) => a.trunk), [t]);
	}
});

test('the lists of a trunk hold for calls that come in by it as well: black bars, a white list admits its own only', async () => {
	const from = await carrier('127.0.0.48');
	const id = trunk('carrier', 'both ways', '127.0.0.48');
	await known(id);
	const call = async (caller) => {
		const arriving = e.nextAtMediad(1500).catch(() => null);
		const done = e.invite('+8610001', { via: from.endpoint, from: caller });
		(await arriving)?.respond(486, 'Busy', { tag: 'm' });
		return (await done).status;
	};
	await until('known inbound', async () => (await call('13500000001')) === 486, 8000);
	const list = (number, colour) => e.sql(`insert into blacklist (tenant_id, number, colour, direction, trunk_id) values ('${e.tenant.carrier}', '${number}', '${colour}', 'both', '${id}')`);
	list('13500000001', 'black');
	await until('barred', async () => (await call('13500000001')) === 403, 4000);
	assert.equal(await call('13500000002'), 486);
	list('13500000003', 'white');
	await until('a white list', async () => (await call('13500000002')) === 403, 4000);
	assert.equal(await call('13500000003'), 486);
});
