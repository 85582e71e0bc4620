// Runs every test, prints one line a file, and ends with `N passed, N failed`.
//
//   tests/run                 everything
//   tests/run acd queue       only files whose path contains one of the words
//
// ZJ_BUILD (default build) says which twin is tested; under the sanitised one every patience is trebled (ZJ_SLOW).
// build/covered.txt gets the requirement rows that the passing files cite in lines `covers: ACD-Y12 …`.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '..');
const build = path.resolve(root, process.env.ZJ_BUILD ?? 'build');
const sanitised = path.basename(build) === 'san';
const words = process.argv.slice(2);
const mark = `ZJ_TEST_RUN=${randomUUID()}`;
// Everything temporary of a test is made here, so that it can be found and removed. PostgreSQL's own user must come through.
const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'zj-test-'));
fs.chmodSync(tmp, 0o711);
const env = {
  ...process.env,
  ZJ_BUILD: build,
  ZJ_SLOW: sanitised ? '3' : '1',
  TMPDIR: tmp,
  ZJ_TEST_RUN: mark.split('=')[1],
  ASAN_OPTIONS: 'abort_on_error=1:detect_leaks=0:allocator_may_return_null=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
};

const list = (folder, ending) =>
  fs.existsSync(path.join(root, folder))
    ? fs.readdirSync(path.join(root, folder)).filter((n) => n.endsWith(ending)).sort().map((n) => path.join(folder, n))
    : [];
const parts = ['lib', 'resource', 'zongji', 'mediad', 'acd', 'ivr-vxml', 'api', 'worker', 'kamailio-mods'];

// Most system tests share one instance at the same time; those that kill processes say that they want it for themselves.
const isAlone = (file) => fs.readFileSync(path.join(root, file), 'utf8').includes('exclusive: true');
// Browsers take whole cores: beside them a test that counts packets would count what the machine lost, not what we did.
const isBrowser = (file) => /console\.mjs|playwright/.test(fs.readFileSync(path.join(root, file), 'utf8'));

// How each kind of test file is run, and how its cases are counted.
const kinds = {
  c: {
    seconds: 180,
    command: (file) => [path.join(build, 'test', file.split('/')[0], path.basename(file, '.c'))],
    count: (out) => [(out.match(/^\[ {7}OK \]/gm) ?? []).length, new Set(out.match(/^\[ {2}FAILED {2}\] \S+$/gm) ?? []).size],
  },
  node: {
    seconds: 480,
    command: (file) => [process.execPath, '--test', '--test-reporter=tap', file],
    count: (out) => ['pass', 'fail'].map((w) => Number(out.match(new RegExp(`^# ${w} (\\d+)`, 'm'))?.[1] ?? 0)),
  },
  vitest: {
    seconds: 240,
    cwd: 'web',
    command: () => ['node_modules/.bin/vitest', 'run', '--reporter=json'],
    count: (out) => ['numPassedTests', 'numFailedTests'].map((w) => Number(out.match(new RegExp(`"${w}":\\s*(\\d+)`))?.[1] ?? 0)),
  },
};
const files = [
  ...parts.flatMap((part) => list(`${part}/test`, '.c').filter((f) => path.basename(f).startsWith('test_')).map((file) => ({ file, kind: kinds.c, lane: 'unit' }))),
  ...(fs.existsSync(path.join(root, 'web/node_modules')) && fs.existsSync(path.join(root, 'web/package.json')) ? [{ file: 'web/src', kind: kinds.vitest, lane: 'unit' }] : []),
  ...['schema', ...parts, 'web'].flatMap((part) => list(`${part}/test`, '.test.mjs').map((file) => ({ file, kind: kinds.node, lane: part === 'web' ? 'browser' : 'part' }))),
  ...list('tests/tools', '.test.mjs').map((file) => ({ file, kind: kinds.node, lane: 'part' })),
  ...list('tests/system', '.test.mjs').map((file) => ({ file, kind: kinds.node, lane: isAlone(file) ? 'alone' : isBrowser(file) ? 'browser' : 'system' })),
].filter(({ file }) => words.length === 0 || words.some((w) => file.includes(w)));

// What a test started, however deep: processes with this run's mark in their environment (PostgreSQL overwrites its own:
// those that work in the temporary folder).
function marked() {
  const found = [];
  for (const pid of fs.readdirSync('/proc').filter((n) => /^\d+$/.test(n) && Number(n) !== process.pid)) {
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
      if (fs.readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark) || line.includes(tmp)) found.push({ pid: Number(pid), line });
    } catch { /* it ended meanwhile */ }
  }
  return found.filter((p) => p.line);
}

function run({ file, kind }) {
  const [program, ...args] = kind.command(file);
  const patience = kind.seconds * Number(env.ZJ_SLOW) * 1000;
  const started = Date.now();
  return new Promise((resolve) => {
    let out = '', late = false;
    const child = spawn(program, args, { cwd: path.join(root, kind.cwd ?? '.'), env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const timer = setTimeout(() => { late = true; try { process.kill(-child.pid, 'SIGKILL'); } catch { /* gone */ } }, patience);
    const finish = (code) => {
      clearTimeout(timer);
      let [passed, failed] = kind.count(out);
      if (late) out += `\nkilled: not done after ${patience / 1000} s\n`;
      if ((code !== 0 || late) && failed === 0) failed = 1;
      resolve({ file, passed, failed, out, ms: Date.now() - started });
    };
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { out += d; });
    child.on('error', (e) => { out += `${e.message}\n`; finish(1); });
    child.on('close', (code) => finish(code ?? 1));
  });
}

// What went wrong, before anything else: the failed cases of a TAP report with their reasons; of every other output, its end.
function complaint(out) {
  const cases = [...out.matchAll(/^ *not ok [^]*?^ *\.\.\.$/gm)].map((m) => m[0].split('\n').slice(0, 40));
  const beside = out.split('\n').filter((l) => /^# \w*Error/.test(l)).slice(0, 5); // what failed when no case ran
  return cases.length ? [...cases.flat(), ...beside].slice(0, 200).map((l) => l.slice(0, 2000)) : out.split('\n').slice(-200);
}

const covered = new Set();
let passed = 0, failed = 0;
function report(r) {
  passed += r.passed;
  failed += r.failed;
  console.log(`${r.failed ? 'FAIL' : 'ok  '} ${r.file}  ${r.passed} passed${r.failed ? `, ${r.failed} failed` : ''}  ${(r.ms / 1000).toFixed(1)} s`);
  if (r.failed) {
    console.log(complaint(r.out).map((l) => `     ${l}`).join('\n'));
    return;
  }
  const place = path.join(root, r.file);
  if (!fs.statSync(place).isFile()) return;
  for (const line of fs.readFileSync(place, 'utf8').matchAll(/covers:(.*)/g)) {
    for (const id of line[1].matchAll(/\b[A-Z]{2,3}-[KYRLV]\d+\b/g)) covered.add(id[0]);
  }
}

async function lane(name, workers) {
  const queue = files.filter((f) => f.lane === name);
  await Promise.all(Array.from({ length: workers }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) report(await run(next));
  }));
}

// Whatever happens to the runner, nothing that it started stays.
const clear = () => {
  for (const { pid } of marked()) try { process.kill(pid, 'SIGKILL'); } catch { /* gone */ }
  fs.rmSync(tmp, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { clear(); process.exit(130); });

await lane('unit', 2);
await lane('part', 3);
await lane('system', 3);
await lane('browser', 2);
await lane('alone', 1);
if (fs.existsSync(path.join(root, 'tests/system/down.mjs')) && files.some((f) => f.file.startsWith('tests/system/'))) {
  await run({ file: 'tests/system/down.mjs', kind: { ...kinds.node, seconds: 30, command: (f) => [process.execPath, f] } });
}
const left = marked();
if (left.length) {
  failed++;
  console.log(`FAIL processes left behind by a test:\n${left.map((p) => `     ${p.pid} ${p.line.slice(0, 160)}`).join('\n')}`);
}
clear();
fs.mkdirSync(path.join(root, 'build'), { recursive: true });
if (words.length === 0) fs.writeFileSync(path.join(root, 'build/covered.txt'), [...covered].sort().map((id) => `${id}\n`).join(''));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || passed === 0 ? 1 : 0);
