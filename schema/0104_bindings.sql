-- Which page opens when a call comes: bindings of callers and DIDs to a campaign, a business client or an application.
set search_path = zj, public;
set role zj_owner;

create table binding (
    tenant_id      uuid not null references tenant (id) on delete cascade,
    id             uuid not null default zj_uuid7(),
    target_kind    text not null default 'application' check (target_kind in ('campaign', 'business_client', 'application')),
    target_id      uuid not null,
    agent_group_id uuid,
    kind           text not null check (kind in ('caller', 'did', 'default')),
    caller_name    text not null default '' check (char_length(caller_name) <= 64),
    caller_number  text check (caller_number ~ '^\+?[0-9*#]{1,32}$'),
    did_match      text not null default 'number' check (did_match in ('group', 'number')),
    did_group_id   uuid,
    number_id      uuid,
    trunk_id       uuid,
    caller_match   text check (caller_match ~ '^\+?[0-9*#]{1,32}$'),
    priority       integer not null default 0 check (priority between 0 and 1000),
    enabled        boolean not null default true,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, agent_group_id) references agent_group (tenant_id, id) on delete set null (agent_group_id),
    foreign key (tenant_id, did_group_id) references did_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, number_id) references number (tenant_id, id) on delete cascade
);
create unique index binding_default on binding (tenant_id) where kind = 'default';
create index on binding (tenant_id, agent_group_id); create index on binding (tenant_id, did_group_id); create index on binding (tenant_id, number_id); create index on binding (tenant_id, target_id);
call zj_tenant_table('binding');
call zj_carrier_own('binding');
call zj_live('binding');
call zj_reader('binding', 'zj_edge');
call zj_audited('binding');
call zj_recyclable('binding');
create policy bpo on binding as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
call zj_target('campaign', 'campaign');
call zj_target('business_client', 'business_client');
call zj_destination('binding', 'target_kind', 'target_id');

create function binding_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if zj_foreign(new.tenant_id) then return new; end if;
    if new.kind = 'caller' and new.caller_number is null then
        raise not_null_violation using message = 'a caller binding names the caller', column = 'caller_number', constraint = 'binding_caller';
    end if;
    if new.kind <> 'did' then new.did_group_id := null; new.number_id := null; new.trunk_id := null; new.caller_match := null;
    elsif new.did_match = 'number' then
        new.did_group_id := null;
        if new.number_id is null then raise not_null_violation using message = 'a DID binding names the DID', column = 'number_id', constraint = 'binding_did'; end if;
    else
        new.number_id := null;
        if new.did_group_id is null then raise not_null_violation using message = 'a binding by group names the group', column = 'did_group_id', constraint = 'binding_did'; end if;
    end if;
    if new.trunk_id is not null and not exists (select from trunk t join tenant o on o.id = t.tenant_id where t.id = new.trunk_id and (t.tenant_id = new.tenant_id or o.kind = 'carrier')) then
        raise foreign_key_violation using message = format('no trunk with id %s for this tenant', new.trunk_id), column = 'trunk_id', constraint = 'binding_trunk';
    end if;
    if new.kind = 'default' and exists (select from binding b where b.tenant_id = new.tenant_id and b.kind = 'default' and b.id <> new.id) then
        raise unique_violation using message = 'there is a default binding already', column = 'kind', constraint = 'binding_default';
    end if;
    return new;
end $$;
create trigger rules before insert or update on binding for each row execute function binding_rules();

comment on table binding is '{"resource":"bindings","zh":"呼入应用绑定","en":"Screen-pop binding","scope":"tenant","sort":"-priority","menu":"callcentre","order":70,"icon":"link","search":["caller_number","caller_name"]}';
comment on column binding.target_kind is '{"zh":"目标类型","en":"Target type","enum":{"campaign":{"zh":"外呼营销中心","en":"Campaign"},"business_client":{"zh":"虚拟呼入用户","en":"Business client"},"application":{"zh":"业务应用管理","en":"Application"}}}';
comment on column binding.target_id is '{"zh":"目标名称","en":"Target","filter":true,"refs":{"by":"target_kind","campaign":"campaigns","business_client":"business-clients","application":"applications"}}';
comment on column binding.agent_group_id is '{"zh":"坐席组","en":"Agent group","filter":true}';
comment on column binding.kind is '{"zh":"绑定类型","en":"Binding type","enum":{"caller":{"zh":"主叫绑定","en":"Caller"},"did":{"zh":"被叫DID绑定","en":"Called DID"},"default":{"zh":"默认","en":"Default"}}}';
comment on column binding.caller_name is '{"zh":"主叫名称","en":"Caller''s name","help_zh":"显示在话机上","help_en":"shown on the phone"}';
comment on column binding.caller_number is '{"zh":"主叫号码","en":"Caller","when":{"field":"kind","in":["caller"]}}';
comment on column binding.did_match is '{"zh":"DID匹配模式","en":"DID match","enum":{"group":{"zh":"按组匹配","en":"By group"},"number":{"zh":"DID单匹配","en":"One DID"}},"when":{"field":"kind","in":["did"]}}';
comment on column binding.did_group_id is '{"zh":"DID分组","en":"DID group","when":{"field":"did_match","in":["group"]}}';
comment on column binding.number_id is '{"zh":"DID","en":"DID","when":{"field":"did_match","in":["number"]}}';
comment on column binding.trunk_id is '{"zh":"中继匹配","en":"Trunk","ref":"trunks","list":false,"when":{"field":"kind","in":["did"]}}';
comment on column binding.caller_match is '{"zh":"主叫号码匹配","en":"Caller must be","list":false,"when":{"field":"kind","in":["did"]}}';
comment on column binding.priority is '{"zh":"优先级","en":"Priority","help_zh":"数字大者先","help_en":"larger first"}';
comment on column binding.enabled is '{"zh":"启用","en":"Enabled"}';
call zj_searchable('binding');
reset role;
