// A telephone behind a real NAT: networks of their own, made and taken down here, with the kernel's masquerading between them. Needs root.
//   this network (the edge at 10.99.X.1) ── router (10.99.X.2, 192.168.7.1) ── telephone (192.168.7.2)
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Edge, header, sleep, until } from './edge.mjs';
import { ack, answerAtMediad, callPhone, within } from './calls.mjs';
import { root } from '../../schema/test/pg.mjs';
import { Rtp } from '../../tests/tools/rtp.mjs';

const id = process.pid % 250;
const [router, far] = [`zjr${process.pid}`, `zjf${process.pid}`];
const EDGE = `10.99.${id}.1`, ROUTER = `10.99.${id}.2`, PHONE = '192.168.7.2';
const run = (line) => {
  const [command, ...args] = line.split(' ');
  const r = spawnSync(command, args, { encoding: 'utf8' });
  return r.status === 0 ? '' : `${line}: ${r.stderr}`;
};
const must = (lines) => { for (const line of lines) assert.equal(run(line), ''); };
const root_ = process.getuid() === 0;

let e;
const phones = [];

before(async () => {
  if (!root_) return;
  must([`ip netns add ${router}`, `ip netns add ${far}`, `ip link add zjp${id} type veth peer name out netns ${router}`, `ip link add in netns ${router} type veth peer name eth0 netns ${far}`,
    `ip addr add ${EDGE}/24 dev zjp${id}`, `ip link set zjp${id} up`, `ip -n ${router} addr add ${ROUTER}/24 dev out`, `ip -n ${router} addr add 192.168.7.1/24 dev in`, `ip -n ${router} link set out up`, `ip -n ${router} link set in up`,
    `ip netns exec ${router} sysctl -qw net.ipv4.ip_forward=1`, `ip netns exec ${router} sysctl -qw net.netfilter.nf_conntrack_udp_timeout=20 net.netfilter.nf_conntrack_udp_timeout_stream=20`, `ip netns exec ${router} iptables -t nat -A POSTROUTING -o out -j MASQUERADE --random`,
    `ip -n ${far} addr add ${PHONE}/24 dev eth0`, `ip -n ${far} link set eth0 up`, `ip -n ${far} route add default via 192.168.7.1`]);
  e = await Edge.start({ offset: 500, host: EDGE });
  await e.startRelay();
  await e.startKamailio();
  e.sql(`update extension set media_relay = 'auto'`);
});
after(async () => {
  for (const p of phones) p.kill('SIGKILL');
  await e?.stop();
  if (root_) for (const line of [`ip link del zjp${id}`, `ip netns del ${far}`, `ip netns del ${router}`]) run(line);
});

/** A telephone in the far network; `said(what)` waits for a line of it. */
function telephone(transport) {
  const child = spawn('ip', ['netns', 'exec', far, process.execPath, path.join(root, 'kamailio-mods/test/far_phone.mjs'), PHONE, EDGE, String(e.base + (transport === 'tls' ? 11 : 10)), transport], { stdio: ['pipe', 'pipe', 'inherit'] });
  phones.push(child);
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (l) => lines.push(JSON.parse(l)));
  const said = (what) => until(`the telephone says ${what}`, () => {
    const failed = lines.find((l) => l.what === 'failed');
    if (failed) throw new Error(failed.error);
    const i = lines.findIndex((l) => l.what === what);
    return i >= 0 && lines.splice(i, 1)[0];
  }, 12_000);
  return { child, said, tell: (line) => child.stdin.write(`${line}\n`) };
}
const media = (body) => ({ host: /c=IN IP4 (\S+)/.exec(body)[1], port: Number(/m=audio (\d+)/.exec(body)[1]) });

// covers: PBX-Y09
for (const transport of ['udp', 'tcp', 'tls']) {
  test(`behind a NAT, over ${transport.toUpperCase()}: called and calling, sound both ways, requests within the call both ways`, { skip: root_ ? false : 'needs root', timeout: 60_000 }, async () => {
    const p = telephone(transport);
    const { port } = await p.said('registered');
    const source = await until('the registration', () => new RegExp(`registration user=1001 domain=a.test source=${ROUTER.replaceAll('.', '\\.')}:(\\d+)`).exec(e.log().split('\n').filter((l) => /registration user/.test(l)).at(-1)));
    assert.notEqual(Number(source[1]), port, 'the NAT changed the port');
    // Called.
    const rtp = await Rtp.open();
    const answer = await callPhone(e, '1001', 'a.test', { body: rtp.sdp() });
    assert.equal(answer.status, 200);
    ack(e, answer);
    const to = media(answer.body);
    assert.equal(to.host, EDGE, 'through the relay, for what it wrote leads nowhere');
    assert.equal(header(answer, 'x-zj-relay'), '1');
    rtp.tone(1400);
    rtp.start(to);
    await rtp.hears(600, { timeout: 8000 });
    await p.said('hears');
    assert.equal((await e.mediad.request(within(e, answer, 'OPTIONS', 2), e.sip)).status, 200, 'within the call it is reached');
    assert.equal((await e.mediad.request(within(e, answer, 'BYE', 3), e.sip)).status, 200);
    assert.equal((await p.said('ended')).how, 'far');
    // Calling.
    const arriving = e.nextAtMediad();
    p.tell('call');
    const { message, respond } = await arriving;
    const other = await Rtp.open();
    other.tone(1400);
    other.start(media(message.body));
    const response = { ...answerAtMediad(e), body: other.sdp() };
    respond(200, 'OK', response).stopRepeating();
    await other.hears(600, { timeout: 8000 });
    await p.said('hears');
    const bye = await e.mediad.request({ method: 'BYE', uri: /<([^>]+)>/.exec(header(message, 'contact'))[1], headers: {
      From: `${header(message, 'to')};tag=${response.tag}`, To: header(message, 'from'), 'Call-ID': header(message, 'call-id'), CSeq: '1 BYE', Route: message.headers['record-route'] } }, e.sip, { timeout: 6000 });
    assert.equal(bye.status, 200);
    assert.equal((await p.said('ended')).how, 'far');
    rtp.close();
    other.close();
    p.tell('end');
    await until('its registration is gone', () => p.child.exitCode !== null, 5000);
  });
}

test('a NAT that forgets after 20 s: a telephone on UDP that says nothing for 50 s is still called', { skip: root_ ? false : 'needs root', timeout: 120_000 }, async () => {
  const p = telephone('udp');
  await p.said('registered');
  await sleep(50_000);
  const rtp = await Rtp.open();
  const answer = await callPhone(e, '1001', 'a.test', { body: rtp.sdp() });
  assert.equal(answer.status, 200);
  ack(e, answer);
  assert.equal((await e.mediad.request(within(e, answer, 'BYE', 2), e.sip)).status, 200);
  rtp.close();
});
