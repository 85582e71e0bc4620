// What is heard on calls that one places, made: people and machines that answer (espeak-ng), tones of telephone networks,
// announcements, music; with noise, levels and codecs of real lines. All of it follows from a seed.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { concat, rms } from './audio.mjs';
import { codecs } from './g711.mjs';
import { readWav } from './wav.mjs';

const RATE = 8000;
const run = promisify(execFile);

/** Numbers 0…1 that follow from the seed (mulberry32). */
export function dice(seed) {
	let a = seed >>> 0;
	const next = () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), a | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
	return { next, pick: (list) => list[Math.floor(next() * list.length)], from: (low, high) => low + next() * (high - low), chance: (p) => next() < p };
}

export const silence = (ms) => new Int16Array(Math.round((ms * RATE) / 1000));

const HALF = 24; // samples of the low pass on either side
const kernels = new Map();
/** The low pass (a windowed sinc) for a place between two samples, of `phases` that there are. */
function kernel(phase, phases, cut) {
	const key = `${phase}/${phases}/${cut}`;
	if (!kernels.has(key))
		kernels.set(key, Float64Array.from({ length: 2 * HALF }, (_, i) => {
			const x = i - HALF + 1 - phase / phases, y = Math.PI * cut * x;
			return cut * (Math.abs(y) < 1e-9 ? 1 : Math.sin(y) / y) * (0.5 + 0.5 * Math.cos((Math.PI * x) / HALF));
		}));
	return kernels.get(key);
}

/** From any rate to 8 kHz. */
function narrow(pcm, rate) {
	const cut = (0.92 * RATE) / rate;
	return Int16Array.from({ length: Math.floor((pcm.length * RATE) / rate) }, (_, i) => {
		const at = Math.floor((i * rate) / RATE), weights = kernel((i * rate) % RATE, RATE, cut);
		let sum = 0;
		for (let k = Math.max(0, HALF - 1 - at); k < 2 * HALF && at + k - HALF + 1 < pcm.length; k++)
			sum += pcm[at + k - HALF + 1] * weights[k];
		return Math.max(-32768, Math.min(32767, Math.round(sum)));
	});
}

const spoken = new Map();
/** Speech, without the silence at its ends. `speed` in words a minute, `pitch` 0 to 99. */
export async function speak(text, { voice = 'cmn', speed = 160, pitch = 50 } = {}) {
	const key = JSON.stringify([text, voice, speed, pitch]);
	if (!spoken.has(key)) {
		const { stdout } = await run('espeak-ng', ['-b', '1', '-v', voice, '-s', String(speed), '-p', String(pitch), '--stdout', text], { encoding: 'buffer', maxBuffer: 1 << 26 });
		const wav = readWav(stdout);
		const pcm = narrow(wav.pcm[0], wav.rate);
		let from = 0, to = pcm.length;
		while (from < to && Math.abs(pcm[from]) < 200) from++;
		while (to > from && Math.abs(pcm[to - 1]) < 200) to--;
		spoken.set(key, pcm.slice(from, to));
	}
	return spoken.get(key);
}

/** The samples at a level (dB below full scale, of their rms). */
export function levelled(pcm, dbfs) {
	const gain = (32768 * 10 ** (dbfs / 20)) / (rms(pcm) || 1);
	return pcm.map((x) => Math.max(-32768, Math.min(32767, Math.round(x * gain))));
}

export function mixed(a, b, at = 0) {
	const out = new Int16Array(Math.max(a.length, at + b.length));
	out.set(a);
	for (let i = 0; i < b.length; i++)
		out[at + i] = Math.max(-32768, Math.min(32767, out[at + i] + b[i]));
	return out;
}

/** One or two tones for so long. */
export function tones(hz, ms, { dbfs = -20, swing = 0 } = {}) {
	const amplitude = (32767 * 10 ** (dbfs / 20)) / hz.length;
	return Int16Array.from({ length: Math.round((ms * RATE) / 1000) }, (_, i) => {
		const depth = swing ? 0.55 + 0.45 * Math.sin((2 * Math.PI * swing * i) / RATE) : 1;
		return Math.round(depth * hz.reduce((s, f) => s + amplitude * Math.sin((2 * Math.PI * f * i) / RATE), 0));
	});
}

/** Tone and pause in turns: `ms` is [on, off, on, off …]. */
export function rhythm(hz, ms, total, options) {
	const pieces = [];
	for (let i = 0, sum = 0; sum < total; sum += ms[i++ % ms.length])
		pieces.push(i % 2 ? silence(ms[i % ms.length]) : tones(hz, ms[i % ms.length], options));
	return concat(pieces);
}

export const RINGS = [
	[[450], [1000, 4000]], [[440, 480], [2000, 4000]], [[400, 450], [400, 200, 400, 2000]], [[425], [1000, 4000]], [[425], [1000, 5000]],
	[[440], [1500, 3500]], [[400], [1000, 2000], 16], [[425], [800, 3200]],
];
export const BUSIES = [[[450], [350, 350]], [[480, 620], [500, 500]], [[425], [500, 500]], [[425], [480, 480]], [[400], [375, 375]], [[400], [750, 750]], [[400], [500, 500]], [[440], [500, 500]]];
export const CONGESTIONS = [[[450], [700, 700]], [[480, 620], [250, 250]], [[425], [240, 240]], [[425], [250, 250]], [[425], [200, 200]], [[425], [250, 750]], [[400], [400, 350, 225, 525]], [[440], [250, 250]]];
export const SITS = {
	intercept: [[913.8, 274], [1370.6, 274]], vacant: [[985.2, 380], [1370.6, 274]], reorder: [[913.8, 274], [1428.5, 380]], no_circuit: [[985.2, 380], [1428.5, 380]],
	sit: [[950, 330], [1400, 330]],
};
export const sit = (kind, options) => concat([...SITS[kind], [kind === 'sit' ? 1800 : 1776.7, kind === 'sit' ? 330 : 380]].map(([hz, ms]) => tones([hz], ms, options)));

export function noise(ms, kind, d) {
	let a = 0, b = 0, c = 0;
	return Int16Array.from({ length: Math.round((ms * RATE) / 1000) }, (_, i) => {
		const white = d.next() * 2 - 1;
		if (kind === 'hum')
			return 4000 * Math.sin((2 * Math.PI * 50 * i) / RATE) + 1500 * Math.sin((2 * Math.PI * 150 * i) / RATE) + 800 * white;
		if (kind === 'white')
			return 6000 * white;
		a = 0.997 * a + 0.03 * white; // as in a car: mostly low
		b = 0.96 * b + 0.1 * white;
		c = 0.6 * c + 0.2 * white;
		return 9000 * (a + b + c);
	});
}

/** Chords with a beat: no instrument, but steady and full as music is. */
export function music(ms, d) {
	const n = Math.round((ms * RATE) / 1000);
	const out = new Float64Array(n);
	const beat = Math.round(RATE * d.from(0.25, 0.6));
	const root = d.from(180, 320);
	const scale = [0, 2, 4, 5, 7, 9, 11, 12, 14, 16];
	for (let at = 0; at < n; at += beat) {
		const chord = [d.pick(scale), d.pick(scale), d.pick(scale)].map((s) => root * 2 ** (s / 12));
		const length = Math.min(n - at, Math.round(beat * d.from(1, 2.5)));
		for (let i = 0; i < length; i++) {
			const fade = Math.min(1, i / 160) * Math.exp((-1.2 * i) / beat);
			for (const f of chord)
				for (let h = 1; h <= 4; h++)
					out[at + i] += (fade / h) * Math.sin((2 * Math.PI * f * h * i) / RATE);
		}
	}
	return Int16Array.from(out, (x) => Math.max(-32768, Math.min(32767, Math.round(3500 * x))));
}

/** As a line brings it: noise below it, a level, G.711 both ways. `snr` in dB to the sound. */
export function line(pcm, { dbfs = -22, kind = null, far = null, snr = 30, law = 'PCMA', d } = {}) {
	let out = levelled(pcm, dbfs);
	if (kind) {
		const loud = far ?? (kind === 'music' ? music((pcm.length * 1000) / RATE, d) : noise((pcm.length * 1000) / RATE, kind, d));
		out = mixed(out, levelled(loud, dbfs - snr)).slice(0, out.length);
	}
	return codecs[law].decode(codecs[law].encode(out));
}
