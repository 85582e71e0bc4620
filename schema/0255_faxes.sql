-- Faxes: those that were received, those that are to be sent and what became of them; the attempts are facts of acd.
set search_path = zj, public;
set role zj_owner;

alter table call_segment drop constraint call_segment_kind_check;
alter table call_segment add constraint call_segment_kind_check
    check (kind in ('talk', 'hold', 'consult', 'conference', 'listen', 'whisper', 'barge', 'ivr', 'queue', 'park', 'voicemail', 'ring', 'fax'));

-- T.38 is offered when a fax is received; whoever does not know it says no, and the fax goes on as audio.
alter table fax_device add column t38 boolean not null default true;
comment on column fax_device.t38 is '{"zh":"T.38","en":"Offer T.38","list":false}';

-- `preparing`: its document is being converted; `queued`: waits for `due_at` or is on its way.
create table fax (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    direction    text not null default 'out' check (direction in ('in', 'out')),
    kind         text not null default 'manual' check (kind in ('manual', 'automatic')),
    state        text not null default 'preparing' check (state in ('preparing', 'queued', 'sent', 'failed', 'received', 'partial')),
    device_id    uuid not null,
    number       text not null check (number ~ '^\+?[0-9*#]{0,32}$'),
    account_id   uuid default zj_account(),
    call_id      uuid,
    name         text not null default '' check (char_length(name) <= 255),
    source_id    uuid,
    header       text not null default '' check (header ~ '^[ -~]{0,50}$'),
    fine         boolean not null default true,
    max_attempts integer not null default 3 check (max_attempts between 1 and 20),
    retry_s      integer not null default 300 check (retry_s between 5 and 86400),
    attempts     integer not null default 0,
    due_at       timestamptz not null default now(),
    station      text not null default '',
    pages        integer not null default 0,
    bit_rate     integer not null default 0,
    ecm          boolean not null default false,
    width        integer not null default 0,
    y_dpm        integer not null default 0,
    bad_rows     integer not null default 0,
    reason       text not null default '',
    because      text not null default '' check (char_length(because) <= 1000),
    started_at   timestamptz,
    ms           integer not null default 0,
    bytes        bigint not null default 0,
    sha256       text,
    node         text not null default '',
    path         text,
    pdf_path     text,
    remark       text not null default '' check (char_length(remark) <= 1000),
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index on fax (tenant_id, device_id, id desc);
create index on fax (tenant_id, account_id, id desc);
create index on fax (tenant_id, direction, id desc);
create index on fax (tenant_id, state, id desc);
create index on fax (tenant_id, reason, id desc);
create index on fax (tenant_id, started_at desc);
create index on fax (created_at) where state = 'preparing' or pdf_path is null;

-- A try to send, or a fax that came. Written by acd, told again by its successor.
create table fax_attempt (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null,
    call_id    uuid not null,
    fax_id     uuid,
    direction  text not null check (direction in ('in', 'out')),
    device_id  uuid,
    number     text not null default '',
    station    text not null default '',
    started_at timestamptz not null,
    ms         integer not null default 0,
    reason     text not null,
    because    text not null default '',
    pages      integer not null default 0,
    bytes      bigint not null default 0,
    sha256     text,
    bit_rate   integer not null default 0,
    ecm        boolean not null default false,
    width      integer not null default 0,
    y_dpm      integer not null default 0,
    bad_rows   integer not null default 0,
    node       text not null default '',
    path       text not null default '',
    primary key (tenant_id, id)
);
create index on fax_attempt (tenant_id, fax_id);

call zj_tenant_table('fax');
call zj_tenant_table('fax_attempt', facts => true);
revoke insert, update on fax from zj_tenant;
grant insert (tenant_id, id, device_id, number, source_id, name, header, fine, max_attempts, retry_s, due_at, remark) on fax to zj_tenant;
grant update (remark) on fax to zj_tenant;
call zj_appender('fax_attempt', 'zj_acd');
call zj_reader('fax', 'zj_acd', 'tenant_id, id, direction, state, device_id, account_id, number, path, header, due_at');
revoke select (tenant_id, id, number, name, enabled) on fax_device from zj_acd;
grant select on fax_device to zj_acd;
call zj_live('fax');
call zj_recyclable('fax');
call zj_audited('fax');
create policy scope on fax as restrictive to zj_tenant using ((select zj_scope() is null) or account_id in (select unnest(zj_scope_accounts())));
create policy scope on fax_attempt as restrictive to zj_tenant using ((select zj_scope() is null));
create policy bpo on fax as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
create policy bpo on fax_attempt as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));

-- A tenant writes what it sends: the device must be one that it may use, the file must be there.
create function fax_written() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    d fax_device;
begin
    if current_setting('zj.restoring', true) = 'on' or new.direction = 'in' then return new; end if;
    select * into d from fax_device where tenant_id = new.tenant_id and id = new.device_id and enabled;
    if not found or (d.available_to = 'account' and zj_account() is not null and d.account_id <> zj_account()) then
        raise foreign_key_violation using message = 'this fax device is not there, or is another account''s', table = 'fax', column = 'device_id', constraint = 'fax_device_usable';
    end if;
    if new.number = '' then
        raise check_violation using message = 'a number to send to', table = 'fax', column = 'number', constraint = 'fax_number_check';
    end if;
    if new.source_id is null or not exists (select from zj_file(new.tenant_id, new.source_id)) then
        raise foreign_key_violation using message = 'the file to send is not there', table = 'fax', column = 'source_id', constraint = 'fax_source_there';
    end if;
    if new.name = '' then new.name := (select f.name from zj_file(new.tenant_id, new.source_id) f); end if;
    return new;
end $$;
create trigger written before insert on fax for each row execute function fax_written();

-- Worth trying again? What is wrong with the document or the rights will be wrong again.
create function fax_may_again(reason text) returns boolean language sql immutable as $$
    select reason in ('busy', 'no_answer', 'unreachable', 'rejected', 'line', 'no_fax', 'hungup', 'time', 'stopped', 'over_limit')
$$;

create function fax_attempted() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.direction = 'out' then
        update fax set attempts = attempts + 1, call_id = new.call_id, started_at = new.started_at, ms = new.ms, reason = new.reason, because = left(new.because, 1000),
                station = case when new.station <> '' then new.station else station end, pages = greatest(new.pages, 0), bit_rate = new.bit_rate, ecm = new.ecm, node = new.node,
                state = case when new.reason = 'done' then 'sent' when attempts + 1 < max_attempts and fax_may_again(new.reason) then 'queued' else 'failed' end,
                due_at = now() + make_interval(secs => retry_s)
         where tenant_id = new.tenant_id and id = new.fax_id and state = 'queued';
    elsif new.pages > 0 then
        insert into fax (tenant_id, id, direction, kind, state, device_id, number, account_id, call_id, name, station, pages, bit_rate, ecm, width, y_dpm, bad_rows, reason, because, started_at,
            ms, bytes, sha256, node, path)
        values (new.tenant_id, new.id, 'in', 'automatic', case when new.reason = 'done' then 'received' else 'partial' end, new.device_id, regexp_replace(new.number, '[^0-9*#+]', '', 'g'), null, new.call_id,
            'fax-' || to_char(new.started_at at time zone (select time_zone from tenant where id = new.tenant_id), 'YYYYMMDD-HH24MISS') || '.tif', new.station, new.pages, new.bit_rate, new.ecm,
            new.width, new.y_dpm, new.bad_rows, new.reason, left(new.because, 1000), new.started_at, new.ms, new.bytes, new.sha256, new.node, new.path)
        on conflict do nothing;
    end if;
    return null;
end $$;
create trigger attempted after insert on fax_attempt for each row execute function fax_attempted();

-- The worker converts, and clears away.
call zj_reader('fax', 'zj_worker');
call zj_reader('fax_device', 'zj_worker', 'tenant_id, id, name, max_pages');
create policy convert on fax for update to zj_worker using (true) with check (true);
grant update (state, reason, because, path, pdf_path, pages, bytes, sha256, width, y_dpm) on fax to zj_worker;

-- An e-mail may carry a file of the store with its own words.
alter table mail
    add column attachment      text check (char_length(attachment) <= 500),
    add column attachment_name text check (char_length(attachment_name) <= 255),
    drop constraint mail_kind_check,
    add constraint mail_kind_check check (kind in ('voicemail', 'alarm', 'fax'));
comment on column mail.kind is '{"zh":"类别","en":"Kind","enum":{"voicemail":{"zh":"语音邮件","en":"Voicemail"},"alarm":{"zh":"告警","en":"Alarm"},"fax":{"zh":"传真","en":"Fax"}}}';
comment on column mail.attachment is '{"zh":"附件","en":"Attachment","hidden":true}';
comment on column mail.attachment_name is '{"zh":"附件名称","en":"Attachment''s name","detail":true}';

-- When its pages can be read as PDF, whoever the device belongs to gets them by e-mail.
create function fax_mailed() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into mail (tenant_id, kind, ref_id, to_address, subject, body, attachment, attachment_name)
    select new.tenant_id, 'fax', new.id, a.email,
        case t.language when 'en' then format('Fax from %s (%s pages)', coalesce(nullif(new.number, ''), nullif(new.station, ''), 'an unknown number'), new.pages)
             else format('传真：来自 %s（%s 页）', coalesce(nullif(new.number, ''), nullif(new.station, ''), '未知号码'), new.pages) end,
        case t.language when 'en' then format(E'Fax device: %s\r\nFrom: %s %s\r\nPages: %s\r\n', d.name, new.number, new.station, new.pages)
             else format(E'传真设备：%s\r\n来自：%s %s\r\n页数：%s\r\n', d.name, new.number, new.station, new.pages) end,
        new.pdf_path, regexp_replace(new.name, '\.tif$', '') || '.pdf'
      from fax_device d join account a on a.tenant_id = d.tenant_id and a.id = d.account_id join tenant t on t.id = d.tenant_id
     where d.tenant_id = new.tenant_id and d.id = new.device_id and d.hangup_action = 'mail' and coalesce(a.email, '') <> '';
    return null;
end $$;
create trigger mailed after update on fax for each row when (new.direction = 'in' and old.pdf_path is null and new.pdf_path is not null) execute function fax_mailed();

-- Is the file of a fax still wanted? Also while it lies in the recycle bin.
create function zj_fax_is_kept(tenant uuid, file text) returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select exists (select from fax f where f.tenant_id = tenant and file in (f.path, f.pdf_path))
        or exists (select from fax_attempt a join recycled r on r.tenant_id = a.tenant_id and r.table_name = 'fax' and r.row_id = a.id where a.tenant_id = tenant and a.path = file)
        or exists (select from recycled r where r.tenant_id = tenant and r.table_name = 'fax' and file in (r.row ->> 'path', r.secret ->> 'path', r.row ->> 'pdf_path', r.secret ->> 'pdf_path'))
$$;
revoke all on function zj_fax_is_kept from public;
grant execute on function zj_fax_is_kept to zj_worker;

comment on table fax is '{"resource":"faxes","zh":"传真记录","en":"Fax","scope":"tenant","label":"name","import":false,"sort":"-id","menu":"reports","order":26,"icon":"printer","search":["name","number","station","because"],"permissions":{"download":{"zh":"下载传真","en":"Download faxes"}}}';
comment on column fax.direction is '{"order":1,"zh":"方向","en":"Direction","readonly":true,"filter":true,"enum":{"in":{"zh":"接收","en":"Received"},"out":{"zh":"发送","en":"Sent"}}}';
comment on column fax.kind is '{"order":2,"zh":"传真类型","en":"Kind","readonly":true,"enum":{"manual":{"zh":"人工传真","en":"Manual"},"automatic":{"zh":"自动传真","en":"Automatic"}}}';
comment on column fax.state is '{"order":3,"zh":"状态","en":"State","readonly":true,"filter":true,"enum":{"preparing":{"zh":"转换中","en":"Being prepared"},"queued":{"zh":"待发送","en":"Queued"},"sent":{"zh":"已发送","en":"Sent"},"failed":{"zh":"失败","en":"Failed"},"received":{"zh":"已接收","en":"Received"},"partial":{"zh":"部分接收","en":"Received in part"}}}';
comment on column fax.device_id is '{"order":4,"zh":"设备名称","en":"Device","ref":"fax-devices","filter":true,"create_only":true}';
comment on column fax.number is '{"order":5,"zh":"号码","en":"Number","mask":"phone","create_only":true}';
comment on column fax.account_id is '{"order":6,"zh":"账号","en":"Account","ref":"accounts","readonly":true,"filter":true}';
comment on column fax.call_id is '{"zh":"通话","en":"Call","ref":"calls","readonly":true,"detail":true}';
comment on column fax.name is '{"order":7,"zh":"文件名称","en":"File name","create_only":true}';
comment on column fax.source_id is '{"order":8,"zh":"发送文件","en":"File to send","file":true,"widget":"file","list":false,"create_only":true,"help_zh":"PDF 或 TIFF","help_en":"PDF or TIFF"}';
comment on column fax.header is '{"order":9,"zh":"页眉","en":"Header line","list":false,"create_only":true}';
comment on column fax.fine is '{"order":10,"zh":"精细","en":"Fine resolution","list":false,"create_only":true}';
comment on column fax.max_attempts is '{"order":11,"zh":"最多尝试","en":"Attempts at most","list":false,"create_only":true}';
comment on column fax.retry_s is '{"order":12,"zh":"重试间隔","en":"Tried again after","unit":"s","list":false,"create_only":true}';
comment on column fax.attempts is '{"zh":"已尝试","en":"Attempts","readonly":true,"list":false}';
comment on column fax.due_at is '{"zh":"发送时间","en":"To be sent at","list":false,"create_only":true}';
comment on column fax.station is '{"zh":"对方标识","en":"Far station","readonly":true}';
comment on column fax.pages is '{"zh":"页数","en":"Pages","readonly":true}';
comment on column fax.bit_rate is '{"zh":"速率","en":"Speed","unit":"bit/s","readonly":true,"detail":true}';
comment on column fax.ecm is '{"zh":"纠错","en":"Error correction","readonly":true,"detail":true}';
comment on column fax.width is '{"zh":"宽度","en":"Width","unit":"px","readonly":true,"detail":true}';
comment on column fax.y_dpm is '{"zh":"垂直分辨率","en":"Vertical resolution","unit":"/m","readonly":true,"detail":true}';
comment on column fax.bad_rows is '{"zh":"坏行","en":"Bad rows","readonly":true,"detail":true}';
comment on column fax.reason is '{"zh":"外发失败原因","en":"Result","readonly":true,"filter":true}';
comment on column fax.because is '{"zh":"说明","en":"Why","readonly":true,"list":false}';
comment on column fax.started_at is '{"zh":"开始时间","en":"Began at","readonly":true,"filter":true}';
comment on column fax.ms is '{"zh":"时长","en":"Duration","unit":"ms","readonly":true}';
comment on column fax.bytes is '{"zh":"大小","en":"Size","unit":"B","readonly":true,"detail":true}';
comment on column fax.sha256 is '{"zh":"校验","en":"SHA-256","readonly":true,"detail":true}';
comment on column fax.node is '{"zh":"节点","en":"Node","hidden":true}';
comment on column fax.path is '{"zh":"路径","en":"Path","hidden":true}';
comment on column fax.pdf_path is '{"zh":"PDF路径","en":"PDF path","hidden":true}';
comment on column fax.remark is '{"zh":"备注","en":"Remark","widget":"textarea","list":false}';
call zj_searchable('fax');
comment on table fax_attempt is 'Tries to send faxes, and faxes that came; applied to the table fax by trigger.';
reset role;
