/* A request's transaction: its database role, its tenant and account, then the queries. */
#include "server/api.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

struct db_call {
	struct api_req *req;
	api_db_h *h;
	api_db_error_h *on_error;
	void *arg;
};

/* The role too is a setting, so one statement says all: for whom, by whom, from where. */
#define DB_PREFIX 1
static const char context_sql[] =
	"select set_config('role', $1, true), set_config('zj.tenant', $2, true), set_config('zj.account', $3, true), "
	"set_config('zj.actor', $4, true), set_config('zj.source', $5, true), set_config('zj.request', $6, true), "
	"set_config('zj.via', 'api', true)";

/* Whoever only reads is asked no further. */
static const char reader_sql[] =
	"select set_config('role', $1, true), set_config('zj.tenant', $2, true), set_config('zj.account', $3, true)";

static void refused(struct db_call *c, int failed, const PGresult *r)
{
	struct res_pg_error e = {.sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE),
				 .message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY),
				 .detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL),
				 .hint = PQresultErrorField(r, PG_DIAG_MESSAGE_HINT),
				 .constraint = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME),
				 .column = PQresultErrorField(r, PG_DIAG_COLUMN_NAME),
				 .table = PQresultErrorField(r, PG_DIAG_TABLE_NAME)};
	if (c->on_error && c->on_error(c->req, failed - DB_PREFIX, &e, c->arg))
		return;
	struct res_problem p = {0};
	const struct res_view *v = c->req->n_views && c->req->views[0]->def == c->req->res ? c->req->views[0] : NULL;
	res_problem_pg(&p, c->req->res, v, &e, strcmp(c->req->method, "DELETE") == 0);
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

typedef int(run_h)(struct zj_pg *pg, const struct zj_pg_query *queries, int n, zj_pg_h *h, void *arg);

static void run_as(struct api_req *req, const char *role, run_h *run, const struct zj_pg_query *q, int n,
		   const struct db_call *call)
{
	struct zj_pg_query all[DB_PREFIX + API_DB_MAX];
	const char *source = req->writing && req->h2o ? api_req_source(req) : "";
	const char *context[] = {role,
				 req->who.tenant,
				 req->who.account,
				 req->who.actor,
				 *source && res_value_text_ok(RES_IP, source) ? source : "",
				 req->id};
	struct db_call *c = malloc(sizeof(*c));
	if (!c || n > API_DB_MAX) {
		free(c);
		api_fail(req, RES_P_INTERNAL, "out of memory");
		return;
	}
	*c = *call;
	c->req = zj_ref(req);
	all[0] = (struct zj_pg_query){.sql = req->writing ? context_sql : reader_sql,
				      .n = req->writing ? ZJ_ARRAY_SIZE(context) : 3,
				      .values = context};
	memcpy(all + DB_PREFIX, q, (size_t)n * sizeof(*q));
	int err = run(req->api->pg, all, n + DB_PREFIX, answered, c);
	if (!err)
		return;
	zj_deref(c->req);
	free(c);
	api_fail(req, RES_P_AWAY, "the database is away");
}

void api_db_run(struct api_req *req, const struct zj_pg_query *q, int n, api_db_h *h, api_db_error_h *on_error,
		void *arg)
{
	run_as(req, res_role_names[req->who.role], zj_pg_run, q, n, &(struct db_call){NULL, h, on_error, arg});
}

void api_db_read(struct api_req *req, const struct zj_pg_query *q, api_db_h *h)
{
	run_as(req, res_role_names[req->who.role], zj_pg_read, q, 1, &(struct db_call){.h = h});
}

void api_db_run_own(struct api_req *req, const struct zj_pg_query *q, int n, api_db_h *h, void *arg)
{
	run_as(req, "none", zj_pg_run, q, n, &(struct db_call){.h = h, .arg = arg});
}
