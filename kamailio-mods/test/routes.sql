-- What routes.csv is asked of: tenant a (Asia/Shanghai) with a route of every kind, tenant b (America/New_York) with some. Routes and their
-- queues have the same names, so that a case says one word.
set search_path = zj, public;
update tenant set time_zone = 'America/New_York' where name = 'b';
insert into trunk (tenant_id, name, host) select id, 'second', '127.0.0.5' from tenant where kind = 'carrier';
insert into trunk (tenant_id, name, host) select id, 'own', '127.0.0.6' from tenant where name = 'a';

create temp table r (name text, did_match text, did text, caller_match text, caller text, trunk text, package text, weekdays text[], date_from date, date_to date, time_from time, time_to time, priority integer, tenant text);
create temp table n (tenant text, number text);
insert into n select 'a', x from unnest(array['02160000001', '02160000002', '02160000003', '02160000004', '02160000005', '02160000006', '02160000007', '02160000008', '02160000009', '02160000010', '02160000011', '02160000012',
    '02161000000', '02161000499', '02161000500', '02161999999', '02162000100', '02162000250', '02162000600', '02163001234', '02163005234', '02163007777']) x;
insert into n values ('b', '12125550001'), ('b', '12125550002');
insert into number (tenant_id, number) select t.id, n.number from n join tenant t on t.name = n.tenant;
insert into did_group (tenant_id, name) select id, 'hotlines' from tenant where name = 'a';
insert into did_group (tenant_id, name, match, entries) select id, 'list', 'number', '{02160000011}' from tenant where name = 'a';
insert into did_group (tenant_id, name, match, entries) select id, 'block', 'prefix', '{021620}' from tenant where name = 'a';
update number set did_group_id = (select id from did_group where name = 'hotlines') where number in ('02160000002', '02160000010');
update number set vip = true where number = '02160000002';
update number set area_code = '021', local_number = '60000003', trunk_id = (select id from trunk where name = 'second'), number_400 = '4008200820' where number = '02160000003';
update number set call_type = 'out' where number = '02160000012';

insert into work_time (tenant_id, name, time_from, time_to, date_from, date_to, weekday_from, weekday_to)
    select t.id, w.* from tenant t, (values ('weekdays', time '09:00', time '18:00', null, null, 'mon', 'fri'), ('nights', '22:00', '06:00', null, null, 'fri', 'fri'), ('duty', '09:00', '16:00', '10-01', '10-07', null, null),
        ('turn', null, null, '12-25', '01-05', null, null), ('weekend', null, null, null, null, 'sat', 'sun')) w where t.name = 'a';
insert into work_time (tenant_id, name, time_from, time_to) select id, 'two', '01:30', '02:30' from tenant where name = 'b';
insert into work_package (tenant_id, name, work_times, holidays) select w.tenant_id, p.name, array_agg(w.id), p.holidays from work_time w join (values ('office', '{weekdays,duty}'::text[], 'ignored'), ('closed', '{weekdays}', 'closed'), ('night', '{nights}', 'ignored'),
    ('newyear', '{turn}', 'ignored'), ('weekend', '{weekend}', 'ignored'), ('dst', '{two}', 'ignored')) p (name, times, holidays) on w.name = any (p.times) group by 1, 2, p.holidays;
insert into holiday (tenant_id, name, date_from, date_to) select id, 'national', '10-01', '10-03' from tenant where name = 'a';
insert into holiday (tenant_id, name, date_from, date_to) select id, 'once', '2026-05-20', '2026-05-20' from tenant where name = 'a';

insert into r (name, did_match, did, caller_match, caller, priority) values
    ('one', 'number', '02160000001', 'any', null, 0), ('one-vip', 'number', '02160000001', 'number', '+8613900000001', 0), ('one-139', 'number', '02160000001', 'prefix', '139', 0),
    ('one-1390', 'number', '02160000001', 'pattern', '1390N.', 0), ('one-hidden', 'number', '02160000001', 'anonymous', null, 0), ('one-top', 'number', '02160000001', 'prefix', '137', 5), ('one-137-exact', 'number', '02160000001', 'number', '13700000000', 4),
    ('hotlines', 'group', 'hotlines', 'any', null, 0), ('list', 'group', 'list', 'any', null, 0), ('block', 'group', 'block', 'any', null, 0), ('prefix', 'prefix', '0216', 'any', null, 0), ('prefix-long', 'prefix', '021610', 'any', null, 0),
    ('range', 'range', '02161000000-02161000499', 'any', null, 0), ('range-in', 'range', '02161000400-02161000499', 'any', null, 0), ('pattern', 'pattern', '021630[0-4]XXXX', 'any', null, 0), ('pattern-long', 'pattern', '0216300!', 'any', null, 1),
    ('any', 'any', null, 'any', null, 0), ('any-120', 'any', null, 'number', '120', 9), ('notation', 'number', '02160000003', 'any', null, 0);
insert into r (name, did_match, did, caller_match, trunk, priority) values ('second', 'number', '02160000004', 'any', 'second', 0), ('own', 'number', '02160000004', 'any', 'own', 0), ('first', 'number', '02160000004', 'any', null, 0);
insert into r (name, did_match, did, caller_match, package, priority) values ('office', 'number', '02160000005', 'any', 'office', 0), ('always', 'number', '02160000005', 'any', null, 0), ('closed', 'number', '02160000006', 'any', 'closed', 0),
    ('night', 'number', '02160000007', 'any', 'night', 0), ('newyear', 'number', '02160000008', 'any', 'newyear', 0), ('weekend', 'number', '02160000009', 'any', 'weekend', 0);
insert into r (name, did_match, did, caller_match, weekdays, date_from, date_to, time_from, time_to, priority) values
    ('k-day', 'number', '02160000010', 'any', '{mon,wed}', null, null, null, null, 1), ('k-time', 'number', '02160000010', 'any', '{}', null, null, '08:30:15', '12:00:00', 2), ('k-date', 'number', '02160000010', 'any', '{}', '2026-06-01', '2026-06-03', null, null, 255);
insert into r (name, did_match, did, caller_match, package, priority, tenant) values ('dst', 'number', '12125550001', 'any', 'dst', 0, 'b'), ('ny', 'number', '12125550001', 'any', null, 0, 'b');

insert into queue (tenant_id, number, name) select t.id, (7000 + row_number() over ())::text, r.name from r join tenant t on t.name = coalesce(r.tenant, 'a');
insert into inbound_route (tenant_id, name, did_match, number_id, did_group_id, did_pattern, caller_match, caller, trunk_id, package_id, weekdays, date_from, date_to, time_from, time_to, priority, destination_kind, destination_id)
    select t.id, r.name, r.did_match, d.id, g.id, case when r.did_match in ('prefix', 'range', 'pattern') then r.did end, r.caller_match, r.caller, k.id, p.id, coalesce(r.weekdays, '{}'), r.date_from, r.date_to, r.time_from, r.time_to, r.priority, 'queue', q.id
      from r join tenant t on t.name = coalesce(r.tenant, 'a') join queue q on q.tenant_id = t.id and q.name = r.name left join number d on d.number = r.did and r.did_match = 'number'
      left join did_group g on g.tenant_id = t.id and g.name = r.did and r.did_match = 'group' left join trunk k on k.name = r.trunk left join work_package p on p.tenant_id = t.id and p.name = r.package;
insert into inbound_route (tenant_id, name, did_match, number_id, package_id, split, priority, destination_kind, destination_id, off_kind, off_number, holiday_kind, holiday_id)
    select t.id, 'split', 'number', d.id, p.id, true, 0, 'queue', q.id, 'external', '13812345678', 'queue', h.id from tenant t join number d on d.number = '02160000011' join work_package p on p.tenant_id = t.id and p.name = 'office'
      join queue q on q.tenant_id = t.id and q.name = 'office' join queue h on h.tenant_id = t.id and h.name = 'list' where t.name = 'a';

-- Every kind of destination that there is a table for, by number 0216900xx.
insert into extension (tenant_id, number, password) select id, '2001', 'at-least-8' from tenant where name = 'a';
insert into account (tenant_id, username, name, password) select id, 'auto', 'Auto', 'x' from tenant where name = 'a';
insert into flow (tenant_id, name, document) select id, 'menu', '<vxml/>' from tenant where name = 'a';
insert into prompt (tenant_id, name) select id, 'closed' from tenant where name = 'a';
create temp table k (kind text, id uuid, number text);
insert into k select 'ivr', f.id, null from flow f union all select 'extension', e.id, null from extension e where e.number = '2001' union all select 'account', a.id, null from account a where username = 'auto'
    union all select 'prompt', p.id, null from prompt p where p.name = 'closed' union all values ('external', null::uuid, '+8613800000000'), ('hangup', null, null);
insert into number (tenant_id, number) select t.id, '021690' || lpad((row_number() over (order by k.kind))::text, 3, '0') from k, tenant t where t.name = 'a';
insert into inbound_route (tenant_id, name, did_match, number_id, destination_kind, destination_id, destination_number)
    select d.tenant_id, 'to ' || k.kind, 'number', d.id, k.kind, k.id, k.number from (select *, row_number() over (order by kind) as n from k) k join number d on d.number = '021690' || lpad(k.n::text, 3, '0');
-- One that has no route at all, but an extension; and tenant b's default.
update number set extension_id = (select id from extension where tenant_id = (select id from tenant where name = 'b') limit 1) where number = '12125550002';

insert into campaign (tenant_id, name) select id, 'spring' from tenant where name = 'a';
insert into campaign (tenant_id, name) select id, 'autumn' from tenant where name = 'a';
insert into binding (tenant_id, kind, target_kind, target_id, did_match, did_group_id) select c.tenant_id, 'did', 'campaign', c.id, 'group', g.id from campaign c join did_group g on g.name = 'hotlines' where c.name = 'spring';
insert into binding (tenant_id, kind, target_kind, target_id, caller_number, priority) select c.tenant_id, 'caller', 'campaign', c.id, '13900000009', 3 from campaign c where c.name = 'autumn';
