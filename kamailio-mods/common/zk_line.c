#include "zk_line.h"
#include <string.h>

static char escaped(char c)
{
	static const char names[] = "bfnrtv", codes[] = "\b\f\n\r\t\v";
	const char *at = c ? strchr(names, c) : NULL;
	return at ? codes[at - names] : c;
}

/* PostgreSQL writes no others than these (no octal ones). */
static void unescape(char *field)
{
	char *to = strchr(field, '\\');
	for (const char *from = to; from && *from; to++) {
		if (*from == '\\' && from[1]) {
			*to = escaped(from[1]);
			from += 2;
		} else {
			*to = *from++;
		}
	}
	if (to)
		*to = '\0';
}

unsigned zk_line_cut(char *line, size_t len, const char **fields, unsigned max)
{
	unsigned n = 0;
	char *end = line + len;
	if (!len || end[-1] != '\n')
		return 0;
	*--end = '\0';
	for (char *p = line; p && p <= end; n++) {
		char *next = memchr(p, '\t', (size_t)(end - p));
		if (next)
			*next++ = '\0';
		if (n < max)
			fields[n] = strcmp(p, "\\N") ? p : NULL;
		if (n < max && fields[n])
			unescape(p);
		p = next;
	}
	return n;
}
