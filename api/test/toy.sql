-- An ordinary resource, whole: this file and nothing else (docs/resources.md).
set search_path = zj, public;
set role zj_owner;
create table toy_box (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    name       text not null check (char_length(name) between 1 and 50),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
create table toy (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    number     text not null check (number ~ '^[0-9]{1,8}$'),
    name       text not null check (char_length(name) between 1 and 50),
    colour     text not null default 'red' check (colour in ('red', 'green', 'blue')),
    tags       text[] not null default '{}' check (tags <@ array['soft', 'loud', 'new']),
    price      numeric(12,2) check (price >= 0 and price <= 100000),
    pieces     integer not null default 1 check (pieces between 1 and 1000),
    made_on    date,
    open_from  time,
    sold_at    timestamptz,
    in_use     boolean not null default true,
    phone      text check (phone ~ '^\+?[0-9*#-]{1,32}$'),
    box_id     uuid,
    notes      text,
    extra      jsonb,
    secret     text check (char_length(secret) >= 8),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number),
    foreign key (tenant_id, box_id) references toy_box (tenant_id, id)
);
create index on toy (tenant_id, box_id);
create index on toy (tenant_id, phone);
do $$
declare t text;
begin
    foreach t in array array['toy_box', 'toy'] loop
        call zj_tenant_table(t::regclass);
    end loop;
end $$;
comment on table toy_box is '{"resource":"toy-boxes","zh":"玩具箱","en":"Toy box","scope":"tenant","label":"name","search":["name"],"menu":"other"}';
comment on column toy_box.name is '{"zh":"名称","en":"Name"}';
comment on table toy is '{"resource":"toys","zh":"玩具","en":"Toy","scope":"tenant","label":"name","sort":"number","search":["number","name","phone"],"menu":"other","order":7,"icon":"gift","custom":true,"groups":{"shop":{"zh":"销售","en":"Shop"}}}';
comment on column toy.number is '{"zh":"编号","en":"Number"}';
comment on column toy.name is '{"zh":"名称","en":"Name"}';
comment on column toy.colour is '{"zh":"颜色","en":"Colour","enum":{"red":{"zh":"红","en":"Red"},"green":{"zh":"绿","en":"Green"},"blue":{"zh":"蓝","en":"Blue"}}}';
comment on column toy.tags is '{"zh":"标签","en":"Tags","widget":"tags"}';
comment on column toy.price is '{"zh":"价格","en":"Price","group":"shop"}';
comment on column toy.pieces is '{"zh":"件数","en":"Pieces"}';
comment on column toy.made_on is '{"zh":"生产日期","en":"Made on"}';
comment on column toy.open_from is '{"zh":"开始时间","en":"Open from"}';
comment on column toy.sold_at is '{"zh":"售出时间","en":"Sold at","group":"shop","when":{"field":"in_use","in":[true]}}';
comment on column toy.in_use is '{"zh":"在用","en":"In use"}';
comment on column toy.phone is '{"zh":"电话","en":"Phone","mask":"phone"}';
comment on column toy.box_id is '{"zh":"玩具箱","en":"Box"}';
comment on column toy.notes is '{"zh":"备注","en":"Notes","widget":"textarea","list":false}';
comment on column toy.extra is '{"zh":"其他","en":"More"}';
comment on column toy.secret is '{"zh":"密码","en":"Secret","writeonly":true}';
do $$
declare t text;
begin
    foreach t in array array['toy_box', 'toy'] loop
        call zj_audited(t::regclass);
        call zj_recyclable(t::regclass);
        call zj_searchable(t::regclass);
    end loop;
    call zj_customizable('toy');
end $$;
reset role;
