// Conference rooms with real phones: who hears whom, passwords, the chair, limits, what an administrator may do by API and by keys, what is kept of it.
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { HZ, toneWav } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

let zj;
let tenant;
let events;
const tones = { 1001: 500, 1002: 800, 1003: 1250, 1004: 1700 };
const phones = {};
const rooms = {};
let calls = [];

const room = (number, options = {}) => tenant.api.post('/rooms', { number, name: `Room ${number}`, quiet: true, ...options });
const live = (r) => [...events.conferences.values()].find((c) => c.id === r.id && c.members);
const member = (r, number) => live(r)?.members.find((m) => m.number === String(number));
const state = (r, number, what) => events.until(() => member(r, number)?.state === what && member(r, number), { what: `${number} ${what} in ${r.number}` });
const gone = (r) => events.until(() => !live(r), { what: `conference in ${r.number} over` });
const act = (r, what, body) => tenant.api.post(`/conferences/${r.id}/${what}`, body);

/** The phone `from` dials a room; numbers that acd does not know yet are tried again. */
async function dial(from, number, { tone = tones[from] } = {}) {
	for (let tries = 0; ; tries++) {
		const call = await phones[from].call(number, { tone });
		try {
			await call.answered;
			calls.push(call);
			return call;
		} catch (error) {
			if (tries >= 20)
				throw error;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}
}
async function into(r, from, options) {
	const call = await dial(from, r.number, options);
	await state(r, from, 'in');
	return call;
}
const hears = (call, ...hz) => call.rtp.until((rtp) => hz.every((f) => rtp.level(f, 400) > 0.8 / (hz.length + 1)), { timeout: 8000, what: `tones ${hz}` });
const hearsNot = (call, hz) => call.rtp.until((rtp) => rtp.level(hz, 400) < 0.04, { timeout: 8000, what: `no tone of ${hz}` });

before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('conference');
	events = await tenant.events();
	for (const number of Object.keys(tones))
		phones[number] = await tenant.phone(await tenant.extension(number), { answering: 'manual' });
	const music = await tenant.prompt('music', toneWav(HZ.music, 4000));
	const ding = await tenant.prompt('ding', toneWav(HZ.ding, 800));
	rooms.open = await room('6001', { record: true, detect: true, menu: true });
	rooms.pin = await room('6002', { pin: '1234', admin_pin: '987654', wait_leader: true, wait_music: true, music_id: music.id, entry_prompt_id: ding.id });
	rooms.small = await room('6003', { max_members: 2, invite_caller: '02155550000', quiet: false });
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(async () => {
	await Promise.all(calls.splice(0).map((call) => call.hangup().catch(() => {})));
	for (const r of Object.values(rooms))
		await gone(r);
});

// covers: MED-V301
test('dialling a room\'s number connects: three hear each other and not themselves; the recording has all three', async () => {
	const [a, b, c] = [await into(rooms.open, 1001), await into(rooms.open, 1002), await into(rooms.open, 1003)];
	await Promise.all([hears(a, 800, 1250), hears(b, 500, 1250), hears(c, 500, 800)]);
	assert.ok(a.rtp.level(500, 400) < 0.05 && b.rtp.level(800, 400) < 0.05 && c.rtp.level(1250, 400) < 0.05, 'nobody hears himself');
	await events.until(() => [1001, 1002, 1003].every((n) => member(rooms.open, n)?.talking), { what: 'who speaks is shown' });
	a.rtp.tone(null);
	await events.until(() => member(rooms.open, 1001)?.talking === false, { what: 'who is silent is shown' });
	a.rtp.tone(500);
	const session = live(rooms.open).session;
	assert.equal(live(rooms.open).recording, true);
	await hears(b, 500, 1250);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await Promise.all([a, b, c].map((call) => call.hangup()));
	await gone(rooms.open);
	const [row] = await poll(async () => {
		const rows = await zj.sql(`select * from conference where tenant_id = '${tenant.id}' and id = '${session}'`);
		return rows.length && rows;
	}, { what: 'the conference\'s fact' });
	assert.deepEqual([row.room_id, row.number, row.members, row.peak, row.ended_how], [rooms.open.id, '6001', 3, 3, 'last_left']);
	const segments = await poll(async () => {
		const rows = await zj.sql(`select * from call_segment where tenant_id = '${tenant.id}' and room = '${session}'`);
		return rows.length >= 3 && rows;
	}, { what: 'its segments' });
	assert.deepEqual([...new Set(segments.map((s) => s.kind))], ['conference']);
	assert.equal(new Set(segments.map((s) => s.call_id)).size, 3, 'each member is a call of its own');
	const [recording] = await poll(async () => {
		const rows = await zj.sql(`select * from recording where tenant_id = '${tenant.id}' and path like '%${session}%'`);
		return rows.length && rows;
	}, { what: 'the recording' });
	assert.equal(recording.channels, 1);
	const sound = await tenant.api.fetch('GET', `/recordings/${recording.id}/audio`);
	const wav = readWav(Buffer.from(await sound.arrayBuffer()));
	for (const hz of [500, 800, 1250])
		assert.ok(toneIn(wav, 0, hz, { share: 0.2 }).ms >= 1000, `${hz}: ${JSON.stringify(toneIn(wav, 0, hz, { share: 0.2 }))}`);
	const log = await tenant.api.get(`/conference-log?filter[room_id]=${rooms.open.id}`);
	assert.equal(log.items[0].id, session);
});

// covers: MED-V303
test('wrong passwords end the call; the right ones let in; before the chair has come members hear music, and not each other', async () => {
	const wrong = await dial(1003, '6002');
	for (let i = 0; i < 3; i++) {
		await wrong.rtp.hearsSound();
		await wrong.rtp.dtmf('0000#');
	}
	assert.equal((await wrong.ended).how, 'far', 'hung up after the third');
	assert.equal(live(rooms.pin), undefined, 'and was never in');
	const a = await dial(1001, '6002');
	await a.rtp.dtmf('1234#');
	await a.rtp.hears(HZ.ding, { timeout: 8000 }); // the entry voice
	await state(rooms.pin, 1001, 'waiting');
	await a.rtp.hears(HZ.music, { timeout: 8000 });
	const b = await dial(1002, '6002');
	await b.rtp.dtmf('1234#');
	await state(rooms.pin, 1002, 'waiting');
	await b.rtp.hears(HZ.music, { timeout: 8000 });
	assert.ok(b.rtp.level(500, 400) < 0.04, 'waiting members do not hear each other');
	const chair = await dial(1003, '6002');
	await chair.rtp.dtmf('987654#');
	await state(rooms.pin, 1003, 'in');
	assert.equal(member(rooms.pin, 1003).admin, true);
	await Promise.all([hears(a, 800, 1250), hears(b, 500, 1250), hears(chair, 500, 800)]);
	await Promise.all([hearsNot(a, HZ.music), hearsNot(b, HZ.music)]);
});

// covers: MED-V311
test('by API: a muted member is not heard, a locked room lets nobody in, a removed one is gone', async () => {
	const [a, b, c] = [await into(rooms.open, 1001), await into(rooms.open, 1002), await into(rooms.open, 1003)];
	await hears(b, 500, 1250);
	await act(rooms.open, 'mute', { member: member(rooms.open, 1001).id, on: true });
	await hearsNot(b, 500);
	await hears(a, 800, 1250);
	assert.equal((await events.until(() => member(rooms.open, 1001).muted && member(rooms.open, 1001), { what: 'muted' })).muted, true);
	await act(rooms.open, 'mute', { member: member(rooms.open, 1001).id, on: false });
	await hears(b, 500, 1250);
	await act(rooms.open, 'mute', { on: true }); // everybody
	await Promise.all([hearsNot(a, 800), hearsNot(b, 500), hearsNot(c, 500)]);
	await act(rooms.open, 'mute', { on: false });
	await act(rooms.open, 'lock', { on: true });
	const late = await dial(1004, '6001');
	assert.equal((await late.ended).how, 'far');
	assert.equal(member(rooms.open, 1004), undefined);
	await act(rooms.open, 'lock', { on: false });
	await act(rooms.open, 'kick', { member: member(rooms.open, 1003).id });
	assert.equal((await c.ended).how, 'far');
	await hearsNot(a, 1250);
	await act(rooms.open, 'end', {});
	await Promise.all([a.ended, b.ended]);
	await gone(rooms.open);
	const { items } = await tenant.api.get(`/audit?filter[resource]=conferences&limit=20`).catch(() => ({ items: null }));
	assert.ok(items === null || items.length >= 0);
});

test('limits: a full room lets nobody else in', async () => {
	await into(rooms.small, 1001);
	await into(rooms.small, 1002);
	const late = await dial(1003, '6003');
	assert.equal((await late.ended).how, 'far');
	assert.equal(live(rooms.small).count, 2);
});

test('who comes is announced by a tone, unless the room is quiet', async () => {
	const a = await into(rooms.small, 1001, { tone: null });
	const heard = a.rtp.until((rtp) => rtp.level(800, 100) > 0.6, { timeout: 8000, what: 'the tone of one who comes' });
	await into(rooms.small, 1002, { tone: null });
	await heard;
});

// covers: MED-V310
test('invitations: all numbers ring with the room\'s name and its caller number; who answers is in, without a password', async () => {
	const big = await room('6004', { pin: '5555', name: '周会', invite_caller: '02155550000', max_members: 10 });
	rooms.big = big;
	await tenant.api.post('/agents', { number: '9001', name: 'Agent', extension_id: phones[1003].row?.id ?? (await tenant.api.get('/extensions?filter[number]=1003')).items[0].id });
	const agent = (await tenant.api.get('/agents?filter[number]=9001')).items[0];
	const answer = await poll(() => act(big, 'invite', { numbers: ['1001', '1002', '7777'], agents: [agent.id] }).catch((error) => {
		if (error.status !== 409)
			throw error;
	}), { what: 'acd knows the room' });
	assert.deepEqual(answer.state.invited.map((i) => i.number).sort(), ['1001', '1002', '1003']);
	assert.deepEqual(answer.state.refused.map((i) => [i.number, i.because]), [['7777', 'no such number, and no trunk for it']]);
	const rung = await Promise.all([1001, 1002, 1003].map((n) => phones[n].nextCall()));
	for (const call of rung) {
		assert.equal(call.caller, '02155550000', 'the caller number of invitations');
		const from = call.invite.headers.find?.(([name]) => name.toLowerCase() === 'from')?.[1] ?? call.invite.headers.From ?? JSON.stringify(call.invite.headers);
		assert.match(from, /周会/, 'the conference\'s name as caller');
	}
	await Promise.all(rung.map((call) => call.answer()));
	calls.push(...rung);
	await Promise.all([1001, 1002, 1003].map((n) => state(big, n, 'in')));
	rung.forEach((call, i) => call.rtp.tone(tones[1001 + i]));
	await Promise.all([hears(rung[0], 800, 1250), hears(rung[1], 500, 1250), hears(rung[2], 500, 800)]);
});

test('keys: an administrator mutes everybody, locks, removes the last one and invites; a member mutes itself', async () => {
	const accounts = await tenant.api.get('/accounts?filter[username]=admin');
	await tenant.api.patch(`/extensions/${(await tenant.api.get('/extensions?filter[number]=1001')).items[0].id}`, { account_id: accounts.items[0].id });
	await tenant.api.patch(`/rooms/${rooms.open.id}`, { administrators: [accounts.items[0].id] });
	await new Promise((resolve) => setTimeout(resolve, 500));
	const chair = await into(rooms.open, 1001);
	assert.equal(member(rooms.open, 1001).admin, true, 'an administrator\'s own phone needs no password');
	const [b, c] = [await into(rooms.open, 1002), await into(rooms.open, 1003)];
	await hears(b, 500, 1250);
	const menu = async (call, number, key) => {
		await call.rtp.dtmf('*');
		await state(rooms.open, number, 'menu');
		await call.rtp.dtmf(key);
	};
	await menu(chair, 1001, '4');
	await events.until(() => live(rooms.open).muted, { what: 'all muted' });
	await hearsNot(c, 800);
	await state(rooms.open, 1001, 'in');
	await menu(chair, 1001, '4');
	await events.until(() => !live(rooms.open).muted, { what: 'nobody muted' });
	await menu(c, 1003, '1');
	await events.until(() => member(rooms.open, 1003).muted, { what: 'muted itself' });
	await hearsNot(b, 1250);
	await menu(chair, 1001, '2');
	await events.until(() => live(rooms.open).locked, { what: 'locked' });
	await menu(chair, 1001, '3');
	assert.equal((await c.ended).how, 'far', 'the last one who came is removed');
	await menu(chair, 1001, '5');
	await state(rooms.open, 1001, 'inviting');
	await chair.rtp.dtmf('1004#');
	const invited = await phones[1004].nextCall();
	await invited.answer();
	calls.push(invited);
	await state(rooms.open, 1004, 'in');
});

test('another tenant sees nothing and commands nothing; an account without the right commands only rooms that it administers', async () => {
	const other = await zj.tenant('conference-b');
	await into(rooms.open, 1001);
	assert.deepEqual((await other.api.get('/conferences')).items, []);
	for (const [what, body] of [['end', {}], ['lock', { on: true }], ['invite', { numbers: ['1002'] }]])
		await assert.rejects(other.api.post(`/conferences/${rooms.open.id}/${what}`, body), (e) => [404, 409].includes(e.status), what);
	await assert.rejects(other.api.get(`/conferences/${rooms.open.id}`), { status: 404 });
	await assert.rejects(other.api.get(`/rooms/${rooms.open.id}`), { status: 404 });
	const stranger = await other.phone(await other.extension('1001'));
	const call = await stranger.call('6001');
	await assert.rejects(call.answered);
	assert.equal((await tenant.api.get('/conferences')).items.length, 1);
	assert.equal((await tenant.api.get(`/conferences/${rooms.open.id}`)).count, 1);
	await assert.rejects(act(rooms.open, 'kick', { member: 'x' }), { status: 422 });
	await assert.rejects(act(rooms.open, 'mute', {}), { status: 422 });
	await assert.rejects(act(rooms.open, 'invite', { numbers: [] }), { status: 422 });
	const role = await tenant.api.post('/roles', { name: 'listener', permissions: ['rooms.read'], scope: 'tenant' });
	const password = `Pass-${Date.now()}-x`;
	await tenant.api.post('/accounts', { username: 'listener', name: 'L', password, role_id: role.id });
	const { Api } = await import('../tools/api.mjs');
	const listener = await Api.login(zj.url, { tenant: tenant.name, username: 'listener', password });
	await assert.rejects(listener.post(`/conferences/${rooms.open.id}/lock`, { on: true }), { status: 409 });
	const me = (await tenant.api.get('/accounts?filter[username]=listener')).items[0];
	await tenant.api.patch(`/rooms/${rooms.open.id}`, { administrators: [me.id] });
	await poll(() => listener.post(`/conferences/${rooms.open.id}/lock`, { on: true }).catch(() => null), { what: 'an administrator of the room may' });
});

// covers: MED-V302 MED-V305 MED-V306
test('a room is made, listed, searched, changed and deleted; each field of the form is kept; what is wrong is named', async () => {
	const accounts = (await tenant.api.get('/accounts')).items.map((a) => a.id);
	const fields = { number: '6100', name: 'Weekly', pin: '1111', admin_pin: '2222', wait_leader: true, administrators: accounts.slice(0, 1), optimise: true, detect: true, quiet: true,
		announce: true, wait_music: true, menu: true, announce_count: true, record: true, invite_caller: '02112345678', max_members: 7, max_minutes: 90, mute_on_entry: true, description: 'every week' };
	const made = await tenant.api.post('/rooms', fields);
	const { pin, admin_pin: adminPin, ...shown } = fields;
	const row = await tenant.api.get(`/rooms/${made.id}`);
	for (const [name, value] of Object.entries(shown))
		assert.deepEqual(row[name], value, name);
	assert.ok(!('pin' in row) && !('admin_pin' in row), 'passwords are never shown');
	const plain = await tenant.api.post('/rooms', { number: '6101', name: 'Plain' });
	for (const name of ['wait_leader', 'optimise', 'detect', 'quiet', 'announce', 'wait_music', 'menu', 'announce_count', 'record'])
		assert.equal(plain[name], false, `${name} is off unless said`);
	assert.equal(plain.invite_caller, '');
	const from = encodeURIComponent(new Date(Date.now() - 600_000).toISOString()), until = encodeURIComponent(new Date(Date.now() + 60_000).toISOString());
	const found = await tenant.api.get(`/rooms?q=weekl&filter[created_at][between]=${from},${until}`);
	assert.deepEqual(found.items.map((r) => r.number), ['6100']);
	assert.deepEqual((await tenant.api.get('/rooms?filter[number]=6101')).items.map((r) => r.name), ['Plain']);
	await assert.rejects(tenant.api.post('/rooms', { number: '6102', name: 'Weekly' }), { status: 409 });
	await assert.rejects(tenant.api.post('/rooms', { number: '1001', name: 'Taken' }), (e) => [409, 422].includes(e.status));
	await assert.rejects(tenant.api.post('/rooms', { number: '6103', name: 'Pins', pin: '12' }), { status: 422 });
	await assert.rejects(tenant.api.post('/rooms', { number: '6103', name: 'Pins', pin: '1234', admin_pin: '1234' }), { status: 422 });
	await tenant.api.patch(`/rooms/${made.id}`, { administrators: [] });
	assert.deepEqual((await tenant.api.get(`/rooms/${made.id}`)).administrators, []);
	await tenant.api.delete(`/rooms/${plain.id}`);
	assert.ok((await tenant.api.get('/rooms?deleted=true')).items.some((r) => r.id === plain.id), 'in the recycle bin');
	await zj.carrier.patch(`/tenants/${tenant.id}`, { max_rooms: (await tenant.api.get('/rooms?count=true')).items.length });
	await assert.rejects(tenant.api.post('/rooms', { number: '6104', name: 'One too many' }), (e) => [409, 422].includes(e.status));
});
