/* What a list compares: digits, patterns, and how a rule is named. Pure. */
#ifndef BL_NUMBER_H
#define BL_NUMBER_H
#include "zk_text.h"

#define BL_DIGITS_MAX  32 /* what the schema admits */
#define BL_CODE_DIGITS 15 /* so many digits have an exact code of 50 bits (E.164 has no longer numbers) */

struct bl_digits {
	char text[BL_DIGITS_MAX + 1]; /* the leading run of digits */
	unsigned len;
	bool whole; /* nothing but digits: it may be listed exactly */
};
/* Drops a plus and the visual separators of RFC 3966; what is no digit ends the run. */
void bl_digits_read(struct bl_digits *d, const char *text);

/* One code a number: bijective, so two numbers never share it. 1 to 2^50 - 1; 0: empty, or longer than 15 digits. */
uint64_t bl_code(const char *digits, unsigned len);
/* The digits of a code; returns their number. */
unsigned bl_code_digits(uint64_t code, char out[BL_DIGITS_MAX + 1]);

/* See zk_pattern.h. */
bool bl_pattern_fits(const char *pattern, const struct bl_digits *d);

/* UUID of the MD5 of "tenant|scope|ref|match|number|colour|direction": schema/0120 has the same as column `rule`. */
bool bl_rule_name(struct zk_uuid *out, const struct zk_uuid *tenant, const char *scope, const struct zk_uuid *ref,
		  const char *match, const char *digits, const char *colour, const char *direction);
#endif
