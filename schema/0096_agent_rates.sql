-- Agent inbound rates (坐席呼入费率): what an agent earns by the calls it answers, by the account group it belongs to, by its agent group, or
-- by itself. Each answered leg is charged once, when it becomes a fact.
set search_path = zj, public;
set role zj_owner;

-- Half to even at six digits, as amounts of money are rounded (once a call).
create function zj_money(v numeric) returns numeric language sql immutable strict parallel safe as $$
    select case when abs(v * 1000000 - trunc(v * 1000000)) = 0.5 then (2 * round(v * 500000))::numeric / 1000000 else round(v, 6) end
$$;
-- What so many seconds cost: the price of the connection covers the first seconds, then each begun step at the price of a minute.
create function zj_charge(connection_price numeric, initial_s integer, price numeric, increment_s integer, seconds numeric) returns numeric language sql immutable strict parallel safe as $$
    select zj_money(connection_price + ceil(greatest(seconds - initial_s, 0) / increment_s) * (price * increment_s / 60))
$$;

create table agent_rate (
    tenant_id        uuid not null references tenant (id) on delete cascade,
    id               uuid not null default zj_uuid7(),
    account_group_id uuid,
    agent_group_id   uuid,
    agent_id         uuid,
    target           text not null default '' check (char_length(target) <= 100),
    connection_price numeric(18,6) not null default 0 check (connection_price >= 0),
    initial_s        integer not null default 0 check (initial_s between 0 and 86400),
    price            numeric(18,6) not null default 0 check (price >= 0),
    increment_s      integer not null default 60 check (increment_s between 1 and 3600),
    enabled          boolean not null default true,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (tenant_id, id),
    unique nulls not distinct (tenant_id, account_group_id, agent_group_id, agent_id),
    foreign key (tenant_id, account_group_id) references account_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, agent_group_id) references agent_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, agent_id) references agent (tenant_id, id) on delete cascade,
    constraint agent_rate_one check (num_nonnulls(account_group_id, agent_group_id, agent_id) = 1)
);
create index on agent_rate (tenant_id, agent_group_id); create index on agent_rate (tenant_id, agent_id);
call zj_tenant_table('agent_rate');
call zj_recyclable('agent_rate');
call zj_audited('agent_rate');
create policy bpo on agent_rate as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));

-- What is earned is an entry of its own kind, and stands beside the balance.
alter table account_ledger
    drop constraint account_ledger_kind_check, add constraint account_ledger_kind_check check (kind in ('recharge', 'charge', 'refund', 'correction', 'earning')),
    drop constraint account_ledger_sign, add constraint account_ledger_sign check (case kind when 'recharge' then amount > 0 when 'earning' then amount > 0 when 'correction' then true else amount < 0 end),
    add column call_id uuid,
    add constraint account_ledger_earning check (kind <> 'earning' or call_id is not null);
alter table account_balance add column earned numeric(18,6) not null default 0;
create policy enter_zj_owner on account_ledger for insert to zj_owner with check (true);
create policy read_zj_owner on account_ledger for select to zj_owner using (true);
create index on account_ledger (tenant_id, call_id) where call_id is not null;

create function account_earning() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if current_setting('role') in ('zj_tenant', 'zj_carrier') then
        raise insufficient_privilege using message = 'what is earned comes from calls', hint = '坐席收入由通话产生', column = 'kind', constraint = 'account_ledger_earning';
    end if;
    update account_balance b set earned = b.earned + new.amount where b.tenant_id = new.tenant_id and b.account_id = new.account_id;
    return null;
end $$;
create trigger earning after insert on account_ledger for each row when (new.kind = 'earning') execute function account_earning();

-- The rate of an agent: its own, its group's, that of an account group (the oldest).
create function agent_rate_of(tenant uuid, agent uuid) returns agent_rate language sql stable security definer set search_path = zj, pg_temp as $$
    select r from agent a join agent_rate r on r.tenant_id = a.tenant_id and r.enabled and (r.agent_id = a.id or r.agent_group_id = a.group_id
        or r.account_group_id in (select m.group_id from account_group_member m where m.tenant_id = a.tenant_id and m.account_id = a.account_id))
     where a.tenant_id = tenant and a.id = agent order by num_nonnulls(r.agent_id) desc, num_nonnulls(r.agent_group_id) desc, r.id limit 1
$$;
revoke all on function agent_rate_of from public;

-- A fact is written whatever becomes of the money: what goes wrong here is told to the log, and never stops the writer.
create function call_leg_earns() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    r agent_rate;
    amount numeric;
    account uuid;
begin
    if not exists (select from agent_rate x where x.tenant_id = new.tenant_id and x.enabled) then return null; end if;
    if not exists (select from call c where c.tenant_id = new.tenant_id and c.id = new.call_id and c.direction = 'in') then return null; end if;
    r := agent_rate_of(new.tenant_id, new.agent_id);
    account := (select a.account_id from agent a where a.tenant_id = new.tenant_id and a.id = new.agent_id);
    amount := zj_charge(r.connection_price, r.initial_s, r.price, r.increment_s, ceil(extract(epoch from new.ended_at - new.answered_at)));
    if account is not null and amount > 0 then
        insert into account_ledger (tenant_id, account_id, kind, amount, voucher, call_id) values (new.tenant_id, account, 'earning', amount, new.id::text, new.call_id);
    end if;
    return null;
exception when others then
    raise warning 'a leg earns nothing: %', sqlerrm using detail = new.id::text;
    return null;
end $$;
create trigger earns after insert on call_leg for each row when (new.role = 'agent' and new.answered_at is not null and new.agent_id is not null) execute function call_leg_earns();

comment on table agent_rate is '{"resource":"agent-rates","zh":"坐席呼入费率","en":"Agent inbound rate","scope":"tenant","label":"target","menu":"accounts","order":89,"search":["target"]}';
comment on column agent_rate.account_group_id is '{"zh":"账号组","en":"Account group","ref":"account-groups","filter":true,"help_zh":"同一账号组统一计费；账号组、坐席组、坐席三选一，越具体越优先","help_en":"the whole group is rated alike; one of account group, agent group, agent: the more special counts"}';
comment on column agent_rate.agent_group_id is '{"zh":"坐席组","en":"Agent group","ref":"agent-groups","filter":true}';
comment on column agent_rate.agent_id is '{"zh":"坐席","en":"Agent","ref":"agents","filter":true}';
comment on column agent_rate.target is '{"zh":"目标","en":"Target"}';
comment on column agent_rate.connection_price is '{"zh":"连接费率","en":"Price at connection"}';
comment on column agent_rate.initial_s is '{"zh":"初始时长","en":"Covered by it","unit":"s"}';
comment on column agent_rate.price is '{"zh":"费率","en":"Price per minute"}';
comment on column agent_rate.increment_s is '{"zh":"计费周期","en":"Charged every","unit":"s"}';
comment on column agent_rate.enabled is '{"zh":"状态","en":"Enabled"}';
comment on column account_ledger.kind is '{"zh":"类别","en":"Kind","enum":{"recharge":{"zh":"充值","en":"Recharge"},"charge":{"zh":"扣费","en":"Charge"},"refund":{"zh":"退款","en":"Refund"},"correction":{"zh":"更正","en":"Correction"},"earning":{"zh":"呼入收入","en":"Earned by a call"}}}';
comment on column account_ledger.call_id is '{"zh":"通话","en":"Call","ref":"calls","readonly":true}';
comment on column account_balance.earned is '{"zh":"累计呼入收入","en":"Earned in all"}';
call zj_searchable('agent_rate');
reset role;
