/* Query strings (and the cursors in them) against a view with custom fields, masks and references: whatever is taken
 * becomes SQL in which the input stands only as parameters; a cursor goes round. */
#include "query.h"
#include "resource_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing of the input is in the text: it has no characters but those of our own words and of the names of the view. */
static void check_sql(const struct res_sql *s)
{
	if (s->text.failed)
		return;
	for (const char *c = s->text.p; *c; c++)
		if ((unsigned char)*c >= 0x80 || *c == ';' || *c == '\\')
			abort();
	if (strstr(s->text.p, "digest") || strstr(s->text.p, "secret"))
		abort();
}

static void check_cursor(const struct res_view *v, const struct res_query *q)
{
	struct res_query again = *q;
	char *keys = q->after ? json_dumps(q->after, 0) : NULL, *cursor = keys ? res_query_cursor(q, keys) : NULL;

	(void)v;
	again.after = NULL;
	if (cursor && (!res_query_cursor_read(&again, cursor) || !json_equal(again.after, q->after)))
		abort();
	json_decref(again.after);
	free(cursor);
	free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct res_view *v = fuzz_view();
	char *text = malloc(size + 1);
	struct res_query q;
	struct res_problem p = {0};
	struct res_sql list = {0}, count = {0};

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (res_query_read(&q, v, text, NULL, &p)) {
		res_sql_list(&list, v, &q);
		res_sql_count(&count, v, &q);
		check_sql(&list);
		check_sql(&count);
		check_cursor(v, &q);
	} else if (!p.detail[0]) {
		abort();
	}
	res_sql_free(&list);
	res_sql_free(&count);
	res_query_free(&q);
	res_problem_clear(&p);
	free(text);
	return 0;
}
