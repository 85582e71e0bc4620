// An instance with two edges (ZJ_EDGES=2), everything real: one edge is killed while people talk, and stays away for a while. What two
// edges do among themselves is in kamailio-mods/test/edge_pair.test.mjs and edge_links.test.mjs.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Api } from '../tools/api.mjs';
import { BUILD, Instance, ROOT } from '../tools/instance.mjs';
import { HZ, centre, talking } from '../tools/scenes.mjs';
import { CarrierCall } from '../tools/sipp.mjs';
import { poll } from '../tools/wait.mjs';

const base = Number(process.env.ZJ_PORT_BASE ?? 10000) === 20000 ? 10000 : 20000; // beside the system tests' own instance
const run = path.join(os.tmpdir(), `zj-pair-${base}`);
const env = { ...process.env, ZJ_RUN: run, ZJ_PORT_BASE: String(base), ZJ_BUILD: BUILD, ZJ_EDGES: '2' };
const edge2 = { host: '127.0.0.1', port: base + 210 };
let up;
let zj;
let place;

const forget = () => execFileSync(path.join(ROOT, 'ops/forget'), [run], { stdio: 'ignore', env });

before(async () => {
	if (fs.existsSync(path.join(run, 'etc/port_base')))
		forget();
	execFileSync(path.join(ROOT, 'ops/prepare'), { env });
	const log = fs.openSync(path.join(run, 'log/up.log'), 'a');
	up = spawn(path.join(BUILD, 'bin/zongji'), ['up'], { env, cwd: ROOT, stdio: ['ignore', log, log] });
	zj = new Instance({ run, base });
	await poll(() => zj.up('list').then((l) => l.ready), { timeout: 90_000, every: 100, what: 'an instance with two edges' });
	zj.carrier = await Api.login(zj.url, { username: 'carrier', password: fs.readFileSync(path.join(run, 'secrets/carrier_admin'), 'utf8').trim() });
	await zj.ensureTrunk();
	place = await centre(zj, 'pair');
}, { timeout: 180_000 });

after(async () => {
	await zj?.release();
	if (up?.exitCode === null) {
		up.kill('SIGTERM');
		await once(up, 'exit');
	}
	forget();
});

/** Both hear each other, from now on. */
async function bothHear({ call, agentCall }) {
	const from = [call, agentCall].map((c) => c.rtp.heard.packets);
	await Promise.all([call, agentCall].map((c, i) => c.rtp.until((r) => r.heard.packets > from[i] + 20, { what: '400 ms of audio' })));
	assert.ok(call.rtp.level(HZ.agent) > 0.6, 'the caller hears the agent');
	assert.ok(agentCall.rtp.level(HZ.caller) > 0.6, 'the agent hears the caller');
}

test('agents whose phones are at an edge that is killed go on talking and are offered the next callers', async (t) => {
	const talker = await place.tenant.agent('1001', [place.queue], { answering: { after: 50 }, proxy: edge2 });
	const talk = await talking(zj, place, talker);
	const idle = await place.tenant.agent('1002', [place.queue], { answering: { after: 50 }, proxy: edge2 });
	await bothHear(talk);

	await zj.kill('kamailio2');
	const died = Date.now();
	await zj.up('stop', { name: 'kamailio2' });
	await bothHear(talk);
	const next = await talking(zj, place, idle);
	t.diagnostic(`the next caller talks to an agent of the dead edge ${Date.now() - died} ms after its death`);
	await bothHear(next);
	assert.equal(zj.logLines('acd', 'down edge=edge2').length, 1);
	await next.call.hangup();
	assert.equal((await next.agentCall.ended).how, 'far');

	await zj.up('start', { name: 'kamailio2' });
	await zj.ready();
	await poll(() => zj.logLines('acd', 'registrations known edge=edge2').length >= 2, { timeout: 10_000, what: 'the edge is back' });
	const again = await talking(zj, place, idle);
	await bothHear(again);
	await again.call.hangup();
	await bothHear(talk);
	await talk.call.hangup();
	const facts = await zj.facts(place.tenant, `id = '${talk.call.id}'`);
	assert.equal(facts.call.result, 'answered');
});

test('trunks as they are now: what all edges count together, and each of them', async () => {
	const caller = () => zj.call(zj.freshNumber(), place.queueDid);
	const calls = [await caller(), zj.later(await CarrierCall.place({ target: edge2, caller: zj.freshNumber(), did: place.queueDid }))];
	await Promise.all(calls.map((c) => c.answered()));
	const trunk = () => zj.carrier.get('/live/trunks').then(({ items }) => items.find((t) => t.calls > 0));
	const now = await poll(async () => { const t = await trunk(); return t?.calls === 2 && t; }, { timeout: 5000, what: 'two calls, one an edge' });
	assert.deepEqual(now.edges.map((e) => e.edge).sort(), ['edge1', 'edge2']);
	assert.equal(now.state, now.edges.find((e) => e.state !== 'ok')?.state ?? 'ok', 'the worst of them'); // a carrier of these tests answers no OPTIONS between calls
	assert.equal((await zj.carrier.get('/live/trunks')).items.filter((t) => t.trunk === now.trunk).length, 1);
	await zj.up('stop', { name: 'kamailio2' });
	await poll(async () => (await trunk())?.edges.length === 1, { timeout: 5000, what: 'the other edge alone' });
	await zj.up('start', { name: 'kamailio2' });
	await zj.ready();
	await Promise.all(calls.map((c) => c.hangup()));
});

test('the instance has two edges wherever they are named', async () => {
	const processes = await zj.processes();
	for (const name of ['kamailio', 'kamailio2'])
		assert.equal(processes[name].state, 'ready');
	const peers = execFileSync('kamcmd', ['-s', `unix:${run}/sock/kamailio2.ctl`, 'edge.peers'], { encoding: 'utf8' });
	assert.match(peers, /edge: edge1[^}]*state: up/);
	const status = execFileSync(path.join(BUILD, 'bin/zongji'), ['--run', run, 'status'], { encoding: 'utf8' });
	assert.ok(status.length > 0);
});
