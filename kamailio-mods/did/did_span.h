/* Intervals of time as people say them: some days, some weekdays, some hours. */
#ifndef DID_SPAN_H
#define DID_SPAN_H
#include "did_clock.h"

/* Both ends belong to it. Hours may cross midnight: those after it belong to the day on which they began. Days without
 * a year may cross the year's end. What is not said holds always. */
struct did_span {
	int32_t from, to;    /* seconds of the day; from < 0: the whole day */
	int32_t first, last; /* days as year × 10000 + month × 100 + day, year 0: every year; first 0: every day */
	uint8_t weekdays;    /* bit 0: Monday; 0: every day */
};

#define DID_SPAN_ALWAYS ((struct did_span){.from = -1})

/* Texts as the database gives them: "08:00:00", "10-01" or "2026-10-01"; NULL: not said. False: no such time, and
 * nothing changed. */
bool did_span_times(struct did_span *s, const char *from, const char *to);
bool did_span_days(struct did_span *s, const char *first, const char *last);
/* From one weekday to another ("fri", "mon": four days), or a list of them ("{mon,tue}"). */
bool did_span_weekdays(struct did_span *s, const char *first, const char *last);
bool did_span_weekday_list(struct did_span *s, const char *list);

bool did_span_says(const struct did_span *s); /* anything at all */
bool did_span_covers(const struct did_span *s, const struct did_local *now);
#endif
