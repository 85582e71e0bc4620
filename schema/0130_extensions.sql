-- Extensions with everything that a phone's owner or administrator says of it, and templates. (docs/decisions/065)
--
-- A column that a template can say is always filled: what is not said comes from the template, and `null` means "as the template says". So
-- whoever reads extensions (edge, acd, lists, filters) reads one table, and a changed template changes all extensions that have its value.
set search_path = zj, public;
set role zj_owner;

-- What an extension is like when nobody says anything: the system's default template, and the list of what templates can say.
create function extension_defaults() returns jsonb language sql immutable parallel safe as $$
    select '{"phone_type":"sip","allow_outbound":true,"outbound_permission":"unlimited","timeout_s":30,"recording":false,"voicemail":false,"agent_mode":false,"max_contacts":5,
        "call_waiting":true,"pickup_range":"group","blf_range":"team","ringback_id":null,"unavailable_id":null,"trunk_id":null,"out_caller_number":null,"out_caller_name":null,
        "alert_info":null}'::jsonb
$$;

create table extension_template (
    tenant_id              uuid not null references tenant (id) on delete cascade,
    id                     uuid not null default zj_uuid7(),
    name                   text not null check (char_length(name) between 1 and 100),
    phone_type             text check (phone_type in ('sip', 'web', 'external')),
    allow_outbound         boolean,
    outbound_permission    text check (outbound_permission in ('unlimited', 'national', 'local')),
    timeout_s              integer check (timeout_s between 5 and 300),
    recording              boolean,
    voicemail              boolean,
    agent_mode             boolean,
    max_contacts           integer check (max_contacts between 1 and 10),
    call_waiting           boolean,
    pickup_range           text check (pickup_range in ('none', 'group', 'team')),
    blf_range              text check (blf_range in ('none', 'group', 'team')),
    ringback_id            uuid,
    unavailable_id         uuid,
    trunk_id               uuid,
    out_caller_number text check (out_caller_number ~ '^\+?[0-9]{1,32}$'),
    out_caller_name   text check (char_length(out_caller_name) between 1 and 64),
    alert_info             text check (alert_info ~ '^[ -~]{1,100}$'),
    remark                 text not null default '' check (char_length(remark) <= 500),
    created_at             timestamptz not null default now(),
    updated_at             timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    foreign key (tenant_id, ringback_id) references prompt (tenant_id, id) on delete set null (ringback_id),
    foreign key (tenant_id, unavailable_id) references prompt (tenant_id, id) on delete set null (unavailable_id)
);
call zj_tenant_table('extension_template');
call zj_audited('extension_template');
call zj_recyclable('extension_template');
create index on extension_template (tenant_id, ringback_id);
create index on extension_template (tenant_id, unavailable_id);

alter table extension
    add column template_id            uuid,
    add column phone_type             text check (phone_type in ('sip', 'web', 'external')),
    add column external_number        text check (external_number ~ '^\+?[0-9*#]{1,32}$'),
    add column if not exists allow_outbound         boolean,
    add column outbound_permission    text check (outbound_permission in ('unlimited', 'national', 'local')),
    add column if not exists caller_number          text check (caller_number ~ '^\+?[0-9]{1,32}$'),
    add column if not exists caller_name            text check (char_length(caller_name) between 1 and 64),
    add column if not exists out_caller_number text check (out_caller_number ~ '^\+?[0-9]{1,32}$'),
    add column if not exists out_caller_name   text check (char_length(out_caller_name) between 1 and 64),
    add column timeout_s              integer check (timeout_s between 5 and 300),
    add column dnd                    boolean not null default false,
    add column recording              boolean,
    add column voicemail              boolean,
    add column voicemail_pin          text check (voicemail_pin ~ '^[0-9]{4,16}$'),
    add column voicemail_email        text check (voicemail_email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(voicemail_email) <= 254),
    add column ringback_id            uuid,
    add column unavailable_id         uuid,
    add column host                   inet,
    add column trunk_id               uuid,
    add column pickup_range           text check (pickup_range in ('none', 'group', 'team')),
    add column blf_range              text check (blf_range in ('none', 'group', 'team')),
    add column agent_mode             boolean,
    add column mac                    text check (mac ~ '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$'),
    add column max_contacts           integer check (max_contacts between 1 and 10),
    add column call_waiting           boolean,
    add column alert_info             text check (alert_info ~ '^[ -~]{1,100}$'),
    add column forward_all            text check (forward_all ~ '^\+?[0-9*#]{1,32}$'),
    add column forward_busy           text check (forward_busy ~ '^\+?[0-9*#]{1,32}$'),
    add column forward_no_answer      text check (forward_no_answer ~ '^\+?[0-9*#]{1,32}$'),
    add column forward_unreachable    text check (forward_unreachable ~ '^\+?[0-9*#]{1,32}$'),
    add column sign_in_state          text not null default 'idle' check (sign_in_state in ('idle', 'busy')),
    add column hangup_state           text not null default 'idle' check (hangup_state in ('idle', 'busy')),
    add column after_call_s           integer check (after_call_s between 0 and 3600),
    add column remark                 text not null default '' check (char_length(remark) <= 500),
    add foreign key (tenant_id, template_id) references extension_template (tenant_id, id) on delete set null (template_id),
    add foreign key (tenant_id, ringback_id) references prompt (tenant_id, id) on delete set null (ringback_id),
    add foreign key (tenant_id, unavailable_id) references prompt (tenant_id, id) on delete set null (unavailable_id),
    add constraint extension_external check ((phone_type = 'external') = (external_number is not null));
-- (The migration of outbound calls may have made some of these already.)
do $$
declare c text;
begin
    foreach c in array array['allow_outbound', 'caller_number', 'caller_name', 'out_caller_number', 'out_caller_name'] loop
        execute format('alter table extension alter column %I drop not null, alter column %1$I drop default', c);
    end loop;
end $$;
create index on extension (tenant_id, template_id);
create index on extension (tenant_id, ringback_id);
create index on extension (tenant_id, unavailable_id);
grant select (template_id, phone_type, external_number, allow_outbound, outbound_permission, caller_number, caller_name, out_caller_number, out_caller_name, timeout_s, dnd, recording,
    voicemail, voicemail_pin, voicemail_email, ringback_id, unavailable_id, trunk_id, pickup_range, blf_range, agent_mode, max_contacts, call_waiting, alert_info, forward_all, forward_busy,
    forward_no_answer, forward_unreachable, sign_in_state, hangup_state, after_call_s, account_id) on extension to zj_acd;

-- Who may pick up and watch whom: acd knows account groups.
do $$
begin
    if not exists (select from pg_policy where polrelid = 'account_group_member'::regclass and polname = 'read_zj_acd') then call zj_reader('account_group_member', 'zj_acd'); end if;
end $$;

-- Fills what is not said. A value that an extension has from its old template goes with it when it gets another one.
create function extension_fill() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    said jsonb := to_jsonb(new);
    before jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) end;
    was jsonb;
    says jsonb := (select to_jsonb(t) from extension_template t where t.tenant_id = new.tenant_id and t.id = new.template_id);
    filled jsonb := '{}';
    f text;
begin
    says := coalesce(says, extension_defaults());
    if tg_op = 'UPDATE' and new.template_id is distinct from old.template_id then
        select to_jsonb(t) into was from extension_template t where t.tenant_id = old.tenant_id and t.id = old.template_id;
        was := coalesce(was, extension_defaults());
    end if;
    for f in select jsonb_object_keys(extension_defaults()) loop
        if said -> f = 'null' or (was is not null and said -> f = before -> f and before -> f = was -> f) then
            filled := filled || jsonb_build_object(f, says -> f);
        end if;
    end loop;
    new := jsonb_populate_record(new, filled);
    new.mac := lower(replace(new.mac, '-', ':'));
    return new;
end $$;
create trigger fill before insert or update on extension for each row execute function extension_fill();

create function extension_template_fill() returns trigger language plpgsql as $$
declare
    said jsonb := to_jsonb(new);
    filled jsonb := '{}';
    f text;
begin
    for f in select jsonb_object_keys(extension_defaults()) loop
        if said -> f = 'null' then filled := filled || jsonb_build_object(f, extension_defaults() -> f); end if;
    end loop;
    return jsonb_populate_record(new, filled);
end $$;
create trigger fill before insert or update on extension_template for each row execute function extension_template_fill();

-- A changed template changes its extensions, one statement for all of them.
create function extension_template_spread() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    changed text[];
    f text;
    sets text := '';
    hits text := '';
begin
    select array_agg(k) into changed from jsonb_object_keys(extension_defaults()) k where to_jsonb(new) -> k is distinct from to_jsonb(old) -> k;
    foreach f in array coalesce(changed, '{}') loop
        sets := sets || format('%s%2$I = case when e.%2$I is not distinct from ($1).%2$I then ($2).%2$I else e.%2$I end', case when sets = '' then '' else ', ' end, f);
        hits := hits || format('%s e.%2$I is not distinct from ($1).%2$I', case when hits = '' then '' else ' or' end, f);
    end loop;
    if sets <> '' then
        execute format('update extension e set %s where e.tenant_id = ($1).tenant_id and e.template_id = ($1).id and (%s)', sets, hits) using old, new;
    end if;
    return null;
end $$;
create trigger spread after update on extension_template for each row execute function extension_template_spread();

-- An own trunk is the tenant's or the carrier's.
create function extension_trunk() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.trunk_id is not null and not exists (select from trunk t where t.id = new.trunk_id and (t.tenant_id = new.tenant_id or t.tenant_id = (select id from tenant where kind = 'carrier'))) then
        raise foreign_key_violation using message = format('no trunk with id %s for this tenant', new.trunk_id), column = 'trunk_id', constraint = tg_table_name || '_trunk';
    end if;
    return new;
end $$;
create trigger trunk before insert or update of trunk_id on extension for each row execute function extension_trunk();
create trigger trunk before insert or update of trunk_id on extension_template for each row execute function extension_trunk();

-- Extensions that are there: as they were (they rang 30 s, and everybody who could dial could dial out).
alter table extension disable trigger ha1;
update extension set template_id = null, caller_name = nullif(caller_name, ''), out_caller_name = nullif(out_caller_name, '');
alter table extension enable trigger ha1;

-- Which phone an agent gets at sign-in.
alter table agent add column extension_mode text not null default 'adaptive' check (extension_mode in ('adaptive', 'self_chosen', 'fixed'));
comment on column agent.extension_mode is '{"zh":"分机属性","en":"Which extension","help_zh":"话机建议用固定","help_en":"fixed is for desk phones","enum":{"adaptive":{"zh":"自适应","en":"Adaptive"},"self_chosen":{"zh":"自选","en":"Self-chosen"},"fixed":{"zh":"固定","en":"Fixed"}}}';

-- What is changed by telephone (do-not-disturb, forwarding): a fact that acd spools; writing it changes the extension. So it outlives acd and
-- a PostgreSQL that is away, and shows who did what from which phone.
create table extension_change (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null,
    extension_id uuid not null,
    call_id      uuid,
    field        text not null check (field in ('dnd', 'forward_all', 'forward_busy', 'forward_no_answer', 'forward_unreachable')),
    value        text check (char_length(value) <= 64),
    at           timestamptz not null,
    primary key (tenant_id, id)
);
call zj_tenant_table('extension_change', facts => true);
call zj_appender('extension_change', 'zj_acd');
create index on extension_change (tenant_id, extension_id, at desc);
create index on extension_change (tenant_id, at desc, id desc);
create function extension_change_apply() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.field = 'dnd' then
        update extension set dnd = new.value is not distinct from 'true' where tenant_id = new.tenant_id and id = new.extension_id;
    else
        execute format('update extension set %I = $3 where tenant_id = $1 and id = $2', new.field) using new.tenant_id, new.extension_id, new.value;
    end if;
    return null;
end $$;
create trigger apply after insert on extension_change for each row execute function extension_change_apply();

-- Secrets are not readable (0090): columns are granted one by one.
do $$
declare
    columns text := (select string_agg(quote_ident(attname), ', ') from pg_attribute where attrelid = 'extension'::regclass and attnum > 0 and not attisdropped and attname not in ('password', 'ha1', 'voicemail_pin'));
begin
    execute format('grant select (%s) on extension to zj_tenant, zj_carrier', columns);
    execute format('comment on table extension is %L', (obj_description('extension'::regclass)::jsonb || '{"search":["number","name","remark"],"permissions":{"control":{"zh":"签入签出分机","en":"Sign extensions in and out"}},"groups":{"basic":{"zh":"基本","en":"Basic"},"caller":{"zh":"主叫","en":"Caller"},"forward":{"zh":"呼叫转移","en":"Forwarding"},"voicemail":{"zh":"语音信箱","en":"Voicemail"},"agent":{"zh":"坐席","en":"Agent"},"advanced":{"zh":"高级","en":"Advanced"}}}')::text);
end $$;
comment on table extension_template is '{"resource":"extension-templates","zh":"分机模板","en":"Extension template","scope":"tenant","label":"name","menu":"pbx","order":11,"icon":"phone","groups":{"basic":{"zh":"基本","en":"Basic"},"caller":{"zh":"主叫","en":"Caller"},"voicemail":{"zh":"语音信箱","en":"Voicemail"},"agent":{"zh":"坐席","en":"Agent"},"advanced":{"zh":"高级","en":"Advanced"}}}';
comment on column extension_template.name is '{"zh":"模板名称","en":"Name"}';
comment on column extension_template.remark is '{"zh":"备注","en":"Remark","list":false}';
comment on table extension_change is '{"resource":"extension-changes","zh":"话机设置记录","en":"Set by telephone","scope":"tenant","create":false,"update":false,"delete":false,"sort":"-at","menu":"pbx","order":12,"big":true}';
comment on column extension_change.extension_id is '{"zh":"分机","en":"Extension","ref":"extensions","filter":true}';
comment on column extension_change.call_id is '{"zh":"通话","en":"Call"}';
comment on column extension_change.field is '{"zh":"项目","en":"What","enum":{"dnd":{"zh":"免打扰","en":"Do not disturb"},"forward_all":{"zh":"全部转移","en":"Forward all"},"forward_busy":{"zh":"遇忙转移","en":"Forward on busy"},"forward_no_answer":{"zh":"未应答转移","en":"Forward on no answer"},"forward_unreachable":{"zh":"无法接通转移","en":"Forward on not reachable"}}}';
comment on column extension_change.value is '{"zh":"值","en":"Value"}';
comment on column extension_change.at is '{"zh":"时间","en":"Time"}';
comment on column extension.number is '{"zh":"内线号码","en":"Internal number","filter":true,"group":"basic","help_zh":"团队内唯一，也是注册账号","help_en":"unique in the tenant; also the name that a phone registers with"}';
comment on column extension.name is '{"zh":"分机名称","en":"Name","group":"basic"}';
comment on column extension.password is '{"zh":"注册密码","en":"Password","writeonly":true,"group":"basic"}';
comment on column extension.enabled is '{"zh":"状态","en":"Enabled","group":"basic"}';
comment on column extension.account_id is '{"zh":"用户名","en":"Account","filter":true,"group":"basic"}';
comment on column extension.template_id is '{"zh":"模板","en":"Template","filter":true,"group":"basic","help_zh":"未填的项目取自模板；模板修改后一同修改","help_en":"what is not said comes from it, and changes with it"}';
comment on column extension.external_number is '{"zh":"外线号码","en":"Outside number","group":"basic","when":{"field":"phone_type","in":["external"]}}';
comment on column extension.caller_number is '{"zh":"主叫号码","en":"Caller number","group":"caller","help_zh":"用于内部呼叫，默认为内线号码","help_en":"shown in internal calls; the internal number when empty"}';
comment on column extension.caller_name is '{"zh":"主叫名称","en":"Caller name","group":"caller","help_zh":"用于内部呼叫，默认为分机名称","help_en":"shown in internal calls; the name when empty"}';
comment on column extension.dnd is '{"zh":"免打扰","en":"Do not disturb","group":"forward"}';
comment on column extension.voicemail_pin is '{"zh":"语音邮箱密码","en":"Voicemail PIN","writeonly":true,"group":"voicemail","help_zh":"未设则只能用本机收听","help_en":"without one the box opens from its own phone only","when":{"field":"voicemail","in":[true]}}';
comment on column extension.voicemail_email is '{"zh":"邮箱","en":"Mail address","mask":"email","group":"voicemail","when":{"field":"voicemail","in":[true]}}';
comment on column extension.host is '{"zh":"主机名","en":"Address","group":"advanced","list":false,"help_zh":"只有该地址（或网段）的话机可以注册；留空为任意","help_en":"only a phone at this address or network may register; empty: any"}';
comment on column extension.mac is '{"zh":"MAC地址","en":"MAC address","group":"advanced","list":false}';
comment on column extension.forward_all is '{"zh":"全部转移","en":"Forward all calls to","group":"forward","help_zh":"内线或外线号码；留空为不转移","help_en":"an internal or outside number; empty: none"}';
comment on column extension.forward_busy is '{"zh":"遇忙转移","en":"When busy, forward to","group":"forward","list":false}';
comment on column extension.forward_no_answer is '{"zh":"未应答转移","en":"When not answered, forward to","group":"forward","list":false}';
comment on column extension.forward_unreachable is '{"zh":"无法接通转移","en":"When not reachable, forward to","group":"forward","list":false}';
comment on column extension.sign_in_state is '{"zh":"签入后状态","en":"State after sign-in","group":"agent","list":false,"enum":{"idle":{"zh":"空闲","en":"Idle"},"busy":{"zh":"示忙","en":"Busy"}}}';
comment on column extension.hangup_state is '{"zh":"挂机后状态","en":"State after a call","group":"agent","list":false,"enum":{"idle":{"zh":"空闲","en":"Idle"},"busy":{"zh":"示忙","en":"Busy"}}}';
comment on column extension.after_call_s is '{"zh":"后处理时长","en":"After-call work","unit":"s","group":"agent","list":false,"help_zh":"留空则按队列","help_en":"empty: as the queue says"}';
comment on column extension.remark is '{"zh":"备注","en":"Remark","list":false,"group":"basic"}';

-- What both say, labelled once.
do $$
declare
    t text;
    c text;
    said text;
begin
    for c, said in select * from (values
        ('phone_type', '{"zh":"分机类型","en":"Type","group":"basic","enum":{"sip":{"zh":"SIP电话","en":"SIP phone"},"web":{"zh":"网页电话","en":"Web phone"},"external":{"zh":"外线分机","en":"Outside telephone"}}}'),
        ('allow_outbound', '{"zh":"允许呼出","en":"May dial out","group":"caller"}'),
        ('outbound_permission', '{"zh":"外呼权限","en":"Outside numbers","group":"caller","enum":{"unlimited":{"zh":"无限制","en":"Unlimited"},"national":{"zh":"国内","en":"National"},"local":{"zh":"本地","en":"Local"}}}'),
        ('timeout_s', '{"zh":"超时时间","en":"Rings for","unit":"s","group":"basic"}'),
        ('recording', '{"zh":"录音","en":"Recording","group":"advanced"}'),
        ('voicemail', '{"zh":"语音邮件状态","en":"Voicemail","group":"voicemail"}'),
        ('agent_mode', '{"zh":"坐席模式","en":"Agent mode","group":"agent","help_zh":"用分机直接拨打或接听时弹屏","help_en":"calls of the phone pop up the screen of the application"}'),
        ('max_contacts', '{"zh":"同时注册数","en":"Phones at once","group":"advanced","list":false}'),
        ('call_waiting', '{"zh":"呼叫等待","en":"Call waiting","group":"advanced","list":false,"help_zh":"关闭则通话中的分机为忙","help_en":"without it an extension in a call is busy"}'),
        ('pickup_range', '{"zh":"抢接范围","en":"May pick up","group":"advanced","list":false,"enum":{"none":{"zh":"无","en":"Nothing"},"group":{"zh":"账号组","en":"Its account group"},"team":{"zh":"团队","en":"Everything"}}}'),
        ('blf_range', '{"zh":"BLF目标组","en":"May watch (BLF)","group":"advanced","list":false,"enum":{"none":{"zh":"无","en":"Nothing"},"group":{"zh":"账号组","en":"Its account group"},"team":{"zh":"团队","en":"Everything"}}}'),
        ('ringback_id', '{"zh":"彩铃","en":"Ring-back tone","group":"advanced","list":false}'),
        ('unavailable_id', '{"zh":"默认提示音","en":"Prompt when not available","group":"advanced","list":false}'),
        ('trunk_id', '{"zh":"中继","en":"Own trunk","ref":"trunks","group":"caller","list":false}'),
        ('out_caller_number', '{"zh":"外呼主叫号码","en":"Outbound caller number","group":"caller","list":false}'),
        ('out_caller_name', '{"zh":"外呼主叫名称","en":"Outbound caller name","group":"caller","list":false}'),
        ('alert_info', '{"zh":"分机详情","en":"Alert-Info","group":"advanced","list":false,"help_zh":"呼叫该话机时附带的 Alert-Info 头，如自动应答或特殊铃声","help_en":"header Alert-Info of calls to this phone: its own ring, or answering by itself"}')) v
    loop
        foreach t in array array['extension', 'extension_template'] loop
            execute format('comment on column %I.%I is %L', t, c, case t when 'extension' then said else (said::jsonb - 'list')::text end);
        end loop;
    end loop;
end $$;
drop index if exists extension_search; call zj_searchable('extension');
reset role;
