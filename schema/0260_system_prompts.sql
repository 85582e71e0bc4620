-- Prompts that belong to no tenant: the carrier's own, heard by all by their name, changed by the carrier only; among them those that
-- the system itself says. And sounds of no language.
set search_path = zj, public;
set role zj_owner;

alter table prompt
    drop constraint prompt_language_check,
    add constraint prompt_language_check check (language in ('any', 'zh', 'en', 'ja', 'ko', 'ru', 'fr', 'de', 'es')),
    add constraint prompt_spoken check (text is null or language <> 'any'),
    add column system boolean not null default false;
create index on prompt (system) where system;
create index on prompt (tenant_id, language);

create function prompt_of_system() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    new.system := zj_is_carrier(new.tenant_id);
    return new;
end $$;
create trigger of_system before insert or update of system, tenant_id on prompt for each row execute function prompt_of_system();

call zj_carrier_own('prompt');
create policy system on prompt for select to zj_tenant using (system);

-- A row that has words and no sound yet is spoken by the worker.
grant select (text, language, path, system) on prompt to zj_worker;
create policy speak on prompt for update to zj_worker using (system) with check (system);
grant update (path, bytes, duration_ms, sha256, format, source_lufs, lufs) on prompt to zj_worker;

create procedure zj_system_prompts(carrier uuid) language sql as $$
    insert into prompt (tenant_id, name, language, text, description, format) values
        (carrier, 'thanks', 'zh', '谢谢合作', '谢谢合作', 'tts'),
        (carrier, 'thanks', 'en', 'Thank you for cooperating.', '谢谢合作', 'tts'),
        (carrier, 'agent-scoring', 'zh', '请对本次服务评分', '座席评分', 'tts'),
        (carrier, 'agent-scoring', 'en', 'Please score the agent who served you.', '座席评分', 'tts'),
        (carrier, 'agent-number-1', 'zh', '工号', '播报工号：工号之前', 'tts'),
        (carrier, 'agent-number-1', 'en', 'Agent number', '播报工号：工号之前', 'tts'),
        (carrier, 'agent-number-2', 'zh', '为您服务', '播报工号：工号之后', 'tts'),
        (carrier, 'agent-number-2', 'en', 'will serve you.', '播报工号：工号之后', 'tts')
    on conflict do nothing
$$;
create function system_prompts_born() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    call zj_system_prompts(new.id);
    return null;
end $$;
create trigger born_system_prompts after insert on tenant for each row when (new.kind = 'carrier') execute function system_prompts_born();
do $$
declare c uuid := (select id from tenant where kind = 'carrier');
begin
    if c is not null then call zj_system_prompts(c); end if;
end $$;

-- What formats a class's music has, kept with it.
alter table music_class add column format text not null default '';
create function music_class_format() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    new.format := (select coalesce(string_agg(distinct p.format, ', '), '') from prompt p where p.tenant_id = new.tenant_id and p.id = any (new.prompt_ids));
    return new;
end $$;
create trigger format before insert or update of prompt_ids, format on music_class for each row execute function music_class_format();
create function prompt_format() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update music_class m set format = '' where m.tenant_id = new.tenant_id and new.id = any (m.prompt_ids);
    return null;
end $$;
create trigger format after update of format on prompt for each row when (new.format is distinct from old.format) execute function prompt_format();
update music_class set format = '';

comment on table prompt is '{"resource":"prompts","zh":"语音","en":"Prompt","scope":"tenant","label":"name","upload":"audio","import":false,"sort":"-id","menu":"pbx","order":70,"icon":"volume","search":["name","description"],"notice_zh":"同名的语音互为语言版本：播放时取呼叫的语言，没有则取不分语言的一条，再没有则取所选的一条。系统语音由运营商维护，各团队按名称使用，同名的团队语音优先。","notice_en":"Prompts of one name are each other''s language versions: a call hears its own language''s, else the one of any language, else the chosen one. System prompts are the carrier''s; a flow of any tenant plays them by name, unless the tenant has one of that name."}';
comment on column prompt.language is '{"order":2,"zh":"语言","en":"Language","filter":true,"enum":{"any":{"zh":"不分语言","en":"Any"},"zh":{"zh":"中文","en":"Chinese"},"en":{"zh":"英文","en":"English"},"ja":{"zh":"日文","en":"Japanese"},"ko":{"zh":"韩文","en":"Korean"},"ru":{"zh":"俄文","en":"Russian"},"fr":{"zh":"法文","en":"French"},"de":{"zh":"德文","en":"German"},"es":{"zh":"西班牙文","en":"Spanish"}}}';
comment on column prompt.text is '{"order":4,"zh":"合成文字","en":"Text to be spoken","widget":"textarea","list":false,"help_zh":"由系统以所选语言朗读成语音；支持的语言编码：zh、en、ja、ko、ru、fr、de、es","help_en":"The system reads it aloud in the language chosen; languages that can be spoken: zh, en, ja, ko, ru, fr, de, es"}';
comment on column prompt.system is '{"order":7,"zh":"系统语音","en":"System","readonly":true,"filter":true,"help_zh":"不属于任何团队，由运营商维护","help_en":"Belongs to no tenant; the carrier keeps it"}';
comment on column music_class.format is '{"order":4,"zh":"格式","en":"Format","readonly":true,"help_zh":"所含语音文件的格式","help_en":"Of the files that are in it"}';
reset role;
