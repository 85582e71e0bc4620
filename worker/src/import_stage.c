/* The staging table: rows come into it by COPY; the statements that take them from there. */
#include "db.h"
#include "import.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool not_empty(const struct wk_mapped *m)
{
	return m->slot >= 0;
}

static void typed(struct res_buf *b, const struct wk_mapped *m)
{
	res_buf_printf(b, "s.c%d::%s", m->slot, m->f->field->pg_type);
}

/* Columns whose default is a function that says the same for every row (an account, a date): asked once a statement. */
static int stable_defaults(struct wk_import *im, struct res_buf *columns, struct res_buf *values)
{
	static const char sql[] =
		"select a.attname, pg_get_expr(d.adbin, d.adrelid) from pg_attribute a"
		" join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where a.attrelid = ('zj.' || "
		"quote_ident($1))::regclass"
		" and a.attgenerated = '' and a.attname <> 'id' and has_column_privilege($2, a.attrelid, a.attnum, "
		"'insert')"
		" and exists (select from pg_depend x join pg_proc p on p.oid = x.refobjid where x.classid = "
		"'pg_attrdef'::regclass"
		"  and x.objid = d.oid and x.refclassid = 'pg_proc'::regclass)"
		" and not exists (select from pg_depend x join pg_proc p on p.oid = x.refobjid where x.classid = "
		"'pg_attrdef'::regclass"
		"  and x.objid = d.oid and x.refclassid = 'pg_proc'::regclass and p.provolatile = 'v')";
	const char *args[] = {im->job->def->table, res_role_names[im->job->role]};
	PGresult *r = wk_db_run(im->job->pg, sql, 2, args);
	int err = wk_db_ok(r) ? 0 : EAGAIN;

	for (int i = 0; !err && i < PQntuples(r); i++) {
		bool mapped = false;
		for (size_t k = 0; k < im->n_map; k++)
			mapped = mapped || strcmp(im->map[k].f->field->name, PQgetvalue(r, i, 0)) == 0;
		if (mapped)
			continue;
		res_buf_add(columns, ", ");
		res_buf_ident(columns, PQgetvalue(r, i, 0));
		res_buf_printf(values, ", (select %s)", PQgetvalue(r, i, 1));
	}
	if (err)
		wk_db_log(r, "defaults");
	PQclear(r);
	return err;
}

/* Defaults of custom fields come with the values when rows are only created; here where some are updated. */
static void custom_defaults(struct wk_import *im, struct res_buf *values)
{
	json_t *defaults = json_object();

	for (size_t i = 0; i < im->job->view->n; i++) {
		const struct res_custom *c = im->job->view->fields[i].custom;
		if (c && c->def)
			json_object_set(defaults, c->key, c->def);
	}
	char *text = json_dumps(defaults, JSON_COMPACT);
	char *quoted = text ? PQescapeLiteral(im->job->pg, text, strlen(text)) : NULL;
	if (im->mode == WK_CREATE || !quoted)
		res_buf_add(values, ", s.custom::jsonb");
	else
		res_buf_printf(values, ", %s::jsonb || s.custom::jsonb", quoted);
	PQfreemem(quoted);
	free(text);
	json_decref(defaults);
}

static int make_insert(struct wk_import *im)
{
	struct res_buf columns = {0}, values = {0};
	bool tenant = false;

	for (size_t i = 0; i < im->n_map; i++) {
		const struct wk_mapped *m = &im->map[i];
		if (!not_empty(m))
			continue;
		tenant = tenant || strcmp(m->f->field->name, "tenant_id") == 0;
		res_buf_add(&columns, ", ");
		res_buf_ident(&columns, m->f->field->name);
		res_buf_add(&values, m->fallback ? ", coalesce(" : ", ");
		typed(&values, m);
		if (m->fallback)
			res_buf_printf(&values, ", (%s))", m->fallback);
	}
	if (im->has_custom) {
		res_buf_add(&columns, ", custom");
		custom_defaults(im, &values);
	}
	int err = stable_defaults(im, &columns, &values);
	bool key = im->job->def->tenant_key && !tenant;
	res_buf_add(&im->insert, "insert into zj.");
	res_buf_ident(&im->insert, im->job->def->table);
	res_buf_printf(
		&im->insert,
		" (%sid%s) select %ss.id%s from wk_stage s where s.op = 'i' and s.n between $1 and $2 order by s.n",
		key ? "tenant_id, " : "", columns.p ? columns.p : "", key ? "(select zj.zj_tenant()), " : "",
		values.p ? values.p : "");
	if (columns.failed || values.failed || im->insert.failed)
		err = ENOMEM;
	res_buf_free(&columns);
	res_buf_free(&values);
	return err;
}

/* Empty cells keep what is there, or empty it. */
static void make_update(struct wk_import *im)
{
	struct res_buf *b = &im->update;
	const char *comma = "";

	res_buf_add(b, "update zj.");
	res_buf_ident(b, im->job->def->table);
	res_buf_add(b, " as t set ");
	for (size_t i = 0; i < im->n_map; i++) {
		const struct wk_mapped *m = &im->map[i];
		if (!not_empty(m) || m->match || !m->f->update)
			continue;
		res_buf_add(b, comma);
		res_buf_ident(b, m->f->field->name);
		res_buf_add(b, " = coalesce(");
		typed(b, m);
		if (im->clear && m->fallback) {
			res_buf_printf(b, ", (%s))", m->fallback);
		} else if (im->clear && !m->f->field->not_null) {
			res_buf_add(b, ", null)");
		} else {
			res_buf_add(b, ", t.");
			res_buf_ident(b, m->f->field->name);
			res_buf_add(b, ")");
		}
		comma = ", ";
	}
	if (im->has_custom) {
		res_buf_printf(b, "%scustom = t.custom || s.custom::jsonb", comma);
		comma = ", ";
	}
	if (!*comma) /* nothing but the match: found is enough */
		res_buf_add(b, "id = t.id");
	res_buf_add(b, " from wk_stage s where s.op = 'u' and s.n between $1 and $2 and s.round = $3::int and t.id = "
		       "s.target returning s.n");
}

/* Which rows are there already: (n, how many, one of them). */
static void make_find(struct wk_import *im)
{
	struct res_buf *b = &im->find;
	const char *and = "";

	res_buf_add(b, "select s.n, count(*), min(t.id::text) from wk_stage s join zj.");
	res_buf_ident(b, im->job->def->table);
	res_buf_add(b, " t on ");
	for (size_t i = 0; i < im->n_map; i++) {
		const struct wk_mapped *m = &im->map[i];
		if (!m->match)
			continue;
		res_buf_printf(b, "%st.", and);
		res_buf_ident(b, m->f->field->name);
		res_buf_add(b, " = ");
		typed(b, m);
		and = " and ";
	}
	res_buf_add(b, " group by s.n");
}

static int make_table(struct wk_import *im)
{
	struct res_buf b = {0};

	res_buf_printf(&b,
		       "begin; set local role %s; create temp table wk_stage (n integer not null, id uuid, op \"char\" "
		       "not null default '%c',"
		       " target uuid, round integer not null default 0",
		       res_role_names[im->job->role], im->mode == WK_UPDATE ? 'u' : 'i');
	for (size_t i = 0; i < im->n_slots; i++)
		res_buf_printf(&b, ", c%zu text", i);
	res_buf_add(&b, ", custom text) on commit delete rows; commit");
	int err = b.failed ? ENOMEM : wk_db_do(im->job->pg, b.p);
	res_buf_free(&b);
	return err;
}

static int prepare(struct wk_import *im, const char *name, const struct res_buf *sql)
{
	if (sql->failed)
		return ENOMEM;
	PGresult *r = PQprepare(im->job->pg, name, sql->p, 0, NULL);
	int err = wk_db_ok(r) ? 0 : wk_job_fail_pg(im->job, r);
	PQclear(r);
	return err;
}

int wk_stage_prepare(struct wk_import *im)
{
	int err = make_table(im);

	if (!err)
		err = make_insert(im);
	if (!err && im->mode != WK_UPDATE)
		err = prepare(im, "wk_insert", &im->insert);
	make_update(im);
	if (!err && im->n_match)
		err = prepare(im, "wk_update", &im->update);
	make_find(im);
	if (!err && im->n_match)
		err = prepare(im, "wk_find", &im->find);
	return err == EPROTO ? EAGAIN : err;
}

int wk_stage_copy(struct wk_import *im)
{
	struct res_buf b = {0};
	PGconn *pg = im->job->pg;

	res_buf_add(&b, "copy wk_stage (n, id");
	for (size_t i = 0; i < im->n_slots; i++)
		res_buf_printf(&b, ", c%zu", i);
	res_buf_add(&b, im->has_custom ? ", custom) from stdin" : ") from stdin");
	PGresult *r = b.failed ? NULL : PQexec(pg, b.p);
	int err = PQresultStatus(r) == PGRES_COPY_IN ? 0 : EAGAIN;
	if (!err && (PQputCopyData(pg, im->chunk.copy.p, (int)im->chunk.copy.n) != 1 || PQputCopyEnd(pg, NULL) != 1))
		err = EAGAIN;
	while (!err) {
		PQclear(r);
		r = PQgetResult(pg);
		if (!r)
			break;
		if (!wk_db_ok(r))
			err = EAGAIN;
	}
	if (err && r)
		wk_db_log(r, "copy");
	PQclear(r);
	res_buf_free(&b);
	return err;
}
