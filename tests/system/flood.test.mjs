// What a hostile client does with connections alone: opens very many, feeds them a byte at a time, opens HTTP/2 streams only to
// reset them. Meanwhile everybody else is served, and no process dies.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { Instance } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';

let zj;
let pids;
before(async () => {
	zj = await Instance.take({ exclusive: true });
	pids = await pidsOf();
}, { timeout: 600_000 });
after(() => zj?.release());

const pidsOf = async () => Object.fromEntries(Object.entries(await zj.processes()).filter(([name]) => ['api', 'haproxy'].includes(name)).map(([name, p]) => [name, p.pid]));
const tlsPort = () => zj.base + 1;

/** A socket that says nothing; resolves when it is connected, `closed` when the other side ends it. */
function idle(port, { secure = false, from } = {}) {
	return new Promise((resolve, reject) => {
		const socket = secure ? tls.connect({ port, host: '127.0.0.1', localAddress: from, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }) : net.connect({ port, host: '127.0.0.1', localAddress: from });
		socket.closed_ = new Promise((done) => socket.once('close', done));
		socket.once(secure ? 'secureConnect' : 'connect', () => resolve(socket)).on('error', reject);
	});
}

async function many(n, make, atOnce = 200) {
	const made = [];
	for (let i = 0; i < n; i += atOnce)
		made.push(...await Promise.all(Array.from({ length: Math.min(atOnce, n - i) }, (_, k) => make(i + k))));
	return made;
}

async function served(seconds = 5) {
	const began = Date.now();
	assert.equal((await zj.carrier.fetch('GET', '/session')).status, 200);
	assert.ok(Date.now() - began < seconds * 1000, `an ordinary request took ${Date.now() - began} ms`);
}

test('10,000 idle connections are held, and others are served meanwhile', { timeout: 120_000 }, async () => {
	const sockets = await many(10_000, () => idle(zj.base));
	await served();
	await served();
	assert.equal(sockets.filter((s) => s.destroyed).length, 0, 'none was turned away');
	for (const s of sockets)
		s.destroy();
	await poll(async () => (await served(), true), { what: 'served after the flood' });
	assert.deepEqual(await pidsOf(), pids);
});

test('one address may hold 2,000 connections at the edge; the next is refused, other addresses are not', { timeout: 120_000 }, async () => {
	const sockets = await many(2000, () => idle(tlsPort(), { secure: true, from: '127.0.0.77' }), 50);
	await assert.rejects(many(20, () => idle(tlsPort(), { secure: true, from: '127.0.0.77' })), /ECONNRESET|disconnected|EPIPE|closed/);
	(await idle(tlsPort(), { secure: true, from: '127.0.0.78' })).destroy();
	for (const s of sockets)
		s.destroy();
	assert.deepEqual(await pidsOf(), pids);
});

test('heads and bodies fed a byte at a time are cut off', { timeout: 120_000 }, async () => {
	const drip = async (port, secure, head) => {
		const s = await idle(port, { secure });
		s.on('error', () => {});
		s.write(head);
		const timer = setInterval(() => !s.destroyed && s.write('a'), 500);
		const began = Date.now();
		await s.closed_;
		clearInterval(timer);
		return (Date.now() - began) / 1000;
	};
	const body = 'POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n';
	const seconds = Promise.all([
		...Array.from({ length: 200 }, () => drip(tlsPort(), true, 'GET /api/v1/session HTTP/1.1\r\nHost: x\r\nX-Slow: ')),
		...Array.from({ length: 200 }, () => drip(zj.base, false, 'GET /api/v1/session HTTP/1.1\r\nHost: x\r\nX-Slow: ')),
		...Array.from({ length: 100 }, () => drip(zj.base, false, body)),
	]);
	await served();
	const slowest = Math.max(...await seconds);
	assert.ok(slowest < 60, `the slowest was cut off after ${slowest} s`);
	assert.deepEqual(await pidsOf(), pids);
});

test('HTTP/2 rapid reset: streams opened and reset cost the api little, and others are served', { timeout: 120_000 }, async (t) => {
	const RESETS = 20_000;
	const metric = async () => Number((await (await fetch(`http://127.0.0.1:${zj.base + 94}/metrics`)).text()).match(/requests(?:_total)? (\d+)/)?.[1]);
	const before = await metric();
	assert.ok(before > 0);
	let sent = 0;
	while (sent < RESETS) {
		const session = http2.connect(`https://127.0.0.1:${tlsPort()}`, { rejectUnauthorized: false });
		const gone = new Promise((done) => session.on('error', done).on('close', done).on('goaway', done));
		await Promise.race([gone, new Promise((done) => session.once('connect', done))]);
		for (let i = 0; i < 1000 && !session.destroyed && !session.closed; i++, sent++) {
			const stream = session.request({ ':path': '/api/v1/session' });
			stream.on('error', () => {});
			stream.close(http2.constants.NGHTTP2_CANCEL);
		}
		sent += session.destroyed ? 1 : 0;
		await Promise.race([gone, new Promise((done) => setTimeout(done, 20))]);
		session.destroy();
	}
	await served();
	const passed = await metric() - before;
	t.diagnostic(`${passed} of ${sent} reached the api`);
	assert.ok(passed < RESETS / 2, `${passed} of ${RESETS} reset requests reached the api`);
	assert.deepEqual(await pidsOf(), pids);
});
