-- When a trunk may be used is a package of work times, like everything that has hours: a text of its own said the same less well.
set search_path = zj, public;

alter table trunk add column package_id uuid, add foreign key (tenant_id, package_id) references work_package (tenant_id, id);
create index on trunk (tenant_id, package_id);
grant select (package_id) on trunk to zj_tenant, zj_carrier;

-- `1-5,7 09:00-18:00;6 10:00-16:00`: each run of days of each interval is a work time, together they are the package.
do $$
declare
    t record;
    part text;
    days text;
    day text;
    hours text[];
    names constant text[] := array['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
    one uuid;
    made uuid[];
    package uuid;
begin
    for t in select distinct tenant_id, schedule from trunk where schedule <> '' loop
        made := '{}';
        foreach part in array string_to_array(t.schedule, ';') loop
            days := case when part like '% %' then split_part(part, ' ', 1) else '' end;
            hours := string_to_array(regexp_replace(part, '^.* ', ''), '-');
            continue when hours[1] > '24:00' or hours[2] > '24:00'; -- what was never open
            foreach day in array string_to_array(case days when '' then '-' else days end, ',') loop
                insert into work_time (tenant_id, name, weekday_from, weekday_to, time_from, time_to)
                    values (t.tenant_id, left(concat_ws(' ', '中继', nullif(day, '-'), hours[1] || '-' || hours[2]), 100), names[nullif(left(day, 1), '-')::int + 1], names[nullif(right(day, 1), '-')::int + 1],
                        nullif(hours[1], hours[2])::time, nullif(hours[2], hours[1])::time)
                    on conflict (tenant_id, name) do update set updated_at = now() returning id into one;
                if not one = any (made) then made := made || one; end if;
            end loop;
        end loop;
        continue when made = '{}';
        insert into work_package (tenant_id, name, work_times) values (t.tenant_id, left('中继 ' || t.schedule, 100), made)
            on conflict (tenant_id, name) do update set updated_at = now() returning id into package;
        update trunk x set package_id = package where x.tenant_id = t.tenant_id and x.schedule = t.schedule;
    end loop;
end $$;

set role zj_owner;
alter table trunk drop column schedule;
comment on column trunk.package_id is '{"zh":"工作时间包","en":"Work-time package","group":"limits","list":false,"filter":true,"help_zh":"只在工作时间内使用本中继；留空为始终","help_en":"the trunk is used in its hours only; empty: always"}';
reset role;
