/* Kamailio's hooks on each message that comes and leaves: what is ours behind the edge is hidden (edge_hide), and TLS
 * that HAProxy or the trunk module's gate speaks is called TLS (edge_wire). */
#include "edge_flow.h"
#include "edge_hide.h"
#include "edge_inside.h"
#include "edge_mod.h"
#include "edge_wire.h"
#include <core/events.h>
#include <core/ip_addr.h>
#include <core/mem/mem.h>
#include <stdlib.h>
#include <time.h>

static struct edge_wire wires[EDGE_WIRES_MAX];
static unsigned n_wires;
static struct edge_hide hide;
static struct edge_inside inside;
static const char *inside_path;

int edge_param_wire(modparam_t type, void *value)
{
	(void)type;
	if (n_wires < EDGE_WIRES_MAX && edge_wire_parse(&wires[n_wires], value)) {
		n_wires++;
		return 0;
	}
	LM_ERR("parameter tls: PORT=HOST:PORT, at most %d; not '%s'\n", EDGE_WIRES_MAX, (const char *)value);
	return -1;
}

static void turn(const struct socket_info *socket, str *text, bool out)
{
	for (unsigned i = 0; socket && i < n_wires; i++)
		if (socket->port_no == wires[i].port)
			edge_wire_turn(text->s, (size_t)text->len, wires[i].at, out);
}

static int in_h(sr_event_param_t *p)
{
	str *text = p->data;
	turn(p->rcv->bind_address, text, false);
	if (inside_path) {
		text->len = (int)edge_hide_in(&hide, text->s, (size_t)text->len);
		text->s[text->len] = '\0';
	}
	return 0;
}

/* Neither to a mediad nor to another edge, which hides what it sends on itself. */
static bool leaves(const struct dest_info *to)
{
	char at[96];
	edge_inside_look(&inside, inside_path, time(NULL));
	if (edge_inside_has(&inside, &to->to.s))
		return false;
	if (!edge_peers_known || !edge_peers_known->n || to->proto != PROTO_UDP)
		return true;
	struct ip_addr ip;
	su2ip_addr(&ip, (union sockaddr_union *)&to->to);
	bool six = ip.af == AF_INET6;
	snprintf(at, sizeof at, "sip:%s%s%s:%d", six ? "[" : "", ip_addr2a(&ip), six ? "]" : "", su_getport(&to->to));
	for (unsigned i = 0; i < edge_peers_known->n; i++)
		if (!strcmp(edge_peers_known->peer[i].sip, at))
			return false;
	return true;
}

/* What we are called outside, where this socket is the way. */
static bool door_of(const struct dest_info *to, char *door, size_t size)
{
	const struct socket_info *s = to->send_sock;
	if (!s)
		return false;
	const str *host = s->useinfo.name.len ? &s->useinfo.name : &s->address_str;
	const str *port = s->useinfo.name.len ? &s->useinfo.port_no_str : &s->port_no_str;
	const char *how = to->proto == PROTO_TCP ? ";transport=tcp" : to->proto == PROTO_WS ? ";transport=ws" : "";
	return snprintf(door, size, "%.*s:%.*s%s", host->len, host->s, port->len, port->s, how) < (int)size;
}

static void hide_out(const struct dest_info *to, str *text)
{
	char door[128];
	if (!door_of(to, door, sizeof door) || !leaves(to))
		return;
	char *fresh = pkg_malloc((unsigned)text->len + EDGE_HIDE_GROWS + 1);
	size_t n = fresh ? edge_hide_out(&hide, text->s, (size_t)text->len, door, fresh) : 0;
	if (!n) {
		if (fresh)
			pkg_free(fresh);
		return;
	}
	fresh[n] = '\0';
	pkg_free(text->s);
	*text = (str){fresh, (int)n};
}

static int out_h(sr_event_param_t *p)
{
	str *text = p->data;
	if (inside_path)
		hide_out(p->dst, text);
	turn(p->dst->send_sock, text, true);
	return 0;
}

int edge_wire_init(const char *path, const char *secret)
{
	if (path && secret) {
		if (edge_hide_alloc(&hide, secret)) {
			LM_ERR("parameters inside, secret: no memory, or a secret of more than 250 characters\n");
			return -1;
		}
		inside_path = path;
	}
	if (!n_wires && !inside_path)
		return 0;
	return sr_event_register_cb(SREV_NET_DATA_IN, in_h) || sr_event_register_cb(SREV_NET_DATA_OUT, out_h) ? -1 : 0;
}
