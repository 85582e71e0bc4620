-- Trunks, numbers and how an inbound call finds its destination; who is barred.
set search_path = zj, public;
set role zj_owner;

create table trunk (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    host        inet not null check (masklen(host) = case family(host) when 4 then 32 else 128 end),
    port        integer not null default 5060 check (port between 1 and 65535),
    match_port  boolean not null default false,
    max_calls   integer not null default 1000 check (max_calls between 0 and 1000000),
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
call zj_tenant_table('trunk', 'write');
call zj_live('trunk');
call zj_reader('trunk', 'zj_edge'); call zj_reader('trunk', 'zj_acd');

-- Which tenant a number belongs to. Only the carrier writes it, so its installation-wide uniqueness tells no tenant anything.
create table number (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    number      text not null check (number ~ '^\+?[0-9*#]{1,32}$'),
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number),
    constraint number_global unique (number) -- the one key without tenant_id: see above, and the catalogue test
);
call zj_tenant_table('number', 'write');
revoke insert, update, delete on number from zj_tenant;
call zj_live('number');
call zj_reader('number', 'zj_edge');

create table did (
    tenant_id        uuid not null references tenant (id) on delete cascade,
    id               uuid not null default zj_uuid7(),
    number           text not null,
    caller_prefix    text not null default '' check (caller_prefix ~ '^\+?[0-9]{0,32}$'),
    priority         integer not null default 0 check (priority between 0 and 1000),
    destination_kind text not null check (destination_kind in ('queue', 'ivr', 'extension')),
    destination_id   uuid not null,
    enabled          boolean not null default true,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number, caller_prefix, priority),
    foreign key (tenant_id, number) references number (tenant_id, number) on update cascade on delete cascade
);
call zj_tenant_table('did', 'write');
call zj_live('did');
call zj_reader('did', 'zj_edge'); call zj_reader('did', 'zj_acd');

-- A destination must exist in the same tenant. (Three kinds, one column: a foreign key per kind would be NULL mostly.)
-- It looks as the owner, for the carrier may write a DID but not read a tenant's queues and flows.
create function did_destination() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if not (case new.destination_kind
        when 'queue' then exists (select from queue q where q.tenant_id = new.tenant_id and q.id = new.destination_id)
        when 'ivr' then exists (select from flow f where f.tenant_id = new.tenant_id and f.id = new.destination_id)
        when 'extension' then exists (select from extension e where e.tenant_id = new.tenant_id and e.id = new.destination_id)
    end) then
        raise foreign_key_violation using message = format('no %s with id %s in this tenant', new.destination_kind, new.destination_id),
            column = 'destination_id', constraint = 'did_destination';
    end if;
    return new;
end $$;
create trigger destination before insert or update on did for each row execute function did_destination();

-- Rows of the carrier's own tenant bar callers of every tenant.
create table blacklist (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    number      text not null check (number ~ '^\+?[0-9]{1,32}$'),
    match       text not null default 'exact' check (match in ('exact', 'prefix')),
    colour      text not null default 'black' check (colour in ('black', 'white')),
    direction   text not null default 'in' check (direction in ('in', 'out', 'both')),
    result_code integer not null default 403 check (result_code between 400 and 699),
    valid_from  timestamptz,
    valid_until timestamptz,
    reason      text not null default '' check (char_length(reason) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number, match, colour, direction),
    constraint blacklist_valid_order check (valid_until > valid_from)
);
call zj_tenant_table('blacklist', 'write');
call zj_live('blacklist');
call zj_reader('blacklist', 'zj_edge');

create table extension (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    number      text not null check (number ~ '^[0-9]{2,16}$'),
    name        text not null default '' check (char_length(name) <= 100),
    password    text check (char_length(password) between 8 and 128),
    ha1         text not null,
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number)
);
call zj_tenant_table('extension', 'write');
call zj_live('extension');
call zj_reader('extension', 'zj_owner'); call zj_reader('extension', 'zj_edge'); call zj_reader('extension', 'zj_acd', 'tenant_id, id, number, name, enabled');

-- The password itself is never stored: only HA1 of RFC 2617, which is what digest authentication needs.
create function extension_ha1() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.number <> old.number and new.password is null then
        raise not_null_violation using message = 'a new number needs the password again, for the digest covers both', column = 'password', constraint = 'extension_password';
    end if;
    if new.password is not null then
        if char_length(new.password) not between 8 and 128 then -- here, because the column's own check sees NULL
            raise check_violation using message = 'a password has 8 to 128 characters', column = 'password', constraint = 'extension_password_check';
        end if;
        new.ha1 := md5(new.number || ':' || (select sip_domain from tenant t where t.id = new.tenant_id) || ':' || new.password);
        new.password := null;
    elsif tg_op = 'INSERT' then
        raise not_null_violation using message = 'a new extension needs a password', column = 'password', constraint = 'extension_password';
    end if;
    return new;
end $$;
create trigger ha1 before insert or update on extension for each row execute function extension_ha1();

comment on table trunk is '{"resource":"trunks","zh":"中继","en":"Trunk","scope":"tenant","label":"name"}';
comment on column trunk.name is '{"zh":"名称","en":"Name"}';
comment on column trunk.host is '{"zh":"地址","en":"Address"}';
comment on column trunk.port is '{"zh":"端口","en":"Port"}';
comment on column trunk.match_port is '{"zh":"校验来源端口","en":"Source port must match"}';
comment on column trunk.max_calls is '{"zh":"最大并发","en":"Concurrent calls at most"}';
comment on column trunk.enabled is '{"zh":"启用","en":"Enabled"}';
comment on table number is '{"resource":"numbers","zh":"号码","en":"Number","scope":"carrier","label":"number"}';
comment on column number.number is '{"zh":"号码","en":"Number"}';
comment on column number.enabled is '{"zh":"启用","en":"Enabled"}';
comment on table did is '{"resource":"dids","zh":"接入号","en":"DID","scope":"tenant","label":"number"}';
comment on column did.number is '{"zh":"号码","en":"Number"}';
comment on column did.caller_prefix is '{"zh":"主叫前缀","en":"Caller prefix","help_zh":"留空为任意主叫","help_en":"empty: any caller"}';
comment on column did.priority is '{"zh":"优先级","en":"Priority","help_zh":"数字大者先","help_en":"larger first"}';
comment on column did.destination_kind is '{"zh":"去向类别","en":"Destination kind"}';
comment on column did.destination_id is '{"zh":"去向","en":"Destination","refs":{"by":"destination_kind","queue":"queues","ivr":"flows","extension":"extensions"}}';
comment on column did.enabled is '{"zh":"启用","en":"Enabled"}';
comment on table blacklist is '{"resource":"blacklist","zh":"黑白名单","en":"Black and white list","scope":"tenant","label":"number"}';
comment on column blacklist.number is '{"zh":"号码","en":"Number"}';
comment on column blacklist.match is '{"zh":"匹配","en":"Match"}';
comment on column blacklist.colour is '{"zh":"颜色","en":"Colour"}';
comment on column blacklist.direction is '{"zh":"方向","en":"Direction"}';
comment on column blacklist.result_code is '{"zh":"应答码","en":"Answer code"}';
comment on column blacklist.valid_from is '{"zh":"生效","en":"Valid from"}';
comment on column blacklist.valid_until is '{"zh":"失效","en":"Valid until"}';
comment on column blacklist.reason is '{"zh":"原因","en":"Reason"}';
comment on table extension is '{"resource":"extensions","zh":"分机","en":"Extension","scope":"tenant","label":"number"}';
comment on column extension.number is '{"zh":"分机号","en":"Number"}';
comment on column extension.name is '{"zh":"名称","en":"Name"}';
comment on column extension.password is '{"zh":"密码","en":"Password","writeonly":true}';
comment on column extension.ha1 is '{"zh":"摘要","en":"Digest","hidden":true}';
comment on column extension.enabled is '{"zh":"启用","en":"Enabled"}';
reset role;
