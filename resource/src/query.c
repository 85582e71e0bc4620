#include "query.h"
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const res_op_names[RES_OPS] = {"eq", "ne", "lt", "le", "gt", "ge", "contains", "starts", "in", "null"};

bool res_op_fits(enum res_op op, const struct res_field *f)
{
	bool list = f->type == RES_STRINGS || f->type == RES_UUIDS;
	if (op == RES_NULL)
		return !f->not_null;
	if (f->type == RES_JSON)
		return false;
	if (op == RES_CONTAINS)
		return f->type == RES_STRING || list;
	if (list)
		return false;
	if (op == RES_STARTS)
		return f->type == RES_STRING;
	if (op == RES_LT || op == RES_LE || op == RES_GT || op == RES_GE)
		return f->type != RES_BOOLEAN && f->type != RES_UUID;
	return true;
}

static int hex(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					    : -1;
}

char *res_query_decode(const char *s, size_t n)
{
	char *out = zj_alloc(n + 1, NULL), *o = out;
	if (!out)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		char c = s[i] == '+' ? ' ' : s[i];
		if (c == '%') {
			if (i + 2 >= n || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
				return zj_deref(out);
			c = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
			i += 2;
		}
		if (c == 0)
			return zj_deref(out);
		*o++ = c;
	}
	*o = 0;
	return out;
}

/* The next `name=value` of the query at *p. 1: there is one, 0: the end, -1: malformed. Both texts are objects. */
static int next_pair(const char **p, char **name, char **value)
{
	while (**p == '&')
		(*p)++;
	if (!**p)
		return 0;
	size_t n = strcspn(*p, "&");
	const char *eq = memchr(*p, '=', n);
	size_t name_n = eq ? (size_t)(eq - *p) : n;
	*name = res_query_decode(*p, name_n);
	*value = eq ? res_query_decode(eq + 1, n - name_n - 1) : zj_strdup("");
	*p += n;
	if (*name && *value)
		return 1;
	*name = zj_deref(*name);
	*value = zj_deref(*value);
	return -1;
}

char *res_query_get(const char *query, const char *want)
{
	char *name, *value;
	while (next_pair(&query, &name, &value) > 0) {
		bool found = strcmp(name, want) == 0;
		zj_deref(name);
		if (found)
			return value;
		zj_deref(value);
	}
	return NULL;
}

static bool fault(struct res_problem *p, const char *field, const char *fmt, const char *what)
{
	char en[300];
	snprintf(en, sizeof(en), fmt, what);
	res_problem_set(p, RES_P_QUERY, "%s", en);
	res_problem_add_text(p, field, "query", "查询条件不正确", en, NULL);
	return false;
}

static const struct res_field *shown_field(const struct res_def *r, enum res_role role, const char *name)
{
	const struct res_field *f = res_def_field(r, name);
	return f && res_field_shown(f, role) ? f : NULL;
}

static bool values_fit(const struct res_filter *f)
{
	if (f->op == RES_NULL)
		return res_value_text_ok(RES_BOOLEAN, f->value);
	if (f->op != RES_IN)
		return res_value_text_ok(f->field->type, f->value);
	bool good = true;
	char *copy = zj_strdup(f->value), *save = NULL;
	for (char *v = copy ? strtok_r(copy, ",", &save) : NULL; v; v = strtok_r(NULL, ",", &save))
		good = good && res_value_text_ok(f->field->type, v);
	zj_deref(copy);
	return good;
}

/* filter[field] or filter[field][op] */
static bool read_filter(struct res_query *q, const struct res_def *r, enum res_role role, const char *name,
			char **value, struct res_problem *p)
{
	char field[64], op[16] = "eq";
	int end = 0;
	if ((sscanf(name, "filter[%63[^]]]%n", field, &end) != 1 || end == 0 || name[end]) &&
	    (sscanf(name, "filter[%63[^]]][%15[^]]]%n", field, op, &end) != 2 || name[end]))
		return fault(p, NULL, "malformed filter: %.100s", name);
	const struct res_field *f = shown_field(r, role, field);
	if (!f)
		return fault(p, field, "no such field to filter: %.100s", field);
	size_t i = 0;
	while (i < RES_OPS && strcmp(res_op_names[i], op) != 0)
		i++;
	if (i == RES_OPS || !res_op_fits((enum res_op)i, f))
		return fault(p, field, "this field has no operator %.20s", op);
	if (q->n_filters == RES_FILTERS_MAX)
		return fault(p, field, "too many filters%s", "");
	struct res_filter *new = &q->filters[q->n_filters++];
	*new = (struct res_filter){f, (enum res_op)i, *value};
	*value = NULL;
	if (!values_fit(new))
		return fault(p, field, "the value is not of type %s",
			     res_types[i == RES_NULL ? RES_BOOLEAN : f->type].name);
	return true;
}

static bool read_sort(struct res_query *q, const struct res_def *r, enum res_role role, const char *text,
		      struct res_problem *p)
{
	char *copy = zj_strdup(text), *save = NULL;
	bool good = copy != NULL;
	q->n_sort = 0;
	for (char *s = copy ? strtok_r(copy, ",", &save) : NULL; good && s; s = strtok_r(NULL, ",", &save)) {
		bool desc = *s == '-';
		const struct res_field *f = shown_field(r, role, s + desc);
		if (!f || !res_types[f->type].sortable)
			good = fault(p, "sort", "cannot sort by %.100s", s);
		else if (q->n_sort == RES_SORT_MAX)
			good = fault(p, "sort", "at most three fields to sort by%s", "");
		else
			q->sort[q->n_sort++] = (struct res_sort){f, desc};
	}
	zj_deref(copy);
	return good;
}

static void finish_sort(struct res_query *q, const struct res_def *r)
{
	if (q->n_sort == 0 || strcmp(q->sort[q->n_sort - 1].field->name, "id") != 0) {
		bool desc = q->n_sort ? q->sort[q->n_sort - 1].desc : true;
		q->sort[q->n_sort++] = (struct res_sort){res_def_field(r, "id"), desc};
	}
}

static void sort_text(const struct res_query *q, struct res_buf *b)
{
	for (size_t i = 0; i < q->n_sort; i++)
		res_buf_printf(b, "%s%s%s", i ? "," : "", q->sort[i].desc ? "-" : "", q->sort[i].field->name);
}

/* A cursor is base64url of "sort\nkeys". It holds values only: whatever it says, the row-level policies stand. */
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

static bool keys_fit(const struct res_query *q, const json_t *keys)
{
	if (!json_is_array(keys) || json_array_size(keys) != q->n_sort)
		return false;
	for (size_t i = 0; i < q->n_sort; i++) {
		json_t *k = json_array_get(keys, i);
		const struct res_field *f = q->sort[i].field;
		if (json_is_null(k) ? f->not_null : !json_is_string(k))
			return false;
		/* a time is the database's own text here, not RFC 3339 */
		if (json_is_string(k) && f->type != RES_DATETIME && !res_value_text_ok(f->type, json_string_value(k)))
			return false;
	}
	return true;
}

static bool read_cursor(struct res_query *q, const char *text, struct res_problem *p)
{
	unsigned char raw[4096];
	size_t n = 0;
	struct res_buf want = {0};
	sort_text(q, &want);
	res_buf_add(&want, "\n");
	bool good = !want.failed && strlen(text) < 5000 &&
		    sodium_base642bin(raw, sizeof(raw), text, strlen(text), NULL, &n, NULL,
				      sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
		    n > want.n && memcmp(raw, want.p, want.n) == 0;
	if (good)
		q->after = json_loadb((const char *)raw + want.n, n - want.n, 0, NULL);
	res_buf_free(&want);
	if (!good || !keys_fit(q, q->after))
		return fault(p, "cursor", "the cursor does not belong to this list%s", "");
	return true;
}

static bool read_limit(struct res_query *q, const char *text, struct res_problem *p)
{
	char *end;
	long v = strtol(text, &end, 10);
	if (end == text || *end || v < 1 || v > RES_LIMIT_MAX)
		return fault(p, "limit", "limit is a number from 1 to 200%s", "");
	q->limit = (int)v;
	return true;
}

static bool ignored(const char *const *ignore, const char *name)
{
	for (; ignore && *ignore; ignore++)
		if (strcmp(*ignore, name) == 0)
			return true;
	return false;
}

static bool read_pair(struct res_query *q, const struct res_def *r, enum res_role role, const char *name, char **value,
		      char **cursor, struct res_problem *p)
{
	if (strncmp(name, "filter[", 7) == 0)
		return read_filter(q, r, role, name, value, p);
	if (strcmp(name, "sort") == 0)
		return read_sort(q, r, role, *value, p);
	if (strcmp(name, "limit") == 0)
		return read_limit(q, *value, p);
	if (strcmp(name, "count") == 0) {
		q->count = strcmp(*value, "true") == 0 || strcmp(*value, "1") == 0;
		return true;
	}
	if (strcmp(name, "cursor") == 0) {
		zj_deref(*cursor);
		*cursor = *value;
		*value = NULL;
		return true;
	}
	return fault(p, name, "unknown parameter: %.100s", name);
}

bool res_query_read(struct res_query *q, const struct res_def *r, enum res_role role, const char *query,
		    const char *const *ignore, struct res_problem *p)
{
	char *name, *value, *cursor = NULL;
	int more = 0;
	bool good = true;
	*q = (struct res_query){.limit = RES_LIMIT_DEFAULT};
	good = !r->sort || read_sort(q, r, role, r->sort, p);
	while (good && (more = next_pair(&query, &name, &value)) > 0) {
		good = ignored(ignore, name) || read_pair(q, r, role, name, &value, &cursor, p);
		zj_deref(name);
		zj_deref(value);
	}
	if (good && more < 0)
		good = fault(p, NULL, "malformed percent-encoding%s", "");
	finish_sort(q, r);
	if (good && cursor && *cursor)
		good = read_cursor(q, cursor, p);
	zj_deref(cursor);
	return good;
}

void res_query_free(struct res_query *q)
{
	for (size_t i = 0; i < q->n_filters; i++)
		zj_deref(q->filters[i].value);
	json_decref(q->after);
	q->n_filters = 0;
	q->after = NULL;
}
