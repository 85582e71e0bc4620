-- People before what is theirs: extensions and agents come after the accounts they belong to, an agent of a person stays while the person
-- has it, and what else is written on a person's card (code, access number, remark).
set search_path = zj, public;
set role zj_owner;

alter table setting
    add column accounts_required    boolean not null default false,
    add column departments_required boolean not null default false;
comment on column setting.accounts_required is '{"zh":"分机和坐席必须属于账号","en":"Every extension and agent has an account","group":"people","help_zh":"不再接受没有账号的分机和坐席；有分机或坐席的账号不能删除","help_en":"none without one is accepted any more; an account that has some is not deleted"}';
comment on column setting.departments_required is '{"zh":"员工必须属于部门","en":"Every user has a department","group":"people"}';
do $$ -- one more group on the page of the settings
declare c jsonb := obj_description('setting'::regclass, 'pg_class')::jsonb;
begin
    execute format('comment on table setting is %L', jsonb_set(c, '{groups,people}', '{"zh":"人员","en":"People"}')::text);
end $$;

alter table account
    add column employee_code text check (char_length(employee_code) between 1 and 50),
    add column access_number text,
    add column remark        text not null default '' check (char_length(remark) <= 500),
    add unique (tenant_id, employee_code),
    add foreign key (tenant_id, access_number) references number (tenant_id, number) on update cascade on delete set null (access_number);
create index on account (tenant_id, access_number);
grant select (employee_code, access_number, remark) on account to zj_tenant, zj_carrier;
comment on column account.employee_code is '{"zh":"员工编码","en":"Employee code","group":"basic","list":false}';
comment on column account.access_number is '{"zh":"接入号","en":"Access number","group":"advanced","list":false,"help_zh":"本人点击外呼时对外使用的号码","help_en":"the number that click-to-call shows outside"}';
comment on column account.remark is '{"zh":"说明","en":"Remark","group":"basic","list":false,"widget":"textarea"}';

-- Asked of the api and the worker, not of migrations and other processes: what is there already stays.
create function zj_is_administration() returns boolean language sql stable as $$
    select current_setting('role') in ('zj_tenant', 'zj_carrier') and current_setting('zj.restoring', true) is distinct from 'on'
$$;

-- Team, then accounts, then extensions and agents.
create function account_first() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if not zj_is_administration() or not exists (select from tenant t where t.id = new.tenant_id and t.kind = 'tenant') then return new; end if;
    if exists (select from setting s where s.tenant_id = new.tenant_id and s.accounts_required) then
        raise check_violation using message = 'each belongs to an account here', hint = '必须属于一个账号', column = 'account_id', constraint = tg_table_name || '_account_required';
    end if;
    if tg_op = 'INSERT' and not exists (select from account a where a.tenant_id = new.tenant_id) then
        raise check_violation using message = 'the team has no account yet: accounts come first', hint = '团队还没有账号，请先添加账号', column = 'account_id', constraint = tg_table_name || '_account_first';
    end if;
    return new;
end $$;
do $$
declare t text;
begin
    foreach t in array array['extension', 'agent'] loop
        execute format('create trigger account_first_i before insert on %I for each row when (new.account_id is null) execute function account_first()', t);
        execute format('create trigger account_first_u before update on %I for each row when (new.account_id is null and old.account_id is not null) execute function account_first()', t);
    end loop;
end $$;

create function account_department_required() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if zj_is_administration() and exists (select from setting s where s.tenant_id = new.tenant_id and s.departments_required) then
        raise not_null_violation using message = 'every user has a department here', hint = '必须选择部门', column = 'department_id', constraint = 'account_department_required';
    end if;
    return new;
end $$;
create trigger department_required_i before insert on account for each row when (new.department_id is null and new.type = 'user') execute function account_department_required();
create trigger department_required_u before update on account for each row when (new.department_id is null and new.type = 'user' and old.department_id is not null)
    execute function account_department_required();

-- How an agent came to be. Those that came with their person (quick setup, import) go only after they were parted from it.
alter table agent add column origin text not null default 'single' check (origin in ('single', 'quick', 'import'));
comment on column agent.origin is '{"zh":"来源","en":"Made by","readonly":true,"list":false,"enum":{"single":{"zh":"单独添加","en":"Form"},"quick":{"zh":"快速添加","en":"Quick setup"},"import":{"zh":"批量导入","en":"Import"}}}';
create function agent_origin() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        new.origin := old.origin;
    elsif current_setting('zj.via', true) = 'import' and current_setting('zj.restoring', true) is distinct from 'on' then
        new.origin := 'import';
    end if;
    return new;
end $$;
create trigger origin before insert or update on agent for each row execute function agent_origin();
create function agent_parted() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if zj_is_administration() and pg_trigger_depth() = 1 then
        raise check_violation using message = 'part the agent from its account first', hint = '请先解除坐席与员工的绑定', column = 'account_id', constraint = 'agent_parted';
    end if;
    return old;
end $$;
create trigger parted before delete on agent for each row when (old.origin <> 'single' and old.account_id is not null) execute function agent_parted();

-- One person, one agent, one phone. (What shared a phone before may go on; who has none names one when signing in.)
create function agent_extension_taken() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if not zj_is_administration() then return new; end if;
    perform pg_advisory_xact_lock(hashtextextended('agent_extension' || new.extension_id, 0)); -- two at once
    if exists (select from agent a where a.tenant_id = new.tenant_id and a.extension_id = new.extension_id and a.id <> new.id) then
        raise unique_violation using message = 'the extension is another agent''s', hint = '分机已绑定其他坐席', column = 'extension_id', constraint = 'agent_extension_taken';
    end if;
    return new;
end $$;
create trigger extension_taken_i before insert on agent for each row when (new.extension_id is not null) execute function agent_extension_taken();
create trigger extension_taken_u before update on agent for each row when (new.extension_id is distinct from old.extension_id and new.extension_id is not null)
    execute function agent_extension_taken();
reset role;
