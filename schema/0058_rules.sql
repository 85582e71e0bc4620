-- Rules of the organisation that constraints cannot say: quotas, what a tenant is born with, the department tree, accounts and roles.
set search_path = zj, public;
set role zj_owner;

-- Quotas. The lock makes two transactions count one after the other; it is held to the end of each. (Read committed: the count
-- takes a new snapshot after the lock.)
create function zj_quota_check() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    t record;
    n bigint;
begin
    for t in execute format('select distinct r.tenant_id, x.%I as most from new_rows r join tenant x on x.id = r.tenant_id where x.%1$I is not null order by 1', tg_argv[0]) loop
        perform pg_advisory_xact_lock(hashtextextended(tg_table_name || t.tenant_id, 0));
        execute format('select count(*) from (select from %I.%I where tenant_id = $1 limit $2) x', tg_table_schema, tg_table_name) into n using t.tenant_id, t.most + 1;
        if n > t.most then
            raise check_violation using message = format('the tenant may have at most %s', t.most), constraint = 'quota_' || tg_argv[0], column = 'tenant_id', detail = t.most::text;
        end if;
    end loop;
    return null;
end $$;

-- A tenant has at most tenant.`max` rows of `t`.
create procedure zj_quota(t regclass, max name) language plpgsql as $$
begin
    execute format('create trigger quota after insert on %s referencing new table as new_rows for each statement execute function zj_quota_check(%L)', t, max);
    if not exists (select from pg_policy p where p.polrelid = t and p.polname in ('restore', 'read_zj_owner')) then call zj_reader(t, 'zj_owner'); end if;
end $$;

-- Storage counts what is declared when it begins, so that no upload starts that could not end.
create function upload_quota() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare t record;
begin
    for t in select x.id, x.max_storage_mb as most, s.uploads_at_once from new_rows r join tenant x on x.id = r.tenant_id join setting s on s.tenant_id = x.id group by x.id, s.id, s.tenant_id order by 1 loop
        perform pg_advisory_xact_lock(hashtextextended('upload' || t.id, 0));
        if (select coalesce(sum(bytes), 0) from upload where tenant_id = t.id) + (select coalesce(sum(bytes), 0) from prompt where tenant_id = t.id)
            + (select coalesce(sum(file_bytes), 0) from job where tenant_id = t.id) > t.most * 1048576::numeric then
            raise check_violation using message = format('the tenant may store at most %s MB', t.most), constraint = 'quota_max_storage_mb', column = 'tenant_id', detail = t.most::text;
        end if;
        if (select count(*) from upload where tenant_id = t.id and state = 'open') > t.uploads_at_once then
            raise check_violation using message = format('at most %s uploads at once', t.uploads_at_once), constraint = 'quota_uploads_at_once', column = 'tenant_id', detail = t.uploads_at_once::text;
        end if;
    end loop;
    return null;
end $$;
create trigger quota after insert on upload referencing new table as new_rows for each statement execute function upload_quota();

create function upload_rules() returns trigger language plpgsql as $$
begin
    if old.state = 'complete' and (new.state, new.bytes, new.sha256, new.path) is distinct from (old.state, old.bytes, old.sha256, old.path) then
        raise check_violation using message = 'a complete upload stays as it is', column = 'state', constraint = 'upload_state';
    end if;
    return new;
end $$;
create trigger rules before update on upload for each row execute function upload_rules();

create function job_limit() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare t record;
begin
    for t in select s.tenant_id, s.jobs_at_once from setting s where s.tenant_id in (select tenant_id from new_rows) order by 1 loop
        perform pg_advisory_xact_lock(hashtextextended('job' || t.tenant_id, 0));
        if (select count(*) from job where tenant_id = t.tenant_id and finished_at is null and state in ('waiting', 'running', 'cancelling')) > t.jobs_at_once then
            raise check_violation using message = format('at most %s jobs at once', t.jobs_at_once), constraint = 'quota_jobs_at_once', column = 'tenant_id', detail = t.jobs_at_once::text;
        end if;
    end loop;
    return null;
end $$;
create trigger quota after insert on job referencing new table as new_rows for each statement execute function job_limit();

-- waiting → running → finished | failed; cancelling is a running one that was asked to stop; back to waiting when its worker died.
create function job_rules() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'waiting' then raise check_violation using message = 'a job begins by waiting', column = 'state', constraint = 'job_state'; end if;
        return new;
    end if;
    if new.state <> old.state and not (case old.state
        when 'waiting' then new.state in ('running', 'cancelled', 'failed')
        when 'running' then new.state in ('waiting', 'cancelling', 'cancelled', 'finished', 'failed')
        when 'cancelling' then new.state in ('running', 'waiting', 'cancelled', 'finished', 'failed')
        else false end) then
        raise check_violation using message = format('a job that is %s does not become %s', old.state, new.state), column = 'state', constraint = 'job_state';
    end if;
    if (new.tenant_id, new.kind, new.resource, new.account_id) is distinct from (old.tenant_id, old.kind, old.resource, old.account_id) then
        raise check_violation using message = 'a job stays what it is', column = 'kind', constraint = 'job_fixed';
    end if;
    if new.state in ('cancelled', 'finished', 'failed') then new.finished_at := coalesce(new.finished_at, clock_timestamp()); end if;
    return new;
end $$;
create trigger rules before insert or update on job for each row execute function job_rules();

-- What every tenant has from its first moment: settings, a role that may do everything, one for agents.
create function tenant_born() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into setting (tenant_id, id) values (new.id, new.id);
    insert into role (tenant_id, name, kind, permissions, scope, remark) values
        (new.id, 'administrator', 'admin', '{*}', 'tenant', '适合管理员使用 / for administrators'),
        (new.id, 'agent', 'agent', '{}', 'own', '适合坐席使用 / for agents');
    return null;
end $$;

-- A tenant that is deleted is only marked: its names are free again, nobody logs in, nothing rings. Taking the mark away brings it back.
create function tenant_marked() returns trigger language plpgsql as $$
begin
    if new.deleted_at is not null and old.deleted_at is null then
        if new.kind = 'carrier' then raise check_violation using message = 'the carrier stays', column = 'kind', constraint = 'tenant_carrier'; end if;
        new.enabled := false;
        new.deleted_name := old.name;
        new.deleted_domain := old.sip_domain;
        new.name := 'deleted-' || new.id;
        new.sip_domain := 'deleted-' || new.id || '.invalid';
    elsif new.deleted_at is null and old.deleted_at is not null then
        new.enabled := true;
        new.name := old.deleted_name;
        new.sip_domain := old.deleted_domain;
        new.deleted_name := null;
        new.deleted_domain := null;
    elsif new.deleted_at is not null then
        new.enabled := false;
        new.name := old.name;
        new.sip_domain := old.sip_domain;
    end if;
    return new;
end $$;

-- Destinations of a tenant: a trunk is its own or the carrier's.
create function tenant_outbound() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.outbound_id is not null and new.outbound_kind = 'trunk' and not exists (select from trunk t where t.id = new.outbound_id
        and (t.tenant_id = case tg_table_name when 'tenant' then (to_jsonb(new) ->> 'id')::uuid else new.tenant_id end or t.tenant_id = (select id from tenant where kind = 'carrier'))) then
        raise foreign_key_violation using message = format('no trunk with id %s for this tenant', new.outbound_id), column = 'outbound_id', constraint = tg_table_name || '_outbound';
    end if;
    return new;
end $$;
create trigger outbound before insert or update of outbound_kind, outbound_id on tenant for each row execute function tenant_outbound();
create trigger outbound before insert or update of outbound_kind, outbound_id on account_group for each row execute function tenant_outbound();
call zj_reader('trunk', 'zj_owner');

-- The department tree: `path` has the ancestors from the top down to the department itself; no cycles, at most 20 levels.
create function department_path() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare above uuid[] := '{}';
begin
    if pg_trigger_depth() > 1 then return new; end if; -- department_moved() knows the path
    if new.parent_id is not null then
        perform pg_advisory_xact_lock(hashtextextended('department' || new.tenant_id, 0)); -- two moves at once could make a cycle
        select d.path into above from department d where d.tenant_id = new.tenant_id and d.id = new.parent_id;
        if new.id = any (above) then
            raise check_violation using message = 'a department is not below itself', column = 'parent_id', constraint = 'department_cycle';
        end if;
        if cardinality(above) >= 20 then raise check_violation using message = 'at most 20 levels', column = 'parent_id', constraint = 'department_depth'; end if;
    end if;
    new.path := coalesce(above, '{}') || new.id;
    return new;
end $$;
create trigger path before insert or update on department for each row execute function department_path();
create function department_moved() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update department d set path = new.path || d.path[array_position(d.path, new.id) + 1:]
     where d.tenant_id = new.tenant_id and d.path @> array[new.id] and d.id <> new.id;
    return null;
end $$;
create trigger moved after update of parent_id on department for each row when (new.path <> old.path) execute function department_moved();

create sequence account_number start 100000;

-- An account's number is given once; an administrator without a role has the tenant's own; no tenant uses a name of the carrier's people.
create function account_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare carrier uuid := (select id from tenant where kind = 'carrier');
begin
    if tg_op = 'UPDATE' then
        new.number := coalesce(old.number, nextval('account_number')::text); -- none: from before there were any
    elsif new.number is null or current_setting('zj.restoring', true) is distinct from 'on' then
        new.number := nextval('account_number')::text;
    end if;
    if new.type = 'admin' and new.role_id is null then
        -- A role that nobody names is given only by those who may do everything (or are no account of this tenant).
        if current_setting('role') = 'zj_tenant' and exists (select from account a left join role r on r.tenant_id = a.tenant_id and r.id = a.role_id
            where a.tenant_id = new.tenant_id and a.id = zj_account() and not coalesce('*' = any (r.permissions), false)) then
            raise insufficient_privilege using message = 'only an administrator makes one', column = 'type', constraint = 'account_admin';
        end if;
        select r.id into new.role_id from role r where r.tenant_id = new.tenant_id and r.kind = 'admin';
    end if;
    if (tg_op = 'INSERT' or new.username <> old.username) and exists (select from account a where a.username = new.username
        and case when new.tenant_id = carrier then a.tenant_id <> carrier else a.tenant_id = carrier end) then
        raise unique_violation using message = 'the user name is reserved', column = 'username', constraint = 'account_username_reserved';
    end if;
    return new;
end $$;
create trigger rules before insert or update on account for each row execute function account_rules();
update account set type = 'user'; -- numbers those that are there
alter table account alter column number set not null, add unique (tenant_id, number);

-- Is `scope` (of a role, with its chosen departments) within what the asking account sees itself?
create function zj_scope_within(scope text, departments uuid[]) returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select case zj_scope()
        when 'own' then scope = 'own'
        when 'group' then scope in ('own', 'group')
        when 'department' then scope in ('own', 'department') or scope = 'chosen' and departments <@ zj_scope_departments()
        when 'chosen' then scope in ('own', 'department') or scope = 'chosen' and departments <@ zj_scope_departments()
        else true end
$$;

-- Who sees a part of the tenant gives nobody, also not itself, a role that sees more.
create function account_scope() returns trigger language plpgsql as $$
begin
    if new.role_id is not null and (tg_op = 'INSERT' or new.role_id is distinct from old.role_id) and not exists (select from role r
        where r.tenant_id = new.tenant_id and r.id = new.role_id and zj_scope_within(r.scope, r.scope_departments)) then
        raise insufficient_privilege using message = 'the role sees more than you do', column = 'role_id', constraint = 'account_scope';
    end if;
    return new;
end $$;
create trigger scope before insert or update on account for each row when (current_user = 'zj_tenant') execute function account_scope();

create function role_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    asking text := current_setting('role');
    bad text;
begin
    if tg_op <> 'INSERT' and old.kind = 'admin' and asking in ('zj_tenant', 'zj_carrier') and exists (select from tenant where id = old.tenant_id) then
        raise check_violation using message = 'the administrator''s role stays as it is', column = 'kind', constraint = 'role_admin_fixed';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    if asking in ('zj_tenant', 'zj_carrier') and pg_trigger_depth() = 1 and current_setting('zj.restoring', true) is distinct from 'on' then
        new.kind := case tg_op when 'UPDATE' then old.kind else 'custom' end;
    end if;
    if new.scope_departments <> '{}' and exists (select from unnest(new.scope_departments) x where not exists (select from department d where d.tenant_id = new.tenant_id and d.id = x)) then
        raise foreign_key_violation using message = 'no such department', column = 'scope_departments', constraint = 'role_departments';
    end if;
    if asking = 'zj_tenant' and (tg_op = 'INSERT' or (new.scope, new.scope_departments) is distinct from (old.scope, old.scope_departments))
        and not zj_scope_within(new.scope, new.scope_departments) then
        raise insufficient_privilege using message = 'the role would see more than you do', column = 'scope', constraint = 'role_scope';
    end if;
    if new.kind <> 'admin' and (tg_op = 'INSERT' or new.permissions is distinct from old.permissions) then
        select g.permission into bad from grantable g cross join unnest(new.permissions) p where not g.allowed and g.tenant_id <> new.tenant_id
           and (tg_op = 'INSERT' or p <> all (old.permissions))
           and (p = g.permission or p = '*' or p = split_part(g.permission, '.', 1) || '.*'
                or p = split_part(g.permission, '.', 1) || '.write' and split_part(g.permission, '.', 2) in ('create', 'update', 'delete', 'import')) limit 1;
        if found then
            raise check_violation using message = format('%s cannot be granted', bad), column = 'permissions', constraint = 'role_grantable', detail = bad;
        end if;
    end if;
    return new;
end $$;
create trigger rules before insert or update or delete on role for each row execute function role_rules();

-- `grantable` is for the whole installation: its rows belong to the carrier.
create function grantable_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if not exists (select from tenant where id = new.tenant_id and kind = 'carrier') then
        raise check_violation using message = 'the carrier says what may be granted', column = 'tenant_id', constraint = 'grantable_carrier';
    end if;
    return new;
end $$;
create trigger rules before insert or update on grantable for each row execute function grantable_rules();

-- Items of a dictionary form no cycle; a list has no tree.
create function dictionary_item_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.parent_id is null then return new; end if;
    if not (select tree from dictionary d where d.tenant_id = new.tenant_id and d.id = new.dictionary_id) then
        raise check_violation using message = 'the dictionary is no tree', column = 'parent_id', constraint = 'dictionary_item_tree';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('dictionary' || new.dictionary_id, 0));
    if exists (with recursive above as (select i.id, i.parent_id, 1 as level from dictionary_item i where i.tenant_id = new.tenant_id and i.id = new.parent_id
                union all select i.id, i.parent_id, level + 1 from above a join dictionary_item i on i.tenant_id = new.tenant_id and i.id = a.parent_id where level < 21)
               select from above where id = new.id or level > 20) then
        raise check_violation using message = 'an item is not below itself, and at most 20 levels', column = 'parent_id', constraint = 'dictionary_item_cycle';
    end if;
    return new;
end $$;
create trigger rules before insert or update of parent_id, dictionary_id on dictionary_item for each row execute function dictionary_item_rules();

-- An extension that comes back from the recycle bin has its digest already; all others need the password.
create or replace function extension_ha1() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.password is null and new.ha1 is not null and current_setting('zj.restoring', true) = 'on' then return new; end if;
    if tg_op = 'UPDATE' and new.number <> old.number and new.password is null then
        raise not_null_violation using message = 'a new number needs the password again, for the digest covers both', column = 'password', constraint = 'extension_password';
    end if;
    if new.password is not null then
        if char_length(new.password) not between 8 and 128 then -- here, because the column's own check sees NULL
            raise check_violation using message = 'a password has 8 to 128 characters', column = 'password', constraint = 'extension_password_check';
        end if;
        new.ha1 := md5(new.number || ':' || (select sip_domain from tenant t where t.id = new.tenant_id) || ':' || new.password);
        new.password := null;
    elsif tg_op = 'INSERT' then
        raise not_null_violation using message = 'a new extension needs a password', column = 'password', constraint = 'extension_password';
    end if;
    return new;
end $$;
reset role;
