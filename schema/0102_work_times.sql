-- When a tenant works: intervals, packages of them, holidays. Everything is in the tenant's time zone; an interval may cross midnight (the
-- hours after it belong to the day on which it began) and the year's end; both ends belong to it.
set search_path = zj, public;
set role zj_owner;

-- MM-DD of any year (also 02-29), or YYYY-MM-DD.
create function zj_is_day(day text) returns boolean language plpgsql immutable strict parallel safe as $$
begin
    if day !~ '^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$' then return false; end if;
    perform make_date(case char_length(day) when 5 then 2000 else left(day, 4)::int end, left(right(day, 5), 2)::int, right(day, 2)::int);
    return true;
exception when datetime_field_overflow then return false;
end $$;

-- What interval rows of several tables have in common; says what is wrong with field and rule.
create function zj_interval_rules() returns trigger language plpgsql as $$
declare
    r jsonb := to_jsonb(new);
    name text := tg_table_name;
    col text;
begin
    foreach col in array array['date_from', 'date_to'] loop
        if not zj_is_day(r ->> col) then
            raise check_violation using message = 'a day is MM-DD or YYYY-MM-DD', column = col, constraint = name || '_day';
        end if;
    end loop;
    if (r ->> 'time_from' is null) <> (r ->> 'time_to' is null) then
        raise check_violation using message = 'a time has a beginning and an end', column = case when r ->> 'time_from' is null then 'time_from' else 'time_to' end, constraint = name || '_times';
    end if;
    if r ->> 'time_from' = r ->> 'time_to' then
        raise check_violation using message = 'beginning and end are the same: leave both empty for the whole day', column = 'time_to', constraint = name || '_times_equal';
    end if;
    if (r ->> 'date_from' is null) <> (r ->> 'date_to' is null) then
        raise check_violation using message = 'a period has a first and a last day', column = case when r ->> 'date_from' is null then 'date_from' else 'date_to' end, constraint = name || '_dates';
    end if;
    if char_length(r ->> 'date_from') <> char_length(r ->> 'date_to') then
        raise check_violation using message = 'both days with the year, or both without', column = 'date_to', constraint = name || '_dates_year';
    end if;
    if char_length(r ->> 'date_from') = 10 and r ->> 'date_from' > r ->> 'date_to' then
        raise check_violation using message = 'the last day is before the first', column = 'date_to', constraint = name || '_dates_order';
    end if;
    return new;
end $$;

create table work_time (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    name         text not null check (char_length(name) between 1 and 100),
    date_from    text check (zj_is_day(date_from)),
    date_to      text check (zj_is_day(date_to)),
    time_from    time,
    time_to      time,
    weekday_from text check (weekday_from in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')),
    weekday_to   text check (weekday_to in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')),
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    constraint work_time_weekdays check ((weekday_from is null) = (weekday_to is null))
);

-- Several intervals: together they are a business's time. During holidays it is closed if it says so.
create table work_package (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    name       text not null check (char_length(name) between 1 and 100),
    enabled    boolean not null default true,
    work_times uuid[] not null check (cardinality(work_times) <= 32),
    holidays   text not null default 'ignored' check (holidays in ('ignored', 'closed')),
    remark     text not null default '' check (char_length(remark) <= 500),
    created_by uuid default zj_account(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

create table holiday (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    name       text not null check (char_length(name) between 1 and 100),
    date_from  text not null check (zj_is_day(date_from)),
    date_to    text not null check (zj_is_day(date_to)),
    enabled    boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
do $$
declare t text;
begin
    foreach t in array array['work_time', 'work_package', 'holiday'] loop
        call zj_tenant_table(t::regclass, 'write');
        call zj_live(t::regclass);
        call zj_reader(t::regclass, 'zj_edge');
        call zj_audited(t::regclass);
        call zj_recyclable(t::regclass);
        execute format('create policy bpo on %I as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null))', t);
    end loop;
end $$;
create trigger interval before insert or update on work_time for each row execute function zj_interval_rules();
create trigger interval before insert or update on holiday for each row execute function zj_interval_rules();

-- A package without times would never be in force, and nobody would see why.
create function work_package_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if cardinality(new.work_times) = 0 and exists (select from tenant t where t.id = new.tenant_id) then
        if pg_trigger_depth() > 1 then -- its last time is being deleted: no field of that
            raise check_violation using message = format('the package %s would have no times', new.name), constraint = 'work_package_last_time';
        end if;
        raise check_violation using message = format('the package %s would have no times', new.name), column = 'work_times', constraint = 'work_package_times';
    end if;
    return new;
end $$;
create trigger a_rules before insert or update of work_times on work_package for each row execute function work_package_rules();
-- (The carrier writes a tenant's package, too, so the times are looked for in the row's tenant, not in the asking one.)
create function work_package_times() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare missing uuid := (select i from unnest(new.work_times) i where not exists (select from work_time w where w.tenant_id = new.tenant_id and w.id = i) limit 1);
begin
    if missing is not null and not zj_foreign(new.tenant_id) then
        raise foreign_key_violation using message = format('no work time with id %s', missing), column = 'work_times', constraint = 'work_package_times_exist';
    end if;
    return new;
end $$;
create trigger times before insert or update of work_times on work_package for each row when (pg_trigger_depth() = 0) execute function work_package_times();
create trigger forget_work_package after delete on work_time referencing old table as gone for each statement execute function zj_refs_forget('work_package', 'work_times');
create index on work_package using gin (work_times);

comment on table work_time is '{"resource":"work-times","zh":"工作时间","en":"Work time","scope":"tenant","label":"name","menu":"pbx","order":34,"icon":"clock","search":["name"]}';
comment on column work_time.name is '{"zh":"名称","en":"Name"}';
comment on column work_time.date_from is '{"zh":"开始日期","en":"First day","help_zh":"月-日，如10-01；或年-月-日。留空为任意日期","help_en":"MM-DD of every year, or YYYY-MM-DD; empty: any day"}';
comment on column work_time.date_to is '{"zh":"结束日期","en":"Last day","help_zh":"可跨年，如12-25至01-05","help_en":"may be over the year''s end: 12-25 to 01-05"}';
comment on column work_time.time_from is '{"zh":"起始时间","en":"From","help_zh":"留空为全天","help_en":"empty: the whole day"}';
comment on column work_time.time_to is '{"zh":"结束时间","en":"To","help_zh":"可跨零点，如22:00至06:00","help_en":"may be over midnight: 22:00 to 06:00"}';
comment on column work_time.weekday_from is '{"zh":"开始星期","en":"First weekday","enum":{"mon":{"zh":"星期一","en":"Monday"},"tue":{"zh":"星期二","en":"Tuesday"},"wed":{"zh":"星期三","en":"Wednesday"},"thu":{"zh":"星期四","en":"Thursday"},"fri":{"zh":"星期五","en":"Friday"},"sat":{"zh":"星期六","en":"Saturday"},"sun":{"zh":"星期日","en":"Sunday"}}}';
comment on column work_time.weekday_to is '{"zh":"结束星期","en":"Last weekday","enum":{"mon":{"zh":"星期一","en":"Monday"},"tue":{"zh":"星期二","en":"Tuesday"},"wed":{"zh":"星期三","en":"Wednesday"},"thu":{"zh":"星期四","en":"Thursday"},"fri":{"zh":"星期五","en":"Friday"},"sat":{"zh":"星期六","en":"Saturday"},"sun":{"zh":"星期日","en":"Sunday"}}}';
comment on table work_package is '{"resource":"work-packages","zh":"工作时间包","en":"Work-time package","scope":"tenant","label":"name","menu":"pbx","order":36,"icon":"calendar","search":["name","remark"]}';
comment on column work_package.name is '{"zh":"名称","en":"Name"}';
comment on column work_package.enabled is '{"zh":"状态","en":"Usable"}';
comment on column work_package.work_times is '{"zh":"工作时间","en":"Work times","ref":"work-times","list":false}';
comment on column work_package.holidays is '{"zh":"节假日","en":"Holidays","list":false,"enum":{"ignored":{"zh":"不考虑","en":"Make no difference"},"closed":{"zh":"视为非工作时间","en":"Are not working time"}}}';
comment on column work_package.remark is '{"zh":"备注","en":"Remark","widget":"textarea"}';
comment on column work_package.created_by is '{"zh":"创建者","en":"Created by","readonly":true,"ref":"accounts"}';
comment on table holiday is '{"resource":"holidays","zh":"节假日","en":"Holiday","scope":"tenant","label":"name","sort":"date_from","menu":"pbx","order":38,"icon":"sun","search":["name"]}';
comment on column holiday.name is '{"zh":"名称","en":"Name"}';
comment on column holiday.date_from is '{"zh":"开始日期","en":"First day","help_zh":"月-日为每年，年-月-日为当年","help_en":"MM-DD every year, YYYY-MM-DD once"}';
comment on column holiday.date_to is '{"zh":"结束日期","en":"Last day"}';
comment on column holiday.enabled is '{"zh":"启用","en":"Enabled"}';
call zj_searchable('work_time'); call zj_searchable('work_package'); call zj_searchable('holiday');
reset role;
