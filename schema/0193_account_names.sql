-- Accounts are shown as account(name) wherever something refers to them.
set search_path = zj, public;
set role zj_owner;
do $$
begin
    execute format('comment on table account is %L', (obj_description('account'::regclass, 'pg_class')::jsonb || '{"label_with":"name"}')::text);
    execute format('comment on view colleague is %L', (obj_description('colleague'::regclass, 'pg_class')::jsonb || '{"label":"username","label_with":"name"}')::text);
end $$;
reset role;
