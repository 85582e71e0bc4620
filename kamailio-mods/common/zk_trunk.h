/* How the modules edge and trunk meet, without knowing each other's insides: each exports functions by name
 * (find_export). */
#ifndef ZK_TRUNK_H
#define ZK_TRUNK_H
#include "zk_text.h"
#include <jansson.h>

/* trunk exports "trunk_ask": what acd asks of the channel's process. NULL with *error: refused. */
#define ZK_TRUNK_ASK "trunk_ask"
enum zk_trunk_what { ZK_TRUNK_STATUS, ZK_TRUNK_LIVING };
typedef json_t *(*zk_trunk_ask_f)(enum zk_trunk_what what, json_t *params, const char **error);

/* trunk exports "trunk_enter": trunk_in() for those who have the id. False: the trunk is full. */
#define ZK_TRUNK_ENTER "trunk_enter"
struct sip_msg;
typedef bool (*zk_trunk_enter_f)(struct sip_msg *msg, const struct zk_uuid *trunk, int64_t now_us);

/* trunk exports "trunk_elsewhere": another edge, whose it is, has registered (or failed to register) this trunk. */
#define ZK_TRUNK_ELSEWHERE "trunk_elsewhere"
typedef void (*zk_trunk_elsewhere_f)(const struct zk_uuid *trunk, const char *state);

/* edge exports "edge_owns": is it for this edge to do what one edge alone may do, such as to register a trunk? */
#define ZK_EDGE_OWNS "edge_owns"
typedef bool (*zk_edge_owns_f)(const struct zk_uuid *id);

/* edge exports "edge_guard_alarm": the toll guard's limits, reached or almost; acd is told. */
#define ZK_EDGE_GUARD "edge_guard_alarm"
struct zk_guard_alarm {
	struct zk_uuid tenant, guard, subject;
	const char *kind, *measure; /* kind: tenant, extension, account */
	int percent;
	int64_t used, limit; /* money in millionths */
};
typedef int (*zk_edge_guard_f)(const struct zk_guard_alarm *a);

/* edge exports "edge_trunk_state": a trunk or one of its hosts changed; acd is told. */
#define ZK_EDGE_TRUNK_STATE "edge_trunk_state"
struct zk_trunk_state {
	struct zk_uuid tenant, trunk, host;
	const char *state, *address, *because; /* because: of a host over TLS that is down; "": not known */
	int ms, code;                          /* ms < 0: not said */
};
typedef int (*zk_edge_trunk_state_f)(const struct zk_trunk_state *s);
#endif
