-- What is checked of many rows at once is asked once for all of them: an import of a million customers notices what each row costs.
set search_path = zj, public;
set role zj_owner;

-- Custom fields: which are there is asked of all rows, then each of them is looked at in one pass. What a row already holds of a field
-- that ended meanwhile does not keep it from being changed.
create or replace function zj_custom_check() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
#variable_conflict use_variable
declare
    page text := obj_description(tg_relid, 'pg_class')::jsonb ->> 'resource';
    one record;
    wrong boolean;
    bad text;
begin
    if tg_op = 'INSERT' and not exists (select from new_rows where custom <> '{}') then return null; end if; -- old_rows is there in updates only
    for one in select k.tenant_id, k.key, f.type from (select distinct r.tenant_id, jsonb_object_keys(r.custom) as key from new_rows r) k
                 left join custom_field f on f.tenant_id = k.tenant_id and f.resource = page and f.name = k.key loop
        wrong := one.type is null or exists (select from (select r.custom -> one.key as v from new_rows r where r.tenant_id = one.tenant_id offset 0) r
                                              where not zj_custom_fits(one.type, coalesce(r.v, 'null')));
        if wrong and tg_op = 'UPDATE' then
            wrong := exists (select from new_rows r left join old_rows o on o.tenant_id = r.tenant_id and o.id = r.id
                              where r.tenant_id = one.tenant_id and r.custom ? one.key and (one.type is null or not zj_custom_fits(one.type, r.custom -> one.key))
                                and o.custom -> one.key is distinct from r.custom -> one.key);
        end if;
        if wrong then
            raise check_violation using message = format('no custom field %s, or a value of another type', one.key), column = 'custom.' || left(one.key, 50), constraint = 'custom_type';
        end if;
    end loop;
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

-- Fields of one business client's customers: mostly a tenant has none.
drop trigger client_fields on customer;
create or replace function customer_client_fields() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
#variable_conflict use_variable
declare
    tenants boolean := current_setting('role') = 'zj_tenant';
    one record;
begin
    if not exists (select from custom_field f where f.resource = 'customers' and f.business_client_id is not null and f.enabled and f.tenant_id in (select tenant_id from new_rows)) then
        return null;
    end if;
    if tg_op = 'UPDATE' then -- old_rows is there in updates only
        select f.name, f.business_client_id is distinct from r.business_client_id as foreigner into one
          from new_rows r join old_rows o on o.tenant_id = r.tenant_id and o.id = r.id and (o.custom, o.business_client_id) is distinct from (r.custom, r.business_client_id)
          join custom_field f on f.tenant_id = r.tenant_id and f.resource = 'customers' and f.business_client_id is not null and f.enabled
         where case when f.business_client_id is distinct from r.business_client_id then coalesce(r.custom -> f.name, 'null') <> 'null' and r.custom -> f.name is distinct from o.custom -> f.name
                    else f.required and tenants and coalesce(r.custom -> f.name, 'null') in ('null', '""') end limit 1;
    else
        select f.name, f.business_client_id is distinct from r.business_client_id as foreigner into one
          from new_rows r join custom_field f on f.tenant_id = r.tenant_id and f.resource = 'customers' and f.business_client_id is not null and f.enabled
         where case when f.business_client_id is distinct from r.business_client_id then coalesce(r.custom -> f.name, 'null') <> 'null'
                    else f.required and tenants and coalesce(r.custom -> f.name, 'null') in ('null', '""') end limit 1;
    end if;
    if not found then return null; end if;
    if one.foreigner then
        raise check_violation using message = format('%s is a field of another business client', one.name), hint = '该字段属于其他呼入用户', column = 'custom.' || one.name, constraint = 'custom_client';
    end if;
    raise not_null_violation using message = format('%s is required for this business client', one.name), hint = '该呼入用户必填', column = 'custom.' || one.name, constraint = 'custom_client_required';
end $$;
create trigger client_fields_i after insert on customer referencing new table as new_rows for each statement execute function customer_client_fields();
create trigger client_fields_u after update on customer referencing old table as old_rows new table as new_rows for each statement execute function customer_client_fields();

-- Numbers that are digits already: to take a set of characters off costs a quarter of what a regular expression does.
drop trigger digits on customer;
create trigger digits before insert or update of phone, phone2 on customer for each row
    when (ltrim(new.phone, '0123456789*#') <> '' or ltrim(new.phone2, '0123456789*#') <> '') execute function customer_digits();
drop trigger digits on lead;
create trigger digits before insert or update of phone on lead for each row when (ltrim(new.phone, '0123456789*#') <> '') execute function customer_digits();
reset role;
