/* What is said to those who speak TLS: our own addresses, in the head, and nothing else. */
#include "edge_wire.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AT "192.0.2.1:5061"

static const struct {
	const char *tcp, *tls;
	unsigned n;
} rows[] = {
	{"Via: SIP/2.0/TCP " AT ";branch=z9hG4bK1\r\n", "Via: SIP/2.0/TLS " AT ";branch=z9hG4bK1\r\n", 1},
	{"Record-Route: <sip:" AT ";transport=tcp;r2=on;lr>\r\n",
	 "Record-Route: <sip:" AT ";transport=tls;r2=on;lr>\r\n", 1},
	{"v: SIP/2.0/TCP " AT "\r\nRoute: <sip:" AT ";Transport=TCP;lr>, <sip:" AT ";transport=tcp>\r\n",
	 "v: SIP/2.0/TLS " AT "\r\nRoute: <sip:" AT ";Transport=TLS;lr>, <sip:" AT ";transport=tls>\r\n", 3},
	/* another port, another address, another protocol, no parameter */
	{"Via: SIP/2.0/TCP 192.0.2.1:50610;x\r\n", "Via: SIP/2.0/TCP 192.0.2.1:50610;x\r\n", 0},
	{"Via: SIP/2.0/TCP 192.0.2.9:5061;x\r\n", "Via: SIP/2.0/TCP 192.0.2.9:5061;x\r\n", 0},
	{"Via: SIP/2.0/UDP " AT ";x\r\n", "Via: SIP/2.0/UDP " AT ";x\r\n", 0},
	{"Contact: <sip:" AT ";transport=ud", "Contact: <sip:" AT ";transport=ud", 0},
	{"Contact: <sip:" AT ";transport=tc", "Contact: <sip:" AT ";transport=tc", 0},
	{AT, AT, 0},
	{"", "", 0},
	/* bodies are not ours */
	{"A: b\r\n\r\n<sip:" AT ";transport=tcp>", "A: b\r\n\r\n<sip:" AT ";transport=tcp>", 0},
};

static void both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t len = strlen(rows[i].tcp);
		char *m = malloc(len + 1); /* of just this size: a read behind it is seen by the sanitiser */
		assert_non_null(m);
		memcpy(m, rows[i].tcp, len);
		assert_int_equal(edge_wire_turn(m, len, AT, true), rows[i].n);
		assert_memory_equal(m, rows[i].tls, len);
		assert_int_equal(edge_wire_turn(m, len, AT, false), rows[i].n);
		assert_memory_equal(m, rows[i].tcp, len);
		free(m);
	}
}

static void parameter(void **state)
{
	struct edge_wire w;
	(void)state;
	assert_true(edge_wire_parse(&w, "5071=192.0.2.1:5061"));
	assert_int_equal(w.port, 5071);
	assert_string_equal(w.at, "192.0.2.1:5061");
	assert_true(edge_wire_parse(&w, "1=[2001:db8::1]:5061"));
	assert_string_equal(w.at, "[2001:db8::1]:5061");
	static const char *const wrong[] = {"", "=a:1", "0=a:1", "65536=a:1", "1", "1=a", "1=a:", "1:a:1"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(edge_wire_parse(&w, wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_ways), cmocka_unit_test(parameter)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
