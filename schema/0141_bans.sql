-- Who is not listened to at the edges for a while: a source address, or a user of whom passwords are being guessed. The edges ban by
-- themselves and tell acd, which writes the row; the carrier may add rows and delete them, which lifts the ban everywhere at once.
set search_path = zj, public;
set role zj_owner;
create table ban (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    kind       text not null default 'address' check (kind in ('address', 'user')),
    what       text not null check (char_length(what) between 1 and 128),
    because    text not null default 'manual' check (because in ('manual', 'passwords', 'scanner', 'flood')),
    edge       text,
    from_at    timestamptz not null default now(),
    until_at   timestamptz not null,
    note       text not null default '' check (char_length(note) <= 500),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint ban_address check (kind <> 'address' or what ~ '^[0-9a-fA-F:.]{2,45}$'),
    constraint ban_user check (kind <> 'user' or what ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    constraint ban_order check (until_at > from_at)
);
call zj_tenant_table('ban', 'write');
revoke insert, update, delete on ban from zj_tenant;
call zj_live('ban');
call zj_recyclable('ban');
call zj_audited('ban');
call zj_reader('ban', 'zj_edge');
call zj_appender('ban', 'zj_acd');
create index on ban (tenant_id, until_at);
create index on ban (tenant_id, what);
comment on table ban is '{"resource":"bans","zh":"封禁","en":"Ban","scope":"carrier","label":"what","search":["what"],"sort":"-id","menu":"system","order":95}';
comment on column ban.kind is '{"zh":"对象","en":"Kind","enum":{"address":{"zh":"地址","en":"Address"},"user":{"zh":"用户","en":"User"}}}';
comment on column ban.what is '{"zh":"地址或用户","en":"Who","filter":true,"help_zh":"IP 地址，或 分机号@域","help_en":"an IP address, or number@domain"}';
comment on column ban.because is '{"zh":"原因","en":"Because","enum":{"manual":{"zh":"人工","en":"By hand"},"passwords":{"zh":"猜密码","en":"Password guessing"},"scanner":{"zh":"扫描工具","en":"Scanning tool"},"flood":{"zh":"洪泛","en":"Flood"}}}';
comment on column ban.edge is '{"zh":"接入节点","en":"Edge","readonly":true}';
comment on column ban.from_at is '{"zh":"开始","en":"From","readonly":true}';
comment on column ban.until_at is '{"zh":"结束","en":"Until","filter":true}';
comment on column ban.note is '{"zh":"备注","en":"Note"}';
call zj_searchable('ban');
reset role;
