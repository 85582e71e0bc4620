-- Voicemail: boxes, the messages in them, what is done with a message, and the e-mails that tell of them.
set search_path = zj, public;
set role zj_owner;

-- A box belongs to an extension, an account or a queue, or is shared.
create table voicemail_box (
    tenant_id     uuid not null references tenant (id) on delete cascade,
    id            uuid not null default zj_uuid7(),
    number        text check (number ~ '^[0-9]{2,16}$'),
    name          text not null check (char_length(name) between 1 and 100),
    extension_id  uuid,
    account_id    uuid,
    queue_id      uuid,
    pin           text check (pin ~ '^[0-9]{4,16}$'),
    greeting_id   uuid,
    greeting_path text,
    ask_first     boolean not null default false,
    max_s         integer not null default 180 check (max_s between 5 and 3600),
    silence_s     integer not null default 5 check (silence_s between 0 and 60),
    email         text check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(email) <= 254),
    mail_mode     text not null default 'system' check (mail_mode in ('system', 'attachment', 'link', 'off')),
    keep_days     integer not null default 0 check (keep_days between 0 and 3650),
    max_messages  integer not null default 100 check (max_messages between 1 and 10000),
    transcribe    boolean not null default false,
    enabled       boolean not null default true,
    new_count     integer not null default 0,
    old_count     integer not null default 0,
    last_no       integer not null default 0,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number),
    unique (tenant_id, extension_id),
    unique (tenant_id, queue_id),
    foreign key (tenant_id, extension_id) references extension (tenant_id, id) on delete set null (extension_id),
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete set null (account_id),
    foreign key (tenant_id, queue_id) references queue (tenant_id, id) on delete set null (queue_id),
    foreign key (tenant_id, greeting_id) references prompt (tenant_id, id) on delete set null (greeting_id),
    constraint voicemail_box_owner check (num_nonnulls(extension_id, account_id, queue_id) <= 1)
);
create index on voicemail_box (tenant_id, account_id);
create index on voicemail_box (tenant_id, greeting_id);

-- A message, written by acd; what becomes of it afterwards is said in the same row.
create table voicemail (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null,
    call_id      uuid not null,
    box_id       uuid not null,
    name         text not null default '',
    account_id   uuid,
    agent_id     uuid,
    extension_id uuid,
    queue_id     uuid,
    caller       text not null default '',
    caller_name  text not null default '',
    callee       text not null default '',
    did          text,
    language     text not null default 'zh' check (language in ('zh', 'en')),
    left_at      timestamptz not null,
    ms           integer not null check (ms >= 0),
    bytes        bigint not null default 0,
    sha256       text,
    node         text not null default '',
    path         text not null,
    state        text not null default 'completed' check (state in ('completed', 'hungup', 'max', 'silence', 'cut')),
    heard        boolean not null default false,
    heard_at     timestamptz,
    heard_by     uuid,
    saved        boolean not null default false,
    remark       text not null default '' check (char_length(remark) <= 1000),
    transcript   text check (char_length(transcript) <= 20000),
    words        text not null default '',
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index on voicemail (tenant_id, box_id, id desc);
create index on voicemail (tenant_id, left_at desc);
create index on voicemail (tenant_id, queue_id, id desc);
create index on voicemail (tenant_id, account_id, id desc);
create index on voicemail (tenant_id, agent_id, id desc);
create index on voicemail (tenant_id, call_id);

-- What was done by phone: facts of acd, applied to the message or box by trigger, once.
create table voicemail_act (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null,
    call_id      uuid not null,
    box_id       uuid not null,
    voicemail_id uuid,
    what         text not null default 'heard' check (what in ('heard', 'saved', 'deleted', 'greeting')),
    path         text,
    at           timestamptz not null,
    primary key (tenant_id, id)
);

-- E-mails to be sent by the worker, and what became of them.
create table mail (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    kind       text not null default 'voicemail' check (kind in ('voicemail')),
    ref_id     uuid not null,
    to_address text not null check (char_length(to_address) <= 254),
    mode       text not null default 'system' check (mode in ('system', 'attachment', 'link')),
    state      text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
    attempts   integer not null default 0,
    due_at     timestamptz not null default now(),
    error      text check (char_length(error) <= 1000),
    sent_at    timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index on mail (due_at) where state = 'waiting';
create index on mail (tenant_id, ref_id);

call zj_tenant_table('voicemail_box');
call zj_tenant_table('voicemail');
call zj_tenant_table('voicemail_act', facts => true);
call zj_tenant_table('mail', facts => true);
revoke select on voicemail_box from zj_tenant; -- all but the PIN
grant select (tenant_id, id, number, name, extension_id, account_id, queue_id, greeting_id, greeting_path, ask_first, max_s, silence_s, email, mail_mode, keep_days, max_messages, transcribe,
    enabled, new_count, old_count, last_no, created_at, updated_at) on voicemail_box to zj_tenant;
revoke insert, update on voicemail from zj_tenant;
grant update (heard, saved, remark) on voicemail to zj_tenant;
call zj_appender('voicemail', 'zj_acd');
call zj_appender('voicemail_act', 'zj_acd');
call zj_reader('voicemail_box', 'zj_acd');
call zj_live('voicemail_box');
call zj_live('voicemail');
call zj_recyclable('voicemail_box');
call zj_recyclable('voicemail');
call zj_audited('voicemail_box');
call zj_audited('voicemail');
create policy keep_zj_owner on mail to zj_owner using (true) with check (true);

-- Whose messages one sees: one's own, those of the agents and of the queues in scope.
create policy scope on voicemail as restrictive to zj_tenant using ((select zj_scope() is null) or account_id in (select unnest(zj_scope_accounts()))
    or agent_id in (select unnest(zj_scope_agents())) or queue_id in (select unnest(zj_scope_queues())));
create policy scope on voicemail_box as restrictive to zj_tenant using ((select zj_scope() is null) or account_id in (select unnest(zj_scope_accounts()))
    or queue_id in (select unnest(zj_scope_queues()))
    or exists (select from extension e where e.tenant_id = voicemail_box.tenant_id and e.id = extension_id and e.account_id in (select unnest(zj_scope_accounts())))
    or exists (select from agent a where a.tenant_id = voicemail_box.tenant_id and a.extension_id = voicemail_box.extension_id and a.id in (select unnest(zj_scope_agents()))));
create policy scope on mail as restrictive to zj_tenant using ((select zj_scope() is null));
create policy scope on voicemail_act as restrictive to zj_tenant using ((select zj_scope() is null));
do $$
declare t text;
begin
    foreach t in array array['voicemail_box', 'voicemail', 'voicemail_act', 'mail'] loop
        execute format('create policy bpo on %I as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null))', t);
    end loop;
end $$;

-- A message gets its number in the box, the box's people, and the caller's name from the customers.
create function voicemail_placed() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    b voicemail_box;
    no integer;
begin
    if current_setting('zj.restoring', true) = 'on' then return new; end if;
    if exists (select from voicemail v where v.tenant_id = new.tenant_id and v.id = new.id) then return null; end if; -- told again by a successor
    if exists (select from recycled r where r.tenant_id = new.tenant_id and r.table_name = 'voicemail' and r.row_id = new.id) then return null; end if; -- deleted since
    update voicemail_box set last_no = last_no + 1 where tenant_id = new.tenant_id and id = new.box_id returning * into b;
    new.name := format('msg%s.wav', lpad(coalesce(b.last_no, 0)::text, 4, '0'));
    new.extension_id := b.extension_id;
    new.account_id := coalesce(b.account_id, (select e.account_id from extension e where e.tenant_id = b.tenant_id and e.id = b.extension_id));
    new.agent_id := (select a.id from agent a where a.tenant_id = b.tenant_id and (a.extension_id = b.extension_id or a.account_id = b.account_id) order by a.extension_id = b.extension_id desc limit 1);
    new.queue_id := coalesce(b.queue_id, new.queue_id);
    if new.caller_name = '' and new.caller <> '' then
        new.caller_name := coalesce((select c.name from customer c where c.tenant_id = new.tenant_id and (c.phone = new.caller or c.phone2 = new.caller) order by c.id limit 1), '');
    end if;
    -- What the search box looks through beside the numbers: names as they are now, the date and the duration as they are shown.
    new.words := (select concat_ws(' ', b.name, b.number, q.number, q.name, to_char(new.left_at at time zone t.time_zone, 'YYYY-MM-DD HH24:MI:SS'),
        (new.ms + 500) / 1000 / 60 || ':' || lpad(((new.ms + 500) / 1000 % 60)::text, 2, '0')) from tenant t left join queue q on q.tenant_id = t.id and q.id = new.queue_id where t.id = new.tenant_id);
    return new;
end $$;
create trigger placed before insert on voicemail for each row execute function voicemail_placed();

create function voicemail_heard() returns trigger language plpgsql as $$
begin
    if new.heard and not old.heard then
        new.heard_at := now();
        new.heard_by := zj_account();
    elsif not new.heard then
        new.heard_at := null;
        new.heard_by := null;
    end if;
    return new;
end $$;
create trigger heard before update of heard on voicemail for each row execute function voicemail_heard();

-- The box's counters; an e-mail for a new message.
create function voicemail_counted() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        update voicemail_box b set new_count = n.fresh, old_count = n.old from (select o.tenant_id, o.box_id, count(v.id) filter (where not v.heard) as fresh, count(v.id) filter (where v.heard) as old
            from (select distinct tenant_id, box_id from old_rows) o left join voicemail v on v.tenant_id = o.tenant_id and v.box_id = o.box_id group by 1, 2) n
         where b.tenant_id = n.tenant_id and b.id = n.box_id and (b.new_count, b.old_count) is distinct from (n.fresh, n.old);
        return null;
    end if;
    update voicemail_box b set new_count = n.fresh, old_count = n.old from (select o.tenant_id, o.box_id, count(v.id) filter (where not v.heard) as fresh, count(v.id) filter (where v.heard) as old
        from (select distinct tenant_id, box_id from new_rows) o left join voicemail v on v.tenant_id = o.tenant_id and v.box_id = o.box_id group by 1, 2) n
     where b.tenant_id = n.tenant_id and b.id = n.box_id and (b.new_count, b.old_count) is distinct from (n.fresh, n.old);
    if tg_op = 'INSERT' and coalesce(current_setting('zj.restoring', true), '') <> 'on' then
        insert into mail (tenant_id, kind, ref_id, to_address, mode)
        select v.tenant_id, 'voicemail', v.id, b.email, coalesce(nullif(b.mail_mode, 'system'), t.voicemail_mail)
          from new_rows v join voicemail_box b on b.tenant_id = v.tenant_id and b.id = v.box_id join tenant t on t.id = v.tenant_id
         where b.email is not null and coalesce(nullif(b.mail_mode, 'system'), t.voicemail_mail) <> 'off';
    end if;
    return null;
end $$;
create trigger counted_i after insert on voicemail referencing new table as new_rows for each statement execute function voicemail_counted();
create trigger counted_u after update on voicemail referencing new table as new_rows for each statement execute function voicemail_counted();
create trigger counted_d after delete on voicemail referencing old table as old_rows for each statement execute function voicemail_counted();

create function voicemail_acted() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    case new.what
        when 'heard' then update voicemail set heard = true where tenant_id = new.tenant_id and id = new.voicemail_id;
        when 'saved' then update voicemail set heard = true, saved = true where tenant_id = new.tenant_id and id = new.voicemail_id;
        when 'deleted' then delete from voicemail where tenant_id = new.tenant_id and id = new.voicemail_id;
        when 'greeting' then update voicemail_box set greeting_path = new.path, greeting_id = null where tenant_id = new.tenant_id and id = new.box_id;
    end case;
    return null;
end $$;
create trigger acted after insert on voicemail_act for each row execute function voicemail_acted();

-- A greeting that was chosen takes the place of one that was spoken.
create function voicemail_greeting() returns trigger language plpgsql as $$
begin
    if new.greeting_id is not null and new.greeting_id is distinct from old.greeting_id then new.greeting_path := null; end if;
    return new;
end $$;
create trigger greeting before update of greeting_id on voicemail_box for each row execute function voicemail_greeting();

-- An extension with voicemail has a box: its PIN and address are those of the extension. Switched off, the box stays, with what is in it.
create function extension_voicemail() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.voicemail then
        insert into voicemail_box as b (tenant_id, name, extension_id, pin, email)
        values (new.tenant_id, left(coalesce(nullif(new.name, ''), new.number), 100), new.id, new.voicemail_pin, new.voicemail_email)
        on conflict (tenant_id, extension_id) do update set enabled = true, pin = excluded.pin, email = excluded.email
            where (b.enabled, b.pin, b.email) is distinct from (true, excluded.pin, excluded.email);
    else
        update voicemail_box set enabled = false where tenant_id = new.tenant_id and extension_id = new.id and enabled;
    end if;
    return null;
end $$;
create trigger voicemail_i after insert on extension for each row when (new.voicemail) execute function extension_voicemail();
create trigger voicemail_u after update on extension for each row
    when ((new.voicemail, new.voicemail_pin, new.voicemail_email) is distinct from (old.voicemail, old.voicemail_pin, old.voicemail_email)) execute function extension_voicemail();

-- The worker sends the e-mails, adds transcripts, and clears away what was kept long enough.
call zj_reader('voicemail', 'zj_worker');
call zj_reader('voicemail_box', 'zj_worker', 'tenant_id, id, number, name, greeting_path, keep_days, transcribe');
call zj_reader('mail', 'zj_worker');
create policy send on mail for update to zj_worker using (true) with check (true);
create policy trim on mail for delete to zj_worker using (created_at < now() - interval '30 days');
grant update (state, attempts, due_at, error, sent_at), delete on mail to zj_worker;
create policy transcribe on voicemail for update to zj_worker using (true) with check (true);
grant update (transcript) on voicemail to zj_worker;

create function zj_voicemail_trim() returns bigint language sql volatile security definer set search_path = zj, pg_temp as $$
    with gone as (delete from voicemail v using voicemail_box b where b.tenant_id = v.tenant_id and b.id = v.box_id and b.keep_days > 0 and not v.saved
        and v.left_at < now() - make_interval(days => b.keep_days) returning 1) select count(*) from gone
$$;
-- Is the file of a message still wanted? Also while it lies in the recycle bin; and that of a spoken greeting.
create function zj_voicemail_is_kept(tenant uuid, file text) returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select exists (select from voicemail v where v.tenant_id = tenant and v.path = file)
        or exists (select from voicemail_box b where b.tenant_id = tenant and b.greeting_path = file)
        or exists (select from recycled r where r.tenant_id = tenant and r.table_name in ('voicemail', 'voicemail_box') and (r.row ->> 'path' = file or r.secret ->> 'path' = file or r.row ->> 'greeting_path' = file or r.secret ->> 'greeting_path' = file))
$$;
revoke all on function zj_voicemail_trim, zj_voicemail_is_kept from public;
grant execute on function zj_voicemail_trim, zj_voicemail_is_kept to zj_worker;

comment on table voicemail_box is '{"resource":"voicemail-boxes","zh":"语音信箱","en":"Voicemail box","scope":"tenant","label":"name","menu":"pbx","order":92,"icon":"voicemail","search":["number","name"]}';
comment on column voicemail_box.number is '{"zh":"内线号码","en":"Internal number"}';
comment on column voicemail_box.name is '{"zh":"名称","en":"Name"}';
comment on column voicemail_box.extension_id is '{"zh":"所属分机","en":"Of extension","filter":true,"help_zh":"分机、账号、队列三者至多选一；都不选为共用","help_en":"at most one of extension, account and queue; none: shared"}';
comment on column voicemail_box.account_id is '{"zh":"所属账号","en":"Of account","filter":true}';
comment on column voicemail_box.queue_id is '{"zh":"所属队列","en":"Of queue","filter":true}';
comment on column voicemail_box.pin is '{"zh":"语音邮箱密码","en":"PIN","writeonly":true,"help_zh":"电话收听时需要；留空则只能从所属分机收听","help_en":"asked when listening by phone; without one it is heard from its own extension only"}';
comment on column voicemail_box.greeting_id is '{"zh":"问候语","en":"Greeting","list":false}';
comment on column voicemail_box.greeting_path is '{"zh":"录制的问候语","en":"Spoken greeting","hidden":true}';
comment on column voicemail_box.ask_first is '{"zh":"先询问","en":"Ask first","list":false,"help_zh":"按 1 才开始留言","help_en":"the caller presses 1 to leave a message"}';
comment on column voicemail_box.max_s is '{"zh":"最长留言","en":"Longest message","unit":"s","list":false}';
comment on column voicemail_box.silence_s is '{"zh":"静音结束","en":"Silence ends it","unit":"s","list":false,"help_zh":"0 为不检测","help_en":"0: it does not"}';
comment on column voicemail_box.email is '{"zh":"邮箱","en":"E-mail"}';
comment on column voicemail_box.mail_mode is '{"zh":"语音邮件发送方式","en":"Sent by e-mail","list":false,"enum":{"system":{"zh":"系统默认","en":"As the tenant says"},"attachment":{"zh":"附件","en":"Attached"},"link":{"zh":"链接","en":"A link"},"off":{"zh":"不发送","en":"Not at all"}}}';
comment on column voicemail_box.keep_days is '{"zh":"保留天数","en":"Kept","unit":"d","list":false,"help_zh":"0 为一直保留；已保存的留言不删除","help_en":"0: for ever; saved messages stay"}';
comment on column voicemail_box.max_messages is '{"zh":"最多留言数","en":"Messages at most","list":false}';
comment on column voicemail_box.transcribe is '{"zh":"转写文字","en":"Transcribe","list":false}';
comment on column voicemail_box.enabled is '{"zh":"启用","en":"Enabled"}';
comment on column voicemail_box.new_count is '{"zh":"新留言","en":"New","readonly":true,"audit":false}';
comment on column voicemail_box.old_count is '{"zh":"已听留言","en":"Heard","readonly":true,"audit":false}';
comment on column voicemail_box.last_no is '{"zh":"最后编号","en":"Last number","hidden":true,"audit":false}';
call zj_searchable('voicemail_box');
call zj_internal_number('voicemail_box', 'voicemail');

comment on table voicemail is '{"resource":"voicemails","zh":"语音留言","en":"Voicemail","scope":"tenant","label":"name","create":false,"import":false,"sort":"-id","menu":"reports","order":25,"icon":"voicemail","search":["caller","caller_name","name","words"],"permissions":{"listen":{"zh":"收听留言","en":"Listen to voicemail"}}}';
comment on column voicemail.call_id is '{"zh":"通话","en":"Call","ref":"calls","readonly":true,"detail":true}';
comment on column voicemail.box_id is '{"zh":"语音信箱","en":"Box","ref":"voicemail-boxes","readonly":true,"filter":true}';
comment on column voicemail.name is '{"zh":"语音邮件名","en":"Voicemail name","readonly":true}';
comment on column voicemail.account_id is '{"zh":"用户","en":"User","ref":"accounts","readonly":true,"filter":true}';
comment on column voicemail.agent_id is '{"zh":"坐席","en":"Agent","ref":"agents","readonly":true,"filter":true}';
comment on column voicemail.extension_id is '{"zh":"分机","en":"Extension","ref":"extensions","readonly":true}';
comment on column voicemail.queue_id is '{"zh":"队列","en":"Queue","ref":"queues","readonly":true,"filter":true}';
comment on column voicemail.caller is '{"zh":"客户号码","en":"Caller","readonly":true,"mask":"phone"}';
comment on column voicemail.caller_name is '{"zh":"客户名","en":"Caller''s name","readonly":true}';
comment on column voicemail.callee is '{"zh":"被叫","en":"Callee","readonly":true,"detail":true}';
comment on column voicemail.did is '{"zh":"接入号","en":"DID","readonly":true,"detail":true}';
comment on column voicemail.language is '{"zh":"留言语种","en":"Language","readonly":true,"list":false,"enum":{"zh":{"zh":"中文","en":"Chinese"},"en":{"zh":"英文","en":"English"}}}';
comment on column voicemail.left_at is '{"zh":"留言时间","en":"Left at","readonly":true,"filter":true}';
comment on column voicemail.ms is '{"zh":"时长","en":"Duration","unit":"ms","readonly":true}';
comment on column voicemail.bytes is '{"zh":"大小","en":"Size","unit":"B","readonly":true,"detail":true}';
comment on column voicemail.sha256 is '{"zh":"校验","en":"SHA-256","readonly":true,"detail":true}';
comment on column voicemail.node is '{"zh":"节点","en":"Node","hidden":true}';
comment on column voicemail.path is '{"zh":"路径","en":"Path","hidden":true}';
comment on column voicemail.state is '{"zh":"留言状态","en":"State","readonly":true,"enum":{"completed":{"zh":"留言完成","en":"Completed"},"hungup":{"zh":"挂机结束","en":"Caller hung up"},"max":{"zh":"达到最长","en":"Longest time"},"silence":{"zh":"静音结束","en":"Silence"},"cut":{"zh":"中断","en":"Cut off"}}}';
comment on column voicemail.heard is '{"zh":"已听","en":"Heard"}';
comment on column voicemail.heard_at is '{"zh":"收听时间","en":"Heard at","readonly":true,"detail":true}';
comment on column voicemail.heard_by is '{"zh":"收听人","en":"Heard by","ref":"accounts","readonly":true,"detail":true}';
comment on column voicemail.saved is '{"zh":"已保存","en":"Saved","list":false}';
comment on column voicemail.remark is '{"zh":"留言备注","en":"Remark","widget":"textarea"}';
comment on column voicemail.transcript is '{"zh":"文字","en":"Transcript","readonly":true,"list":false}';
comment on column voicemail.words is '{"zh":"检索文字","en":"Words","readonly":true,"detail":true,"help_zh":"信箱、队列、日期、时长","help_en":"box, queue, date, duration"}';
call zj_searchable('voicemail');

comment on table mail is '{"resource":"mails","zh":"发出的邮件","en":"Sent e-mail","scope":"tenant","label":"to_address","create":false,"update":false,"delete":false,"import":false,"sort":"-id","menu":"system","order":85}';
comment on column mail.kind is '{"zh":"类别","en":"Kind","enum":{"voicemail":{"zh":"语音邮件","en":"Voicemail"}}}';
comment on column mail.ref_id is '{"zh":"关于","en":"About","detail":true}';
comment on column mail.to_address is '{"zh":"收件人","en":"To","mask":"email"}';
comment on column mail.mode is '{"zh":"方式","en":"How","enum":{"system":{"zh":"系统默认","en":"System default"},"attachment":{"zh":"附件","en":"Attached"},"link":{"zh":"链接","en":"A link"}}}';
comment on column mail.state is '{"zh":"状态","en":"State","enum":{"waiting":{"zh":"等待","en":"Waiting"},"sent":{"zh":"已发送","en":"Sent"},"failed":{"zh":"失败","en":"Failed"}}}';
comment on column mail.attempts is '{"zh":"尝试次数","en":"Attempts"}';
comment on column mail.due_at is '{"zh":"下次发送","en":"Next try","detail":true}';
comment on column mail.error is '{"zh":"错误","en":"Error"}';
comment on column mail.sent_at is '{"zh":"发送时间","en":"Sent at"}';
comment on table voicemail_act is 'What was done with voicemail by phone; applied by trigger.';
reset role;
