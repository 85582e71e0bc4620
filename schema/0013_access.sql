-- Programs' access tokens, and the answers kept for repeated requests. (Browsers' sessions live in Redis and the api's memory.)
set search_path = zj, public;
set role zj_owner;

-- Only a token's SHA-256 is kept. What it may do is the smaller of its own permissions and its account's.
create table api_token (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    account_id  uuid not null default zj_account(),
    permissions text[] not null default '{}',
    hash        text not null check (hash ~ '^[0-9a-f]{64}$'),
    expires_at  timestamptz,
    enabled     boolean not null default true,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    unique (tenant_id, hash),
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade
);
call zj_tenant_table('api_token', 'write');
call zj_live('api_token');
call zj_reader('api_token', 'zj_api');

comment on table api_token is '{"resource":"tokens","zh":"访问令牌","en":"Access token","scope":"tenant","label":"name"}';
comment on column api_token.name is '{"zh":"名称","en":"Name"}';
comment on column api_token.account_id is '{"zh":"账号","en":"Account","readonly":true}';
comment on column api_token.permissions is '{"zh":"权限","en":"Permissions","check":"permissions"}';
comment on column api_token.hash is '{"zh":"摘要","en":"Digest","hidden":true,"transform":"token"}';
comment on column api_token.expires_at is '{"zh":"到期","en":"Expires"}';
comment on column api_token.enabled is '{"zh":"启用","en":"Enabled"}';

-- The first answer to a POST with an Idempotency-Key, written in the transaction of what it did.
create table idempotency (
    tenant_id    uuid not null references tenant (id) on delete cascade,
    id           uuid not null default zj_uuid7(),
    account_id   uuid not null,
    key          text not null check (char_length(key) between 1 and 128),
    request_hash text not null,
    status       integer,
    location     text,
    body         text,
    created_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint idempotency_key unique (tenant_id, account_id, key)
);
call zj_tenant_table('idempotency', 'write');
create index on idempotency (created_at);
create policy trim_zj_api on idempotency to zj_api using (created_at < now() - interval '24 hours');
grant select (created_at), delete on idempotency to zj_api;
reset role;
