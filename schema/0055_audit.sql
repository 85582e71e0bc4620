-- Who did what: every resource's tables tell it by trigger, the processes tell what is no row (logins, exports, …). One statement
-- per change of any number of rows; nobody can alter what is written.
set search_path = zj, public;
set role zj_owner;

-- Columns of `t` that must not be shown (hidden, writeonly), and those whose changes say nothing.
create function zj_secret_columns(t oid) returns text[] language sql stable as $$
    select coalesce(array_agg(a.attname::text), '{}') from pg_attribute a join pg_description d on d.objoid = a.attrelid and d.classoid = 'pg_class'::regclass and d.objsubid = a.attnum
     where a.attrelid = t and a.attnum > 0 and not a.attisdropped and d.description ~ '"(hidden|writeonly)": *true'
$$;
create function zj_noise_columns(t oid) returns text[] language sql stable as $$
    select array['tenant_id', 'id', 'created_at', 'updated_at'] || coalesce(array_agg(a.attname::text), '{}')
      from pg_attribute a join pg_description d on d.objoid = a.attrelid and d.classoid = 'pg_class'::regclass and d.objsubid = a.attnum
     where a.attrelid = t and a.attnum > 0 and not a.attisdropped and d.description ~ '"audit": *false'
$$;

-- A row with its custom fields beside the others, as custom.<name>.
create function zj_flat(r jsonb) returns jsonb language sql immutable parallel safe as $$
    select (r - 'custom') || coalesce((select jsonb_object_agg('custom.' || key, value) from jsonb_each(r -> 'custom')), '{}')
$$;

-- A value as the log keeps it: long ones by their size.
create function zj_brief(v jsonb) returns jsonb language sql stable parallel safe as $$
    select case when pg_column_size(v) > 2000 and octet_length(v::text) > 8192 then jsonb_build_object('bytes', octet_length(v::text)) else v end
$$;

-- {field: [old, new]} of what differs; secrets are said to have changed, no more. Written out in one statement a kind of change, for a
-- function called for each row would cost more than all the rest; `offset 0` keeps the planner from making the jsonb anew for every field.
create function zj_audit_change() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
#variable_conflict use_variable
declare
    about jsonb;
    secrets text[];
    noise text[];
    custom boolean;
    source inet := nullif(current_setting('zj.source', true), '')::inet;
    request text := nullif(current_setting('zj.request', true), '');
    how text := coalesce(nullif(current_setting('zj.via', true), ''), 'system');
    account uuid := zj_account();
    actor uuid := nullif(nullif(current_setting('zj.actor', true), '')::uuid, account);
    caption text;
    carrier_sees boolean := tg_argv[0]::boolean;
    event text := lower(tg_op);
begin
    if tg_op <> 'DELETE' then
        if not exists (select from new_rows) then return null; end if;
    elsif not exists (select from old_rows) then return null;
    end if;
    about := obj_description(tg_relid, 'pg_class')::jsonb;
    -- A million imported rows are a million times the same: the job says the rest.
    if tg_op = 'INSERT' and how = 'import' then
        insert into audit (tenant_id, account_id, actor_id, event, table_name, resource, changes, source, request, via, shared)
        select r.tenant_id, account, actor, 'create', tg_table_name, about ->> 'resource', jsonb_build_object('rows', jsonb_build_array(null, count(*))), source, request, how, carrier_sees
          from new_rows r group by r.tenant_id;
        return null;
    end if;
    caption := coalesce(about ->> 'label', 'id');
    secrets := zj_secret_columns(tg_relid);
    noise := zj_noise_columns(tg_relid);
    custom := coalesce((about ->> 'custom')::boolean, false);
    if tg_op = 'INSERT' then
        event := case when current_setting('zj.restoring', true) = 'on' then 'restore' else 'create' end;
        insert into audit (tenant_id, account_id, actor_id, event, table_name, resource, row_id, label, changes, source, request, via, shared)
        select r.tenant_id, account, actor, event, tg_table_name, about ->> 'resource', r.id, left(j.n ->> caption, 200), d.d, source, request, how, carrier_sees
          from new_rows r cross join lateral (select case when custom then zj_flat(to_jsonb(r)) else to_jsonb(r) end as n offset 0) j
               cross join lateral (select jsonb_object_agg(e.key, case when e.key = any (secrets) then '[null,null]' else jsonb_build_array(null, zj_brief(e.value)) end) as d
                                     from jsonb_each(j.n) e where e.value <> 'null' and e.key <> all (noise)) d;
    elsif tg_op = 'UPDATE' then
        insert into audit (tenant_id, account_id, actor_id, event, table_name, resource, row_id, label, changes, source, request, via, shared)
        select r.tenant_id, account, actor, event, tg_table_name, about ->> 'resource', r.id, left(j.n ->> caption, 200), d.d, source, request, how, carrier_sees
          from new_rows r join old_rows o on o.tenant_id = r.tenant_id and o.id = r.id and o is distinct from r
               cross join lateral (select case when custom then zj_flat(to_jsonb(o)) else to_jsonb(o) end as o, case when custom then zj_flat(to_jsonb(r)) else to_jsonb(r) end as n offset 0) j
               cross join lateral (select jsonb_object_agg(e.key, case when e.key = any (secrets) then '[null,null]' else jsonb_build_array(zj_brief(j.o -> e.key), zj_brief(j.n -> e.key)) end) as d
                                     from jsonb_each(j.o || j.n) e where j.o -> e.key is distinct from j.n -> e.key and e.key <> all (noise)) d
         where d.d is not null;
    else
        insert into audit (tenant_id, account_id, actor_id, event, table_name, resource, row_id, label, changes, source, request, via, shared)
        select r.tenant_id, account, actor, event, tg_table_name, about ->> 'resource', r.id, left(j.o ->> caption, 200), d.d, source, request, how, carrier_sees
          from old_rows r cross join lateral (select case when custom then zj_flat(to_jsonb(r)) else to_jsonb(r) end as o offset 0) j
               cross join lateral (select jsonb_object_agg(e.key, case when e.key = any (secrets) then '[null,null]' else jsonb_build_array(zj_brief(e.value), null) end) as d
                                     from jsonb_each(j.o) e where e.value <> 'null' and e.key <> all (noise)) d
         where tg_table_name = 'tenant' or exists (select from tenant t where t.id = r.tenant_id); -- a tenant that goes takes its rows along silently
    end if;
    return null;
end $$;

-- Logs every change of `t`. The carrier sees the log of what the carrier sees.
create procedure zj_audited(t regclass) language plpgsql as $$
declare shared boolean := has_any_column_privilege('zj_carrier', t, 'select') and exists (select from pg_policy where polrelid = t and polname = 'carrier' and pg_get_expr(polqual, polrelid) = 'true');
begin
    execute format('create trigger audit_i after insert on %s referencing new table as new_rows for each statement execute function zj_audit_change(%L)', t, shared);
    execute format('create trigger audit_u after update on %s referencing old table as old_rows new table as new_rows for each statement execute function zj_audit_change(%L)', t, shared);
    execute format('create trigger audit_d after delete on %s referencing old table as old_rows for each statement execute function zj_audit_change(%L)', t, shared);
end $$;

-- What is no change of a row. Called by a process as itself, in the transaction whose zj.tenant and zj.account it is about.
create function zj_audit_event(event text, resource text default null, row_id uuid default null, label text default null, changes jsonb default null)
    returns uuid language plpgsql volatile security definer set search_path = zj, pg_temp as $$
declare made uuid := zj_uuid7();
begin
    if zj_tenant() is null then raise not_null_violation using message = 'an event belongs to a tenant', column = 'tenant_id', constraint = 'audit_event_tenant'; end if;
    if zj_audit_event.event in ('create', 'update', 'delete', 'restore') then
        raise check_violation using message = 'the triggers log changes of rows', column = 'event', constraint = 'audit_event_kind';
    end if;
    insert into audit (tenant_id, id, account_id, actor_id, event, resource, row_id, label, changes, source, request, via, shared)
    values (zj_tenant(), made, zj_account(), nullif(nullif(current_setting('zj.actor', true), '')::uuid, zj_account()), zj_audit_event.event, zj_audit_event.resource,
        zj_audit_event.row_id, left(zj_audit_event.label, 200), zj_brief(zj_audit_event.changes), nullif(current_setting('zj.source', true), '')::inet,
        nullif(current_setting('zj.request', true), ''), coalesce(nullif(current_setting('zj.via', true), ''), 'system'),
        zj_audit_event.event not in ('export', 'import', 'download', 'denied'));
    return made;
end $$;

-- Forgets whole months that are older than every tenant wants to keep. No argument: nobody can ask for less.
create function zj_audit_trim() returns integer language plpgsql volatile security definer set search_path = zj, pg_temp as $$
declare
    keep integer := greatest((select max(audit_months) from setting), 6);
    part text;
    n integer := 0;
begin
    for part in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'zj.audit'::regclass
                   and c.relname ~ '^audit_[0-9]{6}$' and to_date(right(c.relname, 6), 'YYYYMM') < date_trunc('month', now() at time zone 'UTC') - make_interval(months => keep) loop
        execute format('drop table zj.%I', part);
        n := n + 1;
    end loop;
    return n;
end $$;
revoke all on function zj_audit_event, zj_audit_trim from public;
grant execute on function zj_audit_event to zj_api, zj_worker;
grant execute on function zj_audit_trim to zj_worker;
reset role;
