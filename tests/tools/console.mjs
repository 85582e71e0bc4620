// The console in Debian's Chromium, as a person uses it: one context a person, pages by their address, things by their data-testid.
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { BUILD, ROOT } from './instance.mjs';

const require = createRequire(path.join(ROOT, 'web/package.json'));
const waitMs = 12_000;
let pictures = 0;

export const openChromium = () =>
	require('playwright-core').chromium.launch({ executablePath: process.env.ZJ_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });

/** The six digits of RFC 6238 for a base32 secret. */
export function totp(secret, at = Date.now()) {
	const bits = [...secret.replace(/=+$/, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
	const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
	const mac = createHmac('sha1', key).update(counter).digest();
	return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** One person at a browser. */
export class Person {
	static async sit(browser, zj, { theme = 'light', lang = 'en' } = {}) {
		const p = new Person();
		p.zj = zj;
		p.faults = [];
		p.context = await browser.newContext({ viewport: { width: 1366, height: 850 }, locale: lang === 'zh' ? 'zh-CN' : 'en-GB', reducedMotion: 'reduce', acceptDownloads: true });
		p.context.setDefaultTimeout(waitMs);
		await p.context.addInitScript((prefs) => { if (!localStorage.getItem('zj.prefs')) localStorage.setItem('zj.prefs', prefs); }, JSON.stringify({ lang, theme, langChosen: true }));
		p.page = await p.context.newPage();
		p.page.on('pageerror', (e) => p.faults.push(e.message));
		p.page.on('console', (m) => m.type() === 'error' && !/Failed to load resource|WebSocket/.test(m.text()) && p.faults.push(m.text()));
		return p;
	}

	id(testid) { return this.page.getByTestId(testid); }
	see(testid) { return this.look(this.id(testid).first().waitFor({ state: 'visible' })); }
	gone(testid) { return this.look(this.id(testid).first().waitFor({ state: 'detached' })); }
	click(testid) { return this.look(this.id(testid).first().click()); }
	text(testid) { return this.look(this.id(testid).first().innerText()); }

	/** What does not come leaves a picture of what came instead: build/test/console-1.png and so on. */
	async look(promise) {
		try {
			return await promise;
		} catch (error) {
			await this.page.screenshot({ path: path.join(BUILD, `test/console-${++pictures}.png`) }).catch(() => {});
			throw error;
		}
	}

	/** Types into the input that has the name, or that stands inside what has it. */
	async type(testid, text) {
		const inside = this.page.locator(`input[data-testid="${testid}"], textarea[data-testid="${testid}"], [data-testid="${testid}"] input, [data-testid="${testid}"] textarea`).first();
		await this.look(inside.fill(text));
	}

	choose(testid, value) { return this.id(testid).first().selectOption(value); }

	async open(where) {
		await this.page.goto(`${this.zj.url}/#${where}`);
	}

	async login({ tenant = '', username, password, code }) {
		await this.open('/login');
		await this.see('login-form');
		await this.type('login-tenant', tenant);
		await this.type('login-username', username);
		await this.type('login-password', password);
		await this.click('login-submit');
		if (code) {
			await this.see('login-code');
			await this.type('login-code', code());
			await this.click('login-submit');
		}
	}

	async logout() {
		await this.click('logout');
		await this.see('login-form');
	}

	/** An entry of a choice that is searched as one types (RowPick, RefSelect). */
	async pick(testid, text) {
		const field = this.id(testid).first();
		await this.look(field.click());
		const input = field.locator('input').first();
		if (typeof text === 'string' && await input.isEditable())
			await input.fill(text);
		await this.look(this.page.locator('.el-select-dropdown__item:visible', { hasText: text }).first().click());
	}

	/** What axe finds serious or critical on the page as it stands, in words. */
	async violations() {
		await this.page.evaluate(fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
		const found = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
		return found.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 160)).join(' | ')}`);
	}

	close() { return this.context.close(); }
}
