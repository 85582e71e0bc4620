/* The history of a row: who changed what when, as the audit log has it and as the caller may see it: fields without
 * access are left out, masked ones masked. */
#include "rights/views.h"
#include "rows/manage.h"
#include <stdlib.h>
#include <string.h>

#define LIMIT_MAX 200

struct history { /* a request's `user` */
	int limit;
};

/* Is or was there such a row for the caller? Then its events, newest first; an import that made it has one event for
 * many rows, known by its moment. $1: the id, $2: the table, $3: the id of the last event seen or null. */
static void make_sql(struct res_buf *b, const struct res_def *r, int limit)
{
	res_buf_printf(
		b,
		"with seen as (select t.tenant_id, %s as created_at from zj.\"%s\" t where t.id = $1::uuid union all "
		"select r.tenant_id, null from zj.recycled r where r.row_id = $1::uuid and r.table_name = $2 "
		"limit 1), "
		"e as (select a.* from seen s join zj.audit a on a.tenant_id = s.tenant_id and a.row_id = "
		"$1::uuid and a.table_name = $2 and ($3::uuid is null or a.id < $3::uuid) union all "
		"select a.* from seen s join zj.audit a on a.tenant_id = s.tenant_id and a.row_id is null and "
		"a.at = s.created_at and a.table_name = $2 and a.event = 'create' and ($3::uuid is null or a.id < "
		"$3::uuid)) "
		"select json_build_object('id', e.id, 'at', e.at, 'event', e.event, 'via', e.via, 'source', "
		"host(e.source), 'request', e.request)::text, e.changes::text, e.account_id, e.actor_id, "
		"(select r.label from zj.recycled r where r.table_name = 'account' and r.row_id = e.account_id "
		"limit 1), e.id from e order by e.id desc limit %d",
		res_def_field(r, "created_at") ? "t.created_at" : "null::timestamptz", r->table, limit + 1);
}

/* Who it was: by name while the account is there, by its label after that. */
static json_t *person(struct api_req *req, const char *id, const char *label)
{
	if (!id)
		return json_null();
	const struct api_account *a = api_account_find(req->api->directory, id);
	const char *name = a ? json_string_value(json_object_get(a->row, "name")) : NULL;
	return json_pack("{s:s, s:s?, s:b}", "id", id, "label", name && *name ? name : label, "deleted", !a);
}

static const char *text_or_null(const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

static json_t *event(struct api_req *req, const struct res_view *v, const PGresult *r, int i)
{
	json_t *o = json_loads(PQgetvalue(r, i, 0), 0, NULL);
	json_t *changes = PQgetisnull(r, i, 1) ? NULL : json_loads(PQgetvalue(r, i, 1), 0, NULL);
	json_object_set_new(o, "account", person(req, text_or_null(r, i, 2), text_or_null(r, i, 4)));
	json_object_set_new(o, "actor", person(req, text_or_null(r, i, 3), NULL));
	json_object_set_new(o, "changes", changes ? res_view_changes(v, changes) : json_object());
	json_decref(changes);
	return o;
}

static void told(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const struct history *h = req->user;
	const PGresult *exists = results[0], *r = results[1];
	const struct res_view *v = api_view(req);
	if (!v)
		return;
	if (PQntuples(exists) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is and was no such row");
	int rows = PQntuples(r), shown = rows > h->limit ? h->limit : rows;
	json_t *items = json_array();
	for (int i = 0; i < shown; i++)
		json_array_append_new(items, event(req, v, r, i));
	api_reply_json(
		req, 200,
		json_pack("{s:o, s:s?}", "items", items, "next", rows > shown ? PQgetvalue(r, shown - 1, 5) : NULL));
}

/* `limit` and `cursor`; false: answered. */
static bool read_query(struct api_req *req, struct history *h, char **cursor)
{
	char *limit = res_query_get(req->query, "limit"), *end = limit;
	long v = limit ? strtol(limit, &end, 10) : 50;
	bool good = (!limit || (end != limit && !*end)) && v >= 1 && v <= LIMIT_MAX;
	zj_deref(limit);
	h->limit = (int)v;
	*cursor = res_query_get(req->query, "cursor");
	if (*cursor && !**cursor)
		*cursor = zj_deref(*cursor);
	if (good && (!*cursor || zj_uuid_is_valid(*cursor)))
		return true;
	*cursor = zj_deref(*cursor);
	api_fail(req, RES_P_QUERY, "limit is 1 to %d, cursor what the last page said", LIMIT_MAX);
	return false;
}

void api_history_h(struct api_req *req)
{
	struct res_buf seen = {0}, events = {0};
	char *cursor = NULL;
	if (!api_verb(req, "read") || !api_id_is_good(req, req->arg[1]))
		return;
	struct history *h = zj_alloc(sizeof(*h), NULL);
	if (!h)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	req->user = h;
	if (!read_query(req, h, &cursor))
		return;
	const char *values[] = {req->arg[1], req->res->table, cursor};
	res_buf_printf(&seen,
		       "select from zj.\"%s\" t where t.id = $1::uuid union all select from zj.recycled r where "
		       "r.row_id = $1::uuid and r.table_name = $2 limit 1",
		       req->res->table);
	make_sql(&events, req->res, h->limit);
	struct zj_pg_query q[] = {{.sql = seen.p, .n = 2, .values = values},
				  {.sql = events.p, .n = 3, .values = values}};
	if (seen.failed || events.failed)
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, q, 2, told, NULL, NULL);
	res_buf_free(&seen);
	res_buf_free(&events);
	zj_deref(cursor);
}
