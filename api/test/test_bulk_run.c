/* bulk_run.c: a statement of one row becomes one of many. */
#include "rows/bulk.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char id[] = "018f0000-0000-7000-8000-00000000b17d";

static void check(struct res_sql *s, const char *statement, const char *values)
{
	json_t *v = NULL;
	char *out = api_bulk_statement(s, id, &v);
	assert_non_null(out);
	assert_string_equal(out, statement);
	char *text = json_dumps(v, JSON_COMPACT);
	assert_string_equal(text, values);
	free(text);
	free(out);
	json_decref(v);
	res_sql_free(s);
}

static void test_parameters(void **state)
{
	(void)state;
	struct res_sql s = {0};
	res_buf_add(&s.text, "update t set a = ");
	res_sql_param(&s, "x", "text");
	res_buf_add(&s.text, ", b = ");
	res_sql_param(&s, NULL, "int");
	res_buf_add(&s.text, " where id = ");
	res_sql_param(&s, id, "uuid");
	check(&s, "update t set a = ($2)[1]::text, b = ($2)[2]::int where id = $1::uuid",
	      "[\"x\",null,\"018f0000-0000-7000-8000-00000000b17d\"]");
}

/* What stands between quotes is nobody's parameter: a mask, a column's name, a doubled quote. */
static void test_quotes(void **state)
{
	(void)state;
	struct res_sql s = {0};
	res_buf_add(&s.text, "select zj.zj_mask('$1', t.\"$2\") || 'it''s $3' || \"a\"\"$1\" where t.id = ");
	res_sql_param(&s, id, "uuid");
	check(&s, "select zj.zj_mask('$1', t.\"$2\") || 'it''s $3' || \"a\"\"$1\" where t.id = $1::uuid",
	      "[\"018f0000-0000-7000-8000-00000000b17d\"]");
}

/* More than nine, and a quote that never ends. */
static void test_many(void **state)
{
	(void)state;
	struct res_sql s = {0};
	for (int i = 0; i < 12; i++)
		res_sql_param(&s, "v", NULL);
	res_buf_add(&s.text, " 'open $1");
	check(&s, "($2)[1]($2)[2]($2)[3]($2)[4]($2)[5]($2)[6]($2)[7]($2)[8]($2)[9]($2)[10]($2)[11]($2)[12] 'open $1",
	      "[\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\"]");
}

static void test_nothing(void **state)
{
	(void)state;
	struct res_sql s = {0};
	json_t *v = NULL;
	char *out = api_bulk_statement(&s, id, &v);
	assert_null(out); /* there was no statement */
	assert_null(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parameters), cmocka_unit_test(test_quotes),
					   cmocka_unit_test(test_many), cmocka_unit_test(test_nothing)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
