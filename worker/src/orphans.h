/* Files that no row knows (orphans.c), a part of housekeeping. */
#ifndef WK_ORPHANS_H
#define WK_ORPHANS_H
#include "worker.h"
#include <libpq-fe.h>

/* Once every `orphan_s`: tells of files of recordings without a row, and removes those that were told of long ago. */
int wk_orphans(PGconn *pg, const struct wk_conf *conf) ZJ_MUST_CHECK;
#endif
