// What happens when acd or one of its peers dies.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { userInfo } from 'node:os';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { poll, SLOW } from '../../tests/tools/wait.mjs';
import { Rpc } from '../../tests/tools/rpc.mjs';
import { Mediad } from './mediad.mjs';
import { Rig, checkSegments, freePort } from './rig.mjs';

let rig;
before(async () => {
	rig = await Rig.start({ port: Number(process.env.ZJ_PORT_BASE ?? 10000) + 6020 });
	rig.seed();
	await rig.startAcd();
});
after(() => rig?.stop());

const byCall = (rows, call) => rows.filter((r) => r.call_id === call);
async function seeded(name, more = {}) {
	const t = rig.seed({ name, agents: 3, ...more });
	await poll(async () => (await rig.board(t)).agents.length === 3, { what: 'configuration' });
	return t;
}

async function connect(t, customer, ext, i) {
	const phone = await rig.phone(ext);
	assert.equal(phone.call, customer.call);
	rig.mediad.ring(phone);
	rig.mediad.answer(phone);
	await rig.agentState(i, 'talking', t);
	return phone;
}

test('kill -9 while one talks, three wait, one rings and one is in after-call work', async () => {
	const t = await seeded('kill', { queue: { wrapup_s: 5, ring_timeout_s: 30 } });
	await rig.signIn(0, t);
	await rig.signIn(1, t);
	const talker = rig.call(t);
	const phone = await connect(t, talker, (await poll(() => rig.mediad.living().find((l) => l.dir === 'out'))).to.slice(4, 8), 0).catch(() => null)
		?? rig.mediad.living().find((l) => l.call === talker.call && l.dir === 'out');
	const done = rig.call(t);
	const donePhone = await poll(() => rig.mediad.living().find((l) => l.dir === 'out' && l.call === done.call), { what: 'second offer' });
	rig.mediad.answer(donePhone);
	await poll(() => done.room, { what: 'second talk' });
	rig.mediad.hangup(done);
	await poll(async () => (await rig.board(t)).agents.some((a) => a.state === 'after_call'), { what: 'after-call work' });
	const waiting = [];
	for (const from of ['13800000011', '13800000012', '13800000013']) {
		waiting.push(rig.call(t, { from }));
		await poll(() => waiting.at(-1).play, { what: 'waits' });
	}
	const before = await rig.board(t), plays = waiting.map((w) => w.play), commands = rig.mediad.commands.length;
	await rig.killAcd();
	// The caller hangs up in the queue, and another arrives, while nobody is there.
	rig.mediad.hangup(waiting[1]);
	const late = rig.call(t, { from: '13800000014' });
	const from = Date.now();
	await rig.startAcd();
	assert.ok(Date.now() - from < 3000 * 5 * SLOW, 'back soon');
	await poll(() => late.play, { what: 'the late caller waits' });
	const after = await rig.board(t);
	assert.deepEqual(after.visits.sort((a, b) => a.position - b.position).map((v) => v.call), [waiting[0].call, waiting[2].call, late.call], 'order is kept');
	assert.equal(waiting[0].play, plays[0], 'the music went on');
	assert.equal(waiting[2].play, plays[2]);
	assert.ok(talker.room && talker.room === phone.room, 'they go on talking');
	const state = (b, s) => b.agents.find((a) => a.state === s);
	assert.equal(state(after, 'talking').since, state(before, 'talking').since);
	assert.equal(state(after, 'talking').call, talker.call);
	assert.equal(state(after, 'after_call').since, state(before, 'after_call').since);
	assert.equal(rig.mediad.commands.slice(commands).filter((c) => c.method === 'leg.hangup').length, 0);
	// After-call work ends at its own time; then the longest waiting caller is offered.
	await poll(() => rig.mediad.living().find((l) => l.dir === 'out' && l.call === waiting[0].call), { timeout: 8000, what: 'the next offer' });
	await rig.killAcd(); // while it rings
	await rig.startAcd();
	const rings = () => rig.mediad.living().filter((l) => l.dir === 'out' && l.call === waiting[0].call);
	await poll(() => rings().length === 1, { what: 'one phone rings' }); // another one than before when acd died before it could note the offer
	rig.mediad.answer(rings()[0]);
	await poll(() => waiting[0].room, { what: 'talk after the second restart' });
	for (const l of [talker, waiting[0], waiting[2], late])
		rig.mediad.hangup(l);
	const calls = await rig.facts('call', `tenant_id = '${t.id}'`, 6);
	assert.equal(calls.length, 6);
	const result = Object.fromEntries(calls.map((c) => [c.id, c.result]));
	assert.deepEqual([talker, done, ...waiting, late].map((l) => result[l.call]), ['answered', 'answered', 'answered', 'abandoned_queue', 'abandoned_queue', 'abandoned_queue']);
	const legs = await rig.facts('call_leg', `tenant_id = '${t.id}'`, 9), segments = await rig.facts('call_segment', `tenant_id = '${t.id}'`, 6);
	assert.equal(legs.length, 9);
	for (const c of calls)
		checkSegments(byCall(legs, c.id), byCall(segments, c.id));
	assert.equal((await rig.facts('queue_visit', `tenant_id = '${t.id}'`, 6)).length, 6);
	assert.equal((await rig.facts('offer', `tenant_id = '${t.id}'`, 3)).length, 3);
	const states = await rig.facts('agent_state', `tenant_id = '${t.id}'`, 6);
	for (const a of t.agents) {
		const mine = states.filter((s) => s.agent_id === a);
		for (let i = 1; i < mine.length; i++)
			assert.equal(mine[i].from_at, mine[i - 1].to_at, 'no gap, no overlap');
	}
	const queue = (await rig.board(t)).queues.find((q) => q.number === '4001');
	assert.deepEqual([queue.offered_today, queue.answered_today, queue.abandoned_today], [6, 3, 3]);
});

test('a request that was answered before a crash is not done again after it', async () => {
	const t = await seeded('repeat');
	const params = { tenant: t.id, agent: t.agents[0], request: 'once' };
	const first = await rig.command('agent.sign_in', params);
	await rig.command('agent.sign_out', { tenant: t.id, agent: t.agents[0] });
	await rig.killAcd();
	await rig.startAcd();
	assert.deepEqual(await rig.command('agent.sign_in', params), first);
	assert.equal((await rig.agent(0, t)).state, 'signed_out');
});

test('what a command was answered is still true after a kill -9 in the same moment', async () => {
	const t = await seeded('answered');
	for (let round = 0; round < 6; round++) {
		const [command, state] = round % 2 ? ['agent.sign_out', 'signed_out'] : ['agent.sign_in', 'idle'];
		await rig.command(command, { tenant: t.id, agent: t.agents[0] });
		await rig.killAcd();
		await rig.startAcd();
		assert.equal((await rig.agent(0, t)).state, state, `round ${round}`);
	}
	// It is so because the answer waits for Redis; not for ever, though.
	rig.redis.kill('SIGSTOP');
	const from = Date.now();
	await rig.command('agent.sign_in', { tenant: t.id, agent: t.agents[0] });
	const waited = Date.now() - from;
	rig.redis.kill('SIGCONT');
	assert.ok(waited >= 250 && waited < 5 * 400 * SLOW, `answered after ${waited} ms`);
});

test('PostgreSQL is away: calls go on, a restart too; facts arrive afterwards, none twice', async () => {
	const t = await seeded('nopg');
	await rig.signIn(0, t);
	await sleep(600); // the copy of the configuration is written 200 ms after a change
	const stopped = await pause(rig.pg);
	const one = rig.call(t);
	const phone = await rig.phone('1001');
	rig.mediad.answer(phone);
	await poll(() => one.room, { what: 'talk' });
	await rig.killAcd();
	await rig.startAcd();
	assert.equal((await rig.rpc.call('status')).postgres, false);
	rig.mediad.hangup(one);
	const two = rig.call(t);
	await poll(() => two.play, { what: 'a new caller waits' });
	rig.mediad.hangup(two);
	await poll(async () => (await rig.rpc.call('status')).spool > 5, { what: 'facts wait' });
	await stopped.resume();
	assert.equal((await rig.facts('call', `tenant_id = '${t.id}'`, 2)).length, 2);
	await poll(async () => (await rig.rpc.call('status')).spool === 0, { what: 'spool is empty', timeout: 8000 });
	assert.deepEqual(rig.spool(), []);
});

test('Redis is away: calls go on, boards say stale; everything is written back', async () => {
	const t = await seeded('noredis');
	await rig.signIn(0, t);
	await rig.stopRedis();
	const caller = rig.call(t);
	const phone = await rig.phone('1001');
	rig.mediad.answer(phone);
	await poll(() => caller.room, { what: 'talk' });
	assert.equal((await rig.board(t)).stale, true);
	const done = rig.call(t);
	await poll(() => done.play, { what: 'waits' });
	rig.mediad.hangup(done);
	assert.equal((await rig.facts('call', `id = '${done.call}'`))[0].result, 'abandoned_queue');
	await rig.startRedis();
	await poll(async () => (await rig.board(t)).stale === false, { what: 'fresh again' });
	await poll(() => rig.redisCli('HGET', `zj:{${t.id}}:agents`, t.agents[0]).includes('talking'), { what: 'written back' });
	// Restarted with an empty Redis: what mediad knows is taken over.
	const waits = rig.call(t, { from: '13800000077' });
	await poll(() => waits.play, { what: 'waits' });
	await rig.stopRedis();
	await rig.killAcd();
	await rig.startRedis();
	await rig.startAcd();
	await poll(async () => (await rig.board(t)).visits.some((v) => v.call === waits.call), { what: 'the waiting caller is in the queue again' });
	const board = await rig.board(t);
	assert.ok(caller.room && caller.room === phone.room, 'they go on talking');
	assert.equal(board.agents.find((a) => a.id === t.agents[0]).state, 'talking');
	rig.mediad.hangup(phone);
	rig.mediad.hangup(waits);
	assert.equal((await rig.facts('call', `id = '${caller.call}'`))[0].result, 'answered');
	assert.equal((await rig.facts('call', `id = '${waits.call}'`))[0].result, 'abandoned_queue');
});

test('mediad restarts: its calls end with facts that say so, agents are free', async () => {
	const t = await seeded('nomedia', { queue: { wrapup_s: 0 } });
	await rig.signIn(0, t);
	const caller = rig.call(t);
	const phone = await rig.phone('1001');
	rig.mediad.answer(phone);
	await poll(() => caller.room, { what: 'talk' });
	await rig.mediad.close();
	rig.mediad = await new Mediad(rig.mediad.path).listen();
	const [call] = await rig.facts('call', `id = '${caller.call}'`);
	assert.deepEqual([call.result, call.hangup_by, call.hangup_cause], ['answered', 'system', 41]);
	await rig.agentState(0, 'idle', t);
	const next = rig.call(t);
	rig.mediad.hangup(await rig.phone('1001'), { code: 486 });
	rig.mediad.hangup(next);
	await rig.facts('call', `id = '${next.call}'`);
});

test('the connection to mediad breaks: nothing is lost, nothing is done twice', async () => {
	const t = await seeded('broken');
	await rig.signIn(0, t);
	const caller = rig.call(t);
	const phone = await rig.phone('1001');
	for (const s of rig.mediad.sockets)
		s.destroy();
	rig.mediad.answer(phone); // heard when it is back
	await poll(() => caller.room && caller.room === phone.room, { what: 'talk' });
	rig.mediad.hangup(caller);
	await poll(() => phone.state === 'ended', { what: 'the other leg ends' });
	assert.equal((await rig.facts('offer', `call_id = '${caller.call}'`)).length, 1);
});

test('a fact that PostgreSQL refuses is kept in spool/dead and delays nobody', async () => {
	const t = await seeded('dead');
	const one = rig.call(t, { kind: 'ivr', target: 'not-a-uuid' });
	rig.pg.sql(`alter table zj.call add constraint no_dead check (caller <> '666') not valid`);
	const bad = rig.call(t, { from: '666' }), good = rig.call(t, { from: '777' });
	await poll(() => bad.play && good.play, { what: 'both wait' });
	rig.mediad.hangup(bad);
	rig.mediad.hangup(good);
	assert.equal((await rig.facts('call', `id = '${good.call}'`))[0].caller, '777');
	await poll(() => rig.spool().length === 1, { what: 'one dead fact' });
	const metrics = await (await fetch(`http://127.0.0.1:${rig.health}/metrics`)).text();
	assert.match(metrics, /zj_acd_facts_dead_total 1\b/);
	rig.pg.sql(`alter table zj.call drop constraint no_dead`);
	assert.equal((await rig.facts('call', `id = '${one.call}'`))[0].result, 'failed');
});

test('a second acd stands by; when the first is stopped it takes over, and the first one gives way', async () => {
	const t = await seeded('two');
	await rig.signIn(0, t);
	const caller = rig.call(t);
	const phone = await rig.phone('1001');
	rig.mediad.answer(phone);
	await poll(() => caller.room, { what: 'talk' });
	const dir = join(rig.dir, 'second'), health = await freePort();
	mkdirSync(dir);
	const conf = readFileSync(join(rig.dir, 'acd.conf'), 'utf8').replaceAll(/^(run|edge|listen|spool|log) = .*\/(.*)$/gm, (_, k, f) => `${k} = ${dir}${k === 'run' ? '' : `/${f}`}`)
		.replace(/health_port = \d+/, `health_port = ${health}`);
	writeFileSync(join(dir, 'acd.conf'), `${conf}node = node2\n`);
	const second = spawn(resolve(process.cwd(), process.env.ZJ_BUILD ?? 'build', 'bin', 'acd'), ['--config', join(dir, 'acd.conf')], { stdio: 'inherit' });
	try {
		await sleep(700);
		assert.equal((await fetch(`http://127.0.0.1:${health}/healthz`)).status, 503, 'it stands by');
		const epoch = (await rig.rpc.call('status')).epoch;
		rig.acd.kill('SIGSTOP');
		const rpc = await poll(() => Rpc.connect(join(dir, 'acd.sock')), { timeout: 12_000, what: 'the second one serves' });
		await poll(async () => (await rpc.call('status')).mediads[0].up, { what: 'mediad obeys it' });
		assert.ok((await rpc.call('status')).epoch > epoch);
		const board = await rpc.call('board', { tenant: t.id });
		assert.equal(board.agents.find((a) => a.id === t.agents[0]).state, 'talking');
		const commands = rig.mediad.commands.length;
		rig.acd.kill('SIGCONT');
		assert.notEqual(await Promise.race([rig.exited.then((r) => r[0]), sleep(8000 * SLOW)]), undefined, 'the first one ends itself');
		assert.equal(rig.mediad.commands.slice(commands).filter((c) => c.params.epoch && c.params.epoch < rig.mediad.epoch && c.method === 'leg.hangup').length, 0);
		assert.ok(caller.room, 'they go on talking');
		rpc.close();
	} finally {
		second.kill('SIGTERM');
		await once(second, 'exit');
	}
	await rig.startAcd().catch(() => rig.startAcd());
	rig.mediad.hangup(caller);
	assert.equal((await rig.facts('call', `id = '${caller.call}'`))[0].result, 'answered');
});

/** PostgreSQL is shut down, and started again by resume(). */
async function pause(pg) {
	const pid = Number(readFileSync(join(pg.dir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
	const alive = () => { try { process.kill(pid, 0); return true; } catch { return false; } };
	const ids = userInfo().uid ? {} : Object.fromEntries(['uid', 'gid'].map((k) => [k, Number(execFileSync('id', [`-${k[0]}`, 'postgres'], { encoding: 'utf8' }))]));
	process.kill(pid, 'SIGINT');
	await poll(() => !alive(), { what: 'PostgreSQL stops' });
	return {
		async resume() {
			const child = spawn('/usr/lib/postgresql/15/bin/postgres', ['-D', `${pg.dir}/data`, '-p', String(pg.port), '-k', pg.dir, '-c', 'listen_addresses=', '-c', 'fsync=off',
				'-c', 'timezone=UTC'], { ...ids, cwd: pg.dir, stdio: 'ignore' });
			rig.children.push(child);
			await poll(() => pg.sql('select 1').length, { what: 'PostgreSQL is back' });
		},
	};
}
