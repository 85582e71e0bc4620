-- Whose extension it is. An account has extensions (and agents); an extension without one belongs to the tenant as a whole.
set search_path = zj, public;
set role zj_owner;

alter table extension add column account_id uuid,
    add foreign key (tenant_id, account_id) references account (tenant_id, id) on delete set null (account_id);
create index on extension (tenant_id, account_id);
comment on column extension.account_id is '{"zh":"所属账号","en":"Account","filter":true}';
reset role;
