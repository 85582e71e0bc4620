#include "bl_table.h"
#include "plain.h"
#include <stdio.h>
#include <string.h>

#define CARRIER  "00000000-0000-7000-8000-000000000001"
#define TENANT_A "00000000-0000-7000-8000-00000000000a"
#define TENANT_B "00000000-0000-7000-8000-00000000000b"

static struct zk_store *store;
static struct zk_sink sink;

static void put(unsigned table, unsigned id, const char *const *fields)
{
	size_t rows[BL_TABLES] = {0};
	struct zk_uuid u = {{0}};
	memcpy(u.b, &id, sizeof id);
	rows[table] = 1;
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	sink.row(table, &u, fields, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
}

static void rule(unsigned id, const char *tenant, const char *number, const char *match, const char *colour,
		 const char *direction, const char *code)
{
	put(BL_TABLE_BLACKLIST, id, (const char *[]){tenant, number, match, colour, direction, code, NULL, NULL});
}

static int setup(void **state)
{
	(void)state;
	struct zk_uuid carrier;
	size_t rows[BL_TABLES] = {1, 0};
	assert_int_equal(0, bl_store_alloc(&store));
	sink = bl_sink(store);
	zk_uuid_parse(&carrier, CARRIER);
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	sink.row(BL_TABLE_TENANT, &carrier, (const char *[]){"carrier"}, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	zk_store_free(store);
	return plain_alive() ? -1 : 0;
}

/* The code, or 0 when not barred. */
static int check_at(const char *tenant, const char *number, enum bl_direction d, int64_t now)
{
	struct bl_query q = {.number = number, .direction = d, .now = now};
	struct bl_answer a;
	zk_uuid_parse(&q.tenant, tenant);
	assert_int_equal(0, bl_check(store, &q, &a));
	assert_int_equal(a.barred, a.code != 0);
	return a.code;
}

static int check(const char *tenant, const char *number)
{
	return check_at(tenant, number, BL_IN, 1000);
}

static void black_bars_exact_and_prefix(void **state)
{
	(void)state;
	rule(1, TENANT_A, "13800000001", "exact", "black", "in", "486");
	rule(2, TENANT_A, "+139", "prefix", "black", "in", "403");
	rule(3, TENANT_A, "1391", "prefix", "black", "both", "600");
	static const struct {
		const char *number;
		int want;
	} cases[] = {
		{"13800000001", 486},
		{"+13800000001", 486},
		{"138000000012", 0},
		{"1380000000", 0},
		{"139", 403},
		{"13900000000", 403},
		{"+13912345678", 600},
		{"13", 0},
		{"", 0},
		{"anonymous", 0},
		{"139999999999999999999999999999999999999999999999999999999", 403},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(cases[i].want, check(TENANT_A, cases[i].number));
	assert_int_equal(0, check(TENANT_B, "13800000001"));
	assert_int_equal(0, check_at(TENANT_A, "13800000001", BL_OUT, 1000));
	assert_int_equal(600, check_at(TENANT_A, "1391", BL_OUT, 1000));
}

static void the_carriers_rules_bar_for_everybody(void **state)
{
	(void)state;
	rule(1, CARRIER, "95", "prefix", "black", "in", "603");
	rule(2, TENANT_A, "9500", "exact", "white", "in", "403"); /* lifts nothing of a wider scope */
	assert_int_equal(603, check(TENANT_B, "9500"));
	assert_int_equal(603, check(TENANT_A, "9500"));
	put(BL_TABLE_BLACKLIST, 1, NULL);
	assert_int_equal(0, check(TENANT_A, "9500"));
}

static void a_white_list_lets_only_its_numbers_pass(void **state)
{
	(void)state;
	rule(1, TENANT_A, "138", "prefix", "white", "in", "403");
	rule(2, TENANT_A, "13800000001", "exact", "black", "in", "486");
	assert_int_equal(0, check(TENANT_A, "13812345678"));
	assert_int_equal(486, check(TENANT_A, "13800000001"));
	assert_int_equal(BL_WHITE_CODE, check(TENANT_A, "13900000000"));
	assert_int_equal(BL_WHITE_CODE, check(TENANT_A, ""));
	assert_int_equal(0,
			 check_at(TENANT_A, "13900000000", BL_OUT, 1000)); /* the other direction has no white list */
	assert_int_equal(0, check(TENANT_B, "13900000000"));
	rule(3, CARRIER, "139", "prefix", "white", "in", "403");
	assert_int_equal(BL_WHITE_CODE, check(TENANT_B, "13800000000"));
	assert_int_equal(0, check(TENANT_B, "13900000000"));
}

static void rules_hold_for_their_time(void **state)
{
	(void)state;
	put(BL_TABLE_BLACKLIST, 1, (const char *[]){TENANT_A, "1", "exact", "black", "in", "403", "100", "200"});
	put(BL_TABLE_BLACKLIST, 2, (const char *[]){TENANT_A, "2", "exact", "white", "in", "403", "300", NULL});
	assert_int_equal(0, check_at(TENANT_A, "1", BL_IN, 99));
	assert_int_equal(403, check_at(TENANT_A, "1", BL_IN, 100));
	assert_int_equal(403, check_at(TENANT_A, "1", BL_IN, 199));
	assert_int_equal(0, check_at(TENANT_A, "1", BL_IN, 200));
	assert_int_equal(403, check_at(TENANT_A, "1", BL_IN, 300));
	assert_int_equal(0, check_at(TENANT_A, "2", BL_IN, 300));
}

static void a_rule_that_changes_is_one_rule(void **state)
{
	(void)state;
	rule(1, TENANT_A, "1", "exact", "white", "in", "403");
	assert_int_equal(403, check(TENANT_A, "2"));
	rule(1, TENANT_A, "2", "prefix", "black", "in", "404");
	assert_int_equal(404, check(TENANT_A, "2"));
	assert_int_equal(0, check(TENANT_A, "3"));
	assert_int_equal(1, zk_store_count(store, BL_RULE));
	assert_int_equal(0, zk_store_count(store, BL_WHITE));
}

static void many_rules(void **state)
{
	(void)state;
	enum { N = 20000 };
	char number[16];
	size_t rows[BL_TABLES] = {0, N};
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	for (unsigned i = 0; i < N; i++) {
		struct zk_uuid u = {{0}};
		memcpy(u.b, &i, sizeof i);
		u.b[15] = 1;
		snprintf(number, sizeof number, "1%08u", i * 7);
		sink.row(BL_TABLE_BLACKLIST, &u,
			 (const char *[]){TENANT_A, number, "exact", "black", "in", "403", NULL, NULL}, sink.arg);
	}
	assert_int_equal(0, sink.end(sink.arg));
	assert_int_equal(N, zk_store_count(store, BL_RULE));
	for (unsigned i = 0; i < N; i++) {
		snprintf(number, sizeof number, "1%08u", i);
		assert_int_equal(i % 7 ? 0 : 403, check(TENANT_A, number));
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {CASE(black_bars_exact_and_prefix),
					   CASE(the_carriers_rules_bar_for_everybody),
					   CASE(a_white_list_lets_only_its_numbers_pass),
					   CASE(rules_hold_for_their_time),
					   CASE(a_rule_that_changes_is_one_rule),
					   CASE(many_rules)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
