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
  apply((n) => n >= '0041');
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
