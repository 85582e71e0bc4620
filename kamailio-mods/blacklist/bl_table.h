/* Who is barred: rules by number, exact or prefix, black or white, of a tenant or of the carrier for everybody.
 *
 * Decision 8 of the requirements: a black rule at any scope bars. If a scope has white rules in force, only the numbers
 * they name pass at that scope. A white rule never lifts a wider scope's black one (no column says it should). Pure: no
 * SIP, no database.
 *
 * A rule's key is the hash of (tenant, match, digits); the table stores 12 bytes a slot and one record a rule. */
#ifndef BL_TABLE_H
#define BL_TABLE_H
#include "zk_follow.h"
#include "zk_map.h"

enum bl_map { BL_TENANT, BL_RULE, BL_WHITE, BL_MAPS };
enum bl_direction { BL_IN = 1, BL_OUT = 2, BL_BOTH = 3 };

struct bl_tenant { /* key: its id; the carrier also at a fixed key, see bl_table.c */
	struct zk_rec rec;
};
struct bl_rule { /* in BL_RULE by (tenant, match, digits); white ones also in BL_WHITE by tenant */
	struct zk_rec rec;
	struct zk_uuid tenant;
	int64_t valid_from, valid_until; /* seconds since 1970; INT64_MIN, INT64_MAX: no limit */
	char digits[ZK_NUMBER_MAX];      /* without the plus */
	uint16_t code;
	unsigned char direction;
	bool prefix, white;
};

enum bl_table { BL_TABLE_TENANT, BL_TABLE_BLACKLIST, BL_TABLES };
extern const struct zk_table bl_tables[BL_TABLES];

int bl_store_alloc(struct zk_store **sp) __attribute__((warn_unused_result));
struct zk_sink bl_sink(struct zk_store *store);

struct bl_query {
	struct zk_uuid tenant; /* zero: the carrier's rules only */
	const char *number;
	enum bl_direction direction;
	int64_t now; /* seconds since 1970 */
};
struct bl_answer {
	bool barred;
	uint16_t code;
	struct zk_uuid rule; /* zero: barred because the number is on no white list of `scope` */
	struct zk_uuid scope;
};
/* The tenant's rules first, then the carrier's; exact before prefix, longer prefixes first: the first black one
 * decides. */
int bl_check(struct zk_store *store, const struct bl_query *q, struct bl_answer *a);

/* Number of rules of a colour; `code` of a white list's refusal. */
#define BL_WHITE_CODE 403
#endif
