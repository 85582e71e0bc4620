/* The local copy: what was written comes back, torn ends are cut off, foreign bytes are refused. And rows as COPY sends
 * them. */
#include "plain.h"

#include "bl_check.h"
#include "bl_copy.h"
#include "bl_row.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static struct bl_store *store;

static struct zk_uuid tenant_of(unsigned n)
{
	struct zk_uuid u = {{0x7a}};
	memcpy(u.b + 8, &n, sizeof n);
	return u;
}

static void put(unsigned tenant, enum bl_match match, const char *number, unsigned code)
{
	struct zk_uuid t = tenant_of(tenant);
	struct bl_rule r = {.scope = BL_TENANT,
			    .colour = BL_BLACK,
			    .direction = BL_IN,
			    .code = (uint16_t)code,
			    .from = INT64_MIN,
			    .until = INT64_MAX};
	assert_int_equal(0, bl_put(store, &t, match, number, (unsigned)strlen(number), &r, code ? 1 : 0));
}

static unsigned code_of(struct bl_store *s, unsigned tenant, const char *number)
{
	struct bl_query q = {.tenant = tenant_of(tenant), .number = number, .direction = BL_IN};
	struct bl_answer a;
	bl_check(s, &q, &a, NULL, NULL);
	return a.code;
}

static int setup(void **state)
{
	(void)state;
	strcpy(path, "/tmp/zj-copy-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(0, bl_store_alloc(&store, 16 << 20));
	assert_int_equal(0, bl_begin(store, true));
	put(1, BL_EXACT, "13800000001", 480);
	put(2, BL_PREFIX, "139", 481);
	put(2, BL_PATTERN, "02ZX", 482);
	put(1, BL_EXACT, "12345678901234567890", 483);
	return bl_commit(store);
}

static int teardown(void **state)
{
	(void)state;
	bl_store_free(store);
	unlink(path);
	return 0;
}

static int load(struct bl_store **sp, char *seen)
{
	struct bl_copy *c = NULL;
	assert_int_equal(0, bl_store_alloc(sp, 16 << 20));
	int err = bl_copy_load(&c, *sp, path, seen, 64);
	bl_copy_close(c);
	return err;
}

static void a_base_and_its_journal_come_back(void **state)
{
	(void)state;
	struct bl_store *back;
	char seen[64] = "";
	struct bl_copy *c = bl_copy_begin(store, path, "1:1:");
	assert_non_null(c);
	bl_journal(store, bl_copy_journal(c));
	for (int round = 0; round < 50; round++) { /* sets come and go, and their numbers are used again */
		assert_int_equal(0, bl_begin(store, false));
		put(1, BL_EXACT, "13800000001", 490 + (unsigned)round);
		put(3, BL_EXACT, "7", round % 2 ? 0 : 500 + (unsigned)round);
		put(2, BL_PREFIX, "139", round == 49 ? 0 : 600);
		assert_int_equal(0, bl_commit(store));
		bl_copy_mark(c, "2:2:");
	}
	bl_copy_close(c);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(0, load(&back, seen));
		assert_string_equal("2:2:", seen);
		assert_int_equal(539, code_of(back, 1, "13800000001"));
		assert_int_equal(483, code_of(back, 1, "12345678901234567890"));
		assert_int_equal(482, code_of(back, 2, "0219"));
		assert_int_equal(0, code_of(back, 2, "1390"));
		assert_int_equal(0, code_of(back, 3, "7"));
		bl_store_free(back);
	}
}

static void every_torn_end_is_cut_off(void **state)
{
	(void)state;
	struct bl_store *back;
	char seen[64];
	struct bl_copy *c = bl_copy_begin(store, path, "1:1:");
	bl_journal(store, bl_copy_journal(c));
	assert_int_equal(0, bl_begin(store, false));
	off_t base = lseek(open(path, O_RDONLY), 0, SEEK_END);
	put(1, BL_EXACT, "13800000001", 555);
	assert_int_equal(0, bl_commit(store));
	bl_copy_mark(c, "2:2:");
	bl_copy_close(c);
	off_t whole = lseek(open(path, O_RDONLY), 0, SEEK_END);
	char *bytes = malloc((size_t)whole);
	int fd = open(path, O_RDONLY);
	assert_int_equal(whole, read(fd, bytes, (size_t)whole));
	close(fd);
	for (off_t cut = whole; cut >= base - 3; cut--) {
		fd = open(path, O_WRONLY | O_TRUNC);
		assert_int_equal(cut, write(fd, bytes, (size_t)cut));
		close(fd);
		int err = load(&back, seen);
		assert_int_equal(cut < base ? EPROTO : 0, err);
		if (!err)
			assert_int_equal(cut == whole ? 555 : 480, code_of(back, 1, "13800000001"));
		bl_store_free(back);
	}
	free(bytes);
}

static void flipped_bits_are_noticed(void **state)
{
	(void)state;
	struct bl_store *back;
	char seen[64];
	struct bl_copy *c = bl_copy_begin(store, path, "1:1:");
	bl_copy_close(c);
	int fd = open(path, O_RDWR);
	off_t whole = lseek(fd, 0, SEEK_END);
	for (off_t at = 0; at < whole; at++) {
		char b, was;
		assert_int_equal(1, pread(fd, &was, 1, at));
		b = (char)(was ^ 1 << at % 8);
		assert_int_equal(1, pwrite(fd, &b, 1, at));
		assert_int_equal(EPROTO, load(&back, seen));
		bl_store_free(back);
		assert_int_equal(1, pwrite(fd, &was, 1, at));
	}
	close(fd);
}

static size_t add_field(unsigned char *out, size_t at, const void *bytes, int32_t n)
{
	uint32_t be = __builtin_bswap32((uint32_t)n);
	memcpy(out + at, &be, 4);
	if (n > 0)
		memcpy(out + at + 4, bytes, (size_t)n);
	return at + 4 + (n > 0 ? (size_t)n : 0);
}

static size_t a_row(unsigned char *out, const char *match, const char *number)
{
	struct zk_uuid t = tenant_of(1);
	int64_t from = (int64_t)__builtin_bswap64(1500000);
	size_t at = 2;
	out[0] = 0;
	out[1] = 13;
	at = add_field(out, at, t.b, 16);
	at = add_field(out, at, match, (int32_t)strlen(match));
	at = add_field(out, at, number, (int32_t)strlen(number));
	at = add_field(out, at, "tenant", 6);
	at = add_field(out, at, NULL, -1);
	at = add_field(out, at, "black", 5);
	at = add_field(out, at, "both", 4);
	at = add_field(out, at, "silent", 6);
	at = add_field(out, at, "\0\0\x01\x93", 4);
	at = add_field(out, at, NULL, -1);
	at = add_field(out, at, &from, 8);
	at = add_field(out, at, NULL, -1);
	return add_field(out, at, "\1", 1);
}

static void rows_are_read_whole_or_not(void **state)
{
	(void)state;
	unsigned char bytes[512];
	struct bl_row row;
	size_t n = a_row(bytes, "exact", "+13800000001");
	assert_int_equal(0, bl_row_read(&row, bytes, n, false));
	assert_string_equal("13800000001", row.digits);
	assert_int_equal(403, row.rule.code);
	assert_int_equal(BL_SILENT, row.rule.result);
	assert_int_equal(BL_BOTH, row.rule.direction);
	assert_int_equal(946684802, row.rule.from); /* rounded up */
	assert_true(row.rule.until == INT64_MAX && row.rule.overrides);
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(EPROTO, bl_row_read(&row, bytes, cut, false));
	assert_int_equal(EPROTO, bl_row_read(&row, bytes, a_row(bytes, "exact", "12x"), false));
	assert_int_equal(0, bl_row_read(&row, bytes, a_row(bytes, "pattern", "12X[3-5]."), false));
	assert_int_equal(EPROTO, bl_row_read(&row, bytes, a_row(bytes, "pattern", "12x."), false));
	assert_int_equal(EPROTO, bl_row_read(&row, bytes, a_row(bytes, "pattern", "12[3."), false));
	assert_int_equal(EPROTO, bl_row_read(&row, bytes, a_row(bytes, "suffix", "12"), false));
	assert_int_equal(ENODATA, bl_row_read(&row, (const unsigned char *)"\xff\xff", 2, false));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {CASE(a_base_and_its_journal_come_back), CASE(every_torn_end_is_cut_off),
					   CASE(flipped_bits_are_noticed), CASE(rows_are_read_whole_or_not)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
