/* A request's transaction: its database role, its tenant and account, then the queries. */
#include "api.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

struct db_call {
	struct api_req *req;
	api_db_h *h;
	api_db_error_h *on_error;
	void *arg;
};

#define DB_PREFIX 2
static const char *const role_sql[RES_ROLES] = {"set local role zj_tenant", "set local role zj_carrier"};
static const char context_sql[] = "select set_config('zj.tenant', $1, true), set_config('zj.account', $2, true)";

static void refused(struct db_call *c, int failed, const PGresult *r)
{
	struct res_pg_error e = {.sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE),
				 .message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY),
				 .detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL),
				 .constraint = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME),
				 .column = PQresultErrorField(r, PG_DIAG_COLUMN_NAME),
				 .table = PQresultErrorField(r, PG_DIAG_TABLE_NAME)};
	if (c->on_error && c->on_error(c->req, failed - DB_PREFIX, &e, c->arg))
		return;
	struct res_problem p = {0};
	res_problem_pg(&p, c->req->res, &e, strcmp(c->req->method, "DELETE") == 0);
	if (p.kind == RES_P_INTERNAL)
		zj_error("db", "refused sqlstate=%s message=%s", e.sqlstate ? e.sqlstate : "-",
			 zj_log_esc(e.message ? e.message : "-"));
	api_reply_problem(c->req, &p);
}

static void answered(int err, int failed, PGresult *const *results, int n, void *arg)
{
	struct db_call *c = arg;
	struct zj_log_ctx before = zj_log_with(api_req_log(c->req));
	if (err == EPROTO)
		refused(c, failed, results[failed]);
	else if (err)
		api_fail(c->req, RES_P_AWAY, "the database is away%s",
			 err == EIO && c->req->writing ? "; whether this was written is not known" : "");
	else
		c->h(c->req, results + DB_PREFIX, n - DB_PREFIX, c->arg);
	zj_log_with(before);
	zj_deref(c->req);
	free(c);
}

void api_db_run(struct api_req *req, const struct zj_pg_query *q, int n, api_db_h *h, api_db_error_h *on_error,
		void *arg)
{
	struct zj_pg_query all[DB_PREFIX + API_DB_MAX];
	const char *context[2] = {req->who.tenant, req->who.account};
	struct db_call *c = malloc(sizeof(*c));
	if (!c || n > API_DB_MAX) {
		free(c);
		api_fail(req, RES_P_INTERNAL, "out of memory");
		return;
	}
	*c = (struct db_call){zj_ref(req), h, on_error, arg};
	all[0] = (struct zj_pg_query){.sql = role_sql[req->who.role]};
	all[1] = (struct zj_pg_query){.sql = context_sql, .n = 2, .values = context};
	memcpy(all + DB_PREFIX, q, (size_t)n * sizeof(*q));
	int err = zj_pg_run(req->api->pg, all, n + DB_PREFIX, answered, c);
	if (!err)
		return;
	zj_deref(c->req);
	free(c);
	api_fail(req, RES_P_AWAY, "the database is away");
}
