#include "value.h"
#include "zj_time.h"
#include <arpa/inet.h>
#include <errno.h>
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
	if (!*s || strspn(s, "+-0123456789.eE") != strlen(s))
		return false;
	strtod(s, &end);
	return *end == 0;
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

void res_values_free(struct res_values *values)
{
	for (size_t i = 0; i < values->n; i++)
		zj_deref(values->v[i].text);
	values->n = 0;
}

struct res_value *res_values_find(struct res_values *values, const char *field)
{
	for (size_t i = 0; i < values->n; i++)
		if (strcmp(values->v[i].field->name, field) == 0)
			return &values->v[i];
	return NULL;
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

static void check_string(const struct res_field *f, const char *s, struct res_problem *p)
{
	size_t n = f->by_bytes ? strlen(s) : characters(s);
	if (f->has_min_len && n < (uint64_t)f->min_len)
		res_problem_add(p, f->name, n == 0 && f->min_len == 1 ? "required" : "min_length",
				n == 0 && f->min_len == 1 ? NULL : json_integer(f->min_len));
	else if (f->has_max_len && n > (uint64_t)f->max_len)
		res_problem_add(p, f->name, "max_length", json_integer(f->max_len));
	else if (f->choices) {
		size_t i;
		json_t *c;
		json_array_foreach (f->choices, i, c)
			if (strcmp(json_string_value(c), s) == 0)
				return;
		res_problem_add(p, f->name, "enum", json_incref(f->choices));
	}
}

static void check_integer(const struct res_field *f, json_int_t v, struct res_problem *p)
{
	if (f->has_min && v < f->min)
		res_problem_add(p, f->name, "min", json_integer(f->min));
	else if (f->has_max && v > f->max)
		res_problem_add(p, f->name, "max", json_integer(f->max));
}

/* {"a","b"}: an array as PostgreSQL reads it. NULL when an element is not a string (or no UUID where one is due). */
static char *array_text(const struct res_field *f, const json_t *a)
{
	struct res_buf b = {0};
	size_t i;
	json_t *e;
	bool good = true;
	res_buf_add(&b, "{");
	json_array_foreach (a, i, e) {
		const char *s = json_string_value(e);
		if (!s || (f->type == RES_UUIDS && !zj_uuid_is_valid(s))) {
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
			check_integer(f, json_integer_value(v), p);
			out = zj_asprintf("%" JSON_INTEGER_FORMAT, json_integer_value(v));
		}
		break;
	case RES_NUMBER:
		good = json_is_number(v) && (out = json_text(v));
		break;
	case RES_BOOLEAN:
		good = json_is_boolean(v) && (out = zj_strdup(json_is_true(v) ? "true" : "false"));
		break;
	case RES_STRINGS:
	case RES_UUIDS:
		good = json_is_array(v) && (out = array_text(f, v));
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
	default: /* texts of a form: uuid, datetime, ip */
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

static void read_one(struct res_values *values, const struct res_field *f, const json_t *v, struct res_problem *p)
{
	size_t faults = json_array_size(p->errors);
	if (json_is_null(v) && f->not_null) {
		res_problem_add(p, f->name, "required", NULL);
		return;
	}
	char *text = json_is_null(v) ? NULL : value_text(f, v, p);
	if (json_array_size(p->errors) > faults)
		return;
	values->v[values->n++] = (struct res_value){f, text};
}

bool res_values_read(struct res_values *values, const struct res_def *r, enum res_role role, bool creating,
		     const json_t *body, struct res_problem *p)
{
	const char *key;
	json_t *v;
	*values = (struct res_values){0};
	p->kind = RES_P_INVALID;
	json_object_foreach ((json_t *)body, key, v) {
		const struct res_field *f = res_def_field(r, key);
		if (!f || f->hidden) {
			res_problem_set(p, RES_P_UNKNOWN_FIELD, "%s has no field %.100s", r->name, key);
			res_problem_add(p, key, "unknown_field", NULL);
		} else if (!res_field_writable(f, role, creating)) {
			res_problem_add(p, key, "readonly", NULL);
		} else if (values->n < RES_VALUES_MAX) {
			read_one(values, f, v, p);
		}
	}
	for (size_t i = 0; creating && i < r->n_fields; i++)
		if (res_field_required(&r->fields[i], role) && !json_object_get(body, r->fields[i].name))
			res_problem_add(p, r->fields[i].name, "required", NULL);
	if (!creating && values->n == 0 && !res_problem_any(p))
		res_problem_set(p, RES_P_REQUEST, "nothing to change");
	return !res_problem_any(p) && (creating || values->n > 0);
}
