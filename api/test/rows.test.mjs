// Rows that no larger test proves: what a leader finds in the log of its members' states.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startEnv } from './env.mjs';

let env, admin;
before(async () => { env = await startEnv(); admin = await env.tenant('alpha'); });
after(() => env?.close());

async function agent(username, number, scope) {
  const role = await admin.make('roles', { name: `role of ${username}`, permissions: ['agent-states.read', 'agents.read'], scope });
  const account = await admin.make('accounts', { username, name: username, password: 'clerk-password', role_id: role.id });
  return Object.assign(await env.login({ tenant: 'alpha', username, password: 'clerk-password' }), await admin.make('agents', { number, name: username, account_id: account.id }));
}

// covers: SYS-L01
test('a leader finds when the members of its queues signed in and out, became busy and idle; nobody else\'s times', async () => {
  const [leader, member, stranger] = [await agent('leader', '7001', 'group'), await agent('member', '7002', 'own'), await agent('stranger', '7003', 'own')];
  const queue = await admin.make('queues', { number: '4001', name: '销售' });
  await admin.make('queue-agents', { queue_id: queue.id, agent_id: member.id });
  await admin.make('agent-managed-queues', { agent_id: leader.id, queue_id: queue.id });
  const at = (minute) => `2026-11-21T0${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}:00Z`;
  const day = [['idle', 0, 10, 'busy'], ['busy', 10, 20, 'idle'], ['idle', 20, 30, 'signed_out'], ['idle', 60, 70, 'forced_busy'], ['busy', 70, 80, 'forced_exit']];
  for (const who of [member, stranger]) for (const [state, from, to, ended] of day)
    env.pg.sql(`insert into zj.agent_state (tenant_id, id, agent_id, state, from_at, to_at, cause, ended_by) values ('${admin.tenant.id}', zj.zj_uuid7(), '${who.id}', '${state}', '${at(from)}', '${at(to)}', 'own', '${ended}')`);
  const times = async (who, query, column = 'from_at') => {
    const r = await who.get(`/agent-states?sort=from_at&limit=200&${query}`);
    assert.equal(r.status, 200, JSON.stringify(r.body));
    return r.body.items.map((s) => [s.agent_id, s[column].slice(11, 16)]);
  };
  const of = (...minutes) => minutes.map((m) => [member.id, at(m).slice(11, 16)]);
  const within = `filter[from_at][ge]=${at(0)}&filter[from_at][lt]=${at(60)}`;
  assert.deepEqual(await times(leader, 'filter[signed_in]=true'), of(0, 60), 'signed in');
  assert.deepEqual(await times(leader, 'filter[ended_by][in]=signed_out,forced_exit', 'to_at'), of(30, 80), 'signed out');
  assert.deepEqual(await times(leader, 'filter[state]=busy'), of(10, 70), 'set busy');
  assert.deepEqual(await times(leader, 'filter[state]=idle'), of(0, 20, 60), 'set idle');
  assert.deepEqual(await times(leader, `filter[state]=idle&${within}`), of(0, 20), 'within a time');
  assert.deepEqual(await times(leader, `filter[agent_id]=${stranger.id}`), [], 'not a member');
  assert.equal((await times(admin, 'filter[signed_in]=true')).length, 4);
  assert.deepEqual((await times(stranger, '')).map(([id]) => id === stranger.id), day.map(() => true), 'everybody else: his own');
});
