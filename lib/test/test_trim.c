#include "testing.h"
#include "zj_trim.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/zj-trim-XXXXXX";

static void put(const char *name, size_t bytes, time_t age_s)
{
	char path[200];
	struct timespec at[2] = {{.tv_sec = time(NULL) - age_s}, {.tv_sec = time(NULL) - age_s}};

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	assert_int_equal(futimens(fd, at), 0);
	close(fd);
}

static bool there(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void the_oldest_go_first_and_none_that_is_young(void **state ZJ_UNUSED)
{
	char inner[200];

	assert_non_null(mkdtemp(dir));
	snprintf(inner, sizeof(inner), "%s/folder", dir);
	assert_int_equal(mkdir(inner, 0700), 0);
	put("old", 1000, 9000);
	put("older", 1000, 99000);
	put("mid", 1000, 5000);
	put("new", 5000, 0);
	assert_int_equal(zj_trim(dir, 8000), 0);
	assert_true(there("older") && there("old")); /* it is not too much */
	assert_int_equal(zj_trim(dir, 7000), 0);
	assert_false(there("older"));
	assert_true(there("old") && there("mid") && there("new"));
	assert_int_equal(zj_trim(dir, 100), 0);
	assert_false(there("old") || there("mid"));
	assert_true(there("new") && there("folder"));
	assert_int_equal(zj_trim("/nonexistent", 1), ENOENT);
	unlinkat(AT_FDCWD, inner, AT_REMOVEDIR);
	snprintf(inner, sizeof(inner), "%s/new", dir);
	unlink(inner);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_oldest_go_first_and_none_that_is_young)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
