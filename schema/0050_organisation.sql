-- The organisation of a tenant: departments and workplaces, account groups, roles with fields and scopes, agents' roles, the tenant's
-- own settings and quotas.
set search_path = zj, public;
create extension if not exists pg_trgm with schema public; -- one index for what is searched by any part of it
do $$
begin
    if not exists (select from pg_roles where rolname = 'zj_worker') then create role zj_worker login; end if;
end $$;
grant zj_tenant, zj_carrier to zj_worker;
alter role zj_worker noinherit;
grant usage on schema zj to zj_worker;
grant select on zj_change to zj_worker;
set role zj_owner;

-- Lets the carrier's role use the rows of its own tenant only: what every organisation has for itself.
create procedure zj_carrier_own(t regclass, rights text default 'select, insert, update, delete') language plpgsql as $$
begin
    execute format('create policy carrier on %s to zj_carrier using (tenant_id = zj_tenant()) with check (tenant_id = zj_tenant())', t);
    execute format('grant %s on %s to zj_carrier', rights, t);
end $$;

create table department (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    parent_id   uuid,
    name        text not null check (char_length(name) between 1 and 100),
    kind        text not null default 'department' check (kind in ('department', 'workplace')),
    position    integer not null default 0 check (position between 0 and 1000000),
    path        uuid[] not null default '{}',
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique nulls not distinct (tenant_id, parent_id, name),
    foreign key (tenant_id, parent_id) references department (tenant_id, id)
);
call zj_tenant_table('department');
call zj_carrier_own('department');
call zj_live('department');
call zj_reader('department', 'zj_api'); call zj_reader('department', 'zj_owner');
create index on department using gin (path);

alter table account
    add column type                 text not null default 'user' check (type in ('admin', 'user', 'bpo')),
    add column number               text check (number ~ '^[0-9]{1,20}$'),
    add column surname              text not null default '' check (char_length(surname) <= 50),
    add column given_name           text not null default '' check (char_length(given_name) <= 50),
    add column email                text check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(email) <= 254),
    add column phone                text check (phone ~ '^\+?[0-9*#-]+$' and char_length(phone) <= 32),
    add column country              text not null default '' check (char_length(country) <= 100),
    add column city                 text not null default '' check (char_length(city) <= 100),
    add column postcode             text not null default '' check (char_length(postcode) <= 20),
    add column address              text not null default '' check (char_length(address) <= 200),
    add column department_id        uuid,
    add column language             text check (language in ('zh', 'en')),
    add column photo_id             uuid,
    add column force_record         boolean not null default false,
    add column pin                  text check (pin ~ '^[0-9]{1,16}$'),
    add column payment_mode         text not null default 'unlimited' check (payment_mode in ('unlimited', 'postpaid', 'prepaid')),
    add column credit_limit         numeric(18,6) not null default 0 check (credit_limit >= 0),
    add column bill_mail            boolean not null default false,
    add column inbound_charges      numeric(18,6) not null default 0,
    add column call_charges         numeric(18,6) not null default 0,
    add column cost                 numeric(18,6) not null default 0,
    add column export_limited       boolean not null default false,
    add column must_change_password boolean not null default false,
    add column password_changed_at  timestamptz not null default now(),
    add column password_history     text[] not null default '{}',
    add column last_login_at        timestamptz,
    add column totp_secret          text,
    add column totp_enabled         boolean not null default false,
    add foreign key (tenant_id, department_id) references department (tenant_id, id),
    drop constraint account_username_check,
    add constraint account_username_check check (username ~ '^[[:alnum:]._@-]{1,64}$');
create index on account (tenant_id, department_id);
create index on account (tenant_id, role_id);

create table account_group (
    tenant_id     uuid not null references tenant (id) on delete cascade,
    id            uuid not null default zj_uuid7(),
    name          text not null check (char_length(name) between 1 and 100),
    outbound_kind text not null default 'trunk' check (outbound_kind in ('trunk', 'trunk_group')),
    outbound_id   uuid,
    created_by    uuid default zj_account(),
    description   text not null default '' check (char_length(description) <= 500),
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
call zj_tenant_table('account_group');
call zj_carrier_own('account_group');
call zj_live('account_group');
call zj_reader('account_group', 'zj_api');

create table account_group_member (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    group_id    uuid not null,
    account_id  uuid not null,
    admin       boolean not null default false,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, group_id, account_id),
    foreign key (tenant_id, group_id) references account_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade
);
call zj_tenant_table('account_group_member');
call zj_carrier_own('account_group_member');
call zj_live('account_group_member');
call zj_reader('account_group_member', 'zj_api'); call zj_reader('account_group_member', 'zj_owner');
create index on account_group_member (tenant_id, account_id);

alter table role
    add column kind              text not null default 'custom' check (kind in ('admin', 'agent', 'custom')),
    add column type              text not null default 'user' check (type in ('user', 'bpo')),
    add column remark            text not null default '' check (char_length(remark) <= 500),
    add column scope             text not null default 'tenant' check (scope in ('own', 'group', 'department', 'chosen', 'tenant')),
    add column scope_departments uuid[] not null default '{}' check (cardinality(scope_departments) <= 200);
create unique index role_one_admin on role (tenant_id) where kind = 'admin';

-- What a role may do with single fields. A field without a row here is as its resource.
create table role_field (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    role_id     uuid not null,
    resource    text not null check (resource ~ '^[a-z][a-z0-9-]{0,62}$'),
    field       text not null check (field ~ '^(custom\.)?[a-z][a-z0-9_]{0,62}$'),
    access      text not null check (access in ('none', 'masked', 'read', 'write')),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, role_id, resource, field),
    foreign key (tenant_id, role_id) references role (tenant_id, id) on delete cascade
);
call zj_tenant_table('role_field', 'write');
call zj_live('role_field');
call zj_reader('role_field', 'zj_api');

-- What a tenant's role may grant at all: rows of the carrier's tenant, for the whole installation. No row: it may.
create table grantable (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    permission  text not null check (permission ~ '^[a-z][a-z0-9-]{0,62}\.[a-z][a-z0-9_-]{0,62}$'),
    allowed     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, permission)
);
call zj_tenant_table('grantable', 'write');
revoke all on grantable from zj_tenant;
call zj_live('grantable');
call zj_reader('grantable', 'zj_api'); call zj_reader('grantable', 'zj_owner');

-- An agent's role: what the agent may do on its own platform, beside the role of its account.
create table agent_role (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    permissions text[] not null default '{}',
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
call zj_tenant_table('agent_role');
call zj_live('agent_role');
call zj_reader('agent_role', 'zj_api');

alter table agent add column role_id uuid,
    add foreign key (tenant_id, role_id) references agent_role (tenant_id, id) on delete set null (role_id);
create index on agent (tenant_id, role_id); create index on agent (tenant_id, group_id); create index on agent (tenant_id, extension_id);

-- Whom a supervisor looks after: groups and queues, which widen the data scope of its account.
create table agent_managed_group (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    agent_id    uuid not null,
    group_id    uuid not null,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, agent_id, group_id),
    foreign key (tenant_id, agent_id) references agent (tenant_id, id) on delete cascade,
    foreign key (tenant_id, group_id) references agent_group (tenant_id, id) on delete cascade
);
create table agent_managed_queue (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    agent_id    uuid not null,
    queue_id    uuid not null,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, agent_id, queue_id),
    foreign key (tenant_id, agent_id) references agent (tenant_id, id) on delete cascade,
    foreign key (tenant_id, queue_id) references queue (tenant_id, id) on delete cascade
);
create index on agent_managed_group (tenant_id, group_id); create index on agent_managed_queue (tenant_id, queue_id);
do $$
declare t text;
begin
    foreach t in array array['agent_managed_group', 'agent_managed_queue'] loop
        call zj_tenant_table(t::regclass);
        call zj_live(t::regclass);
        call zj_reader(t::regclass, 'zj_api'); call zj_reader(t::regclass, 'zj_acd'); call zj_reader(t::regclass, 'zj_owner');
    end loop;
end $$;
reset role;
