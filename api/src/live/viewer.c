/* One WebSocket that watches a tenant's live events. */
#include "live/acd.h"
#include "live/live.h"
#include "perm.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

#define SILENT_US    (60 * 1000000LL) /* no pong, no word */
#define CLOSING_US   (5 * 1000000LL)
#define INCOMING_MAX 4096

static void gone(struct api_viewer *v)
{
	h2o_websocket_conn_t *conn = v->conn;
	api_live_leave(v);
	api_who_clear(&v->who);
	zj_deref(v->reach);
	free(v);
	if (conn)
		h2o_websocket_close(conn);
}

/* Anything from the client shows that it lives; what it says is of no interest. */
static void on_message(h2o_websocket_conn_t *conn, const struct wslay_event_on_msg_recv_arg *arg)
{
	struct api_viewer *v = conn->data;
	if (arg)
		v->heard_us = zj_mono_us();
	else
		gone(v);
}

bool api_viewer_drained(const struct api_viewer *v)
{
	return wslay_event_get_queued_msg_length(v->conn->ws_ctx) == 0;
}

/* Until the 101 is sent there is no socket; h2o goes on by itself then. */
static void proceed(struct api_viewer *v)
{
	if (v->conn->sock)
		h2o_websocket_proceed(v->conn); /* may end in gone() */
}

static void queue(struct api_viewer *v, const char *text, size_t n)
{
	struct wslay_event_msg m = {.opcode = WSLAY_TEXT_FRAME, .msg = (const uint8_t *)text, .msg_length = n};
	wslay_event_queue_msg(v->conn->ws_ctx, &m);
	proceed(v);
}

/* wslay queues without limit: we do not. A single text larger than the limit goes when nothing else waits. */
void api_viewer_send(struct api_viewer *v, const char *text)
{
	size_t n = strlen(text), queued;
	if (!v->conn || v->slow || v->closing_us)
		return;
	queued = wslay_event_get_queued_msg_length(v->conn->ws_ctx);
	if (queued > 0 && queued + n > (size_t)v->api->conf.viewer_buffer_kb * 1024) {
		v->slow = true;
		api_count(viewer_resyncs);
		zj_warn("live", "a viewer reads too slowly tenant=%s account=%s queued=%zu", v->who.tenant,
			v->who.account, queued);
		return;
	}
	queue(v, text, n);
}

/* The close frame overtakes texts in wslay's queue: it is queued when they have left. */
static void try_close(struct api_viewer *v)
{
	if (!v->close_code || !api_viewer_drained(v))
		return;
	wslay_event_queue_close(v->conn->ws_ctx, v->close_code, NULL, 0);
	v->close_code = 0;
	proceed(v);
}

void api_viewer_end(struct api_viewer *v, unsigned code, const char *because)
{
	char text[100];
	int n = snprintf(text, sizeof(text), "{\"type\":\"end\",\"because\":\"%s\"}", because);
	if (!v->conn || v->closing_us)
		return;
	v->closing_us = zj_mono_us();
	v->close_code = (uint16_t)code;
	struct wslay_event_msg m = {.opcode = WSLAY_TEXT_FRAME, .msg = (const uint8_t *)text, .msg_length = (size_t)n};
	wslay_event_queue_msg(v->conn->ws_ctx, &m);
	if (!v->conn->sock)
		return;
	/* written by hand, for h2o_websocket_proceed may end in gone() and the close frame must follow */
	wslay_event_send(v->conn->ws_ctx);
	if (v->close_code && api_viewer_drained(v)) {
		wslay_event_queue_close(v->conn->ws_ctx, v->close_code, NULL, 0);
		v->close_code = 0;
	}
	proceed(v);
}

/* Once a second. */
void api_viewer_tick(struct api_viewer *v, int64_t now_us, bool ping)
{
	if (v->closing_us ? now_us - v->closing_us > CLOSING_US : now_us - v->heard_us > SILENT_US) {
		gone(v);
		return;
	}
	if (v->closing_us) {
		try_close(v);
		return;
	}
	if (!ping || v->slow)
		return;
	struct wslay_event_msg m = {.opcode = WSLAY_PING};
	wslay_event_queue_msg(v->conn->ws_ctx, &m);
	proceed(v);
}

/* A page of another origin must not use the browser's cookie. */
static bool origin_is_ours(const struct api_req *req)
{
	char *origin = api_req_header(req, "origin");
	const char *host = origin ? strstr(origin, "://") : NULL;
	bool good =
		!origin || (host && req->h2o->authority.len == strlen(host + 3) &&
			    h2o_lcstris(req->h2o->authority.base, req->h2o->authority.len, host + 3, strlen(host + 3)));
	zj_deref(origin);
	return good;
}

bool api_viewer_may(const struct api_who *who)
{
	return !who->narrowed || who->agent[0] || res_perm_has(who->perms, "live.read") ||
	       res_perm_has(who->perms, "jobs.read");
}

void api_events_h(struct api_req *req)
{
	const char *key;
	bool exact;
	if (h2o_is_websocket_handshake(req->h2o, &key) != 0 || !key)
		return api_fail(req, RES_P_REQUEST, "this is a WebSocket");
	if (req->who.by_cookie && !origin_is_ours(req))
		return api_fail(req, RES_P_CSRF, "this page's origin is not ours");
	if (!api_viewer_may(&req->who)) {
		api_may(req, "live.read");
		return;
	}
	if (req->api->conf.viewers <= atomic_load(&api_metrics[API_M_viewers].value))
		return api_fail(req, RES_P_AWAY, "too many viewers");
	struct api_viewer *v = calloc(1, sizeof(*v));
	struct api_reach *reach = v ? api_reach_now(req->api, &req->who, "live.read", &exact) : NULL;
	if (!reach) {
		free(v);
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	}
	v->api = req->api;
	v->who = req->who;
	v->who.token = NULL;
	json_incref(v->who.perms);
	v->scoped = v->loading = !exact;
	api_viewer_set(v, reach);
	v->heard_us = zj_mono_us();
	char *after = res_query_get(req->query, "after");
	if (api_req_header_is(req, "sec-websocket-protocol", "zongji.events"))
		api_header(req, "sec-websocket-protocol", "zongji.events");
	api_header(req, "x-request-id", req->id);
	h2o_req_t *h2o = req->h2o;
	req->h2o = NULL;
	v->conn = h2o_upgrade_to_websocket(h2o, key, v, on_message);
	wslay_event_config_set_max_recv_msg_length(v->conn->ws_ctx, INCOMING_MAX);
	api_live_join(v->api->live, v, after);
	zj_deref(after);
}

/* --- the board, over plain HTTP --- */

static void board_came(json_t *result, int code ZJ_UNUSED, const char *message ZJ_UNUSED, json_t *data ZJ_UNUSED,
		       void *arg)
{
	struct api_req *req = arg;
	json_t *within;
	if (!result) {
		api_fail(req, RES_P_AWAY, "the call engine is away");
	} else {
		within = api_reach_board(req->user, result);
		api_reply_json(req, 200, api_glass_board(api_glass_of(req->api, &req->who), within));
		json_decref(within);
	}
	zj_deref(req);
}

static void board_ask(struct api_reach *r, void *arg)
{
	struct api_req *req = arg;
	req->user = r; /* goes with the request */
	if (r)
		api_acd_ask(req->api->acd, "board", json_pack("{s:s}", "tenant", req->who.tenant), board_came,
			    zj_ref(req));
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	zj_deref(req);
}

void api_board_h(struct api_req *req)
{
	if (!res_perm_has(req->who.perms, "live.read") && !req->who.agent[0]) {
		api_may(req, "live.read");
		return;
	}
	if (!api_acd_is_up(req->api->acd))
		return api_fail(req, RES_P_AWAY, "the call engine is away");
	api_reach_load(req->api, &req->who, "live.read", board_ask, zj_ref(req));
}
