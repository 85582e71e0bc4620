/* Keeps the store as the database has it: all rows streamed once, then every change, each transaction whole. While the
 * database is away the local copy stands in. Like common/zk_follow, but for rows that are not kept one by one: a change
 * names a key (tenant, match, number), and what the key has is read and said anew. */
#ifndef BL_FOLLOW_H
#define BL_FOLLOW_H
#include "bl_table.h"

struct bl_follow;
/* Everything is borrowed. `copy_path` may be NULL. */
int bl_follow_alloc(struct bl_follow **fp, struct bl_store *s, const char *conninfo, const char *copy_path)
	__attribute__((warn_unused_result));
/* Before the fork: from the database, else from the copy. 0, or ENOENT: neither, the lists are empty. */
int bl_follow_start(struct bl_follow *f);
/* In the module's own process: a descriptor to poll for reading (-1: none), how long, and what to do then. */
int bl_follow_fd(const struct bl_follow *f);
int bl_follow_wait_ms(const struct bl_follow *f);
void bl_follow_turn(struct bl_follow *f);
#endif
