// The tests' own tools, each against the other: what they claim to hear and say is so.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, rms, sine, toneShare } from './audio.mjs';
import { codecs } from './g711.mjs';
import { Phone } from './phone.mjs';
import { Rtp, sdpAudio } from './rtp.mjs';
import { digest, parseMessage, serialize } from './sip.mjs';
import { CarrierCall } from './sipp.mjs';
import { readWav, toneIn, writeWav } from './wav.mjs';

test('G.711: decoding the code of a sample gives that sample again, but for the step of its segment', () => {
	for (const codec of Object.values(codecs)) {
		const pcm = Int16Array.from({ length: 4096 }, (_, i) => (i - 2048) * 15);
		const again = codec.decode(codec.encode(pcm));
		pcm.forEach((x, i) => assert.ok(Math.abs(again[i] - x) <= Math.max(16, Math.abs(x) / 16), `${codec.name} ${x} → ${again[i]}`));
	}
	assert.deepEqual([...codecs.PCMA.decode([0xd5, 0x55, 0xaa])], [8, -8, 32256]);
	assert.deepEqual([...codecs.PCMU.decode([0xff, 0x80, 0x00])], [0, 32124, -32124]);
});

test('a tone is told from its neighbours, from noise and from silence', () => {
	const pcm = sine(730, 240);
	assert.ok(toneShare(pcm, 730) > 0.99);
	assert.ok(toneShare(pcm, 780) < 0.05);
	assert.equal(toneShare(new Int16Array(2000), 730), 0);
	const both = Int16Array.from(pcm, (x, i) => x / 2 + sine(1150, 240)[i] / 2);
	assert.ok(Math.abs(toneShare(both, 730) - 0.5) < 0.05);
	assert.equal(rms(concat([])), 0);
});

test('a WAV is what was written; a lie about its length is noticed by who compares', () => {
	const wav = readWav(writeWav(sine(500, 1000)));
	assert.equal(wav.ms, 1000);
	assert.ok(toneIn(wav, 0, 500).ms === 1000);
	assert.equal(readWav(writeWav(sine(500, 1000), { lie: 99_999 })).declared, 99_999);
	assert.throws(() => readWav(Buffer.from('nothing')), /not a RIFF/);
});

test('RTP: tones and keys arrive, nothing is lost', async () => {
	const [a, b] = [await Rtp.open(), await Rtp.open({ codec: 'PCMA' })];
	a.start({ host: '127.0.0.1', port: b.port }).tone(410);
	b.start({ host: '127.0.0.1', port: a.port }).tone(730);
	await Promise.all([b.hears(410), a.hears(730)]);
	await Promise.all([a.dtmf('19*#'), b.hearsDtmf('19*#')]);
	assert.equal(b.heard.lost, 0);
	await assert.rejects(b.hears(2000, { timeout: 100 }), /no tone of 2000 Hz/);
	a.close();
	b.close();
});

test('SIP: messages survive parsing; the digest is that of RFC 2617', () => {
	const text = serialize({ method: 'OPTIONS', uri: 'sip:a@b', headers: { Via: ['SIP/2.0/UDP x;branch=1', 'SIP/2.0/UDP y;branch=2'], From: '"A, B" <sip:a@b>;tag=1' }, body: 'x' });
	const message = parseMessage(text);
	assert.equal(message.headers.via.length, 2);
	assert.equal(message.headers.from[0], '"A, B" <sip:a@b>;tag=1');
	assert.equal(message.body, 'x');
	assert.deepEqual(parseMessage('OPTIONS sip:a SIP/2.0\r\nv: one, two\r\n\r\n').headers.via, ['one', 'two']);
	assert.equal(parseMessage('nonsense'), null);
	const answer = digest('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"', { user: 'Mufasa', password: 'Circle Of Life', method: 'GET', uri: '/dir/index.html' });
	assert.match(answer, /response="670fd8c2df070c60b045671b8b24ff02"/);
	assert.equal(sdpAudio('v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 5 RTP/AVP 8\r\na=sendonly\r\n').direction, 'sendonly');
});

test('a SIPp carrier and a phone: answer, talk, hold, hang-up by either, refusal, cancel', async () => {
	const phone = await Phone.open({ user: '1001', domain: 'x.test', password: 'x', proxy: { host: '127.0.0.2', port: 1 } });
	const target = { host: '127.0.0.1', port: phone.sip.port };
	const place = async (answering) => {
		phone.answering = answering;
		const call = await CarrierCall.place({ target, caller: '138', did: '4000', tone: 410 });
		phone.proxy = { host: call.sipp.host, port: call.sipp.port };
		return [call, await phone.nextCall()];
	};
	let [call, far] = await place({ after: 50, tone: 730 });
	await call.answered();
	await Promise.all([call.rtp.hears(730), far.rtp.hears(410)]);
	assert.deepEqual(await call.hangup(), { by: 'us', code: 200, exit: 0, errors: '' });
	assert.equal((await far.ended).how, 'far');

	[call, far] = await place({ after: 0 });
	await call.answered();
	await far.answered;
	await far.hold(true);
	await far.hangup();
	assert.equal((await call.ended).by, 'far');
	await call.close();

	[call] = await place({ reject: 403 });
	assert.equal((await call.final()).status, 403);
	await call.close();

	[call, far] = await place('never');
	await call.provisional(180);
	assert.equal((await call.hangup()).code, 487);
	assert.equal((await far.ended).how, 'cancelled');
	await phone.close();
});
