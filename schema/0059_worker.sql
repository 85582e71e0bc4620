-- What the worker reads of whom it acts for, and what it may clear away.
set search_path = zj, public;
set role zj_owner;

call zj_reader('tenant', 'zj_worker', 'tenant_id, id, kind, name, title, enabled, time_zone, language, max_storage_mb, deleted_at');
call zj_reader('account', 'zj_worker', 'tenant_id, id, username, name, type, role_id, enabled, language, export_limited');
call zj_reader('role', 'zj_worker', 'tenant_id, id, permissions, kind');
call zj_reader('role_field', 'zj_worker');
call zj_reader('prompt', 'zj_worker', 'tenant_id, id, bytes');
call zj_reader('recycled', 'zj_worker', 'tenant_id, id, table_name, row_id, deleted_at');

-- A tenant that was deleted is kept as long as it kept what it deleted itself; then it goes with everything that was its own.
create policy purge_zj_worker on tenant for delete to zj_worker using (kind = 'tenant'
    and deleted_at < now() - make_interval(days => coalesce((select s.recycle_days from setting s where s.tenant_id = tenant.id), 30)));
grant delete on tenant to zj_worker;

-- Answers kept for repeated requests, after their day.
create policy trim_zj_worker on idempotency to zj_worker using (created_at < now() - interval '24 hours');
grant select (created_at), delete on idempotency to zj_worker;
reset role;
