/* The toll fraud guard: which guards a call meets, what they say of the called country, and what they limit. A guard is
 * about a tenant, an extension or an account; all that fit must be kept. Pure: reads the tables, knows no counters. */
#ifndef TRUNK_GUARD_H
#define TRUNK_GUARD_H
#include "trunk_plan.h"

const char *trunk_measure_name(enum trunk_measure m); /* calls_hour …: what acd, the CDR and the console call it */

/* What a call costs, in millionths of the tenant's currency. */
struct trunk_price {
	int64_t connection, minute;
	int initial_s, increment_s; /* covered by the connection's price; charged by so many seconds */
};
int64_t trunk_price_of(const struct trunk_price *p, int64_t talked_us);
#define TRUNK_ESTIMATE_US 60000000LL /* what a call is thought to last until it is known */

struct trunk_watch { /* the limits of one guard for this call, as they are at this hour */
	struct zk_uuid guard, subject;
	enum trunk_subject kind;
	bool bars;                     /* else it only raises alarms */
	int warn;                      /* per cent */
	int64_t limit[TRUNK_MEASURES]; /* -1: none */
};

#define TRUNK_WATCHES  4 /* the carrier's, the tenant's, the extension's, the account's */
#define TRUNK_SUBJECTS 3
struct trunk_guarded {
	struct zk_uuid tenant;
	unsigned n, n_subjects;
	struct trunk_watch w[TRUNK_WATCHES];
	struct { /* whose calls are counted */
		struct zk_uuid id;
		enum trunk_subject kind;
	} subject[TRUNK_SUBJECTS];
	bool abroad, barred;                        /* barred: the country is not called */
	struct zk_uuid by;                          /* the guard that says so; zero: nobody allowed it */
	char digits[ZK_NUMBER_MAX + 4], country[3]; /* "": of no country */
	int max_s;                                  /* the longest that the call may last; 0: no limit */
	struct trunk_price price;
};

/* `plan` NULL: the number goes out as it is. */
void trunk_guard(struct zk_store *store, const struct trunk_query *q, const struct trunk_plan *plan, int64_t now_us,
		 struct trunk_guarded *g);
#endif
