/* The writer thread: every 200 ms what is older than 300 ms goes from the rings into the files. */
#include "media/rec.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zj_log.h>
#include <zj_time.h>

#define PERIOD_MS 200
#define LOUD      500                  /* a sample above this (−36 dBFS) is speech */
#define DATA_MAX  (0xffffffffu - 4096) /* a WAV file cannot say more: 37 hours of stereo */

struct md_writer {
	pthread_t thread;
	pthread_mutex_t lock; /* protects `fresh`, `closing`, `quit` */
	pthread_cond_t cond;
	struct md_rec *fresh;
	struct md_rec **closing;
	size_t n_closing, size_closing;
	bool quit;
	int store; /* directory descriptor */
	md_rec_h *ended_h, *closed_h;
	void *arg;
	struct md_rec *recs; /* the thread's own list */
};

static void give_up(struct md_rec *r, enum md_rec_end end, const char *what, const char *why)
{
	if (!r->because[0]) {
		snprintf(r->because, sizeof(r->because), "%s: %s", what, why);
		zj_error("rec", "recording ends, its file cannot be written: path=%s because=%s", zj_log_esc(r->path),
			 zj_log_esc(r->because));
	}
	atomic_store(&r->end, end);
	if (atomic_load(&r->stop_at) < 0)
		atomic_store(&r->stop_at, r->written);
}

static void fail(struct md_rec *r, const char *what, int err)
{
	give_up(r, MD_REC_DISK, what, strerror(err));
}

static void make_parents(int dir, const char *path)
{
	char part[1024];
	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		size_t n = (size_t)(p - path);
		memcpy(part, path, n);
		part[n] = 0;
		(void)mkdirat(dir, part, 0750); /* what fails here is said by open */
	}
}

/* Below the store, whatever links lie there. */
static int open_below(int dir, const char *path)
{
	struct open_how how = {.flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			       .mode = 0640,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static char *open_name(const struct md_rec *r, char name[sizeof(r->path) + 8])
{
	snprintf(name, sizeof(r->path) + 8, "%s.open", r->path);
	return name;
}

/* A key that cannot be had is no reason to write in clear. */
static void start_sealed(struct md_writer *w, struct md_rec *r)
{
	struct zj_seal_key key;
	char name[sizeof(r->path) + 8];
	int err = zj_seal_unwrap(r->key.keys, r->key.tenant, r->key.id, r->key.wrapped, &key);

	if (err) {
		give_up(r, MD_REC_KEY, "key", zj_seal_why(err));
		close(r->fd);
		(void)unlinkat(w->store, r->path, 0);
		r->fd = -1;
		return;
	}
	int tail = open_below(w->store, open_name(r, name));
	err = tail < 0 ? errno
		       : zj_seal_alloc(&r->seal, r->fd, tail, &key,
				       (struct zj_seal_form){(uint8_t)r->channels, MD_RATE});
	if (tail < 0)
		close(r->fd);
	if (err)
		r->fd = -1;
	zj_seal_key_wipe(&key);
	if (err)
		fail(r, "open", err);
}

static void start(struct md_writer *w, struct md_rec *r)
{
	make_parents(w->store, r->path);
	r->fd = open_below(w->store, r->path);
	if (r->fd < 0) {
		fail(r, "open", errno);
		return;
	}
	if (r->key.id[0]) {
		start_sealed(w, r);
		return;
	}
	uint8_t h[MD_WAV_HEADER];
	md_wav_header(h, r->channels, 0);
	if (write(r->fd, h, sizeof(h)) != sizeof(h))
		fail(r, "write", errno ? errno : ENOSPC);
}

static int write_all(int fd, const void *buf, size_t n, off_t at)
{
	const char *p = buf;
	while (n) {
		ssize_t k = pwrite(fd, p, n, at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k ? errno : ENOSPC;
		p += k;
		n -= (size_t)k;
		at += k;
	}
	return 0;
}

static void note_loudness(struct md_rec *r, const int16_t *s, size_t n, int64_t pos)
{
	for (size_t i = n * r->channels; i-- > 0;)
		if (s[i] > LOUD || s[i] < -LOUD) {
			r->loud_at = pos + (int64_t)(i / r->channels) + 1;
			return;
		}
}

/* Sixteen at a time, which the compiler makes a few instructions of. */
static void interleave(const int16_t *restrict left, const int16_t *restrict right, size_t n, int16_t *restrict out)
{
	for (; n >= 16; n -= 16, left += 16, right += 16, out += 32)
		for (unsigned i = 0; i < 16; i++) {
			out[2 * i] = left[i];
			out[2 * i + 1] = right[i];
		}
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = left[i];
		out[2 * i + 1] = right[i];
	}
}

static void louder(int16_t *pcm, size_t n, int32_t gain_q12)
{
	for (size_t i = 0; gain_q12 && i < n; i++)
		pcm[i] = md_saturate((pcm[i] * gain_q12) / 4096);
}

/* Takes n samples of each channel out of the rings, interleaved. */
static void take(struct md_rec *r, size_t at, size_t n, int16_t *out)
{
	for (unsigned c = 0; c < r->channels; c++)
		louder(md_rec_ring(r, c) + at, n, r->gain_q12[c]);
	const int16_t *left = md_rec_ring(r, 0) + at;
	if (r->channels == 2)
		interleave(left, md_rec_ring(r, 1) + at, n, out);
	else
		memcpy(out, left, n * sizeof(*out));
	for (unsigned c = 0; c < r->channels; c++)
		memset(md_rec_ring(r, c) + at, 0, n * sizeof(*out));
}

static int store(struct md_rec *r, const int16_t *pcm, size_t bytes)
{
	return r->seal ? zj_seal_write(r->seal, pcm, bytes)
		       : write_all(r->fd, pcm, bytes, MD_WAV_HEADER + r->written * 2 * r->channels);
}

/* Takes [written, upto) out of the ring; at most one turn of it. */
static void flush(struct md_rec *r, int64_t upto)
{
	int16_t pcm[2 * MD_REC_RING];
	/* From here on media threads leave that part alone. */
	atomic_store_explicit(&r->taken, upto, memory_order_release);
	(void)atomic_load_explicit(&r->put, memory_order_acquire);
	while (r->fd >= 0 && r->written < upto) {
		size_t at = (size_t)((uint64_t)r->written % MD_REC_RING);
		size_t n = MD_REC_RING - at;
		if ((int64_t)n > upto - r->written)
			n = (size_t)(upto - r->written);
		take(r, at, n, pcm);
		int err = store(r, pcm, n * r->channels * sizeof(*pcm));
		if (err) {
			fail(r, "write", err);
			break;
		}
		if (r->silence_samples)
			note_loudness(r, pcm, n, r->written);
		r->written += (int64_t)n;
	}
	if (r->fd < 0 || r->seal)
		return;
	uint8_t h[MD_WAV_HEADER];
	md_wav_header(h, r->channels, (uint32_t)(r->written * 2 * r->channels));
	if (write_all(r->fd, h, sizeof(h), 0))
		fail(r, "write", errno);
}

static void step(struct md_writer *w, struct md_rec *r, int64_t now_us)
{
	int64_t upto = md_rec_pos(r, now_us) - MD_REC_BEHIND;
	int64_t stop = atomic_load(&r->stop_at);
	int64_t limit = r->max_samples;
	if (!limit || limit > (int64_t)(DATA_MAX / (2 * r->channels)))
		limit = (int64_t)(DATA_MAX / (2 * r->channels));
	if (stop < 0 && md_rec_pos(r, now_us) >= limit) {
		md_rec_stop(r, MD_REC_MAX, now_us);
		atomic_store(&r->stop_at, limit);
		stop = limit;
	}
	if (stop >= 0 && upto > stop)
		upto = stop;
	if (upto > r->written)
		flush(r, upto);
	if (stop < 0 && r->silence_samples && r->written - r->loud_at >= r->silence_samples)
		md_rec_stop(r, MD_REC_SILENCE, now_us);
	if (atomic_load(&r->end) >= 0 && !r->told) {
		r->told = true;
		w->ended_h(r, w->arg);
	}
}

/* A file that could not be closed keeps its second one: together they are all that was written. */
static void close_sealed(struct md_writer *w, struct md_rec *r)
{
	char name[sizeof(r->path) + 8];
	int err = zj_seal_close(r->seal);

	if (err)
		fail(r, "close", err);
	else
		(void)unlinkat(w->store, open_name(r, name), 0);
	zj_seal_free(r->seal);
	r->seal = NULL;
}

static void finish(struct md_writer *w, struct md_rec *r)
{
	int64_t stop = atomic_load(&r->stop_at);
	flush(r, stop < 0 ? r->written : stop);
	if (r->seal)
		close_sealed(w, r);
	else if (r->fd >= 0 && close(r->fd))
		fail(r, "close", errno);
	r->fd = -1;
	struct md_rec **p = &w->recs;
	while (*p && *p != r)
		p = &(*p)->next;
	if (*p)
		*p = r->next;
	w->closed_h(r, w->arg);
}

static void take_fresh(struct md_writer *w, struct md_rec *r)
{
	while (r) {
		struct md_rec *next = r->next;
		r->next = w->recs;
		w->recs = r;
		start(w, r);
		r = next;
	}
}

static void wait_for_work(struct md_writer *w)
{
	if (!w->recs) {
		while (!w->quit && !w->fresh && !w->n_closing)
			pthread_cond_wait(&w->cond, &w->lock);
		return;
	}
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec += PERIOD_MS * 1000000L;
	if (ts.tv_nsec >= 1000000000L) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000L;
	}
	if (!w->quit && !w->fresh && !w->n_closing)
		pthread_cond_timedwait(&w->cond, &w->lock, &ts);
}

static void *run(void *arg)
{
	struct md_writer *w = arg;
	bool quit = false;
	while (!quit) {
		pthread_mutex_lock(&w->lock);
		wait_for_work(w);
		struct md_rec *fresh = w->fresh, **closing = w->closing;
		size_t n = w->n_closing;
		w->fresh = NULL;
		w->closing = NULL;
		w->n_closing = w->size_closing = 0;
		quit = w->quit;
		pthread_mutex_unlock(&w->lock);
		take_fresh(w, fresh);
		int64_t now = zj_mono_us();
		for (struct md_rec *r = w->recs; r; r = r->next)
			step(w, r, now);
		for (size_t i = 0; i < n; i++)
			finish(w, closing[i]);
		free(closing);
	}
	while (w->recs) {
		md_rec_stop(w->recs, MD_REC_HUNGUP, zj_mono_us());
		finish(w, w->recs);
	}
	return NULL;
}

int md_writer_alloc(struct md_writer **wp, const char *store, md_rec_h *ended_h, md_rec_h *closed_h, void *arg)
{
	struct md_writer *w = calloc(1, sizeof(*w));
	if (!w)
		return ENOMEM;
	w->ended_h = ended_h;
	w->closed_h = closed_h;
	w->arg = arg;
	w->store = open(store, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err = w->store < 0 ? errno : 0;
	if (!err) {
		pthread_condattr_t a;
		pthread_condattr_init(&a);
		pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
		pthread_mutex_init(&w->lock, NULL);
		pthread_cond_init(&w->cond, &a);
		pthread_condattr_destroy(&a);
		err = pthread_create(&w->thread, NULL, run, w);
	}
	if (err) {
		if (w->store >= 0)
			close(w->store);
		free(w);
		return err;
	}
	pthread_setname_np(w->thread, "writer");
	*wp = w;
	return 0;
}

void md_writer_add(struct md_writer *w, struct md_rec *r)
{
	pthread_mutex_lock(&w->lock);
	r->next = w->fresh;
	w->fresh = r;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

void md_writer_close_rec(struct md_writer *w, struct md_rec *r)
{
	pthread_mutex_lock(&w->lock);
	if (w->n_closing == w->size_closing) {
		size_t size = w->size_closing ? w->size_closing * 2 : 16;
		struct md_rec **p = realloc(w->closing, size * sizeof(struct md_rec *));
		if (!p)
			abort(); /* a few bytes: the process is lost anyway, and its supervisor starts another */
		w->closing = p;
		w->size_closing = size;
	}
	w->closing[w->n_closing++] = r;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

void md_writer_free(struct md_writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->quit = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	close(w->store);
	free(w->closing);
	free(w);
}
