#include "prompt/words.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 999999999999LL

int md_lang_parse(const char *name, enum md_lang *lang)
{
	if (!name || !strcmp(name, "zh"))
		*lang = MD_ZH;
	else if (!strcmp(name, "en"))
		*lang = MD_EN;
	else
		return EINVAL;
	return 0;
}

static const char *const zh_digit[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
static const char *const en_small[] = {"zero",     "one",     "two",     "three",     "four",     "five",    "six",
				       "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
				       "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const en_tens[] = {"",      "",      "twenty",  "thirty", "forty",
				      "fifty", "sixty", "seventy", "eighty", "ninety"};

struct text {
	char *out;
	size_t size, n;
	bool full;
};

static void put(struct text *t, const char *sep, const char *word)
{
	int k = snprintf(t->out + t->n, t->size - t->n, "%s%s", t->n ? sep : "", word);
	if (k < 0 || (size_t)k >= t->size - t->n)
		t->full = true;
	else
		t->n += (size_t)k;
}

int md_words_digits(char *out, size_t size, const char *digits, enum md_lang lang)
{
	struct text t = {out, size, 0, false};
	out[0] = 0;
	for (const char *p = digits; *p && !t.full; p++) {
		const char *w;
		if (*p >= '0' && *p <= '9')
			w = lang == MD_ZH ? zh_digit[*p - '0'] : en_small[*p - '0'];
		else if (*p == '*')
			w = lang == MD_ZH ? "星号" : "star";
		else if (*p == '#')
			w = lang == MD_ZH ? "井号" : "hash";
		else
			return EINVAL;
		put(&t, ", ", w);
	}
	if (!t.n && !t.full)
		return EINVAL;
	return t.full ? ENAMETOOLONG : 0;
}

static void en_below_1000(struct text *t, unsigned n)
{
	if (n >= 100) {
		put(t, " ", en_small[n / 100]);
		put(t, " ", "hundred");
		n %= 100;
		if (n)
			put(t, " ", "and");
	}
	if (n >= 20) {
		char w[32];
		snprintf(w, sizeof(w), "%s%s%s", en_tens[n / 10], n % 10 ? "-" : "", n % 10 ? en_small[n % 10] : "");
		put(t, " ", w);
	} else if (n) {
		put(t, " ", en_small[n]);
	}
}

static void en_number(struct text *t, uint64_t n)
{
	static const char *const scale[] = {"", "thousand", "million", "billion"};
	bool any = false;
	for (int i = 3; i >= 0; i--) {
		uint64_t unit = i == 3 ? 1000000000 : i == 2 ? 1000000 : i == 1 ? 1000 : 1;
		unsigned part = (unsigned)(n / unit % 1000);
		if (!part)
			continue;
		if (i == 0 && any && part < 100)
			put(t, " ", "and");
		en_below_1000(t, part);
		if (i)
			put(t, " ", scale[i]);
		any = true;
	}
}

/* Four digits with 千百十; `zero`: something stood before, so a gap is said as 零. */
static void zh_below_10000(struct text *t, unsigned n, bool zero)
{
	static const char *const unit[] = {"", "十", "百", "千"};
	static const unsigned pow10[] = {1, 10, 100, 1000};
	bool said = zero, gap = false;
	for (int i = 3; i >= 0; i--) {
		unsigned d = n / pow10[i] % 10;
		if (!d) {
			gap = said;
			continue;
		}
		if (gap)
			put(t, "", zh_digit[0]);
		gap = false;
		/* 10 … 19 at the very beginning are 十 …, not 一十. */
		if (!(i == 1 && d == 1 && !said))
			put(t, "", zh_digit[d]);
		put(t, "", unit[i]);
		said = true;
	}
}

static void zh_number(struct text *t, uint64_t n)
{
	static const char *const scale[] = {"", "万", "亿"};
	bool any = false, gap = false;
	for (int i = 2; i >= 0; i--) {
		uint64_t unit = i == 2 ? 100000000 : i == 1 ? 10000 : 1;
		unsigned part = (unsigned)(n / unit % 10000);
		if (!part) {
			gap = any;
			continue;
		}
		/* A gap of a whole group, or before it inside the group, is one 零. */
		if (gap && part >= 1000)
			put(t, "", zh_digit[0]);
		gap = false;
		zh_below_10000(t, part, any);
		put(t, "", scale[i]);
		any = true;
	}
}

int md_words_number(char *out, size_t size, int64_t n, enum md_lang lang)
{
	struct text t = {out, size, 0, false};
	out[0] = 0;
	if (n > NUMBER_MAX || n < -NUMBER_MAX)
		return ERANGE;
	uint64_t abs = (uint64_t)(n < 0 ? -n : n);
	if (n < 0)
		put(&t, "", lang == MD_ZH ? "负" : "minus");
	if (!abs)
		put(&t, "", lang == MD_ZH ? zh_digit[0] : en_small[0]);
	else if (lang == MD_ZH)
		zh_number(&t, abs);
	else
		en_number(&t, abs);
	return t.full ? ENAMETOOLONG : 0;
}
