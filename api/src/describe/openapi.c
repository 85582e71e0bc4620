#include "describe/openapi.h"
#include "rows/manage.h"
#include "server/api.h"
#include <string.h>

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

static json_t *path_parameter(const char *name, bool uuid)
{
	json_t *schema = json_pack("{s:s}", "type", "string");
	if (uuid)
		json_object_set_new(schema, "format", json_string("uuid"));
	return json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", "path", "required", 1, "schema", schema);
}

/* Parameters of lists: X(name, type, description) */
#define LIST_PARAMETERS(X)                                                                                             \
	X("q", "string", "text to search for")                                                                         \
	X("match", "string", "all (default) or any of the filters")                                                    \
	X("sort", "string", "up to three fields, - for descending")                                                    \
	X("fields", "string", "only these fields, comma-separated")                                                    \
	X("expand", "string", "references whose labels are wanted")                                                    \
	X("limit", "integer", "1 to 200")                                                                              \
	X("cursor", "string", "the page before's `next`")                                                              \
	X("skip", "integer", "rows to leave out after the cursor")                                                     \
	X("count", "boolean", "with the total")                                                                        \
	X("deleted", "boolean", "the recycle bin instead")

static json_t *list_parameters(void)
{
	json_t *out = json_array();
#define X(name, type, description) json_array_append_new(out, query_parameter(name, type, description));
	LIST_PARAMETERS(X)
#undef X
	json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:b, s:{s:s, s:b}, s:s}", "name", "filter", "in", "query",
					     "style", "deepObject", "explode", 1, "schema", "type", "object",
					     "additionalProperties", 1, "description",
					     "filter[field]=value or filter[field][operator]=value"));
	return out;
}

static json_t *list_operation(const struct res_def *r, const char *row)
{
	json_t *page = json_pack("{s:s, s:[s,s], s:{s:{s:s, s:o}, s:{s:[s,s]}, s:{s:s}}}", "type", "object", "required",
				 "items", "next", "properties", "items", "type", "array", "items", ref(row), "next",
				 "type", "string", "null", "total", "type", "integer");
	json_t *op = operation(r, "list", "list", answer("200", "A page", page));
	json_object_set_new(op, "parameters", list_parameters());
	return op;
}

static json_t *writing(const struct res_def *r, const char *verb, const char *status, const char *body, const char *row)
{
	json_t *op = operation(r, verb, verb, answer(status, "The row", ref(row)));
	json_object_set_new(op, "requestBody", json_content(ref(body)));
	return op;
}

static json_t *item_of(json_t *paths, const char *path)
{
	json_t *item = json_object_get(paths, path);
	if (item)
		return item;
	item = json_object();
	json_object_set_new(paths, path, item);
	return item;
}

static void add_verbs(json_t *paths, json_t *schemas, const struct res_def *r, enum res_role role)
{
	char row[100], create[120], change[120], path[160];
	snprintf(row, sizeof(row), "%.80s", r->table);
	snprintf(create, sizeof(create), "%s_create", row);
	snprintf(change, sizeof(change), "%s_change", row);
	json_object_set_new(schemas, row, api_openapi_row(r, role, API_OPENAPI_READ));
	snprintf(path, sizeof(path), "/api/v1/%s", r->name);
	json_t *many = item_of(paths, path);
	snprintf(path, sizeof(path), "/api/v1/%s/{id}", r->name);
	json_t *one = item_of(paths, path),
	       *expand = query_parameter("expand", "string", "references whose labels are wanted");
	json_object_set_new(one, "parameters", json_pack("[o]", path_parameter("id", true)));
	json_object_set_new(many, "get", list_operation(r, row));
	json_t *get = operation(r, "get", "read one", answer("200", "The row", ref(row)));
	json_object_set_new(get, "parameters", json_pack("[o]", expand));
	json_object_set_new(one, "get", get);
	if (r->can[RES_CAN_CREATE][role] && !json_object_get(r->comment, "upload")) {
		json_object_set_new(schemas, create, api_openapi_row(r, role, API_OPENAPI_CREATE));
		json_object_set_new(many, "post", writing(r, "create", "201", create, row));
	}
	if (r->can[RES_CAN_UPDATE][role]) {
		json_object_set_new(schemas, change, api_openapi_row(r, role, API_OPENAPI_CHANGE));
		json_object_set_new(one, "patch", writing(r, "change", "200", change, row));
	}
	if (r->can[RES_CAN_DELETE][role])
		json_object_set_new(one, "delete", operation(r, "delete", "delete", answer("204", "Gone", NULL)));
}

/* The verbs beyond rows: of the table that also dispatches them, as far as this resource offers them. */
static bool offered(const struct res_def *r, enum res_role role, const struct api_route *route)
{
	static const struct {
		api_h *h;
		enum res_can can;
	} needs[] = {
		{api_import_h, RES_CAN_IMPORT},          {api_import_preview_h, RES_CAN_IMPORT},
		{api_import_template_h, RES_CAN_IMPORT}, {api_export_h, RES_CAN_EXPORT},
		{api_duplicate_h, RES_CAN_CREATE},       {api_restore_h, RES_CAN_DELETE},
		{api_history_h, RES_CAN_READ},           {api_bulk_h, RES_CAN_UPDATE},
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(needs); i++)
		if (needs[i].h == route->h)
			return r->can[needs[i].can][role] && (route->h != api_restore_h || r->recyclable) &&
			       (route->h != api_history_h || r->audited);
	return false;
}

static void lower(char *to, size_t size, const char *from)
{
	size_t n = 0;
	for (; from[n] && n + 1 < size; n++)
		to[n] = (char)(from[n] | 0x20);
	to[n] = 0;
}

static void add_more(json_t *paths, const struct res_def *r, enum res_role role)
{
	char path[200], method[8], verb[80];
	for (const struct api_route *route = api_resource_routes; route->method; route++) {
		const char *rest = strchr(route->pattern, '*');
		if (!rest || !offered(r, role, route))
			continue;
		rest += 2; /* behind the resource's own star */
		bool one = *rest == '*';
		snprintf(path, sizeof(path), "/api/v1/%s/%s%s", r->name, one ? "{id}" : "", rest + one);
		lower(method, sizeof(method), route->method);
		snprintf(verb, sizeof(verb), "%s", rest + (one ? 2 : 0));
		for (char *c = verb; *c; c++)
			*c = *c == '/' || *c == '-' ? '_' : *c;
		json_t *op = operation(r, verb, route->help, answer("200", route->help, json_object()));
		if (strcmp(route->method, "POST") == 0)
			json_object_set_new(op, "requestBody", json_content(json_pack("{s:s}", "type", "object")));
		if (one)
			json_object_set_new(op, "parameters", json_pack("[o]", path_parameter("id", true)));
		json_object_set_new(item_of(paths, path), method, op);
	}
}

/* The special routes, from the table that also dispatches them. */
static void add_route(json_t *paths, const struct api_route *route)
{
	char path[160] = "/", method[8], name[8];
	size_t n = 1;
	int params = 0;
	json_t *parameters = json_array();
	for (const char *p = route->pattern; *p && n + 8 < sizeof(path); p++) {
		if (*p != '*') {
			path[n++] = *p;
			continue;
		}
		params++;
		snprintf(name, sizeof(name), params > 1 ? "id%d" : "id", params);
		n += (size_t)snprintf(path + n, sizeof(path) - n, "{%s}", name);
		json_array_append_new(parameters, path_parameter(name, false));
	}
	path[n] = 0;
	lower(method, sizeof(method), route->method);
	json_t *item = item_of(paths, path);
	if (!json_object_get(item, method)) { /* else a resource's own verb, handled more closely */
		json_t *op =
			json_pack("{s:s, s:o}", "summary", route->help, "responses", answer("200", route->help, NULL));
		if (route->need == API_OPEN)
			json_object_set_new(op, "security", json_array());
		if (params && !json_object_get(item, "parameters"))
			json_object_set(op, "parameters", parameters);
		json_object_set_new(item, method, op);
	}
	json_decref(parameters);
}

static json_t *problem_schema(void)
{
	return json_pack("{s:s, s:[s,s,s], s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:{s:s}}}}", "type",
			 "object", "required", "type", "title", "status", "properties", "type", "type", "string",
			 "title", "type", "string", "status", "type", "integer", "detail", "type", "string", "request",
			 "type", "string", "errors", "type", "array", "items", "type", "object");
}

char *api_openapi_make(const struct res_schema *s, enum res_role role)
{
	json_t *paths = json_object(), *schemas = json_pack("{s:o}", "Problem", problem_schema());
	for (size_t i = 0; i < res_schema_count(s); i++) {
		if (!res_schema_at(s, i)->select[role])
			continue;
		add_verbs(paths, schemas, res_schema_at(s, i), role);
		add_more(paths, res_schema_at(s, i), role);
	}
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

/* The tenant's view, or (?as=carrier) the carrier's. */
void api_openapi_h(struct api_req *req)
{
	char *as = res_query_get(req->query, "as");
	bool carrier = as && strcmp(as, "carrier") == 0;
	zj_deref(as);
	api_reply_text(req, 200, req->api->openapi[carrier ? RES_ROLE_CARRIER : RES_ROLE_TENANT]);
}
