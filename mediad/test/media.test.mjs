// Audio: rooms of three, whispering, listening, keys collected, prompts, recordings, and what is wrong with files.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { clicks, dbfs, gaps, sine } from '../../tests/tools/audio.mjs';
import { poll } from '../../tests/tools/wait.mjs';
import { readWav, toneIn, writeWav } from '../../tests/tools/wav.mjs';
import { Rig, binary, uuid } from './rig.mjs';

let rig;
let owner;
const phones = [];

before(async () => {
	rig = await Rig.start({ media_threads: 2 });
	owner = await rig.controller();
});
afterEach(async () => {
	await Promise.all(phones.splice(0).map((p) => p.close()));
	await poll(async () => (await rig.metric('legs')) === 0, { what: 'all legs gone' });
});
after(async () => {
	owner?.vanish();
	assert.equal(await rig.stop(), 0);
});

async function callIn({ tone = null, codec = 'PCMA', callId = uuid() } = {}) {
	const p = await rig.phone('1001', { codec });
	phones.push(p);
	const call = await p.call('4001', { headers: rig.headers(callId), tone });
	const { leg } = await owner.next('leg.incoming', (e) => e.call === callId);
	await owner.do('leg.answer', { leg });
	await owner.next('leg.answered', (e) => e.leg === leg);
	await call.answered;
	return { call, leg, callId, rtp: call.rtp };
}
async function room(callId = uuid(), ...legs) {
	const id = uuid();
	await owner.do('room.create', { room: id, call: callId });
	for (const leg of legs)
		await owner.do('room.join', { room: id, leg });
	return id;
}

test('three in a room, of two codecs, hear the two others and not themselves; one leaves, two go on', async () => {
	const a = await callIn({ tone: 500 });
	const b = await callIn({ tone: 800, codec: 'PCMU' });
	const c = await callIn({ tone: 1300 });
	const id = await room(a.callId, a.leg, b.leg, c.leg);
	const both = (x, y) => (r) => r.level(x) > 0.3 && r.level(y) > 0.3;
	await Promise.all([
		a.rtp.until(both(800, 1300), { what: '800 and 1300' }),
		b.rtp.until(both(500, 1300), { what: '500 and 1300' }),
		c.rtp.until(both(500, 800), { what: '500 and 800' }),
	]);
	assert.ok(a.rtp.level(500) < 0.05 && b.rtp.level(800) < 0.05 && c.rtp.level(1300) < 0.05);
	await c.call.hangup();
	await owner.next('room.left', (e) => e.leg === c.leg);
	await a.rtp.hears(800, { share: 0.9 });
	await b.rtp.hears(500, { share: 0.9 });
	await owner.do('room.destroy', { room: id });
});

test('who listens is not heard; who whispers is heard by one alone; a take-over is a change of role', async () => {
	const agent = await callIn({ tone: 500 });
	const customer = await callIn({ tone: 800 });
	const boss = await callIn({ tone: 1300 });
	const id = await room(agent.callId, agent.leg, customer.leg);
	await owner.do('room.join', { room: id, leg: boss.leg, role: 'listen' });
	await boss.rtp.until((r) => r.level(500) > 0.3 && r.level(800) > 0.3, { what: 'both' });
	assert.ok(agent.rtp.level(1300) < 0.05 && customer.rtp.level(1300) < 0.05);
	await owner.do('room.set_role', { room: id, leg: boss.leg, role: 'whisper', to: agent.leg });
	await agent.rtp.until((r) => r.level(1300) > 0.3 && r.level(800) > 0.3, { what: 'whisper and customer' });
	await sleep(300);
	assert.ok(customer.rtp.level(1300) < 0.05);
	await customer.rtp.hears(500, { share: 0.9 });
	await owner.do('room.set_role', { room: id, leg: boss.leg, role: 'talk' });
	await customer.rtp.until((r) => r.level(1300) > 0.3 && r.level(500) > 0.3, { what: 'all three' });
	await owner.do('room.destroy', { room: id });
});

/* What the supervisor does must not be heard by who talks: a tone that goes on beside nothing else has no seam. The customer hears
   the agent through all changes of who else is there and how; what changes is whether it is relayed or mixed. */
test('listen, whisper, barge and take-over are changes of role without a click', async () => {
	const agent = await callIn({ tone: 500 });
	const customer = await callIn();
	const boss = await callIn();
	const id = await room(agent.callId, agent.leg, customer.leg);
	await customer.rtp.hears(500, { share: 0.95 });
	await sleep(500);
	const changes = [
		['listen', () => owner.do('room.join', { room: id, leg: boss.leg, role: 'listen' })],
		['whisper', () => owner.do('room.set_role', { room: id, leg: boss.leg, role: 'whisper', to: agent.leg })],
		['barge', () => owner.do('room.set_role', { room: id, leg: boss.leg, role: 'talk' })],
		['listen again', () => owner.do('room.set_role', { room: id, leg: boss.leg, role: 'listen' })],
		['away', () => owner.do('room.leave', { room: id, leg: boss.leg })],
	];
	for (const [what, change] of changes) {
		const from = performance.now();
		await sleep(400);
		await change();
		await sleep(800);
		const pcm = customer.rtp.audio({ from });
		assert.deepEqual(clicks(pcm.subarray(160), 500), [], `${what}: clicks`);
		assert.deepEqual(gaps(pcm, { ms: 10 }), [], `${what}: gaps`);
		assert.ok(Math.abs(dbfs(pcm) + 12) < 0.5, `${what}: ${dbfs(pcm)} dB`);
	}
	// take-over: the supervisor talks with the same tone at the moment at which the agent is gone
	await owner.do('room.join', { room: id, leg: boss.leg });
	boss.rtp.tone(800);
	await customer.rtp.until((r) => r.level(500) > 0.3 && r.level(800) > 0.3, { what: 'both' });
	await owner.do('room.leave', { room: id, leg: agent.leg });
	await sleep(600);
	const pcm = customer.rtp.audio({ ms: 500 });
	assert.deepEqual(clicks(pcm, 800), []);
	assert.deepEqual(gaps(pcm, { ms: 10 }), []);
	await owner.do('room.destroy', { room: id });
});

test('a play to a leg in a room overrides what it hears; then the room is back', async () => {
	const a = await callIn({ tone: 500 });
	const b = await callIn({ tone: 800 });
	const id = await room(a.callId, a.leg, b.leg);
	await a.rtp.hears(800);
	await owner.do('leg.play', { leg: a.leg, play: uuid(), items: [{ tone: { hz: [1700], ms: 500 } }] });
	await a.rtp.hears(1700, { share: 0.9 });
	assert.ok(b.rtp.level(1700) < 0.05);
	await owner.next('leg.played', (e) => e.leg === a.leg);
	await a.rtp.hears(800, { share: 0.9 });
	// keys of one are passed on to the other
	await a.rtp.dtmf('7');
	await b.rtp.hearsDtmf('7');
	await owner.do('room.destroy', { room: id });
});

test('music goes on for ever until something else is played; stop ends it', async () => {
	const a = await callIn();
	const music = uuid();
	await owner.do('leg.play', { leg: a.leg, play: music, items: [{ tone: { hz: [600], ms: 200 } }], loop: -1 });
	await a.rtp.hears(600);
	await sleep(500);
	assert.ok(a.rtp.level(600) > 0.9);
	const next = uuid();
	await owner.do('leg.play', { leg: a.leg, play: next, items: [{ tone: { hz: [900], ms: 5000 } }], gain_db: -6 });
	assert.equal((await owner.next('leg.played', (e) => e.play === music)).reason, 'stopped');
	await a.rtp.hears(900);
	await owner.do('leg.stop', { leg: a.leg, play: next });
	const stopped = await owner.next('leg.played', (e) => e.play === next);
	assert.equal(stopped.reason, 'stopped');
	assert.ok(stopped.played_ms > 100 && stopped.played_ms < 5000);
	await a.call.hangup();
});

test('a list: speech over soft music, paused and gone on with where it was, softer, to its end', async () => {
	const a = await callIn();
	const play = uuid(), voice = (ms = 500) => dbfs(a.rtp.audio({ ms }));
	await owner.do('leg.play', { leg: a.leg, play, items: [{ tone: { hz: [700], ms: 2500 } }, { tone: { hz: [900], ms: 1500 } }], under: [{ tone: { hz: [1600], ms: 300 } }], under_db: -12 });
	await a.rtp.until((r) => r.level(700) > 0.85 && r.level(1600) > 0.03, { what: '700 Hz and, 12 dB below, 1600 Hz' });
	await sleep(400);
	const power = a.rtp.level(1600, 400) / a.rtp.level(700, 400);
	assert.ok(Math.abs(10 * Math.log10(power) + 12) < 1, `${10 * Math.log10(power)} dB`);
	await owner.do('leg.play_set', { leg: a.leg, play, pause: true });
	await a.rtp.until(() => voice(200) < -60, { what: 'silence' });
	await sleep(1500);
	assert.ok(voice() < -60, 'paused');
	await owner.do('leg.play_set', { leg: a.leg, play, pause: false, gain_db: -12 });
	await a.rtp.until((r) => r.level(700) > 0.3 && r.level(1600) > 0.3, { what: 'the list is as soft as the music' });
	await a.rtp.until((r) => r.level(900) > 0.3 && r.level(1600) > 0.3, { what: 'the second piece, music still beneath' });
	const played = await owner.next('leg.played', (e) => e.play === play);
	assert.deepEqual([played.reason, played.item, played.errors], ['done', 1, []]);
	assert.ok(Math.abs(played.played_ms - 4000) <= 20, `${played.played_ms} ms`);
	await a.rtp.until(() => voice(200) < -60, { what: 'with the list the music ends' });
	await assert.rejects(owner.do('leg.play', { leg: a.leg, play: uuid(), items: [{ silence: 10 }], under: [{ silence: 10 }], under_db: 3 }), /under_db/);
	await a.call.hangup();
});

test('keys: typed ahead, terminated, timed out, barging into a prompt', async () => {
	const a = await callIn();
	const { leg } = a;
	await a.rtp.dtmf('12');
	await owner.next('leg.dtmf', (e) => e.leg === leg && e.digit === '2');
	let collect = uuid();
	await owner.do('leg.collect', { leg, collect, max: 3, first_ms: 3000, inter_ms: 3000 });
	await a.rtp.dtmf('3');
	let c = await owner.next('leg.collected', (e) => e.collect === collect);
	assert.deepEqual([c.digits, c.reason], ['123', 'max']);

	const play = uuid();
	collect = uuid();
	await owner.do('leg.play', { leg, play, items: [{ tone: { hz: [400], ms: 10000 } }], barge: true });
	await owner.do('leg.collect', { leg, collect, max: 8, term: '#', first_ms: 1000, inter_ms: 1000 });
	await a.rtp.hears(400);
	await sleep(1200); // the first timeout waits for the prompt's end
	await a.rtp.dtmf('45#');
	assert.equal((await owner.next('leg.played', (e) => e.play === play)).reason, 'barged');
	c = await owner.next('leg.collected', (e) => e.collect === collect);
	assert.deepEqual([c.digits, c.reason, c.term], ['45', 'term', '#']);

	collect = uuid();
	await owner.do('leg.collect', { leg, collect, max: 4, first_ms: 200, inter_ms: 200, clear: true });
	c = await owner.next('leg.collected', (e) => e.collect === collect);
	assert.deepEqual([c.digits, c.reason], ['', 'first_timeout']);
	collect = uuid();
	await owner.do('leg.collect', { leg, collect, max: 4, first_ms: 2000, inter_ms: 300 });
	await a.rtp.dtmf('9');
	c = await owner.next('leg.collected', (e) => e.collect === collect);
	assert.deepEqual([c.digits, c.reason], ['9', 'inter_timeout']);
	await a.call.hangup();
});

test('files: WAVs of other rates are played; broken ones are skipped and said', async () => {
	const a = await callIn();
	const file = (name, data) => {
		const p = path.join(rig.store, name);
		fs.writeFileSync(p, data);
		return p;
	};
	const good = file('good.wav', writeWav(sine(1000, 800, { rate: 16000 }), { rate: 16000 }));
	const lie = file('lie.wav', writeWav(sine(1000, 300), { lie: 1_000_000 }));
	const text = file('text.wav', 'this is no audio');
	const play = uuid();
	await owner.do('leg.play', { leg: a.leg, play, items: [{ file: lie }, { file: text }, { file: path.join(rig.store, 'none.wav') }, { file: '/etc/passwd' }, { file: good }] });
	await a.rtp.hears(1000);
	const played = await owner.next('leg.played', (e) => e.play === play);
	assert.equal(played.reason, 'done');
	assert.ok(Math.abs(played.played_ms - 800) <= 20, `${played.played_ms}`);
	assert.deepEqual(played.errors.map((e) => e.item).sort(), [0, 1, 2, 3]);
	const because = Object.fromEntries(played.errors.map((e) => [e.item, e.because]));
	assert.match(because[0], /says it has 1000000 bytes/);
	assert.match(because[1], /not an audio file/);
	assert.match(because[2], /No such file/);
	assert.match(because[3], /outside/);
	// replaced by a new one: the next play has it
	await sleep(1100);
	file('good.wav', writeWav(sine(1500, 400)));
	await owner.do('leg.play', { leg: a.leg, play: uuid(), items: [{ file: good }] });
	await a.rtp.hears(1500);
	const nothing = uuid();
	await owner.do('leg.play', { leg: a.leg, play: nothing, items: [{ file: text }] });
	assert.equal((await owner.next('leg.played', (e) => e.play === nothing)).reason, 'failed');
	await a.call.hangup();
});

test('a room is recorded in stereo: one leg left, everybody else right; the file is valid while it grows', async () => {
	const a = await callIn({ tone: 500 });
	const b = await callIn({ tone: 800, codec: 'PCMU' });
	const id = await room(a.callId, a.leg, b.leg);
	await a.rtp.hears(800);
	const record = uuid();
	const name = `t/2026/${record}.wav`;
	await owner.do('room.record', { room: id, record, path: name, left: a.leg });
	await sleep(1300);
	const growing = readWav(fs.readFileSync(path.join(rig.store, name)));
	assert.equal(growing.declared, growing.pcm[0].length * 4);
	assert.ok(growing.ms > 300 && growing.ms < 1500, `${growing.ms}`);
	const c = await callIn({ tone: 1300 });
	await owner.do('room.join', { room: id, leg: c.leg });
	await sleep(1000);
	await owner.do('room.record_stop', { room: id, record });
	const told = await owner.next('room.recorded', (e) => e.record === record);
	assert.deepEqual([told.reason, told.channels, told.path], ['stopped', 2, name]);
	const data = fs.readFileSync(path.join(rig.store, name));
	assert.equal(told.bytes, data.length);
	assert.equal(told.sha256, createHash('sha256').update(data).digest('hex'));
	const wav = readWav(data);
	assert.equal(wav.declared, data.length - 44);
	assert.ok(Math.abs(wav.ms - told.ms) <= 20);
	assert.ok(toneIn(wav, 0, 500).ms > wav.ms - 500, JSON.stringify(toneIn(wav, 0, 500)));
	assert.ok(toneIn(wav, 1, 800).ms > 1000);
	assert.ok(toneIn(wav, 0, 800).best < 0.05 && toneIn(wav, 1, 500).best < 0.05);
	assert.ok(toneIn(wav, 1, 1300, { share: 0.3 }).ms >= 600);
	await owner.do('room.destroy', { room: id });
});

test('a paused recording is silent where it was paused, and as long as the talk; who listens hears all of it', async () => {
	const a = await callIn({ tone: 500 });
	const b = await callIn({ tone: 800 });
	const id = await room(a.callId, a.leg, b.leg);
	await a.rtp.hears(800);
	const record = uuid();
	const pause = (on, which = record) => owner.do('room.record_pause', { room: id, record: which, on });
	await assert.rejects(pause(true), /not_recording/);
	await owner.do('room.record', { room: id, record, path: `p/${record}.wav`, left: a.leg });
	await assert.rejects(pause(true, uuid()), /not_recording/);
	await sleep(800);
	await pause(true);
	await pause(true);
	await a.rtp.hears(800);
	await sleep(1000);
	await pause(false);
	await sleep(800);
	await pause(true);
	await sleep(300);
	await owner.do('room.record_stop', { room: id, record });
	const told = await owner.next('room.recorded', (e) => e.record === record);
	assert.equal(told.pauses.length, 2);
	const [[from, to], [last, end]] = told.pauses;
	assert.ok(from < to && to < last && last < end && end <= told.ms, JSON.stringify(told));
	const wav = readWav(fs.readFileSync(path.join(rig.store, told.path)));
	const peak = (ms, until) => Math.max(...[0, 1].flatMap((c) => [...wav.pcm[c].subarray(ms * 8, until * 8)].map(Math.abs)));
	assert.ok(Math.abs(wav.ms - told.ms) <= 20);
	assert.equal(peak(from + 60, to - 60), 0);
	assert.equal(peak(last + 60, wav.ms), 0);
	assert.ok(peak(to + 100, last - 100) > 3000 && peak(200, from - 100) > 3000);
	await owner.do('room.destroy', { room: id });
});

test('a leg is recorded after a beep until a key, until silence, until its longest time, until it hangs up', async () => {
	const a = await callIn({ tone: 700 });
	const { leg } = a;
	const run = async (extra, f) => {
		const record = uuid();
		await owner.do('leg.record', { leg, record, path: `v/${record}.wav`, ...extra });
		await f?.();
		const told = await owner.next('leg.recorded', (e) => e.record === record, 6000);
		return { ...told, wav: readWav(fs.readFileSync(path.join(rig.store, told.path))) };
	};
	const keyed = await run({ beep: true, term: '#' }, async () => {
		await a.rtp.hears(1000);
		await sleep(500);
		await a.rtp.dtmf('#');
	});
	assert.deepEqual([keyed.reason, keyed.term], ['term', '#']);
	assert.ok(toneIn(keyed.wav, 0, 700).ms >= 200);
	const longest = await run({ max_ms: 700 });
	assert.equal(longest.reason, 'max');
	assert.equal(longest.ms, 700);
	const silent = await run({ silence_ms: 600 }, async () => {
		await sleep(500);
		a.rtp.tone(null);
	});
	assert.equal(silent.reason, 'silence');
	const gone = await run({}, async () => {
		await sleep(300);
		await a.call.hangup();
	});
	assert.equal(gone.reason, 'hungup');
});

test('a recording that cannot be written says so; the call goes on', async () => {
	const a = await callIn({ tone: 700 });
	fs.writeFileSync(path.join(rig.store, 'taken.wav'), 'x');
	const record = uuid();
	await owner.do('leg.record', { leg: a.leg, record, path: 'taken.wav' });
	const told = await owner.next('leg.recorded', (e) => e.record === record);
	assert.equal(told.reason, 'disk');
	assert.match(told.because, /File exists/);
	assert.equal(fs.readFileSync(path.join(rig.store, 'taken.wav'), 'utf8'), 'x');
	fs.symlinkSync('/tmp', path.join(rig.store, 'out'));
	const second = uuid();
	await owner.do('leg.record', { leg: a.leg, record: second, path: 'out/zj-escape.wav' });
	assert.equal((await owner.next('leg.recorded', (e) => e.record === second)).reason, 'disk');
	assert.equal(fs.existsSync('/tmp/zj-escape.wav'), false);
	assert.equal(a.call.state, 'talking');
	await a.call.hangup();
});

test('the disk is full: the recording ends with what fitted and is valid, the call goes on', async () => {
	const full = await Rig.start({ log_level: 'error' }, { under: ['prlimit', '--fsize=40000'] });
	const boss = await full.controller();
	const p = await full.phone('1001');
	phones.push(p);
	const call = await p.call('4001', { headers: full.headers(), tone: 700 });
	const { leg } = await boss.next('leg.incoming');
	await boss.do('leg.answer', { leg });
	await call.answered;
	const record = uuid();
	await boss.do('leg.record', { leg, record, path: 'f.wav' });
	const told = await boss.next('leg.recorded', (e) => e.record === record, 8000);
	assert.equal(told.reason, 'disk');
	assert.match(told.because, /write: File too large/);
	const wav = readWav(fs.readFileSync(path.join(full.store, 'f.wav')));
	assert.ok(wav.declared > 20000 && wav.declared <= 40000 - 44, `${wav.declared}`);
	assert.ok(toneIn(wav, 0, 700).ms >= 600);
	await boss.do('leg.play', { leg, play: uuid(), items: [{ tone: { hz: [440], ms: 300 } }] });
	await call.rtp.hears(440);
	boss.vanish();
	assert.equal(await full.stop(), 0);
});

test('mediad --convert: good files become 8 kHz mono, bad ones a sentence', async () => {
	const convert = async (data) => {
		const file = path.join(rig.dir, 'in');
		fs.writeFileSync(file, data);
		const { stdout } = await promisify(execFile)(binary, ['--convert', file, path.join(rig.dir, 'out.wav'), '-23']).catch((e) => e);
		return JSON.parse(stdout);
	};
	const stereo = writeWav(sine(600, 1000, { rate: 44100 }), { rate: 44100 });
	const good = await convert(stereo);
	assert.equal(good.ok, true);
	assert.ok(Math.abs(good.duration_ms - 1000) < 15, `${good.duration_ms}`);
	const out = readWav(fs.readFileSync(path.join(rig.dir, 'out.wav')));
	assert.deepEqual([out.rate, out.pcm.length], [8000, 1]);
	assert.ok(toneIn(out, 0, 600).best > 0.95);
	for (const [data, text] of [
		[writeWav(sine(600, 100), { lie: 5_000_000 }), /says it has 5000000 bytes/],
		[Buffer.from('RIFF\x10\0\0\0WAVE'), /data chunk/],
		[Buffer.from('hello'), /not an audio file/],
		[Buffer.alloc(0), /not an audio file/],
		[writeWav(new Int16Array(0)), /no samples/],
	]) {
		const bad = await convert(data);
		assert.equal(bad.ok, false);
		assert.match(bad.error, text);
	}
});
