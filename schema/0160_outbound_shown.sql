-- What is shown of tenants and trunks can be read: their tables are granted by column.
set search_path = zj, public;
set role zj_owner;
grant select (outbound_route_id, out_prefix, caller_number, caller_name, caller_pool_id, own_callers, caller_required) on tenant to zj_tenant, zj_carrier;
grant select (media_relay) on trunk to zj_tenant, zj_carrier;
reset role;
