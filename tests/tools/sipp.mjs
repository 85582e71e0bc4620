// Runs the real SIPp (package sip-tester) with a scenario of tests/sipp, and follows its message trace.
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Rtp, sdpAudio } from './rtp.mjs';
import { poll, within } from './wait.mjs';
import { header, mustHide, parseMessage, token } from './sip.mjs';

const SCENARIOS = fileURLToPath(new URL('../sipp/', import.meta.url));
/** Carriers have an address of their own (all of 127/8 is this machine), so that the edge can tell them from phones. */
export const CARRIER_HOST = '127.0.0.2';

const running = new Set();
process.on('exit', () => {
	for (const child of running)
		child.kill('SIGKILL');
});

/** SIPp takes four ports for audio it is not asked for, and ends when one is taken: they are on an address of their own. */
const MEDIA_HOST = '127.0.0.4';
/** So is the port of its remote control: on 0.0.0.0 it met the phones' audio now and then. */
const CONTROL_HOST = '127.0.0.5';
let mediaPort = 20_000 + ((process.pid * 132) % 40_000);
const nextMediaPort = () => {
	mediaPort = mediaPort >= 60_000 ? 20_000 : mediaPort + 4;
	return mediaPort;
};

async function freePort(host) {
	const socket = dgram.createSocket('udp4');
	socket.bind(0, host);
	await once(socket, 'listening');
	const { port } = socket.address();
	socket.close();
	return port;
}

/** Milliseconds (with microseconds as their fraction) of SIPp's own time stamp. */
function traceTime(day, time) {
	const [whole, micros] = time.split('.');
	return Date.parse(`${day}T${whole}`) + Number(micros) / 1000;
}

/** Reads SIPp's trace as it grows; emits 'message' (message, 'in'|'out') for each whole one. */
class Trace extends EventEmitter {
	constructor(file) {
		super();
		this.file = file;
		this.pending = Buffer.alloc(0);
		this.at = 0;
		fs.writeFileSync(file, '');
		this.watcher = fs.watch(file, () => this.read());
	}

	read() {
		const fd = fs.openSync(this.file, 'r');
		const size = fs.fstatSync(fd).size;
		if (size > this.at) {
			const fresh = Buffer.alloc(size - this.at);
			this.at += fs.readSync(fd, fresh, 0, fresh.length, this.at);
			this.pending = Buffer.concat([this.pending, fresh]);
		}
		fs.closeSync(fd);
		while (this.next())
			;
	}

	next() {
		const text = this.pending.toString('latin1');
		const mark = /-{10,} (\S+) (\S+)\n\S+ message (sent|received) [([](\d+)(?: bytes)?[)\]][^\n]*\n\n/.exec(text);
		if (!mark)
			return false;
		const from = mark.index + mark[0].length;
		const bytes = Number(mark[4]);
		if (text.length < from + bytes)
			return false;
		const raw = this.pending.toString('utf8', from, from + bytes);
		this.pending = this.pending.subarray(from + bytes);
		const message = parseMessage(raw.replace(/\r?\n/g, '\r\n'));
		if (message) {
			message.at = traceTime(mark[1], mark[2]);
			this.emit('message', message, mark[3] === 'sent' ? 'out' : 'in', raw.replace(/\r?\n/g, '\r\n'));
		}
		return true;
	}

	close() {
		this.watcher.close();
	}
}

/**
 * A running SIPp. `exited` resolves with {code, stats, errors}; `messages` are those seen so far.
 * Events: 'message' (message, direction).
 */
export class Sipp extends EventEmitter {
	/**
	 * @param {string} scenario file name below tests/sipp, without .xml
	 * @param {object} o target {host, port}; host (local address); keys; calls (-m); rate (-r); args; seconds (-timeout)
	 */
	static async run(scenario, o) {
		const host = o.host ?? CARRIER_HOST;
		const port = o.port ?? await freePort(host);
		const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'zj-sipp-'));
		return new Sipp(scenario, { ...o, host, port, dir, control: await freePort(CONTROL_HOST), media: nextMediaPort() });
	}

	constructor(scenario, { target, host, port, dir, control, media, keys = {}, calls = 1, rate = 10, args = [], seconds = 170, callId, trace = true }) {
		super();
		Object.assign(this, { host, port, dir, messages: [] });
		this.trace = trace ? new Trace(path.join(dir, 'messages')) : null;
		this.trace?.on('message', (message, direction, raw) => {
			if (direction === 'in')
				mustHide(raw);
			this.messages.push({ at: performance.now(), message, direction });
			this.emit('message', message, direction);
		});
		const argv = [
			...(target ? [`${target.host}:${target.port}`] : []), '-sf', path.join(SCENARIOS, `${scenario}.xml`), '-m', String(calls), '-r', String(rate),
			'-i', host, '-bind_local', '-p', String(port), '-ci', CONTROL_HOST, '-cp', String(control), '-mi', MEDIA_HOST, '-mp', String(media),
			'-nostdin', '-timeout', `${seconds}s`, '-timeout_error', '-skip_rlimit', '-trace_err', '-error_file', path.join(dir, 'errors'),
			...(this.trace ? ['-trace_msg', '-message_file', this.trace.file] : []), ...(callId ? ['-cid_str', callId] : []),
			...Object.entries(keys).flatMap(([name, value]) => ['-key', name, String(value)]), ...args,
		];
		this.child = spawn('sipp', argv, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TERM: 'dumb' } });
		running.add(this.child);
		this.output = '';
		for (const stream of [this.child.stdout, this.child.stderr])
			stream.on('data', (data) => { this.output = (this.output + data).slice(-8000); });
		this.exited = once(this.child, 'exit').then(([code, signal]) => this.finish(code, signal));
	}

	finish(code, signal) {
		running.delete(this.child);
		this.trace?.read();
		this.trace?.close();
		const errors = fs.existsSync(path.join(this.dir, 'errors')) ? fs.readFileSync(path.join(this.dir, 'errors'), 'utf8') : '';
		fs.rmSync(this.dir, { recursive: true, force: true });
		const number = (label) => Number(new RegExp(`${label}\\s*\\|\\s*\\d+\\s*\\|\\s*(\\d+)`).exec(this.output.slice(this.output.lastIndexOf('Statistics Screen')))?.[1] ?? NaN);
		this.result = { code, signal, errors, stats: { ok: number('Successful call'), failed: number('Failed call') } };
		return this.result;
	}

	/** Resolves when its port is open: a UAS is deaf in its first milliseconds. */
	listening() {
		const port = this.port.toString(16).toUpperCase().padStart(4, '0');
		return poll(() => new RegExp(`^\\s*\\d+: \\w+:${port} `, 'm').test(fs.readFileSync('/proc/self/net/udp', 'latin1')), { what: 'SIPp to listen' });
	}

	/** Resolves with the first message, past or future, for which `test(message, direction)` is true. */
	message(test, { timeout = 5000, what = 'message' } = {}) {
		const past = this.messages.find((m) => test(m.message, m.direction));
		if (past)
			return Promise.resolve(past.message);
		let listener;
		const promise = new Promise((resolve, reject) => {
			listener = (message, direction) => test(message, direction) && resolve(message);
			this.on('message', listener);
			this.exited.then((r) => reject(new Error(`SIPp ended (${r.code}) before ${what}: ${r.errors || this.output.slice(-500)}`)));
		});
		promise.catch(() => {});
		return within(promise, timeout, `SIPp: ${what}`).finally(() => this.off('message', listener));
	}

	kill() {
		this.child.kill('SIGKILL');
		return this.exited;
	}
}

const finalOf = (message, direction) => direction === 'in' && message.status >= 200 && /INVITE/.test(header(message, 'cseq'));

/**
 * One call from a carrier: SIPp speaks SIP, an Rtp endpoint the audio.
 *
 *   const call = await CarrierCall.place({ target, caller: '13800000001', did: '02150001000', tone: 400 });
 *   await call.answered();  await call.rtp.hearsSound();  await call.rtp.dtmf('1');  await call.hangup();
 */
export class CarrierCall {
	static async place({ target, caller, did, tone = null, extra = 'X-Test: 1', host = CARRIER_HOST, seconds }) {
		const rtp = await Rtp.open();
		rtp.tone(tone);
		const id = `${token(8)}-%u@carrier.test`;
		const sipp = await Sipp.run('carrier_call', {
			target, host, callId: id, seconds, keys: { caller, did, rtp_host: rtp.host, rtp_port: rtp.port, extra },
		});
		return new CarrierCall(sipp, rtp, { caller, did, callId: id.replace('%u', '1') });
	}

	constructor(sipp, rtp, { caller, did, callId }) {
		Object.assign(this, { sipp, rtp, caller, did, callId });
		this.over = false;
		sipp.on('message', (message, direction) => this.follow(message, direction));
		this.ended = sipp.exited.then((result) => {
			this.over = true;
			rtp.stop();
			return { by: this.by ?? 'nobody', code: this.code, exit: result.code, errors: result.errors };
		});
	}

	follow(message, direction) {
		if (direction === 'in' && (message.status >= 183 && message.status < 300 || message.method === 'INVITE') && message.body) {
			const media = sdpAudio(message.body);
			if (media)
				this.rtp.start({ host: media.host, port: media.port });
		}
		if (finalOf(message, direction))
			this.code ??= message.status;
		if (message.method === 'BYE' && !this.by)
			this.by = direction === 'in' ? 'far' : 'us';
		if (message.method === 'CANCEL')
			this.by = 'us';
	}

	/** Resolves with the final response to the INVITE, whatever it is. */
	final({ timeout = 8000 } = {}) {
		return this.sipp.message(finalOf, { timeout, what: `final response to the call from ${this.caller}` });
	}

	/** Resolves when the call was answered, rejects when it was refused. */
	async answered(options) {
		const response = await this.final(options);
		if (response.status >= 300)
			throw new Error(`call from ${this.caller} to ${this.did}: ${response.status} ${response.reason}`);
		return this;
	}

	/** Resolves with a provisional response of this status. */
	provisional(status, { timeout = 5000 } = {}) {
		return this.sipp.message((m, d) => d === 'in' && m.status === status, { timeout, what: `${status}` });
	}

	/** Hangs up (BYE or CANCEL, by the state it is in); resolves when SIPp is through with it. */
	async hangup({ timeout = 5000 } = {}) {
		if (!this.over)
			this.tell();
		try {
			return await within(this.ended, timeout, `hang-up of ${this.caller}`);
		} finally {
			await this.vanish();
		}
	}

	tell() {
		const socket = dgram.createSocket('udp4');
		const text = [
			`MESSAGE sip:test@${this.sipp.host}:${this.sipp.port} SIP/2.0`, `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK${token()}`,
			'From: <sip:test@test>;tag=1', 'To: <sip:test@test>', `Call-ID: ${this.callId}`, 'CSeq: 1 MESSAGE', 'Content-Length: 0', '', '',
		].join('\r\n');
		socket.send(text, this.sipp.port, this.sipp.host, () => socket.close());
	}

	/** Hangs up if need be, and frees everything. */
	async close() {
		if (!this.over) {
			this.tell();
			await within(this.ended, 1500, 'hang-up').catch(() => {});
		}
		await this.vanish();
	}

	/** As if the carrier lost its power: no BYE. */
	async vanish() {
		if (!this.over)
			await this.sipp.kill();
		if (!this.closed)
			this.rtp.close();
		this.closed = true;
	}
}
