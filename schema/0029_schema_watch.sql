-- Tells the api that the schema changed, so that a new or altered table is a resource at once: every DDL command in schema
-- zj updates this one row, and the row is live.
set search_path = zj, public;
set role zj_owner;

create table zj_schema (
    tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' check (tenant_id = '00000000-0000-0000-0000-000000000000'),
    id        uuid not null default '00000000-0000-0000-0000-000000000000' primary key check (id = tenant_id),
    version   bigint not null default 1,
    at        timestamptz not null default now()
);
insert into zj_schema default values;
call zj_live('zj_schema');
grant select on zj_schema to zj_api;
comment on table zj_schema is 'How often the schema changed; belongs to no tenant.';

create function zj_schema_changed() returns event_trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare ours boolean;
begin
    if tg_event = 'sql_drop' then
        select exists (select from pg_event_trigger_dropped_objects() where schema_name = 'zj' and not is_temporary) into ours;
    else
        select exists (select from pg_event_trigger_ddl_commands() where schema_name = 'zj') into ours;
    end if;
    if ours then update zj_schema set version = version + 1, at = clock_timestamp(); end if;
end $$;
reset role;
create event trigger zj_schema_ddl on ddl_command_end execute function zj_schema_changed();
create event trigger zj_schema_drop on sql_drop execute function zj_schema_changed();
