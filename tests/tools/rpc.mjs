// JSON-RPC 2.0, one object a line, over a Unix socket (docs/control-protocol.md).
import net from 'node:net';
import { EventEmitter, once } from 'node:events';
import { within } from './wait.mjs';

/** Events: 'notification' (method, params), 'close'. */
export class Rpc extends EventEmitter {
	static async connect(path, { timeout = 3000 } = {}) {
		const socket = net.connect(path);
		await within(once(socket, 'connect'), timeout, `connect to ${path}`);
		return new Rpc(socket, path);
	}

	constructor(socket, path) {
		super();
		Object.assign(this, { socket, path, id: 0, waiting: new Map(), text: '' });
		socket.setEncoding('utf8');
		socket.on('data', (data) => this.receive(data));
		socket.on('error', () => {});
		socket.on('close', () => {
			for (const { reject } of this.waiting.values())
				reject(new Error(`${path} closed`));
			this.waiting.clear();
			this.emit('close');
		});
	}

	receive(data) {
		const lines = (this.text + data).split('\n');
		this.text = lines.pop();
		for (const line of lines.filter(Boolean))
			this.dispatch(JSON.parse(line));
	}

	dispatch(message) {
		if (message.method) {
			this.emit('notification', message.method, message.params);
			return;
		}
		const call = this.waiting.get(message.id);
		this.waiting.delete(message.id);
		if (message.error)
			call?.reject(Object.assign(new Error(`${call.method}: ${message.error.message}`), { code: message.error.code, data: message.error.data }));
		else
			call?.resolve(message.result);
	}

	call(method, params = {}, { timeout = 15_000 } = {}) {
		const id = ++this.id;
		const answer = new Promise((resolve, reject) => this.waiting.set(id, { method, resolve, reject }));
		this.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
		return within(answer, timeout, `${method} on ${this.path}`);
	}

	close() {
		this.socket.destroy();
	}
}

/** One call on a connection of its own. */
export async function ask(path, method, params, options) {
	const rpc = await Rpc.connect(path);
	try {
		return await rpc.call(method, params, options);
	} finally {
		rpc.close();
	}
}
