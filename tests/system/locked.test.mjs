// Somebody guesses at an extension's password: its team hears so, nobody else does.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { Phone } from '../tools/phone.mjs';
import { Tenant } from '../tools/tenant.mjs';

let zj, tenant, other;

before(async () => {
	zj = await Instance.take();
	tenant = await Tenant.create(zj, 'guessed');
	other = await Tenant.create(zj, 'quiet');
	await tenant.agent('1001', [], { signIn: false });
}, { timeout: 180_000 });
after(async () => { await zj?.release(); });

test('after the seventh wrong password its team is told: whose, from where, how long answers wait', async () => {
	const [events, elsewhere] = [await tenant.events(), await other.events()];
	const guesser = zj.later(await Phone.open({ host: '127.0.0.61', user: '1001', domain: tenant.domain, password: 'guess', proxy: zj.sip }));
	const told = () => events.log.find((e) => e.type === 'extension.locked');
	for (const until = Date.now() + 60_000; !told() && Date.now() < until;) {
		await guesser.register({ timeout: 3000 }).catch(() => {});
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	assert.deepEqual(told()?.data, { extension: '1001', source: '127.0.0.61', because: 'passwords', seconds: 8 });
	assert.equal(elsewhere.log.filter((e) => e.type === 'extension.locked').length, 0);
});
