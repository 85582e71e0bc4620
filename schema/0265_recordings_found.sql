-- Recordings are found by the customer's name and number and by the kind of call; who listened says something about a place in one; what is taken away is written down.
set search_path = zj, public;
set role zj_owner;

alter table recording
    add column kind          text check (kind in ('manual', 'queue', 'callback', 'preview', 'predictive', 'ivr_out', 'notice', 'test')),
    add column customer_name text not null default '',
    add column number        text not null generated always as (case when direction = 'in' then caller else callee end) stored,
    add column call_type     text generated always as (case when direction = 'out' then case when kind in ('callback', 'predictive', 'ivr_out', 'notice') then 'auto' else 'manual' end else direction end) stored
                             check (call_type in ('in', 'auto', 'manual', 'internal'));
create index on recording (tenant_id, number);
create index on recording (tenant_id, customer_name);
create index on recording (tenant_id, call_type, from_at);

-- The name as it was: what the customer is called later is the customer's.
create function recording_named() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    far text := case when new.direction = 'in' then new.caller else new.callee end;
begin
    if new.customer_name = '' and far <> '' then
        new.customer_name := coalesce((select c.name from customer c where c.tenant_id = new.tenant_id and (c.phone = far or c.phone2 = far) order by c.id limit 1), '');
    end if;
    return new;
end $$;
create trigger named before insert on recording for each row execute function recording_named();

-- What somebody says about a place in a recording. Agent, time and number are the recording's, so that whom it concerns finds it without hearing it.
create table recording_annotation (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    recording_id uuid not null,
    call_id      uuid not null,
    account_id   uuid,
    author       text not null default '',
    agent_id     uuid,
    recorded_at  timestamptz not null,
    number       text not null default '',
    at_ms        integer check (at_ms between 0 and 604800000),
    text         text not null check (char_length(text) between 1 and 2000 and text ~ '[^[:space:]]'),
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index on recording_annotation (tenant_id, recording_id);
create index on recording_annotation (tenant_id, agent_id, id desc);
call zj_tenant_table('recording_annotation');
call zj_recyclable('recording_annotation');
call zj_audited('recording_annotation');
revoke update on recording_annotation from zj_tenant;
grant update (at_ms, text) on recording_annotation to zj_tenant;

-- Of a recording that the writer sees; not beyond its end.
create function recording_annotated() returns trigger language plpgsql set search_path = zj, pg_temp as $$
declare r record;
begin
    if current_setting('zj.restoring', true) = 'on' or new.tenant_id is distinct from zj_tenant() then return new; end if; -- the policy refuses what is another's
    select x.call_id, x.agent_id, x.from_at, x.to_at, x.number into r from recording x where x.tenant_id = new.tenant_id and x.id = new.recording_id;
    if not found then raise foreign_key_violation using message = 'there is no such recording', column = 'recording_id', constraint = 'recording_annotation_recording'; end if;
    if new.at_ms > extract(epoch from r.to_at - r.from_at) * 1000 then
        raise check_violation using message = 'the recording is shorter than that', column = 'at_ms', constraint = 'recording_annotation_at';
    end if;
    if tg_op = 'INSERT' then
        new.account_id := zj_account();
        new.author := coalesce((select coalesce(nullif(a.name, ''), a.username) from account a where a.tenant_id = new.tenant_id and a.id = new.account_id), ''); -- whom it concerns does not see his leader's account
        new.call_id := r.call_id;
        new.agent_id := r.agent_id;
        new.recorded_at := r.from_at;
        new.number := r.number;
    end if;
    return new;
end $$;
create trigger annotated before insert or update on recording_annotation for each row execute function recording_annotated();
create function recording_annotation_lived() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if coalesce(current_setting('zj.restoring', true), '') <> 'on' then
        insert into recording_life (tenant_id, call_id, recording_id, what, by_account) values (new.tenant_id, new.call_id, new.recording_id, 'annotated', zj_account());
    end if;
    return null;
end $$;
create trigger lived after insert on recording_annotation for each row execute function recording_annotation_lived();

-- Seen as its recording is; changed by who wrote it, and by who sees the whole tenant.
create policy scope on recording_annotation as restrictive to zj_tenant using ((select zj_scope_agents()) is null or account_id = (select zj_account()) or agent_id in (select unnest(zj_scope_agents())));
create policy own_u on recording_annotation as restrictive for update to zj_tenant using ((select zj_scope() is null) or account_id = (select zj_account()));
create policy own_d on recording_annotation as restrictive for delete to zj_tenant using ((select zj_scope() is null) or account_id = (select zj_account()));
create policy discarded on recording_annotation as restrictive to zj_tenant using (call_id not in (select zj_discarded()));
create policy bpo on recording_annotation as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));

-- A sound was taken away: the tenant's log says so, a recording's own log too. For whoever has just been let read the row.
create function zj_sound_taken(kind text, wanted uuid) returns boolean language plpgsql volatile security definer set search_path = zj, pg_temp as $$
begin
    if kind not in ('recordings', 'voicemails') then raise check_violation using message = 'no sounds are called so', column = 'kind', constraint = 'sound_kind'; end if;
    perform zj_audit_event('download', kind, wanted);
    insert into recording_life (tenant_id, call_id, recording_id, what, by_account)
    select r.tenant_id, r.call_id, r.id, 'downloaded', zj_account() from recording r where zj_sound_taken.kind = 'recordings' and r.tenant_id = zj_tenant() and r.id = wanted;
    return true;
end $$;
revoke all on function zj_sound_taken from public;
grant execute on function zj_sound_taken to zj_tenant;

comment on table recording is '{"resource":"recordings","zh":"录音","en":"Recording","scope":"tenant","create":false,"delete":false,"import":false,"sort":"-id","menu":"reports","order":20,"icon":"mic","big":true,"search":["number","customer_name"],"leader":{"can":["read","listen"],"menu":"leader"},"permissions":{"listen":{"zh":"收听录音","en":"Listen to recordings"}}}';
comment on column recording.from_at is '{"zh":"开始时间","en":"From","filter":true,"readonly":true,"order":1}';
comment on column recording.customer_name is '{"zh":"客户","en":"Customer","readonly":true,"filter":true,"order":2}';
comment on column recording.number is '{"zh":"号码","en":"Number","readonly":true,"filter":true,"mask":"phone","order":3}';
comment on column recording.queue_id is '{"zh":"队列","en":"Queue","ref":"queues","readonly":true,"filter":true,"order":4}';
comment on column recording.agent_id is '{"zh":"坐席","en":"Agent","ref":"agents","readonly":true,"filter":true,"order":5}';
comment on column recording.call_type is '{"zh":"呼叫类型","en":"Call type","readonly":true,"order":6,"enum":{"in":{"zh":"呼入","en":"Inbound"},"auto":{"zh":"自动外呼","en":"Automatic outbound"},"manual":{"zh":"手动外呼","en":"Manual outbound"},"internal":{"zh":"内部","en":"Internal"}}}';
comment on column recording.to_at is '{"zh":"结束时间","en":"To","readonly":true,"order":7}';
comment on column recording.direction is '{"zh":"方向","en":"Direction","readonly":true,"list":false,"order":7,"enum":{"in":{"zh":"呼入","en":"Inbound"},"out":{"zh":"呼出","en":"Outbound"},"internal":{"zh":"内部","en":"Internal"}}}';
comment on column recording.caller is '{"zh":"主叫","en":"Caller","readonly":true,"filter":true,"list":false,"mask":"phone","order":7}';
comment on column recording.callee is '{"zh":"被叫","en":"Callee","readonly":true,"filter":true,"list":false,"mask":"phone","order":7}';
comment on column recording.kind is '{"zh":"通话类别","en":"Kind of call","readonly":true,"detail":true,"enum":{"manual":{"zh":"手动","en":"Manual"},"queue":{"zh":"队列","en":"Queue"},"callback":{"zh":"回呼","en":"Callback"},"preview":{"zh":"预览外呼","en":"Preview"},"predictive":{"zh":"预测外呼","en":"Predictive"},"ivr_out":{"zh":"IVR外呼","en":"By a flow"},"notice":{"zh":"语音通知","en":"Notice"},"test":{"zh":"测试","en":"Test"}}}';
comment on column recording.note is '{"zh":"备注","en":"Note","widget":"textarea","order":9}';
call zj_searchable('recording');

comment on table recording_annotation is '{"resource":"recording-annotations","zh":"录音批注","en":"Annotation of a recording","scope":"tenant","label":"text","import":false,"sort":"-id","desk":{"can":["read"]},"leader":{"can":["read","create","update","delete"]}}';
comment on column recording_annotation.recording_id is '{"zh":"录音","en":"Recording","ref":"recordings","create_only":true,"filter":true,"order":1,"list":false}';
comment on column recording_annotation.call_id is '{"zh":"通话","en":"Call","ref":"calls","readonly":true,"detail":true}';
comment on column recording_annotation.recorded_at is '{"zh":"录音时间","en":"Recorded at","readonly":true,"order":2}';
comment on column recording_annotation.number is '{"zh":"号码","en":"Number","readonly":true,"mask":"phone","order":3}';
comment on column recording_annotation.agent_id is '{"zh":"坐席","en":"Agent","ref":"agents","readonly":true,"filter":true,"order":4}';
comment on column recording_annotation.at_ms is '{"zh":"位置","en":"At","unit":"ms","order":5,"help_zh":"从录音开始计；留空为整段录音","help_en":"from the recording''s beginning; empty: all of it"}';
comment on column recording_annotation.text is '{"zh":"批注","en":"Annotation","widget":"textarea","order":6}';
comment on column recording_annotation.author is '{"zh":"批注人","en":"By","readonly":true,"order":7}';
comment on column recording_annotation.account_id is '{"zh":"批注人账号","en":"By account","ref":"accounts","readonly":true,"detail":true}';
-- Who looks after a queue says what a message was about, and that it was heard.
do $$
begin
    execute format('comment on table voicemail is %L', (obj_description('voicemail'::regclass, 'pg_class')::jsonb || '{"desk":{"can":["read","listen","update"],"menu":"desk"}}')::text);
end $$;
-- What a list of messages is read for stands first.
do $$
declare c text; i integer := 0;
begin
    foreach c in array array['caller', 'caller_name', 'queue_id', 'left_at', 'ms', 'remark', 'state', 'heard', 'box_id', 'name', 'agent_id', 'account_id', 'extension_id'] loop
        i := i + 1;
        execute format('comment on column voicemail.%I is %L', c, (col_description('voicemail'::regclass, (select attnum from pg_attribute where attrelid = 'voicemail'::regclass and attname = c))::jsonb
            || jsonb_build_object('order', i) || case c when 'caller' then '{"filter":true}' when 'remark' then '{"list":true}' else '{}' end::jsonb)::text);
    end loop;
end $$;
comment on column voicemail.language is '{"zh":"留言语种","en":"Language","readonly":true,"filter":true,"list":false,"enum":{"zh":{"zh":"中文","en":"Chinese"},"en":{"zh":"英文","en":"English"}}}';
comment on column voicemail.state is '{"zh":"留言状态","en":"State","readonly":true,"filter":true,"order":7,"enum":{"completed":{"zh":"留言完成","en":"Completed"},"hungup":{"zh":"挂机结束","en":"Caller hung up"},"max":{"zh":"达到最长","en":"Longest time"},"silence":{"zh":"静音结束","en":"Silence"},"cut":{"zh":"中断","en":"Cut off"}}}';
create index on voicemail (tenant_id, caller);
create index on voicemail (tenant_id, language, id desc);
create index on voicemail (tenant_id, state, id desc);
reset role;
