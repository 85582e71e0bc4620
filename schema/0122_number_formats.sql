-- How numbers are shown, and who is a VIP.
set search_path = zj, public;
set role zj_owner;

-- A class of numbers (digits, x any digit, z 1 to 9) and how they are written: # takes the next digit, anything else stands as it is.
create function zj_format_regex(pattern text) returns text language sql immutable strict parallel safe as $$
    select string_agg(case when lower(c) = 'x' then '[0-9]' when lower(c) = 'z' then '[1-9]' else '[' || c || ']' end, '' order by n) from regexp_split_to_table(pattern, '') with ordinality t (c, n)
$$;
create function zj_format_apply(output text, number text) returns text language plpgsql immutable strict parallel safe as $$
declare
    out text := '';
    at integer := 1;
    c text;
begin
    foreach c in array regexp_split_to_array(output, '') loop
        if c = '#' then
            out := out || substr(number, at, 1);
            at := at + 1;
        else
            out := out || c;
        end if;
    end loop;
    return out;
end $$;

create table number_format (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    pattern    text not null check (pattern ~ '^[0-9xXzZ]{1,32}$'),
    output     text not null check (char_length(output) between 1 and 64),
    regex      text generated always as (zj_format_regex(pattern)) stored,
    remark     text not null default '' check (char_length(remark) <= 500),
    created_by uuid default zj_account(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, pattern),
    constraint number_format_output check (char_length(output) - char_length(replace(output, '#', '')) = char_length(pattern))
);
call zj_tenant_table('number_format');
call zj_recyclable('number_format');
call zj_audited('number_format');
create policy bpo on number_format as restrictive for all to zj_tenant using (true) with check ((select zj_bpo_campaigns() is null));

-- As it is shown: by the newest rule that fits, else as it is. A plus and separators do not count.
create function zj_number_shown(number text) returns text language sql stable as $$
    select coalesce((select zj_format_apply(f.output, zj_digits(number)) from number_format f
                      where f.tenant_id = zj_tenant() and zj_digits(number) ~ ('^' || f.regex || '$') order by f.id desc limit 1), number)
$$;
revoke all on function zj_number_shown from public;
grant execute on function zj_number_shown to zj_tenant, zj_carrier;

-- Customers' numbers are stored as digits, however they were written.
alter table customer drop constraint customer_phone_check, drop constraint customer_phone2_check,
    add constraint customer_phone_check check (phone ~ '^[+(]?[0-9*#() ./-]+$' and char_length(phone) between 3 and 33),
    add constraint customer_phone2_check check (phone2 ~ '^[+(]?[0-9*#() ./-]+$' and char_length(phone2) between 3 and 33);
alter table lead drop constraint lead_phone_check, add constraint lead_phone_check check (phone ~ '^[+(]?[0-9*#() ./-]+$' and char_length(phone) between 3 and 33);
create function customer_digits() returns trigger language plpgsql as $$
begin
    new.phone := zj_digits(new.phone);
    if tg_table_name = 'customer' then new.phone2 := zj_digits(new.phone2); end if;
    return new;
end $$;

create trigger digits before insert or update of phone, phone2 on customer for each row execute function customer_digits();
create trigger digits before insert or update of phone on lead for each row execute function customer_digits();
update customer set phone = phone where phone ~ '[^0-9*#]' or phone2 ~ '[^0-9*#]';
update lead set phone = phone where phone ~ '[^0-9*#]';

create table vip (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    number     text not null check (number ~ '^[0-9]{1,32}$'),
    level      integer not null default 1 check (level between 1 and 100),
    queues     uuid[] not null default '{}' check (cardinality(queues) <= 200),
    remark     text not null default '' check (char_length(remark) <= 500),
    created_by uuid default zj_account(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, number)
);
call zj_tenant_table('vip');
call zj_live('vip');
call zj_reader('vip', 'zj_acd');
call zj_recyclable('vip');
call zj_audited('vip');
call zj_references('vip', 'queues', 'queue');
create policy bpo on vip as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
create function vip_digits() returns trigger language plpgsql as $$
begin
    new.number := zj_digits(new.number);
    return new;
end $$;
create trigger digits before insert or update on vip for each row execute function vip_digits();

comment on table number_format is '{"resource":"number-formats","zh":"电话号码显示规则","en":"Number format","scope":"tenant","label":"pattern","sort":"-id","menu":"crm","order":80,"icon":"hash","search":["pattern","output","remark"]}';
comment on column number_format.pattern is '{"zh":"需要格式化的号码","en":"Number to format","help_zh":"数字按原样匹配；x 或 X 为 0–9 任意数字；z 或 Z 为 1–9。例：02xxxxxxxxx 匹配以 02 开头的 11 位号码","help_en":"digits are themselves; x or X is any digit 0-9; z or Z is 1-9. 02xxxxxxxxx fits every number of 11 digits that begins with 02"}';
comment on column number_format.output is '{"zh":"输出格式","en":"Output format","help_zh":"每个保留的字符写作 #，其间可插入任意字符。例：02zzxxxxxxx → (+86) (###)-########","help_en":"each character of the pattern is one #, in order, with anything between: 02zzxxxxxxx as (+86) (###)-########"}';
comment on column number_format.regex is '{"zh":"号码匹配正则","en":"Regular expression","readonly":true,"audit":false}';
comment on column number_format.remark is '{"zh":"备注","en":"Remark"}';
comment on column number_format.created_by is '{"zh":"创建人","en":"Creator","readonly":true,"ref":"accounts"}';
comment on table vip is '{"resource":"vips","zh":"VIP号码","en":"VIP number","scope":"tenant","label":"number","sort":"-level,number","menu":"queues","order":60,"icon":"star","search":["number"]}';
comment on column vip.number is '{"zh":"手机号码","en":"Number"}';
comment on column vip.level is '{"zh":"等级","en":"Level","help_zh":"等级越高越优先","help_en":"the higher the level, the higher the priority"}';
comment on column vip.queues is '{"zh":"限定队列","en":"Queues","ref":"queues","help_zh":"留空为全局","help_en":"empty: VIP in all queues"}';
comment on column vip.remark is '{"zh":"备注","en":"Remark"}';
comment on column vip.created_by is '{"zh":"创建人","en":"Creator","readonly":true,"ref":"accounts"}';
call zj_searchable('number_format'); call zj_searchable('vip');
reset role;
