-- Projects of a head office: which workplaces take part, who administers which of them, and what single accounts may do in it.
set search_path = zj, public;
set role zj_owner;

-- Workplaces are other companies: the carrier adds them to a tenant, nobody of the tenant does.
create function department_workplace() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if exists (select from account a where a.tenant_id = new.tenant_id and a.id = zj_account()) and current_setting('zj.restoring', true) is distinct from 'on' then
        raise insufficient_privilege using message = 'workplaces are added by the carrier', column = 'kind', constraint = 'department_workplace';
    end if;
    return new;
end $$;
create trigger workplace_i before insert on department for each row when (new.kind = 'workplace') execute function department_workplace();
create trigger workplace_u before update on department for each row when (new.kind <> old.kind) execute function department_workplace();

-- Data permissions of a single account, beside those of its role.
alter table account add column scope_departments uuid[] not null default '{}' check (cardinality(scope_departments) <= 200);
call zj_references('account', 'scope_departments', 'department');
comment on column account.scope_departments is '{"zh":"数据权限","en":"Data permission","ref":"departments","list":false,"help_zh":"除角色的数据范围外，还可查看的部门与职场","help_en":"departments and workplaces beyond the scope of the role"}';
-- The departments whose people's data the caller sees: those of its role's scope, with those below; those added for the account itself.
create function zj_scope_data_departments() returns uuid[] language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare
    s text := zj_scope();
    roots uuid[];
begin
    if s is null then return null; end if;
    select a.scope_departments || case s when 'chosen' then r.scope_departments when 'department' then array_remove(array[a.department_id], null) else '{}' end into roots
      from account a left join role r on r.tenant_id = a.tenant_id and r.id = a.role_id where a.tenant_id = zj_tenant() and a.id = zj_account();
    return coalesce((select array_agg(d.id) from department d where d.tenant_id = zj_tenant() and d.path && roots), '{}');
end $$;
create or replace function zj_scope_departments() returns uuid[] language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare s text := zj_scope();
begin
    if s is null then return null; end if;
    return zj_scope_data_departments() || case when s in ('own', 'group') then
        array(select a.department_id from account a where a.tenant_id = zj_tenant() and a.id = zj_account() and a.department_id is not null) else '{}' end;
end $$;
create or replace function zj_scope_accounts() returns uuid[] language plpgsql stable security definer set search_path = zj, pg_temp as $$
declare
    s text := zj_scope();
    t uuid := zj_tenant();
    me uuid := zj_account();
    departments uuid[] := zj_scope_data_departments();
    groups uuid[] := zj_scope_groups();
begin
    if s is null then return null; end if;
    return (select array_agg(x.id) from (
        select me
        union select o.account_id from account_group_member m join account_group_member o on o.tenant_id = m.tenant_id and o.group_id = m.group_id
               where m.tenant_id = t and m.account_id = me and (s = 'group' or m.admin)
        union select a.id from account a where a.tenant_id = t and a.department_id = any (departments)
        union select a.account_id from agent a where a.tenant_id = t and a.group_id = any (groups)
        union select o.account_id from agent a join agent_managed_queue m on m.tenant_id = a.tenant_id and m.agent_id = a.id
                join queue_agent q on q.tenant_id = m.tenant_id and q.queue_id = m.queue_id join agent o on o.tenant_id = q.tenant_id and o.id = q.agent_id
               where a.tenant_id = t and a.account_id = me) x (id) where x.id is not null);
end $$;
revoke all on function zj_scope_data_departments from public;
grant execute on function zj_scope_data_departments to zj_tenant, zj_carrier, zj_api, zj_worker;
-- What one makes oneself is seen at once, though the functions do not know it yet: by what it hangs on.
alter policy scope_id on account using ((select zj_scope_accounts() is null) or id in (select unnest(zj_scope_accounts())) or department_id in (select unnest(zj_scope_data_departments())));
alter policy scope_id on agent using ((select zj_scope_agents() is null) or id in (select unnest(zj_scope_agents())) or account_id in (select unnest(zj_scope_accounts())) or group_id in (select unnest(zj_scope_groups())));
alter policy scope_id on department using ((select zj_scope_departments() is null) or id in (select unnest(zj_scope_departments())) or parent_id in (select unnest(zj_scope_data_departments())));

-- The same for any account of the tenant: its workplaces, for those who choose from them; null: all.
create function zj_workplaces_of(account uuid) returns uuid[] language sql stable security definer set search_path = zj, pg_temp as $$
    select case when coalesce(r.scope, 'own') = 'tenant' then null else array(select d.id from department d where d.tenant_id = a.tenant_id and d.kind = 'workplace'
            and d.path && (a.scope_departments || case r.scope when 'chosen' then r.scope_departments else array_remove(array[a.department_id], null) end)) end
      from account a left join role r on r.tenant_id = a.tenant_id and r.id = a.role_id where a.tenant_id = zj_tenant() and a.id = zj_workplaces_of.account
$$;
-- Whoever sees a part gives nobody more than that.
create function account_data_scope() returns trigger language plpgsql as $$
begin
    if zj_scope_departments() is not null and not new.scope_departments <@ (zj_scope_departments() || old.scope_departments) then
        raise insufficient_privilege using message = 'beyond what you see yourself', column = 'scope_departments', constraint = 'account_data_scope';
    end if;
    return new;
end $$;
create trigger data_scope before update on account for each row when (current_user = 'zj_tenant' and new.scope_departments is distinct from old.scope_departments) execute function account_data_scope();

create table project (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    description text not null default '' check (char_length(description) <= 1000),
    workplaces  uuid[] not null default '{}' check (cardinality(workplaces) <= 200),
    tags        text[] not null default '{}' check (cardinality(tags) <= 100),
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
create table project_account (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    project_id  uuid not null,
    account_id  uuid not null,
    kind        text not null default 'administrator' check (kind in ('administrator', 'agent')),
    workplaces  uuid[] not null default '{}' check (cardinality(workplaces) <= 200),
    mode        text not null default 'ordinary' check (mode in ('ordinary', 'custom')),
    permissions text[] not null default '{}' check (permissions <@ array['view', 'edit', 'delete', 'tag']),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, project_id, account_id),
    foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade,
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade
);
create index on project_account (tenant_id, account_id);
do $$
declare t text;
begin
    foreach t in array array['project', 'project_account'] loop
        call zj_tenant_table(t::regclass);
        call zj_recyclable(t::regclass);
        call zj_audited(t::regclass);
        call zj_references(t::regclass, 'workplaces', 'department');
    end loop;
end $$;

create function project_workplaces() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if exists (select from department d where d.tenant_id = new.tenant_id and d.id = any (new.workplaces) and d.kind <> 'workplace') then
        raise check_violation using message = 'only workplaces take part', column = 'workplaces', constraint = 'project_workplaces';
    end if;
    return new;
end $$;
create trigger workplaces before insert or update of workplaces on project for each row execute function project_workplaces();
-- A workplace that takes part no more is nobody's to administer.
create function project_workplaces_left() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update project_account a set workplaces = array(select w from unnest(a.workplaces) w where w = any (new.workplaces))
     where a.tenant_id = new.tenant_id and a.project_id = new.id and not a.workplaces <@ new.workplaces;
    return null;
end $$;
create trigger workplaces_left after update on project for each row when (not old.workplaces <@ new.workplaces) execute function project_workplaces_left();

-- The workplaces an account may be given in a project: those that take part, and are within its data permission.
create function project_candidates(project_id uuid, account_id uuid) returns uuid[] language sql stable security definer set search_path = zj, pg_temp as $$
    select array(select w from unnest(p.workplaces) w where zj_workplaces_of($2) is null or w = any (zj_workplaces_of($2))) from project p where p.tenant_id = zj_tenant() and p.id = $1
$$;
create function project_account_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if new.tenant_id is distinct from zj_tenant() then return new; end if; -- row-level security says the rest
    if exists (select from account a where a.tenant_id = new.tenant_id and a.id = new.account_id and a.type = 'bpo') then
        raise check_violation using message = 'a BPO account administers no project', column = 'account_id', constraint = 'project_account_kind';
    end if;
    if not new.workplaces <@ coalesce(project_candidates(new.project_id, new.account_id), '{}') then
        raise check_violation using message = 'only workplaces that take part in the project and are within the data permission of the account', column = 'workplaces',
            constraint = 'project_account_workplaces';
    end if;
    return new;
end $$;
create trigger rules before insert or update of project_id, account_id, workplaces on project_account for each row when (new.workplaces <> '{}' or new.kind = 'administrator')
    execute function project_account_rules();

-- Who may what in which project: all, whose scope is the tenant; as it is set there for the account; a workplace's own people look.
create function zj_projects(wanted text) returns uuid[] language sql stable security definer set search_path = zj, pg_temp as $$
    select coalesce(array_agg(p.id), '{}') from project p left join project_account a on a.tenant_id = p.tenant_id and a.project_id = p.id and a.account_id = zj_account()
     where p.tenant_id = zj_tenant() and case when a.mode = 'custom' then wanted = any (a.permissions)
        when a.id is not null and a.kind = 'administrator' or zj_scope() is null then true
        else wanted = 'view' and (a.id is not null or p.workplaces && (select d.path from account x join department d on d.tenant_id = x.tenant_id and d.id = x.department_id
                                                            where x.tenant_id = zj_tenant() and x.id = zj_account())) end
$$;
create policy project_seen on project as restrictive for select to zj_tenant using ((select zj_scope() is null) or id = any ((select zj_projects('view'))::uuid[]));
create policy project_made on project as restrictive for insert to zj_tenant with check ((select zj_scope() is null));
create policy project_changed on project as restrictive for update to zj_tenant using (id = any ((select zj_projects('edit'))::uuid[]) or id = any ((select zj_projects('tag'))::uuid[]));
create policy project_gone on project as restrictive for delete to zj_tenant using (id = any ((select zj_projects('delete'))::uuid[]));
create policy project_seen on project_account as restrictive for select to zj_tenant using ((select zj_scope() is null) or project_id = any ((select zj_projects('view'))::uuid[]));
create policy project_made on project_account as restrictive for insert to zj_tenant with check (project_id = any ((select zj_projects('edit'))::uuid[]) and account_id is distinct from zj_account());
create policy project_changed on project_account as restrictive for update to zj_tenant using (project_id = any ((select zj_projects('edit'))::uuid[]) and account_id is distinct from zj_account());
create policy project_gone on project_account as restrictive for delete to zj_tenant using (project_id = any ((select zj_projects('edit'))::uuid[]) and account_id is distinct from zj_account());
create function project_tags() returns trigger language plpgsql as $$
begin
    if new.tags is distinct from old.tags and new.id <> all (zj_projects('tag')) then
        raise insufficient_privilege using message = 'no permission for the tags of this project', column = 'tags', constraint = 'project_tags';
    elsif (to_jsonb(new) - array['tags', 'updated_at']) <> (to_jsonb(old) - array['tags', 'updated_at']) and new.id <> all (zj_projects('edit')) then
        raise insufficient_privilege using message = 'no permission to edit this project', column = 'id', constraint = 'project_edit';
    end if;
    return new;
end $$;
create trigger tags before update on project for each row when (current_user = 'zj_tenant') execute function project_tags();

-- The workplaces that the form offers for each account: every account of the tenant with every project.
create view project_candidate with (security_invoker) as
    select p.tenant_id, md5(p.id::text || a.id::text || d.id::text)::uuid as id, p.id as project_id, a.id as account_id, d.id as workplace_id, d.name
      from project p join account a on a.tenant_id = p.tenant_id and a.type <> 'bpo'
      cross join lateral unnest(project_candidates(p.id, a.id)) w join department d on d.tenant_id = p.tenant_id and d.id = w;
grant select on project_candidate to zj_tenant;

-- Grants that are recommended for the tiers of an outsourcing operation, to make roles of.
create table role_template (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    tier        text not null check (tier in ('sub_administrator', 'workplace_agent')),
    permissions text[] not null default '{}',
    optional    text[] not null default '{}',
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
call zj_tenant_table('role_template');
revoke insert, update, delete on role_template from zj_tenant;
create policy keep_zj_owner on role_template to zj_owner using (true) with check (true);
create function role_templates_of_tenant(tenant uuid) returns void language sql as $$
    insert into role_template (tenant_id, name, tier, permissions, optional, remark) values
        (tenant, '子管理员 / Sub-administrator', 'sub_administrator',
         array['live.read', 'accounts.*', 'roles.*', 'account-groups.*', 'account-group-members.*', 'departments.*', 'customers.*', 'leads.*', 'projects.*', 'project-accounts.*', 'settings.read', 'uploads.*',
               'recordings.read', 'recordings.listen', 'calls.read', 'calls.export', 'agents.read', 'blacklist.*', 'tenants.read', 'jobs.read'],
         array['flows.*', 'prompts.*', 'notices.*', 'campaigns.*', 'kb-articles.*'], '总控子管理员建议授权 / recommended for sub-administrators of the head office'),
        (tenant, '职场坐席 / Workplace agent', 'workplace_agent',
         array['live.read', 'calls.read', 'customers.read', 'customers.create', 'customers.update', 'leads.read', 'projects.read', 'todo-plans.*', 'extensions.read'],
         array['recordings.read', 'kb-articles.read'], '职场坐席建议授权 / recommended for agents of a workplace')
$$;
create function role_templates_born() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin perform role_templates_of_tenant(new.id); return null; end $$;
create trigger role_templates after insert on tenant for each row when (new.kind = 'tenant') execute function role_templates_born();
do $$ begin perform role_templates_of_tenant(id) from tenant where kind = 'tenant'; end $$;

comment on table project is '{"resource":"projects","zh":"项目","en":"Project","scope":"tenant","label":"name","menu":"callcentre","order":66,"search":["name"]}';
comment on column project.name is '{"zh":"项目名称","en":"Name"}';
comment on column project.description is '{"zh":"说明","en":"Description","widget":"textarea"}';
comment on column project.workplaces is '{"zh":"预参与职场","en":"Participating workplaces","ref":"departments","help_zh":"先设置参与职场，再设置项目管理员","help_en":"first these, then the administrators"}';
comment on column project.tags is '{"zh":"标签","en":"Tags","widget":"tags"}';
comment on column project.enabled is '{"zh":"启用","en":"Enabled"}';
comment on table project_account is '{"resource":"project-accounts","zh":"项目账号","en":"Project account","scope":"tenant","menu":"callcentre","order":67}';
comment on column project_account.project_id is '{"zh":"项目","en":"Project"}';
comment on column project_account.account_id is '{"zh":"账号","en":"Account"}';
comment on column project_account.kind is '{"zh":"身份","en":"As","enum":{"administrator":{"zh":"项目管理员","en":"Project administrator"},"agent":{"zh":"坐席","en":"Agent"}}}';
comment on column project_account.workplaces is '{"zh":"管理职场","en":"Managed workplaces","ref":"departments"}';
comment on column project_account.mode is '{"zh":"权限方式","en":"Permissions","enum":{"ordinary":{"zh":"账号自身权限","en":"As the account has"},"custom":{"zh":"自定义","en":"Custom"}}}';
comment on column project_account.permissions is '{"zh":"自定义权限","en":"Custom permissions","when":{"field":"mode","in":["custom"]},"help_zh":"view 查看、edit 编辑、delete 删除、tag 标签","help_en":"view, edit, delete, tag"}';
comment on table role_template is '{"resource":"role-templates","zh":"角色模板","en":"Role template","scope":"tenant","label":"name","create":false,"update":false,"delete":false,"import":false,"search":["name"]}';
comment on column role_template.name is '{"zh":"名称","en":"Name"}';
comment on column role_template.tier is '{"zh":"层级","en":"Tier","enum":{"sub_administrator":{"zh":"总控子管理员","en":"Sub-administrator"},"workplace_agent":{"zh":"职场坐席","en":"Workplace agent"}}}';
comment on column role_template.permissions is '{"zh":"建议授权","en":"Recommended"}';
comment on column role_template.optional is '{"zh":"视情况授权","en":"As the case requires"}';
comment on column role_template.remark is '{"zh":"备注","en":"Remark"}';
comment on view project_candidate is '{"resource":"project-candidates","zh":"可选职场","en":"Workplaces to choose from","scope":"tenant","label":"name","sort":"name","import":false,"create":false,"update":false,"delete":false}';
comment on column project_candidate.tenant_id is '{"zh":"团队","en":"Tenant","readonly":true}';
comment on column project_candidate.id is '{"zh":"编号","en":"ID","readonly":true}';
comment on column project_candidate.project_id is '{"zh":"项目","en":"Project","ref":"projects"}';
comment on column project_candidate.account_id is '{"zh":"账号","en":"Account","ref":"accounts"}';
comment on column project_candidate.workplace_id is '{"zh":"职场","en":"Workplace","ref":"departments"}';
comment on column project_candidate.name is '{"zh":"名称","en":"Name"}';
call zj_searchable('project'); call zj_searchable('role_template');
reset role;
