/* The edges report here: who is registered, whom they refused, which relays live. Each keeps an event until we have
 * acknowledged it. */
#include "call/outbound.h"
#include "people/extension.h"
#include "shell/daemon.h"
#include "zj_obj.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ASK_MS 3000

struct edge { /* one by its name; it stays when it disconnects */
	struct acd_edge *all;
	struct zj_rpc_conn *conn; /* the one that said hello last */
	char name[64];
	int64_t ack, step; /* to be acknowledged when the mirror has confirmed step */
};

struct acd_edge {
	struct acd_daemon *d;
	struct zj_rpc_server *server;
	struct edge edges[ACD_EDGES];
	json_t *seen; /* name → number of its last event handled */
};

static unsigned index_of(const struct edge *e)
{
	return (unsigned)(e - e->all->edges);
}

static struct edge *by_conn(struct acd_edge *all, const struct zj_rpc_conn *conn)
{
	for (unsigned i = 0; conn && i < ACD_EDGES; i++)
		if (all->edges[i].conn == conn)
			return &all->edges[i];
	return NULL;
}

/* The edge of that name, or a place for it: one that never was, else one that is away. */
static struct edge *by_name(struct acd_edge *all, const char *name)
{
	struct edge *place = NULL;

	for (unsigned i = 0; i < ACD_EDGES; i++) {
		struct edge *e = &all->edges[i];

		if (!strcmp(e->name, name))
			return e;
		if (!e->conn && (!place || (place->name[0] && !e->name[0])))
			place = e;
	}
	return place;
}

static void flush_ack(struct edge *e)
{
	if (e->ack && e->conn && acd_mirror_confirmed(e->all->d->mirror) >= e->step) {
		zj_rpc_notify(e->conn, "ack", json_pack("{s:I}", "seq", (json_int_t)e->ack));
		e->ack = 0;
	}
}

void acd_edge_confirmed(struct acd_edge *all)
{
	for (unsigned i = 0; all && i < ACD_EDGES; i++)
		flush_ack(&all->edges[i]);
}

static void ask_registrations(struct edge *e, int64_t after);

/* The edge of an event that is new, else NULL. `done` follows. */
static struct edge *is_new(struct acd_edge *all, struct zj_rpc_conn *conn, const json_t *p)
{
	int64_t seq = acd_int(p, "seq", 0);
	struct edge *e = by_conn(all, conn);

	if (e && acd_int(p, "lost", 0)) { /* of more events than an edge keeps: what they said is asked for */
		zj_warn("edge", "events lost edge=%s n=%lld", e->name, (long long)acd_int(p, "lost", 0));
		ask_registrations(e, 0);
	}
	return e && (!seq || seq > acd_int(all->seen, e->name, 0)) ? e : NULL;
}

static void done(struct acd_edge *all, struct zj_rpc_conn *conn, const json_t *p, struct zj_rpc_call *call)
{
	int64_t seq = acd_int(p, "seq", 0);
	struct edge *e = by_conn(all, conn);

	if (seq && e) {
		if (seq > acd_int(all->seen, e->name, 0))
			json_object_set_new(all->seen, e->name, json_integer(seq));
		e->ack = seq;
		e->step = acd_mirror_issued(all->d->mirror);
		flush_ack(e);
		acd_wake(all->d);
	}
	zj_rpc_reply(call, json_object());
}

static void rejected_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *all = arg;

	if (is_new(all, conn, p))
		acd_edge_rejected(all->d->acd, p);
	done(all, conn, p, call);
}

static void contact(struct edge *e, const json_t *p, bool on)
{
	bool held = !json_is_false(json_object_get(p, "held"));

	acd_reg_set(e->all->d->acd, index_of(e), acd_str(p, "tenant"), acd_str(p, "extension"), acd_str(p, "contact"),
		    !on    ? ACD_REG_NONE
		    : held ? ACD_REG_HELD
			   : ACD_REG_KNOWN);
}

static void registered_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct edge *e = is_new(arg, conn, p);

	if (e)
		contact(e, p, true);
	done(arg, conn, p, call);
}

static void expired_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct edge *e = is_new(arg, conn, p);

	if (e)
		contact(e, p, false);
	done(arg, conn, p, call);
}

static void banned_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *all = arg;
	struct edge *e = is_new(all, conn, p);

	if (e)
		acd_edge_banned(all->d->acd, e->name, p);
	done(all, conn, p, call);
}

static void guard_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *all = arg;
	struct edge *e = is_new(all, conn, p);

	if (e)
		acd_edge_guard(all->d->acd, e->name, p);
	done(all, conn, p, call);
}

static void relay_down_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *all = arg;

	if (is_new(all, conn, p))
		acd_relay_state(all->d->acd, acd_str(p, "relay"), false, acd_int(p, "living", 0));
	done(all, conn, p, call);
}

static void relay_up_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *all = arg;

	if (is_new(all, conn, p))
		acd_relay_state(all->d->acd, acd_str(p, "relay"), true, acd_int(p, "living", 1));
	done(all, conn, p, call);
}

/* What a request to an edge is about, found again by its name: the edge may be another one by then. */
struct asked {
	struct acd_edge *all;
	char name[64];
	int64_t after; /* of the page that was asked for */
};

static void registrations_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct asked *a = arg;
	struct edge *e = by_name(a->all, a->name);
	struct acd *acd = a->all->d->acd;
	int64_t next = acd_int(result, "next", 0);
	bool first = !a->after;
	json_t *rows = json_object_get(result, "registrations"), *row;
	size_t i;

	(void)data;
	zj_deref(a);
	if (!result || !e || !e->conn) {
		zj_warn("edge", "registrations unknown code=%d because=%s", code, message ? message : "");
		return;
	}
	if (first)
		acd_reg_known(acd, index_of(e), false);
	json_array_foreach (rows, i, row)
		contact(e, row, true);
	if (next) {
		ask_registrations(e, next);
		return;
	}
	acd_reg_known(acd, index_of(e), true);
	acd_wake(e->all->d);
	zj_metric_set(&acd_metrics[ACD_M_EDGE_UP], 1);
	zj_info("edge", "registrations known edge=%s n=%zu", e->name, json_array_size(rows));
}

static void ask_registrations(struct edge *e, int64_t after)
{
	struct asked *a = zj_alloc(sizeof(*a), NULL);

	if (!a)
		return;
	a->all = e->all;
	a->after = after;
	ACD_COPY(a->name, e->name);
	if (zj_rpc_request(e->conn, "edge.registrations",
			   after ? json_pack("{s:I}", "after", (json_int_t)after) : json_object(), 10000,
			   registrations_h, a))
		zj_deref(a);
}

/* Relays that died or came back while nobody told us. */
static void relays_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct acd_edge *all = arg;
	json_t *rows = json_object_get(result, "relays"), *row;
	int64_t living = 0;
	size_t i;

	(void)code, (void)message, (void)data;
	json_array_foreach (rows, i, row)
		living += json_is_true(json_object_get(row, "up"));
	json_array_foreach (rows, i, row)
		acd_relay_state(all->d->acd, acd_str(row, "relay"), json_is_true(json_object_get(row, "up")), living);
	acd_wake(all->d);
}

static void hello_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *all = arg;
	struct edge *e = by_name(all, acd_str(p, "name"));

	if (!e) {
		zj_rpc_fail(call, ZJ_RPC_OVERLOAD, "too many edges", NULL);
		return;
	}
	e->all = all;
	e->conn = conn;
	all->d->living_at = 0;
	e->ack = 0;
	ACD_COPY(e->name, acd_str(p, "name"));
	ACD_COPY(all->d->acd->edge_sip[index_of(e)], acd_str(p, "sip"));
	zj_rpc_reply(call, json_pack("{s:I}", "seen", (json_int_t)acd_int(all->seen, e->name, acd_int(p, "seen", 0))));
	ask_registrations(e, 0);
	(void)zj_rpc_request(conn, "edge.relays", json_object(), 10000, relays_h, all);
}

static void conn_h(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct acd_edge *all = arg;
	struct edge *e = up ? NULL : by_conn(all, conn);

	if (!e)
		return;
	e->conn = NULL;
	e->ack = 0;
	all->d->acd->edge_sip[index_of(e)][0] = 0;
	acd_reg_known(all->d->acd, index_of(e), false);
	zj_warn("edge", "down edge=%s%s", e->name, all->d->acd->edges_up ? "" : ": phones count as reachable");
	zj_metric_set(&acd_metrics[ACD_M_EDGE_UP], all->d->acd->edges_up != 0);
	acd_wake(all->d);
}

/* The trunk's tenant sees it on its console; so does the carrier. */
static void trunk_state_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *all = arg;

	if (is_new(all, conn, p))
		acd_trunk_state(all->d->acd, p);
	done(all, conn, p, call);
}

static void watched_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *all = arg;

	if (is_new(all, conn, p))
		acd_extension_watched(all->d->acd, acd_str(p, "tenant"), acd_str(p, "extension"));
	done(all, conn, p, call);
}

static void published_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	(void)data, (void)arg;
	if (!result)
		zj_warn("edge", "publish refused code=%d because=%s", code, zj_log_esc(message ? message : ""));
}

/* To every edge: whoever has a watcher tells him. */
void acd_edge_publish(struct acd_edge *all, const struct acd_extension *e, const struct acd_phone_state *s)
{
	for (unsigned i = 0; all && i < ACD_EDGES; i++) {
		json_t *p;

		if (!all->edges[i].conn)
			continue;
		p = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:i}", "tenant", e->tenant->id, "domain",
			      e->tenant->sip_domain, "extension", e->number, "state", s->state, "direction",
			      s->direction, "registered", s->registered, "new", (int)s->fresh, "old", (int)s->old);
		(void)zj_rpc_request(all->edges[i].conn, "edge.publish", p, 10000, published_h, all);
	}
}

static const struct zj_rpc_method methods[] = {
	{"hello", "name:s seen?:i sip?:s", hello_h, "an edge introduces itself; answers the last event taken from it"},
	{"edge.rejected", "*", rejected_h, "a call that the edge refused"},
	{"edge.registered", "*", registered_h, "a phone registered"},
	{"edge.expired", "*", expired_h, "a registration ended"},
	{"edge.banned", "*", banned_h, "an edge listens to somebody no more"},
	{"edge.guard", "*", guard_h, "a limit of the toll guard was reached, or almost"},
	{"edge.relay_down", "*", relay_down_h, "an rtpengine does not answer"},
	{"edge.relay_up", "*", relay_up_h, "it answers again"},
	{"edge.trunk_state", "*", trunk_state_h,
	 "a trunk or one of its hosts went up, down, registered, failed, paused"},
	{"edge.watched", "*", watched_h, "a phone watches an extension: it is told how it is, and what changes"},
	{NULL, NULL, NULL, NULL},
};

int acd_edge_alloc(struct acd_edge **ep, struct acd_daemon *d)
{
	struct acd_edge *e = zj_alloc(sizeof(*e), NULL);
	int err;

	if (!e)
		return ENOMEM;
	e->d = d;
	e->seen = json_object();
	err = zj_rpc_listen(&e->server, d->loop, d->conf.edge, methods, conn_h, e);
	if (err) {
		json_decref(e->seen);
		zj_deref(e);
		return err;
	}
	*ep = e;
	return 0;
}

void acd_edge_close(struct acd_edge *e)
{
	if (!e)
		return;
	for (unsigned i = 0; i < ACD_EDGES; i++)
		e->edges[i].conn = NULL;
	zj_rpc_server_close(e->server);
	json_decref(e->seen);
	zj_deref(e);
}

const char *acd_edge_name(const struct acd_edge *all, unsigned i)
{
	return all->edges[i].name;
}

int acd_edge_ask(struct acd_edge *all, unsigned i, const char *method, json_t *params, zj_rpc_answer_h *h, void *arg)
{
	if (all && all->edges[i].conn)
		return zj_rpc_request(all->edges[i].conn, method, params, ASK_MS, h, arg);
	json_decref(params);
	return ENOTCONN;
}

unsigned acd_edge_ask_all(struct acd_edge *all, const char *method, json_t *params, zj_rpc_answer_h *h, void *arg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ACD_EDGES; i++)
		n += !acd_edge_ask(all, i, method, json_incref(params), h, arg);
	json_decref(params);
	return n;
}
