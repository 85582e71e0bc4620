#include "rights/glass.h"
#include "view.h"
#include <string.h>

/* What live data shows of others' numbers. One digit each of a number in base GRADES. */
static const char *const fields[] = {"caller", "callee"};
#define HIDDEN (RES_MASK_COUNT)
#define GRADES (RES_MASK_COUNT + 1)
_Static_assert(GRADES *GRADES <= 256, "a glass is a byte");

static unsigned grade_of(const struct api *api, const struct api_who *who, const char *field)
{
	const struct res_def *calls = res_schema_find(api->schema, "calls");
	const struct res_field *f = calls ? res_def_field(calls, field) : NULL;
	const struct api_account *a = api_account_find(api->directory, who->account);
	enum res_mask mask;
	if (!f || !a)
		return HIDDEN;
	switch (res_access_of(f, "calls", who->perms, api_role_fields(api->directory, a->role), &mask)) {
	case RES_ACCESS_NONE:
		return HIDDEN;
	case RES_ACCESS_MASKED:
		return mask;
	default:
		return RES_MASK_NO;
	}
}

api_glass api_glass_of(const struct api *api, const struct api_who *who)
{
	unsigned g = 0;
	for (size_t i = ZJ_ARRAY_SIZE(fields); i > 0; i--)
		g = g * GRADES + grade_of(api, who, fields[i - 1]);
	return (api_glass)g;
}

static json_t *seen(unsigned grade, const char *number)
{
	char *text;
	json_t *out;
	if (grade == HIDDEN)
		return json_null();
	text = res_mask_text((enum res_mask)grade, number);
	out = text ? json_string(text) : json_null();
	zj_deref(text);
	return out;
}

/* A conference's members: those from outside have a number; a phone of the house is no secret. */
static json_t *members_seen(api_glass g, json_t *conference)
{
	json_t *out = json_copy(conference), *members = json_array(), *m;
	size_t i;
	json_array_foreach (json_object_get(conference, "members"), i, m) {
		json_t *copy = json_copy(m);
		const char *number = json_string_value(json_object_get(m, "number"));
		if (number && !json_object_get(m, "extension"))
			json_object_set_new(copy, "number", seen(g % GRADES, number));
		json_array_append_new(members, copy);
	}
	json_object_set_new(out, "members", members);
	return out;
}

json_t *api_glass_entity(api_glass g, json_t *entity)
{
	json_t *out = NULL;
	unsigned rest = g;
	if (g && json_object_get(entity, "members"))
		return members_seen(g, entity);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(fields); i++, rest /= GRADES) {
		const char *number = json_string_value(json_object_get(entity, fields[i]));
		if (rest % GRADES == RES_MASK_NO || !number)
			continue;
		out = out ? out : json_copy(entity);
		json_object_set_new(out, fields[i], seen(rest % GRADES, number));
	}
	return out ? out : json_incref(entity);
}

json_t *api_glass_board(api_glass g, json_t *board)
{
	static const char *const parts[] = {"calls", "visits", "conferences"};
	json_t *out = json_copy(board);
	for (size_t k = 0; g && k < ZJ_ARRAY_SIZE(parts); k++) {
		json_t *list = json_array(), *e;
		size_t i;
		json_array_foreach (json_object_get(board, parts[k]), i, e)
			json_array_append_new(list, api_glass_entity(g, e));
		json_object_set_new(out, parts[k], list);
	}
	return out;
}
