// The daemon on legs: a stand-in for mediad over the real protocol, flows from the files that the daemon keeps (PostgreSQL is
// away all the time), real script processes.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Mediad, tenant } from './mediad.mjs';

const bin = `${process.env.ZJ_BUILD ?? 'build'}/bin/ivr-vxml`;
const port = Number(process.env.ZJ_PORT_BASE ?? 10000) + 6500 + (process.pid % 400);
let dir, mediad, daemon, flows = 0, log = '', web;

const uuid = (n) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
function row(table, row) {
	const id = row.id ?? uuid(1000 + flows++);
	writeFileSync(join(dir, `cache/flows/${table}.${tenant}.${id}.json`), JSON.stringify({ table, row: { tenant_id: tenant, ...row, id } }));
	return id;
}
const flow = (name, document, more) => row('flow', { name, document, version: 3, enabled: true, ...more });
const vxml = (inner) => `<vxml version="2.1" xml:lang="en">${inner}</vxml>`;
const ids = {};

async function start(env = {}) {
	daemon = spawn(bin, ['--config', join(dir, 'ivr.conf')], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
	daemon.stderr.on('data', (b) => (log += b));
	daemon.stdout.on('data', (b) => (log += b));
	daemon.done = new Promise((ok) => daemon.on('exit', (code, signal) => ok({ code, signal })));
	await mediad.until(() => mediad.socket);
}
function metric(text, name) {
	return Number(new RegExp(`^zj_ivr_${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
}
const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
function children(pid) {
	const r = spawnSync('pgrep', ['-P', String(pid)]).stdout.toString().trim();
	return r ? r.split('\n').map(Number) : [];
}
const server = () => children(daemon.pid)[0];
/** Script processes that run a session: children of the script server, oldest first. */
function boxes() {
	return children(server());
}

/** A sound that its server wants asked about each time. */
const tag = { asked: [], broken: false, sound: 'RIFFoneWAVE' };
function tagged(req, res) {
	tag.asked.push(req.headers['if-none-match'] ?? '');
	const etag = `"${tag.sound}"`;
	if (tag.broken) return res.writeHead(503).end();
	if (req.headers['if-none-match'] === etag) return res.writeHead(304, { etag, 'cache-control': 'max-age=0' }).end();
	return res.writeHead(200, { etag, 'cache-control': 'max-age=0' }).end(tag.sound);
}

before(async () => {
	dir = mkdtempSync(join(tmpdir(), 'zj-ivr-'));
	mkdirSync(join(dir, 'cache/flows'), { recursive: true });
	mkdirSync(join(dir, 'store'));
	web = createServer((req, res) => (req.url === '/ok.vxml' ? res.end(vxml('<form><block>fetched</block></form>')) : req.url === '/a.wav' ? res.end('RIFFxxxxWAVE') : req.url === '/tagged.wav' ? tagged(req, res) : res.writeHead(302, { location: '/ok.vxml' }).end()));
	await new Promise((ok) => web.listen(0, '127.0.0.1', ok));
	const home = `http://127.0.0.1:${web.address().port}`;
	row('tenant', { id: tenant, language: 'en' });
	row('queue', { number: '4001', enabled: true });
	row('prompt', { name: 'welcome', language: 'en', path: `${tenant}/prompts/w.wav` });
	ids.menu = flow('menu', vxml(`<menu dtmf="true"><prompt>Hello <audio src="prompt:welcome"/> sales or news?</prompt><choice next="#sales">sales</choice><choice next="#news">news</choice>
		<noinput>Are you there?<reprompt/></noinput></menu><form id="sales"><transfer name="t" dest="queue:4001"/></form>
		<form id="news"><block><var name="vip" expr="session.variables.vip"/><var name="from" expr="session.connection.remote.uri"/>No news.<exit namelist="vip from"/></block></form>`));
	ids.wait = flow('wait', vxml('<form><property name="timeout" value="120s"/><field name="f" type="digits"><prompt>Wait</prompt><filled><exit namelist="f"/></filled></field></form>'));
	ids.hang = flow('hang', vxml('<form><field name="f" type="digits?length=1"><property name="timeout" value="60s"/><filled><script>new Array(4294967295).join("")</script></filled></field></form>'));
	ids.loop = flow('loop', vxml('<form><catch event="error.semantic">caught</catch><block><script>while(true){}</script></block></form>'));
	ids.record = flow('record', vxml('<form><record name="r" maxtime="20s" beep="true" dtmfterm="true"><prompt>Speak</prompt><filled><prompt><audio expr="r"/><audio expr="\'record:other/secret.wav\'">refused</audio></prompt><exit namelist="r"/></filled></record></form>'));
	ids.bye = flow('bye', vxml('<var name="n" expr="1"/><catch event="connection.disconnect.hangup"><assign name="n" expr="n+1"/><exit namelist="n"/></catch><form><field name="f" type="digits"><prompt>Q</prompt></field></form>'));
	ids.bad = flow('bad', '<vxml version="2.1"><form>\n<nonsense/></form></vxml>');
	ids.off = flow('off', vxml('<form/>'), { enabled: false });
	ids.sub = flow('sub', vxml('<form><block>first <goto next="flow:menu"/></block></form>'));
	ids.tagged = flow('tagged', vxml(`<form><block><audio src="${home}/tagged.wav">none</audio></block></form>`));
	ids.fetch = flow('fetch', vxml(`<form><catch event="error.badfetch"><log>refused <value expr="_message"/></log><exit/></catch><block><audio src="${home}/a.wav">none</audio><goto next="${home}/ok.vxml"/></block></form>`));
	writeFileSync(join(dir, 'ivr.conf'), `mediad = ${dir}/mediad.sock\npostgres = host=${dir}/none user=x dbname=x\nstore = ${dir}/store\ncache = ${dir}/cache\nhealth_port = ${port}\nboxes_ready = 2\nsession_max_s = 30\n`);
	mediad = await Mediad.start(join(dir, 'mediad.sock'));
	await start();
});
after(async () => {
	daemon.kill('SIGTERM');
	assert.deepEqual(await daemon.done, { code: 0, signal: null }, log.slice(-2000));
	await mediad.stop();
	web.close();
	if (process.env.ZJ_KEEP) console.error(dir, log);
	else rmSync(dir, { recursive: true, force: true });
});

test('a menu on a leg: answered, played, a key, given back with the queue, the path and the version', async () => {
	const leg = mediad.hand(ids.menu);
	await mediad.command(leg, 'leg.answer');
	const play = await mediad.command(leg, 'leg.play');
	assert.equal(play.barge, true);
	assert.deepEqual(play.items, [{ tts: 'Hello', lang: 'en' }, { file: `${dir}/store/${tenant}/prompts/w.wav` }, { tts: 'sales or news?', lang: 'en' }]);
	mediad.keys(leg, '1');
	const back = await mediad.back(leg);
	assert.equal(back.how, 'transfer');
	assert.equal(back.dest, 'queue:4001');
	assert.equal(back.flow_version, 3);
	assert.deepEqual(back.path.map((p) => [p.node, p.input]), [['menu#', '1'], ['form#sales/t', 'queue:4001']]);
	assert.match(back.path[0].at, /^\d{4}-\d\d-\d\dT.*Z$/);
});

test('no key: the timer, then the prompt again; variables and the caller are known to the flow', async () => {
	const leg = mediad.hand(ids.menu);
	await mediad.command(leg, 'leg.play', (p) => p.items.some((i) => i.tts?.startsWith('Are you there?')));
	mediad.keys(leg, '2');
	const back = await mediad.back(leg);
	assert.equal(back.how, 'exit');
	assert.deepEqual(back.variables, { vip: 3, from: 'tel:13800000000' });
	assert.ok(mediad.words(leg).includes('No news.'));
});

test('a key during a prompt stops it and counts', async () => {
	mediad.hold = true;
	const leg = mediad.hand(ids.menu);
	await mediad.command(leg, 'leg.play');
	mediad.keys(leg, '1');
	assert.equal((await mediad.back(leg)).how, 'transfer');
	mediad.hold = false;
});

test('kill -9 of one script process: exactly its session gets error.semantic, the others go on, new ones are served', async () => {
	const legs = [];
	for (let i = 0; i < 4; i++) {
		legs.push(mediad.hand(ids.wait));
		await mediad.command(legs[i], 'leg.play');
	}
	// a process that serves a session has touched more memory than one that waits
	const faults = (pid) => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[7]);
	const busy = boxes().sort((a, b) => faults(b) - faults(a))[0];
	process.kill(busy, 'SIGKILL');
	await mediad.until(() => !boxes().includes(busy));
	for (const leg of legs) mediad.keys(leg, '12#');
	const backs = await Promise.all(legs.map((l) => mediad.back(l)));
	const failed = backs.filter((b) => b.how === 'error');
	assert.equal(failed.length, 1, JSON.stringify(backs));
	assert.equal(failed[0].error.event, 'error.semantic');
	assert.match(failed[0].error.message, /process/);
	for (const b of backs.filter((x) => x !== failed[0])) assert.deepEqual(b.variables, { f: '12' });
	const next = mediad.hand(ids.wait);
	await mediad.command(next, 'leg.play');
	mediad.keys(next, '7#');
	assert.equal((await mediad.back(next)).how, 'exit');
});

test('a script that hangs in a built-in is ended by the kernel; while(true) is an event that the flow handles', async () => {
	const victim = mediad.hand(ids.wait);
	await mediad.command(victim, 'leg.play');
	const [hang, loop] = [mediad.hand(ids.hang), mediad.hand(ids.loop)];
	await mediad.command(hang, 'leg.answer');
	mediad.keys(hang, '1');
	mediad.keys(victim, '5#');
	assert.deepEqual((await mediad.back(victim)).variables, { f: '5' });
	const back = await mediad.back(hang);
	assert.deepEqual([back.how, back.error.event], ['error', 'error.semantic']);
	assert.equal((await mediad.back(loop)).how, 'exit');
	assert.ok(mediad.words(loop).includes('caught'));
	assert.ok(metric(await metrics(), 'script_kills_total') >= 1);
});

test('the script server killed: a new one serves the next sessions', async () => {
	const pid = server();
	const running = mediad.hand(ids.wait);
	await mediad.command(running, 'leg.play');
	process.kill(pid, 'SIGKILL');
	mediad.keys(running, '4#');
	assert.deepEqual((await mediad.back(running)).variables, { f: '4' });
	await mediad.until(() => /starting another/.test(log));
	await mediad.until(() => server() && server() !== pid);
	const legs = Array.from({ length: 4 }, () => mediad.hand(ids.menu)); // more than were forked before
	for (const leg of legs) {
		await mediad.command(leg, 'leg.play');
		mediad.keys(leg, '1');
		assert.equal((await mediad.back(leg)).how, 'transfer');
	}
	assert.ok(boxes().length >= 1);
});

test('record: path below the tenant, played back, another path refused', async () => {
	const leg = mediad.hand(ids.record);
	const p = await mediad.command(leg, 'leg.record');
	assert.match(p.path, new RegExp(`^${tenant}/ivr/.*\\.wav$`));
	assert.equal(p.max_ms, 20000);
	assert.equal(p.beep, true);
	mediad.event('leg.recorded', leg, { record: p.record, path: p.path, bytes: 16044, ms: 1000, sha256: 'x', from_at: 1, reason: 'term', term: '#' });
	const back = await mediad.back(leg);
	assert.deepEqual(back.variables, { r: `record:${p.path}` });
	const last = mediad.commands.filter((c) => c.method === 'leg.play' && c.params.leg === leg).at(-1).params.items;
	assert.deepEqual(last, [{ file: `${dir}/store/${p.path}` }, { tts: 'refused', lang: 'en' }]);
});

test('hang-up: the handlers run, then the leg is given back as hangup', async () => {
	const leg = mediad.hand(ids.bye);
	await mediad.command(leg, 'leg.play');
	mediad.hungup(leg);
	const back = await mediad.back(leg);
	assert.equal(back.how, 'hangup');
	assert.deepEqual(back.variables, { n: 2 });
});

test('faults of a flow, a disabled one, an unknown one come back as error without an answer', async () => {
	const bad = mediad.hand(ids.bad), off = mediad.hand(ids.off), none = mediad.hand(uuid(999));
	const b = await mediad.back(bad);
	assert.deepEqual([b.how, b.error.event, b.error.line], ['error', 'error.badfetch', 2]);
	assert.match(b.error.message, /nonsense/);
	assert.equal((await mediad.back(off)).how, 'error');
	assert.equal((await mediad.back(none)).how, 'error');
	assert.ok(!mediad.commands.some((c) => c.method === 'leg.answer' && [bad, off, none].includes(c.params.leg)));
});

test('a flow leads to another flow of the tenant by name', async () => {
	const leg = mediad.hand(ids.sub);
	await mediad.command(leg, 'leg.play', (p) => p.items[0].tts === 'first Hello' || p.items.some((i) => i.tts === 'first'));
	mediad.keys(leg, '1');
	assert.equal((await mediad.back(leg)).dest, 'queue:4001');
});

test('private addresses are refused, for documents and for audio', async () => {
	const leg = mediad.hand(ids.fetch);
	assert.equal((await mediad.back(leg)).how, 'exit');
	assert.match(log, /refused.*private/);
});

test('no owner at the end: the leg is given back again and again', async () => {
	mediad.refuse['leg.handover'] = 2;
	const leg = mediad.hand(ids.menu);
	await mediad.command(leg, 'leg.play');
	mediad.keys(leg, '1');
	await mediad.until(() => mediad.commands.filter((c) => c.method === 'leg.handover' && c.params.leg === leg).length === 3);
	assert.ok(!mediad.legs.has(leg));
});

test('mediad comes back as another instance: old legs are dropped, new ones served; events are acknowledged', async () => {
	const old = mediad.hand(ids.wait);
	await mediad.command(old, 'leg.play');
	mediad.socket.destroy();
	mediad.socket = null;
	mediad.instance = 'another';
	mediad.seq = 0;
	mediad.kept = [];
	await mediad.until(() => mediad.socket);
	const leg = mediad.hand(ids.menu);
	await mediad.command(leg, 'leg.play');
	mediad.keys(leg, '1');
	assert.equal((await mediad.back(leg)).how, 'transfer');
	await mediad.until(() => mediad.kept.length === 0);
	const m = await metrics();
	assert.equal(metric(m, 'sessions'), 0);
	assert.ok(metric(m, 'turns_total') > 5);
});

test('a script process has no file but its socket, no privileges, and a filter', () => {
	const pid = boxes()[0];
	if (process.getuid() === 0) {
		const fds = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
		assert.equal(fds.length, 1);
		assert.match(fds[0], /^socket:/);
	} else {
		assert.throws(() => readdirSync(`/proc/${pid}/fd`), { code: 'EACCES' }); // not even its own user may look into it
	}
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	assert.match(status, /^Seccomp:\s*2$/m);
	assert.match(status, /^NoNewPrivs:\s*1$/m);
	if (process.getuid() === 0) assert.match(status, /^Uid:\s*65534\s+65534\s+65534\s+65534$/m);
});

test('SIGTERM ends it; started anew it runs flows from its files; the operator may allow private addresses', async () => {
	daemon.kill('SIGTERM');
	assert.deepEqual(await daemon.done, { code: 0, signal: null });
	await mediad.until(() => !mediad.socket);
	await start({ ZJ_IVR_VXML_ALLOW_PRIVATE: 'yes' });
	const legs = [mediad.hand(ids.fetch), mediad.hand(ids.fetch)];
	for (const leg of legs) {
		assert.equal((await mediad.back(leg)).how, 'exit');
		const [file, words] = mediad.words(leg);
		assert.match(file, new RegExp(`^${dir}/cache/audio/[0-9a-f]{32}\\.wav$`));
		assert.equal(readFileSync(file, 'utf8'), 'RIFFxxxxWAVE');
		assert.equal(words, 'fetched');
	}
});

test('a fetched sound is asked about by its tag when its time is over; the old one is played while the server is away', async () => {
	const heard = async () => {
		const leg = mediad.hand(ids.tagged);
		assert.equal((await mediad.back(leg)).how, 'exit');
		return readFileSync(mediad.words(leg)[0], 'utf8');
	};
	assert.equal(await heard(), 'RIFFoneWAVE');
	assert.equal(await heard(), 'RIFFoneWAVE');
	assert.deepEqual(tag.asked, ['', '"RIFFoneWAVE"'], 'the second time it is asked whether it is good still');
	tag.broken = true;
	assert.equal(await heard(), 'RIFFoneWAVE');
	tag.broken = false;
	tag.sound = 'RIFFtwoWAVE';
	assert.equal(await heard(), 'RIFFtwoWAVE');
});
