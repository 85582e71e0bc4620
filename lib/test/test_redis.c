#include "testing.h"
#include "zj_redis.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
	uv_loop_t loop;
	char dir[32], path[64], conf[64];
	pid_t pid;
	struct zj_redis *redis;
	bool up, down, answered;
	int answers, gone;
	char value[100];
};

static void server_start(struct world *w)
{
	w->pid = fork();
	if (!w->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("redis-server", "redis-server", w->conf, (char *)NULL);
		_exit(1);
	}
}

static void server_stop(struct world *w)
{
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
}

static void conn_h(struct zj_redis *r, bool up, void *arg)
{
	struct world *w = arg;

	(void)r;
	w->up = up;
	w->down = !up;
}

static void answer_h(int err, redisReply *reply, void *arg)
{
	struct world *w = arg;

	w->answered = true;
	w->answers++;
	w->gone += err == ENOTCONN;
	snprintf(w->value, sizeof(w->value), "%s", err ? "gone" : reply->str ? reply->str : "");
}

static void conf_write(const struct world *w)
{
	FILE *f = fopen(w->conf, "w");

	fprintf(f,
		"port 0\nunixsocket %s\ndir %s\nsave \"\"\nlogfile /dev/null\nuser zongji on >secret ~* +@all\nuser "
		"default off\n",
		w->path, w->dir);
	fclose(f);
}

static int setup_with(void **state, const char *password)
{
	struct world *w = calloc(1, sizeof(*w));

	uv_loop_init(&w->loop);
	strcpy(w->dir, "/tmp/zj-redis-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/s", w->dir);
	snprintf(w->conf, sizeof(w->conf), "%s/conf", w->dir);
	conf_write(w);
	server_start(w);
	assert_int_equal(zj_redis_alloc(&w->redis, &w->loop, w->path, "zongji", password, conn_h, w), 0);
	assert_int_equal(zj_redis_cmd(w->redis, answer_h, w, "PING"), ENOTCONN);
	*state = w;
	return 0;
}

static int setup(void **state)
{
	struct world *w;

	setup_with(state, "secret");
	w = *state;
	loop_until(&w->loop, &w->up);
	return 0;
}

static int setup_wrong(void **state)
{
	return setup_with(state, "wrong");
}

static int teardown(void **state)
{
	struct world *w = *state;
	char cmd[80];

	zj_redis_close(w->redis);
	loop_end(&w->loop);
	server_stop(w);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", w->dir);
	assert_int_equal(system(cmd), 0);
	free(w);
	assert_int_equal(zj_objects_alive(), 0);
	return 0;
}

static void commands_are_answered_in_order(void **state)
{
	struct world *w = *state;
	const char *argv[] = {"SET", "k", "a b"};
	const size_t len[] = {3, 1, 3};

	assert_int_equal(zj_redis_argv(w->redis, NULL, NULL, 3, argv, len), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(zj_redis_cmd(w->redis, answer_h, w, "GET %s", "k"), 0);
	while (w->answers < 1000)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_string_equal(w->value, "a b");
	w->answered = false;
	zj_redis_cmd(w->redis, answer_h, w, "NOSUCH");
	loop_until(&w->loop, &w->answered);
	assert_non_null(strstr(w->value, "unknown command"));
}

static void a_killed_server_is_noticed_and_found_again(void **state)
{
	struct world *w = *state;

	kill(w->pid, SIGSTOP); /* so that the answer cannot come before the end */
	assert_int_equal(zj_redis_cmd(w->redis, answer_h, w, "PING"), 0);
	loop_for(&w->loop, 20);
	server_stop(w);
	loop_until(&w->loop, &w->down);
	assert_int_equal(w->gone, 1);
	assert_int_equal(zj_redis_cmd(w->redis, answer_h, w, "PING"), ENOTCONN);
	server_start(w);
	loop_until(&w->loop, &w->up);
	w->answered = false;
	assert_int_equal(zj_redis_cmd(w->redis, answer_h, w, "PING"), 0);
	loop_until(&w->loop, &w->answered);
	assert_string_equal(w->value, "PONG");
}

static void a_silent_server_is_given_up(void **state)
{
	struct world *w = *state;

	kill(w->pid, SIGSTOP);
	assert_int_equal(zj_redis_cmd(w->redis, answer_h, w, "PING"), 0);
	loop_until(&w->loop, &w->down); /* 3 s, of the 10 that loop_until waits */
	assert_int_equal(w->gone, 1);
	kill(w->pid, SIGCONT);
	loop_until(&w->loop, &w->up);
}

static void a_wrong_password_is_not_up(void **state)
{
	struct world *w = *state;

	loop_for(&w->loop, 500);
	assert_false(zj_redis_is_up(w->redis));
	assert_false(w->up);
}

static void a_refused_tcp_port_is_tried_again(void **state)
{
	struct zj_redis *r;
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	assert_int_equal(zj_redis_alloc(&r, &loop, "127.0.0.1:1", NULL, NULL, NULL, NULL), 0);
	loop_for(&loop, 300);
	assert_false(zj_redis_is_up(r));
	zj_redis_close(r);
	loop_end(&loop);
	assert_int_equal(zj_objects_alive(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commands_are_answered_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_killed_server_is_noticed_and_found_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_silent_server_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_password_is_not_up, setup_wrong, teardown),
		cmocka_unit_test(a_refused_tcp_port_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
