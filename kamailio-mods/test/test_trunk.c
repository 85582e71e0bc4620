/* Rules against slow models; channels under random calls. */
#include "plain.h"
#include "trunk_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TENANT  "00000000-0000-7000-8000-00000000000a"
#define CARRIER "00000000-0000-7000-8000-000000000001"

static struct zk_store *store;
static struct zk_sink sink;
static uint64_t seed = 42;

static unsigned draw(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static struct zk_uuid uuid(unsigned n)
{
	struct zk_uuid u = {{0}};
	u.b[12] = 7;
	u.b[14] = (unsigned char)(n >> 8);
	u.b[15] = (unsigned char)n;
	return u;
}

static void row(enum trunk_map table, struct zk_uuid id, const char *const *fields)
{
	size_t rows[TRUNK_MAPS] = {0};
	rows[table] = 1;
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	sink.row(table, &id, fields, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
}

static void trunk_row(unsigned id, const char *owner, const char *host, const char *max, const char *cps)
{
	char name[16];
	snprintf(name, sizeof name, "t%u", id);
	row(TRUNK_TRUNK, uuid(id),
	    (const char *[]){owner, name, host, "5060", "100", "1",  "address", "udp", "",   NULL,        "300", "45",
			     max,   cps,  NULL, "",     "f",   "f",  "f",       NULL,  NULL, "{503,408}", "0",   "",
			     "",    "",   "",   "",     "0",   NULL, "t",       "",    "",   NULL,        NULL,  "1"});
}

static int setup(void **state)
{
	struct zk_uuid t;
	(void)state;
	assert_int_equal(0, trunk_store_alloc(&store));
	sink = trunk_sink(store);
	assert_true(zk_uuid_parse(&t, TENANT));
	row(TRUNK_TENANT, t, (const char *[]){"tenant", "t", "f", "UTC"});
	assert_true(zk_uuid_parse(&t, CARRIER));
	row(TRUNK_TENANT, t, (const char *[]){"carrier", "t", "f", "UTC"});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	zk_store_free(store);
	assert_int_equal(0, plain_alive());
	return 0;
}

static void random_digits(char *out, unsigned max)
{
	unsigned n = draw(max + 1);
	for (unsigned i = 0; i < n; i++)
		out[i] = (char)('0' + draw(3));
	out[n] = '\0';
}

/* The slow model: sort all rules that fit by the words of the specification. */
static void rules_are_found_as_the_slow_model_says(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		char prefix[24][8], number[16];
		int length[24];
		unsigned n = 1 + draw(24);
		setup(NULL);
		trunk_row(1, TENANT, "127.0.0.1", NULL, NULL);
		for (unsigned i = 0; i < n; i++) {
			char len[8], add[8], trunk[ZK_UUID_TEXT];
			struct zk_uuid t = uuid(1);
			random_digits(prefix[i], 5);
			length[i] = draw(2) ? (int)draw(9) : 0;
			snprintf(len, sizeof len, "%d", length[i]);
			snprintf(add, sizeof add, "9%02u", i);
			zk_uuid_text(trunk, &t);
			row(TRUNK_RULE, uuid(100 + i),
			    (const char *[]){TENANT, trunk, NULL, "allow", "prefix",
					     prefix[i][0] ? prefix[i] : "default", "", len, "", add});
		}
		for (unsigned k = 0; k < 40; k++) {
			struct trunk_query q = {.kind = TRUNK_ONE, .object = uuid(1)};
			int best = -1;
			random_digits(number, 9);
			if (!number[0])
				continue;
			for (unsigned i = 0; i < n; i++) {
				bool fits = !strncmp(number, prefix[i], strlen(prefix[i])) &&
					    (!length[i] || (int)strlen(number) == length[i]);
				if (fits && (best < 0 || strlen(prefix[i]) > strlen(prefix[best]) ||
					     (strlen(prefix[i]) == strlen(prefix[best]) && length[i] && !length[best])))
					best = (int)i;
				assert_int_equal(fits ? 2 * (int)strlen(prefix[i]) + (length[i] != 0) : -1,
						 zj_dial_fit(prefix[i], length[i], number));
			}
			assert_true(zk_uuid_parse(&q.tenant, TENANT));
			snprintf(q.called, sizeof q.called, "%s", number);
			struct trunk_plan plan;
			trunk_plan(store, &q, NULL, 0, 1, &plan);
			assert_int_equal(1, plan.n);
			char want[32];
			snprintf(want, sizeof want, best < 0 ? "%.0d%s" : "9%02d%s", best < 0 ? 0 : best, number);
			assert_string_equal(want, plan.c[0].called);
		}
		teardown(NULL);
	}
}

struct model {
	char id[16];
	unsigned trunk;
};

/* Random calls begin, go on, end; the counters always say what a list of the living says, and no limit is passed. */
static void channels_are_what_lives(void **state)
{
	struct trunk_state *s;
	struct model living[64];
	unsigned n = 0, serial = 0;
	int64_t now = 1000000000;
	(void)state;
	setup(NULL);
	assert_int_equal(0, trunk_state_alloc(&s));
	trunk_row(1, TENANT, "127.0.0.1", "5", NULL);
	trunk_row(2, TENANT, "127.0.0.2", "3", "4");
	for (unsigned step = 0; step < 20000; step++) {
		now += draw(100000);
		if (draw(3)) {
			struct trunk_query q = {.kind = TRUNK_ONE, .object = uuid(1)};
			struct trunk_plan plan = {.why = TRUNK_FOUND, .n = 2};
			static struct trunk_hop hop;
			char id[16];
			bool full;
			snprintf(id, sizeof id, "call-%u", serial++);
			snprintf(q.called, sizeof q.called, "10086");
			assert_true(zk_uuid_parse(&q.tenant, TENANT));
			for (unsigned i = 0; i < 2; i++) {
				plan.c[i].trunk = plan.c[i].host = uuid(i + 1);
				snprintf(plan.c[i].called, sizeof plan.c[i].called, "10086");
			}
			assert_true(trunk_call_begin(s, id, &q, &plan, NULL, now, &full));
			enum trunk_step step_ = trunk_call_next(s, store, id, now, &hop);
			if (step_ == TRUNK_GO && !draw(3)) /* it fails there */
				step_ = trunk_call_next(s, store, id, now, &hop);
			if (step_ != TRUNK_GO) {
				trunk_call_end(s, id, now);
				continue;
			}
			assert_true(n < 64);
			snprintf(living[n].id, sizeof living[n].id, "%s", id);
			living[n++].trunk = hop.trunk.b[15];
		} else if (n) {
			unsigned i = draw(n);
			trunk_call_end(s, living[i].id, now);
			living[i] = living[--n];
		}
		int counts[3] = {0};
		for (unsigned i = 0; i < n; i++)
			counts[living[i].trunk]++;
		for (unsigned t = 1; t <= 2; t++) {
			struct zk_uuid id = uuid(t);
			assert_int_equal(counts[t], trunk_state_calls(s, &id));
		}
		assert_true(counts[1] <= 5 && counts[2] <= 3);
	}
	now += 20000000;
	trunk_living_begin(s); /* acd names one of them, and one that nobody knew */
	struct zk_uuid none = {{0}}, t2 = uuid(2);
	trunk_living(s, "stranger", &t2, &none, now);
	assert_int_equal(n, trunk_living_end(s, now));
	assert_int_equal(1, trunk_state_count(s));
	assert_int_equal(1, trunk_state_calls(s, &t2));
	trunk_state_free(s);
	teardown(NULL);
}

/* Numbers come by the million: they neither fill the tables nor make the edge forget which host is down. */
static void numbers_are_forgotten_with_their_last_call(void **state)
{
	struct trunk_state *s;
	struct trunk_query q = {.kind = TRUNK_ONE};
	struct trunk_plan plan = {.why = TRUNK_FOUND};
	struct zk_uuid host = uuid(3);
	(void)state;
	assert_int_equal(0, trunk_state_alloc(&s));
	(void)trunk_state_heard(s, &host, -1, 1);
	assert_true(trunk_state_heard(s, &host, -1, 2));
	long before = plain_alive();
	for (unsigned i = 0; i < 30000; i++) {
		struct trunk_chosen chosen = {.number = uuid(i + 100), .max_calls = 1};
		bool full;
		assert_true(trunk_call_begin(s, "x", &q, &plan, &chosen, 3, &full));
		assert_int_equal(1, trunk_state_calls(s, &chosen.number));
		assert_false(trunk_call_begin(s, "y", &q, &plan, &chosen, 3, &full));
		assert_true(full);
		trunk_call_end(s, "x", 4);
		assert_int_equal(0, trunk_state_calls(s, &chosen.number));
	}
	struct trunk_host_state known;
	assert_true(trunk_state_host(s, &host, &known));
	assert_int_equal(TRUNK_DOWN, known.health);
	assert_int_equal(before, plain_alive());
	trunk_state_free(s);
	assert_int_equal(0, plain_alive());
}

static void memory_that_is_not_there_is_a_refusal(void **state)
{
	struct trunk_state *s;
	struct trunk_query q = {.kind = TRUNK_ONE};
	struct trunk_plan plan = {.why = TRUNK_FOUND};
	bool full;
	(void)state;
	assert_int_equal(0, trunk_state_alloc(&s));
	for (long n = 0; n < 2; n++) {
		plain_fail_after(n);
		assert_false(trunk_call_begin(s, "x", &q, &plan, NULL, 1, &full));
		assert_false(full);
	}
	plain_fail_after(-1);
	assert_true(trunk_call_begin(s, "x", &q, &plan, NULL, 1, &full));
	assert_int_equal(1, trunk_state_count(s));
	trunk_state_free(s);
	assert_int_equal(0, plain_alive());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_found_as_the_slow_model_says),
		cmocka_unit_test(channels_are_what_lives),
		cmocka_unit_test(numbers_are_forgotten_with_their_last_call),
		cmocka_unit_test(memory_that_is_not_there_is_a_refusal),
	};
	return cmocka_run_group_tests_name("trunk", tests, NULL, NULL);
}
