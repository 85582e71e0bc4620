// Waiting: always for something, never for longer than said; the sanitised twin (ZJ_SLOW=3) gets more patience.
import { setTimeout as sleep } from 'node:timers/promises';

export const SLOW = Number(process.env.ZJ_SLOW ?? 1);

/** Rejects with `what` unless `promise` settles within `ms`. */
export function within(promise, ms, what) {
	let timer;
	const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what}: not within ${ms * SLOW} ms`)), ms * SLOW); });
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Retries `f` until it returns something truthy (exceptions count as not yet). */
export async function poll(f, { timeout = 15_000, every = 50, what = 'condition' } = {}) {
	const end = Date.now() + timeout * SLOW;
	let error = null;
	for (;;) {
		try {
			const value = await f();
			if (value)
				return value;
		} catch (e) {
			error = e;
		}
		if (Date.now() > end)
			throw new Error(`${what}: not within ${timeout * SLOW} ms${error ? ` (${error.message})` : ''}`);
		await sleep(every);
	}
}
