// A carrier's worth of rows for the edge's benches, put into PostgreSQL without the triggers that a real row would meet; and changes of them while
// calls are made. Filling takes minutes, so the data stay under build/bench-pg, one set a size; newer migrations are put upon them.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root, startPostgres } from '../../schema/test/pg.mjs';

/** A PostgreSQL with all of it. */
export async function carrier(size) {
	const name = Object.values(size).join('-'), hash = createHash('sha256').update(fill.toString()).digest('hex').slice(0, 12);
	const all = path.join(root, 'build/bench-pg'), kept = path.join(all, `${name}-${hash}`);
	for (const old of fs.existsSync(all) ? fs.readdirSync(all) : [])
		if (old.startsWith(`${name}-`) && path.join(all, old) !== kept) fs.rmSync(path.join(all, old), { recursive: true });
	const pg = await startPostgres({ kept });
	if (pg.fresh) {
		fill(pg, size);
		pg.filled();
	}
	return pg;
}

/** `rows` numbers of lists and `numbers` DIDs with a route each, of `tenants` tenants; the carrier's trunk is 127.0.0.2. */
function fill(pg, { rows, numbers, tenants }) {
	pg.sql(`set search_path = zj, public; set synchronous_commit = off; set maintenance_work_mem = '1GB';
		insert into tenant (kind, name, title, sip_domain) values ('carrier', 'carrier', 'C', 'carrier.test');
		insert into trunk (tenant_id, name, host) select id, 'carrier', '127.0.0.2' from tenant where kind = 'carrier';
		set session_replication_role = replica;
		insert into tenant (tenant_id, id, name, title, sip_domain) select id, id, 't' || i, 'T', 't' || i || '.test' from (select i, zj_uuid7() as id from generate_series(1, ${tenants}) i) x;
		create temp table t as select row_number() over (order by id) - 1 as n, id from tenant where kind = 'tenant';
		create unique index on t (n);
		analyze t;
		insert into queue (tenant_id, id, number, name) select id, id, '4001', 'Q' from t;
		insert into number (tenant_id, id, number) select t.id, ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, '+8620' || lpad(i::text, 8, '0') from generate_series(0, ${numbers - 1}) i join t on t.n = i % ${tenants};
		insert into inbound_route (tenant_id, id, name, did_match, number_id, destination_kind, destination_id)
			select t.id, ('00000000-0001-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'r' || i, 'number', ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'queue', t.id from generate_series(0, ${numbers - 1}) i join t on t.n = i % ${tenants};
		create temp table later (sql text);
		do $$ declare r record; begin
			for r in select conname, pg_get_constraintdef(oid) as def from pg_constraint where conrelid = 'blacklist'::regclass and contype in ('p', 'u', 'f') order by contype desc loop
				insert into later values (format('alter table blacklist add constraint %I %s', r.conname, r.def));
				execute format('alter table blacklist drop constraint %I', r.conname);
			end loop;
			for r in select indexrelid::regclass i, pg_get_indexdef(indexrelid) as def from pg_index where indrelid = 'blacklist'::regclass loop
				insert into later values (r.def);
				execute format('drop index %s', r.i);
			end loop;
		end $$;
		insert into blacklist (tenant_id, number) select t.id, (13000000000 + (i * 7368787::bigint) % 8000000000)::text from generate_series(1, ${rows}) i join t on t.n = i % ${tenants};
		do $$ declare r record; begin for r in select sql from later loop execute r.sql; end loop; end $$;
		set session_replication_role = default;
		vacuum (freeze, analyze) number; vacuum (freeze, analyze) inbound_route; vacuum (freeze, analyze) blacklist; vacuum (freeze, analyze) tenant`);
}

/** Rows change while calls are made: how long after the commit the edge answers by the new row, and that no call was lost for it. */
export async function liveChanges(pg, { rpc, calls, seconds }) {
	const [[tenant, name]] = pg.sql(`select id, name from zj.tenant where kind = 'tenant' order by id limit 1`);
	const s = pg.session();
	await s.run('set search_path = zj, public');
	const took = [];
	let going = true;
	const load = calls().finally(() => { going = false; });
	await new Promise((resolve) => setTimeout(resolve, 500));
	for (let i = 0; going && i < 20; i++) {
		const number = `7${String(i).padStart(10, '0')}`;
		await s.run(`insert into blacklist (tenant_id, number) values ('${tenant}', '${number}')`);
		const from = performance.now();
		while (!/barred: 1/.test(rpc('blacklist.lookup', tenant, `s:${number}`, 'in')) && performance.now() - from < 5000) ;
		took.push(performance.now() - from);
		await new Promise((resolve) => setTimeout(resolve, Math.max(50, 200 * seconds / 10 - took.at(-1))));
	}
	const us = await load; // throws when a call failed
	await s.run(`delete from blacklist where tenant_id = '${tenant}' and number between '70000000000' and '70000000099'`);
	await s.end();
	took.sort((a, b) => a - b);
	return { metric: 'change_live_ms', value: Math.round(took.at(-1)), unit: 'ms', limit: 200, middle: Math.round(took[Math.floor(took.length / 2)]), changes: took.length, cpu_us_a_call: Math.round(us * 10) / 10, tenant: name };
}

/** Many rows come and go: what the edge has in memory before, after, and after as many again; and the lists' own bytes. */
export async function manyChanges(pg, { rpc, memory, changes = 100_000, batch = 1000 }) {
	const [[tenant]] = pg.sql(`select id from zj.tenant where kind = 'tenant' order by id limit 1`);
	const s = pg.session();
	await s.run('set search_path = zj, public; set synchronous_commit = off');
	const state = () => ({ mb: memory(), bytes: Number(/bytes: (\d+)/.exec(rpc('blacklist.count'))?.[1]) });
	const turn = async () => {
		for (let i = 0; i < changes / 2; i += batch) {
			await s.run(`insert into blacklist (tenant_id, number) select '${tenant}', (76000000000 + ${i} + g)::text from generate_series(1, ${batch}) g`);
			await s.run(`delete from blacklist where tenant_id = '${tenant}' and number between '76000000000' and '76999999999'`);
		}
		for (let i = 0; i < 600 && /barred: 1/.test(rpc('blacklist.lookup', tenant, `s:${76000000000 + changes / 2}`, 'in')); i++) await new Promise((resolve) => setTimeout(resolve, 100));
		return state();
	};
	const before = state(), once = await turn(), twice = await turn();
	await s.end();
	return { metric: 'memory_after_changes_mb', value: Math.round((twice.mb - once.mb) * 10) / 10, unit: 'MB', changes, before, once, twice };
}
