-- Trunks as a carrier sells them: by address or by registration, several hosts each, limits, rules, templates; groups of trunks; the
-- numbers that are shown, and pools of them that take turns.
set search_path = zj, public;
set role zj_owner;

-- An address, or a domain name (whose last label is no number).
create function zj_is_host(host text) returns boolean language plpgsql immutable strict as $$
begin
    if host ~ '^[0-9.]+$' or position(':' in host) > 0 then
        return host !~ '/' and host(host::inet) is not null;
    end if;
    return char_length(host) <= 253 and host ~ '^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$';
exception when others then
    return false;
end $$;

-- Numbers of a list that bars or admits callers: whole, or with a star for whatever follows.
create function zj_are_callers(list text[]) returns boolean language sql immutable strict as $$
    select cardinality(list) <= 1000 and array_position(list, null) is null and not exists (select from unnest(list) n where n !~ '^\+?[0-9]{1,32}\*?$')
$$;

-- What a carrier's answer may be that sends the call to the next host or trunk. What the called party itself said ends the call
-- (486, 600, 603 …), and so does what would be the same everywhere (404, 484 …) or is not an answer at all (401, 407, 487).
create function zj_are_failures(codes integer[]) returns boolean language sql immutable strict as $$
    select cardinality(codes) <= 20 and array_position(codes, null) is null
       and codes <@ array[400, 402, 403, 408, 410, 420, 480, 488, 500, 501, 502, 503, 504, 505, 513, 580, 606]
$$;

-- Lines `Name: value` that go with every call of a trunk. Not what SIP itself or Zongji stands on.
create function zj_are_headers(lines text) returns boolean language sql immutable strict as $$
    select char_length(lines) <= 1000 and not exists (select from regexp_split_to_table(lines, '\r?\n') l where l <> ''
        and (l !~ '^[A-Za-z][A-Za-z0-9-]{0,63}:[ ]?[ -~]{0,255}$'
             or l ~* '^(x-zj-.*|via|from|to|contact|call-id|cseq|max-forwards|route|record-route|content-.*|authorization|proxy-authorization|require|supported|expires|v|f|t|m|i|l|c|k):'))
$$;

-- `key=value` lines that Zongji understands (of trunks; others are refused by name, so that nobody believes in what has no effect).
create function zj_are_details(lines text) returns boolean language sql immutable strict as $$
    select char_length(lines) <= 2000 and not exists (select from regexp_split_to_table(lines, '\r?\n') l where l !~ '^\s*(#.*)?$'
        and l !~ '^\s*(fromuser|fromdomain|user|identity)\s*=\s*[A-Za-z0-9.+_:-]{1,100}\s*$')
$$;

create table pbx_template (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    type        text not null default 'device' check (type in ('device', 'trunk')),
    protocol    text not null default 'sip' check (protocol in ('sip')),
    details     text not null check (char_length(details) between 1 and 2000),
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    constraint pbx_template_details check (type <> 'trunk' or zj_are_details(details))
);
call zj_tenant_table('pbx_template', 'write');

create sequence trunk_identifier start 100000;
grant usage on sequence trunk_identifier to zj_tenant, zj_carrier;

alter table trunk drop constraint trunk_host_check;
alter table trunk alter column host type text using host(host);
alter table trunk alter column max_calls drop not null, alter column max_calls drop default;
alter table trunk
    add constraint trunk_host_check check (zj_is_host(host)),
    add column identifier       text not null default nextval('trunk_identifier')::text check (identifier ~ '^[A-Za-z0-9._+-]{1,64}$'),
    add column type             text not null default 'address' check (type in ('address', 'registration')),
    add column transport        text not null default 'udp' check (transport in ('udp', 'tcp')),
    add column host_priority    integer not null default 100 check (host_priority between 0 and 1000),
    add column host_weight      integer not null default 1 check (host_weight between 1 and 1000),
    add column username         text not null default '' check (username ~ '^[A-Za-z0-9._+@-]{0,64}$'),
    add column password         text check (char_length(password) between 1 and 128 and password ~ '^[ -~]+$'),
    add column registration     text check (char_length(registration) <= 300),
    add column expires_s        integer not null default 300 check (expires_s between 60 and 3600),
    add column timeout_s        integer not null default 45 check (timeout_s between 5 and 300),
    add column max_cps          integer check (max_cps between 1 and 10000),
    add column template_id      uuid,
    add column details          text not null default '' check (zj_are_details(details)),
    add column template_details text not null default '',
    add column caller_number    text check (caller_number ~ '^\+?[0-9]{1,32}$'),
    add column caller_name      text not null default '' check (char_length(caller_name) <= 100),
    add column force_caller     boolean not null default false,
    add column own_callers      boolean not null default false,
    add column force_rate       boolean not null default false,
    add column gain_in          integer not null default 0 check (gain_in between -20 and 20),
    add column gain_out         integer not null default 0 check (gain_out between -20 and 20),
    add column cascade_id       uuid,
    add column cascade_host     text check (cascade_host ~ '^[0-9A-Fa-f.:]+$' and zj_is_host(cascade_host)),
    add column allowed_callers  text[] not null default '{}' check (zj_are_callers(allowed_callers)),
    add column barred_callers   text[] not null default '{}' check (zj_are_callers(barred_callers)),
    add column failure_codes    integer[] not null default '{408,500,502,503,504}' check (zj_are_failures(failure_codes)),
    add column disable_after    integer not null default 0 check (disable_after between 0 and 10000),
    add column sip_headers      text not null default '' check (zj_are_headers(sip_headers)),
    add column dial_string      text not null default '' check (dial_string = '' or dial_string ~ '^sip:[A-Za-z0-9+#*._-]{0,32}\{number\}[A-Za-z0-9+#*._;=-]{0,64}@(\{host\}(:\{port\})?|[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?)(;[A-Za-z0-9._=;-]{1,64})?$'),
    add column area_code        text not null default '' check (area_code ~ '^[0-9]{0,8}$'),
    add column province         text not null default '' check (char_length(province) <= 50),
    add column city             text not null default '' check (char_length(city) <= 50),
    add column long_distance    text not null default '' check (long_distance ~ '^[0-9]{0,8}$'),
    add column fixed_prefix     text not null default '' check (fixed_prefix ~ '^\+?[0-9*#]{0,16}$'),
    add column probe_s          integer not null default 30 check (probe_s between 0 and 3600),
    add column schedule         text not null default '' check (schedule = '' or schedule ~ '^([0-7](-[0-7])?(,[0-7](-[0-7])?)* )?[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9](;([0-7](-[0-7])?(,[0-7](-[0-7])?)* )?[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]){0,9}$'),
    add column remark           text not null default '' check (char_length(remark) <= 500),
    add constraint trunk_identifier_key unique (tenant_id, identifier),
    add constraint trunk_registers check (type <> 'registration' or username <> ''),
    add foreign key (tenant_id, template_id) references pbx_template (tenant_id, id),
    add foreign key (tenant_id, cascade_id) references trunk (tenant_id, id) on delete set null (cascade_id),
    add constraint trunk_cascade check (cascade_id <> id);
create index on trunk (tenant_id, template_id); create index on trunk (tenant_id, cascade_id);
-- The password is a secret: the edge alone reads it.
revoke select on trunk from zj_tenant, zj_carrier, zj_acd;
grant select (tenant_id, id, name, host, port, match_port, max_calls, enabled, created_at, updated_at, identifier, type, transport, host_priority, host_weight, username, expires_s, timeout_s,
    max_cps, template_id, details, caller_number, caller_name, force_caller, own_callers, force_rate, gain_in, gain_out, cascade_id, cascade_host, allowed_callers, barred_callers, failure_codes,
    disable_after, sip_headers, dial_string, area_code, province, city, long_distance, fixed_prefix, probe_s, schedule, remark) on trunk to zj_tenant, zj_carrier;
grant select (tenant_id, id, name, max_calls, enabled, gain_in, gain_out) on trunk to zj_acd;

create table trunk_host (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    trunk_id    uuid not null,
    host        text not null check (zj_is_host(host)),
    port        integer not null default 5060 check (port between 1 and 65535),
    priority    integer not null default 50 check (priority between 0 and 1000),
    weight      integer not null default 1 check (weight between 1 and 1000),
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, trunk_id, host, port),
    foreign key (tenant_id, trunk_id) references trunk (tenant_id, id) on delete cascade
);

create table trunk_group (
    tenant_id       uuid not null references tenant (id) on delete cascade,
    id              uuid not null default zj_uuid7(),
    name            text not null check (char_length(name) between 1 and 100),
    strategy        text not null default 'sequential' check (strategy in ('sequential', 'random', 'round_robin')),
    allowed_callers text[] not null default '{}' check (zj_are_callers(allowed_callers)),
    barred_callers  text[] not null default '{}' check (zj_are_callers(barred_callers)),
    created_by      uuid default zj_account(),
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
create table trunk_member (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    group_id    uuid not null,
    trunk_id    uuid not null,
    priority    integer not null default 0 check (priority between 0 and 1000),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, group_id, trunk_id),
    foreign key (tenant_id, group_id) references trunk_group (tenant_id, id) on delete cascade
);
create index on trunk_member (tenant_id, trunk_id);

-- Of a trunk, or (with a group) of a trunk within that group. The longest prefix wins, `default` is shorter than any; of two with the
-- same prefix the one that asks for a length.
create table trunk_rule (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    group_id    uuid,
    trunk_id    uuid not null,
    attribute   text not null default 'allow' check (attribute in ('allow', 'disabled', 'forbid')),
    match       text not null default 'prefix' check (match in ('prefix', 'area')),
    prefix      text not null default 'default' check (prefix ~ '^(default|\+?[0-9*#]{1,32})$'),
    area        text not null default '' check (char_length(area) <= 50),
    length      integer not null default 0 check (length between 0 and 32),
    strip       text not null default '' check (strip ~ '^\+?[0-9*#]{0,32}$'),
    add         text not null default '' check (add ~ '^\+?[0-9*#]{0,32}$'),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique nulls not distinct (tenant_id, trunk_id, group_id, match, prefix, area, length),
    foreign key (tenant_id, group_id) references trunk_group (tenant_id, id) on delete cascade,
    constraint trunk_rule_area check ((match = 'area') = (area <> ''))
);
create index on trunk_rule (tenant_id, group_id);

-- A line of a trunk: the number that is shown, in both notations.
create table trunk_number (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null default '' check (char_length(name) <= 100),
    trunk_id    uuid,
    area_code   text not null default '' check (area_code ~ '^[0-9]{0,8}$'),
    number      text not null check (number ~ '^\+?[0-9]{1,24}$'),
    full_number text not null generated always as (case when number like '+%' then number else area_code || number end) stored,
    toll_free   text check (toll_free ~ '^\+?[0-9]{1,32}$'),
    call_type   text not null default 'both' check (call_type in ('in', 'out', 'both')),
    vip         boolean not null default false,
    max_calls   integer check (max_calls between 0 and 1000000),
    caller_name text not null default '' check (char_length(caller_name) <= 100),
    enabled     boolean not null default true,
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, area_code, number)
);
create index on trunk_number (tenant_id, trunk_id); create index on trunk_number (tenant_id, full_number);

create table number_pool (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    rotation    text not null default 'round_robin' check (rotation in ('round_robin', 'random', 'least_used')),
    numbers     uuid[] not null default '{}' check (cardinality(numbers) <= 200),
    enabled     boolean not null default true,
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
create index on number_pool using gin (numbers);

do $$
declare t text;
begin
    foreach t in array array['trunk_host', 'trunk_group', 'trunk_member', 'trunk_rule', 'trunk_number', 'number_pool'] loop
        call zj_tenant_table(t::regclass, 'write');
        call zj_live(t::regclass);
        call zj_reader(t::regclass, 'zj_edge');
    end loop;
    foreach t in array array['pbx_template', 'trunk_host', 'trunk_group', 'trunk_member', 'trunk_rule', 'trunk_number', 'number_pool'] loop
        call zj_recyclable(t::regclass);
        call zj_audited(t::regclass);
        execute format('create policy look_zj_owner on %I for select to zj_owner using (true)', t);
    end loop;
end $$;
call zj_references('number_pool', 'numbers', 'trunk_number');
call zj_reader('trunk_number', 'zj_acd', 'tenant_id, id, trunk_id, full_number, enabled'); call zj_reader('number_pool', 'zj_acd', 'tenant_id, id, name, enabled');

-- A trunk that is named by a row of a tenant is the tenant's own or the carrier's.
create function zj_trunk_usable(tenant uuid, trunk uuid) returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select exists (select from trunk t where t.id = trunk and (t.tenant_id = tenant or t.tenant_id = (select id from tenant where kind = 'carrier')))
$$;
revoke all on function zj_trunk_usable from public;
create function trunk_named() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.trunk_id is not null and not zj_trunk_usable(new.tenant_id, new.trunk_id) then
        raise foreign_key_violation using message = format('no trunk with id %s for this tenant', new.trunk_id), column = 'trunk_id', constraint = tg_table_name || '_trunk';
    end if;
    return new;
end $$;
create trigger trunk before insert or update of trunk_id on trunk_member for each row execute function trunk_named();
create trigger trunk before insert or update of trunk_id on trunk_rule for each row execute function trunk_named();
create trigger trunk before insert or update of trunk_id on trunk_number for each row execute function trunk_named();
-- What named a trunk goes with it.
create function trunk_gone() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    delete from trunk_member m using gone g where m.trunk_id = g.id;
    delete from trunk_rule r using gone g where r.trunk_id = g.id;
    update trunk_number n set trunk_id = null from gone g where n.trunk_id = g.id;
    update tenant t set outbound_id = null from gone g where t.outbound_kind = 'trunk' and t.outbound_id = g.id;
    update account_group t set outbound_id = null from gone g where t.outbound_kind = 'trunk' and t.outbound_id = g.id;
    return null;
end $$;
create trigger gone after delete on trunk referencing old table as gone for each statement execute function trunk_gone();

-- `username:password@host:port` says four fields at once; the text itself is not kept. What a template says reaches all its trunks.
create function trunk_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare m text[];
begin
    if new.registration is not null then
        m := regexp_match(new.registration, '^([A-Za-z0-9._+-]{1,64}):(.{1,128})@([A-Za-z0-9.:-]+?|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?$');
        if m is null then
            raise check_violation using message = 'username:password@host:port', column = 'registration', constraint = 'trunk_registration_check';
        end if;
        new.username := m[1]; new.password := m[2]; new.host := trim(both '[]' from m[3]); new.port := coalesce(m[4]::integer, 5060);
        new.type := 'registration'; new.registration := null;
    end if;
    if new.type = 'registration' and new.password is null then
        raise not_null_violation using message = 'a trunk that registers needs a password', column = 'password', constraint = 'trunk_password';
    end if;
    new.template_details := coalesce((select t.details from pbx_template t where t.tenant_id = new.tenant_id and t.id = new.template_id and t.type = 'trunk'), '');
    if new.template_id is not null and new.template_details = '' then
        raise check_violation using message = 'this is a template for devices', column = 'template_id', constraint = 'trunk_template';
    end if;
    return new;
end $$;
create trigger rules before insert or update on trunk for each row execute function trunk_rules();
create function pbx_template_changed() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update trunk set template_details = new.details where tenant_id = new.tenant_id and template_id = new.id and template_details <> new.details;
    return null;
end $$;
create trigger changed after update on pbx_template for each row when (new.details <> old.details) execute function pbx_template_changed();

-- The outbound object of a tenant or an account group: a trunk, or a group of its own or the carrier's.
create or replace function tenant_outbound() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare owner uuid := case tg_table_name when 'tenant' then (to_jsonb(new) ->> 'id')::uuid else new.tenant_id end;
begin
    if new.outbound_id is null then return new; end if;
    if new.outbound_kind = 'trunk' and not zj_trunk_usable(owner, new.outbound_id) or new.outbound_kind = 'trunk_group' and not exists
        (select from trunk_group g where g.id = new.outbound_id and (g.tenant_id = owner or g.tenant_id = (select id from tenant where kind = 'carrier'))) then
        raise foreign_key_violation using message = format('no %s with id %s for this tenant', replace(new.outbound_kind, '_', ' '), new.outbound_id), column = 'outbound_id', constraint = tg_table_name || '_outbound';
    end if;
    return new;
end $$;
create function trunk_group_gone() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update tenant t set outbound_id = null from gone g where t.outbound_kind = 'trunk_group' and t.outbound_id = g.id;
    update account_group t set outbound_id = null from gone g where t.outbound_kind = 'trunk_group' and t.outbound_id = g.id;
    return null;
end $$;
create trigger gone after delete on trunk_group referencing old table as gone for each statement execute function trunk_group_gone();

-- Where a trunk is used: what its form shows.
create view trunk_use with (security_invoker = true) as
    select m.tenant_id, m.id, m.trunk_id, 'trunk_group' as target_type, g.name as target_name, m.priority from trunk_member m join trunk_group g on g.tenant_id = m.tenant_id and g.id = m.group_id
    union all select t.id, t.id, t.outbound_id, 'tenant', t.name, null from tenant t where t.outbound_kind = 'trunk' and t.outbound_id is not null
    union all select a.tenant_id, a.id, a.outbound_id, 'account_group', a.name, null from account_group a where a.outbound_kind = 'trunk' and a.outbound_id is not null;
grant select on trunk_use to zj_tenant, zj_carrier;

-- The templates that everybody has from the first moment; they stay as they are.
alter table pbx_template add column builtin boolean not null default false;
create function pbx_template_fixed() returns trigger language plpgsql as $$
begin
    if old.builtin and exists (select from tenant where id = old.tenant_id) then
        raise check_violation using message = 'a default template stays as it is: make one of your own', column = 'name', constraint = 'pbx_template_builtin';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    new.builtin := false;
    return new;
end $$;
create trigger fixed before update or delete on pbx_template for each row execute function pbx_template_fixed();
create function pbx_template_born() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into pbx_template (tenant_id, name, type, details, remark, builtin) values
        (new.id, 'default sip trunk', 'trunk', 'identity=asserted', '默认的 sip 中继模板，不能修改或删除 / default of SIP trunks; cannot be changed or deleted', true),
        (new.id, 'default sip device', 'device', 'dtmfmode=rfc2833', '默认的 sip 设备模板，不能修改或删除 / default of SIP phones; cannot be changed or deleted', true);
    return null;
end $$;
create trigger templates after insert on tenant for each row execute function pbx_template_born();
insert into pbx_template (tenant_id, name, type, details, remark, builtin)
    select t.id, d.name, d.type, d.details, d.remark, true from tenant t cross join (values
        ('default sip trunk', 'trunk', 'identity=asserted', '默认的 sip 中继模板，不能修改或删除 / default of SIP trunks; cannot be changed or deleted'),
        ('default sip device', 'device', 'dtmfmode=rfc2833', '默认的 sip 设备模板，不能修改或删除 / default of SIP phones; cannot be changed or deleted')) d (name, type, details, remark);
reset role;
