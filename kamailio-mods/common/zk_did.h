/* What the module did does for others, by exports that they find by name (find_export). */
#ifndef ZK_DID_H
#define ZK_DID_H
#include "zk_text.h"
#include <netinet/in.h>

/* Is this moment (seconds since 1970) within a package of work times, in its tenant's time zone? A package that is
 * disabled or unknown is never open. */
#define ZK_DID_WORKS "did_works"
typedef bool (*zk_did_works_f)(const struct zk_uuid *tenant, const struct zk_uuid *package, int64_t at);

/* The addresses (IPv4 as ::ffff:a.b.c.d) that the name of a trunk's host has now: calls from there are the trunk's.
 * n 0: none any more. One process calls it. */
#define ZK_DID_NAMED     "did_named"
#define ZK_DID_NAMED_MAX 4
struct zk_did_addr {
	struct in6_addr host;
	uint16_t port;
};
typedef void (*zk_did_named_f)(const struct zk_uuid *host, const struct zk_uuid *trunk, const struct zk_did_addr *addr,
			       unsigned n);
#endif
