#include "rows/bulk.h"
#include "jobs/jobs.h"
#include "rights/guess.h"
#include "rights/views.h"
#include "rows/manage.h"
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *verb;
	bool bin;
} actions[BULK_ACTION_COUNT] = {
#define X(n, v, b) [BULK_##n] = {#n, v, b},
	BULK_ACTIONS(X)
#undef X
};

static const struct api_key keys[] = {
	{"action", JSON_STRING, "update delete restore purge"},
	{"ids", JSON_ARRAY, NULL},
	{"query", JSON_STRING, NULL},
	{"set", JSON_OBJECT, NULL},
	{"dry_run", JSON_TRUE, NULL},
	{NULL, 0, NULL},
};

static void destructor(void *obj)
{
	struct bulk *b = obj;
	zj_deref(b->write);
	zj_deref(b->once);
	json_decref(b->body);
	json_decref(b->ids);
	json_decref(b->rows);
}

/* Rows that say who may do what are looked at one by one. */
static bool is_about_rights(const struct res_def *r)
{
	static const char *const tables[] = {"role", "role_field", "account", "api_token", "agent_role"};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(tables); i++)
		if (strcmp(tables[i], r->table) == 0)
			return true;
	return false;
}

static bool is_offered(const struct bulk *b)
{
	const struct res_def *r = b->req->res;
	if (is_about_rights(r) &&
	    (actions[b->action].bin || (b->action == BULK_delete && strcmp(r->table, "role_field") == 0)))
		return false;
	return b->action != BULK_purge || !r->mark;
}

/* The action's name; false: answered. */
static bool read_action(struct api_req *req, const json_t *body, enum bulk_action *action)
{
	struct res_problem p = {0};
	const char *name = json_string_value(json_object_get(body, "action"));
	bool ids = json_is_array(json_object_get(body, "ids")), query = json_is_string(json_object_get(body, "query"));
	api_keys_check(body, keys, &p);
	if (!name)
		api_fault(&p, "action", "required", NULL);
	for (int a = 0; name && a < BULK_ACTION_COUNT; a++)
		if (strcmp(actions[a].name, name) == 0)
			*action = (enum bulk_action)a;
	if (ids == query)
		res_problem_add_text(&p, "ids", "required", "ids 与 query 须二选一", "either ids or query", NULL);
	if (json_array_size(json_object_get(body, "ids")) > BULK_ROWS)
		api_fault(&p, "ids", "max_length", json_integer(BULK_ROWS));
	if (!res_problem_any(&p))
		return true;
	p.kind = RES_P_INVALID;
	api_reply_problem(req, &p);
	return false;
}

/* Distinct ids of the body; false: answered. */
static bool read_ids(struct bulk *b)
{
	struct res_problem p = {0};
	json_t *seen = json_object(), *v;
	size_t i;
	json_array_foreach (json_object_get(b->body, "ids"), i, v) {
		const char *id = json_string_value(v);
		if (!id || !zj_uuid_is_valid(id))
			api_fault(&p, "ids", "format", json_string("uuid"));
		else if (json_object_get(seen, id))
			continue;
		else if (json_object_set_new(seen, id, json_true()) == 0)
			json_array_append(b->ids, v);
		if (res_problem_any(&p))
			break;
	}
	json_decref(seen);
	if (!res_problem_any(&p))
		return true;
	api_reply_problem(b->req, &p);
	return false;
}

/* What is set: as in a PATCH, but nothing that must be worked on row by row. */
static bool read_set(struct bulk *b)
{
	struct res_problem p = {0};
	struct res_values *values = &b->write->values;
	if (b->action != BULK_update)
		return true;
	const json_t *set = json_object_get(b->body, "set");
	if (!set)
		api_fault(&p, "set", "required", NULL);
	else
		(void)res_values_read(values, b->view, false, set, &p);
	for (size_t i = 0; i < values->n; i++) {
		const struct res_field *f = values->v[i].field;
		if (f->transform || (f->check && strcmp(f->check, "role") != 0))
			res_problem_add_text(&p, f->name, "bulk", "不能批量修改", "cannot be set for many at once",
					     NULL);
	}
	if (set && values->n > 0 && !res_problem_any(&p))
		return true;
	api_reply_problem(b->req, &p);
	return false;
}

/* --- finding the rows --- */

static void start_job(struct bulk *b)
{
	struct api_req *req = b->req;
	struct api_job job = {.kind = actions[b->action].bin ? actions[b->action].name : "bulk",
			      .resource = req->res->name};
	if (is_about_rights(req->res))
		return api_fail(req, RES_P_TOO_LARGE, "at most %d of these at once", BULK_ROWS);
	job.params =
		json_pack("{s:s, s:O}", "action", actions[b->action].name, "query", json_object_get(b->body, "query"));
	if (b->action == BULK_update)
		json_object_set(job.params, "set", json_object_get(b->body, "set"));
	api_job_start(req, job); /* which ends the bulk */
}

static bool checks_passed(struct api_req *req, const PGresult *r)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	for (int i = 0; i < PQntuples(r); i++)
		res_problem_add(&p, PQgetvalue(r, i, 0), PQgetvalue(r, i, 1), NULL);
	if (!res_problem_any(&p))
		return true;
	api_reply_problem(req, &p);
	return false;
}

/* May every one of these rows be written by the caller? */
static bool allowed(struct bulk *b)
{
	size_t i;
	json_t *id;
	if (actions[b->action].bin)
		return true;
	json_array_foreach (b->ids, i, id) {
		strcpy(b->write->id, json_string_value(id));
		if (!api_write_allowed(b->write))
			return false;
	}
	return true;
}

static void take_rows(struct bulk *b, const PGresult *r)
{
	for (int i = 0; i < PQntuples(r); i++) {
		json_array_append_new(b->ids, json_string(PQgetvalue(r, i, 0)));
		if (b->rows)
			json_object_set_new(b->rows, PQgetvalue(r, i, 0), json_string(PQgetvalue(r, i, 1)));
	}
}

static void go_on(struct bulk *b)
{
	if (json_array_size(b->ids) > BULK_ROWS)
		start_job(b);
	else if (allowed(b))
		api_bulk_run(b);
}

/* Results: the rows (if they were looked for), what the database checked, and of a dry run the count.
 */
static void found(struct api_req *req, PGresult *const *results, int n, void *arg)
{
	struct bulk *b = req->user;
	bool counted = arg != NULL;
	int at = 0;
	if (b->looked) {
		json_array_clear(b->ids);
		take_rows(b, results[at++]);
	}
	if (at < n - counted && !checks_passed(req, results[at]))
		return;
	if (b->dry)
		return api_reply_json(
			req, 200,
			json_pack("{s:I, s:i, s:[]}", "matched",
				  counted ? (json_int_t)strtoll(PQgetvalue(results[n - 1], 0, 0), NULL, 10)
					  : (json_int_t)json_array_size(b->ids),
				  "changed", 0, "failed"));
	go_on(b);
}

/* Living rows by their ids need not be looked for, unless only to be counted. Rows of the bin: its id, then the row's;
 * parents before what went with them. */
static void find_sql(struct bulk *b, struct res_sql *s, const struct res_query *q)
{
	bool bin = b->rows != NULL;
	char *ids = q ? NULL : res_array_text(b->ids);
	b->looked = q || bin || b->dry;
	if (q) {
		res_buf_add(&s->text, bin ? "select r.id, t.id" : "select t.id");
		res_sql_from(s, b->view, q);
	} else if (bin) {
		res_buf_add(&s->text,
			    "select r.id, r.row_id from zj.recycled r where r.row is not null and r.table_name = ");
		res_sql_param(s, b->req->res->table, "text");
		res_buf_add(&s->text, " and r.row_id = any (");
		res_sql_param(s, ids, "uuid[]");
		res_buf_add(&s->text, ")");
	} else if (b->dry) {
		res_buf_printf(&s->text, "select t.id from zj.\"%s\" t where t.id = any (", b->req->res->table);
		res_sql_param(s, ids, "uuid[]");
		res_buf_add(&s->text, ")");
	}
	if (b->looked)
		res_buf_printf(&s->text, "%s limit %d", bin ? " order by r.with_parent, r.id" : "", BULK_ROWS + 1);
	zj_deref(ids);
}

static void find(struct bulk *b, const struct res_query *q)
{
	struct res_sql rows = {0}, checks = {0}, count = {0};
	struct zj_pg_query all[3];
	int n = 0;
	find_sql(b, &rows, q);
	if (rows.text.n)
		all[n++] = res_sql_query(&rows);
	if (b->action == BULK_update && res_sql_checks(&checks, &b->write->values))
		all[n++] = res_sql_query(&checks);
	if (b->dry && q) {
		res_sql_count(&count, b->view, q);
		all[n++] = res_sql_query(&count);
	}
	if (res_sql_failed(&rows) || res_sql_failed(&checks) || res_sql_failed(&count))
		api_fail(b->req, RES_P_INTERNAL, "out of memory");
	else if (n > 0)
		api_db_run(b->req, all, n, found, NULL, b->dry && q ? b : NULL);
	else
		go_on(b);
	res_sql_free(&rows);
	res_sql_free(&checks);
	res_sql_free(&count);
}

static void find_by_query(struct bulk *b)
{
	struct res_problem p = {0};
	struct res_query q;
	bool good = res_query_read(&q, b->view, json_string_value(json_object_get(b->body, "query")), NULL, &p);
	q.deleted = actions[b->action].bin;
	if (!good)
		api_reply_problem(b->req, &p);
	else if (!q.masked || api_guess_allowed(b->req))
		find(b, &q);
	res_query_free(&q);
}

void api_bulk_h(struct api_req *req)
{
	enum bulk_action action = BULK_update;
	json_t *body = api_req_body(req);
	const struct res_view *v = NULL;
	if (body && read_action(req, body, &action) && api_verb(req, actions[action].verb))
		v = api_view(req);
	struct api_write *w = v ? api_write_alloc(req, NULL) : NULL;
	struct api_once *once = w ? api_once_alloc(req) : NULL;
	struct bulk *b = once ? zj_alloc(sizeof(*b), destructor) : NULL;
	if (!b) {
		zj_deref(once);
		json_decref(body);
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	}
	*b = (struct bulk){.req = req, .view = v, .action = action, .write = w, .once = once, .body = body};
	b->ids = json_array();
	b->rows = actions[action].bin && !req->res->mark ? json_object() : NULL;
	b->dry = json_is_true(json_object_get(body, "dry_run"));
	b->started_us = zj_mono_us();
	req->user = b;
	if (!is_offered(b))
		api_fail(req, RES_P_METHOD, "%s cannot be changed so", req->res->name);
	else if (!read_ids(b) || !read_set(b))
		return;
	else if (json_object_get(body, "query"))
		find_by_query(b);
	else
		find(b, NULL);
}
