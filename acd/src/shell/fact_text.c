#include "shell/daemon.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *acd_fact_text(const char *table, const char *tenant, const char *id, const json_t *row)
{
	char *text = json_dumps(row, JSON_COMPACT), *line = NULL;

	if (text && asprintf(&line, "{\"t\":\"%s\",\"n\":\"%s\",\"i\":\"%s\",\"r\":%s}", table, tenant, id, text) < 0)
		line = NULL;
	free(text);
	return line;
}

/* Reads `"key":"value"` at *at and moves behind it. */
static bool field(const char **at, const char *key, char *value, size_t size)
{
	size_t key_len = strlen(key), n;

	if (strncmp(*at, key, key_len))
		return false;
	*at += key_len;
	n = strcspn(*at, "\"");
	if (n >= size || (*at)[n] != '"')
		return false;
	memcpy(value, *at, n);
	value[n] = 0;
	*at += n + 1;
	return true;
}

bool acd_fact_read(struct acd_fact *f, const char *line)
{
	const char *at = line;
	size_t len = strlen(line);

	if (!field(&at, "{\"t\":\"", f->table, sizeof(f->table)) ||
	    !field(&at, ",\"n\":\"", f->tenant, sizeof(f->tenant)) || !field(&at, ",\"i\":\"", f->id, sizeof(f->id)) ||
	    strncmp(at, ",\"r\":{", 6))
		return false;
	f->row = at + 5;
	f->row_len = len - (size_t)(f->row - line) - 1;
	return line[len - 1] == '}';
}
