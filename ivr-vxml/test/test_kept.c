/* How long a fetched sound may be used, and what is asked about it afterwards. */
#include "kept.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char file[] = "/tmp/zj-kept-XXXXXX";

static int setup(void **state ZJ_UNUSED)
{
	int fd = mkstemp(file);

	close(fd);
	return fd < 0;
}

static int teardown(void **state ZJ_UNUSED)
{
	return unlink(file);
}

/* What is kept after an answer with these header lines, at 1000 ms. */
static const struct vx_kept *after(struct vx_kept_list **list, const char *const *lines)
{
	struct vx_validators v = {.max_age_s = -1};

	for (; *lines; lines++)
		vx_validators_take(&v, *lines, strlen(*lines));
	vx_kept_put(list, "http://a/b", file, &v, 1000);
	vx_validators_clear(&v);
	return vx_kept_find(list, "http://a/b");
}

static void lifetimes(void **state ZJ_UNUSED)
{
	static const struct {
		const char *line;
		uint64_t until;
	} cases[] = {
		{"Content-Type: audio/wav\r\n", 61000},
		{"Cache-Control: max-age=5\r\n", 6000},
		{"cache-control: public, max-age=7\r\n", 8000},
		{"Cache-Control: no-cache\r\n", 1000},
		{"Cache-Control: no-store, max-age=100\r\n", 1000},
		{"Cache-Control: max-age=999999999\r\n", 1000 + 86400000},
		{"Cache-Control: max-age=-5\r\n", 1000},
		{"Cache-Control: max-age=nonsense\r\n", 1000},
	};
	struct vx_kept_list *list = NULL;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++)
		assert_int_equal(after(&list, (const char *[]){"HTTP/1.1 200 OK\r\n", cases[i].line, NULL})->until,
				 cases[i].until);
	vx_kept_clear(&list);
}

static void validators(void **state ZJ_UNUSED)
{
	struct vx_kept_list *list = NULL;
	const struct vx_kept *k =
		after(&list,
		      (const char *[]){"HTTP/1.1 302 Found\r\n", "ETag: \"of the redirect\"\r\n", "HTTP/1.1 200 OK\r\n",
				       "ETAG:  \"x1\" \r\n", "Last-Modified: Sun, 29 Nov 2026 10:00:00 GMT\r\n", NULL});

	assert_string_equal(k->etag, "\"x1\"");
	assert_string_equal(k->modified, "Sun, 29 Nov 2026 10:00:00 GMT");
	k = after(&list, (const char *[]){"HTTP/2 200\r\n", "ETag:\r\n", NULL}); /* replaces it */
	assert_null(k->etag);
	assert_null(k->modified);
	vx_kept_clear(&list);
	assert_null(vx_kept_find(&list, "http://a/b"));
}

static void gone(void **state ZJ_UNUSED)
{
	struct vx_kept_list *list = NULL;
	struct vx_validators v = {.max_age_s = -1};

	vx_kept_put(&list, "http://a/c", "/tmp/no such file", &v, 0);
	assert_null(vx_kept_find(&list, "http://a/c"));
	for (int i = 0; i < 3000; i++) {
		char url[40];
		snprintf(url, sizeof(url), "http://a/%d", i);
		vx_kept_put(&list, url, file, &v, 0);
	}
	assert_null(vx_kept_find(&list, "http://a/0")); /* the oldest go */
	assert_non_null(vx_kept_find(&list, "http://a/2999"));
	vx_kept_clear(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lifetimes), cmocka_unit_test(validators),
					   cmocka_unit_test(gone)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
