/* Flows: the way to a phone whose connection, or whose hole in a NAT, ends at this edge alone. Another edge names it by
 * a token in a Path (RFC 3327, RFC 5626 5.2), which only this edge can have made. */
#ifndef EDGE_FLOW_H
#define EDGE_FLOW_H
#include "edge_peer.h"
#include "edge_usrloc.h"
#include "zk_kam.h"

#define EDGE_PATH_MAX 640

extern struct edge_peer_table *edge_peers_known; /* NULL: nothing was configured */
/* Kamailio's parameters. */
int edge_param_peer(modparam_t type, void *value);
/* Once all parameters are there: who we are. 0 or -1. */
int edge_flow_init(const char *name, const char *sip, const char *secret);
/* The Path by which other edges reach that contact of ours. */
bool edge_flow_path(char out[EDGE_PATH_MAX], const struct edge_contact *c);
bool edge_owns(const struct zk_uuid *id);

int edge_w_from_peer(struct sip_msg *msg, char *p1, char *p2);
int edge_w_flow(struct sip_msg *msg, char *token, char *p2);
int edge_w_flows(struct sip_msg *msg, char *p1, char *p2);
int edge_w_share(struct sip_msg *msg, char *table, char *key, char *value, char *seconds);

extern const char *const edge_peers_doc[];
void edge_rpc_peers(rpc_t *rpc, void *ctx);
#endif
