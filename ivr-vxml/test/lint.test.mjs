// `ivr-vxml lint`: faults with line and column; and documents that mean harm, in lint and in the console.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const bin = `${process.env.ZJ_BUILD ?? 'build'}/bin/ivr-vxml`;
let dir;
before(() => (dir = mkdtempSync(join(tmpdir(), 'zj-lint-'))));
after(() => rmSync(dir, { recursive: true, force: true }));

function run(args, input = '', patience = 10000) {
	return new Promise((done) => {
		const child = spawn(bin, args, { stdio: ['pipe', 'pipe', 'pipe'] });
		const timer = setTimeout(() => child.kill('SIGKILL'), patience * Number(process.env.ZJ_SLOW ?? 1));
		let out = '', err = '';
		child.stdout.on('data', (b) => (out += b));
		child.stderr.on('data', (b) => (err += b));
		child.stdin.on('error', () => {});
		child.stdin.end(input);
		child.on('close', (code, signal) => (clearTimeout(timer), done({ code, signal, out, err })));
	});
}
const V = (inner, attrs = '') => `<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"${attrs}>${inner}</vxml>`;

const faults = [
	['not well formed', '<vxml version="2.1">\n<form>\n</vxml>', [3, 3, /mismatched tag/]],
	['nothing', '', [1, 1, /no element/]],
	['text after the end', `${V('<form/>')}x`, [1, 71, /junk/]],
	['attribute without quotes', '<vxml version=2.1/>', [1, 15, /not well formed/]],
	['wrong root', '<html/>', [1, 1, /outermost element must be <vxml>/]],
	['wrong namespace', '<vxml version="2.1" xmlns="urn:x"/>', [1, 1, /xmlns must be/]],
	['no version', '<vxml/>', [1, 1, /needs the attribute version/]],
	['version 3', '<vxml version="3.0"/>', [1, 1, /one of 2.0\|2.1/]],
	['unknown element', V('\n <form>\n  <feild/></form>'), [3, 3, /no element <feild>/]],
	['unknown attribute', V('<form nam="x"/>'), [1, 57, /<form> has no attribute nam/]],
	['misplaced element', V('<form><choice next="#a">x</choice></form>'), [1, 63, /<choice> is not allowed in <form>/]],
	['text where none belongs', V('<form>hello</form>'), [1, 57, /takes no text: hello/]],
	['bad time', V('<form><field name="a" type="digits"><prompt timeout="5">x</prompt></field></form>'), [1, 93, /timeout must be a time/]],
	['bad boolean', V('<form><field name="a" modal="yes" type="digits"/></form>'), [1, 63, /modal must be true or false/]],
	['bad count', V('<form><block/><catch count="0"/></form>'), [1, 71, /count must be/]],
	['two targets', V('<form><block><goto next="#a" nextitem="b"/></block></form>'), [1, 70, /exactly one/]],
	['no target', V('<form><block><goto/></block></form>'), [1, 70, /exactly one/]],
	['dialog twice', V('<form id="a"/><form id="a"/>'), [1, 71, /id a is used twice/]],
	['item twice', V('<form><block name="a"/><field name="a" type="digits"/></form>'), [1, 80, /name a is used twice/]],
	['else, elseif', V('<form><block><if cond="1"><else/><elseif cond="2"/></if></block></form>'), [1, 90, /after <else>/]],
	['dialog that does not exist', V('<form><block><goto next="#nowhere"/></block></form>'), [1, 70, /does not exist: #nowhere/]],
	['item that does not exist', V('<form><block><goto nextitem="x"/></block></form>'), [1, 70, /does not exist: x/]],
	['expression', V('<form><block><if cond="a b"/></block></form>'), [1, 70, /cond does not compile/]],
	['script', V('\n<script>\nvar = 5;</script>'), [2, 1, /does not compile/]],
	['grammar without rule', V('<form><field name="a"><grammar mode="dtmf" root="r" version="1.0"><rule id="x">1</rule></grammar></field></form>'), [1, 79, /no such root/]],
	['rule that is not there', V('<form><field name="a"><grammar mode="dtmf" root="r" version="1.0"><rule id="r"><ruleref uri="#x"/></rule></grammar></field></form>'), [1, 79, /no rule x/]],
	['rules in a circle', V('<form><field name="a"><grammar mode="dtmf" root="r" version="1.0"><rule id="r">1<ruleref uri="#r"/></rule></grammar></field></form>'), [1, 79, /too deep/]],
	['grammar too large', V(`<form><field name="a"><grammar mode="dtmf" root="r" version="1.0"><rule id="r"><item repeat="1000"><item repeat="1000">1</item></item></rule></grammar></field></form>`), [1, 79, /too large/]],
	['built-in', V('<form><field name="a" type="digits?minlength=5;maxlength=2"/></form>'), [1, 63, /maxlength is below minlength/]],
	['entities', '<!DOCTYPE vxml [<!ENTITY a "b">]><vxml version="2.1"/>', [1, 16, /document type/]],
	['billion laughs', `<!DOCTYPE l [<!ENTITY a "ha">${'bcdefghij'.split('').map((c, i) => `<!ENTITY ${c} "${`&${'abcdefghij'[i]};`.repeat(10)}">`).join('')}]><vxml version="2.1"><form><block>&j;</block></form></vxml>`, [1, 13, /document type/]],
	['external entity', '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><vxml version="2.1"><form><block>&x;</block></form></vxml>', [1, 13, /document type/]],
	['too deep', V(`<form><block>${'<if cond="1">'.repeat(100)}${'</if>'.repeat(100)}</block></form>`), [1, /./, /nested too deep/]],
	['too many elements', V(`<form><block>${'<log/>'.repeat(21000)}</block></form>`), [1, /./, /too many elements/]],
	['too large', V(`<form><block>${'x'.repeat(1 << 20)}</block></form>`), [1, 1, /at most 1048576/]],
	['bytes that are no text', V('<form><block>\xff\xfe\x00</block></form>'), [1, /./, /not well formed/]],
];

for (const [name, text, [line, column, message]] of faults) {
	test(`fault: ${name}`, async () => {
		const { code, out, signal } = await run(['lint', '--json', '-'], name.startsWith('bytes') ? Buffer.from(text, 'latin1') : text);
		assert.equal(signal, null);
		assert.equal(code, 1, out);
		const first = JSON.parse(out)[0];
		assert.match(first.message, message);
		assert.equal(first.line, line);
		if (typeof column === 'number') assert.equal(first.column, column, JSON.stringify(first));
	});
}

test('every document of the cases is without fault, in text and as JSON', async () => {
	const cases = new URL('cases/', import.meta.url).pathname;
	for (const name of readdirSync(cases)) {
		const { code, out } = await run(['lint', cases + name]);
		const wanted = ['goto-nextitem.vxml', 'fetches.vxml'].includes(name) ? 1 : 0; // these lead nowhere on purpose
		if (!wanted) assert.equal(`${out}${code}`, '0');
	}
	const { out } = await run(['lint', '--json', '-'], V('<form/>'));
	assert.deepEqual(JSON.parse(out), []);
});

test('all faults are told, with the name of the file', async () => {
	const path = join(dir, 'x.vxml');
	writeFileSync(path, V('<form x="1"/>\n<menu y="2"/>'));
	const { out, code } = await run(['lint', path]);
	assert.equal(code, 1);
	assert.deepEqual(out.trim().split('\n').map((l) => l.split(': ')[0]), [`${path}:1:57`, `${path}:2:1`]);
});

test('a document by its address', async () => {
	const server = createServer((req, res) => (req.url === '/a.vxml' ? res.end(V('<form x="1"/>')) : res.writeHead(404).end()));
	await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
	const base = `http://127.0.0.1:${server.address().port}`;
	const found = await run(['lint', `${base}/a.vxml`]), lost = await run(['lint', `${base}/b.vxml`]);
	server.close();
	assert.equal(found.out, `${base}/a.vxml:1:57: <form> has no attribute x\n`);
	assert.equal(lost.code, 2);
	assert.match(lost.err, /404/);
});

// Scripts that mean harm: the session ends or goes on by its own handlers, in bounded time.
const hostile = {
	'while(true){}': /used up its time/,
	'for(;;){try{while(true){}}catch(e){}}': /used up its time/,
	'/^(a+)+$/.test("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")': /step limit|used up/,
	'new Array(4294967295).join("")': /process ended/,
	'var s="x"; while(true) s += s;': /./,
	'var a=[]; while(true) a.push([1,2,3]);': /./,
	'(function f(){ f(); })()': /callstack|recursion/,
	'var o={}; o.o=o; var bad=o;': null,
	'var deep=[]; for (var i=0;i<500;i++) deep=[deep];': null,
	'Object.defineProperty(Object.prototype, "toJSON", {value: function(){ while(true); }});': /./,
	'JSON.stringify = Array.prototype.push = function(){ return "x" };': null,
	'__zj.s.length = 0;': /./,
	'__zj = 5; eval = null;': /./,
	'throw {toString: function(){ while(true); }}': /./,
	'Duktape.fin({}, function(){ while(true); });': null,
	'new Function("while(true);")()': /used up|./,
	'eval("(".repeat ? "" : new Array(100000).join("("))': /./,
	'Array.prototype.sort.call({length: 4294967295}, function(){ return 0; })': /./,
	'decodeURIComponent(new Array(1e6).join("%41"))': null,
};
for (const [script, message] of Object.entries(hostile)) {
	test(`hostile: ${script.slice(0, 60)}`, async () => {
		const path = join(dir, 'h.vxml');
		writeFileSync(path, V(`<form><catch event="error.semantic"><log>caught</log><exit/></catch><block><script><![CDATA[${script}]]></script></block>
			<block><var name="v" expr="typeof bad == 'undefined' ? typeof deep == 'undefined' ? 1 : deep : bad"/><exit namelist="v"/></block></form>`));
		const begin = process.hrtime.bigint();
		const { out, signal } = await run(['console', path]);
		const ms = Number(process.hrtime.bigint() - begin) / 1e6;
		assert.equal(signal, null, out);
		assert.ok(ms < 7000, `${ms} ms`);
		assert.match(out, /"exit"/, out);
		if (message) assert.match(out, message);
	});
}

test('flat but huge: attributes, keys, values', async () => {
	const path = join(dir, 'big.vxml');
	writeFileSync(path, V(`<form><block><var name="v" expr="(function () { var s = 'x'; while (s.length &lt; 300000) s += s; return s; })()"/><exit namelist="v"/></block><catch event="error.semantic"><log>caught <value expr="_message"/></log><exit/></catch></form>`));
	assert.match((await run(['console', path])).out, /caught the value is too large/);
	writeFileSync(path, V(`<form><block><var name="v" expr="(function () { var s = 'x'; while (s.length &lt; 100000) s += s; return s; })()"/><exit namelist="v"/></block></form>`));
	assert.match((await run(['console', path])).out, /variables were too large/);
	writeFileSync(path, V('<form id="a"><subdialog name="s" src="#a"/></form>'));
	assert.match((await run(['console', path])).out, /nested too deep/);
});
