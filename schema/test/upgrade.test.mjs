// A database of the former release, with data in it, becomes one of this release: what was there keeps working.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, startPostgres } from './pg.mjs';

let pg;
const A = '018f0000-0000-7000-8000-0000000000aa', B = '018f0000-0000-7000-8000-0000000000bb', C = '018f0000-0000-7000-8000-0000000000cc';
const apply = (which) => {
  for (const f of readdirSync(join(root, 'schema')).filter((n) => n.endsWith('.sql') && which(n)).sort()) {
    const r = spawnSync('psql', ['-Xq', '-1', '-v', 'ON_ERROR_STOP=1', '-f', join(root, 'schema', f)], { env: pg.env, encoding: 'utf8' });
    assert.equal(r.status, 0, `${f}: ${r.stderr}`);
  }
};
before(async () => { pg = await startPostgres({ migrate: false }); });
after(() => pg?.stop());

test('the migrations of this release apply to a database of the former one', () => {
  apply((n) => n < '0041');
  pg.sql(`set search_path = zj, public;
    insert into tenant (tenant_id, id, kind, name, title, sip_domain) values ('${C}', '${C}', 'carrier', 'carrier', 'C', 'carrier.invalid'), ('${A}', '${A}', 'tenant', 'a', 'A', 'a.test'), ('${B}', '${B}', 'tenant', 'b', 'B', 'b.test');
    insert into role (tenant_id, id, name, permissions) values ('${C}', '${C}', 'carrier', '{*}'), ('${A}', '${A}', 'administrator', '{*}'), ('${B}', '${B}', 'administrator', '{queues.read}');
    insert into role (tenant_id, name, permissions) values ('${A}', 'agent', '{calls.read}');
    insert into account (tenant_id, id, username, name, password, role_id) select id, id, 'admin', 'Admin', 'hash', id from tenant;
    insert into trunk (tenant_id, name, host) values ('${C}', 't', '127.0.0.1');
    insert into number (tenant_id, number) values ('${A}', '100');
    insert into extension (tenant_id, id, number, password) values ('${A}', '${A}', '1001', 'at-least-8');
    insert into agent (tenant_id, id, number, name, account_id, extension_id) values ('${A}', '${A}', '1', 'Li', '${A}', '${A}');
    insert into queue (tenant_id, id, number, name) values ('${A}', '${A}', '4001', 'Sales');
    insert into queue_agent (tenant_id, queue_id, agent_id) values ('${A}', '${A}', '${A}');
    insert into did (tenant_id, number, destination_kind, destination_id) values ('${A}', '100', 'queue', '${A}');
    insert into api_token (tenant_id, name, account_id, hash) values ('${A}', 't', '${A}', repeat('a', 64));
    insert into call (tenant_id, id, direction, started_at, ended_at, result, last_agent) values ('${A}', zj_uuid7(), 'in', now(), now(), 'answered', '${A}')`);
  apply((n) => n >= '0041' && n < '0161');
  pg.sql(`set search_path = zj, public;
    insert into trunk (tenant_id, id, name, host, allowed_callers, barred_callers, schedule) values ('${A}', '${A}', 'listed', '127.0.0.9', '{021*,+862150000000}', '{0219999*}', '1-5,0 09:00-18:00;22:00-02:00;6 00:00-00:00'),
      ('${A}', '${B}', 'same hours', '127.0.0.10', '{}', '{}', '1-5,0 09:00-18:00;22:00-02:00;6 00:00-00:00');
    insert into trunk_group (tenant_id, id, name, barred_callers) values ('${A}', '${A}', 'listed', '{138*}')`);
  pg.sql(`insert into zj.blacklist (tenant_id, number, match) values ('${A}', '02zxx.', 'pattern')`);
  apply((n) => n >= '0161');
});

test('patterns of lists are those of routes', () => {
  assert.deepEqual(pg.sql(`select number from zj.blacklist where match = 'pattern'`).flat(), ['02ZXX!']);
});

test('lists of trunks and groups are rows of the lists; a schedule is a package of work times', () => {
  assert.deepEqual(pg.sql(`select scope, number, match, colour, direction from zj.blacklist where match <> 'pattern' order by scope, number`), [
    ['trunk', '021', 'prefix', 'white', 'both'], ['trunk', '0219999', 'prefix', 'black', 'both'], ['trunk', '862150000000', 'exact', 'white', 'both'], ['trunk_group', '138', 'prefix', 'black', 'out']]);
  assert.deepEqual(pg.sql(`select t.name, array_agg(concat_ws(' ', w.weekday_from, w.weekday_to, w.time_from, w.time_to) order by w.name collate "C") from zj.trunk t join zj.work_package p on p.tenant_id = t.tenant_id and p.id = t.package_id
    join zj.work_time w on w.id = any (p.work_times) group by 1 order by 1`).map(([name, times]) => [name, times.split(',').length]), [['listed', 4], ['same hours', 4]]);
  assert.deepEqual(pg.sql(`select concat_ws(' ', weekday_from, weekday_to, time_from, time_to) from zj.work_time order by 1`).flat(), ['', 'mon fri 09:00:00 18:00:00', 'sat sat', 'sun sun 09:00:00 18:00:00', '22:00:00 02:00:00'].filter(Boolean).sort());
  assert.equal(pg.sql('select count(*) from zj.work_package')[0][0], '1', 'the same hours are one package');
});

test('accounts have numbers, tenants settings and both roles; those that were theirs are taken', () => {
  assert.deepEqual(pg.sql(`select count(*), count(distinct number), bool_and(number ~ '^[0-9]+$'), bool_and(username = 'admin') from zj.account`), [['3', '3', 't', 't']], 'names of before stay, although the carrier has them');
  assert.deepEqual(pg.sql('select count(*) from zj.setting'), [['3']]);
  assert.deepEqual(pg.sql(`select t.name, r.name, r.kind, r.permissions from zj.role r join zj.tenant t on t.id = r.tenant_id where r.kind <> 'custom' order by 1, 3`), [
    ['a', 'administrator', 'admin', '{*}'], ['a', 'agent', 'agent', '{calls.read}'], ['b', 'administrator (system)', 'admin', '{*}'], ['b', 'agent', 'agent', '{}'],
    ['carrier', 'administrator', 'admin', '{*}'], ['carrier', 'agent', 'agent', '{}']]);
  assert.deepEqual(pg.sql(`select kind, permissions from zj.role where id = '${B}'`), [['custom', '{queues.read}']]);
});

test('everybody sees what they saw, and may change it', () => {
  const ask = (sql) => pg.sql(`begin; set local role zj_tenant; select set_config('zj.tenant', '${A}', true), set_config('zj.account', '${A}', true); ${sql}; commit`).slice(1);
  for (const t of ['account', 'agent', 'queue', 'queue_agent', 'extension', 'inbound_route', 'call']) assert.equal(ask(`select count(*) from zj.${t}`)[0][0], '1', t);
  ask(`update zj.queue set name = 'Service'`);
  ask('delete from zj.queue');
  assert.deepEqual(ask(`select zj.zj_restore((select id from zj.recycled where table_name = 'queue'))`), [['2']]);
  assert.deepEqual(pg.sql(`select event from zj.audit where table_name = 'queue' order by id`).flat(), ['update', 'delete', 'restore']);
});
