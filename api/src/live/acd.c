#include "live/acd.h"
#include "live/live.h"
#include "server/api.h"
#include "zj_log.h"
#include <stdlib.h>

#define ANSWER_MS 5000

struct api_acd {
	struct api *api;
	struct zj_rpc_conn *conn;
	bool up; /* hello was answered */
};

static void event_h(struct zj_rpc_conn *conn ZJ_UNUSED, json_t *params, struct zj_rpc_call *call, void *arg)
{
	struct api_acd *a = arg;
	api_live_event(a->api->live, params);
	zj_rpc_reply(call, json_object());
}

static const struct zj_rpc_method methods[] = {
	{"event", "tenant:u cursor:s at:s type:s data:o", event_h, "something changed for a tenant"},
	{NULL, NULL, NULL, NULL},
};

static void greeted(json_t *result, int code, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct api_acd *a = arg;
	if (!result) {
		if (code != ZJ_RPC_GONE)
			zj_error("acd", "hello was refused code=%d message=%s", code,
				 zj_log_esc(message ? message : "-"));
		return;
	}
	a->up = true;
	zj_info("acd", "connected epoch=%lld", (long long)json_integer_value(json_object_get(result, "epoch")));
	api_live_acd(a->api->live, true);
}

static void conn_h(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct api_acd *a = arg;
	if (up) {
		if (zj_rpc_request(conn, "hello", json_pack("{s:s}", "name", "api"), ANSWER_MS, greeted, a))
			zj_error("acd", "hello cannot be sent");
		return;
	}
	if (a->up)
		zj_warn("acd", "away: boards are stale until it is back");
	a->up = false;
	api_live_acd(a->api->live, false);
}

int api_acd_alloc(struct api_acd **ap, struct api *api, const char *address)
{
	struct api_acd *a = calloc(1, sizeof(*a));
	if (!a)
		return ENOMEM;
	a->api = api;
	int err = zj_rpc_connect(&a->conn, api->loop, address, methods, conn_h, a);
	if (err) {
		free(a);
		return err;
	}
	*ap = a;
	return 0;
}

void api_acd_close(struct api_acd *a)
{
	if (!a)
		return;
	zj_rpc_close(a->conn);
	free(a);
}

bool api_acd_is_up(const struct api_acd *a)
{
	return a->up;
}

struct away {
	uv_timer_t timer;
	zj_rpc_answer_h *h;
	void *arg;
};

static void away_closed(uv_handle_t *t)
{
	free(t->data);
}

static void away_h(uv_timer_t *t)
{
	struct away *w = t->data;
	w->h(NULL, ZJ_RPC_GONE, "acd is away", NULL, w->arg);
	uv_close((uv_handle_t *)t, away_closed);
}

void api_acd_ask(struct api_acd *a, const char *method, json_t *params, zj_rpc_answer_h *h, void *arg)
{
	if (zj_rpc_is_up(a->conn) && zj_rpc_request(a->conn, method, params, ANSWER_MS, h, arg) == 0)
		return;
	if (!zj_rpc_is_up(a->conn))
		json_decref(params);
	struct away *w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	*w = (struct away){.h = h, .arg = arg};
	uv_timer_init(a->api->loop, &w->timer);
	w->timer.data = w;
	uv_timer_start(&w->timer, away_h, 0, 0);
}
