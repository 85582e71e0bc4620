#include "describe/desk.h"
#include "perm.h"
#include "rows/manage.h"
#include <string.h>

static void add(json_t *to, const struct res_def *r, const char *key)
{
	json_t *can = json_object_get(json_object_get(r->comment, key), "can"), *kind;
	size_t i;
	json_array_foreach (can, i, kind)
		json_array_append_new(json_object_get(to, key),
				      json_sprintf("%s.%s", r->name, json_string_value(kind)));
}

json_t *api_desk_make(const struct res_schema *s)
{
	json_t *o = json_pack("{s:[], s:[]}", "desk", "leader");
	for (size_t i = 0; i < res_schema_count(s); i++) {
		add(o, res_schema_at(s, i), "desk");
		add(o, res_schema_at(s, i), "leader");
	}
	return o;
}

static bool is_barred(const struct api *api, const char *permission)
{
	size_t i;
	json_t *row;
	json_array_foreach (api_grantable(api->directory), i, row)
		if (json_is_false(json_object_get(row, "allowed")) &&
		    strcmp(json_string_value(json_object_get(row, "permission")), permission) == 0)
			return true;
	return false;
}

/* The role's array is everybody's: what is added goes into a copy. */
static void extend(const struct api *api, struct api_who *w, const json_t *wanted)
{
	size_t i;
	json_t *p;
	bool own = false;
	json_array_foreach (wanted, i, p) {
		const char *name = json_string_value(p);
		if (res_perm_has(w->perms, name) || is_barred(api, name))
			continue;
		if (!own) {
			json_t *copy = w->perms ? json_copy(w->perms) : json_array();
			json_decref(w->perms);
			w->perms = copy;
			own = true;
		}
		json_array_append(w->perms, p);
	}
}

void api_desk_grant(struct api *api, struct api_who *w, const struct api_account *a)
{
	const struct api_agent *g = w->agent[0] ? api_agent_find(api->directory, w->agent) : NULL;
	const struct api_role *r = g ? api_role_find(api->directory, a->role) : NULL;
	if (!g || (r && r->scope != API_SCOPE_OWN))
		return;
	extend(api, w, json_object_get(api->desk, "desk"));
	if (g->leader)
		extend(api, w, json_object_get(api->desk, "leader"));
}

static const char *menu_of(const struct res_def *r, const char *key)
{
	return json_string_value(json_object_get(json_object_get(r->comment, key), "menu"));
}

const char *api_desk_category(const struct api_req *req, const struct res_def *r)
{
	const struct api_agent *g = req->who.agent[0] ? api_agent_find(req->api->directory, req->who.agent) : NULL;
	const char *menu = g ? menu_of(r, "desk") : NULL;
	if (!menu && g && g->leader)
		menu = menu_of(r, "leader");
	return menu ? menu : api_category_of(r);
}
