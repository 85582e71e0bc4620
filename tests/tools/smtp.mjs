// An SMTP server for tests (RFC 5321): takes mail, keeps it, and refuses or breaks when told to.
//
//   const smtp = await Smtp.listen(port);  …  const mail = await smtp.next((m) => m.to.includes('a@b'));  await smtp.close();
//   mail: {from, to: [], headers: {subject …}, text, attachments: [{name, type, data}]}
import { EventEmitter } from 'node:events';
import net from 'node:net';
import { SLOW } from './wait.mjs';

const unfold = (text) => text.replace(/\r\n[ \t]+/g, ' ');
const words = (text) => text.replace(/\?=\s+=\?/g, '?==?').replace(/=\?UTF-8\?B\?([^?]*)\?=/gi, (_, b) => Buffer.from(b, 'base64').toString('utf8'));

function part(raw) {
	const at = raw.indexOf('\r\n\r\n');
	const headers = {};
	for (const line of unfold(raw.slice(0, at)).split('\r\n')) {
		const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
		if (name)
			headers[name.toLowerCase()] = words(value);
	}
	return { headers, body: raw.slice(at + 4) };
}

function decode({ headers, body }) {
	return headers['content-transfer-encoding'] === 'base64' ? Buffer.from(body, 'base64') : Buffer.from(body, 'latin1');
}

/** A message as it came over the wire. */
export function readMail(raw) {
	const whole = part(raw);
	const boundary = /boundary="?([^";]+)"?/.exec(whole.headers['content-type'] ?? '')?.[1];
	const parts = boundary ? raw.split(`--${boundary}`).slice(1, -1).map((p) => part(p.replace(/^\r\n/, '').replace(/\r\n$/, ''))) : [whole];
	const mail = { headers: whole.headers, text: '', attachments: [] };
	for (const p of parts) {
		const name = /filename="?([^";]+)"?/.exec(p.headers['content-disposition'] ?? '')?.[1];
		if (name)
			mail.attachments.push({ name, type: p.headers['content-type'].split(';')[0], data: decode(p) });
		else
			mail.text += decode(p).toString('utf8');
	}
	return mail;
}

export class Smtp extends EventEmitter {
	static async listen(port, host = '127.0.0.1') {
		const smtp = new Smtp();
		await new Promise((resolve, reject) => smtp.server.once('error', reject).listen(port, host, resolve));
		return smtp;
	}

	constructor() {
		super();
		this.setMaxListeners(50);
		Object.assign(this, { mails: [], refuse: () => null, sockets: new Set() }); // refuse(address) → "550 …" or null
		this.server = net.createServer((socket) => this.accept(socket));
	}

	accept(socket) {
		this.sockets.add(socket);
		let text = '', data = null, from = null, to = [];
		const say = (line) => socket.write(`${line}\r\n`);
		socket.setEncoding('latin1');
		socket.on('error', () => {});
		socket.on('close', () => this.sockets.delete(socket));
		say('220 test.local ESMTP');
		const command = (line) => {
			const [, address] = /<([^>]*)>/.exec(line) ?? [];
			if (/^EHLO/i.test(line))
				socket.write('250-test.local\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n');
			else if (/^MAIL FROM/i.test(line))
				[from, to] = [address, []], say('250 ok');
			else if (/^RCPT TO/i.test(line))
				this.refuse(address) ? say(this.refuse(address)) : (to.push(address), say('250 ok'));
			else if (/^DATA/i.test(line))
				data = '', say('354 go on');
			else if (/^QUIT/i.test(line))
				say('221 bye'), socket.end();
			else
				say(/^(HELO|RSET|NOOP)/i.test(line) ? '250 ok' : '500 what?');
		};
		socket.on('data', (chunk) => {
			text += chunk;
			for (;;) {
				const end = text.indexOf(data === null ? '\r\n' : '\r\n.\r\n');
				if (end < 0)
					return;
				const piece = text.slice(0, end);
				text = text.slice(end + (data === null ? 2 : 5));
				if (data === null) {
					command(piece);
				} else {
					data = null;
					const mail = { from, to, ...readMail(piece.replace(/\r\n\.\./g, '\r\n.')) };
					this.mails.push(mail);
					say('250 kept');
					this.emit('mail', mail);
				}
			}
		});
	}

	/** The first mail, come or to come, for which `test` holds. */
	next(test = () => true, { timeout = 15_000 } = {}) {
		const found = this.mails.find(test);
		if (found)
			return Promise.resolve(found);
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`no such mail within ${timeout * SLOW} ms (have ${JSON.stringify(this.mails.map((m) => [m.to, m.headers.subject]))})`)), timeout * SLOW);
			const look = (mail) => {
				if (!test(mail))
					return;
				clearTimeout(timer);
				this.off('mail', look);
				resolve(mail);
			};
			this.on('mail', look);
		});
	}

	async close() {
		for (const socket of this.sockets)
			socket.destroy();
		await new Promise((resolve) => this.server.close(resolve));
	}
}
