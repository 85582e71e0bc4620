/* PostgreSQL for the children: one connection, used in turn (they have no loop to block). */
#ifndef WK_DB_H
#define WK_DB_H
#include "buf.h"
#include "problem.h"
#include <libpq-fe.h>

int wk_db_connect(PGconn **pp, const char *conninfo) ZJ_MUST_CHECK;
/* One statement with its parameters. The result is never NULL-checked by callers: wk_db_ok does. PQclear it. */
PGresult *wk_db_run(PGconn *pg, const char *sql, int n, const char *const *values);
PGresult *wk_db_sql(PGconn *pg, const struct res_sql *q);
bool wk_db_ok(const PGresult *r);
/* Runs statements that answer nothing of interest: 0, EAGAIN (away, or a deadlock), EPROTO (refused; it is logged). */
int wk_db_do(PGconn *pg, const char *sql) ZJ_MUST_CHECK;
/* Would the same statement work when tried again later? */
bool wk_db_again(PGconn *pg, const PGresult *r);
struct res_pg_error wk_db_error(const PGresult *r); /* borrows */
void wk_db_log(const PGresult *r, const char *what);
/* The JSON of one value; NULL: null or broken. */
json_t *wk_db_json(const PGresult *r, int row, int column);
#endif
