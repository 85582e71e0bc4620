// A carrier that takes calls: real SIPp speaks SIP on an address of its own, an Rtp endpoint the audio.
import { Rtp, sdpAudio } from './rtp.mjs';
import { Sipp } from './sipp.mjs';
import { header } from './sip.mjs';

export class AnsweringCarrier {
	/** `scenario` of tests/sipp; `calls` it takes before it ends. */
	static async open({ host, port = 5060, tone = null, calls = 2000, scenario = 'carrier_answers', keys = {} }) {
		const rtp = await Rtp.open();
		rtp.tone(tone);
		const sipp = await Sipp.run(scenario, { host, port, calls, keys: { rtp_host: rtp.host, rtp_port: rtp.port, ...keys } });
		return new AnsweringCarrier(sipp, rtp);
	}

	constructor(sipp, rtp) {
		Object.assign(this, { sipp, rtp });
		sipp.on('message', (message, direction) => {
			const media = direction === 'in' && message.method === 'INVITE' && message.body && sdpAudio(message.body);
			if (media)
				rtp.start({ host: media.host, port: media.port });
		});
	}

	/** The INVITE to this number. */
	invite(number, options) {
		return this.sipp.message((m, d) => d === 'in' && m.method === 'INVITE' && m.uri.includes(number), { what: `INVITE to ${number}`, ...options });
	}

	from(invite) {
		return header(invite, 'from');
	}

	async close() {
		await this.sipp.kill();
		this.rtp.close();
	}
}
