/* The SQL that a view fixes once: its fields' values, masks and labels, its row as JSON, the keyed read. */
#include "custom.h"
#include "view_priv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS 45 /* jsonb_build_object takes a hundred arguments */

static char *taken(struct res_buf *b)
{
	char *s = b->failed ? NULL : zj_strdup(b->p ? b->p : "");
	res_buf_free(b);
	return s;
}

static void column(struct res_buf *b, const char *alias, const char *name)
{
	res_buf_printf(b, "%s.", alias);
	res_buf_ident(b, name);
}

static void masked(struct res_buf *b, enum res_mask mask, const char *sql)
{
	if (mask)
		res_buf_printf(b, "zj.zj_mask('%s', (%s)::text)", res_mask_names[mask], sql);
	else
		res_buf_add(b, sql);
}

static int field_sql(struct res_view_field *f)
{
	struct res_buf b = {0};
	if (f->custom) {
		f->value = res_custom_value_sql(f->custom);
	} else {
		column(&b, "t", f->field->name);
		f->value = taken(&b);
	}
	if (!f->value)
		return ENOMEM;
	if (!f->mask) {
		f->shows = zj_ref(f->value);
		return 0;
	}
	masked(&b, f->mask, f->value);
	f->shows = taken(&b);
	return f->shows ? 0 : ENOMEM;
}

/* A second column that the label is shown with, `1001(张三)`, where the table names one and the caller may see it. */
static const struct res_field *label_with(const struct res_view *v, const struct res_view_args *args,
					  const struct res_def *to)
{
	enum res_mask mask = RES_MASK_NO;
	const char *name = json_string_value(json_object_get(to->comment, "label_with"));
	const struct res_field *f = name ? res_def_field(to, name) : NULL;
	bool seen = f && res_field_shown(f, v->role) &&
		    res_access_of(f, to->name, args->perms, args->role_fields, &mask) != RES_ACCESS_NONE;
	return seen && mask == RES_MASK_NO ? f : NULL;
}

/* The row a reference points to: its label, also when it was deleted; `by` names it when something hides the label. */
static void label_sql(struct res_buf *b, const struct res_view *v, const struct res_view_args *args, const char *value,
		      const struct res_def *to)
{
	enum res_mask mask = RES_MASK_NO;
	const struct res_field *l = to->label ? res_def_field(to, to->label) : NULL;
	struct res_buf x = {0}, r = {0};
	/* What the other side's rows are called the database would not say: asking makes the whole request fail. */
	if (!to->select[v->role]) {
		res_buf_printf(b, "json_build_object('id', %s, 'label', null, 'deleted', false)", value);
		return;
	}
	if (l && (!res_field_shown(l, v->role) ||
		  res_access_of(l, to->name, args->perms, args->role_fields, &mask) == RES_ACCESS_NONE))
		l = NULL;
	const struct res_field *with = l && mask == RES_MASK_NO ? label_with(v, args, to) : NULL;
	if (l) {
		column(&x, "x", l->name);
		res_buf_add(&r, "q.label");
	}
	if (with) {
		res_buf_add(&x, " || '(' || ");
		column(&x, "x", with->name);
		res_buf_add(&x, " || ')'");
		res_buf_printf(&r, " || coalesce('(' || (q.row->>'%s') || ')', '')", with->name);
	}
	res_buf_printf(b, "coalesce((select json_build_object('id', %s, 'label', ", value);
	masked(b, mask, l ? x.p : "null::text");
	res_buf_printf(b, ", 'deleted', %s) from zj.", to->mark ? "x.deleted_at is not null" : "false");
	res_buf_ident(b, to->table);
	res_buf_printf(b, " x where x.id = %s limit 1), ", value);
	if (res_schema_table(v->schema, "recycled")) {
		res_buf_printf(b, "(select json_build_object('id', %s, 'label', ", value);
		masked(b, mask, l ? r.p : "null::text");
		res_buf_printf(
			b,
			", 'deleted', true) from zj.recycled q where q.row_id = %s and q.tenant_id = t.tenant_id "
			"and q.table_name = '%s' order by q.id desc limit 1), ",
			value, to->table);
	}
	res_buf_printf(b, "json_build_object('id', %s, 'label', null, 'deleted', false))", value);
	res_buf_free(&x);
	res_buf_free(&r);
}

/* `refs`: {"by":"destination_kind","queue":"queues",…}: another column decides. */
static void labels_sql(struct res_buf *b, const struct res_view *v, const struct res_view_args *args,
		       const struct res_view_field *f, const json_t *refs)
{
	const char *by = json_string_value(json_object_get(refs, "by")), *key;
	json_t *to;
	res_buf_add(b, "case ");
	column(b, "t", by ? by : "id");
	json_object_foreach ((json_t *)refs, key, to) {
		const struct res_def *r =
			json_string_value(to) ? res_schema_find(v->schema, json_string_value(to)) : NULL;
		if (strcmp(key, "by") == 0 || !r || strchr(key, '\''))
			continue;
		res_buf_printf(b, " when '%s' then ", key);
		label_sql(b, v, args, f->value, r);
	}
	res_buf_printf(b, " else json_build_object('id', %s, 'label', null, 'deleted', false) end", f->value);
}

static int add_label(struct res_view *v, struct res_view_field *f, const struct res_view_args *args)
{
	const json_t *refs = json_object_get(f->field->comment, "refs");
	const struct res_def *to = f->field->ref ? res_schema_find(v->schema, f->field->ref) : NULL;
	struct res_buf b = {0};
	if (!f->shown || f->mask || f->field->type != RES_UUID || f->custom || (!to && !json_is_object(refs)))
		return 0;
	res_buf_printf(&b, "case when %s is not null then ", f->value);
	if (to)
		label_sql(&b, v, args, f->value, to);
	else
		labels_sql(&b, v, args, f, refs);
	res_buf_add(&b, " end");
	f->label = taken(&b);
	return f->label ? 0 : ENOMEM;
}

/* A key of the row's `custom`, as JSON. */
static void custom_pair(struct res_buf *b, const struct res_view_field *f)
{
	res_buf_printf(b, "'%s', ", f->custom->key);
	if (f->mask)
		res_buf_add(b, f->shows);
	else
		res_buf_printf(b, "t.\"custom\"->'%s'", f->custom->key);
}

static bool picked(const struct res_row_args *a, const struct res_view_field *f)
{
	for (size_t i = 0; i < a->n_pick; i++)
		if (a->pick[i] == f)
			return true;
	return !a->pick || strcmp(f->field->name, "id") == 0;
}

static void customs(struct res_buf *b, const struct res_view *v, const struct res_row_args *a, const char *comma)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n; i++) {
		const struct res_view_field *f = &v->fields[i];
		if (!f->custom || !f->shown || !picked(a, f))
			continue;
		res_buf_add(b, n == 0 ? comma : n % PAIRS == 0 ? ") || " : ", ");
		if (n++ % PAIRS == 0)
			res_buf_add(b, "jsonb_build_object(");
		custom_pair(b, f);
	}
	if (n)
		res_buf_add(b, ") as custom");
	else if (!a->pick)
		res_buf_printf(b, "%s'{}'::jsonb as custom", comma);
}

void res_view_row_sql(struct res_buf *b, const struct res_view *v, const struct res_row_args *a)
{
	const char *comma = "";
	res_buf_add(b, "(select row_to_json(x) from (select ");
	for (size_t i = 0; i < v->n; i++) {
		const struct res_view_field *f = &v->fields[i];
		if (f->custom || !f->shown || !picked(a, f) || (f->field->detail && !a->detail && !a->pick))
			continue;
		res_buf_printf(b, "%s%s", comma, f->shows);
		if (f->mask) {
			res_buf_add(b, " as ");
			res_buf_ident(b, f->field->name);
		}
		comma = ", ";
	}
	if (v->has_custom)
		customs(b, v, a, comma);
	if (a->detail && !a->pick)
		res_buf_add(b, v->includes);
	if (a->more)
		res_buf_add(b, a->more);
	for (size_t i = 0; i < a->n_expand; i++) {
		res_buf_printf(b, "%s'%s', %s", i ? ", " : ", json_build_object(", a->expand[i]->field->name,
			       a->expand[i]->label);
	}
	if (a->n_expand)
		res_buf_add(b, ") as expand");
	res_buf_add(b, ") x)");
}

/* Rows of another table that belong to this row: those whose `<table>_id` is its id. */
static void include_sql(struct res_buf *b, const struct res_view *v, const struct res_view_args *args, const char *name,
			const char *table)
{
	const json_t *columns = res_schema_table(v->schema, table);
	const struct res_def *r = res_schema_by_table(v->schema, table);
	size_t i;
	json_t *c;
	const char *comma = "";
	res_buf_add(b, ", (select coalesce(json_agg(row_to_json(y)), '[]') from (select ");
	json_array_foreach (columns, i, c) {
		struct res_field f = {.name = json_string_value(json_object_get(c, "name"))};
		enum res_mask mask = RES_MASK_NO;
		struct res_buf sql = {0};
		f.mask = res_mask_find(json_string_value(json_object_get(json_object_get(c, "comment"), "mask")));
		enum res_access access = res_access_of(&f, r ? r->name : table, args->perms, args->role_fields, &mask);
		const json_t *can = json_object_get(json_object_get(c, "can"), res_role_names[args->role]);
		if (access == RES_ACCESS_NONE || !json_is_true(json_object_get(can, "select")))
			continue;
		res_buf_add(b, comma);
		column(&sql, "i", f.name);
		masked(b, access == RES_ACCESS_MASKED ? mask : RES_MASK_NO, sql.p ? sql.p : "");
		res_buf_add(b, " as ");
		res_buf_ident(b, f.name);
		res_buf_free(&sql);
		comma = ", ";
	}
	res_buf_add(b, " from zj.");
	res_buf_ident(b, table);
	res_buf_printf(b, " i where i.tenant_id = t.tenant_id and i.%s_id = t.id order by i.id limit 1000) y) as ",
		       v->def->table);
	res_buf_ident(b, name);
}

static int includes_sql(struct res_view *v, const struct res_view_args *args)
{
	struct res_buf b = {0};
	const char *name;
	json_t *table;
	res_buf_add(&b, "");
	json_object_foreach (json_object_get(v->def->comment, "include"), name, table)
		if (json_string_value(table) && res_schema_table(v->schema, json_string_value(table)))
			include_sql(&b, v, args, name, json_string_value(table));
	v->includes = taken(&b);
	return v->includes ? 0 : ENOMEM;
}

int res_view_sql(struct res_view *v, const struct res_view_args *args)
{
	struct res_buf b = {0};
	int err = 0;
	for (size_t i = 0; i < v->n && !err; i++)
		err = field_sql(&v->fields[i]);
	for (size_t i = 0; i < v->n && !err; i++)
		err = add_label(v, &v->fields[i], args);
	if (!err)
		err = includes_sql(v, args);
	if (err)
		return err;
	res_view_row_sql(&b, v, &(struct res_row_args){.detail = true});
	v->row = taken(&b);
	res_view_row_sql(&b, v, &(struct res_row_args){0});
	v->row_list = taken(&b);
	if (!v->row || !v->row_list)
		return ENOMEM;
	/* offset 0: or the planner would make the row twice, once for itself and once for its digest */
	res_buf_printf(&b, "select j::text, md5(j::text) from (select %s as j from zj.", v->row);
	res_buf_ident(&b, v->def->table);
	res_buf_printf(&b, " t where t.id = $1::uuid%s offset 0) y", v->def->mark ? " and t.deleted_at is null" : "");
	v->sql_one = taken(&b);
	return v->sql_one ? 0 : ENOMEM;
}
