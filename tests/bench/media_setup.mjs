// Signalling of mediad: what a call costs to set up and end, whether anything is left of many, and what it does when more come than
// it takes.
import dgram from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { uuid } from '../../mediad/test/rig.mjs';
import { costOf } from '../tools/cpu.mjs';
import { Sipp } from '../tools/sipp.mjs';
import { Scene, descriptors, figure, many, rssKb } from './media_rig.mjs';

const FREESWITCH_MS = 7;
const WARM = 100;

/** A call of two legs to SIPp, through all its life. */
async function call({ owner }, uas) {
	const id = uuid();
	const room = uuid();
	const pair = [uuid(), uuid()];
	await owner.do('room.create', { room, call: id });
	for (const leg of pair) {
		await owner.do('leg.originate', { leg, call: id, to: `sip:a@${uas.host}:${uas.port}`, from: '1' });
		await owner.next('leg.answered', (e) => e.leg === leg, 20_000);
		await owner.do('room.join', { room, leg });
	}
	for (const leg of pair)
		await owner.do('leg.hangup', { leg });
	for (const leg of pair)
		await owner.next('leg.hungup', (e) => e.leg === leg, 20_000);
	await owner.do('room.destroy', { room });
}

/** `n` calls measured; then `churn` more, of which nothing may be left. */
export async function setups(n, churn = 0) {
	const scene = await Scene.open();
	const uas = await Sipp.run('agent_uas', { host: '127.0.0.3', calls: 2 * (n + churn + WARM) + 400, seconds: 3600, args: ['-aa'], trace: false });
	await uas.listening();
	const some = (k) => many(k, async () => {
		await call(scene, uas);
		scene.forget();
	});
	await some(WARM);
	await sleep(1000);
	const cpu = costOf(scene.pid).cpuMs;
	const began = performance.now();
	await some(n);
	if (!churn) {
		figure('setup.cpu_ms_per_call', (costOf(scene.pid).cpuMs - cpu) / n, 'ms/call', FREESWITCH_MS);
		figure('setup.calls_per_s', n / ((performance.now() - began) / 1000), 'calls/s');
	} else {
		/* What lies in transactions' last timers (32 s, RFC 3261 17.1.1.2) is level by the first half's end. */
		await some(churn / 2);
		const first = { rss: rssKb(scene.pid), fds: descriptors(scene.pid) };
		await some(churn / 2);
		figure('churn.calls', churn, 'calls');
		figure('churn.rss_growth', rssKb(scene.pid) / first.rss, 'of the first half', 1);
		figure('churn.rss_mb', rssKb(scene.pid) / 1024, 'MB');
		figure('churn.fd_growth', descriptors(scene.pid) - first.fds, 'descriptors');
	}
	await uas.kill();
	await scene.close();
}

const A_SECOND = 1000;
const SHED_LEGS = 1000;
const T1_MS = 500;

function invite(scene, i, port) {
	const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n';
	const headers = {
		Via: `SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${i}`, From: `<sip:${i}@127.0.0.1>;tag=${i}`, To: '<sip:4001@127.0.0.1>', 'Call-ID': `${i}@shed`, CSeq: '1 INVITE', 'Max-Forwards': 70,
		Contact: `<sip:${i}@127.0.0.1:${port}>`, ...scene.rig.headers(), 'Content-Type': 'application/sdp', 'Content-Length': sdp.length,
	};
	return `INVITE sip:4001@127.0.0.1:${scene.rig.sip} SIP/2.0\r\n${Object.entries(headers).map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${sdp}`;
}

function ack(scene, i, port, to, status) {
	const branch = status < 300 ? `${i}ack` : i;
	return `ACK sip:4001@127.0.0.1:${scene.rig.sip} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${branch}\r\nFrom: <sip:${i}@127.0.0.1>;tag=${i}\r\nTo: ${to}\r\nCall-ID: ${i}@shed\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`;
}

/** A thousand calls a second to who takes a thousand in all: each of the others has its 503 at once. */
export async function shed(n) {
	const scene = await Scene.open({ max_legs: SHED_LEGS });
	const { owner, rig } = scene;
	owner.on('event', (e) => {
		if (e.event === 'leg.incoming')
			owner.do('leg.answer', { leg: e.leg }).catch(() => {});
		scene.forget();
	});
	const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
	socket.bind(0, '127.0.0.1');
	await once(socket, 'listening');
	const { port } = socket.address();
	const send = (text) => socket.send(text, rig.sip, '127.0.0.1');
	const offered = new Map(); // number → {at, resend} until something is answered
	const took = { 200: [], 503: [] };
	socket.on('message', (data) => {
		const text = data.toString('latin1');
		const status = Number(text.slice(8, 11));
		const i = Number(/^call-id: (\d+)@shed/im.exec(text)?.[1]);
		const offer = offered.get(i);
		if (!offer)
			return;
		clearTimeout(offer.resend);
		if (status < 200)
			return;
		send(ack(scene, i, port, /^to: (.*)$/im.exec(text)[1], status));
		(took[status] ??= []).push(performance.now() - offer.at);
		offered.delete(i);
	});
	const offer = (i) => {
		const text = invite(scene, i, port);
		const o = { at: performance.now() };
		const again = (ms) => {
			o.resend = setTimeout(() => { send(text); again(2 * ms); }, ms);
		};
		offered.set(i, o);
		again(T1_MS);
		send(text);
	};
	const cpu = costOf(scene.pid).cpuMs;
	const began = performance.now();
	for (let i = 0; i < n;) {
		for (const due = Math.min(n, ((performance.now() - began) / 1000) * A_SECOND); i < due; i++)
			offer(i);
		await sleep(2);
	}
	const seconds = (performance.now() - began) / 1000;
	await sleep(3000);
	const at = (list, q) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))] ?? 0;
	figure('shed.offered', n / seconds, 'calls/s');
	figure('shed.taken', took[200].length, 'calls', SHED_LEGS);
	figure('shed.refused', took[503].length, 'calls', n - SHED_LEGS);
	figure('shed.unanswered', offered.size, 'calls');
	figure('shed.refusal_p50', at(took[503], 0.5), 'ms');
	figure('shed.refusal_p99', at(took[503], 0.99), 'ms');
	figure('shed.refusal_max', at(took[503], 1), 'ms');
	figure('shed.cpu', (costOf(scene.pid).cpuMs - cpu) / n, 'ms/call');
	for (const o of offered.values())
		clearTimeout(o.resend);
	socket.close();
	await scene.close();
}
