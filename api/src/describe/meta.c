/* What the console asks first: resources, their fields, what the caller may do and see. */
#include "describe/desk.h"
#include "perm.h"
#include "rows/manage.h"
#include "server/api.h"
#include <stdio.h>
#include <string.h>

static json_t *operators(const struct res_view_field *f)
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
	if (json_is_object(json_object_get(f->comment, "enum")))
		json_object_set(o, "labels", json_object_get(f->comment, "enum"));
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

/* What only a custom field has: its own type, where its choices come from. */
static void add_custom(json_t *o, const struct res_custom *c)
{
	json_t *values = json_array(), *labels = json_object(), *choice;
	size_t i;
	json_object_set_new(o, "custom", json_true());
	json_object_set_new(o, "custom_type", json_string(res_custom_type_names[c->type]));
	json_object_set(o, "position", json_object_get(c->row, "position"));
	if (c->unique)
		json_object_set_new(o, "unique", json_true());
	if (c->dictionary)
		json_object_set_new(o, "dictionary", json_string(c->dictionary));
	if (c->choices)
		json_object_set(o, "choices", c->choices);
	json_array_foreach (c->choices, i, choice) {
		json_t *value = json_is_string(choice) ? choice : json_object_get(choice, "value");
		if (!json_is_string(value))
			continue;
		json_array_append(values, value);
		if (json_is_object(choice))
			json_object_set_new(labels, json_string_value(value),
					    json_pack("{s:O?, s:O?}", "zh", json_object_get(choice, "zh"), "en",
						      json_object_get(choice, "en")));
	}
	if (c->choices && c->type != RES_CUSTOM_CASCADE) {
		json_object_set(o, "enum", values);
		json_object_set(o, "labels", labels);
	}
	json_decref(values);
	json_decref(labels);
}

static json_t *field(const struct res_view_field *vf)
{
	static const char *const keys[] = {"zh",     "en",    "help_zh",    "help_en", "widget",  "media", "refs",
					   "detail", "group", "order",      "width",   "list",    "when",  "unit",
					   "file",   "mask",  "dictionary", "notes",   "depends", NULL};
	const struct res_field *f = vf->field;
	bool text = f->type == RES_STRING && (f->detail || json_object_get(f->comment, "widget"));
	json_t *o = json_pack("{s:s, s:s, s:s}", "name", f->name, "type", text ? "text" : res_types[f->type].name,
			      "access", res_access_names[vf->access]);
	copy(o, f->comment, keys);
	json_object_set_new(o, "required", json_boolean(vf->required || (vf->custom && vf->custom->required)));
	json_object_set_new(o, "nullable", json_boolean(!f->not_null));
	if (!vf->insert && !vf->update)
		json_object_set_new(o, "readonly", json_true());
	else if (!vf->update)
		json_object_set_new(o, "create_only", json_true());
	if (f->writeonly)
		json_object_set_new(o, "writeonly", json_true());
	if (vf->mask)
		json_object_set_new(o, "masked", json_true());
	if (vf->label)
		json_object_set_new(o, "expand", json_true());
	add_rules(o, f);
	if (vf->custom)
		add_custom(o, vf->custom);
	json_object_set_new(o, "filter", operators(vf));
	json_object_set_new(o, "sort", json_boolean(!f->detail && res_view_field_sortable(vf)));
	return o;
}

static bool may(const struct api_who *who, const struct res_def *r, enum res_can can)
{
	return r->can[can][who->role] && res_perm_has(who->perms, r->perms[can]);
}

static json_t *rights(const struct res_def *r, const struct api_who *who)
{
	bool remove = may(who, r, RES_CAN_DELETE);
	return json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b}", "list", may(who, r, RES_CAN_READ), "create",
			 may(who, r, RES_CAN_CREATE), "update", may(who, r, RES_CAN_UPDATE), "delete", remove, "export",
			 may(who, r, RES_CAN_EXPORT), "import", may(who, r, RES_CAN_IMPORT), "restore",
			 r->recyclable && remove, "history", r->audited && may(who, r, RES_CAN_READ));
}

static json_t *permissions(const struct res_schema *s, const struct res_def *r)
{
	json_t *out = json_array(), *p;
	size_t i;
	json_array_foreach (res_schema_permissions(s), i, p)
		if (json_object_get(p, "resource") &&
		    strcmp(json_string_value(json_object_get(p, "resource")), r->name) == 0)
			json_array_append(out, json_object_get(p, "name"));
	return out;
}

static json_t *resource(struct api_req *req, const struct res_view *v)
{
	static const char *const keys[] = {"zh",        "en",        "help_zh",    "help_en", "label",  "scope",
					   "upload",    "menu",      "order",      "icon",    "search", "tree",
					   "page",      "singleton", "groups",     "include", "quota",  "big",
					   "notice_zh", "notice_en", "label_with", "count",   NULL};
	const struct res_def *r = v->def;
	json_t *fields = json_array();
	for (size_t i = 0; i < v->n; i++) {
		const struct res_view_field *f = &v->fields[i];
		if (f->access != RES_ACCESS_NONE && !f->field->hidden && (f->shown || f->field->writeonly))
			json_array_append_new(fields, field(f));
	}
	json_t *o = json_pack("{s:s, s:s}", "name", r->name, "table", r->table);
	copy(o, r->comment, keys);
	if (json_object_get(o, "menu"))
		json_object_set_new(o, "menu", json_string(api_desk_category(req, r)));
	json_object_set_new(o, "sort", json_string(r->sort ? r->sort : "-id"));
	json_object_set_new(o, "custom", json_boolean(r->custom));
	json_object_set_new(o, "history", json_boolean(r->audited));
	json_object_set_new(o, "can", rights(r, &req->who));
	json_object_set_new(o, "permissions", permissions(req->schema, r));
	json_object_set_new(o, "fields", fields);
	return o;
}

/* The menu's groups in their own order; a page that is no resource's names one of them too. */
static json_t *menu_groups(void)
{
	json_t *out = json_array();
	const char *name, *zh, *en;
	for (size_t i = 0; api_category(i, &name, &zh, &en); i++)
		json_array_append_new(out, json_pack("{s:s, s:s, s:s}", "name", name, "zh", zh, "en", en));
	return out;
}

/* ?name=queues: only this one. */
void api_meta_resources_h(struct api_req *req)
{
	json_t *list = json_array();
	char *only = res_query_get(req->query, "name");
	for (size_t i = 0; i < res_schema_count(req->schema); i++) {
		const struct res_def *r = res_schema_at(req->schema, i);
		if (!r->select[req->who.role] || (only && strcmp(only, r->name) != 0))
			continue;
		const struct res_view *v = api_view_look(req, r);
		if (v)
			json_array_append_new(list, resource(req, v));
	}
	zj_deref(only);
	api_reply_json(req, 200, json_pack("{s:o, s:o}", "resources", list, "menu_groups", menu_groups()));
}
