// The demo call: SIPp as the carrier's caller, a phone that registers as the agent, both with real sound. The caller presses 1
// in the menu, waits in the queue; the agent answers; each hears the other; the caller hangs up; the recording is fetched.
// Prints what happens while it happens, then the call's story. Exit 1 when a step fails. ZJ_RUN: which instance.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Api } from '../../tests/tools/api.mjs';
import { Phone } from '../../tests/tools/phone.mjs';
import { CarrierCall } from '../../tests/tools/sipp.mjs';
import { readWav, toneIn } from '../../tests/tools/wav.mjs';

const HZ = { caller: 410, agent: 730 };
const run = process.env.ZJ_RUN ?? 'run';
const quiet = process.argv.includes('--quiet');
const began = Date.now();
const open = [];

function say(text) {
	if (!quiet)
		console.log(`${((Date.now() - began) / 1000).toFixed(2).padStart(6)} s  ${text}`);
}

/** Tries again what a row that is just being learnt by others may refuse. */
async function patiently(f, ms = 3000) {
	for (const end = Date.now() + ms; ;) {
		try {
			return await f();
		} catch (error) {
			if (Date.now() > end)
				throw error;
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

function session(ready) {
	const { name, user, password } = ready.tenant;
	return Api.login(ready.api, { tenant: name, username: user, password });
}

async function agentReady(ready, api, board) {
	const agent = ready.agents[0];
	const [host, port] = ready.sip.split(':');
	const phone = await Phone.open({ user: agent.sip_user, domain: agent.domain, password: agent.sip_password, proxy: { host, port: Number(port) }, answering: 'never' });
	open.push(phone);
	await patiently(() => phone.register());
	say(`agent ${agent.number} ${agent.name}: phone registered with digest at ${agent.domain}`);
	await patiently(() => api.post(`/agents/${agent.id}/sign-in`, {}));
	await board.agentState(agent, 'idle');
	say(`agent ${agent.number}: signed in, idle`);
	return { agent, phone };
}

async function place(ready, board, phone) {
	const [host, port] = ready.sip.split(':');
	const caller = `1380000${String(Date.now() % 10000).padStart(4, '0')}`;
	const call = await CarrierCall.place({ target: { host, port: Number(port) }, caller, did: ready.did, tone: HZ.caller });
	open.push(call);
	await call.answered();
	const { id } = await board.call(caller, 'ivr');
	say(`caller ${caller} → ${ready.did}: answered by the menu   call=${id}`);
	await call.rtp.hearsSound({ timeout: 8000 });
	say('caller: hears the menu, presses 1 (RFC 4733)');
	await call.rtp.dtmf('1');
	await board.call(caller, 'queue');
	say('caller: in queue 4001');
	const agentCall = await phone.nextCall({ timeout: 10_000 });
	say(`agent: phone rings, it shows ${agentCall.caller}`);
	await agentCall.answer();
	agentCall.rtp.tone(HZ.agent);
	await board.call(caller, 'talk');
	await Promise.all([call.rtp.hears(HZ.agent, { timeout: 8000 }), agentCall.rtp.hears(HZ.caller, { timeout: 8000 })]);
	say('both talk, each hears the other\'s tone');
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await call.hangup();
	await agentCall.ended;
	say('caller: hangs up');
	return id;
}

async function record(api, id) {
	const facts = await patiently(async () => {
		const call = await api.get(`/calls/${id}`);
		if (call.live || !call.recordings?.length)
			throw new Error('the call\'s facts are not in the database yet');
		return call;
	}, 8000);
	say(`facts: result=${facts.result} legs=${facts.legs.length} segments=${facts.segments.map((s) => s.kind).join(',')}`);
	const answer = await api.fetch('GET', `/recordings/${facts.recordings[0].id}/audio`);
	if (answer.status !== 200)
		throw new Error(`recording: ${answer.status}`);
	const wav = readWav(Buffer.from(await answer.arrayBuffer()));
	const heard = [toneIn(wav, 0, HZ.caller).ms, toneIn(wav, 1, HZ.agent).ms];
	say(`recording: ${(wav.ms / 1000).toFixed(1)} s, ${wav.channels} channels, caller's tone left ${heard[0]} ms, agent's tone right ${heard[1]} ms`);
	if (wav.channels !== 2 || heard.some((ms) => ms < 600))
		throw new Error('the recording does not hold both voices, each on its side');
}

function story(id) {
	const conf = JSON.parse(fs.readFileSync(path.join(run, 'etc/processes.json'), 'utf8'));
	const zongji = conf.find((p) => p.name === 'migrate').argv[0];
	console.log(`\nThe story of the call (zongji trace ${id}):\n`);
	const { status } = spawnSync(zongji, ['--run', run, 'trace', id], { stdio: 'inherit' });
	if (status !== 0)
		throw new Error(`zongji trace: exit ${status}`);
}

async function main() {
	const ready = JSON.parse(fs.readFileSync(path.join(run, 'ready.json'), 'utf8'));
	if (!ready.tenant)
		throw new Error('there is no demo tenant; run ops/seed first');
	const api = await session(ready);
	const board = await api.events();
	open.push(board);
	const { agent, phone } = await agentReady(ready, api, board);
	const id = await place(ready, board, phone);
	await record(api, id);
	await api.post(`/agents/${agent.id}/sign-out`, {}).catch(() => {});
	if (!quiet)
		story(id);
}

let code = 0;
try {
	await main();
} catch (error) {
	console.error(`demo: ${error.message}`);
	code = 1;
}
for (const thing of open.reverse())
	await Promise.resolve(thing.close()).catch(() => {});
process.exit(code);
