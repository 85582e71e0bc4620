/* Permissions as a list and as a tree, and the items of a dictionary for those who fill in forms. */
#include "perm.h"
#include "rows/manage.h"
#include "server/api.h"
#include <string.h>

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

/* What the carrier has taken back from tenants' roles, as full names of this resource. */
static json_t *barred(struct api_req *req, const struct res_def *r)
{
	json_t *out = json_array(), *row;
	size_t i, n = strlen(r->name);
	if (req->who.role == RES_ROLE_CARRIER)
		return out;
	json_array_foreach (api_grantable(req->api->directory), i, row) {
		const char *name = text(row, "permission");
		if (json_is_false(json_object_get(row, "allowed")) && strncmp(name, r->name, n) == 0 && name[n] == '.')
			json_array_append_new(out, json_string(name));
	}
	return out;
}

/* Whose permissions: the caller's side, or for the carrier, who says what tenants' roles may be given, `?side=tenant`.
 */
static enum res_role side_of(struct api_req *req)
{
	char *side = res_query_get(req->query, "side");
	bool tenants = side && strcmp(side, "tenant") == 0;
	zj_deref(side);
	return tenants ? RES_ROLE_TENANT : (enum res_role)req->who.role;
}

/* A resource with the kinds that it offers to that side, and its special permissions. */
static json_t *resource(struct api_req *req, const struct res_def *r, enum res_role side)
{
	json_t *kinds = json_array(), *special = json_array(), *p;
	size_t i;
	for (int c = 0; c < RES_CAN_COUNT; c++)
		if (r->can[c][side])
			json_array_append_new(kinds, json_string(res_can_names[c]));
	json_array_foreach (res_schema_permissions(req->schema), i, p) {
		const char *kind = text(p, "kind");
		if (strcmp(text(p, "resource"), r->name) != 0 ||
		    !json_object_get(json_object_get(r->comment, "permissions"), kind))
			continue;
		json_array_append_new(special, json_pack("{s:O, s:O?, s:O?}", "name", json_object_get(p, "name"), "zh",
							 json_object_get(p, "zh"), "en", json_object_get(p, "en")));
	}
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", r->name, "zh", r->zh, "en", r->en, "kinds", kinds,
			 "special", special, "barred", barred(req, r));
}

static json_t *modules(struct api_req *req)
{
	json_t *out = json_array();
	const char *name, *zh, *en;
	enum res_role side = side_of(req);
	for (size_t m = 0; api_category(m, &name, &zh, &en); m++) {
		json_t *list = json_array();
		for (size_t i = 0; i < res_schema_count(req->schema); i++) {
			const struct res_def *r = res_schema_at(req->schema, i);
			if (r->select[side] && strcmp(api_category_of(r), name) == 0)
				json_array_append_new(list, resource(req, r, side));
		}
		if (json_array_size(list))
			json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:O}", "name", name, "zh", zh, "en", en,
							     "resources", list));
		json_decref(list);
	}
	return out;
}

/* Those that belong to no resource: the masks that may be lifted, and the rest. */
static json_t *others(struct api_req *req, bool show)
{
	json_t *out = json_array(), *p;
	size_t i;
	json_array_foreach (res_schema_permissions(req->schema), i, p)
		if (!json_object_get(p, "resource") && (strncmp(text(p, "name"), "show.", 5) == 0) == show)
			json_array_append(out, p);
	return out;
}

void api_meta_permissions_h(struct api_req *req)
{
	api_reply_json(req, 200,
		       json_pack("{s:O, s:o, s:o, s:o}", "permissions", res_schema_permissions(req->schema), "modules",
				 modules(req), "show", others(req, true), "general", others(req, false)));
}

/* --- choices --- */

static void choices_came(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

#define CHOICES_SQL                                                                                                    \
	"select json_build_object('items', coalesce(json_agg(json_build_object('id', i.id, 'parent_id', i.parent_id, " \
	"'code', i.code, 'zh', i.zh, 'en', i.en) order by i.position, i.code), '[]'))::text from (select i.* from "    \
	"zj.dictionary_item i join zj.dictionary d on d.tenant_id = i.tenant_id and d.id = i.dictionary_id where "     \
	"i.tenant_id = zj.zj_tenant() and i.enabled and (d.id::text = $1 or d.code = $1) and ($2::uuid is null or "    \
	"i.parent_id = $2::uuid) limit 5000) i"

/* ?dictionary=<id or code>[&parent=<item>]: what a form needs, whoever fills it in; the dictionary itself is a
 * resource. */
void api_meta_choices_h(struct api_req *req)
{
	char *dictionary = res_query_get(req->query, "dictionary"), *parent = res_query_get(req->query, "parent");
	const char *values[] = {dictionary, parent};
	struct zj_pg_query q = {.sql = CHOICES_SQL, .n = 2, .values = values};
	if (!dictionary || strlen(dictionary) > 100 || (parent && !zj_uuid_is_valid(parent)))
		api_fail(req, RES_P_QUERY, "dictionary is its id or code, parent the id of an item");
	else
		api_db_run(req, &q, 1, choices_came, NULL, NULL);
	zj_deref(dictionary);
	zj_deref(parent);
}
