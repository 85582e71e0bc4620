/* A column (or a custom attachment) that names an upload: whoever may read the row and the field gets the file. */
#include "files/download.h"
#include "rights/views.h"
#include "rows/manage.h"
#include "zj_log.h"
#include <string.h>

static void send_file(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const PGresult *r = results[0];
	if (PQntuples(r) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such row");
	if (PQgetisnull(r, 0, 1))
		return api_fail(req, RES_P_NOT_FOUND, "there is no file in this field");
	api_download(req, PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2), PQgetvalue(r, 0, 3));
}

static bool is_file(const struct res_view_field *f)
{
	return f->custom ? f->custom->type == RES_CUSTOM_ATTACHMENT
			 : json_is_true(json_object_get(f->field->comment, "file"));
}

static void send_column(struct api_req *req)
{
	struct res_buf sql = {0};
	const struct res_view *v = api_verb(req, "read") && api_id_is_good(req, req->arg[1]) ? api_view(req) : NULL;
	if (!v)
		return;
	const struct res_view_field *f = res_view_shown(v, req->arg[2]);
	if (!f || f->access == RES_ACCESS_MASKED || !is_file(f))
		return api_fail(req, RES_P_NOT_FOUND, "there is nothing at this path");
	res_buf_printf(&sql,
		       "select t.tenant_id, u.path, u.name, u.media_type from zj.\"%s\" t left join lateral "
		       "zj.zj_file(t.tenant_id, (%s)::uuid) u on true where t.id = $1::uuid",
		       req->res->table, f->value);
	const char *id = req->arg[1];
	struct zj_pg_query q = {.sql = sql.p, .n = 1, .values = &id};
	if (sql.failed)
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, &q, 1, send_file, NULL, NULL);
	res_buf_free(&sql);
}

/* GET of a field as a document: its file, or (a flow's document) what the engine has. */
void api_file_column_h(struct api_req *req)
{
	const struct res_field *f = res_def_field(req->res, req->arg[2]);
	if (strncmp(req->arg[2], "custom.", 7) == 0 || (f && json_object_get(f->comment, "file")))
		send_column(req);
	else
		api_column_get_h(req);
}
