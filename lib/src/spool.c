/* The spool (zj_spool.h). Appends go straight to the kernel, so kill -9 loses none; fdatasync on a worker thread every
 * 100 ms bounds what a power cut can take. Reading follows behind, mostly from the page cache. */
#include "spool_priv.h"
#include "uv_priv.h"
#include "zj_log.h"
#include "zj_time.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYNC_MS 100

/* A record handed out, and where the next begins. */
struct handed {
	json_t *record; /* NULL: a line that is not JSON; it went to dead/ */
	char *text;     /* instead, when texts are asked for */
	struct zj_spool_place behind;
};

struct zj_spool {
	uv_loop_t *loop;
	char *dir;
	uv_timer_t *timer;
	bool closed, unsynced, syncing;
	int64_t failures;
	size_t waiting;
	int place_fd;
	struct zj_spool_place head; /* where the next record goes */
	struct zj_spool_place tail; /* the first record not yet done */
	int fd;                     /* segment head.segment, O_APPEND */
	struct handed *handed;
	size_t handed_n;
	bool as_text; /* the present peek */
};

/* A sync under way. It has its own descriptor: the segment may change meanwhile. */
struct sync {
	uv_work_t work;
	struct zj_spool *s; /* a reference */
	int fd, err;
};

static void handed_drop(struct zj_spool *s)
{
	for (size_t i = 0; i < s->handed_n; i++) {
		json_decref(s->handed[i].record);
		free(s->handed[i].text);
	}
	free(s->handed);
	s->handed = NULL;
	s->handed_n = 0;
}

static void spool_destructor(void *obj)
{
	struct zj_spool *s = obj;

	handed_drop(s);
	if (s->fd >= 0)
		close(s->fd);
	if (s->place_fd >= 0)
		close(s->place_fd);
	zj_deref(s->dir);
}

static void sync_work(uv_work_t *work)
{
	struct sync *y = work->data;

	y->err = fdatasync(y->fd) ? errno : 0;
	close(y->fd);
}

static void sync_done(uv_work_t *work, int status ZJ_UNUSED)
{
	struct sync *y = work->data;

	y->s->syncing = false;
	if (y->err) {
		y->s->failures++;
		zj_error("spool", "not durable: %s dir=%s", strerror(y->err), y->s->dir);
	}
	zj_deref(y->s);
	free(y);
}

/* Makes what was written so far durable, on a worker thread. */
static void sync_begin(struct zj_spool *s)
{
	struct sync *y = calloc(1, sizeof(*y));

	if (!y)
		return; /* the next tick tries again */
	y->fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	y->s = zj_ref(s);
	y->work.data = y;
	if (y->fd < 0 || uv_queue_work(s->loop, &y->work, sync_work, sync_done)) {
		if (y->fd >= 0)
			close(y->fd);
		zj_deref(s);
		free(y);
		return;
	}
	s->unsynced = false;
	s->syncing = true;
}

static void tick_h(uv_timer_t *timer)
{
	struct zj_spool *s = timer->data;

	if (s->unsynced && !s->syncing)
		sync_begin(s);
	if (!s->unsynced)
		uv_timer_stop(timer);
}

static int segment_open(struct zj_spool *s)
{
	char path[PATH_MAX];
	int err = zj_spool_path(path, sizeof(path), s->dir, s->head.segment), fd;

	if (err)
		return err;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return errno;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	return 0;
}

/* Finds where to go on: counts what waits, cuts a torn last line off. */
static int places_find(struct zj_spool *s)
{
	uint64_t first = 1, last = 1;
	char path[PATH_MAX];
	int err = zj_spool_segments(s->dir, &first, &last);
	int64_t end = 0;
	size_t lines;

	if (err && err != ENOENT)
		return err;
	if (zj_spool_place_read(s->place_fd, &s->tail) || s->tail.segment < first || s->tail.segment > last + 1)
		s->tail = (struct zj_spool_place){first, 0};
	if (s->tail.segment > last) /* everything was done and removed */
		last = s->tail.segment;
	for (uint64_t n = s->tail.segment; n <= last; n++) {
		int64_t from = n == s->tail.segment ? s->tail.offset : 0;

		err = zj_spool_path(path, sizeof(path), s->dir, n);
		if (!err)
			err = zj_spool_scan(path, from, &lines, &end);
		if (err == ENOENT) {
			lines = 0;
			end = 0;
			err = 0;
		}
		if (err)
			return err;
		s->waiting += lines;
	}
	s->head = (struct zj_spool_place){last, end};
	err = segment_open(s);
	if (!err && lseek(s->fd, 0, SEEK_END) < s->tail.offset && s->tail.segment == last)
		s->tail.offset = s->head.offset = 0; /* a segment shorter than its cursor: begin it again */
	if (!err && ftruncate(s->fd, s->head.offset))
		err = errno;
	return err;
}

static int directories_make(const char *dir)
{
	char dead[PATH_MAX];

	if (snprintf(dead, sizeof(dead), "%s/dead", dir) >= (int)sizeof(dead))
		return ENAMETOOLONG;
	if (mkdir(dir, 0750) && errno != EEXIST)
		return errno;
	if (mkdir(dead, 0750) && errno != EEXIST)
		return errno;
	return 0;
}

int zj_spool_open(struct zj_spool **sp, uv_loop_t *loop, const char *dir)
{
	struct zj_spool *s = zj_alloc(sizeof(*s), spool_destructor);
	char path[PATH_MAX];
	int err = ENOMEM;

	if (!s)
		return ENOMEM;
	s->loop = loop;
	s->fd = s->place_fd = -1;
	s->dir = zj_strdup(dir);
	s->timer = zj_alloc(sizeof(*s->timer), NULL);
	if (s->dir && s->timer)
		err = directories_make(dir);
	if (!err && snprintf(path, sizeof(path), "%s/done", dir) >= (int)sizeof(path))
		err = ENAMETOOLONG;
	if (!err) {
		s->place_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
		err = s->place_fd < 0 ? errno : places_find(s);
	}
	if (err) {
		zj_deref(s->timer);
		zj_deref(s);
		return err;
	}
	uv_timer_init(loop, s->timer);
	s->timer->data = s;
	if (s->waiting)
		zj_info("spool", "records waiting from before waiting=%zu dir=%s", s->waiting, dir);
	*sp = s;
	return 0;
}

void zj_spool_close(struct zj_spool *s)
{
	if (!s || s->closed)
		return;
	s->closed = true;
	if (s->unsynced && fdatasync(s->fd)) /* once, on the way out */
		zj_error("spool", "not durable: %s dir=%s", strerror(errno), s->dir);
	uv_close((uv_handle_t *)s->timer, zj_uv_free_h);
	zj_deref(s);
}

/* Writes all of it or nothing. */
static int line_write(struct zj_spool *s, const char *line, size_t len)
{
	ssize_t n = write(s->fd, line, len);
	int err = n < 0 ? errno : ENOSPC;

	if (n == (ssize_t)len) {
		s->head.offset += n;
		return 0;
	}
	s->failures++;
	if (n > 0 && ftruncate(s->fd, s->head.offset))
		err = EIO; /* half a line stays: the reader puts what it makes with the next one to dead/ */
	zj_error("spool", "not written: %s dir=%s", strerror(err), s->dir);
	return err == ENOSPC || err == EDQUOT ? ENOSPC : EIO;
}

static int segment_next(struct zj_spool *s)
{
	struct zj_spool_place old = s->head;
	int err;

	if (s->unsynced)
		sync_begin(s);
	s->head = (struct zj_spool_place){old.segment + 1, 0};
	err = segment_open(s);
	if (err) {
		s->head = old;
		zj_error("spool", "no new segment: %s dir=%s", strerror(err), s->dir);
	}
	return err;
}

int zj_spool_append_text(struct zj_spool *s, const char *record, size_t len)
{
	char *line;
	int err;

	if (!len || *record != '{' || len >= ZJ_SPOOL_LINE_MAX || memchr(record, '\n', len))
		return EINVAL;
	line = malloc(len + 1);
	if (!line)
		return ENOMEM;
	memcpy(line, record, len);
	line[len] = '\n';
	if (s->head.offset >= ZJ_SPOOL_SEGMENT)
		segment_next(s); /* when that fails the old one goes on growing: better than losing a fact */
	err = line_write(s, line, len + 1);
	free(line);
	if (err)
		return err;
	s->waiting++;
	if (!s->unsynced) {
		s->unsynced = true;
		if (!uv_is_active((uv_handle_t *)s->timer))
			uv_timer_start(s->timer, tick_h, SYNC_MS, SYNC_MS);
	}
	return 0;
}

int zj_spool_append(struct zj_spool *s, const json_t *record)
{
	char *line = json_is_object(record) ? json_dumps(record, JSON_COMPACT) : NULL;
	int err = line ? zj_spool_append_text(s, line, strlen(line)) : json_is_object(record) ? ENOMEM : EINVAL;

	free(line);
	return err;
}

/* A line into dead/, made durable at once: that is rare, and somebody has to look at it. */
static int dead_write(struct zj_spool *s, json_t *entry)
{
	char path[PATH_MAX], at[ZJ_RFC3339_SIZE], *text;
	int fd, err = 0;
	size_t len;

	zj_rfc3339(at, zj_now_us());
	json_object_set_new(entry, "at", json_string(at));
	text = json_dumps(entry, JSON_COMPACT);
	json_decref(entry);
	if (!text)
		return ENOMEM;
	if (snprintf(path, sizeof(path), "%s/dead/%.10s.log", s->dir, at) >= (int)sizeof(path)) {
		free(text);
		return ENAMETOOLONG;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	len = strlen(text);
	text[len] = '\n'; /* in the zero's place; written by length */
	if (fd < 0 || write(fd, text, len + 1) != (ssize_t)len + 1 || fdatasync(fd))
		err = errno ? errno : EIO;
	if (fd >= 0)
		close(fd);
	free(text);
	zj_error("spool", "record put aside file=%s%s", path, err ? " and that failed too" : "");
	return err;
}

int zj_spool_dead(struct zj_spool *s, const json_t *record, const char *error)
{
	return dead_write(s, json_pack("{s:s, s:O}", "error", error, "record", record));
}

/* A line as text: what could not be read as JSON is told by its bytes, in Latin-1 so that JSON can carry it. */
static void line_dead(struct zj_spool *s, const char *line, size_t len)
{
	char *text = malloc(2 * len + 1), *out = text;

	if (!text)
		return;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c >= 0x80) {
			*out++ = (char)(0xc0 | c >> 6);
			*out++ = (char)(0x80 | (c & 0x3f));
		} else {
			*out++ = c ? (char)c : ' ';
		}
	}
	*out = '\0';
	dead_write(s, json_pack("{s:s, s:s}", "error", "not a JSON object", "line", text));
	free(text);
}

/* Takes up to `max` whole lines out of `buf`, which was read at `*at`; moves `*at` behind them. False: enough, for a
 * line that is no record is only taken as the first, so that it goes to dead/ once. */
static bool lines_take(struct zj_spool *s, const char *buf, size_t len, struct zj_spool_place *at, size_t max)
{
	const char *line = buf, *nl;

	while (s->handed_n < max && (nl = memchr(line, '\n', len - (size_t)(line - buf)))) {
		size_t n = (size_t)(nl - line);
		struct handed h = {0};

		if (!s->as_text)
			h.record = json_loadb(line, n, 0, NULL);
		else if (n >= 2 && line[0] == '{' && line[n - 1] == '}')
			h.text = strndup(line, n);
		if (!h.text && !json_is_object(h.record)) {
			json_decref(h.record);
			h.record = NULL;
			if (s->handed_n)
				return false;
			line_dead(s, line, n);
		}
		at->offset += (int64_t)n + 1;
		h.behind = *at;
		s->handed[s->handed_n++] = h;
		line = nl + 1;
		if (!h.record && !h.text)
			return false;
	}
	return s->handed_n < max;
}

/* Reads on at `at` until `max` records are there or the head is reached. */
static int records_read(struct zj_spool *s, struct zj_spool_place at, size_t max)
{
	bool one = at.segment == s->head.segment; /* no more than there is: mostly a few kilobytes */
	int64_t left = one ? s->head.offset - at.offset : ZJ_SPOOL_LINE_MAX * 2;
	size_t size = left < ZJ_SPOOL_LINE_MAX * 2 ? (size_t)(left > 0 ? left : 1) : ZJ_SPOOL_LINE_MAX * 2, before;
	char path[PATH_MAX], *buf = malloc(size);
	int err = buf ? 0 : ENOMEM, fd = -1;
	bool more = true;
	ssize_t n;

	while (!err && more && (at.segment < s->head.segment || at.offset < s->head.offset)) {
		err = zj_spool_path(path, sizeof(path), s->dir, at.segment);
		fd = err ? -1 : open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? 0 : pread(fd, buf, size, at.offset);
		before = s->handed_n;
		if (n > 0)
			more = lines_take(s, buf, (size_t)n, &at, max);
		if (fd >= 0)
			close(fd);
		if (n < 0)
			err = EIO;
		else if (s->handed_n == before && at.segment < s->head.segment)
			at = (struct zj_spool_place){at.segment + 1, 0}; /* it has no more whole lines */
		else if (s->handed_n == before)
			err = EIO; /* the head says that there is more */
	}
	free(buf);
	return err;
}

static int peek(struct zj_spool *s, size_t max, bool as_text)
{
	int err;

	handed_drop(s);
	s->as_text = as_text;
	s->handed = calloc(max + 1, sizeof(*s->handed));
	if (!s->handed)
		return ENOMEM;
	err = records_read(s, s->tail, max);
	while (s->handed_n == 1 && !s->handed[0].record && !s->handed[0].text) { /* it went to dead/ */
		zj_spool_done(s, 1);
		err = records_read(s, s->tail, max);
	}
	return s->handed_n ? 0 : err;
}

int zj_spool_peek(struct zj_spool *s, size_t max, json_t **records, size_t *n)
{
	int err = peek(s, max, false);

	for (*n = 0; *n < s->handed_n; (*n)++)
		records[*n] = s->handed[*n].record;
	return err;
}

int zj_spool_peek_text(struct zj_spool *s, size_t max, const char **records, size_t *n)
{
	int err = peek(s, max, true);

	for (*n = 0; *n < s->handed_n; (*n)++)
		records[*n] = s->handed[*n].text;
	return err;
}

int zj_spool_done(struct zj_spool *s, size_t k)
{
	struct zj_spool_place old = s->tail;
	char path[PATH_MAX];
	int err;

	if (k > s->handed_n)
		return EINVAL;
	if (!k)
		return 0;
	s->tail = s->handed[k - 1].behind;
	s->waiting -= k < s->waiting ? k : s->waiting;
	for (size_t i = 0; i < k; i++) {
		json_decref(s->handed[i].record);
		free(s->handed[i].text);
	}
	s->handed_n -= k;
	memmove(s->handed, s->handed + k, s->handed_n * sizeof(*s->handed));
	if (!s->waiting && s->tail.segment == s->head.segment && s->head.offset >= ZJ_SPOOL_SEGMENT && !segment_next(s))
		s->tail = s->head;
	err = zj_spool_place_write(s->place_fd, s->tail);
	if (err) { /* after a crash these come again: their takers know ids */
		s->failures++;
		zj_error("spool", "place not kept: %s dir=%s", strerror(errno), s->dir);
	}
	for (uint64_t segment = old.segment; !err && segment < s->tail.segment; segment++) {
		if (!zj_spool_path(path, sizeof(path), s->dir, segment))
			unlink(path);
	}
	return err;
}

int64_t zj_spool_failures(const struct zj_spool *s)
{
	return s->failures;
}

size_t zj_spool_waiting(const struct zj_spool *s)
{
	return s->waiting;
}
