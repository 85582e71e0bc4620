#include "buf.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool grow(struct res_buf *b, size_t more)
{
	if (b->failed || more > SIZE_MAX / 4)
		return !(b->failed = true);
	if (b->n + more + 1 <= b->cap)
		return true;
	size_t cap = b->cap ? b->cap : 256;
	while (cap < b->n + more + 1)
		cap *= 2;
	char *p = realloc(b->p, cap);
	if (!p)
		return !(b->failed = true);
	b->p = p;
	b->cap = cap;
	return true;
}

void res_buf_addn(struct res_buf *b, const char *s, size_t n)
{
	if (!grow(b, n))
		return;
	memcpy(b->p + b->n, s, n);
	b->n += n;
	b->p[b->n] = 0;
}

void res_buf_add(struct res_buf *b, const char *s)
{
	res_buf_addn(b, s, strlen(s));
}

void res_buf_printf(struct res_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !grow(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void res_buf_ident(struct res_buf *b, const char *name)
{
	res_buf_addn(b, "\"", 1);
	for (; *name; name++)
		res_buf_addn(b, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1);
	res_buf_addn(b, "\"", 1);
}

void res_buf_json(struct res_buf *b, const char *s)
{
	if (!s) {
		res_buf_add(b, "null");
		return;
	}
	res_buf_addn(b, "\"", 1);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			res_buf_printf(b, "\\%c", c);
		else if (c < 0x20)
			res_buf_printf(b, "\\u%04x", c);
		else
			res_buf_addn(b, s, 1);
	}
	res_buf_addn(b, "\"", 1);
}

void res_buf_free(struct res_buf *b)
{
	free(b->p);
	*b = (struct res_buf){0};
}

void res_sql_keep(struct res_sql *q, const char *value)
{
	if (q->n >= RES_SQL_PARAMS) {
		q->text.failed = true;
		return;
	}
	char *copy = value ? zj_strdup(value) : NULL;
	if (value && !copy)
		q->text.failed = true;
	q->values[q->n++] = copy;
}

void res_sql_param(struct res_sql *q, const char *value, const char *type)
{
	res_sql_keep(q, value);
	res_buf_printf(&q->text, "$%d", q->n);
	if (type)
		res_buf_printf(&q->text, "::%s", type);
}

void res_sql_free(struct res_sql *q)
{
	for (int i = 0; i < q->n; i++)
		zj_deref(q->values[i]);
	res_buf_free(&q->text);
	q->n = 0;
}

bool res_sql_failed(const struct res_sql *q)
{
	return q->text.failed;
}

struct zj_pg_query res_sql_query(const struct res_sql *q)
{
	return (struct zj_pg_query){.sql = q->text.p, .n = q->n, .values = (const char *const *)q->values};
}
