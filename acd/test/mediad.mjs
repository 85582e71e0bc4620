// A mediad of the control protocol without SIP or audio: legs do what the test says. Faithful in what acd relies on:
// epochs, command ids, events kept until acknowledged, the snapshot, rooms, hand-overs.
import net from 'node:net';
import { randomUUID } from 'node:crypto';

let last = 0;
/** UUIDv7, ordered. */
export function uuid7(at = Date.now()) {
	last = Math.max(last + 1, at);
	const r = randomUUID().replaceAll('-', '');
	const hex = last.toString(16).padStart(12, '0') + '7' + r.slice(13);
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
const us = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

export class Mediad {
	constructor(path) {
		Object.assign(this, { path, instance: randomUUID(), seq: 0, kept: [], legs: new Map(), rooms: new Map(), epoch: 0, controllers: new Map(),
			commands: [], answers: new Map(), refuse: new Map(), onOriginate: null, paused: false });
	}

	async listen() {
		this.server = net.createServer((socket) => this.accept(socket));
		await new Promise((resolve) => this.server.listen(this.path, resolve));
		return this;
	}

	async close() {
		for (const c of this.sockets ?? [])
			c.destroy();
		await new Promise((resolve) => this.server.close(resolve));
	}

	accept(socket) {
		(this.sockets ??= new Set()).add(socket);
		let text = '', name = null;
		socket.setEncoding('utf8');
		socket.on('error', () => {});
		socket.on('close', () => {
			this.sockets.delete(socket);
			if (this.controllers.get(name) === socket) {
				this.controllers.delete(name);
				if (name !== 'owner')
					for (const leg of this.legs.values())
						if (leg.controller === name && leg.state !== 'ended') {
							leg.controller = 'owner';
							this.event('leg.handover_failed', leg, { controller: name, state: leg });
						}
			}
		});
		socket.on('data', (data) => {
			const lines = (text + data).split('\n');
			text = lines.pop();
			for (const line of lines.filter(Boolean)) {
				const m = JSON.parse(line);
				if (m.method === 'hello')
					name = m.params.name;
				this.request(socket, name, m);
			}
		});
	}

	send(socket, message) {
		socket?.writable && socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
	}

	request(socket, name, { id, method, params = {} }) {
		if (method === 'ack') {
			this.acked = params.seq;
			this.kept = this.kept.filter((e) => e.params.seq > params.seq);
			for (const leg of [...this.legs.values()])
				if (leg.state === 'ended' && leg.hungup_seq <= params.seq)
					this.legs.delete(leg.leg);
			return;
		}
		this.commands.push({ method, params, at: Date.now() });
		const key = params.cmd_id && `${params.leg ?? params.room} ${params.cmd_id}`;
		try {
			if (key && this.answers.has(key))
				return this.send(socket, { id, result: this.answers.get(key) });
			if (params.epoch !== undefined && method !== 'claim' && params.epoch < this.epoch)
				throw { code: 2, message: 'stale', data: { epoch: this.epoch } };
			if (this.refuse.has(method))
				throw { code: 1, message: 'refused', data: { because: this.refuse.get(method) } };
			const result = this.do(socket, name, method, params) ?? {};
			if (key)
				this.answers.set(key, result);
			this.send(socket, { id, result });
			if (method === 'hello') {
				const from = params.instance === this.instance ? params.seen ?? 0 : 0;
				if (name === 'owner')
					for (const e of this.kept)
						if (e.params.seq > from)
							this.send(socket, e);
			}
		} catch (e) {
			if (!e.code)
				throw e;
			this.send(socket, { id, error: e });
		}
	}

	leg(id) {
		const leg = this.legs.get(id);
		if (!leg)
			throw { code: 3, message: 'no such leg' };
		return leg;
	}

	room(id) {
		const room = this.rooms.get(id);
		if (!room)
			throw { code: 3, message: 'no such room' };
		return room;
	}

	do(socket, name, method, p) {
		switch (method) {
		case 'hello':
			this.controllers.set(p.name, socket);
			return { mediad: 'fake', instance: this.instance, seq: this.seq };
		case 'epochs':
			return { epochs: this.epoch ? [[0, 1023, this.epoch]] : [] };
		case 'claim':
			if (p.epoch < this.epoch)
				throw { code: 2, message: 'stale', data: { epoch: this.epoch } };
			this.epoch = p.epoch;
			return {};
		case 'snapshot':
			return { instance: this.instance, seq: this.seq, legs: [...this.legs.values()], rooms: [...this.rooms.values()] };
		case 'leg.originate': {
			if (this.legs.has(p.leg))
				return { state: this.legs.get(p.leg).state };
			const leg = { leg: p.leg, call: p.call, tenant: p.tenant, dir: 'out', state: 'trying', controller: 'owner', sip_call_id: randomUUID(), from: p.from,
				from_name: p.from_name ?? '', to: p.to, headers: p.headers ?? {}, started_at: us(), held: false, via: p.via };
			this.legs.set(p.leg, leg);
			setImmediate(() => this.onOriginate?.(leg));
			return { state: 'trying' };
		}
		case 'leg.progress':
			this.leg(p.leg).state = 'ringing';
			return { state: 'ringing' };
		case 'leg.answer': {
			const leg = this.leg(p.leg);
			if (leg.state === 'ended')
				throw { code: 1, message: 'ended', data: { because: 'ended' } };
			if (leg.state !== 'answered' && !leg.answering) {
				leg.answering = true;
				setImmediate(() => this.answer(leg));
			}
			return { state: 'answered' };
		}
		case 'leg.hangup': {
			const leg = this.leg(p.leg);
			setImmediate(() => this.hangup(leg, { by: 'us', code: leg.answered_at ? 200 : leg.dir === 'in' ? p.code ?? 486 : 487 }));
			return { state: leg.state };
		}
		case 'leg.play': {
			const leg = this.leg(p.leg);
			if (leg.play)
				this.event('leg.played', leg, { play: leg.play, reason: 'stopped', played_ms: 1, item: 0, errors: [] });
			Object.assign(leg, { play: p.play, items: p.items, loop: p.loop });
			return {};
		}
		case 'leg.stop': {
			const leg = this.leg(p.leg);
			if (leg.play === p.play)
				this.played(leg, 'stopped');
			return {};
		}
		case 'leg.handover': {
			const leg = this.leg(p.leg), to = this.controllers.get(p.to);
			if (!to)
				throw { code: 1, message: 'refused', data: { because: 'no such controller' } };
			const from = leg.controller;
			leg.controller = p.to;
			if (p.to === 'owner')
				this.event('leg.handed', leg, { from, data: p.data, state: leg });
			else
				this.send(to, { method: 'leg.handed', params: { seq: 1, at: us(), leg: leg.leg, call: leg.call, tenant: leg.tenant, from, data: p.data, state: leg } });
			return {};
		}
		case 'room.create':
			if (!this.rooms.has(p.room))
				this.rooms.set(p.room, { room: p.room, call: p.call, tenant: p.tenant, legs: [], records: [] });
			return {};
		case 'room.join': {
			const leg = this.leg(p.leg), room = this.room(p.room);
			this.leave(leg);
			room.legs.push({ leg: leg.leg, role: p.role ?? 'talk' });
			leg.room = p.room;
			return {};
		}
		case 'room.leave':
			this.leave(this.leg(p.leg));
			return {};
		case 'room.record':
			this.room(p.room).records.push({ record: p.record, path: p.path, from_at: us() });
			return {};
		case 'room.record_stop':
			this.stopRecord(this.room(p.room), p.record);
			return {};
		case 'room.destroy': {
			const room = this.room(p.room);
			for (const r of [...room.records])
				this.stopRecord(room, r.record);
			for (const l of [...room.legs])
				this.legs.has(l.leg) && this.leave(this.legs.get(l.leg));
			this.rooms.delete(p.room);
			return {};
		}
		default:
			return {};
		}
	}

	leave(leg) {
		const room = leg.room && this.rooms.get(leg.room);
		if (room)
			room.legs = room.legs.filter((l) => l.leg !== leg.leg);
		delete leg.room;
	}

	stopRecord(room, record, reason = 'stopped') {
		const r = room.records.find((x) => x.record === record);
		if (!r)
			return;
		room.records = room.records.filter((x) => x !== r);
		this.put('room.recorded', { room: room.room, call: room.call, tenant: room.tenant, record, path: r.path, bytes: 1000, ms: Math.round((us() - r.from_at) / 1000),
			sha256: 'ab'.repeat(32), from_at: r.from_at, channels: 2, reason });
	}

	put(method, params) {
		const e = { method, params: { seq: ++this.seq, at: us(), ...params } };
		this.kept.push(e);
		this.send(this.controllers.get('owner'), e);
		return e.params.seq;
	}

	event(method, leg, more = {}) {
		return this.put(method, { leg: leg.leg, call: leg.call, tenant: leg.tenant, ...more });
	}

	// ---- what phones do ----
	incoming({ tenant, kind, target, from = '13800000001', to = '4001', call = uuid7(), headers = {} }) {
		const leg = { leg: uuid7(), call, tenant, dir: 'in', state: 'trying', controller: 'owner', sip_call_id: randomUUID(), from, from_name: '', to,
			headers: { 'X-Zj-Tenant': tenant, 'X-Zj-Kind': kind, 'X-Zj-Target': target, 'X-Zj-Call': call, ...headers }, started_at: us(), held: false };
		this.legs.set(leg.leg, leg);
		this.put('leg.incoming', { ...leg });
		return leg;
	}

	ring(leg) {
		if (leg.state !== 'trying')
			return;
		Object.assign(leg, { state: 'ringing', ringing_at: us() });
		this.event('leg.ringing', leg, { contact: 'sip:phone@192.0.2.1' });
	}

	answer(leg) {
		if (leg.state === 'answered' || leg.state === 'ended')
			return;
		Object.assign(leg, { state: 'answered', answered_at: us(), codec: 'PCMA' });
		this.event('leg.answered', leg, { codec: 'PCMA', contact: 'sip:phone@192.0.2.1' });
	}

	played(leg, reason = 'done') {
		const play = leg.play;
		delete leg.play;
		if (play)
			this.event('leg.played', leg, { play, reason, played_ms: 1000, item: 0, errors: [] });
	}

	hangup(leg, { by = 'far', code = 200, cause = 16 } = {}) {
		if (leg.state === 'ended')
			return;
		this.leave(leg);
		const final = { by, sip_code: code, cause, reason: '', stats: { rx_packets: 100, rx_lost: 1, tx_packets: 100, jitter_ms: 1.5, rtt_ms: 2, loss: 0.01, mos: 4.3 },
			codec: leg.codec, started_at: leg.started_at, ringing_at: leg.ringing_at, answered_at: leg.answered_at, ended_at: us() };
		for (const k of Object.keys(final))
			if (final[k] === undefined)
				delete final[k];
		Object.assign(leg, { state: 'ended', ended_at: final.ended_at, final });
		leg.hungup_seq = this.event('leg.hungup', leg, final);
	}

	living() {
		return [...this.legs.values()].filter((l) => l.state !== 'ended');
	}
}
