/* What an account's console remembers: small JSON values by key, its own only. */
#include "rows/manage.h"
#include <stdlib.h>
#include <string.h>

#define PREFERENCES_MAX "500"
#define OWN             " tenant_id = zj.zj_tenant() and account_id = zj.zj_account() "

static bool key_is_good(struct api_req *req)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";
	const char *key = req->arg[0];
	if (strlen(key) <= 128 && strspn(key, good) == strlen(key))
		return true;
	api_fail(req, RES_P_NOT_FOUND, "a key is 1 to 128 of A-Z a-z 0-9 . _ : -");
	return false;
}

/* The carrier's people keep theirs at home, whichever tenant they are in. */
static void go_home(struct api_req *req)
{
	if (strcmp(req->who.tenant, req->who.home) == 0)
		return;
	strcpy(req->who.tenant, req->who.home);
	req->who.role = RES_ROLE_CARRIER;
}

static void listed(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

void api_preferences_h(struct api_req *req)
{
	struct zj_pg_query q = {.sql = "select coalesce(json_object_agg(key, value order by key), '{}')::text from "
				       "zj.preference where" OWN};
	go_home(req);
	api_db_run(req, &q, 1, listed, NULL, NULL);
}

static void got(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	if (PQntuples(results[0]) == 0)
		api_fail(req, RES_P_NOT_FOUND, "nothing is kept under this key");
	else
		api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

static void run(struct api_req *req, const char *sql, const char *value, api_db_h *h)
{
	const char *values[] = {req->arg[0], value};
	struct zj_pg_query q = {.sql = sql, .n = value ? 2 : 1, .values = values};
	go_home(req);
	api_db_run(req, &q, 1, h, NULL, NULL);
}

void api_preference_get_h(struct api_req *req)
{
	if (key_is_good(req))
		run(req, "select value::text from zj.preference where" OWN "and key = $1", NULL, got);
}

static void put(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	if (PQntuples(results[0]) == 0)
		api_fail(req, RES_P_REFUSED, "an account keeps at most " PREFERENCES_MAX " values");
	else
		api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

/* Any JSON value, not only an object. */
void api_preference_put_h(struct api_req *req)
{
	json_error_t e;
	struct res_problem p = {0};
	h2o_iovec_t body = req->h2o->entity;
	if (!key_is_good(req))
		return;
	if (body.len > 65536)
		return api_fail(req, RES_P_TOO_LARGE, "a value has at most 65536 bytes");
	json_t *v = body.len ? json_loadb(body.base, body.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e) : NULL;
	char *text = v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (text) {
		run(req,
		    "insert into zj.preference as p (tenant_id, account_id, key, value) select zj.zj_tenant(), "
		    "zj.zj_account(), $1, $2::jsonb where (select count(*) from zj.preference where" OWN
		    "and key <> $1) < " PREFERENCES_MAX
		    " on conflict (tenant_id, account_id, key) do update set value = excluded.value returning "
		    "p.value::text",
		    text, put);
	} else {
		res_problem_set(&p, RES_P_JSON, "the body must be a JSON value");
		api_reply_problem(req, &p);
	}
	free(text);
	json_decref(v);
}

static void dropped(struct api_req *req, PGresult *const *results ZJ_UNUSED, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_reply_empty(req, 204);
}

void api_preference_delete_h(struct api_req *req)
{
	if (key_is_good(req))
		run(req, "delete from zj.preference where" OWN "and key = $1", NULL, dropped);
}
