-- The edge knows account groups: whom a telephone may watch.
set search_path = zj, public;
set role zj_owner;
do $$
begin
    if not exists (select from pg_policy where polrelid = 'account_group_member'::regclass and polname = 'read_zj_edge') then call zj_reader('account_group_member', 'zj_edge'); end if;
end $$;
reset role;
