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
	const log = (await place.tenant.api.get(`/recording-events?filter[recording_id]=${recording.id}&expand=by_account`)).items;
	assert.ok(log.some((e) => e.what === 'downloaded' && e.expand.by_account.label.startsWith('leader')), JSON.stringify(log));
});

// covers: MED-L09
test('annotations: a leader says something about a place in a recording; its agent finds it in its own call records, another agent nothing', async () => {
	const { api } = place.tenant;
	const role = (await api.get('/roles?filter[kind]=agent')).items[0];
	for (const [number, who] of [['1001', agent], ['1002', await place.tenant.agent('1002', [], { answering: { after: 50 } })]]) {
		const account = await api.post('/accounts', { username: `u${number}`, name: `Agent ${number}`, password, role_id: role.id });
		await api.patch(`/agents/${who.id}`, { account_id: account.id });
	}
	await person.open(`/data/recordings/${recording.id}`);
	await poll(async () => (await person.id('player-time').first().innerText()).split('/')[1].trim() !== '0:00', { what: 'its length' });
	const wave = await person.id('player-wave').first().boundingBox();
	await person.page.mouse.click(wave.x + wave.width / 2, wave.y + wave.height / 2);
	const there = await at();
	assert.ok(there > 1, `${there} s`);
	await person.type('annotation-new', 'Here you should ask for the order number.');
	await person.click('annotation-add');
	await person.see('annotation');
	await person.see('player-mark');
	const [note] = (await api.get(`/recording-annotations?filter[recording_id]=${recording.id}`)).items;
	assert.deepEqual([note.agent_id, note.author, note.recorded_at, note.number], [agent.id, 'Lea', recording.from_at, recording.caller]);
	assert.ok(Math.abs(note.at_ms - there * 1000) < 200, `${note.at_ms}`);
	for (const [field, value] of Object.entries({ text: '  ', at_ms: 3_600_000, recording_id: note.id }))
		await assert.rejects(api.post('/recording-annotations', { recording_id: recording.id, text: 'x', [field]: value }), (e) => e.status >= 400 && e.status < 500, field);

	const mine = await Person.sit(browser, zj);
	await mine.login({ tenant: place.tenant.name, username: 'u1001', password });
	await mine.open(`/calls/${recording.call_id}`);
	await mine.see('annotation');
	assert.equal(await mine.text('annotation-text'), 'Here you should ask for the order number.');
	assert.match(await mine.text('annotation'), /Lea/, 'who said it');
	assert.equal(await mine.id('annotation-new').count(), 0, 'it reads only');
	await mine.close();
	const { Api } = await import('../tools/api.mjs');
	for (const [username, n] of [['u1001', 1], ['u1002', 0]]) {
		const own = await Api.login(zj.url, { tenant: place.tenant.name, username, password });
		assert.equal((await own.get('/recording-annotations')).items.length, n, username);
		await assert.rejects(own.patch(`/recording-annotations/${note.id}`, { text: 'mine' }), (e) => [403, 404].includes(e.status));
	}
	await person.click('annotation-remove');
	await person.gone('annotation');
	assert.deepEqual(person.faults, []);
});

// covers: MED-L07
test('the list is narrowed by customer, number, queue and agent (also deleted ones), time and type of call', async () => {
	const { api, id: tenant } = place.tenant;
	const [queue, gone] = [await api.post('/queues', { number: '4002', name: 'Complaints' }), await place.tenant.agent('1003')];
	const rows = [ // days ago, direction, kind, number, customer, queue, agent
		[1, 'in', 'queue', '13900000001', 'Anna Miller', queue.id, agent.id], [2, 'out', 'manual', '13900000002', 'Bob Millard', null, gone.id],
		[3, 'out', 'predictive', '13900000013', 'Carl', queue.id, gone.id], [400, 'in', 'queue', '13700000001', '', null, agent.id],
	];
	for (const [days, direction, kind, number, name, q, a] of rows)
		await zj.sql(`insert into recording (tenant_id, call_id, id, from_at, to_at, node, path, bytes, direction, kind, caller, callee, customer_name, queue_id, agent_id, state)
			select '${tenant}', zj_uuid7(), zj_uuid7(), now() - interval '${days} days', now() - interval '${days} days' + interval '1 minute', 'x', '${tenant}/x.wav', 1, '${direction}', '${kind}',
				'${direction === 'in' ? number : '02100'}', '${direction === 'in' ? '02100' : number}', '${name}', ${q ? `'${q}'` : 'null'}, '${a}', 'deleted'`);
	await api.delete(`/queues/${queue.id}`);
	await api.delete(`/agents/${gone.id}`);
	await person.open('/data/recordings');
	await person.see('resource-list');
	if (!await person.id('search-panel').count())
		await person.click('panel-toggle');
	await person.see('search-panel');
	const numbers = async () => (await person.page.locator('[data-testid=data-row] [data-field=number]').allInnerTexts()).map((x) => x.trim()).toSorted();
	const finds = async (what, wanted, fill) => {
		await person.click('panel-reset');
		await poll(async () => !person.page.url().includes('f.') && (await numbers()).length === 5, { what: 'all of them again' });
		await fill();
		await person.click('panel-search');
		await poll(async () => JSON.stringify(await numbers()) === JSON.stringify(wanted), { what: `${what}: ${wanted}` }).catch(async (error) => {
			throw new Error(`${error.message}, but ${await numbers()}`);
		});
	};
	const line = (field) => person.id(`condition-${field}`).first();
	const text = (field, op, value) => async () => {
		await line(field).locator('select.op').selectOption(op);
		await line(field).locator('input').fill(value);
	};
	await finds('customer, fuzzy', ['13900000001', '13900000002'], text('customer_name', 'contains', 'mill'));
	await finds('customer, exact', ['13900000001'], text('customer_name', 'eq', 'Anna Miller'));
	await finds('number, fuzzy', ['13700000001', '13900000001'], text('number', 'contains', '00000001'));
	await finds('number, exact', ['13900000002'], text('number', 'eq', '13900000002'));
	await finds('a deleted queue', ['13900000001', '13900000013'], () => person.pick('value-queue_id', /Complaints.*\[deleted\]/));
	await finds('a deleted agent', ['13900000002', '13900000013'], () => person.pick('value-agent_id', /1003.*\[deleted\]/));
	await finds('a living queue', [recording.caller], () => person.pick('value-queue_id', /4001/));
	for (const [type, wanted] of [['in', ['13700000001', '13900000001', recording.caller].toSorted()], ['auto', ['13900000013']], ['manual', ['13900000002']]])
		await finds(type, wanted, async () => {
			await line('call_type').locator('select.op').selectOption('eq');
			await line('call_type').locator('select').nth(1).selectOption(type);
		});
	await finds('time', ['13700000001'], async () => {
		const ends = line('from_at').locator('input');
		for (const [end, days] of [[ends.first(), 420], [ends.last(), 380]]) {
			await end.fill(new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19).replace('T', ' '));
			await end.press('Enter');
		}
	});
	await person.click('panel-reset');
	await poll(async () => (await numbers()).length === 5, { what: 'all again' });
	assert.match(await person.page.innerText('[data-testid="resource-list"]'), /Complaints.*deleted/s, 'the list marks it, too');
	await person.type('data-search', 'millard');
	await poll(async () => JSON.stringify(await numbers()) === '["13900000002"]', { what: 'by the search box' });
	assert.deepEqual(person.faults, []);
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
