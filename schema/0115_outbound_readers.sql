-- What acd needs to say the caller of a chosen number, and to know whether any trunk can be meant.
set search_path = zj, public;
set role zj_owner;
grant select (caller_name) on trunk_number to zj_acd;
call zj_reader('extension_rate', 'zj_acd', 'tenant_id, id, trunk_id');
reset role;
