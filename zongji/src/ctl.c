/* zongji ctl, zongji ping: ask the running supervisor. */
#include "zj_log.h"
#include "zj_rpc.h"
#include "zongji.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 5000

struct ask {
	uv_loop_t loop;
	struct zj_rpc_conn *conn;
	const char *method;
	json_t *params, *result;
	int code;
	uv_timer_t timer;
};

static void on_answer(json_t *result, int code, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct ask *ask = arg;

	ask->code = code ? 1 : 0;
	ask->result = json_incref(result);
	if (code && code != ZJ_RPC_GONE)
		fprintf(stderr, "zongji: %s\n", message);
	uv_stop(&ask->loop);
}

static void on_conn(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct ask *ask = arg;

	if (up && zj_rpc_request(conn, ask->method, json_incref(ask->params), PATIENCE_MS, on_answer, ask))
		uv_stop(&ask->loop);
}

static void on_patience_over(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void close_handle(uv_handle_t *h, void *arg ZJ_UNUSED)
{
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

/* One question to sock/up.sock. Returns the answer (the caller's) or NULL after `patience_ms`. Steals params. */
static json_t *ask_up(const struct zongji_conf *conf, const char *method, json_t *params, unsigned patience_ms)
{
	struct ask ask = {.method = method, .params = params, .code = 1};
	char path[4096];

	snprintf(path, sizeof(path), "%s/sock/up.sock", conf->run);
	if (uv_loop_init(&ask.loop))
		return NULL;
	uv_timer_init(&ask.loop, &ask.timer);
	uv_timer_start(&ask.timer, on_patience_over, patience_ms, 0);
	if (!zj_rpc_connect(&ask.conn, &ask.loop, path, NULL, on_conn, &ask)) {
		uv_run(&ask.loop, UV_RUN_DEFAULT);
		zj_rpc_close(ask.conn);
	}
	uv_walk(&ask.loop, close_handle, NULL);
	uv_run(&ask.loop, UV_RUN_DEFAULT);
	uv_loop_close(&ask.loop);
	json_decref(params);
	return ask.result;
}

static int signal_number(const char *s)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {{"KILL", SIGKILL}, {"TERM", SIGTERM}, {"INT", SIGINT}, {"HUP", SIGHUP}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"STOP", SIGSTOP}, {"CONT", SIGCONT}};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i].name, s))
			return names[i].number;
	}
	return atoi(s);
}

int cmd_ctl(const struct zongji_conf *conf, int argc, char **argv)
{
	json_t *params = json_object(), *result, *row, *list;
	size_t i;

	if (argc < 2) {
		fprintf(stderr, "usage: zongji ctl list | stop NAME | start NAME | kill NAME SIGNAL\n");
		json_decref(params);
		return 2;
	}
	if (argc > 2)
		json_object_set_new(params, "name", json_string(argv[2]));
	if (argc > 3)
		json_object_set_new(params, "signal", json_integer(signal_number(argv[3])));
	result = ask_up(conf, argv[1], params, PATIENCE_MS);
	if (!result)
		return 1;
	list = json_object_get(result, "processes");
	if (!list)
		list = result;
	if (json_is_array(list)) {
		json_array_foreach(list, i, row)
			printf("%-14s %-9s pid=%-7d restarts=%d\n", json_string_value(json_object_get(row, "name")),
			       json_string_value(json_object_get(row, "state")), (int)json_integer_value(json_object_get(row, "pid")),
			       (int)json_integer_value(json_object_get(row, "restarts")));
	}
	json_decref(result);
	return 0;
}

int cmd_ping(const struct zongji_conf *conf, int argc ZJ_UNUSED, char **argv ZJ_UNUSED)
{
	json_t *result = ask_up(conf, "list", json_object(), 500);
	int code = json_is_true(json_object_get(result, "ready")) ? 0 : 1;

	json_decref(result);
	return code;
}
