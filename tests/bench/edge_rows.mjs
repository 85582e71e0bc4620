// A carrier's worth of rows for the edge's benches, put into PostgreSQL without the triggers that a real row would meet; and changes of them while
// calls are made.

/** `rows` numbers of lists and `numbers` DIDs with a route each, of `tenants` tenants; the carrier's trunk is 127.0.0.2. */
export function fill(pg, { rows, numbers, tenants }) {
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
		do $$ declare r record; begin
			for r in select conname from pg_constraint where conrelid = 'blacklist'::regclass and contype in ('u', 'f') loop execute format('alter table blacklist drop constraint %I', r.conname); end loop;
			for r in select indexrelid::regclass i from pg_index where indrelid = 'blacklist'::regclass and not indisprimary loop execute format('drop index %s', r.i); end loop;
		end $$;
		insert into blacklist (tenant_id, number) select t.id, (13000000000 + (i * 7368787::bigint) % 8000000000)::text from generate_series(1, ${rows}) i join t on t.n = i % ${tenants};
		set session_replication_role = default;
		analyze number; analyze inbound_route; analyze blacklist`);
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
	await s.end();
	took.sort((a, b) => a - b);
	return { metric: 'change_live_ms', value: Math.round(took.at(-1)), unit: 'ms', limit: 200, middle: Math.round(took[Math.floor(took.length / 2)]), changes: took.length, cpu_us_a_call: Math.round(us * 10) / 10, tenant: name };
}
