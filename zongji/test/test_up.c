/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h> /* wants those before it */
/* clang-format on */
#include "ask.h"
#include "up/up.h"
#include "zj_time.h"
#include "zongji.h"
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/zj-up-XXXXXX", sock[64];

static void file_write(const char *name, const char *text)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static bool file_is_there(const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void each_fault_of_the_table_is_named(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"[", "processes.json:1:1: "},
		{"{}", "must be a list of at most 64 processes"},
		{"[{}]", "process ?: needs a name"},
		{"[{\"name\":\"a\"}]", "process a: argv must be a list of 1 to 64 texts"},
		{"[{\"name\":\"a\",\"argv\":[1]}]", "process a: argv must be a list of texts"},
		{"[{\"name\":\"a\",\"argv\":[\"x\"],\"stop\":\"HUP\"}]",
		 "process a: stop must be TERM, INT, QUIT or KILL"},
		{"[{\"name\":\"a\",\"argv\":[\"x\"],\"after\":[\"b\"]}]",
		 "process a: `after` must name processes above it"},
		{"[{\"name\":\"a\",\"argv\":[\"x\"],\"ready\":{\"tcp\":70000}}]", "process a: ready must be"},
	};
	char path[100], why[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/etc/processes.json", dir);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct up *up = calloc(1, sizeof(*up));

		file_write("etc/processes.json", cases[i].text);
		assert_int_equal(up_table_load(up, path, why, sizeof(why)), EINVAL);
		if (!strstr(why, cases[i].says))
			fail_msg("%s does not say %s", why, cases[i].says);
		json_decref(up->table);
		free(up);
	}
}

static uint16_t free_port(void)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	getsockname(fd, (struct sockaddr *)&sa, &len);
	close(fd);
	return ntohs(sa.sin_port);
}

static pid_t supervisor_start(void)
{
	struct zongji_conf conf = {.run = dir, .health_port = free_port()};
	char *argv[] = {"up", NULL};
	pid_t pid = fork();

	if (!pid) {
		if (!freopen(getenv("UPLOG") ? getenv("UPLOG") : "/dev/null", "a", stderr))
			_exit(99);
		_exit(cmd_up(&conf, 1, argv));
	}
	return pid;
}

static json_t *list(void)
{
	return ask(sock, NULL, "list", json_object(), 2000);
}

/* Waits for `name` in `state`, under another pid than `not`; its pid. */
static pid_t await_state(const char *name, const char *state, pid_t not )
{
	for (int64_t end = zj_mono_us() + 10000000; zj_mono_us() < end; usleep(20000)) {
		json_t *answer = list(), *row;
		pid_t pid = -1;
		size_t i;

		json_array_foreach (json_object_get(answer, "processes"), i, row) {
			if (!strcmp(json_string_value(json_object_get(row, "name")), name) &&
			    !strcmp(json_string_value(json_object_get(row, "state")), state))
				pid = (pid_t)json_integer_value(json_object_get(row, "pid"));
		}
		json_decref(answer);
		if (pid >= 0 && pid != not )
			return pid;
	}
	fail_msg("%s is not %s", name, state);
	return -1;
}

static void told(const char *method, json_t *params)
{
	json_t *answer = ask(sock, NULL, method, params, 2000);

	assert_non_null(answer);
	json_decref(answer);
}

static void await_gone(pid_t pid)
{
	for (int i = 0; i < 500 && !kill(pid, 0); i++)
		usleep(10000);
	assert_int_equal(kill(pid, 0), -1);
}

static void a_tree_of_processes_lives_and_ends(void **state)
{
	pid_t up, base, child;
	int status;

	(void)state;
	/* `base` comes after a step that runs once; its child process belongs to its group and must go with it */
	file_write("etc/processes.json",
		   "[{\"name\":\"once\",\"once\":true,\"argv\":[\"sh\",\"-c\",\"sleep 0.1; exit 0\"]},"
		   " {\"name\":\"base\",\"after\":[\"once\"],\"argv\":[\"sh\",\"-c\",\"sleep 1000 & echo $! > child; "
		   "sleep 1001\"]},"
		   " {\"name\":\"top\",\"after\":[\"base\"],\"argv\":[\"sleep\",\"1002\"]}]");
	if (chdir(dir))
		abort();
	up = supervisor_start();
	assert_true(await_state("top", "ready", 0) > 0);
	base = await_state("base", "ready", 0);
	await_state("once", "done", -1);
	assert_true(file_is_there("ready.json"));

	kill(base, SIGKILL);
	assert_true(await_state("base", "ready", base) > 0); /* again, by itself */
	told("stop", json_pack("{s:s}", "name", "top"));
	await_state("top", "stopped", -1);
	told("start", json_pack("{s:s}", "name", "top"));
	child = await_state("top", "ready", 0);
	told("kill", json_pack("{s:s, s:i}", "name", "top", "signal", SIGTERM));
	assert_true(await_state("top", "ready", child) > 0);

	base = await_state("base", "ready", 0);
	child = await_state("top", "ready", 0);
	kill(up, SIGTERM);
	waitpid(up, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	await_gone(base);
	await_gone(child);
	assert_false(file_is_there("ready.json"));
}

static void a_killed_supervisor_leaves_nothing(void **state)
{
	pid_t up, child;

	(void)state;
	file_write("etc/processes.json", "[{\"name\":\"a\",\"argv\":[\"sleep\",\"1003\"]}]");
	up = supervisor_start();
	child = await_state("a", "ready", 0);
	kill(up, SIGKILL);
	waitpid(up, NULL, 0);
	await_gone(child);
	up = supervisor_start(); /* a dead one's socket is no obstacle */
	await_state("a", "ready", child);
	kill(up, SIGINT);
	waitpid(up, NULL, 0);
}

static void what_cannot_start_is_tried_again(void **state)
{
	pid_t up;

	(void)state;
	file_write("etc/processes.json",
		   "[{\"name\":\"a\",\"argv\":[\"./late\"],\"ready\":{\"unix\":\"/nonexistent\"}},"
		   " {\"name\":\"b\",\"argv\":[\"./late\"]}]");
	up = supervisor_start();
	usleep(300000);
	file_write("late", "#!/bin/sh\nexec sleep 1004\n");
	chmod("late", 0700);
	await_state("b", "ready", 0);
	await_state("a", "starting", 0); /* it runs, but is not ready: nothing answers */
	assert_false(file_is_there("ready.json"));
	kill(up, SIGTERM);
	waitpid(up, NULL, 0);
}

static int begin(void **state)
{
	char path[100];

	(void)state;
	if (!mkdtemp(dir))
		abort();
	for (const char *const *d = (const char *const[]){"etc", "log", "sock", NULL}; *d; d++) {
		snprintf(path, sizeof(path), "%s/%s", dir, *d);
		mkdir(path, 0700);
	}
	snprintf(sock, sizeof(sock), "%s/sock/up.sock", dir);
	return 0;
}

static int end(void **state)
{
	char cmd[100];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_of_the_table_is_named),
		cmocka_unit_test(a_tree_of_processes_lives_and_ends),
		cmocka_unit_test(a_killed_supervisor_leaves_nothing),
		cmocka_unit_test(what_cannot_start_is_tried_again),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
