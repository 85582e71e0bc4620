/* Logs (zj_log.h). A line is composed in a buffer on the stack and written with one write(), so that lines of threads
 * and of processes that share a file never mix. */
#include "zj_log.h"
#include "zj_time.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define ESC_MAX_BYTES  200

static const char *const level_names[] = {
	[ZJ_ERROR] = "error", [ZJ_WARN] = "warn", [ZJ_INFO] = "info", [ZJ_DEBUG] = "debug"};

static struct {
	char part[32];
	char path[512];
	_Atomic int fd, level;
	volatile sig_atomic_t reopen;
	pthread_mutex_t reopening;
} g = {.part = "-", .fd = STDERR_FILENO, .level = ZJ_INFO, .reopening = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct zj_log_ctx context;

static void hup_h(int sig ZJ_UNUSED)
{
	g.reopen = 1;
}

static int file_open(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

/* After a rotation. Keeps the old file when the new one cannot be opened: a log is better there than nowhere. The
 * descriptor is replaced in place (dup3), so that another thread's write() cannot meet a closed one. */
static void file_reopen(void)
{
	int fd;

	pthread_mutex_lock(&g.reopening);
	if (g.reopen && g.path[0]) {
		g.reopen = 0;
		fd = file_open(g.path);
		if (fd >= 0) {
			dup3(fd, g.fd, O_CLOEXEC);
			close(fd);
		}
	}
	pthread_mutex_unlock(&g.reopening);
}

int zj_log_open(const char *part, const char *path, enum zj_log_level level)
{
	struct sigaction sa = {.sa_handler = hup_h, .sa_flags = SA_RESTART};
	int fd = STDERR_FILENO, old;

	if (path && strlen(path) >= sizeof(g.path))
		return ENAMETOOLONG;
	if (path) {
		fd = file_open(path);
		if (fd < 0)
			return errno;
		sigaction(SIGHUP, &sa, NULL);
	}
	snprintf(g.part, sizeof(g.part), "%s", part);
	snprintf(g.path, sizeof(g.path), "%s", path ? path : "");
	zj_log_set_level(level);
	old = atomic_exchange(&g.fd, fd);
	if (old != STDERR_FILENO)
		close(old);
	return 0;
}

void zj_log_set_level(enum zj_log_level level)
{
	atomic_store(&g.level, (int)level);
}

int zj_log_level_parse(const char *name, enum zj_log_level *level)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(level_names); i++) {
		if (!strcmp(name, level_names[i])) {
			*level = (enum zj_log_level)i;
			return 0;
		}
	}
	return EINVAL;
}

struct zj_log_ctx zj_log_with(struct zj_log_ctx ctx)
{
	struct zj_log_ctx former = context;

	context = ctx;
	return former;
}

const char *zj_log_esc(const char *s)
{
	/* Eight buffers a thread: as many escaped texts as a log line can sensibly carry. */
	static _Thread_local char ring[8][ESC_MAX_BYTES + 8];
	static _Thread_local unsigned turn;
	char *out = ring[turn++ % ZJ_ARRAY_SIZE(ring)];
	size_t n = 0;

	if (!s)
		return "-";
	for (; *s && n < ESC_MAX_BYTES; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f || c == '"' || c == ' ' || c == '\\')
			n += (size_t)sprintf(out + n, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	strcpy(out + n, *s ? "..." : "");
	return out;
}

/* Appends ` key=value` unless the text said that key itself; what does not fit is cut. */
static size_t context_add(char *line, size_t n, size_t size, const char *key, const char *value)
{
	char said[16];
	int more;

	if (!value || !*value || n >= size)
		return n;
	line[n] = '\0';
	snprintf(said, sizeof(said), " %s=", key);
	if (strstr(line, said))
		return n;
	more = snprintf(line + n, size - n, " %s=%s", key, value);
	n += more > 0 ? (size_t)more : 0;
	return n < size ? n : size - 1;
}

void zj_log(enum zj_log_level level, const char *sub, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES], at[ZJ_RFC3339_SIZE];
	const size_t text_size = sizeof(line) - 256; /* the context always fits */
	int saved = errno, more;
	size_t n, start;
	va_list ap;

	if ((int)level > atomic_load_explicit(&g.level, memory_order_relaxed))
		return;
	if (g.reopen)
		file_reopen();
	zj_rfc3339(at, zj_now_us());
	start = n = (size_t)snprintf(line, text_size, "%s %s %s %s: ", at, level_names[level], g.part, sub);
	va_start(ap, fmt);
	more = vsnprintf(line + n, text_size - n, fmt, ap);
	va_end(ap);
	n += more > 0 ? (size_t)more : 0;
	if (n >= text_size)
		n = text_size - 1;
	for (size_t i = start; i < n; i++) { /* one event, one line, whatever was said */
		if ((unsigned char)line[i] < 0x20)
			line[i] = ' ';
	}
	n = context_add(line, n, sizeof(line) - 1, "tenant", context.tenant);
	n = context_add(line, n, sizeof(line) - 1, "call", context.call);
	n = context_add(line, n, sizeof(line) - 1, "leg", context.leg);
	n = context_add(line, n, sizeof(line) - 1, "request", context.request);
	line[n++] = '\n';
	if (write(atomic_load(&g.fd), line, n) < 0) {
		/* A full disk must not stop calls, and there is nowhere else to say it. */
	}
	errno = saved;
}
