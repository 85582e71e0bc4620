// Keeps the instance of the system tests: prepares its run directory, runs `zongji up`, writes the manifest, and takes
// everything down when it is told (SIGTERM) or nobody has used it for ZJ_TEST_KEEP_S seconds.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BUILD, MANIFEST, ROOT, holders } from './instance.mjs';
import { ask } from './rpc.mjs';
import { poll } from './wait.mjs';

const base = Number(process.env.ZJ_PORT_BASE ?? 10000);
const run = process.env.ZJ_TEST_DIR ?? path.join(os.tmpdir(), `zj-sys-${base}`);
const keepMs = Number(process.env.ZJ_TEST_KEEP_S ?? 20) * 1000;
// E-mails go to a port of their own, where a test that expects some listens (smtp.mjs).
const env = { ...process.env, ZJ_RUN: run, ZJ_PORT_BASE: String(base), ZJ_BUILD: BUILD, ZJ_WORKER_SMTP_URL: `smtp://127.0.0.1:${base + 97}`, ZJ_WORKER_MAIL_S: '1' };
const state = path.dirname(MANIFEST);
let up = null;
let ending = false;

function say(text) {
	console.log(`${new Date().toISOString()} ${text}`);
}

async function end(code) {
	if (ending)
		return;
	ending = true;
	say('taking the instance down');
	fs.rmSync(MANIFEST, { force: true });
	if (up && up.exitCode === null) {
		up.kill('SIGTERM');
		const late = setTimeout(() => { say('zongji up did not end within 15 s'); up.kill('SIGKILL'); }, 15_000);
		await new Promise((resolve) => up.once('exit', resolve));
		clearTimeout(late);
	}
	try {
		fs.rmSync(path.join(state, 'log'), { recursive: true, force: true });
		fs.cpSync(path.join(run, 'log'), path.join(state, 'log'), { recursive: true });
		execFileSync(path.join(ROOT, 'ops/forget'), [run], { stdio: 'inherit' });
	} catch (error) {
		say(`while cleaning up: ${error.message}`);
	}
	process.exit(code);
}

process.on('SIGTERM', () => end(0));
process.on('SIGINT', () => end(0));

try {
	if (fs.existsSync(path.join(run, 'etc/port_base')))
		execFileSync(path.join(ROOT, 'ops/forget'), [run], { stdio: 'inherit', env });
	execFileSync(path.join(ROOT, 'ops/prepare'), { stdio: 'inherit', env });
	up = spawn(path.join(BUILD, 'bin/zongji'), ['up'], { stdio: ['ignore', 'inherit', 'inherit'], env, cwd: ROOT });
	up.once('exit', (code) => {
		if (!ending) {
			say(`zongji up ended (${code})`);
			end(1);
		}
	});
	await poll(async () => (await ask(path.join(run, 'sock/up.sock'), 'list', {}, { timeout: 2000 })).ready, { timeout: 90_000, every: 100, what: 'zongji up' });
	const password = fs.readFileSync(path.join(run, 'secrets/carrier_admin'), 'utf8').trim();
	fs.writeFileSync(`${MANIFEST}.new`, JSON.stringify({ keeper: process.pid, run, base, carrier: { username: 'carrier', password } }));
	fs.renameSync(`${MANIFEST}.new`, MANIFEST);
	say('up');
} catch (error) {
	say(error.message);
	await end(1);
}

let unusedSince = Date.now();
setInterval(() => {
	if (holders().length)
		unusedSince = Date.now();
	if (Date.now() - unusedSince > keepMs)
		end(0);
}, 500);
