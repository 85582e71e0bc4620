// What callers press, or don't: nomatch, noinput, the way through the flow, hanging up within it.
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { HZ, centre } from '../tools/scenes.mjs';

let zj;
let place;

before(async () => {
	zj = await Instance.take();
	place = await centre(zj, 'ivr');
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(() => zj.hangupAll());

async function inMenu() {
	const call = await zj.call(zj.freshNumber(), place.did);
	await call.answered();
	await call.rtp.hears(HZ.ding);
	return call;
}

test('a wrong key is a nomatch; the menu is asked again and takes the right one', async () => {
	const call = await inMenu();
	await call.rtp.dtmf('9');
	await call.rtp.hears(HZ.nomatch);
	await call.rtp.dtmf('1');
	await place.events.call(call.caller, 'queue');
	await call.hangup();
	const { ivr_visits: [visit], call: fact } = await zj.facts(place.tenant, `caller = '${call.caller}'`);
	const inputs = visit.path.map((step) => step.input).filter((input) => /^[0-9*#]+$/.test(input));
	assert.deepEqual(inputs, ['9', '1']);
	assert.equal(fact.result, 'abandoned_queue');
});

test('no key is a noinput; the second one leaves the flow, and the call ends', async () => {
	const call = await inMenu();
	await call.rtp.hears(HZ.noinput, { timeout: 12_000 });
	const ended = await call.ended;
	assert.equal(ended.by, 'far', 'the flow\'s exit hangs up');
	const { ivr_visits: [visit], call: fact } = await zj.facts(place.tenant, `caller = '${call.caller}'`);
	assert.equal(visit.left_how, 'exit');
	assert.equal(fact.hangup_by, 'system');
});

test('a caller who hangs up in the menu is an abandoned call of the IVR', async () => {
	const call = await inMenu();
	await call.hangup();
	const { call: fact, ivr_visits: [visit], visits } = await zj.facts(place.tenant, `caller = '${call.caller}'`);
	assert.equal(fact.result, 'abandoned_ivr');
	assert.equal(fact.hangup_by, 'customer');
	assert.equal(visit.left_how, 'hangup');
	assert.equal(visits.length, 0);
});

test('keys pressed during the prompt cut it short', async () => {
	const call = await inMenu();
	const pressed = performance.now();
	await call.rtp.dtmf('1');
	await place.events.call(call.caller, 'queue');
	assert.ok(performance.now() - pressed < 2500, 'long before the sentence would have ended');
	await call.hangup();
});

test('a published change of a flow is what the next caller hears', async () => {
	const document = `<?xml version="1.0"?><vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block><audio src="prompt:noinput"/><disconnect/></block></form></vxml>`;
	const flow = await place.tenant.flow('changing', document);
	const did = await place.tenant.did('ivr', flow);
	const changed = await place.tenant.api.patch(`/flows/${flow.id}`, { document: document.replace('prompt:noinput', 'prompt:nomatch') });
	assert.equal(changed.version, 2);
	await new Promise((resolve) => setTimeout(resolve, 1000)); // five times the promise of 200 ms
	const call = await zj.call(zj.freshNumber(), did);
	await call.answered();
	await call.rtp.hears(HZ.nomatch);
	assert.equal((await call.ended).by, 'far');
	const { ivr_visits: [visit] } = await zj.facts(place.tenant, `caller = '${call.caller}'`);
	assert.equal(visit.flow_version, 2);
	assert.equal(visit.left_how, 'disconnect');
});
