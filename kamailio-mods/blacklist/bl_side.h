/* The small tables beside the large one: tenants, prefixes, long numbers, patterns, and when which scope has a white
 * list. The writer's books are ordinary hash tables; readers see one block that is made anew whenever they change. */
#ifndef BL_SIDE_H
#define BL_SIDE_H
#include "bl_number.h"
#include "bl_rule.h"

#define BL_PATTERNS_MAX 256 /* a tenant's; the schema says less */

struct bl_tenant { /* a reader's view of a tenant that has rows */
	struct zk_uuid id;
	uint32_t index;   /* in bl_key.tenant */
	uint32_t lengths; /* bit n-1: there are prefixes of n digits */
	uint32_t pattern_first, patterns;
	uint16_t white; /* bit of a scope kind: some scope of this kind may have a white list */
	uint16_t longs; /* there are numbers of more than 15 digits */
};

struct bl_window {
	int64_t from, until;
};

struct bl_side_head; /* begins the block */

const struct bl_tenant *bl_side_tenant(const struct bl_side_head *s, const struct zk_uuid *id);
/* The tenant will be asked for soon: its place is fetched from memory meanwhile. */
void bl_side_ahead(const struct bl_side_head *s, const struct zk_uuid *tenant);
/* Set of a prefix or of a long number (`match`); 0: none. */
uint32_t bl_side_find(const struct bl_side_head *s, uint32_t tenant, enum bl_match match, const char *digits,
		      unsigned len);
/* The i-th pattern of a tenant and its set. */
const char *bl_side_pattern(const struct bl_side_head *s, const struct bl_tenant *t, uint32_t i, uint32_t *set);
bool bl_side_white(const struct bl_side_head *s, const struct bl_tenant *t, enum bl_scope scope,
		   const struct zk_uuid *ref, enum bl_direction d, int64_t now);

/* The writer's books. */
struct bl_wide_key {
	uint32_t tenant;
	unsigned char match, len;
	char digits[BL_DIGITS_MAX + 2];
};
struct bl_wide { /* prefixes, patterns, long numbers */
	UT_hash_handle hh;
	struct bl_wide_key key;
	uint32_t set;
};
struct bl_white_key {
	uint32_t tenant;
	unsigned char scope, direction, spare[2];
	struct zk_uuid ref;
	int64_t from, until;
};
struct bl_white {
	UT_hash_handle hh;
	struct bl_white_key key;
	uint64_t count; /* rows */
};
struct bl_tenant_node {
	UT_hash_handle hh;
	struct zk_uuid id;
	uint32_t index;
};
struct bl_books {
	struct bl_tenant_node *tenants, **by_index;
	uint32_t tenants_n, tenants_cap;
	struct bl_wide *wide;
	struct bl_white *white;
	bool dirty; /* readers see something else */
};

void bl_books_clear(struct bl_books *b);
/* The tenant's index, made if it is new. BL_TENANTS_MAX: no room. */
uint32_t bl_books_tenant(struct bl_books *b, const struct zk_uuid *id);
/* Sets (0: removes) the set of a prefix, pattern or long number. */
int bl_books_wide(struct bl_books *b, const struct bl_wide_key *key, uint32_t set, uint32_t *old);
/* Counts the white rules of a set, by +1 or -1. */
int bl_books_white(struct bl_books *b, uint32_t tenant, const struct bl_set *set, int by);
/* The block for readers in `a`; *pages how long it is. 0: no room. */
uint32_t bl_books_publish(const struct bl_books *b, struct bl_arena *a, uint32_t txn, uint32_t *pages);
#endif
