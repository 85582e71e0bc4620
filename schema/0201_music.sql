-- Music on hold: classes of prompts, in order or shuffled, from the beginning for everybody or in step for all.
set search_path = zj, public;
set role zj_owner;

create table music_class (
    tenant_id   uuid not null references tenant (id) on delete cascade,
    id          uuid not null default zj_uuid7(),
    name        text not null check (char_length(name) between 1 and 100),
    identifier  text not null check (identifier ~ '^[a-z0-9_-]{1,40}$'),
    prompt_ids  uuid[] not null default '{}' check (cardinality(prompt_ids) <= 50),
    shuffled    boolean not null default false,
    mode        text not null default 'start' check (mode in ('start', 'step')),
    gain_db     integer not null default 0 check (gain_db between -40 and 6),
    description text not null default '' check (char_length(description) <= 500),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, identifier)
);
call zj_tenant_table('music_class');
call zj_audited('music_class');
call zj_recyclable('music_class');
call zj_live('music_class');
call zj_reader('music_class', 'zj_acd');

-- An array has no foreign key: its prompts are the tenant's own.
create function music_class_prompts() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare missing uuid;
begin
    select x into missing from unnest(new.prompt_ids) x where not exists (select from prompt p where p.tenant_id = new.tenant_id and p.id = x) limit 1;
    if missing is not null then
        raise foreign_key_violation using message = format('no prompt with id %s', missing), column = 'prompt_ids', constraint = 'music_class_prompts';
    end if;
    return new;
end $$;
create trigger prompts before insert or update of prompt_ids on music_class for each row execute function music_class_prompts();

alter table queue add column music_class_id uuid, add foreign key (tenant_id, music_class_id) references music_class (tenant_id, id) on delete set null (music_class_id);
create index on queue (tenant_id, music_class_id);
alter table ring_group add column music_class_id uuid, add foreign key (tenant_id, music_class_id) references music_class (tenant_id, id) on delete set null (music_class_id);
create index on ring_group (tenant_id, music_class_id);

comment on table music_class is '{"resource":"music-classes","zh":"等待音乐","en":"Music on hold","scope":"tenant","label":"name","menu":"pbx","order":71,"icon":"volume","search":["name","identifier"],"notice_zh":"标识为 default 的一类用于保持通话，以及没有另选音乐之处。","notice_en":"The class whose identifier is default is heard on hold and wherever no other music was chosen."}';
call zj_searchable('music_class');
comment on column music_class.name is '{"order":1,"zh":"音乐名称","en":"Name"}';
comment on column music_class.identifier is '{"order":2,"zh":"标识","en":"Identifier","help_zh":"小写字母、数字、- 和 _","help_en":"Small letters, digits, - and _"}';
comment on column music_class.prompt_ids is '{"order":3,"zh":"语音文件","en":"Prompts","ref":"prompts"}';
comment on column music_class.shuffled is '{"order":4,"zh":"随机顺序","en":"Shuffled"}';
comment on column music_class.mode is '{"order":5,"zh":"应用方式","en":"Mode","enum":{"start":{"zh":"各自从头播放","en":"From the beginning for each caller"},"step":{"zh":"所有人同步","en":"In step: all hear the same"}}}';
comment on column music_class.gain_db is '{"order":6,"zh":"音量","en":"Volume","unit":"dB"}';
comment on column music_class.description is '{"order":7,"zh":"描述","en":"Description"}';
comment on column queue.music_class_id is '{"zh":"等待音乐类","en":"Music class","group":"waiting","list":false,"help_zh":"多首音乐；未选单首音乐时使用","help_en":"Several pieces; used where no single piece is chosen"}';
comment on column ring_group.music_class_id is '{"zh":"等待音乐类","en":"Music class","list":false}';
reset role;
