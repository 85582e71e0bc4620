#include "edge_media.h"
#include "edge_relay.h"
#include "plain.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct edge_nets direct;

static int setup(void **state)
{
	(void)state;
	return edge_nets_parse(&direct, "127.0.0.0/8, 10.1.0.0/16,192.0.2.7 2001:db8::/32") ? 0 : -1;
}

#define SDP(conn, media) "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n" conn "t=0 0\r\n" media
#define C4(a)            "c=IN IP4 " a "\r\n"
#define PLAIN            "m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"

static const struct {
	const char *what, *sdp, *source;
	enum edge_policy policy;
	bool trunk, web, nat;
	bool relay, fix;
	enum edge_because because;
} cases[] = {
	{"a phone with G.711 where it is", SDP(C4("127.0.0.5"), PLAIN), "127.0.0.5", 0, 0, 0, 0, false, false,
	 EDGE_B_PLAIN},
	{"policy always", SDP(C4("127.0.0.5"), PLAIN), "127.0.0.5", EDGE_ALWAYS, 0, 0, 0, true, false, EDGE_B_POLICY},
	{"policy never, behind a NAT", SDP(C4("192.168.1.2"), PLAIN), "203.0.113.9", EDGE_NEVER, 0, 0, 1, false, true,
	 EDGE_B_POLICY},
	{"policy never does not help a browser", SDP(C4("127.0.0.5"), PLAIN), "127.0.0.5", EDGE_NEVER, 0, 1, 0, true,
	 false, EDGE_B_WEBRTC},
	{"SRTP", SDP(C4("127.0.0.5"), "m=audio 4000 RTP/SAVP 8\r\n"), "127.0.0.5", 0, 0, 0, 0, true, false,
	 EDGE_B_SRTP},
	{"DTLS", SDP(C4("127.0.0.5"), "m=audio 4000 UDP/TLS/RTP/SAVPF 8\r\n"), "127.0.0.5", 0, 0, 0, 0, true, false,
	 EDGE_B_SRTP},
	{"AVPF", SDP(C4("127.0.0.5"), "m=audio 4000 RTP/AVPF 8\r\n"), "127.0.0.5", 0, 0, 0, 0, true, false,
	 EDGE_B_SRTP},
	{"IPv6", SDP("c=IN IP6 2001:db8::5\r\n", PLAIN), "2001:db8::5", 0, 0, 0, 0, true, false, EDGE_B_IPV6},
	{"IPv4 media of an IPv6 phone", SDP(C4("127.0.0.5"), PLAIN), "[2001:db8::5]", 0, 0, 0, 0, true, false,
	 EDGE_B_IPV6},
	{"a codec that mediad lacks", SDP(C4("127.0.0.5"), "m=audio 4000 RTP/AVP 3 18\r\na=rtpmap:18 G729/8000\r\n"),
	 "127.0.0.5", 0, 0, 0, 0, true, false, EDGE_B_CODEC},
	{"G.711 under a dynamic number", SDP(C4("127.0.0.5"), "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 pcmu/8000\r\n"),
	 "127.0.0.5", 0, 0, 0, 0, false, false, EDGE_B_PLAIN},
	{"private address, public source", SDP(C4("10.1.0.9"), PLAIN), "127.0.0.5", 0, 0, 0, 0, true, false,
	 EDGE_B_NAT},
	{"a phone that points elsewhere", SDP(C4("198.51.100.1"), PLAIN), "127.0.0.5", 0, 0, 0, 0, true, false,
	 EDGE_B_ELSEWHERE},
	{"Via not where it comes from", SDP(C4("127.0.0.5"), PLAIN), "127.0.0.5", 0, 0, 0, 1, true, false, EDGE_B_NAT},
	{"out of reach", SDP(C4("203.0.113.9"), PLAIN), "203.0.113.9", 0, 0, 0, 0, true, false, EDGE_B_UNROUTABLE},
	{"a trunk's media gateway in reach", SDP(C4("10.1.2.3"), PLAIN), "127.0.0.5", 0, 1, 0, 0, false, false,
	 EDGE_B_PLAIN},
	{"a trunk that points out of reach", SDP(C4("198.51.100.1"), PLAIN), "127.0.0.5", 0, 1, 0, 0, true, false,
	 EDGE_B_UNROUTABLE},
	{"never, a trunk that points out of reach", SDP(C4("198.51.100.1"), PLAIN), "127.0.0.5", EDGE_NEVER, 1, 0, 0,
	 false, true, EDGE_B_POLICY},
	{"held by address zero", SDP(C4("0.0.0.0"), PLAIN), "127.0.0.5", 0, 0, 0, 0, false, false, EDGE_B_PLAIN},
	{"the address of the stream counts",
	 SDP(C4("198.51.100.1"), "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 127.0.0.5\r\n"), "127.0.0.5", 0, 0, 0, 0, false,
	 false, EDGE_B_PLAIN},
	{"video does not decide", SDP(C4("127.0.0.5"), "m=video 5000 RTP/SAVP 96\r\nc=IN IP4 9.9.9.9\r\n" PLAIN),
	 "127.0.0.5", 0, 0, 0, 0, false, false, EDGE_B_PLAIN},
	{"no audio", SDP(C4("127.0.0.5"), "m=audio 0 RTP/AVP 8\r\n"), "127.0.0.5", 0, 0, 0, 0, true, false,
	 EDGE_B_UNREADABLE},
	{"no session description at all", "\xff\xfe", "127.0.0.5", 0, 0, 0, 0, true, false, EDGE_B_UNREADABLE},
	{"a delayed offer", NULL, "127.0.0.5", 0, 0, 0, 0, false, false, EDGE_B_PLAIN},
	{"called by name", NULL, "phone.example", 0, 0, 0, 0, true, false, EDGE_B_NAT},
};

static void each_side_is_decided_from_its_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct edge_media_ask ask = {.sdp = cases[i].sdp,
					     .len = cases[i].sdp ? strlen(cases[i].sdp) : 0,
					     .source = cases[i].source,
					     .policy = cases[i].policy,
					     .trunk = cases[i].trunk,
					     .web = cases[i].web,
					     .nat = cases[i].nat,
					     .direct = &direct};
		struct edge_media_answer a;
		edge_media_decide(&ask, &a);
		if (a.relay != cases[i].relay || a.because != cases[i].because || a.fix != cases[i].fix)
			fail_msg("%s: relay=%d because=%s fix=%d", cases[i].what, a.relay, edge_because_name(a.because),
				 a.fix);
	}
}

static void an_answer_from_elsewhere_is_put_right(void **state)
{
	(void)state;
	static const char elsewhere[] = SDP(C4("198.51.100.1"), PLAIN), here[] = SDP(C4("127.0.0.5"), PLAIN),
			  named[] = SDP(C4("phone.example"), PLAIN), held[] = SDP(C4("0.0.0.0"), PLAIN),
			  gateway[] = SDP(C4("10.1.2.3"), PLAIN);
	struct edge_media_ask ask = {.source = "127.0.0.5", .direct = &direct};
	const struct {
		const char *sdp;
		bool trunk, fix;
	} rows[] = {{elsewhere, false, true}, {elsewhere, true, true}, {here, false, false},  {named, false, true},
		    {held, false, false},     {gateway, false, true},  {gateway, true, false}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ask.sdp = rows[i].sdp;
		ask.len = strlen(ask.sdp);
		ask.trunk = rows[i].trunk;
		assert_int_equal(rows[i].fix, edge_media_must_fix(&ask));
	}
}

static void networks_are_read_strictly(void **state)
{
	static const char *const wrong[] = {"300.1.1.1", "10.0.0.0/33", "10.0.0.0/x", "::1/129", "10.0.0.0/", "a.test"};
	struct edge_nets nets;
	struct in6_addr a;
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(edge_nets_parse(&nets, wrong[i]));
	assert_true(edge_nets_parse(&nets, "10.128.0.0/9"));
	assert_true(edge_address_parse(&a, "10.200.1.1", 10));
	assert_true(edge_nets_has(&nets, &a));
	assert_true(edge_address_parse(&a, "10.1.1.1", 8));
	assert_false(edge_nets_has(&nets, &a));
	assert_true(edge_nets_parse(&nets, "0.0.0.0/0"));
	assert_true(edge_nets_has(&nets, &a));
	assert_true(edge_address_parse(&a, "::1", 3));
	assert_false(edge_nets_has(&nets, &a));
}

static void relays_are_chosen_by_weight_among_the_living(void **state)
{
	struct edge_relays *r = NULL;
	unsigned n[4] = {0};
	(void)state;
	assert_int_equal(0, edge_relay_add(&r, "1=udp:127.0.0.1:1000;weight=30"));
	assert_int_equal(0, edge_relay_add(&r, "2=udp:[::1]:1001;weight=10"));
	assert_int_equal(0, edge_relay_add(&r, "3=udp:127.0.0.1:1002;weight=0"));
	assert_int_equal(EEXIST, edge_relay_add(&r, "2=udp:127.0.0.1:1003"));
	static const char *const wrong[] = {"0=udp:1:2", "4=tcp:1:2",    "4=udp:1", "4=udp:1:x", "4=udp:1:2;weight=101",
					    "x",         "4=udp:1:2;w=1"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(EINVAL, edge_relay_add(&r, wrong[i]));
	for (uint32_t i = 0; i < 4000; i++)
		n[edge_relay_choose(r, i, 0)]++;
	assert_int_equal(3000, n[1]);
	assert_int_equal(1000, n[2]);
	assert_int_equal(2, edge_relay_choose(r, 0, 1));
	assert_true(edge_relay_set(r, 2, false));
	assert_false(edge_relay_set(r, 2, false));
	assert_int_equal(3, edge_relay_choose(r, 7, 1)); /* the spare one */
	assert_int_equal(2, edge_relays_living(r));
	(void)edge_relay_set(r, 1, false);
	(void)edge_relay_set(r, 3, false);
	assert_int_equal(0, edge_relay_choose(r, 7, 0));
	edge_relays_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_side_is_decided_from_its_facts),
		cmocka_unit_test(an_answer_from_elsewhere_is_put_right),
		cmocka_unit_test(networks_are_read_strictly),
		cmocka_unit_test(relays_are_chosen_by_weight_among_the_living),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
