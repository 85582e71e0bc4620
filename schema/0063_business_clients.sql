-- Business clients (呼入用户): companies that a tenant answers calls for, each with pages, contacts and numbers of its own. And the links
-- that pages of agents are chosen from.
set search_path = zj, public;
set role zj_owner;

create table link (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    kind       text not null check (kind in ('agent', 'management', 'event', 'agent_group', 'dial_plan', 'voice_event')),
    name       text not null check (char_length(name) between 1 and 100),
    address    text not null check (address ~ '^(https?://[^[:space:]]+|[a-z][a-z0-9_-]{0,62})$' and char_length(address) <= 500),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, kind, name)
);

-- Its questions come with the questionnaires themselves; here is what is attached to clients and campaigns.
create table questionnaire (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    description text not null default '' check (char_length(description) <= 1000),
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

-- Addresses of machines, without a mask.
create function zj_are_addresses(list text[]) returns boolean language plpgsql immutable strict as $$
declare a text;
begin
    foreach a in array list loop
        if a is null or masklen(a::inet) <> (case family(a::inet) when 4 then 32 else 128 end) then return false; end if;
    end loop;
    return true;
exception when invalid_text_representation then return false;
end $$;

create function zj_default_link(address text) returns uuid language sql stable as $$
    select id from link l where l.tenant_id = zj_tenant() and l.kind = 'agent' and l.address = zj_default_link.address order by id limit 1
$$;

create table business_client (
    tenant_id             uuid not null references tenant (id) on delete cascade,
    id                    uuid not null default zj_uuid7(),
    name                  text not null check (char_length(name) between 1 and 100),
    agent_link_id         uuid not null default zj_default_link('custompages'),
    management_link_id    uuid not null,
    questionnaires        uuid[] not null check (cardinality(questionnaires) <= 100),
    send_login            boolean not null default true,
    agent_groups          uuid[] not null default '{}' check (cardinality(agent_groups) <= 100),
    email                 text check (email ~ '^[^@[:space:]]{1,64}@[^@[:space:]]{1,189}$'),
    address               text not null default '' check (char_length(address) <= 500),
    phone                 text check (phone ~ '^\+?[0-9*#-]{3,32}$'),
    website               text check (website ~ '^https?://[^[:space:]]+$' and char_length(website) <= 500),
    picture_id            uuid,
    force_new_customer    boolean not null default false,
    popup                 boolean not null default true,
    description           text not null default '' check (char_length(description) <= 2000),
    welcome               text not null default '' check (char_length(welcome) <= 2000),
    caller_name           text not null default '' check (char_length(caller_name) <= 64),
    caller_number         text check (caller_number ~ '^\+?[0-9]{1,32}$'),
    force_caller_number   boolean not null default false,
    transfer_method       text not null default 'agent' check (transfer_method in ('agent', 'blind', 'both')),
    transfer_limit        text not null default 'any' check (transfer_limit in ('any', 'contacts')),
    consulted_may_edit    boolean not null default false,
    servers               text[] not null default '{}' check (cardinality(servers) <= 100),
    created_at            timestamptz not null default now(),
    updated_at            timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    foreign key (tenant_id, agent_link_id) references link (tenant_id, id),
    foreign key (tenant_id, management_link_id) references link (tenant_id, id),
    foreign key (tenant_id, picture_id) references upload (tenant_id, id) on delete set null (picture_id),
    constraint business_client_servers check (zj_are_addresses(servers))
);
create table business_client_contact (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    client_id   uuid not null,
    name        text not null check (char_length(name) between 1 and 100),
    phone       text not null check (phone ~ '^\+?[0-9*#-]{3,32}$'),
    position    integer not null default 0 check (position between 0 and 1000000),
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, client_id, phone),
    foreign key (tenant_id, client_id) references business_client (tenant_id, id) on delete cascade
);
-- A calling number belongs to one client: from whom the call comes says for whom it is.
create table business_client_number (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    client_id   uuid not null,
    number      text not null check (number ~ '^\+?[0-9]{1,32}$'),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number),
    foreign key (tenant_id, client_id) references business_client (tenant_id, id) on delete cascade
);
create table business_client_page (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    client_id   uuid not null,
    group_id    uuid not null,
    link_id     uuid not null,
    shown       boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, client_id, group_id),
    foreign key (tenant_id, client_id) references business_client (tenant_id, id) on delete cascade,
    foreign key (tenant_id, group_id) references agent_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, link_id) references link (tenant_id, id)
);
create index on business_client_contact (tenant_id, client_id); create index on business_client_number (tenant_id, client_id);
create index on business_client_page (tenant_id, client_id); create index on business_client_page (tenant_id, group_id); create index on business_client_page (tenant_id, link_id);
create index on business_client (tenant_id, agent_link_id); create index on business_client (tenant_id, management_link_id); create index on business_client (tenant_id, picture_id);

-- For whom a number rings, and whose a customer is: calls and customers of a client are found by these.
alter table did add column business_client_id uuid,
    add foreign key (tenant_id, business_client_id) references business_client (tenant_id, id) on delete set null (business_client_id);
create index on did (tenant_id, business_client_id);
alter table customer add column business_client_id uuid,
    add foreign key (tenant_id, business_client_id) references business_client (tenant_id, id) on delete set null (business_client_id);
create index on customer (tenant_id, business_client_id) where business_client_id is not null;
grant update (business_client_id) on customer to zj_tenant;
comment on column did.business_client_id is '{"zh":"呼入用户","en":"Business client"}';
comment on column customer.business_client_id is '{"zh":"呼入用户","en":"Business client","filter":true,"group":"owner"}';

do $$
declare t text;
begin
    foreach t in array array['link', 'questionnaire', 'business_client', 'business_client_contact', 'business_client_number', 'business_client_page'] loop
        call zj_tenant_table(t::regclass);
        call zj_recyclable(t::regclass);
        call zj_audited(t::regclass);
    end loop;
end $$;
call zj_references('business_client', 'questionnaires', 'questionnaire', required => true);
call zj_references('business_client', 'agent_groups', 'agent_group');

-- What an agent of a group sees when a client's call comes: the group's page, else the client's; and how it may transfer.
create view business_client_pop with (security_invoker) as
    select c.tenant_id, md5(c.id::text || g.id::text)::uuid as id, c.id as client_id, g.id as group_id, c.name, l.id as link_id, l.address, p.id is not null as of_group,
           coalesce(p.shown, false) as shown, c.send_login, c.popup, c.welcome, c.force_new_customer,
           case c.transfer_method when 'both' then array['agent', 'blind'] else array[c.transfer_method] end as transfer_controls, c.transfer_limit
      from business_client c
      join agent_group g on g.tenant_id = c.tenant_id and (g.id = any (c.agent_groups) or exists (select from business_client_page x where x.tenant_id = c.tenant_id and x.client_id = c.id and x.group_id = g.id))
      left join business_client_page p on p.tenant_id = c.tenant_id and p.client_id = c.id and p.group_id = g.id
      join link l on l.tenant_id = c.tenant_id and l.id = coalesce(p.link_id, c.agent_link_id);
grant select on business_client_pop to zj_tenant;

-- The pages of the console itself are there from the first moment.
create function links_of_tenant() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into link (tenant_id, kind, name, address) values (new.id, 'agent', '呼入弹屏', 'custompages'), (new.id, 'agent', '呼入业务页', 'dialininterface'),
        (new.id, 'dial_plan', '外呼业务页', 'dialoutinterface'), (new.id, 'management', '业务管理', 'management');
    return null;
end $$;
create trigger links after insert on tenant for each row when (new.kind = 'tenant') execute function links_of_tenant();
insert into link (tenant_id, kind, name, address) select t.id, v.kind, v.name, v.address from tenant t, (values ('agent', '呼入弹屏', 'custompages'), ('agent', '呼入业务页', 'dialininterface'),
    ('dial_plan', '外呼业务页', 'dialoutinterface'), ('management', '业务管理', 'management')) v (kind, name, address) where t.kind = 'tenant';

comment on table link is '{"resource":"links","zh":"链接","en":"Link","scope":"tenant","label":"name","menu":"system","order":80,"search":["name"]}';
comment on column link.kind is '{"zh":"链接类型","en":"Link type","enum":{"agent":{"zh":"坐席链接","en":"Agent link"},"management":{"zh":"管理链接","en":"Management link"},"event":{"zh":"事件链接","en":"Event link"},"agent_group":{"zh":"坐席组工作链接","en":"Agent-group work link"},"dial_plan":{"zh":"拨号计划链接","en":"Dial-plan link"},"voice_event":{"zh":"电脑话务事件链接","en":"Automated-voice event link"}}}';
comment on column link.name is '{"zh":"链接名称","en":"Link name","help_zh":"坐席工作台中的标签名","help_en":"the tab''s name in the agent workspace"}';
comment on column link.address is '{"zh":"链接地址","en":"Link address","help_zh":"网址或内部页面名","help_en":"an address or the name of a page of the console"}';
comment on table questionnaire is '{"resource":"questionnaires","zh":"问卷","en":"Questionnaire","scope":"tenant","label":"name","menu":"callcentre","order":70,"search":["name"]}';
comment on column questionnaire.name is '{"zh":"问卷名称","en":"Name"}';
comment on column questionnaire.description is '{"zh":"说明","en":"Description","widget":"textarea"}';
comment on column questionnaire.enabled is '{"zh":"启用","en":"Enabled"}';
comment on table business_client is '{"resource":"business-clients","zh":"呼入用户","en":"Business client","scope":"tenant","label":"name","menu":"callcentre","order":60,"search":["name"],"groups":{"basic":{"zh":"基本资料","en":"Basic"},"advanced":{"zh":"高级资料","en":"Advanced"}}}';
comment on column business_client.name is '{"zh":"呼入用户名称","en":"Name","group":"basic"}';
comment on column business_client.agent_link_id is '{"zh":"默认坐席链接","en":"Default agent link","group":"basic"}';
comment on column business_client.management_link_id is '{"zh":"管理链接","en":"Management link","group":"basic"}';
comment on column business_client.questionnaires is '{"zh":"问卷名称","en":"Questionnaires","ref":"questionnaires","group":"basic","list":false}';
comment on column business_client.send_login is '{"zh":"发送登陆信息","en":"Send login information","group":"basic"}';
comment on column business_client.agent_groups is '{"zh":"坐席组","en":"Agent groups","ref":"agent-groups","group":"basic","list":false}';
comment on column business_client.email is '{"zh":"联系邮箱","en":"Contact e-mail","group":"basic"}';
comment on column business_client.address is '{"zh":"联系地址","en":"Contact address","group":"basic","list":false}';
comment on column business_client.phone is '{"zh":"联系电话","en":"Contact telephone","group":"basic"}';
comment on column business_client.website is '{"zh":"公司网址","en":"Web site","group":"basic","list":false}';
comment on column business_client.picture_id is '{"zh":"图片","en":"Picture","file":true,"widget":"image","group":"basic","list":false}';
comment on column business_client.force_new_customer is '{"zh":"强制新增客户","en":"Force new customer","group":"basic","list":false}';
comment on column business_client.popup is '{"zh":"来电提示窗浮起","en":"Incoming-call window pops up","group":"basic","list":false}';
comment on column business_client.description is '{"zh":"业务描述","en":"Business description","widget":"textarea","group":"basic"}';
comment on column business_client.welcome is '{"zh":"欢迎语","en":"Welcome words","widget":"textarea","group":"basic","list":false}';
comment on column business_client.caller_name is '{"zh":"主叫名称","en":"Caller name","group":"advanced","list":false}';
comment on column business_client.caller_number is '{"zh":"主叫号码","en":"Caller number","group":"advanced","list":false}';
comment on column business_client.force_caller_number is '{"zh":"强制使用主叫号码","en":"Force caller number","group":"advanced","list":false}';
comment on column business_client.transfer_method is '{"zh":"转接方式","en":"Transfer method","group":"advanced","list":false,"enum":{"agent":{"zh":"坐席转","en":"Agent (attended) transfer"},"blind":{"zh":"盲转","en":"Blind transfer"},"both":{"zh":"两者","en":"Both"}}}';
comment on column business_client.transfer_limit is '{"zh":"转接号码限制","en":"Transfer-number restriction","group":"advanced","list":false,"enum":{"any":{"zh":"任意","en":"Any number"},"contacts":{"zh":"常用联系人","en":"Frequent contacts"}}}';
comment on column business_client.consulted_may_edit is '{"zh":"被咨询坐席编辑客户","en":"Consulted agent may edit customer","group":"advanced","list":false}';
comment on column business_client.servers is '{"zh":"服务器IP","en":"Server IPs","group":"advanced","list":false,"help_zh":"可调用呼叫中心事件接口的外部系统地址","help_en":"external systems that may call the event functions"}';
comment on table business_client_contact is '{"resource":"business-client-contacts","zh":"常用联系人","en":"Frequent contact","scope":"tenant","label":"name","sort":"position,name","menu":"callcentre","order":61,"search":["name","phone"]}';
comment on column business_client_contact.client_id is '{"zh":"呼入用户","en":"Business client"}';
comment on column business_client_contact.name is '{"zh":"姓名","en":"Name"}';
comment on column business_client_contact.phone is '{"zh":"联系号码","en":"Number"}';
comment on column business_client_contact.position is '{"zh":"顺序","en":"Position"}';
comment on column business_client_contact.remark is '{"zh":"备注","en":"Remark","widget":"textarea"}';
comment on table business_client_number is '{"resource":"business-client-numbers","zh":"主叫号码绑定","en":"Bound caller number","scope":"tenant","label":"number","menu":"callcentre","order":62,"search":["number"]}';
comment on column business_client_number.client_id is '{"zh":"呼入用户","en":"Business client"}';
comment on column business_client_number.number is '{"zh":"主叫号码","en":"Caller number"}';
comment on table business_client_page is '{"resource":"business-client-pages","zh":"坐席组链接","en":"Agent-group link","scope":"tenant","menu":"callcentre","order":63}';
comment on column business_client_page.client_id is '{"zh":"呼入用户","en":"Business client"}';
comment on column business_client_page.group_id is '{"zh":"坐席组","en":"Agent group"}';
comment on column business_client_page.link_id is '{"zh":"链接","en":"Link"}';
comment on column business_client_page.shown is '{"zh":"默认显示","en":"Shown by default","help_zh":"默认把此链接显示在坐席工作平台的设置列表中","help_en":"the client''s name is in the settings list of the agent workbench"}';
comment on view business_client_pop is '{"resource":"business-client-pops","zh":"来电弹屏","en":"Screen pop","scope":"tenant","label":"name","sort":"name","import":false,"create":false,"update":false,"delete":false}';
comment on column business_client_pop.tenant_id is '{"zh":"团队","en":"Tenant","readonly":true}';
comment on column business_client_pop.id is '{"zh":"编号","en":"ID","readonly":true}';
comment on column business_client_pop.client_id is '{"zh":"呼入用户","en":"Business client","ref":"business-clients"}';
comment on column business_client_pop.group_id is '{"zh":"坐席组","en":"Agent group","ref":"agent-groups"}';
comment on column business_client_pop.name is '{"zh":"呼入用户名称","en":"Name"}';
comment on column business_client_pop.link_id is '{"zh":"链接","en":"Link","ref":"links"}';
comment on column business_client_pop.address is '{"zh":"链接地址","en":"Link address"}';
comment on column business_client_pop.of_group is '{"zh":"坐席组专用","en":"The group''s own"}';
comment on column business_client_pop.shown is '{"zh":"默认显示","en":"Shown by default"}';
comment on column business_client_pop.send_login is '{"zh":"发送登陆信息","en":"Send login information"}';
comment on column business_client_pop.popup is '{"zh":"来电提示窗浮起","en":"Incoming-call window pops up"}';
comment on column business_client_pop.welcome is '{"zh":"欢迎语","en":"Welcome words"}';
comment on column business_client_pop.force_new_customer is '{"zh":"强制新增客户","en":"Force new customer"}';
comment on column business_client_pop.transfer_controls is '{"zh":"转接按钮","en":"Transfer controls"}';
comment on column business_client_pop.transfer_limit is '{"zh":"转接号码限制","en":"Transfer-number restriction"}';
call zj_searchable('link'); call zj_searchable('questionnaire'); call zj_searchable('business_client'); call zj_searchable('business_client_contact'); call zj_searchable('business_client_number');
reset role;
