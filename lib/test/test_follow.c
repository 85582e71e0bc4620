#include "pgserver.h"
#include "zj_pg.h"

#define TENANT "0190a000-0000-7000-8000-000000000001"

static struct pgserver server;

struct world {
	uv_loop_t loop;
	struct zj_follow *follow;
	bool ready, changed;
	int readies, rows, gones;
	char last[400];
};

static void row_h(const char *table, const char *tenant, const char *id, json_t *row, void *arg)
{
	struct world *w = arg;
	char *text = row ? json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	(void)tenant;
	(void)id;
	w->changed = true;
	w->rows += row != NULL;
	w->gones += row == NULL;
	snprintf(w->last, sizeof(w->last), "%s %s", table, text ? text : "gone");
	free(text);
}

static void ready_h(void *arg)
{
	struct world *w = arg;

	w->ready = true;
	w->readies++;
}

static const struct zj_follow_table tables[] = {{"tenant", "name"}, {"agent_group", "tenant_id, id, name"}};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	uv_loop_init(&w->loop);
	pg_exec(&server, "delete from zj.tenant; insert into zj.tenant (id, name, title, sip_domain)"
			 " values ('" TENANT "', 'one', 'One', 'one.test')");
	assert_int_equal(zj_follow_alloc(&w->follow, &w->loop, server.conninfo, tables, 2, row_h, ready_h, w), 0);
	loop_until(&w->loop, &w->ready);
	assert_int_equal(w->rows, 1);
	assert_string_equal(w->last, "tenant {\"name\":\"one\"}");
	w->changed = false;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	zj_follow_close(w->follow);
	loop_end(&w->loop);
	free(w);
	assert_int_equal(zj_objects_alive(), 0);
	return 0;
}

static void a_committed_row_is_seen_at_once(void **state)
{
	struct world *w = *state;
	int64_t from;

	pg_exec(&server, "insert into zj.agent_group (tenant_id, name) values ('" TENANT "', 'r')");
	from = zj_mono_us();
	loop_until(&w->loop, &w->changed);
	assert_true(zj_mono_us() - from < 1000000); /* 5 × the promised 200 ms */
	assert_non_null(strstr(w->last, "agent_group {"));
	w->changed = false;
	pg_exec(&server, "delete from zj.agent_group");
	loop_until(&w->loop, &w->changed);
	assert_string_equal(w->last, "agent_group gone");
	assert_int_equal(w->gones, 1);
	assert_int_equal(w->readies, 1);
}

static void a_long_transaction_hides_nothing(void **state)
{
	struct world *w = *state;
	PGconn *c = PQconnectdb(server.conninfo);

	PQclear(PQexec(c, "begin; insert into zj.agent_group (tenant_id, name) values ('" TENANT "', 'late')"));
	pg_exec(&server, "insert into zj.agent_group (tenant_id, name) values ('" TENANT "', 'soon')");
	loop_until(&w->loop, &w->changed);
	assert_non_null(strstr(w->last, "soon"));
	loop_for(&w->loop, 100);
	w->changed = false;
	PQclear(PQexec(c, "commit"));
	loop_until(&w->loop, &w->changed);
	assert_non_null(strstr(w->last, "late"));
	PQfinish(c);
}

/* Commits to several tables that fall between two steps of the follower. */
static void commits_in_turns_are_all_seen(void **state)
{
	struct world *w = *state;
	PGconn *c = PQconnectdb(server.conninfo);

	w->rows = 0;
	assert_int_equal(
		PQsendQuery(c, "do $$ begin for i in 1..25 loop"
			       " insert into zj.agent_group (tenant_id, name) values ('" TENANT "', 'r' || i); commit;"
			       " insert into zj.tenant (name, title, sip_domain) values ('t' || i, 'T', 't' || i "
			       "|| '.test'); commit;"
			       " end loop; end $$"),
		1);
	for (int i = 0; i < 1200 && w->rows < 50; i++) /* PostgreSQL looks each tenant's time zone up: 100 ms */
		loop_for(&w->loop, 50);
	PGresult *done = PQgetResult(c);
	assert_string_equal(PQresultErrorMessage(done), "");
	PQclear(done);
	assert_in_range(w->rows, 50, 100000);
	PQfinish(c);
}

static void what_changed_while_away_comes_afterwards(void **state)
{
	struct world *w = *state;

	pgserver_stop(&server);
	loop_for(&w->loop, 100);
	pgserver_start(&server);
	pg_exec(&server, "update zj.tenant set name = 'two'");
	loop_until(&w->loop, &w->changed);
	assert_string_equal(w->last, "tenant {\"name\":\"two\"}");
	assert_int_equal(w->readies, 1);
}

static void a_lost_notification_costs_a_second(void **state)
{
	struct world *w = *state;

	pg_exec(&server, "set session_replication_role = replica; update zj.tenant set name = 'three';"
			 " insert into zj.zj_change (table_name, tenant_id, id, op) values ('tenant', '" TENANT
			 "', '" TENANT "', 'u')");
	loop_until(&w->loop, &w->changed);
	assert_string_equal(w->last, "tenant {\"name\":\"three\"}");
}

static int begin(void **state)
{
	(void)state;
	pgserver_new(&server);
	sh("for f in schema/00*.sql; do psql -q -v ON_ERROR_STOP=1 '%s%s' -1 -f $f >/dev/null 2>&1 || exit 1; done",
	   server.conninfo, "");
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
		CASE(a_committed_row_is_seen_at_once),    CASE(a_long_transaction_hides_nothing),
		CASE(commits_in_turns_are_all_seen),      CASE(what_changed_while_away_comes_afterwards),
		CASE(a_lost_notification_costs_a_second),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
