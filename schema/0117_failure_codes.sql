-- Answers that mean failure are a list of texts: what the api writes. (What may be among them is as in 0110.)
set search_path = zj, public;
set role zj_owner;
create function zj_are_failures(codes text[]) returns boolean language sql immutable strict as $$
    select cardinality(codes) <= 20 and array_position(codes, null) is null
       and codes <@ array['400', '402', '403', '408', '410', '420', '480', '488', '500', '501', '502', '503', '504', '505', '513', '580', '606']
$$;
alter table trunk drop constraint trunk_failure_codes_check;
alter table trunk alter column failure_codes drop default, alter column failure_codes type text[] using failure_codes::text[], alter column failure_codes set default '{408,500,502,503,504}';
alter table trunk add constraint trunk_failure_codes_check check (zj_are_failures(failure_codes));
drop function zj_are_failures(integer[]);
reset role;
