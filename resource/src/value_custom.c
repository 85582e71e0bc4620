/* Values of custom fields: the 13 types and their rules. What is stored is JSON in one form a type, so that filters and
 * sorts need no more than a cast that cannot fail (custom.c). */
#include "custom.h"
#include "value.h"
#include "zj_time.h"
#include <string.h>

#define MULTI_MAX  100
#define CHOICE_MAX 200 /* bytes */

static json_t *bad(struct res_problem *p, const struct res_view_field *f, const char *rule, const char *figure)
{
	res_problem_add(p, f->field->name, rule, figure ? json_string(figure) : NULL);
	return NULL;
}

static json_t *wrong_type(struct res_problem *p, const struct res_view_field *f)
{
	res_problem_set(p, RES_P_TYPE, "%s must be of type %s", f->field->name, res_types[f->field->type].name);
	return bad(p, f, "type", res_types[f->field->type].name);
}

static bool is_email(const char *s)
{
	const char *at = strchr(s, '@');
	size_t n = strlen(s);
	return at && at > s && at - s <= 64 && !strchr(at + 1, '@') && at[1] && n <= 254 &&
	       strcspn(s, " \t\r\n\"<>(),;:\\") == n && s[n - 1] != '.';
}

static bool is_phone(const char *s)
{
	size_t n = strlen(s + (*s == '+'));
	return n >= 1 && n <= 32 && strspn(s + (*s == '+'), "0123456789*#-") == n;
}

/* GB/T 2260: six digits, of which the first two name a province that exists. */
static bool is_region(const char *s)
{
	static const char provinces[] = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 "
					"61 62 63 64 65 71 81 82 ";
	char two[4] = {s[0], s[0] ? s[1] : 0, ' ', 0};
	return strlen(s) == 6 && strspn(s, "0123456789") == 6 && strstr(provinces, two);
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool ask(struct res_values *values, const struct res_view_field *f, const json_t *list, bool path)
{
	bool file = f->custom->type == RES_CUSTOM_ATTACHMENT;
	if (!file && !f->custom->dictionary)
		return true;
	return res_values_check(values, (struct res_check){.kind = file ? RES_CHECK_UPLOAD : RES_CHECK_ITEM_BY_ID,
							   .path = path,
							   .field = f->field->name,
							   .dictionary = f->custom->dictionary,
							   .values = res_array_text(list)});
}

static json_t *choice(struct res_values *values, const struct res_view_field *f, const json_t *v, struct res_problem *p)
{
	json_t *list = json_pack("[O]", v);
	bool good = ask(values, f, list, false);
	json_decref(list);
	if (!res_custom_choice_ok(f->custom, v))
		return bad(p, f, "choice", NULL);
	return good ? json_incref((json_t *)v) : bad(p, f, "check", NULL);
}

static json_t *choices(struct res_values *values, const struct res_view_field *f, const json_t *v,
		       struct res_problem *p)
{
	bool path = f->custom->type == RES_CUSTOM_CASCADE;
	size_t n = json_array_size(v), max = path ? (size_t)f->field->max_len : MULTI_MAX, i, k;
	json_t *e;
	if (!json_is_array(v))
		return wrong_type(p, f);
	if (n > max) {
		res_problem_add(p, f->field->name, "max_length", json_integer((json_int_t)max));
		return NULL;
	}
	json_array_foreach (v, i, e) {
		const char *s = json_string_value(e);
		if (!s || strlen(s) > CHOICE_MAX)
			return wrong_type(p, f);
		for (k = 0; k < i && !path; k++)
			if (strcmp(json_string_value(json_array_get(v, k)), s) == 0)
				return bad(p, f, "choice", NULL);
	}
	if (!res_custom_choice_ok(f->custom, v))
		return bad(p, f, "choice", NULL);
	return ask(values, f, v, path) ? json_incref((json_t *)v) : bad(p, f, "check", NULL);
}

static json_t *number(const struct res_view_field *f, const json_t *v, struct res_problem *p)
{
	if (f->custom->type == RES_CUSTOM_INTEGER ? !json_is_integer(v) : !json_is_number(v))
		return wrong_type(p, f);
	if (f->field->has_min && json_integer_value(v) < f->field->min) {
		res_problem_add(p, f->field->name, "min", json_integer(f->field->min));
		return NULL;
	}
	if (f->field->has_max && json_integer_value(v) > f->field->max) {
		res_problem_add(p, f->field->name, "max", json_integer(f->field->max));
		return NULL;
	}
	return json_incref((json_t *)v);
}

/* Stored in UTC with six digits of a second: its order as text is that of time. */
static json_t *moment(const struct res_view_field *f, const char *s, struct res_problem *p)
{
	char out[ZJ_RFC3339_SIZE];
	int64_t us = zj_rfc3339_parse(s);
	if (us < 0)
		return bad(p, f, "format", "datetime");
	zj_rfc3339(out, us);
	return json_string(out);
}

static json_t *attachment(struct res_values *values, const struct res_view_field *f, const json_t *v,
			  struct res_problem *p)
{
	if (!zj_uuid_is_valid(json_string_value(v)))
		return bad(p, f, "format", "uuid");
	json_t *list = json_pack("[O]", v);
	bool good = ask(values, f, list, false);
	json_decref(list);
	return good ? json_incref((json_t *)v) : bad(p, f, "check", NULL);
}

json_t *res_custom_value(struct res_values *values, const struct res_view_field *f, const json_t *v,
			 struct res_problem *p)
{
	const char *s = json_string_value(v);
	switch (f->custom->type) {
	case RES_CUSTOM_INTEGER:
	case RES_CUSTOM_DECIMAL:
		return number(f, v, p);
	case RES_CUSTOM_MULTI:
	case RES_CUSTOM_CASCADE:
		return choices(values, f, v, p);
	default:
		break;
	}
	if (!s)
		return wrong_type(p, f);
	if (f->field->has_max_len && characters(s) > (uint64_t)f->field->max_len) {
		res_problem_add(p, f->field->name, "max_length", json_integer(f->field->max_len));
		return NULL;
	}
	switch (f->custom->type) {
	case RES_CUSTOM_EMAIL:
		return is_email(s) ? json_string(s) : bad(p, f, "format", "email");
	case RES_CUSTOM_PHONE:
		return is_phone(s) ? json_string(s) : bad(p, f, "format", "phone");
	case RES_CUSTOM_REGION:
		return is_region(s) ? json_string(s) : bad(p, f, "format", "region");
	case RES_CUSTOM_DATE:
		return res_value_text_ok(RES_DATE, s) ? json_string(s) : bad(p, f, "format", "date");
	case RES_CUSTOM_DATETIME:
		return moment(f, s, p);
	case RES_CUSTOM_SINGLE:
		return choice(values, f, v, p);
	case RES_CUSTOM_ATTACHMENT:
		return attachment(values, f, v, p);
	default:
		return json_string(s);
	}
}
