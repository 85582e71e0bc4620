/* Growing texts, and SQL statements with their parameters. Memory is the caller's: res_buf_free, res_sql_free. */
#ifndef RES_BUF_H
#define RES_BUF_H
#include "zj_obj.h"
#include "zj_pg.h"
#include <stdbool.h>

struct res_buf {
	char *p; /* ends with a zero once anything was added; NULL before */
	size_t n, cap;
	bool failed; /* memory ran out: the text is not to be used */
};
void res_buf_addn(struct res_buf *b, const char *s, size_t n);
void res_buf_add(struct res_buf *b, const char *s);
void res_buf_printf(struct res_buf *b, const char *fmt, ...) ZJ_PRINTF(2, 3);
void res_buf_ident(struct res_buf *b, const char *name); /* "name", quoted for SQL */
void res_buf_json(struct res_buf *b, const char *s);     /* "s", quoted for JSON; NULL: null */
void res_buf_free(struct res_buf *b);

#define RES_SQL_PARAMS 300
struct res_sql {
	struct res_buf text;
	char *values[RES_SQL_PARAMS];
	int n;
};
/* Adds a parameter (copied; NULL is null) and writes `$n::type` into the text. */
void res_sql_param(struct res_sql *q, const char *value, const char *type);
/* Adds a parameter that the text has already. */
void res_sql_keep(struct res_sql *q, const char *value);
void res_sql_free(struct res_sql *q);
bool res_sql_failed(const struct res_sql *q);
struct zj_pg_query res_sql_query(const struct res_sql *q); /* borrows */
#endif
