#include "db.h"
#include "zj_log.h"
#include <errno.h>
#include <string.h>

static void quiet(void *arg ZJ_UNUSED, const PGresult *r ZJ_UNUSED)
{
}

int wk_db_connect(PGconn **pp, const char *conninfo)
{
	PGconn *pg = PQconnectdb(conninfo);

	if (PQstatus(pg) != CONNECTION_OK) {
		zj_error("db", "cannot connect message=%s", zj_log_esc(PQerrorMessage(pg)));
		PQfinish(pg);
		return EAGAIN;
	}
	PQsetNoticeReceiver(pg, quiet, NULL);
	*pp = pg;
	return 0;
}

PGresult *wk_db_run(PGconn *pg, const char *sql, int n, const char *const *values)
{
	return PQexecParams(pg, sql, n, NULL, values, NULL, NULL, 0);
}

PGresult *wk_db_sql(PGconn *pg, const struct res_sql *q)
{
	return res_sql_failed(q) ? NULL : wk_db_run(pg, q->text.p, q->n, (const char *const *)q->values);
}

bool wk_db_ok(const PGresult *r)
{
	ExecStatusType s = PQresultStatus(r);
	return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_COPY_IN;
}

bool wk_db_again(PGconn *pg, const PGresult *r)
{
	static const char *const states[] = {"40001", "40P01", "55P03", "57014", "53300", "53200", "08"};
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (PQstatus(pg) != CONNECTION_OK || !state || strncmp(state, "57P", 3) == 0)
		return true;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(states); i++)
		if (strncmp(state, states[i], strlen(states[i])) == 0)
			return true;
	return false;
}

struct res_pg_error wk_db_error(const PGresult *r)
{
	return (struct res_pg_error){.sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE),
				     .message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY),
				     .detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL),
				     .hint = PQresultErrorField(r, PG_DIAG_MESSAGE_HINT),
				     .constraint = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME),
				     .column = PQresultErrorField(r, PG_DIAG_COLUMN_NAME),
				     .table = PQresultErrorField(r, PG_DIAG_TABLE_NAME)};
}

void wk_db_log(const PGresult *r, const char *what)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE),
		   *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	zj_warn("db", "refused what=%s sqlstate=%s message=%s", what, state ? state : "-",
		zj_log_esc(message ? message : PQresultErrorMessage(r)));
}

int wk_db_do(PGconn *pg, const char *sql)
{
	PGresult *r = PQexec(pg, sql);
	int err = wk_db_ok(r) ? 0 : wk_db_again(pg, r) ? EAGAIN : EPROTO;

	if (err)
		wk_db_log(r, "statement");
	PQclear(r);
	return err;
}

json_t *wk_db_json(const PGresult *r, int row, int column)
{
	if (PQgetisnull(r, row, column))
		return NULL;
	return json_loads(PQgetvalue(r, row, column), JSON_DECODE_ANY, NULL);
}
