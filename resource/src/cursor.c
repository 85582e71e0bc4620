/* Cursors: base64url of "sort\nkeys". They hold values only: whatever one says, the row-level policies stand. */
#include "query.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CURSOR_MAX 8000

static void sort_text(const struct res_query *q, struct res_buf *b)
{
	for (size_t i = 0; i < q->n_sort; i++)
		res_buf_printf(b, "%s%s%s", i ? "," : "", q->sort[i].desc ? "-" : "", q->sort[i].field->field->name);
}

char *res_query_cursor(const struct res_query *q, const char *keys)
{
	struct res_buf b = {0};
	sort_text(q, &b);
	res_buf_printf(&b, "\n%s", keys);
	size_t size = sodium_base64_ENCODED_LEN(b.n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *out = b.failed ? NULL : malloc(size);
	if (out)
		sodium_bin2base64(out, size, (const unsigned char *)b.p, b.n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	res_buf_free(&b);
	return out;
}

/* A time is the database's own text here, not RFC 3339: nothing but its characters. */
static bool time_ok(const char *s)
{
	return strlen(s) < 40 && strspn(s, "0123456789:.+-TZ infinityBC") == strlen(s);
}

static bool keys_fit(const struct res_query *q, const json_t *keys)
{
	if (!json_is_array(keys) || json_array_size(keys) != q->n_sort)
		return false;
	for (size_t i = 0; i < q->n_sort; i++) {
		json_t *k = json_array_get(keys, i);
		const struct res_field *f = q->sort[i].field->field;
		if (json_is_null(k) ? f->not_null : !json_is_string(k))
			return false;
		bool time = f->type == RES_DATETIME || f->type == RES_DATE || f->type == RES_TIME;
		if (json_is_string(k) &&
		    !(time ? time_ok(json_string_value(k)) : res_value_text_ok(f->type, json_string_value(k))))
			return false;
	}
	return true;
}

bool res_query_cursor_read(struct res_query *q, const char *text)
{
	unsigned char *raw = malloc(CURSOR_MAX);
	size_t n = 0;
	struct res_buf want = {0};
	sort_text(q, &want);
	res_buf_add(&want, "\n");
	bool good = raw && !want.failed && strlen(text) < CURSOR_MAX &&
		    sodium_base642bin(raw, CURSOR_MAX, text, strlen(text), NULL, &n, NULL,
				      sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
		    n > want.n && memcmp(raw, want.p, want.n) == 0;
	if (good)
		q->after = json_loadb((const char *)raw + want.n, n - want.n, 0, NULL);
	res_buf_free(&want);
	free(raw);
	return good && keys_fit(q, q->after);
}
