// Trunks over TLS, outward and inward: whom we believe, what we show, and what is said when somebody is not who he should be.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { Edge, header, sdp, sleep, until } from './edge.mjs';
import { Carrier, dial, status } from './carrier.mjs';
import { answerAtMediad } from './calls.mjs';
import { SipEndpoint, tagOf, token, uriOf } from '../../tests/tools/sip.mjs';

let e, pki;
const carriers = [];
const PORT = 5061;
const row = (sql) => e.sql(sql)[0][0];
const quoted = (text) => `$pem$${text}$pem$`;

/** Authorities and certificates, by openssl. */
class Pki {
  constructor(dir) { this.dir = dir; }
  run(...args) { execFileSync('openssl', args, { cwd: this.dir, stdio: ['ignore', 'ignore', 'pipe'] }); }
  read(name) { return fs.readFileSync(path.join(this.dir, name), 'utf8'); }
  authority(name) {
    this.run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`);
    return this.read(`${name}.crt`);
  }
  /** {cert, key} for a DNS name; `from`, `to`: dates. */
  leaf(name, by, { dns = name, days = ['-days', '2'] } = {}) {
    this.run('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${dns}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    fs.writeFileSync(path.join(this.dir, `${name}.ext`), `subjectAltName=DNS:${dns}\n`);
    this.run('x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial', ...days, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
    return { cert: this.read(`${name}.crt`), key: this.read(`${name}.key`) };
  }
}

const certificate = (name, columns) => row(`insert into carrier_certificate (tenant_id, name, ${Object.keys(columns)}) values ('${e.tenant.a}', '${name}', ${Object.values(columns).map(quoted)}) returning id`);
const trunk = (name, host, cert, more = {}) => {
  const columns = Object.entries({ probe_s: 1, transport: `'tls'`, port: PORT, tls_name: `'sip.carrier.test'`, certificate_id: `'${cert}'`, ...more });
  return row(`insert into trunk (tenant_id, name, host, ${columns.map(([c]) => c)}) values ('${e.tenant.a}', '${name}', '${host}', ${columns.map(([, v]) => v)}) returning id`);
};
const carrier = async (host, tls, answer) => {
  const c = await Carrier.open(host, PORT, answer, { transport: 'tls', tls });
  c.names = [];
  c.endpoint.wire.server.on('secureConnection', (s) => c.names.push(s.servername));
  carriers.push(c);
  return c;
};
const hostOf = (id) => status(e).find((s) => s.kind === 'host' && s.id === id);
const state = (id, want) => until(`${want}`, () => hostOf(id)?.state === want && hostOf(id), 20000);
const refused = (id, words) => until(`refused: ${words}`, () => hostOf(id)?.state === 'down' && new RegExp(`id=${id} .*because=".*${words}`, 'i').test(e.rpc('trunk.status')), 20000);

let ours, trusted;
before(async () => {
  e = await Edge.start({ offset: 700 });
  await e.startRelay();
  await e.startKamailio();
  pki = new Pki(e.run);
  const ca = pki.authority('authority');
  pki.authority('stranger');
  trusted = certificate('carrier', { authorities: ca });
  ours = pki.leaf('us', 'authority', { dns: 'us.test' });
});
after(async () => {
  for (const c of carriers) c.close();
  await e?.stop();
});

test('a call leaves over TLS: the name is asked for, Via and Record-Route speak of TLS, what follows goes both ways', async () => {
  const c = await carrier('127.0.0.41', pki.leaf('good', 'authority', { dns: 'sip.carrier.test' }));
  const id = trunk('tls', '127.0.0.41', trusted);
  await state(id, 'up');
  assert.deepEqual([...new Set(c.names)], ['sip.carrier.test']);
  const call = await dial(e, e.tenant.a, '13800138000', { Out: `trunk:${id}` });
  assert.equal(call.code, 200);
  const [invite] = c.invites;
  assert.equal(invite.uri, `sip:13800138000@127.0.0.41:${PORT};transport=tls`);
  const door = `127\\.0\\.0\\.1:${e.base + 11}`;
  assert.match(header(invite, 'via'), new RegExp(`^SIP/2\\.0/TLS ${door};`));
  assert.match(invite.headers['record-route'][0], new RegExp(`^<sip:${door};transport=tls;`));
  // The carrier asks within the dialog, by the connection that there is; then mediad hangs up.
  const held = new Promise((resolve) => e.mediad.once('request', (m, respond) => { respond(200, 'OK', {}); resolve(m); }));
  const info = await c.endpoint.request({
    method: 'INFO', uri: uriOf(header(invite, 'contact')),
    headers: { From: `${header(invite, 'to')};tag=${header(call.response, 'to').split('tag=')[1]}`, To: header(invite, 'from'), 'Call-ID': header(invite, 'call-id'), CSeq: '7 INFO', Route: invite.headers['record-route'] },
  }, undefined, { timeout: 5000 });
  assert.equal(info.status, 200);
  assert.equal((await held).method, 'INFO');
  assert.equal((await call.bye()).status, 200);
  assert.equal(c.byes, 1);
});

test('a carrier that shows another name, an old certificate, or one of strangers is refused, says why, and the next host gets the call', async () => {
  const good = await carrier('127.0.0.42', pki.leaf('good2', 'authority', { dns: 'sip.carrier.test' }));
  const cases = [
    ['127.0.0.43', pki.leaf('other', 'authority', { dns: 'sip.other.test' }), 'hostname mismatch'],
    ['127.0.0.44', pki.leaf('old', 'authority', { dns: 'sip.carrier.test', days: ['-days', '-1'] }), 'expired'],
    ['127.0.0.45', pki.leaf('strange', 'stranger', { dns: 'sip.carrier.test' }), 'unable to get local issuer|unable to verify'],
  ];
  for (const [host, tls, words] of cases) {
    const c = await carrier(host, tls);
    const id = trunk(`bad ${host}`, host, trusted);
    row(`insert into trunk_host (tenant_id, trunk_id, host, port) values ('${e.tenant.a}', '${id}', '127.0.0.42', ${PORT}) returning id`);
    await refused(id, words);
    await e.acd.find('edge.trunk_state', (p) => p.trunk === id && p.state === 'down' && new RegExp(words).test(p.because?.toLowerCase()));
    await until('the other host', () => status(e).some((s) => s.kind === 'host' && s.trunk === id && s.id !== id && s.state === 'up'));
    const call = await dial(e, e.tenant.a, '10086', { Out: `trunk:${id}` });
    assert.equal(call.code, 200);
    await call.bye();
    assert.equal(c.invites.length, 0, `nothing is told to ${words}`);
  }
  assert.equal(good.invites.length, cases.length);
  // The first gets a right certificate: it is believed from then on.
  const id = status(e).find((s) => s.kind === 'host' && s.address === `127.0.0.43:${PORT}`).id;
  const c = carriers.find((x) => x.endpoint.host === '127.0.0.43');
  c.endpoint.wire.server.setSecureContext(pki.leaf('mended', 'authority', { dns: 'sip.carrier.test' }));
  await state(id, 'up');
  assert.match(e.rpc('trunk.status'), new RegExp(`id=${id} .*because=""`));
});

test('a carrier that asks for our certificate gets it; without one it refuses us, which is said', async () => {
  const ca = pki.read('authority.crt');
  const c = await carrier('127.0.0.46', { ...pki.leaf('asks', 'authority', { dns: 'sip.carrier.test' }), ca, requestCert: true, rejectUnauthorized: true });
  const shown = [];
  c.endpoint.wire.server.on('secureConnection', (s) => shown.push(s.getPeerCertificate().subject?.CN));
  const id = trunk('asks', '127.0.0.46', trusted);
  await refused(id, 'certificate required');
  const with_ = certificate('with ours', { authorities: ca, certificate: ours.cert, private_key: ours.key });
  e.sql(`update trunk set certificate_id = '${with_}' where id = '${id}'`);
  await state(id, 'up');
  assert.ok(shown.includes('us.test'));
  e.sql(`update carrier_certificate set private_key = ${quoted(pki.read('good.key'))} where id = '${with_}'`);
  await refused(id, 'do not fit');
});

test('a connection that ends is made anew, also by a restarted edge in the middle of a call; idle ones follow changed rows', async () => {
  const c = carriers[0];
  const id = status(e).find((s) => s.kind === 'host' && s.address === `127.0.0.41:${PORT}`).id;
  for (const s of c.endpoint.wire.sockets) s.destroy();
  const call = await until('a call', async () => { const x = await dial(e, e.tenant.a, '10010', { Out: `trunk:${id}` }); return x.code === 200 && x; }, 10000);
  await e.killKamailio();
  await e.startKamailio();
  const n = c.names.length;
  assert.equal((await call.bye()).status, 200);
  assert.ok(c.names.length > n, 'by a new connection');
  e.sql(`update trunk set enabled = false where id = '${id}'`);
  await until('its connections are closed', () => c.endpoint.wire.sockets.size === 0, 10000);
  e.sql(`update trunk set enabled = true where id = '${id}'`);
  await state(id, 'up');
});

test('calls come in over TLS: by the connection that we made and by one of theirs; never by UDP from that address', async () => {
  const c = carriers[0];
  const id = status(e).find((s) => s.kind === 'host' && s.address === `127.0.0.41:${PORT}`).id;
  e.sql(`update trunk set probe_s = 1 where id = '${id}'`);
  await state(id, 'up');
  const own = await SipEndpoint.open({ host: '127.0.0.41', transport: 'tls', to: { host: '127.0.0.1', port: e.base + 11 }, tls: { rejectUnauthorized: false } });
  for (const via of [c.endpoint, own]) {
    const arriving = e.nextAtMediad();
    const done = e.invite('8610001', { via, headers: { Contact: `<sip:c@127.0.0.41:${PORT};transport=tls>` } });
    const { message, respond } = await arriving;
    assert.equal(header(message, 'x-zj-trunk'), id);
    const reply = respond(200, 'OK', answerAtMediad(e));
    const response = await done;
    assert.equal(response.status, 200);
    reply.stopRepeating();
    if (via === own) own.close(); // what follows finds the carrier nevertheless
    const byes = c.byes;
    const bye = await e.mediad.request({
      method: 'BYE', uri: uriOf(header(message, 'contact')),
      headers: { From: header(response, 'to'), To: header(message, 'from'), 'Call-ID': header(message, 'call-id'), CSeq: '9 BYE', Route: message.headers['record-route'] },
    }, e.sip, { timeout: 5000 });
    assert.equal(bye.status, 200);
    assert.equal(c.byes, byes + 1);
    assert.ok(tagOf(header(response, 'to')));
  }
  const udp = await SipEndpoint.open({ host: '127.0.0.41' });
  const plain = await e.invite('8610001', { via: udp });
  assert.equal(plain.status, 403);
  udp.close();
});

test('a trunk registers over TLS, and says where it is to be reached by TLS', async () => {
  const c = await carrier('127.0.0.47', pki.leaf('registrar', 'authority', { dns: 'sip.carrier.test' }));
  const id = trunk('line', '127.0.0.47', trusted, { type: `'registration'`, username: `'me'`, password: `'secret'`, probe_s: 0, identifier: `'line-1'` });
  await until('registered', () => status(e).some((s) => s.kind === 'trunk' && s.id === id && s.registration === 'registered'), 15000);
  const [register] = c.registers;
  assert.match(header(register, 'contact'), new RegExp(`<sip:line-1@127\\.0\\.0\\.1:${e.base + 11};transport=tls>`));
  assert.match(header(register, 'via'), /^SIP\/2\.0\/TLS /);
  const arriving = e.nextAtMediad();
  const done = e.invite('8610001', { via: c.endpoint });
  const { message, respond } = await arriving;
  assert.equal(header(message, 'x-zj-trunk'), id);
  respond(486, 'Busy Here', { tag: token() });
  assert.equal((await done).status, 486);
});

test('what cannot be is refused by name: no source port, no next hop, PEM that is none, half a pair', () => {
  assert.throws(() => trunk('x', '127.0.0.48', trusted, { match_port: 'true' }), /trunk_match_port_tls/);
  assert.throws(() => trunk('x', '127.0.0.48', trusted, { cascade_host: `'127.0.0.1'` }), /trunk_cascade_host_tls/);
  assert.throws(() => certificate('x', { authorities: 'nonsense' }), /authorities_check/);
  assert.throws(() => certificate('x', { certificate: ours.cert }), /private_key_pair/);
  assert.throws(() => row(`insert into trunk (tenant_id, name, host, certificate_id) values ('${e.tenant.b}', 'x', '127.0.0.48', '${trusted}') returning id`), /foreign key/, 'of another tenant');
});
