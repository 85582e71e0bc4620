/* The mapping of an import: which column of the file fills which field, and what its cells may say. */
#include "db.h"
#include "import.h"
#include "perm.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const wk_mode_names[WK_MODES] = {"create", "update", "upsert"};
const char *const wk_duplicate_names[WK_DUPS] = {"reject", "skip", "update"};

static int refuse(struct wk_import *im, const char *rule, const char *field, const char *zh, const char *en)
{
	char a[300], b[300];

	snprintf(a, sizeof(a), "%s：%s", field, zh);
	snprintf(b, sizeof(b), "%s: %s", field, en);
	return wk_job_fail(im->job, rule, a, b);
}

/* Choices of the field in both languages: the comment's, the custom field's own, or a dictionary's. */
static int read_dictionary(struct wk_import *im, struct wk_mapped *m, const char *id, const char *code)
{
	const char *values[] = {im->job->tenant, id, code};
	PGresult *r = wk_db_run(im->job->pg,
				"select json_agg(json_build_object('value', i.code, 'zh', i.zh, 'en', i.en) order by "
				"i.position, i.code)"
				" from zj.dictionary_item i join zj.dictionary d on d.tenant_id = i.tenant_id and d.id "
				"= i.dictionary_id"
				" where i.tenant_id = $1::uuid and i.enabled and (d.id = $2::uuid or d.code = $3)",
				3, values);
	int err = wk_db_ok(r) ? 0 : EAGAIN;

	if (err)
		wk_db_log(r, "dictionary");
	else
		m->labels = m->own_labels = wk_db_json(r, 0, 0);
	PQclear(r);
	return err;
}

static int find_labels(struct wk_import *im, struct wk_mapped *m, const json_t *entry)
{
	const struct res_custom *c = m->f->custom;
	const json_t *comment = m->f->field->comment, *labels = json_object_get(comment, "enum");
	const char *code = m->f->field->dictionary;

	if (json_is_false(json_object_get(entry, "dictionary")) && !(c && c->dictionary) && !code)
		return 0;
	if (json_is_object(labels))
		m->labels = labels;
	else if (c && c->choices)
		m->labels = c->choices;
	else if ((c && c->dictionary) || code)
		return read_dictionary(im, m, c ? c->dictionary : NULL, code);
	return 0;
}

/* What the field points to is found by the label of that resource, or by the field that `by` names. */
static int find_refs(struct wk_import *im, struct wk_mapped *m, const json_t *entry)
{
	const char *ref = m->f->field->ref, *by = wk_text(entry, "by");
	const struct res_def *to = ref ? res_schema_find(im->job->schema, ref) : NULL;
	const struct res_field *f = to ? res_def_field(to, by ? by : to->label ? to->label : "id") : NULL;

	if (!to)
		return 0;
	if (!f || f->hidden || f->writeonly)
		return refuse(im, "mapping", by ? by : ref, "不能按此字段查找", "cannot be looked up by this field");
	return wk_refs_alloc(&m->refs, im->job, to, f);
}

static bool may_be_filled(const struct wk_import *im, const struct res_view_field *f)
{
	const struct res_field *c = f->field;
	bool writes = (im->mode == WK_CREATE || f->update) && (im->mode == WK_UPDATE || f->insert);

	if (c->transform && strcmp(c->transform, "argon2id") != 0)
		return false; /* tokens are made and shown once, not brought along */
	if ((c->check && strcmp(c->check, "vxml") == 0) || c->file ||
	    (f->custom && f->custom->type == RES_CUSTOM_ATTACHMENT))
		return false; /* documents and files are no cells */
	if (strcmp(im->job->def->table, "account") == 0 && strcmp(c->name, "type") == 0 &&
	    !res_perm_has(im->job->perms, "*"))
		return false; /* an administrator may do everything: so must who makes one */
	return writes && (f->custom || strcmp(c->name, "custom") != 0);
}

static bool matches(const struct wk_import *im, const char *field)
{
	size_t i;
	json_t *one;

	json_array_foreach (json_object_get(im->job->params, "match"), i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), field) == 0)
			return true;
	return false;
}

static int map_one(struct wk_import *im, const json_t *entry)
{
	const char *name = wk_text(entry, "field");
	json_int_t column = json_integer_value(json_object_get(entry, "column"));
	const struct res_view_field *f = name ? res_view_find(im->job->view, name) : NULL;
	bool match = name && matches(im, name);

	if (!name || !*name)
		return 0; /* a column that is left out */
	if (!f || column < 0 || column >= WK_COLUMNS_MAX)
		return refuse(im, "unknown_field", name, "没有这个字段", "does not exist");
	if (!may_be_filled(im, f) && !(match && im->mode == WK_UPDATE && f->shown))
		return refuse(im, "readonly", name, "不能写入", "cannot be written");
	if (match && (f->access == RES_ACCESS_MASKED || f->custom))
		return refuse(im, "match", name, "不能用来匹配", "cannot be matched by");
	for (size_t i = 0; i < im->n_map; i++)
		if (im->map[i].f == f)
			return refuse(im, "mapping", name, "有两列对应同一字段", "is filled by two columns");
	if (im->n_map == WK_MAPPED_MAX)
		return refuse(im, "mapping", name, "映射的列过多", "too many columns are mapped");
	struct wk_mapped *m = &im->map[im->n_map++];
	*m = (struct wk_mapped){
		.column = (size_t)column, .f = f, .match = match, .slot = f->custom ? -1 : (int)im->n_slots};
	im->n_slots += f->custom == NULL;
	im->has_custom = im->has_custom || f->custom;
	im->n_match += match;
	m->hash = f->field->transform != NULL;
	m->number = f->field->type == RES_INTEGER || f->field->type == RES_NUMBER;
	int err = find_labels(im, m, entry);
	return err ? err : find_refs(im, m, entry);
}

/* The defaults of columns: an empty cell becomes it, and a stable one is asked for once a chunk, not once a row. */
static int find_defaults(struct wk_import *im)
{
	const char *values[] = {im->job->def->table};
	PGresult *r = wk_db_run(im->job->pg,
				"select a.attname, pg_get_expr(d.adbin, d.adrelid) from pg_attribute a"
				" join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
				" where a.attrelid = ('zj.' || quote_ident($1))::regclass and a.attgenerated = ''",
				1, values);
	int err = wk_db_ok(r) ? 0 : EAGAIN;

	for (int i = 0; !err && i < PQntuples(r); i++)
		for (size_t k = 0; k < im->n_map; k++)
			if (!im->map[k].f->custom && strcmp(im->map[k].f->field->name, PQgetvalue(r, i, 0)) == 0)
				im->map[k].fallback = zj_strdup(PQgetvalue(r, i, 1));
	if (err)
		wk_db_log(r, "defaults");
	PQclear(r);
	return err;
}

/* What the roles that may be given allow: nobody gives more than he has. */
static int find_role_perms(struct wk_import *im)
{
	bool needed = false;

	for (size_t i = 0; i < im->n_map; i++) {
		const char *check = im->map[i].f->field->check;
		needed = needed || (check && strcmp(check, "role") == 0);
	}
	if (!needed)
		return 0;
	PGresult *r = wk_db_run(im->job->pg, "select json_object_agg(id, permissions) from zj.role", 0, NULL);
	int err = wk_db_ok(r) ? 0 : EAGAIN;
	im->role_perms = err ? NULL : wk_db_json(r, 0, 0);
	PQclear(r);
	return err;
}

static int enum_of(const char *const *names, int n, const char *text, int def)
{
	for (int i = 0; text && i < n; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return text ? -1 : def;
}

static int allowed(struct wk_import *im)
{
	const struct res_def *d = im->job->def;
	bool creates = im->mode != WK_UPDATE, updates = im->mode != WK_CREATE || im->duplicate == WK_DUP_UPDATE;

	const json_t *perms = im->job->perms;
	enum res_role role = im->job->role;
	if (!res_perm_has(perms, d->perms[RES_CAN_IMPORT]) ||
	    (creates && !res_perm_has(perms, d->perms[RES_CAN_CREATE])) ||
	    (updates && !res_perm_has(perms, d->perms[RES_CAN_UPDATE])))
		return wk_job_fail(im->job, "permission", "没有导入此数据的权限", "the account may not import this");
	if (!d->can[RES_CAN_IMPORT][role] || (creates && !d->can[RES_CAN_CREATE][role]) ||
	    (updates && !d->can[RES_CAN_UPDATE][role]))
		return wk_job_fail(im->job, "import", "此数据不能导入", "this cannot be imported");
	for (size_t i = 0; updates && i < d->n_fields; i++)
		/* Whose rights a row carries may only be changed by who has them all: that is asked row by row in the
		 * api; here it is asked of everything. */
		if (d->fields[i].check && strcmp(d->fields[i].check, "vxml") != 0 && !res_perm_has(im->job->perms, "*"))
			return wk_job_fail(im->job, "beyond_own", "更新账号、角色等需要全部权限",
					   "updating these needs all permissions");
	return 0;
}

/* Unmapped custom fields have defaults too. */
static void find_custom_defaults(struct wk_import *im)
{
	for (size_t i = 0; i < im->job->view->n && im->mode != WK_UPDATE; i++) {
		const struct res_custom *c = im->job->view->fields[i].custom;
		im->has_custom = im->has_custom || (c && c->def);
	}
}

static int required_are_there(struct wk_import *im)
{
	for (size_t i = 0; i < im->job->view->n && im->mode != WK_UPDATE; i++) {
		const struct res_view_field *f = &im->job->view->fields[i];
		bool found = !f->required;
		for (size_t k = 0; k < im->n_map; k++)
			found = found || im->map[k].f == f;
		if (!found)
			return refuse(im, "required", f->field->name, "必填，但没有对应的列",
				      "is required, but no column fills it");
	}
	return 0;
}

int wk_import_map(struct wk_import *im)
{
	const json_t *p = im->job->params;
	int mode = enum_of(wk_mode_names, WK_MODES, wk_text(p, "mode"), WK_CREATE),
	    dup = enum_of(wk_duplicate_names, WK_DUPS, wk_text(p, "on_duplicate"), -2), err;
	size_t i;
	json_t *entry;

	if (mode < 0 || dup == -1)
		return refuse(im, "enum", mode < 0 ? "mode" : "on_duplicate", "值不正确", "has no such value");
	im->mode = (enum wk_mode)mode;
	im->duplicate = dup >= 0 ? (enum wk_duplicate)dup : im->mode == WK_CREATE ? WK_DUP_REJECT : WK_DUP_UPDATE;
	im->clear = wk_text(p, "empty") && strcmp(wk_text(p, "empty"), "clear") == 0;
	err = allowed(im);
	json_array_foreach (json_object_get(p, "mapping"), i, entry) {
		if (err)
			break;
		err = map_one(im, entry);
	}
	if (!err && im->n_map == 0)
		return refuse(im, "mapping", "mapping", "没有对应任何列", "maps no column");
	if (!err && im->n_match != json_array_size(json_object_get(p, "match")))
		return refuse(im, "match", "match", "匹配的字段没有对应的列", "is by a field that no column fills");
	if (!err && im->mode != WK_CREATE && im->n_match == 0)
		return refuse(im, "match", "match", "更新需要匹配的字段", "is needed to update rows");
	find_custom_defaults(im);
	if (!err)
		err = required_are_there(im);
	if (!err)
		err = find_role_perms(im);
	return err ? err : find_defaults(im);
}

void wk_import_unmap(struct wk_import *im)
{
	for (size_t i = 0; i < im->n_map; i++) {
		json_decref(im->map[i].own_labels);
		zj_deref(im->map[i].refs);
		zj_deref(im->map[i].fallback);
	}
	json_decref(im->role_perms);
	im->role_perms = NULL;
	im->n_map = 0;
}
