/* What an inbound call is decided by, as two functions of the script: each text is read once, ids stay ids between the
 * modules (docs/decisions/094). */
#include "edge_mod.h"
#include "zk_bl.h"
#include "zk_did.h"
#include "zk_trunk.h"
#include <core/parser/msg_parser.h>
#include <core/parser/parse_from.h>
#include <core/parser/parse_uri.h>

static zk_did_from_f did_from;
static zk_did_called_f did_called;
static zk_bl_caller_f bl_caller;
static zk_trunk_enter_f trunk_enter;

/* The other modules may be loaded later than this one, or (in a test's script) not at all. */
static bool found(void)
{
	static bool looked;
	if (!looked) {
		did_from = (zk_did_from_f)find_export(ZK_DID_FROM, 0, 0);
		did_called = (zk_did_called_f)find_export(ZK_DID_CALLED, 0, 0);
		bl_caller = (zk_bl_caller_f)find_export(ZK_BL_CALLER, 0, 0);
		trunk_enter = (zk_trunk_enter_f)find_export(ZK_TRUNK_ENTER, 0, 0);
		looked = true;
	}
	return did_from && did_called && bl_caller && trunk_enter;
}

/* Who asks. 1: a trunk (by its port; or by its host, and From is of no tenant's domain); 2: somebody whose From is of a
 * tenant's domain, $edge(tenant); -1: nobody known. Trunks speak UDP or plain TCP. */
int edge_w_side(struct sip_msg *msg, char *p1, char *p2)
{
	enum zk_did_from from = ZK_FROM_NO_TRUNK;
	(void)p1;
	(void)p2;
	edge_hit = (struct edge_hit){0};
	if (!found())
		return -1;
	if (msg->rcv.proto == PROTO_UDP || msg->rcv.proto == PROTO_TCP)
		from = did_from(msg);
	if (from == ZK_FROM_TRUNK_PORT)
		return 1;
	const struct sip_uri *uri = parse_from_uri(msg);
	if (uri && edge_find_tenant(edge_store, uri->host.s, (size_t)uri->host.len, &edge_hit.tenant))
		return 2;
	return from == ZK_FROM_TRUNK ? 1 : -1;
}

/* A call from a trunk: whose number ($did(…)), is the caller barred ($bl(…)), has the trunk a channel left. 1, or what
 * refuses: -1 no such number, -2 no destination for this caller, -3 not from a trunk of that tenant, -4 barred, -5
 * full. */
int edge_w_inbound(struct sip_msg *msg, char *p1, char *p2)
{
	char called[128], caller[128] = "";
	struct zk_did_called did;
	(void)p1;
	(void)p2;
	const struct sip_uri *from = parse_from_uri(msg);
	if (!found() || parse_sip_msg_uri(msg) < 0 ||
	    !zk_copy(called, sizeof called, msg->parsed_uri.user.s, (size_t)msg->parsed_uri.user.len) ||
	    (from && !zk_copy(caller, sizeof caller, from->user.s, (size_t)from->user.len)))
		return -1;
	int64_t now_us = edge_wall_us();
	int result = did_called(msg, called, caller, now_us / 1000000, &did);
	if (result != 1)
		return result;
	/* System, tenant, DID and trunk; the lists of a phone, its account and agent group when it is to ring
	 * (mediad.cfg). But where the number leads straight to one of them, nobody is disturbed. */
	if (bl_caller(&(struct zk_bl_call){did.tenant, did.did, did.trunk, did.extension, did.account}, caller,
		      now_us / 1000000))
		return -4;
	return trunk_enter(msg, &did.trunk, now_us) ? 1 : -5;
}
