/* What a tenant writes into its routes: patterns and ranges, hours and days, weekdays, time zones; and whole rows of
 * the tables of kamailio-mods/did, as the change log brings them. */
#include "did_table.h"
#include "did_trunk.h"
#include "zk_pattern.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS_MAX 32

/* A criterion that is good has a head that all its numbers begin with, and a precision; whatever fits begins so. */
static void criterion(const char *text, const char *digits)
{
	for (int m = 0; m < DID_MATCHES; m++) {
		if (m == DID_ANY || m == DID_GROUP || m == DID_ANONYMOUS ||
		    !did_criterion_is_good((enum did_match)m, text))
			continue;
		unsigned head = did_head((enum did_match)m, text);
		(void)did_precision((enum did_match)m, text);
		if (did_fits((enum did_match)m, text, digits) && strncmp(text, digits, head) != 0)
			abort();
		if (m == DID_PATTERN && did_fits(m, text, digits) != zk_pattern_fits(text, digits))
			abort();
	}
}

/* What was not understood changes nothing. */
static void span(const char *a, const char *b)
{
	struct did_span s = DID_SPAN_ALWAYS, before = s;
	struct did_local now = {2026, 11, 29, 6, 0};
	if (!did_span_times(&s, a, b) && memcmp(&s, &before, sizeof s) != 0)
		abort();
	for (int t = 0; t < 86400; t += 60) {
		now.second = t;
		(void)did_span_covers(&s, &now);
	}
	before = s;
	if (!did_span_days(&s, a, b) && memcmp(&s, &before, sizeof s) != 0)
		abort();
	(void)did_span_weekdays(&s, a, b);
	(void)did_span_weekday_list(&s, a);
	(void)did_span_says(&s);
	(void)did_span_covers(&s, &now);
}

static void zone(const uint8_t *data, size_t size)
{
	struct did_zone z;
	struct did_local l;
	(void)did_zone_parse(&z, data, size, 0);
	if (z.moments > DID_ZONE_MOMENTS)
		abort();
	for (int64_t at = 0; at < 4102444800; at += 40000000) {
		did_local_at(&l, &z, at);
		if (l.month < 1 || l.month > 12 || l.day < 1 || l.day > 31 || l.weekday < 0 || l.weekday > 6 ||
		    l.second < 0 || l.second >= 86400)
			abort();
		did_local_yesterday(&l);
	}
	(void)did_rule_parse(&z, (const char *)data, size);
}

/* Lines are fields; an empty one is null. The first byte names the table. */
static void row(uint8_t table, char *text)
{
	static struct zk_store *store;
	static struct zk_sink sink;
	const char *fields[FIELDS_MAX] = {NULL};
	struct zk_uuid id = {{1}};
	size_t rows[DID_MAPS] = {0};
	unsigned n = 0;
	if (!store) {
		if (did_store_alloc(&store))
			abort();
		sink = did_sink(store);
	}
	for (char *save = NULL, *f = strtok_r(text, "\n", &save); f && n < FIELDS_MAX; f = strtok_r(NULL, "\n", &save))
		fields[n++] = strcmp(f, "-") ? f : NULL;
	table %= DID_MAPS;
	rows[table] = 1;
	if (sink.begin(rows, false, sink.arg))
		return;
	sink.row(table, &id, fields, sink.arg);
	if (sink.end(sink.arg))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[1024], *second;
	struct did_source source;
	size_t n = size < sizeof text - 1 ? size : sizeof text - 1;
	if (size < 2)
		return 0;
	memcpy(text, data, n);
	text[n] = '\0';
	second = strchr(text, '\n');
	if (second)
		*second++ = '\0';
	else
		second = text + n / 2;
	criterion(text, second);
	span(text, second);
	(void)did_source_parse(&source, text, strlen(text), 5060);
	zone(data, size);
	memcpy(text, data, n);
	text[n] = '\0';
	row(data[0], text + 1);
	return 0;
}
