// Faxes from and to the world: a fax machine at the carrier's end, through Kamailio; the pages compared bit by bit, by API, by e-mail; what is refused.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { faxOn, faxWhenOffered, makePages, pixels } from '../tools/fax.mjs';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { Smtp } from '../tools/smtp.mjs';
import { poll } from '../tools/wait.mjs';

const run = promisify(execFile);
let zj;
let tenant;
let events;
let smtp;
let owner;
let device;
let did;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'zj-fax-'));
const at = (name) => path.join(dir, name);

before(async () => {
	zj = await Instance.take();
	smtp = zj.later(await Smtp.listen(zj.base + 97));
	tenant = await zj.tenant('fax');
	events = await tenant.events();
	owner = await tenant.api.post('/accounts', { username: 'faxer', name: 'Faxer', password: 'Clerk-pass-1', email: 'faxer@example.test' });
	device = await tenant.api.post('/fax-devices', { name: 'Front desk', number: '7100', station_id: '+86 21 5555 0001', city_code: '021', account_id: owner.id, answer_rings: 0, max_channels: 1, hangup_action: 'mail', t38: false });
	did = await tenant.did('fax', device);
}, { timeout: 150_000 });
after(async () => {
	await zj?.release();
	fs.rmSync(dir, { recursive: true, force: true });
});

async function caller(number, to = did) {
	for (let tries = 0; ; tries++) {
		const call = await zj.call(number, to);
		const { status } = await call.final();
		if (status === 200 || tries >= 20)
			return { call, status };
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}
const row = (what, test, timeout = 60_000) => poll(async () => (await tenant.api.get('/faxes?sort=-id')).items.find(test), { timeout, every: 300, what });
async function download(api, id, query) {
	const answer = await api.fetch('GET', `/faxes/${id}/file?${query}`);
	return { status: answer.status, type: answer.headers.get('content-type'), bytes: Buffer.from(await answer.arrayBuffer()) };
}
async function upload(name, media_type, bytes) {
	const { id } = await tenant.api.post('/uploads', { name, media_type, purpose: 'faxes.source_id', bytes: bytes.length });
	await tenant.api.request('PUT', `/uploads/${id}/parts/1`, { body: bytes, headers: { 'Content-Type': 'application/octet-stream' } });
	await tenant.api.post(`/uploads/${id}/complete`, {});
	return id;
}

// covers: MED-V336 MED-V337
test('a fax from outside: three pages, bit by bit, with its sender; read as PDF and TIFF, mailed, deleted; nobody else sees it', async () => {
	const sent = await makePages(at('in.tif'), 3);
	const { call, status } = await caller('13911112222');
	assert.equal(status, 200);
	const machine = zj.later(faxOn(call, 'send', at('in.tif'), { ident: '+86 10 4711' }));
	const { status: busy } = await (await zj.call('13900000001', did)).final();
	assert.equal(busy, 486, 'one channel');
	assert.deepEqual(['OK', 3], (({ because, pages }) => [because, pages])(await machine.done));
	const fax = await row('the fax', (f) => f.number === '13911112222');
	assert.deepEqual([fax.state, fax.direction, fax.kind, fax.pages, fax.station, fax.device_id, fax.account_id], ['received', 'in', 'automatic', 3, '+86 10 4711', device.id, null]);
	assert.ok(events.log.some((e) => e.type === 'fax.page') && events.log.some((e) => e.type === 'fax.ended' && e.data.id === fax.id));
	const whole = await tenant.api.get(`/faxes/${fax.id}`);
	assert.deepEqual([whole.ecm, whole.bit_rate, whole.width], [true, 14400, 1728]);
	const tiff = await download(tenant.api, fax.id, 'format=tiff&download=1');
	assert.equal(createHash('sha256').update(tiff.bytes).digest('hex'), whole.sha256);
	fs.writeFileSync(at('got.tif'), tiff.bytes);
	assert.deepEqual(await pixels(at('got.tif')), sent);
	const mail = await smtp.next((m) => m.to.includes('faxer@example.test'));
	assert.match(mail.headers.subject, /13911112222.*3/);
	assert.equal(mail.attachments[0].data.subarray(0, 5).toString(), '%PDF-');
	const pdf = await download(tenant.api, fax.id, 'format=pdf');
	assert.deepEqual([pdf.status, pdf.type], [200, 'application/pdf']);
	assert.deepEqual(pdf.bytes, mail.attachments[0].data);
	const f = await zj.facts(tenant, `id = '${whole.call_id}'`);
	assert.deepEqual([f.call.result, f.segments.some((s) => s.kind === 'fax')], ['answered', true]);
	const stranger = await zj.tenant('fax-other');
	assert.equal((await download(stranger.api, fax.id, 'format=tiff')).status, 404);
	assert.deepEqual((await stranger.api.get('/faxes')).items, []);
	await tenant.api.delete(`/faxes/${fax.id}`);
	assert.equal((await download(tenant.api, fax.id, 'format=tiff')).status, 404);
});

test('what hangs up in the second page is kept in part; acd killed meanwhile loses nothing', async () => {
	const sent = await makePages(at('cut.tif'), 2, { seed: 20 });
	const { call } = await caller('13911113333');
	const machine = zj.later(faxOn(call, 'send', at('cut.tif'), { quit: 1 }));
	await new Promise((resolve) => setTimeout(resolve, 4000));
	await zj.kill('acd');
	await machine.done;
	await call.hangup();
	const fax = await row('the part', (f) => f.number === '13911113333');
	assert.deepEqual([fax.state, fax.pages, fax.reason], ['partial', 1, 'hungup']);
	fs.writeFileSync(at('cut-got.tif'), (await download(tenant.api, fax.id, 'format=tiff')).bytes);
	assert.equal((await pixels(at('cut-got.tif')))[0], sent[0]);
});

test('a PDF and a TIFF are sent by API: the far machine has every page; a wrong file is refused with the reason', async () => {
	const host = '127.0.0.37';
	const carrier = zj.later(await AnsweringCarrier.open({ host }));
	const trunk = await tenant.api.post('/trunks', { name: 'fax-out', host, probe_s: 0, caller_number: '02160000000' });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id });
	const sent = await makePages(at('out.tif'), 3, { seed: 50 });
	const wrong = await upload('words.txt', 'text/plain', Buffer.from('no fax at all'));
	const bad = await tenant.api.post('/faxes', { device_id: device.id, number: '02112345678', source_id: wrong });
	const refused = await row('the refusal', (f) => f.id === bad.id && f.state === 'failed');
	assert.equal(refused.reason, 'document');
	assert.match((await tenant.api.get(`/faxes/${bad.id}`)).because, /neither PDF nor TIFF/);
	await assert.rejects(tenant.api.post('/faxes', { device_id: device.id, number: '02112345678' }), { status: 422 });
	const number = zj.freshNumber('021');
	const made = await tenant.api.post('/faxes', { device_id: device.id, number, source_id: await upload('out.tif', 'image/tiff', fs.readFileSync(at('out.tif'))) });
	assert.equal(made.state, 'preparing');
	await carrier.invite(number, { timeout: 20_000 });
	const machine = zj.later(faxOn({ rtp: carrier.rtp }, 'receive', at('far.tif'), { ident: 'FAR' }));
	assert.deepEqual(['OK', 3, '+86 21 5555 0001'], (({ because, pages, ident }) => [because, pages, ident])(await machine.done));
	assert.deepEqual(await pixels(at('far.tif')), sent);
	const done = await row('sent', (f) => f.id === made.id && f.state === 'sent');
	assert.deepEqual((await tenant.api.get('/faxes?filter[reason]=document')).items.map((f) => f.id), [bad.id]);
	assert.deepEqual((await tenant.api.get(`/faxes?q=out.tif&filter[device_id]=${device.id}&filter[account_id]=${done.account_id}`)).items.map((f) => f.id), [made.id]);
	assert.deepEqual([done.pages, done.station, done.direction, done.kind, done.name], [3, 'FAR', 'out', 'manual', 'out.tif']);
	await run('/usr/bin/tiff2pdf', ['-o', at('doc.pdf'), at('out.tif')]);
	const pdf = await tenant.api.post('/faxes', { device_id: device.id, number: zj.freshNumber('021'), source_id: await upload('doc.pdf', 'application/pdf', fs.readFileSync(at('doc.pdf'))), due_at: new Date(Date.now() + 3600_000).toISOString() });
	const ready = await row('a PDF made ready', (f) => f.id === pdf.id && f.state === 'queued');
	assert.equal(ready.pages, 3);
	assert.equal((await download(tenant.api, pdf.id, 'format=tiff')).status, 200);
});

// covers: MED-Y09 PBX-Y08
test('a phone faxes by T.38, through the edge: offered, taken, bit by bit', async () => {
	const inside = await tenant.api.post('/fax-devices', { name: 'Back office', number: '7200', station_id: 'BACK', city_code: '021', account_id: owner.id, answer_rings: 0 });
	const phone = await tenant.phone(await tenant.extension('1003'));
	const sent = await makePages(at('t38.tif'), 2, { seed: 80 });
	const call = await poll(async () => {
		const c = await phone.call('7200');
		c.machine = faxWhenOffered(c, 'send', at('t38.tif'), { ident: 'T38' });
		return await Promise.race([c.answered.then(() => c), c.ended.then(() => null)]);
	}, { timeout: 8000, every: 300, what: 'the device' });
	const machine = zj.later(await call.machine);
	assert.equal((await machine.done).because, 'OK');
	const fax = await row('the fax', (f) => f.device_id === inside.id);
	assert.deepEqual([fax.state, fax.pages, fax.station], ['received', 2, 'T38']);
	fs.writeFileSync(at('t38-got.tif'), (await download(tenant.api, fax.id, 'format=tiff')).bytes);
	assert.deepEqual(await pixels(at('t38-got.tif')), sent);
});

// covers: MED-V335
test('a fax device takes what an outbound route\'s rule and a menu send to it', async () => {
	const device2 = await tenant.api.post('/fax-devices', { name: 'Dialled', number: '7300', station_id: 'DIALLED', city_code: '021', account_id: owner.id, answer_rings: 0 });
	const route = await tenant.api.post('/outbound-routes', { name: 'faxes' });
	await tenant.api.post('/outbound-rules', { route_id: route.id, prefix: '0177', destination_kind: 'fax', destination_id: device2.id });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_route_id: route.id });
	const menu = await tenant.flow('fax menu', '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><transfer name="t" dest="tel:7300"/></form></vxml>');
	const did = await tenant.did('ivr', menu);
	await tenant.settled();
	const sent = await makePages(at('target.tif'), 1, { seed: 90 });
	const phone = await tenant.phone(await tenant.extension('1004'));
	const outward = await phone.call('0177123');
	outward.machine = faxWhenOffered(outward, 'send', at('target.tif'), { ident: 'ROUTE' });
	await outward.answered;
	assert.equal((await zj.later(await outward.machine).done).because, 'OK');
	const { call, status } = await caller('13911115555', did);
	assert.equal(status, 200);
	await zj.later(faxOn(call, 'send', at('target.tif'), { ident: 'MENU' })).done;
	for (const station of ['ROUTE', 'MENU']) {
		const fax = await row(`the fax of ${station}`, (f) => f.device_id === device2.id && f.station === station);
		assert.deepEqual([fax.state, fax.pages], ['received', 1]);
		fs.writeFileSync(at('target-got.tif'), (await download(tenant.api, fax.id, 'format=tiff')).bytes);
		assert.deepEqual(await pixels(at('target-got.tif')), sent);
	}
});

test('the console lists faxes; a fax\'s page gives its pages; the form asks for device, number and file', async () => {
	const browser = await openChromium();
	zj.later(browser);
	const me = await Person.sit(browser, zj);
	const fax = await row('a fax with pages', (f) => f.state === 'received' || f.state === 'sent');
	await me.login({ tenant: tenant.name, username: 'admin', password: tenant.password });
	await me.see('board');
	await me.open('/data/faxes');
	await me.page.getByText('T38', { exact: true }).first().waitFor();
	await me.page.locator('h1').first().click();
	await me.page.keyboard.press('n');
	await me.see('form');
	for (const field of ['device_id', 'number', 'source_id', 'header'])
		await me.see(`field-${field}`);
	await me.open(`/data/faxes/${fax.id}`);
	for (const [link, begins] of [['fax-pdf', '%PDF'], ['fax-tiff', 'II*']]) {
		const [file] = await Promise.all([me.page.waitForEvent('download'), me.click(link)]);
		assert.ok(fs.readFileSync(await file.path(), 'latin1').startsWith(begins), link);
	}
	assert.deepEqual(me.faults, []);
});
