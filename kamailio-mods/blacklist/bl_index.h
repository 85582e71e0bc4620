/* Number and tenant → set of rules: the one large table. Exact: no two keys are the same 9 bytes, nothing is guessed.
 *
 * A directory of 2^depth entries leads to segments of at most 20 pages; each is an open-addressed table of 12-byte
 * slots that is 75 % full. What readers may know is never written: a change copies its segment (and the directory), and
 * the owner publishes the whole. So a growing segment needs its own size once more, the table never does, and a deleted
 * key leaves no tombstone. */
#ifndef BL_INDEX_H
#define BL_INDEX_H
#include "bl_arena.h"

#define BL_PAGE        4096
#define BL_TENANTS_MAX (1u << 22)
#define BL_SETS_MAX    (1u << 24)

struct bl_key {
	uint64_t code;   /* bl_code(): 50 bits */
	uint32_t tenant; /* 22 bits */
};

/* One state of the table; readers take it from what was published. */
struct bl_index {
	uint64_t seed, count;
	uint32_t dir, depth; /* first page of the directory */
};

/* 0: not listed. Any process. */
uint32_t bl_index_find(const struct bl_arena *a, const struct bl_index *ix, const struct bl_key *key);
/* The key will be asked for soon: its place is fetched from memory meanwhile. */
void bl_index_ahead(const struct bl_arena *a, const struct bl_index *ix, const struct bl_key *key);

/* The writer's. An index without a directory is empty and can be found in. Pages replaced are retired in `epoch`, those
 * of this transaction are freed at once. */
int bl_index_begin(struct bl_arena *a, struct bl_index *ix, uint64_t seed, uint32_t txn)
	__attribute__((warn_unused_result));
/* Sets (0: removes) a key's set; *old receives what it was. ENOMEM: nothing changed. */
int bl_index_put(struct bl_arena *a, struct bl_index *ix, const struct bl_key *key, uint32_t set, uint32_t *old,
		 uint32_t txn, uint32_t epoch) __attribute__((warn_unused_result));
/* Calls h with every key until it returns false. */
typedef bool(bl_index_h)(const struct bl_key *key, uint32_t set, void *arg);
void bl_index_each(const struct bl_arena *a, const struct bl_index *ix, bl_index_h *h, void *arg);
#endif
