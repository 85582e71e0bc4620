/* Many rows at once: changed, deleted, taken out of the recycle bin or forgotten, by a filter or by their ids. Rows
 * that are refused are told in a file with their reasons; the others are not held up by them. */
#include "db.h"
#include "list.h"
#include "perm.h"
#include "rejects.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* X(enum, name, permission, where the rows are) */
#define ACTIONS(X)                                                                                                     \
	X(ACTION_UPDATE, "update", RES_CAN_UPDATE, false)                                                              \
	X(ACTION_DELETE, "delete", RES_CAN_DELETE, false)                                                              \
	X(ACTION_RESTORE, "restore", RES_CAN_DELETE, true)                                                             \
	X(ACTION_PURGE, "purge", RES_CAN_DELETE, true)
enum action {
#define X(e, n, p, b) e,
	ACTIONS(X)
#undef X
		ACTION_COUNT
};
static const struct {
	const char *name;
	enum res_can permission;
	bool in_bin;
} actions[ACTION_COUNT] = {
#define X(e, n, p, b) [e] = {n, p, b},
	ACTIONS(X)
#undef X
};

struct bulk {
	struct wk_job *job;
	enum action action;
	struct wk_list list;
	struct wk_rejects *rejects;
	struct res_buf sql;  /* for one row, by zj_each() */
	struct res_buf many; /* for all rows of a chunk: mostly none is refused, and triggers run once */
	json_t *texts;       /* values of the update */
	json_t *ids;         /* of the chunk: strings */
	size_t given;        /* ids of the parameters that were done */
};

static int find_action(struct bulk *b, const char *name)
{
	for (b->action = 0; b->action < ACTION_COUNT && strcmp(actions[b->action].name, name) != 0; b->action++)
		;
	if (b->action == ACTION_COUNT)
		return wk_job_fail(b->job, "action", "没有这种操作", "there is no such action");
	const struct res_def *d = b->job->def;
	if (!res_perm_has(b->job->perms, d->perms[actions[b->action].permission]))
		return wk_job_fail(b->job, "permission", "没有权限", "the account may not do this");
	if (!d->can[actions[b->action].permission][b->job->role])
		return wk_job_fail(b->job, "method", "此数据不能这样操作", "this cannot be done here");
	for (size_t i = 0; i < d->n_fields; i++)
		if (d->fields[i].check && strcmp(d->fields[i].check, "vxml") != 0 && !res_perm_has(b->job->perms, "*"))
			return wk_job_fail(b->job, "beyond_own", "批量操作账号、角色等需要全部权限",
					   "this needs all permissions");
	return 0;
}

/* The same text for one row and for many. */
static void both(struct bulk *b, const char *fmt, const char *x, const char *y)
{
	char text[300];

	snprintf(text, sizeof(text), fmt, x, y);
	res_buf_add(&b->sql, text);
	res_buf_add(&b->many, text);
}

static void by_id(struct bulk *b)
{
	res_buf_add(&b->sql, " where t.id = $1");
	res_buf_add(&b->many, " where t.id = any ($1::uuid[])");
}

/* update zj.t as t set a = ($2)[1]::integer … where t.id = $1 */
static int make_update(struct bulk *b)
{
	struct res_values v;
	struct res_problem p = {0};
	json_t *set = json_object_get(b->job->params, "set");
	int err = 0;

	if (!json_is_object(set) || !res_values_read(&v, b->job->view, false, set, &p)) {
		err = wk_job_fail_problem(b->job, &p);
		res_problem_clear(&p);
		return err;
	}
	both(b, "update zj.\"%s\" as t set ", b->job->def->table, "");
	for (size_t i = 0; i < v.n && !err; i++) {
		const struct res_field *f = v.v[i].field;
		const char *merge = strcmp(f->name, "custom") == 0 ? "t.custom || " : "";
		if (f->transform || (f->check && strcmp(f->check, "vxml") == 0))
			err = wk_job_fail(b->job, "readonly", "此字段不能批量修改",
					  "this field cannot be changed for many rows");
		both(b, "%s\"%s\" = ", i ? ", " : "", f->name);
		res_buf_printf(&b->sql, "%s($2)[%zu]::%s", merge, i + 1, f->pg_type);
		res_buf_printf(&b->many, "%s($2::jsonb ->> %zu)::%s", merge, i, f->pg_type);
		json_array_append_new(b->texts, v.v[i].text ? json_string(v.v[i].text) : json_null());
	}
	by_id(b);
	res_values_free(&v);
	return err;
}

static int make_statement(struct bulk *b)
{
	struct res_buf *s = &b->sql;

	if (b->action == ACTION_UPDATE) {
		int err = make_update(b);
		if (err)
			return err;
	} else if (b->action == ACTION_DELETE && b->job->def->mark) {
		both(b, "update zj.\"%s\" as t set deleted_at = now()%s", b->job->def->table, "");
		by_id(b);
		both(b, " and t.deleted_at is null%s%s", "", "");
	} else if (b->action == ACTION_DELETE) {
		both(b, "delete from zj.\"%s\" as t%s", b->job->def->table, "");
		by_id(b);
	} else {
		res_buf_add(s, b->action == ACTION_RESTORE ? "select zj.zj_restore(r.id)"
							   : "select zj.zj_purge(array[r.id])");
		res_buf_printf(
			s,
			" from (select id from zj.recycled where row_id = $1 and table_name = '%s' and row is not null"
			" order by id desc limit 1) r",
			b->job->def->table);
	}
	if (b->many.n)
		res_buf_add(&b->many, " returning t.id");
	return s->failed || b->many.failed ? EAGAIN : 0;
}

static int take_id(json_t *row, void *arg)
{
	struct bulk *b = arg;
	return json_array_append(b->ids, json_object_get(row, "id")) ? EAGAIN : 0;
}

/* The next ids: of the parameters, or of the list. */
static int next_ids(struct bulk *b, int *n)
{
	const json_t *given = json_object_get(b->job->params, "ids");

	json_array_clear(b->ids);
	if (!json_is_array(given))
		return wk_list_next(&b->list, take_id, b, n);
	for (*n = 0; *n < 1000 && b->given < json_array_size(given); (*n)++) {
		json_t *id = json_array_get(given, b->given++);
		if (json_is_string(id) && zj_uuid_is_valid(json_string_value(id)))
			json_array_append(b->ids, id);
	}
	return 0;
}

static void reason_of(struct bulk *b, const json_t *e, char out[600])
{
	const char *state = wk_text(e, "sqlstate");
	struct res_problem p = {.kind = RES_P_INVALID};
	struct res_pg_error pe = {.sqlstate = state,
				  .message = wk_text(e, "message"),
				  .detail = wk_text(e, "detail"),
				  .hint = wk_text(e, "hint"),
				  .constraint = wk_text(e, "constraint"),
				  .column = wk_text(e, "column"),
				  .table = wk_text(e, "table")};

	if (!state) {
		snprintf(out, 600, "%s", b->job->zh ? "不存在" : "is not there");
		return;
	}
	res_problem_pg(&p, b->job->def, b->job->view, &pe, b->action == ACTION_DELETE);
	const json_t *first = json_array_get(p.errors, 0);
	const char *field = wk_text(first, "field"), *text = wk_text(first, b->job->zh ? "zh" : "en");
	snprintf(out, 600, "%s%s%s", field ? field : "", field ? ": " : "", text ? text : p.detail);
	res_problem_clear(&p);
}

static int tell_failed(struct bulk *b, const json_t *failed)
{
	size_t i;
	json_t *e;
	int err = 0;

	json_array_foreach (failed, i, e) {
		const char *id = wk_text(e, "id");
		struct wk_cell cell = {id ? id : "", id ? strlen(id) : 0};
		const struct wk_row row = {(uint64_t)(b->job->counts.done + 1), &cell, 1};
		char reason[600];
		reason_of(b, e, reason);
		err = err ? err : wk_rejects_add(b->rejects, &row, reason);
		b->job->counts.failed++;
	}
	return err;
}

/* All of the chunk in one statement; *done: it was taken, and those rows that are not there are told. */
static int try_many(struct bulk *b, const char *ids, const char *vals, bool *done, json_int_t *changed)
{
	const char *values[] = {ids, vals};
	json_t *missing = json_array(), *id;
	size_t i;
	int err = wk_db_do(b->job->pg, "savepoint wk") ? EAGAIN : 0;

	if (!err && b->many.n == 0) /* the bin's functions take rows one by one */
		goto out;
	PGresult *r = err ? NULL : wk_db_run(b->job->pg, b->many.p, b->action == ACTION_UPDATE ? 2 : 1, values);
	*done = wk_db_ok(r);
	*changed = PQntuples(r);
	if (!err && !*done)
		err = wk_db_again(b->job->pg, r) || wk_db_do(b->job->pg, "rollback to wk") ? EAGAIN : 0;
	json_t *there = json_object();
	for (int k = 0; *done && k < PQntuples(r); k++)
		json_object_set_new(there, PQgetvalue(r, k, 0), json_true());
	json_array_foreach (b->ids, i, id)
		if (*done && !json_object_get(there, json_string_value(id)))
			json_array_append_new(missing, json_pack("{s:O}", "id", id));
	if (*done)
		err = tell_failed(b, missing);
	json_decref(there);
	PQclear(r);
out:
	json_decref(missing);
	return err;
}

/* The chunk's rows one by one inside of the database: a refused one does not undo the others. */
static int try_each(struct bulk *b, const char *ids, const char *vals, json_int_t *changed)
{
	const char *values[] = {b->sql.p, ids, vals};
	PGresult *r = wk_db_run(b->job->pg, "select zj.zj_each($1, $2::uuid[], $3::jsonb)", 3, values);
	int err = wk_db_ok(r) ? 0 : wk_job_fail_pg(b->job, r);
	json_t *answer = err ? NULL : wk_db_json(r, 0, 0);

	*changed = json_integer_value(json_object_get(answer, "changed"));
	if (!err)
		err = tell_failed(b, json_object_get(answer, "failed"));
	json_decref(answer);
	PQclear(r);
	return err;
}

static int book_chunk(struct bulk *b, json_int_t changed)
{
	b->job->counts.updated += changed;
	b->job->counts.done += (int64_t)json_array_size(b->ids);
	int64_t at = wk_rejects_flush(b->rejects);
	json_t *point = json_pack("{s:O?, s:I, s:I}", "keys", b->list.keys, "given", (json_int_t)b->given, "rejects",
				  (json_int_t)at);
	int err = at < 0 ? EIO : wk_job_commit(b->job, point);

	json_decref(point);
	return err;
}

/* One transaction: the chunk and its checkpoint. */
static int run_chunk(struct bulk *b)
{
	struct res_buf ids = {0};
	char *vals = json_dumps(b->texts, 0);
	json_int_t changed = 0;
	bool done = false;
	size_t i;
	json_t *id;

	json_array_foreach (b->ids, i, id)
		res_buf_printf(&ids, "%s%s", i ? "," : "{", json_string_value(id));
	res_buf_add(&ids, i ? "}" : "{}");
	int err = ids.failed || !vals ? EAGAIN : wk_job_begin(b->job);
	if (!err)
		err = try_many(b, ids.p, vals, &done, &changed);
	if (!err && !done)
		err = try_each(b, ids.p, vals, &changed);
	if (!err)
		err = book_chunk(b, changed);
	else
		wk_job_rollback(b->job);
	free(vals);
	res_buf_free(&ids);
	return err;
}

static int open_rows(struct bulk *b)
{
	const json_t *point = b->job->checkpoint, *given = json_object_get(b->job->params, "ids");
	char *path = wk_job_path(b->job, "rejects.part", NULL);
	int err = path ? wk_rejects_alloc(&b->rejects, path, json_integer_value(json_object_get(point, "rejects")))
		       : EAGAIN;

	zj_deref(path);
	b->given = (size_t)json_integer_value(json_object_get(point, "given"));
	if (err || json_is_array(given)) {
		b->job->counts.total = (int64_t)json_array_size(given);
		return err;
	}
	if (!wk_param(b->job, "query"))
		return wk_job_fail(b->job, "query", "缺少条件", "neither ids nor a query");
	err = wk_list_open(&b->list, b->job, wk_param(b->job, "query"),
			   actions[b->action].in_bin ? "deleted=true" : NULL);
	if (!err)
		b->list.keys = json_incref(json_object_get(point, "keys"));
	if (!err && b->job->counts.total < 0)
		err = wk_list_count(&b->list, &b->job->counts.total);
	return err;
}

static int give_rejects(struct bulk *b)
{
	const struct wk_about about = {.format = WK_CSV, .encoding = WK_UTF8, .delimiter = ','};
	const struct wk_cell id = {"id", 2};
	const struct wk_row head = {0, &id, 1};
	char *relative = NULL, *path = wk_job_path(b->job, "rejects.csv", &relative);
	const struct wk_rejects_args a = {.path = path, .about = &about, .head = &head, .zh = b->job->zh};
	int64_t bytes;
	int err = 0;

	if (wk_rejects_count(b->rejects))
		err = path ? wk_rejects_write(b->rejects, &a, &bytes) : EAGAIN;
	if (!err && wk_rejects_count(b->rejects))
		err = wk_job_rejects(b->job, relative);
	zj_deref(path);
	zj_deref(relative);
	return err;
}

static int run(struct wk_job *job, const char *action)
{
	struct bulk b = {.job = job, .texts = json_array(), .ids = json_array()};
	int n = 1, err = find_action(&b, action);

	if (!err)
		err = make_statement(&b);
	if (!err)
		err = open_rows(&b);
	while (!err && n) {
		err = next_ids(&b, &n);
		if (!err && n)
			err = run_chunk(&b);
	}
	if (b.rejects && (!err || (err == ECANCELED && job->cancelled))) {
		int gave = give_rejects(&b);
		err = err ? err : gave;
	}
	if (!err)
		job->counts.total = job->counts.done;
	wk_list_close(&b.list);
	zj_deref(b.rejects);
	json_decref(b.texts);
	json_decref(b.ids);
	res_buf_free(&b.sql);
	res_buf_free(&b.many);
	return err;
}

int wk_bulk_run(struct wk_job *job)
{
	const char *action = wk_param(job, "action");
	return run(job, action ? action : "");
}

int wk_bin_run(struct wk_job *job)
{
	return run(job, job->kind);
}
