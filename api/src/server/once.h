/* What a POST does once although it comes twice: its Idempotency-Key is kept in the transaction of what it did. */
#ifndef API_ONCE_H
#define API_ONCE_H
#include "server/api.h"

struct api_once; /* an object: make it the request's `user`, or a part of that */
/* What was done: by this request, or (`replayed`) by an earlier one with the same key. `body` NULL: the statement gave
 * no row; nothing was kept. */
typedef void(api_once_h)(struct api_req *req, const char *body, const char *location, bool replayed);

/* Reads Idempotency-Key. NULL: a problem was answered. */
struct api_once *api_once_alloc(struct api_req *req);
/* The key that was sent; NULL: none. Borrowed. */
const char *api_once_key(const struct api_once *o);
/* One transaction: the queries `before` (≤ API_ONCE_BEFORE), then `main`, whose first row's columns are `j` (text) and
 * `loc` (text or null). With no row the transaction stands, but the key is free again. `on_error` as in api_db_run; its
 * `failed` counts from `before`. */
#define API_ONCE_BEFORE 4
void api_once_run(struct api_req *req, struct api_once *o, const struct zj_pg_query *before, int n,
		  const struct res_sql *main, int status, api_once_h *h, api_db_error_h *on_error);
#endif
