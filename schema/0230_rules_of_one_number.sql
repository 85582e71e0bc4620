-- So many rules one number may have in one tenant, by the scopes of its extensions, accounts and so on: each edge keeps those of a number as
-- one set, and makes it anew for each of them (docs/decisions/094).
set search_path = zj, public;

create or replace function blacklist_scope() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    carrier boolean := zj_is_carrier(new.tenant_id);
    most integer := case when carrier then 256 else 64 end;
    rules constant integer := 500;
    bad text;
begin
    new.number := case new.match when 'pattern' then upper(regexp_replace(new.number, '[[:space:]()+/]', '', 'g')) else lower(zj_digits(new.number)) end;
    new.scope := case
        when new.account_id is not null then 'account' when new.extension_id is not null then 'extension' when new.did_id is not null then 'did'
        when new.agent_group_id is not null then 'agent_group' when new.trunk_id is not null then 'trunk' when new.trunk_group_id is not null then 'trunk_group'
        when carrier then 'system' else 'tenant' end;
    if new.colour = 'always' and not carrier then
        raise check_violation using message = 'only the carrier can let a number pass whatever lists say', column = 'colour', constraint = 'blacklist_always';
    end if;
    bad := case new.match when 'pattern' then zj_pattern_problem(new.number) end;
    if bad is not null then
        raise check_violation using message = bad, column = 'number', constraint = 'blacklist_number_form';
    end if;
    if new.match = 'pattern' and (tg_op = 'INSERT' or old.match <> 'pattern')
        and (select count(*) from blacklist b where b.tenant_id = new.tenant_id and b.match = 'pattern') >= most then
        raise check_violation using message = format('no more than %s patterns', most), column = 'match', constraint = 'blacklist_patterns';
    end if;
    if new.scope not in ('system', 'tenant') and (tg_op = 'INSERT' or (old.number, old.match) is distinct from (new.number, new.match))
        and (select count(*) from blacklist b where b.tenant_id = new.tenant_id and b.number = new.number and b.match = new.match) >= rules then
        raise check_violation using message = format('no more than %s rules of one number', rules), column = 'number', constraint = 'blacklist_rules';
    end if;
    return new;
end $$;
