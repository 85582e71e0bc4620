// What our modules cost a call at the edge: the same relay, once as bare Kamailio, once with the decisions of an inbound call (whose trunk,
// whose number and where to, is the caller barred, is a channel free), with a carrier's worth of rows loaded. Processor time of the SIP
// workers a call, both in turn in the same run, so that a busy machine slows both. Also how long a start from PostgreSQL takes, and memory.
//   node tests/bench/edge.mjs [list rows] [numbers] [tenants] [calls a round]
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { root } from '../../schema/test/pg.mjs';
import { costOf } from '../tools/cpu.mjs';
import { Sipp } from '../tools/sipp.mjs';
import { carrier, liveChanges, manyChanges } from './edge_rows.mjs';

const [rows, numbers, tenants, calls] = [process.argv[2] ?? 10_000_000, process.argv[3] ?? 1_000_000, process.argv[4] ?? 10_000, process.argv[5] ?? 3000].map(Number);
const ROUNDS = Number(process.env.ZJ_ROUNDS ?? 7);
// Kamailio's own default (qm) searches lists that grow with the calls; the edge runs with this one (ops/templates/processes.json.in).
const MEMORY = process.env.ZJ_MEMORY ?? 'tlsf';
const RATE = Number(process.env.ZJ_RATE ?? 200);
const BASE = Number(process.env.ZJ_PORT_BASE ?? 10000) + 3920;
const UAS = { host: '127.0.0.6', port: BASE + 5 };
const out = path.join(root, 'build/bench.jsonl');
const say = (line) => { const text = JSON.stringify({ bench: 'edge', ...line }); fs.appendFileSync(out, `${text}\n`); console.log(text); };
const round = (x, n = 2) => Math.round(x * 10 ** n) / 10 ** n;
const dir = fs.mkdtempSync(path.join(tmpdir(), 'zj-edge-bench-'));
const scenarioAt = (name) => path.relative(path.join(root, 'tests/sipp'), path.join(dir, name));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const config = (name, port, db) => `#!KAMAILIO
debug=1
log_stderror=yes
children=2
listen=udp:127.0.0.1:${port}
auto_aliases=no
dns=no
rev_dns=no
mpath="${root}/build/kamailio/modules/:/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "ctl.so"
loadmodule "usrloc.so"
# A busy machine must not make more messages of a call.
modparam("tm", "retr_timer1", 4000)
modparam("tm", "fr_timer", 30000)
modparam("usrloc", "use_domain", 1)
modparam("usrloc", "db_mode", 0)
modparam("ctl", "binrpc", "unix:${dir}/${name}.ctl")
${db ? `loadmodule "did.so"
loadmodule "blacklist.so"
loadmodule "trunk.so"
loadmodule "edge.so"
modparam("did", "db", "${db}")
modparam("blacklist", "db", "${db}")
modparam("trunk", "db", "${db}")
modparam("edge", "db", "${db}")
modparam("edge", "acd", "${dir}/acd.sock")
` : ''}
request_route {
	if (!mf_process_maxfwd_header("20")) exit;
	if (has_totag()) {
		if (!loose_route()) exit;
		${db ? 'if (is_method("BYE")) trunk_end();' : ''}
		t_relay();
		exit;
	}
	if (!is_method("INVITE")) {
		sl_send_reply("200", "OK");
		exit;
	}
	${db ? `if (!edge_side()) { sl_send_reply("403", "No"); exit; }
	if (!edge_inbound()) { sl_send_reply("404", "No"); exit; }` : ''}
	record_route();
	$du = "sip:${UAS.host}:${UAS.port}";
	t_relay();
}
`;

const kamcmd = (name, ...args) => spawnSync('kamcmd', ['-s', `unix:${dir}/${name}.ctl`, ...args], { encoding: 'utf8' }).stdout;

async function start(name, port, db) {
	fs.writeFileSync(path.join(dir, `${name}.cfg`), config(name, port, db));
	const log = fs.openSync(path.join(dir, `${name}.log`), 'w');
	const from = performance.now();
	const child = spawn('kamailio', ['-DD', '-E', '-x', MEMORY, '-X', MEMORY, '-m', '6000', '-M', '32', '-Y', dir, '-f', path.join(dir, `${name}.cfg`)], { stdio: ['ignore', log, log], detached: true });
	for (;;) {
		if (child.exitCode !== null || performance.now() - from > 300_000) throw new Error(`Kamailio: ${fs.readFileSync(path.join(dir, `${name}.log`), 'utf8').slice(-2000)}`);
		if (/uptime/.test(kamcmd(name, 'core.uptime'))) break;
		await pause(100);
	}
	const workers = kamcmd(name, 'core.psx').split('}').filter((p) => /DSC: udp receiver/.test(p)).map((p) => Number(/PID: (\d+)/.exec(p)[1]));
	if (!workers.length) throw new Error('no workers');
	return { name, port, child, workers, seconds: (performance.now() - from) / 1000, cpu: mainCpu(child.pid) };
}

/** Seconds of a process, the threads that loaded for it and have ended among them (which schedstat forgets). */
function mainCpu(pid) {
	const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
	const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
	return (user + system) / 100;
}

/** Nanoseconds that the SIP workers have run. */
const ran = (k) => k.workers.reduce((sum, pid) => sum + Number(fs.readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]), 0);

/** Calls from the carrier to as many numbers; microseconds of the workers a call. */
async function load(k, inf) {
	const before = ran(k);
	const uac = await Sipp.run(scenarioAt('load'), { target: { host: '127.0.0.1', port: k.port }, host: '127.0.0.2', calls, rate: RATE, args: ['-inf', inf, '-d', '100', '-l', '400', '-nr'], trace: false, seconds: 120 });
	const r = await uac.exited;
	if (r.code !== 0) throw new Error(`SIPp: ${r.code} ${r.errors.slice(0, 2000)}`);
	return (ran(k) - before) / 1000 / calls;
}

const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const children = [];
const pg = await carrier({ rows, numbers, tenants });
try {
	const db = `host=${pg.dir} port=${pg.port} user=zj_edge dbname=${pg.env.PGDATABASE} options=-csearch_path=zj,public`;
	const ours = await start('ours', BASE, db);
	children.push(ours.child);
	const count = (what, key) => Number(new RegExp(`${key}: (\\d+)`).exec(kamcmd('ours', what))?.[1]);
	const loaded = { rows: count('blacklist.count', 'numbers'), numbers: count('did.count', 'numbers?'), tenants: count('edge.count', 'tenants') };
	if (loaded.rows !== rows || loaded.tenants < tenants) throw new Error(`not everything is there: ${JSON.stringify(loaded)}`);
	const memory = () => Math.round(costOf(ours.child.pid, { memory: true }).memoryKb / 1024);
	say({ metric: 'startup_s', value: round(ours.seconds), unit: 's', limit: 30, cpu_s: round(ours.cpu), loaded: { rows, numbers, tenants } });
	say({ metric: 'rss_mb', value: memory(), unit: 'MB', shared_mb: Math.round(Number(/used: (\d+)/.exec(kamcmd('ours', 'core.shmmem'))?.[1]) / 2 ** 20), lists_mb: Math.round(Number(/bytes: (\d+)/.exec(kamcmd('ours', 'blacklist.count'))?.[1]) / 2 ** 20) });
	const bare = await start('bare', BASE + 1);
	children.push(bare.child);
	const scenario = fs.readFileSync(path.join(root, 'tests/sipp/carrier_load.xml'), 'utf8').replaceAll('[did]', '[field0]').replaceAll('[prefix][call_number]', '[field1]');
	fs.writeFileSync(path.join(dir, 'load.xml'), scenario);
	// Two workers may send 180 and 200 on in either order, which SIPp takes for an error: no 180.
	fs.writeFileSync(path.join(dir, 'answer.xml'), fs.readFileSync(path.join(root, 'tests/sipp/agent_uas.xml'), 'utf8').replace(/<send><!\[CDATA\[\s+SIP\/2\.0 180[^]*?<\/send>/, ''));
	const inf = path.join(dir, 'calls.csv');
	fs.writeFileSync(inf, `RANDOM\n${Array.from({ length: 20000 }, () => `+8620${String(Math.floor(Math.random() * numbers)).padStart(8, '0')};2${String(Math.floor(Math.random() * 1e10)).padStart(10, '0')}`).join('\n')}\n`);
	const uas = await Sipp.run(scenarioAt('answer'), { host: UAS.host, port: UAS.port, calls: 10_000_000, trace: false, seconds: 3000, args: ['-nd', '-nr'] });
	await uas.listening();
	try {
		const took = { bare: [], ours: [] };
		await load(bare, inf);
		await load(ours, inf);
		for (let i = 0; i < ROUNDS; i++)
			for (const k of i % 2 ? [ours, bare] : [bare, ours]) took[k.name].push(await load(k, inf));
		const ratios = took.bare.map((b, i) => b / took.ours[i]);
		say({ metric: 'cps.vs_bare_kamailio', value: round(middle(ratios)), unit: 'ratio', limit: 0.9, cpu_us_a_call: { bare: round(middle(took.bare), 1), ours: round(middle(took.ours), 1) }, rounds: ratios.map((r) => round(r)) });
		say(await manyChanges(pg, { rpc: (...args) => kamcmd('ours', ...args), memory }));
		say(await liveChanges(pg, { rpc: (...args) => kamcmd('ours', ...args), calls: () => load(ours, inf), seconds: calls / RATE }));
	} finally { await uas.kill(); }
} finally {
	for (const c of children) try { process.kill(-c.pid, 'SIGKILL'); } catch { /* gone */ }
	await pg.stop();
	fs.rmSync(dir, { recursive: true, force: true });
}
