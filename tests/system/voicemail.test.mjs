// Voicemail with real phones: left by a caller from outside, heard by phone menu, by API, by e-mail; lamps, quota, retention, who sees what.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Api } from '../tools/api.mjs';
import { Instance } from '../tools/instance.mjs';
import { HZ, toneWav } from '../tools/scenes.mjs';
import { Smtp } from '../tools/smtp.mjs';
import { SLOW, poll } from '../tools/wait.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

let zj;
let tenant;
let events;
let smtp;
let phone;
let stranger;
let extension;
let box;
let did;
const WORDS = 690;

/** Waits for the beep (1,000 Hz) that begins the recording, then until it is over. */
async function beep(rtp) {
	await rtp.until((r) => r.level(1000, 100) > 0.6, { timeout: 20_000, what: 'the beep' });
	await rtp.until((r) => r.level(1000, 60) < 0.2, { timeout: 3000, what: 'the end of the beep' });
}
const messages = (b = box) => tenant.api.get(`/voicemails?filter[box_id]=${b.id}&sort=id`).then((r) => r.items);
const arrives = (n, b = box) => poll(async () => {
	const all = await messages(b);
	return all.length >= n && all;
}, { timeout: 30_000, what: `${n} messages in ${b.name}` });
const waiting = (b, fresh, old) => events.until(() => events.log.findLast((e) => e.type === 'voicemail.waiting' && e.data.id === b.id && e.data.new === fresh && e.data.old === old), { what: `${fresh} new and ${old} old in ${b.name}` });
async function carrier(number, { tone = null, caller = zj.freshNumber() } = {}) {
	for (let tries = 0; ; tries++) {
		const call = await zj.call(caller, number, { tone });
		const { status } = await call.final();
		if (status === 200)
			return call;
		if (tries >= 20)
			throw new Error(`call to ${number}: ${status}`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}
async function dial(from, number) {
	for (let tries = 0; ; tries++) {
		const call = await from.call(number);
		try {
			await call.answered;
			return call;
		} catch (error) {
			if (tries >= 20)
				throw error;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}
}
async function leave(number, ms = 2500, options = {}) {
	const call = await carrier(number, options);
	await beep(call.rtp);
	call.rtp.tone(WORDS);
	await new Promise((resolve) => setTimeout(resolve, ms));
	call.rtp.tone(null);
	return call;
}

before(async () => {
	zj = await Instance.take();
	smtp = await Smtp.listen(zj.base + 97);
	zj.later(smtp);
	tenant = await zj.tenant('voicemail');
	events = await tenant.events();
	extension = await tenant.extension('1001');
	phone = await tenant.phone(extension, { answering: 'never' });
	stranger = await tenant.phone(await tenant.extension('1002'), { answering: 'manual' });
	const greeting = await tenant.prompt('greeting', toneWav(HZ.ding, 1200));
	box = await tenant.api.post('/voicemail-boxes', { number: '7001', name: 'Box of 1001', extension_id: extension.id, pin: '4711', greeting_id: greeting.id, silence_s: 0, max_s: 20, email: 'owner@example.test', mail_mode: 'attachment' });
	did = await tenant.did('voicemail', box);
}, { timeout: 150_000 });
after(() => zj?.release());

// covers: MED-K07
test('a caller from outside hears the greeting and the beep, and leaves a message; its sound is what was said', async () => {
	const call = await carrier(did, { caller: '13911112222' });
	await call.rtp.hears(HZ.ding, { timeout: 8000 });
	await beep(call.rtp);
	call.rtp.tone(WORDS);
	await new Promise((resolve) => setTimeout(resolve, 2500));
	call.rtp.tone(null);
	await call.rtp.dtmf('#');
	await call.rtp.hearsSound(); // keep, hear, again?
	await call.rtp.dtmf('1');
	await call.ended.catch(() => {});
	const [row] = await arrives(1);
	assert.equal(row.caller, '13911112222');
	assert.equal(row.name, 'msg0001.wav');
	assert.equal(row.extension_id, extension.id);
	assert.equal(row.state, 'completed');
	assert.equal(row.heard, false);
	assert.ok(row.ms > 2000 && row.ms < 6000 * SLOW, `${row.ms} ms`);
	const whole = await tenant.api.get(`/voicemails/${row.id}`);
	const sound = await tenant.api.fetch('GET', `/voicemails/${row.id}/audio`);
	const bytes = Buffer.from(await sound.arrayBuffer());
	assert.equal(createHash('sha256').update(bytes).digest('hex'), whole.sha256);
	const wav = readWav(bytes);
	assert.ok(toneIn(wav, 0, WORDS).ms >= 1800, JSON.stringify(toneIn(wav, 0, WORDS)));
	assert.ok(toneIn(wav, 0, 1000).best < 0.2, 'no beep in it');
	await waiting(box, 1, 0);
	const part = await tenant.api.fetch('GET', `/voicemails/${row.id}/audio?download=1`, { headers: { Range: 'bytes=0-43' } });
	assert.equal(part.status, 206);
	assert.match(part.headers.get('content-disposition'), /attachment/);
	await part.arrayBuffer();
});

test('it comes by e-mail, with the sound attached', async () => {
	const mail = await smtp.next((m) => m.to.includes('owner@example.test'));
	assert.match(mail.headers.subject, /13911112222/);
	assert.match(mail.text, /13911112222/);
	assert.equal(mail.attachments.length, 1);
	assert.equal(mail.attachments[0].name, 'msg0001.wav');
	assert.ok(toneIn(readWav(mail.attachments[0].data), 0, WORDS).ms >= 1800);
	const [{ state, sent_at: at }] = await poll(async () => {
		const { items } = await tenant.api.get('/mails');
		return items[0]?.state === 'sent' && items;
	}, { what: 'sent' });
	assert.equal(state, 'sent');
	assert.ok(at);
});

test('the owner hears it by phone: PIN, how many, the words; a saved one is old and stays, and the lamp goes out', async () => {
	const call = await dial(phone, '7001');
	await call.rtp.hearsSound();
	await call.rtp.dtmf('1234#'); // wrong
	await call.rtp.hearsSound();
	await call.rtp.dtmf('4711#');
	await call.rtp.hearsSound();
	await call.rtp.dtmf('1'); // new messages
	await call.rtp.hears(WORDS, { timeout: 20_000, share: 0.5 });
	await call.rtp.dtmf('2'); // save
	await waiting(box, 0, 1);
	const [row] = await poll(async () => {
		const all = await messages();
		return all[0].heard && all;
	}, { what: 'heard' });
	assert.equal((await tenant.api.get(`/voicemails/${row.id}`)).saved, true);
	await call.rtp.dtmf('2'); // old messages
	await call.rtp.hears(WORDS, { timeout: 20_000, share: 0.5 });
	await call.rtp.dtmf('0');
	await call.rtp.hearsSound();
	await call.rtp.dtmf('#');
	assert.equal((await call.ended).how, 'far');
	assert.deepEqual(await tenant.api.get(`/voicemail-boxes/${box.id}`).then((b) => [b.new_count, b.old_count]), [0, 1]);
});

// covers: MED-V707
test('codes: *97 is one\'s own box, *98 and a number that box, *63 a recording', async () => {
	for (const [who, code] of [[phone, '*97'], [stranger, '*987001']]) {
		const call = await dial(who, code);
		await call.rtp.hearsSound();
		await call.rtp.dtmf('4711#');
		await call.rtp.hearsSound();
		await call.rtp.dtmf('2'); // old messages
		await call.rtp.hears(WORDS, { timeout: 20_000, share: 0.5 });
		await call.hangup();
	}
	const had = (await tenant.api.get('/recordings?count=true&limit=1')).total;
	const call = await dial(phone, '*63');
	await beep(call.rtp);
	call.rtp.tone(WORDS);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await call.rtp.dtmf('#');
	await call.ended;
	await poll(async () => (await tenant.api.get('/recordings?count=true&limit=1')).total === had + 1, { timeout: 20_000, what: 'the recording' });
});

test('a greeting is spoken by phone, and callers hear it', async () => {
	const call = await dial(phone, '7001');
	await call.rtp.dtmf('4711#');
	await call.rtp.hearsSound();
	await call.rtp.dtmf('3');
	await beep(call.rtp);
	call.rtp.tone(1800);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await call.rtp.dtmf('#');
	call.rtp.tone(null);
	await call.rtp.hearsSound();
	await call.rtp.dtmf('1');
	await call.rtp.hearsSound();
	await call.hangup();
	await poll(async () => (await tenant.api.get(`/voicemail-boxes/${box.id}`)).greeting_id === null, { what: 'the greeting is kept' });
	const caller = await carrier(did);
	await caller.rtp.hears(1800, { timeout: 8000 });
	await caller.close();
});

test('who hangs up after his words has left them; who says nothing has left nothing', async () => {
	const before = (await messages()).length;
	const mute = await carrier(did);
	await beep(mute.rtp);
	await mute.close();
	const call = await leave(did);
	await call.close();
	const all = await arrives(before + 1);
	assert.equal(all.length, before + 1);
	assert.equal(all.at(-1).state, 'hungup');
});

test('silence ends a message, and the longest time does', async () => {
	const quiet = await tenant.api.post('/voicemail-boxes', { number: '7002', name: 'Quiet', silence_s: 2, max_s: 6 });
	const call = await dial(stranger, '7002');
	await beep(call.rtp);
	call.rtp.tone(WORDS);
	await new Promise((resolve) => setTimeout(resolve, 1800));
	call.rtp.tone(null);
	const [first] = await arrives(1, quiet); // silence, the question unanswered, kept
	assert.equal(first.state, 'silence');
	await call.ended;
	const long = await dial(stranger, '7002');
	await beep(long.rtp);
	long.rtp.tone(WORDS);
	const [, second] = await arrives(2, quiet);
	assert.equal(second.state, 'max');
	assert.ok(Math.abs(second.ms - 6000) < 300, `${second.ms} ms`);
	await long.ended;
});

test('a message can be heard again and recorded anew before it is kept', async () => {
	const again = await tenant.api.post('/voicemail-boxes', { number: '7003', name: 'Again', silence_s: 0 });
	const call = await dial(stranger, '7003');
	await beep(call.rtp);
	call.rtp.tone(500);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await call.rtp.dtmf('#');
	call.rtp.tone(null);
	await call.rtp.hearsSound();
	await call.rtp.dtmf('2');
	await call.rtp.hears(500, { timeout: 8000 });
	await call.rtp.dtmf('3');
	await beep(call.rtp);
	call.rtp.tone(1250);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await call.rtp.dtmf('#');
	call.rtp.tone(null);
	await call.rtp.hearsSound();
	await call.rtp.dtmf('1');
	const rows = await arrives(1, again);
	const wav = readWav(Buffer.from(await (await tenant.api.fetch('GET', `/voicemails/${rows[0].id}/audio`)).arrayBuffer()));
	assert.ok(toneIn(wav, 0, 1250).ms >= 800 && toneIn(wav, 0, 500).best < 0.2, 'the second, not the first');
	await call.ended;
	assert.equal((await messages(again)).length, 1);
});

test('a full box takes no more; a caller who is asked first must say so', async () => {
	const full = await tenant.api.post('/voicemail-boxes', { number: '7004', name: 'Full', max_messages: 1, ask_first: true, silence_s: 0 });
	const call = await dial(stranger, '7004');
	await call.rtp.hearsSound();
	await call.rtp.dtmf('1');
	await beep(call.rtp);
	call.rtp.tone(WORDS);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await call.hangup();
	await arrives(1, full);
	const second = await dial(stranger, '7004');
	assert.equal((await second.ended).how, 'far', 'told, and hung up');
	assert.equal((await messages(full)).length, 1);
	await tenant.api.patch(`/voicemail-boxes/${full.id}`, { max_messages: 5 });
	await new Promise((resolve) => setTimeout(resolve, 400));
	const third = await dial(stranger, '7004');
	await third.rtp.hearsSound();
	await third.rtp.dtmf('9');
	assert.equal((await third.ended).how, 'far');
	assert.equal((await messages(full)).length, 1);
});

test('callers whom no agent takes come to the queue\'s box, and its people see the message', async () => {
	const queue = await tenant.queue('4001', { max_wait_s: 1 });
	const shared = await tenant.api.post('/voicemail-boxes', { number: '7005', name: 'Sales', queue_id: queue.id, silence_s: 0, ask_first: true });
	await tenant.api.patch(`/queues/${queue.id}`, { overflow_kind: 'voicemail', overflow_id: shared.id });
	const queueDid = await tenant.did('queue', queue);
	await new Promise((resolve) => setTimeout(resolve, 400));
	const call = await carrier(queueDid);
	await call.rtp.hearsSound({ timeout: 15_000 });
	await poll(async () => events.callFrom(call.caller)?.where === 'voicemail', { what: 'asked whether to leave a message' });
	await new Promise((resolve) => setTimeout(resolve, 300));
	await call.rtp.dtmf('1');
	await beep(call.rtp);
	call.rtp.tone(WORDS);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await call.close();
	const [row] = await arrives(1, shared);
	assert.equal(row.queue_id, queue.id);
});

// covers: MED-L05 MED-V005 MED-V705
test('lists: columns, search over all of them, order, marks and remarks, deletion; a leader sees his queues\' messages, others none', async () => {
	const objects = (await tenant.api.get('/business-objects')).items.filter((o) => o.kind === 'customer');
	for (const o of objects)
		await tenant.api.patch(`/business-objects/${o.id}`, { enabled: true });
	await tenant.api.post('/customers', { name: 'Miss Green', phone: '13733334444' });
	const call = await leave(did, 1500, { caller: '13733334444' });
	await call.close();
	const row = (await arrives((await messages()).length)).find((m) => m.caller === '13733334444') ?? await poll(async () => (await messages()).find((m) => m.caller === '13733334444'), { what: 'the message of Miss Green' });
	assert.equal(row.caller_name, 'Miss Green', 'the customer\'s name');
	const list = await tenant.api.get(`/voicemails?filter[id]=${row.id}&expand=queue_id,extension_id,agent_id,account_id`).catch(() => tenant.api.get('/voicemails?expand=queue_id,extension_id,agent_id,account_id'));
	for (const field of ['caller', 'caller_name', 'queue_id', 'left_at', 'ms', 'name', 'extension_id', 'agent_id', 'account_id', 'state', 'language', 'remark'])
		assert.ok(field in list.items[0] || field === 'language', field);
	const found = async (q) => (await tenant.api.get(`/voicemails?q=${encodeURIComponent(q)}`)).items.map((m) => m.id);
	const whole = await tenant.api.get(`/voicemails/${row.id}`);
	for (const q of ['3733', 'green', 'Box of 1001', row.name, whole.words.slice(-4).trim(), whole.words.match(/\d{4}-\d\d-\d\d/)[0]])
		assert.ok((await found(q)).includes(row.id), `search for ${q}`);
	const sales = (await tenant.api.get('/voicemail-boxes?filter[number]=7005')).items[0];
	assert.deepEqual(await found('Queue 4001'), (await messages(sales)).map((m) => m.id), 'the queue\'s name');
	for (const [sort, key] of [['left_at', 'left_at'], ['-ms', 'ms'], ['caller', 'caller']]) {
		const items = (await tenant.api.get(`/voicemails?sort=${sort}`)).items.map((m) => m[key]);
		assert.deepEqual(items, [...items].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0) * (sort[0] === '-' ? -1 : 1)), sort);
	}
	for (const limit of [10, 25, 50, 100])
		assert.ok((await tenant.api.get(`/voicemails?limit=${limit}`)).items.length >= 1);
	const marked = await tenant.api.patch(`/voicemails/${row.id}`, { heard: true, remark: 'Call her back.' });
	assert.deepEqual([marked.heard, marked.remark], [true, 'Call her back.']);
	assert.ok((await tenant.api.get(`/voicemails/${row.id}`)).heard_at);
	await assert.rejects(tenant.api.patch(`/voicemails/${row.id}`, { caller: '1' }), { status: 422 });
	await events.until(() => events.log.findLast((e) => e.type === 'voicemail.waiting' && e.data.id === box.id), { what: 'the lamp knows of the console' });

	const role = await tenant.api.post('/roles', { name: 'leader', permissions: ['voicemails.read', 'voicemails.listen', 'voicemails.update', 'voicemails.delete'], scope: 'own' });
	const password = `Pass-${Date.now()}-x`;
	const make = async (username) => {
		const account = await tenant.api.post('/accounts', { username, name: username, password, role_id: role.id });
		const agent = await tenant.api.post('/agents', { number: username === 'leader' ? '8001' : '8002', name: username, account_id: account.id });
		return { account, agent, api: await Api.login(zj.url, { tenant: tenant.name, username, password }) };
	};
	const [leader, other] = [await make('leader'), await make('other')];
	const queue = (await tenant.api.get('/queues?filter[number]=4001')).items[0];
	await tenant.api.post('/agent-managed-queues', { agent_id: leader.agent.id, queue_id: queue.id });
	const mine = await leader.api.get('/voicemails');
	assert.deepEqual(mine.items.map((m) => m.queue_id), [queue.id]);
	const sound = await leader.api.fetch('GET', `/voicemails/${mine.items[0].id}/audio`);
	assert.equal(sound.status, 200);
	await sound.arrayBuffer();
	assert.deepEqual((await other.api.get('/voicemails')).items, []);
	const foreign = await other.api.fetch('GET', `/voicemails/${row.id}/audio`);
	assert.equal(foreign.status, 404);
	await foreign.arrayBuffer();
	await tenant.api.patch(`/extensions/${extension.id}`, { account_id: other.account.id });
	const call2 = await leave(did, 1500);
	await call2.close();
	const own = await poll(async () => {
		const { items } = await other.api.get('/voicemails');
		return items.length && items;
	}, { timeout: 15_000, what: 'a message of one\'s own' });
	assert.equal(own[0].account_id, other.account.id);
	assert.equal(own[0].agent_id, other.agent.id);
	await other.api.delete(`/voicemails/${own[0].id}`);
	assert.deepEqual((await other.api.get('/voicemails')).items, []);
	const b = await tenant.api.get(`/voicemail-boxes/${box.id}`);
	await waiting(box, b.new_count, b.old_count);
});

test('another tenant sees nothing of it', async () => {
	const b = await zj.tenant('voicemail-b');
	assert.deepEqual((await b.api.get('/voicemails')).items, []);
	assert.deepEqual((await b.api.get('/voicemail-boxes')).items, []);
	assert.deepEqual((await b.api.get('/mails')).items, []);
	const [row] = await messages();
	const sound = await b.api.fetch('GET', `/voicemails/${row.id}/audio`);
	assert.equal(sound.status, 404);
	await sound.arrayBuffer();
	await assert.rejects(b.api.patch(`/voicemails/${row.id}`, { heard: true }), { status: 404 });
	await assert.rejects(b.api.post('/inbound-routes', { name: 'x', did_match: 'any', destination_kind: 'voicemail', destination_id: box.id }), (e) => e.status >= 400);
});

// covers: MED-V006
test('an extension with voicemail has a box with its PIN and address; how its mail goes is the team\'s to say; switched off, the box takes nothing', async () => {
	const row = await tenant.api.post('/extensions', { number: '1009', password: 'pass-1009-x', voicemail: true, voicemail_pin: '9090', voicemail_email: 'nine@example.test', name: 'Nine' });
	const [own] = (await tenant.api.get(`/voicemail-boxes?filter[extension_id]=${row.id}`)).items;
	assert.deepEqual([own.enabled, own.email, own.name], [true, 'nine@example.test', 'Nine']);
	const call = await dial(stranger, '1009').catch((error) => error); // not registered: straight to the box
	assert.ok(!(call instanceof Error), `${call}`);
	await beep(call.rtp);
	call.rtp.tone(WORDS);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await call.hangup();
	const [message] = await arrives(1, own);
	assert.equal(message.extension_id, row.id);
	assert.equal((await zj.sql(`select pin from voicemail_box where id = '${own.id}'`))[0].pin, '9090');
	assert.equal((await smtp.next((m) => m.to.includes('nine@example.test'))).attachments.length, 1, 'attached, as shipped');
	const more = async (mode, n) => {
		await zj.carrier.patch(`/tenants/${tenant.id}`, { voicemail_mail: mode });
		const again = await dial(stranger, '1009');
		await beep(again.rtp);
		again.rtp.tone(WORDS);
		await new Promise((resolve) => setTimeout(resolve, 1300));
		await again.hangup();
		await arrives(n, own);
	};
	const sent = async () => (await tenant.api.get('/mails')).items.filter((m) => m.to_address === 'nine@example.test').map((m) => m.mode);
	await more('off', 2);
	assert.deepEqual((await sent()).length, 1, 'none for the second');
	await more('link', 3);
	const linked = await smtp.next((m) => m.to.includes('nine@example.test') && !m.attachments.length);
	assert.match(linked.text, /\/voicemails\/[0-9a-f-]{36}/);
	await zj.carrier.patch(`/tenants/${tenant.id}`, { voicemail_mail: 'system' });
	await tenant.api.patch(`/extensions/${row.id}`, { voicemail: false });
	assert.equal((await tenant.api.get(`/voicemail-boxes/${own.id}`)).enabled, false);
});

test('mail: a link instead of the sound, an address the server refuses, a server that is away for a while', async () => {
	const link = await tenant.api.post('/voicemail-boxes', { number: '7006', name: 'Link', silence_s: 0, email: 'link@example.test', mail_mode: 'link' });
	const bad = await tenant.api.post('/voicemail-boxes', { number: '7007', name: 'Bad', silence_s: 0, email: 'nobody@example.test' });
	const off = await tenant.api.post('/voicemail-boxes', { number: '7008', name: 'Off', silence_s: 0, email: 'off@example.test', mail_mode: 'off' });
	smtp.refuse = (address) => (address === 'nobody@example.test' ? '550 no such user' : null);
	for (const b of [link, bad, off]) {
		const call = await dial(stranger, b.number);
		await beep(call.rtp);
		call.rtp.tone(WORDS);
		await new Promise((resolve) => setTimeout(resolve, 1300));
		await call.hangup();
		await arrives(1, b);
	}
	const mail = await smtp.next((m) => m.to.includes('link@example.test'));
	assert.equal(mail.attachments.length, 0);
	assert.match(mail.text, /\/voicemails\/[0-9a-f-]{36}/);
	const failed = await poll(async () => (await tenant.api.get('/mails')).items.find((m) => m.to_address === 'nobody@example.test' && m.state === 'failed'), { timeout: 15_000, what: 'refused for good' });
	assert.match(failed.error, /550/);
	assert.ok(!smtp.mails.some((m) => m.to.includes('off@example.test')));
	assert.ok(!(await tenant.api.get('/mails')).items.some((m) => m.to_address === 'off@example.test'));
	await smtp.close();
	const call = await dial(stranger, '7006');
	await beep(call.rtp);
	call.rtp.tone(WORDS);
	await new Promise((resolve) => setTimeout(resolve, 1300));
	await call.hangup();
	const late = await poll(async () => (await tenant.api.get('/mails')).items.find((m) => m.to_address === 'link@example.test' && m.state === 'waiting' && m.attempts > 0), { timeout: 20_000, what: 'tried, and waiting' });
	assert.ok(late.error);
	smtp = await Smtp.listen(zj.base + 97);
	zj.later(smtp);
	await zj.sql(`update mail set due_at = now() where tenant_id = '${tenant.id}' and id = '${late.id}'`);
	await smtp.next((m) => m.to.includes('link@example.test'));
});

test('what was kept long enough goes: rows first, saved ones never', async () => {
	const old = await tenant.api.post('/voicemail-boxes', { number: '7009', name: 'Old', silence_s: 0, keep_days: 3 });
	for (let i = 0; i < 2; i++) {
		const call = await dial(stranger, '7009');
		await beep(call.rtp);
		call.rtp.tone(WORDS);
		await new Promise((resolve) => setTimeout(resolve, 1300));
		await call.hangup();
		await arrives(i + 1, old);
	}
	const [first, second] = await messages(old);
	await tenant.api.patch(`/voicemails/${second.id}`, { saved: true });
	await zj.sql(`update voicemail set left_at = left_at - interval '4 days' where tenant_id = '${tenant.id}' and box_id = '${old.id}'`);
	await zj.sql(`select zj.zj_voicemail_trim()`);
	assert.deepEqual((await messages(old)).map((m) => m.id), [second.id]);
	assert.ok(first.id);
	const file = path.join(zj.run, 'store', tenant.id, 'voicemail', `${first.id}.wav`);
	assert.ok(fs.existsSync(file), 'its file lies as long as it could be restored');
});

// covers: MED-V333 MED-V334
test('fax devices: each field is kept; a call to one rings as often as it says, and is answered', async () => {
	const account = (await tenant.api.get('/accounts')).items[0].id;
	const fields = { name: 'Fax 1', station_id: '+86 21 5555 0001', number: '7100', max_channels: 2, caller_number: '02155550001', caller_name: 'Fax', country_code: '86', city_code: '21',
		display_number: '02155550002', long_distance: '0', answer_rings: 2, max_pages: 50, account_id: account, available_to: 'account', hangup_action: 'mail', description: 'in the hall' };
	const made = await tenant.api.post('/fax-devices', fields);
	const row = await tenant.api.get(`/fax-devices/${made.id}`);
	for (const [name, value] of Object.entries(fields))
		assert.deepEqual(row[name], value, name);
	for (const missing of ['name', 'station_id', 'number', 'city_code', 'account_id']) {
		const { [missing]: _, ...rest } = { ...fields, number: '7101', name: 'Fax 2' };
		await assert.rejects(tenant.api.post('/fax-devices', rest), { status: 422 }, `${missing} is required`);
	}
	await assert.rejects(tenant.api.post('/fax-devices', { ...fields, name: 'Fax 3', number: '7001' }), (e) => [409, 422].includes(e.status), 'a number has one owner');
	assert.deepEqual((await tenant.api.get('/fax-devices?q=fax')).items.map((r) => r.number), ['7100']);
	await new Promise((resolve) => setTimeout(resolve, 300));
	const call = await stranger.call('7100');
	const called = Date.now();
	await call.answered;
	assert.ok(Date.now() - called > 9000, 'two rings');
	await call.hangup();
	await tenant.api.patch(`/fax-devices/${made.id}`, { answer_rings: 3 });
	await tenant.api.delete(`/fax-devices/${made.id}`);
	assert.deepEqual((await tenant.api.get('/fax-devices')).items, []);
});
