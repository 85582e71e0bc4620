/* The five verbs of a resource, and fields that are documents of their own. */
#include "rights/guess.h"
#include "rights/views.h"
#include "rows/audit.h"
#include "rows/manage.h"
#include "rows/write.h"
#include <stdlib.h>
#include <string.h>

struct list {
	struct res_query q;
	const struct res_view *view;
};

static void list_destructor(void *obj)
{
	res_query_free(&((struct list *)obj)->q);
}

static void listed(struct api_req *req, PGresult *const *results, int n, void *arg ZJ_UNUSED)
{
	struct list *l = req->user;
	const PGresult *r = results[0];
	int rows = PQntuples(r);
	bool more = rows > l->q.limit;
	struct res_buf b = {0};
	if (more)
		rows = l->q.limit;
	res_buf_add(&b, "{\"items\":[");
	for (int i = 0; i < rows; i++) {
		res_buf_add(&b, i ? "," : "");
		if (api_audit_is(req))
			api_audit_add(req, &b, PQgetvalue(r, i, 0));
		else
			res_buf_addn(&b, PQgetvalue(r, i, 0), (size_t)PQgetlength(r, i, 0));
	}
	char *cursor = more ? res_query_cursor(&l->q, PQgetvalue(r, rows - 1, 1)) : NULL;
	res_buf_add(&b, "],\"next\":");
	res_buf_json(&b, cursor);
	if (n > 1)
		res_buf_printf(&b, ",\"total\":%s", PQgetvalue(results[1], 0, 0));
	res_buf_add(&b, "}");
	api_reply_text(req, 200, b.failed ? NULL : b.p);
	free(cursor);
	res_buf_free(&b);
}

void api_list_h(struct api_req *req)
{
	struct res_problem p = {0};
	const struct res_view *v = api_verb(req, "read") ? api_view(req) : NULL;
	struct list *l = v ? zj_alloc(sizeof(*l), list_destructor) : NULL;
	if (!v)
		return;
	if (!l)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	req->user = l;
	if (!res_query_read(&l->q, v, req->query, NULL, &p)) {
		api_reply_problem(req, &p);
		return;
	}
	if ((l->q.masked && !api_guess_allowed(req)) || (api_audit_is(req) && !api_audit_query_allowed(req, &l->q)))
		return;
	struct res_sql s = {0}, count = {0};
	struct zj_pg_query q[2];
	res_sql_list(&s, v, &l->q);
	q[0] = res_sql_query(&s);
	if (l->q.count)
		res_sql_count(&count, v, &l->q);
	q[1] = res_sql_query(&count);
	/* Whether the rows of a filter are many or few, only its values tell. */
	q[0].by_values = q[1].by_values = l->q.search || l->q.n_filters;
	if (res_sql_failed(&s) || res_sql_failed(&count))
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, q, l->q.count ? 2 : 1, listed, NULL, NULL);
	res_sql_free(&s);
	res_sql_free(&count);
}

/* The row as the database wrote it; labels go in before its last brace. */
static void reply_row(struct api_req *req, const PGresult *r)
{
	struct res_buf b = {0};
	if (PQnfields(r) < 3 && !api_audit_is(req)) {
		api_reply(req, 200, "application/json", PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0));
		return;
	}
	if (api_audit_is(req))
		api_audit_add(req, &b, PQgetvalue(r, 0, 0));
	else
		res_buf_addn(&b, PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0));
	if (PQnfields(r) > 2 && b.n > 0) {
		b.n--;
		res_buf_printf(&b, ",\"expand\":%s}", PQgetvalue(r, 0, 2));
	}
	api_reply_text(req, 200, b.failed ? NULL : b.p);
	res_buf_free(&b);
}

static void read_one(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	char etag[80];
	if (PQntuples(results[0]) == 0) {
		api_fail(req, RES_P_NOT_FOUND, "there is no such row");
		return;
	}
	if (api_audit_is(req)) /* no ETag: it would tell of what is masked */
		return reply_row(req, results[0]);
	stpcpy(stpcpy(stpcpy(etag, "\""), PQgetvalue(results[0], 0, 1)), "\""); /* 32 digits */
	api_header(req, "etag", etag);
	char *known = api_req_header(req, "if-none-match");
	if (known && strcmp(known, etag) == 0)
		api_reply_empty(req, 304);
	else
		reply_row(req, results[0]);
	zj_deref(known);
}

/* The keyed read that most requests are: its SQL is the view's, nothing is made. */
static void read_plainly(struct api_req *req, const struct res_view *v)
{
	const char *values[] = {req->arg[1]};
	struct zj_pg_query q = {.sql = v->sql_one, .n = 1, .values = values};
	api_db_read(req, &q, read_one);
}

static void read_expanded(struct api_req *req, const struct res_view *v)
{
	struct res_problem p = {0};
	struct res_query query = {0};
	struct res_sql s = {0};
	char *expand = res_query_get(req->query, "expand");
	if (expand && !res_query_expand(&query, v, expand, &p)) {
		api_reply_problem(req, &p);
		zj_deref(expand);
		return;
	}
	zj_deref(expand);
	res_sql_one(&s, v, req->arg[1], &query);
	struct zj_pg_query q = res_sql_query(&s);
	if (res_sql_failed(&s))
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, &q, 1, read_one, NULL, NULL);
	res_sql_free(&s);
}

void api_one_h(struct api_req *req)
{
	if (!api_verb(req, "read") || !api_id_is_good(req, req->arg[1]))
		return;
	const struct res_view *v = api_view(req);
	if (!v)
		return;
	if (*req->query)
		read_expanded(req, v);
	else
		read_plainly(req, v);
}

static void write_body(struct api_req *req, const char *id)
{
	struct res_problem p = {0};
	json_t *body = api_req_body(req);
	struct api_write *w = body ? api_write_alloc(req, id) : NULL;
	if (w && !res_values_read(&w->values, w->view, !id, body, &p))
		api_reply_problem(req, &p);
	else if (w && api_write_allowed(w))
		api_write_go(w);
	json_decref(body);
}

void api_create_h(struct api_req *req)
{
	if (json_object_get(req->res->comment, "upload"))
		api_fail(req, RES_P_MEDIA, "%s are uploaded", req->res->name);
	else if (api_verb(req, "create"))
		write_body(req, NULL);
}

void api_change_h(struct api_req *req)
{
	if (api_verb(req, "update"))
		write_body(req, req->arg[1]);
}

static void known_gone(void *arg)
{
	struct api_req *req = arg;
	api_reply_empty(req, 204);
	zj_deref(req);
}

static void deleted(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct api_write *w = req->user;
	if (PQntuples(results[0]) > 0) {
		w->done = true;
		if (!req->res->recyclable && PQnfields(results[0]) > 1 && !PQgetisnull(results[0], 0, 1))
			w->replaced = zj_strdup(PQgetvalue(results[0], 0, 1)); /* the row's file goes with it */
		api_audit(req, "delete", w->id);
		api_directory_wait(req->api->directory, req->res->table, w->id, w->started_us, !req->res->mark,
				   known_gone, zj_ref(req));
	} else if (PQntuples(results[1]) > 0) {
		api_fail(req, w->etag ? RES_P_CHANGED : RES_P_BEYOND,
			 w->etag ? "If-Match does not match any more" : "you may see this row, not change it");
	} else {
		api_fail(req, RES_P_NOT_FOUND, "there is no such row");
	}
}

void api_delete_h(struct api_req *req)
{
	struct api_write *w = api_verb(req, "delete") ? api_write_alloc(req, req->arg[1]) : NULL;
	if (!w || !api_write_allowed(w))
		return;
	struct res_sql s = {0}, look = {0};
	res_sql_delete(&s, w->view, w->id, w->etag);
	res_sql_column(&look, w->view, w->id, "id");
	struct zj_pg_query q[2] = {res_sql_query(&s), res_sql_query(&look)};
	if (res_sql_failed(&s) || res_sql_failed(&look))
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, q, 2, deleted, NULL, NULL);
	res_sql_free(&s);
	res_sql_free(&look);
}

/* A field with a media type of its own (a flow's document) can be read and written as that document. */
static const struct res_field *document_field(struct api_req *req, const struct res_view *v)
{
	const struct res_view_field *f = v ? res_view_shown(v, req->arg[2]) : NULL;
	if (f && !f->mask && json_object_get(f->field->comment, "media"))
		return f->field;
	if (v)
		api_fail(req, RES_P_NOT_FOUND, "there is nothing at this path");
	return NULL;
}

static void column_read(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	const PGresult *r = results[0];
	if (PQntuples(r) == 0)
		api_fail(req, RES_P_NOT_FOUND, "there is no such row");
	else
		api_reply(req, 200, arg, PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0));
}

void api_column_get_h(struct api_req *req)
{
	const struct res_view *v = api_view(req);
	const struct res_field *f = document_field(req, v);
	if (!f || !api_verb(req, "read") || !api_id_is_good(req, req->arg[1]))
		return;
	struct res_sql s = {0};
	res_sql_column(&s, v, req->arg[1], f->name);
	struct zj_pg_query q = res_sql_query(&s);
	if (res_sql_failed(&s))
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, &q, 1, column_read, NULL,
			   (void *)json_string_value(json_object_get(f->comment, "media")));
	res_sql_free(&s);
}

void api_column_put_h(struct api_req *req)
{
	struct res_problem p = {0};
	const struct res_field *f = document_field(req, api_view(req));
	if (!f || !api_verb(req, "update"))
		return;
	const char *media = json_string_value(json_object_get(f->comment, "media"));
	if (!api_req_header_is(req, "content-type", media) &&
	    !api_req_header_is(req, "content-type", "application/xml") &&
	    !api_req_header_is(req, "content-type", "text/xml")) {
		api_fail(req, RES_P_MEDIA, "%s is expected", media);
		return;
	}
	struct api_write *w = api_write_alloc(req, req->arg[1]);
	if (!w)
		return;
	json_t *text = json_stringn(req->h2o->entity.base ? req->h2o->entity.base : "", req->h2o->entity.len);
	if (!text || strlen(json_string_value(text)) != req->h2o->entity.len) {
		json_decref(text);
		res_problem_set(&p, RES_P_REQUEST, "the document must be UTF-8 without zero bytes");
		api_reply_problem(req, &p);
		return;
	}
	json_t *body = json_pack("{s:o}", f->name, text);
	if (!res_values_read(&w->values, w->view, false, body, &p))
		api_reply_problem(req, &p);
	else if (api_write_allowed(w))
		api_write_go(w);
	json_decref(body);
}
