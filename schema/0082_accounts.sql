-- Accounts, once more: who may make an administrator; and numbers of callers are masked for those who may not see them.
set search_path = zj, public;
set role zj_owner;

-- An account of type `admin` without a role gets the role that may do everything (account_rules): nobody who may not do
-- everything himself makes one. The api says so first; this holds for imports and whatever comes.
create function account_admin_guard() returns trigger language plpgsql as $$
begin
    if current_user = 'zj_tenant' and new.role_id is not null and (tg_op = 'INSERT' or new.role_id is distinct from old.role_id)
        and exists (select from role r where r.tenant_id = new.tenant_id and r.id = new.role_id and r.kind = 'admin') and not zj_is_admin() then
        raise insufficient_privilege using message = 'only an administrator makes an administrator', column = 'role_id', constraint = 'account_admin';
    end if;
    return new;
end $$;
create trigger rules_admin before insert or update of role_id, type on account for each row execute function account_admin_guard();

do $$
declare c text;
begin
    foreach c in array array['caller', 'callee', 'caller_e164', 'callee_e164'] loop
        execute format('comment on column call.%I is %L', c,
            (col_description('call'::regclass, (select attnum from pg_attribute where attrelid = 'call'::regclass and attname = c))::jsonb || '{"mask":"phone"}')::text);
    end loop;
end $$;
reset role;
