/* Housekeeping, a child of the daemon now and then: what was kept long enough goes, rows first, files after them. */
#include "db.h"
#include "orphans.h"
#include "voice.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Statements: X(what, SQL); $1 is the days that jobs are kept. Each is a transaction of its own. */
#define CHORES(X)                                                                                                      \
	X("do_not_call", "select zj.zj_dnc_run() where $1::int > 0")                                                   \
	X("recycled", "select zj.zj_recycle_trim() where $1::int > 0")                                                 \
	X("audit", "select zj.zj_audit_trim() where $1::int > 0")                                                      \
	X("idempotency", "delete from zj.idempotency where created_at < now() - interval '24 hours' and $1::int > 0")  \
	X("jobs", "delete from zj.job where finished_at < now() - make_interval(days => $1::int)")                     \
	X("open_uploads",                                                                                              \
	  "delete from zj.upload where state = 'open' and updated_at < now() - interval '24 hours' and $1::int > 0")   \
	X("uploads", "delete from zj.upload u where state = 'complete' and purpose = 'import'"                         \
		     " and created_at < now() - make_interval(days => $1::int) and not exists (select from zj.job j"   \
		     "  where j.tenant_id = u.tenant_id and j.params ->> 'upload_id' = u.id::text)")                   \
	X("voicemail", "select zj.zj_voicemail_trim() where $1::int > 0")                                              \
	X("toll_alarms", "delete from zj.toll_alarm where at < now() - interval '400 days' and $1::int > 0")           \
	X("account_charges", "select zj.zj_account_charges() where $1::int > 0")                                       \
	X("mails", "delete from zj.mail where created_at < now() - interval '30 days' and $1::int > 0")                \
	X("tenants", "delete from zj.tenant where id = (select id from zj.tenant where kind = 'tenant'"                \
		     " and deleted_at < now() - interval '1 day' and $1::int > 0 order by deleted_at limit 1)")

static int chore(PGconn *pg, const char *what, const char *sql, int64_t days)
{
	char n[24];
	const char *values[] = {n};

	snprintf(n, sizeof(n), "%lld", (long long)days);
	PGresult *r = wk_db_run(pg, sql, 1, values);
	int err = wk_db_ok(r) ? 0 : EPROTO;
	const char *rows = PQntuples(r) ? PQgetvalue(r, 0, 0) : PQcmdTuples(r);
	if (err)
		wk_db_log(r, what);
	else if (*rows && strcmp(rows, "0") != 0)
		zj_info("house", "cleared what=%s rows=%s", what, rows);
	PQclear(r);
	return err;
}

static int remove_one(const char *path, const struct stat *st ZJ_UNUSED, int type ZJ_UNUSED, struct FTW *f ZJ_UNUSED)
{
	return remove(path) && errno != ENOENT ? errno : 0;
}

static void remove_tree(const char *path)
{
	int err = nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	if (err)
		zj_warn("house", "cannot remove path=%s error=%s", zj_log_esc(path), strerror(err > 0 ? err : errno));
	else
		zj_info("house", "removed path=%s", zj_log_esc(path));
}

/* Old enough that its row, were there one, would be seen. */
static bool is_old(const char *path, time_t age_s)
{
	struct stat st;
	return lstat(path, &st) == 0 && st.st_mtime < time(NULL) - age_s;
}
#define HOUR 3600
#define DAY  86400 /* a message whose row waits in acd's spool has a file already */

static bool row_is_there(PGconn *pg, const char *sql, const char *a, const char *b)
{
	const char *values[] = {a, b};
	PGresult *r = wk_db_run(pg, sql, b ? 2 : 1, values);
	bool there = !wk_db_ok(r) || PQntuples(r) > 0; /* when in doubt it is there */

	PQclear(r);
	return there;
}

/* `tail`: what may follow the id in a name. */
static bool is_named(const char *name, bool tail)
{
	char id[ZJ_UUID_SIZE];

	snprintf(id, sizeof(id), "%.36s", name);
	return zj_uuid_is_valid(tail ? id : name);
}

/* Entries of <store>/<tenant>/<folder> that are called like a row that is no more. */
static void sweep(PGconn *pg, const char *store, const char *tenant, const char *folder, bool tail, time_t age_s,
		  const char *sql)
{
	char path[1200];
	struct dirent *e;

	snprintf(path, sizeof(path), "%s/%s/%s", store, tenant, folder);
	DIR *d = opendir(path);
	while (d && (e = readdir(d))) {
		if (!is_named(e->d_name, tail))
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s/%s", store, tenant, folder, e->d_name);
		if (is_old(path, age_s) && !row_is_there(pg, sql, tenant, e->d_name))
			remove_tree(path);
	}
	if (d)
		closedir(d);
}

static void sweep_store(PGconn *pg, const char *store)
{
	char path[800];
	struct dirent *e;
	DIR *d = opendir(store);

	while (d && (e = readdir(d))) {
		if (!zj_uuid_is_valid(e->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", store, e->d_name);
		if (is_old(path, HOUR) &&
		    !row_is_there(pg, "select from zj.tenant where id = $1::uuid", e->d_name, NULL)) {
			remove_tree(path);
			continue;
		}
		sweep(pg, store, e->d_name, "jobs", false, HOUR,
		      "select from zj.job where tenant_id = $1::uuid and id = $2::uuid");
		sweep(pg, store, e->d_name, "uploads", false, HOUR,
		      "select from zj.upload where tenant_id = $1::uuid and id = $2::uuid");
		sweep(pg, store, e->d_name, "prompts", true, HOUR,
		      "select where zj.zj_prompt_is_kept($1::uuid, $1 || '/prompts/' || $2)");
		sweep(pg, store, e->d_name, "voicemail", true, 7 * DAY,
		      "select where zj.zj_voicemail_is_kept($1::uuid, $1 || '/voicemail/' || $2)");
		sweep(pg, store, e->d_name, "greetings", true, 7 * DAY,
		      "select where zj.zj_voicemail_is_kept($1::uuid, $1 || '/greetings/' || $2)");
		sweep(pg, store, e->d_name, "fax", true, 7 * DAY,
		      "select where zj.zj_fax_is_kept($1::uuid, $1 || '/fax/' || $2)");
		sweep(pg, store, e->d_name, "names", true, DAY,
		      "select where $1 = '' and $2 = ''"); /* of conferences */
	}
	if (d)
		closedir(d);
}

/* One round at a time, however many workers there are. */
static bool alone(PGconn *pg)
{
	PGresult *r = PQexec(pg, "select pg_try_advisory_lock(7350001)");
	bool got = wk_db_ok(r) && *PQgetvalue(r, 0, 0) == 't';

	PQclear(r);
	return got;
}

int wk_house_main(int argc, char **argv)
{
	static struct wk_conf conf;
	PGconn *pg = NULL;
	int code = zj_daemon_start(argc, argv, "worker", wk_conf_rows, &conf), err = 0;

	if (code >= 0)
		return code;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	if (wk_db_connect(&pg, conf.database))
		return 1;
	if (alone(pg)) {
#define X(what, sql) err |= chore(pg, what, sql, conf.keep_days);
		CHORES(X)
#undef X
		sweep_store(pg, conf.store);
		err |= wk_orphans(pg, &conf);
		wk_voices_speak(pg, &conf);
	}
	PQfinish(pg);
	zj_conf_free(wk_conf_rows, &conf);
	return err ? 1 : 0;
}
