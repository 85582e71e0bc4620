/* Parts of `worker record`. */
#ifndef WK_RECORD_H
#define WK_RECORD_H
#include "db.h"
#include "worker.h"

/* Removes a recording's file and waveform; what is not there is fine. */
void wk_record_remove(const struct wk_conf *conf, const char *path, const char *peaks);
/* Plans that are due: backs up, moves, packs or deletes what they are about. */
int wk_record_plans(PGconn *pg, const struct wk_conf *conf) ZJ_MUST_CHECK;
/* Tenants that have more than they may: an alarm, and where they wish it the oldest go. */
int wk_record_quotas(PGconn *pg, const struct wk_conf *conf) ZJ_MUST_CHECK;
#endif
