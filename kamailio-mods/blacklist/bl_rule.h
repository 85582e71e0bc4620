/* What a row of a list says, and the sets in which the rules of one number are kept: each different set once. */
#ifndef BL_RULE_H
#define BL_RULE_H
#include "bl_arena.h"
#include "zk_text.h"
/* The writer's books hash what tenants enter, so under the seed of this start. */
#define HASH_FUNCTION(key, len, hash) ((hash) = (unsigned)zk_hash(NULL, 0, (const char *)(key), (len)))
#include <uthash.h>

/* Scopes, the widest first: a later one is more specific. Names are the schema's. */
/* clang-format off */
#define BL_SCOPES(X) \
	X(SYSTEM, "system") X(TRUNK_GROUP, "trunk_group") X(TRUNK, "trunk") X(TENANT, "tenant") X(DID, "did") \
	X(AGENT_GROUP, "agent_group") X(ACCOUNT, "account") X(EXTENSION, "extension")
/* clang-format on */
#define BL_COLOURS(X)       X(BLACK, "black") X(WHITE, "white") X(ALWAYS, "always")
#define BL_RESULTS(X)       X(REJECT, "reject") X(PROMPT, "prompt") X(SILENT, "silent")
#define BL_MATCHES(X)       X(EXACT, "exact") X(PREFIX, "prefix") X(PATTERN, "pattern")
#define BL_ENUM(name, text) BL_##name,
enum bl_scope { BL_SCOPES(BL_ENUM) BL_SCOPE_KINDS };
enum bl_colour { BL_COLOURS(BL_ENUM) BL_COLOUR_KINDS };
enum bl_result { BL_RESULTS(BL_ENUM) BL_RESULT_KINDS };
enum bl_match { BL_MATCHES(BL_ENUM) BL_MATCH_KINDS };
enum bl_direction { BL_IN = 1, BL_OUT = 2, BL_BOTH = 3 };
extern const char *const bl_scope_names[];
extern const char *const bl_colour_names[];
extern const char *const bl_result_names[];
extern const char *const bl_match_names[];
extern const char *const bl_direction_names[]; /* by bl_direction */
/* Index of a name; -1: none has it. */
int bl_name(const char *const *names, int n, const char *text, size_t len);

struct bl_rule { /* no padding: it is compared and hashed as bytes, sorted by scope and ref */
	unsigned char scope;
	struct zk_uuid ref; /* whose; zero for system and tenant */
	unsigned char colour, direction, result, overrides, spare;
	uint16_t code;
	struct zk_uuid prompt;
	int64_t from, until; /* seconds since 1970; INT64_MIN, INT64_MAX: no limit */
};
_Static_assert(sizeof(struct bl_rule) == 56, "a rule has no padding");

struct bl_set {           /* in the arena of sets */
	uint32_t n, hash; /* of the rules, for the writer's books */
	struct bl_rule rules[];
};

#define BL_SET_UNIT 64
/* Of one number in one tenant: 500 of scopes narrower than the tenant (schema/0230), and its own. More do not act, for
 * each one more is a set more. */
#define BL_RULES_MAX 512

struct bl_set_node;
struct bl_sets { /* the writer's */
	struct bl_arena *arena;
	struct bl_set_node *known;
	struct bl_set_node *last; /* most rows say what the row before said */
};

/* The set with these rules (sorted, n > 0), counted once more; 0: no room. */
uint32_t bl_set_take(struct bl_sets *s, const struct bl_rule *rules, uint32_t n, uint32_t txn);
void bl_set_drop(struct bl_sets *s, uint32_t set, uint32_t txn, uint32_t epoch);
void bl_sets_clear(struct bl_sets *s); /* forgets the books, not the memory */
size_t bl_sets_count(const struct bl_sets *s);
void bl_sets_each(const struct bl_sets *s, void (*h)(uint32_t set, const struct bl_set *rules, void *arg), void *arg);
void bl_rules_sort(struct bl_rule *rules, uint32_t *n); /* and drops repeats */
/* A rule more in its place among sorted ones, unless it is there; `rules` has room. */
void bl_rules_insert(struct bl_rule *rules, uint32_t *n, const struct bl_rule *rule);
#endif
