// Recordings taken away as one package: of a list or of calls, at a time of one's own, with or without the originals.
// covers: MED-R03 MED-V502 MED-V503 MED-V504 MED-V505 MED-V506 MED-L08
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Instance } from '../tools/instance.mjs';
import { HZ, centre, talking } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, toneIn } from '../tools/wav.mjs';

let zj, place, agent, api;

before(async () => {
	zj = await Instance.take();
	place = await centre(zj, 'rec-export', { queue: { record: true } });
	({ api } = place.tenant);
	agent = await place.tenant.agent('1001', [place.queue], { answering: { after: 50 } });
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(() => zj.hangupAll());

const bytes = async (where) => Buffer.from(await (await api.fetch('GET', where)).arrayBuffer());

async function recorded() {
	const { call } = await talking(zj, place, agent);
	await pause(1500);
	await call.hangup();
	return poll(async () => {
		const { items } = await api.get(`/recordings?filter[call_id]=${call.id}`);
		return items[0]?.state === 'ready' && items[0];
	}, { timeout: 20_000, what: 'a finished recording' });
}

function talks(wav) {
	for (const [channel, hz] of [[0, HZ.caller], [1, HZ.agent]])
		assert.ok(toneIn(wav, channel, hz).ms >= 600, `${hz} Hz in channel ${channel}`);
}

test('sounds are exported as one package under their names, at a time of one\'s own; originals go when that is wished, but no locked ones', async () => {
	const r = await recorded(), kept = await recorded();
	await api.patch(`/recordings/${kept.id}`, { locked: true });
	const exported = async (body, resource = 'recordings') => {
		const job = await api.post(`/${resource}/export`, { format: 'sounds', ...body });
		const done = await poll(async () => {
			const j = await api.get(`/jobs/${job.id}`);
			return ['finished', 'failed'].includes(j.state) && j;
		}, { timeout: 20_000, what: 'the export' });
		assert.equal(done.state, 'finished', JSON.stringify(done.error));
		const dir = fs.mkdtempSync('/tmp/zj-rest-');
		try {
			fs.writeFileSync(`${dir}/a.tar.gz`, await bytes(`/jobs/${job.id}/file`));
			execFileSync('tar', ['-xzf', `${dir}/a.tar.gz`, '-C', dir]);
			return { job: done, files: fs.readdirSync(dir).filter((n) => n !== 'a.tar.gz').map((name) => ({ name, sound: fs.readFileSync(`${dir}/${name}`) })) };
		} finally {
			fs.rmSync(dir, { recursive: true });
		}
	};
	const later = new Date(Date.now() + 2000).toISOString();
	const { files: [one], job } = await exported({ query: `filter[id]=${r.id}`, run_at: later });
	assert.ok(Date.parse(job.started_at) >= Date.parse(later) - 100, 'not before its time');
	assert.match(one.name, new RegExp(`^\\d{14}-1001-${r.caller}\\.wav$`));
	talks(readWav(one.sound));
	assert.equal((await exported({ query: `filter[id]=${r.call_id}` }, 'calls')).files.length, 1);
	assert.equal((await api.get(`/recordings/${r.id}`)).state, 'ready', 'originals stay');
	await exported({ query: `filter[id][in]=${r.id},${kept.id}`, delete_originals: true });
	assert.equal((await api.get(`/recordings/${r.id}`)).state, 'deleted');
	assert.equal((await api.get(`/recordings/${kept.id}`)).state, 'ready');
	assert.equal((await api.fetch('POST', '/prompts/export', { body: { format: 'sounds' } })).status, 422);
});
