// Calls through the edge whose mediad is played by the test.
import assert from 'node:assert/strict';
import { header, sdp } from './edge.mjs';
import { serialize, token, uriOf } from '../../tests/tools/sip.mjs';

export const answerAtMediad = (e, headers = {}) => ({ tag: token(), body: sdp('127.0.0.1', 50000), headers: { Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, 'Content-Type': 'application/sdp', ...headers } });

/** The carrier calls `to`, mediad answers; both ends of the dialog. */
export async function talk(e, to, options = {}) {
  const arriving = e.nextAtMediad();
  const done = e.invite(to, options);
  const { message, respond } = await arriving;
  const reply = respond(200, 'OK', answerAtMediad(e, options.answer));
  const response = await done;
  assert.equal(response.status, 200);
  reply.stopRepeating();
  const via = options.via ?? e.carrier;
  const request = (method, { body, cseq = 2 } = {}) => ({
    method, uri: uriOf(header(response, 'contact')), body,
    headers: {
      From: message.headers.from[0], To: header(response, 'to'), 'Call-ID': header(response, 'call-id'), CSeq: `${cseq} ${method}`,
      Contact: `<sip:c@${via.host}:${via.port}>`, Route: [...response.headers['record-route']].reverse(), ...(body && { 'Content-Type': 'application/sdp' }),
    },
  });
  const text = request('ACK');
  via.sendRaw(`ACK ${text.uri} SIP/2.0\r\nVia: ${via.via()}\r\nMax-Forwards: 70\r\nRoute: ${text.headers.Route.join(', ')}\r\nFrom: ${text.headers.From}\r\nTo: ${text.headers.To}\r\nCall-ID: ${text.headers['Call-ID']}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n`, e.sip);
  return { invite: message, response, request, respond };
}

/** mediad calls a phone; the final response. */
export function callPhone(e, user, domain, { headers = {}, body = sdp('127.0.0.1', 50010), ...options } = {}) {
  return e.mediad.request({
    method: 'INVITE', uri: `sip:${user}@${domain}`, body,
    headers: {
      From: `<sip:13800000000@127.0.0.1>;tag=${token()}`, To: `<sip:${user}@${domain}>`, 'Call-ID': token(), CSeq: '1 INVITE',
      Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, 'Content-Type': 'application/sdp', ...headers,
    },
  }, e.sip, { timeout: 8000, ...options });
}

/** mediad's requests within a dialog that it opened with callPhone; `answer` is its 200. */
export function within(e, answer, method, cseq, body) {
  return {
    method, uri: uriOf(header(answer, 'contact')), body,
    headers: {
      From: header(answer, 'from'), To: header(answer, 'to'), 'Call-ID': header(answer, 'call-id'), CSeq: `${cseq} ${method}`, Route: [...answer.headers['record-route']].reverse(),
      Contact: `<sip:mediad@127.0.0.1:${e.base + 20}>`, ...(body && { 'Content-Type': 'application/sdp' }),
    },
  };
}

export function ack(e, answer, cseq = 1) {
  const m = within(e, answer, 'ACK', cseq);
  e.mediad.sendRaw(serialize({ ...m, headers: { Via: e.mediad.via(), 'Max-Forwards': '70', ...m.headers } }), e.sip);
}
