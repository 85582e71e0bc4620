-- Who may use a line is said in one place, the lists (0120): trunks and trunk groups had two lists each of their own, which counted for
-- outbound calls only. A trunk's rows hold in both directions, as its form always said.
set search_path = zj, public;

insert into blacklist (tenant_id, number, match, colour, direction, trunk_id)
    select distinct t.tenant_id, trim(both '+*' from l.number), case when l.number like '%*' then 'prefix' else 'exact' end, l.colour, 'both', t.id
      from trunk t, lateral (select unnest(t.allowed_callers), 'white' union all select unnest(t.barred_callers), 'black') l (number, colour)
    on conflict do nothing;
insert into blacklist (tenant_id, number, match, colour, direction, trunk_group_id)
    select distinct g.tenant_id, trim(both '+*' from l.number), case when l.number like '%*' then 'prefix' else 'exact' end, l.colour, 'out', g.id
      from trunk_group g, lateral (select unnest(g.allowed_callers), 'white' union all select unnest(g.barred_callers), 'black') l (number, colour)
    on conflict do nothing;

set role zj_owner;
alter table trunk drop column allowed_callers, drop column barred_callers;
alter table trunk_group drop column allowed_callers, drop column barred_callers;
drop function zj_are_callers(text[]);
reset role;
