-- What the carrier says about a tenant (quotas, payment, routes), and what the tenant says about itself (settings).
set search_path = zj, public;
set role zj_owner;

-- A maximum that is null is none. (The forms of old products preset 5: a tenant here starts with more.)
alter table tenant
    add column max_accounts         integer default 10000 check (max_accounts between 0 and 1000000),
    add column max_agents           integer default 10000 check (max_agents between 0 and 1000000),
    add column max_extensions       integer default 10000 check (max_extensions between 0 and 1000000),
    add column max_queues           integer default 1000 check (max_queues between 0 and 100000),
    add column max_rooms            integer default 1000 check (max_rooms between 0 and 100000),
    add column max_campaigns        integer default 1000 check (max_campaigns between 0 and 100000),
    add column max_storage_mb       integer default 102400 check (max_storage_mb between 0 and 1000000000),
    add column outbound_kind        text not null default 'trunk' check (outbound_kind in ('trunk', 'trunk_group')),
    add column outbound_id          uuid,
    add column internal_calls       boolean not null default true,
    add column dial_prefix          text not null default '' check (dial_prefix ~ '^[0-9]{0,16}$'),
    add column agent_call_records   text not null default 'none' check (agent_call_records in ('none', 'records', 'records_and_recordings')),
    add column force_record         boolean not null default false,
    add column record_scope         text not null default 'answered' check (record_scope in ('answered', 'all')),
    add column pin_prefix           text not null default '' check (pin_prefix ~ '^[0-9]{0,16}$'),
    add column payment_mode         text not null default 'unlimited' check (payment_mode in ('unlimited', 'postpaid', 'prepaid')),
    add column credit_limit         numeric(18,6) not null default 0 check (credit_limit >= 0),
    add column billing_mode         text not null default 'amount' check (billing_mode in ('amount', 'minutes')),
    add column display_name         text not null default '' check (char_length(display_name) <= 15),
    add column logo_id              uuid,
    add column type                 text not null default 'enterprise' check (type in ('enterprise', 'bpo', 'personal')),
    add column company_name         text not null default '' check (char_length(company_name) <= 200),
    add column address              text not null default '' check (char_length(address) <= 500),
    add column email                text check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(email) <= 254),
    add column admin_phone          text check (admin_phone ~ '^\+?[0-9*#-]+$' and char_length(admin_phone) <= 32),
    add column admin_email          text check (admin_email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(admin_email) <= 254),
    add column event_url            text check (event_url ~ '^https?://[^[:space:]]+$' and char_length(event_url) <= 500),
    add column business_url         text check (business_url ~ '^https?://[^[:space:]]+$' and char_length(business_url) <= 500),
    add column verification         text check (char_length(verification) between 8 and 200),
    add column voicemail_mail       text not null default 'system' check (voicemail_mail in ('system', 'attachment', 'link', 'off')),
    add column template             text not null default '' check (char_length(template) <= 100),
    add column external_agent_billing text not null default 'normal' check (external_agent_billing in ('normal', 'free')),
    add column external_agent_kind  text not null default 'trunk' check (external_agent_kind in ('trunk', 'trunk_group')),
    add column external_agent_id    uuid,
    add column default_kind         text check (default_kind in ('queue', 'ivr', 'extension')),
    add column default_id           uuid,
    add column follow_prompt        boolean not null default false,
    add column panel_call_records   boolean not null default true,
    add column show_all_agents      boolean not null default true,
    add column callback_restriction boolean not null default false,
    add column description          text not null default '' check (char_length(description) <= 1000),
    add column created_by           uuid default zj_account(),
    add column deleted_at           timestamptz,
    add column deleted_name         text,
    add column deleted_domain       text;
grant update (display_name, logo_id, address, company_name, email, admin_phone, admin_email) on tenant to zj_tenant;

create table setting (
    tenant_id            uuid not null references tenant (id) on delete cascade,
    id                   uuid not null,
    password_min_length  integer not null default 8 check (password_min_length between 8 and 64),
    password_classes     integer not null default 1 check (password_classes between 1 and 4),
    password_no_runs     boolean not null default false,
    password_history     integer not null default 0 check (password_history between 0 and 24),
    password_days        integer not null default 0 check (password_days between 0 and 3650),
    lockout_tries        integer not null default 5 check (lockout_tries between 3 and 100),
    one_login            boolean not null default false,
    session_minutes      integer not null default 720 check (session_minutes between 5 and 10080),
    totp_required        boolean not null default false,
    user_login_host      text not null default '' check (user_login_host ~ '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$'),
    agent_login_host     text not null default '' check (agent_login_host ~ '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$'),
    export_from          time,
    export_until         time,
    export_format        text not null default 'xlsx' check (export_format in ('csv', 'xlsx')),
    import_max_rows      integer not null default 1000000 check (import_max_rows between 1 and 10000000),
    import_max_mb        integer not null default 512 check (import_max_mb between 1 and 4096),
    jobs_at_once         integer not null default 100 check (jobs_at_once between 1 and 1000),
    uploads_at_once      integer not null default 50 check (uploads_at_once between 1 and 1000),
    recycle_days         integer not null default 30 check (recycle_days between 1 and 3650),
    audit_months         integer not null default 24 check (audit_months between 6 and 240),
    rows_per_page        integer not null default 50 check (rows_per_page between 10 and 200),
    show_search          boolean not null default true,
    screen_pop           boolean not null default true,
    menu_order           jsonb not null default '[]' check (jsonb_typeof(menu_order) = 'array' and pg_column_size(menu_order) <= 32768),
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    primary key (tenant_id, id),
    check (id = tenant_id),
    constraint setting_export_window check ((export_from is null) = (export_until is null))
);
call zj_tenant_table('setting');
call zj_carrier_own('setting', 'select, update');
revoke insert, delete on setting from zj_tenant;
call zj_live('setting');
call zj_reader('setting', 'zj_api'); call zj_reader('setting', 'zj_worker'); call zj_reader('setting', 'zj_owner');
reset role;
