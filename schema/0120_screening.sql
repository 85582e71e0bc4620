-- Screening: who may call whom. Black and white rows at every scope of a call, exact, by prefix or by pattern, with what the barred
-- hear. Kamailio's `blacklist` module keeps them in memory without their ids (docs/decisions/060): a change is logged by what it is
-- about, (tenant, match, number), and `rule` names a row the way the module can compute it.
set search_path = zj, public;
set role zj_owner;

create function zj_is_carrier(t uuid) returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select exists (select from tenant where id = t and kind = 'carrier')
$$;

revoke all on function zj_is_carrier from public;

-- A telephone number as it is stored: without a plus and what people put between digits (blanks, hyphens, brackets, dots, slashes).
create function zj_digits(number text) returns text language sql immutable parallel safe
    as $$ select regexp_replace(number, '[[:space:]().+/-]', '', 'g') $$;

alter table blacklist drop constraint blacklist_number_check, drop constraint blacklist_match_check, drop constraint blacklist_colour_check,
    drop constraint blacklist_tenant_id_number_match_colour_direction_key;
update blacklist set number = ltrim(number, '+') where number like '+%';
alter table blacklist
    add column account_id     uuid,
    add column extension_id   uuid,
    add column did_id         uuid,
    add column agent_group_id uuid,
    add column trunk_id       uuid,
    add column trunk_group_id uuid,
    add column scope          text not null default 'tenant' check (scope in ('system', 'trunk_group', 'trunk', 'tenant', 'did', 'agent_group', 'account', 'extension')),
    add column scope_id       uuid generated always as (coalesce(account_id, extension_id, did_id, agent_group_id, trunk_id, trunk_group_id)) stored,
    add column result         text not null default 'reject' check (result in ('reject', 'prompt', 'silent')),
    add column prompt_id      uuid,
    add column overrides      boolean not null default false,
    add column enabled        boolean not null default true,
    add column created_by     uuid default zj_account(),
    add constraint blacklist_match_check check (match in ('exact', 'prefix', 'pattern')),
    add constraint blacklist_colour_check check (colour in ('black', 'white', 'always')),
    add constraint blacklist_number_form check (number ~ '^[0-9]{1,32}$' or match = 'pattern' and number ~ '^[0-9xz]{1,31}[.]?$'),
    add constraint blacklist_one_scope check (num_nonnulls(account_id, extension_id, did_id, agent_group_id, trunk_id, trunk_group_id) <= 1),
    add constraint blacklist_prompt check (result <> 'prompt' or prompt_id is not null),
    add constraint blacklist_overrides check (not overrides or colour = 'white'),
    add foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade,
    add foreign key (tenant_id, extension_id) references extension (tenant_id, id) on delete cascade,
    add foreign key (tenant_id, did_id) references number (tenant_id, id) on delete cascade,
    add foreign key (tenant_id, agent_group_id) references agent_group (tenant_id, id) on delete cascade,
    add foreign key (tenant_id, trunk_id) references trunk (tenant_id, id) on delete cascade,
    add foreign key (tenant_id, prompt_id) references prompt (tenant_id, id);
update blacklist set scope = 'system' where zj_is_carrier(tenant_id);
alter table blacklist
    add column rule uuid generated always as (md5(tenant_id::text || '|' || scope || '|'
        || coalesce(coalesce(account_id, extension_id, did_id, agent_group_id, trunk_id, trunk_group_id)::text, '') || '|' || match || '|' || number || '|' || colour || '|' || direction)::uuid) stored,
    add constraint blacklist_key unique nulls not distinct (tenant_id, number, match, colour, direction, scope_id);
create index on blacklist (tenant_id, scope_id) where scope_id is not null;
create index on blacklist (tenant_id, account_id) where account_id is not null;
create index on blacklist (tenant_id, extension_id) where extension_id is not null;
create index on blacklist (tenant_id, did_id) where did_id is not null;
create index on blacklist (tenant_id, agent_group_id) where agent_group_id is not null;
create index on blacklist (tenant_id, trunk_id) where trunk_id is not null;
create index on blacklist (tenant_id, trunk_group_id) where trunk_group_id is not null;
create index on blacklist (tenant_id, prompt_id) where prompt_id is not null;
create index on blacklist (tenant_id, created_at);
create index on blacklist (tenant_id, updated_at);
create index on blacklist (tenant_id, colour, number);
create index on blacklist (tenant_id, scope, number);
create index on blacklist (tenant_id) where match = 'pattern';

-- What a row is about follows from its fields; a person may type a number as it is printed.
create function blacklist_scope() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    carrier boolean := zj_is_carrier(new.tenant_id);
    most integer := case when carrier then 256 else 64 end;
begin
    new.number := lower(case new.match when 'pattern' then regexp_replace(new.number, '[[:space:]()+/-]', '', 'g') else zj_digits(new.number) end);
    new.scope := case
        when new.account_id is not null then 'account' when new.extension_id is not null then 'extension' when new.did_id is not null then 'did'
        when new.agent_group_id is not null then 'agent_group' when new.trunk_id is not null then 'trunk' when new.trunk_group_id is not null then 'trunk_group'
        when carrier then 'system' else 'tenant' end;
    if new.colour = 'always' and not carrier then
        raise check_violation using message = 'only the carrier can let a number pass whatever lists say', column = 'colour', constraint = 'blacklist_always';
    end if;
    if new.match = 'pattern' and (tg_op = 'INSERT' or old.match <> 'pattern')
        and (select count(*) from blacklist b where b.tenant_id = new.tenant_id and b.match = 'pattern') >= most then
        raise check_violation using message = format('no more than %s patterns', most), column = 'match', constraint = 'blacklist_patterns';
    end if;
    return new;
end $$;
create trigger scope before insert or update on blacklist for each row execute function blacklist_scope();

-- The change log says what a change is about, also when the row is gone: `match:number`, of the old row and of the new.
alter table zj_change add column key text;
create function zj_log_blacklist() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if tg_op <> 'INSERT' then
        insert into zj_change (table_name, tenant_id, id, op, key) select 'blacklist', tenant_id, id, case tg_op when 'UPDATE' then 'u' else 'd' end, match || ':' || number from old_rows;
    end if;
    if tg_op <> 'DELETE' then
        insert into zj_change (table_name, tenant_id, id, op, key) select 'blacklist', tenant_id, id, case tg_op when 'UPDATE' then 'u' else 'i' end, match || ':' || number from new_rows;
    end if;
    if found then perform pg_notify('zj_config', ''); end if;
    return null;
end $$;
drop trigger live_i on blacklist; drop trigger live_u on blacklist; drop trigger live_d on blacklist;
create trigger live_i after insert on blacklist referencing new table as new_rows for each statement execute function zj_log_blacklist();
create trigger live_u after update on blacklist referencing old table as old_rows new table as new_rows for each statement execute function zj_log_blacklist();
create trigger live_d after delete on blacklist referencing old table as old_rows for each statement execute function zj_log_blacklist();

-- Whose phone is called: the edge looks at the lists of the extension, its account, and the group of the agent who has it.
call zj_reader('agent', 'zj_edge', 'tenant_id, id, extension_id, account_id, group_id');
alter table setting
    add column inbound_blacklist  boolean not null default true,
    add column outbound_blacklist boolean not null default true;
call zj_reader('setting', 'zj_edge', 'tenant_id, id, inbound_blacklist, outbound_blacklist');
comment on column setting.inbound_blacklist is '{"zh":"呼入黑名单","en":"Inbound blacklist","group":"screening","help_zh":"启用后，黑名单中的号码不允许呼入","help_en":"on: blacklisted numbers are not allowed to call in"}';
comment on column setting.outbound_blacklist is '{"zh":"呼出黑名单","en":"Outbound blacklist","group":"screening","help_zh":"启用后，黑名单中的号码不允许被呼叫","help_en":"on: blacklisted numbers are not allowed to be called"}';

do $$
begin
    execute format('comment on table setting is %L', jsonb_set(obj_description('setting'::regclass)::jsonb, '{groups,screening}', '{"zh":"名单","en":"Screening"}')::text);
end $$;

-- A refused call says by which rule.
alter table call add column barred_by uuid;
comment on column call.barred_by is '{"zh":"拦截规则","en":"Barred by rule","list":false,"help_zh":"名单中的规则；名单外被拒时为空","help_en":"the column `rule` of the list; empty when a white list did not have the number"}';

comment on table blacklist is '{"resource":"blacklist","zh":"黑白名单","en":"Black and white list","scope":"tenant","label":"number","menu":"pbx","order":60,"icon":"ban","search":["number"],"big":true,"page":"lists"}';
comment on column blacklist.number is '{"zh":"号码","en":"Number","filter":true,"order":1,"help_zh":"模式：数字，x 为任意数字，z 为 1 至 9，末尾的 . 为其后任意","help_en":"a pattern: digits, x any digit, z 1 to 9, a last . whatever follows"}';
comment on column blacklist.match is '{"zh":"匹配","en":"Match","enum":{"exact":{"zh":"完全匹配","en":"Exact"},"prefix":{"zh":"前缀","en":"Prefix"},"pattern":{"zh":"模式","en":"Pattern"}}}';
comment on column blacklist.colour is '{"zh":"颜色","en":"Colour","filter":true,"enum":{"black":{"zh":"黑","en":"Black"},"white":{"zh":"白","en":"White"},"always":{"zh":"始终放行","en":"Always let pass"}}}';
comment on column blacklist.direction is '{"zh":"类型","en":"Direction","enum":{"in":{"zh":"呼入","en":"Inbound"},"out":{"zh":"呼出","en":"Outbound"},"both":{"zh":"全部","en":"Both"}}}';
comment on column blacklist.account_id is '{"zh":"账号","en":"Account","filter":true,"help_zh":"设置后只对该账号有效","help_en":"if set, for this account only"}';
comment on column blacklist.extension_id is '{"zh":"分机","en":"Extension","filter":true,"help_zh":"设置后只对该分机有效","help_en":"if set, for this extension only"}';
comment on column blacklist.did_id is '{"zh":"接入号","en":"DID","ref":"numbers","filter":true,"list":false,"help_zh":"设置后只对该接入号有效","help_en":"if set, for this DID only"}';
comment on column blacklist.agent_group_id is '{"zh":"坐席组","en":"Agent group","filter":true,"list":false,"help_zh":"设置后只对该坐席组的坐席有效","help_en":"if set, for the agents of this group only"}';
comment on column blacklist.trunk_id is '{"zh":"中继","en":"Trunk","filter":true,"list":false,"help_zh":"线路名单：号码为主叫，对经过该中继的呼叫有效","help_en":"a list of lines: the number is the caller''s, for calls over this trunk"}';
comment on column blacklist.trunk_group_id is '{"zh":"中继组","en":"Trunk group","ref":"trunk-groups","filter":true,"list":false}';
comment on column blacklist.scope is '{"zh":"范围","en":"Scope","readonly":true,"audit":false,"filter":true,"enum":{"system":{"zh":"系统","en":"System"},"trunk_group":{"zh":"中继组","en":"Trunk group"},"trunk":{"zh":"中继","en":"Trunk"},"tenant":{"zh":"团队","en":"Tenant"},"did":{"zh":"接入号","en":"DID"},"agent_group":{"zh":"坐席组","en":"Agent group"},"account":{"zh":"账号","en":"Account"},"extension":{"zh":"分机","en":"Extension"}}}';
comment on column blacklist.scope_id is '{"zh":"范围编号","en":"Scope ID","readonly":true,"hidden":true,"audit":false}';
comment on column blacklist.result is '{"zh":"处理","en":"Result","enum":{"reject":{"zh":"以应答码拒绝","en":"Reject with the code"},"prompt":{"zh":"播放语音后挂断","en":"Play a prompt, then hang up"},"silent":{"zh":"不作应答","en":"No answer at all"}}}';
comment on column blacklist.result_code is '{"zh":"应答码","en":"Answer code","list":false,"when":{"field":"result","in":["reject"]}}';
comment on column blacklist.prompt_id is '{"zh":"语音","en":"Prompt","list":false,"when":{"field":"result","in":["prompt"]}}';
comment on column blacklist.overrides is '{"zh":"优先于更大范围的黑名单","en":"Overrides wider black lists","list":false,"when":{"field":"colour","in":["white"]}}';
comment on column blacklist.enabled is '{"zh":"状态","en":"Status","help_zh":"可用或停用","help_en":"in force or not"}';
comment on column blacklist.created_by is '{"zh":"创建人","en":"Creator","readonly":true,"ref":"accounts"}';
comment on column blacklist.created_at is '{"zh":"创建时间","en":"Created","readonly":true,"filter":true}';
comment on column blacklist.updated_at is '{"zh":"修改时间","en":"Changed","readonly":true,"filter":true}';
comment on column blacklist.rule is '{"zh":"规则","en":"Rule","readonly":true,"detail":true,"audit":false,"help_zh":"通话记录中的拦截规则","help_en":"what a refused call names"}';
reset role;
