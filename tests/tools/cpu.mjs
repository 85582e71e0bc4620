// What processes cost, by /proc: CPU milliseconds and resident memory of a process and all its descendants.
import fs from 'node:fs';

const TICK_MS = 10; // USER_HZ is 100 on Linux

/** pid → {ppid, cpuMs, rssKb} of every process. */
export function processTable() {
	const table = new Map();
	for (const name of fs.readdirSync('/proc')) {
		if (!/^\d+$/.test(name))
			continue;
		try {
			const stat = fs.readFileSync(`/proc/${name}/stat`, 'latin1');
			const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
			table.set(Number(name), { ppid: Number(f[1]), cpuMs: (Number(f[11]) + Number(f[12])) * TICK_MS, rssKb: Number(f[21]) * 4 });
		} catch { /* it ended meanwhile */ }
	}
	return table;
}

/** Sums over `pid` and its descendants: {cpuMs, rssKb, processes}. */
export function costOf(pid, table = processTable()) {
	const sum = { cpuMs: 0, rssKb: 0, processes: 0 };
	const add = (p) => {
		const row = table.get(p);
		if (!row)
			return;
		sum.cpuMs += row.cpuMs;
		sum.rssKb += row.rssKb;
		sum.processes++;
		for (const [child, { ppid }] of table)
			if (ppid === p)
				add(child);
	};
	add(pid);
	return sum;
}
