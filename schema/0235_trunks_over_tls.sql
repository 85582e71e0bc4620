-- Trunks over TLS: what proves that a carrier is who it says (its certificate's name, the authorities that may have signed it), and what
-- we show when it asks. The edges' module `trunk` speaks TLS to carriers; Kamailio reaches each of their hosts by a loopback address of its
-- own, 127.64.0.0 + `line` (docs/decisions/096).
set search_path = zj, public;
set role zj_owner;

-- One or more blocks of that kind in PEM, and nothing else but comments between them.
create function zj_is_pem(body text, kind text) returns boolean language sql immutable strict as $$
    select char_length(body) <= 32768 and body ~ ('^\s*([^-]*-----BEGIN ' || kind || '-----[A-Za-z0-9+/=\s]+-----END ' || kind || '-----\s*)+$')
$$;

create table carrier_certificate (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    authorities text check (zj_is_pem(authorities, 'CERTIFICATE')),
    certificate text check (zj_is_pem(certificate, 'CERTIFICATE') and char_length(certificate) <= 16000),
    private_key text check (zj_is_pem(private_key, '((RSA|EC) )?PRIVATE KEY') and char_length(private_key) <= 8000),
    remark      text not null default '' check (char_length(remark) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    constraint carrier_certificate_private_key_pair check ((certificate is null) = (private_key is null))
);
call zj_tenant_table('carrier_certificate', 'write');
call zj_live('carrier_certificate');
call zj_reader('carrier_certificate', 'zj_edge');
revoke select on carrier_certificate from zj_tenant, zj_carrier; -- the key is a secret: the edge alone reads it
grant select (tenant_id, id, name, authorities, certificate, remark, created_at, updated_at) on carrier_certificate to zj_tenant, zj_carrier;

create sequence trunk_line minvalue 1 maxvalue 4128765 cycle; -- 127.64.0.1 to 127.126.255.253
grant usage on sequence trunk_line to zj_tenant, zj_carrier;
alter table trunk
    drop constraint trunk_transport_check,
    add constraint trunk_transport_check check (transport in ('udp', 'tcp', 'tls')),
    add column tls_name       text check (zj_is_host(tls_name)),
    add column certificate_id uuid,
    add column line           integer not null default nextval('trunk_line'),
    add foreign key (tenant_id, certificate_id) references carrier_certificate (tenant_id, id),
    add constraint trunk_match_port_tls check (transport <> 'tls' or not match_port),
    add constraint trunk_cascade_host_tls check (transport <> 'tls' or cascade_host is null);
alter table trunk_host add column line integer not null default nextval('trunk_line');
create index on trunk (tenant_id, certificate_id);
grant select (tls_name, certificate_id) on trunk to zj_tenant, zj_carrier;

comment on column trunk.transport is '{"zh":"传输","en":"Transport","group":"basic","order":6,"list":false,"enum":{"udp":{"zh":"UDP","en":"UDP"},"tcp":{"zh":"TCP","en":"TCP"},"tls":{"zh":"TLS","en":"TLS"}},"help_zh":"TLS：验证对方证书；来自该地址的呼叫也须经 TLS","help_en":"TLS: its certificate is verified; calls from its address must come by TLS, too"}';
comment on column trunk.tls_name is '{"zh":"证书名称","en":"Name on its certificate","group":"basic","order":7,"list":false,"when":{"field":"transport","in":["tls"]},"help_zh":"留空为主机地址","help_en":"empty: the host itself"}';
comment on column trunk.certificate_id is '{"zh":"证书","en":"Certificates","group":"basic","order":8,"list":false,"ref":"carrier-certificates","when":{"field":"transport","in":["tls"]},"help_zh":"信任的签发机构与本方证书，留空为系统信任的机构","help_en":"whom to trust, and what we show; empty: the authorities that the system trusts"}';
comment on column trunk.line is '{"zh":"TLS 线路","en":"Line","hidden":true}';
comment on column trunk_host.line is '{"zh":"TLS 线路","en":"Line","hidden":true}';
comment on table carrier_certificate is '{"resource":"carrier-certificates","zh":"中继证书","en":"Certificates of trunks","scope":"tenant","label":"name","menu":"pbx","order":58,"icon":"route","search":["name","remark"]}';
comment on column carrier_certificate.name is '{"zh":"名称","en":"Name"}';
comment on column carrier_certificate.authorities is '{"zh":"信任的签发机构","en":"Authorities trusted","widget":"textarea","list":false,"help_zh":"PEM，可多份；留空为系统信任的机构","help_en":"PEM, one or more; empty: those that the system trusts"}';
comment on column carrier_certificate.certificate is '{"zh":"本方证书","en":"Our certificate","widget":"textarea","list":false,"help_zh":"PEM，含中间证书；对方要求时出示","help_en":"PEM, with its chain; shown when the carrier asks"}';
comment on column carrier_certificate.private_key is '{"zh":"本方私钥","en":"Its private key","widget":"textarea","writeonly":true,"help_zh":"PEM，不加密","help_en":"PEM, without a password"}';
comment on column carrier_certificate.remark is '{"zh":"备注","en":"Remark","widget":"textarea"}';
call zj_searchable('carrier_certificate'::regclass);
reset role;
