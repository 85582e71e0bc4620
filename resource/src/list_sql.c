/* The SQL of lists: where the rows come from, filters, search, order, the cursor. */
#include "query.h"
#include "view_priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	char *out = zj_alloc(strlen(value) * 3 + 5, NULL), *o = out;
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

static void between(struct res_sql *s, const char *value, const char *type)
{
	char *low = zj_strdup(value), *high = low ? strchr(low, ',') : NULL;
	if (high)
		*high++ = 0;
	res_buf_add(&s->text, " between ");
	res_sql_param(s, low, type);
	res_buf_add(&s->text, " and ");
	res_sql_param(s, high, type);
	zj_deref(low);
}

/* Equality and containment of custom fields are asked as the index over `custom` answers them. False: another way. */
static bool custom_sql(struct res_sql *s, const struct res_filter *f)
{
	const struct res_custom *c = f->field->custom;
	enum res_type type = f->field->field->type;
	bool list = type == RES_STRINGS, number = type == RES_INTEGER || type == RES_NUMBER;
	if (!c || (f->op != RES_EQ && f->op != RES_CONTAINS) || (f->op == RES_CONTAINS && !list))
		return false;
	res_buf_printf(&s->text, "t.\"custom\" @> jsonb_build_object('%s', ", c->key);
	if (list)
		res_buf_add(&s->text, "jsonb_build_array(");
	res_sql_param(s, f->value, number ? "numeric" : "text");
	res_buf_add(&s->text, list ? "))" : ")");
	return true;
}

static void filter_sql(struct res_sql *s, const struct res_filter *f)
{
	const char *column = f->field->value, *type = res_view_field_sql_type(f->field);
	char array[80], *text = NULL;
	if (custom_sql(s, f))
		return;
	if (f->op == RES_CONTAINS && f->field->field->type != RES_STRING) {
		res_buf_printf(&s->text, "%s @> array[", column); /* as an index over the array answers it */
		res_sql_param(s, f->value, f->field->field->type == RES_UUIDS ? "uuid" : "text");
		res_buf_add(&s->text, "]");
		return;
	}
	res_buf_add(&s->text, column);
	if (f->op == RES_NULL) {
		res_buf_add(&s->text, strcmp(f->value, "true") == 0 ? " is null" : " is not null");
	} else if (f->op == RES_CONTAINS || f->op == RES_STARTS) {
		res_buf_add(&s->text, " ilike ");
		res_sql_param(s, text = like_text(f->value, f->op == RES_CONTAINS), "text");
	} else if (f->op == RES_IN) {
		res_buf_add(&s->text, " = any (");
		strcpy(array, strlen(type) < 70 ? type : "text");
		strcat(array, "[]");
		res_sql_param(s, text = list_text(f->value), array);
		res_buf_add(&s->text, ")");
	} else if (f->op == RES_BETWEEN) {
		between(s, f->value, type);
	} else {
		res_buf_add(&s->text, op_sql[f->op]);
		res_sql_param(s, f->value, type);
	}
	zj_deref(text);
}

static void filters_sql(struct res_sql *s, const struct res_query *q)
{
	for (size_t i = 0; i < q->n_filters; i++) {
		res_buf_add(&s->text, i == 0 ? (q->any ? " and (" : " and ") : q->any ? " or " : " and ");
		filter_sql(s, &q->filters[i]);
	}
	if (q->any && q->n_filters)
		res_buf_add(&s->text, ")");
}

/* --- the one search box --- */

static bool named(const json_t *names, const char *name)
{
	size_t i;
	json_t *n;
	json_array_foreach (names, i, n)
		if (json_is_string(n) && strcmp(json_string_value(n), name) == 0)
			return true;
	return false;
}

/* A reference is searched by the label of what it points to. */
static void search_reference(struct res_sql *s, const struct res_view *v, const struct res_view_field *f, int param)
{
	const struct res_def *to = res_schema_find(v->schema, f->field->ref);
	if (!to || !to->label || !f->label)
		return;
	res_buf_printf(&s->text, " or %s in (select x.id from zj.", f->value);
	res_buf_ident(&s->text, to->table);
	res_buf_add(&s->text, " x where x.");
	res_buf_ident(&s->text, to->label);
	res_buf_printf(&s->text, "::text ilike $%d::text)", param);
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; s && *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool searched(const struct res_view *v, const struct res_view_field *f)
{
	enum res_type type = f->field->type;
	if (!f->shown || f->mask || type == RES_JSON || (f->field->detail && !v->def->search))
		return false;
	if (v->def->search)
		return named(v->def->search, f->field->name);
	return strcmp(f->field->name, "id") != 0 && type != RES_BOOLEAN && (type != RES_UUID || f->field->ref) &&
	       !f->field->choices;
}

/* Columns that the table names; else all that are shown, as a reader of the list would look through them. */
static void search_sql(struct res_sql *s, const struct res_view *v, const struct res_query *q)
{
	/* an index of trigrams knows less than three characters only at the beginning */
	bool anywhere = !json_is_true(json_object_get(v->def->comment, "big")) || characters(q->search) > 2;
	char *like = q->search ? like_text(q->search, anywhere) : NULL;
	if (!like)
		return;
	res_buf_add(&s->text, " and (false");
	res_sql_keep(s, like);
	int param = s->n;
	for (size_t i = 0; i < v->n; i++) {
		const struct res_view_field *f = &v->fields[i];
		if (!searched(v, f))
			continue;
		if (f->field->type == RES_UUID && f->field->ref)
			search_reference(s, v, f, param);
		else if (f->field->type != RES_UUID)
			res_buf_printf(&s->text, " or %s%s ilike $%d::text", f->value,
				       f->field->type == RES_STRING ? "" : "::text", param);
	}
	res_buf_add(&s->text, ")");
	zj_deref(like);
}

/* --- where rows come from --- */

void res_sql_from(struct res_sql *s, const struct res_view *v, const struct res_query *q)
{
	const struct res_def *r = v->def;
	if (q->deleted && !r->mark) {
		res_buf_add(&s->text, " from zj.recycled r cross join lateral jsonb_populate_record(null::zj.");
		res_buf_ident(&s->text, r->table);
		res_buf_printf(&s->text,
			       ", r.row) t where r.table_name = '%s' and r.row is not null and not r.with_parent",
			       r->table);
	} else {
		res_buf_add(&s->text, " from zj.");
		res_buf_ident(&s->text, r->table);
		res_buf_add(&s->text,
			    r->mark ? q->deleted ? " t where t.deleted_at is not null" : " t where t.deleted_at is null"
				    : " t where true");
	}
	filters_sql(s, q);
	search_sql(s, v, q);
}

void res_sql_order(struct res_sql *s, const struct res_query *q)
{
	res_buf_add(&s->text, " order by ");
	for (size_t i = 0; i < q->n_sort; i++)
		res_buf_printf(&s->text, "%s%s%s", i ? ", " : "", q->sort[i].field->value,
			       q->sort[i].desc ? " desc" : "");
}

/* --- the cursor --- */

/* Rows whose sort key `k` comes after `value`; ascending has nulls last, descending nulls first. */
static void after_key(struct res_sql *s, const struct res_sort *k, const char *value)
{
	const char *column = k->field->value;
	if (!value) {
		res_buf_printf(&s->text, k->desc ? "%s is not null" : "false", column);
		return;
	}
	res_buf_printf(&s->text, "(%s%s", column, k->desc ? " < " : " > ");
	res_sql_param(s, value, res_view_field_sql_type(k->field));
	if (!k->desc && !k->field->field->not_null)
		res_buf_printf(&s->text, " or %s is null", column);
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
			res_buf_add(&s->text, q->sort[k].field->value);
			if (v) {
				res_buf_add(&s->text, " = ");
				res_sql_param(s, v, res_view_field_sql_type(q->sort[k].field));
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

/* What the list consists of, in its order: which rows, not what is in them. */
static void page_sql(struct res_sql *s, const struct res_view *v, const struct res_query *q)
{
	char skip[16];
	res_sql_from(s, v, q);
	if (q->after)
		after_sql(s, q);
	res_sql_order(s, q);
	res_buf_printf(&s->text, " limit %d", q->limit + 1);
	if (q->skip == 0)
		return;
	snprintf(skip, sizeof(skip), "%d", q->skip);
	res_buf_add(&s->text, " offset ");
	res_sql_param(s, skip, "integer");
}

void res_sql_list(struct res_sql *s, const struct res_view *v, const struct res_query *q)
{
	bool bin = q->deleted && !v->def->mark;
	res_buf_add(&s->text, "select ");
	if (bin || q->n_fields || q->n_expand)
		res_view_row_sql(&s->text, v,
				 &(struct res_row_args){.pick = q->n_fields ? q->fields : NULL,
							.n_pick = q->n_fields,
							.expand = q->expand,
							.n_expand = q->n_expand,
							.more = bin ? ", r.deleted_at, r.deleted_by" : NULL});
	else
		res_buf_add(&s->text, v->row_list);
	res_buf_add(&s->text, "::text, json_build_array(");
	for (size_t i = 0; i < q->n_sort; i++)
		res_buf_printf(&s->text, "%s%s::text", i ? ", " : "", q->sort[i].field->value);
	res_buf_add(&s->text, ")::text");
	if (q->skip == 0 || bin) {
		page_sql(s, v, q);
		return;
	}
	/* what is skipped is only counted: rows are made of those that are left */
	res_buf_add(&s->text, " from zj.");
	res_buf_ident(&s->text, v->def->table);
	res_buf_add(&s->text, " t where t.id = any (array(select t.id");
	page_sql(s, v, q);
	res_buf_add(&s->text, "))");
	res_sql_order(s, q);
	res_buf_printf(&s->text, " limit %d", q->limit + 1);
}

void res_sql_count(struct res_sql *s, const struct res_view *v, const struct res_query *q)
{
	res_buf_add(&s->text, "select count(*)");
	res_sql_from(s, v, q);
}
