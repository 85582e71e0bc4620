/* The store: exact over many random changes, no memory lost, whole transactions for readers that never wait. */
#include "plain.h"

#include "bl_table.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bl_store *store;

static struct zk_uuid tenant_of(unsigned n)
{
	struct zk_uuid u = {{0x7a}};
	memcpy(u.b + 8, &n, sizeof n);
	return u;
}

static struct bl_rule rule_of(unsigned code)
{
	return (struct bl_rule){.scope = BL_TENANT,
				.colour = BL_BLACK,
				.direction = BL_IN,
				.code = (uint16_t)code,
				.from = INT64_MIN,
				.until = INT64_MAX};
}

static int put(unsigned tenant, const char *number, unsigned code)
{
	struct zk_uuid t = tenant_of(tenant);
	struct bl_rule r = rule_of(code);
	return bl_put(store, &t, BL_EXACT, number, (unsigned)strlen(number), &r, code ? 1 : 0);
}

/* The code that readers find; 0: not listed. */
static unsigned look(const struct bl_root *root, unsigned tenant, const char *number)
{
	const struct bl_side_head *side = bl_root_side(store, root);
	struct zk_uuid id = tenant_of(tenant);
	const struct bl_tenant *t = side ? bl_side_tenant(side, &id) : NULL;
	if (!t)
		return 0;
	struct bl_key key = {bl_code(number, (unsigned)strlen(number)), t->index};
	uint32_t set = bl_root_number(store, root, &key);
	return set ? bl_root_set(store, set)->rules[0].code : 0;
}

static unsigned find(unsigned tenant, const char *number)
{
	unsigned pin, code;
	code = look(bl_pin(store, &pin), tenant, number);
	bl_unpin(store, pin);
	return code;
}

static int open_store(void **state)
{
	(void)state;
	assert_int_equal(0, bl_store_alloc(&store, 64 << 20));
	assert_int_equal(0, bl_begin(store, true));
	return bl_commit(store);
}

static int close_store(void **state)
{
	(void)state;
	bl_store_free(store);
	return 0;
}

static void begin(void)
{
	assert_int_equal(0, bl_begin(store, false));
}

static void codes_are_one_a_number(void **state)
{
	(void)state;
	char text[BL_DIGITS_MAX + 1];
	static const char *const numbers[] = {"0",          "9", "00", "10", "09", "999999999999999", "000000000000000",
					      "13800000001"};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		uint64_t code = bl_code(numbers[i], (unsigned)strlen(numbers[i]));
		assert_true(code > 0 && code < (uint64_t)1 << 50);
		assert_int_equal(strlen(numbers[i]), bl_code_digits(code, text));
		assert_string_equal(numbers[i], text);
	}
	for (uint64_t code = 1; code < 20000; code++)
		assert_int_equal(code, bl_code(text, bl_code_digits(code, text)));
	assert_int_equal(0, bl_code("", 0));
	assert_int_equal(0, bl_code("1234567890123456", 16));
}

#define NUMBERS 60000
static uint16_t model[NUMBERS];

static void number_of(char *out, unsigned i)
{
	sprintf(out, "%u", 1000 + i * 7);
}

static void many_changes_are_exact_and_lose_no_memory(void **state)
{
	(void)state;
	char number[16];
	struct bl_size before, after;
	bl_store_size(store, &before);
	srand(7);
	memset(model, 0, sizeof model);
	for (int round = 0; round < 60; round++) {
		begin();
		for (int k = 0; k < 10000; k++) { /* grows for 30 rounds, then shrinks */
			unsigned i = (unsigned)rand() % NUMBERS,
				 code = rand() % 8 < (round < 30 ? 6 : 1) ? 400 + i % 50 : 0;
			number_of(number, i);
			assert_int_equal(0, put(i % 3, number, code));
			model[i] = (uint16_t)code;
		}
		assert_int_equal(0, bl_commit(store));
		if (round % 6 == 5)
			for (unsigned i = 0; i < NUMBERS; i++) {
				number_of(number, i);
				if (find(i % 3, number) != model[i] || find((i + 1) % 3, number))
					fail_msg("round %d: %s", round, number);
			}
	}
	begin();
	for (unsigned i = 0; i < NUMBERS; i++) {
		number_of(number, i);
		assert_int_equal(0, put(i % 3, number, 0));
	}
	assert_int_equal(0, bl_commit(store));
	begin();
	assert_int_equal(0, bl_commit(store));
	bl_store_size(store, &after);
	assert_int_equal(0, after.numbers);
	assert_int_equal(0, after.sets);
	/* The directory and its segments of one page remain; sets are all free again. */
	assert_true(after.bytes - before.bytes < 64 * BL_PAGE);
	assert_int_equal(0, bl_begin(store, true));
	assert_int_equal(0, bl_commit(store));
	begin();
	assert_int_equal(0, bl_commit(store));
	bl_store_size(store, &after);
	assert_int_equal(before.bytes, after.bytes);
}

static void a_number_in_many_scopes_is_one_set(void **state)
{
	(void)state;
	struct bl_size size;
	struct zk_uuid t = tenant_of(1);
	begin();
	for (unsigned i = 0; i < BL_RULES_MAX + 100; i++) {
		struct bl_rule r = rule_of(403);
		r.scope = BL_EXTENSION;
		r.ref = tenant_of(i * 7919 % 10007); /* in no order; each twice is once */
		assert_int_equal(i < BL_RULES_MAX ? 0 : E2BIG, bl_add(store, &t, BL_EXACT, "95", 2, &r));
		if (i < BL_RULES_MAX)
			assert_int_equal(0, bl_add(store, &t, BL_EXACT, "95", 2, &r));
	}
	/* One crowded number is nobody else's: the transaction goes on. */
	assert_int_equal(0, put(2, "96", 404));
	assert_int_equal(0, put(2, "96", 0));
	assert_int_equal(0, bl_commit(store));
	bl_store_size(store, &size);
	assert_int_equal(1, size.numbers);
	assert_int_equal(1, size.sets);
}

static void without_room_the_old_lists_stay(void **state)
{
	(void)state;
	char number[16];
	int err = 0;
	bl_store_free(store);
	assert_int_equal(0, bl_store_alloc(&store, 300 * BL_PAGE));
	assert_int_equal(0, bl_begin(store, true));
	for (unsigned i = 0; i < 20000; i++) {
		number_of(number, i);
		assert_int_equal(0, put(1, number, 403));
	}
	assert_int_equal(0, bl_commit(store));
	begin(); /* all of it at once does not fit twice: published in pieces */
	for (unsigned i = 0; i < 20000; i++) {
		number_of(number, i);
		assert_int_equal(0, put(1, number, 486));
	}
	assert_int_equal(0, bl_commit(store));
	assert_int_equal(486, find(1, "1000"));
	begin();
	for (unsigned i = 0; i < 100000 && !err; i++) {
		number_of(number, i + 100000);
		err = put(2, number, 403);
	}
	assert_int_equal(ENOMEM, err);
	bl_abort(store);
	assert_int_equal(EAGAIN, bl_begin(store, false));
	for (unsigned i = 0; i < 20000; i += 97) {
		number_of(number, i);
		assert_int_equal(486, find(1, number));
	}
	assert_int_equal(0, bl_begin(store, true)); /* a smaller one fits beside */
	assert_int_equal(0, put(3, "5", 480));
	assert_int_equal(0, bl_commit(store));
	assert_int_equal(480, find(3, "5"));
	assert_int_equal(0, find(1, "1000"));
	begin();
	assert_int_equal(0, put(3, "6", 480));
	assert_int_equal(0, bl_commit(store));
}

/* --- readers beside the writer --- */

#define PAIRS 2000
static atomic_bool stop;
static atomic_ulong looks, torn;

/* In every published state, number 2i is listed or 2i+1 is, with the same code for all pairs of a tenant. */
static void *reader(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg, pin;
	char even[16], odd[16];
	while (!atomic_load(&stop)) {
		unsigned i = (unsigned)rand_r(&seed) % PAIRS, k = (unsigned)rand_r(&seed) % PAIRS;
		sprintf(even, "%u", 5000 + 2 * i);
		sprintf(odd, "%u", 5001 + 2 * i);
		const struct bl_root *root = bl_pin(store, &pin);
		unsigned a = look(root, 1, even), b = look(root, 1, odd);
		sprintf(even, "%u", 5000 + 2 * k);
		sprintf(odd, "%u", 5001 + 2 * k);
		unsigned c = look(root, 1, even), d = look(root, 1, odd);
		bl_unpin(store, pin);
		if (!a == !b || !c == !d || a + b != c + d)
			atomic_fetch_add(&torn, 1);
		atomic_fetch_add(&looks, 1);
	}
	return NULL;
}

static void write_pairs(bool anew, unsigned code, bool even)
{
	char number[16];
	assert_int_equal(0, bl_begin(store, anew));
	for (unsigned i = 0; i < PAIRS; i++) {
		sprintf(number, "%u", 5000 + 2 * i);
		assert_int_equal(0, put(1, number, even ? code : 0));
		sprintf(number, "%u", 5001 + 2 * i);
		assert_int_equal(0, put(1, number, even ? 0 : code));
	}
	assert_int_equal(0, bl_commit(store));
}

static void readers_see_whole_transactions(void **state)
{
	(void)state;
	pthread_t threads[3];
	write_pairs(false, 400, true);
	atomic_store(&stop, false);
	atomic_store(&torn, 0);
	for (uintptr_t i = 0; i < 3; i++)
		assert_int_equal(0, pthread_create(&threads[i], NULL, reader, (void *)(i + 1)));
	const char *rounds = getenv("BL_ROUNDS");
	for (int round = 0; round < (rounds ? atoi(rounds) : 300); round++) {
		write_pairs(round % 7 == 3, 400 + (unsigned)round % 200, round % 2);
		if (round % 16 == 0)
			sched_yield();
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(0, atomic_load(&torn));
	assert_true(atomic_load(&looks) > 1000);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)
	const struct CMUnitTest tests[] = {CASE(codes_are_one_a_number),
					   CASE(many_changes_are_exact_and_lose_no_memory),
					   CASE(a_number_in_many_scopes_is_one_set),
					   CASE(without_room_the_old_lists_stay), CASE(readers_see_whole_transactions)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
