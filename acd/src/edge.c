/* The edge reports here: who is registered, whom it refused. It keeps an event until we have acknowledged it. */
#include "daemon.h"
#include "zj_obj.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct acd_edge {
	struct acd_daemon *d;
	struct zj_rpc_server *server;
	struct zj_rpc_conn *conn; /* the one that said hello last */
	char name[64];
	json_t *seen;      /* name → number of its last event handled */
	int64_t ack, step; /* to be acknowledged when the mirror has confirmed step */
};

static void flush_ack(struct acd_edge *e)
{
	if (e->ack && e->conn && acd_mirror_confirmed(e->d->mirror) >= e->step) {
		zj_rpc_notify(e->conn, "ack", json_pack("{s:I}", "seq", (json_int_t)e->ack));
		e->ack = 0;
	}
}

void acd_edge_confirmed(struct acd_edge *e)
{
	if (e)
		flush_ack(e);
}

/* True when the event is new. `done` follows. */
static bool is_new(struct acd_edge *e, struct zj_rpc_conn *conn, const json_t *p)
{
	int64_t seq = acd_int(p, "seq", 0);

	return conn == e->conn && (!seq || seq > acd_int(e->seen, e->name, 0));
}

static void done(struct acd_edge *e, const json_t *p)
{
	int64_t seq = acd_int(p, "seq", 0);

	if (!seq)
		return;
	if (seq > acd_int(e->seen, e->name, 0))
		json_object_set_new(e->seen, e->name, json_integer(seq));
	e->ack = seq;
	e->step = acd_mirror_issued(e->d->mirror);
	flush_ack(e);
	acd_wake(e->d);
}

static void rejected_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *e = arg;

	if (is_new(e, conn, p))
		acd_edge_rejected(e->d->acd, p);
	done(e, p);
	zj_rpc_reply(call, json_object());
}

static void registered_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *e = arg;

	if (is_new(e, conn, p))
		acd_reg_set(e->d->acd, acd_str(p, "tenant"), acd_str(p, "extension"), acd_str(p, "contact"), true);
	done(e, p);
	zj_rpc_reply(call, json_object());
}

static void expired_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *e = arg;

	if (is_new(e, conn, p))
		acd_reg_set(e->d->acd, acd_str(p, "tenant"), acd_str(p, "extension"), acd_str(p, "contact"), false);
	done(e, p);
	zj_rpc_reply(call, json_object());
}

static void relay_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	(void)conn;
	zj_warn("edge", "relay changed relay=%s", zj_log_esc(acd_str(p, "relay")));
	done(arg, p);
	zj_rpc_reply(call, json_object());
}

static void registrations_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct acd_edge *e = arg;
	json_t *rows = json_object_get(result, "registrations"), *row;
	size_t i;

	(void)data;
	if (!result) {
		zj_warn("edge", "registrations unknown code=%d because=%s", code, message ? message : "");
		return;
	}
	acd_reg_known(e->d->acd, false);
	json_array_foreach (rows, i, row)
		acd_reg_set(e->d->acd, acd_str(row, "tenant"), acd_str(row, "extension"), acd_str(row, "contact"),
			    true);
	acd_reg_known(e->d->acd, true);
	acd_wake(e->d);
	zj_metric_set(&acd_metrics[ACD_M_EDGE_UP], 1);
	zj_info("edge", "registrations known n=%zu", json_array_size(rows));
}

static void hello_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_edge *e = arg;
	int64_t seen;

	e->conn = conn;
	e->ack = 0;
	ACD_COPY(e->name, acd_str(p, "name"));
	seen = acd_int(e->seen, e->name, acd_int(p, "seen", 0));
	zj_rpc_reply(call, json_pack("{s:I}", "seen", (json_int_t)seen));
	zj_rpc_request(conn, "edge.registrations", json_object(), 10000, registrations_h, e);
}

static void conn_h(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct acd_edge *e = arg;

	if (up || conn != e->conn)
		return;
	e->conn = NULL;
	e->ack = 0;
	zj_warn("edge", "down: phones count as reachable");
	zj_metric_set(&acd_metrics[ACD_M_EDGE_UP], 0);
	acd_reg_known(e->d->acd, false);
	acd_wake(e->d);
}

static const struct zj_rpc_method methods[] = {
	{"hello", "name:s seen?:i", hello_h, "the edge introduces itself; answers the last event taken from it"},
	{"edge.rejected", "*", rejected_h, "a call that the edge refused"},
	{"edge.registered", "*", registered_h, "a phone registered"},
	{"edge.expired", "*", expired_h, "a registration ended"},
	{"edge.relay_down", "*", relay_h, "an rtpengine does not answer"},
	{"edge.relay_up", "*", relay_h, "it answers again"},
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
	e->conn = NULL;
	zj_rpc_server_close(e->server);
	json_decref(e->seen);
	zj_deref(e);
}
