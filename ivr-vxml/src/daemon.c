/* The loop, mediad's connection, the configuration. */
#include "daemon.h"
#include "fetch.h"
#include "script.h"
#include "session.h"
#include "zj_time.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ROW(name, type, def, min, max, help)                                                                           \
	{                                                                                                              \
#name, type, offsetof(struct vx_conf, name), def, min, max, help                                       \
	}
const struct zj_conf_row vx_conf_rows[] = {
	ROW(log, ZJ_CONF_STR, "", 0, 4096, "log file; empty: standard error"),
	ROW(log_level, ZJ_CONF_STR, "info", 4, 5, "error, warn, info or debug"),
	ROW(mediad, ZJ_CONF_STR, NULL, 1, 4096, "address of mediad's control socket"),
	ROW(token, ZJ_CONF_SECRET, "", 0, 200, "what mediad asks of a controller over TCP; empty: none"),
	ROW(postgres, ZJ_CONF_SECRET, NULL, 1, 4096, "PostgreSQL: connection string"),
	ROW(store, ZJ_CONF_STR, NULL, 1, 4000, "the store of prompts and recordings"),
	ROW(cache, ZJ_CONF_STR, NULL, 1, 4000, "directory for copies of flows and fetched audio"),
	ROW(health_port, ZJ_CONF_INT, NULL, 1, 65535, "loopback port of /healthz and /metrics"),
	ROW(sessions_max, ZJ_CONF_INT, "2000", 1, 100000,
	    "sessions at once; a leg beyond goes back as error.noresource"),
	ROW(session_max_s, ZJ_CONF_INT, "3600", 10, 86400, "a session lasts so long at most, seconds"),
	ROW(fetch_max_ms, ZJ_CONF_INT, "7000", 100, 60000, "time for one document or audio file, milliseconds"),
	ROW(sound_cache_mb, ZJ_CONF_INT, "1024", 16, 1048576, "disk for fetched audio"),
	ROW(boxes_ready, ZJ_CONF_INT, "8", 0, 64, "script processes that wait forked for the next session"),
	ROW(allow_private, ZJ_CONF_BOOL, "no", 0, 0, "may flows fetch from private and loopback addresses?"),
	{NULL, 0, 0, NULL, 0, 0, NULL},
};

struct zj_metric vx_metrics[VX_METRICS + 1] = {
	[VX_M_SESSIONS] = {"sessions", "sessions running", ZJ_GAUGE, 0},
	[VX_M_STARTED] = {"sessions_total", "sessions started", ZJ_COUNTER, 0},
	[VX_M_FAILED] = {"sessions_failed_total", "sessions that ended with an error, or could not start", ZJ_COUNTER,
			 0},
	[VX_M_TURNS] = {"turns_total", "times a session began to wait for input", ZJ_COUNTER, 0},
	[VX_M_SCRIPT_ERRORS] = {"script_errors_total", "evaluations that failed", ZJ_COUNTER, 0},
	[VX_M_SCRIPT_KILLS] = {"script_kills_total", "script processes that died or were given up", ZJ_COUNTER, 0},
	[VX_M_FETCHES] = {"fetches_total", "documents, grammars and audio files asked for", ZJ_COUNTER, 0},
	[VX_M_BOXES] = {"boxes", "script processes living", ZJ_GAUGE, 0},
	[VX_M_FLOWS] = {"rows", "rows followed: flows, prompts, queues, tenants", ZJ_GAUGE, 0},
	[VX_M_MEDIAD] = {"mediad_up", "connected to mediad", ZJ_GAUGE, 0},
};

static void health_update(struct vx_daemon *d)
{
	if (!d->greeted)
		zj_health_set(d->health, false, "mediad is away");
	else if (!vx_flows_are_ready(d->flows))
		zj_health_set(d->health, false, "no flows yet: PostgreSQL is away");
	else
		zj_health_set(d->health, true, "");
	zj_metric_set(&vx_metrics[VX_M_MEDIAD], d->greeted);
	zj_metric_set(&vx_metrics[VX_M_BOXES], (int64_t)vx_script_pool_living(d->scripts));
}

/* Every event: once only, then acknowledged. */
static void event_h(struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call, void *arg)
{
	struct vx_daemon *d = arg;
	const char *method = zj_rpc_method(conn)->name;
	json_int_t seq = json_integer_value(json_object_get(params, "seq"));

	if (seq > d->seen || !seq) {
		d->seen = seq ? seq : d->seen;
		if (!strcmp(method, "leg.handed"))
			vx_call_handed(d, params);
		else
			vx_call_event(d, method, params);
	}
	if (seq)
		zj_rpc_notify(d->mediad, "ack", json_pack("{sI}", "seq", (json_int_t)d->seen));
	zj_rpc_reply(call, json_object());
}

#define EVENT(name)                                                                                                    \
	{                                                                                                              \
		name, "*", event_h, "an event of mediad"                                                               \
	}
static const struct zj_rpc_method methods[] = {
	EVENT("leg.handed"),  EVENT("leg.answered"),        EVENT("leg.dtmf"),
	EVENT("leg.played"),  EVENT("leg.recorded"),        EVENT("leg.hungup"),
	EVENT("leg.ringing"), EVENT("leg.early_media"),     EVENT("leg.collected"),
	EVENT("leg.held"),    EVENT("leg.unheld"),          EVENT("leg.refer"),
	EVENT("leg.notify"),  EVENT("leg.handover_failed"), EVENT("leg.incoming"),
	EVENT("room.joined"), EVENT("room.left"),           EVENT("room.recorded"),
	EVENT("overload"),    {NULL, NULL, NULL, NULL},
};

static void hello_h(json_t *result, int code, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct vx_daemon *d = arg;
	const char *instance = json_string_value(json_object_get(result, "instance"));

	if (code) {
		zj_error("mediad", "hello refused code=%d because=%s", code, zj_log_esc(message));
		return;
	}
	if (instance && strcmp(instance, d->instance)) { /* another life of mediad numbers its events anew */
		if (*d->instance)
			d->seen = 0;
		snprintf(d->instance, sizeof(d->instance), "%s", instance);
	}
	d->greeted = true;
	zj_info("mediad", "connected instance=%s", d->instance);
	health_update(d);
}

static void conn_h(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct vx_daemon *d = arg;
	json_t *params;

	d->greeted = false;
	health_update(d);
	if (!up) {
		vx_calls_drop(d, "mediad's connection is lost");
		return;
	}
	params = json_pack("{ss}", "name", "ivr");
	if (*d->instance)
		json_object_update_new(params,
				       json_pack("{sIss}", "seen", (json_int_t)d->seen, "instance", d->instance));
	if (*d->conf.token)
		json_object_set_new(params, "token", json_string(d->conf.token));
	zj_rpc_request(conn, "hello", params, 5000, hello_h, d);
}

static void on_tick(uv_timer_t *t)
{
	health_update(t->data);
}

static void on_signal(uv_signal_t *h, int sig)
{
	struct vx_daemon *d = h->data;

	zj_info("main", "stopping signal=%d", sig);
	uv_stop(d->loop);
}

static int start(struct vx_daemon *d)
{
	struct vx_fetcher_args fetch = {.allow_private = d->conf.allow_private,
					.max_ms = (unsigned)d->conf.fetch_max_ms,
					.max_disk = (uint64_t)d->conf.sound_cache_mb * 1024 * 1024};
	static char audio[4100];
	int err;

	if (mkdir(d->conf.cache, 0750) && errno != EEXIST)
		return errno;
	snprintf(audio, sizeof(audio), "%s/audio", d->conf.cache);
	if (mkdir(audio, 0755) && errno != EEXIST)
		return errno;
	fetch.cache_dir = audio;
	vx_turns_metric = &vx_metrics[VX_M_TURNS];
	vx_script_errors_metric = &vx_metrics[VX_M_SCRIPT_ERRORS];
	vx_script_kills_metric = &vx_metrics[VX_M_SCRIPT_KILLS];
	vx_fetches_metric = &vx_metrics[VX_M_FETCHES];
	err = vx_script_pool_alloc(&d->scripts, d->loop, "/proc/self/exe", (unsigned)d->conf.boxes_ready,
				   (unsigned)(d->conf.sessions_max + d->conf.boxes_ready));
	if (!err)
		err = zj_health_alloc(&d->health, "ivr", (uint16_t)d->conf.health_port, vx_metrics);
	if (!err)
		err = vx_fetcher_alloc(&d->fetcher, d->loop, &fetch);
	if (!err)
		err = vx_flows_alloc(&d->flows, d->loop, d->conf.postgres, d->conf.cache);
	if (!err) {
		health_update(d);
		err = zj_rpc_connect(&d->mediad, d->loop, d->conf.mediad, methods, conn_h, d);
	}
	uv_timer_init(d->loop, &d->tick);
	uv_signal_init(d->loop, &d->term);
	uv_signal_init(d->loop, &d->intr);
	d->tick.data = d->term.data = d->intr.data = d;
	uv_timer_start(&d->tick, on_tick, 1000, 1000);
	uv_signal_start(&d->term, on_signal, SIGTERM);
	uv_signal_start(&d->intr, on_signal, SIGINT);
	return err;
}

/* mediad gives our legs back to their owner when the connection closes. */
static void finish(struct vx_daemon *d)
{
	vx_calls_close(d);
	if (d->mediad)
		zj_rpc_close(d->mediad);
	vx_flows_close(d->flows);
	vx_script_pool_close(d->scripts);
	vx_fetcher_close(d->fetcher);
	uv_close((uv_handle_t *)&d->tick, NULL);
	uv_close((uv_handle_t *)&d->term, NULL);
	uv_close((uv_handle_t *)&d->intr, NULL);
	for (int i = 0; i < 200 && uv_loop_close(d->loop); i++)
		uv_run(d->loop, UV_RUN_NOWAIT);
}

int vx_daemon_main(int argc, char **argv)
{
	static struct vx_daemon d;
	int code = zj_daemon_start(argc, argv, "ivr-vxml", vx_conf_rows, &d.conf), err;

	if (code >= 0)
		return code;
	d.loop = uv_default_loop();
	err = start(&d);
	if (err) {
		zj_error("main", "cannot start err=%s", strerror(err));
		fprintf(stderr, "ivr-vxml: cannot start: %s\n", strerror(err));
	} else {
		zj_info("main", "started");
		uv_run(d.loop, UV_RUN_DEFAULT);
	}
	finish(&d);
	zj_conf_free(vx_conf_rows, &d.conf);
	return err ? 1 : 0;
}
