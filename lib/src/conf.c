/* Configuration (zj_conf.h): file and environment, both checked against the part's table. */
#include "zj_conf.h"
#include "zj_log.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 4096

/* Where a value came from, for the error's text. */
struct source {
	const char *file; /* NULL: the environment variable `key` */
	unsigned line;
	const char *key;
};

static int complain(char *why, size_t size, const struct source *src, const char *rule)
{
	if (src->file && src->key)
		snprintf(why, size, "%s:%u: %s %s", src->file, src->line, src->key, rule);
	else if (src->file)
		snprintf(why, size, "%s:%u: %s", src->file, src->line, rule);
	else
		snprintf(why, size, "%s %s", src->key ? src->key : "?", rule);
	return EINVAL;
}

static char **string_at(const struct zj_conf_row *row, void *conf)
{
	return (char **)((char *)conf + row->offset);
}

static int set_string(const struct zj_conf_row *row, void *conf, const char *value, const struct source *src, char *why,
		      size_t size)
{
	char rule[128], *copy;
	int64_t len = (int64_t)strlen(value);

	if (len < row->min || (row->max > 0 && len > row->max)) {
		snprintf(rule, sizeof(rule), "must have %" PRId64 " to %" PRId64 " characters, it has %" PRId64,
			 row->min, row->max, len);
		return complain(why, size, src, rule);
	}
	copy = zj_strdup(value);
	if (!copy)
		return complain(why, size, src, "could not be kept: out of memory");
	zj_deref(*string_at(row, conf));
	*string_at(row, conf) = copy;
	return 0;
}

static int set_int(const struct zj_conf_row *row, void *conf, const char *value, const struct source *src, char *why,
		   size_t size)
{
	char rule[128], *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (!*value || *end || errno)
		return complain(why, size, src, "must be a whole number");
	if (n < row->min || n > row->max) {
		snprintf(rule, sizeof(rule), "must be between %" PRId64 " and %" PRId64 ", it is %lld", row->min,
			 row->max, n);
		return complain(why, size, src, rule);
	}
	*(int64_t *)((char *)conf + row->offset) = n;
	return 0;
}

static int set_bool(const struct zj_conf_row *row, void *conf, const char *value, const struct source *src, char *why,
		    size_t size)
{
	static const char *const words[][2] = {{"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(words); i++) {
		for (int b = 0; b < 2; b++) {
			if (strcasecmp(value, words[i][b]))
				continue;
			*(bool *)((char *)conf + row->offset) = b;
			return 0;
		}
	}
	return complain(why, size, src, "must be yes or no");
}

static int set(const struct zj_conf_row *row, void *conf, const char *value, const struct source *src, char *why,
	       size_t size)
{
	switch (row->type) {
	case ZJ_CONF_INT:
		return set_int(row, conf, value, src, why, size);
	case ZJ_CONF_BOOL:
		return set_bool(row, conf, value, src, why, size);
	case ZJ_CONF_STR:
	case ZJ_CONF_SECRET:
		break;
	}
	return set_string(row, conf, value, src, why, size);
}

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	for (end = s + strlen(s); end > s && isspace((unsigned char)end[-1]); end--)
		end[-1] = '\0';
	return s;
}

static size_t row_count(const struct zj_conf_row *rows)
{
	size_t n = 0;

	while (rows[n].key)
		n++;
	return n;
}

static int line_read(char *line, const struct zj_conf_row *rows, void *conf, bool *given, struct source *src, char *why,
		     size_t size)
{
	char *key = trim(line), *value;

	src->key = NULL;
	if (!*key || *key == '#')
		return 0;
	value = strchr(key, '=');
	if (!value)
		return complain(why, size, src, "expected `key = value`");
	*value++ = '\0';
	key = trim(key);
	src->key = key;
	for (size_t i = 0; rows[i].key; i++) {
		if (strcmp(rows[i].key, key))
			continue;
		if (given[i])
			return complain(why, size, src, "is given twice");
		given[i] = true;
		return set(&rows[i], conf, trim(value), src, why, size);
	}
	return complain(why, size, src, "is not a known key (--print-config shows them)");
}

static int file_read(const struct zj_conf_row *rows, void *conf, bool *given, const char *path, char *why, size_t size)
{
	struct source src = {.file = path};
	char line[LINE_MAX_BYTES];
	FILE *f = fopen(path, "re");
	int err = 0;

	if (!f) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return EINVAL;
	}
	while (!err && fgets(line, sizeof(line), f)) {
		src.line++;
		src.key = NULL;
		if (strlen(line) == sizeof(line) - 1)
			err = complain(why, size, &src, "line is too long");
		else
			err = line_read(line, rows, conf, given, &src, why, size);
	}
	if (!err && ferror(f)) {
		snprintf(why, size, "%s: cannot be read", path);
		err = EINVAL;
	}
	fclose(f);
	return err;
}

/* "ivr-vxml", "log_level" → "ZJ_IVR_VXML_LOG_LEVEL". */
static void env_name(char *out, size_t size, const char *part, const char *key)
{
	int n = snprintf(out, size, "ZJ_%s_%s", part, key);

	for (int i = 0; i < n && (size_t)i < size; i++)
		out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
}

/* What neither environment nor file said. */
static int rest_read(const char *part, const struct zj_conf_row *row, void *conf, bool given, char *why, size_t size)
{
	struct source src = {.key = row->key};
	char name[128];
	const char *value;

	env_name(name, sizeof(name), part, row->key);
	value = getenv(name);
	if (value) {
		src.key = name;
		return set(row, conf, value, &src, why, size);
	}
	if (given)
		return 0;
	if (row->def)
		return set(row, conf, row->def, &src, why, size);
	return complain(why, size, &src, "must be given");
}

int zj_conf_load(const char *part, const struct zj_conf_row *rows, void *conf, const char *path, char *why, size_t size)
{
	bool *given = zj_alloc((row_count(rows) + 1) * sizeof(*given), NULL);
	int err;

	if (!given)
		return ENOMEM;
	err = path ? file_read(rows, conf, given, path, why, size) : 0;
	for (size_t i = 0; !err && rows[i].key; i++)
		err = rest_read(part, &rows[i], conf, given[i], why, size);
	if (err)
		zj_conf_free(rows, conf);
	zj_deref(given);
	return err;
}

void zj_conf_free(const struct zj_conf_row *rows, void *conf)
{
	for (; rows->key; rows++) {
		if (rows->type == ZJ_CONF_STR || rows->type == ZJ_CONF_SECRET)
			*string_at(rows, conf) = zj_deref(*string_at(rows, conf));
	}
}

void zj_conf_print_default(const char *part, const struct zj_conf_row *rows)
{
	char name[128];

	printf("# Configuration of %s.\n", part);
	for (; rows->key; rows++) {
		env_name(name, sizeof(name), part, rows->key);
		printf("\n# %s\n", rows->help);
		if (rows->type == ZJ_CONF_INT)
			printf("# A whole number between %" PRId64 " and %" PRId64 ". ", rows->min, rows->max);
		else
			printf("# %s. ", rows->type == ZJ_CONF_BOOL ? "yes or no" : "A text");
		printf("Environment: %s\n", name);
		if (rows->def)
			printf("%s = %s\n", rows->key, rows->type == ZJ_CONF_SECRET ? "" : rows->def);
		else
			printf("# %s =   (must be given)\n", rows->key);
	}
}
