-- An agent group that calls only whom it has talked with: its phones dial nobody outside, and a click is for numbers of its recent calls.
set search_path = zj, public;
set role zj_owner;

alter table agent_group add column outbound_restricted boolean not null default false;
comment on column agent_group.outbound_restricted is '{"zh":"外呼限制","en":"Outbound restricted","help_zh":"坐席只能回拨本组最近 30 天通话记录中的号码；紧急号码除外","help_en":"agents call back numbers of the group''s calls of the last 30 days only; emergency numbers are free"}';

-- Did the group of this agent have a call with the number within 30 days, in either direction? (A leading 0 more or less is the same number.)
create function zj_group_knows(p_agent uuid, p_number text) returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select exists (select from agent a
        join lateral (select c.id from call c where c.tenant_id = a.tenant_id and c.started_at > now() - interval '30 days'
                         and case c.direction when 'in' then c.caller else c.callee end = any (array[n.plain, '0' || n.plain, '+' || n.plain])) c on true
        join call_leg l on l.tenant_id = a.tenant_id and l.call_id = c.id and l.group_id = a.group_id
       where a.tenant_id = zj_tenant() and a.id = p_agent)
      from (select regexp_replace(zj_digits(p_number), '^0(?=1[3-9])', '') as plain) n
$$;
revoke all on function zj_group_knows from public;
grant execute on function zj_group_knows to zj_tenant;
call zj_owner_may('call'); call zj_owner_may('call_leg'); call zj_owner_may('agent');
create index on call (tenant_id, callee, started_at desc);
reset role;
