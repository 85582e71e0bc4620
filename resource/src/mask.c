#include "mask.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const res_mask_names[RES_MASK_COUNT] = {
#define X(e, n) [e] = n,
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

/* `head` characters, `stars` stars, then the text from its character `tail` on. */
static char *compose(const char *s, size_t head, size_t stars, size_t tail)
{
	size_t n = prefix(s, head);
	const char *rest = s + prefix(s, tail);
	char *out = zj_alloc(n + stars + strlen(rest) + 1, NULL);
	if (!out)
		return NULL;
	memcpy(out, s, n);
	memset(out + n, '*', stars);
	strcpy(out + n + stars, rest);
	return out;
}

static char *keep(const char *s, size_t head, size_t tail, size_t shortest)
{
	size_t n = characters(s);
	if (n < shortest)
		head = 0;
	if (n <= tail)
		tail = 0;
	return compose(s, head, n - head - tail, n - tail);
}

static char *email(const char *s)
{
	const char *at = strchr(s, '@');
	char *first = compose(s, 1, 0, characters(s)), *out;
	if (!first)
		return NULL;
	out = zj_asprintf("%s***%s", first, at ? at : "");
	zj_deref(first);
	return out;
}

char *res_mask_text(enum res_mask kind, const char *text)
{
	size_t n = characters(text);
	if (n == 0)
		return zj_strdup("");
	switch (kind) {
	case RES_MASK_PHONE:
		return keep(text, 3, 2, 7);
	case RES_MASK_ID:
		return keep(text, 4, 2, 7);
	case RES_MASK_EMAIL:
		return email(text);
	case RES_MASK_NAME:
		return compose(text, 1, n - 1 > 0 ? n - 1 : 1, n);
	case RES_MASK_NO:
		return zj_strdup(text);
	case RES_MASK_ALL:
	case RES_MASK_COUNT:
		break;
	}
	return zj_strdup("***");
}
