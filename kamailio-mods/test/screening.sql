set search_path = zj, public;
-- Rows of screening.csv's cases. a, b: tenants of edge.mjs; c: the carrier.
create temp table t as select (select id from tenant where name = 'a') a, (select id from tenant where name = 'b') b, (select id from tenant where kind = 'carrier') c;
insert into trunk (tenant_id, name, host) select c, 'second', '127.0.0.5' from t;
insert into trunk_group (tenant_id, name) select c, 'lines' from t;
insert into trunk_member (tenant_id, group_id, trunk_id) select g.tenant_id, g.id, x.id from trunk_group g join trunk x on x.tenant_id = g.tenant_id and x.name = 'carrier' where g.name = 'lines';
insert into number (tenant_id, number) select a, n from t, unnest(array['+8610003', '+8610004', '+8610005']) n;
insert into inbound_route (tenant_id, name, did_match, number_id, destination_kind, destination_id)
    select n.tenant_id, 'route ' || n.number, 'number', n.id, case n.number when '+8610004' then 'extension' else 'queue' end, case n.number when '+8610004' then e.id else q.id end
      from t join number n on n.tenant_id = t.a and n.number in ('+8610003', '+8610004', '+8610005') join queue q on q.tenant_id = t.a join extension e on e.tenant_id = t.a and e.number = '1001';
insert into role (tenant_id, name) select a, 'screened' from t;
insert into account (tenant_id, username, name, password) select a, 'screened', 'screened', 'x' from t;
insert into agent_group (tenant_id, name) select a, 'screened' from t;
update extension e set account_id = x.id from t, account x where e.tenant_id = t.a and x.tenant_id = t.a and x.username = 'screened';
insert into agent (tenant_id, number, name, extension_id, group_id) select t.a, '9001', 'screened', e.id, g.id from t join extension e on e.tenant_id = t.a join agent_group g on g.tenant_id = t.a and g.name = 'screened';
insert into prompt (tenant_id, name) select a, 'no' from t union all select c, 'no' from t;
insert into emergency_number (tenant_id, number) select c, '112' from t;

insert into blacklist (tenant_id, number, match, result_code) select c, v.* from t, (values ('19500000001', 'exact', 403), ('1960', 'prefix', 480), ('197xxxxxxxz', 'pattern', 484)) v;
insert into blacklist (tenant_id, number, match, direction, result_code, enabled, valid_from, valid_until) select a, v.* from t, (values
    ('13700000001', 'exact', 'in', 603, true, null::timestamptz, null::timestamptz), ('13700000002', 'exact', 'in', 603, false, null, null), ('13700000003', 'exact', 'out', 603, true, null, null),
    ('13700000004', 'exact', 'in', 603, true, null, now() - interval '1 hour'), ('13700000005', 'exact', 'in', 603, true, now() + interval '1 hour', null),
    ('1371', 'prefix', 'in', 481, true, null, null), ('137123', 'prefix', 'both', 482, true, null, null), ('13712340000', 'exact', 'both', 483, true, null, null),
    ('13400000003', 'exact', 'in', 495, true, null, null), ('13400000004', 'exact', 'in', 495, true, null, null),
    ('13200000001', 'exact', 'out', 403, true, null, null), ('1', 'prefix', 'out', 499, false, null, null), ('112', 'exact', 'both', 403, true, null, null), ('132000000', 'prefix', 'in', 403, true, null, null)) v;
insert into blacklist (tenant_id, number, did_id, result_code) select t.a, '13600000001', n.id, 485 from t join number n on n.number = '+8610003';
insert into blacklist (tenant_id, number, trunk_id, result_code) select t.c, '13600000002', x.id, 487 from t join trunk x on x.name = 'carrier';
insert into blacklist (tenant_id, number, trunk_group_id, result_code) select t.c, '13600000003', x.id, 488 from t join trunk_group x on x.name = 'lines';
insert into blacklist (tenant_id, number, extension_id, result_code) select t.a, '13500000001', x.id, 491 from t join extension x on x.tenant_id = t.a;
insert into blacklist (tenant_id, number, extension_id, result_code, direction) select t.a, '13200000003', x.id, 481, 'out' from t join extension x on x.tenant_id = t.a;
insert into blacklist (tenant_id, number, account_id, result_code) select t.a, '13500000002', x.id, 493 from t join account x on x.username = 'screened';
insert into blacklist (tenant_id, number, agent_group_id, result_code) select t.a, '13500000003', x.id, 494 from t join agent_group x on x.name = 'screened';
insert into blacklist (tenant_id, number, did_id, colour, overrides) select t.a, v.number, n.id, 'white', v.o from t join number n on n.number = '+8610005',
    (values ('13400000001', false), ('13400000003', true), ('13400000004', false)) v (number, o);
insert into blacklist (tenant_id, number, result) select a, '13300000001', 'silent' from t;
insert into blacklist (tenant_id, number, result, prompt_id, result_code) select p.tenant_id, v.number, 'prompt', p.id, 480 from t, prompt p, (values ('a', '13300000002'), ('c', '13300000003')) v (who, number) where p.name = 'no' and p.tenant_id = case v.who when 'a' then t.a else t.c end;
insert into blacklist (tenant_id, number, colour, direction) select c, '13200000099', 'always', 'both' from t;
insert into blacklist (tenant_id, number, direction) select a, '13200000099', 'both' from t;
