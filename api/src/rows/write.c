#include "rows/write.h"
#include "files/upload.h"
#include "login/password.h"
#include "login/session.h"
#include "rights/views.h"
#include "server/child.h"
#include "zj_log.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void destructor(void *obj)
{
	struct api_write *w = obj;
	if (w->done ? w->replaced != NULL : w->stored != NULL)
		api_upload_forget(w->req->api, w->done ? w->replaced : w->stored);
	zj_deref(w->stored);
	zj_deref(w->replaced);
	res_values_free(&w->values);
	zj_deref(w->etag);
	zj_deref(w->key);
	zj_deref(w->token);
	zj_deref(w->answer);
}

/* "abc" or W/"abc" → abc. An object; NULL: none, or `*`. */
static char *etag_of(struct api_req *req)
{
	char *v = api_req_header(req, "if-match"), *out = NULL;
	const char *s = v ? v : "*";
	if (strncmp(s, "W/", 2) == 0)
		s += 2;
	if (*s == '"') {
		out = zj_strdup(s + 1);
		if (out)
			out[strcspn(out, "\"")] = 0;
	}
	zj_deref(v);
	return out;
}

static void hash_request(struct api_write *w)
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state st;
	h2o_req_t *h = w->req->h2o;
	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, (const unsigned char *)h->path.base, h->path.len);
	crypto_hash_sha256_update(&st, (const unsigned char *)h->entity.base, h->entity.len);
	crypto_hash_sha256_final(&st, raw);
	sodium_bin2hex(w->request_hash, sizeof(w->request_hash), raw, sizeof(raw));
}

struct api_write *api_write_alloc(struct api_req *req, const char *id)
{
	if (id && !zj_uuid_is_valid(id)) {
		api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
		return NULL;
	}
	const struct res_view *view = api_view(req);
	if (!view)
		return NULL;
	struct api_write *w = zj_alloc(sizeof(*w), destructor);
	if (!w) {
		api_fail(req, RES_P_INTERNAL, "out of memory");
		return NULL;
	}
	req->user = w;
	w->req = req;
	w->view = view;
	w->started_us = zj_mono_us();
	w->etag = etag_of(req);
	if (id)
		strcpy(w->id, id);
	w->key = strcmp(req->method, "POST") == 0 ? api_req_header(req, "idempotency-key") : NULL;
	if (w->key && (strlen(w->key) < 1 || strlen(w->key) > 128)) {
		api_fail(req, RES_P_REQUEST, "Idempotency-Key has 1 to 128 characters");
		return NULL;
	}
	if (w->key)
		hash_request(w);
	return w;
}

static void made_hash(int err, bool matches ZJ_UNUSED, const char *hash, void *arg)
{
	struct api_req *req = arg;
	struct api_write *w = req->user;
	struct res_value *v = &w->values.v[w->next];
	if (v->text)
		sodium_memzero(v->text, strlen(v->text));
	zj_deref(v->text);
	v->text = err ? NULL : zj_strdup(hash);
	w->next++;
	if (v->text)
		api_write_go(w);
	else
		api_fail(req, RES_P_INTERNAL, "the password cannot be kept");
	zj_deref(req);
}

/* Faults as ivr-vxml lint prints them: {"errors":[{"line","column","message"| "en","zh"}]} or the array itself. */
static void tell_faults(struct api_req *req, const char *field, const json_t *report)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	const json_t *list = json_is_array(report) ? report : json_object_get(report, "errors");
	size_t i;
	json_t *e;
	json_array_foreach (list, i, e) {
		if (i == 100)
			break;
		const char *en = json_string_value(json_object_get(e, "en")),
			   *zh = json_string_value(json_object_get(e, "zh"));
		const char *message = json_string_value(json_object_get(e, "message"));
		json_t *more = json_object();
		json_object_set(more, "line", json_object_get(e, "line"));
		json_object_set(more, "column", json_object_get(e, "column"));
		en = en ? en : message ? message : "is not right";
		res_problem_add_text(&p, field, "vxml", zh ? zh : en, en, more);
	}
	if (!res_problem_any(&p))
		res_problem_add_text(&p, field, "vxml", "不是有效的 VoiceXML 文档", "is not a VoiceXML document", NULL);
	const json_t *first = json_array_get(p.errors, 0);
	res_problem_set(&p, RES_P_INVALID, "line %lld, column %lld: %s",
			(long long)json_integer_value(json_object_get(first, "line")),
			(long long)json_integer_value(json_object_get(first, "column")),
			json_string_value(json_object_get(first, "en")));
	api_reply_problem(req, &p);
}

static void linted(int err, int status, const char *out, size_t n, void *arg)
{
	struct api_req *req = arg;
	struct api_write *w = req->user;
	const struct res_field *f = w->values.v[w->next].field;
	json_t *report = err ? NULL : json_loadb(out, n, 0, NULL);
	if (!err && status == 0) {
		w->next++;
		api_write_go(w);
	} else if (report) {
		tell_faults(req, f->name, report);
	} else if (err == ETIMEDOUT || err == ENOBUFS || status >= 128) {
		zj_warn("flow", "the check was given up error=%d status=%d", err, status);
		tell_faults(req, f->name, NULL);
	} else {
		zj_error("flow", "ivr-vxml lint does not work error=%d status=%d", err, status);
		api_fail(req, RES_P_AWAY, "the document cannot be checked now");
	}
	json_decref(report);
	zj_deref(req);
}

static int lint(struct api_write *w, const char *text)
{
	static const char *const args[] = {"lint", "--json", "-", NULL};
	struct api *api = w->req->api;
	struct api_child_args a = {.program = api->conf.ivr,
				   .args = args,
				   .input = text,
				   .input_n = strlen(text),
				   .timeout_ms = api->conf.child_timeout_ms,
				   .memory_mb = api->conf.child_memory_mb};
	return api_child_run(api->loop, &a, linted, w->req);
}

static void written(struct api_req *req, PGresult *const *results, int n, void *arg);

/* The same key came before: the first answer again, if the request was the same. */
static void replayed(struct api_req *req, PGresult *const *results, int n, void *arg ZJ_UNUSED)
{
	struct api_write *w = req->user;
	const PGresult *r = results[n - 1];
	if (PQntuples(r) == 0 || PQgetisnull(r, 0, 1)) {
		api_fail(req, RES_P_AWAY, "the first request with this Idempotency-Key is not finished");
	} else if (strcmp(PQgetvalue(r, 0, 0), w->request_hash) != 0) {
		struct res_problem p = {.kind = RES_P_INVALID};
		res_problem_add_text(&p, "Idempotency-Key", "reused", "此键已用于另一个请求",
				     "was used for another request", NULL);
		api_reply_problem(req, &p);
	} else {
		api_header(req, "location", PQgetvalue(r, 0, 2));
		api_header(req, "idempotent-replay", "true");
		api_reply_text(req, atoi(PQgetvalue(r, 0, 1)), PQgetvalue(r, 0, 3));
	}
}

static bool key_seen(struct api_req *req, int failed, const struct res_pg_error *e, void *arg ZJ_UNUSED)
{
	struct api_write *w = req->user;
	if (!w->key || failed != 0 || !e->constraint || strcmp(e->constraint, "idempotency_key") != 0)
		return false;
	const char *values[] = {w->key};
	struct zj_pg_query q = {.sql = "select request_hash, status::text, location, body from zj.idempotency where "
				       "tenant_id = zj.zj_tenant() and "
				       "account_id = zj.zj_account() and key = $1",
				.n = 1,
				.values = values};
	api_db_run(req, &q, 1, replayed, NULL, NULL);
	return true;
}

static const char keep_key_sql[] = "insert into zj.idempotency (tenant_id, account_id, key, request_hash) "
				   "values (zj.zj_tenant(), zj.zj_account(), $1, $2)";

static void run(struct api_write *w)
{
	struct api_req *req = w->req;
	struct zj_pg_query q[2];
	struct res_sql s = {0}, look = {0};
	int n = 0;
	const char *key[] = {w->key, w->request_hash};
	if (w->key) {
		q[0] = (struct zj_pg_query){.sql = keep_key_sql, .n = 2, .values = key};
		n = 1;
	}
	if (w->id[0])
		res_sql_update(&s, w->view, &w->values, w->id, w->etag);
	else
		res_sql_insert(&s, w->view, &w->values, w->key);
	q[n++] = res_sql_query(&s);
	if (w->id[0]) { /* tells "gone" from "changed" */
		res_sql_column(&look, w->view, w->id, "id");
		q[n++] = res_sql_query(&look);
	}
	if (res_sql_failed(&s) || res_sql_failed(&look))
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, q, n, written, key_seen, NULL);
	res_sql_free(&s);
	res_sql_free(&look);
}

/* What of the values only the database knows: faults come before the row is written. */
static void checked(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct api_write *w = req->user;
	struct res_problem p = {.kind = RES_P_INVALID};
	for (int i = 0; i < PQntuples(results[0]); i++)
		res_problem_add(&p, PQgetvalue(results[0], i, 0), PQgetvalue(results[0], i, 1), NULL);
	if (res_problem_any(&p))
		api_reply_problem(req, &p);
	else
		run(w);
}

static void check(struct api_write *w)
{
	struct res_sql s = {0};
	struct zj_pg_query q;
	if (!res_sql_checks(&s, &w->values)) {
		run(w);
		return;
	}
	q = res_sql_query(&s);
	if (res_sql_failed(&s))
		api_fail(w->req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(w->req, &q, 1, checked, NULL, NULL);
	res_sql_free(&s);
}

static void quote_etag(struct api_req *req, const char *etag)
{
	char text[80];
	snprintf(text, sizeof(text), "\"%s\"", etag);
	api_header(req, "etag", text);
}

static void reply_row(struct api_write *w, int status, const char *row)
{
	struct res_buf b = {0};
	if (!w->token) {
		api_reply_text(w->req, status, row);
		return;
	}
	res_buf_addn(&b, row, strlen(row) - 1);
	res_buf_printf(&b, ",\"token\":\"%s\"}", w->token);
	api_reply_text(w->req, status, b.failed ? NULL : b.p);
	res_buf_free(&b);
}

/* Who asks next finds what was written: accounts, roles and the like are in memory here. */
static void known(void *arg)
{
	struct api_req *req = arg;
	struct api_write *w = req->user;
	reply_row(w, w->id[0] ? 200 : 201, w->answer);
	zj_deref(req);
}

static void written(struct api_req *req, PGresult *const *results, int n, void *arg ZJ_UNUSED)
{
	struct api_write *w = req->user;
	const PGresult *r = results[w->key ? 1 : 0];
	if (PQntuples(r) == 0) {
		if (w->id[0] && PQntuples(results[n - 1]) > 0)
			api_fail(req, w->etag ? RES_P_CHANGED : RES_P_BEYOND,
				 w->etag ? "If-Match does not match any more" : "you may see this row, not change it");
		else
			api_fail(req, RES_P_NOT_FOUND, "there is no such row");
		return;
	}
	w->done = true;
	quote_etag(req, PQgetvalue(r, 0, 1));
	const char *id = w->id[0] ? w->id : PQgetvalue(r, 0, 2);
	if (!w->id[0]) {
		char location[160];
		snprintf(location, sizeof(location), "/api/v1/%s/%s", req->res->name, id);
		api_header(req, "location", location);
	}
	api_audit(req, w->id[0] ? "change" : "create", id);
	w->answer = zj_strdup(PQgetvalue(r, 0, 0));
	if (w->answer)
		api_directory_wait(req->api->directory, req->res->table, id, w->started_us, false, known, zj_ref(req));
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
}

/* A field that the system fills: the token's hash. */
static void add_token(struct api_write *w)
{
	const struct res_def *r = w->req->res;
	char token[API_TOKEN_SIZE], hash[65];
	if (w->id[0] || w->token)
		return;
	for (size_t i = 0; i < r->n_fields; i++) {
		const struct res_field *f = &r->fields[i];
		if (!f->transform || strcmp(f->transform, "token") != 0 || w->values.n == RES_VALUES_MAX)
			continue;
		const struct res_value *t = res_values_find(&w->values, "tenant_id");
		api_token_make("zjt", t && t->text ? t->text : w->req->who.tenant, token, hash);
		w->token = zj_strdup(token);
		w->values.v[w->values.n++] = (struct res_value){.field = f, .text = zj_strdup(hash)};
	}
}

void api_write_go(struct api_write *w)
{
	struct api_req *req = w->req;
	int err = 0;
	for (; w->next < w->values.n; w->next++) {
		struct res_value *v = &w->values.v[w->next];
		bool hash = v->field->transform && strcmp(v->field->transform, "argon2id") == 0,
		     vxml = v->field->check && strcmp(v->field->check, "vxml") == 0;
		if (!v->text || (!hash && !vxml))
			continue;
		zj_ref(req);
		err = hash ? api_password_hash(req->api->loop, v->text, made_hash, req) : lint(w, v->text);
		if (!err)
			return;
		zj_deref(req);
		api_fail(req, RES_P_AWAY, "too much is being worked on; try again");
		return;
	}
	add_token(w);
	check(w);
}
