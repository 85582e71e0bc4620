/* Tables in shared memory: one writer (the module's own process), any number of readers (SIP workers) that never wait.
 *
 * A store holds several maps; each maps a 64-bit hash of a key to the chain of fixed-size records with that key, and a
 * row's id to its record. Readers work in two steps. They pin one of two generations by a counter, so a generation that
 * is being replaced is freed only after its last reader left. Inside it they copy what they need and look again at the
 * store's sequence number: a change of a few rows is made in place within microseconds, and whoever read meanwhile
 * reads anew. Many rows, or no room, are put into a copy that is published when complete.
 *
 * A row changes from one whole state to another for every reader, and so do all rows of one transaction. */
#ifndef ZK_MAP_H
#define ZK_MAP_H
#include "zk_text.h"

#define ZK_MAPS_MAX 16

/* Where the tables live: shared memory in Kamailio, malloc in unit tests. NULL when exhausted. */
void *zk_mem_alloc(size_t size);
void zk_mem_free(void *p);

/* Every record begins so. The rest is the module's and is copied as bytes: no pointers in it. */
struct zk_rec {
	uint64_t hash; /* of the key; 0: the record is free */
	uint32_t next, prev;
	struct zk_uuid id;
};

struct zk_store;
struct zk_map; /* one map of one generation */

int zk_store_alloc(struct zk_store **sp, const size_t *record_sizes, unsigned maps) __attribute__((warn_unused_result));
void zk_store_free(struct zk_store *s);

/* The writer's transaction. adds[i] rows will be put into map i (more may be, when the sum is above ZK_IN_PLACE_MAX);
 * `anew` begins with empty maps (which readers see only at the end). ENOMEM, here or at the end: nothing changed,
 * readers go on with what was there. */
#define ZK_IN_PLACE_MAX 256
int zk_write_begin(struct zk_store *s, const size_t *adds, bool anew) __attribute__((warn_unused_result));
void zk_put(struct zk_store *s, unsigned map, const void *rec); /* replaces the record of the same id */
bool zk_del(struct zk_store *s, unsigned map, const struct zk_uuid *id);
int zk_write_end(struct zk_store *s) __attribute__((warn_unused_result));

/* Calls `h` with the maps, again if a write came between: it must start from nothing each time, copy what it finds, and
 * trust no length it reads. EAGAIN: the writer died in the middle of a write. */
typedef void(zk_read_h)(struct zk_map *const *maps, void *arg);
int zk_read(struct zk_store *s, zk_read_h *h, void *arg);
/* There is no row of any map: many instances have none of some kinds, and need not pin anything to see it. */
bool zk_is_empty(const struct zk_store *s);

/* The records of a hash, each borrowed until `h` returns; other keys may share the hash, so compare the key. */
struct zk_iter {
	const struct zk_map *map;
	uint32_t at;
	size_t left; /* ends a chain that a concurrent write bent into a ring */
};
const void *zk_first(const struct zk_map *m, uint64_t hash, struct zk_iter *it);
const void *zk_next(struct zk_iter *it);
const void *zk_by_id(const struct zk_map *m, const struct zk_uuid *id);
size_t zk_count(const struct zk_map *m);

/* Copies up to `max` records starting with index *from into `out` and moves *from on; 0 when there are no more. */
size_t zk_dump(struct zk_store *s, unsigned map, uint32_t *from, void *out, size_t max);
size_t zk_store_count(struct zk_store *s, unsigned map);
size_t zk_store_bytes(struct zk_store *s, unsigned map);
/* A reader's process, before its first read: see zk_pages_map. */
void zk_store_map(struct zk_store *s);
#endif
