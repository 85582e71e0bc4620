/* Kamailio's hooks for edge_wire: each message that comes from or leaves by a socket that HAProxy hands TLS to. */
#include "edge_mod.h"
#include "edge_wire.h"
#include <core/events.h>
#include <core/ip_addr.h>

static struct edge_wire wires[EDGE_WIRES_MAX];
static unsigned n_wires;

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
	turn(p->rcv->bind_address, p->data, false);
	return 0;
}

static int out_h(sr_event_param_t *p)
{
	turn(p->dst->send_sock, p->data, true);
	return 0;
}

int edge_wire_init(void)
{
	if (!n_wires)
		return 0;
	return sr_event_register_cb(SREV_NET_DATA_IN, in_h) || sr_event_register_cb(SREV_NET_DATA_OUT, out_h) ? -1 : 0;
}
