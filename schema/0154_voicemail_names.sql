-- Whose message it is: the customer's name before what the caller's exchange says, and a number is no name; the agent of the extension's account.
set search_path = zj, public;
set role zj_owner;

create or replace function voicemail_placed() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    b voicemail_box;
    no integer;
begin
    if current_setting('zj.restoring', true) = 'on' then return new; end if;
    if exists (select from voicemail v where v.tenant_id = new.tenant_id and v.id = new.id) then return null; end if; -- told again by a successor
    if exists (select from recycled r where r.tenant_id = new.tenant_id and r.table_name = 'voicemail' and r.row_id = new.id) then return null; end if; -- deleted since
    update voicemail_box set last_no = last_no + 1 where tenant_id = new.tenant_id and id = new.box_id returning * into b;
    new.name := format('msg%s.wav', lpad(coalesce(b.last_no, 0)::text, 4, '0'));
    new.extension_id := b.extension_id;
    new.account_id := coalesce(b.account_id, (select e.account_id from extension e where e.tenant_id = b.tenant_id and e.id = b.extension_id));
    new.agent_id := (select a.id from agent a where a.tenant_id = b.tenant_id and (a.extension_id = b.extension_id or a.account_id = new.account_id) order by a.extension_id = b.extension_id desc limit 1);
    new.queue_id := coalesce(b.queue_id, new.queue_id);
    new.caller_name := coalesce((select c.name from customer c where c.tenant_id = new.tenant_id and new.caller <> '' and (c.phone = new.caller or c.phone2 = new.caller) order by c.id limit 1),
        nullif(new.caller_name, new.caller), '');
    -- What the search box looks through beside the numbers: names as they are now, the date and the duration as they are shown.
    new.words := (select concat_ws(' ', b.name, b.number, q.number, q.name, to_char(new.left_at at time zone t.time_zone, 'YYYY-MM-DD HH24:MI:SS'),
        (new.ms + 500) / 1000 / 60 || ':' || lpad(((new.ms + 500) / 1000 % 60)::text, 2, '0')) from tenant t left join queue q on q.tenant_id = t.id and q.id = new.queue_id where t.id = new.tenant_id);
    return new;
end $$;
reset role;
