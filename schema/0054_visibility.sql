-- Who sees what inside a tenant: masks of single values, and the data scope of an account's role.
set search_path = zj, public;
set role zj_owner;

-- `value` as those see it who may not see it whole; null and '' stay. phone: the first 3 and last 2 digits (fewer than 7: the last 2);
-- email: the first character and the domain; id: the first 4 and last 2 characters; name: the first character; else nothing.
create function zj_mask(kind text, value text) returns text language sql immutable parallel safe as $$
    select case
        when value is null or value = '' then value
        when kind = 'phone' and length(value) <= 2 then repeat('*', length(value))
        when kind = 'phone' and length(regexp_replace(value, '[^0-9]', '', 'g')) < 7 then repeat('*', length(value) - 2) || right(value, 2)
        when kind = 'phone' and value like '+%' then left(value, 4) || repeat('*', length(value) - 6) || right(value, 2)
        when kind = 'phone' then left(value, 3) || repeat('*', length(value) - 5) || right(value, 2)
        when kind = 'email' and value ~ '^[^@]{2,}@' then left(value, 1) || '***' || substr(value, length(value) - strpos(reverse(value), '@') + 1)
        when kind = 'email' and value ~ '^[^@]@' then '***' || substr(value, 2)
        when kind = 'id' and length(value) >= 10 then left(value, 4) || repeat('*', length(value) - 6) || right(value, 2)
        when kind = 'id' and length(value) > 2 then repeat('*', length(value) - 2) || right(value, 2)
        when kind = 'name' and length(value) > 1 then left(value, 1) || repeat('*', length(value) - 1)
        when kind = 'name' then '*'
        else '***'
    end
$$;

-- The data scope of the asking account: own, group, department, chosen; null: the whole tenant. That is also the answer without an
-- account, and for an account of another tenant, which only the carrier's people inside a tenant have.
create function zj_scope() returns text language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare s text;
begin
    select coalesce(r.scope, 'own') into s from account a left join role r on r.tenant_id = a.tenant_id and r.id = a.role_id
     where a.tenant_id = zj_tenant() and a.id = zj_account();
    return nullif(s, 'tenant');
end $$;

-- The departments in scope: one's own, with those below it for 'department', the chosen ones with those below them.
create function zj_scope_departments() returns uuid[] language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare
    s text := zj_scope();
    roots uuid[];
begin
    if s is null then return null; end if;
    select case when s = 'chosen' then r.scope_departments else array_remove(array[a.department_id], null) end into roots
      from account a left join role r on r.tenant_id = a.tenant_id and r.id = a.role_id where a.tenant_id = zj_tenant() and a.id = zj_account();
    if s in ('own', 'group') then return roots; end if;
    return coalesce((select array_agg(d.id) from department d where d.tenant_id = zj_tenant() and d.path && roots), '{}');
end $$;

-- The groups of agents that the account looks after, or belongs to where its scope is the group.
create function zj_scope_groups() returns uuid[] language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare s text := zj_scope();
begin
    if s is null then return null; end if;
    return coalesce((select array_agg(g) from (
        select a.group_id from agent a where a.tenant_id = zj_tenant() and a.account_id = zj_account() and s = 'group'
        union select m.group_id from agent a join agent_managed_group m on m.tenant_id = a.tenant_id and m.agent_id = a.id
               where a.tenant_id = zj_tenant() and a.account_id = zj_account()) x (g) where g is not null), '{}');
end $$;

-- The queues that it serves or looks after.
create function zj_scope_queues() returns uuid[] language plpgsql stable security definer set search_path = zj, pg_temp as $$
begin
    if zj_scope() is null then return null; end if;
    return coalesce((select array_agg(q) from (
        select m.queue_id from agent a join agent_managed_queue m on m.tenant_id = a.tenant_id and m.agent_id = a.id
         where a.tenant_id = zj_tenant() and a.account_id = zj_account()
        union select m.queue_id from agent a join queue_agent m on m.tenant_id = a.tenant_id and m.agent_id = a.id
               where a.tenant_id = zj_tenant() and a.account_id = zj_account()) x (q)), '{}');
end $$;

-- The accounts whose data it may see: itself; those of its account groups; those of the departments in scope; the agents it looks after.
create function zj_scope_accounts() returns uuid[] language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare
    s text := zj_scope();
    t uuid := zj_tenant();
    me uuid := zj_account();
    departments uuid[] := zj_scope_departments();
    groups uuid[] := zj_scope_groups();
begin
    if s is null then return null; end if;
    return (select array_agg(x.id) from (
        select me
        union select o.account_id from account_group_member m join account_group_member o on o.tenant_id = m.tenant_id and o.group_id = m.group_id
               where m.tenant_id = t and m.account_id = me and (s = 'group' or m.admin)
        union select a.id from account a where a.tenant_id = t and a.department_id = any (departments) and s in ('department', 'chosen')
        union select a.account_id from agent a where a.tenant_id = t and a.group_id = any (groups)
        union select o.account_id from agent a join agent_managed_queue m on m.tenant_id = a.tenant_id and m.agent_id = a.id
                join queue_agent q on q.tenant_id = m.tenant_id and q.queue_id = m.queue_id join agent o on o.tenant_id = q.tenant_id and o.id = q.agent_id
               where a.tenant_id = t and a.account_id = me) x (id) where x.id is not null);
end $$;

-- The agents of these accounts, and those without an account in the groups and queues that it looks after.
create function zj_scope_agents() returns uuid[] language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare
    t uuid := zj_tenant();
    accounts uuid[] := zj_scope_accounts();
    groups uuid[] := zj_scope_groups();
begin
    if accounts is null then return null; end if;
    return coalesce((select array_agg(a.id) from agent a where a.tenant_id = t and (a.account_id = any (accounts) or a.group_id = any (groups) or exists (
        select from agent s join agent_managed_queue m on m.tenant_id = s.tenant_id and m.agent_id = s.id join queue_agent q on q.tenant_id = m.tenant_id and q.queue_id = m.queue_id
         where s.tenant_id = t and s.account_id = zj_account() and q.agent_id = a.id))), '{}');
end $$;

-- A condition for a policy: `expression` is in the scope of that kind. The functions run once a query (their selects do not depend on the row).
create function zj_scope_condition(kind text, expression text) returns text language sql immutable as $$
    select format('((select zj.zj_scope_%1$ss() is null) or %2$s in (select unnest(zj.zj_scope_%1$ss())))', kind, expression)
$$;

-- Restricts what a tenant's accounts see of `t` to their data scope. kind: account, agent, department, queue, group; `col` has such an id.
-- `checked`: what a written row must fulfil, where that is another condition. A row that belongs to nobody is seen by whoever sees all.
create procedure zj_scoped(t regclass, kind text, col text, checked text default null) language plpgsql as $$
begin
    if kind not in ('account', 'agent', 'department', 'queue', 'group') then raise invalid_parameter_value using message = 'unknown kind of scope ' || kind; end if;
    execute format('create policy %I on %s as restrictive to zj_tenant using (%s) with check (%s)', 'scope_' || col, t,
        zj_scope_condition(kind, quote_ident(col)), coalesce(checked, zj_scope_condition(kind, quote_ident(col))));
end $$;

do $$
declare f text;
begin
    foreach f in array array['zj_scope', 'zj_scope_accounts', 'zj_scope_agents', 'zj_scope_departments', 'zj_scope_groups', 'zj_scope_queues'] loop
        execute format('revoke all on function %I from public', f);
        execute format('grant execute on function %I to zj_tenant, zj_carrier, zj_api, zj_worker', f);
    end loop;
end $$;
call zj_reader('account', 'zj_owner'); call zj_reader('role', 'zj_owner'); call zj_reader('agent', 'zj_owner'); call zj_reader('queue_agent', 'zj_owner');
call zj_reader('tenant', 'zj_owner'); call zj_reader('prompt', 'zj_owner');
reset role;
