// `make run` (ops/run) as its user sees it: a demo call's story, a complete ready.json, and after Ctrl-C nothing is left.
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { BUILD, Instance, ROOT, alive } from '../tools/instance.mjs';
import { SLOW, poll, within } from '../tools/wait.mjs';

const main = Number(process.env.ZJ_PORT_BASE ?? 10000);
const base = main === 2000 ? 10000 : 2000; // beside the system tests' own instance
const run = path.join(os.tmpdir(), `zj-run-${base}`);
const env = { ...process.env, ZJ_RUN: run, ZJ_PORT_BASE: String(base), ZJ_BUILD: BUILD };
let child;
let out = '';

/** Everything that works in this run directory. */
function ours() {
	return fs.readdirSync('/proc').filter((d) => /^\d+$/.test(d)).map(Number).filter((pid) => {
		try {
			return pid !== process.pid && fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(run);
		} catch {
			return false;
		}
	});
}

async function start() {
	const began = Date.now();
	out = '';
	child = spawn(path.join(ROOT, 'ops/run'), [], { env, cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (data) => { out += data; });
	await poll(() => {
		assert.equal(child.exitCode, null, out);
		return out.includes('Ctrl-C ends it');
	}, { timeout: 60_000, every: 50, what: 'ops/run' }).catch((error) => { throw new Error(`${error.message}\n${out}`); });
	return Date.now() - began;
}

async function interrupt() {
	const exit = once(child, 'exit');
	child.kill('SIGINT');
	await within(exit, 15_000, 'the end after Ctrl-C');
}

// Alone, so that the two instances do not take each other's processor time from a test that measures.
const zj = await Instance.take({ exclusive: true });
after(async () => {
	if (child?.exitCode === null)
		child.kill('SIGKILL');
	for (const pid of ours())
		process.kill(pid, 'SIGKILL');
	await zj.release();
	if (fs.existsSync(run))
		execFileSync(path.join(ROOT, 'ops/forget'), [run], { env });
});

test('the first run comes up, places a demo call and tells its story', async () => {
	await start();
	assert.ok(!/failed/i.test(out), out);
	const ready = JSON.parse(fs.readFileSync(path.join(run, 'ready.json'), 'utf8'));
	for (const key of ['api', 'console', 'sip', 'wss', 'carrier', 'tenant', 'agents', 'did', 'pids'])
		assert.ok(ready[key], `ready.json has no ${key}`);
	assert.ok(ready.carrier.user && ready.carrier.password && ready.tenant.name && ready.tenant.user && ready.tenant.password);
	assert.ok(ready.agents.length >= 1 && ready.agents.every((a) => a.number && a.sip_user && a.sip_password && a.domain));
	for (const [name, pid] of Object.entries(ready.pids))
		assert.ok(alive(pid), `${name} ${pid}`);
	assert.equal((await fetch(ready.console)).status, 200, 'the console is reachable');
});

test('Ctrl-C leaves no process and no port', async () => {
	const pids = ours();
	assert.ok(pids.length > 5);
	await interrupt();
	await poll(() => ours().length === 0, { timeout: 3000, what: 'no process' });
	for (const offset of [0, 1, 10, 12, 91, 92, 93, 94, 95]) {
		const server = net.createServer();
		server.listen(base + offset, '127.0.0.1');
		await within(once(server, 'listening'), 1000, `port ${base + offset} free`);
		server.close();
	}
});

test('the second run is up in less than 10 s', async () => {
	const ms = await start();
	assert.ok(ms < 10_000 * 5 * SLOW, `${ms} ms`);
	await interrupt();
});
