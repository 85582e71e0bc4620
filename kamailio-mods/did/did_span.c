#include "did_span.h"
#include <string.h>

/* `width` digits. */
static bool digits(const char *text, unsigned width, int *n)
{
	*n = 0;
	for (unsigned i = 0; i < width; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*n = *n * 10 + (text[i] - '0');
	}
	return true;
}

/* "hh:mm:ss", up to 24:00:00. */
static bool time_of_day(const char *text, int32_t *seconds)
{
	int h, m, s;
	if ((strlen(text) != 8 && (strlen(text) < 8 || text[8] != '.')) || text[2] != ':' || text[5] != ':' ||
	    !digits(text, 2, &h) || !digits(text + 3, 2, &m) || !digits(text + 6, 2, &s) || h > 24 || m > 59 ||
	    s > 59 || (h == 24 && (m || s)))
		return false;
	*seconds = h * 3600 + m * 60 + s;
	return true;
}

bool did_span_times(struct did_span *s, const char *from, const char *to)
{
	int32_t f, t;
	if (!from && !to)
		return true;
	if (!from || !to || !time_of_day(from, &f) || !time_of_day(to, &t))
		return false;
	s->from = f;
	s->to = t;
	return true;
}

static bool day_of(const char *text, int32_t *day)
{
	int year = 0, month, d;
	size_t len = strlen(text);
	if (len == 10) {
		if (!digits(text, 4, &year) || text[4] != '-')
			return false;
		text += 5;
	} else if (len != 5) {
		return false;
	}
	if (!digits(text, 2, &month) || text[2] != '-' || !digits(text + 3, 2, &d) || month < 1 || month > 12 ||
	    d < 1 || d > 31)
		return false;
	*day = year * 10000 + month * 100 + d;
	return true;
}

bool did_span_days(struct did_span *s, const char *first, const char *last)
{
	int32_t f, l;
	if (!first && !last)
		return true;
	if (!first || !last || !day_of(first, &f) || !day_of(last, &l) || (f > 9999) != (l > 9999))
		return false;
	s->first = f;
	s->last = l;
	return true;
}

static int weekday(const char *text, size_t len)
{
	static const char names[] = "montuewedthufrisatsun";
	for (int i = 0; len == 3 && i < 7; i++)
		if (!memcmp(names + 3 * i, text, 3))
			return i;
	return -1;
}

bool did_span_weekdays(struct did_span *s, const char *first, const char *last)
{
	if (!first && !last)
		return true;
	int from = first ? weekday(first, strlen(first)) : -1, to = last ? weekday(last, strlen(last)) : -1;
	if (from < 0 || to < 0)
		return false;
	for (int d = from;; d = (d + 1) % 7) {
		s->weekdays |= (uint8_t)(1 << d);
		if (d == to)
			return true;
	}
}

bool did_span_weekday_list(struct did_span *s, const char *list)
{
	uint8_t days = 0;
	if (!list || !strcmp(list, "{}"))
		return true;
	if (*list != '{')
		return false;
	while (*list == '{' || *list == ',') {
		size_t len = strcspn(++list, ",}");
		int d = weekday(list, len);
		if (d < 0)
			return false;
		days |= (uint8_t)(1 << d);
		list += len;
	}
	if (strcmp(list, "}") != 0)
		return false;
	s->weekdays = days;
	return true;
}

bool did_span_says(const struct did_span *s)
{
	return s->from >= 0 || s->first || s->weekdays;
}

static bool day_fits(const struct did_span *s, const struct did_local *l)
{
	int32_t day = l->month * 100 + l->day;
	if (s->weekdays && !(s->weekdays & 1 << l->weekday))
		return false;
	if (!s->first)
		return true;
	if (s->first > 9999)
		day += l->year * 10000;
	return s->first <= s->last ? day >= s->first && day <= s->last : day >= s->first || day <= s->last;
}

bool did_span_covers(const struct did_span *s, const struct did_local *now)
{
	struct did_local before = *now;
	if (s->from < 0)
		return day_fits(s, now);
	if (s->from <= s->to)
		return now->second >= s->from && now->second <= s->to && day_fits(s, now);
	if (now->second >= s->from && day_fits(s, now))
		return true;
	if (now->second > s->to)
		return false;
	did_local_yesterday(&before);
	return day_fits(s, &before);
}
