/* What would happen to a call: the edge is asked, the database knows the names of the rows that decided. */
#include "edge/edge.h"
#include "rows/manage.h"
#include "server/api.h"
#include "zj_log.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct api_key keys[] = {{"number", JSON_STRING, NULL},
				      {"caller", JSON_STRING, NULL},
				      {"trunk_id", JSON_STRING, NULL},
				      {"at", JSON_STRING, NULL},
				      {NULL, JSON_NULL, NULL}};

/* The rows by their names, and the destination by its own; texts of the edge stay as they are. */
static const char named_sql[] =
	"with e as (select $1::jsonb as e), r as (select x.* from e, rows from (jsonb_to_recordset(coalesce(e.e -> "
	"'routes', '[]')) as "
	"(id uuid, priority integer, verdict text, against text, decided_by text)) with ordinality as x (id, priority, "
	"verdict, against, "
	"decided_by, n)) "
	"select (e.e || jsonb_build_object('routes', coalesce((select jsonb_agg(jsonb_build_object('id', r.id, 'name', "
	"i.name, 'priority', "
	"r.priority, 'verdict', r.verdict, 'against', string_to_array(nullif(r.against, ''), ','), 'decided_by', "
	"nullif(r.decided_by, ''), "
	"'destination_kind', i.destination_kind) order by r.n) from r join zj.inbound_route i on i.id = r.id), '[]'), "
	"'time_zone', (select t.time_zone from zj.tenant t where t.id::text = e.e ->> 'tenant')))::text from e";

static void named(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

/* Kamailio's struct, whose empty texts are nothing and whose flags are numbers. */
static json_t *cleaned(json_t *result)
{
	static const char *const flags[] = {"vip", "holiday"};
	json_t *o = json_object(), *v;
	const char *key;

	json_object_foreach (result, key, v)
		json_object_set(o, key, json_is_string(v) && !*json_string_value(v) ? json_null() : v);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(flags); i++)
		if (json_object_get(o, flags[i]))
			json_object_set_new(o, flags[i],
					    json_boolean(json_integer_value(json_object_get(o, flags[i]))));
	json_object_del(o, "result");
	return o;
}

static void explained(json_t *result, const char *message, void *arg)
{
	struct api_req *req = arg;

	if (!result) {
		api_fail(req, message ? RES_P_REQUEST : RES_P_AWAY, "%s", message ? message : "the edge is away");
	} else {
		json_t *o = cleaned(json_is_array(result) ? json_array_get(result, 0) : result);
		char *text = json_dumps(o, JSON_COMPACT);
		const char *values[] = {text};
		struct zj_pg_query q = {.sql = named_sql, .n = 1, .values = values};
		if (!text)
			api_fail(req, RES_P_INTERNAL, "out of memory");
		else
			api_db_run(req, &q, 1, named, NULL, NULL);
		free(text);
		json_decref(o);
	}
	zj_deref(req);
}

static const char *text_of(const json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));
	return text && *text ? text : "-";
}

bool api_is_dialled(const char *text)
{
	size_t n = strspn(text + (*text == '+'), "0123456789*#");
	return n && n <= 32 && !text[n + (*text == '+')];
}

bool api_moment(const char *text, char *out, size_t size)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int h = 0, m = 0, n = 0;

	if (!strcmp(text, "-")) {
		snprintf(out, size, "-");
		return true;
	}
	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (!end || (strcmp(end, "Z") != 0 &&
		     ((*end != '+' && *end != '-') || sscanf(end + 1, "%2d:%2d%n", &h, &m, &n) != 2 || end[1 + n])))
		return false;
	snprintf(out, size, "%lld", (long long)timegm(&tm) - (*end == '-' ? -1 : 1) * (h * 3600LL + m * 60LL));
	return true;
}

void api_explain_h(struct api_req *req)
{
	struct res_problem p = {0};
	json_t *body = api_req_body(req);
	char at[32] = "-";

	if (!body)
		return;
	api_keys_check(body, keys, &p);
	const char *number = text_of(body, "number"), *caller = text_of(body, "caller"),
		   *trunk = text_of(body, "trunk_id");
	if (!p.errors && !api_is_dialled(number))
		api_fault(&p, "number", strcmp(number, "-") ? "pattern" : "required", NULL);
	if (!p.errors && strcmp(caller, "-") && !api_is_dialled(caller))
		api_fault(&p, "caller", "pattern", NULL);
	if (!p.errors && strcmp(trunk, "-") && !zj_uuid_is_valid(trunk))
		api_fault(&p, "trunk_id", "format", NULL);
	if (!p.errors && !api_moment(text_of(body, "at"), at, sizeof(at)))
		api_fault(&p, "at", "format", NULL);
	if (p.errors)
		api_reply_problem(req, &p);
	else /* a tenant's question is about its own numbers */
		api_edge_ask(req->api->edge, "did.explain",
			     json_pack("[s, s, s, s, s]", number, caller, trunk, at,
				       req->who.role == RES_ROLE_CARRIER ? "-" : req->who.tenant),
			     explained, zj_ref(req));
	json_decref(body);
}
