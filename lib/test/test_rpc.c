#include "testing.h"
#include "zj_outbox.h"
#include "zj_rpc.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define UUID "0190a000-0000-7000-8000-000000000001"

struct world {
	uv_loop_t loop;
	char dir[32], path[64];
	struct zj_rpc_server *server;
	struct zj_rpc_conn *client, *peer; /* peer: the server's view, borrowed */
	struct zj_rpc_call *later;
	int ups, downs;
	bool up, down;
	/* the last answer */
	bool answered;
	int code, answers;
	char message[200];
	json_t *result;
	/* events heard by the client */
	int64_t heard[64], lost;
	int heard_n;
};

static void echo_h(struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call, void *arg)
{
	(void)conn;
	(void)arg;
	zj_rpc_reply(call, json_incref(params));
}

static void later_h(struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call, void *arg)
{
	struct world *w = arg;

	(void)conn;
	(void)params;
	w->later = call;
}

static void refuse_h(struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call, void *arg)
{
	(void)conn;
	(void)params;
	(void)arg;
	zj_rpc_fail(call, ZJ_RPC_STALE, "stale", json_pack("{s:i}", "epoch", 7));
}

static void hangup_h(struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call, void *arg)
{
	(void)params;
	(void)arg;
	zj_rpc_reply(call, NULL);
	zj_rpc_close(conn);
}

static void event_h(struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call, void *arg)
{
	struct world *w = arg;

	(void)conn;
	assert_null(call);
	w->lost += json_integer_value(json_object_get(params, "lost"));
	assert_true(w->heard_n < 64);
	w->heard[w->heard_n++] = json_integer_value(json_object_get(params, "seq"));
}

static const struct zj_rpc_method server_methods[] = {
	{"echo", "name:s leg:u n?:i ratio?:n on?:b list?:a map?:o any?:*", echo_h, "answers its parameters"},
	{"later", "", later_h, "answers later"},
	{"refuse", "", refuse_h, "refuses"},
	{"hangup", "", hangup_h, "answers and closes"},
	{NULL, NULL, NULL, NULL},
};
static const struct zj_rpc_method client_methods[] = {
	{"event", "seq:i what?:s lost?:i", event_h, "counts"},
	{NULL, NULL, NULL, NULL},
};

static void server_conn_h(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct world *w = arg;

	w->peer = up ? conn : NULL;
	w->down = !up;
}

static void client_conn_h(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct world *w = arg;

	(void)conn;
	w->up = up;
	if (up)
		w->ups++;
	else
		w->downs++;
}

static void answer_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct world *w = arg;

	(void)data;
	w->answered = true;
	w->answers++;
	w->code = code;
	snprintf(w->message, sizeof(w->message), "%s", message ? message : "");
	json_decref(w->result);
	w->result = json_incref(result);
}

static void server_begin(struct world *w)
{
	assert_int_equal(zj_rpc_listen(&w->server, &w->loop, w->path, server_methods, server_conn_h, w), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	uv_loop_init(&w->loop);
	strcpy(w->dir, "/tmp/zj-rpc-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/s", w->dir);
	server_begin(w);
	assert_int_equal(zj_rpc_connect(&w->client, &w->loop, w->path, client_methods, client_conn_h, w), 0);
	assert_false(w->up);
	loop_until(&w->loop, &w->up);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	zj_rpc_close(w->client);
	zj_rpc_server_close(w->server);
	loop_end(&w->loop);
	json_decref(w->result);
	rmdir(w->dir);
	free(w);
	assert_int_equal(zj_objects_alive(), 0);
	return 0;
}

static void ask(struct world *w, const char *method, const char *params, unsigned timeout_ms)
{
	w->answered = false;
	assert_int_equal(
		zj_rpc_request(w->client, method, params ? json_loads(params, 0, NULL) : NULL, timeout_ms, answer_h, w),
		0);
	assert_false(w->answered);
}

static void asked(struct world *w, const char *method, const char *params)
{
	ask(w, method, params, 0);
	loop_until(&w->loop, &w->answered);
}

static void answers_and_names_the_wrong_parameter(void **state)
{
	static const struct {
		const char *params, *says;
	} cases[] = {
		{"{\"leg\":\"" UUID "\"}", "name is missing (a string)"},
		{"{\"name\":1,\"leg\":\"" UUID "\"}", "name must be a string"},
		{"{\"name\":\"x\",\"leg\":\"y\"}", "leg must be a UUID"},
		{"{\"name\":\"x\",\"leg\":\"" UUID "\",\"n\":1.5}", "n must be an integer"},
		{"{\"name\":\"x\",\"leg\":\"" UUID "\",\"ratio\":\"1\"}", "ratio must be a number"},
		{"{\"name\":\"x\",\"leg\":\"" UUID "\",\"on\":null}", "on must be a boolean"},
		{"{\"name\":\"x\",\"leg\":\"" UUID "\",\"list\":{}}", "list must be an array"},
		{"{\"name\":\"x\",\"leg\":\"" UUID "\",\"map\":[]}", "map must be an object"},
		{"{\"name\":\"x\",\"leg\":\"" UUID "\",\"nam\":1}", "nam is not a parameter of this method"},
		{"[1]", "params must be an object"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		asked(w, "echo", cases[i].params);
		assert_int_equal(w->code, ZJ_RPC_BAD_PARAMS);
		assert_string_equal(w->message, cases[i].says);
	}
	asked(w, "echo",
	      "{\"name\":\"x\",\"leg\":\"" UUID
	      "\",\"n\":1,\"ratio\":2,\"on\":true,\"list\":[],\"map\":{},\"any\":null}");
	assert_int_equal(w->code, 0);
	assert_string_equal(json_string_value(json_object_get(w->result, "name")), "x");
	asked(w, "nothing", NULL);
	assert_int_equal(w->code, ZJ_RPC_NO_METHOD);
	asked(w, "refuse", NULL);
	assert_int_equal(w->code, ZJ_RPC_STALE);
}

static void open_requests_hear_of_loss_and_timeout(void **state)
{
	struct world *w = *state;

	ask(w, "later", NULL, 20);
	loop_until(&w->loop, &w->answered);
	assert_int_equal(w->code, ZJ_RPC_TIMEOUT);
	zj_rpc_reply(w->later, NULL); /* a late answer harms nobody */
	ask(w, "later", NULL, 0);
	w->later = NULL;
	while (!w->later)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	zj_rpc_server_close(w->server);
	loop_until(&w->loop, &w->answered);
	assert_int_equal(w->code, ZJ_RPC_GONE);
	zj_rpc_reply(w->later, NULL); /* its asker is gone */
	assert_int_equal(w->downs, 1);
	w->answered = false;
	ask(w, "echo", NULL, 1000); /* while down */
	assert_int_equal(zj_rpc_notify(w->client, "x", NULL), ENOTCONN);
	loop_until(&w->loop, &w->answered);
	assert_int_equal(w->code, ZJ_RPC_GONE);
	server_begin(w);
	loop_until(&w->loop, &w->up); /* by itself */
	asked(w, "echo", "{\"name\":\"again\",\"leg\":\"" UUID "\"}");
	assert_int_equal(w->code, 0);
	assert_int_equal(w->ups, 2);
}

static void a_handler_may_close_its_connection(void **state)
{
	struct world *w = *state;
	bool down = false;

	asked(w, "hangup", NULL);
	assert_int_equal(w->code, 0);
	(void)down;
	assert_true(w->down);
	w->up = false;
	loop_until(&w->loop, &w->up);
}

static int raw_connect(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(sa.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void talk(struct world *w, int fd, const char *text, char *answer, size_t size)
{
	ssize_t n = -1;

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	for (int i = 0; i < 2000 && n < 0; i++) {
		uv_run(&w->loop, UV_RUN_NOWAIT);
		n = recv(fd, answer, size - 1, MSG_DONTWAIT);
		usleep(500);
	}
	answer[n > 0 ? n : 0] = '\0';
}

static void bad_lines_get_an_error_and_no_harm(void **state)
{
	static const struct {
		const char *line, *has;
	} cases[] = {
		{"{\n", "-32700"},
		{"\xff\xfe\n", "-32700"},
		{"[]\n", "-32600"},
		{"42\n", "-32700"},
		{"{\"jsonrpc\":\"2.0\",\"id\":1}\n", "-32600"},
		{"{\"id\":{},\"method\":\"echo\"}\n", "-32600"},
		{"{\"id\":\"a\",\"method\":\"echo\",\"params\":3}\r\n", "\"id\":\"a\""},
		{"{\"id\":1,\"id\":2,\"method\":\"later\"}\n", "-32700"},
	};
	struct world *w = *state;
	int fd = raw_connect(w->path);
	char answer[1000];

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		talk(w, fd, cases[i].line, answer, sizeof(answer));
		assert_non_null(strstr(answer, cases[i].has));
	}
	close(fd);
}

static void an_endless_line_ends_the_connection(void **state)
{
	struct world *w = *state;
	int fd = raw_connect(w->path);
	size_t sent = 0;
	char buf[65536];
	ssize_t n = 0;

	memset(buf, ' ', sizeof(buf));
	for (int i = 0; i < 5000; i++) {
		n = send(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	assert_true(n < 0 && errno == EPIPE);
	assert_in_range(sent, ZJ_RPC_LINE_MAX, 3 * ZJ_RPC_LINE_MAX);
	close(fd);
}

static void long_lines_pass_and_too_long_ones_are_said(void **state)
{
	struct world *w = *state;
	size_t len = ZJ_RPC_LINE_MAX - 200;
	char *text = malloc(len + 400);
	json_t *params;

	memset(text, 'x', len + 400);
	params = json_pack("{s:s%, s:s}", "name", text, len, "leg", UUID);
	w->answered = false;
	assert_int_equal(zj_rpc_request(w->client, "echo", params, 0, answer_h, w), 0);
	loop_until(&w->loop, &w->answered);
	assert_int_equal(w->code, 0);
	assert_int_equal(json_string_length(json_object_get(w->result, "name")), len);
	params = json_pack("{s:s%, s:s}", "name", text, len + 399, "leg", UUID);
	w->answered = false;
	assert_int_equal(zj_rpc_request(w->client, "echo", params, 0, answer_h, w), 0);
	loop_until(&w->loop, &w->answered);
	assert_int_equal(w->code, ZJ_RPC_INTERNAL);
	free(text);
}

static void a_second_listener_is_refused_a_dead_one_replaced(void **state)
{
	struct world *w = *state;
	struct zj_rpc_server *second = NULL;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char path[80];

	assert_int_equal(zj_rpc_listen(&second, &w->loop, w->path, server_methods, NULL, NULL), EADDRINUSE);
	snprintf(path, sizeof(path), "%s/dead", w->dir);
	strcpy(sa.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(fd);
	assert_int_equal(zj_rpc_listen(&second, &w->loop, path, server_methods, NULL, NULL), 0);
	zj_rpc_server_close(second);
}

static void what_was_corked_comes_at_once_and_in_order(void **state)
{
	struct world *w = *state;

	while (!w->peer)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_int_equal(zj_rpc_notify_text(w->peer, "event", "{\"seq\":1}"), 0);
	zj_rpc_cork(w->peer, true);
	for (int i = 2; i < 20; i++)
		assert_int_equal(zj_rpc_notify(w->peer, "event", json_pack("{s:i}", "seq", i)), 0);
	loop_for(&w->loop, 20);
	assert_int_equal(w->heard_n, 1);
	zj_rpc_cork(w->peer, false);
	assert_int_equal(zj_rpc_notify_text(w->peer, "event", "{\"seq\":20}"), 0);
	loop_for(&w->loop, 20);
	assert_int_equal(w->heard_n, 20);
	for (int i = 0; i < 20; i++)
		assert_int_equal(w->heard[i], i + 1);
	zj_rpc_cork(w->peer, true); /* and what is never uncorked is no leak */
	zj_rpc_notify_text(w->peer, "event", "{\"seq\":21}");
}

static void the_outbox_sends_again_what_was_not_acknowledged(void **state)
{
	struct world *w = *state;
	struct zj_outbox *o;
	struct zj_rpc_conn *peer;

	assert_int_equal(zj_outbox_alloc(&o, 20), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(zj_outbox_put(o, "event", NULL), 0);
	while (!w->peer)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	peer = w->peer;
	zj_outbox_attach(o, peer, 1);
	zj_outbox_put(o, "event", json_pack("{s:s}", "what", "x"));
	loop_for(&w->loop, 20);
	assert_int_equal(w->heard_n, 3);
	assert_int_equal(w->heard[0], 2);
	assert_int_equal(w->heard[2], 4);
	assert_int_equal(zj_outbox_waiting(o), 3);
	zj_outbox_ack(o, 3);
	assert_int_equal(zj_outbox_waiting(o), 1);
	zj_outbox_attach(o, NULL, 0);
	for (int i = 0; i < 30; i++)
		zj_outbox_put(o, "event", NULL);
	assert_int_equal(zj_outbox_waiting(o), 20);
	assert_int_equal(zj_outbox_last(o), 34);
	w->heard_n = 0;
	zj_outbox_attach(o, peer, 4);
	loop_for(&w->loop, 20);
	assert_int_equal(w->heard_n, 20);
	assert_int_equal(w->heard[0], 15);
	assert_int_equal(w->heard[19], 34);
	assert_int_equal(w->lost, 11); /* 4 … 14 */
	zj_outbox_ack(o, 1000);
	assert_int_equal(zj_outbox_waiting(o), 0);
	zj_deref(o);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(answers_and_names_the_wrong_parameter),
		CASE(open_requests_hear_of_loss_and_timeout),
		CASE(a_handler_may_close_its_connection),
		CASE(bad_lines_get_an_error_and_no_harm),
		CASE(an_endless_line_ends_the_connection),
		CASE(long_lines_pass_and_too_long_ones_are_said),
		CASE(a_second_listener_is_refused_a_dead_one_replaced),
		CASE(what_was_corked_comes_at_once_and_in_order),
		CASE(the_outbox_sends_again_what_was_not_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
