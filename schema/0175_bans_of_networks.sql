-- Whoever has one IPv6 address has 2^64 of them: a ban of an IPv6 address is one of its network of 64 bits, as the edges look for it.
set search_path = zj, public;
set role zj_owner;
alter table ban drop constraint ban_address;
create function ban_network() returns trigger language plpgsql set search_path = zj, pg_temp as $$
begin
    if new.kind = 'address' and position(':' in new.what) > 0 then
        new.what := host(network(set_masklen(new.what::inet, 64))) || '/64';
    end if;
    return new;
exception when invalid_text_representation then
    raise check_violation using message = 'an IPv4 or IPv6 address', column = 'what', constraint = 'ban_address';
end $$;
create trigger network before insert or update of kind, what on ban for each row execute function ban_network();
update ban set what = what where kind = 'address' and position(':' in what) > 0;
alter table ban add constraint ban_address check (kind <> 'address' or what ~ '^[0-9.]{7,15}$' or what ~ '^[0-9a-f:]{2,39}/64$');
comment on column ban.what is '{"zh":"地址或用户","en":"Who","filter":true,"help_zh":"IP 地址（IPv6 为其 /64 网段），或 分机号@域","help_en":"an IP address (of IPv6 its network of 64 bits), or number@domain"}';
reset role;
