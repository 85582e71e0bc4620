// What the api costs over the database: a keyed read and a list page through HTTP (wrk), beside pgbench running the very same
// pipelined transaction (the statements are taken from PostgreSQL's log) under the same row-level security. Both keep as many
// transactions in flight. Lines: api.read.vs_pgbench, api.list.vs_pgbench (ratios of the rates), the same as processor time of all that
// take part (cost_vs_pgbench: what a busy machine cannot blur), the rates, and the api's own processor time a request.
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { startEnv, build, sleep } from '../../api/test/env.mjs';

const SECONDS = Number(process.env.ZJ_BENCH_API_S ?? 4);
const ROUNDS = Number(process.env.ZJ_BENCH_API_ROUNDS ?? 3);
const IN_FLIGHT = 8; // the api's connections to PostgreSQL
const lines = [];

function figure(metric, value, unit, against = null) {
	const line = { bench: 'api', metric, value: Math.round(value * 1000) / 1000, unit, against, ratio: against === null ? null : Math.round((value / against) * 1000) / 1000 };
	lines.push(JSON.stringify(line));
	console.log(`${'api'.padEnd(12)} ${metric.padEnd(34)} ${String(line.value).padStart(10)} ${unit}${against === null ? '' : `   (goal ${against}: × ${line.ratio})`}`);
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

/** The statements of one request, as PostgreSQL logged them, with their parameters put in. */
async function statementsOf(env, admin, url) {
	const level = (value) => env.pg.sql(`alter system set log_statement = '${value}'`) && env.pg.sql('select pg_reload_conf()');
	level('all');
	await sleep(300);
	for (let i = 0; i < 40; i++) await admin.get(url); // each connection has prepared it then
	env.pg.sql("select 'now'");
	await admin.get(url);
	await sleep(300);
	level('none');
	const found = [];
	const text = env.pg.log();
	for (const m of text.slice(text.lastIndexOf("select 'now'")).matchAll(/LOG: {2}execute [^:]*: ([^]*?)(?:\n[^\n]*DETAIL: {2}parameters: ([^\n]*))?(?=\n[^\n]*(?:LOG|STATEMENT):|\n*$)/g)) {
		const values = [...(m[2] ?? '').matchAll(/\$(\d+) = (NULL|'(?:[^']|'')*')/g)];
		found.push(m[1].trim().replace(/\$(\d+)/g, (all, n) => values.find((v) => v[1] === n)?.[2] ?? all));
	}
	const from = found.findIndex((q) => /set_config\('role'/.test(q)), to = found.findIndex((q, i) => i > from && /row_to_json/.test(q));
	if (from < 0 || to < 0) throw new Error(`not a transaction: ${JSON.stringify(found)}`);
	return found.slice(found[from - 1] === 'begin' ? from - 1 : from, found[to + 1] === 'commit' ? to + 2 : to + 1);
}

function pgbench(env, file) {
	const r = spawnSync('/usr/lib/postgresql/15/bin/pgbench', ['-n', '-M', 'prepared', '-c', String(IN_FLIGHT), '-j', '1', '-T', String(SECONDS), '-f', file, '-U', 'zj_api', 'zongji'], { env: env.pg.env, encoding: 'utf8' });
	const tps = /tps = ([0-9.]+)/.exec(r.stdout)?.[1];
	if (!tps) throw new Error(r.stdout + r.stderr);
	return Number(tps);
}

function wrk(env, admin, url, connections = IN_FLIGHT) {
	const r = spawnSync('wrk', ['-t1', `-c${connections}`, `-d${SECONDS}s`, '-H', `Authorization: Bearer ${admin.token}`, `${env.url}${url}`], { encoding: 'utf8' });
	const rate = /Requests\/sec:\s+([0-9.]+)/.exec(r.stdout)?.[1];
	if (!rate || /Non-2xx/.test(r.stdout)) throw new Error(r.stdout + r.stderr);
	return Number(rate);
}

const stat = (pid) => fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ').map(Number);

/** Processor time in µs: of a process; of the children that it has waited for. */
const own = (pid) => (stat(pid)[11] + stat(pid)[12]) * 10_000;
const waited = (pid) => (stat(pid)[13] + stat(pid)[14]) * 10_000;

/** Of PostgreSQL: its processes, those that ended too. */
function database(env) {
	const postmaster = Number(fs.readFileSync(path.join(env.pg.dir, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
	const backends = fs.readdirSync('/proc').filter((p) => {
		try { return /^\d+$/.test(p) && stat(p)[1] === postmaster; } catch { return false; }
	});
	return own(postmaster) + waited(postmaster) + backends.reduce((sum, p) => { try { return sum + own(p); } catch { return sum; } }, 0);
}

async function compare(env, admin, name, url, goal) {
	const file = path.join(env.dir, `${name}.sql`);
	fs.writeFileSync(file, `\\startpipeline\n${(await statementsOf(env, admin, `${url}`)).map((s) => `${s};`).join('\n')}\n\\endpipeline\n`);
	wrk(env, admin, url);
	const rates = { http: [], pg: [] }, cost = { http: [], pg: [], api: [] };
	const measure = (of, work, ...args) => {
		const before = [database(env) + waited(process.pid), own(env.api.pid)];
		const rate = work(env, ...args);
		const api = own(env.api.pid) - before[1];
		rates[of].push(rate);
		cost[of].push((database(env) + waited(process.pid) - before[0] + api) / (rate * SECONDS));
		if (of === 'http') cost.api.push(api / (rate * SECONDS));
	};
	for (let i = 0; i < ROUNDS; i++) {
		measure('pg', pgbench, file);
		measure('http', wrk, admin, url, IN_FLIGHT * 2);
	}
	figure(`${name}.http`, median(rates.http), 'requests/s');
	figure(`${name}.pgbench`, median(rates.pg), 'transactions/s');
	figure(`${name}.cpu`, median(cost.api), 'µs of api/request', name === 'read' ? 25 : null);
	figure(`${name}.cost_vs_pgbench`, median(cost.pg) / median(cost.http), '');
	figure(`${name}.vs_pgbench`, median(rates.http) / median(rates.pg), '', goal);
}

const env = await startEnv({ conf: { connections: IN_FLIGHT, log_level: 'warn' } });
try {
	const admin = await env.tenant('bench');
	const tenant = admin.tenant.id;
	env.pg.sql(`insert into zj.blacklist (tenant_id, number, colour) select '${tenant}', (10000000000 + i)::text, 'black' from generate_series(1, 5000) i; analyze zj.blacklist`);
	const queue = await admin.make('queues', { number: '4001', name: 'Bench' });
	await compare(env, admin, 'read', `/api/v1/queues/${queue.id}`, 0.8);
	await compare(env, admin, 'list', '/api/v1/blacklist?limit=50', 0.7);
	fs.mkdirSync(build, { recursive: true });
	fs.appendFileSync(path.join(build, 'bench.jsonl'), `${lines.join('\n')}\n`);
} finally {
	await env.close();
}
