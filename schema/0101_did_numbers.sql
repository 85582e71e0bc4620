-- What a DID is beyond its digits: whose it is, in which group, in what other notations it is dialled, what it costs. The carrier writes
-- numbers; a tenant says what it does with its own.
set search_path = zj, public;
set role zj_owner;

create function zj_are_numbers(list text[]) returns boolean language sql immutable strict parallel safe as $$
    select coalesce(bool_and(coalesce(n ~ '^\+?[0-9*#]{1,32}$', false)), true) from unnest(list) n
$$;

-- Numbers that are routed alike: those that name the group, and a list of numbers, or of prefixes of numbers.
create table did_group (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    name         text not null check (char_length(name) between 1 and 100),
    match        text not null default 'number' check (match in ('number', 'prefix')),
    entries      text[] not null default '{}' check (cardinality(entries) <= 1000),
    monthly_rent numeric(18,6) not null default 0 check (monthly_rent >= 0),
    rate         numeric(18,6) not null default 0 check (rate >= 0),
    country      text not null default '' check (char_length(country) <= 100),
    members      integer not null default 0,
    routes       integer not null default 0,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    constraint did_group_entries check (zj_are_numbers(entries))
);
call zj_tenant_table('did_group', 'write');
call zj_audited('did_group');
call zj_recyclable('did_group');

-- The list by its parts, as the edge wants it.
create table did_group_entry (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    did_group_id uuid not null,
    entry        text not null,
    prefix       boolean not null,
    primary key (tenant_id, id),
    unique (tenant_id, did_group_id, entry),
    foreign key (tenant_id, did_group_id) references did_group (tenant_id, id) on delete cascade
);
call zj_tenant_table('did_group_entry');
revoke all on did_group_entry from zj_tenant;
call zj_live('did_group_entry');
call zj_reader('did_group_entry', 'zj_edge');
call zj_owner_may('did_group_entry');

create function did_group_list() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    delete from did_group_entry e where e.tenant_id = new.tenant_id and e.did_group_id = new.id and (e.prefix <> (new.match = 'prefix') or e.entry <> all (new.entries));
    insert into did_group_entry (tenant_id, did_group_id, entry, prefix) select distinct new.tenant_id, new.id, x, new.match = 'prefix' from unnest(new.entries) x on conflict do nothing;
    return null;
end $$;
create trigger list after insert or update of match, entries on did_group for each row execute function did_group_list();

alter table number
    add column name         text not null default '' check (char_length(name) <= 100),
    add column account_id   uuid,
    add column extension_id uuid,
    add column did_group_id uuid,
    add column business_client_id uuid,
    add column trunk_id     uuid,
    add column call_type    text not null default 'both' check (call_type in ('in', 'out', 'both')),
    add column vip          boolean not null default false,
    add column area_code    text check (area_code ~ '^[0-9]{1,8}$'),
    add column local_number text check (local_number ~ '^[0-9]{1,20}$'),
    add column area_number  text generated always as (area_code || local_number) stored,
    add column number_400   text check (number_400 ~ '^\+?[0-9]{1,32}$'),
    add column rate_type    text not null default 'individual' check (rate_type in ('individual', 'group')),
    add column rate         numeric(18,6) not null default 0 check (rate >= 0),
    add column monthly_rent numeric(18,6) not null default 0 check (monthly_rent >= 0),
    add column cost         numeric(18,6) not null default 0 check (cost >= 0),
    add column supplier     text not null default '' check (char_length(supplier) <= 100),
    add column country      text not null default '' check (char_length(country) <= 100),
    add column language     text not null default 'zh' check (language in ('zh', 'en')),
    add column remark       text not null default '' check (char_length(remark) <= 500),
    add column routes       integer not null default 0,
    add foreign key (tenant_id, account_id) references account (tenant_id, id) on delete set null (account_id),
    add foreign key (tenant_id, extension_id) references extension (tenant_id, id) on delete set null (extension_id),
    add foreign key (tenant_id, did_group_id) references did_group (tenant_id, id) on delete set null (did_group_id),
    add foreign key (tenant_id, business_client_id) references business_client (tenant_id, id) on delete set null (business_client_id);
create index on number (tenant_id, account_id); create index on number (tenant_id, extension_id); create index on number (tenant_id, did_group_id);
create index on number (tenant_id, business_client_id);
-- What a number costs the carrier, and from whom it has it, is not the tenant's to know.
revoke select on number from zj_tenant;
grant select (tenant_id, id, number, enabled, name, account_id, extension_id, did_group_id, business_client_id, trunk_id, call_type, vip, area_code, local_number, area_number, number_400,
    rate_type, rate, monthly_rent, country, language, remark, routes, created_at, updated_at), update (name, account_id, extension_id, did_group_id, business_client_id, vip, language, remark) on number to zj_tenant;

-- Other notations of a number by which calls come in: with its area code, its 400 number; without the area code on its own trunk only, for
-- elsewhere the same digits are another's.
create table number_alias (
    tenant_id uuid not null references tenant (id) on delete cascade,
    id        uuid not null default zj_uuid7(),
    number_id uuid not null,
    alias     text not null,
    trunk_id  uuid,
    primary key (tenant_id, id),
    foreign key (tenant_id, number_id) references number (tenant_id, id) on delete cascade
);
create unique index number_alias_global on number_alias (alias, trunk_id) nulls not distinct; -- as number_global: only the carrier writes them
create index on number_alias (tenant_id, number_id);
call zj_tenant_table('number_alias');
revoke all on number_alias from zj_tenant;
call zj_live('number_alias');
call zj_reader('number_alias', 'zj_edge');
call zj_owner_may('number_alias');

create function number_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare bad text;
begin
    if zj_foreign(new.tenant_id) then return new; end if;
    if new.extension_id is not null then
        if new.account_id is null then
            new.account_id := (select e.account_id from extension e where e.tenant_id = new.tenant_id and e.id = new.extension_id);
        elsif not exists (select from extension e where e.tenant_id = new.tenant_id and e.id = new.extension_id and e.account_id = new.account_id) then
            raise check_violation using message = 'the extension is not one of the account''s', column = 'extension_id', constraint = 'number_extension';
        end if;
    end if;
    if new.trunk_id is not null and (tg_op = 'INSERT' or new.trunk_id is distinct from old.trunk_id) and not exists (select from trunk t join tenant o on o.id = t.tenant_id
        where t.id = new.trunk_id and (t.tenant_id = new.tenant_id or o.kind = 'carrier')) then
        raise foreign_key_violation using message = format('no trunk with id %s for this tenant', new.trunk_id), column = 'trunk_id', constraint = 'number_trunk';
    end if;
    if (new.area_code is null) <> (new.local_number is null) then
        raise check_violation using message = 'an area code goes with a local number', column = case when new.area_code is null then 'area_code' else 'local_number' end, constraint = 'number_notation';
    end if;
    select x into bad from unnest(array[new.area_code || new.local_number, new.number_400]) x
     where x <> new.number and exists (select from number n where n.number = x and n.id <> new.id) limit 1;
    if bad is null then select a.alias into bad from number_alias a where a.alias = new.number and a.trunk_id is null and a.number_id <> new.id; end if;
    if bad is not null then
        raise unique_violation using message = format('%s is another number', bad), column = case when bad = new.number then 'number' when bad = new.number_400 then 'number_400' else 'local_number' end, constraint = 'number_notation_taken';
    end if;
    return new;
end $$;
create trigger rules before insert or update on number for each row execute function number_rules();

create function number_aliases() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    delete from number_alias a where a.tenant_id = new.tenant_id and a.number_id = new.id;
    begin
        insert into number_alias (tenant_id, number_id, alias, trunk_id)
        select new.tenant_id, new.id, x.alias, x.trunk from (select new.area_number as alias, null::uuid as trunk union select new.number_400, null
            union select new.local_number, new.trunk_id where new.trunk_id is not null) x where x.alias <> new.number;
    exception when unique_violation then
        raise unique_violation using message = 'another number is dialled by these digits', column = case when new.number_400 is null then 'local_number' else 'number_400' end, constraint = 'number_notation_taken';
    end;
    return null;
end $$;
create trigger aliases_i after insert on number for each row when (new.area_number is not null or new.number_400 is not null) execute function number_aliases();
create trigger aliases_u after update on number for each row when ((new.number, new.area_number, new.number_400, new.local_number, new.trunk_id)
    is distinct from (old.number, old.area_number, old.number_400, old.local_number, old.trunk_id)) execute function number_aliases();
call zj_owner_may('number');

create function did_group_count() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare groups uuid[];
begin
    if tg_table_name = 'did_group' then
        update did_group g set members = c.n from new_rows r cross join lateral (select count(*) as n from (select n.number from number n where n.tenant_id = r.tenant_id and n.did_group_id = r.id
            union select unnest(r.entries)) x) c where g.tenant_id = r.tenant_id and g.id = r.id and g.members <> c.n;
        return null;
    end if;
    if tg_op = 'INSERT' then groups := array(select distinct did_group_id from new_rows where did_group_id is not null);
    elsif tg_op = 'DELETE' then groups := array(select distinct did_group_id from old_rows where did_group_id is not null);
    else groups := array(select did_group_id from new_rows where did_group_id is not null union select did_group_id from old_rows where did_group_id is not null);
    end if;
    update did_group g set members = (select count(*) from (select n.number from number n where n.tenant_id = g.tenant_id and n.did_group_id = g.id union select unnest(g.entries)) x) where g.id = any (groups);
    return null;
end $$;
create trigger count_i after insert on did_group referencing new table as new_rows for each statement execute function did_group_count();
create trigger count_u after update on did_group referencing old table as old_rows new table as new_rows for each statement when (pg_trigger_depth() = 0) execute function did_group_count();
create trigger count_i after insert on number referencing new table as new_rows for each statement execute function did_group_count();
create trigger count_u after update on number referencing old table as old_rows new table as new_rows for each statement when (pg_trigger_depth() = 0) execute function did_group_count();
create trigger count_d after delete on number referencing old table as old_rows for each statement execute function did_group_count();

-- To whom a number was given, and when it was taken back. Appended by trigger, changed by nobody.
create table did_log (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    number     text not null,
    status     text not null check (status in ('granted', 'released')),
    username   text not null default '',
    account_id uuid,
    operator   text not null default '',
    created_at timestamptz not null default now(),
    primary key (tenant_id, id)
);
call zj_tenant_table('did_log', 'read', facts => true);
call zj_owner_may('did_log');
create index on did_log (tenant_id, number); create index on did_log (tenant_id, created_at);
create function did_log_write() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    who uuid := coalesce(nullif(current_setting('zj.actor', true), '')::uuid, zj_account());
    called text := coalesce((select a.username from account a where a.id = who), '');
begin
    if tg_op = 'INSERT' then
        insert into did_log (tenant_id, number, status, account_id, username, operator)
        select n.tenant_id, n.number, 'granted', n.account_id, coalesce(a.username, ''), called
          from new_rows n left join account a on a.tenant_id = n.tenant_id and a.id = n.account_id where n.account_id is not null;
    elsif tg_op = 'DELETE' then
        insert into did_log (tenant_id, number, status, account_id, username, operator)
        select o.tenant_id, o.number, 'released', o.account_id, coalesce(a.username, ''), called
          from old_rows o join tenant t on t.id = o.tenant_id left join account a on a.tenant_id = o.tenant_id and a.id = o.account_id where o.account_id is not null;
    else
        insert into did_log (tenant_id, number, status, account_id, username, operator)
        select o.tenant_id, n.number, x.status, x.account_id, coalesce(a.username, r.label, ''), called
          from old_rows o join new_rows n on n.tenant_id = o.tenant_id and n.id = o.id and n.account_id is distinct from o.account_id
         cross join lateral (values ('released', o.account_id), ('granted', n.account_id)) x (status, account_id)
          left join account a on a.tenant_id = o.tenant_id and a.id = x.account_id
          left join lateral (select label from recycled r where r.tenant_id = o.tenant_id and r.row_id = x.account_id order by r.id desc limit 1) r on true
         where x.account_id is not null;
    end if;
    return null;
end $$;
create trigger log_i after insert on number referencing new table as new_rows for each statement execute function did_log_write();
create trigger log_u after update on number referencing old table as old_rows new table as new_rows for each statement execute function did_log_write();
create trigger log_d after delete on number referencing old table as old_rows for each statement execute function did_log_write();

comment on table did_group is '{"resource":"did-groups","zh":"DID分组","en":"DID group","scope":"tenant","label":"name","menu":"pbx","order":28,"icon":"layers","search":["name"],"include":{"used_by":"inbound_route","numbers":"number"}}';
comment on column did_group.name is '{"zh":"DID分组名称","en":"Name"}';
comment on column did_group.match is '{"zh":"匹配类型","en":"Match type","enum":{"number":{"zh":"号码匹配","en":"Numbers"},"prefix":{"zh":"前缀匹配","en":"Prefixes"}}}';
comment on column did_group.entries is '{"zh":"列表","en":"List","help_zh":"号码或号码前缀；选择了本组的DID也属于本组","help_en":"numbers, or prefixes of numbers; DIDs that name this group belong to it, too"}';
comment on column did_group.monthly_rent is '{"zh":"月租","en":"Monthly rent","list":false}';
comment on column did_group.rate is '{"zh":"费率","en":"Rate","list":false}';
comment on column did_group.country is '{"zh":"国家","en":"Country","list":false}';
comment on column did_group.members is '{"zh":"组内DID数","en":"DIDs in the group","readonly":true,"audit":false}';
comment on column did_group.routes is '{"zh":"使用路由","en":"Routes using it","readonly":true,"audit":false}';
call zj_searchable('did_group');

comment on table number is '{"resource":"numbers","zh":"DID","en":"DID","scope":"carrier","label":"number","menu":"pbx","order":25,"icon":"hash","search":["number","name"],"big":true,"include":{"used_by":"inbound_route"},"groups":{"basic":{"zh":"基本资料","en":"Basic data"},"notation":{"zh":"号码写法","en":"Notations"},"rent":{"zh":"费用","en":"Charges"}}}';
comment on column number.number is '{"zh":"DID号码","en":"DID number","group":"basic"}';
comment on column number.enabled is '{"zh":"状态","en":"Usable","group":"basic"}';
comment on column number.name is '{"zh":"中继名称","en":"Name","group":"basic","list":false}';
comment on column number.account_id is '{"zh":"账号","en":"Account","filter":true,"group":"basic","notes":[{"resource":"numbers","by":"account_id","zh":"账户已绑定DID","en":"account already bound to DID","none_zh":"账户未使用","none_en":"account not used"}]}';
comment on column number.extension_id is '{"zh":"分机","en":"Extension","group":"basic","list":false,"depends":{"field":"account_id","by":"account_id"}}';
comment on column number.did_group_id is '{"zh":"DID分组","en":"DID group","filter":true,"group":"basic"}';
comment on column number.business_client_id is '{"zh":"呼入用户","en":"Business client","group":"basic","list":false}';
comment on column number.trunk_id is '{"zh":"网关","en":"Gateway","ref":"trunks","group":"notation","list":false}';
comment on column number.call_type is '{"zh":"呼叫类型","en":"Call type","group":"basic","enum":{"in":{"zh":"呼入","en":"Inbound"},"out":{"zh":"呼出","en":"Outbound"},"both":{"zh":"呼入呼出","en":"Both"}}}';
comment on column number.vip is '{"zh":"VIP","en":"VIP","group":"basic","help_zh":"拨入此号码的来电按VIP对待","help_en":"who calls this number is treated as a VIP"}';
comment on column number.area_code is '{"zh":"区号","en":"Area code","group":"notation","list":false}';
comment on column number.local_number is '{"zh":"中继号码","en":"Local number","group":"notation","list":false,"help_zh":"不带区号；仅从所属网关进线时按此匹配","help_en":"without the area code; recognised on its own gateway"}';
comment on column number.area_number is '{"zh":"区号加中继号码","en":"With area code","group":"notation","readonly":true,"list":false}';
comment on column number.number_400 is '{"zh":"400号码","en":"400 number","group":"notation","list":false}';
comment on column number.rate_type is '{"zh":"费率类型","en":"Rate type","group":"rent","list":false,"enum":{"individual":{"zh":"单独设定费率","en":"Its own"},"group":{"zh":"按DID分组","en":"That of its group"}}}';
comment on column number.rate is '{"zh":"费率","en":"Rate","group":"rent","list":false}';
comment on column number.monthly_rent is '{"zh":"月租费","en":"Monthly rent","group":"rent"}';
comment on column number.cost is '{"zh":"成本","en":"Cost","group":"rent","list":false}';
comment on column number.supplier is '{"zh":"供应商","en":"Supplier","group":"rent","list":false}';
comment on column number.country is '{"zh":"国家","en":"Country","group":"basic","list":false}';
comment on column number.language is '{"zh":"语言","en":"Language","group":"basic","list":false,"enum":{"zh":{"zh":"简体中文","en":"Chinese"},"en":{"zh":"英文","en":"English"}}}';
comment on column number.remark is '{"zh":"备注","en":"Remark","group":"basic","list":false,"widget":"textarea"}';
comment on column number.routes is '{"zh":"使用路由","en":"Routes using it","readonly":true,"audit":false,"group":"basic"}';
create index number_name_search on number using gin (name gin_trgm_ops);

comment on table did_log is '{"resource":"did-log","zh":"DID日志","en":"DID log","scope":"tenant","sort":"-created_at","create":false,"update":false,"delete":false,"import":false,"menu":"pbx","order":29,"icon":"history","search":["number","username","operator"]}';
comment on column did_log.number is '{"zh":"DID号码","en":"DID number"}';
comment on column did_log.status is '{"zh":"状态","en":"Status","enum":{"granted":{"zh":"已通过","en":"Granted"},"released":{"zh":"已释放","en":"Released"}}}';
comment on column did_log.username is '{"zh":"用户名","en":"User name"}';
comment on column did_log.account_id is '{"zh":"账号","en":"Account","ref":"accounts","list":false}';
comment on column did_log.operator is '{"zh":"操作者","en":"Operator"}';
call zj_searchable('did_log');
reset role;
