/* Values of columns: their types and rules. */
#include "value.h"
#include "zj_time.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_integer(const char *s)
{
	char *end;
	errno = 0;
	strtoll(s, &end, 10);
	return *s && *s != ' ' && *end == 0 && errno == 0;
}

static bool is_number(const char *s)
{
	char *end;
	if (!*s || strlen(s) > 60 || strspn(s, "+-0123456789.eE") != strlen(s))
		return false;
	errno = 0;
	strtod(s, &end);
	return *end == 0 && errno == 0;
}

static bool is_address(const char *s)
{
	unsigned char to[16];
	char copy[64];
	if (strlen(s) >= sizeof(copy))
		return false;
	strcpy(copy, s);
	char *slash = strchr(copy, '/');
	if (slash) {
		*slash = 0;
		if (!is_integer(slash + 1))
			return false;
	}
	return inet_pton(AF_INET, copy, to) == 1 || inet_pton(AF_INET6, copy, to) == 1;
}

/* YYYY-MM-DD, a day that exists. */
static bool is_date(const char *s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y = 0, m = 0, d = 0, n = 0;
	if (strlen(s) != 10 || strspn(s, "0123456789-") != 10 || sscanf(s, "%4d-%2d-%2d%n", &y, &m, &d, &n) != 3 ||
	    n != 10 || s[4] != '-' || s[7] != '-')
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return y > 0 && m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

/* HH:MM[:SS[.ffffff]] */
static bool is_time(const char *s)
{
	int h = -1, m = -1, n = 0, more = 0;
	double sec = 0;
	if (sscanf(s, "%2d:%2d%n", &h, &m, &n) != 2 || n != 5 || strspn(s, "0123456789:.") != strlen(s))
		return false;
	if (s[n] && (sscanf(s + n, ":%lf%n", &sec, &more) != 1 || s[n + more] || strlen(s) > 15))
		return false;
	return h >= 0 && h < 24 && m >= 0 && m < 60 && sec >= 0 && sec < 60;
}

bool res_value_text_ok(enum res_type type, const char *text)
{
	switch (type) {
	case RES_INTEGER:
		return is_integer(text);
	case RES_NUMBER:
		return is_number(text);
	case RES_BOOLEAN:
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	case RES_UUID:
		return zj_uuid_is_valid(text);
	case RES_DATETIME:
		return zj_rfc3339_parse(text) >= 0;
	case RES_DATE:
		return is_date(text);
	case RES_TIME:
		return is_time(text);
	case RES_IP:
		return is_address(text);
	case RES_STRING:
	case RES_STRINGS:
	case RES_UUIDS:
	case RES_JSON:
	case RES_TYPE_COUNT:
		break;
	}
	return true;
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void wrong_type(struct res_problem *p, const struct res_field *f)
{
	res_problem_set(p, RES_P_TYPE, "%s must be of type %s", f->name, res_types[f->type].name);
	res_problem_add(p, f->name, "type", json_string(res_types[f->type].name));
}

static bool is_choice(const struct res_field *f, const char *s)
{
	size_t i;
	json_t *c;
	json_array_foreach (f->choices, i, c)
		if (strcmp(json_string_value(c), s) == 0)
			return true;
	return !f->choices;
}

static void check_string(const struct res_field *f, const char *s, struct res_problem *p)
{
	size_t n = f->by_bytes ? strlen(s) : characters(s);
	if (f->has_min_len && n < (uint64_t)f->min_len)
		res_problem_add(p, f->name, n == 0 && f->min_len == 1 ? "required" : "min_length",
				n == 0 && f->min_len == 1 ? NULL : json_integer(f->min_len));
	else if (f->has_max_len && n > (uint64_t)f->max_len)
		res_problem_add(p, f->name, "max_length", json_integer(f->max_len));
	else if (!is_choice(f, s))
		res_problem_add(p, f->name, "enum", json_incref(f->choices));
	else if (f->regex && regexec(f->regex, s, 0, NULL, 0) != 0)
		res_problem_add(p, f->name, "pattern", json_string(f->pattern));
}

static void check_number(const struct res_field *f, const json_t *v, struct res_problem *p)
{
	bool whole = json_is_integer(v);
	json_int_t i = json_integer_value(v);
	double d = json_number_value(v);
	if (f->has_min && (whole ? i < f->min : d < (double)f->min))
		res_problem_add(p, f->name, "min", json_integer(f->min));
	else if (f->has_max && (whole ? i > f->max : d > (double)f->max))
		res_problem_add(p, f->name, "max", json_integer(f->max));
}

char *res_array_text(const json_t *strings)
{
	struct res_buf b = {0};
	size_t i;
	json_t *e;
	bool good = true;
	res_buf_add(&b, "{");
	json_array_foreach (strings, i, e) {
		const char *s = json_string_value(e);
		if (!s) {
			good = false;
			break;
		}
		res_buf_add(&b, i ? ",\"" : "\"");
		for (; *s; s++) {
			if (*s == '"' || *s == '\\')
				res_buf_add(&b, "\\");
			res_buf_addn(&b, s, 1);
		}
		res_buf_add(&b, "\"");
	}
	res_buf_add(&b, "}");
	char *out = good && !b.failed ? zj_strdup(b.p) : NULL;
	res_buf_free(&b);
	return out;
}

static char *array_value(const struct res_field *f, const json_t *a, struct res_problem *p)
{
	size_t i;
	json_t *e;
	json_array_foreach (a, i, e) {
		const char *s = json_string_value(e);
		if (s && f->type == RES_UUIDS && !zj_uuid_is_valid(s))
			return NULL;
		if (s && !is_choice(f, s)) {
			res_problem_add(p, f->name, "enum", json_incref(f->choices));
			break;
		}
	}
	return res_array_text(a);
}

static char *json_text(const json_t *v)
{
	char *dump = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	char *out = dump ? zj_strdup(dump) : NULL;
	free(dump);
	return out;
}

/* The value's text; NULL with a fault in `p`. */
static char *value_text(const struct res_field *f, const json_t *v, struct res_problem *p)
{
	size_t faults = json_array_size(p->errors);
	const char *s = json_string_value(v);
	char *out = NULL;
	bool good = false;
	switch (f->type) {
	case RES_INTEGER:
		if ((good = json_is_integer(v))) {
			check_number(f, v, p);
			out = zj_asprintf("%" JSON_INTEGER_FORMAT, json_integer_value(v));
		}
		break;
	case RES_NUMBER:
		if ((good = json_is_number(v) && (out = json_text(v))))
			check_number(f, v, p);
		break;
	case RES_BOOLEAN:
		good = json_is_boolean(v) && (out = zj_strdup(json_is_true(v) ? "true" : "false"));
		break;
	case RES_STRINGS:
	case RES_UUIDS:
		good = json_is_array(v) && (out = array_value(f, v, p));
		break;
	case RES_JSON:
		good = (out = json_text(v));
		break;
	case RES_STRING:
		if ((good = s != NULL)) {
			check_string(f, s, p);
			out = zj_strdup(s);
		}
		break;
	default: /* texts of a form: uuid, datetime, date, time, ip */
		if ((good = s != NULL)) {
			if (!res_value_text_ok(f->type, s))
				res_problem_add(p, f->name, "format", json_string(res_types[f->type].name));
			out = zj_strdup(s);
		}
	}
	if (!good)
		wrong_type(p, f);
	if (json_array_size(p->errors) > faults)
		out = zj_deref(out);
	return out;
}

/* A choice from a dictionary, a file of one's own: the database is asked before the row is written. */
static void add_checks(struct res_values *values, const struct res_field *f, const json_t *v, struct res_problem *p)
{
	if ((!f->file && !f->dictionary) || json_is_null(v))
		return;
	json_t *list = json_is_array(v) ? json_incref((json_t *)v) : json_pack("[O]", v);
	struct res_check check = {.kind = f->file ? RES_CHECK_UPLOAD : RES_CHECK_ITEM_BY_CODE,
				  .field = f->name,
				  .dictionary = f->dictionary,
				  .values = res_array_text(list)};
	json_decref(list);
	if (!check.values || !res_values_check(values, check))
		res_problem_set(p, RES_P_INTERNAL, "too many values to be checked");
}

static void add_custom(struct res_values *values, const struct res_view_field *f, const json_t *value,
		       struct res_problem *p)
{
	const char *s = json_string_value(value);
	if (!values->custom)
		values->custom = json_object();
	if (!values->unset)
		values->unset = json_array();
	if (json_is_null(value) || (s && !*s) || (json_is_array(value) && json_array_size(value) == 0)) {
		if (f->custom->required)
			res_problem_add(p, f->field->name, "required", NULL);
		json_array_append_new(values->unset, json_string(f->custom->key));
		return;
	}
	json_t *stored = res_custom_value(values, f, value, p);
	if (stored)
		json_object_set_new(values->custom, f->custom->key, stored);
}

void res_value_add(struct res_values *values, const struct res_view_field *vf, bool creating, const json_t *v,
		   struct res_problem *p)
{
	const struct res_field *f = vf->field;
	size_t faults = json_array_size(p->errors);
	if (!(creating ? vf->insert : vf->update)) {
		res_problem_add(p, f->name, "readonly", NULL);
	} else if (vf->custom) {
		add_custom(values, vf, v, p);
	} else if (json_is_null(v) && f->not_null) {
		res_problem_add(p, f->name, "required", NULL);
	} else if (values->n < RES_VALUES_MAX) {
		char *text = json_is_null(v) ? NULL : value_text(f, v, p);
		if (json_array_size(p->errors) > faults)
			return;
		values->v[values->n++] = (struct res_value){f, text, NULL};
		add_checks(values, f, v, p);
	}
}
