/* From the catalogue's JSON to resources, and from resources to SQL. */
#include "catalogue.h"
#include "query.h"

static void test_fields_are_read(void **state)
{
	struct res_schema *s = *state;
	const struct res_def *r = res_schema_find(s, "widgets");
	const struct res_field *f = res_def_field(r, "size");
	assert_non_null(r);
	assert_string_equal(r->table, "widget");
	assert_true(r->tenant_key);
	assert_string_equal(r->perm_write, "widgets.write");
	assert_true(f->has_min && f->has_max && f->min == 1 && f->max == 9);
	assert_int_equal(json_integer_value(f->def), 3);
	f = res_def_field(r, "kind");
	assert_int_equal(json_array_size(f->choices), 2);
	assert_string_equal(json_string_value(json_array_get(f->choices, 1)), "it's");
	f = res_def_field(r, "name");
	assert_string_equal(f->pattern, "^[a-z']+$");
	assert_true(f->has_max_len && f->max_len == 10 && f->has_min_len && f->min_len == 1);
	assert_true(res_field_required(f, RES_ROLE_TENANT));
	f = res_def_field(r, "group_id");
	assert_string_equal(f->ref, "groups");
	assert_true(res_def_field(r, "secret")->writeonly);
	assert_false(res_field_shown(res_def_field(r, "secret"), RES_ROLE_TENANT));
	assert_false(res_field_writable(res_def_field(r, "digest"), RES_ROLE_TENANT, true));
	assert_false(res_field_shown(res_def_field(r, "tenant_id"), RES_ROLE_TENANT));
	assert_true(res_field_shown(res_def_field(r, "tenant_id"), RES_ROLE_CARRIER));
	assert_null(res_schema_find(s, "plain"));
}

static void test_permissions_follow_from_tables(void **state)
{
	struct res_schema *s = *state;
	assert_true(res_schema_permission_known(s, "widgets.read"));
	assert_true(res_schema_permission_known(s, "widgets.polish"));
	assert_true(res_schema_permission_known(s, "widgets.*"));
	assert_true(res_schema_permission_known(s, "*"));
	assert_false(res_schema_permission_known(s, "widgets.fly"));
	assert_false(res_schema_permission_known(s, "groups.write")); /* nobody may write them */
	assert_false(res_schema_permission_known(s, "*.*"));
	assert_false(res_schema_permission_known(s, ""));
}

static void test_bad_catalogues_are_refused(void **state)
{
	static const char *const bad[] = {
		"[{\"table\":\"x\",\"comment\":{\"resource\":\"xs\"},\"columns\":[],\"constraints\":[]}]"};
	char why[200];
	struct res_schema *s = NULL;
	(void)state;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(bad); i++) {
		assert_int_equal(res_schema_alloc(&s, json_loads(bad[i], 0, NULL), why, sizeof(why)), EINVAL);
		assert_null(s);
		assert_non_null(strstr(why, "labels zh and en"));
	}
}

static void test_defaults(void **state)
{
	static const struct {
		const char *expr;
		enum res_type type;
		const char *json; /* NULL: not a literal */
	} cases[] = {{"'a b'::text", RES_STRING, "\"a b\""},
		     {"'it''s'::text", RES_STRING, "\"it's\""},
		     {"42", RES_INTEGER, "42"},
		     {"'-7'::integer", RES_INTEGER, "-7"},
		     {"true", RES_BOOLEAN, "true"},
		     {"'{}'::text[]", RES_STRINGS, "[]"},
		     {"'[1]'::jsonb", RES_JSON, "[1]"},
		     {"now()", RES_DATETIME, NULL},
		     {"zj_uuid7()", RES_UUID, NULL},
		     {"('a'::text || now())", RES_STRING, NULL}};
	(void)state;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		json_t *v = res_default_read(cases[i].expr, cases[i].type);
		char *text = v ? json_dumps(v, JSON_ENCODE_ANY) : NULL;
		if (cases[i].json)
			assert_string_equal(text, cases[i].json);
		else
			assert_null(text);
		free(text);
		json_decref(v);
	}
}

static void test_statements(void **state)
{
	struct res_view *v = widgets_seen(state, RES_ROLE_TENANT, NULL, NULL, NULL);
	struct res_sql q = {0};
	struct res_values values = {0};
	struct res_problem p = {0};
	json_t *body = json_loads("{\"name\":\"abc\",\"size\":5,\"tags\":[\"x\\\"y\",\"{\"]}", 0, NULL);
	assert_true(res_values_read(&values, v, true, body, &p));
	res_sql_insert(&q, v, &values, NULL);
	assert_non_null(strstr(q.text.p, "insert into zj.\"widget\" as t (tenant_id, \"name\", \"size\", \"tags\") "
					 "values (zj.zj_tenant(), $1::text, "
					 "$2::integer, $3::text[])"));
	assert_null(strstr(q.text.p, "secret"));
	assert_string_equal(q.values[2], "{\"x\\\"y\",\"{\"}");
	res_sql_free(&q);
	res_sql_update(&q, v, &values, "018f0000-0000-7000-8000-000000000000", "etag");
	assert_non_null(strstr(q.text.p, "set \"name\" = $1::text, \"size\" = $2::integer, \"tags\" = $3::text[] where "
					 "t.id = $4::uuid and md5("));
	assert_int_equal(q.n, 5);
	res_sql_free(&q);
	res_sql_one(&q, v, "018f0000-0000-7000-8000-000000000000", NULL);
	assert_non_null(strstr(q.text.p, "from zj.\"part\" i where i.tenant_id = t.tenant_id and i.widget_id = t.id"));
	assert_null(strstr(q.text.p, "i.\"path\""));
	res_sql_free(&q);
	res_values_free(&values);
	json_decref(body);
	zj_deref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_are_read),
		cmocka_unit_test(test_permissions_follow_from_tables),
		cmocka_unit_test(test_bad_catalogues_are_refused),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_statements),
	};
	return cmocka_run_group_tests_name("schema", tests, catalogue_setup, catalogue_teardown);
}
