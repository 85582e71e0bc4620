// G.711 (ITU-T): A-law and µ-law, by tables. Samples are 16-bit linear, 8 kHz.

function alawToLinear(byte) {
	const a = byte ^ 0x55;
	const exponent = (a >> 4) & 7;
	let magnitude = ((a & 0x0f) << 4) + 8;
	if (exponent > 0)
		magnitude = (magnitude + 0x100) << (exponent - 1);
	return a & 0x80 ? magnitude : -magnitude;
}

function ulawToLinear(byte) {
	const u = ~byte & 0xff;
	const magnitude = ((((u & 0x0f) << 3) + 0x84) << ((u >> 4) & 7)) - 0x84;
	return u & 0x80 ? -magnitude : magnitude;
}

/** The encoder is the decoder turned round: for each 14-bit sample the nearest code. */
function invert(decode) {
	const codes = [...decode.keys()].sort((x, y) => decode[x] - decode[y]);
	const encode = new Uint8Array(16384);
	let nearest = 0;
	for (let i = 0; i < encode.length; i++) {
		const sample = (i - 8192) * 4;
		while (nearest < 255 &&
		       Math.abs(decode[codes[nearest + 1]] - sample) <= Math.abs(decode[codes[nearest]] - sample))
			nearest++;
		encode[i] = codes[nearest];
	}
	return encode;
}

function codec(name, payloadType, toLinear) {
	const decodeTable = Int16Array.from({ length: 256 }, (_, i) => toLinear(i));
	const encodeTable = invert(decodeTable);
	return {
		name,
		payloadType,
		/** The byte of silence. */
		idle: encodeTable[8192],
		decode(bytes) {
			const pcm = new Int16Array(bytes.length);
			for (let i = 0; i < bytes.length; i++)
				pcm[i] = decodeTable[bytes[i]];
			return pcm;
		},
		encode(pcm) {
			const bytes = Buffer.allocUnsafe(pcm.length);
			for (let i = 0; i < pcm.length; i++)
				bytes[i] = encodeTable[(pcm[i] >> 2) + 8192];
			return bytes;
		},
	};
}

export const codecs = {
	PCMU: codec('PCMU', 0, ulawToLinear),
	PCMA: codec('PCMA', 8, alawToLinear),
};
