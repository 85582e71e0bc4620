// What a fax costs: some at once, received with a real machine at each far end; CPU by thread. One JSON line a figure, as the other benches.
// fax.aside_ms_per_s: the fax thread's milliseconds of CPU for each second of one fax; fax.media_ms_per_s: the media thread's.
import fs from 'node:fs';
import path from 'node:path';
import { Rig, tenant, uuid } from '../../mediad/test/rig.mjs';
import { threads } from '../tools/cpu.mjs';
import { faxOn, makePages } from '../tools/fax.mjs';
import { BUILD } from '../tools/instance.mjs';

const N = Number(process.argv[2] ?? 6);
const rig = await Rig.start();
const owner = await rig.controller();
await makePages(path.join(rig.store, 'a.tif'), 1, { seed: 2 });

const calls = await Promise.all(Array.from({ length: N }, async () => {
	const callId = uuid();
	const phone = await rig.phone('1001');
	const call = await phone.call('4001', { headers: rig.headers(callId) });
	const { leg } = await owner.next('leg.incoming', (e) => e.call === callId);
	await owner.do('leg.answer', { leg });
	await call.answered;
	return { phone, call, leg };
}));
const before = threads(rig.process.pid);
const ends = await Promise.all(calls.map(async ({ call, leg }) => {
	const fax = uuid();
	const machine = faxOn(call, 'send', path.join(rig.store, 'a.tif'));
	await owner.next('leg.answered', (e) => e.leg === leg).catch(() => {});
	await owner.do('leg.fax', { leg, fax, do: 'receive', path: `${tenant}/fax/${fax}.tif` });
	const end = await owner.next('leg.faxed', (e) => e.fax === fax, 150_000);
	machine.close();
	return end;
}));
const seconds = ends.reduce((sum, e) => sum + e.ms / 1000, 0);
const after = threads(rig.process.pid);
const of = (name) => (after[name] - before[name]) / seconds;
function figure(metric, value, unit) {
	const line = { bench: 'mediad', metric, value: Math.round(value * 1000) / 1000, unit };
	fs.appendFileSync(path.join(BUILD, 'bench.jsonl'), `${JSON.stringify(line)}\n`);
	console.log(`mediad       ${metric.padEnd(34)} ${String(line.value).padStart(10)} ${unit}`);
}
figure('fax.aside_ms_per_s', of('aside'), 'ms');
figure('fax.media_ms_per_s', of('media0'), 'ms');
figure('fax.done', ends.filter((e) => e.reason === 'done').length, `of ${N}`);
await Promise.all(calls.map(({ phone }) => phone.close()));
owner.vanish();
await rig.stop();
