// A tenant made for a test: its queues, agents with phones, flows and numbers, all through the API.
import fs from 'node:fs';
import path from 'node:path';
import { Api } from './api.mjs';
import { Phone } from './phone.mjs';
import { poll } from './wait.mjs';

const serial = () => Date.now().toString(36) + Math.floor(Math.random() * 1296).toString(36);

export class Tenant {
	static async create(zj, label, { language = 'en' } = {}) {
		const name = `${label}-${serial()}`;
		const row = await zj.carrier.post('/tenants', { name, title: label, sip_domain: `${name}.test`, language });
		const password = `Admin-${serial()}-${serial()}`;
		await zj.carrier.post('/accounts', { tenant_id: row.id, type: 'admin', username: 'admin', name: 'Admin', password });
		const api = await Api.login(zj.url, { tenant: name, username: 'admin', password });
		return new Tenant(zj, { id: row.id, name, domain: row.sip_domain, password, api });
	}

	constructor(zj, fields) {
		this.zj = zj;
		Object.assign(this, fields);
	}

	/** Waits until acd knows every row that was committed before: it learns them in their order, and soon has them in its copy. */
	async settled() {
		const mark = await this.api.post('/busy-reasons', { name: `mark ${serial()}` });
		await poll(() => fs.readFileSync(path.join(this.zj.run, 'acd-config.json'), 'utf8').includes(mark.id), { timeout: 10_000, what: 'acd to know what was changed' });
	}

	queue(number, options = {}) {
		return this.api.post('/queues', { number, name: `Queue ${number}`, announce_s: 0, wrapup_s: 1, retry_delay_s: 1, ring_timeout_s: 10, ...options });
	}

	flow(name, document) {
		return this.api.post('/flows', { name, document });
	}

	/** Uploads a sound; api looks at a few at a time and asks the others to come again (503, Retry-After). */
	async prompt(name, wav) {
		for (let tries = 0; ; tries++) {
			try {
				return await this.api.request('POST', `/prompts?name=${name}&language=en`, { body: wav, headers: { 'Content-Type': 'audio/wav' } });
			} catch (error) {
				if (error.status !== 503 || tries >= 10)
					throw error;
			}
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
	}

	/** A number of the carrier, given to this tenant and routed. */
	async did(kind, destination) {
		const number = this.zj.freshNumber('021');
		const row = await this.zj.carrier.post('/numbers', { tenant_id: this.id, number });
		await this.api.post('/inbound-routes', { name: number, did_match: 'number', number_id: row.id, destination_kind: kind, destination_id: destination.id });
		return number;
	}

	async extension(number, password = `pass-${serial()}`) {
		const row = await this.api.post('/extensions', { number, password });
		return { ...row, password };
	}

	/** A phone for that extension; registered unless told otherwise. */
	async phone(extension, { register = true, ...options } = {}) {
		const phone = await Phone.open({ user: extension.number, domain: this.domain, password: extension.password, proxy: this.zj.sip, ...options });
		this.zj.later(phone);
		if (register)
			await registered(phone);
		return phone;
	}

	/** An agent (number = extension number) in these queues, with a registered phone. `answering`: see Phone. */
	async agent(number, queues = [], { signIn = true, ...options } = {}) {
		const extension = await this.extension(number);
		const row = await this.api.post('/agents', { number, name: `Agent ${number}`, extension_id: extension.id });
		for (const queue of queues)
			await this.api.post('/queue-agents', { queue_id: queue.id, agent_id: row.id });
		const agent = { ...row, extension, phone: await this.phone(extension, options) };
		if (signIn)
			await this.signIn(agent);
		return agent;
	}

	/** Signs in (an agent that acd does not know yet is tried again for a second). */
	async signIn(agent) {
		for (let tries = 0; ; tries++) {
			try {
				return await this.api.post(`/agents/${agent.id}/sign-in`, {});
			} catch (error) {
				if (tries >= 20 || ![404, 409].includes(error.status))
					throw error;
			}
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}

	signOut(agent) {
		return this.api.post(`/agents/${agent.id}/sign-out`, {});
	}

	setState(agent, state, reason) {
		return this.api.post(`/agents/${agent.id}/state`, { state, ...(reason && { reason }) });
	}

	/** The tenant's live events; closed by zj.release(). */
	async events() {
		return this.zj.later(await this.api.events());
	}
}

/** The edge learns of a new extension within 200 ms: a refused registration is tried again for a second. */
async function registered(phone) {
	for (let tries = 0; ; tries++) {
		try {
			return await phone.register();
		} catch (error) {
			if (tries >= 20 || !error.status)
				throw error;
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
