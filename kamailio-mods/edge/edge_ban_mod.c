/* Bans: who is not listened to for a while. A worker that bans gives the ban an id; the script keeps it in the table
 * `ban` (at once, and at the other edges: edge_share), acd writes the row, and every edge follows the rows. A row that
 * goes lifts it.
 */
#include "edge_mod.h"
#include <arpa/inet.h>
#include <core/ip_addr.h>
#include <core/parser/msg_parser.h>
#include <stdlib.h>
#include <string.h>

struct edge_lifted *edge_lifted;
struct zk_uuid edge_last_ban;

/* Whom a ban names: an IPv4 address; of IPv6 the network of 64 bits, for whoever has one address there has them all. */
const char *edge_source(const struct sip_msg *msg)
{
	static char text[INET6_ADDRSTRLEN + 4];
	struct ip_addr net = msg->rcv.src_ip;
	if (net.af != AF_INET6)
		return ip_addr2a(&net);
	memset(net.u.addr + 8, 0, 8);
	inet_ntop(AF_INET6, net.u.addr, text, INET6_ADDRSTRLEN);
	return strcat(text, "/64");
}

/* Takes (address or user@domain): true when a row bans it. */
int edge_w_banned(struct sip_msg *msg, char *p_what, char *p2)
{
	char what[EDGE_WHAT_MAX];
	(void)p2;
	if (!zk_kam_arg(msg, p_what, what, sizeof what))
		return -1;
	return edge_find_ban(edge_store, what, strlen(what), edge_wall_us() / 1000000) ? 1 : -1;
}

/* Takes a ban's id: true when its row has been deleted since. */
int edge_w_lifted(struct sip_msg *msg, char *p_id, char *p2)
{
	char text[64];
	struct zk_uuid id;
	(void)p2;
	if (!zk_kam_arg(msg, p_id, text, sizeof text) || !zk_uuid_parse(&id, text))
		return -1;
	return edge_lifted_has(edge_lifted, &id) ? 1 : -1;
}

/* Takes (address|user|lock, what, because, seconds): tells acd; $edge(ban) is the new ban's id. lock: the account of
 * the last edge_extension() is held back, which is no ban, at the address or (because everywhere) wherever it was not
 * before. */
int edge_w_ban(struct sip_msg *msg, char *p_kind, char *p_what, char *p_because, char *p_seconds)
{
	struct edge_event e = {.kind = EDGE_BANNED, .at_us = edge_wall_us(), .count = 1};
	char seconds[12], what[EDGE_WHAT_MAX];
	if (!zk_kam_arg(msg, p_kind, e.extension, sizeof e.extension) || !zk_kam_arg(msg, p_what, what, sizeof what) ||
	    !zk_kam_arg(msg, p_because, e.because, sizeof e.because) ||
	    !zk_kam_arg(msg, p_seconds, seconds, sizeof seconds))
		return -1;
	zk_escape(e.contact, sizeof e.contact, what, strlen(what));
	e.expires_s = atoi(seconds);
	if (!strcmp(e.extension, "lock")) {
		if (zk_uuid_is_zero(&edge_hit.tenant))
			return -1; /* nobody's account */
		e.tenant = edge_hit.tenant;
		snprintf(e.source, sizeof e.source, "%s", edge_source(msg));
	} else {
		zk_uuid7(&edge_last_ban);
		e.call = edge_last_ban;
	}
	return edge_tell(&e) ? 1 : -1;
}

/* Takes (address): true when the extension of the last edge_extension() may come from there. */
int edge_w_from_here(struct sip_msg *msg, char *p_address, char *p2)
{
	char address[64];
	(void)p2;
	return zk_kam_arg(msg, p_address, address, sizeof address) && edge_host_allows(edge_hit.host, address) ? 1 : -1;
}
