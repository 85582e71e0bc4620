/* Lamps of telephones (RFC 4235, RFC 3842, RFC 3863): what is watched, how it is, and the PUBLISHes that tell the
 * presence server so. The server is this very Kamailio's presence module, which keeps everything in memory and knows no
 * source but this one: a UDP socket of ours whose port the script compares. One process drives it; nothing blocks. */
#ifndef EDGE_LAMP_H
#define EDGE_LAMP_H
#include "edge_event.h"
#include <stdbool.h>
#include <stdint.h>

#define EDGE_LAMPS_MAX 50000 /* an extension and event each; over that a watcher sees what is published by chance */

enum edge_lamp_kind { EDGE_LAMP_DIALOG, EDGE_LAMP_MESSAGES, EDGE_LAMP_PRESENCE, EDGE_LAMP_KINDS };
const char *edge_lamp_event(enum edge_lamp_kind kind); /* dialog, message-summary, presence */
bool edge_lamp_kind(enum edge_lamp_kind *kind, const char *event);

/* Opens the socket towards `sip` ("sip:IP:PORT"), before the fork. Its port, or 0. */
int edge_lamp_open(const char *sip);

struct edge_lamps;
int edge_lamps_alloc(struct edge_lamps **lp) __attribute__((warn_unused_result));
void edge_lamps_free(struct edge_lamps *l);
/* Somebody watches it (an EDGE_WATCHED event) until expires_s are over. False: there are too many. */
bool edge_lamps_watch(struct edge_lamps *l, const struct edge_event *e, int64_t now_us);

struct edge_lamp_state { /* of one extension, as acd says */
	const char *domain, *number, *state, *direction, *id;
	bool registered, has_box;
	int fresh, old;
};
/* Publishes what of it is watched and has changed. */
void edge_lamps_set(struct edge_lamps *l, const struct edge_lamp_state *s, int64_t now_us);
/* acd has forgotten who is watched: `h` hears of each, as when it began. */
void edge_lamps_tell(struct edge_lamps *l, void (*h)(const struct edge_event *e, void *arg), void *arg, int64_t now_us);
int edge_lamps_fd(void); /* to poll for reading; -1: none */
/* Reads answers, repeats what got none, forgets what nobody watches. */
void edge_lamps_turn(struct edge_lamps *l, int64_t now_us);
unsigned edge_lamps_count(const struct edge_lamps *l);
#endif
