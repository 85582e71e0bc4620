/* A list's query string (filters, sort, limit, cursor) and the SQL of the five verbs. Names go into SQL only when they
 * are columns of the resource, quoted; values only as parameters. */
#ifndef API_QUERY_H
#define API_QUERY_H
#include "value.h"

#define API_LIMIT_DEFAULT 50
#define API_LIMIT_MAX     200
#define API_SORT_MAX      3
#define API_FILTERS_MAX   32

enum api_op { API_EQ, API_NE, API_LT, API_LE, API_GT, API_GE, API_CONTAINS, API_STARTS, API_IN, API_NULL, API_OPS };
extern const char *const api_op_names[API_OPS];
bool api_op_fits(enum api_op op, const struct api_field *f);

struct api_filter {
	const struct api_field *field;
	enum api_op op;
	char *value; /* an object */
};
struct api_sort {
	const struct api_field *field;
	bool desc;
};
struct api_query {
	struct api_filter filters[API_FILTERS_MAX];
	size_t n_filters;
	struct api_sort sort[API_SORT_MAX + 1]; /* the last is always id */
	size_t n_sort;
	int limit;
	bool count;
	json_t *after; /* the cursor's values, one a sort field; owned; NULL: from the start */
};

/* `query`: the part after '?' (may be empty). False: what is wrong is in `p`. Names in `ignore` (NULL-ended) are
 * skipped. */
bool api_query_read(struct api_query *q, const struct api_resource *r, enum api_role role, const char *query,
		    const char *const *ignore, struct api_problem *p);
void api_query_free(struct api_query *q);
/* The cursor that continues after a row whose sort values are the JSON array `keys`. malloc'd. */
char *api_query_cursor(const struct api_query *q, const char *keys);

/* Undoes %XX and + of one part of a query string. An object; NULL: malformed. */
char *api_query_decode(const char *s, size_t n);
/* The decoded value of a parameter; an object; NULL: not there. */
char *api_query_get(const char *query, const char *name);

/* Statements. Rows come as (json text, md5 of it), a list's as (json text, sort keys). */
void api_sql_list(struct api_sql *s, const struct api_schema *schema, const struct api_resource *r, enum api_role role,
		  const struct api_query *q);
void api_sql_count(struct api_sql *s, const struct api_resource *r, const struct api_query *q);
void api_sql_one(struct api_sql *s, const struct api_schema *schema, const struct api_resource *r, enum api_role role,
		 const char *id);
/* `replay`: the idempotency key whose row is to be completed, NULL: none. Rows: (json, md5, id). */
void api_sql_insert(struct api_sql *s, const struct api_resource *r, enum api_role role,
		    const struct api_values *values, const char *replay);
void api_sql_update(struct api_sql *s, const struct api_resource *r, enum api_role role,
		    const struct api_values *values, const char *id, const char *etag);
void api_sql_delete(struct api_sql *s, const struct api_resource *r, enum api_role role, const char *id,
		    const char *etag);
void api_sql_column(struct api_sql *s, const struct api_resource *r, const char *id, const char *column);
#endif
