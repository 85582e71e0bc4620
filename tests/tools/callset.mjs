// Calls that one places, made by the hundred, each with what it is: the test set of call progress (docs/decisions/114). Two parts
// that share no text, voice, beep or noise of the dice: `tuning`, by which thresholds may be set, and `held_out`, by which they are judged.
import { concat } from './audio.mjs';
import { BUSIES, CONGESTIONS, RINGS, SITS, dice, line, levelled, mixed, music, noise, rhythm, silence, sit, speak, tones } from './callsound.mjs';

const PARTS = {
	tuning: {
		seed: 11,
		voices: { zh: ['cmn', 'cmn+f2', 'cmn+m3', 'cmn+Annie'], en: ['en-us', 'en-us+f1', 'en-gb+m4', 'en-gb-scotland+f2'] },
		human: {
			zh: ['喂', '喂?', '喂,你好', '你好', '喂,哪位', '您好,请讲', '喂,你找谁啊', '嗯,说吧', '您好,华兴贸易', '您好,华兴贸易公司,很高兴为您服务', '喂?!……喂?'],
			en: ['Hello?', 'Yes?', 'Hello, this is Anna', 'Hi', 'Smith speaking', 'Good morning, Baker and Sons', 'Hello? Who is this?', 'Baker and Sons, accounts department, Mary Miller speaking', 'Hello? ... Hello?'],
		},
		machine: {
			zh: [['您好,您拨打的用户暂时无法接听', '请在滴声后留言'], ['我现在不方便接电话', '请留下您的姓名和电话,我会尽快回复'], ['这里是王先生的语音信箱', '听到提示音后请留言,谢谢'],
				['欢迎致电华兴贸易公司', '现在是非工作时间', '请在工作日上午九点以后来电'], ['你好', '我是小李', '有事请给我留言']],
			en: [['Hi, you have reached John.', 'I cannot come to the phone right now.', 'Please leave a message after the beep.'], ['The person you are calling is not available.', 'At the tone, please record your message.'],
				['This is the voice mail of Mary Miller.', 'Leave your name and number, and I will call you back.'], ['Thank you for calling Baker and Sons. Our office is closed at the moment.'], ['Hi.', 'This is Mary.', 'Leave a message.']],
		},
		announcement: {
			zh: ['您好,您拨打的号码是空号,请核对后再拨', '您好,您拨打的电话已关机,请稍后再拨'],
			en: ['The number you have dialled is not in service. Please check the number and dial again.', 'The subscriber you have called is not available. Please try later.'],
		},
		beeps: [[1000, 400], [440, 600], [1400, 250], [850, 1000], [2000, 180]],
		noises: [null, null, 'white', 'hum', 'car', 'babble'],
	},
	held_out: {
		seed: 4711,
		voices: { zh: ['cmn+f4', 'cmn+m7', 'cmn+Alex', 'cmn+Linda', 'cmn+m1'], en: ['en-us-nyc+m2', 'en-gb-x-rp+f3', 'en-gb-x-gbcwmd+f5', 'en-us+Mike', 'en-029+Steph'] },
		human: {
			zh: ['喂,您好', '哎,你好', '喂,谁呀', '你好,什么事', '是我', '喂?听得见吗', '您好,请问找哪位', '你好,我是李明', '您好,东方旅行社,请问有什么可以帮您', '哎……喂?'],
			en: ['Hello', 'Yeah?', 'Hi, who is calling?', 'Peter here', 'Hello, how can I help you?', 'Good afternoon, front desk', 'Yes, hello', 'Green Valley Dental, this is Susan, how may I help you?', 'Hello? ... Yes?'],
		},
		machine: {
			zh: [['对不起,您呼叫的用户不在', '如需留言请在嘟声后讲话'], ['你好,我是小陈', '我暂时走开了', '有事请留言'], ['您已进入语音留言系统', '请在提示音之后开始录音,录音完毕请挂机'],
				['您好,东方旅行社', '我们的营业时间是早上八点到晚上六点', '请您留言,我们会与您联系']],
			en: [['Hey, it is Peter.', 'I am probably busy.', 'Leave me a message and I will get back to you.'], ['You have been forwarded to an automated voice messaging system.', 'Please leave your message after the tone.'],
				['We are unable to take your call.', 'Please speak after the signal.'], ['Hello, Green Valley Dental.', 'We are with another patient. Please leave your name, number and the reason for your call.'], ['Leave a message.']],
		},
		announcement: {
			zh: ['对不起,您所拨打的用户正在通话中,请稍后再拨', '您拨打的用户不在服务区,请稍后再拨'],
			en: ['Your call cannot be completed as dialled. Please consult your directory and call again.', 'All circuits are busy now. Please hang up and try your call again later.'],
		},
		beeps: [[1050, 350], [500, 800], [1600, 300], [700, 500], [1200, 150], [950, 1500]],
		noises: [null, null, 'white', 'hum', 'car', 'music', 'babble'],
	},
};

const SPEED = { zh: [190, 290], en: [150, 220] };

async function say(part, d, text, lang, voice) {
	return levelled(await speak(text, { voice, speed: Math.round(d.from(...SPEED[lang]) / 10) * 10, pitch: d.pick([30, 45, 60, 75]) }), -20);
}

/** Several who talk far away. */
async function babble(part, d, ms) {
	let out = silence(ms);
	for (let i = 0; i < 4; i++) {
		const lang = d.pick(['zh', 'en']), voice = d.pick(part.voices[lang]);
		for (let at = -d.from(0, 2000); at < ms;) {
			const text = await say(part, d, d.pick(part.announcement[lang]), lang, voice);
			if (at >= 0)
				out = mixed(out, text, Math.round(at * 8)).slice(0, out.length);
			at += text.length / 8 + d.from(100, 600);
		}
	}
	return out;
}

/** Packets that never came are silence. */
function holes(pcm, share, d) {
	for (let at = 0; share && at < pcm.length; at += 160)
		if (d.chance(share))
			pcm.fill(0, at, at + 160);
	return pcm;
}

async function onLine(part, d, pcm, more = {}) {
	const kind = d.pick(part.noises);
	const far = kind === 'babble' ? await babble(part, d, pcm.length / 8) : null;
	const sound = line(pcm, { dbfs: d.from(-36, -14), kind, far, snr: kind === 'music' || kind === 'babble' ? d.from(14, 26) : d.from(8, 36), law: d.pick(['PCMA', 'PCMU']), d, ...more });
	return holes(sound, d.pick([0, 0, 0.01, 0.03]), d);
}

const makers = {
	async human(part, d) {
		const lang = d.pick(['zh', 'en']), voice = d.pick(part.voices[lang]);
		const text = d.pick(part.human[lang]);
		const first = await say(part, d, text, lang, voice);
		const again = await say(part, d, part.human[lang][0], lang, voice);
		return { text, pcm: await onLine(part, d, concat([silence(d.from(100, 1800)), first, silence(d.from(1800, 3000)), again, silence(3000)])), answered: 0 };
	},
	async machine(part, d) {
		const lang = d.pick(['zh', 'en']), voice = d.pick(part.voices[lang]);
		const text = d.pick(part.machine[lang]);
		const pieces = [silence(d.from(50, 1500))];
		for (const sentence of text)
			pieces.push(await say(part, d, sentence, lang, voice), silence(d.chance(0.15) ? d.from(800, 1300) : d.from(150, 800)));
		const beep = d.chance(0.8) ? d.pick(part.beeps) : null;
		pieces.push(silence(d.from(0, 800)));
		if (beep)
			pieces.push(tones([beep[0]], beep[1], { dbfs: d.from(-20, -10) }));
		const beepEnd = beep ? Math.round(pieces.reduce((n, p) => n + p.length, 0) / 8) : null;
		return { text: text.join(' '), pcm: await onLine(part, d, concat([...pieces, silence(5000)])), answered: 0, beepEnd };
	},
	async fax(part, d) {
		return { pcm: await onLine(part, d, concat([silence(d.from(200, 1800)), tones([2100 + d.from(-12, 12)], d.from(2600, 4000), { dbfs: -14 }), silence(5000)])), answered: 0 };
	},
	async silence(part, d) {
		const ms = 8000;
		const kind = d.pick([null, 'white', 'car', 'hum']);
		const pcm = kind ? line(noise(ms, kind, d), { dbfs: d.from(-62, -36) }) : silence(ms);
		for (let i = 0; i < d.from(0, 5); i++) // clicks
			pcm.fill(Math.round(d.from(-9000, 9000)), ...((at) => [at, at + 8])(Math.round(d.from(0, ms) * 8)));
		return { pcm, answered: 0 };
	},
	async ringback(part, d) {
		const [hz, ms, swing] = d.pick(RINGS);
		return { pcm: await onLine(part, d, concat([silence(d.from(0, 800)), rhythm(hz, ms, 8000, { swing: swing ?? 0 })])), answered: null };
	},
	async busy(part, d) {
		const [hz, ms] = d.pick(BUSIES);
		return { pcm: await onLine(part, d, concat([silence(d.from(0, 800)), rhythm(hz, ms, 6000)])), answered: null };
	},
	async congestion(part, d) {
		const [hz, ms] = d.pick(CONGESTIONS);
		return { pcm: await onLine(part, d, concat([silence(d.from(0, 800)), rhythm(hz, ms, 6000)])), answered: null };
	},
	async sit(part, d) {
		const cause = d.pick(Object.keys(SITS)), lang = d.pick(['zh', 'en']);
		const text = d.pick(part.announcement[lang]);
		const after = await say(part, d, text, lang, d.pick(part.voices[lang]));
		return { cause, text, pcm: await onLine(part, d, concat([silence(d.from(0, 500)), sit(cause), silence(d.from(50, 300)), after])), answered: null };
	},
	async announcement(part, d) {
		const lang = d.pick(['zh', 'en']), voice = d.pick(part.voices[lang]);
		const text = d.pick(part.announcement[lang]);
		const once = await say(part, d, text, lang, voice);
		const spoken = concat([silence(d.from(0, 800)), once, silence(500), once]);
		const pcm = d.chance(0.2) ? mixed(spoken, levelled(music(spoken.length / 8, d), -36)).slice(0, spoken.length) : spoken;
		return { text, pcm: await onLine(part, d, pcm), answered: null };
	},
	async music(part, d) {
		const tune = levelled(music(9000, d), -20), lang = d.pick(['zh', 'en']);
		const sung = d.chance(0.3) ? mixed(tune, levelled(await say(part, d, d.pick(part.announcement[lang]), lang, d.pick(part.voices[lang])), -24)).slice(0, tune.length) : tune;
		return { pcm: await onLine(part, d, concat([silence(d.from(0, 800)), sung]), { snr: 30 }), answered: null };
	},
};

export const AFTER = ['human', 'machine', 'fax', 'silence'];
export const BEFORE = ['ringback', 'busy', 'congestion', 'sit', 'announcement', 'music'];

/** `n` calls of each kind: {want, pcm, answered: ms or null, beepEnd?, cause?, text?}. The same seed makes the same calls. */
export async function* calls(name, n, kinds = [...AFTER, ...BEFORE]) {
	const part = PARTS[name];
	for (const [i, want] of [...AFTER, ...BEFORE].entries()) {
		if (!kinds.includes(want))
			continue;
		const count = typeof n === 'number' ? n : n[want] ?? 0;
		for (let k = 0; k < count; k++)
			yield { want, k, ...await makers[want](part, dice(part.seed * 100_003 + i * 1009 + k * 7919)) };
	}
}

/** What the events say of a call: what it is, and its beep {ms} (with a tone). */
export function verdict(events, answered) {
	const beep = events.find((e) => e.what === 'beep' && e.cause === 'tone') ?? null;
	const first = events.find((e) => e.what !== 'beep' && (answered === null || e.answered));
	return { got: first?.what ?? 'nothing', first, beep };
}
