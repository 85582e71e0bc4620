/* An import: chunk after chunk of the file's rows, each in one transaction with the checkpoint. */
#include "import.h"
#include "db.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_FIRST   500
#define CHUNK_TIME_US 700000 /* a chunk that takes less may be larger */

static json_t *checkpoint(struct wk_import *im, int64_t rejects)
{
	return json_pack("{s:I, s:I}", "line", (json_int_t)im->chunk.line, "rejects", (json_int_t)rejects);
}

static void count_done(struct wk_import *im)
{
	struct wk_counts *c = &im->job->counts;
	uint64_t rows = wk_box_about(im->box)->estimate;

	c->done = c->created + c->updated + c->skipped + c->failed;
	c->total = rows > im->skip_rows ? (int64_t)(rows - im->skip_rows) : 0;
	if (c->total < c->done)
		c->total = c->done;
}

/* Chunks of a tenant's imports into one table come one after the other: of two files with the same keys each sees what
 * the other one wrote, and none waits for a row of the other while holding one that the other waits for. However long
 * the other's chunk takes. */
static int take_turn(struct wk_import *im)
{
	static const char sql[] = "select pg_advisory_xact_lock(hashtextextended('import ' || $1 || ' ' || $2, 0))";
	const char *values[] = {im->job->tenant, im->job->resource};

	if (wk_db_do(im->job->pg, "set local lock_timeout = 0"))
		return EAGAIN;
	PGresult *r = wk_db_run(im->job->pg, sql, 2, values);
	int err = wk_db_ok(r) && wk_db_do(im->job->pg, "set local lock_timeout = " WK_LOCK_TIMEOUT) == 0 ? 0 : EAGAIN;
	if (!wk_db_ok(r))
		wk_db_log(r, "turn");
	PQclear(r);
	return err;
}

/* What was gathered and the checkpoint behind it, together or not at all. */
static int flush_chunk(struct wk_import *im)
{
	int64_t began = zj_mono_us();

	wk_import_turn(im);
	int err = wk_job_begin(im->job);
	if (!err)
		err = take_turn(im);
	if (!err)
		err = wk_import_reject_read(im);
	if (!err)
		err = wk_stage_apply(im);
	int64_t rejects = err ? -1 : wk_rejects_flush(im->rejects);
	if (!err && rejects < 0)
		err = EAGAIN;
	if (err) {
		wk_job_rollback(im->job);
		return err;
	}
	json_t *point = checkpoint(im, rejects);
	count_done(im);
	err = wk_job_commit(im->job, point);
	json_decref(point);
	int64_t took = zj_mono_us() - began;
	size_t most = (size_t)im->job->conf->chunk_rows;
	if (took < CHUNK_TIME_US / 2 && im->chunk.n * 2 > im->chunk_rows)
		im->chunk_rows *= 2;
	else if (took > CHUNK_TIME_US * 2 && im->chunk_rows > CHUNK_FIRST)
		im->chunk_rows /= 2;
	im->chunk_rows = im->chunk_rows < most ? im->chunk_rows : most;
	return err;
}

static int too_many(struct wk_import *im)
{
	char zh[120], en[120];

	if (im->full)
		return wk_job_fail(im->job, "quota", "已达配额上限，其余未导入",
				   "the quota is reached; the others were not imported");
	if (im->max_rejects >= 0 && im->job->counts.failed > im->max_rejects) {
		snprintf(zh, sizeof(zh), "超过 %lld 行未通过，已停止", (long long)im->max_rejects);
		snprintf(en, sizeof(en), "more than %lld rows were rejected", (long long)im->max_rejects);
		return wk_job_fail(im->job, "max_rejects", zh, en);
	}
	if (im->beyond && im->next.n == 0) {
		snprintf(zh, sizeof(zh), "超过 %lld 行，其余未导入", (long long)im->max_rows);
		snprintf(en, sizeof(en), "more than %lld rows; the others were not imported", (long long)im->max_rows);
		return wk_job_fail(im->job, "max_rows", zh, en);
	}
	return 0;
}

/* What was gathered ahead is dropped where the job ends before its turn: it counts as not read. */
static int read_rows(struct wk_import *im)
{
	int err;

	do {
		err = wk_import_gather(im);
		if (!err)
			err = flush_chunk(im);
		if (!err)
			err = too_many(im);
	} while (!err && (im->next.n || !im->ended));
	return !err && im->broken ? wk_job_fail_fault(im->job, &im->fault) : err;
}

static const char upload_sql[] =
	"select u.path, u.name, u.bytes, u.state, s.import_max_rows, s.import_max_mb from zj.upload u"
	" join zj.setting s on s.tenant_id = u.tenant_id where u.tenant_id = $1::uuid and u.id = $2::uuid"
	" and (u.account_id = nullif($3, '')::uuid or u.account_id is null)";

/* A path of the database: below its tenant's folder, without tricks. */
static bool path_is_good(const struct wk_job *job, const char *path)
{
	return strncmp(path, job->tenant, ZJ_UUID_LEN) == 0 && path[ZJ_UUID_LEN] == '/' && !strstr(path, "..");
}

char *wk_upload_path(struct wk_job *job, int64_t *max_rows)
{
	const char *id = wk_param(job, "upload_id");
	const char *values[] = {job->tenant, id && zj_uuid_is_valid(id) ? id : NULL, job->account};
	PGresult *r = wk_db_run(job->pg, upload_sql, 3, values);
	char *path = NULL;

	if (!wk_db_ok(r)) {
		wk_db_log(r, "upload");
	} else if (PQntuples(r) != 1 || strcmp(PQgetvalue(r, 0, 3), "complete") != 0 ||
		   !path_is_good(job, PQgetvalue(r, 0, 0))) {
		wk_job_fail(job, "upload_id", "上传的文件不存在", "the uploaded file is not there");
	} else if (strtoll(PQgetvalue(r, 0, 2), NULL, 10) > strtoll(PQgetvalue(r, 0, 5), NULL, 10) << 20) {
		wk_job_fail(job, "import_max_mb", "文件超过导入大小限制", "the file is larger than imports may be");
	} else {
		path = zj_asprintf("%s/%s", job->conf->store, PQgetvalue(r, 0, 0));
		*max_rows = strtoll(PQgetvalue(r, 0, 4), NULL, 10);
	}
	PQclear(r);
	return path;
}

static int open_file(struct wk_import *im)
{
	struct wk_job *job = im->job;
	char *path = wk_upload_path(job, &im->max_rows), *tmp = wk_job_path(job, "x", NULL);

	if (!path || !tmp) {
		zj_deref(path);
		zj_deref(tmp);
		return job->error[0] ? EINVAL : EAGAIN;
	}
	*strrchr(tmp, '/') = 0;
	const struct wk_box_args a = {.path = path,
				      .format = wk_param(job, "format"),
				      .encoding = wk_param(job, "encoding"),
				      .sheet = wk_param(job, "sheet"),
				      .delimiter = wk_param(job, "delimiter"),
				      .tmp = tmp};
	int err = wk_box_alloc(&im->box, &a);
	if (err)
		zj_warn("import", "the file cannot be opened path=%s error=%s", path, strerror(err));
	if (err == ENOENT)
		err = wk_job_fail(job, "upload_id", "上传的文件不存在", "the uploaded file is not there");
	zj_deref(path);
	zj_deref(tmp);
	return err;
}

static int open_rejects(struct wk_import *im)
{
	char *path = wk_job_path(im->job, "rejects.part", NULL);
	int64_t keep = json_integer_value(json_object_get(im->job->checkpoint, "rejects"));
	int err = path ? wk_rejects_alloc(&im->rejects, path, keep) : ENOMEM;

	zj_deref(path);
	return err;
}

/* The rows that were not taken, as a file like the one they came in. */
static int give_rejects(struct wk_import *im)
{
	const struct wk_about *about = wk_box_about(im->box);
	char name[20], *relative = NULL;
	int64_t bytes;

	if (wk_rejects_count(im->rejects) == 0)
		return 0;
	snprintf(name, sizeof(name), "rejects.%s", wk_format_names[about->format]);
	char *path = wk_job_path(im->job, name, &relative);
	const struct wk_row head = {0, im->head_cells, im->n_head};
	const struct wk_rejects_args a = {
		.path = path, .about = about, .head = im->n_head ? &head : NULL, .zh = im->job->zh};
	int err = path ? wk_rejects_write(im->rejects, &a, &bytes) : ENOMEM;
	if (!err)
		err = wk_job_rejects(im->job, relative);
	zj_deref(path);
	zj_deref(relative);
	return err;
}

static void drop_part(struct wk_import *im)
{
	char *path = wk_job_path(im->job, "rejects.part", NULL);
	if (path && unlink(path) && errno != ENOENT)
		zj_warn("file", "cannot remove path=%s error=%s", path, strerror(errno));
	zj_deref(path);
}

static void import_close(struct wk_import *im)
{
	wk_import_unmap(im);
	zj_deref(im->box);
	zj_deref(im->rejects);
	wk_chunk_free(&im->chunk);
	wk_chunk_free(&im->next);
	res_buf_free(&im->head_bytes);
	res_buf_free(&im->insert);
	res_buf_free(&im->update);
	res_buf_free(&im->find);
}

int wk_import_run(struct wk_job *job)
{
	static struct wk_import im; /* large */
	json_t *skip = json_object_get(job->params, "skip_rows"), *most = json_object_get(job->params, "max_rejects");

	im = (struct wk_import){.job = job, .chunk_rows = CHUNK_FIRST};
	im.skip_rows = json_is_integer(skip) ? (uint64_t)json_integer_value(skip) : 1;
	im.max_rejects = json_is_integer(most) ? json_integer_value(most) : -1;
	im.from = im.next.line = (uint64_t)json_integer_value(json_object_get(job->checkpoint, "line"));
	im.taken = job->counts.created + job->counts.updated + job->counts.skipped + job->counts.failed;
	setenv("TZ", job->time_zone, 1);
	tzset();
	int err = wk_import_map(&im);
	if (!err)
		err = wk_import_secrets(&im);
	if (!err)
		err = open_file(&im);
	if (!err)
		err = open_rejects(&im);
	if (!err)
		err = wk_stage_prepare(&im);
	if (!err)
		err = read_rows(&im);
	int over = err;
	if (im.rejects && im.box && (!err || err == EINVAL || (err == ECANCELED && job->cancelled))) {
		int wrote = give_rejects(&im);
		if (!wrote)
			drop_part(&im);
		else if (!err)
			err = wrote;
	}
	if (!over)
		job->counts.total = job->counts.done;
	import_close(&im);
	return err;
}
