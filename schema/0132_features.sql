-- Codes that a phone can dial (shortcut keys), keys pressed during a call (hot keys), and applications with an internal number.
-- (docs/decisions/066) What a feature does is acd's (feature.c).
set search_path = zj, public;
set role zj_owner;

-- Shortcut keys: the carrier's own rows are the system's defaults; each tenant has a row for each, which follows the default until it is changed,
-- and again when its number is emptied.
create table shortcut (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    feature     text not null check (feature in ('pickup', 'own_number', 'record', 'agent_sign_in', 'agent_sign_out', 'simulate_call', 'dnd_on', 'dnd_off', 'forward_cancel', 'forward_all', 'forward_busy',
        'forward_unreachable', 'forward_no_answer', 'my_voicemail', 'voicemail', 'agent_idle', 'agent_busy', 'echo', 'time')),
    number      text check (number ~ '^[*#][0-9*#]{1,7}$'),
    remark      text not null default '' check (char_length(remark) <= 200),
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, feature),
    unique (tenant_id, number)
);
call zj_tenant_table('shortcut', 'write');
revoke insert, delete on shortcut from zj_tenant, zj_carrier;
revoke update on shortcut from zj_tenant, zj_carrier;
grant update (number, remark, enabled) on shortcut to zj_tenant, zj_carrier;
call zj_live('shortcut');
call zj_reader('shortcut', 'zj_acd');
call zj_audited('shortcut');
call zj_internal_number('shortcut', 'shortcut');

create function shortcut_defaults() returns table (feature text, number text, remark text) language sql immutable as $$
    select * from (values
        ('pickup', '*61', '抢接'), ('own_number', '*62', '报本机号'), ('record', '*63', '电话录音'), ('agent_sign_in', '*64', '坐席签入'), ('agent_sign_out', '*65', '坐席签出'),
        ('simulate_call', '*66', '模拟呼入电话'), ('dnd_on', '*67', 'DND激活'), ('dnd_off', '*68', 'DND关闭'), ('agent_idle', '*71', '坐席示闲'), ('agent_busy', '*72', '坐席示忙'),
        ('echo', '*73', '回声测试'), ('time', '*74', '报时'), ('forward_cancel', '*90', '取消全部呼叫转移'), ('forward_all', '*91', '呼叫前转'), ('forward_busy', '*92', '遇忙转移'),
        ('forward_unreachable', '*93', '无法接通转移'), ('forward_no_answer', '*94', '未应答转移'), ('my_voicemail', '*97', '我的语音邮件'), ('voicemail', '*98', '拨打语音邮件')) x
$$;

create function shortcut_born() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.kind = 'carrier' or not exists (select from shortcut s join tenant t on t.id = s.tenant_id where t.kind = 'carrier') then
        insert into shortcut (tenant_id, feature, number, remark) select new.id, x.feature, x.number, x.remark from shortcut_defaults() x;
    else
        insert into shortcut (tenant_id, feature, number, remark, enabled)
            select new.id, s.feature, s.number, s.remark, s.enabled from shortcut s join tenant t on t.id = s.tenant_id where t.kind = 'carrier';
    end if;
    return null;
end $$;
create trigger born_shortcuts after insert on tenant for each row execute function shortcut_born();

create function shortcut_default() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.number is null then
        select s.number into new.number from shortcut s join tenant t on t.id = s.tenant_id where t.kind = 'carrier' and s.feature = new.feature and s.tenant_id <> new.tenant_id;
        if new.number is null then
            raise not_null_violation using message = 'the default needs a number', column = 'number', constraint = 'shortcut_number';
        end if;
    end if;
    return new;
end $$;
create trigger as_default before update of number on shortcut for each row execute function shortcut_default();

-- A changed default changes the tenants that have it, but for those that use the new code for something else.
create function shortcut_spread() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if not exists (select from tenant t where t.id = new.tenant_id and t.kind = 'carrier') then return null; end if;
    update shortcut s set number = new.number, enabled = new.enabled
     where s.tenant_id <> new.tenant_id and s.feature = new.feature and s.number = old.number and s.enabled = old.enabled
       and (new.number = old.number or not exists (select from internal_number i where i.tenant_id = s.tenant_id and i.number = new.number));
    return null;
end $$;
create trigger spread after update of number, enabled on shortcut for each row when ((old.number, old.enabled) is distinct from (new.number, new.enabled)) execute function shortcut_spread();

-- Hot keys: only the system has them.
create table hot_key (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    feature     text not null check (feature in ('blind_transfer', 'attended_transfer', 'agent_consult')),
    number      text not null check (number ~ '^[*#][0-9*#]{1,7}$'),
    remark      text not null default '' check (char_length(remark) <= 200),
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, feature),
    unique (tenant_id, number)
);
call zj_tenant_table('hot_key', 'write');
revoke insert, update, delete on hot_key from zj_tenant, zj_carrier;
grant update (number, remark, enabled) on hot_key to zj_carrier;
call zj_live('hot_key');
call zj_reader('hot_key', 'zj_acd');
call zj_audited('hot_key');
call zj_internal_number('hot_key', 'hot_key');
create function hot_key_born() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into hot_key (tenant_id, feature, number, remark) values
        (new.id, 'blind_transfer', '*51', '盲转'), (new.id, 'attended_transfer', '*52', '询问转'), (new.id, 'agent_consult', '*55', '坐席咨询');
    return null;
end $$;
create trigger born_hot_keys after insert on tenant for each row when (new.kind = 'carrier') execute function hot_key_born();

-- Applications: a feature with an internal number of its own, and with what it is to be done with.
create table application (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    context     text not null check (context in ('pickup', 'own_number', 'record', 'agent_sign_in', 'agent_sign_out', 'simulate_call', 'dnd_on', 'dnd_off', 'forward_cancel', 'forward_all', 'forward_busy',
        'forward_unreachable', 'forward_no_answer', 'my_voicemail', 'voicemail', 'agent_idle', 'agent_busy', 'echo', 'time')),
    entry       text not null default '' check (entry ~ '^[ -~]{0,64}$'),
    priority    integer not null default 1 check (priority between 1 and 1000),
    number      text check (number ~ '^[0-9*#]{1,16}$'),
    description text not null default '' check (char_length(description) <= 500),
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
call zj_tenant_table('application');
call zj_live('application');
call zj_reader('application', 'zj_acd');
call zj_audited('application');
call zj_recyclable('application');
call zj_internal_number('application', 'application');

-- Tenants that are there get what new ones are born with: the carrier first, the others as it says.
insert into shortcut (tenant_id, feature, number, remark)
select t.id, x.feature, x.number, x.remark from tenant t cross join shortcut_defaults() x;
insert into hot_key (tenant_id, feature, number, remark)
select t.id, x.feature, x.number, x.remark from tenant t cross join (values ('blind_transfer', '*51', '盲转'), ('attended_transfer', '*52', '询问转'), ('agent_consult', '*55', '坐席咨询')) x (feature, number, remark)
 where t.kind = 'carrier';

-- A call that somebody picked up, or that was forwarded.
alter table call drop constraint call_relation_check, add constraint call_relation_check check (relation in ('transfer', 'callback', 'consult', 'cross-tenant', 'pickup', 'forward'));

do $$
declare
    labels jsonb := '{"pickup":{"zh":"抢接","en":"Call pickup"},"own_number":{"zh":"报本机号","en":"Announce own number"},"record":{"zh":"电话录音","en":"Call recording"},"agent_sign_in":{"zh":"坐席签入","en":"Agent sign-in"},"agent_sign_out":{"zh":"坐席签出","en":"Agent sign-out"},"simulate_call":{"zh":"模拟呼入电话","en":"Simulate an incoming call"},"dnd_on":{"zh":"DND激活","en":"Do not disturb on"},"dnd_off":{"zh":"DND关闭","en":"Do not disturb off"},"forward_cancel":{"zh":"取消全部呼叫转移","en":"Cancel all call forwarding"},"forward_all":{"zh":"呼叫前转","en":"Call forward, unconditional"},"forward_busy":{"zh":"遇忙转移","en":"Forward on busy"},"forward_unreachable":{"zh":"无法接通转移","en":"Forward on unreachable"},"forward_no_answer":{"zh":"未应答转移","en":"Forward on no answer"},"my_voicemail":{"zh":"我的语音邮件","en":"My voice mail"},"voicemail":{"zh":"拨打语音邮件","en":"Dial voice mail"},"agent_idle":{"zh":"坐席示闲","en":"Agent idle"},"agent_busy":{"zh":"坐席示忙","en":"Agent busy"},"echo":{"zh":"回声测试","en":"Echo test"},"time":{"zh":"报时","en":"Time"}}';
begin
    execute format('comment on column shortcut.feature is %L', jsonb_build_object('zh', '名称', 'en', 'Name', 'readonly', true, 'enum', labels)::text);
    execute format('comment on column application.context is %L', jsonb_build_object('zh', '背景', 'en', 'Context', 'enum', labels)::text);
end $$;
comment on table shortcut is '{"resource":"shortcuts","zh":"快捷键","en":"Shortcut key","scope":"tenant","label":"feature","sort":"number","create":false,"delete":false,"import":false,"menu":"pbx","order":30,"icon":"hash"}';
comment on column shortcut.number is '{"zh":"值","en":"Code","help_zh":"清空则恢复系统默认","help_en":"empty it to have the system''s default again"}';
comment on column shortcut.remark is '{"zh":"备注","en":"Remark"}';
comment on column shortcut.enabled is '{"zh":"状态","en":"Enabled"}';
comment on table hot_key is '{"resource":"hot-keys","zh":"热键","en":"Hot key","scope":"carrier","label":"feature","sort":"number","create":false,"delete":false,"import":false,"menu":"pbx","order":31,"icon":"hash"}';
comment on column hot_key.feature is '{"zh":"名称","en":"Name","readonly":true,"enum":{"blind_transfer":{"zh":"盲转","en":"Blind transfer"},"attended_transfer":{"zh":"询问转","en":"Attended transfer"},"agent_consult":{"zh":"坐席咨询","en":"Agent consult"}}}';
comment on column hot_key.number is '{"zh":"值","en":"Code"}';
comment on column hot_key.remark is '{"zh":"备注","en":"Remark"}';
comment on column hot_key.enabled is '{"zh":"状态","en":"Enabled"}';
comment on table application is '{"resource":"applications","zh":"系统应用","en":"Application","scope":"tenant","label":"name","search":["name","number","description"],"menu":"pbx","order":32,"icon":"grid"}';
comment on column application.name is '{"zh":"应用名称","en":"Name"}';
comment on column application.entry is '{"zh":"起始标识","en":"Start identifier","help_zh":"应用的参数，如转移的目标号码","help_en":"what the application is done with, for example where to forward"}';
comment on column application.priority is '{"zh":"优先级","en":"Priority"}';
comment on column application.number is '{"zh":"内线号码","en":"Internal number"}';
comment on column application.description is '{"zh":"说明","en":"Description","list":false}';
comment on column application.enabled is '{"zh":"启用","en":"Enabled"}';
call zj_searchable('application');
comment on column call.relation is '{"zh":"关联方式","en":"Relation","enum":{"transfer":{"zh":"转接","en":"Transfer"},"callback":{"zh":"回呼","en":"Callback"},"consult":{"zh":"咨询","en":"Consultation"},"cross-tenant":{"zh":"跨团队","en":"Between tenants"},"pickup":{"zh":"抢接","en":"Picked up"},"forward":{"zh":"前转","en":"Forwarded"}}}';
reset role;
