// A WebSocket client (RFC 6455), text messages only: Debian's node has none.
import http from 'node:http';
import https from 'node:https';
import { EventEmitter } from 'node:events';
import { createHash, randomBytes } from 'node:crypto';

const OP = { text: 1, close: 8, ping: 9, pong: 10 };

/** Events: 'message' (text), 'close' (code). */
export class WebSocketClient extends EventEmitter {
	/** Rejects with an error that has `status` when the server answers with anything but 101. */
	static connect(url, { headers = {}, tls = {} } = {}) {
		const key = randomBytes(16).toString('base64');
		return new Promise((resolve, reject) => {
			const request = (url.startsWith('wss') ? https : http).get(url.replace(/^ws/, 'http'), {
				...tls,
				headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': key, ...headers },
			});
			request.setTimeout(5000, () => request.destroy(new Error('WebSocket: no answer within 5 s')));
			request.on('error', reject);
			request.on('response', (response) => {
				response.resume();
				reject(Object.assign(new Error(`WebSocket: ${response.statusCode}`), { status: response.statusCode }));
			});
			request.on('upgrade', (response, socket, head) => {
				const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
				if (response.headers['sec-websocket-accept'] !== accept)
					reject(new Error('WebSocket: wrong Sec-WebSocket-Accept'));
				request.setTimeout(0);
				socket.setTimeout(0);
				resolve(new WebSocketClient(socket, head));
			});
		});
	}

	constructor(socket, head) {
		super();
		this.socket = socket;
		this.buffer = Buffer.from(head);
		this.parts = [];
		socket.on('data', (data) => {
			this.buffer = Buffer.concat([this.buffer, data]);
			while (this.frame())
				;
		});
		socket.on('error', () => {});
		socket.on('close', () => this.emit('close', this.code ?? 1006));
		setImmediate(() => {
			while (this.frame())
				;
		});
	}

	frame() {
		const b = this.buffer;
		if (b.length < 2)
			return false;
		let length = b[1] & 0x7f;
		let at = 2;
		if (length === 126 || length === 127) {
			at = length === 126 ? 4 : 10;
			if (b.length < at)
				return false;
			length = at === 4 ? b.readUInt16BE(2) : Number(b.readBigUInt64BE(2));
		}
		if (b.length < at + length)
			return false;
		this.handle(b[0] & 0x0f, (b[0] & 0x80) !== 0, b.subarray(at, at + length));
		this.buffer = b.subarray(at + length);
		return true;
	}

	handle(opcode, final, payload) {
		if (opcode === OP.ping)
			this.send(payload, OP.pong);
		if (opcode === OP.close) {
			this.code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
			this.socket.end();
		}
		if (opcode > 2)
			return;
		this.parts.push(Buffer.from(payload));
		if (final) {
			const text = Buffer.concat(this.parts).toString('utf8');
			this.parts = [];
			this.emit('message', text);
		}
	}

	send(payload, opcode = OP.text) {
		const data = Buffer.from(payload);
		const mask = randomBytes(4);
		const header = data.length < 126 ? Buffer.from([0x80 | opcode, 0x80 | data.length]) : Buffer.from([0x80 | opcode, 0xfe, data.length >> 8, data.length & 0xff]);
		this.socket.write(Buffer.concat([header, mask, data.map((byte, i) => byte ^ mask[i & 3])]));
	}

	close() {
		this.socket.destroy();
	}
}
