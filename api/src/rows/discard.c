/* An erroneous call is taken out of the records: by who may, or with the consent of somebody who types his password. */
#include "login/login.h"
#include "perm.h"
#include "server/api.h"
#include <string.h>

struct discard {
	char reason[2048];
	char approver[ZJ_UUID_SIZE]; /* empty: nobody is asked */
};

static void discarded(struct api_req *req, PGresult *const *results, int n, void *arg ZJ_UNUSED)
{
	const PGresult *r = results[n - 1];
	if (PQntuples(r) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such call");
	api_audit(req, "discard", req->arg[0]);
	api_reply_json(req, 200, json_pack("{s:s}", "id", PQgetvalue(r, 0, 0)));
}

/* Who must consent, and did not: a page asks for him. */
static bool refused(struct api_req *req, int failed ZJ_UNUSED, const struct res_pg_error *e, void *arg ZJ_UNUSED)
{
	struct res_problem p = {0};
	if (!e->constraint || strncmp(e->constraint, "discard_", 8) != 0)
		return false;
	res_problem_set(&p, RES_P_PERMISSION, "%s", e->message);
	res_problem_add_text(&p, "approver", "consent", e->hint, e->message, NULL);
	api_reply_problem(req, &p);
	return true;
}

static void run(struct api_req *req, const struct discard *d)
{
	const char *values[] = {req->arg[0], d->reason, d->approver[0] ? d->approver : NULL};
	struct zj_pg_query q = {.sql = "select zj.zj_discard(c, $2, $3) from zj.call c where c.tenant_id = "
				       "zj.zj_tenant() and c.id = $1::uuid",
				.n = 3,
				.values = values};
	api_db_run(req, &q, 1, discarded, refused, NULL);
}

static void consented(struct api_req *req, const struct api_account *a, void *arg)
{
	struct discard *d = arg;
	strcpy(d->approver, a->id);
	run(req, d);
}

static const char *member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

static bool read_body(struct discard *d, const json_t *body, struct res_problem *p)
{
	const json_t *approver = json_object_get(body, "approver");
	const char *reason = member(body, "reason"), *key;
	json_t *v;
	json_object_foreach ((json_t *)body, key, v) {
		if (strcmp(key, "reason") == 0 || strcmp(key, "approver") == 0)
			continue;
		res_problem_set(p, RES_P_UNKNOWN_FIELD, "there is no field %.100s here", key);
		res_problem_add(p, key, "unknown_field", NULL);
	}
	if (!*reason)
		res_problem_add(p, "reason", "required", NULL);
	else if (strlen(reason) >= sizeof(d->reason))
		res_problem_add(p, "reason", "max_length", json_integer(500));
	if (approver && !json_is_null(approver) && (!*member(approver, "username") || !*member(approver, "password")))
		res_problem_add(p, "approver", "required", NULL);
	snprintf(d->reason, sizeof(d->reason), "%s", reason);
	return !res_problem_any(p);
}

/* A token that is narrowed has no more than it names, whatever the agent's group grants. */
static bool may_at_all(struct api_req *req)
{
	if (req->who.role != RES_ROLE_TENANT) {
		api_fail(req, RES_P_ENTER, "enter a tenant with X-Zj-Tenant");
		return false;
	}
	return !req->who.narrowed || api_may(req, "calls.discard");
}

void api_call_discard_h(struct api_req *req)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	struct discard *d = NULL;
	json_t *body;
	if (!zj_uuid_is_valid(req->arg[0]))
		return api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	body = may_at_all(req) ? api_req_body(req) : NULL;
	if (!body)
		return;
	req->user = d = zj_alloc(sizeof(*d), NULL);
	const json_t *approver = json_object_get(body, "approver");
	if (!d)
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else if (!read_body(d, body, &p))
		api_reply_problem(req, &p);
	else if (json_is_object(approver))
		api_password_ask(
			req, api_account_by_name(req->api->directory, req->who.tenant, member(approver, "username")),
			member(approver, "password"), "approver", consented, d);
	else
		run(req, d);
	json_decref(body);
}
