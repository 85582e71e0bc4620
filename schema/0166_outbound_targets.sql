-- The form of an outbound rule offers every kind of target that a rule may name (it knew queues, flows and extensions).
set search_path = zj, public;
set role zj_owner;
comment on column outbound_rule.destination_id is '{"zh":"转接名称","en":"Target","refs":{"by":"destination_kind","queue":"queues","ivr":"flows","extension":"extensions","ring_group":"ring-groups","conference":"rooms","voicemail":"voicemail-boxes","fax":"fax-devices","application":"applications"},"when":{"field":"destination_kind","in":["queue","ivr","extension","ring_group","conference","voicemail","fax","application"]}}';
reset role;
