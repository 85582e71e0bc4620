/* The script's questions about media: does this side need a relay, and which one takes it. */
#include "edge_mod.h"
#include "zk_log.h"
#include <core/msg_translator.h>
#include <core/parser/parse_content.h>
#include <core/rand/fastrand.h>
#include <stdlib.h>

struct edge_relays *edge_relays;
struct edge_media_said edge_media_said;
static struct edge_nets direct;

int edge_param_relay(modparam_t type, void *value)
{
	(void)type;
	int err = edge_relay_add(&edge_relays, value);
	if (err)
		LM_ERR("parameter relay: ID=udp:HOST:PORT[;weight=N], ID 1 to 99 and once, at most %d; not '%s'\n",
		       EDGE_RELAYS_MAX, (const char *)value);
	return err ? -1 : 0;
}

int edge_param_direct(modparam_t type, void *value)
{
	(void)type;
	if (edge_nets_parse(&direct, value))
		return 0;
	LM_ERR("parameter direct: networks (10.0.0.0/8,192.0.2.7), at most %d; not '%s'\n", EDGE_NETS_MAX,
	       (const char *)value);
	return -1;
}

/* The message's body, when it is (or may hold) a session description. */
static void take_sdp(struct sip_msg *msg, struct edge_media_ask *ask)
{
	char *body = get_body(msg);
	if (!body || body >= msg->buf + msg->len)
		return;
	ask->sdp = body;
	ask->len = (size_t)(msg->buf + msg->len - body);
}

/* Takes (address, trunk or -, facts): facts are letters, s the message carries this side's SDP, w a browser, n behind a
 * NAT, t a trunk. True when the relay is needed; $edge(because), $edge(ipv6), $edge(fix), $edge(secure), $edge(refuse).
 * A phone's policy is that of the last edge_extension(). */
int edge_w_media(struct sip_msg *msg, char *p_address, char *p_trunk, char *p_facts)
{
	char address[64], trunk[64], facts[16];
	struct zk_uuid id;
	struct edge_media_ask ask = {.source = address, .direct = &direct};
	edge_media_said.answer = (struct edge_media_answer){.relay = true, .because = EDGE_B_UNREADABLE};
	if (!zk_kam_arg(msg, p_address, address, sizeof address))
		address[0] = '\0';
	if (!zk_kam_arg(msg, p_trunk, trunk, sizeof trunk) || !zk_kam_arg(msg, p_facts, facts, sizeof facts))
		return 1;
	ask.trunk = strchr(facts, 't') != NULL;
	ask.web = strchr(facts, 'w') != NULL;
	ask.nat = strchr(facts, 'n') != NULL;
	if (strchr(facts, 's'))
		take_sdp(msg, &ask);
	if (ask.trunk && zk_uuid_parse(&id, trunk)) {
		edge_trunk_media(edge_store, &id, &ask);
	} else if (!ask.trunk) {
		ask.policy = edge_hit.media;
		ask.encryption = edge_hit.encryption;
	}
	edge_media_decide(&ask, &edge_media_said.answer);
	return edge_media_said.answer.relay ? 1 : -1;
}

/* Takes (address, facts): of a side whose media goes straight, true when the address in this message's SDP must give
 * way to `address`, where its signalling comes from. */
int edge_w_media_fix(struct sip_msg *msg, char *p_address, char *p_facts)
{
	char address[64], facts[16];
	struct edge_media_ask ask = {.source = address, .direct = &direct};
	if (!zk_kam_arg(msg, p_address, address, sizeof address) || !zk_kam_arg(msg, p_facts, facts, sizeof facts))
		return -1;
	ask.trunk = strchr(facts, 't') != NULL;
	take_sdp(msg, &ask);
	return edge_media_must_fix(&ask) ? 1 : -1;
}

static int arg_id(struct sip_msg *msg, char *param)
{
	char text[16];
	return zk_kam_arg(msg, param, text, sizeof text) ? atoi(text) : 0;
}

/* Takes the id of a relay that is not wanted (0: none): $edge(relay); false when no other lives. */
int edge_w_relay_choose(struct sip_msg *msg, char *p_not, char *p2)
{
	(void)p2;
	edge_media_said.relay = edge_relay_choose(edge_relays, fastrand(), arg_id(msg, p_not));
	return edge_media_said.relay ? 1 : -1;
}

int edge_w_relay_up(struct sip_msg *msg, char *p_id, char *p2)
{
	(void)p2;
	return edge_relay_is_up(edge_relays, arg_id(msg, p_id)) ? 1 : -1;
}

void edge_relay_changed(int id, bool up, void *arg)
{
	struct edge_event e = {.kind = up ? EDGE_RELAY_UP : EDGE_RELAY_DOWN, .at_us = edge_wall_us()};
	const char *address;
	int weight;
	(void)arg;
	e.count = edge_relays_living(edge_relays);
	snprintf(e.because, sizeof e.because, "%d", id);
	for (unsigned i = 0; edge_relay_nth(edge_relays, i, &address, &weight); i++)
		if (edge_relay_nth(edge_relays, i, &address, &weight) == id)
			snprintf(e.source, sizeof e.source, "%s", address);
	zk_log(up ? ZK_INFO : ZK_WARN, "relay %s relay=%d address=%s living=%u",
	       up ? "answers again" : "does not answer", id, e.source, e.count);
	edge_tell(&e);
}

const char *const edge_relays_doc[] = {"The media relays, and which live: edge.relays.", NULL};
void edge_rpc_relays(rpc_t *rpc, void *ctx)
{
	const char *address;
	int weight, id;
	void *out;
	for (unsigned i = 0; (id = edge_relay_nth(edge_relays, i, &address, &weight)); i++)
		if (rpc->add(ctx, "{", &out) >= 0)
			rpc->struct_add(out, "dsds", "relay", id, "address", address, "weight", weight, "state",
					edge_relay_is_up(edge_relays, id) ? "up" : "down");
}
