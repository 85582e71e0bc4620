/* What PostgreSQL refuses, told about the resource's fields. */
#include "catalogue.h"
#include "problem.h"

static void test_sqlstates(void **state)
{
	static const struct {
		struct res_pg_error e;
		bool deleting;
		enum res_problem_kind kind;
		const char *field, *rule;
	} cases[] = {
		{{.sqlstate = "23502", .column = "name", .message = "m"}, false, RES_P_INVALID, "name", "required"},
		{{.sqlstate = "23505", .constraint = "widget_tenant_id_name_key", .table = "widget", .message = "m"},
		 false,
		 RES_P_CONFLICT,
		 "name",
		 "unique"},
		{{.sqlstate = "23503", .constraint = "widget_group", .table = "widget", .message = "m"},
		 false,
		 RES_P_INVALID,
		 "group_id",
		 "reference"},
		{{.sqlstate = "23503", .constraint = "other_widget", .table = "other", .message = "m"},
		 true,
		 RES_P_REFERENCED,
		 NULL,
		 NULL},
		{{.sqlstate = "23514", .constraint = "widget_name_check1", .message = "m"},
		 false,
		 RES_P_INVALID,
		 "name",
		 "pattern"},
		{{.sqlstate = "23514", .constraint = "widget_kind_check", .message = "m"},
		 false,
		 RES_P_INVALID,
		 "kind",
		 "enum"},
		{{.sqlstate = "23514", .constraint = "widget_both", .message = "m"},
		 false,
		 RES_P_INVALID,
		 "size",
		 "check"},
		{{.sqlstate = "23514", .constraint = "a_trigger", .column = "host", .message = "m"},
		 false,
		 RES_P_INVALID,
		 "host",
		 "check"},
		{{.sqlstate = "22P02", .message = "m"}, false, RES_P_INVALID, NULL, "format"},
		{{.sqlstate = "42501", .message = "m"}, false, RES_P_PERMISSION, NULL, NULL},
		{{.sqlstate = "57014", .message = "m"}, false, RES_P_AWAY, NULL, NULL},
		{{.sqlstate = "XX000", .message = "secret inside"}, false, RES_P_INTERNAL, NULL, NULL},
		{{.sqlstate = NULL}, false, RES_P_INTERNAL, NULL, NULL},
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct res_problem p = {0};
		res_problem_pg(&p, res_schema_find(*state, "widgets"), NULL, &cases[i].e, cases[i].deleting);
		assert_int_equal(p.kind, cases[i].kind);
		const json_t *e = json_array_get(p.errors, 0);
		const char *field = json_string_value(json_object_get(e, "field")),
			   *rule = json_string_value(json_object_get(e, "rule"));
		if (cases[i].field)
			assert_string_equal(field, cases[i].field);
		if (cases[i].rule)
			assert_string_equal(rule, cases[i].rule);
		assert_null(strstr(p.detail, "secret"));
		res_problem_clear(&p);
	}
}

static void test_every_kind_becomes_a_document(void **state)
{
	(void)state;
	for (int k = 0; k < RES_P_COUNT; k++) {
		struct res_problem p = {0};
		res_problem_set(&p, (enum res_problem_kind)k, "said \"so\"");
		res_problem_add(&p, "f", "max", json_integer(9));
		char *text = res_problem_text(&p, "r-1");
		json_t *o = json_loads(text, 0, NULL);
		assert_int_equal(json_integer_value(json_object_get(o, "status")),
				 res_problem_status((enum res_problem_kind)k));
		assert_true(json_string_length(json_object_get(o, "title")) > 0);
		const json_t *e = json_array_get(json_object_get(o, "errors"), 0);
		assert_int_equal(json_integer_value(json_object_get(e, "max")), 9);
		assert_string_equal(json_string_value(json_object_get(e, "rule")), "max");
		assert_string_equal(json_string_value(json_object_get(e, "zh")), "不能大于 9");
		json_decref(o);
		free(text);
		res_problem_clear(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sqlstates),
		cmocka_unit_test(test_every_kind_becomes_a_document),
	};
	return cmocka_run_group_tests_name("problem", tests, catalogue_setup, catalogue_teardown);
}
