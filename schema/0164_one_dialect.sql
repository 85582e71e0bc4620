-- One dialect of patterns for routes and lists (docs/decisions/053): lists had x and z in small letters, and a last `.` that stood for
-- nothing as well.
set search_path = zj, public;

alter table blacklist drop constraint blacklist_number_form;
create or replace function blacklist_scope() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    carrier boolean := zj_is_carrier(new.tenant_id);
    most integer := case when carrier then 256 else 64 end;
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
    return new;
end $$;
update blacklist set number = regexp_replace(number, '[.]$', '!') where match = 'pattern';
alter table blacklist add constraint blacklist_number_form
    check (number ~ '^[0-9]{1,32}$' or match = 'pattern' and char_length(number) <= 32 and number !~ '^[+]' and zj_pattern_problem(number) is null);

set role zj_owner;
comment on column blacklist.number is '{"zh":"号码","en":"Number","filter":true,"order":1,"help_zh":"模式：数字；X 为任意数字，Z 为 1 至 9，N 为 2 至 9，[2-46] 为其中之一；末尾的 . 为其后至少一位，! 为其后任意","help_en":"a pattern: digits; X any digit, Z 1 to 9, N 2 to 9, [2-46] one of these; a last . one or more of anything, ! none or more"}';
reset role;
