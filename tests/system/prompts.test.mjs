// Prompts: uploaded in every format or made of a text, kept at one loudness, heard on the telephone in the right language.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Instance } from '../tools/instance.mjs';
import { gaps, lufs, rms, sine, toneShare, trimmed } from '../tools/audio.mjs';
import { readWav, writeWav } from '../tools/wav.mjs';

const TARGET = -23; // LUFS
const HZ = { zh: 1310, en: 920, other: 730 };

let zj;
let tenant;
let dir;
before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('prompts');
	dir = mkdtempSync(join(tmpdir(), 'zj-prompts-'));
}, { timeout: 150_000 });
after(() => {
	rmSync(dir, { recursive: true, force: true });
	return zj?.release();
});

/** This sound as a file of that format, by libsndfile's own tool. */
function encoded(name, format, pcm, rate) {
	const from = join(dir, `${name}.wav`), to = join(dir, `${name}-out.${format}`);
	writeFileSync(from, writeWav(pcm, { rate }));
	execFileSync('sndfile-convert', [from, to], { stdio: 'pipe' });
	return readFileSync(to);
}

async function refused(method, path, options) {
	const response = await tenant.api.fetch(method, path, options);
	const problem = await response.json();
	assert.equal(response.status, 422, JSON.stringify(problem));
	return problem.errors[0];
}

const upload = (name, body, { language = 'en', type = 'application/octet-stream' } = {}) =>
	tenant.api.request('POST', `/prompts?name=${encodeURIComponent(name)}&language=${language}`, { body, headers: { 'Content-Type': type } });

/** What a caller hears of a flow that says this and hangs up: 8 kHz samples without the silence around. */
async function heard(say, { lang = 'en' } = {}) {
	const name = `f${Math.random().toString(36).slice(2, 9)}`;
	const flow = await tenant.flow(name, `<?xml version="1.0"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="${lang}"><form><block><prompt><break time="300ms"/>${say}<break time="300ms"/></prompt><disconnect/></block></form></vxml>`);
	const call = await zj.call(zj.freshNumber(), await tenant.did('ivr', flow), { tone: null });
	await call.answered();
	await call.ended;
	const pcm = call.rtp.audio({ ms: 120_000 });
	const { lost } = call.rtp.heard;
	await call.close();
	assert.equal(lost, 0);
	return trimmed(pcm);
}

const FORMATS = [
	{ format: 'wav', rate: 44100 }, { format: 'wav', rate: 8000 }, { format: 'mp3', rate: 44100 }, { format: 'mp3', rate: 22050 },
	{ format: 'ogg', rate: 48000 }, { format: 'flac', rate: 96000 }, { format: 'aiff', rate: 32000 }, { format: 'au', rate: 16000 },
];

// covers: MED-V321 MED-Y01 MED-K01 MED-R01
test('each format, at any rate: taken, its length, tone and loudness are right in the store and on the telephone', async () => {
	for (const [i, { format, rate }] of FORMATS.entries()) {
		const name = `${format}-${rate}`, hz = 500 + 130 * i;
		const row = await upload(name, encoded(name, format, sine(hz, 1500, { rate, dbfs: i % 2 ? -30 : -3 }), rate));
		assert.equal(row.format, format);
		assert.ok(Math.abs(row.duration_ms - 1500) <= 60, `${name}: ${row.duration_ms} ms`);
		assert.ok(Math.abs(row.lufs - TARGET) <= 0.1, `${name}: ${row.lufs} LUFS`);
		const stored = readWav(Buffer.from(await (await tenant.api.fetch('GET', `/prompts/${row.id}/audio`)).arrayBuffer()));
		assert.deepEqual([stored.rate, stored.pcm.length], [8000, 1]);
		assert.ok(Math.abs(lufs(stored.pcm[0]) - TARGET) <= 0.5, `${name}: ${lufs(stored.pcm[0])} LUFS in the store`);
		const pcm = await heard(`<audio src="prompt:${name}"/>`);
		assert.ok(Math.abs(pcm.length / 8 - 1500) <= 60, `${name}: ${pcm.length / 8} ms heard`);
		assert.ok(toneShare(pcm.subarray(400, -400), hz) > 0.98, `${name}: ${toneShare(pcm, hz)}`);
		assert.ok(Math.abs(lufs(pcm) - TARGET) <= 1, `${name}: ${lufs(pcm)} LUFS heard`);
		assert.deepEqual(gaps(pcm), []);
	}
});

test('speech is brought to the loudness as well, quiet and loud; what would clip stays below; silence stays silence', async () => {
	const file = join(dir, 'speech.wav');
	execFileSync('espeak-ng', ['-v', 'en', '-w', file, 'The quick brown fox jumps over the lazy dog, and then he does it again.']);
	const said = readWav(readFileSync(file));
	for (const [name, gain] of [['quiet', 0.02], ['loud', 1]]) {
		const row = await upload(`speech-${name}`, writeWav(said.pcm[0].map((x) => Math.round(x * gain)), { rate: said.rate }));
		assert.ok(Math.abs(row.lufs - TARGET) <= 0.2, JSON.stringify(row));
		const pcm = await heard(`<audio src="prompt:speech-${name}"/>`);
		assert.ok(Math.abs(lufs(pcm) - TARGET) <= 1, `${name}: ${lufs(pcm)}`);
	}
	const clicks = new Int16Array(16000);
	for (let i = 0; i < clicks.length; i += 800)
		clicks[i] = 20000;
	const row = await upload('clicks', writeWav(clicks));
	const stored = readWav(Buffer.from(await (await tenant.api.fetch('GET', `/prompts/${row.id}/audio`)).arrayBuffer())).pcm[0];
	assert.ok(row.lufs < TARGET && Math.max(...stored) < 32767, JSON.stringify(row));
	assert.equal((await upload('nothing', writeWav(new Int16Array(8000)))).lufs, -70);
});

test('what was uploaded is searched, listened to in ranges, downloaded, replaced while it is played, deleted and brought back', async () => {
	const row = await upload('欢迎词 (总台)', writeWav(sine(HZ.other, 2000)), { language: 'zh' });
	await tenant.api.patch(`/prompts/${row.id}`, { description: '总台 welcome words' });
	for (const q of ['欢迎', 'welcome'])
		assert.deepEqual((await tenant.api.get(`/prompts?q=${encodeURIComponent(q)}`)).items.map((x) => x.id), [row.id]);
	const part = await tenant.api.fetch('GET', `/prompts/${row.id}/audio`, { headers: { range: 'bytes=0-43' } });
	assert.deepEqual([part.status, part.headers.get('content-type'), (await part.arrayBuffer()).byteLength], [206, 'audio/wav', 44]);
	const down = await tenant.api.fetch('GET', `/prompts/${row.id}/audio?download=1`);
	assert.match(down.headers.get('content-disposition'), /^attachment/);
	assert.equal(createHash('sha256').update(Buffer.from(await down.arrayBuffer())).digest('hex'), row.sha256);
	const playing = heard(`<audio src="prompt:${row.name}"/>`, { lang: 'zh' });
	await new Promise((resolve) => setTimeout(resolve, 1500));
	const now = await tenant.api.request('PUT', `/prompts/${row.id}/audio`, { body: writeWav(sine(HZ.en, 700)), headers: { 'Content-Type': 'audio/wav' } });
	assert.equal(now.duration_ms, 700);
	const pcm = await playing;
	assert.ok(toneShare(pcm, HZ.other) > 0.95 && pcm.length / 8 > 1900, 'who hears the old one hears it to its end');
	assert.ok(toneShare(await heard(`<audio src="prompt:${row.name}"/>`, { lang: 'zh' }), HZ.en) > 0.95);
	await tenant.api.delete(`/prompts/${row.id}`);
	assert.equal((await tenant.api.get('/prompts?deleted=true')).items[0].id, row.id);
	await tenant.api.post(`/prompts/${row.id}/restore`);
	assert.ok(toneShare(await heard(`<audio src="prompt:${row.name}"/>`, { lang: 'zh' }), HZ.en) > 0.95);
});

test('a large file comes by parts: the row names the upload; another one takes its place', async () => {
	const finished = async (pcm) => {
		const bytes = writeWav(pcm, { rate: 48000 });
		const { id } = await tenant.api.post('/uploads', { name: 'music.wav', bytes: bytes.length, media_type: 'audio/wav', purpose: 'prompts.source_id' });
		const size = 8 << 20;
		for (let i = 0; i * size < bytes.length; i++)
			await tenant.api.request('PUT', `/uploads/${id}/parts/${i + 1}`, { body: bytes.subarray(i * size, (i + 1) * size), headers: { 'Content-Type': 'application/octet-stream' } });
		await tenant.api.post(`/uploads/${id}/complete`, { sha256: createHash('sha256').update(bytes).digest('hex') });
		return id;
	};
	const first = await finished(sine(HZ.other, 220_000, { rate: 48000 })); // 21 MB: more than a body may have
	const row = await tenant.api.post('/prompts', { name: 'large', language: 'en', source_id: first, description: 'by parts' });
	assert.ok(Math.abs(row.duration_ms - 220_000) < 50, JSON.stringify(row));
	const next = await tenant.api.patch(`/prompts/${row.id}`, { source_id: await finished(sine(HZ.en, 1000, { rate: 48000 })) });
	assert.equal(next.duration_ms, 1000);
	assert.ok(toneShare(await heard('<audio src="prompt:large"/>'), HZ.en) > 0.95);
});

// covers: IVR-V319
test('a text becomes a prompt in each of eight languages; another text or language has it read anew', async () => {
	const words = { zh: '您好，请稍候。', en: 'Good morning, please hold.', ja: 'お待ちください', ko: '잠시만 기다려 주세요', ru: 'Подождите, пожалуйста', fr: 'Veuillez patienter', de: 'Bitte warten Sie', es: 'Espere por favor' };
	for (const [language, text] of Object.entries(words)) {
		const row = await tenant.api.post('/prompts', { name: 'hold-on', language, text });
		assert.equal(row.format, 'tts');
		assert.ok(row.duration_ms > 500 && row.duration_ms < 10_000 && Math.abs(row.lufs - TARGET) < 0.2, JSON.stringify(row));
	}
	const rows = (await tenant.api.get('/prompts?filter[name]=hold-on')).items;
	assert.equal(new Set(rows.map((r) => r.sha256)).size, 8, 'eight voices');
	const en = rows.find((r) => r.language === 'en');
	const longer = await tenant.api.patch(`/prompts/${en.id}`, { text: `${words.en} ${words.en} ${words.en}` });
	assert.ok(longer.duration_ms > 2 * en.duration_ms);
	const pcm = await heard('<audio src="prompt:hold-on"/>');
	assert.ok(rms(pcm) > 300 && Math.abs(pcm.length / 8 - longer.duration_ms) < 400, `${pcm.length / 8} of ${longer.duration_ms} ms`);
	const { id, sha256 } = await tenant.api.post('/prompts', { name: 'other-words', language: 'en', text: '一二三' });
	const moved = await tenant.api.patch(`/prompts/${id}`, { language: 'zh' });
	assert.notEqual(moved.sha256, sha256, 'read by the other voice');
});

// covers: MED-V315
test('prompts of one name are language versions: a flow hears its language\'s, a called prompt the tenant\'s, else the one there is', async () => {
	const zh = await upload('greeting', writeWav(sine(HZ.zh, 900)), { language: 'zh' });
	const only = await upload('only-fr', writeWav(sine(HZ.other, 900)), { language: 'fr' });
	await upload('greeting', writeWav(sine(HZ.en, 900)), { language: 'en' });
	assert.equal((await tenant.api.fetch('POST', '/prompts?name=greeting&language=en', { body: writeWav(sine(HZ.en, 900)), headers: { 'Content-Type': 'audio/wav' } })).status, 409);
	for (const [lang, hz] of [['zh-CN', HZ.zh], ['en-US', HZ.en], ['de', HZ.zh]])
		assert.ok(toneShare(await heard('<audio src="prompt:greeting"/>', { lang }), hz) > 0.95, lang);
	assert.ok(toneShare(await heard('<audio src="prompt:only-fr"/>'), HZ.other) > 0.95);
	for (const [prompt, hz] of [[zh, HZ.en], [only, HZ.other]]) { // the tenant speaks English
		const call = await zj.call(zj.freshNumber(), await tenant.did('prompt', prompt), { tone: null });
		await call.rtp.hears(hz);
		await call.close();
	}
});

test('values are said by grammar; what is none of its kind is read out', async () => {
	const say = (as, value) => heard(`<say-as interpret-as="${as}">${value}</say-as>`);
	const [date, words, none] = [await say('vxml:date', '20261129'), await heard('November twenty-ninth, twenty twenty-six'), await say('vxml:date', '20261329')];
	assert.equal(date.length > 4000, true);
	assert.ok(Math.abs(date.length - words.length) < 800, `${date.length} samples, as words ${words.length}`);
	assert.ok(Math.abs(none.length - date.length) > 1600, 'no thirteenth month');
	for (const [as, value] of [['vxml:currency', 'USD12.50'], ['vxml:time', '0205p'], ['ordinal', '21'], ['duration', '3725'], ['digits', '47 11'], ['number', '1 234']])
		assert.ok(rms(await say(as, value)) > 300, as);
});

test('bad files: refused with field, rule and place, and nothing is kept', async () => {
	const speech = encoded('cut', 'flac', sine(440, 4000, { rate: 44100 }), 44100);
	const headers = { 'Content-Type': 'application/octet-stream' };
	const cut = await refused('POST', '/prompts?name=cut&language=en', { body: speech.subarray(0, speech.length / 2), headers });
	assert.deepEqual([cut.field, cut.rule], ['file', 'audio']);
	assert.match(cut.en, /broken after [0-9.]+ seconds/);
	const lie = await refused('POST', '/prompts?name=lie&language=en', { body: writeWav(sine(440, 100), { lie: 100_000 }), headers });
	assert.match(lie.en, /chunk 'data' says it has 100000 bytes, the file has 1600 left/);
	const long = await refused('POST', '/prompts?name=long&language=en', { body: encoded('long', 'flac', new Int16Array(8000 * 3700), 8000), headers });
	assert.match(long.en, /longer than 3600 seconds/);
	for (const body of [Buffer.from('MZ not a sound'), Buffer.from('ID3\x04\0\0\0\0\x7f\x7f not one either'), Buffer.from('OggS\0\x02garbage'), Buffer.alloc(100_000, 0xff)])
		assert.equal((await refused('POST', '/prompts?name=junk&language=en', { body, headers })).rule, 'audio');
	assert.deepEqual((await refused('POST', '/prompts', { body: { name: 'no-words', language: 'en', text: 'x'.repeat(1001) } })).field, 'text');
	assert.equal((await tenant.api.get('/prompts?filter[name][in]=cut,lie,long,junk,no-words')).items.length, 0);
	const other = await zj.tenant('other');
	const mine = (await tenant.api.get('/prompts?limit=1')).items[0];
	for (const path of [`/prompts/${mine.id}/audio`, `/prompts/${mine.id}`])
		assert.equal((await other.api.fetch('GET', path)).status, 404, 'another tenant does not hear it');
	assert.equal((await other.api.fetch('PATCH', `/prompts/${mine.id}`, { body: { text: 'mine now' } })).status, 404);
});
