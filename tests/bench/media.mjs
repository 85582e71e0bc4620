// What mediad costs by itself, and what it holds. Figures of audio stand against the machine's limit: a bare C echo of the same
// packets in the same run. `tests/bench/run media` measures all, `tests/bench/run media talk churn=100000` some, of a size.
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../tools/wait.mjs';
import { Scene, echo, figure, keepFigures, rssKb } from './media_rig.mjs';
import { setups, shed } from './media_setup.mjs';

const MEASURED_FREESWITCH_KB = 360;

/** The echo before and after: on a machine that does other things too, their mean is fairer. */
async function between(legs, scene, kind) {
	const before = await echo(legs);
	const result = await scene.measure(kind);
	const after = await echo(legs);
	return { ...result, echo: (before.cpu + after.cpu) / 2, late: Math.max(before.p999, after.p999) };
}

/** Calls of two legs, relayed, then recorded too. */
async function talk(calls) {
	const scene = await Scene.open();
	const rooms = await scene.calls(calls);
	const plain = await between(2 * calls, scene);
	figure('relay.vs_echo', plain.cpu / calls, 'ms/call-second', plain.echo / calls);
	figure('rss_kb_per_leg', (rssKb(scene.pid) - scene.empty) / scene.legs.length, 'kB/leg', MEASURED_FREESWITCH_KB);
	for (const [i, room] of rooms.entries())
		await scene.owner.do('room.record', { room, record: room, path: `b/${room}.wav`, left: scene.legs[2 * i].leg });
	const recorded = await between(2 * calls, scene);
	figure('record.vs_echo', recorded.cpu / calls, 'ms/call-second', recorded.echo / calls);
	figure('relay.lost', plain.lost + recorded.lost, 'packets');
	await scene.close();
}

/** How much later audio is for having passed mediad. */
async function delay(legs) {
	const scene = await Scene.open();
	await scene.calls(legs / 2);
	const r = await between(legs, scene);
	figure('delay.legs', legs, 'legs');
	figure('delay.p50', r.p50, 'ms');
	figure('delay.p99', r.p99, 'ms', 5);
	figure('delay.p999', r.p999, 'ms', r.late + 5);
	figure('delay.lost', r.lost, 'packets');
	await scene.close();
}

/** One room of many of whom five speak. */
async function conference(members) {
	const scene = await Scene.open();
	await scene.room(await scene.dial(members));
	const r = await between(members, scene, (i) => (i % Math.ceil(members / 5) ? 'silence' : 'speech'));
	figure('conference.members', members, 'members');
	figure('conference.vs_echo', r.cpu, 'ms/s', r.echo);
	figure('conference.lost', r.lost, 'packets');
	await scene.close();
}

/** G.711 on one side, Opus on the other. */
async function transcode(calls) {
	const codec = (i) => (i % 2 ? 'opus' : 'PCMA');
	const scene = await Scene.open();
	await scene.calls(calls, codec);
	const r = await between(2 * calls, scene, (i) => (i % 2 ? 'opus' : 'speech'));
	figure('transcode.g711_opus', r.cpu / calls, 'ms/call-second', r.echo / calls);
	figure('transcode.lost', r.lost, 'packets');
	await scene.close();
}

/** As many calls as two cores hold beside their load: what came in must go out. */
async function crowd(calls) {
	const scene = await Scene.open();
	await scene.calls(calls);
	const count = async () => ({ in: await scene.rig.metric('rtp_in_packets_total'), out: await scene.rig.metric('rtp_out_packets_total') });
	const before = await count();
	const r = await scene.measure();
	await sleep(3000); // metrics are of the last second
	const after = await count();
	figure('crowd.calls', calls, 'calls');
	figure('crowd.cpu', r.cpu / calls, 'ms/call-second');
	figure('crowd.offered', r.sent / (2 * calls * 50), 's of packets');
	figure('crowd.lost', r.sent - (after.in - before.in) + Math.max(0, after.in - before.in - (after.out - before.out)), 'packets');
	figure('crowd.late_p99', r.p99, 'ms');
	await scene.close();
}

/* name → what is measured, and of which size when none is named */
const scenes = { talk: [talk, 200], delay: [delay, 1000], conference: [conference, 1000], transcode: [transcode, 50], crowd: [crowd, 1500], setup: [setups, 2000], churn: [(n) => setups(100, n), 100_000], shed: [shed, 10_000] };
const asked = process.argv.slice(2).map((a) => a.split('='));
for (const [name] of asked.filter(([a]) => !scenes[a]))
	throw new Error(`no such bench: ${name}; there are ${Object.keys(scenes).join(' ')}`);
for (const [name, [bench, size]] of Object.entries(scenes)) {
	const wanted = asked.find(([a]) => a === name);
	if (asked.length && !wanted)
		continue;
	await within(bench(Number(wanted?.[1] ?? size)), 3_600_000, name);
	keepFigures();
}
