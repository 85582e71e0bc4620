#include "plain.h"
#include "zk_map.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	struct zk_rec rec;
	unsigned key, value, twin; /* value == twin in every state a reader may see */
};

static struct row row(unsigned id, unsigned key, unsigned value)
{
	struct row r = {.key = key, .value = value, .twin = value};
	memcpy(r.rec.id.b, &id, sizeof id);
	r.rec.hash = zk_hash(NULL, 0, (const char *)&key, sizeof key);
	return r;
}

static struct zk_store *make(void)
{
	struct zk_store *s;
	assert_int_equal(0, zk_store_alloc(&s, (size_t[]){sizeof(struct row)}, 1));
	return s;
}

static void put(struct zk_store *s, unsigned id, unsigned key, unsigned value)
{
	struct row r = row(id, key, value);
	assert_int_equal(0, zk_write_begin(s, (size_t[]){1}, false));
	zk_put(s, 0, &r);
	assert_int_equal(0, zk_write_end(s));
}

static bool del(struct zk_store *s, unsigned id)
{
	struct row r = row(id, 0, 0);
	assert_int_equal(0, zk_write_begin(s, (size_t[]){1}, false));
	bool was = zk_del(s, 0, &r.rec.id);
	assert_int_equal(0, zk_write_end(s));
	return was;
}

struct sum {
	unsigned key, n, total;
	bool torn;
};

static void sum_h(struct zk_map *const *maps, void *arg)
{
	struct sum *q = arg;
	struct zk_iter it;
	struct row want = row(0, q->key, 0);
	q->n = q->total = 0;
	q->torn = false;
	for (const struct row *r = zk_first(maps[0], want.rec.hash, &it); r; r = zk_next(&it)) {
		q->n++;
		q->total += r->value;
		q->torn |= r->value != r->twin || r->key != q->key;
	}
}

static struct sum sum(struct zk_store *s, unsigned key)
{
	struct sum q = {.key = key};
	assert_int_equal(0, zk_read(s, sum_h, &q));
	return q;
}

static void a_row_is_found_replaced_and_gone(void **state)
{
	(void)state;
	struct zk_store *s = make();
	put(s, 1, 7, 10);
	put(s, 2, 7, 20);
	assert_int_equal(30, sum(s, 7).total);
	put(s, 1, 8, 11); /* moves to another key */
	assert_int_equal(20, sum(s, 7).total);
	assert_int_equal(11, sum(s, 8).total);
	assert_true(del(s, 2));
	assert_false(del(s, 2));
	assert_int_equal(0, sum(s, 7).n);
	assert_int_equal(1, zk_store_count(s, 0));
	zk_store_free(s);
	assert_int_equal(0, plain_alive());
}

/* Against a model, over random operations that grow, shrink and chain. */
static void it_agrees_with_a_model(void **state)
{
	(void)state;
	enum { IDS = 500, KEYS = 60 };
	unsigned key_of[IDS] = {0}, value_of[IDS] = {0};
	struct zk_store *s = make();
	srandom(4711);
	for (int step = 0; step < 20000; step++) {
		unsigned id = 1 + (unsigned)random() % (IDS - 1), key = 1 + (unsigned)random() % (KEYS - 1);
		if (random() % 3) {
			put(s, id, key, id * 3);
			key_of[id] = key;
			value_of[id] = id * 3;
		} else {
			assert_int_equal(key_of[id] != 0, del(s, id));
			key_of[id] = 0;
		}
		if (step % 100)
			continue;
		for (unsigned k = 1; k < KEYS; k++) {
			unsigned want = 0;
			for (unsigned i = 1; i < IDS; i++)
				want += key_of[i] == k ? value_of[i] : 0;
			assert_int_equal(want, sum(s, k).total);
		}
	}
	zk_store_free(s);
	assert_int_equal(0, plain_alive());
}

static void new_tables_replace_old_ones_at_once(void **state)
{
	(void)state;
	struct zk_store *s = make();
	put(s, 1, 7, 10);
	assert_int_equal(0, zk_write_begin(s, (size_t[]){5000}, true));
	for (unsigned i = 0; i < 5000; i++) {
		struct row r = row(i + 10, 9, 1);
		zk_put(s, 0, &r);
	}
	assert_int_equal(10, sum(s, 7).total); /* not published yet */
	assert_int_equal(0, sum(s, 9).n);
	assert_int_equal(0, zk_write_end(s));
	assert_int_equal(0, sum(s, 7).n);
	assert_int_equal(5000, sum(s, 9).n);
	zk_store_free(s);
	assert_int_equal(0, plain_alive());
}

static void without_memory_nothing_changes(void **state)
{
	(void)state;
	struct zk_store *s = make();
	put(s, 1, 7, 10);
	plain_fail_after(0);
	assert_int_equal(ENOMEM, zk_write_begin(s, (size_t[]){100000}, false));
	plain_fail_after(1); /* the copy can be made, but not grow */
	assert_int_equal(0, zk_write_begin(s, (size_t[]){300}, false));
	for (unsigned i = 0; i < 5000; i++) {
		struct row r = row(i + 10, 7, 1);
		zk_put(s, 0, &r);
	}
	assert_int_equal(ENOMEM, zk_write_end(s));
	plain_fail_after(-1);
	assert_int_equal(10, sum(s, 7).total);
	assert_int_equal(0, zk_write_begin(s, (size_t[]){300}, false));
	for (unsigned i = 0; i < 5000; i++) {
		struct row r = row(i + 10, 9, 1);
		zk_put(s, 0, &r);
	}
	assert_int_equal(0, zk_write_end(s));
	assert_int_equal(5000, sum(s, 9).total);
	put(s, 2, 7, 1);
	assert_int_equal(11, sum(s, 7).total);
	zk_store_free(s);
	assert_int_equal(0, plain_alive());
}

static void a_dump_sees_every_row(void **state)
{
	(void)state;
	struct zk_store *s = make();
	struct row rows[7];
	uint32_t from = 0;
	unsigned seen = 0, n;
	for (unsigned i = 1; i <= 100; i++)
		put(s, i, i, 1);
	while ((n = (unsigned)zk_dump(s, 0, &from, rows, 7)))
		for (unsigned i = 0; i < n; i++)
			seen += rows[i].value;
	assert_int_equal(100, seen);
	zk_store_free(s);
}

static struct zk_store *shared;
static _Atomic bool stop;

/* The two rows of key 5 always sum up to 100; the writer moves the amount between them. */
static void *reader(void *arg)
{
	unsigned long *bad = arg;
	while (!stop) {
		struct sum q = {.key = 5};
		if (zk_read(shared, sum_h, &q) || q.torn || q.total != 100 || q.n != 2)
			++*bad;
	}
	return NULL;
}

static void readers_see_whole_transactions(void **state)
{
	(void)state;
	pthread_t threads[2];
	unsigned long bad[2] = {0};
	shared = make();
	assert_int_equal(0, zk_write_begin(shared, (size_t[]){2}, false));
	for (unsigned i = 0; i < 2; i++) {
		struct row r = row(i + 1, 5, 50);
		zk_put(shared, 0, &r);
	}
	assert_int_equal(0, zk_write_end(shared));
	stop = false;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, reader, &bad[i]);
	for (unsigned n = 0; n < 20000; n++) {
		struct row a = row(1, 5, n % 101), b = row(2, 5, 100 - n % 101);
		assert_int_equal(0, zk_write_begin(shared, (size_t[]){n % 50 ? 2 : 1000}, false));
		zk_put(shared, 0, &a);
		zk_put(shared, 0, &b);
		assert_int_equal(0, zk_write_end(shared));
	}
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(0, bad[0] + bad[1]);
	zk_store_free(shared);
}

static void texts(void **state)
{
	(void)state;
	struct zk_uuid u;
	char text[ZK_UUID_TEXT], escaped[64];
	assert_true(zk_uuid_parse(&u, "0190A0b0-1234-7abc-8def-0123456789ab"));
	zk_uuid_text(text, &u);
	assert_string_equal("0190a0b0-1234-7abc-8def-0123456789ab", text);
	assert_false(zk_uuid_parse(&u, "0190A0b0-1234-7abc-8def-0123456789a"));
	assert_false(zk_uuid_parse(&u, "0190A0b0-1234-7abc-8def-0123456789abc"));
	assert_false(zk_uuid_parse(&u, ""));
	zk_uuid7(&u);
	assert_int_equal(7, u.b[6] >> 4);
	assert_int_equal(2, u.b[8] >> 6);
	zk_escape(escaped, sizeof escaped, "a b\"\n", 5);
	assert_string_equal("a\\x20b\\x22\\x0a", escaped);
	zk_escape(escaped, 8, "\n\n\n\n", 4);
	assert_string_equal("\\x0a", escaped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_found_replaced_and_gone),
		cmocka_unit_test(it_agrees_with_a_model),
		cmocka_unit_test(new_tables_replace_old_ones_at_once),
		cmocka_unit_test(without_memory_nothing_changes),
		cmocka_unit_test(a_dump_sees_every_row),
		cmocka_unit_test(readers_see_whole_transactions),
		cmocka_unit_test(texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
