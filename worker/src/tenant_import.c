/* An archive into a tenant, in one transaction: into the one it came from (rows are put back as they were), or into
 * another, mostly a new one (rows get ids of their own, and references follow). */
#include "db.h"
#include "perm.h"
#include "taking.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The row as it goes in: its columns only, ids moved, what a secret was made anew. */
static json_t *prepared(struct wk_taking *t, const struct wk_taken *row)
{
	json_t *out = json_object();
	unsigned char bytes[12];
	char hex[25];

	for (size_t i = 0; i < row->d->n_fields; i++) {
		const struct res_field *f = &row->d->fields[i];
		json_t *v = json_object_get(row->o, f->name);
		if (v && wk_tenant_column(row->d, f))
			json_object_set_new(out, f->name, wk_taking_value(t, f, v));
	}
	json_object_set_new(out, "tenant_id", json_string(t->tenant));
	if (strcmp(row->d->table, "account") == 0)
		json_object_set_new(out, "password",
				    json_string("!")); /* no hash: nobody logs in until a password is set */
	if (strcmp(row->d->table, "extension") == 0) {
		randombytes_buf(bytes, sizeof(bytes));
		sodium_bin2hex(hex, sizeof(hex), bytes, sizeof(bytes));
		json_object_set_new(out, "password", json_string(hex));
	}
	if (strcmp(row->d->table, "prompt") == 0) {
		char *path = zj_asprintf("%s/prompts/%s.wav", t->tenant, wk_text(out, "id") ? wk_text(out, "id") : "-");
		json_object_set_new(out, "path", path ? json_string(path) : json_null());
		zj_deref(path);
	}
	return out;
}

/* insert … select columns from jsonb_populate_record … on conflict: as the archive has it, secrets excepted. */
static char *upsert(const struct res_def *d, const json_t *row)
{
	struct res_buf columns = {0}, sets = {0}, b = {0};
	bool update_only = !d->insert[RES_ROLE_TENANT];

	for (size_t i = 0; i < d->n_fields; i++) {
		const struct res_field *f = &d->fields[i];
		if (!json_object_get(row, f->name))
			continue;
		res_buf_add(&columns, columns.n ? ", " : "");
		res_buf_ident(&columns, f->name);
		if (!f->update[RES_ROLE_TENANT] || f->hidden || f->writeonly || strcmp(f->name, "id") == 0 ||
		    strcmp(f->name, "tenant_id") == 0)
			continue;
		res_buf_add(&sets, sets.n ? ", " : "");
		res_buf_ident(&sets, f->name);
		res_buf_add(&sets, update_only ? " = x." : " = excluded.");
		res_buf_ident(&sets, f->name);
	}
	if (update_only) {
		res_buf_add(&b, "update zj.");
		res_buf_ident(&b, d->table);
		res_buf_printf(&b,
			       " t set %s from jsonb_populate_record(null::zj.%s, $1::jsonb) x where t.tenant_id = "
			       "zj.zj_tenant()%s",
			       sets.n ? sets.p : "id = t.id", d->table,
			       json_is_true(json_object_get(d->comment, "singleton")) ? "" : " and t.id = x.id");
	} else {
		res_buf_add(&b, "insert into zj.");
		res_buf_ident(&b, d->table);
		res_buf_printf(&b,
			       " (%s) select %s from jsonb_populate_record(null::zj.%s, $1::jsonb) on conflict "
			       "(tenant_id, id) do %s%s",
			       columns.p, columns.p, d->table, sets.n ? "update set " : "nothing",
			       sets.n ? sets.p : "");
	}
	res_buf_free(&columns);
	res_buf_free(&sets);
	return b.failed ? NULL : b.p;
}

/* A new tenant is born with some rows (roles, settings …): one of the same label is the same. */
static int adopt(struct wk_taking *t, const struct wk_taken *row)
{
	const char *label = row->d->label && !t->same ? wk_text(row->o, row->d->label) : NULL;
	struct res_buf b = {0};
	int err = 0;

	if (!label)
		return 0;
	res_buf_add(&b, "select t.id from zj.");
	res_buf_ident(&b, row->d->table);
	res_buf_add(&b, " t where t.tenant_id = zj.zj_tenant() and t.");
	res_buf_ident(&b, row->d->label);
	res_buf_add(&b, " = $1");
	const char *values[] = {label};
	PGresult *r = b.failed ? NULL : wk_db_run(t->job->pg, b.p, 1, values);
	if (!wk_db_ok(r))
		err = EAGAIN;
	else if (PQntuples(r) == 1)
		err = wk_taking_remember(t, wk_text(row->o, "id"), PQgetvalue(r, 0, 0));
	PQclear(r);
	res_buf_free(&b);
	return err;
}

static void refused(struct wk_taking *t, struct wk_taken *row, const PGresult *r)
{
	struct res_problem p = {0};
	struct res_pg_error e = wk_db_error(r);
	const json_t *first;

	res_problem_pg(&p, row->d, NULL, &e, false);
	first = json_array_get(p.errors, 0);
	free(row->why);
	const char *field = wk_text(first, "field"), *text = wk_text(first, t->job->zh ? "zh" : "en");
	if (asprintf(&row->why, "%s%s%s", field ? field : "", field ? ": " : "", text ? text : p.detail) < 0)
		row->why = NULL;
	res_problem_clear(&p);
}

static int put(struct wk_taking *t, struct wk_taken *row)
{
	json_t *o = prepared(t, row);
	char *text = json_dumps(o, JSON_COMPACT), *sql = upsert(row->d, o);
	const char *values[] = {text};
	int err = text && sql ? wk_db_do(t->job->pg, "savepoint wk") : EAGAIN;
	PGresult *r = err ? NULL : wk_db_run(t->job->pg, sql, 1, values);

	if (!err && wk_db_ok(r)) {
		row->done = true;
		t->job->counts.created++;
		err = wk_db_do(t->job->pg, "release wk");
	} else if (!err && wk_db_again(t->job->pg, r)) {
		wk_db_log(r, "tenant");
		err = EAGAIN;
	} else if (!err) {
		refused(t, row, r);
		err = wk_db_do(t->job->pg, "rollback to wk; release wk");
	}
	PQclear(r);
	free(text);
	free(sql);
	json_decref(o);
	return err ? EAGAIN : 0;
}

/* Rows that point forwards come in a later round; when a round brings nothing, what is left is refused. */
static int put_all(struct wk_taking *t)
{
	bool progress = true;
	int err = 0;

	for (size_t i = 0; i < t->n && !err; i++)
		err = adopt(t, &t->rows[i]);
	while (progress && !err) {
		progress = false;
		for (size_t i = 0; i < t->n && !err; i++) {
			if (t->rows[i].done)
				continue;
			err = wk_job_stopping() ? ECANCELED : put(t, &t->rows[i]);
			progress = progress || t->rows[i].done;
		}
	}
	return err;
}

/* The sounds of prompts that came in; each is written whole before it takes its name. */
static int put_sound(struct wk_taking *t, const struct wk_taken *row)
{
	char name[80], *text = NULL;
	const char *old = wk_text(row->o, "id"), *id = wk_taking_id(t, old);
	size_t n = 0;

	snprintf(name, sizeof(name), "sounds/%s.wav", old);
	int err = wk_taking_entry(t, name, &text, &n);
	if (err)
		return err == ENOENT ? 0 : err;
	char *path = zj_asprintf("%s/%s/prompts/%s.wav", t->job->conf->store, t->tenant, id);
	FILE *f = path ? wk_file_new(path) : NULL;
	if (!f || fwrite(text, 1, n, f) != n)
		err = EIO;
	if (f && fclose(f))
		err = EIO;
	zj_deref(path);
	free(text);
	return err;
}

/* The administrators' role, which every tenant has and nobody may change. */
static bool is_fixed(const struct wk_taken *row)
{
	const char *kind = wk_text(row->o, "kind");
	return strcmp(row->d->table, "role") == 0 && kind && strcmp(kind, "admin") == 0;
}

static int give_refused(struct wk_taking *t)
{
	int err = 0;

	for (size_t i = 0; i < t->n && !err; i++) {
		const struct wk_taken *row = &t->rows[i];
		bool fixed = !row->done && is_fixed(row);
		char *text = row->done || fixed ? NULL : json_dumps(row->o, JSON_COMPACT);
		t->job->counts.skipped += fixed;
		if (!text)
			continue;
		const struct wk_cell cells[] = {{row->d->name, strlen(row->d->name)}, {text, strlen(text)}};
		const struct wk_row r = {i + 1, cells, 2};
		err = wk_rejects_add(t->rejects, &r, row->why ? row->why : "-");
		t->job->counts.failed++;
		free(text);
	}
	return err;
}

/* The tenant that the archive goes into: one that is there, or a new one. */
static int find_tenant(struct wk_taking *t)
{
	const json_t *about = json_object_get(t->manifest, "tenant");
	const char *into = wk_param(t->job, "tenant_id"), *name = wk_param(t->job, "name"),
		   *title = wk_param(t->job, "title"), *domain = wk_param(t->job, "sip_domain");
	const char *values[] = {name ? name : wk_text(about, "name"),
				title ? title : wk_text(about, "title"),
				domain ? domain : wk_text(about, "sip_domain"),
				wk_text(about, "time_zone"),
				wk_text(about, "language"),
				into};
	static const char there[] =
		"select id from zj.tenant where id = $1::uuid and kind = 'tenant' and deleted_at is null";
	static const char new[] =
		"insert into zj.tenant (tenant_id, kind, name, title, sip_domain, time_zone, language)"
		" values (zj.zj_uuid7(), 'tenant', $1, $2, $3, coalesce($4, 'Asia/Shanghai'), coalesce($5, 'zh')) "
		"returning id";

	int err = wk_job_begin(t->job);
	if (err)
		return EAGAIN;
	PGresult *r = into ? wk_db_run(t->job->pg, there, 1, &values[5]) : wk_db_run(t->job->pg, new, 5, values);
	if (!wk_db_ok(r))
		err = wk_job_fail_pg(t->job, r);
	else if (PQntuples(r) != 1)
		err = wk_job_fail(t->job, "tenant_id", "没有这个团队", "there is no such tenant");
	else
		snprintf(t->tenant, sizeof(t->tenant), "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	t->same = !err && strcmp(t->tenant, wk_text(t->manifest, "tenant_id")) == 0;
	return err;
}

static int take_in(struct wk_taking *t)
{
	const struct res_def **list = NULL;
	int err = wk_tenant_resources(t->job, &list);

	if (!err)
		err = wk_taking_manifest(t);
	if (!err)
		err = find_tenant(t);
	for (size_t i = 0; !err && list[i]; i++)
		err = wk_taking_resource(t, list[i]);
	t->job->counts.total = (int64_t)t->n;
	if (!err)
		err = wk_tenant_begin(t->job, t->tenant, "set local role none");
	if (!err)
		err = put_all(t);
	for (size_t i = 0; i < t->n && !err; i++)
		if (t->rows[i].done && strcmp(t->rows[i].d->table, "prompt") == 0)
			err = put_sound(t, &t->rows[i]);
	if (!err)
		err = give_refused(t);
	t->job->counts.done = (int64_t)t->n;
	free(list);
	return err ? err : wk_job_commit(t->job, NULL);
}

static int give_rejects(struct wk_taking *t)
{
	static const struct wk_cell heads[] = {{"resource", 8}, {"row", 3}};
	const struct wk_about about = {.format = WK_CSV, .encoding = WK_UTF8, .delimiter = ','};
	const struct wk_row head = {0, heads, 2};
	char *relative = NULL, *path = wk_job_path(t->job, "rejects.csv", &relative);
	const struct wk_rejects_args a = {.path = path, .about = &about, .head = &head, .zh = t->job->zh};
	int64_t bytes;
	int err = 0;

	if (wk_rejects_count(t->rejects))
		err = path ? wk_rejects_write(t->rejects, &a, &bytes) : EAGAIN;
	if (!err && wk_rejects_count(t->rejects))
		err = wk_job_rejects(t->job, relative);
	zj_deref(path);
	zj_deref(relative);
	return err;
}

static void taking_close(struct wk_taking *t)
{
	struct wk_moved *m, *next;

	HASH_ITER (hh, t->moved, m, next) {
		HASH_DEL(t->moved, m);
		free(m);
	}
	for (size_t i = 0; i < t->n; i++) {
		json_decref(t->rows[i].o);
		free(t->rows[i].why);
	}
	free(t->rows);
	json_decref(t->manifest);
	zj_deref(t->rejects);
	if (t->zip)
		zip_discard(t->zip);
}

int wk_tenant_import_run(struct wk_job *job)
{
	struct wk_taking t = {.job = job};
	int64_t most;
	int why = 0, err = 0;

	if (job->role != RES_ROLE_CARRIER || !res_perm_has(job->perms, "tenants.import"))
		return wk_job_fail(job, "permission", "没有导入团队的权限", "the account may not import tenants");
	char *path = wk_upload_path(job, &most), *part = wk_job_path(job, "rejects.part", NULL);
	if (!path)
		err = job->error[0] ? EINVAL : EAGAIN;
	t.zip = path ? zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &why) : NULL;
	if (!err && !t.zip)
		err = wk_taking_damaged(&t);
	if (!err)
		err = wk_rejects_alloc(&t.rejects, part, 0);
	job->counts.created = job->counts.failed = job->counts.skipped = 0;
	if (!err)
		err = take_in(&t);
	wk_job_rollback(job);
	if (!err)
		err = give_rejects(&t);
	zj_deref(path);
	zj_deref(part);
	taking_close(&t);
	return err;
}
