-- Inbound routes: what was `did` becomes what it always was, a rule by which calls find their destination. Which rule wins is told in
-- kamailio-mods/README.md, where it is done; here is what a rule may say.
set search_path = zj, public;
set role zj_owner;

alter table did rename to inbound_route;
do $$
declare r record;
begin
    for r in select c.relname from pg_class c join pg_index i on i.indexrelid = c.oid where i.indrelid = 'inbound_route'::regclass and c.relname like 'did\_%' loop
        execute format('alter index %I rename to %I', r.relname, 'inbound_route_' || substr(r.relname, 5));
    end loop;
    for r in select conname from pg_constraint where conrelid = 'inbound_route'::regclass and conname like 'did\_%' loop
        execute format('alter table inbound_route rename constraint %I to %I', r.conname, 'inbound_route_' || substr(r.conname, 5));
    end loop;
end $$;

-- A pattern of digits, as phones know them: 0-9 * # and a leading + are themselves, X any digit, Z 1-9, N 2-9, [2-47] one of these; at the end
-- `.` stands for one or more of anything, `!` for none or more. Null: it is one; else what is wrong with it, and where.
create function zj_pattern_problem(pattern text) returns text language plpgsql immutable strict parallel safe as $$
declare
    i integer := 1;
    n integer := char_length(pattern);
    c text;
    close integer;
begin
    if n = 0 then return 'a pattern has at least one character'; end if;
    if n > 33 then return 'a pattern has at most 33 characters'; end if;
    while i <= n loop
        c := substr(pattern, i, 1);
        if c = '[' then
            close := position(']' in substr(pattern, i));
            if close = 0 then return format('[ at position %s is not closed', i); end if;
            if close = 2 then return format('[] at position %s has nothing in it', i); end if;
            if substr(pattern, i + 1, close - 2) !~ '^([0-9]-[0-9]|[0-9*#])+$' then return format('[ ] at position %s holds digits, * and #, and ranges such as 2-4', i); end if;
            if exists (select from regexp_matches(substr(pattern, i + 1, close - 2), '([0-9])-([0-9])', 'g') m where m[1] > m[2]) then return format('a range in [ ] at position %s is inverted', i); end if;
            i := i + close;
        elsif c in ('.', '!') then
            if i < n then return format('%s at position %s is not at the end', c, i); end if;
            i := i + 1;
        elsif c = '+' then
            if i > 1 then return format('+ at position %s is not at the beginning', i); end if;
            i := i + 1;
        elsif c ~ '^[0-9*#XZN]$' then i := i + 1;
        else return format('%s at position %s means nothing: digits * # X Z N [ ] . ! do', c, i);
        end if;
    end loop;
    return null;
end $$;

-- The pattern as what may stand at each place, a text of characters each; the last may be 'any+' or 'any*'.
create function zj_pattern_places(pattern text) returns text[] language plpgsql immutable strict parallel safe as $$
declare
    out text[] := '{}';
    m text[];
    s text;
begin
    for m in select regexp_matches(ltrim(pattern, '+'), '\[[^]]*\]|.', 'g') loop
        out := out || case m[1] when 'X' then '0123456789' when 'Z' then '123456789' when 'N' then '23456789' when '.' then 'any+' when '!' then 'any*' else
            case when left(m[1], 1) = '[' then (select string_agg(case when r[2] is null then r[1] else (select string_agg(d::text, '') from generate_series(r[1]::int, r[2]::int) d) end, '')
                from regexp_matches(substr(m[1], 2, char_length(m[1]) - 2), '([0-9*#])(?:-([0-9]))?', 'g') r) else m[1] end end;
    end loop;
    return out;
end $$;

-- May one number fit both?
create function zj_patterns_meet(a text, b text) returns boolean language plpgsql immutable strict parallel safe as $$
declare
    x text[] := zj_pattern_places(a);
    y text[] := zj_pattern_places(b);
    i integer := 1;
begin
    loop
        if x[i] is null and y[i] is null then return true; end if;
        if left(x[i], 3) = 'any' or left(y[i], 3) = 'any' then
            -- What is left over of the other: at least one where this one wants one.
            if left(x[i], 3) = 'any' and left(y[i], 3) = 'any' then return true; end if;
            if left(y[i], 3) = 'any' then return x[i] is not null or y[i] = 'any*'; end if;
            return y[i] is not null or x[i] = 'any*';
        end if;
        if x[i] is null or y[i] is null or translate(x[i], y[i], '') = x[i] then return false; end if;
        i := i + 1;
    end loop;
end $$;

-- The digits that all numbers of a criterion begin with: what it is found by.
create function zj_route_head(match text, pattern text) returns text language sql immutable parallel safe as $$
    select case match when 'prefix' then ltrim(pattern, '+') when 'pattern' then (regexp_match(ltrim(pattern, '+'), '^[0-9*#]*'))[1] when 'range' then
        (select coalesce(max(left(f, n)), '') from (select ltrim(split_part(pattern, '-', 1), '+') as f, ltrim(split_part(pattern, '-', 2), '+') as t) x, generate_series(1, 33) n
          where n <= char_length(f) and left(f, n) = left(t, n)) else '' end
$$;

alter table inbound_route
    add column name         text check (char_length(name) between 1 and 100),
    add column did_match    text not null default 'any' check (did_match in ('any', 'number', 'group', 'prefix', 'range', 'pattern')),
    add column number_id    uuid,
    add column did_group_id uuid,
    add column did_pattern  text check (char_length(did_pattern) between 1 and 33),
    add column caller_match text not null default 'any' check (caller_match in ('any', 'number', 'prefix', 'pattern', 'anonymous')),
    add column caller       text check (char_length(caller) between 1 and 33),
    add column trunk_id     uuid,
    add column package_id   uuid,
    add column weekdays     text[] not null default '{}' check (weekdays <@ array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']),
    add column date_from    date,
    add column date_to      date,
    add column time_from    time,
    add column time_to      time,
    add column destination_number text check (destination_number ~ '^\+?[0-9*#]{1,23}$'),
    add column split        boolean not null default false,
    add column off_kind     text,
    add column off_id       uuid,
    add column off_number   text check (off_number ~ '^\+?[0-9*#]{1,23}$'),
    add column holiday_kind text,
    add column holiday_id   uuid,
    add column holiday_number text check (holiday_number ~ '^\+?[0-9*#]{1,23}$'),
    alter column destination_id drop not null;
update inbound_route r set name = r.number, did_match = 'number', number_id = n.id, caller_match = case when caller_prefix = '' then 'any' else 'prefix' end, caller = nullif(caller_prefix, ''),
    -- Until now the longer caller's prefix came before the priority.
    priority = least(1000, r.priority + 20 * char_length(caller_prefix))
  from number n where n.tenant_id = r.tenant_id and n.number = r.number;
update number n set business_client_id = r.business_client_id from inbound_route r where r.tenant_id = n.tenant_id and r.number_id = n.id and r.business_client_id is not null;
alter table inbound_route drop column number, drop column caller_prefix, drop column business_client_id, alter column name set not null,
    drop constraint inbound_route_destination_kind_check,
    add constraint inbound_route_destination_kind_check check (destination_kind in ('queue', 'ivr', 'extension', 'ring_group', 'conference', 'voicemail', 'fax', 'account', 'application', 'external', 'hangup', 'prompt')),
    add constraint inbound_route_off_kind_check check (off_kind in ('queue', 'ivr', 'extension', 'ring_group', 'conference', 'voicemail', 'fax', 'account', 'application', 'external', 'hangup', 'prompt')),
    add constraint inbound_route_holiday_kind_check check (holiday_kind in ('queue', 'ivr', 'extension', 'ring_group', 'conference', 'voicemail', 'fax', 'account', 'application', 'external', 'hangup', 'prompt')),
    alter column destination_kind set default 'ring_group',
    add foreign key (tenant_id, number_id) references number (tenant_id, id) on delete cascade,
    add foreign key (tenant_id, did_group_id) references did_group (tenant_id, id) on delete cascade,
    add foreign key (tenant_id, package_id) references work_package (tenant_id, id),
    add column did_head text generated always as (zj_route_head(did_match, did_pattern)) stored;
create index on inbound_route (tenant_id, number_id); create index on inbound_route (tenant_id, did_group_id); create index on inbound_route (tenant_id, package_id);
create index on inbound_route (tenant_id, did_match, did_head); create index on inbound_route (tenant_id, trunk_id);
drop trigger if exists destination_destination_kind on inbound_route;
call zj_destination('inbound_route', 'destination_kind', 'destination_id', 'destination_number');
call zj_destination('inbound_route', 'off_kind', 'off_id', 'off_number');
call zj_destination('inbound_route', 'holiday_kind', 'holiday_id', 'holiday_number');
create trigger interval before insert or update of time_from, time_to, date_from, date_to on inbound_route for each row execute function zj_interval_rules();

create or replace function zj_bpo_numbers() returns text[] language sql stable security definer set search_path = zj, pg_temp as $$
    select coalesce(array_agg(number), '{}') from number where tenant_id = zj_tenant() and business_client_id = any (zj_bpo_clients())
$$;

-- What is wrong with a criterion of a number; null: nothing.
create function zj_criterion_problem(match text, pattern text) returns text language plpgsql immutable parallel safe as $$
declare
    f text;
    t text;
begin
    if match = 'pattern' then return zj_pattern_problem(pattern);
    elsif match = 'range' then
        if pattern !~ '^\+?[0-9]{1,16}-\+?[0-9]{1,16}$' then return 'a range is written first-last, such as 02150001000-02150001999'; end if;
        f := ltrim(split_part(pattern, '-', 1), '+'); t := ltrim(split_part(pattern, '-', 2), '+');
        if char_length(f) <> char_length(t) then return 'both ends of a range have the same length'; end if;
        if f > t then return 'the range is inverted: its first number is larger than its last'; end if;
    elsif pattern !~ '^\+?[0-9*#]{1,32}$' then return 'digits, * and #, with a leading + or without';
    end if;
    return null;
end $$;

create function inbound_route_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    bad text;
    other inbound_route;
begin
    if zj_foreign(new.tenant_id) then return new; end if;
    -- What the other kinds of match would need is left out.
    if new.did_match <> 'number' then new.number_id := null; elsif new.number_id is null then
        raise not_null_violation using message = 'a route for one DID says which', column = 'number_id', constraint = 'inbound_route_did'; end if;
    if new.did_match <> 'group' then new.did_group_id := null; elsif new.did_group_id is null then
        raise not_null_violation using message = 'a route for a group says which', column = 'did_group_id', constraint = 'inbound_route_did'; end if;
    if new.did_match not in ('prefix', 'range', 'pattern') then new.did_pattern := null;
    elsif new.did_pattern is null then
        raise not_null_violation using message = format('a %s is needed', new.did_match), column = 'did_pattern', constraint = 'inbound_route_did';
    else
        bad := zj_criterion_problem(new.did_match, new.did_pattern);
        if bad is not null then raise check_violation using message = bad, column = 'did_pattern', constraint = 'inbound_route_did_pattern'; end if;
    end if;
    if new.caller_match in ('any', 'anonymous') then new.caller := null;
    elsif new.caller is null then
        raise not_null_violation using message = 'the caller''s number is needed', column = 'caller', constraint = 'inbound_route_caller';
    else
        bad := zj_criterion_problem(new.caller_match, new.caller);
        if bad is not null then raise check_violation using message = bad, column = 'caller', constraint = 'inbound_route_caller_pattern'; end if;
    end if;
    if new.trunk_id is not null and (tg_op = 'INSERT' or new.trunk_id is distinct from old.trunk_id) and not exists (select from trunk t join tenant o on o.id = t.tenant_id
        where t.id = new.trunk_id and (t.tenant_id = new.tenant_id or o.kind = 'carrier')) then
        raise foreign_key_violation using message = format('no trunk with id %s for this tenant', new.trunk_id), column = 'trunk_id', constraint = 'inbound_route_trunk';
    end if;
    if new.split and new.package_id is null then
        raise not_null_violation using message = 'working, off-duty and holiday time need a package that says when work is', column = 'package_id', constraint = 'inbound_route_split';
    end if;
    if new.split and new.off_kind is null then
        raise not_null_violation using message = 'where do calls go outside of working time?', column = 'off_kind', constraint = 'inbound_route_split';
    end if;
    if not new.split then
        new.off_kind := null; new.off_id := null; new.off_number := null; new.holiday_kind := null; new.holiday_id := null; new.holiday_number := null;
    end if;
    if not new.enabled then return new; end if;
    -- Two rules of which nothing says which comes first.
    select r.* into other from inbound_route r
     where r.tenant_id = new.tenant_id and r.id <> new.id and r.enabled and r.priority = new.priority and r.did_match = new.did_match and r.caller_match = new.caller_match
       and r.number_id is not distinct from new.number_id and r.did_group_id is not distinct from new.did_group_id and r.trunk_id is not distinct from new.trunk_id
       and r.package_id is not distinct from new.package_id and r.split = new.split
       and (cardinality(r.weekdays) = 0 or cardinality(new.weekdays) = 0 or r.weekdays && new.weekdays)
       and (r.date_from is null) = (new.date_from is null) and (r.date_from is null or (r.date_from, r.date_to + 1) overlaps (new.date_from, new.date_to + 1))
       and (r.time_from is null) = (new.time_from is null) and (r.time_from is null or r.time_from > r.time_to or new.time_from > new.time_to or r.time_from <= new.time_to and new.time_from <= r.time_to)
       and case new.did_match when 'prefix' then ltrim(r.did_pattern, '+') = ltrim(new.did_pattern, '+')
            when 'pattern' then r.did_head = zj_route_head('pattern', new.did_pattern) and zj_patterns_meet(r.did_pattern, new.did_pattern)
            when 'range' then char_length(split_part(ltrim(r.did_pattern, '+'), '-', 1)) = char_length(split_part(ltrim(new.did_pattern, '+'), '-', 1))
                and ltrim(split_part(r.did_pattern, '-', 1), '+') <= ltrim(split_part(new.did_pattern, '-', 2), '+') and ltrim(split_part(new.did_pattern, '-', 1), '+') <= ltrim(split_part(r.did_pattern, '-', 2), '+')
                and (ltrim(split_part(r.did_pattern, '-', 1), '+') < ltrim(split_part(new.did_pattern, '-', 1), '+') and ltrim(split_part(r.did_pattern, '-', 2), '+') < ltrim(split_part(new.did_pattern, '-', 2), '+')
                    or ltrim(split_part(r.did_pattern, '-', 1), '+') > ltrim(split_part(new.did_pattern, '-', 1), '+') and ltrim(split_part(r.did_pattern, '-', 2), '+') > ltrim(split_part(new.did_pattern, '-', 2), '+')
                    or replace(r.did_pattern, '+', '') = replace(new.did_pattern, '+', ''))
            else true end
       and case new.caller_match when 'any' then true when 'anonymous' then true
            when 'pattern' then zj_route_head('pattern', r.caller) = zj_route_head('pattern', new.caller) and zj_patterns_meet(r.caller, new.caller)
            else ltrim(r.caller, '+') = ltrim(new.caller, '+') end
     limit 1;
    if found then
        raise unique_violation using message = format('the route %s takes the same calls with the same priority', other.name), column = 'priority', constraint = 'inbound_route_ambiguous';
    end if;
    if (select count(*) from inbound_route r where r.tenant_id = new.tenant_id and new.did_match in ('range', 'pattern') and r.did_match in ('range', 'pattern')
            and r.did_head = zj_route_head(new.did_match, new.did_pattern) and r.id <> new.id) >= 500 then
        raise check_violation using message = 'at most 500 ranges and patterns begin with the same digits', column = 'did_pattern', constraint = 'inbound_route_heads';
    end if;
    return new;
end $$;
create trigger rules before insert or update on inbound_route for each row execute function inbound_route_rules();

-- How many routes use a DID or a group.
create function inbound_route_count() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    ids uuid[];
    groups uuid[];
begin
    if tg_op = 'INSERT' then select array_agg(distinct number_id), array_agg(distinct did_group_id) into ids, groups from new_rows;
    elsif tg_op = 'DELETE' then select array_agg(distinct number_id), array_agg(distinct did_group_id) into ids, groups from old_rows;
    else
        select array_agg(distinct x.n), array_agg(distinct x.g) into ids, groups from (select number_id as n, did_group_id as g from new_rows union select number_id, did_group_id from old_rows) x;
    end if;
    update number n set routes = c.n from (select i as id, (select count(*) from inbound_route r where r.number_id = i) as n from unnest(ids) i) c where n.id = c.id and n.routes <> c.n;
    update did_group g set routes = (select count(*) from inbound_route r where r.tenant_id = g.tenant_id and r.did_group_id = g.id) where g.id = any (groups);
    return null;
end $$;
create index on inbound_route (number_id);
create trigger count_i after insert on inbound_route referencing new table as new_rows for each statement execute function inbound_route_count();
create trigger count_u after update on inbound_route referencing old table as old_rows new table as new_rows for each statement execute function inbound_route_count();
create trigger count_d after delete on inbound_route referencing old table as old_rows for each statement execute function inbound_route_count();
update number n set routes = (select count(*) from inbound_route r where r.tenant_id = n.tenant_id and r.number_id = n.id);
create policy bpo on did_group as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
create policy bpo on did_log as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
create policy bpo on internal_number as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));

-- The old name, wherever it was written down.
update role set permissions = array(select regexp_replace(p, '^dids\.', 'inbound-routes.') from unnest(permissions) p) where exists (select from unnest(permissions) p where p like 'dids.%') and kind <> 'admin';
update agent_role set permissions = array(select regexp_replace(p, '^dids\.', 'inbound-routes.') from unnest(permissions) p) where exists (select from unnest(permissions) p where p like 'dids.%');
update grantable set permission = regexp_replace(permission, '^dids\.', 'inbound-routes.') where permission like 'dids.%';
update role_field set resource = 'inbound-routes' where resource = 'dids';
update view set resource = 'inbound-routes' where resource = 'dids';
update recycled r set table_name = 'inbound_route', resource = 'inbound-routes', row = (r.row - '{number,caller_prefix,business_client_id}'::text[]) || jsonb_build_object('name', coalesce(r.row ->> 'number', r.label), 'did_match', 'number',
    'number_id', (select n.id from number n where n.tenant_id = r.tenant_id and n.number = r.row ->> 'number'), 'caller_match', case when coalesce(r.row ->> 'caller_prefix', '') = '' then 'any' else 'prefix' end,
    'caller', nullif(r.row ->> 'caller_prefix', '')) where r.table_name = 'did' and r.row is not null;
update recycled set table_name = 'inbound_route', resource = 'inbound-routes' where table_name = 'did';

comment on table inbound_route is '{"resource":"inbound-routes","zh":"拨入路由","en":"Inbound route","scope":"tenant","label":"name","sort":"-priority,name","menu":"pbx","order":30,"icon":"phone-in","search":["name","did_pattern","caller"],"groups":{"basic":{"zh":"路由","en":"Route"},"match":{"zh":"匹配条件","en":"Which calls"},"time":{"zh":"时间","en":"When"},"split":{"zh":"分时段业务","en":"By time segment"}}}';
comment on column inbound_route.name is '{"order":1,"zh":"路由名称","en":"Name","group":"basic"}';
comment on column inbound_route.priority is '{"order":18,"zh":"优先级","en":"Priority","group":"basic","help_zh":"数字大者先","help_en":"larger first"}';
comment on column inbound_route.enabled is '{"order":19,"zh":"状态","en":"Enabled","group":"basic"}';
comment on column inbound_route.destination_kind is '{"order":9,"zh":"转接","en":"Destination","group":"basic","enum":{"queue":{"zh":"队列","en":"Queue"},"ivr":{"zh":"IVR电脑话务","en":"IVR"},"extension":{"zh":"分机","en":"Extension"},"ring_group":{"zh":"振铃组","en":"Ring group"},"conference":{"zh":"会议室","en":"Conference room"},"voicemail":{"zh":"语音邮箱","en":"Voicemail"},"fax":{"zh":"传真设备","en":"Fax device"},"account":{"zh":"自动匹配","en":"Automatic: an account"},"application":{"zh":"应用","en":"Application"},"external":{"zh":"外线号码","en":"External number"},"hangup":{"zh":"结束","en":"Hang up"},"prompt":{"zh":"语音","en":"Prompt"}}}';
comment on column inbound_route.destination_id is '{"order":10,"zh":"转接名称","en":"Destination: which","group":"basic","refs":{"by":"destination_kind","queue":"queues","ivr":"flows","extension":"extensions","ring_group":"ring-groups","conference":"rooms","voicemail":"voicemail-boxes","fax":"fax-devices","account":"accounts","application":"applications","prompt":"prompts"},"when":{"field":"destination_kind","in":["queue","ivr","extension","ring_group","conference","voicemail","fax","account","application","prompt"]}}';
comment on column inbound_route.destination_number is '{"order":11,"zh":"转接号码","en":"Destination: number","group":"basic","list":false,"when":{"field":"destination_kind","in":["external"]}}';
comment on column inbound_route.off_kind is '{"order":21,"zh":"下班时间转接","en":"Off duty","group":"split","list":false,"when":{"field":"split","in":[true]},"enum":{"queue":{"zh":"队列","en":"Queue"},"ivr":{"zh":"IVR电脑话务","en":"IVR"},"extension":{"zh":"分机","en":"Extension"},"ring_group":{"zh":"振铃组","en":"Ring group"},"conference":{"zh":"会议室","en":"Conference room"},"voicemail":{"zh":"语音邮箱","en":"Voicemail"},"fax":{"zh":"传真设备","en":"Fax device"},"account":{"zh":"自动匹配","en":"Automatic: an account"},"application":{"zh":"应用","en":"Application"},"external":{"zh":"外线号码","en":"External number"},"hangup":{"zh":"结束","en":"Hang up"},"prompt":{"zh":"语音","en":"Prompt"}}}';
comment on column inbound_route.off_id is '{"order":22,"zh":"下班时间转接名称","en":"Off duty: which","group":"split","list":false,"refs":{"by":"off_kind","queue":"queues","ivr":"flows","extension":"extensions","ring_group":"ring-groups","conference":"rooms","voicemail":"voicemail-boxes","fax":"fax-devices","account":"accounts","application":"applications","prompt":"prompts"},"when":{"field":"off_kind","in":["queue","ivr","extension","ring_group","conference","voicemail","fax","account","application","prompt"]}}';
comment on column inbound_route.off_number is '{"order":23,"zh":"下班时间转接号码","en":"Off duty: number","group":"split","list":false,"list":false,"when":{"field":"off_kind","in":["external"]}}';
comment on column inbound_route.holiday_kind is '{"order":24,"zh":"节假日转接","en":"On holidays","group":"split","list":false,"when":{"field":"split","in":[true]},"enum":{"queue":{"zh":"队列","en":"Queue"},"ivr":{"zh":"IVR电脑话务","en":"IVR"},"extension":{"zh":"分机","en":"Extension"},"ring_group":{"zh":"振铃组","en":"Ring group"},"conference":{"zh":"会议室","en":"Conference room"},"voicemail":{"zh":"语音邮箱","en":"Voicemail"},"fax":{"zh":"传真设备","en":"Fax device"},"account":{"zh":"自动匹配","en":"Automatic: an account"},"application":{"zh":"应用","en":"Application"},"external":{"zh":"外线号码","en":"External number"},"hangup":{"zh":"结束","en":"Hang up"},"prompt":{"zh":"语音","en":"Prompt"}}}';
comment on column inbound_route.holiday_id is '{"order":25,"zh":"节假日转接名称","en":"On holidays: which","group":"split","list":false,"refs":{"by":"holiday_kind","queue":"queues","ivr":"flows","extension":"extensions","ring_group":"ring-groups","conference":"rooms","voicemail":"voicemail-boxes","fax":"fax-devices","account":"accounts","application":"applications","prompt":"prompts"},"when":{"field":"holiday_kind","in":["queue","ivr","extension","ring_group","conference","voicemail","fax","account","application","prompt"]}}';
comment on column inbound_route.holiday_number is '{"order":26,"zh":"节假日转接号码","en":"On holidays: number","group":"split","list":false,"list":false,"when":{"field":"holiday_kind","in":["external"]}}';
comment on column inbound_route.did_match is '{"order":2,"zh":"DID匹配","en":"DID match","group":"match","enum":{"any":{"zh":"空","en":"Any"},"number":{"zh":"单匹配","en":"One DID"},"group":{"zh":"组匹配","en":"A DID group"},"prefix":{"zh":"前缀匹配","en":"Prefix"},"range":{"zh":"号段匹配","en":"Range"},"pattern":{"zh":"模式匹配","en":"Pattern"}}}';
comment on column inbound_route.number_id is '{"order":3,"zh":"DID标识","en":"DID","group":"match","filter":true,"when":{"field":"did_match","in":["number"]},"notes":[{"resource":"inbound-routes","by":"number_id","zh":"已被拨入路由使用","en":"already used by inbound route"}]}';
comment on column inbound_route.did_group_id is '{"order":4,"zh":"DID分组","en":"DID group","group":"match","filter":true,"when":{"field":"did_match","in":["group"]},"notes":[{"resource":"inbound-routes","by":"did_group_id","zh":"已被拨入路由使用","en":"already used by inbound route"},{"resource":"numbers","by":"did_group_id","zh":"组内DID","en":"DIDs of the group","quiet":true}]}';
comment on column inbound_route.did_pattern is '{"order":5,"zh":"DID号码","en":"Prefix, range or pattern","group":"match","when":{"field":"did_match","in":["prefix","range","pattern"]},"help_zh":"前缀 0215000；号段 02150001000-02150001999；模式 0215000[0-4]XXX（X 0-9，Z 1-9，N 2-9，末尾 . 一个或多个，! 零个或多个）","help_en":"prefix 0215000; range 02150001000-02150001999; pattern 0215000[0-4]XXX (X 0-9, Z 1-9, N 2-9; at the end . one or more, ! none or more)"}';
comment on column inbound_route.did_head is '{"zh":"号码首段","en":"Begins with","hidden":true}';
comment on column inbound_route.caller_match is '{"order":6,"zh":"主叫匹配","en":"Caller match","group":"match","enum":{"any":{"zh":"空","en":"Any"},"number":{"zh":"号码匹配","en":"Number"},"prefix":{"zh":"前缀匹配","en":"Prefix"},"pattern":{"zh":"模式匹配","en":"Pattern"},"anonymous":{"zh":"无主叫号码","en":"No number"}}}';
comment on column inbound_route.caller is '{"order":7,"zh":"主叫号码目标","en":"Caller","group":"match","when":{"field":"caller_match","in":["number","prefix","pattern"]}}';
comment on column inbound_route.trunk_id is '{"order":8,"zh":"中继名称","en":"Trunk","group":"match","ref":"trunks","filter":true,"help_zh":"留空为不匹配中继","help_en":"empty: any"}';
comment on column inbound_route.package_id is '{"order":12,"zh":"工作时间包","en":"Work-time package","group":"time","filter":true,"help_zh":"留空为始终有效","help_en":"empty: always"}';
comment on column inbound_route.weekdays is '{"order":13,"zh":"星期","en":"Weekdays","group":"time","help_zh":"留空为每天","help_en":"empty: every day","enum":{"mon":{"zh":"星期一","en":"Monday"},"tue":{"zh":"星期二","en":"Tuesday"},"wed":{"zh":"星期三","en":"Wednesday"},"thu":{"zh":"星期四","en":"Thursday"},"fri":{"zh":"星期五","en":"Friday"},"sat":{"zh":"星期六","en":"Saturday"},"sun":{"zh":"星期日","en":"Sunday"}}}';
comment on column inbound_route.date_from is '{"order":14,"zh":"开始日期","en":"First day","group":"time"}';
comment on column inbound_route.date_to is '{"order":15,"zh":"结束日期","en":"Last day","group":"time"}';
comment on column inbound_route.time_from is '{"order":16,"zh":"起始时间","en":"From","group":"time"}';
comment on column inbound_route.time_to is '{"order":17,"zh":"结束时间","en":"To","group":"time"}';
comment on column inbound_route.split is '{"order":20,"zh":"启用分时段业务","en":"By time segment","group":"split","list":false,"help_zh":"按工作时间、下班时间、节假日分别转接","help_en":"different destinations in working time, off duty and on holidays"}';
call zj_searchable('inbound_route');
reset role;
