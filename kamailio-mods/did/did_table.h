/* What the did module knows: tenants, trunks, numbers and DIDs, and how a call finds its way. Pure: no SIP, no
 * database. */
#ifndef DID_TABLE_H
#define DID_TABLE_H
#include "zk_follow.h"
#include "zk_map.h"
#include <netinet/in.h>

enum did_map { DID_TENANT, DID_TRUNK, DID_NUMBER, DID_DID, DID_MAPS };
enum did_kind { DID_QUEUE, DID_IVR, DID_EXTENSION };

struct did_tenant { /* key: its id */
	struct zk_rec rec;
	bool carrier, enabled;
};
struct did_trunk { /* key: host */
	struct zk_rec rec;
	struct zk_uuid tenant;
	struct in6_addr host; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	bool match_port, enabled;
};
struct did_number { /* key: number as written */
	struct zk_rec rec;
	struct zk_uuid tenant;
	char number[ZK_NUMBER_MAX];
	bool enabled;
};
struct did_did { /* key: number as written */
	struct zk_rec rec;
	struct zk_uuid tenant, target;
	char number[ZK_NUMBER_MAX], caller_prefix[ZK_NUMBER_MAX];
	int priority;
	enum did_kind kind;
	bool enabled;
};

extern const struct zk_table did_tables[DID_MAPS];
const char *did_kind_name(enum did_kind kind);

/* The store of the four maps, and the sink that fills it (its arg is the store). */
int did_store_alloc(struct zk_store **sp) __attribute__((warn_unused_result));
struct zk_sink did_sink(struct zk_store *store);

/* A request's source. An IPv4 address goes in mapped. */
struct did_source {
	struct in6_addr host;
	uint16_t port;
};
bool did_source_parse(struct did_source *s, const char *host, size_t len, uint16_t port);

struct did_trunk_hit {
	struct zk_uuid trunk, tenant;
	bool exact; /* the trunk names this port, too */
};
/* Is the source a trunk, of an enabled tenant? One that names the port wins over one that takes any; then the smallest
 * id. */
bool did_find_trunk(struct zk_store *store, const struct did_source *source, struct did_trunk_hit *hit);

struct did_query {
	const struct did_source *source; /* NULL: any (RPC) */
	const char *called, *caller;
};
struct did_hit {
	struct zk_uuid did, tenant, target, trunk;
	enum did_kind kind;
	char number[ZK_NUMBER_MAX]; /* as the tenant wrote it */
};
enum did_result { DID_FOUND, DID_NO_NUMBER, DID_NO_DESTINATION, DID_NO_TRUNK, DID_RESULTS };
const char *did_result_name(enum did_result r);

/* The called number, first exactly as it came, then with or without its plus: to which tenant, and to where.
 * Of the DIDs of that number that are enabled and whose caller_prefix the caller begins with (a plus on either side is
 * ignored), the longest caller_prefix wins, then the larger priority, then the older id. The call must come from a
 * trunk of that tenant, or of the carrier: tenants don't reach each other by their own trunks. */
enum did_result did_find(struct zk_store *store, const struct did_query *q, struct did_hit *hit);
#endif
