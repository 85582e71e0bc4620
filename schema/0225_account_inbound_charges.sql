-- What an account's calls in came to (拨入费用) stands at the account itself. Housekeeping brings it there from the balance: a call's facts
-- must never wait for somebody who edits the account, nor the other way round.
set search_path = zj, public;
set role zj_owner;

create index on account_balance (updated_at);

-- Balances that changed within two days; a row that somebody holds is left for the next time.
create function zj_account_charges() returns bigint language plpgsql volatile security definer set search_path = zj, pg_temp as $$
declare n bigint;
begin
    with due as (
        select a.tenant_id, a.id, b.earned from account_balance b join account a on a.tenant_id = b.tenant_id and a.id = b.account_id
         where b.updated_at > now() - interval '2 days' and a.inbound_charges <> b.earned order by a.tenant_id, a.id limit 10000 for update of a skip locked)
    update account a set inbound_charges = due.earned from due where a.tenant_id = due.tenant_id and a.id = due.id;
    get diagnostics n = row_count;
    return n;
end $$;
revoke all on function zj_account_charges from public;
grant execute on function zj_account_charges to zj_worker;

-- Like a log-in it changes nobody's memory of the account, and is no news in the log.
create or replace function account_log_change() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare quiet constant text[] := '{last_login_at,inbound_charges,updated_at}';
begin
    insert into zj_change (table_name, tenant_id, id, op)
        select 'account', n.tenant_id, n.id, 'u' from new_rows n join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
         where to_jsonb(n) - quiet <> to_jsonb(o) - quiet;
    if found then perform pg_notify('zj_config', ''); end if;
    return null;
end $$;
comment on column account.inbound_charges is '{"zh":"拨入费用","en":"Inbound charges","group":"advanced","readonly":true,"list":false,"audit":false,"help_zh":"按坐席呼入费率累计，每十分钟更新","help_en":"by the agents'' inbound rates, in all; brought up every ten minutes"}';
update account a set inbound_charges = b.earned from account_balance b where b.tenant_id = a.tenant_id and b.account_id = a.id and a.inbound_charges <> b.earned;
reset role;
