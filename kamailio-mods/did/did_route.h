/* Where a call to a number goes, and which rows said so. */
#ifndef DID_ROUTE_H
#define DID_ROUTE_H
#include "did_trunk.h"

struct did_query {
	const struct did_source *source; /* NULL: any (RPC) */
	const struct zk_uuid *trunk;     /* asked about instead of a source; may be NULL */
	const char *called, *caller;
	int64_t at; /* seconds since 1970, UTC */
};

enum did_result { DID_FOUND, DID_NO_NUMBER, DID_NO_DESTINATION, DID_NO_TRUNK, DID_RESULTS };
const char *did_result_name(enum did_result r);
enum did_by { DID_BY_ROUTE, DID_BY_NUMBER, DID_BY_DEFAULT }; /* what decided */
enum did_segment { DID_ALL_DAY, DID_WORKING, DID_OFF_DUTY, DID_ON_HOLIDAY };
const char *did_by_name(enum did_by by);
const char *did_segment_name(enum did_segment s); /* "" where the route makes no difference */

struct did_hit {
	struct zk_uuid tenant, trunk, number_id, route;
	struct did_dest dest;
	enum did_by by;
	enum did_segment segment;
	bool vip;
	char number[ZK_NUMBER_MAX]; /* as the carrier wrote it */
	struct zk_uuid binding, binding_target;
	char binding_kind[17]; /* "": none */
	bool binding_default;  /* nothing else was for the call */
};

/* The called number is looked up exactly as it came, then with or without its plus, then in its other notations; the
 * call must come from a trunk of that number's tenant, or of the carrier. Of the tenant's routes that are enabled and
 * take the call, the one wins that is first by larger priority; DID one number, group, range (narrower first), pattern,
 * prefix (longer first), any; caller number, pattern, prefix, no number, any; with a trunk before without; with a time
 * before always; older. No route: the number's own extension or account; the tenant's default. The work is that of at
 * most 34 × 34 look-ups by digits, whatever the number of routes, and of the routes found by them. */
enum did_result did_find(struct zk_store *store, const struct did_query *q, struct did_hit *hit);

/* See zk_did.h. */
bool did_works(struct zk_store *store, const struct zk_uuid *tenant, const struct zk_uuid *package, int64_t at);

/* In a zk_read: what a call is to its tenant's routes. */
#define DID_GROUPS_MAX 16
struct did_call {
	struct zk_map *const *maps;
	const struct did_number *number;
	const struct did_tenant *tenant;
	struct zk_uuid trunk;
	char called[ZK_NUMBER_MAX], caller[ZK_NUMBER_MAX]; /* digits */
	struct zk_uuid groups[DID_GROUPS_MAX];
	unsigned group_count;
	struct did_local now;
	bool holiday;
};
enum did_result did_call_make(struct did_call *c, struct zk_map *const *maps, const struct did_query *q);

/* What a route has against the call: bits; 0: it takes it. */
enum {
	DID_NOT_ENABLED = 1,
	DID_NOT_DID = 2,
	DID_NOT_CALLER = 4,
	DID_NOT_TRUNK = 8,
	DID_NOT_TIME = 16,
	DID_NOT_PACKAGE = 32
};
unsigned did_route_against(const struct did_call *c, const struct did_route *r);
/* Below 0: `a` comes before `b`. `*why` becomes the name of what decided. */
int did_route_compare(const struct did_route *a, const struct did_route *b, const char **why);
const struct did_route *did_route_choose(const struct did_call *c);

/* The first binding of the call by larger priority; caller before DID before default; older. */
const struct did_binding *did_binding_choose(const struct did_call *c);
/* That of calls that come by no number (from an agent's phone). */
bool did_binding_default(struct zk_store *store, const struct zk_uuid *tenant, struct did_hit *hit);
#endif
