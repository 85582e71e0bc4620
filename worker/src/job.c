/* A job's process: takes the job in hand, becomes its account, runs it, ends it. */
#include "box.h"
#include "db.h"
#include "perm.h"
#include "worker.h"
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>

static volatile sig_atomic_t stopping;

static void on_term(int number ZJ_UNUSED)
{
	stopping = 1;
}

bool wk_job_stopping(void)
{
	return stopping != 0;
}

/* Kinds: what each needs besides being the account's. */
static const struct {
	const char *name;
	wk_kind_h *h;
	enum { OF_RESOURCE, OF_TENANT } of;
} kinds[] = {
	{"import", wk_import_run, OF_RESOURCE},
	{"export", wk_export_run, OF_RESOURCE},
	{"bulk", wk_bulk_run, OF_RESOURCE},
	{"restore", wk_bin_run, OF_RESOURCE},
	{"purge", wk_bin_run, OF_RESOURCE},
	{"tenant_export", wk_tenant_export_run, OF_TENANT},
	{"tenant_import", wk_tenant_import_run, OF_TENANT},
	{"prompt_files", wk_prompt_files_run, OF_TENANT},
};

static const char job_sql[] =
	"select j.tenant_id, j.kind, coalesce(j.resource, ''), j.attempts, j.params, j.checkpoint, "
	"coalesce(j.account_id::text, ''),"
	" coalesce(j.actor_id::text, ''), coalesce(host(j.source), ''), coalesce(j.total, -1), j.done, j.created_rows,"
	" j.updated_rows, j.skipped, j.failed, t.kind, t.enabled, t.time_zone, t.language, j.cancel or j.state = "
	"'cancelling'"
	" from zj.job j join zj.tenant t on t.id = j.tenant_id"
	" where j.id = $1::uuid and j.state in ('running', 'cancelling')";

static int64_t number(const PGresult *r, int column)
{
	return strtoll(PQgetvalue(r, 0, column), NULL, 10);
}

static void take(char *to, size_t size, const PGresult *r, int column)
{
	snprintf(to, size, "%s", PQgetvalue(r, 0, column));
}

static int read_job(struct wk_job *job)
{
	const char *values[] = {job->id};
	PGresult *r = wk_db_run(job->pg, job_sql, 1, values);
	int err = !wk_db_ok(r) ? EAGAIN : PQntuples(r) != 1 ? ENOENT : 0;

	if (!err) {
		take(job->tenant, sizeof(job->tenant), r, 0);
		take(job->kind, sizeof(job->kind), r, 1);
		take(job->resource, sizeof(job->resource), r, 2);
		job->attempts = (int)number(r, 3);
		job->params = wk_db_json(r, 0, 4);
		job->checkpoint = wk_db_json(r, 0, 5);
		take(job->account, sizeof(job->account), r, 6);
		take(job->actor, sizeof(job->actor), r, 7);
		take(job->source, sizeof(job->source), r, 8);
		job->counts = (struct wk_counts){number(r, 9),  number(r, 10), number(r, 11),
						 number(r, 12), number(r, 13), number(r, 14)};
		job->role = strcmp(PQgetvalue(r, 0, 15), "carrier") == 0 ? RES_ROLE_CARRIER : RES_ROLE_TENANT;
		take(job->time_zone, sizeof(job->time_zone), r, 17);
		take(job->language, sizeof(job->language), r, 18);
		job->cancelled = *PQgetvalue(r, 0, 19) == 't';
		if (*PQgetvalue(r, 0, 16) != 't')
			err = wk_job_fail(job, "tenant", "团队已停用", "the tenant is disabled");
	}
	if (err == EAGAIN)
		wk_db_log(r, "job");
	PQclear(r);
	return err;
}

static const char account_sql[] =
	"select a.tenant_id, a.enabled and t.enabled, coalesce(array_to_json(r.permissions), '[]'), a.export_limited,"
	" coalesce(a.language, ''),"
	" (select coalesce(json_agg(row_to_json(f)), '[]') from zj.role_field f where f.tenant_id = r.tenant_id and "
	"f.role_id = r.id)"
	" from zj.account a join zj.tenant t on t.id = a.tenant_id"
	" left join zj.role r on r.tenant_id = a.tenant_id and r.id = a.role_id where a.id = $1::uuid";

/* A program's token may do less than its account: what it could do was written down when it asked. */
static void narrow(struct wk_job *job)
{
	const json_t *limit = json_object_get(job->params, "permissions");
	json_t *both;

	if (!json_is_array(limit))
		return;
	both = res_perm_intersect(job->perms, limit);
	json_decref(job->perms);
	job->perms = both;
}

static int read_account(struct wk_job *job)
{
	const char *values[] = {job->account[0] ? job->account : NULL};
	PGresult *r = wk_db_run(job->pg, account_sql, 1, values);
	int err = wk_db_ok(r) ? 0 : EAGAIN;

	if (!err && (PQntuples(r) == 0 || *PQgetvalue(r, 0, 1) != 't')) {
		err = wk_job_fail(job, "account", "发起此任务的账号已停用或删除",
				  "the account that started this job is disabled or deleted");
	} else if (!err) {
		bool inside = strcmp(PQgetvalue(r, 0, 0), job->tenant) != 0;
		job->perms = wk_db_json(r, 0, 2);
		job->export_limited = *PQgetvalue(r, 0, 3) == 't';
		if (*PQgetvalue(r, 0, 4))
			take(job->language, sizeof(job->language), r, 4);
		job->role_fields = wk_db_json(r, 0, 5);
		narrow(job);
		if (inside && !res_perm_has(job->perms, "tenants.enter"))
			err = wk_job_fail(job, "permission", "该账号不能进入此团队",
					  "the account may not act inside this tenant");
	} else {
		wk_db_log(r, "account");
	}
	PQclear(r);
	const char *lang = wk_param(job, "lang");
	job->zh = strcmp(lang ? lang : job->language, "en") != 0;
	return err;
}

static int read_customs(struct wk_job *job)
{
	const char *values[] = {job->tenant};
	PGresult *r = wk_db_run(
		job->pg,
		"select coalesce(json_agg(row_to_json(c) order by c.position, c.name), '[]') from zj.custom_field c"
		" where c.tenant_id = $1::uuid and c.enabled",
		1, values);
	int err = wk_db_ok(r) ? 0 : EAGAIN;

	job->customs = err ? NULL : wk_db_json(r, 0, 0);
	PQclear(r);
	return err;
}

static int read_schema(struct wk_job *job)
{
	char why[300] = "out of memory";
	PGresult *r = wk_db_run(job->pg, res_schema_sql, 0, NULL);
	json_t *tables = wk_db_ok(r) ? wk_db_json(r, 0, 0) : NULL;

	PQclear(r);
	if (!tables)
		return EAGAIN;
	if (res_schema_alloc(&job->schema, tables, why, sizeof(why))) {
		zj_error("schema", "cannot be read why=%s", zj_log_esc(why));
		return EAGAIN;
	}
	return 0;
}

static int make_view(struct wk_job *job)
{
	job->def = res_schema_find(job->schema, job->resource);
	if (!job->def)
		return wk_job_fail(job, "resource", "没有这种数据", "there is no such resource");
	const struct res_view_args a = {.schema = job->schema,
					.def = job->def,
					.role = job->role,
					.perms = job->perms,
					.role_fields = job->role_fields,
					.customs = job->customs};
	return res_view_alloc(&job->view, &a) ? EAGAIN : 0;
}

/* The text that opens a transaction: values are quoted here once. An import does not wait for the disk with each chunk:
 * rows and checkpoint are lost together, if at all, and the word that ends the job waits for them all. */
static int make_begin(struct wk_job *job)
{
	bool import = strcmp(job->kind, "import") == 0;
	const char *values[][2] = {{"zj.tenant", job->tenant}, {"zj.account", job->account},
				   {"zj.actor", job->actor},   {"zj.source", job->source},
				   {"zj.request", job->id},    {"zj.via", import ? "import" : "job"}};
	struct res_buf b = {0};

	res_buf_printf(&b, "begin; set local role %s; %sselect ", res_role_names[job->role],
		       import ? "set local synchronous_commit = off; " : "");
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(values); i++) {
		char *quoted = PQescapeLiteral(job->pg, values[i][1], strlen(values[i][1]));
		res_buf_printf(&b, "%sset_config('%s', %s, true)", i ? ", " : "", values[i][0], quoted ? quoted : "''");
		PQfreemem(quoted);
	}
	job->begin = b.failed ? NULL : zj_strdup(b.p);
	res_buf_free(&b);
	return job->begin ? 0 : EAGAIN;
}

static int prepare(struct wk_job *job)
{
	int err = wk_db_connect(&job->pg, job->conf->database);

	if (!err)
		err = wk_db_do(job->pg, "set statement_timeout = '10min'; set lock_timeout = " WK_LOCK_TIMEOUT
					"; set datestyle = "
					"'ISO'; set jit = off; "
					"set application_name = 'worker job'");
	if (!err)
		err = read_job(job);
	zj_log_with((struct zj_log_ctx){.tenant = job->tenant, .request = job->id});
	if (!err)
		err = read_account(job);
	if (!err && job->cancelled)
		return ECANCELED;
	if (!err)
		err = read_customs(job);
	if (!err)
		err = read_schema(job);
	return err ? err : make_begin(job);
}

static int run(struct wk_job *job)
{
	int err = prepare(job);

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(kinds) && !err; i++) {
		if (strcmp(kinds[i].name, job->kind) != 0)
			continue;
		err = kinds[i].of == OF_RESOURCE ? make_view(job) : 0;
		return err ? err : kinds[i].h(job);
	}
	return err ? err : wk_job_fail(job, "kind", "未知的任务类型", "an unknown kind of job");
}

static const char end_sql[] = "update zj.job set state = $4, finished_at = now(), error = $5, total = $6, done = $7, "
			      "created_rows = $8, updated_rows = $9,"
			      " skipped = $10, failed = $11, heartbeat_at = now() where tenant_id = $1::uuid and id = "
			      "$2::uuid and attempts = $3"
			      " and state in ('running', 'cancelling')";

static int end(struct wk_job *job, const char *state)
{
	char n[7][24];
	const int64_t figures[] = {job->counts.total,   job->counts.done,   job->counts.created, job->counts.updated,
				   job->counts.skipped, job->counts.failed, job->attempts};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(figures); i++)
		snprintf(n[i], sizeof(n[i]), "%lld", (long long)figures[i]);
	const char *values[] = {job->tenant,
				job->id,
				n[6],
				state,
				job->error[0] ? job->error : NULL,
				job->counts.total < 0 ? NULL : n[0],
				n[1],
				n[2],
				n[3],
				n[4],
				n[5]};
	wk_job_rollback(job);
	PGresult *r = wk_db_run(job->pg, end_sql, 11, values);
	int err = wk_db_ok(r) ? 0 : EAGAIN;
	if (err)
		wk_db_log(r, "end");
	PQclear(r);
	zj_info("job", "ended state=%s kind=%s resource=%s done=%s created=%s updated=%s failed=%s", state, job->kind,
		job->resource[0] ? job->resource : "-", n[1], n[2], n[3], n[5]);
	return err;
}

static int finish(struct wk_job *job, int err)
{
	if (err == ECANCELED && stopping && !job->cancelled)
		return WK_EXIT_AGAIN;
	if (err == ENOENT)
		return 0; /* somebody else has it, or it is gone */
	if (err && err != ECANCELED && err != EINVAL) {
		zj_warn("job", "to be taken again error=%d", err);
		return WK_EXIT_AGAIN;
	}
	const char *state = err == 0 ? "finished" : err == ECANCELED ? "cancelled" : "failed";
	return end(job, state) ? WK_EXIT_AGAIN : 0;
}

static void job_close(struct wk_job *job)
{
	if (job->pg)
		PQfinish(job->pg);
	json_decref(job->params);
	json_decref(job->checkpoint);
	json_decref(job->perms);
	json_decref(job->role_fields);
	json_decref(job->customs);
	zj_deref(job->view);
	zj_deref(job->schema);
	zj_deref(job->begin);
}

int wk_job_main(int argc, char **argv)
{
	static struct wk_conf conf;
	struct wk_job job = {.conf = &conf};
	char *id = argv[1];

	/* what follows the id are the daemon's own options */
	argv[1] = argv[0];
	int code = zj_daemon_start(argc - 1, argv + 1, "worker", wk_conf_rows, &conf);
	if (code >= 0)
		return code;
	if (!zj_uuid_is_valid(id) || sodium_init() < 0) {
		zj_error("job", "no id of a job: %s", zj_log_esc(id));
		return EX_USAGE;
	}
	const struct wk_limits limits = {.memory = (uint64_t)conf.memory_mb << 20,
					 .file = (uint64_t)conf.file_mb << 20,
					 .cpu_s = (unsigned)conf.cpu_s};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGTERM, on_term);
	signal(SIGINT, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit says EFBIG */
	setpriority(PRIO_PROCESS, 0, 5);
	if (wk_limits_set(&limits))
		zj_warn("job", "its limits could not be set error=%s", strerror(errno));
	snprintf(job.id, sizeof(job.id), "%s", id);
	code = finish(&job, run(&job));
	job_close(&job);
	zj_conf_free(wk_conf_rows, &conf);
	return code;
}
