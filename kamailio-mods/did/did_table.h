/* What the did module knows, as tables in shared memory: tenants and their clocks, trunks, numbers, groups, inbound
 * routes, working times, bindings. Pure: no SIP, no database. Every text in a record ends with a zero in its last byte
 * at the latest, also in one that is just being written. */
#ifndef DID_TABLE_H
#define DID_TABLE_H
#include "did_digits.h"
#include "did_span.h"
#include "zk_follow.h"
#include "zk_map.h"
#include <netinet/in.h>

enum did_map {
	DID_TENANT,
	DID_TRUNK,
	DID_NUMBERS,
	DID_ALIAS,
	DID_ENTRY,
	DID_ROUTE,
	DID_WORK_TIME,
	DID_PACKAGE,
	DID_HOLIDAY,
	DID_BINDING,
	DID_TRUNK_HOST,
	DID_MAPS
};

enum did_kind {
	DID_TO_NOTHING,
	DID_TO_QUEUE,
	DID_TO_IVR,
	DID_TO_EXTENSION,
	DID_TO_RING_GROUP,
	DID_TO_CONFERENCE,
	DID_TO_VOICEMAIL,
	DID_TO_FAX,
	DID_TO_ACCOUNT,
	DID_TO_APPLICATION,
	DID_TO_EXTERNAL,
	DID_TO_HANGUP,
	DID_TO_PROMPT,
	DID_KINDS
};
const char *did_kind_name(enum did_kind kind);

#define DID_TARGET_MAX 37 /* a UUID's text, with the zero; external numbers are shorter */
struct did_dest {
	uint8_t kind;
	char raw[25]; /* the id's 16 bytes; of external the number, with the zero */
};
/* X-Zj-Target: the id, the number, or "-". */
void did_dest_text(char out[DID_TARGET_MAX], const struct did_dest *d);

struct did_tenant { /* key: its id */
	struct zk_rec rec;
	struct did_zone zone;
	struct did_dest fallback; /* where calls go that no route takes */
	bool carrier, enabled;
};
struct did_trunk_host { /* key: host; a further address of a trunk */
	struct zk_rec rec;
	struct zk_uuid trunk;
	struct in6_addr host;
	uint16_t port;
	bool enabled;
};
struct did_trunk { /* key: host; one that has a name there: all zero, found by its id alone */
	struct zk_rec rec;
	struct zk_uuid tenant;
	struct in6_addr host; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	bool match_port, enabled, tls; /* tls: what comes otherwise is not its */
};
struct did_number { /* key: number as written */
	struct zk_rec rec;
	struct zk_uuid tenant, account, extension, group;
	char number[ZK_NUMBER_MAX];
	bool enabled, inbound, vip;
};
struct did_alias { /* key: the alias */
	struct zk_rec rec;
	struct zk_uuid number, trunk; /* no trunk: on every one */
	char alias[ZK_NUMBER_MAX];
};
struct did_entry { /* key: tenant and entry's digits */
	struct zk_rec rec;
	struct zk_uuid tenant, group;
	char digits[ZK_NUMBER_MAX];
	bool prefix;
};
/* Key: tenant, what it says of the DID (the number's or group's id, or the digits all begin with), and the digits all
 * callers begin with. */
struct did_route {
	struct zk_rec rec;
	struct zk_uuid tenant, trunk, package;
	union {
		struct zk_uuid id; /* number or group */
		char text[ZK_NUMBER_MAX];
	} did;
	char caller[ZK_NUMBER_MAX];
	uint8_t did_match, caller_match;
	bool split, enabled;
	int32_t priority;
	struct did_span span;
	struct did_dest work, off, holiday;
};
struct did_work_time { /* key: its id */
	struct zk_rec rec;
	struct did_span span;
};
#define DID_PACKAGE_MAX 32
struct did_package { /* key: its id */
	struct zk_rec rec;
	uint8_t count;
	bool enabled, closed_on_holidays;
	struct zk_uuid times[DID_PACKAGE_MAX];
};
struct did_holiday { /* key: tenant */
	struct zk_rec rec;
	struct zk_uuid tenant;
	struct did_span span;
	bool enabled;
};
enum did_binding_kind { DID_BIND_CALLER, DID_BIND_DID, DID_BIND_DEFAULT };
struct did_binding { /* key: tenant and caller's digits, number, group, or nothing */
	struct zk_rec rec;
	struct zk_uuid tenant, target, did, trunk;
	char target_kind[17];
	char caller[ZK_NUMBER_MAX];
	uint8_t kind;
	bool enabled;
	int32_t priority;
};

extern const struct zk_table did_tables[DID_MAPS];

/* The store of the maps, and the sink that fills it (its arg is the store). */
int did_store_alloc(struct zk_store **sp) __attribute__((warn_unused_result));
struct zk_sink did_sink(struct zk_store *store);

/* How the maps are keyed. */
uint64_t did_hash_number(const char *number);
uint64_t did_hash_id(const struct zk_uuid *id);
uint64_t did_hash_host(const struct in6_addr *host);
uint64_t did_hash_digits(const struct zk_uuid *tenant, const char *digits, size_t len);
uint64_t did_hash_route(const struct zk_uuid *tenant, const void *did, size_t did_len, const char *caller,
			size_t caller_len);
uint64_t did_hash_binding(const struct zk_uuid *tenant, enum did_binding_kind kind, const void *what, size_t len);

/* Borrowed; NULL: unknown or disabled. */
const struct did_tenant *did_tenant_enabled(struct zk_map *const *maps, const struct zk_uuid *id);
#endif
