#include "edge_flow.h"
#include "edge_mod.h"
#include "edge_peer_usrloc.h"
#include "zk_log.h"
#include <core/dset.h>
#include <core/ip_addr.h>
#include <core/parser/parse_rr.h>
#include <core/parser/parse_uri.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SPECS_MAX (EDGE_PEERS_MAX + 1)

struct edge_peer_table *edge_peers_known;
static const char *specs[SPECS_MAX];
static unsigned n_specs;
static const char *own_sip = "", *own_secret = "";

/* Kept until our own name is known. */
int edge_param_peer(modparam_t type, void *value)
{
	(void)type;
	if (n_specs == SPECS_MAX) {
		LM_ERR("parameter peer: at most %d edges\n", EDGE_PEERS_MAX);
		return -1;
	}
	specs[n_specs++] = value;
	return 0;
}

int edge_flow_init(const char *name, const char *sip, const char *secret)
{
	struct edge_peer_table *t = n_specs ? zk_mem_alloc(sizeof *t) : NULL;
	if (!n_specs)
		return 0;
	if (!t)
		return -1;
	memset(t, 0, sizeof *t);
	t->since_us = edge_mono_us();
	if (!zk_copy(t->name, sizeof t->name, name, strlen(name))) {
		LM_ERR("parameter name: at most %d characters\n", EDGE_PEER_NAME - 1);
		return -1;
	}
	for (unsigned i = 0; i < n_specs; i++)
		if (edge_peer_add(t, specs[i])) {
			LM_ERR("parameter peer: NAME=ADDRESS:PORT, each name once, at most %d; not '%s'\n",
			       EDGE_PEERS_MAX, specs[i]);
			return -1;
		}
	if (t->n && (!t->port || !secret || strlen(secret) < 16 || !sip)) {
		LM_ERR("with several edges each needs sip, a secret of 16 characters that all have, and a peer '%s'\n",
		       name);
		return -1;
	}
	own_sip = sip;
	own_secret = secret;
	edge_peers_known = t;
	return 0;
}

bool edge_owns(const struct zk_uuid *id)
{
	return !edge_peers_known || edge_peer_owns(edge_peers_known, id, edge_mono_us());
}

/* `HASH.RUID.SEAL`: the hash of the address of record leads to the slot. */
static bool token(char *out, size_t size, const char *hash_ruid)
{
	char seal[EDGE_SEAL];
	edge_peer_seal(seal, own_secret, "flow", hash_ruid);
	return snprintf(out, size, "%s.%s", hash_ruid, seal) < (int)size;
}

/* zjat: where the phone is, for whoever decides about its media. */
bool edge_flow_path(char out[EDGE_PATH_MAX], const struct edge_contact *c)
{
	char aor[284], id[160], flow[224], at[64] = "";
	const char *to = c->received[0] ? c->received : c->contact;
	struct sip_uri uri;
	int n = snprintf(aor, sizeof aor, "%s@%s", c->aor, c->domain);
	str s = {aor, n};
	if (n >= (int)sizeof aor ||
	    snprintf(id, sizeof id, "%08x.%s", edge_ul.get_aorhash(&s), c->ruid) >= (int)sizeof id ||
	    !token(flow, sizeof flow, id))
		return false;
	if (parse_uri((char *)to, (int)strlen(to), &uri) == 0)
		(void)zk_copy(at, sizeof at, uri.host.s, (size_t)uri.host.len);
	return snprintf(out, EDGE_PATH_MAX, "<sip:%s@%s;lr;zjat=%s>", flow, own_sip + 4, at) < EDGE_PATH_MAX;
}

/* True when the message comes from another edge's SIP port. Anybody can write that as the source of a UDP packet: what
 * it asks for must be sealed. */
int edge_w_from_peer(struct sip_msg *msg, char *p1, char *p2)
{
	char from[96];
	(void)p1, (void)p2;
	if (!edge_peers_known || !edge_peers_known->n || msg->rcv.proto != PROTO_UDP)
		return -1;
	bool six = msg->rcv.src_ip.af == AF_INET6;
	snprintf(from, sizeof from, "sip:%s%s%s:%d", six ? "[" : "", ip_addr2a(&msg->rcv.src_ip), six ? "]" : "",
		 msg->rcv.src_port);
	for (unsigned i = 0; i < edge_peers_known->n; i++)
		if (!strcmp(edge_peers_known->peer[i].sip, from))
			return 1;
	return -1;
}

static int lead_to(struct sip_msg *msg, ucontact_t *c)
{
	str path = c->path, first;
	if (rewrite_uri(msg, &c->c) < 0)
		return -1;
	reset_dst_uri(msg);
	if (path.len) {
		if (get_path_dst_uri(&path, &first) < 0 || set_path_vector(msg, &path) < 0 ||
		    set_dst_uri(msg, &first) < 0)
			return -1;
	} else if (c->received.len && set_dst_uri(msg, &c->received) < 0) {
		return -1;
	}
	if (c->sock)
		set_force_socket(msg, c->sock);
	msg->otcpid = c->tcpconn_id;
	return 1;
}

/* Takes the token of a flow of ours: the request goes to the phone at its end. -1: not made by us; -2: the flow is no
 * more. */
int edge_w_flow(struct sip_msg *msg, char *p_token, char *p2)
{
	char given[224], want[224], *dot, *ruid_at;
	urecord_t *r = NULL;
	ucontact_t *c = NULL;
	(void)p2;
	if (!zk_kam_arg(msg, p_token, given, sizeof given))
		return -1;
	memcpy(want, given, sizeof want);
	dot = strrchr(want, '.');
	ruid_at = strchr(want, '.');
	if (!dot || dot == ruid_at)
		return -1;
	*dot = '\0';
	char id[224];
	memcpy(id, want, sizeof id);
	if (!token(want, sizeof want, id) || strcmp(want, given) != 0)
		return -1;
	char *ruid_s = strchr(id, '.') + 1;
	str ruid = {ruid_s, (int)strlen(ruid_s)};
	udomain_t *d = edge_ul_domain();
	unsigned hash = (unsigned)strtoul(id, NULL, 16);
	if (!d || edge_ul.get_urecord_by_ruid(d, hash, &ruid, &r, &c) < 0)
		return -2;
	str aor = *c->aor;
	int said = VALID_CONTACT(c, time(NULL)) && !edge_ul_owner(c) ? lead_to(msg, c) : -2;
	edge_ul.unlock_udomain(d, &aor);
	return said;
}

static bool same_phone(const str *a, unsigned a_reg, const branch_t *b)
{
	return a_reg && b->reg_id && a->len == (int)b->instance_len && a->len &&
	       !memcmp(a->s, b->instance, (size_t)a->len);
}

/* After a lookup: true when two of the branches are flows to the same phone (RFC 5626), of which one at a time is to be
 * tried. All get the same q then, for that is all that decides which are tried at once. */
int edge_w_flows(struct sip_msg *msg, char *p1, char *p2)
{
	branch_t *a, *b;
	bool two = false;
	(void)p1, (void)p2;
	for (int i = -1; i < 0 || get_sip_branch(i); i++) {
		a = i < 0 ? NULL : get_sip_branch(i);
		str instance = a ? (str){a->instance, (int)a->instance_len} : msg->instance;
		for (int k = i + 1; (b = get_sip_branch(k)); k++)
			two |= same_phone(&instance, a ? (unsigned)a->reg_id : (unsigned)msg->reg_id, b);
	}
	if (!two)
		return -1;
	set_ruri_q(Q_UNSPECIFIED);
	for (int i = 0; (a = get_sip_branch(i)); i++)
		a->q = Q_UNSPECIFIED;
	return 1;
}

/* Takes (table, key, value or +N, seconds or 0): the other edges have that entry, too, or add N to theirs. */
int edge_w_share(struct sip_msg *msg, char *p_table, char *p_key, char *p_value, char *p_seconds)
{
	struct edge_event e = {.kind = EDGE_SHARED};
	char seconds[16];
	if (!edge_peers_known || !edge_peers_known->n)
		return 1;
	if (!zk_kam_arg(msg, p_table, e.because, sizeof e.because) ||
	    !zk_kam_arg(msg, p_key, e.contact, sizeof e.contact) ||
	    !zk_kam_arg(msg, p_value, e.agent, sizeof e.agent) || !zk_kam_arg(msg, p_seconds, seconds, sizeof seconds))
		return -1;
	if (e.agent[0] == '+')
		e.code = atoi(e.agent + 1);
	e.expires_s = atoi(seconds);
	return edge_tell(&e) ? 1 : -1;
}

const char *const edge_peers_doc[] = {"The other edges, and which are linked: edge.peers.", NULL};
void edge_rpc_peers(rpc_t *rpc, void *ctx)
{
	void *out;
	for (unsigned i = 0; edge_peers_known && i < edge_peers_known->n; i++) {
		struct edge_peer *y = &edge_peers_known->peer[i];
		if (rpc->add(ctx, "{", &out) >= 0)
			rpc->struct_add(out, "sssds", "edge", y->name, "sip", y->sip, "host", y->host, "port", y->port,
					"state", atomic_load(&y->up) ? "up" : "down");
	}
}
