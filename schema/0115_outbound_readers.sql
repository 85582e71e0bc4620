-- What acd needs to say the caller of a chosen number.
set search_path = zj, public;
set role zj_owner;
grant select (caller_name) on trunk_number to zj_acd;
reset role;
