// Faxes over a leg's audio: with a fax machine at the far end, pages compared bit by bit; what goes wrong, and what ends it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { faxOn, faxWhenOffered, makePages, pixels } from '../../tests/tools/fax.mjs';
import { Impair } from '../../tests/tools/impair.mjs';
import { poll } from '../../tests/tools/wait.mjs';
import { Rig, tenant, uuid } from './rig.mjs';

let rig;
let owner;
const closing = [];

before(async () => {
	rig = await Rig.start();
	owner = await rig.controller();
});
afterEach(async () => {
	for (const c of closing.splice(0).reverse())
		await c.close();
	await poll(async () => (await rig.metric('legs')) === 0, { what: 'all legs gone' });
});
after(async () => {
	owner?.vanish();
	assert.equal(await rig.stop(), 0);
});

async function callIn() {
	const callId = uuid();
	const p = await rig.phone('1001');
	closing.push(p);
	const call = await p.call('4001', { headers: rig.headers(callId) });
	const { leg } = await owner.next('leg.incoming', (e) => e.call === callId);
	await owner.do('leg.answer', { leg });
	await owner.next('leg.answered', (e) => e.leg === leg);
	await call.answered;
	return { call, leg };
}
function peer(call, ...args) {
	const machine = faxOn(call, ...args);
	closing.push(machine);
	return machine;
}
const at = (name) => path.join(rig.store, name);
const name = (id) => `${tenant}/fax/${id}.tif`;
const receive = (leg, fax, more = {}) => owner.do('leg.fax', { leg, fax, do: 'receive', path: name(fax), station: '+86 21 5555', ...more });
const faxed = (fax) => owner.next('leg.faxed', (e) => e.fax === fax, 150_000);

test('three pages come bit by bit as they were, with who sent them, each page told; the sum is the file\'s', async () => {
	const sent = await makePages(at('a.tif'), 3);
	const { call, leg } = await callIn();
	const fax = uuid();
	const machine = peer(call, 'send', at('a.tif'), { ident: '+86 10 4711' });
	await receive(leg, fax);
	const end = await faxed(fax);
	assert.deepEqual([end.reason, end.pages, end.station, end.ecm, end.do, end.because], ['done', 3, '+86 10 4711', true, 'receive', 'OK']);
	assert.equal(end.bit_rate, 14400);
	assert.deepEqual(await pixels(at(end.path)), sent);
	const bytes = fs.readFileSync(at(end.path));
	assert.equal(createHash('sha256').update(bytes).digest('hex'), end.sha256);
	assert.equal(bytes.length, end.bytes);
	assert.deepEqual(owner.events.filter((e) => e.event === 'leg.fax_page' && e.fax === fax).map((e) => e.pages).filter((n, i, a) => a[i - 1] !== n).slice(-3), [1, 2, 3]);
	const far = await machine.done;
	assert.deepEqual([far.pages, far.because, far.ident], [3, 'OK', '+86 21 5555']);
});


test('over a line that jitters and reorders; and without error correction', async () => {
	const sent = await makePages(at('c.tif'), 1, { seed: 3 });
	const first = await callIn();
	const net = await Impair.start({ to: first.call.rtp.remote, jitter: 30, reorder: 1, dup: 1, seed: 11 });
	closing.push(net);
	const fax = uuid();
	peer(first.call, 'send', at('c.tif'), { via: net.near });
	await receive(first.leg, fax);
	const end = await faxed(fax);
	assert.equal(end.reason, 'done', end.because);
	assert.deepEqual(await pixels(at(end.path)), sent);
	const second = await callIn();
	const plain = uuid();
	peer(second.call, 'send', at('c.tif'), { ecm: false });
	await receive(second.leg, plain);
	const other = await faxed(plain);
	assert.deepEqual([other.reason, other.ecm], ['done', false]);
	assert.deepEqual(await pixels(at(other.path)), sent);
});

test('the far end hangs up in the second page: the first is kept, and said', async () => {
	const sent = await makePages(at('d.tif'), 2, { seed: 9 });
	const { call, leg } = await callIn();
	const fax = uuid();
	const machine = peer(call, 'send', at('d.tif'), { quit: 1 });
	await receive(leg, fax);
	await machine.done;
	await call.hangup();
	const end = await faxed(fax);
	assert.deepEqual([end.reason, end.pages], ['hungup', 1]);
	assert.deepEqual((await pixels(at(end.path)))[0], sent[0]);
});

test('nobody there who faxes; too many pages; stopped; a path outside', async () => {
	const quiet = await callIn();
	const nobody = uuid();
	await receive(quiet.leg, nobody, { max_ms: 3000 });
	assert.equal((await faxed(nobody)).reason, 'time');
	const stopped = uuid();
	await receive(quiet.leg, stopped);
	await assert.rejects(receive(quiet.leg, uuid()), /fax/, 'one at a time');
	await owner.do('leg.fax_stop', { leg: quiet.leg, fax: stopped });
	assert.deepEqual([(await faxed(stopped)).reason], ['stopped']);
	await assert.rejects(owner.do('leg.fax', { leg: quiet.leg, fax: uuid(), do: 'receive', path: '../x.tif' }), /path/);
	await assert.rejects(owner.do('leg.fax', { leg: quiet.leg, fax: uuid(), do: 'receive', path: 'x.wav' }), /path/);
	await assert.rejects(owner.do('leg.fax', { leg: quiet.leg, fax: uuid(), do: 'copy', path: 'x.tif' }), /do/);
	await assert.rejects(owner.do('leg.fax', { leg: quiet.leg, fax: uuid(), do: 'send', path: 'nothing.tif' }), /no_such_file/);
	await makePages(at('e.tif'), 2, { seed: 5 });
	const many = await callIn();
	const fax = uuid();
	peer(many.call, 'send', at('e.tif'));
	await receive(many.leg, fax, { max_pages: 1 });
	const end = await faxed(fax);
	assert.deepEqual([end.reason, end.pages], ['pages', 1]);
});

test('an ear on a voice call hears that a fax calls, once', async () => {
	await makePages(at('f.tif'), 1);
	const { call, leg } = await callIn();
	await owner.do('leg.ear', { leg, on: true });
	peer(call, 'send', at('f.tif'), { seconds: 12 });
	const { tone } = await owner.next('leg.tone', (e) => e.leg === leg, 12_000);
	assert.equal(tone, 'cng');
	const fax = uuid();
	await receive(leg, fax, { max_ms: 2000 });
	assert.equal((await faxed(fax)).reason, 'time', 'a fax takes the ear\'s place');
});

test('by T.38, with 1 % of the datagrams lost: three pages bit by bit; refused, it goes on as audio', async () => {
	const sent = await makePages(at('g.tif'), 3, { seed: 60 });
	const { call, leg } = await callIn();
	const fax = uuid();
	const offered = faxWhenOffered(call, 'send', at('g.tif'), {
		ident: 'T38', via: async (remote) => {
			const net = await Impair.start({ to: remote, loss: 1, jitter: 10, seed: 5 });
			closing.push(net);
			return net.near;
		},
	});
	await receive(leg, fax, { t38: true });
	const machine = await offered;
	closing.push(machine);
	assert.match(machine.offer, /a=T38FaxVersion:0\r\n.*a=T38FaxRateManagement:transferredTCF\r\n.*a=T38FaxUdpEC:t38UDPRedundancy/s);
	const end = await faxed(fax);
	assert.deepEqual([end.reason, end.pages, end.t38, end.station, end.ecm], ['done', 3, true, 'T38', true], end.because);
	assert.deepEqual(await pixels(at(end.path)), sent);
	assert.equal((await machine.done).because, 'OK');
	const deaf = await callIn();
	deaf.call.imageOffered = (request, respond) => respond(488, 'Not Acceptable Here', { tag: deaf.call.localTag });
	const other = uuid();
	peer(deaf.call, 'send', at('a.tif'));
	await receive(deaf.leg, other, { t38: true });
	const heard = await faxed(other);
	assert.deepEqual([heard.reason, heard.pages, heard.t38], ['done', 3, false], heard.because);
});
