-- Conference rooms as one talks in them: passwords, the chair, what is heard, limits; and what took place in them.
set search_path = zj, public;
set role zj_owner;

-- A name is taken once in a tenant: of two the later one gets its number as well.
update room r set name = left(r.name, 80) || ' ' || r.number
 where exists (select from room o where o.tenant_id = r.tenant_id and o.name = r.name and o.id < r.id);
alter table room
    add column description      text not null default '' check (char_length(description) <= 1000),
    add column admin_pin        text check (admin_pin ~ '^[0-9]{4,16}$'),
    add column wait_leader      boolean not null default false,
    add column administrators   uuid[] not null default '{}' check (cardinality(administrators) <= 200),
    add column entry_prompt_id  uuid,
    add column optimise         boolean not null default false,
    add column detect           boolean not null default false,
    add column quiet            boolean not null default false,
    add column announce         boolean not null default false,
    add column wait_music       boolean not null default false,
    add column music_id         uuid,
    add column menu             boolean not null default false,
    add column announce_count   boolean not null default false,
    add column record           boolean not null default false,
    add column mute_on_entry    boolean not null default false,
    add column max_minutes      integer not null default 0 check (max_minutes between 0 and 1440),
    add column invite_caller    text not null default '' check (invite_caller ~ '^\+?[0-9]{0,32}$'),
    add constraint room_name unique (tenant_id, name),
    add constraint room_pins check (pin <> admin_pin),
    add foreign key (tenant_id, entry_prompt_id) references prompt (tenant_id, id) on delete set null (entry_prompt_id),
    add foreign key (tenant_id, music_id) references prompt (tenant_id, id) on delete set null (music_id);
create index on room (tenant_id, created_at);
create index on room (tenant_id, entry_prompt_id);
create index on room (tenant_id, music_id);
grant select (description, wait_leader, administrators, entry_prompt_id, optimise, detect, quiet, announce, wait_music, music_id, menu, announce_count, record, mute_on_entry, max_minutes,
    invite_caller) on room to zj_tenant;
call zj_references('room', 'administrators', 'account');
call zj_live('room');
call zj_reader('room', 'zj_acd');

comment on table room is '{"resource":"rooms","zh":"会议室","en":"Conference room","scope":"tenant","label":"name","menu":"pbx","order":90,"quota":"max_rooms","search":["number","name"],"permissions":{"control":{"zh":"控制会议","en":"Control conferences"}}}';
comment on column room.number is '{"zh":"内线号码","en":"Internal number"}';
comment on column room.name is '{"zh":"会议室名","en":"Name"}';
comment on column room.pin is '{"zh":"用户密码","en":"Members'' PIN","writeonly":true,"help_zh":"留空则无需密码","help_en":"empty: nobody is asked"}';
comment on column room.max_members is '{"zh":"最多人数","en":"Members at most","list":false}';
comment on column room.description is '{"zh":"描述","en":"Description","widget":"textarea","list":false}';
comment on column room.admin_pin is '{"zh":"管理员密码","en":"Administrators'' PIN","writeonly":true}';
comment on column room.wait_leader is '{"zh":"等待主持人","en":"Wait for the chair","list":false,"help_zh":"管理员进入前成员听音乐或静音","help_en":"before an administrator has come, members hear music or nothing"}';
comment on column room.administrators is '{"zh":"管理员","en":"Administrators","ref":"accounts","list":false,"help_zh":"从自己的分机呼入时无需密码","help_en":"from their own extensions they need no PIN"}';
comment on column room.entry_prompt_id is '{"zh":"呼入语音","en":"Entry voice","list":false}';
comment on column room.optimise is '{"zh":"通话优化","en":"Talk optimisation","list":false,"help_zh":"不说话的成员不参与混音","help_en":"who does not speak is left out of the mix"}';
comment on column room.detect is '{"zh":"通话检测","en":"Talk detection","list":false,"help_zh":"显示谁在说话","help_en":"shows who speaks"}';
comment on column room.quiet is '{"zh":"安静模式","en":"Quiet mode","list":false,"help_zh":"加入和离开时没有提示音","help_en":"no tones when somebody comes or goes"}';
comment on column room.announce is '{"zh":"用户加入/离开","en":"Announce who comes and goes","list":false,"help_zh":"加入时录下姓名，加入和离开时播报","help_en":"a name is recorded on entry and played when its owner comes and goes"}';
comment on column room.wait_music is '{"zh":"等待音乐","en":"Music while waiting","list":false,"help_zh":"独自一人或等待主持人时","help_en":"for who is alone, or waits for the chair"}';
comment on column room.music_id is '{"zh":"音乐","en":"Music","list":false}';
comment on column room.menu is '{"zh":"启用菜单","en":"Key menu","list":false}';
comment on column room.announce_count is '{"zh":"用户数量","en":"Announce how many","list":false,"help_zh":"进入时播报已有人数","help_en":"who enters hears how many are there"}';
comment on column room.record is '{"zh":"记录会议","en":"Record","list":false}';
comment on column room.mute_on_entry is '{"zh":"进入时静音","en":"Muted on entry","list":false,"help_zh":"管理员除外","help_en":"but for administrators"}';
comment on column room.max_minutes is '{"zh":"最长时间","en":"Longest","unit":"min","list":false,"help_zh":"0 为不限","help_en":"0: no limit"}';
comment on column room.invite_caller is '{"zh":"邀请主叫号码","en":"Caller number of invitations","list":false}';
comment on column room.created_at is '{"zh":"创建时间","en":"Created","readonly":true,"filter":true}';

-- One row a conference that took place; who was in when is in the segments of kind conference whose room is its id.
create table conference (
    tenant_id  uuid not null,
    id         uuid not null,
    call_id    uuid not null,
    room_id    uuid not null,
    number     text not null,
    name       text not null,
    started_at timestamptz not null,
    ended_at   timestamptz not null,
    members    integer not null,
    peak       integer not null,
    ended_how  text not null default 'last_left' check (ended_how in ('last_left', 'max_time', 'command', 'lost')),
    primary key (tenant_id, id)
) partition by range (id);
call zj_tenant_table('conference', facts => true);
call zj_appender('conference', 'zj_acd');
create index on conference (tenant_id, started_at desc);
create index on conference (tenant_id, room_id, id desc);
create policy bpo on conference as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null));
create policy scope on conference as restrictive to zj_tenant using ((select zj_scope() is null));
call zj_partitions();
comment on table conference is '{"resource":"conference-log","zh":"会议记录","en":"Conference","scope":"tenant","label":"name","create":false,"update":false,"delete":false,"sort":"-id","menu":"reports","order":60}';
comment on column conference.call_id is '{"zh":"首个通话","en":"First call","ref":"calls"}';
comment on column conference.room_id is '{"zh":"会议室","en":"Room","ref":"rooms","filter":true}';
comment on column conference.number is '{"zh":"内线号码","en":"Internal number"}';
comment on column conference.name is '{"zh":"会议室名","en":"Name"}';
comment on column conference.started_at is '{"zh":"开始时间","en":"Started","filter":true}';
comment on column conference.ended_at is '{"zh":"结束时间","en":"Ended"}';
comment on column conference.members is '{"zh":"参加人次","en":"Came in"}';
comment on column conference.peak is '{"zh":"最多同时人数","en":"At once at most"}';
comment on column conference.ended_how is '{"zh":"结束方式","en":"Ended by","enum":{"last_left":{"zh":"全部离开","en":"The last one left"},"max_time":{"zh":"超时","en":"Longest time"},"command":{"zh":"管理员","en":"An administrator"},"lost":{"zh":"中断","en":"Lost"}}}';
reset role;
