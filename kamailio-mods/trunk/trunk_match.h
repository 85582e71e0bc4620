/* How numbers meet rules: prefixes, lengths, areas. Pure. */
#ifndef TRUNK_MATCH_H
#define TRUNK_MATCH_H
#include "trunk_table.h"
#include "zj_dial.h"

/* The four ranks of a rate: prefix and length, length alone, prefix alone, neither; within a rank the longer prefix.
 * -1: not. */
int trunk_fit_rate(const char *prefix, int length, const char *number);

/* The row of the attribution table for a number as the tenant sees it; NULL: unknown. */
const struct trunk_area *trunk_area_of(struct zk_map *const *maps, const struct zk_uuid *tenant, const char *number);
const struct trunk_tenant *trunk_carrier(struct zk_map *const *maps);

/* The rule of a trunk that a called number meets, a group's before the trunk's own; NULL: none. */
struct trunk_rule_query {
	struct zk_uuid tenant, group;
	const struct trunk_trunk *trunk;
	const char *number;
	const struct trunk_area *area; /* may be NULL */
};
const struct trunk_rule *trunk_rule_find(struct zk_map *const *maps, const struct trunk_rule_query *q);

/* The best rule for the caller's number of `owner` (a tenant); NULL: none. */
const struct trunk_caller_rule *trunk_caller_rule_find(struct zk_map *const *maps, const struct zk_uuid *owner,
						       const struct zk_uuid *trunk, const char *caller,
						       const char *called);

/* The best rate of one level; NULL: none. */
const struct trunk_rate *trunk_rate_find(struct zk_map *const *maps, const struct zk_uuid *owner, const char *number);

bool trunk_is_emergency(struct zk_map *const *maps, const struct zk_uuid *tenant, const char *number);
#endif
