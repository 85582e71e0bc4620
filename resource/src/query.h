/* A list's query string (filters, sort, limit, cursor) and the SQL of the five verbs. Names go into SQL only when they
 * are columns of the resource, quoted; values only as parameters. */
#ifndef RES_QUERY_H
#define RES_QUERY_H
#include "value.h"

#define RES_LIMIT_DEFAULT 50
#define RES_LIMIT_MAX     200
#define RES_SORT_MAX      3
#define RES_FILTERS_MAX   32

enum res_op { RES_EQ, RES_NE, RES_LT, RES_LE, RES_GT, RES_GE, RES_CONTAINS, RES_STARTS, RES_IN, RES_NULL, RES_OPS };
extern const char *const res_op_names[RES_OPS];
bool res_op_fits(enum res_op op, const struct res_field *f);

struct res_filter {
	const struct res_field *field;
	enum res_op op;
	char *value; /* an object */
};
struct res_sort {
	const struct res_field *field;
	bool desc;
};
struct res_query {
	struct res_filter filters[RES_FILTERS_MAX];
	size_t n_filters;
	struct res_sort sort[RES_SORT_MAX + 1]; /* the last is always id */
	size_t n_sort;
	int limit;
	bool count;
	json_t *after; /* the cursor's values, one a sort field; owned; NULL: from the start */
};

/* `query`: the part after '?' (may be empty). False: what is wrong is in `p`. Names in `ignore` (NULL-ended) are
 * skipped. */
bool res_query_read(struct res_query *q, const struct res_def *r, enum res_role role, const char *query,
		    const char *const *ignore, struct res_problem *p);
void res_query_free(struct res_query *q);
/* The cursor that continues after a row whose sort values are the JSON array `keys`. malloc'd. */
char *res_query_cursor(const struct res_query *q, const char *keys);

/* Undoes %XX and + of one part of a query string. An object; NULL: malformed. */
char *res_query_decode(const char *s, size_t n);
/* The decoded value of a parameter; an object; NULL: not there. */
char *res_query_get(const char *query, const char *name);

/* Statements. Rows come as (json text, md5 of it), a list's as (json text, sort keys). */
void res_sql_list(struct res_sql *s, const struct res_schema *schema, const struct res_def *r, enum res_role role,
		  const struct res_query *q);
void res_sql_count(struct res_sql *s, const struct res_def *r, const struct res_query *q);
void res_sql_one(struct res_sql *s, const struct res_schema *schema, const struct res_def *r, enum res_role role,
		 const char *id);
/* `replay`: the idempotency key whose row is to be completed, NULL: none. Rows: (json, md5, id). */
void res_sql_insert(struct res_sql *s, const struct res_def *r, enum res_role role, const struct res_values *values,
		    const char *replay);
void res_sql_update(struct res_sql *s, const struct res_def *r, enum res_role role, const struct res_values *values,
		    const char *id, const char *etag);
void res_sql_delete(struct res_sql *s, const struct res_def *r, enum res_role role, const char *id, const char *etag);
void res_sql_column(struct res_sql *s, const struct res_def *r, const char *id, const char *column);
#endif
