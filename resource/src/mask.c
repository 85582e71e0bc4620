#include "mask.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const res_mask_names[RES_MASK_COUNT] = {
#define X(e, n) [e] = (n),
	RES_MASKS(X)
#undef X
};

enum res_mask res_mask_find(const char *kind)
{
	for (int m = 1; kind && m < RES_MASK_COUNT; m++)
		if (strcmp(res_mask_names[m], kind) == 0)
			return (enum res_mask)m;
	return RES_MASK_NO;
}

static bool starts_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += starts_character(*s);
	return n;
}

/* Bytes of the first `n` characters. */
static size_t prefix(const char *s, size_t n)
{
	size_t i = 0;
	while (s[i] && (n > 0 || !starts_character(s[i])))
		n -= starts_character(s[i++]);
	return i;
}

/* `head` characters, stars, the last `tail` characters: as many as before. */
static char *keep(const char *s, size_t n, size_t head, size_t tail)
{
	size_t bytes = prefix(s, head), stars = n - head - tail;
	const char *rest = s + prefix(s, n - tail);
	char *out = zj_alloc(bytes + stars + strlen(rest) + 1, NULL);
	if (!out)
		return NULL;
	memcpy(out, s, bytes);
	memset(out + bytes, '*', stars);
	strcpy(out + bytes + stars, rest);
	return out;
}

static size_t digits(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += *s >= '0' && *s <= '9';
	return n;
}

/* Four digits are hidden, behind them `tail` stay; what is no digit stays where it is. */
static char *hide_middle(const char *s, size_t tail)
{
	char *out = zj_strdup(s);
	size_t seen = 0;
	for (char *c = out ? out + strlen(out) : NULL; c && c-- > out;)
		if (*c >= '0' && *c <= '9' && ++seen > tail && seen <= tail + 4)
			*c = '*';
	return out;
}

static char *phone(const char *s, size_t n)
{
	if (n <= 2)
		return keep(s, n, 0, 0);
	if (digits(s) < 7)
		return keep(s, n, 0, 2);
	return hide_middle(s, digits(s) == 7 ? 3 : 4);
}

/* The first character stays, unless it is all there is before the domain; the domain is what follows the last @. */
static char *email(const char *s)
{
	const char *at = strchr(s, '@'), *domain = strrchr(s, '@');
	size_t first = prefix(s, 1);
	if (!at || at == s)
		return zj_strdup("***");
	if (at == s + first)
		return zj_asprintf("***%s", at);
	return zj_asprintf("%.*s***%s", (int)first, s, domain);
}

char *res_mask_text(enum res_mask kind, const char *text)
{
	size_t n = characters(text);
	if (n == 0)
		return zj_strdup("");
	switch (kind) {
	case RES_MASK_PHONE:
		return phone(text, n);
	case RES_MASK_EMAIL:
		return email(text);
	case RES_MASK_ID:
		return n > 2 ? keep(text, n, n >= 10 ? 4 : 0, 2) : zj_strdup("***");
	case RES_MASK_NAME:
		return keep(text, n, n > 1 ? 1 : 0, 0);
	case RES_MASK_NO:
		return zj_strdup(text);
	case RES_MASK_ALL:
	case RES_MASK_COUNT:
		break;
	}
	return zj_strdup("***");
}
