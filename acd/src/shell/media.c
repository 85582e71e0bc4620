/* The client of mediad. Connecting goes: hello, epochs, claim, snapshot; the events that come meanwhile wait, are
 * handled in order, and then the engine's world is compared with the snapshot. An event is acknowledged when the step
 * it caused is kept; one that comes again is dropped by the number its tenant has seen. */
#include "call/call.h"
#include "shell/daemon.h"
#include "zj_obj.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_MS 10000

struct seen { /* the last event of mediad that a tenant's kept state contains */
	UT_hash_handle hh;
	char tenant[ZJ_UUID_SIZE], instance[64];
	int64_t seq;
};

struct unacked {
	int64_t seq, step; /* acknowledged when the mirror has confirmed `step` */
};

struct acd_media_link {
	struct acd_daemon *d;
	struct zj_rpc_conn *conn;
	enum { LINK_DOWN, LINK_GREETED, LINK_CLAIMED, LINK_UP } state;
	char instance[64];
	struct seen *seen;
	json_t *early; /* events before LINK_UP: [method, params] */
	struct unacked *unacked;
	size_t first, n, cap;
	int64_t last; /* number of the last event handled in this instance */
};

/* ---- acknowledging ---- */
static void note_unacked(struct acd_media_link *l, int64_t seq)
{
	if (l->first + l->n == l->cap) {
		if (l->first > l->cap / 2) {
			memmove(l->unacked, l->unacked + l->first, sizeof(*l->unacked) * l->n);
		} else {
			struct unacked *more = zj_alloc(sizeof(*more) * (l->cap * 2 + 64), NULL);

			if (!more)
				return; /* it comes again */
			if (l->n)
				memcpy(more, l->unacked + l->first, sizeof(*more) * l->n);
			zj_deref(l->unacked);
			l->unacked = more;
			l->cap = l->cap * 2 + 64;
		}
		l->first = 0;
	}
	l->unacked[l->first + l->n++] = (struct unacked){seq, acd_mirror_issued(l->d->mirror)};
}

void acd_media_link_confirmed(struct acd_media_link *l)
{
	int64_t confirmed = acd_mirror_confirmed(l->d->mirror), ack = 0;

	while (l->n && l->unacked[l->first].step <= confirmed) {
		ack = l->unacked[l->first].seq;
		l->first++;
		l->n--;
	}
	if (ack && zj_rpc_is_up(l->conn))
		zj_rpc_notify(l->conn, "ack", json_pack("{s:I}", "seq", (json_int_t)ack));
	zj_metric_set(&acd_metrics[ACD_M_UNACKED], (int64_t)l->n);
}

void acd_media_link_restore_seen(struct acd_media_link *l, const char *tenant, const char *instance, int64_t seq)
{
	struct seen *s;

	HASH_FIND_STR(l->seen, tenant, s);
	if (!s) {
		s = zj_alloc(sizeof(*s), NULL);
		if (!s)
			return;
		ACD_COPY(s->tenant, tenant);
		HASH_ADD_STR(l->seen, tenant, s);
	}
	ACD_COPY(s->instance, instance);
	s->seq = seq;
}

static bool is_repeat(struct acd_media_link *l, const char *tenant, int64_t seq)
{
	struct seen *s;

	HASH_FIND_STR(l->seen, tenant, s);
	return s && !strcmp(s->instance, l->instance) && seq <= s->seq;
}

/* ---- events ---- */
static void measure(int64_t us)
{
	zj_metric_add(&acd_metrics[ACD_M_STEPS], 1);
	zj_metric_add(&acd_metrics[ACD_M_STEP_US], us);
	if (us > atomic_load_explicit(&acd_metrics[ACD_M_STEP_MAX_US].value, memory_order_relaxed))
		zj_metric_set(&acd_metrics[ACD_M_STEP_MAX_US], us);
}

static void handle(struct acd_media_link *l, const char *method, const json_t *params)
{
	const char *tenant = acd_str(params, "tenant");
	int64_t seq = acd_int(params, "seq", 0), start = zj_mono_us();

	if (seq && (seq <= l->last || is_repeat(l, tenant, seq))) {
		if (seq > l->last)
			l->last = seq;
		note_unacked(l, seq);
		acd_media_link_confirmed(l);
		return;
	}
	l->last = seq;
	if (json_object_get(params, "lost"))
		zj_error("media", "events lost n=%lld", (long long)acd_int(params, "lost", 0));
	if (zj_uuid_is_valid(tenant)) {
		acd_media_link_restore_seen(l, tenant, l->instance, seq);
		acd_mirror_seen(l->d->mirror, tenant, l->instance, seq);
	}
	zj_rpc_cork(l->conn,
		    true); /* the commands that follow, the acknowledgement and the events go out in one piece each */
	acd_api_cork(l->d->api, true);
	if (strcmp(method, "overload"))
		acd_media_event(l->d->acd, method, params);
	else
		zj_warn("media", "overload because=%s", zj_log_esc(acd_str(params, "because")));
	note_unacked(l, seq);
	acd_media_link_confirmed(l);
	acd_api_cork(l->d->api, false);
	zj_rpc_cork(l->conn, false);
	acd_wake(l->d);
	measure(zj_mono_us() - start);
}

static void event_h(struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call, void *arg)
{
	struct acd_media_link *l = arg;
	const char *method = zj_rpc_method(conn)->name;

	if (l->state == LINK_UP)
		handle(l, method, params);
	else
		json_array_append_new(l->early, json_pack("[s, O]", method, params));
	zj_rpc_reply(call, json_object());
}

#define EVENT(name)                                                                                                    \
	{                                                                                                              \
		name, "*", event_h, "an event of mediad"                                                               \
	}
static const struct zj_rpc_method methods[] = {
	EVENT("leg.incoming"), EVENT("leg.ringing"),         EVENT("leg.early_media"), EVENT("leg.answered"),
	EVENT("leg.dtmf"),     EVENT("leg.played"),          EVENT("leg.collected"),   EVENT("leg.recorded"),
	EVENT("leg.held"),     EVENT("leg.unheld"),          EVENT("leg.refer"),       EVENT("leg.notify"),
	EVENT("leg.handed"),   EVENT("leg.handover_failed"), EVENT("leg.hungup"),      EVENT("room.joined"),
	EVENT("room.left"),    EVENT("room.recorded"),       EVENT("overload"),        EVENT("leg.relay"),
	EVENT("room.talking"), EVENT("leg.faxed"),           EVENT("leg.fax_page"),    EVENT("leg.tone"),
	EVENT("leg.detected"), {NULL, NULL, NULL, NULL},
};

/* ---- connecting ---- */
static void snapshot_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct acd_media_link *l = arg;
	json_t *early = l->early, *row;
	size_t i;

	(void)data;
	if (!result) {
		if (code != ZJ_RPC_GONE)
			zj_error("media", "no snapshot because=%s", message);
		return;
	}
	l->state = LINK_UP;
	l->early = json_array();
	json_array_foreach (early, i, row)
		handle(l, json_string_value(json_array_get(row, 0)), json_array_get(row, 1));
	json_decref(early);
	acd_reconcile(l->d->acd, result);
	acd_wake(l->d);
	zj_metric_set(&acd_metrics[ACD_M_MEDIA_UP], 1);
	zj_info("media", "up instance=%s legs=%zu rooms=%zu", l->instance,
		json_array_size(json_object_get(result, "legs")), json_array_size(json_object_get(result, "rooms")));
}

static void claim_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct acd_media_link *l = arg;

	if (result) {
		if (l->state == LINK_GREETED) {
			l->state = LINK_CLAIMED;
			zj_rpc_request(l->conn, "snapshot", json_object(), ANSWER_MS, snapshot_h, l);
		}
		return;
	}
	if (code ==
	    ZJ_RPC_STALE) { /* mediad knows of a later owner: ours must be above, and Redis decides whether it may */
		zj_warn("media", "claim refused epoch=%lld known=%lld", (long long)l->d->acd->epoch,
			(long long)acd_int(data, "epoch", 0));
		acd_lease_take(l->d->lease, acd_int(data, "epoch", 0));
	} else if (code != ZJ_RPC_GONE) {
		zj_error("media", "claim failed because=%s", message);
	}
}

static void claim(struct acd_media_link *l)
{
	zj_rpc_request(l->conn, "claim",
		       json_pack("{s:I, s:[[i, i]]}", "epoch", (json_int_t)l->d->acd->epoch, "slots", 0, ZJ_SLOTS - 1),
		       ANSWER_MS, claim_h, l);
}

void acd_media_link_epoch(struct acd_media_link *l)
{
	if (l && zj_rpc_is_up(l->conn) && l->state != LINK_DOWN)
		claim(l);
}

static void epochs_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct acd_media_link *l = arg;
	int64_t max = 0;
	json_t *row;
	size_t i;

	(void)data;
	if (!result) {
		if (code != ZJ_RPC_GONE)
			zj_error("media", "no epochs because=%s", message);
		return;
	}
	json_array_foreach (json_object_get(result, "epochs"), i, row)
		if (json_integer_value(json_array_get(row, 2)) > max)
			max = json_integer_value(json_array_get(row, 2));
	if (max > l->d->acd->epoch)
		acd_lease_take(l->d->lease, max); /* acd_media_link_epoch follows */
	else
		claim(l);
}

static void hello_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct acd_media_link *l = arg;
	const char *instance = acd_str(result, "instance");

	(void)data;
	if (!result) {
		if (code != ZJ_RPC_GONE)
			zj_error("media", "hello refused because=%s", message);
		return;
	}
	if (strcmp(instance, l->instance)) {
		ACD_COPY(l->instance, instance);
		l->last = 0;
		l->n = 0;
	}
	l->state = LINK_GREETED;
	zj_rpc_request(l->conn, "epochs", json_object(), ANSWER_MS, epochs_h, l);
}

static void hello(struct acd_media_link *l)
{
	json_t *p = json_pack("{s:s}", "name", "owner");

	if (l->instance[0]) {
		json_object_set_new(p, "instance", json_string(l->instance));
		json_object_set_new(p, "seen", json_integer(l->last));
	}
	zj_rpc_request(l->conn, "hello", p, ANSWER_MS, hello_h, l);
}

static void conn_h(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct acd_media_link *l = arg;

	l->conn = l->conn ? l->conn : conn;
	l->state = LINK_DOWN;
	l->d->acd->media_up = false;
	zj_metric_set(&acd_metrics[ACD_M_MEDIA_UP], 0);
	json_array_clear(l->early);
	if (up)
		hello(l);
	else
		zj_warn("media", "down");
}

/* ---- commands ---- */
struct sent {
	struct acd_media_link *l;
	json_t *params;
	char method[24];
};

static void sent_destructor(void *obj)
{
	json_decref(((struct sent *)obj)->params);
}

static void sent_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct sent *s = arg;

	if (!result) {
		const char *because = acd_str(data, "because");

		if (code == ZJ_RPC_STALE)
			acd_lease_take(s->l->d->lease, acd_int(data, "epoch", 0));
		acd_media_failed(s->l->d->acd, s->method, s->params, code, *because ? because : message ? message : "");
		acd_wake(s->l->d);
	}
	zj_deref(s);
}

void acd_media_link_send(struct acd_media_link *l, const char *method, json_t *params)
{
	struct sent *s = l->state == LINK_UP ? zj_alloc(sizeof(*s), sent_destructor) : NULL;

	if (!s) { /* comparing the snapshot will find what is missing */
		json_decref(params);
		return;
	}
	s->l = l;
	s->params = json_incref(params);
	ACD_COPY(s->method, method);
	if (zj_rpc_request(l->conn, method, params, 0, sent_h, s))
		zj_deref(s);
}

int acd_media_link_alloc(struct acd_media_link **lp, struct acd_daemon *d)
{
	struct acd_media_link *l = zj_alloc(sizeof(*l), NULL);

	if (!l)
		return ENOMEM;
	l->d = d;
	l->early = json_array();
	*lp = l;
	return 0;
}

int acd_media_link_open(struct acd_media_link *l)
{
	return zj_rpc_connect(&l->conn, l->d->loop, l->d->conf.mediad, methods, conn_h, l);
}

void acd_media_link_close(struct acd_media_link *l)
{
	struct seen *s, *next;

	if (l->conn)
		zj_rpc_close(l->conn);
	HASH_ITER (hh, l->seen, s, next) {
		HASH_DEL(l->seen, s);
		zj_deref(s);
	}
	json_decref(l->early);
	zj_deref(l->unacked);
	zj_deref(l);
}
