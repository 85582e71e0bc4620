/* Kamailio module `edge`: tenants and extensions for authentication, and the channel to acd. See
 * kamailio-mods/README.md. */
#include "edge_mod.h"
#include "edge_channel.h"
#include "edge_flood.h"
#include "edge_flow.h"
#include "edge_lamp.h"
#include "edge_save.h"
#include "edge_share.h"
#include "edge_table.h"
#include "edge_usrloc.h"
#include "zk_kam.h"
#include "zk_log.h"
#include "zk_trunk.h"
#include <core/ip_addr.h>
#include <core/parser/msg_parser.h>
#include <core/parser/parse_from.h>
#include <core/parser/parse_uri.h>
#include <core/pt.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

MODULE_VERSION

#define RING_EVENTS 4096
#define DRAIN_MAX   256 /* events in a row; then the sockets have their turn */

static char *param_db;
static char *param_copy;
static char *param_acd;
static char *param_name = "edge";
static char *param_sip;
static char *param_secret;
static char *param_inside;
static int param_ask = 30;

struct zk_store *edge_store;
static struct zk_follow *follow;
static struct zk_sink sink;
struct edge_ring *edge_ring;
struct edge_lamps *edge_lamps;

/* Of the message in hand in this process. */
struct edge_hit edge_hit;
static struct {
	unsigned msg;
	struct zk_uuid id;
} call;

int64_t edge_mono_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t edge_wall_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The process that talks to the database: configuration in, registrations out. */
static void run_db(void)
{
	struct edge_save *save;
	int64_t due = 0;
	if (edge_save_alloc(&save, param_db, param_name))
		_exit(1);
	for (;;) {
		if (edge_mono_us() >= due) {
			edge_save_turn(save);
			due = edge_mono_us() + EDGE_SAVE_EVERY_MS * 1000;
		}
		struct pollfd p = {.fd = zk_follow_fd(follow), .events = POLLIN};
		int64_t left = (due - edge_mono_us()) / 1000 + 1;
		int save_ms = left > 0 ? (int)left : 0, look_ms = zk_follow_wait_ms(follow);
		if (poll(&p, 1, save_ms < look_ms ? save_ms : look_ms) > 0 || !zk_follow_wait_ms(follow))
			zk_follow_turn(follow);
	}
}

static void keep_h(const struct edge_event *e, void *arg)
{
	edge_channel_put(arg, e);
}

struct to_acd {
	struct edge_channel *c;
	struct edge_flood *f;
};

static void drain(void *arg)
{
	struct to_acd *a = arg;
	struct edge_event e;
	for (int n = 0; n < DRAIN_MAX && edge_ring_take(edge_ring, &e); n++)
		if (!edge_share_event(&e))
			continue;
		else if (e.kind != EDGE_WATCHED)
			edge_flood_put(a->f, &e, edge_mono_us());
		else if (edge_lamps_watch(edge_lamps, &e, edge_mono_us()) && edge_channel_is_up(a->c))
			edge_channel_put(a->c, &e);
}

/* The process that talks to acd, and to the other edges. */
static void run_channel(void)
{
	struct edge_channel *c;
	struct edge_flood *f;
	struct edge_probe *probe;
	static struct to_acd acd;
	bool up, was = false;
	if (edge_lamps_alloc(&edge_lamps) || edge_probe_alloc(&probe, edge_relays, edge_relay_changed, NULL) ||
	    edge_channel_alloc(&c, param_acd, param_name, param_sip, edge_commands) ||
	    edge_flood_alloc(&f, keep_h, c) || edge_share_alloc(param_sip, param_secret, drain, &acd))
		_exit(1);
	acd = (struct to_acd){c, f};
	for (;;) {
		drain(&acd);
		int64_t held = edge_flood_tick(f, edge_mono_us());
		int wait = edge_channel_turn(c, edge_mono_us());
		up = edge_channel_is_up(c);
		if (up && !was) /* it does not know who watches */
			edge_lamps_tell(edge_lamps, keep_h, c, edge_mono_us());
		was = up;
		edge_lamps_turn(edge_lamps, edge_mono_us());
		if (held >= 0 && held / 1000 < wait)
			wait = (int)(held / 1000) + 1;
		int ping = edge_probe_turn(probe, edge_mono_us()), link = edge_share_turn(edge_mono_us());
		struct pollfd p[3 + EDGE_RELAYS_MAX + EDGE_PEER_FDS] = {
			{.fd = edge_ring_fd(edge_ring), .events = POLLIN},
			{.fd = edge_channel_fd(c), .events = edge_channel_events(c)},
			{.fd = edge_lamps_fd(), .events = POLLIN}};
		unsigned n = 3 + edge_probe_fds(probe, p + 3, EDGE_RELAYS_MAX);
		n += edge_share_fds(p + n);
		wait = link < wait ? link : wait;
		poll(p, n, ping < wait ? ping : wait);
	}
}

bool edge_tell(const struct edge_event *e)
{
	return edge_ring_put(edge_ring, e);
}

static int mod_init(void)
{
	if (!param_db || !param_acd) {
		LM_ERR("parameters db and acd must be set\n");
		return -1;
	}
	zk_kam_seed();
	if (edge_store_alloc(&edge_store) || edge_lifted_alloc(&edge_lifted) ||
	    edge_ring_alloc(&edge_ring, RING_EVENTS)) {
		LM_ERR("no shared memory: start Kamailio with a larger -m\n");
		return -1;
	}
	if (edge_flow_init(param_name, param_sip, param_secret))
		return -1;
	edge_lamp_port = edge_lamp_open(param_sip);
	sink = edge_sink(edge_store);
	edge_sink_lifted(edge_lifted);
	if (edge_wire_init(param_inside, param_secret) || edge_usrloc_init(edge_ring, edge_store) ||
	    zk_follow_alloc(&follow, "edge", param_db, param_copy, edge_tables, EDGE_MAPS, &sink))
		return -1;
	if (edge_ask_init(param_ask)) {
		LM_ERR("module tm must be loaded before edge\n");
		return -1;
	}
	(void)zk_follow_start(follow); /* said in the log */
	return register_procs(2);
}

static int child_init(int rank)
{
	if (rank != PROC_MAIN)
		return 0;
	return zk_kam_fork("edge database", run_db) || zk_kam_fork("edge channel", run_channel) ? -1 : 0;
}

/* True when an enabled tenant has this SIP domain; $edge(tenant). */
static int w_tenant(struct sip_msg *msg, char *p_domain, char *p2)
{
	char domain[ZK_DOMAIN_MAX];
	(void)p2;
	edge_hit = (struct edge_hit){0};
	if (!zk_kam_arg(msg, p_domain, domain, sizeof domain))
		return -1;
	return edge_find_tenant(edge_store, domain, strlen(domain), &edge_hit.tenant) ? 1 : -1;
}

/* Takes (user, domain): true when that extension may register; $edge(tenant) and $edge(ha1). */
static int w_extension(struct sip_msg *msg, char *p_user, char *p_domain)
{
	char user[EDGE_NUMBER_MAX], domain[ZK_DOMAIN_MAX];
	edge_hit = (struct edge_hit){0};
	if (!zk_kam_arg(msg, p_user, user, sizeof user) || !zk_kam_arg(msg, p_domain, domain, sizeof domain))
		return -1;
	return edge_find_extension(edge_store, domain, strlen(domain), user, strlen(user), &edge_hit) ? 1 : -1;
}

static const struct zk_uuid *call_id(const struct sip_msg *msg)
{
	if (call.msg != msg->id) {
		call.msg = msg->id;
		zk_uuid7(&call.id);
	}
	return &call.id;
}

static void describe(struct sip_msg *msg, struct edge_event *e)
{
	struct sip_uri *from = parse_from_uri(msg);
	if (from)
		zk_escape(e->caller, sizeof e->caller, from->user.s, (size_t)from->user.len);
	if (parse_sip_msg_uri(msg) >= 0)
		zk_escape(e->callee, sizeof e->callee, msg->parsed_uri.user.s, (size_t)msg->parsed_uri.user.len);
	if (msg->callid || (parse_headers(msg, HDR_CALLID_F, 0) >= 0 && msg->callid))
		zk_escape(e->sip_call_id, sizeof e->sip_call_id, msg->callid->body.s, (size_t)msg->callid->body.len);
	snprintf(e->source, sizeof e->source, "%s:%d", ip_addr2a(&msg->rcv.src_ip), msg->rcv.src_port);
}

static void arg_uuid(struct sip_msg *msg, char *param, struct zk_uuid *u)
{
	char text[64];
	if (!zk_kam_arg(msg, param, text, sizeof text) || !zk_uuid_parse(u, text))
		*u = (struct zk_uuid){{0}};
}

/* Takes (code, because, rule, tenant, trunk), the last three UUIDs or anything else for none: tells acd of a refused
 * call. */
static int w_rejected(struct sip_msg *msg, char *p_code, char *p_because, char *p_rule, char *p_tenant, char *p_trunk)
{
	struct edge_event e = {.kind = EDGE_REJECTED, .at_us = edge_wall_us(), .count = 1};
	char code[8];
	if (!zk_kam_arg(msg, p_code, code, sizeof code) || !zk_kam_arg(msg, p_because, e.because, sizeof e.because))
		return -1;
	e.code = atoi(code);
	e.call = *call_id(msg);
	arg_uuid(msg, p_rule, &e.rule);
	arg_uuid(msg, p_tenant, &e.tenant);
	arg_uuid(msg, p_trunk, &e.trunk);
	describe(msg, &e);
	return edge_ring_put(edge_ring, &e) ? 1 : -1;
}

enum {
	PV_TENANT,
	PV_EXTENSION,
	PV_HA1,
	PV_CALL,
	PV_NOW,
	PV_RELAY,
	PV_BECAUSE,
	PV_IPV6,
	PV_FIX,
	PV_BAN,
	PV_CONTACTS,
	PV_PORT,
	PV_SOURCE,
	PV_SECURE,
	PV_REFUSE
};
static const char *const pv_names[] = {[PV_TENANT] = "tenant",     [PV_EXTENSION] = "extension",
				       [PV_HA1] = "ha1",           [PV_CALL] = "call",
				       [PV_NOW] = "now",           [PV_RELAY] = "relay",
				       [PV_BECAUSE] = "because",   [PV_IPV6] = "ipv6",
				       [PV_FIX] = "fix",           [PV_BAN] = "ban",
				       [PV_CONTACTS] = "contacts", [PV_PORT] = "port",
				       [PV_SOURCE] = "source",     [PV_SECURE] = "secure",
				       [PV_REFUSE] = "refuse",     NULL};

static int pv_name(pv_spec_t *sp, str *in)
{
	return zk_kam_pv_name(sp, in, pv_names);
}

static int pv_get(struct sip_msg *msg, pv_param_t *param, pv_value_t *res)
{
	char now[ZK_RFC3339];
	switch (param->pvn.u.isname.name.n) {
	case PV_TENANT:
		return zk_kam_pv_uuid(msg, param, res, &edge_hit.tenant);
	case PV_EXTENSION:
		return zk_kam_pv_uuid(msg, param, res, &edge_hit.extension);
	case PV_HA1:
		return zk_kam_pv_text(msg, param, res, edge_hit.ha1);
	case PV_CALL:
		return zk_kam_pv_uuid(msg, param, res, call_id(msg));
	case PV_NOW:
		zk_rfc3339(now);
		return zk_kam_pv_text(msg, param, res, now);
	case PV_BAN:
		return zk_kam_pv_uuid(msg, param, res, &edge_last_ban);
	case PV_RELAY:
		return pv_get_sintval(msg, param, res, edge_media_said.relay);
	case PV_BECAUSE:
		return zk_kam_pv_text(msg, param, res, edge_because_name(edge_media_said.answer.because));
	case PV_IPV6:
		return pv_get_sintval(msg, param, res, edge_media_said.answer.ipv6);
	case PV_FIX:
		return pv_get_sintval(msg, param, res, edge_media_said.answer.fix);
	case PV_SECURE:
		return pv_get_sintval(msg, param, res, edge_media_said.answer.secure);
	case PV_REFUSE:
		return pv_get_sintval(msg, param, res, edge_media_said.answer.refuse);
	case PV_CONTACTS:
		return pv_get_sintval(msg, param, res, edge_hit.max_contacts);
	case PV_SOURCE:
		return zk_kam_pv_text(msg, param, res, edge_source(msg));
	case PV_PORT:
		return pv_get_sintval(msg, param, res, edge_lamp_port);
	default:
		return pv_get_null(msg, param, res);
	}
}

static void count_h(const struct edge_contact *c, void *arg)
{
	(void)c;
	++*(int *)arg;
}

static const char *const count_doc[] = {"Tenants, extensions, contacts and events dropped: edge.count.", NULL};
static void rpc_count(rpc_t *rpc, void *ctx)
{
	void *out;
	int contacts = 0;
	edge_usrloc_walk(count_h, &contacts);
	if (rpc->add(ctx, "{", &out) >= 0)
		rpc->struct_add(out, "dddd", "tenants", (int)zk_store_count(edge_store, EDGE_TENANT), "extensions",
				(int)zk_store_count(edge_store, EDGE_EXTENSION), "contacts", contacts, "events_dropped",
				(int)edge_ring_dropped(edge_ring));
}

static const char *const lookup_doc[] = {"Does DOMAIN have extension NUMBER? edge.lookup DOMAIN NUMBER.", NULL};
static void rpc_find(rpc_t *rpc, void *ctx)
{
	char domain[ZK_DOMAIN_MAX], number[EDGE_NUMBER_MAX], tenant[ZK_UUID_TEXT], extension[ZK_UUID_TEXT];
	struct edge_hit h;
	void *out;
	if (!zk_kam_rpc_text(rpc, ctx, true, "DOMAIN", domain, sizeof domain) ||
	    !zk_kam_rpc_text(rpc, ctx, true, "NUMBER", number, sizeof number))
		return;
	if (!edge_find_extension(edge_store, domain, strlen(domain), number, strlen(number), &h)) {
		rpc->fault(ctx, 404, "no such extension");
		return;
	}
	zk_uuid_text(tenant, &h.tenant);
	zk_uuid_text(extension, &h.extension);
	if (rpc->add(ctx, "{", &out) >= 0)
		rpc->struct_add(out, "ss", "tenant", tenant, "extension", extension);
}

/* For the trunk module. */
static int trunk_state(const struct zk_trunk_state *s)
{
	struct edge_event e = {.kind = EDGE_TRUNK_STATE,
			       .at_us = edge_wall_us(),
			       .tenant = s->tenant,
			       .trunk = s->trunk,
			       .rule = s->host,
			       .code = s->code,
			       .expires_s = s->ms};
	zk_escape(e.because, sizeof e.because, s->state, strlen(s->state));
	zk_escape(e.source, sizeof e.source, s->address, strlen(s->address));
	snprintf(e.agent, sizeof e.agent, "%s", s->because); /* words of ours and of OpenSSL, none foreign */
	return edge_tell(&e) ? 0 : -1;
}

static int guard_alarm(const struct zk_guard_alarm *a)
{
	struct edge_event e = {.kind = EDGE_GUARD,
			       .at_us = edge_wall_us(),
			       .tenant = a->tenant,
			       .rule = a->guard,
			       .trunk = a->subject,
			       .code = a->percent};
	zk_uuid7(&e.call);
	snprintf(e.extension, sizeof e.extension, "%s", a->kind);
	snprintf(e.because, sizeof e.because, "%s", a->measure);
	snprintf(e.contact, sizeof e.contact, "%lld %lld", (long long)a->used, (long long)a->limit);
	return edge_tell(&e) ? 0 : -1;
}

static cmd_export_t cmds[] = {
	{ZK_EDGE_GUARD, (cmd_function)guard_alarm, 0, NULL, NULL, 0},
	{ZK_EDGE_TRUNK_STATE, (cmd_function)trunk_state, 0, NULL, NULL, 0},
	{"edge_side", (cmd_function)edge_w_side, 0, NULL, NULL, ANY_ROUTE},
	{"edge_inbound", (cmd_function)edge_w_inbound, 0, NULL, NULL, ANY_ROUTE},
	{"edge_tenant", (cmd_function)w_tenant, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{"edge_extension", (cmd_function)w_extension, 2, fixup_spve_spve, fixup_free_spve_spve, ANY_ROUTE},
	{"edge_rejected", (cmd_function)w_rejected, 5, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{"edge_banned", (cmd_function)edge_w_banned, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{"edge_lifted", (cmd_function)edge_w_lifted, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{"edge_ban", (cmd_function)edge_w_ban, 4, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{"edge_from_here", (cmd_function)edge_w_from_here, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{ZK_EDGE_OWNS, (cmd_function)edge_owns, 0, NULL, NULL, 0},
	{"edge_from_peer", (cmd_function)edge_w_from_peer, 0, NULL, NULL, ANY_ROUTE},
	{"edge_flow", (cmd_function)edge_w_flow, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{"edge_flows", (cmd_function)edge_w_flows, 0, NULL, NULL, ANY_ROUTE},
	{"edge_share", (cmd_function)edge_w_share, 4, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{"edge_media", (cmd_function)edge_w_media, 3, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{"edge_media_fix", (cmd_function)edge_w_media_fix, 2, fixup_spve_spve, fixup_free_spve_spve, ANY_ROUTE},
	{"edge_relay_choose", (cmd_function)edge_w_relay_choose, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{"edge_relay_up", (cmd_function)edge_w_relay_up, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{"edge_may_watch", (cmd_function)edge_w_may_watch, 4, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{"edge_watched", (cmd_function)edge_w_watched, 4, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{0},
};
static param_export_t params[] = {
	{"db", PARAM_STRING, &param_db},
	{"copy", PARAM_STRING, &param_copy},
	{"acd", PARAM_STRING, &param_acd},
	{"name", PARAM_STRING, &param_name},
	{"sip", PARAM_STRING, &param_sip},
	{"secret", PARAM_STRING, &param_secret},
	{"inside", PARAM_STRING, &param_inside},
	{"peer", PARAM_STRING | USE_FUNC_PARAM, (void *)edge_param_peer},
	{"ask", PARAM_INT, &param_ask},
	{"relay", PARAM_STRING | USE_FUNC_PARAM, (void *)edge_param_relay},
	{"tls", PARAM_STRING | USE_FUNC_PARAM, (void *)edge_param_wire},
	{"direct", PARAM_STRING | USE_FUNC_PARAM, (void *)edge_param_direct},
	{0},
};
static pv_export_t pvs[] = {
	{{"edge", 4}, PVT_OTHER, pv_get, NULL, pv_name, NULL, NULL, 0},
	{{NULL, 0}, 0, NULL, NULL, NULL, NULL, NULL, 0},
};
static rpc_export_t rpcs[] = {
	{"edge.count", rpc_count, (const char **)count_doc, 0},
	{"edge.lookup", rpc_find, (const char **)lookup_doc, 0},
	{"edge.peers", edge_rpc_peers, (const char **)edge_peers_doc, RET_ARRAY},
	{"edge.relays", edge_rpc_relays, (const char **)edge_relays_doc, RET_ARRAY},
	{0},
};

struct module_exports exports = {
	.name = "edge",
	.dlflags = DEFAULT_DLFLAGS,
	.cmds = cmds,
	.params = params,
	.rpc_methods = rpcs,
	.pv_items = pvs,
	.init_mod_f = mod_init,
	.init_child_f = child_init,
};
