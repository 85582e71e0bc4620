// A mediad of its own for a test: temporary folders, ports from ZJ_PORT_BASE + 4000 on, a controller that speaks the control protocol.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { EventEmitter } from 'node:events';
import { Phone } from '../../tests/tools/phone.mjs';
import { Rpc } from '../../tests/tools/rpc.mjs';
import { SLOW, poll, within } from '../../tests/tools/wait.mjs';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const build = path.resolve(root, process.env.ZJ_BUILD ?? 'build');
const base = Number(process.env.ZJ_PORT_BASE ?? 10000) + 4000;
export const binary = path.join(build, 'bin/mediad');
export const tenant = '018f0000-0000-7000-8000-00000000000a';

const used = new Set();
const isFree = async (make, port) => {
	const socket = make();
	try {
		await new Promise((resolve, reject) => {
			socket.once('error', reject);
			if (socket.bind)
				socket.bind(port, '127.0.0.1', resolve);
			else
				socket.listen(port, '127.0.0.1', resolve);
		});
		return true;
	} catch {
		return false;
	} finally {
		await new Promise((resolve) => { try { socket.close(resolve); } catch { resolve(); } });
	}
};

/** SIP 14000 + slot, health 14250 + slot: free just now, begun at a place that differs from test to test. */
async function freeSlot() {
	for (let i = 0; i < 240; i++) {
		const slot = (process.pid * 7 + i * 13) % 240;
		if (used.has(slot))
			continue;
		used.add(slot);
		const tcp = () => net.createServer();
		if (await isFree(() => dgram.createSocket('udp4'), 14000 + slot) && await isFree(tcp, 14000 + slot) && await isFree(tcp, 14250 + slot))
			return slot;
	}
	throw new Error('no free ports in 14000–14489');
}

let last = 0;
/** A UUIDv7. */
export function uuid() {
	last = Math.max(last + 1, Date.now());
	const t = last.toString(16).padStart(12, '0');
	const r = randomBytes(10).toString('hex');
	return `${t.slice(0, 8)}-${t.slice(8)}-7${r.slice(0, 3)}-8${r.slice(3, 6)}-${r.slice(6, 18)}`;
}

/** One controller: says hello, acknowledges, keeps its events; never sees one twice unless told so in `again`. */
export class Controller extends EventEmitter {
	constructor(rig, name) {
		super();
		this.setMaxListeners(100);
		Object.assign(this, { rig, name, seen: 0, instance: null, events: [], again: 0, epoch: 1, cmd: 0, acks: true, run: randomBytes(3).toString('hex') });
	}

	async connect() {
		this.rpc = await Rpc.connect(this.rig.socket);
		this.rpc.on('notification', (method, params) => this.take(method, params));
		const hello = { name: this.name, seen: this.seen };
		if (this.instance)
			hello.instance = this.instance;
		const answer = await this.rpc.call('hello', hello);
		if (this.instance && this.instance !== answer.instance)
			this.seen = 0;
		this.instance = answer.instance;
		return this;
	}

	take(event, params) {
		if (params.seq <= this.seen) {
			this.again++;
			return;
		}
		this.seen = params.seq;
		this.events.push({ event, ...params });
		if (this.acks)
			this.ack();
		this.emit('event', { event, ...params });
	}

	ack(seq = this.seen) {
		this.rpc.socket.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'ack', params: { seq } })}\n`);
	}

	/** The next (or an earlier, not yet taken) event of that name for which `test` holds. */
	async next(event, test = () => true, timeout = 15_000) {
		const find = () => this.events.findIndex((e) => e.event === event && !e.taken && test(e));
		const end = Date.now() + timeout * SLOW;
		while (find() < 0) {
			const left = end - Date.now();
			if (left <= 0)
				throw new Error(`${this.name}: no ${event} within ${timeout * SLOW} ms; has ${JSON.stringify(this.events.filter((e) => !e.taken)).slice(0, 3000)}`);
			await within(new Promise((resolve) => this.once('event', resolve)), left / SLOW, event).catch(() => {});
		}
		const found = this.events[find()];
		found.taken = true;
		return found;
	}

	/** A command on a leg or room, with tenant, epoch and a fresh cmd_id. */
	do(method, params = {}) {
		return this.rpc.call(method, { tenant, epoch: this.epoch, cmd_id: `${this.run}${++this.cmd}`, ...params });
	}

	/** As if it were killed. */
	vanish() {
		this.rpc.close();
	}
}

export class Rig {
	static async start(conf = {}, { under = null } = {}) {
		const rig = new Rig();
		rig.under = under;
		rig.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'zj-mediad-'));
		rig.slot = await freeSlot();
		rig.sip = 14000 + rig.slot;
		rig.health = 14250 + rig.slot;
		rig.rtp = 14500 + (rig.slot % 120) * 10;
		for (const name of ['store', 'cache'])
			fs.mkdirSync(path.join(rig.dir, name));
		rig.socket = path.join(rig.dir, 'mediad.sock');
		rig.store = path.join(rig.dir, 'store');
		rig.conf = {
			log_level: process.env.ZJ_TEST_LOG ?? 'info', log: path.join(rig.dir, 'log'), socket: rig.socket, store: rig.store, cache: path.join(rig.dir, 'cache'), sip_port: rig.sip,
			health_port: rig.health, proxy: '', rtp_port_min: rig.rtp, rtp_port_max: rig.rtp + 299, ...conf,
		};
		await rig.spawn();
		return rig;
	}

	async spawn() {
		const file = path.join(this.dir, 'mediad.conf');
		fs.writeFileSync(file, Object.entries(this.conf).map(([k, v]) => `${k} = ${v}\n`).join(''));
		// `under`: a program to run it with
		const [program, ...args] = [...(this.under ?? []), binary, '--config', file];
		this.process = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
		this.exited = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve(signal ?? code)));
		this.process.once('error', (error) => { throw error; });
		const ended = this.exited.then((how) => { throw new Error(`mediad ended at once: ${how}; see ${this.conf.log}`); });
		ended.catch(() => {});
		await Promise.race([ended, poll(() => fs.existsSync(this.socket), { what: 'mediad\'s socket' })]);
		await poll(() => fetch(`http://127.0.0.1:${this.health}/healthz`).then((r) => r.ok), { what: 'mediad\'s health' });
	}

	async metric(name) {
		const text = await (await fetch(`http://127.0.0.1:${this.health}/metrics`)).text();
		return Number(new RegExp(`^zj_mediad_${name} (\\S+)`, 'm').exec(text)?.[1]);
	}

	log() {
		return fs.readFileSync(path.join(this.dir, 'log'), 'utf8');
	}

	controller(name = 'owner') {
		return new Controller(this, name).connect();
	}

	phone(user = '1001', options = {}) {
		return Phone.open({ user, domain: '127.0.0.1', password: '', proxy: { host: '127.0.0.1', port: this.sip }, ...options });
	}

	/** What Kamailio would add. */
	headers(call = uuid(), more = {}) {
		return { 'X-Zj-Tenant': tenant, 'X-Zj-Call': call, 'X-Zj-Kind': 'queue', 'X-Zj-Target': '4001', ...more };
	}

	async stop() {
		if (this.process.exitCode === null && this.process.signalCode === null)
			this.process.kill('SIGTERM');
		const how = await within(this.exited, 5000, 'mediad\'s end').catch((e) => { this.process.kill('SIGKILL'); throw e; });
		if (!process.env.ZJ_TEST_KEEP)
			fs.rmSync(this.dir, { recursive: true, force: true });
		return how;
	}
}
