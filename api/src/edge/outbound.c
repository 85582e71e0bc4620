/* What would happen to a call from an extension to a number: acd says whether it leaves and with which caller, the edge
 * over which trunks and what its lists and the toll guard have against it, the database what the rows are called. */
#include "edge/edge.h"
#include "live/acd.h"
#include "rows/manage.h"
#include "server/api.h"
#include "zj_log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct api_key keys[] = {{"extension", JSON_STRING, NULL}, {"number", JSON_STRING, NULL},
				      {"at", JSON_STRING, NULL},        {"trunk_number_id", JSON_STRING, NULL},
				      {"number_id", JSON_STRING, NULL}, {"click", JSON_TRUE, NULL},
				      {"anonymous", JSON_TRUE, NULL},   {NULL, JSON_NULL, NULL}};

/* Every id in the answer that the caller may read has its row's name; of the lists' rows those that count are told. */
static const char named_sql[] =
	"with e as (select $1::jsonb as e), "
	"ids as (select distinct regexp_replace(p.w #>> '{}', '^[a-z_]+:', '')::uuid as id from e, "
	"jsonb_path_query(e.e, "
	"'strict $.** ? (@.type() == \"string\" && @ like_regex "
	"\"^([a-z_]+:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$\")') p (w)), "
	"n (id, name) as ("
	"select x.id, x.name from zj.trunk x join ids using (id) union all "
	"select x.id, x.name from zj.trunk_group x join ids using (id) union all "
	"select x.id, x.name from zj.outbound_route x join ids using (id) union all "
	"select x.id, x.prefix || case when x.length > 0 then ' / ' || x.length else '' end from zj.outbound_rule x "
	"join ids using (id) union all "
	"select x.id, coalesce(nullif(x.area, ''), x.prefix) || case when x.length > 0 then ' / ' || x.length else '' "
	"end from zj.trunk_rule x join ids using (id) union all "
	"select x.id, x.prefix || case when x.length > 0 then ' / ' || x.length else '' end from zj.extension_rate x "
	"join ids using (id) union all "
	"select x.id, x.name from zj.account_group x join ids using (id) union all "
	"select x.id, x.name from zj.account x join ids using (id) union all "
	"select x.id, x.name from zj.agent x join ids using (id) union all "
	"select x.id, x.number from zj.extension x join ids using (id) union all "
	"select x.id, x.name from zj.queue x join ids using (id) union all "
	"select x.id, x.full_number from zj.trunk_number x join ids using (id) union all "
	"select x.id, x.name from zj.number_pool x join ids using (id) union all "
	"select x.id, x.name from zj.toll_guard x join ids using (id))"
	"select ((e.e - 'lists') || jsonb_build_object("
	"'names', coalesce((select jsonb_object_agg(n.id, n.name) from n), '{}'), "
	"'time_zone', (select t.time_zone from zj.tenant t where t.id::text = e.e ->> 'tenant'), "
	"'do_not_call', zj.zj_do_not_call_here(coalesce(e.e ->> 'leaves_as', e.e ->> "
	"'dialled')), "
	"'lists', coalesce((select jsonb_agg(jsonb_build_object('about', l.v ->> 'about', 'number', l.v ->> 'asked', "
	"'trunk', l.v ->> 'trunk', 'barred', l.v ->> 'barred' = '1', 'rows', coalesce((select "
	"jsonb_agg(jsonb_build_object("
	"'id', b.id, 'number', r ->> 'number', 'scope', r ->> 'scope', 'colour', r ->> 'colour', 'reason', b.reason, "
	"'counts', r ->> 'counts' = '1')) from jsonb_array_elements(l.v -> 'rows') r left join zj.blacklist b on "
	"b.tenant_id "
	"= (r ->> 'tenant')::uuid and b.number = r ->> 'number' and b.match = r ->> 'match' and b.rule = (r ->> "
	"'rule')::uuid), '[]')) order by l.n) from jsonb_array_elements(e.e -> 'lists') with ordinality l (v, n)), "
	"'[]')))::text from e";

struct asked {
	struct api_req *req; /* a reference */
	json_t *told, *lists;
	char tenant[ZJ_UUID_SIZE], at[32];
	unsigned waiting;
	bool edge_away;
};

/* A question to the lists that is under way. */
struct list {
	struct asked *a;
	json_t *about; /* {about, asked, trunk?} */
};

static void asked_free(void *arg)
{
	struct asked *a = arg;

	json_decref(a->told);
	json_decref(a->lists);
	zj_deref(a->req);
}

static void named(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

static const char *text_in(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* Do the lists bar the number (trunk ""), or the caller that is shown on a trunk? */
static bool is_listed(const struct asked *a, const char *trunk)
{
	json_t *l;
	size_t i;

	json_array_foreach (a->lists, i, l)
		if (json_integer_value(json_object_get(l, "barred")) && !strcmp(text_in(l, "trunk"), trunk))
			return true;
	return false;
}

/* The trunk that is tried first of those that are ready: with its first host that is. */
static bool take_trunk(struct asked *a)
{
	json_t *trunk, *host;
	size_t i, k;

	json_array_foreach (json_object_get(json_object_get(a->told, "edge"), "trunks"), i, trunk)
		json_array_foreach (json_object_get(trunk, "hosts"), k, host)
			if (!strcmp(text_in(host, "state"), "ok") && !is_listed(a, text_in(trunk, "trunk"))) {
				json_object_set(a->told, "trunk", json_object_get(trunk, "trunk"));
				json_object_set(a->told, "shows", json_object_get(host, "caller"));
				json_object_set(a->told, "uri", json_object_get(host, "uri"));
				return true;
			}
	return false;
}

/* Of all that was told the one thing that happens: dial; internal, go, tenant, refuse (acd's words); barred; else why
 * the edge refuses it. */
static const char *conclusion(struct asked *a)
{
	const char *verdict = text_in(a->told, "verdict"), *edge = text_in(json_object_get(a->told, "edge"), "outcome");

	if (is_listed(a, ""))
		return "barred";
	if (strcmp(verdict, "dial") != 0)
		return verdict;
	if (strcmp(edge, "found") != 0)
		return edge;
	return take_trunk(a) ? "dial" : "barred";
}

static void finish(struct asked *a)
{
	if (--a->waiting)
		return;
	json_object_set_new(a->told, "tenant", json_string(a->tenant));
	json_object_set(a->told, "lists", a->lists);
	json_object_set_new(a->told, "outcome", json_string(conclusion(a)));
	char *text = json_dumps(a->told, JSON_COMPACT);
	const char *values[] = {text};
	struct zj_pg_query q = {.sql = named_sql, .n = 1, .values = values};

	if (a->edge_away)
		api_fail(a->req, RES_P_AWAY, "the edge is away");
	else if (!text)
		api_fail(a->req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(a->req, &q, 1, named, NULL, NULL);
	free(text);
	zj_deref(a);
}

static void list_told(json_t *result, const char *message ZJ_UNUSED, void *arg)
{
	struct list *l = arg;
	struct asked *a = l->a;
	json_t *row = json_is_array(result) ? json_array_get(result, 0) : result;

	a->edge_away = a->edge_away || !result;
	if (row && !json_object_update(l->about, row))
		json_array_append(a->lists, l->about);
	json_decref(l->about);
	free(l);
	finish(a);
}

/* Is this number barred from going out, for this extension or on this trunk? */
static void ask_lists(struct asked *a, const char *about, const char *number, const char *scope, const char *id)
{
	struct list *l = malloc(sizeof(*l));
	char scopes[80];

	if (!l)
		abort();
	*l = (struct list){a, json_pack("{s:s, s:s}", "about", about, "asked", number)};
	if (!strcmp(scope, "trunk"))
		json_object_set_new(l->about, "trunk", json_string(id));
	snprintf(scopes, sizeof(scopes), "%s=%s", scope, id);
	a->waiting++;
	api_edge_ask(a->req->api->edge, "blacklist.explain",
		     json_pack("[s, s, s, s, s]", a->tenant, number, "out", scopes, a->at), list_told, l);
}

/* Kamailio's empty texts are nothing. */
static void clean(json_t *v)
{
	json_t *child;
	const char *key;
	size_t i;
	void *next;

	json_array_foreach (v, i, child)
		clean(child);
	json_object_foreach_safe(v, next, key, child)
	{
		if (json_is_string(child) && !*json_string_value(child))
			json_object_set_new(v, key, json_null());
		else
			clean(child);
	}
}

/* A trunk's lists are about the caller that is shown there. */
static void ask_callers(struct asked *a, const json_t *edge)
{
	json_t *trunk, *host;
	size_t i;

	if (json_integer_value(json_object_get(edge, "emergency")))
		return;
	json_array_foreach (json_object_get(edge, "trunks"), i, trunk) {
		host = json_array_get(json_object_get(trunk, "hosts"), 0);
		if (*text_in(host, "caller"))
			ask_lists(a, "caller", text_in(host, "caller"), "trunk", text_in(trunk, "trunk"));
	}
}

static void edge_told(json_t *result, const char *message, void *arg)
{
	struct asked *a = arg;
	json_t *edge = json_is_array(result) ? json_array_get(result, 0) : result;

	if (message)
		zj_warn("explain", "the edge refused because=%s", zj_log_esc(message));
	a->edge_away = a->edge_away || !edge;
	if (edge) {
		clean(edge);
		json_object_set(a->told, "edge", edge);
		ask_callers(a, edge);
	}
	finish(a);
}

/* What acd would tell the edge of the call. */
static void ask_edge(struct asked *a)
{
	static const char *const what[][2] = {{"out", "object"},      {"group", "account_group"},
					      {"pool", "pool"},       {"extension", "extension"},
					      {"account", "account"}, {"caller", "caller"}};
	char text[600];
	size_t at = 0;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(what); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s=%s;", what[i][0],
				       text_in(a->told, what[i][1]));
	snprintf(text + at, sizeof(text) - at, "anonymous=%d;emergency=%d",
		 json_is_true(json_object_get(a->told, "anonymous")),
		 json_is_true(json_object_get(a->told, "emergency")));
	a->waiting++;
	api_edge_ask(a->req->api->edge, "trunk.explain",
		     json_pack("[s, s, s, s]", a->tenant, text_in(a->told, "leaves_as"), text, a->at), edge_told, a);
}

static void acd_told(json_t *result, int code, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct asked *a = arg;
	bool dial;

	if (!result) {
		if (code == ZJ_RPC_NOT_FOUND) {
			struct res_problem p = {0};

			api_fault(&p, "extension", "reference", NULL);
			api_reply_problem(a->req, &p);
		} else {
			api_fail(a->req, RES_P_AWAY, "%s", message ? message : "the call engine is away");
		}
		zj_deref(a);
		return;
	}
	a->told = json_incref(result);
	a->waiting = 1;
	dial = !strcmp(text_in(a->told, "verdict"), "dial");
	if (!json_is_true(json_object_get(a->told, "emergency"))) {
		const char *dialled = text_in(a->told, "dialled"), *leaves = text_in(a->told, "leaves_as");

		ask_lists(a, "dialled", dialled, "extension", text_in(a->told, "extension"));
		if (dial && strcmp(dialled, leaves) != 0)
			ask_lists(a, "leaves", leaves, "extension", text_in(a->told, "extension"));
	}
	if (dial)
		ask_edge(a);
	finish(a);
}

static void check(const json_t *body, struct asked *a, struct res_problem *p)
{
	static const char *const ids[] = {"trunk_number_id", "number_id"};
	const char *number = text_in(body, "number"), *at = text_in(body, "at");

	api_keys_check(body, keys, p);
	if (!p->errors && !api_is_dialled(number))
		api_fault(p, "number", *number ? "pattern" : "required", NULL);
	if (!p->errors && !api_is_dialled(text_in(body, "extension")))
		api_fault(p, "extension", *text_in(body, "extension") ? "pattern" : "required", NULL);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(ids); i++)
		if (!p->errors && *text_in(body, ids[i]) && !zj_uuid_is_valid(text_in(body, ids[i])))
			api_fault(p, ids[i], "format", NULL);
	if (!p->errors && !api_moment(*at ? at : "-", a->at, sizeof(a->at)))
		api_fault(p, "at", "format", NULL);
}

static json_t *question(const json_t *body, const char *tenant)
{
	json_t *p = json_pack("{s:s, s:s, s:s, s:b, s:b}", "tenant", tenant, "extension", text_in(body, "extension"),
			      "number", text_in(body, "number"), "click", json_is_true(json_object_get(body, "click")),
			      "anonymous", json_is_true(json_object_get(body, "anonymous")));

	if (*text_in(body, "trunk_number_id"))
		json_object_set(p, "trunk_number", json_object_get(body, "trunk_number_id"));
	if (*text_in(body, "number_id"))
		json_object_set(p, "service", json_object_get(body, "number_id"));
	return p;
}

/* A tenant's question is about itself. */
void api_outbound_explain_h(struct api_req *req)
{
	struct res_problem p = {0};
	json_t *body = api_req_body(req);
	struct asked *a = body ? zj_alloc(sizeof(*a), asked_free) : NULL;

	if (!body)
		return;
	if (!a)
		abort();
	a->req = zj_ref(req);
	a->lists = json_array();
	check(body, a, &p);
	snprintf(a->tenant, sizeof(a->tenant), "%s", req->who.tenant);
	if (p.errors) {
		api_reply_problem(req, &p);
		zj_deref(a);
	} else {
		api_acd_ask(req->api->acd, "explain", question(body, a->tenant), acd_told, a);
	}
	json_decref(body);
}
