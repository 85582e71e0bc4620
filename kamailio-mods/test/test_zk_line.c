/* Lines of COPY as PostgreSQL writes them: cut at tabs, escapes undone, nulls apart from empty texts. */
#include "zk_line.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MAX 4

static unsigned cut(char *line, const char **fields)
{
	return zk_line_cut(line, strlen(line), fields, MAX);
}

static void fields_nulls_and_empty_texts(void **state)
{
	char line[] = "a\t\\N\t\tlast\n";
	const char *f[MAX];
	(void)state;
	assert_int_equal(4, cut(line, f));
	assert_string_equal("a", f[0]);
	assert_null(f[1]);
	assert_string_equal("", f[2]);
	assert_string_equal("last", f[3]);
}

static void escapes(void **state)
{
	char line[] = "a\\tb\\\\n\\n\tx\\\\N\t\\\\N\tno\\r\\b\\f\\v\n";
	const char *f[MAX];
	(void)state;
	assert_int_equal(4, cut(line, f));
	assert_string_equal("a\tb\\n\n", f[0]);
	assert_string_equal("x\\N", f[1]);
	assert_string_equal("\\N", f[2]); /* a text of these two characters, no null */
	assert_string_equal("no\r\b\f\v", f[3]);
}

static void more_fields_than_asked_for_and_no_line(void **state)
{
	char line[] = "1\t2\t3\t4\t5\n", torn[] = "1\t2", empty[] = "", one[] = "\n";
	const char *f[MAX];
	(void)state;
	assert_int_equal(5, cut(line, f));
	assert_string_equal("4", f[3]);
	assert_int_equal(0, cut(torn, f));
	assert_int_equal(0, cut(empty, f));
	assert_int_equal(1, cut(one, f));
	assert_string_equal("", f[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_nulls_and_empty_texts),
		cmocka_unit_test(escapes),
		cmocka_unit_test(more_fields_than_asked_for_and_no_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
