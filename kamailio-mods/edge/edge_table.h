/* Whose domain is it, and whose extension: what registration and authentication need without a database. Pure. */
#ifndef EDGE_TABLE_H
#define EDGE_TABLE_H
#include "edge_media.h"
#include "zk_follow.h"
#include "zk_map.h"

#define EDGE_HA1_SIZE   65 /* 32 hex digits (MD5), room for SHA-256's 64 */
#define EDGE_NUMBER_MAX 17

enum edge_map { EDGE_TENANT, EDGE_EXTENSION, EDGE_TRUNK, EDGE_BAN, EDGE_PAIR, EDGE_MAPS };
enum edge_range { EDGE_RANGE_NONE, EDGE_RANGE_GROUP, EDGE_RANGE_TEAM };

struct edge_tenant { /* key: domain */
	struct zk_rec rec;
	char domain[ZK_DOMAIN_MAX];
	bool enabled;
};
struct edge_extension { /* key: tenant and number */
	struct zk_rec rec;
	struct zk_uuid tenant;
	char number[EDGE_NUMBER_MAX], ha1[EDGE_HA1_SIZE];
	bool enabled;
	enum edge_policy media;
	enum edge_encryption encryption;
	char host[52]; /* the address or network it may come from; "": any */
	int max_contacts;
	struct zk_uuid account;
	enum edge_range watch;
};
struct edge_pair { /* an account in an account group; key: account */
	struct zk_rec rec;
	struct zk_uuid account, group;
};
struct edge_trunk { /* by id only: what the did module found */
	struct zk_rec rec;
	enum edge_policy media;
	enum edge_encryption encryption;
};

#define EDGE_WHAT_MAX 129
struct edge_ban { /* key: address or user@domain */
	struct zk_rec rec;
	int64_t until; /* seconds since 1970 */
	char what[EDGE_WHAT_MAX];
};

extern const struct zk_table edge_tables[EDGE_MAPS];
int edge_store_alloc(struct zk_store **sp) __attribute__((warn_unused_result));
struct zk_sink edge_sink(struct zk_store *store);

/* The enabled tenant of a SIP domain (any case). */
bool edge_find_tenant(struct zk_store *store, const char *domain, size_t len, struct zk_uuid *tenant);

struct edge_hit {
	struct zk_uuid tenant, extension;
	char ha1[EDGE_HA1_SIZE], host[52];
	int max_contacts;
	enum edge_policy media;
	enum edge_encryption encryption;
};
/* An enabled extension of an enabled tenant. */
bool edge_find_extension(struct zk_store *store, const char *domain, size_t domain_len, const char *number,
			 size_t number_len, struct edge_hit *hit);
/* May an extension with this `host` come from that address? */
bool edge_host_allows(const char *host, const char *address);

/* Is there a row that bans this address or user (user@domain) at `now` (seconds)? */
bool edge_find_ban(struct zk_store *store, const char *what, size_t len, int64_t now);

/* Bans that were lifted: ids of rows that went. Written by the module's own process, read by all. */
#define EDGE_LIFTED 512 /* remembered; older ones have been looked at or have run out */
struct edge_lifted;
int edge_lifted_alloc(struct edge_lifted **lp) __attribute__((warn_unused_result));
void edge_lifted_put(struct edge_lifted *l, const struct zk_uuid *id);
bool edge_lifted_has(const struct edge_lifted *l, const struct zk_uuid *id);
void edge_sink_lifted(struct edge_lifted *l); /* where the sink puts them; NULL: nowhere */

/* May the extension `watcher` see how `watched` of the same domain is? `own`: only itself. */
bool edge_may_watch(struct zk_store *store, const char *domain, const char *watcher, const char *watched, bool own);
/* A trunk's policies for media; the defaults when there is no such trunk. */
void edge_trunk_media(struct zk_store *store, const struct zk_uuid *trunk, struct edge_media_ask *ask);
#endif
