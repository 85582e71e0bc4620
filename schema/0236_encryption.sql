-- Encrypted media (SRTP, keys in the session description), asked by a trunk or its template, a telephone or its template: one more line of
-- their details. The edge keeps to it (kamailio-mods/edge/edge_media.h).
set search_path = zj, public;
set role zj_owner;
create or replace function zj_are_details(lines text) returns boolean language sql immutable strict as $$
    select char_length(lines) <= 2000 and not exists (select from regexp_split_to_table(lines, '\r?\n') l where l !~ '^\s*(#.*)?$'
        and l !~ '^\s*(fromuser|fromdomain|user|identity)\s*=\s*[A-Za-z0-9.+_:-]{1,100}\s*$' and l !~ '^\s*encryption\s*=\s*(required|optional|never)\s*$')
$$;
create or replace function extension_lines(said text) returns jsonb language plpgsql immutable as $$
declare
    lines text[] := string_to_array(replace(said, E'\r', ''), E'\n');
    out jsonb := '{}';
    key text;
    value text;
    rule text;
begin
    if cardinality(lines) > 50 then
        raise check_violation using message = 'at most 50 lines', column = 'details', constraint = 'extension_details_many';
    end if;
    for i in 1 .. coalesce(cardinality(lines), 0) loop
        continue when lines[i] ~ '^\s*(#|$)';
        key := btrim(split_part(lines[i], '=', 1));
        value := btrim(substr(lines[i], strpos(lines[i], '=') + 1));
        rule := case
            when strpos(lines[i], '=') = 0 then 'a line is key=value'
            when lower(key) not in ('alert_info', 'codecs', 'encryption', 'late_offer') and key !~* '^header\.(call-info|answer-mode|priv-answer-mode|subject|priority|organization|x-[a-z0-9-]{1,40})$'
                then format('there is no key %s: alert_info, codecs, encryption, late_offer, header.NAME (Call-Info, Answer-Mode, Priv-Answer-Mode, Subject, Priority, Organization, X-…)', left(key, 60))
            when key ~* '^header\.x-zj-' then 'X-Zj headers are the system''s own'
            when lower(key) = 'codecs' and value !~* '^(pcma|pcmu|g722|opus|l16/16000|l16/8000)(,(pcma|pcmu|g722|opus|l16/16000|l16/8000)){0,5}$' then 'codecs are PCMA, PCMU, G722, opus, L16/16000, L16/8000, with commas'
            when lower(key) = 'encryption' and value not in ('required', 'optional', 'never') then 'encryption is required, optional or never'
            when lower(key) = 'late_offer' and value not in ('yes', 'no') then 'late_offer is yes or no'
            when value !~ '^[ -~]{1,200}$' then 'a value has 1 to 200 printable ASCII characters' end;
        if rule is not null then
            raise check_violation using message = format('line %s: %s', i, rule), column = 'details', constraint = 'extension_details_line';
        end if;
        out := out || jsonb_build_object(case when key ~* '^header\.' then 'header.' || substr(key, 8) else lower(key) end, value);
    end loop;
    return out;
end $$;
comment on column extension.details is '{"zh":"分机详情","en":"Individual lines","widget":"textarea","group":"advanced","list":false,"help_zh":"每行 key=value：alert_info、codecs、encryption（required、optional、never）、late_offer、header.名称（Call-Info、Answer-Mode、X-…）；补充或覆盖模板中的同名行","help_en":"lines key=value: alert_info, codecs, encryption (required, optional, never), late_offer, header.NAME (Call-Info, Answer-Mode, X-…); they add to the template''s, or override those of the same key"}';
comment on column extension_template.details is '{"zh":"分机详情","en":"Individual lines","widget":"textarea","group":"advanced","help_zh":"每行 key=value：alert_info、codecs、encryption、late_offer、header.名称","help_en":"lines key=value: alert_info, codecs, encryption, late_offer, header.NAME"}';
comment on column trunk.details is '{"zh":"详情","en":"Details","widget":"textarea","group":"advanced","list":false,"help_zh":"每行 key=value：fromuser、fromdomain、user、identity、encryption（required、optional、never）","help_en":"lines key=value: fromuser, fromdomain, user, identity, encryption (required, optional, never)"}';
reset role;
