-- What is counted of a tenant, also when a later migration wrote a table's comment with spaces in its JSON.
set search_path = zj, public;
set role zj_owner;
create or replace function zj_usage(tenant uuid) returns jsonb language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare
    t record; n bigint; used jsonb := '{}';
begin
    if tenant is distinct from zj_tenant() and current_setting('role') is distinct from 'zj_carrier' then return null; end if;
    for t in select c.relname, obj_description(c.oid, 'pg_class')::jsonb ->> 'quota' as quota from pg_class c
              where c.relnamespace = 'zj'::regnamespace and c.relkind in ('r', 'p') and obj_description(c.oid, 'pg_class') like '{%"quota"%' and obj_description(c.oid, 'pg_class')::jsonb ->> 'quota' like 'max\_%' loop
        execute format('select count(*) from zj.%I where tenant_id = $1', t.relname) into n using tenant;
        used := used || jsonb_build_object(regexp_replace(t.quota, '^max_', ''), n);
    end loop;
    return used || jsonb_build_object('storage_mb', (select ceil(((select coalesce(sum(bytes), 0) from upload where tenant_id = zj_usage.tenant)
        + (select coalesce(sum(bytes), 0) from prompt where tenant_id = zj_usage.tenant)
        + (select coalesce(sum(file_bytes), 0) from job where tenant_id = zj_usage.tenant)) / 1048576.0)));
end $$;
reset role;
