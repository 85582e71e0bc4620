#include "testing.h"
#include "zj_spool.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
	uv_loop_t loop;
	char dir[32];
	struct zj_spool *spool;
};

static void reopen(struct world *w)
{
	zj_spool_close(w->spool);
	loop_for(&w->loop, 5);
	assert_int_equal(zj_spool_open(&w->spool, &w->loop, w->dir), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	uv_loop_init(&w->loop);
	strcpy(w->dir, "/tmp/zj-spool-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(zj_spool_open(&w->spool, &w->loop, w->dir), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char cmd[80];

	zj_spool_close(w->spool);
	loop_end(&w->loop);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", w->dir);
	assert_int_equal(system(cmd), 0);
	free(w);
	assert_int_equal(zj_objects_alive(), 0);
	return 0;
}

static int append(struct zj_spool *s, int n, size_t padding)
{
	char *pad = calloc(1, padding + 1);
	json_t *r;
	int err;

	memset(pad, 'x', padding);
	r = json_pack("{s:i, s:s}", "n", n, "pad", pad);
	err = zj_spool_append(s, r);
	json_decref(r);
	free(pad);
	return err;
}

/* Takes all there is in batches of `max`, checks that they run from `from` on; returns how many. */
static int take(struct zj_spool *s, int from, size_t max)
{
	json_t *records[1000];
	int taken = 0;
	size_t n;

	while (!zj_spool_peek(s, max, records, &n) && n) {
		for (size_t i = 0; i < n; i++)
			assert_int_equal(json_integer_value(json_object_get(records[i], "n")), from + taken + (int)i);
		assert_int_equal(zj_spool_done(s, n), 0);
		taken += (int)n;
	}
	return taken;
}

static void raw_append(struct world *w, const char *text)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/0000000000000001.log", w->dir);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void records_come_back_in_order_and_once(void **state)
{
	struct world *w = *state;
	json_t *records[10];
	size_t n;

	for (int i = 0; i < 100; i++)
		assert_int_equal(append(w->spool, i, 10), 0);
	assert_int_equal(zj_spool_waiting(w->spool), 100);
	assert_int_equal(zj_spool_peek(w->spool, 7, records, &n), 0);
	assert_int_equal(n, 7);
	assert_int_equal(zj_spool_done(w->spool, 3), 0);
	assert_int_equal(zj_spool_done(w->spool, 5), EINVAL); /* more than is handed out */
	reopen(w);
	assert_int_equal(zj_spool_waiting(w->spool), 97);
	assert_int_equal(take(w->spool, 3, 10), 97);
	assert_int_equal(zj_spool_waiting(w->spool), 0);
	reopen(w);
	assert_int_equal(take(w->spool, 0, 10), 0);
	assert_int_equal(append(w->spool, 100, 0), 0);
	assert_int_equal(take(w->spool, 100, 10), 1);
}

static void segments_change_and_go(void **state)
{
	struct world *w = *state;
	char pattern[80];
	glob_t g;

	for (int i = 0; i < 90; i++)
		assert_int_equal(append(w->spool, i, 900 * 1000), 0);
	snprintf(pattern, sizeof(pattern), "%s/*.log", w->dir);
	glob(pattern, 0, NULL, &g);
	assert_in_range(g.gl_pathc, 5, 6);
	globfree(&g);
	reopen(w);
	assert_int_equal(take(w->spool, 0, 50), 90);
	glob(pattern, 0, NULL, &g);
	assert_int_equal(g.gl_pathc, 1);
	globfree(&g);
	reopen(w);
	assert_int_equal(append(w->spool, 90, 10), 0);
	assert_int_equal(take(w->spool, 90, 50), 1);
	loop_for(&w->loop, 250); /* syncs end */
	assert_int_equal(zj_spool_failures(w->spool), 0);
}

static void kill_9_loses_nothing_that_was_kept(void **state)
{
	struct world *w = *state;
	int pipes[2], n = 0, last = -1;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	zj_spool_close(w->spool);
	pid = fork();
	if (!pid) {
		uv_loop_t loop;
		struct zj_spool *s;

		uv_loop_init(&loop);
		if (zj_spool_open(&s, &loop, w->dir))
			_exit(1);
		for (int i = 0;; i++) {
			if (append(s, i, 100) || write(pipes[1], &i, sizeof(i)) != sizeof(i))
				_exit(1);
		}
	}
	close(pipes[1]);
	while (n++ < 2000)
		assert_int_equal(read(pipes[0], &last, sizeof(last)), sizeof(last));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (read(pipes[0], &n, sizeof(n)) == sizeof(n))
		last = n;
	close(pipes[0]);
	assert_int_equal(zj_spool_open(&w->spool, &w->loop, w->dir), 0);
	assert_in_range(take(w->spool, 0, 100), last + 1, last + 2);
}

static void a_torn_last_line_is_cut_off(void **state)
{
	struct world *w = *state;

	append(w->spool, 0, 10);
	raw_append(w, "{\"n\":1,\"pa");
	reopen(w);
	assert_int_equal(append(w->spool, 1, 10), 0);
	assert_int_equal(take(w->spool, 0, 10), 2);
}

static void a_line_that_is_no_record_goes_to_dead(void **state)
{
	struct world *w = *state;
	char cmd[120];

	append(w->spool, 0, 10);
	raw_append(w, "rubbish\xff\n[1]\n");
	reopen(w);
	append(w->spool, 1, 10);
	assert_int_equal(zj_spool_waiting(w->spool), 4);
	assert_int_equal(take(w->spool, 0, 10), 2);
	assert_int_equal(zj_spool_waiting(w->spool), 0);
	snprintf(cmd, sizeof(cmd), "test $(cat %s/dead/*.log | grep -c 'not a JSON object') = 2", w->dir);
	assert_int_equal(system(cmd), 0);
}

static void texts_go_through_as_they_are(void **state)
{
	struct world *w = *state;
	const char *lines[10];
	size_t n;

	assert_int_equal(zj_spool_append_text(w->spool, "{\"n\":0}", 7), 0);
	assert_int_equal(zj_spool_append_text(w->spool, "{\"n\":\n1}", 8), EINVAL);
	assert_int_equal(zj_spool_append_text(w->spool, "[1]", 3), EINVAL);
	raw_append(w, "rubbish\xff\n");
	reopen(w);
	assert_int_equal(append(w->spool, 1, 0), 0);
	assert_int_equal(zj_spool_peek_text(w->spool, 10, lines, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(lines[0], "{\"n\":0}");
	assert_int_equal(zj_spool_done(w->spool, 1), 0);
	assert_int_equal(take(w->spool, 1, 10), 1); /* either way of reading; the rubbish is in dead/ */
	assert_int_equal(zj_spool_peek_text(w->spool, 10, lines, &n), 0);
	assert_int_equal(n, 0);
}

static void dead_keeps_record_and_error(void **state)
{
	struct world *w = *state;
	json_t *r = json_pack("{s:s}", "table", "call");
	char cmd[160];

	assert_int_equal(zj_spool_dead(w->spool, r, "violates \"x\""), 0);
	json_decref(r);
	snprintf(cmd, sizeof(cmd),
		 "jq -e '.error == \"violates \\\"x\\\"\" and .record.table == \"call\"' %s/dead/*.log >/dev/null",
		 w->dir);
	assert_int_equal(system(cmd), 0);
}

static void a_full_disk_keeps_nothing_by_halves(void **state)
{
	struct world *w = *state;
	struct rlimit old, small;

	append(w->spool, 0, 10);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 5000;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_not_equal(append(w->spool, 1, 10000), 0);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(zj_spool_failures(w->spool), 1);
	assert_int_equal(zj_spool_waiting(w->spool), 1);
	assert_int_equal(append(w->spool, 1, 10), 0);
	assert_int_equal(take(w->spool, 0, 10), 2);
}

static void a_broken_place_file_repeats_rather_than_loses(void **state)
{
	struct world *w = *state;
	char path[80];

	for (int i = 0; i < 5; i++)
		append(w->spool, i, 10);
	assert_int_equal(take(w->spool, 0, 10), 5);
	snprintf(path, sizeof(path), "%s/done", w->dir);
	assert_int_equal(truncate(path, 20), 0);
	reopen(w);
	assert_int_equal(take(w->spool, 0, 10), 5);
}

static void what_is_no_object_or_too_long_is_refused(void **state)
{
	struct world *w = *state;
	json_t *a = json_array();

	assert_int_equal(zj_spool_append(w->spool, a), EINVAL);
	json_decref(a);
	assert_int_equal(append(w->spool, 0, 1024 * 1024), EINVAL);
	assert_int_equal(zj_spool_waiting(w->spool), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(records_come_back_in_order_and_once),      CASE(segments_change_and_go),
		CASE(kill_9_loses_nothing_that_was_kept),       CASE(a_torn_last_line_is_cut_off),
		CASE(a_line_that_is_no_record_goes_to_dead),    CASE(texts_go_through_as_they_are),
		CASE(a_line_that_is_no_record_goes_to_dead),    CASE(dead_keeps_record_and_error),
		CASE(a_full_disk_keeps_nothing_by_halves),      CASE(a_broken_place_file_repeats_rather_than_loses),
		CASE(what_is_no_object_or_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
