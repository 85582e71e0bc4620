-- Whether a trunk's or an extension's media goes through a relay (rtpengine): where it is needed, always, or never. The edge reads
-- it for each call (kamailio-mods/edge/edge_media.h says what "needed" is).
set search_path = zj, public;
set role zj_owner;
alter table trunk add column media_relay text not null default 'auto' check (media_relay in ('auto', 'always', 'never'));
alter table extension add column media_relay text not null default 'auto' check (media_relay in ('auto', 'always', 'never'));
grant select (media_relay) on extension to zj_tenant, zj_carrier; -- secrets stand beside it: columns are granted one by one
comment on column trunk.media_relay is '{"zh":"媒体中转","en":"Media relay","help_zh":"自动：需要时（NAT、加密、编码不同、IPv6、地址不可达）经媒体中转，否则直达。从不：加密和 IPv6 仍须中转","help_en":"auto: relayed where needed (NAT, encryption, codecs, IPv6, addresses out of reach), else straight. never: encryption and IPv6 are relayed all the same","enum":{"auto":{"zh":"自动","en":"Where needed"},"always":{"zh":"总是","en":"Always"},"never":{"zh":"从不","en":"Never"}}}';
comment on column extension.media_relay is '{"zh":"媒体中转","en":"Media relay","help_zh":"自动：需要时（NAT、网页电话、加密、编码不同、IPv6）经媒体中转，否则直达。从不：网页电话、加密和 IPv6 仍须中转","help_en":"auto: relayed where needed (NAT, browsers, encryption, codecs, IPv6), else straight. never: browsers, encryption and IPv6 are relayed all the same","enum":{"auto":{"zh":"自动","en":"Where needed"},"always":{"zh":"总是","en":"Always"},"never":{"zh":"从不","en":"Never"}}}';
reset role;
