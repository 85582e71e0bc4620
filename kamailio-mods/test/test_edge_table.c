#include "edge_table.h"
#include "plain.h"
#include "zk_copy.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TENANT_A "00000000-0000-7000-8000-00000000000a"
#define TENANT_B "00000000-0000-7000-8000-00000000000b"
#define EXT_A    "00000000-0000-7000-8000-0000000000aa"
#define EXT_B    "00000000-0000-7000-8000-0000000000bb"
#define HA1_A    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HA1_B    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct zk_store *store;
static struct zk_sink sink;
static char path[64];

static const char *const tenant_a[] = {"a.test", "t"}, *const tenant_b[] = {"b.test", "t"};
static const char *const ext_a[] = {TENANT_A, "1001", HA1_A, "t", "auto", NULL, "5", NULL, "team", NULL};
static const char *const ext_b[] = {TENANT_B, "1001", HA1_B, "t", "never", NULL, "5", NULL, "team", NULL};

static void put(enum edge_map table, const char *id, const char *const *fields)
{
	struct zk_uuid u;
	assert_true(zk_uuid_parse(&u, id));
	assert_int_equal(0, sink.begin((size_t[EDGE_MAPS]){1, 1, 1, 1, 1}, false, sink.arg));
	sink.row(table, &u, fields, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(0, edge_store_alloc(&store));
	sink = edge_sink(store);
	put(EDGE_TENANT, TENANT_A, tenant_a);
	put(EDGE_TENANT, TENANT_B, tenant_b);
	put(EDGE_EXTENSION, EXT_A, ext_a);
	put(EDGE_EXTENSION, EXT_B, ext_b);
	snprintf(path, sizeof path, "/tmp/zj-copy-%d", (int)getpid());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	zk_store_free(store);
	unlink(path);
	return plain_alive() ? -1 : 0;
}

static const char *ha1(const char *domain, const char *number)
{
	static struct edge_hit hit;
	bool found = edge_find_extension(store, domain, strlen(domain), number, strlen(number), &hit);
	return found ? hit.ha1 : "";
}

static void one_number_in_two_tenants(void **state)
{
	(void)state;
	struct zk_uuid t;
	assert_string_equal(HA1_A, ha1("a.test", "1001"));
	assert_string_equal(HA1_B, ha1("B.TEST", "1001"));
	assert_string_equal("", ha1("a.test", "1002"));
	assert_string_equal("", ha1("c.test", "1001"));
	assert_string_equal("", ha1("", ""));
	assert_true(edge_find_tenant(store, "A.tEsT", 6, &t));
	assert_false(edge_find_tenant(store, "a.test.", 7, &t));
	char longest[400];
	memset(longest, 'a', sizeof longest);
	assert_false(edge_find_tenant(store, longest, sizeof longest, &t));
}

static void disabled_is_gone_and_comes_back(void **state)
{
	(void)state;
	put(EDGE_EXTENSION, EXT_A,
	    (const char *[]){TENANT_A, "1001", HA1_A, "f", "auto", NULL, "5", NULL, "team", NULL});
	assert_string_equal("", ha1("a.test", "1001"));
	put(EDGE_EXTENSION, EXT_A, ext_a);
	put(EDGE_TENANT, TENANT_A, (const char *[]){"a.test", "f"});
	assert_string_equal("", ha1("a.test", "1001"));
	put(EDGE_TENANT, TENANT_A, (const char *[]){"new.test", "t"});
	assert_string_equal("", ha1("a.test", "1001"));
	assert_string_equal(HA1_A, ha1("new.test", "1001"));
	put(EDGE_EXTENSION, EXT_A, NULL);
	assert_string_equal("", ha1("new.test", "1001"));
}

static void write_copy(void)
{
	struct zk_copy *c = zk_copy_begin(path, edge_tables, EDGE_MAPS);
	assert_non_null(c);
	zk_copy_row(c, EDGE_TENANT, TENANT_A, tenant_a);
	zk_copy_row(c, EDGE_EXTENSION, EXT_A, ext_a);
	assert_int_equal(-1, access(path, F_OK)); /* not before it is whole */
	zk_copy_mark(c, "10:10:");
	zk_copy_row(c, EDGE_EXTENSION, EXT_A, NULL);
	zk_copy_row(c, EDGE_EXTENSION, EXT_B, ext_b);
	zk_copy_row(c, EDGE_TENANT, TENANT_B, tenant_b);
	zk_copy_mark(c, "20:20:");
	zk_copy_close(c);
}

static void a_copy_is_what_was_known(void **state)
{
	(void)state;
	char seen[64];
	struct stat st;
	write_copy();
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(0600, st.st_mode & 0777);
	assert_int_equal(0, zk_copy_load(path, edge_tables, EDGE_MAPS, &sink, seen, sizeof seen));
	assert_string_equal("20:20:", seen);
	assert_string_equal("", ha1("a.test", "1001"));
	assert_string_equal(HA1_B, ha1("b.test", "1001"));
	struct zk_copy *c = zk_copy_reopen(path, edge_tables, EDGE_MAPS);
	zk_copy_row(c, EDGE_EXTENSION, EXT_A, ext_a);
	zk_copy_mark(c, "30:30:");
	zk_copy_close(c);
	assert_int_equal(0, zk_copy_load(path, edge_tables, EDGE_MAPS, &sink, seen, sizeof seen));
	assert_string_equal("30:30:", seen);
	assert_string_equal(HA1_A, ha1("a.test", "1001"));
}

/* Cut anywhere, a copy is either what some mark stood for, or no copy; never half a batch. */
static void a_torn_copy_ends_at_its_last_mark(void **state)
{
	(void)state;
	char seen[64];
	struct stat st;
	write_copy();
	assert_int_equal(0, stat(path, &st));
	for (off_t len = st.st_size; len >= 0; len--) {
		assert_int_equal(0, truncate(path, len));
		int err = zk_copy_load(path, edge_tables, EDGE_MAPS, &sink, seen, sizeof seen);
		if (err) {
			assert_int_equal(EPROTO, err);
			continue;
		}
		bool whole = !strcmp(seen, "20:20:");
		assert_string_equal(whole ? "" : HA1_A, ha1("a.test", "1001"));
		assert_string_equal(whole ? HA1_B : "", ha1("b.test", "1001"));
	}
}

static void a_copy_of_other_tables_is_none(void **state)
{
	(void)state;
	char seen[64];
	static const struct zk_table others[] = {{"tenant", "a, b, c", 3}, {"extension", "d", 1}};
	write_copy();
	assert_int_equal(EPROTO, zk_copy_load(path, others, 2, &sink, seen, sizeof seen));
	assert_int_equal(ENOENT, zk_copy_load("/nonexistent", edge_tables, EDGE_MAPS, &sink, seen, sizeof seen));
	assert_string_equal(HA1_A, ha1("a.test", "1001"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {CASE(one_number_in_two_tenants), CASE(disabled_is_gone_and_comes_back),
					   CASE(a_copy_is_what_was_known), CASE(a_torn_copy_ends_at_its_last_mark),
					   CASE(a_copy_of_other_tables_is_none)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
