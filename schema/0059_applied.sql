-- Every table so far is logged, comes back from the recycle bin, is searched and scoped; the older ones are labelled for forms and lists.
set search_path = zj, public;
set role zj_owner;

-- The index behind the one search box of a list: the columns that the table comment names in "search", by any part of them.
create procedure zj_searchable(t regclass) language plpgsql as $$
declare columns text := (select string_agg(format('%I gin_trgm_ops', x.value), ', ' order by x.ordinality)
    from jsonb_array_elements_text(obj_description(t, 'pg_class')::jsonb -> 'search') with ordinality x);
begin
    if columns is null then raise invalid_parameter_value using message = format('%s: no "search" in its comment', t); end if;
    execute format('create index %I on %s using gin (%s)', (select relname from pg_class where oid = t) || '_search', t, columns);
end $$;

comment on table trunk is '{"resource":"trunks","zh":"中继","en":"Trunk","scope":"tenant","label":"name","menu":"pbx","order":50,"icon":"route","search":["name"]}';
comment on table number is '{"resource":"numbers","zh":"号码","en":"Number","scope":"carrier","label":"number","menu":"pbx","order":40,"icon":"hash","search":["number"],"big":true}';
comment on column number.enabled is '{"zh":"启用","en":"Enabled","list":true}';
comment on table did is '{"resource":"dids","zh":"接入号","en":"DID","scope":"tenant","label":"number","menu":"pbx","order":30,"icon":"phone-in","search":["number"]}';
comment on column did.destination_kind is '{"zh":"去向类别","en":"Destination kind","enum":{"queue":{"zh":"队列","en":"Queue"},"ivr":{"zh":"IVR流程","en":"Flow"},"extension":{"zh":"分机","en":"Extension"}}}';
comment on table blacklist is '{"resource":"blacklist","zh":"黑白名单","en":"Black and white list","scope":"tenant","label":"number","menu":"pbx","order":60,"icon":"ban","search":["number"],"big":true}';
comment on column blacklist.number is '{"zh":"号码","en":"Number","filter":true}';
comment on column blacklist.match is '{"zh":"匹配","en":"Match","enum":{"exact":{"zh":"完全匹配","en":"Exact"},"prefix":{"zh":"前缀","en":"Prefix"}}}';
comment on column blacklist.colour is '{"zh":"颜色","en":"Colour","enum":{"black":{"zh":"黑","en":"Black"},"white":{"zh":"白","en":"White"}}}';
comment on column blacklist.direction is '{"zh":"方向","en":"Direction","enum":{"in":{"zh":"呼入","en":"Inbound"},"out":{"zh":"呼出","en":"Outbound"},"both":{"zh":"双向","en":"Both"}}}';
comment on column blacklist.reason is '{"zh":"原因","en":"Reason","widget":"textarea"}';
comment on table extension is '{"resource":"extensions","zh":"分机","en":"Extension","scope":"tenant","label":"number","menu":"pbx","order":10,"icon":"phone","quota":"max_extensions","search":["number","name"],"big":true}';
comment on column extension.number is '{"zh":"分机号","en":"Number","filter":true}';
comment on table agent_group is '{"resource":"agent-groups","zh":"坐席组","en":"Agent group","scope":"tenant","label":"name","menu":"callcentre","order":20,"icon":"users","search":["name"]}';
comment on table agent is '{"resource":"agents","zh":"坐席","en":"Agent","scope":"tenant","label":"name","menu":"callcentre","order":10,"icon":"headset","quota":"max_agents","search":["number","name"],"big":true,"scoped":{"agent":"id"},"permissions":{"control":{"zh":"控制坐席状态","en":"Control other agents"}}}';
comment on column agent.number is '{"zh":"工号","en":"Agent number","filter":true}';
comment on column agent.account_id is '{"zh":"账号","en":"Account","filter":true}';
comment on column agent.extension_id is '{"zh":"分机","en":"Extension","filter":true}';
comment on column agent.group_id is '{"zh":"坐席组","en":"Group","filter":true}';
comment on column agent.role_id is '{"zh":"坐席角色","en":"Agent role","filter":true}';
comment on table busy_reason is '{"resource":"busy-reasons","zh":"示忙原因","en":"Busy reason","scope":"tenant","label":"name","menu":"callcentre","order":40,"icon":"pause","search":["name"]}';
comment on column busy_reason.limit_s is '{"zh":"时限","en":"Limit","unit":"s","help_zh":"0 为不限","help_en":"0: none"}';
comment on table prompt is '{"resource":"prompts","zh":"语音","en":"Prompt","scope":"tenant","label":"name","upload":"audio","import":false,"menu":"pbx","order":70,"icon":"volume","search":["name"]}';
comment on column prompt.language is '{"zh":"语言","en":"Language","enum":{"zh":{"zh":"中文","en":"Chinese"},"en":{"zh":"英文","en":"English"}}}';
comment on column prompt.bytes is '{"zh":"大小","en":"Size","readonly":true,"unit":"B"}';
comment on column prompt.duration_ms is '{"zh":"时长","en":"Duration","readonly":true,"unit":"ms"}';
comment on column prompt.sha256 is '{"zh":"校验","en":"SHA-256","readonly":true,"list":false}';
comment on table flow is '{"resource":"flows","zh":"IVR流程","en":"Flow","scope":"tenant","label":"name","menu":"pbx","order":80,"icon":"flow","search":["name"]}';
comment on table queue is '{"resource":"queues","zh":"队列","en":"Queue","scope":"tenant","label":"name","menu":"queues","order":10,"icon":"list","quota":"max_queues","search":["number","name"],"scoped":{"queue":"id"},"groups":{"basic":{"zh":"基本","en":"Basic"},"waiting":{"zh":"排队","en":"Waiting"},"overflow":{"zh":"溢出","en":"Overflow"}}}';
comment on column queue.number is '{"zh":"队列号","en":"Number","group":"basic"}';
comment on column queue.name is '{"zh":"名称","en":"Name","group":"basic"}';
comment on column queue.strategy is '{"zh":"分配策略","en":"Strategy","group":"basic","enum":{"longest_idle":{"zh":"空闲最久","en":"Longest idle"},"round_robin":{"zh":"轮询","en":"Round robin"},"fewest_calls":{"zh":"接听最少","en":"Fewest calls"}}}';
comment on column queue.priority is '{"zh":"优先级","en":"Priority","group":"basic","help_zh":"数字大者先","help_en":"larger first"}';
comment on column queue.enabled is '{"zh":"启用","en":"Enabled","group":"basic"}';
comment on column queue.record is '{"zh":"录音","en":"Record","group":"basic","list":false}';
comment on column queue.service_level_s is '{"zh":"服务水平","en":"Service level","group":"basic","unit":"s","list":false}';
comment on column queue.max_length is '{"zh":"最大排队数","en":"Waiting callers at most","group":"waiting","list":false}';
comment on column queue.max_wait_s is '{"zh":"最长等待","en":"Longest wait","group":"waiting","unit":"s","list":false,"help_zh":"0 为不限","help_en":"0: for ever"}';
comment on column queue.ring_timeout_s is '{"zh":"振铃时长","en":"Ring time","group":"waiting","unit":"s","list":false}';
comment on column queue.retry_delay_s is '{"zh":"再次派发间隔","en":"Pause after a missed offer","group":"waiting","unit":"s","list":false}';
comment on column queue.wrapup_s is '{"zh":"话后处理","en":"After-call work","group":"waiting","unit":"s","list":false}';
comment on column queue.announce_s is '{"zh":"播报间隔","en":"Announce every","group":"waiting","unit":"s","list":false,"help_zh":"0 为不播报","help_en":"0: never"}';
comment on column queue.announce_position is '{"zh":"播报排队位置","en":"Announce the position","group":"waiting","list":false}';
comment on column queue.music_id is '{"zh":"等待音乐","en":"Music on hold","group":"waiting","list":false}';
comment on column queue.overflow_kind is '{"zh":"溢出去向","en":"Overflow to","group":"overflow","enum":{"hangup":{"zh":"挂断","en":"Hang up"},"queue":{"zh":"队列","en":"Queue"},"extension":{"zh":"分机","en":"Extension"}}}';
comment on column queue.overflow_id is '{"zh":"溢出目标","en":"Overflow target","group":"overflow","refs":{"by":"overflow_kind","queue":"queues","extension":"extensions"},"when":{"field":"overflow_kind","in":["queue","extension"]}}';
comment on table queue_agent is '{"resource":"queue-agents","zh":"队列坐席","en":"Queue member","scope":"tenant","menu":"queues","order":20,"icon":"user-plus","scoped":{"queue":"queue_id"}}';
comment on table api_token is '{"resource":"tokens","zh":"访问令牌","en":"Access token","scope":"tenant","label":"name","import":false,"menu":"system","order":70,"icon":"key","search":["name"]}';
comment on table call is '{"resource":"calls","zh":"通话","en":"Call","scope":"tenant","create":false,"update":false,"delete":false,"sort":"-id","menu":"reports","order":10,"icon":"phone-call","big":true,"scoped":{"agent":"last_agent"},"include":{"legs":"call_leg","segments":"call_segment","visits":"queue_visit","offers":"offer","ivr_visits":"ivr_visit","recordings":"recording"},"permissions":{"control":{"zh":"控制通话","en":"Control calls"}}}';
comment on column call.direction is '{"zh":"方向","en":"Direction","enum":{"in":{"zh":"呼入","en":"Inbound"},"out":{"zh":"呼出","en":"Outbound"},"internal":{"zh":"内部","en":"Internal"}}}';
comment on column call.kind is '{"zh":"类别","en":"Kind","enum":{"manual":{"zh":"手动","en":"Manual"},"queue":{"zh":"队列","en":"Queue"},"callback":{"zh":"回呼","en":"Callback"},"preview":{"zh":"预览","en":"Preview"},"predictive":{"zh":"预测","en":"Predictive"},"ivr_out":{"zh":"IVR外呼","en":"IVR outbound"},"notice":{"zh":"通知","en":"Notice"},"test":{"zh":"测试","en":"Test"}}}';
comment on column call.caller is '{"zh":"主叫","en":"Caller","filter":true}';
comment on column call.started_at is '{"zh":"开始时间","en":"Started","filter":true}';
comment on column call.last_agent is '{"zh":"最后坐席","en":"Last agent","ref":"agents","filter":true}';
comment on column call.first_queue is '{"zh":"首个队列","en":"First queue","ref":"queues","filter":true}';
comment on column call.hangup_by is '{"zh":"挂断方","en":"Hung up by","enum":{"customer":{"zh":"客户","en":"Customer"},"agent":{"zh":"坐席","en":"Agent"},"system":{"zh":"系统","en":"System"}}}';
comment on column call.result is '{"zh":"结果","en":"Result","enum":{"answered":{"zh":"已接听","en":"Answered"},"abandoned_ivr":{"zh":"IVR中放弃","en":"Abandoned in the IVR"},"abandoned_queue":{"zh":"排队中放弃","en":"Abandoned in the queue"},"no_answer":{"zh":"无应答","en":"No answer"},"busy":{"zh":"忙","en":"Busy"},"rejected":{"zh":"拒接","en":"Rejected"},"unreachable":{"zh":"不可达","en":"Unreachable"},"barred":{"zh":"被禁","en":"Barred"},"over_limit":{"zh":"超限","en":"Over the limit"},"failed":{"zh":"失败","en":"Failed"}}}';
comment on column call.relation is '{"zh":"关联方式","en":"Relation","enum":{"transfer":{"zh":"转接","en":"Transfer"},"callback":{"zh":"回呼","en":"Callback"},"consult":{"zh":"咨询","en":"Consultation"},"cross-tenant":{"zh":"跨团队","en":"Between tenants"}}}';
comment on table recording is '{"resource":"recordings","zh":"录音","en":"Recording","scope":"tenant","create":false,"update":false,"delete":false,"sort":"-id","menu":"reports","order":20,"icon":"mic","big":true,"permissions":{"listen":{"zh":"收听录音","en":"Listen to recordings"}}}';
comment on column recording.call_id is '{"zh":"通话","en":"Call","ref":"calls","filter":true}';
comment on column recording.from_at is '{"zh":"开始时间","en":"From","filter":true}';
comment on column recording.bytes is '{"zh":"大小","en":"Size","unit":"B"}';
create index on call (tenant_id, last_agent, id desc); create index on call (tenant_id, first_queue, id desc);
create index on recording (tenant_id, from_at desc); create index on api_token (tenant_id, account_id);

-- Logged and recycled: all configuration. Not recycled: what has a life of its own (jobs, uploads), what nobody misses (preferences),
-- and what is only marked or cannot be deleted (tenants, settings).
do $$
declare t text;
begin
    foreach t in array array['role', 'account', 'trunk', 'number', 'did', 'blacklist', 'extension', 'agent_group', 'agent', 'busy_reason', 'prompt', 'flow', 'queue', 'queue_agent',
        'api_token', 'department', 'account_group', 'account_group_member', 'role_field', 'grantable', 'agent_role', 'agent_managed_group', 'agent_managed_queue',
        'dictionary', 'dictionary_item', 'custom_field', 'view'] loop
        call zj_recyclable(t::regclass);
    end loop;
    foreach t in array array['tenant', 'setting'] loop
        execute format('create policy restore on %I to zj_owner using (true) with check (true)', t);
    end loop;
    foreach t in array array['tenant', 'setting', 'role', 'account', 'trunk', 'number', 'did', 'blacklist', 'extension', 'agent_group', 'agent', 'busy_reason', 'prompt', 'flow', 'queue', 'queue_agent',
        'api_token', 'department', 'account_group', 'account_group_member', 'role_field', 'grantable', 'agent_role', 'agent_managed_group', 'agent_managed_queue',
        'dictionary', 'dictionary_item', 'custom_field', 'view'] loop
        call zj_audited(t::regclass);
    end loop;
    for t in select c.relname from pg_class c where c.relnamespace = 'zj'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                and obj_description(c.oid, 'pg_class') like '{%' and obj_description(c.oid, 'pg_class')::jsonb ? 'search' and to_regclass('zj.' || quote_ident(c.relname || '_search')) is null loop
        call zj_searchable(t::regclass);
    end loop;
end $$;
call zj_quota('account', 'max_accounts'); call zj_quota('agent', 'max_agents'); call zj_quota('extension', 'max_extensions'); call zj_quota('queue', 'max_queues');

-- Data scopes. What is written must be in scope as well; an account may be made in a department in scope, and not be moved out of it.
call zj_scoped('account', 'account', 'id', format('(%s or %s) and (department_id is null or %2$s)', zj_scope_condition('account', 'id'), zj_scope_condition('department', 'department_id')));
call zj_scoped('agent', 'agent', 'id', format('(%s or %s) and (group_id is null or (select zj_scope()) is distinct from %L or %2$s)', zj_scope_condition('account', 'account_id'),
    zj_scope_condition('group', 'group_id'), 'group'));
call zj_scoped('queue', 'queue', 'id');
call zj_scoped('queue_agent', 'queue', 'queue_id', format('%s and %s', zj_scope_condition('queue', 'queue_id'), zj_scope_condition('agent', 'agent_id')));
call zj_scoped('department', 'department', 'id', zj_scope_condition('department', 'parent_id'));
call zj_scoped('call', 'agent', 'last_agent');
create policy scope_call on recording as restrictive to zj_tenant
    using ((select zj_scope_agents() is null) or exists (select from call c where c.tenant_id = recording.tenant_id and c.id = recording.call_id));
-- Who sees a part does not change who sees what.
do $$
declare t text;
begin
    foreach t in array array['account_group_member', 'agent_managed_group', 'agent_managed_queue'] loop
        execute format('create policy scope_insert on %I as restrictive for insert to zj_tenant with check ((select zj_scope() is null))', t);
        execute format('create policy scope_update on %I as restrictive for update to zj_tenant using ((select zj_scope() is null))', t);
        execute format('create policy scope_delete on %I as restrictive for delete to zj_tenant using ((select zj_scope() is null))', t);
    end loop;
end $$;

-- Tenants that are there get what new ones are born with. A role of theirs that is called so and may do everything becomes it.
create trigger born after insert on tenant for each row execute function tenant_born();
create trigger marked before update on tenant for each row execute function tenant_marked();
insert into setting (tenant_id, id) select id, id from tenant;
update role set kind = 'admin' where name = 'administrator' and permissions = '{*}';
update role set kind = 'agent' where name = 'agent';
insert into role (tenant_id, name, kind, permissions, remark)
select t.id, case when exists (select from role r where r.tenant_id = t.id and r.name = 'administrator') then 'administrator (system)' else 'administrator' end, 'admin', '{*}', '适合管理员使用 / for administrators'
  from tenant t where not exists (select from role r where r.tenant_id = t.id and r.kind = 'admin');
insert into role (tenant_id, name, kind, permissions, scope, remark)
select t.id, 'agent', 'agent', '{}', 'own', '适合坐席使用 / for agents' from tenant t where not exists (select from role r where r.tenant_id = t.id and r.kind = 'agent');
reset role;
