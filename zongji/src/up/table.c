/* The table of processes: JSON, checked whole before anything is started. */
#include "up/up.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int number;
} signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"KILL", SIGKILL}};

static int complain(char *why, size_t size, const char *name, const char *rule)
{
	snprintf(why, size, "process %s: %s", name ? name : "?", rule);
	return EINVAL;
}

static int read_argv(struct up_spec *s, json_t *row, char *why, size_t size)
{
	json_t *argv = json_object_get(row, "argv"), *arg;
	size_t i;

	if (!json_is_array(argv) || json_array_size(argv) == 0 || json_array_size(argv) > UP_ARGS_MAX)
		return complain(why, size, s->name, "argv must be a list of 1 to 64 texts");
	json_array_foreach (argv, i, arg) {
		s->argv[i] = json_string_value(arg);
		if (!s->argv[i])
			return complain(why, size, s->name, "argv must be a list of texts");
	}
	return 0;
}

static int read_ready(struct up_spec *s, json_t *row, char *why, size_t size)
{
	json_t *ready = json_object_get(row, "ready"), *tcp, *health;

	if (!ready)
		return 0;
	s->probe_path = json_string_value(json_object_get(ready, "unix"));
	tcp = json_object_get(ready, "tcp");
	health = json_object_get(ready, "health");
	if (s->probe_path) {
		s->probe = UP_PROBE_UNIX;
		return strlen(s->probe_path) > 107 ? complain(why, size, s->name, "ready.unix: at most 107 characters")
						   : 0;
	}
	s->probe = tcp ? UP_PROBE_TCP : UP_PROBE_HEALTH;
	s->probe_port = (int)json_integer_value(tcp ? tcp : health);
	if (s->probe_port < 1 || s->probe_port > 65535)
		return complain(why, size, s->name, "ready must be {unix: path}, {tcp: port} or {health: port}");
	return 0;
}

/* `after` names rows above, so that the table cannot have a circle. */
static int read_after(struct up *up, struct up_spec *s, json_t *row, char *why, size_t size)
{
	json_t *after = json_object_get(row, "after"), *name;
	size_t i, k;

	json_array_foreach (after, i, name) {
		for (k = 0; k < up->n; k++) {
			if (json_is_string(name) && !strcmp(up->children[k].spec.name, json_string_value(name)))
				break;
		}
		if (k == up->n)
			return complain(why, size, s->name, "`after` must name processes above it in the table");
		s->after[s->after_n++] = k;
	}
	return 0;
}

static int read_row(struct up *up, json_t *row, char *why, size_t size)
{
	struct up_spec *s = &up->children[up->n].spec;
	const char *stop = json_string_value(json_object_get(row, "stop"));
	int err;

	s->name = json_string_value(json_object_get(row, "name"));
	if (!s->name || !*s->name)
		return complain(why, size, NULL, "needs a name");
	s->user = json_string_value(json_object_get(row, "user"));
	s->once = json_is_true(json_object_get(row, "once"));
	s->stop_signal = SIGTERM;
	if (stop) {
		s->stop_signal = 0;
		for (size_t i = 0; i < ZJ_ARRAY_SIZE(signals); i++) {
			if (!strcmp(signals[i].name, stop))
				s->stop_signal = signals[i].number;
		}
		if (!s->stop_signal)
			return complain(why, size, s->name, "stop must be TERM, INT, QUIT or KILL");
	}
	err = read_argv(s, row, why, size);
	if (!err)
		err = read_ready(s, row, why, size);
	if (!err)
		err = read_after(up, s, row, why, size);
	if (!err)
		up->n++;
	return err;
}

int up_table_load(struct up *up, const char *path, char *why, size_t size)
{
	json_error_t e;
	json_t *row;
	size_t i;

	up->table = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	if (!up->table) {
		snprintf(why, size, "%s:%d:%d: %s", path, e.line, e.column, e.text);
		return EINVAL;
	}
	if (!json_is_array(up->table) || json_array_size(up->table) > UP_CHILDREN_MAX) {
		snprintf(why, size, "%s: must be a list of at most %d processes", path, UP_CHILDREN_MAX);
		return EINVAL;
	}
	json_array_foreach (up->table, i, row) {
		if (read_row(up, row, why, size))
			return EINVAL;
	}
	return 0;
}
