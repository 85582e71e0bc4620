/* One blocking libpq connection whose every wait ends: used by the modules' own processes, never by a SIP worker. */
#ifndef ZK_PG_H
#define ZK_PG_H
#include <libpq-fe.h>

/* NULL (and a log line, once per state) when the server is away. */
PGconn *zk_pg_connect(const char *conninfo, const char *who);
/* NULL when the connection broke, the server stayed silent for 10 s, or refused (logged). Parameters are texts. */
PGresult *zk_pg_exec(PGconn *pg, const char *sql, int n, const char *const *values);
#endif
