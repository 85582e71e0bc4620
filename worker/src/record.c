/* `worker record`, a child of the daemon when there is something to do: makes and rewraps keys, finishes recordings
 * whose calls are over, keeps plans and quotas. */
#include "record.h"
#include "sound.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ROUND_MAX 500

/* ---- keys ---- */
static int key_store(PGconn *pg, const char *tenant, const struct zj_seal_key *key, const char *wrapped)
{
	static const char sql[] =
		"with old as (update zj.recording_key set current = false where tenant_id = $1::uuid and current)"
		" select $2::uuid, $3::text";
	static const char add[] =
		"insert into zj.recording_key (tenant_id, id, wrapped) values ($1::uuid, $2::uuid, $3)";
	const char *values[] = {tenant, key->id, wrapped};
	int err = wk_db_do(pg, "begin");

	for (int i = 0; i < 2 && !err; i++) {
		PGresult *r = wk_db_run(pg, i ? add : sql, 3, values);
		if (!wk_db_ok(r)) {
			wk_db_log(r, "recording_key");
			err = EPROTO;
		}
		PQclear(r);
	}
	int ended = wk_db_do(pg, err ? "rollback" : "commit");
	return err ? err : ended;
}

static int key_make(PGconn *pg, const struct wk_conf *conf, const char *tenant)
{
	struct zj_seal_key key;
	char wrapped[ZJ_SEAL_WRAPPED];

	zj_seal_key_make(&key);
	int err = zj_seal_wrap(conf->seal_keys, tenant, &key, wrapped);
	if (err)
		zj_error("record", "no key can be made for a tenant's recordings tenant=%s because=%s", tenant,
			 zj_seal_why(err));
	else
		err = key_store(pg, tenant, &key, wrapped);
	if (!err)
		zj_info("record", "a new key tenant=%s key=%s", tenant, key.id);
	zj_seal_key_wipe(&key);
	return err;
}

/* Tenants that wish their recordings sealed have a key that is young enough. */
static int keys_make(PGconn *pg, const struct wk_conf *conf)
{
	PGresult *r = wk_db_run(
		pg,
		"select t.id from zj.tenant t left join zj.recording_key k on k.tenant_id = t.id and k.current where "
		"t.record_encrypt and t.deleted_at is null and (k.id is null or t.record_key_days > 0 and k.created_at "
		"< now() - make_interval(days => t.record_key_days))",
		0, NULL);
	int err = wk_db_ok(r) ? 0 : EPROTO;

	if (err)
		wk_db_log(r, "recording_key");
	for (int i = 0; i < PQntuples(r); i++)
		err |= key_make(pg, conf, PQgetvalue(r, i, 0));
	PQclear(r);
	return err;
}

static int rewrap(PGconn *pg, const struct wk_conf *conf, const char *tenant, const char *id, const char *wrapped)
{
	struct zj_seal_key key;
	char fresh[ZJ_SEAL_WRAPPED];
	const char *values[] = {tenant, id, fresh};
	int err = zj_seal_unwrap(conf->seal_keys, tenant, id, wrapped, &key);

	if (!err)
		err = zj_seal_wrap(conf->seal_keys, tenant, &key, fresh);
	zj_seal_key_wipe(&key);
	if (err) {
		zj_error("record", "a key stays wrapped as it is tenant=%s key=%s because=%s", tenant, id,
			 zj_seal_why(err));
		return err;
	}
	PGresult *r = wk_db_run(
		pg, "update zj.recording_key set wrapped = $3 where tenant_id = $1::uuid and id = $2::uuid", 3, values);
	err = wk_db_ok(r) ? 0 : EPROTO;
	if (err)
		wk_db_log(r, "recording_key");
	PQclear(r);
	return err;
}

/* The installation has a new key: tenants' keys move under it, and the old one can be taken out of the file. */
static int keys_rewrap(PGconn *pg, const struct wk_conf *conf)
{
	PGresult *r = wk_db_run(pg, "select tenant_id, id, wrapped from zj.recording_key", 0, NULL);
	int err = wk_db_ok(r) ? 0 : EPROTO, n = 0;

	for (int i = 0; *conf->seal_keys && i < PQntuples(r); i++) {
		if (zj_seal_is_newest(conf->seal_keys, PQgetvalue(r, i, 2)))
			continue;
		err |= rewrap(pg, conf, PQgetvalue(r, i, 0), PQgetvalue(r, i, 1), PQgetvalue(r, i, 2));
		n++;
	}
	if (n)
		zj_info("record", "keys rewrapped n=%d", n);
	PQclear(r);
	return err;
}

/* ---- finishing ---- */
enum column { TENANT, CALL, ID, PATH, SUM, KEY_ID, KEY, FORMAT, TO_KEY_ID, TO_KEY, SILENT };
static const char due_sql[] =
	"select r.tenant_id, r.call_id, r.id, r.path, coalesce(r.sha256, ''), r.key_id, k.wrapped,"
	" case when t.record_format = 'off' then 'wav' else t.record_format end, c.id, c.wrapped, r.ended_how in "
	"('disk', 'key')"
	" from zj.recording r join zj.tenant t on t.id = r.tenant_id"
	" left join zj.recording_key k on k.tenant_id = r.tenant_id and k.id::text = r.key_id"
	" left join zj.recording_key c on c.tenant_id = r.tenant_id and c.current and (t.record_encrypt or r.key_id is "
	"not null)"
	" where r.state = 'new' and r.id > $1::uuid order by r.id limit 1";
static const char done_sql[] =
	"update zj.recording set state = $4, path = $5, format = $6, bytes = $7::bigint, sha256 = $8, key_id = $9, "
	"peaks = $10 where tenant_id = $1::uuid and call_id = $2::uuid and id = $3::uuid and state = 'new'";

static const char *cell(const PGresult *r, enum column c)
{
	return PQgetisnull(r, 0, (int)c) ? "" : PQgetvalue(r, 0, (int)c);
}

static bool is_below(const char *tenant, const char *path)
{
	size_t n = strlen(tenant);

	return strncmp(path, tenant, n) == 0 && path[n] == '/' && !strstr(path, "/.");
}

void wk_record_remove(const char *root, const char *path, const char *peaks)
{
	const char *names[] = {path, peaks};
	char full[1600];

	for (int i = 0; i < 2; i++) {
		if (!names[i] || !*names[i])
			continue;
		snprintf(full, sizeof(full), "%s/%s", root, names[i]);
		if (unlink(full) && errno != ENOENT)
			zj_error("record", "cannot remove path=%s error=%s", zj_log_esc(full), strerror(errno));
	}
}

struct keys {
	struct zj_seal_key from, to;
};

/* The keys of both ends; a recording that came sealed never becomes a plain one. */
static int keys_open(const struct wk_conf *conf, const PGresult *r, struct wk_sound *s, struct keys *k)
{
	int err = 0;

	if (*cell(r, KEY_ID)) {
		err = *cell(r, KEY) ? zj_seal_unwrap(conf->seal_keys, cell(r, TENANT), cell(r, KEY_ID), cell(r, KEY),
						     &k->from)
				    : ENOENT;
		s->from_key = s->to_key = &k->from;
	}
	if (!err && *cell(r, TO_KEY_ID) && strcmp(cell(r, TO_KEY_ID), cell(r, KEY_ID)) != 0) {
		err = zj_seal_unwrap(conf->seal_keys, cell(r, TENANT), cell(r, TO_KEY_ID), cell(r, TO_KEY), &k->to);
		s->to_key = &k->to;
	}
	return err;
}

/* <path without .wav><suffix> */
static char *named(const char *path, const char *suffix)
{
	size_t n = strlen(path);

	return zj_asprintf("%.*s%s", (int)(n > 4 && strcmp(path + n - 4, ".wav") == 0 ? n - 4 : n), path, suffix);
}

static int written(PGconn *pg, const PGresult *r, const char *state, const char *path, const char *format,
		   const struct wk_sound_sum *sum, const char *key_id, const char *peaks)
{
	char bytes[24];
	const char *values[] = {cell(r, TENANT),
				cell(r, CALL),
				cell(r, ID),
				state,
				path,
				format,
				bytes,
				*sum->sha256 ? sum->sha256 : NULL,
				key_id,
				peaks};

	snprintf(bytes, sizeof(bytes), "%lld", (long long)sum->bytes);
	PGresult *done = wk_db_run(pg, done_sql, 10, values);
	int err = wk_db_ok(done) ? 0 : EPROTO;
	if (err)
		wk_db_log(done, "recording");
	PQclear(done);
	return err;
}

/* A file that is gone, or is another than was written, is told; its row says that there is no sound. */
static int lost(PGconn *pg, const PGresult *r, const char *why)
{
	const char *values[] = {cell(r, TENANT), cell(r, CALL), why};
	bool silent = *cell(r, SILENT) == 't'; /* it never had a file, and that was told */
	PGresult *a =
		silent ? NULL : wk_db_run(pg, "select zj.zj_alarm($1::uuid, 'record_lost', $2::uuid, $3)", 3, values);

	if (!silent)
		zj_error("record", "a recording is lost recording=%s path=%s because=%s", cell(r, ID),
			 zj_log_esc(cell(r, PATH)), why);
	PQclear(a);
	return written(pg, r, "failed", cell(r, PATH), "wav", &(struct wk_sound_sum){0},
		       *cell(r, KEY_ID) ? cell(r, KEY_ID) : NULL, NULL);
}

static int become(PGconn *pg, const struct wk_conf *conf, const PGresult *r, struct wk_sound *s, const char *to,
		  const char *peaks)
{
	struct wk_sound_sum sum = {0};
	int err = wk_sound_finish(s);

	if (err == EINVAL || err == EIO || err == EBADMSG)
		return lost(pg, r, zj_seal_why(err));
	if (!err)
		err = wk_file_sum(s->to, &sum);
	if (!err)
		err = written(pg, r, "ready", to, s->format, &sum, s->to_key ? s->to_key->id : NULL, peaks);
	if (err) {
		zj_error("record", "a recording waits recording=%s because=%s", cell(r, ID), strerror(err));
		return err;
	}
	if (strcmp(to, cell(r, PATH)) != 0)
		wk_record_remove(conf->store, cell(r, PATH), NULL);
	zj_info("record", "finished recording=%s format=%s bytes=%lld sealed=%d", cell(r, ID), s->format,
		(long long)sum.bytes, s->to_key != NULL);
	return 0;
}

/* A recording that ended before it had a file. */
static bool never_was(const struct wk_conf *conf, const PGresult *r)
{
	char *path = zj_asprintf("%s/%s", conf->store, cell(r, PATH));
	bool none = *cell(r, SILENT) == 't' && path && access(path, F_OK);

	zj_deref(path);
	return none;
}

static int finish(PGconn *pg, const struct wk_conf *conf, const PGresult *r)
{
	struct keys keys = {0};
	struct wk_sound_sum was;
	struct wk_sound s = {.format = cell(r, FORMAT)};
	if (never_was(conf, r))
		return lost(pg, r, "nothing was recorded");
	int err = keys_open(conf, r, &s, &keys);
	bool same = strcmp(s.format, "wav") == 0 && s.from_key == s.to_key;
	char suffix[12];

	if (err) {
		zj_error("record", "a recording waits for its key recording=%s because=%s", cell(r, ID),
			 zj_seal_why(err));
		return 0;
	}
	snprintf(suffix, sizeof(suffix), "%s.%s", strcmp(s.format, "wav") ? "" : "-s", s.format);
	char *to = same ? zj_strdup(cell(r, PATH)) : named(cell(r, PATH), suffix),
	     *peaks = named(cell(r, PATH), ".json"), *from = zj_asprintf("%s/%s", conf->store, cell(r, PATH)),
	     *whole = to ? zj_asprintf("%s/%s", conf->store, to) : NULL,
	     *drawn = peaks ? zj_asprintf("%s/%s", conf->store, peaks) : NULL;
	if (!from || !whole || !drawn)
		err = ENOMEM;
	s.from = from;
	s.to = whole;
	s.peaks = drawn;
	if (err)
		;
	else if (!is_below(cell(r, TENANT), cell(r, PATH)) || wk_file_sum(from, &was))
		err = lost(pg, r, "the file is not there");
	else if (*cell(r, SUM) && strcmp(was.sha256, cell(r, SUM)) != 0)
		err = lost(pg, r, "the file is not what was written: its sum differs");
	else
		err = become(pg, conf, r, &s, to, peaks);
	zj_seal_key_wipe(&keys.from);
	zj_seal_key_wipe(&keys.to);
	zj_deref(to);
	zj_deref(peaks);
	zj_deref(from);
	zj_deref(whole);
	zj_deref(drawn);
	return err;
}

/* In order; one that has to wait holds up no other. */
static int finish_all(PGconn *pg, const struct wk_conf *conf)
{
	char last[ZJ_UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
	int err = 0, all = 0;

	for (int i = 0; i < ROUND_MAX && PQstatus(pg) == CONNECTION_OK; i++) {
		const char *values[] = {last};
		PGresult *r = wk_db_run(pg, due_sql, 1, values);
		bool got = wk_db_ok(r) && PQntuples(r) == 1;
		if (!wk_db_ok(r))
			wk_db_log(r, "recording");
		if (got)
			snprintf(last, sizeof(last), "%s", cell(r, ID));
		err = got ? finish(pg, conf, r) : 0;
		all |= err;
		PQclear(r);
		if (!got)
			break;
	}
	return all;
}

int wk_record_main(int argc, char **argv)
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
	PGresult *alone = PQexec(pg, "select pg_try_advisory_lock(7350002)");
	if (wk_db_ok(alone) && *PQgetvalue(alone, 0, 0) == 't') {
		err |= keys_make(pg, &conf);
		err |= keys_rewrap(pg, &conf);
		err |= finish_all(pg, &conf);
		err |= wk_record_mounts(pg, &conf);
		err |= wk_record_plans(pg, &conf);
		err |= wk_record_quotas(pg, &conf);
	}
	PQclear(alone);
	PQfinish(pg);
	zj_conf_free(wk_conf_rows, &conf);
	return err ? 1 : 0;
}
