-- The host of a registration string ends before its port.
set search_path = zj, public;
set role zj_owner;
create or replace function trunk_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare m text[];
begin
    if new.registration is not null then
        m := regexp_match(new.registration, '^([A-Za-z0-9._+-]{1,64}):(.{1,128})@([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:([0-9]{1,5}))?$');
        if m is null then
            raise check_violation using message = 'username:password@host:port', column = 'registration', constraint = 'trunk_registration_check';
        end if;
        new.username := m[1]; new.password := m[2]; new.host := trim(both '[]' from m[3]); new.port := coalesce(m[5]::integer, 5060);
        new.type := 'registration'; new.registration := null;
    end if;
    if new.type = 'registration' and new.password is null then
        raise not_null_violation using message = 'a trunk that registers needs a password', column = 'password', constraint = 'trunk_password';
    end if;
    new.template_details := coalesce((select t.details from pbx_template t where t.tenant_id = new.tenant_id and t.id = new.template_id and t.type = 'trunk'), '');
    if new.template_id is not null and new.template_details = '' then
        raise check_violation using message = 'this is a template for devices', column = 'template_id', constraint = 'trunk_template';
    end if;
    return new;
end $$;
reset role;
