#include "rows/manage.h"
#include <string.h>

bool api_verb(struct api_req *req, const char *verb)
{
	const struct res_def *r = req->res;
	enum res_role role = req->who.role;
	int can = 0;
	while (can < RES_CAN_COUNT - 1 && strcmp(res_can_names[can], verb) != 0)
		can++;
	if (r->can[can][role])
		return api_may(req, r->perms[can]);
	bool other = r->can[can][role == RES_ROLE_TENANT ? RES_ROLE_CARRIER : RES_ROLE_TENANT];
	if (other && role == RES_ROLE_CARRIER)
		api_fail(req, RES_P_PERMISSION, "%s belong to a tenant: enter one with X-Zj-Tenant", r->name);
	else if (other)
		api_fail(req, RES_P_PERMISSION, "%s are the carrier's", r->name);
	else
		api_fail(req, RES_P_METHOD, "%s do not offer this", r->name);
	return false;
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

static bool is_choice(const char *choices, const char *text)
{
	size_t n = strlen(text);
	for (const char *c = choices; *c; c += strcspn(c, " "), c += *c == ' ')
		if (strncmp(c, text, n) == 0 && (c[n] == ' ' || !c[n]) && n)
			return true;
	return false;
}

static bool type_fits(const json_t *v, json_type type)
{
	return json_typeof(v) == type || (type == JSON_TRUE && json_is_boolean(v));
}

static const char *type_name(json_type type)
{
	return type == JSON_STRING    ? "string"
	       : type == JSON_INTEGER ? "integer"
	       : type == JSON_ARRAY   ? "array"
	       : type == JSON_OBJECT  ? "object"
				      : "boolean";
}

void api_keys_check(const json_t *body, const struct api_key *keys, struct res_problem *p)
{
	const char *name;
	json_t *v;
	json_object_foreach ((json_t *)body, name, v) {
		const struct api_key *k = keys;
		while (k->name && strcmp(k->name, name) != 0)
			k++;
		if (!k->name)
			api_fault(p, name, "unknown_field", NULL);
		else if (json_is_null(v))
			continue;
		else if (!type_fits(v, k->type))
			api_fault(p, name, "type", json_string(type_name(k->type)));
		else if (k->choices && !is_choice(k->choices, json_string_value(v)))
			api_fault(p, name, "enum", json_string(k->choices));
		else if (json_is_string(v) && json_string_length(v) > 8192)
			api_fault(p, name, "max_length", json_integer(8192));
		else if (json_is_integer(v) && json_integer_value(v) < 0)
			api_fault(p, name, "min", json_integer(0));
	}
}
