/* Logging in as somebody else: the session may what both may, says who really acts, and ends where it began. */
#include "login/ledger.h"
#include "login/login.h"
#include "login/session.h"
#include "perm.h"
#include <string.h>

/* The account that is meant; NULL: answered. Nobody gets more than he has, nor leaves the tenant where he acts. */
static const struct api_account *target_of(struct api_req *req, const char *id)
{
	const struct api_directory *d = req->api->directory;
	const struct api_account *a = id && zj_uuid_is_valid(id) ? api_account_find(d, id) : NULL;
	const char *more;
	if (!a || strcmp(a->tenant, req->who.tenant) != 0) {
		api_fail(req, RES_P_NOT_FOUND, "there is no such account");
	} else if (strcmp(a->id, req->who.account) == 0) {
		api_fail(req, RES_P_ACTING, "that is yourself");
	} else if (req->who.actor[0]) {
		api_fail(req, RES_P_ACTING, "log out of this account first");
	} else if (req->who.narrowed) {
		api_fail(req, RES_P_ACTING, "an access token cannot log in");
	} else if ((more = res_perm_beyond(req->who.perms, api_role_perms(d, a->role)))) {
		struct res_problem p = {.more = json_pack("{s:s}", "permission", more)};
		res_problem_set(&p, RES_P_BEYOND, "the account has %s, which you do not have", more);
		api_reply_problem(req, &p);
	} else {
		return a;
	}
	return NULL;
}

static bool record(struct api_req *req, const struct api_account *a, const struct api_account *actor)
{
	struct api_ledger_event e = {.event = "impersonate",
				     .tenant = a->tenant,
				     .account = a->id,
				     .actor = actor->id,
				     .label = json_string_value(json_object_get(actor->row, "username")),
				     .source = api_req_source(req),
				     .request = req->id};
	if (api_ledger_put(req->api->ledger, &e) == 0)
		return true;
	api_fail(req, RES_P_AWAY, "the audit log cannot be written");
	return false;
}

static void become(struct api_req *req, const struct api_account *a)
{
	struct api_who *w = &req->who;
	const struct api_account *actor = api_account_find(req->api->directory, w->account);
	json_t *own = json_incref(w->perms);
	char parent[65];
	strcpy(parent, w->hash);
	w->agent[0] = 0;
	if (!actor || api_who_fill(req->api, w, a, NULL)) {
		api_fail(req, RES_P_REFUSED, "that account cannot log in");
	} else if (record(req, a, actor)) {
		json_t *perms = res_perm_intersect(w->perms, own);
		json_decref(w->perms);
		w->perms = perms;
		strcpy(w->actor, actor->id);
		api_audit(req, "impersonate", a->id);
		api_reply_json(req, 200, api_login_open(req, a, actor, parent));
	}
	json_decref(own);
}

void api_login_as_h(struct api_req *req)
{
	json_t *body = api_req_body(req);
	if (!body)
		return;
	const char *id = json_string_value(json_object_get(body, "account_id"));
	struct res_problem p = {.kind = RES_P_INVALID};
	if (!id)
		res_problem_add(&p, "account_id", "required", NULL);
	const struct api_account *a = id ? target_of(req, id) : NULL;
	if (!id)
		api_reply_problem(req, &p);
	else if (a)
		become(req, a);
	json_decref(body);
}
