/* Dates and times of day in words. */
#include "prompt/grammar.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool number_at(const char **s, int digits, int *n)
{
	*n = 0;
	for (int i = 0; i < digits; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*n = *n * 10 + (**s - '0');
	}
	return true;
}

static bool skip(const char **s, const char *what)
{
	size_t n = strlen(what);
	bool is = !strncmp(*s, what, n);
	*s += is ? n : 0;
	return is;
}

struct date {
	int year, month, day; /* year 0: none */
};

static int date_parse(struct date *d, const char *s)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	*d = (struct date){0};
	bool years = !skip(&s, "????") && !skip(&s, "--"), dashes = false;
	if (years && !number_at(&s, 4, &d->year))
		return EINVAL;
	if (years)
		dashes = skip(&s, "-");
	if (!number_at(&s, 2, &d->month))
		return EINVAL;
	if (skip(&s, "-") != dashes && years)
		return EINVAL;
	if (!number_at(&s, 2, &d->day) || *s || d->month < 1 || d->month > 12 || d->day < 1 ||
	    d->day > days[d->month - 1] || (years && d->year < 1000))
		return EINVAL;
	bool leap = (d->year % 4 == 0 && d->year % 100 != 0) || d->year % 400 == 0;
	return years && d->month == 2 && d->day == 29 && !leap ? EINVAL : 0;
}

static int number(char *out, size_t size, int n, enum md_lang lang)
{
	return md_words_number(out, size, n, lang);
}

/* A year in English: twenty twenty-six, two thousand and five, nineteen hundred, nineteen oh five. */
static int year_en(char *out, size_t size, int year)
{
	char hundreds[64], rest[64];
	int low = year % 100;
	if (year / 100 % 10 == 0 && low < 10)
		return number(out, size, year, MD_EN);
	if (number(hundreds, sizeof(hundreds), year / 100, MD_EN) || number(rest, sizeof(rest), low, MD_EN))
		return EINVAL;
	snprintf(out, size, "%s %s%s", hundreds, low == 0 || low > 9 ? "" : "oh ", low ? rest : "hundred");
	return 0;
}

static int date_en(char *out, size_t size, const struct date *d)
{
	static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
					     "July",    "August",   "September", "October", "November", "December"};
	char value[8], day[64], year[160] = "";
	snprintf(value, sizeof(value), "%d", d->day);
	int err = md_say_ordinal(day, sizeof(day), value, MD_EN);
	if (!err && d->year)
		err = year_en(year, sizeof(year), d->year);
	if (err)
		return err;
	int n = snprintf(out, size, "%s %s%s%s", months[d->month - 1], day, d->year ? ", " : "", year);
	return n < 0 || (size_t)n >= size ? ENAMETOOLONG : 0;
}

/* A year in Chinese is its digits. */
static int date_zh(char *out, size_t size, const struct date *d)
{
	static const char *const digit[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
	char month[32], day[32], year[32] = "";
	if (d->year)
		snprintf(year, sizeof(year), "%s%s%s%s年", digit[d->year / 1000], digit[d->year / 100 % 10],
			 digit[d->year / 10 % 10], digit[d->year % 10]);
	int err = number(month, sizeof(month), d->month, MD_ZH);
	if (!err)
		err = number(day, sizeof(day), d->day, MD_ZH);
	if (err)
		return err;
	int n = snprintf(out, size, "%s%s月%s日", year, month, day);
	return n < 0 || (size_t)n >= size ? ENAMETOOLONG : 0;
}

int md_say_date(char *out, size_t size, const char *value, enum md_lang lang)
{
	struct date d;
	out[0] = 0;
	int err = date_parse(&d, value);
	if (err)
		return err;
	return lang == MD_ZH ? date_zh(out, size, &d) : date_en(out, size, &d);
}

struct daytime {
	int h, m, s; /* s −1: not said */
};

static int time_parse(struct daytime *t, const char *s)
{
	t->s = -1;
	if (!number_at(&s, 2, &t->h))
		return EINVAL;
	bool colons = skip(&s, ":");
	if (!number_at(&s, 2, &t->m))
		return EINVAL;
	if (*s >= '0' && *s <= ':' && (skip(&s, ":") != colons || !number_at(&s, 2, &t->s)))
		return EINVAL;
	bool am = skip(&s, "a"), pm = !am && skip(&s, "p");
	if (!am && !pm && !skip(&s, "h"))
		skip(&s, "?");
	if (*s || t->m > 59 || t->s > 59 || t->h > ((am || pm) ? 12 : 23) || ((am || pm) && t->h < 1))
		return EINVAL;
	if (am || pm)
		t->h = t->h % 12 + (pm ? 12 : 0);
	return 0;
}

static int time_zh(char *out, size_t size, const struct daytime *t)
{
	char hour[32], minute[32], second[32];
	if (number(hour, sizeof(hour), t->h, MD_ZH) || number(minute, sizeof(minute), t->m, MD_ZH) ||
	    number(second, sizeof(second), t->s < 0 ? 0 : t->s, MD_ZH))
		return EINVAL;
	int n = snprintf(out, size, "%s点", t->h == 2 ? "两" : hour);
	if (t->m || t->s > 0)
		n += snprintf(out + n, size - (size_t)n, "%s%s分", t->m > 0 && t->m < 10 ? "零" : "", minute);
	else
		n += snprintf(out + n, size - (size_t)n, "整");
	if (t->s > 0)
		snprintf(out + n, size - (size_t)n, "%s%s秒", t->s < 10 ? "零" : "", second);
	return 0;
}

static int time_en(char *out, size_t size, const struct daytime *t)
{
	char hour[32], minute[32], second[48];
	int h = t->h % 12 ? t->h % 12 : 12;
	bool round = !t->m && t->s <= 0;
	if (number(hour, sizeof(hour), h, MD_EN) || number(minute, sizeof(minute), t->m, MD_EN) ||
	    number(second, sizeof(second), t->s < 0 ? 0 : t->s, MD_EN))
		return EINVAL;
	int n = snprintf(out, size, "%s", hour);
	if (t->m || t->s > 0)
		n += snprintf(out + n, size - (size_t)n, " %s%s", t->m && t->m < 10 ? "oh " : "",
			      t->m ? minute : "o'clock");
	n += snprintf(out + n, size - (size_t)n, "%s",
		      round && h == 12 ? (t->h ? " noon" : " midnight") : (t->h < 12 ? " a.m." : " p.m."));
	if (t->s > 0)
		snprintf(out + n, size - (size_t)n, " and %s second%s", second, t->s == 1 ? "" : "s");
	return 0;
}

int md_say_time(char *out, size_t size, const char *value, enum md_lang lang)
{
	struct daytime t;
	out[0] = 0;
	if (size < 200)
		return ENAMETOOLONG;
	int err = time_parse(&t, value);
	if (err)
		return err;
	return lang == MD_ZH ? time_zh(out, size, &t) : time_en(out, size, &t);
}
