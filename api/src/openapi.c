#include "openapi.h"
#include "api.h"
#include <string.h>

static json_t *field_schema(const struct res_field *f)
{
	json_t *o = json_object();
	const struct res_type_info *t = &res_types[f->type];
	if (t->json_type && !f->not_null)
		json_object_set_new(o, "type", json_pack("[s, s]", t->json_type, "null"));
	else if (t->json_type)
		json_object_set_new(o, "type", json_string(t->json_type));
	if (t->format)
		json_object_set_new(o, "format", json_string(t->format));
	if (f->type == RES_STRINGS || f->type == RES_UUIDS)
		json_object_set_new(o, "items", json_pack("{s:s}", "type", "string"));
	if (f->choices && f->type == RES_STRING) {
		json_t *choices = json_copy(f->choices);
		if (!f->not_null)
			json_array_append_new(choices, json_null());
		json_object_set_new(o, "enum", choices);
	}
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
	if (f->def)
		json_object_set(o, "default", f->def);
	json_t *en = json_object_get(f->comment, "en"), *zh = json_object_get(f->comment, "zh");
	if (en && zh)
		json_object_set_new(o, "title", json_sprintf("%s / %s", json_string_value(en), json_string_value(zh)));
	return o;
}

/* kind 0: the row as it is read; 1: as it is created; 2: as it is changed. */
static json_t *row_schema(const struct res_def *r, enum res_role role, int kind)
{
	json_t *properties = json_object(), *required = json_array();
	for (size_t i = 0; i < r->n_fields; i++) {
		const struct res_field *f = &r->fields[i];
		bool in = kind == 0 ? res_field_shown(f, role) : res_field_writable(f, role, kind == 1);
		if (!in)
			continue;
		json_object_set_new(properties, f->name, field_schema(f));
		if (kind == 1 && res_field_required(f, role))
			json_array_append_new(required, json_string(f->name));
	}
	json_t *o = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties, "additionalProperties",
			      kind == 0 && r->has_include);
	if (json_array_size(required))
		json_object_set(o, "required", required);
	json_decref(required);
	return o;
}

static json_t *json_content(json_t *schema)
{
	return json_pack("{s:{s:{s:o}}}", "content", "application/json", "schema", schema);
}

static json_t *ref(const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", name));
}

static json_t *answer(const char *status, const char *text, json_t *schema)
{
	json_t *good = schema ? json_content(schema) : json_object();
	json_object_set_new(good, "description", json_string(text));
	return json_pack("{s:o, s:{s:s, s:{s:{s:o}}}}", status, good, "default", "description", "A problem (RFC 9457)",
			 "content", "application/problem+json", "schema", ref("Problem"));
}

static json_t *operation(const struct res_def *r, const char *verb, const char *summary, json_t *responses)
{
	return json_pack("{s:o, s:o, s:[s], s:o}", "operationId", json_sprintf("%s_%s", verb, r->table), "summary",
			 json_sprintf("%s: %s", r->en, summary), "tags", r->name, "responses", responses);
}

static json_t *query_parameter(const char *name, const char *type, const char *description)
{
	return json_pack("{s:s, s:s, s:{s:s}, s:s}", "name", name, "in", "query", "schema", "type", type, "description",
			 description);
}

static void add_resource(json_t *paths, json_t *schemas, const struct res_def *r, enum res_role role)
{
	char name[100], create[120], change[120], path[160];
	snprintf(name, sizeof(name), "%.80s", r->table);
	snprintf(create, sizeof(create), "%s_create", name);
	snprintf(change, sizeof(change), "%s_change", name);
	json_object_set_new(schemas, name, row_schema(r, role, 0));
	json_t *list = operation(r, "list", "list",
				 answer("200", "A page",
					json_pack("{s:s, s:{s:{s:s, s:o}, s:{s:[s,s]}, s:{s:s}}}", "type", "object",
						  "properties", "items", "type", "array", "items", ref(name), "next",
						  "type", "string", "null", "total", "type", "integer")));
	json_object_set_new(list, "parameters",
			    json_pack("[o, o, o, o]", query_parameter("limit", "integer", "1 to 200"),
				      query_parameter("cursor", "string", "the page before's `next`"),
				      query_parameter("sort", "string", "fields, - for descending"),
				      query_parameter("count", "boolean", "with the total")));
	json_t *many = json_pack("{s:o}", "get", list),
	       *one = json_pack("{s:o}", "get", operation(r, "get", "read one", answer("200", "The row", ref(name))));
	if (r->insert[role] && !json_object_get(r->comment, "upload")) {
		json_object_set_new(schemas, create, row_schema(r, role, 1));
		json_t *op = operation(r, "create", "create", answer("201", "The new row", ref(name)));
		json_object_set_new(op, "requestBody", json_content(ref(create)));
		json_object_set_new(many, "post", op);
	}
	if (r->update[role]) {
		json_object_set_new(schemas, change, row_schema(r, role, 2));
		json_t *op = operation(r, "change", "change", answer("200", "The row", ref(name)));
		json_object_set_new(op, "requestBody", json_content(ref(change)));
		json_object_set_new(one, "patch", op);
	}
	if (r->remove[role])
		json_object_set_new(one, "delete", operation(r, "delete", "delete", answer("204", "Gone", NULL)));
	json_object_set_new(one, "parameters",
			    json_pack("[{s:s, s:s, s:b, s:{s:s, s:s}}]", "name", "id", "in", "path", "required", 1,
				      "schema", "type", "string", "format", "uuid"));
	snprintf(path, sizeof(path), "/api/v1/%s", r->name);
	json_object_set_new(paths, path, many);
	snprintf(path, sizeof(path), "/api/v1/%s/{id}", r->name);
	json_object_set_new(paths, path, one);
}

/* The special routes, from the table that also dispatches them. */
static void add_route(json_t *paths, const struct api_route *route)
{
	char path[160] = "/", method[8];
	size_t n = 1, m = 0;
	for (const char *p = route->pattern; *p && n + 5 < sizeof(path); p++) {
		if (*p == '*')
			n += (size_t)snprintf(path + n, sizeof(path) - n, "{id}");
		else
			path[n++] = *p;
	}
	path[n] = 0;
	for (const char *p = route->method; *p && m + 1 < sizeof(method); p++)
		method[m++] = (char)(*p | 0x20);
	method[m] = 0;
	json_t *item = json_object_get(paths, path);
	if (!item) {
		item = json_object();
		json_object_set_new(paths, path, item);
	}
	if (json_object_get(item, method)) /* a resource's own verb, handled more closely */
		return;
	json_t *op = json_pack("{s:s, s:o}", "summary", route->help, "responses", answer("200", route->help, NULL));
	if (route->need == API_OPEN)
		json_object_set_new(op, "security", json_array());
	json_object_set_new(item, method, op);
	if (strchr(path, '{') && !json_object_get(item, "parameters"))
		json_object_set_new(item, "parameters",
				    json_pack("[{s:s, s:s, s:b, s:{s:s}}]", "name", "id", "in", "path", "required", 1,
					      "schema", "type", "string"));
}

char *api_openapi_make(const struct res_schema *s, enum res_role role)
{
	json_t *paths = json_object(), *schemas = json_object();
	json_object_set_new(
		schemas, "Problem",
		json_pack("{s:s, s:[s,s,s], s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:{s:s}}}}", "type",
			  "object", "required", "type", "title", "status", "properties", "type", "type", "string",
			  "title", "type", "string", "status", "type", "integer", "detail", "type", "string", "request",
			  "type", "string", "errors", "type", "array", "items", "type", "object"));
	for (size_t i = 0; i < res_schema_count(s); i++)
		if (res_schema_at(s, i)->select[role])
			add_resource(paths, schemas, res_schema_at(s, i), role);
	for (const struct api_route *r = api_routes; r->method; r++)
		add_route(paths, r);
	json_t *o =
		json_pack("{s:s, s:{s:s, s:s}, s:o, s:{s:o, s:{s:{s:s, s:s}, s:{s:s, s:s, s:s}}}, s:[{s:[]}, {s:[]}]}",
			  "openapi", "3.1.0", "info", "title", "Zongji", "version", "1", "paths", paths, "components",
			  "schemas", schemas, "securitySchemes", "bearer", "type", "http", "scheme", "bearer", "cookie",
			  "type", "apiKey", "in", "cookie", "name", "zj_session", "security", "bearer", "cookie");
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return text;
}

/* Without a session (or a carrier's) the carrier's view; it is the wider one for what the carrier may touch. */
void api_openapi_h(struct api_req *req)
{
	char *as = res_query_get(req->query, "as");
	bool carrier = as && strcmp(as, "carrier") == 0;
	zj_deref(as);
	api_reply_text(req, 200, req->api->openapi[carrier ? RES_ROLE_CARRIER : RES_ROLE_TENANT]);
}
