-- Extension rates: what an extension's outbound call costs, and over which trunk it goes. Billing fills and reads the prices; the edge
-- asks only which trunk a call takes (rates of the account group, then of the tenant, then of the carrier's tenant).
set search_path = zj, public;
set role zj_owner;

create table extension_rate (
    tenant_id        uuid not null references tenant (id) on delete cascade,
    id               uuid not null default zj_uuid7(),
    account_group_id uuid,
    trunk_id         uuid,
    prefix           text not null default 'default' check (prefix ~ '^(default|\+?[0-9*#]{1,32})$'),
    length           integer not null default 0 check (length between 0 and 32),
    target           text not null default '' check (char_length(target) <= 100),
    connection_price numeric(18,6) not null default 0 check (connection_price >= 0),
    initial_s        integer not null default 0 check (initial_s between 0 and 86400),
    price            numeric(18,6) not null default 0 check (price >= 0),
    increment_s      integer not null default 60 check (increment_s between 1 and 3600),
    enabled          boolean not null default true,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (tenant_id, id),
    unique nulls not distinct (tenant_id, account_group_id, trunk_id, prefix, length),
    foreign key (tenant_id, account_group_id) references account_group (tenant_id, id) on delete cascade
);
create index on extension_rate (tenant_id, trunk_id);
call zj_tenant_table('extension_rate', 'write');
call zj_live('extension_rate');
call zj_recyclable('extension_rate');
call zj_audited('extension_rate');
call zj_reader('extension_rate', 'zj_edge', 'tenant_id, id, account_group_id, trunk_id, prefix, length, enabled');
create policy look_zj_owner on extension_rate to zj_owner using (true) with check (true);
create trigger trunk before insert or update of trunk_id on extension_rate for each row execute function trunk_named();
create function trunk_rates_gone() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    delete from extension_rate r using gone g where r.trunk_id = g.id;
    delete from caller_rule r using gone g where r.trunk_id = g.id;
    return null;
end $$;
create trigger rates_gone after delete on trunk referencing old table as gone for each statement execute function trunk_rates_gone();

comment on table extension_rate is '{"resource":"extension-rates","zh":"分机费率","en":"Extension rate","scope":"tenant","menu":"pbx","order":59,"icon":"route","search":["prefix","target"]}';
comment on column extension_rate.account_group_id is '{"zh":"账号组","en":"Account group","ref":"account-groups","filter":true,"help_zh":"留空为所有账号组","help_en":"empty: all"}';
comment on column extension_rate.trunk_id is '{"zh":"中继名称","en":"Trunk","ref":"trunks","filter":true}';
comment on column extension_rate.prefix is '{"zh":"号码前缀","en":"Prefix","help_zh":"default 为任意号码","help_en":"default: any number"}';
comment on column extension_rate.length is '{"zh":"号码长度","en":"Length","help_zh":"0 为任意","help_en":"0: any"}';
comment on column extension_rate.target is '{"zh":"目标","en":"Target"}';
comment on column extension_rate.connection_price is '{"zh":"连接费率","en":"Price at connection"}';
comment on column extension_rate.initial_s is '{"zh":"初始时长","en":"Covered by it","unit":"s"}';
comment on column extension_rate.price is '{"zh":"费率","en":"Price per minute"}';
comment on column extension_rate.increment_s is '{"zh":"计费周期","en":"Charged every","unit":"s"}';
comment on column extension_rate.enabled is '{"zh":"状态","en":"Enabled"}';
call zj_searchable('extension_rate');
reset role;
