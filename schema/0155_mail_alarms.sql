-- E-mails with a text of their own, made where they come from: alarms of the toll guard (0142_toll_guard.sql).
set search_path = zj, public;
set role zj_owner;
alter table mail drop constraint mail_kind_check;
alter table mail
    add column subject text check (char_length(subject) <= 200),
    add column body    text check (char_length(body) <= 10000),
    add constraint mail_kind_check check (kind in ('voicemail', 'alarm')),
    add constraint mail_text check (kind = 'voicemail' or (subject is not null and body is not null));
comment on column mail.kind is '{"zh":"类别","en":"Kind","enum":{"voicemail":{"zh":"语音邮件","en":"Voicemail"},"alarm":{"zh":"告警","en":"Alarm"}}}';
comment on column mail.subject is '{"zh":"主题","en":"Subject"}';
comment on column mail.body is '{"zh":"正文","en":"Text","detail":true}';
reset role;
