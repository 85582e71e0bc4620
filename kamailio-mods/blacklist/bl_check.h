/* The decision: is this number barred at any of the scopes that a call touches?
 *
 * Decision 8 of the requirements: a black rule at any scope bars. If a scope has a white list in force, only its
 * numbers pass there. The most specific scope with a white list lifts wider scopes' black rules when the white rule
 * says so
 * (`overrides`); it never lifts a wider white list. A rule of colour `always` (the carrier's) lets pass whatever else
 * is said: emergency numbers. */
#ifndef BL_CHECK_H
#define BL_CHECK_H
#include "bl_table.h"

#define BL_SCOPES_MAX 16 /* of one call, with system and tenant */
#define BL_SEEN_MAX   64
#define BL_WHITE_CODE 403 /* who is on no white list */

struct bl_at {
	enum bl_scope scope;
	struct zk_uuid ref;
};

struct bl_query {
	struct zk_uuid tenant; /* zero: the carrier's rules only */
	const char *number;
	enum bl_direction direction;
	int64_t now;        /* seconds since 1970 */
	bool only_these;    /* neither system nor tenant, but those of `at` */
	bool own_black_off; /* the tenant's black rules do not act (its switch for this direction is off) */
	unsigned n;
	struct bl_at at[BL_SCOPES_MAX - 2]; /* beside system and tenant, in any order */
};

/* A rule that named the number, for the explanation. */
struct bl_seen {
	struct zk_uuid tenant, name; /* whose row; the row's column `rule` */
	enum bl_match match;
	char number[BL_DIGITS_MAX + 2]; /* the row's: prefix, pattern */
	struct bl_rule rule;
	bool in_force, counts; /* its time and direction are now; and its scope is the call's */
};

struct bl_answer {
	bool barred;
	uint16_t code;
	enum bl_result result;
	enum bl_scope scope;
	struct zk_uuid ref, prompt, owner; /* owner: the tenant whose rule it is */
	struct zk_uuid rule;               /* its name; zero: on no white list of `scope` */
	bool lifted;                       /* a white rule overrode a black one */
};

/* `seen` may be NULL; else up to BL_SEEN_MAX rules, *seen_n how many. */
void bl_check(struct bl_store *s, const struct bl_query *q, struct bl_answer *a, struct bl_seen *seen,
	      unsigned *seen_n);
#endif
