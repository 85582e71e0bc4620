/* One column as the api knows it: its type, its rules, who may write it. */
#include "schema.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *pg;
	enum res_type type;
} pg_types[] = {
	{"integer", RES_INTEGER},
	{"bigint", RES_INTEGER},
	{"smallint", RES_INTEGER},
	{"numeric", RES_NUMBER},
	{"real", RES_NUMBER},
	{"double precision", RES_NUMBER},
	{"boolean", RES_BOOLEAN},
	{"uuid", RES_UUID},
	{"timestamp with time zone", RES_DATETIME},
	{"date", RES_DATE},
	{"time without time zone", RES_TIME},
	{"inet", RES_IP},
	{"cidr", RES_IP},
	{"text[]", RES_STRINGS},
	{"uuid[]", RES_UUIDS},
	{"jsonb", RES_JSON},
	{"json", RES_JSON},
};

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool flag(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* `integer[]` and the like are read as JSON: an array, whatever is in it. */
enum res_type res_type_of(const char *pg)
{
	size_t n = strlen(pg);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(pg_types); i++)
		if (strncmp(pg, pg_types[i].pg, strlen(pg_types[i].pg)) == 0 &&
		    (pg[strlen(pg_types[i].pg)] == 0 || pg[strlen(pg_types[i].pg)] == '('))
			return pg_types[i].type;
	return n > 2 && strcmp(pg + n - 2, "[]") == 0 ? RES_JSON : RES_STRING;
}

/* A bound in the comment wins over what the constraints say. */
static void read_bound(const json_t *comment, const char *key, bool *has, int64_t *value)
{
	json_t *v = json_object_get(comment, key);
	if (json_is_integer(v)) {
		*has = true;
		*value = json_integer_value(v);
	}
}

static void integer_range(struct res_field *f)
{
	if (f->type != RES_INTEGER)
		return;
	bool small = strcmp(f->pg_type, "smallint") == 0, big = strcmp(f->pg_type, "bigint") == 0;
	f->has_min = f->has_max = true;
	f->min = small ? INT16_MIN : big ? INT64_MIN : INT32_MIN;
	f->max = small ? INT16_MAX : big ? INT64_MAX : INT32_MAX;
}

/* Only expressions that mean the same here as in PostgreSQL: no classes (they know letters of all languages there), no
 * escapes of letters, nothing that counts characters beyond ASCII. */
static void compile_pattern(struct res_field *f)
{
	const char *p = f->pattern;
	if (!p || *p != '^' || strstr(p, "[[:") || strstr(p, "[^") || strstr(p, "(?"))
		return;
	for (const char *s = p; *s; s++) {
		if (*s == '.' && (s == p || s[-1] != '\\') && !memchr(p, '[', (size_t)(s - p)))
			return;
		if ((unsigned char)*s >= 0x80 || (*s == '\\' && isalnum((unsigned char)s[1])))
			return;
		if (*s == '{' && strchr(s, '}') && atoi(s + 1) > 255)
			return;
	}
	f->regex = malloc(sizeof(*f->regex));
	if (f->regex && regcomp(f->regex, p, REG_EXTENDED | REG_NOSUB)) {
		free(f->regex);
		f->regex = NULL;
	}
}

static void read_comment(struct res_field *f)
{
	f->readonly = f->readonly || flag(f->comment, "readonly");
	f->writeonly = flag(f->comment, "writeonly");
	f->hidden = flag(f->comment, "hidden") || strcmp(f->pg_type, "bytea") == 0;
	f->detail = flag(f->comment, "detail");
	f->create_only = flag(f->comment, "create_only");
	f->file = flag(f->comment, "file");
	f->check = text(f->comment, "check");
	f->transform = text(f->comment, "transform");
	f->ref = text(f->comment, "ref");
	f->dictionary = text(f->comment, "dictionary");
	f->mask = res_mask_find(text(f->comment, "mask"));
	read_bound(f->comment, "min", &f->has_min, &f->min);
	read_bound(f->comment, "max", &f->has_max, &f->max);
	read_bound(f->comment, "min_length", &f->has_min_len, &f->min_len);
	read_bound(f->comment, "max_length", &f->has_max_len, &f->max_len);
}

void res_field_read(struct res_field *f, const json_t *column, json_t *constraints)
{
	f->name = text(column, "name");
	f->pg_type = text(column, "type");
	f->type = res_type_of(f->pg_type);
	f->comment = json_object_get(column, "comment");
	f->not_null = flag(column, "not_null");
	const char *def = text(column, "default");
	f->has_default = def || flag(column, "generated");
	f->def = def ? res_default_read(def, f->type) : NULL;
	f->readonly = flag(column, "generated");
	integer_range(f);
	size_t i;
	json_t *c;
	json_array_foreach (constraints, i, c) {
		json_t *columns = json_object_get(c, "columns");
		const char *first = json_string_value(json_array_get(columns, 0));
		if (json_array_size(columns) == 1 && first && strcmp(first, f->name) == 0 &&
		    strcmp(text(c, "type"), "c") == 0)
			res_constraint_read(f, text(c, "def"));
	}
	read_comment(f);
	compile_pattern(f);
	for (int r = 0; r < RES_ROLES; r++) {
		json_t *can = json_object_get(json_object_get(column, "can"), res_role_names[r]);
		f->insert[r] = flag(can, "insert");
		f->update[r] = flag(can, "update");
		f->select[r] = flag(can, "select");
	}
}

void res_field_clear(struct res_field *f)
{
	json_decref(f->def);
	json_decref(f->choices);
	zj_deref(f->pattern);
	if (f->regex)
		regfree(f->regex);
	free(f->regex);
}

/* tenant_id tells a tenant nothing; the carrier sees whose a row is. */
bool res_field_shown(const struct res_field *f, enum res_role role)
{
	return !f->hidden && !f->writeonly && f->select[role] &&
	       (role == RES_ROLE_CARRIER || strcmp(f->name, "tenant_id") != 0);
}

bool res_field_writable(const struct res_field *f, enum res_role role, bool creating)
{
	if (strcmp(f->name, "tenant_id") == 0)
		return role == RES_ROLE_CARRIER && creating;
	return !f->hidden && !f->readonly && (creating ? f->insert[role] : f->update[role] && !f->create_only);
}

bool res_field_required(const struct res_field *f, enum res_role role)
{
	return f->not_null && !f->has_default && strcmp(f->name, "tenant_id") != 0 && res_field_writable(f, role, true);
}
