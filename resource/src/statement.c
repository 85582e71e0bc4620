/* The SQL of single rows: read, insert, update, delete. Lists are list_sql.c's. */
#include "query.h"
#include "view_priv.h"
#include <stdlib.h>
#include <string.h>

static void where_id(struct res_sql *s, const struct res_view *v, const char *id)
{
	res_buf_add(&s->text, " where t.id = ");
	res_sql_param(s, id, "uuid");
	if (v->def->mark)
		res_buf_add(&s->text, " and t.deleted_at is null");
}

void res_sql_one(struct res_sql *s, const struct res_view *v, const char *id, const struct res_query *q)
{
	if (!q || q->n_expand == 0) {
		res_buf_add(&s->text, v->sql_one);
		res_sql_keep(s, id);
		return;
	}
	/* labels stand beside the row, not in it: its ETag is the same with them */
	res_buf_printf(&s->text, "select j::text, md5(j::text), e::text from (select %s as j, json_build_object(",
		       v->row);
	for (size_t i = 0; i < q->n_expand; i++)
		res_buf_printf(&s->text, "%s'%s', %s", i ? ", " : "", q->expand[i]->field->name, q->expand[i]->label);
	res_buf_add(&s->text, ") as e from zj.");
	res_buf_ident(&s->text, v->def->table);
	res_buf_add(&s->text, " t");
	where_id(s, v, id);
	res_buf_add(&s->text, " offset 0) y");
}

void res_sql_insert(struct res_sql *s, const struct res_view *v, const struct res_values *values, const char *replay)
{
	const struct res_def *r = v->def;
	bool has_tenant = false;
	for (size_t i = 0; i < values->n; i++)
		has_tenant = has_tenant || strcmp(values->v[i].field->name, "tenant_id") == 0;
	bool add_tenant = r->tenant_key && !has_tenant;
	res_buf_add(&s->text, "with n as (insert into zj.");
	res_buf_ident(&s->text, r->table);
	res_buf_add(&s->text, " as t (");
	if (add_tenant)
		res_buf_add(&s->text, values->n ? "tenant_id, " : "tenant_id");
	for (size_t i = 0; i < values->n; i++) {
		res_buf_add(&s->text, i ? ", " : "");
		res_buf_ident(&s->text, values->v[i].field->name);
	}
	res_buf_add(&s->text, ") values (");
	if (add_tenant)
		res_buf_add(&s->text, values->n ? "zj.zj_tenant(), " : "zj.zj_tenant()");
	for (size_t i = 0; i < values->n; i++) {
		res_buf_add(&s->text, i ? ", " : "");
		res_sql_param(s, values->v[i].text, values->v[i].field->pg_type);
	}
	res_buf_printf(&s->text, ") returning t.id, %s as j)", v->row);
	if (replay) {
		res_buf_printf(&s->text,
			       ", k as (update zj.idempotency i set status = 201, location = '/api/v1/%s/' || n.id, "
			       "body = n.j::text from n "
			       "where i.tenant_id = zj.zj_tenant() and i.account_id = zj.zj_account() and i.key = ",
			       r->name);
		res_sql_param(s, replay, "text");
		res_buf_add(&s->text, ")");
	}
	res_buf_add(&s->text, " select j::text, md5(j::text), id::text from n");
}

static void where_etag(struct res_sql *s, const struct res_view *v, const char *etag)
{
	if (!etag)
		return;
	res_buf_printf(&s->text, " and md5(%s::text) = ", v->row);
	res_sql_param(s, etag, "text");
}

static void set(struct res_sql *s, const struct res_value *v)
{
	res_buf_ident(&s->text, v->field->name);
	res_buf_add(&s->text, " = ");
	if (strcmp(v->field->name, "custom") != 0) {
		res_sql_param(s, v->text, v->field->pg_type);
		return;
	}
	res_buf_add(&s->text, v->unset ? "(t.\"custom\" || " : "t.\"custom\" || ");
	res_sql_param(s, v->text, "jsonb");
	if (!v->unset)
		return;
	res_buf_add(&s->text, ") - ");
	res_sql_param(s, v->unset, "text[]");
}

void res_sql_update(struct res_sql *s, const struct res_view *v, const struct res_values *values, const char *id,
		    const char *etag)
{
	res_buf_add(&s->text, "with n as (update zj.");
	res_buf_ident(&s->text, v->def->table);
	res_buf_add(&s->text, " as t set ");
	for (size_t i = 0; i < values->n; i++) {
		res_buf_add(&s->text, i ? ", " : "");
		set(s, &values->v[i]);
	}
	where_id(s, v, id);
	where_etag(s, v, etag);
	res_buf_printf(&s->text, " returning %s as j) select j::text, md5(j::text) from n", v->row);
}

/* Rows of a table that only marks them stay. */
void res_sql_delete(struct res_sql *s, const struct res_view *v, const char *id, const char *etag)
{
	res_buf_add(&s->text, v->def->mark ? "update zj." : "delete from zj.");
	res_buf_ident(&s->text, v->def->table);
	res_buf_add(&s->text, v->def->mark ? " as t set deleted_at = now()" : " as t");
	where_id(s, v, id);
	where_etag(s, v, etag);
	res_buf_add(&s->text, " returning t.id::text");
	if (json_object_get(v->def->comment, "upload"))
		res_buf_add(&s->text, ", t.path");
}

void res_sql_column(struct res_sql *s, const struct res_view *v, const char *id, const char *name)
{
	res_buf_add(&s->text, "select t.");
	res_buf_ident(&s->text, name);
	res_buf_add(&s->text, " from zj.");
	res_buf_ident(&s->text, v->def->table);
	res_buf_add(&s->text, " t");
	where_id(s, v, id);
}

/* --- checks before writing --- */

static void upload_check(struct res_sql *s, const struct res_check *c)
{
	res_buf_add(&s->text, "'upload' as rule where exists (select from unnest(");
	res_sql_param(s, c->values, "uuid[]");
	res_buf_add(&s->text,
		    ") x where not exists (select from zj.upload u where u.tenant_id = zj.zj_tenant() and u.id = x "
		    "and u.state = 'complete' and u.account_id = zj.zj_account()))");
}

/* A path's steps: each the child of the one before, the first without a parent. */
static void item_check(struct res_sql *s, const struct res_check *c)
{
	bool by_id = c->kind == RES_CHECK_ITEM_BY_ID;
	res_buf_add(&s->text, "'choice' as rule where exists (select from unnest(");
	res_sql_param(s, c->values, "text[]");
	res_buf_add(&s->text, ") with ordinality x(code, n) where not exists (select from zj.dictionary_item i");
	if (!by_id)
		res_buf_add(&s->text, " join zj.dictionary d on d.tenant_id = i.tenant_id and d.id = i.dictionary_id");
	res_buf_add(&s->text, " where i.tenant_id = zj.zj_tenant() and i.enabled and i.code = x.code and ");
	res_buf_add(&s->text, by_id ? "i.dictionary_id = " : "d.code = ");
	res_sql_param(s, c->dictionary, by_id ? "uuid" : "text");
	if (c->path) {
		res_buf_add(&s->text, " and case when x.n = 1 then i.parent_id is null else exists (select from "
				      "zj.dictionary_item p where p.tenant_id = i.tenant_id and p.id = i.parent_id and "
				      "p.code = (");
		res_sql_param(s, c->values, "text[]");
		res_buf_add(&s->text, ")[x.n - 1]) end");
	}
	res_buf_add(&s->text, "))");
}

bool res_sql_checks(struct res_sql *s, const struct res_values *values)
{
	for (size_t i = 0; i < values->n_checks; i++) {
		const struct res_check *c = &values->checks[i];
		res_buf_add(&s->text, i ? " union all select " : "select ");
		res_sql_param(s, c->field, "text");
		res_buf_add(&s->text, " as field, ");
		if (c->kind == RES_CHECK_UPLOAD)
			upload_check(s, c);
		else
			item_check(s, c);
	}
	return values->n_checks > 0;
}
