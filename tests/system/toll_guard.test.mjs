// The toll guard from outside: the carrier and a tenant say what may be called, phones call, and the call's facts, the console's event,
// the e-mail and the table say what became of it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Instance } from '../tools/instance.mjs';
import { AnsweringCarrier } from '../tools/carrier.mjs';
import { poll } from '../tools/wait.mjs';
import { Smtp } from '../tools/smtp.mjs';

let zj, smtp, tenant, other, carrier, phone, extension, events;
const refused = (promise, status, field) => assert.rejects(promise, (e) => e.status === status && (!field || JSON.stringify(e.body ?? e.problem ?? e.message).includes(field)));

/** Dials until the outcome is the one that is waited for: a guard is in force within a moment. */
async function dialled(number, wanted) {
	return poll(async () => {
		const call = await phone.call(number);
		const up = await Promise.race([call.answered.then(() => true), call.ended.then(() => false)]);
		if (up === wanted)
			return call;
		if (up)
			await call.hangup();
		return null;
	}, { timeout: 8000, what: `${number} is ${wanted ? 'answered' : 'refused'}` });
}
const facts = (number) => poll(() => zj.sql(`select result, hangup_reason, barred_by, hangup_by from zj.call where tenant_id = '${tenant.id}' and callee = '${number}' order by id desc limit 1`).then((r) => r[0]), { what: 'facts' });

before(async () => {
	zj = await Instance.take({ exclusive: true }); // for the port of its e-mails
	smtp = await Smtp.listen(zj.base + 97);
	zj.later(smtp);
	carrier = zj.later(await AnsweringCarrier.open({ host: '127.0.0.33' }));
	tenant = await zj.tenant('toll');
	other = await zj.tenant('other');
	const trunk = await tenant.api.post('/trunks', { name: 'out', host: '127.0.0.33', probe_s: 0, caller_number: '02160000000' });
	await zj.carrier.patch(`/tenants/${tenant.id}`, { outbound_kind: 'trunk', outbound_id: trunk.id });
	extension = await tenant.extension('1001');
	phone = await tenant.phone(extension, { answering: 'never' });
	events = await tenant.events();
}, { timeout: 150_000 });
after(() => zj?.release());

test('satellites and premium numbers are not called unless the carrier says so; the call\'s facts say why', async () => {
	const number = '0088161234567';
	const call = await dialled(number, false);
	assert.equal((await call.ended).code, 403);
	const f = await facts(number);
	assert.deepEqual([f.result, f.hangup_reason, f.hangup_by], ['barred', 'country_barred', 'system']);
	assert.deepEqual(carrier.invites?.filter?.((m) => m.uri.includes('88161')) ?? [], []);
	const guard = await zj.carrier.post('/toll-guards', { tenant_id: tenant.id, name: 'of the carrier', allowed: ['XS', 'GB'] });
	assert.equal(guard.by_carrier, true);
	await (await dialled(number, true)).hangup();
	const france = '0033123456789';
	await dialled(france, false);
	assert.equal((await facts(france)).barred_by, guard.id);
	// The tenant sees it and cannot change it.
	assert.equal((await tenant.api.get('/toll-guards')).items[0].id, guard.id);
	await assert.rejects(tenant.api.patch(`/toll-guards/${guard.id}`, { allowed: [] }));
	await assert.rejects(tenant.api.delete(`/toll-guards/${guard.id}`));
	assert.deepEqual((await zj.carrier.get(`/toll-guards/${guard.id}`)).allowed, ['XS', 'GB']);
	assert.deepEqual((await other.api.get('/toll-guards')).items, []);
});

test('an extension\'s calls of an hour: alarms by event, e-mail and table; then calls are refused with the reason', async () => {
	const guard = await tenant.api.post('/toll-guards', { name: 'few calls', subject: 'extension', extension_id: extension.id, calls_hour: 4, warn_percent: 50, emails: ['noc@example.test'] });
	assert.equal(guard.by_carrier, false);
	let answered = 0;
	await poll(async () => {
		const call = await phone.call('13800138000');
		const up = await Promise.race([call.answered.then(() => true), call.ended.then(() => false)]);
		if (!up)
			return true;
		answered++;
		await call.hangup();
		return false;
	}, { timeout: 20000, what: 'the limit' });
	assert.ok(answered >= 4 && answered <= 6, `${answered} calls: those made before the guard was there are not counted`);
	const f = await facts('13800138000');
	assert.deepEqual([f.result, f.hangup_reason, f.barred_by], ['over_limit', 'calls_hour', guard.id]);
	const told = await Promise.all([50, 100].map((percent) => events.until(() => events.log.find((e) => e.type === 'toll.alarm' && e.data.percent === percent), { what: `an alarm at ${percent} %` })));
	assert.deepEqual(told.map((e) => [e.data.measure, e.data.used, e.data.most, e.data.extension_id, e.data.guard_id]), [['calls_hour', 2, 4, extension.id, guard.id], ['calls_hour', 4, 4, extension.id, guard.id]]);
	const rows = await poll(async () => { const { items } = await tenant.api.get('/toll-alarms?sort=id'); return items.length === 2 && items; }, { what: 'the table' });
	assert.deepEqual(rows.map((r) => [r.guard, r.percent, Number(r.used)]), [['few calls', 50, 2], ['few calls', 100, 4]]);
	const mail = await smtp.next((m) => m.to.includes('noc@example.test') && m.headers.subject.includes('100%'));
	assert.match(mail.headers.subject, /1001/);
	assert.match(mail.text, /few calls/);
	assert.match(mail.text, /4 of 4/);
	const use = await poll(async () => (await tenant.api.get('/toll-uses')).items.find((u) => u.extension_id === extension.id && u.calls_hour >= 4), { what: 'the usage' });
	assert.equal(use.subject, 'extension');
	assert.deepEqual((await other.api.get('/toll-alarms')).items, [], 'nobody else hears of it');
	assert.ok((await zj.carrier.get(`/toll-alarms?filter[tenant_id]=${tenant.id}`)).items.length >= 2, 'but the carrier');
	await tenant.api.delete(`/toll-guards/${guard.id}`);
	await (await dialled('13800138000', true)).hangup();
});

test('the longest call is ended after its time', async () => {
	const guard = await tenant.api.post('/toll-guards', { name: 'short calls', max_call_s: 10 });
	await new Promise((resolve) => setTimeout(resolve, 500));
	const call = await dialled('13800138001', true);
	const from = Date.now();
	await Promise.race([call.ended, new Promise((resolve) => setTimeout(resolve, 20000).unref())]);
	const took = (Date.now() - from) / 1000;
	assert.ok(took > 8 && took < 15, `${took} s`);
	const f = await facts('13800138001');
	assert.deepEqual([f.result, f.hangup_by, f.hangup_reason], ['answered', 'system', 'longest_call']);
	await tenant.api.delete(`/toll-guards/${guard.id}`);
});

test('what makes no sense is refused by field', async () => {
	for (const [field, body] of Object.entries({
		allowed: { allowed: ['UK'] }, barred: { barred: ['86'] }, home: { home: '0' }, max_call_s: { max_call_s: 1 }, calls_hour: { calls_hour: -1 }, warn_percent: { warn_percent: 100 }, emails: { emails: ['no address'] },
		night: { night_from: '22:00' }, extension_id: { subject: 'tenant', extension_id: extension.id }, night_abroad: { night_abroad: 0 },
	})) await refused(tenant.api.post('/toll-guards', { name: `bad ${field}`, ...body }), 422, field);
	await tenant.api.post('/toll-guards', { name: 'once' });
	await refused(tenant.api.post('/toll-guards', { name: 'twice' }), 409);
});
