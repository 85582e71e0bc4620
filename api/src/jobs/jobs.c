#include "jobs/jobs.h"
#include "files/download.h"
#include "files/store.h"
#include "perm.h"
#include "rows/manage.h"
#include <stdlib.h>
#include <string.h>

#define ROW                                                                                                            \
	"json_build_object('id', j.id, 'kind', j.kind, 'resource', j.resource, 'state', j.state, 'params', j.params, " \
	"'total', j.total, 'done', j.done, 'created_rows', j.created_rows, 'updated_rows', j.updated_rows, "           \
	"'skipped', "                                                                                                  \
	"j.skipped, 'failed', j.failed, 'error', j.error, 'file_name', j.file_name, 'file_bytes', j.file_bytes, "      \
	"'run_at', j.run_at, 'started_at', j.started_at, 'finished_at', j.finished_at, 'account_id', j.account_id, "   \
	"'created_at', j.created_at)::text"
/* $1: the id; $2: may the caller see the jobs of others? */
#define SEEN " j.tenant_id = zj.zj_tenant() and j.id = $1::uuid and (j.account_id = zj.zj_account() or $2::boolean) "

/* Only the process itself may tell the audit log, not the role it takes for a request. */
static const char as_self[] = "set local role none";
static const char *const as_caller[RES_ROLES] = {"set local role zj_tenant", "set local role zj_carrier"};

struct start { /* a request's `user` */
	struct api_job job;
	struct api_once *once;
};

static void start_destructor(void *obj)
{
	struct start *s = obj;
	json_decref(s->job.params);
	zj_deref((void *)s->job.run_at);
	zj_deref(s->once);
}

static void started(struct api_req *req, const char *body, const char *location, bool replayed ZJ_UNUSED)
{
	if (!body)
		return api_fail(req, RES_P_INTERNAL, "the job was not kept");
	api_header(req, "location", location);
	api_reply_text(req, 202, body);
}

/* {"query":[null,"…"], …}: a job's parameters as the audit log tells changes. malloc'd. */
static char *told(const struct api_job *job, const char *id)
{
	json_t *o = json_pack("{s:[n, s]}", "job", id), *v;
	const char *key;
	json_object_foreach (job->params, key, v)
		if (strcmp(key, "permissions") != 0)
			json_object_set_new(o, key, json_pack("[n, O]", v));
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

static void write_down(struct api_req *req)
{
	struct start *s = req->user;
	const struct api_job *job = &s->job;
	char id[ZJ_UUID_SIZE];
	struct res_sql main = {0};
	zj_uuid7(id);
	char *params = json_dumps(job->params, JSON_COMPACT), *changes = told(job, id);
	const char *event[] = {job->event, job->resource, changes};
	const struct zj_pg_query audit[] = {
		{.sql = as_self},
		{.sql = "select zj.zj_audit_event($1, $2, null::uuid, null::text, $3::jsonb)", .n = 3, .values = event},
		{.sql = as_caller[req->who.role]}};
	res_buf_add(&main.text, "insert into zj.job as j (tenant_id, account_id, actor_id, source, id, kind, resource, "
				"params, run_at) values (zj.zj_tenant(), zj.zj_account(), "
				"nullif(current_setting('zj.actor', true), '')::uuid, "
				"nullif(current_setting('zj.source', true), '')::inet, ");
	const struct {
		const char *value, *type;
	} values[] = {{id, "uuid"},
		      {job->kind, "text"},
		      {job->resource, "text"},
		      {params, "jsonb"},
		      {job->run_at, "timestamptz"}};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(values); i++) {
		res_buf_add(&main.text, i ? ", " : "");
		res_sql_param(&main, values[i].value, values[i].type);
	}
	res_buf_add(&main.text, ") returning " ROW " as j, '/api/v1/jobs/' || j.id as loc");
	if (params && changes)
		api_once_run(req, s->once, audit, job->event ? (int)ZJ_ARRAY_SIZE(audit) : 0, &main, 202, started,
			     NULL);
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	res_sql_free(&main);
	free(params);
	free(changes);
}

enum fact { OPEN, STATE, BYTES, MOST, NAME, REPEAT };

/* What limits a job, in one row: $1 its upload or null, $2 when it is to run or null, $3 an Idempotency-Key or null.
 * The window is in the tenant's own time; one that crosses midnight is open on both sides of it. */
static const char facts_sql[] =
	"select coalesce(w.open, true), u.state, u.bytes, "
	"coalesce(s.import_max_mb, 512)::bigint << 20, u.name, exists (select from zj.idempotency i where i.tenant_id "
	"= "
	"zj.zj_tenant() and i.account_id = zj.zj_account() and i.key = $3) "
	"from zj.tenant t left join zj.setting s on s.tenant_id = t.id and s.id = t.id "
	"left join zj.account a on a.tenant_id = t.id and a.id = zj.zj_account() "
	"left join zj.upload u on u.tenant_id = t.id and u.account_id = zj.zj_account() and u.id = $1::uuid "
	"cross join lateral (select (coalesce($2::timestamptz, now()) at time zone t.time_zone)::time as x) l "
	"cross join lateral (select not coalesce(a.export_limited, false) or s.export_from = s.export_until or "
	"case when s.export_from < s.export_until then l.x >= s.export_from and l.x < s.export_until "
	"else l.x >= s.export_from or l.x < s.export_until end as open) w where t.id = zj.zj_tenant()";

static bool upload_is_good(struct api_req *req, const PGresult *r)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	if (PQgetisnull(r, 0, STATE)) {
		res_problem_add(&p, "upload_id", "reference", NULL);
	} else if (strcmp(PQgetvalue(r, 0, STATE), "complete") != 0) {
		api_fail(req, RES_P_REFUSED, "the upload is not complete");
		return false;
	} else if (strtoll(PQgetvalue(r, 0, BYTES), NULL, 10) > strtoll(PQgetvalue(r, 0, MOST), NULL, 10)) {
		res_problem_add_text(&p, "upload_id", "max", "文件超过本团队允许的导入大小",
				     "is larger than this tenant's imports may be",
				     json_pack("{s:I}", "max", strtoll(PQgetvalue(r, 0, MOST), NULL, 10)));
	}
	if (!res_problem_any(&p))
		return true;
	api_reply_problem(req, &p);
	return false;
}

static void looked(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct start *s = req->user;
	const PGresult *r = results[0];
	if (PQntuples(r) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such tenant");
	if (strcmp(PQgetvalue(r, 0, REPEAT), "t") == 0) { /* a repeat: what was allowed then is not asked again */
		write_down(req);
		return;
	}
	if (s->job.exports && strcmp(PQgetvalue(r, 0, OPEN), "t") != 0)
		return api_fail(req, RES_P_EXPORT_WINDOW, "outside of the hours set in the tenant's settings");
	if (s->job.upload[0]) {
		if (!upload_is_good(req, r))
			return;
		json_object_set_new(s->job.params, "upload_name", json_string(PQgetvalue(r, 0, NAME)));
	}
	write_down(req);
}

void api_job_start(struct api_req *req, struct api_job job)
{
	struct res_problem p = {0};
	struct start *s = zj_alloc(sizeof(*s), start_destructor);
	if (!s) {
		json_decref(job.params);
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	}
	zj_deref(req->user);
	req->user = s;
	s->job = job;
	s->job.run_at = job.run_at ? zj_strdup(job.run_at) : NULL;
	if (job.run_at && zj_rfc3339_parse(job.run_at) < 0) {
		p.kind = RES_P_INVALID;
		res_problem_add(&p, "run_at", "format", json_string("datetime"));
		return api_reply_problem(req, &p);
	}
	if (req->who.narrowed)
		json_object_set(s->job.params, "permissions", req->who.perms);
	if (!(s->once = api_once_alloc(req)))
		return;
	const char *values[] = {s->job.upload[0] ? s->job.upload : NULL, s->job.run_at, api_once_key(s->once)};
	struct zj_pg_query q = {.sql = facts_sql, .n = 3, .values = values};
	api_db_run(req, &q, 1, looked, NULL, NULL);
}

/* --- one job --- */

static void run(struct api_req *req, const char *const *sql, int n, api_db_h *h)
{
	struct zj_pg_query q[API_DB_MAX];
	const char *values[] = {req->arg[0], res_perm_has(req->who.perms, "jobs.all") ? "true" : "false"};
	if (!api_id_is_good(req, req->arg[0]))
		return;
	for (int i = 0; i < n; i++)
		q[i] = (struct zj_pg_query){.sql = sql[i], .n = sql[i] == as_self ? 0 : 2, .values = values};
	api_db_run(req, q, n, h, NULL, NULL);
}

/* The second result tells "not so now" from "there is none". */
static void nothing_done(struct api_req *req, const PGresult *look, const char *what)
{
	if (PQntuples(look) == 0)
		api_fail(req, RES_P_NOT_FOUND, "there is no such job");
	else
		api_fail(req, RES_P_REFUSED, "a job that is %s cannot be %s", PQgetvalue(look, 0, 0), what);
}
#define LOOK "select j.state from zj.job j where" SEEN

static void cancelled(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	if (PQntuples(results[0]) == 0)
		return nothing_done(req, results[1], "cancelled");
	api_audit(req, "cancel", req->arg[0]);
	api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

void api_job_cancel_h(struct api_req *req)
{
	static const char *const sql[] = {
		"update zj.job j set cancel = true, state = case j.state when 'waiting' then 'cancelled' else "
		"'cancelling' end, finished_at = case j.state when 'waiting' then now() end "
		"where j.state in ('waiting', 'running') and" SEEN "returning " ROW,
		LOOK};
	run(req, sql, 2, cancelled);
}

static void deleted(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	if (PQntuples(results[0]) == 0)
		return nothing_done(req, results[1], "deleted");
	for (int i = 0; i < 2; i++)
		if (!PQgetisnull(results[0], 0, i) &&
		    strncmp(PQgetvalue(results[0], 0, i), req->who.tenant, strlen(req->who.tenant)) == 0)
			api_store_remove(req->api, PQgetvalue(results[0], 0, i));
	api_audit(req, "delete", req->arg[0]);
	api_reply_empty(req, 204);
}

void api_job_delete_h(struct api_req *req)
{
	static const char *const sql[] = {"delete from zj.job j where j.state not in ('running', 'cancelling') and" SEEN
					  "returning j.file_path, j.rejects_path",
					  LOOK};
	run(req, sql, 2, deleted);
}

static void send_file(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const PGresult *r = results[0];
	if (PQntuples(r) == 0 || PQgetisnull(r, 0, 0))
		return api_fail(req, RES_P_NOT_FOUND, "there is no such file (yet)");
	api_download(req, req->who.tenant, PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1), NULL);
}

/* A download is told in the audit log in the transaction that finds the file. */
#define AUDIT                                                                                                          \
	"select zj.zj_audit_event('download', j.resource, j.id, j.file_name, null::jsonb) from zj.job j "              \
	"where j.state in ('finished', 'cancelled', 'failed') and "

void api_job_file_h(struct api_req *req)
{
	static const char *const sql[] = {"select j.file_path, coalesce(j.file_name, 'file') from zj.job j where "
					  "j.state in ('finished', 'cancelled') and" SEEN,
					  as_self, AUDIT "j.file_path is not null and" SEEN};
	run(req, sql, 3, send_file);
}

void api_job_rejects_h(struct api_req *req)
{
	static const char *const sql[] = {
		"select j.rejects_path, 'rejects-' || regexp_replace(coalesce(j.params ->> 'upload_name', j.id::text), "
		"'[.][A-Za-z0-9]{1,5}$', '') || coalesce(substring(j.rejects_path from '[.][a-z]+$'), '') "
		"from zj.job j where" SEEN,
		as_self, AUDIT "j.rejects_path is not null and" SEEN};
	run(req, sql, 3, send_file);
}

/* Own jobs need no permission: whoever could start one may see what became of it. The list and the row are the
 * engine's. */
static bool may_read(struct api_req *req)
{
	json_t *perms = req->who.perms ? json_copy(req->who.perms) : json_array();
	if (!perms || json_array_append_new(perms, json_string("jobs.read"))) {
		json_decref(perms);
		api_fail(req, RES_P_INTERNAL, "out of memory");
		return false;
	}
	json_decref(req->who.perms);
	req->who.perms = perms;
	return true;
}

void api_job_one_h(struct api_req *req)
{
	req->arg[1] = req->arg[0];
	if (may_read(req))
		api_one_h(req);
}

/* Whoever may not see all jobs asks for his own; row-level security says the same. */
void api_jobs_h(struct api_req *req)
{
	if (!may_read(req))
		return;
	if (!res_perm_has(req->who.perms, "jobs.all")) {
		req->instead =
			zj_asprintf("filter[account_id]=%s%s%s", req->who.account, *req->query ? "&" : "", req->query);
		if (!req->instead)
			return api_fail(req, RES_P_INTERNAL, "out of memory");
		req->query = req->instead;
	}
	api_list_h(req);
}
