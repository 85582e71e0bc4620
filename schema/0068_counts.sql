-- Figures that lists show: how many belong to an account group, and what a tenant has used up of its credit.
set search_path = zj, public;
set role zj_owner;
alter table account_group add column members integer not null default 0;
comment on column account_group.members is '{"zh":"组内号码数","en":"Members","readonly":true,"audit":false}';
create function account_group_count() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update account_group g set members = (select count(*) from account_group_member m where m.tenant_id = g.tenant_id and m.group_id = g.id)
     where (g.tenant_id, g.id) in (select tenant_id, group_id from rows);
    return null;
end $$;
create trigger count_i after insert on account_group_member referencing new table as rows for each statement execute function account_group_count();
create trigger count_d after delete on account_group_member referencing old table as rows for each statement execute function account_group_count();
update account_group g set members = (select count(*) from account_group_member m where m.tenant_id = g.tenant_id and m.group_id = g.id);
-- Kept by the ledger, when there is one.
alter table tenant add column charges numeric(18,6) not null default 0;
comment on column tenant.charges is '{"zh":"当前话费","en":"Current charges","readonly":true,"group":"payment","list":false}';

-- Conference rooms, so far as a tenant owns and counts them; talking in them comes with conferences.
create table room (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    number      text not null check (number ~ '^[0-9]{2,16}$'),
    name        text not null check (char_length(name) between 1 and 100),
    pin         text check (pin ~ '^[0-9]{4,16}$'),
    max_members integer not null default 30 check (max_members between 2 and 1000),
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number)
);
call zj_tenant_table('room');
revoke select on room from zj_tenant; -- all but the PIN
grant select (tenant_id, id, number, name, max_members, enabled, created_at, updated_at) on room to zj_tenant;
call zj_recyclable('room');
call zj_audited('room');
call zj_quota('room', 'max_rooms');
create policy bpo on room as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
comment on table room is '{"resource":"rooms","zh":"会议室","en":"Conference room","scope":"tenant","label":"name","menu":"pbx","order":90,"quota":"max_rooms","search":["number","name"]}';
comment on column room.number is '{"zh":"会议室号码","en":"Number"}';
comment on column room.name is '{"zh":"名称","en":"Name"}';
comment on column room.pin is '{"zh":"密码","en":"PIN","writeonly":true}';
comment on column room.max_members is '{"zh":"最多人数","en":"Members at most"}';
comment on column room.enabled is '{"zh":"启用","en":"Enabled"}';
call zj_searchable('room');
reset role;
