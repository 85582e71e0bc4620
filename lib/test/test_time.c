#include "testing.h"
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void rfc3339_round_trips(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000000Z"},
		{1, "1970-01-01T00:00:00.000001Z"},
		{1795168800000001, "2026-11-20T10:00:00.000001Z"},
		{951782400000000, "2000-02-29T00:00:00.000000Z"},
		{253402300799999999, "9999-12-31T23:59:59.999999Z"},
	};
	char out[ZJ_RFC3339_SIZE];

	(void)state;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		zj_rfc3339(out, cases[i].us);
		assert_string_equal(out, cases[i].text);
		assert_int_equal(zj_rfc3339_parse(out), cases[i].us);
	}
}

static void rfc3339_is_read_as_others_write_it(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} cases[] = {
		{"1970-01-01T08:00:00+08:00", 0},
		{"1970-01-01 00:00:01.5+00", 1500000},
		{"1970-01-01t00:00:01.1234567z", 1123456},
		{"1970-01-01T00:00:00.2-00:30", 1800200000},
		{"1970-01-01T00:00:00", -1},
		{"1970-01-01T00:00:00.Z", -1},
		{"1970-02-30T00:00:00Z", -1},
		{"1970-13-01T00:00:00Z", -1},
		{"1970-01-01T24:00:00Z", -1},
		{"1970-01-01T00:61:00Z", -1},
		{"1970-01-01T00:00:00Zx", -1},
		{"70-01-01T00:00:00Z", -1},
		{"", -1},
		{"x", -1},
	};

	(void)state;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++)
		assert_int_equal(zj_rfc3339_parse(cases[i].text), cases[i].us);
}

static void uuid7_is_valid_ordered_and_tells_its_time(void **state)
{
	char before[ZJ_UUID_SIZE], id[ZJ_UUID_SIZE];
	int64_t ms = zj_now_us() / 1000;

	(void)state;
	zj_uuid7(before);
	assert_true(zj_uuid_is_valid(before));
	assert_int_equal(before[14], '7');
	assert_non_null(strchr("89ab", before[19]));
	assert_in_range(zj_uuid7_ms(before), ms, ms + 1000);
	for (int i = 0; i < 20000; i++) {
		zj_uuid7(id);
		assert_true(strcmp(before, id) < 0);
		strcpy(before, id);
	}
}

static void *many_uuids(void *out)
{
	char(*ids)[ZJ_UUID_SIZE] = out;

	for (int i = 0; i < 5000; i++)
		zj_uuid7(ids[i]);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void uuid7_is_unique_across_threads(void **state)
{
	char(*ids)[ZJ_UUID_SIZE] = calloc(20000, ZJ_UUID_SIZE);
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many_uuids, ids + 5000 * i), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	qsort(ids, 20000, ZJ_UUID_SIZE, compare);
	for (int i = 1; i < 20000; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
	free(ids);
}

static void what_is_no_uuid_is_told(void **state)
{
	(void)state;
	assert_true(zj_uuid_is_valid("0190A000-0000-7000-8000-00000000000f"));
	assert_false(zj_uuid_is_valid("0190a000-0000-7000-8000-00000000000"));
	assert_false(zj_uuid_is_valid("0190a000-0000-7000-8000-0000000000000"));
	assert_false(zj_uuid_is_valid("0190a000x0000-7000-8000-000000000000"));
	assert_false(zj_uuid_is_valid("g190a000-0000-7000-8000-000000000000"));
	assert_false(zj_uuid_is_valid(""));
	assert_false(zj_uuid_is_valid(NULL));
	assert_int_equal(zj_uuid7_ms("0190a000-0000-4000-8000-000000000000"), -1);
	assert_int_equal(zj_uuid7_ms("00000000-0001-7000-8000-000000000000"), 1);
}

static void slots_are_crc16(void **state)
{
	(void)state;
	assert_int_equal(zj_slot("123456789"), 0x31c3 % 1024); /* the check value of CRC-16/XMODEM */
	assert_int_equal(zj_slot(""), 0);
}

static void a_forked_child_makes_ids_of_its_own(void **state)
{
	char id[ZJ_UUID_SIZE], other[ZJ_UUID_SIZE] = "";
	int ends[2];

	(void)state;
	zj_uuid7(id); /* what is random is in memory now */
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		zj_uuid7(id);
		_exit(write(ends[1], id, sizeof(id)) != (ssize_t)sizeof(id));
	}
	assert_int_equal(read(ends[0], other, sizeof(other)), (ssize_t)sizeof(other));
	zj_uuid7(id);
	assert_string_not_equal(id + 19, other + 19);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3339_round_trips),
		cmocka_unit_test(rfc3339_is_read_as_others_write_it),
		cmocka_unit_test(uuid7_is_valid_ordered_and_tells_its_time),
		cmocka_unit_test(uuid7_is_unique_across_threads),
		cmocka_unit_test(a_forked_child_makes_ids_of_its_own),
		cmocka_unit_test(what_is_no_uuid_is_told),
		cmocka_unit_test(slots_are_crc16),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
