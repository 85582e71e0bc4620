/* An export of sounds: the recordings of a list's rows (recordings, or calls) as one tar.gz, in clear, under the names
 * that people know. Originals may go afterwards, what is locked stays. */
#include "db.h"
#include "list.h"
#include "perm.h"
#include "record.h"
#include "sound.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define IDS_MAX 5000
#define BLOCK   512

struct sounds {
	struct wk_job *job;
	struct wk_list list;
	gzFile out;
	char *path, *relative; /* objects */
	int64_t room, n;
	char ids[IDS_MAX][ZJ_UUID_SIZE]; /* of the chunk in hand */
	size_t n_ids;
	json_t *taken; /* [[call, id, path, peaks, root] …]: whose originals may go */
};

enum column { CALL, ID, PATH, STORE, KEY_ID, KEY, NAME, PEAKS, ROOT };
static const char files_sql[] =
	"select r.call_id, r.id, r.path, r.store, r.key_id, zj.zj_recording_key(r.key_id::uuid), "
	"zj.zj_recording_name(r, $2::boolean), coalesce(r.peaks, ''), zj.zj_recording_root(r) from zj.recording r "
	"where (r.id = $1::uuid or "
	"r.call_id = $1::uuid) and r.state in ('ready', 'moved') and r.store <> 'pack' order by r.id";

static int remember(json_t *row, void *arg)
{
	struct sounds *s = arg;
	const char *id = wk_text(row, "id");

	if (id && s->n_ids < IDS_MAX)
		snprintf(s->ids[s->n_ids++], ZJ_UUID_SIZE, "%s", id);
	s->job->counts.done++;
	return 0;
}

/* ---- tar, as POSIX has it ---- */
static int head(gzFile out, const char *name, int64_t size)
{
	char h[BLOCK] = "";
	unsigned sum = 0;

	snprintf(h, 100, "%s", name);
	memcpy(h + 100, "0000640\0000000000\0000000000", 23);
	snprintf(h + 124, 12, "%011llo", (unsigned long long)size);
	snprintf(h + 136, 12, "%011llo", (unsigned long long)time(NULL));
	memset(h + 148, ' ', 8);
	h[156] = '0';
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	return gzwrite(out, h, sizeof(h)) == sizeof(h) ? 0 : EIO;
}

static int body(gzFile out, int fd, int64_t size)
{
	static char buf[65536];
	int64_t at = 0;

	while (at < size) {
		ssize_t k = pread(fd, buf, sizeof(buf), at);
		if (k <= 0 || gzwrite(out, buf, (unsigned)k) != k)
			return EIO;
		at += k;
	}
	size_t pad = (size_t)((BLOCK - size % BLOCK) % BLOCK);
	memset(buf, 0, BLOCK);
	return pad && gzwrite(out, buf, (unsigned)pad) != (int)pad ? EIO : 0;
}

/* One sound, opened into memory when it is sealed. 0 also when it cannot be had: it is said in the log. */
static int add(struct sounds *s, const PGresult *r, int i)
{
	const struct wk_conf *conf = s->job->conf;
	struct zj_seal_key key;
	struct stat st;
	bool sealed = !PQgetisnull(r, i, KEY_ID), away = strcmp(PQgetvalue(r, i, STORE), "archive") == 0;
	const char *root = PQgetisnull(r, i, ROOT) ? conf->store : PQgetvalue(r, i, ROOT);
	char *path = zj_asprintf("%s/%s", away ? conf->archive : root, PQgetvalue(r, i, PATH)), name[100];
	int fd = memfd_create("sound", MFD_CLOEXEC),
	    err = !path || fd < 0 ? ENOMEM
		  : sealed        ? zj_seal_unwrap(conf->seal_keys, s->job->tenant, PQgetvalue(r, i, KEY_ID),
						   PQgetvalue(r, i, KEY), &key)
				  : 0;

	if (!err)
		err = wk_sound_copy(path, sealed ? &key : NULL, fd);
	if (!err && fstat(fd, &st))
		err = errno;
	zj_seal_key_wipe(&key);
	if (err) {
		zj_warn("export", "a recording is left out recording=%s because=%s", PQgetvalue(r, i, ID),
			zj_seal_why(err));
		s->job->counts.skipped++;
		err = 0;
	} else {
		snprintf(name, sizeof(name), "%.90s", PQgetvalue(r, i, NAME));
		err = head(s->out, name, st.st_size);
		if (!err)
			err = body(s->out, fd, st.st_size);
		s->n++;
		json_array_append_new(s->taken,
				      json_pack("[s, s, s, s, s]", PQgetvalue(r, i, CALL), PQgetvalue(r, i, ID),
						PQgetvalue(r, i, PATH), PQgetvalue(r, i, PEAKS), root));
	}
	zj_deref(path);
	if (fd >= 0)
		close(fd);
	return err;
}

static int chunk(struct sounds *s)
{
	int err = s->n_ids ? wk_job_begin(s->job) : 0;

	for (size_t i = 0; i < s->n_ids && !err; i++) {
		const char *values[] = {s->ids[i], s->job->view->masks ? "false" : "true"};
		PGresult *r = wk_db_run(s->job->pg, files_sql, 2, values);
		if (!wk_db_ok(r)) {
			wk_db_log(r, "export");
			err = wk_job_fail_pg(s->job, r);
		}
		for (int k = 0; !err && k < PQntuples(r); k++)
			err = add(s, r, k);
		PQclear(r);
	}
	if (s->n_ids)
		(void)wk_job_rollback(s->job);
	s->n_ids = 0;
	struct stat st;
	if (!err && stat(s->path, &st) == 0 && st.st_size > s->room)
		err = wk_job_fail(s->job, "quota", "存储空间已满", "the tenant's storage is full");
	return err ? err : wk_job_tell(s->job, NULL);
}

/* As the worker, in the account's name. */
static int originals_go(struct sounds *s)
{
	static const char sql[] = "update zj.recording set state = 'deleted' where tenant_id = $1::uuid and call_id = "
				  "$2::uuid and id = $3::uuid and state = 'ready' and not locked "
				  "returning set_config('zj.account', $4, true)";
	size_t i;
	json_t *one;

	json_array_foreach (s->taken, i, one) {
		const char *at[5];
		for (size_t k = 0; k < ZJ_ARRAY_SIZE(at); k++)
			at[k] = json_string_value(json_array_get(one, k));
		const char *values[] = {s->job->tenant, at[0], at[1], s->job->account};
		PGresult *r = wk_db_run(s->job->pg, sql, 4, values);
		bool gone = wk_db_ok(r) && PQntuples(r) == 1;
		if (!wk_db_ok(r))
			wk_db_log(r, "recording");
		PQclear(r);
		if (gone)
			wk_record_remove(at[4], at[2], at[3]);
	}
	return 0;
}

static int begin(struct sounds *s)
{
	s->path = wk_job_path(s->job, "sounds.tar.gz", &s->relative);
	FILE *made = s->path ? wk_file_new(s->path) : NULL; /* with its folders */
	if (!made)
		return EAGAIN;
	fclose(made);
	s->out = gzopen(s->path, "wb1");
	s->taken = json_array();
	s->job->counts.done = 0;
	return s->out && s->taken ? wk_list_open(&s->list, s->job, wk_param(s->job, "query"), NULL) : EAGAIN;
}

static int give(struct sounds *s)
{
	char name[200], at[20];
	time_t now = time(NULL);
	struct tm t;
	struct stat st;
	static const char end[2 * BLOCK];
	int err = gzwrite(s->out, end, sizeof(end)) == sizeof(end) ? 0 : EIO;

	err = gzclose(s->out) == Z_OK ? err : EIO;
	s->out = NULL;
	localtime_r(&now, &t);
	strftime(at, sizeof(at), "%Y%m%d%H%M%S", &t);
	snprintf(name, sizeof(name), "%s_%s.tar.gz", s->job->def->name, at);
	if (!err && stat(s->path, &st))
		err = errno;
	if (!err)
		err = wk_job_file(s->job, name, s->relative, st.st_size);
	if (!err && json_is_true(json_object_get(s->job->params, "delete_originals")))
		err = originals_go(s);
	s->job->counts.total = s->job->counts.done;
	return err;
}

int wk_sounds_run(struct wk_job *job, int64_t room)
{
	static struct sounds s;
	int n = 1, err;

	s.job = job;
	s.room = room;
	if (!res_perm_has(job->perms, "recordings.listen"))
		return wk_job_fail(job, "permission", "没有收听录音的权限", "the account may not listen to recordings");
	err = begin(&s);
	while (!err && n) {
		err = wk_list_next(&s.list, remember, &s, &n);
		if (!err)
			err = chunk(&s);
	}
	if (!err)
		err = give(&s);
	if (s.out)
		gzclose(s.out);
	wk_list_close(&s.list);
	json_decref(s.taken);
	zj_deref(s.path);
	zj_deref(s.relative);
	return err;
}
