-- What the api's own handlers need beyond rows: many rows changed one by one in one transaction, whose jobs and uploads one sees,
-- and the file behind a column.
set search_path = zj, public;
set role zj_owner;

-- Runs `statement` once for each id ($1 is the id, $2 the values as texts, null where null) with the caller's own rights. A row that
-- is refused does not undo the others; it is told with what PostgreSQL said, and one that is not there with no sqlstate. What is
-- nobody's fault (a deadlock, a cancelled statement, no memory) ends it all.
create function zj_each(statement text, ids uuid[], vals jsonb default '[]') returns jsonb language plpgsql volatile as $$
declare
    one uuid; n bigint; changed bigint := 0; failed jsonb := '[]'; texts text[] := array(select jsonb_array_elements_text(vals));
    message text; detail text; con text; col text; tab text;
begin
    foreach one in array ids loop
        begin
            execute statement using one, texts;
            get diagnostics n = row_count;
            if n > 0 then changed := changed + 1; else failed := failed || jsonb_build_object('id', one); end if;
        exception when others then
            if sqlstate ~ '^(40|53|54|57|58|XX)' then raise; end if;
            get stacked diagnostics message = message_text, detail = pg_exception_detail, con = constraint_name, col = column_name, tab = table_name;
            failed := failed || jsonb_build_object('id', one, 'sqlstate', sqlstate, 'message', message, 'detail', nullif(detail, ''),
                'constraint', nullif(con, ''), 'column', nullif(col, ''), 'table', nullif(tab, ''));
        end;
    end loop;
    return jsonb_build_object('changed', changed, 'failed', failed);
end $$;

-- Does the role of the asking account have this permission?
create function zj_may(permission text) returns boolean language plpgsql stable security definer set search_path = zj, pg_temp as $$
begin
    return coalesce((select r.permissions && array['*', split_part(permission, '.', 1) || '.*', permission]
        from account a join role r on r.tenant_id = a.tenant_id and r.id = a.role_id where a.id = zj_account()), false);
end $$;

-- Jobs and uploads are their account's; whoever has jobs.all sees all jobs of the tenant. Without an account (the worker's own
-- look at a tenant) all are seen.
create policy own_job on job as restrictive to zj_tenant, zj_carrier
    using (account_id = zj_account() or zj_account() is null or (select zj_may('jobs.all'))) with check (account_id = zj_account() or (select zj_may('jobs.all')));
create policy own_upload on upload as restrictive to zj_tenant, zj_carrier
    using (account_id = zj_account() or zj_account() is null) with check (account_id = zj_account());

-- The file behind a row's column, for somebody who was allowed to read that row: complete uploads of that tenant only.
create function zj_file(tenant uuid, upload uuid) returns table (path text, name text, media_type text)
    language sql stable security definer set search_path = zj, pg_temp as $$
    select u.path, u.name, u.media_type from upload u where u.tenant_id = tenant and u.id = upload and u.state = 'complete'
$$;

-- What a tenant has of what its quotas count: tables whose comment names one, and storage. The carrier may ask about any tenant.
create function zj_usage(tenant uuid) returns jsonb language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare
    t record; n bigint; used jsonb := '{}';
begin
    if tenant is distinct from zj_tenant() and current_setting('role') is distinct from 'zj_carrier' then return null; end if;
    for t in select c.relname, obj_description(c.oid, 'pg_class')::jsonb ->> 'quota' as quota from pg_class c
              where c.relnamespace = 'zj'::regnamespace and c.relkind in ('r', 'p') and obj_description(c.oid, 'pg_class') like '{%"quota":"max\_%' loop
        execute format('select count(*) from zj.%I where tenant_id = $1', t.relname) into n using tenant;
        used := used || jsonb_build_object(regexp_replace(t.quota, '^max_', ''), n);
    end loop;
    return used || jsonb_build_object('storage_mb', (select ceil(((select coalesce(sum(bytes), 0) from upload where tenant_id = zj_usage.tenant)
        + (select coalesce(sum(bytes), 0) from prompt where tenant_id = zj_usage.tenant)
        + (select coalesce(sum(file_bytes), 0) from job where tenant_id = zj_usage.tenant)) / 1048576.0)));
end $$;

-- Is this file of the store some prompt's sound, living or in the recycle bin? (The worker sweeps what nobody knows any more.)
create function zj_prompt_is_kept(tenant uuid, file text) returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select exists (select from prompt p where p.tenant_id = tenant and p.path = file)
        or exists (select from recycled r where r.tenant_id = tenant and r.table_name = 'prompt' and r.secret ->> 'path' = file)
$$;
revoke all on function zj_prompt_is_kept from public;
grant execute on function zj_prompt_is_kept to zj_worker;

do $$
declare f text;
begin
    foreach f in array array['zj_each', 'zj_may', 'zj_file', 'zj_usage'] loop
        execute format('revoke all on function %I from public', f);
        execute format('grant execute on function %I to zj_tenant, zj_carrier', f);
    end loop;
end $$;
reset role;
