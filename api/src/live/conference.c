/* Conferences that take place: who is in them, and what is commanded. A room's own administrators may command it
 * without a permission: acd knows them. */
#include "live/acd.h"
#include "live/control.h"
#include "perm.h"
#include "rights/glass.h"
#include <string.h>

/* ---- who is in ---- */
static void listed(json_t *result, int code ZJ_UNUSED, const char *message ZJ_UNUSED, json_t *data ZJ_UNUSED, void *arg)
{
	struct api_req *req = arg;
	json_t *all = json_object_get(result, "conferences"), *items = json_array(), *c, *one = NULL;
	api_glass glass = api_glass_of(req->api, &req->who);
	size_t i;
	json_array_foreach (all, i, c) {
		json_t *seen = api_glass_entity(glass, c);
		if (req->n_seg > 3 && strcmp(req->arg[0], json_string_value(json_object_get(c, "id"))) == 0)
			one = json_incref(seen);
		json_array_append_new(items, seen);
	}
	if (!result)
		api_fail(req, RES_P_AWAY, "the call engine is away");
	else if (req->n_seg == 3)
		api_reply_json(req, 200, json_pack("{s:O}", "items", items));
	else if (one)
		api_reply_json(req, 200, json_incref(one));
	else
		api_fail(req, RES_P_NOT_FOUND, "nobody is in this room");
	json_decref(one);
	json_decref(items);
	zj_deref(req);
}

static void list(struct api_req *req)
{
	if (!api_acd_is_up(req->api->acd)) {
		api_fail(req, RES_P_AWAY, "the call engine is away");
		return;
	}
	api_acd_ask(req->api->acd, "board", json_pack("{s:s}", "tenant", req->who.tenant), listed, zj_ref(req));
}

void api_conferences_h(struct api_req *req)
{
	list(req);
}

void api_conference_one_h(struct api_req *req)
{
	list(req);
}

/* ---- commands ---- */
static void command(struct api_req *req, const char *method, json_t *params)
{
	json_object_set_new(params, "room", json_string(req->arg[0]));
	json_object_set_new(params, "admin", json_boolean(res_perm_has(req->who.perms, "rooms.control")));
	api_command(req, method, params);
}

static void simple(struct api_req *req, const char *method, const struct api_member *members, size_t n)
{
	json_t *params;
	const char *member;
	if (!zj_uuid_is_valid(req->arg[0]))
		return api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	params = api_command_body(req, members, n);
	if (!params)
		return;
	member = json_string_value(json_object_get(params, "member"));
	if (member && !zj_uuid_is_valid(member)) {
		struct res_problem p = {.kind = RES_P_INVALID};
		res_problem_add(&p, "member", "uuid", NULL);
		api_reply_problem(req, &p);
		json_decref(params);
		return;
	}
	command(req, method, params);
}

/* Agents are named by their ids, phones by their numbers; acd gets one list. */
void api_conference_invite_h(struct api_req *req)
{
	static const struct api_member members[] = {{"numbers", JSON_ARRAY, false}, {"agents", JSON_ARRAY, false}};
	json_t *body, *numbers, *v;
	struct res_problem p = {.kind = RES_P_INVALID};
	size_t i;
	if (!zj_uuid_is_valid(req->arg[0]))
		return api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	body = api_command_body(req, members, 2);
	if (!body)
		return;
	numbers = json_array();
	json_array_foreach (json_object_get(body, "numbers"), i, v) {
		if (json_is_string(v) && json_string_length(v) > 0 && json_string_length(v) <= 32)
			json_array_append(numbers, v);
		else
			res_problem_add(&p, "numbers", "number", NULL);
	}
	json_array_foreach (json_object_get(body, "agents"), i, v) {
		if (json_is_string(v) && zj_uuid_is_valid(json_string_value(v)))
			json_array_append_new(numbers, json_sprintf("agent:%s", json_string_value(v)));
		else
			res_problem_add(&p, "agents", "uuid", NULL);
	}
	json_decref(body);
	if (!res_problem_any(&p) && json_array_size(numbers) == 0)
		res_problem_add(&p, "numbers", "required", NULL);
	if (!res_problem_any(&p) && json_array_size(numbers) > 100)
		res_problem_add(&p, "numbers", "max_items", json_integer(100));
	if (res_problem_any(&p)) {
		json_decref(numbers);
		api_reply_problem(req, &p);
		return;
	}
	command(req, "conference.invite", json_pack("{s:o}", "numbers", numbers));
}

void api_conference_kick_h(struct api_req *req)
{
	static const struct api_member members[] = {{"member", JSON_STRING, true}};
	simple(req, "conference.kick", members, 1);
}

void api_conference_mute_h(struct api_req *req)
{
	static const struct api_member members[] = {{"member", JSON_STRING, false}, {"on", JSON_TRUE, true}};
	simple(req, "conference.mute", members, 2);
}

void api_conference_lock_h(struct api_req *req)
{
	static const struct api_member members[] = {{"on", JSON_TRUE, true}};
	simple(req, "conference.lock", members, 1);
}

void api_conference_record_h(struct api_req *req)
{
	static const struct api_member members[] = {{"on", JSON_TRUE, true}};
	simple(req, "conference.record", members, 1);
}

void api_conference_end_h(struct api_req *req)
{
	simple(req, "conference.end", NULL, 0);
}
