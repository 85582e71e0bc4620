#include "zk_pattern.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_key(char c)
{
	return is_digit(c) || c == '*' || c == '#';
}

/* One place of a pattern: may `c` stand there? Moves on behind it. `c` 0: only moves. False also when the pattern is
 * none. */
static bool set_has(const char **at, char c)
{
	const char *p = *at + 1;
	bool has = false;
	for (; *p && *p != ']'; p++) {
		if (!is_key(*p))
			return false;
		char last = *p;
		if (p[1] == '-') {
			if (!is_digit(*p) || !is_digit(p[2]) || p[2] < *p)
				return false;
			last = p[2];
		}
		has = has || (c >= *p && c <= last && (is_digit(c) || c == *p));
		if (p[1] == '-')
			p += 2;
	}
	if (*p != ']' || p == *at + 1)
		return false;
	*at = p + 1;
	return c == 0 || has;
}

static bool place_has(const char **at, char c)
{
	char p = **at;
	if (p == '[')
		return set_has(at, c);
	if (!is_key(p) && p != 'X' && p != 'Z' && p != 'N')
		return false;
	(*at)++;
	if (c == 0)
		return true;
	return is_key(p) ? c == p : is_digit(c) && c >= (p == 'X' ? '0' : p == 'Z' ? '1' : '2');
}

bool zk_pattern_is_good(const char *p)
{
	if (!*p)
		return false;
	while (*p) {
		if ((*p == '.' || *p == '!') && !p[1])
			return true;
		if (!place_has(&p, 0))
			return false;
	}
	return true;
}

bool zk_pattern_fits(const char *p, const char *digits)
{
	for (; *p; digits++) {
		if (*p == '!')
			return true;
		if (*p == '.')
			return *digits != '\0';
		if (!*digits || !place_has(&p, *digits))
			return false;
	}
	return !*digits;
}
