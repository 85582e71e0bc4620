#include "edge_channel.h"
#include "edge_event.h"
#include "edge_flood.h"
#include "plain.h"
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct edge_event rejected(const char *source, const char *because)
{
	struct edge_event e = {.kind = EDGE_REJECTED, .code = 403, .count = 1, .at_us = 1};
	snprintf(e.source, sizeof e.source, "%s", source);
	snprintf(e.because, sizeof e.because, "%s", because);
	return e;
}

static void the_ring_keeps_order_and_refuses_when_full(void **state)
{
	(void)state;
	struct edge_ring *r;
	struct edge_event e = rejected("1.1.1.1:1", "x");
	assert_int_equal(EINVAL, edge_ring_alloc(&r, 6));
	assert_int_equal(0, edge_ring_alloc(&r, 8));
	assert_false(edge_ring_take(r, &e));
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 8; i++) {
			e.code = i;
			assert_true(edge_ring_put(r, &e));
		}
		assert_false(edge_ring_put(r, &e));
		for (int i = 0; i < 8; i++) {
			assert_true(edge_ring_take(r, &e));
			assert_int_equal(i, e.code);
		}
		assert_false(edge_ring_take(r, &e));
	}
	assert_int_equal(5, edge_ring_dropped(r));
	struct pollfd p = {.fd = edge_ring_fd(r), .events = POLLIN};
	assert_int_equal(0, poll(&p, 1, 0));
	edge_ring_put(r, &e);
	assert_int_equal(1, poll(&p, 1, 0));
	edge_ring_free(r);
	assert_int_equal(0, plain_alive());
}

#define PUTTERS 3
#define EACH    20000
static struct edge_ring *shared;

static void *putter(void *arg)
{
	struct edge_event e = rejected("1.1.1.1:1", "x");
	e.expires_s = *(int *)arg;
	for (e.code = 0; e.code < EACH; e.code++)
		while (!edge_ring_put(shared, &e))
			sched_yield();
	return NULL;
}

static void many_put_one_takes(void **state)
{
	(void)state;
	pthread_t threads[PUTTERS];
	int names[PUTTERS], next[PUTTERS] = {0};
	struct edge_event e;
	assert_int_equal(0, edge_ring_alloc(&shared, 64));
	for (int i = 0; i < PUTTERS; i++) {
		names[i] = i;
		pthread_create(&threads[i], NULL, putter, &names[i]);
	}
	for (int got = 0; got < PUTTERS * EACH;) {
		struct pollfd p = {.fd = edge_ring_fd(shared), .events = POLLIN};
		assert_int_equal(1, poll(&p, 1, 10000)); /* no wake-up is lost */
		for (; edge_ring_take(shared, &e); got++)
			assert_int_equal(next[e.expires_s]++, e.code);
	}
	for (int i = 0; i < PUTTERS; i++)
		pthread_join(threads[i], NULL);
	edge_ring_free(shared);
}

static unsigned told, counted;

static void told_h(const struct edge_event *e, void *arg)
{
	(void)arg;
	told++;
	counted += e->count;
}

static void a_flood_is_summed_up(void **state)
{
	(void)state;
	struct edge_flood *f;
	struct edge_event a = rejected("10.0.0.1:5060", "flood"), b = rejected("10.0.0.2:5060", "flood"),
			  other = rejected("10.0.0.1:7", "auth");
	told = counted = 0;
	assert_int_equal(0, edge_flood_alloc(&f, told_h, NULL));
	for (int i = 0; i < 100; i++) {
		snprintf(a.source, sizeof a.source, "10.0.0.1:%d", i); /* the port is not the source */
		edge_flood_put(f, &a, 1000000 + i);
	}
	assert_int_equal(10, told);
	assert_int_equal(999901, edge_flood_tick(f, 1000099));
	edge_flood_put(f, &b, 1000200); /* another source is not concerned */
	assert_int_equal(11, told);
	edge_flood_put(f, &other, 1000300); /* another reason is another story: what was held goes first */
	assert_int_equal(12, told);
	assert_int_equal(101, counted);
	assert_int_equal(-1, edge_flood_tick(f, 2000000));
	assert_int_equal(13, told);
	assert_int_equal(102, counted);
	struct edge_event passing = {.kind = EDGE_REGISTERED, .count = 1};
	for (int i = 0; i < 50; i++)
		edge_flood_put(f, &passing, 3000000);
	assert_int_equal(63, told);
	edge_flood_put(f, &a, 4000000);
	edge_flood_free(f);
}

static void json_has_what_the_protocol_says(void **state)
{
	(void)state;
	struct edge_event e = rejected("10.0.0.1:5060", "barred");
	zk_uuid_parse(&e.call, "01a1fb6c-1afc-734e-a174-38e042c98340");
	zk_escape(e.caller, sizeof e.caller, "\xff\"\n", 3);
	char *rest = edge_event_json(&e), *text = NULL;
	assert_true(asprintf(&text, "{\"seq\":1,%s", rest) > 0);
	json_t *o = json_loads(text, 0, NULL);
	assert_non_null(o);
	assert_string_equal("\\xff\\x22\\x0a", json_string_value(json_object_get(o, "caller")));
	assert_string_equal("01a1fb6c-1afc-734e-a174-38e042c98340", json_string_value(json_object_get(o, "call")));
	assert_null(json_object_get(o, "tenant"));
	assert_int_equal(403, json_integer_value(json_object_get(o, "code")));
	json_decref(o);
	free(rest);
	free(text);
}

/* acd's end, by hand. */
static char path[64];
static int listener = -1, peer = -1;

static void listen_acd(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	snprintf(path, sizeof path, "/tmp/zj-edge-%d.sock", (int)getpid());
	unlink(path);
	strcpy(at.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(0, bind(listener, (struct sockaddr *)&at, sizeof at));
	assert_int_equal(0, listen(listener, 1));
}

static json_t *registrations_h(json_t *params, const char **error)
{
	if (json_object_get(params, "tenant") && !json_is_string(json_object_get(params, "tenant"))) {
		*error = "tenant must be a UUID";
		return NULL;
	}
	return json_pack("{s:[{s:s}]}", "registrations", "extension", "1001");
}

static const struct edge_command commands[] = {{"edge.registrations", registrations_h}, {NULL, NULL}};

static void say(const char *line)
{
	assert_int_equal((ssize_t)strlen(line), write(peer, line, strlen(line)));
}

/* The next line that came, as JSON; turns the channel meanwhile. */
static json_t *hear(struct edge_channel *c, int64_t now)
{
	static char buf[65536];
	static size_t len;
	for (int i = 0; i < 100; i++) {
		char *end = memchr(buf, '\n', len);
		if (end) {
			json_t *o = json_loadb(buf, (size_t)(end - buf), 0, NULL);
			len -= (size_t)(end + 1 - buf);
			memmove(buf, end + 1, len);
			return o;
		}
		edge_channel_turn(c, now);
		ssize_t n = recv(peer, buf + len, sizeof buf - len, MSG_DONTWAIT);
		len += n > 0 ? (size_t)n : 0;
	}
	return NULL;
}

static int64_t hear_seq(struct edge_channel *c, int64_t now)
{
	json_t *o = hear(c, now);
	int64_t seq = json_integer_value(json_object_get(json_object_get(o, "params"), "seq"));
	json_decref(o);
	return seq;
}

static void greet(struct edge_channel *c, int64_t now, const char *answer)
{
	edge_channel_turn(c, now);
	peer = accept(listener, NULL, NULL);
	json_t *hello = hear(c, now);
	assert_string_equal("hello", json_string_value(json_object_get(hello, "method")));
	json_decref(hello);
	say(answer);
	edge_channel_turn(c, now);
}

static void events_are_kept_until_acknowledged(void **state)
{
	(void)state;
	struct edge_channel *c;
	struct edge_event e = rejected("10.0.0.1:5060", "x");
	assert_int_equal(0, edge_channel_alloc(&c, path[0] ? path : "/nonexistent", "edge", NULL, commands));
	edge_channel_put(c, &e); /* nobody is there yet */
	edge_channel_put(c, &e);
	edge_channel_free(c);
	listen_acd();
	assert_int_equal(0, edge_channel_alloc(&c, path, "edge", NULL, commands));
	edge_channel_put(c, &e);
	edge_channel_put(c, &e);
	greet(c, 1, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"seen\":700}}\n");
	assert_true(edge_channel_is_up(c));
	assert_int_equal(701, hear_seq(c, 1)); /* acd's count goes on */
	assert_int_equal(702, hear_seq(c, 1));
	say("{\"jsonrpc\":\"2.0\",\"method\":\"ack\",\"params\":{\"seq\":701}}\n");
	edge_channel_turn(c, 1);
	assert_int_equal(1, edge_channel_waiting(c));
	say("{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"edge.registrations\",\"params\":{}}\n");
	json_t *answer = hear(c, 1);
	assert_int_equal(1, json_array_size(json_object_get(json_object_get(answer, "result"), "registrations")));
	json_decref(answer);
	say("{\"jsonrpc\":\"2.0\",\"id\":10,\"method\":\"edge.registrations\",\"params\":{\"tenant\":5}}\n");
	answer = hear(c, 1);
	assert_int_equal(-32602, json_integer_value(json_object_get(json_object_get(answer, "error"), "code")));
	json_decref(answer);
	close(peer);
	edge_channel_turn(c, 2);
	assert_false(edge_channel_is_up(c));
	edge_channel_put(c, &e);
	greet(c, 3, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"seen\":701}}\n");
	assert_int_equal(702, hear_seq(c, 3));
	assert_int_equal(703, hear_seq(c, 3));
	say("not JSON\n");
	edge_channel_turn(c, 4);
	assert_int_equal(-1, edge_channel_fd(c));
	assert_int_equal(2, edge_channel_waiting(c));
	edge_channel_free(c);
	close(peer);
	close(listener);
	unlink(path);
}

static void too_many_events_say_how_many_are_lost(void **state)
{
	(void)state;
	struct edge_channel *c;
	struct edge_event e = rejected("10.0.0.1:5060", "x");
	listen_acd();
	assert_int_equal(0, edge_channel_alloc(&c, path, "edge", NULL, commands));
	for (int i = 0; i < EDGE_KEEP_MAX + 5; i++)
		edge_channel_put(c, &e);
	assert_int_equal(EDGE_KEEP_MAX, edge_channel_waiting(c));
	greet(c, 1, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"seen\":0}}\n");
	json_t *first = hear(c, 1);
	assert_int_equal(5, json_integer_value(json_object_get(json_object_get(first, "params"), "lost")));
	json_decref(first);
	edge_channel_free(c);
	close(peer);
	close(listener);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ring_keeps_order_and_refuses_when_full),
		cmocka_unit_test(many_put_one_takes),
		cmocka_unit_test(a_flood_is_summed_up),
		cmocka_unit_test(json_has_what_the_protocol_says),
		cmocka_unit_test(events_are_kept_until_acknowledged),
		cmocka_unit_test(too_many_events_say_how_many_are_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
