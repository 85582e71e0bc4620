-- Prompts: names as people write them, eight languages, sounds made of files of many formats or of a text, set to one loudness.
set search_path = zj, public;
set role zj_owner;

alter table prompt
    drop constraint prompt_name_check,
    add constraint prompt_name_check check (name ~ '^[^/<>"\\]{1,100}$' and name !~ '[[:cntrl:]]'),
    drop constraint prompt_language_check,
    add constraint prompt_language_check check (language in ('zh', 'en', 'ja', 'ko', 'ru', 'fr', 'de', 'es')),
    add column description text not null default '' check (char_length(description) <= 500),
    add column source_id   uuid,
    add column text        text check (char_length(text) between 1 and 1000),
    add column format      text,
    add column source_lufs numeric(5,2),
    add column lufs        numeric(5,2);

drop index prompt_search;
comment on table prompt is '{"resource":"prompts","zh":"语音","en":"Prompt","scope":"tenant","label":"name","upload":"audio","import":false,"menu":"pbx","order":70,"icon":"volume","search":["name","description"],"notice_zh":"同名的语音互为语言版本：播放时取呼叫的语言，没有则取所选的一条。","notice_en":"Prompts of one name are each other''s language versions: a call hears its own language''s, else the chosen one."}';
call zj_searchable('prompt');
comment on column prompt.name is '{"order":1,"zh":"语音名称","en":"Name","help_zh":"说明用途的短语","help_en":"A short phrase that tells the purpose"}';
comment on column prompt.language is '{"order":2,"zh":"语言","en":"Language","enum":{"zh":{"zh":"中文","en":"Chinese"},"en":{"zh":"英文","en":"English"},"ja":{"zh":"日文","en":"Japanese"},"ko":{"zh":"韩文","en":"Korean"},"ru":{"zh":"俄文","en":"Russian"},"fr":{"zh":"法文","en":"French"},"de":{"zh":"德文","en":"German"},"es":{"zh":"西班牙文","en":"Spanish"}}}';
comment on column prompt.source_id is '{"order":3,"zh":"语音文件","en":"Sound file","file":true,"widget":"audio","list":false,"help_zh":"WAV、MP3、OGG、FLAC、AIFF 或 AU，最长一小时；文件与文字二选一","help_en":"WAV, MP3, OGG, FLAC, AIFF or AU, at most an hour; a file or a text"}';
comment on column prompt.text is '{"order":4,"zh":"合成文字","en":"Text to be spoken","widget":"textarea","list":false,"help_zh":"由系统朗读成语音","help_en":"The system reads it aloud"}';
comment on column prompt.description is '{"order":5,"zh":"描述","en":"Description"}';
comment on column prompt.format is '{"order":6,"zh":"文件格式","en":"Format","readonly":true,"help_zh":"上传时的格式；tts 为合成","help_en":"As it was uploaded; tts: made of a text"}';
comment on column prompt.duration_ms is '{"order":7,"zh":"时长","en":"Duration","readonly":true,"unit":"ms"}';
comment on column prompt.bytes is '{"order":8,"zh":"大小","en":"Size","readonly":true,"unit":"B"}';
comment on column prompt.lufs is '{"order":9,"zh":"响度","en":"Loudness","readonly":true,"unit":"LUFS","help_zh":"按 EBU R128 调整后的响度","help_en":"After it was set by EBU R128"}';
comment on column prompt.source_lufs is '{"order":10,"zh":"原响度","en":"Loudness before","readonly":true,"unit":"LUFS","list":false}';
comment on column prompt.sha256 is '{"order":11,"zh":"校验","en":"SHA-256","readonly":true,"list":false}';
reset role;
