-- Secrets cannot be read by what the api becomes for a request, whatever that request's SQL were: log-in reads them as zj_api. What a
-- table grants as a whole is granted by column instead, without them. (A column that is added later is granted by its own migration.)
set search_path = zj, public;
set role zj_owner;
do $$
declare
    s record;
    r text;
begin
    for s in select c.oid::regclass as t, string_agg(quote_ident(a.attname), ', ') filter (where not x.secret) as columns
               from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               cross join lateral (select coalesce(col_description(c.oid, a.attnum), '') as d) d
               cross join lateral (select d.d ~ '"writeonly": *true' or d.d ~ '"hidden": *true' and a.attname ~ 'password|secret|ha1|hash' as secret) x
              where c.relnamespace = 'zj'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and obj_description(c.oid, 'pg_class') like '{%'
              group by c.oid having bool_or(x.secret) loop
        foreach r in array array['zj_tenant', 'zj_carrier'] loop
            if has_table_privilege(r, s.t, 'select') then
                execute format('revoke select on %s from %I', s.t, r);
                execute format('grant select (%s) on %s to %I', s.columns, s.t, r);
            end if;
        end loop;
    end loop;
end $$;
reset role;
