/* A new row like another: what the caller may read of it and write in a new one, with what the body says otherwise.
 * Secrets, masked values, files and unique custom values are not copied. */
#include "rights/views.h"
#include "rows/manage.h"
#include "rows/write.h"
#include <string.h>

static bool is_copied(const struct res_view_field *f)
{
	if (!f->shown || !f->insert || f->mask || f->field->transform || strcmp(f->field->name, "custom") == 0)
		return false;
	if (f->custom)
		return !f->custom->unique && f->custom->type != RES_CUSTOM_ATTACHMENT;
	return strcmp(f->field->name, "id") != 0 && !json_object_get(f->field->comment, "file");
}

static json_t *value_of(const json_t *row, const struct res_view_field *f)
{
	return f->custom ? json_object_get(json_object_get(row, "custom"), f->custom->key)
			 : json_object_get(row, f->field->name);
}

/* The body of the new row: copied values, then the given ones over them. */
static json_t *body_of(const struct res_view *v, const json_t *row, const json_t *given)
{
	json_t *out = json_object(), *custom = json_object(), *over;
	const char *key;
	for (size_t i = 0; i < v->n; i++) {
		const struct res_view_field *f = &v->fields[i];
		json_t *value = is_copied(f) ? value_of(row, f) : NULL;
		if (value && !json_is_null(value))
			json_object_set(f->custom ? custom : out, f->custom ? f->custom->key : f->field->name, value);
	}
	json_object_update(custom, json_object_get(given, "custom"));
	json_object_foreach ((json_t *)given, key, over)
		if (strcmp(key, "custom") != 0 || !json_is_object(over))
			json_object_set(out, key, over);
	if (json_object_size(custom) > 0 && !json_object_get(out, "custom"))
		json_object_set(out, "custom", custom);
	json_decref(custom);
	return out;
}

static void copy(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct res_problem p = {0};
	struct api_write *w = req->user;
	json_t *given = PQntuples(results[0]) ? api_req_body(req) : NULL;
	if (PQntuples(results[0]) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such row");
	json_t *row = given ? json_loads(PQgetvalue(results[0], 0, 0), 0, NULL) : NULL;
	json_t *body = row ? body_of(w->view, row, given) : NULL;
	if (body && !res_values_read(&w->values, w->view, true, body, &p))
		api_reply_problem(req, &p);
	else if (body && api_write_allowed(w))
		api_write_go(w);
	json_decref(body);
	json_decref(row);
	json_decref(given);
}

void api_duplicate_h(struct api_req *req)
{
	if (!api_verb(req, "read") || !api_verb(req, "create") || !api_id_is_good(req, req->arg[1]))
		return;
	if (json_object_get(req->res->comment, "upload"))
		return api_fail(req, RES_P_METHOD, "%s are uploaded", req->res->name);
	const struct api_write *w = api_write_alloc(req, NULL);
	const char *id = req->arg[1];
	if (!w)
		return;
	struct zj_pg_query q = {.sql = w->view->sql_one, .n = 1, .values = &id};
	api_db_run(req, &q, 1, copy, NULL, NULL);
}
