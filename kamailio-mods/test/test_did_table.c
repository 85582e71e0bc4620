#include "did_table.h"
#include "plain.h"
#include <string.h>

#define CARRIER  "00000000-0000-7000-8000-000000000001"
#define TENANT_A "00000000-0000-7000-8000-00000000000a"
#define TENANT_B "00000000-0000-7000-8000-00000000000b"
#define TARGET   "00000000-0000-7000-8000-0000000000ff"

static struct zk_store *store;
static struct zk_sink sink;

static struct zk_uuid uuid(unsigned n)
{
	struct zk_uuid u = {{0}};
	u.b[14] = (unsigned char)(n >> 8);
	u.b[15] = (unsigned char)n;
	return u;
}

static void row(enum did_map table, struct zk_uuid id, const char *const *fields)
{
	size_t rows[DID_MAPS] = {0};
	rows[table] = 1;
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	sink.row(table, &id, fields, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
}

static void tenant(const char *id, const char *kind, const char *enabled)
{
	struct zk_uuid u;
	assert_true(zk_uuid_parse(&u, id));
	row(DID_TENANT, u, (const char *[]){kind, enabled});
}

static void trunk(unsigned id, const char *owner, const char *host, const char *port, const char *match)
{
	row(DID_TRUNK, uuid(id), (const char *[]){owner, host, port, match, "t"});
}

static void number(unsigned id, const char *owner, const char *text, const char *enabled)
{
	row(DID_NUMBER, uuid(id), (const char *[]){owner, text, enabled});
}

static void did(unsigned id, const char *owner, const char *text, const char *prefix, const char *priority,
		const char *enabled)
{
	row(DID_DID, uuid(id), (const char *[]){owner, text, prefix, priority, "ivr", TARGET, enabled});
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(0, did_store_alloc(&store));
	sink = did_sink(store);
	tenant(CARRIER, "carrier", "t");
	tenant(TENANT_A, "tenant", "t");
	tenant(TENANT_B, "tenant", "t");
	number(1, TENANT_A, "+861000", "t");
	number(2, TENANT_B, "2000", "t");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	zk_store_free(store);
	return plain_alive() ? -1 : 0;
}

static unsigned found(const char *called, const char *caller)
{
	struct did_hit hit;
	enum did_result r = did_find(store, &(struct did_query){NULL, called, caller}, &hit);
	return r == DID_FOUND ? (unsigned)hit.did.b[14] << 8 | hit.did.b[15] : 0;
}

static void the_best_row_wins(void **state)
{
	(void)state;
	did(10, TENANT_A, "+861000", "", "9", "t");
	did(11, TENANT_A, "+861000", "138", "0", "t");
	did(12, TENANT_A, "+861000", "+138", "5", "t");
	did(13, TENANT_A, "+861000", "1381", "0", "t");
	did(14, TENANT_A, "+861000", "13812", "0", "f");
	did(16, TENANT_A, "+861000", "999", "1", "t");
	did(15, TENANT_A, "+861000", "999", "1", "t");
	static const struct {
		const char *caller;
		unsigned want;
	} cases[] = {
		{"13900", 10},    {"", 10},     {"138", 12},  {"+13820", 12},
		{"13812345", 13}, {"1381", 13}, {"9991", 15}, {"anonymous", 10},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(cases[i].want, found("+861000", cases[i].caller));
}

static void a_plus_more_or_less(void **state)
{
	(void)state;
	did(10, TENANT_A, "+861000", "", "0", "t");
	did(20, TENANT_B, "2000", "", "0", "t");
	assert_int_equal(10, found("861000", "1"));
	assert_int_equal(20, found("+2000", "1"));
	number(3, TENANT_B, "861000", "t"); /* as dialled comes first */
	did(21, TENANT_B, "861000", "", "0", "t");
	assert_int_equal(21, found("861000", "1"));
	assert_int_equal(10, found("+861000", "1"));
	assert_int_equal(0, found("", "1"));
	assert_int_equal(0, found("9999999999999999999999999999999999999999999999999", "1"));
}

static void what_is_disabled_is_not_there(void **state)
{
	(void)state;
	did(10, TENANT_A, "+861000", "", "0", "t");
	assert_int_equal(10, found("861000", "1"));
	number(1, TENANT_A, "+861000", "f");
	assert_int_equal(0, found("861000", "1"));
	number(1, TENANT_A, "+861000", "t");
	tenant(TENANT_A, "tenant", "f");
	assert_int_equal(0, found("861000", "1"));
	tenant(TENANT_A, "tenant", "t");
	assert_int_equal(10, found("861000", "1"));
	row(DID_DID, uuid(10), NULL);
	assert_int_equal(0, found("861000", "1"));
}

/* A row of another tenant for our number does not count, whatever the database's keys say. */
static void a_number_has_one_tenant(void **state)
{
	(void)state;
	did(20, TENANT_B, "+861000", "", "1000", "t");
	assert_int_equal(0, found("861000", "1"));
}

static enum did_result from(const char *host, uint16_t port, const char *called, struct did_hit *hit)
{
	struct did_source s;
	assert_true(did_source_parse(&s, host, strlen(host), port));
	return did_find(store, &(struct did_query){&s, called, "1"}, hit);
}

static void trunks(void **state)
{
	(void)state;
	struct did_hit hit;
	struct did_trunk_hit t;
	struct did_source s;
	did(10, TENANT_A, "+861000", "", "0", "t");
	did(20, TENANT_B, "2000", "", "0", "t");
	trunk(30, CARRIER, "10.0.0.1", "5060", "f");
	trunk(31, TENANT_A, "10.0.0.2", "5060", "f");
	trunk(32, TENANT_A, "10.0.0.1", "5070", "t");
	trunk(33, CARRIER, "2001:db8::1", "5060", "f");
	assert_int_equal(DID_FOUND, from("10.0.0.1", 40000, "2000", &hit));
	assert_int_equal(30, hit.trunk.b[15]);
	assert_int_equal(DID_FOUND, from("10.0.0.1", 5070, "861000", &hit)); /* the tenant's own before the carrier's */
	assert_int_equal(32, hit.trunk.b[15]);
	assert_int_equal(DID_FOUND, from("10.0.0.2", 1, "861000", &hit));
	assert_int_equal(DID_NO_TRUNK, from("10.0.0.2", 1, "2000", &hit)); /* tenants don't reach each other */
	assert_int_equal(DID_FOUND, from("[2001:db8::1]", 1, "2000", &hit));
	assert_int_equal(DID_FOUND, from("2001:DB8:0::1", 1, "2000", &hit));
	assert_int_equal(DID_NO_TRUNK, from("10.0.0.3", 1, "2000", &hit));
	assert_true(did_source_parse(&s, "10.0.0.1", 8, 5070));
	assert_true(did_find_trunk(store, &s, &t));
	assert_true(t.exact);
	assert_int_equal(32, t.trunk.b[15]);
	s.port = 1;
	assert_true(did_find_trunk(store, &s, &t));
	assert_false(t.exact);
	assert_int_equal(30, t.trunk.b[15]);
	tenant(CARRIER, "carrier", "f");
	assert_false(did_find_trunk(store, &s, &t));
	assert_false(did_source_parse(&s, "host.example", 12, 1));
	assert_false(did_source_parse(&s, "10.0.0.1.1", 10, 1));
}

static void broken_rows_are_left_out(void **state)
{
	(void)state;
	row(DID_DID, uuid(10), (const char *[]){TENANT_A, "+861000", "", "0", "conference", TARGET, "t"});
	row(DID_DID, uuid(11), (const char *[]){TENANT_A, "+861000", NULL, "0", "ivr", TARGET, "t"});
	row(DID_DID, uuid(12),
	    (const char *[]){TENANT_A, "+8610001234567890123456789012345678901234567890", "", "0", "ivr", TARGET, "t"});
	row(DID_TRUNK, uuid(13), (const char *[]){TENANT_A, "not an address", "1", "f", "t"});
	assert_int_equal(0, zk_store_count(store, DID_DID));
	assert_int_equal(0, zk_store_count(store, DID_TRUNK));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {CASE(the_best_row_wins),
					   CASE(a_plus_more_or_less),
					   CASE(what_is_disabled_is_not_there),
					   CASE(a_number_has_one_tenant),
					   CASE(trunks),
					   CASE(broken_rows_are_left_out)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
