// Voice files that lie on the server become prompts, many at once: by a table of files and languages, for a tenant and for the system.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Person, openChromium } from '../tools/console.mjs';
import { sine, toneShare } from '../tools/audio.mjs';
import { Instance } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';
import { readWav, writeWav } from '../tools/wav.mjs';

const password = 'Files-Q7-by-FTP';
const DIRECTORY = `incoming-${process.pid}`;
let zj, browser, tenant, root, setting;

before(async () => {
	zj = await Instance.take();
	[browser, tenant] = await Promise.all([openChromium(), zj.tenant('prompt-files')]);
	await tenant.api.post('/accounts', { type: 'admin', username: 'voices', name: 'Vera', password });
	setting = (await zj.carrier.get('/settings?limit=1')).items[0];
	await zj.carrier.patch(`/settings/${setting.id}`, { prompt_directory: DIRECTORY });
	root = join(zj.run, 'store', DIRECTORY);
	put(tenant.name, 'en', 'file1.wav', 500);
	put(tenant.name, 'cn', 'file1.wav', 510);
	put(tenant.name, 'en', 'file2.wav', 600);
	put(tenant.name, 'fr', 'file3.wav', 700);
	put(tenant.name, 'cn', 'file4.wav', 800);
	put(tenant.name, 'zh', 'file5.wav', 900);
	put(tenant.name, 'en', 'notes.txt', 900);
	put('', 'en', 'everybody.wav', 1000);
	writeFileSync(join(root, 'secret.wav'), writeWav(sine(440, 500)));
	symlinkSync(join(root, 'secret.wav'), join(root, tenant.name, 'en', 'link.wav'));
	symlinkSync('/etc', join(root, tenant.name, 'de'));
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	if (setting)
		await zj.carrier.patch(`/settings/${setting.id}`, { prompt_directory: 'incoming' });
	if (root)
		rmSync(root, { recursive: true, force: true });
	await zj?.release();
});

function put(team, language, name, hz) {
	const dir = join(root, team, language);
	mkdirSync(dir, { recursive: true });
	writeFileSync(join(dir, name), writeWav(sine(hz, 600)));
}
const prompts = async (query, api = tenant.api) => (await api.get(`/prompts?limit=100&sort=name&${query}`)).items;
const ended = (api, job) => poll(async () => {
	const now = await api.get(`/jobs/${job.id}`);
	return ['finished', 'failed'].includes(now.state) && now;
}, { timeout: 60_000, what: 'the job' });
const sound = async (api, id) => readWav(Buffer.from(await (await api.fetch('GET', `/prompts/${id}/audio`)).arrayBuffer())).pcm[0];

// covers: MED-V325 MED-V326 MED-V327 MED-V329 MED-V330 MED-V331 MED-V332 MED-V703
test('five files of a team, "voice files" and two languages ticked: five voice files and two language versions, with their sounds', async () => {
	const person = await Person.sit(browser, zj);
	await person.login({ tenant: tenant.name, username: 'voices', password });
	await person.open('/admin/prompt-files');
	await person.see('prompt-file');
	const names = () => person.page.locator('[data-testid="prompt-file"]').evaluateAll((rows) => rows.map((r) => r.dataset.file));
	assert.deepEqual(await names(), ['file1.wav', 'file2.wav', 'file3.wav', 'file4.wav', 'file5.wav', 'notes.txt']);
	const box = (file, language) => person.page.locator(`[data-file="${file}"] [data-testid="tick-${language}"]`);
	assert.deepEqual(await Promise.all(['en', 'zh', 'ja', 'ko', 'ru', 'fr', 'de', 'es'].map((l) => box('file1.wav', l).isDisabled())), [false, false, true, true, true, true, true, true]);
	assert.deepEqual([await box('file3.wav', 'fr').isDisabled(), await box('file3.wav', 'en').isDisabled()], [false, true]);
	await person.click('prompt-files-all');
	assert.deepEqual(await names(), ['file1.wav', 'file2.wav', 'file3.wav', 'file4.wav', 'file5.wav']);
	await box('file1.wav', 'en').check();
	await box('file4.wav', 'zh').check();
	await person.click('prompt-files-run');
	await person.page.getByText('Done: 7 new, 0 replaced, 0 failed').first().waitFor({ timeout: 60_000 });
	assert.deepEqual((await prompts('filter[language]=any')).map((p) => p.name), ['file1', 'file2', 'file3', 'file4', 'file5']);
	const versions = await prompts('filter[language][ne]=any&filter[system]=false');
	assert.deepEqual(versions.map((p) => [p.name, p.language, p.format]), [['file1', 'en', 'wav'], ['file4', 'zh', 'wav']]);
	for (const [row, hz] of [[versions[0], 500], [versions[1], 800]])
		assert.ok(toneShare(await sound(tenant.api, row.id), hz) > 0.95, row.name);
	assert.deepEqual(person.faults, []);
	await person.close();
});

// covers: MED-V328
test('without a team: the files beside the language folders, which become the system\'s', async () => {
	const { files } = await zj.carrier.get('/prompt-files');
	assert.deepEqual(files, [{ name: 'everybody.wav', languages: ['en'], sound: true }]);
	const job = await ended(zj.carrier, await zj.carrier.post('/prompt-files', { versions: { en: ['everybody.wav'] } }));
	assert.deepEqual([job.state, job.created_rows], ['finished', 1]);
	const [row] = await prompts('filter[name]=everybody', zj.carrier);
	try {
		assert.equal(row.system, true);
		assert.ok(toneShare(await sound(tenant.api, row.id), 1000) > 0.95, 'every tenant hears it');
	} finally {
		await zj.carrier.delete(`/prompts/${row.id}`);
	}
	assert.deepEqual((await tenant.api.get('/prompt-files')).files.map((f) => f.name).includes('everybody.wav'), false);
});

test('nothing through links, above the directory or of another team; broken files are told, the others are taken, a second time replaces', async () => {
	const stranger = await zj.tenant('other-files');
	assert.deepEqual(await stranger.api.get('/prompt-files'), { there: false, more: false, files: [] });
	put(tenant.name, 'en', 'file2.wav', 650);
	writeFileSync(join(root, tenant.name, 'en', 'broken.wav'), 'no sound at all');
	const before = (await prompts('filter[name]=file2'))[0];
	const job = await ended(tenant.api, await tenant.api.post('/prompt-files', { versions: { en: ['link.wav', 'broken.wav', '..', 'file9.wav', 'file2.wav'], de: ['passwd'] } }));
	assert.deepEqual([job.state, job.created_rows, job.failed], ['finished', 1, 5]);
	const reasons = await (await tenant.api.fetch('GET', `/jobs/${job.id}/rejects`)).text();
	for (const word of ['"link.wav",en,', '"broken.wav",en,', '"file9.wav",en,"there is no such file"', '"passwd",de,'])
		assert.ok(reasons.includes(word), reasons);
	const again = await ended(tenant.api, await tenant.api.post('/prompt-files', { voice_files: true }));
	assert.deepEqual([again.created_rows, again.updated_rows, again.failed], [0, 5, 1]);
	const now = await tenant.api.get(`/prompts/${before.id}`);
	assert.notEqual(now.sha256, before.sha256);
	assert.ok(toneShare(await sound(tenant.api, now.id), 650) > 0.95, 'the new file\'s sound');
	for (const body of [{}, { versions: { xx: ['a.wav'] } }, { versions: { en: ['a/b.wav'] } }, { versions: { en: Array(2001).fill('a.wav') } }])
		assert.equal((await tenant.api.fetch('POST', '/prompt-files', { body })).status, 422, JSON.stringify(body).slice(0, 60));
	const own = (await tenant.api.get('/settings?limit=1')).items[0];
	assert.equal((await tenant.api.fetch('PATCH', `/settings/${own.id}`, { body: { prompt_directory: 'mine' } })).status, 422, 'the carrier\'s to set');
	assert.equal((await zj.carrier.fetch('PATCH', `/settings/${setting.id}`, { body: { prompt_directory: '../etc' } })).status, 422);
});
