#include "files/store.h"
#include "server/api.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#define RUNNING_MAX 2  /* of libuv's four threads */
#define WAITING_MAX 64 /* each holds a part of ≤ 8 MB in its request */

struct work {
	uv_work_t uv;
	struct api *api;
	char upload[ZJ_UUID_SIZE], path[700];
	struct api_store_part part; /* without data: a digest, of all parts */
	struct api_store_done done;
	api_store_h *h;
	void *arg;
	bool running;
	struct work *prev, *next;
};
static struct work *works; /* running and waiting, oldest first */
static int running, waiting;

void api_store_path(char out[API_STORE_PATH_SIZE], const char *tenant, const char *upload)
{
	snprintf(out, API_STORE_PATH_SIZE, "%s/uploads/%s", tenant, upload);
}

bool api_store_busy(const char *upload, int64_t part)
{
	const struct work *w;
	DL_FOREACH (works, w)
		if (strcmp(w->upload, upload) == 0 &&
		    (part == API_STORE_ANY || w->part.number == API_STORE_ANY || w->part.number == part))
			return true;
	return false;
}

struct api_store_hold {
	struct work w;
};

struct api_store_hold *api_store_hold(const char *upload)
{
	struct api_store_hold *h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->w.running = true;
	snprintf(h->w.upload, sizeof(h->w.upload), "%s", upload);
	struct work *w = &h->w;
	DL_APPEND(works, w);
	return h;
}

void api_store_release(struct api_store_hold *h)
{
	if (!h)
		return;
	struct work *w = &h->w;
	DL_DELETE(works, w);
	free(h);
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

static int write_at(int fd, const struct api_store_part *part)
{
	const char *p = part->data;
	size_t n = part->n;
	off_t offset = part->offset;
	while (n > 0) {
		ssize_t k = pwrite(fd, p, n, offset);
		if (k < 0 && errno != EINTR)
			return errno;
		if (k > 0) {
			p += k;
			n -= (size_t)k;
			offset += k;
		}
	}
	return 0;
}

/* A new file's name must survive a crash as well as its bytes. */
static int sync_dir(const char *path)
{
	char dir[700];
	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = 0;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	if (fd < 0)
		return errno;
	if (fsync(fd) != 0)
		err = errno;
	close(fd);
	return err;
}

/* On a worker thread, as is all down to `work_h`. */
static int write_part(const struct work *w)
{
	int fd = open(w->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW), err = 0;
	bool new = fd < 0 && errno == ENOENT;
	if (new) {
		err = make_dirs(w->path);
		fd = err ? -1 : open(w->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	}
	if (fd < 0)
		return err ? err : errno;
	err = write_at(fd, &w->part);
	if (!err && fdatasync(fd) != 0)
		err = errno;
	close(fd);
	return err || !new ? err : sync_dir(w->path);
}

static int digest(struct work *w)
{
	static const size_t chunk = 1 << 18;
	crypto_hash_sha256_state sha;
	unsigned char raw[crypto_hash_sha256_BYTES];
	int err = 0, fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	unsigned char *buf = fd < 0 ? NULL : malloc(chunk);
	if (!buf) {
		err = fd < 0 ? errno : ENOMEM;
		goto out;
	}
	crypto_hash_sha256_init(&sha);
	for (ssize_t n; (n = read(fd, buf, chunk)) != 0;) {
		if (n < 0 && errno != EINTR) {
			err = errno;
			goto out;
		}
		if (n > 0) {
			crypto_hash_sha256_update(&sha, buf, (unsigned long long)n);
			w->done.bytes += (uint64_t)n;
		}
	}
	crypto_hash_sha256_final(&sha, raw);
	sodium_bin2hex(w->done.sha256, sizeof(w->done.sha256), raw, sizeof(raw));
out:
	free(buf);
	if (fd >= 0)
		close(fd);
	return err;
}

static void work_h(uv_work_t *uv)
{
	struct work *w = uv->data;
	w->done.err = w->part.data ? write_part(w) : digest(w);
}

static void start_waiting(void);

static void finish(struct work *w)
{
	DL_DELETE(works, w);
	w->h(&w->done, w->arg);
	free(w);
}

static void done_h(uv_work_t *uv, int status)
{
	struct work *w = uv->data;
	running--;
	if (status)
		w->done.err = ECANCELED;
	finish(w);
	start_waiting();
}

static void start_waiting(void)
{
	struct work *w, *next;
	DL_FOREACH_SAFE (works, w, next) {
		if (running >= RUNNING_MAX)
			return;
		if (w->running)
			continue;
		w->running = true;
		waiting--;
		running++;
		if (uv_queue_work(w->api->loop, &w->uv, work_h, done_h)) {
			running--;
			w->done.err = ENOMEM;
			finish(w);
		}
	}
}

static int add(struct api *api, const char *tenant, const char *upload, struct work from)
{
	char path[API_STORE_PATH_SIZE];
	struct work *w = waiting < WAITING_MAX ? malloc(sizeof(*w)) : NULL;
	if (!w)
		return EAGAIN;
	*w = from;
	w->api = api;
	w->uv.data = w;
	snprintf(w->upload, sizeof(w->upload), "%s", upload);
	api_store_path(path, tenant, upload);
	snprintf(w->path, sizeof(w->path), "%s/%s", api->conf.store, path);
	DL_APPEND(works, w);
	waiting++;
	start_waiting();
	return 0;
}

int api_store_write(struct api *api, const char *tenant, const char *upload, const struct api_store_part *part,
		    api_store_h *h, void *arg)
{
	return add(api, tenant, upload, (struct work){.part = *part, .h = h, .arg = arg});
}

int api_store_digest(struct api *api, const char *tenant, const char *upload, api_store_h *h, void *arg)
{
	return add(api, tenant, upload, (struct work){.h = h, .arg = arg});
}

static void removed(uv_fs_t *fs)
{
	uv_fs_req_cleanup(fs);
	free(fs);
}

void api_store_remove(struct api *api, const char *path)
{
	char full[700];
	uv_fs_t *fs = malloc(sizeof(*fs));
	snprintf(full, sizeof(full), "%s/%s", api->conf.store, path);
	if (fs && uv_fs_unlink(api->loop, fs, full, removed))
		free(fs);
}
