/* What SIP workers tell acd: fixed-size events in a bounded ring of shared memory that many put into and one takes
 * from. */
#ifndef EDGE_EVENT_H
#define EDGE_EVENT_H
#include "zk_text.h"

/* Kinds, and the methods of docs/control-protocol.md they become. */
#define EDGE_EVENTS(X)                                                                                                 \
	X(EDGE_REJECTED, "edge.rejected")                                                                              \
	X(EDGE_REGISTERED, "edge.registered")                                                                          \
	X(EDGE_EXPIRED, "edge.expired")                                                                                \
	X(EDGE_RELAY_DOWN, "edge.relay_down")                                                                          \
	X(EDGE_RELAY_UP, "edge.relay_up")                                                                              \
	X(EDGE_BANNED, "edge.banned")                                                                                  \
	X(EDGE_GUARD, "edge.guard")                                                                                    \
	X(EDGE_TRUNK_STATE, "edge.trunk_state")                                                                        \
	X(EDGE_WATCHED, "edge.watched")
/* EDGE_SHARED, an entry of a hash table: table in because, key in contact, value in agent or (code > 0) what is added.
 */
#define EDGE_EVENT_ENUM(kind, method) kind,
enum edge_kind { EDGE_EVENTS(EDGE_EVENT_ENUM) EDGE_KINDS, EDGE_SHARED /* for the other edges only */ };
const char *edge_kind_method(enum edge_kind kind);

/* Of registrations, in `code`: the phone's flow ends here (else at another edge that said so); another edge said so
 * just now; the phone itself took back what is another edge's (its id there is in sip_call_id). */
enum { EDGE_HELD = 1, EDGE_TOLD = 2, EDGE_DROP = 4 };

/* Texts are escaped already (zk_escape): foreign bytes never reach JSON or a log as they are. */
struct edge_event {
	enum edge_kind kind;
	int code, expires_s;
	unsigned count;
	int64_t at_us;
	struct zk_uuid call, tenant, trunk, rule; /* zero: not said */
	char because[24] /* EDGE_WATCHED: the SIP event */, extension[24], source[64];
	char aor[284]; /* EDGE_REGISTERED, EDGE_EXPIRED: user@domain as usrloc has it; for the other edges */
	char caller[136] /* EDGE_WATCHED: the domain, in this edge only */, callee[72], sip_call_id[136], contact[264],
		agent[136];
};

/* The event's parameters as JSON without the opening brace and `seq`; the caller frees it. NULL: no memory. */
char *edge_event_json(const struct edge_event *e);

struct edge_ring;
/* `size` is a power of two. Made before the fork. */
int edge_ring_alloc(struct edge_ring **rp, unsigned size) __attribute__((warn_unused_result));
void edge_ring_free(struct edge_ring *r);
/* Any process, never waits. False: full, the event is dropped and counted. */
bool edge_ring_put(struct edge_ring *r, const struct edge_event *e);
/* The one taker. */
bool edge_ring_take(struct edge_ring *r, struct edge_event *e);
unsigned long edge_ring_dropped(const struct edge_ring *r);
int edge_ring_fd(
	const struct edge_ring *r); /* readable while there may be events; edge_ring_take until false clears it */
#endif
