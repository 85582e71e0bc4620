/* PostgreSQL on a libuv loop: a pool of non-blocking connections that reconnect by themselves. */
#ifndef ZJ_PG_H
#define ZJ_PG_H
#include "zj_obj.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <uv.h>

struct zj_pg;
struct zj_pg_query {
	const char *sql;           /* one statement, $1 … */
	int n;                     /* parameters */
	const char *const *values; /* texts; NULL = null. Copied. */
	bool by_values;            /* planned each time, for what its values are: they decide which index is good */
};

/* `results[i]` belongs to queries[i] (borrowed until return). On failure `err` is EIO (connection lost: the transaction
 * may or may not have happened), EAGAIN (no connection and the queue is full or `max_wait_ms` passed), or EPROTO (the
 * server refused: `failed` is the index of the refused query and results[failed] carries SQLSTATE and message). */
typedef void(zj_pg_h)(int err, int failed, PGresult *const *results, int n, void *arg);

int zj_pg_alloc(struct zj_pg **pp, uv_loop_t *loop, const char *conninfo, unsigned connections,
		unsigned max_wait_ms) ZJ_MUST_CHECK;
void zj_pg_close(struct zj_pg *pg); /* handlers waiting hear EIO */
bool zj_pg_is_up(const struct zj_pg *pg);

/* Runs the queries as one pipeline in one transaction (begin … commit are added here). `h` never runs before return.
 * Statements are prepared and cached by their text per connection. */
int zj_pg_run(struct zj_pg *pg, const struct zj_pg_query *queries, int n, zj_pg_h *h, void *arg) ZJ_MUST_CHECK;

/* The same for a short read (a row by its key): without begin and commit, the pipeline is the transaction, and reads
 * that are asked for at the same time share it. Of several queries the first says for whom (set_config(…, true), the
 * same settings in every text of it); where the read before said just the same it is not run, and has no result. Not
 * for what may take long: others would wait behind it. */
int zj_pg_read(struct zj_pg *pg, const struct zj_pg_query *queries, int n, zj_pg_h *h, void *arg) ZJ_MUST_CHECK;

/* Follows live tables (schema/0003_change_log.sql): first every row, then `ready_h` once, then every change; after a
 * lost connection what changed meanwhile. A row is the JSON object `select to_jsonb(t)` gives with the columns named,
 * or NULL when it is gone. When a reader was away longer than the log is kept, all rows come again and `ready_h` is
 * called again; rows not seen in that pass are reported gone. */
struct zj_follow;
struct zj_follow_table {
	const char *table, *columns; /* "tenant_id, id, name" */
};
#include <jansson.h>
typedef void(zj_follow_h)(const char *table, const char *tenant, const char *id,
			  json_t *row /* borrowed, NULL = gone */, void *arg);
typedef void(zj_follow_ready_h)(void *arg);
int zj_follow_alloc(struct zj_follow **fp, uv_loop_t *loop, const char *conninfo, const struct zj_follow_table *tables,
		    size_t n, zj_follow_h *row_h, zj_follow_ready_h *ready_h, void *arg) ZJ_MUST_CHECK;
void zj_follow_close(struct zj_follow *f);
#endif
