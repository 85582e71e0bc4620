/* JSON-RPC 2.0 over one connection: dispatch of what comes, requests of our own (zj_rpc.h). */
#include "rpc_priv.h"
#include "zj_log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int zj_rpc_conn_alloc(struct zj_rpc_conn **cp, uv_loop_t *loop, const struct zj_rpc_method *methods,
		      zj_rpc_conn_h *conn_h, void *arg)
{
	struct zj_rpc_conn *c = zj_alloc(sizeof(*c), NULL);

	if (!c)
		return ENOMEM;
	c->loop = loop;
	c->methods = methods;
	c->conn_h = conn_h;
	c->arg = arg;
	*cp = c;
	return 0;
}

/* Steals `msg`. */
static int send_json(struct zj_rpc_conn *c, json_t *msg)
{
	char *text, *line;
	size_t len;

	if (!msg)
		return ENOMEM;
	if (!c->up) {
		json_decref(msg);
		return ENOTCONN;
	}
	text = json_dumps(msg, JSON_COMPACT);
	json_decref(msg);
	if (!text)
		return ENOMEM;
	len = strlen(text);
	if (len > ZJ_RPC_LINE_MAX) { /* the peer would hang up on it */
		free(text);
		return EMSGSIZE;
	}
	line = realloc(text, len + 1);
	if (!line) {
		free(text);
		return ENOMEM;
	}
	line[len] = '\n';
	return zj_rpc_link_write(c->link, line, len + 1);
}

static void send_error(struct zj_rpc_conn *c, json_t *id, int code, const char *message, json_t *data)
{
	json_t *error = json_pack("{s:i, s:s}", "code", code, "message", message);

	if (data)
		json_object_set_new(error, "data", data);
	send_json(c, json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "error", error));
}

static void call_free(struct zj_rpc_call *call)
{
	json_decref(call->id);
	zj_deref(call->conn);
	free(call);
}

static bool call_is_heard(const struct zj_rpc_call *call)
{
	return call->conn->up && call->conn->generation == call->generation;
}

void zj_rpc_reply(struct zj_rpc_call *call, json_t *result)
{
	int err = 0;

	if (!call) {
		json_decref(result);
		return;
	}
	if (!result)
		result = json_object();
	if (call_is_heard(call))
		err = send_json(call->conn,
				json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", call->id, "result", result));
	else
		json_decref(result);
	if (err == EMSGSIZE)
		send_error(call->conn, call->id, ZJ_RPC_INTERNAL, "the answer is longer than a line may be", NULL);
	call_free(call);
}

void zj_rpc_fail(struct zj_rpc_call *call, int code, const char *message, json_t *data)
{
	if (call && call_is_heard(call))
		send_error(call->conn, call->id, code, message, data);
	else
		json_decref(data);
	if (call)
		call_free(call);
}

static const struct zj_rpc_method *method_find(const struct zj_rpc_method *m, const char *name)
{
	for (; m && m->name; m++) {
		if (!strcmp(m->name, name))
			return m;
	}
	return NULL;
}

const struct zj_rpc_method *zj_rpc_method(const struct zj_rpc_conn *c)
{
	return c->now;
}

/* A request, or (id NULL) a notification, of the peer. */
static void request_h(struct zj_rpc_conn *c, const char *name, json_t *params, json_t *id)
{
	const struct zj_rpc_method *m = method_find(c->methods, name);
	struct zj_rpc_call *call = NULL;
	char why[160];

	if (!m) {
		snprintf(why, sizeof(why), "no method %.100s", zj_log_esc(name));
		if (id)
			send_error(c, id, ZJ_RPC_NO_METHOD, why, NULL);
		else
			zj_debug("rpc", "notification ignored: %s", why);
		return;
	}
	if (!zj_rpc_params_ok(m->params, params, why, sizeof(why))) {
		if (id)
			send_error(c, id, ZJ_RPC_BAD_PARAMS, why, NULL);
		else
			zj_warn("rpc", "notification refused: %s method=%s", why, name);
		return;
	}
	params = params ? json_incref(params) : json_object();
	if (id) {
		call = calloc(1, sizeof(*call));
		if (!call || !params) {
			send_error(c, id, ZJ_RPC_INTERNAL, "out of memory", NULL);
			goto out;
		}
		*call = (struct zj_rpc_call){.conn = zj_ref(c), .generation = c->generation, .id = json_incref(id)};
	}
	c->now = m; /* the handler may close the connection: not touched afterwards */
	m->h(c, params, call, c->arg);
	call = NULL;
out:
	free(call);
	json_decref(params);
}

static void pending_closed_h(uv_handle_t *handle)
{
	free(handle->data);
}

/* Takes the request off the list and tells its asker, once. */
static void pending_end(struct zj_rpc_pending *p, json_t *result, int code, const char *message, json_t *data)
{
	HASH_DEL(p->conn->pending, p);
	p->conn = NULL;
	uv_close((uv_handle_t *)&p->timer, pending_closed_h);
	if (p->h)
		p->h(result, code, message, data, p->arg);
}

static void answer_h(struct zj_rpc_conn *c, json_t *msg, json_t *id)
{
	int64_t number = json_is_integer(id) ? json_integer_value(id) : 0;
	json_t *error = json_object_get(msg, "error");
	struct zj_rpc_pending *p;
	const char *message;
	int code;

	HASH_FIND(hh, c->pending, &number, sizeof(number), p);
	if (!p) /* it timed out before */
		return;
	if (!error) {
		json_t *result = json_object_get(msg, "result");

		pending_end(p, result ? result : json_null(), 0, NULL, NULL);
		return;
	}
	code = (int)json_integer_value(json_object_get(error, "code"));
	message = json_string_value(json_object_get(error, "message"));
	pending_end(p, NULL, code ? code : ZJ_RPC_INTERNAL, message ? message : "error without a message",
		    json_object_get(error, "data"));
}

void zj_rpc_conn_line(const char *line, size_t len, void *conn)
{
	struct zj_rpc_conn *c = conn;
	json_t *msg, *id, *params;
	json_error_t error;
	const char *method;

	msg = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!msg) {
		zj_warn("rpc", "not JSON: \"%s\" column=%d", zj_log_esc(error.text), error.column);
		send_error(c, NULL, ZJ_RPC_PARSE, error.text, NULL);
		return;
	}
	zj_ref(c);
	id = json_object_get(msg, "id");
	params = json_object_get(msg, "params");
	method = json_string_value(json_object_get(msg, "method"));
	if (method && (!id || json_is_string(id) || json_is_integer(id)))
		request_h(c, method, params, id);
	else if (!method && id && (json_object_get(msg, "result") || json_is_object(json_object_get(msg, "error"))))
		answer_h(c, msg, id);
	else if (!json_object_get(msg, "error")) /* an error that names no request is not answered by an error */
		send_error(c, NULL, ZJ_RPC_INVALID, "neither a request nor an answer", NULL);
	json_decref(msg);
	zj_deref(c);
}

static void timeout_h(uv_timer_t *timer)
{
	struct zj_rpc_pending *p = timer->data;
	struct zj_rpc_conn *c = p->conn;

	zj_ref(c);
	if (p->too_long)
		pending_end(p, NULL, ZJ_RPC_INTERNAL, "the request is longer than a line may be", NULL);
	else if (c->up)
		pending_end(p, NULL, ZJ_RPC_TIMEOUT, "no answer in time", NULL);
	else
		pending_end(p, NULL, ZJ_RPC_GONE, "not connected", NULL);
	zj_deref(c);
}

int zj_rpc_request(struct zj_rpc_conn *c, const char *method, json_t *params, unsigned timeout_ms, zj_rpc_answer_h *h,
		   void *arg)
{
	struct zj_rpc_pending *p = calloc(1, sizeof(*p));
	int err;

	if (!p || c->closed) {
		json_decref(params);
		free(p);
		return c->closed ? ENOTCONN : ENOMEM;
	}
	p->id = ++c->last_id;
	p->conn = c;
	p->h = h;
	p->arg = arg;
	uv_timer_init(c->loop, &p->timer);
	p->timer.data = p;
	HASH_ADD(hh, c->pending, id, sizeof(p->id), p);
	if (!params)
		params = json_object();
	err = send_json(c, json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", (json_int_t)p->id, "method",
				     method, "params", params));
	p->too_long = err == EMSGSIZE;
	if (err) /* its handler hears so on the loop's next turn, never before return */
		uv_timer_start(&p->timer, timeout_h, 0, 0);
	else if (timeout_ms)
		uv_timer_start(&p->timer, timeout_h, timeout_ms, 0);
	return 0;
}

int zj_rpc_notify(struct zj_rpc_conn *c, const char *method, json_t *params)
{
	if (!params)
		params = json_object();
	return send_json(c, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}

int zj_rpc_notify_text(struct zj_rpc_conn *c, const char *method, const char *params)
{
	static const char form[] = "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":%s}\n";
	size_t size = sizeof(form) + strlen(method) + strlen(params);
	char *line;

	if (!c->up)
		return ENOTCONN;
	if (size > ZJ_RPC_LINE_MAX)
		return EMSGSIZE;
	line = malloc(size);
	if (!line)
		return ENOMEM;
	return zj_rpc_link_write(c->link, line, (size_t)snprintf(line, size, form, method, params));
}

void zj_rpc_cork(struct zj_rpc_conn *c, bool on)
{
	if (c->link)
		zj_rpc_link_cork(c->link, on);
}

void zj_rpc_conn_up(struct zj_rpc_conn *c)
{
	c->up = true;
	c->generation++;
	if (c->conn_h)
		c->conn_h(c, true, c->arg);
}

void zj_rpc_conn_down(struct zj_rpc_conn *c, bool silent)
{
	struct zj_rpc_pending *p;
	int64_t last = c->last_id; /* what a handler asks anew is not ours to end */
	bool was_up = c->up;

	zj_ref(c);
	c->up = false;
	if (c->link)
		zj_rpc_link_close(c->link);
	c->link = NULL;
	while ((p = c->pending) && p->id <= last) /* in the order of asking */
		pending_end(p, NULL, ZJ_RPC_GONE, "the connection closed", NULL);
	if (was_up && !silent && c->conn_h)
		c->conn_h(c, false, c->arg);
	zj_deref(c);
}

bool zj_rpc_is_up(const struct zj_rpc_conn *c)
{
	return c && c->up;
}

void zj_rpc_set_user(struct zj_rpc_conn *c, void *user)
{
	c->user = user;
}

void *zj_rpc_user(const struct zj_rpc_conn *c)
{
	return c->user;
}
