-- Money of tenants with the carrier, and of accounts with their tenant: a balance is the sum of a ledger, and nothing else changes it.
-- The ledger only grows: a mistake is put right by a correction that says so.
set search_path = zj, public;
set role zj_owner;

create table tenant_ledger (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    kind       text not null default 'recharge' check (kind in ('recharge', 'charge', 'refund', 'correction')),
    amount     numeric(18,6) not null check (amount <> 0 and abs(amount) < 1000000000),
    balance    numeric(18,6) not null default 0,
    voucher    text check (char_length(voucher) between 1 and 64),
    remark     text not null default '' check (char_length(remark) <= 500),
    created_by uuid default zj_account(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, voucher),
    constraint tenant_ledger_sign check (case kind when 'recharge' then amount > 0 when 'correction' then true else amount < 0 end),
    constraint tenant_ledger_reason check (kind <> 'correction' or remark <> '')
);
create table account_ledger (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    account_id uuid not null,
    kind       text not null default 'recharge' check (kind in ('recharge', 'charge', 'refund', 'correction')),
    amount     numeric(18,6) not null check (amount <> 0 and abs(amount) < 1000000000),
    balance    numeric(18,6) not null default 0,
    voucher    text check (char_length(voucher) between 1 and 64),
    remark     text not null default '' check (char_length(remark) <= 500),
    created_by uuid default zj_account(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, voucher),
    constraint account_ledger_sign check (case kind when 'recharge' then amount > 0 when 'correction' then true else amount < 0 end),
    constraint account_ledger_reason check (kind <> 'correction' or remark <> '')
);
create index on account_ledger (tenant_id, account_id, id desc);

-- The sums, each in a row of its own: a column of `tenant` would tell every process about every charge. (decision 043)
create table tenant_balance (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null,
    balance    numeric(18,6) not null default 0,
    recharged  numeric(18,6) not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    check (id = tenant_id)
);
create table account_balance (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    account_id uuid not null,
    balance    numeric(18,6) not null default 0,
    recharged  numeric(18,6) not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, account_id)
);

-- One statement takes the row and adds to it, so entries made at once follow each other and each tells the balance behind it.
create function ledger_enter() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    sum numeric(18,6);
    paid numeric(18,6) := case new.kind when 'recharge' then new.amount else 0 end;
begin
    if tg_table_name = 'tenant_ledger' then
        update tenant_balance b set balance = b.balance + new.amount, recharged = b.recharged + paid where b.tenant_id = new.tenant_id returning b.balance into sum;
        if not found then
            raise foreign_key_violation using message = 'no such tenant', hint = '没有这个团队', column = 'tenant_id', constraint = 'tenant_ledger_tenant';
        end if;
    else
        if not exists (select from account a where a.tenant_id = new.tenant_id and a.id = new.account_id) then
            raise foreign_key_violation using message = 'no such account', hint = '没有这个账号', column = 'account_id', constraint = 'account_ledger_account';
        end if;
        insert into account_balance as b (tenant_id, account_id, balance, recharged) values (new.tenant_id, new.account_id, new.amount, paid)
            on conflict (tenant_id, account_id) do update set balance = b.balance + excluded.balance, recharged = b.recharged + excluded.recharged returning b.balance into sum;
    end if;
    new.balance := sum;
    return new;
end $$;

call zj_tenant_table('tenant_ledger', 'write'); call zj_tenant_table('tenant_balance', 'read');
call zj_tenant_table('account_ledger'); call zj_tenant_table('account_balance');
revoke insert, update, delete on tenant_ledger, tenant_balance, account_balance from zj_tenant;
revoke update, delete on account_ledger from zj_tenant;
revoke update, delete on tenant_ledger from zj_carrier;
do $$
declare t text;
begin
    foreach t in array array['tenant_ledger', 'account_ledger'] loop
        execute format('create trigger enter before insert on %I for each row execute function ledger_enter()', t);
        call zj_audited(t::regclass);
    end loop;
    foreach t in array array['tenant_balance', 'account_balance'] loop
        execute format('create policy keep_zj_owner on %I to zj_owner using (true) with check (true)', t);
    end loop;
    foreach t in array array['tenant_ledger', 'account_ledger', 'tenant_balance', 'account_balance'] loop
        execute format('create policy bpo on %I as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null))', t);
    end loop;
end $$;
-- Every tenant has a balance from its first moment.
create function tenant_balance_born() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into tenant_balance (tenant_id, id) values (new.id, new.id);
    return null;
end $$;
create trigger balance after insert on tenant for each row when (new.kind = 'tenant') execute function tenant_balance_born();
insert into tenant_balance (tenant_id, id) select id, id from tenant where kind = 'tenant';

-- Each sees its own; a head of department those of its people.
call zj_scoped('account_ledger', 'account', 'account_id'); call zj_scoped('account_balance', 'account', 'account_id');

-- What a tenant pays for its agents: the price of one, and how many it may have (has, where there is no maximum).
alter table tenant add column agent_price numeric(18,6) not null default 0 check (agent_price >= 0 and agent_price < 1000000);
grant select (agent_price) on tenant to zj_tenant, zj_carrier;
comment on column tenant.agent_price is '{"zh":"每坐席价格","en":"Price of an agent","group":"payment","list":false,"help_zh":"系统授权费用按坐席数计算","help_en":"what the licence costs goes by the number of agents"}';
create function zj_agents_of(tenant uuid) returns integer language sql stable security definer set search_path = zj, pg_temp as $$
    select count(*)::integer from agent a where a.tenant_id = $1 and (current_setting('role') = 'zj_carrier' or $1 = zj_tenant())
$$;
create view licence with (security_invoker) as
    select t.tenant_id, t.id, t.title, coalesce(t.max_agents, zj_agents_of(t.id)) as agents, zj_agents_of(t.id) as used, t.agent_price as unit_price,
           (coalesce(t.max_agents, zj_agents_of(t.id)) * t.agent_price)::numeric(18,6) as price
      from tenant t where t.kind = 'tenant' and t.deleted_at is null;
grant select on licence to zj_tenant, zj_carrier;

comment on table tenant_ledger is '{"resource":"tenant-ledger","zh":"团队账目","en":"Tenant ledger","scope":"tenant","sort":"-id","update":false,"delete":false,"import":false,"menu":"accounts","order":91,"search":["voucher","remark"],"big":true}';
comment on column tenant_ledger.kind is '{"zh":"类别","en":"Kind","enum":{"recharge":{"zh":"充值","en":"Recharge"},"charge":{"zh":"扣费","en":"Charge"},"refund":{"zh":"退款","en":"Refund"},"correction":{"zh":"更正","en":"Correction"}}}';
comment on column tenant_ledger.amount is '{"zh":"金额","en":"Amount","help_zh":"充值为正，扣费、退款为负","help_en":"a recharge is positive; a charge, a refund is negative"}';
comment on column tenant_ledger.balance is '{"zh":"余额","en":"Balance after","readonly":true}';
comment on column tenant_ledger.voucher is '{"zh":"凭证号","en":"Voucher","help_zh":"同一凭证只入账一次","help_en":"each is entered once only"}';
comment on column tenant_ledger.remark is '{"zh":"备注","en":"Remark","widget":"textarea"}';
comment on column tenant_ledger.created_by is '{"zh":"操作人","en":"By","readonly":true,"ref":"accounts"}';
comment on table account_ledger is '{"resource":"account-ledger","zh":"账号账目","en":"Account ledger","scope":"tenant","sort":"-id","update":false,"delete":false,"import":false,"menu":"accounts","order":92,"search":["voucher","remark"],"big":true}';
comment on column account_ledger.account_id is '{"zh":"账号","en":"Account","ref":"accounts","filter":true}';
comment on column account_ledger.kind is '{"zh":"类别","en":"Kind","enum":{"recharge":{"zh":"充值","en":"Recharge"},"charge":{"zh":"扣费","en":"Charge"},"refund":{"zh":"退款","en":"Refund"},"correction":{"zh":"更正","en":"Correction"}}}';
comment on column account_ledger.amount is '{"zh":"金额","en":"Amount","help_zh":"充值为正，扣费、退款为负","help_en":"a recharge is positive; a charge, a refund is negative"}';
comment on column account_ledger.balance is '{"zh":"余额","en":"Balance after","readonly":true}';
comment on column account_ledger.voucher is '{"zh":"凭证号","en":"Voucher","help_zh":"同一凭证只入账一次","help_en":"each is entered once only"}';
comment on column account_ledger.remark is '{"zh":"备注","en":"Remark","widget":"textarea"}';
comment on column account_ledger.created_by is '{"zh":"操作人","en":"By","readonly":true,"ref":"accounts"}';
comment on table tenant_balance is '{"resource":"tenant-balances","zh":"团队余额","en":"Tenant balance","scope":"tenant","sort":"balance","create":false,"update":false,"delete":false,"import":false,"menu":"accounts","order":90}';
comment on column tenant_balance.balance is '{"zh":"余额","en":"Balance"}';
comment on column tenant_balance.recharged is '{"zh":"累计充值","en":"Recharged in all"}';
comment on table account_balance is '{"resource":"account-balances","zh":"账号余额","en":"Account balance","scope":"tenant","sort":"balance","create":false,"update":false,"delete":false,"import":false,"menu":"accounts","order":93}';
comment on column account_balance.account_id is '{"zh":"账号","en":"Account","ref":"accounts","filter":true}';
comment on column account_balance.balance is '{"zh":"余额","en":"Balance"}';
comment on column account_balance.recharged is '{"zh":"累计充值","en":"Recharged in all"}';
comment on view licence is '{"resource":"licences","zh":"系统授权","en":"Licence","scope":"tenant","label":"title","sort":"title","create":false,"update":false,"delete":false,"import":false,"menu":"accounts","order":94}';
comment on column licence.tenant_id is '{"zh":"团队","en":"Tenant","readonly":true}';
comment on column licence.id is '{"zh":"编号","en":"ID","readonly":true}';
comment on column licence.title is '{"zh":"团队","en":"Tenant"}';
comment on column licence.agents is '{"zh":"授权坐席数","en":"Agents"}';
comment on column licence.used is '{"zh":"已有坐席","en":"Agents there are"}';
comment on column licence.unit_price is '{"zh":"每坐席价格","en":"Price of an agent"}';
comment on column licence.price is '{"zh":"授权费用","en":"Price"}';
call zj_searchable('tenant_ledger'); call zj_searchable('account_ledger');
reset role;
