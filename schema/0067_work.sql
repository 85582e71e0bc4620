-- Plans, tickets and sales orders: what decides who sees them. The rest of them comes with their own pages; later migrations only add.
set search_path = zj, public;
set role zj_owner;

create table todo_plan (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    content      text not null check (char_length(content) between 1 and 300),
    start_at     timestamptz not null,
    remind_at    timestamptz,
    participants uuid[] not null check (cardinality(participants) <= 200),
    customer_id  uuid,
    lead_id      uuid,
    completed    boolean not null default false,
    created_by   uuid default zj_account(),
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, customer_id) references customer (tenant_id, id) on delete set null (customer_id),
    foreign key (tenant_id, lead_id) references lead (tenant_id, id) on delete set null (lead_id),
    constraint todo_plan_linked check (num_nonnulls(customer_id, lead_id) <= 1)
);
create sequence ticket_number start 1000;
grant usage on sequence ticket_number to zj_tenant;
create table ticket (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    number      text not null default nextval('ticket_number')::text,
    title       text not null check (char_length(title) between 1 and 200),
    content     text not null default '' check (char_length(content) <= 10000),
    priority    integer not null default 0 check (priority between 0 and 1000),
    state       text not null default 'open' check (state in ('open', 'working', 'solved', 'closed')),
    customer_id uuid,
    assignee_id uuid,
    created_by  uuid default zj_account(),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number),
    foreign key (tenant_id, customer_id) references customer (tenant_id, id) on delete set null (customer_id),
    foreign key (tenant_id, assignee_id) references account (tenant_id, id) on delete set null (assignee_id)
);
create table sales_order (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    number      text not null check (char_length(number) between 1 and 50),
    customer_id uuid,
    amount      numeric(18,6) not null default 0 check (amount >= 0),
    state       text not null default 'draft' check (state in ('draft', 'submitted', 'approved', 'rejected')),
    note        text not null default '' check (char_length(note) <= 1000),
    created_by  uuid default zj_account(),
    reviewed_by uuid,
    reviewed_at timestamptz,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number),
    foreign key (tenant_id, customer_id) references customer (tenant_id, id) on delete set null (customer_id)
);
create index on todo_plan using gin (participants); create index on todo_plan (tenant_id, customer_id); create index on todo_plan (tenant_id, lead_id);
create index on ticket (tenant_id, customer_id); create index on ticket (tenant_id, assignee_id); create index on ticket (tenant_id, created_by);
create index on sales_order (tenant_id, customer_id); create index on sales_order (tenant_id, created_by);
do $$
declare t text;
begin
    foreach t in array array['todo_plan', 'ticket', 'sales_order'] loop
        call zj_tenant_table(t::regclass);
        call zj_recyclable(t::regclass);
        call zj_audited(t::regclass);
    end loop;
end $$;

-- A plan is its participants' alone. Who makes it takes part; what it begins and reminds lies ahead.
create function todo_plan_rules() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and zj_own_account() is not null and zj_account() <> all (new.participants) then new.participants := new.participants || zj_account(); end if;
    if current_setting('zj.restoring', true) is distinct from 'on' then
        if (tg_op = 'INSERT' or new.start_at <> old.start_at) and new.start_at < now() - interval '1 minute' then
            raise check_violation using message = 'the start lies in the past', column = 'start_at', constraint = 'todo_plan_start';
        end if;
        if new.remind_at < now() - interval '1 minute' and (tg_op = 'INSERT' or new.remind_at is distinct from old.remind_at) then
            raise check_violation using message = 'the reminder lies in the past', column = 'remind_at', constraint = 'todo_plan_remind';
        end if;
    end if;
    return new;
end $$;
call zj_references('todo_plan', 'participants', 'account', required => true);
create trigger rules before insert or update on todo_plan for each row execute function todo_plan_rules();
create policy own on todo_plan as restrictive to zj_tenant using (zj_account() = any (participants));
-- So is what was deleted of it.
create policy todo_plan on recycled as restrictive to zj_tenant using (table_name <> 'todo_plan' or row -> 'participants' ? zj_account()::text);

-- The creator and who looks after it see a ticket, the assignee among what is to be done; deleting is for administrators.
create policy seen on ticket as restrictive to zj_tenant using ((select zj_scope_accounts() is null) or created_by = any ((select zj_scope_accounts())::uuid[]) or assignee_id = zj_account());
create policy gone on ticket as restrictive for delete to zj_tenant using ((select zj_is_admin()));

-- An order is reviewed by a superior of who submitted it: somebody else, in whose scope the submitter is.
call zj_scoped('sales_order', 'account', 'created_by');
create function sales_order_review() returns trigger language plpgsql as $$
begin
    if not (case old.state when 'draft' then new.state = 'submitted' when 'submitted' then new.state in ('approved', 'rejected') when 'rejected' then new.state = 'submitted' else false end) then
        raise check_violation using message = format('an order that is %s does not become %s', old.state, new.state), column = 'state', constraint = 'sales_order_state';
    end if;
    if new.state in ('approved', 'rejected') then
        if zj_account() is not distinct from old.created_by or not (zj_scope_accounts() is null or coalesce(old.created_by = any (zj_scope_accounts()), false)) then
            raise insufficient_privilege using message = 'an order is reviewed by a superior of its agent', column = 'state', constraint = 'sales_order_review';
        end if;
        new.reviewed_by := zj_account();
        new.reviewed_at := now();
    end if;
    return new;
end $$;
create trigger review before update on sales_order for each row when (new.state <> old.state) execute function sales_order_review();
create function sales_order_fixed() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then new.state := 'draft'; return new; end if;
    if old.state in ('submitted', 'approved') and (new.amount, new.customer_id, new.number) is distinct from (old.amount, old.customer_id, old.number) then
        raise check_violation using message = 'an order under review stays as it is', column = 'state', constraint = 'sales_order_fixed';
    end if;
    return new;
end $$;
create trigger fixed before insert or update on sales_order for each row when (current_user = 'zj_tenant') execute function sales_order_fixed();

do $$
declare t text;
begin
    foreach t in array array['todo_plan', 'ticket', 'sales_order'] loop
        execute format('create policy bpo on %I as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null))', t);
    end loop;
end $$;

comment on table todo_plan is '{"resource":"todo-plans","zh":"待办计划","en":"To-do plan","scope":"tenant","label":"content","sort":"start_at","menu":"crm","order":40,"search":["content"]}';
comment on column todo_plan.content is '{"zh":"计划内容","en":"Content","widget":"textarea"}';
comment on column todo_plan.start_at is '{"zh":"计划开始时间","en":"Start"}';
comment on column todo_plan.remind_at is '{"zh":"提醒时间","en":"Reminder"}';
comment on column todo_plan.participants is '{"zh":"计划参与人","en":"Participants","ref":"accounts"}';
comment on column todo_plan.customer_id is '{"zh":"关联客户","en":"Customer"}';
comment on column todo_plan.lead_id is '{"zh":"关联线索","en":"Lead"}';
comment on column todo_plan.completed is '{"zh":"已完成","en":"Completed"}';
comment on column todo_plan.created_by is '{"zh":"创建人","en":"Created by","readonly":true,"ref":"accounts"}';
comment on table ticket is '{"resource":"tickets","zh":"工单","en":"Ticket","scope":"tenant","label":"title","sort":"-id","menu":"crm","order":60,"search":["number","title"],"scoped":{"account":"created_by"}}';
comment on column ticket.number is '{"zh":"工单号","en":"Number","readonly":true}';
comment on column ticket.title is '{"zh":"标题","en":"Title"}';
comment on column ticket.content is '{"zh":"内容","en":"Content","widget":"textarea","list":false}';
comment on column ticket.priority is '{"zh":"优先级","en":"Priority","help_zh":"数字大者先","help_en":"larger first"}';
comment on column ticket.state is '{"zh":"状态","en":"State","enum":{"open":{"zh":"待处理","en":"Open"},"working":{"zh":"处理中","en":"Working"},"solved":{"zh":"已解决","en":"Solved"},"closed":{"zh":"已关闭","en":"Closed"}}}';
comment on column ticket.customer_id is '{"zh":"客户","en":"Customer"}';
comment on column ticket.assignee_id is '{"zh":"处理人","en":"Assignee"}';
comment on column ticket.created_by is '{"zh":"创建人","en":"Created by","readonly":true,"ref":"accounts"}';
comment on table sales_order is '{"resource":"sales-orders","zh":"订单","en":"Sales order","scope":"tenant","label":"number","sort":"-id","menu":"crm","order":70,"search":["number"],"scoped":{"account":"created_by"}}';
comment on column sales_order.number is '{"zh":"订单号","en":"Number"}';
comment on column sales_order.customer_id is '{"zh":"客户","en":"Customer"}';
comment on column sales_order.amount is '{"zh":"金额","en":"Amount"}';
comment on column sales_order.state is '{"zh":"状态","en":"State","enum":{"draft":{"zh":"草稿","en":"Draft"},"submitted":{"zh":"待审核","en":"Submitted"},"approved":{"zh":"已通过","en":"Approved"},"rejected":{"zh":"已驳回","en":"Rejected"}}}';
comment on column sales_order.note is '{"zh":"备注","en":"Note","widget":"textarea"}';
comment on column sales_order.created_by is '{"zh":"创建人","en":"Created by","readonly":true,"ref":"accounts"}';
comment on column sales_order.reviewed_by is '{"zh":"审核人","en":"Reviewed by","readonly":true,"ref":"accounts"}';
comment on column sales_order.reviewed_at is '{"zh":"审核时间","en":"Reviewed at","readonly":true}';
call zj_searchable('todo_plan'); call zj_searchable('ticket'); call zj_searchable('sales_order');
reset role;
