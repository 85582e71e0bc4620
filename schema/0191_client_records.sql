-- What else a business client has of its own: its calls, what they cost it, and fields of its customers.
set search_path = zj, public;
set role zj_owner;

create table client_rate (
    tenant_id        uuid not null references tenant (id) on delete cascade,
    id               uuid not null default zj_uuid7(),
    client_id        uuid not null,
    name             text not null check (char_length(name) between 1 and 100),
    note             text not null default '' check (char_length(note) <= 500),
    connection_price numeric(18,6) not null default 0 check (connection_price >= 0),
    initial_s        integer not null default 0 check (initial_s between 0 and 86400),
    price            numeric(18,6) not null default 0 check (price >= 0),
    increment_s      integer not null default 60 check (increment_s between 1 and 3600),
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, client_id),
    foreign key (tenant_id, client_id) references business_client (tenant_id, id) on delete cascade
);
call zj_tenant_table('client_rate');
call zj_recyclable('client_rate');
call zj_audited('client_rate');
create policy bpo on client_rate as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));

-- As acd sees it: by the page that the call was bound to, by the number called, by who calls.
alter table call
    add column business_client_id uuid,
    add column client_charge numeric(18,6);
create function call_client() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    new.business_client_id := case when new.binding_kind = 'business_client' then new.binding_id else coalesce(
        (select n.business_client_id from number n where n.tenant_id = new.tenant_id and n.number = new.did),
        (select n.client_id from business_client_number n where n.tenant_id = new.tenant_id and n.number = new.caller)) end;
    if new.business_client_id is not null and new.answered_at is not null then
        new.client_charge := (select zj_charge(r.connection_price, r.initial_s, r.price, r.increment_s, ceil(extract(epoch from new.ended_at - new.answered_at)))
            from client_rate r where r.tenant_id = new.tenant_id and r.client_id = new.business_client_id);
    end if;
    return new;
end $$;
create trigger client before insert on call for each row when (new.direction = 'in') execute function call_client();
create index on call (tenant_id, business_client_id, id desc) where business_client_id is not null;

-- A field of customers that one client alone has. (It has no default: that would be written for everybody's.)
alter table custom_field
    add column business_client_id uuid,
    add foreign key (tenant_id, business_client_id) references business_client (tenant_id, id) on delete cascade,
    add constraint custom_field_client check (business_client_id is null or resource = 'customers'),
    add constraint custom_field_client_default check (business_client_id is null or default_value is null);
create index on custom_field (tenant_id, business_client_id);
create function customer_client_fields() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare f record;
begin
    for f in select c.name, c.business_client_id, c.required from custom_field c where c.tenant_id = new.tenant_id and c.resource = 'customers' and c.business_client_id is not null and c.enabled loop
        if f.business_client_id is distinct from new.business_client_id then
            if coalesce(new.custom -> f.name, 'null') <> 'null' and (tg_op = 'INSERT' or new.custom -> f.name is distinct from old.custom -> f.name) then
                raise check_violation using message = format('%s is a field of another business client', f.name), hint = '该字段属于其他呼入用户', column = 'custom.' || f.name, constraint = 'custom_client';
            end if;
        elsif f.required and coalesce(new.custom -> f.name, 'null') in ('null', '""') and current_setting('role') = 'zj_tenant' then
            raise not_null_violation using message = format('%s is required for this business client', f.name), hint = '该呼入用户必填', column = 'custom.' || f.name, constraint = 'custom_client_required';
        end if;
    end loop;
    return new;
end $$;
create trigger client_fields before insert or update of custom, business_client_id on customer for each row execute function customer_client_fields();

comment on table client_rate is '{"resource":"client-rates","zh":"呼入用户费率","en":"Business client''s rate","scope":"tenant","label":"name","menu":"callcentre","order":64,"search":["name","note"]}';
comment on column client_rate.client_id is '{"zh":"呼入用户","en":"Business client"}';
comment on column client_rate.name is '{"zh":"费率名称","en":"Name"}';
comment on column client_rate.note is '{"zh":"费率说明","en":"Note","widget":"textarea"}';
comment on column client_rate.connection_price is '{"zh":"连接费率","en":"Price at connection"}';
comment on column client_rate.initial_s is '{"zh":"初始时长","en":"Covered by it","unit":"s"}';
comment on column client_rate.price is '{"zh":"每分钟费率","en":"Price per minute"}';
comment on column client_rate.increment_s is '{"zh":"计费周期","en":"Charged every","unit":"s"}';
comment on column call.business_client_id is '{"zh":"呼入用户","en":"Business client","ref":"business-clients","filter":true,"list":false}';
comment on column call.client_charge is '{"zh":"呼入用户话费","en":"Charge of the client","list":false}';
comment on column custom_field.business_client_id is '{"zh":"呼入用户","en":"Business client","list":false,"help_zh":"仅该呼入用户的客户有此字段","help_en":"only customers of this client have it"}';
call zj_searchable('client_rate');
reset role;
