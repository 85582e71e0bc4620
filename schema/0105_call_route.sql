-- What the edge knew of a call: the route it came by, the page bound to it, a VIP's number.
set search_path = zj, public;
set role zj_owner;
alter table call
    add column route_id     uuid,
    add column binding_kind text check (binding_kind in ('campaign', 'business_client', 'application')),
    add column binding_id   uuid,
    add column vip          boolean;
create index on call (tenant_id, route_id, id desc) where route_id is not null;
comment on column call.route_id is '{"zh":"拨入路由","en":"Inbound route","ref":"inbound-routes","filter":true}';
comment on column call.binding_kind is '{"zh":"绑定目标类型","en":"Bound to (type)","list":false,"enum":{"campaign":{"zh":"外呼营销中心","en":"Campaign"},"business_client":{"zh":"虚拟呼入用户","en":"Business client"},"application":{"zh":"业务应用管理","en":"Application"}}}';
comment on column call.binding_id is '{"zh":"绑定目标","en":"Bound to","list":false,"refs":{"by":"binding_kind","campaign":"campaigns","business_client":"business-clients","application":"applications"}}';
comment on column call.vip is '{"zh":"VIP","en":"VIP","list":false}';
reset role;
