// What is in a piece of audio: the share of a tone (Goertzel), its loudness, clicks, gaps, delay.

/**
 * The share (0…1) of the energy of `pcm` that lies at `hz`: 1 is a pure tone, noise and other tones give about 0.
 * Use windows of 100 ms or more; tones 50 Hz apart are then told from each other.
 */
export function toneShare(pcm, hz, rate = 8000) {
	let total = 0;
	let s1 = 0;
	let s2 = 0;
	const c = 2 * Math.cos((2 * Math.PI * hz) / rate);
	for (const x of pcm) {
		const s = x + c * s1 - s2;
		s2 = s1;
		s1 = s;
		total += x * x;
	}
	if (total === 0 || pcm.length === 0)
		return 0;
	return Math.min(1, (2 * (s1 * s1 + s2 * s2 - c * s1 * s2)) / (pcm.length * total));
}

/** Root mean square of the samples: 0 is silence, a full-scale sine has 23,170. */
export function rms(pcm) {
	let total = 0;
	for (const x of pcm)
		total += x * x;
	return pcm.length ? Math.sqrt(total / pcm.length) : 0;
}

export function concat(pieces) {
	const pcm = new Int16Array(pieces.reduce((n, p) => n + p.length, 0));
	let at = 0;
	for (const p of pieces) {
		pcm.set(p, at);
		at += p.length;
	}
	return pcm;
}

/** A sine of `ms` milliseconds; level in dB below full scale. */
export function sine(hz, ms, { dbfs = -12, rate = 8000 } = {}) {
	const amplitude = 32767 * 10 ** (dbfs / 20);
	return Int16Array.from({ length: Math.round((ms * rate) / 1000) },
		(_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rate)));
}

/** Level of the samples in dB below a full-scale sine. */
export const dbfs = (pcm) => 20 * Math.log10(Math.max(rms(pcm), 1e-3) / (32767 / Math.SQRT2));

/**
 * Where a tone of `hz` is broken: the places (ms) at which what is left of it behind a notch is larger than `share` of the
 * tone's amplitude. A jump of phase or level is one place; a codec's noise is far below.
 */
export function clicks(pcm, hz, { rate = 8000, share = 0.25 } = {}) {
	const c = 2 * Math.cos((2 * Math.PI * hz) / rate);
	const limit = share * rms(pcm) * Math.SQRT2;
	const places = [];
	for (let i = 2; i < pcm.length; i++)
		if (Math.abs(pcm[i] - c * pcm[i - 1] + pcm[i - 2]) > limit) {
			const ms = (i * 1000) / rate;
			if (!places.length || ms - places.at(-1) > 5)
				places.push(ms);
		}
	return places;
}

/** Stretches of at least `ms` in which every 5 ms are quieter than `loudness`: [{at, ms}]. */
export function gaps(pcm, { rate = 8000, ms = 10, loudness = 60 } = {}) {
	const size = rate / 200;
	const found = [];
	let from = null;
	for (let at = 0; at <= pcm.length - size; at += size) {
		const quiet = at + 2 * size <= pcm.length && rms(pcm.subarray(at, at + size)) < loudness;
		if (quiet)
			from ??= at;
		else if (from !== null) {
			if (((at - from) * 1000) / rate >= ms)
				found.push({ at: (from * 1000) / rate, ms: ((at - from) * 1000) / rate });
			from = null;
		}
	}
	return found;
}

/** How much later (ms) `heard` has what is in `said`, by the loudness of each 5 ms; and how alike they are there (0…1). */
export function delayOf(said, heard, { rate = 8000, maxMs = 2000 } = {}) {
	const size = rate / 200;
	const envelope = (pcm) => {
		const e = Array.from({ length: Math.floor(pcm.length / size) }, (_, i) => rms(pcm.subarray(i * size, (i + 1) * size)));
		const mean = e.reduce((n, x) => n + x, 0) / (e.length || 1);
		return e.map((x) => x - mean);
	};
	const a = envelope(said);
	const b = envelope(heard);
	let best = { ms: 0, likeness: 0 };
	for (let lag = 0; lag * 5 <= maxMs; lag++) {
		let ab = 0;
		let aa = 0;
		let bb = 0;
		for (let i = 0; i < a.length && i + lag < b.length; i++) {
			ab += a[i] * b[i + lag];
			aa += a[i] * a[i];
			bb += b[i + lag] * b[i + lag];
		}
		const likeness = aa && bb ? ab / Math.sqrt(aa * bb) : 0;
		if (likeness > best.likeness)
			best = { ms: lag * 5, likeness };
	}
	return best;
}

const LOW = [697, 770, 852, 941];
const HIGH = [1209, 1336, 1477, 1633];
const PAD = ['123A', '456B', '789C', '*0#D'];

/** The tones of keys (DTMF), each `ms` long with gaps between. */
export function keyTones(keys, { ms = 100, gapMs = 80, dbfs: level = -12, rate = 8000 } = {}) {
	const amplitude = 32767 * 10 ** (level / 20);
	return concat([...keys].flatMap((key) => {
		const row = PAD.findIndex((r) => r.includes(key));
		const low = (2 * Math.PI * LOW[row]) / rate;
		const high = (2 * Math.PI * HIGH[PAD[row].indexOf(key)]) / rate;
		return [
			Int16Array.from({ length: (ms * rate) / 1000 }, (_, i) => Math.round((amplitude / 2) * (Math.sin(low * i) + Math.sin(high * i)))),
			new Int16Array((gapMs * rate) / 1000),
		];
	}));
}

/** Which keys sound in it, in windows of 20 ms: [{key, ms}]. */
export function keysIn(pcm, { rate = 8000, share = 0.75 } = {}) {
	const size = rate / 50;
	const found = [];
	let last = null;
	for (let at = 0; at + size <= pcm.length; at += size / 2) {
		const piece = pcm.subarray(at, at + size);
		const best = (hz) => hz.map((f) => toneShare(piece, f, rate)).reduce((b, x, i) => (x > b.x ? { x, i } : b), { x: 0, i: 0 });
		const [low, high] = [best(LOW), best(HIGH)];
		const key = rms(piece) > 300 && low.x + high.x > share && Math.min(low.x, high.x) > 0.2 ? PAD[low.i][high.i] : null;
		if (key && key === last?.key)
			last.ms += 10;
		else
			found.push(last = { key, ms: 10 });
	}
	return found.filter((k) => k.key);
}

// ITU-R BS.1770's two filters as analogue prototypes, brought to any rate by the bilinear transform: [b0, b1, b2, a1, a2].
function kWeighting(rate) {
	const shelf = (() => {
		const K = Math.tan((Math.PI * 1681.974450955533) / rate), Q = 0.7071752369554196;
		const Vh = 10 ** (3.999843853973347 / 20), Vb = Vh ** 0.4996667741545416, a0 = 1 + K / Q + K * K;
		return [(Vh + (Vb * K) / Q + K * K) / a0, (2 * (K * K - Vh)) / a0, (Vh - (Vb * K) / Q + K * K) / a0, (2 * (K * K - 1)) / a0, (1 - K / Q + K * K) / a0];
	})();
	const K = Math.tan((Math.PI * 38.13547087602444) / rate), Q = 0.5003270373238773, a0 = 1 + K / Q + K * K;
	return [shelf, [1, -2, 1, (2 * (K * K - 1)) / a0, (1 - K / Q + K * K) / a0]];
}

/** Loudness of one channel by EBU R128 (integrated, with both gates), in LUFS. */
export function lufs(pcm, rate = 8000) {
	let x = Float64Array.from(pcm, (s) => s / 32768);
	for (const [b0, b1, b2, a1, a2] of kWeighting(rate)) {
		let x1 = 0, x2 = 0, y1 = 0, y2 = 0;
		x = x.map((v) => {
			const y = b0 * v + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
			[x2, x1, y2, y1] = [x1, v, y1, y];
			return y;
		});
	}
	const size = Math.round(rate * 0.4);
	const blocks = [];
	for (let at = 0; at + size <= x.length; at += size / 4)
		blocks.push(x.subarray(at, at + size).reduce((n, v) => n + v * v, 0) / size);
	const loudness = (power) => -0.691 + 10 * Math.log10(power);
	const mean = (list) => list.reduce((n, v) => n + v, 0) / list.length;
	const heard = blocks.filter((p) => loudness(p) > -70);
	if (!heard.length)
		return -Infinity;
	const gate = loudness(mean(heard)) - 10;
	return loudness(mean(heard.filter((p) => loudness(p) > gate)));
}

/** Without the silence at both ends. */
export function trimmed(pcm, { loudness = 40 } = {}) {
	let from = 0, to = pcm.length;
	while (from < to && Math.abs(pcm[from]) < loudness) from++;
	while (to > from && Math.abs(pcm[to - 1]) < loudness) to--;
	return pcm.subarray(from, to);
}
