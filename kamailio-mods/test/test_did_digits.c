#include "did_digits.h"
#include "plain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void patterns(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *number;
		bool fits;
	} cases[] = {
		{"0215000[0-4]XXX", "02150003999", true},
		{"0215000[0-4]XXX", "02150005000", false},
		{"0215000[0-4]XXX", "0215000399", false},
		{"0215000[0-4]XXX", "021500039990", false},
		{"Z", "0", false},
		{"Z", "1", true},
		{"N", "1", false},
		{"N", "2", true},
		{"1.", "1", false},
		{"1.", "12", true},
		{"1!", "1", true},
		{"1!", "1234", true},
		{"!", "", true},
		{".", "", false},
		{"[*#3-5]", "*", true},
		{"[*#3-5]", "4", true},
		{"[*#3-5]", "6", false},
		{"[13-5]", "3", true},
		{"[13-5]", "2", false},
		{"*97", "*97", true},
		{"X", "a", false},
		{"X", "*", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(did_criterion_is_good(DID_PATTERN, cases[i].pattern));
		assert_int_equal(cases[i].fits, did_fits(DID_PATTERN, cases[i].pattern, cases[i].number));
	}
	static const char *const bad[] = {
		"",    "[",   "[]", "[1", "[4-2]", "[-]",   "[1-]",
		"[a]", "1.2", "!1", "Y",  "+1",    "[*-#]", "0123456789012345678901234567890123"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(did_criterion_is_good(DID_PATTERN, bad[i]));
	assert_int_equal(7, did_head(DID_PATTERN, "0215000[0-4]XXX"));
	assert_int_equal(0, did_head(DID_PATTERN, "XXX"));
}

static void ranges(void **state)
{
	(void)state;
	char text[40], number[20];
	srand(1);
	for (int i = 0; i < 20000; i++) {
		int width = 1 + rand() % 5, most = 1;
		for (int w = 0; w < width; w++)
			most *= 10;
		int a = rand() % most, b = a + rand() % (most - a), n = rand() % most;
		snprintf(text, sizeof text, "%0*d-%0*d", width, a, width, b);
		snprintf(number, sizeof number, "%0*d", width, n);
		assert_true(did_criterion_is_good(DID_RANGE, text));
		assert_int_equal(n >= a && n <= b, did_fits(DID_RANGE, text, number));
		if (n >= a && n <= b)
			assert_int_equal(
				0, strncmp(text, number, did_head(DID_RANGE, text))); /* it is found by its head */
		assert_int_equal(UINT64_MAX - (uint64_t)(b - a), did_precision(DID_RANGE, text));
	}
	static const char *const bad[] = {
		"", "-", "1-", "-1", "2-1", "1-10", "1-2-3", "a-b", "12345678901234567-12345678901234568"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(did_criterion_is_good(DID_RANGE, bad[i]));
	assert_false(did_fits(DID_RANGE, "10-19", "1*"));
}

static void the_rest(void **state)
{
	(void)state;
	assert_true(did_fits(DID_PREFIX, "021", "0215"));
	assert_false(did_fits(DID_PREFIX, "0215", "021"));
	assert_true(did_fits(DID_ANONYMOUS, "", ""));
	assert_true(did_fits(DID_ANONYMOUS, "", "anonymous"));
	assert_false(did_fits(DID_ANONYMOUS, "", "138"));
	assert_int_equal(DID_MATCHES, did_match_of("x"));
	assert_int_equal(DID_MATCHES, did_match_of(NULL));
	assert_int_equal(DID_GROUP, did_match_of("group"));
	assert_string_equal("?", did_match_name(DID_MATCHES));
	assert_string_equal("86", did_digits("+86"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(patterns), cmocka_unit_test(ranges),
					   cmocka_unit_test(the_rest)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
