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

bool api_value_text_ok(enum api_type type, const char *text)
{
	switch (type) {
	case API_INTEGER:
		return is_integer(text);
	case API_NUMBER:
		return is_number(text);
	case API_BOOLEAN:
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	case API_UUID:
		return zj_uuid_is_valid(text);
	case API_DATETIME:
		return zj_rfc3339_parse(text) >= 0;
	case API_IP:
		return is_address(text);
	case API_STRING:
	case API_STRINGS:
	case API_UUIDS:
	case API_JSON:
	case API_TYPE_COUNT:
		break;
	}
	return true;
}

void api_values_free(struct api_values *values)
{
	for (size_t i = 0; i < values->n; i++)
		zj_deref(values->v[i].text);
	values->n = 0;
}

struct api_value *api_values_find(struct api_values *values, const char *field)
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

static void wrong_type(struct api_problem *p, const struct api_field *f)
{
	api_problem_set(p, API_P_TYPE, "%s must be of type %s", f->name, api_types[f->type].name);
	api_problem_add(p, f->name, "type", json_string(api_types[f->type].name));
}

static void check_string(const struct api_field *f, const char *s, struct api_problem *p)
{
	size_t n = f->by_bytes ? strlen(s) : characters(s);
	if (f->has_min_len && n < (uint64_t)f->min_len)
		api_problem_add(p, f->name, n == 0 && f->min_len == 1 ? "required" : "min_length",
				n == 0 && f->min_len == 1 ? NULL : json_integer(f->min_len));
	else if (f->has_max_len && n > (uint64_t)f->max_len)
		api_problem_add(p, f->name, "max_length", json_integer(f->max_len));
	else if (f->choices) {
		size_t i;
		json_t *c;
		json_array_foreach (f->choices, i, c)
			if (strcmp(json_string_value(c), s) == 0)
				return;
		api_problem_add(p, f->name, "enum", json_incref(f->choices));
	}
}

static void check_integer(const struct api_field *f, json_int_t v, struct api_problem *p)
{
	if (f->has_min && v < f->min)
		api_problem_add(p, f->name, "min", json_integer(f->min));
	else if (f->has_max && v > f->max)
		api_problem_add(p, f->name, "max", json_integer(f->max));
}

/* {"a","b"}: an array as PostgreSQL reads it. NULL when an element is not a string (or no UUID where one is due). */
static char *array_text(const struct api_field *f, const json_t *a)
{
	struct api_buf b = {0};
	size_t i;
	json_t *e;
	bool good = true;
	api_buf_add(&b, "{");
	json_array_foreach (a, i, e) {
		const char *s = json_string_value(e);
		if (!s || (f->type == API_UUIDS && !zj_uuid_is_valid(s))) {
			good = false;
			break;
		}
		api_buf_add(&b, i ? ",\"" : "\"");
		for (; *s; s++) {
			if (*s == '"' || *s == '\\')
				api_buf_add(&b, "\\");
			api_buf_addn(&b, s, 1);
		}
		api_buf_add(&b, "\"");
	}
	api_buf_add(&b, "}");
	char *out = good && !b.failed ? zj_strdup(b.p) : NULL;
	api_buf_free(&b);
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
static char *value_text(const struct api_field *f, const json_t *v, struct api_problem *p)
{
	size_t faults = json_array_size(p->errors);
	const char *s = json_string_value(v);
	char *out = NULL;
	bool good = false;
	switch (f->type) {
	case API_INTEGER:
		if ((good = json_is_integer(v))) {
			check_integer(f, json_integer_value(v), p);
			out = zj_asprintf("%" JSON_INTEGER_FORMAT, json_integer_value(v));
		}
		break;
	case API_NUMBER:
		good = json_is_number(v) && (out = json_text(v));
		break;
	case API_BOOLEAN:
		good = json_is_boolean(v) && (out = zj_strdup(json_is_true(v) ? "true" : "false"));
		break;
	case API_STRINGS:
	case API_UUIDS:
		good = json_is_array(v) && (out = array_text(f, v));
		break;
	case API_JSON:
		good = (out = json_text(v));
		break;
	case API_STRING:
		if ((good = s != NULL)) {
			check_string(f, s, p);
			out = zj_strdup(s);
		}
		break;
	default: /* texts of a form: uuid, datetime, ip */
		if ((good = s != NULL)) {
			if (!api_value_text_ok(f->type, s))
				api_problem_add(p, f->name, "format", json_string(api_types[f->type].name));
			out = zj_strdup(s);
		}
	}
	if (!good)
		wrong_type(p, f);
	if (json_array_size(p->errors) > faults)
		out = zj_deref(out);
	return out;
}

static void read_one(struct api_values *values, const struct api_field *f, const json_t *v, struct api_problem *p)
{
	size_t faults = json_array_size(p->errors);
	if (json_is_null(v) && f->not_null) {
		api_problem_add(p, f->name, "required", NULL);
		return;
	}
	char *text = json_is_null(v) ? NULL : value_text(f, v, p);
	if (json_array_size(p->errors) > faults)
		return;
	values->v[values->n++] = (struct api_value){f, text};
}

bool api_values_read(struct api_values *values, const struct api_resource *r, enum api_role role, bool creating,
		     const json_t *body, struct api_problem *p)
{
	const char *key;
	json_t *v;
	*values = (struct api_values){0};
	p->kind = API_P_INVALID;
	json_object_foreach ((json_t *)body, key, v) {
		const struct api_field *f = api_resource_field(r, key);
		if (!f || f->hidden) {
			api_problem_set(p, API_P_UNKNOWN_FIELD, "%s has no field %.100s", r->name, key);
			api_problem_add(p, key, "unknown_field", NULL);
		} else if (!api_field_writable(f, role, creating)) {
			api_problem_add(p, key, "readonly", NULL);
		} else if (values->n < API_VALUES_MAX) {
			read_one(values, f, v, p);
		}
	}
	for (size_t i = 0; creating && i < r->n_fields; i++)
		if (api_field_required(&r->fields[i], role) && !json_object_get(body, r->fields[i].name))
			api_problem_add(p, r->fields[i].name, "required", NULL);
	if (!creating && values->n == 0 && !api_problem_any(p))
		api_problem_set(p, API_P_REQUEST, "nothing to change");
	return !api_problem_any(p) && (creating || values->n > 0);
}
