/* Whose a number is, what guards say of it, and windows and money against slow models. */
#include "plain.h"
#include "trunk_country.h"
#include "trunk_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TENANT    "00000000-0000-7000-8000-00000000000a"
#define CARRIER   "00000000-0000-7000-8000-000000000001"
#define EXTENSION "00000000-0000-7000-8000-0000000000e1"
#define T0        1800000000000000LL /* 2027-01-15 08:00 UTC, a Friday */
#define MINUTE    60000000LL

static struct zk_store *store;
static struct zk_sink sink;
static uint64_t seed = 7;

static unsigned draw(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static struct zk_uuid id_of(const char *text)
{
	struct zk_uuid u;
	assert_true(zk_uuid_parse(&u, text));
	return u;
}

static void row(enum trunk_map table, unsigned n, const char *const *fields)
{
	size_t rows[TRUNK_MAPS] = {0};
	struct zk_uuid id = {{0}};
	id.b[0] = (unsigned char)table;
	id.b[15] = (unsigned char)n;
	rows[table] = 1;
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	sink.row(table, &id, fields, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
}

static void tenant_row(const char *id, const char *kind)
{
	size_t rows[TRUNK_MAPS] = {[TRUNK_TENANT] = 1};
	struct zk_uuid u = id_of(id);
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	sink.row(TRUNK_TENANT, &u, (const char *[]){kind, "t", "f", "Asia/Shanghai"}, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
}

struct guard { /* of a test: what is not said is NULL */
	const char *tenant, *by_carrier, *subject, *id, *allowed, *barred, *calls_hour, *spend_hour, *abroad,
		*night_from, *night_until, *night_calls, *night_abroad, *longest, *at_limit;
};

static void guard_row(unsigned n, struct guard g)
{
	row(TRUNK_GUARD, n,
	    (const char *[]){g.tenant,
			     g.by_carrier ? g.by_carrier : "f",
			     g.subject ? g.subject : "tenant",
			     g.id,
			     g.allowed ? g.allowed : "",
			     g.barred ? g.barred : "",
			     "86",
			     g.calls_hour,
			     NULL,
			     g.spend_hour,
			     NULL,
			     g.abroad,
			     g.night_from,
			     g.night_until,
			     g.night_calls,
			     NULL,
			     g.night_abroad,
			     g.longest,
			     "80",
			     g.at_limit ? g.at_limit : "bar",
			     "t"});
}

static void setup(void)
{
	assert_int_equal(0, trunk_store_alloc(&store));
	sink = trunk_sink(store);
	tenant_row(TENANT, "tenant");
	tenant_row(CARRIER, "carrier");
}

static void teardown(void)
{
	zk_store_free(store);
	assert_int_equal(0, plain_alive());
}

static struct trunk_guarded ask_at(const char *number, int64_t now)
{
	struct trunk_query q = {.tenant = id_of(TENANT), .extension = id_of(EXTENSION)};
	struct trunk_guarded g;
	snprintf(q.called, sizeof q.called, "%s", number);
	trunk_guard(store, &q, NULL, now, &g);
	return g;
}

static bool barred(const char *number)
{
	return ask_at(number, T0).barred;
}

/* The slow model: every row of the plan is tried. */
static void a_number_is_of_the_country_with_the_longest_prefix(void **state)
{
	(void)state;
	for (unsigned i = 0; trunk_country_at(i + 1); i++)
		assert_true(strcmp(trunk_country_at(i)->prefix, trunk_country_at(i + 1)->prefix) < 0);
	for (unsigned round = 0; round < 20000; round++) {
		const struct trunk_country *best = NULL, *c;
		char digits[12];
		snprintf(digits, sizeof digits, "%u%05u", draw(100000), draw(100000));
		for (unsigned i = 0; (c = trunk_country_at(i)); i++)
			if (!strncmp(digits, c->prefix, strlen(c->prefix)) &&
			    (!best || strlen(c->prefix) > strlen(best->prefix)))
				best = c;
		assert_ptr_equal(best, trunk_country_of(digits));
	}
	assert_string_equal("JM", trunk_country_of("18765551234")->code);
	assert_string_equal("US", trunk_country_of("12125551234")->code);
	assert_string_equal("KZ", trunk_country_of("77012345678")->code);
	assert_string_equal(TRUNK_SATELLITE, trunk_country_of("881612345678")->code);
	assert_string_equal(TRUNK_PREMIUM, trunk_country_of("449098790000")->code);
	assert_null(trunk_country_of("99912345"));
	assert_null(trunk_country_of(""));
}

static void what_was_dialled_becomes_e164(void **state)
{
	static const struct {
		const char *number, *home, *digits;
		bool bare, said;
	} cases[] = {
		{"+442071234567", "86", "442071234567", false, true},
		{"00442071234567", "86", "442071234567", false, true},
		{"02161234567", "86", "862161234567", true, false},
		{"13800138000", "86", "8613800138000", true, false},
		{"10086", "86", "8610086", true, false},
		{"442071234567", "86", "442071234567", true, true},
		{"442071234567", "86", "86442071234567", false, false},
		{"8613800138000", "86", "868613800138000", true, false},
		{"07911123456", "44", "447911123456", true, false},
		{"*88", "86", "86*88", true, false},
		{"", "86", "86", true, false},
		{"+", "86", "", true, true},
	};
	char out[TRUNK_E164_MAX];
	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(cases[i].said, trunk_e164(out, cases[i].number, cases[i].home, cases[i].bare));
		assert_string_equal(cases[i].digits, out);
	}
}

static void countries(void **state)
{
	(void)state;
	setup();
	/* Nobody said anything. */
	assert_false(barred("13800138000") || barred("00442071234567") || barred("10086"));
	assert_true(barred("0088161234567") && barred("+19005551234") && barred("+99912345678") &&
		    barred("449098790000"));
	/* The carrier, for all; the tenant's own list narrows it and widens nothing. */
	guard_row(1, (struct guard){.tenant = CARRIER, .by_carrier = "t", .allowed = "US,GB,HK,XP", .barred = "+4479"});
	assert_false(barred("+12125551234") || barred("13800138000") || barred("+19005551234"));
	assert_true(barred("+18765551234") && barred("+33123456789") && barred("+447911123456") && barred("+88161234"));
	guard_row(2, (struct guard){.tenant = TENANT, .allowed = "HK,FR,+4420", .barred = "HK"});
	assert_true(barred("+33123456789") && barred("+12125551234") && barred("+441212345678"));
	assert_true(barred("0085212345678")); /* of equals the one that bars */
	assert_false(barred("+442071234567") || barred("02161234567"));
	/* The carrier's word about this tenant takes the place of the one for all. */
	guard_row(3, (struct guard){.tenant = TENANT, .by_carrier = "t", .allowed = "FR"});
	assert_false(barred("+33123456789"));
	assert_true(barred("+442071234567"));
	struct trunk_guarded g = ask_at("+442071234567", T0);
	assert_true(g.abroad && !strcmp(g.country, "GB") && !strcmp(g.digits, "442071234567"));
	assert_false(ask_at("02161234567", T0).abroad);
	teardown();
}

static void a_rule_of_a_trunk_hides_nothing(void **state)
{
	struct trunk_query q = {.tenant = id_of(TENANT), .called = "7720712345"};
	struct trunk_plan plan = {.n = 1};
	struct trunk_guarded g;
	(void)state;
	setup();
	guard_row(1, (struct guard){.tenant = CARRIER, .by_carrier = "t", .allowed = "US"});
	snprintf(plan.c[0].called, sizeof plan.c[0].called, "9990044207123456");
	plan.c[0].bare = 3; /* the trunk puts 999 before all */
	trunk_guard(store, &q, &plan, T0, &g);
	assert_true(g.barred && !strcmp(g.country, "GB"));
	/* A gateway's own prefix before a number at home is no country. */
	snprintf(plan.c[0].called, sizeof plan.c[0].called, "90213812345678");
	plan.c[0].bare = 0;
	snprintf(q.called, sizeof q.called, "0213812345678");
	trunk_guard(store, &q, &plan, T0, &g);
	assert_false(g.barred || g.abroad);
	teardown();
}

static void limits_by_day_and_night(void **state)
{
	(void)state;
	setup();
	guard_row(1, (struct guard){.tenant = CARRIER, .by_carrier = "t", .calls_hour = "100", .longest = "3600"});
	guard_row(2, (struct guard){.tenant = TENANT,
				    .calls_hour = "50",
				    .night_from = "22:00:00",
				    .night_until = "06:30:00",
				    .night_calls = "5",
				    .night_abroad = "0"});
	guard_row(3, (struct guard){.tenant = TENANT, .subject = "extension", .calls_hour = "10", .longest = "600"});
	struct trunk_guarded g = ask_at("10086", T0); /* 16:00 there */
	assert_int_equal(3, g.n);
	assert_int_equal(2, g.n_subjects);
	assert_int_equal(600, g.max_s);
	assert_int_equal(100, g.w[0].limit[TRUNK_CALLS_HOUR]);
	assert_int_equal(50, g.w[1].limit[TRUNK_CALLS_HOUR]);
	assert_int_equal(-1, g.w[1].limit[TRUNK_ABROAD]);
	static const struct {
		int minute;
		bool night;
	} times[] = {{360, true}, {359, false}, {360 + 509, true}, {360 + 510, false}, {0, false}};
	for (unsigned i = 0; i < sizeof times / sizeof *times; i++) {
		g = ask_at("10086", T0 + times[i].minute * MINUTE);
		assert_int_equal(times[i].night ? 5 : 50, g.w[1].limit[TRUNK_CALLS_HOUR]);
		assert_int_equal(times[i].night ? 0 : -1, g.w[1].limit[TRUNK_ABROAD]);
	}
	/* An extension of its own comes before each. */
	guard_row(4, (struct guard){.tenant = TENANT, .subject = "extension", .id = EXTENSION, .calls_hour = "77"});
	assert_int_equal(77, ask_at("10086", T0).w[2].limit[TRUNK_CALLS_HOUR]);
	teardown();
}

static void prices(void **state)
{
	const struct trunk_price p = {1000000, 600000, 30, 6}; /* 1 for half a minute, then 0.06 every six seconds */
	(void)state;
	assert_int_equal(0, trunk_price_of(&p, 0));
	assert_int_equal(1000000, trunk_price_of(&p, 1));
	assert_int_equal(1000000, trunk_price_of(&p, 30000000));
	assert_int_equal(1060000, trunk_price_of(&p, 30000001));
	assert_int_equal(1300000, trunk_price_of(&p, 60000000));
	assert_int_equal(0, trunk_price_of(&(struct trunk_price){0}, 60000000));
}

/* ---- calls ---- */
static struct trunk_state *state_;

static bool call(const char *call_id, const char *number, int64_t now, enum trunk_measure *m,
		 struct trunk_alarms *alarms)
{
	struct trunk_query q = {.tenant = id_of(TENANT), .extension = id_of(EXTENSION)};
	struct trunk_plan plan = {.why = TRUNK_FOUND, .n = 1};
	struct trunk_guarded g;
	struct zk_uuid by;
	bool full;
	snprintf(q.called, sizeof q.called, "%s", number);
	snprintf(plan.c[0].called, sizeof plan.c[0].called, "%s", number);
	trunk_guard(store, &q, &plan, now, &g);
	assert_true(trunk_call_begin(state_, call_id, &q, &plan, NULL, now, &full));
	if (trunk_call_guard(state_, call_id, &g, now, &by, m, alarms))
		return true;
	trunk_call_end(state_, call_id, now);
	return false;
}

static void answer(const char *call_id, int64_t now)
{
	static struct trunk_hop hop;
	assert_int_equal(TRUNK_GO, trunk_call_next(state_, store, call_id, now, &hop));
	(void)trunk_call_answer(state_, call_id, 200, false, 0, now);
}

static void trunk_row(void)
{
	row(TRUNK_TRUNK, 0,
	    (const char *[]){CARRIER, "t",   "127.0.0.1", "5060",      "100", "1",  "address", "udp", "",
			     NULL,    "300", "45",        NULL,        NULL,  NULL, "",        "f",   "f",
			     "f",     NULL,  NULL,        "{503,408}", "0",   "",   "",        "",    "",
			     "",      "0",   NULL,        "t",         "",    "",   NULL,      NULL,  "1"});
}

static int64_t used(const char *subject, enum trunk_measure m, int64_t now)
{
	struct zk_uuid id = id_of(subject);
	return trunk_state_used(state_, &id, now).of[m];
}

/* The slow model keeps the moments of all calls. What leaves the window may be five minutes late, never early. */
static void an_hour_is_any_hour(void **state)
{
	int64_t at[4000], now = T0;
	unsigned n = 0;
	(void)state;
	setup();
	guard_row(1, (struct guard){.tenant = CARRIER, .by_carrier = "t", .calls_hour = "20"});
	assert_int_equal(0, trunk_state_alloc(&state_));
	for (unsigned step = 0; step < 4000; step++) {
		enum trunk_measure m = TRUNK_MEASURES;
		struct trunk_alarms alarms;
		unsigned hour = 0, most = 0;
		now += draw(8) ? draw(120) * 1000000LL : draw(200) * MINUTE;
		for (unsigned i = 0; i < n; i++) {
			hour += at[i] > now - 60 * MINUTE;
			most += at[i] > now - 65 * MINUTE;
		}
		bool let = call("x", "10086", now, &m, &alarms);
		if (let)
			at[n++] = now;
		assert_true(let ? hour < 20 : most >= 20);
		assert_true(let || m == TRUNK_CALLS_HOUR);
	}
	assert_true(n > 500);
	trunk_state_free(state_);
	teardown();
}

static void alarms_are_said_once_on_the_way_up(void **state)
{
	int said[2] = {0};
	enum trunk_measure m;
	struct trunk_alarms a;
	(void)state;
	setup();
	guard_row(1, (struct guard){.tenant = CARRIER, .by_carrier = "t", .calls_hour = "10"});
	guard_row(2, (struct guard){.tenant = TENANT, .subject = "extension", .calls_hour = "5", .at_limit = "alarm"});
	assert_int_equal(0, trunk_state_alloc(&state_));
	for (unsigned round = 0; round < 2; round++) {
		memset(said, 0, sizeof said);
		for (unsigned i = 1; i <= 12; i++) {
			bool let = call("x", "10086", T0 + round * 180 * MINUTE + i, &m, &a);
			assert_int_equal(i <= 10, let);
			for (unsigned k = 0; k < a.n; k++) {
				bool extension = a.a[k].kind == TRUNK_OF_EXTENSION;
				said[extension] += a.a[k].percent;
				assert_int_equal(extension ? (a.a[k].percent == 100 ? 5 : 4)
							   : (a.a[k].percent == 100 ? 10 : 8),
						 i);
			}
		}
		assert_int_equal(180, said[0]);
		assert_int_equal(180, said[1]);
	}
	/* While calls go on being refused it is said again every hour. */
	assert_false(call("x", "10086", T0 + 200 * MINUTE, &m, &a) || a.n);
	trunk_state_free(state_);
	teardown();
}

static void money_is_thought_counted_and_given_back(void **state)
{
	enum trunk_measure m = TRUNK_MEASURES;
	struct trunk_alarms a;
	unsigned from = 0;
	(void)state;
	setup();
	trunk_row();
	row(TRUNK_RATE, 1, (const char *[]){CARRIER, NULL, NULL, "0044", "0", "t", "0", "0", "1.5", "60"});
	guard_row(1, (struct guard){.tenant = CARRIER, .by_carrier = "t", .spend_hour = "6"});
	struct zk_uuid trunk = {{0}};
	trunk.b[0] = TRUNK_TRUNK;
	assert_int_equal(0, trunk_state_alloc(&state_));
	/* Three begin: 1.5 each until more is known. */
	for (unsigned i = 0; i < 3; i++) {
		char id[8];
		snprintf(id, sizeof id, "c%u", i);
		assert_true(call(id, "00442071234567", T0, &m, &a));
	}
	assert_int_equal(4500000, used(TENANT, TRUNK_SPEND_HOUR, T0));
	/* One is not answered: it costs nothing. */
	trunk_call_end(state_, "c0", T0 + MINUTE);
	assert_int_equal(3000000, used(TENANT, TRUNK_SPEND_HOUR, T0 + MINUTE));
	/* One talks for three minutes; nobody has to end it for that to count. */
	struct trunk_query q = {.tenant = id_of(TENANT)};
	struct trunk_plan plan = {.why = TRUNK_FOUND, .n = 1, .c = {{.trunk = trunk, .host = trunk}}};
	struct trunk_guarded g;
	struct zk_uuid by;
	bool full;
	snprintf(q.called, sizeof q.called, "00442071234567");
	trunk_guard(store, &q, &plan, T0, &g);
	assert_true(trunk_call_begin(state_, "talks", &q, &plan, NULL, T0, &full));
	assert_true(trunk_call_guard(state_, "talks", &g, T0 + MINUTE, &by, &m, &a));
	answer("talks", T0 + MINUTE);
	assert_int_equal(4500000, used(TENANT, TRUNK_SPEND_HOUR, T0 + MINUTE));
	do
		trunk_state_accrue(state_, &from, T0 + 3 * MINUTE + 30000000, &a);
	while (from);
	assert_int_equal(3000000 + 4500000, used(TENANT, TRUNK_SPEND_HOUR, T0 + 4 * MINUTE));
	/* Calls that cost are refused, others are not, and neither is one that goes on. */
	assert_false(call("dear", "00442071234567", T0 + 4 * MINUTE, &m, &a));
	assert_int_equal(TRUNK_SPEND_HOUR, m);
	assert_true(call("free", "10086", T0 + 4 * MINUTE, &m, &a));
	trunk_call_end(state_, "talks", T0 + 4 * MINUTE);
	assert_int_equal(3000000 + 4500000, used(TENANT, TRUNK_SPEND_HOUR, T0 + 4 * MINUTE));
	trunk_state_free(state_);
	teardown();
}

static void collect_h(struct trunk_tallies *t, void *arg)
{
	struct trunk_tally_row *rows = arg;
	unsigned from = 0, n = 0;
	while (from < TRUNK_TALLY_BUCKETS)
		n += trunk_tally_changed(t, &from, rows + n, 4 - n, T0 + MINUTE);
	rows[3].kind = (enum trunk_subject)n;
}

static void put_back_h(struct trunk_tallies *t, void *arg)
{
	trunk_tally_restore(t, arg, T0 + 10 * MINUTE);
}

static void elsewhere_h(struct trunk_tallies *t, void *arg)
{
	trunk_tally_elsewhere(t, arg, T0 + 10 * MINUTE);
}

static void trim_h(struct trunk_tallies *t, void *arg)
{
	unsigned from = 0;
	while (from < TRUNK_TALLY_BUCKETS)
		trunk_tally_trim(t, &from, *(int64_t *)arg);
}

static void counts_survive_a_restart_and_are_shared(void **state)
{
	static struct trunk_tally_row rows[4];
	enum trunk_measure m;
	struct trunk_alarms a;
	(void)state;
	setup();
	guard_row(1, (struct guard){.tenant = CARRIER, .by_carrier = "t", .calls_hour = "10", .abroad = "1"});
	assert_int_equal(0, trunk_state_alloc(&state_));
	for (unsigned i = 0; i < 7; i++)
		assert_true(call("x", "10086", T0, &m, &a));
	trunk_state_tallies(state_, collect_h, rows);
	assert_int_equal(1, rows[3].kind);
	assert_int_equal(7, rows[0].here.of[TRUNK_CALLS_HOUR]);
	trunk_state_tallies(state_, collect_h, rows + 0);
	assert_int_equal(0, rows[3].kind); /* nothing new */
	trunk_state_free(state_);
	/* Anew, with one call before the database was there. */
	assert_int_equal(0, trunk_state_alloc(&state_));
	assert_true(call("x", "10086", T0 + 10 * MINUTE, &m, &a));
	trunk_state_tallies(state_, put_back_h, rows);
	assert_int_equal(8, used(TENANT, TRUNK_CALLS_HOUR, T0 + 10 * MINUTE));
	assert_int_equal(1, used(TENANT, TRUNK_CALLS_HOUR, T0 + 66 * MINUTE));
	assert_int_equal(8, used(TENANT, TRUNK_CALLS_DAY, T0 + 66 * MINUTE));
	/* Another edge has counted two, and one abroad. */
	rows[0].here = (struct trunk_used){{2, 2, 0, 0, 1}};
	trunk_state_tallies(state_, elsewhere_h, rows);
	assert_false(call("far", "+442071234567", T0 + 66 * MINUTE, &m, &a));
	assert_int_equal(TRUNK_ABROAD, m);
	assert_int_equal(3, used(TENANT, TRUNK_CALLS_HOUR, T0 + 66 * MINUTE));
	rows[0].here = (struct trunk_used){{0}};
	trunk_state_tallies(state_, elsewhere_h, rows);
	assert_true(call("far", "+442071234567", T0 + 66 * MINUTE, &m, &a));
	assert_false(call("farther", "+442071234567", T0 + 66 * MINUTE, &m, &a));
	trunk_call_end(state_, "far", T0 + 66 * MINUTE);
	assert_true(call("farther", "+442071234567", T0 + 66 * MINUTE, &m, &a));
	trunk_call_end(state_, "farther", T0 + 66 * MINUTE);
	/* Who was not heard of for a day is forgotten, once that was written down. */
	trunk_state_tallies(state_, collect_h, rows);
	int64_t late = T0 + 3 * 1440 * MINUTE;
	assert_int_equal(0, used(TENANT, TRUNK_CALLS_DAY, late));
	trunk_state_tallies(state_, trim_h, &late);
	trunk_state_free(state_);
	teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_of_the_country_with_the_longest_prefix),
		cmocka_unit_test(what_was_dialled_becomes_e164),
		cmocka_unit_test(countries),
		cmocka_unit_test(a_rule_of_a_trunk_hides_nothing),
		cmocka_unit_test(limits_by_day_and_night),
		cmocka_unit_test(prices),
		cmocka_unit_test(an_hour_is_any_hour),
		cmocka_unit_test(alarms_are_said_once_on_the_way_up),
		cmocka_unit_test(money_is_thought_counted_and_given_back),
		cmocka_unit_test(counts_survive_a_restart_and_are_shared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
