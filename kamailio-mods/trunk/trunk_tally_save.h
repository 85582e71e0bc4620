/* The toll guard's turn in the module's process: what calls cost by now, alarms, and what was counted goes to the
 * database (toll_use) and comes back from there after a restart; what other edges counted is read. */
#ifndef TRUNK_TALLY_SAVE_H
#define TRUNK_TALLY_SAVE_H
#include "trunk_state.h"

#define TRUNK_SAVE_EVERY_MS 1000

struct trunk_save;
int trunk_save_alloc(struct trunk_save **sp, struct trunk_state *state, const char *conninfo, const char *edge)
	__attribute__((warn_unused_result));
/* Blocks on the database only, and not for ever. */
void trunk_save_turn(struct trunk_save *s, int64_t now_us);

/* Log, and an event for acd (trunk_guard_mod.c). */
void trunk_guard_tell(const struct trunk_alarms *alarms);
#endif
