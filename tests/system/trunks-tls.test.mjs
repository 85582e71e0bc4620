// Trunks over TLS as a team enters them: certificates, what is refused and by which field, and what is said of a carrier that is not who it should be.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Carrier } from '../../kamailio-mods/test/carrier.mjs';
import { Instance } from '../tools/instance.mjs';
import { Tenant } from '../tools/tenant.mjs';
import { poll } from '../tools/wait.mjs';

let zj, tenant, other, dir;
const selfSigned = (name) => {
	execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`], { cwd: dir, stdio: 'ignore' });
	return { cert: fs.readFileSync(path.join(dir, `${name}.crt`), 'utf8'), key: fs.readFileSync(path.join(dir, `${name}.key`), 'utf8') };
};
const refused = (promise, field) => assert.rejects(promise, (error) => {
	assert.equal(error.status, 422, error.message);
	assert.ok(JSON.stringify(error.problem ?? {}).includes(field), `${field}: ${JSON.stringify(error.problem ?? {})}`);
	return true;
});

before(async () => {
	dir = fs.mkdtempSync(path.join(os.tmpdir(), 'zj-tls-'));
	zj = await Instance.take();
	tenant = await Tenant.create(zj, 'secure-lines');
	other = await Tenant.create(zj, 'others-lines');
}, { timeout: 180_000 });
after(async () => {
	await zj?.release();
	fs.rmSync(dir, { recursive: true, force: true });
});

test('certificates: the key is never shown again; what is no PEM, or half a pair, or another team\'s, is refused by its field', async () => {
	const { cert, key } = selfSigned('ours.test');
	const row = await tenant.api.post('/carrier-certificates', { name: 'ours', authorities: cert, certificate: cert, private_key: key });
	assert.equal(row.private_key, undefined);
	assert.equal((await tenant.api.get(`/carrier-certificates/${row.id}`)).private_key, undefined);
	await refused(tenant.api.post('/carrier-certificates', { name: 'x', authorities: 'nonsense' }), 'authorities');
	await refused(tenant.api.post('/carrier-certificates', { name: 'x', certificate: cert }), 'private_key');
	await refused(tenant.api.post('/trunks', { name: 'x', host: '127.0.0.52', transport: 'tls', match_port: true }), 'match_port');
	await refused(tenant.api.post('/trunks', { name: 'x', host: '127.0.0.52', transport: 'tls', tls_name: 'no name!' }), 'tls_name');
	await assert.rejects(other.api.post('/trunks', { name: 'x', host: '127.0.0.52', transport: 'tls', certificate_id: row.id }));
});

test('a carrier with a right certificate is up; another one is not, and why stands with the trunk', async () => {
	const theirs = selfSigned('sip.carrier.test');
	const certificate = await tenant.api.post('/carrier-certificates', { name: 'carrier', authorities: theirs.cert });
	zj.later(await Carrier.open('127.0.0.53', 5061, () => 200, { transport: 'tls', tls: theirs }));
	zj.later(await Carrier.open('127.0.0.54', 5061, () => 200, { transport: 'tls', tls: selfSigned('somebody.else.test') }));
	for (const host of ['127.0.0.53', '127.0.0.54'])
		await tenant.api.post('/trunks', { name: host, host, port: 5061, transport: 'tls', tls_name: 'sip.carrier.test', certificate_id: certificate.id, probe_s: 1 });
	const host = async (name) => (await tenant.api.get('/live/trunks')).items.find((t) => t.name === name)?.hosts[0];
	await poll(async () => (await host('127.0.0.53'))?.state === 'up', { timeout: 20_000, every: 300, what: 'the right one' });
	const bad = await poll(async () => { const h = await host('127.0.0.54'); return h?.state === 'down' && h.because && h; }, { timeout: 20_000, every: 300, what: 'the wrong one' });
	assert.match(bad.because, /^certificate refused: /);
});

test('the audit log says that a certificate was made and deleted, and does not know its key', async () => {
	const { cert, key } = selfSigned('kept.test');
	const row = await tenant.api.post('/carrier-certificates', { name: 'kept', certificate: cert, private_key: key });
	await tenant.api.delete(`/carrier-certificates/${row.id}`);
	const log = await poll(async () => { const items = (await tenant.api.get('/audit?limit=50')).items.filter((i) => i.row_id === row.id); return items.length === 2 && JSON.stringify(items); }, { timeout: 10_000, what: 'the audit log' });
	assert.ok(!log.includes(key.split('\n')[1]), 'no key in it');
});
