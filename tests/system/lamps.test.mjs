// Lamps of telephones: SUBSCRIBE and NOTIFY for dialog (RFC 4235), message-summary (RFC 3842) and presence, as a real phone sees them;
// who may watch whom; where and how many phones may register.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { header, tagOf, token } from '../tools/sip.mjs';
import { poll } from '../tools/wait.mjs';
import { ask } from '../tools/rpc.mjs';

let zj, tenant, api;
const ext = {}, phone = {};
const quiet = () => Object.values(phone).forEach((p) => { p.queue.length = 0; });
const pause = (ms) => new Promise((r) => setTimeout(r, ms));

/** A subscription of a phone: `states` as they came, `last` NOTIFY. */
async function subscribe(p, to, event, { expires = 600, domain = p.domain } = {}) {
	const sub = { event, notifies: [], callId: `${token(8)}@${p.sip.host}`, tag: token(), seq: 0, states: [] };
	const handle = p.handle.bind(p);
	p.handle = (message, respond) => {
		if (message.method !== 'NOTIFY' || header(message, 'call-id') !== sub.callId)
			return handle(message, respond);
		respond(200, 'OK', { tag: sub.tag });
		sub.notifies.push(message);
		const body = message.body?.toString() ?? '';
		if (event === 'dialog' && body)
			sub.states.push(/<state>(\w+)<\/state>/.exec(body)?.[1] ?? 'none');
		else if (body)
			sub.states.push(body);
	};
	sub.send = async (seconds) => {
		const response = await p.withDigest('SUBSCRIBE', `sip:${to}@${domain}`, (auth) => ({
			From: `<sip:${p.user}@${p.domain}>;tag=${sub.tag}`, To: `<sip:${to}@${domain}>${sub.remote ? `;tag=${sub.remote}` : ''}`, 'Call-ID': sub.callId,
			CSeq: `${++sub.seq} SUBSCRIBE`, Contact: p.contact, Event: event, Expires: String(seconds), Accept: 'application/dialog-info+xml, application/simple-message-summary, application/pidf+xml', ...auth,
		}), { timeout: 5000 });
		sub.remote ??= tagOf(header(response, 'to'));
		sub.status = response.status;
		return response;
	};
	await sub.send(expires);
	sub.until = (state) => poll(() => sub.states.at(-1) === state, { timeout: 8000, every: 20, what: `${event} of ${to}: ${state}, has ${sub.states}` });
	return sub;
}

before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('lamps');
	api = tenant.api;
	for (const number of ['1000', '1001', '1002', '1003']) {
		ext[number] = await tenant.extension(number);
		phone[number] = await tenant.phone(ext[number], { answering: 'never' });
	}
	await Promise.all([tenant.settled(), pause(1000)]);
}, { timeout: 150_000 });
after(() => zj?.release());

// covers: PBX-V318
test('a lamp shows idle, ringing, talking and idle again, in this order; the XML is what RFC 4235 says', async () => {
	const sub = await subscribe(phone['1002'], '1001', 'dialog');
	assert.ok([200, 202].includes(sub.status), String(sub.status));
	await sub.until('terminated');
	const call = await phone['1000'].call('1001');
	const rung = await phone['1001'].nextCall({ timeout: 8000 });
	await sub.until('early');
	await rung.answer();
	await call.answered;
	await sub.until('confirmed');
	await call.hangup();
	await rung.ended;
	await sub.until('terminated');
	assert.deepEqual(sub.states.filter((s, i) => s !== sub.states[i - 1]), ['terminated', 'early', 'confirmed', 'terminated']);
	const ringing = sub.notifies.map((n) => n.body?.toString() ?? '').find((b) => b.includes('early'));
	assert.match(ringing, /^<\?xml version="1.0"[^>]*\?>\s*<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="\d+" state="full" entity="sip:1001@/);
	assert.match(ringing, /<dialog id="[^"]+" direction="recipient">\s*<state>early<\/state>/);
	const versions = sub.notifies.map((n) => /version="(\d+)" state/.exec(n.body?.toString() ?? '')?.[1]).filter(Boolean).map(Number);
	assert.deepEqual(versions, [...versions].sort((a, b) => a - b), 'versions grow');
	assert.match(header(sub.notifies.at(-1), 'subscription-state'), /^active;expires=\d+/);
	// who dials is busy, too
	const own = await subscribe(phone['1002'], '1000', 'dialog');
	await own.until('terminated');
	const out = await phone['1000'].call('1003');
	await own.until('early');
	await out.hangup();
	await own.until('terminated');
	await own.send(0);
	await poll(() => /terminated/.test(header(own.notifies.at(-1), 'subscription-state')), { timeout: 5000, what: 'the end of the subscription' });
});

test('who may watch whom: not another tenant, not beyond the range, not others\' messages; without a password nothing', async () => {
	const other = await zj.tenant('watchers');
	const stranger = await other.phone(await other.extension('1002'), { answering: 'never' });
	assert.equal((await subscribe(stranger, '1001', 'dialog', { domain: tenant.domain })).status, 403, 'another tenant');
	assert.equal((await subscribe(phone['1002'], '1001', 'message-summary')).status, 403, 'others\' messages');
	assert.equal((await subscribe(phone['1002'], '9999', 'dialog')).status, 403, 'nobody');
	await api.patch(`/extensions/${ext['1003'].id}`, { blf_range: 'none' });
	await api.patch(`/extensions/${ext['1000'].id}`, { blf_range: 'group' });
	await Promise.all([tenant.settled(), pause(1000)]);
	assert.equal((await subscribe(phone['1003'], '1001', 'dialog')).status, 403, 'range none');
	assert.equal((await subscribe(phone['1000'], '1001', 'dialog')).status, 403, 'range group, and no group');
	const g = await api.post('/account-groups', { name: 'desk' });
	for (const n of ['1000', '1001']) {
		const a = await api.post('/accounts', { username: `w${n}`, name: n, password: 'a-long-password' });
		await api.post('/account-group-members', { group_id: g.id, account_id: a.id });
		await api.patch(`/extensions/${ext[n].id}`, { account_id: a.id });
	}
	await Promise.all([tenant.settled(), pause(1000)]);
	assert.ok((await subscribe(phone['1000'], '1001', 'dialog')).status < 300, 'the same account group');
	assert.equal((await subscribe(phone['1000'], '1002', 'dialog')).status, 403, 'not in the group');
	const wrong = Object.assign(Object.create(phone['1000']), { password: 'not-the-password' });
	const response = await wrong.withDigest('SUBSCRIBE', `sip:1001@${tenant.domain}`, (auth) => ({ From: `<sip:1000@${tenant.domain}>;tag=${token()}`, To: `<sip:1001@${tenant.domain}>`, 'Call-ID': `${token(8)}@x`, CSeq: '1 SUBSCRIBE', Contact: wrong.contact, Event: 'dialog', Expires: '600', ...auth }), { timeout: 5000 });
	assert.ok([403, 407].includes(response.status), String(response.status));
	const forged = await phone['1000'].sip.request({ method: 'PUBLISH', uri: `sip:1001@${tenant.domain}`, headers: { From: `<sip:1001@${tenant.domain}>;tag=${token()}`, To: `<sip:1001@${tenant.domain}>`, 'Call-ID': `${token(8)}@x`, CSeq: '1 PUBLISH', Event: 'dialog', Expires: '600' } }, phone['1000'].proxy, { timeout: 5000 });
	assert.equal(forged.status, 403, 'nobody publishes but we');
});

test('presence: registered or not, idle or talking', async () => {
	quiet();
	const sub = await subscribe(phone['1002'], '1003', 'presence');
	await poll(() => /<basic>open<\/basic>/.test(sub.states.at(-1) ?? ''), { timeout: 8000, what: 'open' });
	assert.match(sub.states.at(-1), /idle/);
	const call = await phone['1000'].call('1003');
	const rung = await phone['1003'].nextCall({ timeout: 8000 });
	await rung.answer();
	await call.answered;
	await poll(() => /talking/.test(sub.states.at(-1)), { timeout: 8000, what: 'talking' });
	await call.hangup();
	await phone['1003'].register({ expires: 0 });
	await poll(() => /<basic>closed<\/basic>/.test(sub.states.at(-1)), { timeout: 8000, what: 'closed' });
	await phone['1003'].register();
});

// covers: PBX-V029
test('the message lamp: a message left is told to its own phone, and that it was heard', async () => {
	const box = await api.post('/voicemail-boxes', { name: 'Box 1001', extension_id: ext['1001'].id, max_s: 10, silence_s: 2 });
	await api.patch(`/extensions/${ext['1001'].id}`, { voicemail: true, voicemail_pin: '4711', voicemail_email: 'a@b.test', timeout_s: 5 });
	await Promise.all([tenant.settled(), pause(1000)]);
	const sub = await subscribe(phone['1001'], '1001', 'message-summary');
	assert.ok(sub.status < 300);
	await poll(() => /Messages-Waiting: no/.test(sub.states.at(-1) ?? ''), { timeout: 8000, what: 'no messages' });
	const call = await phone['1000'].call('1001', { tone: 410 });
	await call.answered; // by the box, after five seconds
	await pause(11_000); // the greeting, then the message
	await call.hangup();
	await poll(() => /Messages-Waiting: yes\r?\nMessage-Account: sip:1001@[^\r\n]+\r?\nVoice-Message: 1\/0/.test(sub.states.at(-1)), { timeout: 15_000, what: `one message; ${sub.states.at(-1)}` });
	const message = await poll(async () => (await api.get(`/voicemails?filter[box_id]=${box.id}`)).items[0], { timeout: 8000, what: 'the message in the list' });
	await api.patch(`/voicemails/${message.id}`, { heard: true });
	await poll(() => /Messages-Waiting: no[\s\S]*Voice-Message: 0\/1/.test(sub.states.at(-1)), { timeout: 8000, what: 'heard' });
	assert.equal((await api.get(`/extensions/${ext['1001'].id}`)).voicemail_pin, undefined, 'the PIN is never shown');
	await api.patch(`/extensions/${ext['1001'].id}`, { voicemail: false });
});

// covers: PBX-V024
test('an extension registers from its address only, and with so many phones at once; a disabled one not at all', async () => {
	const second = await tenant.phone(ext['1003'], { register: false, answering: 'never' });
	await api.patch(`/extensions/${ext['1003'].id}`, { max_contacts: 1 });
	await Promise.all([tenant.settled(), pause(1000)]);
	await assert.rejects(second.register(), /503/, 'one phone only');
	await api.patch(`/extensions/${ext['1003'].id}`, { max_contacts: 2 });
	await Promise.all([tenant.settled(), pause(1000)]);
	await second.register();
	quiet();
	const call = await phone['1000'].call('1003');
	const [a, b] = await Promise.all([phone['1003'].nextCall({ timeout: 8000 }), second.nextCall({ timeout: 8000 })]);
	await b.answer();
	await call.answered;
	assert.match(String((await a.ended).reason), /completed elsewhere/, 'both rang, one answered');
	await call.hangup();
	await second.register({ expires: 0 });
	await api.patch(`/extensions/${ext['1003'].id}`, { host: '10.1.0.0/16' });
	await Promise.all([tenant.settled(), pause(1000)]);
	await assert.rejects(phone['1003'].register(), /403/, 'not from here');
	await api.patch(`/extensions/${ext['1003'].id}`, { host: '127.0.0.0/8' });
	await Promise.all([tenant.settled(), pause(1000)]);
	await phone['1003'].register();
	await api.patch(`/extensions/${ext['1003'].id}`, { host: null, enabled: false });
	await Promise.all([tenant.settled(), pause(1000)]);
	await assert.rejects(phone['1003'].register(), /403/, 'disabled');
	await api.patch(`/extensions/${ext['1003'].id}`, { enabled: true });
});
