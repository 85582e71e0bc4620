// What the benches of the media engine share: a mediad with many legs whose far ends are one tests/tools/rtpload, the machine's
// limit beside it (a bare C echo of the same packets), and figures.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rig, uuid } from '../../mediad/test/rig.mjs';
import { costOf } from '../tools/cpu.mjs';
import { BUILD } from '../tools/instance.mjs';
import { SipEndpoint } from '../tools/sip.mjs';

export const SECONDS = Number(process.env.ZJ_BENCH_SECONDS ?? 12);
const WARM_MS = 2000;
const LOCAL = 40_000;
const ECHO = 50_000;
const AT_ONCE = 16;
const rtpload = path.join(BUILD, 'test/tools/rtpload');
const lines = [];

const round = (x) => (x === null ? null : Math.round(x * 1000) / 1000);

/** `against`: what it is compared with; ratio = value / against. */
export function figure(metric, value, unit, against = null) {
	const line = { bench: 'mediad', metric, value: round(value), unit, against: round(against), ratio: against ? round(value / against) : null };
	lines.push(JSON.stringify(line));
	console.log(`mediad       ${metric.padEnd(34)} ${String(line.value).padStart(10)} ${unit}${against === null ? '' : `   (against ${line.against}: × ${line.ratio})`}`);
}

export function keepFigures() {
	fs.appendFileSync(path.join(BUILD, 'bench.jsonl'), lines.splice(0).map((l) => `${l}\n`).join(''));
}

export const rssKb = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);
export const descriptors = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

/** `n` times `one`, some of them at once. */
export async function many(n, one) {
	let next = 0;
	await Promise.all(Array.from({ length: AT_ONCE }, async () => {
		while (next < n)
			await one(next++);
	}));
}

function run(args, input = '') {
	const p = spawn(rtpload, args, { stdio: ['pipe', 'pipe', 'inherit'] });
	const out = createInterface({ input: p.stdout })[Symbol.asyncIterator]();
	p.stdin.end(input);
	return { p, ready: out.next(), summary: () => out.next().then((l) => JSON.parse(l.value)), exited: new Promise((resolve) => p.once('exit', resolve)) };
}

/** What rtpload saw, and the CPU of `pid` in ms a second, over the middle of a load on these pairs. */
export async function measure(pid, pairs) {
	const load = run(['load', String(SECONDS)], pairs.join('\n'));
	await load.ready;
	await sleep(WARM_MS);
	const before = costOf(pid).cpuMs;
	const at = performance.now();
	await sleep((SECONDS - 1) * 1000 - WARM_MS);
	const cpuMs = costOf(pid).cpuMs - before;
	const seconds = (performance.now() - at) / 1000;
	return { ...(await load.summary()), cpu: cpuMs / seconds };
}

/** The same of the bare echo, for so many legs. */
export async function echo(legs) {
	const e = run(['echo', String(ECHO), String(legs)]);
	await e.ready;
	const result = await measure(e.p.pid, [`${LOCAL} ${ECHO} ${legs}`]);
	e.p.kill('SIGTERM');
	await e.exited;
	return result;
}

const CODECS = { PCMA: [8, 'PCMA/8000'], opus: [111, 'opus/48000/2'] };

export class Scene {
	/** A mediad and its owner; its ports are enough for 4,000 legs. The far ends' begin at `local`: a test takes some that nobody is given
	 * by chance (61000 and above). */
	static async open(conf = {}, local = LOCAL) {
		const scene = new Scene();
		scene.local = local;
		scene.rig = await Rig.start({ max_legs: 10_000, max_rooms: 10_000, rtp_port_min: 24_000, rtp_port_max: 39_999, log_level: 'error', ...conf });
		scene.owner = await scene.rig.controller();
		scene.pid = scene.rig.process.pid;
		scene.empty = rssKb(scene.pid);
		scene.legs = [];
		return scene;
	}

	/** `n` legs more, two a call, to a UAS in this process; each one's audio is at the port that its user part says. */
	async dial(n, codec = () => 'PCMA') {
		const sip = this.sip ??= await this.uas();
		const first = this.legs.length;
		const calls = Array.from({ length: Math.ceil(n / 2) }, uuid);
		await many(n, async (k) => {
			const i = first + k;
			const port = this.local + 2 * i;
			const leg = { leg: uuid(), call: calls[k >> 1], port, codec: codec(i) };
			this.legs[i] = leg;
			await this.owner.do('leg.originate', { leg: leg.leg, call: leg.call, to: `sip:${port}@127.0.0.1:${sip.port}`, from: '1' });
			await this.owner.next('leg.answered', (e) => e.leg === leg.leg, 30_000);
			this.forget();
		});
		return this.legs.slice(first);
	}

	async uas() {
		const sip = await SipEndpoint.open();
		sip.on('request', (m, respond) => {
			if (m.method !== 'INVITE') {
				respond(200, 'OK');
				return;
			}
			const port = Number(/sip:(\d+)@/.exec(m.uri)[1]);
			const leg = this.legs[(port - this.local) / 2];
			const [pt, name] = CODECS[leg.codec];
			leg.remote = Number(/^m=audio (\d+)/m.exec(m.body)[1]);
			const body = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP ${pt} 101\r\na=rtpmap:${pt} ${name}\r\na=rtpmap:101 telephone-event/8000\r\n`;
			respond(200, 'OK', { tag: String(port), headers: { Contact: `<sip:${port}@127.0.0.1:${sip.port}>`, 'Content-Type': 'application/sdp' }, body }).stopRepeating();
		});
		return sip;
	}

	/** What was taken or is of no interest: thousands of events would be searched again and again. */
	forget() {
		this.owner.events = this.owner.events.filter((e) => !e.taken && ['leg.answered', 'leg.hungup', 'overload'].includes(e.event));
	}

	async room(legs, options = {}) {
		const room = uuid();
		await this.owner.do('room.create', { room, call: legs[0].call, ...options });
		for (const { leg } of legs)
			await this.owner.do('room.join', { room, leg });
		this.forget();
		return room;
	}

	/** `n` calls of two legs that hear each other: their rooms. */
	async calls(n, codec) {
		const legs = await this.dial(2 * n, codec);
		const rooms = [];
		await many(n, async (i) => { rooms[i] = await this.room(legs.slice(2 * i, 2 * i + 2)); });
		return rooms;
	}

	measure(kind = () => 'stamped') {
		return measure(this.pid, this.legs.map((l, i) => `${l.port} ${l.remote} 1 ${kind(i)}`));
	}

	async close() {
		this.owner.vanish();
		this.sip?.close();
		await this.rig.stop();
	}
}
