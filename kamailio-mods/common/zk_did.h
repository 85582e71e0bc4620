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

/* Where a request comes from: is that a trunk's address, and does the trunk name this port, too? $did(trunk…). */
#define ZK_DID_FROM "did_from"
struct sip_msg;
enum zk_did_from { ZK_FROM_NO_TRUNK, ZK_FROM_TRUNK, ZK_FROM_TRUNK_PORT };
typedef enum zk_did_from (*zk_did_from_f)(const struct sip_msg *msg);

/* Who is called: did_lookup() for those who have texts and want ids. 1, or its failures; $did(…). */
#define ZK_DID_CALLED "did_called"
struct zk_did_called {
	struct zk_uuid tenant, did, trunk;
	struct zk_uuid extension, account; /* where the number leads straight to one; else zero */
};
typedef int (*zk_did_called_f)(const struct sip_msg *msg, const char *called, const char *caller, int64_t now_s,
			       struct zk_did_called *out);
#endif
