// What tests of outbound calls need: carriers that answer as they are told, and a mediad that calls through the edge.
import { header, sdp } from './edge.mjs';
import { SipEndpoint, token, tagOf, uriOf } from '../../tests/tools/sip.mjs';

const tagIn = (callId) => callId.replace(/\W/g, '');

/** A carrier on an address of its own. `answer(message)` → a code, {code, after, headers, ring, media: its SDP, said with ring 183 already}, or null for silence; OPTIONS are answered 200. */
export class Carrier {
  static async open(host, port = 5060, answer = () => 200, more = {}) {
    return new Carrier(await SipEndpoint.open({ host, port, ...more }), answer);
  }

  constructor(endpoint, answer) {
    Object.assign(this, { endpoint, answer, options: () => 200, invites: [], byes: 0, cancels: 0, open: new Map() });
    endpoint.on('request', (message, respond) => this.heard(message, respond));
    endpoint.on('ack', (message) => this.open.get(header(message, 'call-id'))?.stopRepeating?.());
  }

  heard(message, respond) {
    const id = header(message, 'call-id'), tag = tagIn(id);
    if (message.method === 'OPTIONS') {
      const code = this.options(message);
      if (code) respond(code, 'OK', { tag: 'c' });
    } else if (message.method === 'INVITE' && !tagOf(header(message, 'to'))) {
      this.invites.push(message);
      const said = this.answer(message);
      const { code, after = 0, headers = {}, ring, media } = typeof said === 'number' ? { code: said } : said ?? {};
      if (ring) respond(ring, 'Ringing', { tag, ...(ring === 183 && media && { body: media, headers: { Contact: this.contact, 'Content-Type': 'application/sdp' } }) });
      if (code) setTimeout(() => this.final(message, respond, code, headers, media), after);
      else this.open.set(id, { respond: (c) => this.final(message, respond, c, {}) });
    } else if (message.method === 'REGISTER') {
      (this.registers ??= []).push(message);
      respond(200, 'OK', { tag, headers: { Contact: header(message, 'contact'), Expires: '60' } });
    } else if (message.method === 'CANCEL') {
      this.cancels++;
      respond(200, 'OK', { tag });
      this.open.get(id)?.respond?.(487);
    } else {
      if (message.method === 'BYE') this.byes++;
      respond(200, 'OK', {});
    }
  }

  get contact() { return `<sip:c@${this.endpoint.address}>`; }

  final(message, respond, code, headers, media = sdp(this.endpoint.host, 40000)) {
    const id = header(message, 'call-id');
    const ok = code >= 200 && code < 300;
    const reply = respond(code, code === 200 ? 'OK' : 'No', {
      tag: tagIn(id), ...(ok && { body: media }),
      headers: { ...(ok && { Contact: this.contact, 'Content-Type': 'application/sdp' }), ...headers },
    });
    if (ok) this.open.set(id, reply);
  }

  close() { this.endpoint.close(); }
}

/** mediad calls a number: {response, callId, invite, bye(), attempts}. `h`: more X-Zj-* headers. */
export async function dial(e, tenant, number, h = {}, { timeout = 20000, body = sdp('127.0.0.1', 50010), ...options } = {}) {
  const callId = token();
  const headers = {
    From: `<sip:${h.Caller ?? 'anonymous'}@127.0.0.1>;tag=${token()}`, To: `<sip:${number}@out.test>`, 'Call-ID': callId, CSeq: '1 INVITE',
    Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, 'Content-Type': 'application/sdp', 'X-Zj-Tenant': tenant, 'X-Zj-Kind': 'external', 'X-Zj-Target': number,
    'X-Zj-Call': '019a0000-0000-7000-8000-000000000001', ...Object.fromEntries(Object.entries(h).map(([k, v]) => [`X-Zj-${k}`, v])),
  };
  const promise = e.mediad.request({ method: 'INVITE', uri: `sip:${number}@out.test`, body, headers }, e.sip, { timeout, ...options });
  const transaction = promise.transaction;
  if (options.cancelAfter) setTimeout(() => cancel(e, transaction), options.cancelAfter);
  const response = await promise;
  const attempts = (header(response, 'x-zj-attempts') ?? '').split(',').filter(Boolean).map((a) => {
    const [trunk, where, code, ms] = a.split(';');
    return { trunk, where, code: Number(code), ms: Number(ms) };
  });
  const within = (method, cseq) => ({
    method, uri: uriOf(header(response, 'contact') ?? 'sip:x@127.0.0.1'),
    headers: {
      From: headers.From, To: header(response, 'to'), 'Call-ID': callId, CSeq: `${cseq} ${method}`,
      ...(response.headers['record-route'] && { Route: [...response.headers['record-route']].reverse() }),
    },
  });
  if (response.status === 200) {
    const ack = within('ACK', 1);
    e.mediad.sendRaw([`ACK ${ack.uri} SIP/2.0`, `Via: ${e.mediad.via()}`, 'Max-Forwards: 70', `Route: ${ack.headers.Route.join(', ')}`,
      `From: ${ack.headers.From}`, `To: ${ack.headers.To}`, `Call-ID: ${callId}`, 'CSeq: 1 ACK', 'Content-Length: 0', '', ''].join('\r\n'), e.sip);
  }
  return { response, code: response.status, callId, attempts, bye: () => e.mediad.request(within('BYE', 2), e.sip, { timeout: 8000 }) };
}

export function cancel(e, { sent, branch }) {
  const { From, To, 'Call-ID': id, CSeq } = sent.headers;
  e.mediad.sendRaw([`CANCEL ${sent.uri} SIP/2.0`, `Via: ${e.mediad.via(branch)}`, 'Max-Forwards: 70', `From: ${From}`, `To: ${To}`, `Call-ID: ${id}`,
    `CSeq: ${CSeq.replace('INVITE', 'CANCEL')}`, 'Content-Length: 0', '', ''].join('\r\n'), e.sip);
}

/** {calls, state, ms …} of a trunk or host in `trunk.status`. */
export function status(e) {
  const rows = e.rpc('trunk.status').split('\n').map((l) => l.trim()).filter((l) => /^(trunk|host) /.test(l));
  return rows.map((l) => ({ kind: l.split(' ')[0], ...Object.fromEntries(l.split(' ').slice(1).map((p) => { const i = p.indexOf('='); return [p.slice(0, i), p.slice(i + 1)]; })) }));
}
