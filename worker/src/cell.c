#include "cell.h"
#include "zj_time.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char *const spaces[] = {" ", "\t", "\r", "\n", "\xe3\x80\x80", "\xc2\xa0", "\xef\xbb\xbf"};

static size_t space_at(const char *p, size_t n, bool end)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(spaces); i++) {
		size_t k = strlen(spaces[i]);
		if (k <= n && memcmp(end ? p + n - k : p, spaces[i], k) == 0)
			return k;
	}
	return 0;
}

struct wk_cell wk_cell_trim(struct wk_cell c)
{
	size_t k;

	while (c.n && (k = space_at(c.p, c.n, false))) {
		c.p += k;
		c.n -= k;
	}
	while (c.n && (k = space_at(c.p, c.n, true)))
		c.n -= k;
	return c;
}

static bool is(struct wk_cell c, const char *text)
{
	return strlen(text) == c.n && strncasecmp(c.p, text, c.n) == 0;
}

int wk_cell_boolean(struct wk_cell c)
{
	static const char *const yes[] = {"true", "1", "yes", "y", "on", "是", "真", "启用", "开", "√"},
				 *const no[] = {"false", "0", "no", "n", "off", "否", "假", "禁用", "停用", "关", "×"};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(yes); i++)
		if (is(c, yes[i]))
			return 1;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(no); i++)
		if (is(c, no[i]))
			return 0;
	return -1;
}

/* Reads up to `most` digits; -1: there is none. */
static int digits(const char **p, int most)
{
	int v = 0, n = 0;
	while (n < most && isdigit((unsigned char)**p)) {
		v = v * 10 + (*(*p)++ - '0');
		n++;
	}
	return n ? v : -1;
}

/* One of the separators, or nothing where that may be. */
static bool separator(const char **p, const char *const *of)
{
	for (; *of; of++)
		if (strncmp(*p, *of, strlen(*of)) == 0) {
			*p += strlen(*of);
			return true;
		}
	return false;
}

static bool read_date(const char **p, struct tm *t)
{
	static const char *const year[] = {"-", "/", ".", "年", NULL}, *const month[] = {"-", "/", ".", "月", NULL},
				 *const day[] = {"日", "号", NULL};
	const char *s = *p;
	bool plain = strspn(s, "0123456789") == 8;

	t->tm_year = digits(p, 4) - 1900;
	if (*p - s != 4 || (!plain && !separator(p, year)))
		return false;
	t->tm_mon = digits(p, 2) - 1;
	if (!plain && !separator(p, month))
		return false;
	t->tm_mday = digits(p, 2);
	separator(p, day);
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y = t->tm_year + 1900;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return t->tm_mon >= 0 && t->tm_mon < 12 && t->tm_mday >= 1 &&
	       t->tm_mday <= days[t->tm_mon] + (t->tm_mon == 1 && leap) && y >= 1;
}

static bool read_clock(const char **p, struct tm *t)
{
	static const char *const colon[] = {":", "：", "时", "点", NULL}, *const second[] = {":", "：", "分", NULL},
				 *const last[] = {"秒", NULL};

	t->tm_hour = digits(p, 2);
	if (!separator(p, colon))
		return false;
	t->tm_min = digits(p, 2);
	if (t->tm_min < 0)
		return false;
	if (separator(p, second) && isdigit((unsigned char)**p)) {
		t->tm_sec = digits(p, 2);
		separator(p, last);
		if (**p == '.') /* fractions are dropped */
			for ((*p)++; isdigit((unsigned char)**p);)
				(*p)++;
	}
	return t->tm_hour >= 0 && t->tm_hour < 24 && t->tm_min < 60 && t->tm_sec < 60;
}

bool wk_cell_time(struct wk_cell c, bool date_only, char out[40])
{
	char text[64];
	const char *p = text;
	struct tm t = {.tm_isdst = -1};

	if (c.n >= sizeof(text))
		return false;
	memcpy(text, c.p, c.n);
	text[c.n] = 0;
	if (!date_only && zj_rfc3339_parse(text) >= 0) {
		snprintf(out, 40, "%.39s", text);
		return true;
	}
	if (!read_date(&p, &t))
		return false;
	while (*p == ' ' || *p == 'T')
		p++;
	if (*p && !read_clock(&p, &t))
		return false;
	while (*p == ' ')
		p++;
	if (*p)
		return false;
	if (date_only) {
		snprintf(out, 40, "%04d-%02d-%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
		return true;
	}
	time_t at = mktime(&t);
	if (at == (time_t)-1)
		return false;
	zj_rfc3339(out, (int64_t)at * 1000000);
	return true;
}

static bool same(const json_t *v, struct wk_cell c)
{
	const char *s = json_string_value(v);
	return s && is(c, s);
}

const char *wk_cell_code(const json_t *labels, struct wk_cell c)
{
	const char *key;
	json_t *v;
	size_t i;

	/* Codes first: a code that is also the label of another one means itself. */
	json_object_foreach ((json_t *)labels, key, v)
		if (strlen(key) == c.n && memcmp(key, c.p, c.n) == 0)
			return key;
	json_array_foreach (labels, i, v) {
		const char *code =
			json_is_string(v) ? json_string_value(v) : json_string_value(json_object_get(v, "value"));
		if (code && strlen(code) == c.n && memcmp(code, c.p, c.n) == 0)
			return code;
	}
	json_object_foreach ((json_t *)labels, key, v)
		if (same(json_object_get(v, "zh"), c) || same(json_object_get(v, "en"), c) || is(c, key))
			return key;
	json_array_foreach (labels, i, v)
		if (same(json_object_get(v, "zh"), c) || same(json_object_get(v, "en"), c))
			return json_string_value(json_object_get(v, "value"));
	return NULL;
}

const char *wk_cell_label(const json_t *labels, const char *code, bool zh)
{
	const json_t *entry = json_object_get(labels, code), *v;
	size_t i;

	json_array_foreach (labels, i, v) {
		const char *value = json_string_value(json_object_get(v, "value"));
		if (value && strcmp(value, code) == 0)
			entry = v;
	}
	const char *a = json_string_value(json_object_get(entry, zh ? "zh" : "en")),
		   *b = json_string_value(json_object_get(entry, zh ? "en" : "zh"));
	return a && *a ? a : b && *b ? b : code;
}

bool wk_cell_piece(struct wk_cell *rest, struct wk_cell *piece, const char *separators)
{
	static const char *const wide[] = {"，", "；", "、"};

	if (rest->p == NULL)
		return false;
	const char *start = rest->p;
	for (size_t i = 0; i < rest->n; i++) {
		size_t k = strchr(separators, start[i]) && start[i] ? 1 : 0;
		for (size_t w = 0; w < ZJ_ARRAY_SIZE(wide) && !k; w++)
			if (rest->n - i >= 3 && memcmp(start + i, wide[w], 3) == 0)
				k = 3;
		if (k) {
			*piece = wk_cell_trim((struct wk_cell){start, i});
			*rest = (struct wk_cell){start + i + k, rest->n - i - k};
			return true;
		}
	}
	*piece = wk_cell_trim((struct wk_cell){start, rest->n});
	rest->p = NULL;
	return piece->n > 0;
}
