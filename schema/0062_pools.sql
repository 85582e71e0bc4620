-- Who sees customers and leads, and what happens in the pools.
set search_path = zj, public;
set role zj_owner;

-- Owned by a pool or by an account; who puts a record into a pool does not own it.
create function pool_takes_owner() returns trigger language plpgsql as $$
begin new.owner_id := null; return new; end $$;

-- Transfer: the administrator to everybody, a supervisor to whom it looks after, an agent only to itself.
create function owner_in_scope() returns trigger language plpgsql as $$
begin
    if zj_scope_accounts() is not null and new.owner_id <> all (zj_scope_accounts()) then
        raise check_violation using message = 'the new owner is outside of your data scope', column = 'owner_id', constraint = 'owner_in_scope';
    end if;
    return new;
end $$;

create function zj_pools() returns uuid[] language sql stable as $$
    select coalesce(array_agg(id), '{}') from pool where tenant_id = zj_tenant() and zj_account() = any (admins || members)
$$;
create function zj_pools_hiding() returns uuid[] language sql stable as $$
    select coalesce(array_agg(id), '{}') from pool where tenant_id = zj_tenant() and hide_numbers and zj_account() = any (members) and zj_account() <> all (admins)
$$;
-- The departments that a share reaches the caller through: those of the accounts in its scope, and all above them.
create function zj_shared_departments() returns uuid[] language sql stable security definer set search_path = zj, pg_temp as $$
    select coalesce(array_agg(distinct d.above), '{}') from account a, lateral (select unnest(path) as above from department where tenant_id = a.tenant_id and id = a.department_id) d
     where a.tenant_id = zj_tenant() and a.id = any (zj_scope_accounts() || zj_account())
$$;

-- "All customers" is what is owned by, or shared with, the accounts of one's scope; and what lies in one's pools, unless numbers are
-- hidden there: then members see it as an entry of the pool only.
do $$
declare t text;
begin
    foreach t in array array['customer', 'lead'] loop
        execute format('create trigger pool_or_owner before insert on %I for each row when (new.pool_id is not null) execute function pool_takes_owner()', t);
        execute format('create trigger owner_scope before update on %I for each row when (new.owner_id is distinct from old.owner_id and current_user = %L) execute function owner_in_scope()', t, 'zj_tenant');
        execute format($f$create policy domain_scope on %I as restrictive to zj_tenant using (
            ((select zj_scope_accounts() is null) or owner_id = any ((select zj_scope_accounts())::uuid[]) or pool_id = any ((select zj_pools())::uuid[])
             or shared_accounts && (select zj_scope_accounts()) or shared_departments && (select zj_shared_departments()))
            and (pool_id is null or pool_id <> all ((select zj_pools_hiding())::uuid[])))$f$, t);
        execute format('revoke update on %I from zj_tenant', t);
        execute format('grant update (%s) on %I to zj_tenant', (select string_agg(quote_ident(attname), ', ') from pg_attribute where attrelid = t::regclass and attnum > 0 and not attisdropped
            and attname not in ('tenant_id', 'id', 'pool_id', 'created_at', 'updated_at')), t);
    end loop;
end $$;

-- What members see of the records in their pools. Kept by triggers, so that a hidden number is not there to be found.
create table pool_entry (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null,
    pool_id     uuid not null,
    customer_id uuid,
    lead_id     uuid,
    name        text not null,
    company     text not null default '',
    phone       text not null,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, pool_id) references pool (tenant_id, id) on delete cascade,
    foreign key (tenant_id, customer_id) references customer (tenant_id, id) on delete cascade,
    foreign key (tenant_id, lead_id) references lead (tenant_id, id) on delete cascade,
    constraint pool_entry_one check (num_nonnulls(customer_id, lead_id) = 1)
);
call zj_tenant_table('pool_entry');
revoke insert, update, delete on pool_entry from zj_tenant;
create index on pool_entry (tenant_id, pool_id); create index on pool_entry (tenant_id, customer_id); create index on pool_entry (tenant_id, lead_id);
create policy domain_pool on pool_entry as restrictive to zj_tenant using ((select zj_scope_accounts() is null) or pool_id = any ((select zj_pools())::uuid[]));
create policy keep_zj_owner on pool_entry to zj_owner using (true) with check (true);

create function pool_entry_keep() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare hidden boolean;
begin
    if new.pool_id is null then
        delete from pool_entry where tenant_id = new.tenant_id and id = new.id;
        return null;
    end if;
    select hide_numbers into hidden from pool where tenant_id = new.tenant_id and id = new.pool_id;
    insert into pool_entry (tenant_id, id, pool_id, customer_id, lead_id, name, company, phone)
    values (new.tenant_id, new.id, new.pool_id, case tg_argv[0] when 'customer' then new.id end, case tg_argv[0] when 'lead' then new.id end,
            new.name, new.company, case when hidden then zj_mask('phone', new.phone) else new.phone end)
    on conflict (tenant_id, id) do update set pool_id = excluded.pool_id, name = excluded.name, company = excluded.company, phone = excluded.phone;
    return null;
end $$;
create function pool_entries_hide() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update pool_entry e set phone = case when new.hide_numbers then zj_mask('phone', r.phone) else r.phone end
      from (select id, phone from customer where tenant_id = new.tenant_id and pool_id = new.id
            union all select id, phone from lead where tenant_id = new.tenant_id and pool_id = new.id) r
     where e.tenant_id = new.tenant_id and e.id = r.id;
    return null;
end $$;
create trigger hide after update on pool for each row when (new.hide_numbers <> old.hide_numbers) execute function pool_entries_hide();
do $$
declare t text;
begin
    foreach t in array array['customer', 'lead'] loop
        execute format('create trigger pool_entry_i after insert on %I for each row when (new.pool_id is not null) execute function pool_entry_keep(%L)', t, t);
        execute format('create trigger pool_entry_u after update on %I for each row when (new.pool_id is distinct from old.pool_id or new.pool_id is not null
            and (new.name, new.company, new.phone) is distinct from (old.name, old.company, old.phone)) execute function pool_entry_keep(%L)', t, t);
    end loop;
end $$;

-- Into a pool, out of it, from one to another: each such move is a row that stays.
create table pool_move (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    action      text not null check (action in ('abandon', 'claim', 'assign', 'move')),
    customer_id uuid,
    lead_id     uuid,
    pool_id     uuid,
    account_id  uuid,
    reason      text not null default '' check (char_length(reason) <= 200),
    by_account  uuid default zj_account(),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, customer_id) references customer (tenant_id, id) on delete set null (customer_id),
    foreign key (tenant_id, lead_id) references lead (tenant_id, id) on delete set null (lead_id),
    foreign key (tenant_id, pool_id) references pool (tenant_id, id) on delete set null (pool_id),
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete set null (account_id)
);
call zj_tenant_table('pool_move');
revoke update, delete on pool_move from zj_tenant;
create index on pool_move (tenant_id, customer_id); create index on pool_move (tenant_id, lead_id); create index on pool_move (tenant_id, pool_id, created_at);
create policy domain_pool on pool_move as restrictive to zj_tenant using ((select zj_scope_accounts() is null) or by_account = any ((select zj_scope_accounts())::uuid[])
    or pool_id = any ((select zj_pools())::uuid[]));

create function pool_refuse(text, field text) returns void language plpgsql as $$
begin raise check_violation using message = $1, column = field, constraint = 'pool_rule'; end $$;

-- Who may what: abandon, whose scope the record is in, only into a pool that one is a member of; claim, members and administrators;
-- assign and move, administrators of the pool and of the tenant.
create function pool_move_allowed(m pool_move, from_pool pool, to_pool pool, owner uuid) returns void language plpgsql as $$
declare
    whole boolean := zj_scope_accounts() is null;
    claimed bigint;
begin
    if m.action in ('abandon', 'move') and to_pool.id is null then perform pool_refuse('this action needs a pool of the record''s kind', 'pool_id'); end if;
    if m.action = 'abandon' then
        if from_pool.id is not null then perform pool_refuse('the record is in a pool already', 'action'); end if;
        if not (whole or coalesce(owner = any (zj_scope_accounts()), false)) then perform pool_refuse('the record is not yours', 'action'); end if;
        if m.reason = '' then perform pool_refuse('a reason is needed', 'reason'); end if;
        if zj_account() is null or zj_account() <> all (to_pool.members) then perform pool_refuse('only members of a pool may abandon into it', 'pool_id'); end if;
        return;
    end if;
    if from_pool.id is null then perform pool_refuse('the record is in no pool', 'action'); end if;
    if m.action = 'claim' then
        if zj_account() is null or zj_account() <> all (from_pool.admins || from_pool.members) then perform pool_refuse('only members of the pool may claim', 'action'); end if;
        select count(*) into claimed from pool_move p where p.tenant_id = m.tenant_id and p.pool_id = from_pool.id and p.action = 'claim' and p.by_account = zj_account()
           and p.created_at >= date_trunc('day', now(), (select time_zone from tenant where id = m.tenant_id));
        if from_pool.claim = 'limited' and claimed >= from_pool.claim_per_day then perform pool_refuse('the claims of today are used up', 'action'); end if;
    elsif not (whole or zj_account() = any (from_pool.admins)) then
        perform pool_refuse('only administrators of the pool may do this', 'action');
    elsif m.action = 'assign' and m.account_id is null then
        perform pool_refuse('whom is it assigned to?', 'account_id');
    end if;
end $$;

create function pool_move_do() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    t text := case when new.lead_id is null then 'customer' else 'lead' end;
    rid uuid := coalesce(new.lead_id, new.customer_id);
    from_pool pool; to_pool pool;
    pid uuid; owner uuid; n bigint;
begin
    if new.tenant_id is distinct from zj_tenant() then return new; end if; -- refused by row-level security, as it should be told
    if num_nonnulls(new.customer_id, new.lead_id) <> 1 then perform pool_refuse('a customer or a lead is needed', 'customer_id'); end if;
    new.by_account := zj_account();
    execute format('select pool_id, owner_id from %I where tenant_id = $1 and id = $2 for update', t) into pid, owner using new.tenant_id, rid;
    get diagnostics n = row_count;
    if n = 0 then return new; end if; -- the foreign key says it
    select * into from_pool from pool where tenant_id = new.tenant_id and id = pid for update;
    select * into to_pool from pool where tenant_id = new.tenant_id and id = new.pool_id and kind = t;
    perform pool_move_allowed(new, from_pool, to_pool, owner);
    if new.action = 'claim' then new.account_id := zj_account(); end if;
    if new.action in ('claim', 'assign') then new.pool_id := pid; end if;
    execute format('update %I set pool_id = $3, owner_id = $4 where tenant_id = $1 and id = $2', t) using new.tenant_id, rid,
        case when new.action in ('abandon', 'move') then new.pool_id end, case when new.action in ('claim', 'assign') then new.account_id end;
    return new;
end $$;
create trigger perform before insert on pool_move for each row execute function pool_move_do();
call zj_reader('pool_move', 'zj_owner');

comment on table pool_entry is '{"resource":"pool-entries","zh":"公海资源","en":"Pool entry","scope":"tenant","label":"name","sort":"-id","create":false,"update":false,"delete":false,"menu":"crm","order":51}';
comment on column pool_entry.pool_id is '{"zh":"公海","en":"Pool"}';
comment on column pool_entry.customer_id is '{"zh":"客户","en":"Customer"}';
comment on column pool_entry.lead_id is '{"zh":"线索","en":"Lead"}';
comment on column pool_entry.name is '{"zh":"名称","en":"Name"}';
comment on column pool_entry.company is '{"zh":"企业名称","en":"Company"}';
comment on column pool_entry.phone is '{"zh":"电话","en":"Phone","mask":"phone"}';

comment on table pool_move is '{"resource":"pool-moves","zh":"公海流转","en":"Pool move","scope":"tenant","sort":"-id","update":false,"delete":false,"menu":"crm","order":52}';
comment on column pool_move.action is '{"zh":"操作","en":"Action","enum":{"abandon":{"zh":"放弃","en":"Abandon"},"claim":{"zh":"领取","en":"Claim"},"assign":{"zh":"分配","en":"Assign"},"move":{"zh":"转移","en":"Move"}}}';
comment on column pool_move.customer_id is '{"zh":"客户","en":"Customer"}';
comment on column pool_move.lead_id is '{"zh":"线索","en":"Lead"}';
comment on column pool_move.pool_id is '{"zh":"公海","en":"Pool","help_zh":"放弃、转移时为目标公海","help_en":"where to, when abandoning or moving"}';
comment on column pool_move.account_id is '{"zh":"分配给","en":"Assigned to"}';
comment on column pool_move.reason is '{"zh":"理由","en":"Reason"}';
comment on column pool_move.by_account is '{"zh":"操作人","en":"By","readonly":true}';
reset role;
