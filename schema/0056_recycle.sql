-- The recycle bin: what is deleted is kept, and comes back with what went with it.
set search_path = zj, public;
set role zj_owner;

-- A row trigger before the deletion, for only there a cascade shows: triggers after it run as if they were the statement's own. What
-- it needs to know of its table is looked up once a transaction.
create function zj_recycle() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    r jsonb := to_jsonb(old);
    known text := current_setting('zj.bin_' || tg_table_name, true);
    about jsonb;
begin
    if not exists (select from tenant t where t.id = old.tenant_id) then return old; end if; -- a tenant that goes takes all along
    if coalesce(known, '') = '' then
        about := obj_description(tg_relid, 'pg_class')::jsonb;
        known := jsonb_build_object('resource', about -> 'resource', 'label', coalesce(about ->> 'label', 'id'), 'secrets', zj_secret_columns(tg_relid),
            'kind', (select s.key from jsonb_each(about -> 'scoped') s limit 1), 'col', (select s.value from jsonb_each(about -> 'scoped') s limit 1))::text;
        perform set_config('zj.bin_' || tg_table_name, known, true);
    end if;
    about := known::jsonb;
    insert into recycled (tenant_id, table_name, resource, row_id, label, row, secret, with_parent, shared, scope_kind, scope_id)
    values (old.tenant_id, tg_table_name, about ->> 'resource', old.id, left(coalesce(r ->> (about ->> 'label'), ''), 200), r - array(select jsonb_array_elements_text(about -> 'secrets')),
        (select jsonb_object_agg(e.key, e.value) from jsonb_each(r) e where about -> 'secrets' ? e.key), pg_trigger_depth() > 1, tg_argv[0]::boolean, about ->> 'kind', (r ->> (about ->> 'col'))::uuid);
    return old;
end $$;

-- Keeps deleted rows of `t` (with primary key (tenant_id, id)) in the recycle bin.
create procedure zj_recyclable(t regclass) language plpgsql as $$
declare shared boolean := exists (select from pg_policy where polrelid = t and polname = 'carrier' and pg_get_expr(polqual, polrelid) = 'true');
begin
    execute format('create trigger zz_recycle before delete on %s for each row execute function zj_recycle(%L)', t, shared);
    execute format('create policy restore on %s to zj_owner using (true) with check (true)', t); -- zj_restore() and the triggers under it
end $$;

-- May the asking role see this row of the bin? (zj_restore and zj_purge have their owner's rights, so they ask themselves.)
create function zj_recycled_visible(r recycled) returns boolean language sql stable as $$
    select case current_setting('role')
        when 'zj_carrier' then r.tenant_id = zj_tenant() or r.shared
        when 'zj_tenant' then r.tenant_id = zj_tenant() and case r.scope_kind
            when 'account' then zj_scope_accounts() is null or r.scope_id = any (zj_scope_accounts())
            when 'agent' then zj_scope_agents() is null or r.scope_id = any (zj_scope_agents())
            when 'department' then zj_scope_departments() is null or r.scope_id = any (zj_scope_departments())
            when 'queue' then zj_scope_queues() is null or r.scope_id = any (zj_scope_queues())
            when 'group' then zj_scope_groups() is null or r.scope_id = any (zj_scope_groups())
            else true end
        else false
    end
$$;
create policy scope on recycled as restrictive to zj_tenant using (scope_kind is null
    or scope_kind = 'account' and ((select zj_scope_accounts() is null) or scope_id in (select unnest(zj_scope_accounts())))
    or scope_kind = 'agent' and ((select zj_scope_agents() is null) or scope_id in (select unnest(zj_scope_agents())))
    or scope_kind = 'department' and ((select zj_scope_departments() is null) or scope_id in (select unnest(zj_scope_departments())))
    or scope_kind = 'queue' and ((select zj_scope_queues() is null) or scope_id in (select unnest(zj_scope_queues())))
    or scope_kind = 'group' and ((select zj_scope_groups() is null) or scope_id in (select unnest(zj_scope_groups()))));

-- Puts one row back: those columns that it had, so that columns made since have their defaults.
create function zj_put_back(r recycled) returns void language plpgsql as $$
declare columns text := (select string_agg(quote_ident(a.attname), ', ') from pg_attribute a where a.attrelid = ('zj.' || quote_ident(r.table_name))::regclass
    and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and (r.row || coalesce(r.secret, '{}')) ? a.attname);
begin
    execute format('insert into zj.%1$I (%2$s) select %2$s from jsonb_populate_record(null::zj.%1$I, $1)', r.table_name, columns) using r.row || coalesce(r.secret, '{}');
    delete from recycled where tenant_id = r.tenant_id and id = r.id;
end $$;

-- What went along when `r` was deleted, and still lies in the bin: rows whose foreign key with `on delete cascade` says so.
create function zj_recycled_children(r recycled) returns setof recycled language plpgsql stable as $$
declare k record;
begin
    for k in select c.conrelid, t.relname, a.attname from pg_constraint c join pg_class t on t.oid = c.conrelid
                 cross join lateral unnest(c.conkey, c.confkey) as u (mine, theirs)
                 join pg_attribute a on a.attrelid = c.conrelid and a.attnum = u.mine
                 join pg_attribute b on b.attrelid = c.confrelid and b.attnum = u.theirs and b.attname = 'id'
              where c.contype = 'f' and c.confdeltype = 'c' and c.confrelid = ('zj.' || quote_ident(r.table_name))::regclass and c.connamespace = 'zj'::regnamespace and c.conparentid = 0 loop
        return query select x.* from recycled x where x.tenant_id = r.tenant_id and x.table_name = k.relname and x.with_parent and x.row ->> k.attname = r.row_id::text order by x.id;
    end loop;
end $$;

create function zj_restore_tree(r recycled) returns integer language plpgsql as $$
declare
    child recycled;
    n integer := 1;
begin
    perform zj_put_back(r);
    for child in select * from zj_recycled_children(r) loop
        begin -- one whose other parent is gone stays until that one is back
            n := n + zj_restore_tree(child);
        exception when foreign_key_violation then null;
        end;
    end loop;
    return n;
end $$;

-- Takes a row out of the bin, with all that was deleted along with it; says how many rows came back. Refuses as an insert would: a
-- unique key taken meanwhile, a parent that is gone, a quota.
create function zj_restore(recycled_id uuid) returns integer language plpgsql volatile security definer set search_path = zj, pg_temp as $$
declare
    r recycled;
    n integer;
    before text := current_setting('zj.restoring', true);
begin
    select * into r from recycled x where x.id = recycled_id and x.row is not null and zj_recycled_visible(x) for update;
    if not found then raise no_data_found using message = 'not in the recycle bin'; end if;
    perform set_config('zj.restoring', 'on', true);
    n := zj_restore_tree(r);
    perform set_config('zj.restoring', coalesce(before, ''), true);
    return n;
end $$;

-- Forgets rows of the bin for good, with those that went along; their labels stay.
create function zj_purge(recycled_ids uuid[]) returns integer language plpgsql volatile security definer set search_path = zj, pg_temp as $$
declare
    r recycled;
    n integer := 0;
begin
    for r in select * from recycled x where x.id = any (recycled_ids) and x.row is not null and zj_recycled_visible(x) for update loop
        n := n + 1 + coalesce((select sum(zj_purge_child(c)) from zj_recycled_children(r) c), 0);
        update recycled set row = null, secret = null where tenant_id = r.tenant_id and id = r.id;
    end loop;
    return n;
end $$;
create function zj_purge_child(r recycled) returns integer language plpgsql as $$
declare n integer := 1 + coalesce((select sum(zj_purge_child(c)) from zj_recycled_children(r) c), 0);
begin
    update recycled set row = null, secret = null where tenant_id = r.tenant_id and id = r.id;
    return n;
end $$;

-- Housekeeping, called daily by the worker: what lay in the bin longer than its tenant wants to keep it.
create function zj_recycle_trim() returns bigint language sql volatile security definer set search_path = zj, pg_temp as $$
    with gone as (update recycled r set row = null, secret = null from setting s where s.tenant_id = r.tenant_id and r.row is not null
                     and r.deleted_at < now() - make_interval(days => s.recycle_days) returning 1)
    select count(*) from gone
$$;
revoke all on function zj_recycled_visible, zj_put_back, zj_recycled_children, zj_restore_tree, zj_restore, zj_purge, zj_purge_child, zj_recycle_trim from public;
grant execute on function zj_restore, zj_purge to zj_tenant, zj_carrier;
grant execute on function zj_recycle_trim to zj_worker;
reset role;
