/* zongji ctl, zongji ping: ask the running supervisor. */
#include "ask.h"
#include "zongji.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS      5000
#define PING_PATIENCE_MS 500

static json_t *ask_up(const struct zongji_conf *conf, const char *method, json_t *params, unsigned patience_ms)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/sock/up.sock", conf->run);
	return ask(path, NULL, method, params, patience_ms);
}

static int signal_number(const char *s)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {{"KILL", SIGKILL}, {"TERM", SIGTERM}, {"INT", SIGINT},   {"HUP", SIGHUP},
		     {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"STOP", SIGSTOP}, {"CONT", SIGCONT}};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i].name, s))
			return names[i].number;
	}
	return atoi(s);
}

static void print_process(const json_t *row)
{
	printf("%-14s %-9s pid=%-7d restarts=%d\n", json_string_value(json_object_get(row, "name")),
	       json_string_value(json_object_get(row, "state")), (int)json_integer_value(json_object_get(row, "pid")),
	       (int)json_integer_value(json_object_get(row, "restarts")));
}

int cmd_ctl(const struct zongji_conf *conf, int argc, char **argv)
{
	json_t *params, *result, *row;
	size_t i;

	if (argc < 2) {
		fprintf(stderr, "usage: zongji ctl list | ready | stop NAME | start NAME | kill NAME SIGNAL\n");
		return 2;
	}
	params = json_object();
	if (argc > 2)
		json_object_set_new(params, "name", json_string(argv[2]));
	if (argc > 3)
		json_object_set_new(params, "signal", json_integer(signal_number(argv[3])));
	result = ask_up(conf, argv[1], params, PATIENCE_MS);
	if (!result)
		return 1;
	if (json_object_get(result, "processes")) {
		json_array_foreach (json_object_get(result, "processes"), i, row)
			print_process(row);
	} else if (json_object_get(result, "name")) {
		print_process(result);
	}
	json_decref(result);
	return 0;
}

int cmd_ping(const struct zongji_conf *conf, int argc ZJ_UNUSED, char **argv ZJ_UNUSED)
{
	json_t *result = ask_up(conf, "list", json_object(), PING_PATIENCE_MS);
	int code = json_is_true(json_object_get(result, "ready")) ? 0 : 1;

	json_decref(result);
	return code;
}
