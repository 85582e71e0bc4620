// Mounted storage of recordings: its address is the carrier's to say; it is looked at before it is used, and what lies there is played, taken away, kept and removed as elsewhere.
// covers: MED-Y05
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BUILD, Instance } from '../tools/instance.mjs';
import { HZ, centre, talking } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

let zj, place, agent, api, mount, dir;

before(async () => {
	zj = await Instance.take({ exclusive: true });
	place = await centre(zj, 'mount', { queue: { record: true } });
	({ api } = place.tenant);
	agent = await place.tenant.agent('1001', [place.queue], { answering: { after: 50 } });
	dir = path.join(zj.run, 'mounted');
}, { timeout: 150_000 });
after(async () => {
	if (mount)
		await zj.sql(`update recording set mount_id = null where mount_id = '${mount.id}'; delete from recording_mount where id = '${mount.id}'`);
	await zj?.release();
});

const looked = (state) => poll(async () => {
	const m = await zj.carrier.get(`/recording-mounts/${mount.id}`);
	return m.state === state && m;
}, { timeout: 15_000, what: `storage ${state}` });
const row = async (id) => (await zj.sql(`select path, peaks, store, mount_id from recording where tenant_id = '${place.tenant.id}' and id = '${id}'`))[0];
const sound = async (id) => readWav(Buffer.from(await (await api.fetch('GET', `/recordings/${id}/audio`)).arrayBuffer()));

async function recorded() {
	const { call } = await talking(zj, place, agent);
	await pause(1500);
	await call.hangup();
	return poll(async () => (await api.get(`/recordings?filter[call_id]=${call.id}`)).items.find((r) => r.state === 'ready'), { timeout: 20_000, what: 'a finished recording' });
}

test('an address is a directory that can be written, mounted, with room; what is wrong is said, and alarms', async () => {
	for (const address of ['relative', '/a/../b', '/', '/a//b', ''])
		await assert.rejects(zj.carrier.post('/recording-mounts', { name: 'x', address }), (e) => e.status === 422 && JSON.stringify(e.body ?? e.message).includes('address'), address);
	await assert.rejects(api.post('/recording-mounts', { name: 'x', address: dir }), (e) => [403, 404].includes(e.status), 'a tenant has none');
	mount = await zj.carrier.post('/recording-mounts', { name: 'vault', address: dir });
	assert.match((await looked('missing')).because, /No such file/);
	const [alarm] = await zj.sql(`select detail from alarm where kind = 'record_mount' order by at desc limit 1`);
	assert.match(alarm.detail, /vault .*missing/);
	fs.mkdirSync(dir);
	await zj.carrier.patch(`/recording-mounts/${mount.id}`, { min_free_mb: 1 });
	await looked('not_mounted');
	await zj.carrier.patch(`/recording-mounts/${mount.id}`, { must_mount: false, min_free_mb: 999_999_999 });
	assert.ok((await looked('full')).free_mb > 0);
	const r = await recorded();
	await pause(1500);
	assert.equal((await row(r.id)).store, 'local', 'it is kept where it is');
	await zj.carrier.patch(`/recording-mounts/${mount.id}`, { min_free_mb: 0 });
	const good = await looked('ok');
	assert.ok(good.free_mb > 0 && good.checked_at);
	assert.deepEqual(fs.readdirSync(dir).filter((f) => f.startsWith('.zongji')), [], 'the probe leaves nothing');
});

test('recordings go there, also older ones; they are played with their waveforms, taken away and exported', async () => {
	const r = await recorded();
	const at = await poll(async () => {
		const x = await row(r.id);
		return x.store === 'mount' && x;
	}, { timeout: 15_000, what: 'on the mounted storage' });
	assert.equal(at.mount_id, mount.id);
	for (const file of [at.path, at.peaks]) {
		assert.ok(fs.existsSync(path.join(dir, file)), file);
		assert.ok(!fs.existsSync(path.join(zj.run, 'store', file)), `${file} lies here no more`);
	}
	const wav = await sound(r.id);
	for (const [channel, hz] of [[0, HZ.caller], [1, HZ.agent]])
		assert.ok(toneIn(wav, channel, hz).ms >= 600);
	assert.equal((await api.get(`/recordings/${r.id}/peaks`)).channels.length, 2);
	await poll(async () => (await zj.sql(`select 1 as one from recording where tenant_id = '${place.tenant.id}' and state = 'ready' and store = 'local'`)).length === 0, { timeout: 10_000, what: 'the older one, too' });
	assert.ok((await api.get(`/recording-events?filter[recording_id]=${r.id}`)).items.some((e) => e.what === 'moved'), 'its log says so');
	const job = await api.post('/recordings/export', { format: 'sounds' });
	await poll(async () => (await api.get(`/jobs/${job.id}`)).state === 'finished', { timeout: 20_000, what: 'an export' });
	const packed = path.join(zj.run, 'sounds.tar.gz');
	fs.writeFileSync(packed, Buffer.from(await (await api.fetch('GET', `/jobs/${job.id}/file`)).arrayBuffer()));
	assert.equal(execFileSync('tar', ['-tzf', packed], { encoding: 'utf8' }).trim().split('\n').length, 2);
});

test('an address with recordings stays; a plan deletes what is there; switched off, nothing more is put there', async () => {
	await assert.rejects(zj.carrier.patch(`/recording-mounts/${mount.id}`, { address: `${dir}2` }), (e) => e.status >= 400 && e.status < 500);
	await assert.rejects(zj.carrier.delete(`/recording-mounts/${mount.id}`), (e) => e.status >= 400 && e.status < 500);
	await zj.carrier.patch(`/recording-mounts/${mount.id}`, { enabled: false });
	const r = await recorded();
	await pause(1500);
	assert.equal((await row(r.id)).store, 'local');
	const files = await zj.sql(`select path, peaks from recording where tenant_id = '${place.tenant.id}' and mount_id = '${mount.id}'`);
	assert.equal(files.length, 2);
	const plan = await api.post('/recording-plans', { name: 'all', keep_days: 0, overdue: 'delete' });
	await zj.sql(`set session_replication_role = replica; update recording_plan set next_at = now(), next_day = current_date + 1 where id = '${plan.id}'`);
	execFileSync(path.join(BUILD, 'bin/worker'), ['record', '--config', path.join(zj.run, 'etc/worker.conf')], { stdio: 'pipe' });
	await poll(async () => (await api.get('/recordings?filter[state]=ready')).items.length === 0, { timeout: 15_000, what: 'deleted by the plan' });
	for (const f of files)
		for (const name of [f.path, f.peaks])
			assert.ok(!fs.existsSync(path.join(dir, name)), `${name} is gone`);
});

test('files that no row knows: told of when they are old enough, removed when twice as old; what a row knows stays', async () => {
	const day = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '/');
	const put = (name, days) => {
		const file = path.join(zj.run, 'store', place.tenant.id, day(days), name);
		fs.mkdirSync(path.dirname(file), { recursive: true });
		fs.writeFileSync(file, 'x');
		return file;
	};
	const [young, told, gone, known] = [put('young.wav', 0), put('told.wav', 1), put('gone.wav', 2), put('known.opus', 2)];
	const sealed = put('known.opus.open', 2);
	await zj.sql(`insert into recording (tenant_id, call_id, id, from_at, to_at, node, path, bytes, state)
		select '${place.tenant.id}', zj_uuid7(), zj_uuid7(), now() - interval '2 days', now() - interval '2 days', 'x', '${place.tenant.id}/${day(2)}/known.opus', 1, 'ready'`);
	const conf = path.join(zj.run, 'orphans.conf');
	fs.writeFileSync(conf, `${fs.readFileSync(path.join(zj.run, 'etc/worker.conf'), 'utf8').replace(/^log .*$/m, '')}\norphan_days = 1\norphan_s = 1\n`, { mode: 0o600 });
	const said = await poll(() => { // another round may be under way
		const out = spawnSync(path.join(BUILD, 'bin/worker'), ['house', '--config', conf], { encoding: 'utf8' }).stderr;
		return out.includes('told.wav') && out;
	}, { timeout: 20_000, every: 500, what: 'it is told' });
	assert.ok(!said.includes('known') && !said.includes('young'), said);
	assert.deepEqual([young, told, gone, known, sealed].map((f) => fs.existsSync(f)), [true, true, false, true, true]);
	const [alarm] = await zj.sql(`select detail from alarm where kind = 'record_orphan' order by at desc limit 1`);
	assert.match(alarm.detail, /told\.wav/);
});
