-- What a policy asks (is this a BPO account? which pools are its own?) is asked with every statement. A function in SQL that is no plain
-- expression is parsed and planned at each call, which cost a keyed read more than all the rest of it; PL/pgSQL keeps the plan in the session.
set search_path = zj, public;
set role zj_owner;

-- The same function, its one statement inside of PL/pgSQL.
create procedure zj_keep_plan(f regprocedure) language plpgsql as $$
declare
    body text := (select format(case when p.proretset then 'return query %s' else 'return (%s)' end, rtrim(p.prosrc, E' \t\r\n;'))
                    from pg_proc p join pg_language l on l.oid = p.prolang where p.oid = f and l.lanname = 'sql');
begin
    if body is null then raise invalid_parameter_value using message = format('%s is no SQL function', f); end if;
    execute replace(split_part(pg_get_functiondef(f), 'AS $function$', 1), E'\n LANGUAGE sql', E'\n LANGUAGE plpgsql')
        || format(E'AS $function$\n#variable_conflict use_column\nbegin %s; end $function$', body);
end $$;
revoke all on procedure zj_keep_plan from public;

do $$
declare f regprocedure;
begin
    for f in select p.oid from pg_proc p join pg_language l on l.oid = p.prolang
              where p.pronamespace = 'zj'::regnamespace and l.lanname = 'sql' and (p.prosecdef or p.proconfig is not null or p.prosrc ~* '\mfrom\M')
                and exists (select from pg_depend d where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid) loop
        call zj_keep_plan(f);
    end loop;
end $$;
reset role;
