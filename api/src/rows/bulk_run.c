#include "rows/bulk.h"
#include "server/once.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Copies what stands between quotes; returns the end of it. */
static const char *copy_quoted(struct res_buf *out, const char *s)
{
	const char *end = strchr(s + 1, *s);
	size_t n = end ? (size_t)(end - s) + 1 : strlen(s);
	res_buf_addn(out, s, n);
	return s + n;
}

char *api_bulk_statement(const struct res_sql *s, const char *id, json_t **values)
{
	struct res_buf out = {0};
	json_t *v = json_array();
	for (const char *p = s->text.p ? s->text.p : ""; *p;) {
		if (*p == '\'' || *p == '"') {
			p = copy_quoted(&out, p);
		} else if (*p == '$' && isdigit((unsigned char)p[1])) {
			char *end;
			long k = strtol(p + 1, &end, 10);
			bool is_id = k >= 1 && k <= s->n && s->values[k - 1] && strcmp(s->values[k - 1], id) == 0;
			if (is_id)
				res_buf_add(&out, "$1");
			else
				res_buf_printf(&out, "($2)[%ld]", k);
			p = end;
		} else {
			res_buf_addn(&out, p++, 1);
		}
	}
	for (int i = 0; i < s->n; i++)
		json_array_append_new(v, s->values[i] ? json_string(s->values[i]) : json_null());
	if (out.failed || !out.p || !v) {
		res_buf_free(&out);
		json_decref(v);
		return NULL;
	}
	*values = v;
	return out.p;
}

/* The statement for one row, $1 its id. malloc'd; NULL: no memory. */
static char *one_row(const struct bulk *b, json_t **values)
{
	char id[ZJ_UUID_SIZE], *out = NULL;
	struct res_sql s = {0};
	zj_uuid7(id);
	switch (b->action) {
	case BULK_update:
		res_sql_update(&s, b->view, &b->write->values, id, NULL);
		break;
	case BULK_delete:
		res_sql_delete(&s, b->view, id, NULL);
		break;
	case BULK_restore:
		if (b->rows)
			res_buf_add(&s.text, "select zj.zj_restore($1)");
		else
			res_buf_printf(
				&s.text,
				"update zj.\"%s\" set deleted_at = null where id = $1 and deleted_at is not null",
				b->req->res->table);
		s.values[s.n++] = zj_strdup(id);
		break;
	case BULK_purge:
		res_buf_add(&s.text, "select from (select zj.zj_purge(array[$1]) as n) x where n > 0");
		s.values[s.n++] = zj_strdup(id);
		break;
	case BULK_ACTION_COUNT:
		break;
	}
	if (!res_sql_failed(&s))
		out = api_bulk_statement(&s, id, values);
	res_sql_free(&s);
	return out;
}

static json_t *problem_of(const struct bulk *b, const json_t *f)
{
	struct res_problem p = {0};
	const char *state = json_string_value(json_object_get(f, "sqlstate"));
	struct res_pg_error e = {.sqlstate = state,
				 .message = json_string_value(json_object_get(f, "message")),
				 .detail = json_string_value(json_object_get(f, "detail")),
				 .hint = json_string_value(json_object_get(f, "hint")),
				 .constraint = json_string_value(json_object_get(f, "constraint")),
				 .column = json_string_value(json_object_get(f, "column")),
				 .table = json_string_value(json_object_get(f, "table"))};
	if (state)
		res_problem_pg(&p, b->req->res, b->view, &e, b->action == BULK_delete);
	else
		res_problem_set(&p, RES_P_NOT_FOUND, "there is no such row");
	char *text = res_problem_text(&p, b->req->id);
	json_t *o = text ? json_loads(text, 0, NULL) : NULL;
	free(text);
	res_problem_clear(&p);
	return o;
}

static json_t *failure(const struct bulk *b, const char *id, const json_t *f)
{
	return json_pack("{s:s, s:o}", "id", id, "problem", problem_of(b, f));
}

/* Rows that were named but do not lie in the bin. */
static void add_missing(const struct bulk *b, const json_t *rows, json_t *failed)
{
	size_t i;
	json_t *id, *row;
	const char *key;
	json_array_foreach (json_object_get(b->body, "ids"), i, id) {
		bool there = false;
		json_object_foreach ((json_t *)rows, key, row)
			there = there || json_equal(row, id);
		if (!there)
			json_array_append_new(failed, failure(b, json_string_value(id), NULL));
	}
}

/* {"changed","failed":[{id, sqlstate …}],"matched","rows"} of zj_each as the answer. What came back with its parent a
 * moment before did not fail. */
static json_t *answer(const struct bulk *b, const json_t *did)
{
	json_t *failed = json_array(), *f;
	size_t i;
	json_array_foreach (json_object_get(did, "failed"), i, f) {
		const char *id = json_string_value(json_object_get(f, "id")),
			   *state = json_string_value(json_object_get(f, "sqlstate"));
		const json_t *row = json_object_get(json_object_get(did, "rows"), id);
		if (b->action == BULK_restore && state && strcmp(state, "P0002") == 0)
			continue;
		json_array_append_new(failed, failure(b, row ? json_string_value(row) : id, f));
	}
	if (json_is_object(json_object_get(did, "rows")))
		add_missing(b, json_object_get(did, "rows"), failed);
	return json_pack("{s:O, s:O, s:o}", "matched", json_object_get(did, "matched"), "changed",
			 json_object_get(did, "changed"), "failed", failed);
}

struct known {
	struct api_req *req;
	json_t *answer;
};

static void reply(void *arg)
{
	struct known *k = arg;
	api_reply_json(k->req, 200, k->answer);
	zj_deref(k->req);
	free(k);
}

/* The last row that was changed: when the directory has heard of it, it has heard of all. */
static const char *last_changed(const struct bulk *b, const json_t *did)
{
	const json_t *failed = json_object_get(did, "failed");
	for (size_t i = json_array_size(b->ids); i-- > 0;) {
		const char *id = json_string_value(json_array_get(b->ids, i));
		bool bad = false;
		for (size_t k = 0; k < json_array_size(failed) && !bad; k++)
			bad = strcmp(id, json_string_value(json_object_get(json_array_get(failed, k), "id"))) == 0;
		if (!bad)
			return b->rows ? json_string_value(json_object_get(b->rows, id)) : id;
	}
	return NULL;
}

static void done(struct api_req *req, const char *body, const char *location ZJ_UNUSED, bool replayed)
{
	const struct bulk *b = req->user;
	json_t *did = body ? json_loads(body, 0, NULL) : NULL;
	struct known *k = malloc(sizeof(*k));
	if (!json_object_get(did, "failed") || !k) {
		json_decref(did);
		free(k);
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	}
	const char *last = replayed ? NULL : last_changed(b, did);
	*k = (struct known){zj_ref(req), answer(b, did)};
	if (!replayed)
		api_audit(req, "bulk", last);
	if (last)
		api_directory_wait(req->api->directory, req->res->table, last, b->started_us,
				   b->action == BULK_delete && !req->res->mark, reply, k);
	else
		reply(k);
	json_decref(did);
}

void api_bulk_run(struct bulk *b)
{
	struct res_sql s = {0};
	json_t *values = NULL;
	char *statement = one_row(b, &values), *ids = res_array_text(b->ids);
	char *texts = values ? json_dumps(values, JSON_COMPACT) : NULL,
	     *rows = b->rows ? json_dumps(b->rows, JSON_COMPACT) : NULL;
	char matched[16];
	snprintf(matched, sizeof(matched), "%zu", json_array_size(b->ids));
	res_buf_add(&s.text, "select (zj.zj_each(");
	res_sql_param(&s, statement, "text");
	res_buf_add(&s.text, ", ");
	res_sql_param(&s, ids, "uuid[]");
	res_buf_add(&s.text, ", ");
	res_sql_param(&s, texts, "jsonb");
	res_buf_add(&s.text, ") || jsonb_build_object('matched', ");
	res_sql_param(&s, matched, "int");
	res_buf_add(&s.text, ", 'rows', ");
	res_sql_param(&s, rows, "jsonb");
	res_buf_add(&s.text, "))::text as j, null::text as loc");
	if (statement && ids && texts)
		api_once_run(b->req, b->once, NULL, 0, &s, 200, done, NULL);
	else
		api_fail(b->req, RES_P_INTERNAL, "out of memory");
	res_sql_free(&s);
	json_decref(values);
	zj_deref(ids);
	free(statement);
	free(texts);
	free(rows);
}
