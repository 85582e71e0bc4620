// A stand-in for mediad that speaks the real control protocol (docs/control-protocol.md) over a Unix socket: hello, numbered
// events that are kept until acknowledged, commands with tenant, epoch and cmd_id. It plays in no time unless told to hold.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';

export const tenant = '01900000-0000-7000-8000-0000000000aa';

export class Mediad {
	instance = randomUUID();
	seq = 0;
	kept = [];
	legs = new Map();
	commands = [];
	waiters = [];
	refuse = {}; // method → times
	hold = false; // plays do not end by themselves

	static async start(path) {
		const m = new Mediad();
		m.path = path;
		m.server = createServer((socket) => m.#connected(socket));
		await new Promise((ok) => m.server.listen(path, ok));
		return m;
	}
	async stop() {
		this.socket?.destroy();
		await new Promise((ok) => this.server.close(ok));
	}

	#connected(socket) {
		let buffer = '';
		socket.on('error', () => {});
		socket.on('close', () => { if (this.socket === socket) this.socket = null; });
		socket.on('data', (b) => {
			buffer += b;
			for (let i; (i = buffer.indexOf('\n')) >= 0; buffer = buffer.slice(i + 1)) this.#line(socket, JSON.parse(buffer.slice(0, i)));
		});
	}
	#line(socket, { id, method, params }) {
		if (method === 'ack') { this.kept = this.kept.filter((e) => e.params.seq > params.seq); return; }
		const answer = (o) => id !== undefined && socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...o })}\n`);
		if (method === 'hello') {
			assert.equal(params.name, 'ivr');
			this.socket = socket;
			answer({ result: { mediad: 'm1', instance: this.instance, seq: this.seq } });
			for (const e of this.kept) socket.write(`${JSON.stringify(e)}\n`);
			this.#wake();
			return;
		}
		for (const key of ['tenant', 'epoch', 'cmd_id', 'leg']) assert.ok(params[key] !== undefined, `${method} without ${key}`);
		assert.equal(params.epoch, 7);
		this.commands.push({ method, params });
		if (this.refuse[method]-- > 0) answer({ error: { code: 1, message: 'refused', data: { because: 'no_such_controller' } } });
		else if (!this.legs.has(params.leg)) answer({ error: { code: 3, message: 'no such leg' } });
		else { answer({ result: {} }); this.#do(method, params); }
		this.#wake();
	}
	#do(method, p) {
		const leg = this.legs.get(p.leg);
		if (method === 'leg.answer') this.event('leg.answered', p.leg, { codec: 'PCMA/8000' });
		if (method === 'leg.play') {
			if (leg.play) this.event('leg.played', p.leg, { play: leg.play.play, reason: 'stopped', played_ms: 10, item: 0, errors: [] });
			leg.play = p;
			if (!this.hold) this.played(p.leg);
		}
		if (method === 'leg.stop' && leg.play?.play === p.play) this.played(p.leg, 'stopped');
		if (method === 'leg.record') leg.record = p;
		if (method === 'leg.handover') { this.legs.delete(p.leg); leg.back = p; }
	}
	event(method, leg, more) {
		const l = this.legs.get(leg);
		const e = { jsonrpc: '2.0', method, params: { seq: ++this.seq, at: Date.now() * 1000, leg, call: l.call, tenant: l.tenant, ...more } };
		this.kept.push(e);
		this.socket?.write(`${JSON.stringify(e)}\n`);
	}
	played(leg, reason = 'done') {
		const l = this.legs.get(leg);
		if (!l?.play) return;
		this.event('leg.played', leg, { play: l.play.play, reason, played_ms: 1000, item: 0, errors: [] });
		l.play = null;
	}
	keys(leg, digits) {
		for (const digit of digits) {
			if (this.legs.get(leg)?.play?.barge) this.played(leg, 'barged');
			if (this.legs.has(leg)) this.event('leg.dtmf', leg, { digit, ms: 100 });
		}
	}
	hungup(leg) {
		this.event('leg.hungup', leg, { by: 'far', sip_code: 200, cause: 16, reason: '', stats: {}, codec: 'PCMA/8000' });
	}
	/** Hands a fresh leg over; returns its id. */
	hand(flow, more = {}) {
		const leg = randomUUID(), call = randomUUID();
		this.legs.set(leg, { call, tenant, play: null });
		this.event('leg.handed', leg, { from: 'owner', state: { leg, call, tenant, dir: 'in', state: 'trying', sip_call_id: 'x@y' },
			data: { flow, caller: '13800000000', callee: '02150001000', call, epoch: 7, variables: { vip: 3 }, ...more } });
		return leg;
	}
	#wake() {
		for (const w of this.waiters) w();
	}
	/** Waits until `h` gives something truthy. */
	async until(h, ms = 10000) {
		const end = Date.now() + ms * Number(process.env.ZJ_SLOW ?? 1);
		for (;;) {
			const v = h();
			if (v) return v;
			if (Date.now() > end) throw new Error(`in vain: ${h}\n${JSON.stringify(this.commands.slice(-6))}`);
			let w;
			await Promise.race([new Promise((ok) => this.waiters.push((w = ok))), new Promise((ok) => setTimeout(ok, 100))]);
			this.waiters = this.waiters.filter((x) => x !== w);
		}
	}
	command(leg, method, h = () => true) {
		return this.until(() => this.commands.find((c) => c.method === method && c.params.leg === leg && h(c.params))).then((c) => c.params);
	}
	/** The words of everything played to a leg. */
	words(leg) {
		return this.commands.filter((c) => c.method === 'leg.play' && c.params.leg === leg).flatMap((c) => c.params.items.map((i) => i.tts ?? i.file ?? JSON.stringify(i)));
	}
	async back(leg) {
		return (await this.command(leg, 'leg.handover', (p) => p.to === 'owner')).data;
	}
}
