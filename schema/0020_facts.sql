-- Call facts (docs/call-facts.md): written once by acd through its spool, never changed. Partitioned by month of the
-- call's UUIDv7, whose time is the call's start. Ids are made where the fact is born; a replay writes nothing twice.
set search_path = zj, public;
set role zj_owner;

create table call (
    tenant_id     uuid not null,
    id            uuid not null,
    direction     text not null check (direction in ('in', 'out', 'internal')),
    kind          text not null default 'manual' check (kind in ('manual', 'queue', 'callback', 'preview', 'predictive', 'ivr_out', 'notice', 'test')),
    caller        text not null default '',
    callee        text not null default '',
    caller_e164   text,
    callee_e164   text,
    did           text,
    trunk_id      uuid,
    customer_ref  text,
    campaign_ref  text,
    started_at    timestamptz not null,
    answered_at   timestamptz,
    ended_at      timestamptz not null,
    hangup_by     text check (hangup_by in ('customer', 'agent', 'system')),
    hangup_cause  integer,
    hangup_reason text,
    result        text not null check (result in ('answered', 'abandoned_ivr', 'abandoned_queue', 'no_answer', 'busy', 'rejected', 'unreachable', 'barred', 'over_limit', 'failed')),
    first_queue   uuid,
    last_agent    uuid,
    related_call  uuid,
    relation      text check (relation in ('transfer', 'callback', 'consult', 'cross-tenant')),
    primary key (tenant_id, id)
) partition by range (id);

create table call_leg (
    tenant_id      uuid not null,
    call_id        uuid not null,
    id             uuid not null,
    role           text not null check (role in ('customer', 'agent', 'consulted', 'external', 'supervisor', 'room')),
    sip_call_id    text,
    agent_id       uuid,
    org_id         uuid,
    group_id       uuid,
    extension      text,
    trunk_id       uuid,
    contact        text,
    offered_at     timestamptz not null,
    ringing_at     timestamptz,
    early_media_at timestamptz,
    answered_at    timestamptz,
    ended_at       timestamptz not null,
    sip_code       integer,
    cause          integer,
    attempts       jsonb not null default '[]',
    codec          text,
    relay          text,
    loss_rx        real, loss_tx real, jitter_ms_rx real, jitter_ms_tx real, rtt_ms real, mos_rx real, mos_tx real,
    primary key (tenant_id, call_id, id)
) partition by range (call_id);

create table call_segment (
    tenant_id uuid not null,
    call_id   uuid not null,
    id        uuid not null,
    room      uuid,
    kind      text not null check (kind in ('talk', 'hold', 'consult', 'conference', 'listen', 'whisper', 'barge', 'ivr', 'queue', 'park', 'voicemail', 'ring')),
    legs      uuid[] not null,
    from_at   timestamptz not null,
    to_at     timestamptz not null check (to_at >= from_at),
    began_by  text,
    ended_by  text,
    primary key (tenant_id, call_id, id)
) partition by range (call_id);

create table queue_visit (
    tenant_id   uuid not null,
    call_id     uuid not null,
    id          uuid not null,
    queue_id    uuid not null,
    entered_at  timestamptz not null,
    left_at     timestamptz not null,
    priority    integer not null default 0,
    vip         integer not null default 0,
    position_in integer not null,
    waiting_in  integer not null,
    agents_in   integer not null,
    idle_in     integer not null,
    left_how    text not null check (left_how in ('answered', 'abandoned', 'timeout', 'overflow_full', 'no_agent', 'key', 'callback', 'redirected', 'transferred', 'failed')),
    agent_id    uuid,
    why         jsonb,
    primary key (tenant_id, call_id, id)
) partition by range (call_id);

create table offer (
    tenant_id  uuid not null,
    call_id    uuid not null,
    id         uuid not null,
    visit_id   uuid not null,
    agent_id   uuid not null,
    leg_id     uuid not null,
    offered_at timestamptz not null,
    ringing_at timestamptz,
    ended_at   timestamptz not null,
    outcome    text not null check (outcome in ('answered', 'no_answer', 'rejected', 'busy', 'unreachable', 'cancelled')),
    primary key (tenant_id, call_id, id)
) partition by range (call_id);

create table ivr_visit (
    tenant_id    uuid not null,
    call_id      uuid not null,
    id           uuid not null,
    flow_id      uuid not null,
    flow_version integer,
    entered_at   timestamptz not null,
    left_at      timestamptz not null,
    left_how     text not null,
    path         jsonb not null default '[]',
    variables    jsonb not null default '{}',
    primary key (tenant_id, call_id, id)
) partition by range (call_id);

-- Agent and membership intervals have no call of their own: their id is a UUIDv7 of the interval's start.
create table agent_state (
    tenant_id  uuid not null,
    id         uuid not null,
    agent_id   uuid not null,
    state      text not null check (state in ('signed_out', 'idle', 'reserved', 'ringing', 'talking', 'after_call', 'busy', 'outbound_only', 'offline')),
    reason     text,
    from_at    timestamptz not null,
    to_at      timestamptz not null check (to_at >= from_at),
    call_id    uuid,
    queue_id   uuid,
    cause      text not null check (cause in ('own', 'system', 'supervisor', 'connection')),
    by_account uuid,
    primary key (tenant_id, id)
) partition by range (id);

create table membership_state (
    tenant_id  uuid not null,
    id         uuid not null,
    agent_id   uuid not null,
    queue_id   uuid,
    group_id   uuid,
    state      text not null check (state in ('active', 'paused')),
    from_at    timestamptz not null,
    to_at      timestamptz not null check (to_at >= from_at),
    by_account uuid,
    primary key (tenant_id, id),
    check (num_nonnulls(queue_id, group_id) = 1)
) partition by range (id);

create table recording (
    tenant_id  uuid not null,
    call_id    uuid not null,
    id         uuid not null,
    leg_id     uuid,
    segment_id uuid,
    from_at    timestamptz not null,
    to_at      timestamptz not null,
    pauses     jsonb not null default '[]',
    store      text not null default 'local',
    node       text not null,
    path       text not null,
    format     text not null default 'wav',
    channels   integer not null default 2,
    bytes      bigint not null,
    sha256     text,
    key_id     text,
    primary key (tenant_id, call_id, id)
) partition by range (call_id);

-- The history of events, for readers that come back later than Redis keeps them.
create table event (
    tenant_id uuid not null,
    id        uuid not null,
    epoch     bigint not null,
    seq       bigint not null,
    at        timestamptz not null,
    type      text not null,
    data      jsonb not null,
    primary key (tenant_id, id)
) partition by range (id);

-- What is learnt or changes later has tables of its own.
create table call_tag (
    tenant_id uuid not null, call_id uuid not null, id uuid not null default zj_uuid7(),
    tag text not null check (char_length(tag) between 1 and 100), by_account uuid, created_at timestamptz not null default now(),
    primary key (tenant_id, call_id, id)
);
create table call_charge (
    tenant_id uuid not null, call_id uuid not null, id uuid not null default zj_uuid7(),
    rate_id uuid, amount numeric(18,6) not null, currency text not null check (currency ~ '^[A-Z]{3}$'), created_at timestamptz not null default now(),
    primary key (tenant_id, call_id, id)
);
create table call_customer (
    tenant_id uuid not null, call_id uuid not null, id uuid not null default zj_uuid7(),
    customer_ref text not null, by_account uuid, created_at timestamptz not null default now(),
    primary key (tenant_id, call_id, id)
);
create table recording_life (
    tenant_id uuid not null, call_id uuid not null, id uuid not null default zj_uuid7(), recording_id uuid not null,
    what text not null check (what in ('moved', 'deleted', 'locked', 'unlocked', 'downloaded', 'annotated')),
    detail jsonb not null default '{}', by_account uuid, created_at timestamptz not null default now(),
    primary key (tenant_id, call_id, id)
);

do $$
declare t text;
begin
    foreach t in array array['call', 'call_leg', 'call_segment', 'queue_visit', 'offer', 'ivr_visit', 'agent_state', 'membership_state', 'recording', 'event'] loop
        call zj_tenant_table(t::regclass, 'none', facts => true);
        call zj_appender(t::regclass, 'zj_acd');
    end loop;
    foreach t in array array['call_tag', 'call_charge', 'call_customer', 'recording_life'] loop
        call zj_tenant_table(t::regclass, 'none');
    end loop;
end $$;
create index on call (tenant_id, started_at desc);
create index on call (tenant_id, caller, started_at desc);
create index on agent_state (tenant_id, agent_id, from_at desc);
create index on recording (tenant_id, id);
create index on event (tenant_id, epoch, seq);

-- One partition a month for every partitioned table, from last month to `ahead` months from now; idempotent. The
-- default partition catches what a wrong clock would lose.
create procedure zj_partitions(ahead integer default 2) language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    t record;
    m date;
    part text;
begin
    for t in select c.relname from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
              join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'zj' loop
        part := t.relname || '_default';
        if to_regclass('zj.' || part) is null then execute format('create table %I partition of %I default', part, t.relname); end if;
        for i in -1 .. ahead loop
            m := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => i))::date;
            part := t.relname || to_char(m, '_YYYYMM');
            if to_regclass('zj.' || part) is null then
                execute format('create table %I partition of %I for values from (%L) to (%L)', part, t.relname,
                    zj_uuid7_floor(m::timestamp at time zone 'UTC'), zj_uuid7_floor((m + interval '1 month') at time zone 'UTC'));
            end if;
        end loop;
    end loop;
end $$;
revoke all on procedure zj_partitions from public;
grant execute on procedure zj_partitions to zj_acd;
call zj_partitions();

comment on table call is '{"resource":"calls","zh":"通话","en":"Call","scope":"tenant","create":false,"update":false,"delete":false,"sort":"-id","include":{"legs":"call_leg","segments":"call_segment","visits":"queue_visit","offers":"offer","ivr_visits":"ivr_visit","recordings":"recording"},"permissions":{"control":{"zh":"控制通话","en":"Control calls"}}}';
comment on column call.direction is '{"zh":"方向","en":"Direction"}';
comment on column call.kind is '{"zh":"类别","en":"Kind"}';
comment on column call.caller is '{"zh":"主叫","en":"Caller"}';
comment on column call.callee is '{"zh":"被叫","en":"Callee"}';
comment on column call.caller_e164 is '{"zh":"主叫 E.164","en":"Caller, E.164"}';
comment on column call.callee_e164 is '{"zh":"被叫 E.164","en":"Callee, E.164"}';
comment on column call.did is '{"zh":"接入号","en":"DID"}';
comment on column call.trunk_id is '{"zh":"中继","en":"Trunk","ref":"trunks"}';
comment on column call.customer_ref is '{"zh":"客户","en":"Customer"}';
comment on column call.campaign_ref is '{"zh":"外呼任务","en":"Campaign"}';
comment on column call.started_at is '{"zh":"开始时间","en":"Started"}';
comment on column call.answered_at is '{"zh":"应答时间","en":"Answered"}';
comment on column call.ended_at is '{"zh":"结束时间","en":"Ended"}';
comment on column call.hangup_by is '{"zh":"挂断方","en":"Hung up by"}';
comment on column call.hangup_cause is '{"zh":"挂断原因码","en":"Cause (Q.850)"}';
comment on column call.hangup_reason is '{"zh":"挂断原因","en":"Reason"}';
comment on column call.result is '{"zh":"结果","en":"Result"}';
comment on column call.first_queue is '{"zh":"首个队列","en":"First queue","ref":"queues"}';
comment on column call.last_agent is '{"zh":"最后坐席","en":"Last agent","ref":"agents"}';
comment on column call.related_call is '{"zh":"关联通话","en":"Related call","ref":"calls"}';
comment on column call.relation is '{"zh":"关联方式","en":"Relation"}';
comment on table recording is '{"resource":"recordings","zh":"录音","en":"Recording","scope":"tenant","create":false,"update":false,"delete":false,"sort":"-id","permissions":{"listen":{"zh":"收听录音","en":"Listen to recordings"}}}';
comment on column recording.call_id is '{"zh":"通话","en":"Call","ref":"calls"}';
comment on column recording.leg_id is '{"zh":"线路","en":"Leg"}';
comment on column recording.segment_id is '{"zh":"通话段","en":"Segment"}';
comment on column recording.from_at is '{"zh":"开始时间","en":"From"}';
comment on column recording.to_at is '{"zh":"结束时间","en":"To"}';
comment on column recording.pauses is '{"zh":"暂停","en":"Pauses"}';
comment on column recording.store is '{"zh":"存储","en":"Store","hidden":true}';
comment on column recording.node is '{"zh":"节点","en":"Node","hidden":true}';
comment on column recording.path is '{"zh":"路径","en":"Path","hidden":true}';
comment on column recording.format is '{"zh":"格式","en":"Format"}';
comment on column recording.channels is '{"zh":"声道","en":"Channels"}';
comment on column recording.bytes is '{"zh":"大小","en":"Bytes"}';
comment on column recording.sha256 is '{"zh":"校验","en":"SHA-256"}';
comment on column recording.key_id is '{"zh":"密钥","en":"Key","hidden":true}';
reset role;
