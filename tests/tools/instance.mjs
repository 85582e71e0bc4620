// One whole instance of Zongji for the system tests: every real process, in a run directory of its own.
//
// The first test file that asks brings it up through a keeper (keeper.mjs), a process of its own; later files find it by
// build/test/instance.json and use it too: several at a time, or one alone that kills processes or looks at all of them. The keeper takes everything down when nobody has held the
// instance for a while, or at once by `node tests/tools/instance.mjs down`.
//
//   const zj = await Instance.take();  …  after(() => zj.release());
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Api } from './api.mjs';
import { hideFrom } from './sip.mjs';
import { CarrierCall } from './sipp.mjs';
import { ask } from './rpc.mjs';
import { Tenant } from './tenant.mjs';
import { poll } from './wait.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
export const BUILD = path.resolve(ROOT, process.env.ZJ_BUILD ?? 'build');
const STATE = path.join(BUILD, 'test');
export const MANIFEST = path.join(STATE, 'instance.json');
const LEASES = path.join(STATE, 'leases');
const LOCK = path.join(STATE, 'instance.lock');
const KEEPER = path.join(STATE, 'keeper.pid');

export const alive = (pid) => {
	try {
		return !/^\d+ \(.*\) [ZX]/.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
	} catch {
		return false;
	}
};

export const readJson = (file) => {
	try {
		return JSON.parse(fs.readFileSync(file, 'utf8'));
	} catch {
		return null;
	}
};

/** Who uses the instance now: [{pid, exclusive}]; what dead ones left is removed. */
export function holders() {
	if (!fs.existsSync(LEASES))
		return [];
	return fs.readdirSync(LEASES).map((name) => ({ pid: parseInt(name, 10), exclusive: name.endsWith('x'), name })).filter(({ pid, name }) => {
		if (!alive(pid))
			fs.rmSync(path.join(LEASES, name), { force: true });
		return alive(pid);
	});
}

/** Runs `f` while no other process does (a lock file with its holder's pid). */
async function locked(f) {
	await poll(() => {
		const holder = Number(fs.existsSync(LOCK) ? fs.readFileSync(LOCK, 'utf8') : 0);
		if (holder && !alive(holder))
			fs.rmSync(LOCK, { force: true });
		fs.writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
		return true;
	}, { timeout: 180_000, every: 20, what: 'the lock of the test instance' });
	try {
		return await f();
	} finally {
		fs.rmSync(LOCK, { force: true });
	}
}

/** The right to use the instance: many at a time, or, for who kills processes or looks at all of them, alone. */
async function takeLease(exclusive) {
	fs.mkdirSync(LEASES, { recursive: true });
	await poll(() => locked(() => {
		const others = holders().filter(({ pid }) => pid !== process.pid);
		if (others.length && (exclusive || others.some((o) => o.exclusive)))
			return false;
		fs.writeFileSync(path.join(LEASES, `${process.pid}${exclusive ? 'x' : 's'}`), '');
		return true;
	}), { timeout: 600_000, every: 100, what: 'the test instance' });
}

function dropLease() {
	for (const kind of ['x', 's'])
		fs.rmSync(path.join(LEASES, `${process.pid}${kind}`), { force: true });
}

function startKeeper() {
	const log = fs.openSync(path.join(STATE, 'keeper.log'), 'w');
	const keeper = spawn(process.execPath, [fileURLToPath(new URL('keeper.mjs', import.meta.url))], { detached: true, stdio: ['ignore', log, log], env: process.env });
	keeper.unref();
	fs.closeSync(log);
	return keeper.pid;
}

/** The manifest of the instance, which is brought up when it is not. */
async function manifestOfLiving() {
	let manifest = readJson(MANIFEST);
	if (!manifest || !alive(manifest.keeper)) {
		fs.rmSync(MANIFEST, { force: true });
		// The one before may still be taking its instance down, in the folder that the next one takes.
		const before = Number(fs.existsSync(KEEPER) ? fs.readFileSync(KEEPER, 'utf8') : 0);
		await poll(() => !before || !alive(before), { timeout: 60_000, every: 50, what: 'the end of the instance before' }).catch(() => {});
		const keeper = startKeeper();
		fs.writeFileSync(KEEPER, String(keeper));
		manifest = await poll(() => readJson(MANIFEST) ?? (alive(keeper) ? null : { failed: true }), { timeout: 120_000, every: 100, what: 'instance up' });
	}
	if (manifest.failed)
		throw new Error(`the instance did not come up:\n${fs.readFileSync(path.join(STATE, 'keeper.log'), 'utf8').slice(-3000)}`);
	return manifest;
}

export class Instance {
	/** Waits for its turn, brings the instance up when it is not, and returns it. */
	static async take({ exclusive = false } = {}) {
		await takeLease(exclusive);
		const manifest = await locked(() => manifestOfLiving());
		const zj = new Instance(manifest);
		await zj.ready();
		zj.carrier = await Api.login(zj.url, manifest.carrier);
		await locked(() => zj.ensureTrunk());
		return zj;
	}

	constructor(manifest) {
		Object.assign(this, manifest);
		this.url = `http://127.0.0.1:${this.base}`;
		this.sip = { host: '127.0.0.1', port: this.base + 10 };
		this.opened = [];
		hideFrom(this.base);
	}

	/** Something to be closed (close(), hangup() …) when the test file is through, in reverse order. */
	later(thing) {
		this.opened.push(thing);
		return thing;
	}

	/** Hangs up every call of the carrier that is still up. */
	async hangupAll() {
		await Promise.all(this.opened.filter((thing) => thing instanceof CarrierCall).map((call) => call.close()));
	}

	/** Ends what this file opened, and lets the next file have the instance. */
	async release() {
		for (const thing of this.opened.reverse())
			await Promise.resolve(thing.close()).catch(() => {});
		this.opened = [];
		dropLease();
	}

	up(method, params = {}) {
		return ask(path.join(this.run, 'sock/up.sock'), method, params);
	}

	async processes() {
		const { processes } = await this.up('list');
		return Object.fromEntries(processes.map((p) => [p.name, p]));
	}

	/** Waits until every process is up and ready. */
	ready({ timeout = 30_000 } = {}) {
		return poll(async () => (await this.up('list')).ready, { timeout, every: 50, what: 'all processes ready' });
	}

	/** kill -9 (or another signal) by the supervisor, which starts it again. */
	async kill(name, signal = 9) {
		const before = (await this.processes())[name];
		await this.up('kill', { name, signal });
		return before;
	}

	/** Waits until `name` runs again under another pid, and is ready. */
	async back(name, before, { timeout = 15_000 } = {}) {
		await poll(async () => {
			const now = (await this.processes())[name];
			return now.pid > 0 && now.pid !== before.pid && now.state === 'ready';
		}, { timeout, what: `${name} back` });
		return this.ready({ timeout });
	}

	/** A question to acd, as api and zongji ask (docs/control-protocol.md). */
	acd(method, params = {}) {
		return ask(path.join(this.run, 'sock/acd.sock'), method, params);
	}

	/** The rows of a query, as objects, by the superuser. Parameters are :'name' in the text. */
	async sql(query, parameters = {}) {
		const variables = Object.entries(parameters).flatMap(([k, v]) => ['-v', `${k}=${v}`]);
		const password = fs.readFileSync(path.join(this.run, 'secrets/zj_super'), 'utf8').trim();
		const child = spawn('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', ...variables, '-h', path.join(this.run, 'sock/pg'), '-p', String(this.base + 2), '-U', 'zj_super', '-d', 'zongji'],
			{ env: { ...process.env, PGPASSWORD: password }, stdio: ['pipe', 'pipe', 'pipe'] });
		child.stdin.end(/^\s*(select|with)/i.test(query) ? `select coalesce(json_agg(t), '[]') from (${query}) t;` : `${query};`);
		let out = '';
		let err = '';
		child.stdout.on('data', (d) => { out += d; });
		child.stderr.on('data', (d) => { err += d; });
		const code = await new Promise((resolve) => child.on('close', resolve));
		if (code !== 0)
			throw new Error(`psql: ${err.trim()}`);
		return out.trim() === '' ? [] : JSON.parse(out);
	}

	/** A new tenant with an administrator, of its own name and SIP domain. */
	async tenant(label, options = {}) {
		return Tenant.create(this, label, options);
	}

	/** The trunk of the tests' carrier: SIPp on an address of its own. */
	async ensureTrunk() {
		const { items } = await this.carrier.get('/trunks?filter[name]=test-carrier');
		if (!items.length)
			await this.carrier.post('/trunks', { name: 'test-carrier', host: '127.0.0.2', port: 5060, match_port: false });
	}

	/** A call from the carrier; closed by release() at the latest. */
	async call(caller, did, options = {}) {
		return this.later(await CarrierCall.place({ target: this.sip, caller, did, ...options }));
	}

	/** A number that no test has used. */
	freshNumber(prefix = '138') {
		return prefix + String(Math.floor(Math.random() * 1e8)).padStart(8, '0');
	}

	/** All facts of a call, when the call's own row is there. */
	async facts(tenant, where, { timeout = 6000 } = {}) {
		const [call] = await poll(async () => {
			const rows = await this.sql(`select * from call where tenant_id = '${tenant.id}' and ${where}`);
			return rows.length && rows;
		}, { timeout, every: 100, what: `CDR (${where})` });
		const facts = { call };
		const tables = { legs: 'call_leg', segments: 'call_segment', visits: 'queue_visit', offers: 'offer', ivr_visits: 'ivr_visit', recordings: 'recording' };
		for (const [name, table] of Object.entries(tables))
			facts[name] = await this.sql(`select * from ${table} where tenant_id = '${tenant.id}' and call_id = '${call.id}' order by id`);
		return facts;
	}

	/** The lines of one part's log that contain `text`. */
	logLines(part, text) {
		const file = path.join(this.run, 'log', `${part}.log`);
		return fs.readFileSync(file, 'utf8').split('\n').filter((line) => line.includes(text));
	}
}

/** Takes the instance down, if it is up; resolves when nothing of it is left. */
export async function down() {
	const manifest = readJson(MANIFEST);
	if (!manifest?.keeper || !alive(manifest.keeper))
		return;
	await takeLease(true); // whoever uses it may finish
	process.kill(manifest.keeper, 'SIGTERM');
	await poll(() => !alive(manifest.keeper), { timeout: 30_000, every: 100, what: 'instance down' });
	dropLease();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	if (process.argv[2] === 'down')
		await down();
	else if (process.argv[2] === 'up')
		await Instance.take().then((zj) => zj.release());
	else
		console.error('usage: node tests/tools/instance.mjs up|down');
}
