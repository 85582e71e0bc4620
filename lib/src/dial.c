#include "zj_dial.h"
#include <stdio.h>
#include <string.h>

const char *zj_dial_digits(const char *number)
{
	return number[0] == '+' ? number + 1 : number;
}

int zj_dial_fit(const char *prefix, int length, const char *number)
{
	const char *digits = zj_dial_digits(number), *p = strcmp(prefix, "default") ? zj_dial_digits(prefix) : "";
	size_t n = strlen(p);

	if (strncmp(digits, p, n) != 0 || (length && strlen(digits) != (size_t)length))
		return -1;
	return 2 * (int)n + (length ? 1 : 0);
}

bool zj_dial_rewrite(char *out, size_t size, const char *number, const char *strip, const char *add)
{
	size_t cut = strip[0] && !strncmp(number, strip, strlen(strip)) ? strlen(strip) : 0;
	int n = snprintf(out, size, "%s%s", add, number + cut);

	return n >= 0 && (size_t)n < size;
}
