/* What the console asks first: resources, their fields, what the caller may do; and all permissions. */
#include "api.h"
#include "perm.h"
#include <string.h>

static json_t *operators(const struct res_field *f)
{
	json_t *a = json_array();
	for (int op = 0; op < RES_OPS; op++)
		if (res_op_fits((enum res_op)op, f))
			json_array_append_new(a, json_string(res_op_names[op]));
	return a;
}

static void copy(json_t *to, const json_t *comment, const char *const *keys)
{
	for (; *keys; keys++) {
		json_t *v = json_object_get(comment, *keys);
		if (v)
			json_object_set(to, *keys, v);
	}
}

static void add_rules(json_t *o, const struct res_field *f)
{
	if (f->def)
		json_object_set(o, "default", f->def);
	if (f->choices)
		json_object_set(o, "enum", f->choices);
	if (f->has_min)
		json_object_set_new(o, "min", json_integer(f->min));
	if (f->has_max)
		json_object_set_new(o, "max", json_integer(f->max));
	if (f->has_min_len)
		json_object_set_new(o, "min_length", json_integer(f->min_len));
	if (f->has_max_len)
		json_object_set_new(o, "max_length", json_integer(f->max_len));
	if (f->pattern)
		json_object_set_new(o, "pattern", json_string(f->pattern));
	if (f->ref)
		json_object_set_new(o, "ref", json_string(f->ref));
}

static json_t *field(const struct res_field *f, enum res_role role)
{
	static const char *const keys[] = {"zh", "en", "help_zh", "help_en", "widget", "media", "refs", "detail", NULL};
	bool text = f->type == RES_STRING && (f->detail || json_object_get(f->comment, "widget"));
	bool writable = res_field_writable(f, role, true) || res_field_writable(f, role, false);
	json_t *o = json_pack("{s:s, s:s}", "name", f->name, "type", text ? "text" : res_types[f->type].name);
	copy(o, f->comment, keys);
	json_object_set_new(o, "required", json_boolean(res_field_required(f, role)));
	json_object_set_new(o, "nullable", json_boolean(!f->not_null));
	if (!writable)
		json_object_set_new(o, "readonly", json_true());
	else if (!res_field_writable(f, role, false))
		json_object_set_new(o, "create_only", json_true());
	if (f->writeonly)
		json_object_set_new(o, "writeonly", json_true());
	add_rules(o, f);
	json_object_set_new(o, "filter", f->writeonly ? json_array() : operators(f));
	json_object_set_new(o, "sort", json_boolean(!f->writeonly && !f->detail && res_types[f->type].sortable));
	return o;
}

static json_t *resource(const struct res_def *r, const struct api_who *who)
{
	static const char *const keys[] = {"zh", "en", "help_zh", "help_en", "label", "scope", "upload", NULL};
	enum res_role role = who->role;
	bool write = res_perm_has(who->perms, r->perm_write);
	json_t *fields = json_array();
	for (size_t i = 0; i < r->n_fields; i++)
		if (!r->fields[i].hidden && (r->fields[i].writeonly || res_field_shown(&r->fields[i], role)))
			json_array_append_new(fields, field(&r->fields[i], role));
	json_t *o = json_pack("{s:s, s:s}", "name", r->name, "table", r->table);
	copy(o, r->comment, keys);
	json_object_set_new(o, "sort", json_string(r->sort ? r->sort : "-id"));
	json_object_set_new(o, "can",
			    json_pack("{s:b, s:b, s:b, s:b}", "list",
				      r->select[role] && res_perm_has(who->perms, r->perm_read), "create",
				      r->insert[role] && write, "update", r->update[role] && write, "delete",
				      r->remove[role] && write));
	json_t *perms = json_pack("[s, s]", r->perm_read, r->perm_write);
	const char *key;
	json_t *v;
	json_object_foreach (json_object_get(r->comment, "permissions"), key, v)
		json_array_append_new(perms, json_sprintf("%s.%s", r->name, key));
	json_object_set_new(o, "permissions", perms);
	json_object_set_new(o, "fields", fields);
	return o;
}

void api_meta_resources_h(struct api_req *req)
{
	json_t *list = json_array();
	for (size_t i = 0; i < res_schema_count(req->schema); i++) {
		const struct res_def *r = res_schema_at(req->schema, i);
		if (r->select[req->who.role])
			json_array_append_new(list, resource(r, &req->who));
	}
	api_reply_json(req, 200, json_pack("{s:o}", "resources", list));
}

void api_meta_permissions_h(struct api_req *req)
{
	api_reply_json(req, 200, json_pack("{s:O}", "permissions", res_schema_permissions(req->schema)));
}
