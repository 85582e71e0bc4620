/* What several edges tell each other over their links (edge_peer.h): whose phones are where, entries of hash tables
 * (bans, failures), which trunks are registered. All of it is state, not news: saying it again does no harm, and a link
 * that begins says everything. In the channel's process. */
#ifndef EDGE_SHARE_H
#define EDGE_SHARE_H
#include "edge_event.h"
#include "edge_peer.h"

/* Does nothing, and all others do nothing, when this is the only edge. 0, or why not. */
/* `drain` takes what is in the ring: what the others say changes usrloc, which puts as much into it as they have
 * phones. */
int edge_share_alloc(const char *sip, const char *secret, void (*drain)(void *arg), void *arg);
/* An event on its way to acd: the others hear what concerns them. False: acd need not hear it. */
bool edge_share_event(struct edge_event *e);
unsigned edge_share_fds(struct pollfd *fds);
int edge_share_turn(int64_t now_us);
#endif
