/* Shared strings: what fits into MEMORY_MAX stays there, the rest goes to a file. */
#include "xlsx_part.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_MAX  (24u << 20)
#define STRINGS_MAX 4000000u     /* 32 MB of offsets */
#define FILE_MAX    (2ull << 30) /* of their text */

struct wk_strings {
	uint64_t *ends; /* where string i ends, over memory and file */
	size_t n, cap;
	char *memory; /* the first bytes */
	size_t memory_cap;
	uint64_t total;
	char out[65536]; /* bytes on their way to the file */
	size_t n_out;
	int fd;
	char *one; /* a string read back */
	size_t one_cap;
	bool failed;
};

static void destructor(void *obj)
{
	struct wk_strings *s = obj;
	free(s->ends);
	free(s->memory);
	free(s->one);
}

int wk_strings_alloc(struct wk_strings **sp, int tmp)
{
	struct wk_strings *s = zj_alloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	s->fd = tmp;
	*sp = s;
	return 0;
}

static void flush(struct wk_strings *s)
{
	for (size_t at = 0; at < s->n_out && !s->failed;) {
		ssize_t n = write(s->fd, s->out + at, s->n_out - at);
		s->failed = n <= 0;
		at += n > 0 ? (size_t)n : 0;
	}
	s->n_out = 0;
}

static void to_memory(struct wk_strings *s, const char *p, size_t n)
{
	if (s->total + n > s->memory_cap) {
		size_t cap = s->memory_cap ? s->memory_cap * 2 : 65536;
		while (cap < s->total + n)
			cap *= 2;
		cap = cap < MEMORY_MAX ? cap : MEMORY_MAX;
		char *more = realloc(s->memory, cap);
		if (!more) {
			s->failed = true;
			return;
		}
		s->memory = more;
		s->memory_cap = cap;
	}
	memcpy(s->memory + s->total, p, n);
	s->total += n;
}

void wk_strings_more(struct wk_strings *s, const char *p, size_t n)
{
	size_t here = s->total < MEMORY_MAX ? MEMORY_MAX - (size_t)s->total : 0;

	here = here < n ? here : n;
	if (here)
		to_memory(s, p, here);
	for (p += here, n -= here; n && !s->failed;) {
		size_t room = sizeof(s->out) - s->n_out, k = n < room ? n : room;
		memcpy(s->out + s->n_out, p, k);
		s->n_out += k;
		s->total += k;
		p += k;
		n -= k;
		if (s->n_out == sizeof(s->out))
			flush(s);
	}
}

int wk_strings_end(struct wk_strings *s)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 1024;
		uint64_t *more = realloc(s->ends, cap * sizeof(*more));
		if (!more)
			return ENOMEM;
		s->ends = more;
		s->cap = cap;
	}
	s->ends[s->n++] = s->total;
	return s->failed ? EIO : s->n > STRINGS_MAX || s->total > FILE_MAX ? EFBIG : 0;
}

static bool read_back(struct wk_strings *s, uint64_t from, size_t n)
{
	if (s->n_out)
		flush(s);
	if (n > s->one_cap) {
		char *more = realloc(s->one, n);
		if (!more)
			return false;
		s->one = more;
		s->one_cap = n;
	}
	return !s->failed && pread(s->fd, s->one, n, (off_t)(from - MEMORY_MAX)) == (ssize_t)n;
}

bool wk_strings_give(struct wk_strings *s, uint64_t i, struct wk_rowbuf *row)
{
	if (i >= s->n)
		return false;
	uint64_t from = i ? s->ends[i - 1] : 0, end = s->ends[i];
	if (end - from > WK_ROW_MAX) {
		row->too_big = true;
		return true;
	}
	if (from < MEMORY_MAX) {
		uint64_t here = end < MEMORY_MAX ? end : MEMORY_MAX;
		wk_rowbuf_more(row, s->memory + from, (size_t)(here - from));
		from = here;
	}
	if (from < end) {
		if (!read_back(s, from, (size_t)(end - from)))
			return false;
		wk_rowbuf_more(row, s->one, (size_t)(end - from));
	}
	return true;
}
