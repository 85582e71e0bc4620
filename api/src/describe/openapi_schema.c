/* JSON Schemas of fields and rows, for OpenAPI. */
#include "describe/openapi.h"
#include "server/api.h"
#include <string.h>

static void add_bounds(json_t *o, const struct res_field *f)
{
	if (f->has_min)
		json_object_set_new(o, "minimum", json_integer(f->min));
	if (f->has_max)
		json_object_set_new(o, "maximum", json_integer(f->max));
	if (f->has_min_len)
		json_object_set_new(o, "minLength", json_integer(f->min_len));
	if (f->has_max_len)
		json_object_set_new(o, "maxLength", json_integer(f->max_len));
	if (f->pattern)
		json_object_set_new(o, "pattern", json_string(f->pattern));
}

static json_t *items(const struct res_field *f)
{
	json_t *o = json_pack("{s:s}", "type", "string");
	if (f->type == RES_UUIDS)
		json_object_set_new(o, "format", json_string("uuid"));
	if (f->choices)
		json_object_set(o, "enum", f->choices);
	return o;
}

static json_t *field_schema(const struct res_field *f)
{
	json_t *o = json_object(), *en = json_object_get(f->comment, "en"), *zh = json_object_get(f->comment, "zh");
	const struct res_type_info *t = &res_types[f->type];
	if (t->json_type && !f->not_null)
		json_object_set_new(o, "type", json_pack("[s, s]", t->json_type, "null"));
	else if (t->json_type)
		json_object_set_new(o, "type", json_string(t->json_type));
	if (t->format)
		json_object_set_new(o, "format", json_string(t->format));
	if (f->type == RES_STRINGS || f->type == RES_UUIDS)
		json_object_set_new(o, "items", items(f));
	if (f->choices && f->type == RES_STRING) {
		json_t *choices = json_copy(f->choices);
		if (!f->not_null)
			json_array_append_new(choices, json_null());
		json_object_set_new(o, "enum", choices);
	}
	add_bounds(o, f);
	if (f->def)
		json_object_set(o, "default", f->def);
	if (en && zh)
		json_object_set_new(o, "title", json_sprintf("%s / %s", json_string_value(en), json_string_value(zh)));
	if (f->writeonly)
		json_object_set_new(o, "writeOnly", json_true());
	return o;
}

json_t *api_openapi_row(const struct res_def *r, enum res_role role, enum api_openapi_row kind)
{
	json_t *properties = json_object(), *required = json_array();
	for (size_t i = 0; i < r->n_fields; i++) {
		const struct res_field *f = &r->fields[i];
		bool in = kind == API_OPENAPI_READ ? res_field_shown(f, role)
						   : res_field_writable(f, role, kind == API_OPENAPI_CREATE);
		if (!in)
			continue;
		json_object_set_new(properties, f->name, field_schema(f));
		if (kind == API_OPENAPI_CREATE && res_field_required(f, role))
			json_array_append_new(required, json_string(f->name));
	}
	if (r->custom && json_object_get(properties, "custom"))
		json_object_set_new(properties, "custom",
				    json_pack("{s:s, s:s, s:b}", "type", "object", "title",
					      "Custom fields / 自定义字段 (GET /api/v1/meta/resources)",
					      "additionalProperties", 1));
	if (kind == API_OPENAPI_READ)
		json_object_set_new(properties, "expand",
				    json_pack("{s:s, s:s, s:b}", "type", "object", "title",
					      "Labels of references, with ?expand=", "additionalProperties", 1));
	json_t *o = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties, "additionalProperties",
			      kind == API_OPENAPI_READ && r->has_include);
	if (json_array_size(required))
		json_object_set(o, "required", required);
	json_decref(required);
	return o;
}
