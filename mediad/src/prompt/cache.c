#include "prompt/cache.h"
#include "media/codec.h"
#include "prompt/child.h"
#include "prompt/wav.h"
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uthash.h>
#include <utlist.h>
#include <zj_log.h>
#include <zj_time.h>
#include <zj_trim.h>

#define FRESH_US     1000000 /* a file looked at so recently is not looked at again */
#define SPEAKING_MAX 2       /* text-to-speech children at a time */

struct waiter {
	md_cached_h *h;
	void *arg;
	struct waiter *next;
};

struct md_cached {
	char *key;         /* malloc */
	UT_hash_handle hh; /* in order of use: the first is the least recently used */
	struct md_clip *clip;
	unsigned refs;
	bool loading, stale; /* stale: replaced by a newer file; goes with its last player */
	int64_t checked_us;
	struct timespec mtime;
	off_t size;
	struct waiter *waiters;
};

/* A job on a worker thread; has copies of all it needs. */
struct job {
	uv_work_t work;
	struct md_clip_cache *cache;
	struct md_cached *entry; /* kept by `loading` */
	struct md_item item;
	bool known; /* mtime and size of what is in memory */
	struct timespec mtime;
	off_t size;
	struct md_clip *clip;
	bool same;
	char because[256];
	struct job *next;
};

struct md_clip_cache {
	uv_loop_t *loop;
	char *store, *cache, *tts, *boxed; /* malloc; resolved */
	size_t max_bytes, max_samples, bytes;
	uint64_t max_disk;
	struct md_cached *entries;
	struct job *waiting; /* speech that waits for its turn */
	unsigned speaking, running;
	bool closing;
	struct md_prompt_counts counts;
};

/* ---- on worker threads ---- */

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return !strncmp(path, dir, n) && path[n] == '/';
}

static void load_file(struct job *j, const char *path)
{
	char real[PATH_MAX], ours[1200];
	struct stat st;
	const struct md_clip_cache *c = j->cache;
	if (!realpath(path, real) || stat(real, &st)) {
		snprintf(j->because, sizeof(j->because), "cannot be opened: %s", strerror(errno));
		return;
	}
	if (!is_below(real, c->store) && !is_below(real, c->cache)) {
		snprintf(j->because, sizeof(j->because), "outside of the store and the cache");
		return;
	}
	if (j->known && st.st_size == j->size && st.st_mtim.tv_sec == j->mtime.tv_sec &&
	    st.st_mtim.tv_nsec == j->mtime.tv_nsec) {
		j->same = true;
		return;
	}
	j->size = st.st_size;
	j->mtime = st.st_mtim;
	/* What was fetched is a stranger's: it is decoded in a box, and its result is ours. */
	if (is_below(real, c->cache) && !is_below(real, c->tts)) {
		if (md_boxed(c->boxed, real, ours, sizeof(ours), j->because, sizeof(j->because)))
			return;
		snprintf(real, sizeof(real), "%s", ours);
	}
	if (md_wav_load(&j->clip, real, c->max_samples, j->because, sizeof(j->because)))
		j->clip = NULL;
}

static void load_tone(struct job *j)
{
	size_t n = (size_t)j->item.ms * (MD_RATE / 1000);
	j->clip = malloc(sizeof(*j->clip) + n * sizeof(int16_t));
	if (!j->clip) {
		snprintf(j->because, sizeof(j->because), "no memory");
		return;
	}
	j->clip->samples = n;
	double amplitude = 8000.0 / j->item.n_hz;
	for (size_t i = 0; i < n; i++) {
		double v = 0;
		for (unsigned k = 0; k < j->item.n_hz; k++)
			v += sin(2 * M_PI * j->item.hz[k] * (double)i / MD_RATE);
		j->clip->pcm[i] = (int16_t)(v * amplitude);
	}
}

static void work_h(uv_work_t *w)
{
	struct job *j = w->data;
	char path[PATH_MAX];
	switch (j->item.kind) {
	case MD_ITEM_FILE:
		load_file(j, j->item.key);
		break;
	case MD_ITEM_SPEECH:
		if (!md_tts_speak(j->cache->tts, j->item.key, j->item.voice, j->item.text, j->because,
				  sizeof(j->because))) {
			snprintf(path, sizeof(path), "%s/%s", j->cache->tts, j->item.key);
			load_file(j, path);
		}
		break;
	case MD_ITEM_TONE:
		load_tone(j);
		break;
	case MD_ITEM_SILENCE:
		break;
	}
}

/* ---- on the loop ---- */

static void entry_free(struct md_clip_cache *c, struct md_cached *e)
{
	if (!e->stale)
		HASH_DEL(c->entries, e);
	if (e->clip)
		c->bytes -= e->clip->samples * sizeof(int16_t);
	free(e->clip);
	free(e->key);
	free(e);
}

static void evict(struct md_clip_cache *c)
{
	struct md_cached *e, *next;
	HASH_ITER (hh, c->entries, e, next) {
		if (c->bytes <= c->max_bytes)
			return;
		if (!e->refs && !e->loading)
			entry_free(c, e);
	}
}

void md_cached_release(struct md_clip_cache *c, struct md_cached *e)
{
	e->refs--;
	if (!e->refs && !e->loading && (e->stale || !e->clip))
		entry_free(c, e);
	else
		evict(c);
}

static void start(struct md_clip_cache *c, struct job *j);

static void tell(struct md_cached *e, const char *because)
{
	struct waiter *w = e->waiters, *next;
	e->waiters = NULL;
	for (; w; w = next) {
		next = w->next;
		if (w->h)
			w->h(e, e->clip, because, w->arg);
		free(w);
	}
}

static void cache_done(struct md_clip_cache *c)
{
	free(c->store);
	free(c->cache);
	free(c->tts);
	free(c->boxed);
	free(c);
}

static void next_speech(struct md_clip_cache *c)
{
	while (c->waiting && c->speaking < SPEAKING_MAX) {
		struct job *j = c->waiting;
		LL_DELETE(c->waiting, j);
		start(c, j);
	}
}

static void trim(const struct md_clip_cache *c)
{
	zj_trim_later(c->loop, c->tts, c->max_disk);
	zj_trim_later(c->loop, c->boxed, c->max_disk);
}

static void after_h(uv_work_t *w, int status)
{
	struct job *j = w->data;
	struct md_clip_cache *c = j->cache;
	struct md_cached *e = j->entry;
	c->running--;
	if (j->item.kind == MD_ITEM_SPEECH)
		c->speaking--;
	if (status)
		snprintf(j->because, sizeof(j->because), "given up");
	e->loading = false;
	e->checked_us = zj_mono_us();
	if (j->clip) {
		e->clip = j->clip;
		e->mtime = j->mtime;
		e->size = j->size;
		c->bytes += e->clip->samples * sizeof(int16_t);
		if (++c->counts.loads % ZJ_TRIM_EVERY == 0 && !c->closing)
			trim(c);
	}
	if (c->closing)
		e->waiters = NULL;
	e->refs++; /* over the handlers */
	tell(e, j->because[0] ? j->because : NULL);
	md_cached_release(c, e);
	free(j);
	next_speech(c);
	if (c->closing && !c->running)
		md_clip_cache_free(c);
}

static void start(struct md_clip_cache *c, struct job *j)
{
	if (j->item.kind == MD_ITEM_SPEECH) {
		if (c->speaking >= SPEAKING_MAX) {
			LL_APPEND(c->waiting, j);
			return;
		}
		c->speaking++;
		c->counts.tts++;
	}
	c->running++;
	j->work.data = j;
	uv_queue_work(c->loop, &j->work, work_h, after_h);
}

static int entry_new(struct md_cached **ep, struct md_clip_cache *c, const char *key)
{
	struct md_cached *e = calloc(1, sizeof(*e));
	if (!e)
		return ENOMEM;
	e->key = strdup(key);
	if (!e->key) {
		free(e);
		return ENOMEM;
	}
	HASH_ADD_KEYPTR(hh, c->entries, e->key, strlen(e->key), e);
	*ep = e;
	return 0;
}

static int load(struct md_clip_cache *c, struct md_cached *e, const struct md_item *it)
{
	struct job *j = calloc(1, sizeof(*j));
	if (!j)
		return ENOMEM;
	j->cache = c;
	j->entry = e;
	j->item = *it;
	e->loading = true;
	start(c, j);
	return 0;
}

static int wait_for(struct md_cached *e, md_cached_h *h, void *arg)
{
	struct waiter *w = calloc(1, sizeof(*w));
	if (!w)
		return ENOMEM;
	w->h = h;
	w->arg = arg;
	LL_APPEND(e->waiters, w);
	return 0;
}

/* A file may have been replaced since: what plays goes on with the old one, the new play gets the new. */
static bool is_current(const struct md_cached *e, const struct md_item *it)
{
	struct stat st;
	if (it->kind != MD_ITEM_FILE || zj_mono_us() - e->checked_us < FRESH_US)
		return true;
	/* One stat() of a local file that was just read costs a microsecond. */
	return !stat(it->key, &st) && st.st_size == e->size && st.st_mtim.tv_sec == e->mtime.tv_sec &&
	       st.st_mtim.tv_nsec == e->mtime.tv_nsec;
}

int md_clip_cache_get(struct md_cached **cp, struct md_clip_cache *c, const struct md_item *it,
		      const struct md_clip **now, md_cached_h *h, void *arg)
{
	struct md_cached *e;
	HASH_FIND_STR(c->entries, it->key, e);
	if (e && e->clip && !is_current(e, it)) {
		HASH_DEL(c->entries, e);
		e->stale = true;
		if (!e->refs)
			entry_free(c, e);
		e = NULL;
	}
	*now = NULL;
	int err = e ? 0 : entry_new(&e, c, it->key);
	if (err)
		return err;
	if (e->clip) {
		*now = e->clip;
		e->checked_us = zj_mono_us();
		HASH_DEL(c->entries, e); /* to the end: recently used */
		HASH_ADD_KEYPTR(hh, c->entries, e->key, strlen(e->key), e);
	} else {
		err = wait_for(e, h, arg);
		if (!err && !e->loading)
			err = load(c, e, it);
		if (err) {
			if (!e->refs && !e->loading)
				entry_free(c, e);
			return err;
		}
	}
	e->refs++;
	*cp = e;
	return 0;
}

void md_cached_forget(struct md_cached *e, void *arg)
{
	struct waiter *w;
	LL_FOREACH (e->waiters, w)
		if (w->arg == arg)
			w->h = NULL;
}

int md_clip_cache_alloc(struct md_clip_cache **cp, uv_loop_t *loop, const struct md_prompts_conf *conf)
{
	char path[PATH_MAX], boxed[PATH_MAX];
	struct md_clip_cache *c = calloc(1, sizeof(*c));
	if (!c)
		return ENOMEM;
	c->loop = loop;
	c->max_bytes = conf->max_bytes;
	c->max_samples = (size_t)conf->max_s * MD_RATE;
	c->max_disk = conf->max_disk;
	snprintf(path, sizeof(path), "%s/tts", conf->cache);
	snprintf(boxed, sizeof(boxed), "%s/boxed", conf->cache);
	int err = 0;
	if ((mkdir(path, 0750) && errno != EEXIST) || (mkdir(boxed, 0750) && errno != EEXIST))
		err = errno;
	c->store = realpath(conf->store, NULL);
	c->cache = realpath(conf->cache, NULL);
	c->tts = realpath(path, NULL);
	c->boxed = realpath(boxed, NULL);
	if (!err && (!c->store || !c->cache || !c->tts || !c->boxed))
		err = errno;
	if (err) {
		zj_error("prompt", "cannot use store=%s cache=%s: %s", conf->store, conf->cache, strerror(err));
		cache_done(c);
		return err;
	}
	trim(c);
	*cp = c;
	return 0;
}

void md_clip_cache_free(struct md_clip_cache *c)
{
	struct md_cached *e, *next;
	struct job *j, *jn;
	if (!c)
		return;
	c->closing = true;
	LL_FOREACH_SAFE(c->waiting, j, jn)
	{
		j->entry->loading = false;
		free(j);
	}
	c->waiting = NULL;
	if (c->running)
		return; /* after_h comes here again */
	HASH_ITER (hh, c->entries, e, next) {
		struct waiter *w, *wn;
		LL_FOREACH_SAFE(e->waiters, w, wn)
		free(w);
		entry_free(c, e);
	}
	cache_done(c);
}

void md_clip_cache_counts(const struct md_clip_cache *c, struct md_prompt_counts *n)
{
	*n = c->counts;
	n->clips = (int64_t)HASH_COUNT(c->entries);
	n->bytes = (int64_t)c->bytes;
}
