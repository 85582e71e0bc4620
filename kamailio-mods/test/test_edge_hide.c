/* What leaves shows nothing of the inside, what comes back finds its way, and whatever strangers write does no harm. */
#include "edge_hide.h"
#include "edge_inside.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define DOOR  "192.0.2.1:5060"
#define OUR   "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKo\r\n"
#define THEIR "Via: SIP/2.0/UDP 10.0.0.7:5080;rport=5080;received=10.0.0.7;branch=z9hG4bKm\r\n"

static struct edge_hide hide, other;
static char out[4096];

static size_t leave(const char *msg)
{
	size_t n = edge_hide_out(&hide, msg, strlen(msg), DOOR, out);
	out[n] = '\0';
	return n;
}

static void a_request_and_its_reply(void **state)
{
	const char *msg = "INVITE sip:1@203.0.113.9 SIP/2.0\r\n" OUR THEIR
			  "CSeq: 1 INVITE\r\nContact: <sip:u@10.0.0.7:5080;x=1>;q=1\r\n\r\no=- 10.0.0.7";
	(void)state;
	assert_true(leave(msg) > 0);
	char *head = strstr(out, "\r\n\r\n");
	*head = '\0';
	assert_null(strstr(out, "10.0.0.7"));
	*head = '\r';
	assert_non_null(strstr(out, "Contact: <sip:u@" DOOR ";zjm="));
	assert_non_null(strstr(out, ">;q=1\r\n\r\no=- 10.0.0.7")); /* a body is rtpengine's business */
	/* The Vias come back as they went; a request to that Contact, too. */
	char *via = strstr(out, "Via: SIP/2.0/UDP 192"), *contact = strstr(out, "<sip:u@");
	char reply[2048], request[2048];
	snprintf(reply, sizeof reply, "SIP/2.0 200 OK\r\n%.*s\r\n", (int)(strstr(via, "CSeq") - via), via);
	size_t n = edge_hide_in(&hide, reply, strlen(reply));
	reply[n] = '\0';
	assert_string_equal(reply, "SIP/2.0 200 OK\r\n" OUR "Via: SIP/2.0/UDP 10.0.0.7:5080;branch=z9hG4bKm\r\n\r\n");
	snprintf(request, sizeof request, "BYE %.*s SIP/2.0\r\n\r\n", (int)(strchr(contact, '>') - contact - 1),
		 contact + 1);
	n = edge_hide_in(&hide, request, strlen(request));
	request[n] = '\0';
	assert_string_equal(request, "BYE sip:u@10.0.0.7:5080 SIP/2.0\r\n\r\n");
	/* Another installation's edge cannot read it. */
	snprintf(request, sizeof request, "BYE %.*s SIP/2.0\r\n\r\n", (int)(strchr(contact, '>') - contact - 1),
		 contact + 1);
	assert_int_equal(edge_hide_in(&other, request, strlen(request)), strlen(request));
}

static void a_mediad_tells_how_a_transfer_goes(void **state)
{
	(void)state;
	assert_true(leave("NOTIFY sip:1@203.0.113.9 SIP/2.0\r\n" OUR THEIR
			  "CSeq: 2 NOTIFY\r\nContact: <sip:10.0.0.7:5080>\r\n\r\n") > 0);
	assert_null(strstr(out, "10.0.0.7"));
	assert_non_null(strstr(out, "Contact: <sip:" DOOR ";zjm="));
}

static const struct {
	const char *msg;
	bool hides;
} rows[] = {
	{"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 203.0.113.9\r\nCSeq: 1 INVITE\r\nContact: <sip:10.0.0.7>\r\n\r\n", true},
	{"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 203.0.113.9\r\nCSeq: 1 INVITE\r\nm: <sip:10.0.0.7:5080>\r\n\r\n", true},
	{"INVITE sip:1@x SIP/2.0\r\n" OUR "v: SIP/2.0/UDP 10.0.0.7\r\nCSeq: 1 INVITE\r\n\r\n", true},
	{"INVITE sip:1@x SIP/2.0\r\n" OUR
	 "Via: SIP/2.0/UDP 10.0.0.7, SIP/2.0/UDP 10.0.0.8:1;x\r\nCSeq: 1 INVITE\r\n\r\n",
	 true},
	{"BYE sip:1@x SIP/2.0\r\n" OUR "X-Zj-Relay: 1\r\nCSeq: 2 BYE\r\n\r\n", true},
	{"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS 203.0.113.9;received=127.64.0.2;branch=b;rport=10415\r\nCSeq: 1 "
	 "INFO\r\n\r\n",
	 true},
	{"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS 203.0.113.9;received=127.0.0.2;rport=1\r\nCSeq: 1 INFO\r\n\r\n", false},
	/* ours alone; a registrar's answer; a redirection; names; no head */
	{"OPTIONS sip:x SIP/2.0\r\n" OUR "CSeq: 1 OPTIONS\r\nContact: <sip:10.0.0.7>\r\n\r\n", false},
	{"SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\nContact: <sip:u@10.0.0.7>\r\n\r\n", false},
	{"SIP/2.0 302 Moved\r\nCSeq: 1 INVITE\r\nContact: <sip:u@10.0.0.7>\r\n\r\n", false},
	{"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContact: <sip:u@carrier.example>\r\n\r\n", false},
	{"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContact: <sip:>\r\n\r\n", false},
	{"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContact: <sip:10.0.0.7:99999>\r\n\r\n", false},
	{"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContact: <sip:10.0.0.7>\r\n", false},
	{"", false},
};

static void what_is_hidden_and_what_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(leave(rows[i].msg) > 0, rows[i].hides);
	leave(rows[3].msg);
	assert_null(strstr(out, "10.0.0."));
	leave(rows[5].msg);
	assert_string_equal(out, "SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS 203.0.113.9;branch=b\r\nCSeq: 1 INFO\r\n\r\n");
	leave(rows[4].msg);
	assert_string_equal(out, "BYE sip:1@x SIP/2.0\r\n" OUR "CSeq: 2 BYE\r\n\r\n");
}

static void what_strangers_write(void **state)
{
	static const char *const odd[] = {
		"BYE sip:x;zjm= SIP/2.0\r\n\r\n",
		"BYE ;zjm=00000000000000000000000000000000 SIP/2.0\r\n\r\n",
		"BYE sip:u@h;zjm=0000000000000000000000000000000",
		"BYE sip:u@h;zjm=zz000000000000000000000000000000 SIP/2.0\r\n\r\n",
		".invalid",
		"a 00000000000000000000000000000000.invalid.invalid\r\n\r\n",
		";zjm=;zjm=;zjm=",
	};
	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		size_t len = strlen(odd[i]);
		char *m = malloc(len + 1); /* of just this size: a read behind it is seen by the sanitiser */
		assert_non_null(m);
		memcpy(m, odd[i], len);
		assert_int_equal(edge_hide_in(&hide, m, len), len);
		assert_memory_equal(m, odd[i], len);
		free(m);
	}
}

static void the_list_of_mediads(void **state)
{
	char path[] = "/tmp/zj-inside-XXXXXX";
	struct edge_inside i = {0};
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(5080)};
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	dprintf(fd, "# mediads\n1 sip:10.0.0.7:5080;transport=udp 0 0\n1 sip:name.example 0 0\n");
	close(fd);
	inet_pton(AF_INET, "10.0.0.7", &a.sin_addr);
	edge_inside_look(&i, path, 1);
	assert_int_equal(i.n, 1);
	assert_true(edge_inside_has(&i, (struct sockaddr *)&a));
	a.sin_port = htons(5081);
	assert_false(edge_inside_has(&i, (struct sockaddr *)&a));
	unlink(path);
	edge_inside_look(&i, path, 2);
	assert_int_equal(i.n, 1); /* gone: what was known stays */
}

/* As much as a connection may bring, all of it marks: each was looked for to the message's beginning. */
static void a_message_full_of_marks_costs_little(void **state)
{
	static char msg[60000];
	(void)state;
	size_t n = (size_t)snprintf(msg, sizeof msg, "INVITE sip:1");
	while (n + 5 < sizeof msg)
		n += (size_t)snprintf(msg + n, sizeof msg - n, ";zjm=");
	memset(msg + n - 100, '0', 100);
	clock_t began = clock();
	assert_int_equal(edge_hide_in(&hide, msg, n), n);
	assert_true(clock() - began < CLOCKS_PER_SEC / 20);
	for (size_t i = 12; i + 45 < n; i += 45)
		memcpy(msg + i, ";zjm=0000000000000000000000000000000000000000", 45);
	began = clock();
	assert_int_equal(edge_hide_in(&hide, msg, n), n);
	assert_true(clock() - began < CLOCKS_PER_SEC / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_and_its_reply),     cmocka_unit_test(a_mediad_tells_how_a_transfer_goes),
		cmocka_unit_test(what_is_hidden_and_what_not), cmocka_unit_test(what_strangers_write),
		cmocka_unit_test(the_list_of_mediads),         cmocka_unit_test(a_message_full_of_marks_costs_little),
	};
	if (edge_hide_alloc(&hide, "secret-of-the-tests") || edge_hide_alloc(&other, "secret-of-others"))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	edge_hide_free(&hide);
	edge_hide_free(&other);
	return failed;
}
