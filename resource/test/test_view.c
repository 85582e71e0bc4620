/* What a caller sees: rights to fields, masks, custom fields, and the SQL that follows from them. */
#include "catalogue.h"
#include "query.h"

static const char customs[] =
	"[{\"resource\":\"widgets\",\"name\":\"weight\",\"zh\":\"重\",\"en\":\"Weight\",\"type\":\"decimal\","
	"\"position\":2,"
	"\"enabled\":true},"
	"{\"resource\":\"widgets\",\"name\":\"maker\",\"zh\":\"厂\",\"type\":\"text\",\"position\":1,\"enabled\":true,"
	"\"required\":true,\"default_value\":\"ACME\"},"
	"{\"resource\":\"widgets\",\"name\":\"born\",\"zh\":\"生\",\"type\":\"datetime\",\"position\":3,\"enabled\":"
	"true},"
	"{\"resource\":\"widgets\",\"name\":\"parts\",\"zh\":\"件\",\"type\":\"multi\",\"position\":4,\"enabled\":true,"
	"\"choices\":[\"a\",{\"value\":\"b\",\"zh\":\"乙\"}]},"
	"{\"resource\":\"widgets\",\"name\":\"tel\",\"zh\":\"电\",\"type\":\"phone\",\"position\":5,\"enabled\":true,"
	"\"mask\":\"phone\"},"
	"{\"resource\":\"widgets\",\"name\":\"tree\",\"zh\":\"树\",\"type\":\"cascade\",\"position\":6,\"enabled\":"
	"true,"
	"\"dictionary_id\":\"018f0000-0000-7000-8000-00000000000d\"},"
	"{\"resource\":\"widgets\",\"name\":\"paper\",\"zh\":\"附\",\"type\":\"attachment\",\"position\":7,\"enabled\":"
	"true},"
	"{\"resource\":\"widgets\",\"name\":\"off\",\"zh\":\"关\",\"type\":\"text\",\"position\":0,\"enabled\":false},"
	"{\"resource\":\"widgets\",\"name\":\"bad'name\",\"zh\":\"坏\",\"type\":\"text\",\"position\":0,\"enabled\":"
	"true},"
	"{\"resource\":\"widgets\",\"name\":\"strange\",\"zh\":\"怪\",\"type\":\"colour\",\"position\":0,\"enabled\":"
	"true},"
	"{\"resource\":\"groups\",\"name\":\"other\",\"zh\":\"别\",\"type\":\"text\",\"position\":0,\"enabled\":true}]";

static void test_access(void **state)
{
	struct res_view *v = widgets_seen(state, RES_ROLE_TENANT, "[\"widgets.*\",\"show.email\"]",
					  "[{\"resource\":\"widgets\",\"field\":\"size\",\"access\":\"none\"},"
					  "{\"resource\":\"widgets\",\"field\":\"kind\",\"access\":\"read\"},"
					  "{\"resource\":\"widgets\",\"field\":\"name\",\"access\":\"masked\"},"
					  "{\"resource\":\"widgets\",\"field\":\"id\",\"access\":\"none\"},"
					  "{\"resource\":\"other\",\"field\":\"host\",\"access\":\"none\"}]",
					  NULL);
	const struct res_view_field *f;
	assert_null(res_view_find(v, "size"));
	assert_null(res_view_find(v, "digest"));
	assert_null(res_view_shown(v, "secret"));
	assert_non_null(res_view_find(v, "secret"));
	assert_non_null(res_view_shown(v, "host"));
	f = res_view_shown(v, "kind");
	assert_true(f && f->access == RES_ACCESS_READ && !f->insert && !f->update);
	f = res_view_shown(v, "name"); /* required, so it may be given when a row is made */
	assert_true(f && f->mask == RES_MASK_ALL && f->insert && !f->update && f->required);
	f = res_view_shown(v, "phone");
	assert_true(f && f->access == RES_ACCESS_MASKED && f->mask == RES_MASK_PHONE);
	assert_string_equal(f->shows, "zj.zj_mask('phone', (t.\"phone\")::text)");
	f = res_view_shown(v, "email");
	assert_true(f && f->access == RES_ACCESS_WRITE && !f->mask);
	f = res_view_shown(v, "id"); /* a row is found by it */
	assert_true(f && f->access == RES_ACCESS_READ);
	assert_true(v->masks);
	assert_null(strstr(v->sql_one, "\"size\""));
	assert_null(strstr(v->sql_one, "secret"));
	assert_non_null(strstr(v->sql_one, "zj.zj_mask('all', (t.\"name\")::text) as \"name\""));
	zj_deref(v);
}

static void test_custom_fields(void **state)
{
	struct res_view *v = widgets_seen(state, RES_ROLE_TENANT, "[\"widgets.*\"]", NULL, customs);
	static const struct {
		const char *name, *value;
	} cases[] = {
		{"custom.maker", "(t.\"custom\"->>'maker')"},
		{"custom.weight", "(case jsonb_typeof(t.\"custom\"->'weight') when 'number' then "
				  "(t.\"custom\"->>'weight')::numeric end)"},
		{"custom.born", "((t.\"custom\"->>'born') collate \"C\")"},
		{"custom.parts", "(case jsonb_typeof(t.\"custom\"->'parts') when 'array' then array(select "
				 "jsonb_array_elements_text(t.\"custom\"->'parts')) end)"},
	};
	size_t n = 0;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		const struct res_view_field *f = res_view_shown(v, cases[i].name);
		assert_non_null(f);
		assert_string_equal(f->value, cases[i].value);
	}
	for (size_t i = 0; i < v->n; i++)
		n += v->fields[i].custom != NULL;
	assert_int_equal(n, 7); /* not those that are off, ill-named, of no type, of another resource */
	assert_string_equal(v->fields[v->n - 7].field->name, "custom.maker");
	assert_null(res_view_find(v, "custom"));
	assert_non_null(strstr(v->row, "jsonb_build_object('maker', t.\"custom\"->'maker', 'weight', "));
	assert_non_null(strstr(v->row, "'tel', zj.zj_mask('phone', ((t.\"custom\"->>'tel'))::text)"));
	assert_false(res_view_find(v, "custom.maker")->required); /* it has a default */
	zj_deref(v);
	v = widgets_seen(state, RES_ROLE_TENANT, NULL,
			 "[{\"resource\":\"widgets\",\"field\":\"custom\",\"access\":\"none\"}]", customs);
	assert_null(res_view_find(v, "custom.maker"));
	assert_non_null(strstr(v->row, "'{}'::jsonb as custom"));
	zj_deref(v);
}

static void list_sql(const struct res_view *v, const char *query, const char *want, const char *value)
{
	struct res_query q;
	struct res_problem p = {0};
	struct res_sql s = {0};
	if (!res_query_read(&q, v, query, NULL, &p))
		fail_msg("%s: %s", query, p.detail);
	res_sql_list(&s, v, &q);
	if (!strstr(s.text.p, want))
		fail_msg("%s → %s", query, s.text.p);
	if (value)
		assert_string_equal(s.values[0], value);
	res_sql_free(&s);
	res_query_free(&q);
}

static void test_lists(void **state)
{
	struct res_view *v = widgets_seen(state, RES_ROLE_TENANT, "[\"widgets.*\"]", NULL, customs);
	static const struct {
		const char *query, *sql, *value;
	} cases[] = {
		{"filter[size][between]=2,4", " and t.\"size\" between $1::integer and $2::integer order", "2"},
		{"filter[phone]=13800138000", " and t.\"phone\" = $1::text", "13800138000"},
		{"filter[custom.weight][ge]=1.5", "end) >= $1::numeric", "1.5"},
		{"filter[custom.maker]=x", " and t.\"custom\" @> jsonb_build_object('maker', $1::text)", "x"},
		{"filter[custom.parts][contains]=a",
		 "t.\"custom\" @> jsonb_build_object('parts', jsonb_build_array($1::text))", "a"},
		{"filter[custom.born][lt]=2026-01-01T08:00:00%2B08:00", "collate \"C\") < $1::text",
		 "2026-01-01T00:00:00.000000Z"},
		{"match=any&filter[size]=1&filter[kind][null]=true",
		 " and (t.\"size\" = $1::integer or t.\"kind\" is null)", "1"},
		{"q=a%25",
		 " and (false or t.\"name\" ilike $1::text or t.\"group_id\" in (select x.id from zj.\"grp\" x where "
		 "x.\"name\"::text ilike $1::text))",
		 "%a\\%%"},
		{"sort=-custom.weight,name,custom.born&skip=10",
		 "end) desc, t.\"name\", ((t.\"custom\"->>'born') collate \"C\"), t.\"id\" limit 51 offset "
		 "$1::integer)) order by",
		 "10"},
		{"fields=name,custom.maker",
		 "(select row_to_json(x) from (select t.\"id\", t.\"name\", "
		 "jsonb_build_object('maker', t.\"custom\"->'maker') as custom) x)",
		 NULL},
		{"deleted=true",
		 "from zj.recycled r cross join lateral jsonb_populate_record(null::zj.\"widget\", r.row) t where "
		 "r.table_name = 'widget' and r.row is not null and not r.with_parent order by r.deleted_at desc, "
		 "t.\"id\" desc",
		 NULL},
		{"deleted=true&filter[deleted_at][ge]=2026-01-01T00:00:00Z",
		 " and r.deleted_at >= $1::timestamp with time zone", NULL},
		{"expand=group_id",
		 "json_build_object('group_id', case when t.\"group_id\" is not null then coalesce((select "
		 "json_build_object('id', t.\"group_id\", 'label', x.\"name\", 'deleted', false) from "
		 "zj.\"grp\" x where x.id = t.\"group_id\" limit 1), (select json_build_object('id', "
		 "t.\"group_id\", 'label', q.label, 'deleted', true) from zj.recycled q",
		 NULL},
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++)
		list_sql(v, cases[i].query, cases[i].sql, cases[i].value);
	zj_deref(v);
}

static void test_what_is_masked_is_no_oracle(void **state)
{
	struct res_view *v = widgets_seen(state, RES_ROLE_TENANT, "[\"widgets.*\"]",
					  "[{\"resource\":\"groups\",\"field\":\"name\",\"access\":\"none\"},{"
					  "\"resource\":\"widgets\",\"field\":\"size\","
					  "\"access\":\"none\"}]",
					  customs);
	static const char *const refused[] = {
		"filter[phone][contains]=1",
		"filter[phone][ne]=1",
		"filter[phone][in]=1,2",
		"filter[phone][null]=true",
		"filter[phone][between]=1,2",
		"sort=phone",
		"sort=custom.tel",
		"filter[custom.tel][starts]=1",
		"filter[custom.tel][null]=true",
		"filter[size]=1",
		"sort=-size",
		"fields=size",
		"filter[custom.off]=1",
		"filter[deleted_at][ge]=2026-01-01T00:00:00Z",
	};
	struct res_query q;
	struct res_problem p = {0};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(refused); i++) {
		if (res_query_read(&q, v, refused[i], NULL, &p))
			fail_msg("%s was taken", refused[i]);
		res_problem_clear(&p);
		res_query_free(&q);
	}
	assert_true(res_query_read(&q, v, "filter[phone]=1", NULL, &p));
	assert_true(q.masked);
	res_query_free(&q);
	assert_true(res_query_read(&q, v, "filter[name]=a", NULL, &p));
	assert_false(q.masked);
	res_query_free(&q);
	list_sql(v, "expand=group_id", "'label', null::text", NULL); /* the group's name is not his to see */
	zj_deref(v);
}

static void test_refusals_name_nothing_hidden(void **state)
{
	struct res_view *v = widgets_seen(state, RES_ROLE_TENANT, NULL,
					  "[{\"resource\":\"widgets\",\"field\":\"name\",\"access\":\"none\"}]", NULL);
	struct res_pg_error e = {
		.sqlstate = "23505",
		.constraint = "widget_tenant_id_name_key",
		.table = "widget",
		.message = "duplicate key value violates unique constraint \"widget_tenant_id_name_key\""};
	struct res_problem p = {0};
	res_problem_pg(&p, v->def, v, &e, false);
	char *text = res_problem_text(&p, "r");
	assert_int_equal(p.kind, RES_P_CONFLICT);
	assert_null(strstr(text, "name"));
	free(text);
	res_problem_clear(&p);
	zj_deref(v);
}

static void test_changes_as_seen(void **state)
{
	struct res_view *v =
		widgets_seen(state, RES_ROLE_TENANT, "[\"widgets.*\"]",
			     "[{\"resource\":\"widgets\",\"field\":\"size\",\"access\":\"none\"}]", customs);
	json_t *changes =
		json_loads("{\"name\":[\"a\",\"b\"],\"size\":[1,2],\"phone\":[null,\"13800138000\"],\"secret\":["
			   "\"x\",\"y\"],\"digest\":[1,2],\"custom.tel\":[\"13800138000\",\"1\"]}",
			   0, NULL);
	json_t *seen = res_view_changes(v, changes),
	       *want = json_loads("{\"name\":[\"a\",\"b\"],\"phone\":[null,\"138****8000\"],\"secret\":[null,null],"
				  "\"custom.tel\":[\"138****8000\",\"*\"]}",
				  0, NULL);
	assert_true(json_equal(seen, want));
	json_decref(changes);
	json_decref(seen);
	json_decref(want);
	json_t *row = json_loads(
		"{\"name\":\"a\",\"size\":1,\"phone\":\"13800138000\",\"custom\":{\"maker\":\"m\",\"off\":\"x\","
		"\"tel\":\"12\"}}",
		0, NULL);
	seen = res_view_row(v, row);
	want = json_loads("{\"name\":\"a\",\"phone\":\"138****8000\",\"custom\":{\"maker\":\"m\",\"tel\":\"**\"}}", 0,
			  NULL);
	assert_true(json_equal(seen, want));
	json_decref(row);
	json_decref(seen);
	json_decref(want);
	zj_deref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_custom_fields),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_what_is_masked_is_no_oracle),
		cmocka_unit_test(test_refusals_name_nothing_hidden),
		cmocka_unit_test(test_changes_as_seen),
	};
	return cmocka_run_group_tests_name("view", tests, catalogue_setup, catalogue_teardown);
}
