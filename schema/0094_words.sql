-- A rule that a trigger keeps speaks both languages: English as the message, Chinese as the hint. (A constraint's words come from the api.)
set search_path = zj, public;
set role zj_owner;

create or replace function zj_each(statement text, ids uuid[], vals jsonb default '[]') returns jsonb language plpgsql volatile as $$
declare
    one uuid; n bigint; changed bigint := 0; failed jsonb := '[]'; texts text[] := array(select jsonb_array_elements_text(vals));
    message text; detail text; hint text; con text; col text; tab text;
begin
    foreach one in array ids loop
        begin
            execute statement using one, texts;
            get diagnostics n = row_count;
            if n > 0 then changed := changed + 1; else failed := failed || jsonb_build_object('id', one); end if;
        exception when others then
            if sqlstate ~ '^(40|53|54|57|58|XX)' then raise; end if;
            get stacked diagnostics message = message_text, detail = pg_exception_detail, hint = pg_exception_hint, con = constraint_name, col = column_name, tab = table_name;
            failed := failed || jsonb_build_object('id', one, 'sqlstate', sqlstate, 'message', message, 'detail', nullif(detail, ''), 'hint', nullif(hint, ''),
                'constraint', nullif(con, ''), 'column', nullif(col, ''), 'table', nullif(tab, ''));
        end;
    end loop;
    return jsonb_build_object('changed', changed, 'failed', failed);
end $$;
reset role;
