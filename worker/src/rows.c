#include "rows.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int wk_fault_set(struct wk_fault *f, const char *field, const char *rule, const char *zh, const char *en)
{
	snprintf(f->field, sizeof(f->field), "%s", field);
	snprintf(f->rule, sizeof(f->rule), "%s", rule);
	snprintf(f->zh, sizeof(f->zh), "%s", zh);
	snprintf(f->en, sizeof(f->en), "%s", en);
	return EINVAL;
}

/* Puts the number where the pattern has %llu (patterns are constants of the callers). */
static void with_line(char *out, size_t size, const char *pattern, uint64_t line)
{
	const char *at = strstr(pattern, "%llu");

	if (at)
		snprintf(out, size, "%.*s%llu%s", (int)(at - pattern), pattern, (unsigned long long)line, at + 4);
	else
		snprintf(out, size, "%s", pattern);
}

int wk_fault_line(struct wk_fault *f, const char *field, const char *rule, uint64_t line, const char *zh,
		  const char *en)
{
	char a[sizeof(f->zh)], b[sizeof(f->en)];

	with_line(a, sizeof(a), zh, line);
	with_line(b, sizeof(b), en, line);
	return wk_fault_set(f, field, rule, a, b);
}

void wk_rowbuf_clear(struct wk_rowbuf *b)
{
	b->used = b->n = 0;
	b->too_wide = b->too_big = false;
}

static bool grow(struct wk_rowbuf *b, size_t more)
{
	if (b->used + more > WK_ROW_MAX) {
		b->too_big = true;
		return false;
	}
	if (b->used + more <= b->cap)
		return true;
	size_t cap = b->cap ? b->cap : 4096;
	while (cap < b->used + more)
		cap *= 2;
	char *p = realloc(b->bytes, cap);
	if (!p) {
		b->no_memory = true;
		return false;
	}
	b->bytes = p;
	b->cap = cap;
	return true;
}

void wk_rowbuf_more(struct wk_rowbuf *b, const char *p, size_t n)
{
	if (n && grow(b, n)) {
		memcpy(b->bytes + b->used, p, n);
		b->used += n;
	}
}

void wk_rowbuf_end(struct wk_rowbuf *b)
{
	if (b->n < WK_COLUMNS_MAX)
		b->ends[b->n++] = b->used;
	else if (b->used > b->ends[b->n - 1])
		b->too_wide = true; /* an empty cell out there is only a trailing delimiter */
}

void wk_rowbuf_add(struct wk_rowbuf *b, const char *p, size_t n)
{
	wk_rowbuf_more(b, p, n);
	wk_rowbuf_end(b);
}

int wk_rowbuf_give(struct wk_rowbuf *b, uint64_t line, wk_row_h *h, void *arg, struct wk_fault *fault)
{
	if (b->no_memory)
		return ENOMEM;
	if (b->too_big)
		return wk_fault_line(fault, "upload_id", "row_too_big", line,
				     "第 %llu 行超过 4 MB（引号是否没有配对？）",
				     "row %llu is larger than 4 MB (is a quote not closed?)");
	if (b->too_wide)
		return wk_fault_line(fault, "upload_id", "too_many_columns", line, "第 %llu 行超过 500 列",
				     "row %llu has more than 500 columns");
	if (b->used == 0)
		return 0;
	for (size_t i = 0, from = 0; i < b->n; from = b->ends[i++])
		b->cells[i] = (struct wk_cell){b->bytes + from, b->ends[i] - from};
	return h(&(struct wk_row){line, b->cells, b->n}, arg);
}

void wk_rowbuf_free(struct wk_rowbuf *b)
{
	free(b->bytes);
	b->bytes = NULL;
	b->cap = b->used = 0;
}
