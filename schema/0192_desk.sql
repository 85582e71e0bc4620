-- What every agent has without being granted it (基本管理): its own calls, voicemail, messages and notices; and what whoever leads a group or
-- queue has besides (坐席组长). Table comments say it: "desk" and "leader", {"can":[…],"menu":"…"}. It holds for agents whose role sees their
-- own data only; a role that sees more says itself what of.
set search_path = zj, public;
set role zj_owner;

-- Does the agent lead? Kept, for lists of leaders ask for it, and the api with each request.
alter table agent add column leader boolean not null default false;
create function agent_leads() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare r record := coalesce(new, old);
begin
    update agent a set leader = exists (select from agent_managed_group m where m.tenant_id = a.tenant_id and m.agent_id = a.id)
                             or exists (select from agent_managed_queue m where m.tenant_id = a.tenant_id and m.agent_id = a.id)
     where a.tenant_id = r.tenant_id and a.id in (r.agent_id, case tg_op when 'UPDATE' then old.agent_id end);
    return null;
end $$;
create trigger leads after insert or update or delete on agent_managed_group for each row execute function agent_leads();
create trigger leads after insert or update or delete on agent_managed_queue for each row execute function agent_leads();
update agent a set leader = true where exists (select from agent_managed_group m where m.tenant_id = a.tenant_id and m.agent_id = a.id)
    or exists (select from agent_managed_queue m where m.tenant_id = a.tenant_id and m.agent_id = a.id);
comment on column agent.leader is '{"zh":"班长","en":"Leads","readonly":true,"filter":true,"help_zh":"管理坐席组或队列；咨询对象","help_en":"looks after groups or queues: whom agents consult"}';
create index on agent (tenant_id) where leader;
create index on agent (tenant_id, leader);

-- Whom an agent consults: the leaders of the team, with their telephones, whatever the data scope.
create function zj_consult_partners() returns table (tenant_id uuid, id uuid, number text, name text, extension text) language sql stable security definer set search_path = zj, pg_temp as $$
    select a.tenant_id, a.id, a.number, a.name, e.number from agent a left join extension e on e.tenant_id = a.tenant_id and e.id = a.extension_id
     where a.tenant_id = zj_tenant() and a.leader and a.enabled and a.account_id is distinct from zj_account() and zj_bpo_campaigns() is null
$$;
revoke all on function zj_consult_partners from public;
grant execute on function zj_consult_partners to zj_tenant;
create view consult_partner with (security_invoker) as select * from zj_consult_partners();
grant select on consult_partner to zj_tenant;
comment on view consult_partner is '{"resource":"consult-partners","zh":"咨询对象","en":"Whom to consult","scope":"tenant","label":"name","sort":"number","create":false,"update":false,"delete":false,"import":false,"export":false,"desk":{"can":["read"]}}';
comment on column consult_partner.tenant_id is '{"zh":"团队","en":"Tenant","readonly":true}';
comment on column consult_partner.id is '{"zh":"编号","en":"ID","readonly":true}';
comment on column consult_partner.number is '{"zh":"工号","en":"Agent number"}';
comment on column consult_partner.name is '{"zh":"姓名","en":"Name"}';
comment on column consult_partner.extension is '{"zh":"分机","en":"Extension"}';

-- A message of one account to another: a row for each who gets it. It is theirs alone.
create table internal_message (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    recipients   uuid[] not null check (cardinality(recipients) between 1 and 500),
    recipient_id uuid,
    title        text not null check (char_length(title) between 1 and 200),
    content      text not null default '' check (char_length(content) <= 20000),
    level        text not null default 'standard' check (level in ('standard', 'important', 'urgent')),
    state        text not null default 'unread' check (state in ('unread', 'read')),
    created_by   uuid default zj_account(),
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, recipient_id) references account (tenant_id, id) on delete cascade
);
create index on internal_message (tenant_id, recipient_id, id desc); create index on internal_message (tenant_id, created_by, id desc);
call zj_tenant_table('internal_message');
call zj_carrier_own('internal_message');
call zj_recyclable('internal_message');
call zj_audited('internal_message');
revoke update on internal_message from zj_tenant, zj_carrier;
grant update (state) on internal_message to zj_tenant, zj_carrier;
create policy party on internal_message as restrictive to zj_tenant, zj_carrier using (created_by = zj_account() or recipient_id = zj_account());
create policy reader on internal_message as restrictive for update to zj_tenant, zj_carrier using (recipient_id = zj_account());
create policy gone on internal_message as restrictive for delete to zj_tenant, zj_carrier using (recipient_id = zj_account());
create policy internal_message on recycled as restrictive to zj_tenant, zj_carrier using (table_name <> 'internal_message' or row ->> 'recipient_id' = zj_account()::text);
create policy bpo on internal_message as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));

create function internal_message_sent() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if current_setting('zj.restoring', true) = 'on' or new.recipient_id is not null then return new; end if;
    if exists (select from unnest(new.recipients) x where not exists (select from account a where a.tenant_id = new.tenant_id and a.id = x and a.enabled)) then
        raise foreign_key_violation using message = 'no such colleague', hint = '没有这个同事', column = 'recipients', constraint = 'internal_message_recipients';
    end if;
    new.recipient_id := new.recipients[1];
    new.state := 'unread';
    insert into internal_message (tenant_id, recipients, recipient_id, title, content, level, created_by)
    select new.tenant_id, new.recipients, r, new.title, new.content, new.level, new.created_by from (select distinct unnest(new.recipients[2:]) as r) x where r <> new.recipient_id;
    return new;
end $$;
create trigger sent before insert on internal_message for each row execute function internal_message_sent();
revoke insert on internal_message from zj_tenant, zj_carrier;
grant insert (tenant_id, id, recipients, title, content, level) on internal_message to zj_tenant, zj_carrier;

-- Whom one may write to: everybody of the team, by name, whatever one's data scope.
create function zj_colleagues() returns table (tenant_id uuid, id uuid, username text, name text) language sql stable security definer set search_path = zj, pg_temp as $$
    select a.tenant_id, a.id, a.username, a.name from account a where a.tenant_id = zj_tenant() and a.enabled and a.type <> 'bpo' and zj_bpo_campaigns() is null
$$;
revoke all on function zj_colleagues from public;
grant execute on function zj_colleagues to zj_tenant, zj_carrier;
create view colleague with (security_invoker) as select * from zj_colleagues();
grant select on colleague to zj_tenant, zj_carrier;
comment on view colleague is '{"resource":"colleagues","zh":"同事","en":"Colleague","scope":"tenant","label":"name","sort":"name","create":false,"update":false,"delete":false,"import":false,"export":false,"desk":{"can":["read"]}}';
comment on column colleague.tenant_id is '{"zh":"团队","en":"Tenant","readonly":true}';
comment on column colleague.id is '{"zh":"编号","en":"ID","readonly":true}';
comment on column colleague.username is '{"zh":"用户名","en":"User name"}';
comment on column colleague.name is '{"zh":"姓名","en":"Name"}';

comment on table internal_message is '{"resource":"internal-messages","zh":"内部信息","en":"Internal message","scope":"tenant","label":"title","sort":"-id","import":false,"menu":"system","order":91,"search":["title"]}';
comment on column internal_message.recipients is '{"zh":"接收人","en":"To","ref":"colleagues","create_only":true}';
comment on column internal_message.recipient_id is '{"zh":"收件人","en":"Received by","ref":"colleagues","readonly":true,"filter":true}';
comment on column internal_message.title is '{"zh":"标题","en":"Title","create_only":true,"audit":false}';
comment on column internal_message.content is '{"zh":"内容","en":"Content","widget":"textarea","create_only":true,"audit":false}';
comment on column internal_message.level is '{"zh":"级别","en":"Level","create_only":true,"enum":{"standard":{"zh":"标准","en":"Standard"},"important":{"zh":"重要","en":"Important"},"urgent":{"zh":"紧急","en":"Urgent"}}}';
comment on column internal_message.state is '{"zh":"状态","en":"State","filter":true,"enum":{"unread":{"zh":"未读","en":"Unread"},"read":{"zh":"已读","en":"Read"}}}';
comment on column internal_message.created_by is '{"zh":"发送人","en":"From","ref":"colleagues","readonly":true,"filter":true}';
create index on internal_message (tenant_id, state);
call zj_searchable('internal_message');

do $$
declare r record;
begin
    for r in select t, v::jsonb as v from (values
        ('call', '{"desk":{"can":["read"],"menu":"desk"}}'), ('voicemail', '{"desk":{"can":["read","listen"],"menu":"desk"}}'),
        ('internal_message', '{"desk":{"can":["read","create","update","delete"],"menu":"desk"}}'), ('notice', '{"desk":{"can":["read"],"menu":"desk"}}'),
        ('agent', '{"leader":{"can":["read"],"menu":"leader"}}'), ('agent_state', '{"leader":{"can":["read"],"menu":"leader"}}'),
        ('recording', '{"leader":{"can":["read","listen"],"menu":"leader"}}'), ('queue_agent', '{"leader":{"can":["read"],"menu":"leader"}}'),
        ('campaign', '{"menu":"dialing","leader":{"can":["read"]}}')) x (t, v) loop
        execute format('comment on table %I is %L', r.t, (obj_description(r.t::regclass, 'pg_class')::jsonb || r.v)::text);
    end loop;
end $$;
reset role;
