/* What time it is for a tenant: time zones of the IANA database as plain data, and the civil time of a moment in one.
 * Pure, but for did_zone_find, which reads a file. */
#ifndef DID_CLOCK_H
#define DID_CLOCK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One end of daylight saving in a rule such as "EST5EDT,M3.2.0,M11.1.0" (POSIX TZ). */
struct did_change {
	char form;     /* 'M': week of a month, 'J': day 1-365 without 29 February, '0': day 0-365 */
	int16_t month; /* or the day */
	int16_t week, weekday;
	int32_t at; /* seconds of local time, from -167 to 167 hours */
};

#define DID_ZONE_MOMENTS 24
/* Offsets are seconds east of UTC. Moments far apart from the time of loading take the nearest offset known. */
struct did_zone {
	int64_t at[DID_ZONE_MOMENTS]; /* when the offset changes, ascending */
	int32_t offset[DID_ZONE_MOMENTS +
		       1]; /* [i]: before at[i]; the last one behind them all, unless there is a rule */
	uint8_t moments;
	bool rule, saving; /* after the last moment a rule says it; it has daylight saving */
	int32_t standard, summer;
	struct did_change begin, end; /* of summer time */
};

/* A TZif file (RFC 8536), of which moments from `since` on are kept. False, and UTC, when it is none. */
bool did_zone_parse(struct did_zone *z, const unsigned char *file, size_t len, int64_t since);
/* A rule alone, as in the file's last line. */
bool did_rule_parse(struct did_zone *z, const char *text, size_t len);
/* By its name, from /usr/share/zoneinfo; read once. NULL: there is no such zone (logged). Never in a SIP worker. */
const struct did_zone *did_zone_find(const char *name);

int32_t did_zone_offset(const struct did_zone *z, int64_t at);

struct did_local {
	int year, month, day; /* month and day from 1 */
	int weekday;          /* 0: Monday */
	int32_t second;       /* of the day */
};
/* `at`: seconds since 1970, UTC. */
void did_local_at(struct did_local *l, const struct did_zone *z, int64_t at);
/* The same time of the day before. */
void did_local_yesterday(struct did_local *l);
#endif
