// Sounds that were fetched (below the cache) are a stranger's: decoded in a child in a box, once, at the loudness of prompts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sine } from '../../tests/tools/audio.mjs';
import { writeWav } from '../../tests/tools/wav.mjs';
import { Rig, uuid } from './rig.mjs';

let rig, owner, phone, leg, call;
before(async () => {
	rig = await Rig.start();
	owner = await rig.controller();
	phone = await rig.phone('1001');
	const id = uuid();
	call = await phone.call('4001', { headers: rig.headers(id) });
	({ leg } = await owner.next('leg.incoming', (e) => e.call === id));
	await owner.do('leg.answer', { leg });
	await call.answered;
});
after(async () => {
	await phone?.close();
	owner?.vanish();
	assert.equal(await rig.stop(), 0);
});

const fetched = (name, bytes) => {
	const dir = path.join(rig.dir, 'cache/audio');
	fs.mkdirSync(dir, { recursive: true });
	fs.writeFileSync(path.join(dir, name), bytes);
	return path.join(dir, name);
};
const boxed = () => fs.readdirSync(path.join(rig.dir, 'cache/boxed'));
async function play(file) {
	const id = uuid();
	await owner.do('leg.play', { leg, play: id, items: [{ file }] });
	return owner.next('leg.played', (e) => e.play === id, 15_000);
}

test('a compressed file of the web sounds, decoded by a child once', async () => {
	const wav = path.join(rig.dir, 'in.wav'), ogg = path.join(rig.dir, 'in.ogg');
	fs.writeFileSync(wav, writeWav(sine(620, 900)));
	execFileSync('sndfile-convert', ['-vorbis', wav, ogg], { stdio: 'pipe' });
	const file = fetched('one.wav', fs.readFileSync(ogg)); // the cache calls everything so
	const heard = call.rtp.hears(620);
	const played = await play(file);
	await heard;
	assert.deepEqual(played.errors, []);
	assert.equal(boxed().length, 1);
	await play(file);
	assert.equal(boxed().length, 1);
});

test('what is no sound is refused by the child, and mediad goes on', async () => {
	const played = await play(fetched('two.wav', Buffer.alloc(5000, 'RIFFnonsense')));
	assert.equal(played.errors.length, 1);
	assert.match(JSON.stringify(played.errors[0]), /file|sound|format/i);
	assert.equal(boxed().length, 1, 'nothing is left of it');
});

test('a sound of the store is ours already: it needs no box', async () => {
	const file = path.join(rig.store, 'own.wav');
	fs.writeFileSync(file, writeWav(sine(910, 500)));
	const heard = call.rtp.hears(910);
	assert.deepEqual((await play(file)).errors, []);
	await heard;
	assert.equal(boxed().length, 1);
});
