// What is in a piece of audio: the share of a tone (Goertzel), its loudness.

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
