/* Which trunks and hosts a call may take, in which order, and what it says there. Pure: reads the tables, knows no
 * counters. */
#ifndef TRUNK_PLAN_H
#define TRUNK_PLAN_H
#include "trunk_match.h"
#include <netinet/in.h>

#define TRUNK_CANDIDATES 16
#define TRUNK_CALLED_MAX 64
#define TRUNK_ADDRS      4 /* of a host whose name has several */

enum trunk_object { TRUNK_BY_RATE, TRUNK_ONE, TRUNK_SOME }; /* no object: rates must name one; a trunk; a group */

struct trunk_query {
	struct zk_uuid tenant, object, account_group, pool, extension, account; /* zero: none */
	enum trunk_object kind;
	char called[ZK_NUMBER_MAX], caller[ZK_NUMBER_MAX], caller_name[TRUNK_TEXT_MAX * 3];
	bool anonymous, emergency;
};

enum trunk_why {
	TRUNK_FOUND,
	TRUNK_NO_TRUNK,  /* none is named, or what is named does not exist or is disabled */
	TRUNK_RULE_BARS, /* a trunk's rule, list or caller rule forbids the call on every trunk */
	TRUNK_NO_RATE,   /* every trunk demands a rate and none fits */
	TRUNK_NOT_OWN,   /* the tenant may show its own numbers only, and this is none */
	TRUNK_WHYS
};
const char *trunk_why_name(enum trunk_why why);

struct trunk_candidate {
	struct zk_uuid trunk, host;
	char called[TRUNK_CALLED_MAX];
	unsigned bare; /* where in it the number begins, behind what the trunk itself puts before all */
};
struct trunk_plan {
	enum trunk_why why;
	unsigned n;
	struct trunk_candidate c[TRUNK_CANDIDATES];
};

/* `turn` counts the calls of the group (round robin); `random` is any number. A chosen number of a trunk (`number` not
 * NULL, with a trunk) binds the call to that trunk. */
void trunk_plan(struct zk_store *store, const struct trunk_query *q, const struct zk_uuid *number_trunk, unsigned turn,
		uint64_t random, struct trunk_plan *plan);

/* The same for people who ask: over what the call goes, and why each trunk that was looked at is in the plan or not. */
enum trunk_verdict { TRUNK_PLANNED, TRUNK_OFF, TRUNK_BARRED, TRUNK_RATELESS };
struct trunk_opinion {
	struct zk_uuid trunk, rule; /* rule: the trunk's rule that the number met; zero: none */
	enum trunk_verdict verdict;
};
#define TRUNK_OPINIONS 64
struct trunk_trail {
	const char *by;      /* number, rate, trunk, trunk_group; "": nothing names a trunk */
	struct zk_uuid rate; /* that the call meets; zero: none */
	unsigned n;
	struct trunk_opinion o[TRUNK_OPINIONS];
};
void trunk_plan_trail(struct zk_store *store, const struct trunk_query *q, const struct zk_uuid *number_trunk,
		      unsigned turn, uint64_t random, struct trunk_plan *plan, struct trunk_trail *trail);

/* The rate of such a call: of the account group, of the tenant, of the carrier; on this trunk (NULL: any). NULL: none.
 */
const struct trunk_rate *trunk_rate_of(struct zk_map *const *maps, const struct trunk_query *q,
				       const struct zk_uuid *trunk);

struct trunk_addr {
	struct in6_addr ip; /* IPv4 mapped */
	uint16_t port;
};
/* A literal address; false: a name. */
bool trunk_addr_parse(struct trunk_addr *a, const char *host, int port);
/* A copy of the trunk's row. */
bool trunk_find(struct zk_store *store, const struct zk_uuid *id, struct trunk_trunk *out);
int trunk_channels(struct zk_store *store, const struct zk_uuid *id); /* at most; -1: unlimited, or no such trunk */

/* What one attempt says and where it goes, from the tables as they are now. False: the trunk or the host is gone or
 * disabled. */
struct trunk_hop {
	struct zk_uuid trunk, host, via; /* via: the host record whose address is the next hop */
	struct trunk_trunk t;
	char uri[512], next[TRUNK_HOST_MAX]; /* next "": the host `via` */
	int port, line;                      /* line of `via`; 0: it does not speak TLS */
	char caller[ZK_NUMBER_MAX], caller_name[TRUNK_TEXT_MAX * 3], from_domain[TRUNK_HOST_MAX];
	bool anonymous, is_literal;
	struct trunk_addr literal; /* the host's address, when it is no name */
};
bool trunk_hop(struct zk_store *store, const struct trunk_query *q, const struct trunk_candidate *c,
	       struct trunk_hop *hop);

/* The number of a pool that is next: `turn` counts the pool's calls, `calls` tells how many calls show a number now.
 * Zero: none. */
typedef int(trunk_calls_h)(const struct zk_uuid *number, void *arg);
struct trunk_chosen {
	struct zk_uuid number, trunk; /* zero: none */
	int max_calls;
	char text[ZK_NUMBER_MAX], name[TRUNK_TEXT_MAX * 3];
};
bool trunk_pool_choose(struct zk_store *store, const struct trunk_query *q, unsigned turn, uint64_t random,
		       trunk_calls_h *calls, void *arg, struct trunk_chosen *chosen);
/* The trunk number (of this tenant) that is this caller; false: it is none. */
bool trunk_number_of(struct zk_store *store, const struct zk_uuid *tenant, const char *number,
		     struct trunk_chosen *chosen);
/* May this tenant show this number? */
bool trunk_may_show(struct zk_store *store, const struct zk_uuid *tenant, const char *number);
bool trunk_emergency(struct zk_store *store, const struct zk_uuid *tenant, const char *number);
#endif
