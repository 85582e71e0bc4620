/* The staging table: rows come into it by COPY, and from there into the real table in one statement. What the database
 * refuses is halved until the bad rows are alone. */
#include "db.h"
#include "import.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

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

static int copy_in(struct wk_import *im)
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

static int savepoint(struct wk_import *im, const char *sql)
{
	return wk_db_do(im->job->pg, sql) ? EAGAIN : 0;
}

/* The rows lo … hi - 1 with that operation and round, in one statement. *r is the answer, also when it refuses. */
static int one_statement(struct wk_import *im, enum wk_op op, uint32_t round, size_t lo, size_t hi, PGresult **r)
{
	char a[24], b[24], c[24];
	const char *values[] = {a, b, c};

	snprintf(a, sizeof(a), "%zu", lo);
	snprintf(b, sizeof(b), "%zu", hi - 1);
	snprintf(c, sizeof(c), "%u", round);
	int err = savepoint(im, "savepoint wk");
	if (err)
		return err;
	*r = PQexecPrepared(im->job->pg, op == WK_OP_INSERT ? "wk_insert" : "wk_update", op == WK_OP_INSERT ? 2 : 3,
			    values, NULL, NULL, 0);
	if (wk_db_ok(*r))
		return savepoint(im, "release wk");
	if (wk_db_again(im->job->pg, *r)) {
		wk_db_log(*r, "rows");
		return EAGAIN;
	}
	return savepoint(im, "rollback to wk; release wk");
}

static void applied(struct wk_import *im, enum wk_op op, uint32_t round, size_t lo, size_t hi, const PGresult *r)
{
	struct wk_staged *rows = im->chunk.rows;

	for (size_t i = lo; op == WK_OP_INSERT && i < hi; i++)
		rows[i].applied = rows[i].applied || (rows[i].op == op && rows[i].round == round);
	for (int i = 0; op == WK_OP_UPDATE && i < PQntuples(r); i++) {
		size_t n = strtoul(PQgetvalue(r, i, 0), NULL, 10);
		if (n < im->chunk.n)
			rows[n].applied = true;
	}
}

static int refused(struct wk_import *im, struct wk_staged *s, const PGresult *r)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	struct res_pg_error e = wk_db_error(r);

	res_problem_pg(&p, im->job->def, im->job->view, &e, false);
	im->full = im->full || (e.constraint && strncmp(e.constraint, "quota_", 6) == 0);
	int err = wk_import_reject_staged(im, s, &p);
	res_problem_clear(&p);
	return err;
}

static size_t count_of(const struct wk_import *im, enum wk_op op, uint32_t round, size_t lo, size_t hi, size_t *middle)
{
	size_t n = 0, all = 0;

	for (size_t i = lo; i < hi; i++)
		all += im->chunk.rows[i].op == op && im->chunk.rows[i].round == round;
	for (size_t i = lo; i < hi; i++) {
		n += im->chunk.rows[i].op == op && im->chunk.rows[i].round == round;
		if (n * 2 >= all) { /* half of them are behind */
			*middle = i + 1;
			break;
		}
	}
	return all;
}

static int refuse_rest(struct wk_import *im, size_t lo, size_t hi)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	int err = 0;

	res_problem_add_text(&p, NULL, "quota", "已达配额上限", "the quota is reached", NULL);
	for (size_t i = lo; i < hi && !err; i++)
		if (im->chunk.rows[i].op == WK_OP_INSERT)
			err = wk_import_reject_staged(im, &im->chunk.rows[i], &p);
	res_problem_clear(&p);
	return err;
}

static int apply_range(struct wk_import *im, enum wk_op op, uint32_t round, size_t lo, size_t hi)
{
	size_t middle = hi, n = count_of(im, op, round, lo, hi, &middle);
	PGresult *r = NULL;

	if (n == 0)
		return 0;
	if (im->full && op == WK_OP_INSERT)
		return refuse_rest(im, lo, hi);
	int err = one_statement(im, op, round, lo, hi, &r);
	bool good = wk_db_ok(r);
	if (!err && good)
		applied(im, op, round, lo, hi, r);
	else if (!err && n == 1)
		err = refused(im, &im->chunk.rows[middle - 1], r);
	PQclear(r);
	if (err || good || n == 1)
		return err;
	err = apply_range(im, op, round, lo, middle);
	return err ? err : apply_range(im, op, round, middle, hi);
}

struct seen { /* keys of this chunk */
	UT_hash_handle hh;
	size_t last;
	uint32_t times;
};

/* What happens to a row whose key is in the table already, or came before in the file. `target`: its id. */
static int decide(struct wk_import *im, struct wk_staged *s, const char *target, bool several, uint64_t before)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	char zh[120], en[120];
	int err = 0;

	if (!several && (im->mode == WK_UPDATE || im->duplicate == WK_DUP_UPDATE)) {
		s->op = WK_OP_UPDATE;
		snprintf(s->target, sizeof(s->target), "%s", target);
		return 0;
	}
	if (!several && im->duplicate == WK_DUP_SKIP)
		return wk_import_skip_staged(im, s);
	if (several)
		res_problem_add_text(&p, NULL, "ambiguous", "匹配到多条记录", "matches several rows", NULL);
	else if (before) {
		snprintf(zh, sizeof(zh), "与第 %llu 行重复", (unsigned long long)before);
		snprintf(en, sizeof(en), "repeats row %llu", (unsigned long long)before);
		res_problem_add_text(&p, NULL, "unique", zh, en, NULL);
	} else
		res_problem_add_text(&p, NULL, "unique", "已存在", "exists already", NULL);
	err = wk_import_reject_staged(im, s, &p);
	res_problem_clear(&p);
	return err;
}

static int not_found(struct wk_import *im, struct wk_staged *s)
{
	struct res_problem p = {.kind = RES_P_INVALID};

	res_problem_add_text(&p, NULL, "reference", "没有可更新的记录", "there is no row to update", NULL);
	int err = wk_import_reject_staged(im, s, &p);
	res_problem_clear(&p);
	return err;
}

/* Rows of this chunk with the same key: the first is what the table says; later ones come to the row it made. */
static int decide_repeats(struct wk_import *im, uint32_t *rounds)
{
	struct seen *seen = NULL, *k, *next, *all = calloc(im->chunk.n + 1, sizeof(*all));
	int err = all ? 0 : ENOMEM;

	for (size_t i = 0; i < im->chunk.n && !err; i++) {
		struct wk_staged *s = &im->chunk.rows[i], *first;
		const char *key = im->chunk.keys.p + s->key;
		if (!s->key_n || s->op == WK_OP_NONE)
			continue;
		HASH_FIND(hh, seen, key, s->key_n, k);
		if (!k) {
			all[i].last = i;
			HASH_ADD_KEYPTR(hh, seen, key, s->key_n, &all[i]);
			continue;
		}
		first = &im->chunk.rows[k->last];
		err = decide(im, s, first->op == WK_OP_INSERT ? first->id : first->target, false, first->line);
		if (s->op == WK_OP_UPDATE) {
			s->round = ++k->times;
			*rounds = s->round > *rounds ? s->round : *rounds;
		}
	}
	HASH_ITER (hh, seen, k, next)
		HASH_DEL(seen, k);
	free(all);
	return err;
}

static int decide_matches(struct wk_import *im)
{
	PGresult *r = PQexecPrepared(im->job->pg, "wk_find", 0, NULL, NULL, NULL, 0);
	int err = wk_db_ok(r) ? 0 : wk_job_fail_pg(im->job, r);

	for (int i = 0; !err && i < PQntuples(r); i++) {
		size_t n = strtoul(PQgetvalue(r, i, 0), NULL, 10);
		if (n < im->chunk.n)
			err = decide(im, &im->chunk.rows[n], PQgetvalue(r, i, 2), strcmp(PQgetvalue(r, i, 1), "1") != 0,
				     0);
	}
	PQclear(r);
	for (size_t i = 0; i < im->chunk.n && !err && im->mode == WK_UPDATE; i++)
		if (im->chunk.rows[i].op == WK_OP_UPDATE && !im->chunk.rows[i].target[0])
			err = not_found(im, &im->chunk.rows[i]);
	return err;
}

/* Tells the staging table what was decided about rows that are not simply new. */
static int write_plan(struct wk_import *im)
{
	static const char sql[] =
		"update wk_stage s set op = p.op::\"char\", target = p.target, round = p.round"
		" from unnest($1::int[], $2::text[], $3::uuid[], $4::int[]) p (n, op, target, round) where s.n = p.n";
	struct res_buf b[4] = {0};
	const char *sep = "{";

	for (size_t i = 0; i < im->chunk.n; i++) {
		const struct wk_staged *s = &im->chunk.rows[i];
		if (s->op == WK_OP_INSERT)
			continue;
		res_buf_printf(&b[0], "%s%zu", sep, i);
		res_buf_printf(&b[1], "%s%c", sep, s->op);
		res_buf_printf(&b[2], "%s%s", sep, s->target[0] ? s->target : "null");
		res_buf_printf(&b[3], "%s%u", sep, s->round);
		sep = ",";
	}
	int err = 0;
	if (*sep == ',') {
		const char *values[4];
		for (int i = 0; i < 4; i++) {
			res_buf_add(&b[i], "}");
			values[i] = b[i].p;
			err = b[i].failed ? ENOMEM : err;
		}
		PGresult *r = err ? NULL : wk_db_run(im->job->pg, sql, 4, values);
		if (!err && !wk_db_ok(r)) {
			wk_db_log(r, "plan");
			err = EAGAIN;
		}
		PQclear(r);
	}
	for (int i = 0; i < 4; i++)
		res_buf_free(&b[i]);
	return err;
}

/* What was to be updated and was not: gone meanwhile, or not the account's to change. */
static int count_up(struct wk_import *im)
{
	int err = 0;

	for (size_t i = 0; i < im->chunk.n && !err; i++) {
		struct wk_staged *s = &im->chunk.rows[i];
		if (s->op == WK_OP_INSERT && s->applied)
			im->job->counts.created++;
		else if (s->op == WK_OP_UPDATE && s->applied)
			im->job->counts.updated++;
		else if (s->op != WK_OP_NONE)
			err = not_found(im, s);
	}
	return err;
}

int wk_stage_apply(struct wk_import *im)
{
	uint32_t rounds = 0;
	int err = im->chunk.n ? copy_in(im) : 0;

	if (im->chunk.n == 0)
		return err;
	if (!err && im->n_match) {
		err = decide_matches(im);
		if (!err)
			err = decide_repeats(im, &rounds);
		if (!err)
			err = write_plan(im);
	}
	if (!err && im->mode != WK_UPDATE)
		err = apply_range(im, WK_OP_INSERT, 0, 0, im->chunk.n);
	for (uint32_t round = 0; round <= rounds && im->n_match && !err; round++)
		err = apply_range(im, WK_OP_UPDATE, round, 0, im->chunk.n);
	return err ? err : count_up(im);
}
