/* Links between edges: three tables of one process stand for machines. */
#include "edge_peer.h"
#include "plain.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECRET "a secret of some length"

static int base;
struct side {
	struct edge_peer_table t;
	struct edge_peers *p;
	unsigned ups, downs, heard, more;
	json_t *last;
};

static void up_h(unsigned peer, void *arg)
{
	(void)peer;
	((struct side *)arg)->ups++;
}

static void down_h(unsigned peer, void *arg)
{
	(void)peer;
	((struct side *)arg)->downs++;
}

static void heard_h(unsigned peer, json_t *m, void *arg)
{
	struct side *s = arg;
	(void)peer;
	s->heard++;
	json_decref(s->last);
	s->last = json_incref(m);
}

static bool more_h(unsigned peer, void *arg)
{
	struct side *s = arg;
	edge_peers_say(s->p, peer, json_pack("{s:i}", "n", (int)s->more));
	return ++s->more % 100 != 0;
}

static const struct edge_peer_ops ops = {up_h, down_h, heard_h, more_h};

static void begin(struct side *s, const char *name, const char *secret, unsigned others)
{
	char spec[64];
	memset(s, 0, sizeof *s);
	strcpy(s->t.name, name);
	for (unsigned i = 1; i <= others; i++) {
		snprintf(spec, sizeof spec, "edge%u=127.0.0.1:%d", i, base + (int)i);
		assert_int_equal(0, edge_peer_add(&s->t, spec));
	}
	assert_int_equal(0, edge_peers_alloc(&s->p, &s->t, secret, "sip:127.0.0.1:5060", &ops, s));
}

static void end(struct side *s)
{
	edge_peers_free(s->p);
	json_decref(s->last);
	memset(s, 0, sizeof *s);
}

static int64_t now = 10000000;

static void turn(struct side *a, struct side *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		now += 10000;
		if (a && a->p)
			edge_peers_turn(a->p, now);
		if (b && b->p)
			edge_peers_turn(b->p, now);
		nanosleep(&(struct timespec){0, 200000}, NULL);
	}
}

static void pick_ports(void)
{
	static int next;
	base = 20000 + (int)(getpid() % 2000) * 10 + next;
	next += 4;
}

static void specs_say_who_and_where(void **state)
{
	(void)state;
	struct edge_peer_table t = {.name = "edge1"};
	const char *wrong[] = {"",     "x",         "edge2",         "edge2=",    "edge2=:1",
			       "=h:1", "edge2=h:0", "edge2=h:70000", "edge2=h:1x"};
	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(EINVAL, edge_peer_add(&t, wrong[i]));
	assert_int_equal(0, edge_peer_add(&t, "edge1=10.0.0.1:18"));
	assert_int_equal(EEXIST, edge_peer_add(&t, "edge1=10.0.0.1:19"));
	assert_int_equal(0, edge_peer_add(&t, "edge2=[2001:db8::1]:18"));
	assert_string_equal("2001:db8::1", t.peer[0].host);
	assert_int_equal(EEXIST, edge_peer_add(&t, "edge2=10.0.0.3:18"));
	char spec[32];
	for (int i = 3; i <= EDGE_PEERS_MAX; i++) {
		snprintf(spec, sizeof spec, "edge%d=10.0.0.1:18", i);
		assert_int_equal(0, edge_peer_add(&t, spec));
	}
	assert_int_equal(ENOSPC, edge_peer_add(&t, "edge9=10.0.0.1:18"));
}

static void a_trunk_has_one_owner_and_only_those_of_the_dead_move(void **state)
{
	(void)state;
	struct edge_peer_table t[3];
	unsigned owned[3] = {0}, moved = 0;
	memset(t, 0, sizeof t);
	for (int i = 0; i < 3; i++) {
		snprintf(t[i].name, sizeof t[i].name, "edge%d", i + 1);
		for (int k = 0; k < 3; k++) {
			char spec[40];
			snprintf(spec, sizeof spec, "edge%d=127.0.0.1:%d", k + 1, 100 + k);
			assert_int_equal(0, edge_peer_add(&t[i], spec));
		}
		for (unsigned k = 0; k < t[i].n; k++)
			t[i].peer[k].up = true;
	}
	for (int n = 0; n < 300; n++) {
		struct zk_uuid id = {{0}};
		int owner = -1, count = 0;
		memcpy(id.b, &n, sizeof n);
		for (int i = 0; i < 3; i++)
			if (edge_peer_owns(&t[i], &id, 100000000)) {
				owner = i;
				count++;
			}
		assert_int_equal(1, count);
		owned[owner]++;
		/* The third one dies. */
		t[0].peer[1].up = t[1].peer[1].up = false;
		int after = edge_peer_owns(&t[0], &id, 100000000) ? 0 : 1;
		assert_true(edge_peer_owns(&t[after], &id, 100000000));
		assert_false(edge_peer_owns(&t[!after], &id, 100000000));
		assert_true(owner == 2 || owner == after);
		moved += owner == 2;
		t[0].peer[1].up = t[1].peer[1].up = true;
	}
	for (int i = 0; i < 3; i++)
		assert_true(owned[i] > 60);
	assert_int_equal(owned[2], moved);
	/* Who just began takes nothing from whom it has not seen yet. */
	struct zk_uuid id = {{1}};
	for (unsigned k = 0; k < 2; k++)
		t[0].peer[k].up = t[1].peer[k].up = t[2].peer[k].up = false;
	int count = 0;
	for (int i = 0; i < 3; i++)
		count += edge_peer_owns(&t[i], &id, 1000);
	assert_int_equal(1, count);
	for (int i = 0; i < 3; i++)
		assert_true(edge_peer_owns(&t[i], &id, 6000000));
}

static void any_bytes_go_and_come(void **state)
{
	(void)state;
	char all[256], back[256];
	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	json_t *t = edge_bytes_json(all, 255);
	char *text = json_dumps(t, JSON_ENCODE_ANY);
	json_t *again = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_true(edge_json_bytes(back, sizeof back, again));
	assert_memory_equal(all, back, 256);
	assert_false(edge_json_bytes(back, 255, again));
	json_decref(again);
	json_decref(t);
	free(text);
	t = json_string("\xe4\xb8\xad"); /* no byte of ours */
	assert_false(edge_json_bytes(back, sizeof back, t));
	json_decref(t);
	assert_false(edge_json_bytes(back, sizeof back, NULL));
}

static void two_edges_link_and_say_everything_and_see_each_other_die(void **state)
{
	(void)state;
	struct side a, b;
	pick_ports();
	begin(&a, "edge1", SECRET, 2);
	begin(&b, "edge2", SECRET, 2);
	turn(&a, &b, 50);
	assert_int_equal(1, a.ups);
	assert_int_equal(1, b.ups);
	assert_true(a.t.peer[0].up && b.t.peer[0].up);
	assert_string_equal("sip:127.0.0.1:5060", a.t.peer[0].sip);
	turn(&a, &b, 50);
	assert_int_equal(100, a.heard); /* all there was to say */
	assert_int_equal(100, b.heard);
	edge_peers_say(a.p, EDGE_PEERS_MAX, json_pack("{s:s}", "hello", "again"));
	edge_peers_say(a.p, 0, json_pack("{s:i}", "n", 7));
	turn(&a, &b, 20);
	assert_int_equal(102, b.heard);
	assert_int_equal(7, json_integer_value(json_object_get(b.last, "n")));
	edge_peers_again(b.p);
	turn(&a, &b, 20);
	assert_int_equal(200, a.heard);
	turn(&a, &b, 1000); /* ten seconds of nothing but beats */
	assert_int_equal(0, a.downs + b.downs);
	assert_int_equal(200, a.heard);
	end(&b);
	turn(&a, NULL, 5);
	assert_int_equal(1, a.downs);
	assert_false(a.t.peer[0].up);
	begin(&b, "edge2", SECRET, 2);
	turn(&a, &b, 100);
	assert_int_equal(2, a.ups);
	/* A machine that is gone says nothing, not even goodbye. */
	now += 0;
	turn(&a, NULL, 250);
	assert_int_equal(1, a.downs);
	turn(&a, NULL, 100);
	assert_int_equal(2, a.downs);
	end(&a);
	end(&b);
	assert_int_equal(0, plain_alive());
}

static void another_secret_is_no_edge(void **state)
{
	(void)state;
	struct side a, b;
	pick_ports();
	begin(&a, "edge1", SECRET, 2);
	begin(&b, "edge2", "another one of some length", 2);
	turn(&a, &b, 200);
	assert_int_equal(0, a.ups + b.ups + a.heard + b.heard);
	assert_false(a.t.peer[0].up || b.t.peer[0].up);
	assert_string_equal("", b.t.peer[0].sip); /* nothing of it is believed */
	end(&a);
	end(&b);
}

static int knock(const char *from, int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET},
			   to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	inet_pton(AF_INET, from, &at.sin_addr);
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&at, sizeof at));
	assert_int_equal(0, connect(fd, (struct sockaddr *)&to, sizeof to));
	return fd;
}

static void tell(int fd, const char *text)
{
	assert_true(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

/* What came until it was closed; false: it is still open. */
static bool closed(struct side *s, int fd, unsigned turns)
{
	char buf[4096];
	for (unsigned i = 0; i < turns; i++) {
		turn(s, NULL, 1);
		ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return true;
	}
	return false;
}

static void strangers_are_hung_up_on(void **state)
{
	(void)state;
	struct side b;
	char flood[2000];
	pick_ports();
	begin(&b, "edge2", SECRET, 2);
	/* Not an address of an edge. */
	int fd = knock("127.0.0.9", base + 2);
	assert_true(closed(&b, fd, 20));
	close(fd);
	/* From an edge's address: without JSON, without hello, as nobody, as ourselves, with a made-up proof, without
	 * end, silent. */
	const char *lines[] = {
		"INVITE sip:x SIP/2.0\r\n",
		"[]\n",
		"{\"aor\":\"1001@a.test\",\"contacts\":[]}\n",
		"{\"proof\":\"00000000000000000000000000000000\"}\n",
		"{\"hello\":\"edge3\",\"nonce\":\"00000000000000000000000000000000\",\"sip\":\"sip:x\"}\n",
		"{\"hello\":\"edge2\",\"nonce\":\"00000000000000000000000000000000\",\"sip\":\"sip:x\"}\n",
		"{\"hello\":\"edge1\",\"nonce\":\"0\",\"sip\":\"sip:x\"}\n",
		"{\"hello\":\"edge1\",\"nonce\":\"00000000000000000000000000000000\",\"sip\":\"sip:x\"}\n"
		"{\"proof\":\"00000000000000000000000000000000\"}\n{\"n\":1}\n"};
	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
		fd = knock("127.0.0.1", base + 2);
		tell(fd, lines[i]);
		assert_true(closed(&b, fd, 20));
		close(fd);
	}
	memset(flood, 'x', sizeof flood - 1);
	flood[sizeof flood - 1] = '\0';
	fd = knock("127.0.0.1", base + 2);
	tell(fd, flood);
	assert_true(closed(&b, fd, 20));
	close(fd);
	fd = knock("127.0.0.1", base + 2);
	assert_false(closed(&b, fd, 150));
	assert_true(closed(&b, fd, 100)); /* two seconds for a proof */
	close(fd);
	assert_int_equal(0, b.ups + b.heard);
	/* Many of them keep no edge out. */
	int held[EDGE_PEERS_MAX];
	struct side a;
	for (int i = 0; i < EDGE_PEERS_MAX; i++)
		held[i] = knock("127.0.0.1", base + 2);
	begin(&a, "edge1", SECRET, 2);
	turn(&a, &b, 50);
	assert_int_equal(1, b.ups);
	for (int i = 0; i < EDGE_PEERS_MAX; i++)
		close(held[i]);
	end(&a);
	end(&b);
}

/* What an edge says to one question proves nothing to the next. */
static void a_proof_that_was_overheard_is_worth_nothing(void **state)
{
	(void)state;
	struct side b;
	char got[4096] = "", line[256];
	pick_ports();
	begin(&b, "edge2", SECRET, 2);
	/* Its own proof, mirrored: the question that it asks is asked of it. */
	int fd = knock("127.0.0.1", base + 2);
	turn(&b, NULL, 5);
	assert_true(recv(fd, got, sizeof got - 1, MSG_DONTWAIT) > 0);
	char *nonce = strstr(got, "\"nonce\":\"");
	assert_non_null(nonce);
	snprintf(line, sizeof line, "{\"hello\":\"edge1\",\"nonce\":\"%.32s\",\"sip\":\"sip:x\"}\n", nonce + 9);
	tell(fd, line);
	turn(&b, NULL, 5);
	memset(got, 0, sizeof got);
	assert_true(recv(fd, got, sizeof got - 1, MSG_DONTWAIT) > 0);
	char *proof = strstr(got, "\"proof\":\"");
	assert_non_null(proof);
	snprintf(line, sizeof line, "{\"proof\":\"%.32s\"}\n", proof + 9);
	tell(fd, line);
	assert_true(closed(&b, fd, 20));
	close(fd);
	assert_int_equal(0, b.ups);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_say_who_and_where),
		cmocka_unit_test(a_trunk_has_one_owner_and_only_those_of_the_dead_move),
		cmocka_unit_test(any_bytes_go_and_come),
		cmocka_unit_test(two_edges_link_and_say_everything_and_see_each_other_die),
		cmocka_unit_test(another_secret_is_no_edge),
		cmocka_unit_test(strangers_are_hung_up_on),
		cmocka_unit_test(a_proof_that_was_overheard_is_worth_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
