/* Who may call whom, for people who ask: what the edge would decide about a number, and the rows that decide. And the
 * beginnings of the numbers on a do-not-call list. */
#include "edge/edge.h"
#include "rows/manage.h"
#include "server/api.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCOPES(X) X(extension) X(account) X(agent_group) X(did) X(trunk) X(trunk_group)
static const struct api_key keys[] = {{"number", JSON_STRING, NULL},
				      {"direction", JSON_STRING, NULL},
				      {"tenant_id", JSON_STRING, NULL},
#define X(name) {#name "_id", JSON_STRING, NULL},
				      SCOPES(X)
#undef X
					      {NULL, JSON_NULL, NULL}};

/* The edge knows rules by name; the database has their rows. What the carrier's own rows say is nobody else's matter.
 */
static const char rows_sql[] =
	"with e as (select $1::jsonb as e), r as (select x.*, a.n from e, jsonb_array_elements(e.e -> 'rows') with "
	"ordinality "
	"as a (v, n), jsonb_to_record(a.v) as x (tenant uuid, rule uuid, scope text, match text, number text, colour "
	"text, "
	"direction text, overrides integer, in_force integer, counts integer)) "
	"select ((e.e - 'rows') || jsonb_build_object('barred', e.e ->> 'barred' = '1', 'lifted', e.e ->> 'lifted' = "
	"'1', "
	"'rule', nullif(e.e ->> 'rule', ''), 'prompt', nullif(e.e ->> 'prompt', ''), 'scope', nullif(e.e ->> 'scope', "
	"''), "
	"'result', nullif(e.e ->> 'result', ''), 'code', nullif(e.e ->> 'code', '0')::integer, 'rows', "
	"coalesce((select jsonb_agg(jsonb_build_object('id', b.id, 'rule', r.rule, 'scope', r.scope, 'match', r.match, "
	"'number', b.number, 'colour', r.colour, 'direction', r.direction, 'reason', b.reason, 'overrides', "
	"r.overrides = 1, "
	"'in_force', r.in_force = 1, 'counts', r.counts = 1) order by r.n) from r left join zj.blacklist b on "
	"b.tenant_id = r.tenant and b.number = r.number and b.match = r.match and b.rule = r.rule), '[]')))::text from "
	"e";

static void told(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

static void explained(json_t *result, const char *message, void *arg)
{
	struct api_req *req = arg;
	char *text =
		result ? json_dumps(json_is_array(result) ? json_array_get(result, 0) : result, JSON_COMPACT) : NULL;
	const char *values[] = {text};
	struct zj_pg_query q = {.sql = rows_sql, .n = 1, .values = values};

	if (!result)
		api_fail(req, message ? RES_P_REQUEST : RES_P_AWAY, "%s", message ? message : "the edge is away");
	else if (!text)
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, &q, 1, told, NULL, NULL);
	free(text);
	zj_deref(req);
}

static const char *text_of(const json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));
	return text ? text : "";
}

/* "extension=…;did=…": the scopes that the body names. */
static void scopes_of(const json_t *body, char *out, size_t size, struct res_problem *p)
{
	static const char *const names[] = {
#define X(name) #name,
		SCOPES(X)
#undef X
	};
	size_t at = 0;
	out[0] = 0;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(names); i++) {
		char key[32];
		snprintf(key, sizeof(key), "%s_id", names[i]);
		const char *id = text_of(body, key);
		if (*id && !zj_uuid_is_valid(id))
			api_fault(p, key, "format", NULL);
		else if (*id)
			at += (size_t)snprintf(out + at, size - at, "%s=%s;", names[i], id);
	}
}

void api_blacklist_explain_h(struct api_req *req)
{
	struct res_problem p = {0};
	json_t *body = api_req_body(req);
	char scopes[400];

	if (!body)
		return;
	api_keys_check(body, keys, &p);
	const char *number = text_of(body, "number"), *direction = text_of(body, "direction"),
		   *tenant = text_of(body, "tenant_id");
	if (!p.errors && (!*number || strlen(number) > 40))
		api_fault(&p, "number", *number ? "max_length" : "required", NULL);
	if (!p.errors && *direction && strcmp(direction, "in") != 0 && strcmp(direction, "out") != 0)
		api_fault(&p, "direction", "choice", NULL);
	if (!p.errors && *tenant && !zj_uuid_is_valid(tenant))
		api_fault(&p, "tenant_id", "format", NULL);
	if (!p.errors)
		scopes_of(body, scopes, sizeof(scopes), &p);
	bool carrier = req->who.role == RES_ROLE_CARRIER;
	if (p.errors)
		api_reply_problem(req, &p);
	else
		api_edge_ask(req->api->edge, "blacklist.explain",
			     json_pack("[s, s, s, s]", carrier && *tenant ? tenant : req->who.tenant, number,
				       *direction ? direction : "in", scopes),
			     explained, zj_ref(req));
	json_decref(body);
}

/* ?level=&campaign_id=&prefix=: the first three digits of what is listed there, or the next three behind a prefix. */
void api_do_not_call_prefixes_h(struct api_req *req)
{
	char *level = res_query_get(req->query, "level"), *campaign = res_query_get(req->query, "campaign_id"),
	     *prefix = res_query_get(req->query, "prefix");
	const char *l = level && *level                     ? level
			: req->who.role == RES_ROLE_CARRIER ? "system"
							    : "tenant",
		   *c = campaign && *campaign ? campaign : NULL, *x = prefix ? prefix : "";
	struct res_problem p = {0};

	if (strcmp(l, "system") != 0 && strcmp(l, "tenant") != 0 && strcmp(l, "campaign") != 0)
		api_fault(&p, "level", "choice", NULL);
	if (c && !zj_uuid_is_valid(c))
		api_fault(&p, "campaign_id", "format", NULL);
	if (strlen(x) > 29 || strspn(x, "0123456789") != strlen(x))
		api_fault(&p, "prefix", "pattern", NULL);
	const char *values[] = {l, c, x};
	struct zj_pg_query q = {
		.sql = "select json_build_object('items', coalesce(json_agg(row_to_json(p)), '[]'))::text from "
		       "zj.zj_do_not_call_prefixes($1, $2::uuid, $3) p",
		.n = 3,
		.values = values};
	if (p.errors)
		api_reply_problem(req, &p);
	else
		api_db_run(req, &q, 1, told, NULL, NULL);
	zj_deref(level);
	zj_deref(campaign);
	zj_deref(prefix);
}
