-- The list page warns, always, of what a white list does.
set search_path = zj, public;
set role zj_owner;
comment on table blacklist is '{"resource":"blacklist","zh":"黑白名单","en":"Black and white list","scope":"tenant","label":"number","menu":"pbx","order":60,"icon":"ban","search":["number"],"big":true,"notice_zh":"如果设定了白名单，那么白名单以外的号码就无法拨入","notice_en":"If a white list is set, numbers outside the white list cannot call in"}';
comment on table do_not_call is '{"resource":"do-not-call","zh":"禁拨黑名单","en":"Do-not-call list","scope":"tenant","label":"number","sort":"-id","menu":"crm","order":70,"icon":"ban","search":["number"],"big":true}';
reset role;
