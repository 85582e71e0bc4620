// What several test files need: a menu in VoiceXML, prompts that can be told apart by ear, a caller brought to a queue.
import { sine } from './audio.mjs';
import { writeWav } from './wav.mjs';

/** The tones that stand for things in these tests: no two of them are harmonics of each other. */
export const HZ = { caller: 410, agent: 730, agent2: 1150, ding: 920, music: 1310, nomatch: 1130, noinput: 1510 };

export const toneWav = (hz, ms = 600) => writeWav(sine(hz, ms));

/** A menu: a recorded tone and a spoken sentence, then key 1 for the queue; wrong keys and silence have tones of their own. */
export function menuFlow(queueNumber, { say = 'Welcome. For our sales team, please press one.' } = {}) {
	return `<?xml version="1.0" encoding="UTF-8"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en">
  <property name="timeout" value="1500ms"/>
  <menu id="main">
    <prompt bargein="true"><audio src="prompt:ding"/>${say}</prompt>
    <choice dtmf="1" next="#sales"/>
    <nomatch><audio src="prompt:nomatch"/></nomatch>
    <noinput count="1"><audio src="prompt:noinput"/></noinput>
    <noinput count="2"><audio src="prompt:noinput"/><exit/></noinput>
  </menu>
  <form id="sales">
    <transfer name="result" dest="queue:${queueNumber}" bridge="false"/>
  </form>
</vxml>
`;
}

/** A tenant with the prompts and the menu above: {tenant, queue, flow, did, queueDid}. */
export async function centre(zj, label, { queue: options = {} } = {}) {
	const tenant = await zj.tenant(label);
	const [music] = await Promise.all([
		tenant.prompt('music', toneWav(HZ.music, 4000)), tenant.prompt('ding', toneWav(HZ.ding)),
		tenant.prompt('nomatch', toneWav(HZ.nomatch)), tenant.prompt('noinput', toneWav(HZ.noinput)),
	]);
	const queue = await tenant.queue('4001', { music_id: music.id, announce_position: false, ...options });
	const flow = await tenant.flow('menu', menuFlow('4001'));
	const did = await tenant.did('ivr', flow);
	const queueDid = await tenant.did('queue', queue);
	return { tenant, queue, flow, did, queueDid, events: await tenant.events() };
}

/**
 * A caller straight into the queue: {call, id}; resolves when acd has it in the queue. Numbers that the edge does not know
 * yet are tried again (a committed row is to be in effect within 200 ms).
 */
export async function intoQueue(zj, { queueDid, events }, { caller = zj.freshNumber(), tone = HZ.caller, host } = {}) {
	for (let tries = 0; ; tries++) {
		const call = await zj.call(caller, queueDid, { tone, host });
		const response = await call.final();
		if (response.status === 200) {
			// an agent who answers at once may have it already: changes within 100 ms come as one
			const { id } = await events.until(() => ['queue', 'talk'].includes(events.callFrom(caller)?.where) && events.callFrom(caller), { what: `call from ${caller} in the queue` });
			return Object.assign(call, { id });
		}
		if (tries >= 5 || response.status !== 404)
			throw new Error(`call to the queue: ${response.status}`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

/** Caller and agent talk: {call, agentCall}. The agent must be idle, its phone answering by itself or 'never' (then answered here). */
export async function talking(zj, place, agent, options = {}) {
	agent.phone.queue.length = 0; // calls that nobody asked for are not this one
	const call = await intoQueue(zj, place, options);
	const agentCall = await agent.phone.nextCall();
	if (agent.phone.answering.after === undefined)
		await agentCall.answer();
	await agentCall.answered;
	agentCall.rtp.tone(options.agentTone ?? HZ.agent);
	await place.events.call(call.caller, 'talk');
	return { call, agentCall };
}

/** Microseconds of a PostgreSQL timestamptz as JSON gives it. */
export function micros(text) {
	const [, whole, fraction = ''] = /^(.*?:\d\d)(?:\.(\d+))?(?:[+-]|Z)/.exec(text);
	return Date.parse(`${whole}Z`) * 1000 + Number(fraction.padEnd(6, '0'));
}
