-- Certificates of trunks are like every resource: their changes are in the audit log, deleted rows can be put back.
set search_path = zj, public;
call zj_audited('carrier_certificate');
call zj_recyclable('carrier_certificate');
