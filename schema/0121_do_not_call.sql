-- Lists of trunk groups; who must never be dialled, and what cleans a campaign's customers of them.
set search_path = zj, public;
set role zj_owner;

alter table blacklist add foreign key (tenant_id, trunk_group_id) references trunk_group (tenant_id, id) on delete cascade;

-- Three levels: the carrier's rows hold for everybody's customers, a tenant's for its own, those of a campaign for its customers.
create table do_not_call (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    number      text not null check (number ~ '^[0-9]{3,32}$'),
    campaign_id uuid,
    level       text not null default 'tenant' check (level in ('system', 'tenant', 'campaign')),
    remark      text not null default '' check (char_length(remark) <= 500),
    created_by  uuid default zj_account(),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique nulls not distinct (tenant_id, number, campaign_id),
    foreign key (tenant_id, campaign_id) references campaign (tenant_id, id) on delete cascade
);
call zj_tenant_table('do_not_call');
call zj_carrier_own('do_not_call');
call zj_recyclable('do_not_call');
call zj_audited('do_not_call');
create index on do_not_call (tenant_id, campaign_id);
create index on do_not_call (tenant_id, level, number text_pattern_ops);
create index on do_not_call (tenant_id, number text_pattern_ops);
create policy bpo on do_not_call as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
call zj_owner_may('do_not_call');

create function do_not_call_level() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    new.number := zj_digits(new.number);
    new.level := case when new.campaign_id is not null then 'campaign' when zj_is_carrier(new.tenant_id) then 'system' else 'tenant' end;
    return new;
end $$;
create trigger level before insert or update on do_not_call for each row execute function do_not_call_level();

-- The distinct first three digits of a level, or the next three behind a prefix, with how many numbers begin so: skips along the index.
create function zj_do_not_call_prefixes(p_level text, p_campaign uuid, p_prefix text) returns table (prefix text, numbers bigint) language sql stable as $$
    select left(d.number, char_length(p_prefix) + 3), count(*)
      from do_not_call d
     where d.tenant_id = zj_tenant() and d.level = p_level and (p_campaign is null or d.campaign_id = p_campaign)
       and d.number like p_prefix || '%' and char_length(d.number) > char_length(p_prefix)
     group by 1 order by 1 limit 1000
$$;
revoke all on function zj_do_not_call_prefixes from public;
grant execute on function zj_do_not_call_prefixes to zj_tenant, zj_carrier;

-- Takes the customers that must not be dialled out of a campaign, at its time. The worker looks for plans whose time has come.
create table dnc_plan (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    campaign_id uuid not null,
    run_at      timestamptz not null,
    enabled     boolean not null default false,
    state       text not null default 'new' check (state in ('new', 'running', 'finished', 'cancelling', 'cancelled', 'failed')),
    total       bigint not null default 0,
    last_run_at timestamptz,
    created_by  uuid default zj_account(),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, campaign_id) references campaign (tenant_id, id) on delete cascade
);
call zj_tenant_table('dnc_plan');
call zj_recyclable('dnc_plan');
call zj_audited('dnc_plan');
create index on dnc_plan (tenant_id, campaign_id);
create index on dnc_plan (run_at) where enabled and state = 'new' or state = 'cancelling';
create policy bpo on dnc_plan as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
call zj_owner_may('dnc_plan');
call zj_reader('dnc_plan', 'zj_worker', 'tenant_id, id, run_at, enabled, state');

-- What the last run took out, to be looked at and downloaded.
create table dnc_removed (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    plan_id     uuid not null,
    customer_id uuid not null,
    name        text not null,
    phone       text not null,
    level       text not null check (level in ('system', 'tenant', 'campaign')),
    removed_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, plan_id) references dnc_plan (tenant_id, id) on delete cascade
);
call zj_tenant_table('dnc_removed');
revoke insert, update, delete on dnc_removed from zj_tenant;
create index on dnc_removed (tenant_id, plan_id);
create policy bpo on dnc_removed as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
call zj_owner_may('dnc_removed');

-- A new time arms a plan again, unless it is just being cancelled. `cancelling` is all that a person may say of the state.
create function dnc_plan_rules() returns trigger language plpgsql as $$
begin
    if current_setting('zj.dnc', true) = 'on' then return new; end if;
    if tg_op = 'INSERT' then
        new.state := 'new';
        return new;
    end if;
    if old.state = 'cancelling' then
        raise check_violation using message = 'the plan is being cancelled', column = 'run_at', constraint = 'dnc_plan_cancelling';
    end if;
    if new.state <> old.state and (new.state <> 'cancelling' or old.state not in ('new', 'running')) then
        raise check_violation using message = 'a plan that waits or runs can be cancelled, nothing else', column = 'state', constraint = 'dnc_plan_state';
    end if;
    if new.run_at <> old.run_at and new.state not in ('running', 'cancelling') then new.state := 'new'; end if;
    return new;
end $$;
create trigger rules before insert or update on dnc_plan for each row execute function dnc_plan_rules();

-- Does a number stand on a list that holds for this campaign? The level that says so, the narrowest first; null: it may be dialled.
create function zj_do_not_call_level(t uuid, campaign uuid, phone text) returns text language sql stable security definer set search_path = zj, pg_temp as $$
    select d.level from do_not_call d
     where d.number = zj_digits(phone) and (d.tenant_id = t and (d.campaign_id is null or d.campaign_id = campaign)
        or d.tenant_id = (select c.id from tenant c where c.kind = 'carrier') and d.campaign_id is null)
     order by array_position(array['campaign', 'tenant', 'system'], d.level) limit 1
$$;
revoke all on function zj_do_not_call_level from public;

-- Runs every plan whose time has come: how many customers were taken out. Plans that are being
-- cancelled end here.
create function zj_dnc_run() returns bigint language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    p dnc_plan;
    n bigint;
    out bigint := 0;
begin
    perform set_config('zj.dnc', 'on', true);
    update dnc_plan set state = 'cancelled', enabled = false where state = 'cancelling';
    for p in select * from dnc_plan where enabled and state = 'new' and run_at <= now() order by run_at for update skip locked loop
        delete from dnc_removed r where r.tenant_id = p.tenant_id and r.plan_id = p.id;
        with found as (
            select c.id, c.name, coalesce(case when l1.level is not null then c.phone end, c.phone2, c.phone) as phone, coalesce(l1.level, l2.level) as level
              from customer c
              cross join lateral (select zj_do_not_call_level(c.tenant_id, p.campaign_id, c.phone)) l1 (level)
              cross join lateral (select case when c.phone2 is not null then zj_do_not_call_level(c.tenant_id, p.campaign_id, c.phone2) end) l2 (level)
             where c.tenant_id = p.tenant_id and c.campaign_id = p.campaign_id and coalesce(l1.level, l2.level) is not null),
        gone as (update customer c set campaign_id = null from found f where c.tenant_id = p.tenant_id and c.id = f.id returning c.id)
        insert into dnc_removed (tenant_id, plan_id, customer_id, name, phone, level)
            select p.tenant_id, p.id, f.id, f.name, f.phone, f.level from found f join gone g on g.id = f.id;
        get diagnostics n = row_count;
        update dnc_plan set state = 'finished', total = n, last_run_at = now() where tenant_id = p.tenant_id and id = p.id;
        out := out + n;
    end loop;
    perform set_config('zj.dnc', '', true);
    return out;
end $$;
revoke all on function zj_dnc_run from public;
grant execute on function zj_dnc_run to zj_worker;
call zj_owner_may('customer'); call zj_owner_may('campaign');

comment on table do_not_call is '{"resource":"do-not-call","zh":"禁拨黑名单","en":"Do-not-call list","scope":"tenant","label":"number","sort":"-id","menu":"crm","order":70,"icon":"ban","search":["number"],"big":true,"page":"do-not-call"}';
comment on column do_not_call.number is '{"zh":"电话号码","en":"Phone number","filter":true}';
comment on column do_not_call.campaign_id is '{"zh":"外拨任务","en":"Campaign","filter":true,"help_zh":"留空为团队级别（运营商的为系统级别）","help_en":"empty: of the whole tenant (the carrier''s: of everybody)"}';
comment on column do_not_call.level is '{"zh":"黑名单级别","en":"Level","readonly":true,"filter":true,"audit":false,"enum":{"system":{"zh":"系统级别","en":"System"},"tenant":{"zh":"团队级别","en":"Tenant"},"campaign":{"zh":"外呼营销任务级别","en":"Campaign"}}}';
comment on column do_not_call.remark is '{"zh":"备注","en":"Remark"}';
comment on column do_not_call.created_by is '{"zh":"创建者","en":"Creator","readonly":true,"ref":"accounts"}';
comment on table dnc_plan is '{"resource":"dnc-plans","zh":"黑名单过滤计划","en":"Do-not-call filter plan","scope":"tenant","sort":"-id","menu":"crm","order":72,"icon":"filter","import":false,"include":{"removed":"dnc_removed"}}';
comment on column dnc_plan.campaign_id is '{"zh":"外拨任务","en":"Campaign","filter":true}';
comment on column dnc_plan.run_at is '{"zh":"执行时间","en":"Execution time","help_zh":"更改后计划重新可用","help_en":"a new time arms the plan again"}';
comment on column dnc_plan.enabled is '{"zh":"是否启用","en":"Enabled"}';
comment on column dnc_plan.state is '{"zh":"状态","en":"State","help_zh":"取消：改为“正在取消”","help_en":"to cancel: set to Cancelling","enum":{"new":{"zh":"可用","en":"New"},"running":{"zh":"正在执行","en":"Running"},"finished":{"zh":"完毕","en":"Finished"},"cancelling":{"zh":"正在取消","en":"Cancelling"},"cancelled":{"zh":"已取消","en":"Cancelled"},"failed":{"zh":"失败","en":"Failed"}}}';
comment on column dnc_plan.total is '{"zh":"总数","en":"Total","readonly":true,"help_zh":"最近一次过滤出的客户数","help_en":"customers taken out by the last run"}';
comment on column dnc_plan.last_run_at is '{"zh":"最近一次执行时间","en":"Last execution","readonly":true}';
comment on column dnc_plan.created_by is '{"zh":"创建者","en":"Creator","readonly":true,"ref":"accounts"}';
comment on table dnc_removed is '{"resource":"dnc-removed","zh":"过滤出的客户","en":"Customers taken out","scope":"tenant","label":"name","create":false,"update":false,"delete":false,"import":false,"sort":"-id"}';
comment on column dnc_removed.plan_id is '{"zh":"过滤计划","en":"Plan","filter":true}';
comment on column dnc_removed.customer_id is '{"zh":"客户","en":"Customer","ref":"customers"}';
comment on column dnc_removed.name is '{"zh":"客户名称","en":"Name"}';
comment on column dnc_removed.phone is '{"zh":"电话号码","en":"Phone number","mask":"phone"}';
comment on column dnc_removed.level is '{"zh":"黑名单级别","en":"Level","enum":{"system":{"zh":"系统级别","en":"System"},"tenant":{"zh":"团队级别","en":"Tenant"},"campaign":{"zh":"外呼营销任务级别","en":"Campaign"}}}';
comment on column dnc_removed.removed_at is '{"zh":"过滤时间","en":"Taken out","readonly":true}';
call zj_searchable('do_not_call');
reset role;
