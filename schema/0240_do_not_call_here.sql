-- Is a number on a do-not-call list, for the tenant that asks: part of what the tester of outbound calls tells.
set search_path = zj, public;
set role zj_owner;

create function zj_do_not_call_here(phone text) returns text language sql stable security definer set search_path = zj, pg_temp as $$
    select zj_do_not_call_level(zj_tenant(), null, phone)
$$;
revoke all on function zj_do_not_call_here from public;
grant execute on function zj_do_not_call_here to zj_tenant, zj_carrier;
