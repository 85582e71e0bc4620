/* Log-ins without a network: the limit on guessing, password rules, sealed secrets, sessions that nobody uses, an
 * event's texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include "live/live.h"
#include "login/limit.h"
#include "login/rules.h"
#include "login/session.h"
#include "login/totp.h"
#include "mask.h"
#include "rights/glass.h"
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#define S 1000000LL

static void test_limit_grows(void **state)
{
	struct api_limit *l;
	struct api_try t = {.source = "1.1.1.1", .name = "a/u/m", .tries = 3}, other = t, source = t;
	int64_t now = 1000 * S;
	(void)state;
	strcpy(other.name, "a/v/m");
	strcpy(source.source, "1.1.1.2");
	assert_int_equal(api_limit_alloc(&l, NULL), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(api_limit_take(l, &t, now), 0);
		api_limit_result(l, &t, false, now);
	}
	for (unsigned wait = 2; wait < 900; wait *= 2) { /* each further failure waits twice as long */
		assert_int_equal(api_limit_take(l, &t, now), wait);
		assert_int_equal(api_limit_take(l, &other, now), 0);
		api_limit_untake(l, &other);
		now += wait * S;
		assert_int_equal(api_limit_take(l, &t, now), 0);
		assert_int_equal(api_limit_take(l, &t, now), 1); /* one at a time now */
		api_limit_result(l, &t, false, now);
	}
	assert_int_equal(api_limit_take(l, &t, now), 900); /* and not for ever */
	assert_int_equal(api_limit_take(l, &source, now), 0);
	api_limit_result(l, &source, true, now); /* who gets in begins anew, where it got in */
	assert_int_equal(api_limit_take(l, &t, now), 900);
	now += 900 * S;
	assert_int_equal(api_limit_take(l, &t, now), 0);
	api_limit_result(l, &t, true, now);
	assert_int_equal(api_limit_take(l, &t, now), 0);
	api_limit_result(l, &t, false, now);
	assert_int_equal(api_limit_take(l, &t, now), 0);
	zj_deref(l);
}

static void test_limit_of_accounts_and_sources(void **state)
{
	struct api_limit *l;
	struct api_try t = {.name = "a/u/m", .tries = 3};
	int64_t now = 1000 * S;
	(void)state;
	assert_int_equal(api_limit_alloc(&l, NULL), 0);
	for (int i = 0; i < 30; i++) { /* one account from many sources: a short wait for all, nobody is locked out */
		snprintf(t.source, sizeof(t.source), "10.0.0.%d", i);
		assert_int_equal(api_limit_take(l, &t, now), 0);
		api_limit_result(l, &t, false, now);
	}
	strcpy(t.source, "10.1.1.1");
	assert_in_range(api_limit_take(l, &t, now), 1, 30);
	for (int i = 0; i < 100; i++) { /* one source, many accounts */
		snprintf(t.name, sizeof(t.name), "a/u%d/m", i);
		assert_int_equal(api_limit_take(l, &t, now), 0);
		api_limit_result(l, &t, false, now);
	}
	strcpy(t.name, "a/somebody/m");
	assert_in_range(api_limit_take(l, &t, now), 1, 60);
	strcpy(t.source, "10.2.2.2");
	assert_int_equal(api_limit_take(l, &t, now), 0);
	for (int i = 0; i < 100000; i++) { /* many of both: the table stays what it is */
		snprintf(t.source, sizeof(t.source), "s%d", i);
		if (api_limit_take(l, &t, now) == 0)
			api_limit_result(l, &t, false, now);
		now += S;
	}
	zj_deref(l);
}

static size_t faults(const struct api_setting *s, const char *password, const char *name)
{
	struct res_problem p = {0};
	api_rules_check(s, "password", password, name, &p);
	size_t n = json_array_size(p.errors);
	res_problem_clear(&p);
	return n;
}

static void test_rules(void **state)
{
	struct api_setting s = {.password_min_length = 6, .password_classes = 2, .password_no_runs = true};
	static const char *const good[] = {"abc123", "a1b2c3", "x123y456", "9870ab", "密码密码a1", "12ab34", "a135790"};
	static const char *const bad[] = {"a1234b", "b4321a", "a0000b", "12345", "abcdef", "a1b2", "zz56789z"};
	char made[130];
	(void)state;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(good); i++)
		assert_int_equal(faults(&s, good[i], NULL), 0);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(bad); i++)
		assert_true(faults(&s, bad[i], NULL) > 0);
	assert_int_equal(faults(&s, "Abc123", "abc123"), 1);
	s.password_classes = 4;
	s.password_min_length = 8;
	for (size_t n = 8; n <= 128; n += 5) {
		api_rules_password(&s, n, made);
		assert_int_equal(strlen(made), n);
		assert_int_equal(faults(&s, made, NULL), 0);
	}
}

static void heard(bool good, void *arg)
{
	*(int *)arg = good;
}

static void test_totp_is_sealed(void **state)
{
	struct api_totp *t, *stranger;
	char base32[API_TOTP_BASE32];
	int said = -1;
	static const char a[] = "018f0000-0000-7000-8000-00000000000a", b[] = "018f0000-0000-7000-8000-00000000000b";
	(void)state;
	assert_int_equal(api_totp_alloc(&t, NULL, "key one"), 0);
	assert_int_equal(api_totp_alloc(&stranger, NULL, "key two"), 0);
	char *sealed = api_totp_make(t, a, base32), *again = api_totp_make(t, a, base32);
	assert_int_equal(strlen(base32), 32);
	assert_string_not_equal(sealed, again);
	static const char *const codes[] = {"", "12345", "1234567", "abcdef", "-12345", "12345 "};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(codes); i++) {
		api_totp_check(t, a, a, sealed, codes[i], heard, &said);
		assert_int_equal(said, 0);
	}
	/* another account's row, another key, a broken text: no code fits */
	api_totp_check(t, b, b, sealed, "000000", heard, &said);
	assert_int_equal(said, 0);
	api_totp_check(stranger, a, a, sealed, "000000", heard, &said);
	assert_int_equal(said, 0);
	api_totp_check(t, a, a, "1:xyz", "000000", heard, &said);
	assert_int_equal(said, 0);
	zj_deref(sealed);
	zj_deref(again);
	zj_deref(t);
	zj_deref(stranger);
}

static int64_t idle_us;
static int timeouts;

static int64_t idle(const char *tenant, void *arg)
{
	(void)tenant;
	(void)arg;
	return idle_us;
}

static void timed_out(const char *tenant, const char *account, const char *hash, void *arg)
{
	(void)tenant;
	(void)account;
	(void)hash;
	(void)arg;
	timeouts++;
}

static void stop(uv_timer_t *t)
{
	uv_stop(t->loop);
}

/* Redis is not there at all: sessions live in memory, and end there. */
static void test_idle_sessions_end(void **state)
{
	uv_loop_t *loop = uv_default_loop();
	uv_timer_t timer;
	struct zj_redis *redis;
	struct api_sessions *s;
	struct api_session_hooks hooks = {idle, timed_out, NULL};
	struct api_session x = {.tenant = "018f0000-0000-7000-8000-00000000000a",
				.account = "018f0000-0000-7000-8000-00000000000b",
				.mark = "0123456789abcdef"};
	char token[API_TOKEN_SIZE];
	(void)state;
	assert_int_equal(zj_redis_alloc(&redis, loop, "/nonexistent/redis.sock", NULL, NULL, NULL, NULL), 0);
	assert_int_equal(api_sessions_alloc(&s, loop, redis, 3, &hooks), 0);
	idle_us = 3600 * S;
	for (int i = 0; i < 5; i++) { /* room for three: the oldest are forgotten here */
		api_token_make("zjs", x.tenant, token, x.hash);
		api_session_put(s, &x);
	}
	assert_non_null(api_session_find(s, x.hash));
	idle_us = 0; /* the tenant's setting changed: in effect for sessions that are there */
	assert_null(api_session_find(s, x.hash));
	uv_timer_init(loop, &timer);
	uv_timer_start(&timer, stop, 6000, 0);
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(timeouts, 3);
	api_sessions_close(s);
	zj_redis_close(redis);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
}

/* As caller (first digit) and callee (second) are graded: RES_MASK_COUNT is hidden. */
#define GLASS(caller, callee) ((api_glass)((caller) + (RES_MASK_COUNT + 1) * (callee)))

static void test_events_through_a_glass(void **state)
{
	struct api_event e = {.serial = 1, .type = "call.changed"};
	e.message =
		json_loads("{\"type\":\"call.changed\",\"data\":{\"id\":\"c\",\"caller\":\"13800138078\",\"callee\":"
			   "\"4001\",\"legs\":[]}}",
			   0, NULL);
	e.data = json_object_get(e.message, "data");
	(void)state;
	const char *clear = api_event_text(&e, 0), *masked = api_event_text(&e, GLASS(RES_MASK_PHONE, RES_MASK_PHONE)),
		   *hidden = api_event_text(&e, GLASS(RES_MASK_COUNT, RES_MASK_NO));
	assert_non_null(strstr(clear, "13800138078"));
	assert_non_null(strstr(masked, "138****8078"));
	assert_non_null(strstr(masked, "**01"));
	assert_null(strstr(masked, "13800138078"));
	assert_non_null(strstr(hidden, "\"caller\":null"));
	assert_non_null(strstr(hidden, "4001"));
	assert_ptr_equal(masked, api_event_text(&e, GLASS(RES_MASK_PHONE, RES_MASK_PHONE))); /* rendered once */
	assert_ptr_equal(clear, api_event_text(&e, 0));
	api_event_clear(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_grows),
		cmocka_unit_test(test_limit_of_accounts_and_sources),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_totp_is_sealed),
		cmocka_unit_test(test_idle_sessions_end),
		cmocka_unit_test(test_events_through_a_glass),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
