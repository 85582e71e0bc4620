-- Tenancy: who is asking, and the one way in which a table becomes a tenant's.
set search_path = zj, public;
set role zj_owner;

-- The tenant and account of the current request, set by the api in the transaction. NULL outside of one.
create function zj_tenant() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('zj.tenant', true), '')::uuid $$;
create function zj_account() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('zj.account', true), '')::uuid $$;

-- UUIDv7 (RFC 9562 5.7): 48 bits of Unix milliseconds, then random bits.
create function zj_uuid7(at timestamptz default clock_timestamp()) returns uuid language sql volatile parallel safe
    as $$ select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0')
                  || '7' || substr(r, 1, 3) || to_hex(8 + get_byte(decode(substr(r, 4, 2), 'hex'), 0) % 4) || substr(r, 6, 15))::uuid
            from (select replace(gen_random_uuid()::text, '-', '') as r) s $$;

-- The smallest UUIDv7 of a moment: a bound for partitions and for searches by time.
create function zj_uuid7_floor(at timestamptz) returns uuid language sql immutable parallel safe
    as $$ select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid $$;

-- Keeps created_at, and says in updated_at when a row last really changed. Named zz_ to run after other triggers.
create function zj_touch() returns trigger language plpgsql as $$
begin
    new.created_at := old.created_at;
    new.updated_at := old.updated_at;
    if new is distinct from old then new.updated_at := now(); end if;
    return new;
end $$;

-- The columns that every table has: their labels, and the trigger behind updated_at.
create procedure zj_standard_columns(t regclass) language plpgsql as $$
declare c record;
begin
    for c in select a.attname, l.comment from pg_attribute a join (values
            ('tenant_id', '{"zh":"团队","en":"Tenant","readonly":true}'),
            ('id', '{"zh":"编号","en":"ID","readonly":true}'),
            ('created_at', '{"zh":"创建时间","en":"Created","readonly":true}'),
            ('updated_at', '{"zh":"修改时间","en":"Changed","readonly":true}')) l (name, comment) on l.name = a.attname
        where a.attrelid = t and a.attnum > 0 and not a.attisdropped
    loop
        execute format('comment on column %s.%I is %L', t, c.attname, c.comment);
        if c.attname = 'updated_at' then
            execute format('create trigger zz_touch before update on %s for each row execute function zj_touch()', t);
        end if;
    end loop;
end $$;

-- Makes `t` (with primary key (tenant_id, id) or (tenant_id, call_id, id)) a tenant's table: forced row-level security,
-- and grants for the tenant's and the carrier's role. `carrier` tells what the carrier may do beyond its own tenant:
-- 'none' (customer data), 'read', 'write'. `facts` tables can be read, never changed, through the api.
create procedure zj_tenant_table(t regclass, carrier text default 'none', facts boolean default false) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', t);
    execute format('alter table %s force row level security', t);
    call zj_standard_columns(t);
    execute format('create policy tenant on %s to zj_tenant using (tenant_id = zj_tenant()) with check (tenant_id = zj_tenant())', t);
    execute format('grant select %s on %s to zj_tenant', case when facts then '' else ', insert, update, delete' end, t);
    if carrier <> 'none' then
        execute format('create policy carrier on %s to zj_carrier using (true) with check (true)', t);
        execute format('create index on %s (id)', t); -- the carrier finds rows without knowing the tenant
        execute format('grant select %s on %s to zj_carrier', case carrier when 'write' then ', insert, update, delete' else '' end, t);
    end if;
end $$;

-- Lets a process read a tenant table of all tenants (only the columns named, when some are).
create procedure zj_reader(t regclass, reader regrole, columns text default null) language plpgsql as $$
begin
    execute format('create policy %I on %s for select to %s using (true)', 'read_' || reader::text, t, reader);
    execute format('grant select %s on %s to %s', coalesce('(' || columns || ')', ''), t, reader);
end $$;

-- Lets a process append facts of all tenants. `select` goes with it because `on conflict do nothing` needs it.
create procedure zj_appender(t regclass, writer regrole) language plpgsql as $$
begin
    execute format('create policy %I on %s for insert to %s with check (true)', 'append_' || writer::text, t, writer);
    execute format('create policy %I on %s for select to %s using (true)', 'read_' || writer::text, t, writer);
    execute format('grant select, insert on %s to %s', t, writer);
end $$;
reset role;
