// Bad input from every side: a clear error, a line in the log that names the request or call, and no process restarts.
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import fs from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { Instance } from '../tools/instance.mjs';
import { HZ, centre, menuFlow, talking, toneWav } from '../tools/scenes.mjs';
import { SipEndpoint, token } from '../tools/sip.mjs';
import { SLOW, poll } from '../tools/wait.mjs';
import { torture } from '../tools/torture.mjs';
import { writeWav } from '../tools/wav.mjs';
import { rms, sine } from '../tools/audio.mjs';

let zj;
let place;
let agent;
let pids;

const pidsNow = async () => Object.fromEntries(Object.values(await zj.processes()).filter((p) => !p.once).map((p) => [p.name, p.pid]));

before(async () => {
	zj = await Instance.take({ exclusive: true });
	place = await centre(zj, 'bad');
	agent = await place.tenant.agent('1001', [place.queue], { answering: { after: 50 } });
	pids = await pidsNow();
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(() => zj.hangupAll());

/** The problem document of a request that must fail with this status, and the log line with its request id. */
async function problem(method, path, options, status) {
	const id = `test-${token()}`;
	const response = await place.tenant.api.fetch(method, path, { ...options, headers: { ...options.headers, 'X-Request-Id': id } });
	const text = await response.text();
	assert.equal(response.status, status, `${method} ${path}: ${text.slice(0, 400)}`);
	assert.match(response.headers.get('content-type'), /^application\/problem\+json/);
	const document = JSON.parse(text);
	assert.equal(document.status, status);
	assert.equal(document.request, id);
	assert.ok(zj.logLines('api', id).length > 0 || await poll(() => zj.logLines('api', id).length > 0, { timeout: 1000 }).catch(() => false), 'a log line with the request id');
	return document;
}

async function sipIsWell() {
	const sip = zj.later(await SipEndpoint.open({ host: '127.0.0.2' }));
	const uri = `sip:${place.tenant.domain}`;
	const response = await sip.request({ method: 'OPTIONS', uri, headers: { From: `<${uri}>;tag=1`, To: `<${uri}>`, 'Call-ID': token(), CSeq: '1 OPTIONS' } }, zj.sip, { timeout: 3000 });
	assert.equal(response.status, 200);
}

test('malformed SIP (RFC 4475, and worse), from a phone\'s and from the carrier\'s address: the edge stays well', async () => {
	for (const host of ['127.0.0.1', '127.0.0.2']) {
		const socket = dgram.createSocket('udp4').unref();
		socket.bind(0, host);
		await once(socket, 'listening');
		const answers = [];
		socket.on('message', (data) => answers.push(data.toString('latin1').split('\r\n')[0]));
		const messages = torture({ ...zj.sip, local: { host, port: socket.address().port }, user: host === '127.0.0.2' ? place.queueDid : '1001', domain: place.tenant.domain });
		for (const { bytes } of messages) {
			for (let at = 0; at < bytes.length; at += 60_000)
				socket.send(bytes.subarray(at, at + 60_000), zj.sip.port, zj.sip.host);
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		await sipIsWell();
		assert.ok(answers.some((line) => /^SIP\/2\.0 4\d\d/.test(line)), `errors were answered: ${answers.length}`);
		const odd = answers.filter((line) => line > '\x03' && !/^(SIP\/2\.0 \d\d\d|[A-Z]+ )/.test(line)); // keep-alives are answered too: by an empty line, by STUN (RFC 5626)
		assert.deepEqual(odd, []);
		socket.close();
	}
	assert.deepEqual(await pidsNow(), pids);
});

test('VoiceXML that is not well formed, or not VoiceXML: line and column of the fault', async () => {
	const cases = [
		['<?xml version="1.0"?>\n<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">\n  <form><block></form>\n</vxml>', 3],
		['<?xml version="1.0"?>\n<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">\n  <form>\n    <nonsense/>\n  </form>\n</vxml>', 4],
		['<?xml version="1.0"?>\n<html/>', 2],
		['<?xml version="1.0"?>\n<!DOCTYPE v [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>\n<vxml version="2.1"><form><block>&c;</block></form></vxml>', null],
		['', null],
	];
	for (const [document, line] of cases) {
		const fault = await problem('POST', '/flows', { body: { name: `bad ${token()}`, document } }, 422);
		assert.ok(fault.errors.length >= 1, document);
		assert.equal(fault.errors[0].field, 'document');
		if (line !== null) {
			assert.equal(fault.errors[0].rule, 'vxml');
			assert.equal(fault.errors[0].line, line, JSON.stringify(fault.errors[0]));
			assert.ok(fault.errors[0].column >= 1);
			assert.ok(fault.errors[0].en && fault.errors[0].zh);
		}
	}
	const raw = await problem('PUT', `/flows/${place.flow.id}/document`, { body: '<vxml', headers: { 'Content-Type': 'application/voicexml+xml' } }, 422);
	assert.equal(raw.errors[0].line, 1);
	assert.equal((await place.tenant.api.get(`/flows/${place.flow.id}`)).version, 1, 'nothing was replaced');
});

test('a WAV that lies about its length, is cut off, or is no WAV', async () => {
	const pcm = sine(440, 500);
	const bad = {
		'claims 1 GB': writeWav(pcm, { lie: 0x3ffffff0 }),
		'claims more than it has': writeWav(pcm, { lie: 100_000 }),
		'ends within its header': writeWav(pcm).subarray(0, 30),
		'is text': Buffer.from('RIFF of a kind'),
	};
	for (const [what, wav] of Object.entries(bad)) {
		const fault = await problem('POST', `/prompts?name=bad-${token()}&language=en`, { body: wav, headers: { 'Content-Type': 'audio/wav' } }, 422)
			.catch((error) => { throw new Error(`a WAV that ${what}: ${error.message.trim()}`); });
		assert.equal(fault.errors?.[0]?.rule, 'audio', `${what}: ${JSON.stringify(fault)}`);
	}
	await problem('POST', `/prompts?name=bad-${token()}&language=en`, { body: Buffer.alloc(0), headers: { 'Content-Type': 'audio/wav' } }, 422);
	// what a program that streams writes, for it cannot know: no lie, and measured by what is there
	assert.equal((await place.tenant.prompt('streamed', writeWav(pcm, { lie: 0xffffffff }))).duration_ms, 500);
});

test('an upload of 100 MB is refused without being swallowed', async () => {
	const before = rssOf(pids.api);
	const status = await new Promise((resolve, reject) => {
		const request = http.request(`${zj.url}/api/v1/prompts?name=huge&language=en`, {
			method: 'POST', headers: { Authorization: `Bearer ${place.tenant.api.token}`, 'Content-Type': 'audio/wav', 'Content-Length': 100 * 1024 * 1024 },
		}, (response) => {
			response.resume();
			resolve(response.statusCode);
		});
		request.on('error', (error) => (['ECONNRESET', 'EPIPE'].includes(error.code) ? resolve(error.code) : reject(error)));
		const piece = Buffer.alloc(1024 * 1024);
		let sent = 0;
		const write = () => {
			while (sent < 100 && !request.destroyed) {
				sent++;
				if (!request.write(piece)) {
					request.once('drain', write);
					return;
				}
			}
			request.end();
		};
		write();
		setTimeout(() => reject(new Error('no answer within 20 s')), 20_000).unref();
	});
	assert.ok([413, 'ECONNRESET', 'EPIPE'].includes(status), `${status}`);
	assert.ok(rssOf(pids.api) - before < 60_000, `api grew from ${before} to ${rssOf(pids.api)} kB`);
	assert.equal((await place.tenant.api.fetch('GET', '/session')).status, 200);
});

test('JSON that is malformed, of wrong types, with unknown fields, too deep', async () => {
	const malformed = await problem('POST', '/queues', { body: '{"number": "4002",\n "name": }', headers: { 'Content-Type': 'application/json' } }, 400);
	assert.match(malformed.type, /json$/);
	assert.equal(malformed.line ?? malformed.errors?.[0]?.line, 2);
	const type = await problem('POST', '/queues', { body: { number: 4002, name: 'x' } }, 400);
	assert.match(type.type, /type$/);
	assert.equal(type.errors[0].field, 'number');
	const unknown = await problem('POST', '/queues', { body: { number: '4002', name: 'x', colour: 'blue' } }, 400);
	assert.match(unknown.type, /unknown_field$/);
	assert.equal(unknown.errors[0].field, 'colour');
	await problem('POST', '/queues', { body: '['.repeat(100_000), headers: { 'Content-Type': 'application/json' } }, 400);
	await problem('POST', '/queues', { body: '"text"', headers: { 'Content-Type': 'application/json' } }, 400);
	await problem('POST', '/queues', { body: Buffer.from('{"number":"4002","name":"\xff\xfe"}', 'latin1'), headers: { 'Content-Type': 'application/json' } }, 400);
	const range = await problem('POST', '/queues', { body: { number: '4002', name: 'x', max_wait_s: -1 } }, 422);
	assert.equal(range.errors[0].field, 'max_wait_s');
	const pattern = await problem('POST', '/queues', { body: { number: 'four', name: 'x' } }, 422);
	assert.equal(pattern.errors[0].rule, 'pattern');
	const required = await problem('POST', '/queues', { body: { number: '4002' } }, 422);
	assert.deepEqual([required.errors[0].field, required.errors[0].rule], ['name', 'required']);
	await problem('GET', '/queues?filter[nonsense]=1', {}, 400);
	await problem('GET', '/queues?limit=99999999', {}, 400);
	await problem('GET', '/queues?cursor=%00%ff', {}, 400);
	await problem('GET', '/queues/not-a-uuid', {}, 404);
	await problem('GET', '/nothing-of-the-kind', {}, 404);
});

test('HTTP that is no HTTP', async () => {
	const { connect } = await import('node:net');
	for (const text of ['\0\0\0\0\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`, 'POST /api/v1/login HTTP/1.1\r\nContent-Length: -5\r\n\r\n', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(5000)}\r\n`]) {
		const socket = connect(zj.base, '127.0.0.1');
		socket.on('error', () => {});
		socket.end(text);
		socket.resume();
		await Promise.race([new Promise((resolve) => socket.once('close', resolve)), new Promise((resolve) => setTimeout(resolve, 2000))]);
		socket.destroy();
	}
	assert.equal((await place.tenant.api.fetch('GET', '/session')).status, 200);
});

const looping = (script) => `<?xml version="1.0" encoding="UTF-8"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en">
  <catch event="error.semantic"><audio src="prompt:nomatch"/><disconnect/></catch>
  <catch event="error"><audio src="prompt:noinput"/><disconnect/></catch>
  <form>
    <block>
      <audio src="prompt:ding"/>
      <script><![CDATA[ ${script} ]]></script>
    </block>
    <block><disconnect/></block>
  </form>
</vxml>
`;

/** A caller of a flow whose script does not end: he hears the error's handler, or an excuse, and the call ends. */
async function suffers(script, did, isSemantic) {
	const call = await zj.call(zj.freshNumber(), did);
	await call.answered();
	const started = performance.now();
	if (isSemantic) {
		await call.rtp.hears(HZ.nomatch); // error.semantic, not another
	} else {
		// a heap that had to be killed cannot run the document's handlers any more: then the house excuses itself
		const sorry = (r) => rms(r.audio({ ms: 300 })) > 300 && r.level(HZ.ding, 300) < 0.2;
		await call.rtp.until((r) => r.level(HZ.nomatch, 240) > 0.6 || r.level(HZ.noinput, 240) > 0.6 || sorry(r), { timeout: 5000, what: `an error event after ${script}` });
	}
	const took = performance.now() - started;
	assert.ok(took < 4000 * SLOW, `${script}: ${Math.round(took)} ms`);
	assert.equal((await call.ended).by, 'far');
	const { call: fact } = await zj.facts(place.tenant, `caller = '${call.caller}'`);
	assert.ok(zj.logLines('ivr-vxml', fact.id).length > 0, 'a log line with the call\'s id');
}

test('scripts that never end: their own session gets error.semantic, others feel nothing', async () => {
	const talk = await talking(zj, place, agent);
	const lostBefore = talk.call.rtp.heard.lost;
	const scripts = ['while(true){}', '/^(a+)+$/.test("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");', 'new Array(4294967295).join("")', 'var s = "x"; while (true) s += s;', 'function f() { f(); } f();'];
	const dids = [];
	for (const [i, script] of scripts.entries())
		dids.push(await place.tenant.did('ivr', await place.tenant.flow(`loop ${i}`, looping(script))));
	await new Promise((resolve) => setTimeout(resolve, 500));
	const other = await zj.call(zj.freshNumber(), place.did);
	await Promise.all(scripts.map((script, i) => suffers(script, dids[i], i === 0)));
	await other.rtp.dtmf('1');
	await place.events.call(other.caller, 'queue');
	await talk.call.rtp.hears(HZ.agent);
	assert.equal(talk.call.rtp.heard.lost, lostBefore);
	await talk.call.hangup();
});

test('a flow that names what does not exist: an error for this caller, not for the next', async () => {
	const missing = await place.tenant.flow('missing', menuFlow('9999'));
	const did = await place.tenant.did('ivr', missing);
	await new Promise((resolve) => setTimeout(resolve, 300));
	const call = await zj.call(zj.freshNumber(), did);
	await call.answered();
	await call.rtp.hears(HZ.ding);
	await call.rtp.dtmf('1');
	await call.ended;
	await zj.facts(place.tenant, `caller = '${call.caller}'`);
});

test('after all of this every process is the one that it was', async () => {
	assert.deepEqual(await pidsNow(), pids);
	await place.tenant.prompt('still-well', toneWav(500));
});

function rssOf(pid) {
	return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}
