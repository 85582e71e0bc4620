-- Hybrid office mode: is the telephone of a signed-in agent a plain extension, too? (docs/decisions/066)
set search_path = zj, public;
set role zj_owner;
alter table tenant add column hybrid_office boolean not null default true;
grant select (hybrid_office), update (hybrid_office) on tenant to zj_tenant;
grant select (hybrid_office) on tenant to zj_carrier;
comment on column tenant.hybrid_office is '{"zh":"混合办公模式","en":"Hybrid office","group":"basic","list":false,"help_zh":"开启：坐席签入的话机也可作普通分机拨打和接听；关闭：只处理坐席业务","help_en":"on: the telephone of a signed-in agent is a plain extension, too; off: agent calls only"}';
reset role;
