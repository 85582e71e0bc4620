/* A view: made of the resource's columns, the tenant's custom fields and the caller's rights. Its SQL is view_sql.c's.
 */
#include "view.h"
#include "custom.h"
#include "perm.h"
#include "view_priv.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const res_access_names[RES_ACCESS_COUNT] = {
#define X(e, n) [e] = (n),
	RES_ACCESSES(X)
#undef X
};

static void destructor(void *obj)
{
	struct res_view *v = obj;
	for (size_t i = 0; i < v->n; i++) {
		struct res_view_field *f = &v->fields[i];
		zj_deref(f->value);
		zj_deref(f->shows);
		zj_deref(f->label);
		if (f->custom) {
			res_custom_clear((struct res_custom *)f->custom, (struct res_field *)f->field);
			free((void *)f->field);
			free((void *)f->custom);
		}
	}
	free(v->fields);
	zj_deref(v->includes);
	zj_deref(v->row);
	zj_deref(v->row_list);
	zj_deref(v->sql_one);
	zj_deref(v->schema);
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

static enum res_access granted(const char *field, const char *resource, const json_t *role_fields)
{
	size_t i;
	json_t *row;
	json_array_foreach (role_fields, i, row) {
		if (strcmp(text(row, "resource"), resource) != 0 || strcmp(text(row, "field"), field) != 0)
			continue;
		for (int a = 0; a < RES_ACCESS_COUNT; a++)
			if (strcmp(res_access_names[a], text(row, "access")) == 0)
				return (enum res_access)a;
	}
	return RES_ACCESS_WRITE;
}

enum res_access res_access_of(const struct res_field *f, const char *resource, const json_t *perms,
			      const json_t *role_fields, enum res_mask *mask)
{
	char show[32];
	enum res_access a = granted(f->name, resource, role_fields);
	*mask = f->mask;
	if (strncmp(f->name, "custom.", 7) == 0 && granted("custom", resource, role_fields) < a)
		a = granted("custom", resource, role_fields);
	if (f->mask && a > RES_ACCESS_MASKED) {
		snprintf(show, sizeof(show), "show.%s", res_mask_names[f->mask]);
		if (!res_perm_has(perms, show))
			a = RES_ACCESS_MASKED;
	}
	if (a == RES_ACCESS_MASKED && !*mask)
		*mask = RES_MASK_ALL;
	return a;
}

/* A row is found by its id: that cannot be hidden. */
static void fill_access(struct res_view_field *vf, const struct res_view_args *args)
{
	const struct res_field *f = vf->field;
	vf->access = strcmp(f->name, "id") == 0
			     ? RES_ACCESS_READ
			     : res_access_of(f, args->def->name, args->perms, args->role_fields, &vf->mask);
	if (vf->access != RES_ACCESS_MASKED)
		vf->mask = RES_MASK_NO;
}

/* Whoever sees a field masked may fill it when a row is made (what he writes he knows), not overwrite it later. */
static void fill_column(struct res_view_field *vf, const struct res_view_args *args)
{
	const struct res_field *f = vf->field;
	enum res_role role = args->role;
	fill_access(vf, args);
	vf->shown = vf->access != RES_ACCESS_NONE && res_field_shown(f, role);
	bool write = vf->access == RES_ACCESS_WRITE;
	vf->insert = (write || vf->access == RES_ACCESS_MASKED) && res_field_writable(f, role, true);
	vf->update = write && res_field_writable(f, role, false);
	vf->required = vf->insert && res_field_required(f, role);
}

static int add_custom(struct res_view *v, json_t *row, const struct res_view_args *args)
{
	struct res_view_field *vf = &v->fields[v->n];
	struct res_custom *c = calloc(1, sizeof(*c));
	struct res_field *f = calloc(1, sizeof(*f));
	if (!c || !f || !res_custom_read(c, f, row)) {
		int err = c && f ? 0 : ENOMEM;
		free(c);
		free(f);
		return err;
	}
	*vf = (struct res_view_field){.field = f, .custom = c};
	v->n++;
	const struct res_field *column = res_def_field(args->def, "custom");
	fill_access(vf, args);
	vf->shown = vf->access != RES_ACCESS_NONE && column->select[args->role];
	bool write = vf->access == RES_ACCESS_WRITE;
	vf->insert = (write || vf->access == RES_ACCESS_MASKED) && column->insert[args->role];
	vf->update = write && column->update[args->role];
	vf->required = vf->insert && c->required && !c->def;
	return 0;
}

static int by_position(const void *a, const void *b)
{
	json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	json_int_t p = json_integer_value(json_object_get(x, "position")),
		   q = json_integer_value(json_object_get(y, "position"));
	return p != q ? (p < q ? -1 : 1) : strcmp(text(x, "name"), text(y, "name"));
}

static int add_customs(struct res_view *v, const struct res_view_args *args)
{
	json_t **rows = calloc(json_array_size(args->customs) + 1, sizeof(json_t *));
	size_t n = 0, i;
	json_t *row;
	int err = rows ? 0 : ENOMEM;
	json_array_foreach (args->customs, i, row)
		if (rows && strcmp(text(row, "resource"), args->def->name) == 0)
			rows[n++] = row;
	if (rows)
		qsort(rows, n, sizeof(json_t *), by_position);
	for (i = 0; i < n && !err; i++)
		err = add_custom(v, rows[i], args);
	free(rows);
	return err;
}

int res_view_alloc(struct res_view **vp, const struct res_view_args *args)
{
	const struct res_def *r = args->def;
	struct res_view *v = zj_alloc(sizeof(*v), destructor);
	if (!v)
		return ENOMEM;
	v->schema = zj_ref(args->schema);
	v->def = r;
	v->role = args->role;
	v->has_custom = r->custom;
	v->fields = calloc(r->n_fields + json_array_size(args->customs) + 1, sizeof(*v->fields));
	if (!v->fields) {
		zj_deref(v);
		return ENOMEM;
	}
	for (size_t i = 0; i < r->n_fields; i++) {
		if (r->custom && strcmp(r->fields[i].name, "custom") == 0)
			continue;
		v->fields[v->n].field = &r->fields[i];
		fill_column(&v->fields[v->n++], args);
	}
	int err = r->custom ? add_customs(v, args) : 0;
	for (size_t i = 0; i < v->n; i++)
		v->masks = v->masks || (v->fields[i].shown && v->fields[i].mask);
	if (!err)
		err = res_view_sql(v, args);
	if (err) {
		zj_deref(v);
		return err;
	}
	*vp = v;
	return 0;
}

const struct res_view_field *res_view_find(const struct res_view *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->fields[i].field->name, name) == 0)
			return v->fields[i].access != RES_ACCESS_NONE && !v->fields[i].field->hidden ? &v->fields[i]
												     : NULL;
	return NULL;
}

const struct res_view_field *res_view_shown(const struct res_view *v, const char *name)
{
	const struct res_view_field *f = res_view_find(v, name);
	return f && f->shown ? f : NULL;
}

const char *res_view_field_sql_type(const struct res_view_field *f)
{
	return f->field->pg_type;
}

bool res_view_field_sortable(const struct res_view_field *f)
{
	return f->shown && !f->mask && res_types[f->field->type].sortable;
}

static json_t *masked(enum res_mask mask, const json_t *value)
{
	if (!value || json_is_null(value))
		return json_null();
	char *s = json_is_string(value) ? res_mask_text(mask, json_string_value(value)) : NULL;
	json_t *out = json_string(s ? s : "***");
	zj_deref(s);
	return out;
}

static json_t *as_seen(const struct res_view_field *f, const json_t *value, bool pair)
{
	if (!f->mask)
		return json_incref((json_t *)value);
	if (!pair)
		return masked(f->mask, value);
	return json_pack("[o, o]", masked(f->mask, json_array_get(value, 0)),
			 masked(f->mask, json_array_get(value, 1)));
}

/* `custom` of a row is an object of keys; of changes either that or a pair of two whole objects. */
static json_t *custom_as_seen(const struct res_view *v, const json_t *object)
{
	json_t *out = json_object();
	for (size_t i = 0; i < v->n; i++) {
		const struct res_view_field *f = &v->fields[i];
		json_t *value = f->custom && f->shown ? json_object_get(object, f->custom->key) : NULL;
		if (value)
			json_object_set_new(out, f->custom->key, as_seen(f, value, false));
	}
	return out;
}

static json_t *seen(const struct res_view *v, const json_t *object, bool pair)
{
	json_t *out = json_object(), *value;
	const char *key;
	json_object_foreach ((json_t *)object, key, value) {
		const struct res_view_field *f = res_view_find(v, key);
		if (f && f->shown)
			json_object_set_new(out, key, as_seen(f, value, pair));
		else if (f && f->field->writeonly && pair) /* that it changed, not what it is */
			json_object_set_new(out, key, json_pack("[n, n]"));
		else if (v->has_custom && strcmp(key, "custom") == 0 && pair)
			json_object_set_new(out, key,
					    json_pack("[o, o]", custom_as_seen(v, json_array_get(value, 0)),
						      custom_as_seen(v, json_array_get(value, 1))));
		else if (v->has_custom && strcmp(key, "custom") == 0)
			json_object_set_new(out, key, custom_as_seen(v, value));
	}
	return out;
}

json_t *res_view_changes(const struct res_view *v, const json_t *changes)
{
	return seen(v, changes, true);
}

json_t *res_view_row(const struct res_view *v, const json_t *row)
{
	return seen(v, row, false);
}
