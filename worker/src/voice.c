#include "voice.h"
#include "db.h"
#include "sound.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS    60 /* by the clock */
#define REPORT_MAX 4000
#define FILE_FD    60 /* beyond those that are open here */
#define FILE_PATH  "/proc/self/fd/60"

struct program {
	pid_t pid;
	int in[2], out[2];
};

/* `fd`: the child's FILE_FD; < 0: none. */
static int start(struct program *p, const char *const argv[], const char *input, int fd)
{
	ssize_t n = (ssize_t)strlen(input);
	if (pipe2(p->in, O_CLOEXEC) || pipe2(p->out, O_CLOEXEC))
		return errno;
	/* Before anybody reads: the words are fewer than a pipe holds. */
	if (write(p->in[1], input, (size_t)n) != n)
		return EIO;
	close(p->in[1]);
	p->in[1] = -1;
	p->pid = fork();
	if (p->pid < 0)
		return errno;
	if (p->pid > 0) {
		close(p->out[1]);
		p->out[1] = -1;
		return 0;
	}
	signal(SIGTERM, SIG_DFL);
	if (dup2(p->in[0], 0) < 0 || dup2(p->out[1], 1) < 0 || (fd >= 0 && dup2(fd, FILE_FD) < 0))
		_exit(127);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* What it prints until it ends. */
static int report_of(struct program *p, char report[REPORT_MAX])
{
	int64_t until = zj_mono_us() + SECONDS * 1000000;
	size_t n = 0;
	for (;;) {
		struct pollfd f = {.fd = p->out[0], .events = POLLIN};
		int64_t left = (until - zj_mono_us()) / 1000;
		if (left <= 0)
			return ETIMEDOUT;
		int got = poll(&f, 1, (int)left);
		if (got <= 0)
			continue;
		ssize_t k = read(p->out[0], report + n, REPORT_MAX - 1 - n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			break;
		n += (size_t)k;
	}
	report[n] = 0;
	return 0;
}

static int run(const char *const argv[], const char *input, int fd, char report[REPORT_MAX], int *status)
{
	struct program p = {.in = {-1, -1}, .out = {-1, -1}};
	int err = start(&p, argv, input, fd);
	report[0] = 0;
	if (!err)
		err = report_of(&p, report);
	if (p.pid > 0) {
		if (err)
			kill(p.pid, SIGKILL);
		while (waitpid(p.pid, status, 0) < 0 && errno == EINTR)
			;
	}
	for (int i = 0; i < 2; i++) {
		if (p.in[i] >= 0)
			close(p.in[i]);
		if (p.out[i] >= 0)
			close(p.out[i]);
	}
	return err;
}

static int take_report(struct wk_voice *v, const char *report, int status)
{
	json_t *o = json_loads(report, 0, NULL);
	const char *error = wk_text(o, "error"), *format = wk_text(o, "format");
	int err = WIFEXITED(status) && WEXITSTATUS(status) == 0 && o ? 0 : EINVAL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		err = ENOEXEC;
	snprintf(v->why, sizeof(v->why), "%.190s", error ? error : "this is no sound");
	snprintf(v->format, sizeof(v->format), "%s", v->text ? "tts" : format ? format : "");
	snprintf(v->ms, sizeof(v->ms), "%lld", (long long)json_integer_value(json_object_get(o, "duration_ms")));
	snprintf(v->source_lufs, sizeof(v->source_lufs), "%.2f", json_number_value(json_object_get(o, "source_lufs")));
	snprintf(v->lufs, sizeof(v->lufs), "%.2f", json_number_value(json_object_get(o, "lufs")));
	json_decref(o);
	return err;
}

static int convert(const struct wk_conf *conf, struct wk_voice *v, const char *out)
{
	char report[REPORT_MAX], lufs[24];
	int status = 0;
	snprintf(lufs, sizeof(lufs), "%lld", (long long)conf->prompt_lufs);
	json_t *o = v->text ? json_pack("{s:s, s:s}", "text", v->text, "lang", v->lang) : json_object();
	char *input = json_dumps(o, JSON_COMPACT);
	const char *speak[] = {conf->mediad, "--speak", out, lufs, NULL},
		   *read[] = {conf->mediad, "--convert", FILE_PATH, out, lufs, NULL};
	int err = input ? run(v->text ? speak : read, input, v->text ? -1 : v->fd, report, &status) : ENOMEM;
	free(input);
	json_decref(o);
	return err ? err : take_report(v, report, status);
}

/* Written aside, then in its place: a new name for each sound, so that who plays the former one goes on. */
int wk_voice_make(const struct wk_conf *conf, struct wk_voice *v)
{
	char unique[ZJ_UUID_SIZE];
	struct wk_sound_sum sum = {0};
	zj_uuid7(unique);
	snprintf(v->path, sizeof(v->path), "%s/prompts/%s-%s.wav", v->tenant, v->id, unique + 24);
	char *full = zj_asprintf("%s/%s", conf->store, v->path),
	     *aside = zj_asprintf("%s/%s/prompts/.upload-%s.wav", conf->store, v->tenant, unique);
	int err = ENOMEM;
	FILE *f = full && aside ? wk_file_new(aside) : NULL; /* makes the folders */
	if (f)
		err = fclose(f) ? errno : convert(conf, v, aside);
	if (!err)
		err = wk_file_sum(aside, &sum);
	if (!err && rename(aside, full))
		err = errno;
	if (err && aside)
		unlink(aside);
	snprintf(v->bytes, sizeof(v->bytes), "%lld", (long long)sum.bytes);
	snprintf(v->sha256, sizeof(v->sha256), "%s", sum.sha256);
	zj_deref(full);
	zj_deref(aside);
	return err;
}

void wk_voice_remove(const struct wk_conf *conf, const char *path)
{
	char *full = zj_asprintf("%s/%s", conf->store, path);
	if (full && unlink(full) && errno != ENOENT)
		zj_warn("voice", "cannot remove path=%s error=%s", zj_log_esc(path), strerror(errno));
	zj_deref(full);
}

static const char unspoken_sql[] =
	"select tenant_id, id, text, language from zj.prompt where system and path is null and "
	"text is not null order by id limit 100";
static const char spoken_sql[] =
	"update zj.prompt set path = $3, bytes = $4::bigint, duration_ms = $5::int, sha256 = $6, format = 'tts', "
	"source_lufs = $7::numeric, lufs = $8::numeric where tenant_id = $1::uuid and id = $2::uuid and path is null";

static int speak(PGconn *pg, const struct wk_conf *conf, struct wk_voice *v)
{
	int err = wk_voice_make(conf, v);
	if (err) {
		zj_warn("voice", "cannot be spoken prompt=%s error=%s why=%s", v->id, strerror(err), v->why);
		return err;
	}
	const char *values[] = {v->tenant, v->id, v->path, v->bytes, v->ms, v->sha256, v->source_lufs, v->lufs};
	PGresult *r = wk_db_run(pg, spoken_sql, 8, values);
	if (!wk_db_ok(r)) {
		wk_db_log(r, "voice");
		wk_voice_remove(conf, v->path);
	}
	PQclear(r);
	return 0;
}

void wk_voices_speak(PGconn *pg, const struct wk_conf *conf)
{
	PGresult *r = wk_db_run(pg, unspoken_sql, 0, NULL);
	int n = wk_db_ok(r) ? PQntuples(r) : 0, said = 0;
	for (int i = 0; i < n; i++) {
		struct wk_voice v = {.tenant = PQgetvalue(r, i, 0),
				     .id = PQgetvalue(r, i, 1),
				     .text = PQgetvalue(r, i, 2),
				     .lang = PQgetvalue(r, i, 3)};
		said += speak(pg, conf, &v) == 0;
	}
	if (said)
		zj_info("voice", "the system's prompts are spoken rows=%d", said);
	PQclear(r);
}
