-- From where a program may come: an access token can name its servers, and one that is a business client's has that client's.
set search_path = zj, public;
set role zj_owner;
alter table api_token
    add column sources            text[] check (cardinality(sources) <= 100 and zj_are_addresses(sources)),
    add column business_client_id uuid,
    add foreign key (tenant_id, business_client_id) references business_client (tenant_id, id) on delete cascade;
create index on api_token (tenant_id, business_client_id);
create function api_token_sources() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.business_client_id is not null then
        new.sources := coalesce((select c.servers from business_client c where c.tenant_id = new.tenant_id and c.id = new.business_client_id), '{}');
    end if;
    if new.sources is not null and zj_are_addresses(new.sources) then
        new.sources := array(select host(x::inet) from unnest(new.sources) x); -- as a peer's address is written
    end if;
    return new;
end $$;
create trigger sources before insert or update of sources, business_client_id on api_token for each row execute function api_token_sources();
create function business_client_trusts() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update api_token set sources = new.servers where tenant_id = new.tenant_id and business_client_id = new.id;
    return null;
end $$;
create trigger trusts after update of servers on business_client for each row when (new.servers <> old.servers) execute function business_client_trusts();
comment on column api_token.sources is '{"zh":"允许来源地址","en":"Allowed addresses","list":false,"help_zh":"留空为任意","help_en":"empty: any"}';
comment on column api_token.business_client_id is '{"zh":"呼入用户","en":"Business client","list":false,"help_zh":"只接受该用户的服务器IP","help_en":"only from the servers of this client"}';
reset role;
