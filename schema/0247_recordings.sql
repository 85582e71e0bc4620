-- Recordings at rest: keys to seal them, formats, what is heard of them and by whom, how long they are kept, what went wrong.
set search_path = zj, public;
set role zj_owner;

alter table tenant
    add column record_encrypt    boolean not null default false,
    add column record_format     text not null default 'wav' check (record_format in ('off', 'wav', 'mp3', 'opus')),
    add column record_key_days   integer not null default 365 check (record_key_days between 0 and 3650),
    add column record_quota_mb   integer check (record_quota_mb between 1 and 1000000000),
    add column record_quota_full text not null default 'alarm' check (record_quota_full in ('alarm', 'oldest')),
    add column alarm_emails      text[] not null default '{}' check (zj_are_emails(alarm_emails));
grant select (record_encrypt, record_format, record_key_days, record_quota_mb, record_quota_full, alarm_emails) on tenant to zj_tenant, zj_carrier;
grant update (record_encrypt, record_format, record_key_days, record_quota_full, alarm_emails) on tenant to zj_tenant, zj_carrier;
grant update (record_quota_mb) on tenant to zj_carrier;
grant select (record_encrypt, record_format, record_key_days, record_quota_mb, record_quota_full) on tenant to zj_worker;

-- A tenant's keys, each wrapped by a key of the installation that no database has (zj_seal.h). Older ones open older recordings.
create table recording_key (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null,
    wrapped    text not null check (char_length(wrapped) < 160),
    current    boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id)
);
create unique index on recording_key (tenant_id) where current;
call zj_tenant_table('recording_key', facts => true);
revoke select on recording_key from zj_tenant;
grant select (tenant_id, id, current, created_at, updated_at) on recording_key to zj_tenant;
call zj_live('recording_key');
call zj_reader('recording_key', 'zj_acd');
create policy keep_zj_worker on recording_key to zj_worker using (true) with check (true);
create policy keep_zj_owner on recording_key to zj_owner using (true) with check (true);
grant select, insert, update on recording_key to zj_worker;

-- What acd knew of the call when its recording ended; what became of the file; what people say about it.
alter table recording
    add column agent_id   uuid,
    add column queue_id   uuid,
    add column direction  text,
    add column caller     text not null default '',
    add column callee     text not null default '',
    add column ended_how  text not null default 'stopped' check (ended_how in ('stopped', 'max', 'silence', 'term', 'hungup', 'disk', 'key')),
    add column because    text not null default '',
    add column state      text not null default 'new' check (state in ('new', 'ready', 'moved', 'deleted', 'failed')),
    add column peaks      text,
    add column note       text not null default '' check (char_length(note) <= 2000),
    add column locked     boolean not null default false,
    add column created_at timestamptz not null default now(),
    add column updated_at timestamptz not null default now();
create trigger zz_touch before update on recording for each row execute function zj_touch();
create index on recording (id) where state = 'new';
create index on recording (tenant_id, queue_id, from_at);
create index on recording (tenant_id, agent_id, from_at);
create index on recording (tenant_id, caller);
create index on recording (tenant_id, callee);
grant update (note, locked) on recording to zj_tenant;
create policy keep_zj_worker on recording to zj_worker using (true) with check (true);
create policy keep_zj_owner on recording to zj_owner using (true) with check (true);
grant select, update (path, store, format, bytes, sha256, key_id, peaks, state) on recording to zj_worker;
call zj_audited('recording');

-- The life of a recording writes itself.
alter table recording_life drop constraint recording_life_what_check;
alter table recording_life add constraint recording_life_what_check
    check (what in ('converted', 'moved', 'packed', 'backed_up', 'deleted', 'locked', 'unlocked', 'downloaded', 'annotated'));
revoke insert, update, delete on recording_life from zj_tenant; -- a log
create index on recording_life (tenant_id, recording_id);
create policy append_zj_owner on recording_life to zj_owner using (true) with check (true);
create policy append_zj_worker on recording_life for insert to zj_worker with check (true);
grant insert on recording_life to zj_worker;
create function recording_lived() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into recording_life (tenant_id, call_id, recording_id, what, detail, by_account)
    select new.tenant_id, new.call_id, new.id, x.what, x.detail, zj_account() from (values
        (new.locked and not old.locked, 'locked', '{}'::jsonb), (old.locked and not new.locked, 'unlocked', '{}'), (new.note <> old.note, 'annotated', '{}'),
        (new.state = 'deleted' and old.state <> 'deleted', 'deleted', jsonb_build_object('bytes', old.bytes, 'path', old.path)),
        (new.state = 'moved' and old.state <> 'moved', case new.store when 'pack' then 'packed' else 'moved' end, jsonb_build_object('path', new.path)),
        (new.format <> old.format, 'converted', jsonb_build_object('from', old.format, 'to', new.format, 'bytes', old.bytes))) x (holds, what, detail) where x.holds;
    return null;
end $$;
create trigger lived after update on recording for each row execute function recording_lived();

-- How long recordings are kept, and what becomes of them then.
create table recording_plan (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    enabled     boolean not null default true,
    queue_id    uuid,
    keep_days   integer not null check (keep_days between 0 and 36500),
    run_at      time not null default '00:00',
    overdue     text not null default 'move' check (overdue in ('move', 'delete')),
    move_to     text not null default 'moved' check (move_to ~ '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$' and char_length(move_to) <= 200),
    backup_to   text check (backup_to ~ '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$' and char_length(backup_to) <= 200),
    pack        boolean not null default false,
    next_at     timestamptz,
    next_day    date,
    last_at     timestamptz,
    last_count  integer,
    last_error  text,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    foreign key (tenant_id, queue_id) references queue (tenant_id, id) on delete cascade
);
create index on recording_plan (tenant_id, queue_id);
create index on recording_plan (next_at) where enabled;
call zj_tenant_table('recording_plan');
revoke insert, update on recording_plan from zj_tenant;
grant insert (tenant_id, id, name, enabled, queue_id, keep_days, run_at, overdue, move_to, backup_to, pack), update (name, enabled, queue_id, keep_days, run_at, overdue, move_to, backup_to, pack) on recording_plan to zj_tenant;
call zj_audited('recording_plan');
call zj_recyclable('recording_plan');
create policy scope on recording_plan as restrictive to zj_tenant using ((select zj_scope() is null));
create policy bpo on recording_plan as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
create policy keep_zj_worker on recording_plan to zj_worker using (true) with check (true);
grant select, update (next_at, next_day, last_at, last_count, last_error) on recording_plan to zj_worker;

-- The next time of day that is to come, in the tenant's time zone, and the last day whose recordings it takes.
create function recording_plan_next() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    tz text := (select time_zone from tenant where id = new.tenant_id);
    here timestamp := now() at time zone tz;
begin
    if tg_op = 'UPDATE' and new.last_at is not distinct from old.last_at
        and (new.run_at, new.keep_days, new.enabled) = (old.run_at, old.keep_days, old.enabled) then return new; end if;
    new.next_at := (here::date + new.run_at + case when new.run_at <= here::time then interval '1 day' else '0' end) at time zone tz;
    new.next_day := (new.next_at at time zone tz)::date - new.keep_days;
    return new;
end $$;
create trigger next before insert or update on recording_plan for each row execute function recording_plan_next();

-- What went wrong and a person should know of. One of a kind an hour; e-mails to who the tenant says.
create table alarm (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    kind       text not null check (kind in ('record_disk', 'record_key', 'record_quota', 'record_lost')),
    call_id    uuid,
    detail     text not null default '' check (char_length(detail) <= 500),
    at         timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index on alarm (tenant_id, at);
create index on alarm (at);
call zj_tenant_table('alarm', 'read', facts => true);
create policy scope on alarm as restrictive to zj_tenant using ((select zj_scope() is null));
create policy bpo on alarm as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
create policy keep_zj_owner on alarm to zj_owner using (true) with check (true);
call zj_live('alarm');

create function zj_alarm(tenant uuid, kind text, call uuid, detail text) returns void language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    t tenant := (select x from tenant x where x.id = zj_alarm.tenant);
    made uuid := zj_uuid7();
    names constant jsonb := '{"record_disk":["录音无法写入磁盘","A recording could not be written"],"record_key":["录音密钥不可用","The key of recordings is missing"],"record_quota":["录音空间接近或超过配额","Recordings near or over their quota"],"record_lost":["录音文件丢失","A recording''s file is lost"]}';
    word text;
begin
    if t.id is null or exists (select from alarm a where a.tenant_id = t.id and a.kind = zj_alarm.kind and a.at > now() - interval '1 hour') then return; end if;
    insert into alarm (tenant_id, id, kind, call_id, detail) values (t.id, made, zj_alarm.kind, zj_alarm.call, left(zj_alarm.detail, 500));
    word := names -> zj_alarm.kind ->> (case when t.language = 'zh' then 0 else 1 end);
    insert into mail (tenant_id, kind, ref_id, to_address, subject, body)
    select t.id, 'alarm', made, e, left(t.title || ': ' || word, 200), format(E'%s\r\n\r\n%s\r\n%s\r\n%s\r\n', t.title, word, zj_alarm.detail, to_char(now() at time zone t.time_zone, 'YYYY-MM-DD HH24:MI:SS'))
      from unnest(t.alarm_emails) e;
end $$;
revoke all on function zj_alarm from public;
grant execute on function zj_alarm to zj_worker;

-- A recording that came with nothing, or not with all, is an alarm.
create function recording_came() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    perform zj_alarm(new.tenant_id, 'record_' || new.ended_how, new.call_id, new.because);
    return null;
end $$;
create trigger came after insert on recording for each row when (new.ended_how in ('disk', 'key')) execute function recording_came();

-- What the worker is to do: a recording to finish, a key to make or rewrap, a plan that is due.
create function zj_record_work() returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select exists (select from recording where state = 'new' and updated_at > now() - interval '10 minutes') or exists (select from recording_plan where enabled and next_at <= now())
        or exists (select from tenant t left join recording_key k on k.tenant_id = t.id and k.current where t.record_encrypt and t.deleted_at is null
            and (k.id is null or t.record_key_days > 0 and k.created_at < now() - make_interval(days => t.record_key_days)))
$$;
revoke all on function zj_record_work from public;
grant execute on function zj_record_work to zj_worker;
create function zj_record_used(tenant uuid) returns numeric language sql stable security definer set search_path = zj, pg_temp as $$
    select coalesce(sum(bytes), 0) from recording where tenant_id = tenant and state in ('new', 'ready')
$$;
revoke all on function zj_record_used from public;
grant execute on function zj_record_used to zj_worker;

-- For who may read the recording: the key that opens it. Without the installation's key it is of no use.
create function zj_recording_key(key uuid) returns text language sql stable security definer set search_path = zj, pg_temp as $$
    select wrapped from recording_key where tenant_id = zj_tenant() and id = key
$$;
revoke all on function zj_recording_key from public;
grant execute on function zj_recording_key to zj_tenant;

-- What a recording is called when it is taken away: time, agent, the other end's number (`numbers`: it may be seen).
create function zj_recording_name(r recording, numbers boolean) returns text language sql stable security definer set search_path = zj, pg_temp as $$
    select to_char(r.from_at at time zone t.time_zone, 'YYYYMMDDHH24MISS') || '-' || coalesce(a.number, '0') || case when numbers
        then '-' || coalesce(nullif(regexp_replace(case when r.direction = 'in' then r.caller else r.callee end, '[^0-9A-Za-z+*#]', '', 'g'), ''), '0') else '' end || '.' || r.format
      from tenant t left join agent a on a.tenant_id = r.tenant_id and a.id = r.agent_id where t.id = r.tenant_id and (zj_tenant() is null or t.id = zj_tenant())
$$;
revoke all on function zj_recording_name from public;
grant execute on function zj_recording_name to zj_tenant, zj_worker;

comment on column tenant.record_encrypt is '{"zh":"录音加密","en":"Seal recordings","group":"basic","list":false,"help_zh":"录音文件加密保存；密钥不可用时不录音并告警","help_en":"files are encrypted at rest; without the key nothing is recorded, and an alarm says so"}';
comment on column tenant.record_format is '{"zh":"全局录音开关","en":"Recordings","group":"basic","list":false,"enum":{"off":{"zh":"不录音","en":"None"},"wav":{"zh":"WAV","en":"WAV"},"mp3":{"zh":"MP3","en":"MP3"},"opus":{"zh":"Opus","en":"Opus"}},"help_zh":"通话结束后转换为此格式","help_en":"they are converted when the call is over"}';
comment on column tenant.record_key_days is '{"zh":"录音密钥更换周期","en":"New key for recordings every","group":"basic","list":false,"unit":"d","help_zh":"0 为不更换；旧录音仍可收听","help_en":"0: never; older recordings stay readable"}';
comment on column tenant.record_quota_mb is '{"zh":"录音空间(MB)","en":"Recordings (MB)","group":"quota","list":false,"help_zh":"留空为无限制；达到 80% 时告警","help_en":"empty: unlimited; an alarm at 80 %"}';
comment on column tenant.record_quota_full is '{"zh":"录音空间用满时","en":"When recordings fill their space","group":"basic","list":false,"enum":{"alarm":{"zh":"仅告警","en":"Alarm only"},"oldest":{"zh":"删除最早的录音","en":"Delete the oldest"}}}';
comment on column tenant.alarm_emails is '{"zh":"告警邮箱","en":"E-mails of alarms","group":"basic","list":false}';
comment on table recording_key is 'Keys of recordings, wrapped by a key of the installation; made and replaced by the worker.';

comment on table recording is '{"resource":"recordings","zh":"录音","en":"Recording","scope":"tenant","create":false,"delete":false,"import":false,"sort":"-id","menu":"reports","order":20,"icon":"mic","big":true,"leader":{"can":["read","listen"],"menu":"leader"},"permissions":{"listen":{"zh":"收听录音","en":"Listen to recordings"}}}';
comment on column recording.call_id is '{"zh":"通话","en":"Call","ref":"calls","filter":true,"readonly":true}';
comment on column recording.leg_id is '{"zh":"线路","en":"Leg","readonly":true,"detail":true}';
comment on column recording.segment_id is '{"zh":"通话段","en":"Segment","readonly":true,"detail":true}';
comment on column recording.from_at is '{"zh":"开始时间","en":"From","filter":true,"readonly":true,"order":1}';
comment on column recording.to_at is '{"zh":"结束时间","en":"To","readonly":true,"order":2}';
comment on column recording.direction is '{"zh":"方向","en":"Direction","readonly":true,"order":3,"enum":{"in":{"zh":"呼入","en":"Inbound"},"out":{"zh":"呼出","en":"Outbound"},"internal":{"zh":"内部","en":"Internal"}}}';
comment on column recording.caller is '{"zh":"主叫","en":"Caller","readonly":true,"filter":true,"mask":"phone","order":4}';
comment on column recording.callee is '{"zh":"被叫","en":"Callee","readonly":true,"filter":true,"mask":"phone","order":5}';
comment on column recording.agent_id is '{"zh":"坐席","en":"Agent","ref":"agents","readonly":true,"filter":true,"order":6}';
comment on column recording.queue_id is '{"zh":"队列","en":"Queue","ref":"queues","readonly":true,"filter":true,"order":7}';
comment on column recording.state is '{"zh":"文件","en":"File","readonly":true,"order":8,"enum":{"new":{"zh":"处理中","en":"Being finished"},"ready":{"zh":"可收听","en":"Ready"},"moved":{"zh":"已转移","en":"Moved"},"deleted":{"zh":"已删除","en":"Deleted"},"failed":{"zh":"没有声音","en":"No sound"}}}';
comment on column recording.ended_how is '{"zh":"结束方式","en":"Ended","readonly":true,"list":false,"enum":{"stopped":{"zh":"正常","en":"Normally"},"max":{"zh":"达到最长","en":"Longest time"},"silence":{"zh":"静音","en":"Silence"},"term":{"zh":"按键","en":"Key"},"hungup":{"zh":"挂机","en":"Hung up"},"disk":{"zh":"磁盘故障","en":"Disk"},"key":{"zh":"密钥不可用","en":"Key missing"}}}';
comment on column recording.because is '{"zh":"原因","en":"Because","readonly":true,"detail":true}';
comment on column recording.pauses is '{"zh":"暂停","en":"Pauses","readonly":true,"detail":true}';
comment on column recording.store is '{"zh":"存储","en":"Store","hidden":true}';
comment on column recording.format is '{"zh":"格式","en":"Format","readonly":true,"list":false}';
comment on column recording.channels is '{"zh":"声道","en":"Channels","readonly":true,"detail":true}';
comment on column recording.bytes is '{"zh":"大小","en":"Size","unit":"B","readonly":true}';
comment on column recording.sha256 is '{"zh":"校验","en":"SHA-256","readonly":true,"detail":true}';
comment on column recording.key_id is '{"zh":"密钥","en":"Key","readonly":true,"detail":true}';
comment on column recording.peaks is '{"zh":"波形","en":"Waveform","hidden":true}';
comment on column recording.note is '{"zh":"批注","en":"Annotation","widget":"textarea","order":9}';
comment on column recording.locked is '{"zh":"保留","en":"Kept","order":10,"help_zh":"保留的录音不会被计划或配额删除","help_en":"no plan and no quota removes it (legal hold)"}';
comment on column recording.created_at is '{"zh":"创建时间","en":"Created","readonly":true,"detail":true}';
comment on column recording.updated_at is '{"zh":"修改时间","en":"Changed","readonly":true,"detail":true}';

comment on table recording_life is '{"resource":"recording-events","zh":"录音日志","en":"Recording log","scope":"tenant","create":false,"update":false,"delete":false,"import":false,"sort":"-id","menu":"reports","order":21}';
comment on column recording_life.call_id is '{"zh":"通话","en":"Call","ref":"calls","filter":true}';
comment on column recording_life.recording_id is '{"zh":"录音","en":"Recording","ref":"recordings","filter":true}';
comment on column recording_life.what is '{"zh":"操作","en":"What","enum":{"converted":{"zh":"转换格式","en":"Converted"},"moved":{"zh":"转移","en":"Moved"},"packed":{"zh":"打包","en":"Packed"},"backed_up":{"zh":"备份","en":"Backed up"},"deleted":{"zh":"删除","en":"Deleted"},"locked":{"zh":"设为保留","en":"Kept"},"unlocked":{"zh":"取消保留","en":"No longer kept"},"downloaded":{"zh":"下载","en":"Downloaded"},"annotated":{"zh":"批注","en":"Annotated"}}}';
comment on column recording_life.detail is '{"zh":"详情","en":"Detail","detail":true}';
comment on column recording_life.by_account is '{"zh":"操作人","en":"By","ref":"accounts"}';

comment on table recording_plan is '{"resource":"recording-plans","zh":"录音文件管理","en":"Recording plan","scope":"tenant","label":"name","search":["name"],"menu":"reports","order":22}';
comment on column recording_plan.name is '{"zh":"名称","en":"Name","order":1}';
comment on column recording_plan.enabled is '{"zh":"状态","en":"On","order":2}';
comment on column recording_plan.queue_id is '{"zh":"队列","en":"Queue","order":3,"help_zh":"留空为所有录音","help_en":"empty: all recordings"}';
comment on column recording_plan.keep_days is '{"zh":"录音保留天数","en":"Kept","unit":"d","order":4}';
comment on column recording_plan.run_at is '{"zh":"执行时间","en":"Runs at","order":5,"help_zh":"每天此时执行，请选择空闲时段","help_en":"each day; choose an idle time"}';
comment on column recording_plan.overdue is '{"zh":"超期录音处理","en":"What is overdue","order":6,"enum":{"move":{"zh":"转移录音","en":"Move"},"delete":{"zh":"删除录音","en":"Delete"}}}';
comment on column recording_plan.move_to is '{"zh":"转移路径","en":"Move to","order":7,"list":false,"help_zh":"系统归档目录下的文件夹","help_en":"a folder in the installation''s archive","when":{"field":"overdue","in":["move"]}}';
comment on column recording_plan.backup_to is '{"zh":"备份路径","en":"Back up to","order":8,"list":false,"help_zh":"归档目录下的文件夹；留空为不备份","help_en":"a folder in the archive; empty: no backup"}';
comment on column recording_plan.pack is '{"zh":"转移文件打包","en":"Pack what is moved","order":9,"list":false,"help_zh":"打包为 tar.gz，打包后不能在页面播放","help_en":"as tar.gz; it can no longer be played here","when":{"field":"overdue","in":["move"]}}';
comment on column recording_plan.next_at is '{"zh":"下次执行","en":"Next run","readonly":true,"order":10}';
comment on column recording_plan.next_day is '{"zh":"处理至","en":"Recordings up to","readonly":true,"order":11}';
comment on column recording_plan.last_at is '{"zh":"上次执行","en":"Last run","readonly":true,"detail":true}';
comment on column recording_plan.last_count is '{"zh":"上次处理","en":"Then handled","readonly":true,"detail":true}';
comment on column recording_plan.last_error is '{"zh":"错误","en":"Error","readonly":true,"detail":true}';
call zj_searchable('recording_plan');

comment on table alarm is '{"resource":"alarms","zh":"告警","en":"Alarm","scope":"tenant","create":false,"update":false,"delete":false,"import":false,"sort":"-id","menu":"system","order":86}';
comment on column alarm.kind is '{"zh":"类别","en":"Kind","enum":{"record_disk":{"zh":"录音无法写入磁盘","en":"Recording could not be written"},"record_key":{"zh":"录音密钥不可用","en":"Recording key missing"},"record_quota":{"zh":"录音空间","en":"Recording space"},"record_lost":{"zh":"录音文件丢失","en":"Recording lost"}}}';
comment on column alarm.call_id is '{"zh":"通话","en":"Call","ref":"calls"}';
comment on column alarm.detail is '{"zh":"详情","en":"Detail"}';
comment on column alarm.at is '{"zh":"时间","en":"At"}';
reset role;
