-- Notices to everybody or to some departments; departments that exist for a while; the log of agents' states as a page of its own.
set search_path = zj, public;
set role zj_owner;

create table notice (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    title       text not null check (char_length(title) between 1 and 200),
    content     text not null check (char_length(content) between 1 and 20000),
    departments uuid[] not null default '{}' check (cardinality(departments) <= 200),
    valid_from  timestamptz not null default now(),
    valid_until timestamptz,
    created_by  uuid default zj_account(),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint notice_valid_order check (valid_until > valid_from)
);
call zj_tenant_table('notice');
call zj_recyclable('notice');
call zj_audited('notice');
call zj_references('notice', 'departments', 'department');
-- Who makes notices sees all of them; others what is for them and holds now.
create policy meant on notice as restrictive for select to zj_tenant using ((select zj_scope() is null) or created_by = zj_account()
    or (now() >= valid_from and (valid_until is null or now() < valid_until) and (departments = '{}' or departments && (select zj_shared_departments()))));
create policy bpo on notice as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));

-- Everybody is in one department; besides it in any number of those that are there for a while.
alter table department add column temporary boolean not null default false;
alter table account add column temporary_departments uuid[] not null default '{}' check (cardinality(temporary_departments) <= 50);
call zj_references('account', 'temporary_departments', 'department');
create function account_departments() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if exists (select from department d where d.tenant_id = new.tenant_id and d.id = new.department_id and d.temporary) then
        raise check_violation using message = 'a temporary department is nobody''s only one', column = 'department_id', constraint = 'account_department_formal';
    end if;
    if exists (select from department d where d.tenant_id = new.tenant_id and d.id = any (new.temporary_departments) and not d.temporary) then
        raise check_violation using message = 'besides its own an account is only in temporary departments', column = 'temporary_departments', constraint = 'account_department_temporary';
    end if;
    return new;
end $$;
create trigger departments_i before insert on account for each row when (new.department_id is not null or new.temporary_departments <> '{}') execute function account_departments();
create trigger departments_u before update on account for each row
    when ((new.department_id, new.temporary_departments) is distinct from (old.department_id, old.temporary_departments)) execute function account_departments();
create function department_temporary() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if exists (select from account a where a.tenant_id = new.tenant_id and case when new.temporary then a.department_id = new.id else new.id = any (a.temporary_departments) end) then
        raise check_violation using message = 'there are people in it', column = 'temporary', constraint = 'department_temporary_used';
    end if;
    return new;
end $$;
create trigger temporary before update on department for each row when (new.temporary <> old.temporary) execute function department_temporary();

call zj_scoped('agent_state', 'agent', 'agent_id');

comment on table notice is '{"resource":"notices","zh":"公告","en":"Notice","scope":"tenant","label":"title","sort":"-id","menu":"system","order":90,"search":["title"]}';
comment on column notice.title is '{"zh":"标题","en":"Title"}';
comment on column notice.content is '{"zh":"内容","en":"Content","widget":"textarea","list":false}';
comment on column notice.departments is '{"zh":"发布范围","en":"For departments","ref":"departments","help_zh":"留空为全部","help_en":"empty: everybody"}';
comment on column notice.valid_from is '{"zh":"生效","en":"Valid from"}';
comment on column notice.valid_until is '{"zh":"失效","en":"Valid until"}';
comment on column notice.created_by is '{"zh":"发布人","en":"By","readonly":true,"ref":"accounts"}';
comment on column department.temporary is '{"zh":"是否临时组","en":"Temporary"}';
comment on column account.temporary_departments is '{"zh":"临时部门","en":"Temporary departments","ref":"departments","list":false,"group":"basic"}';
comment on table agent_state is '{"resource":"agent-states","zh":"坐席状态日志","en":"Agent state log","scope":"tenant","create":false,"update":false,"delete":false,"sort":"-id","menu":"reports","order":30,"big":true,"scoped":{"agent":"agent_id"}}';
comment on column agent_state.tenant_id is '{"zh":"团队","en":"Tenant","readonly":true}';
comment on column agent_state.id is '{"zh":"编号","en":"ID","readonly":true}';
comment on column agent_state.agent_id is '{"zh":"坐席","en":"Agent","ref":"agents","filter":true}';
comment on column agent_state.state is '{"zh":"状态","en":"State","enum":{"signed_out":{"zh":"签出","en":"Signed out"},"idle":{"zh":"空闲","en":"Idle"},"reserved":{"zh":"预占","en":"Reserved"},"ringing":{"zh":"振铃","en":"Ringing"},"talking":{"zh":"通话","en":"Talking"},"after_call":{"zh":"话后处理","en":"After-call work"},"busy":{"zh":"示忙","en":"Busy"},"outbound_only":{"zh":"仅外呼","en":"Outbound only"},"offline":{"zh":"离线","en":"Offline"}}}';
comment on column agent_state.reason is '{"zh":"原因","en":"Reason"}';
comment on column agent_state.from_at is '{"zh":"开始","en":"From"}';
comment on column agent_state.to_at is '{"zh":"结束","en":"To"}';
comment on column agent_state.call_id is '{"zh":"通话","en":"Call","ref":"calls"}';
comment on column agent_state.queue_id is '{"zh":"队列","en":"Queue","ref":"queues"}';
comment on column agent_state.cause is '{"zh":"起因","en":"Cause","enum":{"own":{"zh":"本人","en":"Oneself"},"system":{"zh":"系统","en":"System"},"supervisor":{"zh":"班长","en":"Supervisor"},"connection":{"zh":"连接","en":"Connection"}}}';
comment on column agent_state.by_account is '{"zh":"操作人","en":"By","ref":"accounts"}';
call zj_searchable('notice');
reset role;
