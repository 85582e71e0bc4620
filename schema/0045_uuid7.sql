-- The same UUIDv7, four times as fast: bytes instead of text (imports make a million of them).
set search_path = zj, public;
set role zj_owner;
create or replace function zj_uuid7(at timestamptz default clock_timestamp()) returns uuid language sql volatile parallel safe
    as $$ select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
                placing substring(int8send(floor(extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid $$;
reset role;
