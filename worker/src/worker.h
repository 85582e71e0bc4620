/* The worker's own types: its configuration, a job in hand. */
#ifndef WK_WORKER_H
#define WK_WORKER_H
#include "buf.h"
#include "problem.h"
#include "rows.h"
#include "view.h"
#include "zj_conf.h"
#include "zj_log.h"
#include "zj_time.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct wk_conf {
	char *log, *log_level, *database, *store, *smtp_url, *smtp_user, *smtp_password, *smtp_tls, *mail_from,
		*mail_mode, *console_url, *transcribe_url, *seal_keys, *archive, *mediad;
	int64_t health_port, jobs, jobs_per_tenant, poll_ms, dead_s, max_attempts, memory_mb, cpu_s, file_mb, house_s,
		keep_days, orphan_days, orphan_s, chunk_rows, mail_s, record_s, prompt_lufs;
};
extern const struct zj_conf_row wk_conf_rows[];

int wk_daemon_main(int argc, char **argv);
int wk_job_main(int argc, char **argv);
int wk_house_main(int argc, char **argv);
int wk_mail_main(int argc, char **argv);
int wk_fax_main(int argc, char **argv);
int wk_record_main(int argc, char **argv);
int wk_preview_main(void);
int wk_template_main(void);
json_t *wk_stdin_json(void); /* what the api says to a child; NULL: it is no JSON */

/* How long a job's statement waits for somebody else's row, as SQL. */
#define WK_LOCK_TIMEOUT "'30s'"

/* How a child tells the daemon that its job is to be taken again (EX_TEMPFAIL); it has let go of it. */
#define WK_EXIT_AGAIN 75

/* Counts of a job. */
struct wk_counts {
	int64_t total, done, created, updated, skipped, failed; /* total < 0: not known */
};

/* A job in the child's hands. Everything here is owned by it (wk_job_close). */
struct wk_job {
	const struct wk_conf *conf;
	PGconn *pg;
	char id[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE], actor[ZJ_UUID_SIZE], source[64];
	char kind[20], resource[80];
	int attempts; /* which taking this is: whoever holds an older one can write nothing any more */
	json_t *params, *checkpoint;
	/* who it acts as */
	enum res_role role;
	json_t *perms, *role_fields, *customs;
	bool export_limited, zh;
	char time_zone[80], language[4];
	char *begin; /* SQL that opens a transaction as that account; an object */
	struct res_schema *schema;
	const struct res_def *def;
	struct res_view *view;
	/* how it goes */
	struct wk_counts counts;
	bool cancelled, busy; /* busy: a statement was sent and not answered yet: nothing else can be asked */
	int64_t told_us;      /* when the row last heard of it, by the monotonic clock */
	char error[2400];     /* JSON: rule, zh, en */
};

/* What a kind of job does. 0: done; ECANCELED: cancelled (or drained: wk_job_stopping); EAGAIN: to be taken again (the
 * database is away); EINVAL: failed for good, job->error says why. */
typedef int(wk_kind_h)(struct wk_job *job);
int wk_sounds_run(struct wk_job *job, int64_t room); /* an export of sounds; `room`: bytes that may be stored */
wk_kind_h wk_import_run, wk_export_run, wk_bulk_run, wk_bin_run, wk_tenant_export_run, wk_tenant_import_run,
	wk_prompt_files_run;

/* SIGTERM came: let go of the job at the next checkpoint. */
bool wk_job_stopping(void);
/* Says why the job failed, in both languages; returns EINVAL. */
int wk_job_fail(struct wk_job *job, const char *rule, const char *zh, const char *en);
int wk_job_fail_fault(struct wk_job *job, const struct wk_fault *f);
int wk_job_fail_problem(struct wk_job *job, const struct res_problem *p);
int wk_job_fail_pg(struct wk_job *job, const PGresult *r); /* EAGAIN when trying again may help */

/* Opens a transaction as the job's account. */
int wk_job_begin(struct wk_job *job) ZJ_MUST_CHECK;
int wk_job_rollback(struct wk_job *job);
/* In an open transaction: writes counts and checkpoint (borrowed) into the job's row, as the worker, and commits, so
 * that rows and checkpoint are there together or not at all. ECANCELED: committed, and the job is to stop. EAGAIN: the
 * job has another owner by now, or the database went away: nothing was written. */
int wk_job_commit(struct wk_job *job, json_t *checkpoint) ZJ_MUST_CHECK;
/* The same without work of one's own, at most twice a second (0: nothing was due). */
int wk_job_tell(struct wk_job *job, json_t *checkpoint) ZJ_MUST_CHECK;
/* <store>/<tenant>/jobs/<id>/<name>, the folders made; `relative`: as the row has it. Objects. */
char *wk_job_path(struct wk_job *job, const char *name, char **relative);
/* A file for writing, its folders made; NULL: it is said in the log. */
FILE *wk_file_new(const char *path);
/* Sets file_* or rejects_path of the row (at the job's end, as the worker). */
int wk_job_file(struct wk_job *job, const char *name, const char *relative, int64_t bytes) ZJ_MUST_CHECK;
int wk_job_rejects(struct wk_job *job, const char *relative) ZJ_MUST_CHECK;
/* The file of params.upload_id, an object; NULL: the job's error says why, or the database is away. */
char *wk_upload_path(struct wk_job *job, int64_t *max_rows);

static inline const char *wk_param(const struct wk_job *job, const char *key)
{
	return json_string_value(json_object_get(job->params, key));
}
static inline const char *wk_text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}
#endif
