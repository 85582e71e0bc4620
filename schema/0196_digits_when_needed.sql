-- Numbers mostly come as digits already: then no function is called, which an import of a million customers notices.
set search_path = zj, public;
set role zj_owner;
drop trigger digits on customer;
create trigger digits before insert or update of phone, phone2 on customer for each row
    when (new.phone <> zj_digits(new.phone) or new.phone2 <> zj_digits(new.phone2)) execute function customer_digits();
drop trigger digits on lead;
create trigger digits before insert or update of phone on lead for each row when (new.phone <> zj_digits(new.phone)) execute function customer_digits();
reset role;
