#include "call/call.h"
#include "shell/daemon.h"
#include "testing_c.h"
#include "zj_obj.h"

#define ID  "01a1fb9c-2d74-7f0e-9927-9a3635ff9533"
#define ID2 "01a1fb9c-2d75-7f0e-9927-9a3635ff9533"

static void a_fact_is_read_back(void **state)
{
	json_t *row = json_pack("{s:s, s:s, s:{s:s}}", "id", ID2, "note", "a \"quote\"\n", "why", "id", "other"),
	       *again;
	char *line = acd_fact_text("queue_visit", ID, ID2, row);
	struct acd_fact f;

	(void)state;
	assert_non_null(line);
	assert_null(strchr(line, '\n'));
	assert_true(acd_fact_read(&f, line));
	assert_string_equal(f.table, "queue_visit");
	assert_string_equal(f.tenant, ID);
	assert_string_equal(f.id, ID2);
	again = json_loadb(f.row, f.row_len, 0, NULL);
	assert_true(json_equal(row, again));
	json_decref(row);
	json_decref(again);
	free(line);
}

static void what_is_no_fact_is_seen(void **state)
{
	static const char *const bad[] = {"{}",
					  "{\"t\":\"call\"}",
					  "{\"t\":\"a_table_with_a_name_that_is_far_too_long\",\"n\":\"" ID
					  "\",\"i\":\"" ID "\",\"r\":{}}",
					  "{\"t\":\"call\",\"n\":\"" ID "0\",\"i\":\"" ID "\",\"r\":{}}",
					  "{\"t\":\"call\",\"n\":\"" ID "\",\"i\":\"" ID "\",\"r\":[]}",
					  "{\"t\":\"call\",\"n\":\"" ID "\",\"i\":\"" ID};
	struct acd_fact f;

	(void)state;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(bad); i++)
		assert_false(acd_fact_read(&f, bad[i]));
}

static void numbers_of_addresses(void **state)
{
	static const char *const cases[][2] = {
		{"sip:1001@demo.test", "1001"},
		{"\"A\" <sip:1001@demo.test;transport=tcp>;tag=1", "1001"},
		{"tel:+8613800000001", "+8613800000001"},
		{"sips:42@x", "42"},
		{"4001", "4001"},
		{"", ""},
	};
	char out[ACD_NUMBER_SIZE];

	(void)state;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		acd_sip_user(out, sizeof(out), cases[i][0]);
		assert_string_equal(out, cases[i][1]);
	}
	acd_copy(out, 4, "\xe4\xb8\xad\xe6\x96\x87"); /* 中文: cut between characters */
	assert_string_equal(out, "\xe4\xb8\xad");
	acd_copy(out, 6, "\xe4\xb8\xad\xe6\x96\x87");
	assert_string_equal(out, "\xe4\xb8\xad");
	acd_copy(out, 7, NULL);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fact_is_read_back),
		cmocka_unit_test(what_is_no_fact_is_seen),
		cmocka_unit_test(numbers_of_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
