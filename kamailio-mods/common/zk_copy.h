/* The local copy of followed tables: text lines `table<TAB>id<TAB>field…`, a lone `-` for a row that is gone, `\N` for
 * null;
 * `=<TAB>snapshot` ends a batch. What follows the last `=` is a torn write and is ignored. Mode 0600: digests are
 * secrets. */
#ifndef ZK_COPY_H
#define ZK_COPY_H
#include "zk_follow.h"
#include <stdio.h>

/* A new base is written beside the old one and takes its place at the first zk_copy_mark. NULL: cannot (logged). */
struct zk_copy;
struct zk_copy *zk_copy_begin(const char *path, const struct zk_table *tables, unsigned n);
/* Goes on appending to an existing copy. */
struct zk_copy *zk_copy_reopen(const char *path, const struct zk_table *tables, unsigned n);
void zk_copy_row(struct zk_copy *c, unsigned table, const char *id, const char *const *fields);
void zk_copy_mark(struct zk_copy *c, const char *seen); /* ends a batch */
size_t zk_copy_rows(const struct zk_copy *c);           /* lines written by this object */
void zk_copy_close(struct zk_copy *c);

/* Replays a copy into the sink as one new whole. `seen` receives its snapshot. EPROTO: not a copy of these tables. */
int zk_copy_load(const char *path, const struct zk_table *tables, unsigned n, const struct zk_sink *sink, char *seen,
		 size_t size);
#endif
