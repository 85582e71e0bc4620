// An RTP endpoint for tests: G.711, 20 ms packets, RFC 4733 DTMF, a memory of what was heard.
//
// All endpoints of a process share one clock (a packet is due at start + n·20 ms, so it does not drift). Several dozen
// endpoints are cheap.
import dgram from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { codecs as g711 } from './g711.mjs';
import { concat, rms, toneShare } from './audio.mjs';
import { SLOW } from './wait.mjs';

const FRAME_MS = 20;
const FRAME = 160;
const DTMF_PT = 101;
const DIGITS = '0123456789*#ABCD';
const KEEP_MS = 120_000;

/** What an endpoint can speak; L16 is RFC 3551's, at 8 kHz. */
export const codecs = {
	...g711,
	L16: {
		name: 'L16', payloadType: 113, idle: 0, width: 2,
		decode: (bytes) => Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16BE(2 * i)),
		encode(pcm) {
			const bytes = Buffer.allocUnsafe(2 * pcm.length);
			pcm.forEach((x, i) => bytes.writeInt16BE(x, 2 * i));
			return bytes;
		},
	},
};

const clock = {
	endpoints: new Set(),
	timer: null,
	next: 0,
	add(endpoint) {
		this.endpoints.add(endpoint);
		if (!this.timer) {
			this.next = performance.now() + FRAME_MS;
			this.timer = setTimeout(() => this.tick(), FRAME_MS);
		}
	},
	remove(endpoint) {
		this.endpoints.delete(endpoint);
		if (!this.endpoints.size) {
			clearTimeout(this.timer);
			this.timer = null;
		}
	},
	tick() {
		const now = performance.now();
		if (now - this.next > 1000)
			this.next = now; // we were stopped: don't send a burst
		for (; this.next <= now; this.next += FRAME_MS)
			for (const endpoint of this.endpoints)
				endpoint.frame();
		this.timer = this.endpoints.size ? setTimeout(() => this.tick(), this.next - performance.now()) : null;
	},
};

async function bindEven(host) {
	for (let tries = 0; tries < 50; tries++) {
		const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
		socket.bind(0, host);
		await once(socket, 'listening');
		if (socket.address().port % 2 === 0)
			return socket;
		socket.close();
	}
	throw new Error('no even UDP port');
}

/**
 * Events: 'packet', 'dtmf' (digit, ms). Always close() it.
 * `heard` counts {packets, lost, maxGapMs, firstAt, lastAt}; times are performance.now() milliseconds.
 */
export class Rtp extends EventEmitter {
	static async open({ codec = 'PCMA', host = '127.0.0.1' } = {}) {
		return new Rtp(await bindEven(host), codecs[codec], host);
	}

	constructor(socket, codec, host) {
		super();
		this.setMaxListeners(50);
		this.socket = socket;
		this.codec = codec;
		this.host = host;
		this.port = socket.address().port;
		this.remote = null;
		this.sequence = Math.floor(Math.random() * 0x8000);
		this.timestamp = Math.floor(Math.random() * 0x80000000);
		this.ssrc = Math.floor(Math.random() * 0xffffffff);
		this.source = null;
		this.queue = [];
		this.sent = 0;
		this.digits = '';
		this.pieces = [];
		this.heard = { packets: 0, lost: 0, maxGapMs: 0, firstAt: null, lastAt: null };
		socket.on('message', (data) => this.receive(data));
		socket.on('error', () => {});
	}

	/** Starts (or redirects) the stream to `remote` {host, port}; silence unless tone() or play() say otherwise. */
	start(remote) {
		this.remote = remote;
		this.stopped = false;
		clock.add(this);
		return this;
	}

	/** Stops sending; goes on hearing. Keys that are still being sent are done: nobody waits for a call that is over. */
	stop() {
		clock.remove(this);
		this.stopped = true;
		for (const key of this.queue.splice(0)) key.done?.();
	}

	close() {
		this.stop();
		this.removeAllListeners();
		this.socket.close();
	}

	/** From now on sends this tone (null: silence). */
	tone(hz, { dbfs = -12 } = {}) {
		const amplitude = 32767 * 10 ** (dbfs / 20);
		let phase = 0;
		this.source = hz === null ? null : () => Int16Array.from({ length: FRAME }, () => {
			phase += (2 * Math.PI * hz) / 8000;
			return Math.round(amplitude * Math.sin(phase));
		});
		return this;
	}

	/** Sends these samples once, then silence. */
	play(pcm) {
		let at = 0;
		this.source = () => {
			const frame = new Int16Array(FRAME);
			frame.set(pcm.subarray(at, at + FRAME));
			at += FRAME;
			if (at >= pcm.length)
				this.source = null;
			return frame;
		};
		return this;
	}

	/** Presses keys (RFC 4733); resolves when the last is released. */
	dtmf(digits, { ms = 100, gapMs = 80 } = {}) {
		if (this.stopped || !digits) return Promise.resolve();
		for (const digit of digits)
			this.queue.push({ event: DIGITS.indexOf(digit), frames: Math.ceil(ms / FRAME_MS), gap: Math.ceil(gapMs / FRAME_MS), n: 0 });
		const last = this.queue[this.queue.length - 1];
		return new Promise((resolve) => { last.done = resolve; });
	}

	frame() {
		const key = this.queue[0];
		if (key && key.n < key.frames)
			this.frameDtmf(key);
		else
			this.frameAudio(key);
		this.timestamp = (this.timestamp + FRAME) >>> 0;
	}

	frameAudio(key) {
		if (key && ++key.n > key.frames + key.gap) {
			this.queue.shift();
			key.done?.();
		}
		const payload = this.source ? this.codec.encode(this.source()) : Buffer.alloc(FRAME * (this.codec.width ?? 1), this.codec.idle);
		this.send(this.codec.payloadType, this.timestamp, payload, this.sent === 0);
	}

	/** One event: its packets share the first one's timestamp, the last is sent three times (RFC 4733 2.5.1.4). */
	frameDtmf(key) {
		if (key.n === 0)
			key.timestamp = this.timestamp;
		key.n++;
		const last = key.n === key.frames;
		const payload = Buffer.from([key.event, (last ? 0x80 : 0) | 10, 0, 0]);
		payload.writeUInt16BE(key.n * FRAME, 2);
		for (let i = last ? 3 : 1; i > 0; i--)
			this.send(DTMF_PT, key.timestamp, payload, key.n === 1 && !last);
	}

	send(payloadType, timestamp, payload, marker) {
		const header = Buffer.alloc(12);
		header[0] = 0x80;
		header[1] = payloadType | (marker ? 0x80 : 0);
		header.writeUInt16BE(this.sequence, 2);
		header.writeUInt32BE(timestamp, 4);
		header.writeUInt32BE(this.ssrc, 8);
		this.sequence = (this.sequence + 1) & 0xffff;
		this.sent++;
		this.socket.send(Buffer.concat([header, payload]), this.remote.port, this.remote.host, () => {});
	}

	receive(data) {
		if (data.length < 12 || data[0] >> 6 !== 2)
			return;
		const payloadType = data[1] & 0x7f;
		const body = data.subarray(12 + 4 * (data[0] & 0x0f));
		this.count(data.readUInt16BE(2), data.readUInt32BE(8));
		if (payloadType === DTMF_PT)
			this.receiveDtmf(body, data.readUInt32BE(4));
		else if (payloadType === this.codec.payloadType)
			this.keep(this.codec.decode(body));
		this.emit('packet', payloadType);
	}

	count(sequence, ssrc) {
		const now = performance.now();
		const h = this.heard;
		if (this.heardSsrc === ssrc) {
			const step = (sequence - this.heardSequence) & 0xffff;
			if (step > 1 && step < 1000)
				h.lost += step - 1;
		}
		if (h.lastAt !== null)
			h.maxGapMs = Math.max(h.maxGapMs, now - h.lastAt);
		this.heardSsrc = ssrc;
		this.heardSequence = sequence;
		h.packets++;
		h.firstAt ??= now;
		h.lastAt = now;
	}

	keep(pcm) {
		const now = performance.now();
		this.pieces.push({ at: now, pcm });
		if (this.pieces.length > 64 && now - this.pieces[0].at > KEEP_MS)
			this.pieces.splice(0, 32);
	}

	receiveDtmf(body, timestamp) {
		if (timestamp === this.dtmfTimestamp || body.length < 4)
			return;
		this.dtmfTimestamp = timestamp;
		const digit = DIGITS[body[0]];
		this.digits += digit;
		this.emit('dtmf', digit);
	}

	/** What arrived in the last `ms` milliseconds, or since `from` (performance.now() time). */
	audio({ ms = 300, from = performance.now() - ms } = {}) {
		let i = this.pieces.length;
		while (i > 0 && this.pieces[i - 1].at >= from)
			i--;
		return concat(this.pieces.slice(i).map((p) => p.pcm));
	}

	/** The share of `hz` in the last `ms`; 0 while too little arrived, or while it is all but silent. */
	level(hz, ms = 300) {
		const pcm = this.audio({ ms });
		return pcm.length < 4 * ms || rms(pcm) < 50 ? 0 : toneShare(pcm, hz);
	}

	/** Loudness (RMS) of each whole second heard so far. */
	loudnessBySecond() {
		const first = this.pieces[0]?.at ?? 0;
		const seconds = [];
		for (const { at, pcm } of this.pieces)
			(seconds[Math.floor((at - first) / 1000)] ??= []).push(pcm);
		return Array.from(seconds, (s) => Math.round(rms(concat(s ?? []))));
	}

	/** Resolves as soon as `test(this)` is true upon an arriving packet; rejects with `what` after `timeout` ms. */
	until(test, { timeout = 5000, what = 'condition' } = {}) {
		return new Promise((resolve, reject) => {
			const started = performance.now();
			const done = (f, value) => {
				clearTimeout(timer);
				this.off('packet', check);
				f(value);
			};
			const check = () => test(this) && done(resolve, performance.now() - started);
			const timer = setTimeout(() => done(reject, new Error(
				`RTP port ${this.port}: no ${what} within ${timeout * SLOW} ms (heard ${JSON.stringify(this.heard)}, ` +
				`loudness by second ${this.loudnessBySecond().slice(-12)})`)), timeout * SLOW);
			this.on('packet', check);
			check();
		});
	}

	/** Waits until the tone is heard (for `ms`, at least `share` of the energy). */
	hears(hz, { timeout = 5000, share = 0.6, ms = 240 } = {}) {
		return this.until(() => this.level(hz, ms) >= share, { timeout, what: `tone of ${hz} Hz` });
	}

	/** Waits until anything at all is heard. */
	hearsSound({ timeout = 5000, loudness = 150, ms = 200 } = {}) {
		return this.until(() => {
			const pcm = this.audio({ ms });
			return pcm.length >= 4 * ms && rms(pcm) > loudness;
		}, { timeout, what: 'sound' });
	}

	/** Waits until the line has been quiet (or without packets of sound) for `ms`. */
	hearsSilence({ timeout = 10_000, loudness = 60, ms = 500 } = {}) {
		return this.until(() => {
			const pcm = this.audio({ ms });
			return pcm.length >= 4 * ms && rms(pcm) < loudness;
		}, { timeout, what: 'silence' });
	}

	/** Waits until all of `digits` were pressed at the far end. */
	hearsDtmf(digits, { timeout = 5000 } = {}) {
		return this.until(() => this.digits.includes(digits), { timeout, what: `DTMF ${digits} (got "${this.digits}")` });
	}

	/** An SDP body that offers (or answers with) this endpoint. */
	sdp({ direction = 'sendrecv', version = 1 } = {}) {
		const { name, payloadType } = this.codec;
		const at = `IN IP${this.host.includes(':') ? 6 : 4} ${this.host}`;
		return [
			'v=0', `o=- ${this.ssrc} ${version} ${at}`, 's=-', `c=${at}`, 't=0 0',
			`m=audio ${this.port} RTP/AVP ${payloadType} ${DTMF_PT}`,
			`a=rtpmap:${payloadType} ${name}/8000`, `a=rtpmap:${DTMF_PT} telephone-event/8000`,
			`a=fmtp:${DTMF_PT} 0-15`, 'a=ptime:20', `a=${direction}`, '',
		].join('\r\n');
	}
}

/** Where an SDP body wants its audio: {host, port, direction, payloadTypes}; null without an audio line. */
export function sdpAudio(sdp) {
	const media = /^m=audio (\d+) \S+ ([\d ]+)/m.exec(sdp ?? '');
	if (!media)
		return null;
	const tail = sdp.slice(media.index);
	const host = (/^c=IN IP[46] (\S+)/m.exec(tail) ?? /^c=IN IP[46] (\S+)/m.exec(sdp))?.[1];
	const direction = /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(tail)?.[1] ?? 'sendrecv';
	return { host, port: Number(media[1]), direction, payloadTypes: media[2].trim().split(' ').map(Number) };
}
