-- What a team leader still sees of the past: calls that came through the queues it manages stay its own to look at, whoever took them
-- and wherever that agent is now; queues that it has left, and agents that have left its queues, are listed with a mark.
set search_path = zj, public;
set role zj_owner;

create function zj_managed_queues() returns uuid[] language sql stable security definer set search_path = zj, pg_temp as $$
    select coalesce(array_agg(m.queue_id), '{}') from agent a join agent_managed_queue m on m.tenant_id = a.tenant_id and m.agent_id = a.id
     where a.tenant_id = zj_tenant() and a.account_id = zj_account()
$$;
alter policy scope_last_agent on call using ((select zj_scope_agents() is null) or last_agent in (select unnest(zj_scope_agents())) or first_queue in (select unnest(zj_managed_queues())));

-- Queues: those in scope; those where oneself once took calls. Without a scope: all.
create function zj_known_queues() returns table (tenant_id uuid, id uuid, number text, name text, gone boolean) language sql stable security definer set search_path = zj, pg_temp as $$
    with mine as (select c.first_queue as id from call c join agent a on a.tenant_id = c.tenant_id and a.id = c.last_agent
                   where c.tenant_id = zj_tenant() and a.account_id = zj_account() and c.first_queue is not null group by 1)
    select zj_tenant(), q.id, q.number, q.name, false from queue q where q.tenant_id = zj_tenant() and (zj_scope_queues() is null or q.id = any (zj_scope_queues()))
    union all
    select zj_tenant(), m.id, q.number, coalesce(q.name, r.label, '') || '【已删除】', true from mine m
      left join queue q on q.tenant_id = zj_tenant() and q.id = m.id
      left join lateral (select label from recycled r where r.tenant_id = zj_tenant() and r.row_id = m.id order by r.id desc limit 1) r on true
     where case when q.id is null then true else zj_scope_queues() is not null and q.id <> all (zj_scope_queues()) end
$$;
-- Agents: those in scope; those who once took calls of the managed queues.
create function zj_known_agents() returns table (tenant_id uuid, id uuid, number text, name text, gone boolean) language sql stable security definer set search_path = zj, pg_temp as $$
    with past as (select c.last_agent as id from call c where c.tenant_id = zj_tenant() and c.first_queue = any (zj_managed_queues()) and c.last_agent is not null group by 1)
    select zj_tenant(), a.id, a.number, a.name, false from agent a where a.tenant_id = zj_tenant() and (zj_scope_agents() is null or a.id = any (zj_scope_agents()))
    union all
    select zj_tenant(), p.id, a.number, coalesce(a.name, r.label, '') || '【已删除】', true from past p
      left join agent a on a.tenant_id = zj_tenant() and a.id = p.id
      left join lateral (select label from recycled r where r.tenant_id = zj_tenant() and r.row_id = p.id order by r.id desc limit 1) r on true
     where case when a.id is null then true else zj_scope_agents() is not null and a.id <> all (zj_scope_agents()) end
$$;
create policy read_zj_owner on call for select to zj_owner using (true);
create view known_queue with (security_invoker) as select * from zj_known_queues();
create view known_agent with (security_invoker) as select * from zj_known_agents();
grant select on known_queue, known_agent to zj_tenant;
comment on view known_queue is '{"resource":"known-queues","zh":"可选队列","en":"Queues to choose from","scope":"tenant","label":"name","sort":"name","import":false,"create":false,"update":false,"delete":false}';
comment on view known_agent is '{"resource":"known-agents","zh":"可选坐席","en":"Agents to choose from","scope":"tenant","label":"name","sort":"name","import":false,"create":false,"update":false,"delete":false}';
do $$
declare v text;
begin
    foreach v in array array['known_queue', 'known_agent'] loop
        execute format('comment on column %I.tenant_id is %L', v, '{"zh":"团队","en":"Tenant","readonly":true}');
        execute format('comment on column %I.id is %L', v, '{"zh":"编号","en":"ID","readonly":true}');
        execute format('comment on column %I.number is %L', v, '{"zh":"号码","en":"Number"}');
        execute format('comment on column %I.name is %L', v, '{"zh":"名称","en":"Name"}');
        execute format('comment on column %I.gone is %L', v, '{"zh":"已离开","en":"No longer there"}');
    end loop;
end $$;
reset role;
