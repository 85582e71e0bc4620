#include "custom.h"
#include <stdlib.h>
#include <string.h>

#define SAFE_INTEGER 9007199254740991 /* what a browser's number holds exactly */

const char *const res_custom_type_names[RES_CUSTOM_TYPE_COUNT] = {
#define X(e, n, t) [e] = (n),
	RES_CUSTOM_TYPES(X)
#undef X
};
static const enum res_type types[RES_CUSTOM_TYPE_COUNT] = {
#define X(e, n, t) [e] = (t),
	RES_CUSTOM_TYPES(X)
#undef X
};
static const int64_t longest[RES_CUSTOM_TYPE_COUNT] = {
	[RES_CUSTOM_TEXT] = 1000,  [RES_CUSTOM_TEXTAREA] = 10000, [RES_CUSTOM_EMAIL] = 254,  [RES_CUSTOM_PHONE] = 32,
	[RES_CUSTOM_SINGLE] = 200, [RES_CUSTOM_REGION] = 6,       [RES_CUSTOM_CASCADE] = 16,
};

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* The name goes into SQL as a literal: nothing but what the table's own check allows. */
static bool name_ok(const char *name)
{
	size_t n = name ? strlen(name) : 0;
	return n >= 1 && n <= 40 && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

/* A field that only rows of one business client have: the database says who must fill it. NULL: all rows have it. */
static const char *client_of(const json_t *row)
{
	const char *id = text(row, "business_client_id");
	return id && *id ? id : NULL;
}

static json_t *comment_of(const json_t *row, enum res_custom_type type)
{
	json_t *o = json_pack("{s:s*, s:s*}", "zh", text(row, "zh"), "mask", text(row, "mask"));
	const char *en = text(row, "en"), *group = text(row, "group_name"), *zh_help = text(row, "help_zh"),
		   *en_help = text(row, "help_en");
	json_object_set_new(o, "en", json_string(en && *en ? en : text(row, "zh")));
	if (group && *group)
		json_object_set_new(o, "group", json_string(group));
	if (zh_help && *zh_help)
		json_object_set_new(o, "help_zh", json_string(zh_help));
	if (en_help && *en_help)
		json_object_set_new(o, "help_en", json_string(en_help));
	if (type == RES_CUSTOM_TEXTAREA)
		json_object_set_new(o, "widget", json_string("textarea"));
	if (client_of(row))
		json_object_set_new(o, "when",
				    json_pack("{s:s, s:[s]}", "field", "business_client_id", "in", client_of(row)));
	return o;
}

static const char *sql_type(enum res_type type)
{
	return type == RES_INTEGER || type == RES_NUMBER ? "numeric" : type == RES_STRINGS ? "text[]" : "text";
}

bool res_custom_read(struct res_custom *c, struct res_field *f, json_t *row)
{
	const char *name = text(row, "name"), *type = text(row, "type");
	int t = 0;
	while (t < RES_CUSTOM_TYPE_COUNT && (!type || strcmp(res_custom_type_names[t], type) != 0))
		t++;
	if (t == RES_CUSTOM_TYPE_COUNT || !name_ok(name) || json_is_false(json_object_get(row, "enabled")))
		return false;
	char *full = zj_asprintf("custom.%s", name);
	if (!full)
		return false;
	json_t *def = json_object_get(row, "default_value"), *choices = json_object_get(row, "choices");
	*c = (struct res_custom){.type = (enum res_custom_type)t,
				 .key = name,
				 .dictionary = text(row, "dictionary_id"),
				 .row = json_incref(row),
				 .required = json_is_true(json_object_get(row, "required")) && !client_of(row),
				 .unique = json_is_true(json_object_get(row, "unique_value")),
				 .def = json_is_null(def) ? NULL : def,
				 .choices = json_is_array(choices) ? choices : NULL};
	*f = (struct res_field){.name = full,
				.type = types[t],
				.pg_type = sql_type(types[t]),
				.comment = comment_of(row, c->type),
				.mask = res_mask_find(text(row, "mask")),
				.has_max_len = longest[t] > 0,
				.max_len = longest[t],
				.has_min = types[t] == RES_INTEGER,
				.has_max = types[t] == RES_INTEGER,
				.min = -SAFE_INTEGER,
				.max = SAFE_INTEGER,
				.def = json_incref(c->def)};
	return true;
}

void res_custom_clear(struct res_custom *c, struct res_field *f)
{
	json_decref(c->row);
	json_decref(f->comment);
	zj_deref((char *)f->name);
	res_field_clear(f);
}

char *res_custom_value_sql(const struct res_custom *c)
{
	switch (types[c->type]) {
	case RES_INTEGER:
	case RES_NUMBER:
		return zj_asprintf(
			"(case jsonb_typeof(t.\"custom\"->'%s') when 'number' then (t.\"custom\"->>'%s')::numeric end)",
			c->key, c->key);
	case RES_STRINGS:
		return zj_asprintf("(case jsonb_typeof(t.\"custom\"->'%s') when 'array' then array(select "
				   "jsonb_array_elements_text(t.\"custom\"->'%s')) end)",
				   c->key, c->key);
	case RES_DATE:
	case RES_DATETIME: /* in a form whose order as text is that of time */
		return zj_asprintf("((t.\"custom\"->>'%s') collate \"C\")", c->key);
	default:
		return zj_asprintf("(t.\"custom\"->>'%s')", c->key);
	}
}

static const char *value_of(const json_t *choice)
{
	return json_is_string(choice) ? json_string_value(choice) : text(choice, "value");
}

static const json_t *find_choice(const json_t *choices, const char *value)
{
	size_t i;
	json_t *c;
	json_array_foreach (choices, i, c)
		if (value && value_of(c) && strcmp(value_of(c), value) == 0)
			return c;
	return NULL;
}

bool res_custom_choice_ok(const struct res_custom *c, const json_t *value)
{
	const json_t *level = c->choices;
	size_t i;
	json_t *v;
	if (!level)
		return true;
	if (json_is_string(value))
		return find_choice(level, json_string_value(value)) != NULL;
	json_array_foreach (value, i, v) {
		const json_t *found = find_choice(level, json_string_value(v));
		if (!found)
			return false;
		if (c->type == RES_CUSTOM_CASCADE)
			level = json_object_get(found, "children");
	}
	return true;
}
