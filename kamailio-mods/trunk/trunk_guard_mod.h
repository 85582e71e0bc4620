/* The toll guard as the rest of the module asks it. Answers are what the CDR will say, NULL: nothing against it. */
#ifndef TRUNK_GUARD_MOD_H
#define TRUNK_GUARD_MOD_H
#include "trunk_mod.h"

#define TRUNK_COUNTRY_BARRED "country_barred"

/* May this number be called at all? Fills `g`. */
const char *trunk_guard_country(const struct trunk_query *q, const struct trunk_plan *plan, const char *call_id,
				struct trunk_guarded *g);
/* Is there a limit in the way? Else the call, which has begun, is counted. */
const char *trunk_guard_count(const struct trunk_query *q, const struct trunk_guarded *g, const char *call_id);
/* A call that acd named, and that was not known. */
void trunk_guard_adopt(const struct trunk_query *q, const char *call_id, int64_t answered_us);
const struct zk_uuid *trunk_guard_id(void); /* that refused; zero: none */
void trunk_guard_explain(rpc_t *rpc, void *ctx, const struct trunk_query *q, const struct trunk_plan *plan);
void trunk_rpc_guard(rpc_t *rpc, void *ctx);
#endif
