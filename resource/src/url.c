/* Query strings: pairs of percent-encoded texts. */
#include "query.h"
#include <ctype.h>
#include <string.h>

static int hex(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					    : -1;
}

char *res_query_decode(const char *s, size_t n)
{
	char *out = zj_alloc(n + 1, NULL), *o = out;
	if (!out)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		char c = s[i] == '+' ? ' ' : s[i];
		if (c == '%') {
			if (i + 2 >= n || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
				return zj_deref(out);
			c = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
			i += 2;
		}
		if (c == 0)
			return zj_deref(out);
		*o++ = c;
	}
	*o = 0;
	return out;
}

/* The next `name=value` of the query at *p. 1: there is one, 0: the end, -1: malformed. Both texts are objects. */
int res_query_pair(const char **p, char **name, char **value)
{
	while (**p == '&')
		(*p)++;
	if (!**p)
		return 0;
	size_t n = strcspn(*p, "&");
	const char *eq = memchr(*p, '=', n);
	size_t name_n = eq ? (size_t)(eq - *p) : n;
	*name = res_query_decode(*p, name_n);
	*value = eq ? res_query_decode(eq + 1, n - name_n - 1) : zj_strdup("");
	*p += n;
	if (*name && *value)
		return 1;
	*name = zj_deref(*name);
	*value = zj_deref(*value);
	return -1;
}

char *res_query_get(const char *query, const char *want)
{
	char *name, *value;
	while (res_query_pair(&query, &name, &value) > 0) {
		bool found = strcmp(name, want) == 0;
		zj_deref(name);
		if (found)
			return value;
		zj_deref(value);
	}
	return NULL;
}
