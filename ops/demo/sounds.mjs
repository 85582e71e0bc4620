// Writes the demo tenant's sounds: `node ops/demo/sounds.mjs FOLDER` → chime.wav, music.wav (8 kHz, 16 bit, mono).
import fs from 'node:fs';
import path from 'node:path';
import { writeWav } from '../../tests/tools/wav.mjs';

const RATE = 8000;

/** Notes ({hz, at, s}) as soft plucked tones, mixed. */
function play(notes, seconds) {
	const pcm = new Float64Array(seconds * RATE);
	for (const { hz, at, s } of notes) {
		for (let i = 0; i < s * RATE && at * RATE + i < pcm.length; i++) {
			const t = i / RATE;
			const loud = Math.min(1, t * 100) * Math.exp(-2.5 * t / s);
			pcm[Math.floor(at * RATE) + i] += loud * (Math.sin(2 * Math.PI * hz * t) + 0.3 * Math.sin(4 * Math.PI * hz * t));
		}
	}
	return Int16Array.from(pcm, (v) => Math.max(-32000, Math.min(32000, v * 5000)));
}

const note = (steps) => 440 * 2 ** (steps / 12);
const chords = [[-9, -5, -2, 3], [-12, -9, -5, 0], [-7, -4, 0, 5], [-5, -2, 2, 7]]; // C, Am, F, G
const arpeggio = chords.flatMap((chord, bar) => [0, 1, 2, 3, 2, 1, 2, 3].map((i, beat) => ({ hz: note(chord[i]), at: bar * 2 + beat * 0.25, s: 1.2 })));

const folder = process.argv[2];
fs.writeFileSync(path.join(folder, 'chime.wav'), writeWav(play([{ hz: 880, at: 0, s: 0.5 }, { hz: 1174.7, at: 0.15, s: 0.6 }], 0.8)));
fs.writeFileSync(path.join(folder, 'music.wav'), writeWav(play(arpeggio, 8)));
