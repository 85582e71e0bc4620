/* Agents' states and calls: the api asks acd, and tells its answer. */
#include "live/control.h"
#include "live/acd.h"
#include "live/live.h"
#include "perm.h"
#include "rights/reach.h"
#include "server/api.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

static bool is_type(const json_t *v, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(v) : json_typeof(v) == type;
}

json_t *api_command_body(struct api_req *req, const struct api_member *members, size_t n)
{
	static const char *const names[] = {
		[JSON_STRING] = "string", [JSON_ARRAY] = "array", [JSON_INTEGER] = "integer", [JSON_TRUE] = "boolean"};
	json_t *body = api_req_body(req);
	struct res_problem p = {.kind = RES_P_TYPE};
	const char *key;
	json_t *v;
	if (!body)
		return NULL;
	json_object_foreach (body, key, v) {
		size_t i = 0;
		while (i < n && strcmp(members[i].name, key) != 0)
			i++;
		if (i == n) {
			res_problem_set(&p, RES_P_UNKNOWN_FIELD, "there is no field %.100s here", key);
			res_problem_add(&p, key, "unknown_field", NULL);
		} else if (!is_type(v, members[i].type)) {
			res_problem_add(&p, key, "type", json_string(names[members[i].type]));
		}
	}
	for (size_t i = 0; i < n; i++)
		if (members[i].needed && !json_object_get(body, members[i].name)) {
			p.kind = RES_P_INVALID;
			res_problem_add(&p, members[i].name, "required", NULL);
		}
	if (!res_problem_any(&p))
		return body;
	json_decref(body);
	api_reply_problem(req, &p);
	return NULL;
}

static void refused(struct api_req *req, const char *because)
{
	struct res_problem p = {.more = json_pack("{s:s}", "because", because)};
	res_problem_set(&p, RES_P_REFUSED, "%s", because);
	api_reply_problem(req, &p);
}

static void answered(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct api_req *req = arg;
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	const char *because = json_string_value(json_object_get(result, "refused"));
	const char *why = json_string_value(json_object_get(result ? result : data, "because"));
	if (result && (json_object_get(result, "refused") || !json_object_get(result, "state"))) {
		refused(req, why ? why : because ? because : "acd refused");
	} else if (result) {
		api_audit(req, req->seg[req->n_seg - 1], req->n_seg > 3 ? req->seg[3] : NULL);
		api_reply_json(req, 200, json_pack("{s:O}", "state", json_object_get(result, "state")));
	} else if (code == ZJ_RPC_REFUSED) {
		refused(req, why ? why : message ? message : "acd refused");
	} else if (code == ZJ_RPC_NOT_FOUND) {
		api_fail(req, RES_P_NOT_FOUND, "%s", message ? message : "there is no such call or agent");
	} else if (code == ZJ_RPC_BAD_PARAMS) {
		api_fail(req, RES_P_INVALID, "%s", message ? message : "");
	} else {
		api_fail(req, RES_P_AWAY, "the call engine is away");
	}
	zj_log_with(before);
	zj_deref(req);
}

/* Who asks, and the request's name; false: answered. */
static bool command_signed(struct api_req *req, json_t *params)
{
	char *key = api_req_header(req, "idempotency-key");
	json_object_set_new(params, "tenant", json_string(req->who.tenant));
	json_object_set_new(params, "account", json_string(req->who.account));
	char fresh[ZJ_UUID_SIZE];
	zj_uuid7(fresh);
	json_object_set_new(params, "request",
			    key && *key && strlen(key) <= 128 ? json_sprintf("%s:%s", req->who.account, key)
							      : json_string(fresh));
	zj_deref(key);
	if (!api_acd_is_up(req->api->acd))
		api_fail(req, RES_P_AWAY, "the call engine is away");
	return api_acd_is_up(req->api->acd);
}

void api_command(struct api_req *req, const char *method, json_t *params)
{
	if (command_signed(req, params))
		api_acd_ask(req->api->acd, method, params, answered, zj_ref(req));
	else
		json_decref(params);
}

static const char *not_looked_after(struct api_req *req, const char *permission)
{
	struct res_problem p = {.more = json_pack("{s:s}", "permission", permission)};
	res_problem_set(&p, RES_P_PERMISSION, "not one of the agents and queues that you look after");
	api_reply_problem(req, &p);
	return NULL;
}

/* The agent the path names: `me` or an id of the tenant. Others need agents.control: all of them with a role for the
 * whole tenant, else those whom one's agent looks after. NULL: answered. */
static const char *agent_of_path(struct api_req *req)
{
	const char *id = req->arg[0];
	enum api_command reach = api_command_reach(req->api, &req->who, "agents.control");
	if (strcmp(id, "me") == 0 || strcmp(id, req->who.agent) == 0) {
		if (req->who.agent[0])
			return req->who.agent;
		api_fail(req, RES_P_NOT_FOUND, "this account is no agent");
		return NULL;
	}
	if (reach == API_COMMAND_NONE) {
		if (api_may(req, "agents.control")) /* a role for a part of the tenant, whose account is no agent */
			return not_looked_after(req, "agents.control");
		return NULL;
	}
	const struct api_agent *a = zj_uuid_is_valid(id) ? api_agent_find(req->api->directory, id) : NULL;
	if (!a || strcmp(a->tenant, req->who.tenant) != 0) {
		api_fail(req, RES_P_NOT_FOUND, "there is no such agent");
		return NULL;
	}
	if (reach == API_COMMAND_MANAGED && !api_agent_manages(req->api->directory, req->who.agent, a))
		return not_looked_after(req, "agents.control");
	return a->id;
}

static void agent_command(struct api_req *req, const char *method, const struct api_member *members, size_t n)
{
	const char *agent = agent_of_path(req);
	json_t *params = agent ? api_command_body(req, members, n) : NULL;
	if (!params)
		return;
	json_object_set_new(params, "agent", json_string(agent));
	api_command(req, method, params);
}

void api_agent_sign_in_h(struct api_req *req)
{
	static const struct api_member members[] = {{"extension", JSON_STRING, false}, {"anyway", JSON_TRUE, false}};
	agent_command(req, "agent.sign_in", members, 2);
}

void api_agent_sign_out_h(struct api_req *req)
{
	agent_command(req, "agent.sign_out", NULL, 0);
}

void api_agent_state_h(struct api_req *req)
{
	static const struct api_member members[] = {
		{"state", JSON_STRING, true}, {"reason", JSON_STRING, false}, {"version", JSON_INTEGER, false}};
	agent_command(req, "agent.set_state", members, 3);
}

struct check {
	struct api_req *req;
	json_t *params;
	const char *method;
	bool managed; /* calls of whom its agent looks after too */
};

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

static bool is_managed_agent(const struct api_req *req, const char *id)
{
	const struct api_agent *a = *id ? api_agent_find(req->api->directory, id) : NULL;
	return a && api_agent_manages(req->api->directory, req->who.agent, a);
}

/* Is the call one's own, or one of those one looks after? */
static bool is_in_reach(const struct check *c, const json_t *call)
{
	const struct api_req *req = c->req;
	size_t i;
	json_t *leg;
	bool mine = strcmp(text(call, "agent"), req->who.agent) == 0,
	     managed = is_managed_agent(req, text(call, "agent")) ||
		       api_agent_manages_queue(req->api->directory, req->who.agent, text(call, "queue"));
	json_array_foreach (json_object_get(call, "legs"), i, leg) {
		mine = mine || strcmp(text(leg, "agent"), req->who.agent) == 0;
		managed = managed || is_managed_agent(req, text(leg, "agent"));
	}
	return req->who.agent[0] && (mine || (c->managed && managed));
}

/* acd's list of the tenant's living calls says whose call it is. */
static void calls_listed(json_t *result, int code, const char *message ZJ_UNUSED, json_t *data ZJ_UNUSED, void *arg)
{
	struct check *c = arg;
	size_t i;
	json_t *call;
	bool good = false;
	const char *id = text(c->params, "call");
	json_array_foreach (json_object_get(result, "calls"), i, call)
		if (strcmp(text(call, "id"), id) == 0)
			good = is_in_reach(c, call);
	if (!result && code == ZJ_RPC_GONE)
		api_fail(c->req, RES_P_AWAY, "the call engine is away");
	else if (good)
		api_command(c->req, c->method, json_incref(c->params));
	else
		not_looked_after(c->req, "calls.control");
	json_decref(c->params);
	zj_deref(c->req);
	free(c);
}

/* One's own agent's calls; any with calls.control and a role for the whole tenant; with less, those of the agents and
 * queues that one looks after. `tells`: acd shall know whether it is one's own only (admin: false). */
static void call_command_as(struct api_req *req, const char *method, const struct api_member *members, size_t n,
			    bool tells)
{
	enum api_command reach = api_command_reach(req->api, &req->who, "calls.control");
	if (!zj_uuid_is_valid(req->arg[0]))
		return api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	if (reach == API_COMMAND_NONE && !req->who.agent[0]) {
		if (api_may(req, "calls.control"))
			not_looked_after(req, "calls.control");
		return;
	}
	json_t *params = api_command_body(req, members, n);
	if (!params)
		return;
	json_object_set_new(params, "call", json_string(req->arg[0]));
	if (tells)
		json_object_set_new(params, "admin", json_boolean(reach != API_COMMAND_NONE));
	if (reach == API_COMMAND_ALL) {
		api_command(req, method, params);
		return;
	}
	struct check *c = malloc(sizeof(*c));
	if (!c) {
		json_decref(params);
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	}
	*c = (struct check){zj_ref(req), params, method, reach == API_COMMAND_MANAGED};
	api_acd_ask(req->api->acd, "calls", json_pack("{s:s}", "tenant", req->who.tenant), calls_listed, c);
}

static void call_command(struct api_req *req, const char *method, const struct api_member *members, size_t n)
{
	call_command_as(req, method, members, n, false);
}

void api_call_hangup_h(struct api_req *req)
{
	call_command(req, "call.hangup", NULL, 0);
}

void api_call_transfer_h(struct api_req *req)
{
	static const struct api_member members[] = {{"to", JSON_STRING, true}};
	call_command(req, "call.transfer", members, 1);
}

void api_call_hold_h(struct api_req *req)
{
	static const struct api_member members[] = {{"on", JSON_TRUE, true}};
	call_command(req, "call.hold", members, 1);
}

void api_call_record_h(struct api_req *req)
{
	static const struct api_member members[] = {{"do", JSON_STRING, true}};
	call_command_as(req, "call.record", members, 1, true);
}

static void rename_id(json_t *params, const char *from, const char *to)
{
	const char *id = json_string_value(json_object_get(params, from));
	if (id)
		json_object_set_new(params, to,
				    json_string(zj_uuid_is_valid(id) ? id : "00000000-0000-0000-0000-000000000000"));
	json_object_del(params, from);
}

/* A click of an agent whose group calls none but those it talked with lately: acd says so, the database knows with
 * whom. Kept with the request, so that it goes with it. */
struct click {
	json_t *params;
};

static void click_destructor(void *obj)
{
	json_decref(((struct click *)obj)->params);
}

static void known(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	json_t *params = ((struct click *)req->user)->params;
	if (strcmp(PQgetvalue(results[0], 0, 0), "t") != 0) {
		refused(req, "outbound_restricted");
		return;
	}
	json_object_set_new(params, "known", json_true());
	json_object_set_new(params, "request", json_sprintf("%s:known", text(params, "request")));
	api_acd_ask(req->api->acd, "call.originate", json_incref(params), answered, zj_ref(req));
}

static void clicked(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct api_req *req = arg;
	const json_t *params = ((struct click *)req->user)->params;
	const char *values[] = {text(params, "agent"), text(params, "to")};
	struct zj_pg_query q = {.sql = "select zj.zj_group_knows($1::uuid, $2)", .n = 2, .values = values};
	if (strcmp(text(result, "refused"), "outbound_restricted") != 0 &&
	    strcmp(text(result ? result : data, "because"), "outbound_restricted") != 0) {
		answered(result, code, message, data, req);
		return;
	}
	api_db_run(req, &q, 1, known, NULL, NULL);
	zj_deref(req);
}

void api_call_place(struct api_req *req, const char *agent, json_t *params)
{
	req->arg[0] = agent;
	const char *id = agent_of_path(req);
	struct click *c = id ? zj_alloc(sizeof(*c), click_destructor) : NULL;
	if (!c) {
		json_decref(params);
		if (id)
			api_fail(req, RES_P_INTERNAL, "out of memory");
		return;
	}
	json_object_set_new(params, "agent", json_string(id));
	c->params = params;
	zj_deref(req->user);
	req->user = c;
	if (command_signed(req, params))
		api_acd_ask(req->api->acd, "call.originate", json_incref(params), clicked, zj_ref(req));
}

void api_call_create_h(struct api_req *req)
{
	static const struct api_member members[] = {
		{"to", JSON_STRING, true},          {"agent_id", JSON_STRING, false}, {"number_id", JSON_STRING, false},
		{"service_id", JSON_STRING, false}, {"anonymous", JSON_TRUE, false},  {"detect", JSON_TRUE, false}};
	json_t *params = api_command_body(req, members, ZJ_ARRAY_SIZE(members));
	if (!params)
		return;
	json_t *agent = json_incref(json_object_get(params, "agent_id"));
	json_object_del(params, "agent_id");
	/* What acd would take for no id at all is refused there by name. */
	rename_id(params, "number_id", "number");
	rename_id(params, "service_id", "service");
	api_call_place(req, agent ? json_string_value(agent) : "me", params);
	json_decref(agent);
}
