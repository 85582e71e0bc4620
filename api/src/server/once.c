#include "server/once.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct api_once {
	char *key; /* an object; NULL: none was sent */
	char hash[65];
	int status;
	api_once_h *h;
	api_db_error_h *on_error;
};

static void destructor(void *obj)
{
	zj_deref(((struct api_once *)obj)->key);
}

static void hash_request(const struct api_req *req, char out[65])
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state st;
	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, (const unsigned char *)req->h2o->path.base, req->h2o->path.len);
	crypto_hash_sha256_update(&st, (const unsigned char *)req->h2o->entity.base, req->h2o->entity.len);
	crypto_hash_sha256_final(&st, raw);
	sodium_bin2hex(out, 65, raw, sizeof(raw));
}

struct api_once *api_once_alloc(struct api_req *req)
{
	struct api_once *o = zj_alloc(sizeof(*o), destructor);
	if (!o) {
		api_fail(req, RES_P_INTERNAL, "out of memory");
		return NULL;
	}
	o->key = api_req_header(req, "idempotency-key");
	if (o->key && (!*o->key || strlen(o->key) > 128)) {
		api_fail(req, RES_P_REQUEST, "Idempotency-Key has 1 to 128 characters");
		return zj_deref(o);
	}
	if (o->key)
		hash_request(req, o->hash);
	return o;
}

const char *api_once_key(const struct api_once *o)
{
	return o->key;
}

static void replayed(struct api_req *req, PGresult *const *results, int n, void *arg)
{
	struct api_once *o = arg;
	const PGresult *r = results[n - 1];
	if (PQntuples(r) == 0 || PQgetisnull(r, 0, 1)) {
		api_fail(req, RES_P_AWAY, "the first request with this Idempotency-Key is not finished");
	} else if (strcmp(PQgetvalue(r, 0, 0), o->hash) != 0) {
		struct res_problem p = {.kind = RES_P_INVALID};
		res_problem_add_text(&p, "Idempotency-Key", "reused", "此键已用于另一个请求",
				     "was used for another request", NULL);
		api_reply_problem(req, &p);
	} else {
		api_header(req, "idempotent-replay", "true");
		o->h(req, PQgetvalue(r, 0, 3), PQgetisnull(r, 0, 2) ? NULL : PQgetvalue(r, 0, 2), true);
	}
}

static bool refused(struct api_req *req, int failed, const struct res_pg_error *e, void *arg)
{
	struct api_once *o = arg;
	bool keyed = o->key != NULL;
	if (!keyed || failed != 0 || !e->constraint || strcmp(e->constraint, "idempotency_key") != 0)
		return o->on_error && o->on_error(req, failed - keyed, e, NULL);
	const char *values[] = {o->key};
	struct zj_pg_query q = {.sql = "select request_hash, status::text, location, body from zj.idempotency where "
				       "tenant_id = zj.zj_tenant() and account_id = zj.zj_account() and key = $1",
				.n = 1,
				.values = values};
	api_db_run(req, &q, 1, replayed, NULL, o);
	return true;
}

static void answered(struct api_req *req, PGresult *const *results, int n, void *arg)
{
	struct api_once *o = arg;
	const PGresult *r = results[n - 1];
	bool any = PQntuples(r) > 0;
	o->h(req, any ? PQgetvalue(r, 0, 0) : NULL, any && !PQgetisnull(r, 0, 1) ? PQgetvalue(r, 0, 1) : NULL, false);
}

/* The statement with what keeps its answer under the key, or frees the key when there is none. */
static void keep(struct res_sql *s, const struct api_once *o, const struct res_sql *main)
{
	char status[12];
	for (int i = 0; i < main->n; i++)
		s->values[s->n++] = main->values[i] ? zj_strdup(main->values[i]) : NULL;
	res_buf_add(&s->text, "with n as (");
	res_buf_add(&s->text, main->text.p);
	res_buf_add(&s->text, "), k as (update zj.idempotency i set status = ");
	snprintf(status, sizeof(status), "%d", o->status);
	res_sql_param(s, status, "int");
	res_buf_add(&s->text, ", location = n.loc, body = n.j from n where i.tenant_id = zj.zj_tenant() and "
			      "i.account_id = zj.zj_account() and i.key = ");
	res_sql_param(s, o->key, "text");
	res_buf_add(&s->text, "), d as (delete from zj.idempotency i where not exists (select from n) and "
			      "i.tenant_id = zj.zj_tenant() and i.account_id = zj.zj_account() and i.key = ");
	res_sql_param(s, o->key, "text");
	res_buf_add(&s->text, ") select j, loc from n");
}

void api_once_run(struct api_req *req, struct api_once *o, const struct zj_pg_query *before, int n,
		  const struct res_sql *main, int status, api_once_h *h, api_db_error_h *on_error)
{
	struct zj_pg_query q[API_ONCE_BEFORE + 2];
	struct res_sql kept = {0};
	const char *key[] = {o->key, o->hash};
	int k = 0;
	o->status = status;
	o->h = h;
	o->on_error = on_error;
	if (o->key) {
		q[k++] = (struct zj_pg_query){
			.sql = "insert into zj.idempotency (tenant_id, account_id, key, request_hash) "
			       "values (zj.zj_tenant(), zj.zj_account(), $1, $2)",
			.n = 2,
			.values = key};
		keep(&kept, o, main);
	}
	for (int i = 0; i < n && i < API_ONCE_BEFORE; i++)
		q[k++] = before[i];
	q[k++] = res_sql_query(o->key ? &kept : main);
	if (res_sql_failed(main) || res_sql_failed(&kept))
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, q, k, answered, refused, o);
	res_sql_free(&kept);
}
