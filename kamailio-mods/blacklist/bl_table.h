/* The lists as a whole: one writer, any number of readers that never wait.
 *
 * What readers see is one root that nobody changes any more: the index of numbers, the block of small tables. The
 * writer makes the next root beside it, sharing all that stays, and publishes it with one store: every transaction is
 * one step for readers. They pin the epoch they read in by a counter, so what was replaced is used again only when the
 * last of them has left. Row ids are not kept: what a key has is always said whole (`put`), and a rule's name is
 * computed. */
#ifndef BL_TABLE_H
#define BL_TABLE_H
#include "bl_index.h"
#include "bl_side.h"

struct bl_root {
	struct bl_index index;
	uint32_t side, side_pages, sets, spare;
	uint64_t wide;
	struct zk_uuid carrier; /* whose rows of scope system hold for everybody; zero: not known */
};

struct bl_store;
/* `bytes` of address space; half as much again for sets. Before the fork. */
int bl_store_alloc(struct bl_store **sp, size_t bytes) __attribute__((warn_unused_result));
void bl_store_free(struct bl_store *s);

/* A reader's process, before its first look: see zk_pages_map. */
void bl_store_map(const struct bl_store *s);

/* Between these two, `root` and all it leads to stay. Never waits. */
const struct bl_root *bl_pin(struct bl_store *s, unsigned *pin);
void bl_unpin(struct bl_store *s, unsigned pin);
const struct bl_side_head *bl_root_side(const struct bl_store *s, const struct bl_root *r);
const struct bl_set *bl_root_set(const struct bl_store *s, uint32_t set);
uint32_t bl_root_number(const struct bl_store *s, const struct bl_root *r, const struct bl_key *key);
void bl_root_ahead(const struct bl_store *s, const struct bl_root *r, const struct bl_key *key); /* bl_index_ahead */

/* The writer's transaction. `anew`: begins with nothing, which readers see only at the end (both need room then). Any
 * error, from any of these: the transaction is lost, readers go on with what was there, and the next must be anew. Only
 * E2BIG (a key with more than BL_RULES_MAX rules) is about that key alone, and nothing has changed. */
int bl_begin(struct bl_store *s, bool anew) __attribute__((warn_unused_result));
/* What key has from now on: n rules, in any order; 0: nothing. */
int bl_put(struct bl_store *s, const struct zk_uuid *tenant, enum bl_match match, const char *digits, unsigned len,
	   struct bl_rule *rules, uint32_t n) __attribute__((warn_unused_result));
/* One rule more for the key. */
int bl_add(struct bl_store *s, const struct zk_uuid *tenant, enum bl_match match, const char *digits, unsigned len,
	   const struct bl_rule *rule) __attribute__((warn_unused_result));
/* The key will be added to soon: its place is fetched from memory meanwhile. */
void bl_ahead(struct bl_store *s, const struct zk_uuid *tenant, enum bl_match match, const char *digits, unsigned len);
void bl_carrier(struct bl_store *s, const struct zk_uuid *id);
int bl_commit(struct bl_store *s) __attribute__((warn_unused_result));
void bl_abort(struct bl_store *s);

/* The writer tells each state of a key, whole, as it is put (for the local copy). */
struct bl_journal {
	void (*tenant)(uint32_t index, const struct zk_uuid *id, void *arg); /* before its first key */
	void (*set)(uint32_t set, const struct bl_set *rules, void *arg);    /* before the first key that has it */
	void (*number)(const struct bl_key *key, uint32_t set, void *arg);
	void (*wide)(const struct bl_wide_key *key, uint32_t set, void *arg);
	void *arg;
};
void bl_journal(struct bl_store *s, const struct bl_journal *j);
/* Tells all that there is. The writer's, outside of a transaction. */
void bl_tell_all(struct bl_store *s, const struct bl_journal *j);

struct bl_size {
	uint64_t numbers, wide, sets;
	uint64_t bytes, bytes_most; /* of shared memory in use: now, at most ever */
};
void bl_store_size(struct bl_store *s, struct bl_size *out);
#endif
