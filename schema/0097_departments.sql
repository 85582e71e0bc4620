-- The department in what is looked back at: calls, agents, follow-ups carry it, and it has figures of its own for each day. It is the
-- department of that moment: who moves leaves the past where it was.
set search_path = zj, public;
set role zj_owner;

create function zj_department_of(tenant uuid, agent uuid) returns uuid language sql stable security definer set search_path = zj, pg_temp as $$
    select a.department_id from agent g join account a on a.tenant_id = g.tenant_id and a.id = g.account_id where g.tenant_id = tenant and g.id = agent
$$;
revoke all on function zj_department_of from public;

alter table call add column department_id uuid;
create function call_department() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    new.department_id := zj_department_of(new.tenant_id, new.last_agent);
    return new;
end $$;
create trigger department before insert on call for each row when (new.last_agent is not null) execute function call_department();
create index on call (tenant_id, department_id, id desc) where department_id is not null;
comment on column call.department_id is '{"zh":"所属部门","en":"Department","ref":"departments","filter":true}';

-- An agent is where its account is: a copy that follows, so that agents are listed and filtered by it.
alter table agent add column department_id uuid;
create function agent_department() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    new.department_id := (select a.department_id from account a where a.tenant_id = new.tenant_id and a.id = new.account_id);
    return new;
end $$;
create trigger department before insert or update of account_id, department_id on agent for each row execute function agent_department();
create function account_moved() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update agent g set department_id = new.department_id where g.tenant_id = new.tenant_id and g.account_id = new.id;
    return null;
end $$;
create trigger moved after update of department_id on account for each row when (new.department_id is distinct from old.department_id) execute function account_moved();
update agent g set department_id = a.department_id from account a where a.tenant_id = g.tenant_id and a.id = g.account_id and a.department_id is not null;
create index on agent (tenant_id, department_id);
comment on column agent.department_id is '{"zh":"所属部门","en":"Department","ref":"departments","readonly":true,"filter":true}';

-- What was done for a customer or lead, by whom, and what comes next.
create table follow_up (
    tenant_id     uuid not null references tenant (id) on delete cascade,
    id            uuid not null default zj_uuid7(),
    customer_id   uuid,
    lead_id       uuid,
    method        text not null default 'call' check (method in ('call', 'visit', 'message', 'other')),
    content       text not null check (char_length(content) between 1 and 5000),
    next_at       timestamptz,
    call_id       uuid,
    created_by    uuid default zj_account(),
    department_id uuid,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, customer_id) references customer (tenant_id, id) on delete cascade,
    foreign key (tenant_id, lead_id) references lead (tenant_id, id) on delete cascade,
    constraint follow_up_of check (num_nonnulls(customer_id, lead_id) = 1)
);
create index on follow_up (tenant_id, customer_id); create index on follow_up (tenant_id, lead_id);
create index on follow_up (tenant_id, created_by); create index on follow_up (tenant_id, department_id, id desc);
call zj_tenant_table('follow_up');
call zj_recyclable('follow_up');
call zj_audited('follow_up');
create policy bpo on follow_up as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
-- Whoever sees the customer or the lead sees what was done for it.
create policy seen on follow_up as restrictive to zj_tenant using (customer_id is not null and exists (select from customer c where c.tenant_id = follow_up.tenant_id and c.id = customer_id)
    or lead_id is not null and exists (select from lead l where l.tenant_id = follow_up.tenant_id and l.id = lead_id)
    or num_nonnulls(customer_id, lead_id) <> 1); -- which its constraint refuses by name
create function follow_up_place() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if tg_op = 'UPDATE' then
        new.department_id := old.department_id;
    elsif current_setting('zj.restoring', true) is distinct from 'on' then
        new.department_id := (select a.department_id from account a where a.tenant_id = new.tenant_id and a.id = new.created_by);
    end if;
    return new;
end $$;
create trigger place before insert or update on follow_up for each row execute function follow_up_place();

-- Figures of a department's day, in the tenant's time zone: added to with every fact, so that they agree with the records to the call.
create table department_day (
    tenant_id     uuid not null references tenant (id) on delete cascade,
    id            uuid not null default zj_uuid7(),
    department_id uuid not null,
    day           date not null,
    calls_in      integer not null default 0,
    calls_out     integer not null default 0,
    answered      integer not null default 0,
    talk_s        integer not null default 0,
    idle_s        integer not null default 0,
    busy_s        integer not null default 0,
    after_call_s  integer not null default 0,
    primary key (tenant_id, id),
    unique (tenant_id, department_id, day)
);
create index on department_day (tenant_id, day desc, id desc);
call zj_tenant_table('department_day');
revoke insert, update, delete on department_day from zj_tenant;
create policy keep_zj_owner on department_day to zj_owner using (true) with check (true);
call zj_scoped('department_day', 'department', 'department_id');
create policy bpo on department_day as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));

create function department_counted() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if tg_table_name ~ '^call' then
        insert into department_day as d (tenant_id, department_id, day, calls_in, calls_out, answered, talk_s)
        select n.tenant_id, n.department_id, (n.started_at at time zone t.time_zone)::date, count(*) filter (where n.direction = 'in'), count(*) filter (where n.direction = 'out'),
               count(*) filter (where n.result = 'answered'), coalesce(round(sum(extract(epoch from n.ended_at - n.answered_at)) filter (where n.result = 'answered')), 0)
          from new_rows n join tenant t on t.id = n.tenant_id where n.department_id is not null and n.direction <> 'internal' group by 1, 2, 3
            on conflict (tenant_id, department_id, day) do update set calls_in = d.calls_in + excluded.calls_in, calls_out = d.calls_out + excluded.calls_out,
               answered = d.answered + excluded.answered, talk_s = d.talk_s + excluded.talk_s;
    else
        insert into department_day as d (tenant_id, department_id, day, idle_s, busy_s, after_call_s)
        select n.tenant_id, n.department_id, (n.from_at at time zone t.time_zone)::date, coalesce(round(sum(extract(epoch from n.to_at - n.from_at)) filter (where n.state = 'idle')), 0), coalesce(round(sum(extract(epoch from n.to_at - n.from_at)) filter (where n.state = 'busy')), 0), coalesce(round(sum(extract(epoch from n.to_at - n.from_at)) filter (where n.state = 'after_call')), 0)
          from new_rows n join tenant t on t.id = n.tenant_id
         where n.department_id is not null and n.state in ('idle', 'busy', 'after_call') group by 1, 2, 3
            on conflict (tenant_id, department_id, day) do update set idle_s = d.idle_s + excluded.idle_s, busy_s = d.busy_s + excluded.busy_s, after_call_s = d.after_call_s + excluded.after_call_s;
    end if;
    return null;
exception when others then
    raise warning 'a day of a department lacks something: %', sqlerrm;
    return null;
end $$;
create trigger counted after insert on call referencing new table as new_rows for each statement execute function department_counted();
create trigger counted after insert on agent_state referencing new table as new_rows for each statement execute function department_counted();

comment on table follow_up is '{"resource":"follow-ups","zh":"跟进记录","en":"Follow-up","scope":"tenant","label":"content","sort":"-id","menu":"crm","order":45,"search":["content"]}';
comment on column follow_up.customer_id is '{"zh":"客户","en":"Customer","filter":true}';
comment on column follow_up.lead_id is '{"zh":"线索","en":"Lead","filter":true}';
comment on column follow_up.method is '{"zh":"跟进方式","en":"By","enum":{"call":{"zh":"电话","en":"Telephone"},"visit":{"zh":"拜访","en":"Visit"},"message":{"zh":"消息","en":"Message"},"other":{"zh":"其他","en":"Other"}}}';
comment on column follow_up.content is '{"zh":"跟进内容","en":"Content","widget":"textarea"}';
comment on column follow_up.next_at is '{"zh":"下次跟进","en":"Next"}';
comment on column follow_up.call_id is '{"zh":"通话","en":"Call","ref":"calls","list":false}';
comment on column follow_up.created_by is '{"zh":"跟进人","en":"By whom","ref":"accounts","readonly":true}';
comment on column follow_up.department_id is '{"zh":"所属部门","en":"Department","ref":"departments","readonly":true,"filter":true}';
comment on table department_day is '{"resource":"department-days","zh":"部门日报","en":"Department by day","scope":"tenant","create":false,"update":false,"delete":false,"import":false,"sort":"-day","menu":"reports","order":40,"big":true,"scoped":{"department":"department_id"}}';
comment on column department_day.department_id is '{"zh":"部门","en":"Department","ref":"departments","filter":true}';
comment on column department_day.day is '{"zh":"日期","en":"Day","filter":true}';
comment on column department_day.calls_in is '{"zh":"呼入通数","en":"Inbound calls"}';
comment on column department_day.calls_out is '{"zh":"呼出通数","en":"Outbound calls"}';
comment on column department_day.answered is '{"zh":"接通通数","en":"Answered"}';
comment on column department_day.talk_s is '{"zh":"通话时长","en":"Talk time","unit":"s"}';
comment on column department_day.idle_s is '{"zh":"空闲时长","en":"Idle","unit":"s"}';
comment on column department_day.busy_s is '{"zh":"示忙时长","en":"Busy","unit":"s"}';
comment on column department_day.after_call_s is '{"zh":"话后时长","en":"After-call work","unit":"s"}';
call zj_searchable('follow_up');
reset role;
