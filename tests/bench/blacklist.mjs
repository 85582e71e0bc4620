// The lists of the edge: what a number costs in memory, what a look costs; and a full load from PostgreSQL.
//   node tests/bench/blacklist.mjs [numbers in memory] [numbers from PostgreSQL] [numbers beside htable and mtree]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { root, startPostgres } from '../../schema/test/pg.mjs';
import { besides } from './blacklist_kamailio.mjs';

const [memory, loaded, beside] = [process.argv[2] ?? 10_000_000, process.argv[3] ?? 10_000_000, process.argv[4] ?? 1_000_000].map(Number);
const out = path.join(root, 'build/bench.jsonl');
const say = (line) => { fs.appendFileSync(out, `${JSON.stringify(line)}\n`); console.log(JSON.stringify(line)); };
const dir = fs.mkdtempSync(path.join(tmpdir(), 'zj-lists-'));

function build(name) {
  const k = path.join(root, 'kamailio-mods');
  const sources = ['arena', 'index', 'number', 'rule', 'side', 'books', 'table', 'check', 'row', 'copy', 'follow'].map((n) => `${k}/blacklist/bl_${n}.c`);
  const r = spawnSync('cc', ['-std=gnu11', '-O2', '-D_GNU_SOURCE', `-I${k}/common`, `-I${k}/blacklist`, '-I/usr/include/postgresql', `${k}/test/${name}.c`, ...sources, `${k}/common/zk_text.c`, `${k}/common/zk_pattern.c`, `${k}/common/zk_pages.c`, `${k}/common/zk_pg.c`, '-o', path.join(dir, name), '-lpq', '-lcrypto'], { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(r.stderr);
  return path.join(dir, name);
}
const run = (program, ...args) => {
  const r = spawnSync(program, args.map(String), { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`${program}: ${r.status} ${r.stderr}`);
  return r.stdout.trim().split('\n').map((l) => JSON.parse(l));
};

try {
  for (const line of run(build('bench_bl'), memory, 10000)) say(line);
  const pg = await startPostgres();
  try {
    // As a table that was filled long ago: the triggers had their say, the indexes do not matter to a scan.
    pg.sql(`set search_path = zj, public;
      insert into tenant (name, title, sip_domain) select 't' || i, 'T', 't' || i || '.test' from generate_series(1, 100) i;
      alter table blacklist disable trigger all;
      do $$ declare r record; begin
        for r in select conname from pg_constraint where conrelid = 'blacklist'::regclass and contype in ('p', 'u', 'f') loop execute format('alter table blacklist drop constraint %I', r.conname); end loop;
        for r in select indexrelid::regclass i from pg_index where indrelid = 'blacklist'::regclass loop execute format('drop index %s', r.i); end loop;
      end $$;
      insert into blacklist (tenant_id, number) select (array(select id from tenant))[1 + i % 100], (13000000000 + (i * 7368787::bigint) % 8000000000)::text from generate_series(1, ${loaded}) i`);
    const conninfo = `host=${pg.dir} port=${pg.port} user=zj_edge dbname=${pg.env.PGDATABASE} options=-csearch_path=zj,public`;
    for (const line of run(build('bench_bl_load'), conninfo, path.join(dir, 'copy'))) say(line);
    pg.sql(`set search_path = zj, public; truncate blacklist; insert into blacklist (tenant_id, number) select (select id from tenant where name = 't1'), '138' || (10000000 + i) from generate_series(0, ${beside - 1}) i`);
    for (const line of await besides(beside, dir, conninfo, pg.sql("select id from zj.tenant where name = 't1'")[0][0])) say(line);
  } finally { await pg.stop(); }
} finally {
  fs.rmSync(dir, { recursive: true, force: true });
}
