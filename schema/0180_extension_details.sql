-- What was still missing of an extension: the trunk number that it shows, lines of its own over its template's, its registration account, the agent who
-- sits there, how many an account has. (docs/decisions/065)
set search_path = zj, public;
set role zj_owner;

-- Lines `key=value`: what a call to this telephone says beside what columns say. One that a template has is the extension's too, unless its own says otherwise.
create function extension_lines(said text) returns jsonb language plpgsql immutable as $$
declare
    lines text[] := string_to_array(replace(said, E'\r', ''), E'\n');
    out jsonb := '{}';
    key text;
    value text;
    rule text;
begin
    if cardinality(lines) > 50 then
        raise check_violation using message = 'at most 50 lines', column = 'details', constraint = 'extension_details_many';
    end if;
    for i in 1 .. coalesce(cardinality(lines), 0) loop
        continue when lines[i] ~ '^\s*(#|$)';
        key := btrim(split_part(lines[i], '=', 1));
        value := btrim(substr(lines[i], strpos(lines[i], '=') + 1));
        rule := case
            when strpos(lines[i], '=') = 0 then 'a line is key=value'
            when lower(key) not in ('alert_info', 'codecs', 'late_offer') and key !~* '^header\.(call-info|answer-mode|priv-answer-mode|subject|priority|organization|x-[a-z0-9-]{1,40})$'
                then format('there is no key %s: alert_info, codecs, late_offer, header.NAME (Call-Info, Answer-Mode, Priv-Answer-Mode, Subject, Priority, Organization, X-…)', left(key, 60))
            when key ~* '^header\.x-zj-' then 'X-Zj headers are the system''s own'
            when lower(key) = 'codecs' and value !~* '^(pcma|pcmu|g722|opus|l16/16000|l16/8000)(,(pcma|pcmu|g722|opus|l16/16000|l16/8000)){0,5}$' then 'codecs are PCMA, PCMU, G722, opus, L16/16000, L16/8000, with commas'
            when lower(key) = 'late_offer' and value not in ('yes', 'no') then 'late_offer is yes or no'
            when value !~ '^[ -~]{1,200}$' then 'a value has 1 to 200 printable ASCII characters' end;
        if rule is not null then
            raise check_violation using message = format('line %s: %s', i, rule), column = 'details', constraint = 'extension_details_line';
        end if;
        out := out || jsonb_build_object(case when key ~* '^header\.' then 'header.' || substr(key, 8) else lower(key) end, value);
    end loop;
    return out;
end $$;

alter table extension_template add column details text not null default '' check (char_length(details) <= 4000);
alter table extension
    add column details         text not null default '' check (char_length(details) <= 4000),
    add column lines           jsonb not null default '{}',
    add column trunk_number_id uuid,
    add column registration    text not null default '',
    add column agent_id        uuid,
    add foreign key (tenant_id, trunk_number_id) references trunk_number (tenant_id, id) on delete set null (trunk_number_id);
create index on extension (tenant_id, trunk_number_id);
create index on extension (tenant_id, agent_id);
create index on extension (tenant_id, registration);
grant select (details, trunk_number_id, registration, agent_id) on extension to zj_tenant, zj_carrier;
grant select (lines, trunk_number_id, phone_type, agent_mode) on extension to zj_acd;

-- After `fill` and `ha1` (triggers run by name).
create function extension_merge() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    new.lines := extension_lines(coalesce((select t.details from extension_template t where t.tenant_id = new.tenant_id and t.id = new.template_id), '')) || extension_lines(new.details);
    new.registration := new.number || '@' || (select t.sip_domain from tenant t where t.id = new.tenant_id);
    new.agent_id := (select a.id from agent a where a.tenant_id = new.tenant_id and a.extension_id = new.id limit 1);
    return new;
end $$;
create trigger merge before insert or update of details, template_id, number, agent_id, lines on extension for each row execute function extension_merge();

create function extension_template_lines() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if tg_when = 'BEFORE' then
        perform extension_lines(new.details);
        return new;
    end if;
    update extension e set lines = '{}' where e.tenant_id = new.tenant_id and e.template_id = new.id; -- made anew by merge
    return null;
end $$;
create trigger lines before insert or update of details on extension_template for each row execute function extension_template_lines();
create trigger lines_spread after update of details on extension_template for each row when (old.details <> new.details) execute function extension_template_lines();

-- Who sits where is the agent's to say; the extension shows it.
create function extension_seat() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update extension e set agent_id = null
     where (e.tenant_id, e.id) in (select old.tenant_id, old.extension_id where tg_op <> 'INSERT' union all select new.tenant_id, new.extension_id where tg_op <> 'DELETE');
    return null;
end $$;
create trigger seat_id after insert or delete on agent for each row execute function extension_seat();
create trigger seat_u after update of extension_id on agent for each row when (old.extension_id is distinct from new.extension_id) execute function extension_seat();

-- A domain that changes changes the accounts of all its telephones.
create function extension_domain() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update extension e set lines = '{}' where e.tenant_id = new.id;
    return null;
end $$;
create trigger extension_domain after update of sip_domain on tenant for each row when (old.sip_domain is distinct from new.sip_domain) execute function extension_domain();

-- How many extensions an account has, which the selector of accounts shows.
alter table account add column extensions integer not null default 0;
grant select (extensions) on account to zj_tenant, zj_carrier;
create function account_extensions() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update account a set extensions = (select count(*) from extension e where e.tenant_id = a.tenant_id and e.account_id = a.id)
     where (a.tenant_id, a.id) in (select old.tenant_id, old.account_id where tg_op <> 'INSERT' union all select new.tenant_id, new.account_id where tg_op <> 'DELETE');
    return null;
end $$;
create trigger account_count_id after insert or delete on extension for each row execute function account_extensions();
create trigger account_count_u after update of account_id on extension for each row when (old.account_id is distinct from new.account_id) execute function account_extensions();

-- What is there already.
alter table extension disable trigger ha1;
update extension set lines = '{}';
alter table extension enable trigger ha1;
update account a set extensions = (select count(*) from extension e where e.tenant_id = a.tenant_id and e.account_id = a.id)
 where exists (select from extension e where e.tenant_id = a.tenant_id and e.account_id = a.id);

comment on column extension.details is '{"zh":"分机详情","en":"Individual lines","widget":"textarea","group":"advanced","list":false,"help_zh":"每行 key=value：alert_info、codecs、late_offer、header.名称（Call-Info、Answer-Mode、X-…）；补充或覆盖模板中的同名行","help_en":"lines key=value: alert_info, codecs, late_offer, header.NAME (Call-Info, Answer-Mode, X-…); they add to the template''s, or override those of the same key"}';
comment on column extension_template.details is '{"zh":"分机详情","en":"Individual lines","widget":"textarea","group":"advanced","help_zh":"每行 key=value：alert_info、codecs、late_offer、header.名称","help_en":"lines key=value: alert_info, codecs, late_offer, header.NAME"}';
comment on column extension.lines is '{"zh":"合并后的详情","en":"Lines in effect","hidden":true,"audit":false}';
comment on column extension.trunk_number_id is '{"zh":"中继号","en":"Trunk number","group":"caller","filter":true,"help_zh":"外呼显示的中继号码；留空则用外呼主叫号码","help_en":"the number that calls outside show; empty: the outbound caller number"}';
comment on column extension.registration is '{"zh":"注册账号","en":"Registration account","readonly":true,"audit":false,"group":"basic","help_zh":"软电话的用户名和认证用户名为 @ 之前的部分，域为其后的部分","help_en":"user and authentication name of a telephone is what stands before @, its domain what follows"}';
comment on column extension.agent_id is '{"zh":"绑定用户","en":"Agent","ref":"agents","readonly":true,"audit":false,"filter":true,"group":"agent"}';
comment on column account.extensions is '{"zh":"分机数","en":"Extensions","readonly":true,"audit":false,"list":false}';
comment on column extension.alert_info is '{"zh":"振铃方式 (Alert-Info)","en":"Alert-Info","group":"advanced","list":false,"help_zh":"呼叫该话机时附带的 Alert-Info 头，如自动应答或特殊铃声","help_en":"header Alert-Info of calls to this phone: its own ring, or answering by itself"}';
comment on column extension_template.alert_info is '{"zh":"振铃方式 (Alert-Info)","en":"Alert-Info","group":"advanced","help_zh":"呼叫该话机时附带的 Alert-Info 头，如自动应答或特殊铃声","help_en":"header Alert-Info of calls to this phone: its own ring, or answering by itself"}';
do $$ begin
    execute format('comment on table account is %L', (obj_description('account'::regclass)::jsonb || '{"count":"extensions"}')::text);
end $$;
reset role;
