/* Growing texts, and SQL statements with their parameters. Memory is the caller's: api_buf_free, api_sql_free. */
#ifndef API_BUF_H
#define API_BUF_H
#include "zj_obj.h"
#include "zj_pg.h"
#include <stdbool.h>

struct api_buf {
	char *p; /* ends with a zero once anything was added; NULL before */
	size_t n, cap;
	bool failed; /* memory ran out: the text is not to be used */
};
void api_buf_addn(struct api_buf *b, const char *s, size_t n);
void api_buf_add(struct api_buf *b, const char *s);
void api_buf_printf(struct api_buf *b, const char *fmt, ...) ZJ_PRINTF(2, 3);
void api_buf_ident(struct api_buf *b, const char *name); /* "name", quoted for SQL */
void api_buf_json(struct api_buf *b, const char *s);     /* "s", quoted for JSON; NULL: null */
void api_buf_free(struct api_buf *b);

#define API_SQL_PARAMS 200
struct api_sql {
	struct api_buf text;
	char *values[API_SQL_PARAMS];
	int n;
};
/* Adds a parameter (copied; NULL is null) and writes `$n::type` into the text. */
void api_sql_param(struct api_sql *q, const char *value, const char *type);
void api_sql_free(struct api_sql *q);
bool api_sql_failed(const struct api_sql *q);
struct zj_pg_query api_sql_query(const struct api_sql *q); /* borrows */
#endif
