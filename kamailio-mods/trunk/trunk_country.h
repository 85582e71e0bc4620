/* Whose a number is: the world's numbering plan by its longest prefix. Pure. */
#ifndef TRUNK_COUNTRY_H
#define TRUNK_COUNTRY_H
#include <stdbool.h>
#include <stddef.h>

#define TRUNK_E164_MAX 33 /* 32 digits, the zero */

/* ISO 3166 codes, XK for Kosovo, and two of our own: where nobody lives and calls are dear. */
#define TRUNK_SATELLITE "XS" /* satellites and networks of no country */
#define TRUNK_PREMIUM   "XP" /* premium and shared-cost numbers, of any country */

struct trunk_country {
	const char *prefix; /* digits, without the plus */
	char code[3];
};

/* The country of E.164 digits; NULL: of none. */
const struct trunk_country *trunk_country_of(const char *digits);
const struct trunk_country *trunk_country_at(size_t i); /* NULL: no more */

/* What was dialled, as E.164 digits: a plus or 00 tells that the country's code follows, all else is at home
 * (`home`: its country code), but for `bare` numbers that are too long for any and carry no prefix: those are read as
 * they are. True: the country's code was said. */
bool trunk_e164(char out[TRUNK_E164_MAX], const char *number, const char *home, bool bare);

/* How well an entry of a list (`CN`, `+8610`) fits E.164 digits of this country: how many digits it names; -1: not. */
int trunk_destination_fit(const char *entry, size_t len, const char *digits, const struct trunk_country *country);
/* The best fit in a comma-separated list; -1: none. */
int trunk_destination_listed(const char *list, const char *digits, const struct trunk_country *country);
#endif
