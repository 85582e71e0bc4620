// Flows, prompts, recordings, the console's files: uploads and downloads of every size.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { slow, startEnv, until, uuid, wav } from './env.mjs';

let env, admin;
before(async () => { env = await startEnv({ conf: { forget_ms: 1500 } }); admin = await env.tenant('alpha'); });
after(() => env.close());
const sha = (b) => createHash('sha256').update(b).digest('hex');
const good = '<?xml version="1.0"?>\n<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block><prompt>你好</prompt></block></form></vxml>';

test('a flow: good documents are taken as JSON and as text, its version grows only with the document', async () => {
  const f = await admin.make('flows', { name: 'welcome', document: good });
  assert.deepEqual([f.version, f.document], [1, good]);
  assert.ok(!('document' in (await admin.get('/flows')).body.items[0]), 'lists are light');
  const xml = await admin.get(`/flows/${f.id}/document`);
  assert.deepEqual([xml.body, xml.headers.get('content-type')], [good, 'application/voicexml+xml']);
  const put = await admin.put(`/flows/${f.id}/document`, good.replace('你好', '再见'), { 'content-type': 'application/voicexml+xml' });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.equal(put.body.version, 2);
  assert.equal((await admin.patch(`/flows/${f.id}`, { name: 'hello' })).body.version, 2);
  assert.equal((await admin.put(`/flows/${f.id}/document`, good, { 'content-type': 'text/plain' })).status, 415);
  assert.equal((await admin.put(`/flows/${uuid}/document`, good, { 'content-type': 'text/xml' })).status, 404);
  assert.equal((await admin.get(`/flows/${f.id}/name`)).status, 404);
});

test('a faulty document is refused with line and column of each fault', async () => {
  for (const [document, line] of [['<vxml version="2.1">\n<form>\n</vxml>', 3], ['nothing', 1]]) {
    const r = await admin.post('/flows', { name: 'bad', document });
    assert.equal(r.status, 422, JSON.stringify(r.body));
    const [e] = r.body.errors;
    assert.deepEqual([e.field, e.rule], ['document', 'vxml']);
    assert.ok(Number.isInteger(e.line) && Number.isInteger(e.column) && e.en && e.zh, JSON.stringify(e));
    if (existsSync(env.settings.ivr) && !env.settings.ivr.startsWith(env.dir)) assert.equal(e.line, line);
  }
  assert.equal((await admin.put(`/flows/${uuid}/document`, Buffer.from([0x3c, 0xff, 0xfe]), { 'content-type': 'text/xml' })).status, 400);
  assert.equal((await admin.post('/flows', { name: 'big', document: 'x'.repeat(1048577) })).body.errors[0].rule, 'max_length');
});

test('a prompt: uploaded as body or form, converted, measured, played back, replaced, deleted', async () => {
  const r = await admin.post('/prompts?name=beep&language=zh', wav(500), { 'content-type': 'audio/wav' });
  assert.equal(r.status, 201, JSON.stringify(r.body));
  const p = r.body;
  assert.ok(Math.abs(p.duration_ms - 500) <= 20, `${p.duration_ms}`);
  assert.ok(!('path' in p));
  const dir = join(env.settings.store, admin.tenant.id, 'prompts'), file = join(dir, `${p.id}.wav`);
  assert.deepEqual([p.bytes, p.sha256], [readFileSync(file).length, sha(readFileSync(file))]);
  const sound = await admin.get(`/prompts/${p.id}/audio`);
  assert.equal(sound.headers.get('content-type'), 'audio/wav');
  assert.equal(sha(sound.bytes), p.sha256);
  assert.equal((await admin.post('/prompts?name=beep&language=zh', wav(100), { 'content-type': 'audio/wav' })).status, 409);
  const form = new FormData();
  form.set('name', 'form'); form.set('language', 'en'); form.set('file', new Blob([wav(100)]), 'x.wav');
  const f = await admin.post('/prompts', form);
  assert.deepEqual([f.status, f.body.language, f.body.name], [201, 'en', 'form'], JSON.stringify(f.body));
  const replaced = await admin.put(`/prompts/${p.id}/audio`, wav(900), { 'content-type': 'audio/wav' });
  assert.ok(Math.abs(replaced.body.duration_ms - 900) <= 20);
  assert.equal(sha((await admin.get(`/prompts/${p.id}/audio`)).bytes), replaced.body.sha256);
  assert.ok(!readdirSync(dir).some((n) => n.startsWith('.upload')), 'nothing half-done is left');
  assert.equal((await admin.delete(`/prompts/${p.id}`)).status, 204);
  assert.equal((await admin.get(`/prompts/${p.id}/audio`)).status, 404);
  assert.equal(readdirSync(dir).filter((n) => n.startsWith(p.id)).length, 2, 'whoever is playing it may finish');
});

test('what is no sound, or lies about its length, or is named badly: refused, nothing left behind', async () => {
  const up = (q, body, type = 'audio/wav') => admin.post(`/prompts?${q}`, body, { 'content-type': type });
  let r = await up('name=x', Buffer.from('this is not a sound, really not'));
  assert.equal(r.status, 422);
  assert.deepEqual([r.body.errors[0].field, r.body.errors[0].rule], ['file', 'audio']);
  r = await up('name=liar', wav(100, { lie: 1_000_000 }));
  assert.equal(r.status, 422, JSON.stringify(r.body));
  r = await up('name=../../etc/passwd', wav());
  assert.deepEqual([r.status, r.body.errors[0].field, r.body.errors[0].rule], [422, 'name', 'pattern']);
  assert.equal((await up('', wav())).body.errors[0].rule, 'required');
  assert.equal((await up('name=x', '')).body.errors[0].field, 'file');
  assert.equal((await up('name=x&language=it', wav())).body.errors[0].rule, 'enum');
  r = await admin.post('/prompts', { name: 'x' });
  assert.deepEqual([r.status, r.body.errors[0].field, r.body.errors[0].rule], [422, 'source_id', 'required']);
  r = await admin.post('/prompts', { name: 'x', text: 'a', source_id: uuid });
  assert.deepEqual([r.status, r.body.errors[0].field, r.body.errors[0].rule], [422, 'text', 'one_of']);
  r = await admin.post('/prompts', { name: 'x', source_id: uuid });
  assert.deepEqual([r.status, r.body.errors[0].field, r.body.errors[0].rule], [422, 'source_id', 'upload']);
  r = await admin.post('/prompts', { name: 'x', text: '' });
  assert.deepEqual([r.status, r.body.errors[0].field], [422, 'text'], JSON.stringify(r.body));
  assert.equal((await up('name=y', 'a', 'multipart/form-data; boundary=z')).status, 422);
  const dir = join(env.settings.store, admin.tenant.id, 'prompts');
  assert.equal(env.pg.sql(`select count(*) from zj.prompt where name in ('x', 'liar', 'y')`)[0][0], '0');
  await until('no rest', () => !readdirSync(dir).some((n) => n.startsWith('.upload')));
});

// A finished call with a recording, as acd's writer leaves them.
function facts(tenant, call, path, bytes) {
  env.pg.sql(`set search_path = zj, public;
    insert into call (tenant_id, id, direction, kind, caller, callee, started_at, ended_at, result) values ('${tenant}', '${call}', 'in', 'queue', '138', '400', now(), now(), 'answered');
    insert into call_leg (tenant_id, call_id, id, role, offered_at, ended_at) values ('${tenant}', '${call}', zj_uuid7(), 'customer', now(), now());
    insert into queue_visit (tenant_id, call_id, id, queue_id, entered_at, left_at, position_in, waiting_in, agents_in, idle_in, left_how) values ('${tenant}', '${call}', zj_uuid7(), '${uuid}', now(), now(), 1, 1, 1, 1, 'answered');
    insert into recording (tenant_id, call_id, id, from_at, to_at, node, path, bytes) values ('${tenant}', '${call}', zj_uuid7(), now(), now(), 'n', '${path}', ${bytes});`);
  return env.pg.sql(`select id from zj.recording where call_id = '${call}'`)[0][0];
}

test('a call with everything that happened; its recording in ranges, streamed', async () => {
  const [[call]] = env.pg.sql('select zj.zj_uuid7()'), big = Buffer.alloc(20 << 20, 'sound');
  const path = `${admin.tenant.id}/2026/11/20/${call}.wav`, file = join(env.settings.store, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, big);
  const id = facts(admin.tenant.id, call, path, big.length);
  const c = (await admin.get(`/calls/${call}`)).body;
  assert.deepEqual([c.legs.length, c.visits.length, c.segments.length, c.recordings.length, c.offers.length, c.ivr_visits.length], [1, 1, 0, 1, 0, 0]);
  assert.ok(!JSON.stringify(c).includes(path) && !('path' in c.recordings[0]));
  const url = `/recordings/${id}/audio`;
  const all = await admin.get(url);
  assert.deepEqual([all.status, sha(all.bytes), all.headers.get('accept-ranges')], [200, sha(big), 'bytes']);
  const range = async (r) => { const x = await admin.get(url, { range: r }); return [x.status, x.bytes.length, x.headers.get('content-range')]; };
  assert.deepEqual(await range('bytes=0-3'), [206, 4, `bytes 0-3/${big.length}`]);
  assert.deepEqual(await range('bytes=-5'), [206, 5, `bytes ${big.length - 5}-${big.length - 1}/${big.length}`]);
  assert.deepEqual(await range(`bytes=${big.length - 70000}-`), [206, 70000, `bytes ${big.length - 70000}-${big.length - 1}/${big.length}`]);
  assert.equal((await range(`bytes=${big.length}-`))[0], 416);
  assert.equal((await range('bytes=0-1,5-6'))[0], 200);
  assert.equal((await range('lines=1-2'))[0], 200);
  assert.equal((await admin.get(url, { 'if-none-match': all.headers.get('etag') })).status, 304);
  const head = await admin.request('HEAD', url);
  assert.deepEqual([head.status, head.headers.get('content-length'), head.bytes.length], [200, String(big.length), 0]);
  assert.match((await admin.get(`${url}?download=1`, { range: 'bytes=0-0' })).headers.get('content-disposition'), /^attachment/);
  const clerk = await env.clerk(admin, 'no-ears', ['calls.read', 'recordings.read']);
  assert.equal((await clerk.get('/recordings')).body.items.length, 1);
  assert.equal((await clerk.get(url)).body.permission, 'recordings.listen');
  assert.equal((await admin.delete(`/calls/${call}`)).status, 405);
});

test('a client that leaves in the middle of a download, and one that reads slowly, disturb nobody', async () => {
  const [[id]] = env.pg.sql('select id from zj.recording limit 1');
  const get = () => request(`${env.url}/api/v1/recordings/${id}/audio`, { headers: { authorization: `Bearer ${admin.token}` } });
  for (let i = 0; i < 20; i++) { const r = get(); r.on('error', () => {}); r.on('response', (res) => { res.once('data', () => r.destroy()); res.on('error', () => {}); }); r.end(); }
  const slowly = get();
  const response = await new Promise((r) => { slowly.on('response', r); slowly.end(); });
  response.pause();
  for (let i = 0; i < 20; i++) {
    const t = performance.now();
    assert.equal((await admin.get('/session')).status, 200);
    assert.ok(performance.now() - t < 1000);
  }
  let n = 0;
  response.on('data', (d) => { n += d.length; });
  response.resume();
  await new Promise((r) => response.on('end', r));
  assert.equal(n, 20 << 20);
});

test('a path in the database that leaves the tenant\'s store is not followed', async () => {
  writeFileSync(join(env.settings.store, 'secret.wav'), 'secret');
  for (const path of ['../secret.wav', 'secret.wav', '/etc/passwd', `${admin.tenant.id}/../secret.wav`, `${uuid}/x.wav`]) {
    const [[call]] = env.pg.sql('select zj.zj_uuid7()');
    const id = facts(admin.tenant.id, call, path, 1);
    assert.equal((await admin.get(`/recordings/${id}/audio`)).status, 404, path);
  }
});

test('a 100 MB upload is refused with 413 and words, and memory stays', async () => {
  const rss = () => Number(readFileSync(`/proc/${env.api.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]);
  const before = rss();
  const body = Buffer.alloc(100 << 20);
  const r = await admin.post('/prompts?name=huge', body, { 'content-type': 'audio/wav' });
  assert.equal(r.status, 413);
  assert.equal(r.headers.get('content-type'), 'application/problem+json');
  assert.equal(r.body.type, 'urn:zongji:problem:too_large');
  assert.match(r.body.detail, /max_body/);
  // without a length said before
  const chunked = await new Promise((resolve, reject) => {
    const q = request(`${env.url}/api/v1/prompts?name=huge`, { method: 'POST', headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'audio/wav', 'transfer-encoding': 'chunked' } });
    q.on('response', (res) => { let t = ''; res.on('data', (d) => { t += d; }); res.on('end', () => resolve({ status: res.statusCode, body: JSON.parse(t) })); });
    q.on('error', reject);
    for (let i = 0; i < 100; i++) q.write(body.subarray(0, 1 << 20));
    q.end();
  });
  assert.equal(chunked.status, 413);
  assert.ok(rss() - before < 80 * 1024 * slow, `${before} → ${rss()} kB`);
  assert.equal((await admin.get('/session')).status, 200);
});

test('the console\'s files: index.html for every page, cache headers, gzip twins, no way out', async () => {
  const web = env.settings.web;
  writeFileSync(join(web, 'assets/app-1a2b.js.gz'), gzipSync('console.log(1)'));
  const get = async (path, headers = {}) => { const r = await fetch(env.url + path, { headers }); return { status: r.status, type: r.headers.get('content-type'), cache: r.headers.get('cache-control'), encoding: r.headers.get('content-encoding'), etag: r.headers.get('etag'), text: await r.text() }; };
  for (const p of ['/', '/login', '/queues/018f/edit']) {
    const r = await get(p);
    assert.deepEqual([r.status, r.type, r.cache], [200, 'text/html; charset=utf-8', 'no-cache'], p);
    assert.match(r.text, /Zongji/);
  }
  const js = await get('/assets/app-1a2b.js', { 'accept-encoding': 'gzip' });
  assert.deepEqual([js.status, js.encoding, js.text, js.type], [200, 'gzip', 'console.log(1)', 'text/javascript; charset=utf-8']);
  assert.match(js.cache, /immutable/);
  const plain = await get('/assets/app-1a2b.js', { 'accept-encoding': 'identity' });
  assert.deepEqual([plain.encoding, plain.text], [null, 'console.log(1)']);
  assert.equal((await get('/assets/app-1a2b.js', { 'accept-encoding': 'identity', 'if-none-match': plain.etag })).status, 304);
  assert.equal((await get('/assets/gone.js')).status, 404);
});

test('a deleted prompt keeps its sound in the recycle bin (the worker sweeps what nobody can bring back)', async () => {
  const dir = join(env.settings.store, admin.tenant.id, 'prompts');
  await until('what was replaced is gone', () => readdirSync(dir).length === 2, 12000);
  const [binned] = (await admin.get('/prompts?deleted=true')).body.items;
  assert.equal((await admin.post(`/prompts/${binned.id}/restore`, {})).status, 200);
  const sound = await admin.get(`/prompts/${binned.id}/audio`);
  assert.deepEqual([sound.status, sha(sound.bytes)], [200, binned.sha256]);
});
