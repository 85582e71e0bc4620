/* Refusals above 10 a second from one source become one event with a count, so that a flood at the edge is not a flood
 * at acd. Pure: the clock comes with each call. */
#ifndef EDGE_FLOOD_H
#define EDGE_FLOOD_H
#include "edge_event.h"

#define EDGE_FLOOD_RATE    10
#define EDGE_FLOOD_SOURCES 4096 /* watched at once; more share one place by hash */

struct edge_flood;
typedef void(edge_flood_h)(const struct edge_event *e, void *arg);

/* `h` hears every event that is to be sent, at once or from edge_flood_tick. */
int edge_flood_alloc(struct edge_flood **fp, edge_flood_h *h, void *arg) __attribute__((warn_unused_result));
void edge_flood_free(struct edge_flood *f);
void edge_flood_put(struct edge_flood *f, const struct edge_event *e, int64_t now_us);
/* Sends what has been held for a second. Returns microseconds until the next is due, -1: nothing is held. */
int64_t edge_flood_tick(struct edge_flood *f, int64_t now_us);
#endif
