// Calls that leave: a phone dials, an agent clicks, a customer is transferred outside, a queue overflows there; audio both ways, facts.
// covers: TEN-V012 TEN-V014 PBX-V008 PBX-V023 PBX-V026 PBX-V088 PBX-V301 PBX-V303 PBX-V305 PBX-V306 PBX-V307 PBX-V309 PBX-Y18 PBX-L04
// covers: NUM-V701 NUM-V702 NUM-V703 NUM-V704 NUM-V313 NUM-K13
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { HZ, intoQueue } from '../tools/scenes.mjs';
import { levelled, speak } from '../tools/callsound.mjs';
import { header } from '../tools/sip.mjs';
import { poll } from '../tools/wait.mjs';

const FAR = 1270; // the customer's tone
let zj;
let tenant;
let carrier;
let trunk;
let agent;
let board;

before(async () => {
	zj = await Instance.take();
	carrier = zj.later(await AnsweringCarrier.open({ host: '127.0.0.31', tone: FAR }));
	tenant = await zj.tenant('outbound');
	trunk = await tenant.api.post('/trunks', { name: 'out', host: '127.0.0.31', probe_s: 0, caller_number: '02160000000', caller_name: 'Company' });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id });
	const queue = await tenant.queue('4001');
	agent = await tenant.agent('1001', [queue], { answering: 'never' });
	agent.queue = queue;
	board = await tenant.events();
}, { timeout: 150_000 });
after(() => zj?.release());

/** The phone dials; a number that acd does not know how to reach yet is tried again for two seconds. */
async function dialled(number, options) {
	for (let tries = 0; ; tries++) {
		const call = await agent.phone.call(number, options);
		const result = await Promise.race([call.answered.then(() => 'up'), call.ended]);
		if (result === 'up' || tries >= 10)
			return call;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}

test('a phone dials a number: the trunk\'s carrier rings, answers, both hear each other', async () => {
	const number = zj.freshNumber('139');
	const call = await dialled(number, { tone: HZ.agent });
	const invite = await carrier.invite(number);
	assert.match(header(invite, 'from'), /^"Company" <sip:02160000000@127\.0\.0\.31>/, 'the trunk\'s own caller');
	assert.match(header(invite, 'p-asserted-identity'), /02160000000/);
	await Promise.all([call.rtp.hears(FAR), carrier.rtp.hears(HZ.agent)]);
	const live = await board.until(() => [...board.calls.values()].find((c) => c.callee === number && c.where === 'talk'), { what: 'talk on the board' });
	assert.equal(live.direction, 'out');
	await call.hangup();
	const f = await zj.facts(tenant, `id = '${live.id}'`);
	assert.deepEqual([f.call.direction, f.call.result, f.call.callee, f.call.trunk_id, f.call.hangup_by], ['out', 'answered', number, trunk.id, 'agent']);
	assert.deepEqual(f.legs.map((l) => l.role).sort(), ['agent', 'customer']);
	const leg = f.legs.find((l) => l.role === 'customer');
	assert.equal(leg.trunk_id, trunk.id);
	assert.deepEqual(leg.attempts.map((a) => [a.trunk_id, a.host, a.code]), [[trunk.id, '127.0.0.31:5060', 200]]);
	assert.ok(leg.answered_at && f.call.answered_at && leg.ringing_at);
});

test('an agent clicks a number: the agent\'s phone first, then the customer, with the agent\'s own caller', async () => {
	await tenant.api.patch(`/agents/${agent.id}`, { out_caller_number: '02161111111', out_caller_name: 'Agent 1' });
	const number = zj.freshNumber('139');
	await poll(async () => { try { return await tenant.api.post('/calls', { to: number, agent_id: agent.id }); } catch (error) { if (error.status !== 409) throw error; return null; } }, { timeout: 5000, what: 'an idle agent' });
	const call = await agent.phone.nextCall();
	await call.answer();
	call.rtp.tone(HZ.agent);
	const invite = await carrier.invite(number);
	assert.match(header(invite, 'from'), /^"Agent 1" <sip:02161111111@127\.0\.0\.31>/);
	await Promise.all([call.rtp.hears(FAR), carrier.rtp.hears(HZ.agent)]);
	await call.hangup();
	const f = await zj.facts(tenant, `callee = '${number}'`);
	assert.deepEqual([f.call.direction, f.call.result], ['out', 'answered']);
});

test('a click that asks for it is told who answered: a machine, while it greets; the leg keeps what was heard', async () => {
	await board.agentState(agent, 'idle');
	carrier.rtp.tone(null);
	const number = zj.freshNumber('139');
	await tenant.api.post('/calls', { to: number, agent_id: agent.id, detect: true });
	const call = await agent.phone.nextCall();
	await call.answer();
	const of = (test) => board.until(() => [...board.calls.values()].find((c) => c.callee === number && test(c)), { timeout: 15_000, what: number });
	await of((c) => c.where === 'talk');
	carrier.rtp.play(levelled(await speak('您好,您拨打的用户暂时无法接听,请在滴声之后留言', { speed: 200 }), -20));
	const live = await of((c) => c.legs.some((l) => l.role === 'customer' && l.heard === 'machine'));
	carrier.rtp.tone(FAR);
	await call.hangup();
	const { legs } = await zj.facts(tenant, `id = '${live.id}'`);
	const heard = legs.find((l) => l.role === 'customer').progress.at(-1);
	assert.deepEqual([heard.what, heard.cause, heard.answered], ['machine', 'long_greeting', true]);
	assert.ok(heard.confidence > 0.5 && heard.confidence <= 1 && heard.ms > 2600 && heard.greeting_ms >= 2600, JSON.stringify(heard));
	assert.equal(legs.find((l) => l.role === 'agent').progress, null, 'nobody listened to the agent');
});

test('a customer in talk is transferred to a number outside', async () => {
	const place = { queueDid: await tenant.did('queue', agent.queue), events: board };
	await board.agentState(agent, 'idle');
	agent.phone.queue.length = 0;
	const call = await intoQueue(zj, place);
	const agentCall = await agent.phone.nextCall();
	await agentCall.answer();
	const { id } = await board.call(call.caller, 'talk');
	const number = zj.freshNumber('139');
	await tenant.api.post(`/calls/${id}/transfer`, { to: number });
	await carrier.invite(number);
	await Promise.all([call.rtp.hears(FAR), carrier.rtp.hears(HZ.caller)]);
	await call.hangup();
	const f = await zj.facts(tenant, `id = '${id}'`);
	assert.deepEqual([f.call.direction, f.call.relation], ['in', 'transfer']);
	assert.equal(f.legs.find((l) => l.role === 'external').trunk_id, trunk.id);
});

test('a number that no trunk takes is refused, and the facts say why', async () => {
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_id: null });
	const number = zj.freshNumber('139');
	const ended = await poll(async () => {
		const call = await agent.phone.call(number);
		const end = await Promise.race([call.answered.then(() => null), call.ended]);
		if (!end) await call.hangup();
		return end;
	}, { timeout: 8000, every: 200, what: 'a refusal' });
	assert.equal(ended.code, 404);
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_id: trunk.id });
	const f = await zj.facts(tenant, `callee = '${number}' and result <> 'answered'`);
	assert.equal(f.call.result, 'unreachable');
});

/** What the phone's call comes to: the INVITE that the carrier saw, or the code of the refusal. */
async function outcome(number, { sees = number, wait = 2500 } = {}) {
	const from = carrier.sipp.messages.length; // an earlier try is not this one
	const call = await agent.phone.call(number);
	const end = await Promise.race([call.answered.then(() => 'up'), call.ended]);
	const fresh = () => carrier.sipp.messages.slice(from).find(({ message: m, direction: d }) => d === 'in' && m.method === 'INVITE' && m.uri.includes(`:${sees}@`))?.message;
	const invite = end === 'up' ? await poll(fresh, { timeout: wait, every: 20, what: sees }).catch(() => null) : null;
	if (end === 'up') await call.hangup();
	return { code: end === 'up' ? 200 : end.code, uri: invite?.uri, from: invite && header(invite, 'from') };
}

/** A change is in effect within 200 ms; until then a call is tried again. */
const comesTo = (number, wanted, options) => poll(async () => {
	const o = await outcome(number, options);
	return Object.entries(wanted).every(([k, v]) => (v instanceof RegExp ? v.test(o[k] ?? '') : o[k] === v)) && o;
}, { timeout: 12_000, every: 100, what: `${number}: ${JSON.stringify(Object.fromEntries(Object.entries(wanted).map(([k, v]) => [k, String(v)])))}` });

test('an outside line has a prefix; an extension that may not dial out reaches nobody but emergency numbers', async () => {
	await zj.carrier.patch(`/tenants/${tenant.id}`, { out_prefix: '9' });
	const number = zj.freshNumber('137');
	await comesTo(`9${number}`, { code: 200, uri: new RegExp(`:${number}@`) }, { sees: number });
	await tenant.api.patch(`/extensions/${agent.extension.id}`, { allow_outbound: false });
	await comesTo(number, { code: 403 });
	const emergency = await zj.carrier.post('/emergency-numbers', { number: '11099', name: 'police' });
	await comesTo('11099', { code: 200 });
	await tenant.api.patch(`/extensions/${agent.extension.id}`, { allow_outbound: true });
	await zj.carrier.delete(`/emergency-numbers/${emergency.id}`);
	await comesTo(number, { code: 200 });
});

test('an outbound route of the account group: longest prefix, length, default; dials out, ends, or goes to a queue', async () => {
	const account = await tenant.api.post('/accounts', { type: 'user', username: 'dialler', name: 'D', password: 'Dialler-1-password', role_id: (await tenant.api.get('/roles?filter[kind]=agent')).items[0].id });
	await tenant.api.patch(`/extensions/${agent.extension.id}`, { account_id: account.id });
	const route = await tenant.api.post('/outbound-routes', { name: 'sales' });
	const group = await tenant.api.post('/account-groups', { name: 'sales', outbound_route_id: route.id });
	await tenant.api.post('/account-group-members', { group_id: group.id, account_id: account.id });
	const rule = (fields) => tenant.api.post('/outbound-rules', { route_id: route.id, ...fields });
	await rule({ prefix: '0', strip: '0', add: '17909' });
	await rule({ prefix: '021', destination_kind: 'hangup' });
	await rule({ prefix: '021', length: 5, add: '8' });
	await comesTo('075512345', { code: 200, uri: /:1790975512345@/ }, { sees: '1790975512345' });
	await comesTo('02112345', { code: 403 });
	await comesTo('02199', { code: 200, uri: /:802199@/ }, { sees: '802199' });
	await comesTo('13700000000', { code: 403 }); // no default, none fits
	await rule({ destination_kind: 'queue', destination_id: agent.queue.id });
	await comesTo('13700000000', { code: 200, uri: undefined });
	// Each other target: a ring group's phone rings, a flow answers, a fax device answers.
	const member = await tenant.extension('1002'), desk = await tenant.phone(member, { answering: 'never' });
	const ringing = await tenant.api.post('/ring-groups', { name: 'desk', number: '2600', strategy: 'all', ring_time_s: 20 });
	await tenant.api.post('/ring-group-members', { group_id: ringing.id, extension_id: member.id });
	const flow = await tenant.flow('out', '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block><prompt>Hello</prompt></block></form></vxml>');
	const fax = await tenant.api.post('/fax-devices', { name: 'FAX-4065', number: '4065', station_id: 'Acme', city_code: '021', account_id: account.id, answer_rings: 0 });
	for (const [prefix, destination_kind, to] of [['61', 'ring_group', ringing], ['62', 'ivr', flow], ['63', 'fax', fax]])
		await rule({ prefix, destination_kind, destination_id: to.id });
	await comesTo('62000001', { code: 200, uri: undefined });
	await comesTo('63000001', { code: 200, uri: undefined });
	const group_call = await agent.phone.call('61000001');
	const rung = await desk.nextCall({ timeout: 8000 });
	await group_call.hangup();
	await rung.ended;
	assert.equal((await tenant.api.get(`/outbound-routes/${route.id}`)).rules, 7);
	await assert.rejects(rule({ prefix: '5', destination_kind: 'queue' }), (error) => error.status === 422);
	await tenant.api.patch(`/account-groups/${group.id}`, { outbound_route_id: null });
});

test('which caller is shown: the chosen number, the service\'s where forced, the agent\'s, the extension\'s, the tenant\'s', async () => {
	await tenant.api.patch(`/agents/${agent.id}`, { out_caller_number: null });
	await tenant.api.patch(`/extensions/${agent.extension.id}`, { out_caller_number: '02162222222', out_caller_name: 'Ext' });
	await comesTo('13711110001', { from: /^"Ext" <sip:02162222222@/ });
	await tenant.api.patch(`/extensions/${agent.extension.id}`, { out_caller_number: null, out_anonymous: true });
	await comesTo('13711110002', { from: /^"Anonymous" <sip:anonymous@anonymous\.invalid>/ });
	await tenant.api.patch(`/extensions/${agent.extension.id}`, { out_anonymous: false });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { caller_number: '02163333333' });
	await comesTo('13711110003', { from: /<sip:02163333333@/ });
	const line = await tenant.api.post('/trunk-numbers', { name: 'line', trunk_id: trunk.id, area_code: '021', number: '64444444', toll_free: '4008001234' });
	assert.equal(line.full_number, '02164444444');
	await tenant.api.patch(`/agents/${agent.id}`, { out_caller_number: '02161111111' });
	const click = async (number, more = {}) => {
		const from = carrier.sipp.messages.length;
		await poll(async () => { try { return await tenant.api.post('/calls', { to: number, agent_id: agent.id, ...more }); } catch (error) { if (error.status !== 409) throw error; return null; } }, { timeout: 8000, what: 'an idle agent' });
		const call = await agent.phone.nextCall();
		await call.answer();
		const invite = await poll(() => carrier.sipp.messages.slice(from).find(({ message: m, direction: d }) => d === 'in' && m.method === 'INVITE' && m.uri.includes(`:${number}@`))?.message, { timeout: 5000, every: 20, what: number });
		await call.hangup();
		return header(invite, 'from');
	};
	assert.match(await click('13711110004', { number_id: line.id }), /<sip:02164444444@/);
	const did = await tenant.did('queue', agent.queue);
	const service = (await tenant.api.get(`/numbers?filter[number]=${did}`)).items[0];
	await tenant.api.patch(`/numbers/${service.id}`, { out_caller_number: '02165555555', force_caller: true });
	await poll(async () => /<sip:02165555555@/.test(await click('13711110005', { service_id: service.id })), { timeout: 10_000, what: 'the service\'s caller' });
	// Forced is what is clicked for the service; who dials at the phone for nobody shows his own.
	await comesTo('13711110009', { from: /<sip:02161111111@/ });
	await tenant.api.patch(`/numbers/${service.id}`, { force_caller: false, out_caller_name: 'Service' });
	await poll(async () => /<sip:02161111111@/.test(await click('13711110006', { service_id: service.id })), { timeout: 10_000, what: 'the agent\'s caller again' });
	// Not forced: the agent's, else the extension's, else the service's, each with its name.
	await tenant.api.patch(`/agents/${agent.id}`, { out_caller_number: null });
	await tenant.api.patch(`/extensions/${agent.extension.id}`, { out_caller_number: '02162222222', out_caller_name: 'Ext' });
	await poll(async () => /^"Ext" <sip:02162222222@/.test(await click('13711110007', { service_id: service.id })), { timeout: 10_000, what: 'the extension\'s caller' });
	await tenant.api.patch(`/extensions/${agent.extension.id}`, { out_caller_number: null });
	await poll(async () => /^"Service" <sip:02165555555@/.test(await click('13711110008', { service_id: service.id })), { timeout: 10_000, what: 'the service\'s caller' });
});

test('a call\'s facts say where its number comes from; a tenant\'s own table goes before the carrier\'s', async () => {
	const prefix = zj.freshNumber('1').slice(0, 8).replace(/^1./, '19');
	const wide = await zj.carrier.post('/number-attributions', { prefix: prefix.slice(0, 7), country: '中国', province: '云南', city: '昭通', carrier: '移动', area_code: '0870', number_type: '手机' });
	await outcome(`${prefix}001`);
	const first = await zj.facts(tenant, `callee = '${prefix}001'`);
	assert.deepEqual([first.call.province, first.call.city, first.call.carrier, first.call.country], ['云南', '昭通', '移动', '中国']);
	await tenant.api.post('/number-attributions', { prefix: prefix.slice(0, 7), province: '四川', city: '成都' });
	await outcome(`0${prefix}002`);
	const second = await zj.facts(tenant, `callee = '0${prefix}002'`);
	assert.deepEqual([second.call.province, second.call.city], ['四川', '成都']);
	await zj.carrier.delete(`/number-attributions/${wide.id}`);
});

test('trunks as they are now: state, calls, hosts; a tenant sees its own', async () => {
	// (SIPp answers no 487 to a CANCEL: those channels come back when acd names the living calls.)
	const mine = await poll(async () => { const l = await tenant.api.get('/live/trunks'); return l.items.every((x) => x.calls === 0) && l; }, { timeout: 30_000, every: 200, what: 'no call on any trunk' });
	const t = mine.items.find((x) => x.trunk === trunk.id);
	assert.equal(mine.items.length, 1);
	assert.deepEqual([t.state, t.calls, t.registration, t.hosts[0].host], ['ok', 0, 'none', '127.0.0.31']);
	assert.ok((await zj.carrier.get('/live/trunks')).items.length > 1);
});

test('another tenant\'s dial prefix and an internal number: two calls, each tenant has its own', async () => {
	const other = await zj.tenant('neighbour');
	const extension = await other.extension('1007');
	const phone = await other.phone(extension, { answering: 'never' });
	await zj.carrier.patch(`/tenants/${other.id}`, { dial_prefix: '8801' });
	const call = await poll(async () => {
		const c = await agent.phone.call('88011007', { tone: HZ.agent });
		const rings = await Promise.race([phone.nextCall({ timeout: 1500 }).catch(() => null), c.ended.then(() => null)]);
		if (!rings) { await c.hangup().catch(() => {}); return null; }
		return { c, rings };
	}, { timeout: 12_000, every: 200, what: 'the neighbour\'s phone' });
	await call.rings.answer();
	call.rings.rtp.tone(FAR);
	await Promise.all([call.c.rtp.hears(FAR), call.rings.rtp.hears(HZ.agent)]);
	assert.equal(call.rings.caller, '1001');
	await call.c.hangup();
	const theirs = await zj.facts(other, `result = 'answered'`);
	assert.deepEqual([theirs.call.direction, theirs.call.caller], ['in', '1001']);
	const ours = await zj.facts(tenant, `callee = '88011007' and result = 'answered'`);
	assert.notEqual(ours.call.id, theirs.call.id);
});
