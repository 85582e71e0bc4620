// Where shall TLS end: in HAProxy (PROXY v2 to Kamailio's tcp_accept_haproxy), or in Kamailio's own tls module? Both are soaked alike: phones
// that register and call over TLS, dialogs that stay, the certificate replaced each second, and strangers who speak no TLS, break handshakes off
// or vanish. What it decided is docs/decisions/074. `node tests/bench/tls.mjs [haproxy|kamailio]`; ZJ_TLS_PHONES, ZJ_TLS_SECONDS.
import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { Edge, header, sdp } from '../../kamailio-mods/test/edge.mjs';
import { answerAtMediad } from '../../kamailio-mods/test/calls.mjs';
import { SipEndpoint, digest, serialize, tagOf, token, uriOf } from '../tools/sip.mjs';
import { costOf } from '../tools/cpu.mjs';

const PHONES = Number(process.env.ZJ_TLS_PHONES ?? 200);
const SECONDS = Number(process.env.ZJ_TLS_SECONDS ?? 60);
const STAYING = Math.ceil(PHONES / 20);
const count = {};
const add = (what) => { count[what] = (count[what] ?? 0) + 1; };
const why = new Map();
const failed = (what, error) => {
	add(`${what}_failed`);
	const text = `${what}: ${error.message ?? error}`;
	why.set(text, (why.get(text) ?? 0) + 1);
};

function certificate(etc, name) {
	const r = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', `${etc}/${name}.key`, '-out', `${etc}/${name}.crt`]);
	if (r.status !== 0)
		throw new Error(String(r.stderr));
	return { cert: fs.readFileSync(`${etc}/${name}.crt`, 'utf8'), key: fs.readFileSync(`${etc}/${name}.key`, 'utf8') };
}

/** The two ways. Each: files(e, port) before the start, start(e), reload(e, certificate), pids(e). */
const WAYS = {
	kamailio: {
		files(e, port) {
			const cfg = `${e.run}/etc/kamailio.cfg`;
			fs.writeFileSync(`${e.run}/etc/tls.cfg`, `[server:default]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\nprivate_key = ${e.run}/etc/now.key\ncertificate = ${e.run}/etc/now.crt\n`);
			fs.writeFileSync(cfg, `#!KAMAILIO\nenable_tls=yes\nlisten=tls:127.0.0.1:${port}\nloadmodule "/usr/lib/x86_64-linux-gnu/kamailio/modules/tls.so"\nmodparam("tls", "config", "${e.run}/etc/tls.cfg")\n${fs.readFileSync(cfg, 'utf8').replace('#!KAMAILIO', '')}`);
		},
		start: async () => {},
		async reload(e, c) {
			fs.writeFileSync(`${e.run}/etc/now.key`, c.key);
			fs.writeFileSync(`${e.run}/etc/now.crt`, c.cert);
			if (e.kamailio)
				await promisify(execFile)('kamcmd', ['-s', `unix:${e.run}/sock/kamailio.ctl`, 'tls.reload']);
		},
		pids: (e) => [e.kamailio.pid],
	},
	haproxy: {
		files(e, port) {
			const cfg = `${e.run}/etc/kamailio.cfg`;
			fs.writeFileSync(cfg, fs.readFileSync(cfg, 'utf8').replace('#!KAMAILIO', '#!KAMAILIO\ntcp_accept_haproxy=yes'));
			fs.writeFileSync(`${e.run}/etc/soak.cfg`, `global\n\tmaxconn 8000\n\tstats socket ${e.run}/soak.sock mode 600 level admin\n\tssl-default-bind-options ssl-min-ver TLSv1.2\ndefaults\n\tmode tcp\n\ttimeout connect 2s\n\ttimeout client 1h\n\ttimeout server 1h\n`
				+ `frontend sips\n\tbind 127.0.0.1:${port} ssl crt ${e.run}/etc/now.pem\n\tdefault_backend k\nbackend k\n\tserver k 127.0.0.1:${e.base + 10} send-proxy-v2\n`);
		},
		async start(e) {
			e.soak = e.spawn('haproxy', ['-db', '-f', `${e.run}/etc/soak.cfg`], 'soak.log');
			await sleep(500);
		},
		async reload(e, c) {
			const pem = `${c.cert}${c.key}`;
			fs.writeFileSync(`${e.run}/etc/now.pem`, pem);
			if (!e.soak)
				return;
			for (const command of [`set ssl cert ${e.run}/etc/now.pem <<\n${pem}\n`, `commit ssl cert ${e.run}/etc/now.pem\n`]) {
				const s = net.connect(`${e.run}/soak.sock`);
				s.end(command);
				s.resume();
				await once(s, 'close');
			}
		},
		pids: (e) => [e.kamailio.pid, e.soak.pid],
	},
};

/** A phone without audio: registers, calls, is called. */
class SoakPhone {
	static async open(e, to, user) {
		const p = Object.assign(new SoakPhone(), { e, user, password: 'password-a', id: token(), seq: 0 });
		p.sip = await SipEndpoint.open({ transport: 'tls', to, tls: { rejectUnauthorized: false } });
		p.sip.on('down', () => { if (!p.closing) failed('connection', 'closed by the server'); });
		p.sip.on('request', (m, respond) => {
			if (m.method === 'INVITE')
				respond(200, 'OK', { tag: 'p', body: sdp('127.0.0.1', 40000), headers: { Contact: `<sip:${user}@${p.sip.address}>`, 'Content-Type': 'application/sdp' } }).stopRepeating();
			else
				respond(200, 'OK');
		});
		return p;
	}

	async send(method, uri, headers, body) {
		const ask = (auth) => this.sip.request({ method, uri, body, headers: { Contact: `<sip:${this.user}@${this.sip.address}>`, ...headers(), ...(body && { 'Content-Type': 'application/sdp' }), ...auth } }, null, { timeout: 8000 });
		const first = await ask({});
		const [name, answer] = first.status === 401 ? ['www-authenticate', 'Authorization'] : ['proxy-authenticate', 'Proxy-Authorization'];
		return first.status === 401 || first.status === 407 ? ask({ [answer]: digest(header(first, name), { user: this.user, password: this.password, method, uri }) }) : first;
	}

	async register() {
		const aor = `<sip:${this.user}@a.test>`;
		const r = await this.send('REGISTER', 'sip:a.test', () => ({ From: `${aor};tag=r`, To: aor, 'Call-ID': this.id, CSeq: `${++this.seq} REGISTER`, Expires: '300' }));
		if (r.status !== 200)
			throw new Error(`${r.status} ${r.reason}`);
		add('registrations');
	}

	/** Calls the queue; resolves with a function for requests within the dialog. */
	async call() {
		const id = token(8);
		const from = `<sip:${this.user}@a.test>;tag=${token()}`;
		const r = await this.send('INVITE', 'sip:4001@a.test', () => ({ From: from, To: '<sip:4001@a.test>', 'Call-ID': id, CSeq: `${++this.seq} INVITE` }), sdp('127.0.0.1', 40000));
		if (r.status !== 200)
			throw new Error(`${r.status} ${r.reason}`);
		const within = (method, cseq, body) => ({ method, uri: uriOf(header(r, 'contact')), body, headers: {
			Via: this.sip.via(), 'Max-Forwards': '70', From: from, To: header(r, 'to'), 'Call-ID': id, CSeq: `${cseq} ${method}`, Contact: `<sip:${this.user}@${this.sip.address}>`,
			Route: [...r.headers['record-route']].reverse(), ...(body && { 'Content-Type': 'application/sdp' }) } });
		const ack = (cseq) => this.sip.sendRaw(serialize(within('ACK', cseq)), null);
		ack(this.seq);
		return async (method) => {
			const m = within(method, ++this.seq, method === 'INVITE' ? sdp('127.0.0.1', 40000) : undefined);
			delete m.headers.Via;
			const cseq = this.seq;
			const answer = await this.sip.request(m, null, { timeout: 8000 });
			if (answer.status !== 200)
				throw new Error(`${method}: ${answer.status}`);
			if (method === 'INVITE')
				ack(cseq);
		};
	}
}

const guarded = (what, promise) => promise.then(() => add(what), (error) => failed(what, error));

/** What strangers do at a public TLS port. */
function stranger(to, i) {
	const connect = (then) => {
		const s = net.connect(to.port, to.host, () => then(s));
		s.on('error', () => {});
		s.resume();
		setTimeout(() => s.destroy(), 1500).unref();
	};
	const secure = (options, then) => {
		const s = tls.connect({ ...to, rejectUnauthorized: false, ...options }, () => then(s));
		s.on('error', () => {});
		s.resume();
		setTimeout(() => s.destroy(), 1500).unref();
	};
	add('strangers');
	[
		() => connect((s) => s.write('OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 1.2.3.4\r\n\r\n')),
		() => connect((s) => s.write(Buffer.from('16030100f1010000ed0303', 'hex'), () => s.resetAndDestroy())),
		() => connect((s) => s.write(Buffer.from(Array.from({ length: 300 }, (_, k) => (k * 73) & 255)))),
		() => connect((s) => s.resetAndDestroy()),
		() => secure({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL@SECLEVEL=0' }, () => add('old_tls_accepted')),
		() => secure({}, (s) => s.write('garbage\r\n\r\nmore garbage', () => s.destroy())),
		() => secure({}, (s) => s.write("INVITE sip:4001@a.test SIP/2.0\r\nVia: SIP/2.0/TLS 1.2", () => s.destroy())),
		() => secure({ ca: [] , rejectUnauthorized: true }, () => {}),
		() => secure({ ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' }, (s) => { s.renegotiate({}, () => {}); }),
	][i % 9]();
}

async function soak(way) {
	for (const key of Object.keys(count))
		delete count[key];
	why.clear();
	const w = WAYS[way];
	const e = await Edge.start({ offset: 900 });
	e.memory = Number(process.env.ZJ_TLS_MEMORY ?? 512);
	const port = e.base + 11;
	const to = { host: '127.0.0.1', port };
	const etc = `${e.run}/etc`;
	const certs = [certificate(etc, 'one.test'), certificate(etc, 'two.test')];
	e.sql(`insert into extension (tenant_id, number, password) select id, (2000 + n)::text, 'password-a' from tenant, generate_series(1, ${PHONES}) n where name = 'a'`);
	w.files(e, port);
	await w.reload(e, certs[0]);
	await e.startRelay();
	await e.startKamailio();
	await w.start(e);
	e.mediad.on('request', (m, respond) => { if (m.method !== 'OPTIONS') respond(200, 'OK', m.method === 'INVITE' ? answerAtMediad(e) : { tag: 'm' })?.stopRepeating?.(); });
	const phones = [];
	for (let i = 1; i <= PHONES; i++)
		phones.push(await SoakPhone.open(e, to, String(2000 + i)));
	for (const p of phones)
		await guarded('first', p.register());
	const staying = await Promise.all(phones.slice(0, STAYING).map((p) => p.call()));
	const timers = [];
	let slowest = 0;
	const every = (ms, what) => { let i = 0; timers.push(setInterval(() => what(i++), ms)); };
	every(25, (i) => { guarded('register', phones[i % PHONES].register()); });
	every(100, (i) => { guarded('call', (async () => { const within = await phones[STAYING + (i % (PHONES - STAYING))].call(); await sleep(1000); await within('BYE'); })()); });
	every(200, (i) => { guarded('reinvite', staying[i % STAYING]('INVITE')); });
	every(150, (i) => { guarded('to_phone', toPhone(e, phones[i % PHONES])); });
	every(50, (i) => stranger(to, i));
	let reloading = false;
	every(1000, (i) => { if (!reloading) guarded('reload', (async () => {
		reloading = true;
		const began = performance.now();
		await w.reload(e, certs[(i + 1) % 2]).finally(() => { reloading = false; });
		slowest = Math.max(slowest, performance.now() - began);
		await sleep(100);
		const s = tls.connect({ ...to, rejectUnauthorized: false });
		s.on('error', () => {});
		await once(s, 'secureConnect');
		const { CN } = s.getPeerCertificate().subject;
		s.destroy();
		if (CN !== ['one.test', 'two.test'][(i + 1) % 2])
			throw new Error(`served ${CN}`);
	})()); });
	const look = () => {
		const costs = w.pids(e).map((pid) => costOf(pid, { memory: true }));
		return { at: performance.now(), kb: costs.reduce((n, c) => n + c.memoryKb, 0), cpu: costs.reduce((n, c) => n + c.cpuMs, 0), processes: costs.reduce((n, c) => n + c.processes, 0), shm: Number(/real_used: (\d+)/.exec(e.rpc('core.shmmem'))?.[1] ?? 0) };
	};
	await sleep(5000);
	const first = look();
	let last = first;
	for (let s = 5; s < SECONDS && e.kamailio.exitCode === null && e.kamailio.signalCode === null; s += 5) {
		await sleep(5000);
		last = look();
	}
	const died = e.kamailio.exitCode !== null || e.kamailio.signalCode !== null;
	for (const t of timers)
		clearInterval(t);
	await sleep(2500);
	for (const p of phones) {
		p.closing = true;
		p.sip.close();
	}
	const seconds = (last.at - first.at) / 1000;
	const log = e.log();
	const line = { bench: 'tls', metric: way, phones: PHONES, seconds: Math.round(seconds), died, ...count, slowest_reload_ms: Math.round(slowest), memory_kb_per_s: Math.round((last.kb - first.kb) / seconds), shm_kb_per_s: Math.round((last.shm - first.shm) / 1024 / seconds), memory_mb: Math.round(last.kb / 1024),
		cpu_ms_per_s: Math.round((last.cpu - first.cpu) / seconds), criticals: (log.match(/CRITICAL|BUG/g) ?? []).length };
	console.log(JSON.stringify(line));
	for (const [text, n] of [...why].sort((a, b) => b[1] - a[1]).slice(0, 12))
		console.log(`#   ${n} × ${text}`);
	if (died || line.criticals)
		console.log(log.split('\n').filter((l) => /CRITICAL|BUG|ALERT|signal|core/.test(l)).slice(0, 12).join('\n'));
	if (process.env.ZJ_TLS_KEEP)
		fs.copyFileSync(path.join(e.run, 'kamailio.log'), `${process.env.ZJ_TLS_KEEP}-${way}.log`);
	await e.end(e.soak);
	await e.stop();
	return line;
}

async function toPhone(e, p) {
	const from = `<sip:13800000000@127.0.0.1>;tag=${token()}`;
	const id = token();
	const r = await e.mediad.request({ method: 'INVITE', uri: `sip:${p.user}@a.test`, body: sdp('127.0.0.1', 50010), headers: { From: from, To: `<sip:${p.user}@a.test>`, 'Call-ID': id, CSeq: '1 INVITE', Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, 'Content-Type': 'application/sdp' } }, e.sip, { timeout: 8000 });
	if (r.status !== 200)
		throw new Error(`${r.status} ${r.reason}`);
	const headers = (n, method) => ({ From: from, To: header(r, 'to'), 'Call-ID': id, CSeq: `${n} ${method}`, Route: [...r.headers['record-route']].reverse() });
	e.mediad.sendRaw(serialize({ method: 'ACK', uri: uriOf(header(r, 'contact')), headers: { Via: e.mediad.via(), 'Max-Forwards': '70', ...headers(1, 'ACK') } }), e.sip);
	const bye = await e.mediad.request({ method: 'BYE', uri: uriOf(header(r, 'contact')), headers: headers(2, 'BYE') }, e.sip, { timeout: 8000 });
	if (bye.status !== 200 || !tagOf(header(r, 'to')))
		throw new Error(`BYE ${bye.status}`);
}

for (const way of process.argv[2] ? [process.argv[2]] : Object.keys(WAYS))
	await soak(way);
process.exit(0);
