// Extensions as an administrator, an agent and a carrier see them: telephones that are there, agents who sit at them, outside telephones, what each calls with.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Api } from '../tools/api.mjs';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { Instance } from '../tools/instance.mjs';
import { HZ, intoQueue } from '../tools/scenes.mjs';
import { header } from '../tools/sip.mjs';
import { poll } from '../tools/wait.mjs';

const FAR = 1270, OWN = 1690;
let zj, tenant, api, events, far, own, trunk, second, queue, queueDid;
const ext = {}, phone = {};
const quiet = () => Object.values(phone).forEach((p) => { p.answering = 'never'; p.queue.length = 0; });
const agentNow = (id) => events.agents.get(id);
const state = (agent, wanted) => events.until(() => agentNow(agent.id)?.state === wanted, { what: `${agent.number} ${wanted}, is ${agentNow(agent.id)?.state}` });
/** Asks again while acd has not read the rows yet. */
const soon = (ask, match, what) => poll(async () => { const x = await ask().catch(() => null); return x && match(x) && x; }, { timeout: 5000, every: 50, what });
const settle = (...calls) => Promise.all(calls.map((c) => c.hangup().catch(() => {})));

async function seat(number, options = {}, agent = {}) {
	ext[number] = await tenant.extension(number);
	if (Object.keys(options).length)
		await api.patch(`/extensions/${ext[number].id}`, options);
	return api.post('/agents', { number: `8${number}`, name: `Agent ${number}`, extension_id: ext[number].id, ...agent });
}
/** Whatever the status: {status, body}. */
const ask = async (who, method, path, body) => { const r = await who.fetch(method, path, { body }); const text = await r.text(); return { status: r.status, body: text ? JSON.parse(text) : null }; };
const sign = (id, what, body = {}) => ask(api, 'POST', `/extensions/${id}/sign-${what}`, body);

before(async () => {
	zj = await Instance.take();
	far = zj.later(await AnsweringCarrier.open({ host: '127.0.0.71', tone: FAR }));
	own = zj.later(await AnsweringCarrier.open({ host: '127.0.0.72', tone: OWN }));
	tenant = await zj.tenant('extensions');
	api = tenant.api;
	trunk = await api.post('/trunks', { name: 'all', host: '127.0.0.71', probe_s: 0, caller_number: '02160000000' });
	second = await api.post('/trunks', { name: 'own', host: '127.0.0.72', probe_s: 0, caller_number: '02170000000' });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id });
	queue = await tenant.queue('4001', { wrapup_s: 0, ring_timeout_s: 30 });
	queueDid = await tenant.did('queue', queue);
	events = await tenant.events();
	for (const number of ['1000', '1001']) {
		ext[number] = await tenant.extension(number);
		phone[number] = await tenant.phone(ext[number], { answering: 'never' });
	}
}, { timeout: 150_000 });
after(() => zj?.release());

// covers: PBX-V019 PBX-V021 PBX-V034 PBX-Y13
test('an extension that was made can register with its account at once, and is called; so is an outside telephone', async () => {
	const row = await api.post('/extensions', { number: '1010', name: 'Desk', password: 'a-long-password' });
	assert.equal(row.registration, `1010@${tenant.domain}`);
	const [user, domain] = row.registration.split('@'), made = performance.now();
	phone[user] = await tenant.phone({ number: user, password: 'a-long-password' }, { answering: { after: 0 }, domain });
	assert.ok(performance.now() - made < 2000, 'no reload');
	await tenant.settled(); // until then its number is one of the outside
	const call = await poll(async () => { const c = await phone['1000'].call('1010', { tone: HZ.caller }); return await c.answered.catch(() => null) && c; }, { timeout: 5000, what: 'the new telephone answers' });
	await phone['1010'].calls.values().next().value.rtp.hears(HZ.caller);
	await call.hangup();
	// changed in mid-life: counts from the next call on
	await api.patch(`/extensions/${row.id}`, { dnd: true });
	const changed = performance.now();
	await poll(async () => { const c = await phone['1000'].call('1010'); const code = await Promise.race([c.ended.then((e) => e.code), c.answered.then(() => 200)]); await c.hangup().catch(() => {}); return code === 480; }, { timeout: 5000, what: 'do-not-disturb counts' });
	assert.ok(performance.now() - changed < 2000, 'in effect without a reload');
	const mobile = zj.freshNumber('139');
	const outside = await api.post('/extensions', { number: '1011', name: 'Mobile', password: 'a-long-password', phone_type: 'external', external_number: mobile });
	assert.equal((await ask(api, 'POST', '/extensions', { number: '1012', password: 'a-long-password', phone_type: 'external' })).status, 422, 'it needs its number');
	await soon(() => api.get(`/live/phones?extension_id=${outside.id}`), (r) => r.items[0]?.kind === 'external', 'acd knows');
	const out = await phone['1000'].call('1011', { tone: HZ.caller });
	await out.answered;
	await far.invite(mobile);
	await Promise.all([out.rtp.hears(FAR), far.rtp.hears(HZ.caller)]);
	await out.hangup();
	const f = await zj.facts(tenant, `callee = '1011'`);
	assert.deepEqual([f.call.result, f.legs.find((l) => l.extension === '1011').trunk_id], ['answered', trunk.id]);
});

// covers: PBX-V027 PBX-K19
test('an own trunk; the trunk number that an extension was given is what it shows', async () => {
	quiet();
	const shown = await api.post('/trunk-numbers', { name: 'line', area_code: '021', number: '55550001', caller_name: 'Line', trunk_id: trunk.id });
	await api.patch(`/extensions/${ext['1000'].id}`, { trunk_number_id: shown.id });
	assert.equal((await api.get(`/extensions/${ext['1000'].id}?expand=trunk_number_id`)).expand.trunk_number_id.label.includes('55550001') || (await api.get(`/extensions/${ext['1000'].id}?expand=trunk_number_id`)).expand.trunk_number_id.label === 'line', true);
	const dial = async (from, carrier, match) => poll(async () => {
		const number = zj.freshNumber('139'), call = await phone[from].call(number);
		const ok = await call.answered.then(() => true, () => false);
		if (!ok) return null;
		const invite = await carrier.invite(number, { timeout: 1000 }).catch(() => null);
		await call.hangup();
		return invite && (!match || match(invite)) && { number, invite };
	}, { timeout: 15_000, what: `a call of ${from}` });
	const plain = await dial('1000', far, (m) => /02155550001/.test(header(m, 'from')));
	assert.match(header(plain.invite, 'from'), /^"Line" <sip:02155550001@/);
	await api.patch(`/extensions/${ext['1001'].id}`, { trunk_id: second.id });
	const through = await dial('1001', own);
	assert.match(header(through.invite, 'from'), /02170000000/, 'the own trunk\'s caller');
	assert.equal((await zj.facts(tenant, `callee = '${through.number}'`)).call.trunk_id, second.id);
	assert.equal((await zj.facts(tenant, `callee = '${plain.number}'`)).call.trunk_id, trunk.id, 'the others use the tenant\'s');
	await api.delete(`/trunk-numbers/${shown.id}`);
	assert.equal((await api.get(`/extensions/${ext['1000'].id}`)).trunk_number_id, null);
	await api.patch(`/extensions/${ext['1001'].id}`, { trunk_id: null });
	const stranger = await zj.tenant('strangers'), theirs = await stranger.api.post('/trunks', { name: 'theirs', host: '127.0.0.73', probe_s: 0 });
	assert.equal((await ask(api, 'PATCH', `/extensions/${ext['1001'].id}`, { trunk_id: theirs.id })).status, 422, 'no other tenant\'s trunk');
});

// covers: PBX-V031
test('individual lines: what the template says, and the extension over it, goes with calls to this telephone', async () => {
	quiet();
	const template = await api.post('/extension-templates', { name: 'lines', details: 'codecs=PCMU\nheader.X-Room=lobby\n# a remark\nheader.Call-Info=<sip:x>;answer-after=0' });
	await api.patch(`/extensions/${ext['1001'].id}`, { template_id: template.id, details: 'header.X-Room=door 7\nalert_info=<http://ring.test/7>' });
	const ring = (match) => poll(async () => {
		const call = await phone['1000'].call('1001'), rung = await phone['1001'].nextCall({ timeout: 5000 });
		await settle(call);
		return match(rung) && rung;
	}, { timeout: 10_000, what: 'the lines count' });
	const rung = await ring((c) => /door 7/.test(c.headers['x-room']));
	assert.match(String(rung.headers['call-info']), /answer-after=0/, 'of the template');
	assert.match(String(rung.headers['alert-info']), /ring\.test\/7/, 'its own');
	const rtpmaps = /^m=audio \d+ RTP\/AVP ([\d ]+)/m.exec(String(rung.offer ?? rung.invite?.body ?? rung.body))?.[1];
	assert.match(rtpmaps ?? '', /^0( 101)?$/, `only PCMU is offered: ${rtpmaps}`);
	await api.patch(`/extension-templates/${template.id}`, { details: 'header.X-Room=lobby\nheader.Subject=house' });
	const next = await ring((c) => c.headers.subject !== undefined);
	assert.deepEqual([String(next.headers['x-room']), next.headers['call-info']], ['door 7', undefined], 'a changed template counts, the own line stays');
	for (const [details, says] of [['nonsense', /line 1: a line is key=value/], ['codecs=PCMA\nfrom=x', /line 2: there is no key from/], ['codecs=GSM', /codecs are/], ['header.X-Zj-Kind=dial', /system's own/], ['header.Subject=a\u0007b', /printable/]]) {
		const r = await ask(api, 'PATCH', `/extensions/${ext['1001'].id}`, { details });
		assert.equal(r.status, 422, details);
		assert.match(JSON.stringify(r.body), says);
	}
	await api.patch(`/extensions/${ext['1001'].id}`, { template_id: null, details: '' });
});

// covers: PBX-K22 PBX-K26 PBX-K27
test('signed in and out by the row of the extension: the states after sign-in and after a call, the after-call work', async () => {
	const agent = await seat('1020', { sign_in_state: 'busy', hangup_state: 'busy', after_call_s: 2 });
	await api.post('/queue-agents', { queue_id: queue.id, agent_id: agent.id });
	assert.equal((await api.get(`/extensions/${ext['1020'].id}?expand=agent_id`)).expand.agent_id.label, agent.name ?? agent.number, 'the bound user');
	assert.match((await soon(() => sign(ext['1020'].id, 'in'), (r) => r.status === 409 && /not registered/.test(JSON.stringify(r.body)), 'without a telephone')).body.because, /log in the phone/);
	phone['1020'] = await tenant.phone(ext['1020'], { answering: 'never' });
	await soon(() => sign(ext['1020'].id, 'in'), (r) => r.status === 200, 'signed in');
	await state(agent, 'busy');
	await tenant.setState(agent, 'idle');
	const caller = await intoQueue(zj, { queueDid, events });
	const rung = await phone['1020'].nextCall({ timeout: 10_000 });
	await rung.answer();
	await state(agent, 'talking');
	await caller.hangup();
	const began = performance.now();
	await state(agent, 'after_call');
	await state(agent, 'busy');
	const took = performance.now() - began;
	assert.ok(took > 1500 && took < 10_000, `two seconds of after-call work: ${took}`);
	assert.equal((await sign(ext['1020'].id, 'out')).status, 200);
	await state(agent, 'signed_out');
	assert.equal((await sign(ext['1001'].id, 'in')).body.because, 'no agent is bound to the extension');
	// who may: extensions.control, for the whole tenant
	const role = await api.post('/roles', { name: 'reader', permissions: ['extensions.read'] });
	await api.post('/accounts', { username: 'reader', name: 'R', password: 'Reader-pass-1', role_id: role.id });
	const reader = await Api.login(zj.url, { tenant: tenant.name, username: 'reader', password: 'Reader-pass-1' });
	assert.equal((await ask(reader, 'POST', `/extensions/${ext['1020'].id}/sign-in`, {})).body.permission, 'extensions.control');
	await api.patch(`/roles/${role.id}`, { permissions: ['extensions.read', 'extensions.control'], scope: 'tenant' });
	await soon(() => ask(reader, 'POST', `/extensions/${ext['1020'].id}/sign-in`, {}), (r) => r.status === 200, 'with the permission');
	assert.equal((await ask(reader, 'POST', `/extensions/${ext['1020'].id}/sign-out`, {})).status, 200);
	const other = await zj.tenant('others');
	assert.equal((await ask(other.api, 'POST', `/extensions/${ext['1020'].id}/sign-in`, {})).status, 404, 'another tenant');
});

// covers: PBX-V709 PBX-V708 PBX-Y13
test('which extension an agent gets: adaptive, self-chosen, fixed; telephones are told with their round trip', async () => {
	const account = await api.post('/accounts', { username: 'wang', name: 'Wang', password: 'Clerk-pass-1' });
	const agent = await seat('1030', { account_id: account.id }, { account_id: account.id });
	await seat('1031', { account_id: account.id }, { number: '81031' });
	phone['1031'] = await tenant.phone(ext['1031'], { answering: 'never' });
	/** Until acd knows the agent's new mode. */
	const answers = (body, match, what) => poll(async () => {
		const r = await signIn(body);
		if (match(r)) return r;
		if (r.status === 200) await tenant.signOut(agent);
		return null;
	}, { timeout: 5000, every: 50, what });
	const signIn = (body = {}) => ask(api, 'POST', `/agents/${agent.id}/sign-in`, body);
	// adaptive: the configured one is not there, another one of the account is
	const first = await soon(signIn, (r) => r.status === 200, 'signed in');
	assert.equal(first.body.state.extension, '1031');
	await tenant.signOut(agent);
	phone['1030'] = await tenant.phone(ext['1030'], { answering: 'never' });
	await answers({}, (r) => r.body.state?.extension === '1030', 'its own first');
	await tenant.signOut(agent);
	await api.patch(`/agents/${agent.id}`, { extension_mode: 'fixed' });
	await answers({ extension: '1031' }, (r) => r.body.because === 'the agent\'s extension is fixed', 'fixed');
	await phone['1030'].register({ expires: 0 });
	assert.match((await answers({}, (r) => r.status === 409, 'fixed, and no telephone')).body.because, /not registered/);
	assert.equal((await signIn({ anyway: true })).body.state.extension, '1030', 'the agent knows that it is there');
	await tenant.signOut(agent);
	await phone['1030'].register();
	await api.patch(`/agents/${agent.id}`, { extension_mode: 'self_chosen' });
	await answers({ extension: '1031' }, (r) => r.body.state?.extension === '1031', 'self-chosen');
	const taken = await api.post('/agents', { number: '8777', name: 'Late', extension_mode: 'self_chosen' });
	await soon(() => ask(api, 'POST', `/agents/${taken.id}/sign-in`, {}), (r) => r.body.because === 'choose an extension', 'it must be chosen');
	assert.equal((await ask(api, 'POST', `/agents/${taken.id}/sign-in`, { extension: '1031' })).body.because, 'the extension is in use by another agent');
	// reachability
	const live = (...ids) => api.get(`/live/phones?extension_id=${ids.join(',')}`).then((r) => r.items);
	const known = await poll(async () => { const [p] = await live(ext['1031'].id); return p?.rtt_ms !== undefined && p; }, { timeout: 15_000, every: 200, what: 'asked soon after it registered' });
	assert.ok(known.reachable && known.registered && known.rtt_ms > 0 && known.rtt_ms < 1000, JSON.stringify(known));
	assert.deepEqual([known.kind, known.contacts.length, known.contacts[0].transport, known.agent.number, known.agent.here], ['sip', 1, 'udp', agent.number, true]);
	const handle = phone['1031'].handle.bind(phone['1031']);
	phone['1031'].handle = (message, respond) => message.method !== 'OPTIONS' && handle(message, respond); // somebody pulled the plug
	await poll(async () => (await live(ext['1031'].id))[0].reachable === false, { timeout: 90_000, every: 500, what: 'not reachable any more' });
	phone['1031'].handle = handle;
	await poll(async () => (await live(ext['1031'].id))[0].reachable, { timeout: 60_000, every: 500, what: 'reachable again' });
	const outside = await api.post('/extensions', { number: '1039', password: 'a-long-password', phone_type: 'external', external_number: '13900000039' });
	const one = (await soon(() => live(outside.id), (l) => l.length === 1, 'the outside telephone'))[0];
	assert.deepEqual([one.kind, one.reachable, one.rtt_ms, one.contacts], ['external', true, undefined, []]);
	assert.equal((await ask(api, 'GET', '/live/phones')).status, 422);
	await tenant.signOut(agent);
	const me = await Api.login(zj.url, { tenant: tenant.name, username: 'wang', password: 'Clerk-pass-1' });
	const mine = await me.get('/me/phone');
	assert.deepEqual(mine.items.map((p) => p.number), ['1030'], 'one\'s own');
	const other = await zj.tenant('nosy');
	assert.deepEqual((await other.api.get(`/live/phones?extension_id=${ext['1031'].id}`)).items, [], 'another tenant\'s are nobody\'s business');
});

// covers: PBX-Y10
test('a remote agent at an outside telephone: signs in, is rung through the trunk, talks, is freed', async () => {
	const mobile = zj.freshNumber('139');
	const row = await api.post('/extensions', { number: '1040', password: 'a-long-password', phone_type: 'external', external_number: mobile });
	const agent = await api.post('/agents', { number: '8040', name: 'Home', extension_id: row.id });
	const remote = await tenant.queue('4040', { wrapup_s: 1 });
	await api.post('/queue-agents', { queue_id: remote.id, agent_id: agent.id });
	const did = await tenant.did('queue', remote);
	await tenant.signIn(agent);
	await state(agent, 'idle');
	assert.deepEqual([agentNow(agent.id).registered, agentNow(agent.id).phone], [true, 'external']);
	const caller = await intoQueue(zj, { queueDid: did, events });
	await far.invite(mobile);
	await state(agent, 'talking');
	await Promise.all([caller.rtp.hears(FAR), far.rtp.hears(HZ.caller)]);
	await caller.hangup();
	await state(agent, 'idle');
	const f = await zj.facts(tenant, `id = '${caller.id}'`);
	const leg = f.legs.find((l) => l.role === 'agent');
	assert.deepEqual([f.call.result, leg.agent_id, leg.extension, leg.trunk_id], ['answered', agent.id, '1040', trunk.id]);
	await tenant.signOut(agent);
});

// covers: PBX-V030 PBX-V503
test('agent mode: what the telephone itself calls or gets from outside opens the page bound as default; without it not', async () => {
	quiet();
	const campaign = await api.post('/campaigns', { name: 'House' });
	await api.post('/bindings', { kind: 'default', target_kind: 'campaign', target_id: campaign.id });
	const agent = await seat('1050', { agent_mode: true });
	phone['1050'] = await tenant.phone(ext['1050'], { answering: 'never' });
	await tenant.signIn(agent);
	const did = await tenant.did('extension', ext['1050']);
	const dial = async (wanted) => poll(async () => {
		const number = zj.freshNumber('139'), call = await phone['1050'].call(number);
		if (!await call.answered.then(() => true, () => false)) return null;
		const live = await events.until(() => [...events.calls.values()].find((c) => c.callee === number && c.where === 'talk'), { what: 'the call' });
		await call.hangup();
		return (live.binding ?? null) === wanted && live;
	}, { timeout: 15_000, what: `a call bound to ${wanted}` });
	const out = await dial(`campaign:${campaign.id}`);
	assert.equal(out.agent ?? out.legs.find((l) => l.agent)?.agent, agent.id, 'it is the agent\'s call');
	await state(agent, 'idle');
	const caller = zj.freshNumber();
	const incoming = await zj.call(caller, did, { tone: HZ.caller });
	const rung = await phone['1050'].nextCall({ timeout: 10_000 });
	const popped = await events.until(() => [...events.calls.values()].find((c) => c.caller === caller && c.legs.some((l) => l.agent === agent.id)), { what: 'the call rings at the agent' });
	assert.equal(popped.binding, `campaign:${campaign.id}`, 'known while it rings');
	await rung.answer();
	assert.equal((await incoming.final()).status, 200);
	await incoming.hangup();
	await state(agent, 'idle');
	const f = await zj.facts(tenant, `caller = '${caller}'`);
	assert.deepEqual([f.call.binding_kind, f.call.binding_id, f.call.agent_id ?? f.legs.find((l) => l.agent_id)?.agent_id], ['campaign', campaign.id, agent.id]);
	await api.patch(`/extensions/${ext['1050'].id}`, { agent_mode: false });
	await dial(null);
	await state(agent, 'idle');
	await tenant.signOut(agent);
});

// covers: PBX-Y12
test('hybrid office: the telephone of a signed-in agent is an extension too, or the agent\'s alone', async () => {
	quiet();
	const agent = await seat('1060');
	await api.post('/queue-agents', { queue_id: queue.id, agent_id: agent.id });
	phone['1060'] = await tenant.phone(ext['1060'], { answering: 'never' });
	await tenant.signIn(agent);
	const result = async (from, to) => { const c = await phone[from].call(to); const r = await Promise.race([c.ringing.then(() => 'rings', () => null), c.answered.then(() => 'answered', () => null), c.ended.then((e) => e.code)]); await c.hangup().catch(() => {}); return r ?? (await c.ended).code; };
	assert.equal(await result('1060', '1001'), 'rings', 'on: it dials');
	await state(agent, 'idle');
	assert.equal(await result('1001', '1060'), 'rings', 'on: it is called');
	await state(agent, 'idle');
	await api.patch(`/tenants/${tenant.id}`, { hybrid_office: false });
	await poll(async () => await result('1060', '1001') === 403, { timeout: 5000, what: 'off: it does not dial' });
	assert.equal(await result('1001', '1060'), 480, 'off: it is not called');
	assert.equal(await result('1001', '1000'), 'rings', 'who is no agent is an extension as ever');
	quiet();
	const caller = await intoQueue(zj, { queueDid, events });
	const rung = await phone['1060'].nextCall({ timeout: 10_000 });
	await rung.answer();
	await state(agent, 'talking');
	await caller.hangup();
	await rung.ended;
	await state(agent, 'idle');
	await tenant.signOut(agent);
	await poll(async () => await result('1060', '1001') === 'rings', { timeout: 5000, what: 'signed out, it is an extension' });
	await api.patch(`/tenants/${tenant.id}`, { hybrid_office: true });
});

// covers: PBX-Y11
test('a transfer takes the call\'s data along: who gets it sees the customer, the number called, the page, the first agent\'s part', async () => {
	quiet();
	const campaign = await api.post('/campaigns', { name: 'Spring' });
	const number = zj.freshNumber('021'), row = await zj.carrier.post('/numbers', { tenant_id: tenant.id, number });
	await api.post('/inbound-routes', { name: number, did_match: 'number', number_id: row.id, destination_kind: 'queue', destination_id: queue.id });
	await api.post('/bindings', { kind: 'did', did_match: 'number', number_id: row.id, target_kind: 'campaign', target_id: campaign.id });
	const first = await seat('1070'), next = await seat('1071');
	for (const n of ['1070', '1071'])
		phone[n] = await tenant.phone(ext[n], { answering: 'never' });
	await api.post('/queue-agents', { queue_id: queue.id, agent_id: first.id });
	await tenant.signIn(first);
	await tenant.signIn(next);
	const caller = await intoQueue(zj, { queueDid: number, events });
	const rung = await phone['1070'].nextCall({ timeout: 10_000 });
	await rung.answer();
	await state(first, 'talking');
	await api.post(`/calls/${caller.id}/transfer`, { to: 'extension:1071' });
	const other = await phone['1071'].nextCall({ timeout: 10_000 });
	const live = await events.until(() => { const c = events.calls.get(caller.id); return c?.legs.some((l) => l.agent === next.id && l.state === 'ringing') && c; }, { what: 'the call rings at the other agent' });
	assert.deepEqual([live.caller, live.did, live.binding, live.id], [caller.caller ?? live.caller, number, `campaign:${campaign.id}`, caller.id], 'the same call, while it still rings');
	await other.answer();
	other.rtp.tone(HZ.agent2);
	await caller.rtp.hears(HZ.agent2);
	assert.equal(agentNow(next.id).call, caller.id);
	await caller.hangup();
	const f = await zj.facts(tenant, `id = '${caller.id}'`);
	assert.deepEqual(f.legs.filter((l) => l.agent_id).map((l) => l.agent_id).sort(), [first.id, next.id].sort());
	assert.equal(f.call.binding_id, campaign.id);
	for (const a of [first, next]) {
		await state(a, 'idle');
		await tenant.signOut(a);
	}
});

// covers: PBX-V047
test('extensions within ring groups are tuned; rung and answered are counted for each extension and group', async () => {
	quiet();
	const group = async (number) => {
		const g = await api.post('/ring-groups', { name: `T${number}`, number, strategy: 'sequential', ring_time_s: 20, turn_s: 3 });
		const members = {};
		for (const n of ['1000', '1001'])
			members[n] = await api.post('/ring-group-members', { group_id: g.id, extension_id: ext[n].id, priority: 5 });
		return { ...g, members };
	};
	const a = await group('2101'), b = await group('2102');
	phone['1080'] = await tenant.phone(ext['1080'] = await tenant.extension('1080'), { answering: 'never' });
	const call = async (number, first, answer) => poll(async () => {
		quiet();
		const c = await phone['1080'].call(number), begun = await Promise.race([c.ringing.then(() => true, () => false), c.ended.then(() => false)]);
		if (!begun) return null;
		const rung = await phone[first].nextCall({ timeout: 2000 }).catch(() => null);
		if (rung && answer) { await rung.answer(); await c.answered; }
		await c.hangup();
		return rung;
	}, { timeout: 15_000, what: `${number} rings ${first}` });
	await call('2101', '1000', true);
	await call('2102', '1000', false);
	const counts = async (g) => Object.fromEntries(await Promise.all(Object.entries(g.members).map(async ([n, m]) => { const r = await api.get(`/ring-group-members/${m.id}`); return [n, [r.rings, r.answers]]; })));
	await poll(async () => JSON.stringify(await counts(a)) === '{"1000":[1,1],"1001":[0,0]}', { timeout: 8000, what: 'the first group\'s' });
	await poll(async () => JSON.stringify(await counts(b)) === '{"1000":[1,0],"1001":[0,0]}', { timeout: 8000, what: 'the second group\'s, apart' });
	await api.patch(`/ring-group-members/${a.members['1001'].id}`, { priority: 9 });
	await call('2101', '1001', true);
	await poll(async () => (await counts(a))['1001'][1] === 1, { timeout: 8000, what: 'the tuned one' });
	assert.equal((await ask(api, 'PATCH', `/ring-group-members/${a.members['1001'].id}`, { rings: 0 })).status >= 400, true, 'counts are not written by hand');
	const most = await api.get('/ring-group-members?filter[answers][ge]=1&sort=-rings&expand=extension_id,group_id');
	assert.ok(most.items.every((m) => m.answers >= 1) && most.items.some((m) => m.id === a.members['1001'].id));
});
