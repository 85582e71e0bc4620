/* usrloc's insides, for edge_usrloc.c and edge_peer_usrloc.c only. */
#ifndef EDGE_PEER_USRLOC_H
#define EDGE_PEER_USRLOC_H
#include "edge_usrloc.h"
#include <core/locking.h>
#include <modules/usrloc/hslot.h>
#include <modules/usrloc/udomain.h>
#include <modules/usrloc/usrloc.h>

/* A contact of another edge says so by its server id. */
#define EDGE_UL_OTHERS 1000

extern usrloc_api_t edge_ul;
extern bool edge_ul_told; /* in the channel's process: what changes now another edge has said */
udomain_t *edge_ul_domain(void);

struct edge_ul_texts {
	str contact, callid, agent, path;
};
void edge_ul_info(ucontact_info_t *info, struct edge_ul_texts *held, const struct edge_contact *c);
ucontact_t *edge_ul_find(urecord_t *r, ucontact_info_t *info);

static inline int edge_ul_owner(const ucontact_t *c)
{
	return c->server_id > EDGE_UL_OTHERS ? c->server_id - EDGE_UL_OTHERS : 0;
}
#endif
