/* What check constraints and defaults say, read from the text in which PostgreSQL prints them. What is not understood
 * is left to the database: it refuses, and the refusal is mapped to the field. */
#include "schema.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Reads 'it''s' at *p; moves past it. NULL: not a quoted text. */
static char *quoted(const char **p)
{
	if (**p != '\'')
		return NULL;
	const char *s = *p + 1;
	char *out = malloc(strlen(s) + 1), *o = out;
	if (!out)
		return NULL;
	for (; *s; s++) {
		if (*s == '\'' && s[1] != '\'')
			break;
		if (*s == '\'')
			s++;
		*o++ = *s;
	}
	*o = 0;
	*p = *s ? s + 1 : s;
	return out;
}

/* `name = ANY (ARRAY['a'::text, 'b'::text])`; of an array `names <@ ARRAY['a'::text, 'b'::text]` */
static json_t *read_choices(const char *def)
{
	const char *p = strstr(def, "= ANY (ARRAY["), *all = strstr(def, "<@ ARRAY[");
	if (!p && !all)
		return NULL;
	json_t *a = json_array();
	for (p = strchr(p ? p : all, '[') + 1; *p && *p != ']'; p++) {
		char *text = quoted(&p);
		if (!text)
			continue;
		json_array_append_new(a, json_string(text));
		free(text);
		if (!*p || *p == ']')
			break;
	}
	if (json_array_size(a) == 0) {
		json_decref(a);
		return NULL;
	}
	return a;
}

struct bounds {
	bool has_min, has_max;
	int64_t min, max;
};

/* Every `<subject> <op> <integer>` of a conjunction. */
static struct bounds read_bounds(const char *def, const char *subject)
{
	struct bounds b = {0};
	size_t n = strlen(subject);
	for (const char *p = def; (p = strstr(p, subject)); p += n) {
		if (p > def && (isalnum((unsigned char)p[-1]) || p[-1] == '_'))
			continue;
		const char *op = p + n;
		while (*op == ' ')
			op++;
		bool ge = strncmp(op, ">= ", 3) == 0, le = strncmp(op, "<= ", 3) == 0, gt = strncmp(op, "> ", 2) == 0,
		     lt = strncmp(op, "< ", 2) == 0;
		if (!ge && !le && !gt && !lt)
			continue;
		const char *digits = op + (ge || le ? 3 : 2);
		digits += *digits == '\'';
		char *end;
		long long v = strtoll(digits, &end, 10);
		if (end == digits)
			continue;
		if (ge || gt)
			b.has_min = true, b.min = v + gt;
		else
			b.has_max = true, b.max = v - lt;
	}
	return b;
}

static bool mentions_or(const char *def)
{
	return strstr(def, " OR ") || strstr(def, "CASE");
}

/* `name ~ '^…$'::text` */
static void read_pattern(struct res_field *f, const char *def)
{
	const char *p = strstr(def, " ~ '");
	size_t n = strlen(f->name);
	if (f->pattern || !p || (size_t)(p - def) < n || strncmp(p - n, f->name, n) != 0)
		return;
	p += 3;
	char *text = quoted(&p);
	f->pattern = text ? zj_strdup(text) : NULL;
	free(text);
}

static void read_length(struct res_field *f, const char *def, const char *function, bool by_bytes)
{
	char subject[160];
	if (strlen(f->name) > 100)
		return;
	strcpy(subject, function);
	strcat(subject, "(");
	strcat(subject, f->name);
	strcat(subject, ")");
	struct bounds b = read_bounds(def, subject);
	if (b.has_min)
		f->has_min_len = true, f->min_len = b.min, f->by_bytes = by_bytes;
	if (b.has_max)
		f->has_max_len = true, f->max_len = b.max, f->by_bytes = by_bytes;
}

void res_constraint_read(struct res_field *f, const char *def)
{
	if (!def || mentions_or(def)) /* NULL: dropped while the catalogue was read */
		return;
	if (!f->choices)
		f->choices = read_choices(def);
	if (f->type == RES_INTEGER || f->type == RES_NUMBER) {
		struct bounds b = read_bounds(def, f->name);
		if (b.has_min)
			f->has_min = true, f->min = b.min;
		if (b.has_max)
			f->has_max = true, f->max = b.max;
	}
	read_pattern(f, def);
	read_length(f, def, "char_length", false);
	read_length(f, def, "octet_length", true);
}

json_t *res_default_read(const char *expr, enum res_type type)
{
	const char *p = expr;
	if (*p == '\'') {
		char *text = quoted(&p);
		bool literal = text && strncmp(p, "::", 2) == 0 && !strchr(p, '(');
		json_t *v = NULL;
		if (literal && (type == RES_STRINGS || type == RES_UUIDS))
			v = strcmp(text, "{}") == 0 ? json_array() : NULL;
		else if (literal && type == RES_JSON)
			v = json_loads(text, JSON_DECODE_ANY, NULL);
		else if (literal && (type == RES_INTEGER || type == RES_NUMBER))
			v = json_loads(text, JSON_DECODE_ANY, NULL);
		else if (literal)
			v = json_string(text);
		free(text);
		return v;
	}
	if (strcmp(expr, "true") == 0 || strcmp(expr, "false") == 0)
		return json_boolean(*expr == 't');
	char *end;
	long long v = strtoll(expr, &end, 10);
	return end != expr && *end == 0 ? json_integer(v) : NULL;
}
