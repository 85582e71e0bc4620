-- What a call can be sent to, and the one plan of internal numbers of a tenant.
--
-- A table that a call can be sent to says so once:
--   call zj_target('ring_group', 'ring_group');           -- (kind, table): destination of that kind from now on
-- and, when its rows have a column `number` that can be dialled inside of the tenant (null: that row has none):
--   call zj_internal_number('ring_group', 'ring_group');  -- (table, kind): in the plan, and a target
-- A table with a destination:
--   call zj_destination('did', 'destination_kind', 'destination_id');                         -- or, where `external` is allowed:
--   call zj_destination('route', 'destination_kind', 'destination_id', 'destination_number');
set search_path = zj, public;
set role zj_owner;

create table zj_kind (
    kind       text primary key check (kind ~ '^[a-z][a-z_]{0,31}$'),
    table_name text not null,
    numbered   boolean not null default false
);
comment on table zj_kind is 'The kinds of what a call can be sent to, and the table of each; migrations write it.';

-- Lets the owner (whose functions look for targets of all tenants) use `t`, unless the recycle bin lets it already.
create procedure zj_owner_may(t regclass) language plpgsql as $$
begin
    if not exists (select from pg_policy where polrelid = t and polname in ('restore', 'keep_zj_owner')) then
        execute format('create policy keep_zj_owner on %s to zj_owner using (true) with check (true)', t);
    end if;
end $$;

create procedure zj_target(kind text, t regclass) language plpgsql as $$
begin
    insert into zj_kind values (kind, (select relname from pg_class where oid = t)) on conflict do nothing;
    call zj_owner_may(t);
end $$;

-- A row that row-level security is going to refuse: triggers that look as the owner must not tell anything of its tenant before.
create function zj_foreign(tenant uuid) returns boolean language sql stable parallel safe
    as $$ select current_setting('role') = 'zj_tenant' and tenant is distinct from zj_tenant() $$;

-- Does a destination exist? It looks as the owner, for the carrier may write a route but not read a tenant's queues and flows.
-- `external` is a number, `hangup` nothing, everything else a row of the same tenant. No kind: no destination.
create function zj_destination_check() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    r jsonb := to_jsonb(new);
    what text := r ->> tg_argv[0];
    id uuid := r ->> tg_argv[1];
    number text := r ->> tg_argv[2];
    t text;
    there boolean;
begin
    if zj_foreign(new.tenant_id) then return new; end if;
    if what is null or what in ('external', 'hangup') then
        if id is not null then
            raise check_violation using message = format('%s has no %s', coalesce(what, 'no destination'), tg_argv[1]), column = tg_argv[1], constraint = tg_table_name || '_destination';
        end if;
    elsif id is null then
        raise not_null_violation using message = format('%s of kind %s needs %s', tg_argv[0], what, tg_argv[1]), column = tg_argv[1], constraint = tg_table_name || '_destination';
    else
        select k.table_name into t from zj_kind k where k.kind = what;
        if t is null then
            raise check_violation using message = format('there is nothing of the kind %s', what), column = tg_argv[0], constraint = tg_table_name || '_destination_kind';
        end if;
        execute format('select exists (select from %I t where t.tenant_id = $1 and t.id = $2)', t) into there using new.tenant_id, id;
        if not there then
            raise foreign_key_violation using message = format('no %s with id %s in this tenant', what, id), column = tg_argv[1], constraint = tg_table_name || '_destination';
        end if;
    end if;
    if tg_argv[2] is not null and (what is not distinct from 'external') <> (number is not null) then
        raise check_violation using message = case when number is null then 'external needs a number' else 'only external has a number' end,
            column = tg_argv[2], constraint = tg_table_name || '_destination_number';
    end if;
    return new;
end $$;

-- A table may have several destinations: one call each.
create procedure zj_destination(t regclass, kind_column name, id_column name, number_column name default null) language plpgsql as $$
declare used text := concat_ws(', ', quote_ident(kind_column), quote_ident(id_column), quote_ident(number_column));
begin
    execute format('create trigger %I before insert or update of %s on %s for each row execute function zj_destination_check(%s)',
        'destination_' || kind_column, used, t, concat_ws(', ', quote_literal(kind_column), quote_literal(id_column), quote_literal(number_column)));
end $$;

-- The plan. A row of `origin` module is kept by trigger with its object; one that was added here is one more number of an object.
create table internal_number (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    number      text not null check (number ~ '^[0-9*#]{1,16}$'),
    kind        text not null default 'extension' check (kind in ('extension', 'queue', 'ring_group', 'ivr', 'conference', 'voicemail', 'fax', 'application', 'shortcut', 'hot_key')),
    object_id   uuid not null,
    object      text not null default '',
    account_id  uuid,
    origin      text not null default 'added' check (origin in ('module', 'added')),
    password    text,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint internal_number_taken unique (tenant_id, number),
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete set null (account_id)
);
create unique index internal_number_module on internal_number (tenant_id, kind, object_id) where origin = 'module';
create index on internal_number (tenant_id, object_id);
create index on internal_number (tenant_id, account_id);
call zj_tenant_table('internal_number');
call zj_carrier_own('internal_number', 'delete');
revoke select, insert, update on internal_number from zj_tenant;
grant select (tenant_id, id, number, kind, object_id, object, account_id, origin, created_at, updated_at), insert (tenant_id, id, number, kind, object_id), update (number, password)
    on internal_number to zj_tenant, zj_carrier;
call zj_live('internal_number');
call zj_reader('internal_number', 'zj_acd', 'tenant_id, id, number, kind, object_id');

create function zj_object_name(r jsonb) returns text language sql immutable parallel safe as $$
    select case when coalesce(r ->> 'name', '') = '' then coalesce(r ->> 'number', '') when r ->> 'number' is null then r ->> 'name' else format('%s(%s)', r ->> 'name', r ->> 'number') end
$$;

create procedure zj_internal_number_refuse(taken internal_number) language plpgsql as $$
begin
    raise unique_violation using message = format('the internal number %s is that of %s %s', taken.number, replace(taken.kind, '_', ' '), taken.object), column = 'number', constraint = 'internal_number_taken';
end $$;

-- After rows of a table of the plan changed. One statement for any number of rows, so that imports do not notice.
create function zj_internal_number_keep() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    what text := tg_argv[0];
    taken internal_number;
begin
    if tg_op = 'DELETE' then
        delete from internal_number i using old_rows o where i.tenant_id = o.tenant_id and i.kind = what and i.object_id = o.id;
        return null;
    end if;
    if tg_op = 'UPDATE' then
        delete from internal_number i using new_rows n where i.tenant_id = n.tenant_id and i.kind = what and i.object_id = n.id and i.origin = 'module' and n.number is null;
    end if;
    select i.* into taken from new_rows n join internal_number i on i.tenant_id = n.tenant_id and i.number = n.number and (i.origin = 'added' or (i.kind, i.object_id) <> (what, n.id)) limit 1;
    if found then call zj_internal_number_refuse(taken); end if;
    begin
        insert into internal_number as i (tenant_id, number, kind, object_id, object, account_id, origin)
        select n.tenant_id, n.number, what, n.id, zj_object_name(r), (r ->> 'account_id')::uuid, 'module'
          from new_rows n cross join lateral (select jsonb_build_object('number', to_jsonb(n) -> 'number', 'name', to_jsonb(n) -> 'name', 'account_id', to_jsonb(n) -> 'account_id') as r offset 0) j
         where n.number is not null
        on conflict (tenant_id, kind, object_id) where origin = 'module' do update set number = excluded.number, object = excluded.object, account_id = excluded.account_id
         where (i.number, i.object, i.account_id) is distinct from (excluded.number, excluded.object, excluded.account_id);
    exception when unique_violation then -- somebody was faster, or two rows of this statement want the same
        raise unique_violation using message = 'the internal number is taken', column = 'number', constraint = 'internal_number_taken';
    end;
    if tg_op = 'UPDATE' then
        update internal_number i set object = zj_object_name(to_jsonb(n)) from new_rows n
         where i.tenant_id = n.tenant_id and i.kind = what and i.object_id = n.id and i.origin = 'added' and i.object <> zj_object_name(to_jsonb(n));
    elsif current_setting('zj.restoring', true) = 'on' then -- what was added to the object comes back with it
        with back as (delete from recycled x using new_rows n where x.tenant_id = n.tenant_id and x.table_name = 'internal_number' and x.with_parent and x.row ->> 'object_id' = n.id::text
                         and x.row ->> 'kind' = what and not exists (select from internal_number i where i.tenant_id = x.tenant_id and i.number = x.row ->> 'number') returning x.row)
        insert into internal_number select (jsonb_populate_record(null::internal_number, b.row)).* from back b;
    end if;
    return null;
end $$;

create procedure zj_internal_number(t regclass, what text) language plpgsql as $$
declare
    short name := (select relname from pg_class where oid = t);
    n bigint;
begin
    call zj_target(what, t);
    update zj_kind k set numbered = true where k.kind = what;
    execute format('create trigger internal_number_i after insert on %s referencing new table as new_rows for each statement execute function zj_internal_number_keep(%L)', t, what);
    execute format('create trigger internal_number_u after update on %s referencing old table as old_rows new table as new_rows for each statement execute function zj_internal_number_keep(%L)', t, what);
    execute format('create trigger internal_number_d after delete on %s referencing old table as old_rows for each statement execute function zj_internal_number_keep(%L)', t, what);
    -- What was there before the plan: a number that two objects have stays with the first, and with the other until it is changed.
    execute format('insert into internal_number (tenant_id, number, kind, object_id, object, account_id, origin)
        select t.tenant_id, t.number, %L, t.id, zj_object_name(to_jsonb(t)), (to_jsonb(t) ->> %L)::uuid, %L from %s t where t.number is not null order by t.id on conflict do nothing', what, 'account_id', 'module', t);
    execute format('select count(*) from %s t where t.number is not null and not exists (select from internal_number i where i.tenant_id = t.tenant_id and i.kind = %L and i.object_id = t.id)', t, what) into n;
    if n > 0 then raise warning '% rows of % have an internal number that something else has', n, short; end if;
end $$;

-- An object's number, name and account, for the trigger below, which looks as the owner.
create function zj_object_of(tenant uuid, what text, object uuid) returns jsonb language plpgsql stable as $$
declare
    t text := (select k.table_name from zj_kind k where k.kind = what and k.numbered);
    r jsonb;
begin
    if t is null then
        raise check_violation using message = format('nothing of the kind %s has an internal number', what), column = 'kind', constraint = 'internal_number_kind';
    end if;
    execute format('select jsonb_strip_nulls(jsonb_build_object(%L, t.number, %L, to_jsonb(t) -> %2$L, %3$L, to_jsonb(t) -> %3$L)) from %4$I t where t.tenant_id = $1 and t.id = $2', 'number', 'name', 'account_id', t)
       into r using tenant, object;
    return r;
end $$;

create function internal_number_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    r jsonb;
    taken internal_number;
begin
    -- The object's own trigger, a tenant that goes, a row that comes back, a migration.
    if pg_trigger_depth() > 1 or current_setting('zj.restoring', true) = 'on' or current_setting('role') = 'zj_owner' then return coalesce(new, old); end if;
    if tg_op = 'DELETE' then
        if old.origin = 'module' then
            raise check_violation using message = format('this is the number of %s %s: delete it there', replace(old.kind, '_', ' '), old.object), column = 'number', constraint = 'internal_number_module_row';
        end if;
        return old;
    end if;
    if zj_foreign(new.tenant_id) then return new; end if;
    r := zj_object_of(new.tenant_id, new.kind, new.object_id);
    if r is null then
        raise foreign_key_violation using message = format('no %s with id %s in this tenant', new.kind, new.object_id), column = 'object_id', constraint = 'internal_number_object';
    end if;
    if tg_op = 'INSERT' then
        if current_setting('zj.via', true) = 'job' and r ->> 'number' = new.number then return null; end if; -- an archive: it came with its object
        new.origin := 'added';
    end if;
    if tg_op = 'INSERT' or new.number <> old.number then
        select i.* into taken from internal_number i where i.tenant_id = new.tenant_id and i.number = new.number and i.id <> new.id;
        if found then call zj_internal_number_refuse(taken); end if;
    end if;
    new.object := zj_object_name(case when new.origin = 'module' then r || jsonb_build_object('number', new.number) else r end);
    new.account_id := r ->> 'account_id';
    return new;
end $$;
create trigger rules before insert or update or delete on internal_number for each row execute function internal_number_rules();

-- A number that an object has as its own is changed there, too. An extension's digest covers its number: it needs the password again.
create function internal_number_write() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    t text := (select k.table_name from zj_kind k where k.kind = new.kind);
    said text;
    field text;
begin
    if pg_trigger_depth() > 1 then return null; end if; -- it comes from there
    begin
        if new.kind = 'extension' and new.password is not null then
            update extension e set number = new.number, password = new.password where e.tenant_id = new.tenant_id and e.id = new.object_id;
        else
            execute format('update %I t set number = $1 where t.tenant_id = $2 and t.id = $3', t) using new.number, new.tenant_id, new.object_id;
        end if;
    exception when integrity_constraint_violation then
        get stacked diagnostics said = message_text, field = column_name;
        raise check_violation using message = format('%s: %s', replace(new.kind, '_', ' '), said), column = case when field = 'password' then 'password' else 'number' end, constraint = 'internal_number_object';
    end;
    update internal_number i set password = null where i.tenant_id = new.tenant_id and i.id = new.id and i.password is not null;
    return null;
end $$;
create trigger write_through after update of number on internal_number for each row when (new.origin = 'module' and new.number <> old.number) execute function internal_number_write();
create function internal_number_secret() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' or new.number = old.number or new.origin <> 'module' then new.password := null; end if; -- it is for one change only
    return new;
end $$;
create trigger secret before insert or update on internal_number for each row when (new.password is not null) execute function internal_number_secret();

-- What its object did is in the object's log.
create trigger audit_i after insert on internal_number referencing new table as new_rows for each statement when (pg_trigger_depth() = 0) execute function zj_audit_change('false');
create trigger audit_u after update on internal_number referencing old table as old_rows new table as new_rows for each statement when (pg_trigger_depth() = 0) execute function zj_audit_change('false');
create trigger audit_d after delete on internal_number referencing old table as old_rows for each statement when (pg_trigger_depth() = 0) execute function zj_audit_change('false');
-- Only what was added here has a life of its own in the recycle bin; the others come back with their objects.
create trigger zz_recycle before delete on internal_number for each row when (old.origin = 'added') execute function zj_recycle('false');
create policy restore on internal_number to zj_owner using (true) with check (true);

comment on table internal_number is '{"resource":"internal-numbers","zh":"内线号码","en":"Internal number","scope":"tenant","label":"number","sort":"number","menu":"pbx","order":15,"icon":"hash","search":["number","object"]}';
comment on column internal_number.number is '{"zh":"内线号码","en":"Internal number","help_zh":"团队内唯一","help_en":"unique in the tenant"}';
comment on column internal_number.kind is '{"zh":"对象","en":"Object kind","create_only":true,"enum":{"extension":{"zh":"分机","en":"Extension"},"queue":{"zh":"队列","en":"Queue"},"ring_group":{"zh":"振铃组","en":"Ring group"},"ivr":{"zh":"IVR电脑话务","en":"IVR"},"conference":{"zh":"会议室","en":"Conference room"},"voicemail":{"zh":"语音邮箱","en":"Voicemail"},"fax":{"zh":"传真设备","en":"Fax device"},"application":{"zh":"系统应用","en":"Application"},"shortcut":{"zh":"快捷键","en":"Shortcut key"},"hot_key":{"zh":"热键","en":"Hot key"}}}';
comment on column internal_number.object_id is '{"zh":"对象ID","en":"Object","create_only":true,"refs":{"by":"kind","extension":"extensions","queue":"queues","ring_group":"ring-groups","ivr":"flows","conference":"rooms","voicemail":"voicemail-boxes","fax":"fax-devices","application":"applications","shortcut":"shortcuts","hot_key":"hot-keys"}}';
comment on column internal_number.object is '{"zh":"对象名称","en":"Name (number)","readonly":true,"audit":false}';
comment on column internal_number.account_id is '{"zh":"帐号","en":"Account","readonly":true,"filter":true,"audit":false}';
comment on column internal_number.origin is '{"zh":"来源","en":"From","readonly":true,"help_zh":"模块号码须在其模块中删除","help_en":"a module''s number is deleted in the module","enum":{"module":{"zh":"模块","en":"Module"},"added":{"zh":"在此添加","en":"Added here"}}}';
comment on column internal_number.password is '{"zh":"分机密码","en":"Extension''s password","writeonly":true,"help_zh":"修改分机的号码时须重新填写密码","help_en":"an extension needs its password again with a new number","when":{"field":"kind","in":["extension"]}}';
call zj_searchable('internal_number');

-- A flow can be dialled, too.
alter table flow add column number text check (number ~ '^[0-9*#]{1,16}$'), add constraint flow_number unique (tenant_id, number);
grant select (number) on flow to zj_acd;
comment on column flow.number is '{"zh":"内线号码","en":"Internal number"}';

call zj_internal_number('extension', 'extension');
call zj_internal_number('queue', 'queue');
call zj_internal_number('flow', 'ivr');
call zj_internal_number('room', 'conference');
call zj_target('account', 'account');
call zj_target('prompt', 'prompt');

-- DIDs use the common check from now on.
drop trigger destination on did;
drop function did_destination;
call zj_destination('did', 'destination_kind', 'destination_id');

reset role;
