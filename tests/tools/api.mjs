// The HTTP API and its event stream, as a program uses them (docs/api.md).
import { EventEmitter } from 'node:events';
import { WebSocketClient } from './ws.mjs';
import { within } from './wait.mjs';

/** What an answer other than the wanted one throws: `status` and the `problem` document. */
export class ApiError extends Error {
	constructor(method, path, status, problem) {
		super(`${method} ${path}: ${status} ${JSON.stringify(problem)}`);
		Object.assign(this, { status, problem });
	}
}

export class Api {
	constructor(base, token = null) {
		this.base = base;
		this.token = token;
	}

	static async login(base, { tenant, username, password }) {
		const session = await new Api(base).post('/login', { ...(tenant && { tenant }), username, password });
		return Object.assign(new Api(base, session.token), { session });
	}

	/** The raw response; nothing is thrown for a status. */
	fetch(method, path, { body, headers = {}, signal } = {}) {
		const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData || body instanceof ReadableStream;
		return fetch(`${this.base}/api/v1${path}`, {
			method, signal,
			body: raw ? body : JSON.stringify(body),
			headers: { ...(this.token && { Authorization: `Bearer ${this.token}` }), ...(!raw && { 'Content-Type': 'application/json' }), ...headers },
		});
	}

	async request(method, path, options) {
		const response = await this.fetch(method, path, options);
		const text = await response.text();
		let value = null;
		try {
			value = text === '' ? null : JSON.parse(text);
		} catch {
			value = text;
		}
		if (!response.ok)
			throw new ApiError(method, path, response.status, value);
		return value;
	}

	get(path) {
		return this.request('GET', path);
	}

	post(path, body = {}, headers = {}) {
		return this.request('POST', path, { body, headers });
	}

	patch(path, body) {
		return this.request('PATCH', path, { body });
	}

	delete(path) {
		return this.request('DELETE', path);
	}

	/** Opens the event stream. */
	events({ after } = {}) {
		return Events.open(this, after);
	}
}

const KINDS = { agent: 'agents', queue: 'queues', visit: 'visits', call: 'calls', conference: 'conferences' };

/**
 * A board that follows /api/v1/events. `agents`, `queues`, `visits`, `calls` are Maps by id; `log` has every message.
 * Ended calls stay in `calls` (with `where: 'ended'`), ended visits leave `visits`. Events: 'event' (message), 'close'.
 */
export class Events extends EventEmitter {
	static async open(api, after) {
		const url = `${api.base}/api/v1/events${after ? `?after=${encodeURIComponent(after)}` : ''}`;
		const socket = await WebSocketClient.connect(url, { headers: { Authorization: `Bearer ${api.token}` } });
		const events = new Events(socket);
		await events.until(() => events.log.length > 0, { what: 'snapshot' });
		return events;
	}

	constructor(socket) {
		super();
		this.setMaxListeners(50);
		this.socket = socket;
		this.log = [];
		this.closed = false;
		for (const plural of Object.values(KINDS))
			this[plural] = new Map();
		socket.on('message', (text) => this.apply(JSON.parse(text)));
		socket.on('close', (code) => {
			this.closed = true;
			this.emit('close', code);
		});
	}

	apply(message) {
		this.log.push(message);
		if (message.cursor)
			this.cursor = message.cursor;
		if (message.type === 'snapshot')
			for (const plural of Object.values(KINDS))
				this[plural] = new Map((message[plural] ?? []).map((entity) => [entity.id, entity]));
		const [kind, what] = message.type.split('.');
		if (KINDS[kind] && what === 'ended' && kind === 'visit')
			this.visits.delete(message.data.id);
		else if (KINDS[kind] && message.data)
			this[KINDS[kind]].set(message.data.id, message.data);
		this.emit('event', message);
	}

	/** Resolves with what `test(this)` returns as soon as it is truthy. */
	until(test, { timeout = 8000, what = 'state' } = {}) {
		let check;
		const promise = new Promise((resolve, reject) => {
			check = () => {
				const value = test(this);
				if (value)
					resolve(value);
			};
			this.on('event', check);
			this.on('close', (code) => reject(new Error(`events closed (${code}) while waiting for ${what}`)));
			check();
		});
		promise.catch(() => {});
		return within(promise, timeout, `events: ${what}`)
			.catch((error) => { throw new Error(`${error.message}; last: ${JSON.stringify(this.log.slice(-4))}`); })
			.finally(() => this.off('event', check));
	}

	callFrom(caller) {
		return [...this.calls.values()].filter((c) => c.caller === caller).at(-1);
	}

	/** The (last) call from this caller once it is where `where` says; any call when `where` is omitted. */
	call(caller, where, options = {}) {
		return this.until(() => {
			const call = this.callFrom(caller);
			return call && (!where || call.where === where) && call;
		}, { what: `call from ${caller}${where ? ` in ${where}` : ''}`, ...options });
	}

	agentState(agent, state, options = {}) {
		return this.until(() => this.agents.get(agent.id)?.state === state && this.agents.get(agent.id), { what: `agent ${agent.number} ${state}`, ...options });
	}

	close() {
		this.socket.close();
	}
}
