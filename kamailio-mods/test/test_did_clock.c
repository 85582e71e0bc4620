#include "did_clock.h"
#include "did_span.h"
#include "plain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What libc says of the same zone. */
static bool as_libc(const char *zone, int64_t at, const struct did_local *l)
{
	struct tm tm;
	time_t t = (time_t)at;
	setenv("TZ", zone, 1);
	tzset();
	localtime_r(&t, &tm);
	return tm.tm_year + 1900 == l->year && tm.tm_mon + 1 == l->month && tm.tm_mday == l->day &&
	       (tm.tm_wday + 6) % 7 == l->weekday && tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec == l->second;
}

static void local_time_is_that_of_libc(void **state)
{
	(void)state;
	static const char *const zones[] = {"Asia/Shanghai",
					    "Europe/Berlin",
					    "America/New_York",
					    "America/Sao_Paulo",
					    "Australia/Lord_Howe",
					    "Africa/Casablanca",
					    "Asia/Kathmandu",
					    "Pacific/Auckland",
					    "Europe/Dublin",
					    "America/St_Johns",
					    "UTC",
					    "Pacific/Chatham",
					    "Africa/Johannesburg",
					    "Asia/Tehran",
					    "Antarctica/Troll"};
	time_t now = time(NULL);
	srand(7);
	for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
		const struct did_zone *zone = did_zone_find(zones[z]);
		assert_non_null(zone);
		for (int i = 0; i < 3000; i++) {
			struct did_local l;
			/* A year back, ten years ahead; every third around a full hour, where offsets change. */
			int64_t at =
				(int64_t)now - 365 * 86400L + (int64_t)rand() % (11 * 365) * 86400L + rand() % 86400;
			if (i % 3 == 0)
				at -= at % 1800 + i % 2;
			did_local_at(&l, zone, at);
			if (!as_libc(zones[z], at, &l))
				fail_msg("%s at %lld: %d-%d-%d %d", zones[z], (long long)at, l.year, l.month, l.day,
					 l.second);
		}
	}
}

/* Each second around the changes of a year. */
static void hours_that_are_left_out_and_come_twice(void **state)
{
	(void)state;
	struct did_zone z = {0};
	struct did_local l;
	assert_true(did_rule_parse(&z, "CET-1CEST,M3.5.0,M10.5.0/3", 26));
	did_local_at(&l, &z, 1774745999); /* 2026-03-29 00:59:59 UTC */
	assert_int_equal(1 * 3600 + 3599, l.second);
	did_local_at(&l, &z, 1774746000);
	assert_int_equal(3 * 3600, l.second);
	did_local_at(&l, &z, 1792889999); /* 2026-10-25 00:59:59 UTC: 02:59:59 the first time */
	assert_int_equal(2 * 3600 + 3599, l.second);
	did_local_at(&l, &z, 1792890000);
	assert_int_equal(2 * 3600, l.second);
	did_local_at(&l, &z, -1);
	assert_int_equal(1970, l.year);
	did_local_at(&l, &z, -86400 * 366LL * 100);
	assert_true(l.year < 1900);
}

static void a_file_that_is_none_is_utc(void **state)
{
	(void)state;
	struct did_zone z;
	unsigned char junk[200] = "TZif2";
	assert_false(did_zone_parse(&z, junk, sizeof junk, 0));
	assert_false(did_zone_parse(&z, junk, 3, 0));
	memset(junk + 20, 0xff, 24);
	assert_false(did_zone_parse(&z, junk, sizeof junk, 0));
	assert_int_equal(0, did_zone_offset(&z, 1000));
	assert_null(did_zone_find("../etc/passwd"));
	assert_null(did_zone_find("/etc/passwd"));
	assert_null(did_zone_find("Nowhere/Atall"));
	static const char *const rules[] = {"",
					    "X-1",
					    "CST",
					    "CST-8X",
					    "EST5EDT",
					    "EST5EDT,M3.2.0",
					    "EST5EDT,M13.2.0,M11.1.0",
					    "EST5EDT,M3.2.0,M11.1.0,",
					    "<+03-3",
					    "EST5EDT,M3.2.0/168,M11.1.0"};
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		assert_false(did_rule_parse(&z, rules[i], strlen(rules[i])));
}

static struct did_local at(int year, int month, int day, int weekday, int hour, int minute)
{
	return (struct did_local){year, month, day, weekday, hour * 3600 + minute * 60};
}

static bool covers(struct did_span s, struct did_local l)
{
	return did_span_covers(&s, &l);
}

static void intervals(void **state)
{
	(void)state;
	struct did_span s = DID_SPAN_ALWAYS;
	assert_false(did_span_says(&s));
	assert_true(covers(s, at(2026, 2, 29, 0, 0, 0)));
	/* Monday to Wednesday, 08:00 to 17:00: both ends belong to it. */
	assert_true(did_span_times(&s, "08:00:00", "17:00:00"));
	assert_true(did_span_weekdays(&s, "mon", "wed"));
	assert_true(covers(s, at(2026, 11, 30, 0, 8, 0)));
	assert_true(covers(s, at(2026, 11, 30, 0, 17, 0)));
	assert_false(covers(s, (struct did_local){2026, 11, 30, 0, 17 * 3600 + 1}));
	assert_false(covers(s, at(2026, 11, 30, 0, 7, 59)));
	assert_false(covers(s, at(2026, 12, 3, 3, 12, 0)));
	/* Friday to Monday. */
	s = DID_SPAN_ALWAYS;
	assert_true(did_span_weekdays(&s, "fri", "mon"));
	for (int d = 0; d < 7; d++)
		assert_int_equal(d == 0 || d >= 4, covers(s, at(2026, 1, 1, d, 3, 0)));
	/* Nights from Friday on: early Saturday belongs to them, early Friday does not. */
	s = DID_SPAN_ALWAYS;
	assert_true(did_span_times(&s, "22:00:00", "06:00:00"));
	assert_true(did_span_weekday_list(&s, "{fri}"));
	assert_true(covers(s, at(2026, 12, 4, 4, 22, 0)));
	assert_true(covers(s, at(2026, 12, 5, 5, 6, 0)));
	assert_false(covers(s, at(2026, 12, 4, 4, 5, 0)));
	assert_false(covers(s, at(2026, 12, 5, 5, 22, 0)));
	assert_false(covers(s, at(2026, 12, 5, 5, 6, 1)));
	/* Over the year's end, by night: the first of January still belongs to the 31st. */
	s = DID_SPAN_ALWAYS;
	assert_true(did_span_days(&s, "12-25", "12-31"));
	assert_true(did_span_times(&s, "20:00:00", "02:00:00"));
	assert_true(covers(s, at(2027, 1, 1, 4, 1, 0)));
	assert_false(covers(s, at(2027, 1, 2, 5, 1, 0)));
	s = DID_SPAN_ALWAYS;
	assert_true(did_span_days(&s, "12-25", "01-05"));
	assert_true(covers(s, at(2026, 12, 25, 0, 0, 0)));
	assert_true(covers(s, at(2027, 1, 5, 0, 23, 59)));
	assert_false(covers(s, at(2027, 1, 6, 0, 0, 0)));
	assert_false(covers(s, at(2026, 12, 24, 0, 0, 0)));
	/* One year only. */
	s = DID_SPAN_ALWAYS;
	assert_true(did_span_days(&s, "2026-10-01", "2026-10-07"));
	assert_true(covers(s, at(2026, 10, 7, 0, 0, 0)));
	assert_false(covers(s, at(2027, 10, 7, 0, 0, 0)));
	s = DID_SPAN_ALWAYS;
	assert_false(did_span_times(&s, "08:00:00", NULL));
	assert_false(did_span_times(&s, "25:00:00", "26:00:00"));
	assert_false(did_span_times(&s, "8:00", "9:00"));
	assert_false(did_span_days(&s, "13-01", "13-02"));
	assert_false(did_span_days(&s, "2026-01-01", "01-02"));
	assert_false(did_span_weekdays(&s, "mon", "xyz"));
	assert_false(did_span_weekday_list(&s, "{mon,}"));
	assert_false(did_span_weekday_list(&s, "mon"));
	assert_false(did_span_says(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_time_is_that_of_libc),
		cmocka_unit_test(hours_that_are_left_out_and_come_twice),
		cmocka_unit_test(a_file_that_is_none_is_utc),
		cmocka_unit_test(intervals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
