/* One call: from the facts when it has ended, from acd while it lives. */
#include "live/acd.h"
#include "live/live.h"
#include "perm.h"
#include "rights/views.h"
#include <string.h>

static void live_came(json_t *result, int code ZJ_UNUSED, const char *message ZJ_UNUSED, json_t *data ZJ_UNUSED,
		      void *arg)
{
	struct api_req *req = arg;
	size_t i;
	json_t *call, *found = NULL;
	json_array_foreach (json_object_get(result, "calls"), i, call) {
		const char *id = json_string_value(json_object_get(call, "id"));
		if (id && strcmp(id, req->arg[0]) == 0)
			found = call;
	}
	if (found && api_reach_sees(req->user, "call.", found)) {
		json_t *seen = api_glass_entity(api_glass_of(req->api, &req->who), found), *o = json_copy(seen);
		json_object_set_new(o, "live", json_true());
		api_reply_json(req, 200, o);
		json_decref(seen);
	} else {
		api_fail(req, RES_P_NOT_FOUND, "there is no such call");
	}
	zj_deref(req);
}

/* Living calls are seen as ended ones are: within the role's data scope. */
static void live_ask(struct api_reach *r, void *arg)
{
	struct api_req *req = arg;
	zj_deref(req->user);
	req->user = r;
	if (r)
		api_acd_ask(req->api->acd, "calls", json_pack("{s:s}", "tenant", req->who.tenant), live_came,
			    zj_ref(req));
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	zj_deref(req);
}

static void read_call(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	if (PQntuples(results[0]) > 0)
		api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
	else if (api_acd_is_up(req->api->acd))
		api_reach_load(req->api, &req->who, "calls.read", live_ask, zj_ref(req));
	else
		api_fail(req, RES_P_NOT_FOUND, "there is no such call");
}

void api_call_one_h(struct api_req *req)
{
	if (!req->res || !req->res->select[req->who.role])
		return api_fail(req, RES_P_PERMISSION, "calls belong to a tenant: enter one with X-Zj-Tenant");
	if (!api_may(req, req->res->perm_read))
		return;
	if (!zj_uuid_is_valid(req->arg[0]))
		return api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	struct res_sql s = {0};
	const struct res_view *v = api_view(req);
	if (!v)
		return;
	res_sql_one(&s, v, req->arg[0], NULL);
	struct zj_pg_query q = res_sql_query(&s);
	if (res_sql_failed(&s))
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, &q, 1, read_call, NULL, NULL);
	res_sql_free(&s);
}
