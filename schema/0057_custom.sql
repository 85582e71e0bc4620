-- Fields of a tenant's own, in a column `custom` of the tables that offer it. The resource library checks them first and says more;
-- here is the last line: no unknown field, no wrong JSON type, no double value of a unique field.
set search_path = zj, public;
set role zj_owner;

-- The JSON type and form that a custom field's value must have.
create function zj_custom_fits(type text, v jsonb) returns boolean language sql immutable parallel safe as $$
    select case jsonb_typeof(v)
        when 'null' then true
        when 'string' then case type
            when 'integer' then false when 'decimal' then false when 'multi' then false when 'cascade' then false
            when 'text' then length(v #>> '{}') <= 1000
            when 'textarea' then length(v #>> '{}') <= 10000
            when 'date' then v #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
            when 'datetime' then v #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})$'
            else length(v #>> '{}') <= 500 end
        when 'number' then type = 'decimal' or type = 'integer' and v #>> '{}' ~ '^-?[0-9]{1,18}$'
        when 'array' then type in ('multi', 'cascade', 'region', 'attachment') and jsonb_array_length(v) <= 100
        when 'object' then type in ('region', 'attachment')
        else false
    end
$$;

create function zj_custom_check() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
#variable_conflict use_variable
declare
    page text := obj_description(tg_relid, 'pg_class')::jsonb ->> 'resource';
    bad text;
begin
    if tg_op = 'INSERT' and not exists (select from new_rows where custom <> '{}') then return null; end if; -- old_rows is there in updates only
    if tg_op = 'INSERT' then
        select v.key into bad from new_rows r cross join lateral jsonb_each(r.custom) v
            left join custom_field f on f.tenant_id = r.tenant_id and f.resource = page and f.name = v.key
         where f.id is null or not zj_custom_fits(f.type, v.value) limit 1;
    else -- what a row already holds of a field that ended meanwhile does not keep it from being changed
        select v.key into bad from new_rows r cross join lateral jsonb_each(r.custom) v
            left join custom_field f on f.tenant_id = r.tenant_id and f.resource = page and f.name = v.key
         where (f.id is null or not zj_custom_fits(f.type, v.value))
           and not exists (select from old_rows o where o.tenant_id = r.tenant_id and o.id = r.id and o.custom -> v.key = v.value) limit 1;
    end if;
    if found then
        raise check_violation using message = format('no custom field %s, or a value of another type', bad), column = 'custom.' || left(bad, 50), constraint = 'custom_type';
    end if;
    if not exists (select from custom_field f where f.resource = page and f.unique_value and f.tenant_id in (select tenant_id from new_rows)) then return null; end if;
    if tg_op = 'UPDATE' then
        delete from custom_key k using old_rows o where k.tenant_id = o.tenant_id and k.table_name = tg_table_name and k.row_id = o.id;
    end if;
    insert into custom_key (tenant_id, table_name, field, value, row_id)
    select r.tenant_id, tg_table_name, f.name, r.custom ->> f.name, r.id
      from new_rows r join custom_field f on f.tenant_id = r.tenant_id and f.resource = page and f.unique_value
     where r.custom ->> f.name <> '' on conflict do nothing;
    select f.name into bad from new_rows r join custom_field f on f.tenant_id = r.tenant_id and f.resource = page and f.unique_value
     where r.custom ->> f.name <> '' and not exists (select from custom_key k where k.tenant_id = r.tenant_id and k.table_name = tg_table_name and k.field = f.name
           and k.value = r.custom ->> f.name and k.row_id = r.id) limit 1;
    if found then
        raise unique_violation using message = format('the value of %s is taken', bad), column = 'custom.' || bad, constraint = 'custom_unique';
    end if;
    return null;
end $$;

create function zj_custom_forget() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    delete from custom_key k using old_rows o where k.tenant_id = o.tenant_id and k.table_name = tg_table_name and k.row_id = o.id and o.custom <> '{}';
    return null;
end $$;

-- Offers custom fields for `t`: its table comment must say "custom":true. `indexed`: an index for filters by `custom @> …`.
create procedure zj_customizable(t regclass, indexed boolean default true) language plpgsql as $$
begin
    if not exists (select from pg_attribute where attrelid = t and attname = 'custom' and not attisdropped) then
        execute format('alter table %s add column custom jsonb not null default %L check (jsonb_typeof(custom) = %L and pg_column_size(custom) <= 65536)', t, '{}', 'object');
    end if;
    execute format('comment on column %s.custom is %L', t, '{"zh":"自定义字段","en":"Custom fields","list":false}');
    execute format('create trigger custom_i after insert on %s referencing new table as new_rows for each statement execute function zj_custom_check()', t);
    execute format('create trigger custom_u after update on %s referencing old table as old_rows new table as new_rows for each statement execute function zj_custom_check()', t);
    execute format('create trigger custom_d after delete on %s referencing old table as old_rows for each statement execute function zj_custom_forget()', t);
    if indexed then execute format('create index on %s using gin (custom jsonb_path_ops)', t); end if;
end $$;

-- A field that becomes unique takes the values that are there into custom_key, or is refused; one that ends gives them back.
create function custom_field_rules() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare t text;
begin
    select c.relname into t from pg_class c where c.relnamespace = 'zj'::regnamespace and c.relkind in ('r', 'p') and obj_description(c.oid, 'pg_class') like '{%'
       and obj_description(c.oid, 'pg_class')::jsonb @> jsonb_build_object('resource', coalesce(new.resource, old.resource), 'custom', true);
    if t is null then
        if tg_op = 'DELETE' then return old; end if;
        raise check_violation using message = format('%s offers no custom fields', new.resource), column = 'resource', constraint = 'custom_field_resource';
    end if;
    if tg_op = 'UPDATE' and (new.resource, new.name, new.type) is distinct from (old.resource, old.name, old.type) then
        raise check_violation using message = 'a custom field keeps its page, name and type', column = case when new.type <> old.type then 'type' when new.name <> old.name then 'name' else 'resource' end,
            constraint = 'custom_field_fixed';
    end if;
    if tg_op <> 'INSERT' and old.unique_value and (tg_op = 'DELETE' or not new.unique_value) then
        delete from custom_key k where k.tenant_id = old.tenant_id and k.table_name = t and k.field = old.name;
    end if;
    if tg_op = 'UPDATE' and new.unique_value and not old.unique_value then
        begin
            execute format('insert into custom_key (tenant_id, table_name, field, value, row_id) select tenant_id, %L, %L, custom ->> %2$L, id from zj.%I where tenant_id = $1 and custom ->> %2$L <> %L',
                t, new.name, t, '') using new.tenant_id;
        exception when unique_violation then
            raise check_violation using message = 'some values are there twice', column = 'unique_value', constraint = 'custom_field_unique';
        end;
    end if;
    return coalesce(new, old);
end $$;
create trigger rules before insert or update or delete on custom_field for each row execute function custom_field_rules();
create function custom_field_limit() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if exists (select from custom_field f where (f.tenant_id, f.resource) in (select tenant_id, resource from new_rows) group by f.tenant_id, f.resource having count(*) > 200) then
        raise check_violation using message = 'at most 200 custom fields a page', column = 'resource', constraint = 'custom_field_limit';
    end if;
    return null;
end $$;
create trigger limit_i after insert on custom_field referencing new table as new_rows for each statement execute function custom_field_limit();
reset role;
