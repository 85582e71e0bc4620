/* Rows as JSON, and cells of files (when the input is none): what is taken is written only to fields that the caller
 * may write, in texts that PostgreSQL reads; what is refused says why. */
#include "query.h"
#include "resource_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_values(const struct res_view *v, const struct res_values *values, bool creating)
{
	for (size_t i = 0; i < values->n; i++) {
		const char *name = values->v[i].field->name;
		const struct res_view_field *f = res_view_find(v, name);

		if (strcmp(name, "custom") == 0)
			continue;
		if (!f || !(creating ? f->insert : f->update))
			abort();
		if (values->v[i].text && !res_value_text_ok(f->field->type, values->v[i].text))
			abort();
	}
}

static void check_sql(const struct res_view *v, const struct res_values *values, bool creating)
{
	struct res_sql s = {0}, checks = {0};

	if (creating)
		res_sql_insert(&s, v, values, NULL);
	else
		res_sql_update(&s, v, values, "018f0000-0000-7000-8000-000000000000", NULL);
	res_sql_checks(&checks, values);
	if (!s.text.failed && strstr(s.text.p, "\"digest\""))
		abort();
	res_sql_free(&s);
	res_sql_free(&checks);
}

static void as_row(const struct res_view *v, const json_t *body, bool creating)
{
	struct res_values values;
	struct res_problem p = {0};

	if (res_values_read(&values, v, creating, body, &p)) {
		check_values(v, &values, creating);
		check_sql(v, &values, creating);
	} else if (!res_problem_any(&p) && !p.detail[0]) {
		abort();
	}
	free(res_problem_text(&p, "r"));
	res_values_free(&values);
	res_problem_clear(&p);
}

static void as_cells(const struct res_view *v, const char *text)
{
	struct res_values values = {0};
	struct res_problem p = {0};

	for (size_t i = 0; i < v->n; i++)
		if (v->fields[i].insert)
			res_value_add_text(&values, &v->fields[i], true, text, &p);
	if (res_values_finish(&values, v, true, &p))
		check_values(v, &values, true);
	res_values_free(&values);
	res_problem_clear(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct res_view *v = fuzz_view();
	json_t *body = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	char *text = malloc(size + 1);

	if (json_is_object(body)) {
		as_row(v, body, true);
		as_row(v, body, false);
	} else if (text) {
		memcpy(text, data, size);
		text[size] = '\0';
		as_cells(v, text);
	}
	free(text);
	json_decref(body);
	return 0;
}
