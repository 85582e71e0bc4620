/* A tenant's local day. The C library knows time zones only through TZ of the process; acd's loop is the only thread
 * that asks for local time, and it asks once a tenant and day. */
#include "core/acd.h"
#include <stdlib.h>
#include <time.h>

static void use_zone(const char *zone)
{
	if (zone)
		setenv("TZ", zone, 1);
	else
		unsetenv("TZ");
	tzset();
}

void acd_local_time(const struct acd_tenant *t, struct tm *tm)
{
	time_t now = (time_t)(t->acd->now / ACD_S);

	use_zone(t->time_zone[0] ? t->time_zone : "UTC");
	localtime_r(&now, tm);
	use_zone(NULL);
}

int64_t acd_day(struct acd_tenant *t)
{
	time_t now = (time_t)(t->acd->now / ACD_S);
	struct tm tm;

	if (t->acd->now < t->day_ends)
		return t->day;
	use_zone(t->time_zone[0] ? t->time_zone : "UTC");
	localtime_r(&now, &tm);
	t->day = (int64_t)(tm.tm_year + 1900) * 366 + tm.tm_yday;
	tm.tm_mday++;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	t->day_ends = (int64_t)mktime(&tm) * ACD_S;
	use_zone(NULL);
	if (t->day_ends <= t->acd->now) /* a clock nobody can read: look again in an hour */
		t->day_ends = t->acd->now + 3600 * ACD_S;
	return t->day;
}
