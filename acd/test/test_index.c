/* The ordered set against a sorted array. */
#include "core/index.h"
#include "core/states.h"
#include "testing_c.h"

struct item {
	struct acd_node node;
	int key;
};

static int cmp(const struct acd_node *x, const struct acd_node *y)
{
	const struct item *a = acd_container(x, struct item, node), *b = acd_container(y, struct item, node);

	return a->key < b->key ? -1 : a->key > b->key;
}

static int by_key(const void *a, const void *b)
{
	return (*(struct item *const *)a)->key - (*(struct item *const *)b)->key;
}

#define N 300
static void agrees_with_a_sorted_array(void **state)
{
	static struct item items[N];
	struct item *in[N];
	struct acd_index ix;
	unsigned seed = 7;

	(void)state;
	acd_index_init(&ix, cmp);
	for (int round = 0; round < 3000; round++) {
		struct item *x = &items[seed % N];
		struct acd_node *n;
		size_t count = 0, i;

		seed = seed * 1103515245u + 12345u;
		if (x->node.in) {
			acd_index_del(&x->node);
			acd_index_del(&x->node); /* twice: nothing */
		} else {
			x->key = (int)(seed >> 8 & 0xffff) * N + (int)(x - items); /* unique */
			acd_index_add(&ix, &x->node);
		}
		if (round % 50)
			continue;
		for (i = 0; i < N; i++)
			if (items[i].node.in)
				in[count++] = &items[i];
		qsort(in, count, sizeof(in[0]), by_key);
		assert_int_equal(acd_index_size(&ix), count);
		for (i = 0, n = acd_index_first(&ix); i < count; i++, n = acd_index_next(n)) {
			assert_ptr_equal(n, &in[i]->node);
			assert_int_equal(acd_index_rank(n), i);
		}
		assert_null(n);
	}
}

/* Each machine over the full product of states and events. */
static void an_agent_is_taken_only_when_free(void **state)
{
	(void)state;
	for (int s = 0; s < ACD_COUNT; s++)
		for (int e = 0; e < ACD_EV_COUNT; e++) {
			int next = acd_agent_next((enum acd_agent_state)s, (enum acd_agent_event)e);

			assert_in_range(next + 1, 0, ACD_COUNT);
			if (e == ACD_EV_RESERVE)
				assert_int_equal(next == ACD_RESERVED,
						 s == ACD_IDLE || s == ACD_BUSY || s == ACD_AFTER_CALL);
			if (e == ACD_EV_SIGN_OUT && (s == ACD_RESERVED || s == ACD_RINGING || s == ACD_TALKING))
				assert_int_equal(next, -1);
			if (e == ACD_EV_WRAPUP)
				assert_int_equal(next >= 0, s == ACD_TALKING);
			if (s == ACD_SIGNED_OUT)
				assert_int_equal(next >= 0, e == ACD_EV_SIGN_IN);
		}
}

static void a_leg_that_ends_stays_ended(void **state)
{
	(void)state;
	for (int e = 0; e < ACD_LEG_EV_COUNT; e++) {
		int next = acd_leg_next(ACD_LEG_ENDING, (enum acd_leg_event)e);

		assert_int_equal(acd_leg_next(ACD_LEG_ENDED, (enum acd_leg_event)e), -1);
		assert_int_equal(next,
				 e == ACD_LEG_EV_END ? ACD_LEG_ENDED : ACD_LEG_ENDING); /* an answer comes too late */
	}
	for (int w = 0; w < ACD_AT_COUNT; w++) {
		assert_false(acd_where_may(ACD_AT_ENDED, (enum acd_where)w));
		assert_int_equal(acd_where_may(ACD_AT_ENDING, (enum acd_where)w), w >= ACD_AT_ENDING);
	}
}

static void names_go_there_and_back(void **state)
{
	(void)state;
	for (int s = 0; s < ACD_COUNT; s++)
		assert_int_equal(acd_agent_state_parse(acd_agent_state_name((enum acd_agent_state)s), ACD_COUNT), s);
	assert_int_equal(acd_result_parse("nonsense", ACD_RESULT_FAILED), ACD_RESULT_FAILED);
	assert_int_equal(acd_result_parse(NULL, ACD_RESULT_BUSY), ACD_RESULT_BUSY);
	assert_string_equal(acd_left_name((enum acd_left)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_sorted_array),
		cmocka_unit_test(an_agent_is_taken_only_when_free),
		cmocka_unit_test(a_leg_that_ends_stays_ended),
		cmocka_unit_test(names_go_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
