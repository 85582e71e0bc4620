-- What the resource engine keeps for every resource: dictionaries, fields of a tenant's own, what was deleted, what was done by
-- whom, uploads, background jobs, preferences, saved views.
set search_path = zj, public;
set role zj_owner;

create table dictionary (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    code        text not null check (code ~ '^[a-z][a-z0-9_-]{0,62}$'),
    name        text not null check (char_length(name) between 1 and 100),
    tree        boolean not null default false,
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, code)
);
create table dictionary_item (
    tenant_id     uuid not null references tenant (id) on delete cascade,
    id            uuid not null default zj_uuid7(),
    dictionary_id uuid not null,
    parent_id     uuid,
    code          text not null check (char_length(code) between 1 and 100),
    zh            text not null check (char_length(zh) between 1 and 200),
    en            text not null default '' check (char_length(en) <= 200),
    position      integer not null default 0 check (position between 0 and 1000000),
    enabled       boolean not null default true,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, dictionary_id, code),
    unique (tenant_id, dictionary_id, id),
    foreign key (tenant_id, dictionary_id) references dictionary (tenant_id, id) on delete cascade,
    foreign key (tenant_id, dictionary_id, parent_id) references dictionary_item (tenant_id, dictionary_id, id) on delete cascade,
    check (parent_id <> id)
);
create index on dictionary_item (tenant_id, dictionary_id, parent_id);

create table custom_field (
    tenant_id     uuid not null references tenant (id) on delete cascade,
    id            uuid not null default zj_uuid7(),
    resource      text not null check (resource ~ '^[a-z][a-z0-9-]{0,62}$'),
    name          text not null check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    zh            text not null check (char_length(zh) between 1 and 100),
    en            text not null default '' check (char_length(en) <= 100),
    type          text not null check (type in ('text', 'textarea', 'email', 'phone', 'single', 'multi', 'cascade', 'date', 'datetime', 'integer', 'decimal', 'region', 'attachment')),
    required      boolean not null default false,
    enabled       boolean not null default true,
    position      integer not null default 0 check (position between 0 and 1000000),
    default_value jsonb,
    dictionary_id uuid,
    choices       jsonb check (jsonb_typeof(choices) = 'array' and jsonb_array_length(choices) <= 1000),
    unique_value  boolean not null default false,
    group_name    text not null default '' check (char_length(group_name) <= 50),
    mask          text check (mask in ('phone', 'email', 'id', 'name', 'all')),
    help_zh       text not null default '' check (char_length(help_zh) <= 500),
    help_en       text not null default '' check (char_length(help_en) <= 500),
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, resource, name),
    foreign key (tenant_id, dictionary_id) references dictionary (tenant_id, id),
    constraint custom_field_unique_type check (not unique_value or type in ('text', 'email', 'phone', 'single', 'date', 'datetime', 'integer', 'decimal')),
    constraint custom_field_choices check (dictionary_id is null or choices is null)
);
create index on custom_field (tenant_id, dictionary_id);
do $$
declare t text;
begin
    foreach t in array array['dictionary', 'dictionary_item', 'custom_field'] loop
        call zj_tenant_table(t::regclass);
        call zj_carrier_own(t::regclass);
        call zj_live(t::regclass);
        call zj_reader(t::regclass, 'zj_api'); call zj_reader(t::regclass, 'zj_worker'); call zj_reader(t::regclass, 'zj_owner');
    end loop;
end $$;

-- The values of custom fields that must be unique; kept by trigger (zj_customizable).
create table custom_key (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    table_name  text not null,
    field       text not null,
    value       text not null check (char_length(value) <= 500),
    row_id      uuid not null,
    primary key (tenant_id, table_name, field, value)
);
alter table custom_key enable row level security;
alter table custom_key force row level security;
create policy keep on custom_key to zj_owner using (true) with check (true);
create index on custom_key (tenant_id, table_name, row_id);

-- What was deleted. `row` has what may be shown, `secret` what may not; both are gone after a while, the label stays.
create table recycled (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    table_name  text not null,
    resource    text,
    row_id      uuid not null,
    label       text not null default '',
    row         jsonb,
    secret      jsonb,
    batch       xid8 not null default pg_current_xact_id(),
    with_parent boolean not null default false,
    shared      boolean not null default false,
    scope_kind  text,
    scope_id    uuid,
    deleted_at  timestamptz not null default now(),
    deleted_by  uuid default zj_account(),
    primary key (tenant_id, id)
);
alter table recycled enable row level security;
alter table recycled force row level security;
create policy tenant on recycled to zj_tenant using (tenant_id = zj_tenant()) with check (tenant_id = zj_tenant());
create policy carrier on recycled for select to zj_carrier using (tenant_id = zj_tenant() or shared);
create policy keep on recycled to zj_owner using (true) with check (true);
grant select (tenant_id, id, table_name, resource, row_id, label, row, batch, with_parent, deleted_at, deleted_by) on recycled to zj_tenant, zj_carrier;
create index on recycled (tenant_id, table_name, id); create index on recycled (tenant_id, row_id);
create index on recycled (deleted_at) where row is not null;
comment on table recycled is 'The recycle bin, one for all resources; shown through each of them (?deleted=true).';

-- Who did what. Appended by triggers and by zj_audit_event(), changed by nobody.
create table audit (
    tenant_id   uuid not null,
    id          uuid not null default zj_uuid7(),
    at          timestamptz not null default now(),
    account_id  uuid,
    actor_id    uuid,
    event       text not null check (event in ('create', 'update', 'delete', 'restore', 'login', 'login.failed', 'logout', 'timeout', 'enter', 'impersonate', 'export', 'import',
                    'download', 'password', 'totp', 'session.revoke', 'denied')),
    table_name  text,
    resource    text,
    row_id      uuid,
    label       text,
    changes     jsonb,
    source      inet,
    request     text,
    via         text not null default 'system' check (via in ('api', 'import', 'job', 'system')),
    shared      boolean not null default false,
    primary key (tenant_id, id)
) partition by range (id);
call zj_tenant_table('audit', facts => true);
create policy carrier on audit for select to zj_carrier using (tenant_id = zj_tenant() or shared);
grant select on audit to zj_carrier;
create policy append_zj_owner on audit for insert to zj_owner with check (true);
create index on audit (tenant_id, row_id, id) where row_id is not null;
create index on audit (tenant_id, account_id, id);
create index on audit (tenant_id, at) where row_id is null;
create index on audit (tenant_id, resource, id);
create index on audit (tenant_id, event, id) where event not in ('create', 'update', 'delete', 'restore');
call zj_partitions();

create table upload (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 255 and name !~ '[/\\[:cntrl:]]'),
    media_type  text not null default 'application/octet-stream' check (media_type ~ '^[a-z0-9.+-]{1,63}/[a-z0-9.+-]{1,127}$'),
    bytes       bigint not null check (bytes between 0 and 4294967296),
    sha256      text check (sha256 ~ '^[0-9a-f]{64}$'),
    parts       integer not null default 0 check (parts between 0 and 512),
    received    integer[] not null default '{}' check (cardinality(received) <= 512),
    state       text not null default 'open' check (state in ('open', 'complete')),
    purpose     text not null default 'file' check (purpose ~ '^[a-z][a-z0-9_.-]{0,62}$'),
    path        text,
    account_id  uuid default zj_account(),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index on upload (tenant_id, account_id); create index on upload (created_at) where state = 'open';

create table job (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    kind         text not null check (kind in ('import', 'export', 'bulk', 'tenant_export', 'tenant_import', 'purge', 'restore')),
    resource     text check (resource ~ '^[a-z][a-z0-9-]{0,62}$'),
    state        text not null default 'waiting' check (state in ('waiting', 'running', 'cancelling', 'cancelled', 'finished', 'failed')),
    params       jsonb not null default '{}' check (jsonb_typeof(params) = 'object' and pg_column_size(params) <= 262144),
    total        bigint check (total >= 0),
    done         bigint not null default 0 check (done >= 0),
    created_rows bigint not null default 0 check (created_rows >= 0),
    updated_rows bigint not null default 0 check (updated_rows >= 0),
    skipped      bigint not null default 0 check (skipped >= 0),
    failed       bigint not null default 0 check (failed >= 0),
    error        text check (char_length(error) <= 4000),
    file_path    text,
    file_name    text check (char_length(file_name) <= 255),
    file_bytes   bigint check (file_bytes >= 0),
    rejects_path text,
    run_at       timestamptz,
    started_at   timestamptz,
    finished_at  timestamptz,
    heartbeat_at timestamptz,
    checkpoint   jsonb,
    attempts     integer not null default 0 check (attempts between 0 and 1000),
    account_id   uuid default zj_account(),
    actor_id     uuid,
    source       inet,
    cancel       boolean not null default false,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index on job (tenant_id, account_id, id); create index on job (tenant_id, created_at);
create index on job (run_at, id) where state in ('waiting', 'running', 'cancelling');

create table preference (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    account_id  uuid not null default zj_account(),
    key         text not null check (key ~ '^[A-Za-z0-9._:-]{1,128}$'),
    value       jsonb not null check (pg_column_size(value) <= 65536),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, account_id, key),
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade
);
create table view (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    resource    text not null check (resource ~ '^[a-z][a-z0-9-]{0,62}$'),
    name        text not null check (char_length(name) between 1 and 100),
    shared      boolean not null default false,
    account_id  uuid not null default zj_account(),
    query       text not null default '' check (char_length(query) <= 8192),
    columns     jsonb not null default '[]' check (jsonb_typeof(columns) = 'array' and pg_column_size(columns) <= 32768),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, account_id, resource, name),
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade
);
do $$
declare t text;
begin
    foreach t in array array['upload', 'job', 'preference', 'view'] loop
        call zj_tenant_table(t::regclass);
        call zj_carrier_own(t::regclass);
    end loop;
    foreach t in array array['upload', 'job'] loop
        call zj_reader(t::regclass, 'zj_api'); call zj_reader(t::regclass, 'zj_worker'); call zj_reader(t::regclass, 'zj_owner');
    end loop;
end $$;
call zj_live('job');
-- Whoever has it, has it alone; a shared view may be looked at by all, and changed by the one who made it.
create policy own on preference as restrictive to zj_tenant, zj_carrier using (account_id = zj_account()) with check (account_id = zj_account());
create policy own_read on view as restrictive for select to zj_tenant, zj_carrier using (shared or account_id = zj_account());
create policy own_insert on view as restrictive for insert to zj_tenant, zj_carrier with check (account_id = zj_account());
create policy own_update on view as restrictive for update to zj_tenant, zj_carrier using (account_id = zj_account()) with check (account_id = zj_account());
create policy own_delete on view as restrictive for delete to zj_tenant, zj_carrier using (account_id = zj_account());
-- The worker takes jobs and keeps their books for all tenants.
create policy work on job for update to zj_worker using (true) with check (true);
grant update (state, total, done, created_rows, updated_rows, skipped, failed, error, file_path, file_name, file_bytes, rejects_path, started_at, finished_at, heartbeat_at, checkpoint,
    attempts, cancel) on job to zj_worker;
create policy work_delete on job for delete to zj_worker using (finished_at < now() - interval '1 day');
create policy work_delete on upload for delete to zj_worker using (created_at < now() - interval '1 hour');
grant delete on job, upload to zj_worker;
reset role;
