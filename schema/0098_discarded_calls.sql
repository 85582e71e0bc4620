-- Erroneous calls are taken out of the records: by administrators, by agents whose group grants it, by group leaders, or with the consent
-- of one, who types his password. The facts stay where they are; what is taken out is listed, with by whom and why, and can be put back.
set search_path = zj, public;
set role zj_owner;

alter table agent_group add column may_discard boolean not null default false;
comment on column agent_group.may_discard is '{"zh":"可删除错误通话","en":"May discard erroneous calls","help_zh":"未授权的坐席须由组长输入账号密码","help_en":"without it an agent needs a leader''s account and password"}';

create table discarded_call (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    call_id     uuid not null,
    started_at  timestamptz not null,
    direction   text not null check (direction in ('in', 'out', 'internal')),
    caller      text not null default '',
    callee      text not null default '',
    agent_id    uuid,
    reason      text not null check (char_length(reason) between 1 and 500),
    created_by  uuid default zj_account(),
    approved_by uuid,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, call_id)
);
create index on discarded_call (tenant_id, agent_id);
call zj_tenant_table('discarded_call');
revoke insert, update on discarded_call from zj_tenant;
call zj_audited('discarded_call');
call zj_recyclable('discarded_call');
call zj_scoped('discarded_call', 'agent', 'agent_id');
create policy bpo on discarded_call as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));

-- Read once a query, whoever's scope: what is taken out is so for everybody.
create function zj_discarded() returns setof uuid language sql stable security definer set search_path = zj, pg_temp as $$
    select call_id from discarded_call where tenant_id = zj_tenant()
$$;
revoke all on function zj_discarded from public;
grant execute on function zj_discarded to zj_tenant, zj_worker;
create policy discarded on call as restrictive to zj_tenant using (id not in (select zj_discarded()));
create policy discarded on recording as restrictive to zj_tenant using (call_id not in (select zj_discarded()));

-- May this account discard by itself? (`tokens`: what an access token is narrowed to is asked by the api.)
create function zj_may_discard(account uuid) returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select zj_account() is not distinct from account and zj_is_admin()
        or exists (select from account a join role r on r.tenant_id = a.tenant_id and r.id = a.role_id where a.tenant_id = zj_tenant() and a.id = account and a.enabled
            and (r.kind = 'admin' or r.permissions && array['*', 'calls.*', 'calls.discard']))
        or exists (select from agent g left join agent_group o on o.tenant_id = g.tenant_id and o.id = g.group_id left join agent_role r on r.tenant_id = g.tenant_id and r.id = g.role_id
            where g.tenant_id = zj_tenant() and g.account_id = account and g.enabled and (o.may_discard or r.permissions && array['*', 'calls.*', 'calls.discard']
                or exists (select from agent_managed_group m where m.tenant_id = g.tenant_id and m.agent_id = g.id)))
$$;
-- May `approver` consent to what the asking account wants? An administrator, or who leads its group.
create function zj_may_consent(approver uuid) returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select exists (select from account a join role r on r.tenant_id = a.tenant_id and r.id = a.role_id where a.tenant_id = zj_tenant() and a.id = approver and a.enabled and r.kind = 'admin')
        or exists (select from account a join agent g on g.tenant_id = a.tenant_id and g.account_id = a.id and g.enabled join agent_managed_group m on m.tenant_id = g.tenant_id and m.agent_id = g.id
            join agent s on s.tenant_id = m.tenant_id and s.group_id = m.group_id and s.account_id = zj_account() where a.tenant_id = zj_tenant() and a.id = approver and a.enabled)
$$;
-- Called with a row that the asking role may see. The password behind `approver` was compared by the api.
create function zj_discard(c call, reason text, approver uuid) returns uuid language plpgsql security definer set search_path = zj, pg_temp as $$
declare made uuid;
begin
    if c.tenant_id is distinct from zj_tenant() then raise insufficient_privilege using message = 'a call of another tenant'; end if;
    if approver is not null and not zj_may_consent(approver) then
        raise insufficient_privilege using message = 'neither an administrator nor the leader of your group', hint = '不是管理员，也不是你的组长', column = 'approver', constraint = 'discard_approver';
    end if;
    if approver is null and not zj_may_discard(zj_account()) then
        raise insufficient_privilege using message = 'a leader of your group must consent', hint = '需要组长输入账号和密码确认', column = 'approver', constraint = 'discard_consent';
    end if;
    insert into discarded_call (tenant_id, call_id, started_at, direction, caller, callee, agent_id, reason, approved_by)
    values (c.tenant_id, c.id, c.started_at, c.direction, c.caller, c.callee, c.last_agent, reason, approver) returning id into made;
    return made;
end $$;
revoke all on function zj_may_discard, zj_may_consent, zj_discard from public;
grant execute on function zj_discard to zj_tenant;

do $$
declare c jsonb := obj_description('call'::regclass, 'pg_class')::jsonb;
begin
    execute format('comment on table call is %L', jsonb_set(c, '{permissions,discard}', '{"zh":"删除错误通话","en":"Discard erroneous calls"}')::text);
end $$;
comment on table discarded_call is '{"resource":"discarded-calls","zh":"错误通话","en":"Discarded call","scope":"tenant","create":false,"update":false,"import":false,"sort":"-id","menu":"reports","order":15,"search":["caller","callee"],"scoped":{"agent":"agent_id"}}';
comment on column discarded_call.call_id is '{"zh":"通话","en":"Call","list":false}';
comment on column discarded_call.started_at is '{"zh":"开始时间","en":"Started"}';
comment on column discarded_call.direction is '{"zh":"方向","en":"Direction","enum":{"in":{"zh":"呼入","en":"Inbound"},"out":{"zh":"呼出","en":"Outbound"},"internal":{"zh":"内部","en":"Internal"}}}';
comment on column discarded_call.caller is '{"zh":"主叫","en":"Caller","mask":"phone"}';
comment on column discarded_call.callee is '{"zh":"被叫","en":"Callee","mask":"phone"}';
comment on column discarded_call.agent_id is '{"zh":"坐席","en":"Agent","ref":"agents","filter":true}';
comment on column discarded_call.reason is '{"zh":"删除原因","en":"Reason"}';
comment on column discarded_call.created_by is '{"zh":"删除人","en":"By","ref":"accounts"}';
comment on column discarded_call.approved_by is '{"zh":"确认人","en":"With the consent of","ref":"accounts"}';
call zj_searchable('discarded_call');
reset role;
