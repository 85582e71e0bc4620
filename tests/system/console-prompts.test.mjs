// Prompts in the console: columns, searches, icons, many files at once, music uploaded in place, language versions, the recycle bin, export; and those of the system.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Person, openChromium } from '../tools/console.mjs';
import { lufs, rms, sine, toneShare, trimmed } from '../tools/audio.mjs';
import { Instance } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, writeWav } from '../tools/wav.mjs';

const password = 'Voices-Q7-listen';
let zj, browser, tenant, person;

before(async () => {
	zj = await Instance.take();
	[browser, tenant] = await Promise.all([openChromium(), zj.tenant('con-prompts')]);
	await tenant.api.post('/accounts', { type: 'admin', username: 'voices', name: 'Vera', password });
	person = await Person.sit(browser, zj);
	await person.login({ tenant: tenant.name, username: 'voices', password });
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

const file = (name, hz, ms = 800) => ({ name, mimeType: 'audio/wav', buffer: Buffer.from(writeWav(sine(hz, ms))) });
const prompts = async (query) => (await tenant.api.get(`/prompts?${query}`)).items;
const listText = () => person.page.innerText('[data-testid="resource-list"]');
const columnsOf = async (resource) => {
	const { resources } = await tenant.api.get('/meta/resources');
	return resources.find((r) => r.name === resource).fields.filter((f) => f.list !== false && !f.hidden && !f.detail).map((f) => f.name);
};

/** What a caller hears of a flow that says this. */
async function heard(say, lang = 'en') {
	const flow = await tenant.flow(`f${Math.random().toString(36).slice(2, 9)}`, `<?xml version="1.0"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="${lang}"><form><var name="who" expr="'four seven one one'"/><block><prompt><break time="300ms"/>${say}<break time="300ms"/></prompt><disconnect/></block></form></vxml>`);
	const call = await zj.call(zj.freshNumber(), await tenant.did('ivr', flow), { tone: null });
	await call.answered();
	await call.ended;
	const pcm = trimmed(call.rtp.audio({ ms: 60_000 }));
	await call.close();
	return pcm;
}

// covers: MED-V319 MED-V320 MED-V316 MED-K02
test('voice files: many at once, their columns and searches, played, taken away, deleted and brought back by icons of the row', async () => {
	await person.open('/data/prompts?f.language.eq=any');
	await person.see('resource-list');
	assert.match(await listText(), /Voice files/);
	await person.click('list-upload');
	await person.id('upload-many-files').setInputFiles([file('record-1001-2012_05_25_11_20-0.wav', 700), file('closing time.wav', 900), { name: 'junk.wav', mimeType: 'audio/wav', buffer: Buffer.from('no sound at all') }]);
	await person.click('upload-many-start');
	await poll(async () => (await person.page.locator('[data-testid="upload-many-item"][data-state="good"]').count()) === 2 && (await person.page.locator('[data-testid="upload-many-item"][data-state="bad"]').count()) === 1, { what: 'two are taken, one is refused with its reason' });
	assert.deepEqual((await prompts('filter[language]=any')).map((p) => [p.name, p.format]), [['closing time', 'wav'], ['record-1001-2012_05_25_11_20-0', 'wav']], 'newest first');
	await person.click('upload-many-close');
	await person.open('/data/prompts?f.language.eq=any&q=closing');
	await poll(async () => (await person.id('row-play').count()) === 1, { what: 'the search finds one' });
	for (const column of ['id', 'name', 'format', 'description', 'created_at', 'updated_at', 'system'])
		assert.ok((await columnsOf('prompts')).includes(column), column);
	const [row] = await prompts('q=closing');
	await tenant.api.patch(`/prompts/${row.id}`, { description: 'in the evening' });
	const hour = (h) => new Date(Date.now() + h * 3_600_000).toISOString();
	assert.equal((await prompts(`filter[name][contains]=closing&filter[description][contains]=evening&filter[format]=wav&filter[created_at][between]=${hour(-1)},${hour(1)}`)).length, 1);
	assert.equal((await prompts(`filter[name][contains]=closing&filter[created_at][gt]=${hour(1)}`)).length, 0);
	await person.click('row-play');
	await poll(async () => Number(await person.id('player').first().getAttribute('data-at')) > 0.1, { what: 'it sounds' });
	const coming = person.page.waitForEvent('download');
	await person.click('row-download');
	const stream = await (await coming).createReadStream();
	const chunks = [];
	for await (const c of stream)
		chunks.push(c);
	assert.ok(toneShare(readWav(Buffer.concat(chunks)).pcm[0], 900) > 0.95, 'what is taken away is the sound');
	await person.click('row-delete');
	await person.page.locator('.el-dialog:visible .el-button--danger, .el-dialog:visible .el-button--primary').first().click();
	await poll(async () => (await prompts('q=closing')).length === 0, { what: 'it is deleted' });
	await person.open('/data/prompts?f.language.eq=any');
	await person.click('tab-bin');
	await poll(async () => (await listText()).includes('closing time'), { what: 'it lies in the recycle bin' });
	await tenant.api.post(`/prompts/${row.id}/restore`);
	assert.equal((await prompts('q=closing')).length, 1);
	const job = await tenant.api.post('/prompts/export', { format: 'csv' });
	await poll(async () => (await tenant.api.get(`/jobs/${job.id}`)).state === 'finished', { timeout: 30_000, what: 'the export' });
	assert.match(await (await tenant.api.fetch('GET', `/jobs/${job.id}/file`)).text(), /closing time/);
});

// covers: MED-V313 MED-V314
test('music on hold: files are chosen, or uploaded in place; columns, searches, recycle bin and export', async () => {
	await person.open('/data/music-classes/new');
	await person.see('field-name');
	await person.type('field-name', 'In the evening');
	await person.type('field-identifier', 'evening');
	await person.id('upload-here').first().setInputFiles([file('slow piece.wav', 500)]);
	const piece = await poll(async () => (await prompts('filter[name]=slow piece'))[0], { what: 'the piece is there' });
	await person.click('form-save');
	const made = await poll(async () => (await tenant.api.get('/music-classes?filter[identifier]=evening')).items[0], { what: 'the class' });
	assert.deepEqual([made.name, made.prompt_ids, made.mode, made.format], ['In the evening', [piece.id], 'start', 'wav']);
	for (const column of ['name', 'mode', 'format', 'identifier'])
		assert.ok((await columnsOf('music-classes')).includes(column), column);
	const hour = (h) => new Date(Date.now() + h * 3_600_000).toISOString();
	const query = `filter[name][contains]=evening&filter[mode]=start&filter[format]=wav&filter[identifier]=evening&filter[created_at][gt]=${hour(-1)}&filter[updated_at][lt]=${hour(1)}`;
	assert.equal((await tenant.api.get(`/music-classes?${query}`)).items.length, 1);
	await tenant.api.request('PUT', `/prompts/${piece.id}/audio`, { body: writeWav(sine(600, 500)), headers: { 'Content-Type': 'audio/wav' } });
	await tenant.api.delete(`/music-classes/${made.id}`);
	assert.equal((await tenant.api.get('/music-classes?deleted=true')).items[0].id, made.id);
	await tenant.api.post(`/music-classes/${made.id}/restore`);
	const job = await tenant.api.post('/music-classes/export', { format: 'csv' });
	await poll(async () => (await tenant.api.get(`/jobs/${job.id}`)).state === 'finished', { timeout: 30_000, what: 'the export' });
	assert.match(await (await tenant.api.fetch('GET', `/jobs/${job.id}/file`)).text(), /evening/);
});

// covers: MED-V318
test('the language versions of a call voice: one of a file, one of a text, each heard in its language; one is deleted on the page', async () => {
	const zh = await tenant.api.request('POST', '/prompts?name=hours&language=zh', { body: writeWav(sine(1310, 900)), headers: { 'Content-Type': 'audio/wav' } });
	await tenant.api.post('/prompts', { name: 'hours', language: 'en', text: 'We are open from nine to five.' });
	assert.ok(toneShare(await heard('<audio src="prompt:hours"/>', 'zh-CN'), 1310) > 0.95);
	const spoken = await heard('<audio src="prompt:hours"/>');
	assert.ok(rms(spoken) > 300 && toneShare(spoken, 1310) < 0.5);
	await person.open(`/data/prompts/${zh.id}`);
	await person.see('prompt-version');
	assert.match(await person.text('prompt-version'), /en\s+tts/);
	await person.click('prompt-version-delete');
	await person.click('confirm-yes');
	await poll(async () => (await prompts('filter[name]=hours')).length === 1, { what: 'the English version is gone' });
	assert.deepEqual(person.faults, []);
});

// covers: MED-K04 MED-Y10
test('flows speak texts and variables; one whose voice was deleted goes on', async () => {
	const text = await heard('four seven one one'), variable = await heard('<value expr="who"/>');
	assert.ok(rms(text) > 300 && Math.abs(text.length - variable.length) < 800, `${text.length} and ${variable.length} samples`);
	const beep = await tenant.api.request('POST', '/prompts?name=beep&language=any', { body: writeWav(sine(1500, 1500)), headers: { 'Content-Type': 'audio/wav' } });
	const flow = await tenant.flow('beeps', `<?xml version="1.0"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en"><form><field name="key" type="digits?length=1"><prompt><audio src="prompt:beep"/></prompt></field>
<block><prompt><audio src="prompt:beep"/>and that was all</prompt><disconnect/></block></form></vxml>`);
	const call = await zj.call(zj.freshNumber(), await tenant.did('ivr', flow), { tone: null });
	await call.answered();
	await call.rtp.hears(1500);
	await tenant.api.delete(`/prompts/${beep.id}`);
	await new Promise((r) => setTimeout(r, 2500)); // played to its end, and the deletion is known
	await call.rtp.dtmf('1');
	await call.ended;
	const pcm = trimmed(call.rtp.audio({ ms: 1500 }));
	await call.close();
	assert.ok(rms(pcm) > 300 && toneShare(pcm, 1500) < 0.3, 'the words after the missing voice are heard');
});

// covers: MED-V323 MED-V324
test('system prompts: there from the beginning in Chinese and English, heard by every tenant unless it has its own, changed by the carrier alone', async () => {
	const system = await poll(async () => {
		const rows = await prompts('filter[system]=true&limit=100');
		return rows.length >= 8 && rows.every((r) => r.duration_ms > 0) && rows;
	}, { timeout: 60_000, what: 'they are spoken' });
	for (const name of ['thanks', 'agent-scoring', 'agent-number-1', 'agent-number-2'])
		assert.deepEqual(system.filter((p) => p.name === name).map((p) => p.language).sort(), ['en', 'zh'], name);
	const thanks = system.find((p) => p.name === 'thanks' && p.language === 'en');
	const stored = readWav(Buffer.from(await (await tenant.api.fetch('GET', `/prompts/${thanks.id}/audio`)).arrayBuffer())).pcm[0];
	assert.ok(Math.abs(lufs(stored) + 23) < 0.5, `${lufs(stored)} LUFS`);
	const said = await heard('<audio src="prompt:thanks"/>');
	assert.ok(Math.abs(said.length - trimmed(stored).length) < 800 && rms(said) > 300, `${said.length} of ${stored.length} samples`);
	for (const [method, path, body] of [['PATCH', '', { description: 'ours' }], ['PATCH', '', { text: 'No thanks.' }], ['DELETE', '', undefined], ['PUT', '/audio', writeWav(sine(440, 300))]])
		assert.ok([403, 404].includes((await tenant.api.fetch(method, `/prompts/${thanks.id}${path}`, { body, ...(method === 'PUT' && { headers: { 'Content-Type': 'audio/wav' } }) })).status), `${method}${path}`);
	const now = await zj.carrier.get(`/prompts/${thanks.id}`);
	assert.deepEqual([now.sha256, now.description], [thanks.sha256, thanks.description]);
	const own = await zj.carrier.request('POST', '/prompts?name=system-tone&language=any', { body: writeWav(sine(1210, 700)), headers: { 'Content-Type': 'audio/wav' } });
	try {
		assert.equal(own.system, true);
		await poll(async () => toneShare(await heard('<audio src="prompt:system-tone"/>'), 1210) > 0.95, { timeout: 20_000, what: 'the carrier\'s new sound' });
		await zj.carrier.patch(`/prompts/${own.id}`, { description: 'changed by the carrier' });
		await tenant.api.request('POST', '/prompts?name=system-tone&language=en', { body: writeWav(sine(610, 700)), headers: { 'Content-Type': 'audio/wav' } });
		await poll(async () => toneShare(await heard('<audio src="prompt:system-tone"/>'), 610) > 0.95, { timeout: 20_000, what: 'the tenant\'s own instead' });
		await person.open('/data/prompts?f.system.eq=true&q=thanks');
		await poll(async () => (await person.id('row-play').count()) === 2, { what: 'both languages in the list' });
		assert.equal(await person.id('row-delete').count(), 0);
	} finally {
		await zj.carrier.delete(`/prompts/${own.id}`);
	}
});
