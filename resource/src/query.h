/* A list's query string (filters, search, sort, fields, limit, cursor) and the SQL of the verbs. Names go into SQL only
 * when they are fields of the caller's view, quoted; values only as parameters. */
#ifndef RES_QUERY_H
#define RES_QUERY_H
#include "value.h"
#include "view.h"

#define RES_LIMIT_DEFAULT 50
#define RES_LIMIT_MAX     200
#define RES_SKIP_MAX      1000000
#define RES_SORT_MAX      3
#define RES_FILTERS_MAX   32
#define RES_FIELDS_MAX    100
#define RES_EXPAND_MAX    16
#define RES_FILTER_BYTES  8000 /* of one filter's value */
#define RES_SEARCH_BYTES  600  /* of q */

/* X(enum, name) */
#define RES_OP_TABLE(X)                                                                                                \
	X(RES_EQ, "eq")                                                                                                \
	X(RES_NE, "ne")                                                                                                \
	X(RES_LT, "lt")                                                                                                \
	X(RES_LE, "le")                                                                                                \
	X(RES_GT, "gt")                                                                                                \
	X(RES_GE, "ge")                                                                                                \
	X(RES_BETWEEN, "between")                                                                                      \
	X(RES_CONTAINS, "contains")                                                                                    \
	X(RES_STARTS, "starts")                                                                                        \
	X(RES_IN, "in")                                                                                                \
	X(RES_NULL, "null")
enum res_op {
#define X(e, n) e,
	RES_OP_TABLE(X)
#undef X
		RES_OPS
};
extern const char *const res_op_names[RES_OPS];
bool res_op_fits(enum res_op op, const struct res_view_field *f);

struct res_filter {
	const struct res_view_field *field;
	enum res_op op;
	char *value; /* an object */
};
struct res_sort {
	const struct res_view_field *field;
	bool desc;
};
struct res_query {
	struct res_filter filters[RES_FILTERS_MAX];
	size_t n_filters;
	bool any;    /* one filter is enough (match=any) */
	bool masked; /* a masked field was filtered: whoever answers must count such questions, or they are an oracle */
	bool deleted;                           /* the recycle bin's rows */
	char *search;                           /* q: an object; NULL: none */
	struct res_sort sort[RES_SORT_MAX + 1]; /* the last is always id */
	size_t n_sort;
	const struct res_view_field *fields[RES_FIELDS_MAX]; /* what was asked for; none: all */
	size_t n_fields;
	const struct res_view_field *expand[RES_EXPAND_MAX];
	size_t n_expand;
	int limit, skip; /* skip: rows left out after the cursor */
	bool count;
	json_t *after; /* the cursor's values, one a sort field; owned; NULL: from the start */
};

/* `query`: the part after '?' (may be empty). False: what is wrong is in `p`. Names in `ignore` (NULL-ended) are
 * skipped. The query borrows from the view; res_query_free in any case. */
bool res_query_read(struct res_query *q, const struct res_view *v, const char *query, const char *const *ignore,
		    struct res_problem *p);
void res_query_free(struct res_query *q);
/* The cursor that continues after a row whose sort values are the JSON array `keys`. malloc'd. */
char *res_query_cursor(const struct res_query *q, const char *keys);
/* cursor.c: reads one; false: it is not of this list. */
bool res_query_cursor_read(struct res_query *q, const char *text);
/* A list of names in `text` (`expand`, `fields`); false: a fault is in `p`. */
bool res_query_expand(struct res_query *q, const struct res_view *v, const char *text, struct res_problem *p);

/* url.c: the next `name=value` of the query at *p, both objects. 1: there is one, 0: the end, -1: malformed. */
int res_query_pair(const char **p, char **name, char **value);
/* Undoes %XX and + of one part of a query string. An object; NULL: malformed. */
char *res_query_decode(const char *s, size_t n);
/* The decoded value of a parameter; an object; NULL: not there. */
char *res_query_get(const char *query, const char *name);

/* Pieces of statements about many rows; the row's alias is `t` (in the bin, `r` is the bin's). */
void res_sql_from(struct res_sql *s, const struct res_view *v, const struct res_query *q); /* " from … where …" */
void res_sql_order(struct res_sql *s, const struct res_query *q);                          /* " order by …" */
/* Statements. A list's rows come as (json text, sort keys), single ones as (json text, md5 of it). */
void res_sql_list(struct res_sql *s, const struct res_view *v, const struct res_query *q);
void res_sql_count(struct res_sql *s, const struct res_view *v, const struct res_query *q);
/* `q`: for its expand (a third column: the labels' JSON, or null); NULL: none. */
void res_sql_one(struct res_sql *s, const struct res_view *v, const char *id, const struct res_query *q);
/* `replay`: the idempotency key whose row is to be completed, NULL: none. Rows: (json, md5, id). */
void res_sql_insert(struct res_sql *s, const struct res_view *v, const struct res_values *values, const char *replay);
void res_sql_update(struct res_sql *s, const struct res_view *v, const struct res_values *values, const char *id,
		    const char *etag);
/* Rows: (id[, path of its file]). */
void res_sql_delete(struct res_sql *s, const struct res_view *v, const char *id, const char *etag);
void res_sql_column(struct res_sql *s, const struct res_view *v, const char *id, const char *column);
/* What of the values only the database knows (uploads, dictionaries). False: there is nothing to ask. Rows: one a
 * fault, (field, rule). */
bool res_sql_checks(struct res_sql *s, const struct res_values *values);
#endif
