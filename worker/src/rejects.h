/* Rows that an import did not take: gathered in a file of their own while it runs (cut back to its checkpoint after a
 * crash), and at the end written as the file they came in, with line and reason. */
#ifndef WK_REJECTS_H
#define WK_REJECTS_H
#include "box.h"
#include "table_out.h"

struct wk_rejects;
/* `keep`: bytes that the checkpoint knows of. */
int wk_rejects_alloc(struct wk_rejects **rp, const char *path, int64_t keep) ZJ_MUST_CHECK;
int wk_rejects_add(struct wk_rejects *r, const struct wk_row *row, const char *reason) ZJ_MUST_CHECK;
/* Everything is on disk now: how long the file is; -1: it cannot be written. */
int64_t wk_rejects_flush(struct wk_rejects *r);
int64_t wk_rejects_count(const struct wk_rejects *r);

struct wk_rejects_args {
	const char *path, *tmp;
	const struct wk_about *about; /* of the file that they came in */
	const struct wk_row *head;    /* its heading */
	bool zh;
};
/* Writes them all; the size of the file in *bytes. */
int wk_rejects_write(struct wk_rejects *r, const struct wk_rejects_args *a, int64_t *bytes) ZJ_MUST_CHECK;
#endif
