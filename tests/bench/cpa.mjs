// How right call progress is: calls that are made (tests/tools/callset.mjs) are listened to by `mediad --progress`; the table of what
// they were by what they were taken for, the beeps, and how long the answer's verdict took. `tests/bench/run cpa [held_out|tuning] [n of each]`;
// `--wrong` tells the calls that were taken for something else. Then what it costs: calls that are listened to, CPU by thread, beside the same
// calls not listened to (cpa.aside_ms_per_s, cpa.media_ms_per_s: for each second of one call).
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Rig, uuid } from '../../mediad/test/rig.mjs';
import { AFTER, BEFORE, calls, verdict } from '../tools/callset.mjs';
import { speak } from '../tools/callsound.mjs';
import { threads } from '../tools/cpu.mjs';
import { BUILD } from '../tools/instance.mjs';
import { writeWav } from '../tools/wav.mjs';

const part = process.argv[2] ?? 'held_out';
const n = Number(process.argv[3] ?? 60);
const wrong = process.argv.includes('--wrong');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'zj-cpa-'));
const table = new Map();
const times = [];
const beeps = { all: 0, heard: 0, wrong: 0, silent: 0, late: [] };
const certain = new Map();

function judge(call, events) {
	const { got, first, beep } = verdict(events, call.answered);
	table.set(`${call.want}>${got}`, (table.get(`${call.want}>${got}`) ?? 0) + 1);
	if (call.want === 'human' || call.want === 'machine') {
		times.push({ want: call.want, ms: first?.ms ?? 99999 });
		const key = `${got} ${first?.cause} ${first?.confidence}`;
		const c = certain.get(key) ?? [0, 0];
		certain.set(key, [c[0] + (got === call.want), c[1] + 1]);
	}
	if (call.want === 'machine' && call.beepEnd) {
		beeps.all++;
		const late = beep ? beep.ms - call.beepEnd : null;
		if (late === null) beeps.silent++;
		else if (late < 0 || late > 600) beeps.wrong++;
		else { beeps.heard++; beeps.late.push(late); }
	} else if (beep)
		beeps.wrong++;
	if (wrong && got !== call.want)
		console.log(`${call.want} ${call.k}: ${call.text ?? ''} → ${JSON.stringify(events)}`);
	if (wrong && call.beepEnd && !(beep && beep.ms >= call.beepEnd && beep.ms - call.beepEnd <= 600))
		console.log(`beep of ${call.k} ended at ${call.beepEnd}: ${JSON.stringify(events)}`);
}

for await (const call of calls(part, n)) {
	const file = path.join(dir, 'call.wav');
	fs.writeFileSync(file, writeWav(call.pcm));
	const out = execFileSync(path.join(BUILD, 'bin/mediad'), ['--progress', file, String(call.answered ?? 600_000)], { encoding: 'utf8' });
	judge(call, out.split('\n').filter(Boolean).map((l) => JSON.parse(l)));
	if (process.env.ZJ_KEEP_WAV)
		fs.copyFileSync(file, path.join(process.env.ZJ_KEEP_WAV, `${call.want}-${call.k}.wav`));
}
fs.rmSync(dir, { recursive: true });

const kinds = [...AFTER, ...BEFORE];
const seen = [...kinds, 'unsure', 'nothing'].filter((g) => kinds.some((w) => table.has(`${w}>${g}`)));
console.log(`| ${part} | ${seen.join(' | ')} |\n|---|${seen.map(() => '---').join('|')}|`);
for (const w of kinds)
	console.log(`| ${w} | ${seen.map((g) => table.get(`${w}>${g}`) ?? '').join(' | ')} |`);
const quantile = (list, q) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))];
function figure(metric, value, unit) {
	const row = { bench: 'mediad', metric: `cpa.${part}.${metric}`, value: Math.round(value * 1000) / 1000, unit };
	fs.appendFileSync(path.join(BUILD, 'bench.jsonl'), `${JSON.stringify(row)}\n`);
	console.log(`mediad       ${row.metric.padEnd(38)} ${String(row.value).padStart(10)} ${unit}`);
}
for (const [name, list] of [['answered', AFTER], ['early', BEFORE]])
	figure(`right.${name}`, list.reduce((s, w) => s + (table.get(`${w}>${w}`) ?? 0), 0) / (list.length * n), 'share');
for (const want of ['human', 'machine'])
	for (const q of [0.5, 0.95])
		figure(`ms.${want}.p${q * 100}`, quantile(times.filter((t) => t.want === want).map((t) => t.ms), q), 'ms after the answer');
figure('beep.heard', beeps.heard / beeps.all, `of ${beeps.all}`);
figure('beep.wrong', beeps.wrong, 'beeps');
figure('beep.late.p95', quantile(beeps.late, 0.95) ?? 0, 'ms after its end');
for (const [key, [right, all]] of [...certain].sort())
	console.log(`  ${key.padEnd(40)} ${right} of ${all}`);

const LEGS = 20, SECONDS = 8;
const rig = await Rig.start();
const owner = await rig.controller();
const greeting = await speak('您好,您拨打的用户暂时无法接听,请在滴声后留言。', { speed: 220 });
const legs = await Promise.all(Array.from({ length: LEGS }, async () => {
	const callId = uuid();
	const phone = await rig.phone('1001');
	const call = await phone.call('4001', { headers: rig.headers(callId) });
	const { leg } = await owner.next('leg.incoming', (e) => e.call === callId);
	await owner.do('leg.answer', { leg });
	await call.answered;
	let at = 0;
	call.rtp.source = () => greeting.subarray(at = (at + 160) % (greeting.length - 160), at + 160); // for ever
	return { phone, leg };
}));
async function cost() {
	const before = threads(rig.process.pid), began = Date.now();
	await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
	const after = threads(rig.process.pid), seconds = (LEGS * (Date.now() - began)) / 1000;
	return (name) => (after[name] - before[name]) / seconds;
}
const alone = await cost();
await Promise.all(legs.map(({ leg }) => owner.do('leg.detect', { leg, detect: uuid(), greeting_ms: 15000, max_ms: 60000, beep_ms: 180_000 })));
const listened = await cost();
figure('aside_ms_per_s', listened('aside') - alone('aside'), 'ms');
figure('media_ms_per_s', listened('media0') - alone('media0'), `ms (${Math.round(alone('media0') * 1000) / 1000} without)`);
await Promise.all(legs.map(({ phone }) => phone.close()));
owner.vanish();
await rig.stop();
