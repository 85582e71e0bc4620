/* Trunks as they are now: registered, reachable in so many milliseconds, calls of so many. The api touches no call: acd
 * asks an edge; the database adds the names, and says which of them the caller sees. */
#include "live/acd.h"
#include "perm.h"
#include "server/api.h"
#include <stdlib.h>
#include <string.h>

static const char named_sql[] =
	"select jsonb_build_object('items', coalesce(jsonb_agg(x.item || jsonb_build_object('name', t.name, "
	"'identifier', "
	"t.identifier, 'type', t.type, 'tenant_id', t.tenant_id, 'tenant', w.title, 'city', t.city) order by t.name, "
	"t.id), '[]'))::text from jsonb_array_elements($1::jsonb) x (item) join zj.trunk t on t.id = (x.item ->> "
	"'trunk')::uuid left join zj.tenant w on w.id = t.tenant_id";

static void named(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

static void trunks_came(json_t *result, int code ZJ_UNUSED, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct api_req *req = arg;
	char *text = result ? json_dumps(json_object_get(result, "trunks"), JSON_COMPACT) : NULL;
	const char *values[] = {text};
	struct zj_pg_query q = {.sql = named_sql, .n = 1, .values = values};
	if (text)
		api_db_run(req, &q, 1, named, NULL, NULL);
	else
		api_fail(req, RES_P_AWAY, "%s", message ? message : "no edge answers");
	free(text);
	zj_deref(req);
}

void api_trunks_live_h(struct api_req *req)
{
	json_t *params = json_object();
	if (!api_may(req, "trunks.read")) {
		json_decref(params);
		return;
	}
	if (!api_acd_is_up(req->api->acd)) {
		json_decref(params);
		return api_fail(req, RES_P_AWAY, "the call engine is away");
	}
	if (req->who.role == RES_ROLE_TENANT)
		json_object_set_new(params, "tenant", json_string(req->who.tenant));
	api_acd_ask(req->api->acd, "trunks", params, trunks_came, zj_ref(req));
}
