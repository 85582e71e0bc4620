/* Several edges that are one: each has a link (TCP, one JSON object a line) to each other one. Who is there proves that
 * it has the edges' common secret before a word of it is listened to; a link that closes, or falls silent, is an edge
 * that died. What is said over it is edge_share's business. Pure, but for sockets; driven by poll in one process,
 * nothing blocks. */
#ifndef EDGE_PEER_H
#define EDGE_PEER_H
#include "zk_text.h"
#include <jansson.h>
#include <poll.h>
#include <stdatomic.h>

#define EDGE_PEERS_MAX    8 /* edges, this one included: as many as acd takes */
#define EDGE_PEER_NAME    32
#define EDGE_PEER_BEAT_US 500000  /* something is said so often */
#define EDGE_PEER_DEAD_US 3000000 /* nothing heard for so long: dead */
#define EDGE_PEER_FDS     (1 + EDGE_PEERS_MAX * 2)

/* Who else is an edge, in shared memory: written before the fork and by the link's process, read by all. */
struct edge_peer {
	char name[EDGE_PEER_NAME], host[64];
	int port;
	char sip[96]; /* "sip:HOST:PORT" of its SIP over UDP, "" until it said so */
	_Atomic bool up;
};
struct edge_peer_table {
	char name[EDGE_PEER_NAME]; /* ours */
	char host[64];             /* where we listen */
	int port;
	unsigned n; /* others */
	struct edge_peer peer[EDGE_PEERS_MAX];
	int64_t since_us; /* when we began, monotonic */
};

/* Adds "NAME=HOST:PORT" (HOST an address, IPv6 in brackets) to a table whose own name is set. 0, EINVAL, EEXIST,
 * ENOSPC. */
int edge_peer_add(struct edge_peer_table *t, const char *spec);
/* Does something that one edge alone may do belong to us? Of all that live the one whose name and `id` hash highest.
 * False for the first seconds of our life while an other one has not been seen: it may well be there. */
bool edge_peer_owns(const struct edge_peer_table *t, const struct zk_uuid *id, int64_t now_us);
/* A seal over `text` that only who knows `secret` can make: 32 hex digits. */
#define EDGE_SEAL 33
void edge_peer_seal(char out[EDGE_SEAL], const char *secret, const char *kind, const char *text);

struct edge_peer_ops {
	void (*up)(unsigned peer, void *arg);
	void (*down)(unsigned peer, void *arg);
	void (*heard)(unsigned peer, json_t *message, void *arg);
	/* There is room to say more of what is long (edge_peers_say): false when all of it is said. */
	bool (*more)(unsigned peer, void *arg);
};
struct edge_peers;
/* Everything is borrowed. Listens at once: 0, ENOMEM or why it cannot. */
int edge_peers_alloc(struct edge_peers **pp, struct edge_peer_table *t, const char *secret, const char *sip,
		     const struct edge_peer_ops *ops, void *arg) __attribute__((warn_unused_result));
void edge_peers_free(struct edge_peers *p);
/* To one peer, or (EDGE_PEERS_MAX) to all that are up. Steals the message. */
void edge_peers_say(struct edge_peers *p, unsigned peer, json_t *message);
/* `more` is asked again, by all that are up: everything was said, but something was missed. */
void edge_peers_again(struct edge_peers *p);
unsigned edge_peers_fds(const struct edge_peers *p, struct pollfd *fds); /* at most EDGE_PEER_FDS */
/* Call when a descriptor is ready or the wait is over: milliseconds until it wants to be called anyway. */
int edge_peers_turn(struct edge_peers *p, int64_t now_us);

/* Bytes of any kind as a JSON string and back: foreign texts need not be UTF-8. */
json_t *edge_bytes_json(const char *s, size_t len);
/* False: it does not fit, or is no such string. */
bool edge_json_bytes(char *out, size_t size, const json_t *text);
#endif
