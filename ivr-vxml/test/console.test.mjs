// The interpreter by its console: every document in cases/ says in its first comment what the caller does and what must
// come out. A line of `expect` is a JSON object of which every given property must be equal ("~…": contains); lines that are
// not expected may not appear, except {"listening"} and the path and items that nobody asked about.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

const bin = `${process.env.ZJ_BUILD ?? 'build'}/bin/ivr-vxml`;
if (/san/.test(bin)) process.env.ASAN_OPTIONS ??= 'detect_leaks=1';
const dir = new URL('cases/', import.meta.url).pathname;
let server, base;

export function run(args, input = '', patience = 20000) {
	return new Promise((done) => {
		const child = spawn(bin, args, { stdio: ['pipe', 'pipe', 'pipe'] });
		const timer = setTimeout(() => child.kill('SIGKILL'), patience);
		let out = '', err = '';
		child.stdout.on('data', (b) => (out += b));
		child.stderr.on('data', (b) => (err += b));
		child.stdin.on('error', () => {});
		child.stdin.end(input);
		child.on('close', (code, signal) => {
			clearTimeout(timer);
			done({ code, signal, out, err });
		});
	});
}

function fits(actual, expected) {
	if (typeof expected === 'string' && expected.startsWith('~')) return String(actual).includes(expected.slice(1));
	if (Array.isArray(expected)) return Array.isArray(actual) && actual.length === expected.length && expected.every((e, i) => fits(actual[i], e));
	if (expected && typeof expected === 'object') return actual && typeof actual === 'object' && Object.entries(expected).every(([k, v]) => fits(actual[k], v));
	return actual === expected;
}

function parse(name) {
	const comment = /<!--([\s\S]*?)-->/.exec(readFileSync(dir + name, 'utf8'))[1];
	const [about, rest] = comment.split(/^input:$/m);
	const [input, expect] = rest.split(/^expect:$/m);
	return { about: about.trim(), input: input.trim() ? `${input.trim()}\n` : '', expect: expect.trim().split('\n').filter(Boolean).map((l) => JSON.parse(l)) };
}

const pages = {
	'/root.vxml': ['<vxml version="2.1"><var name="shared" expr="\'from the root\'"/><catch event="com.example.oops">root caught <value expr="shared"/></catch></vxml>'],
	'/sub.vxml': ['<vxml version="2.1"><form><var name="a"/><block><return namelist="a"/></block></form></vxml>'],
	'/keys.grxml': ['<grammar version="1.0" mode="dtmf" root="r"><rule id="r"><item repeat="2">7</item></rule></grammar>'],
	'/hello.wav': ['RIFF'],
	'/lib.js': ['function lib(x) { return "lib " + x; }'],
};

before(async () => {
	server = createServer((req, res) => {
		let body = '';
		req.on('data', (b) => (body += b));
		req.on('end', () => {
			const url = new URL(req.url, base);
			if (url.pathname === '/echo.vxml')
				res.end(`<vxml version="2.1"><form><block><log>${req.method} ${(url.search.slice(1) || body).replaceAll('&', '&amp;')}</log></block></form></vxml>`);
			else if (url.pathname === '/away') res.writeHead(302, { location: '/echo.vxml?moved=1' }).end();
			else if (pages[url.pathname]) res.end(pages[url.pathname][0]);
			else res.writeHead(url.pathname === '/broken' ? 500 : 404).end();
		});
	});
	await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
	base = `http://127.0.0.1:${server.address().port}`;
	for (const name of readdirSync(dir)) pages[`/${name}`] = [readFileSync(dir + name, 'utf8')];
});
after(() => server.close());

for (const name of readdirSync(dir).filter((n) => n.endsWith('.vxml')).sort()) {
	const { about, input, expect } = parse(name);
	test(`${name}: ${about.replaceAll(/\s+/g, ' ')}`, async () => {
		const { out, signal, err } = await run(['console', `${base}/${name}`], input);
		assert.equal(err.replace(/^.*ASan doesn't fully support makecontext.*\n/m, ''), '');
		const lines = out.split('\n').filter(Boolean).map((l) => JSON.parse(l)).filter((l) => !l.listening);
		assert.equal(signal, null, 'it does not end by itself');
		lines.forEach((line, i) => assert.ok(expect[i] && fits(line, expect[i]), `line ${i + 1}: ${JSON.stringify(line)}\nexpected ${JSON.stringify(expect[i])}\nall:\n${out}`));
		assert.equal(lines.length, expect.length, `more was expected: ${JSON.stringify(expect[lines.length])}\n${out}`);
	});
}
