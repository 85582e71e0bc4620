#include "live/live.h"
#include "live/acd.h"
#include "live/live_priv.h"
#include "zj_log.h"
#include "zj_time.h"
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define COALESCE_MS 100
#define TICK_MS     1000
#define PING_EVERY  20               /* ticks */
#define TELL_EVERY  5                /* ticks */
#define KEEP_US     (60 * 1000000LL) /* a feed without viewers, for those who come back */
#define FEEDS_MAX   20000

/* --- snapshots --- */

/* What a board's answer or a subscription's needs to find its feed again. */
struct ask {
	struct api_live *live;
	char tenant[ZJ_UUID_SIZE];
	bool after; /* the subscription continues an older one */
};

struct api_feed *api_feed_find(struct api_live *l, const char *tenant)
{
	struct api_feed *f;
	HASH_FIND_STR(l->feeds, tenant, f);
	return f;
}

static struct ask *ask_of(struct api_feed *f)
{
	struct ask *a = calloc(1, sizeof(*a));
	if (!a)
		abort();
	a->live = f->live;
	strcpy(a->tenant, f->tenant);
	return a;
}

static void flush(struct api_feed *f);

static void send_snapshot(struct api_feed *f, const json_t *board)
{
	struct api_viewer *v, *other;
	struct api_cursor c;
	struct api_snapshot *all = NULL;
	flush(f); /* what came before the board was answered is in it */
	if (f->gap && api_cursor_read(json_string_value(json_object_get(board, "cursor")), &c))
		api_ring_reset(f->ring, c);
	f->gap = false;
	DL_FOREACH_SAFE (f->viewers, v, other) {
		if (!v->waiting || v->loading)
			continue;
		const char *text = api_snapshot_of(&all, board, v);
		v->waiting = false;
		api_viewer_send(v, text ? text : "{\"type\":\"stale\"}");
	}
	api_snapshot_free(all);
}

static void board_came(json_t *result, int code, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct ask *a = arg;
	struct api_feed *f = api_feed_find(a->live, a->tenant);
	free(a);
	if (!f)
		return;
	f->asking = false;
	if (result)
		send_snapshot(f, result);
	else if (code != ZJ_RPC_GONE)
		zj_warn("live", "no board tenant=%s code=%d message=%s", f->tenant, code,
			zj_log_esc(message ? message : "-"));
}

static bool anybody_waits(const struct api_feed *f)
{
	const struct api_viewer *v;
	DL_FOREACH (f->viewers, v)
		if (v->waiting && !v->loading)
			return true;
	return false;
}

void api_feed_ask_board(struct api_feed *f)
{
	if (f->asking || !f->subscribed || !anybody_waits(f) || !api_acd_is_up(f->live->api->acd))
		return;
	f->asking = true;
	api_acd_ask(f->live->api->acd, "board", json_pack("{s:s}", "tenant", f->tenant), board_came, ask_of(f));
}

static void want_snapshots(struct api_feed *f)
{
	struct api_viewer *v;
	DL_FOREACH (f->viewers, v)
		v->waiting = true;
	api_feed_ask_board(f);
}

static void subscribed(json_t *result, int code, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct ask *a = arg;
	struct api_feed *f = api_feed_find(a->live, a->tenant);
	struct api_cursor c;
	bool after = a->after;
	free(a);
	if (!f)
		return;
	f->subscribing = false;
	f->subscribed = result != NULL;
	if (result && !after && api_cursor_read(json_string_value(json_object_get(result, "cursor")), &c))
		api_ring_reset(f->ring, c);
	if (result)
		api_feed_ask_board(f);
	else if (code != ZJ_RPC_GONE)
		zj_warn("live", "cannot subscribe tenant=%s code=%d message=%s", f->tenant, code,
			zj_log_esc(message ? message : "-"));
}

static void subscribe(struct api_feed *f, const char *after)
{
	if (f->subscribing || !api_acd_is_up(f->live->api->acd))
		return;
	json_t *params = json_pack("{s:s}", "tenant", f->tenant);
	struct ask *a = ask_of(f);
	if (after)
		json_object_set_new(params, "after", json_string(after));
	a->after = after != NULL;
	f->subscribing = true;
	api_acd_ask(f->live->api->acd, "subscribe", params, subscribed, a);
}

/* --- events --- */

static bool may_see(const struct api_viewer *v, const struct api_event *e)
{
	return api_reach_sees_event(v->reach, e->serial, e->type, e->data);
}

static void pending_free(struct api_feed *f, struct pending *p)
{
	DL_DELETE(f->pending, p);
	api_event_clear(&p->e);
	free(p);
}

static void flush(struct api_feed *f)
{
	struct pending *p, *next;
	struct api_viewer *v, *other;
	f->flushed_us = zj_mono_us();
	DL_FOREACH_SAFE (f->pending, p, next) {
		DL_FOREACH_SAFE (f->viewers, v, other) {
			const char *text = !v->waiting && may_see(v, &p->e) ? api_event_text(&p->e, v->glass) : NULL;
			if (text)
				api_viewer_send(v, text);
		}
		api_ring_put(f->ring, &p->e);
		p->e = (struct api_event){0};
		pending_free(f, p);
	}
}

static void on_timer(uv_timer_t *t)
{
	flush(t->data);
}

/* A later event of one entity takes the place of the earlier. */
static void add_pending(struct api_feed *f, struct pending *new)
{
	struct pending *p, *next;
	size_t kind = strcspn(new->e.type, ".");
	DL_FOREACH_SAFE (f->pending, p, next)
		if (new->id[0] && strcmp(p->id, new->id) == 0 && strncmp(p->e.type, new->e.type, kind + 1) == 0)
			pending_free(f, p);
	DL_APPEND(f->pending, new);
	int64_t since = (zj_mono_us() - f->flushed_us) / 1000;
	if (since >= COALESCE_MS)
		flush(f);
	else if (!uv_is_active((uv_handle_t *)&f->timer))
		uv_timer_start(&f->timer, on_timer, (uint64_t)(COALESCE_MS - since), 0);
}

void api_live_event(struct api_live *l, json_t *params)
{
	struct api_feed *f = api_feed_find(l, json_string_value(json_object_get(params, "tenant")));
	const char *type = json_string_value(json_object_get(params, "type"));
	json_t *data = json_object_get(params, "data");
	if (!f)
		return;
	if (strcmp(type, "gap") == 0) {
		f->gap = true;
		want_snapshots(f);
		return;
	}
	struct pending *p = calloc(1, sizeof(*p));
	if (!p || !api_cursor_read(json_string_value(json_object_get(params, "cursor")), &p->e.cursor)) {
		zj_error("live", "an event without a good cursor tenant=%s", f->tenant);
		free(p);
		return;
	}
	const char *id = json_string_value(json_object_get(data, "id"));
	snprintf(p->e.type, sizeof(p->e.type), "%s", type);
	snprintf(p->id, sizeof(p->id), "%s", id ? id : "");
	p->e.serial = ++l->serial;
	p->e.message = json_copy(params);
	json_object_del(p->e.message, "tenant");
	p->e.data = json_object_get(p->e.message, "data");
	add_pending(f, p);
}

void api_live_tell(struct api_live *l, const char *tenant, api_live_may_h *may, void *arg, const char *text)
{
	struct api_feed *f = api_feed_find(l, tenant);
	struct api_viewer *v, *next;
	if (!f)
		return;
	DL_FOREACH_SAFE (f->viewers, v, next)
		if (may(v, arg))
			api_viewer_send(v, text);
}

/* --- feeds --- */

static void feed_closed(uv_handle_t *h)
{
	struct api_feed *f = h->data;
	zj_deref(f->ring);
	free(f);
}

static void unsubscribed(json_t *result ZJ_UNUSED, int code ZJ_UNUSED, const char *message ZJ_UNUSED,
			 json_t *data ZJ_UNUSED, void *arg ZJ_UNUSED)
{
}

static void feed_end(struct api_feed *f)
{
	HASH_DEL(f->live->feeds, f);
	while (f->pending)
		pending_free(f, f->pending);
	if (f->subscribed && api_acd_is_up(f->live->api->acd)) {
		api_acd_ask(f->live->api->acd, "unsubscribe", json_pack("{s:s}", "tenant", f->tenant), unsubscribed,
			    NULL);
	}
	uv_close((uv_handle_t *)&f->timer, feed_closed);
}

static struct api_feed *feed_make(struct api_live *l, const char *tenant)
{
	struct api_feed *f = HASH_COUNT(l->feeds) < FEEDS_MAX ? calloc(1, sizeof(*f)) : NULL;
	if (!f || api_ring_alloc(&f->ring)) {
		free(f);
		return NULL;
	}
	f->live = l;
	strcpy(f->tenant, tenant);
	uv_timer_init(l->api->loop, &f->timer);
	f->timer.data = f;
	HASH_ADD_STR(l->feeds, tenant, f);
	return f;
}

/* A page cannot see pings: this tells it that the connection lives, and the server's time. */
static void tell(struct api_viewer *v)
{
	char at[ZJ_RFC3339_SIZE], text[ZJ_RFC3339_SIZE + 30];
	zj_rfc3339(at, zj_now_us());
	snprintf(text, sizeof(text), "{\"type\":\"tick\",\"at\":\"%s\"}", at);
	api_viewer_send(v, text);
}

static void replay(struct api_feed *f, struct api_viewer *v, long from)
{
	struct api_event *e;
	for (long i = from; (e = api_ring_at(f->ring, i)); i++) {
		const char *text = may_see(v, e) ? api_event_text(e, v->glass) : NULL;
		if (text)
			api_viewer_send(v, text);
	}
}

void api_live_join(struct api_live *l, struct api_viewer *v, const char *after)
{
	struct api_feed *f = api_feed_find(l, v->who.tenant);
	struct api_cursor c;
	bool resume = after && api_cursor_read(after, &c), fresh = !f;
	if (!f)
		f = feed_make(l, v->who.tenant);
	if (!f) {
		api_viewer_end(v, 1013, "overload");
		return;
	}
	v->feed = f;
	v->waiting = true;
	v->serial = ++l->serial;
	v->reload = v->loading;
	api_viewer_share_reach(v);
	DL_APPEND(f->viewers, v);
	zj_metric_set(&api_metrics[API_M_viewers], ++l->viewers);
	if (fresh && resume && !v->loading) { /* acd may still hold what came after: it sends that, or `gap` */
		v->waiting = false;
		api_ring_reset(f->ring, c);
		subscribe(f, after);
	} else if (fresh) {
		subscribe(f, NULL);
	} else {
		flush(f);
		long from = resume && f->subscribed && !v->loading ? api_ring_after(f->ring, c) : -1;
		v->waiting = from < 0;
		if (from >= 0)
			replay(f, v, from);
		else
			api_feed_ask_board(f);
	}
	if (v->loading)
		api_viewer_reach_ask(v);
	if (!api_acd_is_up(l->api->acd)) {
		v->waiting = true;
		api_viewer_send(v, "{\"type\":\"stale\"}");
	} else if (!v->waiting) {
		tell(v);
	}
}

void api_live_leave(struct api_viewer *v)
{
	struct api_feed *f = v->feed;
	if (!f)
		return;
	DL_DELETE(f->viewers, v);
	v->feed = NULL;
	zj_metric_set(&api_metrics[API_M_viewers], --f->live->viewers);
	if (!f->viewers)
		f->empty_us = zj_mono_us();
}

static void resubscribe(struct api_feed *f)
{
	subscribe(f, NULL);
	want_snapshots(f);
}

void api_live_acd(struct api_live *l, bool up)
{
	struct api_feed *f, *next;
	struct api_viewer *v, *other;
	HASH_ITER (hh, l->feeds, f, next) {
		f->subscribed = f->subscribing = f->asking = false;
		if (!up) {
			flush(f);
			DL_FOREACH_SAFE (f->viewers, v, other) {
				v->waiting = true;
				api_viewer_send(v, "{\"type\":\"stale\"}");
			}
			continue;
		}
		resubscribe(f);
	}
}

/* Once a second: slow viewers that have caught up, silent ones, feeds nobody watches, boards that were not answered.
 * One thing a viewer: each may find its socket broken, and then the viewer is gone. */
static void on_tick(uv_timer_t *t)
{
	struct api_live *l = t->data;
	struct api_feed *f, *next;
	struct api_viewer *v, *other;
	int64_t now = zj_mono_us();
	bool ping = ++l->ticks % PING_EVERY == 0, up = api_acd_is_up(l->api->acd);
	HASH_ITER (hh, l->feeds, f, next) {
		api_feed_reload_some(f, l->ticks);
		DL_FOREACH_SAFE (f->viewers, v, other) {
			if (v->slow && api_viewer_drained(v)) {
				v->slow = false;
				v->waiting = true;
				api_viewer_send(v, "{\"type\":\"resync\"}");
			} else if (l->ticks % TELL_EVERY == 1 && (!v->waiting || !up)) {
				tell(v); /* who waits for a snapshot hears nothing that looks like "still true" */
			} else {
				api_viewer_tick(v, now, ping);
			}
		}
		if (!f->viewers && now - f->empty_us > KEEP_US)
			feed_end(f);
		else if (!f->subscribed && !f->subscribing && f->viewers)
			resubscribe(f);
		else
			api_feed_ask_board(f);
	}
}

int api_live_alloc(struct api_live **lp, struct api *api)
{
	struct api_live *l = calloc(1, sizeof(*l));
	if (!l)
		return ENOMEM;
	l->api = api;
	l->tick.data = l;
	uv_timer_init(api->loop, &l->tick);
	uv_timer_start(&l->tick, on_tick, TICK_MS, TICK_MS);
	*lp = l;
	return 0;
}

/* At the end of the process: says goodbye to nobody, the sockets close with it. */
void api_live_close(struct api_live *l)
{
	if (l)
		uv_close((uv_handle_t *)&l->tick, NULL);
}
