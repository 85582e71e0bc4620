/* How the modules edge and trunk meet, without knowing each other's insides: each exports one function by name
 * (find_export). */
#ifndef ZK_TRUNK_H
#define ZK_TRUNK_H
#include "zk_text.h"
#include <jansson.h>

/* trunk exports "trunk_ask": what acd asks of the channel's process. NULL with *error: refused. */
#define ZK_TRUNK_ASK "trunk_ask"
enum zk_trunk_what { ZK_TRUNK_STATUS, ZK_TRUNK_LIVING };
typedef json_t *(*zk_trunk_ask_f)(enum zk_trunk_what what, json_t *params, const char **error);

/* edge exports "edge_trunk_state": a trunk or one of its hosts changed; acd is told. */
#define ZK_EDGE_TRUNK_STATE "edge_trunk_state"
struct zk_trunk_state {
	struct zk_uuid tenant, trunk, host;
	const char *state, *address;
	int ms, code; /* ms < 0: not said */
};
typedef int (*zk_edge_trunk_state_f)(const struct zk_trunk_state *s);
#endif
