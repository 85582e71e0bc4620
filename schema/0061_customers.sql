-- Customers and leads: whose they are, with whom they are shared, and the pools of those that belong to nobody.
set search_path = zj, public;
set role zj_owner;

-- A pool of records without an owner: administrators see whole numbers, members may claim, and see numbers unless they are hidden.
create table pool (
    tenant_id       uuid not null references tenant (id) on delete cascade,
    id              uuid not null default zj_uuid7(),
    name            text not null check (char_length(name) between 1 and 100),
    kind            text not null default 'customer' check (kind in ('lead', 'customer')),
    admins          uuid[] not null check (cardinality(admins) <= 200),
    members         uuid[] not null check (cardinality(members) <= 1000),
    hide_numbers    boolean not null default false,
    auto_distribute boolean not null default false,
    claim           text not null default 'unlimited' check (claim in ('unlimited', 'limited')),
    claim_per_day   integer check (claim_per_day between 1 and 100000),
    remark          text not null default '' check (char_length(remark) <= 500),
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, kind, name),
    constraint pool_claim_limit check ((claim = 'limited') = (claim_per_day is not null))
);
call zj_tenant_table('pool');
call zj_recyclable('pool');
call zj_audited('pool');
call zj_references('pool', 'admins', 'account', required => true);
call zj_references('pool', 'members', 'account', required => true);

-- The account that makes a record is its owner, if it is one of the tenant's (the carrier's acting inside is not).
create function zj_own_account() returns uuid language plpgsql stable security definer set search_path = zj, pg_temp as $$
begin
    if exists (select from account where tenant_id = zj_tenant() and id = zj_account()) then return zj_account(); end if;
    return null;
end $$;

-- Patterns have no bounded repetition: {1,189} costs 30 us a row, more than all the rest of a row's checks together.
create table customer (
    tenant_id          uuid not null references tenant (id) on delete cascade,
    id                 uuid not null default zj_uuid7(),
    kind               text not null default 'individual' check (kind in ('individual', 'organisation')),
    name               text not null check (char_length(name) between 1 and 100),
    phone              text not null check (phone ~ '^\+?[0-9*#-]+$' and char_length(phone) between 3 and 33),
    phone2             text check (phone2 ~ '^\+?[0-9*#-]+$' and char_length(phone2) between 3 and 33),
    email              text check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(email) <= 254),
    company            text not null default '' check (char_length(company) <= 200),
    address            text not null default '' check (char_length(address) <= 500),
    level              text not null default 'normal' check (level in ('normal', 'important', 'vip')),
    source             text not null default '' check (char_length(source) <= 50),
    owner_id           uuid default zj_own_account(),
    shared_accounts    uuid[] not null default '{}' check (cardinality(shared_accounts) <= 200),
    shared_departments uuid[] not null default '{}' check (cardinality(shared_departments) <= 200),
    pool_id            uuid,
    remark             text not null default '' check (char_length(remark) <= 2000),
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, owner_id) references account (tenant_id, id) on delete set null (owner_id),
    foreign key (tenant_id, pool_id) references pool (tenant_id, id),
    constraint customer_pool_or_owner check (pool_id is null or owner_id is null)
);
create table lead (
    tenant_id          uuid not null references tenant (id) on delete cascade,
    id                 uuid not null default zj_uuid7(),
    name               text not null check (char_length(name) between 1 and 100),
    phone              text not null check (phone ~ '^\+?[0-9*#-]+$' and char_length(phone) between 3 and 33),
    email              text check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(email) <= 254),
    company            text not null default '' check (char_length(company) <= 200),
    source             text not null default '' check (char_length(source) <= 50),
    owner_id           uuid default zj_own_account(),
    shared_accounts    uuid[] not null default '{}' check (cardinality(shared_accounts) <= 200),
    shared_departments uuid[] not null default '{}' check (cardinality(shared_departments) <= 200),
    pool_id            uuid,
    remark             text not null default '' check (char_length(remark) <= 2000),
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, owner_id) references account (tenant_id, id) on delete set null (owner_id),
    foreign key (tenant_id, pool_id) references pool (tenant_id, id),
    constraint lead_pool_or_owner check (pool_id is null or owner_id is null)
);

do $$
declare t text;
begin
    foreach t in array array['customer', 'lead'] loop
        call zj_tenant_table(t::regclass);
        call zj_recyclable(t::regclass);
        call zj_audited(t::regclass);
        call zj_references(t::regclass, 'shared_accounts', 'account');
        call zj_references(t::regclass, 'shared_departments', 'department');
        execute format('create index on %I (tenant_id, phone text_pattern_ops)', t);
        execute format('create index on %I (tenant_id, owner_id)', t);
        execute format('create index on %I (tenant_id, pool_id) where pool_id is not null', t);
        execute format('create trigger gate before insert on %I for each statement execute function business_object_gate(%L)', t, t);
    end loop;
end $$;

comment on table pool is '{"resource":"pools","zh":"公海","en":"Pool","scope":"tenant","label":"name","menu":"crm","order":50,"search":["name"]}';
comment on column pool.name is '{"zh":"公海名称","en":"Pool name"}';
comment on column pool.kind is '{"zh":"类别","en":"Kind","enum":{"lead":{"zh":"线索公海","en":"Lead pool"},"customer":{"zh":"客户公海","en":"Customer pool"}}}';
comment on column pool.admins is '{"zh":"公海管理员","en":"Administrators","ref":"accounts","help_zh":"总是看到完整号码","help_en":"always see whole numbers"}';
comment on column pool.members is '{"zh":"公海成员","en":"Members","ref":"accounts","help_zh":"可放弃到此公海，可领取","help_en":"may abandon into this pool, and claim from it"}';
comment on column pool.hide_numbers is '{"zh":"号码隐藏","en":"Hide numbers","help_zh":"只对公海成员有效","help_en":"from members only"}';
comment on column pool.auto_distribute is '{"zh":"自动分配","en":"Automatic distribution"}';
comment on column pool.claim is '{"zh":"领取规则","en":"Claim rule","enum":{"unlimited":{"zh":"不限制","en":"Unlimited"},"limited":{"zh":"设置限制","en":"Limited"}}}';
comment on column pool.claim_per_day is '{"zh":"每人每日领取上限","en":"Claims a day and member","when":{"field":"claim","in":["limited"]}}';
comment on column pool.remark is '{"zh":"备注","en":"Remark","widget":"textarea","list":false}';

comment on table customer is '{"resource":"customers","zh":"客户","en":"Customer","scope":"tenant","label":"name","sort":"-id","menu":"crm","order":10,"icon":"user","big":true,"search":["name","phone"],"custom":true,"scoped":{"account":"owner_id"},"groups":{"basic":{"zh":"基本资料","en":"Basic"},"owner":{"zh":"归属","en":"Ownership"}}}';
comment on column customer.kind is '{"zh":"客户类型","en":"Kind","group":"basic","enum":{"individual":{"zh":"个人客户","en":"Individual"},"organisation":{"zh":"机构客户","en":"Organisation"}}}';
comment on column customer.name is '{"zh":"客户名称","en":"Name","filter":true,"group":"basic"}';
comment on column customer.phone is '{"zh":"电话1","en":"Phone 1","filter":true,"mask":"phone","group":"basic"}';
comment on column customer.phone2 is '{"zh":"电话2","en":"Phone 2","mask":"phone","group":"basic","list":false}';
comment on column customer.email is '{"zh":"邮箱","en":"E-mail","mask":"email","group":"basic"}';
comment on column customer.company is '{"zh":"企业名称","en":"Company","group":"basic"}';
comment on column customer.address is '{"zh":"地址","en":"Address","group":"basic","list":false}';
comment on column customer.level is '{"zh":"客户等级","en":"Level","group":"basic","enum":{"normal":{"zh":"普通","en":"Normal"},"important":{"zh":"重要","en":"Important"},"vip":{"zh":"VIP","en":"VIP"}}}';
comment on column customer.source is '{"zh":"来源","en":"Source","group":"basic"}';
comment on column customer.owner_id is '{"zh":"客户经理","en":"Account manager","filter":true,"group":"owner"}';
comment on column customer.shared_accounts is '{"zh":"共享给员工","en":"Shared with accounts","ref":"accounts","group":"owner","list":false}';
comment on column customer.shared_departments is '{"zh":"共享给部门","en":"Shared with departments","ref":"departments","group":"owner","list":false}';
comment on column customer.pool_id is '{"zh":"所在公海","en":"Pool","filter":true,"readonly":true,"group":"owner"}';
comment on column customer.remark is '{"zh":"备注","en":"Remark","widget":"textarea","group":"basic","list":false}';

comment on table lead is '{"resource":"leads","zh":"线索","en":"Lead","scope":"tenant","label":"name","sort":"-id","menu":"crm","order":20,"icon":"user-search","big":true,"search":["name","phone"],"custom":true,"scoped":{"account":"owner_id"}}';
comment on column lead.name is '{"zh":"线索名称","en":"Name","filter":true}';
comment on column lead.phone is '{"zh":"电话","en":"Phone","filter":true,"mask":"phone"}';
comment on column lead.email is '{"zh":"邮箱","en":"E-mail","mask":"email"}';
comment on column lead.company is '{"zh":"企业名称","en":"Company"}';
comment on column lead.source is '{"zh":"来源","en":"Source"}';
comment on column lead.owner_id is '{"zh":"所属人","en":"Owner","filter":true}';
comment on column lead.shared_accounts is '{"zh":"共享给员工","en":"Shared with accounts","ref":"accounts","list":false}';
comment on column lead.shared_departments is '{"zh":"共享给部门","en":"Shared with departments","ref":"departments","list":false}';
comment on column lead.pool_id is '{"zh":"所在公海","en":"Pool","filter":true,"readonly":true}';
comment on column lead.remark is '{"zh":"备注","en":"Remark","widget":"textarea","list":false}';
call zj_customizable('customer'); call zj_customizable('lead');
call zj_searchable('pool'); call zj_searchable('customer'); call zj_searchable('lead');
reset role;
