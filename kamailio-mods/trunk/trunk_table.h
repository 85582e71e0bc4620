/* What the trunk module knows of its configuration: trunks and their hosts, groups, rules, numbers that are shown.
 * Pure: no SIP, no database. */
#ifndef TRUNK_TABLE_H
#define TRUNK_TABLE_H
#include "did_clock.h"
#include "zk_follow.h"
#include "zk_map.h"

#define TRUNK_HOST_MAX    254
#define TRUNK_TEXT_MAX    101 /* names that are shown */
#define TRUNK_CODES_MAX   20
#define TRUNK_HEADERS_MAX 1001
#define TRUNK_LIST_MAX    1024 /* bytes of a list of countries and prefixes */
#define TRUNK_POOL_MAX    200
#define TRUNK_AREA_MAX    152 /* fifty characters of a place */
#define TRUNK_PEM_MAX     32769

enum trunk_map {
	TRUNK_TENANT,
	TRUNK_TRUNK,
	TRUNK_HOST,
	TRUNK_GROUP,
	TRUNK_MEMBER,
	TRUNK_RULE,
	TRUNK_NUMBER,
	TRUNK_POOL,
	TRUNK_EMERGENCY,
	TRUNK_CALLER_RULE,
	TRUNK_RATE,
	TRUNK_AREA,
	TRUNK_OWN,
	TRUNK_GUARD,
	TRUNK_CERT,
	TRUNK_MAPS
};

#define TRUNK_CARRIER "carrier" /* the key under which the carrier's own tenant is found */
struct trunk_tenant {           /* key: its id */
	struct zk_rec rec;
	bool carrier, enabled, own_callers;
	struct did_zone zone;
};

struct trunk_trunk { /* key: identifier */
	struct zk_rec rec;
	struct zk_uuid tenant, cascade, package,
		cert; /* package zero: at any time; cert zero: the system's authorities */
	char identifier[65], host[TRUNK_HOST_MAX], cascade_host[TRUNK_HOST_MAX], username[65], password[129];
	char caller_number[ZK_NUMBER_MAX], caller_name[TRUNK_TEXT_MAX * 3], from_user[65], from_domain[101];
	char headers[TRUNK_HEADERS_MAX], dial_string[300];
	char area_code[9], long_distance[9], prefix[18], tls_name[TRUNK_HOST_MAX];
	uint16_t codes[TRUNK_CODES_MAX];
	int port, priority, weight, expires_s, timeout_s, probe_s, disable_after;
	int max_calls, max_cps; /* -1: unlimited */
	int line;               /* trunk_line.h */
	bool registers, tcp, tls, force_caller, own_callers, force_rate, enabled, user_phone, no_identity;
};

struct trunk_host { /* key: trunk. A trunk's own address is a host, too, with the trunk's id */
	struct zk_rec rec;
	struct zk_uuid trunk;
	char host[TRUNK_HOST_MAX];
	int port, priority, weight, line;
	bool enabled;
};

enum trunk_strategy { TRUNK_SEQUENTIAL, TRUNK_RANDOM, TRUNK_ROUND_ROBIN };
struct trunk_group { /* key: its id */
	struct zk_rec rec;
	struct zk_uuid tenant;
	enum trunk_strategy strategy;
};
struct trunk_member { /* key: group */
	struct zk_rec rec;
	struct zk_uuid group, trunk;
	int priority;
};

enum trunk_attribute { TRUNK_ALLOW, TRUNK_DISABLED, TRUNK_FORBID };
struct trunk_rule { /* key: trunk */
	struct zk_rec rec;
	struct zk_uuid tenant, trunk, group; /* group zero: the trunk's own */
	enum trunk_attribute attribute;
	bool by_area;
	int length;
	char prefix[ZK_NUMBER_MAX], area[TRUNK_AREA_MAX], strip[ZK_NUMBER_MAX],
		add[ZK_NUMBER_MAX]; /* prefix "": default */
};

struct trunk_number { /* key: full number */
	struct zk_rec rec;
	struct zk_uuid tenant, trunk; /* trunk zero: any */
	char number[ZK_NUMBER_MAX], name[TRUNK_TEXT_MAX * 3];
	int max_calls;
	bool out, enabled;
};
enum trunk_rotation { TRUNK_IN_TURN, TRUNK_AT_RANDOM, TRUNK_LEAST_USED };
struct trunk_pool { /* key: its id */
	struct zk_rec rec;
	struct zk_uuid tenant;
	enum trunk_rotation rotation;
	bool enabled;
	unsigned n;
	struct zk_uuid numbers[TRUNK_POOL_MAX];
};

struct trunk_emergency { /* key: number */
	struct zk_rec rec;
	struct zk_uuid tenant;
	char number[ZK_NUMBER_MAX];
};

enum trunk_action { TRUNK_REWRITE, TRUNK_REPLACE, TRUNK_ANONYMOUS, TRUNK_FORBIDDEN };
struct trunk_caller_rule { /* key: tenant */
	struct zk_rec rec;
	struct zk_uuid tenant, trunk; /* trunk zero: all */
	enum trunk_action action;
	int length;
	char caller_prefix[ZK_NUMBER_MAX], called_prefix[ZK_NUMBER_MAX]; /* "": default */
	char strip[ZK_NUMBER_MAX], add[ZK_NUMBER_MAX], number[ZK_NUMBER_MAX];
	bool enabled;
};

struct trunk_rate { /* key: account group, or tenant when of no group */
	struct zk_rec rec;
	struct zk_uuid owner, trunk;
	char prefix[ZK_NUMBER_MAX];
	int length, initial_s, increment_s;
	int64_t connection, minute; /* millionths of the tenant's currency */
	bool enabled;
};

struct trunk_area { /* key: prefix */
	struct zk_rec rec;
	struct zk_uuid tenant;
	char prefix[18], area_code[9], province[TRUNK_AREA_MAX], city[TRUNK_AREA_MAX];
};

struct trunk_own { /* key: number; a DID's number, and whose it is */
	struct zk_rec rec;
	struct zk_uuid tenant;
	char number[ZK_NUMBER_MAX];
};

/* What guards limit (trunk_guard.h). */
enum trunk_measure {
	TRUNK_CALLS_HOUR,
	TRUNK_CALLS_DAY,
	TRUNK_SPEND_HOUR,
	TRUNK_SPEND_DAY,
	TRUNK_ABROAD,
	TRUNK_MEASURES
};
enum trunk_subject { TRUNK_OF_TENANT, TRUNK_OF_EXTENSION, TRUNK_OF_ACCOUNT };
struct trunk_guard_row { /* key: tenant, subject and id; id zero: the tenant itself, or each of its kind */
	struct zk_rec rec;
	struct zk_uuid tenant, id;
	enum trunk_subject subject;
	bool by_carrier, bars, enabled;
	int warn, max_s, night_from, night_until;             /* minutes of the day; -1: no night */
	int64_t limit[TRUNK_MEASURES], night[TRUNK_MEASURES]; /* -1: none; at night: as by day */
	char allowed[TRUNK_LIST_MAX], barred[TRUNK_LIST_MAX],
		home[8]; /* home: the country code of numbers without one */
};
struct trunk_cert { /* key: its id; PEM, "": none */
	struct zk_rec rec;
	char authorities[TRUNK_PEM_MAX], certificate[TRUNK_PEM_MAX / 2], key[TRUNK_PEM_MAX / 4];
};

uint64_t trunk_guard_hash(const struct zk_uuid *tenant, enum trunk_subject subject, const struct zk_uuid *id);

extern const struct zk_table trunk_tables[TRUNK_MAPS];
int trunk_store_alloc(struct zk_store **sp) __attribute__((warn_unused_result));
struct zk_sink trunk_sink(struct zk_store *store);

uint64_t trunk_id_hash(const struct zk_uuid *id);
uint64_t trunk_text_hash(const char *text);

/* Texts of PostgreSQL's arrays of numbers: `{1,2}` → out; how many fitted. */
unsigned trunk_parse_codes(uint16_t *out, unsigned max, const char *array);
#endif
