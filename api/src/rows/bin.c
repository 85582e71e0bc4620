/* The recycle bin of a resource: a deleted row comes back with what went along with it, or goes for good. */
#include "perm.h"
#include "rights/views.h"
#include "rows/manage.h"
#include <stdlib.h>
#include <string.h>

struct bin { /* a request's `user` */
	char recycled[ZJ_UUID_SIZE];
	int64_t started_us;
};

static bool is_marked(const struct res_def *r)
{
	const char *how = json_string_value(json_object_get(r->comment, "delete"));
	return how && strcmp(how, "mark") == 0;
}

/* Nobody brings back (or destroys) somebody who may do more than himself. */
static bool within_own(struct api_req *req, const char *permissions, const char *role)
{
	if (strcmp(req->res->table, "role_field") == 0) /* opens or closes fields of a role */
		permissions = "[\"*\"]";
	json_t *had = permissions ? json_loads(permissions, 0, NULL) : NULL;
	const char *more = res_perm_beyond(req->who.perms, had);
	char text[200];
	if (!more && role)
		more = res_perm_beyond(req->who.perms, api_role_perms(req->api->directory, role));
	snprintf(text, sizeof(text), "%s", more ? more : "");
	json_decref(had);
	if (!more)
		return true;
	struct res_problem p = {.more = json_pack("{s:s}", "permission", text)};
	res_problem_set(&p, RES_P_BEYOND, "%s is more than you have yourself", text);
	api_reply_problem(req, &p);
	return false;
}

/* The newest row of the bin with this id; NULL: there is none, and that was answered. */
static struct bin *found(struct api_req *req, const PGresult *r)
{
	struct bin *b = req->user;
	const char *permissions = NULL, *role = NULL;
	if (PQntuples(r) == 0) {
		api_fail(req, RES_P_NOT_FOUND, "there is no such row in the recycle bin");
		return NULL;
	}
	if (!PQgetisnull(r, 0, 1))
		permissions = PQgetvalue(r, 0, 1);
	if (!PQgetisnull(r, 0, 2))
		role = PQgetvalue(r, 0, 2);
	snprintf(b->recycled, sizeof(b->recycled), "%s", PQgetvalue(r, 0, 0));
	return within_own(req, permissions, role) ? b : NULL;
}

static void look(struct api_req *req, api_db_h *h)
{
	const char *values[] = {req->arg[1], req->res->table};
	struct zj_pg_query q = {.sql = "select b.id, b.row -> 'permissions', b.row ->> 'role_id' from zj.recycled b "
				       "where b.row_id = $1::uuid and b.table_name = $2 and b.row is not null "
				       "order by b.id desc limit 1",
				.n = 2,
				.values = values};
	struct bin *b = zj_alloc(sizeof(*b), NULL);
	if (!b)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	b->started_us = zj_mono_us();
	zj_deref(req->user);
	req->user = b;
	api_db_run(req, &q, 1, h, NULL, NULL);
}

/* --- restore --- */

struct known {
	struct api_req *req;
	char *row; /* an object */
};

static void answer(void *arg)
{
	struct known *k = arg;
	api_reply_text(k->req, 200, k->row);
	zj_deref(k->row);
	zj_deref(k->req);
	free(k);
}

static void restored(struct api_req *req, PGresult *const *results, int n, void *arg ZJ_UNUSED)
{
	const struct bin *b = req->user;
	const PGresult *r = results[n - 1];
	struct known *k = PQntuples(r) ? malloc(sizeof(*k)) : NULL;
	if (PQntuples(r) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such row");
	if (!k)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	api_audit(req, "restore", req->arg[1]);
	*k = (struct known){zj_ref(req), zj_strdup(PQgetvalue(r, 0, 0))};
	api_directory_wait(req->api->directory, req->res->table, req->arg[1], b->started_us, false, answer, k);
}

/* Runs `sql` with `value`, then reads the row as the caller sees it. */
static void restore_by(struct api_req *req, const char *sql, const char *value)
{
	const char *id = req->arg[1];
	const struct res_view *v = api_view(req);
	if (!v)
		return;
	struct zj_pg_query q[] = {{.sql = sql, .n = 1, .values = &value}, {.sql = v->sql_one, .n = 1, .values = &id}};
	api_db_run(req, q, 2, restored, NULL, NULL);
}

static void restore(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const struct bin *b = found(req, results[0]);
	if (b)
		restore_by(req, "select zj.zj_restore($1::uuid)", b->recycled);
}

void api_restore_h(struct api_req *req)
{
	char sql[200];
	if (!api_verb(req, "delete") || !api_id_is_good(req, req->arg[1]))
		return;
	if (!is_marked(req->res))
		return look(req, restore);
	struct bin *b = zj_alloc(sizeof(*b), NULL);
	if (!b)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	req->user = b;
	b->started_us = zj_mono_us();
	snprintf(sql, sizeof(sql),
		 "update zj.\"%s\" set deleted_at = null where id = $1::uuid and deleted_at is not null",
		 req->res->table);
	restore_by(req, sql, req->arg[1]);
}

/* --- purge --- */

static void purged(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	if (strcmp(PQgetvalue(results[0], 0, 0), "0") == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such row in the recycle bin");
	api_audit(req, "purge", req->arg[1]);
	api_reply_empty(req, 204);
}

static void purge(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const struct bin *b = found(req, results[0]);
	const char *values[] = {b ? b->recycled : NULL};
	struct zj_pg_query q = {.sql = "select zj.zj_purge(array[$1::uuid])", .n = 1, .values = values};
	if (b)
		api_db_run(req, &q, 1, purged, NULL, NULL);
}

/* DELETE: into the bin, or with ?purge=true out of it for good. */
void api_purge_h(struct api_req *req)
{
	char *asked = res_query_get(req->query, "purge");
	bool purging = asked && strcmp(asked, "true") == 0;
	zj_deref(asked);
	if (!purging)
		return api_delete_h(req);
	if (!api_verb(req, "delete") || !api_id_is_good(req, req->arg[1]))
		return;
	if (is_marked(req->res))
		return api_fail(req, RES_P_METHOD, "%s go for good by themselves, after a while", req->res->name);
	look(req, purge);
}
