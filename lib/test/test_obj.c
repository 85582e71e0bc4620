#include "testing.h"
#include <string.h>

static int destroyed;

static void destructor(void *obj)
{
	destroyed++;
	zj_ref(obj); /* a pair in the destructor is harmless */
	zj_deref(obj);
}

static void the_last_reference_destroys(void **state)
{
	void *obj = zj_alloc(10, destructor);

	(void)state;
	destroyed = 0;
	assert_int_equal(zj_objects_alive(), 1);
	assert_ptr_equal(zj_ref(obj), obj);
	assert_null(zj_deref(obj));
	assert_int_equal(destroyed, 0);
	assert_null(zj_deref(obj));
	assert_int_equal(destroyed, 1);
	assert_int_equal(zj_objects_alive(), 0);
	assert_null(zj_deref(NULL));
	assert_null(zj_ref(NULL));
}

static void memory_is_zeroed_and_aligned(void **state)
{
	char *obj = zj_alloc(1000, NULL);

	(void)state;
	assert_int_equal((uintptr_t)obj % _Alignof(max_align_t), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(obj[i], 0);
	zj_deref(obj);
	assert_null(zj_alloc(SIZE_MAX - 4, NULL));
}

static void texts_are_objects(void **state)
{
	char *s = zj_strdup("abc"), *t = zj_asprintf("%s-%d", s, 42);

	(void)state;
	assert_string_equal(s, "abc");
	assert_string_equal(t, "abc-42");
	assert_int_equal(zj_objects_alive(), 2);
	zj_deref(s);
	zj_deref(t);
}

static void the_tests_allowance_runs_out(void **state)
{
	void *a, *b;

	(void)state;
	zj_alloc_fail_after(1);
	a = zj_alloc(1, NULL);
	b = zj_alloc(1, NULL);
	assert_non_null(a);
	assert_null(b);
	assert_null(zj_strdup("x"));
	zj_alloc_fail_after(-1);
	b = zj_alloc(1, NULL);
	assert_non_null(b);
	zj_deref(a);
	zj_deref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_reference_destroys),
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(texts_are_objects),
		cmocka_unit_test(the_tests_allowance_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
