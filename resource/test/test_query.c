/* A list's query string: filters, sort, cursor, and the SQL made from it. */
#include "catalogue.h"
#include "query.h"

static struct res_view *view;

static int setup(void **state)
{
	int err = catalogue_setup(state);
	if (!err)
		view = widgets_seen(state, RES_ROLE_TENANT, NULL, NULL, NULL);
	return err;
}

static int teardown(void **state)
{
	view = zj_deref(view);
	return catalogue_teardown(state);
}

static void test_good_queries(void **state ZJ_UNUSED)
{
	static const struct {
		const char *query, *sql, *value;
	} cases[] = {
		{"", "order by t.\"id\" desc limit 51", NULL},
		{"limit=200&sort=name", "order by t.\"name\", t.\"id\" limit 201", NULL},
		{"sort=-size,name", "order by t.\"size\" desc, t.\"name\", t.\"id\" limit 51", NULL},
		{"filter[name]=abc", " and t.\"name\" = $1::text", "abc"},
		{"filter%5Bname%5D%5Bne%5D=a+b", " and t.\"name\" is distinct from $1::text", "a b"},
		{"filter[name][contains]=5%25_%5C", " and t.\"name\" ilike $1::text", "%5\\%\\_\\\\%"},
		{"filter[name][starts]=x", " ilike $1::text", "x%"},
		{"filter[size][in]=1,2", " and t.\"size\" = any ($1::integer[])", "{\"1\",\"2\"}"},
		{"filter[name][in]=a%22b,c%5C", " = any ($1::text[])", "{\"a\\\"b\",\"c\\\\\"}"},
		{"filter[group_id][null]=true", " and t.\"group_id\" is null", NULL},
		{"filter[tags][contains]=x", " and t.\"tags\" @> array[$1::text]", "x"},
		{"filter[at][ge]=2026-01-01T00:00:00Z", " and t.\"at\" >= $1::timestamp with time zone",
		 "2026-01-01T00:00:00Z"},
		{"filter[host]=10.0.0.1", " and t.\"host\" = $1::inet", "10.0.0.1"},
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct res_query q;
		struct res_problem p = {0};
		struct res_sql s = {0};
		assert_true(res_query_read(&q, view, cases[i].query, NULL, &p));
		res_sql_list(&s, view, &q);
		if (!strstr(s.text.p, cases[i].sql))
			fail_msg("%s → %s", cases[i].query, s.text.p);
		if (cases[i].value)
			assert_string_equal(s.values[0], cases[i].value);
		res_sql_free(&s);
		res_query_free(&q);
	}
}

static void test_bad_queries(void **state ZJ_UNUSED)
{
	static const char *const cases[] = {
		"filter[nope]=1",
		"filter[digest]=1",
		"filter[secret]=1",
		"filter[tenant_id]=018f0000-0000-7000-8000-000000000000",
		"filter[name][like]=1",
		"filter[size]=x",
		"filter[size]=1;",
		"filter[group_id]=1",
		"filter[extra]=1",
		"filter[tags]=a",
		"filter[name][null]=true",
		"filter[at]=today",
		"filter[host]=here",
		"filter[name",
		"filter[]=1",
		"filter[name][eq]x=1",
		"sort=nope",
		"sort=secret",
		"sort=tags",
		"sort=name,size,kind,at",
		"limit=0",
		"limit=201",
		"limit=1x",
		"limit=",
		"cursor=x",
		"cursor=bmFtZQ",
		"nope=1",
		"filter[name]=%z",
		"filter[name]=%00",
		"sort=name'--",
		"filter[size][in]=1,x",
		"filter[group_id][null]=1",
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct res_query q;
		struct res_problem p = {0};
		if (res_query_read(&q, view, cases[i], NULL, &p))
			fail_msg("%s was taken", cases[i]);
		assert_int_equal(p.kind, RES_P_QUERY);
		assert_true(p.detail[0]);
		res_problem_clear(&p);
		res_query_free(&q);
	}
}

static void test_cursor_goes_round(void **state ZJ_UNUSED)
{
	struct res_query q, again;
	struct res_problem p = {0};
	struct res_sql s = {0};
	char query[600];
	assert_true(res_query_read(&q, view, "sort=-kind,size", NULL, &p));
	char *cursor = res_query_cursor(&q, "[null, \"5\", \"018f0000-0000-7000-8000-000000000000\"]");
	snprintf(query, sizeof(query), "sort=-kind,size&cursor=%s", cursor);
	assert_true(res_query_read(&again, view, query, NULL, &p));
	res_sql_list(&s, view, &again);
	/* descending begins with nulls: after a null come the others, or the same with a larger size */
	assert_non_null(strstr(s.text.p, "and ((t.\"kind\" is not null) or (t.\"kind\" is null and (t.\"size\" > "
					 "$1::integer)) or (t.\"kind\" is null and "
					 "t.\"size\" = $2::integer and (t.\"id\" > $3::uuid)))"));
	res_sql_free(&s);
	res_query_free(&again);
	snprintf(query, sizeof(query), "sort=kind,size&cursor=%s", cursor);
	assert_false(res_query_read(&again, view, query, NULL, &p)); /* of another order */
	res_problem_clear(&p);
	res_query_free(&again);
	res_query_free(&q);
	free(cursor);
}

static void test_values_name_their_faults(void **state ZJ_UNUSED)
{
	static const struct {
		const char *body, *field, *rule;
		enum res_problem_kind kind;
	} cases[] = {
		{"{}", "name", "required", RES_P_INVALID},
		{"{\"name\":\"\"}", "name", "required", RES_P_INVALID},
		{"{\"name\":null}", "name", "required", RES_P_INVALID},
		{"{\"name\":\"abcdefghijk\"}", "name", "max_length", RES_P_INVALID},
		{"{\"name\":\"a\",\"size\":10}", "size", "max", RES_P_INVALID},
		{"{\"name\":\"a\",\"size\":1.5}", "size", "type", RES_P_TYPE},
		{"{\"name\":\"a\",\"size\":\"1\"}", "size", "type", RES_P_TYPE},
		{"{\"name\":1}", "name", "type", RES_P_TYPE},
		{"{\"name\":\"a\",\"kind\":\"b\"}", "kind", "enum", RES_P_INVALID},
		{"{\"name\":\"a\",\"tags\":[1]}", "tags", "type", RES_P_TYPE},
		{"{\"name\":\"a\",\"group_id\":\"1\"}", "group_id", "format", RES_P_INVALID},
		{"{\"name\":\"a\",\"at\":\"now\"}", "at", "format", RES_P_INVALID},
		{"{\"name\":\"a\",\"secret\":\"short\"}", "secret", "min_length", RES_P_INVALID},
		{"{\"name\":\"a\",\"id\":\"018f0000-0000-7000-8000-000000000000\"}", "id", "readonly", RES_P_INVALID},
		{"{\"name\":\"a\",\"tenant_id\":\"018f0000-0000-7000-8000-000000000000\"}", "tenant_id", "readonly",
		 RES_P_INVALID},
		{"{\"name\":\"a\",\"digest\":\"x\"}", "digest", "unknown_field", RES_P_UNKNOWN_FIELD},
		{"{\"name\":\"a\",\"nope\":1}", "nope", "unknown_field", RES_P_UNKNOWN_FIELD},
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct res_values values;
		struct res_problem p = {0};
		json_t *body = json_loads(cases[i].body, 0, NULL);
		assert_false(res_values_read(&values, view, true, body, &p));
		const json_t *e = json_array_get(p.errors, 0);
		assert_string_equal(json_string_value(json_object_get(e, "field")), cases[i].field);
		assert_string_equal(json_string_value(json_object_get(e, "rule")), cases[i].rule);
		assert_true(json_is_string(json_object_get(e, "zh")) && json_is_string(json_object_get(e, "en")));
		assert_int_equal(p.kind, cases[i].kind);
		res_problem_clear(&p);
		res_values_free(&values);
		json_decref(body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_queries),
		cmocka_unit_test(test_bad_queries),
		cmocka_unit_test(test_cursor_goes_round),
		cmocka_unit_test(test_values_name_their_faults),
	};
	return cmocka_run_group_tests_name("query", tests, setup, teardown);
}
