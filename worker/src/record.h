/* Parts of `worker record`. */
#ifndef WK_RECORD_H
#define WK_RECORD_H
#include "db.h"
#include "worker.h"

/* Removes a recording's file and waveform below `root`; what is not there is fine. */
void wk_record_remove(const char *root, const char *path, const char *peaks);
/* Copies a file and makes its folders; safe on its disk when this returns 0. `to` is written to meanwhile. */
int wk_record_copy(const char *from, char *to) ZJ_MUST_CHECK;
/* Looks at mounted storage, and puts finished recordings there. */
int wk_record_mounts(PGconn *pg, const struct wk_conf *conf) ZJ_MUST_CHECK;
/* Plans that are due: backs up, moves, packs or deletes what they are about. */
int wk_record_plans(PGconn *pg, const struct wk_conf *conf) ZJ_MUST_CHECK;
/* Tenants that have more than they may: an alarm, and where they wish it the oldest go. */
int wk_record_quotas(PGconn *pg, const struct wk_conf *conf) ZJ_MUST_CHECK;
#endif
