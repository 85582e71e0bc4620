// An agent group that may call back only whom it talked with: its phones dial nobody outside, clicks are for numbers of its recent calls; a
// missed call is called back from the records, with or without a leading 0.
// covers: NUM-V705 NUM-V706
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { Person, openChromium } from '../tools/console.mjs';
import { Instance } from '../tools/instance.mjs';
import { header } from '../tools/sip.mjs';
import { poll } from '../tools/wait.mjs';

let zj, tenant, carrier, agent, group, did, browser, login;
const password = 'Clerk-pass-1';
const missed = async (caller) => {
	const call = await zj.call(caller, did);
	await call.provisional(180).catch(() => {});
	const mine = await agent.phone.nextCall();
	await call.hangup();
	await mine.ended;
	return zj.facts(tenant, `caller = '${caller}'`);
};
const isRestricted = (error) => error.status === 409 && error.problem.because === 'outbound_restricted';
/** A click; who is still in his last call is tried again for a while. */
async function click(to) {
	for (let tries = 0; ; tries++) {
		try {
			return await tenant.api.post('/calls', { to, agent_id: agent.id });
		} catch (error) {
			if (error.status !== 409 || isRestricted(error) || tries >= 40)
				throw error;
		}
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}
/** Takes the phone's call and says what the carrier was called. */
const reached = async (number) => {
	const call = await agent.phone.nextCall();
	await call.answer();
	const invite = await carrier.invite(`:${number}@`);
	await call.hangup();
	return invite && header(invite, 'to');
};
const restricted = (promise) => assert.rejects(promise, isRestricted);

before(async () => {
	zj = await Instance.take();
	carrier = zj.later(await AnsweringCarrier.open({ host: '127.0.0.49', tone: 1270 }));
	tenant = await zj.tenant('restricted');
	const trunk = await tenant.api.post('/trunks', { name: 'out', host: '127.0.0.49', probe_s: 0, caller_number: '02160000000' });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id });
	group = await tenant.api.post('/agent-groups', { name: 'Call-backs' });
	const role = await tenant.api.post('/roles', { name: 'Clerk', permissions: ['calls.read', 'agents.read', 'queues.read', 'live.read', 'show.phone'], scope: 'tenant' });
	const account = await tenant.api.post('/accounts', { type: 'user', username: 'clerk', name: 'Clerk', password, role_id: role.id });
	login = { tenant: tenant.name, username: 'clerk', password };
	agent = await tenant.agent('1001', [], { answering: 'never' });
	await tenant.api.patch(`/agents/${agent.id}`, { group_id: group.id, account_id: account.id });
	did = await tenant.did('extension', agent.extension);
}, { timeout: 150_000 });
after(async () => {
	await browser?.close();
	await zj?.release();
});

test('a restricted group: no number by hand or phone, its recent callers by a click, emergency numbers always', async () => {
	const known = zj.freshNumber('139'), stranger = zj.freshNumber('138');
	await missed(known);
	await click(stranger);
	await reached(stranger);
	await tenant.api.patch(`/agent-groups/${group.id}`, { outbound_restricted: true });
	const other = zj.freshNumber('137');
	await poll(async () => {
		const error = await click(zj.freshNumber('135')).then(() => null, (e) => e);
		if (!error) (await agent.phone.nextCall()).reject();
		return error && isRestricted(error);
	}, { timeout: 8000, every: 200, what: 'in force' });
	await restricted(click(other));
	const dialled = await agent.phone.call(other);
	assert.equal((await dialled.ended).code, 403, 'nor from the phone');
	assert.equal((await zj.facts(tenant, `callee = '${other}'`)).call.result, 'barred');
	await click(known);
	await reached(known);
	await click(stranger); // called within the last days
	await reached(stranger);
	const neighbour = await zj.tenant('neighbour');
	await assert.rejects(neighbour.api.post('/calls', { to: known, agent_id: agent.id }), 'another tenant has no such agent');
	const emergency = await zj.carrier.post('/emergency-numbers', { number: '11098', name: 'police' });
	await poll(async () => { const c = await agent.phone.call('11098'); const r = await Promise.race([c.answered.then(() => 200), c.ended.then((x) => x.code)]); await c.hangup(); return r === 200; }, { timeout: 8000, every: 200, what: 'help' });
	await zj.carrier.delete(`/emergency-numbers/${emergency.id}`);
});

test('the records offer to call back whom nobody answered: as it is, or with a leading 0', async () => {
	const caller = zj.freshNumber('136');
	const { call } = await missed(caller);
	assert.equal(call.answered_at, null);
	browser = await openChromium();
	const me = await Person.sit(browser, zj);
	await me.login(login);
	await me.open('/calls');
	const row = me.page.locator(`[data-testid=cdr-row][data-id="${call.id}"]`);
	await row.waitFor();
	await row.getByTestId('dial-0').click();
	await reached(`0${caller}`);
	await zj.facts(tenant, `callee = '0${caller}'`);
	await poll(async () => { await row.getByTestId('dial').click(); return agent.phone.nextCall({ timeout: 1500 }).then((c) => c.reject() ?? true, () => false); }, { timeout: 10_000, what: 'as it is' });
	await me.click('calls-refresh');
	const [{ n }] = await zj.sql(`select count(*) n from call where tenant_id = '${tenant.id}' and direction = 'in' and answered_at is null`);
	await poll(async () => (await me.id('cdr-row').count()) > n, { timeout: 8000, what: 'outbound calls in the list, too' });
	assert.equal(await me.id('dial').count(), n, 'only what came in and nobody answered');
	assert.deepEqual(await me.violations(), []);
});
