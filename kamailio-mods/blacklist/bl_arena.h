/* Address space shared by all processes, handed out in units by its one writer; memory is used when it is touched.
 *
 * Readers never see a unit change: the writer fills units that nobody knows yet, publishes them, and gives the old ones
 * back with bl_arena_retire; they are used again when no reader can hold them any more. All bookkeeping is the writer's
 * own heap, so that a unit costs nothing but itself. */
#ifndef BL_ARENA_H
#define BL_ARENA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BL_RUN_MAX 64 /* a longer run of units is searched from the beginning */

struct bl_arena {
	unsigned char *base; /* the same address in every process: mapped before the fork */
	size_t unit;
	uint32_t units, used, most, top; /* `top`: no unit at or above it was ever used */
	/* the writer's */
	uint64_t *taken;           /* a bit a unit */
	uint32_t *born;            /* transaction of a run, at its first unit */
	uint32_t hint[BL_RUN_MAX]; /* below it is no free run of this length */
	struct bl_retired *retired;
	size_t retired_n, retired_cap;
};

/* Unit 0 is never handed out: 0 means none. ENOMEM. */
int bl_arena_init(struct bl_arena *a, size_t unit, size_t bytes) __attribute__((warn_unused_result));
void bl_arena_close(struct bl_arena *a);

/* A run of n units, not zeroed; 0: no room. */
uint32_t bl_arena_take(struct bl_arena *a, uint32_t n, uint32_t txn);
/* At once: nobody but the writer knows the run. */
void bl_arena_free(struct bl_arena *a, uint32_t at, uint32_t n);
/* When readers of `epoch` have left. False: no heap, the run is lost until the next full load. */
void bl_arena_retire(struct bl_arena *a, uint32_t at, uint32_t n, uint32_t epoch);
/* Frees what was retired in epochs up to `epoch`. */
void bl_arena_reclaim(struct bl_arena *a, uint32_t epoch);

/* A reader's process, before its first look: see zk_pages_map. */
void bl_arena_map(const struct bl_arena *a);

static inline void *bl_at(const struct bl_arena *a, uint32_t at)
{
	return a->base + (size_t)at * a->unit;
}
#endif
