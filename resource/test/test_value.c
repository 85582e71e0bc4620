/* Values: what is stored of what was sent, cells of files, what the database is asked first. */
#include "catalogue.h"
#include "query.h"

static const char customs[] =
	"[{\"resource\":\"widgets\",\"name\":\"maker\",\"zh\":\"厂\",\"type\":\"text\",\"enabled\":true,\"required\":"
	"true,"
	"\"default_value\":\"ACME\"},"
	"{\"resource\":\"widgets\",\"name\":\"born\",\"zh\":\"生\",\"type\":\"datetime\",\"enabled\":true},"
	"{\"resource\":\"widgets\",\"name\":\"parts\",\"zh\":\"件\",\"type\":\"multi\",\"enabled\":true,\"choices\":["
	"\"a\","
	"\"b\"]},"
	"{\"resource\":\"widgets\",\"name\":\"tree\",\"zh\":\"树\",\"type\":\"cascade\",\"enabled\":true,\"dictionary_"
	"id\":"
	"\"018f0000-0000-7000-8000-00000000000d\"},"
	"{\"resource\":\"widgets\",\"name\":\"count\",\"zh\":\"数\",\"type\":\"integer\",\"enabled\":true},"
	"{\"resource\":\"widgets\",\"name\":\"paper\",\"zh\":\"附\",\"type\":\"attachment\",\"enabled\":true}]";

static struct res_view *view;

static int setup(void **state)
{
	int err = catalogue_setup(state);
	if (!err)
		view = widgets_seen(state, RES_ROLE_TENANT, NULL, NULL, customs);
	return err;
}

static int teardown(void **state)
{
	view = zj_deref(view);
	return catalogue_teardown(state);
}

static void read_body(struct res_values *values, bool creating, const char *text)
{
	struct res_problem p = {0};
	json_t *body = json_loads(text, 0, NULL);
	if (!res_values_read(values, view, creating, body, &p)) {
		char *why = res_problem_text(&p, "r");
		fail_msg("%s: %s", text, why);
	}
	json_decref(body);
}

static void test_custom_values_are_merged(void **state ZJ_UNUSED)
{
	struct res_values values;
	struct res_sql s = {0};
	read_body(&values, false, "{\"custom\":{\"count\":5,\"born\":\"2026-01-01T08:00:00+08:00\",\"parts\":null}}");
	const struct res_value *v = res_values_find(&values, "custom");
	assert_string_equal(v->text, "{\"count\":5,\"born\":\"2026-01-01T00:00:00.000000Z\"}");
	assert_string_equal(v->unset, "{\"parts\"}");
	res_sql_update(&s, view, &values, "018f0000-0000-7000-8000-000000000000", NULL);
	assert_non_null(
		strstr(s.text.p, "set \"custom\" = (t.\"custom\" || $1::jsonb) - $2::text[] where t.id = $3::uuid"));
	res_sql_free(&s);
	res_values_free(&values);
	read_body(&values, true, "{\"name\":\"a\",\"custom.count\":1}");
	v = res_values_find(&values, "custom");
	assert_string_equal(v->text, "{\"count\":1,\"maker\":\"ACME\"}");
	res_values_free(&values);
}

static void test_the_database_is_asked(void **state ZJ_UNUSED)
{
	struct res_values values;
	struct res_sql s = {0};
	read_body(&values, true,
		  "{\"name\":\"a\",\"code\":\"x\",\"logo_id\":\"018f0000-0000-7000-8000-000000000000\",\"custom\":{"
		  "\"tree\":["
		  "\"a\",\"b\"],\"paper\":\"018f0000-0000-7000-8000-000000000001\"}}");
	assert_int_equal(values.n_checks, 4);
	assert_true(res_sql_checks(&s, &values));
	assert_non_null(strstr(s.text.p, "i.dictionary_id = "));
	assert_non_null(strstr(s.text.p, "d.code = "));
	assert_non_null(strstr(s.text.p, "u.state = 'complete' and u.account_id = zj.zj_account()"));
	assert_non_null(strstr(s.text.p, "[x.n - 1]"));
	res_sql_free(&s);
	res_values_free(&values);
	read_body(&values, true, "{\"name\":\"a\"}");
	assert_false(res_sql_checks(&s, &values));
	res_values_free(&values);
}

static void test_cells(void **state ZJ_UNUSED)
{
	static const struct {
		const char *field, *cell, *text; /* NULL text: refused */
	} cases[] = {
		{"name", "abc", "abc"},
		{"size", "5", "5"},
		{"size", "5.0", NULL},
		{"size", "x", NULL},
		{"size", "10", NULL},
		{"kind", "a", "a"},
		{"kind", "b", NULL},
		{"tags", "a，b; c", "{\"a\",\"b\",\"c\"}"},
		{"colours", "red|blue", "{\"red\",\"blue\"}"},
		{"colours", "red,pink", NULL},
		{"day", "2024-02-29", "2024-02-29"},
		{"day", "2023-02-29", NULL},
		{"day", "1912-01-01", "1912-01-01"},
		{"at", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"},
		{"at", "today", NULL},
		{"group_id", "x", NULL},
		{"host", "10.0.0.0/8", "10.0.0.0/8"},
		{"name", "\xff\xfe", NULL},
		{"name", "Abc", NULL},
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct res_values values = {0};
		struct res_problem p = {0};
		const struct res_view_field *f = res_view_find(view, cases[i].field);
		res_value_add_text(&values, f, true, cases[i].cell, &p);
		if (cases[i].text && values.n != 1)
			fail_msg("%s=%s was refused", cases[i].field, cases[i].cell);
		if (cases[i].text)
			assert_string_equal(values.v[0].text, cases[i].text);
		else
			assert_true(res_problem_any(&p));
		res_values_free(&values);
		res_problem_clear(&p);
	}
}

static void test_empty_cells_and_what_is_missing(void **state ZJ_UNUSED)
{
	struct res_values values = {0};
	struct res_problem p = {0};
	res_value_add_text(&values, res_view_find(view, "kind"), true, "", &p);
	res_value_add_text(&values, res_view_find(view, "size"), true, "", &p);
	assert_int_equal(values.n, 1); /* null where that may be, else the column's default */
	assert_null(values.v[0].text);
	assert_false(res_values_finish(&values, view, true, &p));
	assert_int_equal(json_array_size(p.errors), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(p.errors, 0), "field")), "name");
	res_values_free(&values);
	res_problem_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_custom_values_are_merged),
		cmocka_unit_test(test_the_database_is_asked),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_empty_cells_and_what_is_missing),
	};
	return cmocka_run_group_tests_name("value", tests, setup, teardown);
}
