-- Recording on demand: what agents may do with the recording of their call.
set search_path = zj, public;
set role zj_owner;

alter table tenant
    add column agent_recording    text not null default 'pause' check (agent_recording in ('none', 'pause', 'free')),
    add column record_pause_max_s integer not null default 300 check (record_pause_max_s between 0 and 3600);
grant select (agent_recording, record_pause_max_s), update (agent_recording, record_pause_max_s) on tenant to zj_tenant, zj_carrier;
grant select (force_record) on account to zj_acd;

comment on column tenant.agent_recording is '{"zh":"坐席控制录音","en":"Agents and recordings","group":"basic","list":false,"enum":{"none":{"zh":"不可控制","en":"No control"},"pause":{"zh":"可开始和暂停","en":"Begin and pause"},"free":{"zh":"可开始、暂停和停止","en":"Begin, pause and stop"}},"help_zh":"暂停用于客户说出卡号、密码等","help_en":"pauses are for card numbers and passwords"}';
comment on column tenant.record_pause_max_s is '{"zh":"录音暂停上限","en":"Longest pause of a recording","group":"basic","list":false,"unit":"s","help_zh":"到时自动继续录音；0 不限","help_en":"then the recording goes on by itself; 0: no limit"}';
reset role;
