/* Which addresses are private, and how addresses are resolved. */
#include "fetch.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool is_private(const char *text)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return vx_address_is_private((struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return vx_address_is_private((struct sockaddr *)&six);
}

static void addresses(void **state ZJ_UNUSED)
{
	static const char *const inside[] = {"127.0.0.1",
					     "127.9.9.9",
					     "0.0.0.0",
					     "10.1.2.3",
					     "172.16.0.1",
					     "172.31.255.255",
					     "192.168.1.1",
					     "169.254.169.254",
					     "100.64.0.1",
					     "198.18.0.1",
					     "224.0.0.1",
					     "255.255.255.255",
					     "::1",
					     "::",
					     "fe80::1",
					     "fec0::1",
					     "fd00::1",
					     "ff02::1",
					     "::ffff:127.0.0.1",
					     "::ffff:10.0.0.1",
					     "64:ff9b::7f00:1",
					     "2002:7f00:1::",
					     "::127.0.0.1"};
	static const char *const outside[] = {"1.1.1.1",      "172.15.0.1",     "172.32.0.1",
					      "100.63.0.1",   "100.128.0.1",    "192.169.0.1",
					      "2400:3200::1", "::ffff:1.1.1.1", "64:ff9b::101:101"};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(inside); i++) {
		if (!is_private(inside[i]))
			fail_msg("%s is private", inside[i]);
	}
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(outside); i++) {
		if (is_private(outside[i]))
			fail_msg("%s is not private", outside[i]);
	}
}

static void resolving(void **state ZJ_UNUSED)
{
	static const struct {
		const char *base, *ref, *url;
	} cases[] = {
		{"http://h/a/b.vxml", "c.vxml", "http://h/a/c.vxml"},
		{"http://h/a/b.vxml?x=1", "?y=2", "http://h/a/b.vxml?y=2"},
		{"http://h/a/b.vxml", "/c", "http://h/c"},
		{"http://h/a/b.vxml", "../c", "http://h/c"},
		{"http://h/a/", "https://x/y", "https://x/y"},
		{"file:///tmp/a.vxml", "b.vxml", "file:///tmp/b.vxml"},
		{"file:///tmp/a.vxml", "http://h/", "http://h/"},
		{NULL, "http://h/x", "http://h/x"},
		{"flow:menu", "b.vxml", NULL},
		{"flow:menu", "flow:other", "flow:other"},
	};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		char *url = vx_url_resolve(cases[i].base, cases[i].ref);

		if (cases[i].url)
			assert_string_equal(url, cases[i].url);
		else
			assert_null(url);
		zj_deref(url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(resolving)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
