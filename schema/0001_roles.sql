-- Database roles: one per process, each with the least it needs. Passwords are set by the installer, never here.
--
--   zj_owner    owns every table; nobody logs in as it
--   zj_tenant   what the api becomes for a tenant's request; sees one tenant through row-level security
--   zj_carrier  what the api becomes for the carrier's own request
--   zj_api, zj_acd, zj_edge, zj_ivr   logins of the processes
do $$
declare r text;
begin
    foreach r in array array['zj_owner', 'zj_tenant', 'zj_carrier'] loop
        if not exists (select from pg_roles where rolname = r) then execute format('create role %I nologin', r); end if;
    end loop;
    foreach r in array array['zj_api', 'zj_acd', 'zj_edge', 'zj_ivr'] loop
        if not exists (select from pg_roles where rolname = r) then execute format('create role %I login', r); end if;
    end loop;
end $$;
grant zj_tenant, zj_carrier to zj_api;
alter role zj_api noinherit;
create schema zj authorization zj_owner;
grant usage on schema zj to zj_tenant, zj_carrier, zj_api, zj_acd, zj_edge, zj_ivr;
do $$
begin
    execute format('alter database %I set search_path = zj, public', current_database());
    execute format('alter database %I set timezone = %L', current_database(), 'UTC');
end $$;
