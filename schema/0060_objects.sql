-- What the tables of the business share: arrays of ids that behave like foreign keys, and the business objects that a tenant
-- switches on when it begins to use them.
set search_path = zj, public;
set role zj_owner;

-- A foreign key for an array of ids. An id that is added must exist in the tenant and be seen by the writer; when its row is
-- deleted, it is taken out. Arguments of the triggers: (column, target, 'required'|''), (table, column).
create function zj_refs_exist() returns trigger language plpgsql as $$
declare
    ids uuid[];
    before uuid[] := '{}';
    missing uuid;
begin
    if new.tenant_id <> zj_tenant() then return new; end if; -- row-level security refuses it
    execute format('select ($1).%I', tg_argv[0]) into ids using new;
    if tg_op = 'UPDATE' then execute format('select ($1).%I', tg_argv[0]) into before using old; end if;
    if tg_argv[2] = 'required' and pg_trigger_depth() = 1 and coalesce(cardinality(ids), 0) = 0 then
        raise not_null_violation using message = 'at least one is needed', column = tg_argv[0], constraint = tg_argv[0] || '_required';
    end if;
    if ids is null or ids <@ before then return new; end if;
    execute format('select i from unnest($1) i where i <> all ($2) and not exists (select from %I t where t.tenant_id = $3 and t.id = i) limit 1', tg_argv[1])
       into missing using ids, before, new.tenant_id;
    if missing is not null then
        raise foreign_key_violation using message = format('no %s with id %s', tg_argv[1], missing), column = tg_argv[0], constraint = tg_argv[0] || '_exists';
    end if;
    return new;
end $$;

create function zj_refs_forget() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    execute format('update %I t set %2$I = array(select x from unnest(t.%2$I) with ordinality u (x, n) where x not in (select id from gone) order by n)
                     where t.tenant_id in (select tenant_id from gone) and t.%2$I && array(select id from gone)', tg_argv[0], tg_argv[1]);
    return null;
end $$;

-- `call zj_references('pool', 'members', 'account', required => true)`, after zj_tenant_table() and zj_recyclable().
create procedure zj_references(t regclass, col name, target regclass, required boolean default false) language plpgsql as $$
declare
    short name := (select relname from pg_class where oid = t);
    must text := case when required then 'required' else '' end;
begin
    execute format('create trigger %I before insert on %s for each row %s execute function zj_refs_exist(%L, %L, %L)', 'refs_i_' || col, t,
        case when required then '' else format('when (new.%I <> %L)', col, '{}') end, col, target::text, must);
    execute format('create trigger %I before update on %s for each row when (new.%3$I is distinct from old.%3$I) execute function zj_refs_exist(%3$L, %4$L, %5$L)',
        'refs_u_' || col, t, col, target::text, must);
    execute format('create trigger %I after delete on %s referencing old table as gone for each statement execute function zj_refs_forget(%L, %L)',
        'forget_' || short || '_' || col, target, short, col);
    if not exists (select from pg_policies where schemaname = 'zj' and tablename = short and policyname in ('restore', 'keep_zj_owner')) then
        execute format('create policy keep_zj_owner on %s to zj_owner using (true) with check (true)', t);
    end if;
end $$;

-- Which business objects a tenant uses: each is switched on once, by hand, and never off again, for its data stays.
create table business_object (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    kind       text not null check (kind in ('lead', 'customer', 'opportunity', 'product')),
    enabled    boolean not null default false,
    enabled_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, kind)
);
call zj_tenant_table('business_object');
revoke insert, update, delete on business_object from zj_tenant;
grant update (enabled) on business_object to zj_tenant;
create policy keep_zj_owner on business_object to zj_owner using (true) with check (true);

create function business_object_stays() returns trigger language plpgsql as $$
begin
    if old.enabled and not new.enabled then
        raise check_violation using message = 'a business object that is in use cannot be switched off again', column = 'enabled', constraint = 'business_object_stays';
    end if;
    if new.enabled and not old.enabled then new.enabled_at := now(); end if;
    return new;
end $$;
create trigger stays before update on business_object for each row execute function business_object_stays();

-- Every tenant has the four from its first moment, all off.
create function business_objects_of_tenant() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into business_object (tenant_id, kind) select new.id, k from unnest(array['lead', 'customer', 'opportunity', 'product']) k;
    return null;
end $$;
call zj_audited('business_object');
create trigger business_objects after insert on tenant for each row when (new.kind = 'tenant') execute function business_objects_of_tenant();
insert into business_object (tenant_id, kind) select t.id, k from tenant t, unnest(array['lead', 'customer', 'opportunity', 'product']) k where t.kind = 'tenant';

-- Refuses the first row of an object that is off. Once a statement, so that an import does not notice.
create function business_object_gate() returns trigger language plpgsql as $$
begin
    if zj_tenant() is not null and not exists (select from business_object where tenant_id = zj_tenant() and kind = tg_argv[0] and enabled) then
        raise check_violation using message = format('the business object %s is not switched on', tg_argv[0]), constraint = 'business_object_gate',
            hint = 'PATCH /api/v1/business-objects/{id} {"enabled":true}';
    end if;
    return null;
end $$;

comment on table business_object is '{"resource":"business-objects","zh":"业务对象","en":"Business object","scope":"tenant","label":"kind","sort":"kind","create":false,"delete":false,"menu":"crm","order":90}';
comment on column business_object.kind is '{"zh":"对象","en":"Object","readonly":true,"enum":{"lead":{"zh":"线索","en":"Lead"},"customer":{"zh":"客户","en":"Customer"},"opportunity":{"zh":"商机","en":"Opportunity"},"product":{"zh":"产品","en":"Product"}}}';
comment on column business_object.enabled is '{"zh":"启用","en":"Enabled","help_zh":"启用后不能再停用","help_en":"cannot be switched off again"}';
comment on column business_object.enabled_at is '{"zh":"启用时间","en":"Enabled at","readonly":true}';
reset role;
