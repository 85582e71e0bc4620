// What phones do by codes: shortcut keys from an idle phone, hot keys during a call; the tables of defaults, a tenant's own codes.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { HZ } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';
import { rms } from '../tools/audio.mjs';

let zj, tenant, api, events, agent;
const ext = {}, phone = {};
const pause = (ms) => new Promise((r) => setTimeout(r, ms));
const row = (n) => api.get(`/extensions/${ext[n].id}`);
const quiet = () => Object.values(phone).forEach((p) => { p.answering = 'never'; p.queue.length = 0; });
const speech = (call) => call.rtp.until((rtp) => { const pcm = rtp.audio({ ms: 300 }); return pcm.length > 1500 && rms(pcm) > 200; }, { timeout: 10_000, what: 'a voice' });

/** Dials a code; it is answered, a voice speaks, and it hangs up by itself. */
async function code(from, number) {
	const call = await phone[from].call(number);
	await call.answered;
	await speech(call);
	return call;
}
const said = async (from, number) => { const call = await code(from, number); assert.equal((await call.ended).how, 'far', `${number} ends by itself`); return call; };
const talk = async (from, to) => {
	quiet();
	const call = await phone[from].call(to, { tone: HZ.caller });
	const other = await phone[to].nextCall({ timeout: 8000 });
	await other.answer();
	await call.answered;
	other.rtp.tone(HZ.agent);
	await Promise.all([call.rtp.hears(HZ.agent), other.rtp.hears(HZ.caller)]);
	return [call, other];
};
async function keys(call, text) {
	for (const k of text) {
		await call.rtp.dtmf(k);
		await pause(120);
	}
}

before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('features');
	api = tenant.api;
	events = await tenant.events();
	for (const number of ['1000', '1001', '1002', '1003']) {
		ext[number] = await tenant.extension(number);
		phone[number] = await tenant.phone(ext[number], { answering: 'never' });
		await api.patch(`/extensions/${ext[number].id}`, { pickup_range: 'team' });
	}
	agent = await api.post('/agents', { number: '8001', name: 'Ann', extension_id: ext['1000'].id });
	await tenant.settled();
}, { timeout: 150_000 });
after(() => zj?.release());

const DEFAULTS = { pickup: '*61', own_number: '*62', record: '*63', agent_sign_in: '*64', agent_sign_out: '*65', simulate_call: '*66', dnd_on: '*67', dnd_off: '*68', forward_cancel: '*90', forward_all: '*91',
	forward_busy: '*92', forward_unreachable: '*93', forward_no_answer: '*94', my_voicemail: '*97', voicemail: '*98' };

// covers: PBX-V701 PBX-V702 PBX-V703 PBX-V704 PBX-V706
test('shortcut keys: the default set, a tenant\'s own codes, disabled ones; hot keys are the system\'s only', async () => {
	const mine = (await api.get('/shortcuts?limit=100')).items, system = (await zj.carrier.get('/shortcuts?limit=200')).items;
	for (const [feature, number] of Object.entries(DEFAULTS)) {
		const one = mine.find((s) => s.feature === feature);
		assert.deepEqual([one.number, one.enabled], [number, true], feature);
		assert.ok(one.remark);
	}
	assert.ok(system.some((s) => s.feature === 'dnd_on' && s.tenant_id !== tenant.id), 'the carrier sees the defaults');
	const dnd = mine.find((s) => s.feature === 'dnd_on');
	await api.patch(`/shortcuts/${dnd.id}`, { number: '*77', remark: 'quiet please' });
	await tenant.settled();
	await said('1000', '*77');
	await poll(async () => (await row('1000')).dnd === true, { what: 'do not disturb is on' });
	assert.equal((await (await phone['1000'].call('*67')).ended).code, 404, 'the old code is nothing now');
	assert.equal((await api.patch(`/shortcuts/${dnd.id}`, { number: null })).number, '*67', 'emptied: the default again');
	await api.patch(`/shortcuts/${dnd.id}`, { enabled: false });
	await tenant.settled();
	assert.equal((await (await phone['1000'].call('*67')).ended).code, 404, 'disabled: it does nothing');
	await api.patch(`/shortcuts/${dnd.id}`, { enabled: true });
	await said('1000', '*68');
	await poll(async () => (await row('1000')).dnd === false, { what: 'do not disturb is off' });
	assert.equal((await api.fetch('POST', '/shortcuts', { body: { feature: 'dnd_on', number: '*1' } })).status >= 400, true);
	assert.equal((await (await api.fetch('GET', '/hot-keys')).json()).items?.length ?? 0, 0, 'hot keys are not a tenant\'s');
	const hot = (await zj.carrier.get('/hot-keys')).items;
	assert.deepEqual(Object.fromEntries(hot.map((h) => [h.feature, [h.number, h.enabled]])), { blind_transfer: ['*51', true], attended_transfer: ['*52', true], agent_consult: ['*55', true] });
});

test('own number, time, echo', async () => {
	await said('1001', '*62');
	await said('1001', '*74');
	const echo = await code('1001', '*73');
	await echo.rtp.until((rtp) => rms(rtp.audio({ ms: 400 })) < 50, { timeout: 10_000, what: 'silence after the sentence' }).catch(() => {});
	echo.rtp.tone(HZ.agent2);
	await pause(2500);
	echo.rtp.tone(null);
	await echo.rtp.hears(HZ.agent2, { timeout: 10_000 });
	await echo.hangup();
});

test('a recording by telephone is a recording of that call', async () => {
	const call = await code('1001', '*63');
	await pause(3500);
	call.rtp.tone(HZ.agent2);
	await pause(2000);
	await call.rtp.dtmf('#');
	await call.ended;
	const rec = await poll(async () => (await api.get('/recordings?limit=10')).items[0], { timeout: 10_000, what: 'the recording' });
	assert.ok(rec.bytes > 10_000);
});

test('forwarding by telephone: with the number behind the code, or keyed in when asked; cancelled', async () => {
	await said('1001', '*911002');
	await poll(async () => (await row('1001')).forward_all === '1002', { what: 'forwarded' });
	quiet();
	const call = await phone['1000'].call('1001');
	await phone['1002'].nextCall({ timeout: 8000 });
	await call.hangup();
	const ask = await code('1001', '*92');
	await keys(ask, '1003#');
	await ask.ended;
	await poll(async () => (await row('1001')).forward_busy === '1003', { what: 'forward on busy' });
	for (const [digits, field] of [['*931000', 'forward_unreachable'], ['*941000', 'forward_no_answer']]) {
		await said('1001', digits);
		await poll(async () => (await row('1001'))[field] === '1000', { what: field });
	}
	await said('1001', '*90');
	await poll(async () => { const r = await row('1001'); return !r.forward_all && !r.forward_busy && !r.forward_unreachable && !r.forward_no_answer; }, { what: 'all cancelled' });
	const log = (await api.get(`/extension-changes?filter[extension_id]=${ext['1001'].id}&limit=20`)).items;
	assert.ok(log.length >= 8, 'who set what by which call is kept');
});

test('an agent signs in, is busy and idle, and signs out by telephone', async () => {
	await said('1000', '*64');
	await events.agentState(agent, 'idle');
	await said('1000', '*72');
	await events.agentState(agent, 'busy');
	await said('1000', '*71');
	await events.agentState(agent, 'idle');
	await said('1000', '*65');
	await events.agentState(agent, 'signed_out');
	await said('1002', '*64'); // nobody's phone: a voice says so
});

test('a simulated incoming call', async () => {
	quiet();
	const call = await code('1002', '*66');
	await call.ended;
	const rung = await phone['1002'].nextCall({ timeout: 8000 });
	await rung.answer();
	await speech(rung);
	await rung.hangup();
});

// covers: PBX-V025
test('pick-up: any call in range, one of a certain extension; not out of range, not of another tenant', async () => {
	quiet();
	let call = await phone['1000'].call('1001', { tone: HZ.caller });
	let rung = await phone['1001'].nextCall({ timeout: 8000 });
	let mine = await phone['1002'].call('*61', { tone: HZ.agent });
	await Promise.all([mine.answered, call.answered]);
	assert.match((await rung.ended).reason, /completed elsewhere/);
	await Promise.all([call.rtp.hears(HZ.agent), mine.rtp.hears(HZ.caller)]);
	await call.hangup();
	await mine.ended;
	quiet();
	call = await phone['1000'].call('1001');
	await phone['1001'].nextCall({ timeout: 8000 });
	mine = await phone['1002'].call('*611003');
	await mine.answered;
	await speech(mine);
	assert.equal((await mine.ended).how, 'far', 'nothing rings at 1003');
	mine = await phone['1002'].call('*611001');
	await Promise.all([mine.answered, call.answered]);
	await mine.hangup();
	await call.ended;
	// the default range is the own account group: extensions without an account are in none
	await api.patch(`/extensions/${ext['1002'].id}`, { pickup_range: 'group' });
	await tenant.settled();
	quiet();
	call = await phone['1000'].call('1001');
	await phone['1001'].nextCall({ timeout: 8000 });
	await said('1002', '*61');
	const accounts = [];
	for (const n of ['1001', '1002'])
		accounts.push(await api.post('/accounts', { username: `u${n}`, name: n, password: 'a-long-password' }));
	const g = await api.post('/account-groups', { name: 'front' });
	for (const a of accounts)
		await api.post('/account-group-members', { group_id: g.id, account_id: a.id });
	await api.patch(`/extensions/${ext['1001'].id}`, { account_id: accounts[0].id });
	await api.patch(`/extensions/${ext['1002'].id}`, { account_id: accounts[1].id });
	await tenant.settled();
	const other = await zj.tenant('strangers');
	const stranger = await other.phone(await other.extension('1002'), { answering: 'never' });
	const theirs = await stranger.call('*611001');
	await theirs.answered;
	await speech(theirs);
	assert.equal((await theirs.ended).how, 'far', 'another tenant picks nothing up here');
	assert.equal(call.state, 'calling');
	mine = await phone['1002'].call('*61');
	await Promise.all([mine.answered, call.answered]);
	await mine.hangup();
	await call.ended;
	await api.patch(`/extensions/${ext['1002'].id}`, { pickup_range: 'team' });
});

// covers: PBX-V707
test('hot keys: blind transfer, attended transfer, consultation and back', async () => {
	let [call, other] = await talk('1000', '1001');
	await keys(other, '*51');
	await pause(2500);
	quiet();
	await keys(other, '1002#');
	let third = await phone['1002'].nextCall({ timeout: 10_000 });
	assert.equal((await other.ended).how, 'far', 'who transferred is out');
	await third.answer();
	third.rtp.tone(HZ.agent2);
	await Promise.all([call.rtp.hears(HZ.agent2), third.rtp.hears(HZ.caller)]);
	await call.hangup();
	await third.ended;

	[call, other] = await talk('1000', '1001');
	await keys(other, '*52');
	await pause(2500);
	quiet();
	await keys(other, '1002#');
	third = await phone['1002'].nextCall({ timeout: 10_000 });
	await third.answer();
	third.rtp.tone(HZ.agent2);
	await Promise.all([other.rtp.hears(HZ.agent2), third.rtp.hears(HZ.agent)]);
	assert.ok(call.rtp.level(HZ.agent2) < 0.05, 'the customer hears none of it');
	await other.hangup();
	await Promise.all([call.rtp.hears(HZ.agent2), third.rtp.hears(HZ.caller)]);
	await call.hangup();
	await third.ended;

	[call, other] = await talk('1000', '1001');
	await keys(other, '*55');
	await pause(2500);
	quiet();
	await keys(other, '1002#');
	third = await phone['1002'].nextCall({ timeout: 10_000 });
	await third.answer();
	third.rtp.tone(HZ.agent2);
	await other.rtp.hears(HZ.agent2);
	await third.hangup();
	await Promise.all([call.rtp.hears(HZ.agent), other.rtp.hears(HZ.caller)]);
	await call.hangup();
	await other.ended;
});

// covers: PBX-V705
test('a changed hot key is in force without a reload; a disabled one does nothing', async () => {
	const hot = (await zj.carrier.get('/hot-keys')).items.find((h) => h.feature === 'blind_transfer');
	await zj.carrier.patch(`/hot-keys/${hot.id}`, { enabled: false });
	await tenant.settled();
	const [call, other] = await talk('1000', '1001');
	await keys(other, '*51');
	await pause(1500);
	assert.equal(call.rtp.level(HZ.agent) > 0.3, true, 'they talk on');
	await zj.carrier.patch(`/hot-keys/${hot.id}`, { enabled: true, number: '*54' });
	await tenant.settled();
	await keys(other, '*54');
	await pause(2500);
	quiet();
	await keys(other, '1003#');
	await phone['1003'].nextCall({ timeout: 10_000 });
	await zj.carrier.patch(`/hot-keys/${hot.id}`, { number: '*51' });
	await call.hangup();
});

// covers: PBX-V311 PBX-V312 PBX-V313
test('applications: a feature with an internal number', async () => {
	const app = await api.post('/applications', { name: 'agent-login', context: 'agent_sign_in', entry: '', priority: 1, number: '212', description: 'log-in by telephone' });
	assert.deepEqual([app.name, app.context, app.priority, app.number, app.description, app.enabled], ['agent-login', 'agent_sign_in', 1, '212', 'log-in by telephone', true]);
	assert.equal((await api.fetch('POST', '/applications', { body: { name: 'x', context: 'dnd_on', number: '1001' } })).status, 409, 'the number is an extension\'s');
	await tenant.settled();
	await said('1000', '212');
	await events.agentState(agent, 'idle');
	await api.patch(`/applications/${app.id}`, { context: 'forward_all', entry: '1003', number: '213' });
	await tenant.settled();
	await said('1002', '213');
	await poll(async () => (await row('1002')).forward_all === '1003', { what: 'forwarded by the application' });
	await said('1002', '*90');
	for (const q of ['q=agent', 'filter[context]=forward_all', 'filter[number]=213', 'filter[entry]=1003', 'filter[priority]=1', `filter[created_at][ge]=${encodeURIComponent('2020-01-01T00:00:00Z')}`])
		assert.equal((await api.get(`/applications?${q}`)).items.length, 1, q);
	await tenant.signOut(agent);
	await api.request('DELETE', `/applications/${app.id}`);
	assert.equal((await api.get('/applications?deleted=true')).items.length, 1);
});
