/* What the skins of the edge module share: the store, the ring to acd, what the script asked last. */
#ifndef EDGE_MOD_H
#define EDGE_MOD_H
#include "edge_channel.h"
#include "edge_relay.h"
#include "edge_table.h"
#include "zk_kam.h"

extern struct zk_store *edge_store;
extern struct edge_ring *edge_ring;
extern struct edge_relays *edge_relays;
extern struct edge_hit edge_hit; /* of the message in hand in this process */

/* edge_ban_mod.c */
extern struct edge_lifted *edge_lifted;
extern struct zk_uuid edge_last_ban;
int edge_w_banned(struct sip_msg *msg, char *what, char *p2);
int edge_w_lifted(struct sip_msg *msg, char *id, char *p2);
int edge_w_ban(struct sip_msg *msg, char *kind, char *what, char *because, char *seconds);
const char *edge_source(const struct sip_msg *msg);
int edge_w_from_here(struct sip_msg *msg, char *address, char *p2);

int64_t edge_wall_us(void);
int64_t edge_mono_us(void);
/* Puts an event for acd into the ring. */
bool edge_tell(const struct edge_event *e);

/* edge_media_mod.c: relays and what needs one. */
struct edge_media_said { /* what the last edge_media()/edge_relay_choose() of this process said */
	struct edge_media_answer answer;
	int relay;
};
extern struct edge_media_said edge_media_said;
extern const struct edge_command edge_commands[]; /* edge_command_mod.c */
int edge_param_relay(modparam_t type, void *value);
int edge_param_direct(modparam_t type, void *value);
int edge_w_media(struct sip_msg *msg, char *address, char *trunk, char *facts);
int edge_w_media_fix(struct sip_msg *msg, char *address, char *facts);
int edge_w_relay_choose(struct sip_msg *msg, char * not, char *p2);
int edge_w_relay_up(struct sip_msg *msg, char *id, char *p2);
void edge_relay_changed(int id, bool up, void *arg); /* a probe's word: log and event */
void edge_rpc_relays(rpc_t *rpc, void *ctx);
extern const char *const edge_relays_doc[];

/* edge_inbound_mod.c */
int edge_w_side(struct sip_msg *msg, char *p1, char *p2);
int edge_w_inbound(struct sip_msg *msg, char *p1, char *p2);

/* edge_wire_mod.c */
int edge_param_wire(modparam_t type, void *value);
int edge_wire_init(const char *inside, const char *secret); /* inside: the dispatcher's list; NULL: nothing is hidden */

/* edge_ask_mod.c: each telephone is asked once in so many seconds; 0: never. 0 or -1. */
int edge_ask_init(int every_s);

/* edge_phone_mod.c */
extern int edge_lamp_port; /* of our own PUBLISHes; 0: none */
int edge_w_may_watch(struct sip_msg *msg, char *watcher, char *watched, char *domain, char *event);
int edge_w_watched(struct sip_msg *msg, char *watched, char *domain, char *event, char *expires);
extern struct edge_lamps *edge_lamps; /* of the channel's process */
#endif
