// What processes cost, by /proc: CPU milliseconds and memory of a process and all its descendants. Memory is Pss: resident
// pages, those that several processes share counted once in all (Kamailio and PostgreSQL share most of theirs).
import fs from 'node:fs';

/** Nanoseconds on a processor, of all threads that live: finer than the clock ticks of /proc/pid/stat. */
function cpuMsOf(pid) {
	return fs.readdirSync(`/proc/${pid}/task`).reduce((sum, tid) => sum + Number(fs.readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'latin1').split(' ')[0]) / 1e6, 0);
}

const pssKbOf = (pid) => Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0);

/** pid → {ppid} of every process. */
export function processTable() {
	const table = new Map();
	for (const name of fs.readdirSync('/proc')) {
		if (!/^\d+$/.test(name))
			continue;
		try {
			const stat = fs.readFileSync(`/proc/${name}/stat`, 'latin1');
			const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
			table.set(Number(name), { ppid: Number(f[1]) });
		} catch { /* it ended meanwhile */ }
	}
	return table;
}

/** Sums over `pid` and its descendants: {cpuMs, memoryKb, processes}; memory only when asked for (it takes a while). */
export function costOf(pid, { table = processTable(), memory = false } = {}) {
	const sum = { cpuMs: 0, memoryKb: 0, processes: 0 };
	const add = (p) => {
		const row = table.get(p);
		if (!row)
			return;
		sum.cpuMs += cpuMsOf(p);
		sum.memoryKb += memory ? pssKbOf(p) : 0;
		sum.processes++;
		for (const [child, { ppid }] of table)
			if (ppid === p)
				add(child);
	};
	add(pid);
	return sum;
}

/** Milliseconds of CPU of each thread of a process, by its name. */
export function threads(pid) {
	const sum = {};
	for (const tid of fs.readdirSync(`/proc/${pid}/task`)) {
		const dir = `/proc/${pid}/task/${tid}`;
		const name = fs.readFileSync(`${dir}/comm`, 'latin1').trim();
		sum[name] = (sum[name] ?? 0) + Number(fs.readFileSync(`${dir}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
	}
	return sum;
}
