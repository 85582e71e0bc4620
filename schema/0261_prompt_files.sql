-- Sound files that somebody put on the server (by FTP, by copying) become prompts, many at once. They lie in one directory of the store:
-- <directory>/<language>/files for the system, <directory>/<tenant's name>/<language>/files for a tenant.
set search_path = zj, public;
set role zj_owner;

alter table job drop constraint job_kind_check,
    add constraint job_kind_check check (kind in ('import', 'export', 'bulk', 'tenant_export', 'tenant_import', 'purge', 'restore', 'prompt_files'));
comment on column job.kind is '{"zh":"类别","en":"Kind","enum":{"import":{"zh":"导入","en":"Import"},"export":{"zh":"导出","en":"Export"},"bulk":{"zh":"批量操作","en":"Bulk change"},"tenant_export":{"zh":"团队数据导出","en":"Tenant export"},"tenant_import":{"zh":"团队数据导入","en":"Tenant import"},"purge":{"zh":"清除","en":"Purge"},"restore":{"zh":"恢复","en":"Restore"},"prompt_files":{"zh":"批量添加语音文件","en":"Prompts from files"}}}';

-- One name, and none that a tenant's folder has.
alter table setting add column prompt_directory text not null default 'incoming'
    check (prompt_directory ~ '^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$' and prompt_directory !~ '^[0-9a-fA-F]{8}-');
comment on column setting.prompt_directory is '{"zh":"FTP语音文件路径","en":"Directory of voice files","help_zh":"批量添加语音文件时所读的目录，位于服务器的存储目录之下；仅由运营商设置","help_en":"Where voice files to be added in bulk are put: a directory of the server''s store; the carrier''s to set"}';

create function setting_prompt_directory() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if not zj_is_carrier(new.tenant_id) then
        raise check_violation using message = 'the carrier sets the directory of voice files', table = 'setting', column = 'prompt_directory', constraint = 'setting_prompt_directory_carrier';
    end if;
    return new;
end $$;
create trigger prompt_directory before update on setting for each row when (new.prompt_directory is distinct from old.prompt_directory) execute function setting_prompt_directory();

-- Where, and whose folder in it: null for the system's own.
create function zj_prompt_place(out directory text, out team text) language sql stable security definer set search_path = zj, pg_temp as $$
    select s.prompt_directory, (select t.name from tenant t where t.id = zj_tenant() and t.kind = 'tenant') from setting s join tenant c on c.id = s.tenant_id where c.kind = 'carrier'
$$;
revoke all on function zj_prompt_place from public;
grant execute on function zj_prompt_place to zj_tenant, zj_carrier;
reset role;
