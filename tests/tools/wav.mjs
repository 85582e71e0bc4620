// Reads and writes WAV (PCM 16 bit, G.711) for tests.
import { codecs } from './g711.mjs';
import { rms, toneShare } from './audio.mjs';

const FORMATS = { 1: 'pcm', 6: 'PCMA', 7: 'PCMU' };

/**
 * A RIFF WAVE file → {rate, channels, format, ms, pcm: [Int16Array per channel], declared: bytes of data by the header}.
 * Throws with the reason when it is not one. A data chunk longer than the file is cut to what is there.
 */
export function readWav(buffer) {
	if (buffer.toString('latin1', 0, 4) !== 'RIFF' || buffer.toString('latin1', 8, 12) !== 'WAVE')
		throw new Error('not a RIFF WAVE file');
	let format = null;
	for (let at = 12; at + 8 <= buffer.length;) {
		const id = buffer.toString('latin1', at, at + 4);
		const size = buffer.readUInt32LE(at + 4);
		if (id === 'fmt ')
			format = { code: buffer.readUInt16LE(at + 8), channels: buffer.readUInt16LE(at + 10), rate: buffer.readUInt32LE(at + 12) };
		if (id === 'data') {
			if (!format)
				throw new Error('data before fmt');
			return decode(format, buffer.subarray(at + 8, Math.min(at + 8 + size, buffer.length)), size);
		}
		at += 8 + size + (size & 1);
	}
	throw new Error('no data chunk');
}

function decode({ code, channels, rate }, data, declared) {
	const format = FORMATS[code];
	if (!format)
		throw new Error(`WAV format ${code}`);
	const width = format === 'pcm' ? 2 : 1;
	const frames = Math.floor(data.length / (width * channels));
	const interleaved = format === 'pcm'
		? Int16Array.from({ length: frames * channels }, (_, i) => data.readInt16LE(2 * i))
		: codecs[format].decode(data.subarray(0, frames * channels));
	const pcm = Array.from({ length: channels }, (_, c) => Int16Array.from({ length: frames }, (__, i) => interleaved[i * channels + c]));
	return { rate, channels, format, ms: (frames * 1000) / rate, pcm, declared };
}

/** The loudest share of `hz` over the windows of one channel, and of how many windows it has most of the energy. */
export function toneIn(wav, channel, hz, { windowMs = 200, share = 0.6 } = {}) {
	const size = Math.floor((wav.rate * windowMs) / 1000);
	const pcm = wav.pcm[channel];
	let best = 0;
	let windows = 0;
	for (let at = 0; at + size <= pcm.length; at += size) {
		const piece = pcm.subarray(at, at + size);
		const level = rms(piece) < 50 ? 0 : toneShare(piece, hz, wav.rate);
		best = Math.max(best, level);
		windows += level >= share ? 1 : 0;
	}
	return { best, ms: windows * windowMs };
}

/** A mono 16-bit WAV of `pcm`. `lie` overrides the length that its header claims for the data. */
export function writeWav(pcm, { rate = 8000, lie = null } = {}) {
	const data = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
	const header = Buffer.alloc(44);
	header.write('RIFF', 0);
	header.writeUInt32LE(lie === null ? 36 + data.length : (lie + 36) >>> 0, 4);
	header.write('WAVEfmt ', 8);
	header.writeUInt32LE(16, 16);
	header.writeUInt16LE(1, 20);
	header.writeUInt16LE(1, 22);
	header.writeUInt32LE(rate, 24);
	header.writeUInt32LE(rate * 2, 28);
	header.writeUInt16LE(2, 32);
	header.writeUInt16LE(16, 34);
	header.write('data', 36);
	header.writeUInt32LE(lie ?? data.length, 40);
	return Buffer.concat([header, data]);
}
