/* Many rows at once: at most BULK_ROWS here, more become a job. bulk.c reads the request and finds the rows, bulk_run.c
 * changes them and tells what became of each. */
#ifndef API_BULK_H
#define API_BULK_H
#include "rows/write.h"

#define BULK_ROWS 1000

/* X(name, verb of the permission, works on the recycle bin) */
#define BULK_ACTIONS(X)                                                                                                \
	X(update, "update", false)                                                                                     \
	X(delete, "delete", false)                                                                                     \
	X(restore, "delete", true)                                                                                     \
	X(purge, "delete", true)
enum bulk_action {
#define X(n, v, b) BULK_##n,
	BULK_ACTIONS(X)
#undef X
		BULK_ACTION_COUNT
};

struct bulk {                /* the request's `user` */
	struct api_req *req; /* borrowed */
	const struct res_view *view;
	enum bulk_action action;
	struct api_write *write; /* what is set, and what may be; owned */
	struct api_once *once;
	json_t *body;
	json_t *ids;  /* of rows, or of rows of the bin */
	json_t *rows; /* of the bin: {its id: the row's id}; else NULL */
	int64_t started_us;
	bool dry, looked; /* looked: the rows were looked for */
};
/* Changes b->ids and answers. */
void api_bulk_run(struct bulk *b);
/* Turns a statement's $n into elements of an array ($2), but the parameter that equals `id` into $1; its values into
 * `values`. malloc'd; NULL: no memory. */
char *api_bulk_statement(const struct res_sql *s, const char *id, json_t **values);
#endif
