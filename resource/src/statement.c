/* The SQL of the five verbs, made from a resource's fields. */
#include "query.h"
#include <stdlib.h>
#include <string.h>

static void column(struct res_buf *b, const char *name)
{
	res_buf_add(b, "t.");
	res_buf_ident(b, name);
}

/* (select row_to_json(x) from (select t.a, t.b) x): a row in the order of its columns. */
static void row_json(struct res_buf *b, const struct res_schema *schema, const struct res_def *r, enum res_role role,
		     bool detail)
{
	const char *comma = "";
	res_buf_add(b, "(select row_to_json(x) from (select ");
	for (size_t i = 0; i < r->n_fields; i++) {
		const struct res_field *f = &r->fields[i];
		if (!res_field_shown(f, role) || (f->detail && !detail))
			continue;
		res_buf_add(b, comma);
		column(b, f->name);
		comma = ", ";
	}
	const char *name;
	json_t *table;
	if (detail && schema) {
		json_object_foreach (json_object_get(r->comment, "include"), name, table) {
			const json_t *columns = res_schema_table(schema, json_string_value(table));
			size_t i;
			json_t *c;
			res_buf_add(b, ", (select coalesce(json_agg(row_to_json(y)), '[]') from (select ");
			json_array_foreach (columns, i, c) {
				res_buf_add(b, i ? ", i." : "i.");
				res_buf_ident(b, json_string_value(c));
			}
			res_buf_add(b, " from zj.");
			res_buf_ident(b, json_string_value(table));
			res_buf_add(b, " i where i.tenant_id = t.tenant_id and i.call_id = t.id order by i.id) y) as ");
			res_buf_ident(b, name);
		}
	}
	res_buf_add(b, ") x)");
}

static void from(struct res_buf *b, const struct res_def *r)
{
	res_buf_add(b, " from zj.");
	res_buf_ident(b, r->table);
	res_buf_add(b, " t where true");
}

static const char *const op_sql[RES_OPS] = {
	[RES_EQ] = " = ", [RES_NE] = " is distinct from ", [RES_LT] = " < ", [RES_LE] = " <= ", [RES_GT] = " > ",
	[RES_GE] = " >= "};

/* value with %, _ and \ made literal, and % around it as asked. An object. */
static char *like_text(const char *value, bool anywhere)
{
	char *out = zj_alloc(strlen(value) * 2 + 3, NULL), *o = out;
	if (!out)
		return NULL;
	if (anywhere)
		*o++ = '%';
	for (; *value; value++) {
		if (strchr("%_\\", *value))
			*o++ = '\\';
		*o++ = *value;
	}
	*o++ = '%';
	*o = 0;
	return out;
}

/* "a,b" as the array {"a","b"}. An object. */
static char *list_text(const char *value)
{
	char *out = zj_alloc(strlen(value) * 2 + 5, NULL), *o = out;
	if (!out)
		return NULL;
	*o++ = '{';
	*o++ = '"';
	for (; *value; value++) {
		if (*value == ',') {
			memcpy(o, "\",\"", 3);
			o += 3;
			continue;
		}
		if (*value == '"' || *value == '\\')
			*o++ = '\\';
		*o++ = *value;
	}
	memcpy(o, "\"}", 3);
	return out;
}

static void filter_sql(struct res_sql *s, const struct res_filter *f)
{
	char type[80], *text = NULL;
	res_buf_add(&s->text, " and ");
	if (f->op == RES_NULL) {
		column(&s->text, f->field->name);
		res_buf_add(&s->text, strcmp(f->value, "true") == 0 ? " is null" : " is not null");
	} else if (f->op == RES_CONTAINS && f->field->type != RES_STRING) {
		res_sql_param(s, f->value, f->field->type == RES_UUIDS ? "uuid" : "text");
		res_buf_add(&s->text, " = any (");
		column(&s->text, f->field->name);
		res_buf_add(&s->text, ")");
	} else if (f->op == RES_CONTAINS || f->op == RES_STARTS) {
		column(&s->text, f->field->name);
		res_buf_add(&s->text, " ilike ");
		res_sql_param(s, text = like_text(f->value, f->op == RES_CONTAINS), "text");
	} else if (f->op == RES_IN) {
		column(&s->text, f->field->name);
		res_buf_add(&s->text, " = any (");
		strcpy(type, strlen(f->field->pg_type) < 70 ? f->field->pg_type : "text");
		strcat(type, "[]");
		res_sql_param(s, text = list_text(f->value), type);
		res_buf_add(&s->text, ")");
	} else {
		column(&s->text, f->field->name);
		res_buf_add(&s->text, op_sql[f->op]);
		res_sql_param(s, f->value, f->field->pg_type);
	}
	zj_deref(text);
}

/* Rows whose sort key `k` comes after `value`; ascending has nulls last, descending nulls first. */
static void after_key(struct res_sql *s, const struct res_sort *k, const char *value)
{
	if (!value) {
		if (k->desc)
			column(&s->text, k->field->name);
		res_buf_add(&s->text, k->desc ? " is not null" : "false");
		return;
	}
	res_buf_add(&s->text, "(");
	column(&s->text, k->field->name);
	res_buf_add(&s->text, k->desc ? " < " : " > ");
	res_sql_param(s, value, k->field->pg_type);
	if (!k->desc && !k->field->not_null) {
		res_buf_add(&s->text, " or ");
		column(&s->text, k->field->name);
		res_buf_add(&s->text, " is null");
	}
	res_buf_add(&s->text, ")");
}

/* (a > x) or (a = x and b > y) or … */
static void after_sql(struct res_sql *s, const struct res_query *q)
{
	res_buf_add(&s->text, " and (");
	for (size_t i = 0; i < q->n_sort; i++) {
		res_buf_add(&s->text, i ? " or (" : "(");
		for (size_t k = 0; k < i; k++) {
			const char *v = json_string_value(json_array_get(q->after, k));
			column(&s->text, q->sort[k].field->name);
			if (v) {
				res_buf_add(&s->text, " = ");
				res_sql_param(s, v, q->sort[k].field->pg_type);
			} else {
				res_buf_add(&s->text, " is null");
			}
			res_buf_add(&s->text, " and ");
		}
		after_key(s, &q->sort[i], json_string_value(json_array_get(q->after, i)));
		res_buf_add(&s->text, ")");
	}
	res_buf_add(&s->text, ")");
}

void res_sql_list(struct res_sql *s, const struct res_schema *schema, const struct res_def *r, enum res_role role,
		  const struct res_query *q)
{
	res_buf_add(&s->text, "select ");
	row_json(&s->text, schema, r, role, false);
	res_buf_add(&s->text, "::text, json_build_array(");
	for (size_t i = 0; i < q->n_sort; i++) {
		res_buf_add(&s->text, i ? ", " : "");
		column(&s->text, q->sort[i].field->name);
		res_buf_add(&s->text, "::text");
	}
	res_buf_add(&s->text, ")::text");
	from(&s->text, r);
	for (size_t i = 0; i < q->n_filters; i++)
		filter_sql(s, &q->filters[i]);
	if (q->after)
		after_sql(s, q);
	res_buf_add(&s->text, " order by ");
	for (size_t i = 0; i < q->n_sort; i++) {
		res_buf_add(&s->text, i ? ", " : "");
		column(&s->text, q->sort[i].field->name);
		res_buf_add(&s->text, q->sort[i].desc ? " desc" : "");
	}
	res_buf_printf(&s->text, " limit %d", q->limit + 1);
}

void res_sql_count(struct res_sql *s, const struct res_def *r, const struct res_query *q)
{
	res_buf_add(&s->text, "select count(*)");
	from(&s->text, r);
	for (size_t i = 0; i < q->n_filters; i++)
		filter_sql(s, &q->filters[i]);
}

static void where_id(struct res_sql *s, const char *id)
{
	res_buf_add(&s->text, " and t.id = ");
	res_sql_param(s, id, "uuid");
}

void res_sql_one(struct res_sql *s, const struct res_schema *schema, const struct res_def *r, enum res_role role,
		 const char *id)
{
	res_buf_add(&s->text, "select j::text, md5(j::text) from (select ");
	row_json(&s->text, schema, r, role, true);
	res_buf_add(&s->text, " as j");
	from(&s->text, r);
	where_id(s, id);
	res_buf_add(&s->text, ") y");
}

void res_sql_insert(struct res_sql *s, const struct res_def *r, enum res_role role, const struct res_values *values,
		    const char *replay)
{
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
	res_buf_add(&s->text, ") returning t.id, ");
	row_json(&s->text, NULL, r, role, true);
	res_buf_add(&s->text, " as j)");
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

static void where_etag(struct res_sql *s, const struct res_def *r, enum res_role role, const char *etag)
{
	if (!etag)
		return;
	res_buf_add(&s->text, " and md5(");
	row_json(&s->text, NULL, r, role, true);
	res_buf_add(&s->text, "::text) = ");
	res_sql_param(s, etag, "text");
}

void res_sql_update(struct res_sql *s, const struct res_def *r, enum res_role role, const struct res_values *values,
		    const char *id, const char *etag)
{
	res_buf_add(&s->text, "with n as (update zj.");
	res_buf_ident(&s->text, r->table);
	res_buf_add(&s->text, " as t set ");
	for (size_t i = 0; i < values->n; i++) {
		res_buf_add(&s->text, i ? ", " : "");
		res_buf_ident(&s->text, values->v[i].field->name);
		res_buf_add(&s->text, " = ");
		res_sql_param(s, values->v[i].text, values->v[i].field->pg_type);
	}
	res_buf_add(&s->text, " where true");
	where_id(s, id);
	where_etag(s, r, role, etag);
	res_buf_add(&s->text, " returning ");
	row_json(&s->text, NULL, r, role, true);
	res_buf_add(&s->text, " as j) select j::text, md5(j::text) from n");
}

void res_sql_delete(struct res_sql *s, const struct res_def *r, enum res_role role, const char *id, const char *etag)
{
	res_buf_add(&s->text, "delete from zj.");
	res_buf_ident(&s->text, r->table);
	res_buf_add(&s->text, " as t where true");
	where_id(s, id);
	where_etag(s, r, role, etag);
	res_buf_add(&s->text, " returning t.id::text");
	if (json_object_get(r->comment, "upload"))
		res_buf_add(&s->text, ", t.path");
}

void res_sql_column(struct res_sql *s, const struct res_def *r, const char *id, const char *name)
{
	res_buf_add(&s->text, "select ");
	column(&s->text, name);
	from(&s->text, r);
	where_id(s, id);
}
