/* Imports: a look into the file before, templates, and the job. Files are opened by a child under limits, never here.
 */
#include "files/download.h"
#include "files/store.h"
#include "jobs/jobs.h"
#include "rights/views.h"
#include "rows/manage.h"
#include "server/child.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

/* What a child prints for people: {"error":{"field","rule","zh","en"}} → 422. */
static void tell_fault(struct api_req *req, const char *out, size_t n)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	json_t *report = json_loadb(out, n, 0, NULL), *e = json_object_get(report, "error");
	const char *field = json_string_value(json_object_get(e, "field")),
		   *rule = json_string_value(json_object_get(e, "rule")),
		   *zh = json_string_value(json_object_get(e, "zh")), *en = json_string_value(json_object_get(e, "en"));
	res_problem_set(&p, RES_P_INVALID, "%s", en ? en : "the file cannot be read");
	res_problem_add_text(&p, field ? field : "upload_id", rule ? rule : "format", zh ? zh : "无法读取此文件",
			     en ? en : "cannot be read", NULL);
	api_reply_problem(req, &p);
	json_decref(report);
}

static void run_worker(struct api_req *req, const char *verb, json_t *input /* stolen */, api_child_h *h)
{
	const char *const args[] = {verb, NULL};
	struct api *api = req->api;
	char *text = input ? json_dumps(input, JSON_COMPACT) : NULL;
	json_decref(input);
	struct api_child_args a = {.program = api->conf.worker,
				   .args = args,
				   .input = text,
				   .input_n = text ? strlen(text) : 0,
				   .timeout_ms = api->conf.child_timeout_ms,
				   .memory_mb = api->conf.child_memory_mb};
	zj_ref(req);
	int err = text ? api_child_run(api->loop, &a, h, req) : ENOMEM;
	free(text);
	if (!err)
		return;
	zj_deref(req);
	api_fail(req, RES_P_AWAY, "too much is being worked on; try again");
}

/* Answered when the child failed; true: its output is good. */
static bool child_good(struct api_req *req, int err, int status, const char *out, size_t n)
{
	if (!err && status == 0)
		return true;
	if (err == ETIMEDOUT || err == ENOBUFS || status >= 128 || (!err && status == 1)) {
		zj_info("import", "a file was refused error=%d status=%d", err, status);
		tell_fault(req, out, n);
	} else {
		zj_error("import", "worker does not work error=%d status=%d", err, status);
		api_fail(req, RES_P_AWAY, "files cannot be looked into now");
	}
	return false;
}

/* --- fields as the worker needs them --- */

static const char *text_of(const json_t *comment, const char *key, const char *other)
{
	const char *s = json_string_value(json_object_get(comment, key));
	return s && *s ? s : other;
}

static bool is_written(const struct res_view_field *f)
{
	return f->access == RES_ACCESS_WRITE && (f->insert || f->update) && !json_object_get(f->field->comment, "file");
}

static json_t *choices_of(const struct res_view_field *f)
{
	if (f->custom && f->custom->choices)
		return json_incref(f->custom->choices);
	return f->field->choices ? json_incref(f->field->choices) : NULL;
}

static json_t *fields_of(const struct res_view *v)
{
	json_t *out = json_array();
	for (size_t i = 0; i < v->n; i++) {
		const struct res_view_field *f = &v->fields[i];
		const char *name = f->field->name;
		if (!is_written(f))
			continue;
		json_t *o = json_pack("{s:s, s:s, s:s}", "name", name, "zh", text_of(f->field->comment, "zh", name),
				      "en", text_of(f->field->comment, "en", name));
		json_t *choices = choices_of(f);
		if (choices)
			json_object_set_new(o, "enum", choices);
		json_array_append_new(out, o);
	}
	return out;
}

/* --- preview --- */

static void previewed(int err, int status, const char *out, size_t n, void *arg)
{
	struct api_req *req = arg;
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	if (child_good(req, err, status, out, n))
		api_reply(req, 200, "application/json", out, n);
	zj_log_with(before);
	zj_deref(req);
}

static void look_into(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	static const char *const given[] = {"format", "encoding", "delimiter", "sheet", "skip_rows"};
	const PGresult *r = results[0];
	char path[API_STORE_PATH_SIZE];
	const json_t *body = *(json_t **)req->user;
	const struct res_view *v = api_view(req);
	if (!v)
		return;
	if (PQntuples(r) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such upload, or it is not complete");
	api_store_path(path, req->who.tenant, PQgetvalue(r, 0, 0));
	json_t *in = json_pack("{s:o, s:s, s:o}", "file", json_sprintf("%s/%s", req->api->conf.store, path), "name",
			       PQgetvalue(r, 0, 1), "fields", fields_of(v));
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(given); i++) {
		json_t *o = json_object_get(body, given[i]);
		if (o && !json_is_null(o))
			json_object_set(in, given[i], o);
	}
	run_worker(req, "preview", in, previewed);
}

static void holder_destructor(void *obj)
{
	json_decref(*(json_t **)obj);
}

/* Keeps the body with the request. */
static bool keep_body(struct api_req *req, json_t *body)
{
	json_t **hold = zj_alloc(sizeof(json_t *), holder_destructor);
	if (!hold) {
		json_decref(body);
		api_fail(req, RES_P_INTERNAL, "out of memory");
		return false;
	}
	*hold = body;
	zj_deref(req->user);
	req->user = hold;
	return true;
}

void api_import_preview_h(struct api_req *req)
{
	struct res_problem p = {0};
	if (!api_verb(req, "import"))
		return;
	json_t *body = api_req_body(req);
	if (!body || !keep_body(req, body))
		return;
	const char *id = json_string_value(json_object_get(body, "upload_id"));
	if (!id || !zj_uuid_is_valid(id)) {
		api_fault(&p, "upload_id", id ? "format" : "required", id ? json_string("uuid") : NULL);
		return api_reply_problem(req, &p);
	}
	struct zj_pg_query q = {.sql = "select u.id, u.name from zj.upload u where u.tenant_id = zj.zj_tenant() and "
				       "u.account_id = zj.zj_account() and u.state = 'complete' and u.id = $1::uuid",
				.n = 1,
				.values = &id};
	api_db_run(req, &q, 1, look_into, NULL, NULL);
}

/* --- templates --- */

struct template
{
	char name[100];
	bool csv;
};

static void made_template(int err, int status, const char *out, size_t n, void *arg)
{
	struct api_req *req = arg;
	const struct template *t = req->user;
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	if (child_good(req, err, status, out, n)) {
		char text[160];
		snprintf(text, sizeof(text), "attachment; filename=\"%s\"", t->name);
		api_header(req, "content-disposition", text);
		api_reply(req, 200,
			  t->csv ? "text/csv; charset=utf-8"
				 : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			  out, n);
	}
	zj_log_with(before);
	zj_deref(req);
}

/* "zh" unless somebody asks for another: ?lang=, or the browser's first language. */
static bool in_english(struct api_req *req)
{
	char *lang = res_query_get(req->query, "lang");
	bool en = lang ? strncasecmp(lang, "en", 2) == 0 : api_req_header_is(req, "accept-language", "en");
	zj_deref(lang);
	return en;
}

static json_t *columns_of(const struct res_view *v, bool en)
{
	json_t *out = json_array();
	for (size_t i = 0; i < v->n; i++) {
		const struct res_view_field *f = &v->fields[i];
		const json_t *c = f->field->comment;
		if (!is_written(f) || !f->insert ||
		    (v->role == RES_ROLE_TENANT && strcmp(f->field->name, "tenant_id") == 0))
			continue;
		json_t *o = json_pack("{s:s, s:s, s:b, s:s}", "name", f->field->name, "title",
				      text_of(c, en ? "en" : "zh", f->field->name), "required", f->required, "help",
				      text_of(c, en ? "help_en" : "help_zh", ""));
		json_t *choices = choices_of(f);
		if (choices)
			json_object_set_new(o, "enum", choices);
		json_array_append_new(out, o);
	}
	return out;
}

void api_import_template_h(struct api_req *req)
{
	const struct res_view *v = api_verb(req, "import") ? api_view(req) : NULL;
	struct template *t = v ? zj_alloc(sizeof(*t), NULL) : NULL;
	if (!t)
		return;
	char *format = res_query_get(req->query, "format");
	bool en = in_english(req), good = !format || strcmp(format, "csv") == 0 || strcmp(format, "xlsx") == 0;
	req->user = t;
	t->csv = format && strcmp(format, "csv") == 0;
	snprintf(t->name, sizeof(t->name), "%s.%s", req->res->name, t->csv ? "csv" : "xlsx");
	zj_deref(format);
	if (!good)
		return api_fail(req, RES_P_QUERY, "format is csv or xlsx");
	run_worker(req, "template",
		   json_pack("{s:s, s:s, s:s, s:o}", "title", en ? req->res->en : req->res->zh, "language",
			     en ? "en" : "zh", "format", t->csv ? "csv" : "xlsx", "columns", columns_of(v, en)),
		   made_template);
}

/* --- the job --- */

/* What a job takes from the body: X(name, JSON type, choices or NULL) */
#define IMPORT_KEYS(X)                                                                                                 \
	X(upload_id, JSON_STRING, NULL)                                                                                \
	X(mapping, JSON_ARRAY, NULL)                                                                                   \
	X(match, JSON_ARRAY, NULL)                                                                                     \
	X(skip_rows, JSON_INTEGER, NULL)                                                                               \
	X(max_rejects, JSON_INTEGER, NULL)                                                                             \
	X(sheet, JSON_STRING, NULL)                                                                                    \
	X(run_at, JSON_STRING, NULL)                                                                                   \
	X(delimiter, JSON_STRING, NULL)                                                                                \
	X(encoding, JSON_STRING, "utf-8 gb18030 utf-16le utf-16be")                                                    \
	X(format, JSON_STRING, "csv xlsx")                                                                             \
	X(mode, JSON_STRING, "create update upsert")                                                                   \
	X(on_duplicate, JSON_STRING, "skip update reject")                                                             \
	X(empty, JSON_STRING, "keep clear")                                                                            \
	X(lang, JSON_STRING, "zh en")
static const struct api_key import_keys[] = {
#define X(n, t, c) {#n, t, c},
	IMPORT_KEYS(X){NULL, 0, NULL},
#undef X
};

static void check_column(const struct res_view *v, const json_t *m, struct res_problem *p)
{
	const char *name = json_string_value(json_object_get(m, "field"));
	const json_t *column = json_object_get(m, "column");
	const struct res_view_field *f = name ? res_view_find(v, name) : NULL;
	if (!name)
		return; /* a column that is left out */
	if (!json_is_integer(column) || json_integer_value(column) < 0 || json_integer_value(column) > 16383)
		api_fault(p, name, "format", json_string("column is a number from 0"));
	else if (!f)
		api_fault(p, name, "unknown_field", NULL);
	else if (!is_written(f))
		api_fault(p, name, "readonly", NULL);
}

static void check_mapping(const struct res_view *v, const json_t *body, struct res_problem *p)
{
	size_t i, k, mapped = 0;
	json_t *m, *other;
	json_t *mapping = json_object_get(body, "mapping");
	json_array_foreach (mapping, i, m) {
		const char *name = json_string_value(json_object_get(m, "field"));
		check_column(v, m, p);
		mapped += name != NULL;
		json_array_foreach (mapping, k, other)
			if (name && k < i && json_equal(json_object_get(other, "field"), json_object_get(m, "field")))
				api_fault(p, name, "unique", NULL);
	}
	if (mapped == 0)
		api_fault(p, "mapping", "required", NULL);
	if (json_array_size(mapping) > 1000)
		api_fault(p, "mapping", "max_length", json_integer(1000));
	json_array_foreach (json_object_get(body, "match"), i, m) {
		const struct res_view_field *f = json_is_string(m) ? res_view_find(v, json_string_value(m)) : NULL;
		if (!f || !f->shown || f->access == RES_ACCESS_MASKED)
			api_fault(p, "match", "unknown_field", NULL);
	}
}

/* Each verb that the mode may come to do. */
static bool may_do(struct api_req *req, const json_t *body)
{
	const char *mode = json_string_value(json_object_get(body, "mode")),
		   *twice = json_string_value(json_object_get(body, "on_duplicate"));
	bool create = !mode || strcmp(mode, "update") != 0;
	bool update = (mode && (strcmp(mode, "update") == 0 || strcmp(mode, "upsert") == 0)) ||
		      (twice && strcmp(twice, "update") == 0);
	return api_verb(req, "import") && (!create || api_verb(req, "create")) && (!update || api_verb(req, "update"));
}

void api_import_h(struct api_req *req)
{
	struct res_problem p = {0};
	struct api_job job = {.kind = "import", .resource = req->res->name, .event = "import"};
	json_t *body = api_req_body(req);
	const struct res_view *v = body && may_do(req, body) ? api_view(req) : NULL;
	if (!v) {
		json_decref(body);
		return;
	}
	const char *id = json_string_value(json_object_get(body, "upload_id")),
		   *mode = json_string_value(json_object_get(body, "mode"));
	api_keys_check(body, import_keys, &p);
	if (!id)
		api_fault(&p, "upload_id", "required", NULL);
	else if (!zj_uuid_is_valid(id))
		api_fault(&p, "upload_id", "format", json_string("uuid"));
	check_mapping(v, body, &p);
	if (mode && strcmp(mode, "create") != 0 && json_array_size(json_object_get(body, "match")) == 0)
		api_fault(&p, "match", "required", NULL);
	if (res_problem_any(&p)) {
		json_decref(body);
		return api_reply_problem(req, &p);
	}
	snprintf(job.upload, sizeof(job.upload), "%s", id);
	job.run_at = json_string_value(json_object_get(body, "run_at"));
	job.params = json_copy(body);
	json_object_del(job.params, "run_at");
	api_job_start(req, job);
	json_decref(body);
}
