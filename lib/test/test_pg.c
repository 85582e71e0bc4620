#include "pgserver.h"
#include "zj_pg.h"
#include <errno.h>

static struct pgserver server;

struct world {
	uv_loop_t loop;
	struct zj_pg *pg;
	bool done;
	int err, failed, runs, errs;
	char value[200], state[6];
};

static void run_h(int err, int failed, PGresult *const *results, int n, void *arg)
{
	struct world *w = arg;

	w->done = true;
	w->runs++;
	w->errs += err != 0;
	w->err = err;
	w->failed = failed;
	w->value[0] = w->state[0] = '\0';
	if (!err && PQntuples(results[n - 1]))
		snprintf(w->value, sizeof(w->value), "%s", PQgetvalue(results[n - 1], 0, 0));
	if (err == EPROTO)
		snprintf(w->state, sizeof(w->state), "%s", PQresultErrorField(results[failed], PG_DIAG_SQLSTATE));
}

static int setup_wait(void **state, const char *conninfo, unsigned connections, unsigned max_wait_ms)
{
	struct world *w = calloc(1, sizeof(*w));

	uv_loop_init(&w->loop);
	assert_int_equal(zj_pg_alloc(&w->pg, &w->loop, conninfo, connections, max_wait_ms), 0);
	*state = w;
	return 0;
}

static int setup(void **state)
{
	return setup_wait(state, server.conninfo, 2, 5000);
}

static int teardown(void **state)
{
	struct world *w = *state;

	zj_pg_close(w->pg);
	loop_end(&w->loop);
	free(w);
	assert_int_equal(zj_objects_alive(), 0);
	return 0;
}

static void run(struct world *w, const struct zj_pg_query *queries, int n)
{
	w->done = false;
	assert_int_equal(zj_pg_run(w->pg, queries, n, run_h, w), 0);
	assert_false(w->done);
	loop_until(&w->loop, &w->done);
}

static void one(struct world *w, const char *sql)
{
	const struct zj_pg_query q = {.sql = sql};

	run(w, &q, 1);
}

static void a_run_is_one_transaction(void **state)
{
	struct world *w = *state;
	const char *const a[] = {"1", "one"}, *const b[] = {"2", NULL}, *const dup[] = {"1", "again"};
	const struct zj_pg_query good[] = {
		{.sql = "insert into t values ($1::int, $2)", .n = 2, .values = a},
		{.sql = "insert into t values ($1::int, $2)", .n = 2, .values = b},
		{.sql = "select count(*) || coalesce(min(v), '') from t where pg_current_xact_id() is not null"},
	};
	const struct zj_pg_query bad[] = {
		{.sql = "delete from t"},
		{.sql = "insert into t values ($1::int, $2)", .n = 2, .values = a},
		{.sql = "insert into t values ($1::int, $2)", .n = 2, .values = dup},
		{.sql = "select 1"},
	};

	one(w, "create table t (id int primary key, v text)");
	run(w, good, 3);
	assert_int_equal(w->err, 0);
	assert_string_equal(w->value, "2one");
	run(w, bad, 4);
	assert_int_equal(w->err, EPROTO);
	assert_int_equal(w->failed, 2);
	assert_string_equal(w->state, "23505");
	run(w, good + 2, 1);
	assert_string_equal(w->value, "2one"); /* the delete was rolled back */
	one(w, "selec 1");
	assert_string_equal(w->state, "42601");
	one(w, "selec 1"); /* a refused prepare is not remembered as prepared */
	assert_string_equal(w->state, "42601");
	one(w, "select 7");
	assert_string_equal(w->value, "7");
}

static void a_constraint_checked_at_commit_is_told(void **state)
{
	struct world *w = *state;

	one(w, "create table d (id int, unique (id) deferrable initially deferred)");
	one(w, "insert into d values (1), (1)");
	assert_int_equal(w->err, EPROTO);
	assert_int_equal(w->failed, 0);
	assert_string_equal(w->state, "23505");
}

static void many_runs_are_all_answered(void **state)
{
	struct world *w = *state;
	const struct zj_pg_query q = {.sql = "select 1"};
	int64_t end = zj_mono_us() + 10 * 1000000;

	for (int i = 0; i < 5000; i++)
		assert_int_equal(zj_pg_run(w->pg, &q, 1, run_h, w), 0);
	while (w->runs < 5000 && zj_mono_us() < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_int_equal(w->runs, 5000);
	assert_int_equal(w->errs, 0);
}

/* What each of many reads asked for, and whether it was answered so. */
struct read {
	struct world *w;
	int divisor;
};

static void read_h(int err, int failed, PGresult *const *results, int n, void *arg)
{
	struct read *r = arg;

	r->w->runs++;
	if (r->divisor) {
		assert_int_equal(err, 0);
		assert_int_equal(atoi(PQgetvalue(results[n - 1], 0, 0)), 1000000 / r->divisor);
	} else {
		assert_int_equal(err, EPROTO);
		assert_int_equal(failed, 1);
		assert_string_equal(PQresultErrorField(results[1], PG_DIAG_SQLSTATE), "22012");
		r->w->errs++;
	}
	free(r);
}

static void read_one(struct world *w, int divisor)
{
	char text[12];
	const char *const values[] = {text};
	const struct zj_pg_query q[] = {
		{.sql = "select set_config('zj.divisor', $1, true)", .n = 1, .values = values},
		{.sql = "select 1000000 / current_setting('zj.divisor')::int"},
	};
	struct read *r = malloc(sizeof(*r));

	*r = (struct read){w, divisor};
	snprintf(text, sizeof(text), "%d", divisor);
	assert_int_equal(zj_pg_read(w->pg, q, 2, read_h, r), 0);
}

/* Reads that wait share round trips; one that is refused spoils no other, nor does its transaction leak into the next.
 */
static void reads_that_are_sent_together_are_apart(void **state)
{
	struct world *w = *state;
	int64_t end = zj_mono_us() + 10 * 1000000;

	for (int i = 0; i < 3000; i++)
		read_one(w, i / 3 % 7); /* three say the same: two of them need not */
	while (w->runs < 3000 && zj_mono_us() < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_int_equal(w->runs, 3000);
	assert_int_equal(w->errs, 429);
	one(w, "select coalesce(nullif(current_setting('zj.divisor', true), ''), 'none')");
	assert_string_equal(w->value, "none");
}

/* Each of `n` slow reads is answered once, whatever becomes of it. */
static void slow_reads(struct world *w, int n, int64_t ms)
{
	const struct zj_pg_query q = {.sql = "select pg_sleep(0.1)"};
	int64_t end = zj_mono_us() + ms * 1000;

	w->runs = w->errs = 0;
	for (int i = 0; i < n; i++)
		assert_int_equal(zj_pg_read(w->pg, &q, 1, run_h, w), 0);
	while (w->runs < n && zj_mono_us() < end)
		uv_run(&w->loop, UV_RUN_ONCE);
}

static void reads_that_were_sent_hear_of_a_lost_server(void **state)
{
	struct world *w = *state;

	slow_reads(w, 2, 5000); /* both connections know it then */
	slow_reads(w, 12, 10000);
	assert_int_equal(w->runs, 12);
	assert_int_equal(w->errs, 0);
	slow_reads(w, 12, 150); /* two are answered, several sent behind others */
	pgserver_stop(&server);
	loop_for(&w->loop, 100);
	assert_true(w->errs >= 2);
	pgserver_start(&server);
	int64_t end = zj_mono_us() + 10 * 1000000;
	while (w->runs < 12 && zj_mono_us() < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_int_equal(w->runs, 12); /* whoever waited is answered, or told in time; nobody twice */
	loop_for(&w->loop, 300);
	assert_int_equal(w->runs, 12);
}

static void a_migration_below_a_prepared_statement_heals(void **state)
{
	struct world *w = *state;

	one(w, "create table m (a int)");
	one(w, "insert into m values (1)");
	for (int i = 0; i < 4; i++)
		one(w, "select * from m");
	one(w, "alter table m add b int");
	for (int i = 0; i < 4 && (i == 0 || w->err); i++)
		one(w, "select * from m");
	assert_int_equal(w->err, 0);
}

static void big_values_pass_both_ways(void **state)
{
	struct world *w = *state;
	size_t len = 20 * 1000 * 1000;
	char *big = malloc(len + 1), expect[20];
	const char *const values[] = {big};
	const struct zj_pg_query q = {.sql = "select length($1) || '', $1, $1", .n = 1, .values = values};

	memset(big, 'x', len);
	big[len] = '\0';
	snprintf(expect, sizeof(expect), "%zu", len);
	run(w, &q, 1);
	free(big);
	assert_string_equal(w->value, expect);
}

static void a_lost_server_is_eio_then_it_comes_back(void **state)
{
	struct world *w = *state;
	const struct zj_pg_query slow = {.sql = "select pg_sleep(20)"};

	one(w, "select 1");
	w->done = false;
	assert_int_equal(zj_pg_run(w->pg, &slow, 1, run_h, w), 0);
	loop_for(&w->loop, 50);
	pgserver_stop(&server);
	loop_until(&w->loop, &w->done);
	assert_int_equal(w->err, EIO);
	loop_for(&w->loop, 50);
	assert_false(zj_pg_is_up(w->pg));
	pgserver_start(&server);
	one(w, "select 5"); /* it waits for the connection */
	assert_int_equal(w->err, 0);
	assert_string_equal(w->value, "5");
}

static int setup_nowhere(void **state)
{
	return setup_wait(state, "host=/nonexistent user=x", 1, 50);
}

static void no_server_is_eagain_in_time(void **state)
{
	struct world *w = *state;

	one(w, "select 1");
	assert_int_equal(w->err, EAGAIN);
	assert_false(zj_pg_is_up(w->pg));
}

static void closing_tells_who_waits(void **state)
{
	struct world *w = *state;
	const struct zj_pg_query q = {.sql = "select 1"};

	for (int i = 0; i < 5; i++)
		assert_int_equal(zj_pg_run(w->pg, &q, 1, run_h, w), 0);
	zj_pg_close(w->pg);
	assert_int_equal(w->runs, 5);
	assert_int_equal(w->err, EIO);
	w->pg = NULL;
}

static int begin(void **state)
{
	(void)state;
	pgserver_new(&server);
	return 0;
}

static int end(void **state)
{
	(void)state;
	pgserver_free(&server);
	return 0;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_run_is_one_transaction),
		CASE(a_constraint_checked_at_commit_is_told),
		CASE(many_runs_are_all_answered),
		CASE(reads_that_are_sent_together_are_apart),
		CASE(reads_that_were_sent_hear_of_a_lost_server),
		CASE(a_migration_below_a_prepared_statement_heals),
		CASE(big_values_pass_both_ways),
		CASE(a_lost_server_is_eio_then_it_comes_back),
		cmocka_unit_test_setup_teardown(no_server_is_eagain_in_time, setup_nowhere, teardown),
		CASE(closing_tells_who_waits),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
