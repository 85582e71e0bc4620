/* Which trunk a request comes from. */
#ifndef DID_TRUNK_H
#define DID_TRUNK_H
#include "did_table.h"
#include "zk_did.h"

/* Hosts of trunks that are names: what they lead to now (see zk_did.h). */
int did_names_alloc(void) __attribute__((warn_unused_result));
void did_names_free(void);
void did_named(const struct zk_uuid *host, const struct zk_uuid *trunk, const struct zk_did_addr *addr, unsigned n);

/* A request's source. An IPv4 address goes in mapped. secure: it came over TLS. */
struct did_source {
	struct in6_addr host;
	uint16_t port;
	bool secure;
};
bool did_source_parse(struct did_source *s, const char *host, size_t len, uint16_t port);

struct did_trunk_hit {
	struct zk_uuid trunk, tenant;
	bool exact; /* the trunk names this port, too */
};
/* Is the source a trunk, of an enabled tenant? One that names the port wins over one that takes any; then the smallest
 * id. */
bool did_find_trunk(struct zk_store *store, const struct did_source *source, struct did_trunk_hit *hit);

/* Is this trunk where the request comes from? */
bool did_trunk_is(struct zk_map *const *maps, const struct zk_uuid *trunk, const struct did_source *source);
/* By which trunk a call to `tenant` comes: the tenant's own before the carrier's, one that names the port before one
 * that does not. */
bool did_choose_trunk(struct zk_map *const *maps, const struct did_source *source, const struct zk_uuid *tenant,
		      struct zk_uuid *trunk);
#endif
