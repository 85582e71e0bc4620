// A small SIP stack for test phones (RFC 3261): messages, transactions with retransmission, digest. Over UDP, TCP or TLS (sip_wire.mjs),
// IPv4 or IPv6. It is polite by default; what should be impolite (torture tests) is sent raw.
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { openWire } from './sip_wire.mjs';

const COMPACT = { v: 'via', f: 'from', t: 'to', i: 'call-id', m: 'contact', c: 'content-type', l: 'content-length', k: 'supported', s: 'subject', e: 'content-encoding' };
const LISTS = new Set(['via', 'route', 'record-route', 'contact']);
const T1 = 500;
const T2 = 4000;

const md5 = (text) => createHash('md5').update(text).digest('hex');
export const token = (bytes = 6) => randomBytes(bytes).toString('hex');

/** Splits at commas outside of quotes and angle brackets. */
function splitList(value) {
	return value.match(/(?:[^,"<]|"(?:\\.|[^"\\])*"|<[^>]*>)+/g)?.map((v) => v.trim()) ?? [];
}

/** Text → {method, uri} or {status, reason}, with `headers` (lower-case name → list of values) and `body`; null if unreadable. */
export function parseMessage(text) {
	const end = text.indexOf('\r\n\r\n');
	const lines = (end < 0 ? text : text.slice(0, end)).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
	const message = { headers: {}, body: end < 0 ? '' : text.slice(end + 4) };
	const status = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(lines[0]);
	const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(lines[0]);
	if (status)
		Object.assign(message, { status: Number(status[1]), reason: status[2] });
	else if (request)
		Object.assign(message, { method: request[1], uri: request[2] });
	else
		return null;
	for (const line of lines.slice(1)) {
		const colon = line.indexOf(':');
		if (colon < 0)
			continue;
		const short = line.slice(0, colon).trim().toLowerCase();
		const name = COMPACT[short] ?? short;
		const value = line.slice(colon + 1).trim();
		(message.headers[name] ??= []).push(...(LISTS.has(name) ? splitList(value) : [value]));
	}
	return message;
}

export function serialize(message) {
	const first = message.method ? `${message.method} ${message.uri} SIP/2.0` : `SIP/2.0 ${message.status} ${message.reason}`;
	const lines = [first];
	for (const [name, values] of Object.entries(message.headers))
		for (const value of [values].flat())
			lines.push(`${name}: ${value}`);
	const body = message.body ?? '';
	return `${lines.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export const header = (message, name) => message.headers[name]?.[0];
export const tagOf = (value) => /;\s*tag=([^;\s>]+)/.exec(value ?? '')?.[1];
export const uriOf = (value) => /<([^>]+)>/.exec(value)?.[1] ?? value.split(';')[0].trim();
export const userOf = (value) => /sips?:([^@;>]+)@/.exec(value ?? '')?.[1];
const cseqOf = (message) => {
	const [number, method] = (header(message, 'cseq') ?? '0 ?').split(/\s+/);
	return { number: Number(number), method };
};
const branchOf = (message) => /;\s*branch=([^;\s]+)/.exec(header(message, 'via') ?? '')?.[1];

/** The value of an Authorization header that answers `challenge` (RFC 2617/7616 with MD5, qop auth or none). */
export function digest(challenge, { user, password, method, uri }) {
	const get = (name) => new RegExp(`(?:^|[ ,])${name}="?([^",]+)"?`, 'i').exec(challenge)?.[1];
	const realm = get('realm');
	const nonce = get('nonce');
	const qop = get('qop')?.split(/\s*,\s*/).includes('auth') || get('qop') === 'auth' ? 'auth' : null;
	const ha1 = md5(`${user}:${realm}:${password}`);
	const ha2 = md5(`${method}:${uri}`);
	const cnonce = token();
	const response = qop ? md5(`${ha1}:${nonce}:00000001:${cnonce}:auth:${ha2}`) : md5(`${ha1}:${nonce}:${ha2}`);
	return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5` +
		(qop ? `, qop=auth, nc=00000001, cnonce="${cnonce}"` : '');
}

/** What no telephone and no carrier may ever see: names and addresses behind the edge. Filled by whoever starts one (hideFrom). */
const inner = new Set();

/** An instance on ports from `base` has its inside there. */
export function hideFrom(base, edges = 1) {
	const ports = [20, 30, 40, 91, 92, 93, 94, 95, 96];
	for (let n = 0; n < edges; n++)
		ports.push(...[12, 13, 14, 15, 16, 18].map((p) => p + 200 * n));
	inner.add(new RegExp(`\\b127\\.0\\.0\\.1:(${ports.map((p) => base + p).join('|')})\\b`));
	inner.add(/\b127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+/); // lines of trunks
	inner.add(/^X-Zj-/im);
}

/** In the head: where media is sent is said in the body. */
export function mustHide(text) {
	const head = text.split('\r\n\r\n', 1)[0];
	for (const pattern of inner)
		if (pattern.test(head))
			throw new Error(`something of the inside reached the outside (${pattern}):\n${head}`);
}

/** An address as it stands in a URI. */
export const bracketed = (host) => (host.includes(':') ? `[${host}]` : host);

/**
 * A socket with transactions. Events: 'request' (message, respond) for each new request but ACK, 'ack' (message),
 * 'stray' (message) for a response without a transaction, 'down' when a connection (TCP, TLS) ended.
 * `inside`: it plays a part of ours; everybody else fails when he sees something of the inside.
 * `trace` keeps the last 500 messages: {at, dir, text}.
 */
export class SipEndpoint extends EventEmitter {
	/** `transport` tcp, tls or wss: connects to `to` {host, port} (`tls`: node's options), or, without it, listens. */
	static async open({ host = '127.0.0.1', port = 0, transport = 'udp', to, tls, inside = false } = {}) {
		return Object.assign(new SipEndpoint(await openWire({ host, port, transport, to, tls }), host), { inside });
	}

	constructor(wire, host) {
		super();
		this.wire = wire;
		this.host = host;
		this.port = wire.port;
		this.transport = wire.transport;
		this.clients = new Map();
		this.servers = new Map();
		this.trace = [];
		this.closed = false;
		wire.on('text', (text, from) => this.receive(text, from));
		wire.on('down', () => this.emit('down'));
	}

	/** Where it can be reached, as it stands in a URI. */
	get address() {
		return `${bracketed(this.host)}:${this.port}${this.transport === 'udp' ? '' : `;transport=${this.transport}`}`;
	}

	/** TCP, TLS: a connection anew, after it went down or was dropped. */
	async reconnect() {
		await this.wire.connect();
		this.port = this.wire.port;
	}

	close() {
		if (this.closed)
			return;
		this.closed = true;
		for (const t of this.clients.values())
			t.fail(new Error('phone closed'));
		for (const t of this.servers.values())
			clearTimeout(t.timer);
		this.wire.close();
	}

	note(dir, text) {
		this.trace.push({ at: Date.now(), dir, text });
		if (this.trace.length > 500)
			this.trace.shift();
	}

	sendRaw(text, to) {
		if (this.closed)
			return;
		this.note('out', text);
		this.wire.send(text, to);
	}

	via(branch = `z9hG4bK${token(8)}`) {
		return `SIP/2.0/${this.transport.toUpperCase()} ${bracketed(this.host)}:${this.port};branch=${branch};rport`;
	}

	/**
	 * Sends a request; resolves with the final response. `onProvisional` gets each 1xx. Rejects after `timeout` ms
	 * without a final response. The transaction is on the returned promise as `.transaction`.
	 */
	request(message, to, { onProvisional = () => {}, timeout = 32_000 } = {}) {
		const branch = `z9hG4bK${token(8)}`;
		const sent = { ...message, headers: { Via: this.via(branch), 'Max-Forwards': '70', ...message.headers } };
		const text = serialize(sent);
		const transaction = { sent, to, branch, method: message.method, onProvisional, proceeding: false, done: false };
		const promise = new Promise((resolve, reject) => {
			transaction.finish = (response) => { transaction.end(); resolve(response); };
			transaction.fail = (error) => { transaction.end(); reject(error); };
		});
		transaction.end = () => {
			transaction.done = true;
			clearTimeout(transaction.timer);
			clearTimeout(transaction.deadline);
			setTimeout(() => this.clients.delete(branch + message.method), 5000).unref();
		};
		transaction.deadline = setTimeout(() => transaction.fail(new Error(`${message.method} ${message.uri}: no answer within ${timeout} ms`)), timeout);
		const retransmit = (after) => {
			this.sendRaw(text, to);
			if (this.transport !== 'udp')
				return;
			transaction.timer = setTimeout(() => retransmit(Math.min(after * 2, message.method === 'INVITE' ? 16 * T1 : T2)), after);
		};
		this.clients.set(branch + message.method, transaction);
		retransmit(T1);
		promise.transaction = transaction;
		return promise;
	}

	receive(text, from) {
		if (text.trim() === '')
			return; // keep-alive
		this.note('in', text);
		if (!this.inside)
			mustHide(text);
		const message = parseMessage(text);
		if (!message)
			return;
		if (message.status)
			this.receiveResponse(message);
		else
			this.receiveRequest(message, from);
	}

	receiveResponse(message) {
		const { method } = cseqOf(message);
		const transaction = this.clients.get(branchOf(message) + method);
		if (!transaction) {
			this.emit('stray', message);
			return;
		}
		if (method === 'INVITE' && message.status >= 300)
			this.ackFailure(transaction, message);
		if (transaction.done) {
			if (method === 'INVITE' && message.status < 300)
				this.emit('stray', message);
			return;
		}
		if (message.status < 200) {
			if (method === 'INVITE')
				clearTimeout(transaction.timer);
			transaction.onProvisional(message);
		} else {
			transaction.finish(message);
		}
	}

	/** The ACK of a failed INVITE belongs to its transaction: same branch, same route. */
	ackFailure({ sent, to, branch }, response) {
		const { From, Route } = sent.headers;
		const headers = { Via: this.via(branch), 'Max-Forwards': '70', From, To: header(response, 'to'), 'Call-ID': sent.headers['Call-ID'], CSeq: sent.headers.CSeq.replace('INVITE', 'ACK') };
		if (Route)
			headers.Route = Route;
		this.sendRaw(serialize({ method: 'ACK', uri: sent.uri, headers }), to);
	}

	receiveRequest(message, from) {
		if (message.method === 'ACK') {
			this.emit('ack', message);
			return;
		}
		const key = `${branchOf(message)} ${message.method}`;
		const known = this.servers.get(key);
		if (known) {
			if (known.last)
				this.sendRaw(known.last, { host: from.address, port: from.port });
			return;
		}
		const transaction = { last: null, timer: null };
		this.servers.set(key, transaction);
		setTimeout(() => this.servers.delete(key), 40_000).unref();
		this.emit('request', message, (status, reason, extra = {}) => this.respond(transaction, message, from, { status, reason, ...extra }));
	}

	/** Answers; a 2xx to INVITE is repeated until stopRepeating() (its ACK) or 8 s have passed. */
	respond(transaction, request, from, { status, reason, headers = {}, body, tag }) {
		const to = header(request, 'to');
		const response = {
			status, reason, body,
			headers: {
				Via: request.headers.via, ...(request.headers['record-route'] && { 'Record-Route': request.headers['record-route'] }),
				From: header(request, 'from'), To: status > 100 && tag && !tagOf(to) ? `${to};tag=${tag}` : to,
				'Call-ID': header(request, 'call-id'), CSeq: header(request, 'cseq'), ...headers,
			},
		};
		transaction.last = serialize(response);
		const target = { host: from.address, port: from.port };
		clearTimeout(transaction.timer);
		this.sendRaw(transaction.last, target);
		if (request.method === 'INVITE' && status >= 200 && status < 300) {
			const repeat = (after, total) => {
				transaction.timer = setTimeout(() => {
					this.sendRaw(transaction.last, target);
					if (total < 8000)
						repeat(Math.min(after * 2, T2), total + after);
				}, after);
			};
			repeat(T1, T1);
		}
		return { stopRepeating: () => clearTimeout(transaction.timer) };
	}
}
