-- Labels of trunks and what belongs to them.
set search_path = zj, public;
set role zj_owner;

comment on table trunk is '{"resource":"trunks","zh":"中继","en":"Trunk","scope":"tenant","label":"name","menu":"pbx","order":50,"icon":"route","search":["name","identifier","details","username","host"],"groups":{"basic":{"zh":"基本","en":"Basic"},"registration":{"zh":"注册","en":"Registration"},"caller":{"zh":"主叫","en":"Caller"},"limits":{"zh":"限制","en":"Limits"},"failure":{"zh":"故障","en":"Failure"},"advanced":{"zh":"高级","en":"Advanced"}}}';
comment on column trunk.name is '{"zh":"中继名称","en":"Name","group":"basic","order":1}';
comment on column trunk.identifier is '{"zh":"标识","en":"Identifier","group":"basic","order":2,"help_zh":"自动生成，可改写；注册中继来话以它识别","help_en":"made by itself, may be overwritten; calls of a registered trunk are known by it"}';
comment on column trunk.type is '{"zh":"类型","en":"Type","group":"basic","order":3,"enum":{"address":{"zh":"IP注册","en":"By address"},"registration":{"zh":"密码注册","en":"By registration"}}}';
comment on column trunk.host is '{"zh":"网关IP","en":"Address","group":"basic","order":4,"help_zh":"IP 地址或域名","help_en":"an IP address or a domain name"}';
comment on column trunk.port is '{"zh":"网关端口","en":"Port","group":"basic","order":5}';
comment on column trunk.transport is '{"zh":"传输","en":"Transport","group":"basic","order":6,"list":false,"enum":{"udp":{"zh":"UDP","en":"UDP"},"tcp":{"zh":"TCP","en":"TCP"}}}';
comment on column trunk.enabled is '{"zh":"状态","en":"Enabled","group":"basic","order":7}';
comment on column trunk.match_port is '{"zh":"校验来源端口","en":"Source port must match","group":"advanced","list":false}';
comment on column trunk.host_priority is '{"zh":"主机优先级","en":"Priority of this address","group":"failure","list":false,"help_zh":"数字大者先","help_en":"larger first"}';
comment on column trunk.host_weight is '{"zh":"主机权重","en":"Weight of this address","group":"failure","list":false,"help_zh":"同优先级主机间按权重分配","help_en":"shares among addresses of one priority"}';
comment on column trunk.username is '{"zh":"网关账号","en":"User name","group":"registration","list":false,"when":{"field":"type","in":["registration"]}}';
comment on column trunk.password is '{"zh":"网关密码","en":"Password","writeonly":true,"group":"registration","when":{"field":"type","in":["registration"]}}';
comment on column trunk.registration is '{"zh":"注册串","en":"Registration string","writeonly":true,"group":"registration","help_zh":"用户名:密码@主机:端口，填写后拆入各字段","help_en":"username:password@host:port; fills the fields"}';
comment on column trunk.expires_s is '{"zh":"注册周期","en":"Registered for","unit":"s","group":"registration","list":false,"when":{"field":"type","in":["registration"]}}';
comment on column trunk.timeout_s is '{"zh":"超时","en":"Timeout","unit":"s","group":"failure","list":false,"help_zh":"一次呼叫尝试超过此时间未接通即视为失败","help_en":"an attempt that is not answered within it has failed"}';
comment on column trunk.max_calls is '{"zh":"最大支持通道数","en":"Channels at most","group":"limits","help_zh":"留空为无限制；达到后视为不可用","help_en":"empty: unlimited; a full trunk counts as unavailable"}';
comment on column trunk.max_cps is '{"zh":"每秒呼叫数","en":"Calls per second at most","group":"limits","list":false,"help_zh":"留空为无限制","help_en":"empty: unlimited"}';
comment on column trunk.template_id is '{"zh":"模板","en":"Template","group":"advanced","list":false,"ref":"pbx-templates"}';
comment on column trunk.details is '{"zh":"详情","en":"Details","widget":"textarea","group":"advanced","list":false,"help_zh":"每行 key=value：fromuser、fromdomain、user、identity","help_en":"lines key=value: fromuser, fromdomain, user, identity"}';
comment on column trunk.template_details is '{"zh":"模板详情","en":"Details of the template","hidden":true}';
comment on column trunk.caller_number is '{"zh":"外呼主叫号码","en":"Outbound caller number","group":"caller","list":false}';
comment on column trunk.caller_name is '{"zh":"外呼主叫名称","en":"Outbound caller name","group":"caller","list":false}';
comment on column trunk.force_caller is '{"zh":"强制使用外呼主叫设置","en":"Always show them","group":"caller","list":false}';
comment on column trunk.own_callers is '{"zh":"只送本中继号码","en":"Only numbers of this trunk","group":"caller","list":false,"help_zh":"其他主叫改送外呼主叫号码；没有则不走本中继","help_en":"any other caller becomes the outbound caller number; without one, the call does not take this trunk"}';
comment on column trunk.allowed_callers is '{"zh":"外呼主叫白名单限制","en":"Callers admitted","group":"caller","list":false,"help_zh":"填写后仅这些号码可经本中继呼出和呼入；末尾 * 为前缀","help_en":"if any: only these call out and in; a final * is a prefix"}';
comment on column trunk.barred_callers is '{"zh":"外呼主叫黑名单限制","en":"Callers barred","group":"caller","list":false,"help_zh":"这些号码不能经本中继呼出和呼入","help_en":"these call neither out nor in"}';
comment on column trunk.force_rate is '{"zh":"强制计费(路由)","en":"A rate must match","group":"limits","list":false,"help_zh":"无匹配的分机费率时不走本中继","help_en":"without a matching extension rate the call does not take this trunk"}';
comment on column trunk.gain_in is '{"zh":"录音内线增益","en":"Recording gain, internal leg","unit":"dB","group":"advanced","list":false}';
comment on column trunk.gain_out is '{"zh":"录音外线增益","en":"Recording gain, external leg","unit":"dB","group":"advanced","list":false}';
comment on column trunk.cascade_id is '{"zh":"级联中继","en":"Cascade trunk","group":"advanced","list":false,"ref":"trunks","help_zh":"呼叫经该中继的主机送出","help_en":"calls go by way of that trunk''s hosts"}';
comment on column trunk.cascade_host is '{"zh":"级联主机地址","en":"Cascade host","group":"advanced","list":false,"help_zh":"呼叫先送往此地址（5060）","help_en":"an address (port 5060): the next hop of calls"}';
comment on column trunk.failure_codes is '{"zh":"失败响应","en":"Answers that mean failure","group":"failure","list":false,"help_zh":"收到这些应答时改走下一主机或中继","help_en":"after these the next host or trunk is tried"}';
comment on column trunk.disable_after is '{"zh":"连续失败禁用","en":"Out of use after failures in a row","group":"failure","list":false,"help_zh":"0 为从不；主机恢复应答后自动启用","help_en":"0: never; back in use when a host answers again"}';
comment on column trunk.sip_headers is '{"zh":"Sip Header","en":"Extra SIP headers","widget":"textarea","group":"advanced","list":false,"help_zh":"每行 名称: 值","help_en":"lines Name: value"}';
comment on column trunk.dial_string is '{"zh":"自定义拨号字符串","en":"Dial string","group":"advanced","list":false,"help_zh":"如 sip:{number};phone-context=+86@{host}:{port}","help_en":"such as sip:{number};phone-context=+86@{host}:{port}"}';
comment on column trunk.area_code is '{"zh":"区号","en":"Area code","group":"caller","list":false,"help_zh":"本地号码不加长途前缀","help_en":"its own area is not long distance"}';
comment on column trunk.province is '{"zh":"号码归属(省)","en":"Province","group":"caller","list":false}';
comment on column trunk.city is '{"zh":"号码归属(市)","en":"City","group":"caller"}';
comment on column trunk.long_distance is '{"zh":"长途外拨前缀","en":"Long-distance prefix","group":"caller","list":false,"help_zh":"加在归属地不是本区号的手机号之前，如 0","help_en":"put before mobile numbers of another area, such as 0"}';
comment on column trunk.fixed_prefix is '{"zh":"固定前缀","en":"Fixed prefix","group":"advanced","help_zh":"加在每个被叫号码之前","help_en":"put before every called number"}';
comment on column trunk.probe_s is '{"zh":"探测间隔","en":"Asked by OPTIONS every","unit":"s","group":"failure","list":false,"help_zh":"0 为不探测","help_en":"0: never"}';
comment on column trunk.schedule is '{"zh":"时段","en":"Schedule","group":"limits","list":false,"help_zh":"如 1-5 09:00-18:00;6 10:00-16:00（1 为周一），留空为始终","help_en":"such as 1-5 09:00-18:00;6 10:00-16:00 (1 is Monday); empty: always"}';
comment on column trunk.remark is '{"zh":"备注","en":"Remark","widget":"textarea","group":"advanced","list":false}';

comment on table trunk_host is '{"resource":"trunk-hosts","zh":"中继主机","en":"Host of a trunk","scope":"tenant","label":"host","menu":"pbx","order":51,"icon":"route","search":["host"]}';
comment on column trunk_host.trunk_id is '{"zh":"中继","en":"Trunk","ref":"trunks","filter":true}';
comment on column trunk_host.host is '{"zh":"地址","en":"Address"}';
comment on column trunk_host.port is '{"zh":"端口","en":"Port"}';
comment on column trunk_host.priority is '{"zh":"优先级","en":"Priority","help_zh":"数字大者先","help_en":"larger first"}';
comment on column trunk_host.weight is '{"zh":"权重","en":"Weight"}';
comment on column trunk_host.enabled is '{"zh":"启用","en":"Enabled"}';

comment on table trunk_group is '{"resource":"trunk-groups","zh":"中继组","en":"Trunk group","scope":"tenant","label":"name","menu":"pbx","order":52,"icon":"route","search":["name"]}';
comment on column trunk_group.name is '{"zh":"中继组名称","en":"Name"}';
comment on column trunk_group.strategy is '{"zh":"中继策略","en":"Strategy","enum":{"sequential":{"zh":"顺序优先","en":"In order"},"random":{"zh":"随机","en":"Random"},"round_robin":{"zh":"轮询","en":"Round robin"}}}';
comment on column trunk_group.allowed_callers is '{"zh":"外呼主叫白名单限制","en":"Callers admitted","list":false}';
comment on column trunk_group.barred_callers is '{"zh":"外呼主叫黑名单限制","en":"Callers barred","list":false}';
comment on column trunk_group.created_by is '{"zh":"创建者","en":"Created by","ref":"accounts","readonly":true}';
comment on table trunk_member is '{"resource":"trunk-members","zh":"中继组成员","en":"Trunk of a group","scope":"tenant","menu":"pbx","order":53,"icon":"route"}';
comment on column trunk_member.group_id is '{"zh":"中继组","en":"Group","ref":"trunk-groups","filter":true}';
comment on column trunk_member.trunk_id is '{"zh":"中继","en":"Trunk","ref":"trunks","filter":true}';
comment on column trunk_member.priority is '{"zh":"优先级","en":"Priority","help_zh":"顺序优先时数字大者先","help_en":"larger first when in order"}';

comment on table trunk_rule is '{"resource":"trunk-rules","zh":"中继规则","en":"Trunk rule","scope":"tenant","menu":"pbx","order":54,"icon":"route","search":["prefix","area"]}';
comment on column trunk_rule.trunk_id is '{"zh":"中继","en":"Trunk","ref":"trunks","filter":true}';
comment on column trunk_rule.group_id is '{"zh":"中继组","en":"Group","ref":"trunk-groups","filter":true,"help_zh":"留空：对该中继总是有效","help_en":"empty: of the trunk itself"}';
comment on column trunk_rule.attribute is '{"zh":"属性","en":"Attribute","enum":{"allow":{"zh":"允许呼叫","en":"Allow"},"disabled":{"zh":"禁用本规则","en":"Rule disabled"},"forbid":{"zh":"禁止呼叫","en":"Forbid"}}}';
comment on column trunk_rule.match is '{"zh":"匹配类型","en":"Match by","enum":{"prefix":{"zh":"被叫前缀匹配","en":"Called prefix"},"area":{"zh":"被叫地区匹配","en":"Called area"}}}';
comment on column trunk_rule.prefix is '{"zh":"号码前缀","en":"Prefix","help_zh":"default 为任意号码","help_en":"default: any number"}';
comment on column trunk_rule.area is '{"zh":"地区","en":"Area","help_zh":"省或市","help_en":"province or city","when":{"field":"match","in":["area"]}}';
comment on column trunk_rule.length is '{"zh":"号码长度","en":"Length","help_zh":"0 为任意","help_en":"0: any"}';
comment on column trunk_rule.strip is '{"zh":"移除前缀","en":"Remove prefix"}';
comment on column trunk_rule.add is '{"zh":"增加前缀","en":"Add prefix"}';

comment on table pbx_template is '{"resource":"pbx-templates","zh":"PBX模版","en":"PBX template","scope":"tenant","label":"name","menu":"pbx","order":58,"icon":"route","search":["name","details","remark"]}';
comment on column pbx_template.name is '{"zh":"模板名","en":"Name"}';
comment on column pbx_template.type is '{"zh":"模板类型","en":"Type","enum":{"device":{"zh":"设备","en":"Device"},"trunk":{"zh":"中继","en":"Trunk"}}}';
comment on column pbx_template.protocol is '{"zh":"协议类型","en":"Protocol","enum":{"sip":{"zh":"SIP","en":"SIP"}}}';
comment on column pbx_template.details is '{"zh":"详情","en":"Details","widget":"textarea","help_zh":"每行 key=value","help_en":"lines key=value"}';
comment on column pbx_template.remark is '{"zh":"备注","en":"Remark","widget":"textarea"}';

comment on column pbx_template.builtin is '{"zh":"系统默认","en":"Default","readonly":true}';

comment on table trunk_number is '{"resource":"trunk-numbers","zh":"中继号码","en":"Trunk number","scope":"tenant","label":"full_number","menu":"pbx","order":55,"icon":"hash","search":["name","number","full_number"]}';
comment on column trunk_number.name is '{"zh":"中继名称","en":"Name"}';
comment on column trunk_number.trunk_id is '{"zh":"网关名称","en":"Trunk","ref":"trunks","filter":true}';
comment on column trunk_number.area_code is '{"zh":"区号","en":"Area code"}';
comment on column trunk_number.number is '{"zh":"中继号码","en":"Number"}';
comment on column trunk_number.full_number is '{"zh":"区号加中继号码","en":"With area code","readonly":true,"filter":true}';
comment on column trunk_number.toll_free is '{"zh":"400号码","en":"Toll-free number"}';
comment on column trunk_number.call_type is '{"zh":"呼叫类型","en":"Used for","enum":{"in":{"zh":"呼入","en":"Inbound"},"out":{"zh":"呼出","en":"Outbound"},"both":{"zh":"呼入呼出","en":"Both"}}}';
comment on column trunk_number.vip is '{"zh":"是否为 VIP","en":"VIP","list":false}';
comment on column trunk_number.max_calls is '{"zh":"线路数","en":"Lines","help_zh":"同时外呼数，留空为无限制","help_en":"outbound calls at once; empty: unlimited"}';
comment on column trunk_number.caller_name is '{"zh":"主叫名称","en":"Name shown","list":false}';
comment on column trunk_number.enabled is '{"zh":"启用","en":"Enabled"}';
comment on column trunk_number.remark is '{"zh":"备注","en":"Remark","widget":"textarea","list":false}';

comment on table number_pool is '{"resource":"number-pools","zh":"中继池","en":"Number pool","scope":"tenant","label":"name","menu":"pbx","order":56,"icon":"hash","search":["name"]}';
comment on column number_pool.name is '{"zh":"名称","en":"Name"}';
comment on column number_pool.rotation is '{"zh":"轮换方式","en":"Rotation","enum":{"round_robin":{"zh":"轮询","en":"In turn"},"random":{"zh":"随机","en":"Random"},"least_used":{"zh":"占用最少","en":"Fewest calls now"}}}';
comment on column number_pool.numbers is '{"zh":"号码","en":"Numbers","ref":"trunk-numbers"}';
comment on column number_pool.enabled is '{"zh":"启用","en":"Enabled"}';
comment on column number_pool.remark is '{"zh":"备注","en":"Remark","widget":"textarea","list":false}';
comment on column account_group.outbound_id is '{"zh":"中继/中继组","en":"Trunk or group","refs":{"by":"outbound_kind","trunk":"trunks","trunk_group":"trunk-groups"}}';
comment on column tenant.outbound_id is '{"zh":"中继/中继组","en":"Trunk or group","group":"basic","list":false,"refs":{"by":"outbound_kind","trunk":"trunks","trunk_group":"trunk-groups"}}';

drop index trunk_search;
do $$
declare t text;
begin
    foreach t in array array['trunk', 'trunk_host', 'trunk_group', 'trunk_rule', 'pbx_template', 'trunk_number', 'number_pool'] loop
        call zj_searchable(t::regclass);
    end loop;
end $$;
reset role;
