/* The spool: an append-only log of JSON lines that survives kill -9, between a fact and its table.
 * Appends are written at once and made durable (fdatasync on a worker thread) every 100 ms. */
#ifndef ZJ_SPOOL_H
#define ZJ_SPOOL_H
#include "zj_obj.h"
#include <jansson.h>
#include <uv.h>

struct zj_spool;
int zj_spool_open(struct zj_spool **sp, uv_loop_t *loop, const char *dir) ZJ_MUST_CHECK;
void zj_spool_close(struct zj_spool *s);
/* EIO, ENOSPC: nothing was kept (and an alarm counter stands up). The line is one JSON object, at most 1 MiB. */
int zj_spool_append(struct zj_spool *s, const json_t *record) ZJ_MUST_CHECK;
/* The same for one who has the text already: one JSON object without a line feed (EINVAL), which is not parsed here. */
int zj_spool_append_text(struct zj_spool *s, const char *record, size_t len) ZJ_MUST_CHECK;

/* Reads in order from the first record not yet done; `n` ≤ max records are handed out (borrowed until the next call).
 * zj_spool_done(k) says that the first k of them are safe elsewhere; zj_spool_dead writes one record to dead/ with its
 * error: then it is safe elsewhere too, and the caller says zj_spool_done for it like for any other. */
int zj_spool_peek(struct zj_spool *s, size_t max, json_t **records, size_t *n);
/* The same, but the lines as they are, unparsed (borrowed until the next call). */
int zj_spool_peek_text(struct zj_spool *s, size_t max, const char **records, size_t *n);
int zj_spool_done(struct zj_spool *s, size_t k);
int zj_spool_dead(struct zj_spool *s, const json_t *record, const char *error);
int64_t
zj_spool_failures(const struct zj_spool *s); /* appends and syncs that failed since the start: an alarm when not 0 */
size_t zj_spool_waiting(const struct zj_spool *s); /* records not yet done */
#endif
