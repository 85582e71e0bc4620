/* Which beginnings a tenant's routes and groups have, by their lengths, so that a look asks only for those: of a called
 * number with 13 digits and a caller with 11 there are 170 pairs of beginnings, and hardly a tenant has routes of more
 * than two kinds. A length that was there once stays; tenants may share a place: both cost a look, never a route. */
#ifndef DID_HEADS_H
#define DID_HEADS_H
#include "zk_map.h"

#define DID_BY_ID ZK_NUMBER_MAX /* the length of a route's DID that is named by its id */

/* In shared memory, before the fork. Without it every length is asked for. */
int did_heads_alloc(void) __attribute__((warn_unused_result));
void did_heads_free(void);

/* The writer, before the row is there. */
void did_heads_route(const struct zk_uuid *tenant, size_t did_len, size_t caller_len);
void did_heads_entry(const struct zk_uuid *tenant, size_t len);
/* A bit a length: of the DIDs of routes; of callers, of routes whose DID has this length; of the entries of groups. */
uint64_t did_heads_dids(const struct zk_uuid *tenant);
uint64_t did_heads_callers(const struct zk_uuid *tenant, size_t did_len);
uint64_t did_heads_entries(const struct zk_uuid *tenant);
#endif
