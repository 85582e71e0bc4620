// What is not audio passes between two telephones: T.38 of two fax machines.
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { faxOn, faxWhenOffered, image, makePages, pixels } from '../tools/fax.mjs';
import { Instance } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'zj-passage-'));
const at = (name) => path.join(dir, name);
const phones = {};
let zj, tenant;
let calls = [];

before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('passage');
	for (const number of ['1001', '1002'])
		phones[number] = await tenant.phone(await tenant.extension(number), { answering: { after: 50 } });
	await tenant.settled();
}, { timeout: 150_000 });
after(async () => {
	await zj?.release();
	fs.rmSync(dir, { recursive: true, force: true });
});
afterEach(() => Promise.all(calls.splice(0).map((call) => call.hangup().catch(() => {}))));

/** 1001 calls 1002: both ends, when they hear each other. */
async function pair() {
	const here = await phones[1001].call('1002', { tone: 500 });
	const there = await phones[1002].nextCall();
	calls.push(here, there);
	await Promise.all([here.answered, there.answered]);
	there.rtp.tone(800);
	await Promise.all([here.rtp.hears(800, { timeout: 10_000 }), there.rtp.hears(500, { timeout: 10_000 })]);
	return { here, there };
}
async function offers(call, body) {
	const answer = await call.request('INVITE', { body, headers: { 'Content-Type': 'application/sdp' } });
	if (answer.status < 300)
		call.ack(answer);
	return answer;
}
const where = (body) => {
	const [, host, port] = /^c=IN IP4 (\S+)[^]*^m=image (\d+) udptl t38/m.exec(body);
	return { host, port: Number(port) };
};
const relays = async (policy) => {
	for (const { id } of (await tenant.api.get('/extensions')).items)
		await tenant.api.patch(`/extensions/${id}`, { media_relay: policy });
	await tenant.settled();
};

test('a fax machine calls another: T.38 is offered by the one that is called, agreed end to end, the page arrives bit by bit', { timeout: 200_000 }, async () => {
	const sent = await makePages(at('sent.tif'), 1, { seed: 7 });
	const { here, there } = await pair();
	const sending = faxWhenOffered(here, 'send', at('sent.tif'), { ident: 'HERE' });
	const answer = await offers(there, image('127.0.0.1', there.rtp.port).replace('T38FaxMaxDatagram:400', 'T38FaxMaxDatagram:399'));
	assert.equal(answer.status, 200);
	const { host, port } = where(answer.body);
	assert.notEqual(port, here.rtp.port, 'past mediad');
	const receiving = zj.later(faxOn(there, 'receive', at('got.tif'), { ident: 'THERE', t38: true, via: { host, port } }));
	const machine = zj.later(await sending);
	assert.match(machine.offer, /T38FaxMaxDatagram:399/, 'what the other machine says of itself, verbatim');
	const [a, b] = await Promise.all([machine.done, receiving.done]);
	assert.deepEqual([a.because, a.pages, b.because, b.pages], ['OK', 1, 'OK', 1]);
	assert.deepEqual(await pixels(at('got.tif')), sent);
});

test('through relays, too: the datagrams of each machine come to the other as they are', { timeout: 120_000 }, async () => {
	await relays('always');
	const { here, there } = await pair();
	let offered;
	here.imageOffered = (request, respond) => {
		offered = request.body;
		here.repeating = respond(200, 'OK', { tag: here.localTag, body: image('127.0.0.1', here.rtp.port), headers: { Contact: here.phone.contact, 'Content-Type': 'application/sdp' } });
	};
	const answer = await offers(there, image('127.0.0.1', there.rtp.port));
	assert.equal(answer.status, 200);
	const ways = [[here, where(offered), 'of here'], [there, where(answer.body), 'of there']];
	const came = ways.map(([call]) => {
		const all = new Set();
		call.rtp.stop();
		call.rtp.socket.on('message', (data) => all.add(data.toString('latin1')));
		return all;
	});
	await poll(() => {
		for (const [call, to, text] of ways)
			call.rtp.socket.send(Buffer.from(`\0\x01${text}`, 'latin1'), to.port, to.host);
		return came[0].has('\0\x01of there') && came[1].has('\0\x01of here');
	}, { timeout: 20_000, every: 50, what: 'datagrams both ways' });
	await relays('auto');
});

test('who knows no T.38 says no, and it is no for the other one, too; both still hear each other', { timeout: 60_000 }, async () => {
	const { here, there } = await pair();
	here.imageOffered = (request, respond) => respond(488, 'Not Acceptable Here', { tag: here.localTag });
	assert.equal((await offers(there, image('127.0.0.1', there.rtp.port))).status, 488);
	await Promise.all([here.rtp.hears(800), there.rtp.hears(500)]);
});

test('after the fax one goes back to audio, and so does the other; the call goes on', { timeout: 60_000 }, async () => {
	const { here, there } = await pair();
	here.imageOffered = (request, respond) => {
		here.imageOffered = null;
		here.repeating = respond(200, 'OK', { tag: here.localTag, body: image('127.0.0.1', here.rtp.port), headers: { Contact: here.phone.contact, 'Content-Type': 'application/sdp' } });
	};
	assert.equal((await offers(there, image('127.0.0.1', there.rtp.port))).status, 200);
	const back = new Promise((resolve) => here.once('reinvited', resolve));
	// The offer may overtake the ACK before it, which another process of the edge has: then it comes again, as Retry-After asks.
	const answer = await poll(async () => { const r = await offers(there, there.rtp.sdp({ version: 9 })); return r.status !== 500 && r; }, { what: 'no 500' });
	assert.equal(answer.status, 200);
	assert.match((await back).body, /^m=audio [1-9]/m);
	await Promise.all([here.rtp.hears(800, { timeout: 10_000 }), there.rtp.hears(500, { timeout: 10_000 })]);
});
