-- Fax devices: what will receive and send faxes, with their numbers. (Calls to them are refused, with the reason, until fax is there.)
set search_path = zj, public;
set role zj_owner;

create table fax_device (
    tenant_id        uuid not null references tenant (id) on delete cascade,
    id               uuid not null default zj_uuid7(),
    name             text not null check (char_length(name) between 1 and 100),
    station_id       text not null check (station_id ~ '^[ -~]{1,20}$'),
    number           text not null check (number ~ '^[0-9]{2,16}$'),
    max_channels     integer not null default 1 check (max_channels between 1 and 1000),
    caller_number    text not null default '' check (caller_number ~ '^\+?[0-9]{0,32}$'),
    caller_name      text not null default '' check (char_length(caller_name) <= 100),
    country_code     text not null default '86' check (country_code ~ '^[0-9]{1,4}$'),
    city_code        text not null check (city_code ~ '^[0-9]{1,16}$'),
    display_number   text not null default '' check (display_number ~ '^\+?[0-9]{0,32}$'),
    long_distance    text not null default '0' check (long_distance ~ '^[0-9]{0,6}$'),
    answer_rings     integer not null default 1 check (answer_rings between 0 and 20),
    max_pages        integer not null default 100 check (max_pages between 1 and 1000),
    account_id       uuid not null,
    available_to     text not null default 'tenant' check (available_to in ('tenant', 'account')),
    sending_voice_id uuid,
    hangup_action    text not null default 'none' check (hangup_action in ('none', 'mail')),
    description      text not null default '' check (char_length(description) <= 1000),
    enabled          boolean not null default true,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number),
    unique (tenant_id, name),
    foreign key (tenant_id, account_id) references account (tenant_id, id),
    foreign key (tenant_id, sending_voice_id) references prompt (tenant_id, id) on delete set null (sending_voice_id)
);
create index on fax_device (tenant_id, account_id);
create index on fax_device (tenant_id, sending_voice_id);
call zj_tenant_table('fax_device');
call zj_recyclable('fax_device');
call zj_audited('fax_device');
call zj_live('fax_device');
call zj_reader('fax_device', 'zj_acd', 'tenant_id, id, number, name, enabled');
create policy bpo on fax_device as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
comment on table fax_device is '{"resource":"fax-devices","zh":"传真设备","en":"Fax device","scope":"tenant","label":"name","menu":"pbx","order":95,"search":["number","name"],"groups":{"advanced":{"zh":"高级资料","en":"Advanced"}}}';
comment on column fax_device.name is '{"zh":"设备名称","en":"Name"}';
comment on column fax_device.station_id is '{"zh":"送显标识","en":"Station identity","list":false,"help_zh":"对方看到的名称","help_en":"what the other side sees"}';
comment on column fax_device.number is '{"zh":"内线号码","en":"Internal number"}';
comment on column fax_device.max_channels is '{"zh":"最大通道","en":"Faxes at once"}';
comment on column fax_device.caller_number is '{"zh":"主叫号码","en":"Caller number","list":false}';
comment on column fax_device.caller_name is '{"zh":"主叫名称","en":"Caller name","list":false}';
comment on column fax_device.country_code is '{"zh":"国际区号","en":"Country code","list":false}';
comment on column fax_device.city_code is '{"zh":"城市区号","en":"City code","list":false}';
comment on column fax_device.display_number is '{"zh":"送显号码","en":"Number shown","list":false}';
comment on column fax_device.long_distance is '{"zh":"长途外拨前缀","en":"Long-distance prefix","list":false}';
comment on column fax_device.answer_rings is '{"zh":"响铃几声开始接收传真","en":"Rings before receiving","list":false}';
comment on column fax_device.max_pages is '{"zh":"一次传真最大可收页数","en":"Pages at most","list":false}';
comment on column fax_device.account_id is '{"zh":"账户","en":"Account","filter":true}';
comment on column fax_device.available_to is '{"zh":"可用范围","en":"Available to","list":false,"enum":{"tenant":{"zh":"所属团队可用","en":"The whole tenant"},"account":{"zh":"所属账户可用","en":"Its account"}}}';
comment on column fax_device.sending_voice_id is '{"zh":"外发语音","en":"Voice when sending","list":false}';
comment on column fax_device.hangup_action is '{"zh":"挂机动作","en":"After hanging up","list":false,"enum":{"none":{"zh":"无","en":"Nothing"},"mail":{"zh":"发送邮件","en":"Send an e-mail"}}}';
comment on column fax_device.description is '{"zh":"描述","en":"Description","group":"advanced","list":false,"widget":"textarea"}';
comment on column fax_device.enabled is '{"zh":"启用","en":"Enabled"}';
call zj_searchable('fax_device');
call zj_internal_number('fax_device', 'fax');
reset role;
