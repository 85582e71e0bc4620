/* Parameters of a request against the method's list "name:type name?:type …" (zj_rpc.h). */
#include "rpc_priv.h"
#include "zj_time.h"
#include <stdio.h>
#include <string.h>

struct param {
	const char *name;
	size_t len;
	bool optional;
	char type;
};

static const char *type_text(char type)
{
	switch (type) {
	case 's':
		return "a string";
	case 'i':
		return "an integer";
	case 'n':
		return "a number";
	case 'b':
		return "a boolean";
	case 'o':
		return "an object";
	case 'a':
		return "an array";
	case 'u':
		return "a UUID";
	default:
		return "a value";
	}
}

static bool type_fits(char type, const json_t *value)
{
	switch (type) {
	case 's':
		return json_is_string(value);
	case 'i':
		return json_is_integer(value);
	case 'n':
		return json_is_number(value);
	case 'b':
		return json_is_boolean(value);
	case 'o':
		return json_is_object(value);
	case 'a':
		return json_is_array(value);
	case 'u':
		return zj_uuid_is_valid(json_string_value(value));
	default:
		return type == '*';
	}
}

/* Takes the next parameter off the list; false at its end. */
static bool param_next(const char **spec, struct param *p)
{
	const char *s = *spec + strspn(*spec, " ");

	if (!*s)
		return false;
	p->name = s;
	p->len = strcspn(s, "?: ");
	s += p->len;
	p->optional = *s == '?';
	if (p->optional)
		s++;
	p->type = '*';
	if (*s == ':') {
		p->type = s[1];
		s += 2;
	}
	*spec = s;
	return true;
}

static bool param_known(const char *spec, const char *name)
{
	struct param p;

	while (param_next(&spec, &p)) {
		if (strlen(name) == p.len && !memcmp(name, p.name, p.len))
			return true;
	}
	return false;
}

bool zj_rpc_params_ok(const char *spec, json_t *params, char *why, size_t size)
{
	const char *rest = spec ? spec : "";
	size_t found = 0;
	struct param p;
	const char *name;
	json_t *value;

	if (params && !json_is_object(params)) {
		snprintf(why, size, "params must be an object");
		return false;
	}
	if (spec && !strcmp(spec, "*"))
		return true;
	while (param_next(&rest, &p)) {
		value = json_object_getn(params, p.name, p.len);
		if (!value && p.optional)
			continue;
		if (!value) {
			snprintf(why, size, "%.*s is missing (%s)", (int)p.len, p.name, type_text(p.type));
			return false;
		}
		if (!type_fits(p.type, value)) {
			snprintf(why, size, "%.*s must be %s", (int)p.len, p.name, type_text(p.type));
			return false;
		}
		found++;
	}
	if (found == json_object_size(params))
		return true;
	json_object_foreach (params, name, value) {
		if (!param_known(spec ? spec : "", name)) {
			snprintf(why, size, "%.64s is not a parameter of this method", name);
			return false;
		}
	}
	return true;
}
