-- Foreign keys of tables that are imported by the million: PostgreSQL asks for each row and key, also for the millionth time whether the
-- tenant is there, which takes a third of an import's time. Of such a table a statement asks once for each key that its rows have.
set search_path = zj, public;

-- Writes the function behind the trigger `keys_i` of `t`; all its questions keep their plans. It asks as PostgreSQL does, with the same
-- lock on the row that is referred to (it stays until the transaction ends; whoever is about to delete it is waited for), and says the
-- same. PostgreSQL's own check of inserts rests then; what it does on updates of `t`, and when a row goes that is referred to, stays.
-- Where its check is on again (after pg_restore), both ask. Only a superuser may do this. A key that comes later is checked by PostgreSQL.
create procedure zj_keys_at_once(t regclass) language plpgsql as $$
declare
    short name := (select relname from pg_class where oid = t);
    body text := '';
    k record;
begin
    for k in select c.conname, f.relname as target, c.confrelid, g.tgname,
                string_agg(format('r.%I', a.attname), ', ' order by n) as mine,
                string_agg(format('r.%I is not null', a.attname), ' and ' order by n) as given,
                string_agg(format('p.%I = k.%I', b.attname, a.attname), ' and ' order by n) as same
               from pg_constraint c join pg_class f on f.oid = c.confrelid join pg_trigger g on g.tgconstraint = c.oid and g.tgfoid = '"RI_FKey_check_ins"'::regproc
               cross join lateral unnest(c.conkey, c.confkey) with ordinality u (own, its, n)
               join pg_attribute a on a.attrelid = c.conrelid and a.attnum = u.own join pg_attribute b on b.attrelid = c.confrelid and b.attnum = u.its
              where c.conrelid = t and c.contype = 'f' and c.confmatchtype = 's' and not c.condeferrable group by c.conname, f.relname, c.confrelid, g.tgname order by c.conname loop
        if not exists (select from pg_policy where polrelid = k.confrelid and polcmd = '*' and polroles @> array['zj_owner'::regrole::oid] and pg_get_expr(polqual, polrelid) = 'true') then
            raise invalid_parameter_value using message = format('%s: zj_owner does not see all of %s', k.conname, k.target);
        end if;
        body := body || format($body$
    perform from (select distinct %1$s from new_rows r where %2$s) k where not exists (select from only zj.%3$I p where %4$s for key share) limit 1;
    if found then
        raise foreign_key_violation using message = format('insert or update on table "%%s" violates foreign key constraint "%%s"', tg_table_name, %5$L),
            detail = format('Key is not present in table "%%s".', %6$L), schema = tg_table_schema, table = tg_table_name, constraint = %5$L;
    end if;$body$, k.mine, k.given, k.target, k.same, k.conname, k.target);
        execute format('alter table %s disable trigger %I', t, k.tgname);
    end loop;
    execute format('create or replace function zj.%I() returns trigger language plpgsql security definer set search_path = zj, pg_temp as %L',
        short || '_keys', E'\nbegin' || body || E'\n    return null;\nend ');
    execute format('alter function zj.%I() owner to zj_owner', short || '_keys');
    execute format('create or replace trigger keys_i after insert on %s referencing new table as new_rows for each statement execute function zj.%I()', t, short || '_keys');
end $$;
revoke all on procedure zj_keys_at_once from public;

call zj_keys_at_once('customer');
call zj_keys_at_once('lead');
call zj_keys_at_once('blacklist');
call zj_keys_at_once('do_not_call');
