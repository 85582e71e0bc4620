// A test phone: registers with digest, makes and takes calls, with real audio (rtp.mjs).
//
//   const phone = await Phone.open({ user: '1001', domain: 'a.test', password, proxy: { host, port } });
//   await phone.register();
//   phone.answering = { after: 100 };           // or { reject: 486 }, 'never' (rings for ever), 'manual'
//   const call = await phone.nextCall();        // resolves when an INVITE is here
//   await call.answered; call.rtp.tone(700); await call.hangup(); await phone.close();
import { EventEmitter } from 'node:events';
import { performance } from 'node:perf_hooks';
import { Rtp, sdpAudio } from './rtp.mjs';
import { within } from './wait.mjs';
import { SipEndpoint, digest, header, serialize, tagOf, token, uriOf, userOf } from './sip.mjs';

function deferred() {
	const d = {};
	d.promise = new Promise((resolve, reject) => Object.assign(d, { resolve, reject }));
	d.promise.catch(() => {}); // who does not wait for it is not told
	return d;
}

/**
 * One call of a phone. `state`: 'ringing' | 'calling' | 'talking' | 'ended'. Promises: `ringing` (a 180 was seen, or sent),
 * `answered`, `ended` → {how: 'far'|'us'|'cancelled'|'rejected', code?}. `at` has performance.now() times of its milestones.
 */
export class Call extends EventEmitter {
	constructor(phone, direction) {
		super();
		this.phone = phone;
		this.direction = direction;
		this.state = direction === 'in' ? 'ringing' : 'calling';
		this.rtp = null;
		this.at = { began: performance.now() };
		this.localTag = token();
		this.localSeq = Math.floor(Math.random() * 1000) + 1;
		this.sdpVersion = 1;
		this.held = false;
		for (const name of ['Ringing', 'Answered', 'Ended']) {
			const d = deferred();
			this[name.toLowerCase()] = d.promise;
			this[`settle${name}`] = d;
		}
	}

	set(state) {
		this.state = state;
		this.at[state] = performance.now();
		this.emit(state);
	}

	end(result) {
		if (this.state === 'ended')
			return;
		clearTimeout(this.answerTimer);
		this.rtp?.stop();
		this.result = result;
		this.set('ended');
		this.phone.calls.delete(this.callId);
		this.settleEnded.resolve(result);
		const why = new Error(`call ended: ${JSON.stringify(result)}`);
		this.settleAnswered.reject(why);
		this.settleRinging.reject(why);
	}

	media(sdp) {
		const audio = sdpAudio(sdp);
		if (!audio)
			return;
		this.remoteMedia = audio;
		const heldByFar = audio.direction === 'sendonly' || audio.direction === 'inactive';
		if (heldByFar !== this.heldByFar)
			this.emit(heldByFar ? 'held' : 'unheld');
		this.heldByFar = heldByFar;
		this.rtp.start({ host: audio.host, port: audio.port });
	}

	/** Sends 180. */
	ring() {
		if (this.state !== 'ringing')
			return;
		this.respond(180, 'Ringing', { tag: this.localTag, headers: { Contact: this.phone.contact } });
		this.settleRinging.resolve();
	}

	/** Answers an incoming call; resolves when the ACK is here. */
	async answer() {
		if (this.state !== 'ringing')
			return;
		this.state = 'answering';
		const offer = this.invite.body;
		if (offer)
			this.media(offer);
		this.repeating = this.respond(200, 'OK', {
			tag: this.localTag, body: this.rtp.sdp(), headers: { Contact: this.phone.contact, 'Content-Type': 'application/sdp' },
		});
		await this.answered;
	}

	acked(message) {
		this.repeating?.stopRepeating();
		if (message.body)
			this.media(message.body);
		if (this.state === 'answering') {
			this.set('talking');
			this.settleAnswered.resolve(this);
		}
	}

	reject(code = 486, reason = 'Busy Here') {
		if (this.state !== 'ringing')
			return;
		this.respond(code, reason, { tag: this.localTag });
		this.end({ how: 'rejected', code });
	}

	/** A request within the dialog. */
	async request(method, { headers = {}, body, timeout } = {}) {
		const message = {
			method, uri: this.remoteTarget, body,
			headers: {
				From: `${this.localParty};tag=${this.localTag}`, To: this.remoteTag ? `${this.remoteParty};tag=${this.remoteTag}` : this.remoteParty,
				'Call-ID': this.callId, CSeq: `${++this.localSeq} ${method}`, ...(this.routes.length && { Route: this.routes }), Contact: this.phone.contact, ...headers,
			},
		};
		return this.phone.sip.request(message, this.phone.proxy, { timeout });
	}

	ack(response) {
		const target = header(response, 'contact');
		if (target)
			this.remoteTarget = uriOf(target);
		const headers = {
			Via: this.phone.sip.via(), 'Max-Forwards': '70', From: `${this.localParty};tag=${this.localTag}`, To: header(response, 'to'),
			'Call-ID': this.callId, CSeq: header(response, 'cseq').replace('INVITE', 'ACK'), ...(this.routes.length && { Route: this.routes }),
		};
		this.lastAck = { method: 'ACK', uri: this.remoteTarget, headers };
		this.phone.sendAck(this.lastAck);
	}

	/** Ends the call in whatever state it is: CANCEL, reject or BYE. */
	async hangup({ timeout = 5000 } = {}) {
		if (this.state === 'ended')
			return;
		if (this.state === 'ringing') {
			this.reject();
		} else if (this.state === 'calling') {
			await this.cancel();
		} else {
			const bye = this.request('BYE', { timeout });
			this.end({ how: 'us' });
			await bye.catch((error) => { this.byeError = error; });
		}
	}

	async cancel() {
		const { sent, branch } = this.inviteTransaction;
		const { From, To, Route } = sent.headers;
		const headers = { Via: this.phone.sip.via(branch), 'Max-Forwards': '70', From, To, 'Call-ID': this.callId, CSeq: sent.headers.CSeq.replace('INVITE', 'CANCEL'), ...(Route && { Route }) };
		this.phone.sip.sendRaw(serialize({ method: 'CANCEL', uri: sent.uri, headers }), this.phone.proxy);
		await this.ended;
	}

	/** Re-INVITE: hold (sendonly) or resume. */
	async hold(on = true) {
		this.sdpVersion++;
		const response = await this.request('INVITE', {
			body: this.rtp.sdp({ direction: on ? 'sendonly' : 'sendrecv', version: this.sdpVersion }), headers: { 'Content-Type': 'application/sdp' },
		});
		if (response.status >= 300)
			throw new Error(`re-INVITE: ${response.status} ${response.reason}`);
		this.ack(response);
		this.held = on;
		this.media(response.body);
		return sdpAudio(response.body);
	}

	/** An INVITE within the dialog came from the far end (hold, reoffer). */
	reinvited(request, respond) {
		if (/^m=image /m.test(request.body ?? '') && this.imageOffered) // a test that faxes by T.38 says how to answer
			return this.imageOffered(request, respond);
		if (request.body)
			this.media(request.body);
		this.sdpVersion++;
		const direction = { sendonly: 'recvonly', inactive: 'inactive', recvonly: 'sendonly' }[sdpAudio(request.body)?.direction] ?? 'sendrecv';
		this.repeating = respond(200, 'OK', {
			tag: this.localTag, body: this.rtp.sdp({ direction, version: this.sdpVersion }),
			headers: { Contact: this.phone.contact, 'Content-Type': 'application/sdp' },
		});
		this.emit('reinvited', request);
	}
}

/**
 * Events: 'call' (Call) for each incoming one. `seen` counts the INVITEs so far. With `flow` ({id, instance}) it registers as one of a
 * phone's flows (RFC 5626).
 */
export class Phone extends EventEmitter {
	static async open(options) {
		const sip = await SipEndpoint.open({ host: options.host, transport: options.transport, to: options.transport && options.proxy, tls: options.tls });
		return new Phone(sip, options);
	}

	constructor(sip, { user, domain, password, proxy, codec = 'PCMA', answering = { after: 0 }, name = '', flow = null }) {
		super();
		Object.assign(this, { sip, user, domain, password, proxy, codec, answering, name, flow });
		this.calls = new Map();
		this.all = [];
		this.queue = [];
		this.waiters = [];
		this.seen = 0;
		this.registerCallId = `${token()}@${sip.host}`;
		this.registerSeq = 0;
		sip.on('request', (message, respond) => this.handle(message, respond));
		sip.on('ack', (message) => this.calls.get(header(message, 'call-id'))?.acked(message));
		sip.on('stray', (message) => this.reack(message));
	}

	/** Where it is, unless it was told to say something else. */
	get contact() {
		return this.saysContact ?? `<sip:${this.user}@${this.sip.address}>`;
	}

	set contact(value) {
		this.saysContact = value;
	}

	/** Hangs up what is still up, unregisters when registered, closes everything. */
	async close() {
		await Promise.all([...this.calls.values()].map((call) => call.hangup({ timeout: 500 }).catch(() => {})));
		if (this.registered)
			await this.register({ expires: 0, timeout: 1000 }).catch(() => {});
		for (const call of this.all)
			call.rtp?.close();
		this.sip.close();
	}

	/** As if the phone lost its power: no BYE, no un-REGISTER. */
	vanish() {
		for (const call of this.all)
			call.rtp?.close();
		this.registered = false;
		this.calls.clear();
		this.sip.close();
	}

	async register({ expires = 300, timeout = 5000 } = {}) {
		const response = await this.withDigest('REGISTER', `sip:${this.domain}`, (auth) => ({
			From: `<sip:${this.user}@${this.domain}>;tag=${this.registerTag ??= token()}`, To: `<sip:${this.user}@${this.domain}>`,
			'Call-ID': this.registerCallId, CSeq: `${++this.registerSeq} REGISTER`, Contact: this.contact + (this.flow ? `;reg-id=${this.flow.id};+sip.instance="<${this.flow.instance}>"` : ''), ...(this.flow && { Supported: 'path, outbound' }),
			Expires: String(expires), 'User-Agent': 'zongji-test-phone', ...auth,
		}), { timeout });
		if (response.status !== 200)
			throw Object.assign(new Error(`REGISTER ${this.user}@${this.domain}: ${response.status} ${response.reason}`), { status: response.status });
		this.registered = expires > 0;
		return response;
	}

	/** Sends a request, and again with credentials when challenged. */
	async withDigest(method, uri, makeHeaders, options = {}) {
		const send = (auth) => {
			const promise = this.sip.request({ method, uri, headers: makeHeaders(auth), body: options.body }, this.proxy, options);
			options.onTransaction?.(promise.transaction);
			return promise;
		};
		const response = await send({});
		const [name, answer] = response.status === 401 ? ['www-authenticate', 'Authorization'] : ['proxy-authenticate', 'Proxy-Authorization'];
		if (response.status !== 401 && response.status !== 407)
			return response;
		return send({ [answer]: digest(header(response, name), { user: this.user, password: this.password, method, uri }) });
	}

	/** Calls `to` (a user part or a SIP URI). The Call is returned at once; await its `ringing`, `answered` or `ended`. */
	async call(to, { headers = {}, tone = null, uri = null, sdp = null } = {}) {
		const call = new Call(this, 'out');
		call.rtp = await Rtp.open({ codec: this.codec, host: this.sip.host });
		call.rtp.tone(tone);
		call.offer = sdp;
		call.callId = `${token(8)}@${this.sip.host}`;
		call.remoteTarget = uri ?? (to.includes(':') ? to : `sip:${to}@${this.domain}`);
		call.localParty = `${this.name ? `"${this.name}" ` : ''}<sip:${this.user}@${this.domain}>`;
		call.remoteParty = `<${to.includes(':') ? to : `sip:${to}@${this.domain}`}>`;
		call.routes = [];
		this.calls.set(call.callId, call);
		this.all.push(call);
		call.inviteDone = this.sendInvite(call, headers).catch((error) => call.end({ how: 'failed', error: error.message }));
		return call;
	}

	async sendInvite(call, headers) {
		const response = await this.withDigest('INVITE', call.remoteTarget, (auth) => ({
			From: `${call.localParty};tag=${call.localTag}`, To: call.remoteParty, 'Call-ID': call.callId, CSeq: `${++call.localSeq} INVITE`,
			Contact: this.contact, 'Content-Type': 'application/sdp', Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS', 'User-Agent': 'zongji-test-phone', ...headers, ...auth,
		}), { body: call.offer ?? call.rtp.sdp(), timeout: 120_000, onTransaction: (t) => { call.inviteTransaction = t; }, onProvisional: (r) => this.provisional(call, r) });
		if (response.status >= 300) {
			call.end({ how: response.status === 487 ? 'cancelled' : 'rejected', code: response.status });
			return;
		}
		call.remoteTag = tagOf(header(response, 'to'));
		call.routes = [...(response.headers['record-route'] ?? [])].reverse();
		call.ack(response);
		call.media(response.body);
		call.set('talking');
		call.settleAnswered.resolve(call);
	}

	provisional(call, response) {
		if (response.body)
			call.media(response.body);
		if (response.status >= 180) {
			call.at.ringing ??= performance.now();
			call.settleRinging.resolve();
		}
	}

	sendAck(message) {
		// stateless: a lost ACK is sent again when the 200 is
		this.sip.sendRaw(serialize(message), this.proxy);
	}

	reack(response) {
		const call = this.calls.get(header(response, 'call-id'));
		if (call?.lastAck && response.status >= 200 && response.status < 300)
			this.sendAck({ ...call.lastAck, headers: { ...call.lastAck.headers, Via: this.sip.via() } });
	}

	handle(message, respond) {
		const call = this.calls.get(header(message, 'call-id'));
		const handler = {
			INVITE: () => (call ? call.reinvited(message, respond) : this.incoming(message, respond)),
			BYE: () => {
				respond(call ? 200 : 481, call ? 'OK' : 'Call/Transaction Does Not Exist', { tag: call?.localTag });
				call?.end({ how: 'far', reason: header(message, 'reason') });
			},
			CANCEL: () => {
				respond(200, 'OK', { tag: call?.localTag });
				if (call?.state === 'ringing') {
					call.respond(487, 'Request Terminated', { tag: call.localTag });
					call.end({ how: 'cancelled', reason: header(message, 'reason') });
				}
			},
			OPTIONS: () => respond(200, 'OK', { tag: token() }),
			NOTIFY: () => respond(200, 'OK', { tag: token() }),
			UPDATE: () => respond(200, 'OK', { headers: { Contact: this.contact } }),
			INFO: () => respond(200, 'OK', {}),
		}[message.method];
		if (handler)
			handler();
		else
			respond(405, 'Method Not Allowed', { tag: token() });
	}

	async incoming(message, respond) {
		const call = new Call(this, 'in');
		call.invite = message;
		call.respond = respond;
		call.callId = header(message, 'call-id');
		call.caller = userOf(header(message, 'from'));
		call.headers = message.headers;
		call.localParty = header(message, 'to');
		call.remoteParty = header(message, 'from').replace(/;\s*tag=[^;]+/, '');
		call.remoteTag = tagOf(header(message, 'from'));
		call.remoteTarget = uriOf(header(message, 'contact') ?? header(message, 'from'));
		call.routes = message.headers['record-route'] ?? [];
		this.calls.set(call.callId, call);
		this.all.push(call);
		this.seen++;
		respond(100, 'Trying');
		call.rtp = await Rtp.open({ codec: this.codec, host: this.sip.host });
		const waiter = this.waiters.shift();
		if (waiter)
			waiter(call);
		else
			this.queue.push(call);
		this.emit('call', call);
		this.applyPolicy(call);
	}

	applyPolicy(call) {
		const policy = this.answering;
		if (policy.reject) {
			call.reject(policy.reject, policy.reason ?? 'Busy Here');
			return;
		}
		if (policy !== 'silent')
			call.ring();
		if (policy.tone !== undefined)
			call.rtp.tone(policy.tone);
		if (policy.after !== undefined)
			call.answerTimer = setTimeout(() => call.answer().catch(() => {}), policy.after);
	}

	/** The next incoming call that nobody has taken yet. */
	nextCall({ timeout = 10_000 } = {}) {
		if (this.queue.length)
			return Promise.resolve(this.queue.shift());
		let waiter;
		const promise = new Promise((resolve) => { waiter = resolve; this.waiters.push(waiter); });
		return within(promise, timeout, `phone ${this.user}@${this.domain}: a call`).catch((error) => {
			this.waiters = this.waiters.filter((w) => w !== waiter);
			throw error;
		});
	}
}
