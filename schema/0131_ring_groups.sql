-- Ring groups: internal extensions as one object. Works like a queue, except that nobody signs in.
set search_path = zj, public;
set role zj_owner;

create table ring_group (
    tenant_id          uuid not null references tenant (id) on delete cascade,
    id                 uuid not null default zj_uuid7(),
    name               text not null check (char_length(name) between 1 and 100),
    number             text check (number ~ '^[0-9]{1,16}$'),
    strategy           text not null default 'all' check (strategy in ('all', 'sequential', 'round_robin', 'idle', 'incremental')),
    ring_time_s        integer not null default 60 check (ring_time_s between 5 and 600),
    turn_s             integer not null default 15 check (turn_s between 3 and 300),
    recent_first       boolean not null default false,
    music_id           uuid,
    prompt_id          uuid,
    number_prefix      text not null default '' check (number_prefix ~ '^[0-9]{0,16}$'),
    name_prefix        text not null default '' check (char_length(name_prefix) <= 32),
    destination_kind   text check (destination_kind in ('queue', 'ivr', 'extension', 'ring_group', 'conference', 'voicemail', 'fax', 'account', 'application', 'external', 'hangup', 'prompt')),
    destination_id     uuid,
    destination_number text check (destination_number ~ '^\+?[0-9*#]{1,32}$'),
    enabled            boolean not null default true,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    foreign key (tenant_id, music_id) references prompt (tenant_id, id) on delete set null (music_id),
    foreign key (tenant_id, prompt_id) references prompt (tenant_id, id) on delete set null (prompt_id)
);
call zj_tenant_table('ring_group');
call zj_live('ring_group');
call zj_reader('ring_group', 'zj_acd');
call zj_audited('ring_group');
call zj_recyclable('ring_group');
call zj_internal_number('ring_group', 'ring_group');
call zj_destination('ring_group', 'destination_kind', 'destination_id', 'destination_number');
create index on ring_group (tenant_id, music_id);
create index on ring_group (tenant_id, prompt_id);
create index on ring_group (tenant_id, destination_id);

-- The order of ringing: higher priority first, then position, then as they were added. rings and answers follow from the facts below.
create table ring_group_member (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    group_id     uuid not null,
    extension_id uuid not null,
    priority     integer not null default 5 check (priority between 0 and 9),
    position     integer not null default 0 check (position between 0 and 10000),
    rings        bigint not null default 0,
    answers      bigint not null default 0,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, group_id, extension_id),
    foreign key (tenant_id, group_id) references ring_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, extension_id) references extension (tenant_id, id) on delete cascade
);
call zj_tenant_table('ring_group_member');
call zj_audited('ring_group_member');
call zj_recyclable('ring_group_member');
call zj_reader('ring_group_member', 'zj_acd');
create index on ring_group_member (tenant_id, extension_id);
create index on ring_group_member (tenant_id, rings);
create index on ring_group_member (tenant_id, answers);
revoke insert, update on ring_group_member from zj_tenant;
grant insert (tenant_id, id, group_id, extension_id, priority, position), update (group_id, extension_id, priority, position) on ring_group_member to zj_tenant;
-- Live, but not for the counters: every ringing would be a change of the configuration.
create function ring_group_member_change() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into zj_change (table_name, tenant_id, id, op) values (tg_table_name, coalesce(new.tenant_id, old.tenant_id), coalesce(new.id, old.id), lower(left(tg_op, 1))::"char");
    perform pg_notify('zj_config', '');
    return null;
end $$;
create trigger live_id after insert or delete on ring_group_member for each row execute function ring_group_member_change();
create trigger live_u after update of group_id, extension_id, priority, position on ring_group_member for each row execute function ring_group_member_change();

-- The fact that a member's phone was rung for a call of a group.
create table ring (
    tenant_id    uuid not null,
    call_id      uuid not null,
    id           uuid not null,
    group_id     uuid not null,
    extension_id uuid not null,
    leg_id       uuid not null,
    offered_at   timestamptz not null,
    ringing_at   timestamptz,
    ended_at     timestamptz not null,
    outcome      text not null check (outcome in ('answered', 'no_answer', 'rejected', 'busy', 'unreachable', 'cancelled')),
    primary key (tenant_id, call_id, id)
) partition by range (call_id);
call zj_tenant_table('ring', facts => true);
call zj_appender('ring', 'zj_acd');
create index on ring (tenant_id, group_id, offered_at desc);
create index on ring (tenant_id, offered_at desc, id desc);
create index on ring (tenant_id, id desc);
create function ring_count() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update ring_group_member m set rings = m.rings + 1, answers = m.answers + (new.outcome = 'answered')::int
     where m.tenant_id = new.tenant_id and m.group_id = new.group_id and m.extension_id = new.extension_id;
    return null;
end $$;
create trigger counted after insert on ring for each row execute function ring_count();
call zj_partitions();

comment on table ring_group is '{"resource":"ring-groups","zh":"振铃组","en":"Ring group","scope":"tenant","label":"name","search":["name","number"],"menu":"pbx","order":20,"icon":"bell"}';
comment on column ring_group.name is '{"zh":"振铃组名称","en":"Name"}';
comment on column ring_group.number is '{"zh":"内线号码","en":"Internal number"}';
comment on column ring_group.strategy is '{"zh":"振铃策略","en":"Strategy","enum":{"all":{"zh":"全部振铃","en":"All"},"sequential":{"zh":"顺序振铃","en":"Sequential"},"round_robin":{"zh":"轮询振铃","en":"Round robin"},"idle":{"zh":"空闲振铃","en":"Idle"},"incremental":{"zh":"递增振铃","en":"Incremental"}}}';
comment on column ring_group.ring_time_s is '{"zh":"振铃时间","en":"Rings for","unit":"s"}';
comment on column ring_group.turn_s is '{"zh":"每个分机振铃","en":"Each turn","unit":"s","list":false,"help_zh":"顺序、轮询、递增振铃时，多久后轮到下一个","help_en":"sequential, round robin, incremental: after how long the next one''s turn comes"}';
comment on column ring_group.recent_first is '{"zh":"最近通话优先","en":"Recent call first","list":false,"help_zh":"30 天内与该主叫通过话的分机先振铃","help_en":"the member who talked with this caller in the last 30 days rings first"}';
comment on column ring_group.music_id is '{"zh":"等待音乐","en":"Waiting music"}';
comment on column ring_group.prompt_id is '{"zh":"呼入语音","en":"Incoming prompt","list":false}';
comment on column ring_group.number_prefix is '{"zh":"增加主叫号码前缀","en":"Caller number prefix","list":false}';
comment on column ring_group.name_prefix is '{"zh":"增加主叫名称前缀","en":"Caller name prefix","list":false}';
comment on column ring_group.destination_kind is '{"zh":"失败转向","en":"When nobody answers","list":false,"enum":{"queue":{"zh":"队列","en":"Queue"},"ivr":{"zh":"电脑话务","en":"IVR"},"extension":{"zh":"分机","en":"Extension"},"ring_group":{"zh":"振铃组","en":"Ring group"},"conference":{"zh":"会议室","en":"Conference room"},"voicemail":{"zh":"语音邮箱","en":"Voicemail"},"fax":{"zh":"传真","en":"Fax"},"account":{"zh":"账号","en":"Account"},"application":{"zh":"应用","en":"Application"},"external":{"zh":"外线","en":"Outside number"},"hangup":{"zh":"挂机","en":"Hang up"},"prompt":{"zh":"语音","en":"Prompt"}}}';
comment on column ring_group.destination_id is '{"zh":"失败转向目标","en":"Target","list":false,"refs":{"by":"destination_kind","queue":"queues","ivr":"flows","extension":"extensions","ring_group":"ring-groups","conference":"rooms","voicemail":"voicemail-boxes","fax":"fax-devices","account":"accounts","application":"applications","prompt":"prompts"}}';
comment on column ring_group.destination_number is '{"zh":"失败转向号码","en":"Outside number","list":false,"when":{"field":"destination_kind","in":["external"]}}';
comment on column ring_group.enabled is '{"zh":"启用","en":"Enabled"}';
comment on table ring_group_member is '{"resource":"ring-group-members","zh":"振铃组分机","en":"Ring group member","scope":"tenant","label":"extension_id","sort":"group_id,-priority,position","menu":"pbx","order":21}';
comment on column ring_group_member.group_id is '{"zh":"振铃组名称","en":"Ring group","filter":true}';
comment on column ring_group_member.extension_id is '{"zh":"设备名称","en":"Extension","filter":true}';
comment on column ring_group_member.priority is '{"zh":"优先级","en":"Priority","help_zh":"0–9，大者先；相同时按顺序","help_en":"0 to 9, larger first; equal ones by position"}';
comment on column ring_group_member.position is '{"zh":"顺序","en":"Position","help_zh":"小者先；相同时按加入先后","help_en":"smaller first; equal ones as they were added"}';
comment on column ring_group_member.rings is '{"zh":"振铃次数","en":"Rung","readonly":true,"filter":true,"audit":false}';
comment on column ring_group_member.answers is '{"zh":"应答次数","en":"Answered","readonly":true,"filter":true,"audit":false}';
comment on table ring is '{"resource":"rings","zh":"振铃记录","en":"Rings of groups","scope":"tenant","create":false,"update":false,"delete":false,"sort":"-offered_at","menu":"reports","order":31,"big":true}';
comment on column ring.call_id is '{"zh":"通话","en":"Call"}';
comment on column ring.group_id is '{"zh":"振铃组","en":"Ring group","ref":"ring-groups","filter":true}';
comment on column ring.extension_id is '{"zh":"分机","en":"Extension","ref":"extensions"}';
comment on column ring.leg_id is '{"zh":"话路","en":"Leg"}';
comment on column ring.offered_at is '{"zh":"呼叫时间","en":"Offered"}';
comment on column ring.ringing_at is '{"zh":"振铃时间","en":"Rang"}';
comment on column ring.ended_at is '{"zh":"结束时间","en":"Ended"}';
comment on column ring.outcome is '{"zh":"结果","en":"Outcome","enum":{"answered":{"zh":"应答","en":"Answered"},"no_answer":{"zh":"未应答","en":"Not answered"},"rejected":{"zh":"拒接","en":"Rejected"},"busy":{"zh":"忙","en":"Busy"},"unreachable":{"zh":"无法接通","en":"Not reachable"},"cancelled":{"zh":"取消","en":"Cancelled"}}}';
call zj_searchable('ring_group');
reset role;
