/* A row's values: from a JSON object, or cell by cell from a file. */
#include "value.h"
#include "zj_time.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void res_values_free(struct res_values *values)
{
	for (size_t i = 0; i < values->n; i++) {
		zj_deref(values->v[i].text);
		zj_deref(values->v[i].unset);
	}
	for (size_t i = 0; i < values->n_checks; i++)
		zj_deref(values->checks[i].values);
	json_decref(values->custom);
	json_decref(values->unset);
	values->n = values->n_checks = 0;
	values->custom = values->unset = NULL;
}

struct res_value *res_values_find(const struct res_values *values, const char *field)
{
	for (size_t i = 0; i < values->n; i++)
		if (strcmp(values->v[i].field->name, field) == 0)
			return (struct res_value *)&values->v[i];
	return NULL;
}

bool res_values_check(struct res_values *values, struct res_check check)
{
	if (values->n_checks == RES_CHECKS_MAX) {
		zj_deref(check.values);
		return false;
	}
	values->checks[values->n_checks++] = check;
	return true;
}

static void unknown(const struct res_view *v, const char *name, struct res_problem *p)
{
	res_problem_set(p, RES_P_UNKNOWN_FIELD, "%s has no field %.100s", v->def->name, name);
	res_problem_add(p, name, "unknown_field", NULL);
}

static void read_customs(struct res_values *values, const struct res_view *v, bool creating, const json_t *object,
			 struct res_problem *p)
{
	const char *key;
	json_t *value;
	if (!json_is_object(object)) {
		res_problem_set(p, RES_P_TYPE, "custom must be an object");
		res_problem_add(p, "custom", "type", json_string("json"));
		return;
	}
	json_object_foreach ((json_t *)object, key, value) {
		char *name = zj_asprintf("custom.%s", key);
		const struct res_view_field *f = name ? res_view_find(v, name) : NULL;
		if (f)
			res_value_add(values, f, creating, value, p);
		else
			unknown(v, name ? name : key, p);
		zj_deref(name);
	}
}

static bool was_given(const struct res_values *values, const struct res_view_field *f)
{
	size_t i;
	json_t *key;
	if (!f->custom)
		return res_values_find(values, f->field->name) != NULL;
	json_array_foreach (values->unset, i, key)
		if (strcmp(json_string_value(key), f->custom->key) == 0)
			return true;
	return json_object_get(values->custom, f->custom->key) != NULL;
}

static bool has_fault(const struct res_problem *p, const char *field)
{
	size_t i;
	json_t *e;
	json_array_foreach (p->errors, i, e) {
		const char *name = json_string_value(json_object_get(e, "field"));
		if (name && strcmp(name, field) == 0)
			return true;
	}
	return false;
}

/* What was not said when a row is made: defaults of custom fields, and what must be said. */
static void complete(struct res_values *values, const struct res_view *v, struct res_problem *p)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct res_view_field *f = &v->fields[i];
		if (was_given(values, f) || has_fault(p, f->field->name))
			continue;
		if (f->custom && f->custom->def) {
			if (!values->custom)
				values->custom = json_object();
			json_object_set(values->custom, f->custom->key, f->custom->def);
		} else if (f->required) {
			res_problem_add(p, f->field->name, "required", NULL);
		}
	}
}

/* Custom values become one value of the column `custom`. */
static void gather(struct res_values *values, const struct res_view *v, bool creating, struct res_problem *p)
{
	size_t set = json_object_size(values->custom), unset = json_array_size(values->unset);
	if (set + unset == 0 || (creating && set == 0) || values->n == RES_VALUES_MAX)
		return;
	char *dump = set ? json_dumps(values->custom, JSON_COMPACT) : strdup("{}");
	struct res_value value = {.field = res_def_field(v->def, "custom"),
				  .text = dump ? zj_strdup(dump) : NULL,
				  .unset = unset && !creating ? res_array_text(values->unset) : NULL};
	free(dump);
	if (value.text)
		values->v[values->n++] = value;
	else
		res_problem_set(p, RES_P_INTERNAL, "out of memory");
}

bool res_values_finish(struct res_values *values, const struct res_view *v, bool creating, struct res_problem *p)
{
	if (creating)
		complete(values, v, p);
	if (!res_problem_any(p))
		gather(values, v, creating, p);
	if (!creating && values->n == 0 && !res_problem_any(p))
		res_problem_set(p, RES_P_REQUEST, "nothing to change");
	return !res_problem_any(p) && p->kind != RES_P_INTERNAL && (creating || values->n > 0);
}

bool res_values_read(struct res_values *values, const struct res_view *v, bool creating, const json_t *body,
		     struct res_problem *p)
{
	const char *key;
	json_t *value;
	*values = (struct res_values){0};
	p->kind = RES_P_INVALID;
	json_object_foreach ((json_t *)body, key, value) {
		if (v->has_custom && strcmp(key, "custom") == 0) {
			read_customs(values, v, creating, value, p);
			continue;
		}
		const struct res_view_field *f = res_view_find(v, key);
		if (f)
			res_value_add(values, f, creating, value, p);
		else
			unknown(v, key, p);
	}
	return res_values_finish(values, v, creating, p);
}

/* --- cells of a file --- */

static json_t *boolean_of(const char *s)
{
	static const char *const yes[] = {"true", "1", "yes", "y", "是", "启用", "开"}, *const no[] = {"false", "0",
												       "no",    "n",
												       "否",    "禁用",
												       "关"};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(yes); i++) {
		if (strcasecmp(s, yes[i]) == 0)
			return json_true();
		if (strcasecmp(s, no[i]) == 0)
			return json_false();
	}
	return json_string(s);
}

static json_t *list_of(const char *s)
{
	static const char *const marks[] = {",", ";", "|", "，", "；", "、"};
	json_t *out = json_array();
	while (*s) {
		size_t n = strlen(s), skip = 0;
		for (size_t i = 0; i < ZJ_ARRAY_SIZE(marks); i++) {
			const char *at = strstr(s, marks[i]);
			if (at && (size_t)(at - s) < n)
				n = (size_t)(at - s), skip = strlen(marks[i]);
		}
		size_t from = 0, to = n;
		while (from < to && s[from] == ' ')
			from++;
		while (to > from && s[to - 1] == ' ')
			to--;
		if (to > from)
			json_array_append_new(out, json_stringn(s + from, to - from));
		s += n + (s[n] ? skip : 0);
	}
	return out;
}

static json_t *number_of(const char *s)
{
	json_t *n = res_value_text_ok(RES_NUMBER, s) ? json_loads(s + (*s == '+'), JSON_DECODE_ANY, NULL) : NULL;
	return n ? n : json_string(s);
}

static json_t *json_of(const char *s)
{
	json_t *v = json_loads(s, JSON_DECODE_ANY, NULL);
	return v ? v : json_string(s);
}

void res_value_add_text(struct res_values *values, const struct res_view_field *f, bool creating, const char *text,
			struct res_problem *p)
{
	json_t *v;
	if (!*text && f->field->not_null && f->field->type != RES_STRING)
		return;
	switch (*text || f->field->not_null ? f->field->type : RES_TYPE_COUNT) {
	case RES_INTEGER:
	case RES_NUMBER:
		v = number_of(text);
		break;
	case RES_BOOLEAN:
		v = boolean_of(text);
		break;
	case RES_STRINGS:
	case RES_UUIDS:
		v = list_of(text);
		break;
	case RES_JSON:
		v = json_of(text);
		break;
	case RES_TYPE_COUNT:
		v = json_null();
		break;
	default:
		v = json_string(text);
	}
	if (v)
		res_value_add(values, f, creating, v, p);
	else /* not UTF-8 */
		res_problem_add(p, f->field->name, "format", json_string("UTF-8"));
	json_decref(v);
}
