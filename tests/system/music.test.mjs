// Music on hold: classes of prompts, each caller from the beginning or all in step, in order or shuffled, as loud as is wanted.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { dbfs, sine, toneShare } from '../tools/audio.mjs';
import { intoQueue, talking } from '../tools/scenes.mjs';
import { SLOW } from '../tools/wait.mjs';
import { writeWav } from '../tools/wav.mjs';

const PIECES = [500, 810, 1310];
let zj;
let tenant;
let events;
let pieces;
before(async () => {
	zj = await Instance.take();
	tenant = await zj.tenant('music');
	events = await tenant.events();
	pieces = await Promise.all(PIECES.map((hz) => tenant.prompt(`piece-${hz}`, writeWav(sine(hz, 2000)))));
}, { timeout: 150_000 });
after(() => zj?.release());

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const musicClass = (identifier, options) => tenant.api.post('/music-classes', { name: `Music ${identifier}`, identifier, prompt_ids: pieces.map((p) => p.id), ...options });

let numbers = 4000;
async function queueOf(options) {
	const queue = await tenant.queue(String(++numbers), { announce_position: false, ...options });
	return { queue, place: { queueDid: await tenant.did('queue', queue), events } };
}

/** Noise whose level changes all the time: any two moments of it can be told apart. */
function noise(ms, seed = 1) {
	let level = 0;
	return Int16Array.from({ length: ms * 8 }, (_, i) => {
		seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
		if (i % 240 === 0)
			level = 1000 + (seed >>> 17) / 3;
		return ((seed >>> 16) / 32768 - 1) * level;
	});
}

/** What a caller heard from then on, and when exactly its first packet came. */
function heardSince(rtp, from, ms) {
	const i = rtp.pieces.findIndex((p) => p.at >= from);
	return { at: rtp.pieces[i].at, pcm: rtp.audio({ from: rtp.pieces[i].at }).subarray(0, ms * 8) };
}

/** How many ms further b is than a in the same music; −300 … 300, to the sample. */
function ahead(a, b) {
	const best = { likeness: -1 };
	const middle = a.subarray(2400, a.length - 2400);
	for (let lag = -2400; lag <= 2400; lag++) {
		let ab = 0, aa = 0, bb = 0;
		for (let i = 0; i < middle.length; i += 3) {
			const x = middle[i], y = b[i + 2400 + lag] ?? 0;
			ab += x * y;
			aa += x * x;
			bb += y * y;
		}
		const likeness = ab / Math.sqrt(aa * bb || 1);
		if (likeness > best.likeness)
			Object.assign(best, { likeness, ms: -lag / 8 });
	}
	return best;
}

// covers: MED-V312
test('in step: callers who come at different moments hear the same at the same moment, also after an announcement', async () => {
	const long = await tenant.prompt('long', writeWav(noise(9000)));
	const m = await musicClass('together', { prompt_ids: [long.id, pieces[0].id], mode: 'step' });
	const { place } = await queueOf({ music_class_id: m.id, announce_position: true, announce_s: 3 });
	const a = await intoQueue(zj, place, { tone: null });
	await pause(1370);
	const b = await intoQueue(zj, place, { tone: null });
	const apart = [];
	for (let i = 0; i < 16 && apart.length < 5; i++) {
		const from = performance.now();
		await pause(1100);
		const [x, y] = [heardSince(a.rtp, from, 1000), heardSince(b.rtp, from, 1000)];
		const { likeness, ms } = ahead(x.pcm, y.pcm);
		if (likeness < 0.9)
			continue; // one of them hears its position, or both the tone
		apart.push(Math.abs(ms - (y.at - x.at)));
	}
	apart.sort((p, q) => p - q);
	assert.ok(apart.length >= 3, `music was heard by both: ${apart}`);
	assert.ok(apart[apart.length >> 1] <= 21 * SLOW, `${apart} ms apart`); // a busy machine delivers a packet late now and then
	await Promise.all([a.close(), b.close()]);
});

// covers: MED-Y02
test('from the beginning: each caller hears the first piece first; an announcement interrupts the music, it does not begin it anew', async () => {
	const m = await musicClass('own', {});
	const { place } = await queueOf({ music_class_id: m.id, announce_position: true, announce_s: 1 });
	for (let i = 0; i < 2; i++) {
		const call = await intoQueue(zj, place, { tone: null });
		await call.rtp.hears(PIECES[0], { timeout: 2500 });
		const began = performance.now() - 240;
		let interrupted = false;
		const after = { right: 0, wrong: 0 };
		while (performance.now() - began < 16_000) {
			await pause(100);
			const at = (performance.now() - 120 - began) % 6000, pcm = call.rtp.audio({ ms: 240 });
			const hz = PIECES.find((x) => toneShare(pcm, x) > 0.9);
			interrupted ||= !hz && at > 400 && at % 2000 > 400 && at % 2000 < 1600;
			if (interrupted && hz && at % 2000 > 400 && at % 2000 < 1600)
				after[hz === PIECES[Math.floor(at / 2000)] ? 'right' : 'wrong']++;
		}
		assert.ok(interrupted && after.right >= 8 && after.wrong === 0, JSON.stringify({ interrupted, after }));
		await call.close();
		await pause(700);
	}
});

test('a class has fields and bounds of its own, is searched, deleted and restored; a live queue follows; another tenant\'s prompts are none', async () => {
	const m = await musicClass('quiet', { gain_db: -12, description: 'for the night' });
	assert.deepEqual([m.name, m.identifier, m.mode, m.shuffled, m.gain_db], ['Music quiet', 'quiet', 'start', false, -12]);
	assert.equal((await tenant.api.get('/music-classes?q=quiet')).items.length, 1);
	assert.equal((await tenant.api.get('/music-classes?filter[mode]=start&filter[identifier]=quiet')).items[0].id, m.id);
	const fault = async (body) => {
		const response = await tenant.api.fetch('POST', '/music-classes', { body: { name: 'x', identifier: 'x', prompt_ids: [pieces[0].id], ...body } });
		const problem = await response.json();
		return [response.status, problem.errors?.[0].field];
	};
	const stranger = await (await zj.tenant('stranger')).prompt('theirs', writeWav(sine(400, 500)));
	assert.deepEqual(await fault({ identifier: 'quiet' }), [409, 'identifier']);
	assert.deepEqual(await fault({ identifier: 'Not Good' }), [422, 'identifier']);
	assert.deepEqual(await fault({ prompt_ids: Array(51).fill(pieces[0].id) }), [422, 'prompt_ids']);
	assert.deepEqual((await fault({ prompt_ids: [stranger.id] }))[1], 'prompt_ids');
	assert.deepEqual(await fault({ gain_db: 7 }), [422, 'gain_db']);
	const { place } = await queueOf({ music_class_id: m.id });
	const call = await intoQueue(zj, place, { tone: null });
	await call.rtp.hears(PIECES[0]);
	await pause(300);
	const level = dbfs(call.rtp.audio({ ms: 300 }));
	await call.close();
	await tenant.api.patch(`/music-classes/${m.id}`, { gain_db: 0, prompt_ids: [pieces[2].id] });
	const louder = await intoQueue(zj, place, { tone: null });
	await louder.rtp.hears(PIECES[2]);
	await pause(300);
	const usual = dbfs(louder.rtp.audio({ ms: 300 }));
	await louder.close();
	assert.ok(Math.abs(usual - level - 12) < 1.5, `${level} and ${usual} dB`);
	await tenant.api.delete(`/music-classes/${m.id}`);
	assert.equal((await tenant.api.get('/music-classes?deleted=true')).items[0].id, m.id);
	await tenant.api.post(`/music-classes/${m.id}/restore`);
});

test('shuffled: everybody hears all of them, not everybody in one order', async () => {
	const m = await musicClass('mixed', { shuffled: true, prompt_ids: (await Promise.all(PIECES.map((hz) => tenant.prompt(`short-${hz}`, writeWav(sine(hz, 600)))))).map((p) => p.id) });
	const { place } = await queueOf({ music_class_id: m.id });
	const orders = await Promise.all(Array.from({ length: 6 }, async () => {
		const call = await intoQueue(zj, place, { tone: null });
		await pause(2600);
		const pcm = call.rtp.audio({ ms: 20_000 });
		await call.close();
		const order = [];
		for (let at = 0; at + 800 <= pcm.length; at += 800) {
			const hz = PIECES.find((x) => toneShare(pcm.subarray(at, at + 800), x) > 0.9);
			if (hz && !order.includes(hz))
				order.push(hz);
		}
		return order.join();
	}));
	for (const order of orders)
		assert.equal(order.split(',').length, PIECES.length, order);
	assert.ok(new Set(orders).size > 1, orders.join(' | '));
});

// covers: MED-V706
test('the default class is what a held customer hears, and a queue without music', async () => {
	const { queue, place } = await queueOf({});
	await musicClass('default', { prompt_ids: [pieces[1].id] });
	await tenant.settled();
	const agent = await tenant.agent('1001', [queue], { answering: { after: 50 } });
	const { call } = await talking(zj, place, agent);
	await tenant.api.post(`/calls/${call.id}/hold`, { on: true });
	await call.rtp.hears(PIECES[1]);
	await tenant.api.post(`/calls/${call.id}/hold`, { on: false });
	await call.rtp.hears(730);
	await call.close();
	await tenant.signOut(agent);
	const waiting = await intoQueue(zj, place, { tone: null });
	await waiting.rtp.hears(PIECES[1]);
	await waiting.close();
});
