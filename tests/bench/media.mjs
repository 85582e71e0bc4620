// What mediad costs by itself, against the machine's limit: a bare C echo of the same packets in the same run. Calls of two
// legs, placed by the control protocol; RTP by tests/tools/rtpload.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rig, uuid } from '../../mediad/test/rig.mjs';
import { costOf } from '../tools/cpu.mjs';
import { BUILD } from '../tools/instance.mjs';
import { Sipp } from '../tools/sipp.mjs';
import { SipEndpoint } from '../tools/sip.mjs';
import { within } from '../tools/wait.mjs';

const CALLS = Number(process.env.ZJ_BENCH_MEDIA_CALLS ?? 200);
const SECONDS = Number(process.env.ZJ_BENCH_SECONDS ?? 12);
const SETUPS = Number(process.env.ZJ_BENCH_SETUPS ?? 2000);
const CHURN = Number(process.env.ZJ_BENCH_CHURN ?? 20_000);
const LOCAL = 40_000;
const ECHO = 50_000;
const rtpload = path.join(BUILD, 'test/tools/rtpload');
const lines = [];

function figure(metric, value, unit, against = null) {
	const line = { bench: 'mediad', metric, value: Math.round(value * 1000) / 1000, unit, against: against === null ? null : Math.round(against * 1000) / 1000, ratio: against === null ? null : Math.round((value / against) * 1000) / 1000 };
	lines.push(JSON.stringify(line));
	console.log(`mediad       ${metric.padEnd(34)} ${String(line.value).padStart(10)} ${unit}${against === null ? '' : `   (against ${line.against}: × ${line.ratio})`}`);
}

function run(args, input = '') {
	const p = spawn(rtpload, args, { stdio: ['pipe', 'pipe', 'inherit'] });
	const out = createInterface({ input: p.stdout })[Symbol.asyncIterator]();
	p.stdin.end(input);
	return { p, ready: out.next(), summary: () => out.next().then((l) => JSON.parse(l.value)), exited: new Promise((resolve) => p.once('exit', resolve)) };
}

/** CPU of `pid` in ms, over the middle of a load on these pairs. */
async function measure(pid, pairs) {
	const load = run(['load', String(SECONDS)], pairs.join('\n'));
	await load.ready;
	await sleep(2000);
	const before = costOf(pid).cpuMs;
	const at = performance.now();
	await sleep((SECONDS - 3) * 1000);
	const cpuMs = costOf(pid).cpuMs - before;
	const seconds = (performance.now() - at) / 1000;
	return { ...(await load.summary()), perCallSecond: cpuMs / (CALLS * seconds) };
}

async function echo() {
	const e = run(['echo', String(ECHO), String(2 * CALLS)]);
	await e.ready;
	const result = await measure(e.p.pid, [`${LOCAL} ${ECHO} ${2 * CALLS}`]);
	e.p.kill('SIGTERM');
	await e.exited;
	return result;
}

/** Legs to a UAS in this process; each one's audio is at the port that its user part says. */
async function legs(rig, owner, n, codec = () => 'PCMA') {
	const sip = await SipEndpoint.open();
	const remote = new Map();
	sip.on('request', (m, respond) => {
		if (m.method !== 'INVITE') {
			respond(200, 'OK');
			return;
		}
		const port = Number(/sip:(\d+)@/.exec(m.uri)[1]);
		remote.set(port, Number(/^m=audio (\d+)/m.exec(m.body)[1]));
		const [pt, name] = codec(port) === 'PCMA' ? [8, 'PCMA'] : [0, 'PCMU'];
		const body = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP ${pt} 101\r\na=rtpmap:${pt} ${name}/8000\r\na=rtpmap:101 telephone-event/8000\r\n`;
		respond(200, 'OK', { tag: String(port), headers: { Contact: `<sip:${port}@127.0.0.1:${sip.port}>`, 'Content-Type': 'application/sdp' }, body }).stopRepeating();
	});
	const list = [];
	for (let i = 0; i < n; i++) {
		const port = LOCAL + 2 * i;
		const leg = uuid();
		const call = i % 2 ? list[i - 1].call : uuid();
		await owner.do('leg.originate', { leg, call, to: `sip:${port}@127.0.0.1:${sip.port}`, from: '1' });
		await owner.next('leg.answered', (e) => e.leg === leg);
		list.push({ leg, call, port });
	}
	owner.events.length = 0;
	return { sip, list: list.map((l) => ({ ...l, remote: remote.get(l.port) })) };
}

async function talk(conf = {}) {
	const rig = await Rig.start({ max_legs: 10_000, rtp_port_min: 30_000, rtp_port_max: 39_999, log_level: 'error', ...conf });
	const owner = await rig.controller();
	const empty = rssKb(rig.process.pid);
	const { sip, list } = await legs(rig, owner, 2 * CALLS);
	for (let i = 0; i < list.length; i += 2) {
		const room = uuid();
		list[i].room = room;
		await owner.do('room.create', { room, call: list[i].call });
		await owner.do('room.join', { room, leg: list[i].leg });
		await owner.do('room.join', { room, leg: list[i + 1].leg });
	}
	const pairs = list.map((l) => `${l.port} ${l.remote}`);
	const plain = await measure(rig.process.pid, pairs);
	const rss = (rssKb(rig.process.pid) - empty) / list.length;
	for (const l of list.filter((x) => x.room)) {
		const record = uuid();
		await owner.do('room.record', { room: l.room, record, path: `b/${record}.wav`, left: l.leg });
	}
	const recorded = await measure(rig.process.pid, pairs);
	owner.vanish();
	sip.close();
	await rig.stop();
	return { plain, recorded, rss };
}

const rssKb = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);
const fds = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

/** Calls of two legs set up and ended, with SIPp at the far end: CPU of mediad for each, and what is left afterwards. */
async function setups() {
	const rig = await Rig.start({ max_legs: 10_000, rtp_port_min: 30_000, rtp_port_max: 39_999, log_level: 'error' });
	const owner = await rig.controller();
	const uas = await Sipp.run('agent_uas', { host: '127.0.0.3', calls: 2 * (SETUPS + CHURN) + 400, seconds: 900, args: ['-aa'], trace: false });
	await uas.listening();
	const one = async () => {
		const call = uuid();
		const room = uuid();
		const pair = [uuid(), uuid()];
		await owner.do('room.create', { room, call });
		for (const leg of pair) {
			await owner.do('leg.originate', { leg, call, to: `sip:a@${uas.host}:${uas.port}`, from: '1' });
			await owner.next('leg.answered', (e) => e.leg === leg, 20_000);
			await owner.do('room.join', { room, leg });
		}
		for (const leg of pair)
			await owner.do('leg.hangup', { leg });
		for (const leg of pair)
			await owner.next('leg.hungup', (e) => e.leg === leg, 20_000);
		await owner.do('room.destroy', { room });
		owner.events = owner.events.filter((e) => !e.taken && e.event.startsWith('leg.') && e.event !== 'leg.ringing');
	};
	const some = async (n) => {
		let left = n;
		await Promise.all(Array.from({ length: 16 }, async () => {
			while (left-- > 0)
				await one();
		}));
	};
	await some(100);
	await sleep(1000);
	const cpu = costOf(rig.process.pid).cpuMs;
	const began = performance.now();
	await some(SETUPS);
	figure('setup.cpu_ms_per_call', (costOf(rig.process.pid).cpuMs - cpu) / SETUPS, 'ms/call', 7);
	figure('setup.calls_per_s', SETUPS / ((performance.now() - began) / 1000), 'calls/s');
	if (wants('churn')) {
		/* What lies in transactions' last timers (32 s, RFC 3261 17.1.1.2) is level by the first half's end. */
		const half = async () => {
			await some(CHURN / 2);
			return { rss: rssKb(rig.process.pid), fds: fds(rig.process.pid) };
		};
		const first = await half();
		const second = await half();
		figure('churn.calls', CHURN, 'calls');
		figure('churn.rss_growth', second.rss / first.rss, 'of the first half', 1);
		figure('churn.rss_mb', second.rss / 1024, 'MB');
		figure('churn.fd_growth', second.fds - first.fds, 'descriptors');
	}
	owner.vanish();
	await uas.kill();
	await rig.stop();
}

const only = process.argv.slice(2);
const wants = (name) => !only.length || only.includes(name);
if (wants('talk')) {
	const limit = await echo();
	const { plain, recorded, rss } = await talk();
	figure('echo', limit.perCallSecond, 'ms/call-second');
	figure('relay.vs_echo', plain.perCallSecond, 'ms/call-second', limit.perCallSecond);
	figure('record.vs_echo', recorded.perCallSecond, 'ms/call-second', limit.perCallSecond);
	figure('rss_kb_per_leg', rss, 'kB/leg', 360);
	figure('relay.lost', plain.lost + recorded.lost, 'packets');
	figure('relay.late_p50', plain.p50, 'ms', limit.p50);
	figure('relay.late_p99', plain.p99, 'ms', limit.p99);
	figure('relay.late_p999', plain.p999, 'ms', limit.p999);
}
if (wants('setup') || wants('churn'))
	await within(setups(), 900_000, 'the setups');
fs.appendFileSync(path.join(BUILD, 'bench.jsonl'), `${lines.join('\n')}\n`);
