#include "did_clock.h"
#include "zk_log.h"
#include "zk_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY        86400
#define FILE_MAX   65536
#define ZONES_DIR  "/usr/share/zoneinfo/"
#define SINCE_DAYS 400 /* how far back a question about the past is answered exactly */

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back; years are counted from March. */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* 0: Monday; 1970-01-01 was a Thursday. */
static int weekday_of(int64_t days)
{
	return (int)(((days + 3) % 7 + 7) % 7);
}

static int month_length(int64_t year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month == 2 && is_leap(year) ? 29 : lengths[month - 1];
}

/* The local time at which a change comes in `year`, as seconds since 1970. */
static int64_t change_at(const struct did_change *c, int64_t year)
{
	int64_t day;
	if (c->form == 'M') {
		int64_t first = days_of(year, c->month, 1);
		int sunday_based = (weekday_of(first) + 1) % 7;
		int in_month = 1 + (c->weekday - sunday_based + 7) % 7 + 7 * (c->week - 1);
		if (in_month > month_length(year, c->month))
			in_month -= 7; /* week 5 is the last one */
		day = first + in_month - 1;
	} else if (c->form == 'J') {
		day = days_of(year, 1, 1) + c->month - 1 + (is_leap(year) && c->month > 59);
	} else {
		day = days_of(year, 1, 1) + c->month;
	}
	return day * DAY + c->at;
}

static int32_t rule_offset(const struct did_zone *z, int64_t at)
{
	int year, month, day;
	int64_t local = at + z->standard;
	if (!z->saving)
		return z->standard;
	date_of((local >= 0 ? local : local - (DAY - 1)) / DAY, &year, &month, &day);
	int64_t begin = change_at(&z->begin, year) - z->standard, end = change_at(&z->end, year) - z->summer;
	bool summer = begin < end ? at >= begin && at < end : at >= begin || at < end;
	return summer ? z->summer : z->standard;
}

int32_t did_zone_offset(const struct did_zone *z, int64_t at)
{
	unsigned n = z->moments <= DID_ZONE_MOMENTS ? z->moments : DID_ZONE_MOMENTS, i = 0;
	while (i < n && at >= z->at[i])
		i++;
	return i == n && z->rule ? rule_offset(z, at) : z->offset[i];
}

void did_local_at(struct did_local *l, const struct did_zone *z, int64_t at)
{
	int64_t local = at + did_zone_offset(z, at);
	int64_t days = (local >= 0 ? local : local - (DAY - 1)) / DAY;
	l->second = (int32_t)(local - days * DAY);
	l->weekday = weekday_of(days);
	date_of(days, &l->year, &l->month, &l->day);
}

void did_local_yesterday(struct did_local *l)
{
	date_of(days_of(l->year, l->month, l->day) - 1, &l->year, &l->month, &l->day);
	l->weekday = (l->weekday + 6) % 7;
}

/* A text that is read from left to right; never past `end`. */
struct reader {
	const char *at, *end;
};

static char next(const struct reader *r)
{
	return r->at < r->end ? *r->at : '\0';
}

static bool take(struct reader *r, char c)
{
	if (next(r) != c)
		return false;
	r->at++;
	return true;
}

static bool number(struct reader *r, int most, int *n)
{
	const char *from = r->at;
	for (*n = 0; next(r) >= '0' && next(r) <= '9' && *n <= most; r->at++)
		*n = *n * 10 + (*r->at - '0');
	return r->at > from && *n <= most;
}

/* [+-]hh[:mm[:ss]] */
static bool clock_time(struct reader *r, int most_hours, int32_t *seconds)
{
	int h, m = 0, s = 0, sign = take(r, '-') ? -1 : 1;
	if (sign > 0)
		take(r, '+');
	if (!number(r, most_hours, &h) ||
	    (take(r, ':') && (!number(r, 59, &m) || (take(r, ':') && !number(r, 59, &s)))))
		return false;
	*seconds = sign * (h * 3600 + m * 60 + s);
	return true;
}

static bool zone_name(struct reader *r)
{
	const char *from = r->at;
	if (take(r, '<')) {
		while (next(r) && next(r) != '>')
			r->at++;
		return take(r, '>');
	}
	while ((next(r) >= 'A' && next(r) <= 'Z') || (next(r) >= 'a' && next(r) <= 'z'))
		r->at++;
	return r->at - from >= 3;
}

static bool change(struct reader *r, struct did_change *c)
{
	int a, week, weekday;
	*c = (struct did_change){.form = '0', .at = 7200};
	if (!take(r, ','))
		return false;
	if (take(r, 'M')) {
		if (!number(r, 12, &a) || a < 1 || !take(r, '.') || !number(r, 5, &week) || week < 1 || !take(r, '.') ||
		    !number(r, 6, &weekday))
			return false;
		c->form = 'M';
		c->week = (int16_t)week;
		c->weekday = (int16_t)weekday;
	} else if (take(r, 'J')) {
		if (!number(r, 365, &a) || a < 1)
			return false;
		c->form = 'J';
	} else if (!number(r, 365, &a)) {
		return false;
	}
	c->month = (int16_t)a;
	return !take(r, '/') || clock_time(r, 167, &c->at);
}

bool did_rule_parse(struct did_zone *z, const char *text, size_t len)
{
	struct reader r = {text, text + len};
	struct did_zone got = *z;
	int32_t west;
	if (!zone_name(&r) || !clock_time(&r, 24, &west))
		return false;
	got.standard = -west;
	got.summer = got.standard + 3600;
	got.rule = true;
	got.saving = r.at < r.end;
	if (got.saving) {
		if (!zone_name(&r))
			return false;
		if (next(&r) != ',') {
			if (!clock_time(&r, 24, &west))
				return false;
			got.summer = -west;
		}
		if (!change(&r, &got.begin) || !change(&r, &got.end))
			return false;
	}
	if (r.at != r.end)
		return false;
	*z = got;
	return true;
}

static int64_t big_endian(const unsigned char *p, unsigned bytes)
{
	uint64_t v = p[0] & 0x80 ? ~(uint64_t)0 : 0;
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

/* One block of a TZif file: its header's counts, and where its data ends. */
struct block {
	size_t isut, isstd, leap, time, type, chars;
	const unsigned char *data, *end;
};

static bool block_read(struct block *b, const unsigned char *p, const unsigned char *end, unsigned width)
{
	if (end - p < 44 || memcmp(p, "TZif", 4) != 0)
		return false;
	size_t *counts[] = {&b->isut, &b->isstd, &b->leap, &b->time, &b->type, &b->chars};
	for (unsigned i = 0; i < 6; i++) {
		int64_t n = big_endian(p + 20 + 4 * i, 4);
		if (n < 0 || n > FILE_MAX)
			return false;
		*counts[i] = (size_t)n;
	}
	size_t len = b->time * (width + 1) + b->type * 6 + b->chars + b->leap * (width + 4) + b->isstd + b->isut;
	b->data = p + 44;
	b->end = b->data + len;
	return len <= (size_t)(end - b->data);
}

static bool type_offset(const struct block *b, unsigned type, int32_t *offset)
{
	if (type >= b->type)
		return false;
	*offset = (int32_t)big_endian(b->data + b->time * 9 + 6 * (size_t)type, 4);
	return *offset > -2 * DAY && *offset < 2 * DAY;
}

static bool moments_read(struct did_zone *z, const struct block *b, int64_t since)
{
	int32_t offset;
	if (!type_offset(b, 0, &z->offset[0]))
		return false;
	for (size_t i = 0; i < b->time; i++) {
		int64_t at = big_endian(b->data + 8 * i, 8);
		if (!type_offset(b, b->data[b->time * 8 + i], &offset))
			return false;
		if (at < since)
			z->offset[0] = offset;
		else if (z->moments == DID_ZONE_MOMENTS)
			return true; /* decades ahead */
		else if (z->moments && at <= z->at[z->moments - 1])
			return false;
		else {
			z->at[z->moments++] = at;
			z->offset[z->moments] = offset;
		}
	}
	return true;
}

bool did_zone_parse(struct did_zone *z, const unsigned char *file, size_t len, int64_t since)
{
	struct block old, b;
	const unsigned char *end = file + len;
	struct did_zone got = {0};
	*z = got;
	if (!block_read(&old, file, end, 4) || file[4] < '2' || !block_read(&b, old.end, end, 8) ||
	    !moments_read(&got, &b, since))
		return false;
	/* The last line: "\nRULE\n", or empty. */
	const unsigned char *rule = b.end + 1,
			    *eol = b.end < end && *b.end == '\n' ? memchr(rule, '\n', (size_t)(end - rule)) : NULL;
	if (!eol || (eol > rule && got.moments < DID_ZONE_MOMENTS &&
		     !did_rule_parse(&got, (const char *)rule, (size_t)(eol - rule))))
		return false;
	*z = got;
	return true;
}

struct zone_read {
	struct zone_read *next;
	bool good;
	struct did_zone zone;
	char name[];
};

static bool name_is_plain(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");
	return n && n < 64 && !name[n] && name[0] != '/';
}

static bool zone_read(struct did_zone *z, const char *name)
{
	static unsigned char file[FILE_MAX];
	char path[sizeof ZONES_DIR + 64];
	if (!name_is_plain(name))
		return false;
	snprintf(path, sizeof path, ZONES_DIR "%s", name);
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(file, 1, sizeof file, f) : 0;
	if (f)
		fclose(f);
	return did_zone_parse(z, file, len, (int64_t)time(NULL) - (int64_t)SINCE_DAYS * DAY);
}

/* A list, for there are few in use; a name that is no zone is remembered, too. */
const struct did_zone *did_zone_find(const char *name)
{
	static struct zone_read *zones;
	struct zone_read *z = zones;
	while (z && strcmp(z->name, name) != 0)
		z = z->next;
	if (z)
		return z->good ? &z->zone : NULL;
	z = calloc(1, sizeof *z + strlen(name) + 1);
	if (!z)
		return NULL;
	strcpy(z->name, name);
	z->good = zone_read(&z->zone, name);
	z->next = zones;
	zones = z;
	if (!z->good) {
		char shown[256];
		zk_escape(shown, sizeof shown, name, strlen(name));
		zk_log(ZK_ERROR, "time zone unknown here, UTC is taken: is tzdata installed? zone=%s", shown);
	}
	return z->good ? &z->zone : NULL;
}
