#include "manage.h"
#include <stdio.h>
#include <string.h>

static bool granted(const struct res_def *r, enum res_role role, const char *verb)
{
	if (strcmp(verb, "create") == 0 || strcmp(verb, "import") == 0)
		return r->insert[role];
	if (strcmp(verb, "update") == 0)
		return r->update[role];
	if (strcmp(verb, "delete") == 0)
		return r->remove[role];
	return r->select[role];
}

bool api_verb(struct api_req *req, const char *verb)
{
	const struct res_def *r = req->res;
	enum res_role role = req->who.role;
	char permission[100];
	if (!granted(r, role, verb)) {
		bool other = granted(r, role == RES_ROLE_TENANT ? RES_ROLE_CARRIER : RES_ROLE_TENANT, verb);
		if (other && role == RES_ROLE_CARRIER)
			api_fail(req, RES_P_PERMISSION, "%s belong to a tenant: enter one with X-Zj-Tenant", r->name);
		else if (other)
			api_fail(req, RES_P_PERMISSION, "%s are the carrier's", r->name);
		else
			api_fail(req, RES_P_METHOD, "%s do not offer this", r->name);
		return false;
	}
	if (json_is_false(json_object_get(r->comment, verb))) {
		api_fail(req, RES_P_METHOD, "%s do not offer this", r->name);
		return false;
	}
	snprintf(permission, sizeof(permission), "%s.%s", r->name, verb);
	return api_may(req, permission);
}

bool api_id_is_good(struct api_req *req, const char *id)
{
	if (zj_uuid_is_valid(id))
		return true;
	api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	return false;
}

void api_fault(struct res_problem *p, const char *field, const char *rule, json_t *value)
{
	p->kind = RES_P_INVALID;
	res_problem_add(p, field, rule, value);
}
