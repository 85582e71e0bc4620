// An ordinary resource is one SQL file (api/test/toy.sql): without a line of C or TypeScript, without a restart it has a page with its
// entry in the menu, a form, a list, an import and an export. An api, a worker and a database of its own, for the file adds a table.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root } from '../../schema/test/pg.mjs';
import { build, startEnv, until } from '../../api/test/env.mjs';
import { Person, openChromium } from '../tools/console.mjs';

const freePort = () => new Promise((done) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); }); });
let env, admin, browser, me, worker;

before(async () => {
	env = await startEnv({ conf: { web: join(root, 'build/web') } });
	const conf = join(env.dir, 'worker.conf');
	writeFileSync(conf, `database = host=${env.pg.dir} port=${env.pg.port} user=zj_worker dbname=zongji\nstore = ${env.settings.store}\nhealth_port = ${await freePort()}\npoll_ms = 50\n`);
	const log = openSync(join(env.dir, 'worker.log'), 'a');
	worker = spawn(join(build, 'bin/worker'), ['--config', conf], { stdio: ['ignore', log, log] });
	admin = await env.tenant('alpha');
	env.pg.sql(`begin; ${readFileSync(join(root, 'api/test/toy.sql'), 'utf8')}; commit`);
	await until('toys', async () => (await admin.get('/toys')).status === 200, 10_000);
	browser = await openChromium();
	me = await Person.sit(browser, env);
	await me.login({ tenant: 'alpha', username: 'admin', password: 'tenant-password' });
}, { timeout: 120_000 });
after(async () => {
	await browser?.close();
	if (worker && worker.exitCode === null) {
		const gone = new Promise((done) => worker.once('exit', done));
		worker.kill();
		await gone;
	}
	await env?.close();
});

const list = () => me.page.locator('[data-testid=resource-list][data-ready=true]').first();

test('it stands in the menu, and a row made in its form is in its list, with the labels of its choices', async () => {
	await me.click('resource-toys');
	await list().waitFor();
	await me.click('list-add');
	await me.see('form-save');
	await me.type('field-number', '1x');
	await me.type('field-name', 'Bear');
	await me.click('form-save');
	await until('the rule that the column has is told at the field', async () => (await me.page.locator('[data-testid=field-number].bad').count()) === 1, 12_000);
	await me.type('field-number', '11');
	await me.click('form-save');
	await until('it is there', async () => (await admin.get('/toys?filter[number]=11')).body.items.length === 1, 12_000);
	await me.open('/data/toys');
	await list().waitFor();
	await me.page.getByTestId('data-row').filter({ hasText: 'Bear' }).filter({ hasText: 'Red' }).first().waitFor();
	assert.deepEqual(me.faults, []);
});

test('a file is imported: choices by their labels, bad rows with their reasons; and exported again', async () => {
	const file = join(env.dir, 'toys.csv');
	writeFileSync(file, 'Number,Name,Colour,Price\n21,Car,Blue,1.5\n22,Ship,Pink,2\n23,Plane,Green,-1\n24,Ball,Green,3\n');
	await me.open('/data/toys');
	await list().waitFor();
	await me.click('list-more');
	await me.click('list-more-import');
	await me.id('import-file').setInputFiles(file);
	await me.see('import-columns');
	assert.deepEqual(await Promise.all([0, 1, 2, 3].map((i) => me.id(`map-${i}`).inputValue())), ['number', 'name', 'colour', 'price']);
	await me.click('import-next');
	await me.see('import-rules');
	await me.id('match-number').check();
	await me.click('import-next');
	await me.page.locator('[data-testid=import-result][data-state=finished]').waitFor();
	assert.deepEqual(await Promise.all(['created', 'failed'].map((k) => me.text(`import-${k}`))), ['2', '2']);
	assert.deepEqual((await admin.get('/toys?filter[number][starts]=2&sort=number')).body.items.map((t) => [t.number, t.colour, t.price]), [['21', 'blue', 1.5], ['24', 'green', 3]]);
	const job = (await admin.post('/toys/export', { format: 'csv', query: 'filter[number][starts]=2' })).body;
	await until('exported', async () => (await admin.get(`/jobs/${job.id}`)).body.state === 'finished', 20_000);
	const text = (await admin.get(`/jobs/${job.id}/file`)).body;
	assert.ok(/Car/.test(text) && /Ball/.test(text) && !/Bear/.test(text), text);
});
