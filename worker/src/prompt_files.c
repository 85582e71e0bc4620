/* A job: voice files on the server (incoming.h) become prompts; each in a transaction of its own, so that a job that is
 * taken again goes on after the last one. */
#include "db.h"
#include "incoming.h"
#include "perm.h"
#include "voice.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WANTED_MAX 2000

struct wanted {
	char name[WK_INCOMING_NAME + 1];
	int lang;
	bool any; /* as a file of no language: lang is where it was found */
};
struct adding {
	struct wk_job *job;
	int dir;
	struct wanted *wanted;
	size_t n;
	FILE *rejects;
	char *rejects_path; /* an object: as the row has it */
};

static int open_dir(struct adding *a)
{
	struct wk_job *job = a->job;
	int err = wk_job_begin(job);
	if (err)
		return EAGAIN;
	PGresult *r = wk_db_run(job->pg, "select directory, team from zj.zj_prompt_place()", 0, NULL);
	err = wk_db_ok(r) && PQntuples(r) == 1 ? 0 : EAGAIN;
	wk_job_rollback(job);
	if (!err)
		err = wk_incoming_open(&a->dir, job->conf->store, PQgetvalue(r, 0, 0),
				       PQgetisnull(r, 0, 1) ? NULL : PQgetvalue(r, 0, 1));
	PQclear(r);
	return err == EAGAIN || !err ? err
				     : wk_job_fail(job, "reference", "服务器上没有语音文件目录",
						   "there is no directory of voice files on the server");
}

static int want(struct adding *a, const char *name, int lang, bool any)
{
	if (!name || lang < 0 || a->n == WANTED_MAX || strlen(name) > WK_INCOMING_NAME)
		return wk_job_fail(a->job, "max", "文件过多或名称有误", "too many files, or a name that is none");
	struct wanted *w = &a->wanted[a->n++];
	snprintf(w->name, sizeof(w->name), "%s", name);
	w->lang = lang;
	w->any = any;
	return 0;
}

/* Each sound file once, as it is in the first language that has it. */
static int want_files(struct adding *a)
{
	struct wk_incoming in;
	int err = wk_incoming_list(&in, a->dir);
	for (size_t i = 0; i < in.n && !err; i++)
		if (in.files[i].sound)
			err = want(a, in.files[i].name, __builtin_ctz(in.files[i].langs), true);
	wk_incoming_free(&in);
	return err;
}

static int want_versions(struct adding *a)
{
	const char *lang;
	json_t *names, *name;
	size_t i;
	int err = 0;
	json_object_foreach (json_object_get(a->job->params, "versions"), lang, names)
		json_array_foreach (names, i, name) {
			err = want(a, json_string_value(name), wk_incoming_lang(lang), false);
			if (err)
				return err;
		}
	return 0;
}

static void reject(struct adding *a, const struct wanted *w, const char *why)
{
	char *path;
	a->job->counts.failed++;
	if (!a->rejects && (path = wk_job_path(a->job, "rejects.csv", &a->rejects_path))) {
		a->rejects = fopen(path, "ae");
		zj_deref(path);
	}
	if (a->rejects)
		fprintf(a->rejects, "\"%s\",%s,\"%s\"\n", w->name, w->any ? "" : wk_incoming_langs[w->lang], why);
}

static const char take_sql[] =
	"insert into zj.prompt as p (tenant_id, id, name, language, path, bytes, duration_ms, sha256, format, "
	"source_lufs, "
	"lufs) values (zj.zj_tenant(), $1::uuid, $2, $3, $4, $5::bigint, $6::int, $7, $8, $9::numeric, $10::numeric) "
	"on "
	"conflict (tenant_id, name, language) do update set path = excluded.path, bytes = excluded.bytes, duration_ms "
	"= "
	"excluded.duration_ms, sha256 = excluded.sha256, format = excluded.format, source_lufs = excluded.source_lufs, "
	"lufs = excluded.lufs, text = null, source_id = null returning xmax = 0";

/* In a transaction of the job's account; it is left open, unless the row was refused. */
static int take_row(struct adding *a, const struct wanted *w, const struct wk_voice *v)
{
	char name[WK_INCOMING_NAME + 1];
	snprintf(name, sizeof(name), "%s", w->name);
	char *dot = strrchr(name, '.');
	if (dot && dot > name)
		*dot = 0;
	const char *values[] = {v->id,     name,      w->any ? "any" : wk_incoming_langs[w->lang],
				v->path,   v->bytes,  v->ms,
				v->sha256, v->format, v->source_lufs,
				v->lufs};
	if (wk_job_begin(a->job))
		return EAGAIN;
	PGresult *r = wk_db_run(a->job->pg, take_sql, 10, values);
	int err = wk_db_ok(r) ? 0 : wk_db_again(a->job->pg, r) ? EAGAIN : EINVAL;
	if (!err && *PQgetvalue(r, 0, 0) == 't')
		a->job->counts.created++;
	else if (!err)
		a->job->counts.updated++;
	else {
		wk_db_log(r, "prompt_files");
		wk_job_rollback(a->job);
		wk_voice_remove(a->job->conf, v->path);
	}
	PQclear(r);
	return err;
}

static int take(struct adding *a, const struct wanted *w)
{
	char id[ZJ_UUID_SIZE];
	struct wk_voice v = {.tenant = a->job->tenant, .id = id, .fd = -1};
	zj_uuid7(id);
	int err = wk_incoming_file(&v.fd, a->dir, w->lang, w->name);
	if (err) {
		reject(a, w,
		       err == EFBIG    ? "larger than 100 MB"
		       : err == ENOENT ? "there is no such file"
				       : "this is no plain file");
		return wk_job_begin(a->job);
	}
	err = wk_voice_make(a->job->conf, &v);
	close(v.fd);
	if (err == EINVAL) {
		reject(a, w, v.why);
		return wk_job_begin(a->job);
	}
	if (err)
		return EAGAIN;
	err = take_row(a, w, &v);
	if (err != EINVAL)
		return err;
	reject(a, w, "the database refused it");
	return wk_job_begin(a->job);
}

static int take_all(struct adding *a)
{
	int64_t done = json_integer_value(json_object_get(a->job->checkpoint, "done"));
	int err = 0;
	a->job->counts.total = (int64_t)a->n;
	for (size_t i = done > 0 ? (size_t)done : 0; i < a->n && !err; i++) {
		err = take(a, &a->wanted[i]);
		if (err)
			break;
		a->job->counts.done++;
		json_t *checkpoint = json_pack("{s:I}", "done", (json_int_t)i + 1);
		err = wk_job_commit(a->job, checkpoint);
		json_decref(checkpoint);
	}
	return err;
}

int wk_prompt_files_run(struct wk_job *job)
{
	struct adding a = {.job = job, .dir = -1};
	if (!res_perm_has(job->perms, "prompts.create") || !res_perm_has(job->perms, "prompts.update"))
		return wk_job_fail(job, "permission", "没有新增和修改语音的权限",
				   "the account may not add and change prompts");
	a.wanted = calloc(WANTED_MAX, sizeof(*a.wanted));
	int err = a.wanted ? open_dir(&a) : EAGAIN;
	if (!err && json_is_true(json_object_get(job->params, "voice_files")))
		err = want_files(&a);
	if (!err)
		err = want_versions(&a);
	if (!err)
		err = take_all(&a);
	if (a.rejects && fclose(a.rejects) == 0 && !err)
		err = wk_job_rejects(job, a.rejects_path);
	if (a.dir >= 0)
		close(a.dir);
	zj_deref(a.rejects_path);
	free(a.wanted);
	return err;
}
