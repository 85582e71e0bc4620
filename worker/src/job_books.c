/* A job's row: transactions as its account, counts and checkpoint, its files, why it failed. */
#include "db.h"
#include "worker.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int wk_job_fail(struct wk_job *job, const char *rule, const char *zh, const char *en)
{
	struct res_buf b = {0};

	res_buf_add(&b, "{\"rule\":");
	res_buf_json(&b, rule);
	res_buf_add(&b, ",\"zh\":");
	res_buf_json(&b, zh);
	res_buf_add(&b, ",\"en\":");
	res_buf_json(&b, en);
	res_buf_add(&b, "}");
	snprintf(job->error, sizeof(job->error), "%s", b.failed ? "{}" : b.p);
	res_buf_free(&b);
	return EINVAL;
}

int wk_job_fail_fault(struct wk_job *job, const struct wk_fault *f)
{
	return wk_job_fail(job, f->rule, f->zh, f->en);
}

int wk_job_fail_problem(struct wk_job *job, const struct res_problem *p)
{
	const json_t *first = json_array_get(p->errors, 0);
	const char *field = wk_text(first, "field"), *zh = wk_text(first, "zh"), *en = wk_text(first, "en");
	char a[900], b[900];

	snprintf(a, sizeof(a), "%s%s%s", field ? field : "", field ? "：" : "", zh ? zh : p->detail);
	snprintf(b, sizeof(b), "%s%s%s", field ? field : "", field ? ": " : "", en ? en : p->detail);
	return wk_job_fail(job, res_problem_type(p->kind), a, b);
}

int wk_job_fail_pg(struct wk_job *job, const PGresult *r)
{
	struct res_problem p = {0};
	struct res_pg_error e = wk_db_error(r);

	wk_db_log(r, job->kind);
	if (wk_db_again(job->pg, r))
		return EAGAIN;
	res_problem_pg(&p, job->def, job->view, &e, false);
	int err = wk_job_fail_problem(job, &p);
	res_problem_clear(&p);
	return err;
}

int wk_job_begin(struct wk_job *job)
{
	return wk_db_do(job->pg, job->begin);
}

int wk_job_rollback(struct wk_job *job)
{
	if (!job->pg || PQtransactionStatus(job->pg) == PQTRANS_IDLE)
		return 0;
	PQclear(PQexec(job->pg, "rollback"));
	return 0;
}

static const char books_sql[] =
	"update zj.job set total = $4, done = $5, created_rows = $6, updated_rows = $7, skipped = $8, failed = $9,"
	" checkpoint = coalesce($10::jsonb, checkpoint), heartbeat_at = now()"
	" where tenant_id = $1::uuid and id = $2::uuid and attempts = $3 and state in ('running', 'cancelling')"
	" returning cancel or state = 'cancelling'";

/* ENOENT: the row has another owner by now. */
static int write_books(struct wk_job *job, json_t *checkpoint)
{
	char n[7][24];
	const int64_t figures[] = {job->attempts,       job->counts.total,   job->counts.done,  job->counts.created,
				   job->counts.updated, job->counts.skipped, job->counts.failed};
	char *text = checkpoint ? json_dumps(checkpoint, JSON_COMPACT) : NULL;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(figures); i++)
		snprintf(n[i], sizeof(n[i]), "%lld", (long long)figures[i]);
	const char *values[] = {job->tenant, job->id, n[0], job->counts.total < 0 ? NULL : n[1], n[2], n[3], n[4],
				n[5],        n[6],    text};
	PGresult *r = wk_db_run(job->pg, books_sql, 10, values);
	int err = !wk_db_ok(r) ? EAGAIN : PQntuples(r) == 0 ? ENOENT : 0;
	if (!err)
		job->cancelled = *PQgetvalue(r, 0, 0) == 't';
	else if (err == EAGAIN)
		wk_db_log(r, "books");
	else
		zj_warn("job", "somebody else has it by now attempt=%d", job->attempts);
	PQclear(r);
	free(text);
	return err;
}

int wk_job_commit(struct wk_job *job, json_t *checkpoint)
{
	int err = wk_db_do(job->pg, "set local role none");

	if (!err)
		err = write_books(job, checkpoint);
	if (!err)
		err = wk_db_do(job->pg, "commit");
	if (err) {
		wk_job_rollback(job);
		return err == ENOENT ? ENOENT : EAGAIN;
	}
	job->told_us = zj_mono_us();
	return job->cancelled || wk_job_stopping() ? ECANCELED : 0;
}

int wk_job_tell(struct wk_job *job, json_t *checkpoint)
{
	if (zj_mono_us() - job->told_us < 500000)
		return 0;
	int err = write_books(job, checkpoint);
	job->told_us = zj_mono_us();
	return err ? err : job->cancelled || wk_job_stopping() ? ECANCELED : 0;
}

/* The folders above `path`. */
static void make_folders(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		if (mkdir(path, 0750) && errno != EEXIST)
			zj_error("file", "cannot make a folder path=%s error=%s", path, strerror(errno));
		*p = '/';
	}
}

FILE *wk_file_new(const char *path)
{
	char *copy = zj_strdup(path);

	if (copy)
		make_folders(copy);
	zj_deref(copy);
	FILE *f = fopen(path, "we");
	if (!f)
		zj_error("file", "cannot write path=%s error=%s", path, strerror(errno));
	return f;
}

char *wk_job_path(struct wk_job *job, const char *name, char **relative)
{
	char *at = zj_asprintf("%s/jobs/%s/%s", job->tenant, job->id, name);
	char *path = at ? zj_asprintf("%s/%s", job->conf->store, at) : NULL;

	if (path)
		make_folders(path);
	if (relative)
		*relative = at;
	else
		zj_deref(at);
	return path;
}

static int set_row(struct wk_job *job, const char *sql, const char *a, const char *b, const char *c)
{
	char attempt[12];
	const char *values[] = {job->tenant, job->id, attempt, a, b, c};

	snprintf(attempt, sizeof(attempt), "%d", job->attempts);
	PGresult *r = wk_db_run(job->pg, sql, b ? 6 : 4, values);
	int err = wk_db_ok(r) ? 0 : EAGAIN;
	if (err)
		wk_db_log(r, "file");
	PQclear(r);
	return err;
}

int wk_job_file(struct wk_job *job, const char *name, const char *relative, int64_t bytes)
{
	char n[24];

	snprintf(n, sizeof(n), "%lld", (long long)bytes);
	return set_row(job,
		       "update zj.job set file_name = $4, file_path = $5, file_bytes = $6"
		       " where tenant_id = $1::uuid and id = $2::uuid and attempts = $3",
		       name, relative, n);
}

int wk_job_rejects(struct wk_job *job, const char *relative)
{
	return set_row(
		job,
		"update zj.job set rejects_path = $4 where tenant_id = $1::uuid and id = $2::uuid and attempts = $3",
		relative, NULL, NULL);
}
