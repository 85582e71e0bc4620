-- The highest ownership epoch that each acd has had, so that a Redis that comes back empty cannot bring an old one back.
set search_path = zj, public;
set role zj_owner;

create table acd_epoch (
    node  text primary key check (char_length(node) between 1 and 64),
    epoch bigint not null check (epoch > 0),
    at    timestamptz not null default now()
);
grant select, insert, update on acd_epoch to zj_acd;
comment on table acd_epoch is 'Ownership epochs of the acds; belongs to no tenant.';
reset role;
