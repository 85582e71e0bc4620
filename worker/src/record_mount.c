/* Mounted storage of recordings (schema/0266): whether it can be used, and finished recordings on their way there. A
 * file is there before its row says so, and goes from the local store after that. */
#include "record.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MOVES_MAX 500 /* of one round */
#define PROBE_S   20  /* a server that does not answer: the row says `away`, the next round looks again */

/* ---- can it be used? ---- */
struct looked {
	const char *state;
	int err;
	int64_t free_mb; /* -1: unknown */
};

static bool is_mounted(const char *address, const struct stat *st)
{
	struct stat above;
	char parent[420];

	snprintf(parent, sizeof(parent), "%s/..", address);
	return stat(parent, &above) == 0 && (above.st_dev != st->st_dev || above.st_ino == st->st_ino);
}

/* Written, on its disk, and read back. */
static int probe(const char *address)
{
	char path[440], was[] = "zongji looks whether recordings can be kept here\n", is[sizeof(was)];
	snprintf(path, sizeof(path), "%s/.zongji-XXXXXX", address);
	int fd = mkostemp(path, O_CLOEXEC), err = fd < 0 ? errno : 0;

	if (!err && (write(fd, was, sizeof(was)) != sizeof(was) || fsync(fd) ||
		     pread(fd, is, sizeof(is), 0) != sizeof(is) || memcmp(was, is, sizeof(was)) != 0))
		err = errno ? errno : EIO;
	if (fd >= 0) {
		close(fd);
		(void)unlink(path);
	}
	return err;
}

static struct looked look(const char *address, bool must_mount, int64_t min_free_mb)
{
	struct stat st;
	struct statvfs fs;

	if (stat(address, &st))
		return (struct looked){"missing", errno, -1};
	if (!S_ISDIR(st.st_mode))
		return (struct looked){"missing", ENOTDIR, -1};
	if (must_mount && !is_mounted(address, &st))
		return (struct looked){"not_mounted", 0, -1};
	if (statvfs(address, &fs))
		return (struct looked){"away", errno, -1};
	int64_t free_mb = (int64_t)((uint64_t)fs.f_bavail * fs.f_frsize >> 20);
	if (free_mb < min_free_mb)
		return (struct looked){"full", 0, free_mb};
	errno = 0;
	int err = probe(address);
	return (struct looked){err ? "not_writable" : "ok", err, free_mb};
}

static int told(PGconn *pg, const char *id, const struct looked *l)
{
	static const char sql[] = "update zj.recording_mount set state = $2, because = $3, free_mb = $4::bigint, "
				  "checked_at = now() where id = $1::uuid";
	char free_mb[24];
	const char *values[] = {id, l->state, l->err ? strerror(l->err) : NULL, l->free_mb < 0 ? NULL : free_mb};

	snprintf(free_mb, sizeof(free_mb), "%lld", (long long)l->free_mb);
	PGresult *r = wk_db_run(pg, sql, 4, values);
	int err = wk_db_ok(r) ? 0 : EPROTO;
	if (err)
		wk_db_log(r, "recording_mount");
	PQclear(r);
	return err;
}

static int look_at(PGconn *pg, const PGresult *r, int i)
{
	const char *id = PQgetvalue(r, i, 0), *address = PQgetvalue(r, i, 1), *was = PQgetvalue(r, i, 4);
	int err = told(pg, id, &(struct looked){"away", 0, -1});

	if (err)
		return err;
	alarm(PROBE_S);
	struct looked now = look(address, *PQgetvalue(r, i, 2) == 't', atoll(PQgetvalue(r, i, 3)));
	alarm(0);
	if (strcmp(now.state, was) != 0)
		zj_info("record", "storage address=%s state=%s because=%s", zj_log_esc(address), now.state,
			now.err ? strerror(now.err) : "-");
	return told(pg, id, &now);
}

static int look_at_all(PGconn *pg)
{
	PGresult *r = wk_db_run(pg,
				"select id, address, must_mount, min_free_mb, state from zj.recording_mount where "
				"enabled and (checked_at is null or checked_at < now() - interval '1 minute')",
				0, NULL);
	int err = wk_db_ok(r) ? 0 : EPROTO;

	if (err)
		wk_db_log(r, "recording_mount");
	for (int i = 0; i < PQntuples(r) && !err; i++)
		err = look_at(pg, r, i);
	PQclear(r);
	return err;
}

/* ---- moving ---- */
enum column { TENANT, CALL, ID, PATH, PEAKS, MOUNT, ADDRESS, NAME };
static const char next_sql[] =
	"select r.tenant_id, r.call_id, r.id, r.path, coalesce(r.peaks, ''), m.id, m.address, m.name from"
	" (select * from zj.recording_mount where enabled and state = 'ok' order by priority desc, id limit 1) m,"
	" zj.recording r where r.state = 'ready' and r.store = 'local' and r.mount_id is null and r.id > $1::uuid"
	" order by r.id limit 1";
static const char moved_sql[] =
	"with x as (update zj.recording set store = 'mount', mount_id = $4::uuid where tenant_id = $1::uuid and"
	" call_id = $2::uuid and id = $3::uuid and state = 'ready' and store = 'local' and path = $5 returning 1)"
	" insert into zj.recording_life (tenant_id, call_id, recording_id, what, detail)"
	" select $1::uuid, $2::uuid, $3::uuid, 'moved', jsonb_build_object('path', $5::text, 'mount', $6::text) from x";

static const char *cell(const PGresult *r, enum column c)
{
	return PQgetvalue(r, 0, (int)c);
}

static int carry(const struct wk_conf *conf, const PGresult *r, enum column c)
{
	char *from = zj_asprintf("%s/%s", conf->store, cell(r, c)),
	     *to = zj_asprintf("%s/%s", cell(r, ADDRESS), cell(r, c));
	int err = !from || !to ? ENOMEM : wk_record_copy(from, to);

	if (err == ENOENT && c == PEAKS) /* it can be drawn again */
		err = 0;
	zj_deref(from);
	zj_deref(to);
	return err;
}

static int move(PGconn *pg, const struct wk_conf *conf, const PGresult *r)
{
	const char *values[] = {cell(r, TENANT), cell(r, CALL), cell(r, ID),
				cell(r, MOUNT),  cell(r, PATH), cell(r, NAME)};
	int err = carry(conf, r, PATH);

	if (!err && *cell(r, PEAKS))
		err = carry(conf, r, PEAKS);
	if (err) {
		zj_warn("record", "a recording stays where it is recording=%s to=%s because=%s", cell(r, ID),
			zj_log_esc(cell(r, ADDRESS)), strerror(err));
		return err;
	}
	PGresult *done = wk_db_run(pg, moved_sql, 6, values);
	bool moved = wk_db_ok(done) && strcmp(PQcmdTuples(done), "1") == 0;
	err = wk_db_ok(done) ? 0 : EPROTO;
	if (err)
		wk_db_log(done, "recording");
	PQclear(done);
	if (!err) /* one that was deleted meanwhile goes from its new place */
		wk_record_remove(moved ? conf->store : cell(r, ADDRESS), cell(r, PATH), cell(r, PEAKS));
	return err;
}

int wk_record_mounts(PGconn *pg, const struct wk_conf *conf)
{
	char last[ZJ_UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
	int err = look_at_all(pg), n = 0;

	for (; !err && n < MOVES_MAX; n++) {
		const char *values[] = {last};
		PGresult *r = wk_db_run(pg, next_sql, 1, values);
		bool got = wk_db_ok(r) && PQntuples(r) == 1;
		if (!wk_db_ok(r)) {
			wk_db_log(r, "recording_mount");
			err = EPROTO;
		} else if (got) {
			snprintf(last, sizeof(last), "%s", cell(r, ID));
			err = move(pg, conf, r);
			if (err == ENOENT) /* one without its file holds up no other */
				err = 0;
		}
		PQclear(r);
		if (!got)
			break;
	}
	if (n)
		zj_info("record", "recordings put on mounted storage n=%d", n);
	return err;
}
