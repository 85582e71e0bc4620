// The edge from outside: numbers, lists, registration, dialogs, the channel to acd.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { Edge, header, sdp, sleep, until } from './edge.mjs';
import * as calls from './calls.mjs';
import { torture } from '../../tests/tools/torture.mjs';
import { SipEndpoint, token, userOf, uriOf, tagOf } from '../../tests/tools/sip.mjs';
import { Phone } from '../../tests/tools/phone.mjs';

let e;
const phones = [];
const open = async (tenant, user = '1001', password = `password-${tenant}`) => {
  const p = await Phone.open({ user, domain: `${tenant}.test`, password, proxy: e.sip, answering: { after: 0 } });
  phones.push(p);
  return p;
};

before(async () => {
  e = await Edge.start();
  await e.startRelay();
  await e.startKamailio();
});
after(async () => {
  for (const p of phones) await p.close().catch(() => {});
  await e?.stop();
});

const answerAtMediad = (headers) => calls.answerAtMediad(e, headers);
const talk = (to, options) => calls.talk(e, to, options);
const callPhone = (user, domain, options) => calls.callPhone(e, user, domain, options);

test('a number leads to its tenant and destination; what a caller claims in X-Zj headers is nothing', async () => {
  for (const called of ['+8610001', '8610001']) {
    const { invite } = await talk(called, { headers: { 'X-Zj-Tenant': e.tenant.b, 'x-zj-call': 'forged', 'X-ZJ-Kind': 'extension' } });
    assert.deepEqual(invite.headers['x-zj-tenant'], [e.tenant.a]);
    assert.deepEqual(invite.headers['x-zj-kind'], ['queue']);
    assert.deepEqual(invite.headers['x-zj-target'], [e.queue.a]);
    assert.deepEqual(invite.headers['x-zj-did'], ['+8610001']);
    assert.equal(invite.headers['x-zj-call'].length, 1);
    assert.match(invite.headers['x-zj-call'][0], /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(invite.headers['x-zj-trunk'].length, 1);
  }
  const { invite } = await talk('8610002');
  assert.deepEqual(invite.headers['x-zj-tenant'], [e.tenant.b]);
});

test('audio goes through the relay, in both directions and in a re-INVITE', async () => {
  const { invite, response, request } = await talk('8610001');
  const port = (body) => Number(/m=audio (\d+)/.exec(body)[1]);
  const [toMediad, toCarrier] = [port(invite.body), port(response.body)];
  for (const p of [toMediad, toCarrier]) assert.ok(p >= e.base + 100 && p < e.base + 300, `port ${p}`);
  const arriving = e.nextAtMediad();
  const again = e.carrier.request(request('INVITE', { body: sdp('127.0.0.2', 40002, 'a=sendonly\r\n') }), e.sip);
  const { message, respond } = await arriving;
  assert.ok(port(message.body) >= e.base + 100 && port(message.body) < e.base + 300);
  respond(200, 'OK', { body: sdp('127.0.0.1', 50000, 'a=recvonly\r\n'), headers: { Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, 'Content-Type': 'application/sdp' } }).stopRepeating();
  assert.equal((await again).status, 200);
  const bye = new Promise((resolve) => e.mediad.once('request', (m, r) => { r(200, 'OK', {}); resolve(m.method); }));
  assert.equal((await e.carrier.request(request('BYE', { cseq: 3 }), e.sip)).status, 200);
  assert.equal(await bye, 'BYE');
});

test('a delayed offer and an early answer go through the relay', async () => {
  const arriving = e.nextAtMediad();
  const early = [];
  const done = e.invite('8610001', { body: '', onProvisional: (r) => early.push(r) });
  const { message, respond } = await arriving;
  assert.equal(message.body, '');
  respond(183, 'Session Progress', answerAtMediad());
  await until('the early answer', () => early.some((p) => p.status === 183)); // two of Kamailio's processes might swap them
  respond(200, 'OK', answerAtMediad()).stopRepeating();
  const response = await done;
  for (const r of [early.find((p) => p.status === 183), response]) {
    const p = Number(/m=audio (\d+)/.exec(r.body)[1]);
    assert.ok(p >= e.base + 100 && p < e.base + 300, `port ${p}`);
  }
});

test('CANCEL reaches mediad, and the caller hears 487', async () => {
  const arriving = e.nextAtMediad();
  const pending = e.invite('8610001');
  const { message, respond } = await arriving;
  respond(180, 'Ringing', { tag: 'c' });
  await sleep(50);
  const heard = new Promise((resolve) => e.mediad.once('request', (m, r) => { r(200, 'OK', {}); resolve(m.method); }));
  const { sent, branch } = pending.transaction;
  e.carrier.sendRaw(`CANCEL ${sent.uri} SIP/2.0\r\nVia: ${e.carrier.via(branch)}\r\nMax-Forwards: 70\r\nFrom: ${sent.headers.From}\r\nTo: ${sent.headers.To}\r\nCall-ID: ${sent.headers['Call-ID']}\r\nCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n`, e.sip);
  assert.equal(await heard, 'CANCEL');
  respond(487, 'Request Terminated', { tag: 'c' });
  assert.equal((await pending).status, 487);
  assert.ok(message);
});

test('an unknown number is 404, an unknown source 403, and acd hears of both', async () => {
  assert.equal((await e.invite('999999')).status, 404);
  const unknown = await e.acd.find('edge.rejected', (p) => p.because === 'unknown_number');
  assert.equal(unknown.code, 404);
  assert.equal(unknown.callee, '999999');
  assert.equal(unknown.caller, '13800000000');
  assert.match(unknown.source, /^127\.0\.0\.2:\d+$/);
  assert.match(unknown.trunk, /^[0-9a-f-]{36}$/);
  const stranger = await SipEndpoint.open({ host: '127.0.0.3' });
  assert.equal((await e.invite('8610001', { via: stranger })).status, 403);
  const refused = await e.acd.find('edge.rejected', (p) => p.because === 'unknown_source');
  assert.equal(refused.code, 403);
  stranger.close();
});

test('a disabled number, tenant or trunk takes no calls', async () => {
  const status = async (to) => {
    const arriving = e.nextAtMediad(1500).then(({ respond }) => respond(486, 'Busy Here', { tag: 'x' }), () => {});
    const { status: s } = await e.invite(to);
    if (s === 486) await arriving;
    return s;
  };
  const change = async (sql, want) => { e.sql(sql); await until(`${sql} → ${want}`, async () => (await status('8610002')) === want); };
  await change("update number set enabled = false where number = '+8610002'", 404);
  await change("update number set enabled = true where number = '+8610002'", 486);
  await change("update tenant set enabled = false where name = 'b'", 404);
  await change("update tenant set enabled = true where name = 'b'", 486);
  await change('update trunk set enabled = false', 403);
  await change('update trunk set enabled = true', 486);
});

test("a tenant's own trunk does not reach another tenant's number", async () => {
  e.sql("insert into trunk (tenant_id, name, host) select id, 'own', '127.0.0.4' from tenant where name = 'a'");
  const own = await SipEndpoint.open({ host: '127.0.0.4' });
  e.mediad.on('request', (m, respond) => { if (m.method === 'INVITE' && userOf(header(m, 'from')) === '555') respond(486, 'Busy Here', { tag: 'x' }); });
  await until('the trunk is known', async () => (await e.invite('8610001', { via: own, from: '555' })).status === 486);
  assert.equal((await e.invite('8610002', { via: own, from: '555' })).status, 404);
  own.close();
});

test('routes by caller: the larger priority first, then the longer prefix', async () => {
  e.sql(`insert into queue (tenant_id, number, name) select id, n, 'Q' || n from tenant, unnest(array['4002', '4003', '4004']) n where tenant.name = 'a';
    insert into inbound_route (tenant_id, name, did_match, number_id, caller_match, caller, priority, destination_kind, destination_id)
      select q.tenant_id, q.name, 'number', d.id, 'prefix', p, r, 'queue', q.id from queue q join number d on d.tenant_id = q.tenant_id and d.number = '+8610001'
        join (values ('4002', '138', 0), ('4003', '138', 5), ('4004', '1381', 5)) v(n, p, r) on n = q.number where q.name like 'Q4%'`);
  const q = Object.fromEntries(e.sql("select number, id from queue where name like 'Q4%'"));
  const lookup = (caller) => /target: (\S+)/.exec(e.rpc('did.lookup', '8610001', caller))?.[1];
  await until('the new DIDs', () => lookup('13820000000') === q['4003']);
  assert.equal(lookup('+13810000000'), q['4004']);
  assert.equal(lookup('13900000000'), e.queue.a);
  e.sql("delete from inbound_route where caller_match = 'prefix'");
  await until('they are gone', () => lookup('13810000000') === e.queue.a);
});

test('a black-list row bars the very next call, and stops doing so when deleted', async () => {
  e.mediad.on('request', (m, respond) => { if (m.method === 'INVITE' && userOf(header(m, 'from')).includes('1390')) respond(486, 'Busy Here', { tag: 'x' }); });
  const call = async (from = '13900000001', to = '8610001') => (await e.invite(to, { from })).status;
  assert.equal(await call(), 486);
  const waits = [];
  for (let i = 0; i < 5; i++) {
    e.sql(`insert into blacklist (tenant_id, number, result_code) values ('${e.tenant.a}', '13900000001', 603)`);
    const began = performance.now();
    await until('barred', async () => (await call()) === 603, 1000);
    waits.push(performance.now() - began);
    e.sql(`delete from blacklist where number = '13900000001'`);
    await until('free again', async () => (await call()) === 486, 1000);
  }
  console.log(`# barred after ${waits.map((w) => w.toFixed(0)).join(', ')} ms`);
  e.sql(`insert into blacklist (tenant_id, number, match) values ('${e.tenant.carrier}', '13900', 'prefix')`);
  await until("the carrier's prefix bars in tenant b, too", async () => (await call('+13900000009', '8610002')) === 403, 1000);
  const event = await e.acd.find('edge.rejected', (p) => p.because === 'barred' && p.code === 403);
  assert.equal(event.tenant, e.tenant.b);
  assert.match(event.rule, /^[0-9a-f-]{36}$/);
  assert.match(e.rpc('blacklist.lookup', e.tenant.a, '13900000001'), /barred: 1/);
  assert.match(e.rpc('blacklist.explain', e.tenant.b, '13900000009'), /match: prefix[\s\S]*number: 13900[\s\S]*colour: black[\s\S]*counts: 1/);
  e.sql('delete from blacklist');
  await until('free', async () => (await call()) === 486);
  e.sql(`insert into blacklist (tenant_id, number, colour) values ('${e.tenant.a}', '13900000002', 'white')`);
  await until('only the white list passes', async () => (await call()) === 403);
  assert.equal(await call('13900000002'), 486);
  assert.equal(await call('13900000001', '8610002'), 486);
  e.sql('delete from blacklist');
  await until('free', async () => (await call()) === 486);
});

test('twenty thousand rules come in one transaction: all or none are in force, and no call waits for them', async () => {
  const rows = (n) => Number(/numbers: (\d+)/.exec(e.rpc('blacklist.count'))[1]) === n;
  const insert = e.pg.session();
  const done = insert.run(`insert into zj.blacklist (tenant_id, number) select '${e.tenant.b}', '77' || n from generate_series(10000, 29999) n`);
  let slowest = 0;
  await until('all of them', async () => {
    const began = performance.now();
    assert.equal(await e.invite('8610001', { from: '13900000001' }).then((r) => r.status), 486);
    slowest = Math.max(slowest, performance.now() - began);
    return rows(20000);
  }, 90000);
  await done;
  console.log(`# slowest call meanwhile ${slowest.toFixed(0)} ms`);
  assert.equal((await e.invite('8610002', { from: '7729999' })).status, 403);
  assert.equal((await e.invite('8610002', { from: '+7710000' })).status, 403);
  const gone = insert.run("delete from zj.blacklist where number like '77%'");
  await until('none of them', () => rows(0), 90000);
  await gone;
  await insert.end();
});

test('two tenants have an extension 1001 each, and each gets only its own calls', async () => {
  const [a, b] = [await open('a'), await open('b')];
  await a.register();
  await b.register();
  const ringing = a.nextCall();
  const done = callPhone('1001', 'a.test', { headers: { 'X-Zj-Call': '01a1fb6c-1afc-734e-a174-38e042c98340', 'X-Zj-Secret': 'x' } });
  const call = await ringing;
  assert.equal((await done).status, 200);
  assert.equal(Object.keys(call.headers).filter((n) => n.startsWith('x-zj')).length, 0);
  assert.equal(b.seen, 0);
  assert.equal((await callPhone('1001', 'B.test')).status, 200);
  assert.equal(b.seen, 1);
  assert.equal(a.seen, 1);
  const registered = await e.acd.find('edge.registered', (p) => p.tenant === e.tenant.b);
  assert.equal(registered.extension, '1001');
  assert.ok(registered.expires_s > 200 && registered.expires_s <= 300, `${registered.expires_s}`);
  const { result } = await e.acd.call('edge.registrations');
  assert.deepEqual(result.registrations.map((r) => `${r.tenant} ${r.extension}`).sort(), [`${e.tenant.a} 1001`, `${e.tenant.b} 1001`].sort());
  const only = await e.acd.call('edge.registrations', { tenant: e.tenant.b });
  assert.equal(only.result.registrations.length, 1);
  const wrong = await e.acd.call('edge.registrations', { tenant: 'x' });
  assert.equal(wrong.error.code, -32602);
  await b.register({ expires: 0 });
  await e.acd.find('edge.expired', (p) => p.tenant === e.tenant.b);
  assert.equal((await callPhone('1001', 'b.test')).status, 480);
  assert.equal((await callPhone('7777', 'b.test')).status, 404);
  assert.equal((await callPhone('1001', 'nobody.test')).status, 404);
});

test('two phones of one extension: both ring, both answers reach mediad, a CANCEL reaches both', async () => {
  e.sql(`insert into extension (tenant_id, number, password, media_relay) values ('${e.tenant.b}', '1005', 'password-b', 'always')`);
  const [one, two] = [await open('b', '1005', 'password-b'), await open('b', '1005', 'password-b')];
  await until('the new extension', () => one.register().then(() => true, () => false));
  await two.register();
  const strays = [];
  const stray = (m) => { if (m.status === 200) strays.push(tagOf(header(m, 'to'))); };
  e.mediad.on('stray', stray);
  const first = await callPhone('1005', 'b.test');
  assert.equal(first.status, 200);
  await until('the other 200', () => strays.some((t) => t !== tagOf(header(first, 'to'))));
  const ports = new Set([first.body].map((b) => /m=audio (\d+)/.exec(b)[1]));
  assert.ok([...ports].every((p) => Number(p) >= e.base + 100 && Number(p) < e.base + 300));
  e.mediad.off('stray', stray);
  for (const p of [one, two]) { for (const c of [...p.calls.values()]) { c.repeating?.stopRepeating(); c.end({ how: 'us' }); } p.answering = {}; p.queue = []; }
  const ringing = Promise.all([one.nextCall(), two.nextCall()]);
  const pending = callPhone('1005', 'b.test');
  const calls = await ringing;
  const { sent, branch } = pending.transaction;
  await sleep(50);
  e.mediad.sendRaw(`CANCEL ${sent.uri} SIP/2.0\r\nVia: ${e.mediad.via(branch)}\r\nMax-Forwards: 70\r\nFrom: ${sent.headers.From}\r\nTo: ${sent.headers.To}\r\nCall-ID: ${sent.headers['Call-ID']}\r\nCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n`, e.sip);
  assert.deepEqual((await Promise.all(calls.map((c) => c.ended))).map((x) => x.how), ['cancelled', 'cancelled']);
  assert.equal((await pending).status, 487);
  one.answering = two.answering = { reject: 486 };
  assert.equal((await callPhone('1005', 'b.test')).status, 486);
});

test('re-INVITE from either end of a call to a phone, through the relay both ways; then BYE', async () => {
  e.sql(`insert into extension (tenant_id, number, password, media_relay) values ('${e.tenant.b}', '1006', 'password-b', 'always')`);
  const p = await open('b', '1006', 'password-b');
  await until('the new extension', () => p.register().then(() => true, () => false));
  const ringing = p.nextCall();
  const answer = await callPhone('1006', 'b.test');
  const call = await ringing;
  const base = { uri: uriOf(header(answer, 'contact')), headers: { From: header(answer, 'from'), To: header(answer, 'to'), 'Call-ID': header(answer, 'call-id'), Route: [...answer.headers['record-route']].reverse(), Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>` } };
  const within = (method, cseq, body) => ({ method, uri: base.uri, body, headers: { ...base.headers, CSeq: `${cseq} ${method}`, ...(body && { 'Content-Type': 'application/sdp' }) } });
  const ack = (cseq) => { const m = within('ACK', cseq); e.mediad.sendRaw(`ACK ${m.uri} SIP/2.0\r\nVia: ${e.mediad.via()}\r\nMax-Forwards: 70\r\nRoute: ${m.headers.Route.join(', ')}\r\nFrom: ${m.headers.From}\r\nTo: ${m.headers.To}\r\nCall-ID: ${m.headers['Call-ID']}\r\nCSeq: ${cseq} ACK\r\nContent-Length: 0\r\n\r\n`, e.sip); };
  ack(1);
  await call.answered;
  const relayed = (body) => { const port = Number(/m=audio (\d+)/.exec(body)[1]); return port >= e.base + 100 && port < e.base + 300; };
  const reinvited = new Promise((resolve) => call.once('reinvited', resolve));
  const held = await e.mediad.request(within('INVITE', 2, sdp('127.0.0.1', 50010, 'a=sendonly\r\n')), e.sip);
  assert.equal(held.status, 200);
  ack(2);
  assert.ok(relayed((await reinvited).body) && relayed(held.body));
  assert.match(held.body, /a=recvonly/);
  const delayed = await e.mediad.request(within('INVITE', 3), e.sip); // without an offer: the phone makes one
  assert.equal(delayed.status, 200);
  assert.ok(relayed(delayed.body));
  ack(3);
  const atMediad = e.nextAtMediad();
  const hold = call.hold(true);
  const { message, respond } = await atMediad;
  assert.ok(relayed(message.body));
  assert.match(message.body, /a=sendonly/);
  respond(200, 'OK', { body: sdp('127.0.0.1', 50010, 'a=recvonly\r\n'), headers: { Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, 'Content-Type': 'application/sdp' } }).stopRepeating();
  await hold;
  for (const method of ['REFER', 'INFO', 'UPDATE']) {
    const heard = new Promise((resolve) => e.mediad.on('request', (m, r) => { if (m.method === method) { r(202, 'Accepted', {}); resolve(m); } }));
    assert.equal((await call.request(method, { headers: { 'Refer-To': '<sip:4001@b.test>', 'X-Zj-Evil': '1' } })).status, 202);
    assert.equal((await heard).headers['x-zj-evil'], undefined);
  }
  assert.equal((await e.mediad.request(within('BYE', 4), e.sip)).status, 200);
  assert.equal((await call.ended).how, 'far');
  e.sql("update extension set enabled = false where number = '1006'");
  await until('a disabled extension rings no more', async () => (await callPhone('1006', 'b.test')).status === 404);
});

test('what passes is mirrored as HEP 3; probes of mediads are not', async () => {
  const packets = [];
  const collector = dgram.createSocket('udp4');
  collector.on('message', (data) => packets.push(data));
  await new Promise((resolve) => collector.bind(e.base + 40, '127.0.0.1', resolve));
  await e.invite('999999');
  await until('INVITE and 404', () => ['INVITE sip:999999', 'SIP/2.0 404'].every((t) => packets.some((p) => p.includes(t))));
  await sleep(1500);
  collector.close();
  assert.ok(packets.every((p) => p.subarray(0, 4).toString() === 'HEP3'));
  assert.ok(!packets.some((p) => p.includes('OPTIONS sip:')));
});

test('it says how it is: /healthz and /metrics', async () => {
  const get = (p) => fetch(`http://127.0.0.1:${e.base + 12}${p}`, { signal: AbortSignal.timeout(3000) });
  assert.equal((await get('/healthz')).status, 200);
  const text = await (await get('/metrics')).text();
  assert.match(text, /zj_edge_refused ?\{because="unknown_number"\} [1-9]/);
  assert.match(text, /zj_edge_calls ?\{side="trunk"\} [1-9]/);
  assert.match(text, /zj_edge_usrloc/);
  assert.equal((await get('/other')).status, 404);
});

test('a registration that runs out is told to acd', async () => {
  const p = await open('b');
  await p.register({ expires: 10 });
  p.vanish();
  const before = e.acd.events.length;
  await until('edge.expired', () => e.acd.events.slice(before).some((x) => x.method === 'edge.expired' && x.params.tenant === e.tenant.b), 22000);
});

test("a wrong password, another tenant's password, another one's address are refused", async () => {
  const refused = async (p) => { await assert.rejects(p.register(), { status: 403 }); };
  await refused(await open('a', '1001', 'wrong-password'));
  await refused(await open('a', '1001', 'password-b'));
  await refused(await open('a', '1002', 'password-a'));
  await refused(await open('nobody', '1001', 'password-a'));
  const thief = await open('a');
  thief.registerTag = token();
  const real = thief.withDigest.bind(thief);
  thief.withDigest = (m, u, h, o) => real(m, u, (auth) => ({ ...h(auth), To: '<sip:1009@a.test>' }), o);
  await refused(thief);
  thief.registered = false;
});

test('after twenty wrong passwords the right one is not looked at for a minute; other users are not concerned', async () => {
  e.sql(`insert into extension (tenant_id, number, password) values ('${e.tenant.a}', '1003', 'password-a')`);
  const right = await open('a', '1003', 'password-a');
  await until('the new extension', () => right.register().then(() => true, () => false));
  const guess = await open('a', '1003', 'wrong-password');
  for (let i = 0; i <= 21; i++) await assert.rejects(guess.register(), { status: 403 });
  await assert.rejects(right.register(), { status: 403 });
  await (await open('a')).register();
  right.registered = false;
});

test('a phone calls: authenticated, its own name, headers of its own mean nothing', async () => {
  const p = await open('a');
  const arriving = e.nextAtMediad();
  const call = await p.call('4001', { headers: { 'X-Zj-From-Ext': '9999', 'X-Zj-Kind': 'queue' } });
  const { message, respond } = await arriving;
  assert.deepEqual(message.headers['x-zj-kind'], ['dial']);
  assert.deepEqual(message.headers['x-zj-target'], ['4001']);
  assert.deepEqual(message.headers['x-zj-from-ext'], ['1001']);
  assert.deepEqual(message.headers['x-zj-tenant'], [e.tenant.a]);
  assert.equal(message.headers['proxy-authorization'], undefined);
  respond(200, 'OK', answerAtMediad({ 'X-Zj-Inside': 'secret' })).stopRepeating();
  await call.answered;
  const heard = new Promise((resolve) => e.mediad.on('request', (m, r) => { if (m.method === 'BYE') { r(200, 'OK', {}); resolve(); } }));
  await call.hangup();
  await heard;
  assert.ok(!p.sip.trace.some((m) => m.dir === 'in' && /^x-zj/mi.test(m.text)));
  const wrong = await open('a', '1001', 'wrong-password');
  const failed = await wrong.call('4001');
  assert.equal((await failed.ended).code, 403);
  await e.acd.find('edge.rejected', (x) => x.because === 'auth');
});

test('a request within no dialog of ours is not sent on', async () => {
  const { request } = await talk('8610001');
  const forged = request('INVITE', { body: sdp('127.0.0.2', 40004) });
  forged.headers['Call-ID'] = token();
  assert.equal((await e.carrier.request(forged, e.sip)).status, 481);
  const bare = request('BYE');
  bare.headers.Route = [`<sip:127.0.0.1:${e.base + 10};lr>`];
  assert.equal((await e.carrier.request(bare, e.sip)).status, 481);
  const preloaded = await e.invite('999', { headers: { Route: `<sip:127.0.0.1:${e.base + 20};lr>` } });
  assert.equal(preloaded.status, 404);
});

test('302 leads to another mediad, and nowhere else', async () => {
  const bad = e.nextAtMediad();
  const pending = e.invite('8610001');
  (await bad).respond(302, 'Moved Temporarily', { tag: 'm', headers: { Contact: '<sip:evil@127.0.0.3:5060>' } });
  assert.equal((await pending).status, 503);
  const first = e.nextAtMediad();
  const moved = e.invite('8610001');
  const { message, respond } = await first;
  const second = e.nextAtMediad();
  respond(302, 'Moved Temporarily', { tag: 'm', headers: { Contact: `<sip:m@127.0.0.1:${e.base + 20};transport=udp>` } });
  const there = await second;
  assert.equal(header(there.message, 'x-zj-call'), header(message, 'x-zj-call'));
  there.respond(200, 'OK', answerAtMediad()).stopRepeating();
  assert.equal((await moved).status, 200);
});

test('refusals above ten a second come as one event with a count', async () => {
  const before = e.acd.events.length;
  const s = await SipEndpoint.open({ host: '127.0.0.5' });
  await Promise.all(Array.from({ length: 40 }, () => e.invite('1', { via: s })));
  const mine = () => e.acd.events.slice(before).filter((x) => x.method === 'edge.rejected' && x.params.source.startsWith('127.0.0.5'));
  await until('all forty are told', () => mine().reduce((n, x) => n + x.params.count, 0) === 40);
  assert.ok(mine().length <= 21, `${mine().length} events`);
  s.close();
});

test('acd away: events wait, come again until acknowledged, and in order', async () => {
  e.acd.acking = false;
  await e.invite('2001');
  await e.acd.find('edge.rejected', (p) => p.callee === '2001');
  e.acd.close();
  await e.invite('2002');
  const seen = e.acd.seen;
  e.acd.events = [];
  e.acd.acking = true;
  e.acd.seen = seen - 1; // as if the last one had not become durable
  await e.acd.listen();
  await e.acd.find('edge.rejected', (p) => p.callee === '2002');
  assert.deepEqual(e.acd.events.map((x) => x.params.callee), ['2001', '2002']);
  assert.deepEqual(e.acd.events.map((x) => x.params.seq), [seen, seen + 1]);
});

test('the relay away: 503 and a word to acd; back: calls go on', async () => {
  await e.end(e.relay);
  assert.equal((await e.invite('8610001')).status, 503);
  await e.acd.find('edge.relay_down');
  await e.startRelay();
  e.mediad.on('request', (m, respond) => { if (m.method === 'INVITE' && userOf(header(m, 'from')) === '777') respond(486, 'Busy Here', { tag: 'x' }); });
  await until('calls go on', async () => (await e.invite('8610001', { from: '777' })).status === 486, 10000);
  await e.acd.find('edge.relay_up');
});

test('no mediad: 503', async () => {
  const port = e.mediad.port;
  e.mediad.close();
  await until('mediad is left out', async () => (await e.invite('8610001')).status === 503, 15000);
  await e.acd.find('edge.rejected', (p) => p.because === 'no_media');
  e.mediad = await SipEndpoint.open({ port, inside: true });
  e.mediad.on('request', (m, respond) => {
    if (m.method === 'OPTIONS') respond(200, 'OK', { tag: 'm' });
    if (m.method === 'INVITE' && userOf(header(m, 'from')) === '777') respond(486, 'Busy Here', { tag: 'x' });
  });
  await until('and back', async () => (await e.invite('8610001', { from: '777' })).status === 486, 10000);
});

test('the torture messages of RFC 4475: nothing falls, calls go on', async () => {
  const pids = e.rpc('core.psx');
  const s = dgram.createSocket('udp4');
  s.bind(0, '127.0.0.2');
  const all = torture({ ...e.sip, local: { host: '127.0.0.2', port: 5999 }, user: '1001', domain: 'a.test' });
  assert.ok(all.length > 100);
  const send = (socket, bytes) => { for (let at = 0; at < bytes.length; at += 60_000) socket.send(bytes.subarray(at, at + 60_000), e.sip.port, e.sip.host); };
  for (const { bytes } of all) {
    send(s, bytes);
    await sleep(5);
  }
  const stranger = dgram.createSocket('udp4');
  stranger.bind(0, '127.0.0.6');
  for (const { bytes } of all) send(stranger, bytes);
  await sleep(500);
  s.close();
  stranger.close();
  assert.equal((await e.invite('999999')).status, 404);
  assert.equal(e.kamailio.exitCode, null);
  assert.equal(e.rpc('core.psx'), pids);
  assert.doesNotMatch(e.log(), /child process \d+ exited/);
});
