-- Mounted storage for recordings: its address, whether it can be used, what lies there.
set search_path = zj, public;
set role zj_owner;

create table recording_mount (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    address     text not null check (address ~ '^(/[A-Za-z0-9_@+=,~-][A-Za-z0-9_.@+=,~-]*)+$' and char_length(address) <= 400),
    must_mount  boolean not null default true,
    min_free_mb integer not null default 1024 check (min_free_mb between 0 and 1000000000),
    priority    integer not null default 0 check (priority between -1000 and 1000),
    enabled     boolean not null default true,
    state       text not null default 'unknown' check (state in ('unknown', 'ok', 'missing', 'not_mounted', 'not_writable', 'full', 'away')),
    because     text,
    free_mb     bigint,
    checked_at  timestamptz,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    unique (tenant_id, address)
);
call zj_tenant_table('recording_mount', 'write');
revoke insert, update, delete on recording_mount from zj_tenant;
revoke insert, update on recording_mount from zj_carrier;
grant insert (tenant_id, id, name, address, must_mount, min_free_mb, priority, enabled), update (name, address, must_mount, min_free_mb, priority, enabled) on recording_mount to zj_carrier;
call zj_recyclable('recording_mount');
call zj_audited('recording_mount');
call zj_reader('recording_mount', 'zj_worker');
create policy check_zj_worker on recording_mount for update to zj_worker using (true) with check (true);
grant update (state, because, free_mb, checked_at) on recording_mount to zj_worker;
call zj_reader('recording_mount', 'zj_owner');

alter table recording add column mount_id uuid;
create index on recording (mount_id) where mount_id is not null;
create index on recording (id) where state = 'ready' and store = 'local' and mount_id is null;
grant update (mount_id) on recording to zj_worker;

-- Where a recording's file and waveform lie; null: in the store that mediad writes to.
create function zj_recording_root(r recording) returns text language sql stable security definer set search_path = zj, pg_temp as $$
    select m.address from recording_mount m where m.id = r.mount_id and (zj_tenant() is null or r.tenant_id = zj_tenant())
$$;
revoke all on function zj_recording_root from public;
grant execute on function zj_recording_root to zj_tenant, zj_worker;

-- What recordings lie on stays as it is. An address that is new is looked at soon.
create function recording_mount_kept() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if tg_op = 'DELETE' or new.address <> old.address then
        if exists (select from recording r where r.mount_id = old.id) then
            raise check_violation using message = 'recordings lie there', column = 'address', constraint = 'recording_mount_used';
        end if;
    end if;
    if tg_op = 'DELETE' then return old; end if;
    if (new.address, new.must_mount, new.min_free_mb, new.enabled) is distinct from (old.address, old.must_mount, old.min_free_mb, old.enabled) then
        new.state := 'unknown';
        new.checked_at := null;
    end if;
    return new;
end $$;
create trigger kept before update or delete on recording_mount for each row execute function recording_mount_kept();

-- The carrier is told when it cannot be used any more.
alter table alarm drop constraint alarm_kind_check;
alter table alarm add constraint alarm_kind_check check (kind in ('record_disk', 'record_key', 'record_quota', 'record_lost', 'record_mount', 'record_orphan'));
create or replace function zj_alarm(tenant uuid, kind text, call uuid, detail text) returns void language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    t tenant := (select x from tenant x where x.id = zj_alarm.tenant);
    made uuid := zj_uuid7();
    names constant jsonb := '{"record_disk":["录音无法写入磁盘","A recording could not be written"],"record_key":["录音密钥不可用","The key of recordings is missing"],"record_quota":["录音空间接近或超过配额","Recordings near or over their quota"],"record_lost":["录音文件丢失","A recording''s file is lost"],"record_mount":["录音挂载存储不可用","The mounted storage of recordings cannot be used"],"record_orphan":["录音文件没有记录","Files of recordings that no row knows"]}';
    word text;
begin
    if t.id is null or exists (select from alarm a where a.tenant_id = t.id and a.kind = zj_alarm.kind and a.at > now() - interval '1 hour') then return; end if;
    insert into alarm (tenant_id, id, kind, call_id, detail) values (t.id, made, zj_alarm.kind, zj_alarm.call, left(zj_alarm.detail, 500));
    word := names -> zj_alarm.kind ->> (case when t.language = 'zh' then 0 else 1 end);
    insert into mail (tenant_id, kind, ref_id, to_address, subject, body)
    select t.id, 'alarm', made, e, left(t.title || ': ' || word, 200), format(E'%s\r\n\r\n%s\r\n%s\r\n%s\r\n', t.title, word, zj_alarm.detail, to_char(now() at time zone t.time_zone, 'YYYY-MM-DD HH24:MI:SS'))
      from unnest(t.alarm_emails) e;
end $$;
create function recording_mount_failed() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    perform zj_alarm(new.tenant_id, 'record_mount', null, format('%s %s: %s %s', new.name, new.address, new.state, coalesce(new.because, '')));
    return null;
end $$;
create trigger failed after update of state on recording_mount for each row when (new.state not in ('ok', 'unknown', 'away') and new.state is distinct from old.state) execute function recording_mount_failed();

create or replace function zj_record_work() returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select exists (select from recording where state = 'new' and updated_at > now() - interval '10 minutes') or exists (select from recording_plan where enabled and next_at <= now())
        or exists (select from tenant t left join recording_key k on k.tenant_id = t.id and k.current where t.record_encrypt and t.deleted_at is null
            and (k.id is null or t.record_key_days > 0 and k.created_at < now() - make_interval(days => t.record_key_days)))
        or exists (select from recording_mount m where m.enabled and (m.checked_at is null or m.checked_at < now() - interval '1 minute'))
        or exists (select from recording_mount m where m.enabled and m.state = 'ok') and exists (select from recording where state = 'ready' and store = 'local' and mount_id is null)
$$;

comment on table recording_mount is '{"resource":"recording-mounts","zh":"录音文件挂载","en":"Mounted storage of recordings","scope":"carrier","label":"name","search":["name","address"],"menu":"system","order":96}';
comment on column recording_mount.name is '{"zh":"名称","en":"Name","order":1}';
comment on column recording_mount.address is '{"zh":"挂载地址","en":"Address","order":2,"help_zh":"挂载存储的目录，worker 与 api 都能访问","help_en":"the directory where the storage is mounted, on every machine with a worker or an api"}';
comment on column recording_mount.must_mount is '{"zh":"必须为挂载点","en":"Must be mounted","order":3,"list":false,"help_zh":"未挂载时不写入，以免写满本地磁盘","help_en":"nothing is written when it is not mounted, so that the disk below does not fill up"}';
comment on column recording_mount.min_free_mb is '{"zh":"最少剩余空间(MB)","en":"Left free (MB)","order":4,"list":false}';
comment on column recording_mount.priority is '{"zh":"优先级","en":"Priority","order":5,"help_zh":"可用者中数值大的优先","help_en":"of those that can be used the larger one"}';
comment on column recording_mount.enabled is '{"zh":"启用","en":"Enabled","order":6,"help_zh":"停用后不再写入；已有录音仍可收听","help_en":"off: nothing more is put there; what lies there is still played"}';
comment on column recording_mount.state is '{"zh":"状态","en":"State","readonly":true,"audit":false,"order":7,"enum":{"unknown":{"zh":"未检查","en":"Not looked at yet"},"ok":{"zh":"可用","en":"Can be used"},"missing":{"zh":"目录不存在","en":"No such directory"},"not_mounted":{"zh":"未挂载","en":"Not mounted"},"not_writable":{"zh":"不可写","en":"Cannot be written"},"full":{"zh":"空间不足","en":"Full"},"away":{"zh":"无响应","en":"Does not answer"}}}';
comment on column recording_mount.because is '{"zh":"原因","en":"Because","readonly":true,"audit":false,"order":8}';
comment on column recording_mount.free_mb is '{"zh":"剩余空间(MB)","en":"Free (MB)","readonly":true,"audit":false,"order":9}';
comment on column recording_mount.checked_at is '{"zh":"检查时间","en":"Looked at","readonly":true,"audit":false,"order":10}';
comment on column recording.mount_id is '{"zh":"挂载存储","en":"Mounted storage","hidden":true}';
comment on column alarm.kind is '{"zh":"类别","en":"Kind","enum":{"record_disk":{"zh":"录音无法写入磁盘","en":"Recording could not be written"},"record_key":{"zh":"录音密钥不可用","en":"Recording key missing"},"record_quota":{"zh":"录音空间","en":"Recording space"},"record_lost":{"zh":"录音文件丢失","en":"Recording lost"},"record_mount":{"zh":"录音挂载存储不可用","en":"Mounted storage cannot be used"},"record_orphan":{"zh":"录音文件没有记录","en":"Files without a row"}}}';
call zj_searchable('recording_mount');
reset role;
