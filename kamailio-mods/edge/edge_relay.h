/* The media relays (rtpengines) of this edge: which live, and which one takes the next call. The table is in shared
 * memory; SIP workers read it, the module's channel process asks each relay for its health. */
#ifndef EDGE_RELAY_H
#define EDGE_RELAY_H
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define EDGE_RELAYS_MAX     16
#define EDGE_RELAY_EVERY_MS 200 /* a ping */
#define EDGE_RELAY_MISSES                                                                                              \
	5 /* silent for a second: down; a closed port is down at once. Once a second its uptime is asked */

struct edge_relays;
/* `spec`: "ID=udp:HOST:PORT[;weight=N]", ID 1 to 99 (rtpengine's set id), weight 0 (only when no other lives) to 100.
 * EINVAL: not that; EEXIST: that id again; ENOSPC. The first call makes the table (*rp NULL). */
int edge_relay_add(struct edge_relays **rp, const char *spec) __attribute__((warn_unused_result));
void edge_relays_free(struct edge_relays *r);
unsigned edge_relays_living(const struct edge_relays *r);
bool edge_relay_is_up(const struct edge_relays *r, int id);
/* The relay for a call: living, by weight, spread by `random`; 0: none lives. `not`: this one is not wanted (0: any).
 */
int edge_relay_choose(const struct edge_relays *r, uint32_t random, int not );
/* True when that changes what is known of it. */
bool edge_relay_set(struct edge_relays *r, int id, bool up);
/* The n-th relay's id and address; 0: there are not so many. */
int edge_relay_nth(const struct edge_relays *r, unsigned n, const char **address, int *weight);

/* The health check of one process. */
struct edge_probe;
typedef void(edge_probe_h)(int id, bool up, void *arg);
int edge_probe_alloc(struct edge_probe **pp, struct edge_relays *r, edge_probe_h *h, void *arg)
	__attribute__((warn_unused_result));
void edge_probe_free(struct edge_probe *p);
/* Descriptors to poll for reading; how many were written. */
unsigned edge_probe_fds(const struct edge_probe *p, struct pollfd *fds, unsigned max);
/* Reads answers, sends pings that are due; `h` hears changes. Milliseconds until the next ping. */
int edge_probe_turn(struct edge_probe *p, int64_t now_us);
#endif
