/* Trunks as they are now: registered, reachable in so many milliseconds, calls of so many. The api touches no call: acd
 * asks an edge. */
#include "acd.h"
#include "api.h"
#include "perm.h"
#include <string.h>

static void trunks_came(json_t *result, int code ZJ_UNUSED, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct api_req *req = arg;
	if (result)
		api_reply_json(req, 200, json_pack("{s:O}", "items", json_object_get(result, "trunks")));
	else
		api_fail(req, RES_P_AWAY, message ? message : "no edge answers");
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
