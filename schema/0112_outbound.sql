-- Where a dialled number goes: outbound routes with their rules; what is shown to the called party; numbers that always get through.
set search_path = zj, public;
set role zj_owner;

create table outbound_route (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    rules       integer not null default 0,
    created_by  uuid default zj_account(),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
-- The longest prefix wins, then the one that asks for a length; `default` when none fits.
create table outbound_rule (
    tenant_id        uuid not null references tenant (id) on delete cascade,
    id               uuid not null default zj_uuid7(),
    route_id         uuid not null,
    prefix           text not null default 'default' check (prefix ~ '^(default|\+?[0-9*#]{1,32})$'),
    length           integer not null default 0 check (length between 0 and 32),
    destination_kind text not null default 'external' check (destination_kind in ('external', 'queue', 'ivr', 'extension', 'ring_group', 'conference', 'voicemail', 'fax', 'application', 'hangup')),
    destination_id   uuid,
    strip            text not null default '' check (strip ~ '^\+?[0-9*#]{0,32}$'),
    add              text not null default '' check (add ~ '^\+?[0-9*#]{0,32}$'),
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, route_id, prefix, length),
    foreign key (tenant_id, route_id) references outbound_route (tenant_id, id) on delete cascade
);
call zj_destination('outbound_rule', 'destination_kind', 'destination_id');

-- Carrier-wide in the carrier's tenant; a tenant adds its own. Never barred, never over a limit.
create table emergency_number (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    number      text not null check (number ~ '^\+?[0-9]{2,32}$'),
    name        text not null default '' check (char_length(name) <= 100),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number)
);

-- The last word about the number that is shown: of the caller's number and the called one, on one trunk or all.
create table caller_rule (
    tenant_id     uuid not null references tenant (id) on delete cascade,
    id            uuid not null default zj_uuid7(),
    name          text not null default '' check (char_length(name) <= 100),
    trunk_id      uuid,
    caller_prefix text not null default 'default' check (caller_prefix ~ '^(default|\+?[0-9]{1,32})$'),
    called_prefix text not null default 'default' check (called_prefix ~ '^(default|\+?[0-9*#]{1,32})$'),
    length        integer not null default 0 check (length between 0 and 32),
    action        text not null default 'rewrite' check (action in ('rewrite', 'replace', 'anonymous', 'forbid')),
    strip         text not null default '' check (strip ~ '^\+?[0-9]{0,32}$'),
    add           text not null default '' check (add ~ '^\+?[0-9]{0,32}$'),
    number        text check (number ~ '^\+?[0-9]{1,32}$'),
    enabled       boolean not null default true,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (tenant_id, id),
    unique nulls not distinct (tenant_id, trunk_id, caller_prefix, called_prefix, length),
    constraint caller_rule_number check ((action = 'replace') = (number is not null))
);

do $$
declare t text;
begin
    foreach t in array array['outbound_route', 'outbound_rule', 'emergency_number', 'caller_rule'] loop
        call zj_tenant_table(t::regclass, 'write');
        call zj_live(t::regclass);
        call zj_recyclable(t::regclass);
        call zj_audited(t::regclass);
        call zj_reader(t::regclass, 'zj_acd');
        execute format('create policy look_zj_owner on %I to zj_owner using (true) with check (true)', t);
    end loop;
end $$;
call zj_reader('emergency_number', 'zj_edge'); call zj_reader('caller_rule', 'zj_edge');
call zj_reader('account_group', 'zj_acd'); call zj_reader('account_group_member', 'zj_acd');
create trigger trunk before insert or update of trunk_id on caller_rule for each row execute function trunk_named();

create function outbound_rules_counted() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update outbound_route r set rules = (select count(*) from outbound_rule x where x.tenant_id = r.tenant_id and x.route_id = r.id)
     where (r.tenant_id, r.id) in (select tenant_id, route_id from changed);
    return null;
end $$;
create trigger counted_i after insert on outbound_rule referencing new table as changed for each statement execute function outbound_rules_counted();
create trigger counted_d after delete on outbound_rule referencing old table as changed for each statement execute function outbound_rules_counted();

alter table account_group add column outbound_route_id uuid,
    add foreign key (tenant_id, outbound_route_id) references outbound_route (tenant_id, id) on delete set null (outbound_route_id);
alter table tenant
    add column outbound_route_id uuid,
    add column out_prefix        text not null default '' check (out_prefix ~ '^[0-9*#]{0,4}$'),
    add column caller_number     text check (caller_number ~ '^\+?[0-9]{1,32}$'),
    add column caller_name       text not null default '' check (char_length(caller_name) <= 100),
    add column caller_pool_id    uuid,
    add column own_callers       boolean not null default false,
    add column caller_required   boolean not null default false,
    add foreign key (tenant_id, outbound_route_id) references outbound_route (tenant_id, id) on delete set null (outbound_route_id),
    add foreign key (tenant_id, caller_pool_id) references number_pool (tenant_id, id) on delete set null (caller_pool_id);
create index on account_group (tenant_id, outbound_route_id);
grant update (outbound_route_id, out_prefix, caller_number, caller_name, caller_pool_id, caller_required) on tenant to zj_tenant;

alter table extension
    add column if not exists allow_outbound    boolean,
    add column if not exists caller_number     text check (caller_number ~ '^\+?[0-9]{1,32}$'),
    add column if not exists caller_name       text check (char_length(caller_name) between 1 and 64),
    add column if not exists out_caller_number text check (out_caller_number ~ '^\+?[0-9]{1,32}$'),
    add column if not exists out_caller_name   text check (char_length(out_caller_name) between 1 and 64),
    add column if not exists out_anonymous     boolean not null default false,
    add column if not exists caller_pool_id    uuid;
alter table extension add foreign key (tenant_id, caller_pool_id) references number_pool (tenant_id, id) on delete set null (caller_pool_id);
create index on extension (tenant_id, caller_pool_id);
alter table agent
    add column if not exists out_caller_number text check (out_caller_number ~ '^\+?[0-9]{1,32}$'),
    add column if not exists out_caller_name   text not null default '' check (char_length(out_caller_name) <= 100);
-- The access number of an employee: click-to-call goes out through it.
alter table account add column if not exists access_number_id uuid,
    add foreign key (tenant_id, access_number_id) references trunk_number (tenant_id, id) on delete set null (access_number_id);
create index on account (tenant_id, access_number_id);
-- An inbound service (a number) has a caller of its own for those who call out for it.
alter table number
    add column if not exists out_caller_number text check (out_caller_number ~ '^\+?[0-9]{1,32}$'),
    add column if not exists out_caller_name   text not null default '' check (char_length(out_caller_name) <= 100),
    add column if not exists force_caller      boolean not null default false;
grant select (out_caller_number, out_caller_name, force_caller), update (out_caller_number, out_caller_name, force_caller) on number to zj_tenant;
grant select (allow_outbound, account_id, caller_number, caller_name, out_caller_number, out_caller_name, out_anonymous, caller_pool_id) on extension to zj_acd;
grant select (allow_outbound, account_id, caller_number, caller_name, out_caller_number, out_caller_name, out_anonymous, caller_pool_id) on extension to zj_tenant, zj_carrier;
grant select (access_number_id) on account to zj_tenant, zj_carrier;
call zj_reader('account', 'zj_acd', 'tenant_id, id, access_number_id');
do $$
begin
    if not exists (select from pg_policy where polrelid = 'number'::regclass and polname = 'read_zj_acd') then call zj_reader('number', 'zj_acd', 'tenant_id, id, number'); end if;
end $$;
grant select (tenant_id, id, number, out_caller_number, out_caller_name, force_caller) on number to zj_acd;
do $$
begin
    if not exists (select from pg_trigger where tgrelid = 'account'::regclass and tgname = 'live_u') then call zj_live('account'); end if;
end $$;

comment on table outbound_route is '{"resource":"outbound-routes","zh":"拨出路由","en":"Outbound route","scope":"tenant","label":"name","menu":"pbx","order":45,"icon":"phone-out","search":["name"]}';
comment on column outbound_route.name is '{"zh":"路由名称","en":"Name"}';
comment on column outbound_route.rules is '{"zh":"路由规则数量","en":"Rules","readonly":true}';
comment on column outbound_route.created_by is '{"zh":"创建者","en":"Created by","ref":"accounts","readonly":true}';
comment on table outbound_rule is '{"resource":"outbound-rules","zh":"拨出路由规则","en":"Outbound rule","scope":"tenant","menu":"pbx","order":46,"icon":"phone-out","search":["prefix"]}';
comment on column outbound_rule.route_id is '{"zh":"路由名称","en":"Route","ref":"outbound-routes","filter":true}';
comment on column outbound_rule.prefix is '{"zh":"号码前缀","en":"Prefix","help_zh":"最长前缀优先；default 为其余号码","help_en":"the longest wins; default: all others"}';
comment on column outbound_rule.length is '{"zh":"号码长度","en":"Length","help_zh":"0 为任意","help_en":"0: any"}';
comment on column outbound_rule.destination_kind is '{"zh":"转接","en":"Goes to","enum":{"external":{"zh":"外拨","en":"Dial out"},"queue":{"zh":"队列","en":"Queue"},"ivr":{"zh":"电脑话务","en":"Flow"},"extension":{"zh":"分机","en":"Extension"},"ring_group":{"zh":"振铃组","en":"Ring group"},"conference":{"zh":"会议","en":"Conference"},"voicemail":{"zh":"语音信箱","en":"Voicemail"},"fax":{"zh":"传真设备","en":"Fax device"},"application":{"zh":"应用","en":"Application"},"hangup":{"zh":"结束","en":"End"}}}';
comment on column outbound_rule.destination_id is '{"zh":"转接名称","en":"Target","refs":{"by":"destination_kind","queue":"queues","ivr":"flows","extension":"extensions"},"when":{"field":"destination_kind","in":["queue","ivr","extension","ring_group","conference","voicemail","fax","application"]}}';
comment on column outbound_rule.strip is '{"zh":"移除前缀","en":"Remove prefix"}';
comment on column outbound_rule.add is '{"zh":"增加前缀","en":"Add prefix"}';
comment on table emergency_number is '{"resource":"emergency-numbers","zh":"紧急号码","en":"Emergency number","scope":"tenant","label":"number","menu":"pbx","order":62,"icon":"phone-out","search":["number","name"]}';
comment on column emergency_number.number is '{"zh":"号码","en":"Number"}';
comment on column emergency_number.name is '{"zh":"名称","en":"Name"}';
comment on table caller_rule is '{"resource":"caller-rules","zh":"主叫送显规则","en":"Caller rule","scope":"tenant","label":"name","menu":"pbx","order":57,"icon":"phone-out","search":["name","caller_prefix","called_prefix"]}';
comment on column caller_rule.name is '{"zh":"名称","en":"Name"}';
comment on column caller_rule.trunk_id is '{"zh":"中继","en":"Trunk","ref":"trunks","help_zh":"留空为全部","help_en":"empty: all"}';
comment on column caller_rule.caller_prefix is '{"zh":"主叫前缀","en":"Caller prefix"}';
comment on column caller_rule.called_prefix is '{"zh":"被叫前缀","en":"Called prefix"}';
comment on column caller_rule.length is '{"zh":"主叫长度","en":"Caller length","help_zh":"0 为任意","help_en":"0: any"}';
comment on column caller_rule.action is '{"zh":"动作","en":"Action","enum":{"rewrite":{"zh":"改写","en":"Rewrite"},"replace":{"zh":"替换","en":"Replace"},"anonymous":{"zh":"匿名","en":"Anonymous"},"forbid":{"zh":"禁止","en":"Forbid"}}}';
comment on column caller_rule.strip is '{"zh":"移除前缀","en":"Remove prefix","when":{"field":"action","in":["rewrite"]}}';
comment on column caller_rule.add is '{"zh":"增加前缀","en":"Add prefix","when":{"field":"action","in":["rewrite"]}}';
comment on column caller_rule.number is '{"zh":"替换为","en":"Number","when":{"field":"action","in":["replace"]}}';
comment on column caller_rule.enabled is '{"zh":"启用","en":"Enabled"}';
comment on column account_group.outbound_route_id is '{"zh":"外呼路由","en":"Outbound route","ref":"outbound-routes"}';
comment on column tenant.outbound_route_id is '{"zh":"默认外呼路由","en":"Outbound route","group":"advanced","list":false,"ref":"outbound-routes"}';
comment on column tenant.out_prefix is '{"zh":"外线前缀","en":"Outside line","group":"advanced","list":false,"help_zh":"如 9：拨 9 后的号码直接外呼","help_en":"such as 9: what follows it is dialled out"}';
comment on column tenant.caller_number is '{"zh":"默认外呼主叫","en":"Outbound caller number","group":"advanced","list":false}';
comment on column tenant.caller_name is '{"zh":"默认外呼主叫名称","en":"Outbound caller name","group":"advanced","list":false}';
comment on column tenant.caller_pool_id is '{"zh":"默认中继池","en":"Number pool","group":"advanced","list":false,"ref":"number-pools"}';
comment on column tenant.own_callers is '{"zh":"只能送显本企业号码","en":"Shows its own numbers only","group":"advanced","list":false,"help_zh":"外呼主叫须是本企业的号码或中继号码","help_en":"the caller shown is a number or trunk number of the tenant"}';
comment on column tenant.caller_required is '{"zh":"外呼须选主叫","en":"Outbound calls need a caller number","group":"advanced","list":false}';
comment on column extension.allow_outbound is '{"zh":"允许呼出","en":"May dial out"}';
comment on column extension.caller_number is '{"zh":"主叫号码","en":"Caller number","list":false,"help_zh":"内部呼叫显示","help_en":"shown inside"}';
comment on column extension.caller_name is '{"zh":"主叫名称","en":"Caller name","list":false}';
comment on column extension.out_caller_number is '{"zh":"外呼主叫号码","en":"Outbound caller number","list":false}';
comment on column extension.out_caller_name is '{"zh":"外呼主叫名称","en":"Outbound caller name","list":false}';
comment on column extension.out_anonymous is '{"zh":"外呼匿名","en":"Number withheld","list":false}';
comment on column extension.caller_pool_id is '{"zh":"中继池","en":"Number pool","list":false,"ref":"number-pools"}';
comment on column agent.out_caller_number is '{"zh":"外呼主叫号码","en":"Outbound caller number","list":false}';
comment on column agent.out_caller_name is '{"zh":"外呼主叫名称","en":"Outbound caller name","list":false}';
comment on column account.access_number_id is '{"zh":"外呼接入号码","en":"Access number","list":false,"ref":"trunk-numbers"}';
comment on column number.out_caller_number is '{"zh":"外呼主叫号码","en":"Outbound caller number","list":false}';
comment on column number.out_caller_name is '{"zh":"外呼主叫名称","en":"Outbound caller name","list":false}';
comment on column number.force_caller is '{"zh":"强制使用主叫","en":"Always show them","list":false}';
do $$
declare t text;
begin
    foreach t in array array['outbound_route', 'outbound_rule', 'emergency_number', 'caller_rule'] loop
        call zj_searchable(t::regclass);
    end loop;
end $$;
reset role;
