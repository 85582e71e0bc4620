/* The edge's side of its channel to acd (docs/control-protocol.md, "edge ⇄ acd"): says hello, sends events and keeps
 * them until they are acknowledged, answers requests, connects again for ever. Driven by poll; never blocks. */
#ifndef EDGE_CHANNEL_H
#define EDGE_CHANNEL_H
#include "edge_event.h"
#include <jansson.h>

#define EDGE_KEEP_MAX 10000 /* events kept; over that the oldest goes and the next one sent says `lost` */

struct edge_channel;
/* Answers a command of acd with a new result, or says what is wrong with its parameters in *error (a constant text) and
 * returns NULL; NULL without an error is answered as an internal error. */
typedef json_t *(edge_command_h)(json_t *params, const char **error);
struct edge_command {
	const char *method;
	edge_command_h *h;
};

/* `path`: acd's Unix socket; `name`: this edge's; `sip`: its SIP URI for mediads, or NULL; `commands` end with a NULL
 * method. All borrowed. */
int edge_channel_alloc(struct edge_channel **cp, const char *path, const char *name, const char *sip,
		       const struct edge_command *commands) __attribute__((warn_unused_result));
void edge_channel_free(struct edge_channel *c);
void edge_channel_put(struct edge_channel *c, const struct edge_event *e);

int edge_channel_fd(const struct edge_channel *c);       /* -1: not connected */
short edge_channel_events(const struct edge_channel *c); /* what to poll for */
/* Call when the descriptor is ready or the wait is over. Returns milliseconds until it wants to be called anyway. */
int edge_channel_turn(struct edge_channel *c, int64_t now_us);
bool edge_channel_is_up(const struct edge_channel *c);
size_t edge_channel_waiting(const struct edge_channel *c);
#endif
