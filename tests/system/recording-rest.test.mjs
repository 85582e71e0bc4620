// Recordings at rest: sealed files, formats, what is heard of them while they grow and afterwards, plans, quotas, what goes wrong.
// covers: MED-V701 MED-V702 MED-V704 MED-Y03 MED-Y06 MED-K06
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Api } from '../tools/api.mjs';
import { BUILD, Instance } from '../tools/instance.mjs';
import { HZ, centre, talking } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

let zj;
let place;
let agent;
let api;

before(async () => {
	zj = await Instance.take({ exclusive: true });
	place = await centre(zj, 'rest', { queue: { record: true } });
	({ api } = place.tenant);
	agent = await place.tenant.agent('1001', [place.queue], { answering: { after: 50 } });
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(() => zj.hangupAll());

const settings = (values) => api.patch(`/tenants/${place.tenant.id}`, values);
const file = (...parts) => path.join(zj.run, ...parts);
const row = async (id) => (await zj.sql(`select * from recording where tenant_id = '${place.tenant.id}' and id = '${id}'`))[0];
const worker = () => execFileSync(path.join(BUILD, 'bin/worker'), ['record', '--config', file('etc/worker.conf')], { stdio: 'pipe' });
const bytes = async (where, options) => Buffer.from(await (await api.fetch('GET', where, options)).arrayBuffer());

/** The call's only recording once its file is finished. */
const finished = (id, state = 'ready') => poll(async () => {
	const { items } = await api.get(`/recordings?filter[call_id]=${id}`);
	return items[0]?.state === state && items[0];
}, { timeout: 20_000, what: `a recording ${state}` });

async function recorded({ ms = 1500 } = {}) {
	const { call } = await talking(zj, place, agent);
	await pause(ms);
	await call.hangup();
	return finished(call.id);
}

/** Any format as a WAV, by another program than the one that made it. */
function decoded(sound, extension) {
	const [from, to] = [`/tmp/zj-rest-${process.pid}.${extension}`, `/tmp/zj-rest-${process.pid}.wav`];
	try {
		fs.writeFileSync(from, sound);
		execFileSync('sndfile-convert', ['-pcm16', from, to], { stdio: 'pipe' });
		return readWav(fs.readFileSync(to));
	} finally {
		fs.rmSync(from, { force: true });
		fs.rmSync(to, { force: true });
	}
}

function talks(wav) {
	for (const [channel, hz] of [[0, HZ.caller], [1, HZ.agent]])
		assert.ok(toneIn(wav, channel, hz).ms >= 600, `${hz} Hz in channel ${channel}`);
}

test('a finished recording has its call\'s people, its sum, a waveform, ranges, and a name for who takes it away', async () => {
	const r = await recorded();
	assert.equal(r.agent_id, agent.id);
	assert.equal(r.queue_id, place.queue.id);
	assert.equal(r.direction, 'in');
	const whole = await bytes(`/recordings/${r.id}/audio`);
	talks(readWav(whole));
	const { path: where, sha256 } = await row(r.id);
	assert.equal(createHash('sha256').update(fs.readFileSync(file('store', where))).digest('hex'), sha256);
	const part = await api.fetch('GET', `/recordings/${r.id}/audio`, { headers: { range: 'bytes=1000-1999' } });
	assert.equal(part.status, 206);
	assert.deepEqual(Buffer.from(await part.arrayBuffer()), whole.subarray(1000, 2000));
	const peaks = await api.get(`/recordings/${r.id}/peaks`);
	assert.equal(peaks.channels.length, 2);
	assert.ok(Math.abs(peaks.ms - readWav(whole).ms) < 20 && Math.max(...peaks.channels[0]) > 20 && Math.max(...peaks.channels[1]) > 20, JSON.stringify(peaks).slice(0, 300));
	const taken = await api.fetch('GET', `/recordings/${r.id}/audio?download=1`);
	assert.match(taken.headers.get('content-disposition'), new RegExp(`filename="\\d{14}-1001-${r.caller}\\.wav"`));
	const stranger = await zj.tenant('rest-stranger');
	for (const what of ['audio', 'peaks'])
		assert.equal((await stranger.api.fetch('GET', `/recordings/${r.id}/${what}`)).status, 404);
});

for (const [format, type] of [['mp3', 'audio/mpeg'], ['opus', 'audio/ogg']])
	test(`${format}: converted when the call is over, a fraction of the size, the same sound`, async () => {
		await settings({ record_format: format });
		await pause(300);
		const r = await recorded({ ms: 3000 });
		assert.equal(r.format, format);
		const answer = await api.fetch('GET', `/recordings/${r.id}/audio`);
		assert.equal(answer.headers.get('content-type'), type);
		const sound = Buffer.from(await answer.arrayBuffer());
		const wav = decoded(sound, format);
		talks(wav);
		assert.ok(wav.ms > 2500);
		assert.ok(sound.length < wav.ms * 32 / 3, `${sound.length} bytes of ${wav.ms} ms`);
		const { path: where } = await row(r.id);
		assert.ok(!fs.existsSync(file('store', where.replace(/\.\w+$/, '.wav'))), 'the WAV is gone');
		await settings({ record_format: 'wav' });
	});

test('the switch at none: nothing is recorded, also not on demand', async () => {
	await settings({ record_format: 'off' });
	await pause(300);
	const { call } = await talking(zj, place, agent);
	await pause(500);
	const asked = await api.fetch('POST', `/calls/${call.id}/record`, { body: { do: 'start' } });
	assert.equal(asked.status, 409);
	await call.hangup();
	await zj.facts(place.tenant, `id = '${call.id}'`);
	await pause(1000);
	assert.equal((await api.get(`/recordings?filter[call_id]=${call.id}`)).items.length, 0);
	await settings({ record_format: 'wav' });
});

test('sealed: no sound on the disk, all of it for who may listen, also while it grows', async () => {
	await settings({ record_encrypt: true });
	await poll(async () => (await zj.sql(`select 1 as one from recording_key where tenant_id = '${place.tenant.id}' and current`)).length, { timeout: 15_000, what: 'a key' });
	await pause(400);
	const { call } = await talking(zj, place, agent);
	await pause(4000); // more than a chunk of 64 kB
	const first = await bytes(`/calls/${call.id}/recording`);
	talks(readWav(first));
	await pause(1500);
	const part = await api.fetch('GET', `/calls/${call.id}/recording`, { headers: { range: 'bytes=60000-69999' } });
	assert.equal(part.status, 206);
	assert.ok(Number(part.headers.get('content-range').split('/')[1]) > first.length, 'it has grown');
	const middle = Buffer.from(await part.arrayBuffer());
	const early = first.subarray(60000, 70000);
	assert.deepEqual(middle.subarray(0, early.length), early);
	const stranger = await zj.tenant('rest-live');
	assert.equal((await stranger.api.fetch('GET', `/calls/${call.id}/recording`)).status, 404);
	await call.hangup();
	const r = await finished(call.id);
	assert.equal((await api.fetch('GET', `/calls/${call.id}/recording`)).status, 404, 'it is over');
	const whole = await bytes(`/recordings/${r.id}/audio`);
	talks(readWav(whole));
	assert.deepEqual(whole.subarray(44, 44 + 60000), first.subarray(44, 44 + 60000));
	const { path: where, sha256, peaks } = await row(r.id);
	const disk = fs.readFileSync(file('store', where));
	assert.equal(createHash('sha256').update(disk).digest('hex'), sha256);
	assert.equal(disk.toString('latin1', 0, 8), 'ZJSEAL1\n');
	assert.equal(disk.indexOf(whole.subarray(20000, 20040)), -1);
	assert.equal(fs.readFileSync(file('store', peaks)).toString('latin1', 0, 8), 'ZJSEAL1\n');
	assert.ok(!fs.existsSync(file('store', `${where}.open`)));
	assert.equal((await api.get(`/recordings/${r.id}/peaks`)).channels.length, 2);
});

test('keys: a new one of the installation wraps all again, a new one of the tenant leaves the old sounds, a missing one records nothing and says so', async () => {
	const keys = file('secrets/seal_keys');
	const before = fs.readFileSync(keys, 'utf8');
	const [{ id: old }] = (await api.get('/recordings?filter[state]=ready&sort=-id')).items;
	const listens = async () => (await api.fetch('GET', `/recordings/${old}/audio`)).status;
	try {
		fs.writeFileSync(keys, `k2 ${'5a'.repeat(32)}\n${before}`);
		worker();
		assert.match((await zj.sql(`select wrapped from recording_key where tenant_id = '${place.tenant.id}' and current`))[0].wrapped, /^k2:/);
		fs.writeFileSync(keys, `k2 ${'5a'.repeat(32)}\n`); // the old one is not needed any more
		assert.equal(await listens(), 200);
		await zj.sql(`set session_replication_role = replica; update recording_key set created_at = now() - interval '400 days' where tenant_id = '${place.tenant.id}'`);
		await poll(async () => (await zj.sql(`select 1 as one from recording_key where tenant_id = '${place.tenant.id}'`)).length === 2, { timeout: 15_000, what: 'a new key' });
		assert.equal(await listens(), 200);
		fs.renameSync(keys, `${keys}.away`);
		assert.equal(await listens(), 503);
		const { call, agentCall } = await talking(zj, place, agent);
		await pause(1000);
		await agentCall.rtp.hears(HZ.caller);
		await call.hangup();
		const { recordings: [r] } = await poll(async () => {
			const facts = await zj.facts(place.tenant, `id = '${call.id}'`);
			return facts.recordings.length && facts;
		}, { what: 'the record of it' });
		assert.equal(r.ended_how, 'key');
		assert.match(r.because, /key/);
		assert.ok(!fs.existsSync(file('store', r.path)), 'nothing in clear');
		assert.equal((await api.get('/alarms?filter[kind]=record_key')).items.length, 1);
	} finally {
		fs.rmSync(`${keys}.away`, { force: true });
		fs.writeFileSync(keys, `${before}k2 ${'5a'.repeat(32)}\n`);
		fs.chmodSync(keys, 0o600);
	}
	worker();
	assert.equal(await listens(), 200);
	await settings({ record_encrypt: false });
	await pause(300);
});

const plan = async (values) => {
	const p = await api.post('/recording-plans', { name: `plan-${process.hrtime.bigint()}`, keep_days: 0, ...values });
	assert.ok(p.next_at && p.next_day, 'it says when it runs, and about which day');
	const [due] = await zj.sql(`select p.next_day = (p.next_at at time zone t.time_zone)::date - p.keep_days and p.next_at > now() as good from recording_plan p join tenant t on t.id = p.tenant_id where p.id = '${p.id}'`);
	assert.equal(due.good, true);
	await zj.sql(`set session_replication_role = replica; update recording_plan set next_at = now(), next_day = next_day - 1 where id = '${p.id}'`);
	const done = await poll(async () => {
		const now = await api.get(`/recording-plans/${p.id}`);
		return now.last_at && now;
	}, { timeout: 15_000, what: 'the plan to run' });
	await api.delete(`/recording-plans/${p.id}`);
	return done;
};
const archive = (...parts) => file('archive', place.tenant.id, ...parts);
const files = (dir) => fs.existsSync(dir) ? fs.readdirSync(dir, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => e.name) : [];

test('plans back up, move, pack and delete what was kept long enough; what is locked stays; all of it is logged', async () => {
	const r = await recorded();
	const kept = await recorded();
	await api.patch(`/recordings/${kept.id}`, { locked: true, note: 'for the court' });
	const yesterday = await plan({ overdue: 'delete', keep_days: 1 });
	assert.equal(yesterday.last_count, 0, 'none is so old');
	await plan({ overdue: 'move', move_to: 'old', backup_to: 'safe' });
	assert.equal((await api.get(`/recordings/${r.id}`)).state, 'moved');
	assert.ok(files(archive('old')).length >= 1 && files(archive('safe')).length >= 1);
	assert.ok(fs.existsSync(file('store', (await row(kept.id)).path)), 'the locked one lies where it lay');
	talks(readWav(await bytes(`/recordings/${r.id}/audio`))); // from its new place
	const packed = await recorded();
	await plan({ overdue: 'move', move_to: 'packed', pack: true });
	const [tar] = files(archive('packed'));
	assert.match(tar, /^\d{4}-\d\d-\d\d\.tar\.gz$/);
	assert.match(execFileSync('tar', ['-tzf', archive('packed', tar)]).toString(), /-\d{14}-1001-\d+\.wav/);
	assert.equal((await api.fetch('GET', `/recordings/${packed.id}/audio`)).status, 404);
	const gone = await recorded();
	const where = (await row(gone.id)).path;
	await plan({ overdue: 'delete' });
	assert.ok(!fs.existsSync(file('store', where)));
	assert.equal((await api.fetch('GET', `/recordings/${gone.id}/audio`)).status, 404);
	assert.equal((await api.get(`/recordings/${kept.id}`)).state, 'ready');
	const log = async (id) => (await api.get(`/recording-events?filter[recording_id]=${id}&sort=id`)).items.map((e) => e.what).sort();
	assert.deepEqual(await log(r.id), ['backed_up', 'moved']);
	assert.deepEqual(await log(packed.id), ['packed']);
	assert.deepEqual(await log(gone.id), ['deleted']);
	assert.deepEqual(await log(kept.id), ['annotated', 'locked']);
	const bad = await api.fetch('POST', '/recording-plans', { body: { name: 'x', keep_days: 1, overdue: 'move', move_to: '../../etc' } });
	assert.equal(bad.status, 422);
	await api.patch(`/recordings/${kept.id}`, { locked: false });
});

test('a quota: an alarm near it, and the oldest go where the team says so', async () => {
	const r = await recorded();
	await zj.sql(`update recording set bytes = 900000 where id = '${r.id}'`);
	await zj.carrier.patch(`/tenants/${place.tenant.id}`, { record_quota_mb: 1 });
	worker();
	assert.equal((await api.get('/alarms?filter[kind]=record_quota')).items.length, 1);
	assert.equal((await api.get(`/recordings/${r.id}`)).state, 'ready');
	const newer = await recorded();
	await zj.sql(`update recording set bytes = 900000 where id = '${newer.id}'`);
	await settings({ record_quota_full: 'oldest' });
	worker();
	assert.equal((await api.get(`/recordings/${r.id}`)).state, 'deleted');
	assert.equal((await api.get(`/recordings/${newer.id}`)).state, 'ready');
	await zj.carrier.patch(`/tenants/${place.tenant.id}`, { record_quota_mb: null });
	assert.equal((await api.fetch('PATCH', `/tenants/${place.tenant.id}`, { body: { record_quota_mb: 5 } })).status, 422, 'its own quota is not a tenant\'s to say');
});

test('a disk that takes nothing: the call goes on, its record and an alarm say so', async () => {
	const full = await centre(zj, 'rest-full', { queue: { record: true } });
	const clerk = await full.tenant.agent('1001', [full.queue], { answering: { after: 50 } });
	fs.mkdirSync(file('store', full.tenant.id), { recursive: true });
	fs.writeFileSync(file('store', full.tenant.id, String(new Date().getUTCFullYear())), 'in the way of the folder');
	const { call, agentCall } = await talking(zj, full, clerk);
	await pause(1200);
	await agentCall.rtp.hears(HZ.caller);
	await call.hangup();
	const facts = await poll(async () => {
		const f = await zj.facts(full.tenant, `id = '${call.id}'`);
		return f.recordings.length && f;
	}, { what: 'the record of it' });
	assert.equal(facts.call.result, 'answered');
	assert.equal(facts.recordings[0].ended_how, 'disk');
	assert.match(facts.recordings[0].because, /open/);
	assert.equal((await full.tenant.api.get('/alarms?filter[kind]=record_disk')).items.length, 1);
});

test('who may listen: not without the permission, not beyond the role\'s scope', async () => {
	const r = await recorded();
	const person = async (username, role) => {
		const { id } = await api.post('/roles', { name: username, ...role });
		await api.post('/accounts', { type: 'user', username, name: username, password: 'Listener-0815-Q', role_id: id });
		return Api.login(zj.url, { tenant: place.tenant.name, username, password: 'Listener-0815-Q' });
	};
	const reader = await person('reader', { permissions: ['recordings.read', 'calls.read'], scope: 'tenant' });
	assert.equal((await reader.get(`/recordings?filter[call_id]=${r.call_id}`)).items.length, 1);
	for (const what of [`recordings/${r.id}/audio`, `recordings/${r.id}/peaks`, `calls/${r.call_id}/recording`])
		assert.equal((await reader.fetch('GET', `/${what}`)).status, 403, what);
	const own = await person('own', { permissions: ['recordings.read', 'recordings.listen', 'calls.read'], scope: 'own' });
	assert.equal((await own.get('/recordings')).items.length, 0);
	assert.equal((await own.fetch('GET', `/recordings/${r.id}/audio`)).status, 404);
	const all = await person('all', { permissions: ['recordings.read', 'recordings.listen'], scope: 'tenant' });
	assert.equal((await all.fetch('GET', `/recordings/${r.id}/audio`)).status, 200);
});
