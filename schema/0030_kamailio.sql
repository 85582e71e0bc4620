-- Where Kamailio's edge module writes registrations behind, and reads them at a start. Not a resource: nobody else looks here.
-- (docs/decisions/010: usrloc itself stays in memory; its own write-back would wait for the database under a lock.)
create schema kamailio authorization zj_owner;
set role zj_owner;
create table kamailio.location (
    ruid          text primary key check (octet_length(ruid) <= 128),
    username      text not null,
    domain        text not null,
    contact       text not null,
    received      text not null default '',
    path          text not null default '',
    callid        text not null,
    user_agent    text not null default '',
    socket        text not null default '',
    instance      text not null default '',
    expires       timestamptz not null,
    last_modified timestamptz not null,
    cseq          bigint not null,
    q             integer not null,
    reg_id        integer not null,
    flags         bigint not null,
    cflags        bigint not null,
    methods       bigint not null
);
create index on kamailio.location (expires);
grant usage on schema kamailio to zj_edge;
grant select, insert, update, delete on kamailio.location to zj_edge;
reset role;
