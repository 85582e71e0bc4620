// A bad network between a phone and mediad (tests/tools/impair.c).
//
//   const net = await Impair.start({ to: { host, port }, loss: 5, burst: 3, jitter: 30 });
//   call.rtp.start(net.near);             // send through it from now on
//   const { in: toMediad } = await net.stop();   // what it did
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { within } from './wait.mjs';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const binary = path.join(path.resolve(root, process.env.ZJ_BUILD ?? 'build'), 'test/tools/impair');

export class Impair {
	static async start({ to, ...options }) {
		const net = new Impair();
		const args = Object.entries(options).flatMap(([k, v]) => [`--${k}`, String(v)]);
		net.process = spawn(binary, ['--to', `${to.host}:${to.port}`, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
		net.exited = new Promise((resolve) => net.process.once('exit', resolve));
		const lines = createInterface({ input: net.process.stdout })[Symbol.asyncIterator]();
		const first = await within(lines.next(), 5000, 'impair');
		const [, near, far] = /^ready (\d+) (\d+)$/.exec(first.value ?? '') ?? [];
		if (!near)
			throw new Error(`impair: ${first.value}`);
		net.near = { host: '127.0.0.1', port: Number(near) };
		net.far = { host: '127.0.0.1', port: Number(far) };
		net.summary = lines.next().then((l) => JSON.parse(l.value ?? '{}'));
		return net;
	}

	async stop() {
		this.process.kill('SIGTERM');
		await this.exited;
		return this.summary;
	}

	close() {
		return this.stop();
	}
}
