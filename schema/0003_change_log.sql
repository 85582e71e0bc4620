-- The change log: how a committed row reaches the processes' memory in < 200 ms without a reload button.
--
-- A reader keeps the snapshot of its last look. What it asks for next is every change whose transaction was not visible
-- in that snapshot and is visible now, so nothing is missed while it was away and a long transaction delays nobody.
-- NOTIFY is only a wake-up.
set search_path = zj, public;
set role zj_owner;

create table zj_change (
    seq        bigint generated always as identity primary key,
    tx         xid8 not null default pg_current_xact_id(),
    at         timestamptz not null default clock_timestamp(),
    table_name text not null,
    tenant_id  uuid not null,
    id         uuid not null,
    op         "char" not null check (op in ('i', 'u', 'd'))
);
create index on zj_change (tx);
grant select on zj_change to zj_api, zj_acd, zj_edge, zj_ivr;
comment on table zj_change is 'Changes of live tables, kept two days; a reader that was away longer loads everything anew.';

create function zj_log_change() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into zj_change (table_name, tenant_id, id, op) select tg_table_name, tenant_id, id, 'i' from new_rows;
    elsif tg_op = 'UPDATE' then
        insert into zj_change (table_name, tenant_id, id, op)
            select tg_table_name, o.tenant_id, o.id, 'd' from old_rows o
             where not exists (select from new_rows n where n.tenant_id = o.tenant_id and n.id = o.id);
        insert into zj_change (table_name, tenant_id, id, op) select tg_table_name, tenant_id, id, 'u' from new_rows;
    else
        insert into zj_change (table_name, tenant_id, id, op) select tg_table_name, tenant_id, id, 'd' from old_rows;
    end if;
    if found or tg_op = 'UPDATE' then perform pg_notify('zj_config', ''); end if;
    return null;
end $$;

-- Makes `t` live: its changes are logged.
create procedure zj_live(t regclass) language plpgsql as $$
begin
    execute format('create trigger live_i after insert on %s referencing new table as new_rows for each statement execute function zj_log_change()', t);
    execute format('create trigger live_u after update on %s referencing old table as old_rows new table as new_rows for each statement execute function zj_log_change()', t);
    execute format('create trigger live_d after delete on %s referencing old table as old_rows for each statement execute function zj_log_change()', t);
end $$;

-- Changes of `tables` that became visible since `seen` (a pg_snapshot taken earlier), oldest first. Take
-- pg_current_snapshot() in the same repeatable-read transaction: it is the `seen` of the next look.
create function zj_changes_since(seen pg_snapshot, tables text[])
    returns table (seq bigint, table_name text, tenant_id uuid, id uuid, op "char") language sql stable as $$
    select c.seq, c.table_name, c.tenant_id, c.id, c.op
      from zj_change c
     where c.tx >= pg_snapshot_xmin(seen) and not pg_visible_in_snapshot(c.tx, seen) and c.table_name = any (tables)
     order by c.seq
$$;

-- Housekeeping, called daily by acd's maintenance: forgets changes that every living reader has long seen.
create function zj_change_trim(keep interval default '2 days') returns bigint language sql volatile security definer set search_path = zj, pg_temp as $$
    with gone as (delete from zj_change where at < clock_timestamp() - keep returning 1) select count(*) from gone
$$;
revoke all on function zj_change_trim from public;
grant execute on function zj_change_trim to zj_acd;
reset role;
