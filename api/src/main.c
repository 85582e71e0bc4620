/* The api: HTTP surface of Zongji. Starts, introspects the database, serves until SIGTERM. */
#include "describe/desk.h"
#include "describe/openapi.h"
#include "edge/edge.h"
#include "jobs/job_event.h"
#include "live/acd.h"
#include "live/live.h"
#include "login/enter.h"
#include "login/ledger.h"
#include "login/limit.h"
#include "login/login.h"
#include "login/password.h"
#include "login/session.h"
#include "login/totp.h"
#include "rights/views.h"
#include "server/api.h"
#include "zj_conf.h"
#include "zj_log.h"
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ROW(key, type, def, min, max, help)                                                                            \
	{                                                                                                              \
#key, type, offsetof(struct api_conf, key), def, min, max, help                                        \
	}
static const struct zj_conf_row rows[] = {
	ROW(log, ZJ_CONF_STR, "", 0, 400, "log file; empty: standard error"),
	ROW(log_level, ZJ_CONF_STR, "info", 1, 10, "error, warn, info or debug"),
	ROW(listen, ZJ_CONF_STR, "127.0.0.1", 7, 45, "address for HTTP; HAProxy is before it"),
	ROW(port, ZJ_CONF_INT, "20000", 1, 65535, "port for HTTP"),
	ROW(health_port, ZJ_CONF_INT, "20094", 1, 65535, "port for /healthz and /metrics"),
	ROW(database, ZJ_CONF_SECRET, NULL, 1, 1000, "how to reach PostgreSQL (libpq conninfo)"),
	ROW(connections, ZJ_CONF_INT, "8", 1, 200, "connections to PostgreSQL"),
	ROW(redis, ZJ_CONF_STR, NULL, 1, 400, "Redis: /path or host:port"),
	ROW(redis_password, ZJ_CONF_SECRET, "", 0, 200, "password for Redis; empty: none"),
	ROW(acd, ZJ_CONF_STR, NULL, 1, 400, "acd's socket"),
	ROW(edge, ZJ_CONF_STR, "/run/zongji/kamailio.rpc", 1, 100, "Kamailio's socket for questions"),
	ROW(seal_keys, ZJ_CONF_STR, "", 0, 400, "file of the installation's keys for sealed recordings; empty: none"),
	ROW(archive, ZJ_CONF_STR, "", 0, 400, "directory that recordings are moved to by plans; empty: none"),
	ROW(store, ZJ_CONF_STR, NULL, 1, 400, "directory of recordings and prompts"),
	ROW(web, ZJ_CONF_STR, "build/web", 1, 400, "directory of the console"),
	ROW(mediad, ZJ_CONF_STR, "build/bin/mediad", 1, 400, "program that converts uploaded audio (--convert)"),
	ROW(ivr, ZJ_CONF_STR, "build/bin/ivr-vxml", 1, 400, "program that checks VoiceXML (lint)"),
	ROW(worker, ZJ_CONF_STR, "build/bin/worker", 1, 400, "program that looks into files to be imported (preview)"),
	ROW(max_body, ZJ_CONF_INT, "16777216", 1024, 1073741824, "bytes that a request's body may have"),
	ROW(max_upload_mb, ZJ_CONF_INT, "4096", 1, 4096, "megabytes that an uploaded file may have"),
	ROW(max_clients, ZJ_CONF_INT, "12000", 1, 100000, "connections at a time"),
	ROW(request_timeout_s, ZJ_CONF_INT, "30", 1, 600,
	    "seconds for a request to arrive whole, and for an idle connection"),
	ROW(spool, ZJ_CONF_STR, NULL, 1, 400, "directory of audit events on their way to PostgreSQL"),
	ROW(secret_key, ZJ_CONF_SECRET, NULL, 16, 200, "seals the secrets of one-time codes"),
	ROW(max_sessions, ZJ_CONF_INT, "50000", 10, 1000000, "sessions in memory (all are in Redis)"),
	ROW(viewers, ZJ_CONF_INT, "5000", 1, 50000, "event sockets at a time"),
	ROW(viewer_buffer_kb, ZJ_CONF_INT, "1024", 16, 65536, "kilobytes that may wait for a slow event socket"),
	ROW(prompt_lufs, ZJ_CONF_INT, "-23", -50, -5, "loudness that prompts are brought to (EBU R128)"),
	ROW(child_timeout_ms, ZJ_CONF_INT, "10000", 100, 120000,
	    "milliseconds for checking a document or converting audio"),
	ROW(child_memory_mb, ZJ_CONF_INT, "512", 32, 8192, "megabytes for such a child"),
	ROW(forget_ms, ZJ_CONF_INT, "10000", 0, 3600000,
	    "milliseconds until a replaced prompt's file goes: somebody may be playing it"),
	{.key = NULL},
};

static void read_schema(void *arg);

static void schema_use(struct api *api, struct res_schema *s)
{
	zj_deref(api->schema);
	api->schema = s;
	json_decref(api->desk);
	api->desk = api_desk_make(s);
	for (int r = 0; r < RES_ROLES; r++) {
		free(api->openapi[r]);
		api->openapi[r] = api_openapi_make(s, (enum res_role)r);
	}
	zj_info("schema", "read resources=%zu", res_schema_count(s));
	zj_health_set(api->health, true, "");
}

static void schema_read(int err, int failed, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct api *api = arg;
	struct res_schema *s;
	char why[300] = "out of memory";
	enum api_look look = api->schema_look;

	api->schema_look = API_LOOK_NONE;
	api->schema_old = err != 0;
	if (err) {
		zj_error("schema", "cannot read the catalogue error=%d message=%s", err,
			 err == EPROTO ? zj_log_esc(PQresultErrorMessage(results[failed])) : "-");
	} else {
		json_t *tables = json_loads(PQgetvalue(results[0], 0, 0), 0, NULL);

		if (!tables || res_schema_alloc(&s, tables, why, sizeof(why)))
			zj_error("schema", "the former one stays why=%s", zj_log_esc(why));
		else
			schema_use(api, s);
	}
	if (look == API_LOOK_AGAIN)
		read_schema(api);
}

/* One look at a time: the answers of two, on two connections, could come in the wrong order, and the older one stay. */
static void read_schema(void *arg)
{
	struct api *api = arg;
	struct zj_pg_query q = {.sql = res_schema_sql};

	if (api->schema_look != API_LOOK_NONE) {
		api->schema_look = API_LOOK_AGAIN;
		return;
	}
	if (zj_pg_run(api->pg, &q, 1, schema_read, api)) {
		zj_error("schema", "cannot ask for the catalogue");
		api->schema_old = true;
	} else {
		api->schema_look = API_LOOK_ASKED;
	}
}

#define RIGHTS_MS 10 /* an import of a thousand accounts is one look */

static void on_rights(uv_timer_t *t)
{
	struct api *api = t->data;
	api_live_rights(api->live);
}

static void rights_changed(void *arg)
{
	struct api *api = arg;
	if (!uv_is_active((uv_handle_t *)&api->rights))
		uv_timer_start(&api->rights, on_rights, RIGHTS_MS, 0);
}

static void redis_h(struct zj_redis *r ZJ_UNUSED, bool up, void *arg ZJ_UNUSED)
{
	if (up)
		zj_info("redis", "connected");
	else
		zj_warn("redis", "away: sessions live in memory only");
}

/* Every few seconds: a look at the schema that failed is repeated; now and then answers kept for repeated requests are
 * forgotten after their day. */
static void trimmed(int err, int failed ZJ_UNUSED, PGresult *const *results ZJ_UNUSED, int n ZJ_UNUSED,
		    void *arg ZJ_UNUSED)
{
	if (err == EPROTO)
		zj_warn("idempotency", "cannot trim");
}

#define TICK_MS    5000
#define TRIM_EVERY 60 /* ticks */

static void sweep(const struct api_tenant *t, void *arg)
{
	const struct api *api = arg;
	api_session_sweep(api->sessions, t->id);
}

static void on_tick(uv_timer_t *t)
{
	static unsigned ticks;
	struct api *api = t->data;
	api_tenant_each(api->directory, sweep, api);
	struct zj_pg_query q = {.sql = "delete from zj.idempotency where created_at < now() - interval '24 hours'"};
	if (!zj_pg_is_up(api->pg))
		return;
	if ((!api->schema || api->schema_old) && api_directory_ready(api->directory))
		read_schema(api);
	if (++ticks % TRIM_EVERY == 0 && zj_pg_run(api->pg, &q, 1, trimmed, api))
		zj_debug("idempotency", "trim put off");
}

static void on_signal(uv_signal_t *s, int number)
{
	zj_info("main", "ends signal=%d", number);
	uv_stop(s->loop);
}

static int64_t session_idle(const char *tenant, void *arg)
{
	const struct api *api = arg;
	return api_setting_of(api->directory, tenant)->session_minutes * 60 * 1000000LL;
}

static int start(struct api *api)
{
	struct api_conf *c = &api->conf;
	struct api_session_hooks hooks = {session_idle, api_session_timed_out, api};
	int err = zj_health_alloc_unready(&api->health, "api", (uint16_t)c->health_port, api_metrics,
					  "the database was not read yet");
	if (!err)
		err = zj_pg_alloc(&api->pg, api->loop, c->database, (unsigned)c->connections, 3000);
	if (!err)
		err = zj_redis_alloc(&api->redis, api->loop, c->redis, NULL,
				     *c->redis_password ? c->redis_password : NULL, redis_h, api);
	if (!err)
		err = api_sessions_alloc(&api->sessions, api->loop, api->redis, (size_t)c->max_sessions, &hooks);
	if (!err)
		err = api_limit_alloc(&api->limit, api->redis);
	if (!err)
		err = api_totp_alloc(&api->totp, api->redis, c->secret_key);
	if (!err)
		err = api_entries_alloc(&api->entries);
	if (!err)
		err = api_ledger_alloc(&api->ledger, api->loop, api->pg, c->spool);
	if (!err)
		err = api_live_alloc(&api->live, api);
	if (!err)
		err = api_acd_alloc(&api->acd, api, c->acd);
	if (!err)
		err = api_edge_alloc(&api->edge, api, c->edge);
	if (!err)
		err = api_views_alloc(&api->views);
	if (!err)
		err = api_directory_alloc(&api->directory, api->loop, c->database, rights_changed, read_schema, api);
	if (!err)
		err = api_job_events_alloc(&api->job_events, api);
	if (!err)
		err = api_http_alloc(&api->http, api);
	return err;
}

int main(int argc, char **argv)
{
	static struct api api;
	uv_signal_t term, intr;
	uv_timer_t tick;
	if (argc == 2 && strcmp(argv[1], "--hash-password") == 0)
		return api_password_main();
	int code = zj_daemon_start(argc, argv, "api", rows, &api.conf);
	if (code >= 0)
		return code;
	if (sodium_init() < 0)
		return 1;
	api.loop = uv_default_loop();
	uv_timer_init(api.loop, &api.rights);
	api.rights.data = &api;
	int err = start(&api);
	if (err) {
		zj_error("main", "cannot start port=%lld error=%s", (long long)api.conf.port, strerror(err));
		return 1;
	}
	uv_signal_init(api.loop, &term);
	uv_signal_start(&term, on_signal, SIGTERM);
	uv_signal_init(api.loop, &intr);
	uv_signal_start(&intr, on_signal, SIGINT);
	uv_timer_init(api.loop, &tick);
	tick.data = &api;
	uv_timer_start(&tick, on_tick, TICK_MS, TICK_MS);
	zj_info("main", "listens address=%s port=%lld", api.conf.listen, (long long)api.conf.port);
	uv_run(api.loop, UV_RUN_DEFAULT);
	zj_info("main", "ended");
	exit(0); /* open requests end with the process; nothing of ours is kept only in memory */
}
