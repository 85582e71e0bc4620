-- One access number an employee: a number of the team's own, which a click shows outside and by whose trunk the call leaves. (There were two columns for it.)
set search_path = zj, public;
set role zj_owner;

update account a set access_number = n.number from trunk_number t join number n on n.tenant_id = t.tenant_id and n.number = t.full_number
 where t.tenant_id = a.tenant_id and t.id = a.access_number_id and a.access_number is null;
drop policy read_zj_acd on account;
alter table account drop column access_number_id;
call zj_reader('account', 'zj_acd', 'tenant_id, id, access_number');
grant select (trunk_id, business_client_id) on number to zj_acd;
comment on column account.access_number is '{"zh":"接入号","en":"Access number","group":"advanced","list":false,"help_zh":"本人点击外呼时对外显示的号码，并由其中继呼出","help_en":"click-to-call shows it outside and leaves by its trunk"}';

-- Whom a business client's customers may be transferred to is decided by acd, in every way in which a transfer is asked for.
do $$
declare t text;
begin
    foreach t in array array['business_client', 'business_client_contact', 'business_client_number'] loop
        call zj_live(t::regclass);
    end loop;
end $$;
call zj_reader('business_client', 'zj_acd', 'tenant_id, id, transfer_limit');
call zj_reader('business_client_contact', 'zj_acd', 'tenant_id, id, client_id, phone');
call zj_reader('business_client_number', 'zj_acd', 'tenant_id, id, client_id, number');
comment on column business_client.transfer_limit is '{"zh":"转接号码限制","en":"Transfer-number restriction","group":"advanced","list":false,"help_zh":"常用联系人：客户只能转接给常用联系人；队列和流程不受限","help_en":"contacts: customers go to frequent contacts only; queues and flows are free","enum":{"any":{"zh":"任意","en":"Any number"},"contacts":{"zh":"常用联系人","en":"Frequent contacts"}}}';
reset role;
