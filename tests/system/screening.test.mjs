// covers: NUM-K10 NUM-Y04
// Who gets in: barred callers, unknown numbers, unknown sources; a row of the black list counts from the next call on.
import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { Instance } from '../tools/instance.mjs';
import { poll } from '../tools/wait.mjs';
import { centre, intoQueue } from '../tools/scenes.mjs';

let zj;
let place;

before(async () => {
	zj = await Instance.take();
	place = await centre(zj, 'screen');
}, { timeout: 150_000 });
after(() => zj?.release());
afterEach(() => zj.hangupAll());

/** Calls and hangs up at once; resolves with the final status. */
async function statusOf(caller, did = place.queueDid, options = {}) {
	const call = await zj.call(caller, did, options);
	const { status } = await call.final();
	await call.close();
	return status;
}

test('a barred caller gets 403, and a CDR says so', async () => {
	const caller = zj.freshNumber();
	assert.equal(await statusOf(caller), 200, 'not barred yet');
	const row = await place.tenant.api.post('/blacklist', { number: caller });
	const committed = performance.now();
	await poll(async () => (await statusOf(caller)) === 403, { timeout: 2000, every: 20, what: 'barred' });
	const took = performance.now() - committed;
	assert.ok(took < 1000, `in effect after ${Math.round(took)} ms (promised: 200)`);
	const { call, legs } = await zj.facts(place.tenant, `caller = '${caller}' and result = 'barred'`);
	assert.equal(call.direction, 'in');
	assert.equal(call.answered_at, null);
	assert.equal(legs.length, 1);
	assert.equal(legs[0].sip_code, 403);
	await place.tenant.api.delete(`/blacklist/${row.id}`);
	await poll(async () => (await statusOf(caller)) === 200, { timeout: 1000, every: 20, what: 'let in again' });
});

test('the answer is the one the row names; a prefix bars all that begin with it', async () => {
	const prefix = `1390${String(Date.now()).slice(-4)}`;
	await place.tenant.api.post('/blacklist', { number: prefix, match: 'prefix', result_code: 603 });
	await poll(async () => (await statusOf(`${prefix}001`)) === 603, { timeout: 1000, every: 20, what: '603' });
	assert.equal(await statusOf(`${prefix}003`), 603);
	assert.equal(await statusOf(`1391${prefix.slice(4)}001`), 200);
});

test('a tenant with a white list is called by those on it alone, and black bars even them', async () => {
	const white = await centre(zj, 'screen-w');
	const [known, stranger] = [zj.freshNumber('136'), zj.freshNumber('137')];
	await white.tenant.api.post('/blacklist', { number: known, colour: 'white' });
	await poll(async () => (await statusOf(stranger, white.queueDid)) === 403, { timeout: 1000, every: 20, what: 'strangers barred' });
	assert.equal(await statusOf(known, white.queueDid), 200);
	assert.equal(await statusOf(stranger), 200, 'another tenant is not concerned');
	await white.tenant.api.post('/blacklist', { number: known });
	await poll(async () => (await statusOf(known, white.queueDid)) === 403, { timeout: 1000, every: 20, what: 'barred all the same' });
});

test('a barred number of one tenant may call another', async () => {
	const other = await centre(zj, 'screen-b');
	const caller = zj.freshNumber();
	await place.tenant.api.post('/blacklist', { number: caller });
	await poll(async () => (await statusOf(caller)) === 403, { timeout: 1000, every: 20, what: 'barred' });
	assert.equal(await statusOf(caller, other.queueDid), 200);
});

test('an entry whose time is over, or has not come, bars nobody', async () => {
	const caller = zj.freshNumber();
	const hour = 3_600_000;
	const at = (ms) => new Date(Date.now() + ms).toISOString();
	await place.tenant.api.post('/blacklist', { number: caller, valid_from: at(hour) });
	await place.tenant.api.post('/blacklist', { number: `${caller}1`, valid_from: at(-2 * hour), valid_until: at(-hour) });
	await place.tenant.api.post('/blacklist', { number: `${caller}2`, valid_until: at(hour) });
	await poll(async () => (await statusOf(`${caller}2`)) === 403, { timeout: 1000, every: 20, what: 'the valid one' });
	assert.equal(await statusOf(caller), 200);
	assert.equal(await statusOf(`${caller}1`), 200);
});

test('an unknown number is 404, with a CDR', async () => {
	const caller = zj.freshNumber();
	const did = zj.freshNumber('0219');
	assert.equal(await statusOf(caller, did), 404);
	const rows = await poll(async () => {
		const found = await zj.sql(`select c.*, l.sip_code from call c join call_leg l on l.call_id = c.id and l.tenant_id = c.tenant_id where c.caller = '${caller}'`);
		return found.length && found;
	}, { what: 'the CDR', every: 100 });
	assert.equal(rows.length, 1);
	assert.equal(rows[0].sip_code, 404);
	assert.equal(rows[0].callee, did);
});

test('a caller from an address that is no trunk is refused, headers from outside change nothing', async () => {
	assert.equal(await statusOf(zj.freshNumber(), place.queueDid, { host: '127.0.0.9' }), 403);
	const other = await zj.tenant('screen-c');
	const call = await zj.call(zj.freshNumber(), place.queueDid, { extra: `X-Zj-Tenant: ${other.id}` });
	await call.answered();
	await place.events.call(call.caller, 'queue');
	await call.hangup();
});

test('who hears a prompt is refused all the same, is charged nothing, and the record names the rule', async () => {
	const caller = zj.freshNumber();
	const prompt = (await place.tenant.api.get('/prompts?filter[name]=ding')).items[0];
	const row = await place.tenant.api.post('/blacklist', { number: caller, result: 'prompt', prompt_id: prompt.id, result_code: 486 });
	await poll(async () => (await statusOf(caller)) === 486, { timeout: 2000, every: 20, what: 'barred with words' });
	const { call, legs } = await zj.facts(place.tenant, `caller = '${caller}' and result = 'barred'`);
	assert.equal(call.barred_by, row.rule);
	assert.equal(call.answered_at, null);
	assert.ok(legs[0].early_media_at, 'heard before anybody answered');
	assert.ok(Date.parse(call.ended_at) - Date.parse(call.started_at) > 300, 'and to its end');
});

test('what the api explains is what the edge does: the decision, and the rows behind it', async () => {
	const caller = zj.freshNumber();
	const row = await place.tenant.api.post('/blacklist', { number: caller, result_code: 480, reason: 'asked for' });
	const prefix = await place.tenant.api.post('/blacklist', { number: caller.slice(0, 9), match: 'prefix', direction: 'out' });
	const ask = () => place.tenant.api.post('/blacklist/explain', { number: caller });
	await poll(async () => (await ask()).barred, { timeout: 1000, every: 20, what: 'known' });
	const told = await ask();
	assert.deepEqual([told.barred, told.code, told.scope, told.rule], [true, 480, 'tenant', row.rule]);
	assert.deepEqual(told.rows.map((r) => [r.id, r.reason, r.counts]), [[row.id, 'asked for', true], [prefix.id, '', false]]);
	assert.equal(await statusOf(caller), 480);
	await Promise.all([row, prefix].map((r) => place.tenant.api.delete(`/blacklist/${r.id}`)));
});

test('a VIP is served before those who came earlier; the visit says so', async () => {
	const vips = await centre(zj, 'screen-vip');
	const [early, vip] = [zj.freshNumber('135'), zj.freshNumber('136')];
	await vips.tenant.api.post('/vips', { number: vip, level: 7, queues: [vips.queue.id] });
	const agent = await vips.tenant.agent('1001', [vips.queue], { signIn: false, answering: { after: 50 } });
	const first = await intoQueue(zj, vips, { caller: early });
	const second = await intoQueue(zj, vips, { caller: vip });
	await vips.tenant.signIn(agent);
	await vips.events.until(() => vips.events.callFrom(vip)?.where === 'talk', { what: 'the VIP talks' });
	assert.equal(vips.events.callFrom(early).where, 'queue');
	await second.hangup();
	await first.hangup();
	const { visits } = await zj.facts(vips.tenant, `caller = '${vip}'`);
	assert.deepEqual([visits[0].vip, visits[0].priority], [7, 7]);
	const plain = await zj.facts(vips.tenant, `caller = '${early}'`);
	assert.equal(plain.visits[0].vip, 0);
});
