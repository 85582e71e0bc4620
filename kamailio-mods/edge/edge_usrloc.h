/* Registrations: Kamailio's usrloc keeps them in memory; this watches it for acd and walks it for answers and
 * write-back. */
#ifndef EDGE_USRLOC_H
#define EDGE_USRLOC_H
#include "edge_event.h"
#include "zk_map.h"
#include <jansson.h>

/* In mod_init, after usrloc's. Changes are told to `ring`, tenants found in `store`. 0 or -1. */
int edge_usrloc_init(struct edge_ring *ring, struct zk_store *store);

/* One contact, borrowed. Times are seconds since 1970. */
struct edge_contact {
	const char *aor, *domain; /* user part and domain of the address of record */
	const char *ruid, *contact, *received, *path, *callid, *user_agent, *socket, *instance;
	long expires, last_modified;
	int cseq, q, reg_id;
	unsigned flags, cflags, methods;
	bool transient; /* over TCP, TLS, a WebSocket: gone with its connection */
	unsigned aorhash;
	long heard;  /* when it registered or answered last */
	int misses;  /* questions in a row without an answer (edge_ask.h) */
	long rtt_us; /* of the last answer; -1: not asked yet */
	int owner;   /* where its flow ends: 0 here, else at peer owner - 1 (edge_peer.h) */
};
typedef void(edge_contact_h)(const struct edge_contact *c, void *arg);
/* Every living contact. One hash slot at a time is locked while it is copied; `h` runs without a lock. */
void edge_usrloc_walk(edge_contact_h *h, void *arg);
/* The contacts of one address of record (user@domain). */
void edge_usrloc_walk_aor(const char *aor, edge_contact_h *h, void *arg);
/* Every contact of one hash slot; false when there is no such slot. */
bool edge_usrloc_walk_slot(int slot, edge_contact_h *h, void *arg);
/* Puts a saved contact back unless it is there already. */
void edge_usrloc_restore(const struct edge_contact *c);
/* Grows with every change: somebody who saw the same number twice missed nothing between. */
unsigned long edge_usrloc_changes(void);

/* ---- of other edges (edge_peer_usrloc.c) ---- */
/* What `owner` says are all of its contacts of that address: others of it go, these come. One that we have newer stays.
 * `wins`: of two that are equally new its counts. In the channel's process, as all of these. */
void edge_usrloc_take(int owner, bool wins, const char *aor, const struct edge_contact *c, unsigned n);
/* The owner died. Phones on UDP are reached from here now, those on connections are gone. One hash slot after the
 * other, from 0 on; false: there is no such slot. */
struct edge_lost {
	unsigned on_udp, on_connections; /* counted up */
};
bool edge_usrloc_lost(int owner, int slot, struct edge_lost *l);
/* A phone took this contact of ours back at another edge. */
void edge_usrloc_drop(const char *aor, const char *ruid);

/* A page of `edge.registrations`: [{tenant, extension, contact, held}] of one tenant or (zero) all. `after`: 0, then
 * what the page before made of it; -1: that was the last one. */
json_t *edge_usrloc_registrations(const struct zk_uuid *tenant, int *after);
#endif
