// A rolling restart under load: two hundred calls talk on to their end in the mediad that drains, two hundred others begin in the
// one that was started beside it; nobody is interrupted, nobody refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scene, many } from '../../tests/bench/media_rig.mjs';
import { SipEndpoint, header, serialize, token, uriOf } from '../../tests/tools/sip.mjs';
import { poll, within } from '../../tests/tools/wait.mjs';

const CALLS = 200;
const open = [];
after(() => Promise.all(open.map((o) => o.close())));

const at = (scene) => ({ host: '127.0.0.1', port: scene.rig.sip });

/** One call as an edge places it: to the first that does not answer 503. The status it got, and who refused on the way. */
async function place(sip, scenes, i) {
	const refusedBy = [];
	for (const scene of scenes) {
		const headers = { From: `<sip:${i}@127.0.0.1>;tag=${token()}`, 'Call-ID': `${token()}@edge`, 'Max-Forwards': '70' };
		const contact = `<sip:${i}@127.0.0.1:${sip.port}>`;
		const body = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${20_000 + 2 * i} RTP/AVP 8\r\n`;
		const uri = `sip:4001@127.0.0.1:${scene.rig.sip}`;
		const invite = { method: 'INVITE', uri, body, headers: { ...headers, To: `<${uri}>`, CSeq: '1 INVITE', Contact: contact, 'Content-Type': 'application/sdp', ...scene.rig.headers() } };
		const response = await sip.request(invite, at(scene));
		if (response.status === 503) {
			refusedBy.push(scene);
			continue;
		}
		if (response.status === 200)
			sip.sendRaw(serialize({ method: 'ACK', uri: uriOf(header(response, 'contact')), headers: { Via: sip.via(), ...headers, To: header(response, 'to'), CSeq: '1 ACK' } }), at(scene));
		return { status: response.status, refusedBy };
	}
	return { status: 503, refusedBy };
}

function answerEverything(scene) {
	scene.owner.on('event', (e) => {
		if (e.event === 'leg.incoming')
			scene.owner.do('leg.answer', { leg: e.leg }).catch(() => {});
	});
}

test('SIGUSR2 with two hundred calls: they lose no packet and end when they want to; two hundred new ones are taken by the other', async () => {
	const old = await Scene.open({}, 61_000);
	open.push(old);
	await old.calls(CALLS);
	const legs = old.legs.map((l) => l.leg);
	const talk = old.measure();
	await sleep(3000);

	old.rig.process.kill('SIGUSR2');
	const fresh = await Scene.open();
	open.push(fresh);
	answerEverything(fresh);
	const sip = await SipEndpoint.open();
	open.push(sip);
	await poll(async () => (await sip.request({ method: 'OPTIONS', uri: `sip:127.0.0.1:${old.rig.sip}`, headers: { From: `<sip:e@127.0.0.1>;tag=${token()}`, To: '<sip:m@127.0.0.1>', 'Call-ID': token(), CSeq: '1 OPTIONS', 'Max-Forwards': '70' } }, at(old))).status === 503, { what: 'OPTIONS is answered 503' });
	const placed = [];
	await many(CALLS, async (i) => { placed[i] = await place(sip, [old, fresh], i); });
	assert.deepEqual(placed.filter((p) => p.status !== 200), [], 'refused');
	assert.ok(placed.every((p) => p.refusedBy.length === 1 && p.refusedBy[0] === old));
	await poll(async () => (await fresh.rig.metric('legs')) === CALLS, { what: 'all of them in the fresh one' });

	const heard = await talk;
	assert.equal(heard.lost, 0, 'packets of those who talk');
	assert.ok(heard.got > 2 * CALLS * 50 * 8, `${heard.got} packets`);
	assert.deepEqual(old.owner.events.filter((e) => e.event === 'leg.hungup'), [], 'interrupted');
	assert.equal(old.rig.process.exitCode, null);

	// one by one they hang up; the last one's end is the process's
	await many(legs.length - 1, async (i) => { await old.owner.do('leg.hangup', { leg: legs[i] }); });
	await poll(async () => (await old.rig.metric('legs')) === 1, { what: 'one leg left' });
	await sleep(500);
	assert.equal(old.rig.process.exitCode, null);
	await Promise.all([old.owner.do('leg.hangup', { leg: legs.at(-1) }), old.rig.process.exitCode ?? once(old.rig.process, 'exit')]);
	assert.equal(await within(old.rig.exited, 5000, 'its end'), 0);
	assert.equal(await fresh.rig.metric('legs'), CALLS);
});
