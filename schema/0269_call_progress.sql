-- What was heard of a leg that was listened to on its way out: ringing, busy, information tones, an announcement; a human, a machine, a fax, nobody.
set search_path = zj, public;
set role zj_owner;

alter table call_leg add column progress jsonb; -- null: nobody listened
comment on column call_leg.progress is '{"zh":"呼叫进展","en":"Call progress","list":false,"help_zh":"监听到的内容，按时间先后：what、cause、confidence（0 至 1）、answered、ms（自应答起；应答前自第一个声音起）","help_en":"what was heard, oldest first: what, cause, confidence (0 to 1), answered, ms (since the answer; before it since the first sound)"}';
reset role;
