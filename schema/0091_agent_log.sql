-- The log of agents' states: what ended an interval, whether it began with a sign-in, and the department that the agent was in then.
set search_path = zj, public;
set role zj_owner;

alter table agent_state
    add column ended_by text check (ended_by in ('connection', 'system_busy', 'forced_idle', 'forced_busy', 'forced_exit', 'signed_out', 'idle', 'ringing', 'talking', 'after_call', 'busy')),
    add column signed_in boolean not null default false,
    add column department_id uuid;

-- acd knows no departments; whoever moves to another one leaves his past where it was. Intervals join, so what joins nothing began with a sign-in.
create function agent_state_place() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    new.department_id := (select a.department_id from agent g join account a on a.tenant_id = g.tenant_id and a.id = g.account_id
        where g.tenant_id = new.tenant_id and g.id = new.agent_id);
    new.signed_in := new.from_at is distinct from (select s.to_at from agent_state s
        where s.tenant_id = new.tenant_id and s.agent_id = new.agent_id and s.from_at < new.from_at order by s.from_at desc limit 1);
    return new;
end $$;
create policy read_zj_owner on agent_state for select to zj_owner using (true);
create trigger place before insert on agent_state for each row execute function agent_state_place();
create index on agent_state (tenant_id, department_id, from_at desc);
create index on agent_state (tenant_id, from_at desc, id desc);

comment on table agent_state is '{"resource":"agent-states","zh":"坐席状态日志","en":"Agent state log","scope":"tenant","create":false,"update":false,"delete":false,"sort":"-from_at","menu":"reports","order":30,"big":true,"scoped":{"agent":"agent_id"}}';
comment on column agent_state.ended_by is '{"zh":"结束原因","en":"Ended by","enum":{"connection":{"zh":"连接断开","en":"Connection lost"},"system_busy":{"zh":"系统忙碌","en":"Busy by the system"},"forced_idle":{"zh":"强制空闲","en":"Forced idle"},"forced_busy":{"zh":"强制忙碌","en":"Forced busy"},"forced_exit":{"zh":"强制退出","en":"Forced exit"},"signed_out":{"zh":"签出","en":"Signed out"},"idle":{"zh":"空闲","en":"Idle"},"ringing":{"zh":"振铃","en":"Ringing"},"talking":{"zh":"通话","en":"Talking"},"after_call":{"zh":"话后处理","en":"After-call work"},"busy":{"zh":"示忙","en":"Busy"}}}';
comment on column agent_state.signed_in is '{"zh":"由签入开始","en":"Began with a sign-in"}';
comment on column agent_state.department_id is '{"zh":"所属部门","en":"Department","ref":"departments","filter":true}';
comment on column agent_state.from_at is '{"zh":"开始时间","en":"Start time"}';
comment on column agent_state.to_at is '{"zh":"结束时间","en":"End time"}';
reset role;
