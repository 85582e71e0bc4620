-- Several edges: each writes the registrations of the phones that are at it. (docs/decisions/072)
set role zj_owner;
alter table kamailio.location add column edge text not null default 'edge1' check (octet_length(edge) between 1 and 31);
alter table kamailio.location alter column edge drop default;
alter table kamailio.location drop constraint location_pkey, add primary key (edge, ruid);
reset role;
