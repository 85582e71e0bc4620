-- The masked form of a telephone number that everybody knows: the middle four digits are hidden (138****5678, 0181****0251), the last four
-- and what comes before stay; signs between digits stay where they are. Of seven digits the last three, of fewer the last two.
set search_path = zj, public;
set role zj_owner;

create or replace function zj_mask(kind text, value text) returns text language sql immutable parallel safe as $$
    select case
        when value is null or value = '' then value
        when kind = 'phone' and length(value) <= 2 then repeat('*', length(value))
        when kind = 'phone' and length(regexp_replace(value, '[^0-9]', '', 'g')) < 7 then repeat('*', length(value) - 2) || right(value, 2)
        when kind = 'phone' and length(regexp_replace(value, '[^0-9]', '', 'g')) = 7
            then regexp_replace(value, '[0-9]([^0-9]*)[0-9]([^0-9]*)[0-9]([^0-9]*)[0-9](([^0-9]*[0-9]){3}[^0-9]*)$', '*\1*\2*\3*\4')
        when kind = 'phone' then regexp_replace(value, '[0-9]([^0-9]*)[0-9]([^0-9]*)[0-9]([^0-9]*)[0-9](([^0-9]*[0-9]){4}[^0-9]*)$', '*\1*\2*\3*\4')
        when kind = 'email' and value ~ '^[^@]{2,}@' then left(value, 1) || '***' || substr(value, length(value) - strpos(reverse(value), '@') + 1)
        when kind = 'email' and value ~ '^[^@]@' then '***' || substr(value, 2)
        when kind = 'id' and length(value) >= 10 then left(value, 4) || repeat('*', length(value) - 6) || right(value, 2)
        when kind = 'id' and length(value) > 2 then repeat('*', length(value) - 2) || right(value, 2)
        when kind = 'name' and length(value) > 1 then left(value, 1) || repeat('*', length(value) - 1)
        when kind = 'name' then '*'
        else '***'
    end
$$;
-- What lies in pools with hidden numbers was written so: the same form for all.
reset role;
update pool_entry e set phone = zj_mask('phone', r.phone)
  from (select tenant_id, id, phone from customer union all select tenant_id, id, phone from lead) r
 where r.tenant_id = e.tenant_id and r.id = e.id and exists (select from pool p where p.tenant_id = e.tenant_id and p.id = e.pool_id and p.hide_numbers);
