// A fax machine at the far end of a test's call (tests/tools/faxpeer.c), and pages to compare.
//
//   const doc = await makePages(file, 3);            // what is on them, a line a page
//   const peer = faxOn(call, 'send', file, { ident: '4711' });   // takes the call's place in the media
//   const { pages, because } = await peer.done;
import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const binary = path.join(path.resolve(root, process.env.ZJ_BUILD ?? 'build'), 'test/tools/faxpeer');
const run = promisify(execFile);

/** What is on each page of a TIFF: "width height black sum". */
export async function pixels(file) {
	const { stdout } = await run(binary, ['pixels', file]);
	return stdout.trim().split('\n');
}

export async function makePages(file, pages, { seed = 1, fine = false } = {}) {
	await run(binary, ['make', file, String(pages), String(seed), ...(fine ? ['fine'] : [])]);
	return pixels(file);
}

export const image = (host, port) => `v=0\r\no=far 1 2 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=image ${port} udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxBuffer:2000\r\na=T38FaxMaxDatagram:400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n`;

/** The next offer of T.38 is answered with T.38, by a machine that has the call's port from then on: resolves to it. `via(remote)`: a relay before it. */
export function faxWhenOffered(call, what, file, { via = null, ...options } = {}) {
	return new Promise((resolve, reject) => {
		call.imageOffered = async (request, respond) => {
			try {
				const [, host] = /^c=IN IP4 (\S+)/m.exec(request.body);
				const [, port] = /^m=image (\d+) udptl t38/m.exec(request.body);
				const remote = { host, port: Number(port) };
				const machine = faxOn(call, what, file, { via: via ? await via(remote) : remote, t38: true, ...options });
				call.repeating = respond(200, 'OK', { tag: call.localTag, body: image('127.0.0.1', call.rtp.port), headers: { Contact: call.phone.contact, 'Content-Type': 'application/sdp' } });
				resolve({ ...machine, offer: request.body });
			} catch (error) {
				reject(error);
			}
		};
	});
}

/** `what`: send or receive. From now on the machine, not the test, has the call's RTP port. */
export function faxOn(call, what, file, { via = null, ...options } = {}) {
	const { port, remote } = call.rtp;
	const to = via ?? remote;
	call.rtp.stop();
	call.rtp.socket.close();
	call.rtp.close = () => {};
	const args = Object.entries(options).map(([k, v]) => `${k}=${typeof v === 'boolean' ? Number(v) : v}`);
	const child = spawn(binary, [what, file, String(port), `${to.host}:${to.port}`, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
	const done = new Promise((resolve, reject) => {
		let out = '';
		child.stdout.on('data', (d) => { out += d; });
		child.once('error', reject);
		child.once('close', (code) => {
			try {
				resolve(JSON.parse(out));
			} catch {
				reject(new Error(`faxpeer ended: ${code} ${out}`));
			}
		});
	});
	done.catch(() => {});
	return { done, close: () => child.kill('SIGKILL') };
}
