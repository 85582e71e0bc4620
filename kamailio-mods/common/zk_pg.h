/* One blocking libpq connection whose every wait ends: used by the modules' own processes, never by a SIP worker. */
#ifndef ZK_PG_H
#define ZK_PG_H
#include <libpq-fe.h>
#include <stdbool.h>

/* NULL (and a log line, once per state) when the server is away. */
PGconn *zk_pg_connect(const char *conninfo, const char *who);
/* NULL when the connection broke, the server stayed silent for 10 s, or refused (logged). Parameters are texts. */
PGresult *zk_pg_exec(PGconn *pg, const char *sql, int n, const char *const *values);
/* Begins `copy (…) to stdout`; then one message a call, to be freed with PQfreemem: its length; 0: the end; -1: broken,
 * or silent for 10 s (logged). Read to the end. */
bool zk_pg_copy_begin(PGconn *pg, const char *sql);
int zk_pg_copy_next(PGconn *pg, char **data);
#endif
