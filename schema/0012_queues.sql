-- Agents, their groups, queues and who serves them.
set search_path = zj, public;
set role zj_owner;

create table agent_group (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

create table agent (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    number       text not null check (number ~ '^[0-9]{1,16}$'),
    name         text not null check (char_length(name) between 1 and 100),
    account_id   uuid,
    extension_id uuid,
    group_id     uuid,
    enabled      boolean not null default true,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number),
    unique (tenant_id, account_id),
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete set null (account_id),
    foreign key (tenant_id, extension_id) references extension (tenant_id, id) on delete set null (extension_id),
    foreign key (tenant_id, group_id) references agent_group (tenant_id, id) on delete set null (group_id)
);

create table busy_reason (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 50),
    limit_s     integer not null default 0 check (limit_s between 0 and 86400),
    counts_work boolean not null default false,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

create table prompt (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (name ~ '^[A-Za-z0-9._-]{1,100}$'),
    language    text not null default 'zh' check (language in ('zh', 'en')),
    path        text,
    bytes       bigint,
    duration_ms integer,
    sha256      text,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name, language)
);

create table flow (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    document    text not null check (octet_length(document) between 1 and 1048576),
    version     integer not null default 1,
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
create function flow_version() returns trigger language plpgsql as $$
begin
    if new.document is distinct from old.document then new.version := old.version + 1; else new.version := old.version; end if;
    return new;
end $$;
create trigger version before update on flow for each row execute function flow_version();

create table queue (
    tenant_id         uuid not null references tenant (id) on delete cascade,
    id                uuid not null default zj_uuid7(),
    number            text not null check (number ~ '^[0-9]{1,16}$'),
    name              text not null check (char_length(name) between 1 and 100),
    strategy          text not null default 'longest_idle' check (strategy in ('longest_idle', 'round_robin', 'fewest_calls')),
    priority          integer not null default 0 check (priority between 0 and 1000),
    max_length        integer not null default 1000 check (max_length between 0 and 100000),
    max_wait_s        integer not null default 300 check (max_wait_s between 0 and 86400),
    ring_timeout_s    integer not null default 20 check (ring_timeout_s between 1 and 300),
    retry_delay_s     integer not null default 5 check (retry_delay_s between 0 and 300),
    wrapup_s          integer not null default 10 check (wrapup_s between 0 and 3600),
    announce_s        integer not null default 30 check (announce_s between 0 and 3600),
    announce_position boolean not null default true,
    service_level_s   integer not null default 15 check (service_level_s between 1 and 3600),
    record            boolean not null default true,
    music_id          uuid,
    overflow_kind     text not null default 'hangup' check (overflow_kind in ('hangup', 'queue', 'extension')),
    overflow_id       uuid,
    enabled           boolean not null default true,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number),
    foreign key (tenant_id, music_id) references prompt (tenant_id, id) on delete set null (music_id),
    constraint queue_overflow check ((overflow_kind = 'hangup') = (overflow_id is null))
);
create function queue_overflow_exists() returns trigger language plpgsql as $$
begin
    if not (case new.overflow_kind
        when 'hangup' then true
        when 'queue' then exists (select from queue q where q.tenant_id = new.tenant_id and q.id = new.overflow_id and q.id <> new.id)
        when 'extension' then exists (select from extension e where e.tenant_id = new.tenant_id and e.id = new.overflow_id)
    end) then
        raise foreign_key_violation using message = format('no other %s with id %s in this tenant', new.overflow_kind, new.overflow_id),
            column = 'overflow_id', constraint = 'queue_overflow_exists';
    end if;
    return new;
end $$;
create trigger overflow before insert or update on queue for each row execute function queue_overflow_exists();

create table queue_agent (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    queue_id    uuid not null,
    agent_id    uuid not null,
    skill       integer not null default 5 check (skill between 0 and 9),
    priority    integer not null default 0 check (priority between 0 and 1000),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, queue_id, agent_id),
    foreign key (tenant_id, queue_id) references queue (tenant_id, id) on delete cascade,
    foreign key (tenant_id, agent_id) references agent (tenant_id, id) on delete cascade
);
create index on queue_agent (tenant_id, agent_id);

do $$
declare t text;
begin
    foreach t in array array['agent_group', 'agent', 'busy_reason', 'prompt', 'flow', 'queue', 'queue_agent'] loop
        call zj_tenant_table(t::regclass, 'none');
        call zj_live(t::regclass);
        if t <> 'flow' then call zj_reader(t::regclass, 'zj_acd'); end if;
    end loop;
end $$;
call zj_reader('flow', 'zj_acd', 'tenant_id, id, name, version, enabled');
call zj_reader('flow', 'zj_ivr'); call zj_reader('prompt', 'zj_ivr'); call zj_reader('queue', 'zj_ivr', 'tenant_id, id, number, name, enabled');
call zj_reader('agent', 'zj_api');
call zj_reader('queue', 'zj_owner'); call zj_reader('flow', 'zj_owner'); -- for did_destination()

comment on table agent_group is '{"resource":"agent-groups","zh":"坐席组","en":"Agent group","scope":"tenant","label":"name"}';
comment on column agent_group.name is '{"zh":"名称","en":"Name"}';
comment on table agent is '{"resource":"agents","zh":"坐席","en":"Agent","scope":"tenant","label":"name","permissions":{"control":{"zh":"控制坐席状态","en":"Control other agents"}}}';
comment on column agent.number is '{"zh":"工号","en":"Agent number"}';
comment on column agent.name is '{"zh":"姓名","en":"Name"}';
comment on column agent.account_id is '{"zh":"账号","en":"Account"}';
comment on column agent.extension_id is '{"zh":"分机","en":"Extension"}';
comment on column agent.group_id is '{"zh":"坐席组","en":"Group"}';
comment on column agent.enabled is '{"zh":"启用","en":"Enabled"}';
comment on table busy_reason is '{"resource":"busy-reasons","zh":"示忙原因","en":"Busy reason","scope":"tenant","label":"name"}';
comment on column busy_reason.name is '{"zh":"名称","en":"Name"}';
comment on column busy_reason.limit_s is '{"zh":"时限(秒)","en":"Limit (s)","help_zh":"0 为不限","help_en":"0: none"}';
comment on column busy_reason.counts_work is '{"zh":"计入工作时间","en":"Counts as work"}';
comment on table prompt is '{"resource":"prompts","zh":"语音","en":"Prompt","scope":"tenant","label":"name","upload":"audio"}';
comment on column prompt.name is '{"zh":"名称","en":"Name"}';
comment on column prompt.language is '{"zh":"语言","en":"Language"}';
comment on column prompt.path is '{"zh":"路径","en":"Path","hidden":true}';
comment on column prompt.bytes is '{"zh":"大小","en":"Bytes","readonly":true}';
comment on column prompt.duration_ms is '{"zh":"时长(毫秒)","en":"Duration (ms)","readonly":true}';
comment on column prompt.sha256 is '{"zh":"校验","en":"SHA-256","readonly":true}';
comment on table flow is '{"resource":"flows","zh":"IVR流程","en":"Flow","scope":"tenant","label":"name"}';
comment on column flow.name is '{"zh":"名称","en":"Name"}';
comment on column flow.document is '{"zh":"VoiceXML 文档","en":"VoiceXML document","check":"vxml","widget":"code","detail":true,"media":"application/voicexml+xml"}';
comment on column flow.version is '{"zh":"版本","en":"Version","readonly":true}';
comment on column flow.enabled is '{"zh":"启用","en":"Enabled"}';
comment on table queue is '{"resource":"queues","zh":"队列","en":"Queue","scope":"tenant","label":"name"}';
comment on column queue.number is '{"zh":"队列号","en":"Number"}';
comment on column queue.name is '{"zh":"名称","en":"Name"}';
comment on column queue.strategy is '{"zh":"分配策略","en":"Strategy"}';
comment on column queue.priority is '{"zh":"优先级","en":"Priority","help_zh":"数字大者先","help_en":"larger first"}';
comment on column queue.max_length is '{"zh":"最大排队数","en":"Waiting callers at most"}';
comment on column queue.max_wait_s is '{"zh":"最长等待(秒)","en":"Longest wait (s)","help_zh":"0 为不限","help_en":"0: for ever"}';
comment on column queue.ring_timeout_s is '{"zh":"振铃时长(秒)","en":"Ring time (s)"}';
comment on column queue.retry_delay_s is '{"zh":"再次派发间隔(秒)","en":"Pause after a missed offer (s)"}';
comment on column queue.wrapup_s is '{"zh":"话后处理(秒)","en":"After-call work (s)"}';
comment on column queue.announce_s is '{"zh":"播报间隔(秒)","en":"Announce every (s)","help_zh":"0 为不播报","help_en":"0: never"}';
comment on column queue.announce_position is '{"zh":"播报排队位置","en":"Announce the position"}';
comment on column queue.service_level_s is '{"zh":"服务水平(秒)","en":"Service level (s)"}';
comment on column queue.record is '{"zh":"录音","en":"Record"}';
comment on column queue.music_id is '{"zh":"等待音乐","en":"Music on hold"}';
comment on column queue.overflow_kind is '{"zh":"溢出去向","en":"Overflow to"}';
comment on column queue.overflow_id is '{"zh":"溢出目标","en":"Overflow target","refs":{"by":"overflow_kind","queue":"queues","extension":"extensions"}}';
comment on column queue.enabled is '{"zh":"启用","en":"Enabled"}';
comment on table queue_agent is '{"resource":"queue-agents","zh":"队列坐席","en":"Queue member","scope":"tenant"}';
comment on column queue_agent.queue_id is '{"zh":"队列","en":"Queue"}';
comment on column queue_agent.agent_id is '{"zh":"坐席","en":"Agent"}';
comment on column queue_agent.skill is '{"zh":"技能值","en":"Skill"}';
comment on column queue_agent.priority is '{"zh":"优先级","en":"Priority"}';
reset role;
