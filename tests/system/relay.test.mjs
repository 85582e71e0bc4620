// A media relay dies: its calls are offered to another, and everybody hears again within 5 s. `ZJ_LONG=1`: with 200 calls.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Instance } from '../tools/instance.mjs';
import { SLOW, poll } from '../tools/wait.mjs';
import { HZ, centre } from '../tools/scenes.mjs';

const CALLS = Number(process.env.ZJ_RELAY_CALLS ?? (process.env.ZJ_LONG ? 200 : 12));
const PROMISE_MS = 5000;

let zj;
let place;
let second;
let original;
const phones = [];
const relaysFile = () => path.join(zj.run, 'etc/kamailio-relays.cfg');

async function restartEdge() {
	await zj.back('kamailio', await zj.kill('kamailio'));
}

/** A second rtpengine beside the instance's own, known to the edge. */
async function addRelay() {
	original = fs.readFileSync(relaysFile(), 'utf8');
	const conf = fs.readFileSync(path.join(zj.run, 'etc/rtpengine.conf'), 'utf8').replaceAll(String(zj.base + 30), String(zj.base + 31))
		.replace(/port-min = .*/, `port-min = ${zj.base + 7000}`).replace(/port-max = .*/, `port-max = ${zj.base + 7999}`);
	fs.writeFileSync(path.join(zj.run, 'etc/rtpengine-2.conf'), conf);
	fs.writeFileSync(relaysFile(), `${original}modparam("rtpengine", "rtpengine_sock", "2 == udp:127.0.0.1:${zj.base + 31}")\nmodparam("edge", "relay", "2=udp:127.0.0.1:${zj.base + 31};weight=0")\n`);
	second = spawn('rtpengine', ['--config-file', path.join(zj.run, 'etc/rtpengine-2.conf'), '--config-section', 'rtpengine'], { stdio: 'ignore' });
	await restartEdge();
}

before(async () => {
	zj = await Instance.take({ exclusive: true });
	place = await centre(zj, 'relay');
	await addRelay();
	for (let i = 0; i < CALLS; i++) {
		const row = await place.tenant.api.post('/extensions', { number: String(2000 + i), password: `relay-pass-${i}`, media_relay: 'always' });
		phones.push(await place.tenant.phone({ ...row, password: `relay-pass-${i}` }));
	}
}, { timeout: 300_000 });
after(async () => {
	if (second) {
		second.kill('SIGKILL');
		fs.writeFileSync(relaysFile(), original);
		await zj.up('start', { name: 'rtpengine' }).catch(() => {});
		await restartEdge();
	}
	await zj?.release();
});

/** All phones call the queue and hear its music. */
async function callAll() {
	const calls = [];
	for (const phone of phones) {
		const call = await phone.call('4001', { tone: HZ.caller });
		await call.answered;
		calls.push(call);
		await sleep(20);
	}
	await poll(() => calls.every((c) => c.rtp.heard.packets > 10), { what: 'everybody hears', timeout: 20_000 });
	return calls;
}

/** Milliseconds from now until each hears again. */
async function heardAgain(calls, ms) {
	const began = performance.now();
	const from = calls.map((c) => c.rtp.heard.packets);
	const times = calls.map(() => null);
	await poll(() => {
		calls.forEach((c, i) => { if (times[i] === null && c.rtp.heard.packets > from[i] + 3) times[i] = performance.now() - began; });
		return times.every((t) => t !== null);
	}, { what: 'everybody hears again', timeout: ms, every: 20 });
	return times;
}

const relaysOf = () => zj.logLines('acd', 'media moved');

test(`${CALLS} calls on a relay that is killed and stays away: all hear again through the other`, { timeout: 240_000 }, async (t) => {
	const calls = await callAll();
	await zj.up('stop', { name: 'rtpengine' });
	await sleep(60); // what was on its way
	const times = (await heardAgain(calls, 30_000)).sort((a, b) => a - b);
	t.diagnostic(`audio back: median ${times[Math.floor(times.length / 2)].toFixed(0)} ms, last ${times.at(-1).toFixed(0)} ms`);
	assert.ok(times.at(-1) < PROMISE_MS * SLOW, `the last heard again after ${times.at(-1)} ms`);
	for (const call of calls)
		await call.rtp.hears(HZ.music);
	await poll(() => relaysOf().filter((l) => l.includes('relay=2')).length >= CALLS, { what: 'acd knows where they are now' });
	await Promise.all(calls.map((c) => c.hangup()));
	const facts = await zj.facts(place.tenant, `caller = '2000'`);
	assert.equal(facts.legs[0].relay, '2');
});

test('the same relay comes back in a moment: its calls are put back on it', { timeout: 240_000 }, async (t) => {
	await zj.up('start', { name: 'rtpengine' });
	await poll(() => zj.logLines('acd', 'lives relay=1').length, { what: 'relay 1 lives', timeout: 10_000 });
	second.kill('SIGKILL');
	await poll(() => zj.logLines('acd', 'does not answer relay=2').length, { what: 'relay 2 is down', timeout: 10_000 });
	const calls = await callAll();
	const before = (await zj.processes()).rtpengine;
	await zj.kill('rtpengine');
	await sleep(60);
	const times = (await heardAgain(calls, 30_000)).sort((a, b) => a - b);
	t.diagnostic(`audio back: median ${times[Math.floor(times.length / 2)].toFixed(0)} ms, last ${times.at(-1).toFixed(0)} ms`);
	assert.ok(times.at(-1) < PROMISE_MS * SLOW, `the last heard again after ${times.at(-1)} ms`);
	await zj.back('rtpengine', before);
	await Promise.all(calls.map((c) => c.hangup()));
});
