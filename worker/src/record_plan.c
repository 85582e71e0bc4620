/* How long recordings are kept: tenants' plans move, pack or delete them (schema/0247), quotas delete the oldest. What
 * is locked stays. A file is in its new place before its row says so, and goes from the old one after that. */
#include "record.h"
#include "sound.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum plan_column { P_TENANT, P_ID, P_QUEUE, P_DAY, P_OVERDUE, P_MOVE, P_BACKUP, P_PACK, P_ZONE };
static const char plans_sql[] = "select p.tenant_id, p.id, p.queue_id, p.next_day, p.overdue, p.move_to, p.backup_to, "
				"p.pack, t.time_zone from zj.recording_plan p join zj.tenant t on t.id = p.tenant_id "
				"where p.enabled and p.next_at <= now() order by p.next_at";
enum column { CALL, ID, PATH, PEAKS, NAME, ROOT };
static const char overdue_sql[] =
	"select r.call_id, r.id, r.path, coalesce(r.peaks, ''), zj.zj_recording_name(r, true), "
	"zj.zj_recording_root(r) from zj.recording r"
	" where r.tenant_id = $1::uuid and r.state = 'ready' and not r.locked and ($2::uuid is null or r.queue_id = "
	"$2::uuid) and r.from_at < ($3::date + 1)::timestamp at time zone $4 and r.id > $5::uuid order by r.id limit 1";
static const char gone_sql[] =
	"update zj.recording set state = $4, store = $5, path = $6 where tenant_id = $1::uuid and "
	"call_id = $2::uuid and id = $3::uuid and state = 'ready' and not locked";

struct plan {
	const struct wk_conf *conf;
	PGconn *pg;
	const char *tenant, *queue, *day, *zone, *move, *backup;
	bool move_it, pack;
	char because[200];
	int64_t count;
};

static const char *cell(const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

/* Where the files lie that a row is about. */
static const char *root_of(const struct wk_conf *conf, const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? conf->store : PQgetvalue(r, row, column);
}

static int parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = 0;
		int err = mkdir(path, 0750) && errno != EEXIST ? errno : 0;
		*p = '/';
		if (err)
			return err;
	}
	return 0;
}

int wk_record_copy(const char *from, char *to)
{
	int err = parents(to), fd = err ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return err ? err : errno;
	err = wk_sound_copy(from, NULL, fd);
	if (!err && fsync(fd))
		err = errno;
	close(fd);
	if (err)
		(void)unlink(to);
	return err;
}

static int say(struct plan *p, const char *what, int err)
{
	if (err)
		snprintf(p->because, sizeof(p->because), "%s: %s", what, strerror(err));
	return err;
}

/* The row; 0: it is done; ENOENT: meanwhile somebody locked it. */
static int tell(struct plan *p, const PGresult *r, const char *state, const char *store, const char *path)
{
	const char *values[] = {p->tenant, PQgetvalue(r, 0, CALL), PQgetvalue(r, 0, ID), state, store, path};
	PGresult *done = wk_db_run(p->pg, gone_sql, 6, values);
	int err = wk_db_ok(done) ? strcmp(PQcmdTuples(done), "1") ? ENOENT : 0 : EPROTO;

	if (!wk_db_ok(done))
		wk_db_log(done, "recording");
	PQclear(done);
	return err;
}

/* <archive>/<tenant>/<folder>/<where it lay below the tenant> */
static char *place(struct plan *p, const char *folder, const char *path)
{
	return zj_asprintf("%s/%s/%s%s", p->conf->archive, p->tenant, folder, path + strlen(p->tenant));
}

static int back_up(struct plan *p, const char *from, const PGresult *r)
{
	char *to = place(p, p->backup, PQgetvalue(r, 0, PATH));
	int err = to ? wk_record_copy(from, to) : ENOMEM;
	const char *values[] = {p->tenant, PQgetvalue(r, 0, CALL), PQgetvalue(r, 0, ID), to ? to : ""};

	zj_deref(to);
	if (err)
		return say(p, "backup", err);
	PGresult *told =
		wk_db_run(p->pg,
			  "insert into zj.recording_life (tenant_id, call_id, recording_id, what, detail) values "
			  "($1::uuid, $2::uuid, $3::uuid, 'backed_up', jsonb_build_object('path', $4::text))",
			  4, values);
	if (!wk_db_ok(told))
		wk_db_log(told, "recording_life");
	PQclear(told);
	return 0;
}

static int move(struct plan *p, const char *from, const PGresult *r)
{
	const char *path = PQgetvalue(r, 0, PATH);
	char *to = p->pack ? zj_asprintf("%s/%s/%s/%s/%.8s-%s", p->conf->archive, p->tenant, p->move, p->day,
					 PQgetvalue(r, 0, ID) + 28, PQgetvalue(r, 0, NAME))
			   : place(p, p->move, path),
	     *row = p->pack ? zj_asprintf("%s/%s/%s.tar.gz", p->tenant, p->move, p->day)
			    : zj_asprintf("%s/%s%s", p->tenant, p->move, path + strlen(p->tenant));
	int err = to && row ? say(p, "move", wk_record_copy(from, to)) : ENOMEM;

	if (!err) {
		err = tell(p, r, "moved", p->pack ? "pack" : "archive", row);
		if (err)
			(void)unlink(to);
		else
			wk_record_remove(root_of(p->conf, r, 0, ROOT), path, NULL);
	}
	zj_deref(to);
	zj_deref(row);
	return err;
}

static int handle(struct plan *p, const PGresult *r)
{
	const char *path = PQgetvalue(r, 0, PATH);
	char *from = zj_asprintf("%s/%s", root_of(p->conf, r, 0, ROOT), path);
	int err = !from ? ENOMEM : strncmp(path, p->tenant, strlen(p->tenant)) ? EINVAL : 0;

	if (!err && p->backup)
		err = back_up(p, from, r);
	if (!err && p->move_it) {
		err = move(p, from, r);
	} else if (!err) {
		err = tell(p, r, "deleted", "local", path);
		if (!err)
			wk_record_remove(root_of(p->conf, r, 0, ROOT), path, PQgetvalue(r, 0, PEAKS));
	}
	zj_deref(from);
	return err == ENOENT ? 0 : err; /* one that lost its file, or was locked, holds up no other */
}

static int remove_one(const char *path, const struct stat *st ZJ_UNUSED, int type ZJ_UNUSED, struct FTW *f ZJ_UNUSED)
{
	return remove(path);
}

/* The day's folder becomes one file. */
static int pack(struct plan *p)
{
	char *dir = zj_asprintf("%s/%s/%s", p->conf->archive, p->tenant, p->move),
	     *file = dir ? zj_asprintf("%s/%s.tar.gz", dir, p->day) : NULL,
	     *folder = dir ? zj_asprintf("%s/%s", dir, p->day) : NULL;
	char *argv[] = {(char *)"tar", (char *)"-czf", file, (char *)"-C", dir, (char *)p->day, NULL};
	pid_t pid;
	int status = 0, err = folder && file ? 0 : ENOMEM;

	if (!err && access(folder, F_OK) == 0) {
		err = posix_spawnp(&pid, "tar", NULL, NULL, argv, environ);
		if (!err && (waitpid(pid, &status, 0) != pid || status))
			err = EIO;
		if (!err)
			(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	}
	zj_deref(dir);
	zj_deref(file);
	zj_deref(folder);
	return say(p, "pack", err);
}

static int run(struct plan *p)
{
	char last[ZJ_UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
	int err = 0;

	if (!*p->conf->archive && (p->move_it || p->backup)) {
		snprintf(p->because, sizeof(p->because), "the installation has no archive directory");
		return EINVAL;
	}
	while (!err) {
		const char *values[] = {p->tenant, p->queue, p->day, p->zone, last};
		PGresult *r = wk_db_run(p->pg, overdue_sql, 5, values);
		bool got = wk_db_ok(r) && PQntuples(r) == 1;
		if (!wk_db_ok(r)) {
			wk_db_log(r, "recording");
			err = EPROTO;
		}
		if (got) {
			snprintf(last, sizeof(last), "%s", PQgetvalue(r, 0, ID));
			err = handle(p, r);
			p->count += !err;
		}
		PQclear(r);
		if (!got)
			break;
	}
	int packed = p->pack && p->count ? pack(p) : 0;
	return err ? err : packed;
}

int wk_record_plans(PGconn *pg, const struct wk_conf *conf)
{
	static const char sql[] = "update zj.recording_plan set last_at = now(), last_count = $3::int, last_error = $4 "
				  "where tenant_id = $1::uuid and id = $2::uuid";
	PGresult *r = wk_db_run(pg, plans_sql, 0, NULL);
	int err = wk_db_ok(r) ? 0 : EPROTO;

	if (err)
		wk_db_log(r, "recording_plan");
	for (int i = 0; i < PQntuples(r) && !err; i++) {
		struct plan p = {.conf = conf,
				 .pg = pg,
				 .tenant = cell(r, i, P_TENANT),
				 .queue = cell(r, i, P_QUEUE),
				 .day = cell(r, i, P_DAY),
				 .zone = cell(r, i, P_ZONE),
				 .move = cell(r, i, P_MOVE),
				 .backup = cell(r, i, P_BACKUP),
				 .move_it = strcmp(cell(r, i, P_OVERDUE), "move") == 0};
		p.pack = p.move_it && strcmp(cell(r, i, P_PACK), "t") == 0;
		int failed = run(&p);
		char n[24];
		snprintf(n, sizeof(n), "%lld", (long long)p.count);
		const char *values[] = {p.tenant, cell(r, i, P_ID), n, failed ? p.because : NULL};
		PGresult *done = wk_db_run(pg, sql, 4, values);
		err = wk_db_ok(done) ? 0 : EPROTO;
		if (err)
			wk_db_log(done, "recording_plan");
		PQclear(done);
		zj_info("record", "plan done plan=%s tenant=%s handled=%s because=%s", values[1], p.tenant, n,
			failed ? zj_log_esc(p.because) : "-");
	}
	PQclear(r);
	return err;
}

/* ---- quotas ---- */
static int oldest_go(PGconn *pg, const struct wk_conf *conf, const char *tenant)
{
	static const char sql[] =
		"with s as (select r.call_id, r.id, r.path, r.peaks, sum(r.bytes) over (order by r.id desc) as newer"
		"  from zj.recording r where r.tenant_id = $1::uuid and r.state in ('new', 'ready'))"
		" update zj.recording r set state = 'deleted' from s join zj.tenant t on t.id = $1::uuid"
		" where r.tenant_id = $1::uuid and r.call_id = s.call_id and r.id = s.id and r.state = 'ready' and not "
		"r.locked and s.newer > t.record_quota_mb * 1048576::numeric returning r.path, "
		"coalesce(r.peaks, ''), zj.zj_recording_root(r)";
	const char *values[] = {tenant};
	PGresult *r = wk_db_run(pg, sql, 1, values);
	int err = wk_db_ok(r) ? 0 : EPROTO;

	if (err)
		wk_db_log(r, "recording");
	for (int i = 0; i < PQntuples(r); i++)
		wk_record_remove(root_of(conf, r, i, 2), PQgetvalue(r, i, 0), PQgetvalue(r, i, 1));
	if (PQntuples(r))
		zj_info("record", "the oldest went, the quota is full tenant=%s n=%d", tenant, PQntuples(r));
	PQclear(r);
	return err;
}

int wk_record_quotas(PGconn *pg, const struct wk_conf *conf)
{
	static const char sql[] =
		"select t.id, t.record_quota_full = 'oldest' and u.used > t.record_quota_mb * 1048576::numeric,"
		" zj.zj_alarm(t.id, 'record_quota', null, format('%s MB / %s MB', ceil(u.used / 1048576), "
		"t.record_quota_mb)) from zj.tenant t cross join lateral (select zj.zj_record_used(t.id) as used) u"
		" where t.record_quota_mb is not null and t.deleted_at is null and u.used > t.record_quota_mb * "
		"1048576::numeric * 0.8";
	PGresult *r = wk_db_run(pg, sql, 0, NULL);
	int err = wk_db_ok(r) ? 0 : EPROTO;

	if (err)
		wk_db_log(r, "record_quota");
	for (int i = 0; i < PQntuples(r) && !err; i++)
		if (*PQgetvalue(r, i, 1) == 't')
			err = oldest_go(pg, conf, PQgetvalue(r, i, 0));
	PQclear(r);
	return err;
}
