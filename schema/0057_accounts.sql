-- What the api writes on its own behalf: events of log-ins from its spool, passwords and one-time codes of an account. It does
-- so as the owner, through functions that only the api may call; the tenant's role never touches these columns.
set search_path = zj, public;
set role zj_owner;

create policy login_zj_owner on account to zj_owner using (true) with check (true);
create policy read_zj_owner on audit for select to zj_owner using (true);
call zj_reader('queue_agent', 'zj_api'); -- whom a supervisor looks after, also while the database is away

-- Events from the api's spool, oldest first. The same may come again after a crash: their ids say so.
create function zj_audit_take(events jsonb) returns void language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into audit (tenant_id, id, at, account_id, actor_id, event, label, changes, source, request, via, shared)
    select coalesce(e.tenant, (select id from tenant where kind = 'carrier')), e.id, e.at, e.account, e.actor, e.event, left(e.label, 200), e.changes,
           e.source, left(e.request, 200), 'api', e.event not in ('export', 'import', 'download', 'denied') -- the carrier sees log-ins
      from jsonb_to_recordset(events) e (id uuid, at timestamptz, tenant uuid, account uuid, actor uuid, event text, label text, changes jsonb, source inet, request text)
     where e.event not in ('create', 'update', 'delete', 'restore') -- those are the triggers' to tell
    on conflict do nothing;
    update account a set last_login_at = e.at
      from jsonb_to_recordset(events) e (at timestamptz, tenant uuid, account uuid, event text)
     where e.event = 'login' and a.tenant_id = e.tenant and a.id = e.account and (a.last_login_at is null or a.last_login_at < e.at);
end $$;

-- That somebody logged in changes nobody's memory of the account: such an update is not in the change log. (Whoever waits for
-- his own change to arrive would take it for that one.)
create function account_log_change() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    insert into zj_change (table_name, tenant_id, id, op)
        select 'account', n.tenant_id, n.id, 'u' from new_rows n join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
         where to_jsonb(n) - '{last_login_at,updated_at}'::text[] <> to_jsonb(o) - '{last_login_at,updated_at}'::text[];
    if found then perform pg_notify('zj_config', ''); end if;
    return null;
end $$;
drop trigger live_u on account;
create trigger live_u after update on account referencing old table as old_rows new table as new_rows for each statement execute function account_log_change();

-- A new password: when it came, and the former ones, as many as the tenant's settings refuse.
create function account_password_kept() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    new.password_changed_at := now();
    new.password_history := coalesce((array[old.password] || old.password_history)[1:(select s.password_history from setting s where s.tenant_id = new.tenant_id)], '{}');
    return new;
end $$;
create trigger password_kept before update of password on account for each row when (old.password is distinct from new.password)
    execute function account_password_kept();

-- An account's own new password, and its one-time codes. `secret` is sealed by the api; null: none.
create function account_password(account uuid, hash text) returns boolean language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update account a set password = hash, must_change_password = false where a.tenant_id = zj_tenant() and a.id = account_password.account;
    return found;
end $$;
create function account_totp(account uuid, secret text, active boolean) returns boolean language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update account a set totp_secret = secret, totp_enabled = active and secret is not null where a.tenant_id = zj_tenant() and a.id = account_totp.account;
    return found;
end $$;

-- What an account may say about itself, whatever its role allows.
create function account_profile(account uuid, profile jsonb) returns boolean language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update account a set
           name = case when profile ? 'name' then profile ->> 'name' else a.name end,
           surname = case when profile ? 'surname' then coalesce(profile ->> 'surname', '') else a.surname end,
           given_name = case when profile ? 'given_name' then coalesce(profile ->> 'given_name', '') else a.given_name end,
           email = case when profile ? 'email' then nullif(profile ->> 'email', '') else a.email end,
           phone = case when profile ? 'phone' then nullif(profile ->> 'phone', '') else a.phone end,
           language = case when profile ? 'language' then nullif(profile ->> 'language', '') else a.language end
     where a.tenant_id = zj_tenant() and a.id = account_profile.account;
    return found;
end $$;

do $$
declare f text;
begin
    foreach f in array array['zj_audit_take(jsonb)', 'account_password(uuid, text)', 'account_totp(uuid, text, boolean)', 'account_profile(uuid, jsonb)'] loop
        execute format('revoke all on function %s from public', f);
        execute format('grant execute on function %s to zj_api', f);
    end loop;
end $$;
reset role;
