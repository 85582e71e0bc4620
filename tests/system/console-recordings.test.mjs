// Recordings in the browser: the list with its people, a recording that plays with its waveform, jumps, plays faster, is annotated and taken away.
// covers: MED-L06 MED-V004 MED-V501 MED-K03 MED-V317
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { centre, talking } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';

const password = 'Leader-Q7-listens';
let zj, browser, place, agent, person, recording;

before(async () => {
	zj = await Instance.take();
	browser = await openChromium();
	place = await centre(zj, 'con-rec', { queue: { record: true } });
	agent = await place.tenant.agent('1001', [place.queue], { answering: { after: 50 } });
	await place.tenant.api.patch(`/tenants/${place.tenant.id}`, { record_format: 'opus', record_encrypt: true });
	await poll(async () => (await zj.sql(`select 1 as one from recording_key where tenant_id = '${place.tenant.id}'`)).length, { timeout: 15_000, what: 'a key' });
	await pause(400);
	const { call } = await talking(zj, place, agent);
	await pause(4000);
	await call.hangup();
	recording = await poll(async () => {
		const { items } = await place.tenant.api.get(`/recordings?filter[call_id]=${call.id}`);
		return items[0]?.state === 'ready' && items[0];
	}, { timeout: 20_000, what: 'a finished recording' });
	await place.tenant.api.post('/accounts', { type: 'admin', username: 'leader', name: 'Lea', password });
	person = await Person.sit(browser, zj);
	await person.login({ tenant: place.tenant.name, username: 'leader', password });
}, { timeout: 180_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

const at = async () => Number(await person.id('player').first().getAttribute('data-at'));

test('the list shows who talked, and finds by number, queue, agent and time', async () => {
	await person.open('/data/recordings');
	await person.see('resource-list');
	const text = await poll(async () => {
		const t = await person.page.innerText('[data-testid="resource-list"]');
		return t.includes(recording.caller) && t;
	}, { what: 'the row' });
	assert.match(text, /1001/);
	await person.click('row-play');
	await person.see('list-player');
	await poll(async () => (await at()) > 0.2, { what: 'sound in the list' });
	for (const [field, value] of [['caller', recording.caller], ['queue_id', place.queue.id], ['agent_id', agent.id]])
		assert.equal((await place.tenant.api.get(`/recordings?filter[${field}]=${value}`)).items.length, 1, field);
	const later = new Date(Date.now() + 60_000).toISOString();
	assert.equal((await place.tenant.api.get(`/recordings?filter[from_at][ge]=${later}`)).items.length, 0);
});

test('it plays with a wave of each end, jumps by a click, goes faster, is taken away under its name', async () => {
	await person.open(`/data/recordings/${recording.id}`);
	await person.see('player');
	await poll(async () => (await person.id('player').first().getAttribute('data-waves')) === '2', { what: 'the waves' });
	await person.click('player-play');
	await poll(async () => (await at()) > 0.2, { what: 'sound' });
	const wave = await person.id('player-wave').first().boundingBox();
	await person.page.mouse.click(wave.x + wave.width * 0.75, wave.y + wave.height / 2);
	assert.ok((await at()) > 2, `${await at()} s after a click at three quarters`);
	await person.id('player-wave').first().press('Home');
	await person.choose('player-speed', '2');
	const rate = await person.page.evaluate(() => document.querySelector('audio').playbackRate);
	assert.equal(rate, 2);
	const coming = person.page.waitForEvent('download');
	await person.click('recording-download');
	assert.match((await coming).suggestedFilename(), new RegExp(`^\\d{14}-1001-${recording.caller}\\.opus$`));
	assert.deepEqual(person.faults, []);
});

test('from the call\'s record, too; what a leader notes is there for who reads it', async () => {
	await person.open(`/calls/${recording.call_id}`);
	await person.see('recording');
	await poll(async () => (await person.id('player-time').first().innerText()).split('/')[1].trim() !== '0:00', { what: 'its length' });
	await place.tenant.api.patch(`/recordings/${recording.id}`, { note: 'friendly, but too long' });
	await person.open(`/data/recordings/${recording.id}`);
	await person.page.getByText('friendly, but too long').first().waitFor();
});

test('prompts: played and taken away in the list, their language versions side by side', async () => {
	const { api } = place.tenant;
	const zh = await api.post('/prompts', { name: 'greeting', language: 'zh', text: '您好，欢迎致电。' });
	const en = await api.post('/prompts', { name: 'greeting', language: 'en', text: 'Welcome to our company.' });
	await person.open('/data/prompts?q=greeting');
	await poll(async () => (await person.id('row-play').count()) === 2, { what: 'two versions' });
	await person.click('row-play');
	await poll(async () => (await at()) > 0.2, { what: 'a prompt sounds' });
	await person.choose('player-speed', '1.5');
	assert.equal(await person.page.evaluate(() => document.querySelector('audio').playbackRate), 1.5);
	await person.click('row-menu');
	const coming = person.page.waitForEvent('download');
	await person.page.getByText('Download', { exact: true }).first().click();
	assert.match((await coming).suggestedFilename(), /\.wav$/);
	await person.open(`/data/prompts/${zh.id}`);
	await person.see('prompt-panel');
	await poll(async () => (await person.id('prompt-version').first().getAttribute('data-language')) === 'en', { what: 'the other language' });
	assert.deepEqual(person.faults, []);
	await api.delete(`/prompts/${en.id}`);
	await person.open(`/data/prompts/${zh.id}`);
	await person.click('prompt-add'); // last: a form that was begun does not let go without a question
	await poll(async () => (await person.page.locator('[data-testid="field-name"] input, input[data-testid="field-name"]').first().inputValue()) === 'greeting', { what: 'the name is there' });
});
