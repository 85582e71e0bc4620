/* Numbers of cells: dates and times are numbers too, told apart by their format only. */
#include "xlsx_part.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Built-in formats (ECMA-376 18.8.30), those of East Asian versions included. */
static const struct {
	long from, to;
	enum wk_style style;
} built_in[] = {
	{14, 17, WK_DATE}, {18, 21, WK_TIME}, {22, 22, WK_DATETIME}, {27, 31, WK_DATE}, {32, 35, WK_TIME},
	{36, 36, WK_DATE}, {45, 47, WK_TIME}, {50, 54, WK_DATE},     {55, 56, WK_TIME}, {57, 58, WK_DATE},
};

enum wk_style wk_style_of_id(long id)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(built_in); i++)
		if (id >= built_in[i].from && id <= built_in[i].to)
			return built_in[i].style;
	return WK_NUMBER;
}

/* Skips what is literal in a format: "text", \x, [Red], _x (room), *x (filling). [h] and the like are times. */
static const char *skip_literal(const char *p, bool *time)
{
	if (*p == '"') {
		const char *end = strchr(p + 1, '"');
		return end ? end + 1 : p + strlen(p);
	}
	if (*p == '[') {
		const char *end = strchr(p, ']');
		*time = *time || strchr("hHmMsS", p[1] ? p[1] : ' ') != NULL;
		return end ? end + 1 : p + strlen(p);
	}
	if (strchr("\\_*", *p) && p[1])
		return p + 2;
	return NULL;
}

enum wk_style wk_style_of_code(const char *code)
{
	bool date = false, time = false, minutes = false;

	for (const char *p = code; *p && *p != ';';) {
		const char *next = skip_literal(p, &time);
		if (next) {
			p = next;
			continue;
		}
		if (strncasecmp(p, "general", 7) == 0)
			return WK_NUMBER;
		date = date || strchr("yYdDeE", *p) != NULL;
		time = time || strchr("hHsS", *p) != NULL;
		minutes = minutes || *p == 'm' || *p == 'M';
		if ((*p == 'e' || *p == 'E') && (p[1] == '+' || p[1] == '-'))
			return WK_NUMBER; /* 0.00E+00 */
		p++;
	}
	date = date || (minutes && !time);
	return date && time ? WK_DATETIME : date ? WK_DATE : time ? WK_TIME : WK_NUMBER;
}

/* Howard Hinnant's civil_from_days: proleptic Gregorian, days since 1970-01-01. */
static void civil(int64_t days, int *y, int *m, int *d)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

static size_t print_date(char out[48], double v, enum wk_style style, bool date1904)
{
	int64_t seconds = llround(v * 86400);
	int64_t days = seconds / 86400, rest = seconds % 86400;
	int y, m, d, n = 0;

	if (style == WK_TIME)
		return (size_t)snprintf(out, 48, "%02lld:%02d:%02d", (long long)(seconds / 3600),
					(int)(seconds / 60 % 60), (int)(seconds % 60));
	if (date1904)
		days += 1462;
	civil(days - 25569 + (days < 60), &y, &m, &d); /* the calendar of 1900 has a 29 February that never was */
	n = snprintf(out, 48, "%04d-%02d-%02d", y, m, d);
	if (style == WK_DATETIME || rest)
		n += snprintf(out + n, 48 - (size_t)n, " %02d:%02d:%02d", (int)(rest / 3600), (int)(rest / 60 % 60),
			      (int)(rest % 60));
	return (size_t)n;
}

size_t wk_style_print(char out[48], const char *number, enum wk_style style, bool date1904)
{
	char *end;
	double v = strtod(number, &end);
	int n;

	if (end == number || *end || !isfinite(v)) {
		n = snprintf(out, 48, "%.40s", number);
		return (size_t)(n < 47 ? n : 47);
	}
	if (style != WK_NUMBER && v >= 0 && v < 2958466) /* until 9999-12-31 */
		return print_date(out, v, style, date1904);
	if (v == trunc(v) && fabs(v) < 1e15)
		n = snprintf(out, 48, "%.0f", v == 0 ? 0.0 : v);
	else
		n = snprintf(out, 48, "%.15g", v);
	return (size_t)n;
}
