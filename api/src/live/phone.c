/* Extensions as telephones: who is signed in there, whether they can be reached now. The api touches no call: acd
 * knows, and asks the edges. */
#include "live/acd.h"
#include "live/control.h"
#include "perm.h"
#include "rights/directory.h"
#include "rights/reach.h"
#include <stdlib.h>
#include <string.h>

#define ASKED_MAX 500

/* --- signing in and out by the row of the extension --- */

struct seat {
	json_t *params;
	const char *method;
};

static void seat_destructor(void *obj)
{
	json_decref(((struct seat *)obj)->params);
}

static bool may_command(struct api_req *req, const char *agent)
{
	enum api_command reach = api_command_reach(req->api, &req->who, "extensions.control");
	const struct api_agent *a = *agent ? api_agent_find(req->api->directory, agent) : NULL;
	if (reach == API_COMMAND_ALL || (a && strcmp(a->id, req->who.agent) == 0) ||
	    (reach == API_COMMAND_MANAGED && a && api_agent_manages(req->api->directory, req->who.agent, a)))
		return true;
	if (api_may(req, "extensions.control"))
		api_fail(req, RES_P_PERMISSION, "not the extension of an agent that you look after");
	return false;
}

static void seat_read(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct seat *s = req->user;
	if (PQntuples(results[0]) == 0)
		api_fail(req, RES_P_NOT_FOUND, "there is no such extension");
	else if (may_command(req, PQgetvalue(results[0], 0, 0)))
		api_command(req, s->method, json_incref(s->params));
}

static void seat(struct api_req *req, const char *method, const struct api_member *members, size_t n)
{
	static const char sql[] =
		"select agent_id from zj.extension where tenant_id = zj.zj_tenant() and id = $1::uuid";
	const char *values[] = {req->arg[0]};
	struct zj_pg_query query = {.sql = sql, .n = 1, .values = values};
	if (!zj_uuid_is_valid(req->arg[0]))
		return api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	json_t *params = api_command_body(req, members, n);
	if (!params)
		return;
	struct seat *s = zj_alloc(sizeof(*s), seat_destructor);
	if (!s) {
		json_decref(params);
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	}
	json_object_set_new(params, "extension", json_string(req->arg[0]));
	*s = (struct seat){params, method};
	req->user = s;
	api_db_read(req, &query, seat_read);
}

void api_extension_sign_in_h(struct api_req *req)
{
	static const struct api_member members[] = {{"anyway", JSON_TRUE, false}};
	seat(req, "extension.sign_in", members, 1);
}

void api_extension_sign_out_h(struct api_req *req)
{
	seat(req, "extension.sign_out", NULL, 0);
}

/* --- how they are now --- */

static void phones_came(json_t *result, int code ZJ_UNUSED, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct api_req *req = arg;
	if (result)
		api_reply_json(req, 200, json_pack("{s:O}", "items", json_object_get(result, "phones")));
	else
		api_fail(req, RES_P_AWAY, "%s", message ? message : "no edge answers");
	zj_deref(req);
}

static void ask(struct api_req *req, json_t *params)
{
	if (!api_acd_is_up(req->api->acd)) {
		json_decref(params);
		return api_fail(req, RES_P_AWAY, "the call engine is away");
	}
	json_object_set_new(params, "tenant", json_string(req->who.tenant));
	api_acd_ask(req->api->acd, "phones", params, phones_came, zj_ref(req));
}

/* ?extension_id=a,b,c */
void api_phones_live_h(struct api_req *req)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	char *ids = res_query_get(req->query, "extension_id"), *save = NULL;
	json_t *list = json_array();
	for (char *id = ids ? strtok_r(ids, ",", &save) : NULL; id; id = strtok_r(NULL, ",", &save))
		if (!zj_uuid_is_valid(id))
			res_problem_add(&p, "extension_id", "format", json_string("uuid"));
		else
			json_array_append_new(list, json_string(id));
	if (!json_array_size(list) && !res_problem_any(&p))
		res_problem_add(&p, "extension_id", "required", NULL);
	if (json_array_size(list) > ASKED_MAX)
		res_problem_add(&p, "extension_id", "max", json_integer(ASKED_MAX));
	zj_deref(ids);
	if (!res_problem_any(&p))
		return ask(req, json_pack("{s:o}", "extensions", list));
	json_decref(list);
	api_reply_problem(req, &p);
}

/* One's own: of the agent that the account is. */
void api_me_phone_h(struct api_req *req)
{
	if (!req->who.agent[0])
		return api_fail(req, RES_P_NOT_FOUND, "this account is no agent");
	ask(req, json_pack("{s:s}", "agent", req->who.agent));
}
