#include "files/upload.h"
#include "files/wav.h"
#include "server/api.h"
#include "server/child.h"
#include "zj_log.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct upload {
	struct api_upload u;
	struct api *api;
	uv_work_t work;
	char in[700], out[700];
	struct api_upload_from from;
	api_upload_h *h;
	void *arg;
};

static void end(struct upload *x, int err)
{
	if (!x->u.err)
		x->u.err = err;
	if (x->u.err)
		unlink(x->out);
	if (x->from.data)
		unlink(x->in);
	x->h(&x->u, x->arg);
	free(x);
}

static int make_dirs(const char *path)
{
	char dir[700];
	snprintf(dir, sizeof(dir), "%s", path);
	for (char *s = dir + 1; (s = strchr(s, '/')); s++) {
		*s = 0;
		if (mkdir(dir, 0770) != 0 && errno != EEXIST)
			return errno;
		*s = '/';
	}
	return 0;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);
		if (k < 0 && errno != EINTR)
			return errno;
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
	return 0;
}

/* On a worker thread. */
static void store_work(uv_work_t *w)
{
	struct upload *x = w->data;
	x->u.err = make_dirs(x->out);
	int fd = x->u.err || !x->from.data ? -1 : open(x->in, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
	if (!x->u.err && x->from.data && fd < 0)
		x->u.err = errno;
	if (fd >= 0) {
		x->u.err = write_all(fd, x->from.data, x->from.n);
		close(fd);
	}
}

/* On a worker thread: size, checksum and duration of what the converter made; then it takes its place, durably. */
static int measure(struct upload *x)
{
	static const size_t chunk = 65536;
	struct stat st;
	struct api_wav wav = {0};
	crypto_hash_sha256_state sha;
	unsigned char digest[crypto_hash_sha256_BYTES];
	int err = 0, fd = open(x->out, O_RDONLY | O_CLOEXEC);
	unsigned char *buf = malloc(chunk);
	if (fd < 0 || !buf || fstat(fd, &st) != 0) {
		err = fd < 0 || !buf ? EINVAL : errno;
		goto out;
	}
	crypto_hash_sha256_init(&sha);
	for (uint64_t at = 0;;) {
		ssize_t n = read(fd, buf, chunk);
		if (n < 0)
			err = errno;
		if (n <= 0)
			break;
		if (at == 0)
			err = api_wav_read(buf, (uint64_t)n, (uint64_t)st.st_size, &wav);
		crypto_hash_sha256_update(&sha, buf, (unsigned long long)n);
		at += (uint64_t)n;
	}
	crypto_hash_sha256_final(&sha, digest);
	sodium_bin2hex(x->u.sha256, sizeof(x->u.sha256), digest, sizeof(digest));
	x->u.bytes = st.st_size;
	x->u.duration_ms = wav.duration_ms;
	if (!err && wav.duration_ms == 0)
		err = EINVAL;
	if (!err && (fsync(fd) != 0 || rename(x->out, x->u.full) != 0))
		err = errno;
out:
	if (fd >= 0)
		close(fd);
	free(buf);
	return err;
}

static void measure_work(uv_work_t *w)
{
	struct upload *x = w->data;
	x->u.err = measure(x);
}

static void measured(uv_work_t *w, int status)
{
	end(w->data, status ? ECANCELED : 0);
}

/* What the converter says, as JSON {"error"} or its first line. */
static void keep_reason(struct upload *x, const char *out, size_t n)
{
	json_t *report = json_loadb(out, n, 0, NULL);
	const char *error = json_string_value(json_object_get(report, "error"));
	size_t line = n ? strcspn(out, "\r\n") : 0;
	if (error)
		snprintf(x->u.why, sizeof(x->u.why), "%.180s", error);
	else if (!report)
		snprintf(x->u.why, sizeof(x->u.why), "%.*s", (int)(line < 180 ? line : 180), out);
	json_decref(report);
}

static void keep_report(struct upload *x, const char *out, size_t n)
{
	json_t *o = json_loadb(out, n, 0, NULL);
	const char *format = x->from.text ? "tts" : json_string_value(json_object_get(o, "format"));
	snprintf(x->u.format, sizeof(x->u.format), "%s", format ? format : "");
	x->u.source_lufs = json_number_value(json_object_get(o, "source_lufs"));
	x->u.lufs = json_number_value(json_object_get(o, "lufs"));
	json_decref(o);
}

static void converted(int err, int status, const char *out, size_t n, void *arg)
{
	struct upload *x = arg;
	if (err == ETIMEDOUT || err == ENOBUFS || (!err && status != 0)) {
		keep_reason(x, out, n);
		zj_info("prompt", "an upload was refused status=%d error=%d why=%s", status, err, zj_log_esc(x->u.why));
		end(x, status == 126 || status == 127 ? ENOEXEC : EINVAL);
		return;
	}
	if (!err)
		keep_report(x, out, n);
	if (err || uv_queue_work(x->api->loop, &x->work, measure_work, measured))
		end(x, err ? err : ENOMEM);
}

static int run_child(struct upload *x)
{
	char lufs[24];
	snprintf(lufs, sizeof(lufs), "%lld", (long long)x->api->conf.prompt_lufs);
	const char *convert[] = {"--convert", x->in, x->out, lufs, NULL}, *speak[] = {"--speak", x->out, lufs, NULL};
	json_t *o = x->from.text ? json_pack("{s:s, s:s}", "text", x->from.text, "lang", x->from.lang) : NULL;
	char *input = o ? json_dumps(o, JSON_COMPACT) : NULL;
	struct api_child_args a = {.program = x->api->conf.mediad,
				   .args = x->from.text ? speak : convert,
				   .input = input,
				   .input_n = input ? strlen(input) : 0,
				   .timeout_ms = x->api->conf.child_timeout_ms,
				   .memory_mb = x->api->conf.child_memory_mb};
	int err = x->from.text && !input ? ENOMEM : api_child_run(x->api->loop, &a, converted, x);
	free(input);
	json_decref(o);
	return err;
}

static void stored(uv_work_t *w, int status)
{
	struct upload *x = w->data;
	int err = status ? ECANCELED : x->u.err;
	if (!err)
		err = run_child(x);
	if (err)
		end(x, err);
}

int api_upload_start(struct api *api, const char *tenant, const char *name, const struct api_upload_from *from,
		     api_upload_h *h, void *arg)
{
	char unique[ZJ_UUID_SIZE];
	struct upload *x = calloc(1, sizeof(*x));
	if (!x)
		return ENOMEM;
	zj_uuid7(unique);
	x->api = api;
	x->from = *from;
	x->h = h;
	x->arg = arg;
	snprintf(x->u.path, sizeof(x->u.path), "%s/prompts/%s.wav", tenant, name);
	snprintf(x->u.full, sizeof(x->u.full), "%s/%s", api->conf.store, x->u.path);
	if (from->path)
		snprintf(x->in, sizeof(x->in), "%s/%s", api->conf.store, from->path);
	else
		snprintf(x->in, sizeof(x->in), "%s/%s/prompts/.upload-%s", api->conf.store, tenant, unique);
	snprintf(x->out, sizeof(x->out), "%s/%s/prompts/.upload-%s.wav", api->conf.store, tenant, unique);
	x->work.data = x;
	int err = uv_queue_work(api->loop, &x->work, store_work, stored);
	if (err)
		free(x);
	return -err;
}

struct forget {
	uv_timer_t timer;
	uv_fs_t fs;
	char path[700];
};

static void forgotten(uv_fs_t *fs)
{
	struct forget *f = fs->data;
	uv_fs_req_cleanup(fs);
	uv_close((uv_handle_t *)&f->timer, (uv_close_cb)free);
}

static void on_forget(uv_timer_t *t)
{
	struct forget *f = t->data;
	f->fs.data = f;
	if (uv_fs_unlink(t->loop, &f->fs, f->path, forgotten))
		uv_close((uv_handle_t *)t, (uv_close_cb)free);
}

void api_upload_forget(struct api *api, const char *path)
{
	struct forget *f = calloc(1, sizeof(*f));
	if (!f)
		return;
	snprintf(f->path, sizeof(f->path), "%s/%s", api->conf.store, path);
	uv_timer_init(api->loop, &f->timer);
	f->timer.data = f; /* the timer is its first member: free() of it is free() of all */
	uv_timer_start(&f->timer, on_forget, (uint64_t)api->conf.forget_ms, 0);
}
