/* Between view.c and view_sql.c. */
#ifndef RES_VIEW_PRIV_H
#define RES_VIEW_PRIV_H
#include "buf.h"
#include "view.h"

/* Fills the view's and its fields' SQL. */
int res_view_sql(struct res_view *v, const struct res_view_args *args) ZJ_MUST_CHECK;
/* The row as JSON, `(select row_to_json(x) from (select …) x)`. `pick`: only these fields (and id), NULL: all. */
struct res_row_args {
	bool detail; /* the single row: long fields and included tables too */
	const struct res_view_field *const *pick;
	size_t n_pick;
	const struct res_view_field *const *expand;
	size_t n_expand;
	const char *more; /* further columns, beginning with a comma; NULL: none */
};
void res_view_row_sql(struct res_buf *b, const struct res_view *v, const struct res_row_args *args);
#endif
