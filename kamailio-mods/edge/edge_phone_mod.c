/* What telephones may: how many register at once, whom they watch. */
#include "edge_lamp.h"
#include "edge_mod.h"
#include <core/parser/msg_parser.h>
#include <stdlib.h>
#include <string.h>

int edge_lamp_port;

/* Takes (watcher, watched, domain, event): an extension's messages are its own only, its state whoever's range says so.
 */
int edge_w_may_watch(struct sip_msg *msg, char *p_watcher, char *p_watched, char *p_domain, char *p_event)
{
	char watcher[EDGE_NUMBER_MAX], watched[EDGE_NUMBER_MAX], domain[ZK_DOMAIN_MAX], event[24];
	enum edge_lamp_kind kind;
	if (!zk_kam_arg(msg, p_watcher, watcher, sizeof watcher) ||
	    !zk_kam_arg(msg, p_watched, watched, sizeof watched) || !zk_kam_arg(msg, p_domain, domain, sizeof domain) ||
	    !zk_kam_arg(msg, p_event, event, sizeof event) || !edge_lamp_kind(&kind, event))
		return -1;
	return edge_may_watch(edge_store, domain, watcher, watched, kind == EDGE_LAMP_MESSAGES) ? 1 : -1;
}

/* Takes (watched, domain, event, expires): acd shall say how it is, now and whenever it changes. */
int edge_w_watched(struct sip_msg *msg, char *p_watched, char *p_domain, char *p_event, char *p_expires)
{
	struct edge_event e = {.kind = EDGE_WATCHED, .at_us = edge_wall_us()};
	struct edge_hit hit;
	char domain[ZK_DOMAIN_MAX], expires[16];
	if (!zk_kam_arg(msg, p_watched, e.extension, sizeof e.extension) ||
	    !zk_kam_arg(msg, p_domain, domain, sizeof domain) ||
	    !zk_kam_arg(msg, p_event, e.because, sizeof e.because) ||
	    !zk_kam_arg(msg, p_expires, expires, sizeof expires) ||
	    !edge_find_extension(edge_store, domain, strlen(domain), e.extension, strlen(e.extension), &hit) ||
	    strlen(domain) >= sizeof e.caller)
		return -1;
	e.tenant = hit.tenant;
	e.expires_s = atoi(expires);
	memcpy(e.caller, domain, strlen(domain) + 1);
	return edge_tell(&e) ? 1 : -1;
}
