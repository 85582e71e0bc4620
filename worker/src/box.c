#include "box.h"
#include "zj_box.h"
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What goes through the pipe: a head, then for a row the cells' lengths and their bytes, for a fault the struct. */
enum frame_kind { FRAME_ROW = 1, FRAME_END, FRAME_FAULT };
struct frame {
	uint32_t kind, cells, bytes;
	int32_t err;
	uint64_t line;
	struct wk_about about;
};

static int limit(int what, uint64_t value)
{
	struct rlimit l = {value, value};
	return setrlimit((__rlimit_resource_t)what, &l) ? errno : 0;
}

int wk_limits_set(const struct wk_limits *l)
{
	int err = limit(RLIMIT_CPU, l->cpu_s);
	if (!err)
		err = limit(RLIMIT_FSIZE, l->file);
	if (!err)
		err = limit(RLIMIT_CORE, 0);
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is terabytes of address space */
	if (!err)
		err = limit(RLIMIT_AS, l->memory);
#endif
	return err;
}

/* They stay open, and known here: what they loaded stays loaded. */
void wk_load_encodings(void)
{
	static volatile iconv_t kept[WK_ENCODING_COUNT] ZJ_UNUSED; /* nobody reads it, hence volatile */
#define X(e, n, i, u) kept[e] = iconv_open("UTF-8", i);
	WK_ENCODINGS(X)
#undef X
}

/* The reader's side: frames are gathered into one buffer. */
struct out {
	int fd;
	size_t n;
	char buf[256 * 1024];
	struct wk_source source;
};

static int flush(struct out *o)
{
	for (size_t at = 0; at < o->n;) {
		ssize_t n = write(o->fd, o->buf + at, o->n - at);
		if (n <= 0 && errno != EINTR)
			return EPIPE;
		at += n > 0 ? (size_t)n : 0;
	}
	o->n = 0;
	return 0;
}

static int put(struct out *o, const void *bytes, size_t n)
{
	const char *p = bytes;
	int err = 0;

	while (n && !err) {
		size_t room = sizeof(o->buf) - o->n, k = n < room ? n : room;
		memcpy(o->buf + o->n, p, k);
		o->n += k;
		p += k;
		n -= k;
		if (o->n == sizeof(o->buf))
			err = flush(o);
	}
	return err;
}

static struct wk_about about(struct out *o, uint64_t line)
{
	return (struct wk_about){o->source.format, o->source.csv.encoding, o->source.csv.delimiter,
				 wk_source_estimate(&o->source, line)};
}

static int put_row(const struct wk_row *row, void *arg)
{
	struct out *o = arg;
	uint32_t lengths[WK_COLUMNS_MAX];
	struct frame f = {.kind = FRAME_ROW, .cells = (uint32_t)row->n, .line = row->line};

	for (size_t i = 0; i < row->n; i++)
		f.bytes += lengths[i] = (uint32_t)row->cells[i].n;
	f.about = about(o, row->line);
	int err = put(o, &f, sizeof(f));
	if (!err)
		err = put(o, lengths, row->n * sizeof(*lengths));
	for (size_t i = 0; i < row->n && !err; i++)
		err = put(o, row->cells[i].p, row->cells[i].n);
	return err;
}

static void read_in_box(const struct wk_source_args *a, struct out *o)
{
	struct wk_fault fault = {0};
	int err = wk_source_open(&o->source, a, &fault);

	if (!err)
		err = wk_source_read(&o->source, put_row, o, &fault);
	struct frame f = {.kind = err ? FRAME_FAULT : FRAME_END, .err = err};
	f.about = about(o, 0);
	if (err == EPIPE || put(o, &f, sizeof(f)) || (err && put(o, &fault, sizeof(fault))))
		return;
	if (flush(o))
		return;
}

static void run_box(const struct wk_box_args *a, int fd, int tmp, int out)
{
	const struct wk_limits limits = {.memory = 256u << 20, .file = 3ull << 30, .cpu_s = 1800};
	const struct wk_source_args s = {fd, tmp, a->format, a->encoding, a->sheet, a->delimiter};
	struct out *o = calloc(1, sizeof(*o));

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wk_load_encodings();
	if (!o || wk_limits_set(&limits) || zj_box_shut())
		_exit(2);
	o->fd = out;
	read_in_box(&s, o);
	_exit(0);
}

struct wk_box {
	int fd;
	pid_t pid;
	struct wk_about about;
	char *buf;
	size_t from, n, cap;
	struct wk_cell cells[WK_COLUMNS_MAX];
};

static void destructor(void *obj)
{
	struct wk_box *b = obj;
	if (b->fd >= 0)
		close(b->fd);
	if (b->pid > 0) {
		kill(b->pid, SIGKILL);
		while (waitpid(b->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(b->buf);
}

static int start(struct wk_box *b, const struct wk_box_args *a, int fd, int tmp)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return errno;
	fcntl(ends[1], F_SETPIPE_SZ, 1024 * 1024);
	b->pid = fork();
	if (b->pid == 0) {
		int keep[3] = {fd, tmp, ends[1]};
		for (int i = 0; i < 3; i++) /* only these three, from 10 on: the database's socket is not among them */
			if (dup2(keep[i], 200 + i) < 0)
				_exit(2);
		close_range(3, 199, 0);
		close_range(203, ~0u, 0);
		run_box(a, 200, 201, 202);
	}
	close(ends[1]);
	b->fd = ends[0];
	return b->pid < 0 ? EAGAIN : 0;
}

int wk_box_alloc(struct wk_box **bp, const struct wk_box_args *a)
{
	struct wk_box *b = zj_alloc(sizeof(*b), destructor);
	int fd = open(a->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), err = fd < 0 ? errno : 0;
	int tmp = open(a->tmp, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (!err && tmp < 0)
		err = errno;
	if (!b)
		err = ENOMEM;
	if (!err) {
		b->fd = -1;
		err = start(b, a, fd, tmp);
	}
	if (fd >= 0)
		close(fd);
	if (tmp >= 0)
		close(tmp);
	if (err)
		zj_deref(b);
	else
		*bp = b;
	return err;
}

/* Makes `want` bytes stand at b->buf + b->from. */
static int fill(struct wk_box *b, size_t want)
{
	if (b->n - b->from >= want)
		return 0;
	if (b->n > b->from) /* a new box has no buffer yet */
		memmove(b->buf, b->buf + b->from, b->n - b->from);
	b->n -= b->from;
	b->from = 0;
	size_t need = want > 256 * 1024 ? want : 256 * 1024;
	if (need > b->cap) {
		char *more = realloc(b->buf, need);
		if (!more)
			return ENOMEM;
		b->buf = more;
		b->cap = need;
	}
	while (b->n < want) {
		ssize_t n = read(b->fd, b->buf + b->n, b->cap - b->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return EPIPE;
		b->n += (size_t)n;
	}
	return 0;
}

/* The reader ended without a word: its limits, or the filter, or a crash. */
static int broke(struct wk_fault *f)
{
	wk_fault_set(f, "upload_id", "unreadable", "文件无法读取（超出内存或时间限制）",
		     "the file cannot be read (it needs too much memory or time)");
	return -1;
}

static int say_fault(struct wk_box *b, int err, struct wk_fault *f)
{
	if (fill(b, sizeof(*f)))
		return broke(f);
	memcpy(f, b->buf + b->from, sizeof(*f));
	b->from += sizeof(*f);
	f->field[sizeof(f->field) - 1] = f->rule[sizeof(f->rule) - 1] = 0;
	f->zh[sizeof(f->zh) - 1] = f->en[sizeof(f->en) - 1] = 0;
	if (err != EINVAL)
		wk_fault_set(f, "upload_id", "unreadable", "文件无法读取",
			     err == ENOMEM ? "the file needs too much memory" : strerror(err));
	return -1;
}

/* The box may be in a stranger's hands: nothing it says is believed unseen. */
int wk_box_next(struct wk_box *b, struct wk_row *row, struct wk_fault *fault)
{
	struct frame f;

	if (fill(b, sizeof(f)))
		return broke(fault);
	memcpy(&f, b->buf + b->from, sizeof(f));
	b->from += sizeof(f);
	if (f.about.format >= WK_FORMATS || f.about.encoding >= WK_ENCODING_COUNT)
		return broke(fault);
	b->about = f.about;
	if (f.kind == FRAME_FAULT)
		return say_fault(b, f.err, fault);
	if (f.kind == FRAME_END)
		return 0;
	size_t lengths = f.cells * sizeof(uint32_t);
	if (f.kind != FRAME_ROW || f.cells > WK_COLUMNS_MAX || f.bytes > WK_ROW_MAX || fill(b, lengths + f.bytes))
		return broke(fault);
	const char *p = b->buf + b->from, *bytes = p + lengths;
	size_t at = 0;
	for (uint32_t i = 0; i < f.cells; i++) {
		uint32_t n;
		memcpy(&n, p + i * sizeof(n), sizeof(n));
		if (n > f.bytes - at)
			return broke(fault);
		b->cells[i] = (struct wk_cell){bytes + at, n};
		at += n;
	}
	b->from += lengths + f.bytes;
	*row = (struct wk_row){f.line, b->cells, f.cells};
	return 1;
}

const struct wk_about *wk_box_about(const struct wk_box *b)
{
	return &b->about;
}
