#include "ask.h"
#include <stdio.h>
#include <string.h>

struct asking {
	uv_loop_t loop;
	uv_timer_t timer;
	struct zj_rpc_conn *conn;
	const char *hello, *method;
	json_t *params, *result;
};

static void on_answer(json_t *result, int code, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct asking *a = arg;

	a->result = json_incref(result);
	if (code && code != ZJ_RPC_GONE)
		fprintf(stderr, "zongji: %s\n", message);
	uv_stop(&a->loop);
}

static void put_question(struct asking *a)
{
	if (zj_rpc_request(a->conn, a->method, json_incref(a->params), 0, on_answer, a))
		uv_stop(&a->loop);
}

static void on_hello(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	if (code)
		on_answer(result, code, message, data, arg);
	else
		put_question(arg);
}

static void on_conn(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct asking *a = arg;

	if (!up)
		return;
	a->conn = conn;
	if (!a->hello)
		put_question(a);
	else if (zj_rpc_request(conn, "hello", json_pack("{s:s}", "name", a->hello), 0, on_hello, a))
		uv_stop(&a->loop);
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

json_t *ask(const char *socket, const char *hello, const char *method, json_t *params, unsigned patience_ms)
{
	struct asking a = {.hello = hello, .method = method, .params = params};

	if (uv_loop_init(&a.loop))
		return NULL;
	uv_timer_init(&a.loop, &a.timer);
	uv_timer_start(&a.timer, on_patience_over, patience_ms, 0);
	if (!zj_rpc_connect(&a.conn, &a.loop, socket, NULL, on_conn, &a)) {
		uv_run(&a.loop, UV_RUN_DEFAULT);
		zj_rpc_close(a.conn);
	}
	uv_walk(&a.loop, close_handle, NULL);
	uv_run(&a.loop, UV_RUN_DEFAULT);
	uv_loop_close(&a.loop);
	json_decref(params);
	return a.result;
}
