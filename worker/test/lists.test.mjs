// Do-not-call lists through the worker: loaded by an import in the background, and a plan that takes customers out at its time.
// covers: NUM-V503 NUM-L03
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { csv, mapping, startEnv, until } from './env.mjs';

let env, t;
before(async () => {
  env = await startEnv({ conf: { poll_ms: 200 } });
  t = env.tenant('lists');
  await env.start();
});
after(() => env?.close());
const rows = (sql) => env.pg.sql(`set search_path = zj, public; ${sql}`);

test('a file becomes do-not-call entries of the team, or of the campaign it names; what is no number is refused with its line', async () => {
  const campaign = rows(`insert into campaign (tenant_id, name) values ('${t.id}', '秋季') returning id`).flat()[0];
  const u = env.upload(t, t.admin, csv([['电话号码', '外拨任务', '备注'], ['13800000001', '', '不愿来电'], ['13800000002', '秋季', ''], ['x', '', '']]));
  const j = await env.ended(env.job(t, 'import', 'do-not-call', { upload_id: u, mapping: mapping('number', 'campaign_id', 'remark') }));
  assert.deepEqual([j.state, j.created_rows, j.failed], ['finished', 2, 1], j.error);
  assert.deepEqual(rows(`select number, level, campaign_id is not null, remark from do_not_call where tenant_id = '${t.id}' order by 1`), [['13800000001', 'tenant', 'f', '不愿来电'], ['13800000002', 'campaign', 't', '']]);
  assert.ok(campaign && j.rejects_path, 'the refused line is in a file');
});

test('a file of a black list, too', async () => {
  const u = env.upload(t, t.admin, csv([['号码', '类型'], ['13700000001', '呼出'], ['13700000002', '全部']]));
  const j = await env.ended(env.job(t, 'import', 'blacklist', { upload_id: u, mapping: mapping('number', 'direction') }));
  assert.deepEqual([j.state, j.created_rows, j.failed], ['finished', 2, 0], j.error);
  assert.deepEqual(rows(`select number, direction from blacklist where tenant_id = '${t.id}' order by 1`), [['13700000001', 'out'], ['13700000002', 'both']]);
});

test('a plan runs within seconds of its time, by itself', async () => {
  const [campaign] = rows(`insert into campaign (tenant_id, name) values ('${t.id}', '回访') returning id`).flat();
  rows(`update business_object set enabled = true; insert into customer (tenant_id, name, phone, campaign_id) values ('${t.id}', '甲', '13800000001', '${campaign}'), ('${t.id}', '乙', '13900000001', '${campaign}')`);
  const [plan] = rows(`insert into dnc_plan (tenant_id, campaign_id, run_at, enabled) values ('${t.id}', '${campaign}', now() + interval '1 second', true) returning id`).flat();
  await until('it ran', () => rows(`select state from dnc_plan where id = '${plan}'`).flat()[0] === 'finished', 15000);
  assert.deepEqual(rows(`select name from customer where campaign_id = '${campaign}'`), [['乙']]);
  assert.deepEqual(rows(`select name, phone, level from dnc_removed where plan_id = '${plan}'`), [['甲', '13800000001', 'tenant']]);
});
