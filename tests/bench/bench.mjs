// What a call costs, and how long an idle agent waits for one: real SIP through every process.
//
// "queue": 20 calls a second into a queue with idle agents, each held for a second, both ends SIPp and silent; CPU of all
// our processes by the number of calls. "talk": some calls with RTP both ways in steady state; CPU by call-seconds, without
// and with stereo recording. `against` is FreeSWITCH 1.11 with mod_callcenter on a 2-core machine of this size; ratio = value / against.
import fs from 'node:fs';
import path from 'node:path';
import { BUILD, Instance, down } from '../tools/instance.mjs';
import { Sipp } from '../tools/sipp.mjs';
import { header, userOf } from '../tools/sip.mjs';
import { costOf, processTable } from '../tools/cpu.mjs';
import { HZ, centre, talking } from '../tools/scenes.mjs';
import { poll } from '../tools/wait.mjs';

const RATE = Number(process.env.ZJ_BENCH_RATE ?? 20);
const CALLS = Number(process.env.ZJ_BENCH_CALLS ?? 400);
const HOLD_MS = 1000;
const AGENTS = Math.ceil(RATE * (HOLD_MS / 1000 + 1.5));
const TALKS = Number(process.env.ZJ_BENCH_TALKS ?? 20);
const TALK_MS = 8000;
const OURS = ['kamailio', 'mediad', 'acd', 'ivr-vxml', 'api'];
const OTHERS = ['rtpengine', 'postgres', 'redis'];
const AGENT_HOST = '127.0.0.3';
const FREESWITCH = { queuedCallMs: 19, callSecondMs: 3.7, recordedSecondMs: 5, offerMedianMs: 50, offerP99Ms: 105 };

const lines = [];

function figure(bench, metric, value, unit, against = null) {
	const line = { bench, metric, value: Math.round(value * 1000) / 1000, unit, against, ratio: against === null ? null : Math.round((value / against) * 1000) / 1000 };
	lines.push(JSON.stringify(line));
	console.log(`${bench.padEnd(12)} ${metric.padEnd(34)} ${String(line.value).padStart(10)} ${unit}${against === null ? '' : `   (FreeSWITCH ${against}: × ${line.ratio})`}`);
}

async function costs(zj, { memory = false } = {}) {
	const list = await zj.processes();
	const table = processTable();
	return Object.fromEntries([...OURS, ...OTHERS].filter((name) => list[name]).map((name) => [name, costOf(list[name].pid, { table, memory })]));
}

const sum = (names, cost, key) => names.reduce((n, name) => n + (cost[name]?.[key] ?? 0), 0);

/** Agents whose phones are one SIPp: registered by us, answered by it. */
async function prepare(zj) {
	const tenant = await zj.tenant('bench');
	const queue = await tenant.queue('4001', { wrapup_s: 0, announce_position: false, record: false, max_length: 100_000 });
	const did = await tenant.did('queue', queue);
	const uas = await Sipp.run('agent_uas', { host: AGENT_HOST, calls: CALLS + 1000, seconds: 170, args: ['-aa'] });
	const events = await tenant.events();
	zj.later(events);
	const agents = [];
	const one = async (i) => {
		const number = String(1000 + i);
		const extension = await tenant.extension(number);
		const row = await tenant.api.post('/agents', { number, name: `Agent ${number}`, extension_id: extension.id });
		await tenant.api.post('/queue-agents', { queue_id: queue.id, agent_id: row.id });
		const phone = await tenant.phone(extension, { register: false });
		phone.contact = `<sip:${number}@${uas.host}:${uas.port}>`;
		await poll(() => phone.register(), { timeout: 5000, what: `registration of ${number}` });
		await tenant.signIn(row);
		agents.push(row);
	};
	for (let i = 0; i < AGENTS; i += 8)
		await Promise.all(Array.from({ length: Math.min(8, AGENTS - i) }, (_, k) => one(i + k)));
	await events.until(() => agents.every((a) => events.agents.get(a.id)?.state === 'idle'), { timeout: 10_000, what: 'all agents idle' });
	return { tenant, queue, did, uas, events, agents };
}

/** Resolves with {cpu by process, failed, waits: ms from the caller's ACK to the agent's INVITE}. */
async function load(zj, place) {
	const prefix = '1501';
	const before = await costs(zj);
	const carrier = await Sipp.run('carrier_load', { target: zj.sip, calls: CALLS, rate: RATE, keys: { did: place.did, prefix }, args: ['-d', String(HOLD_MS)], seconds: 90 });
	const result = await carrier.exited;
	await new Promise((resolve) => setTimeout(resolve, 500));
	const after = await costs(zj);
	const cpu = Object.fromEntries(Object.keys(before).map((name) => [name, after[name].cpuMs - before[name].cpuMs]));
	const acked = new Map(carrier.messages.filter((m) => m.direction === 'out' && m.message.method === 'ACK').map((m) => [userOf(header(m.message, 'from')), m.message.at]));
	const waits = [];
	for (const m of place.uas.messages.filter((x) => x.direction === 'in' && x.message.method === 'INVITE')) {
		const ack = acked.get(userOf(header(m.message, 'from')));
		if (ack !== undefined)
			waits.push(Math.max(0, m.message.at - ack));
	}
	return { cpu, failed: CALLS - result.stats.ok, waits: waits.sort((a, b) => a - b), errors: result.errors };
}

/** CPU by process and in sum, divided by `n`. */
function perProcess(bench, metric, cpu, n, unit, against) {
	figure(bench, `${metric}.ours`, OURS.reduce((sum, name) => sum + (cpu[name] ?? 0), 0) / n, unit, against);
	for (const name of [...OURS, ...OTHERS])
		if (cpu[name] !== undefined)
			figure(bench, `${metric}.${name}`, cpu[name] / n, unit);
}

/** Calls that talk, audio in both directions, in steady state. */
async function talk(zj, record) {
	const place = await centre(zj, 'bench-talk', { queue: { record } });
	const calls = [];
	for (let i = 0; i < TALKS; i++) {
		const agent = await place.tenant.agent(String(1001 + i), [place.queue], { answering: { after: 0 } });
		calls.push((await talking(zj, place, agent)).call);
	}
	await calls.at(-1).rtp.hears(HZ.agent);
	const before = await costs(zj);
	const began = Date.now();
	await new Promise((resolve) => setTimeout(resolve, TALK_MS));
	const after = await costs(zj);
	const callSeconds = (TALKS * (Date.now() - began)) / 1000;
	const lost = calls.reduce((sum, call) => sum + call.rtp.heard.lost, 0);
	const name = record ? 'talk.recorded' : 'talk';
	figure(name, 'packets.lost', lost, 'packets');
	const cpu = Object.fromEntries(Object.keys(before).map((p) => [p, after[p].cpuMs - before[p].cpuMs]));
	perProcess(name, 'cpu.second', cpu, callSeconds, 'ms/call-second', record ? FREESWITCH.recordedSecondMs : FREESWITCH.callSecondMs);
	await zj.hangupAll();
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;

async function main() {
	const zj = await Instance.take({ exclusive: true });
	try {
		const idle = await costs(zj, { memory: true });
		for (const name of [...OURS, ...OTHERS])
			if (idle[name])
				figure('idle', `rss.${name}`, idle[name].memoryKb / 1024, 'MB');
		figure('idle', 'rss.ours', sum(OURS, idle, 'memoryKb') / 1024, 'MB');
		const quietFrom = await costs(zj);
		await new Promise((resolve) => setTimeout(resolve, 3000));
		const quietTo = await costs(zj);
		figure('idle', 'cpu.ours', (sum(OURS, quietTo, 'cpuMs') - sum(OURS, quietFrom, 'cpuMs')) / 3, 'ms/s');

		const place = await prepare(zj);
		zj.later({ close: () => place.uas.kill() });
		const run = await load(zj, place);
		figure('queue', 'calls.failed', run.failed, 'calls');
		if (run.failed)
			console.log(run.errors.slice(0, 2000));
		perProcess('queue', 'cpu.setup', run.cpu, CALLS, 'ms/call', FREESWITCH.queuedCallMs);
		const { waits } = run;
		figure('queue', 'offer.measured', waits.length, 'calls');
		figure('queue', 'offer.median', quantile(waits, 0.5), 'ms', FREESWITCH.offerMedianMs);
		figure('queue', 'offer.p99', quantile(waits, 0.99), 'ms', FREESWITCH.offerP99Ms);
		await place.uas.kill();
		for (const record of [false, true])
			await talk(zj, record);
		fs.mkdirSync(BUILD, { recursive: true });
		fs.writeFileSync(path.join(BUILD, 'bench.jsonl'), `${lines.join('\n')}\n`);
	} finally {
		await zj.release();
	}
}

await main().finally(() => (process.env.ZJ_BENCH_KEEP ? null : down()));
