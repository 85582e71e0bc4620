-- A queue's callers whom nobody takes may go to whatever a call can be sent to: to voicemail first of all.
set search_path = zj, public;
set role zj_owner;

alter table queue drop constraint queue_overflow_kind_check,
    add constraint queue_overflow_kind_check check (overflow_kind in ('hangup', 'queue', 'ivr', 'extension', 'ring_group', 'conference', 'voicemail'));
drop trigger overflow on queue;
drop function queue_overflow_exists();
call zj_destination('queue', 'overflow_kind', 'overflow_id');
alter table queue add constraint queue_overflow_itself check (overflow_id <> id);
comment on column queue.overflow_kind is '{"zh":"溢出去向","en":"Overflow to","group":"overflow","enum":{"hangup":{"zh":"挂断","en":"Hang up"},"queue":{"zh":"队列","en":"Queue"},"ivr":{"zh":"IVR电脑话务","en":"IVR"},"extension":{"zh":"分机","en":"Extension"},"ring_group":{"zh":"振铃组","en":"Ring group"},"conference":{"zh":"会议室","en":"Conference room"},"voicemail":{"zh":"语音信箱","en":"Voicemail"}}}';
comment on column queue.overflow_id is '{"zh":"溢出目标","en":"Overflow target","group":"overflow","refs":{"by":"overflow_kind","queue":"queues","ivr":"flows","extension":"extensions","ring_group":"ring-groups","conference":"rooms","voicemail":"voicemail-boxes"},"when":{"field":"overflow_kind","in":["queue","ivr","extension","ring_group","conference","voicemail"]}}';
reset role;
