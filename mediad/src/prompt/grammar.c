#include "prompt/grammar.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *out;
	size_t size, n;
	int err;
};

static void add(struct text *t, const char *words)
{
	size_t n = strlen(words);
	if (!t->err && t->n + n >= t->size)
		t->err = ENAMETOOLONG;
	if (t->err)
		return;
	memcpy(t->out + t->n, words, n + 1);
	t->n += n;
}

static void add_number(struct text *t, int64_t n, enum md_lang lang)
{
	char words[512];
	int err = md_words_number(words, sizeof(words), n, lang);
	if (err && !t->err)
		t->err = err;
	add(t, err ? "" : words);
}

/* Before what is counted two is 两, not 二. */
static void add_count(struct text *t, int64_t n, enum md_lang lang)
{
	if (lang == MD_ZH && n == 2)
		add(t, "两");
	else
		add_number(t, n, lang);
}

static struct text begin(char *out, size_t size)
{
	out[0] = 0;
	return (struct text){out, size, 0, 0};
}

/* ---- the nth ---- */

static void add_ordinal_en(struct text *t, int64_t n)
{
	static const char *const odd[][2] = {{"one", "first"},     {"two", "second"},   {"three", "third"},
					     {"five", "fifth"},    {"eight", "eighth"}, {"nine", "ninth"},
					     {"twelve", "twelfth"}};
	size_t before = t->n;
	add_number(t, n, MD_EN);
	if (t->err)
		return;
	size_t last = t->n;
	while (last > before && t->out[last - 1] != ' ' && t->out[last - 1] != '-')
		last--;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (!strcmp(t->out + last, odd[i][0])) {
			t->n = last;
			add(t, odd[i][1]);
			return;
		}
	if (t->out[t->n - 1] == 'y') {
		t->n--;
		add(t, "ie");
	}
	add(t, "th");
}

int md_say_ordinal(char *out, size_t size, const char *value, enum md_lang lang)
{
	struct text t = begin(out, size);
	char *end;
	if (!isdigit((unsigned char)value[0]) || strlen(value) > 12)
		return EINVAL;
	long long n = strtoll(value, &end, 10);
	if (*end || n < 1)
		return EINVAL;
	if (lang == MD_ZH) {
		add(&t, "第");
		add_number(&t, n, MD_ZH);
	} else
		add_ordinal_en(&t, n);
	return t.err;
}

/* ---- money ---- */

static const struct currency {
	const char *code, *zh, *zh_cent, *en[2], *en_cent[2]; /* one, many; no cents: NULL */
} currencies[] = {
	{"CNY", "元", "分", {"yuan", "yuan"}, {"fen", "fen"}},
	{"USD", "美元", "美分", {"dollar", "dollars"}, {"cent", "cents"}},
	{"EUR", "欧元", "欧分", {"euro", "euros"}, {"cent", "cents"}},
	{"GBP", "英镑", "便士", {"pound", "pounds"}, {"penny", "pence"}},
	{"HKD", "港元", "港仙", {"Hong Kong dollar", "Hong Kong dollars"}, {"cent", "cents"}},
	{"TWD", "新台币元", "分", {"Taiwan dollar", "Taiwan dollars"}, {"cent", "cents"}},
	{"SGD", "新加坡元", "分", {"Singapore dollar", "Singapore dollars"}, {"cent", "cents"}},
	{"JPY", "日元", NULL, {"yen", "yen"}, {NULL, NULL}},
	{"KRW", "韩元", NULL, {"won", "won"}, {NULL, NULL}},
};

static const struct currency *currency_find(const char *code, size_t n)
{
	for (size_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++)
		if (n == 3 && !strncmp(currencies[i].code, code, 3))
			return &currencies[i];
	return NULL;
}

struct money {
	const struct currency *of;
	int64_t whole;
	unsigned cents;
	bool minus;
};

static const char *code_parse(struct money *m, const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (n)
		m->of = currency_find(s, n);
	return s + n + strspn(s + n, " ");
}

static int money_parse(struct money *m, const char *s)
{
	*m = (struct money){.of = &currencies[0]};
	s = code_parse(m, s);
	m->minus = *s == '-';
	s += m->minus;
	size_t n = strspn(s, "0123456789");
	if (!n || n > 12)
		return EINVAL;
	m->whole = strtoll(s, NULL, 10);
	s += n;
	if (*s == '.') {
		n = strspn(++s, "0123456789");
		if (n < 1 || n > 2)
			return EINVAL;
		m->cents = (unsigned)(s[0] - '0') * 10 + (n > 1 ? (unsigned)(s[1] - '0') : 0);
		s += n;
	}
	s += strspn(s, " ");
	s = code_parse(m, s);
	return *s || !m->of || (m->cents && !m->of->zh_cent) ? EINVAL : 0;
}

/* 元角分: 12.05 is 十二元零五分, 12.50 十二元五角, 0.50 五角. */
static void add_jiao_fen(struct text *t, const struct money *m)
{
	unsigned jiao = m->cents / 10, fen = m->cents % 10;
	if (jiao) {
		add_count(t, jiao, MD_ZH);
		add(t, "角");
	} else if (m->whole)
		add(t, "零");
	if (fen) {
		add_count(t, fen, MD_ZH);
		add(t, "分");
	}
}

static void add_money_zh(struct text *t, const struct money *m)
{
	add(t, m->minus ? "负" : "");
	if (m->whole || !m->cents) {
		add_count(t, m->whole, MD_ZH);
		add(t, m->of->zh);
	}
	if (m->cents && m->of == &currencies[0])
		add_jiao_fen(t, m);
	else if (m->cents) {
		add_count(t, m->cents, MD_ZH);
		add(t, m->of->zh_cent);
	}
}

static void add_money_en(struct text *t, const struct money *m)
{
	add(t, m->minus ? "minus " : "");
	if (m->whole || !m->cents) {
		add_number(t, m->whole, MD_EN);
		add(t, " ");
		add(t, m->of->en[m->whole != 1]);
	}
	if (m->cents) {
		add(t, m->whole ? " and " : "");
		add_number(t, m->cents, MD_EN);
		add(t, " ");
		add(t, m->of->en_cent[m->cents != 1]);
	}
}

int md_say_money(char *out, size_t size, const char *value, enum md_lang lang)
{
	struct text t = begin(out, size);
	struct money m;
	int err = money_parse(&m, value);
	if (err)
		return err;
	if (lang == MD_ZH)
		add_money_zh(&t, &m);
	else
		add_money_en(&t, &m);
	return t.err;
}

/* ---- how long ---- */

int md_say_duration(char *out, size_t size, const char *value, enum md_lang lang)
{
	static const struct {
		int64_t s;
		const char *zh, *en;
	} units[] = {{86400, "天", "day"}, {3600, "小时", "hour"}, {60, "分钟", "minute"}, {1, "秒", "second"}};
	struct text t = begin(out, size);
	char *end;
	long long left = strtoll(value, &end, 10);
	if (!isdigit((unsigned char)value[0]) || strlen(value) > 8 || *end || left > 86400LL * 1000)
		return EINVAL;
	bool none = left == 0;
	for (size_t i = 0; i < 4; i++) {
		/* cppcheck-suppress zerodivcond; no unit is nothing */
		int64_t n = left / units[i].s;
		left %= units[i].s;
		if (!n && !(none && i == 3))
			continue;
		if (t.n && lang == MD_EN)
			add(&t, left ? ", " : " and ");
		add_count(&t, n, lang);
		add(&t, lang == MD_ZH ? units[i].zh : " ");
		add(&t, lang == MD_ZH ? "" : units[i].en);
		add(&t, lang == MD_ZH || n == 1 ? "" : "s");
	}
	return t.err;
}
