// The edge alone, with everything real that it needs: PostgreSQL with our schema, Kamailio with our modules, rtpengine. The test
// plays mediad (a SIP endpoint that answers), the carrier (127.0.0.2), phones and acd.
import { spawn, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { EventEmitter, once } from 'node:events';
import { root, startPostgres } from '../../schema/test/pg.mjs';
import { SipEndpoint, header, hideFrom, token } from '../../tests/tools/sip.mjs';

let BASE = Number(process.env.ZJ_PORT_BASE ?? 10000) + 3000;
let RTP = [100, 299];
const build = path.resolve(root, 'build'); // the modules have no sanitised twin: Kamailio's binary has none
const slow = Number(process.env.ZJ_SLOW ?? 1);

const hasSix = /^0{31}1 /m.test(fs.existsSync('/proc/net/if_inet6') ? fs.readFileSync('/proc/net/if_inet6', 'latin1') : '');
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(what, look, ms = 15000) {
  const deadline = Date.now() + ms * slow;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${ms} ms`);
    await sleep(10);
  }
}

/** acd's end of the channel: listens, greets, acknowledges, keeps what it heard. */
export class FakeAcd extends EventEmitter {
  constructor(file) {
    super();
    Object.assign(this, { file, seen: 0, events: [], connections: 0, acking: true, waiting: new Map(), id: 0, edges: new Map() });
  }

  async listen() {
    fs.rmSync(this.file, { force: true });
    this.server = net.createServer((socket) => this.connected(socket));
    this.server.listen(this.file);
    await once(this.server, 'listening');
  }

  connected(socket) {
    this.socket = socket;
    this.connections++;
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const lines = (text + data).split('\n');
      text = lines.pop();
      for (const line of lines) this.heard(JSON.parse(line), socket);
    });
  }

  send(message, socket = this.socket) {
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  heard(message, socket) {
    if (message.method === 'hello') {
      this.hello = message.params;
      this.edges.set(message.params.name, socket);
      socket.edge = message.params.name;
      this.send({ id: message.id, result: { seen: socket.edge === 'edge1' ? this.seen : 0 } }, socket);
    } else if (message.method) {
      this.events.push({ ...message, edge: socket.edge });
      if (socket.edge === 'edge1' && message.params.seq > this.seen) this.seen = message.params.seq;
      if (this.acking) this.send({ method: 'ack', params: { seq: message.params.seq } }, socket);
      this.emit('event', message);
    } else {
      this.waiting.get(message.id)?.(message);
    }
  }

  /** undefined: no answer, as from an edge that was just killed. */
  call(method, params = {}, edge = undefined) {
    const id = ++this.id;
    const answer = new Promise((resolve) => {
      const timer = setTimeout(resolve, 5000 * slow);
      this.waiting.set(id, (m) => { clearTimeout(timer); resolve(m); });
    });
    this.send({ id, method, params }, this.edges.get(edge));
    return answer;
  }

  find(method, match = () => true) {
    return until(method, () => this.events.find((e) => e.method === method && match(e.params))?.params);
  }

  close() {
    for (const socket of this.edges.values()) socket.destroy();
    this.socket?.destroy();
    this.server?.close();
  }
}

const children = new Set();
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(1));
process.on('exit', () => { for (const c of children) try { process.kill(-c.pid, 'SIGKILL'); } catch {} });

export class Edge {
  /** `offset` moves the ports, so that two test files may run at once; `host` is what the edge listens on towards the world. */
  static async start({ offset = 0, relays = 1, edges = 1, host = '127.0.0.1' } = {}) {
    BASE += offset;
    if (offset) RTP = [100, 199];
    const edge = new Edge();
    edge.kamailios = new Map();
    edge.pg = await startPostgres({ port: BASE + 2 });
    edge.run = fs.mkdtempSync(path.join(tmpdir(), 'zj-edge-'));
    for (const dir of ['etc', 'sock', 'cache']) fs.mkdirSync(path.join(edge.run, dir));
    fs.symlinkSync(edge.pg.dir, path.join(edge.run, 'sock/pg'));
    Object.assign(edge, { edges, host });
    edge.render();
    edge.relays = new Map();
    edge.relayCount = relays;
    edge.renderRelays(relays);
    edge.acd = new FakeAcd(path.join(edge.run, 'sock/edge.sock'));
    await edge.acd.listen();
    edge.mediad = await SipEndpoint.open({ port: BASE + 20, inside: true });
    hideFrom(BASE, edges);
    edge.mediad.on('request', (m, respond) => { if (m.method === 'OPTIONS') respond(200, 'OK', { tag: 'm' }); });
    edge.carrier = await SipEndpoint.open({ host: '127.0.0.2' });
    edge.seed();
    return edge;
  }

  get sip() { return this.sipOf(1); }
  sipOf(n) { return { host: this.host, port: BASE + 10 + 200 * (n - 1) }; }
  get base() { return BASE; }

  /** As ops/prepare does: what names @EDGE@ or @N@ is there once for each edge, kamailio.cfg once a file. */
  render() {
    const etc = path.join(this.run, 'etc');
    const fill = (text, n) => text.replaceAll('@EDGE@', n).replaceAll('@N@', n > 1 ? n : '').replace(/@EDGEPORT:(\d+)@/g, (_, p) => String(BASE + Number(p) + 200 * (n - 1)));
    const all = Array.from({ length: this.edges }, (_, i) => i + 1);
    for (const name of fs.readdirSync(path.join(root, 'ops/templates')).filter((n) => /^(kamailio|rtpengine|haproxy|zongji).*\.in$/.test(n))) {
      const text = fs.readFileSync(path.join(root, 'ops/templates', name), 'utf8')
        .replace(/@SIX\{(.*)\}@/g, hasSix ? '$1' : '').replaceAll('@RUN@', this.run).replaceAll('@ROOT@', root).replaceAll('@BUILD@', build)
        .replace('!ZJ_IP!127.0.0.1!', `!ZJ_IP!${this.host}!`).replace('interface = 127.0.0.1', `interface = ${this.host}`).replace(/bind 127\.0\.0\.1:@EDGEPORT/g, `bind ${this.host}:@EDGEPORT`)
        .replace(/@PORT:4000@/, String(BASE + RTP[0])).replace(/@PORT:7999@/, String(BASE + RTP[1]))
        .replace(/@PORT:(\d+)@/g, (_, n) => String(BASE + Number(n))).replace(/@SECRET:\w+@/g, 'secret-of-the-tests');
      if (name === 'kamailio.cfg.in') for (const n of all) fs.writeFileSync(path.join(etc, `kamailio${n > 1 ? n : ''}.cfg`), fill(text, n));
      else fs.writeFileSync(path.join(etc, name.replace(/\.in$/, '')), text.split('\n').map((l) => (/@(EDGE|N|EDGEPORT:\d+)@/.test(l) ? all.map((n) => fill(l, n)).join('\n') : l)).join('\n'));
    }
  }

  /** Relay n listens on BASE + 29 + n, its media ports follow those of the one before. */
  renderRelays(n) {
    const etc = path.join(this.run, 'etc');
    const [first, last] = RTP;
    const conf = fs.readFileSync(`${etc}/rtpengine.conf`, 'utf8');
    const lines = ['modparam("edge", "direct", "127.0.0.0/8")'];
    for (let i = 1; i <= n; i++) {
      lines.push(`modparam("rtpengine", "rtpengine_sock", "${i} == udp:127.0.0.1:${BASE + 29 + i}")`, `modparam("edge", "relay", "${i}=udp:127.0.0.1:${BASE + 29 + i};weight=10")`);
      const width = last - first + 1;
      fs.writeFileSync(`${etc}/rtpengine-${i}.conf`, conf.replaceAll(String(BASE + 30), String(BASE + 29 + i))
        .replace(/port-min = .*/, `port-min = ${BASE + first + (i - 1) * width}`).replace(/port-max = .*/, `port-max = ${BASE + last + (i - 1) * width}`));
    }
    fs.writeFileSync(`${etc}/kamailio-relays.cfg`, `${lines.join('\n')}\n`);
  }

  /** Which relay has this media port; 0: none. */
  relayOf(body) {
    const port = Number(/m=audio (\d+)/.exec(body)?.[1]);
    const n = Math.floor((port - BASE - RTP[0]) / (RTP[1] - RTP[0] + 1)) + 1;
    return port >= BASE + RTP[0] && n <= this.relayCount ? n : 0;
  }

  spawn(command, args, log, options = {}) {
    const out = fs.openSync(path.join(this.run, log), 'a');
    const child = spawn(command, args, { stdio: ['ignore', out, out], detached: true, ...options });
    fs.closeSync(out);
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  /** PostgreSQL goes away, and comes back with what it had. */
  async stopPostgres() {
    const pid = Number(fs.readFileSync(`${this.pg.dir}/data/postmaster.pid`, 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGINT');
    await until('PostgreSQL is down', () => !fs.existsSync(`${this.pg.dir}/data/postmaster.pid`));
  }

  async resumePostgres() {
    const args = ['-D', `${this.pg.dir}/data`, '-p', String(BASE + 2), '-k', this.pg.dir, '-c', 'listen_addresses=', '-c', 'fsync=off'];
    const bin = '/usr/lib/postgresql/15/bin/postgres';
    const id = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
    this.postgres = this.spawn(bin, args, 'postgres.log', userInfo().uid ? {} : { uid: id('-u'), gid: id('-g'), cwd: this.pg.dir });
    await until('PostgreSQL is back', () => { try { return this.sql('select 1'); } catch { return false; } }, 15000);
  }

  async end(child, signal = 'SIGTERM') {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(child.pid, signal);
    await once(child, 'exit');
  }

  async startRelay(n = 1) {
    const child = this.spawn('rtpengine', ['--config-file', path.join(this.run, `etc/rtpengine-${n}.conf`), '--config-section', 'rtpengine'], `rtpengine-${n}.log`);
    this.relays.set(n, child);
    if (n === 1) this.relay = child;
    await until('rtpengine answers', () => new Promise((resolve) => {
      const s = dgram.createSocket('udp4');
      s.on('message', () => { s.close(); resolve(true); });
      s.send('1_1 d7:command4:pinge', BASE + 29 + n, '127.0.0.1');
      setTimeout(() => { try { s.close(); } catch {} resolve(false); }, 50);
    }));
    return child;
  }

  /** A fresh certificate (or this text) by the operator's command. */
  certificate(text = this.selfSigned()) {
    const file = path.join(this.run, 'etc/new.pem');
    fs.writeFileSync(file, text);
    return spawnSync(path.join(build, 'bin/zongji'), ['--run', this.run, 'certificate', 'server', file], { encoding: 'utf8' });
  }

  selfSigned() {
    const etc = path.join(this.run, 'etc');
    const r = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1', '-keyout', `${etc}/tls.key`, '-out', `${etc}/tls.crt`]);
    if (r.status !== 0) throw new Error(String(r.stderr));
    return fs.readFileSync(`${etc}/tls.crt`, 'utf8') + fs.readFileSync(`${etc}/tls.key`, 'utf8');
  }

  async startHaproxy() {
    if (this.haproxy) return;
    const etc = path.join(this.run, 'etc');
    fs.writeFileSync(`${etc}/tls.pem`, this.selfSigned());
    this.haproxy = this.spawn('haproxy', ['-db', '-f', `${etc}/haproxy.cfg`], 'haproxy.log');
    await until('HAProxy listens', () => new Promise((resolve) => {
      const s = net.connect(BASE + 1, '127.0.0.1', () => { s.destroy(); resolve(true); });
      s.on('error', () => resolve(false));
    }));
  }

  /** Edge n is the process kamailio<n>, the first without a number; HAProxy is in front of them. */
  async startKamailio(n = 1) {
    const name = `kamailio${n > 1 ? n : ''}`;
    const child = this.spawn('kamailio', ['-DD', '-E', '-x', 'tlsf', '-X', 'tlsf', '-m', String(this.memory ?? 64), '-M', '8', '-Y', this.run, '-f', path.join(this.run, `etc/${name}.cfg`)], `${name}.log`);
    this.kamailios.set(n, child);
    if (n === 1) this.kamailio = child;
    await until('Kamailio answers', async () => {
      if (child.exitCode !== null) throw new Error(`Kamailio ended:\n${this.log(n).slice(-3000)}`);
      return this.options(n);
    }, 10000);
    await this.startHaproxy();
  }

  /** As if its machine lost power: all of its processes at once. */
  async killKamailio(n = 1) {
    const child = this.kamailios.get(n);
    process.kill(-child.pid, 'SIGKILL');
    await until('Kamailio is gone', () => child.signalCode !== null);
  }

  log(n = 1) { return fs.readFileSync(path.join(this.run, `kamailio${n > 1 ? n : ''}.log`), 'utf8'); }

  async options(n = 1) {
    const s = await SipEndpoint.open();
    try {
      const r = await s.request({ method: 'OPTIONS', uri: 'sip:127.0.0.1', headers: { From: '<sip:t@t>;tag=1', To: '<sip:127.0.0.1>', 'Call-ID': token(), CSeq: '1 OPTIONS' } }, this.sipOf(n), { timeout: 300 });
      return r.status === 200;
    } catch { return false; } finally { s.close(); }
  }

  rpc(...args) { return this.rpcOf(1, ...args); }

  rpcOf(n, ...args) {
    const r = spawnSync('kamcmd', ['-s', `unix:${this.run}/sock/kamailio${n > 1 ? n : ''}.ctl`, ...args.map((a, i) => (i ? `s:${a}` : a))], { encoding: 'utf8' });
    return r.stdout + r.stderr;
  }

  sql(text) { return this.pg.sql(text); }

  seed() {
    this.sql(`
      insert into tenant (kind, name, title, sip_domain) values ('carrier', 'carrier', 'Carrier', 'carrier.test'),
        ('tenant', 'a', 'A', 'a.test'), ('tenant', 'b', 'B', 'b.test');
      insert into trunk (tenant_id, name, host, media_relay) select id, 'carrier', '127.0.0.2', 'always' from tenant where kind = 'carrier';
      insert into extension (tenant_id, number, password, media_relay) select id, '1001', 'password-' || name, 'always' from tenant where kind = 'tenant';
      insert into queue (tenant_id, number, name) select id, '4001', 'Queue' from tenant where kind = 'tenant';
      insert into number (tenant_id, number) select id, '+861000' || case name when 'a' then 1 else 2 end from tenant where kind = 'tenant';
      insert into inbound_route (tenant_id, name, did_match, number_id, destination_kind, destination_id)
        select n.tenant_id, n.number, 'number', n.id, 'queue', q.id from number n join queue q using (tenant_id);`);
    this.tenant = Object.fromEntries(this.sql('select name, id from tenant'));
    this.queue = Object.fromEntries(this.sql('select t.name, q.id from queue q join tenant t on t.id = q.tenant_id'));
  }

  /** An INVITE of the carrier (or another endpoint); the final response. */
  invite(to, { from = '13800000000', via = this.carrier, headers = {}, body = sdp(via.host, 40000), ...options } = {}) {
    return via.request({
      method: 'INVITE', uri: `sip:${to}@127.0.0.1:${BASE + 10}`, body,
      headers: {
        From: `<sip:${from}@${via.host}>;tag=${token()}`, To: `<sip:${to}@127.0.0.1>`, 'Call-ID': token(), CSeq: '1 INVITE',
        Contact: `<sip:${from}@${via.host}:${via.port}>`, ...(body && { 'Content-Type': 'application/sdp' }), ...headers,
      },
    }, this.sip, { timeout: 8000, ...options });
  }

  /** What the test's mediad does with the next INVITE: resolves with {message, respond}. */
  nextAtMediad(ms = 5000) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { this.mediad.off('request', heard); reject(new Error('no INVITE at mediad')); }, ms * slow);
      const heard = (message, respond) => {
        if (message.method !== 'INVITE') return;
        clearTimeout(timer);
        this.mediad.off('request', heard);
        resolve({ message, respond });
      };
      this.mediad.on('request', heard);
    });
  }

  async stop() {
    for (const kamailio of this.kamailios.values()) await this.end(kamailio);
    for (const relay of this.relays.values()) await this.end(relay);
    this.acd.close();
    this.mediad.close();
    this.carrier.close();
    await this.end(this.haproxy);
    await this.end(this.postgres, 'SIGINT');
    await this.pg.stop();
    if (process.env.ZJ_EDGE_KEEP) for (const n of this.kamailios.keys()) fs.writeFileSync(`${process.env.ZJ_EDGE_KEEP}${n > 1 ? n : ""}`, this.log(n));
    fs.rmSync(this.run, { recursive: true, force: true });
  }
}

export const sdp = (host, port, extra = '') =>
  `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n${extra}`;

export { header };
