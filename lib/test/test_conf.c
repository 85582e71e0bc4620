#include "testing.h"
#include "zj_conf.h"
#include "zj_log.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct conf {
	char *name, *secret, *log, *log_level;
	int64_t port;
	bool fast;
};

static const struct zj_conf_row rows[] = {
	{"name", ZJ_CONF_STR, offsetof(struct conf, name), NULL, 2, 5, "a name"},
	{"secret", ZJ_CONF_SECRET, offsetof(struct conf, secret), "", 0, 0, "a secret"},
	{"port", ZJ_CONF_INT, offsetof(struct conf, port), "80", 1, 65535, "a port"},
	{"fast", ZJ_CONF_BOOL, offsetof(struct conf, fast), "no", 0, 0, "whether"},
	{"log", ZJ_CONF_STR, offsetof(struct conf, log), "", 0, 0, "the log's path"},
	{"log_level", ZJ_CONF_STR, offsetof(struct conf, log_level), "info", 0, 0, "error, warn, info or debug"},
	{NULL, 0, 0, NULL, 0, 0, NULL},
};

static char path[] = "/tmp/zj-conf-XXXXXX";

static void file_write(const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static int load(struct conf *c, const char *text, char *why)
{
	*c = (struct conf){0};
	file_write(text);
	return zj_conf_load("my-part", rows, c, path, why, 300);
}

static void values_come_from_file_environment_and_default(void **state)
{
	struct conf c;
	char why[300];

	(void)state;
	assert_int_equal(load(&c, "# comment\n\n  name=abc # d\nfast = Yes\n", why),
			 EINVAL); /* a value is the whole rest of the line */
	assert_int_equal(load(&c, "# comment\n\n  name = abc  \nfast = Yes\nsecret = a=b\n", why), 0);
	assert_string_equal(c.name, "abc");
	assert_string_equal(c.secret, "a=b");
	assert_int_equal(c.port, 80);
	assert_true(c.fast);
	zj_conf_free(rows, &c);
	setenv("ZJ_MY_PART_PORT", "81", 1);
	setenv("ZJ_MY_PART_NAME", "env", 1);
	assert_int_equal(load(&c, "name = abc\nport = 82\n", why), 0);
	assert_int_equal(c.port, 81);
	assert_string_equal(c.name, "env");
	zj_conf_free(rows, &c);
	assert_int_equal(zj_conf_load("my-part", rows, &c, NULL, why, sizeof(why)), 0);
	zj_conf_free(rows, &c);
	setenv("ZJ_MY_PART_PORT", "x", 1);
	assert_int_equal(load(&c, "", why), EINVAL);
	assert_string_equal(why, "ZJ_MY_PART_PORT must be a whole number");
	unsetenv("ZJ_MY_PART_PORT");
	unsetenv("ZJ_MY_PART_NAME");
	assert_int_equal(zj_objects_alive(), 0);
}

static void every_fault_is_named(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"name = abc\nnope = 1\n", ":2: nope is not a known key (--print-config shows them)"},
		{"name = abc\nname = abd\n", ":2: name is given twice"},
		{"name\n", ":1: expected `key = value`"},
		{"name = a\n", ":1: name must have 2 to 5 characters, it has 1"},
		{"name = abc\nport = 0\n", ":2: port must be between 1 and 65535, it is 0"},
		{"name = abc\nport = 99999999999999999999\n", ":2: port must be a whole number"},
		{"name = abc\nport = 8x\n", ":2: port must be a whole number"},
		{"name = abc\nfast = maybe\n", ":2: fast must be yes or no"},
		{"port = 1\n", "name must be given"},
	};
	struct conf c;
	char why[300];

	(void)state;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		assert_int_equal(load(&c, cases[i].text, why), EINVAL);
		assert_non_null(strstr(why, cases[i].says));
		assert_int_equal(zj_objects_alive(), 0);
	}
	assert_int_equal(zj_conf_load("my-part", rows, &c, "/nonexistent", why, sizeof(why)), EINVAL);
	assert_string_equal(why, "/nonexistent: No such file or directory");
}

static void a_daemon_starts_checks_or_refuses(void **state)
{
	struct conf c = {0};
	char *check[] = {"x", "--config", path, "--check", NULL}, *go[] = {"x", "--config", path, NULL},
	     *stray[] = {"x", "y", NULL};

	(void)state;
	file_write("name = abc\n");
	optind = 0;
	assert_int_equal(zj_daemon_start(4, check, "my-part", rows, &c), 0);
	optind = 0;
	assert_int_equal(zj_daemon_start(3, go, "my-part", rows, &c), -1);
	zj_conf_free(rows, &c);
	optind = 0;
	assert_int_equal(zj_daemon_start(2, stray, "my-part", rows, &c), 2);
	file_write("name = abc\nlog_level = loud\n");
	optind = 0;
	assert_int_equal(zj_daemon_start(3, go, "my-part", rows, &c), 1);
	zj_conf_free(rows, &c);
}

static void a_log_line_carries_the_context_and_is_one_line(void **state)
{
	char log[] = "/tmp/zj-log-XXXXXX", moved[40], text[3000] = "", cmd[100];
	struct zj_log_ctx former;
	FILE *f;

	(void)state;
	close(mkstemp(log));
	assert_int_equal(zj_log_open("part", log, ZJ_INFO), 0);
	former = zj_log_with((struct zj_log_ctx){.tenant = "t1", .call = "c1"});
	zj_info("sub", "hello a=%s", zj_log_esc("x y\n\"\x01"));
	zj_info("sub", "said itself call=%s", "c2");
	zj_log_with(former);
	zj_warn("sub", "two\nlines");
	zj_debug("sub", "hidden");
	snprintf(moved, sizeof(moved), "%s.1", log);
	rename(log, moved);
	raise(SIGHUP);
	zj_error("sub", "in the new file %0500d", 1);
	assert_int_equal(zj_log_open("part", NULL, ZJ_INFO), 0);
	f = fopen(moved, "r");
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_non_null(strstr(text, " info part sub: hello a=x\\x20y\\x0a\\x22\\x01 tenant=t1 call=c1\n"));
	assert_non_null(strstr(text, " sub: said itself call=c2 tenant=t1\n"));
	assert_non_null(strstr(text, " warn part sub: two lines\n"));
	assert_null(strstr(text, "hidden"));
	snprintf(cmd, sizeof(cmd), "grep -q ' error part sub: in the new file' %s", log);
	assert_int_equal(system(cmd), 0);
	unlink(log);
	unlink(moved);
}

static int begin(void **state)
{
	(void)state;
	close(mkstemp(path));
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_from_file_environment_and_default),
		cmocka_unit_test(every_fault_is_named),
		cmocka_unit_test(a_daemon_starts_checks_or_refuses),
		cmocka_unit_test(a_log_line_carries_the_context_and_is_one_line),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
