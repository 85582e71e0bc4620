#include "did_digits.h"
#include "zk_pattern.h"
#include <stdlib.h>
#include <string.h>

static const char *const names[DID_MATCHES] = {
	[DID_ANY] = "any",     [DID_NUMBER] = "number",   [DID_GROUP] = "group",         [DID_PREFIX] = "prefix",
	[DID_RANGE] = "range", [DID_PATTERN] = "pattern", [DID_ANONYMOUS] = "anonymous",
};

enum did_match did_match_of(const char *word)
{
	enum did_match m = DID_ANY;
	while (m < DID_MATCHES && (!word || strcmp(word, names[m]) != 0))
		m++;
	return m;
}

const char *did_match_name(enum did_match m)
{
	return (unsigned)m < DID_MATCHES ? names[m] : "?";
}

const char *did_digits(const char *number)
{
	return number[0] == '+' ? number + 1 : number;
}

/* The two ends of "a-b": the length of each, 0 when it is no range. */
static size_t range_width(const char *text)
{
	const char *minus = strchr(text, '-');
	size_t n = minus ? (size_t)(minus - text) : 0;
	if (!n || n > 16 || strspn(text, "0123456789") != n || strlen(minus + 1) != n ||
	    strspn(minus + 1, "0123456789") != n || memcmp(text, minus + 1, n) > 0)
		return 0;
	return n;
}

bool did_criterion_is_good(enum did_match m, const char *text)
{
	size_t len = strlen(text);
	if (len >= ZK_NUMBER_MAX)
		return false;
	if (m == DID_RANGE)
		return range_width(text) > 0;
	if (m == DID_PATTERN)
		return zk_pattern_is_good(text);
	return len && strspn(text, "0123456789*#") == len;
}

unsigned did_head(enum did_match m, const char *text)
{
	unsigned n = 0;
	if (m == DID_NUMBER || m == DID_PREFIX)
		return (unsigned)strlen(text);
	if (m == DID_PATTERN)
		return (unsigned)strspn(text, "0123456789*#");
	size_t width = m == DID_RANGE ? range_width(text) : 0;
	while (n < width && text[n] == text[width + 1 + n])
		n++;
	return n;
}

bool did_fits(enum did_match m, const char *text, const char *digits)
{
	size_t n;
	switch (m) {
	case DID_ANY:
		return true;
	case DID_NUMBER:
		return !strcmp(text, digits);
	case DID_PREFIX:
		return !strncmp(text, digits, strlen(text));
	case DID_PATTERN:
		return zk_pattern_fits(text, digits);
	case DID_RANGE:
		n = range_width(text);
		return n && strlen(digits) == n && strspn(digits, "0123456789") == n && memcmp(digits, text, n) >= 0 &&
		       memcmp(digits, text + n + 1, n) <= 0;
	case DID_ANONYMOUS:
		return !*digits || strspn(digits, "0123456789*#") != strlen(digits);
	case DID_GROUP:
	case DID_MATCHES:
		break;
	}
	return false;
}

uint64_t did_precision(enum did_match m, const char *text)
{
	if (m == DID_RANGE) /* the narrower one */
		return UINT64_MAX - (strtoull(text + range_width(text) + 1, NULL, 10) - strtoull(text, NULL, 10));
	return did_head(m, text);
}
