-- Tenants, their accounts and roles. The carrier is a tenant of kind 'carrier': one mechanism for everybody's logins.
--
-- Table comments are JSON and make the table a resource of the api (docs/resources.md):
--   resource   its plural name in the URL          zh, en     its labels
--   scope      tenant | carrier (who may list it)  label      the column that names a row
--   create/update/delete: false                    where not offered
--   permissions  special ones beside .read and .write, with labels
-- Column comments are JSON:  zh, en, help_zh, help_en, and
--   readonly   set by the system                   writeonly  never shown (secrets)
--   hidden     not in the api at all               detail     only in the single row, not in lists
--   transform  argon2id | token: what the api does to a written value
--   check      vxml | permissions | role: what the api checks beyond the constraints
set search_path = zj, public;
set role zj_owner;

create table tenant (
    tenant_id   uuid not null,
    id          uuid not null default zj_uuid7() primary key check (id = tenant_id),
    kind        text not null default 'tenant' check (kind in ('carrier', 'tenant')),
    name        text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$') unique,
    title       text not null check (char_length(title) between 1 and 100),
    sip_domain  text not null check (sip_domain ~ '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$') unique,
    time_zone   text not null default 'Asia/Shanghai',
    language    text not null default 'zh' check (language in ('zh', 'en')),
    enabled     boolean not null default true,
    max_calls   integer not null default 1000 check (max_calls between 0 and 1000000),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
create unique index tenant_one_carrier on tenant (kind) where kind = 'carrier';
call zj_tenant_table('tenant', 'write');
revoke insert, update, delete on tenant from zj_tenant;
grant update (title, time_zone, language) on tenant to zj_tenant;
call zj_live('tenant');
call zj_reader('tenant', 'zj_acd'); call zj_reader('tenant', 'zj_edge'); call zj_reader('tenant', 'zj_ivr'); call zj_reader('tenant', 'zj_api');

-- A tenant's row carries its own id as tenant_id, so that it is guarded like every other tenant row.
create function tenant_own_id() returns trigger language plpgsql as $$
begin new.tenant_id := new.id; return new; end $$;
create trigger own_id before insert on tenant for each row execute function tenant_own_id();

-- A zone of the IANA database by its full name. `at time zone` also takes abbreviations and POSIX rules ('FOO5'), which no name with a
-- slash is; pg_timezone_names would tell too, but reads a thousand files (100 ms).
create function time_zone_exists() returns trigger language plpgsql as $$
begin
    if new.time_zone <> 'UTC' and new.time_zone !~ '^[A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2}$' then
        raise invalid_parameter_value;
    end if;
    perform now() at time zone new.time_zone;
    return new;
exception when invalid_parameter_value then
    raise check_violation using message = format('unknown time zone %L', new.time_zone), column = 'time_zone', constraint = 'time_zone_exists';
end $$;
create trigger time_zone before insert or update of time_zone on tenant for each row execute function time_zone_exists();

create table role (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    permissions text[] not null default '{}',
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
call zj_tenant_table('role', 'write');
call zj_live('role');
call zj_reader('role', 'zj_api');

create table account (
    tenant_id     uuid not null references tenant (id) on delete cascade,
    id            uuid not null default zj_uuid7(),
    username      text not null check (username ~ '^[A-Za-z0-9._@-]{1,64}$'),
    name          text not null check (char_length(name) between 1 and 100),
    password      text not null,
    role_id       uuid,
    enabled       boolean not null default true,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, username),
    foreign key (tenant_id, role_id) references role (tenant_id, id)
);
call zj_tenant_table('account', 'write');
call zj_live('account');
call zj_reader('account', 'zj_api');

comment on table tenant is '{"resource":"tenants","zh":"团队","en":"Tenant","scope":"carrier","label":"title","permissions":{"enter":{"zh":"进入团队","en":"Act inside a tenant"}}}';
comment on column tenant.kind is '{"zh":"类别","en":"Kind","readonly":true}';
comment on column tenant.name is '{"zh":"登录名","en":"Name","help_zh":"登录时填写，小写字母、数字、连字符","help_en":"typed at login; lower-case letters, digits, hyphens"}';
comment on column tenant.title is '{"zh":"名称","en":"Title"}';
comment on column tenant.sip_domain is '{"zh":"SIP 域","en":"SIP domain","help_zh":"话机注册所用的域","help_en":"the domain that phones register to"}';
comment on column tenant.time_zone is '{"zh":"时区","en":"Time zone"}';
comment on column tenant.language is '{"zh":"语言","en":"Language"}';
comment on column tenant.enabled is '{"zh":"启用","en":"Enabled"}';
comment on column tenant.max_calls is '{"zh":"最大并发呼叫","en":"Concurrent calls at most"}';
comment on table role is '{"resource":"roles","zh":"角色","en":"Role","scope":"tenant","label":"name"}';
comment on column role.name is '{"zh":"名称","en":"Name"}';
comment on column role.permissions is '{"zh":"权限","en":"Permissions","check":"permissions","help_zh":"如 queues.read、queues.write；* 为全部","help_en":"such as queues.read, queues.write; * is everything"}';
comment on table account is '{"resource":"accounts","zh":"账号","en":"Account","scope":"tenant","label":"username"}';
comment on column account.username is '{"zh":"用户名","en":"User name"}';
comment on column account.name is '{"zh":"姓名","en":"Name"}';
comment on column account.password is '{"zh":"密码","en":"Password","writeonly":true,"transform":"argon2id","min_length":8,"max_length":128}';
comment on column account.role_id is '{"zh":"角色","en":"Role","check":"role"}';
comment on column account.enabled is '{"zh":"启用","en":"Enabled"}';
reset role;
