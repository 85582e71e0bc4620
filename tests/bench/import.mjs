// An import of a million rows (customers: six columns, two custom fields) through the real worker, and an export of them; what
// memory its processes take together, and how a keyed read through HTTP fares meanwhile. The database writes durably (fsync on).
// Then pages of those rows through HTTP. Lines: import.rows_per_s (goal: 1,000,000 rows in 60 s), import.rss_mb (goal: 200 at most),
// import.read_p99 (goal: 100 ms at most), api.list_1m.ms and its parts (goal: 200 ms at most), export.rows_per_s.
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { startEnv, build, sleep, until } from '../../api/test/env.mjs';
import { upload } from '../../api/test/upload.mjs';

const ROWS = Number(process.env.ZJ_BENCH_ROWS ?? 1_000_000);
const lines = [];

function figure(bench, metric, value, unit, against = null) {
	const line = { bench, metric, value: Math.round(value * 1000) / 1000, unit, against, ratio: against === null ? null : Math.round((value / against) * 1000) / 1000 };
	lines.push(JSON.stringify(line));
	console.log(`${bench.padEnd(12)} ${metric.padEnd(34)} ${String(line.value).padStart(10)} ${unit}${against === null ? '' : `   (goal ${against}: × ${line.ratio})`}`);
}

/** A process and all that it started. */
function tree(root) {
	const parents = fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p)).flatMap((p) => {
		try { return [[Number(p), Number(fs.readFileSync(`/proc/${p}/stat`, 'latin1').split(') ')[1].split(' ')[1])]]; } catch { return []; }
	});
	const all = new Set([root]);
	for (let before = 0; before !== all.size;) {
		before = all.size;
		for (const [pid, parent] of parents) if (all.has(parent)) all.add(pid);
	}
	return [...all];
}
/** Their resident memory in MB. */
const treeMb = (root) => tree(root).reduce((sum, pid) => {
	try { return sum + Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024; } catch { return sum; }
}, 0);
/** Processor time that processes took so far, in microseconds. */
const cpuUs = (pids) => pids.reduce((sum, pid) => {
	try { const f = fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' '); return sum + (Number(f[11]) + Number(f[12])) * 10_000; } catch { return sum; }
}, 0);

async function run(who, path_, body, look) {
	const r = await who.post(path_, body);
	if (r.status !== 202) throw new Error(JSON.stringify(r.body));
	for (;;) {
		const job = (await who.get(`/jobs/${r.body.id}`)).body;
		if (job.state === 'finished') return { job, s: (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000 };
		if (!['waiting', 'running'].includes(job.state)) throw new Error(JSON.stringify(job));
		await look(job);
	}
}

/** Pages of the list of all rows, each five times: the first, the next, filtered, searched. The slowest is the figure. */
async function pages(who) {
	const next = (await who.get('/customers?limit=50')).body.next;
	const asked = { first: 'limit=50', next: `limit=50&cursor=${next}`, starts: 'limit=50&filter[phone][starts]=13800012', search: 'limit=50&q=13800045678', filter: 'limit=50&filter[custom.score][eq]=42' };
	const all = [];
	for (const [name, query] of Object.entries(asked)) {
		const took = [];
		for (let i = 0; i < 5; i++) {
			const at = performance.now(), r = await who.get(`/customers?${query}`);
			if (r.status !== 200 || !r.body.items.length) throw new Error(`${query}: ${JSON.stringify(r.body).slice(0, 300)}`);
			took.push(performance.now() - at);
		}
		all.push(took.sort((a, b) => a - b)[2]);
		figure('api', `list_1m.${name}`, all.at(-1), 'ms', 200);
	}
	figure('api', 'list_1m.ms', Math.max(...all), 'ms', 200);
}

const env = await startEnv({ conf: { log_level: 'warn' } });
let worker;
try {
	env.pg.sql('alter system set fsync = on');
	env.pg.sql('select pg_reload_conf()');
	const conf = path.join(env.dir, 'worker.conf'), port = 1024 + Math.floor(Math.random() * 60000);
	fs.writeFileSync(conf, `health_port = ${port}\ndatabase = host=${env.pg.dir} port=${env.pg.port} user=zj_worker dbname=zongji\nstore = ${env.settings.store}\nlog_level = warn\n`);
	worker = spawn(path.join(build, 'bin/worker'), ['--config', conf], { stdio: ['ignore', 'inherit', 'inherit'] });
	worker.gone = new Promise((r) => worker.on('exit', r));
	await until('worker', async () => (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => ({}))).ok, 10000);
	const admin = await env.tenant('bench');
	for (const o of (await admin.get('/business-objects')).body.items) await admin.patch(`/business-objects/${o.id}`, { enabled: true });
	await admin.make('custom-fields', { resource: 'customers', name: 'wechat', zh: '微信', en: 'WeChat', type: 'text' });
	await admin.make('custom-fields', { resource: 'customers', name: 'score', zh: '评分', en: 'Score', type: 'integer' });
	const fields = ['name', 'phone', 'email', 'company', 'address', 'level', 'custom.wechat', 'custom.score'];
	const text = [fields.join(',')];
	for (let i = 0; i < ROWS; i++) text.push(`客户${i},13${800000000 + i},user${i}@example.com,公司${i % 1000},上海市浦东新区世纪大道${i % 300}号,${i % 3 ? '普通' : 'VIP'},wx_${i},${i % 100}`);
	const u = await upload(admin, text.join('\n'));
	const queue = await admin.make('queues', { number: '4001', name: 'Bench' });
	let rss = 0;
	const cpu = {}; // microseconds a row, of each kind of process, as often as somebody looked: the last word counts
	const reads = [];
	const look = async (job) => {
		for (let i = 0; i < 20; i++) {
			const at = performance.now();
			await admin.get(`/queues/${queue.id}`);
			reads.push(performance.now() - at);
			await sleep(20);
		}
		rss = Math.max(rss, treeMb(worker.pid));
		if (job.kind !== 'import' || !job.done) return;
		const backends = env.pg.sql("select pid from pg_stat_activity where application_name like 'worker job%' order by backend_start").map(([pid]) => Number(pid));
		const now = { worker: cpuUs(tree(worker.pid)) };
		backends.forEach((pid, i) => { now[`backend${i + 1}`] = cpuUs([pid]); });
		const done = (await admin.get(`/jobs/${job.id}`)).body.done;
		if (done < ROWS) for (const [name, us] of Object.entries(now)) cpu[name] = us / done;
	};
	const done = await run(admin, '/customers/import', { upload_id: u.id, mapping: fields.map((field, column) => ({ column, field })) }, look);
	if (done.job.created_rows !== ROWS) throw new Error(JSON.stringify(done.job));
	figure('import', 'rows_per_s', ROWS / done.s, 'rows/s', 1_000_000 / 60);
	for (const [name, us] of Object.entries(cpu)) figure('import', `${name}_us_per_row`, us, 'us');
	figure('import', 'rss_mb', rss, 'MB', 200);
	reads.sort((a, b) => a - b);
	figure('import', 'read_p99', reads[Math.floor(reads.length * 0.99)], 'ms', 100);
	await pages(admin);
	const out = await run(admin, '/customers/export', { format: 'csv', fields: ['name', 'phone', 'level', 'custom.wechat'] }, look);
	figure('export', 'rows_per_s', ROWS / out.s, 'rows/s');
	fs.mkdirSync(build, { recursive: true });
	fs.appendFileSync(path.join(build, 'bench.jsonl'), `${lines.join('\n')}\n`);
} finally {
	worker?.kill('SIGTERM');
	await worker?.gone;
	await env.close();
}
