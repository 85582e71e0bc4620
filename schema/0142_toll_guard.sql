-- The guard against toll fraud: which countries may be called, how many calls and how much money an hour and a day, how many calls
-- abroad at once; of a tenant, an extension or an account. The edges keep to it; what they counted is in toll_use, what they raised
-- in toll_alarm. The carrier's guards hold whatever a tenant says; those of the carrier's own tenant are for every tenant without one.
set search_path = zj, public;
set role zj_owner;

-- Countries by their ISO 3166 code (kamailio-mods/trunk/trunk_country.c knows their numbers; XK Kosovo, XS satellites and networks of no
-- country, XP premium and shared-cost numbers), or prefixes with a plus.
create function zj_are_destinations(list text[]) returns boolean language sql immutable strict as $$
    select cardinality(list) <= 300 and char_length(array_to_string(list, ',')) <= 1000 and array_position(list, null) is null
       and not exists (select from unnest(list) d where d !~ '^\+[0-9]{1,15}$' and d <> all ('{AD,AE,AF,AG,AI,AL,AM,AO,AQ,AR,AS,AT,AU,AW,AX,AZ,BA,BB,BD,BE,BF,BG,BH,BI,BJ,BM,BN,BO,BQ,BR,BS,BT,BW,BY,BZ,CA,CC,CD,CF,CG,CH,CI,CK,CL,CM,CN,CO,CR,CU,CV,CW,CX,CY,CZ,DE,DJ,DK,DM,DO,DZ,EC,EE,EG,ER,ES,ET,FI,FJ,FK,FM,FO,FR,GA,GB,GD,GE,GF,GG,GH,GI,GL,GM,GN,GP,GQ,GR,GT,GU,GW,GY,HK,HN,HR,HT,HU,ID,IE,IL,IM,IN,IO,IQ,IR,IS,IT,JE,JM,JO,JP,KE,KG,KH,KI,KM,KN,KP,KR,KW,KY,KZ,LA,LB,LC,LI,LK,LR,LS,LT,LU,LV,LY,MA,MC,MD,ME,MG,MH,MK,ML,MM,MN,MO,MP,MQ,MR,MS,MT,MU,MV,MW,MX,MY,MZ,NA,NC,NE,NF,NG,NI,NL,NO,NP,NR,NU,NZ,OM,PA,PE,PF,PG,PH,PK,PL,PM,PR,PS,PT,PW,PY,QA,RE,RO,RS,RU,RW,SA,SB,SC,SD,SE,SG,SH,SI,SK,SL,SM,SN,SO,SR,SS,ST,SV,SX,SY,SZ,TC,TD,TG,TH,TJ,TK,TL,TM,TN,TO,TR,TT,TV,TW,TZ,UA,UG,US,UY,UZ,VA,VC,VE,VG,VI,VN,VU,WF,WS,XK,XP,XS,YE,YT,ZA,ZM,ZW}'::text[]))
$$;
create function zj_are_emails(list text[]) returns boolean language sql immutable strict as $$
    select cardinality(list) <= 10 and array_position(list, null) is null
       and not exists (select from unnest(list) e where e !~ '^[^@[:space:]<>,;"]+@[^@[:space:]<>,;"]+$' or char_length(e) > 254)
$$;

create table toll_guard (
    tenant_id        uuid not null references tenant (id) on delete cascade,
    id               uuid not null default zj_uuid7(),
    name             text not null check (char_length(name) between 1 and 100),
    by_carrier       boolean not null default false,
    subject          text not null default 'tenant' check (subject in ('tenant', 'extension', 'account')),
    extension_id     uuid,
    account_id       uuid,
    allowed          text[] not null default '{}' check (zj_are_destinations(allowed)),
    barred           text[] not null default '{}' check (zj_are_destinations(barred)),
    home             text not null default '86' check (home ~ '^[1-9][0-9]{0,3}$'),
    calls_hour       integer check (calls_hour between 0 and 10000000),
    calls_day        integer check (calls_day between 0 and 10000000),
    spend_hour       numeric(18,6) check (spend_hour between 0 and 1000000),
    spend_day        numeric(18,6) check (spend_day between 0 and 1000000),
    abroad           integer check (abroad between 0 and 100000),
    night_from       time,
    night_until      time,
    night_calls_hour integer check (night_calls_hour between 0 and 10000000),
    night_spend_hour numeric(18,6) check (night_spend_hour between 0 and 1000000),
    night_abroad     integer check (night_abroad between 0 and 100000),
    max_call_s       integer check (max_call_s between 10 and 86400),
    warn_percent     integer not null default 80 check (warn_percent between 0 and 99),
    at_limit         text not null default 'bar' check (at_limit in ('bar', 'alarm')),
    emails           text[] not null default '{}' check (zj_are_emails(emails)),
    enabled          boolean not null default true,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint toll_guard_once unique nulls not distinct (tenant_id, by_carrier, subject, extension_id, account_id),
    foreign key (tenant_id, extension_id) references extension (tenant_id, id) on delete cascade,
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade,
    constraint toll_guard_extension check (extension_id is null or subject = 'extension'),
    constraint toll_guard_account check (account_id is null or subject = 'account'),
    constraint toll_guard_carrier check (not by_carrier or subject = 'tenant'),
    constraint toll_guard_night check ((night_from is null) = (night_until is null) and night_from <> night_until),
    constraint toll_guard_at_night check (night_from is not null or num_nonnulls(night_calls_hour, night_spend_hour, night_abroad) = 0)
);
create index on toll_guard (tenant_id, extension_id);
create index on toll_guard (tenant_id, account_id);

-- Whose guard it is, is not the writer's to say.
create function toll_guard_whose() returns trigger language plpgsql as $$
begin
    if current_user = 'zj_tenant' then new.by_carrier := false; end if;
    if current_user = 'zj_carrier' then new.by_carrier := true; end if;
    return new;
end $$;
create trigger whose before insert on toll_guard for each row execute function toll_guard_whose();

-- One row a subject and edge: what was used, and what an edge needs to go on after a restart.
create table toll_use (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    edge         text not null check (char_length(edge) between 1 and 64),
    subject      text not null check (subject in ('tenant', 'extension', 'account')),
    subject_id   uuid not null,
    extension_id uuid,
    account_id   uuid,
    calls_hour   integer not null default 0,
    calls_day    integer not null default 0,
    spend_hour   numeric(18,6) not null default 0,
    spend_day    numeric(18,6) not null default 0,
    abroad       integer not null default 0,
    slots        text not null default '',
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, subject_id, edge)
);
create index on toll_use (edge, updated_at);

create table toll_alarm (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    guard_id     uuid not null,
    guard        text not null default '',
    subject      text not null check (subject in ('tenant', 'extension', 'account')),
    extension_id uuid,
    account_id   uuid,
    measure      text not null check (measure in ('calls_hour', 'calls_day', 'spend_hour', 'spend_day', 'abroad')),
    percent      integer not null,
    used         numeric(18,6) not null default 0,
    most         numeric(18,6) not null default 0,
    edge         text not null default '',
    at           timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index on toll_alarm (tenant_id, at);
create index on toll_alarm (at);

call zj_tenant_table('toll_guard', 'write');
call zj_tenant_table('toll_use', 'read', facts => true);
call zj_tenant_table('toll_alarm', 'read', facts => true);
do $$
declare t text;
begin
    foreach t in array array['toll_guard', 'toll_use', 'toll_alarm'] loop
        execute format('create policy scope on %I as restrictive to zj_tenant using ((select zj_scope() is null))', t);
        execute format('create policy look_zj_owner on %I to zj_owner using (true) with check (true)', t);
    end loop;
end $$;
create policy own_insert on toll_guard as restrictive for insert to zj_tenant with check (not by_carrier);
create policy own_update on toll_guard as restrictive for update to zj_tenant using (not by_carrier) with check (not by_carrier);
create policy own_delete on toll_guard as restrictive for delete to zj_tenant using (not by_carrier);
call zj_live('toll_guard');
call zj_recyclable('toll_guard');
call zj_audited('toll_guard');
call zj_reader('toll_guard', 'zj_edge');
call zj_appender('toll_alarm', 'zj_acd');
create policy count_zj_edge on toll_use to zj_edge using (true) with check (true);
grant select, insert, update, delete on toll_use to zj_edge;
create policy trim_zj_worker on toll_alarm for delete to zj_worker using (at < now() - interval '400 days');
create policy read_zj_worker on toll_alarm for select to zj_worker using (at < now() - interval '400 days');
grant select (at), delete on toll_alarm to zj_worker;
-- What a call costs decides how many may be made.
grant select (connection_price, initial_s, price, increment_s) on extension_rate to zj_edge;

create function toll_alarm_told() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    g toll_guard;
    t tenant;
    zh boolean;
    whose text;
    what text;
    text_zh constant jsonb := '{"calls_hour":"每小时呼叫数","calls_day":"每日呼叫数","spend_hour":"每小时话费","spend_day":"每日话费","abroad":"同时国际呼叫数"}';
    text_en constant jsonb := '{"calls_hour":"calls in an hour","calls_day":"calls in a day","spend_hour":"money spent in an hour","spend_day":"money spent in a day","abroad":"calls abroad at once"}';
begin
    select * into g from toll_guard where id = new.guard_id and (tenant_id = new.tenant_id or by_carrier);
    select * into t from tenant where id = new.tenant_id;
    zh := t.language = 'zh';
    new.guard := coalesce(g.name, '');
    if cardinality(coalesce(g.emails, '{}')) = 0 or exists (select from toll_alarm a where a.tenant_id = new.tenant_id and a.id = new.id) then return new; end if;
    whose := t.title || coalesce(' / ' || (select e.number from extension e where e.tenant_id = new.tenant_id and e.id = new.extension_id), '')
                     || coalesce(' / ' || (select a.username from account a where a.tenant_id = new.tenant_id and a.id = new.account_id), '');
    what := (case when zh then text_zh else text_en end) ->> new.measure;
    insert into mail (tenant_id, kind, ref_id, to_address, subject, body)
    select g.tenant_id, 'alarm', new.id, e,
           left(format(case when zh then '话费防盗告警：%s %s 已达 %s%%' else 'Toll guard: %s, %s at %s%%' end, whose, what, new.percent), 200),
           format(case when zh then E'%s\r\n\r\n限制：%s\r\n对象：%s\r\n项目：%s\r\n已用：%s / %s\r\n时间：%s\r\n\r\n%s\r\n' else E'%s\r\n\r\nGuard: %s\r\nOf: %s\r\nWhat: %s\r\nUsed: %s of %s\r\nAt: %s\r\n\r\n%s\r\n' end,
                  t.title, g.name, whose, what, trim_scale(new.used), trim_scale(new.most), to_char(new.at at time zone t.time_zone, 'YYYY-MM-DD HH24:MI:SS'),
                  case when new.percent < 100 then case when zh then '接近上限。' else 'The limit is near.' end
                       when g.at_limit = 'bar' then case when zh then '新的外呼将被拒绝，正在进行的通话不受影响。' else 'New calls are refused; calls that go on are not concerned.' end
                       else case when zh then '外呼未被拒绝，仅告警。' else 'Calls are not refused; this is an alarm only.' end end)
      from unnest(g.emails) e;
    return new;
end $$;
create trigger told before insert on toll_alarm for each row execute function toll_alarm_told();

comment on table toll_guard is '{"resource":"toll-guards","zh":"话费防盗","en":"Toll fraud guard","scope":"tenant","label":"name","search":["name"],"menu":"pbx","order":58,"icon":"ban","groups":{"basic":{"zh":"基本","en":"Basic"},"countries":{"zh":"国家和地区","en":"Countries"},"limits":{"zh":"限额","en":"Limits"},"night":{"zh":"夜间","en":"At night"},"alarm":{"zh":"告警","en":"Alarms"}}}';
comment on column toll_guard.name is '{"zh":"名称","en":"Name","group":"basic"}';
comment on column toll_guard.by_carrier is '{"zh":"运营商设定","en":"Set by the carrier","readonly":true,"group":"basic","help_zh":"团队不能修改；运营商自己团队中的一条适用于所有没有单独设定的团队","help_en":"tenants cannot change it; the one in the carrier''s own tenant is for every tenant without one"}';
comment on column toll_guard.subject is '{"zh":"对象","en":"Of","group":"basic","enum":{"tenant":{"zh":"整个团队","en":"The whole tenant"},"extension":{"zh":"分机","en":"Extension"},"account":{"zh":"账号","en":"Account"}}}';
comment on column toll_guard.extension_id is '{"zh":"分机","en":"Extension","group":"basic","when":{"field":"subject","in":["extension"]},"help_zh":"留空：每个没有单独设定的分机","help_en":"empty: each extension without one of its own"}';
comment on column toll_guard.account_id is '{"zh":"账号","en":"Account","group":"basic","when":{"field":"subject","in":["account"]},"help_zh":"留空：每个没有单独设定的账号","help_en":"empty: each account without one of its own"}';
comment on column toll_guard.enabled is '{"zh":"启用","en":"Enabled","group":"basic"}';
comment on column toll_guard.allowed is '{"zh":"允许的国家和号码","en":"Countries and prefixes allowed","group":"countries","list":false,"help_zh":"国家代码（CN、HK）或前缀（+8610）；留空：除卫星（XS）和高额号码（XP）外全部；本国号码总是允许","help_en":"country codes (CN, HK) or prefixes (+8610); empty: all but satellites (XS) and premium numbers (XP); numbers at home always are"}';
comment on column toll_guard.barred is '{"zh":"禁止的国家和号码","en":"Countries and prefixes barred","group":"countries","list":false,"help_zh":"写得更长者优先，同长则禁止","help_en":"the longer of two that fit decides, of equals this one"}';
comment on column toll_guard.home is '{"zh":"本国区号","en":"Country code at home","group":"countries","list":false,"help_zh":"不带 + 或 00 的号码属于此国家","help_en":"of numbers without + or 00"}';
comment on column toll_guard.calls_hour is '{"zh":"每小时呼叫数","en":"Calls an hour","group":"limits","help_zh":"留空为不限；任意连续一小时","help_en":"empty: no limit; any hour, not the clock''s"}';
comment on column toll_guard.calls_day is '{"zh":"每日呼叫数","en":"Calls a day","group":"limits"}';
comment on column toll_guard.spend_hour is '{"zh":"每小时话费","en":"Money an hour","group":"limits","help_zh":"按分机费率计算，通话中即时累计","help_en":"by the extension rates; counted while calls go on"}';
comment on column toll_guard.spend_day is '{"zh":"每日话费","en":"Money a day","group":"limits"}';
comment on column toll_guard.abroad is '{"zh":"同时国际呼叫","en":"Calls abroad at once","group":"limits","help_zh":"0：不能呼叫国外","help_en":"0: none"}';
comment on column toll_guard.max_call_s is '{"zh":"最长通话","en":"Longest call","unit":"s","group":"limits","list":false,"help_zh":"到时挂断；留空为不限","help_en":"cut after that; empty: no limit"}';
comment on column toll_guard.night_from is '{"zh":"夜间开始","en":"Night begins","group":"night","list":false,"help_zh":"按团队时区","help_en":"in the tenant''s time zone"}';
comment on column toll_guard.night_until is '{"zh":"夜间结束","en":"Night ends","group":"night","list":false}';
comment on column toll_guard.night_calls_hour is '{"zh":"夜间每小时呼叫数","en":"Calls an hour at night","group":"night","list":false,"help_zh":"留空：同白天","help_en":"empty: as by day"}';
comment on column toll_guard.night_spend_hour is '{"zh":"夜间每小时话费","en":"Money an hour at night","group":"night","list":false}';
comment on column toll_guard.night_abroad is '{"zh":"夜间同时国际呼叫","en":"Calls abroad at once at night","group":"night","list":false}';
comment on column toll_guard.warn_percent is '{"zh":"预警","en":"First alarm at","unit":"%","group":"alarm","list":false,"help_zh":"达到限额的百分比；0 为不预警","help_en":"of a limit; 0: at the limit only"}';
comment on column toll_guard.at_limit is '{"zh":"达到限额时","en":"At the limit","group":"alarm","enum":{"bar":{"zh":"拒绝新呼叫","en":"Refuse new calls"},"alarm":{"zh":"仅告警","en":"Alarm only"}}}';
comment on column toll_guard.emails is '{"zh":"告警邮箱","en":"E-mails of alarms","group":"alarm","list":false}';
call zj_searchable('toll_guard');

comment on table toll_use is '{"resource":"toll-uses","zh":"话费用量","en":"Toll guard usage","scope":"tenant","create":false,"update":false,"delete":false,"import":false,"sort":"-id","search":["edge"],"menu":"pbx","order":58}';
comment on column toll_use.edge is '{"zh":"接入节点","en":"Edge"}';
comment on column toll_use.subject is '{"zh":"对象","en":"Of","enum":{"tenant":{"zh":"整个团队","en":"The whole tenant"},"extension":{"zh":"分机","en":"Extension"},"account":{"zh":"账号","en":"Account"}}}';
comment on column toll_use.subject_id is '{"zh":"对象编号","en":"Its id","detail":true}';
comment on column toll_use.extension_id is '{"zh":"分机","en":"Extension","ref":"extensions"}';
comment on column toll_use.account_id is '{"zh":"账号","en":"Account","ref":"accounts"}';
comment on column toll_use.calls_hour is '{"zh":"一小时呼叫数","en":"Calls in an hour"}';
comment on column toll_use.calls_day is '{"zh":"一日呼叫数","en":"Calls in a day"}';
comment on column toll_use.spend_hour is '{"zh":"一小时话费","en":"Money in an hour"}';
comment on column toll_use.spend_day is '{"zh":"一日话费","en":"Money in a day"}';
comment on column toll_use.abroad is '{"zh":"国际通话中","en":"Calls abroad now"}';
comment on column toll_use.slots is '{"zh":"时段","en":"Slots","hidden":true}';
call zj_searchable('toll_use');

comment on table toll_alarm is '{"resource":"toll-alarms","zh":"话费告警","en":"Toll guard alarm","scope":"tenant","label":"guard","create":false,"update":false,"delete":false,"import":false,"sort":"-id","search":["guard"],"menu":"pbx","order":58}';
comment on column toll_alarm.guard_id is '{"zh":"话费防盗编号","en":"Guard","detail":true}';
comment on column toll_alarm.guard is '{"zh":"话费防盗","en":"Guard"}';
comment on column toll_alarm.subject is '{"zh":"对象","en":"Of","enum":{"tenant":{"zh":"整个团队","en":"The whole tenant"},"extension":{"zh":"分机","en":"Extension"},"account":{"zh":"账号","en":"Account"}}}';
comment on column toll_alarm.extension_id is '{"zh":"分机","en":"Extension","ref":"extensions"}';
comment on column toll_alarm.account_id is '{"zh":"账号","en":"Account","ref":"accounts"}';
comment on column toll_alarm.measure is '{"zh":"项目","en":"What","enum":{"calls_hour":{"zh":"每小时呼叫数","en":"Calls an hour"},"calls_day":{"zh":"每日呼叫数","en":"Calls a day"},"spend_hour":{"zh":"每小时话费","en":"Money an hour"},"spend_day":{"zh":"每日话费","en":"Money a day"},"abroad":{"zh":"同时国际呼叫","en":"Calls abroad at once"}}}';
comment on column toll_alarm.percent is '{"zh":"百分比","en":"Per cent","unit":"%"}';
comment on column toll_alarm.used is '{"zh":"已用","en":"Used"}';
comment on column toll_alarm.most is '{"zh":"限额","en":"Limit"}';
comment on column toll_alarm.edge is '{"zh":"接入节点","en":"Edge","detail":true}';
comment on column toll_alarm.at is '{"zh":"时间","en":"At","filter":true}';
call zj_searchable('toll_alarm');
reset role;
