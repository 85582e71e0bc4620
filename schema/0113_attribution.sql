-- Where a number comes from: a replaceable table of prefixes, the carrier's for everybody and a tenant's own, which go first.
set search_path = zj, public;
set role zj_owner;

create table number_attribution (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    prefix      text not null check (prefix ~ '^\+?[0-9]{1,15}$'),
    country     text not null default '' check (char_length(country) <= 50),
    province    text not null default '' check (char_length(province) <= 50),
    city        text not null default '' check (char_length(city) <= 50),
    carrier     text not null default '' check (char_length(carrier) <= 50),
    area_code   text not null default '' check (area_code ~ '^[0-9]{0,8}$'),
    number_type text not null default '' check (char_length(number_type) <= 50),
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, prefix)
);
call zj_tenant_table('number_attribution', 'write');
call zj_live('number_attribution');
call zj_recyclable('number_attribution');
call zj_audited('number_attribution');
call zj_reader('number_attribution', 'zj_edge', 'tenant_id, id, prefix, province, city, area_code');
create policy look_zj_owner on number_attribution to zj_owner using (true) with check (true);

-- The ways a number may be written in the table: as it is; national where it is of country code 86; a mobile number without its 0.
create function zj_number_forms(number text) returns text[] language sql immutable strict as $$
    select array(select distinct f.form from (select regexp_replace($1, '[^+0-9]', '', 'g') as n) x, lateral (select regexp_replace(n, '^(\+|00)', '') as c) y,
        lateral (values (n, true), (c, true), ('0' || substr(c, 3), n <> c and c ~ '^86[0-9]' and c !~ '^861[3-9]'), (substr(c, 3), n <> c and c ~ '^861[3-9]'),
            (substr(n, 2), n ~ '^01[3-9]')) f (form, fits) where f.fits and f.form <> '')
$$;
-- The row for a number, as a tenant sees it: the longest prefix, its own before the carrier's.
create function zj_attribution(tenant uuid, number text) returns number_attribution language sql stable security definer set search_path = zj, pg_temp as $$
    select a from number_attribution a
     where a.tenant_id in (tenant, (select id from tenant t where t.kind = 'carrier')) and (zj_tenant() is null or tenant = zj_tenant())
       and a.prefix = any (array(select distinct left(f, n) from unnest(zj_number_forms(number)) f, generate_series(1, 16) n))
     order by char_length(a.prefix) desc, a.tenant_id = tenant desc limit 1
$$;

-- Every call says where its customer's number comes from, as the table said then.
alter table call
    add column country text, add column province text, add column city text, add column carrier text, add column number_type text;
create function call_attribution() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare a number_attribution := zj_attribution(new.tenant_id, case new.direction when 'in' then new.caller when 'out' then new.callee end);
begin
    if a.id is not null then
        new.country := nullif(a.country, ''); new.province := nullif(a.province, ''); new.city := nullif(a.city, ''); new.carrier := nullif(a.carrier, ''); new.number_type := nullif(a.number_type, '');
    end if;
    return new;
end $$;
create trigger attribution before insert on call for each row when (new.direction <> 'internal') execute function call_attribution();
create index on call (tenant_id, province, city);

comment on table number_attribution is '{"resource":"number-attributions","zh":"号码归属地","en":"Number attribution","scope":"tenant","label":"prefix","menu":"pbx","order":64,"icon":"hash","search":["prefix","province","city"],"big":true,"sort":"prefix"}';
comment on column number_attribution.prefix is '{"zh":"号码前缀","en":"Prefix","filter":true}';
comment on column number_attribution.country is '{"zh":"国家","en":"Country"}';
comment on column number_attribution.province is '{"zh":"省份","en":"Province"}';
comment on column number_attribution.city is '{"zh":"城市","en":"City"}';
comment on column number_attribution.carrier is '{"zh":"运营商","en":"Carrier"}';
comment on column number_attribution.area_code is '{"zh":"区号","en":"Area code"}';
comment on column number_attribution.number_type is '{"zh":"号码类型","en":"Number type"}';
comment on column number_attribution.remark is '{"zh":"备注","en":"Remark","widget":"textarea","list":false}';
comment on column call.country is '{"zh":"国家","en":"Country","list":false}';
comment on column call.province is '{"zh":"省份","en":"Province"}';
comment on column call.city is '{"zh":"归属地","en":"City"}';
comment on column call.carrier is '{"zh":"运营商","en":"Carrier","list":false}';
comment on column call.number_type is '{"zh":"号码类型","en":"Number type","list":false}';
call zj_searchable('number_attribution');
reset role;
