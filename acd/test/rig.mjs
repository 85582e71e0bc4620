// acd with real PostgreSQL and Redis and the fake mediad, in a directory of its own.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, writeFileSync, readFileSync, rmSync, readdirSync, existsSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { Rpc } from '../../tests/tools/rpc.mjs';
import { poll } from '../../tests/tools/wait.mjs';
import { root, startPostgres } from '../../schema/test/pg.mjs';
import { Mediad, uuid7 } from './mediad.mjs';

const program = resolve(root, process.env.ZJ_BUILD ?? 'build', 'bin', 'acd');

/** A free port of the loopback: two runs of these tests may go on at the same time. */
export async function freePort() {
	const server = net.createServer();
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address();
	await new Promise((resolve) => server.close(resolve));
	return port;
}

export class Rig {
	static async start() {
		const rig = new Rig();
		for (const signal of ['SIGTERM', 'SIGINT'])
			process.once(signal, () => process.exit(1));
		process.on('exit', () => { for (const p of [rig.acd, rig.redis]) p?.kill('SIGKILL'); });
		rig.dir = mkdtempSync(join(tmpdir(), 'zj-acd-'));
		rig.health = await freePort();
		rig.children = [];
		mkdirSync(join(rig.dir, 'cache'));
		rig.pg = await startPostgres();
		await rig.startRedis();
		rig.mediad = await new Mediad(join(rig.dir, 'mediad.sock')).listen();
		writeFileSync(join(rig.dir, 'acd.conf'), Object.entries({ run: rig.dir, store: join(rig.dir, 'store'), music: join(rig.dir, 'cache', 'music.wav'), spool: join(rig.dir, 'spool'),
			mediad: rig.mediad.path, edge: join(rig.dir, 'edge.sock'), listen: join(rig.dir, 'acd.sock'), redis: join(rig.dir, 'redis.sock'),
			postgres: `host=${rig.pg.dir} port=${rig.pg.port} user=zj_acd dbname=zongji`, health_port: rig.health, log: join(rig.dir, 'acd.log'), log_level: 'debug', dial_ring_s: 5, lease_ms: 2000 })
			.map(([k, v]) => `${k} = ${v}\n`).join(''));
		return rig;
	}

	async startRedis() {
		this.redis = spawn('redis-server', ['--port', '0', '--unixsocket', join(this.dir, 'redis.sock'), '--save', '', '--appendonly', 'no', '--dir', this.dir], { stdio: 'ignore' });
		await poll(() => this.redisCli('PING') === 'PONG', { what: 'Redis' });
	}

	redisCli(...args) {
		return execFileSync('redis-cli', ['-s', join(this.dir, 'redis.sock'), ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
	}

	async stopRedis() {
		this.redis.kill('SIGKILL');
		await once(this.redis, 'exit');
	}

	async startAcd() {
		const [first, ...rest] = [...(process.env.ZJ_UNDER ?? '').split(' ').filter(Boolean), program, '--config', join(this.dir, 'acd.conf')]; // ZJ_UNDER='valgrind …'
		this.acd = spawn(first, rest, { stdio: ['ignore', 'inherit', 'inherit'] });
		this.exited = once(this.acd, 'exit');
		await poll(async () => {
			this.rpc?.close();
			this.rpc = await Rpc.connect(join(this.dir, 'acd.sock'));
			return (await this.rpc.call('status')).mediads[0].up;
		}, { timeout: 8000, what: 'acd' });
		this.events = [];
		this.rpc.on('notification', (method, params) => method === 'event' && this.events.push(params));
		if (this.tenant)
			await this.rpc.call('subscribe', { tenant: this.tenant.id });
	}

	async killAcd(signal = 'SIGKILL') {
		this.acd.kill(signal);
		return (await this.exited)[0];
	}

	async stop() {
		this.rpc?.close();
		if (this.acd && this.acd.exitCode === null && this.acd.signalCode === null)
			this.acd.kill('SIGKILL');
		this.redis?.kill('SIGKILL');
		await this.mediad?.close();
		for (const c of this.children ?? []) {
			c.kill('SIGINT');
			await once(c, 'exit');
		}
		await this.pg?.stop();
		if (!process.env.ZJ_KEEP)
			rmSync(this.dir, { recursive: true, force: true });
	}

	/** A tenant with queue 4001, two agents on 1001 and 1002, and what the test changes. */
	seed({ name = 'demo', queue = {}, agents = 2, language = 'zh' } = {}) {
		const t = { id: uuid7(), name, queue: uuid7(), queue2: uuid7(), flow: uuid7(), agents: [], extensions: [] };
		const q = { strategy: 'longest_idle', ring_timeout_s: 20, retry_delay_s: 5, wrapup_s: 1, announce_s: 30, max_wait_s: 300, max_length: 100, overflow_kind: 'hangup', ...queue };
		const cols = Object.keys(q), lit = (v) => v === null ? 'null' : typeof v === 'number' ? String(v) : typeof v === 'boolean' ? String(v) : `'${v}'`;
		const sql = [`set search_path = zj, public`,
			`insert into tenant (id, name, title, sip_domain, language) values ('${t.id}', '${name}', '${name}', '${name}.test', '${language}')`,
			`insert into queue (tenant_id, id, number, name) values ('${t.id}', '${t.queue2}', '4002', 'second')`,
			`insert into flow (tenant_id, id, name, document) values ('${t.id}', '${t.flow}', 'menu', '<vxml/>')`,
			`insert into busy_reason (tenant_id, name) values ('${t.id}', 'lunch')`,
			`insert into queue (tenant_id, id, number, name, ${cols.join(', ')}) values ('${t.id}', '${t.queue}', '4001', 'first', ${cols.map((c) => lit(q[c])).join(', ')})`];
		for (let i = 1; i <= agents; i++) {
			const e = uuid7(), a = uuid7();
			t.extensions.push(e);
			t.agents.push(a);
			sql.push(`insert into extension (tenant_id, id, number, password) values ('${t.id}', '${e}', '${1000 + i}', 'secret-secret')`,
				`insert into agent (tenant_id, id, number, name, extension_id) values ('${t.id}', '${a}', '${8000 + i}', 'Agent ${i}', '${e}')`,
				`insert into queue_agent (tenant_id, queue_id, agent_id) values ('${t.id}', '${t.queue}', '${a}'), ('${t.id}', '${t.queue2}', '${a}')`);
		}
		this.pg.sql(`${sql.join(';\n')};`);
		return this.tenant = t;
	}

	command(method, params) {
		return this.rpc.call(method, { tenant: this.tenant.id, request: uuid7(), ...params });
	}

	async signIn(i, t = this.tenant) {
		const r = await this.command('agent.sign_in', { tenant: t.id, agent: t.agents[i] });
		if (r.refused)
			throw new Error(r.because);
		return r.state;
	}

	call(t = this.tenant, more = {}) {
		return this.mediad.incoming({ tenant: t.id, kind: 'queue', target: t.queue, ...more });
	}

	board(t = this.tenant) {
		return this.rpc.call('board', { tenant: t.id });
	}

	async agent(i, t = this.tenant) {
		return (await this.board(t)).agents.find((a) => a.id === t.agents[i]);
	}

	agentState(i, state, t = this.tenant) {
		return poll(async () => (await this.agent(i, t))?.state === state, { every: 20, what: `agent ${i} ${state}` });
	}

	/** The living leg that rings extension `ext`. */
	phone(ext) {
		return poll(() => this.mediad.living().find((l) => l.dir === 'out' && l.state === 'trying' && l.to.startsWith(`sip:${ext}@`)), { every: 10, what: `INVITE to ${ext}` });
	}

	/** Rows of a fact table as objects, once there are at least n. */
	facts(table, where = 'true', n = 1) {
		return poll(() => {
			const rows = this.pg.sql(`set search_path = zj, public; select to_jsonb(t) from ${table} t where ${where} order by id;`).map((r) => JSON.parse(r[0]));
			return rows.length >= n && rows;
		}, { every: 50, timeout: 8000, what: `${n} rows of ${table}` });
	}

	spool() {
		return existsSync(join(this.dir, 'spool', 'dead')) ? readdirSync(join(this.dir, 'spool', 'dead')) : [];
	}

	log() {
		return readFileSync(join(this.dir, 'acd.log'), 'utf8');
	}
}

/** call-facts.md, invariant 1: every leg's segments cover it without gap or overlap. */
export function checkSegments(legs, segments) {
	for (const leg of legs) {
		const mine = segments.filter((s) => s.legs.includes(leg.id)).sort((a, b) => a.from_at < b.from_at ? -1 : 1);
		let at = leg.offered_at;
		for (const s of mine) {
			if (s.from_at !== at)
				throw new Error(`leg ${leg.id}: a segment ${s.kind} begins at ${s.from_at}, not at ${at}`);
			at = s.to_at;
		}
		if (at !== leg.ended_at)
			throw new Error(`leg ${leg.id}: segments end at ${at}, the leg at ${leg.ended_at}`);
	}
}
