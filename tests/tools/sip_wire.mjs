// What carries SIP: a UDP socket, one TCP or TLS connection or secure WebSocket, or a listener for them. Each has `transport`, `port`, send(text, {host, port}),
// close(), and says 'text' (text, {address, port}) for each message, 'down' when a connection ended, 'pong' for an answered keep-alive.
import dgram from 'node:dgram';
import net from 'node:net';
import nodeTls from 'node:tls';
import { EventEmitter, once } from 'node:events';
import { WebSocketClient } from './ws.mjs';

class UdpWire extends EventEmitter {
	transport = 'udp';

	static async open({ host, port }) {
		const wire = new UdpWire();
		wire.socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
		wire.socket.bind(port, host);
		await once(wire.socket, 'listening');
		wire.port = wire.socket.address().port;
		wire.socket.on('message', (data, from) => wire.emit('text', data.toString('utf8'), from));
		wire.socket.on('error', () => {});
		return wire;
	}

	send(text, to) {
		this.socket.send(text, to.port, to.host, () => {});
	}

	close() {
		this.socket.close();
	}
}

/** Cuts a stream into messages (RFC 3261 18.3); `say` gets each, and '' for a keep-alive's answer. */
function framing(say) {
	let rest = Buffer.alloc(0);
	return (data) => {
		rest = Buffer.concat([rest, data]);
		for (;;) {
			if (rest.length >= 2 && rest[0] === 13 && rest[1] === 10) {
				rest = rest.subarray(2);
				say('');
				continue;
			}
			const end = rest.indexOf('\r\n\r\n');
			if (end < 0)
				return;
			const length = Number(/\r\n(?:content-length|l)[ \t]*:[ \t]*(\d+)/i.exec(rest.toString('latin1', 0, end + 2))?.[1] ?? 0);
			if (rest.length < end + 4 + length)
				return;
			say(rest.toString('utf8', 0, end + 4 + length));
			rest = rest.subarray(end + 4 + length);
		}
	};
}

function listenTo(wire, socket) {
	const from = { address: socket.remoteAddress, port: socket.remotePort };
	socket.setNoDelay(true);
	socket.on('data', framing((text) => (text ? wire.emit('text', text, from) : wire.emit('pong'))));
	socket.on('error', () => {});
	socket.on('close', () => wire.emit('down'));
}

class ConnectedWire extends EventEmitter {
	constructor(options) {
		super();
		this.options = options;
		this.transport = options.transport;
	}

	async connect() {
		const { host, port, to, tls } = this.options;
		this.socket?.destroy();
		const where = { host: to.host, port: to.port, localAddress: host, localPort: port || undefined };
		this.socket = this.transport === 'tls' ? nodeTls.connect({ ...where, ...tls }) : net.connect(where);
		await once(this.socket, this.transport === 'tls' ? 'secureConnect' : 'connect');
		this.port = this.socket.localPort;
		listenTo(this, this.socket);
	}

	send(text) {
		if (!this.socket.destroyed)
			this.socket.write(text);
	}

	/** As a phone that loses its network: no goodbye of any kind above TCP. */
	drop() {
		this.socket.destroy();
	}

	close() {
		this.socket.destroy();
	}
}

class ListeningWire extends EventEmitter {
	sockets = new Set();

	static async open({ host, port, transport, tls }) {
		const wire = new ListeningWire();
		wire.transport = transport;
		const taken = (socket) => {
			wire.sockets.add(socket);
			wire.last = socket;
			socket.on('close', () => wire.sockets.delete(socket));
			listenTo(wire, socket);
		};
		wire.server = transport === 'tls' ? nodeTls.createServer(tls, taken) : net.createServer(taken);
		wire.server.on('tlsClientError', (error) => wire.emit('refused', error));
		wire.server.listen(port, host);
		await once(wire.server, 'listening');
		wire.port = wire.server.address().port;
		return wire;
	}

	/** By the connection that `to` came by, or the newest. */
	send(text, to) {
		const socket = [...this.sockets].find((s) => s.remotePort === to?.port) ?? this.last;
		if (socket && !socket.destroyed)
			socket.write(text);
	}

	close() {
		for (const socket of this.sockets)
			socket.destroy();
		this.server.close();
	}
}

/** A secure WebSocket (RFC 7118), as a browser's phone: one message each; it connects to `to`. */
class WebWire extends EventEmitter {
	transport = 'wss';

	constructor(options) {
		super();
		this.options = options;
	}

	async connect() {
		const { to, tls } = this.options;
		this.socket?.close();
		this.socket = await WebSocketClient.connect(`wss://${to.host}:${to.port}/sip`, { headers: { 'Sec-WebSocket-Protocol': 'sip' }, tls });
		this.port = this.socket.socket.localPort;
		this.socket.on('message', (text) => this.emit('text', text, {}));
		this.socket.on('close', () => this.emit('down'));
	}

	send(text) {
		if (!this.socket.socket.destroyed)
			this.socket.send(text);
	}

	close() {
		this.socket.close();
	}
}

export async function openWire(options) {
	if (options.transport === 'udp' || !options.transport)
		return UdpWire.open(options);
	if (!options.to)
		return ListeningWire.open(options);
	const wire = options.transport === 'wss' ? new WebWire(options) : new ConnectedWire(options);
	await wire.connect();
	return wire;
}
